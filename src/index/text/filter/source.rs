//! A document of a segment as a source of values for the evaluator; slow, for what has no test of its own.

use std::cell::Cell;
use std::collections::HashMap;

use tantivy::DocId;

use crate::model::{Filter, PropertyName, SpatialRelation};
use crate::query::Shape;
use crate::query::evaluate::{Scalar, Source, Span, Truth};

use super::super::error::SearchError;
use super::super::order::start_of;
use super::super::segment::Segment;
use super::columns::{Columns, unclamped};

/// The columns of all properties of a part of a filter.
pub(super) struct Opened<'s> {
    segment: &'s Segment,
    columns: HashMap<PropertyName, Columns<'s>>,
}

impl<'s> Opened<'s> {
    /// Nothing when one of the properties is in no column.
    pub(super) fn new(segment: &'s Segment, filter: &Filter) -> Result<Option<Self>, SearchError> {
        let mut names = Vec::new();
        if !names_of(filter, &mut names) {
            return Ok(None);
        }
        let mut columns = HashMap::new();
        for name in names {
            super::check_path(&name)?;
            let Some(opened) = Columns::open(segment, &name)?.and_then(|mut opened| opened.pop()) else {
                return Ok(None);
            };
            columns.insert(name, opened);
        }
        Ok(Some(Self { segment, columns }))
    }

    /// What a filter says of a document; `None` when a text was cut, so that only the record can tell.
    pub(super) fn truth(&self, filter: &Filter, document: DocId) -> Option<Truth> {
        let source = OneDocument { opened: self, document, cut: Cell::new(false) };
        let truth = crate::query::evaluate::truth(filter, &source);
        (!source.cut.get()).then_some(truth)
    }
}

struct OneDocument<'o, 's> {
    opened: &'o Opened<'s>,
    document: DocId,
    cut: Cell<bool>,
}

impl Source for OneDocument<'_, '_> {
    fn values(&self, property: &PropertyName, visit: &mut dyn FnMut(Scalar<'_>)) {
        match self.opened.columns.get(property) {
            Some(columns) => self.cut.set(columns.values(self.document, visit) | self.cut.get()),
            None => self.cut.set(true),
        }
    }

    fn span(&self) -> Option<Span> {
        let segment = self.opened.segment;
        let start = start_of(segment.order.values.get_val(self.document))?;
        Some((start, unclamped(segment.stop.first(self.document)?)))
    }

    fn relates(&self, _: &str, _: SpatialRelation, _: &Shape, _: bool) -> Truth {
        self.cut.set(true);
        None
    }

    fn has_footprint(&self, _: &str) -> bool {
        self.cut.set(true);
        false
    }
}

/// The properties of a predicate, `Either` taken apart; false when it asks about footprints.
fn names_of(filter: &Filter, names: &mut Vec<PropertyName>) -> bool {
    filter.properties(&mut |name| single(name, names));
    let is_geometry = |name: &PropertyName| matches!(name, PropertyName::Geometry { .. });
    !matches!(filter, Filter::Spatial { .. }) && !names.iter().any(is_geometry)
}

fn single(name: &PropertyName, names: &mut Vec<PropertyName>) {
    match name {
        PropertyName::Either(first, second) => {
            single(first, names);
            single(second, names);
        }
        name => names.push(name.clone()),
    }
}
