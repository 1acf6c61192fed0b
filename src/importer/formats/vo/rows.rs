//! A row that describes a data set becomes a product.

use super::table::{Column, Columns, Role};
use crate::importer::shared::names::Role as Named;
use crate::importer::shared::record::{File, Record};
use crate::importer::shared::space::{SKY, Shape, stc_s};
use crate::importer::shared::time::{System, Written};
use crate::importer::shared::values::{Properties, double, name_of_address, number, tidy};
use crate::importer::shared::xml::Element;
use crate::importer::{Context, Finding, Imported, Reason};
use crate::model::RecordId;

/// The cells of a row, with what their columns mean. NaN and the null of a column are no values.
struct Row<'r> {
    cells: Vec<(&'r Column<'r>, &'r str)>,
}

impl<'r> Row<'r> {
    fn of(row: &'r Element, columns: &'r Columns<'_>) -> Self {
        let cells = row.named("TD").zip(&columns.columns).filter_map(|(cell, column)| {
            let text = cell.text()?;
            (!text.eq_ignore_ascii_case("nan") && Some(text) != column.null).then_some((column, text))
        });
        Self { cells: cells.collect() }
    }

    fn cell(&self, role: Role) -> Option<&(&'r Column<'r>, &'r str)> {
        self.cells.iter().find(|(column, _)| column.role == Some(role))
    }

    fn text(&self, role: Role) -> Option<&'r str> {
        self.cell(role).map(|(_, text)| *text)
    }
}

/// Adds the product of a row.
pub fn write(
    row: &Element,
    columns: &Columns<'_>,
    place: usize,
    bytes: &[u8],
    context: &Context<'_>,
    imported: &mut Imported,
) {
    let line = row.line;
    let row = Row::of(row, columns);
    let ids = [Role::PublisherId, Role::CreatorId, Role::ObservationId, Role::Access];
    let refused = |reason, id| Finding { place, id, reason };
    let Some(id) = ids.into_iter().find_map(|role| row.text(role)) else {
        let message = "the row names no data set".to_owned();
        return imported.findings.push(refused(Reason::Broken { line, message }, None));
    };
    if let Err(invalid) = RecordId::parse(id) {
        return imported.findings.push(refused(Reason::BadId(invalid), Some(id.to_owned())));
    }
    let named = row.text(Role::Collection).filter(|name| RecordId::parse(name).is_ok());
    let mut record = Record::new(context, "product", Some(named.unwrap_or(context.collection)), id);
    record.place = place;
    if named.is_none() {
        record.note(Reason::NoCollection { used: context.collection.to_owned() });
    }
    description(&row, id, &mut record);
    time(&row, &mut record);
    space(&row, &mut record);
    file(&row, &mut record);
    let mut properties = Properties::default();
    for (column, text) in row.cells.iter().filter(|(column, _)| is_free(column)) {
        properties.add(&format!("vo:{}", column.name), &tidy(text));
    }
    properties.write(&mut record);
    record.finish(bytes, 0..bytes.len(), "application/x-votable+xml", imported);
}

/// Values that searching asks for stay properties too, under the names of ObsCore.
fn is_free(column: &Column<'_>) -> bool {
    !matches!(column.role, Some(Role::Title | Role::Access | Role::Region | Role::PublisherId))
        && !column.name.is_empty()
}

fn description(row: &Row<'_>, id: &str, record: &mut Record<'_>) {
    let schemes =
        [(Role::PublisherId, "publisher_did"), (Role::CreatorId, "creator_did"), (Role::ObservationId, "obs_id")];
    for (role, scheme) in schemes {
        if let Some(value) = row.text(role) {
            record.identifier(scheme, value);
        }
    }
    record.text("title", Some(&tidy(row.text(Role::Title).unwrap_or(id))));
    record.text("data_type", row.text(Role::Type));
    record.text("format", row.text(Role::Format));
    for (role, named) in [
        (Role::Facility, Named::Platform),
        (Role::Instrument, Named::Instrument),
        (Role::Target, Named::Target),
        (Role::Level, Named::Level),
    ] {
        if let Some(name) = row.text(role) {
            record.name(named, name);
        }
    }
    for (role, member, field) in [
        (Role::Released, "issued", "release date"),
        (Role::Modified, "modified", "lastModified"),
        (Role::Created, "processed_at", "creation date"),
    ] {
        if let Some(written) = row.text(role) {
            record.date(member, field, written);
        }
    }
}

