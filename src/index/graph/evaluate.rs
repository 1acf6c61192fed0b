//! Evaluates one query on a store and writes its answer as frames. Trusts the query with this process and nothing else:
//! whoever runs it can be killed. Limits of rows and bytes are kept here, those of time and memory by the parent.

use std::borrow::Cow;
use std::io::{self, Write};

use oxigraph::io::{JsonLdProfileSet, RdfFormat, RdfSerializer};
use oxigraph::model::{GraphName, Literal, NamedNode, NamedOrBlankNode, Term, Triple};
use oxigraph::sparql::results::{QueryResultsFormat, QueryResultsSerializer};
use oxigraph::sparql::{
    PreparedSparqlQuery, QueryEvaluationError, QueryResults, QuerySolutionIter, QueryTripleIter, SparqlEvaluator,
};
use oxigraph::store::Store;

use crate::rdf::projection::{self, Base};

use super::error::Refusal;
use super::frame::{Form, Head, Question, Reply, ResultFormat, TripleFormat, send_reply};
use super::search;

/// Bytes of an answer that are sent at once. What fails before so many are there is told instead of them.
const PIECE_BYTES: usize = 64 << 10;

/// Says in `meta` which event a record's current revision came with.
const SEQUENCE: &str = "https://w3id.org/perennial/ltdp#sequence";

