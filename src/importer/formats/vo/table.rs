//! Columns of a VOTable and what they mean; tables whose rows are no data sets.

use crate::importer::shared::record::Record;
use crate::importer::shared::values::{Properties, prose, tidy};
use crate::importer::shared::xml::Element;
use crate::importer::{Context, Imported};

/// What a column says of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    PublisherId,
    CreatorId,
    ObservationId,
    Collection,
    Title,
    Type,
    Level,
    Facility,
    Instrument,
    Target,
    Start,
    Stop,
    Middle,
    Ascension,
    Declination,
    Position,
    FieldOfView,
    Region,
    Access,
    Format,
    Size,
    Released,
    Modified,
    Created,
    Creator,
}

/// Names (ObsCore), ends of utypes (ObsCore, SSA, SIA) and UCDs (SIA 1, TAP) by which a role is known; first names, then
/// utypes, then UCDs.
type Known = (Role, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

const KNOWN: &[Known] = &[
    (Role::PublisherId, &["obs_publisher_did"], &["curation.publisherdid"], &[]),
    (Role::CreatorId, &["obs_creator_did"], &["dataid.creatordid", "dataid.datasetid"], &[]),
    (Role::ObservationId, &["obs_id", "observation_id"], &["dataid.observationid"], &[]),
    (Role::Collection, &["obs_collection", "collection"], &["dataid.collection"], &[]),
    (Role::Title, &["obs_title"], &["dataid.title"], &["vox:image_title"]),
    (Role::Type, &["dataproduct_type"], &["obsdataset.dataproducttype", "obs.dataproducttype", "dataset.type"], &[]),
    (Role::Level, &["calib_level"], &["obsdataset.caliblevel", "obs.caliblevel"], &[]),
    (Role::Facility, &["facility_name"], &["obsconfig.facility.name"], &[]),
    (Role::Instrument, &["instrument_name"], &["obsconfig.instrument.name", "dataid.instrument"], &["inst_id"]),
    (Role::Target, &["target_name", "object"], &["target.name"], &[]),
    (
        Role::Start,
        &["t_min", "time_min"],
        &["limits.starttime", "interval.starttime", "timeaxis.coverage.bounds.start"],
        &["time.start"],
    ),
    (
        Role::Stop,
        &["t_max", "time_max"],
        &["limits.stoptime", "interval.stoptime", "timeaxis.coverage.bounds.stop"],
        &["time.end"],
    ),
    (Role::Middle, &[], &["timeaxis.coverage.location.value"], &["vox:image_mjdateobs"]),
    (Role::Ascension, &["s_ra"], &["position2d.value2.c1"], &["pos_eq_ra_main"]),
    (Role::Declination, &["s_dec"], &["position2d.value2.c2"], &["pos_eq_dec_main"]),
    (Role::Position, &[], &["spatialaxis.coverage.location.value"], &[]),
    (Role::FieldOfView, &["s_fov"], &["bounds.extent.diameter"], &[]),
    (Role::Region, &["s_region"], &["coverage.support.area"], &[]),
    (Role::Access, &["access_url", "acref", "accref"], &[], &["vox:image_accessreference"]),
    (Role::Format, &["access_format"], &["access.format"], &["vox:image_format"]),
    (Role::Size, &["access_estsize", "accsize"], &["access.size"], &["vox:image_filesize"]),
    (Role::Released, &["obs_release_date"], &["curation.releasedate"], &["time.release"]),
    (Role::Modified, &["lastmodified"], &[], &[]),
    (Role::Created, &[], &["dataid.date"], &[]),
    (Role::Creator, &["obs_creator_name"], &["dataid.creator"], &[]),
];

/// A column of a table.
pub struct Column<'t> {
    pub name: &'t str,
    pub role: Option<Role>,
    pub is_mjd: bool,
    /// The number that stands for no value.
    pub null: Option<&'t str>,
}

/// Columns in their order.
pub struct Columns<'t> {
    pub columns: Vec<Column<'t>>,
}

