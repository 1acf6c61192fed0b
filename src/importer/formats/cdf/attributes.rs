//! Global attributes of CDF files (CDF Internal Format Description, versions 2.6 and 3.9): CDR, GDR, ADR and AEDR records.
//! Reads no variables. Door of `flate2`. Every offset is checked, every chain is bounded.

use std::io::Read;

use crate::importer::Reason;
use crate::importer::shared::time::{self, System};

/// Most attributes and entries: real files have some 100. Ends chains that lead back into themselves.
const MAX_RECORDS: usize = 20_000;

/// Compressions that are read here; Huffman codes are not.
const RUN_LENGTH: usize = 1;
const GZIP: usize = 5;
/// Most bytes of a file that was compressed as a whole.
const MAX_UNPACKED: usize = 256 << 20;

/// A global attribute with its entries.
pub struct Attribute {
    pub name: String,
    pub values: Vec<Entry>,
}

/// An entry of an attribute.
pub enum Entry {
    Text(String),
    /// JSON text of a number, or of an array of them.
    Number(String),
}

/// Where the fields stand: version 3 has offsets of eight bytes and names of 256.
struct Layout<'b> {
    bytes: &'b [u8],
    is_wide: bool,
    is_little: bool,
}

/// What a file holds.
pub struct Contents {
    pub attributes: Vec<Attribute>,
    /// Version and release of the format.
    pub version: String,
}

/// Reads the global attributes.
///
/// # Errors
/// `Reason::Broken` for damaged files, and those compressed by Huffman codes.
pub fn read(bytes: &[u8]) -> Result<Contents, Reason> {
    let magic = be32(bytes, 0).ok_or_else(|| broken("it has no header"))?;
    if be32(bytes, 4) == Some(0xCCCC_0001) {
        let unpacked = unpacked(bytes, magic == 0xCDF3_0001);
        return contents(&unpacked.ok_or_else(|| broken("compressed in a way that is not read here"))?, magic);
    }
    contents(bytes, magic)
}

/// The file that a CCR record holds, with its magic number put before it: offsets count from there.
fn unpacked(bytes: &[u8], is_wide: bool) -> Option<Vec<u8>> {
    let layout = Layout { bytes, is_wide, is_little: false };
    let wide = layout.wide();
    let fields = 8_usize.checked_add(wide)?.checked_add(4)?;
    let parameters = layout.offset(fields).filter(|_| layout.is_record(8, &[10]))?;
    let size = layout.offset(fields.checked_add(wide)?).filter(|size| *size <= MAX_UNPACKED)?;
    let kind = layout.whole(parameters.checked_add(wide)?.checked_add(4)?);
    let start = fields.checked_add(wide.checked_mul(2)?)?.checked_add(4)?;
    let packed = bytes.get(start..parameters).filter(|_| layout.is_record(parameters, &[11]))?;
    let mut unpacked = bytes.get(..4)?.to_vec();
    unpacked.extend([0, 0, 0xff, 0xff]);
    match kind? {
        RUN_LENGTH => zeros(packed, size, &mut unpacked)?,
        GZIP => {
            let limit = u64::try_from(size).ok()?;
            flate2::read::GzDecoder::new(packed).take(limit).read_to_end(&mut unpacked).ok()?;
        }
        _ => return None,
    }
    Some(unpacked)
}

/// Runs of zeros: a zero is followed by how many more there are.
fn zeros(packed: &[u8], size: usize, unpacked: &mut Vec<u8>) -> Option<()> {
    let end = unpacked.len().checked_add(size)?;
    let mut bytes = packed.iter();
    while let (Some(byte), true) = (bytes.next(), unpacked.len() < end) {
        unpacked.push(*byte);
        if *byte == 0 {
            let more = usize::from(*bytes.next()?);
            unpacked.resize(unpacked.len().checked_add(more)?, 0);
        }
    }
    Some(())
}

