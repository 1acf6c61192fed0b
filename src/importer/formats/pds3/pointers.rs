//! `^POINTER`s to files. A pointer without a file name leads into the label's own file.

use super::said;
use crate::importer::shared::pvl::{Block, Keyword, Quote};
use crate::importer::shared::record::{File, Record};

/// Objects that describe one file each, with pointers and sizes of their own.
const FILES: &[&str] = &["FILE", "COMPRESSED_FILE", "UNCOMPRESSED_FILE"];

/// Adds the files of a label. `own` is the name of the file that the label itself stands in.
pub fn files(record: &mut Record<'_>, root: &Block, own: Option<&str>) {
    let mut seen = Vec::new();
    scope(record, root, own, &mut seen);
}

/// The pointers of a block and of all below it that are no files of their own.
fn scope<'l>(record: &mut Record<'_>, block: &'l Block, own: Option<&'l str>, seen: &mut Vec<&'l str>) {
    let mut pointers: Vec<(&Keyword, Option<&str>)> = Vec::new();
    collect(block, &mut pointers);
    let mut targets: Vec<(&str, String)> = Vec::new();
    let named = block.keyword("FILE_NAME").and_then(Keyword::text).filter(|name| said::is_value(name));
    for (keyword, file) in &pointers {
        let role = keyword.name.trim_start_matches('^').to_lowercase();
        if let Some(name) = file.or(named).or(own) {
            targets.push((name, role));
        }
    }
    if let (Some(name), true) = (named, targets.is_empty()) {
        targets.push((name, "data".to_owned()));
    }
    let measured = one_file(&targets);
    for (name, role) in &targets {
        if seen.iter().any(|other| other.eq_ignore_ascii_case(name)) {
            continue;
        }
        seen.push(name);
        let is_measured = measured == Some(*name);
        let checksum = said::first(block, &["MD5_CHECKSUM"]).filter(|_| is_measured);
        record.file(&File {
            name,
            role: Some(role),
            bytes: if is_measured { bytes(block) } else { None },
            checksum: checksum.map(|value| ("md5", value)),
            ..File::default()
        });
    }
    for inner in block.blocks().filter(|inner| is_file(inner)) {
        scope(record, inner, own, seen);
    }
}

fn is_file(block: &Block) -> bool {
    FILES.iter().any(|name| block.name.eq_ignore_ascii_case(name))
}

fn collect<'l>(block: &'l Block, pointers: &mut Vec<(&'l Keyword, Option<&'l str>)>) {
    for keyword in block.keywords().filter(|keyword| keyword.name.starts_with('^')) {
        let scalars = keyword.value().scalars();
        let names: Vec<&str> = scalars
            .iter()
            .filter(|scalar| scalar.quote != Quote::None || scalar.number().is_none())
            .map(|scalar| scalar.text())
            .filter(|name| said::is_value(name))
            .collect();
        if names.is_empty() && !scalars.is_empty() {
            pointers.push((keyword, None));
        }
        pointers.extend(names.into_iter().map(|name| (keyword, Some(name))));
    }
    for inner in block.blocks().filter(|inner| !is_file(inner)) {
        collect(inner, pointers);
    }
}

/// The file that sizes and checksums of a block speak of: the only one that its data pointers lead to.
fn one_file<'n>(targets: &[(&'n str, String)]) -> Option<&'n str> {
    let describes = |role: &str| {
        ["structure", "description", "catalog", "text", "note", "desc"].iter().any(|end| role.ends_with(end))
    };
    let mut data = targets.iter().filter(|(_, role)| !describes(role)).map(|(name, _)| *name);
    let first = data.next()?;
    data.all(|name| name.eq_ignore_ascii_case(first)).then_some(first)
}

/// The length that a label promises.
fn bytes(block: &Block) -> Option<u64> {
    let whole = |name: &str| block.keyword(name).and_then(Keyword::text).and_then(|text| text.parse::<u64>().ok());
    let stated = whole("REQUIRED_STORAGE_BYTES").or_else(|| whole("FILE_BYTES"));
    stated.or_else(|| whole("RECORD_BYTES")?.checked_mul(whole("FILE_RECORDS")?)).filter(|bytes| *bytes > 0)
}
