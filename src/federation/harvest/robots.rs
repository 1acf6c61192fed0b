//! The rules of a `robots.txt` (RFC 9309): which paths of a host a harvester may ask for, and how slowly. A pure function of
//! the text; who fetches it and when is not its concern.

use std::time::Duration;

/// By this name we are addressed.
pub const PRODUCT: &str = "perennial";

/// Bytes that are read; RFC 9309 § 2.5 asks for at least 500 KiB.
pub const MAX_BYTES: usize = 500 << 10;

/// Longest pause between two requests that a host can ask for.
pub const MAX_DELAY: Duration = Duration::from_secs(60);

/// What a host allows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Robots {
    rules: Vec<Rule>,
    /// `Crawl-delay`, which the RFC does not know and many hosts write.
    pub delay: Option<Duration>,
    /// Nothing may be asked: the rules could not be read (§ 2.3.1.4).
    is_closed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    allow: bool,
    /// Path pattern with `*` and a final `$`, percent-encoding normalised.
    pattern: String,
}

impl Robots {
    /// No rules: a host without a `robots.txt` (§ 2.3.1.3).
    pub fn open() -> Self {
        Self::default()
    }

    /// Nothing may be asked: the host failed when it was asked for its rules (§ 2.3.1.4).
    pub fn closed() -> Self {
        Self { is_closed: true, ..Self::default() }
    }

    /// Reads the groups that address this program, or those for everybody if none does (§ 2.2.1).
    pub fn read(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (mut ours, mut others) = (Self::default(), Self::default());
        let mut is_addressed = false;
        // Whom the group being read is for, and whether its rules have begun.
        let (mut for_us, mut for_all, mut has_rules) = (false, false, false);
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default();
            let Some((name, value)) = line.split_once(':') else { continue };
            let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
            if name == "user-agent" {
                if has_rules {
                    (for_us, for_all, has_rules) = (false, false, false);
                }
                for_us |= product_of(value).eq_ignore_ascii_case(PRODUCT);
                for_all |= value == "*";
                is_addressed |= for_us;
                continue;
            }
            has_rules |= matches!(name.as_str(), "allow" | "disallow" | "crawl-delay");
            if for_us {
                ours.take(&name, value);
            }
            if for_all {
                others.take(&name, value);
            }
        }
        if is_addressed { ours } else { others }
    }

    fn take(&mut self, name: &str, value: &str) {
        match name {
            // An empty path forbids nothing.
            "allow" | "disallow" if !value.is_empty() => {
                self.rules.push(Rule { allow: name == "allow", pattern: normal(value) });
            }
            "crawl-delay" => {
                let seconds = value.parse::<f64>().ok().filter(|seconds| seconds.is_finite() && *seconds >= 0.0);
                self.delay = seconds.map(|seconds| Duration::from_secs_f64(seconds.min(MAX_DELAY.as_secs_f64())));
            }
            _ => {}
        }
    }

    /// Whether a path with its query may be asked for: the longest rule that fits decides, `allow` wins a tie (§ 2.2.2).
    pub fn allows(&self, path: &str) -> bool {
        if path == "/robots.txt" {
            return true;
        }
        if self.is_closed {
            return false;
        }
        let path = normal(path);
        let fitting = self.rules.iter().filter(|rule| fits(&rule.pattern, &path));
        fitting.max_by_key(|rule| (rule.pattern.len(), rule.allow)).is_none_or(|rule| rule.allow)
    }
}

/// `Name/1.0` is meant as `Name`.
fn product_of(value: &str) -> &str {
    value.split(|c: char| !(c.is_ascii_alphabetic() || c == '_' || c == '-')).next().unwrap_or_default()
}

