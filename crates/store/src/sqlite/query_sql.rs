//! Writes the statement of a query.
//!
//! What a statement walks along, its driver, `query_plan` chooses: an index entry leads to its row, so only rows are
//! read that are in question, and those in their order where the index has it. SQLite is kept from changing that:
//! relations stand in the order in which they are walked.

use std::collections::BTreeMap;

use rusqlite::Connection;
use rusqlite::types::Value as SqlValue;
use serde_json::Value;
use strata_model::environment::Environment;
use strata_model::id::{EnvironmentNo, Operation};

use super::query_place::Place;
use super::query_plan::{Plan, field_of, strength};
use super::record::key_of;
use super::record_index::{self, Shelf};
use super::{rows, sort_key};
use crate::StoreError;
use crate::query::{DatePart, Field, FieldKind, Figure, Filter, Join, Relation, RowQuery, Sort, Source};

/// A statement that can be run.
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) params: Vec<SqlValue>,
    /// What its rows are sorted by, before their ids.
    pub(super) order: Vec<Sort>,
    joins: Vec<Source>,
}

/// What is wanted of the rows.
pub(super) enum Wanted<'q> {
    Rows,
    /// How many, up to a number.
    Count(Option<u64>),
    Figures {
        figures: &'q [Figure],
        order: &'q [(usize, bool)],
    },
}

impl Statement {
    pub(super) fn of(
        conn: &Connection,
        of: &Environment,
        at: Option<Operation>,
        query: &RowQuery,
        wanted: &Wanted<'_>,
    ) -> Result<Self, StoreError> {
        let moment = at.map(|_| rows::moment(conn, of, at)).transpose()?;
        let mut writer = Writer { conn, no: of.no, moment, params: vec![of.no.0.into()], places: BTreeMap::new() };
        writer.place(0, &query.from)?;
        for join in &query.joins {
            writer.place(join.source, &join.relation)?;
        }
        let place = query.after.as_deref().map(Place::read).transpose()?;
        let mut conditions = Vec::new();
        if let Some(filter) = &query.filter {
            flatten(super::query_filter::simplified(filter), &mut conditions);
        }
        let plan = writer.plan(query, &conditions, wanted, place.as_ref())?;
        let sql = writer.statement(query, &conditions, &plan, wanted, place.as_ref())?;
        let joins = query.joins.iter().map(|join| join.source).collect();
        Ok(Self { sql, params: writer.params, order: plan.order, joins })
    }

    /// Returns which of the joins a source is.
    pub(super) fn position(&self, source: Source) -> Option<usize> {
        self.joins.iter().position(|own| *own == source)
    }
}

/// Takes conditions that must all hold apart.
fn flatten(filter: Filter, into: &mut Vec<Filter>) {
    match filter {
        Filter::And(parts) => parts.into_iter().for_each(|part| flatten(part, into)),
        other => into.push(other),
    }
}

/// Where the rows of a source are.
pub(super) struct Shelved {
    /// `None` for rows that are given.
    pub(super) shelf: Option<Shelf>,
    /// Folded; empty for rows that are given.
    pub(super) table: String,
    /// The indexes that are complete, each with whether it is total.
    pub(super) indexes: BTreeMap<String, bool>,
}

/// A statement as it comes together.
pub(super) struct Writer<'c> {
    pub(super) conn: &'c Connection,
    pub(super) no: EnvironmentNo,
    /// `None` for now.
    pub(super) moment: Option<i64>,
    pub(super) params: Vec<SqlValue>,
    pub(super) places: BTreeMap<Source, Shelved>,
}