fn contents(bytes: &[u8], magic: u32) -> Result<Contents, Reason> {
    let mut layout = Layout { bytes, is_wide: magic == 0xCDF3_0001, is_little: false };
    layout.contents().ok_or_else(|| broken("its records are damaged or cut off"))
}

fn broken(message: &str) -> Reason {
    Reason::Broken { line: 1, message: format!("a CDF file: {message}") }
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    let field = bytes.get(at..at.checked_add(4)?)?;
    field.try_into().ok().map(u32::from_be_bytes)
}

impl Layout<'_> {
    /// Width of an offset.
    fn wide(&self) -> usize {
        if self.is_wide { 8 } else { 4 }
    }

    fn offset(&self, at: usize) -> Option<usize> {
        if !self.is_wide {
            return be32(self.bytes, at).and_then(|value| usize::try_from(value).ok());
        }
        let field = self.bytes.get(at..at.checked_add(8)?)?;
        field.try_into().ok().map(u64::from_be_bytes).and_then(|value| usize::try_from(value).ok())
    }

    fn whole(&self, at: usize) -> Option<usize> {
        be32(self.bytes, at).and_then(|value| usize::try_from(value).ok())
    }

    /// Whether a record of a type stands here.
    fn is_record(&self, at: usize, wanted: &[u32]) -> bool {
        let kind = at.checked_add(self.wide()).and_then(|at| be32(self.bytes, at));
        kind.is_some_and(|kind| wanted.contains(&kind))
    }

    fn contents(&mut self) -> Option<Contents> {
        let wide = self.wide();
        let cdr = 8_usize;
        let after = cdr.checked_add(wide)?.checked_add(4)?;
        let gdr = self.offset(after).filter(|_| self.is_record(cdr, &[1]))?;
        let version_at = after.checked_add(wide)?;
        let version = format!("{}.{}", self.whole(version_at)?, self.whole(version_at.checked_add(4)?)?);
        // Encodings of little-endian machines: DECstation, IBM PC, Alpha VMS, Alpha OSF1, ARM.
        self.is_little = [4, 6, 13, 14, 16, 17].contains(&self.whole(version_at.checked_add(8)?)?);
        let adr_head = gdr.checked_add(wide)?.checked_add(4)?.checked_add(wide.checked_mul(2)?)?;
        let mut adr = self.offset(adr_head).filter(|_| self.is_record(gdr, &[2]))?;
        let mut attributes = Vec::new();
        let mut budget = MAX_RECORDS;
        while adr != 0 {
            budget = budget.checked_sub(1)?;
            adr = self.attribute(adr, &mut budget, &mut attributes)?;
        }
        Some(Contents { attributes, version })
    }

    /// Reads an attribute if it is a global one; says where the next is.
    fn attribute(&self, adr: usize, budget: &mut usize, attributes: &mut Vec<Attribute>) -> Option<usize> {
        let wide = self.wide();
        let fields = adr.checked_add(wide)?.checked_add(4)?;
        let next = self.offset(fields).filter(|_| self.is_record(adr, &[4]))?;
        let first_entry = fields.checked_add(wide)?;
        let scope = self.whole(first_entry.checked_add(wide)?)?;
        let name_at = first_entry.checked_add(wide.checked_mul(2)?)?.checked_add(32)?;
        let length = if self.is_wide { 256 } else { 64 };
        if scope != 1 && scope != 3 {
            return Some(next);
        }
        let name = text(self.bytes.get(name_at..name_at.checked_add(length)?)?);
        let mut values = Vec::new();
        let mut entry = self.offset(first_entry)?;
        while entry != 0 {
            *budget = budget.checked_sub(1)?;
            entry = self.entry(entry, &mut values)?;
        }
        attributes.push(Attribute { name, values });
        Some(next)
    }

    /// Reads an entry; says where the next is.
    fn entry(&self, at: usize, values: &mut Vec<Entry>) -> Option<usize> {
        let fields = at.checked_add(self.wide())?.checked_add(4)?;
        let next = self.offset(fields).filter(|_| self.is_record(at, &[5, 9]))?;
        let after = fields.checked_add(self.wide())?;
        let kind = self.whole(after.checked_add(4)?)?;
        let count = self.whole(after.checked_add(12)?)?;
        let value = after.checked_add(36)?;
        if kind == 51 || kind == 52 {
            values.push(Entry::Text(text(self.bytes.get(value..value.checked_add(count)?)?)));
        } else if let Some(size) = size_of(kind).filter(|_| count <= 1_000) {
            let bytes = self.bytes.get(value..value.checked_add(size.checked_mul(count)?)?)?;
            let numbers: Option<Vec<String>> = bytes.chunks(size).map(|field| self.number(kind, field)).collect();
            if let Some(numbers) = numbers {
                let one = numbers.first().filter(|_| numbers.len() == 1).cloned();
                values.push(Entry::Number(one.unwrap_or_else(|| format!("[{}]", numbers.join(",")))));
            }
        }
        Some(next)
    }

    /// JSON text of a number; `None` for what JSON cannot hold.
    fn number(&self, kind: usize, field: &[u8]) -> Option<String> {
        let mut bytes = [0_u8; 8];
        let mut ordered = field.to_vec();
        if self.is_little {
            ordered.reverse();
        }
        bytes.get_mut(8_usize.checked_sub(field.len())?..)?.copy_from_slice(&ordered);
        let raw = u64::from_be_bytes(bytes);
        let shift = 64_u32.checked_sub(u32::try_from(field.len()).ok()?.checked_mul(8)?)?;
        let signed = (raw << shift).cast_signed() >> shift;
        Some(match kind {
            11 | 12 | 14 => raw.to_string(),
            21 | 44 => finite(f64::from(f32::from_bits(u32::try_from(raw).ok()?)))?,
            22 | 45 => finite(f64::from_bits(raw))?,
            31 => moment(System::CdfEpoch, finite(f64::from_bits(raw))?),
            33 => moment(System::Tt2000, signed.to_string()),
            _ => signed.to_string(),
        })
    }
}

