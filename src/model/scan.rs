//! Walks over JSON text that is known to be valid, such as a stored record, several times as fast as a parser that
//! checks it. On text that is not valid the walk ends early or gives odd pieces, and does no other harm.

/// Names (between their quotes, escapes as written) and values of an object; nothing for any other text.
pub fn members(text: &str) -> Members<'_> {
    Members(Walk::into(text, b'{'))
}

/// Elements of an array; nothing for any other text.
pub fn elements(text: &str) -> Elements<'_> {
    Elements(Walk::into(text, b'['))
}

/// The value of the first member of this name, which has no escapes.
pub fn member<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    members(text).find(|(found, _)| *found == name).map(|(_, value)| value)
}

/// Iterator of [`members`].
#[derive(Debug, Clone)]
pub struct Members<'a>(Walk<'a>);

/// Iterator of [`elements`].
#[derive(Debug, Clone)]
pub struct Elements<'a>(Walk<'a>);

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let name = self.0.value()?;
        let name = name.get(1..name.len().checked_sub(1)?)?;
        self.0.skip(b':');
        Some((name, self.0.value()?))
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        self.0.value()
    }
}

#[derive(Debug, Clone)]
struct Walk<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Walk<'a> {
    fn into(text: &'a str, bracket: u8) -> Self {
        let mut walk = Self { text, at: 0 };
        walk.space();
        walk.at = if walk.byte() == Some(bracket) { walk.at + 1 } else { text.len() };
        walk
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn skip(&mut self, mark: u8) {
        self.space();
        if self.byte() == Some(mark) {
            self.at += 1;
        }
        self.space();
    }

    /// The next value, and whatever parts it from the one before.
    fn value(&mut self) -> Option<&'a str> {
        self.skip(b',');
        let start = self.at;
        self.at = match self.byte()? {
            b'"' => self.after_string(start + 1),
            b'{' => self.after_container(start, b'{', b'}'),
            b'[' => self.after_container(start, b'[', b']'),
            b'}' | b']' => return None,
            _ => self.after_word(start),
        };
        self.text.get(start..self.at).filter(|value| !value.is_empty())
    }

    fn rest(&self, from: usize) -> &'a [u8] {
        self.text.as_bytes().get(from..).unwrap_or_default()
    }

    /// Position of the first of the bytes, from `at` on. Most are near, where a call costs more than a look at each.
    fn find(&self, at: usize, bytes: [u8; 3]) -> Option<usize> {
        const NEAR: usize = 12;
        let rest = self.rest(at);
        let near = rest.get(..NEAR).unwrap_or(rest);
        if let Some(found) = near.iter().position(|byte| bytes.contains(byte)) {
            return Some(at + found);
        }
        let [first, second, third] = bytes;
        let far = rest.get(near.len()..)?;
        memchr::memchr3(first, second, third, far).map(|found| at + near.len() + found)
    }

    fn after_string(&self, mut at: usize) -> usize {
        while let Some(found) = self.find(at, [b'"', b'\\', b'"']) {
            if self.text.as_bytes().get(found) == Some(&b'"') {
                return found + 1;
            }
            at = found + 2;
        }
        self.text.len()
    }

    /// Brackets of the other kind are balanced within, so only one kind is counted.
    fn after_container(&self, mut at: usize, open: u8, close: u8) -> usize {
        let mut depth = 0_usize;
        while let Some(found) = self.find(at, [b'"', open, close]) {
            at = found + 1;
            match self.text.as_bytes().get(found) {
                Some(b'"') => at = self.after_string(at),
                Some(byte) if *byte == open => depth += 1,
                _ => depth = depth.saturating_sub(1),
            }
            if depth == 0 {
                return at;
            }
        }
        self.text.len()
    }

    fn after_word(&self, at: usize) -> usize {
        let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b':' | b' ' | b'\n' | b'\r' | b'\t');
        at + self.rest(at).iter().position(ends).unwrap_or(self.rest(at).len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_those_of_the_text() {
        let text = "{ \"a\" : 1.10 , \"b\\\"\":\"x\\\\\" ,\"c\":{\"}\":[\"]\",{}]},\"d\":[[1],[2]] , \"e\":null}";
        let found: Vec<_> = members(text).collect();
        let expected =
            [("a", "1.10"), ("b\\\"", "\"x\\\\\""), ("c", "{\"}\":[\"]\",{}]}"), ("d", "[[1],[2]]"), ("e", "null")];
        assert_eq!(found, expected);
        let found: Vec<_> = elements(" [ [1,2] ,{\"a\":[]}, \"],\" ,-1e5\n]").collect();
        assert_eq!(found, ["[1,2]", "{\"a\":[]}", "\"],\"", "-1e5"]);
        assert_eq!(
            (elements("[]").count(), members("{}").count(), members("[1]").count(), elements("7").count()),
            (0, 0, 0, 0)
        );
    }

    #[test]
    fn text_that_is_not_valid_ends_the_walk() {
        for text in ["{", "{\"a", "{\"a\":", "{\"a\":{", "{\"", "[1,,2", "[\"\\", "{1:2}", "{a}", "[}", "[:]", "{\"é\\"]
        {
            assert!(members(text).count() + elements(text).count() < 8, "{text}");
        }
    }
}
