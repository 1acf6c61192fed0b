//! FITS files header unit by header unit (FITS Standard 4.0, sections 3 and 4). The order of cards and the sum over a
//! header (CHECKSUM) do not matter; values, comments and data do. With rule `numeric`, floating-point images may differ
//! within the tolerance; tables and integer cards never.

use super::measure::Measure;
use super::shorten::{both, difference, hexadecimal, whole};
use super::verdict::{Difference, Place};

/// Length of a block and of a card.
const BLOCK_BYTES: usize = 2880;
const CARD_BYTES: usize = 80;

/// Header units of one file.
const MAX_UNITS: usize = 10_000;

/// Keywords whose cards are text in order.
const IN_ORDER: &[&str] = &["COMMENT", "HISTORY", "CONTINUE", ""];

/// A keyword, its occurrence from 1, and the rest of its card.
#[derive(Debug, PartialEq, Eq)]
struct Card {
    keyword: String,
    occurrence: u64,
    text: String,
}

/// One header with its data.
#[derive(Debug)]
struct Unit<'a> {
    /// Sorted by keyword and occurrence.
    cards: Vec<Card>,
    bitpix: i64,
    /// Whether the data are an array and nothing behind it.
    is_image: bool,
    data: &'a [u8],
    /// Values of an image; the rest of the last block is filling.
    values: usize,
}

fn read(bytes: &[u8]) -> Result<Vec<Unit<'_>>, String> {
    let (mut units, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        if units.len() == MAX_UNITS {
            return Err(format!("more than {MAX_UNITS} header units"));
        }
        let rest = bytes.get(at..).unwrap_or_default();
        let (raw, header_bytes) = header(rest).map_err(|reason| format!("header unit {}: {reason}", units.len()))?;
        let unit = unit(&raw, rest, header_bytes).map_err(|reason| format!("header unit {}: {reason}", units.len()))?;
        at += header_bytes + blocks(unit.data.len());
        units.push(unit);
    }
    if units.is_empty() { Err("empty".to_owned()) } else { Ok(units) }
}

/// A length filled up to whole blocks.
fn blocks(bytes: usize) -> usize {
    bytes.div_ceil(BLOCK_BYTES) * BLOCK_BYTES
}

/// Keyword and rest of each card up to END, and the header's length.
fn header(bytes: &[u8]) -> Result<(Vec<(String, String)>, usize), String> {
    let mut cards = Vec::new();
    for (index, card) in bytes.chunks_exact(CARD_BYTES).enumerate() {
        let text = std::str::from_utf8(card).ok().filter(|text| text.is_ascii());
        let text = text.ok_or_else(|| format!("card {} is not ASCII", index + 1))?;
        let (keyword, rest) = text.split_at(8);
        if keyword.trim_end() == "END" {
            return Ok((cards, blocks((index + 1) * CARD_BYTES)));
        }
        cards.push((keyword.trim_end().to_owned(), rest.trim_end().to_owned()));
    }
    Err("no END".to_owned())
}

/// A card's value without its comment, as an integer.
fn integer(raw: &[(String, String)], keyword: &str) -> Option<i64> {
    let (_, text) = raw.iter().find(|(name, _)| name == keyword)?;
    text.strip_prefix('=')?.split('/').next()?.trim().parse().ok()
}

