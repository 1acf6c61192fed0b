//! How the data were made and where they are: platforms, instruments, online resources, lineage, other resources.

use super::super::super::shared::names::Role;
use super::super::super::shared::once::Once;
use super::super::super::shared::record::File;
use super::super::super::shared::xml::Element;
use super::{first, identification, identifier_of, identity, inner, value, value_at};
use crate::model::Draft;

/// Most steps and sources of a lineage that are taken.
const MAX_STEPS: usize = 1_000;

/// Platforms, instruments, their sensors, and operations.
pub fn acquisition(once: &mut Once<'_>, root: &Element) {
    for information in root.all("acquisitionInformation/MI_AcquisitionInformation") {
        for platform in information.named("platform").filter_map(inner) {
            named(once, Role::Platform, platform);
            platform.named("instrument").filter_map(inner).for_each(|instrument| self::instrument(once, instrument));
        }
        information.named("instrument").filter_map(inner).for_each(|instrument| self::instrument(once, instrument));
        for operation in information.named("operation").filter_map(inner) {
            named(once, Role::Mission, operation);
        }
    }
}

fn instrument(once: &mut Once<'_>, instrument: &Element) {
    named(once, Role::Instrument, instrument);
    for sensor in instrument.named("sensor").filter_map(inner) {
        named(once, Role::Instrument, sensor);
    }
}

/// Names a platform, an instrument or an operation by its identifier, else by what it is cited or described as.
fn named(once: &mut Once<'_>, role: Role, element: &Element) {
    let code = element.at("identifier").and_then(identifier_of).map(|(code, _)| code);
    once.name(role, code.or_else(|| first(element, &["citation/CI_Citation/title", "description"])));
}

/// Online resources: files of a product where they are for download, links everywhere else; previews; related data.
pub fn distribution(once: &mut Once<'_>, root: &Element) {
    let mut online = Vec::new();
    for distribution in root.all("distributionInfo/MD_Distribution") {
        online.extend(distribution.all("transferOptions/MD_DigitalTransferOptions/onLine/CI_OnlineResource"));
        for distributor in distribution.all("distributor/MD_Distributor") {
            distributor.named("distributorContact").for_each(|contact| identity::party(once, contact));
            online.extend(
                distributor.all("distributorTransferOptions/MD_DigitalTransferOptions/onLine/CI_OnlineResource"),
            );
        }
        for size in distribution.descendants("transferSize") {
            once.number("iso:transferSizeMB", value(size));
        }
    }
    for resource in online {
        online_resource(once, resource);
    }
    for service in root.all("identificationInfo/SV_ServiceIdentification/containsOperations/SV_OperationMetadata") {
        for point in service.all("connectPoint/CI_OnlineResource") {
            if let Some(href) = value_at(point, "linkage") {
                once.link(
                    "service",
                    href,
                    first(point, &["name", "description"]).or(value_at(service, "operationName")),
                );
            }
        }
    }
    let Some(info) = identification(root) else { return };
    for browse in info.all("graphicOverview/MD_BrowseGraphic") {
        let place = first(browse, &["fileName", "linkage/CI_OnlineResource/linkage"]);
        if let Some(href) = place {
            once.link("preview", href, value_at(browse, "fileDescription"));
        }
    }
}

fn online_resource(once: &mut Once<'_>, resource: &Element) {
    let Some(href) = value_at(resource, "linkage") else { return };
    let title = first(resource, &["name", "description"]);
    let protocol = value_at(resource, "protocol").unwrap_or_default().to_uppercase();
    let has = |words: &[&str]| words.iter().any(|word| protocol.contains(word));
    let rel = match value_at(resource, "function").unwrap_or_default() {
        _ if has(&["OGC:", "OPENDAP", "WMS", "WFS", "WCS", "ESRI:REST"]) => "service",
        "download" | "fileAccess" | "offlineAccess" => "data",
        "browseGraphic" | "browsing" => "preview",
        "order" | "search" | "upload" => "service",
        "completeMetadata" => "describedby",
        _ if has(&["DOWNLOAD"]) => "data",
        _ => "see_also",
    };
    once.link(rel, href, title);
}

