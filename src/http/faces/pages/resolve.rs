//! From any name of a record to its page: at once where it is the only one, else a list to choose from.

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use maud::html;

use super::errors::Trouble;
use super::layout::Frame;
use super::{address, answer, words};
use crate::catalogue::{Error, Match, Naming, Standing};
use crate::http::parameters::Parameters;
use crate::http::state::State;

/// `GET /resolve?id=…`
pub async fn page(request: HttpRequest, state: Data<State>) -> HttpResponse {
    let made = resolve(&request, &state).await;
    answer(&request, made)
}

async fn resolve(request: &HttpRequest, state: &State) -> Result<HttpResponse, Trouble> {
    let mut parameters = Parameters::of(request)?;
    let name = parameters.one("id")?.filter(|name| !name.is_empty());
    parameters.finish(&["id"])?;
    let name = name.ok_or_else(|| Error::parameter("id", "is required: an identifier as it is written"))?;
    let (catalogue, wanted) = (state.catalogue.clone(), name.clone());
    let found = crate::http::blocking(move || catalogue.resolve(&wanted)).await?;
    match found.as_slice() {
        [] => {
            let error =
                Error::NoSuch { what: format!("record named {:?} in this archive", words::shortened(&name, 300)) };
            Err(Trouble { tried: name, ..error.into() })
        }
        [only] => {
            let target = target(only);
            Ok(HttpResponse::SeeOther().insert_header((header::LOCATION, target)).finish())
        }
        several => Ok(choice(&name, several)),
    }
}

fn target(found: &Match) -> String {
    match found.standing {
        Standing::Superseded => address::revision(&found.key, found.revision),
        Standing::Current | Standing::Deleted => address::page(&found.key),
    }
}

fn choice(name: &str, several: &[Match]) -> HttpResponse {
    let content = html! {
        h1 { "Several records have this name" }
        p.id { bdi { (words::shortened(name, 300)) } }
        ul.near {
            @for found in several {
                li {
                    a href=(target(found)) { bdi { (found.key.id) } } " "
                    span.note {
                        (words::kind(found.key.kind).0)
                        @if let Some(collection) = &found.key.collection { " of " bdi { (collection) } }
                        @match &found.naming {
                            Naming::Id => {}
                            Naming::Identifier { scheme } => { ", by its " (scheme) }
                            Naming::Alias => { ", by an alias" }
                        }
                        @match found.standing {
                            Standing::Current => {}
                            Standing::Superseded => { ", revision " (found.revision) ", superseded" }
                            Standing::Deleted => { ", deleted" }
                        }
                    }
                }
            }
        }
    };
    Frame::new(format!("Records named {name}")).answer(StatusCode::OK, &content)
}
