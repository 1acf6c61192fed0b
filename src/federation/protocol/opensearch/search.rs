//! Searches at OpenSearch services of Earth observation (OGC 13-026): the template of the description document, and answers
//! as Atom. What an entry says is written as a record of this archive.

use super::super::wording::{Unanswered, collections, earth_box, followable, listed, plain_words};
use super::super::{Document, Part};
use super::{Ask, Client, Fault, Found};
use crate::federation::markup::{self, Node};
use crate::model::uri::{encode, join};
use crate::model::{Draft, Instant, Query};

const DESCRIPTION: &str = "application/opensearchdescription+xml, application/xml;q=0.9";
const ATOM: &str = "application/atom+xml";

/// One page of matches. The page is the next link of the one before.
pub fn search(client: &Client<'_>, ask: &Ask<'_>) -> Result<Found, Fault> {
    let base = client.source.url.as_str();
    let description = client.describe(base, DESCRIPTION)?;
    let description = std::str::from_utf8(&description).map_err(Fault::unreadable)?;
    let template = template(description)?;
    let names = collections(client.source, ask.query);
    let (filled, unanswered) = fill(&template, ask.query, names.as_deref());
    let address = match ask.page {
        Some(page) => followable(base, page)?,
        None => join(base, &filled).ok_or_else(|| Fault::unreadable("its template is no address"))?,
    };
    let answer = client.get(&address, ATOM)?.body;
    let text = std::str::from_utf8(&answer).map_err(Fault::unreadable)?;
    let mut found = read(text, &address, names.as_deref())?;
    found.unanswered = unanswered.rest();
    Ok(found)
}

/// The template whose answers are Atom.
fn template(description: &str) -> Result<String, Fault> {
    let root = markup::parse(description, &[]).map_err(Fault::unreadable)?;
    let of_atom = |url: &&Node<'_>| url.attribute("type").is_some_and(|form| form.starts_with(ATOM));
    let is_of_results = |url: &&Node<'_>| url.attribute("rel").is_none_or(|rel| rel == "results");
    let mut urls = root.named("Url").filter(of_atom).filter(is_of_results);
    let template = urls.find_map(|url| url.attribute("template"));
    template.map(str::to_owned).ok_or_else(|| Fault::unsupported("Atom: its description names no template for it"))
}

/// The template with the parts of the question in their places; what has none is left over.
fn fill(template: &str, query: &Query, names: Option<&[String]>) -> (String, Unanswered) {
    let mut left = Unanswered::of(query);
    let (mut filled, mut rest) = (String::new(), template);
    while let Some((before, inner)) = rest.split_once('{') {
        let Some((name, after)) = inner.split_once('}') else { break };
        let name = name.trim_end_matches('?');
        filled.push_str(before);
        if let Some((part, value)) = value(name, query, names) {
            filled.push_str(&encode(&value));
            part.into_iter().for_each(|part| left.answer(part));
        }
        rest = after;
    }
    filled.push_str(rest);
    let half_open = query.time.is_some_and(|time| time.start.is_some() && !template.contains("time:start"))
        || query.time.is_some_and(|time| time.stop.is_some() && !template.contains("time:end"));
    if query.time.is_some() && !half_open {
        left.answer(Part::Time);
    }
    (filled, left)
}

fn value(name: &str, query: &Query, names: Option<&[String]>) -> Option<(Option<Part>, String)> {
    match name {
        "searchTerms" => Some((Some(Part::Text), plain_words(query)?.join(" "))),
        "count" => Some((None, query.limit.to_string())),
        "startIndex" | "startPage" => Some((None, "1".to_owned())),
        "geo:box" => Some((Some(Part::Space), listed(&earth_box(query)?))),
        "geo:uid" => match query.ids.as_slice() {
            [id] => Some((Some(Part::Ids), id.clone())),
            _ => None,
        },
        "time:start" => Some((None, query.time?.start?.to_string())),
        "time:end" => Some((None, query.time?.stop?.to_string())),
        "eo:parentIdentifier" => match names? {
            [name] => Some((super::super::wording::only_collections(query).then_some(Part::Facets), name.clone())),
            _ => None,
        },
        _ => None,
    }
}

fn read(text: &str, address: &str, names: Option<&[String]>) -> Result<Found, Fault> {
    let root = markup::parse(text, &[]).map_err(Fault::unreadable)?;
    if root.name != "feed" {
        return Err(Fault::unreadable(format!("it is no feed but {:.50}", root.name)));
    }
    let only = names.and_then(|names| if let [name] = names { Some(name.as_str()) } else { None });
    let documents: Vec<Document> = root.named("entry").filter_map(|entry| document(entry, only)).collect();
    let next = root.named("link").find(|link| link.attribute("rel") == Some("next"));
    let next = next.and_then(|link| join(address, link.attribute("href")?)).filter(|_| !documents.is_empty());
    let matched = root.text_at("totalResults").and_then(|text| text.trim().parse().ok());
    Ok(Found { documents, matched, next, unanswered: Vec::new() })
}

