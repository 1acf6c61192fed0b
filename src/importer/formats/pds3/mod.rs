//! PDS3 and ISIS labels, detached and attached; PDS3 catalogue objects. The label alone is the source document: data
//! that follow it belong to the product's files.

mod catalogue;
mod isis;
mod place;
mod pointers;
mod product;
mod said;
#[cfg(test)]
mod tests;

use crate::importer::shared::pvl::{self, Label};
use crate::importer::{Context, Finding, Imported, Reason};
use crate::model::RecordId;

/// What a label looks like from its first statement.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Head {
    Pds3,
    Isis,
    /// Some statement, of no standard known here.
    Statement,
}

/// Whether the first bytes are of this format. A file named as a label that begins with a statement counts too, so that
/// importing it says what it lacks.
pub fn recognises(name: &str, head: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    let is_named = [".lbl", ".pvl", ".cub", ".cat"].iter().any(|end| name.ends_with(end));
    match head_of(head) {
        Some(Head::Pds3 | Head::Isis) => true,
        Some(Head::Statement) => is_named,
        None => false,
    }
}

/// Looks at no more than the first 4 kB.
fn head_of(bytes: &[u8]) -> Option<Head> {
    let bytes = bytes.get(..bytes.len().min(4096)).unwrap_or_default();
    let text = String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    let mut rest = text.trim_start();
    while let Some(comment) = rest.strip_prefix("/*") {
        let end = comment.find("*/").map_or_else(|| comment.find('\n').unwrap_or(comment.len()), |at| at + 2);
        rest = comment.get(end..).unwrap_or_default().trim_start();
    }
    let length = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
    let (word, after) = rest.split_at_checked(length)?;
    let word = word.to_ascii_uppercase();
    let assigned = after.trim_start().strip_prefix('=').map(str::trim_start);
    if word.starts_with("CCSD3ZF") || word.starts_with("NJPL1I") || word.starts_with("CCSD1Z") {
        return Some(Head::Pds3);
    }
    let is_name = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_:^.-".contains(&byte));
    match assigned {
        Some(_) if word.ends_with("PDS_VERSION_ID") => Some(Head::Pds3),
        Some(value) if word == "OBJECT" && starts_with(value, "IsisCube") => Some(Head::Isis),
        Some(_) if is_name => Some(Head::Statement),
        _ if word == "END" => Some(Head::Statement),
        _ => None,
    }
}

fn starts_with(text: &str, word: &str) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

/// Adds the records of a document.
pub fn import(bytes: &[u8], context: &Context<'_>, imported: &mut Imported) {
    let made = pvl::parse(bytes).and_then(|label| {
        let head = head_of(bytes);
        let is_isis = head == Some(Head::Isis) || label.root.block("IsisCube").is_some();
        let is_pds3 = head == Some(Head::Pds3) || label.root.keyword("PDS_VERSION_ID").is_some();
        if is_isis {
            isis::import(&label, bytes, context, imported)?;
        } else if is_pds3 {
            pds3(&label, bytes, context, imported)?;
        } else {
            let message = "a label with neither PDS_VERSION_ID nor an IsisCube names no product".to_owned();
            return Err(Reason::Broken { line: 1, message });
        }
        imported.fields = imported.fields + label.root.counts();
        Ok(label)
    });
    let finding = |reason| Finding { place: context.first, id: None, reason };
    match made {
        Ok(label) => imported.findings.extend(label.remarks.into_iter().map(finding)),
        Err(reason) => imported.findings.push(finding(reason)),
    }
}

fn pds3(label: &Label, bytes: &[u8], context: &Context<'_>, imported: &mut Imported) -> Result<(), Reason> {
    if catalogue::import(label, bytes, context, imported)? > 0 {
        return Ok(());
    }
    product::import(label, bytes, context, imported)
}

/// The id as it may stand in the catalogue.
fn id(written: &str) -> Result<RecordId, Reason> {
    RecordId::parse(written).map_err(Reason::BadId)
}
