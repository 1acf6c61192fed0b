//! Searches at CSW 2.0.2 and 3.0: GetRecords by POST with a filter of OGC Filter Encoding, full records as ISO 19139, or as
//! Dublin Core where the service has no ISO. The version is 3.0 where the address of the source says `version=3.0`.

use super::super::wording::{Unanswered, earth_box, plain_words};
use super::super::{Document, Part};
use super::{Ask, Client, Fault, Found};
use crate::federation::markup::{self, Node};
use crate::model::Query;

const ISO: &str = "http://www.isotc211.org/2005/gmd";
const XML: &str = "application/xml, text/xml;q=0.9";
/// Elements that hold a record.
const RECORDS: &[&str] = &["MD_Metadata", "MI_Metadata", "Record", "SummaryRecord", "BriefRecord"];

/// The words of a version.
struct Version {
    number: &'static str,
    csw: &'static str,
    filter: &'static str,
    gml: &'static str,
    ows: &'static str,
    /// The element that names a property.
    property: &'static str,
}

const SECOND: Version = Version {
    number: "2.0.2",
    csw: "http://www.opengis.net/cat/csw/2.0.2",
    filter: "http://www.opengis.net/ogc",
    gml: "http://www.opengis.net/gml",
    ows: "http://www.opengis.net/ows",
    property: "PropertyName",
};

const THIRD: Version = Version {
    number: "3.0.0",
    csw: "http://www.opengis.net/cat/csw/3.0",
    filter: "http://www.opengis.net/fes/2.0",
    gml: "http://www.opengis.net/gml/3.2",
    ows: "http://www.opengis.net/ows/2.0",
    property: "ValueReference",
};

/// One page of matches. The page is the number of its first record, and the schema that it was asked in.
pub fn search(client: &Client<'_>, ask: &Ask<'_>) -> Result<Found, Fault> {
    let version = if client.source.url.contains("version=3.0") { &THIRD } else { &SECOND };
    let (first, schema) = match ask.page.and_then(|page| page.split_once(' ')) {
        Some((first, schema)) => {
            (first.parse().map_err(|_| Fault::unreadable("a place in no listing"))?, schema.to_owned())
        }
        None => (1, client.source.harvest.format.clone().unwrap_or_else(|| ISO.to_owned())),
    };
    match page(client, ask, version, first, &schema) {
        // A service without the ISO profile names the schemas that it has; it always has its own.
        Err(Fault::ParseError { reason }) if schema == ISO && reason.to_lowercase().contains("outputschema") => {
            page(client, ask, version, first, version.csw)
        }
        other => other,
    }
}

fn page(client: &Client<'_>, ask: &Ask<'_>, version: &Version, first: u64, schema: &str) -> Result<Found, Fault> {
    let (body, unanswered) =
        request(ask.query, client.source.capabilities.text.unwrap_or(true), version, first, schema);
    let answer = match client.post(&client.source.url, XML, "application/xml", body.as_bytes()) {
        Ok(answer) => answer.body,
        Err(Fault::HttpError { status: 400, reason, .. }) => {
            return Err(Fault::unreadable(format!(
                "it refuses the request: {}",
                reason.unwrap_or_else(|| "outputSchema".into())
            )));
        }
        Err(fault) => return Err(fault),
    };
    let text = std::str::from_utf8(&answer).map_err(Fault::unreadable)?;
    let mut found = read(text, schema)?;
    found.unanswered = unanswered.rest();
    Ok(found)
}

fn read(text: &str, schema: &str) -> Result<Found, Fault> {
    let root = markup::parse(text, RECORDS).map_err(Fault::unreadable)?;
    if let Some(exception) = root.find("Exception") {
        let locator = exception.attribute("locator").unwrap_or_default();
        let said = exception.text_at("ExceptionText").unwrap_or_default();
        return Err(Fault::unreadable(format!("an exception ({locator}): {said}")));
    }
    let Some(results) = root.find("SearchResults") else { return Err(Fault::unreadable("it has no SearchResults")) };
    let number = |name: &str| results.attribute(name).and_then(|text| text.trim().parse::<u64>().ok());
    let records: Vec<&Node<'_>> =
        results.children.iter().filter(|child| RECORDS.contains(&child.name.as_str())).collect();
    let matched = number("numberOfRecordsMatched");
    // 0 is the end; some say the number behind the last.
    let next = number("nextRecord").filter(|next| *next > 0 && !records.is_empty());
    let next = next.filter(|next| matched.is_none_or(|matched| *next <= matched));
    Ok(Found {
        documents: records.iter().map(|record| Document::of(record.cut().into_bytes())).collect(),
        matched,
        next: next.map(|next| format!("{next} {schema}")),
        unanswered: Vec::new(),
    })
}

