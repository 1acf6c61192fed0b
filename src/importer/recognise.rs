//! Tells formats apart by their content. Names and extensions lie; a look at the members of the first object does not.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::formats;

/// What an importer exists for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// One native record, or one JSON object that is broken.
    Native,
    /// Native records, one a line (other records may stand between).
    NativeLines,
    StacItem,
    StacCollection,
    StacCatalog,
    /// A GeoJSON FeatureCollection of items.
    StacItemCollection,
    /// A JSON array of items and collections.
    StacArray,
    /// Items and collections, one a line (other records may stand between).
    StacLines,
    Pds4,
    Spase,
    Safe,
    Ecs,
    Landsat,
    Pds3,
    Envisat,
    Iso,
    Cmr,
    Dcat,
    OgcRecord,
    Opus,
    Vo,
    Fits,
    NetCdf,
    Cdf,
    Metakernel,
}

impl Format {
    /// Whether the start of a large file is enough: its header or attributes stand there.
    pub fn is_read_from_its_start(self) -> bool {
        matches!(self, Self::Pds3 | Self::Envisat | Self::Fits | Self::NetCdf | Self::Cdf)
    }

    /// Whether the place of a document in its delivery names, or helps to name, what it describes.
    pub fn is_named_by_its_path(self) -> bool {
        let by_folder = matches!(self, Self::Safe);
        // The CMR names files by concept ids, which its documents lack.
        let by_file = matches!(self, Self::Cmr | Self::Iso | Self::Pds3 | Self::Metakernel);
        by_folder || by_file || matches!(self, Self::Fits | Self::NetCdf | Self::Cdf)
    }

    /// Whether a file is data that describes itself. Where a label names it, it is that product's file and no product
    /// of its own.
    pub fn describes_itself(self) -> bool {
        matches!(self, Self::Envisat | Self::Fits | Self::NetCdf | Self::Cdf)
    }
}

/// Whether a document is of a format, by its name and first bytes.
type Recognises = fn(&str, &[u8]) -> bool;

/// Formats that know their own: asked in this order, before STAC and native JSON.
const FOREIGN: &[(Format, Recognises)] = &[
    (Format::Pds4, formats::pds4::recognises),
    (Format::Spase, formats::spase::recognises),
    (Format::Safe, formats::safe::recognises),
    (Format::Ecs, formats::ecs::recognises),
    (Format::Landsat, formats::landsat::recognises),
    (Format::Pds3, formats::pds3::recognises),
    (Format::Envisat, formats::envisat::recognises),
    (Format::Iso, formats::iso::recognises),
    (Format::Cmr, formats::cmr::recognises),
    (Format::Dcat, formats::dcat::recognises),
    (Format::OgcRecord, formats::records::recognises),
    (Format::Opus, formats::opus::recognises),
    (Format::Vo, formats::vo::recognises),
    (Format::Fits, formats::fits::recognises),
    (Format::NetCdf, formats::netcdf::recognises),
    (Format::Cdf, formats::cdf::recognises),
    (Format::Metakernel, formats::metakernel::recognises),
];

/// The members that tell documents apart.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Head {
    kind: Option<IgnoredAny>,
    id: Option<IgnoredAny>,
    #[serde(rename = "type")]
    of_type: Option<Type>,
    stac_version: Option<IgnoredAny>,
    assets: Option<IgnoredAny>,
    extent: Option<IgnoredAny>,
    links: Option<IgnoredAny>,
    features: Option<IgnoredAny>,
}

#[derive(PartialEq)]
enum Type {
    Feature,
    FeatureCollection,
    Other,
}

impl<'de> Deserialize<'de> for Type {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match serde_json::Value::deserialize(deserializer)?.as_str() {
            Some("Feature") => Self::Feature,
            Some("FeatureCollection") => Self::FeatureCollection,
            _ => Self::Other,
        })
    }
}

impl Head {
    fn format(&self) -> Option<Format> {
        let stac = self.stac_version.is_some();
        match self.of_type {
            Some(Type::FeatureCollection) if self.features.is_some() => Some(Format::StacItemCollection),
            Some(Type::Feature) if stac || self.assets.is_some() => Some(Format::StacItem),
            _ if stac && self.extent.is_some() => Some(Format::StacCollection),
            _ if stac && self.links.is_some() => Some(Format::StacCatalog),
            _ if self.kind.is_some() && self.id.is_some() => Some(Format::Native),
            _ => None,
        }
    }
}