/// An entry as a record of this archive.
fn document(entry: &Node<'_>, collection: Option<&str>) -> Option<Document> {
    let id = entry.text_at("identifier").or_else(|| entry.text_at("id"))?;
    let mut record = Draft::object();
    record.string("kind", "product");
    record.string("id", id);
    record.string("collection", entry.text_at("parentIdentifier").or(collection).unwrap_or("uncollected"));
    record.optional("title", entry.text_at("title"));
    record.optional("description", entry.text_at("summary"));
    if let Some(date) = entry.text_at("date") {
        let (start, stop) = date.split_once('/').unwrap_or((date, date));
        let mut time = Draft::object();
        time.optional("start", Some(start).filter(|text| Instant::parse(text).is_ok()));
        time.optional("stop", Some(stop).filter(|text| Instant::parse(text).is_ok()));
        if !time.is_empty() {
            record.part("time", time);
        }
    }
    if let Some([south, west, north, east]) = entry.find("box").and_then(|node| four(&node.content)) {
        record.raw("space", &format!(r#"[{{"body":"earth","bbox":[{west},{south},{east},{north}]}}]"#));
    }
    let (mut links, mut href) = (Draft::array(), None);
    for link in entry.named("link") {
        let Some(target) = link.attribute("href") else { continue };
        let rel = link.attribute("rel").unwrap_or("alternate");
        if matches!(rel, "self" | "alternate") && href.is_none() {
            href = Some(target.to_owned());
        }
        links.object_element(&[("rel", rel), ("href", target)]);
    }
    if !links.is_empty() {
        record.part("links", links);
    }
    let mut properties = Draft::object();
    properties.optional("updated", entry.text_at("updated"));
    record.part("properties", properties);
    Some(Document { id: Some(id.to_owned()), href, ..Document::of(record.finish().into_bytes()) })
}

/// Four numbers with spaces between (georss:box: south, west, north, east).
fn four(text: &str) -> Option<[f64; 4]> {
    let numbers: Vec<f64> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
    numbers.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "https://a.example/s?q={searchTerms?}&n={count}&box={geo:box?}&from={time:start?}&to={time:end?}&x={eo:cloudCover?}";

    #[test]
    fn a_template_is_filled_and_what_has_no_place_is_left() {
        let query = Query { text: Some("sea ice".into()), ids: vec!["a".to_owned()], limit: 5, ..Query::default() };
        let (filled, left) = fill(TEMPLATE, &query, None);
        assert_eq!(filled, "https://a.example/s?q=sea%20ice&n=5&box=&from=&to=&x=");
        assert_eq!(left.rest(), [Part::Ids]);
        let time = crate::model::TimeRange { start: Instant::parse("2020-01-01T00:00:00Z").ok(), stop: None };
        let timed = Query { time: Some(time), ..Query::default() };
        assert_eq!(fill(TEMPLATE, &timed, None).1.rest(), []);
        assert_eq!(fill("https://a.example/?to={time:end}", &timed, None).1.rest(), [Part::Time]);
    }

    #[test]
    fn entries_become_records() {
        let feed = r#"<feed xmlns="http://www.w3.org/2005/Atom" xmlns:os="http://a9.com/-/spec/opensearch/1.1/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:georss="http://www.georss.org/georss"><os:totalResults>12</os:totalResults><link rel="next" href="?page=2"/><entry><id>https://a.example/x</id><dc:identifier>x</dc:identifier><title>X</title><dc:date>2004-01-01T00:00:00Z/2004-01-02T00:00:00Z</dc:date><georss:box>1 2 3 4</georss:box><link rel="enclosure" href="https://a.example/x.zip"/></entry></feed>"#;
        let found = read(feed, "https://a.example/s?page=1", Some(&["c".to_owned()])).expect("a feed");
        assert_eq!((found.matched, found.next.as_deref()), (Some(12), Some("https://a.example/s?page=2")));
        let record: serde_json::Value = serde_json::from_slice(&found.documents[0].bytes).expect("JSON");
        assert_eq!((&record["id"], &record["collection"]), (&"x".into(), &"c".into()));
        assert_eq!(record["space"][0]["bbox"], serde_json::json!([2, 1, 4, 3]));
        assert!(read("<html/>", "https://a.example", None).is_err());
    }
}
