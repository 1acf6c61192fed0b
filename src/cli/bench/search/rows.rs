//! The questions that are measured, with what each may take.

use crate::cli::bench::records::{Numbers, Records};
use crate::model::uri::encode;

/// One kind of question.
pub struct Row {
    pub what: &'static str,
    /// Milliseconds that the median may take at a million records.
    pub limit: f64,
    /// The path of the next question.
    pub path: fn(&mut Numbers) -> String,
    /// What is counted in an answer, to show that it is not empty.
    pub counted: &'static str,
    /// Whether every match is looked at, so that its time grows with the store.
    pub sums_up: bool,
}

const ITEM: &str = "\"stac_version\"";
const RECORD: &str = "\"kind\":\"product\"";
const COUNT: &str = "\"count\":";

const fn page(what: &'static str, limit: f64, counted: &'static str, path: fn(&mut Numbers) -> String) -> Row {
    Row { what, limit, path, counted, sums_up: false }
}

const fn sum(what: &'static str, limit: f64, counted: &'static str, path: fn(&mut Numbers) -> String) -> Row {
    Row { what, limit, path, counted, sums_up: true }
}

/// Every row, in the order of the table in docs/PERFORMANCE.md.
pub const ROWS: &[Row] = &[
    page("collection, box and year", 0.4, ITEM, |numbers| {
        let (collection, area, year) = (collection(numbers), area(numbers, 20.0, 15.0), year(numbers));
        stac(&format!("collections={collection}&bbox={area}&datetime={year}&count=none"))
    }),
    page("box", 0.5, ITEM, |numbers| stac(&format!("bbox={}&count=none", area(numbers, 20.0, 15.0)))),
    page("large box", 0.5, ITEM, |numbers| stac(&format!("bbox={}&count=none", area(numbers, 120.0, 80.0)))),
    page("three years, newest first", 0.4, ITEM, |numbers| stac(&format!("datetime={}&count=none", years(numbers, 3)))),
    page("cloud below 10, sorted by cloud", 2.5, RECORD, |_| {
        native("property=quality.cloud_cover%3C10&sort=property:quality.cloud_cover&count=none")
    }),
    page("rare property equality", 0.4, RECORD, |numbers| {
        native(&format!("property=mgrs:tile%3DT{:05}&count=none", numbers.below(20_000)))
    }),
    page("numeric range in properties", 1.5, RECORD, |numbers| {
        let low = numbers.between(0.0, 89.9);
        let high = low + 0.1;
        native(&format!("property=view:sun_elevation%3E%3D{low:.3}&property=view:sun_elevation%3C{high:.3}&count=none"))
    }),
    page("LIKE 'prefix%'", 1.5, RECORD, |numbers| {
        let filter = encode(&format!("\"mgrs:tile\" LIKE 'T{:03}%'", numbers.below(200)));
        native(&format!("filter={filter}&count=none"))
    }),
    sum("any of two frequent words, with the exact total", 2.5, RECORD, |numbers| {
        let (one, other) = frequent(numbers);
        native(&format!("q={one}+OR+{other}"))
    }),
    page("all of two frequent words", 1.0, RECORD, |numbers| {
        let (one, other) = frequent(numbers);
        native(&format!("q=%2B{one}+%2B{other}&count=none"))
    }),
    page("any of two rare words", 0.4, RECORD, |numbers| {
        let (one, other) = (numbers.below(20_000), numbers.below(20_000));
        native(&format!("q={one:05}+OR+{other:05}&count=none"))
    }),
    page("phrase", 5.0, RECORD, |_| native("q=%22surface+reflectance%22&count=none")),
    page("suggestion", 1.0, "\"text\":", |numbers| format!("/api/v1/suggest?q={}", encode(begun(numbers)))),
    sum("three facets over everything", 3.5, COUNT, |_| native("facets=platform,instrument,level&limit=0&count=none")),
    sum("three facets over one percent", 1.2, COUNT, |numbers| {
        let day = 12_418 + numbers.below(7_200);
        let start = crate::model::Instant::from_micros(day as i64 * 86_400_000_000);
        let stop = crate::model::Instant::from_micros((day + 73) as i64 * 86_400_000_000);
        native(&format!("facets=platform,instrument,level&datetime={start}/{stop}&limit=0&count=none"))
    }),
    sum("histogram of 30 days", 6.0, COUNT, |_| native("histogram=datetime:P30D&limit=0&count=none")),
    sum("count", 1.0, "\"matched\":", |numbers| native(&format!("platform={}&limit=0", encode(platform(numbers))))),
    page("page of 100", 1.5, ITEM, |numbers| stac(&format!("datetime={}&count=none&limit=100", years(numbers, 3)))),
    sum("box with the exact total", 2.0, ITEM, |numbers| stac(&format!("bbox={}", area(numbers, 20.0, 15.0)))),
    sum("large box with the exact total", 10.0, ITEM, |numbers| stac(&format!("bbox={}", area(numbers, 120.0, 80.0)))),
    sum("three years with the exact total", 1.5, ITEM, |numbers| stac(&format!("datetime={}", years(numbers, 3)))),
];