/// Percent-encoded octets in upper case, those of unreserved characters decoded, others than ASCII encoded (§ 2.2.2).
fn normal(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    let bytes = path.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let hex = (*byte == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
        let coded = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match coded {
            Some(code) if code.is_ascii_alphanumeric() || b"-._~".contains(&code) => text.push(char::from(code)),
            Some(code) => text.push_str(&format!("%{code:02X}")),
            None if byte.is_ascii_graphic() => text.push(char::from(*byte)),
            None => text.push_str(&format!("%{byte:02X}")),
        }
        at += if coded.is_some() { 3 } else { 1 };
    }
    text
}

/// Whether a pattern is a beginning of the path; `*` stands for anything, a final `$` for the end. Linear in both: after a
/// star only the latest one is tried again.
fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, is_anchored) = match pattern.strip_suffix('$') {
        Some(pattern) => (pattern.as_bytes(), true),
        None => (pattern.as_bytes(), false),
    };
    let path = path.as_bytes();
    let (mut at, mut of) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        match (pattern.get(at), path.get(of)) {
            (None, None) => return true,
            (None, Some(_)) if !is_anchored => return true,
            (Some(b'*'), _) => {
                star = Some((at, of));
                at += 1;
                continue;
            }
            (Some(wanted), Some(found)) if wanted == found => {
                (at, of) = (at + 1, of + 1);
                continue;
            }
            (_, None) => return false,
            _ => {}
        }
        let Some((from, taken)) = star else { return false };
        star = Some((from, taken + 1));
        (at, of) = (from + 1, taken + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, path: &str, allowed: bool) {
        assert_eq!(Robots::read(text).allows(path), allowed, "{path} under {text:?}");
    }

    #[test]
    fn the_longest_rule_that_fits_decides() {
        let text = "User-Agent: *\nDisallow: /\nAllow: /oai\nDisallow: /oai/private # not this\n";
        check(text, "/oai?verb=Identify", true);
        check(text, "/oai/private/x", false);
        check(text, "/", false);
        check(text, "/robots.txt", true);
        check("User-agent: *\nAllow: /page\nDisallow: /page", "/page", true);
        check("User-agent: *\nDisallow: *.gif$", "/a/b.gif", false);
        check("User-agent: *\nDisallow: *.gif$", "/a/b.gif?x", true);
        check("User-agent: *\nDisallow: /a*b*c", "/a--b--b--c--", false);
        check("User-agent: *\nDisallow: /a*b*c", "/a--c--b", true);
        check("User-agent: *\nDisallow: /~joe", "/%7Ejoe/x", false);
        check("User-agent: *\nDisallow: /a%3cd", "/a%3Cd", false);
        check("User-agent: *\nDisallow: /ü", "/%C3%BC", false);
        check("User-agent: *\nDisallow:", "/", true);
        check("Disallow: /", "/", true);
        check("", "/", true);
        check("<html>not found: here</html>", "/", true);
    }

    #[test]
    fn the_group_that_names_us_takes_the_place_of_the_one_for_all() {
        let text = "user-agent: Googlebot\nuser-agent: Perennial/0.1\nallow: /\n\nUser-agent: *\nDisallow: /\n\
                    User-agent: PERENNIAL\nDisallow: /b\nCrawl-delay: 2.5\n";
        check(text, "/a", true);
        check(text, "/b", false);
        assert_eq!(Robots::read(text).delay, Some(Duration::from_millis(2_500)));
        check("User-agent: perennially\nDisallow: /", "/a", true);
        assert_eq!(Robots::read("User-agent: *\nCrawl-delay: 1e9").delay, Some(MAX_DELAY));
        assert_eq!(Robots::read("User-agent: *\nCrawl-delay: -1").delay, None);
        assert!(!Robots::closed().allows("/a") && Robots::open().allows("/a"));
    }

    #[test]
    fn a_hostile_pattern_takes_no_time() {
        let text = format!("User-agent: *\nDisallow: /{}x", "*a".repeat(20_000));
        let started = std::time::Instant::now();
        assert!(Robots::read(&text).allows(&format!("/{}", "a".repeat(20_000))));
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    }
}
