//! Decides what a source was not asked or could not answer, on the record itself. What cannot be decided on one record (a
//! text with operators) is refused: the source is left out and says why.

use super::hit::updated;
use crate::catalogue::filters::shape_of;
use crate::federation::protocol::Part;
use crate::model::{Entity, Facet, Instant, Kind, PropertyName, Query, TextMode, TextQuery};
use crate::query::Shape;
use crate::query::evaluate::{Source as _, StoredRecord, fold_accents, fold_case, truth};

/// What is left of a question.
pub struct Remains<'q> {
    query: &'q Query,
    parts: &'q [Part],
    shape: Option<(Shape, &'q str)>,
    words: Option<Words>,
}

/// Words of a plain text.
struct Words {
    words: Vec<String>,
    needs_all: bool,
}

impl<'q> Remains<'q> {
    /// Prepares to decide these parts.
    ///
    /// # Errors
    /// What cannot be decided here.
    pub fn of(query: &'q Query, parts: &'q [Part]) -> Result<Self, String> {
        let has = |part: Part| parts.contains(&part);
        let region = query.region.as_ref().filter(|_| has(Part::Space));
        let shape = region.map(|region| Ok((shape_of(region)?, region.body.as_str())));
        let shape = shape.transpose().map_err(|error: crate::catalogue::Error| error.to_string())?;
        let words = query.wanted_text().filter(|_| has(Part::Text)).map(words).transpose()?;
        Ok(Self { query, parts, shape, words })
    }

    /// Whether a record fits, its kind included: sources give records of other kinds too.
    pub fn fits(&self, entity: &Entity<'_>, record: &[u8]) -> bool {
        let has = |part: Part| self.parts.contains(&part);
        let stored = StoredRecord { entity, updated: updated(record).map_or(0, Instant::micros) };
        self.query.wanted_kinds().contains(&entity.kind)
            && (!has(Part::Ids) || self.query.ids.iter().any(|id| *id == entity.id))
            && (!has(Part::Facets) || self.has_facets(&stored))
            && (!has(Part::Time) || self.in_time(&stored))
            && self.shape.as_ref().is_none_or(|(shape, body)| in_place(entity, shape, body))
            && (!has(Part::Filter) || self.query.filters.iter().all(|filter| truth(filter, &stored) == Some(true)))
            && self.words.as_ref().is_none_or(|words| words.fit(entity, record))
    }

    fn has_facets(&self, stored: &StoredRecord<'_>) -> bool {
        self.query.facets.iter().all(|(facet, wanted)| {
            let mut fits = false;
            let is_exact = *facet == Facet::Collection;
            stored.values(&PropertyName::Facet(*facet), &mut |value| {
                if let crate::query::evaluate::Scalar::Text(text) = value {
                    fits |= wanted.iter().any(|wanted| match is_exact {
                        true => **wanted == *text,
                        false => wanted.eq_ignore_ascii_case(&text),
                    });
                }
            });
            fits || (!is_exact && as_written(stored.entity, *facet, wanted))
        })
    }

    fn in_time(&self, stored: &StoredRecord<'_>) -> bool {
        let (Some(asked), Some((start, stop))) = (self.query.time, stored.span()) else { return false };
        asked.start.is_none_or(|from| stop >= from.micros()) && asked.stop.is_none_or(|until| start <= until.micros())
    }
}

/// Whether the producer's own name is asked for.
fn as_written(entity: &Entity<'_>, facet: Facet, wanted: &[String]) -> bool {
    let names = match facet {
        Facet::Mission => &entity.missions,
        Facet::Platform => &entity.platforms,
        Facet::Instrument => &entity.instruments,
        Facet::Target => &entity.targets,
        _ => return false,
    };
    let written = names.iter().filter_map(|name| name.as_written.as_deref());
    written.into_iter().any(|written| wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(written)))
}

fn in_place(entity: &Entity<'_>, shape: &Shape, body: &str) -> bool {
    entity.space.iter().filter(|space| space.body.to_lowercase() == body).any(|space| shape.intersects_footprint(space))
}

