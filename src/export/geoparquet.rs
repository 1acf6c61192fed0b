//! GeoParquet 1.1 in the layout of stac-geoparquet 1.0: one row an Item, its properties as columns, geometry as WKB with
//! its box beside it. The one door of `parquet` and `arrow`.

use std::sync::Arc;

use arrow_array::builder::{
    ArrayBuilder, BinaryBuilder, BooleanBuilder, Float64Builder, Int64Builder, ListBuilder, StringBuilder,
    StructBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use serde_json::Value;

use super::columns::{Columns, Kind, OTHER};
use super::row::{FileCell, Row};
use super::wkb::wkb;
use super::{Encoder, ExportError};
use crate::model::uri::encode;

/// Records in a row group: the most that is held in memory.
const ROW_GROUP: usize = 5_000;

/// Texts of each row, in order.
const TEXTS: &[&str] =
    &["type", "stac_version", "id", "collection", "title", "description", "level", "data_type", "licence", "body"];
const LISTS: &[&str] = &["missions", "platforms", "instruments", "targets"];
const SIDES: [&str; 4] = ["xmin", "ymin", "xmax", "ymax"];
const STAC_VERSION: &str = "1.1.0";

/// GeoParquet 1.1 and stac-geoparquet 1.0 metadata. Without a `crs` it is OGC:CRS84.
const GEO: &str = r#"{"version":"1.1.0","primary_column":"geometry","columns":{"geometry":{"encoding":"WKB","geometry_types":[],"covering":{"bbox":{"xmin":["bbox","xmin"],"ymin":["bbox","ymin"],"xmax":["bbox","xmax"],"ymax":["bbox","ymax"]}}}}}"#;
const STAC: &str = r#"{"version":"1.0.0"}"#;

pub(super) struct GeoParquet {
    columns: Columns,
    base: String,
    schema: SchemaRef,
    writer: Option<ArrowWriter<Vec<u8>>>,
    waiting: Vec<Row>,
}

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ExportError {
    ExportError::Parquet(error.into())
}

impl GeoParquet {
    pub(super) fn new(columns: Columns, base: &str) -> Result<Self, ExportError> {
        let schema: SchemaRef = Arc::new(schema(&columns));
        let level = ZstdLevel::try_new(3).map_err(failed)?;
        let metadata = [("geo", GEO), ("stac-geoparquet", STAC)];
        let metadata = metadata.map(|(key, value)| KeyValue::new(key.to_owned(), value.to_owned()));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_key_value_metadata(Some(metadata.to_vec()))
            .build();
        let writer = ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), Some(properties)).map_err(failed)?;
        Ok(Self { columns, base: base.to_owned(), schema, writer: Some(writer), waiting: Vec::new() })
    }

    /// Writes what waits as a row group.
    fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        let rows = std::mem::take(&mut self.waiting);
        let Some(writer) = self.writer.as_mut() else { return Ok(()) };
        if !rows.is_empty() {
            let arrays = arrays(&rows, &self.columns, &self.base);
            let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays).map_err(failed)?;
            writer.write(&batch).map_err(failed)?;
            writer.flush().map_err(failed)?;
        }
        // The writer counts what went through it: taking the bytes away does not move its offsets.
        out.append(writer.inner_mut());
        Ok(())
    }
}

impl Encoder for GeoParquet {
    fn start(&mut self, _: &mut Vec<u8>) -> Result<(), ExportError> {
        Ok(())
    }

    fn record(&mut self, record: &[u8], out: &mut Vec<u8>) -> Result<(), ExportError> {
        self.waiting.push(Row::read(record)?);
        if self.waiting.len() >= ROW_GROUP { self.flush(out) } else { Ok(()) }
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        self.flush(out)?;
        if let Some(writer) = self.writer.take() {
            out.append(&mut writer.into_inner().map_err(failed)?);
        }
        Ok(())
    }
}

fn text_field(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true)
}

fn text_list() -> DataType {
    DataType::List(Arc::new(Field::new("item", DataType::Utf8, true)))
}

fn instant() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

fn box_fields() -> Fields {
    SIDES.iter().map(|side| Field::new(*side, DataType::Float64, true)).collect()
}

fn link_fields() -> Fields {
    ["href", "rel", "type", "title"].iter().map(|name| text_field(name)).collect()
}

fn asset_fields() -> Fields {
    let texts = ["href", "title", "type"].iter().map(|name| text_field(name));
    texts.chain([Field::new("roles", text_list(), true)]).collect()
}