/// Greater numbers of days are Julian: modified ones reach this in the year 4596.
const LEAST_JULIAN: f64 = 1_000_000.0;

/// ObsCore counts modified Julian days and EPN-TAP Julian days; older services write dates.
fn time(row: &Row<'_>, record: &mut Record<'_>) {
    let start = row.cell(Role::Start).or_else(|| row.cell(Role::Middle));
    let stop = row.cell(Role::Stop);
    let Some((column, _)) = start.or(stop) else { return };
    let days = start.or(stop).and_then(|(_, text)| number(text)?.parse::<f64>().ok()).filter(|_| column.is_mjd);
    record.time(Written {
        start: start.map(|(_, text)| ("t_min", *text)),
        stop: stop.map(|(_, text)| ("t_max", *text)),
        system: match days {
            Some(days) if days >= LEAST_JULIAN => System::Jd,
            Some(_) => System::Mjd,
            None => System::Utc,
        },
        ..Written::default()
    });
}

/// The region where one is given, else the circle of the field of view, else the position.
fn space(row: &Row<'_>, record: &mut Record<'_>) {
    if let Some(region) = row.text(Role::Region) {
        if let Some(shape) = region_of(region) {
            return record.footprint(SKY, Some("ICRS"), &shape);
        }
        let message = format!("{:.80} is no polygon, circle, box or position in ICRS", region);
        record.note(Reason::GeometryUnusable { message });
    }
    let pair = row.text(Role::Position).and_then(|text| {
        let mut parts = text.split_whitespace();
        Some([double(parts.next())?, double(parts.next())?])
    });
    let apart = double(row.text(Role::Ascension)).zip(double(row.text(Role::Declination)));
    let Some(centre) = apart.map(|(ascension, declination)| [ascension, declination]).or(pair) else { return };
    match double(row.text(Role::FieldOfView)).filter(|width| *width > 0.0) {
        Some(width) => record.footprint(SKY, Some("ICRS"), &Shape::Circle { centre, radius: width / 2.0 }),
        None => record.footprint(SKY, Some("ICRS"), &Shape::Point(centre)),
    }
}

/// STC-S (`Polygon ICRS …`) and DALI regions, which are a polygon's numbers alone.
fn region_of(text: &str) -> Option<Shape<'static>> {
    let bare = text.trim_start().starts_with(|sign: char| sign.is_ascii_digit() || sign == '-');
    if bare { stc_s(&format!("Polygon ICRS {text}")) } else { stc_s(text) }
}

/// The data set where its archive offers it. Estimated sizes are no promise, so they stay properties.
fn file(row: &Row<'_>, record: &mut Record<'_>) {
    let Some(address) = row.text(Role::Access) else { return };
    let media_type = row.text(Role::Format).filter(|format| format.contains('/'));
    record.file(&File {
        name: name_of_address(address).unwrap_or(address),
        role: Some("data"),
        media_type,
        href: Some(address),
        ..File::default()
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_read() {
        let polygon = Some(Shape::Polygon(vec![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]));
        assert_eq!(region_of("Polygon ICRS 1 2 3 4 5 6"), polygon);
        assert_eq!(region_of("1 2 3 4 5 6"), polygon);
        assert_eq!(region_of("CIRCLE ICRS 1 2 0.5"), Some(Shape::Circle { centre: [1.0, 2.0], radius: 0.5 }));
        for text in ["", "Polygon GALACTIC 1 2 3 4 5 6", "Polygon ICRS 1 2 3", "Circle 1 2 inf"] {
            assert_eq!(region_of(text), None, "{text}");
        }
    }
}
