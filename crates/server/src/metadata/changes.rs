//! `RetrieveMetadataChanges`: definitions by a query that is an object (web-api §7).

use serde_json::{Map, Value, json};
use strata_odata::expression::{Argument, Literal};
use strata_odata::path::{Arguments, Segment};

use super::definitions::Reader;
use super::shape::Document;
use crate::answer::Answer;
use crate::ask::Ask;
use crate::fault::Fault;

/// Answers the function; every answer holds all that the query wants, as a first one does.
pub(super) fn answer(ask: &Ask<'_>, first: &Segment) -> Result<Answer, Fault> {
    let query = asked(ask, first)?;
    let reader = Reader::new(ask)?;
    let mut tables = Vec::new();
    let names = properties(&query);
    let parts = [
        ("Attributes", "AttributeQuery"),
        ("OneToManyRelationships", "RelationshipQuery"),
        ("ManyToOneRelationships", "RelationshipQuery"),
        ("ManyToManyRelationships", "RelationshipQuery"),
        ("Keys", "KeyQuery"),
    ];
    for entry in reader.schema.tables() {
        let own = reader.entry_document(entry);
        if !meets(&own, query.get("Criteria"))? {
            continue;
        }
        let table = reader.schema.table(ask.workspace, &entry.name)?;
        let mut made = cut(reader.table_document(&table), names.as_deref());
        for (part, below) in parts {
            if names.as_ref().is_some_and(|names| !names.iter().any(|name| name == part)) {
                continue;
            }
            let wanted = query.get(below).and_then(Value::as_object).cloned().unwrap_or_default();
            let names = properties(&wanted);
            let mut found = Vec::new();
            for own in reader.part_documents(&table, part)? {
                if meets(&own, wanted.get("Criteria"))? {
                    found.push(Value::Object(cut(own, names.as_deref())));
                }
            }
            made.insert(part.to_owned(), found.into());
        }
        tables.push(Value::Object(made));
    }
    Ok(Answer::json(&json!({
        "@odata.context": format!("{}$metadata#Microsoft.Dynamics.CRM.RetrieveMetadataChangesResponse", ask.root),
        "ServerVersionStamp": ask.environment.revision.0.to_string(),
        "EntityMetadata": tables,
        "DeletedMetadata": null,
    })))
}

/// Reads the query: an object behind an alias.
fn asked(ask: &Ask<'_>, first: &Segment) -> Result<Map<String, Value>, Fault> {
    let Arguments::Named(pairs) = &first.arguments else { return Ok(Map::new()) };
    let Some(pair) = pairs.iter().find(|pair| pair.name == "Query") else { return Ok(Map::new()) };
    let text = match &pair.value {
        Argument::One(Literal::Alias(alias)) => {
            let wanted = format!("@{alias}");
            let found = ask.options.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| value.clone()).ok_or_else(|| Fault::url(format!("nothing says what @{alias} is")))?
        }
        Argument::One(literal) => literal.text().unwrap_or_default().to_owned(),
        Argument::Many(_) => return Err(Fault::url("parameter 'Query' is one object")),
    };
    serde_json::from_str(&text).map_err(|error| Fault::payload(format!("parameter 'Query' is no JSON object: {error}")))
}

/// The properties that a query wants; all where it names none.
fn properties(query: &Map<String, Value>) -> Option<Vec<String>> {
    let wanted = query.get("Properties")?;
    if wanted.get("AllProperties").and_then(Value::as_bool) == Some(true) {
        return None;
    }
    let names = wanted.get("PropertyNames")?.as_array()?;
    Some(names.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

fn cut(made: Document, names: Option<&[String]>) -> Document {
    let Some(names) = names else { return made };
    let is_kept = |name: &String| name.starts_with('@') || name == "MetadataId" || names.contains(name);
    made.into_iter().filter(|(name, _)| is_kept(name)).collect()
}

/// Tells whether a definition fulfils a filter of conditions and of further filters.
fn meets(made: &Document, criteria: Option<&Value>) -> Result<bool, Fault> {
    let Some(criteria) = criteria.filter(|criteria| !criteria.is_null()) else { return Ok(true) };
    let list = |name: &str| criteria.get(name).and_then(Value::as_array).into_iter().flatten();
    let mut found = Vec::new();
    for condition in list("Conditions") {
        found.push(holds(made, condition)?);
    }
    for filter in list("Filters") {
        found.push(meets(made, Some(filter))?);
    }
    let is_any = criteria.get("FilterOperator").and_then(Value::as_str) == Some("Or");
    Ok(if is_any { found.iter().any(|held| *held) } else { found.iter().all(|held| *held) })
}

fn holds(made: &Document, condition: &Value) -> Result<bool, Fault> {
    let name = condition.get("PropertyName").and_then(Value::as_str).unwrap_or_default();
    let own = match made.get(name) {
        Some(Value::Object(object)) => object.get("Value").unwrap_or(&Value::Null),
        Some(own) => own,
        None => return Err(Fault::payload(format!("parameter 'Query' does not fit: there is no property '{name}'"))),
    };
    let given = condition.get("Value").map_or(&Value::Null, |value| value.get("Value").unwrap_or(value));
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_lowercase);
    let same = |given: &Value| text(own) == text(given);
    let among = || given.as_array().into_iter().flatten().any(same);
    let number = |value: &Value| value.as_f64().or_else(|| value.as_str()?.parse().ok());
    Ok(match condition.get("ConditionOperator").and_then(Value::as_str) {
        None | Some("Equals") => same(given),
        Some("NotEquals") => !same(given),
        Some("In") => among(),
        Some("NotIn") => !among(),
        Some("GreaterThan") => number(own) > number(given),
        Some("LessThan") => number(own) < number(given),
        Some(other) => {
            return Err(Fault::payload(format!("parameter 'Query' does not fit: there is no operator {other}")));
        }
    })
}
