//! An attempt for download: a Process Run Crate with the evidence and, as far as they are small, the files.

use std::io::Write;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::{Catalogue, Error};
use crate::model::json::{self, Fields};
use crate::model::{Key, Kind, RecordId, Sha256};
use crate::recreation::recipe::Recipe;
use crate::recreation::run_crate::{METADATA, Part, Run, metadata};

/// Most bytes of files within a crate; what is beyond is named by its address or digest alone.
const MAX_BYTES: u64 = 64 << 20;

/// A crate under construction.
struct Packing {
    zip: ZipWriter<std::io::Cursor<Vec<u8>>>,
    packed: Vec<String>,
    bytes: u64,
}

impl Packing {
    fn file(&mut self, name: &str, content: &[u8]) -> Result<(), Error> {
        // Nothing is compressed: crates are small, and the bytes are there to be seen.
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        self.zip.start_file(name, options).map_err(Error::internal("writing a crate"))?;
        self.zip.write_all(content).map_err(Error::internal("writing a crate"))
    }
}

impl Catalogue {
    /// A zip file with the crate of an attempt. `base` is the address of the service.
    ///
    /// # Errors
    /// `NotFound`; `NoSuch` crate where the evidence is of no recreation.
    pub fn run_crate(&self, evidence: &RecordId, base: &str) -> Result<Vec<u8>, Error> {
        let key = Key { kind: Kind::Evidence, collection: None, id: evidence.clone() };
        let record = String::from_utf8_lossy(&self.get(&key)?.record).into_owned();
        let none = || Error::NoSuch { what: format!("crate of {key}: it is evidence of no recreation") };
        let recreation = Fields::of_valid(&record)
            .and_then(|fields| Fields::of_valid(fields.get("recreation")?))
            .ok_or_else(none)?;
        let recipes = self.recipes_of(&recreation)?;
        let mut packing =
            Packing { zip: ZipWriter::new(std::io::Cursor::new(Vec::new())), packed: Vec::new(), bytes: 0 };
        let made = made_by(&recreation);
        let mut runs = Vec::with_capacity(recipes.len());
        for (at, recipe) in recipes.iter().enumerate() {
            let is_last = at + 1 == recipes.len();
            let mut inputs = Vec::new();
            for input in &recipe.inputs {
                inputs.push(self.part(&mut packing, ("in", &input.name), &input.sha256, input.bytes, base)?);
            }
            let mut program = Vec::new();
            for file in &recipe.files {
                program.push(self.part(&mut packing, ("program", &file.name), &file.sha256, Some(file.bytes), base)?);
            }
            let mut outputs = Vec::new();
            for output in &recipe.outputs {
                // What was made is kept only where it is what was preserved.
                let found = made
                    .iter()
                    .find(|(name, _)| is_last && *name == output.name)
                    .map_or(output.sha256, |(_, found)| *found);
                outputs.push(self.part(&mut packing, ("out", &output.name), &found, output.bytes, base)?);
            }
            runs.push(Run { recipe, inputs, program, outputs });
        }
        packing.file("evidence.json", record.as_bytes())?;
        let metadata = serde_json::to_vec_pretty(&metadata(&record, evidence.as_str(), &runs));
        packing.file(METADATA, &metadata.map_err(Error::internal("writing a crate"))?)?;
        let zip = packing.zip.finish().map_err(Error::internal("writing a crate"))?;
        Ok(zip.into_inner())
    }

    /// Recipes of the steps that were run; of an attempt that was blocked, the one asked for.
    fn recipes_of(&self, recreation: &Fields<'_>) -> Result<Vec<Recipe>, Error> {
        let steps = recreation.get("steps").and_then(json::elements).unwrap_or_default();
        let named =
            steps.into_iter().filter_map(|step| Fields::of_valid(step)?.string("recipe").map(|id| id.into_owned()));
        let mut ids: Vec<String> = named.collect();
        if ids.is_empty() {
            ids.extend(recreation.string("recipe").map(|id| id.into_owned()));
        }
        let ids = ids.iter().filter_map(|id| RecordId::parse(id).ok());
        ids.filter_map(|id| self.recipe(&id).transpose()).collect()
    }

    /// A file of the crate, packed if it is held and small, else named by an address that does not pretend to have it.
    fn part(
        &self,
        packing: &mut Packing,
        (folder, name): (&str, &str),
        sha256: &Sha256,
        bytes: Option<u64>,
        base: &str,
    ) -> Result<Part, Error> {
        let short: String = sha256.to_string().chars().take(12).collect();
        let path = format!("{folder}/{short}/{name}");
        let location = self.records.payload(sha256).map_err(Error::internal("finding a payload"))?;
        let held = location.and_then(|location| self.archive.payload(sha256, &location).ok());
        let (name, bytes) = (name.to_owned(), held.as_ref().map(crate::archive::Payload::bytes).or(bytes));
        let part = |id: String| Part { id, name: name.clone(), sha256: *sha256, bytes };
        if packing.packed.contains(&path) {
            return Ok(part(path));
        }
        let Some(payload) = held.filter(|payload| packing.bytes + payload.bytes() <= MAX_BYTES) else {
            return Ok(part(format!("{base}/api/v1/links?to={sha256}")));
        };
        let mut content = Vec::new();
        for piece in payload.read() {
            content.extend(piece.map_err(Error::internal("reading a payload"))?);
        }
        packing.file(&path, &content)?;
        packing.bytes += content.len() as u64;
        packing.packed.push(path.clone());
        Ok(part(path))
    }
}

/// Digests of what the last step made, by name.
fn made_by(recreation: &Fields<'_>) -> Vec<(String, Sha256)> {
    let outputs = recreation.get("outputs").and_then(json::elements).unwrap_or_default();
    let read = |output: &str| {
        let fields = Fields::of_valid(output)?;
        Some((fields.string("name")?.into_owned(), Sha256::parse(&fields.string("found")?).ok()?))
    };
    outputs.into_iter().filter_map(read).collect()
}
