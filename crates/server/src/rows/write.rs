//! Rows as they are written: created, changed, deleted, linked; alone or many at once (web-api §2, §3).
//!
//! What a write means is for `ops` to say: here bodies become values by column, and keys and references become ids.

mod body;
mod bulk;
mod deep;
mod link;
mod property;
mod target;

use std::sync::Arc;

use serde_json::{Map, Value};
use strata_model::id::Guid;
use strata_odata::path::Arguments;
use strata_ops::query::Reader;
use strata_ops::rows::{Author, Existing, Input, Outcome, RowWrite};
use strata_ops::schema::{Schema, Table};
use strata_ops::sets::{self, By};

use super::read;
use crate::answer::Answer;
use crate::ask::{Ask, Headers, Verb};
use crate::body::Body;
use crate::fault::{Fault, ROW_MISSING};
use target::{Target, key};

/// Answers a POST, PATCH, PUT or DELETE.
pub(crate) fn answer(ask: &Ask<'_>) -> Result<Answer, Fault> {
    let first = &ask.path[0];
    let schema = ask.schema()?;
    let entry = schema.by_set(&first.name).ok_or_else(|| Fault::segment(&first.name))?;
    let table = schema.table(ask.workspace, &entry.name)?;
    let writer = Writer { ask, schema: &schema, table };
    if !sets::is_writable(ask.workspace, &ask.environment, &entry.name)? {
        return Err(Fault::verb(format!("rows of {} come from elsewhere and cannot be written", entry.set)));
    }
    let has_key = !matches!(&first.arguments, Arguments::Absent);
    match (ask.verb, &ask.path[1..], has_key) {
        (Verb::Post, [], false) => writer.create(),
        (Verb::Patch, [], true) => writer.change(),
        (Verb::Delete, [], true) => writer.delete(),
        (Verb::Post, [action], false) => bulk::answer(&writer, &action.name),
        (Verb::Post, [navigation], true) => writer.create_beside(navigation),
        (Verb::Put | Verb::Delete | Verb::Patch, [column], true) => property::answer(&writer, &column.name),
        (_, [navigation, last], true) if last.name == "$ref" => link::answer(&writer, navigation),
        (_, [_, last, ..], _) => Err(Fault::segment(&last.name)),
        (Verb::Get | Verb::Post | Verb::Patch | Verb::Put | Verb::Delete, _, _) => {
            Err(Fault::verb(format!("{} does not take this verb", entry.set)))
        }
    }
}

/// One request that writes.
struct Writer<'a> {
    ask: &'a Ask<'a>,
    schema: &'a Arc<Schema>,
    table: Arc<Table>,
}

/// What a request says about the row it writes being there (web-api §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Condition {
    existing: Existing,
    version: Option<i64>,
}

impl Condition {
    fn of(headers: Headers<'_>) -> Self {
        let given = |name: &str| headers.get(name).filter(|value| !value.eq_ignore_ascii_case("null"));
        match (given("If-Match"), given("If-None-Match")) {
            (Some("*"), _) => Self { existing: Existing::Must, version: None },
            (Some(tag), _) => Self { existing: Existing::Must, version: Some(version(tag)) },
            (None, Some("*")) => Self { existing: Existing::MustNot, version: None },
            (None, _) => Self { existing: Existing::May, version: None },
        }
    }
}

/// Reads a tag; one that this server has not given is that of no version.
fn version(tag: &str) -> i64 {
    let bare = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
    bare.parse().unwrap_or(-1)
}

