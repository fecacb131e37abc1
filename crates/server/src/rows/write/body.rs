//! From a JSON object to values by column: plain properties, references, rows in rows, what only describes them (web-api
//! §3).

use std::sync::Arc;

use serde_json::{Map, Value};
use strata_model::id::Guid;
use strata_ops::rows::Input;
use strata_ops::schema::relation::{ManyToMany, OneToMany};
use strata_ops::schema::{Column, Kind, Schema, Table};

use super::{link, target};
use crate::ask::Ask;
use crate::fault::Fault;

const BIND: &str = "@odata.bind";

/// Rows are not nested deeper in rows.
const DEPTH_MAX: usize = 20;

/// A row as a body describes it, with what is made or linked together with it.
pub(super) struct NewRow {
    pub(super) values: Vec<(String, Input)>,
    /// Rows that its lookups are to lead to, by column.
    pub(super) before: Vec<(String, Arc<Table>, NewRow)>,
    /// Rows that go with it.
    pub(super) behind: Vec<Behind>,
}

/// Rows that go with a row along a collection.
pub(super) struct Behind {
    pub(super) relation: Collection,
    /// Those that are made.
    pub(super) new: Vec<NewRow>,
    /// Those that are there.
    pub(super) bound: Vec<Guid>,
}

/// A relationship as the one of a row's table sees it.
pub(super) enum Collection {
    Many(Arc<OneToMany>),
    /// With whether the row is of the second end.
    Pairs(Arc<ManyToMany>, bool),
}

impl Collection {
    /// Finds the relationship of a collection.
    pub(super) fn of(table: &Table, navigation: &str) -> Option<Self> {
        if let Some(found) = table.collections_in.iter().find(|own| own.collection_navigation == navigation) {
            return Some(Self::Many(Arc::clone(found)));
        }
        table.many_to_many.iter().find_map(|relation| {
            let is_second = link::is_second_end(relation, &table.entry.name, navigation)?;
            Some(Self::Pairs(Arc::clone(relation), is_second))
        })
    }

    /// The table of the rows that it leads to.
    pub(super) fn target(&self) -> &str {
        match self {
            Self::Many(relation) => &relation.referencing,
            Self::Pairs(relation, true) => &relation.first.table,
            Self::Pairs(relation, false) => &relation.second.table,
        }
    }
}

impl NewRow {
    /// Tells whether nothing else is made or linked with it.
    pub(super) fn is_alone(&self) -> bool {
        self.before.is_empty() && self.behind.is_empty()
    }
}

/// Reads the values of a body that changes a row.
pub(super) fn values(
    ask: &Ask<'_>,
    schema: &Schema,
    table: &Table,
    object: &Map<String, Value>,
) -> Result<Vec<(String, Input)>, Fault> {
    let row = row(ask, schema, table, object, 0)?;
    match row.is_alone() {
        true => Ok(row.values),
        false => Err(Fault::payload("rows are made and linked together with a row that is created, not with a change")),
    }
}

/// Reads a row that is to be made.
pub(super) fn row(
    ask: &Ask<'_>,
    schema: &Schema,
    table: &Table,
    object: &Map<String, Value>,
    depth: usize,
) -> Result<NewRow, Fault> {
    if depth > DEPTH_MAX {
        return Err(Fault::payload(format!("rows are nested deeper than {DEPTH_MAX}")));
    }
    let mut row = NewRow { values: Vec::with_capacity(object.len()), before: Vec::new(), behind: Vec::new() };
    for (name, value) in object {
        if let Some(navigation) = name.strip_suffix(BIND) {
            match (value, Collection::of(table, navigation)) {
                (Value::Array(urls), Some(relation)) => {
                    let bound = all_bound(ask, schema, navigation, relation.target(), urls)?;
                    row.behind.push(Behind { relation, new: Vec::new(), bound });
                }
                _ => row.values.push(bound(ask, schema, table, navigation, value)?),
            }
        } else if name.contains('@') {
        } else if let Some((column, target)) = single(table, name, value) {
            let target = schema.table(ask.workspace, &target)?;
            let nested = nested(name, self::row(ask, schema, &target, object_of(name, value)?, depth + 1))?;
            row.before.push((column, target, nested));
        } else if let (Value::Array(rows), Some(relation)) = (value, Collection::of(table, name)) {
            let target = schema.table(ask.workspace, relation.target())?;
            let new =
                rows.iter().map(|own| nested(name, self::row(ask, schema, &target, object_of(name, own)?, depth + 1)));
            let new = new.collect::<Result<_, _>>()?;
            row.behind.push(Behind { relation, new, bound: Vec::new() });
        } else {
            row.values.push(plain(table, name, value)?);
        }
    }
    Ok(row)
}

/// The lookup and the table that an object in a body belongs to, where a navigation property names one.
fn single(table: &Table, name: &str, value: &Value) -> Option<(String, String)> {
    if !value.is_object() {
        return None;
    }
    if let Some((column, navigation)) = table.navigation(name) {
        return Some((column.name.clone(), navigation.target.clone()));
    }
    let column = lookup(table, name)?;
    let own = column.navigations.iter().find(|own| own.name.eq_ignore_ascii_case(name));
    let navigation = own.or(if let [only] = column.navigations.as_slice() { Some(only) } else { None })?;
    Some((column.name.clone(), navigation.target.clone()))
}

fn object_of<'v>(name: &str, value: &'v Value) -> Result<&'v Map<String, Value>, Fault> {
    value.as_object().ok_or_else(|| Fault::payload(format!("{name}: an object with the values of a row is expected")))
}

/// Says where in a body something does not fit.
fn nested<T>(name: &str, result: Result<T, Fault>) -> Result<T, Fault> {
    result.map_err(|mut fault| {
        fault.message = format!("{name}: {}", fault.message);
        fault
    })
}

fn all_bound(
    ask: &Ask<'_>,
    schema: &Schema,
    navigation: &str,
    table: &str,
    urls: &[Value],
) -> Result<Vec<Guid>, Fault> {
    let one = |url: &Value| {
        let url = url.as_str().ok_or_else(|| Fault::payload(format!("{navigation}{BIND} lists URLs of rows")))?;
        match target::referred(ask, schema, url)? {
            (to, id) if to == table => Ok(id),
            (to, _) => Err(Fault::payload(format!("{navigation} leads to rows of {table}, not of {to}"))),
        }
    };
    urls.iter().map(one).collect()
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
        Value::Array(_) | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
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
    let column = table.columns.get(name).or_else(|| lookup(table, name).filter(|_| value.is_null()));
    match column {
        Some(column) => Ok((column.name.clone(), Input::Value(value.clone()))),
        None if table.is_open && is_plain(name) => Ok((name.to_owned(), Input::Value(value.clone()))),
        None => Err(unknown(table, name)),
    }
}

fn is_lookup(column: &Column) -> bool {
    matches!(column.kind, Kind::Lookup { .. })
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
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
