//! How to cite a record, for programs that keep references: BibTeX, CSL-JSON and DataCite JSON. Nothing is made up: what a
//! record does not say is left out, or named as unknown where the format asks for it.

use crate::model::json::{self, Fields};
use crate::model::{BoundingBox, Draft, Entity, Kind};
use crate::rdf::projection::doi;

/// What DataCite writes for a value that is not known.
const UNKNOWN: &str = ":unkn";
/// Most people, subjects and places of a citation.
const MOST: usize = 50;

/// What all formats need of a record.
pub struct Cited {
    key: String,
    title: String,
    authors: Vec<String>,
    publisher: Option<String>,
    /// Of publication; else of processing; else of registration in this archive.
    year: String,
    version: Option<String>,
    doi: Option<String>,
    address: String,
    /// Title of the collection.
    container: Option<String>,
}

impl Cited {
    /// Of a record, its collection where that is known, the time of its registration and its address.
    pub fn of(
        entity: &Entity<'_>,
        collection: Option<&Entity<'_>>,
        record: &str,
        registered: &str,
        address: &str,
    ) -> Self {
        let with_role = |roles: &[&str]| {
            let of_record = providers(entity, roles);
            if of_record.is_empty() {
                collection.map(|parent| providers(parent, roles)).unwrap_or_default()
            } else {
                of_record
            }
        };
        let title = entity.title.as_deref().filter(|title| !title.trim().is_empty()).unwrap_or(&entity.id);
        let processed =
            || Fields::of_valid(record).and_then(|fields| fields.string("processed_at").map(|time| time.into_owned()));
        let published = published(record).or_else(processed).unwrap_or_else(|| registered.to_owned());
        let mut authors = with_role(&["producer"]);
        if authors.is_empty() {
            authors = with_role(&["processor", "host", "licensor"]);
        }
        Self {
            key: entity.id.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect(),
            title: title.trim_end_matches('.').to_owned(),
            authors,
            publisher: with_role(&["host", "licensor", "producer"]).into_iter().next(),
            year: published.chars().take(4).collect(),
            version: entity.version.as_deref().map(str::to_owned),
            doi: doi_of(entity).map(str::to_owned),
            address: address.to_owned(),
            container: collection.and_then(|parent| parent.title.as_deref()).map(str::to_owned),
        }
    }

    /// Where it is found for ever: by its DOI, else at its address here.
    fn url(&self) -> String {
        self.doi.as_ref().map_or_else(|| self.address.clone(), |doi| format!("https://doi.org/{doi}"))
    }

    /// An entry of BibTeX.
    pub fn bibtex(&self) -> String {
        let mut entry = format!("@misc{{{},\n", self.key);
        let mut field = |name: &str, value: &str| {
            entry.push_str(&format!("  {name} = {{{value}}},\n"));
        };
        let authors: Vec<String> = self.authors.iter().map(|name| format!("{{{}}}", escaped(name))).collect();
        if !authors.is_empty() {
            field("author", &authors.join(" and "));
        }
        field("title", &format!("{{{}}}", escaped(&self.title)));
        field("year", &self.year);
        let optional = [("publisher", &self.publisher), ("version", &self.version), ("series", &self.container)];
        for (name, value) in optional {
            if let Some(value) = value {
                field(name, &escaped(value));
            }
        }
        if let Some(doi) = &self.doi {
            field("doi", &escaped(doi));
        }
        field("url", &escaped(&self.url()));
        entry.push_str("  note = {Dataset}\n}\n");
        entry
    }

    /// An item of CSL-JSON.
    pub fn csl(&self) -> String {
        let mut item = Draft::object();
        item.string("id", &self.key);
        item.string("type", "dataset");
        item.string("title", &self.title);
        let mut authors = Draft::array();
        for name in &self.authors {
            let mut author = Draft::object();
            author.string("literal", name);
            authors.element(&author.finish());
        }
        item.part("author", authors);
        if self.year.len() == 4 && self.year.bytes().all(|byte| byte.is_ascii_digit()) {
            item.raw("issued", &format!("{{\"date-parts\":[[{}]]}}", self.year.trim_start_matches('0')));
        }
        item.optional("publisher", self.publisher.as_ref());
        item.optional("version", self.version.as_ref());
        item.optional("collection-title", self.container.as_ref());
        item.optional("DOI", self.doi.as_ref());
        item.string("URL", &self.url());
        item.finish()
    }

