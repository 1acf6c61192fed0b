//! Each rule: what it leaves aside, what it does not, and where it says that two files differ.

use std::io::Read;

use super::{CompareError, Comparison, Difference, Place, Rule, Tolerance, compare};

fn canonical(normaliser: &str) -> Rule {
    Rule::Canonical { normaliser: normaliser.to_owned() }
}

fn numeric(form: &str, absolute: Option<f64>, relative: Option<f64>, ulp: Option<u64>) -> Rule {
    Rule::Numeric { form: form.to_owned(), tolerance: Tolerance { absolute, relative, ulp } }
}

fn judged(rule: &Rule, expected: &[u8], found: &[u8]) -> Comparison {
    compare(rule, &mut &*expected, &mut &*found).unwrap()
}

#[track_caller]
fn is_equivalent(rule: &Rule, expected: &[u8], found: &[u8]) {
    let judged = judged(rule, expected, found);
    assert!(matches!(judged, Comparison::Equivalent { .. }), "{judged:?}");
}

#[track_caller]
fn difference(rule: &Rule, expected: &[u8], found: &[u8]) -> Difference {
    match judged(rule, expected, found) {
        Comparison::Different { first, .. } => first,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn differs(rule: &Rule, expected: &[u8], found: &[u8], place: Place, left: &str, right: &str) {
    let first = difference(rule, expected, found);
    assert_eq!((first.place, &*first.expected, &*first.found), (place, left, right));
}

#[test]
fn every_byte_counts_and_the_first_other_one_is_named() {
    let place = |offset, line, column| Place::Byte { offset, line: Some(line), column: Some(column) };
    assert_eq!(judged(&Rule::Bytes, b"", b""), Comparison::Identical);
    assert_eq!(judged(&Rule::Bytes, b"a\nb", b"a\nb"), Comparison::Identical);
    differs(&Rule::Bytes, b"a\nbcd", b"a\nbxd", place(3, 2, 2), "6364", "7864");
    differs(&Rule::Bytes, b"abc", b"ab", place(2, 1, 3), "63", "end of file");
    differs(&Rule::Bytes, b"", b"x", place(0, 1, 1), "end of file", "78");
    let none = Place::Byte { offset: 2, line: None, column: None };
    differs(&Rule::Bytes, b"\0\n1", b"\0\n2", none, "31", "32");
    let mut long = vec![b'a'; 200_000];
    long[100_000] = b'\n';
    let mut other = long.clone();
    other[150_000] = b'b';
    assert_eq!(difference(&Rule::Bytes, &long, &other).place, place(150_000, 2, 50_000));
}

#[test]
fn a_stream_that_comes_in_pieces_is_compared_whole() {
    struct Pieces<'a>(&'a [u8]);
    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let length = buffer.len().min(7);
            self.0.read(&mut buffer[..length])
        }
    }
    let bytes = vec![b'z'; 70_001];
    let judged = compare(&Rule::Bytes, &mut Pieces(&bytes), &mut &*bytes).unwrap();
    assert_eq!(judged, Comparison::Identical);
}

#[test]
fn csv_columns_may_move_and_quotes_may_go_but_no_text_may_change() {
    let rule = canonical("csv_columns/1");
    is_equivalent(&rule, b"a,b\r\n1,\"x\"\r\n", b"b,a\nx,1\n");
    is_equivalent(&rule, b"a,a\n1,2\n", b"\"a\",a\n1,2");
    let cell = |row, column: &str| Place::Cell { row, column: column.to_owned() };
    differs(&rule, b"a,b\n1,2\n", b"b,a\n2,1.0\n", cell(2, "a"), "1", "1.0");
    differs(&rule, b"a,b\n", b"a,c\n", cell(1, "b"), "b", "no such column");
    differs(&rule, b"a\n", b"a,c\n", cell(1, "c"), "no such column", "c");
    differs(&rule, b"a\n1\n2\n", b"a\n2\n1\n", cell(2, "a"), "1", "2");
    differs(&rule, b"a\n1\n", b"a\n", Place::Whole, "2 rows", "1 rows");
    differs(&rule, b"a,b\n1,2\n", b"a,b\n1\n", cell(2, "2"), "2 cells", "1 cells");
    assert_eq!(difference(&rule, b"a\n\"\n", b"a\n").place, Place::Whole);
    assert_eq!(difference(&rule, b"a\nx\"y\n", b"a\n").place, Place::Whole);
    assert_eq!(difference(&rule, b"\xff", b"a").place, Place::Whole);
}

