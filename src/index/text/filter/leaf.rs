//! Predicates as tests. One property against constants is the usual case and is decided on its columns; the rest goes
//! through the evaluator, value by value.

use tantivy::DocId;

use crate::model::{Comparison, Filter, Moment, Operand, PropertyName, TemporalRelation};
use crate::query::evaluate::{
    Pattern, Scalar, Truth, compares, constant_span, constants, fold_accents, fold_case, spans_relate,
};

use super::super::error::SearchError;
use super::super::order::start_of;
use super::super::sort::place_of;
use super::super::terms::bounded;
use super::columns::{Columns, MAYBE_CUT, Texts, unclamped};
use super::ordinals::{Fit, Ordinals};
use super::range::NumberRange;
use super::source::Opened;
use super::{Cost, Making, Node};

/// What is asked of the values of one property.
pub(super) enum Asked<'s> {
    Compared(Comparison, Vec<Scalar<'s>>),
    Between(Vec<Scalar<'s>>, Vec<Scalar<'s>>),
    In(Vec<Scalar<'s>>),
    Like(Pattern),
    True,
    Present,
}

/// A property with what is done to its texts first, innermost first.
pub(super) struct Subject<'s> {
    pub name: &'s PropertyName,
    folds: Vec<fn(&str) -> String>,
}

impl Asked<'_> {
    fn fits(&self, value: &Scalar<'_>) -> bool {
        match self {
            Self::Compared(comparison, constants) => {
                constants.iter().any(|constant| compares(value, *comparison, constant))
            }
            Self::Between(low, high) => {
                low.iter().any(|low| compares(value, Comparison::GreaterOrEqual, low))
                    && high.iter().any(|high| compares(value, Comparison::LessOrEqual, high))
            }
            Self::In(list) => list.iter().any(|item| compares(value, Comparison::Equal, item)),
            Self::Like(pattern) => matches!(value, Scalar::Text(text) if pattern.matches(text)),
            Self::True => matches!(value, Scalar::Bool(true)),
            Self::Present => true,
        }
    }

    /// Whether nothing is known to compare with.
    fn is_unknown(&self) -> bool {
        match self {
            Self::Compared(_, constants) | Self::In(constants) => constants.is_empty(),
            Self::Between(low, high) => low.is_empty() || high.is_empty(),
            Self::Like(_) | Self::True | Self::Present => false,
        }
    }
}

/// The one property of an operand.
fn subject(operand: &Operand) -> Option<Subject<'_>> {
    match operand {
        Operand::Property(PropertyName::Geometry { .. }) => None,
        Operand::Property(name) => Some(Subject { name, folds: Vec::new() }),
        Operand::CaseInsensitive(inner) => subject(inner).map(|subject| subject.then(fold_case)),
        Operand::AccentInsensitive(inner) => subject(inner).map(|subject| subject.then(fold_accents)),
        _ => None,
    }
}

impl Subject<'_> {
    fn then(mut self, fold: fn(&str) -> String) -> Self {
        self.folds.push(fold);
        self
    }

    /// Whether texts are taken as they are.
    pub(super) fn is_plain(&self) -> bool {
        self.folds.is_empty()
    }

    fn folded(&self, text: &str) -> String {
        self.folds.iter().fold(text.to_owned(), |text, fold| fold(&text))
    }
}

/// The property and the question of a predicate, when that is all there is to it.
pub(super) fn asked(filter: &Filter) -> Option<(Subject<'_>, Asked<'_>)> {
    match filter {
        Filter::Compare { left, comparison, right } => match (subject(left), subject(right)) {
            (Some(subject), None) => Some((subject, Asked::Compared(*comparison, constants(right)?))),
            (None, Some(subject)) => Some((subject, Asked::Compared(mirrored(*comparison), constants(left)?))),
            _ => None,
        },
        Filter::Between { value, low, high } => {
            Some((subject(value)?, Asked::Between(constants(low)?, constants(high)?)))
        }
        Filter::In { value, list } => {
            let items = list.iter().map(constants).collect::<Option<Vec<_>>>()?;
            // An item that is unknown makes a difference that the evaluator knows.
            let known = items.iter().all(|item| !item.is_empty());
            known.then(|| Some((subject(value)?, Asked::In(items.into_iter().flatten().collect()))))?
        }
        Filter::Like { value, pattern } => Some((subject(value)?, Asked::Like(Pattern::of(pattern)?))),
        Filter::Truth(operand) => Some((subject(operand)?, Asked::True)),
        Filter::IsNull(operand) => Some((subject(operand)?, Asked::Present)),
        _ => None,
    }
}

fn mirrored(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        other => other,
    }
}

