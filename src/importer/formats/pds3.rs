//! PDS3 and ISIS labels, detached and attached; PDS3 catalogue objects.

use crate::importer::{Context, Imported};

/// Whether the first bytes are of this format.
pub fn recognises(_name: &str, _head: &[u8]) -> bool {
    false
}

/// Adds the records of a document.
pub fn import(_bytes: &[u8], _context: &Context<'_>, _imported: &mut Imported) {}
