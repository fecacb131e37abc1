//! What a filter means for a row; how one is written, [`strata_odata::expression`] knows.
//!
//! Texts compare without regard to case. A comparison with a row that holds nothing is false, but for `eq null` and for
//! `ne`.

use std::cmp::Ordering;

use serde_json::Value;
use strata_model::id::Guid;
use strata_odata::expression::{Operator, TextFunction};

/// A filter whose columns are known and whose values have their columns' types.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Test {
    And(Vec<Test>),
    Or(Vec<Test>),
    Not(Box<Test>),
    /// `Null` stands for nothing.
    Compare {
        column: String,
        operator: Operator,
        value: Value,
    },
    /// A reference to the row of that id, of whatever table.
    Refers {
        column: String,
        id: Guid,
        is_equal: bool,
    },
    Text {
        function: TextFunction,
        column: String,
        text: String,
    },
}

impl Test {
    /// Tells whether a row passes; `value` gives what it holds in a column.
    pub(crate) fn passes<'v>(&self, value: &dyn Fn(&str) -> Option<&'v Value>) -> bool {
        match self {
            Self::And(tests) => tests.iter().all(|test| test.passes(value)),
            Self::Or(tests) => tests.iter().any(|test| test.passes(value)),
            Self::Not(inner) => !inner.passes(value),
            Self::Compare { column, operator, value: wanted } => compare(value(column), *operator, wanted),
            Self::Refers { column, id, is_equal } => {
                let refers = value(column).and_then(Value::as_str).is_some_and(|text| id_of(text) == Some(*id));
                refers == *is_equal
            }
            Self::Text { function, column, text } => {
                let held = value(column).and_then(Value::as_str).map(str::to_lowercase);
                let text = text.to_lowercase();
                held.is_some_and(|held| match function {
                    TextFunction::Contains => held.contains(&text),
                    TextFunction::StartsWith => held.starts_with(&text),
                    TextFunction::EndsWith => held.ends_with(&text),
                })
            }
        }
    }

    /// Returns the columns that must hold a value for a row to pass, with that value: an index may find them.
    pub(crate) fn required(&self) -> Vec<(&str, &Value)> {
        match self {
            Self::And(tests) => tests.iter().flat_map(Self::required).collect(),
            Self::Compare { column, operator: Operator::Eq, value } if !value.is_null() => vec![(column, value)],
            Self::Or(_) | Self::Not(_) | Self::Compare { .. } | Self::Refers { .. } | Self::Text { .. } => Vec::new(),
        }
    }
}

fn id_of(reference: &str) -> Option<Guid> {
    Guid::parse(reference.strip_suffix(')')?.split_once('(')?.1)
}

fn compare(held: Option<&Value>, operator: Operator, wanted: &Value) -> bool {
    let held = held.filter(|value| !value.is_null());
    let ordering = match (held, wanted) {
        (None, Value::Null) => Some(Ordering::Equal),
        (None, _) | (_, Value::Null) => None,
        (Some(held), wanted) => order(held, wanted),
    };
    match operator {
        Operator::Eq => ordering == Some(Ordering::Equal),
        Operator::Ne => ordering != Some(Ordering::Equal),
        Operator::Gt => ordering == Some(Ordering::Greater),
        Operator::Ge => matches!(ordering, Some(Ordering::Greater | Ordering::Equal)),
        Operator::Lt => ordering == Some(Ordering::Less),
        Operator::Le => matches!(ordering, Some(Ordering::Less | Ordering::Equal)),
    }
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.to_lowercase().cmp(&right.to_lowercase())),
        (Value::Number(left), Value::Number(right)) => match (left.as_i64(), right.as_i64()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
        },
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (left, right) => (left == right).then_some(Ordering::Equal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_pass_or_not() {
        let text: Value = "Alpha".into();
        let number: Value = 5.into();
        let row = |column: &str| match column {
            "t" => Some(&text),
            "n" => Some(&number),
            _ => None,
        };
        let compare = |column: &str, operator, value: Value| {
            Test::Compare { column: column.to_owned(), operator, value }.passes(&row)
        };
        assert!(compare("t", Operator::Eq, "ALPHA".into()) && !compare("t", Operator::Eq, "beta".into()));
        assert!(compare("t", Operator::Lt, "beta".into()) && compare("n", Operator::Ge, 5.0.into()));
        assert!(compare("none", Operator::Eq, Value::Null) && !compare("t", Operator::Eq, Value::Null));
        assert!(compare("none", Operator::Ne, "x".into()) && !compare("none", Operator::Lt, "x".into()));
        assert!(!compare("t", Operator::Gt, 5.into()), "a text and a number have no order");
    }
}
