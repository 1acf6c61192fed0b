//! Documents of the CMR's dialects, written for these tests.

use super::*;
use crate::importer::Format;
use crate::importer::tests::corpus::{holds, imported, one, run, survives};

const ECHO: &str = r#"<?xml version="1.0"?>
<Collection><ShortName>ABC10</ShortName><VersionId>5</VersionId><InsertTime>2010-01-02T03:04:05Z</InsertTime>
<LastUpdate>2011-01-02T03:04:05Z</LastUpdate><LongName>A long name</LongName><DataSetId>Snow of the test, V005</DataSetId>
<Description>Says what it is.</Description><ProcessingLevelId>3</ProcessingLevelId><ArchiveCenter>TEST-DAAC</ArchiveCenter>
<SpatialKeywords><Keyword>GLOBAL</Keyword></SpatialKeywords>
<Temporal><EndsAtPresentFlag>true</EndsAtPresentFlag><RangeDateTime><BeginningDateTime>2000-02-24T00:00:00Z</BeginningDateTime></RangeDateTime></Temporal>
<Contacts><Contact><Role>ARCHIVER</Role><OrganizationName>TEST-DAAC</OrganizationName><OrganizationEmails><Email>a@x.org</Email></OrganizationEmails></Contact></Contacts>
<ScienceKeywords><ScienceKeyword><CategoryKeyword>EARTH SCIENCE</CategoryKeyword><TopicKeyword>CRYOSPHERE</TopicKeyword><TermKeyword>SNOW/ICE</TermKeyword><VariableLevel1Keyword><Value>SNOW COVER</Value></VariableLevel1Keyword></ScienceKeyword></ScienceKeywords>
<Platforms><Platform><ShortName>Terra</ShortName><Instruments><Instrument><ShortName>MODIS</ShortName><Sensors><Sensor><ShortName>MODIS</ShortName></Sensor></Sensors></Instrument></Instruments></Platform></Platforms>
<AdditionalAttributes><AdditionalAttribute><Name>identifier_product_doi</Name><Value>10.5067/TEST.005</Value></AdditionalAttribute><AdditionalAttribute><Name>Tile</Name></AdditionalAttribute></AdditionalAttributes>
<OnlineResources><OnlineResource><URL>http://x.org/guide</URL><Type>USER'S GUIDE</Type></OnlineResource></OnlineResources>
<CollectionAssociations><CollectionAssociation><ShortName>RAW</ShortName><VersionId>1</VersionId><CollectionType>Input</CollectionType></CollectionAssociation></CollectionAssociations>
<Spatial><HorizontalSpatialDomain><Geometry><CoordinateSystem>CARTESIAN</CoordinateSystem><BoundingRectangle><WestBoundingCoordinate>-180</WestBoundingCoordinate><NorthBoundingCoordinate>90</NorthBoundingCoordinate><EastBoundingCoordinate>180</EastBoundingCoordinate><SouthBoundingCoordinate>-90</SouthBoundingCoordinate></BoundingRectangle></Geometry></HorizontalSpatialDomain></Spatial>
</Collection>"#;

const DIF: &str = r#"<DIF xmlns="http://gcmd.gsfc.nasa.gov/Aboutus/xml/dif/"><Entry_ID><Short_Name>ABC10</Short_Name><Version>6NRT</Version></Entry_ID>
<Entry_Title>Snow of the test</Entry_Title><Dataset_Citation><Dataset_Creator>A. Author</Dataset_Creator><Dataset_Release_Date>2015-09-10</Dataset_Release_Date><Persistent_Identifier><Type>DOI</Type><Identifier>10.5067/T</Identifier></Persistent_Identifier></Dataset_Citation>
<Science_Keywords><Category>EARTH SCIENCE</Category><Topic>ATMOSPHERE</Topic><Term>AEROSOLS</Term></Science_Keywords>
<Platform><Short_Name>TERRA</Short_Name><Instrument><Short_Name>MODIS</Short_Name></Instrument></Platform>
<Temporal_Coverage><Range_DateTime><Beginning_Date_Time>2015-12-06</Beginning_Date_Time><Ending_Date_Time>2016-01-01</Ending_Date_Time></Range_DateTime></Temporal_Coverage>
<Spatial_Coverage><Geometry><Bounding_Rectangle><Southernmost_Latitude>-10</Southernmost_Latitude><Northernmost_Latitude>10.5</Northernmost_Latitude><Westernmost_Longitude>20</Westernmost_Longitude><Easternmost_Longitude>30</Easternmost_Longitude></Bounding_Rectangle></Geometry></Spatial_Coverage>
<Use_Constraints>None. See disclaimer</Use_Constraints><Organization><Organization_Type>ARCHIVER</Organization_Type><Organization_Name><Short_Name>LANCE</Short_Name></Organization_Name></Organization>
<Summary><Abstract>Says what it is.</Abstract><Purpose>Not provided</Purpose></Summary></DIF>"#;

