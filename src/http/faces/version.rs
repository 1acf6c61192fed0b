//! Which state of the catalogue an answer is made of, as its ETag and Last-Modified, for answers that change only when
//! anything is registered. Knows nothing of what they hold.

use std::time::{Duration, SystemTime};

use actix_web::http::header::{self, HeaderMap, HttpDate};
use actix_web::{HttpResponse, HttpResponseBuilder};

use crate::catalogue::{Catalogue, Error};
use crate::codec;
use crate::http::conditional;

/// The version of an answer.
pub struct Version {
    etag: String,
    /// None while the second of the last event still runs: in it more may come.
    modified: Option<SystemTime>,
}

impl Version {
    /// Of an answer that is made of the whole catalogue and of what is asked.
    ///
    /// # Errors
    /// When the archive or the records index cannot be read.
    pub fn of(catalogue: &Catalogue, asked: &str) -> Result<Self, Error> {
        let last = catalogue.readable();
        let settled = catalogue.horizon()?.sequence == last;
        let digest = codec::sha256(format!("{last} {} {asked}", env!("CARGO_PKG_VERSION")).as_bytes()).to_string();
        let micros = u64::try_from(catalogue.time_of(last)?.micros()).unwrap_or_default();
        // HTTP dates have seconds: the next whole one is not before the change.
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(micros.div_ceil(1_000_000));
        Ok(Self { etag: format!("\"{}\"", digest.get(..32).unwrap_or(&digest)), modified: settled.then_some(modified) })
    }

    /// The answer 304, where the client has this version (RFC 9110 § 13.2.2: If-None-Match goes before If-Modified-Since).
    pub fn unchanged(&self, headers: &HeaderMap) -> Option<HttpResponse> {
        let is_known = if headers.contains_key(header::IF_NONE_MATCH) {
            conditional::none_match(headers, &self.etag)
        } else {
            let since = headers.get(header::IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok());
            let since = since.and_then(|text| text.parse::<HttpDate>().ok()).map(SystemTime::from);
            matches!((since, self.modified), (Some(since), Some(modified)) if modified <= since)
        };
        is_known.then(|| self.dress(HttpResponse::NotModified()).finish())
    }

    /// The answer 200 with its version.
    pub fn answer(&self, content_type: &str) -> HttpResponseBuilder {
        let mut answer = self.dress(HttpResponse::Ok());
        answer.content_type(content_type);
        answer
    }

    fn dress(&self, mut answer: HttpResponseBuilder) -> HttpResponseBuilder {
        answer.insert_header((header::ETAG, self.etag.as_str()));
        answer.insert_header((header::CACHE_CONTROL, "no-cache"));
        if let Some(modified) = self.modified {
            answer.insert_header((header::LAST_MODIFIED, HttpDate::from(modified)));
        }
        answer
    }
}
