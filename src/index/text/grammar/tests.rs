//! What typed texts become.

use super::*;

fn name_of(member: Member) -> &'static str {
    let (name, _) = Member::NAMES.into_iter().find(|(_, known)| *known == member).expect("a name");
    name
}

fn shown(node: &Node) -> String {
    let list =
        |nodes: &[Node], sign: &str| nodes.iter().map(|node| format!("{sign}{}", shown(node))).collect::<Vec<_>>();
    match node {
        Node::Leaf { member, word } => {
            let member = member.map(|member| format!("{}:", name_of(member))).unwrap_or_default();
            match word {
                Word::One(word) => format!("{member}{word}"),
                Word::Phrase(parts) => format!("{member}\"{}\"", parts.join(" ")),
                Word::Identifier { parts, .. } => format!("{member}{}", parts.join("_")),
                Word::Prefix { before, start } => {
                    format!("{member}{}", [before.as_slice(), &[format!("{start}*")]].concat().join("_"))
                }
            }
        }
        Node::Best { typed, .. } => shown(typed),
        Node::Any(nodes) => format!("[{}]", list(nodes, "").join(" | ")),
        Node::Group(group) => {
            let items = [list(&group.required, "+"), list(&group.preferred, ""), list(&group.excluded, "-")];
            format!("({})", items.concat().join(" "))
        }
    }
}

fn check(mode: TextMode, cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let node = parse(&TextQuery::new(*text, mode)).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(shown(&node), *expected, "{text}");
    }
}

#[test]
fn words_phrases_fields_and_operators_are_told_apart() {
    check(
        TextMode::Native,
        &[
            ("Sea ice", "(sea ice)"),
            ("ice ICE", "ice"),
            ("aquarius * *soil *moisture*", "(aquarius soil moisture*)"),
            ("MOD10_L2, b", "(mod10_l2 b)"),
            ("\"sea ice\" a", "(\"sea ice\" a)"),
            ("\"never closed", "\"never closed\""),
            ("a AND b c", "(+a +b c)"),
            ("a OR b c", "[a | (b c)]"),
            ("(a OR b) AND NOT c", "(+[a | b] -c)"),
            ("a -b -\"c d\" -(e f)", "(a -b -\"c d\" -(e f))"),
            ("+a b", "(+a b)"),
            ("title:ice platform:\"ERS 2\" id:MOD10*", "(title:ice platform:\"ers 2\" id:mod10*)"),
            ("urn:nasa:pds and or not", "(urn_nasa_pds and or not)"),
            (")a( (b", "(a b)"),
            ("-a", "(-a)"),
            ("AND OR a NOT", "a"),
            ("title: ice", "ice"),
        ],
    );
}

#[test]
fn the_forms_of_stac_differ_in_what_is_required() {
    check(
        TextMode::StacBasic,
        &[("climate,model", "[climate | model]"), ("sea ice,AND", "[\"sea ice\" | and]"), ("a OR b", "\"a or b\"")],
    );
    check(
        TextMode::StacAdvanced,
        &[("sea ice", "(+sea +ice)"), ("sea OR ice -fog", "[sea | (+ice -fog)]"), ("(a OR b) c", "(+[a | b] +c)")],
    );
}

#[test]
fn text_without_a_word_or_beyond_a_limit_is_refused() {
    let many: String = (0..MAX_LEAVES + 1).map(|number| format!("w{number} ")).collect();
    let deep = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    for text in [
        "***",
        "\"\"",
        "- + /",
        "()",
        "AND",
        &"a".repeat(MAX_CHARACTERS + 1),
        &many,
        &deep(MAX_DEPTH + 1),
        &deep(4_900),
    ] {
        let found = parse(&TextQuery::from(text));
        assert!(matches!(found, Err(SearchError::BadText { .. })), "{text:.40}: {found:?}");
    }
    for text in [&"a ".repeat(MAX_CHARACTERS / 2), &deep(MAX_DEPTH), &")".repeat(5_000).replacen(')', "a", 1)] {
        assert!(parse(&TextQuery::from(text.as_str())).is_ok(), "{text:.40}");
    }
}
