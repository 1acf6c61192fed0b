//! Metadata documents written for these tests.

use crate::importer::Format;
use crate::importer::tests::corpus::{holds, imported, one, run, survives};

const GMD: &str = r#"<?xml version="1.0"?>
<gmd:MD_Metadata xmlns:gmd="http://www.isotc211.org/2005/gmd" xmlns:gco="http://www.isotc211.org/2005/gco" xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:gmx="http://www.isotc211.org/2005/gmx" xmlns:xlink="http://www.w3.org/1999/xlink">
<gmd:fileIdentifier><gco:CharacterString>c:/a\b</gco:CharacterString></gmd:fileIdentifier>
<gmd:parentIdentifier><gco:CharacterString>the-series</gco:CharacterString></gmd:parentIdentifier>
<gmd:hierarchyLevel><gmd:MD_ScopeCode codeListValue="dataset">Datensatz</gmd:MD_ScopeCode></gmd:hierarchyLevel>
<gmd:contact><gmd:CI_ResponsibleParty><gmd:individualName><gco:CharacterString>A Person</gco:CharacterString></gmd:individualName><gmd:organisationName><gco:CharacterString>An Office</gco:CharacterString></gmd:organisationName><gmd:contactInfo><gmd:CI_Contact><gmd:address><gmd:CI_Address><gmd:electronicMailAddress><gco:CharacterString>a@x.org</gco:CharacterString></gmd:electronicMailAddress></gmd:CI_Address></gmd:address></gmd:CI_Contact></gmd:contactInfo><gmd:role><gmd:CI_RoleCode codeListValue="custodian"/></gmd:role></gmd:CI_ResponsibleParty></gmd:contact>
<gmd:dateStamp><gco:Date>2014-04-15</gco:Date></gmd:dateStamp>
<gmd:identificationInfo><gmd:MD_DataIdentification>
<gmd:citation><gmd:CI_Citation><gmd:title><gco:CharacterString>Heights</gco:CharacterString></gmd:title><gmd:alternateTitle><gco:CharacterString>HGT</gco:CharacterString></gmd:alternateTitle>
<gmd:date><gmd:CI_Date><gmd:date><gco:Date>2009-10-09</gco:Date></gmd:date><gmd:dateType><gmd:CI_DateTypeCode codeListValue="creation"/></gmd:dateType></gmd:CI_Date></gmd:date>
<gmd:edition><gco:CharacterString>3</gco:CharacterString></gmd:edition>
<gmd:identifier><gmd:RS_Identifier><gmd:code><gco:CharacterString>366f</gco:CharacterString></gmd:code><gmd:codeSpace><gco:CharacterString>org.example</gco:CharacterString></gmd:codeSpace></gmd:RS_Identifier></gmd:identifier>
<gmd:identifier><gmd:MD_Identifier><gmd:code><gmx:Anchor xlink:href="http://dx.doi.org/10.1/iso">DOI</gmx:Anchor></gmd:code></gmd:MD_Identifier></gmd:identifier>
</gmd:CI_Citation></gmd:citation>
<gmd:abstract><gco:CharacterString>Says what it is.</gco:CharacterString></gmd:abstract>
<gmd:descriptiveKeywords><gmd:MD_Keywords><gmd:keyword><gco:CharacterString>EARTH SCIENCE &gt; Cryosphere  &gt;Snow/Ice</gco:CharacterString></gmd:keyword></gmd:MD_Keywords></gmd:descriptiveKeywords>
<gmd:descriptiveKeywords><gmd:MD_Keywords><gmd:keyword><gco:CharacterString>Orthoimagery</gco:CharacterString></gmd:keyword><gmd:thesaurusName><gmd:CI_Citation><gmd:title><gco:CharacterString>GEMET</gco:CharacterString></gmd:title></gmd:CI_Citation></gmd:thesaurusName></gmd:MD_Keywords></gmd:descriptiveKeywords>
<gmd:resourceConstraints><gmd:MD_LegalConstraints><gmd:accessConstraints><gmd:MD_RestrictionCode codeListValue="otherRestrictions"/></gmd:accessConstraints><gmd:useConstraints><gmd:MD_RestrictionCode codeListValue="license"/></gmd:useConstraints><gmd:otherConstraints><gco:CharacterString>No limitations, CC-BY-4.0</gco:CharacterString></gmd:otherConstraints></gmd:MD_LegalConstraints></gmd:resourceConstraints>
<gmd:spatialResolution><gmd:MD_Resolution><gmd:distance><gco:Distance uom="m">30</gco:Distance></gmd:distance></gmd:MD_Resolution></gmd:spatialResolution>
<gmd:topicCategory><gmd:MD_TopicCategoryCode>elevation</gmd:MD_TopicCategoryCode></gmd:topicCategory>
<gmd:extent><gmd:EX_Extent>
<gmd:geographicElement><gmd:EX_GeographicBoundingBox><gmd:westBoundLongitude><gco:Decimal>20.0</gco:Decimal></gmd:westBoundLongitude><gmd:eastBoundLongitude><gco:Decimal>24.0</gco:Decimal></gmd:eastBoundLongitude><gmd:southBoundLatitude><gco:Decimal>38.0</gco:Decimal></gmd:southBoundLatitude><gmd:northBoundLatitude><gco:Decimal>40.0</gco:Decimal></gmd:northBoundLatitude></gmd:EX_GeographicBoundingBox></gmd:geographicElement>
<gmd:geographicElement><gmd:EX_BoundingPolygon><gmd:polygon><gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>38 20 38 24 40 24 38 20</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></gmd:polygon></gmd:EX_BoundingPolygon></gmd:geographicElement>
<gmd:temporalElement><gmd:EX_TemporalExtent><gmd:extent><gml:TimePeriod gml:id="t"><gml:beginPosition>2010-05-07T00:00:00Z</gml:beginPosition><gml:endPosition indeterminatePosition="now"/></gml:TimePeriod></gmd:extent></gmd:EX_TemporalExtent></gmd:temporalElement>
</gmd:EX_Extent></gmd:extent>
</gmd:MD_DataIdentification></gmd:identificationInfo>
<gmd:distributionInfo><gmd:MD_Distribution><gmd:transferOptions><gmd:MD_DigitalTransferOptions><gmd:onLine><gmd:CI_OnlineResource><gmd:linkage><gmd:URL>http://x.org/wms</gmd:URL></gmd:linkage><gmd:protocol><gco:CharacterString>OGC:WMS</gco:CharacterString></gmd:protocol></gmd:CI_OnlineResource></gmd:onLine></gmd:MD_DigitalTransferOptions></gmd:transferOptions></gmd:MD_Distribution></gmd:distributionInfo>
<gmd:dataQualityInfo><gmd:DQ_DataQuality><gmd:lineage><gmd:LI_Lineage><gmd:statement><gco:CharacterString>Made by hand.</gco:CharacterString></gmd:statement><gmd:source><gmd:LI_Source><gmd:description><gco:CharacterString>Maps</gco:CharacterString></gmd:description><gmd:sourceCitation><gmd:CI_Citation><gmd:title><gco:CharacterString>Sheet 1</gco:CharacterString></gmd:title><gmd:identifier><gmd:MD_Identifier><gmd:code><gco:CharacterString>sheet-1</gco:CharacterString></gmd:code></gmd:MD_Identifier></gmd:identifier></gmd:CI_Citation></gmd:sourceCitation></gmd:LI_Source></gmd:source></gmd:LI_Lineage></gmd:lineage></gmd:DQ_DataQuality></gmd:dataQualityInfo>
</gmd:MD_Metadata>"#;