/// The words of a text without operators.
fn words(text: &TextQuery) -> Result<Words, String> {
    let query = Query { text: Some(text.clone()), ..Query::default() };
    let plain = crate::federation::protocol::plain_words(&query);
    let Some(plain) = plain else {
        return Err("it cannot be asked for text, and a text with operators is not decided here".to_owned());
    };
    let needs_all = text.mode != TextMode::Native;
    Ok(Words { words: plain.into_iter().map(|word| fold_accents(&fold_case(word))).collect(), needs_all })
}

impl Words {
    /// Whether a record's text has the words, each at the beginning of a word of it.
    fn fit(&self, entity: &Entity<'_>, record: &[u8]) -> bool {
        let names = [&entity.missions, &entity.platforms, &entity.instruments, &entity.targets];
        let labels = names.into_iter().flatten().map(|name| name.label.as_ref());
        let keywords = entity.keywords.iter().map(|keyword| keyword.path.as_ref());
        let own = [Some(entity.id.as_ref()), entity.title.as_deref(), entity.description.as_deref()];
        let own = own.into_iter().flatten().chain(labels).chain(keywords);
        let text = own.collect::<Vec<_>>().join(" ");
        let text = if text.len() < 20 && entity.kind == Kind::Product {
            // A product that says nothing of itself but in its properties.
            format!("{text} {}", String::from_utf8_lossy(record))
        } else {
            text
        };
        let text = fold_accents(&fold_case(&text));
        let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
        let has = |wanted: &String| {
            let parts: Vec<&str> =
                wanted.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
            parts.iter().all(|part| words.iter().any(|word| word.starts_with(part)))
        };
        if self.needs_all { self.words.iter().all(has) } else { self.words.iter().any(has) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::cql2::{from_text, native};

    const RECORD: &str = r#"{"kind":"product","id":"a","collection":"c","title":"Sea ice off Svalbard","platforms":[{"label":"Envisat","as_written":"ENVI-1"}],"time":{"start":"2004-01-01T00:00:00Z","stop":"2004-01-02T00:00:00Z"},"space":[{"body":"earth","bbox":[1,2,3,4]}],"properties":{"eo:cloud_cover":5}}"#;

    fn fits(query: &Query) -> Result<bool, String> {
        let all = [Part::Text, Part::Ids, Part::Facets, Part::Time, Part::Space, Part::Filter];
        let parts: Vec<Part> =
            crate::federation::protocol::parts(query).into_iter().filter(|part| all.contains(part)).collect();
        let entity = Entity::view(RECORD.as_bytes()).expect("a record");
        Ok(Remains::of(query, &parts)?.fits(&entity, RECORD.as_bytes()))
    }

    fn text(text: &str) -> Query {
        Query { text: Some(text.into()), ..Query::default() }
    }

    #[test]
    fn every_part_is_decided_on_the_record() {
        let facet =
            |value: &str| Query { facets: [(Facet::Platform, vec![value.to_owned()])].into(), ..Query::default() };
        let filter =
            |text: &str| Query { filters: vec![from_text(text, native).expect("a filter")], ..Query::default() };
        for (query, expected) in [
            (text("ICE nothing"), true),
            (text("sval"), true),
            (text("glacier"), false),
            (facet("envisat"), true),
            (facet("envi-1"), true),
            (facet("Landsat"), false),
            (filter("eo:cloud_cover < 10"), true),
            (filter("eo:cloud_cover > 10"), false),
            (filter("absent > 10"), false),
            (Query { ids: vec!["b".to_owned()], ..Query::default() }, false),
            (Query { kinds: vec![Kind::Collection], ..Query::default() }, false),
        ] {
            assert_eq!(fits(&query), Ok(expected), "{query:?}");
        }
    }

    #[test]
    fn a_text_with_operators_is_refused() {
        assert!(fits(&text("\"sea ice\" AND NOT fog")).is_err());
    }
}
