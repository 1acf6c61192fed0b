//! What a resource covers: time, cadence, regions, quantities, processing level.

use crate::importer::shared::names::Role;
use crate::importer::shared::record::Record;
use crate::importer::shared::space::Shape;
use crate::importer::shared::time::Written;
use crate::importer::shared::values::{Properties, double, tidy};
use crate::importer::shared::xml::Element;

/// Durations, and the properties that they are.
pub const DURATIONS: &[(&str, &str)] = &[
    ("spase:Cadence", "Cadence"),
    ("spase:CadenceMin", "CadenceMin"),
    ("spase:CadenceMax", "CadenceMax"),
    ("spase:Exposure", "Exposure"),
    ("spase:ExposureMin", "ExposureMin"),
    ("spase:ExposureMax", "ExposureMax"),
];

/// Writes what is covered.
pub fn write(resource: &Element, record: &mut Record<'_>, properties: &mut Properties) {
    time(resource, record);
    durations(resource, record);
    vocabularies(resource, record, properties);
    if let Some(level) = resource.text_at("ProcessingLevel") {
        record.name(Role::Level, level);
    }
    for location in resource.named("Location") {
        place(location, record, properties);
    }
    for coverage in resource.named("SpatialCoverage") {
        area(coverage, resource, record, properties);
    }
    for parameter in resource.named("Parameter") {
        quantities(parameter, properties);
    }
}

/// `TimeSpan` of data, `OperatingSpan` of instruments and observatories, dates of a granule.
fn time(resource: &Element, record: &mut Record<'_>) {
    let paths = ["TemporalDescription/TimeSpan", "TimeSpan", "OperatingSpan", "TemporalDependence/TimeSpan"];
    let span = paths.into_iter().find_map(|path| resource.at(path));
    let Some(span) = span.or_else(|| resource.at("StartDate").map(|_| resource)) else { return };
    let start = span.text_at("StartDate");
    let stop = span.text_at("StopDate");
    let relative = span.text_at("RelativeStopDate");
    // An observatory whose span has no end still works.
    let open_end = span.name == "OperatingSpan" && stop.is_none() && relative.is_none();
    record.time(Written {
        start: start.map(|written| ("StartDate", written)),
        stop: stop.map(|written| ("StopDate", written)),
        relative_end: relative.filter(|_| stop.is_none()),
        open_end,
        ..Written::default()
    });
}

/// Cadence and exposure can be compared: as given, and in seconds.
fn durations(resource: &Element, record: &mut Record<'_>) {
    for (property, name) in DURATIONS {
        for path in ["TemporalDescription", "TemporalDependence"] {
            if let Some(written) = resource.at(path).and_then(|described| described.text_at(name)) {
                record.duration(property, written);
            }
        }
    }
}

/// Terms of SPASE enumerations: a path of terms is written with dots.
fn vocabularies(resource: &Element, record: &mut Record<'_>, properties: &mut Properties) {
    for name in [
        "MeasurementType",
        "PhenomenonType",
        "ObservedRegion",
        "ObservatoryRegion",
        "SpectralRange",
        "InstrumentType",
        "AnnotationType",
        "DocumentType",
        "SimulationType",
    ] {
        let scheme = format!("spase:{name}");
        let located = resource.all(&format!("Location/{name}"));
        for term in resource.named(name).chain(located).filter_map(Element::text) {
            record.keyword(Some(&scheme), &term.replace('.', " > "));
            properties.add(&scheme, &tidy(term));
        }
    }
}

/// Where an observatory stands; one in space has a region alone.
fn place(location: &Element, record: &mut Record<'_>, properties: &mut Properties) {
    let (longitude, latitude) = (location.text_at("Longitude"), location.text_at("Latitude"));
    let (frame, body) = (location.text_at("CoordinateSystemName"), body_of(location.text_at("ObservatoryRegion")));
    if let (Some(longitude), Some(latitude)) = (double(longitude), double(latitude)) {
        record.footprint(body.as_deref().unwrap_or("earth"), frame, &Shape::Point([longitude, latitude]));
    }
    for (property, value) in [
        ("spase:Elevation", location.text_at("Elevation")),
        ("spase:Latitude", latitude),
        ("spase:Longitude", longitude),
        ("spase:CoordinateSystemName", frame),
    ] {
        if let Some(value) = value {
            properties.add(property, value);
        }
    }
}

/// The body of a region such as `Earth.NearSurface.Ionosphere`; the heliosphere is none.
fn body_of(region: Option<&str>) -> Option<String> {
    let first = region?.split('.').next()?.to_ascii_lowercase();
    let bodies = [
        "earth", "mercury", "venus", "mars", "jupiter", "saturn", "uranus", "neptune", "pluto", "sun", "asteroid",
        "comet",
    ];
    bodies.contains(&first.as_str()).then_some(first)
}

/// Extremes of latitude and longitude, and the planet that they are on.
fn area(coverage: &Element, resource: &Element, record: &mut Record<'_>, properties: &mut Properties) {
    let frame = coverage.text_at("CoordinateSystem/CoordinateSystemName");
    let representation = coverage.text_at("CoordinateSystem/CoordinateRepresentation");
    for (property, value) in [("spase:CoordinateSystemName", frame), ("spase:CoordinateRepresentation", representation)]
    {
        if let Some(value) = value {
            properties.add(property, value);
        }
    }
    let side = |name: &str| double(coverage.text_at(name));
    let sides = (
        side("WesternmostLongitude"),
        side("SouthernmostLatitude"),
        side("EasternmostLongitude"),
        side("NorthernmostLatitude"),
    );
    let (Some(west), Some(south), Some(east), Some(north)) = sides else { return };
    let body = body_of(resource.named("ObservedRegion").find_map(Element::text));
    record.footprint(body.as_deref().unwrap_or("earth"), frame, &Shape::Box { west, south, east, north });
}

/// Names, keys and physical quantities of a parameter; how it is drawn and stored stays in the source.
fn quantities(parameter: &Element, properties: &mut Properties) {
    for (property, path) in [
        ("spase:ParameterName", "Name"),
        ("spase:ParameterKey", "ParameterKey"),
        ("spase:FieldQuantity", "Field/FieldQuantity"),
        ("spase:ParticleType", "Particle/ParticleType"),
        ("spase:ParticleQuantity", "Particle/ParticleQuantity"),
        ("spase:WaveType", "Wave/WaveType"),
        ("spase:WaveQuantity", "Wave/WaveQuantity"),
        ("spase:MixedQuantity", "Mixed/MixedQuantity"),
        ("spase:SupportQuantity", "Support/SupportQuantity"),
        ("spase:CoordinateSystemName", "CoordinateSystem/CoordinateSystemName"),
    ] {
        for value in parameter.all(path).into_iter().filter_map(Element::text) {
            properties.add(property, &tidy(value));
        }
    }
}
