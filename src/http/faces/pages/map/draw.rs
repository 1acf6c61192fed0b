//! The drawing: background, graticule and footprints as one SVG. The view is the whole body, or what the footprints cover.

use std::fmt::Write;

use maud::{Markup, html};

use super::geometry::{Outline, Parts};
use super::project::Projection;
use crate::http::faces::pages::assets;

/// Smallest view of a close-up, degrees of longitude.
const LEAST_VIEW: f64 = 4.0;
/// A footprint narrower than this share of the view gets a marker, so that it can be seen at all.
const MARKER_SHARE: f64 = 0.02;

/// A footprint to draw.
pub struct Footprint<'a> {
    pub outline: &'a Outline,
    /// Where it leads, if anywhere.
    pub href: Option<String>,
    pub title: String,
}

/// How much of the body is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    Whole,
    /// What the footprints cover, with some room around it.
    Near,
}

/// The part of the drawing that is shown, in its units (one is a degree on a plain map).
#[derive(Debug, Clone, Copy, PartialEq)]
struct Frame {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

const WHOLE: Frame = Frame { x: 0.0, y: 0.0, width: 360.0, height: 180.0 };

/// A map of footprints on one body. Links on it are no tab stops: the list beside it holds the same links. `chosen` is
/// the area that a search asks for.
pub fn footprints(body: &str, shown: &[Footprint<'_>], chosen: Option<&Outline>, view: View, label: &str) -> Markup {
    let projection = if body == "sky" { Projection::Sky } else { Projection::Plain };
    let frame = match view {
        View::Near if projection == Projection::Plain => near(shown.iter().map(|each| each.outline).chain(chosen)),
        _ => WHOLE,
    };
    let view_box = format!("{:.4} {:.4} {:.4} {:.4}", frame.x, frame.y, frame.width, frame.height);
    let class = match (body, projection) {
        ("earth", _) => "map earth",
        (_, Projection::Sky) => "map sky",
        _ => "map planet",
    };
    // A picture has nothing to go into; a group has its links.
    let role = if shown.iter().any(|each| each.href.is_some()) { "group" } else { "img" };
    let area = (projection == Projection::Plain).then_some("plain");
    html! {
        svg class=(class) viewBox=(view_box) role=(role) aria-label=(label) data-map=[area] data-body=(body) {
            (background(body, projection))
            path.graticule d=(graticule(projection, frame)) {}
            @if let Some(chosen) = chosen {
                path.chosen d=(path(&chosen.parts, projection)) {}
            }
            @for each in shown {
                (footprint(each, projection, frame))
            }
        }
    }
}

fn footprint(each: &Footprint<'_>, projection: Projection, frame: Frame) -> Markup {
    let drawn = html! {
        title { (each.title) }
        @let lines = path(&each.outline.parts, projection);
        @if !lines.is_empty() { path d=(lines) {} }
        @for (x, y) in markers(&each.outline.parts, projection, frame) {
            circle cx=(short(x)) cy=(short(y)) r=(short(frame.width * 0.008)) {}
        }
    };
    // Many that cover half of the body would hide each other and the map.
    let is_large = each.outline.parts.envelope().is_some_and(|[west, _, east, _]| east - west > 180.0);
    match &each.href {
        Some(href) => html! { a.footprint.large[is_large] href=(href) tabindex="-1" aria-hidden="true" { (drawn) } },
        None => html! { g.footprint.large[is_large] { (drawn) } },
    }
}

fn background(body: &str, projection: Projection) -> Markup {
    match (body, projection) {
        ("earth", _) => html! {
            rect.sea x="0" y="0" width="360" height="180" {}
            use.land href={ (assets::address("world")) "#land" } {}
        },
        (_, Projection::Sky) => html! { ellipse.sea cx="180" cy="90" rx="180" ry="90" {} },
        _ => html! { rect.sea x="0" y="0" width="360" height="180" {} },
    }
}

/// Points, and the middles of footprints too small to be seen.
fn markers(parts: &Parts, projection: Projection, frame: Frame) -> Vec<(f64, f64)> {
    let mut places: Vec<(f64, f64)> = parts.points.iter().map(|point| projection.place(*point)).collect();
    if parts.points.is_empty()
        && let Some([west, south, east, north]) = parts.envelope()
        && (east - west).max(north - south) < frame.width * MARKER_SHARE
    {
        places.push(projection.place(((west + east) / 2.0, (south + north) / 2.0)));
    }
    places
}

fn path(parts: &Parts, projection: Projection) -> String {
    let mut text = String::new();
    for (lines, closed) in [(&parts.rings, true), (&parts.lines, false)] {
        for line in lines {
            for (at, (x, y)) in projection.path(line, closed).into_iter().enumerate() {
                // Writing to a string has no failure.
                let _ = write!(text, "{}{} {}", if at == 0 { "M" } else { "L" }, short(x), short(y));
            }
            if closed {
                text.push('Z');
            }
        }
    }
    text
}

/// Four decimals: 11 m on Earth.
fn short(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A frame twice as wide as high around all outlines, not beyond the map.
fn near<'a>(outlines: impl Iterator<Item = &'a Outline>) -> Frame {
    let all = outlines.filter_map(|outline| outline.parts.envelope());
    let joined = all.reduce(|[a, b, c, d], [w, s, e, n]| [a.min(w), b.min(s), c.max(e), d.max(n)]);
    let Some([west, south, east, north]) = joined else { return WHOLE };
    let width = ((east - west) * 1.6).max((north - south) * 3.2).max(LEAST_VIEW);
    if width >= 240.0 {
        return WHOLE;
    }
    let height = width / 2.0;
    let (x, y) = ((west + east) / 2.0 + 180.0 - width / 2.0, 90.0 - (south + north) / 2.0 - height / 2.0);
    Frame { x: x.clamp(0.0, 360.0 - width), y: y.clamp(0.0, 180.0 - height), width, height }
}

/// Meridians and parallels in steps that suit the frame.
fn graticule(projection: Projection, frame: Frame) -> String {
    const STEPS: [f64; 7] = [0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0];
    let step = STEPS.into_iter().find(|step| frame.width / step <= 12.0).unwrap_or(30.0);
    let mut lines = Parts::default();
    let count = (180.0 / step) as i32;
    for meridian in (-count..=count).map(|n| f64::from(n) * step) {
        if projection == Projection::Sky || (frame.x..=frame.x + frame.width).contains(&(meridian + 180.0)) {
            lines.lines.push(vec![(meridian, -90.0), (meridian, 90.0)]);
        }
    }
    for parallel in (-count / 2..=count / 2).map(|n| f64::from(n) * step) {
        if projection == Projection::Sky || (frame.y..=frame.y + frame.height).contains(&(90.0 - parallel)) {
            lines.lines.push(vec![(-180.0, parallel), (180.0, parallel)]);
        }
    }
    path(&lines, projection)
}
