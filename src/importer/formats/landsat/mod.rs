//! Landsat's MTL: scene metadata of the USGS as ODL, XML or JSON, which say the same in three syntaxes. Collection 2,
//! Collection 1 and what came before it. See `docs/importers/landsat.md`.

mod scene;

#[cfg(test)]
mod tests;

use super::super::shared::xml::{self, Element};
use super::super::shared::{json_tree, pvl};
use crate::importer::{Context, Finding, Imported, Reason};

/// Names of the outermost group, now and before Collection 2.
const ROOTS: &[&str] = &["LANDSAT_METADATA_FILE", "L1_METADATA_FILE"];

/// Bytes of a document within which its first group stands.
const HEAD: usize = 4096;

/// The three syntaxes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Syntax {
    Odl,
    Xml,
    Json,
}

/// Which syntax begins so, if it is this format at all.
fn syntax_of(bytes: &[u8]) -> Option<Syntax> {
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let head = start.get(..start.len().min(HEAD))?;
    let first = ROOTS.iter().filter_map(|root| memchr::memmem::find(head, root.as_bytes())).min()?;
    match head.first()? {
        b'{' => Some(Syntax::Json),
        b'<' => xml::root_of(head).filter(|(root, _)| ROOTS.contains(&root.as_str())).map(|_| Syntax::Xml),
        _ => {
            let before = String::from_utf8_lossy(head.get(..first)?).replace(char::is_whitespace, "");
            before.to_uppercase().ends_with("GROUP=").then_some(Syntax::Odl)
        }
    }
}

/// Whether the first bytes are of this format.
pub fn recognises(_name: &str, head: &[u8]) -> bool {
    syntax_of(head).is_some()
}

/// Adds the record of a document.
pub fn import(bytes: &[u8], context: &Context<'_>, imported: &mut Imported) {
    let syntax = syntax_of(&xml::narrow(bytes)).unwrap_or(Syntax::Odl);
    let (read, media_type) = match syntax {
        Syntax::Odl => (odl(bytes, imported, context), "text/plain"),
        Syntax::Xml => (xml::parse(bytes), "application/xml"),
        Syntax::Json => (json_tree::parse(bytes), "application/json"),
    };
    let refuse = |reason| Finding { place: context.first, id: None, reason };
    let root = match read {
        Ok(root) => root,
        Err(reason) => return imported.findings.push(refuse(reason)),
    };
    let outermost = ROOTS.iter().find_map(|name| root.at(name)).unwrap_or(&root);
    match scene::product(outermost, context) {
        Ok(once) => once.finish(bytes, 0..bytes.len(), media_type, imported),
        Err(reason) => imported.findings.push(refuse(reason)),
    }
    imported.fields = imported.fields + root.counts();
}

/// ODL as the tree that the other two syntaxes become.
fn odl(bytes: &[u8], imported: &mut Imported, context: &Context<'_>) -> Result<Element, Reason> {
    let label = pvl::parse(bytes)?;
    let remarks = label.remarks.iter().cloned();
    imported.findings.extend(remarks.map(|reason| Finding { place: context.first, id: None, reason }));
    let mut root = Element::made("", 1, String::new());
    fill(&mut root, &label.root);
    Ok(root)
}

fn fill(element: &mut Element, block: &pvl::Block) {
    for entry in block.entries() {
        match entry {
            pvl::Entry::Keyword(keyword) => {
                let texts: Vec<&str> = keyword.value().scalars().into_iter().map(pvl::Scalar::text).collect();
                for text in texts {
                    element.push(Element::made(&keyword.name, keyword.line, text.to_owned()));
                }
            }
            pvl::Entry::Block(inner) => {
                let mut child = Element::made(&inner.name, inner.line, String::new());
                fill(&mut child, inner);
                element.push(child);
            }
        }
    }
}
