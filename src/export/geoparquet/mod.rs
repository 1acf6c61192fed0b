//! GeoParquet 1.1 in the layout of stac-geoparquet 1.0: one row an Item, its properties as columns, geometry as WKB with
//! its box beside it. The one door of `parquet` and `arrow`.

mod arrays;

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use serde_json::{Map, Value};

use super::columns::{Columns, Finding, OTHER};
use super::row::Lifted;
use super::shape::Shape;
use super::{Encoder, ExportError, Shown};

/// Records in a row group, and bytes of their texts: the most that is held in memory.
const GROUP_RECORDS: usize = 5_000;
const GROUP_BYTES: usize = 8 << 20;

/// Members that stac-geoparquet has as timestamps.
const INSTANTS: &[&str] =
    &["datetime", "start_datetime", "end_datetime", "created", "updated", "published", "unpublished", "expires"];
/// Members that a table without rows has.
const LEAST: &[&str] = &["id", "type", "stac_version", "datetime"];

/// GeoParquet 1.1 and stac-geoparquet 1.0 metadata. Without a `crs` it is OGC:CRS84.
const GEO: &str = r#"{"version":"1.1.0","primary_column":"geometry","columns":{"geometry":{"encoding":"WKB","geometry_types":[],"covering":{"bbox":{"xmin":["bbox","xmin"],"ymin":["bbox","ymin"],"xmax":["bbox","xmax"],"ymax":["bbox","ymax"]}}}}}"#;
const STAC: &str = r#"{"version":"1.0.0"}"#;

pub(super) struct GeoParquet {
    columns: Columns,
    base: String,
    schema: SchemaRef,
    writer: Option<ArrowWriter<Vec<u8>>>,
    waiting: Vec<Lifted>,
    waiting_bytes: usize,
}

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ExportError {
    ExportError::Parquet(error.into())
}

impl GeoParquet {
    /// Finds the columns on a sample.
    pub(super) fn new(sample: &[Shown], base: &str) -> Result<Self, ExportError> {
        let mut finding = Finding::default();
        for shown in sample {
            finding.see(&Lifted::read(shown, base)?.members);
        }
        if sample.is_empty() {
            finding.see(&LEAST.iter().map(|name| ((*name).to_owned(), Value::Null)).collect::<Map<_, _>>());
        }
        let columns = finding.columns(&["geometry", "bbox"], INSTANTS);
        let schema: SchemaRef = Arc::new(schema(&columns));
        let level = ZstdLevel::try_new(3).map_err(failed)?;
        let metadata = [("geo", GEO), ("stac-geoparquet", STAC)];
        let metadata = metadata.map(|(key, value)| KeyValue::new(key.to_owned(), value.to_owned()));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_key_value_metadata(Some(metadata.to_vec()))
            .build();
        let writer = ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), Some(properties)).map_err(failed)?;
        let base = base.to_owned();
        Ok(Self { columns, base, schema, writer: Some(writer), waiting: Vec::new(), waiting_bytes: 0 })
    }

    /// Writes what waits as a row group.
    fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        let rows = std::mem::take(&mut self.waiting);
        self.waiting_bytes = 0;
        let Some(writer) = self.writer.as_mut() else { return Ok(()) };
        if !rows.is_empty() {
            let arrays = columns_of(&rows, &self.columns)?;
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

    fn record(&mut self, shown: &Shown, out: &mut Vec<u8>) -> Result<(), ExportError> {
        self.waiting.push(Lifted::read(shown, &self.base)?);
        self.waiting_bytes += shown.text().len();
        let is_full = self.waiting.len() >= GROUP_RECORDS || self.waiting_bytes >= GROUP_BYTES;
        if is_full { self.flush(out) } else { Ok(()) }
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        self.flush(out)?;
        if let Some(writer) = self.writer.take() {
            out.append(&mut writer.into_inner().map_err(failed)?);
        }
        Ok(())
    }
}

fn schema(columns: &Columns) -> Schema {
    let mut fields = vec![
        Field::new("geometry", DataType::Binary, true),
        Field::new("bbox", DataType::Struct(arrays::box_fields()), true),
    ];
    fields.extend(columns.iter().map(|column| arrays::field(&column.name, &column.shape)));
    fields.push(Field::new(OTHER, DataType::Utf8, true));
    Schema::new(fields)
}

/// All columns of some rows, in the order of the schema.
fn columns_of(rows: &[Lifted], columns: &Columns) -> Result<Vec<ArrayRef>, ExportError> {
    let mut arrays: Vec<ArrayRef> = vec![arrays::geometries(rows), arrays::boxes(rows)?];
    for column in columns.iter() {
        // An instant that is more exact than its column is there too, and stands as it is written in the last one.
        let fits = |value: &&Value| column.shape == Shape::Instant || column.shape.takes(value);
        let values: Vec<Option<&Value>> = rows.iter().map(|row| row.members.get(&column.member).filter(fits)).collect();
        arrays.push(arrays::array(&column.shape, &values)?);
    }
    arrays.push(arrays::texts(rows.iter().map(|row| columns.others(&row.members))));
    Ok(arrays)
}
