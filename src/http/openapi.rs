//! The interface description (OpenAPI 3.1), made from the handlers; `openapi/` holds the golden file.

use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use super::faces::linked::{self, lineage};
use super::faces::native::{
    changes, files, ingest, log, queryables, records, recreation, resolve, search, sources, suggest, uploads,
};
use super::faces::{dcat, federation, oai, ops, pages, records as ogc, resourcesync, sparql, stac};

#[derive(OpenApi)]
#[openapi(
    info(title = "Perennial", description = "Long-term data preservation catalogue of space missions."),
    modifiers(&Problems),
    servers((url = "/", description = "The service that gives this description")),
    tags(
        (name = "collections", description = "Collections of products"),
        (name = "products", description = "Products of a collection"),
        (name = "files", description = "Files of products"),
        (name = "uploads", description = "Resumable uploads, made visible by the record that names them"),
        (name = "records", description = "Missions, platforms, instruments, targets, agents and other records"),
        (name = "sources", description = "Sources elsewhere that are copied, and how that goes"),
        (name = "recreation", description = "Products made again from their recipes, and the proof of it"),
        (name = "search", description = "Full text, facets, time, space and properties"),
        (name = "ingest", description = "Many records at once"),
        (name = "log", description = "The log as it is, for mirrors"),
        (name = "stac", description = "STAC API 1.0"),
        (name = "records-api", description = "OGC API Records"),
        (name = "federation", description = "Searches of this archive and its sources together"),
        (name = "sparql", description = "SPARQL 1.1 Protocol"),
        (name = "linked-data", description = "Addresses of things, vocabularies and terms"),
        (name = "harvesting", description = "OAI-PMH 2.0, and what else gives the whole catalogue away"),
        (name = "operations", description = "For operators")
    ),
    paths(
        records::list_collections,
        records::create_collection,
        records::get_collection,
        records::put_collection,
        records::patch_collection,
        records::delete_collection,
        records::collection_revisions,
        records::collection_revision,
        files::collection_source,
        files::collection_file,
        files::record_source,
        files::record_file,
        records::create_product,
        records::get_product,
        records::put_product,
        records::patch_product,
        records::delete_product,
        records::product_revisions,
        records::product_revision,
        files::product_source,
        files::get_file,
        files::put_file,
        records::get_record,
        records::put_record,
        records::delete_record,
        log::checkpoint,
        log::lines,
        log::payloads,
        log::payload,
        resolve::resolve,
        resolve::links,
        resolve::members,
        recreation::recreate_product,
        recreation::recreate_recipe,
        recreation::product_evidence,
        recreation::recipe_evidence,
        recreation::product_impact,
        recreation::create_recipe,
        recreation::evidence_crate,
        recreation::drop_product,
        recreation::keep_product,
        recreation::drill,
        recreation::rebuildability,
        sources::list,
        sources::one,
        sources::runs,
        sources::quarantine,
        sources::awaiting,
        sources::harvest,
        sources::approve,
        lineage::product,
        lineage::collection,
        lineage::record,
        search::search,
        search::post_search,
        queryables::all_queryables,
        queryables::queryables,
        queryables::all_sortables,
        queryables::sortables,
        suggest::suggest,
        ingest::ingest,
        ingest::document,
        uploads::create,
        uploads::state,
        uploads::write,
        uploads::finish,
        uploads::discard,
        federation::landing::landing,
        federation::search::search,
        sparql::ask::get_query,
        sparql::ask::post_query,
        sparql::store::get_named,
        sparql::store::get_own,
        sparql::context::put_named,
        sparql::context::post_named,
        sparql::context::delete_named,
        sparql::context::get_own,
        sparql::context::put_own,
        sparql::context::post_own,
        sparql::context::delete_own,
        sparql::description::void,
        pages::record::product,
        pages::record::collection,
        pages::record::entity,
        linked::things::see,
        linked::ontologies::list,
        linked::ontologies::context,
        linked::ontologies::give,
        linked::terms::list,
        linked::terms::one,
        changes::changes,
        oai::get,
        oai::post,
        oai::schema,
        dcat::negotiated,
        dcat::named,
        resourcesync::source,
        resourcesync::capability_list,
        resourcesync::resource_list,
        resourcesync::resource_part,
        resourcesync::change_list,
        resourcesync::change_part,
        resourcesync::sitemap_index,
        resourcesync::sitemap_part,
        resourcesync::robots,
        ops::health,
        ops::metrics,
        stac::landing::landing,
        stac::landing::conformance,
        stac::landing::api,
        stac::browse::browse,
        stac::children::children,
        stac::queryables::all,
        stac::queryables::of_collection,
        stac::queryables::all_sortables,
        stac::queryables::sortables_of_collection,
        stac::collections::list,
        stac::collections::one,
        stac::items::list,
        stac::items::one,
        stac::aggregate::all,
        stac::aggregate::of_collection,
        stac::aggregate::get_aggregate,
        stac::aggregate::post_aggregate,
        stac::aggregate::get_of_collection,
        stac::aggregate::post_of_collection,
        stac::search::get_search,
        stac::search::post_search,
        stac::transaction::create_item,
        stac::transaction::put_item,
        stac::transaction::patch_item,
        stac::transaction::delete_item,
        stac::transaction::create_collection,
        stac::transaction::put_collection,
        stac::transaction::patch_collection,
        stac::transaction::delete_collection,
        ogc::landing::landing,
        ogc::landing::conformance,
        ogc::landing::api,
        ogc::collections::list,
        ogc::collections::one,
        ogc::queryables::queryables,
        ogc::queryables::sortables,
        ogc::queryables::schema,
        ogc::distributed::list,
        ogc::distributed::one,
        ogc::items::list,
        ogc::items::one
    )
)]
struct Description;

/// Every operation may answer a problem that its own list does not name, such as 413 or 503: `default` says what it is.
struct Problems;

impl Modify for Problems {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        for item in description.paths.paths.values_mut() {
            for operation in operations(item).into_iter().flatten() {
                operation.responses.responses.insert("default".to_owned(), RefOr::T(problem()));
            }
        }
    }
}

fn operations(item: &mut PathItem) -> [&mut Option<Operation>; 5] {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete]
}

fn problem() -> Response {
    let content = Content::new(Some(Ref::from_schema_name("ProblemBody")));
    ResponseBuilder::new().description("A problem (RFC 9457)").content("application/problem+json", content).build()
}

/// The description as JSON text, indented, with a newline at its end.
pub fn json() -> String {
    let mut text = Description::openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// The methods that a path of this description has, as the header `Allow` lists them.
pub fn methods(path: &str) -> Option<String> {
    let description = Description::openapi();
    let item = description.paths.paths.get(path)?;
    let operations = [
        (&item.get, "GET, HEAD"),
        (&item.post, "POST"),
        (&item.put, "PUT"),
        (&item.patch, "PATCH"),
        (&item.delete, "DELETE"),
    ];
    let methods: Vec<&str> =
        operations.iter().filter(|(operation, _)| operation.is_some()).map(|(_, name)| *name).collect();
    Some(methods.join(", "))
}
