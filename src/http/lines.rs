//! Lines of a body that arrives in pieces: split at `\n` only, so that U+2028 within a record stays where it is.

/// A line, or what is left to say of one that is too long.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    Whole(Vec<u8>),
    /// Longer than the limit; its bytes were not kept.
    TooLong,
}

/// Splits pieces into numbered lines.
#[derive(Debug)]
pub struct Lines {
    limit: usize,
    number: u64,
    partial: Vec<u8>,
    overlong: bool,
}

impl Lines {
    /// Lines of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, number: 0, partial: Vec::new(), overlong: false }
    }

    /// Takes a piece; gives the lines that it ends, with their numbers from 1. Blank lines count and are left out.
    pub fn push(&mut self, piece: &[u8], ended: &mut Vec<(u64, Line)>) {
        let mut rest = piece;
        while let Some(at) = memchr::memchr(b'\n', rest) {
            let (line, after) = rest.split_at(at);
            self.keep(line);
            self.finish(ended);
            rest = after.get(1..).unwrap_or_default();
        }
        self.keep(rest);
    }

    /// Gives the last line, if the body did not end with a newline.
    pub fn end(&mut self, ended: &mut Vec<(u64, Line)>) {
        if !self.partial.is_empty() || self.overlong {
            self.finish(ended);
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.overlong || self.partial.len() + bytes.len() > self.limit {
            self.overlong = true;
            self.partial.clear();
        } else {
            self.partial.extend_from_slice(bytes);
        }
    }

    fn finish(&mut self, ended: &mut Vec<(u64, Line)>) {
        self.number += 1;
        let line = std::mem::take(&mut self.partial);
        if std::mem::take(&mut self.overlong) {
            ended.push((self.number, Line::TooLong));
        } else if !line.iter().all(u8::is_ascii_whitespace) {
            ended.push((self.number, Line::Whole(line)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_same_however_the_body_is_cut() {
        let body = "{\"a\":1}\r\n\n{\"b\":\"\u{2028}\"}\n0123456789012345678901234567890\nlast".as_bytes();
        let expected = vec![
            (1, Line::Whole(b"{\"a\":1}\r".to_vec())),
            (3, Line::Whole("{\"b\":\"\u{2028}\"}".as_bytes().to_vec())),
            (4, Line::TooLong),
            (5, Line::Whole(b"last".to_vec())),
        ];
        for size in 1..body.len() {
            let (mut lines, mut ended) = (Lines::new(20), Vec::new());
            body.chunks(size).for_each(|piece| lines.push(piece, &mut ended));
            lines.end(&mut ended);
            assert_eq!(ended, expected, "pieces of {size}");
        }
    }
}