impl<'s> Making<'s> {
    pub(super) fn leaf(&self, filter: &'s Filter) -> Result<Node<'s>, SearchError> {
        if let Filter::Truth(operand) = filter
            && let Some(constants) = constants(operand)
        {
            return Ok(Node::Constant(constants.first().map(|truth| matches!(truth, Scalar::Bool(true)))));
        }
        if let Some((subject, asked)) = asked(filter) {
            return self.of_one_property(filter, subject, asked);
        }
        match filter {
            Filter::Spatial { relation, left, right } => self.spatial(filter, *relation, left, right),
            Filter::IsNull(Operand::Property(PropertyName::Geometry { body })) => self.no_footprint(body),
            Filter::Temporal { relation, left, right } => self.temporal(filter, *relation, left, right),
            _ => self.by_evaluation(filter),
        }
    }

    fn of_one_property(
        &self,
        filter: &'s Filter,
        subject: Subject<'s>,
        asked: Asked<'s>,
    ) -> Result<Node<'s>, SearchError> {
        if asked.is_unknown() {
            return Ok(Node::Constant(None));
        }
        let Some(columns) = Columns::open(self.segment, subject.name)? else {
            return Ok(Node::Test { test: Box::new(self.of_record(filter)?), cost: Cost::Record });
        };
        if matches!(asked, Asked::Present) {
            let test = move |document| Some(!columns.iter().any(|columns| columns.has_value(document)));
            return Ok(Node::Test { test: Box::new(test), cost: Cost::Column });
        }
        let mut parts = Vec::with_capacity(columns.len());
        for columns in columns {
            let ordinals = match &columns.texts {
                Some(texts) => match ordinals(texts, &subject, &asked)? {
                    Some(ordinals) => ordinals,
                    None => return self.by_evaluation(filter),
                },
                None => Ordinals::NONE,
            };
            parts.push((columns, ordinals));
        }
        let unsure = parts.iter().any(|(_, ordinals)| ordinals.may_be_unsure());
        let record = if unsure { Some(self.of_record(filter)?) } else { None };
        let numbers = NumberRange::of(&asked);
        let test = move |document| {
            let part = parts.iter().map(|(columns, ordinals)| fit(columns, ordinals, &asked, numbers, document));
            match part.into_iter().flatten().next()? {
                Fit::Yes => Some(true),
                Fit::No => Some(false),
                Fit::Unsure => record.as_ref().and_then(|record| record(document)),
            }
        };
        Ok(Node::Test { test: Box::new(test), cost: Cost::Column })
    }

    /// Value by value on the columns, or on the record where columns do not have it.
    fn by_evaluation(&self, filter: &'s Filter) -> Result<Node<'s>, SearchError> {
        let Some(opened) = Opened::new(self.segment, filter)? else {
            return Ok(Node::Test { test: Box::new(self.of_record(filter)?), cost: Cost::Record });
        };
        let record = self.of_record(filter)?;
        let test = move |document| opened.truth(filter, document).unwrap_or_else(|| record(document));
        Ok(Node::Test { test: Box::new(test), cost: Cost::Values })
    }

    fn temporal(
        &self,
        filter: &'s Filter,
        relation: TemporalRelation,
        left: &'s Moment,
        right: &'s Moment,
    ) -> Result<Node<'s>, SearchError> {
        let time = |moment: &Moment| matches!(moment, Moment::Property(PropertyName::Time));
        let segment = self.segment;
        let span = move |document: DocId| {
            let start = start_of(segment.order.values.get_val(document))?;
            Some((start, unclamped(segment.stop.first(document)?)))
        };
        let test: Box<dyn Fn(DocId) -> Truth + 's> = match (constant_span(left), constant_span(right)) {
            (None, Some(right)) if time(left) => {
                Box::new(move |document| span(document).map(|left| spans_relate(relation, left, right)))
            }
            (Some(left), None) if time(right) => {
                Box::new(move |document| span(document).map(|right| spans_relate(relation, left, right)))
            }
            (Some(left), Some(right)) => return Ok(Node::Constant(Some(spans_relate(relation, left, right)))),
            _ => return self.by_evaluation(filter),
        };
        Ok(Node::Test { test, cost: Cost::Column })
    }
}

