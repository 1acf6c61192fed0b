//! What is read, and what is refused before it can do harm.

use super::*;

const BASE: &str = "http://example.org/";

fn read(syntax: Syntax, text: &str) -> Result<Vec<Triple>, Broken> {
    parse(syntax, text.as_bytes(), BASE, &[("https://example.org/context.jsonld", r#"{"@context":{"t":"urn:t"}}"#)])
}

fn one(syntax: Syntax, text: &str) -> (Term, String, Term) {
    let mut triples = read(syntax, text).expect("well-formed");
    let triple = triples.pop().expect("a triple");
    assert_eq!(triples, []);
    (triple.subject, triple.predicate, triple.object)
}

#[test]
fn three_syntaxes_say_the_same() {
    let literal = Term::Literal { value: "x".into(), language: Some("en".into()), datatype: None };
    let expected = (Term::Iri("http://example.org/a".into()), "urn:t".to_owned(), literal);
    assert_eq!(one(Syntax::Turtle, "<a> <urn:t> \"x\"@en . # [["), expected);
    assert_eq!(one(Syntax::JsonLd, r#"{"@id":"a","urn:t":{"@value":"x","@language":"en"}}"#), expected);
    let context = r#"{"@context":"http://example.org/context.jsonld","@id":"a","t":{"@value":"x","@language":"en"}}"#;
    assert_eq!(one(Syntax::JsonLd, context), expected);
    let xml = r#"<!DOCTYPE r [<!ENTITY e "urn:">]><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:u="&e;">
        <rdf:Description rdf:about="a"><u:t xml:lang="en">x</u:t></rdf:Description></rdf:RDF>"#;
    assert_eq!(one(Syntax::RdfXml, xml), expected);
}

#[test]
fn hostile_documents_are_refused_with_their_line() {
    let deep = format!("\n{}", "[".repeat(1000));
    let deep_ld = format!("\n{}1{}", "{\"urn:a\":".repeat(1000), "}".repeat(1000));
    let bomb = "<!DOCTYPE r [\n<!ENTITY a \"aa\">\n<!ENTITY b \"&a;&a;\">]><r/>";
    let cases = [
        (Syntax::Turtle, deep.as_str(), 2),
        (Syntax::JsonLd, deep_ld.as_str(), 2),
        (Syntax::RdfXml, bomb, 3),
        (Syntax::Turtle, "<a> <b> <c> .\n<a> b", 2),
        (Syntax::JsonLd, "{\n\"a\":", 2),
        (Syntax::RdfXml, "<r:RDF xmlns:r=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n<b", 2),
    ];
    for (syntax, text, line) in cases {
        let broken = read(syntax, text).expect_err(text);
        assert_eq!(broken.line, line, "{text:.60} {broken}");
    }
    let elsewhere = r#"{"@context":"http://127.0.0.1/c","@id":"a","t":"x"}"#;
    assert!(read(Syntax::JsonLd, elsewhere).expect_err("remote").message.contains("elsewhere"));
}

#[test]
fn brackets_in_strings_and_addresses_are_no_nesting() {
    let brackets = "[".repeat(200);
    let text = format!("<a> <urn:t> '''{brackets}'\n''' , \"\\\"{brackets}\" .");
    assert_eq!(read(Syntax::Turtle, &text).expect("fine").len(), 2);
}
