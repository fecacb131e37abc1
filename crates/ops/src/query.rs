//! What clients ask of rows, as questions that the store answers (web-api §4).
//!
//! Options of a URL and FetchXML both become the store's own queries here: names become columns, literals become values
//! of their columns' types, navigations become relations that stand beside. Rows stay where they are until the store
//! hands them on.
//!
//! Not here: how rows are written into an answer.

pub(crate) mod compare;
mod dates;
pub mod expression;
pub mod fetch;
mod figures;
mod filter;
mod fiscal;
mod hierarchy;
mod inside;
pub mod related;
mod sql;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
pub use strata_engine::table::Kind;
use strata_model::code::ErrorCode;
use strata_model::environment::Environment;
use strata_model::id::Guid;
use strata_odata::expression::Path;
use strata_odata::query::Query;
use strata_store::StoreError;
pub use strata_store::query::Found;
use strata_store::query::{Field, FieldKind, Filter, Join, Operator, Relation, RowQuery, Sort, Source};

use crate::schema::{Column, Schema, Table};
use crate::{OpsError, Workspace, sets};
pub use figures::{Answered, FigureColumn};

/// Why a question is not answered.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// It asks for what is not there, or in a way that cannot be.
    #[error("{0}")]
    Wrong(String),
    /// The platform answers it and this product does not.
    #[error("{0} is not supported")]
    NotBuilt(String),
    #[error(transparent)]
    Ops(#[from] OpsError),
}

impl From<QueryError> for OpsError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Ops(error) => error,
            other @ (QueryError::Wrong(_) | QueryError::NotBuilt(_)) => {
                Self::request(ErrorCode::INVALID_FILTER, other.to_string())
            }
        }
    }
}

impl From<StoreError> for QueryError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NoPlace => Self::Wrong("the $skiptoken is none that this query has given".to_owned()),
            error if error.is_too_large() => Self::Wrong("the query is nested too deeply to be answered".to_owned()),
            other => Self::Ops(other.into()),
        }
    }
}

fn wrong(message: impl Into<String>) -> QueryError {
    QueryError::Wrong(message.into())
}

/// Who asks, and what is known of the environment.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    pub workspace: &'a Workspace,
    pub environment: &'a Environment,
    pub schema: &'a Schema,
}

/// Rows of a table that are asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    pub table: Arc<Table>,
    pub(crate) rows: RowQuery,
}

impl Asked {
    /// Asks for one page of so many rows, behind a place if one is given.
    #[must_use]
    pub fn page(mut self, limit: u64, after: Option<&str>) -> Self {
        self.rows.limit = Some(limit);
        self.rows.after = after.map(str::to_owned);
        self
    }
}

impl<'a> Reader<'a> {
    /// Asks for the rows of a table that a query wants, but for its page.
    pub fn rows(&self, table: &Arc<Table>, query: &Query) -> Result<Asked, QueryError> {
        self.rows_where(table, query, None)
    }

    /// Asks for the rows of a table that a query wants and that a condition lets through.
    pub(crate) fn rows_where(
        &self,
        table: &Arc<Table>,
        query: &Query,
        condition: Option<Filter>,
    ) -> Result<Asked, QueryError> {
        let mut draft = Draft::new(*self, &query.aliases, table);
        let filter = query.filter.as_ref().map(|filter| draft.filter(&draft.root(), filter)).transpose()?;
        let order = query.order.iter().map(|order| {
            Ok(Sort { field: draft.path(&draft.root(), &order.path)?.0, is_descending: order.is_descending })
        });
        let order = order.collect::<Result<Vec<_>, QueryError>>()?;
        let filter = match (condition, filter) {
            (Some(condition), Some(filter)) => Some(Filter::And(vec![condition, filter])),
            (condition, filter) => condition.or(filter),
        };
        let from = self.relation(table, filter.as_ref())?;
        let rows = RowQuery { joins: draft.joins, filter, order, ..RowQuery::all(from) };
        Ok(Asked { table: Arc::clone(table), rows })
    }

    /// Asks for the row of an id.
    pub fn row(&self, table: &Arc<Table>, id: Guid) -> Result<Asked, QueryError> {
        let field = Field { source: 0, column: table.primary_id.clone(), kind: FieldKind::Id };
        let filter = Filter::Compare { field, operator: Operator::Eq, value: id.to_string().into() };
        let from = self.relation(table, Some(&filter))?;
        Ok(Asked { table: Arc::clone(table), rows: RowQuery { filter: Some(filter), ..RowQuery::all(from) } })
    }

