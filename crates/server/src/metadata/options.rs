//! Options of choices: `InsertOptionValue`, `InsertStatusValue`, `UpdateOptionValue`, `UpdateStateValue`,
//! `DeleteOptionValue`, `OrderOption` (web-api §7).

use serde_json::json;
use strata_ops::authoring::{self, OptionKind, OptionWish};
use strata_ops::schema::Leaves;
use strata_ops::{PropertyEdit, Request};

use super::author::{drafted, key, refuse_others, run, solution};
use super::definitions::{Reader, Wanted, missing};
use super::payload::{self, Payload};
use crate::answer::Answer;
use crate::ask::Ask;
use crate::fault::Fault;

/// Where options stand: in a choice of one column, or in one that columns share.
struct Place {
    component: strata_model::component::ComponentKey,
    prefix: &'static str,
    now: Leaves,
}

const PLACE: [&str; 4] = ["OptionSetName", "EntityLogicalName", "AttributeLogicalName", "SolutionUniqueName"];
const SAID: [&str; 7] = ["Value", "Label", "Description", "MergeLabels", "Color", "ExternalValue", "ParentValues"];

/// Answers `UpdateOptionValue`.
pub(super) fn update(ask: &Ask<'_>) -> Result<Answer, Fault> {
    let wish = wanted(ask, &SAID, "UpdateOptionValue")?;
    let reader = Reader::new(ask)?;
    let place = place(&reader)?;
    existing(&place, wish.value)?;
    write(&reader, place, wish)?;
    Ok(Answer::empty())
}

/// Answers `InsertOptionValue`.
pub(super) fn insert(ask: &Ask<'_>) -> Result<Answer, Fault> {
    let known: Vec<_> = SAID.iter().filter(|name| **name != "MergeLabels").copied().collect();
    let wish = wanted(ask, &known, "InsertOptionValue")?;
    let reader = Reader::new(ask)?;
    let place = place(&reader)?;
    if OptionKind::of(place.prefix, &place.now) != OptionKind::Option {
        return Err(Fault::payload("options of a status are added by InsertStatusValue"));
    }
    inserted(&reader, place, wish, "InsertOptionValue")
}

/// Answers `InsertStatusValue`.
pub(super) fn insert_status(ask: &Ask<'_>) -> Result<Answer, Fault> {
    let known: Vec<_> = SAID.iter().filter(|name| **name != "MergeLabels").chain(&["StateCode"]).copied().collect();
    let wish = wanted(ask, &known, "InsertStatusValue")?;
    let reader = Reader::new(ask)?;
    let place = place(&reader)?;
    if OptionKind::of(place.prefix, &place.now) != OptionKind::StatusReason {
        return Err(Fault::payload("property 'AttributeLogicalName' does not fit: it has no status reasons"));
    }
    let body = ask.json()?;
    let payload = Payload::new(&body);
    let state = payload.integer("StateCode")?.ok_or_else(|| Fault::payload("property 'StateCode' is missing"))?;
    let states = statuses(&reader, &payload)?;
    if !states.contains(&state) {
        return Err(payload.wrong("StateCode", "a status of the table"));
    }
    inserted(&reader, place, OptionWish { state: Some(state), ..wish }, "InsertStatusValue")
}

/// Answers `DeleteOptionValue`.
pub(super) fn delete(ask: &Ask<'_>) -> Result<Answer, Fault> {
    let value = wanted(ask, &["Value"], "DeleteOptionValue")?.value;
    let reader = Reader::new(ask)?;
    let place = place(&reader)?;
    let value = existing(&place, value)?;
    if OptionKind::of(place.prefix, &place.now) == OptionKind::Status {
        return Err(Fault::payload("property 'Value' does not fit: a table's statuses are fixed"));
    }
    let edit = authoring::option_removal(place.prefix, &place.now, value);
    set(&reader, place, vec![edit])?;
    Ok(Answer::empty())
}

