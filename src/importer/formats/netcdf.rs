//! NetCDF classic and NetCDF-4/HDF5: global attributes (ACDD), embedded ISO and ODL.

use crate::importer::{Context, Imported};

/// Whether the first bytes are of this format.
pub fn recognises(_name: &str, _head: &[u8]) -> bool {
    false
}

/// Adds the records of a document.
pub fn import(_bytes: &[u8], _context: &Context<'_>, _imported: &mut Imported) {}
