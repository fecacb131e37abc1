//! Chooses what the statement of a query walks along.
//!
//! Of the indexes that the filter's conditions bound, the one that bounds best; or the index whose order is asked for,
//! where the others leave so many rows that sorting them costs more than passing over those that are not in question.

use serde_json::Value;

use super::query_place::Place;
use super::query_sql::{Wanted, Writer};
use super::sort_key;
use crate::StoreError;
use crate::query::{Field, FieldKind, Filter, Operator, RowQuery, Sort, TextTest};

/// How a query is answered.
pub(super) struct Plan {
    /// The column whose index is walked along.
    pub(super) driver: Option<String>,
    pub(super) order: Vec<Sort>,
}

/// Entries of an index up to which walking them and sorting what is found beats walking the order.
const FEW: u64 = 2_000;

impl Writer<'_> {
    pub(super) fn has_index(&self, field: &Field) -> bool {
        let is_kept = !matches!(field.kind, FieldKind::Id | FieldKind::Version | FieldKind::Choices);
        is_kept && self.places.get(&field.source).is_some_and(|place| place.indexes.contains_key(&field.column))
    }

    fn has_total_index(&self, field: &Field) -> bool {
        self.has_index(field) && self.places[&field.source].indexes[&field.column]
    }

    /// Chooses what is walked along, and the order.
    pub(super) fn plan(
        &mut self,
        query: &RowQuery,
        conditions: &[Filter],
        wanted: &Wanted<'_>,
        place: Option<&Place>,
    ) -> Result<Plan, StoreError> {
        let bounds = self.bounded(conditions);
        let given_order = if matches!(wanted, Wanted::Rows) { query.order.clone() } else { Vec::new() };
        let by_order = given_order.first().filter(|sort| sort.field.source == 0);
        let walked = by_order.map(|sort| &sort.field).filter(|field| {
            self.has_total_index(field) || (self.has_index(field) && bounds.iter().any(|bound| bound.0 == field.column))
        });
        let best = bounds.iter().min_by_key(|(_, strength)| *strength).cloned();
        let has_id = conditions.iter().any(is_about_id);
        let driver = match (best, walked) {
            _ if has_id => None,
            (Some((column, _)), Some(field)) if column != field.column => {
                let few = self.few_entries(&column, conditions)?;
                Some(if few { column } else { field.column.clone() })
            }
            (_, Some(field)) => Some(field.column.clone()),
            (Some((column, _)), None) => Some(column),
            (None, None) if matches!(wanted, Wanted::Count(_)) && query.joins.is_empty() && conditions.is_empty() => {
                self.places[&0].indexes.iter().find(|(_, is_total)| **is_total).map(|(column, _)| column.clone())
            }
            (None, None) => None,
        };
        let order = match given_order.is_empty() {
            false => given_order,
            true => self.own_order(driver.as_deref(), conditions, wanted, place)?,
        };
        if place.is_some_and(|place| !place.is_in(&order)) {
            return Err(StoreError::NoPlace);
        }
        Ok(Plan { driver, order })
    }

    /// Without an order asked for, rows stand as their driver has them, or as a page before had them.
    fn own_order(
        &self,
        driver: Option<&str>,
        conditions: &[Filter],
        wanted: &Wanted<'_>,
        place: Option<&Place>,
    ) -> Result<Vec<Sort>, StoreError> {
        if !matches!(wanted, Wanted::Rows) {
            return Ok(Vec::new());
        }
        let by = |column: &str| {
            let known =
                conditions.iter().filter_map(field_of).find(|field| field.source == 0 && field.column == column);
            known.map(|field| vec![Sort { field: field.clone(), is_descending: false }])
        };
        if let Some(place) = place {
            let Some(name) = place.own_column() else { return Ok(Vec::new()) };
            return by(name.trim_start_matches("0.")).ok_or(StoreError::NoPlace);
        }
        let is_spread = |column: &&str| {
            let of_it =
                conditions.iter().filter(|condition| field_of(condition).is_some_and(|own| own.column == **column));
            !of_it.into_iter().any(|condition| strength(condition) == Some(0))
        };
        Ok(driver.filter(is_spread).and_then(by).unwrap_or_default())
    }

    /// The indexed columns that conditions bound, each with how well: 0 is one value.
    fn bounded(&self, conditions: &[Filter]) -> Vec<(String, u8)> {
        let mut found = Vec::new();
        for condition in conditions {
            let (Some(field), Some(strength)) = (field_of(condition), strength(condition)) else { continue };
            let holds_nulls = !matches!(condition, Filter::IsNull(_)) || self.has_total_index(field);
            if field.source == 0 && self.has_index(field) && holds_nulls {
                found.push((field.column.clone(), strength));
            }
        }
        found
    }

    /// Tells whether so few rows pass the conditions about a column that sorting them is cheap.
    fn few_entries(&mut self, column: &str, conditions: &[Filter]) -> Result<bool, StoreError> {
        let before = self.params.len();
        let bounds = self.entries("i0", column, conditions)?;
        let shelf = self.places[&0].shelf.expect("rows with an index lie on a shelf");
        let sql = format!(
            "SELECT COUNT(*) FROM (SELECT 1 FROM {} i0 WHERE {} LIMIT {FEW})",
            shelf.index(),
            bounds.join(" AND ")
        );
        let params = rusqlite::params_from_iter(&self.params);
        let count: u64 = self.conn.prepare_cached(&sql)?.query_row(params, |row| row.get(0))?;
        self.params.truncate(before);
        Ok(count < FEW)
    }

    /// Conditions for the entries of an index of the first relation.
    pub(super) fn entries(
        &mut self,
        alias: &str,
        column: &str,
        conditions: &[Filter],
    ) -> Result<Vec<String>, StoreError> {
        let (table, name) = (self.places[&0].table.clone(), column.to_owned());
        let (table, name) = (self.bind(table), self.bind(name));
        let mut all = vec![
            format!("{alias}.environment_id = ?1"),
            format!("{alias}.table_name = {table}"),
            format!("{alias}.column_name = {name}"),
        ];
        for condition in conditions {
            if field_of(condition).is_some_and(|field| field.source == 0 && field.column == column) {
                all.extend(self.bound(alias, condition)?);
            }
        }
        Ok(all)
    }

    /// A condition as one of index entries.
    fn bound(&mut self, alias: &str, condition: &Filter) -> Result<Option<String>, StoreError> {
        let value = format!("{alias}.value");
        Ok(Some(match condition {
            Filter::Compare { operator, value: wanted, .. } => {
                let (from, to) = sort_key::kind_range(wanted);
                let key = self.bind(sort_key::of(wanted));
                match operator {
                    Operator::Eq => format!("{value} = {key}"),
                    Operator::Gt => format!("{value} > {key} AND {value} < '{to}'"),
                    Operator::Ge => format!("{value} >= {key} AND {value} < '{to}'"),
                    Operator::Lt => format!("{value} >= '{from}' AND {value} < {key}"),
                    Operator::Le => format!("{value} >= '{from}' AND {value} <= {key}"),
                    Operator::Ne => return Ok(None),
                }
            }
            Filter::In { values, .. } => {
                let keys = Value::from(values.iter().map(sort_key::of).collect::<Vec<_>>()).to_string();
                format!("{value} IN (SELECT value FROM json_each({}))", self.bind(keys))
            }
            Filter::Text { test: TextTest::StartsWith, text, .. } => {
                let prefix = sort_key::of(&Value::String(text.clone()));
                let end = sort_key::behind(&prefix).unwrap_or_default();
                format!("{value} >= {} AND {value} < {}", self.bind(prefix), self.bind(end))
            }
            Filter::IsNull(_) => format!("{value} = '{}'", sort_key::NOTHING),
            Filter::Lineage { lineage, .. } => {
                let start = self.bind(sort_key::of(&Value::String(format!("{}(", lineage.table))));
                format!("{value} IN (SELECT {start} || id || ')' FROM ({}))", self.lineage(lineage)?)
            }
            Filter::Always(_)
            | Filter::And(_)
            | Filter::Or(_)
            | Filter::Not(_)
            | Filter::Refers { .. }
            | Filter::Text { .. }
            | Filter::Columns { .. }
            | Filter::Holds { .. }
            | Filter::Exists { .. } => return Ok(None),
        }))
    }
}

