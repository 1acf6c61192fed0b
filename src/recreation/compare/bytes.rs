//! Every byte, as a stream: files of any length in the memory of two blocks.

use std::io::Read;

use super::shorten;
use super::verdict::{Difference, Place};

/// Bytes held of each side.
const BLOCK_BYTES: usize = 1 << 16;

/// Bytes shown from the difference on.
const SHOWN_BYTES: usize = 16;

/// Where two streams differ first; none when they are the same.
pub(super) fn first_difference(expected: &mut dyn Read, found: &mut dyn Read) -> std::io::Result<Option<Difference>> {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let mut position = Position { offset: 0, line: 1, column: 1, is_text: true };
    loop {
        fill(expected, &mut left)?;
        fill(found, &mut right)?;
        let same = left.iter().zip(&right).take_while(|(one, other)| one == other).count();
        position.pass(left.get(..same).unwrap_or_default());
        if same < left.len() || same < right.len() {
            let (left, right) = (left.get(same..).unwrap_or_default(), right.get(same..).unwrap_or_default());
            return Ok(Some(Difference { place: position.place(), expected: shown(left), found: shown(right) }));
        }
        if left.is_empty() {
            return Ok(None);
        }
    }
}

/// Reads the next block whole, so that both sides have as much unless one ends.
fn fill(stream: &mut dyn Read, block: &mut Vec<u8>) -> std::io::Result<()> {
    block.clear();
    stream.take(BLOCK_BYTES as u64).read_to_end(block).map(|_| ())
}

fn shown(bytes: &[u8]) -> String {
    match bytes.get(..bytes.len().min(SHOWN_BYTES)).unwrap_or_default() {
        [] => "end of file".to_owned(),
        bytes => shorten::hexadecimal(bytes),
    }
}

/// Where the streams have come to.
struct Position {
    offset: u64,
    line: u64,
    column: u64,
    is_text: bool,
}

impl Position {
    fn pass(&mut self, bytes: &[u8]) {
        self.offset += bytes.len() as u64;
        self.is_text = self.is_text && !bytes.contains(&0);
        let newlines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        match bytes.iter().rposition(|byte| *byte == b'\n') {
            Some(last) => self.column = (bytes.len() - last) as u64,
            None => self.column += bytes.len() as u64,
        }
        self.line += newlines;
    }

    /// Line and column are said of text alone: of bytes they would mean nothing.
    fn place(&self) -> Place {
        let of_text = |number: u64| self.is_text.then_some(number);
        Place::Byte { offset: self.offset, line: of_text(self.line), column: of_text(self.column) }
    }
}
