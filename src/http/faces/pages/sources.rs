//! Sources for people: what is done with each, when it was harvested, what is put aside and what waits. Nothing is begun
//! from here; the interface and the shell do that.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};

use super::errors::Trouble;
use super::layout::Frame;
use super::{address, answer, words};
use crate::catalogue::{HarvestOutcome, Harvested, QuarantineEntry, SourceState};
use crate::http::faces::native::records::identifier;
use crate::http::faces::native::sources::states;
use crate::http::parameters::Parameters;
use crate::http::state::State;
use crate::model::Kind;
use crate::model::uri::encode;

/// Runs and documents that are shown of a source.
const SHOWN: usize = 20;

/// `GET /sources`
pub async fn all(request: HttpRequest, state: Data<State>) -> HttpResponse {
    let made = list(&request, &state).await;
    answer(&request, made)
}

/// `GET /sources/{id}`
pub async fn one(request: HttpRequest, state: Data<State>, path: Path<String>) -> HttpResponse {
    let made = source(&request, &state, &path).await;
    answer(&request, made)
}

async fn list(request: &HttpRequest, state: &State) -> Result<HttpResponse, Trouble> {
    Parameters::of(request)?.finish(&[])?;
    let catalogue = state.catalogue.clone();
    let sources = crate::http::blocking(move || states(&catalogue)).await?;
    let frame = Frame { alternates: vec![("application/json", "/api/v1/sources".to_owned())], ..Frame::new("Sources") };
    Ok(frame.answer(StatusCode::OK, &table(&sources)))
}

fn table(sources: &[SourceState]) -> Markup {
    html! {
        h1 { "Sources" }
        p { "Catalogues elsewhere that are copied, asked with searches, or both. Copies are kept apart: no local answer has them unless it is asked to." }
        @if sources.is_empty() {
            p { "There is none. " code { "perennial sources add ID PROTOCOL URL" } " registers one." }
        } @else {
            table {
                thead { tr {
                    th scope="col" { "Source" } th scope="col" { "Protocol" } th scope="col" { "Mode" } th scope="col" { "Held" }
                    th scope="col" { "Last run" } th scope="col" { "Outcome" } th scope="col" { "Put aside" } th scope="col" { "Waiting" }
                } }
                tbody { @for source in sources { (row(source)) } }
            }
        }
    }
}

fn row(source: &SourceState) -> Markup {
    html! {
        tr {
            td { a href=(format!("/sources/{}", encode(&source.id))) { bdi { (source.id) } } " " (words::shortened(&source.title, 60)) }
            td { (source.protocol.as_str()) }
            td { (mode(source)) }
            td { (words::number(source.held as u64)) }
            td { @if let Some(last) = &source.last { (words::moment(&last.ended)) } @else { "never" } }
            td { @if source.running.is_some() { "running" } @else if let Some(last) = &source.last { (outcome(last)) } }
            td { (words::number(source.quarantined as u64)) }
            td { (words::number(source.awaiting as u64)) }
        }
    }
}

fn mode(source: &SourceState) -> &'static str {
    match (source.mode.is_live(), source.mode.is_harvested()) {
        (true, true) => "asked and copied",
        (true, false) => "asked",
        (false, true) => "copied",
        (false, false) => "off",
    }
}

fn outcome(run: &Harvested) -> String {
    match (&run.fault, run.outcome) {
        (Some(fault), _) => format!("failed: {}", fault.kind.replace('_', " ")),
        (None, HarvestOutcome::AwaitingApproval) => "deletions wait".to_owned(),
        (None, HarvestOutcome::Interrupted) => "interrupted".to_owned(),
        (None, _) if run.doubt.is_some() => "doubted".to_owned(),
        (None, HarvestOutcome::Unchanged) => "nothing changed".to_owned(),
        (None, _) => "complete".to_owned(),
    }
}

async fn source(request: &HttpRequest, state: &State, id: &str) -> Result<HttpResponse, Trouble> {
    Parameters::of(request)?.finish(&[])?;
    let id = identifier("id", id)?;
    let catalogue = state.catalogue.clone();
    let asked = id.clone();
    let (source, runs, aside, waiting) = crate::http::blocking(move || {
        let source = catalogue.source_state(&asked)?;
        let runs = catalogue.harvests_of(asked.as_str(), SHOWN)?;
        Ok((source, runs, catalogue.quarantine(&asked, "", SHOWN)?, catalogue.awaiting(&asked, "", SHOWN)?))
    })
    .await?;
    let json = format!("/api/v1/sources/{}", encode(id.as_str()));
    let frame = Frame { alternates: vec![("application/json", json)], ..Frame::new("Source") };
    Ok(frame.answer(StatusCode::OK, &content(&source, &runs, &aside, &waiting)))
}