/// The column that a condition alone is about.
pub(super) fn field_of(condition: &Filter) -> Option<&Field> {
    match condition {
        Filter::Compare { field, .. }
        | Filter::In { field, .. }
        | Filter::Text { field, .. }
        | Filter::Lineage { field, .. }
        | Filter::IsNull(field) => Some(field),
        Filter::Always(_)
        | Filter::And(_)
        | Filter::Or(_)
        | Filter::Not(_)
        | Filter::Refers { .. }
        | Filter::Columns { .. }
        | Filter::Holds { .. }
        | Filter::Exists { .. } => None,
    }
}

/// How well a condition bounds its column in an index: 0 is some values, 1 a beginning, 2 a range.
pub(super) fn strength(condition: &Filter) -> Option<u8> {
    match condition {
        Filter::Compare { operator: Operator::Eq, .. }
        | Filter::In { .. }
        | Filter::IsNull(_)
        | Filter::Lineage { .. } => Some(0),
        Filter::Text { test: TextTest::StartsWith, .. } => Some(1),
        Filter::Compare { operator: Operator::Gt | Operator::Ge | Operator::Lt | Operator::Le, .. } => Some(2),
        Filter::Compare { operator: Operator::Ne, .. }
        | Filter::Text { .. }
        | Filter::Always(_)
        | Filter::And(_)
        | Filter::Or(_)
        | Filter::Not(_)
        | Filter::Refers { .. }
        | Filter::Columns { .. }
        | Filter::Holds { .. }
        | Filter::Exists { .. } => None,
    }
}

fn is_about_id(condition: &Filter) -> bool {
    strength(condition) == Some(0)
        && field_of(condition).is_some_and(|field| field.source == 0 && field.kind == FieldKind::Id)
}