fn unit<'a>(raw: &[(String, String)], bytes: &'a [u8], header_bytes: usize) -> Result<Unit<'a>, String> {
    let is_first_image = raw.first().is_some_and(|(keyword, _)| keyword == "SIMPLE");
    let is_extension = raw.first().is_some_and(|(keyword, _)| keyword == "XTENSION");
    if !is_first_image && !is_extension {
        return Err("begins with neither SIMPLE nor XTENSION".to_owned());
    }
    let bitpix =
        integer(raw, "BITPIX").filter(|bitpix| [8, 16, 32, 64, -32, -64].contains(bitpix)).ok_or("no BITPIX")?;
    let axes = integer(raw, "NAXIS").filter(|axes| (0..=999).contains(axes)).ok_or("no NAXIS")?;
    let mut lengths = Vec::new();
    for axis in 1..=axes {
        let length = integer(raw, &format!("NAXIS{axis}")).and_then(|length| usize::try_from(length).ok());
        lengths.push(length.ok_or_else(|| format!("no NAXIS{axis}"))?);
    }
    let groups = integer(raw, "GCOUNT").unwrap_or(1);
    let heap = integer(raw, "PCOUNT").unwrap_or(0);
    let is_image =
        (is_first_image && groups == 1 && heap == 0) || raw.first().is_some_and(|(_, text)| text.contains("'IMAGE"));
    let is_grouped = is_first_image && lengths.first() == Some(&0) && axes > 1;
    if is_grouped {
        return Err("random groups".to_owned());
    }
    let product = lengths.iter().try_fold(usize::from(axes > 0), |all, length| all.checked_mul(*length));
    let (groups, heap) = (usize::try_from(groups).map_err(|_| "GCOUNT")?, usize::try_from(heap).map_err(|_| "PCOUNT")?);
    let width = usize::try_from(bitpix.unsigned_abs() / 8).map_err(|_| "BITPIX")?;
    let values = product.and_then(|product| product.checked_add(heap)?.checked_mul(groups)).ok_or("too large")?;
    let length = values.checked_mul(width).ok_or("too large")?;
    let data = header_bytes.checked_add(length).and_then(|end| bytes.get(header_bytes..end)).ok_or("data end early")?;
    Ok(Unit { cards: cards(raw), bitpix, is_image, data, values })
}

/// The cards in the order in which they are compared.
fn cards(raw: &[(String, String)]) -> Vec<Card> {
    let mut counts = std::collections::BTreeMap::<&str, u64>::new();
    let mut cards = Vec::new();
    for (keyword, text) in raw {
        let is_blank = keyword.is_empty() && text.is_empty();
        if is_blank || keyword == "CHECKSUM" {
            continue;
        }
        let occurrence = counts.entry(keyword).or_default();
        *occurrence += 1;
        let text = if IN_ORDER.contains(&keyword.as_str()) { text.clone() } else { plain(text) };
        cards.push(Card { keyword: keyword.clone(), occurrence: *occurrence, text });
    }
    cards.sort_by(|left, right| (&left.keyword, left.occurrence).cmp(&(&right.keyword, right.occurrence)));
    cards
}

/// Value and comment without the white space that only lays them out.
fn plain(text: &str) -> String {
    let Some(text) = text.strip_prefix('=').map(str::trim) else { return text.trim().to_owned() };
    let end = value_end(text);
    let (value, comment) = text.split_at_checked(end).unwrap_or((text, ""));
    let value = match value.trim().strip_prefix('\'').and_then(|value| value.strip_suffix('\'')) {
        // Spaces at the end of a string mean nothing (section 4.2.1).
        Some(text) => format!("'{}'", text.trim_end()),
        None => value.trim().to_owned(),
    };
    format!("{value} / {}", comment.trim_start_matches('/').trim())
}

/// Where the value of a card ends: at the slash, but not inside a string.
fn value_end(text: &str) -> usize {
    let mut is_string = false;
    let end = text.char_indices().find(|(_, letter)| {
        is_string ^= *letter == '\'';
        *letter == '/' && !is_string
    });
    end.map_or(text.len(), |(at, _)| at)
}

/// `fits_cards/1` and `fits_image/1`.
pub(super) fn compare(expected: &[u8], found: &[u8], measure: &mut Measure) -> Result<(), Difference> {
    let (expected, found) = both(read(expected), read(found), "FITS")?;
    if expected.len() != found.len() {
        return Err(whole(format!("{} header units", expected.len()), format!("{} header units", found.len())));
    }
    for (index, (left, right)) in expected.iter().zip(&found).enumerate() {
        headers(index as u64, left, right, measure)?;
        data(index as u64, left, right, measure)?;
    }
    Ok(())
}

