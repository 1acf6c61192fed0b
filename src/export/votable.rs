//! VOTable 1.4 (IVOA), serialised as TABLEDATA. Columns that ObsCore 1.1 knows have its names, units and UCDs.

use super::columns::{Columns, Kind, OTHER};
use super::row::{Cell, cell, joined, text};
use super::{Encoder, ExportError, Row};

/// Name, datatype, unit, UCD.
const CORE: &[(&str, &str, &str, &str)] = &[
    ("obs_publisher_did", "char", "", "meta.ref.uri;meta.curation"),
    ("obs_collection", "char", "", "meta.id"),
    ("obs_id", "char", "", "meta.id"),
    ("obs_title", "char", "", "meta.title;obs"),
    ("facility_name", "char", "", "meta.id;instr.tel"),
    ("instrument_name", "char", "", "meta.id;instr"),
    ("target_name", "char", "", "meta.id;src"),
    ("t_min", "double", "d", "time.start;obs.exposure"),
    ("t_max", "double", "d", "time.end;obs.exposure"),
    ("s_ra", "double", "deg", "pos.eq.ra"),
    ("s_dec", "double", "deg", "pos.eq.dec"),
    ("s_fov", "double", "deg", "phys.angSize;instr.fov"),
    ("body", "char", "", ""),
    ("west", "double", "deg", "pos.bodyrc.lon;stat.min"),
    ("south", "double", "deg", "pos.bodyrc.lat;stat.min"),
    ("east", "double", "deg", "pos.bodyrc.lon;stat.max"),
    ("north", "double", "deg", "pos.bodyrc.lat;stat.max"),
    ("level", "char", "", ""),
];

/// Microseconds in a day, and the Modified Julian Date of 1970.
const DAY: f64 = 86_400e6;
const MJD_OF_1970: f64 = 40_587.0;

pub(super) struct VoTable {
    columns: Columns,
}

impl VoTable {
    pub(super) fn new(columns: Columns) -> Self {
        Self { columns }
    }
}

impl Encoder for VoTable {
    fn start(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
            <VOTABLE version=\"1.4\" xmlns=\"http://www.ivoa.net/xml/VOTable/v1.3\">\n\
            <RESOURCE type=\"results\">\n<INFO name=\"QUERY_STATUS\" value=\"OK\"/>\n<TABLE>\n";
        out.extend_from_slice(head.as_bytes());
        for (name, datatype, unit, ucd) in CORE {
            field(name, datatype, unit, ucd, out);
        }
        for column in &self.columns.properties {
            field(&column.name, datatype(column.kind), "", "", out);
        }
        field(OTHER, "char", "", "", out);
        out.extend_from_slice(b"<DATA><TABLEDATA>\n");
        Ok(())
    }

    fn record(&mut self, record: &[u8], out: &mut Vec<u8>) -> Result<(), ExportError> {
        let row = Row::read(record)?;
        out.extend_from_slice(b"<TR>");
        let others = text(self.columns.others(&row.properties).as_ref());
        let properties = self.columns.properties.iter().map(|column| match row.properties.get(&column.property) {
            Some(serde_json::Value::Bool(truth)) if column.kind == Kind::Bool => Cell::Text(truth.to_string()),
            Some(value) if column.kind.takes(value) => cell(value),
            _ => Cell::Missing,
        });
        for cell in core(&row).into_iter().chain(properties).chain([others]) {
            out.extend_from_slice(b"<TD>");
            match cell {
                Cell::Missing => {}
                Cell::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
                Cell::Text(text) => out.extend_from_slice(escaped(&text).as_bytes()),
            }
            out.extend_from_slice(b"</TD>");
        }
        out.extend_from_slice(b"</TR>\n");
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        out.extend_from_slice(b"</TABLEDATA></DATA>\n</TABLE>\n</RESOURCE>\n</VOTABLE>\n");
        Ok(())
    }
}

fn core(row: &Row) -> Vec<Cell> {
    let number = |value: Option<f64>| value.map_or(Cell::Missing, Cell::Number);
    let [start, stop] = row.instants().map(|micros| micros.map(|micros| micros as f64 / DAY + MJD_OF_1970));
    let place = row.place.as_ref();
    let sides = place.and_then(|place| place.bbox);
    let side = |at: usize| number(sides.and_then(|sides| sides.get(at).copied()));
    let circle = place.filter(|place| place.body == "sky").and_then(|place| place.circle);
    let scope = row.collection.as_ref().map_or_else(String::new, |collection| format!("{collection}/"));
    vec![
        Cell::Text(format!("{}/{scope}{}", row.kind, row.id)),
        text(row.collection.as_ref()),
        Cell::Text(row.id.clone()),
        text(row.title.as_ref()),
        joined(if row.platforms.is_empty() { &row.missions } else { &row.platforms }),
        joined(&row.instruments),
        joined(&row.targets),
        number(start),
        number(stop),
        number(circle.map(|[longitude, ..]| longitude.rem_euclid(360.0))),
        number(circle.map(|[_, latitude, _]| latitude)),
        number(circle.map(|[.., radius]| 2.0 * radius)),
        place.map_or(Cell::Missing, |place| Cell::Text(place.body.clone())),
        side(0),
        side(1),
        side(2),
        side(3),
        text(row.level.as_ref()),
    ]
}

fn datatype(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "boolean",
        Kind::Integer => "long",
        Kind::Number => "double",
        Kind::Text => "char",
    }
}

fn field(name: &str, datatype: &str, unit: &str, ucd: &str, out: &mut Vec<u8>) {
    // Text beyond ASCII is unicodeChar in VOTable 1.4 § 2.1.
    let kind = match datatype {
        "char" => "datatype=\"unicodeChar\" arraysize=\"*\"".to_owned(),
        datatype => format!("datatype=\"{datatype}\""),
    };
    let optional =
        |name: &str, value: &str| if value.is_empty() { String::new() } else { format!(" {name}=\"{value}\"") };
    let text =
        format!("<FIELD name=\"{}\" {kind}{}{}/>\n", escaped(name), optional("unit", unit), optional("ucd", ucd));
    out.extend_from_slice(text.as_bytes());
}

/// Text for XML 1.0; characters that it cannot hold become U+FFFD.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\t' | '\n' => safe.push(character),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            _ => safe.push(character),
        }
    }
    safe
}