const UMM: &str = r#"{"ShortName":"ABC10","Version":"006","EntryTitle":"Snow of the test","Abstract":"Says what it is.",
"DOI":{"DOI":"10.5067/T.006"},"ProcessingLevel":{"Id":"2G"},"Platforms":[{"ShortName":"AQUA","Instruments":[{"ShortName":"MODIS","ComposedOf":[{"ShortName":"MODIS"}]}]}],
"ScienceKeywords":[{"Topic":"CRYOSPHERE","Category":"EARTH SCIENCE","Term":"SNOW/ICE"}],"DataDates":[{"Date":"2013-08-07T11:38:05.676Z","Type":"CREATE"}],
"TemporalExtents":[{"EndsAtPresentFlag":false,"RangeDateTimes":[{"BeginningDateTime":"2002-07-04T00:00:00.000Z","EndingDateTime":"2007-01-01T00:00:00.000Z"}]}],
"SpatialExtent":{"HorizontalSpatialDomain":{"Geometry":{"CoordinateSystem":"CARTESIAN","BoundingRectangles":[{"WestBoundingCoordinate":-127.0,"NorthBoundingCoordinate":52.0,"EastBoundingCoordinate":-65.0,"SouthBoundingCoordinate":23.0}]}}},
"AdditionalAttributes":[{"Name":"Size","DataType":"FLOAT","Value":"1.50"}],"DataCenters":[{"Roles":["ARCHIVER","DISTRIBUTOR"],"ShortName":"LP DAAC"}],
"UseConstraints":{"LicenseURL":{"Linkage":"https://x.org/licence"},"FreeAndOpenData":true},"RelatedUrls":[{"URL":"https://x.org/d","URLContentType":"DistributionURL","Type":"GET DATA"}]}"#;

const GRANULE: &str = r#"<Granule><GranuleUR>SC:ABC.003:2009</GranuleUR><InsertTime>2002-12-29T06:35:57.666Z</InsertTime><LastUpdate>2021-06-30T11:20:33.845Z</LastUpdate>
<Collection><ShortName>ABC</ShortName><VersionId>003</VersionId></Collection><DataGranule><DataGranuleSizeInBytes>12</DataGranuleSizeInBytes><Checksum><Value>0cc175b9c0f1b6a831c399e269772661</Value><Algorithm>MD5</Algorithm></Checksum><ProducerGranuleId>ABC_1.hdf</ProducerGranuleId><DayNightFlag>DAY</DayNightFlag><ProductionDateTime>2002-12-20T16:21:23.000Z</ProductionDateTime></DataGranule>
<Temporal><SingleDateTime>2000-03-06T00:30:05.810Z</SingleDateTime></Temporal><Spatial><HorizontalSpatialDomain><Geometry><GPolygon><Boundary><Point><PointLongitude>10</PointLongitude><PointLatitude>1</PointLatitude></Point><Point><PointLongitude>11</PointLongitude><PointLatitude>1</PointLatitude></Point><Point><PointLongitude>11</PointLongitude><PointLatitude>0</PointLatitude></Point></Boundary></GPolygon></Geometry></HorizontalSpatialDomain></Spatial>
<AdditionalAttributes><AdditionalAttribute><Name>Tile</Name><Values><Value>7</Value></Values></AdditionalAttribute></AdditionalAttributes>
<InputGranules><InputGranule>RAW_1.hdf</InputGranule></InputGranules><OnlineAccessURLs><OnlineAccessURL><URL>https://x.org/ABC_1.hdf</URL><MimeType>application/x-hdfeos</MimeType></OnlineAccessURL></OnlineAccessURLs><CloudCover>50.0</CloudCover></Granule>"#;