    /// The record in DataCite's JSON, schema 4.
    pub fn datacite(&self, entity: &Entity<'_>) -> String {
        let mut item = Draft::object();
        item.optional("doi", self.doi.as_ref());
        let names =
            entity.identifiers.iter().take(MOST).map(|known| {
                object(&[("alternateIdentifier", &known.value), ("alternateIdentifierType", &known.scheme)])
            });
        item.part("alternateIdentifiers", array(names));
        let authors = if self.authors.is_empty() { vec![UNKNOWN.to_owned()] } else { self.authors.clone() };
        item.part(
            "creators",
            array(authors.iter().map(|name| object(&[("name", name), ("nameType", "Organizational")]))),
        );
        item.part("titles", array([object(&[("title", &self.title)])]));
        item.raw("publisher", &object(&[("name", self.publisher.as_deref().unwrap_or(UNKNOWN))]));
        item.string("publicationYear", &self.year);
        let general = if entity.kind == Kind::Collection { "Collection" } else { "Dataset" };
        let kind = entity.data_type.as_deref().unwrap_or_default();
        item.raw("types", &object(&[("resourceTypeGeneral", general), ("resourceType", kind)]));
        let scheme = |keyword: &crate::model::Keyword<'_>| {
            object(&[("subject", &keyword.path), ("subjectScheme", keyword.scheme.as_deref().unwrap_or_default())])
        };
        item.part("subjects", array(entity.keywords.iter().take(MOST).map(scheme)));
        item.part("dates", array(covered(entity).map(|span| object(&[("date", &span), ("dateType", "Collected")]))));
        item.part("formats", array(entity.format.as_deref().map(quoted)));
        item.optional("version", self.version.as_ref());
        item.part("rightsList", array(entity.licence.as_deref().map(|licence| object(&[("rights", licence)]))));
        let description = entity.description.as_deref().filter(|text| !text.trim().is_empty());
        let described = |text| object(&[("description", text), ("descriptionType", "Abstract")]);
        item.part("descriptions", array(description.map(described)));
        item.part("geoLocations", array(boxes(entity)));
        item.string("url", &self.address);
        item.string("schemaVersion", "http://datacite.org/schema/kernel-4");
        item.finish()
    }
}

/// The DOI of a record.
pub fn doi_of<'e>(entity: &'e Entity<'_>) -> Option<&'e str> {
    let identifiers = entity.identifiers.iter().filter(|known| known.scheme.eq_ignore_ascii_case("doi"));
    let mut all = entity.doi.as_deref().into_iter().chain(identifiers.map(|known| known.value.as_ref()));
    all.find_map(doi)
}

/// Names of those who have one of the roles.
pub fn providers(entity: &Entity<'_>, roles: &[&str]) -> Vec<String> {
    let providers = entity.providers.and_then(|providers| json::elements(providers.get())).unwrap_or_default();
    let mut names: Vec<String> = Vec::new();
    for provider in providers.into_iter().filter_map(Fields::of_valid).take(MOST) {
        let given = provider.get("roles").and_then(json::elements).unwrap_or_default();
        let has_role =
            given.iter().filter_map(|role| json::read_string(role)).any(|role| roles.contains(&role.as_ref()));
        if has_role && let Some(name) = provider.string("name").filter(|name| !name.trim().is_empty()) {
            names.push(name.into_owned());
        }
    }
    names.dedup();
    names
}

/// When it was published: issued, else modified.
pub fn published(record: &str) -> Option<String> {
    let dates = Fields::of_valid(record)?.get("lifecycle").and_then(Fields::of_valid)?;
    let date = ["issued", "modified", "created"].into_iter().find_map(|name| dates.string(name))?;
    date.get(..4).filter(|year| year.bytes().all(|byte| byte.is_ascii_digit()))?;
    Some(date.into_owned())
}

/// The period as ISO 8601 writes it; an end that is no date is left open.
pub fn covered(entity: &Entity<'_>) -> Option<String> {
    let time = entity.time.as_ref()?;
    let is_open = time.open_end || time.placeholder || time.relative_end.is_some();
    match (time.start.as_deref(), time.stop.as_deref().filter(|_| !is_open)) {
        (Some(start), Some(stop)) => Some(format!("{start}/{stop}")),
        (Some(start), None) if is_open => Some(format!("{start}/..")),
        (Some(start), None) => Some(start.to_owned()),
        (None, Some(stop)) => Some(format!("../{stop}")),
        (None, None) => None,
    }
}