    /// Asks for the same with what is not published yet; `None` where a table holds no components.
    pub fn unpublished(&self, asked: Asked) -> Result<Option<Asked>, QueryError> {
        let Asked { table, rows } = asked;
        let from = sets::unpublished(self.workspace, self.environment, self.schema, &table.entry.name)?;
        Ok(from.map(|from| Asked { table, rows: RowQuery { from, ..rows } }))
    }

    /// Asks for the row that holds these values, two of them at most.
    pub fn row_by_key(&self, table: &Arc<Table>, key: &[(String, String)]) -> Result<Asked, QueryError> {
        let aliases = BTreeMap::new();
        let draft = Draft::new(*self, &aliases, table);
        let conditions = key.iter().map(|(name, text)| {
            let (field, kind) = draft.column(&draft.root(), name)?;
            compare::comparison(field, &kind, Operator::Eq, text)
                .map_err(|message| wrong(format!("The key value of {name} does not fit: {message}")))
        });
        let filter = Filter::And(conditions.collect::<Result<_, _>>()?);
        let from = self.relation(table, Some(&filter))?;
        let rows = RowQuery { filter: Some(filter), limit: Some(2), ..RowQuery::all(from) };
        Ok(Asked { table: Arc::clone(table), rows })
    }

    /// Hands the rows on; returns where the next ones begin. Nothing may be asked of the store meanwhile.
    pub fn each(
        &self,
        asked: &Asked,
        each: &mut dyn FnMut(Found<'_>) -> Result<(), StoreError>,
    ) -> Result<Option<String>, QueryError> {
        Ok(self.workspace.store().query_each(self.environment, None, &asked.rows, each)?)
    }

    /// Counts the rows, up to a number.
    pub fn count(&self, asked: &Asked, max: u64) -> Result<u64, QueryError> {
        Ok(self.workspace.store().query_count(self.environment, None, &asked.rows, Some(max))?)
    }

    /// Returns the primary names of rows of a table, by id.
    pub fn names(&self, table: &str, ids: &[String]) -> Result<BTreeMap<String, String>, QueryError> {
        let mut names = BTreeMap::new();
        let Ok(table) = self.schema.table(self.workspace, table) else { return Ok(names) };
        let Some(column) = &table.primary_name else { return Ok(names) };
        let mut asked = RowQuery::all(self.relation(&table, None)?);
        let field = Field { source: 0, column: table.primary_id.clone(), kind: FieldKind::Id };
        asked.filter = Some(Filter::In { field, values: ids.iter().map(|id| Value::from(id.as_str())).collect() });
        self.workspace.store().query_each(self.environment, None, &asked, &mut |found| {
            let mut values: strata_store::Values = serde_json::from_str(found.json)?;
            if let Some(Value::String(name)) = values.remove(column) {
                names.insert(found.id.to_owned(), name);
            }
            Ok(())
        })?;
        Ok(names)
    }

    /// Returns the table of a logical name.
    pub fn table(&self, name: &str) -> Result<Arc<Table>, QueryError> {
        Ok(self.schema.table(self.workspace, name)?)
    }

    fn relation(&self, table: &Table, filter: Option<&Filter>) -> Result<Relation, QueryError> {
        if self.schema.has_plain_rows(self.workspace, &table.entry.name)? {
            return Ok(Relation::Records(table.entry.name.clone()));
        }
        let wanted = filter.map(compare::required).unwrap_or_default();
        Ok(sets::relation(self.workspace, self.environment, self.schema, &table.entry.name, &wanted)?)
    }
}

/// So many are followed at all: SQLite joins 64 tables.
const JOINS_MAX: usize = 50;

/// So many lookups are followed one after the other.
const HOPS_MAX: usize = 5;

/// A relation whose columns are meant.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    pub(crate) source: Source,
    pub(crate) table: Arc<Table>,
}

