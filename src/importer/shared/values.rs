//! Values of XML leaves on their way into a record: tidy texts, numbers as written, properties that may occur often.

use super::record::Record;
use super::xml::Element;
use crate::model::Draft;

/// Most values that one property keeps: vectors and tables stay in the source.
const MAX_VALUES: usize = 64;
/// Most properties of one sweep.
const MAX_NAMES: usize = 600;
/// Longest value in bytes: longer ones are prose, and stay in the source.
const MAX_LENGTH: usize = 400;

/// A text on one line: runs of white space become one space.
pub fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Prose: indentation goes, paragraphs stay.
pub fn prose(text: &str) -> String {
    let mut paragraphs: Vec<String> = Vec::new();
    let mut ended = true;
    for line in text.lines().map(tidy) {
        match paragraphs.last_mut() {
            _ if line.is_empty() => {}
            Some(paragraph) if !ended => {
                paragraph.push(' ');
                paragraph.push_str(&line);
            }
            _ => paragraphs.push(line.clone()),
        }
        ended = line.is_empty();
    }
    paragraphs.join("\n\n")
}

/// The text, if it is a number as JSON writes them and a double can hold it. `007` and `+5` are texts.
pub fn number(text: &str) -> Option<&str> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let mut bytes = digits.bytes();
    let (first, second) = (bytes.next()?, bytes.next());
    let leads = first.is_ascii_digit() && !(first == b'0' && second.is_some_and(|byte| byte.is_ascii_digit()));
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    let point = digits.split('.').nth(1).is_none_or(|after| after.starts_with(|c: char| c.is_ascii_digit()));
    let held = text.len() <= 40 && text.parse::<f64>().is_ok_and(f64::is_finite);
    let before_exponent = digits.split(['e', 'E']).next().is_some_and(|mantissa| !mantissa.ends_with('.'));
    (leads && plain && point && before_exponent && held).then_some(text)
}

/// Name of a file: the last part of its address, without what is asked of the server.
pub fn name_of_address(address: &str) -> Option<&str> {
    let path = address.split(['?', '#']).next().unwrap_or(address);
    path.trim_end_matches('/').rsplit('/').next().filter(|name| !name.is_empty())
}

/// Text as a double, for footprints.
pub fn double(text: Option<&str>) -> Option<f64> {
    text?.trim().parse::<f64>().ok().filter(|value| value.is_finite())
}

/// Properties under collection: a name that occurs again becomes an array, in the order of the document, without doubles.
#[derive(Debug, Default)]
pub struct Properties {
    entries: Vec<(String, Vec<String>)>,
    places: std::collections::HashMap<String, usize>,
}

impl Properties {
    /// Adds a value; `false` if there was no room for it.
    pub fn add(&mut self, name: &str, value: &str) -> bool {
        if value.is_empty() || value.len() > MAX_LENGTH {
            return false;
        }
        self.keep(name, value, MAX_VALUES)
    }

    /// Adds a value however long it is, and however many there are.
    pub fn add_text(&mut self, name: &str, value: &str) -> bool {
        !value.is_empty() && self.keep(name, value, usize::MAX)
    }

    fn keep(&mut self, name: &str, value: &str, most: usize) -> bool {
        let place = match self.places.get(name) {
            Some(place) => *place,
            None if self.entries.len() >= MAX_NAMES => return false,
            None => {
                self.entries.push((name.to_owned(), Vec::new()));
                self.places.insert(name.to_owned(), self.entries.len() - 1);
                self.entries.len() - 1
            }
        };
        let Some((_, values)) = self.entries.get_mut(place) else { return false };
        if values.iter().any(|known| known == value) {
            return true;
        }
        let room = values.len() < most;
        if room {
            values.push(value.to_owned());
        }
        room
    }

    /// Writes all of them. An array has numbers only if all of its values are numbers.
    pub fn write(self, record: &mut Record<'_>) {
        for (name, values) in self.entries {
            let numbers = values.iter().all(|value| number(value).is_some());
            match (values.as_slice(), numbers) {
                ([], _) => {}
                ([value], true) => record.raw_property(&name, value),
                ([value], false) => record.property(&name, value),
                (values, numbers) => {
                    let mut list = Draft::array();
                    for value in values {
                        if numbers { list.element(value) } else { list.string_element(value) }
                    }
                    record.raw_property(&name, &list.finish());
                }
            }
        }
    }

    /// Takes every leaf below an element as a property. `name_of` gives the name of a leaf from its parent and itself, or
    /// `None` for what is to stay in the source; elements for which `enter` says no are not looked into.
    pub fn sweep(
        &mut self,
        element: &Element,
        enter: &dyn Fn(&Element) -> bool,
        name_of: &dyn Fn(&Element, &Element) -> Option<String>,
    ) {
        for child in element.children() {
            if child.children().next().is_some() {
                if enter(child) {
                    self.sweep(child, enter, name_of);
                }
                continue;
            }
            let Some(name) = name_of(element, child) else { continue };
            if let Some(text) = child.short_text(MAX_LENGTH) {
                let kept = self.add(&name, &tidy(text));
                if kept {
                    child.read_all();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_json_calls_numbers() {
        for text in ["0", "-1", "1.5", "1e5", "-1.5E+30", "10", "0.5", "1e-5"] {
            assert_eq!(number(text), Some(text));
            assert!(serde_json::from_str::<f64>(text).is_ok(), "{text}");
        }
        for text in ["", "-", "007", "+5", ".5", "1.", "1.e5", "1e", "1e999", "0x1", "nan", "inf", "1-2", "1.2.3", "e5"]
        {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn prose_keeps_its_paragraphs() {
        assert_eq!(prose("\n   a\n   b \n\n\n  c\n"), "a b\n\nc");
        assert_eq!(tidy(" a\n  b "), "a b");
    }
}
