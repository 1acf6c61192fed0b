//! The columns that hold a property's values, whatever the property.

use tantivy::DocId;
use tantivy::columnar::{Cardinality, Column, StrColumn};

use crate::model::{Facet, Kind, PropertyName};
use crate::query::evaluate::Scalar;

use super::super::columns::{NumberColumn, PropertyColumns};
use super::super::error::SearchError;
use super::super::order::{self, start_of};
use super::super::segment::Segment;
use super::super::terms::MAX_TEXT;

/// Texts of this many bytes and more may have been cut when they were indexed.
pub(super) const MAYBE_CUT: usize = MAX_TEXT - 3;

/// The columns of one property in one segment, one for each type of value.
pub(in super::super) struct Columns<'s> {
    pub numbers: Option<NumberColumn>,
    pub instants: Option<Instants<'s>>,
    pub texts: Option<Texts>,
    pub bools: Option<Column<bool>>,
    pub kinds: Option<&'s Column<u64>>,
}

/// Instants, however they are kept.
pub(in super::super) enum Instants<'s> {
    Values(Column<i64>),
    Updated(&'s Column<i64>),
    Starts(&'s Column<u64>),
    Stops(&'s Column<i64>),
}

/// A dictionary with ordinals.
#[derive(Clone)]
pub(in super::super) struct Texts {
    pub column: StrColumn,
    /// Whether long texts were cut.
    pub bounded: bool,
}

impl Instants<'_> {
    fn cardinality(&self) -> Cardinality {
        match self {
            Self::Values(column) => column.get_cardinality(),
            Self::Updated(column) | Self::Stops(column) => column.get_cardinality(),
            Self::Starts(column) => column.get_cardinality(),
        }
    }

    pub(in super::super) fn any(&self, document: DocId, mut fits: impl FnMut(i64) -> bool) -> bool {
        match self {
            Self::Values(column) => column.values_for_doc(document).any(&mut fits),
            Self::Updated(column) => column.first(document).is_some_and(fits),
            Self::Starts(order) => start_of(order.values.get_val(document)).is_some_and(fits),
            Self::Stops(column) => column.first(document).map(unclamped).is_some_and(fits),
        }
    }
}

/// An end that never comes is the last number again.
pub(super) fn unclamped(stop: i64) -> i64 {
    if order::clamp(i64::MAX) == stop { i64::MAX } else { stop }
}

impl<'s> Columns<'s> {
    const NONE: Self = Self { numbers: None, instants: None, texts: None, bools: None, kinds: None };

    /// The columns of a property, those that come first in the question first; `None` when a part of it is in no
    /// column.
    pub(in super::super) fn open(segment: &'s Segment, name: &PropertyName) -> Result<Option<Vec<Self>>, SearchError> {
        let text = |column: StrColumn, bounded| Self { texts: Some(Texts { column, bounded }), ..Self::NONE };
        let instants = |instants| Self { instants: Some(instants), ..Self::NONE };
        super::check_path(name)?;
        Ok(Some(vec![match name {
            PropertyName::Kind => Self { kinds: Some(&segment.kind), ..Self::NONE },
            PropertyName::Id => text(segment.ids()?, false),
            PropertyName::Facet(facet) => text(segment.facet(*facet)?.clone(), *facet != Facet::Collection),
            PropertyName::Start | PropertyName::Time => instants(Instants::Starts(&segment.order)),
            PropertyName::Stop => instants(Instants::Stops(&segment.stop)),
            PropertyName::Updated => instants(Instants::Updated(&segment.updated)),
            PropertyName::Member(path) => Self::of_member(segment.property(path)?),
            PropertyName::Either(first, second) => {
                let (Some(mut first), Some(second)) = (Self::open(segment, first)?, Self::open(segment, second)?)
                else {
                    return Ok(None);
                };
                first.extend(second);
                return Ok(Some(first));
            }
            PropertyName::Title => text(segment.title.clone(), true),
            PropertyName::Description | PropertyName::Geometry { .. } => return Ok(None),
        }]))
    }

    fn of_member(columns: PropertyColumns) -> Self {
        Self {
            numbers: columns.numbers,
            instants: columns.instants.map(Instants::Values),
            texts: columns.texts.map(|column| Texts { column, bounded: true }),
            bools: columns.bools,
            kinds: None,
        }
    }

    /// How many values documents have in each column that there is.
    pub(in super::super) fn cardinalities(&self) -> Vec<Cardinality> {
        let all = [
            self.numbers.as_ref().map(NumberColumn::cardinality),
            self.instants.as_ref().map(Instants::cardinality),
            self.texts.as_ref().map(|texts| texts.column.ords().get_cardinality()),
            self.bools.as_ref().map(Column::get_cardinality),
            self.kinds.map(Column::get_cardinality),
        ];
        all.into_iter().flatten().collect()
    }

    /// Whether the document has a value in one of the columns.
    pub(in super::super) fn has_value(&self, document: DocId) -> bool {
        self.kinds.is_some()
            || self.numbers.as_ref().is_some_and(|numbers| numbers.any(document, |_| true))
            || self.instants.as_ref().is_some_and(|instants| instants.any(document, |_| true))
            || self.texts.as_ref().is_some_and(|texts| texts.column.ords().index.has_value(document))
            || self.bools.as_ref().is_some_and(|bools| bools.index.has_value(document))
    }

    /// Calls `visit` with each value; true when a text among them may have been cut.
    pub(super) fn values(&self, document: DocId, visit: &mut dyn FnMut(Scalar<'_>)) -> bool {
        if let Some(numbers) = &self.numbers {
            numbers.each(document, |number| visit(Scalar::Number(number)));
        }
        if let Some(instants) = &self.instants {
            instants.any(document, |instant| {
                visit_instant(visit, instant);
                false
            });
        }
        if let Some(bools) = &self.bools {
            bools.values_for_doc(document).for_each(|truth| visit(Scalar::Bool(truth)));
        }
        if let Some(kinds) = self.kinds {
            let kind = Kind::ALL.get(kinds.values.get_val(document) as usize);
            kind.into_iter().for_each(|kind| visit(Scalar::Text(kind.as_str().into())));
        }
        let mut cut = false;
        if let Some(texts) = &self.texts {
            let mut text = String::new();
            for ordinal in texts.column.term_ords(document) {
                text.clear();
                if texts.column.ord_to_str(ordinal, &mut text).unwrap_or(false) {
                    cut |= texts.bounded && text.len() >= MAYBE_CUT;
                    visit(Scalar::Text(text.as_str().into()));
                }
            }
        }
        cut
    }
}

fn visit_instant(visit: &mut dyn FnMut(Scalar<'_>), instant: i64) {
    visit(Scalar::Instant(instant));
}
