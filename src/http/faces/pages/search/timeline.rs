//! When the results were observed: a histogram as SVG, whose bars lead to the search of their span. Works without scripts
//! and with the keyboard; each bar says its span and count.

use maud::{Markup, html};

use super::asked::Asked;
use crate::http::faces::pages::words;
use crate::model::{Bucket, Instant, Summary, Value};

/// Size of the drawing, in its own units.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 84.0;
/// Least height of a bar that has any record, and least width to aim at.
const LEAST: f64 = 2.0;
const LEAST_WIDTH: f64 = 3.0;

/// One bar.
struct Bar {
    from: Instant,
    /// First instant behind it.
    end: Instant,
    count: u64,
}

/// The histogram; nothing when all results lie in one step of time, or have none.
pub fn timeline(asked: &Asked, summary: Option<&Summary>) -> Markup {
    let bars: Vec<Bar> = summary.into_iter().flat_map(|summary| &summary.buckets).filter_map(bar).collect();
    let (Some(first), Some(last)) = (bars.first(), bars.last()) else { return html! {} };
    let most = bars.iter().map(|bar| bar.count).max().unwrap_or(1);
    let extent = (first.from.micros(), last.end.micros());
    if bars.len() < 2 || extent.1 <= extent.0 {
        return html! {};
    }
    let ends = [first.from.to_string(), Instant::from_micros(extent.1 - 1).to_string()];
    html! {
        figure.timeline {
            svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="group" aria-label="Results by time of observation" {
                @for each in &bars { (drawn(asked, each, extent, most)) }
                line x1="0" x2=(WIDTH) y1=(HEIGHT) y2=(HEIGHT) {}
            }
            figcaption.ends {
                span { (words::day(&ends[0])) }
                span { "Observations over time. Choose a bar to narrow." }
                span { (words::day(&ends[1])) }
            }
        }
    }
}

fn bar(bucket: &Bucket) -> Option<Bar> {
    let instant = |value: &Option<Value>| match value {
        Some(Value::Text(text)) => Instant::parse(text).ok(),
        _ => None,
    };
    let (from, end) = (instant(&bucket.from)?, instant(&bucket.to)?);
    (bucket.count > 0).then_some(Bar { from, end, count: bucket.count })
}

fn drawn(asked: &Asked, bar: &Bar, (start, stop): (i64, i64), most: u64) -> Markup {
    let place = |micros: i64| (micros - start) as f64 / (stop - start) as f64 * WIDTH;
    let (left, right) = (place(bar.from.micros()), place(bar.end.micros()));
    let width = (right - left - 1.0).max(LEAST_WIDTH);
    // The square root, so that few records beside very many are still seen.
    let height = ((bar.count as f64 / most as f64).sqrt() * (HEIGHT - 4.0)).max(LEAST);
    let (from, to) = (edge(bar.from), edge(Instant::from_micros(bar.end.micros() - 1)));
    let (from, to) = shortest(from, to);
    let span = if from == to { from.clone() } else { format!("{from} to {to}") };
    let narrowed = Asked { from, to, ..asked.first_page() };
    html! {
        a href=(narrowed.href()) aria-label={ (span) ": " (words::number(bar.count)) } {
            title { (span) ": " (words::number(bar.count)) }
            rect.room x={ (tenth(left)) } y="0" width=(tenth(width)) height=(HEIGHT) {}
            rect x=(tenth(left)) y=(tenth(HEIGHT - height)) width=(tenth(width)) height=(tenth(height)) {}
        }
    }
}

fn tenth(value: f64) -> String {
    format!("{value:.1}")
}

/// An instant to the second.
fn edge(instant: Instant) -> String {
    let text = instant.to_string();
    let seconds = text.split('.').next().unwrap_or(&text);
    format!("{seconds}Z")
}

/// The two ends as a person would write them: `2019`, `2019-07`, `2019-07-03`, as far as they fall on such borders.
fn shortest(from: String, to: String) -> (String, String) {
    let cut = |text: &str, at: usize| text.get(..at).unwrap_or(text).to_owned();
    let begins = |tail: &str| from.ends_with(tail);
    let is_day = begins("T00:00:00Z") && to.ends_with("T23:59:59Z");
    let is_year = begins("-01-01T00:00:00Z") && to.ends_with("-12-31T23:59:59Z");
    let last_day = |text: &str| {
        let date = text.get(..10).and_then(|date| date.parse::<jiff::civil::Date>().ok());
        date.is_some_and(|date| date == date.last_of_month())
    };
    match () {
        () if is_year => (cut(&from, 4), cut(&to, 4)),
        () if is_day && begins("-01T00:00:00Z") && last_day(&to) => (cut(&from, 7), cut(&to, 7)),
        () if is_day => (cut(&from, 10), cut(&to, 10)),
        () => (from, to),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_written_as_short_as_they_can_be() {
        let of = |from: &str, to: &str| shortest(from.to_owned(), to.to_owned());
        let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        assert_eq!(of("2019-01-01T00:00:00Z", "2019-12-31T23:59:59Z"), pair("2019", "2019"));
        assert_eq!(of("2015-01-01T00:00:00Z", "2019-12-31T23:59:59Z"), pair("2015", "2019"));
        assert_eq!(of("2020-02-01T00:00:00Z", "2020-02-29T23:59:59Z"), pair("2020-02", "2020-02"));
        assert_eq!(of("2020-02-01T00:00:00Z", "2020-02-07T23:59:59Z"), pair("2020-02-01", "2020-02-07"));
        let hour = ("2020-02-01T03:00:00Z", "2020-02-01T03:59:59Z");
        assert_eq!(of(hour.0, hour.1), pair(hour.0, hour.1));
    }
}
