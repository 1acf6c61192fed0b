//! SPICE metakernels: the ordered list of kernels.
//!
//! NAIF Kernel Required Reading: only what stands between `\begindata` and `\begintext` counts; `+=` adds to a list; a
//! string that ends in `+` goes on in the next one; `$SYMBOL` stands for the path at the same place of PATH_VALUES.

use crate::importer::shared::record::{FieldCounts, Record};
use crate::importer::{Context, Finding, Imported, Reason};
use crate::model::{Draft, RecordId};

/// Most values of a metakernel. The largest real one has some 3,000.
const MAX_VALUES: usize = 100_000;

/// Whether the first bytes are of this format.
pub fn recognises(_name: &str, head: &[u8]) -> bool {
    let head = head.get(..head.len().min(1 << 16)).unwrap_or_default();
    let start = head.trim_ascii_start();
    let is_text = !start.starts_with(b"<") && !start.starts_with(b"{");
    let has = |word: &[u8]| memchr::memmem::find(head, word).is_some();
    start.starts_with(b"KPL/MK") || (is_text && has(b"\\begindata") && has(b"KERNELS_TO_LOAD"))
}

/// Adds the records of a document.
pub fn import(bytes: &[u8], context: &Context<'_>, imported: &mut Imported) {
    if let Err(reason) = read(bytes, context, imported) {
        imported.findings.push(Finding { place: context.first, id: None, reason });
    }
}

/// An assignment of the data sections.
struct Variable {
    name: String,
    values: Vec<String>,
}

fn read(bytes: &[u8], context: &Context<'_>, imported: &mut Imported) -> Result<(), Reason> {
    let text = String::from_utf8_lossy(bytes);
    let (comment, variables) = sections(&text)?;
    let of = |name: &str| {
        let named = variables.iter().filter(|variable| variable.name.eq_ignore_ascii_case(name));
        continued(named.flat_map(|variable| variable.values.iter()))
    };
    let kernels = of("KERNELS_TO_LOAD");
    if kernels.is_empty() {
        return Err(Reason::Broken { line: 1, message: "a metakernel without KERNELS_TO_LOAD".to_owned() });
    }
    let mut paths: Vec<(String, String)> = of("PATH_SYMBOLS").into_iter().zip(of("PATH_VALUES")).collect();
    // The longest symbol first: $KERNELS_MSL is not $KERNELS with something after it.
    paths.sort_by_key(|(symbol, _)| std::cmp::Reverse(symbol.len()));
    let delivered = context.file_name();
    let original = after(&comment, "original name of this file was ");
    let digest = || format!("sha256:{}", (context.digest)(bytes));
    let written = delivered.or(original).map_or_else(digest, str::to_owned);
    let id = RecordId::parse(&written).map_err(Reason::BadId)?;
    let collection = after(&comment, "DATA_SET_ID = \"").map(|id| id.trim_end_matches('"'));
    let mut record = Record::new(context, "product", Some(collection.unwrap_or(context.collection)), id.as_str());
    if collection.is_none() {
        record.note(Reason::NoCollection { used: context.collection.to_owned() });
    }
    record.text("title", Some(&format!("SPICE metakernel {written}")));
    record.text("description", Some(comment.trim()));
    record.text("data_type", Some("SPICE metakernel"));
    record.text("format", Some("KPL/MK"));
    if let Some(original) = original.filter(|original| *original != written) {
        record.alias(original);
    }
    for kernel in &kernels {
        let path = substituted(kernel, &paths);
        let name = path.rsplit(['/', '\\']).next().unwrap_or(&path);
        record.link("kernel", name, Some(&path));
    }
    for variable in &variables {
        let mut values = Draft::array();
        variable.values.iter().for_each(|value| values.string_element(value));
        record.raw_property(&format!("spice:{}", variable.name), &values.finish());
    }
    let mapped = u64::try_from(variables.len()).unwrap_or(u64::MAX);
    imported.fields = imported.fields + FieldCounts { mapped, kept: 0 };
    record.finish(bytes, 0..bytes.len(), "text/x-spice-metakernel", imported);
    Ok(())
}

