//! Finds the one row of a set that bears values, as alternate keys do.

use serde_json::Value;
use strata_engine::table::Kind;
use strata_model::code::ErrorCode;
use strata_model::environment::Environment;
use strata_model::id::Guid;
use strata_store::query::{Field, FieldKind, Filter, Operator, RowQuery};

use super::relation;
use crate::rows::{Written, read_text, reference};
use crate::schema::{Column, Schema};
use crate::{OpsError, Workspace};

/// Columns that name a row of a set which has no key of its own for them.
const NAMES: [&str; 3] = ["uniquename", "schemaname", "connectionreferencelogicalname"];

/// Returns the id of the row that holds these values, and what else the values are as inputs of a write.
///
/// The columns must be those of an alternate key, the id, or a name that the platform keeps unique.
pub fn find_by_key(
    workspace: &Workspace,
    environment: &Environment,
    schema: &Schema,
    table: &str,
    pairs: &[(String, String)],
) -> Result<Option<Guid>, OpsError> {
    let known = schema.table(workspace, table)?;
    let columns: Vec<_> = pairs.iter().map(|(column, _)| bare(column)).collect();
    let is_key = known
        .keys
        .iter()
        .any(|key| key.columns.len() == columns.len() && columns.iter().all(|column| key.columns.contains(column)));
    let is_named = matches!(columns.as_slice(), [only] if NAMES.contains(&only.as_str()) || *only == known.primary_id);
    if !is_key && !is_named {
        let message = format!("table {table} has no key of {}", columns.join(", "));
        return Err(OpsError::request(ErrorCode::INVALID_FILTER, message));
    }
    if let ([only], Some((_, text))) = (columns.as_slice(), pairs.first())
        && *only == known.primary_id
    {
        return Ok(Guid::parse(text));
    }
    let mut conditions = Vec::new();
    let mut wanted = Vec::new();
    for ((_, text), column) in pairs.iter().zip(&columns) {
        let column = known.columns.get(column).ok_or_else(|| unknown(table, column))?;
        let Some((kind, value)) = value(column, text) else { return Ok(None) };
        wanted.push((column.name.clone(), value.clone()));
        let field = Field { source: 0, column: column.name.clone(), kind };
        conditions.push(Filter::Compare { field, operator: Operator::Eq, value });
    }
    let from = relation(workspace, environment, schema, table, &wanted)?;
    let query = RowQuery { filter: Some(Filter::And(conditions)), limit: Some(1), ..RowQuery::all(from) };
    let page = workspace.store().query(environment, None, &query)?;
    Ok(page.rows.first().and_then(|row| Guid::parse(&row.id)))
}

/// `_x_value` is the lookup x.
fn bare(column: &str) -> String {
    let folded = column.to_lowercase();
    let lookup = folded.strip_prefix('_').and_then(|rest| rest.strip_suffix("_value"));
    lookup.map_or(folded.clone(), str::to_owned)
}

fn unknown(table: &str, column: &str) -> OpsError {
    OpsError::request(ErrorCode::UNKNOWN_COLUMN, format!("table {table} has no column `{column}`"))
}

/// The value of a key as documents keep it; what no row can hold is none.
fn value(column: &Column, text: &str) -> Option<(FieldKind, Value)> {
    let kind = match &column.kind {
        Kind::Text { .. } | Kind::Id => FieldKind::Text,
        Kind::Integer { .. } | Kind::Decimal { .. } | Kind::Choice { .. } => FieldKind::Number,
        Kind::Boolean => FieldKind::Boolean,
        Kind::DateTime { .. } => FieldKind::Time,
        Kind::Lookup { .. } => FieldKind::Reference,
        Kind::Choices { .. } | Kind::Unsupported(_) => return None,
    };
    let own =
        strata_engine::table::Column { name: column.name.clone(), kind: column.kind.clone(), is_read_only: false };
    match read_text(&own, text).ok()? {
        Written::Value(value) => Some((kind, value)),
        Written::Reference { tables, id } => match tables.as_slice() {
            [only] => Some((kind, reference(only, &id.to_string()))),
            _ => None,
        },
    }
}
