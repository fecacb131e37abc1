//! A table of an environment at one moment, with its rows.

use std::collections::BTreeSet;

use serde_json::Value;
use strata_engine::catalogue;
use strata_engine::table::{Column, Definitions, Kind, Table};
use strata_model::code::ErrorCode;
use strata_model::component::ComponentType;
use strata_model::environment::{Environment, Footprint};
use strata_model::id::{Guid, Operation};
use strata_model::rules::Rules;
use strata_odata::expression::{Expression, Literal, Operator, Path};
use strata_store::query::{Field, FieldKind, Filter, Sort};
use strata_store::{Record, RecordIndex, StoreBodies};

use super::Row;
use crate::names::did_you_mean;
use crate::query::compare;
use crate::schema::read;
use crate::{OpsError, Workspace, system_rows};

/// A table at a moment.
pub(crate) struct TableAt<'w> {
    pub(crate) workspace: &'w Workspace,
    pub(crate) environment: Environment,
    pub(crate) at: Option<Operation>,
    pub(crate) table: Table,
    /// Whether relationships have been asked for what lookups refer to.
    knows_targets: bool,
}

impl<'w> TableAt<'w> {
    /// Looks a table up by its logical or schema name.
    pub(crate) fn load(
        workspace: &'w Workspace,
        environment: &Environment,
        at: Option<Operation>,
        name: &str,
    ) -> Result<Self, OpsError> {
        let found = read::table(workspace, environment, at, name)?;
        let table = found.map(|definition| definition.table);
        let table = table.map_or_else(|| Err(unknown_table(workspace, environment, at, name)?), Ok)?;
        Ok(Self { workspace, environment: environment.clone(), at, table, knows_targets: false })
    }

    /// Returns a column, lookups with the tables they refer to.
    pub(crate) fn column(&mut self, name: &str) -> Result<Column, OpsError> {
        let folded = name.trim().to_lowercase();
        let is_unknown_lookup =
            |column: &Column| matches!(&column.kind, Kind::Lookup { targets } if targets.is_empty());
        if self.table.columns.get(&folded).is_some_and(is_unknown_lookup) && !self.knows_targets {
            self.look_targets_up()?;
        }
        if let Some(column) = self.table.columns.get(&folded) {
            return Ok(column.clone());
        }
        let is_plain = !folded.is_empty() && folded.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if self.table.is_open && is_plain {
            return Ok(Column { name: folded, kind: Kind::Text { length_max: None }, is_read_only: false });
        }
        let message = format!("table {} has no column `{}`", self.table.name, name.trim());
        let error = OpsError::request(ErrorCode::UNKNOWN_COLUMN, message);
        Err(match did_you_mean(name.trim(), self.table.columns.keys().map(String::as_str)) {
            Some(guess) => error.hint(guess),
            None => {
                error.hint(format!("it has {}; `strata component list --type attribute --all` lists all", self.own()))
            }
        })
    }

    /// Names the columns that somebody gave the table.
    fn own(&self) -> String {
        let own = self.table.columns.keys().filter(|name| name.contains('_')).map(String::as_str);
        let own: Vec<_> = own.take(6).collect();
        if own.is_empty() { self.table.primary_id.clone() } else { own.join(", ") }
    }

    fn look_targets_up(&mut self) -> Result<(), OpsError> {
        let store = self.workspace.store();
        let relationships =
            store.component_names(&self.environment, self.at, &ComponentType::named("entityrelationship"))?;
        let keys = relationships.into_iter().map(|named| named.key).collect();
        let seen = store.snapshot(&self.environment, self.at, &Footprint { keys, ..Footprint::default() })?;
        let bodies = StoreBodies::new(store);
        let definitions = Definitions { snapshot: &seen, rules: &Rules::OURS, bodies: &bodies };
        for (column, found) in definitions.targets(&self.table.name) {
            let column = self.table.columns.get_mut(&column).map(|column| &mut column.kind);
            if let Some(Kind::Lookup { targets }) =
                column.filter(|kind| matches!(kind, Kind::Lookup { targets } if targets.is_empty()))
            {
                *targets = found;
            }
        }
        self.knows_targets = true;
        bodies.take_error().map_or(Ok(()), |error| Err(error.into()))
    }

    /// Returns the indexes that the table's rows have: primary name, when they were made and changed, alternate keys,
    /// lookups.
    pub(crate) fn indexes(&self) -> Vec<RecordIndex> {
        let own = system_rows::indexes(&self.table.name);
        if !own.is_empty() {
            return own;
        }
        let is_lookup = |column: &&Column| matches!(column.kind, Kind::Lookup { .. });
        let lookups = self.table.columns.values().filter(is_lookup).map(|column| RecordIndex::found(&column.name));
        let times = ["createdon", "modifiedon"].into_iter().filter(|time| self.table.columns.contains_key(*time));
        let sorted = self.table.primary_name.iter().map(String::as_str).chain(times);
        let single = sorted.map(RecordIndex::sorted).chain(lookups);
        let keys = self.table.keys.iter().map(|key| RecordIndex::unique(key.columns.clone()));
        // A key of one column finds its rows as well as an index of that column does.
        let keys: Vec<_> = keys.collect::<BTreeSet<_>>().into_iter().collect();
        let is_key = |index: &RecordIndex| keys.iter().any(|key| key.columns == index.columns);
        let single: BTreeSet<_> = single.filter(|index| !is_key(index)).collect();
        single.into_iter().chain(keys.iter().cloned()).collect()
    }