fn assets_fields(columns: &Columns) -> Fields {
    columns.files.iter().map(|name| Field::new(name, DataType::Struct(asset_fields()), true)).collect()
}

fn schema(columns: &Columns) -> Schema {
    let mut fields: Vec<Field> = TEXTS.iter().map(|name| text_field(name)).collect();
    fields.extend(["datetime", "start_datetime", "end_datetime"].iter().map(|name| Field::new(*name, instant(), true)));
    fields.extend(LISTS.iter().map(|name| Field::new(*name, text_list(), true)));
    fields.push(Field::new("stac_extensions", text_list(), true));
    fields.push(Field::new("bbox", DataType::Struct(box_fields()), true));
    fields.push(Field::new("geometry", DataType::Binary, true));
    let link = Field::new("item", DataType::Struct(link_fields()), true);
    fields.push(Field::new("links", DataType::List(Arc::new(link)), true));
    if !columns.files.is_empty() {
        fields.push(Field::new("assets", DataType::Struct(assets_fields(columns)), true));
    }
    fields.extend(columns.properties.iter().map(|column| {
        let kind = match column.kind {
            Kind::Bool => DataType::Boolean,
            Kind::Integer => DataType::Int64,
            Kind::Number => DataType::Float64,
            Kind::Text => DataType::Utf8,
        };
        Field::new(&column.name, kind, true)
    }));
    fields.push(text_field(OTHER));
    Schema::new(fields)
}

/// All columns of some rows, in the order of the schema.
fn arrays(rows: &[Row], columns: &Columns, base: &str) -> Vec<ArrayRef> {
    let mut arrays: Vec<ArrayRef> = Vec::new();
    for name in TEXTS {
        arrays.push(texts(rows, |row| text_of(row, name)));
    }
    let instants = |pick: fn(&Row) -> Option<i64>| -> ArrayRef {
        let mut builder = TimestampMicrosecondBuilder::new().with_timezone("UTC");
        rows.iter().for_each(|row| builder.append_option(pick(row)));
        Arc::new(builder.finish())
    };
    // An Item with a span has no datetime (STAC common metadata); an instant is all three.
    arrays.push(instants(|row| match row.instants() {
        [Some(start), Some(stop)] if start != stop => None,
        [start, stop] => start.or(stop),
    }));
    arrays.push(instants(|row| row.instants()[0]));
    arrays.push(instants(|row| row.instants()[1]));
    let lists: [fn(&Row) -> &[String]; 5] =
        [|row| &row.missions, |row| &row.platforms, |row| &row.instruments, |row| &row.targets, |_| &[]];
    arrays.extend(lists.into_iter().map(|pick| text_lists(rows, pick)));
    arrays.push(boxes(rows));
    let mut geometries = BinaryBuilder::new();
    for row in rows {
        let on_earth = row.place.as_ref().filter(|place| place.body == "earth");
        geometries.append_option(on_earth.and_then(|place| wkb(place.geometry.as_ref()?)));
    }
    arrays.push(Arc::new(geometries.finish()));
    arrays.push(links(rows, base));
    if !columns.files.is_empty() {
        arrays.push(assets(rows, columns, base));
    }
    for column in &columns.properties {
        let value = |row: &Row| row.properties.get(&column.property).filter(|value| column.kind.takes(value)).cloned();
        arrays.push(property(rows, column.kind, value));
    }
    arrays.push(texts(rows, |row| columns.others(&row.properties)));
    arrays
}

fn text_of(row: &Row, name: &str) -> Option<String> {
    match name {
        "type" => Some("Feature".to_owned()),
        "stac_version" => Some(STAC_VERSION.to_owned()),
        "id" => Some(row.id.clone()),
        "collection" => row.collection.clone(),
        "title" => row.title.clone(),
        "description" => row.description.clone(),
        "level" => row.level.clone(),
        "data_type" => row.data_type.clone(),
        "licence" => row.licence.clone(),
        _ => row.place.as_ref().map(|place| place.body.clone()),
    }
}

fn texts(rows: &[Row], pick: impl Fn(&Row) -> Option<String>) -> ArrayRef {
    let mut builder = StringBuilder::new();
    rows.iter().for_each(|row| builder.append_option(pick(row)));
    Arc::new(builder.finish())
}

fn text_lists(rows: &[Row], pick: fn(&Row) -> &[String]) -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new());
    for row in rows {
        pick(row).iter().for_each(|text| builder.values().append_value(text));
        builder.append(true);
    }
    Arc::new(builder.finish())
}

