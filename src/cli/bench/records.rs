//! Made-up records of the size and variety of real ones: several missions and collections, twenty years, footprints all
//! over the Earth. The same seed gives the same records.

use std::fmt::Write;

use crate::model::Instant;

/// Raised with every change to the records, so that a store made of other ones is not taken for them.
pub const VERSION: u32 = 1;

/// A mission with its collections, as far as records of it differ.
struct Mission {
    collection: &'static str,
    mission: &'static str,
    platforms: &'static [&'static str],
    instrument: &'static str,
    level: &'static str,
    keyword: &'static str,
    title: &'static str,
}

#[rustfmt::skip]
const MISSIONS: &[Mission] = &[
    Mission { collection: "sentinel-2-l1c", mission: "Sentinel-2", platforms: &["Sentinel-2A", "Sentinel-2B", "Sentinel-2C"], instrument: "MSI", level: "L1", keyword: "VISIBLE WAVELENGTHS > VISIBLE IMAGERY", title: "top-of-atmosphere reflectance" },
    Mission { collection: "sentinel-2-l2a", mission: "Sentinel-2", platforms: &["Sentinel-2A", "Sentinel-2B", "Sentinel-2C"], instrument: "MSI", level: "L2", keyword: "LAND SURFACE > SURFACE RADIATIVE PROPERTIES > REFLECTANCE", title: "surface reflectance" },
    Mission { collection: "sentinel-1-grd", mission: "Sentinel-1", platforms: &["Sentinel-1A", "Sentinel-1B"], instrument: "C-SAR", level: "L1", keyword: "RADAR > SIGMA NAUGHT", title: "ground range detected backscatter" },
    Mission { collection: "envisat-meris-fr", mission: "Envisat", platforms: &["Envisat"], instrument: "MERIS", level: "L1", keyword: "OCEANS > OCEAN OPTICS > OCEAN COLOR", title: "full resolution radiance" },
    Mission { collection: "ers-sar-im", mission: "ERS", platforms: &["ERS-1", "ERS-2"], instrument: "AMI-SAR", level: "L1", keyword: "RADAR > RADAR IMAGERY", title: "image mode precision image" },
    Mission { collection: "landsat-etm", mission: "Landsat", platforms: &["Landsat 7"], instrument: "ETM+", level: "L1", keyword: "INFRARED WAVELENGTHS > INFRARED IMAGERY", title: "terrain corrected scene" },
    Mission { collection: "cryosat-sir", mission: "CryoSat", platforms: &["CryoSat-2"], instrument: "SIRAL", level: "L2", keyword: "CRYOSPHERE > SEA ICE > ICE EXTENT", title: "sea ice freeboard" },
    Mission { collection: "smos-l2sm", mission: "SMOS", platforms: &["SMOS"], instrument: "MIRAS", level: "L2", keyword: "LAND SURFACE > SOILS > SOIL MOISTURE", title: "soil moisture" },
];

const REGIONS: &[&str] = &[
    "Amazon basin",
    "Alps",
    "Sahel",
    "Gulf of Bothnia",
    "Bay of Bengal",
    "Great Plains",
    "Patagonia",
    "Kalahari",
    "Mekong delta",
    "Iberian peninsula",
    "Kamchatka",
    "Coral Sea",
    "Gobi",
    "Labrador Sea",
    "Horn of Africa",
    "Tasmania",
];

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;
/// 2004-01-01.
const FIRST_DAY: i64 = 12_418;
/// Records lie within this many days of the first.
const DAYS: u64 = 7_305;

/// A source of numbers that look random and are the same for the same seed (splitmix64).
#[derive(Debug, Clone)]
pub struct Numbers(u64);

impl Numbers {
    /// Numbers for one purpose.
    pub const fn new(seed: u64, purpose: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ purpose.wrapping_mul(0xD1B5_4A32_D192_ED03))
    }

    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below a limit.
    pub const fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// A number in a range.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn pick<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        choices.get(self.below(choices.len().max(1) as u64) as usize)
    }
}

/// The records of a seed.
#[derive(Debug, Clone, Copy)]
pub struct Records {
    seed: u64,
    has_lineage: bool,
}

/// Records of a chain in which each is made from the one before it, and the first from none.
const CHAIN: u64 = 4;

/// A record with the parts that a question needs.
#[derive(Debug, Clone)]
pub struct Made {
    pub collection: &'static str,
    pub id: String,
    /// One line of JSON.
    pub text: String,
}

impl Records {
    pub const fn new(seed: u64) -> Self {
        Self { seed, has_lineage: false }
    }

    /// The same records, each with what it was made from: an ancestor of the store, but for every fourth, and an auxiliary
    /// file that the store does not have.
    #[must_use]
    pub const fn with_lineage(self) -> Self {
        Self { has_lineage: true, ..self }
    }

