//! Whether search puts first what people judged to be right: real records, queries as they were typed, and what was
//! chosen or ordered. Measures ranks alone, never time, and knows nothing of how a score is made.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::figure::{Asked, Figure};
use super::{Bed, Failure, store};
use crate::catalogue::{Catalogue, Options};
use crate::cli::{ingest, sources};
use crate::model::{Entity, Kind, Query};

const NAME: &str = "relevance";
/// The set whose rows list an order that must hold; all other sets name what a person chose.
const CURATED: &str = "curated";
/// Parts that the chosen rows are split into by their queries, to see how much a figure depends on single ones.
const FOLDS: usize = 5;
/// Most hits looked at for one query.
const MAX_HITS: usize = 10_000;

/// One line of the table of judgements.
#[derive(Debug, PartialEq, Eq)]
struct Judgement {
    is_curated: bool,
    query: String,
    /// Identifiers in the order that must hold; of a chosen row the first alone counts.
    order: Vec<String>,
}

pub fn run(bed: &Bed) -> Result<Vec<Figure>, Failure> {
    let Some((judgements, documents)) = &bed.judgements else {
        return Err(Failure::usage("relevance needs --judgements FILE and --documents DIR"));
    };
    let text = std::fs::read_to_string(judgements)?;
    let judgements = parse(&text).map_err(Failure::usage)?;
    let catalogue = ingested(bed, documents)?;
    let ranks = Ranks::new(&catalogue, &judgements);
    catalogue.close();
    Ok(figures(&judgements, &ranks?))
}

/// A catalogue of these documents alone.
fn ingested(bed: &Bed, documents: &Path) -> Result<Arc<Catalogue>, Failure> {
    let folder = store::scratch(bed, NAME)?;
    let catalogue = Catalogue::open(&folder, &Options::default())?;
    let found = sources::find(&[PathBuf::from(documents)])?;
    let account = ingest::ingest(&catalogue, &found, None, true)?;
    if account.refused > 0 {
        return Err(Failure::usage(format!("{} documents were refused", account.refused)));
    }
    Ok(catalogue)
}

/// Reads the table; the first line names the columns.
fn parse(text: &str) -> Result<Vec<Judgement>, String> {
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    let column = |name: &str| names.iter().position(|found| *found == name).ok_or(format!("no column {name}"));
    let (set, query, order) = (column("set")?, column("query")?, column("expected_order")?);
    let mut judgements = Vec::new();
    let mut seen = BTreeSet::new();
    for (number, line) in lines.enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let cells: Vec<&str> = line.split('\t').collect();
        let cell = |at: usize| cells.get(at).copied().ok_or(format!("line {} is too short", number + 2));
        let order: Vec<String> = cell(order)?.split(',').map(|id| id.trim().to_owned()).collect();
        let is_curated = cell(set)? == CURATED;
        let chosen = (cell(query)?.to_owned(), order.first().cloned());
        if is_curated || seen.insert(chosen.clone()) {
            judgements.push(Judgement { is_curated, query: chosen.0, order });
        }
    }
    Ok(judgements)
}

/// Places of all records in the answers to all queries, from 0.
struct Ranks {
    /// Any identifier → sequence of the record.
    sequences: HashMap<String, u64>,
    /// Query → sequence → place.
    places: BTreeMap<String, HashMap<u64, usize>>,
}

impl Ranks {
    fn new(catalogue: &Catalogue, judgements: &[Judgement]) -> Result<Self, Failure> {
        let mut ranks = Self { sequences: HashMap::new(), places: BTreeMap::new() };
        let everything = Query { kinds: Kind::ALL.to_vec(), limit: MAX_HITS, ..Query::default() };
        for found in catalogue.search(everything.clone(), None)?.found {
            let Ok(entity) = Entity::view(&found.record) else { continue };
            let values = entity.identifiers.iter().map(|identifier| identifier.value.to_string());
            let names = values.chain([entity.id.to_string()]);
            ranks.sequences.extend(names.map(|name| (name, found.sequence)));
        }
        for judgement in judgements {
            if ranks.places.contains_key(&judgement.query) {
                continue;
            }
            let text = Some(judgement.query.as_str().into());
            let found = catalogue.search(Query { text, ..everything.clone() }, None)?.found;
            let places = found.iter().enumerate().map(|(place, found)| (found.sequence, place)).collect();
            ranks.places.insert(judgement.query.clone(), places);
        }
        Ok(ranks)
    }

    /// Place of a record in the answer to a query, if it is there.
    fn place(&self, query: &str, id: &str) -> Option<usize> {
        self.places.get(query)?.get(self.sequences.get(id)?).copied()
    }

