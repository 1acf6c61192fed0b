//! Tables of RFC 4180: commas, double quotes, lines that end with LF or CRLF. `columns` leaves the order of columns,
//! quoting and line ends aside; `cells` lets numbers differ.

use super::measure::Measure;
use super::number::{exact, parse as number};
use super::shorten::{both, difference, whole};
use super::verdict::{Difference, Place};

/// Most cells of a table: what fits in memory beside its text.
const MAX_CELLS: usize = 20_000_000;

type Row = Vec<String>;

/// Reads a table; a last line without an end is a row.
fn read(bytes: &[u8]) -> Result<Vec<Row>, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let mut rows = Vec::new();
    let (mut row, mut cell) = (Row::new(), String::new());
    let (mut is_quoted, mut was_quoted, mut cells) = (false, false, 0usize);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if is_quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' if is_quoted => is_quoted = false,
            letter if is_quoted => cell.push(letter),
            '"' if cell.is_empty() && !was_quoted => (is_quoted, was_quoted) = (true, true),
            '"' => return Err(format!("a quote in the middle of a cell of row {}", rows.len() + 1)),
            '\r' if letters.peek() == Some(&'\n') => {}
            ',' | '\n' => {
                row.push(std::mem::take(&mut cell));
                was_quoted = false;
                cells += 1;
                if letter == '\n' {
                    rows.push(std::mem::take(&mut row));
                }
                if cells > MAX_CELLS {
                    return Err(format!("more than {MAX_CELLS} cells"));
                }
            }
            _ if was_quoted => return Err(format!("text behind a quoted cell of row {}", rows.len() + 1)),
            letter => cell.push(letter),
        }
    }
    if is_quoted {
        return Err("a quote that does not end".to_owned());
    }
    if !cell.is_empty() || !row.is_empty() || was_quoted {
        row.push(cell);
        rows.push(row);
    }
    Ok(rows)
}

/// Name of a column for people: from the header, else its number from 1.
fn name_of(header: Option<&Row>, column: usize) -> String {
    let named = header.and_then(|header| header.get(column)).filter(|name| !name.is_empty());
    named.cloned().unwrap_or_else(|| (column + 1).to_string())
}

/// For each column of the preserved table, where it stands in the new one: same name, and of equal names the same
/// occurrence.
fn matched(expected: &Row, found: &Row) -> Result<Vec<usize>, Difference> {
    let mut is_free: Vec<bool> = found.iter().map(|_| true).collect();
    let mut places = Vec::new();
    for (column, name) in expected.iter().enumerate() {
        let place = found.iter().zip(&is_free).position(|(other, free)| *free && other == name);
        let Some(place) = place else {
            let place = Place::Cell { row: 1, column: name_of(Some(expected), column) };
            return Err(difference(place, name, "no such column"));
        };
        if let Some(free) = is_free.get_mut(place) {
            *free = false;
        }
        places.push(place);
    }
    match found.iter().zip(&is_free).find(|(_, free)| **free) {
        Some((name, _)) => Err(difference(Place::Cell { row: 1, column: name.clone() }, "no such column", name)),
        None => Ok(places),
    }
}

/// The tables row by row, each column beside its like.
fn walk(
    expected: &[Row],
    found: &[Row],
    places: Option<&[usize]>,
    mut same: impl FnMut(&str, &str) -> bool,
) -> Result<(), Difference> {
    if expected.len() != found.len() {
        return Err(whole(format!("{} rows", expected.len()), format!("{} rows", found.len())));
    }
    for (index, (left, right)) in expected.iter().zip(found).enumerate() {
        let row = index as u64 + 1;
        if left.len() != right.len() {
            let place = Place::Cell { row, column: left.len().min(right.len()).saturating_add(1).to_string() };
            return Err(difference(place, &format!("{} cells", left.len()), &format!("{} cells", right.len())));
        }
        for (column, cell) in left.iter().enumerate() {
            let place = places.and_then(|places| places.get(column)).copied().unwrap_or(column);
            let other = right.get(place).map_or("", String::as_str);
            if cell != other && !same(cell, other) {
                let place = Place::Cell { row, column: name_of(expected.first(), column) };
                return Err(difference(place, cell, other));
            }
        }
    }
    Ok(())
}

/// `csv_columns/1`: same names of columns in any order, same rows in the same order, same text in every cell.
pub(super) fn columns(expected: &[u8], found: &[u8]) -> Result<(), Difference> {
    let (expected, found) = both(read(expected), read(found), "CSV")?;
    let none = Row::new();
    let places = matched(expected.first().unwrap_or(&none), found.first().unwrap_or(&none))?;
    walk(&expected, &found, Some(&places), |_, _| false)
}

/// `csv/1`: same shape, same text but for numbers within the tolerance. A number is never the same as other text.
pub(super) fn cells(expected: &[u8], found: &[u8], measure: &mut Measure) -> Result<(), Difference> {
    let (expected, found) = both(read(expected), read(found), "CSV")?;
    walk(&expected, &found, None, |left, right| {
        let (left, right) = (left.trim_matches(' '), right.trim_matches(' '));
        if exact(left).is_some() && exact(left) == exact(right) {
            return true;
        }
        match (number(left), number(right)) {
            (Some(expected), Some(found)) => measure.doubles(expected, found),
            _ => false,
        }
    })
}