fn property(rows: &[Row], kind: Kind, value: impl Fn(&Row) -> Option<Value>) -> ArrayRef {
    match kind {
        Kind::Bool => {
            let mut builder = BooleanBuilder::new();
            rows.iter().for_each(|row| builder.append_option(value(row).and_then(|value| value.as_bool())));
            Arc::new(builder.finish())
        }
        Kind::Integer => {
            let mut builder = Int64Builder::new();
            rows.iter().for_each(|row| builder.append_option(value(row).and_then(|value| value.as_i64())));
            Arc::new(builder.finish())
        }
        Kind::Number => {
            let mut builder = Float64Builder::new();
            rows.iter().for_each(|row| builder.append_option(value(row).and_then(|value| value.as_f64())));
            Arc::new(builder.finish())
        }
        Kind::Text => texts(rows, |row| match value(row)? {
            Value::Null => None,
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        }),
    }
}

fn boxes(rows: &[Row]) -> ArrayRef {
    let sides = SIDES.iter().map(|_| Box::new(Float64Builder::new()) as Box<dyn ArrayBuilder>).collect();
    let mut builder = StructBuilder::new(box_fields(), sides);
    for row in rows {
        let on_earth = row.place.as_ref().filter(|place| place.body == "earth");
        let bbox = on_earth.and_then(|place| place.bbox);
        for at in 0..SIDES.len() {
            if let Some(side) = builder.field_builder::<Float64Builder>(at) {
                side.append_option(bbox.and_then(|bbox| bbox.get(at).copied()));
            }
        }
        builder.append(bbox.is_some());
    }
    Arc::new(builder.finish())
}

fn append_text(builder: &mut StructBuilder, at: usize, text: Option<String>) {
    if let Some(column) = builder.field_builder::<StringBuilder>(at) {
        column.append_option(text);
    }
}

/// Each row's address at this service.
fn links(rows: &[Row], base: &str) -> ArrayRef {
    let texts = link_fields().iter().map(|_| Box::new(StringBuilder::new()) as Box<dyn ArrayBuilder>).collect();
    let mut builder = ListBuilder::new(StructBuilder::new(link_fields(), texts));
    for row in rows {
        if let Some(collection) = &row.collection {
            let href = format!("{base}/stac/collections/{}/items/{}", encode(collection), encode(&row.id));
            let link = builder.values();
            let texts = [Some(href), Some("self".to_owned()), Some("application/geo+json".to_owned()), None];
            texts.into_iter().enumerate().for_each(|(at, text)| append_text(link, at, text));
            link.append(true);
        }
        builder.append(true);
    }
    Arc::new(builder.finish())
}

fn assets(rows: &[Row], columns: &Columns, base: &str) -> ArrayRef {
    let asset = || -> Box<dyn ArrayBuilder> {
        let mut members: Vec<Box<dyn ArrayBuilder>> = Vec::new();
        members.extend((0..3).map(|_| Box::new(StringBuilder::new()) as Box<dyn ArrayBuilder>));
        members.push(Box::new(ListBuilder::new(StringBuilder::new())));
        Box::new(StructBuilder::new(asset_fields(), members))
    };
    let mut builder = StructBuilder::new(assets_fields(columns), columns.files.iter().map(|_| asset()).collect());
    for row in rows {
        for (at, name) in columns.files.iter().enumerate() {
            let file = row.files.iter().find(|file| file.name == *name);
            if let Some(asset) = builder.field_builder::<StructBuilder>(at) {
                append_asset(asset, file.map(|file| (file, href_of(row, file, base))));
            }
        }
        builder.append(true);
    }
    Arc::new(builder.finish())
}

fn append_asset(asset: &mut StructBuilder, file: Option<(&FileCell, String)>) {
    let is_there = file.is_some();
    let (href, title, kind, role) = match file {
        Some((file, href)) => (Some(href), Some(file.name.clone()), file.media_type.clone(), file.role.clone()),
        None => (None, None, None, None),
    };
    [href, title, kind].into_iter().enumerate().for_each(|(at, text)| append_text(asset, at, text));
    if let Some(roles) = asset.field_builder::<ListBuilder<StringBuilder>>(3) {
        role.iter().for_each(|role| roles.values().append_value(role));
        roles.append(role.is_some());
    }
    asset.append(is_there);
}

fn href_of(row: &Row, file: &FileCell, base: &str) -> String {
    match (&file.href, &row.collection) {
        (Some(href), _) => href.clone(),
        (None, Some(collection)) => {
            let product = format!("{base}/api/v1/collections/{}/products/{}", encode(collection), encode(&row.id));
            format!("{product}/files/{}", encode(&file.name))
        }
        (None, None) => file.name.clone(),
    }
}
