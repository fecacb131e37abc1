//! One request, from the wire or from a part of a batch.

use std::sync::Arc;

use serde_json::{Map, Value};
use strata_model::environment::Environment;
use strata_odata::path::Segment;
use strata_odata::query::Query;
use strata_ops::Workspace;
use strata_ops::schema::Schema;

use crate::access::Caller;
use crate::body::Body;
use crate::fault::Fault;
use crate::service::Service;

/// The verbs of the Web API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Get,
    Post,
    Patch,
    Put,
    Delete,
}

impl Verb {
    /// Tells whether it changes something.
    pub fn writes(self) -> bool {
        !matches!(self, Self::Get)
    }

    /// Reads a verb as it stands in a request line.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "GET" => Some(Self::Get),
            "POST" => Some(Self::Post),
            "PATCH" => Some(Self::Patch),
            "PUT" => Some(Self::Put),
            "DELETE" => Some(Self::Delete),
            _ => None,
        }
    }
}

/// A request as handlers see it.
pub struct Ask<'a> {
    pub service: &'a Service,
    /// A connection of its own to the store, meant for the environment.
    pub workspace: &'a Workspace,
    /// As it was when the request came.
    pub environment: Environment,
    /// The service root as the client wrote it, with a slash at its end: `https://host/env/api/data/v9.2/` (T3).
    pub root: &'a str,
    pub verb: Verb,
    /// What stands below the service root.
    pub path: Vec<Segment>,
    /// Query options, decoded, in their order.
    pub options: Vec<(String, String)>,
    pub headers: Headers<'a>,
    pub body: &'a Body,
    pub caller: &'a Caller,
    /// It is part of a change set, which may yet be taken back.
    pub is_tentative: bool,
}

impl Ask<'_> {
    /// Returns the body as a JSON object; no body is an empty one (T5).
    pub fn json(&self) -> Result<Map<String, Value>, Fault> {
        let bytes = self.body.bytes();
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Map::new());
        }
        serde_json::from_slice(bytes).map_err(|error| {
            let (said, column) = (error.to_string(), self.body.column(error.line(), error.column()));
            let what = said.rsplit_once(" at line ").map_or(said.as_str(), |(what, _)| what);
            let place = format!("at line {} column {column}", error.line());
            Fault::payload(format!("the body is no JSON object: {what} {place}"))
        })
    }

    /// Reads the query options.
    pub fn query(&self) -> Result<Query, Fault> {
        strata_odata::query::parse(&self.options).map_err(Fault::from)
    }

    /// Returns what is known of the environment's tables.
    pub fn schema(&self) -> Result<Arc<Schema>, Fault> {
        Ok(self.service.schema(self.workspace, &self.environment, self.is_tentative)?)
    }

    /// Returns the preferences of the request.
    pub fn prefer(&self) -> Prefer<'_> {
        Prefer::of(self.headers)
    }
}

/// Headers by name, whatever its case; of several, all their values.
#[derive(Debug, Clone, Copy)]
pub struct Headers<'a>(pub &'a [(String, String)]);

impl<'a> Headers<'a> {
    /// Returns the first value of a header.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.all(name).next()
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let is_own = move |header: &&(String, String)| header.0.eq_ignore_ascii_case(name);
        self.0.iter().filter(is_own).map(|(_, value)| value.trim())
    }
}

/// What a client would like (web-api §2).
#[derive(Debug, Clone, Copy)]
pub struct Prefer<'a> {
    headers: Headers<'a>,
}

impl<'a> Prefer<'a> {
    pub(crate) fn of(headers: Headers<'a>) -> Self {
        Self { headers }
    }

    /// Whether a write answers with the row.
    pub fn representation(&self) -> bool {
        self.value("return") == Some("representation")
    }

    /// Which annotations answers bear: a comma list with wildcards.
    pub fn annotations(&self) -> Option<&'a str> {
        self.value("odata.include-annotations")
    }

    /// Rows of a page; what is no number from 1 to 5000 asks for nothing.
    pub fn page_size(&self) -> Option<u64> {
        self.value("odata.maxpagesize")?.parse().ok().filter(|size| (1..=5000).contains(size))
    }

    /// Whether a batch goes on behind a failing part.
    pub fn continue_on_error(&self) -> bool {
        self.value("odata.continue-on-error").is_some_and(|value| value != "false")
    }

    /// Returns the value of a preference, empty where it has none.
    fn value(&self, name: &str) -> Option<&'a str> {
        self.headers.all("prefer").flat_map(preferences).find_map(|preference| {
            let (own, value) = preference.split_once('=').unwrap_or((preference, ""));
            own.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
        })
    }
}

/// Splits a header at commas outside of quotes.
fn preferences(header: &str) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    header.split(move |character: char| {
        is_quoted ^= character == '"';
        character == ',' && !is_quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preferences_stand_in_one_header_or_in_several() {
        let headers = [
            ("Prefer".to_owned(), "return=representation,odata.include-annotations=\"a,b\"".to_owned()),
            ("prefer".to_owned(), "odata.maxpagesize=5001, odata.continue-on-error".to_owned()),
        ];
        let prefer = Prefer { headers: Headers(&headers) };
        assert!(prefer.representation() && prefer.continue_on_error());
        assert_eq!(prefer.annotations(), Some("a,b"));
        assert_eq!(prefer.page_size(), None);
    }
}
