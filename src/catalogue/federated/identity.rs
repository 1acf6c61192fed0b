//! What makes a record of one source the same thing as a record of another, from the strongest reason to the weakest: a
//! persistent identifier, the name that an authority gave, the bytes that it describes, the circumstances of the
//! observation. `federation::merge` says what is done with it.

use crate::federation::merge::{Identity, Level};
use crate::model::{Entity, File, Kind, Space};

/// Schemes whose identifiers are persistent and global.
const PERSISTENT: &[&str] = &["doi", "ark", "handle", "hdl", "urn", "lidvid", "purl", "ivo", "spase", "pid"];

/// Roles of files that many products share.
const SHARED_ROLES: &[&str] = &["thumbnail", "overview", "metadata", "documentation", "source", "calibration"];

/// The reasons that a record gives.
pub fn of(entity: &Entity<'_>) -> Vec<Identity> {
    let mut found = Vec::new();
    let mut add = |level: Level, text: String| {
        found.push(Identity::new(level, &format!("{} {level:?} {text}", entity.kind.as_str())));
    };
    persistent(entity).into_iter().for_each(|text| add(Level::Persistent, text));
    authorities(entity).into_iter().for_each(|text| add(Level::Authority, text));
    payload(&entity.files).into_iter().for_each(|text| add(Level::Payload, text));
    circumstances(entity).into_iter().for_each(|text| add(Level::Circumstances, text));
    found.sort_unstable();
    found.dedup();
    found
}

/// Persistent identifiers. A DOI of a product is often that of its collection, so the start of observation belongs to it.
fn persistent(entity: &Entity<'_>) -> Vec<String> {
    let scheme_of = |scheme: &str| scheme.to_ascii_lowercase();
    let named = entity.identifiers.iter().map(|name| (scheme_of(&name.scheme), name.value.as_ref()));
    let doi = entity.doi.as_deref().map(|doi| ("doi".to_owned(), doi));
    let start = entity.time.as_ref().and_then(|time| time.bounds()).map(|(start, _)| start.to_string());
    let mut found = Vec::new();
    for (scheme, value) in named.chain(doi) {
        if !PERSISTENT.contains(&scheme.as_str()) {
            continue;
        }
        let scheme = if scheme == "hdl" { "handle" } else { scheme.as_str() };
        let value = bare(value);
        let text = match (scheme, entity.kind, &start) {
            ("doi" | "handle", Kind::Product, Some(start)) => format!("{scheme} {value} {start}"),
            ("doi" | "handle", Kind::Product, None) => continue,
            _ => format!("{scheme} {value}"),
        };
        found.push(text);
    }
    found
}

/// An identifier without the resolver before it; case does not count.
fn bare(value: &str) -> String {
    let lower = value.trim().to_ascii_lowercase();
    for before in ["https://doi.org/", "http://doi.org/", "https://dx.doi.org/", "http://dx.doi.org/", "doi:", "hdl:"] {
        if let Some(rest) = lower.strip_prefix(before) {
            return rest.to_owned();
        }
    }
    lower
}

/// The collection and the id; names of other schemes. Without a collection an id alone says too little, unless it is an
/// address or a name of a space of its own.
fn authorities(entity: &Entity<'_>) -> Vec<String> {
    let id = entity.id.to_lowercase();
    let own = match (entity.kind, entity.collection.as_deref()) {
        (Kind::Product, Some("uncollected") | None) => id.contains(':').then_some(id),
        (Kind::Product, Some(collection)) => Some(format!("{} {id}", collection.to_lowercase())),
        _ => Some(id),
    };
    let names =
        entity.identifiers.iter().filter(|name| !PERSISTENT.contains(&name.scheme.to_ascii_lowercase().as_str()));
    let names = names.map(|name| format!("{}:{}", name.scheme.to_lowercase(), name.value.to_lowercase()));
    own.into_iter().chain(names).collect()
}

