//! CSV (RFC 4180): a header line, CRLF, quotes where needed. A text that a spreadsheet would take for a formula gets an
//! apostrophe before it.

use serde_json::{Map, Value};

use super::cell::{Cell, joined, side};
use super::columns::{Columns, Finding, OTHER};
use super::row::{Lifted, Row};
use super::{Encoder, ExportError, Form, Shown};

/// First columns of stored records.
const RECORD: &[&str] = &[
    "kind",
    "collection",
    "id",
    "title",
    "start",
    "stop",
    "body",
    "west",
    "south",
    "east",
    "north",
    "geometry",
    "level",
    "data_type",
    "missions",
    "platforms",
    "instruments",
    "targets",
    "licence",
];
/// First columns of features.
const FEATURE: &[&str] = &["id", "west", "south", "east", "north", "geometry"];

pub(super) struct Csv {
    core: &'static [&'static str],
    columns: Columns,
}

impl Csv {
    /// Finds the columns on a sample.
    pub(super) fn new(form: Form, sample: &[Shown]) -> Result<Self, ExportError> {
        let core = if form == Form::Feature { FEATURE } else { RECORD };
        let mut finding = Finding::default();
        for shown in sample {
            finding.see(&read(shown)?.1);
        }
        Ok(Self { core, columns: finding.columns(core, &[]) })
    }
}

impl Encoder for Csv {
    fn start(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        let names = self.columns.iter().map(|column| column.name.as_str());
        let names = self.core.iter().copied().chain(names).chain([OTHER]);
        line(names.map(|name| Cell::Text(name.to_owned())), out);
        Ok(())
    }

    fn record(&mut self, shown: &Shown, out: &mut Vec<u8>) -> Result<(), ExportError> {
        let (core, members) = read(shown)?;
        let found = self.columns.values(&members).map(|(_, value)| Cell::from(value));
        line(core.into_iter().chain(found).chain([self.columns.others(&members).into()]), out);
        Ok(())
    }

    fn finish(&mut self, _: &mut Vec<u8>) -> Result<(), ExportError> {
        Ok(())
    }
}

/// The first columns of a record and the rest by name.
fn read(shown: &Shown) -> Result<(Vec<Cell>, Map<String, Value>), ExportError> {
    if shown.feature.is_none() {
        let row = Row::read(&shown.record)?;
        return Ok((core(&row), row.properties));
    }
    let mut lifted = Lifted::read(shown, "")?;
    let id = lifted.members.remove("id");
    let sides = (0..4).map(|at| side(lifted.bbox, at));
    let geometry = Cell::from(lifted.geometry.as_ref());
    let core = [Cell::from(id.as_ref())].into_iter().chain(sides).chain([geometry]);
    Ok((core.collect(), lifted.members))
}

fn core(row: &Row) -> Vec<Cell> {
    let sides = row.place.as_ref().and_then(|place| place.bbox);
    let geometry = row.place.as_ref().and_then(|place| place.geometry.as_ref());
    let text = |text: &Option<String>| Cell::from(text.clone());
    vec![
        Cell::Text(row.kind.to_owned()),
        text(&row.collection),
        Cell::Text(row.id.clone()),
        text(&row.title),
        text(&row.start),
        text(&row.stop),
        row.place.as_ref().map(|place| place.body.clone()).into(),
        side(sides, 0),
        side(sides, 1),
        side(sides, 2),
        side(sides, 3),
        geometry.into(),
        text(&row.level),
        text(&row.data_type),
        joined(&row.missions),
        joined(&row.platforms),
        joined(&row.instruments),
        joined(&row.targets),
        text(&row.licence),
    ]
}

fn line(cells: impl Iterator<Item = Cell>, out: &mut Vec<u8>) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        match cell {
            Cell::Missing => {}
            Cell::Number(number) => out.extend_from_slice(number.as_bytes()),
            Cell::Text(text) => quoted(&guarded(text), out),
        }
    }
    out.extend_from_slice(b"\r\n");
}

/// Spreadsheets run what begins with these characters (OWASP, CSV injection).
fn guarded(text: String) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
    if is_formula { format!("'{text}") } else { text }
}

fn quoted(text: &str, out: &mut Vec<u8>) {
    if !text.contains(['"', ',', '\r', '\n']) && !text.starts_with(' ') && !text.ends_with(' ') {
        return out.extend_from_slice(text.as_bytes());
    }
    out.push(b'"');
    out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
    out.push(b'"');
}
