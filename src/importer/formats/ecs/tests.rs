//! Granule metadata written for these tests.

use crate::importer::Format;
use crate::importer::tests::corpus::{holds, one, run, survives};

const GRANULE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE GranuleMetaDataFile SYSTEM "http://ecsinfo.gsfc.nasa.gov/ECSInfo/ecsmetadata/dtds/DPL/ECS/ScienceGranuleMetadata.dtd">
<GranuleMetaDataFile><DTDVersion>1.0</DTDVersion><DataCenterId>EDC</DataCenterId><GranuleURMetaData>
<GranuleUR>SC:MXX10.006:42</GranuleUR><DbID>42</DbID><InsertTime>2019-08-26 14:27:11.357</InsertTime><LastUpdate>2019-08-27 14:27:11.357</LastUpdate>
<CollectionMetaData><ShortName>MXX10</ShortName><VersionID>6</VersionID></CollectionMetaData>
<DataFiles><DataFileContainer><DistributedFileName>MXX10.A1.hdf</DistributedFileName><FileSize>274656</FileSize><ChecksumType>CKSUM</ChecksumType><Checksum>1599325304</Checksum><ChecksumOrigin>DPLIngst</ChecksumOrigin></DataFileContainer></DataFiles>
<ECSDataGranule><LocalGranuleID>MXX10.A1.hdf</LocalGranuleID><DayNightFlag>Day</DayNightFlag><ProductionDateTime>2018-05-22 18:29:03.000</ProductionDateTime><LocalVersionID>6.0.1</LocalVersionID></ECSDataGranule>
<PGEVersionClass><PGEVersion>6.0.4</PGEVersion></PGEVersionClass>
<RangeDateTime><RangeEndingTime>23:59:59.000000</RangeEndingTime><RangeEndingDate>2001-12-31</RangeEndingDate><RangeBeginningTime>00:00:00.000000</RangeBeginningTime><RangeBeginningDate>2001-01-01</RangeBeginningDate></RangeDateTime>
<SpatialDomainContainer><HorizontalSpatialDomainContainer><GPolygon><Boundary><Point><PointLongitude>-10</PointLongitude><PointLatitude>0</PointLatitude></Point><Point><PointLongitude>-10</PointLongitude><PointLatitude>10</PointLatitude></Point><Point><PointLongitude>0</PointLongitude><PointLatitude>10</PointLatitude></Point></Boundary></GPolygon></HorizontalSpatialDomainContainer></SpatialDomainContainer>
<MeasuredParameter><MeasuredParameterContainer><ParameterName>Land</ParameterName><QAStats><QAPercentMissingData>0</QAPercentMissingData><QAPercentCloudCover>12</QAPercentCloudCover></QAStats></MeasuredParameterContainer></MeasuredParameter>
<Platform><PlatformShortName>Terra</PlatformShortName><Instrument><InstrumentShortName>MODIS</InstrumentShortName><Sensor><SensorShortName>MODIS</SensorShortName></Sensor></Instrument></Platform>
<PSAs><PSA><PSAName>HORIZONTALTILENUMBER</PSAName><PSAValue>08</PSAValue></PSA><PSA><PSAName>PROCESSVERSION</PSAName><PSAValue>006</PSAValue></PSA></PSAs>
<InputGranule><InputPointer>RAW.A1.hdf</InputPointer><InputPointer>RAW.A2.hdf</InputPointer></InputGranule>
<BrowseProduct><BrowseGranuleId>UR:10:B</BrowseGranuleId></BrowseProduct>
</GranuleURMetaData></GranuleMetaDataFile>"#;

#[test]
fn a_granule_is_a_product_with_promised_checksums_and_inputs() {
    let (record, findings) = one(Format::Ecs, GRANULE);
    assert_eq!(findings, [""; 0]);
    holds(
        &record,
        &[
            r#""kind":"product","id":"SC:MXX10.006:42","collection":"MXX10_006","title":"MXX10.A1.hdf""#,
            r#""version":"6.0.1""#,
            r#"{"scheme":"ecs-local-granule-id","value":"MXX10.A1.hdf"}"#,
            r#""aliases":["MXX10.A1"]"#,
            r#"{"name":"MXX10.A1.hdf","role":"data","bytes":274656,"checksums":[{"algorithm":"cksum","value":"1599325304","source":"producer"}],"media_type":"application/x-hdf"}"#,
            r#"{"rel":"derived_from","href":"RAW.A1.hdf"},{"rel":"derived_from","href":"RAW.A2.hdf"},{"rel":"preview","href":"UR:10:B"}"#,
            r#""ecs:HORIZONTALTILENUMBER":8,"ecs:PROCESSVERSION":"006""#,
            r#""quality":{"cloud_cover":12}"#,
            r#""providers":[{"name":"EDC","roles":["host"]"#,
        ],
    );
    assert_eq!(record.matches(r#""label":"MODIS""#).count(), 1);
}

#[test]
fn a_single_instant_an_md5_and_a_missing_collection() {
    let text = GRANULE
        .replace("<CollectionMetaData><ShortName>MXX10</ShortName><VersionID>6</VersionID></CollectionMetaData>", "")
        .replace(
            "<ChecksumType>CKSUM</ChecksumType><Checksum>1599325304<",
            "<ChecksumType>MD5</ChecksumType><Checksum>0cc175b9c0f1b6a831c399e269772661<",
        );
    let (record, findings) = one(Format::Ecs, &text);
    holds(&record, &[r#""collection":"uncollected""#, r#""algorithm":"md5""#]);
    assert_eq!(findings.len(), 1);
}

#[test]
fn what_names_no_granule_is_refused_and_nothing_panics() {
    for text in [
        "<GranuleMetaDataFile><GranuleURMetaData><DbID>1</DbID></GranuleURMetaData></GranuleMetaDataFile>",
        "<GranuleMetaDataFile/>",
    ] {
        let (record, findings) = one(Format::Ecs, text);
        assert_eq!((record.as_str(), findings.len()), ("", 1), "{text}");
    }
    survives(Format::Ecs, GRANULE);
}

#[test]
fn the_corpus_is_imported_whole() {
    let Some(tally) = run(Format::Ecs, &["modis-xml", "aster-xml"]) else { return };
    assert_eq!((tally.files, tally.records, tally.findings), (56, 56, 0), "{tally:?}");
}
