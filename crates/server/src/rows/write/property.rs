//! One property of a row: set, or emptied (web-api §3).

use serde_json::Value;
use strata_ops::rows::{Existing, Input, RowWrite};

use super::{Writer, body};
use crate::answer::Answer;
use crate::ask::Verb;
use crate::fault::Fault;

pub(super) fn answer(writer: &Writer<'_>, column: &str) -> Result<Answer, Fault> {
    let known = writer.table.columns.contains_key(column);
    let lookup = body::lookup(&writer.table, column).filter(|_| writer.ask.verb == Verb::Delete);
    if !known && lookup.is_none() {
        return Err(Fault::segment(column));
    }
    let value = match writer.ask.verb {
        Verb::Delete => Value::Null,
        Verb::Get | Verb::Post | Verb::Patch | Verb::Put => {
            let mut body = writer.ask.json()?;
            body.remove("value").ok_or_else(|| Fault::payload("the body is {\"value\": …}"))?
        }
    };
    let column = lookup.map_or(column, |lookup| &lookup.name).to_owned();
    let id = writer.id()?;
    let super::Condition { version, .. } = super::Condition::of(writer.ask.headers);
    let values = vec![(column, Input::Value(value))];
    writer.write_one(RowWrite::Change { id, values, existing: Existing::Must, version })?;
    Ok(Answer::empty())
}
