//! Values of JSON as columns of Arrow. Lists and objects stay lists and objects.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, NullBufferBuilder, OffsetBufferBuilder};
use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, ListArray, StringArray, StructArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field, Fields, TimeUnit};
use serde_json::Value;

use super::failed;
use crate::export::ExportError;
use crate::export::row::Lifted;
use crate::export::shape::{Shape, cut_instant};
use crate::export::wkb::wkb;

const SIDES: [&str; 4] = ["xmin", "ymin", "xmax", "ymax"];
/// Mark of a column of texts that are JSON: values of several types, or objects of too many members.
const IS_JSON: (&str, &str) = ("perennial:encoding", "json");

/// The column of a shape. Every value may be missing.
pub(super) fn field(name: &str, shape: &Shape) -> Field {
    let field = Field::new(name, data_type(shape), true);
    if *shape == Shape::Json {
        return field.with_metadata(HashMap::from([(IS_JSON.0.to_owned(), IS_JSON.1.to_owned())]));
    }
    field
}

fn data_type(shape: &Shape) -> DataType {
    match shape {
        Shape::Bool => DataType::Boolean,
        Shape::Integer => DataType::Int64,
        Shape::Number => DataType::Float64,
        Shape::Instant => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Shape::Unknown | Shape::Text | Shape::Json => DataType::Utf8,
        Shape::List(inner) => DataType::List(Arc::new(field("item", inner))),
        Shape::Object(members) => DataType::Struct(fields(members.iter())),
    }
}

fn fields<'s>(members: impl Iterator<Item = (&'s String, &'s Shape)>) -> Fields {
    members.map(|(name, shape)| field(name, shape)).collect()
}

/// The values of a column, each null or of its shape.
pub(super) fn array(shape: &Shape, values: &[Option<&Value>]) -> Result<ArrayRef, ExportError> {
    Ok(match shape {
        Shape::Bool => Arc::new(values.iter().map(|value| value.and_then(Value::as_bool)).collect::<BooleanArray>()),
        Shape::Integer => Arc::new(values.iter().map(|value| value.and_then(Value::as_i64)).collect::<Int64Array>()),
        Shape::Number => Arc::new(values.iter().map(|value| value.and_then(Value::as_f64)).collect::<Float64Array>()),
        Shape::Instant => {
            let micros = values.iter().map(|value| value.and_then(Value::as_str).and_then(cut_instant));
            Arc::new(micros.collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
        }
        Shape::Unknown | Shape::Text => {
            Arc::new(values.iter().map(|value| value.and_then(Value::as_str)).collect::<StringArray>())
        }
        Shape::Json => texts(values.iter().map(|value| value.filter(|value| !value.is_null()).map(Value::to_string))),
        Shape::List(inner) => list(inner, values)?,
        Shape::Object(members) => {
            let mut arrays = Vec::with_capacity(members.len());
            for (name, shape) in members {
                let inner: Vec<Option<&Value>> =
                    values.iter().map(|value| value.and_then(|value| value.get(name))).collect();
                arrays.push(array(shape, &inner)?);
            }
            structure(fields(members.iter()), arrays, values.iter().map(|value| value.is_some_and(Value::is_object)))?
        }
    })
}

fn list(inner: &Shape, values: &[Option<&Value>]) -> Result<ArrayRef, ExportError> {
    let mut offsets = OffsetBufferBuilder::<i32>::new(values.len());
    let mut nulls = NullBufferBuilder::new(values.len());
    let mut elements = Vec::new();
    for value in values {
        let given = value.and_then(Value::as_array);
        nulls.append(given.is_some());
        offsets.try_push_length(given.map_or(0, Vec::len)).map_err(failed)?;
        elements.extend(given.into_iter().flatten().map(Some));
    }
    let elements = array(inner, &elements)?;
    let item = Arc::new(field("item", inner));
    Ok(Arc::new(ListArray::try_new(item, offsets.finish(), elements, nulls.finish()).map_err(failed)?))
}

fn structure(
    fields: Fields,
    arrays: Vec<ArrayRef>,
    there: impl Iterator<Item = bool>,
) -> Result<ArrayRef, ExportError> {
    let mut nulls = NullBufferBuilder::new(0);
    there.for_each(|there| nulls.append(there));
    Ok(Arc::new(StructArray::try_new(fields, arrays, nulls.finish()).map_err(failed)?))
}

pub(super) fn texts(values: impl Iterator<Item = Option<String>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

pub(super) fn geometries(rows: &[Lifted]) -> ArrayRef {
    let mut builder = BinaryBuilder::new();
    rows.iter().for_each(|row| builder.append_option(row.geometry.as_ref().and_then(wkb)));
    Arc::new(builder.finish())
}

pub(super) fn box_fields() -> Fields {
    SIDES.iter().map(|side| Field::new(*side, DataType::Float64, true)).collect()
}

pub(super) fn boxes(rows: &[Lifted]) -> Result<ArrayRef, ExportError> {
    let side = |at: usize| -> ArrayRef {
        let sides = rows.iter().map(|row| row.bbox.and_then(|bbox| bbox.get(at).copied()));
        Arc::new(sides.collect::<Float64Array>())
    };
    structure(box_fields(), (0..SIDES.len()).map(side).collect(), rows.iter().map(|row| row.bbox.is_some()))
}