/// The digests of the files that are its own, of one algorithm.
fn payload(files: &[File<'_>]) -> Option<String> {
    let own = files.iter().filter(|file| !file.role.as_deref().is_some_and(|role| SHARED_ROLES.contains(&role)));
    let mut digests: Vec<String> = own
        .filter_map(|file| {
            let promised = file.checksums.iter().map(|sum| (sum.algorithm.to_lowercase(), sum.value.to_lowercase()));
            let held = file.payload().map(|digest| ("sha256".to_owned(), digest.to_string()));
            let best = promised.chain(held).filter(|(name, _)| name.contains("sha") || name == "md5");
            // The same of several, whichever order they stand in.
            best.max_by_key(|(name, _)| name.replace('-', "")).map(|(name, value)| format!("{name} {value}"))
        })
        .collect();
    digests.sort_unstable();
    (!digests.is_empty()).then(|| digests.join(" "))
}

/// Platform, instrument, type, time and footprint, if all of them are known.
fn circumstances(entity: &Entity<'_>) -> Option<String> {
    let label = |names: &[crate::model::Name<'_>]| {
        let mut labels: Vec<String> = names.iter().map(|name| name.label.to_lowercase()).collect();
        labels.sort_unstable();
        (!labels.is_empty()).then(|| labels.join("+"))
    };
    let level = entity.level.as_ref().and_then(|level| level.normalised.as_deref().or(level.as_written.as_deref()));
    let (start, stop) = entity.time.as_ref()?.bounds()?;
    let of_type = entity.data_type.as_deref().or(level)?.to_lowercase();
    let seconds = |micros: i64| micros.div_euclid(1_000_000);
    let (start, stop) = (seconds(start.micros()), seconds(stop.micros()));
    let place = entity.space.first().and_then(envelope)?;
    Some(format!("{} {} {of_type} {start} {stop} {place}", label(&entity.platforms)?, label(&entity.instruments)?))
}

/// Body and envelope to a hundredth of a degree.
fn envelope(space: &Space<'_>) -> Option<String> {
    let shape = crate::query::Shape::of_footprint(space)?.envelope()?;
    let sides = [shape.west, shape.south, shape.east, shape.north].map(|side| format!("{:.2}", side + 0.0));
    Some(format!("{} {}", space.body.to_lowercase(), sides.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(left: &str, right: &str) -> Vec<Level> {
        let view = |record: &str| of(&Entity::view(record.as_bytes()).expect("a record"));
        let (left, right) = (view(left), view(right));
        left.iter().filter(|identity| right.contains(identity)).map(|identity| identity.level).collect()
    }

    #[test]
    fn the_same_thing_is_known_by_each_of_its_names() {
        let doi = |value: &str| {
            format!(r#"{{"kind":"collection","id":"{value}","identifiers":[{{"scheme":"DOI","value":"{value}"}}]}}"#)
        };
        assert_eq!(shared(&doi("10.1/AB"), &doi("https://doi.org/10.1/ab")), [Level::Persistent]);
        let item =
            |id: &str, collection: &str| format!(r#"{{"kind":"product","id":"{id}","collection":"{collection}"}}"#);
        assert_eq!(shared(&item("x", "S2"), &item("X", "s2")), [Level::Authority]);
        assert_eq!(shared(&item("x", "s1"), &item("x", "s2")), []);
        assert_eq!(shared(&item("x", "uncollected"), &item("x", "uncollected")), [], "an id alone says too little");
        let file = |id: &str, digest: &str| {
            format!(
                r#"{{"kind":"product","id":"{id}","collection":"c","files":[{{"name":"f","checksums":[{{"algorithm":"sha256","value":"{digest}"}}]}}]}}"#
            )
        };
        assert_eq!(shared(&file("a", "AA"), &file("b", "aa")), [Level::Payload]);
        let seen = |id: &str, second: u8| {
            format!(
                r#"{{"kind":"product","id":"{id}","collection":"{id}","platforms":[{{"label":"Envisat"}}],"instruments":[{{"label":"MERIS"}}],"data_type":"RR","time":{{"start":"2004-01-01T00:00:0{second}Z","stop":"2004-01-01T00:01:00Z"}},"space":[{{"body":"earth","bbox":[1,2,3,4]}}]}}"#
            )
        };
        assert_eq!(shared(&seen("a", 1), &seen("b", 1)), [Level::Circumstances]);
        assert_eq!(shared(&seen("a", 1), &seen("b", 2)), []);
    }

    #[test]
    fn products_of_one_collection_are_not_one_by_its_doi() {
        let product = |id: &str, day: u8| {
            format!(
                r#"{{"kind":"product","id":"{id}","collection":"c","doi":"10.1/c","time":{{"start":"2004-01-0{day}T00:00:00Z"}}}}"#
            )
        };
        assert_eq!(shared(&product("a", 1), &product("b", 2)), []);
        let bare = |id: &str| format!(r#"{{"kind":"product","id":"{id}","collection":"c","doi":"10.1/c"}}"#);
        assert_eq!(shared(&bare("a"), &bare("b")), []);
    }
}
