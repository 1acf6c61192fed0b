//! A filter as CQL2 again, to ask somebody else: as text and as JSON, both from one tree. Writes what other servers commonly
//! answer (comparisons, `LIKE`, `BETWEEN`, `IN`, `IS NULL`, spatial relations of the footprint) and nothing else; what is not
//! written has to be decided here.

use serde_json::{Value, json};

use crate::model::{BoundingBox, Comparison, Filter, Operand, Place, PropertyName, SpatialRelation};

/// The name of a property where the filter goes to; `None` where it has none.
pub type Outward = fn(&PropertyName) -> Option<String>;

/// A filter that somebody else can read.
#[derive(Debug, Clone, PartialEq)]
pub struct WrittenFilter {
    pub text: String,
    pub json: Value,
}

/// Writes a filter; `None` when a part of it cannot be said.
pub fn write(filter: &Filter, names: Outward) -> Option<WrittenFilter> {
    match filter {
        Filter::And(parts) => joined(parts, "and", names),
        Filter::Or(parts) => joined(parts, "or", names),
        Filter::Not(inner) => {
            let inner = write(inner, names)?;
            Some(WrittenFilter {
                text: format!("NOT ({})", inner.text),
                json: json!({"op": "not", "args": [inner.json]}),
            })
        }
        Filter::Compare { left, comparison, right } => binary(sign(*comparison), left, right, names),
        Filter::Like { value, pattern } => {
            let (value, pattern) = (operand(value, names)?, operand(pattern, names)?);
            let text = format!("{} LIKE {}", value.text, pattern.text);
            Some(WrittenFilter { text, json: json!({"op": "like", "args": [value.json, pattern.json]}) })
        }
        Filter::Between { value, low, high } => {
            let (value, low, high) = (operand(value, names)?, operand(low, names)?, operand(high, names)?);
            let text = format!("{} BETWEEN {} AND {}", value.text, low.text, high.text);
            Some(WrittenFilter { text, json: json!({"op": "between", "args": [value.json, low.json, high.json]}) })
        }
        Filter::In { value, list } if !list.is_empty() => {
            let value = operand(value, names)?;
            let list: Vec<WrittenFilter> = list.iter().map(|item| operand(item, names)).collect::<Option<_>>()?;
            let texts: Vec<&str> = list.iter().map(|item| item.text.as_str()).collect();
            let text = format!("{} IN ({})", value.text, texts.join(", "));
            let list: Vec<Value> = list.iter().map(|item| item.json.clone()).collect();
            Some(WrittenFilter { text, json: json!({"op": "in", "args": [value.json, list]}) })
        }
        Filter::IsNull(value) => {
            let value = operand(value, names)?;
            Some(WrittenFilter {
                text: format!("{} IS NULL", value.text),
                json: json!({"op": "isNull", "args": [value.json]}),
            })
        }
        Filter::Spatial { relation, left, right } => {
            let (left, right) = (place(left, names)?, place(right, names)?);
            let name = relation_name(*relation);
            let text = format!("{}({}, {})", name.to_ascii_uppercase(), left.text, right.text);
            Some(WrittenFilter { text, json: json!({"op": name, "args": [left.json, right.json]}) })
        }
        Filter::In { .. } | Filter::Truth(_) | Filter::Temporal { .. } | Filter::Array { .. } => None,
    }
}

/// The name that STAC Items have for a property.
pub fn stac_name(name: &PropertyName) -> Option<String> {
    use PropertyName as P;
    match name {
        P::Id => Some("id".to_owned()),
        P::Member(path) => Some(path.clone()),
        P::Time => Some("datetime".to_owned()),
        P::Start => Some("start_datetime".to_owned()),
        P::Stop => Some("end_datetime".to_owned()),
        P::Updated => Some("updated".to_owned()),
        P::Facet(crate::model::Facet::Collection) => Some("collection".to_owned()),
        P::Geometry { body } if body == "earth" => Some("geometry".to_owned()),
        // What an Item shows under its first name, the record here may have elsewhere.
        P::Either(first, _) => stac_name(first),
        _ => None,
    }
}

