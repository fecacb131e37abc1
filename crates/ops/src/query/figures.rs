//! `$apply`: rows filtered, then grouped or made one figure.

use std::sync::Arc;

use serde_json::Value;
use strata_engine::table::Kind;
use strata_odata::apply::{Aggregate, Method, Step};
use strata_odata::query::Query;
use strata_store::query::{Field, FieldKind, Figure, FigureQuery, Filter, RowQuery};

use super::{Draft, QueryError, Reader, wrong};
use crate::schema::Table;

/// Figures that were asked for, with the names they get.
#[derive(Debug, Clone)]
pub struct Answered {
    pub columns: Vec<FigureColumn>,
    /// Each in the order of the columns.
    pub rows: Vec<Vec<Value>>,
}

/// What stands at one place of each answer.
#[derive(Debug, Clone)]
pub struct FigureColumn {
    pub name: String,
    /// The table and column whose values these are; `None` for counts and sums.
    pub of: Option<(Arc<Table>, String)>,
}

impl Reader<'_> {
    /// Answers the steps of `$apply`, up to a number of rows.
    pub fn apply(&self, table: &Arc<Table>, query: &Query, limit: u64) -> Result<Answered, QueryError> {
        let mut draft = Draft::new(*self, &query.aliases, table);
        let root = draft.root();
        let mut conditions: Vec<Filter> = Vec::new();
        for filter in query.filter.iter() {
            conditions.push(draft.filter(&root, filter)?);
        }
        let mut steps = query.apply.iter().peekable();
        while let Some(Step::Filter(filter)) = steps.peek() {
            conditions.push(draft.filter(&root, filter)?);
            steps.next();
        }
        let (paths, aggregates) = match steps.next() {
            Some(Step::GroupBy { paths, aggregates }) => (paths.as_slice(), aggregates.as_slice()),
            Some(Step::Aggregate(aggregates)) => (&[][..], aggregates.as_slice()),
            Some(Step::Filter(_)) | None => {
                return Err(wrong("$apply: groupby or aggregate is expected behind filter"));
            }
        };
        if steps.next().is_some() {
            return Err(wrong("$apply: nothing may stand behind groupby or aggregate"));
        }
        let (mut columns, mut figures) = (Vec::new(), Vec::new());
        for path in paths {
            let (field, kind) = draft.path(&root, path)?;
            let name = path.0.join("_");
            let is_lookup = matches!(kind, Kind::Lookup { .. }) && !name.starts_with('_');
            let name = if is_lookup { format!("_{name}_value") } else { name };
            columns.push(FigureColumn { name, of: of_table(&draft, &field) });
            figures.push(Figure::Key(field));
        }
        for aggregate in aggregates {
            let (figure, of) = aggregated(&mut draft, aggregate)?;
            columns.push(FigureColumn { name: aggregate.alias.clone(), of });
            figures.push(figure);
        }
        let order = ordered(query, &columns)?;
        let filter = Some(Filter::And(conditions));
        let from = self.relation(table, filter.as_ref())?;
        let rows = RowQuery { joins: draft.joins, filter, limit: Some(limit), ..RowQuery::all(from) };
        let rows =
            self.workspace.store().query_figures(self.environment, None, &FigureQuery { rows, figures, order })?;
        Ok(Answered { columns, rows })
    }
}

type Of = Option<(Arc<Table>, String)>;

pub(super) fn of_table(draft: &Draft<'_>, field: &Field) -> Of {
    let table = match field.source {
        0 => Some(draft.root().table),
        source => draft.joined.values().find(|scope| scope.source == source).map(|scope| Arc::clone(&scope.table)),
    };
    table.map(|table| (table, field.column.clone()))
}

fn aggregated(draft: &mut Draft<'_>, aggregate: &Aggregate) -> Result<(Figure, Of), QueryError> {
    let Some(path) = &aggregate.path else { return Ok((Figure::Count, None)) };
    let root = draft.root();
    let (field, _) = draft.path(&root, path)?;
    let of = of_table(draft, &field);
    let figure = match aggregate.method {
        Method::Count => return Ok((Figure::CountColumn(field), None)),
        Method::CountDistinct => return Ok((Figure::CountDistinct(field), None)),
        Method::Sum => Figure::Sum(number(field)?),
        Method::Average => Figure::Average(number(field)?),
        Method::Min => return Ok((Figure::Min(field), of)),
        Method::Max => return Ok((Figure::Max(field), of)),
    };
    Ok((figure, None))
}

/// Only numbers have sums.
pub(super) fn number(field: Field) -> Result<Field, QueryError> {
    match field.kind {
        FieldKind::Number => Ok(field),
        _ => Err(wrong(format!("column {} holds no numbers", field.column))),
    }
}

fn ordered(query: &Query, columns: &[FigureColumn]) -> Result<Vec<(usize, bool)>, QueryError> {
    let one = |order: &strata_odata::query::Order| {
        let name = order.path.0.join("_");
        let at = columns.iter().position(|column| column.name == name);
        at.map(|at| (at, order.is_descending)).ok_or_else(|| wrong(format!("$orderby: nothing is called `{name}`")))
    };
    query.order.iter().map(one).collect()
}