/// Boxes on the Earth.
pub fn earth_boxes(entity: &Entity<'_>) -> Vec<BoundingBox> {
    let on_earth = entity.space.iter().filter(|space| space.body == "earth").take(MOST);
    on_earth.filter_map(|space| BoundingBox::from_numbers(space.bbox.as_deref()?).ok()).collect()
}

fn boxes(entity: &Entity<'_>) -> Vec<String> {
    let write = |edges: BoundingBox| {
        let BoundingBox { west, south, east, north } = edges;
        format!(
            "{{\"geoLocationBox\":{{\"westBoundLongitude\":{west},\"eastBoundLongitude\":{east},\"southBoundLatitude\":{south},\"northBoundLatitude\":{north}}}}}"
        )
    };
    earth_boxes(entity).into_iter().map(write).collect()
}

fn quoted(text: &str) -> String {
    let mut written = String::new();
    json::push_string(&mut written, text);
    written
}

/// An object of texts; empty ones are left out.
fn object(members: &[(&str, &str)]) -> String {
    let mut object = Draft::object();
    for (name, value) in members.iter().filter(|(_, value)| !value.is_empty()) {
        object.string(name, value);
    }
    object.finish()
}

fn array(elements: impl IntoIterator<Item = String>) -> Draft {
    let mut array = Draft::array();
    elements.into_iter().for_each(|element| array.element(&element));
    array
}

/// A text that means itself in BibTeX; line ends become spaces.
fn escaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' => written.push_str("\\textbackslash{}"),
            '~' => written.push_str("\\textasciitilde{}"),
            '^' => written.push_str("\\textasciicircum{}"),
            '{' | '}' | '$' | '&' | '#' | '_' | '%' => written.extend(['\\', letter]),
            other if other.is_control() => written.push(' '),
            other => written.push(other),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_citation_names_what_the_record_says_and_nothing_else() {
        let record = r#"{"kind":"collection","id":"a b","title":"T & {x}_1.","version":"2","doi":"https://doi.org/10.5270/x_y",
            "providers":[{"name":"H","roles":["host"]},{"name":"ESA, \"P\"","roles":["producer"]}],"lifecycle":{"issued":"2019-02-03T00:00:00Z"},
            "space":[{"body":"earth","bbox":[1,2,3,4]},{"body":"mars","bbox":[1,2,3,4]}],"time":{"start":"2000-01-01T00:00:00Z","open_end":true}}"#;
        let entity = Entity::view(record.as_bytes()).expect("a record");
        let cited = Cited::of(&entity, None, record, "2026-01-01T00:00:00Z", "http://h/collections/a%20b");
        let bibtex = "@misc{a_b,\n  author = {{ESA, \"P\"}},\n  title = {{T \\& \\{x\\}\\_1}},\n  year = {2019},\n  publisher = {H},\n  version = {2},\n  \
                      doi = {10.5270/x\\_y},\n  url = {https://doi.org/10.5270/x\\_y},\n  note = {Dataset}\n}\n";
        assert_eq!(cited.bibtex(), bibtex);
        let csl: serde_json::Value = serde_json::from_str(&cited.csl()).expect("JSON");
        assert_eq!(
            (&csl["author"][0]["literal"], &csl["issued"]["date-parts"][0][0]),
            (&"ESA, \"P\"".into(), &2019.into())
        );
        let datacite: serde_json::Value = serde_json::from_str(&cited.datacite(&entity)).expect("JSON");
        assert_eq!(datacite["geoLocations"].as_array().map(Vec::len), Some(1));
        assert_eq!(datacite["dates"][0]["date"], "2000-01-01T00:00:00Z/..");
        assert_eq!(datacite["types"]["resourceTypeGeneral"], "Collection");
    }

    #[test]
    fn an_unknown_author_is_named_as_unknown_where_one_is_needed() {
        let record = r#"{"kind":"product","id":"p","collection":"c"}"#;
        let entity = Entity::view(record.as_bytes()).expect("a record");
        let cited = Cited::of(&entity, None, record, "2026-01-01T00:00:00Z", "http://h/p");
        assert!(!cited.bibtex().contains("author") && cited.bibtex().contains("year = {2026}"));
        let datacite: serde_json::Value = serde_json::from_str(&cited.datacite(&entity)).expect("JSON");
        assert_eq!(
            (&datacite["creators"][0]["name"], &datacite["publisher"]["name"]),
            (&":unkn".into(), &":unkn".into())
        );
    }
}
