//! Which row a key or a reference means.

use strata_model::id::Guid;
use strata_odata::expression::{Argument, Literal};
use strata_odata::path::{self, Arguments};
use strata_ops::schema::Schema;
use strata_ops::sets;

use crate::ask::Ask;
use crate::fault::{Fault, ROW_MISSING};
use crate::url;

/// A key as a URL has it.
pub(super) enum Key {
    Id(Guid),
    /// Columns with their values, as texts.
    Named(Vec<(String, String)>),
}

/// What a key leads to.
pub(super) enum Target {
    /// The row of an id; whether it is there is seen when it is written.
    Row(Guid),
    /// No row has these values.
    Absent(Vec<(String, String)>),
}

/// Reads what stands in the parentheses behind a set.
pub(super) fn key(arguments: &Arguments) -> Result<Key, Fault> {
    let text = |argument: &Argument| match argument {
        Argument::One(literal) => literal.text().map(str::to_owned),
        Argument::Many(_) => None,
    };
    match arguments {
        Arguments::Absent => Err(Fault::url("a row is named by its key, as in accounts(id)")),
        Arguments::Key(argument) => {
            let id = text(argument).as_deref().and_then(Guid::parse);
            id.map(Key::Id)
                .ok_or_else(|| Fault::url("a key is an id, or columns with values, as in accounts(number='7')"))
        }
        Arguments::Named(named) if named.is_empty() => Err(Fault::url("a key is not empty")),
        Arguments::Named(named) => {
            let pairs = named.iter().map(|part| match &part.value {
                Argument::One(Literal::Alias(name)) => Err(Fault::url(format!("nothing says what @{name} is"))),
                value => text(value)
                    .map(|text| (part.name.to_lowercase(), text))
                    .ok_or_else(|| Fault::url(format!("{} of a key is one value", part.name))),
            });
            Ok(Key::Named(pairs.collect::<Result<_, _>>()?))
        }
    }
}

/// Finds the row of a key.
pub(super) fn find(ask: &Ask<'_>, schema: &Schema, table: &str, key: &Key) -> Result<Target, Fault> {
    match key {
        Key::Id(id) => Ok(Target::Row(*id)),
        Key::Named(pairs) => {
            let found = sets::find_by_key(ask.workspace, &ask.environment, schema, table, pairs)?;
            Ok(found.map_or_else(|| Target::Absent(pairs.clone()), Target::Row))
        }
    }
}

/// Finds the row that a reference names: `/accounts(id)`, `accounts(number='7')`, or an absolute URL.
pub(super) fn referred(ask: &Ask<'_>, schema: &Schema, text: &str) -> Result<(String, Guid), Fault> {
    let wrong = |message: String| Fault::payload(format!("`{text}` names no row: {message}"));
    let path = url::path_of(text);
    let below = match path.contains("/api/data/v") {
        true => url::place(path).map_err(|fault| wrong(fault.message))?.below,
        false => path.trim_start_matches('/'),
    };
    let decoded = strata_odata::url::decoded_path(below).map_err(|error| wrong(error.to_string()))?;
    let segments = path::parse(&decoded).map_err(|error| wrong(error.to_string()))?;
    let [segment] = segments.as_slice() else { return Err(wrong("a set and a key are expected".to_owned())) };
    let entry = schema.by_set(&segment.name).ok_or_else(|| wrong(format!("there is no set {}", segment.name)))?;
    let key = key(&segment.arguments).map_err(|fault| wrong(fault.message))?;
    match find(ask, schema, &entry.name, &key)? {
        Target::Row(id) => Ok((entry.name.clone(), id)),
        Target::Absent(_) => Err(Fault::new(404, ROW_MISSING, format!("`{text}` names no row that is there"))),
    }
}
