//! Tables in, products out: rows that are data sets, tables that are one, and answers that are errors.

use crate::importer::Format;
use crate::importer::tests::corpus;
use serde_json::json;

const OBSCORE: &str = r#"<?xml version="1.0"?>
<VOTABLE xmlns="http://www.ivoa.net/xml/VOTable/v1.3" version="1.3"><RESOURCE type="results"><INFO name="QUERY_STATUS" value="OK"/>
<TABLE name="ObsCore"><FIELD name="obs_collection" datatype="char" arraysize="*"/><FIELD name="obs_publisher_did" datatype="char" arraysize="*"/>
<FIELD name="obs_title" datatype="char" arraysize="*"/><FIELD name="calib_level" datatype="short"><VALUES null="-1"/></FIELD>
<FIELD name="t_min" datatype="double" xtype="mjd"/><FIELD name="s_region" datatype="char" arraysize="*"/><FIELD name="access_url" datatype="char"/>
<FIELD name="em_min" datatype="double"/><FIELD name="t_exptime" datatype="double"/>
<DATA><TABLEDATA>
<TR><TD>C</TD><TD>ivo://x/~?a</TD><TD>One</TD><TD>2</TD><TD>20005.0</TD><TD>Polygon ICRS 1 2 3 4 5 6</TD><TD>http://x/a.fits?b</TD><TD>NaN</TD><TD>10.50</TD></TR>
<TR><TD>C</TD><TD>ivo://x/~?b</TD><TD>Two</TD><TD>-1</TD><TD/><TD/><TD/><TD/><TD/></TR>
<TR><TD>C</TD><TD/><TD>Three</TD><TD/><TD/><TD/><TD/><TD/><TD/></TR>
</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>
"#;

#[test]
fn each_row_is_a_product() {
    let imported = corpus::import_text(Format::Vo, OBSCORE);
    assert_eq!(imported.entities.iter().map(|entity| entity.place).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(imported.findings.iter().filter(|finding| finding.to_string().contains("names no data set")).count(), 1);
    let record = corpus::record(Format::Vo, OBSCORE);
    for (pointer, expected) in [
        ("/id", json!("ivo://x/~?a")),
        ("/collection", json!("C")),
        ("/title", json!("One")),
        ("/files/0/name", json!("a.fits")),
        ("/files/0/href", json!("http://x/a.fits?b")),
        ("/properties/vo:t_exptime", json!(10.5)),
        ("/properties/vo:t_min", json!(20005.0)),
    ] {
        assert_eq!(record.pointer(pointer), Some(&expected), "{pointer} of {record:#}");
    }
    assert_eq!(record["properties"].get("vo:em_min"), None);
    assert!(imported.entities[0].record.contains("\"vo:t_exptime\":10.50"), "as written");
}

#[test]
fn days_are_modified_julian_or_julian_by_their_size() {
    for (name, days, start) in
        [("t_min", "58849", "2020-01-01T00:00:00"), ("time_min", "2458849.5", "2020-01-01T00:00:00")]
    {
        let text = format!(
            "<VOTABLE><RESOURCE type=\"results\"><TABLE><FIELD name=\"obs_id\" datatype=\"char\"/><FIELD name=\"{name}\" datatype=\"double\"/>\
             <DATA><TABLEDATA><TR><TD>a</TD><TD>{days}</TD></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"
        );
        let record = corpus::record(Format::Vo, &text);
        let written = record.pointer("/time/start").and_then(serde_json::Value::as_str).unwrap_or_default();
        assert!(written.starts_with(start), "{days}: {record:#}");
    }
}

#[test]
fn other_documents_say_what_they_are() {
    let table =
        "<VOTABLE><RESOURCE><TABLE name=\"t\"><FIELD name=\"x\" datatype=\"int\"/></TABLE></RESOURCE></VOTABLE>";
    assert_eq!(corpus::record(Format::Vo, table)["data_type"], "table");
    let resource = "<ri:Resource xmlns:ri=\"http://www.ivoa.net/xml/RegistryInterface/v1.0\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"vs:CatalogService\" created=\"2010-01-01T00:00:00\"><title>T</title><identifier>ivo://x/t</identifier><content><subject>galaxies</subject></content></ri:Resource>";
    let record = corpus::record(Format::Vo, resource);
    assert_eq!((&record["kind"], &record["id"]), (&json!("collection"), &json!("ivo://x/t")));
    for (text, message) in [
        ("<VOTABLE><INFO name=\"QUERY_STATUS\" value=\"ERROR\">bad query</INFO></VOTABLE>", "bad query"),
        ("<VOTABLE/>", "no rows"),
        ("<c:capabilities xmlns:c=\"http://www.ivoa.net/xml/VOSICapabilities/v1.0\"/>", "service"),
        ("<VOTABLE>", "not well-formed"),
    ] {
        let imported = corpus::import_text(Format::Vo, text);
        assert_eq!((imported.entities.len(), imported.findings.len()), (0, 1), "{text}");
        assert!(imported.findings[0].to_string().contains(message), "{}", imported.findings[0]);
    }
}

#[test]
fn damage_never_panics() {
    let two_rows = OBSCORE.replace("<TR><TD>C</TD><TD/><TD>Three</TD><TD/><TD/><TD/><TD/><TD/><TD/></TR>\n", "");
    corpus::survives(Format::Vo, &two_rows);
}

#[test]
fn every_document_of_the_corpus_is_accounted_for() {
    let Some(tally) = corpus::run(Format::Vo, &["vo"]) else { return };
    assert_eq!((tally.files, tally.unrecognised), (23, 0), "{:#?}", tally);
    assert!(tally.records > 60, "{tally:#?}");
}