fn headers(unit: u64, left: &Unit<'_>, right: &Unit<'_>, measure: &Measure) -> Result<(), Difference> {
    // A sum over data that may differ says only whether they do.
    let counts = |card: &&Card| !(measure.is_numeric() && card.keyword == "DATASUM");
    let (mut lefts, mut rights) = (left.cards.iter().filter(counts), right.cards.iter().filter(counts));
    loop {
        let (expected, found) = (lefts.next(), rights.next());
        if expected == found {
            if expected.is_none() {
                return Ok(());
            }
            continue;
        }
        let key = |card: &Card| (card.keyword.clone(), card.occurrence);
        // The smaller key is the one that the other side has not.
        let named = [expected, found].into_iter().flatten().map(key).min();
        let Some((keyword, occurrence)) = named else { return Ok(()) };
        let text = |card: Option<&Card>| match card {
            Some(card) if key(card) == (keyword.clone(), occurrence) => card.text.clone(),
            _ => "no such card".to_owned(),
        };
        let (expected, found) = (text(expected), text(found));
        return Err(difference(Place::Card { unit, keyword, occurrence }, &expected, &found));
    }
}

fn data(unit: u64, left: &Unit<'_>, right: &Unit<'_>, measure: &mut Measure) -> Result<(), Difference> {
    if left.data == right.data {
        return Ok(());
    }
    let width = usize::try_from(left.bitpix.unsigned_abs() / 8).unwrap_or(1).max(1);
    let is_lenient = measure.is_numeric() && left.is_image && right.is_image && left.values == right.values;
    for (index, (expected, found)) in left.data.chunks(width).zip(right.data.chunks(width)).enumerate() {
        if expected == found || (is_lenient && agrees(left.bitpix, expected, found, measure)) {
            continue;
        }
        let place = Place::Value { unit, index: index as u64 };
        return Err(Difference { place, expected: shown(left, expected), found: shown(left, found) });
    }
    match left.data.len() == right.data.len() {
        true => Ok(()),
        false => {
            Err(whole(format!("{} bytes of data", left.data.len()), format!("{} bytes of data", right.data.len())))
        }
    }
}

/// Whether two values of an image, as bytes with the highest first, are within the tolerance.
fn agrees(bitpix: i64, expected: &[u8], found: &[u8], measure: &mut Measure) -> bool {
    match (number(bitpix, expected), number(bitpix, found)) {
        (Some(Number::Single(left)), Some(Number::Single(right))) => measure.singles(left, right),
        (Some(Number::Double(left)), Some(Number::Double(right))) => measure.doubles(left, right),
        (Some(Number::Integer(left)), Some(Number::Integer(right))) => measure.integers(left, right),
        _ => false,
    }
}

/// A value of an image as it is stored, before BSCALE and BZERO.
enum Number {
    Integer(i64),
    Single(f32),
    Double(f64),
}

fn number(bitpix: i64, bytes: &[u8]) -> Option<Number> {
    Some(match bitpix {
        8 => Number::Integer(i64::from(*bytes.first()?)),
        16 => Number::Integer(i64::from(i16::from_be_bytes(bytes.try_into().ok()?))),
        32 => Number::Integer(i64::from(i32::from_be_bytes(bytes.try_into().ok()?))),
        64 => Number::Integer(i64::from_be_bytes(bytes.try_into().ok()?)),
        -32 => Number::Single(f32::from_be_bytes(bytes.try_into().ok()?)),
        _ => Number::Double(f64::from_be_bytes(bytes.try_into().ok()?)),
    })
}

fn shown(unit: &Unit<'_>, bytes: &[u8]) -> String {
    match number(unit.bitpix, bytes).filter(|_| unit.is_image) {
        Some(Number::Integer(value)) => value.to_string(),
        Some(Number::Single(value)) => value.to_string(),
        Some(Number::Double(value)) => value.to_string(),
        None => hexadecimal(bytes),
    }
}