#[test]
fn numbers_of_tables_may_lie_as_far_apart_as_declared() {
    let judged = judged(&numeric("csv/1", Some(0.01), None, None), b"t,v\na,1.5\nb,-2\n", b"t,v\na,1.505\nb,-2.0\n");
    let Comparison::Equivalent { max_absolute, max_relative, count, .. } = judged else { panic!("{judged:?}") };
    assert!((max_absolute - 0.005).abs() < 1e-9 && (max_relative - 0.005 / 1.5).abs() < 1e-9);
    assert_eq!(count, 1, "-2 and -2.0 are one number");
    let cell = |row, column: &str| Place::Cell { row, column: column.to_owned() };
    let strict = numeric("csv/1", Some(0.001), None, None);
    differs(&strict, b"v\n1.5\n", b"v\n1.505\n", cell(2, "v"), "1.5", "1.505");
    for (left, right) in [(&b"v\nnan\n"[..], &b"v\n1\n"[..]), (b"v\na\n", b"v\nb\n"), (b"v\n\n", b"v\n0\n")] {
        differs(&numeric("csv/1", Some(1e300), None, None), left, right, cell(2, "v"), text(left), text(right));
    }
    let one_ulp = numeric("csv/1", None, None, Some(1));
    is_equivalent(&one_ulp, b"1\n", b"1.0000000000000002\n");
    assert_eq!(difference(&one_ulp, b"1\n", b"1.0000000000000004\n").found, "1.0000000000000004");
    // A relative bound says nothing about 0, and either bound suffices.
    assert_eq!(difference(&numeric("csv/1", None, Some(1e9), None), b"0\n", b"1e-300\n").expected, "0");
    is_equivalent(&numeric("csv/1", Some(1e-9), Some(1e-9), None), b"0\n", b"1e-300\n");
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()[2..].trim_end()
}

