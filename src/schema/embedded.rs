//! The schemas as they stand under `schemas/v1/`, inside the binary. Nothing is ever fetched.

macro_rules! schemas {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../schemas/v1/", $name, ".json")))),*]
    };
}

/// Name and text of each schema of version 1; its `$id` is `urn:perennial:schema:v1:<name>`.
pub const SCHEMAS: &[(&str, &str)] = schemas![
    "common",
    "entity",
    "product",
    "collection",
    "recipe",
    "agent",
    "mission",
    "platform",
    "instrument",
    "target",
    "document",
    "source",
    "context_graph",
    "hold",
    "evidence",
];
