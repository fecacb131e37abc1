//! `RetrieveMetadataChanges`: definitions by a query that is an object (web-api §7).

use serde_json::{Map, Value, json};
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::id::Operation;
use strata_odata::expression::{Argument, Literal};
use strata_odata::path::{Arguments, Segment};
use strata_ops::schema::{self, DefinitionChanges, TableEntry};

use super::definitions::Reader;
use super::shape::{Document, in_languages};
use crate::answer::Answer;
use crate::ask::Ask;
use crate::fault::Fault;

/// What the function is asked: its parameters, each read once.
struct Asked {
    query: Map<String, Value>,
    /// What changed since the client asked before; nothing where it asks for all.
    changes: Option<DefinitionChanges>,
    /// Which deleted ones the client wants to know.
    deleted: Vec<&'static str>,
}

const PARTS: [(&str, &str, &str); 5] = [
    ("Attributes", "AttributeQuery", "attribute"),
    ("OneToManyRelationships", "RelationshipQuery", "entityrelationship"),
    ("ManyToOneRelationships", "RelationshipQuery", "entityrelationship"),
    ("ManyToManyRelationships", "RelationshipQuery", "entityrelationship"),
    ("Keys", "KeyQuery", "entitykey"),
];

/// Answers the function: all that the query wants, or what of it changed since an earlier answer.
pub(super) fn answer(ask: &Ask<'_>, first: &Segment) -> Result<Answer, Fault> {
    let asked = asked(ask, first)?;
    let reader = Reader::new(ask)?;
    let languages = languages(&asked.query);
    let mut tables = Vec::new();
    for entry in reader.schema.tables() {
        let own = reader.entry_document(entry);
        if meets(&own, asked.query.get("Criteria"))? {
            let mut made = table(&reader, &asked, entry)?;
            if let Some(made) = &mut made {
                in_languages(made, languages.as_deref());
            }
            tables.extend(made);
        }
    }
    Ok(Answer::json(&json!({
        "@odata.context": format!("{}$metadata#Microsoft.Dynamics.CRM.RetrieveMetadataChangesResponse", ask.root),
        "ServerVersionStamp": ask.environment.revision.0.to_string(),
        "EntityMetadata": tables,
        "DeletedMetadata": asked.deleted(&reader),
    })))
}

/// Makes a table with those of its parts that the query wants; `None` where nothing of it changed.
fn table(reader: &Reader<'_>, asked: &Asked, entry: &TableEntry) -> Result<Option<Value>, Fault> {
    let names = properties(&asked.query);
    let has_changed = asked.has_changed("entity", &entry.name);
    let mut is_wanted = has_changed;
    let table = reader.schema.table(reader.ask.workspace, &entry.name)?;
    let mut made = cut(reader.table_document(&table), names.as_deref());
    for (part, below, kind) in PARTS {
        if names.as_ref().is_some_and(|names| !names.iter().any(|name| name == part)) {
            continue;
        }
        let wanted = asked.query.get(below).and_then(Value::as_object).cloned().unwrap_or_default();
        let names = properties(&wanted);
        let mut found = Vec::new();
        for mut own in reader.part_documents(&table, part)? {
            let name = match kind {
                "entityrelationship" => text(&own, "SchemaName"),
                _ => format!("{}.{}", entry.name, text(&own, "LogicalName")),
            };
            if asked.has_changed(kind, &name) && meets(&own, wanted.get("Criteria"))? {
                asked.mark(&mut own, true);
                found.push(Value::Object(cut(own, names.as_deref())));
            }
        }
        is_wanted |= !found.is_empty();
        made.insert(part.to_owned(), found.into());
    }
    asked.mark(&mut made, has_changed);
    Ok(is_wanted.then_some(Value::Object(made)))
}