/// The name that records of OGC API Records have for a property.
pub fn record_name(name: &PropertyName) -> Option<String> {
    use PropertyName as P;
    match name {
        P::Title => Some("title".to_owned()),
        P::Description => Some("description".to_owned()),
        P::Updated => Some("updated".to_owned()),
        P::Either(first, _) => record_name(first),
        P::Facet(_) => None,
        other => stac_name(other),
    }
}

/// The name that another archive of this kind has for a property.
pub fn native_name(name: &PropertyName) -> Option<String> {
    use PropertyName as P;
    let name = match name {
        P::Kind => "kind".to_owned(),
        P::Id => "id".to_owned(),
        P::Title => "title".to_owned(),
        P::Description => "description".to_owned(),
        P::Facet(facet) => facet.as_str().to_owned(),
        P::Start => "start".to_owned(),
        P::Stop => "stop".to_owned(),
        P::Time => "datetime".to_owned(),
        P::Updated => "updated".to_owned(),
        P::Geometry { body } => format!("geometry.{body}"),
        P::Member(path) => format!("properties.{path}"),
        P::Either(..) => return None,
    };
    Some(name)
}

fn joined(parts: &[Filter], operator: &'static str, names: Outward) -> Option<WrittenFilter> {
    let parts: Vec<WrittenFilter> = parts.iter().map(|part| write(part, names)).collect::<Option<_>>()?;
    let [_, _, ..] = parts.as_slice() else { return parts.into_iter().next() };
    let texts: Vec<String> = parts.iter().map(|part| format!("({})", part.text)).collect();
    let json: Vec<Value> = parts.into_iter().map(|part| part.json).collect();
    let text = texts.join(&format!(" {} ", operator.to_ascii_uppercase()));
    Some(WrittenFilter { text, json: json!({"op": operator, "args": json}) })
}

fn binary(operator: &str, left: &Operand, right: &Operand, names: Outward) -> Option<WrittenFilter> {
    let (left, right) = (operand(left, names)?, operand(right, names)?);
    let text = format!("{} {operator} {}", left.text, right.text);
    Some(WrittenFilter { text, json: json!({"op": operator, "args": [left.json, right.json]}) })
}

const fn sign(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "=",
        Comparison::NotEqual => "<>",
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterOrEqual => ">=",
    }
}

const fn relation_name(relation: SpatialRelation) -> &'static str {
    match relation {
        SpatialRelation::Intersects => "s_intersects",
        SpatialRelation::Equals => "s_equals",
        SpatialRelation::Disjoint => "s_disjoint",
        SpatialRelation::Touches => "s_touches",
        SpatialRelation::Within => "s_within",
        SpatialRelation::Overlaps => "s_overlaps",
        SpatialRelation::Crosses => "s_crosses",
        SpatialRelation::Contains => "s_contains",
    }
}

fn operand(value: &Operand, names: Outward) -> Option<WrittenFilter> {
    let (text, json) = match value {
        Operand::Property(name) => {
            let name = names(name)?;
            (quoted_name(&name)?, json!({"property": name}))
        }
        Operand::Number(number) if number.is_finite() => (number.to_string(), json!(number)),
        Operand::Text(text) => (quoted(text), json!(text)),
        Operand::Bool(truth) => (truth.to_string().to_ascii_uppercase(), json!(truth)),
        Operand::Instant(instant) => (format!("TIMESTAMP('{instant}')"), json!({"timestamp": instant.to_string()})),
        Operand::Date(day) => {
            let day: String = day.to_string().chars().take(10).collect();
            (format!("DATE('{day}')"), json!({"date": day}))
        }
        Operand::CaseInsensitive(inner) => {
            let inner = operand(inner, names)?;
            (format!("CASEI({})", inner.text), json!({"op": "casei", "args": [inner.json]}))
        }
        _ => return None,
    };
    Some(WrittenFilter { text, json })
}