#[test]
fn a_dataset_is_a_product_of_its_parent() {
    let (record, findings) = one(Format::Iso, GMD);
    assert_eq!(findings, [""; 0]);
    holds(
        &record,
        &[
            r#""kind":"product","id":"c:/a\\b","collection":"the-series""#,
            r#""title":"Heights""#,
            r#""version":"3""#,
            r#"{"scheme":"org.example","value":"366f"}"#,
            r#""doi":"10.1/iso""#,
            r#"{"scheme":"gcmd:sciencekeywords","path":"EARTH SCIENCE > Cryosphere > Snow/Ice"}"#,
            r#"{"scheme":"GEMET","path":"Orthoimagery"}"#,
            r#"{"scheme":"iso:topicCategory","path":"elevation"}"#,
            r#""licence":"No limitations, CC-BY-4.0","access":"open""#,
            r#""quality":{"gsd":30}"#,
            r#"{"name":"An Office","roles":["host"],"roles_as_written":["custodian"],"email":"a@x.org"}"#,
            r#""iso:contactPerson":"A Person""#,
            r#"{"rel":"service","href":"http://x.org/wms"}"#,
            r#"{"rel":"derived_from","href":"sheet-1","title":"Sheet 1"}"#,
            r#""provenance":{"inputs":["Maps"],"history":"Made by hand."}"#,
            r#""media_type":"application/vnd.iso.19139+xml""#,
        ],
    );
}