    /// Ids of all collections.
    pub fn collections() -> impl Iterator<Item = &'static str> {
        MISSIONS.iter().map(|mission| mission.collection)
    }

    /// Records of the collections themselves.
    pub fn collection_records() -> impl Iterator<Item = Made> {
        MISSIONS.iter().map(|mission| Made {
            collection: mission.collection,
            id: mission.collection.to_owned(),
            text: format!(
                r#"{{"kind":"collection","id":"{}","title":"{} {}","missions":[{{"label":"{}"}}]}}"#,
                mission.collection, mission.mission, mission.title, mission.mission
            ),
        })
    }

    /// The product of this number.
    pub fn product(self, number: u64) -> Made {
        let mut made = self.without_lineage(number);
        if self.has_lineage {
            let mut inputs = format!("\"AUX_ORB_{:06}\"", number / 500);
            if !number.is_multiple_of(CHAIN) {
                let _ = write!(inputs, ",\"{}\"", self.without_lineage(number - 1).id);
            }
            made.text.truncate(made.text.len() - 1);
            let _ = write!(made.text, r#","provenance":{{"generated_by":"Processor 2.09","inputs":[{inputs}]}}}}"#);
        }
        made
    }

    fn without_lineage(self, number: u64) -> Made {
        let mut numbers = Numbers::new(self.seed, number + 1);
        let mission = numbers.pick(MISSIONS).unwrap_or(&MISSIONS[0]);
        let platform = numbers.pick(mission.platforms).copied().unwrap_or_default();
        let start = (FIRST_DAY + numbers.below(DAYS) as i64) * DAY + numbers.below(DAY as u64) as i64 / 1_000 * 1_000;
        let (start, stop) =
            (Instant::from_micros(start), Instant::from_micros(start + 1_000_000 * (10 + numbers.below(900) as i64)));
        let processed = Instant::from_micros(start.micros() + DAY / 4);
        let region = numbers.pick(REGIONS).copied().unwrap_or_default();
        let (orbit, tile) = (numbers.below(143) + 1, numbers.below(20_000));
        let (cloud, quality) = (numbers.between(0.0, 100.0), numbers.between(0.0, 1.0));
        let (west, south) = (numbers.between(-180.0, 178.0), numbers.between(-80.0, 78.0));
        let (width, height) = (numbers.between(0.4, 2.0), numbers.between(0.4, 2.0));
        let (east, north) = (west + width, south + height);
        let id = format!(
            "{}_{}_{tile:05}_{number:08}",
            platform.to_uppercase().replace(' ', ""),
            start.to_string().get(..19).unwrap_or_default().replace(['-', ':'], "")
        );
        let bytes = 50_000_000 + numbers.below(900_000_000);
        let digest: String = (0..4).fold(String::new(), |mut text, _| {
            let _ = write!(text, "{:016x}", numbers.next());
            text
        });
        let Mission { collection, mission, instrument, level, keyword, title, .. } = mission;
        let (baseline, sun) = (number % 12, quality * 90.0);
        let text = format!(
            r#"{{"kind":"product","id":"{id}","collection":"{collection}",
             "title":"{platform} {instrument} {title}, {region}",
             "description":"{region}, relative orbit {orbit}, {cloud:.1} % cloud.",
             "keywords":[{{"scheme":"GCMD Science Keywords","path":"EARTH SCIENCE > {keyword}"}}],
             "missions":[{{"label":"{mission}"}}],"platforms":[{{"label":"{platform}"}}],
             "instruments":[{{"label":"{instrument}"}}],"targets":[{{"label":"Earth"}}],
             "time":{{"start":"{start}","stop":"{stop}","system":"UTC"}},"processed_at":"{processed}",
             "space":[{{"body":"earth","frame":"WGS84","geometry":{{"type":"Polygon","coordinates":
             [[[{west:.4},{south:.4}],[{east:.4},{south:.4}],[{east:.4},{north:.4}],[{west:.4},{north:.4}],[{west:.4},{south:.4}]]]}},
             "bbox":[{west:.4},{south:.4},{east:.4},{north:.4}]}}],
             "level":{{"normalised":"{level}","as_written":"Level-{level}"}},"data_type":"image","format":"SAFE",
             "quality":{{"cloud_cover":{cloud:.2},"gsd":10}},
             "files":[{{"name":"{id}.zip","bytes":{bytes},"media_type":"application/zip",
             "checksums":[{{"algorithm":"sha256","value":"{digest}","source":"producer"}}]}}],
             "properties":{{"sat:relative_orbit":{orbit},"mgrs:tile":"T{tile:05}","processing:baseline":"05.{baseline:02}",
             "view:sun_elevation":{sun:.3},"quality:score":{quality:.4}}}}}"#
        );
        // The template has line breaks for people only.
        let text = text.lines().map(str::trim_start).collect();
        Made { collection, id, text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_records_are_valid_alike_and_of_real_size() {
        let schemas = crate::schema::Registry::new().expect("own schemas");
        let records = Records::new(1);
        let mut bytes = 0;
        for number in 0..200 {
            let made = records.product(number);
            let checked = schemas.check(&made.text).unwrap_or_else(|faults| panic!("{faults:?} in {}", made.text));
            assert_eq!((checked.key.id.as_str(), checked.text.as_ref()), (made.id.as_str(), made.text.as_str()));
            bytes += made.text.len();
        }
        assert!((1_200..1_450).contains(&(bytes / 200)), "{} bytes a record", bytes / 200);
        assert_eq!(records.product(7).text, Records::new(1).product(7).text);
        let (first, second) = (records.with_lineage().product(8), records.with_lineage().product(9));
        schemas.check(&second.text).unwrap_or_else(|faults| panic!("{faults:?} in {}", second.text));
        assert!(second.text.contains(&format!("\"{}\"]", first.id)) && first.id == records.product(8).id);
        Records::collection_records().for_each(|made| drop(schemas.check(&made.text).expect("a valid collection")));
    }
}