    /// Returns the row of an id.
    pub(crate) fn row(&self, id: &str) -> Result<Record, OpsError> {
        let Some(guid) = Guid::parse(id.trim()) else {
            let message = format!("`{id}` is no id of a row: a GUID is expected");
            return Err(OpsError::request(ErrorCode::ROW_NOT_EXIST, message)
                .hint(format!("see them with `strata row list {}`", self.table.name)));
        };
        let id = guid.to_string();
        let found = self.workspace.store().record_get(&self.environment, self.at, &self.table.name, &id)?;
        found.ok_or_else(|| {
            let message = format!("table {} has no row {id}", self.table.name);
            OpsError::request(ErrorCode::ROW_NOT_EXIST, message)
                .hint(format!("see them with `strata row list {}`", self.table.name))
        })
    }

    /// Returns a row as answers show it.
    pub(crate) fn shown(&self, record: &Record) -> Row {
        let id = (self.table.primary_id.clone(), Value::String(record.id.clone()));
        let values = record.values.iter().map(|(column, value)| (column.clone(), value.clone()));
        [id].into_iter().chain(values).collect()
    }

    /// Gives a filter's columns their types.
    pub(crate) fn filter(&mut self, expression: &Expression) -> Result<Filter, OpsError> {
        Ok(match expression {
            Expression::And(parts) => Filter::And(self.filters(parts)?),
            Expression::Or(parts) => Filter::Or(self.filters(parts)?),
            Expression::Not(inner) => Filter::Not(Box::new(self.filter(inner)?)),
            Expression::Text { function, path, text } => {
                let column = self.own_column(path)?;
                if !matches!(column.kind, Kind::Text { .. }) {
                    let message = format!("column {} holds no texts to look into", column.name);
                    return Err(OpsError::request(ErrorCode::INVALID_FILTER, message));
                }
                Filter::Text { field: self.field(&column), test: compare::text_test(*function), text: text.clone() }
            }
            Expression::Compare { path, operator, literal } => {
                let column = self.own_column(path)?;
                self.comparison(&column, *operator, literal)?
            }
            Expression::In { path, literals } => {
                let column = self.own_column(path)?;
                let is_one = |literal| self.comparison(&column, Operator::Eq, literal);
                Filter::Or(literals.iter().map(is_one).collect::<Result<_, _>>()?)
            }
            Expression::Call { name, .. } => return Err(not_here(&format!("the function {name}"))),
            Expression::Related { path, .. } => return Err(not_here(&format!("looking at the rows of {path}"))),
        })
    }

    fn filters(&mut self, parts: &[Expression]) -> Result<Vec<Filter>, OpsError> {
        parts.iter().map(|part| self.filter(part)).collect()
    }

    fn own_column(&mut self, path: &Path) -> Result<Column, OpsError> {
        match path.column() {
            Some(column) => self.column(column),
            None => Err(not_here(&format!("following {path} to another table"))),
        }
    }

    /// A column as queries name it.
    fn field(&self, column: &Column) -> Field {
        let is_id = column.name == self.table.primary_id;
        let kind = if is_id { FieldKind::Id } else { compare::field_kind(&column.kind) };
        Field { source: 0, column: column.name.clone(), kind }
    }

    /// The order of rows that nobody asks for in another: by id.
    pub(crate) fn by_id(&self) -> Sort {
        let field = Field { source: 0, column: self.table.primary_id.clone(), kind: FieldKind::Id };
        Sort { field, is_descending: false }
    }

    fn comparison(&self, column: &Column, operator: Operator, literal: &Literal) -> Result<Filter, OpsError> {
        let invalid = |message: String| {
            let message = format!("column {} cannot be compared so: {message}", column.name);
            OpsError::request(ErrorCode::INVALID_FILTER, message)
        };
        let field = self.field(column);
        match literal {
            Literal::Null if operator == Operator::Eq => Ok(Filter::IsNull(field)),
            Literal::Null => Ok(Filter::Not(Box::new(Filter::IsNull(field)))),
            Literal::Alias(name) => Err(invalid(format!("nothing says what @{name} is"))),
            Literal::Quoted(text) | Literal::Bare(text) => {
                compare::comparison(field, &column.kind, compare::operator(operator), text).map_err(invalid)
            }
        }
    }
}

/// What the grammar knows and filters of rows do not do.
fn not_here(what: &str) -> OpsError {
    OpsError::request(ErrorCode::INVALID_FILTER, format!("a filter of rows cannot do this: {what}"))
        .hint("compare columns of the table itself, as in `contoso_name eq 'Ada' and contoso_total gt 5`")
}

/// Says that an environment has no such table.
pub(crate) fn unknown_table(
    workspace: &Workspace,
    environment: &Environment,
    at: Option<Operation>,
    name: &str,
) -> Result<OpsError, OpsError> {
    let known = workspace.store().component_names(environment, at, &ComponentType::named("entity"))?;
    let mut names: Vec<&str> = catalogue::table_names().collect();
    names.extend(known.iter().map(|named| named.key.as_str()));
    let error = OpsError::request(
        ErrorCode::COMPONENT_NOT_EXIST,
        format!("environment {} has no table `{}`", environment.name, name.trim()),
    );
    Ok(match did_you_mean(name.trim(), names) {
        Some(guess) => error.hint(guess),
        None => error.hint("see the tables with `strata component list --type entity --all`"),
    })
}
