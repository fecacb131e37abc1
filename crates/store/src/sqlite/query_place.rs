//! Where a page ended: by which columns its rows were sorted, and what its last row holds in them.

use serde_json::Value;

use crate::StoreError;
use crate::query::{FieldKind, Sort};

/// A place in an order.
pub(super) struct Place {
    /// Each with `-` before it where it descends.
    columns: Vec<String>,
    pub(super) values: Vec<Value>,
    pub(super) id: String,
}

impl Place {
    pub(super) fn of(order: &[Sort], values: Vec<Value>, id: &str) -> Self {
        let values = values.into_iter().map(folded).collect();
        Self { columns: order.iter().map(name).collect(), values, id: id.to_owned() }
    }

    pub(super) fn written(&self) -> String {
        Value::from(vec![Value::from(self.columns.clone()), self.values.clone().into(), self.id.clone().into()])
            .to_string()
    }

    /// Reads a place as it was written; anything else is none.
    pub(super) fn read(text: &str) -> Result<Self, StoreError> {
        let (columns, values, id): (Vec<String>, Vec<Value>, String) =
            serde_json::from_str(text).map_err(|_| StoreError::NoPlace)?;
        let is_plain = |value: &Value| !value.is_object();
        let fits = columns.len() == values.len() && values.iter().all(is_plain);
        if fits { Ok(Self { columns, values, id }) } else { Err(StoreError::NoPlace) }
    }

    /// Tells whether it is a place in this order.
    pub(super) fn is_in(&self, order: &[Sort]) -> bool {
        self.columns.iter().eq(order.iter().map(name).collect::<Vec<_>>().iter())
    }

    /// Returns the one column of the order that the store chose itself.
    pub(super) fn own_column(&self) -> Option<&str> {
        if let [column] = self.columns.as_slice() { Some(column) } else { None }
    }
}

fn name(sort: &Sort) -> String {
    let sign = if sort.is_descending { "-" } else { "" };
    let column = if sort.field.kind == FieldKind::Id { "" } else { &sort.field.column };
    format!("{sign}{}.{column}", sort.field.source)
}

fn folded(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.to_lowercase()),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => other,
    }
}