impl Writer<'_> {
    /// Binds a value and returns what stands for it.
    pub(super) fn bind(&mut self, value: impl Into<SqlValue>) -> String {
        self.params.push(value.into());
        format!("?{}", self.params.len())
    }

    /// Notes where the rows of a source are.
    pub(super) fn place(&mut self, source: Source, relation: &Relation) -> Result<(), StoreError> {
        let (shelf, table) = match relation {
            Relation::Records(table) => (Some(Shelf::Records), key_of(table)),
            Relation::Projection(table) => (Some(Shelf::Projections), key_of(table)),
            Relation::Given(_) => (None, String::new()),
        };
        let indexes = match (shelf, self.moment) {
            // Indexes tell of now.
            (Some(shelf), None) => record_index::complete(self.conn, self.no, shelf, &table)?,
            (Some(_) | None, _) => BTreeMap::new(),
        };
        self.places.insert(source, Shelved { shelf, table, indexes });
        Ok(())
    }

    fn statement(
        &mut self,
        query: &RowQuery,
        conditions: &[Filter],
        plan: &Plan,
        wanted: &Wanted<'_>,
        place: Option<&Place>,
    ) -> Result<String, StoreError> {
        let (mut from, mut all) = (String::new(), Vec::new());
        let is_bound = |condition: &Filter| {
            let column = plan.driver.as_deref();
            let is_own = field_of(condition).is_some_and(|own| own.source == 0 && Some(own.column.as_str()) == column);
            is_own && strength(condition).is_some()
        };
        let rest: Vec<_> = conditions.iter().filter(|condition| !is_bound(condition)).collect();
        let needs_rows = !matches!(wanted, Wanted::Count(_)) || !rest.is_empty() || !query.joins.is_empty();
        if let Some(column) = &plan.driver {
            let shelf = self.places[&0].shelf.expect("rows with an index lie on a shelf");
            from.push_str(&format!("{} i0", shelf.index()));
            all.extend(self.entries("i0", column, conditions)?);
        }
        if plan.driver.is_none() || needs_rows {
            if plan.driver.is_some() {
                from.push_str(" CROSS JOIN ");
                all.push("r0.id = i0.id".to_owned());
            }
            let item = self.relation(0, &query.from, &mut all);
            from.push_str(&item);
        }
        for join in &query.joins {
            self.join(join, &mut from, &mut all)?;
        }
        for condition in rest {
            all.push(self.condition(condition)?);
        }
        let terms = self.terms(plan);
        if let Some(place) = place {
            all.push(self.behind(plan, &terms, place));
        }
        let filter = if all.is_empty() { "1".to_owned() } else { super::query_filter::combined(&all, "AND") };
        Ok(self.finished(&format!("FROM {from} WHERE {filter}"), query, &terms, wanted))
    }

    /// The statement around where rows come from.
    fn finished(&mut self, from: &str, query: &RowQuery, terms: &[Term], wanted: &Wanted<'_>) -> String {
        let order =
            terms.iter().map(|term| format!("{} {}", term.sql, if term.is_descending { "DESC" } else { "ASC" }));
        let order = order.collect::<Vec<_>>().join(", ");
        let limit = |extra: u64| i64::try_from(query.limit.map_or(u64::MAX, |limit| limit.saturating_add(extra)));
        let limit = |extra| limit(extra).unwrap_or(-1);
        let offset = i64::try_from(query.offset).unwrap_or(i64::MAX);
        match wanted {
            Wanted::Rows => {
                let joined = query.joins.iter().map(|join| {
                    let source = join.source;
                    format!(", r{source}.id, r{source}.version, r{source}.json")
                });
                let (joined, limit) = (joined.collect::<String>(), self.bind(limit(1)));
                let offset = self.bind(offset);
                format!(
                    "SELECT r0.id, r0.version, r0.json{joined} {from} ORDER BY {order} LIMIT {limit} OFFSET {offset}"
                )
            }
            Wanted::Count(None) => format!("SELECT COUNT(*) {from}"),
            Wanted::Count(Some(max)) => {
                let max = self.bind(i64::try_from(*max).unwrap_or(i64::MAX));
                format!("SELECT COUNT(*) FROM (SELECT 1 {from} LIMIT {max})")
            }
            Wanted::Figures { figures, order } => {
                let limit = self.bind(limit(0));
                let offset = self.bind(offset);
                let shown: Vec<_> = figures.iter().map(|figure| self.figure(figure)).collect();
                let keys: Vec<_> = figures.iter().filter_map(|figure| self.key(figure)).collect();
                let group = if keys.is_empty() { String::new() } else { format!(" GROUP BY {}", keys.join(", ")) };
                let order =
                    order.iter().map(|(at, descends)| format!("{} {}", at + 1, if *descends { "DESC" } else { "ASC" }));
                let order: Vec<_> = order.chain((1..=figures.len()).map(|at| at.to_string())).collect();
                format!(
                    "SELECT {} {from}{group} ORDER BY {} LIMIT {limit} OFFSET {offset}",
                    shown.join(", "),
                    order.join(", ")
                )
            }
        }
    }

    /// Returns what stands behind FROM for a relation, and adds what its rows must be.
    pub(super) fn relation(&mut self, source: Source, relation: &Relation, all: &mut Vec<String>) -> String {
        let (table, name) = match relation {
            Relation::Records(table) => ("record", table),
            Relation::Projection(table) => ("projection", table),
            Relation::Given(records) => {
                let rows = records.iter().map(|record| {
                    let values = serde_json::to_value(&record.values).unwrap_or_default();
                    Value::from(vec![record.id.clone().into(), record.version.into(), values])
                });
                let rows = self.bind(Value::from(rows.collect::<Vec<_>>()).to_string());
                return format!(
                    "(SELECT value ->> 0 AS id, value ->> 1 AS version, value -> 2 AS json FROM json_each({rows})) \
                     r{source}"
                );
            }
        };
        let name = self.bind(key_of(name));
        all.push(format!("r{source}.environment_id = ?1"));
        all.push(format!("r{source}.table_name = {name}"));
        match self.moment {
            _ if table == "projection" => {}
            None => all.push(format!("r{source}.to_op = {}", rows::OPEN)),
            Some(moment) => {
                let moment = self.bind(moment);
                all.push(format!("r{source}.from_op <= {moment} AND {moment} < r{source}.to_op"));
            }
        }
        format!("{table} r{source}")
    }

    fn join(&mut self, join: &Join, from: &mut String, all: &mut Vec<String>) -> Result<(), StoreError> {
        let mut own = Vec::new();
        let item = self.relation(join.source, &join.relation, &mut own);
        own.extend(self.together(&join.left, &join.right));
        if let Some(filter) = &join.filter {
            own.push(self.condition(&super::query_filter::simplified(filter))?);
        }
        if join.is_outer {
            from.push_str(&format!(" LEFT JOIN {item} ON {}", super::query_filter::combined(&own, "AND")));
        } else {
            from.push_str(&format!(" CROSS JOIN {item}"));
            all.extend(own);
        }
        Ok(())
    }

    /// What makes rows of two relations go together.
    pub(super) fn together(&mut self, left: &Field, right: &Field) -> Vec<String> {
        let reference = |table: &str, id: &str| format!("'{}(' || {id} || ')'", table.replace('\'', "''"));
        let table_of = |source: Source| self.places.get(&source).map(|place| place.table.clone()).unwrap_or_default();
        let (left_table, right_table) = (table_of(left.source), table_of(right.source));
        let (left_value, right_value) = (comparable(left), comparable(right));
        let wanted = match (left.kind, right.kind) {
            (FieldKind::Reference, FieldKind::Id) => {
                let id = format!("r{}.id", right.source);
                let mut both = vec![format!("{id} = {}", id_in(&left_value))];
                if !right_table.is_empty() {
                    both.push(format!("{left_value} = {}", reference(&right_table, &id)));
                }
                return both;
            }
            (FieldKind::Id, FieldKind::Reference) if !left_table.is_empty() => {
                reference(&left_table, &format!("r{}.id", left.source))
            }
            (FieldKind::Reference, FieldKind::Reference) => left_value,
            (FieldKind::Reference, _) => id_in(&left_value),
            (_, FieldKind::Reference) => return vec![format!("{} = {left_value}", id_in(&right_value))],
            _ => left_value,
        };
        let is_text = matches!(right.kind, FieldKind::Reference | FieldKind::Text | FieldKind::Time);
        if !is_text || !self.has_index(right) {
            return vec![format!("{right_value} = {wanted}")];
        }
        let place = &self.places[&right.source];
        let shelf = place.shelf.expect("rows with an index lie on a shelf");
        let (table, column) = (place.table.clone(), right.column.clone());
        let (table, column) = (self.bind(table), self.bind(column));
        vec![format!(
            "r{source}.id IN (SELECT i.id FROM {index} i WHERE i.environment_id = ?1 AND i.table_name = {table} \
             AND i.column_name = {column} AND i.value = '3' || {wanted})",
            source = right.source,
            index = shelf.index(),
        )]
    }

    /// What rows are sorted by, their ids last.
    fn terms(&self, plan: &Plan) -> Vec<Term> {
        let mut terms: Vec<_> = plan
            .order
            .iter()
            .map(|sort| {
                let is_walked = sort.field.source == 0 && Some(&sort.field.column) == plan.driver.as_ref();
                let is_walked = is_walked && sort.field.kind != FieldKind::Id;
                let sql = if is_walked { "i0.value".to_owned() } else { comparable(&sort.field) };
                Term { sql, is_walked, is_descending: sort.is_descending, kind: sort.field.kind }
            })
            .collect();
        let is_descending = terms.last().is_some_and(|term| term.is_descending);
        let source = if plan.driver.is_some() { "i0.id" } else { "r0.id" };
        terms.push(Term { sql: source.to_owned(), is_walked: false, is_descending, kind: FieldKind::Id });
        terms
    }

    /// Tells rows behind a place from the others.
    fn behind(&mut self, plan: &Plan, terms: &[Term], place: &Place) -> String {
        let mut values: Vec<Value> = place.values.clone();
        values.push(Value::String(place.id.clone()));
        let bound: Vec<Option<String>> = terms
            .iter()
            .zip(&values)
            .map(|(term, value)| match value {
                _ if term.is_walked => Some(self.bind(sort_key::of(value))),
                Value::Null => None,
                value => Some(self.bind(sql_value(value, term.kind))),
            })
            .collect();
        if let ([first, id], [Some(value), Some(own)]) = (terms, bound.as_slice())
            && first.is_walked
        {
            let sign = if first.is_descending { "<" } else { ">" };
            return format!("({}, {}) {sign} ({value}, {own})", first.sql, id.sql);
        }
        let mut ways = Vec::new();
        for (at, term) in terms.iter().enumerate() {
            let same = terms[..at].iter().zip(&bound).map(|(term, value)| match value {
                Some(value) => format!("{} = {value}", term.sql),
                None => format!("{} IS NULL", term.sql),
            });
            let beyond = match (&bound[at], term.is_descending) {
                (Some(value), false) => format!("{} > {value}", term.sql),
                (Some(value), true) => format!("({0} < {value} OR {0} IS NULL)", term.sql),
                (None, false) => format!("{} IS NOT NULL", term.sql),
                (None, true) => "0".to_owned(),
            };
            ways.push(super::query_filter::combined(&same.chain([beyond]).collect::<Vec<_>>(), "AND"));
        }
        let all = super::query_filter::combined(&ways, "OR");
        match (terms.first(), bound.first()) {
            // The walk begins where the place is.
            (Some(first), Some(Some(value))) if first.is_walked && plan.driver.is_some() => {
                let sign = if first.is_descending { "<=" } else { ">=" };
                format!("({} {sign} {value} AND {all})", first.sql)
            }
            _ => all,
        }
    }

    fn key(&self, figure: &Figure) -> Option<String> {
        match figure {
            Figure::Key(field) => Some(comparable(field)),
            Figure::DatePart(..) => Some(self.figure(figure)),
            Figure::Count
            | Figure::CountColumn(_)
            | Figure::CountDistinct(_)
            | Figure::Sum(_)
            | Figure::Average(_)
            | Figure::Min(_)
            | Figure::Max(_) => None,
        }
    }

    fn figure(&self, figure: &Figure) -> String {
        match figure {
            Figure::Key(field) if field.kind == FieldKind::Text => format!("MIN({})", held(field)),
            Figure::Key(field) => held(field),
            Figure::DatePart(field, part) => date_part(&held(field), *part),
            Figure::Count => "COUNT(*)".to_owned(),
            Figure::CountColumn(field) => format!("COUNT({})", held(field)),
            Figure::CountDistinct(field) => format!("COUNT(DISTINCT {})", comparable(field)),
            Figure::Sum(field) => format!("SUM({})", held(field)),
            Figure::Average(field) => format!("AVG({})", held(field)),
            Figure::Min(field) => format!("MIN({})", held(field)),
            Figure::Max(field) => format!("MAX({})", held(field)),
        }
    }
}

