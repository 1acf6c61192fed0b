//! Requests of OAI-PMH 2.0 § 3.1 and § 4: arguments become one of six verbs. Everything that is given is used or refused.

use super::fault::{Code, Fault};
use super::formats::Format;
use super::identifier::{is_plain, is_uri};
use crate::catalogue::changes::Set;
use crate::model::Instant;

/// A day and a second in microseconds.
const DAY: i64 = 86_400_000_000;
const SECOND: i64 = 1_000_000;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    Identify,
    ListMetadataFormats { identifier: Option<String> },
    ListSets { token: Option<String> },
    GetRecord { identifier: String, format: Format },
    List { content: Content, asked: Asked },
}

/// What is listed of each record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    Headers,
    Records,
}

impl Content {
    /// The name of the verb.
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Headers => "ListIdentifiers",
            Self::Records => "ListRecords",
        }
    }
}

/// Which records are listed: the beginning of a list, or what follows a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    Begin {
        format: Format,
        /// First instant that counts, and the first that does not any more.
        from: Option<Instant>,
        before: Option<Instant>,
        set: Option<Set>,
    },
    Token(String),
}

/// Arguments by their names.
pub struct Arguments(Vec<(String, String)>);

impl Arguments {
    pub const fn new(arguments: Vec<(String, String)>) -> Self {
        Self(arguments)
    }

