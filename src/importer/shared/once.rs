//! A record whose statements may come as often and as empty as documents repeat them: properties with several values
//! become lists, organisations with several roles one provider, measures of quality numbers.

use std::ops::Range;

use super::names::Role;
use super::record::Record;
use super::values::{self, tidy};
use crate::importer::{Context, Imported, Reason};
use crate::model::{Draft, RecordId};

/// Most values of one property, and most entries of one list: beyond it a document is no description any more.
const MAX_VALUES: usize = 10_000;

/// See the module.
pub struct Once<'c> {
    pub record: Record<'c>,
    properties: Vec<(String, Vec<String>)>,
    providers: Vec<Provider>,
    quality: Vec<(String, String)>,
}

/// An organisation and what it did.
#[derive(Debug, Default)]
struct Provider {
    name: String,
    /// In STAC's words: producer, processor, licensor, host.
    roles: Vec<&'static str>,
    as_written: Vec<String>,
    url: Option<String>,
    email: Option<String>,
}

/// STAC's word for what CMR and ISO call a role.
fn role_of(written: &str) -> Option<&'static str> {
    let folded: String = written.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect();
    Some(match folded.as_str() {
        "originator"
        | "author"
        | "coauthor"
        | "principalinvestigator"
        | "producer"
        | "dataproducer"
        | "dataoriginator"
        | "originatingcenter"
        | "creator" => "producer",
        "processor" | "processingcenter" => "processor",
        "owner" | "rightsholder" | "licensor" => "licensor",
        "archiver" | "archive" | "distributor" | "publisher" | "custodian" | "resourceprovider" | "archivecenter"
        | "datacenter" | "provider" | "host" => "host",
        _ => return None,
    })
}

impl<'c> Once<'c> {
    /// Begins a record of a kind with the id that its document gives.
    ///
    /// # Errors
    /// `Reason::BadId`, `Reason::BadCollection`: the texts are no usable identifiers.
    pub fn new(context: &'c Context<'c>, kind: &str, collection: Option<&str>, id: &str) -> Result<Self, Reason> {
        RecordId::parse(id).map_err(Reason::BadId)?;
        if let Some(collection) = collection {
            RecordId::parse(collection).map_err(Reason::BadCollection)?;
        }
        Ok(Self {
            record: Record::new(context, kind, collection, id),
            properties: Vec::new(),
            providers: Vec::new(),
            quality: Vec::new(),
        })
    }

    /// A mission, platform, instrument, target or level.
    pub fn name(&mut self, role: Role, written: Option<&str>) {
        if let Some(written) = written {
            self.record.name(role, written);
        }
    }

    /// A keyword; levels of a path are parted by ` > `, lines and runs of spaces joined.
    pub fn keyword(&mut self, scheme: Option<&str>, path: &str) {
        self.record.keyword(scheme, &tidy(path));
    }

    /// An identifier that resolves to the record.
    pub fn identifier(&mut self, scheme: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.record.identifier(scheme, value);
        }
    }

    /// A name that the record has elsewhere; what no identifier can be is left out.
    pub fn alias(&mut self, value: Option<&str>) {
        if let Some(value) = value.map(str::trim).filter(|value| RecordId::parse(value).is_ok()) {
            self.record.alias(value);
        }
    }

    /// A link to another record or page.
    pub fn link(&mut self, rel: &str, href: &str, title: Option<&str>) {
        self.record.link(rel, href, title);
    }

    /// A DOI, whatever is written before it: identifier and `doi`.
    pub fn doi(&mut self, written: Option<&str>) {
        if let Some(doi) = written.and_then(doi_of) {
            self.record.text("doi", Some(doi));
            self.record.identifier("doi", doi);
        }
    }

    /// A date of the record itself; the first of its kind counts.
    pub fn date(&mut self, member: &'static str, field: &'static str, written: &str) {
        self.record.date(member, field, written);
    }

    fn value(&mut self, name: &str, value: String) {
        let is_full = self.properties.len() >= MAX_VALUES;
        match self.properties.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) if values.contains(&value) || values.len() >= MAX_VALUES => {}
            Some((_, values)) => values.push(value),
            None if is_full => {}
            None => self.properties.push((name.to_owned(), vec![value])),
        }
    }

    /// A property that is text.
    pub fn text(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.value(name, serde_json::Value::from(value).to_string());
        }
    }

    /// A property that is a number with its digits as written; text where it is none.
    pub fn number(&mut self, name: &str, value: Option<&str>) {
        let Some(value) = value else { return };
        match number_of(value) {
            Some(number) => self.value(name, number.to_owned()),
            None => self.text(name, Some(value)),
        }
    }

    /// A measure of quality, such as `cloud_cover`, if it is a number.
    pub fn quality(&mut self, name: &str, value: Option<&str>) {
        let Some(number) = value.and_then(number_of) else { return };
        if !self.quality.iter().any(|(known, _)| known == name) {
            self.quality.push((name.to_owned(), number.to_owned()));
        }
    }

    /// An organisation that had a part in the data.
    pub fn provider(&mut self, name: Option<&str>, role: Option<&str>, url: Option<&str>, email: Option<&str>) {
        let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) else { return };
        let at = self.providers.iter().position(|known| known.name == name);
        if at.is_none() && self.providers.len() < MAX_VALUES {
            self.providers.push(Provider { name: name.to_owned(), ..Provider::default() });
        }
        let at = at.unwrap_or(self.providers.len().saturating_sub(1));
        let Some(provider) = self.providers.get_mut(at).filter(|provider| provider.name == name) else { return };
        if let Some(role) = role.and_then(role_of).filter(|role| !provider.roles.contains(role)) {
            provider.roles.push(role);
        }
        if let Some(role) = role.filter(|role| !provider.as_written.iter().any(|known| known == role)) {
            provider.as_written.push(role.to_owned());
        }
        provider.url = provider.url.take().or(url.map(str::to_owned));
        provider.email = provider.email.take().or(email.map(str::to_owned));
    }

    /// Ends the record.
    pub fn finish(mut self, bytes: &[u8], range: Range<usize>, media_type: &'static str, imported: &mut Imported) {
        for (name, values) in &self.properties {
            match values.as_slice() {
                [value] => self.record.raw_property(name, value),
                several => self.record.raw_property(name, &format!("[{}]", several.join(","))),
            }
        }
        let mut providers = Draft::array();
        self.providers.iter().for_each(|provider| providers.element(&provider.to_text()));
        self.record.draft.part("providers", providers);
        let mut quality = Draft::object();
        self.quality.iter().for_each(|(name, value)| quality.raw(name, value));
        self.record.draft.part("quality", quality);
        self.record.finish(bytes, range, media_type, imported);
    }
}

