//! Writes of sets: rows of tables are written as they are, everything else is an operation of the lifecycle.
//!
//! A solution that is made, changed or deleted is created, edited or uninstalled; a component is made, edited in its
//! Active layer or deleted. What the lifecycle does not know of a solution or a publisher is kept beside, as values of
//! a row of its table.

mod component;
mod publisher;
mod solution;

use serde_json::Value;
use strata_model::code::ErrorCode;
use strata_model::environment::{Environment, Footprint, Snapshot};
use strata_model::id::Guid;
use strata_store::query::{Field, FieldKind, Filter, Operator, RowQuery};
use strata_store::{Record, Whole};

use super::{Set, relation, seeds, set_of, write_small};
use crate::rows::{self, Author, Existing, Input, Outcome, RowWrite};
use crate::schema::Schema;
use crate::{Applied, OpsError, Request, Workspace, carry_out, silent};

/// Who writes, and in which solution.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    pub author: Author,
    /// Unique name of the unmanaged solution that components join.
    pub solution: Option<&'a str>,
}

/// Tells whether a set can be written at all.
pub fn is_writable(workspace: &Workspace, environment: &Environment, table: &str) -> Result<bool, OpsError> {
    Ok(match set_of(workspace, environment, table)? {
        None | Some(Set::Seeds | Set::Components(_)) => true,
        Some(Set::Small(..)) => matches!(table, "solution" | "publisher"),
        Some(Set::Members | Set::Jobs(_) | Set::Dependencies | Set::Virtual(_)) => false,
    })
}

/// Makes writes of a set: all of them or none.
pub fn write(
    workspace: &Workspace,
    environment: &Environment,
    schema: &Schema,
    table: &str,
    writes: &[RowWrite],
    by: By<'_>,
) -> Result<Vec<Outcome>, OpsError> {
    let set = match set_of(workspace, environment, table)? {
        None => return rows::write(workspace, environment, table, writes, by.author),
        Some(Set::Seeds) => {
            seeds::plant(workspace, environment)?;
            return rows::write(workspace, environment, table, writes, by.author);
        }
        Some(set) => set,
    };
    let whole = match writes {
        [_] => None,
        _ => Some(Whole::begin(workspace.store())?),
    };
    let mut outcomes = Vec::new();
    for write in writes {
        // The write before was an operation.
        let environment = workspace.environment_named(&environment.name)?;
        let writer = Writer { workspace, environment: &environment, schema, table, by };
        outcomes.push(match &set {
            Set::Small(..) if table == "solution" => writer.solution(write)?,
            Set::Small(..) if table == "publisher" => writer.publisher(write)?,
            Set::Components(component_type) => writer.component(component_type, write)?,
            Set::Small(..) | Set::Members | Set::Jobs(_) | Set::Dependencies | Set::Virtual(_) | Set::Seeds => {
                let message = format!("rows of {table} come from elsewhere and cannot be written");
                return Err(OpsError::request(ErrorCode::UNSUPPORTED, message));
            }
        });
    }
    if let Some(whole) = whole {
        whole.keep()?;
    }
    Ok(outcomes)
}

/// One write of what is no row.
struct Writer<'a> {
    workspace: &'a Workspace,
    environment: &'a Environment,
    schema: &'a Schema,
    table: &'a str,
    by: By<'a>,
}

