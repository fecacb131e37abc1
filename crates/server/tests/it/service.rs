//! A service over a scratch store.

use strata_ops::Location;
use strata_server::access::Caller;
use strata_server::answer::Answer;
use strata_server::ask::Verb;
use strata_server::service::{Request, Service};
use tempfile::TempDir;

/// A service whose store goes with it.
pub(crate) struct Scratch {
    pub(crate) service: Service,
    _folder: TempDir,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = folder.path().join("strata.db").display().to_string();
        let service = Service::new(Location { store, environment: None }).expect("a service");
        Self { service, _folder: folder }
    }

    pub(crate) fn send(&self, verb: Verb, url: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        self.service.answer(&Request {
            verb,
            root: "http://localhost/api/data/v9.2/".to_owned(),
            environment: None,
            path: path.to_owned(),
            query: query.to_owned(),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: body.as_bytes().to_vec(),
            caller: Caller::anyone(),
        })
    }

    pub(crate) fn get(&self, url: &str) -> Answer {
        self.send(Verb::Get, url, &[], "")
    }
}

#[test]
fn an_unknown_segment_has_the_text_that_clients_look_for() {
    let answer = Scratch::new().get("nothings");
    let text = String::from_utf8(answer.body).expect("text");
    assert_eq!(answer.status, 404);
    assert!(text.contains("Resource not found for the segment 'nothings'."), "{text}");
}
