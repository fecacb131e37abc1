//! One answer, for the wire or for a part of a batch.

use serde::Serialize;

/// What every body of JSON is (T8).
pub const JSON: &str = "application/json; odata.metadata=minimal";

/// An answer: status, headers, body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Without `OData-Version`, which all have.
    pub headers: Vec<(&'static str, String)>,
    /// `None` where there is no body.
    pub content_type: Option<&'static str>,
    /// Of a body of several parts.
    pub boundary: Option<String>,
    pub body: Vec<u8>,
}

impl Answer {
    /// Makes an answer without a body.
    pub fn empty() -> Self {
        Self { status: 204, headers: Vec::new(), content_type: None, boundary: None, body: Vec::new() }
    }

    /// Makes an answer of a value.
    pub fn json(value: &impl Serialize) -> Self {
        let body = serde_json::to_vec(value).expect("values of answers have texts as keys");
        Self { status: 200, headers: Vec::new(), content_type: Some(JSON), boundary: None, body }
    }

    /// Makes an answer of another kind.
    pub fn of(content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, headers: Vec::new(), content_type: Some(content_type), boundary: None, body: body.into() }
    }

    /// Gives it another status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Says where the row of the request is, as clients read it: both headers (web-api §3).
    #[must_use]
    pub fn entity(self, url: &str) -> Self {
        self.header("OData-EntityId", url).header("Location", url)
    }
}
