//! Names that resemble one that is unknown, for helpful errors.

/// The up to three names within a third of the wanted name's length in edits, or that contain it; nearest first.
pub fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let wanted = wanted.to_lowercase();
    let limit = (wanted.chars().count() / 3).max(2);
    let mut scored: Vec<(usize, &str)> = names
        .filter_map(|name| {
            let lower = name.to_lowercase();
            let contained = wanted.len() >= 3 && (lower.contains(&wanted) || wanted.contains(&lower));
            let distance = if contained { 0 } else { edits(&wanted, &lower) };
            (distance <= limit).then_some((distance, name))
        })
        .collect();
    scored.sort_unstable();
    scored.into_iter().take(3).map(|(_, name)| name.to_owned()).collect()
}

/// Levenshtein distance over characters.
fn edits(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, left_char) in left.chars().enumerate() {
        let mut diagonal = line;
        let mut before = line + 1;
        for (cell, right_char) in row.iter_mut().skip(1).zip(&right) {
            let substituted = diagonal + usize::from(left_char != *right_char);
            diagonal = *cell;
            before = substituted.min(*cell + 1).min(before + 1);
            *cell = before;
        }
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_collection_suggests_the_one_that_was_meant() {
        let names = ["sentinel-2-l2a", "sentinel-1-grd", "mars-express-hrsc", "naip"];
        assert_eq!(nearest("sentinel-2-l2", names.into_iter()).first().map(String::as_str), Some("sentinel-2-l2a"));
        assert_eq!(nearest("niap", names.into_iter()), ["naip"]);
        assert!(nearest("completely-else", names.into_iter()).is_empty());
    }

    #[test]
    fn edit_distance_is_levenshtein() {
        for (left, right, distance) in [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "abc", 0), ("ab", "ba", 2)] {
            assert_eq!(edits(left, right), distance);
        }
    }
}
