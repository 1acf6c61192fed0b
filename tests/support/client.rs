//! A blocking client: one method per verb, answers as values, bodies as bytes.

use serde_json::Value;
use ureq::Agent;
use ureq::http::{HeaderMap, Request};

/// Asks one service.
pub struct Client {
    pub url: String,
    agent: Option<Agent>,
    /// Sent with every request.
    pub headers: Vec<(String, String)>,
}

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Client {
    pub fn new(url: String) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .allow_non_standard_methods(true)
            .build();
        Self { url, agent: Some(config.into()), headers: Vec::new() }
    }

    /// Ends idle connections, for which a stopping service would wait.
    pub fn close(&mut self) {
        self.agent = None;
    }

    /// Any request; the path may be a whole address of the same service.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Answer {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.url) };
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())) {
            request = request.header(name, value);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let agent = self.agent.as_ref().expect("not closed");
        let body: Vec<u8> = body.into();
        let bodiless = body.is_empty() && ["GET", "HEAD", "DELETE", "OPTIONS"].contains(&method);
        let sent = if bodiless {
            agent.run(request.body(()).expect("a request"))
        } else {
            agent.run(request.body(body).expect("a request"))
        };
        let (parts, mut body) = sent.unwrap_or_else(|error| panic!("{method} {path}: {error}")).into_parts();
        let body = body.with_config().limit(1 << 30).read_to_vec();
        let body = body.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", path, headers, "")
    }

    pub fn put(&self, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        self.send("PUT", path, &[], body)
    }

    pub fn post(&self, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        self.send("POST", path, &[], body)
    }

    pub fn patch(&self, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        self.send("PATCH", path, &[], body)
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], "")
    }

    /// Sends lines to the bulk ingest and gives one JSON value for each result line.
    pub fn ingest(&self, lines: impl Into<Vec<u8>>) -> Vec<Value> {
        self.post("/api/v1/ingest", lines).expect_status(200).lines()
    }

    /// `GET /api/v1/search` with a query string.
    pub fn search(&self, query: &str) -> Value {
        self.get(&format!("/api/v1/search?{query}")).expect_status(200).json()
    }
}

impl Answer {
    #[track_caller]
    pub fn expect_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// A problem (RFC 9457) of this status and code: well-formed, with the request id of the header.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["type"], format!("urn:perennial:problem:{code}"), "{problem}");
        assert_eq!(problem["status"], status);
        assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        problem
    }

    /// A header that must be there.
    #[track_caller]
    pub fn header(&self, name: &str) -> String {
        let value = self.headers.get(name).unwrap_or_else(|| panic!("no header {name} in {:?}", self.headers));
        value.to_str().expect("text").to_owned()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// One JSON value for each line.
    #[track_caller]
    pub fn lines(&self) -> Vec<Value> {
        let lines = self.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).expect("a line of JSON")).collect()
    }
}