impl<'t> Columns<'t> {
    pub fn of(table: &'t Element) -> Self {
        let mut taken = Vec::new();
        let mut columns: Vec<_> = table.named("FIELD").map(column).collect();
        let fields: Vec<_> = table.named("FIELD").collect();
        // A column that is named is surer than one that only has a fitting utype or UCD.
        for way in 0..3 {
            for (column, field) in columns.iter_mut().zip(&fields) {
                let role = role_of(field, column.name, way).filter(|role| !taken.contains(role));
                if let (None, Some(role)) = (column.role, role) {
                    column.role = Some(role);
                    taken.push(role);
                }
            }
        }
        Self { columns }
    }

    fn has(&self, role: Role) -> bool {
        self.columns.iter().any(|column| column.role == Some(role))
    }

    /// Whether each row describes a data set: it has a name of its own, and a time or a place to get it from.
    pub fn describe_datasets(&self) -> bool {
        let named = [Role::PublisherId, Role::CreatorId, Role::ObservationId].into_iter().any(|role| self.has(role));
        // DataLink rows are links of one data set.
        let links = self.columns.iter().any(|column| column.name.eq_ignore_ascii_case("semantics"));
        !links && ((named && (self.has(Role::Start) || self.has(Role::Access))) || self.is_sia())
    }

    /// SIA 1 knows an image by where it is.
    fn is_sia(&self) -> bool {
        self.has(Role::Access) && self.has(Role::Ascension) && self.has(Role::Format)
    }
}

fn column(field: &Element) -> Column<'_> {
    let name = field.attribute("name").or_else(|| field.attribute("ID")).unwrap_or_default();
    let kind = field.attribute("datatype").unwrap_or_default();
    let xtype = field.attribute("xtype").unwrap_or_default();
    let is_text = matches!(kind, "char" | "unicodeChar");
    Column {
        name,
        role: None,
        is_mjd: xtype.eq_ignore_ascii_case("mjd") || (!is_text && kind != "int"),
        null: field.at("VALUES").and_then(|values| values.attribute("null")),
    }
}

fn role_of(field: &Element, name: &str, way: usize) -> Option<Role> {
    let lower = |text: Option<&str>| text.unwrap_or_default().to_ascii_lowercase();
    let utype = lower(field.attribute("utype"));
    let ucd = lower(field.attribute("ucd"));
    let found = KNOWN.iter().find(|(_, names, utypes, ucds)| match way {
        0 => names.contains(&name.to_ascii_lowercase().as_str()),
        1 => !utype.is_empty() && utypes.iter().any(|known| utype.ends_with(known)),
        _ => ucds.contains(&ucd.as_str()),
    });
    found.map(|known| known.0)
}

/// A table that does not list data sets is itself one product, named by its bytes: a VOTable has no identifier.
pub fn write(
    root: &Element,
    table: &Element,
    columns: &Columns<'_>,
    place: usize,
    bytes: &[u8],
    context: &Context<'_>,
    imported: &mut Imported,
) {
    let digest = (context.digest)(bytes).to_string();
    let number = place.saturating_sub(context.first).saturating_add(1);
    let id = format!("votable:{}:{number}", digest.get(..32).unwrap_or(&digest));
    let mut record = Record::new(context, "product", Some(context.collection), &id);
    record.place = place;
    let described = table.text_at("DESCRIPTION").or_else(|| root.text_at("RESOURCE/DESCRIPTION"));
    let title = described.map(tidy).map(|text| text.chars().take(200).collect::<String>());
    record.text("title", title.as_deref().or_else(|| table.attribute("name")));
    record.text("description", root.text_at("DESCRIPTION").or(described).map(prose).as_deref());
    record.text("data_type", Some("table"));
    record.text("format", Some("VOTable"));
    let mut properties = Properties::default();
    for column in &columns.columns {
        properties.add("vo:columns", column.name);
    }
    for field in table.named("FIELD") {
        field.read_all();
        field.attribute("ucd").into_iter().for_each(|ucd| {
            properties.add("vo:ucd", ucd);
        });
    }
    for info in root.descendants("INFO") {
        let value = info.attribute("value").filter(|value| !value.is_empty()).or_else(|| info.text());
        if let (Some(name), Some(value)) = (info.attribute("name"), value) {
            properties.add(&format!("vo:{}", tidy(name)), &tidy(value));
        }
    }
    let rows = table.all("DATA/TABLEDATA/TR").len();
    if rows > 0 {
        properties.add("vo:rows", &rows.to_string());
    }
    properties.write(&mut record);
    record.finish(bytes, 0..bytes.len(), "application/x-votable+xml", imported);
}
