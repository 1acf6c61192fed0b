//! VOTable 1.4 (IVOA), serialised as TABLEDATA. Columns that ObsCore 1.1 knows have its names, units and UCDs.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::cell::{Cell, joined, side};
use super::columns::{Columns, Finding, OTHER};
use super::row::{Lifted, Row};
use super::shape::Shape;
use super::{Encoder, ExportError, Shown};

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
    /// Finds the columns on a sample.
    pub(super) fn new(sample: &[Shown]) -> Result<Self, ExportError> {
        let mut finding = Finding::default();
        for shown in sample {
            finding.see(&members(shown, &Row::read(&shown.record)?)?);
        }
        let taken: Vec<&str> = CORE.iter().map(|(name, ..)| *name).collect();
        Ok(Self { columns: finding.columns(&taken, &[]) })
    }
}

/// What has columns of its own beside those of ObsCore: the properties, or all members of a feature.
fn members(shown: &Shown, row: &Row) -> Result<Map<String, Value>, ExportError> {
    if shown.feature.is_none() {
        return Ok(row.properties.clone());
    }
    let Lifted { mut members, geometry, .. } = Lifted::read(shown, "")?;
    members.extend(geometry.map(|geometry| ("geometry".to_owned(), geometry)));
    Ok(members)
}

impl Encoder for VoTable {
    fn start(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
            <VOTABLE version=\"1.4\" xmlns=\"http://www.ivoa.net/xml/VOTable/v1.3\">\n\
            <RESOURCE type=\"results\">\n<INFO name=\"QUERY_STATUS\" value=\"OK\"/>\n<TABLE>\n";
        out.extend_from_slice(head.as_bytes());
        let names = CORE.iter().map(|(name, ..)| *name).chain(self.columns.iter().map(|column| column.name.as_str()));
        let mut taken: BTreeSet<String> = names.chain([OTHER]).map(str::to_owned).collect();
        for (name, datatype, unit, ucd) in CORE {
            field((name, None), datatype, unit, ucd, out);
        }
        for column in self.columns.iter() {
            field((&column.name, identifier(&column.name, &mut taken)), datatype(&column.shape), "", "", out);
        }
        field((OTHER, None), "char", "", "", out);
        out.extend_from_slice(b"<DATA><TABLEDATA>\n");
        Ok(())
    }

    fn record(&mut self, shown: &Shown, out: &mut Vec<u8>) -> Result<(), ExportError> {
        let row = Row::read(&shown.record)?;
        let members = members(shown, &row)?;
        out.extend_from_slice(b"<TR>");
        let others = Cell::from(self.columns.others(&members));
        let found = self.columns.values(&members).map(|(_, value)| Cell::from(value));
        for cell in core(&row).into_iter().chain(found).chain([others]) {
            out.extend_from_slice(b"<TD>");
            match cell {
                Cell::Missing => {}
                Cell::Number(number) => out.extend_from_slice(number.as_bytes()),
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
    let number = |value: Option<f64>| value.map_or(Cell::Missing, Cell::from);
    let [start, stop] = row.instants().map(|micros| micros.map(|micros| micros as f64 / DAY + MJD_OF_1970));
    let place = row.place.as_ref();
    let sides = place.and_then(|place| place.bbox);
    let circle = place.filter(|place| place.body == "sky").and_then(|place| place.circle);
    let scope = row.collection.as_ref().map_or_else(String::new, |collection| format!("{collection}/"));
    vec![
        Cell::Text(format!("{}/{scope}{}", row.kind, row.id)),
        row.collection.clone().into(),
        Cell::Text(row.id.clone()),
        row.title.clone().into(),
        joined(if row.platforms.is_empty() { &row.missions } else { &row.platforms }),
        joined(&row.instruments),
        joined(&row.targets),
        number(start),
        number(stop),
        number(circle.map(|[longitude, ..]| longitude.rem_euclid(360.0))),
        number(circle.map(|[_, latitude, _]| latitude)),
        number(circle.map(|[.., radius]| 2.0 * radius)),
        place.map(|place| place.body.clone()).into(),
        side(sides, 0),
        side(sides, 1),
        side(sides, 2),
        side(sides, 3),
        row.level.clone().into(),
    ]
}

/// VOTable has no lists of texts of several lengths: what is neither truth nor number is text.
fn datatype(shape: &Shape) -> &'static str {
    match shape {
        Shape::Bool => "boolean",
        Shape::Integer => "long",
        Shape::Number => "double",
        _ => "char",
    }
}

/// An `ID` for a name that is none itself (XML 1.0 § 2.3, `Name` without colons): readers would make one up.
fn identifier(name: &str, taken: &mut BTreeSet<String>) -> Option<String> {
    let is_good = |(at, character): (usize, char)| {
        character == '_'
            || character.is_ascii_alphabetic()
            || at > 0 && (character.is_ascii_digit() || "-.".contains(character))
    };
    if name.chars().enumerate().all(is_good) {
        return None;
    }
    let mut id: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if !id.starts_with(|first: char| first.is_ascii_alphabetic()) {
        id.insert(0, '_');
    }
    while !taken.insert(id.clone()) {
        id.push('_');
    }
    Some(id)
}

fn field((name, id): (&str, Option<String>), datatype: &str, unit: &str, ucd: &str, out: &mut Vec<u8>) {
    // Text beyond ASCII is unicodeChar in VOTable 1.4 § 2.1.
    let kind = match datatype {
        "char" => "datatype=\"unicodeChar\" arraysize=\"*\"".to_owned(),
        datatype => format!("datatype=\"{datatype}\""),
    };
    let optional =
        |name: &str, value: &str| if value.is_empty() { String::new() } else { format!(" {name}=\"{value}\"") };
    let text = format!(
        "<FIELD{} name=\"{}\" {kind}{}{}/>\n",
        optional("ID", id.as_deref().unwrap_or("")),
        escaped(name),
        optional("unit", unit),
        optional("ucd", ucd)
    );
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
            // Readers of XML make line feeds of the character itself.
            '\r' => safe.push_str("&#13;"),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            _ => safe.push(character),
        }
    }
    safe
}