/// The word that follows a phrase of the comments, however its lines are broken.
fn after<'t>(comment: &'t str, phrase: &str) -> Option<&'t str> {
    let at = comment.find(phrase)?;
    let word = comment.get(at.checked_add(phrase.len())?..)?.split_whitespace().next()?;
    Some(word.trim_end_matches(['.', ',', ')', ';'])).filter(|word| !word.is_empty())
}

/// Strings that end in `+` are joined with the next.
fn continued<'v>(values: impl Iterator<Item = &'v String>) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    let mut open = false;
    for value in values {
        let part = value.strip_suffix('+');
        match joined.last_mut() {
            Some(last) if open => last.push_str(part.unwrap_or(value)),
            _ => joined.push(part.unwrap_or(value).to_owned()),
        }
        open = part.is_some();
    }
    joined
}

fn substituted(kernel: &str, paths: &[(String, String)]) -> String {
    let symbol = |(symbol, path): &(String, String)| {
        let mark = format!("${symbol}");
        kernel.contains(&mark).then(|| kernel.replace(&mark, path))
    };
    paths.iter().find_map(symbol).unwrap_or_else(|| kernel.to_owned())
}

/// The comments before the first data, and all assignments.
fn sections(text: &str) -> Result<(String, Vec<Variable>), Reason> {
    let mut comment = String::new();
    let mut variables: Vec<Variable> = Vec::new();
    let mut is_data = false;
    let mut seen_data = false;
    let mut in_list = None;
    let mut count = 0_usize;
    for (number, line) in text.lines().enumerate() {
        let line_number = number.saturating_add(1);
        let trimmed = line.trim();
        match trimmed {
            "\\begindata" => (is_data, seen_data) = (true, true),
            "\\begintext" => is_data = false,
            _ if is_data => {
                for token in tokens(trimmed, line_number)? {
                    count = count.saturating_add(1);
                    if count > MAX_VALUES {
                        return Err(broken(line_number, "more values than a metakernel may have"));
                    }
                    take(token, line_number, &mut variables, &mut in_list)?;
                }
            }
            _ if !seen_data && number > 0 => {
                comment.push_str(line.strip_prefix("   ").unwrap_or(line).trim_end());
                comment.push('\n');
            }
            _ => {}
        }
    }
    match in_list {
        Some(line) => Err(broken(line, "a list begins here and has no end")),
        None => Ok((comment, variables)),
    }
}

enum Token {
    Word(String),
    Text(String),
    Open,
    Close,
}

/// `=` and `+=` stay at the end of the word before them, or are words of their own.
fn tokens(line: &str, number: usize) -> Result<Vec<Token>, Reason> {
    let mut found = Vec::new();
    let mut rest = line.trim_start_matches([' ', '\t', ',']);
    while let Some(first) = rest.chars().next() {
        let mut length = first.len_utf8();
        match first {
            '(' => found.push(Token::Open),
            ')' => found.push(Token::Close),
            '\'' => {
                let (text, used) = quoted(rest).ok_or_else(|| broken(number, "a string has no end on its line"))?;
                found.push(Token::Text(text));
                length = used;
            }
            _ => {
                let end = |c: char| c.is_whitespace() || ",()'".contains(c);
                length = rest.find(end).unwrap_or(rest.len()).max(length);
                found.push(Token::Word(rest.get(..length).unwrap_or_default().to_owned()));
            }
        }
        rest = rest.get(length..).unwrap_or_default().trim_start_matches([' ', '\t', ',']);
    }
    Ok(found)
}

/// A string in quotes, a doubled quote standing for one, and how many bytes it took.
fn quoted(rest: &str) -> Option<(String, usize)> {
    let mut text = String::new();
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character != '\'' {
            text.push(character);
        } else if characters.next_if(|(_, next)| *next == '\'').is_some() {
            text.push('\'');
        } else {
            return Some((text, at.saturating_add(1)));
        }
    }
    None
}