/// Answers `UpdateStateValue`: what a status is called, and with which reason it is set.
pub(super) fn update_state(ask: &Ask<'_>) -> Result<Answer, Fault> {
    let known: Vec<_> = SAID[..4].iter().chain(&["DefaultStatusCode"]).copied().collect();
    let wish = wanted(ask, &known, "UpdateStateValue")?;
    let reader = Reader::new(ask)?;
    let place = place(&reader)?;
    if OptionKind::of(place.prefix, &place.now) != OptionKind::Status {
        return Err(Fault::payload("property 'AttributeLogicalName' does not fit: it has no statuses"));
    }
    let state = existing(&place, wish.value)?;
    let body = ask.json()?;
    let payload = Payload::new(&body);
    let mut edits = option_edits(&reader, &place, wish)?.0;
    if let Some(reason) = payload.integer("DefaultStatusCode")? {
        if !reasons(&reader, &payload)?.contains(&(reason, state)) {
            return Err(payload.wrong("DefaultStatusCode", "a status reason of that status"));
        }
        let path = format!("{}states/state[{state}]@defaultstatus", place.prefix);
        edits.push(PropertyEdit { path, value: reason.to_string() });
    }
    set(&reader, place, edits)?;
    Ok(Answer::empty())
}

/// Answers `OrderOption`: options that are not named stand behind those that are.
pub(super) fn order(ask: &Ask<'_>) -> Result<Answer, Fault> {
    let body = ask.json()?;
    let all: Vec<_> = PLACE.iter().chain(&["Values"]).copied().collect();
    refuse_others(&body, &all, "OrderOption")?;
    let payload = Payload::new(&body);
    let values = payload.integers("Values")?;
    let reader = Reader::new(ask)?;
    let place = place(&reader)?;
    let own = authoring::option_values(place.prefix, &place.now);
    let is_twice = |index: usize| values[..index].contains(&values[index]);
    if values.is_empty() || !values.iter().all(|value| own.contains(value)) || (0..values.len()).any(is_twice) {
        return Err(payload.wrong("Values", "each option of the choice at most once"));
    }
    let edit = authoring::option_order(place.prefix, &place.now, &values);
    set(&reader, place, vec![edit])?;
    Ok(Answer::empty())
}

/// The status reasons of the table that is named, each with its status.
fn reasons(reader: &Reader<'_>, payload: &Payload<'_>) -> Result<Vec<(i64, i64)>, Fault> {
    let table = reader.table(&Wanted::Name(payload.needed("EntityLogicalName")?.to_lowercase()))?;
    let now = drafted(reader, &key("attribute", &format!("{}.statuscode", table.entry.name)))?;
    let state = |reason: &i64| now.get(&format!("optionset/statuses/status[{reason}]@state"))?.parse().ok();
    let reasons = authoring::option_values("optionset/", &now).into_iter();
    Ok(reasons.filter_map(|reason| Some((reason, state(&reason)?))).collect())
}

/// The statuses of the table that is named.
fn statuses(reader: &Reader<'_>, payload: &Payload<'_>) -> Result<std::collections::BTreeSet<i64>, Fault> {
    let table = reader.table(&Wanted::Name(payload.needed("EntityLogicalName")?.to_lowercase()))?;
    let status = drafted(reader, &key("attribute", &format!("{}.statecode", table.entry.name)))?;
    Ok(authoring::option_values("optionset/", &status))
}

/// Reads what is said of an option; other parameters are refused.
fn wanted(ask: &Ask<'_>, known: &[&str], action: &str) -> Result<OptionWish, Fault> {
    let body = ask.json()?;
    let all: Vec<_> = known.iter().chain(&PLACE).copied().collect();
    refuse_others(&body, &all, action)?;
    payload::option(&Payload::new(&body))
}

/// Finds the option that is meant.
fn existing(place: &Place, value: Option<i64>) -> Result<i64, Fault> {
    let value = value.ok_or_else(|| Fault::payload("property 'Value' is missing"))?;
    match authoring::option_values(place.prefix, &place.now).contains(&value) {
        true => Ok(value),
        false => Err(missing("Option", &Wanted::Name(value.to_string()))),
    }
}

