//! Members of collections, from the inventory table beside the label, and of bundles, from the label itself.

use super::references::Links;
use crate::importer::shared::record::Record;
use crate::importer::shared::xml::Element;
use crate::importer::{Context, Reason};
use crate::model::Draft;

/// Up to so many members are links; more are lists in `properties`, which cost a third of that.
const MOST_LINKS: usize = 10_000;
/// Longest such list: the largest inventories of the PDS would not fit into one record.
const MOST_BYTES: usize = 8 << 20;

/// Primary members belong to this collection; secondary ones to another, and are only listed here.
#[derive(Default)]
struct Members<'a> {
    primary: Vec<&'a str>,
    secondary: Vec<&'a str>,
    unreadable: usize,
}

/// Writes the members that the inventory of a collection lists.
pub fn collection(
    root: &Element,
    own: Option<&str>,
    context: &Context<'_>,
    record: &mut Record<'_>,
    links: &mut Links,
) {
    let noted = |message: String| Reason::FieldNoted { field: "File_Area_Inventory".to_owned(), message };
    let mut declared = 0_u64;
    let mut texts = Vec::new();
    for area in root.named("File_Area_Inventory") {
        let Some(name) = area.text_at("File/file_name") else { continue };
        let shape = Shape::of(area);
        declared = declared.saturating_add(shape.records.unwrap_or(0));
        match (context.beside)(name) {
            Some(bytes) => texts.push((name, String::from_utf8_lossy(&bytes).into_owned(), shape)),
            None => record.note(noted(format!("{name} is not beside the label, so its members are not known"))),
        }
    }
    if texts.is_empty() {
        if declared > 0 {
            record.raw_property("pds4:inventory_records", &declared.to_string());
        }
        return;
    }
    let mut members = Members::default();
    for (name, text, shape) in &texts {
        let before = (members.primary.len(), members.secondary.len(), members.unreadable);
        shape.read(text, &mut members);
        let read = members.primary.len() + members.secondary.len() - before.0 - before.1;
        let records = shape.records.and_then(|records| usize::try_from(records).ok());
        if let Some(records) = records.filter(|records| *records != read) {
            record.note(noted(format!("the label says {records} records, {name} has {read} members")));
        }
        if members.unreadable > before.2 {
            let unreadable = members.unreadable - before.2;
            record.note(noted(format!("{unreadable} lines of {name} are no members")));
        }
    }
    write(members, own, record, links);
}

/// Writes the members that a bundle lists.
pub fn bundle(root: &Element, own: Option<&str>, record: &mut Record<'_>, links: &mut Links) {
    let mut members = Members::default();
    for entry in root.named("Bundle_Member_Entry") {
        let Some((target, _)) = super::references::reference(entry) else {
            members.unreadable += 1;
            continue;
        };
        let secondary = entry.text_at("member_status").is_some_and(|status| status.eq_ignore_ascii_case("secondary"));
        if secondary { members.secondary.push(target) } else { members.primary.push(target) }
    }
    if members.unreadable > 0 {
        let message = format!("{} entries name no product", members.unreadable);
        record.note(Reason::FieldUnusable { field: "Bundle_Member_Entry".to_owned(), message });
    }
    write(members, own, record, links);
}

fn write(mut members: Members<'_>, own: Option<&str>, record: &mut Record<'_>, links: &mut Links) {
    let all = members.primary.len() + members.secondary.len();
    members.primary.retain(|member| Some(*member) != own);
    members.secondary.retain(|member| Some(*member) != own);
    if members.primary.len() + members.secondary.len() < all {
        let message = "lists itself as its member, which is left out".to_owned();
        record.note(Reason::FieldNoted { field: "inventory".to_owned(), message });
    }
    record.draft.raw("members_expected", &members.primary.len().to_string());
    if !members.secondary.is_empty() {
        record.raw_property("pds4:secondary_members", &members.secondary.len().to_string());
    }
    if all <= MOST_LINKS {
        members.primary.iter().for_each(|member| links.add("member", member, Some("Primary")));
        members.secondary.iter().for_each(|member| links.add("secondary_member", member, Some("Secondary")));
        return;
    }
    for (name, list) in [("members", members.primary), ("secondary_members", members.secondary)] {
        let bytes: usize = list.iter().map(|member| member.len() + 3).sum();
        if bytes > MOST_BYTES {
            let message = format!("{} of them are too many for one record: only counted", list.len());
            record.note(Reason::FieldNoted { field: name.to_owned(), message });
        } else if !list.is_empty() {
            let mut array = Draft::array();
            list.iter().for_each(|member| array.string_element(member));
            record.raw_property(name, &array.finish());
        }
    }
}

/// How an inventory table is written.
struct Shape {
    delimiter: char,
    status: usize,
    member: usize,
    records: Option<u64>,
}

impl Shape {
    fn of(area: &Element) -> Self {
        let inventory = area.at("Inventory");
        let text = |path: &str| inventory.and_then(|inventory| inventory.text_at(path));
        let delimiter = match text("field_delimiter").unwrap_or_default().to_ascii_lowercase().as_str() {
            "horizontal tab" | "tab" => '\t',
            "semicolon" => ';',
            "vertical bar" => '|',
            _ => ',',
        };
        let fields = inventory.map(|inventory| inventory.all("Record_Delimited/Field_Delimited")).unwrap_or_default();
        let place = |wanted: &str| {
            fields.iter().position(|field| {
                let name = field.text_at("name").unwrap_or_default().to_ascii_lowercase();
                name.replace([' ', '-'], "_").starts_with(wanted)
            })
        };
        let records = text("records").and_then(|written| written.parse().ok());
        let member = place("lidvid").or_else(|| place("lid")).unwrap_or(1);
        Self { delimiter, status: place("member").unwrap_or(0), member, records }
    }

    fn read<'a>(&self, text: &'a str, members: &mut Members<'a>) {
        let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim).filter(|line| !line.is_empty());
        for line in lines {
            let field =
                |place: usize| line.split(self.delimiter).nth(place).map(|field| field.trim().trim_matches('"').trim());
            match (field(self.status), field(self.member).filter(|member| member.starts_with("urn:"))) {
                (Some("P" | "p" | "Primary"), Some(member)) => members.primary.push(member),
                (Some("S" | "s" | "Secondary"), Some(member)) => members.secondary.push(member),
                _ => members.unreadable += 1,
            }
        }
    }
}