impl Writer<'_> {
    fn name(&self) -> &str {
        &self.table.entry.name
    }

    fn create(&self) -> Result<Answer, Fault> {
        let row = self.new_row(&self.ask.json()?)?;
        let made = self.make(vec![row])?.pop();
        self.written(made.ok_or_else(|| Fault::payload("nothing was written"))?)
    }

    fn change(&self) -> Result<Answer, Fault> {
        let Condition { existing, version } = Condition::of(self.ask.headers);
        let mut values = self.values(&self.ask.json()?)?;
        let write = match self.target()? {
            Target::Row(id) => RowWrite::Change { id, values, existing, version },
            Target::Absent(key) if existing == Existing::Must => return Err(self.no_such(&key)),
            Target::Absent(key) => {
                let is_new = |(column, _): &(String, Input)| !values.iter().any(|(own, _)| own == column);
                let of_key: Vec<_> = self.key_values(&key)?.into_iter().filter(is_new).collect();
                values.extend(of_key);
                RowWrite::Create { id: None, values }
            }
        };
        let outcome = self.write_one(write)?;
        self.written(outcome)
    }

    fn delete(&self) -> Result<Answer, Fault> {
        let Condition { version, .. } = Condition::of(self.ask.headers);
        match self.target()? {
            Target::Row(id) => {
                self.write_one(RowWrite::Delete { id, version })?;
                Ok(Answer::empty())
            }
            Target::Absent(key) => Err(self.no_such(&key)),
        }
    }

    /// The row that the first segment names.
    fn target(&self) -> Result<Target, Fault> {
        target::find(self.ask, self.schema, self.name(), &key(&self.ask.path[0].arguments)?)
    }

    /// The id of the row that the first segment names, which must be there.
    fn id(&self) -> Result<Guid, Fault> {
        match self.target()? {
            Target::Row(id) => Ok(id),
            Target::Absent(key) => Err(self.no_such(&key)),
        }
    }

    fn no_such(&self, key: &[(String, String)]) -> Fault {
        let pairs: Vec<_> = key.iter().map(|(column, value)| format!("{column}='{value}'")).collect();
        let message = format!("{} with {} does not exist", self.name(), pairs.join(", "));
        Fault::new(404, ROW_MISSING, message)
    }

    fn write_one(&self, write: RowWrite) -> Result<Outcome, Fault> {
        let mut outcomes = self.write(self.name(), &[write])?;
        outcomes.pop().ok_or_else(|| Fault::payload("nothing was written"))
    }

    fn write(&self, table: &str, writes: &[RowWrite]) -> Result<Vec<Outcome>, Fault> {
        let Ask { workspace, environment, headers, .. } = self.ask;
        let mut author = Author::of(environment);
        if let Some(caller) = headers.get("MSCRMCallerID").and_then(Guid::parse) {
            author.user = caller;
        }
        let solution = headers.get("MSCRM.SolutionUniqueName").or_else(|| headers.get("MSCRM.SolutionName"));
        let by = By { author, solution: solution.filter(|name| !name.is_empty()) };
        Ok(sets::write(workspace, environment, self.schema, table, writes, by)?)
    }

    /// Answers a write of one row: where it is, or the row itself where the client would like that.
    fn written(&self, outcome: Outcome) -> Result<Answer, Fault> {
        let id = outcome.id;
        let url = format!("{}{}({id})", self.ask.root, self.table.entry.set);
        if !self.ask.prefer().representation() {
            return Ok(Answer::empty().entity(&url));
        }
        let status = if outcome.is_new { 201 } else { 200 };
        let answer = self.row(id)?.status(status).entity(&url);
        let is_applied = |(name, _): &(&str, String)| *name == "Preference-Applied";
        match answer.headers.iter().any(is_applied) {
            true => Ok(answer),
            false => Ok(answer.header("Preference-Applied", "return=representation")),
        }
    }

    /// Reads the row as the client would have asked for it.
    fn row(&self, id: Guid) -> Result<Answer, Fault> {
        let is_kept = |(name, _): &&(String, String)| !name.to_ascii_lowercase().starts_with("if-");
        let headers: Vec<_> = self.ask.headers.0.iter().filter(is_kept).cloned().collect();
        let path = strata_odata::path::parse(&format!("{}({id})", self.table.entry.set))?;
        read::answer(&Ask {
            service: self.ask.service,
            workspace: self.ask.workspace,
            environment: self.ask.workspace.environment()?,
            root: self.ask.root,
            verb: Verb::Get,
            path,
            options: self.ask.options.clone(),
            headers: Headers(&headers),
            body: &Body::default(),
            caller: self.ask.caller,
            is_tentative: self.ask.is_tentative,
        })
    }

    /// Reads a body: a row with what is made together with it.
    fn new_row(&self, object: &Map<String, Value>) -> Result<body::NewRow, Fault> {
        body::row(self.ask, self.schema, &self.table, object, 0)
    }

    fn must_be_there(&self, id: Guid) -> Result<(), Fault> {
        let Ask { workspace, environment, .. } = self.ask;
        let reader = Reader { workspace, environment, schema: self.schema };
        match reader.is_there(&reader.row(&self.table, id)?)? {
            true => Ok(()),
            false => Err(Fault::row(&self.table.entry.set, &id.to_string())),
        }
    }

    /// Reads a body: values by column.
    fn values(&self, object: &Map<String, Value>) -> Result<Vec<(String, Input)>, Fault> {
        body::values(self.ask, self.schema, &self.table, object)
    }

    /// The values of a key as those of a new row.
    fn key_values(&self, key: &[(String, String)]) -> Result<Vec<(String, Input)>, Fault> {
        key.iter().map(|(column, text)| body::key_value(&self.table, column, text)).collect()
    }
}
