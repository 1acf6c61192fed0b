//! Searches at SPARQL endpoints: DCAT data sets by CONSTRUCT, those whose title or description has the words. Conditions
//! other than words and identifiers are left to be decided on what comes. A query of the source's own is asked as it stands
//! and read in one answer: its solutions are not its data sets, so that LIMIT would cut them apart.

use super::super::wording::{QueryString, Unanswered, plain_words};
use super::super::{Document, Part};
use super::{Ask, Client, Fault, Found};
use crate::model::{Kind, Query};

const TURTLE: &str = "text/turtle, application/n-triples;q=0.9";

/// Before what comes back, so that it can be told for what it is; those who write N-Triples leave prefixes out.
const PREFIXES: &str = "@prefix dcat: <http://www.w3.org/ns/dcat#> .\n";

/// One page of matches. The page is the number of data sets before it.
pub fn search(client: &Client<'_>, ask: &Ask<'_>) -> Result<Found, Fault> {
    if !ask.query.wanted_kinds().contains(&Kind::Collection) {
        return Err(Fault::unsupported("products: it describes data sets"));
    }
    let offset = ask.page.map_or(Ok(0), str::parse::<usize>).map_err(|_| Fault::unreadable("a place in no listing"))?;
    let (query, unanswered) = construct(ask.query, client.source.query.as_deref(), offset);
    let mut sent = QueryString::default();
    sent.add("query", &query);
    let body = sent.on("").trim_start_matches('?').to_owned();
    let form = "application/x-www-form-urlencoded";
    let answer = client.post(&client.source.url, TURTLE, form, body.as_bytes())?;
    let media_type = answer.media_type();
    if !media_type.is_empty()
        && !["turtle", "n-triples", "n3", "text/plain"].iter().any(|name| media_type.contains(name))
    {
        return Err(Fault::unreadable(format!("it answers {media_type}, not Turtle")));
    }
    let sets = data_sets(&answer.body);
    let document = [PREFIXES.as_bytes(), &answer.body].concat();
    Ok(Found {
        documents: if sets == 0 { Vec::new() } else { vec![Document::of(document)] },
        matched: None,
        next: (client.source.query.is_none() && sets >= ask.query.limit)
            .then(|| (offset + ask.query.limit).to_string()),
        unanswered: unanswered.rest(),
    })
}

/// How many data sets an answer tells of, roughly: more is no harm, for the next page is empty then.
fn data_sets(turtle: &[u8]) -> usize {
    let count = |what: &str| memchr::memmem::find_iter(turtle, what.as_bytes()).count();
    count("dcat:Dataset").max(count("<http://www.w3.org/ns/dcat#Dataset>"))
}

/// The query: the source's own, or a page of what data sets usually say of themselves.
fn construct(query: &Query, own: Option<&str>, offset: usize) -> (String, Unanswered) {
    let mut left = Unanswered::of(query);
    let limit = query.limit;
    if let Some(own) = own {
        return (own.to_owned(), left);
    }
    let mut filters = String::new();
    if let Some(words) = plain_words(query) {
        let conditions: Vec<String> =
            words.iter().map(|word| format!("CONTAINS(?text, {})", literal(&word.to_lowercase()))).collect();
        filters.push_str(&format!(
            "OPTIONAL {{ ?set <http://purl.org/dc/terms/title> ?t }} OPTIONAL {{ ?set <http://purl.org/dc/terms/description> ?d }} BIND(LCASE(CONCAT(COALESCE(STR(?t), \"\"), \" \", COALESCE(STR(?d), \"\"))) AS ?text) FILTER({}) ",
            conditions.join(" || ")
        ));
        left.answer(Part::Text);
    }
    if !query.ids.is_empty() {
        let ids: Vec<String> = query.ids.iter().map(|id| literal(id)).collect();
        filters.push_str(&format!("FILTER(STR(?set) IN ({})) ", ids.join(", ")));
        left.answer(Part::Ids);
    }
    let text = format!(
        "CONSTRUCT {{ ?set ?p ?o . ?o ?q ?v }} WHERE {{ {{ SELECT DISTINCT ?set WHERE {{ ?set a <http://www.w3.org/ns/dcat#Dataset> . {filters}}} ORDER BY ?set LIMIT {limit} OFFSET {offset} }} ?set ?p ?o . OPTIONAL {{ ?o ?q ?v FILTER(isBlank(?o) || ?p = <http://www.w3.org/ns/dcat#distribution>) }} }}"
    );
    (text, left)
}

/// A text as SPARQL writes it.
fn literal(text: &str) -> String {
    let mut written = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => written.extend(['\\', c]),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            c if c.is_control() => {}
            c => written.push(c),
        }
    }
    written.push('"');
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_written_as_texts_and_never_as_query() {
        let with = |text: &str| Query { text: Some(text.into()), limit: 3, ..Query::default() };
        let (text, left) = construct(&with("Ice"), None, 6);
        assert!(text.contains("CONTAINS(?text, \"ice\")") && text.contains("LIMIT 3 OFFSET 6"), "{text}");
        assert_eq!(left.rest(), []);
        let bad = Query { ids: vec!["\") } DROP ALL #\n".to_owned()], ..Query::default() };
        assert!(construct(&bad, None, 0).0.contains("(\"\\\") } DROP ALL #\\n\")"));
    }

    #[test]
    fn a_query_of_the_source_is_asked_as_it_stands() {
        let own = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }";
        let query = Query { text: Some("Ice".into()), limit: 3, ..Query::default() };
        let (text, left) = construct(&query, Some(own), 0);
        assert_eq!((text.as_str(), left.rest()), (own, vec![Part::Text]));
    }

    #[test]
    fn data_sets_are_counted_in_either_writing() {
        assert_eq!(data_sets(b"<a> a dcat:Dataset . <b> a dcat:Dataset ."), 2);
        assert_eq!(data_sets(b"<a> <x> <http://www.w3.org/ns/dcat#Dataset> ."), 1);
    }
}