/// Prefixes that a query need not declare, and that make Turtle readable.
pub(super) const PREFIXES: &[(&str, &str)] = &[
    ("dcat", "http://www.w3.org/ns/dcat#"),
    ("dcterms", "http://purl.org/dc/terms/"),
    ("foaf", "http://xmlns.com/foaf/0.1/"),
    ("geo", "http://www.opengis.net/ont/geosparql#"),
    ("ltdp", "https://w3id.org/perennial/ltdp#"),
    ("owl", "http://www.w3.org/2002/07/owl#"),
    ("premis", "http://www.loc.gov/premis/rdf/v3/"),
    ("prov", "http://www.w3.org/ns/prov#"),
    ("qudt", "http://qudt.org/schema/qudt/"),
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("search", "urn:perennial:search:"),
    ("skos", "http://www.w3.org/2004/02/skos/core#"),
    ("sosa", "http://www.w3.org/ns/sosa/"),
    ("spdx", "http://spdx.org/rdf/terms#"),
    ("ssn", "http://www.w3.org/ns/ssn/"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
];

/// Answers a question. What it cannot answer is a frame too.
///
/// # Errors
/// When the pipe to the parent is gone.
pub(super) fn answer(store: &Store, question: &Question, sequence: u64, pipe: &mut impl Write) -> io::Result<()> {
    let mut sink = Sink { pipe, piece: Vec::new(), sent: 0, head: None, question, failure: None };
    let written = evaluate(store, question, sequence, &mut sink).and_then(|()| sink.finish());
    let refusal = match written {
        Ok(()) => return send_reply(sink.pipe, &Reply::End),
        Err(Stop::Refused(refusal)) => refusal,
        Err(Stop::Io(error)) => match sink.failure.take() {
            Some(Failure::Refused(refusal)) => refusal,
            Some(Failure::Pipe(error)) => return Err(error),
            None => Refusal::Unanswerable { reason: error.to_string() },
        },
    };
    send_reply(sink.pipe, &Reply::Refused(refusal))
}

/// Why an answer stops.
enum Stop {
    Refused(Refusal),
    /// A serialiser failed; the sink may know better why.
    Io(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<QueryEvaluationError> for Stop {
    fn from(error: QueryEvaluationError) -> Self {
        Self::Refused(match error {
            QueryEvaluationError::Dataset(source) => Refusal::Failed { reason: source.to_string() },
            other => Refusal::Unanswerable { reason: other.to_string() },
        })
    }
}

fn evaluate<W: Write>(store: &Store, question: &Question, sequence: u64, sink: &mut Sink<'_, W>) -> Result<(), Stop> {
    let base = Base::public(&question.base);
    let prepared = prepare(store, question, &base).map_err(Stop::Refused)?;
    let results = prepared.on_store(store).execute()?;
    let form = match &results {
        QueryResults::Solutions(_) => Form::Solutions,
        QueryResults::Boolean(_) => Form::Boolean,
        QueryResults::Graph(_) => Form::Triples,
    };
    let not_acceptable = || Stop::Refused(Refusal::NotAcceptable { form: form.describe().to_owned() });
    sink.head = Some(Head { form, sequence });
    match results {
        QueryResults::Boolean(truth) => {
            let serializer = results_serializer(question.results.ok_or_else(not_acceptable)?);
            serializer.serialize_boolean_to_writer(sink, truth)?;
            Ok(())
        }
        QueryResults::Solutions(solutions) => {
            write_solutions(solutions, question.results.ok_or_else(not_acceptable)?, &base, sink)
        }
        QueryResults::Graph(triples) => {
            write_triples(triples, question.triples.ok_or_else(not_acceptable)?, &base, sink)
        }
    }
}

fn prepare(store: &Store, question: &Question, base: &Base) -> Result<PreparedSparqlQuery, Refusal> {
    let broken = |error: &dyn std::fmt::Display| Refusal::Malformed { reason: error.to_string() };
    let mut evaluator = SparqlEvaluator::new();
    for (prefix, namespace) in PREFIXES {
        evaluator = evaluator.with_prefix(*prefix, *namespace).map_err(|error| broken(&error))?;
    }
    let text = filled(store, question, base)?;
    let mut prepared = evaluator.parse_query(&text).map_err(|error| broken(&error))?;
    if !question.default_graphs.is_empty() || !question.named_graphs.is_empty() {
        let named = |iri: &String| {
            NamedNode::new(base.store(iri))
                .map_err(|error| broken(&format!("{iri:?} is no address of a graph: {error}")))
        };
        let default = question.default_graphs.iter().map(|iri| named(iri).map(GraphName::from));
        let others = question.named_graphs.iter().map(|iri| named(iri).map(NamedOrBlankNode::from));
        let (default, others) = (default.collect::<Result<_, _>>()?, others.collect::<Result<_, _>>()?);
        prepared.dataset_mut().set_default_graph(default);
        prepared.dataset_mut().set_available_named_graphs(others);
    } else if prepared.dataset().is_default_dataset() {
        prepared.dataset_mut().set_default_graph_as_union();
    }
    Ok(prepared)
}

/// The query with results in place of its searches. A record that this checkpoint does not hold yet, or no longer, is no
/// row: the join would not find it either.
fn filled(store: &Store, question: &Question, base: &Base) -> Result<String, Refusal> {
    let meta = projection::meta_graph(&Base::stored());
    let predicate = NamedNode::new_unchecked(SEQUENCE);
    let name = |sequence: u64| {
        let number = Literal::from(i64::try_from(sequence).unwrap_or(i64::MAX));
        let graph = Some(meta.as_ref().into());
        let mut found = store.quads_for_pattern(None, Some(predicate.as_ref()), Some(number.as_ref().into()), graph);
        match found.next() {
            Some(Ok(quad)) => match quad.subject {
                NamedOrBlankNode::NamedNode(node) => Ok(Some(node.into_string())),
                NamedOrBlankNode::BlankNode(_) => Ok(None),
            },
            Some(Err(error)) => Err(Refusal::Failed { reason: error.to_string() }),
            None => Ok(None),
        }
    };
    search::fill(&question.query, &question.searches, |text| base.store(text).into_owned(), name)
}

fn results_serializer(format: ResultFormat) -> QueryResultsSerializer {
    QueryResultsSerializer::from_format(match format {
        ResultFormat::Json => QueryResultsFormat::Json,
        ResultFormat::Xml => QueryResultsFormat::Xml,
        ResultFormat::Csv => QueryResultsFormat::Csv,
        ResultFormat::Tsv => QueryResultsFormat::Tsv,
    })
}

fn write_solutions<W: Write>(
    solutions: QuerySolutionIter<'_>,
    format: ResultFormat,
    base: &Base,
    sink: &mut Sink<'_, W>,
) -> Result<(), Stop> {
    let max_rows = sink.question.max_rows;
    let variables = solutions.variables().to_vec();
    let mut writer = results_serializer(format).serialize_solutions_to_writer(&mut *sink, variables)?;
    let mut rows = 0;
    for solution in solutions {
        let solution = solution?;
        rows += 1;
        if rows > max_rows {
            return Err(Stop::Refused(Refusal::TooManyRows { rows: max_rows }));
        }
        let published: Vec<_> = solution.iter().map(|(variable, term)| (variable, publish(base, term))).collect();
        writer.serialize(published.iter().map(|(variable, term)| (*variable, term.as_ref())))?;
    }
    writer.finish()?;
    Ok(())
}

fn write_triples<W: Write>(
    triples: QueryTripleIter<'_>,
    format: TripleFormat,
    base: &Base,
    sink: &mut Sink<'_, W>,
) -> Result<(), Stop> {
    let max_rows = sink.question.max_rows;
    let mut serializer = RdfSerializer::from_format(match format {
        TripleFormat::Turtle => RdfFormat::Turtle,
        TripleFormat::NTriples => RdfFormat::NTriples,
        TripleFormat::RdfXml => RdfFormat::RdfXml,
        TripleFormat::JsonLd => RdfFormat::JsonLd { profile: JsonLdProfileSet::empty() },
    });
    if format != TripleFormat::NTriples {
        for (prefix, namespace) in PREFIXES {
            serializer =
                serializer.with_prefix(*prefix, *namespace).map_err(|error| Stop::Io(io::Error::other(error)))?;
        }
    }
    let mut writer = serializer.for_writer(&mut *sink);
    let mut rows = 0;
    for triple in triples {
        let triple = triple?;
        rows += 1;
        if rows > max_rows {
            return Err(Stop::Refused(Refusal::TooManyRows { rows: max_rows }));
        }
        writer.serialize_triple(&publish_triple(base, triple))?;
    }
    writer.finish()?;
    Ok(())
}

/// The term with our public address in place of the stored one.
fn publish<'t>(base: &Base, term: &'t Term) -> Cow<'t, Term> {
    match term {
        Term::NamedNode(node) => match base.publish(node.as_str()) {
            Cow::Borrowed(_) => Cow::Borrowed(term),
            Cow::Owned(iri) => Cow::Owned(NamedNode::new_unchecked(iri).into()),
        },
        Term::Literal(literal) => match base.publish(literal.value()) {
            Cow::Borrowed(_) => Cow::Borrowed(term),
            Cow::Owned(value) => Cow::Owned(same_kind(literal, value).into()),
        },
        _ => Cow::Borrowed(term),
    }
}

fn same_kind(literal: &Literal, value: String) -> Literal {
    match literal.language() {
        Some(language) => Literal::new_language_tagged_literal_unchecked(value, language),
        None => Literal::new_typed_literal(value, literal.datatype()),
    }
}

fn publish_triple(base: &Base, triple: Triple) -> Triple {
    let subject = match &triple.subject {
        NamedOrBlankNode::NamedNode(node) => match base.publish(node.as_str()) {
            Cow::Borrowed(_) => triple.subject,
            Cow::Owned(iri) => NamedNode::new_unchecked(iri).into(),
        },
        NamedOrBlankNode::BlankNode(_) => triple.subject,
    };
    let object = publish(base, &triple.object).into_owned();
    let predicate = match base.publish(triple.predicate.as_str()) {
        Cow::Borrowed(_) => triple.predicate,
        Cow::Owned(iri) => NamedNode::new_unchecked(iri),
    };
    Triple { subject, predicate, object }
}

/// Why the sink took no more.
enum Failure {
    Refused(Refusal),
    Pipe(io::Error),
}

/// Sends the head with the first piece, and counts bytes.
struct Sink<'q, W: Write> {
    pipe: &'q mut W,
    piece: Vec<u8>,
    sent: u64,
    /// Until it is sent.
    head: Option<Head>,
    question: &'q Question,
    failure: Option<Failure>,
}

impl<W: Write> Sink<'_, W> {
    fn send(&mut self) -> io::Result<()> {
        let piece = std::mem::take(&mut self.piece);
        self.sent += piece.len() as u64;
        let sent = match self.head.take() {
            Some(head) => send_reply(self.pipe, &Reply::Head(head)),
            None => Ok(()),
        };
        sent.and_then(|()| send_reply(self.pipe, &Reply::Body(piece))).map_err(|error| {
            let kind = error.kind();
            self.failure = Some(Failure::Pipe(error));
            kind.into()
        })
    }

    fn finish(&mut self) -> Result<(), Stop> {
        Ok(self.send()?)
    }
}

impl<W: Write> Write for Sink<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        let max_bytes = self.question.max_bytes;
        if self.sent + self.piece.len() as u64 > max_bytes {
            self.failure = Some(Failure::Refused(Refusal::TooManyBytes { bytes: max_bytes }));
            return Err(io::Error::other("the answer is too long"));
        }
        if self.piece.len() >= PIECE_BYTES {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
