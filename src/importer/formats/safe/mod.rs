//! SAFE and SEN3 manifests (Sentinel products and other XFDU packages): one product and all of its files. What each
//! element becomes stands in `docs/importers/safe.md`.

mod naming;
mod sections;

use crate::importer::shared::record::Record;
use crate::importer::shared::values::Properties;
use crate::importer::shared::xml::{self, Element};
use crate::importer::{Context, Finding, Imported, Reason};
use crate::model::RecordId;

/// As much of a file as is looked at to recognise it.
const HEAD: usize = 1 << 16;

/// Whether the first bytes are of this format.
pub fn recognises(_name: &str, head: &[u8]) -> bool {
    let head = head.get(..head.len().min(HEAD)).unwrap_or_default();
    match xml::root_of(head) {
        Some((name, namespace)) => name == "XFDU" && (namespace.is_empty() || namespace.contains("xfdu")),
        None => {
            let finds = |needle: &[u8]| memchr::memmem::find(head, needle).is_some();
            head.trim_ascii_start().starts_with(b"<") && finds(b"XFDU") && finds(b"xfdu:1")
        }
    }
}

/// Adds the record of a manifest.
pub fn import(bytes: &[u8], context: &Context<'_>, imported: &mut Imported) {
    let refused = |reason, id| Finding { place: context.first, id, reason };
    let root = match xml::parse(bytes) {
        Ok(root) => root,
        Err(reason) => return imported.findings.push(refused(reason, None)),
    };
    match manifest(&root, bytes, context) {
        Ok(record) => {
            record.finish(bytes, 0..bytes.len(), "application/xml", imported);
            imported.fields = imported.fields + root.counts();
        }
        Err((reason, id)) => imported.findings.push(refused(reason, id)),
    }
}

fn manifest<'c>(
    root: &Element,
    bytes: &[u8],
    context: &'c Context<'c>,
) -> Result<Record<'c>, (Reason, Option<String>)> {
    let product = sections::Product::of(root);
    let (name, guessed) = match naming::of_folder(context.path) {
        Some(name) => (name, false),
        None => (naming::built(root, &product, bytes), true),
    };
    if name.is_empty() {
        let message = "says neither platform nor product type, and no folder names the product".to_owned();
        return Err((Reason::Broken { line: root.line, message }, None));
    }
    RecordId::parse(&name).map_err(|invalid| (Reason::BadId(invalid), Some(name.clone())))?;
    let collection = naming::collection(&name, &product);
    let used = collection.as_deref().filter(|id| RecordId::parse(id).is_ok()).unwrap_or(context.collection);
    let mut record = Record::new(context, "product", Some(used), &name);
    record.place = context.first;
    if guessed {
        let message =
            "the folder that names the product is not known: the id is made of what the manifest says".to_owned();
        record.note(Reason::FieldNoted { field: "id".to_owned(), message });
    }
    if collection.is_none() {
        record.note(Reason::NoCollection { used: used.to_owned() });
    }
    record.text("title", Some(&name));
    record.text("format", Some(if name.ends_with("SEN3") { "SEN3" } else { "SAFE" }));
    let mut properties = Properties::default();
    sections::write(root, &product, &mut record, &mut properties);
    properties.write(&mut record);
    Ok(record)
}

#[cfg(test)]
mod tests;
