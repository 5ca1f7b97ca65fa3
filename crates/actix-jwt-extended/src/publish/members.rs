//! The members of a metadata document, as they are put together and checked.

use super::document::MetadataEndpoint;
use crate::config::HttpsUrl;
use crate::encoding::tagged::Tagged;
use crate::error::ConfigError;
use serde_json::{Map, Value};
use std::time::Duration;

#[derive(Debug, Clone)]
pub(super) struct Members {
    values: Map<String, Value>,
    /// Those that are to be an URL.
    urls: Vec<&'static str>,
    max_age: Duration,
}

impl Members {
    pub(super) fn new(max_age: Duration) -> Self {
        Self { values: Map::new(), urls: Vec::new(), max_age }
    }

    pub(super) fn set(&mut self, name: &str, value: Value) {
        self.values.insert(name.to_owned(), value);
    }

    pub(super) fn set_url(&mut self, name: &'static str, url: String) {
        self.set(name, url.into());
        self.urls.push(name);
    }

    /// RFC 8414 §3.2: one without elements is left out.
    pub(super) fn set_list<T: Into<String>>(&mut self, name: &str, texts: impl IntoIterator<Item = T>) {
        let texts: Vec<Value> = texts.into_iter().map(|text| text.into().into()).collect();
        if texts.is_empty() {
            self.values.remove(name);
        } else {
            self.set(name, texts.into());
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// The document about `subject`, at its place below `/.well-known/` on the same host.
    pub(super) fn build(&self, subject: &HttpsUrl<'_>, well_known: &str) -> Result<MetadataEndpoint, ConfigError> {
        for name in &self.urls {
            let is_url =
                self.values.get(*name).and_then(Value::as_str).is_some_and(|url| HttpsUrl::read(url).is_some());
            if !is_url {
                return Err(ConfigError::InvalidValue { setting: name, expected: HttpsUrl::EXPECTED.to_owned() });
            }
        }
        // RFC 8414 §3.1 and RFC 9728 §3.1: between the host and what follows it.
        let path = format!("/.well-known/{well_known}{}", subject.path.trim_end_matches('/'));
        let query = subject.query.map(|query| format!("?{query}")).unwrap_or_default();
        Ok(MetadataEndpoint {
            url: format!("{}{path}{query}", subject.origin),
            path,
            text: Tagged::new(Value::Object(self.values.clone()).to_string()),
            max_age: self.max_age,
        })
    }
}
