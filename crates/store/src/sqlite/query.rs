//! Answers questions about rows with one statement each, whose rows are handed on as they come.
//!
//! `query_plan` chooses what the statement walks along, so that a page costs what its rows cost, and `query_sql` writes
//! it. Here it is run.

use rusqlite::types::{Value as SqlValue, ValueRef};
use rusqlite::{Connection, Row, params, params_from_iter};
use serde_json::Value;
use strata_model::environment::Environment;
use strata_model::id::Operation;

use super::query_place::Place;
use super::query_sql::{Statement, Wanted};
use super::record::key_of;
use crate::query::{DatePart, FieldKind, Figure, FigureQuery, Filter, Found, Joined, Operator, Relation, RowQuery};
use crate::{StoreError, Values};

/// Hands on the rows of a query; returns where the next ones begin.
pub(super) fn each(
    conn: &Connection,
    of: &Environment,
    at: Option<Operation>,
    query: &RowQuery,
    each: &mut dyn FnMut(Found<'_>) -> Result<(), StoreError>,
) -> Result<Option<String>, StoreError> {
    if let Some(one) = One::of(query).filter(|_| at.is_none()) {
        return one.hand_on(conn, of, each).map(|()| None);
    }
    let statement = Statement::of(conn, of, at, query, &Wanted::Rows)?;
    let mut prepared = conn.prepare_cached(&statement.sql)?;
    let mut found = prepared.query(params_from_iter(&statement.params))?;
    let (mut count, mut last) = (0, None);
    while let Some(row) = found.next()? {
        if query.limit == Some(count) {
            let last: Option<Last> = last;
            return last.map(|last| last.place(&statement)).transpose();
        }
        count += 1;
        let joined = joined(row, query.joins.len())?;
        let found = Found { id: text(row, 0)?, version: row.get(1)?, json: text(row, 2)?, joined: &joined };
        each(found)?;
        if query.limit == Some(count) {
            last = Some(Last::of(&found));
        }
    }
    Ok(None)
}

/// The row of an id as it is now: asked for more often than all else, and by a statement that is always the same.
struct One<'q> {
    relation: &'q Relation,
    id: &'q str,
}

impl<'q> One<'q> {
    fn of(query: &'q RowQuery) -> Option<Self> {
        let is_one = query.joins.is_empty() && query.after.is_none() && query.offset == 0 && query.limit != Some(0);
        match &query.filter {
            Some(Filter::Compare { field, operator: Operator::Eq, value: Value::String(id) })
                if is_one && field.kind == FieldKind::Id =>
            {
                Some(Self { relation: &query.from, id })
            }
            _ => None,
        }
        .filter(|one| !matches!(one.relation, Relation::Given(_)))
    }

