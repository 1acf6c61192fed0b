//! Values of a stored record. What an index cannot decide from its columns is decided here.

use std::borrow::Cow;

use super::scalar::{Scalar, Truth};
use super::{Source, Span};
use crate::model::json::read_string;
use crate::model::{Access, Entity, Facet, Name, PropertyName, SpatialRelation, scan};
use crate::query::Shape;

/// Deepest member of `properties` that has values; as deep as the index looks.
const MAX_DEPTH: usize = 16;

/// Members of `quality` that are shown as properties under another name, by which they are found and sorted too.
pub const SHOWN: [(&str, &str); 2] = [("quality.cloud_cover", "eo:cloud_cover"), ("quality.gsd", "gsd")];

/// A record with the time of its last revision.
pub struct StoredRecord<'r> {
    pub entity: &'r Entity<'r>,
    /// Microseconds since 1970.
    pub updated: i64,
}

impl Source for StoredRecord<'_> {
    fn values(&self, property: &PropertyName, visit: &mut dyn FnMut(Scalar<'_>)) {
        let entity = self.entity;
        let mut text = |text: &str| visit(Scalar::Text(Cow::Borrowed(text)));
        match property {
            PropertyName::Kind => text(entity.kind.as_str()),
            PropertyName::Id => text(&entity.id),
            PropertyName::Title => entity.title.iter().for_each(|title| text(title)),
            PropertyName::Description => entity.description.iter().for_each(|description| text(description)),
            PropertyName::Facet(facet) => labels(entity, *facet, &mut text),
            PropertyName::Start | PropertyName::Time => {
                self.span().into_iter().for_each(|(start, _)| visit(Scalar::Instant(start)));
            }
            PropertyName::Stop => self.span().into_iter().for_each(|(_, stop)| visit(Scalar::Instant(stop))),
            PropertyName::Updated => visit(Scalar::Instant(self.updated)),
            PropertyName::Member(path) => self.members(path, visit),
            PropertyName::Geometry { .. } | PropertyName::Either(..) => {}
        }
    }

    fn span(&self) -> Option<Span> {
        let (start, stop) = self.entity.time.as_ref()?.bounds()?;
        Some((start.micros(), stop.micros()))
    }

    fn relates(&self, body: &str, relation: SpatialRelation, shape: &Shape, swapped: bool) -> Truth {
        let asked = if relation == SpatialRelation::Disjoint { SpatialRelation::Intersects } else { relation };
        let mut found = None;
        for footprint in self.footprints(body) {
            let fits = if swapped { shape.relates(asked, &footprint) } else { footprint.relates(asked, shape) };
            found = Some(fits || found == Some(true));
        }
        found.map(|found| found != (relation == SpatialRelation::Disjoint))
    }

    fn has_footprint(&self, body: &str) -> bool {
        self.footprints(body).next().is_some()
    }
}

impl StoredRecord<'_> {
    fn footprints(&self, body: &str) -> impl Iterator<Item = Shape> {
        self.entity.space.iter().filter(move |space| space.body.to_lowercase() == body).filter_map(Shape::of_footprint)
    }

    fn members(&self, path: &str, visit: &mut dyn FnMut(Scalar<'_>)) {
        if let Some(properties) = self.entity.properties {
            collect(properties.get(), path, 0, visit);
        }
        let quality = self.entity.quality.map(|object| object.get());
        for (object, prefix) in [(quality, "quality"), (self.entity.recreation(), "recreation")] {
            let rest =
                path.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.').or(rest.is_empty().then_some("")));
            if let (Some(object), Some(rest)) = (object, rest) {
                collect(object, rest, 0, visit);
            }
        }
        let own = self.entity.properties.map_or("", |object| object.get());
        if scan::member(own, path).is_none() {
            self.shown(path, visit);
        }
    }

    /// What Items show as a property though the record keeps it elsewhere.
    fn shown(&self, path: &str, visit: &mut dyn FnMut(Scalar<'_>)) {
        if let (Some(version), "version") = (self.entity.version.as_deref(), path) {
            visit(Scalar::Text(version.into()));
        }
        let stored = SHOWN.iter().find(|(_, shown)| *shown == path).map(|(stored, _)| *stored);
        let below = stored.and_then(|stored| stored.strip_prefix("quality."));
        if let (Some(quality), Some(below)) = (self.entity.quality, below) {
            collect(quality.get(), below, 0, visit);
        }
    }
}

/// Scalars at a path below a value; `a.b` is the member `b` of `a` as well as the member `a.b`.
fn collect(value: &str, path: &str, depth: usize, visit: &mut dyn FnMut(Scalar<'_>)) {
    if depth > MAX_DEPTH {
        return;
    }
    let value = value.trim();
    match value.as_bytes().first() {
        Some(b'{') => {
            for (name, member) in scan::members(value) {
                let name =
                    if name.contains('\\') { read_string(&format!("\"{name}\"")).map(Cow::into_owned) } else { None }
                        .map_or(Cow::Borrowed(name), Cow::Owned);
                let Some(rest) = path.strip_prefix(name.as_ref()) else { continue };
                if rest.is_empty() {
                    collect(member, "", depth + 1, visit);
                } else if let Some(below) = rest.strip_prefix('.') {
                    collect(member, below, depth + 1, visit);
                }
            }
        }
        Some(b'[') => scan::elements(value).for_each(|element| collect(element, path, depth + 1, visit)),
        _ if !path.is_empty() => {}
        Some(b'"') => {
            if let Some(text) = read_string(value) {
                visit(Scalar::of_text(&text));
            }
        }
        Some(b't') => visit(Scalar::Bool(true)),
        Some(b'f') => visit(Scalar::Bool(false)),
        Some(b'n') | None => {}
        Some(_) => {
            if let Ok(number) = value.parse::<f64>() {
                // Beyond the range of 64 bits a number still compares greater than all that fit.
                visit(Scalar::Number(number.clamp(f64::MIN, f64::MAX) + 0.0));
            }
        }
    }
}

/// Canonical labels of a facet.
fn labels(entity: &Entity<'_>, facet: Facet, text: &mut dyn FnMut(&str)) {
    let mut names = |names: &[Name<'_>]| names.iter().for_each(|name| text(&name.label));
    match facet {
        Facet::Mission => names(&entity.missions),
        Facet::Platform => names(&entity.platforms),
        Facet::Instrument => names(&entity.instruments),
        Facet::Target => names(&entity.targets),
        Facet::Collection => entity.collection.iter().for_each(|collection| text(collection)),
        Facet::Level => {
            let level = entity.level.as_ref();
            let label = level.and_then(|level| level.normalised.as_deref().or(level.as_written.as_deref()));
            label.into_iter().for_each(text);
        }
        Facet::DataType => entity.data_type.iter().for_each(|data_type| text(data_type)),
        Facet::Body => entity.space.iter().for_each(|space| text(&space.body.to_lowercase())),
        Facet::Access => text(match entity.access {
            Access::Open => "open",
            Access::Restricted => "restricted",
            Access::Embargoed => "embargoed",
            Access::Closed => "closed",
        }),
        Facet::Keyword => entity.keywords.iter().for_each(|keyword| text(&keyword.path)),
    }
}