/// A name as the grammar has it, in double quotes where it needs them.
fn quoted_name(name: &str) -> Option<String> {
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '.'));
    let begins_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if is_plain && begins_well {
        return Some(name.to_owned());
    }
    (!name.contains(['"', '\\'])).then(|| format!("\"{name}\""))
}

/// A text in single quotes; a quote in it stands twice.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn place(place: &Place, names: Outward) -> Option<WrittenFilter> {
    match place {
        Place::Footprint { body } => {
            let name = names(&PropertyName::Geometry { body: body.clone() })?;
            Some(WrittenFilter { text: quoted_name(&name)?, json: json!({"property": name}) })
        }
        Place::Box(bbox, None) => {
            let BoundingBox { west, south, east, north } = bbox;
            let text = format!("BBOX({west},{south},{east},{north})");
            Some(WrittenFilter { text, json: json!({"bbox": [west, south, east, north]}) })
        }
        Place::Geometry(text) => {
            let json: Value = serde_json::from_str(text).ok()?;
            Some(WrittenFilter { text: well_known_text(&json)?, json })
        }
        Place::Box(_, Some(_)) => None,
    }
}

/// GeoJSON geometry as WKT; `None` for collections.
fn well_known_text(geometry: &Value) -> Option<String> {
    let coordinates = geometry.get("coordinates")?;
    let name = geometry.get("type")?.as_str()?.to_ascii_uppercase();
    let body = match name.as_str() {
        "POINT" => format!("({})", position(coordinates)?),
        "LINESTRING" | "MULTIPOINT" | "POLYGON" | "MULTILINESTRING" | "MULTIPOLYGON" => nested(coordinates)?,
        _ => return None,
    };
    Some(format!("{name}{body}"))
}

fn nested(value: &Value) -> Option<String> {
    let parts = value.as_array()?.iter().map(|part| {
        let is_position = part.get(0).is_some_and(Value::is_number);
        if is_position { position(part) } else { nested(part) }
    });
    Some(format!("({})", parts.collect::<Option<Vec<_>>>()?.join(", ")))
}

fn position(value: &Value) -> Option<String> {
    let numbers = value.as_array()?.iter().take(2).map(|number| number.as_f64().map(|number| number.to_string()));
    let numbers = numbers.collect::<Option<Vec<_>>>()?;
    (numbers.len() == 2).then(|| numbers.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::cql2::{from_json, from_text, native, stac};

    #[test]
    fn what_is_written_reads_back_as_the_same_filter() {
        for text in [
            "a = 1",
            "eo:cloud_cover < 10.5 AND title LIKE 'sea%'",
            "NOT (a <> 'it''s') OR a IS NULL",
            "a BETWEEN 1 AND 2",
            "\"odd name-é\" IN ('x', 'y')",
            "CASEI(a) = CASEI('Ü')",
            "updated > TIMESTAMP('2020-01-02T03:04:05Z')",
            "S_INTERSECTS(geometry.mars, BBOX(170,-5,-170,5))",
            "S_WITHIN(geometry, POLYGON((0 0, 1 0, 1 1, 0 0)))",
        ] {
            let filter = from_text(text, native).expect(text);
            let written = write(&filter, native_name).expect(text);
            assert_eq!(from_text(&written.text, native).expect(&written.text), filter, "{text}");
            assert_eq!(from_json(&written.json.to_string(), native).expect(text), filter, "{text}");
        }
    }

    #[test]
    fn stac_properties_keep_the_names_of_items() {
        let filter = from_text("eo:cloud_cover < 10 AND platform = 'x'", stac).expect("a filter");
        let written = write(&filter, stac_name).expect("sayable");
        assert_eq!(written.text, "(eo:cloud_cover < 10) AND (platform = 'x')");
    }

    #[test]
    fn what_others_may_not_know_is_not_written() {
        for text in ["A_CONTAINS(a, ('x','y'))", "a + 1 = 2", "T_AFTER(datetime, TIMESTAMP('2020-01-01T00:00:00Z'))"] {
            assert_eq!(write(&from_text(text, native).expect(text), native_name), None, "{text}");
        }
    }
}