#[test]
fn json_is_compared_as_values() {
    let rule = canonical("json/1");
    is_equivalent(&rule, br#"{"a":1,"b":["\u0041",null]}"#, b"{ \"b\": [\"A\", null],\n \"a\": 1.0e0 }");
    let at = |pointer: &str| Place::Pointer { pointer: pointer.to_owned() };
    differs(&rule, br#"{"a/b":[1,{"c~":2}]}"#, br#"{"a/b":[1,{"c~":3}]}"#, at("/a~1b/1/c~0"), "2", "3");
    differs(&rule, br#"{"a":1}"#, br#"{"a":1,"b":[]}"#, at("/b"), "no such member", "a list of 0");
    differs(&rule, br#"{"a":1,"b":{}}"#, br#"{"a":1}"#, at("/b"), "an object of 0 members", "no such member");
    differs(&rule, b"[1]", b"[1,2]", at(""), "a list of 1", "a list of 2");
    differs(&rule, b"1", b"\"1\"", at(""), "1", "\\\"1\\\"");
    // Digits beyond a double are digits all the same.
    differs(&rule, b"0.1", b"0.10000000000000000001", at(""), "0.1", "0.10000000000000000001");
    for broken in ["{\"a\":1,\"a\":1}", "[1", "[01]", "[1,]", "{\"a\"}", "[1] 2", "\"a", "nul", "", "[1 2]", "{,}"] {
        assert_eq!(difference(&rule, b"[]", broken.as_bytes()).place, Place::Whole, "{broken}");
    }
    let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    assert_eq!(difference(&rule, b"[]", &deep).place, Place::Whole, "and no stack runs over");
    is_equivalent(&numeric("json/1", None, Some(1e-6), None), b"{\"a\":[1.0]}", b"{\"a\":[1.0000001]}");
    differs(&numeric("json/1", None, Some(1e-9), None), b"[1.0]", b"[1.0000001]", at("/0"), "1.0", "1.0000001");
}

#[test]
fn xml_is_compared_as_names_and_text() {
    let rule = canonical("xml/1");
    let one = br#"<?xml version="1.0"?><p:a xmlns:p="urn:x" b="1" c="2"><d/> <e>t&amp;u</e></p:a>"#;
    let other = b"<a xmlns='urn:x' c='2' b='1'><!-- x --><d xmlns=''></d>\n<e xmlns=''>t<![CDATA[&]]>u</e>\n</a>";
    is_equivalent(&rule, one, other);
    let at = |path: &str| Place::Element { path: path.to_owned() };
    differs(&rule, b"<a><b/><b>x</b></a>", b"<a><b/><b>y</b></a>", at("/a[1]/b[2]"), "x", "y");
    differs(&rule, b"<a>x</a>", b"<a> x</a>", at("/a[1]"), "x", " x");
    differs(&rule, b"<a b='1'/>", b"<a b='2'/>", at("/"), "<a b=\\\"1\\\">", "<a b=\\\"2\\\">");
    differs(&rule, b"<a><b/></a>", b"<a/>", at("/a[1]"), "<b>", "end of element");
    for broken in ["<a>", "<a></b>", "x", "", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "<a>&b;</a>"] {
        assert_eq!(difference(&rule, b"<a/>", broken.as_bytes()).place, Place::Whole, "{broken}");
    }
}

#[test]
fn a_rule_is_refused_when_it_means_nothing() {
    let refused = |rule: &Rule| compare(rule, &mut &b""[..], &mut &b""[..]).unwrap_err();
    assert!(matches!(refused(&canonical("csv/9")), CompareError::UnknownNormaliser { .. }));
    assert!(matches!(refused(&numeric("xls/1", Some(1.0), None, None)), CompareError::UnknownForm { .. }));
    for (absolute, relative) in [(None, None), (Some(f64::NAN), None), (Some(-1.0), None), (None, Some(f64::INFINITY))]
    {
        let rule = numeric("csv/1", absolute, relative, None);
        assert!(matches!(refused(&rule), CompareError::UnsoundTolerance), "{rule:?}");
    }
}

#[test]
fn rules_are_written_as_the_recipe_schema_says() {
    let read = |text: &str| serde_json::from_str::<Rule>(text).unwrap();
    assert_eq!(read(r#"{"rule":"bytes"}"#), Rule::Bytes);
    assert_eq!(read(r#"{"rule":"canonical","normaliser":"xml/1"}"#), canonical("xml/1"));
    let rule = numeric("csv/1", None, Some(1e-12), Some(4));
    assert_eq!(read(r#"{"rule":"numeric","form":"csv/1","relative":1e-12,"ulp":4}"#), rule);
    assert_eq!(serde_json::from_str::<Rule>(&serde_json::to_string(&rule).unwrap()).unwrap(), rule);
}

/// A FITS header of these cards, filled up, with data behind it, filled up.
fn fits(cards: &[&str], data: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = cards.iter().flat_map(|card| format!("{card:<80}").into_bytes()).collect();
    bytes.extend(format!("{:<80}", "END").into_bytes());
    bytes.resize(bytes.len().div_ceil(2880) * 2880, b' ');
    bytes.extend_from_slice(data);
    bytes.resize(bytes.len().div_ceil(2880) * 2880, 0);
    bytes
}

const SINGLES: &[&str] =
    &["SIMPLE  =                    T", "BITPIX  =                  -32", "NAXIS   = 1", "NAXIS1  = 2"];

fn singles(values: [f32; 2]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

#[test]
fn fits_headers_are_compared_card_by_card() {
    let rule = canonical("fits_cards/1");
    let data = singles([1.0, 2.0]);
    let with = |cards: &[&str]| fits(&[SINGLES, cards].concat(), &data);
    let one = with(&["OBJECT  = 'M 13    '           / name", "CHECKSUM= 'abc'", "HISTORY one", "HISTORY two"]);
    let other = with(&["HISTORY one", "HISTORY two", "", "OBJECT  = 'M 13' / name"]);
    is_equivalent(&rule, &one, &other);
    let card = |keyword: &str, occurrence| Place::Card { unit: 0, keyword: keyword.to_owned(), occurrence };
    let swapped = with(&["OBJECT  = 'M 13' / name", "HISTORY two", "HISTORY one"]);
    differs(&rule, &one, &swapped, card("HISTORY", 1), "one", "two");
    let renamed = with(&["OBJECT  = 'M 31' / name", "HISTORY one", "HISTORY two"]);
    assert_eq!(difference(&rule, &one, &renamed).place, card("OBJECT", 1));
    let fewer = with(&["OBJECT  = 'M 13' / name", "HISTORY one"]);
    differs(&rule, &one, &fewer, card("HISTORY", 2), "two", "no such card");
    let value = Place::Value { unit: 0, index: 1 };
    differs(&rule, &fits(SINGLES, &data), &fits(SINGLES, &singles([1.0, 2.5])), value, "2", "2.5");
    for broken in [vec![], vec![b' '; 2880], one[..one.len() - 2880].to_vec(), vec![0xff; 2880]] {
        assert_eq!(difference(&rule, &one, &broken).place, Place::Whole);
    }
    let huge = fits(
        &["SIMPLE  = T", "BITPIX  = 64", "NAXIS   = 2", "NAXIS1  = 99999999999999", "NAXIS2  = 99999999999999"],
        &[],
    );
    assert_eq!(difference(&rule, &one, &huge).place, Place::Whole);
}

#[test]
fn values_of_fits_images_may_lie_as_far_apart_as_declared() {
    let next = f32::from_bits(2.0f32.to_bits() + 1);
    let (one, other) = (fits(SINGLES, &singles([f32::NAN, 2.0])), fits(SINGLES, &singles([-f32::NAN, next])));
    let judged = judged(&numeric("fits_image/1", None, None, Some(1)), &one, &other);
    let Comparison::Equivalent { max_ulp, count, .. } = judged else { panic!("{judged:?}") };
    assert_eq!((max_ulp, count), (1, 1));
    let place = Place::Value { unit: 0, index: 0 };
    let missing = fits(SINGLES, &singles([1.0, 2.0]));
    assert_eq!(difference(&numeric("fits_image/1", Some(1e30), None, None), &one, &missing).place, place);
    let table = |byte: u8| {
        let head = fits(&["SIMPLE  = T", "BITPIX  = 8", "NAXIS   = 0"], &[]);
        let cards = ["XTENSION= 'BINTABLE'", "BITPIX  = 8", "NAXIS   = 2", "NAXIS1  = 1", "NAXIS2  = 1"];
        [head, fits(&[&cards[..], &["PCOUNT  = 0", "GCOUNT  = 1"]].concat(), &[byte])].concat()
    };
    let rule = numeric("fits_image/1", Some(100.0), None, None);
    differs(&rule, &table(1), &table(2), Place::Value { unit: 1, index: 0 }, "01", "02");
}

/// A PNG of 8-bit grey with this filter for every row, its image split into chunks of so many bytes.
fn png(width: u32, rows: &[Vec<u8>], filter: u8, level: u32, split: usize, extra: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut filtered = Vec::new();
    let mut above = vec![0u8; rows.first().map_or(0, Vec::len)];
    for row in rows {
        filtered.push(filter);
        for (index, byte) in row.iter().enumerate() {
            let left = if index > 0 { row[index - 1] } else { 0 };
            let predicted = match filter {
                1 => left,
                2 => above[index],
                3 => u8::midpoint(left, above[index]),
                _ => 0,
            };
            filtered.push(byte.wrapping_sub(predicted));
        }
        above.clone_from(row);
    }
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(level));
    encoder.write_all(&filtered).unwrap();
    let packed = encoder.finish().unwrap();
    let chunk = |kind: &[u8], content: &[u8]| {
        let mut crc = flate2::Crc::new();
        crc.update(kind);
        crc.update(content);
        [&(content.len() as u32).to_be_bytes()[..], kind, content, &crc.sum().to_be_bytes()].concat()
    };
    let head = [&width.to_be_bytes()[..], &(rows.len() as u32).to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
    let mut bytes = [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &head), extra.to_vec()].concat();
    packed.chunks(split).for_each(|piece| bytes.extend(chunk(b"IDAT", piece)));
    bytes.extend(chunk(b"IEND", b""));
    bytes
}

#[test]
fn pngs_are_compared_pixel_by_pixel() {
    let rule = canonical("png_pixels/1");
    let rows: Vec<Vec<u8>> = (0..5u8).map(|y| (0..7u8).map(|x| (x * 31) ^ (y * 57)).collect()).collect();
    let one = png(7, &rows, 0, 0, 1000, b"");
    for (filter, level, split) in [(1, 9, 3), (2, 1, 7), (3, 6, 1000)] {
        is_equivalent(&rule, &one, &png(7, &rows, filter, level, split, b""));
    }
    let mut changed = rows.clone();
    changed[3][4] ^= 1;
    let shown = |byte: u8| format!("{byte:02x}");
    let other = png(7, &changed, 1, 9, 3, b"");
    differs(&rule, &one, &other, Place::Pixel { x: 4, y: 3 }, &shown(rows[3][4]), &shown(changed[3][4]));
    assert_eq!(difference(&rule, &one, &png(7, &rows[..4], 0, 0, 1000, b"")).place, Place::Whole);
    let mut flipped = one.clone();
    let last = flipped.len() - 20;
    flipped[last] ^= 1;
    assert_eq!(difference(&rule, &one, &flipped).place, Place::Whole, "a chunk with a wrong sum is no PNG");
    for cut in 0..one.len() {
        assert_eq!(difference(&rule, &one, &one[..cut]).place, Place::Whole, "cut at {cut}");
    }
    // A header that promises far more than there is.
    let bomb = png(1 << 31, &[], 0, 9, 1000, b"");
    assert_eq!(difference(&rule, &one, &bomb).place, Place::Whole);
}
