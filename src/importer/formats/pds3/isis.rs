//! ISIS cubes: their labels, attached or detached.
//!
//! A cube keeps the `ProductId` of the product that it was made from through every step of processing, so a cube is named
//! by its file, and the `ProductId` is an identifier and what it is derived from.

use super::{id, place, said};
use crate::importer::shared::names::Role;
use crate::importer::shared::pvl::{Block, Keyword, Label, Scalar};
use crate::importer::shared::record::{File, Record};
use crate::importer::shared::time::{System, Written};
use crate::importer::{Context, Imported, Reason};

/// Media type of an ISIS label.
const MEDIA_TYPE: &str = "text/x-isis-label";

/// Adds the product of a cube's label.
pub fn import(label: &Label, bytes: &[u8], context: &Context<'_>, imported: &mut Imported) -> Result<(), Reason> {
    let Some(cube) = label.root.block("IsisCube") else {
        return Err(Reason::Broken { line: 1, message: "no IsisCube".to_owned() });
    };
    let own = context.file_name();
    let source = said::first(cube, &["ProductId", "SourceProductId", "ImageId", "ImageNumber"]);
    let digest = || format!("sha256:{}", (context.digest)(bytes.get(..label.end).unwrap_or_default()));
    let written = own.or(source).map_or_else(digest, str::to_owned);
    let id = id(&written)?;
    let sets = said::all(cube, &["DataSetId"]);
    let collection = sets.first().copied().unwrap_or(context.collection);
    let mut record = Record::new(context, "product", Some(collection), id.as_str());
    if sets.is_empty() {
        record.note(Reason::NoCollection { used: context.collection.to_owned() });
    }
    describe(&mut record, cube, &written);
    if let Some(source) = source.filter(|source| *source != written) {
        record.identifier("isis:ProductId", source);
        record.link("derived_from", source, None);
    }
    kernels(&mut record, cube);
    // A label that was printed into a file of its own names no cube.
    let is_cube = |name: &&str| name.to_ascii_lowercase().ends_with(".cub");
    let pointer = cube.find("^Core").or_else(|| label.root.find("^IsisCube")).and_then(Keyword::text);
    let name = pointer.or(own.filter(is_cube));
    if let Some(name) = name {
        record.file(&File { name, role: Some("cube"), ..File::default() });
    }
    said::properties(&mut record, "isis", cube, "", &["Reseaus"]);
    record.finish(bytes, 0..label.end, MEDIA_TYPE, imported);
    Ok(())
}

fn describe(record: &mut Record<'_>, cube: &Block, id: &str) {
    let hosts = said::all(cube, &["SpacecraftName", "InstrumentHostName", "SpacecraftId"]);
    let instruments = said::all(cube, &["InstrumentId", "InstrumentName"]);
    let composed: Vec<&str> = hosts.iter().chain(&instruments).copied().chain([id]).collect();
    record.text("title", Some(&composed.join(" ")));
    record.text("format", Some("ISIS cube"));
    record.text("version", said::first(cube, &["ProductVersionId"]));
    record.text("data_type", said::first(cube, &["ProductType", "StandardDataProductId"]));
    for mission in said::all(cube, &["MissionName"]) {
        record.name(Role::Mission, mission);
    }
    hosts.iter().for_each(|host| record.name(Role::Platform, host));
    instruments.iter().for_each(|instrument| record.name(Role::Instrument, instrument));
    let targets = said::all(cube, &["TargetName"]);
    targets.iter().for_each(|target| record.name(Role::Target, target));
    if let Some(level) = said::first(cube, &["ProcessingLevelId"]) {
        said::level(record, level);
    }
    let start = said::first(cube, &["StartTime", "ImageTime"]).map(|start| ("StartTime", start));
    let stop = said::first(cube, &["StopTime"]).map(|stop| ("StopTime", stop));
    let count = said::first(cube, &["SpacecraftClockStartCount", "SpacecraftClockCount"]);
    if start.is_some() || stop.is_some() {
        record.time(Written { start, stop, ..Written::default() });
    } else if let Some(count) = count {
        let start = Some(("SpacecraftClockStartCount", count));
        record.time(Written { start, system: System::Sclk, ..Written::default() });
    }
    if let Some(created) = said::first(cube, &["ProductCreationTime"]) {
        record.date("processed_at", "ProductCreationTime", created);
    }
    let body = targets.first().and_then(|target| place::body(target));
    if let (Some(mapping), Some(body)) = (cube.block("Mapping"), body) {
        place::isis(record, mapping, &body);
    }
    for phase in said::all(cube, &["MissionPhaseName"]) {
        record.keyword(Some("MISSION_PHASE_NAME"), phase);
    }
}

/// Everything in `Kernels` that is a path. `Table` says that the values stand in the cube.
fn kernels(record: &mut Record<'_>, cube: &Block) {
    let Some(kernels) = cube.block("Kernels") else { return };
    for keyword in kernels.keywords() {
        let paths = keyword.peek().scalars().into_iter().map(Scalar::text);
        let paths: Vec<&str> = paths.filter(|path| path.contains('/') || path.starts_with('$')).collect();
        if !paths.is_empty() {
            keyword.value();
        }
        paths.into_iter().for_each(|path| record.link("kernel", path, Some(&keyword.name)));
    }
}
