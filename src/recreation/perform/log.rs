//! The last part of what a program said, as text.

use std::collections::VecDeque;

/// Bytes that are kept: a traceback, not a film.
pub(super) const LOG_BYTES: usize = 64 << 10;

/// Keeps the last [`LOG_BYTES`] of what is pushed.
#[derive(Debug, Default)]
pub(super) struct Tail(VecDeque<u8>);

impl Tail {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let kept = bytes.get(bytes.len().saturating_sub(LOG_BYTES)..).unwrap_or_default();
        let surplus = (self.0.len() + kept.len()).saturating_sub(LOG_BYTES);
        self.0.drain(..surplus.min(self.0.len()));
        self.0.extend(kept);
    }

    /// As text; what is no UTF-8 becomes U+FFFD, as does NUL, which no JSON reader likes.
    pub(super) fn into_text(self) -> String {
        String::from_utf8_lossy(&Vec::from(self.0)).replace('\0', "\u{fffd}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_bytes_are_kept() {
        let mut tail = Tail::default();
        tail.push(b"first");
        tail.push(&vec![b'x'; LOG_BYTES - 3]);
        tail.push(b"end");
        let text = tail.into_text();
        assert_eq!((text.len(), text.starts_with('x'), text.ends_with("xend")), (LOG_BYTES, true, true));
        let mut tail = Tail::default();
        tail.push(&vec![b'y'; LOG_BYTES * 2]);
        tail.push(b"\xff\0");
        assert!(tail.into_text().ends_with("y\u{fffd}\u{fffd}"));
    }
}
