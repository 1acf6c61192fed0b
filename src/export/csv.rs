//! CSV (RFC 4180): a header line, CRLF, quotes where needed. A text that a spreadsheet would take for a formula gets an
//! apostrophe before it.

use super::columns::{Columns, OTHER};
use super::row::{Cell, cell, joined, text};
use super::{Encoder, ExportError, Row};

const CORE: &[&str] = &[
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

pub(super) struct Csv {
    columns: Columns,
}

impl Csv {
    pub(super) fn new(columns: Columns) -> Self {
        Self { columns }
    }
}

impl Encoder for Csv {
    fn start(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        let names = self.columns.properties.iter().map(|column| column.name.as_str());
        let names = CORE.iter().copied().chain(names).chain([OTHER]);
        line(names.map(|name| Cell::Text(name.to_owned())), out);
        Ok(())
    }

    fn record(&mut self, record: &[u8], out: &mut Vec<u8>) -> Result<(), ExportError> {
        let row = Row::read(record)?;
        let sides = row.place.as_ref().and_then(|place| place.bbox);
        let side = |at: usize| sides.and_then(|sides| sides.get(at).copied()).map_or(Cell::Missing, Cell::Number);
        let geometry = row.place.as_ref().and_then(|place| place.geometry.as_ref());
        let core = [
            Cell::Text(row.kind.to_owned()),
            text(row.collection.as_ref()),
            Cell::Text(row.id.clone()),
            text(row.title.as_ref()),
            text(row.start.as_ref()),
            text(row.stop.as_ref()),
            row.place.as_ref().map_or(Cell::Missing, |place| Cell::Text(place.body.clone())),
            side(0),
            side(1),
            side(2),
            side(3),
            geometry.map_or(Cell::Missing, |geometry| Cell::Text(geometry.to_string())),
            text(row.level.as_ref()),
            text(row.data_type.as_ref()),
            joined(&row.missions),
            joined(&row.platforms),
            joined(&row.instruments),
            joined(&row.targets),
            text(row.licence.as_ref()),
        ];
        let properties = self.columns.properties.iter().map(|column| match row.properties.get(&column.property) {
            Some(value) if column.kind.takes(value) => cell(value),
            _ => Cell::Missing,
        });
        let others = text(self.columns.others(&row.properties).as_ref());
        line(core.into_iter().chain(properties).chain([others]), out);
        Ok(())
    }

    fn finish(&mut self, _: &mut Vec<u8>) -> Result<(), ExportError> {
        Ok(())
    }
}

fn line(cells: impl Iterator<Item = Cell>, out: &mut Vec<u8>) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        match cell {
            Cell::Missing => {}
            Cell::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
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