/// The texts of a dictionary that fit; nothing where an order with long texts needs the evaluator.
fn ordinals(texts: &Texts, subject: &Subject<'_>, asked: &Asked<'_>) -> Result<Option<Ordinals>, SearchError> {
    let passing = |prefix: &str| {
        Ordinals::passing(texts, prefix, |text| match subject.folds.is_empty() {
            true => asked.fits(&Scalar::Text(text.into())),
            false => asked.fits(&Scalar::Text(subject.folded(text).into())),
        })
    };
    if !subject.folds.is_empty() {
        return Ok(Some(passing("")?));
    }
    Ok(Some(match asked {
        Asked::True => Ordinals::NONE,
        Asked::Like(pattern) => Ordinals::like(texts, pattern)?,
        Asked::Compared(comparison, constants) => match constants.as_slice() {
            [Scalar::Text(text)] => match compared(texts, *comparison, text)? {
                Some(ordinals) => ordinals,
                None => return Ok(None),
            },
            [Scalar::Day(_)] => passing("")?,
            _ if constants.iter().all(|constant| !is_text(constant)) && *comparison != Comparison::NotEqual => {
                // A text that is a date has an order with instants.
                match constants.iter().any(|constant| matches!(constant, Scalar::Instant(_))) {
                    true if *comparison != Comparison::Equal => passing("")?,
                    _ => Ordinals::NONE,
                }
            }
            _ => passing("")?,
        },
        Asked::In(list) if list.iter().all(|item| !matches!(item, Scalar::Day(_))) => {
            let mut few = Vec::new();
            for item in list {
                let Scalar::Text(text) = item else { continue };
                let place = place_of(&texts.column, &stored(texts, text))?;
                few.extend((place % 2 == 1).then_some(place / 2));
            }
            few.sort_unstable();
            Ordinals::Few(few)
        }
        Asked::Between(low, high)
            if low.iter().chain(high).all(|end| matches!(end, Scalar::Number(_) | Scalar::Bool(_))) =>
        {
            Ordinals::NONE
        }
        Asked::In(_) | Asked::Between(..) | Asked::Present => passing("")?,
    }))
}

fn is_text(value: &Scalar<'_>) -> bool {
    matches!(value, Scalar::Text(_) | Scalar::Day(_))
}

/// A text as its column keeps it.
fn stored<'t>(texts: &Texts, text: &'t str) -> std::borrow::Cow<'t, str> {
    if texts.bounded { bounded(text) } else { text.into() }
}

/// The texts in an order to one; nothing where long texts that were cut could stand on either side.
fn compared(texts: &Texts, comparison: Comparison, text: &str) -> Result<Option<Ordinals>, SearchError> {
    let is_equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
    if !is_equality && texts.bounded && text.len() > MAYBE_CUT - 20 {
        return Ok(None);
    }
    // A text stands at twice its ordinal plus one; one that is not there lies between two.
    let place = place_of(&texts.column, &stored(texts, text))?;
    let (below, at_or_below) = (place / 2, place.div_ceil(2));
    let end = texts.column.num_terms() as u64;
    Ok(Some(match comparison {
        Comparison::Equal => Ordinals::Range(below..at_or_below),
        Comparison::NotEqual if place % 2 == 1 => Ordinals::Except(below),
        Comparison::NotEqual => Ordinals::Range(0..end),
        Comparison::Less => Ordinals::Range(0..below),
        Comparison::LessOrEqual => Ordinals::Range(0..at_or_below),
        Comparison::Greater => Ordinals::Range(at_or_below..end),
        Comparison::GreaterOrEqual => Ordinals::Range(below..end),
    }))
}

/// Whether a value of the document fits; `None` without a value.
fn fit(
    columns: &Columns<'_>,
    ordinals: &Ordinals,
    asked: &Asked<'_>,
    numbers: Option<NumberRange>,
    document: DocId,
) -> Option<Fit> {
    let mut present = false;
    if let Some(column) = &columns.numbers {
        let fits = column.any(document, |number| {
            present = true;
            match numbers {
                Some(range) => range.holds(number),
                None => asked.fits(&Scalar::Number(number)),
            }
        });
        if fits {
            return Some(Fit::Yes);
        }
    }
    let mut best = Fit::No;
    if let Some(texts) = &columns.texts {
        for ordinal in texts.column.term_ords(document) {
            present = true;
            match ordinals.fit(ordinal) {
                Fit::Yes => return Some(Fit::Yes),
                other => best = best.max(other),
            }
        }
    }
    let mut others = |value: Scalar<'_>| {
        present = true;
        asked.fits(&value)
    };
    let instants = columns.instants.as_ref();
    let fits = instants.is_some_and(|instants| instants.any(document, |instant| others(Scalar::Instant(instant))))
        || columns.bools.as_ref().is_some_and(|bools| {
            let mut values = bools.values_for_doc(document);
            values.any(|truth| others(Scalar::Bool(truth)))
        })
        || columns.kinds.is_some_and(|kinds| {
            let kind = crate::model::Kind::ALL.get(kinds.values.get_val(document) as usize);
            kind.is_some_and(|kind| others(Scalar::Text(kind.as_str().into())))
        });
    match fits {
        true => Some(Fit::Yes),
        false => present.then_some(best),
    }
}