/// Something rows are sorted by.
struct Term {
    sql: String,
    /// It is the value of the index that is walked along.
    is_walked: bool,
    is_descending: bool,
    kind: FieldKind,
}

/// What a row holds in a column.
pub(super) fn held(field: &Field) -> String {
    match field.kind {
        FieldKind::Id => format!("r{}.id", field.source),
        FieldKind::Version => format!("r{}.version", field.source),
        FieldKind::Text
        | FieldKind::Time
        | FieldKind::Number
        | FieldKind::Boolean
        | FieldKind::Choices
        | FieldKind::Reference => format!("(r{}.json ->> '{}')", field.source, field.column.replace('\'', "''")),
    }
}

/// The same, so that it compares as its kind does.
pub(super) fn comparable(field: &Field) -> String {
    match field.kind {
        FieldKind::Text => format!("fold({})", held(field)),
        FieldKind::Id
        | FieldKind::Version
        | FieldKind::Time
        | FieldKind::Number
        | FieldKind::Boolean
        | FieldKind::Choices
        | FieldKind::Reference => held(field),
    }
}

/// The id in a reference.
pub(super) fn id_in(reference: &str) -> String {
    format!("rtrim(substr({reference}, instr({reference}, '(') + 1), ')')")
}

/// A value as SQL compares it with what a column of a kind holds.
pub(super) fn sql_value(value: &Value, kind: FieldKind) -> SqlValue {
    match value {
        Value::Null => SqlValue::Null,
        Value::Bool(truth) => SqlValue::Integer((*truth).into()),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => SqlValue::Integer(whole),
            None => SqlValue::Real(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => SqlValue::Text(match kind {
            FieldKind::Time => text.to_uppercase(),
            _ => text.to_lowercase(),
        }),
        Value::Array(_) | Value::Object(_) => SqlValue::Text(value.to_string()),
    }
}

fn date_part(held: &str, part: DatePart) -> String {
    let number = |format: &str| format!("CAST(strftime('{format}', {held}) AS INTEGER)");
    match part {
        DatePart::Year => number("%Y"),
        DatePart::Quarter => format!("({} + 2) / 3", number("%m")),
        DatePart::Month => number("%m"),
        DatePart::Week => format!("{} + 1", number("%W")),
        DatePart::Day => number("%d"),
    }
}