/// The question of the row with 32 clients, and of the walk.
pub fn usual(numbers: &mut Numbers) -> String {
    let (collection, area, year) = (collection(numbers), area(numbers, 20.0, 15.0), year(numbers));
    stac(&format!("collections={collection}&bbox={area}&datetime={year}&count=none"))
}

fn stac(query: &str) -> String {
    let limit = if query.contains("limit=") { "" } else { "&limit=10" };
    format!("/stac/search?{query}{limit}")
}

fn native(query: &str) -> String {
    let limit = if query.contains("limit=") { "" } else { "&limit=10" };
    format!("/api/v1/search?{query}{limit}")
}

/// Two words that an eighth of all records or more have, some of them both.
fn frequent(numbers: &mut Numbers) -> (&'static str, &'static str) {
    const PAIRS: [(&str, &str); 5] = [
        ("surface", "reflectance"),
        ("sea", "ice"),
        ("soil", "moisture"),
        ("full", "resolution"),
        ("precision", "image"),
    ];
    PAIRS.get(numbers.below(PAIRS.len() as u64) as usize).copied().unwrap_or_default()
}

/// What a person has typed so far.
fn begun(numbers: &mut Numbers) -> &'static str {
    const BEGUN: [&str; 6] = ["sent", "refl", "land", "sea i", "am", "cryo"];
    BEGUN.get(numbers.below(BEGUN.len() as u64) as usize).copied().unwrap_or_default()
}

fn collection(numbers: &mut Numbers) -> &'static str {
    let collections: Vec<&str> = Records::collections().collect();
    collections.get(numbers.below(collections.len() as u64) as usize).copied().unwrap_or_default()
}

fn platform(numbers: &mut Numbers) -> &'static str {
    let platforms = ["Sentinel-2A", "Sentinel-1B", "ERS-2", "CryoSat-2", "SMOS"];
    platforms.get(numbers.below(5) as usize).copied().unwrap_or_default()
}

/// A box of this size somewhere, as the parameter has it.
fn area(numbers: &mut Numbers, width: f64, height: f64) -> String {
    let (west, south) = (numbers.between(-180.0, 180.0 - width), numbers.between(-75.0, 75.0 - height));
    format!("{west:.2},{south:.2},{:.2},{:.2}", west + width, south + height)
}

fn year(numbers: &mut Numbers) -> String {
    let year = 2004 + numbers.below(20);
    format!("{year}-01-01T00:00:00Z/{year}-12-31T23:59:59Z")
}

fn years(numbers: &mut Numbers, count: u64) -> String {
    let first = 2004 + numbers.below(21 - count);
    format!("{first}-01-01T00:00:00Z/{}-12-31T23:59:59Z", first + count - 1)
}
