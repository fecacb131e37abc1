//! Many rows at once: `CreateMultiple` and its siblings (web-api §3). All of them are written or none.

use serde_json::{Map, Value, json};
use strata_model::id::Guid;
use strata_ops::rows::{Existing, Outcome, RowWrite};

use super::{Writer, target};
use crate::answer::Answer;
use crate::fault::Fault;

/// How a target becomes a write.
type Write = fn(&Writer<'_>, &Map<String, Value>) -> Result<RowWrite, Fault>;

const PREFIXES: [&str; 2] = ["Microsoft.Dynamics.CRM.", "mscrm."];

/// The actions; the first one makes rows, with what belongs to them.
const ACTIONS: [(&str, Option<Write>); 4] = [
    ("CreateMultiple", None),
    ("UpdateMultiple", Some(|writer, target| change(writer, target, Existing::Must))),
    ("UpsertMultiple", Some(|writer, target| change(writer, target, Existing::May))),
    ("DeleteMultiple", Some(delete)),
];

/// Answers an action that is bound to a set.
pub(super) fn answer(writer: &Writer<'_>, name: &str) -> Result<Answer, Fault> {
    let bare = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    let found = ACTIONS.iter().find(|(own, _)| *own == bare);
    let (action, write) = *found.ok_or_else(|| Fault::segment(name))?;
    let body = writer.ask.json()?;
    let targets = body.get("Targets").and_then(Value::as_array);
    let targets = targets.ok_or_else(|| Fault::payload(format!("{action} wants `Targets`, a list of rows")))?;
    let Some(write) = write else {
        let outcomes = writer.make(each(targets, |row| writer.new_row(row))?)?;
        return Ok(created(writer, &outcomes));
    };
    let writes = each(targets, |row| write(writer, row))?;
    if !writes.is_empty() {
        writer.write(writer.name(), &writes)?;
    }
    Ok(Answer::empty())
}

fn each<T>(targets: &[Value], read: impl Fn(&Map<String, Value>) -> Result<T, Fault>) -> Result<Vec<T>, Fault> {
    let one = |(position, row): (usize, &Value)| {
        let place = |mut fault: Fault| {
            fault.message = format!("Targets[{position}]: {}", fault.message);
            fault
        };
        let row = row.as_object().ok_or_else(|| place(Fault::payload("an object is expected")))?;
        read(row).map_err(place)
    };
    targets.iter().enumerate().map(one).collect()
}

fn created(writer: &Writer<'_>, outcomes: &[Outcome]) -> Answer {
    let ids: Vec<_> = outcomes.iter().map(|outcome| outcome.id.to_string()).collect();
    let context = format!("{}$metadata#Microsoft.Dynamics.CRM.CreateMultipleResponse", writer.ask.root);
    Answer::json(&json!({ "@odata.context": context, "Ids": ids }))
}

fn change(writer: &Writer<'_>, row: &Map<String, Value>, existing: Existing) -> Result<RowWrite, Fault> {
    let values = writer.values(row)?;
    Ok(match (id(writer, row)?, existing) {
        (Some(id), _) => RowWrite::Change { id, values, existing, version: None },
        (None, Existing::May) => RowWrite::Create { id: None, values },
        (None, _) => return Err(no_id(writer)),
    })
}

fn delete(writer: &Writer<'_>, row: &Map<String, Value>) -> Result<RowWrite, Fault> {
    Ok(RowWrite::Delete { id: id(writer, row)?.ok_or_else(|| no_id(writer))?, version: None })
}

fn no_id(writer: &Writer<'_>) -> Fault {
    Fault::payload(format!("`{}` or `@odata.id` says which row is meant", writer.table.primary_id))
}

/// The row that a target is about: by its id, by a URL, or by the values of an alternate key.
fn id(writer: &Writer<'_>, row: &Map<String, Value>) -> Result<Option<Guid>, Fault> {
    let primary_id = &writer.table.primary_id;
    if let Some(value) = row.get(primary_id) {
        let id = value.as_str().and_then(Guid::parse);
        return id.map(Some).ok_or_else(|| Fault::payload(format!("{primary_id} is an id")));
    }
    let Some(url) = row.get("@odata.id").and_then(Value::as_str) else { return Ok(None) };
    let (table, id) = target::referred(writer.ask, writer.schema, url)?;
    match table == writer.name() {
        true => Ok(Some(id)),
        false => Err(Fault::payload(format!("`{url}` is no row of {}", writer.name()))),
    }
}