    /// Whether the listed order holds: every record is found, each before the next.
    fn holds(&self, judgement: &Judgement) -> bool {
        let places: Option<Vec<usize>> = judgement.order.iter().map(|id| self.place(&judgement.query, id)).collect();
        places.is_some_and(|places| places.is_sorted())
    }

    /// Whether what was chosen stands among the first so many.
    fn is_among(&self, judgement: &Judgement, first: usize) -> bool {
        let chosen = judgement.order.first().and_then(|id| self.place(&judgement.query, id));
        chosen.is_some_and(|place| place < first)
    }
}

fn figures(judgements: &[Judgement], ranks: &Ranks) -> Vec<Figure> {
    let (curated, chosen): (Vec<&Judgement>, Vec<&Judgement>) =
        judgements.iter().partition(|judgement| judgement.is_curated);
    let recall = |rows: &[&Judgement], first: usize| {
        let among = rows.iter().filter(|row| ranks.is_among(row, first)).count();
        among as f64 / rows.len().max(1) as f64
    };
    let held = curated.iter().filter(|row| ranks.holds(row)).count() as f64;
    let asked_of_curated = Asked::AtLeast((curated.len() as f64 * 11.0 / 12.0).ceil());
    let mut figures = vec![
        Figure::new(NAME, format!("listed orders that hold, of {}", curated.len()), held, "").asked(asked_of_curated),
        Figure::new(NAME, format!("recall@10 of {} choices", chosen.len()), recall(&chosen, 10), "")
            .asked(Asked::AtLeast(0.78)),
        Figure::new(NAME, "recall@20", recall(&chosen, 20), "").asked(Asked::AtLeast(0.87)),
        Figure::new(NAME, "never found", 1.0 - recall(&chosen, MAX_HITS), "").asked(Asked::AtMost(0.03)),
    ];
    for fold in 0..FOLDS {
        let rows: Vec<&Judgement> = chosen.iter().copied().filter(|row| fold_of(&row.query) == fold).collect();
        let what = format!("recall@10 of part {} ({} choices)", fold + 1, rows.len());
        figures.push(Figure::new(NAME, what, recall(&rows, 10), ""));
    }
    for row in curated.iter().filter(|row| !ranks.holds(row)) {
        let places = row.order.iter().map(|id| match ranks.place(&row.query, id) {
            Some(place) => (place + 1).to_string(),
            None => "–".to_owned(),
        });
        let places: Vec<String> = places.collect();
        let what = format!("not as listed: {:?} at {}", row.query, places.join(", "));
        figures.push(Figure::new(NAME, what, 0.0, ""));
    }
    figures
}

/// The part of a query: all rows of one query, in whatever case, are in the same one.
fn fold_of(query: &str) -> usize {
    let sum =
        query.to_lowercase().bytes().fold(0usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
    sum % FOLDS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judgement(is_curated: bool, query: &str, order: &[&str]) -> Judgement {
        Judgement { is_curated, query: query.to_owned(), order: order.iter().map(|id| (*id).to_owned()).collect() }
    }

    #[test]
    fn a_choice_counts_once_and_columns_are_found_by_name() {
        let table = "query\tset\tnote\texpected_order\nice\tcurated\t\ta,b\nice\tclicks\t\ta,b\nice\tclicks\t\ta,c\n";
        let expected = [judgement(true, "ice", &["a", "b"]), judgement(false, "ice", &["a", "b"])];
        assert_eq!(parse(table).expect("a table"), expected);
        for broken in ["", "set\tquery\n", "set\tquery\texpected_order\nice\n"] {
            assert!(parse(broken).is_err(), "{broken:?}");
        }
    }

    #[test]
    fn figures_follow_from_places() {
        let place = |at: usize| (at as u64, at);
        let ranks = Ranks {
            sequences: ["a", "b", "c"].iter().enumerate().map(|(at, id)| ((*id).to_owned(), at as u64 * 15)).collect(),
            places: BTreeMap::from([("ice".to_owned(), (0..20).map(place).collect())]),
        };
        let rows = [
            judgement(true, "ice", &["a", "b"]),
            judgement(true, "ice", &["b", "a"]),
            judgement(true, "ice", &["a", "c"]),
            judgement(false, "ice", &["a"]),
            judgement(false, "ice", &["b"]),
            judgement(false, "ice", &["c"]),
            judgement(false, "fog", &["a"]),
        ];
        let measured: Vec<f64> = figures(&rows, &ranks).iter().take(4).map(|figure| figure.measured).collect();
        assert_eq!(measured, [1.0, 0.25, 0.5, 0.5]);
    }
}