    /// The arguments as attributes of the answer's `request` element.
    pub fn attributes(&self) -> Vec<(&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    fn one(&self, name: &str) -> Result<Option<&str>, Fault> {
        let mut values = self.0.iter().filter(|(given, _)| given == name).map(|(_, value)| value.as_str());
        let value = values.next();
        if values.next().is_some() {
            return Err(Fault::argument(format!("{name} is given more than once")));
        }
        match value {
            Some("") => Err(Fault::argument(format!("{name} is empty"))),
            value => Ok(value),
        }
    }

    fn required(&self, name: &str) -> Result<&str, Fault> {
        self.one(name)?.ok_or_else(|| Fault::argument(format!("{name} is missing")))
    }

    /// Refuses what the verb does not have.
    fn check(&self, verb: &str, known: &[&str]) -> Result<(), Fault> {
        match self.0.iter().find(|(name, _)| name != "verb" && !known.contains(&name.as_str())) {
            None => Ok(()),
            Some((name, _)) => {
                let name: String = name.chars().take(60).collect();
                Err(Fault::argument(format!("{name:?} is no argument of {verb}; it has {}", listed(known))))
            }
        }
    }

    /// The token, which stands alone.
    fn token(&self) -> Result<Option<String>, Fault> {
        let Some(token) = self.one("resumptionToken")? else { return Ok(None) };
        if self.0.iter().any(|(name, _)| name != "verb" && name != "resumptionToken") {
            return Err(Fault::argument("resumptionToken stands alone beside verb"));
        }
        Ok(Some(token.to_owned()))
    }

    fn identifier(&self) -> Result<Option<String>, Fault> {
        match self.one("identifier")? {
            Some(text) if !is_uri(text) => Err(Fault::argument("identifier is no URI")),
            identifier => Ok(identifier.map(str::to_owned)),
        }
    }

    fn format(&self) -> Result<Format, Fault> {
        let prefix = self.required("metadataPrefix")?;
        if !is_plain(prefix, false) {
            return Err(Fault::argument("metadataPrefix has characters that no prefix has"));
        }
        Format::from_prefix(prefix).ok_or_else(|| {
            let known: Vec<&str> = Format::ALL.map(Format::prefix).to_vec();
            Fault::new(Code::CannotDisseminateFormat, format!("{prefix:.60} is none of {}", known.join(", ")))
        })
    }

    fn set(&self) -> Result<Option<Set>, Fault> {
        let Some(text) = self.one("set")? else { return Ok(None) };
        if !is_plain(text, true) {
            return Err(Fault::argument("set has characters that no setSpec has"));
        }
        let set = super::identifier::read_set(text);
        set.map(Some).ok_or_else(|| Fault::new(Code::NoRecordsMatch, "there is no such set; ListSets lists them"))
    }

    /// The period: first instant that counts, and the first that does not any more.
    fn period(&self) -> Result<(Option<Instant>, Option<Instant>), Fault> {
        let read = |name: &str| self.one(name)?.map(|text| date(name, text)).transpose();
        let (from, until) = (read("from")?, read("until")?);
        if let (Some((from, unit)), Some((until, other))) = (from, until) {
            if unit != other {
                return Err(Fault::argument("from and until are not of the same granularity"));
            }
            if from > until {
                return Err(Fault::argument("from is later than until"));
            }
        }
        let before = until.map(|(until, unit)| Instant::from_micros(until.micros() + unit));
        Ok((from.map(|(from, _)| from), before))
    }
}

fn listed(known: &[&str]) -> String {
    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
}

/// `YYYY-MM-DD` or `YYYY-MM-DDThh:mm:ssZ` (§ 3.3), and how long it is.
fn date(name: &str, text: &str) -> Result<(Instant, i64), Fault> {
    let fits = |shape: &str| {
        let same = |(byte, wanted): (u8, u8)| if wanted == b'0' { byte.is_ascii_digit() } else { byte == wanted };
        text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(same)
    };
    let (full, unit) = if fits("0000-00-00") {
        (format!("{text}T00:00:00Z"), DAY)
    } else if fits("0000-00-00T00:00:00Z") {
        (text.to_owned(), SECOND)
    } else {
        return Err(Fault::argument(format!("{name} is neither YYYY-MM-DD nor YYYY-MM-DDThh:mm:ssZ")));
    };
    let instant = Instant::parse(&full).map_err(|_| Fault::argument(format!("{name} is no date")))?;
    Ok((instant, unit))
}

/// Reads a request.
///
/// # Errors
/// `badVerb`, `badArgument`, and what the arguments name that is not there.
pub fn read(arguments: &Arguments) -> Result<Verb, Fault> {
    let mut verbs = arguments.0.iter().filter(|(name, _)| name == "verb").map(|(_, verb)| verb.as_str());
    let bad = |message: &str| Fault::new(Code::BadVerb, message);
    let verb = verbs.next().ok_or_else(|| bad("verb is missing"))?;
    if verbs.next().is_some() {
        return Err(bad("verb is given more than once"));
    }
    match verb {
        "Identify" => arguments.check(verb, &[]).map(|()| Verb::Identify),
        "ListMetadataFormats" => {
            arguments.check(verb, &["identifier"])?;
            Ok(Verb::ListMetadataFormats { identifier: arguments.identifier()? })
        }
        "ListSets" => {
            arguments.check(verb, &["resumptionToken"])?;
            Ok(Verb::ListSets { token: arguments.token()? })
        }
        "GetRecord" => {
            arguments.check(verb, &["identifier", "metadataPrefix"])?;
            let identifier = arguments.identifier()?.ok_or_else(|| Fault::argument("identifier is missing"))?;
            Ok(Verb::GetRecord { identifier, format: arguments.format()? })
        }
        "ListIdentifiers" => list(arguments, Content::Headers),
        "ListRecords" => list(arguments, Content::Records),
        _ => Err(bad("there is no such verb")),
    }
}

fn list(arguments: &Arguments, content: Content) -> Result<Verb, Fault> {
    arguments.check(content.verb(), &["from", "until", "set", "metadataPrefix", "resumptionToken"])?;
    if let Some(token) = arguments.token()? {
        return Ok(Verb::List { content, asked: Asked::Token(token) });
    }
    arguments.required("metadataPrefix")?;
    let (from, before) = arguments.period()?;
    let format = arguments.format()?;
    let asked = Asked::Begin { format, from, before, set: arguments.set()? };
    Ok(Verb::List { content, asked })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(query: &str) -> Result<Verb, Code> {
        let pairs = query.split('&').filter_map(|part| part.split_once('='));
        let arguments = Arguments::new(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect());
        read(&arguments).map_err(|fault| match fault {
            Fault::Protocol { code, .. } => code,
            Fault::Service(problem) => panic!("{problem}"),
        })
    }

    #[test]
    fn what_is_not_of_the_protocol_is_refused() {
        use Code::{BadArgument, BadVerb, CannotDisseminateFormat, NoRecordsMatch};
        let cases = [
            ("", BadVerb),
            ("verb=", BadVerb),
            ("verb=identify", BadVerb),
            ("verb=Identify&verb=Identify", BadVerb),
            ("verb=Identify&x=1", BadArgument),
            ("verb=Identify&identifier=oai:x:y", BadArgument),
            ("verb=ListSets&set=x", BadArgument),
            ("verb=ListSets&resumptionToken=", BadArgument),
            ("verb=GetRecord&metadataPrefix=oai_dc", BadArgument),
            ("verb=GetRecord&identifier=oai:x:y", BadArgument),
            ("verb=GetRecord&identifier=not a uri&metadataPrefix=oai_dc", BadArgument),
            ("verb=GetRecord&identifier=oai:x:y&metadataPrefix=marc", CannotDisseminateFormat),
            ("verb=ListRecords", BadArgument),
            ("verb=ListRecords&metadataPrefix=oai_dc&metadataPrefix=oai_dc", BadArgument),
            ("verb=ListRecords&metadataPrefix=oai dc", BadArgument),
            ("verb=ListRecords&metadataPrefix=marc", CannotDisseminateFormat),
            ("verb=ListRecords&metadataPrefix=oai_dc&resumptionToken=x", BadArgument),
            ("verb=ListRecords&resumptionToken=x&resumptionToken=x", BadArgument),
            ("verb=ListRecords&metadataPrefix=oai_dc&from=2020", BadArgument),
            ("verb=ListRecords&metadataPrefix=oai_dc&from=2020-13-01", BadArgument),
            ("verb=ListRecords&metadataPrefix=oai_dc&from=2020-01-01T00:00:00", BadArgument),
            ("verb=ListRecords&metadataPrefix=oai_dc&from=2020-01-01T00:00:00.5Z", BadArgument),
            ("verb=ListRecords&metadataPrefix=oai_dc&from=2020-01-01&until=2020-01-02T00:00:00Z", BadArgument),
            ("verb=ListRecords&metadataPrefix=oai_dc&from=2020-01-02&until=2020-01-01", BadArgument),
            ("verb=ListRecords&metadataPrefix=oai_dc&set=a b", BadArgument),
            ("verb=ListRecords&metadataPrefix=oai_dc&set=nowhere", NoRecordsMatch),
        ];
        for (query, expected) in cases {
            assert_eq!(code(query), Err(expected), "{query}");
        }
    }

    #[test]
    fn the_end_of_a_period_is_its_last_day_or_second() {
        let at = |text| Instant::parse(text).ok();
        let cases = [
            ("from=2020-01-01&until=2020-01-01", at("2020-01-01T00:00:00Z"), at("2020-01-02T00:00:00Z")),
            ("until=2020-01-01T00:00:00Z", None, at("2020-01-01T00:00:01Z")),
        ];
        for (period, from, before) in cases {
            let verb = code(&format!("verb=ListIdentifiers&metadataPrefix=oai_dc&{period}")).expect("valid");
            let asked = Asked::Begin { format: Format::DublinCore, from, before, set: None };
            assert_eq!(verb, Verb::List { content: Content::Headers, asked });
        }
    }
}