#[test]
fn part_3_says_the_same_in_other_places() {
    let text = r#"<mdb:MD_Metadata xmlns:mdb="http://standards.iso.org/iso/19115/-3/mdb/2.0" xmlns:mcc="m" xmlns:gco="g" xmlns:cit="c" xmlns:mri="i" xmlns:mrl="l">
<mdb:metadataIdentifier><mcc:MD_Identifier><mcc:code><gco:CharacterString>74f8</gco:CharacterString></mcc:code><mcc:codeSpace><gco:CharacterString>urn:uuid</gco:CharacterString></mcc:codeSpace></mcc:MD_Identifier></mdb:metadataIdentifier>
<mdb:metadataScope><mdb:MD_MetadataScope><mdb:resourceScope><mcc:MD_ScopeCode codeListValue="series"/></mdb:resourceScope></mdb:MD_MetadataScope></mdb:metadataScope>
<mdb:contact><cit:CI_Responsibility><cit:role><cit:CI_RoleCode codeListValue="owner"/></cit:role><cit:party><cit:CI_Organisation><cit:name><gco:CharacterString>Office</gco:CharacterString></cit:name><cit:individual><cit:CI_Individual><cit:name><gco:CharacterString>P</gco:CharacterString></cit:name></cit:CI_Individual></cit:individual></cit:CI_Organisation></cit:party></cit:CI_Responsibility></mdb:contact>
<mdb:identificationInfo><mri:MD_DataIdentification><mri:citation><cit:CI_Citation><cit:title><gco:CharacterString>Zones</gco:CharacterString></cit:title></cit:CI_Citation></mri:citation><mri:abstract><gco:CharacterString>A</gco:CharacterString></mri:abstract></mri:MD_DataIdentification></mdb:identificationInfo>
<mdb:resourceLineage><mrl:LI_Lineage><mrl:statement><gco:CharacterString>From old zones.</gco:CharacterString></mrl:statement></mrl:LI_Lineage></mdb:resourceLineage>
</mdb:MD_Metadata>"#;
    let (record, findings) = one(Format::Iso, text);
    assert_eq!(findings, [""; 0]);
    holds(
        &record,
        &[
            r#""kind":"collection","id":"74f8""#,
            r#"{"name":"Office","roles":["licensor"],"roles_as_written":["owner"]}"#,
            r#""iso:contactPerson":"P""#,
            r#""history":"From old zones.""#,
            r#""iso:form":"iso19115-3""#,
        ],
    );
}

