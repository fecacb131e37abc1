//! From what is asked to edits that the store can make or refuse.

mod state;

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::{Timestamp, Unit};
use serde_json::Value;
use strata_engine::table::Kind;
use strata_model::code::ErrorCode;
use strata_model::environment::Environment;
use strata_model::id::Guid;
use strata_model::plan::{Finding, FindingKind};
use strata_store::{Record, RecordEdit, RecordError, RecordWrite, Reference, Values, Violation, ViolationKind};

use super::table::TableAt;
use super::value::{self, Given, Written};
use super::{Author, RowAction, RowChanges, RowRequest, import};
use crate::error::OWN_RULE;
use crate::{OpsError, Place, Workspace, sets};

/// More problems than this are counted, not listed.
const LISTED_MAX: usize = 20;

/// What a request comes to, before the store has had its say.
pub(super) struct Prepared {
    pub(super) write: RecordWrite,
    pub(super) changes: RowChanges,
    origin: Origin,
}

/// Where the edits come from.
pub(super) struct Origin {
    pub(super) path: Option<PathBuf>,
    /// The line of each edit, and its columns in the order of its fields.
    pub(super) lines: Vec<u32>,
    pub(super) columns: Vec<String>,
}

impl Origin {
    pub(super) fn nowhere() -> Self {
        Self { path: None, lines: Vec::new(), columns: Vec::new() }
    }

    fn place(&self, edit: usize, column: Option<&str>) -> Option<Place> {
        let position = column.and_then(|column| self.columns.iter().position(|own| own == column));
        let column = position.and_then(|position| u32::try_from(position + 1).ok());
        Some(Place { path: self.path.clone()?, line: *self.lines.get(edit)?, column })
    }
}

/// Something that does not fit, and where.
pub(super) struct Problem {
    pub(super) finding: Finding,
    pub(super) place: Option<Place>,
}

impl Problem {
    pub(super) fn new(code: ErrorCode, message: String, place: Option<Place>) -> Self {
        let message = match &place {
            Some(Place { line, column: Some(column), .. }) => format!("line {line}, column {column}: {message}"),
            Some(Place { line, column: None, .. }) => format!("line {line}: {message}"),
            None => message,
        };
        Self { finding: Finding::error(FindingKind::Row, code, OWN_RULE, message), place }
    }

    /// Keeps an error's code and hints.
    pub(super) fn of(error: &OpsError, place: Option<Place>) -> Self {
        let report = error.report();
        let code = ErrorCode::named(&report.name).unwrap_or(ErrorCode::INVALID_VALUE);
        let mut problem = Self::new(code, report.message, place);
        problem.finding.hints = report.hints;
        problem
    }
}

/// Makes one error of all problems: in the order of lines, the first of them listed.
pub(super) fn refuse(mut problems: Vec<Problem>) -> OpsError {
    problems.sort_by_key(|problem| problem.place.as_ref().map(|place| (place.line, place.column)));
    let total = problems.len();
    let place = problems.first().and_then(|problem| problem.place.clone());
    let findings = problems.into_iter().take(LISTED_MAX).map(|problem| problem.finding).collect();
    OpsError::Rows { findings, total, place }
}

impl Prepared {
    /// Says why the store refuses.
    pub(super) fn refusal(&self, error: RecordError) -> OpsError {
        match error {
            RecordError::Refused(violations) => {
                refuse(violations.iter().map(|violation| self.problem(violation)).collect())
            }
            RecordError::Moved { expected: base, revision } => {
                OpsError::Apply(strata_store::ApplyError::StalePlan { base, revision })
            }
            RecordError::Store(error) => error.into(),
        }
    }