/// Says what the bytes are, or `None` for what no importer reads. Bytes that look like records but are broken are
/// recognised too, so that importing them says what is wrong. The name only helps where the content leaves it open.
pub fn recognise(name: &str, bytes: &[u8]) -> Option<Format> {
    if let Some((format, _)) = FOREIGN.iter().find(|(_, recognises)| recognises(name, bytes)) {
        return Some(*format);
    }
    let bytes = super::without_byte_order_mark(bytes);
    match bytes.trim_ascii_start().first() {
        Some(b'{') => object_or_lines(name, bytes),
        Some(b'[') => array(bytes),
        _ => None,
    }
}

fn object_or_lines(name: &str, bytes: &[u8]) -> Option<Format> {
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<Head>();
    let first = values.next()?;
    let rest = bytes.get(values.byte_offset()..).unwrap_or_default();
    match first {
        Ok(head) if rest.trim_ascii().is_empty() => head.format(),
        // More bytes after the first object: lines, or one record with something after it.
        Ok(head) if begins_line(rest) => head.format().map_or_else(|| lines(bytes), |format| Some(of_lines(format))),
        Ok(head) => head.format(),
        Err(_) => lines(bytes).or_else(|| looks_native(name, bytes).then_some(Format::Native)),
    }
}

fn begins_line(rest: &[u8]) -> bool {
    let after_spaces = rest.trim_ascii_start();
    let spaces = rest.len().saturating_sub(after_spaces.len());
    rest.get(..spaces).is_some_and(|spaces| spaces.contains(&b'\n'))
}

fn of_lines(format: Format) -> Format {
    if format == Format::Native { Format::NativeLines } else { Format::StacLines }
}

/// Some line among the first hundred is a whole record, so the others are meant as records too.
fn lines(bytes: &[u8]) -> Option<Format> {
    let candidates = bytes.split(|byte| *byte == b'\n').take(100).filter(|line| !line.trim_ascii().is_empty());
    let mut several = candidates.clone();
    several.next()?;
    several.next()?;
    candidates.filter_map(|line| serde_json::from_slice::<Head>(line).ok()?.format()).map(of_lines).next()
}

/// A broken object that was meant as a record: its text names the members, or its file name says JSON.
fn looks_native(name: &str, bytes: &[u8]) -> bool {
    let members: [&[u8]; 3] = [b"\"kind\"", b"\"stac_version\"", b"\"assets\""];
    let named = name.ends_with(".json") || name.ends_with(".ndjson") || name.ends_with(".geojson");
    let start = bytes.get(..bytes.len().min(1 << 16)).unwrap_or_default();
    named || members.iter().any(|member| memchr::memmem::find(start, member).is_some())
}

/// An array counts by its first element.
fn array(bytes: &[u8]) -> Option<Format> {
    let inner = bytes.trim_ascii_start().get(1..)?;
    let head = serde_json::Deserializer::from_slice(inner).into_iter::<Head>().next()?.ok()?;
    matches!(head.format()?, Format::StacItem | Format::StacCollection | Format::Native).then_some(Format::StacArray)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_told_apart_by_their_members_not_by_their_names() {
        let cases: &[(&str, Option<Format>)] = &[
            (r#"{"kind":"product","id":"a"}"#, Some(Format::Native)),
            ("{\"kind\":\"product\",\"id\":\"a\"}\n{\"kind\":\"product\",\"id\":\"b\"}\n", Some(Format::NativeLines)),
            ("{\"kind\":\"product\",\"id\":\"a\n{\"kind\":\"product\",\"id\":\"b\"}\n", Some(Format::NativeLines)),
            (r#"{"kind":"product","id":"a"} x"#, Some(Format::Native)),
            (r#"{"type":"Feature","assets":{}}"#, Some(Format::StacItem)),
            (r#"{"type":"Feature","stac_version":"0.7.0"}"#, Some(Format::StacItem)),
            (r#"{"type":"Feature","properties":{}}"#, None),
            (r#"{"stac_version":"0.8.1","id":"a","extent":{}}"#, Some(Format::StacCollection)),
            (r#"{"stac_version":"1.0.0","type":"Catalog","links":[]}"#, Some(Format::StacCatalog)),
            (r#"{"type":"FeatureCollection","features":[]}"#, Some(Format::StacItemCollection)),
            (r#"[{"type":"Feature","assets":{}}]"#, Some(Format::StacArray)),
            ("{\"type\":\"Feature\",\"assets\":{}}\n{}\n", Some(Format::StacLines)),
            ("\u{feff}{\"kind\":\"agent\",\"id\":\"a\"}", Some(Format::Native)),
            ("{\"kind\":", Some(Format::Native)),
            (r#"{"DOI":"10.1/x"}"#, None),
            ("<?xml version=\"1.0\"?><a/>", None),
            ("[1,2]", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(recognise("x.xml", text.as_bytes()), *expected, "{text}");
        }
    }
}