#[test]
fn a_series_is_named_as_the_cmr_names_it_and_its_members_belong_to_it() {
    let identifier = |code: &str, said: &str| {
        format!(
            "<identifier><MD_Identifier><code><s>{code}</s></code><description><s>{said}</s></description></MD_Identifier></identifier>"
        )
    };
    let member = "<composedOf><DS_DataSet><has><MI_Metadata><fileIdentifier><s>f1</s></fileIdentifier></MI_Metadata></has></DS_DataSet></composedOf>";
    let text = format!(
        "<DS_Series xmlns=\"http://www.isotc211.org/2005/gmd\">{member}<seriesMetadata><MI_Metadata><fileIdentifier><s>L3</s></fileIdentifier><identificationInfo><MD_DataIdentification><citation><CI_Citation><title><s>Soil</s></title><edition><s>R14</s></edition>{}{}</CI_Citation></citation></MD_DataIdentification></identificationInfo></MI_Metadata></seriesMetadata></DS_Series>",
        identifier("SPL", "The ECS Short Name"),
        identifier("004", "The ECS Version ID"),
    );
    let made = imported(Format::Iso, "C1234567-X.xml", text.as_bytes());
    let records: Vec<&str> = made.entities.iter().map(|entity| entity.record.as_str()).collect();
    holds(records[0], &[r#""kind":"product","id":"f1","collection":"SPL_004""#]);
    holds(
        records[1],
        &[
            r#""kind":"collection","id":"SPL_004""#,
            r#""cmr:format":"iso-smap""#,
            r#"{"scheme":"iso-metadata","value":"L3"}"#,
        ],
    );
    assert_eq!(made.findings, []);
}

#[test]
fn answers_of_a_csw_hold_several_records() {
    let text = r#"<csw:GetRecordsResponse xmlns:csw="http://www.opengis.net/cat/csw/2.0.2" xmlns:dc="d" xmlns:dct="t" xmlns:ows="o"><csw:SearchResults numberOfRecordsMatched="3">
<csw:Record><dc:identifier>urn:uuid:1</dc:identifier><dc:type>http://purl.org/dc/dcmitype/Dataset</dc:type><dc:title>One</dc:title><dc:subject scheme="http://s">Vegetation</dc:subject><dct:abstract>A</dct:abstract><dc:date>2006-03-26</dc:date><ows:BoundingBox crs="urn:x-ogc:def:crs:EPSG:6.11:4326"><ows:LowerCorner>47.5 -4.5</ows:LowerCorner><ows:UpperCorner>51.5 0.5</ows:UpperCorner></ows:BoundingBox></csw:Record>
<csw:Record><dc:identifier>s</dc:identifier><dc:type>service</dc:type></csw:Record>
<csw:Record><dc:title>no identifier</dc:title></csw:Record></csw:SearchResults></csw:GetRecordsResponse>"#;
    let made = imported(Format::Iso, "x", text.as_bytes());
    let records: Vec<&str> = made.entities.iter().map(|entity| entity.record.as_str()).collect();
    holds(
        records[0],
        &[
            r#""kind":"product","id":"urn:uuid:1","collection":"uncollected""#,
            r#"{"scheme":"http://s","path":"Vegetation"}"#,
        ],
    );
    holds(records[1], &[r#""kind":"document","id":"s""#]);
    assert_eq!(made.findings.len(), 2, "{:?}", made.findings);
    assert_eq!(made.findings[1].place, 3);
}

#[test]
fn what_is_damaged_or_empty_is_told() {
    let (record, findings) = one(Format::Iso, "<MD_Metadata xmlns=\"http://www.isotc211.org/2005/gmd\"/>");
    assert_eq!((record.as_str(), findings.len()), ("", 1));
    let (record, findings) =
        one(Format::Iso, "<DS_Series xmlns=\"http://www.isotc211.org/2005/gmd\"><seriesMetadata/></DS_Series>");
    assert_eq!((record.as_str(), findings.len()), ("", 1));
    survives(Format::Iso, GMD);
}

#[test]
fn the_corpus_is_imported_whole() {
    let Some(tally) = run(Format::Iso, &["iso", "cmr"]) else { return };
    assert_eq!((tally.files, tally.records), (74, 74), "{tally:?}");
}
