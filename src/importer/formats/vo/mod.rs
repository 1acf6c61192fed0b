//! Virtual observatory documents: VOTables whose rows describe data sets (ObsCore, SIA, SSA, TAP answers), other
//! VOTables, and VOResource records of registries. What each becomes stands in `docs/importers/vo.md`.

mod resource;
mod rows;
mod table;

use crate::importer::shared::values::tidy;
use crate::importer::shared::xml::{self, Element};
use crate::importer::{Context, Finding, Imported, Reason};

/// As much of a file as is looked at to recognise it.
const HEAD: usize = 1 << 16;
/// Roots of documents that describe a service; with a namespace of the IVOA, or with none.
const SERVICES: &[&str] = &["capabilities", "tableset", "availability", "table"];

/// Whether the first bytes are of this format.
pub fn recognises(_name: &str, head: &[u8]) -> bool {
    let head = head.get(..head.len().min(HEAD)).unwrap_or_default();
    let finds = |needle: &[u8]| memchr::memmem::find(head, needle).is_some();
    match xml::root_of(head) {
        Some((name, namespace)) => {
            let ivoa = namespace.contains("ivoa.net");
            let service = SERVICES.contains(&name.as_str()) && (ivoa || (namespace.is_empty() && finds(b"<column>")));
            name == "VOTABLE" || service || (ivoa && matches!(name.as_str(), "Resource" | "VOResources" | "resource"))
        }
        None => head.trim_ascii_start().starts_with(b"<") && finds(b"<VOTABLE"),
    }
}

/// Adds the records of a document.
pub fn import(bytes: &[u8], context: &Context<'_>, imported: &mut Imported) {
    let refused = |reason, id| Finding { place: context.first, id, reason };
    let root = match xml::parse(bytes) {
        Ok(root) => root,
        Err(reason) => return imported.findings.push(refused(reason, None)),
    };
    // A table of many rows is digested once.
    let known = (context.digest)(bytes);
    let digest = |_: &[u8]| known;
    let context = Context { digest: &digest, ..*context };
    let before = (imported.entities.len(), imported.findings.len());
    match root.name.as_str() {
        "VOTABLE" => votable(&root, bytes, &context, imported),
        name if SERVICES.contains(&name) => {
            let message = format!("{name} describes a service and names no data: it makes no record");
            imported.findings.push(refused(Reason::Broken { line: root.line, message }, None));
        }
        "VOResources" => {
            for (at, record) in root.children().filter(|child| child.name.eq_ignore_ascii_case("resource")).enumerate()
            {
                resource::write(record, context.first.saturating_add(at), bytes, &context, imported);
            }
        }
        _ => resource::write(&root, context.first, bytes, &context, imported),
    }
    if before == (imported.entities.len(), imported.findings.len()) {
        let message = "holds no rows and no table".to_owned();
        imported.findings.push(refused(Reason::Broken { line: root.line, message }, None));
    }
    if imported.entities.len() > before.0 {
        imported.fields = imported.fields + root.counts();
    }
}

/// Every table of a VOTable; nested resources too.
fn votable(root: &Element, bytes: &[u8], context: &Context<'_>, imported: &mut Imported) {
    let failed = root.descendants("INFO").into_iter().find(|info| {
        let value = info.attribute("value").unwrap_or_default();
        info.attribute("name") == Some("QUERY_STATUS") && !matches!(value, "" | "OK" | "OVERFLOW")
    });
    if let Some(info) = failed {
        let status = info.attribute("value").unwrap_or_default();
        let said = if status == "ERROR" { info.text().unwrap_or(status) } else { status };
        let short: String = tidy(said).chars().take(200).collect();
        let reason = Reason::Broken { line: info.line, message: format!("an answer that reports an error: {short}") };
        return imported.findings.push(Finding { place: context.first, id: None, reason });
    }
    let mut place = context.first;
    for table in root.descendants("TABLE") {
        let columns = table::Columns::of(table);
        let rows = table.all("DATA/TABLEDATA/TR");
        if columns.describe_datasets() && !rows.is_empty() {
            for row in rows {
                rows::write(row, &columns, place, bytes, context, imported);
                place = place.saturating_add(1);
            }
        } else {
            table::write(root, table, &columns, place, bytes, context, imported);
            place = place.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests;