    fn problem(&self, violation: &Violation) -> Problem {
        let table = &self.write.table;
        let id = self.write.edits[violation.edit].id();
        let at = |column| self.origin.place(violation.edit, column);
        match &violation.kind {
            ViolationKind::Exists => {
                Problem::new(ErrorCode::ROW_EXISTS, format!("table {table} has a row {id} already"), at(None))
            }
            ViolationKind::Missing => {
                Problem::new(ErrorCode::ROW_NOT_EXIST, format!("table {table} has no row {id}"), at(None))
            }
            ViolationKind::Changed => {
                let message = format!("row {id} of table {table} is being changed by others");
                Problem::new(ErrorCode::CONCURRENCY, message, at(None))
            }
            ViolationKind::Duplicate { columns, id: other } => {
                let message = format!("row {other} of table {table} has the same {}", columns.join(" and "));
                Problem::new(ErrorCode::DUPLICATE_ROW_KEY, message, at(columns.first().map(String::as_str)))
            }
            ViolationKind::NoTarget { column, table: to, id } => {
                let message = format!("column {column} refers to row {id} of table {to}, which is not there");
                Problem::new(ErrorCode::ROW_NOT_EXIST, message, at(Some(column)))
            }
            ViolationKind::Referenced { table: by, id: other } => {
                let message =
                    format!("row {id} of table {table} cannot be deleted: row {other} of table {by} refers to it");
                let mut problem = Problem::new(ErrorCode::ROW_IN_USE, message, at(None));
                problem.finding.rule = "DP15".to_owned();
                problem
                    .finding
                    .hints
                    .push(format!("take the reference away with `strata row update {by} {other} --set COLUMN=`"));
                problem
            }
        }
    }
}

/// Prepares a request; a trial only checks.
pub(super) fn prepare(
    workspace: &Workspace,
    environment: &Environment,
    request: &RowRequest,
    is_trial: bool,
) -> Result<Prepared, OpsError> {
    let name = match request {
        RowRequest::Create { table, .. }
        | RowRequest::Update { table, .. }
        | RowRequest::Delete { table, .. }
        | RowRequest::Import { table, .. } => table,
    };
    let table = TableAt::load(workspace, environment, None, name)?;
    let mut draft = Draft::new(table);
    let (action, origin) = match request {
        RowRequest::Create { values, .. } => {
            draft.create(None, &texts(values), &|_| None)?;
            (RowAction::Create, Origin::nowhere())
        }
        RowRequest::Update { id, values, .. } => {
            let before = draft.table.row(id)?;
            draft.update(before, &texts(values))?;
            (RowAction::Update, Origin::nowhere())
        }
        RowRequest::Delete { id, .. } => {
            draft.delete(id)?;
            (RowAction::Delete, Origin::nowhere())
        }
        RowRequest::Import { path, .. } => (RowAction::Import, import::read(path, &mut draft)?),
    };
    draft.finish(action, origin, is_trial)
}

/// Values as people write them.
pub(super) fn texts(values: &[(String, String)]) -> Vec<(&str, Given<'_>)> {
    values.iter().map(|(column, text)| (column.as_str(), Given::Text(text))).collect()
}

/// Edits of one table as they come together.
pub(super) struct Draft<'w> {
    pub(super) table: TableAt<'w>,
    pub(super) problems: Vec<Problem>,
    edits: Vec<RecordEdit>,
    references: Vec<Reference>,
    rows: Vec<Record>,
    /// How many rows without an id had the same values so far.
    same: BTreeMap<String, u32>,
    pub(super) now: Value,
    /// Whoever the platform's columns say has made or changed a row; `None` leaves them empty.
    pub(super) author: Option<Author>,
    /// Whether the rows of a table that references lead to are rows, by its name.
    kept_as_rows: BTreeMap<String, bool>,
}

impl<'w> Draft<'w> {
    pub(super) fn new(table: TableAt<'w>) -> Self {
        let now = Timestamp::now().round(Unit::Second).unwrap_or_default().to_string().into();
        Self {
            table,
            problems: Vec::new(),
            edits: Vec::new(),
            references: Vec::new(),
            rows: Vec::new(),
            same: BTreeMap::new(),
            now,
            author: None,
            kept_as_rows: BTreeMap::new(),
        }
    }

