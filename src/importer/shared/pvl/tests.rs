//! Labels in, trees out: the dialects of ODL, and labels that are none.

use super::*;

fn value(text: &str) -> String {
    let label = parse(text.as_bytes()).unwrap_or_else(|reason| panic!("{text}: {reason}"));
    let keyword = label.root.keyword("A").expect("keyword A");
    let unit = keyword.value().unit().map(|unit| format!(" <{unit}>")).unwrap_or_default();
    format!("{}{unit}", keyword.value().json().unwrap_or_default())
}

fn text<'l>(block: &'l Block, name: &str) -> Option<&'l str> {
    block.keyword(name).and_then(Keyword::text)
}

#[test]
fn values_of_every_dialect_are_read() {
    let cases = [
        ("A = 1.50 <km/s>", "1.50 <km/s>"),
        ("A=\"text\" B=2", "\"text\""),
        ("A = \"over\r\n     two-\r\n  fold lines \"\r\n", "\"over twofold lines\""),
        ("A = 'N/A'", "\"N/A\""),
        ("A = (1, 2.0 <m>,\n (3, 'x')) B = 1", "[1,2.0,[3,\"x\"]] <m>"),
        ("A = {\"a\",b}\n <deg>\nEND", "[\"a\",\"b\"] <deg>"),
        ("A = 2#1010#", "\"2#1010#\""),
        ("A = 1997-03-01T00:00:01.5Z /* c */", "\"1997-03-01T00:00:01.5Z\""),
        ("A = 2004-246T21:36:16.410 # c", "\"2004-246T21:36:16.410\""),
        ("# ISIS\nA = $ISIS3/a-\n   b.cub\nEnd", "\"$ISIS3/ab.cub\""),
        ("A = MARS EXPRESS\nB = 1", "\"MARS EXPRESS\""),
        ("A = MARS EXPRESS /* c */\nB = 1", "\"MARS EXPRESS\""),
        ("A =\nB = 1", ""),
        ("A =\n 17\nB = 1", "17"),
        ("A =\nEND", ""),
        ("A = ()", "[]"),
        ("A = +3;\nB=2;", "3"),
        ("A = 007", "\"007\""),
        ("a = N/A", "\"N/A\""),
        ("A = \"\"", "\"\""),
        ("/* never closed\nA = 1\n/* c */", "1"),
        ("A/* in the */=/*middle*/ comment\nB = 1", "\"comment\""),
        ("/* two\n lines */ A = 1", "1"),
        ("CCSD3ZF0000100000001NJPL3IF0PDSX00000001 = SFDU_LABEL\r\nA = 1", "1"),
        ("CCSD3ZF0000100000001NJPL3IF0PDSX00000001\r\nA = 1", "1"),
        ("\u{feff}A = \"\u{e9}\"", "\"\u{e9}\""),
    ];
    for (text, expected) in cases {
        assert_eq!(value(text), expected, "{text}");
    }
    let latin = parse(b"A = \"\xe9\"").expect("latin-1");
    assert_eq!(text(&latin.root, "A"), Some("\u{e9}"));
}

#[test]
fn blocks_nest_and_remember_what_was_read() {
    let text = "Object = IsisCube\n  Object = Core\n    StartByte = 65537\n  End_Object\n  Group = Kernels\n\
        K = x\n K = y\n  End_Group\nEnd_Object\nMRO:X = 1\n^IMAGE = (\"A.IMG\", 5)\nEnd\n\0\0binary = \"";
    let label = parse(text.as_bytes()).expect("a label");
    assert_eq!(text.get(label.end..), Some("\0\0binary = \""));
    assert_eq!(label.remarks, []);
    let cube = label.root.block("ISISCUBE").expect("a cube");
    assert_eq!((cube.form, cube.line), (Form::Object, 1));
    assert_eq!(cube.block("Core").and_then(|core| core.number("StartByte")), Some(65537.0));
    assert_eq!(label.root.find("k").and_then(Keyword::text), Some("x"));
    let pointer = label.root.keyword("^IMAGE").expect("a pointer").value().scalars();
    assert_eq!(pointer.into_iter().map(Scalar::text).collect::<Vec<_>>(), ["A.IMG", "5"]);
    assert_eq!(label.root.find_block("Kernels").map(|block| block.keywords().count()), Some(2));
    assert_eq!(label.root.counts(), FieldCounts { mapped: 3, kept: 2 });
}

#[test]
fn what_is_odd_is_understood_and_remarked() {
    let label = parse(b"OBJECT = A\nX = 1\nGROUP = B\nY = 2\nEND_OBJECT = A\nEND").expect("a label");
    assert_eq!(label.remarks.len(), 2);
    assert_eq!(label.root.find_block("B").and_then(|block| text(block, "Y")), Some("2"));
    let label = parse(b"A = 1\nEND_GROUP\nB = 2").expect("a label");
    assert_eq!((label.remarks.len(), text(&label.root, "B")), (1, Some("2")));
    assert_eq!(parse(b"").expect("nothing").root.keywords().count(), 0);
}

#[test]
fn descriptions_keep_their_lines_and_lose_their_indentation() {
    let label = parse(b"D = \"\n    First\n    =====\n\n      a  b\n    \"").expect("a label");
    let scalar = label.root.keyword("D").and_then(Keyword::scalar).expect("a text");
    assert_eq!(scalar.paragraphs(), "First\n=====\n\n  a  b");
    assert_eq!(scalar.text(), "First ===== a  b");
}

#[test]
fn numbers_with_a_base_can_be_calculated_with() {
    for (text, expected) in
        [("A=16#FF#", Some(255.0)), ("A=-2#101#", Some(-5.0)), ("A=8#9#", None), ("A=99#1#", None), ("A=x", None)]
    {
        assert_eq!(parse(text.as_bytes()).expect(text).root.number("A"), expected, "{text}");
    }
}

#[test]
fn what_is_no_label_is_refused_with_its_line() {
    let deep = "OBJECT = A\n".repeat(100);
    let lists = format!("A = {}", "(".repeat(100_000));
    let many = format!("A = ({})", "1,".repeat(600_000));
    let long = "x".repeat(1_000_000);
    let cases = [
        ("A = 1\nB = \"open\nC = 2", 2),
        ("A = 1\nB = (1, 2\n", 2),
        ("A = 1\n\nplain words here\n", 3),
        ("\"A\" = 1", 1),
        ("= 1", 1),
        ("\u{1}\u{2}\u{ff}\u{fe} = 1", 1),
        (&deep, 65),
        (&lists, 1),
        (&many, 1),
        (&long, 1),
    ];
    for (text, expected) in cases {
        match parse(text.as_bytes()) {
            Err(Reason::Broken { line, .. }) => assert_eq!(line, expected, "{text:.40}"),
            other => panic!("{text:.40}: {other:?}"),
        }
    }
}
