//! What a property name means on each face. A face that has its own names adds a table here.

use crate::model::{Facet, PropertyName};

/// Gives the meaning of a name of a query language.
pub type Names = fn(&str) -> PropertyName;

/// The native API: fields of the generic schema by their names, everything else a member of `properties`; a member that
/// has the name of a field is reached by `properties.NAME`, footprints on a body by `geometry.BODY`.
pub fn native(name: &str) -> PropertyName {
    core(name).unwrap_or_else(|| member(name))
}

/// STAC: members of the Item's `properties` under their names, with or without `properties.` before; what an Item has
/// that was made from another format is found under the names that the STAC face gives it.
pub fn stac(name: &str) -> PropertyName {
    use PropertyName as P;
    let or_member = |core: P| P::Either(Box::new(member(name)), Box::new(core));
    match name {
        "id" => P::Id,
        "collection" => P::Facet(Facet::Collection),
        "geometry" => geometry("earth"),
        _ => match name.strip_prefix("properties.").unwrap_or(name) {
            "datetime" => or_member(P::Time),
            "start_datetime" => or_member(P::Start),
            "end_datetime" => or_member(P::Stop),
            "title" => or_member(P::Title),
            "description" => or_member(P::Description),
            "platform" => or_member(P::Facet(Facet::Platform)),
            "mission" => or_member(P::Facet(Facet::Mission)),
            "instruments" => or_member(P::Facet(Facet::Instrument)),
            "keywords" => or_member(P::Facet(Facet::Keyword)),
            "processing:level" => or_member(P::Facet(Facet::Level)),
            "ssys:targets" => or_member(P::Facet(Facet::Target)),
            "gsd" => or_member(P::Member("quality.gsd".to_owned())),
            "eo:cloud_cover" => or_member(P::Member("quality.cloud_cover".to_owned())),
            _ => member(name),
        },
    }
}

/// OGC API Records: its core queryables, then the native names.
pub fn records(name: &str) -> PropertyName {
    use PropertyName as P;
    match name {
        "recordUpdated" | "updated" => P::Updated,
        "recordCreated" | "created" => member("created"),
        "type" => P::Either(Box::new(member("type")), Box::new(P::Facet(Facet::DataType))),
        _ => native(name),
    }
}

/// Where a property of this path is named in the text of a filter, bytes: not within a longer name, nor in the value of a
/// text of CQL2.
pub fn position_of(text: &str, path: &str) -> Option<usize> {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '.' | '-');
    let mut quoted = Quotes::default();
    for (place, _) in text.match_indices(path) {
        let (before, rest) = text.split_at_checked(place)?;
        let before = before.strip_suffix("properties.").unwrap_or(before);
        let ends = !rest.get(path.len()..).unwrap_or_default().starts_with(is_name);
        if ends && !before.ends_with(is_name) && !quoted.is_open_after(before) {
            return Some(before.len());
        }
    }
    None
}

/// Follows the single quotes of a text from its start.
#[derive(Default)]
struct Quotes {
    seen: usize,
    is_open: bool,
}

impl Quotes {
    fn is_open_after(&mut self, before: &str) -> bool {
        let quotes = before.bytes().skip(self.seen).filter(|byte| *byte == b'\'').count();
        self.is_open ^= quotes % 2 == 1;
        self.seen = before.len().max(self.seen);
        self.is_open
    }
}

fn core(name: &str) -> Option<PropertyName> {
    use PropertyName as P;
    let facet = |facet| Some(P::Facet(facet));
    match name {
        "id" => Some(P::Id),
        "kind" => Some(P::Kind),
        "title" => Some(P::Title),
        "description" => Some(P::Description),
        "datetime" | "time" => Some(P::Time),
        "start_datetime" => Some(P::Start),
        "end_datetime" => Some(P::Stop),
        "updated" => Some(P::Updated),
        "geometry" => Some(geometry("earth")),
        "missions" => facet(Facet::Mission),
        "platforms" => facet(Facet::Platform),
        "instruments" => facet(Facet::Instrument),
        "targets" => facet(Facet::Target),
        "keywords" => facet(Facet::Keyword),
        _ => match name.strip_prefix("geometry.").filter(|body| !body.is_empty()) {
            Some(body) => Some(geometry(&body.to_lowercase())),
            None => Facet::from_name(name).map(P::Facet),
        },
    }
}

fn geometry(body: &str) -> PropertyName {
    PropertyName::Geometry { body: body.to_owned() }
}

fn member(name: &str) -> PropertyName {
    PropertyName::Member(name.strip_prefix("properties.").unwrap_or(name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_where_it_is_one() {
        let cases = [
            ("clouds < 3", "clouds", Some(0)),
            ("a = 'clouds' AND properties.clouds < 3", "clouds", Some(17)),
            ("eo:clouds = 1 OR clouds2 = 3 OR \"clouds\" = 2", "clouds", Some(33)),
            ("a = 'it''s clouds' OR clouds = 1", "clouds", Some(22)),
            (r#"{"op":"=","args":[{"property":"clouds"},1]}"#, "clouds", Some(31)),
            ("clouds.high = 1", "clouds", None),
            ("ü = 1 AND clouds = 1", "clouds", Some(11)),
            ("", "x", None),
        ];
        for (text, path, place) in cases {
            assert_eq!(position_of(text, path), place, "{text}");
        }
    }
}
