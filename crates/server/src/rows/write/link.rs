//! Rows linked and unlinked by `$ref`: through a lookup, through a collection, or many with many (web-api §3).

use serde_json::Value;
use strata_model::id::Guid;
use strata_odata::path::{Arguments, Segment};
use strata_ops::rows::{Existing, Input, RowWrite, pairs};
use strata_ops::schema::relation::{End, ManyToMany};

use super::body::Collection;
use super::target::{Target, find, key, referred};
use super::{Writer, body};
use crate::answer::Answer;
use crate::ask::{Ask, Verb};
use crate::fault::Fault;

pub(super) fn answer(writer: &Writer<'_>, navigation: &Segment) -> Result<Answer, Fault> {
    let id = writer.id()?;
    let name = navigation.name.as_str();
    if let Some(lookup) = body::lookup(&writer.table, name) {
        let value = match writer.ask.verb {
            Verb::Delete => Input::Value(Value::Null),
            Verb::Get | Verb::Post | Verb::Put | Verb::Patch => {
                let (table, id) = given(writer)?;
                Input::Row { table, id }
            }
        };
        return change(writer, writer.name(), id, &lookup.name, value);
    }
    if let Some(relation) = writer.table.collections_in.iter().find(|own| own.collection_navigation == name) {
        let other = other(writer, navigation, &relation.referencing)?;
        let value = match writer.ask.verb {
            Verb::Delete => Input::Value(Value::Null),
            Verb::Get | Verb::Post | Verb::Put | Verb::Patch => Input::Row { table: writer.name().to_owned(), id },
        };
        return change(writer, &relation.referencing, other, &relation.column, value);
    }
    let Some(Collection::Pairs(relation, is_second)) = Collection::of(&writer.table, name) else {
        return Err(Fault::segment(name));
    };
    let far = if is_second { &relation.first } else { &relation.second };
    let other = other(writer, navigation, &far.table)?;
    let ends = if is_second { (other, id) } else { (id, other) };
    let Ask { workspace, environment, verb, .. } = writer.ask;
    match verb {
        Verb::Delete => pairs::unlink(workspace, environment, &relation, ends)?,
        Verb::Get | Verb::Post | Verb::Put | Verb::Patch => pairs::link(workspace, environment, &relation, ends)?,
    }
    Ok(Answer::empty())
}

fn change(writer: &Writer<'_>, table: &str, id: Guid, column: &str, value: Input) -> Result<Answer, Fault> {
    let values = vec![(column.to_owned(), value)];
    writer.write(table, &[RowWrite::Change { id, values, existing: Existing::Must, version: None }])?;
    Ok(Answer::empty())
}

/// The row that the body names.
fn given(writer: &Writer<'_>) -> Result<(String, Guid), Fault> {
    let body = writer.ask.json()?;
    let url = body.get("@odata.id").and_then(Value::as_str);
    let url = url.ok_or_else(|| Fault::payload("the body is {\"@odata.id\": the URL of a row}"))?;
    referred(writer.ask, writer.schema, url)
}

/// The row at the far end: of the body, of the segment's key, or of the option `$id`.
fn other(writer: &Writer<'_>, navigation: &Segment, table: &str) -> Result<Guid, Fault> {
    let named = writer.ask.options.iter().find(|(name, _)| name == "$id").map(|(_, url)| url.as_str());
    let (found, id) = match (&navigation.arguments, named, writer.ask.verb) {
        (Arguments::Absent, Some(url), _) => referred(writer.ask, writer.schema, url)?,
        (Arguments::Absent, None, Verb::Delete) => {
            return Err(Fault::url("which row is unlinked stands in the path or in $id"));
        }
        (Arguments::Absent, None, _) => given(writer)?,
        (arguments, ..) => match find(writer.ask, writer.schema, table, &key(arguments)?)? {
            Target::Row(id) => (table.to_owned(), id),
            Target::Absent(key) => return Err(writer.no_such(&key)),
        },
    };
    match found == table {
        true => Ok(id),
        false => Err(Fault::payload(format!("{} leads to rows of {table}, not of {found}", navigation.name))),
    }
}

/// Tells whether a table is the second end of a relationship, seen through a navigation; `None` where it is neither.
pub(super) fn is_second_end(relation: &ManyToMany, table: &str, navigation: &str) -> Option<bool> {
    let is_own = |end: &End| end.table == table && end.navigation == navigation;
    match (is_own(&relation.first), is_own(&relation.second)) {
        (true, _) => Some(false),
        (false, true) => Some(true),
        (false, false) => None,
    }
}
