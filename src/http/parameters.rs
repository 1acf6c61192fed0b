//! Query strings read once and completely: an unknown or repeated parameter is refused, never ignored.

use actix_web::HttpRequest;

use super::problem::Problem;
use crate::catalogue::Error;
use crate::model::uri::encode;

/// Longest query string, bytes.
pub const MAX_QUERY_BYTES: usize = 64 * 1024;

/// The parameters of a request, taken one after the other.
#[derive(Debug, Clone, Default)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads the query string of a request.
    ///
    /// # Errors
    /// 414-like `too-large` for an overlong one, 400 for one that is not form-encoded UTF-8.
    pub fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let text = request.query_string();
        if text.len() > MAX_QUERY_BYTES {
            return Err(Error::TooLarge { what: "the query string", limit: MAX_QUERY_BYTES as u64 }.into());
        }
        Self::parse(text)
    }

    /// Parameters that came in another way.
    pub const fn from_pairs(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// Reads form-encoded text.
    ///
    /// # Errors
    /// 400 when a part is no valid percent-encoded UTF-8.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let mut parameters = Vec::new();
        for part in text.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            parameters.push((decode(name)?, decode(value)?));
        }
        Ok(Self(parameters))
    }

    /// Reads the members of a JSON object as parameters: elements of an array as repetitions, the numbers of `bbox` as
    /// one list, a filter that is an object as CQL2 JSON.
    ///
    /// # Errors
    /// 400 when the text is no JSON object, or a member holds what no parameter can be.
    pub fn of_json(text: &str) -> Result<Self, Problem> {
        let body: serde_json::Value =
            serde_json::from_str(text).map_err(|error| Problem::bad_request(error.to_string()))?;
        let serde_json::Value::Object(members) = body else {
            return Err(Problem::bad_request("a search is a JSON object"));
        };
        let mut parameters = Vec::new();
        for (name, value) in &members {
            match value {
                serde_json::Value::Array(items) if name == "bbox" => {
                    let numbers: Vec<String> = items.iter().map(ToString::to_string).collect();
                    parameters.push((name.clone(), numbers.join(",")));
                }
                serde_json::Value::Array(items) => {
                    for item in items {
                        parameters.push((name.clone(), scalar(name, item)?));
                    }
                }
                serde_json::Value::Object(_) if name == "filter" => {
                    parameters.push((name.clone(), value.to_string()));
                    if !members.contains_key("filter-lang") {
                        parameters.push(("filter-lang".to_owned(), "cql2-json".to_owned()));
                    }
                }
                serde_json::Value::Null => {}
                value => parameters.push((name.clone(), scalar(name, value)?)),
            }
        }
        Ok(Self(parameters))
    }

    /// The parameters form-encoded.
    pub fn to_query_string(&self) -> String {
        let parts = self.0.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
        parts.collect::<Vec<_>>().join("&")
    }

    /// Takes a parameter that may occur once.
    ///
    /// # Errors
    /// 400 when it occurs more often.
    pub fn one(&mut self, name: &str) -> Result<Option<String>, Error> {
        let mut values = self.all(name);
        if values.len() > 1 {
            return Err(Error::parameter(name, "is given more than once"));
        }
        Ok(values.pop())
    }

    /// Whether a parameter is there.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(given, _)| given == name)
    }

    /// Takes all values of a parameter.
    pub fn all(&mut self, name: &str) -> Vec<String> {
        let (taken, left) = std::mem::take(&mut self.0).into_iter().partition(|(given, _)| given == name);
        self.0 = left;
        let taken: Vec<(String, String)> = taken;
        taken.into_iter().map(|(_, value)| value).collect()
    }

    /// Takes all values of a parameter, each of them a list with commas.
    pub fn list(&mut self, name: &str) -> Vec<String> {
        let values = self.all(name);
        let items = values.iter().flat_map(|value| value.split(','));
        items.map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These and others behind them.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// What nobody took.
    pub fn rest(self) -> Vec<(String, String)> {
        self.0
    }

    /// Refuses what nobody took.
    ///
    /// # Errors
    /// 400 that names the unknown parameters and those that exist.
    pub fn finish(self, known: &[&str]) -> Result<(), Error> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(unknown(name, known)),
        }
    }

    /// Refuses what is not known, before anything is taken.
    ///
    /// # Errors
    /// As `finish`.
    pub fn check(&self, known: &[&str]) -> Result<(), Error> {
        match self.0.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some((name, _)) => Err(unknown(name, known)),
        }
    }
}

fn unknown(name: &str, known: &[&str]) -> Error {
    let reason = format!("is no parameter of this resource; it has {}", known.join(", "));
    Error::parameter(name.chars().take(100).collect::<String>(), reason)
}

fn decode(text: &str) -> Result<String, Problem> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digit = |byte: Option<u8>| byte.and_then(|byte| (byte as char).to_digit(16));
                let (Some(high), Some(low)) = (digit(rest.next()), digit(rest.next())) else {
                    return Err(Problem::bad_request(
                        "the query string has a % that two hexadecimal digits do not follow",
                    ));
                };
                bytes.push((high * 16 + low) as u8);
            }
            other => bytes.push(other),
        }
    }
    let text = String::from_utf8(bytes).map_err(|_| Problem::bad_request("the query string is not UTF-8"))?;
    if text.contains('\0') {
        return Err(Problem::bad_request("the query string has a NUL"));
    }
    Ok(text)
}

fn scalar(name: &str, value: &serde_json::Value) -> Result<String, Problem> {
    match value {
        serde_json::Value::String(text) => Ok(text.clone()),
        serde_json::Value::Number(number) => Ok(number.to_string()),
        serde_json::Value::Bool(truth) => Ok(truth.to_string()),
        _ => {
            let name: String = name.chars().take(100).collect();
            Err(Error::parameter(name, "holds an object or a list where a value is expected").into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_taken_once_and_the_rest_is_refused() {
        let mut parameters = Parameters::parse("q=a%20b+c&collection=x,y&collection=z&bogus=1").expect("form-encoded");
        assert_eq!(parameters.one("q").expect("once"), Some("a b c".to_owned()));
        assert_eq!(parameters.list("collection"), ["x", "y", "z"]);
        assert!(
            matches!(parameters.finish(&["q"]), Err(Error::BadParameter { parameter, .. }) if parameter == "bogus")
        );
    }

    #[test]
    fn members_of_an_object_are_parameters() {
        let text =
            r#"{"q":"ice","collection":["a","b"],"bbox":[1,2.5,3,4],"limit":5,"filter":{"op":"not"},"ids":null}"#;
        let parameters = Parameters::of_json(text).expect("an object");
        let expected = "q=ice&collection=a&collection=b&bbox=1%2C2.5%2C3%2C4&limit=5&filter=%7B%22op%22%3A%22not%22%7D&filter-lang=cql2-json";
        assert_eq!(parameters.to_query_string(), expected);
        for text in ["[]", "1", "{", r#"{"q":{}}"#, r#"{"ids":[[1]]}"#] {
            assert!(Parameters::of_json(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_not_form_encoded_utf_8_is_refused() {
        for text in ["q=%", "q=%zz", "q=%ff", "q=%00"] {
            assert!(Parameters::parse(text).is_err(), "{text}");
        }
    }
}