impl Provider {
    fn to_text(&self) -> String {
        let mut draft = Draft::object();
        draft.string("name", &self.name);
        let (mut roles, mut as_written) = (Draft::array(), Draft::array());
        self.roles.iter().for_each(|role| roles.string_element(role));
        self.as_written.iter().for_each(|role| as_written.string_element(role));
        draft.part("roles", roles);
        draft.part("roles_as_written", as_written);
        draft.optional("url", self.url.as_ref());
        draft.optional("email", self.email.as_ref());
        draft.finish()
    }
}

/// A JSON number as written, or nothing.
pub fn number_of(written: &str) -> Option<&str> {
    let written = written.trim();
    let written = written.strip_prefix('+').unwrap_or(written);
    values::number(written)
}

/// The DOI in `10.5067/x`, `doi:10.5067/x`, `https://doi.org/10.5067/x`.
pub fn doi_of(written: &str) -> Option<&str> {
    let at = written.find("10.")?;
    let (before, doi) = written.split_at_checked(at)?;
    let plain = before.is_empty() || before.ends_with("doi.org/") || before.to_lowercase().trim_end().ends_with("doi:");
    (plain && doi.contains('/') && !doi.contains(char::is_whitespace)).then_some(doi)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_count_once() {
        let digest = |_: &[u8]| crate::model::Sha256::from_bytes([0; 32]);
        let context = Context::new(&digest);
        let mut once = Once::new(&context, "collection", None, "a").expect("an id");
        for written in ["Terra", "TERRA "] {
            once.name(Role::Platform, Some(written));
        }
        once.keyword(None, "a  >\n b");
        once.keyword(None, "a > b");
        once.number("x:n", Some("1.50"));
        once.number("x:n", Some("08"));
        once.number("x:n", Some("1.50"));
        once.doi(Some("https://doi.org/10.1/x"));
        once.doi(Some("10.1/y"));
        once.provider(Some("A"), Some("ARCHIVER"), None, Some("a@x"));
        once.provider(Some("A"), Some("DISTRIBUTOR"), Some("http://a"), None);
        let mut imported = Imported::default();
        once.finish(b"x", 0..1, "text/plain", &mut imported);
        let record = imported.entities.pop().expect("a record").record;
        for part in [
            r#""platforms":[{"label":"Terra""#,
            r#""keywords":[{"path":"a > b"}]"#,
            r#""properties":{"x:n":[1.50,"08"]}"#,
            r#""doi":"10.1/x""#,
            r#"{"scheme":"doi","value":"10.1/y"}"#,
            r#"[{"name":"A","roles":["host"],"roles_as_written":["ARCHIVER","DISTRIBUTOR"],"url":"http://a","email":"a@x"}]"#,
        ] {
            assert!(record.contains(part), "{part}\n{record}");
        }
        assert!(Once::new(&context, "product", Some(" "), "a").is_err());
        assert!(Once::new(&context, "product", None, "").is_err());
    }

    #[test]
    fn a_doi_is_taken_out_of_what_surrounds_it() {
        for (written, doi) in [
            ("10.5067/A", Some("10.5067/A")),
            ("doi:10.5067/A", Some("10.5067/A")),
            ("DOI: 10.5067/A", Some("10.5067/A")),
            ("http://dx.doi.org/10.5067/A.B", Some("10.5067/A.B")),
            ("version 10.5", None),
            ("none", None),
        ] {
            assert_eq!(doi_of(written), doi, "{written}");
        }
    }
}
