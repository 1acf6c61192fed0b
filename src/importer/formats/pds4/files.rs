//! Files that a label describes: every `File_Area_*`, wherever it stands, and the files of document editions.

use crate::importer::Reason;
use crate::importer::shared::record::{File, Record};
use crate::importer::shared::values::Properties;
use crate::importer::shared::xml::Element;

/// Media types of the standards that PDS4 names, by how their name begins.
const MEDIA_TYPES: &[(&str, &str)] = &[
    ("PDF", "application/pdf"),
    ("HTML", "text/html"),
    ("7-Bit ASCII", "text/plain"),
    ("UTF-8", "text/plain"),
    ("JPEG 2000", "image/jp2"),
    ("J2C", "image/jp2"),
    ("JPEG", "image/jpeg"),
    ("GIF", "image/gif"),
    ("PNG", "image/png"),
    ("TIFF", "image/tiff"),
    ("FITS", "application/fits"),
    ("Postscript", "application/postscript"),
    ("Encapsulated Postscript", "application/postscript"),
    ("Microsoft Word", "application/msword"),
    ("Microsoft Excel", "application/vnd.ms-excel"),
    ("Rich Text", "application/rtf"),
    ("XML", "application/xml"),
    ("LaTEX", "application/x-tex"),
    ("MPEG-4", "video/mp4"),
    ("MP4", "video/mp4"),
    ("QuickTime", "video/quicktime"),
    ("WAV", "audio/wav"),
    ("GZIP", "application/gzip"),
    ("ZIP", "application/zip"),
];

/// Writes the files, the format of the first, and when the first was made.
pub fn write(root: &Element, record: &mut Record<'_>, properties: &mut Properties) {
    let mut seen = Seen::default();
    below(root, record, properties, &mut seen);
    record.text("format", seen.format);
    if let Some(made) = seen.made {
        record.date("processed_at", "creation_date_time", made);
    }
}

#[derive(Default)]
struct Seen<'a> {
    format: Option<&'a str>,
    made: Option<&'a str>,
}

fn below<'a>(element: &'a Element, record: &mut Record<'_>, properties: &mut Properties, seen: &mut Seen<'a>) {
    for child in element.children() {
        match child.name.as_str() {
            "Document_File" => file(child, "document", standard_of(child), record, seen),
            name if name.starts_with("File_Area") => area(child, &role_of(name), record, properties, seen),
            // Nothing below these holds a file, and they are the bulk of a label.
            "Observation_Area" | "Context_Area" | "Reference_List" | "Identification_Area" => {}
            _ => below(child, record, properties, seen),
        }
    }
}

fn role_of(area: &str) -> String {
    match area.trim_start_matches("File_Area").trim_start_matches('_') {
        "" | "Observational" => "data".to_owned(),
        "Observational_Supplemental" => "supplemental".to_owned(),
        "SPICE_Kernel" => "kernel".to_owned(),
        "XML_Schema" => "schema".to_owned(),
        other => other.to_ascii_lowercase().replace('_', " "),
    }
}

fn area<'a>(area: &'a Element, role: &str, record: &mut Record<'_>, properties: &mut Properties, seen: &mut Seen<'a>) {
    let standards: Vec<_> = area.children().filter(|child| child.name != "File").filter_map(standard_of).collect();
    let whole = standards.iter().find(|standard| standard.starts_with("FITS")).or_else(|| standards.first()).copied();
    for standard in &standards {
        properties.add("pds4:parsing_standard_id", standard);
    }
    for kernel in area.named("SPICE_Kernel") {
        for (name, path) in [("pds4:kernel_type", "kernel_type"), ("pds4:encoding_type", "encoding_type")] {
            if let Some(value) = kernel.text_at(path) {
                properties.add(name, value);
            }
        }
    }
    for described in area.named("File") {
        file(described, role, whole, record, seen);
    }
}

/// The standard that says how bytes are read.
fn standard_of(element: &Element) -> Option<&str> {
    ["parsing_standard_id", "encoding_standard_id", "document_standard_id"]
        .into_iter()
        .find_map(|name| element.text_at(name))
}

fn file<'a>(element: &'a Element, role: &str, standard: Option<&'a str>, record: &mut Record<'_>, seen: &mut Seen<'a>) {
    let unusable = |field: &str, message: String| Reason::FieldUnusable { field: field.to_owned(), message };
    let Some(name) = element.text_at("file_name") else {
        return record.note(unusable("file_name", format!("line {}: absent, so no file is named", element.line)));
    };
    let name = match element.text_at("directory_path_name") {
        Some(folder) => format!("{}/{name}", folder.trim_end_matches('/')),
        None => name.to_owned(),
    };
    let size = element.text_at("file_size");
    let bytes = size.and_then(|written| written.parse().ok());
    if let (Some(written), None) = (size, bytes) {
        record.note(unusable("file_size", format!("{written:?} of {name} is no number of bytes")));
    }
    let checksum = element.text_at("md5_checksum");
    let is_md5 = |written: &&str| written.len() == 32 && written.bytes().all(|byte| byte.is_ascii_hexdigit());
    let md5 = checksum.filter(is_md5);
    if let (Some(written), None) = (checksum, md5) {
        record.note(unusable("md5_checksum", format!("{written:?} of {name} is no MD5")));
    }
    seen.format = seen.format.or(standard);
    seen.made = seen.made.or_else(|| element.text_at("creation_date_time"));
    let begins = |known: &&(&str, &str)| standard.is_some_and(|standard| standard.starts_with(known.0));
    record.file(&File {
        name: &name,
        role: Some(role),
        bytes,
        checksum: md5.map(|value| ("md5", value)),
        media_type: MEDIA_TYPES.iter().find(begins).map(|known| known.1),
        href: None,
    });
}