const UMM_GRANULE: &str = r#"{"GranuleUR":"ABC.1","CollectionReference":{"ShortName":"ABC","Version":"2.0"},"MetadataSpecification":{"Version":"1.6"},
"ProviderDates":[{"Date":"2020-01-01T00:00:00Z","Type":"Insert"}],"TemporalExtent":{"RangeDateTime":{"BeginningDateTime":"2019-01-01T00:00:00Z","EndingDateTime":"2019-01-02T00:00:00Z"}},
"SpatialExtent":{"HorizontalSpatialDomain":{"Geometry":{"GPolygons":[{"Boundary":{"Points":[{"Longitude":1,"Latitude":2},{"Longitude":3,"Latitude":2},{"Longitude":3,"Latitude":4},{"Longitude":1,"Latitude":2}]}}]}}},
"CloudCover":12.5,"DataGranule":{"ProductionDateTime":"2019-02-01T00:00:00Z","Identifiers":[{"Identifier":"ABC.1.tif","IdentifierType":"ProducerGranuleId"}],"ArchiveAndDistributionInformation":[{"Name":"ABC.1.tif","SizeInBytes":5,"Checksum":{"Value":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824","Algorithm":"SHA-256"}}]},
"RelatedUrls":[{"URL":"https://x.org/a/ABC.1.tif","Type":"GET DATA"},{"URL":"https://x.org/b.png","Type":"GET RELATED VISUALIZATION"}]}"#;

#[test]
fn an_echo10_collection_keeps_its_names_and_its_end_is_open() {
    let (record, findings) = one(Format::Cmr, ECHO);
    assert_eq!(findings, [""; 0]);
    holds(
        &record,
        &[
            r#""kind":"collection","id":"ABC10_5""#,
            r#""version":"5","title":"Snow of the test, V005""#,
            r#"{"scheme":"cmr-shortname","value":"ABC10.005"}"#,
            r#"{"scheme":"cmr-entry-id","value":"ABC10_5"}"#,
            r#"{"scheme":"cmr-entry-title","value":"Snow of the test, V005"}"#,
            r#"{"scheme":"doi","value":"10.5067/TEST.005"}"#,
            r#""aliases":["ABC10_005"]"#,
            r#""path":"EARTH SCIENCE > CRYOSPHERE > SNOW/ICE > SNOW COVER""#,
            r#""providers":[{"name":"TEST-DAAC","roles":["host"],"roles_as_written":["ARCHIVER"],"email":"a@x.org"}]"#,
            r#""cmr:AdditionalAttributes":"Tile""#,
            r#"{"rel":"document","href":"http://x.org/guide"}"#,
            r#"{"rel":"derived_from","href":"RAW_1"}"#,
            r#""media_type":"application/echo10+xml""#,
        ],
    );
    assert_eq!(record.matches("MODIS").count(), record.matches(r#""label":"MODIS""#).count().max(1));
}

#[test]
fn the_same_collection_in_dif_and_umm_has_the_same_shape() {
    let (dif, findings) = one(Format::Cmr, DIF);
    assert_eq!(findings, [""; 0]);
    holds(
        &dif,
        &[
            r#""id":"ABC10_6NRT""#,
            r#""description":"Says what it is.""#,
            r#""licence":"None. See disclaimer""#,
            r#""citation":"A. Author. 2015-09-10""#,
            r#""doi":"10.5067/T""#,
            r#""media_type":"application/dif10+xml""#,
        ],
    );
    assert!(!dif.contains("Not provided"));
    let (umm, findings) = one(Format::Cmr, UMM);
    assert_eq!(findings, [""; 0]);
    holds(
        &umm,
        &[
            r#""id":"ABC10_006""#,
            r#""path":"EARTH SCIENCE > CRYOSPHERE > SNOW/ICE""#,
            r#""cmr:Size":1.50"#,
            r#""access":"open""#,
            r#""licence":"https://x.org/licence""#,
            r#"{"rel":"data","href":"https://x.org/d"}"#,
            r#""media_type":"application/vnd.nasa.cmr.umm+json""#,
        ],
    );
}

#[test]
fn dif_9_has_its_own_names() {
    let (record, _) = one(
        Format::Cmr,
        "<DIF><Entry_ID>OLD_SET</Entry_ID><Entry_Title>Old</Entry_Title><Data_Set_Citation><Version>2</Version><Dataset_DOI>doi:10.1/o</Dataset_DOI></Data_Set_Citation><Parameters><Category>EARTH SCIENCE</Category><Topic>OCEANS</Topic></Parameters><Sensor_Name><Short_Name>S</Short_Name></Sensor_Name><Source_Name><Short_Name>P</Short_Name></Source_Name><Temporal_Coverage><Start_Date>1990-01-01</Start_Date><Stop_Date>1991-01-01</Stop_Date></Temporal_Coverage><Data_Center><Data_Center_Name><Short_Name>DC</Short_Name></Data_Center_Name></Data_Center><Summary>Text alone</Summary><Parent_DIF>ALL</Parent_DIF></DIF>",
    );
    holds(
        &record,
        &[
            r#""id":"OLD_SET""#,
            r#""version":"2""#,
            r#""description":"Text alone""#,
            r#""platforms":[{"label":"P"}]"#,
            r#""instruments":[{"label":"S"}]"#,
            r#"{"rel":"collection","href":"ALL"}"#,
            r#""providers":[{"name":"DC""#,
            r#""media_type":"application/dif+xml""#,
        ],
    );
}

#[test]
fn granules_are_products_of_the_collection_they_name() {
    let (record, findings) = one(Format::Cmr, GRANULE);
    assert_eq!(findings, [""; 0]);
    holds(
        &record,
        &[
            r#""kind":"product","id":"SC:ABC.003:2009","collection":"ABC_003""#,
            r#""quality":{"cloud_cover":50.0}"#,
            r#"{"name":"ABC_1.hdf","role":"data","bytes":12,"checksums":[{"algorithm":"md5","value":"0cc175b9c0f1b6a831c399e269772661","source":"producer"}]"#,
            r#"{"rel":"derived_from","href":"RAW_1.hdf"}"#,
            r#""cmr:Tile":7"#,
        ],
    );
    let (record, findings) = one(Format::Cmr, UMM_GRANULE);
    assert_eq!(findings, [""; 0]);
    holds(
        &record,
        &[
            r#""id":"ABC.1","collection":"ABC_2.0","title":"ABC.1.tif""#,
            r#""bytes":5,"checksums":[{"algorithm":"sha256""#,
            r#"{"rel":"preview","href":"https://x.org/b.png"}"#,
            r#""cloud_cover":12.5"#,
        ],
    );
}

#[test]
fn search_results_hold_several_records_with_concept_ids() {
    let text = format!(
        "<results><hits>2</hits><result concept-id=\"C1234-X\">{}</result><result concept-id=\"C1235-X\"><Collection><VersionId>1</VersionId></Collection></result></results>",
        ECHO.split_once("?>").expect("a declaration").1
    );
    let made = imported(Format::Cmr, "search", text.as_bytes());
    assert_eq!((made.entities.len(), made.findings.len()), (1, 1));
    assert_eq!((made.findings[0].place, &made.findings[0].reason), (2, &Reason::NoId));
    holds(&made.entities[0].record, &[r#"{"scheme":"cmr-concept-id","value":"C1234-X"}"#]);
    let text = format!("{{\"hits\":1,\"items\":[{{\"meta\":{{\"concept-id\":\"C9999-X\"}},\"umm\":{UMM}}}]}}");
    let made = imported(Format::Cmr, "search", text.as_bytes());
    let entity = made.entities.first().expect("a record");
    holds(&entity.record, &["C9999-X", r#""id":"ABC10_006""#]);
    let range = entity.source.as_ref().expect("a source").range.clone();
    assert!(text[range].starts_with("{\"meta\""));
}

#[test]
fn a_concept_id_is_read_from_the_name_of_a_download() {
    for (path, id) in [
        ("a/C92711294-NSIDC_ECS.xml", Some("C92711294-NSIDC_ECS")),
        ("G2485638210-LPCLOUD-neither.echo10", Some("G2485638210-LPCLOUD")),
        ("C92711294-NSIDC_ECS", Some("C92711294-NSIDC_ECS")),
        ("C12-a.xml", None),
        ("Collection-1.xml", None),
        ("", None),
    ] {
        assert_eq!(concept_id(path), id, "{path}");
    }
}

#[test]
fn what_names_nothing_is_refused_and_nothing_panics() {
    for text in ["<DIF/>", "<Collection><VersionId>1</VersionId></Collection>", "<Granule><GranuleUR/></Granule>"] {
        let (record, findings) = one(Format::Cmr, text);
        assert_eq!((record.as_str(), findings.len()), ("", 1), "{text}");
    }
    for text in [ECHO, DIF, UMM, GRANULE, UMM_GRANULE] {
        survives(Format::Cmr, text);
    }
}

#[test]
fn the_corpus_is_imported_whole() {
    let Some(tally) = run(Format::Cmr, &["cmr", "stac/cmr-crosswalk"]) else { return };
    assert_eq!((tally.files, tally.records), (286, 286), "{tally:?}");
}
