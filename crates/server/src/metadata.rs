//! What there is: the service document, `$metadata`, definitions of tables (web-api §1, §7).

mod attribute;
mod author;
mod changes;
mod choice;
mod csdl;
mod definitions;
pub(crate) mod eligible;
mod entity;
mod options;
mod payload;
mod query;
mod relation;
mod shape;
pub(crate) mod whole;

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::ask::{Ask, Verb};
use crate::fault::Fault;

/// Tells whether a first segment belongs here.
pub(crate) fn serves(segment: &str) -> bool {
    matches!(
        segment,
        "$metadata"
            | "EntityDefinitions"
            | "RelationshipDefinitions"
            | "GlobalOptionSetDefinitions"
            | "ManagedPropertyDefinitions"
            | "RetrieveMetadataChanges"
            | "CreateEntities"
            | "UpdateOptionValue"
            | "InsertOptionValue"
            | "InsertStatusValue"
            | "DeleteOptionValue"
            | "OrderOption"
            | "UpdateStateValue"
            | "CreateCustomerRelationships"
            | "CreatePolymorphicLookupAttribute"
    )
}

/// Lists the sets.
pub(crate) fn service_document(ask: &Ask<'_>) -> Result<Answer, Fault> {
    if ask.verb != Verb::Get {
        return Err(Fault::verb("the service document is read only"));
    }
    let schema = ask.schema()?;
    let set = |set: &str| json!({ "name": set, "kind": "EntitySet", "url": set });
    let mut sets: Vec<Value> = schema.tables().map(|entry| set(&entry.set)).collect();
    sets.extend(DEFINITIONS.iter().map(|own| set(own)));
    Ok(Answer::json(&json!({ "@odata.context": format!("{}$metadata", ask.root), "value": sets })))
}

/// Sets of definitions.
const DEFINITIONS: [&str; 4] =
    ["EntityDefinitions", "GlobalOptionSetDefinitions", "ManagedPropertyDefinitions", "RelationshipDefinitions"];

/// Answers a request for definitions.
pub(crate) fn answer(ask: &Ask<'_>) -> Result<Answer, Fault> {
    let (first, rest) = ask.path.split_first().expect("a request for definitions has a segment");
    match (first.name.as_str(), ask.verb) {
        ("UpdateOptionValue", Verb::Post) if rest.is_empty() => options::update(ask),
        ("InsertOptionValue", Verb::Post) if rest.is_empty() => options::insert(ask),
        ("InsertStatusValue", Verb::Post) if rest.is_empty() => options::insert_status(ask),
        ("OrderOption", Verb::Post) if rest.is_empty() => options::order(ask),
        ("UpdateStateValue", Verb::Post) if rest.is_empty() => options::update_state(ask),
        ("DeleteOptionValue", Verb::Post) if rest.is_empty() => options::delete(ask),
        ("RetrieveMetadataChanges", Verb::Get) if rest.is_empty() => changes::answer(ask, first),
        ("$metadata", _) => csdl::answer(ask),
        ("CreateCustomerRelationships", Verb::Post) if rest.is_empty() => author::create_customer(ask),
        ("CreatePolymorphicLookupAttribute", Verb::Post) if rest.is_empty() => author::create_polymorphic(ask),
        ("CreateEntities", Verb::Post) if rest.is_empty() => author::create_tables(ask),
        ("EntityDefinitions", Verb::Get) => definitions::tables(ask, first, rest),
        ("RelationshipDefinitions", Verb::Get) => definitions::relationships(ask, first, rest),
        ("GlobalOptionSetDefinitions", Verb::Get) => definitions::choices(ask, first, rest),
        ("ManagedPropertyDefinitions", Verb::Get) => definitions::managed_properties(ask, first, rest),
        ("EntityDefinitions", _) => author::tables(ask, first, rest),
        ("RelationshipDefinitions", _) => author::relationships(ask, first, rest),
        ("GlobalOptionSetDefinitions", _) => author::choices(ask, first, rest),
        (name, _) => Err(Fault::verb(format!("{name} does not take this verb"))),
    }
}