/// Adds an option, and says which value it got.
fn inserted(reader: &Reader<'_>, place: Place, wish: OptionWish, action: &str) -> Result<Answer, Fault> {
    let is_there = |value: &i64| authoring::option_values(place.prefix, &place.now).contains(value);
    if wish.value.as_ref().is_some_and(is_there) {
        return Err(Fault::payload("property 'Value' does not fit: the choice has an option of that value"));
    }
    let value = write(reader, place, wish)?;
    let context = format!("{}$metadata#Microsoft.Dynamics.CRM.{action}Response", reader.ask.root);
    Ok(Answer::json(&json!({ "@odata.context": context, "NewOptionValue": value })))
}

fn write(reader: &Reader<'_>, place: Place, wish: OptionWish) -> Result<Option<i64>, Fault> {
    let (edits, value) = option_edits(reader, &place, wish)?;
    set(reader, place, edits)?;
    Ok(value)
}

/// Makes the edits that add or change an option, and says its value.
fn option_edits(
    reader: &Reader<'_>,
    place: &Place,
    wish: OptionWish,
) -> Result<(Vec<PropertyEdit>, Option<i64>), Fault> {
    let mut wishes = [wish];
    settle(reader, &mut wishes, place.prefix, &place.now)?;
    let edits = authoring::options_edits(place.prefix, &wishes);
    let body = reader.ask.json()?;
    let is_merged = Payload::new(&body).flag("MergeLabels")?.unwrap_or(false);
    let edits = if is_merged { edits } else { authoring::replacing_labels(edits, &place.now) };
    Ok((edits, wishes[0].value))
}

fn set(reader: &Reader<'_>, place: Place, edits: Vec<PropertyEdit>) -> Result<(), Fault> {
    run(reader, &Request::Set { component: place.component, edits, solution: joined(reader)? })
}

/// The unmanaged solution that a body names, or its headers.
fn joined(reader: &Reader<'_>) -> Result<Option<String>, Fault> {
    let body = reader.ask.json()?;
    let named = Payload::new(&body).text("SolutionUniqueName")?;
    Ok(named.or_else(|| solution(reader.ask).map(str::to_owned)))
}

/// Fits options to the choice that is to have them.
pub(super) fn settle(reader: &Reader<'_>, options: &mut [OptionWish], prefix: &str, now: &Leaves) -> Result<(), Fault> {
    let option_prefix = authoring::option_prefix(reader.ask.workspace, joined(reader)?.as_deref())?;
    let unfit = |what: String| Fault::payload(format!("property 'Value' does not fit: {what}"));
    authoring::settle(options, prefix, now, option_prefix).map_err(unfit)
}

fn place(reader: &Reader<'_>) -> Result<Place, Fault> {
    let body = reader.ask.json()?;
    let payload = Payload::new(&body);
    let mut shared = payload.text("OptionSetName")?;
    if let Some(table) = payload.text("EntityLogicalName")? {
        let table = reader.table(&Wanted::Name(table.to_lowercase()))?;
        let column = reader.column(&table, &Wanted::Name(payload.needed("AttributeLogicalName")?.to_lowercase()))?;
        let component = key("attribute", &format!("{}.{}", table.entry.name, column.name));
        let now = drafted(reader, &component)?;
        match now.get("OptionSetName").filter(|name| !name.is_empty()) {
            Some(name) => shared = Some(name.clone()),
            None if now.keys().any(|path| path.starts_with("optionset")) => {
                return Ok(Place { component, prefix: "optionset/", now });
            }
            None => return Err(payload.wrong("AttributeLogicalName", "a column with options")),
        }
    }
    let name = shared.ok_or_else(|| Fault::payload("property 'OptionSetName' is missing"))?;
    let found =
        reader.schema.choices(reader.ask.workspace)?.into_iter().find(|own| own.name.eq_ignore_ascii_case(&name));
    let own = found.ok_or_else(|| missing("OptionSet", &Wanted::Name(name.clone())))?;
    let component = key("optionset", &own.name);
    Ok(Place { now: drafted(reader, &component)?, component, prefix: "" })
}
