//! What a record comes from and what was made of it, as a drawing whose boxes are links. Drawn here; nothing is fetched.

use maud::{Markup, html};

use crate::catalogue::{Lineage, LineageNode, Reach};
use crate::http::faces::pages::{address, words};

/// What a page looks up and shows; the whole lineage has an address of its own.
pub const REACH: Reach = Reach { steps: 3, nodes: 24 };

const WIDTH: i32 = 190;
const HEIGHT: i32 = 40;
const COLUMN: i32 = 250;
const ROW: i32 = 56;
/// Characters that fit into a box.
const CHARACTERS: usize = 24;

/// A node with its place in the drawing.
struct Placed<'l> {
    node: &'l LineageNode,
    x: i32,
    y: i32,
}

/// The section of the page; nothing for a record that stands alone.
pub fn lineage(lineage: &Lineage, whole: &str) -> Markup {
    if lineage.edges.is_empty() {
        return html! {};
    }
    let boxes = place(lineage);
    let width = boxes.iter().map(|node| node.x).max().unwrap_or_default().saturating_add(WIDTH);
    let height = boxes.iter().map(|node| node.y).max().unwrap_or_default().saturating_add(HEIGHT);
    html! {
        section aria-labelledby="lineage" {
            h2 #lineage { "Lineage" }
            figure.lineage {
                svg viewBox={ "-2 -2 " (width.saturating_add(4)) " " (height.saturating_add(4)) } width=(width) role="group"
                    aria-label="What this record comes from, on the left, and what was made of it, on the right" {
                    @for (derived, source) in &lineage.edges {
                        @if let (Some(derived), Some(source)) = (boxes.get(*derived), boxes.get(*source)) { path d=(arc(source, derived)) {} }
                    }
                    @for (number, shown) in boxes.iter().enumerate() { (drawn(shown, number == 0)) }
                }
                figcaption {
                    "From sources on the left to what was made of them on the right. "
                    @if lineage.is_cut { "More is known than is drawn. " }
                    a href=(whole) { "As PROV-JSON" }
                }
            }
        }
    }
}

/// Columns by step, rows in the order in which the nodes were found.
fn place(lineage: &Lineage) -> Vec<Placed<'_>> {
    let first = lineage.nodes.iter().map(|node| node.step).min().unwrap_or_default();
    let mut filled: std::collections::BTreeMap<i32, i32> = std::collections::BTreeMap::new();
    let place = |node: &LineageNode| {
        let row = filled.entry(node.step).or_default();
        let y = row.saturating_mul(ROW);
        *row = row.saturating_add(1);
        (node.step.saturating_sub(first).saturating_mul(COLUMN), y)
    };
    let places: Vec<(i32, i32)> = lineage.nodes.iter().map(place).collect();
    lineage.nodes.iter().zip(places).map(|(node, (x, y))| Placed { node, x, y }).collect()
}

/// From the right side of a source to the left side of what was made of it.
fn arc(source: &Placed<'_>, derived: &Placed<'_>) -> String {
    let (x1, y1) = (source.x.saturating_add(WIDTH), source.y.saturating_add(HEIGHT / 2));
    let (x2, y2) = (derived.x, derived.y.saturating_add(HEIGHT / 2));
    let middle = x1.saturating_add(x2) / 2;
    format!("M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}")
}

fn drawn(shown: &Placed<'_>, is_this: bool) -> Markup {
    let node = shown.node;
    let (x, y) = (shown.x.saturating_add(8), shown.y.saturating_add(HEIGHT / 2 + 5));
    let href = node.key.as_ref().map_or_else(|| address::resolve(&node.name), address::page);
    let told = node.title.as_deref().unwrap_or(if node.key.is_some() { "" } else { "not held here" });
    html! {
        a href=(href) class=[(!is_this && node.key.is_none()).then_some("absent")] aria-current=[is_this.then_some("true")] {
            title { (words::shortened(&node.name, 200)) @if !told.is_empty() { ": " (words::shortened(told, 200)) } }
            rect x=(shown.x) y=(shown.y) width=(WIDTH) height=(HEIGHT) rx="4" {}
            text x=(x) y=(y) { (words::shortened(&node.name, CHARACTERS)) }
        }
    }
}