fn content(source: &SourceState, runs: &[Harvested], aside: &[QuarantineEntry], waiting: &[String]) -> Markup {
    let found = format!("/api/v1/search?scope={}", encode(&format!("harvested:{}", source.id)));
    html! {
        h1 { bdi { (source.id) } }
        @if !source.title.is_empty() { p { (source.title) } }
        dl {
            dt { "Address" } dd { bdi { (source.url) } }
            dt { "Protocol" } dd { (source.protocol.as_str()) }
            dt { "Mode" } dd { (mode(source)) }
            dt { "Licence" } dd { (source.licence.as_deref().unwrap_or("not stated")) }
            dt { "Trust" } dd { (source.trust) }
            dt { "Schedule" } dd { (schedule(source)) }
            dt { "Held" } dd { a href=(found) { (words::counted(source.held as u64, "document", "documents")) } }
            dt { "Asked up to" } dd { (source.checkpoint.as_deref().unwrap_or("not yet")) }
            dt { "Record" } dd { a href=(address::entity(Kind::Source, &source.id)) { "as it is kept" } }
        }
        @if let Some(counts) = source.running {
            p { strong { "A run goes on: " } (words::counted(counts.listed as u64, "record", "records")) " listed so far." }
        }
        @if !waiting.is_empty() { (section_of_waiting(source, waiting)) }
        h2 { "Runs" }
        @if runs.is_empty() { p { "None is kept." } } @else { (section_of_runs(runs)) }
        @if !aside.is_empty() { (section_of_quarantine(source, aside)) }
    }
}

fn schedule(source: &SourceState) -> String {
    match (source.every, &source.due) {
        (Some(every), Some(due)) if due.starts_with("1970") => format!("every {every} s, the first is due"),
        (Some(every), Some(due)) => format!("every {every} s, next at {}", words::moment(due)),
        _ => "only when asked for".to_owned(),
    }
}

fn section_of_waiting(source: &SourceState, waiting: &[String]) -> Markup {
    html! {
        h2 { "Deletions that wait" }
        p {
            "The source no longer has " (words::counted(source.awaiting as u64, "record", "records"))
            ", too many to delete without a person. " code { "perennial harvest " (source.id) " --approve" } " deletes them."
        }
        ul { @for id in waiting { li { bdi { (words::shortened(id, 120)) } } } }
    }
}

fn section_of_runs(runs: &[Harvested]) -> Markup {
    html! {
        table {
            thead { tr {
                th scope="col" { "Began" } th scope="col" { "Outcome" } th scope="col" { "New" } th scope="col" { "Changed" }
                th scope="col" { "Unchanged" } th scope="col" { "Deleted" } th scope="col" { "Put aside" } th scope="col" { "Took" }
            } }
            tbody { @for run in runs { tr {
                td {
                    @if let Some(evidence) = &run.evidence { a href=(address::entity(Kind::Evidence, evidence)) { (words::moment(&run.started)) } }
                    @else { (words::moment(&run.started)) }
                }
                td {
                    (outcome(run))
                    @if let Some(fault) = &run.fault { ": " (words::shortened(&fault.reason, 160)) }
                    @if let Some(doubt) = &run.doubt { ": " (doubt) }
                }
                td { (words::number(run.counts.new as u64)) } td { (words::number(run.counts.changed as u64)) }
                td { (words::number(run.counts.unchanged as u64)) } td { (words::number(run.counts.deleted as u64)) }
                td { (words::number(run.counts.quarantined as u64)) } td { (format!("{:.1} s", run.elapsed_ms as f64 / 1_000.0)) }
            } } }
        }
    }
}

fn section_of_quarantine(source: &SourceState, aside: &[QuarantineEntry]) -> Markup {
    html! {
        h2 { "Put aside" }
        p { (words::counted(source.quarantined as u64, "document", "documents")) " could not be taken." }
        table {
            thead { tr { th scope="col" { "Document" } th scope="col" { "Reason" } th scope="col" { "Bytes" } } }
            tbody { @for document in aside { tr {
                td { bdi { (words::shortened(&document.id, 80)) } }
                td { (words::shortened(&document.reason, 300)) }
                td { (words::number(document.bytes)) }
            } } }
        }
    }
}
