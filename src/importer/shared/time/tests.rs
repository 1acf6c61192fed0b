//! Times of all kinds.

use super::*;
use crate::importer::Reason;

#[test]
fn times_become_utc_and_say_what_was_assumed() {
    let cases = [
        ("2018-10-01T01:08:32.033Z", Some(("2018-10-01T01:08:32.033Z", "2018-10-01T01:08:32.033Z", true))),
        ("2018-10-01T03:08:32+02:00", Some(("2018-10-01T01:08:32.000000Z", "2018-10-01T01:08:32.000000Z", false))),
        ("2018-10-01 01:08:32.5+00:00", Some(("2018-10-01T01:08:32.500000Z", "2018-10-01T01:08:32.500000Z", false))),
        ("2018-10-01T01:08:32", Some(("2018-10-01T01:08:32.000000Z", "2018-10-01T01:08:32.000000Z", false))),
        ("2019-11-29", Some(("2019-11-29T00:00:00Z", "2019-11-29T23:59:59.999999Z", false))),
        ("2019-02-30", None),
        ("yesterday", None),
        ("", None),
    ];
    for (written, expected) in cases {
        let found = read(written);
        let found = found.as_ref().map(|read| (read.start.as_str(), read.stop.as_str(), read.exact));
        assert_eq!(found, expected, "{written}");
    }
}

#[test]
fn producers_write_times_in_many_ways() {
    let cases = [
        ("2018-335T07:30:42.5", "2018-12-01T07:30:42.500000Z"),
        ("2018-335T07:30:42.5Z", "2018-12-01T07:30:42.500000Z"),
        ("2018/335 07:30", "2018-12-01T07:30:00.000000Z"),
        ("2018:335:07:30:42", "2018-12-01T07:30:42.000000Z"),
        ("20181211T073042", "2018-12-11T07:30:42.000000Z"),
        ("20181211T073042Z", "2018-12-11T07:30:42.000000Z"),
        ("20181211_073042", "2018-12-11T07:30:42.000000Z"),
        ("20181211073042", "2018-12-11T07:30:42.000000Z"),
        ("2018335073042", "2018-12-01T07:30:42.000000Z"),
        ("10-JUL-2002 09:23:45.123456", "2002-07-10T09:23:45.123456Z"),
        ("10-Jul-2002 09:23:45", "2002-07-10T09:23:45.000000Z"),
        ("2002 JUL 10 09:23:45", "2002-07-10T09:23:45.000000Z"),
        ("2002/07/10 09:23", "2002-07-10T09:23:00.000000Z"),
        ("2002-07-10 09:23:45 UTC", "2002-07-10T09:23:45.000000Z"),
        ("2002-07-10T09:23:45+0200", "2002-07-10T07:23:45.000000Z"),
        ("2002-07-10T24:00:00", "2002-07-11T00:00:00.000000Z"),
        ("31/12/99", "1999-12-31T00:00:00Z"),
        ("2016-12-31T23:59:60.5", "2016-12-31T23:59:59.999999Z"),
    ];
    for (written, expected) in cases {
        assert_eq!(read(written).map(|read| read.start).as_deref(), Some(expected), "{written}");
    }
    let stretches = [
        ("1979-188", "1979-07-07T00:00:00Z", "1979-07-07T23:59:59.999999Z", "P1D"),
        ("20181211", "2018-12-11T00:00:00Z", "2018-12-11T23:59:59.999999Z", "P1D"),
        ("2018-12-11Z", "2018-12-11T00:00:00Z", "2018-12-11T23:59:59.999999Z", "P1D"),
        ("2002/07/10", "2002-07-10T00:00:00Z", "2002-07-10T23:59:59.999999Z", "P1D"),
        ("2020-02", "2020-02-01T00:00:00Z", "2020-02-29T23:59:59.999999Z", "P1M"),
        ("1999", "1999-01-01T00:00:00Z", "1999-12-31T23:59:59.999999Z", "P1Y"),
    ];
    for (written, start, stop, precision) in stretches {
        let found = read(written).expect(written);
        assert_eq!((found.start.as_str(), found.stop.as_str(), found.precision), (start, stop, Some(precision)));
    }
    for nothing in
        ["2018-366T00:00", "2018-13-01", "2018-12-11T25:00", "12", "2018-12-11T", "10-XXX-2002", "é018-01-01"]
    {
        assert_eq!(read(nothing), None, "{nothing}");
    }
}