/// One token of the data sections: the last variable takes values until the next name.
fn take(token: Token, line: usize, variables: &mut Vec<Variable>, in_list: &mut Option<usize>) -> Result<(), Reason> {
    match token {
        Token::Open => *in_list = Some(line),
        Token::Close => *in_list = None,
        Token::Text(text) => match variables.last_mut() {
            Some(variable) => variable.values.push(text),
            None => return Err(broken(line, "a value without a name")),
        },
        Token::Word(word) if in_list.is_none() => {
            let (name, value) = word.split_once('=').unwrap_or((&word, ""));
            let name = name.trim_end_matches('+');
            let is_number = word.starts_with(|c: char| c.is_ascii_digit() || "-.@".contains(c));
            match variables.last_mut() {
                Some(variable) if is_number => variable.values.push(word.clone()),
                _ if name.is_empty() => {}
                _ => variables.push(Variable { name: name.to_owned(), values: Vec::new() }),
            }
            if let (Some(variable), false) = (variables.last_mut(), value.is_empty()) {
                variable.values.push(value.to_owned());
            }
        }
        Token::Word(word) => match variables.last_mut() {
            Some(variable) => variable.values.push(word),
            None => return Err(broken(line, "a value without a name")),
        },
    }
    Ok(())
}

fn broken(line: usize, message: &str) -> Reason {
    Reason::Broken { line, message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sha256;

    fn made(text: &str) -> Imported {
        let digest = |_: &[u8]| Sha256::from_bytes([1; 32]);
        let mut imported = Imported::default();
        import(text.as_bytes(), &Context::new(&digest), &mut imported);
        imported
    }

    #[test]
    fn kernels_are_links_in_their_order_with_paths_put_in() {
        let text = "KPL/MK\n\n   For a mission.\n   The original name of this file was x_v02.tm.\n\n\\begindata\n\
            PATH_VALUES = ( 'a/very+'\r\n '/long', 'b' )\nPATH_SYMBOLS=('K','KB')\nKERNELS_TO_LOAD = ( '$K/lsk/n.tls'\n\
            '$KB/s.tsc' )\nKERNELS_TO_LOAD += 'it''s.bsp'\nN = 3\n\\begintext\nKERNELS_TO_LOAD = ( 'no' )\n";
        assert!(recognises("x", text.as_bytes()));
        let imported = made(text);
        assert_eq!(imported.entities.len(), 1);
        let record = imported.entities.first().map(|entity| entity.record.clone()).unwrap_or_default();
        for part in [
            r#""id":"x_v02.tm""#,
            r#"{"rel":"kernel","href":"n.tls","title":"a/very/long/lsk/n.tls"},{"rel":"kernel","href":"s.tsc","title":"b/s.tsc"},{"rel":"kernel","href":"it's.bsp"#,
            r#""spice:KERNELS_TO_LOAD":"#,
            "$K/lsk/n.tls",
        ] {
            assert!(record.contains(part), "{part} in {record}");
        }
        assert!(!record.contains("\"no\""), "{record}");
    }

    #[test]
    fn broken_metakernels_are_one_finding_each() {
        let list = format!("KPL/MK\n\\begindata\nKERNELS_TO_LOAD = ( {}", "'a' ".repeat(200_000));
        for text in [
            "KPL/MK",
            "KPL/MK\n\\begindata\nA = ( 'x'\n",
            "KPL/MK\n\\begindata\n'x'",
            "KPL/MK\n\\begindata\nA='x",
            &list,
        ] {
            let imported = made(text);
            assert_eq!((imported.entities.len(), imported.findings.len()), (0, 1), "{text:.60}");
        }
    }

    #[test]
    fn every_file_of_the_corpus_passes_the_schema() {
        use crate::importer::{Format, tests::corpus};
        let Some(tally) = corpus::run(Format::Metakernel, &["pds3", "pds4/insight_spice"]) else {
            return;
        };
        assert!(tally.files >= 43 && tally.records + 2 >= tally.files, "{tally:?}");
    }
}
