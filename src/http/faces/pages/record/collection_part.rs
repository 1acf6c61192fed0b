//! What the page of a collection has besides its description: its products by facet, the newest of them, a search among
//! them, and the members that its producer lists.

use maud::{Markup, html};

use super::load::CollectionPart;
use crate::http::faces::pages::search::asked::Asked;
use crate::http::faces::pages::search::facet_title;
use crate::http::faces::pages::{address, words};
use crate::model::{Entity, Facet, Key};

/// Members shown before the rest is folded.
const OPEN_MEMBERS: usize = 12;

/// The products and the ways to them.
pub fn products(key: &Key, part: &CollectionPart) -> Markup {
    let count = part.products.matched.unwrap_or_default();
    let inside = Asked::default().with(Facet::Collection, key.id.as_str());
    html! {
        section.products aria-labelledby="products" {
            h2 #products { (words::counted(count, "product", "products")) " held here" }
            @if count == 0 {
                p { "No product of this collection is registered here; its description is kept." }
            } @else {
                form.inside action="/search" role="search" {
                    input type="hidden" name="collection" value=(key.id);
                    label.unseen for="inside" { "Search in this collection" }
                    input #inside type="search" name="q" placeholder="Search in this collection" autocomplete="off";
                    button { "Search" }
                }
                (facets(&inside, part))
                ol.listing.short {
                    @for entity in part.products.found.iter().filter_map(|found| Entity::view(&found.record).ok()) {
                        li {
                            a href=(address::product(key.id.as_str(), &entity.id)) dir="auto" {
                                (words::shortened(entity.title.as_deref().unwrap_or(&entity.id), 140))
                            }
                            @if let Some(span) = entity.time.as_ref().and_then(words::span) { " " span.note { (span) } }
                        }
                    }
                }
                p { a href=(inside.href()) { "All " (words::counted(count, "product", "products")) " of this collection" } }
            }
        }
    }
}

/// Facets that tell products of this collection apart.
fn facets(inside: &Asked, part: &CollectionPart) -> Markup {
    let telling = part.tally.iter().filter(|(_, counts)| counts.len() > 1);
    html! {
        dl.facet-lines {
            @for (facet, counts) in telling {
                dt { (facet_title(*facet)) }
                dd {
                    @for count in counts {
                        a href=(inside.with(*facet, &count.value).href()) { bdi { (words::shortened(&count.value, 60)) } }
                        " " span.count { (words::number(count.count)) } " "
                    }
                }
            }
        }
    }
}

/// What the producer lists as members, held or not.
pub fn members(part: &CollectionPart) -> Markup {
    let held = part.members.iter().filter(|member| member.held.is_some()).count();
    let lines = |members: &[crate::catalogue::Member]| {
        html! {
            ul.plain {
                @for member in members {
                    li {
                        @match &member.held {
                            Some(key) => a href=(address::page(key)) { bdi { (member.name) } },
                            None => { bdi { (member.name) } " " span.note { "not held" } }
                        }
                    }
                }
            }
        }
    };
    let (open, folded) = part.members.split_at(part.members.len().min(OPEN_MEMBERS));
    html! {
        @if !part.members.is_empty() {
            section aria-labelledby="members" {
                h2 #members { "Members that the producer lists" }
                p { (words::number(held as u64)) " of " (words::number(part.members.len() as u64)) " shown are held here." }
                (lines(open))
                @if !folded.is_empty() {
                    details { summary { (words::number(folded.len() as u64)) " more" } (lines(folded)) }
                }
            }
        }
    }
}
