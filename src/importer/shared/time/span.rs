//! The `time` of a record from the two ends that a document writes.

use super::{Read, System, Written, is_absent, read_in, seconds_of_duration};
use crate::importer::Reason;
use crate::model::{Draft, Instant};

/// Ends that producers write for "none yet": catalogues' far futures. Compared on the day.
const PLACEHOLDER_DAYS: &[&str] = &["2050-01-01", "2099-12-31", "2100-01-01"];

/// The first day that stands for no end whatever the rest says.
const NO_END_FROM: &str = "2999-12-31";

/// Words for an end that is yet to come.
const OPEN: &[&str] = &["present", "now", "ongoing", "current", "open", "continuing", ".."];

/// The member `time`, and what there is to say about it.
#[derive(Debug, Default)]
pub struct Span {
    pub text: Option<String>,
    pub findings: Vec<Reason>,
}

/// What became of one end.
enum End {
    None,
    Read(Read),
    /// It stands for no end.
    Placeholder,
}

/// Writes `time`, as far as it can be read.
pub fn span(written: &Written<'_>) -> Span {
    let written = Written { open_end: written.open_end || says_open(written.stop), ..*written };
    let mut made = Span::default();
    if written.system == System::Sclk {
        made.text = clock_count(&written);
        return made;
    }
    let stop = written.stop.filter(|_| !says_open(written.stop));
    let start = read_end(written.start, &written, &mut made.findings);
    let stop = read_end(stop, &written, &mut made.findings);
    let stop = match stop {
        End::Read(read) if is_placeholder(&read.start) => placeholder(written.stop, &mut made.findings),
        other => other,
    };
    let stop = in_order(&start, stop, &mut made.findings);
    made.text = finish(&written, start, stop, &mut made.findings);
    made
}

fn says_open(end: Option<(&str, &str)>) -> bool {
    end.is_some_and(|(_, text)| OPEN.iter().any(|word| word.eq_ignore_ascii_case(text.trim())))
}

fn placeholder(end: Option<(&str, &str)>, findings: &mut Vec<Reason>) -> End {
    findings.push(Reason::Placeholder { written: text_of(end).to_owned() });
    End::Placeholder
}

fn text_of<'a>(end: Option<(&str, &'a str)>) -> &'a str {
    end.map_or("", |(_, text)| text)
}

fn is_placeholder(start: &str) -> bool {
    PLACEHOLDER_DAYS.iter().any(|day| start.starts_with(day)) || start >= NO_END_FROM
}

/// Years at the ends of the calendar, which may lie outside what can be read: 0000, 0001, 3000 and later.
fn is_no_year(written: &str) -> bool {
    let Some((year, rest)) = written.trim().split_at_checked(4) else { return false };
    let is_date = year.bytes().all(|digit| digit.is_ascii_digit()) && rest.starts_with(['-', '/']);
    is_date && (year <= "0001" || year >= "3000")
}

fn read_end(end: Option<(&'static str, &str)>, span: &Written<'_>, findings: &mut Vec<Reason>) -> End {
    let Some((name, written)) = end else { return End::None };
    if !written.is_empty() && is_absent(written) {
        return End::None;
    }
    if is_no_year(written) {
        return placeholder(end, findings);
    }
    match read_in(span.system, written) {
        None => {
            findings.push(Reason::TimeUnreadable { name, written: written.chars().take(200).collect() });
            End::None
        }
        Some(read) => {
            if read.zone_assumed && span.zone_unsaid {
                findings.push(Reason::ZoneAssumed { name, written: written.to_owned() });
            }
            End::Read(read)
        }
    }
}

/// The end, unless it lies before the start.
fn in_order(start: &End, stop: End, findings: &mut Vec<Reason>) -> End {
    if let (End::Read(first), End::Read(last)) = (start, &stop)
        && Instant::parse(&last.stop).ok() < Instant::parse(&first.start).ok()
    {
        findings.push(Reason::TimeReversed { start: first.start.clone(), stop: last.stop.clone() });
        return End::None;
    }
    stop
}

fn finish(written: &Written<'_>, start: End, stop: End, findings: &mut Vec<Reason>) -> Option<String> {
    let relative = written.relative_end.map(str::trim).filter(|duration| seconds_of_duration(duration).is_some());
    if let (None, Some(duration)) = (relative, written.relative_end) {
        findings.push(Reason::TimeUnreadable { name: "relative end", written: duration.chars().take(200).collect() });
    }
    let no_end = matches!(stop, End::Placeholder);
    if !matches!(start, End::Read(_)) && !matches!(stop, End::Read(_)) {
        if !(written.open_end || no_end || relative.is_some()) {
            findings.push(Reason::NoTime);
        }
        return None;
    }
    let exact = |end: &End| match end {
        End::None => true,
        End::Read(read) => read.exact && written.system == System::Utc,
        End::Placeholder => false,
    };
    let as_given = exact(&start) && exact(&stop);
    let mut time = Draft::object();
    let read = |end| if let End::Read(read) = end { Some(read) } else { None };
    let (start, stop) = (read(start), read(stop));
    let precision = [&start, &stop].into_iter().flatten().find_map(|end| end.precision);
    time.optional("start", start.map(|start| start.start));
    time.optional("stop", stop.map(|stop| stop.stop));
    time.optional("precision", written.precision.or(precision));
    if !as_given {
        time.string("as_written", &as_written(written));
    }
    time.string("system", written.system.name());
    time.optional("relative_end", relative);
    if written.open_end {
        time.raw("open_end", "true");
    }
    if no_end {
        time.raw("placeholder", "true");
    }
    Some(time.finish())
}

fn as_written(written: &Written<'_>) -> String {
    let (start, stop) = (text_of(written.start), text_of(written.stop));
    if start == stop { start.to_owned() } else { format!("{start}/{stop}") }
}

/// A spacecraft's clock says nothing about UTC without its kernel.
fn clock_count(written: &Written<'_>) -> Option<String> {
    let text = as_written(written);
    let mut time = Draft::object();
    time.string("as_written", &text);
    time.string("system", System::Sclk.name());
    (!text.trim_matches('/').is_empty()).then(|| time.finish())
}
