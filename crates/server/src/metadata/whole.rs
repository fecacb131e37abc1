//! `RetrieveEntity` and `RetrieveAllEntities`: definitions of tables with as many of their parts as are asked for
//! (web-api §9).

use serde_json::{Value, json};
use strata_ops::schema::TableEntry;

use super::definitions::{Reader, Wanted, missing};
use crate::access::Role;
use crate::fault::Fault;
use crate::message::{Call, Kind, Level, Message, Parameter, Shape, optional, required};

pub(crate) static RETRIEVE_ENTITY: Message = Message {
    name: "RetrieveEntity",
    level: Level::Later,
    role: Role::Reader,
    parameters: &[
        FILTERS,
        optional("LogicalName", Kind::Text),
        optional("MetadataId", Kind::Guid),
        optional("RetrieveAsIfPublished", Kind::Boolean),
    ],
    answer: Shape::Open,
    summary: "gives the definition of a table, with the parts that are asked for; as it is published",
    carry_out: |call| {
        let (reader, parts) = begun(call)?;
        let wanted = match (call.given.text("LogicalName"), call.given.guid("MetadataId")) {
            (Some(name), _) => Wanted::Name(name.to_lowercase()),
            (None, Some(id)) => Wanted::Id(id),
            (None, None) => return Err(Fault::payload("RetrieveEntity: parameter 'LogicalName' is missing")),
        };
        let table = reader.table(&wanted)?;
        Ok(call.object(json!({ "EntityMetadata": whole(&reader, &table.entry, &parts)? })))
    },
    request: None,
};

pub(crate) static RETRIEVE_ALL_ENTITIES: Message = Message {
    name: "RetrieveAllEntities",
    level: Level::Later,
    role: Role::Reader,
    parameters: &[FILTERS, required("RetrieveAsIfPublished", Kind::Boolean)],
    answer: Shape::Open,
    summary: "gives the definitions of all tables, with the parts that are asked for; as they are published",
    carry_out: |call| {
        let (reader, parts) = begun(call)?;
        let mut all = Vec::new();
        for entry in reader.schema.tables() {
            all.push(whole(&reader, entry, &parts)?);
        }
        let stamp = call.ask.environment.revision.0.to_string();
        Ok(call.object(json!({ "EntityMetadata": all, "Timestamp": stamp })))
    },
    request: None,
};

const FILTERS: Parameter = required("EntityFilters", Kind::Any);

/// Parts by the names of filters.
const PARTS: [(&str, &[&str]); 3] = [
    ("Attributes", &["Attributes"]),
    ("Relationships", &["OneToManyRelationships", "ManyToOneRelationships", "ManyToManyRelationships"]),
    ("Keys", &["Keys"]),
];

/// Reads which parts are asked for.
fn begun<'a>(call: &Call<'a>) -> Result<(Reader<'a>, Vec<&'static str>), Fault> {
    if call.given.flag("RetrieveAsIfPublished") {
        return Err(Fault::not_built("RetrieveAsIfPublished, which shows drafts,"));
    }
    let given = call.given.any("EntityFilters").and_then(Value::as_str).unwrap_or_default();
    let words = given.rsplit_once("EntityFilters").map_or(given, |(_, rest)| rest).trim_matches('\'');
    let mut parts = Vec::new();
    for word in words.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        match PARTS.iter().find(|(name, _)| *name == word) {
            Some((_, own)) => parts.extend(*own),
            None if word == "All" => parts.extend(PARTS.iter().flat_map(|(_, own)| *own)),
            None if matches!(word, "Entity" | "Default" | "Privileges") => {}
            None => {
                let message = "parameter 'EntityFilters' does not fit: Entity, Attributes, Relationships, Privileges \
                               or All is expected";
                return Err(Fault::payload(message));
            }
        }
    }
    Ok((Reader::new(call.ask)?, parts))
}

fn whole(reader: &Reader<'_>, entry: &TableEntry, parts: &[&str]) -> Result<Value, Fault> {
    let table = reader.schema.table(reader.ask.workspace, &entry.name);
    let table = table.map_err(|_| missing("entity", &Wanted::Name(entry.name.clone())))?;
    let mut made = reader.table_document(&table);
    for part in parts {
        let found = reader.part_documents(&table, part)?.into_iter().map(Value::Object);
        made.insert((*part).to_owned(), found.collect());
    }
    Ok(Value::Object(made))
}