/// Statement and steps as history, sources as inputs, software as what generated it.
pub fn lineage(once: &mut Once<'_>, root: &Element) {
    let mut lineages = root.all("dataQualityInfo/DQ_DataQuality/lineage/LI_Lineage");
    lineages.extend(root.all("resourceLineage/LI_Lineage"));
    let (mut history, mut inputs, mut software) = (Vec::new(), Draft::array(), Vec::new());
    for lineage in lineages {
        history.extend(value_at(lineage, "statement"));
        for step in lineage.named("processStep").filter_map(inner).take(MAX_STEPS) {
            history.extend(value_at(step, "description"));
            let processing = step.named("processingInformation").filter_map(inner);
            for processing in processing {
                let names = ["softwareReference/CI_Citation/title", "identifier/MD_Identifier/code"];
                software.extend(first(processing, &names));
            }
            step.named("processor").for_each(|contact| identity::party(once, contact));
            sources(once, step, &mut inputs);
        }
        sources(once, lineage, &mut inputs);
    }
    let mut provenance = Draft::object();
    provenance.optional("generated_by", software.first());
    provenance.part("inputs", inputs);
    if !history.is_empty() {
        provenance.string("history", &history.join("\n"));
    }
    once.record.draft.part("provenance", provenance);
}

fn sources(once: &mut Once<'_>, element: &Element, inputs: &mut Draft) {
    for source in element.named("source").filter_map(inner).take(MAX_STEPS) {
        let citation = source.at("sourceCitation/CI_Citation");
        let code = citation.and_then(|citation| citation.at("identifier")).and_then(identifier_of);
        let title = citation.and_then(|citation| value_at(citation, "title"));
        if let Some((code, _)) = code {
            once.link("derived_from", code, title);
        }
        if let Some(text) = value_at(source, "description").or(title) {
            inputs.string_element(text);
        }
    }
}

/// Larger works, sources, cross references, and the data that a service offers.
pub fn associations(once: &mut Once<'_>, root: &Element) {
    let Some(info) = identification(root) else { return };
    let mut all = info.all("aggregationInfo/MD_AggregateInformation");
    all.extend(info.all("associatedResource/MD_AssociatedResource"));
    for other in all {
        let title = first(other, &["aggregateDataSetName/CI_Citation/title", "name/CI_Citation/title"]);
        let code = ["aggregateDataSetIdentifier", "name/CI_Citation/identifier"].iter().find_map(|path| other.at(path));
        let code = code.and_then(identifier_of).map(|(code, _)| code);
        let reference = other.at("metadataReference").and_then(|reference| reference.attribute("uuidref"));
        let Some(target) = code.or(reference).or(title) else { continue };
        if let Some("mission" | "project" | "campaign" | "program" | "experiment" | "operation") =
            value_at(other, "initiativeType")
        {
            identity::initiative(once, target);
            continue;
        }
        once.link(rel_of(value_at(other, "associationType").unwrap_or_default()), target, title);
    }
    for operated in info.named("operatesOn").chain(info.named("coupledDataset")) {
        let target = operated.attribute("uuidref").or_else(|| operated.attribute("href"));
        // `#x` is a place in this document.
        if let Some(target) = target.filter(|target| !target.starts_with('#')) {
            once.link("operates_on", target, None);
        }
    }
}

fn rel_of(association: &str) -> &'static str {
    match association {
        "largerWorkCitation" | "partOfSeamlessDatabase" | "series" => "collection",
        "source" | "dependency" => "derived_from",
        "isComposedOf" => "member",
        "revisionOf" => "prior",
        _ => "see_also",
    }
}

/// A file that a Dublin Core record refers to.
pub fn file(once: &mut Once<'_>, href: &str, media_type: Option<&str>) {
    let name = href.trim_end_matches('/').rsplit('/').next().unwrap_or(href);
    once.record.file(&File { name, role: Some("data"), media_type, href: Some(href), ..File::default() });
}
