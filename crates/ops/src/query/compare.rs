//! Comparisons of columns with values as they are written.

use serde_json::Value;
use strata_engine::table::{Column, Kind};
use strata_odata::expression;
use strata_store::query::{Field, FieldKind, Filter, Operator, TextTest};

use crate::rows::value::{self, Written};

/// A lookup with more targets than these is compared by the id alone.
const TARGETS_MAX: usize = 4;

/// Tells how values of a kind compare.
pub(crate) fn field_kind(kind: &Kind) -> FieldKind {
    match kind {
        Kind::Text { .. } | Kind::Id | Kind::Unsupported(_) => FieldKind::Text,
        Kind::Integer { .. } | Kind::Decimal { .. } | Kind::Choice { .. } => FieldKind::Number,
        Kind::Boolean => FieldKind::Boolean,
        Kind::Choices { .. } => FieldKind::Choices,
        Kind::DateTime { .. } => FieldKind::Time,
        Kind::Lookup { .. } => FieldKind::Reference,
    }
}

/// Returns an operator as the store knows it.
pub(crate) fn operator(operator: expression::Operator) -> Operator {
    match operator {
        expression::Operator::Eq => Operator::Eq,
        expression::Operator::Ne => Operator::Ne,
        expression::Operator::Gt => Operator::Gt,
        expression::Operator::Ge => Operator::Ge,
        expression::Operator::Lt => Operator::Lt,
        expression::Operator::Le => Operator::Le,
    }
}

/// Returns a function as the store knows it.
pub(crate) fn text_test(function: expression::TextFunction) -> TextTest {
    match function {
        expression::TextFunction::Contains => TextTest::Contains,
        expression::TextFunction::StartsWith => TextTest::StartsWith,
        expression::TextFunction::EndsWith => TextTest::EndsWith,
    }
}

/// Compares a column with a value; the error says what is expected.
pub(crate) fn comparison(field: Field, kind: &Kind, operator: Operator, text: &str) -> Result<Filter, String> {
    let is_equality = matches!(operator, Operator::Eq | Operator::Ne);
    let is_ordered = !matches!(kind, Kind::Id | Kind::Lookup { .. } | Kind::Choices { .. } | Kind::Boolean);
    if !is_equality && !is_ordered {
        return Err("eq and ne are what its values know".to_owned());
    }
    let filter = match read(&field.column, kind, text)? {
        Written::Value(value) => return Ok(Filter::Compare { field, operator, value }),
        Written::Reference { tables, id } if tables.is_empty() || tables.len() > TARGETS_MAX => {
            Filter::Refers { field, id: id.to_string() }
        }
        Written::Reference { tables, id } => {
            let values = tables.iter().map(|table| value::reference(table, &id.to_string())).collect();
            Filter::In { field, values }
        }
    };
    Ok(if operator == Operator::Ne { Filter::Not(Box::new(filter)) } else { filter })
}

/// Compares a column with several values.
pub(crate) fn among<'t>(field: &Field, kind: &Kind, texts: impl Iterator<Item = &'t str>) -> Result<Filter, String> {
    let each = texts.map(|text| comparison(field.clone(), kind, Operator::Eq, text));
    Ok(Filter::Or(each.collect::<Result<_, _>>()?))
}

/// Reads a value without the limits of its column: a filter may ask for what no row can hold.
fn read(column: &str, kind: &Kind, text: &str) -> Result<Written, String> {
    let kind = match kind {
        Kind::Text { .. } | Kind::Unsupported(_) => Kind::Text { length_max: None },
        Kind::Integer { .. } | Kind::Decimal { .. } => Kind::Decimal { min: None, max: None, places: None },
        Kind::Choice { .. } => Kind::Integer { min: i64::MIN, max: i64::MAX },
        Kind::Choices { .. } => Kind::Choices { options: Default::default() },
        kept @ (Kind::Boolean | Kind::DateTime { .. } | Kind::Id | Kind::Lookup { .. }) => kept.clone(),
    };
    let kind = match kind {
        // Numbers beyond what a decimal keeps are whole ones.
        Kind::Decimal { .. } if text.trim().parse::<i64>().is_ok() => Kind::Integer { min: i64::MIN, max: i64::MAX },
        other => other,
    };
    value::read(&Column { name: column.to_owned(), kind, is_read_only: false }, text)
}

/// The conditions of a filter that every row meets, as columns with their one value.
pub(crate) fn required(filter: &Filter) -> Vec<(String, Value)> {
    match filter {
        Filter::And(parts) => parts.iter().flat_map(required).collect(),
        Filter::Compare { field, operator: Operator::Eq, value } if field.source == 0 => {
            vec![(field.column.clone(), value.clone())]
        }
        Filter::In { field, values } if field.source == 0 && values.len() == 1 => {
            vec![(field.column.clone(), values[0].clone())]
        }
        Filter::Compare { .. }
        | Filter::In { .. }
        | Filter::Always(_)
        | Filter::Or(_)
        | Filter::Not(_)
        | Filter::IsNull(_)
        | Filter::Refers { .. }
        | Filter::Text { .. }
        | Filter::Columns { .. }
        | Filter::Holds { .. }
        | Filter::Exists { .. }
        | Filter::Lineage { .. } => Vec::new(),
    }
}
