//! FITS headers as lists of cards (FITS Standard 4.0, section 4): all HDUs of a file, or a header that was dumped as text.

use crate::importer::Reason;
use crate::importer::shared::numbers;

/// Length of a block.
const BLOCK: usize = 2880;
/// Length of a card.
const CARD: usize = 80;
/// Most cards of all headers together: the largest real ones have some 3,000. Bounds memory.
const MAX_CARDS: usize = 200_000;

/// A keyword and its value, quotes and comment taken away.
pub struct Card {
    pub key: String,
    pub value: String,
    pub is_text: bool,
}

/// The header of one HDU.
#[derive(Default)]
pub struct Header {
    pub cards: Vec<Card>,
}

/// The headers of a document.
pub struct Headers {
    pub all: Vec<Header>,
    /// Where the last header ends.
    pub end: usize,
    /// Where the last data end, as the headers promise.
    pub promised: u64,
    /// Whether this is a dumped header without data.
    pub is_text: bool,
}

impl Header {
    /// The value of a card, unless it is empty.
    pub fn get(&self, key: &str) -> Option<&str> {
        let card = self.cards.iter().find(|card| card.key == key)?;
        Some(card.value.as_str()).filter(|value| !value.is_empty())
    }

    /// A number.
    pub fn number(&self, key: &str) -> Option<f64> {
        numbers::number(self.get(key)?)
    }

    fn whole(&self, key: &str) -> Option<u64> {
        self.get(key)?.parse().ok()
    }

    /// Length of the data that follow, padding included (FITS Standard 4.0, equations 1 and 2).
    fn data_bytes(&self) -> Option<u64> {
        let axes = self.whole("NAXIS").unwrap_or(0);
        if axes == 0 {
            return Some(0);
        }
        let bits = self.get("BITPIX")?.parse::<i64>().ok()?.unsigned_abs();
        let is_groups = self.whole("NAXIS1") == Some(0) && self.get("GROUPS") == Some("T");
        let first = if is_groups { 2 } else { 1 };
        let mut elements = 1_u64;
        for axis in first..=axes.min(999) {
            elements = elements.checked_mul(self.whole(&format!("NAXIS{axis}"))?)?;
        }
        let groups = self.whole("GCOUNT").unwrap_or(1);
        let parameters = self.whole("PCOUNT").unwrap_or(0);
        let bytes = elements.checked_add(parameters)?.checked_mul(groups)?.checked_mul(bits / 8)?;
        bytes.checked_next_multiple_of(BLOCK as u64)
    }
}

/// Reads all headers that stand in the bytes.
///
/// # Errors
/// `Reason::Broken` for a header without END.
pub fn read(bytes: &[u8]) -> Result<Headers, Reason> {
    let head = bytes.get(..bytes.len().min(BLOCK)).unwrap_or_default();
    if head.contains(&b'\n') {
        return Ok(text(bytes));
    }
    let is_dump = bytes.len() < BLOCK || !bytes.starts_with(b"SIMPLE") && !bytes.starts_with(b"XTENSION");
    let mut headers = Headers { all: Vec::new(), end: 0, promised: 0, is_text: false };
    let (mut at, mut count) = (0_usize, 0_usize);
    while let Some((header, end)) = header(bytes.get(at..).unwrap_or_default(), &mut count) {
        headers.end = at.saturating_add(end);
        let data = header.data_bytes();
        headers.all.push(header);
        let Some(data) = data else { break };
        headers.promised = (headers.end as u64).saturating_add(data);
        match usize::try_from(headers.promised)
            .ok()
            .filter(|next| bytes.get(*next..).is_some_and(|rest| rest.starts_with(b"XTENSION")))
        {
            Some(next) => at = next,
            None => break,
        }
    }
    if headers.all.is_empty() && is_dump && bytes.is_ascii() {
        let cards = bytes.chunks(CARD).take(MAX_CARDS).filter_map(|card| parsed(&String::from_utf8_lossy(card)));
        let header = Header { cards: cards.collect() };
        return Ok(Headers { all: vec![header], end: bytes.len(), promised: 0, is_text: true });
    }
    if headers.all.is_empty() {
        return Err(Reason::Broken { line: 1, message: "a FITS header without END".to_owned() });
    }
    Ok(headers)
}

/// One header and where its blocks end; `None` without END.
fn header(bytes: &[u8], count: &mut usize) -> Option<(Header, usize)> {
    let mut header = Header::default();
    for (number, card) in bytes.chunks_exact(CARD).enumerate() {
        *count = count.saturating_add(1);
        if *count > MAX_CARDS {
            return None;
        }
        if card.starts_with(b"END") && card.get(3..).is_some_and(|rest| rest.trim_ascii().is_empty()) {
            let end = number.saturating_add(1).saturating_mul(CARD).next_multiple_of(BLOCK);
            return Some((header, end.min(bytes.len())));
        }
        add(&mut header, &String::from_utf8_lossy(card));
    }
    None
}

/// A header with a line for each card; its END may be missing.
fn text(bytes: &[u8]) -> Headers {
    let mut header = Header::default();
    let text: String = bytes.iter().copied().map(char::from).collect();
    for line in text.lines().take(MAX_CARDS) {
        if line.trim_end() == "END" {
            break;
        }
        add(&mut header, line);
    }
    Headers { all: vec![header], end: bytes.len(), promised: 0, is_text: true }
}

/// Adds a card, or what it continues.
fn add(header: &mut Header, card: &str) {
    if let Some(rest) = card.strip_prefix("CONTINUE") {
        if let (Some(last), Some(part)) =
            (header.cards.last_mut().filter(|last| last.is_text), quoted(rest.trim_start()))
        {
            if last.value.ends_with('&') {
                last.value.pop();
            }
            last.value.push_str(&part);
        }
        return;
    }
    header.cards.extend(parsed(card));
}

/// A card with a value; `None` for comments and blanks.
fn parsed(card: &str) -> Option<Card> {
    let (key, rest) = card.split_once('=')?;
    let key = key.trim();
    let key = key.strip_prefix("HIERARCH").map_or(key, str::trim);
    let is_key = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_ .".contains(&byte));
    if !is_key || key.len() > CARD || ["COMMENT", "HISTORY"].iter().any(|word| key.starts_with(word)) {
        return None;
    }
    let rest = rest.trim_start();
    let text = quoted(rest);
    let is_text = text.is_some();
    let value = text.unwrap_or_else(|| rest.split('/').next().unwrap_or_default().trim().to_owned());
    Some(Card { key: key.to_ascii_uppercase(), value, is_text })
}

/// A text in quotes, a doubled quote standing for one, blanks at its end taken away.
fn quoted(rest: &str) -> Option<String> {
    let mut characters = rest.strip_prefix('\'')?.chars().peekable();
    let mut text = String::new();
    while let Some(character) = characters.next() {
        if character == '\'' && characters.next_if_eq(&'\'').is_none() {
            break;
        }
        text.push(character);
    }
    Some(text.trim_end().to_owned())
}