    /// Adds a row, of that id where one is given; `place` says where a column's value stands.
    pub(super) fn create(
        &mut self,
        id: Option<Guid>,
        values: &[(&str, Given<'_>)],
        place: &dyn Fn(Option<&str>) -> Option<Place>,
    ) -> Result<(), OpsError> {
        let (mut given, _) = self.values(values, place)?;
        let own = given.remove(&self.table.table.primary_id);
        let id = match (id, own) {
            (Some(id), _) => id.to_string(),
            (None, Some(own)) => own.as_str().unwrap_or_default().to_owned(),
            (None, None) => self.minted(&given)?,
        };
        self.default_state(&mut given, None, place);
        for column in ["createdon", "modifiedon"] {
            self.stamp(&mut given, column);
        }
        self.sign(&mut given, true);
        let record = Record::new(id, given);
        self.edits.push(RecordEdit::Insert(record.clone()));
        self.rows.push(record);
        Ok(())
    }

    pub(super) fn update(&mut self, before: Record, values: &[(&str, Given<'_>)]) -> Result<(), OpsError> {
        let nowhere = |_: Option<&str>| None;
        let (mut given, emptied) = self.values(values, &nowhere)?;
        let primary_id = self.table.table.primary_id.clone();
        if given.remove(&primary_id).is_some_and(|given| given.as_str() != Some(&before.id))
            || emptied.contains(&primary_id)
        {
            let message = format!("column {primary_id} is the id of the row, which does not change");
            self.problems.push(Problem::new(ErrorCode::INVALID_VALUE, message, None));
        }
        self.default_state(&mut given, Some(&before.values), &nowhere);
        let mut after = before.values.clone();
        after.extend(given);
        emptied.iter().for_each(|column| drop(after.remove(column)));
        if after != before.values {
            self.stamp(&mut after, "modifiedon");
            self.sign(&mut after, false);
        }
        self.rows.push(Record::new(before.id.clone(), after.clone()));
        self.edits.push(RecordEdit::Replace { id: before.id, before: before.values, after });
        Ok(())
    }

    fn delete(&mut self, id: &str) -> Result<(), OpsError> {
        let row = self.table.row(id)?;
        self.delete_row(row);
        Ok(())
    }

    pub(super) fn delete_row(&mut self, row: Record) {
        self.edits.push(RecordEdit::Delete { id: row.id.clone() });
        self.rows.push(row);
    }

    pub(super) fn finish(self, action: RowAction, origin: Origin, is_trial: bool) -> Result<Prepared, OpsError> {
        if !self.problems.is_empty() {
            return Err(refuse(self.problems));
        }
        let name = self.table.table.name.clone();
        let changes = RowChanges {
            action,
            count: self.edits.len(),
            rows: self.rows.iter().map(|record| self.table.shown(record)).collect(),
            ids: self.rows.iter().map(|record| record.id.clone()).collect(),
            table: name.clone(),
        };
        let indexes = self.table.indexes();
        let write = RecordWrite { table: name, indexes, edits: self.edits, references: self.references, is_trial };
        Ok(Prepared { write, changes, origin })
    }

    /// Reads values; returns those that are there, and the columns that are to hold none.
    fn values(
        &mut self,
        values: &[(&str, Given<'_>)],
        place: &dyn Fn(Option<&str>) -> Option<Place>,
    ) -> Result<(Values, Vec<String>), OpsError> {
        let (mut given, mut emptied) = (Values::new(), Vec::new());
        for (name, value) in values {
            let column = match self.table.column(name) {
                Ok(column) => column,
                Err(error @ OpsError::Request { .. }) => {
                    self.problems.push(Problem::of(&error, place(Some(name))));
                    continue;
                }
                Err(error) => return Err(error),
            };
            let wrong = |message: String| {
                let message = format!("`{}` does not fit column {}: {message}", shortened(&value.shown()), column.name);
                Problem::new(ErrorCode::INVALID_VALUE, message, place(Some(name)))
            };
            if column.is_read_only && self.author.is_some() {
                // A client may send a row back as it read it.
            } else if column.is_read_only {
                let message = format!("column {} is set by the platform", column.name);
                self.problems.push(Problem::new(ErrorCode::INVALID_VALUE, message, place(Some(name))));
            } else if given.contains_key(&column.name) || emptied.contains(&column.name) {
                let message = format!("column {} is given twice", column.name);
                self.problems.push(Problem::new(ErrorCode::INVALID_VALUE, message, place(Some(name))));
            } else if value.is_nothing() {
                emptied.push(column.name);
            } else {
                match value.read(&column).map_err(&wrong) {
                    Ok(Written::Value(value)) => drop(given.insert(column.name, value)),
                    Ok(Written::Reference { tables, id }) => match self.target(&tables, id)? {
                        Ok(table) => {
                            let id = id.to_string();
                            given.insert(column.name.clone(), value::reference(&table, &id));
                            self.refer(column.name, table, id)?;
                        }
                        Err(message) => self.problems.push(wrong(message)),
                    },
                    Err(problem) => self.problems.push(problem),
                }
            }
        }
        Ok((given, emptied))
    }

    /// Wants a row to be there when all edits are made; what is no row of a table is not the store's to look for.
    fn refer(&mut self, column: String, table: String, id: String) -> Result<(), OpsError> {
        let TableAt { workspace, environment, .. } = &self.table;
        let are_rows = match self.kept_as_rows.get(&table) {
            Some(known) => *known,
            None => sets::are_rows(workspace, environment, &table)?,
        };
        self.kept_as_rows.insert(table.clone(), are_rows);
        if are_rows {
            self.references.push(Reference { edit: self.edits.len(), column, table, id });
        }
        Ok(())
    }

    /// Returns the table that a reference means: the only one it may, else the one that has the row.
    fn target(&self, tables: &[String], id: Guid) -> Result<Result<String, String>, OpsError> {
        if let [table] = tables {
            return Ok(Ok(table.clone()));
        }
        let store = self.table.workspace.store();
        for table in tables {
            if store.record_get(&self.table.environment, None, table, &id.to_string())?.is_some() {
                return Ok(Ok(table.clone()));
            }
        }
        Ok(Err(match tables {
            [] => "say which table the row is of, as table(id)".to_owned(),
            tables => format!("none of {} has a row {id}", tables.join(", ")),
        }))
    }

    /// Says who has made or changed a row, as far as the table has columns for it; a row belongs to who made it unless
    /// its values say otherwise.
    fn sign(&self, values: &mut Values, is_new: bool) {
        let Some(author) = &self.author else { return };
        let mut set = |column: &str, value: Value| {
            if self.table.table.columns.contains_key(column) {
                values.insert(column.to_owned(), value);
            }
        };
        let user = value::reference("systemuser", &author.user.to_string());
        set("modifiedby", user.clone());
        if is_new {
            set("createdby", user.clone());
            set("owningbusinessunit", value::reference("businessunit", &author.business_unit.to_string()));
        }
        let is_ownable = self.table.table.columns.contains_key("ownerid");
        if !is_ownable {
            return;
        }
        let owner = values.entry("ownerid".to_owned()).or_insert(user).clone();
        let is_team = owner.as_str().is_some_and(|owner| owner.starts_with("team("));
        let (held, empty) = if is_team { ("owningteam", "owninguser") } else { ("owninguser", "owningteam") };
        values.remove(empty);
        if self.table.table.columns.contains_key(held) {
            values.insert(held.to_owned(), owner);
        }
    }

    /// Mints an id from the environment, the table, the values, and how many rows have them already (D4).
    fn minted(&mut self, values: &Values) -> Result<String, OpsError> {
        let store = self.table.workspace.store();
        // A server takes many rows that say the same: the moment tells them apart without a search.
        let content = match &self.author {
            Some(_) => Timestamp::now().to_string(),
            None => serde_json::to_string(values).unwrap_or_default(),
        };
        let seen = self.same.entry(content.clone()).or_default();
        loop {
            let key = format!("{} {content} {seen}", self.table.table.name);
            let id = Guid::minted(self.table.environment.id, "row", &key).to_string();
            *seen += 1;
            if store.record_get(&self.table.environment, None, &self.table.table.name, &id)?.is_none() {
                return Ok(id);
            }
        }
    }

    fn stamp(&self, values: &mut Values, column: &str) {
        let is_time = |column: &strata_engine::table::Column| matches!(column.kind, Kind::DateTime { .. });
        if self.table.table.columns.get(column).is_some_and(is_time) {
            values.insert(column.to_owned(), self.now.clone());
        }
    }
}

/// Long values are shown by their beginning.
fn shortened(text: &str) -> String {
    const SHOWN_MAX: usize = 40;
    if text.chars().count() <= SHOWN_MAX {
        return text.to_owned();
    }
    text.chars().take(SHOWN_MAX).chain(['…']).collect()
}
