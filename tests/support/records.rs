//! Records for tests.

use serde_json::json;

/// A collection without anything else.
pub fn collection(id: &str) -> String {
    json!({ "id": id, "kind": "collection", "title": format!("Collection {id}") }).to_string()
}

/// A product of a collection without anything else.
pub fn product(collection: &str, id: &str) -> String {
    json!({ "id": id, "kind": "product", "collection": collection, "title": format!("Product {id}") }).to_string()
}

/// Number `n` of a series: one a day from 2020, steps of 3 degrees around the globe, two missions, three levels.
pub fn numbered(collection: &str, n: u32) -> String {
    let day = n % 28 + 1;
    let month = n / 28 % 12 + 1;
    let year = 2020 + n / 336;
    let west = f64::from(n * 3 % 360) - 180.0;
    let south = f64::from(n % 150) - 75.0;
    let surface = ["sea", "land", "ice"][n as usize % 3];
    let mission = ["Envisat", "ERS-2"][n as usize % 2];
    let level = ["L0", "L1", "L2"][n as usize % 3];
    json!({
        "id": format!("p{n:04}"), "kind": "product", "collection": collection,
        "title": format!("Scene {n} over {surface}"),
        "missions": [{ "label": mission }],
        "level": { "normalised": level },
        "time": { "start": format!("{year}-{month:02}-{day:02}T00:00:00Z"), "stop": format!("{year}-{month:02}-{day:02}T01:00:00Z") },
        "space": [{ "body": "earth", "bbox": [west, south, west + 2.0, south + 2.0] }],
        "properties": { "orbit": n, "eo:cloud_cover": f64::from(n % 101) + 0.5 },
    })
    .to_string()
}

/// Lines `from..to` of `numbered`.
pub fn lines(collection: &str, numbers: std::ops::Range<u32>) -> String {
    numbers.map(|n| numbered(collection, n) + "\n").collect()
}