fn request(query: &Query, has_text: bool, version: &Version, first: u64, schema: &str) -> (String, Unanswered) {
    let mut left = Unanswered::of(query);
    let mut conditions = Vec::new();
    if let (Some(words), true) = (plain_words(query), has_text) {
        conditions.push(any_of(words.iter().map(|word| like(word, version)).collect()));
        left.answer(Part::Text);
    }
    if !query.ids.is_empty() {
        conditions.push(any_of(query.ids.iter().map(|id| equal("dc:identifier", id, version)).collect()));
        left.answer(Part::Ids);
    }
    if let Some([west, south, east, north]) = earth_box(query).filter(|[west, _, east, _]| west <= east) {
        let property = property("ows:BoundingBox", version);
        conditions.push(format!(
            "<f:BBOX>{property}<gml:Envelope srsName=\"urn:ogc:def:crs:EPSG::4326\"><gml:lowerCorner>{south} {west}</gml:lowerCorner><gml:upperCorner>{north} {east}</gml:upperCorner></gml:Envelope></f:BBOX>"
        ));
        left.answer(Part::Space);
    }
    let conditions = match conditions.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        several => format!("<f:And>{}</f:And>", several.concat()),
    };
    let constraint = if conditions.is_empty() {
        String::new()
    } else {
        format!("<csw:Constraint version=\"1.1.0\"><f:Filter>{conditions}</f:Filter></csw:Constraint>")
    };
    let Version { number, csw, filter, gml, ows, .. } = version;
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><csw:GetRecords xmlns:csw=\"{csw}\" xmlns:f=\"{filter}\" xmlns:ogc=\"{filter}\" xmlns:gml=\"{gml}\" xmlns:ows=\"{ows}\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" service=\"CSW\" version=\"{number}\" resultType=\"results\" outputFormat=\"application/xml\" outputSchema=\"{}\" startPosition=\"{first}\" maxRecords=\"{}\"><csw:Query typeNames=\"csw:Record\"><csw:ElementSetName>full</csw:ElementSetName>{constraint}</csw:Query></csw:GetRecords>",
        escaped(schema),
        query.limit
    );
    // Some services know the namespace of filters by its usual prefix alone.
    let prefix = if version.number == THIRD.number { "fes" } else { "ogc" };
    let body = body.replace("<f:", &format!("<{prefix}:")).replace("</f:", &format!("</{prefix}:"));
    let body = body.replacen(" xmlns:ogc=", &format!(" xmlns:{prefix}="), 1).replacen(
        &format!(" xmlns:f=\"{filter}\""),
        "",
        1,
    );
    (body, left)
}

fn any_of(conditions: Vec<String>) -> String {
    match conditions.as_slice() {
        [one] => one.clone(),
        several => format!("<f:Or>{}</f:Or>", several.concat()),
    }
}

fn property(name: &str, version: &Version) -> String {
    let element = version.property;
    format!("<f:{element}>{name}</f:{element}>")
}

fn like(word: &str, version: &Version) -> String {
    let pattern: String = word.chars().flat_map(|c| if "%_\\".contains(c) { vec!['\\', c] } else { vec![c] }).collect();
    format!(
        "<f:PropertyIsLike wildCard=\"%\" singleChar=\"_\" escapeChar=\"\\\" matchCase=\"false\">{}<f:Literal>%{}%</f:Literal></f:PropertyIsLike>",
        property("csw:AnyText", version),
        escaped(&pattern)
    )
}

fn equal(name: &str, value: &str, version: &Version) -> String {
    let property = property(name, version);
    format!("<f:PropertyIsEqualTo>{property}<f:Literal>{}</f:Literal></f:PropertyIsEqualTo>", escaped(value))
}

/// A text within XML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_becomes_a_filter_of_either_version() {
        let query = Query { text: Some("sea <ice>".into()), ids: vec!["a&b".to_owned()], limit: 5, ..Query::default() };
        for (version, element) in [(&SECOND, "ogc:PropertyName"), (&THIRD, "fes:ValueReference")] {
            let (body, left) = request(&query, true, version, 11, ISO);
            let root = markup::parse(&body, &[]).expect("well-formed");
            assert_eq!(root.attribute("startPosition"), Some("11"));
            assert_eq!(root.namespace, version.csw);
            assert_eq!(root.find("And").expect("both").namespace, version.filter);
            assert!(body.contains(element) && body.contains("%&lt;ice&gt;%") && body.contains("a&amp;b"), "{body}");
            assert_eq!(left.rest(), []);
        }
    }

    #[test]
    fn records_are_cut_out_and_the_end_is_told() {
        let answer = |next: u64| {
            format!(
                r#"<c:GetRecordsResponse xmlns:c="{}" xmlns:dc="http://purl.org/dc/elements/1.1/"><c:SearchResults numberOfRecordsMatched="3" nextRecord="{next}"><c:Record><dc:identifier>a</dc:identifier></c:Record></c:SearchResults></c:GetRecordsResponse>"#,
                SECOND.csw
            )
        };
        let found = read(&answer(2), ISO).expect("an answer");
        assert_eq!((found.matched, found.next.as_deref()), (Some(3), Some("2 http://www.isotc211.org/2005/gmd")));
        let record = String::from_utf8(found.documents[0].bytes.clone()).expect("text");
        assert!(markup::parse(&record, &[]).is_ok() && record.contains("xmlns:dc"), "{record}");
        for end in [0, 4] {
            assert_eq!(read(&answer(end), ISO).expect("an answer").next, None);
        }
    }

    #[test]
    fn exceptions_and_other_documents_are_faults() {
        for text in ["<a/>", "<ExceptionReport><Exception locator='x'/></ExceptionReport>", "{}", "<html>", ""] {
            assert!(matches!(read(text, ISO), Err(Fault::ParseError { .. })), "{text}");
        }
    }
}