fn text(made: &Document, name: &str) -> String {
    made.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl Asked {
    fn has_changed(&self, kind: &str, name: &str) -> bool {
        let key = ComponentKey::new(ComponentType::named(kind), name);
        self.changes.as_ref().is_none_or(|changes| changes.changed.contains(&key))
    }

    fn mark(&self, made: &mut Document, has_changed: bool) {
        if self.changes.is_some() && made.contains_key("HasChanged") {
            made.insert("HasChanged".to_owned(), has_changed.into());
        }
    }

    /// Lists the ids of what is gone, by kind; nothing where the client does not ask.
    fn deleted(&self, reader: &Reader<'_>) -> Value {
        let Some(changes) = self.changes.as_ref().filter(|_| !self.deleted.is_empty()) else { return Value::Null };
        let ids = |kind: &str| {
            let types: &[&str] = match kind {
                "Entity" => &["entity"],
                "Attribute" => &["attribute"],
                "Relationship" => &["entityrelationship"],
                "OptionSet" => &["optionset"],
                _ => &[],
            };
            let own = changes.deleted.iter().filter(|key| types.iter().any(|name| key.component_type.is(name)));
            let id = |key: &ComponentKey| super::author::id_of(reader, key.component_type.name(), key.as_str());
            let ids: Vec<_> = own.map(id).collect();
            json!({ "Count": ids.len(), "IsReadOnly": false, "Items": ids })
        };
        json!({
            "Count": self.deleted.len(),
            "IsReadOnly": false,
            "Keys": self.deleted,
            "Values": self.deleted.iter().map(|kind| ids(kind)).collect::<Vec<_>>(),
        })
    }
}

/// The languages of labels that a query wants; all where it names none.
fn languages(query: &Map<String, Value>) -> Option<Vec<i64>> {
    let wanted = query.get("LabelQuery")?.get("FilterLanguages")?.as_array()?;
    let wanted: Vec<_> = wanted.iter().filter_map(Value::as_i64).collect();
    (!wanted.is_empty()).then_some(wanted)
}

const PARAMETERS: [&str; 5] =
    ["Query", "ClientVersionStamp", "DeletedMetadataFilters", "AppModuleId", "RetrieveAllSettings"];

/// Reads the parameters, which may stand behind aliases.
fn asked(ask: &Ask<'_>, first: &Segment) -> Result<Asked, Fault> {
    let pairs = if let Arguments::Named(pairs) = &first.arguments { pairs.as_slice() } else { &[] };
    if let Some(other) = pairs.iter().find(|pair| !PARAMETERS.contains(&pair.name.as_str())) {
        return Err(Fault::payload(format!(
            "The parameter '{}' in the request is not a valid parameter for the operation 'RetrieveMetadataChanges'.",
            other.name
        )));
    }
    let said = |name: &str| -> Result<Option<String>, Fault> {
        let Some(pair) = pairs.iter().find(|pair| pair.name == name) else { return Ok(None) };
        match &pair.value {
            Argument::One(Literal::Null) => Ok(None),
            Argument::One(Literal::Alias(alias)) => {
                let wanted = format!("@{alias}");
                let found = ask.options.iter().find(|(name, _)| *name == wanted);
                let found = found.ok_or_else(|| Fault::url(format!("nothing says what @{alias} is")))?;
                Ok(Some(found.1.clone()).filter(|text| text != "null"))
            }
            Argument::One(literal) => Ok(literal.text().map(str::to_owned)),
            Argument::Many(_) => Err(Fault::url(format!("parameter '{name}' is one value"))),
        }
    };
    let query = match said("Query")? {
        Some(text) => serde_json::from_str(&text)
            .map_err(|error| Fault::payload(format!("parameter 'Query' is no JSON object: {error}")))?,
        None => Map::new(),
    };
    let changes = match said("ClientVersionStamp")? {
        Some(stamp) => Some(changes(ask, stamp.trim_matches('\''))?),
        None => None,
    };
    let filters = said("DeletedMetadataFilters")?;
    Ok(Asked { query, changes, deleted: kinds(filters.as_deref().unwrap_or_default())? })
}

/// Finds what changed since the answer that a stamp came with.
fn changes(ask: &Ask<'_>, stamp: &str) -> Result<DefinitionChanges, Fault> {
    let expired = || {
        let message = "Version stamp associated with the client has expired. Please perform a full sync.";
        Fault::new(400, "0x80044352", message)
    };
    let revision = stamp.parse().map_err(|_| expired())?;
    schema::changes_since(ask.workspace, &ask.environment, Operation(revision))?.ok_or_else(expired)
}

/// Reads the kinds of deleted definitions: names of the platform's, or their numbers.
fn kinds(filters: &str) -> Result<Vec<&'static str>, Fault> {
    const KINDS: [(&str, u32); 5] =
        [("Entity", 1), ("Attribute", 2), ("Relationship", 4), ("Label", 8), ("OptionSet", 16)];
    let words = filters.rsplit_once("DeletedMetadataFilters").map_or(filters, |(_, rest)| rest).trim_matches('\'');
    let mut wanted = 0;
    for word in words.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        wanted |= match (word, KINDS.iter().find(|(name, _)| *name == word), word.parse::<u32>()) {
            ("All", ..) => 31,
            ("Default", ..) => 1,
            (_, Some((_, bit)), _) => *bit,
            (_, None, Ok(bits)) if (1..=31).contains(&bits) => bits,
            _ => {
                let message = "parameter 'DeletedMetadataFilters' does not fit: Entity, Attribute, Relationship, \
                               Label, OptionSet or All is expected";
                return Err(Fault::payload(message));
            }
        };
    }
    Ok(KINDS.iter().filter(|(_, bit)| wanted & bit != 0).map(|(name, _)| *name).collect())
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
    // A list may stand in a text.
    let listed = given.as_str().and_then(|text| serde_json::from_str::<Value>(&text.replace('\'', "\"")).ok());
    let given_list = listed.as_ref().unwrap_or(given);
    let among = || given_list.as_array().into_iter().flatten().any(same);
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