impl Writer<'_> {
    fn run(&self, request: &Request) -> Result<Applied, OpsError> {
        carry_out(self.workspace, self.environment, request, &silent)
    }

    fn headers(&self) -> Result<Snapshot, OpsError> {
        Ok(self.workspace.store().snapshot(self.environment, None, &Footprint::default())?)
    }

    /// Returns the row that the set shows for an id.
    fn shown(&self, id: Guid) -> Result<Option<Record>, OpsError> {
        let from = relation(self.workspace, self.environment, self.schema, self.table, &[])?;
        let primary_id = self.schema.table(self.workspace, self.table)?.primary_id.clone();
        let field = Field { source: 0, column: primary_id, kind: FieldKind::Id };
        let filter = Filter::Compare { field, operator: Operator::Eq, value: id.to_string().into() };
        let query = RowQuery { filter: Some(filter), limit: Some(1), ..RowQuery::all(from) };
        let page = self.workspace.store().query(self.environment, None, &query)?;
        Ok(page.rows.into_iter().next())
    }

    /// Refuses a write whose row is not as it says; returns whether it is there.
    fn meets(&self, id: Guid, existing: Existing, version: Option<i64>) -> Result<bool, OpsError> {
        let shown = self.shown(id)?;
        match (&shown, existing) {
            (Some(_), Existing::MustNot) => return Err(rows::taken()),
            (None, Existing::Must) => return Err(rows::missing_row(self.table, id)),
            (None, _) if version.is_some() => return Err(rows::missing_row(self.table, id)),
            (Some(_) | None, _) => {}
        }
        if let Some(shown) = &shown {
            rows::refuse_other(shown, version)?;
        }
        Ok(shown.is_some())
    }

    /// Keeps what the lifecycle does not know; a trial only looks whether it can be kept.
    fn keep_beside(&self, id: Guid, values: &[(String, Input)], is_trial: bool) -> Result<(), OpsError> {
        if values.is_empty() {
            return Ok(());
        }
        let environment = self.workspace.environment_named(&self.environment.name)?;
        let write = RowWrite::Change { id, values: values.to_vec(), existing: Existing::May, version: None };
        rows::try_write(self.workspace, &environment, self.table, &[write], self.by.author, is_trial)?;
        Ok(())
    }

    fn forget_beside(&self, id: Guid) -> Result<(), OpsError> {
        let environment = self.workspace.environment_named(&self.environment.name)?;
        let kept = self.workspace.store().record_get(&environment, None, self.table, &id.to_string())?;
        if kept.is_some() {
            let write = RowWrite::Delete { id, version: None };
            rows::write(self.workspace, &environment, self.table, &[write], self.by.author)?;
        }
        Ok(())
    }

    /// Shows what was kept beside.
    fn show_anew(&self) -> Result<(), OpsError> {
        let environment = self.workspace.environment_named(&self.environment.name)?;
        match set_of(self.workspace, &environment, self.table)? {
            Some(Set::Small(rows, columns)) => write_small(self.workspace, &environment, self.table, rows, columns),
            Some(_) | None => Ok(()),
        }
    }

    /// The id that a body gives its row.
    fn own_id(&self, given: Option<Guid>, values: &Values<'_>) -> Result<Option<Guid>, OpsError> {
        let primary_id = self.schema.table(self.workspace, self.table)?.primary_id.clone();
        let Some(text) = values.text(&primary_id)? else { return Ok(given) };
        let id = Guid::parse(&text).ok_or_else(|| unfit(&primary_id, "an id is expected"))?;
        match given {
            Some(given) if given != id => Err(unfit(&primary_id, "it is the id of the row, which does not change")),
            Some(_) | None => Ok(Some(id)),
        }
    }
}

/// The values of a write, by column.
#[derive(Clone, Copy)]
struct Values<'a>(&'a [(String, Input)]);

impl<'a> Values<'a> {
    fn get(&self, column: &str) -> Option<&'a Input> {
        self.0.iter().find(|(own, _)| own.eq_ignore_ascii_case(column)).map(|(_, input)| input)
    }

    /// Returns a text; null and nothing are none.
    fn text(&self, column: &str) -> Result<Option<String>, OpsError> {
        match self.get(column) {
            None | Some(Input::Value(Value::Null)) => Ok(None),
            Some(Input::Value(Value::String(text))) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            Some(Input::Value(_)) => Err(unfit(column, "a text is expected")),
            Some(Input::Row { .. }) => Err(unfit(column, "it is no lookup")),
        }
    }

    fn needed(&self, column: &str) -> Result<String, OpsError> {
        self.text(column)?.ok_or_else(|| unfit(column, "a value is needed"))
    }

    fn number(&self, column: &str) -> Result<Option<i64>, OpsError> {
        match self.get(column) {
            None | Some(Input::Value(Value::Null)) => Ok(None),
            Some(Input::Value(Value::Number(number))) if number.is_i64() => Ok(number.as_i64()),
            Some(_) => Err(unfit(column, "a whole number is expected")),
        }
    }

    fn row(&self, column: &str) -> Result<Option<Guid>, OpsError> {
        match self.get(column) {
            None | Some(Input::Value(Value::Null)) => Ok(None),
            Some(Input::Row { id, .. }) => Ok(Some(*id)),
            Some(Input::Value(_)) => Err(unfit(column, "a lookup is set by its navigation property, with @odata.bind")),
        }
    }

    /// The values of other columns than these.
    fn others(&self, columns: &[&str]) -> Vec<(String, Input)> {
        let is_other = |(own, _): &&(String, Input)| !columns.iter().any(|column| own.eq_ignore_ascii_case(column));
        self.0.iter().filter(is_other).cloned().collect()
    }
}

fn unfit(column: &str, message: &str) -> OpsError {
    OpsError::request(ErrorCode::INVALID_VALUE, format!("column {column}: {message}"))
}