/// JSON text of an instant in UTC; the count itself where it stands for none, as fill values do.
fn moment(system: System, count: String) -> String {
    let is_fill = count.starts_with('-') && count.len() >= i64::MIN.to_string().len();
    let read = time::read_in(system, &count).filter(|_| !is_fill);
    read.map_or(count, |read| format!("\"{}\"", read.start))
}

fn finite(value: f64) -> Option<String> {
    value.is_finite().then(|| value.to_string())
}

/// Bytes of a number of a data type; texts and EPOCH16 are none.
fn size_of(kind: usize) -> Option<usize> {
    Some(match kind {
        1 | 11 | 41 => 1,
        2 | 12 => 2,
        4 | 14 | 21 | 44 => 4,
        8 | 22 | 31 | 33 | 45 => 8,
        _ => return None,
    })
}

/// Up to the first NUL; UTF-8, else latin-1.
fn text(bytes: &[u8]) -> String {
    let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    let text = std::str::from_utf8(bytes).map(str::to_owned);
    text.unwrap_or_else(|_| bytes.iter().copied().map(char::from).collect()).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_and_fill_values_stay_counts() {
        let cases = [
            (System::Tt2000, "631108869184000000", "\"2020-01-01T00:00:00.000000Z\""),
            (System::Tt2000, "-9223372036854775808", "-9223372036854775808"),
            (System::CdfEpoch, "63713520000000", "\"2019-01-01T00:00:00.000000Z\""),
            (System::CdfEpoch, "-10000000000000000000000000000000", "-10000000000000000000000000000000"),
        ];
        for (system, count, expected) in cases {
            assert_eq!(moment(system, count.to_owned()), expected, "{count}");
        }
    }
}