    fn hand_on(
        &self,
        conn: &Connection,
        of: &Environment,
        each: &mut dyn FnMut(Found<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let (sql, table) = match self.relation {
            Relation::Records(table) => (
                "SELECT id, version, json FROM record WHERE environment_id = ?1 AND table_name = ?2 AND id = ?3 \
                 AND to_op = 9223372036854775807",
                table,
            ),
            Relation::Projection(table) => (
                "SELECT id, version, json FROM projection WHERE environment_id = ?1 AND table_name = ?2 AND id = ?3",
                table,
            ),
            Relation::Given(_) => return Ok(()),
        };
        let mut prepared = conn.prepare_cached(sql)?;
        let mut found = prepared.query(params![of.no.0, key_of(table), self.id.to_lowercase()])?;
        while let Some(row) = found.next()? {
            each(Found { id: text(row, 0)?, version: row.get(1)?, json: text(row, 2)?, joined: &[] })?;
        }
        Ok(())
    }
}

/// Counts the rows of a query, up to a number.
pub(super) fn count(
    conn: &Connection,
    of: &Environment,
    at: Option<Operation>,
    query: &RowQuery,
    max: Option<u64>,
) -> Result<u64, StoreError> {
    let statement = Statement::of(conn, of, at, query, &Wanted::Count(max))?;
    let mut prepared = conn.prepare_cached(&statement.sql)?;
    Ok(prepared.query_row(params_from_iter(&statement.params), |row| row.get(0))?)
}

/// Returns figures about the rows of a query.
pub(super) fn figures(
    conn: &Connection,
    of: &Environment,
    at: Option<Operation>,
    query: &FigureQuery,
) -> Result<Vec<Vec<Value>>, StoreError> {
    let wanted = Wanted::Figures { figures: &query.figures, order: &query.order };
    let statement = Statement::of(conn, of, at, &query.rows, &wanted)?;
    let mut prepared = conn.prepare_cached(&statement.sql)?;
    let mut found = prepared.query(params_from_iter(&statement.params))?;
    let mut answers = Vec::new();
    while let Some(row) = found.next()? {
        let figures = query.figures.iter().enumerate().map(|(at, figure)| shown(figure, row.get(at)?));
        answers.push(figures.collect::<Result<_, StoreError>>()?);
    }
    Ok(answers)
}

/// Says how SQLite goes about a query.
pub(super) fn explain(conn: &Connection, of: &Environment, query: &RowQuery) -> Result<Vec<String>, StoreError> {
    let statement = Statement::of(conn, of, None, query, &Wanted::Rows)?;
    let mut prepared = conn.prepare(&format!("EXPLAIN QUERY PLAN {}", statement.sql))?;
    let steps = prepared.query_map(params_from_iter(&statement.params), |row| row.get(3))?;
    Ok(steps.collect::<Result<_, _>>()?)
}

fn text<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r str, StoreError> {
    let value = row.get_ref(column)?;
    value.as_str().map_err(|error| StoreError::Damaged(Box::new(error)))
}

fn joined<'r>(row: &'r Row<'_>, count: usize) -> Result<Vec<Option<Joined<'r>>>, StoreError> {
    let one = |join: usize| {
        let first = 3 + 3 * join;
        Ok(match row.get_ref(first)? {
            ValueRef::Null => None,
            _ => Some(Joined { id: text(row, first)?, version: row.get(first + 1)?, json: text(row, first + 2)? }),
        })
    };
    (0..count).map(one).collect()
}

/// The last row of a page.
struct Last {
    id: String,
    json: String,
    joined: Vec<Option<(String, String)>>,
}

impl Last {
    fn of(found: &Found<'_>) -> Self {
        let joined = found.joined.iter().map(|row| row.map(|row| (row.id.to_owned(), row.json.to_owned())));
        Self { id: found.id.to_owned(), json: found.json.to_owned(), joined: joined.collect() }
    }

    /// Says where it stands in the order of its query.
    fn place(&self, statement: &Statement) -> Result<String, StoreError> {
        let mut values = Vec::new();
        for sort in &statement.order {
            let (id, json) = match sort.field.source {
                0 => (Some(&self.id), Some(&self.json)),
                source => {
                    let row = statement.position(source).and_then(|join| self.joined[join].as_ref());
                    (row.map(|row| &row.0), row.map(|row| &row.1))
                }
            };
            values.push(match (sort.field.kind, id, json) {
                (FieldKind::Id, Some(id), _) => Value::String(id.clone()),
                (_, _, Some(json)) => {
                    serde_json::from_str::<Values>(json)?.remove(&sort.field.column).unwrap_or_default()
                }
                (_, _, None) => Value::Null,
            });
        }
        Ok(Place::of(&statement.order, values, &self.id).written())
    }
}

/// Reads a figure as documents hold such values.
fn shown(figure: &Figure, value: SqlValue) -> Result<Value, StoreError> {
    let kind = match figure {
        Figure::Key(field) | Figure::Min(field) | Figure::Max(field) => Some(field.kind),
        Figure::DatePart(_, DatePart::Year | DatePart::Quarter | DatePart::Month | DatePart::Week | DatePart::Day)
        | Figure::Count
        | Figure::CountColumn(_)
        | Figure::CountDistinct(_)
        | Figure::Sum(_)
        | Figure::Average(_) => None,
    };
    Ok(match (value, kind) {
        (SqlValue::Integer(truth), Some(FieldKind::Boolean)) => Value::Bool(truth != 0),
        (SqlValue::Integer(number), _) => number.into(),
        (SqlValue::Real(number), _) => number.into(),
        (SqlValue::Text(text), Some(FieldKind::Choices)) => serde_json::from_str(&text)?,
        (SqlValue::Text(text), _) => text.into(),
        (SqlValue::Null | SqlValue::Blob(_), _) => Value::Null,
    })
}
