//! What a label says, and what only stands for nothing: `UNK`, `N/A` and `NULL` are never values.

use crate::importer::shared::pvl::{Block, Form, Keyword, Scalar, Value};
use crate::importer::shared::record::Record;

/// Longest text that becomes a property; longer ones are descriptions, and stay in the source.
const MAX_TEXT: usize = 1_000;
/// Longest list that becomes a property.
const MAX_LIST: usize = 32;

/// Objects that describe columns and bits: theirs is the structure of a file, not what people filter by.
const STRUCTURE: &[&str] = &["COLUMN", "BIT_COLUMN", "CONTAINER", "FIELD", "ELEMENT", "HISTORY"];

/// Whether a text is a value (PDS3 Standards Reference, 17.2: N/A, UNK, NULL).
pub fn is_value(text: &str) -> bool {
    let text = text.trim_matches(['"', '\'', ' ']);
    !text.is_empty() && !["UNK", "N/A", "NULL"].iter().any(|none| text.eq_ignore_ascii_case(none))
}

/// The values of the first keyword of these names that has any, in this block or below it.
pub fn all<'l>(block: &'l Block, names: &[&str]) -> Vec<&'l str> {
    names.iter().map(|name| every(block, name)).find(|values| !values.is_empty()).unwrap_or_default()
}

/// The first of [`all`].
pub fn first<'l>(block: &'l Block, names: &[&str]) -> Option<&'l str> {
    all(block, names).into_iter().next()
}

/// The values of the first keyword of a name that has any.
fn every<'l>(block: &'l Block, name: &str) -> Vec<&'l str> {
    let named = block.keywords().filter(|keyword| keyword.name.eq_ignore_ascii_case(name));
    let mut own = named.map(values);
    if let Some(found) = own.find(|values| !values.is_empty()) {
        return found;
    }
    block.blocks().map(|inner| every(inner, name)).find(|values| !values.is_empty()).unwrap_or_default()
}

/// The values of a keyword.
pub fn values(keyword: &Keyword) -> Vec<&str> {
    keyword.value().scalars().into_iter().map(Scalar::text).filter(|text| is_value(text)).collect()
}

/// A number of this block.
pub fn number(block: &Block, names: &[&str]) -> Option<f64> {
    names.iter().find_map(|name| block.number(name))
}

/// Paragraphs of the first keyword of these names that has any text.
pub fn paragraphs(block: &Block, names: &[&str]) -> Option<String> {
    let scalar = |name: &&str| block.keyword(name)?.scalar();
    names.iter().filter_map(scalar).find(|scalar| is_value(scalar.text())).map(Scalar::paragraphs)
}

/// The processing level. A bare number is a code of CODMAC (PDS Data Dictionary, `PROCESSING_LEVEL_ID`), where 2 is edited
/// (raw) and 3 calibrated data: not the levels of the same numbers elsewhere.
pub fn level(record: &mut Record<'_>, written: &str) {
    let is_code = written.trim().bytes().all(|digit| digit.is_ascii_digit());
    record.level_in(is_code.then_some("CODMAC"), written);
}

/// Every scalar, and every short list of scalars: `pds3:KEYWORD`, and `pds3:IMAGE/LINES` within a block. The unit of a
/// value that has one stands beside it, as `pds3:KEYWORD_UNIT`.
pub fn properties(record: &mut Record<'_>, namespace: &str, block: &Block, path: &str, skipped: &[&str]) {
    for keyword in block.keywords() {
        let name = keyword.name.as_str();
        if name.starts_with('^') || skipped.iter().any(|other| other.eq_ignore_ascii_case(name)) {
            continue;
        }
        property(record, &format!("{namespace}:{path}{name}"), keyword);
    }
    for inner in block.blocks() {
        let is_structure = STRUCTURE.iter().any(|name| inner.name.eq_ignore_ascii_case(name));
        if !is_structure || inner.form == Form::Group && inner.name != "Field" {
            properties(record, namespace, inner, &format!("{path}{}/", inner.name), skipped);
        }
    }
}

fn property(record: &mut Record<'_>, name: &str, keyword: &Keyword) {
    let scalars = keyword.peek().scalars();
    let has_value = scalars.iter().any(|scalar| is_value(scalar.text()));
    let length: usize = scalars.iter().map(|scalar| scalar.text().len()).sum();
    if !has_value || length > MAX_TEXT || scalars.len() > MAX_LIST {
        return;
    }
    let value = keyword.value();
    if let Some(json) = value.json() {
        record.raw_property(name, &json);
    }
    if let (Some(unit), false) = (value.unit(), matches!(value, Value::Empty)) {
        record.property(&format!("{name}_UNIT"), unit);
    }
}
