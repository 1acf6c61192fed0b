//! STAC Collection to collection.

use super::names::Names;
use super::{Draft, Fields, Making, Reason, json, names, time};
use crate::importer::shared::names::Role;
use crate::importer::shared::space;

/// Members that get a place of their own in the record; all others go to `stac` as given.
const PLACED: &[&str] = &["type", "id", "title", "description", "license", "links", "assets"];

impl<'a> Making<'a> {
    /// The collection that a Collection describes.
    pub(super) fn collection(&mut self) -> Result<Draft, Reason> {
        let mut draft = Draft::new("collection", &self.id()?);
        let mut stac = Draft::object();
        let mut placed = PLACED.to_vec();
        for (member, source) in [
            ("version", "version"),
            ("title", "title"),
            ("description", "description"),
            ("licence", "license"),
            ("doi", "sci:doi"),
            ("citation", "sci:citation"),
        ] {
            self.text(member, source, &mut draft, &mut placed);
        }
        names::keywords(self.fields.get("keywords"), self.fields.get("themes"), &mut draft);
        if self.fields.get("keywords").is_some_and(names::all_strings) {
            placed.push("keywords");
        }
        self.observers(&mut draft);
        self.extent(&mut draft);
        for (name, bracket) in [("extent", '{'), ("summaries", '{'), ("properties", '{'), ("providers", '[')] {
            if let Some(written) = self.fields.get(name).filter(|written| is_made_of(written, bracket)) {
                draft.raw(name, written);
                placed.push(name);
            }
        }
        self.files(&mut draft, &mut stac);
        self.links(&mut draft, &mut stac);
        self.foreign(&mut stac, &placed);
        draft.part("stac", stac);
        Ok(draft)
    }

    /// A text with a place of its own; anything else under its name stays with the foreign members.
    fn text(&mut self, member: &str, source: &'static str, draft: &mut Draft, placed: &mut Vec<&str>) {
        match self.fields.get(source).filter(|written| *written != "null") {
            None => {}
            Some(written) => match json::read_string(written) {
                Some(text) => {
                    draft.string(member, &text);
                    placed.push(source);
                }
                None => {
                    self.note(Reason::WrongType { name: source });
                    placed.retain(|name| *name != source);
                }
            },
        }
    }

    fn observers(&self, draft: &mut Draft) {
        // Until 1.0.0-beta.1 the common values stood in `properties`.
        let parse = |name| self.fields.get(name).and_then(Fields::of_valid).unwrap_or_default();
        let (summaries, properties) = (parse("summaries"), parse("properties"));
        let lists = [
            (Role::Mission, &["constellation", "mission", "osc:missions", "eo:constellation"][..]),
            (Role::Platform, &["platform", "eo:platform"]),
            (Role::Instrument, &["instruments", "instrument", "eo:instrument"]),
            (Role::Target, &["ssys:targets"]),
        ];
        let lists = lists.map(|(role, sources)| {
            let mut found = Names::of(&summaries, sources);
            found.add(&properties, sources);
            found.add(self.fields, sources);
            (role, found)
        });
        Names::write_all(lists, self.context.names, draft);
    }

    fn extent(&mut self, draft: &mut Draft) {
        let Some(extent) = self.fields.get("extent").and_then(Fields::of_valid) else {
            return self.note(Reason::WrongType { name: "extent" });
        };
        if let Some((start, stop)) = interval(&extent) {
            self.time(time::of_interval(start, stop), draft);
        }
        let targets = Names::of(self.fields, &["ssys:targets"]);
        let body = targets.first().map_or_else(|| "earth".to_owned(), str::to_lowercase);
        if let Some(bbox) = overall_box(&extent) {
            let footprint = space::footprint(&body, None, None, Some(bbox));
            self.findings.extend(footprint.findings);
            if let Some(text) = footprint.text {
                draft.raw("space", &format!("[{text}]"));
            }
        }
    }
}

fn is_made_of(written: &str, bracket: char) -> bool {
    written.starts_with(bracket)
        && (bracket == '{'
            || json::elements(written).is_some_and(|elements| elements.iter().all(|element| element.starts_with('{'))))
}

/// The first interval covers all others. Before 0.8 `temporal` was the interval itself.
fn interval<'a>(extent: &Fields<'a>) -> Option<(&'a str, &'a str)> {
    let ends = first_of(extent.get("temporal")?, "interval")?;
    match *json::elements(ends)?.as_slice() {
        [start, stop] => Some((start, stop)),
        _ => None,
    }
}

/// The first box covers all others. Before 0.8 `spatial` was the box itself.
fn overall_box<'a>(extent: &Fields<'a>) -> Option<&'a str> {
    first_of(extent.get("spatial")?, "bbox")
}

fn first_of<'a>(written: &'a str, member: &str) -> Option<&'a str> {
    if written.starts_with('[') {
        return Some(written);
    }
    let all = Fields::of_valid(written)?.get(member)?;
    json::elements(all)?.first().copied()
}
