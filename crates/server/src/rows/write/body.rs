//! From a JSON object to values by column: plain properties, references, what only describes them (web-api §3).

use serde_json::{Map, Value};
use strata_ops::rows::Input;
use strata_ops::schema::{Column, Kind, Schema, Table};

use super::target;
use crate::ask::Ask;
use crate::fault::Fault;

const BIND: &str = "@odata.bind";

/// Reads the values of a body.
pub(super) fn values(
    ask: &Ask<'_>,
    schema: &Schema,
    table: &Table,
    object: &Map<String, Value>,
) -> Result<Vec<(String, Input)>, Fault> {
    let mut values = Vec::with_capacity(object.len());
    for (name, value) in object {
        if let Some(navigation) = name.strip_suffix(BIND) {
            values.push(bound(ask, schema, table, navigation, value)?);
        } else if !name.contains('@') {
            values.push(plain(table, name, value)?);
        }
    }
    Ok(values)
}

/// Reads a reference, or the end of one.
fn bound(
    ask: &Ask<'_>,
    schema: &Schema,
    table: &Table,
    navigation: &str,
    value: &Value,
) -> Result<(String, Input), Fault> {
    let column = lookup(table, navigation).ok_or_else(|| unknown(table, navigation))?;
    match value {
        Value::Null => Ok((column.name.clone(), Input::Value(Value::Null))),
        Value::String(text) => {
            let (to, id) = target::referred(ask, schema, text)?;
            let own = column.navigations.iter().filter(|own| own.name.eq_ignore_ascii_case(navigation));
            let targets: Vec<_> = own.map(|own| own.target.as_str()).collect();
            if !targets.is_empty() && !targets.contains(&to.as_str()) {
                let message = format!("{navigation} leads to rows of {}, not of {to}", targets.join(" or "));
                return Err(Fault::payload(message));
            }
            Ok((column.name.clone(), Input::Row { table: to, id }))
        }
        Value::Array(_) => Err(Fault::not_built("binding a collection while a row is written")),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
            Err(Fault::payload(format!("{navigation}{BIND} is the URL of a row, or null")))
        }
    }
}

/// Finds the lookup of a navigation property; its name is as the schema spells it, in other cases too.
pub(super) fn lookup<'t>(table: &'t Table, navigation: &str) -> Option<&'t Column> {
    if let Some((column, _)) = table.navigation(navigation) {
        return Some(column);
    }
    let is_named = |column: &&Column| {
        let is_own = column.navigations.iter().any(|own| own.name.eq_ignore_ascii_case(navigation));
        is_own || (is_lookup(column) && column.name.eq_ignore_ascii_case(navigation))
    };
    table.columns.values().find(is_named)
}

fn plain(table: &Table, name: &str, value: &Value) -> Result<(String, Input), Fault> {
    let is_read_form = name.starts_with('_') && name.ends_with("_value");
    if is_read_form {
        let message =
            format!("`{name}` cannot be written: a lookup is set by its navigation property, as in `x{BIND}`");
        return Err(Fault::payload(message));
    }
    let column =
        table.columns.get(name).or_else(|| lookup(table, name).filter(|_| value.is_null() || value.is_object()));
    match (column, value) {
        (Some(column), Value::Object(_)) if is_lookup(column) => {
            Err(Fault::not_built("making the row that a lookup leads to together with its own"))
        }
        (Some(column), _) => Ok((column.name.clone(), Input::Value(value.clone()))),
        (None, Value::Array(_)) if is_collection(table, name) => {
            Err(Fault::not_built("making the rows of a collection together with their own"))
        }
        (None, _) if table.is_open && is_plain(name) => Ok((name.to_owned(), Input::Value(value.clone()))),
        (None, _) => Err(unknown(table, name)),
    }
}

fn is_lookup(column: &Column) -> bool {
    matches!(column.kind, Kind::Lookup { .. })
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

fn is_collection(table: &Table, name: &str) -> bool {
    table.collections_in.iter().any(|relation| relation.collection_navigation == name)
}

/// The platform's text, which clients show (web-api §3).
pub(super) fn unknown(table: &Table, name: &str) -> Fault {
    let kind = &table.entry.name;
    Fault::payload(format!("Invalid property '{name}' was found in entity 'Microsoft.Dynamics.CRM.{kind}'."))
}

/// Reads a value of a key, which is a text in a URL.
pub(super) fn key_value(table: &Table, column: &str, text: &str) -> Result<(String, Input), Fault> {
    let own = table.columns.get(column).ok_or_else(|| unknown(table, column))?;
    let as_number = || serde_json::from_str::<Value>(text).ok().filter(|value| value.is_number() || value.is_boolean());
    let value = if matches!(own.kind, Kind::Text { .. }) { None } else { as_number() };
    Ok((own.name.clone(), Input::Value(value.unwrap_or_else(|| text.into()))))
}
