//! Where the results of the page lie: one map for each body, and the sky.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::asked::Asked;
use super::hits::key_of;
use crate::catalogue::Found;
use crate::http::faces::native::search as native;
use crate::http::faces::pages::map::{Footprint, Outline, View, footprints};
use crate::http::faces::pages::{address, words};
use crate::model::Entity;

/// Maps on one page.
const MOST_BODIES: usize = 3;

/// The footprint of one result.
struct Placed {
    outline: Outline,
    href: Option<String>,
    title: String,
}

/// Maps of the bodies on which results of this page lie, the one with the most results first.
pub fn maps(asked: &Asked, found: &[Found]) -> Markup {
    let mut bodies: BTreeMap<String, Vec<Placed>> = BTreeMap::new();
    for entity in found.iter().filter_map(|found| Entity::view(&found.record).ok()) {
        let title = words::shortened(entity.title.as_deref().unwrap_or(&entity.id), 100);
        let href = key_of(&entity).map(|key| address::page(&key));
        for outline in entity.space.iter().filter_map(Outline::of) {
            let placed = Placed { href: href.clone(), title: title.clone(), outline };
            bodies.entry(placed.outline.body.clone()).or_default().push(placed);
        }
    }
    let chosen = chosen(asked);
    if let Some(chosen) = &chosen {
        bodies.entry(chosen.body.clone()).or_default();
    }
    let mut bodies: Vec<(String, Vec<Placed>)> = bodies.into_iter().collect();
    bodies.sort_by_key(|(body, placed)| (std::cmp::Reverse(placed.len()), body.clone()));
    bodies.truncate(MOST_BODIES);
    html! {
        @for (body, placed) in &bodies {
            (map(body, placed, chosen.as_ref().filter(|chosen| chosen.body == *body)))
        }
    }
}

fn map(body: &str, placed: &[Placed], chosen: Option<&Outline>) -> Markup {
    let shown: Vec<Footprint<'_>> = placed
        .iter()
        .map(|each| Footprint { outline: &each.outline, href: each.href.clone(), title: each.title.clone() })
        .collect();
    let place = if body == "sky" { "in the sky".to_owned() } else { format!("on {}", words::label(body)) };
    let caption = format!("{} of this page {place}", words::counted(placed.len() as u64, "footprint", "footprints"));
    html! {
        figure.where {
            (footprints(body, &shown, chosen, View::Near, &caption))
            figcaption { (caption) @if body == "sky" { ". Right ascension 0° is in the middle and grows to the left." } @else { span.drawing-hint hidden { ". Drag on the map to choose an area." } } }
        }
    }
}

/// The area that was asked for.
fn chosen(asked: &Asked) -> Option<Outline> {
    let bbox = native::bounding_box(&asked.area).ok()?;
    Outline::of_box(&asked.area_body().ok()?.to_lowercase(), &bbox)
}