#[test]
fn other_scales_become_utc() {
    let cases = [
        (System::Tai, "2017-01-01T00:00:37", "2017-01-01T00:00:00.000000Z"),
        (System::Tai, "2017-01-01T00:00:36.5", "2016-12-31T23:59:59.999999Z"),
        (System::Tai, "2017-01-01T00:00:35", "2016-12-31T23:59:59.000000Z"),
        (System::Tai, "1999-01-01T00:00:32", "1999-01-01T00:00:00.000000Z"),
        (System::Tt, "2020-01-01T00:01:09.184", "2020-01-01T00:00:00.000000Z"),
        (System::Mjd, "51544.5", "2000-01-01T12:00:00.000000Z"),
        (System::Mjd, "58849.000011574074", "2020-01-01T00:00:01.000000Z"),
        (System::Jd, "2451545.0", "2000-01-01T12:00:00.000000Z"),
        (System::Tt2000, "0", "2000-01-01T11:58:55.816000Z"),
        (System::Tt2000, "631108869184000000", "2020-01-01T00:00:00.000000Z"),
        (System::CdfEpoch, "63713520000000.0", "2019-01-01T00:00:00.000000Z"),
    ];
    for (system, written, expected) in cases {
        assert_eq!(read_in(system, written).map(|read| read.start).as_deref(), Some(expected), "{system:?} {written}");
    }
    // TDB swings around TT by less than two milliseconds.
    let tdb = read_in(System::Tdb, "2020-04-01T00:01:09.184").expect("read").start;
    assert!(tdb.starts_with("2020-03-31T23:59:59.998"), "{tdb}");
    for (system, written) in
        [(System::Mjd, "nan"), (System::Mjd, "1e300"), (System::Tt2000, "1.5"), (System::Sclk, "1/2")]
    {
        assert_eq!(read_in(system, written), None, "{written}");
    }
}

#[test]
fn ends_that_are_no_dates_are_marked() {
    let end = |text| Some(("end", text));
    let base = Written { start: end("2020-01-01T00:00:00Z"), ..Written::default() };
    let start = r#"{"start":"2020-01-01T00:00:00Z""#;
    let cases = [
        (Written { stop: end("present"), ..base }, r#","system":"UTC","open_end":true}"#),
        (Written { stop: end("N/A"), ..base }, r#","system":"UTC"}"#),
        (Written { relative_end: Some("-P3M"), ..base }, r#","system":"UTC","relative_end":"-P3M"}"#),
        (
            Written { stop: end("2050-01-01T00:00:00Z"), ..base },
            r#","as_written":"2020-01-01T00:00:00Z/2050-01-01T00:00:00Z","system":"UTC","placeholder":true}"#,
        ),
        (
            Written { stop: end("9999-12-31"), ..base },
            r#","as_written":"2020-01-01T00:00:00Z/9999-12-31","system":"UTC","placeholder":true}"#,
        ),
        (Written { precision: Some("PT1S"), ..base }, r#","precision":"PT1S","system":"UTC"}"#),
    ];
    for (written, expected) in cases {
        assert_eq!(span(&written).text, Some(format!("{start}{expected}")), "{written:?}");
    }
    let early = Written { start: end("0001-01-01T00:00:00Z"), stop: end("2020-01-02T00:00:00Z"), ..Written::default() };
    let made = span(&early);
    assert!(made.text.is_some_and(|text| text.starts_with(r#"{"stop":"2020-01-02T00:00:00Z""#)));
    assert!(matches!(made.findings.as_slice(), [Reason::Placeholder { .. }]));
    let reversed = span(&Written { stop: end("2019-01-01T00:00:00Z"), ..base });
    assert_eq!(reversed.text, Some(format!("{start}{}", r#","system":"UTC"}"#)));
    assert!(matches!(reversed.findings.as_slice(), [Reason::TimeReversed { .. }]));
}

#[test]
fn a_count_of_a_spacecraft_clock_is_kept_and_never_a_date() {
    let written = Written {
        start: Some(("start", "1/0598781442.123")),
        stop: Some(("stop", "1/0598781450.000")),
        system: System::Sclk,
        ..Written::default()
    };
    let made = span(&written);
    assert_eq!(made.text.as_deref(), Some(r#"{"as_written":"1/0598781442.123/1/0598781450.000","system":"SCLK"}"#));
    assert_eq!(made.findings, []);
}

#[test]
fn durations_can_be_compared() {
    let cases = [
        ("PT0.092S", Some(0.092)),
        ("PT1H30M", Some(5400.0)),
        ("P1DT2H", Some(93_600.0)),
        ("P2W", Some(1_209_600.0)),
        ("-P1D", Some(-86_400.0)),
        ("P1Y", Some(31_557_600.0)),
        ("P1M", Some(2_629_800.0)),
        ("PT", None),
        ("P", None),
        ("P1S", None),
        ("PT1M1H", None),
        ("PTinfS", None),
        ("1 day", None),
    ];
    for (written, expected) in cases {
        assert_eq!(seconds_of_duration(written), expected, "{written}");
    }
}
