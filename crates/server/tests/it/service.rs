//! A service over a scratch store.

use serde_json::Value;
use strata_ops::{Location, system_rows};
use strata_server::access::{Caller, Role};
use strata_server::answer::Answer;
use strata_server::ask::Verb;
use strata_server::service::{Request, Service};
use tempfile::TempDir;

/// A service whose store goes with it.
pub(crate) struct Scratch {
    pub(crate) service: Service,
    folder: TempDir,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = folder.path().join("strata.db").display().to_string();
        let service = Service::new(Location { store, environment: None }).expect("a service");
        Self { service, folder }
    }

    /// Where the store is.
    pub(crate) fn store(&self) -> String {
        self.folder.path().join("strata.db").display().to_string()
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
            body: body.as_bytes().to_vec().into(),
            caller: Caller::anyone(),
        })
    }

    pub(crate) fn get(&self, url: &str) -> Answer {
        self.send(Verb::Get, url, &[], "")
    }

    /// Sends a request as somebody, to an environment, and returns status and body.
    pub(crate) fn as_role(
        &self,
        role: Role,
        environment: Option<&str>,
        verb: Verb,
        url: &str,
        body: &Value,
    ) -> (u16, Value) {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let answer = self.service.answer(&Request {
            verb,
            root: "http://localhost/api/data/v9.2/".to_owned(),
            environment: environment.map(str::to_owned),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: Vec::new(),
            body: if body.is_null() { Vec::new() } else { body.to_string().into_bytes() }.into(),
            caller: Caller { name: "ada".to_owned(), role },
        });
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
    }

    /// Sends an action.
    pub(crate) fn act(&self, name: &str, body: &Value) -> (u16, Value) {
        self.as_role(Role::Admin, None, Verb::Post, name, body)
    }

    /// Sends an action that must be met.
    pub(crate) fn done(&self, name: &str, body: &Value) -> Value {
        let (status, answer) = self.act(name, body);
        assert!(matches!(status, 200 | 204), "{name}: {status} {answer}");
        answer
    }

    /// Asks a function that must be answered.
    pub(crate) fn ask(&self, url: &str) -> Value {
        let (status, answer) = self.as_role(Role::Reader, None, Verb::Get, url, &Value::Null);
        assert_eq!(status, 200, "{url}: {answer}");
        answer
    }

    /// A row that the product keeps in a table of the platform.
    pub(crate) fn row(&self, environment: Option<&str>, table: &str, id: &str) -> Option<Value> {
        let workspace = self.service.workspace(environment).expect("a workspace");
        let name = workspace.environment().expect("an environment").name;
        let row = system_rows::get(&workspace, &name, table, id).expect("read")?;
        Some(Value::Object(row.values.into_iter().collect()))
    }

    /// Polls an asynchronous operation to its end, as clients do, and checks what they rely on (web-api §10).
    pub(crate) fn polled(&self, environment: Option<&str>, id: &str) -> Value {
        for _ in 0..6000 {
            let row = self.row(environment, "asyncoperation", id).expect("readable at once");
            let pair = (row["statecode"].as_i64(), row["statuscode"].as_i64());
            assert!(
                matches!(pair, (Some(0), Some(0)) | (Some(2), Some(20)) | (Some(3), Some(30..=32))),
                "state and status move together: {row}"
            );
            assert_eq!(row["completedon"].is_null(), pair.0 != Some(3), "{row}");
            if pair.0 == Some(3) {
                return row;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("asynchronous operation {id} does not end");
    }
}

#[test]
fn an_unknown_segment_has_the_text_that_clients_look_for() {
    let answer = Scratch::new().get("nothings");
    let text = String::from_utf8(answer.body).expect("text");
    assert_eq!(answer.status, 404);
    assert!(text.contains("Resource not found for the segment 'nothings'."), "{text}");
}