/// A question as it comes together.
pub(crate) struct Draft<'a> {
    pub(crate) reader: Reader<'a>,
    aliases: &'a BTreeMap<String, String>,
    root: Arc<Table>,
    pub(crate) joins: Vec<Join>,
    /// The sources of joins by the path that leads there, with their tables.
    joined: BTreeMap<String, Scope>,
    sources: Source,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(reader: Reader<'a>, aliases: &'a BTreeMap<String, String>, table: &Arc<Table>) -> Self {
        let root = Arc::clone(table);
        Self { reader, aliases, root, joins: Vec::new(), joined: BTreeMap::new(), sources: 0 }
    }

    pub(crate) fn root(&self) -> Scope {
        Scope { source: 0, table: Arc::clone(&self.root) }
    }

    pub(crate) fn next_source(&mut self) -> Source {
        self.sources += 1;
        self.sources
    }

    /// Finds a column of a scope: by its name, or as `_name_value`.
    pub(crate) fn column(&self, scope: &Scope, name: &str) -> Result<(Field, Kind), QueryError> {
        column_of(&scope.table, name).map(|(column, kind)| {
            let is_id = column == scope.table.primary_id;
            let field_kind = match column.as_str() {
                _ if is_id => FieldKind::Id,
                "versionnumber" => FieldKind::Version,
                _ => compare::field_kind(&kind),
            };
            let kind = if is_id { Kind::Id } else { kind };
            (Field { source: scope.source, column, kind: field_kind }, kind)
        })
    }

    /// Finds a column that a path leads to: of the scope itself, or of rows that lookups name.
    pub(crate) fn path(&mut self, scope: &Scope, path: &Path) -> Result<(Field, Kind), QueryError> {
        match path.0.as_slice() {
            [column] => self.column(scope, column),
            [navigations @ .., column] if scope.source == 0 && navigations.len() <= HOPS_MAX => {
                let scope = self.beyond(navigations)?;
                self.column(&scope, column)
            }
            _ => Err(wrong(format!("`{path}` leads further than can be followed here"))),
        }
    }

    /// The scope that navigations lead to from the first table, one after the other.
    pub(crate) fn beyond(&mut self, navigations: &[String]) -> Result<Scope, QueryError> {
        let mut scope = self.root();
        for hops in 1..=navigations.len() {
            scope = self.along(&scope, &navigations[hops - 1], navigations[..hops].join("/"))?;
        }
        Ok(scope)
    }

    /// Lets the rows that a lookup names stand beside; `path` is all that leads there.
    fn along(&mut self, scope: &Scope, navigation: &str, path: String) -> Result<Scope, QueryError> {
        if let Some(known) = self.joined.get(&path) {
            return Ok(known.clone());
        }
        if self.joins.len() >= JOINS_MAX {
            return Err(wrong(format!("no more than {JOINS_MAX} lookups are followed")));
        }
        let (column, target) = lookup(&scope.table, navigation)?;
        let table = self.reader.table(&target)?;
        let there = Scope { source: self.next_source(), table };
        self.joins.push(Join {
            source: there.source,
            relation: self.reader.relation(&there.table, None)?,
            left: Field { source: scope.source, column, kind: FieldKind::Reference },
            right: Field { source: there.source, column: there.table.primary_id.clone(), kind: FieldKind::Id },
            is_outer: true,
            filter: None,
        });
        self.joined.insert(path, there.clone());
        Ok(there)
    }

    /// Returns the text of an alias.
    pub(crate) fn alias(&self, name: &str) -> Result<&'a str, QueryError> {
        let text = self.aliases.get(name).map(String::as_str);
        text.ok_or_else(|| wrong(format!("nothing says what @{name} is")))
    }
}

/// Finds the lookup of a navigation property, with the table it leads to.
pub(crate) fn lookup(table: &Table, navigation: &str) -> Result<(String, String), QueryError> {
    let found = table.navigation(navigation);
    found
        .map(|(column, navigation)| (column.name.clone(), navigation.target.clone()))
        .ok_or_else(|| unknown_property(table, navigation))
}

/// Finds a column by its name, or as `_name_value`; an open table has any text column.
pub fn column_of(table: &Table, name: &str) -> Result<(String, Kind), QueryError> {
    let folded = name.to_lowercase();
    if let Some(column) = table.columns.get(&folded) {
        return Ok((folded, column.kind.clone()));
    }
    let inner = folded.strip_prefix('_').and_then(|rest| rest.strip_suffix("_value"));
    if let Some(column) = inner.and_then(|inner| table.columns.get(inner)).filter(|column| is_lookup(column)) {
        return Ok((column.name.clone(), column.kind.clone()));
    }
    if folded == "versionnumber" {
        return Ok((folded, Kind::Integer { min: i64::MIN, max: i64::MAX }));
    }
    let is_plain = !folded.is_empty() && folded.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if table.is_open && is_plain {
        return Ok((folded, Kind::Text { length_max: None }));
    }
    Err(unknown_property(table, name))
}

fn is_lookup(column: &Column) -> bool {
    matches!(column.kind, Kind::Lookup { .. })
}

/// What is said of a property that a table does not have.
pub fn unknown_property(table: &Table, name: &str) -> QueryError {
    wrong(format!("Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{}'.", table.entry.name))
}
