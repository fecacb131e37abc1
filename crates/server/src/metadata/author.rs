//! Making, changing and deleting definitions: one operation for each request, all of it or nothing (web-api §7).

mod relation;

use serde_json::{Map, Value, json};
use strata_model::component::{ComponentKey, ComponentType};
use strata_odata::path::Segment;
use strata_ops::authoring::{self, ChoiceOf, ColumnWish, KeyWish};
use strata_ops::by_hand::{ByHand, NewComponent};
use strata_ops::schema::Leaves;
use strata_ops::{PropertyEdit, Request, carry_out, silent};

pub(crate) use relation::{create_customer, create_polymorphic, relationships};

use super::definitions::{Reader, Wanted, cast, missing, wanted};
use super::options::settle;
use super::payload::{self, Payload};
use crate::answer::Answer;
use crate::ask::{Ask, Verb};
use crate::fault::Fault;

/// Answers a request that writes definitions of tables or of what belongs to them.
pub(crate) fn tables(ask: &Ask<'_>, first: &Segment, rest: &[Segment]) -> Result<Answer, Fault> {
    let reader = Reader::new(ask)?;
    let wanted_table = wanted(first, &["LogicalName", "MetadataId"])?;
    match (ask.verb, &wanted_table, rest) {
        (Verb::Post, Wanted::All, []) => create_table(&reader),
        (_, Wanted::All, _) => Err(Fault::verb(format!("{} does not take this verb", first.name))),
        (Verb::Put, wanted, []) => update_table(&reader, wanted),
        (Verb::Delete, wanted, []) => {
            let table = reader.table(wanted)?;
            delete(&reader, key("entity", &table.entry.name))
        }
        (verb, wanted, [part, below @ ..]) => match part.name.as_str() {
            "Attributes" => column(&reader, verb, wanted, part, below),
            "Keys" => keys(&reader, verb, wanted, part, below),
            name => Err(Fault::verb(format!("{name} is not written below a table"))),
        },
        (_, _, []) => Err(Fault::verb("definitions are changed with PUT")),
    }
}

/// Answers a request that writes shared choices.
pub(crate) fn choices(ask: &Ask<'_>, first: &Segment, rest: &[Segment]) -> Result<Answer, Fault> {
    let reader = Reader::new(ask)?;
    let (_, rest) = cast(rest);
    match (ask.verb, wanted(first, &["Name", "MetadataId"])?, rest) {
        (Verb::Post, Wanted::All, []) => create_choice(&reader),
        (Verb::Put, wanted, []) => update_choice(&reader, &wanted),
        (Verb::Delete, wanted, []) => delete(&reader, key("optionset", &choice_name(&reader, &wanted)?)),
        (_, _, [other, ..]) => Err(Fault::segment(&other.name)),
        _ => Err(Fault::verb("choices are created with POST, changed with PUT")),
    }
}

/// The unmanaged solution that what is written joins: a header, or an option of the URL (web-api §2).
pub(crate) fn solution<'a>(ask: &'a Ask<'_>) -> Option<&'a str> {
    let headers = ["MSCRM.SolutionUniqueName", "MSCRM.SolutionName"];
    let named = headers.iter().find_map(|name| ask.headers.get(name));
    let option = ask.options.iter().find(|(name, _)| name == "SolutionUniqueName").map(|(_, value)| value.as_str());
    named.or(option).filter(|name| !name.trim().is_empty())
}

pub(crate) fn key(component_type: &str, name: &str) -> ComponentKey {
    ComponentKey::new(ComponentType::named(component_type), name)
}

pub(crate) fn run(reader: &Reader<'_>, request: &Request) -> Result<(), Fault> {
    carry_out(reader.ask.workspace, &reader.ask.environment, request, &silent)?;
    Ok(())
}

/// Says where a new definition is.
fn created(reader: &Reader<'_>, url: &str) -> Answer {
    Answer::empty().entity(&format!("{}{url}", reader.ask.root))
}

fn create_table(reader: &Reader<'_>) -> Result<Answer, Fault> {
    let body = reader.ask.json()?;
    let wish = payload::table(&Payload::new(&body))?;
    let all = table_components(reader, wish)?;
    let name = all[0].name.clone();
    run(reader, &authoring::creation(all))?;
    let id = id_of(reader, "entity", &name.to_lowercase());
    Ok(created(reader, &format!("EntityDefinitions({id})")))
}

/// Answers `CreateEntities`: several tables, all or none.
pub(crate) fn create_tables(ask: &Ask<'_>) -> Result<Answer, Fault> {
    let reader = Reader::new(ask)?;
    let body = ask.json()?;
    refuse_others(&body, &["Entities", "SolutionUniqueName"], "CreateEntities")?;
    let wanted = Payload::new(&body);
    let entities = wanted.list("Entities")?;
    if entities.is_empty() {
        return Err(Fault::payload("property 'Entities' is missing"));
    }
    let mut all = Vec::new();
    let mut ids = Vec::new();
    for own in &entities {
        let components = table_components(&reader, payload::table(own)?)?;
        ids.push(id_of(&reader, "entity", &components[0].name.to_lowercase()));
        all.extend(components);
    }
    run(&reader, &authoring::creation(all))?;
    Ok(Answer::json(&json!({
        "@odata.context": format!("{}$metadata#Microsoft.Dynamics.CRM.CreateEntitiesResponse", ask.root),
        "EntityIds": ids,
    })))
}

/// Refuses parameters that an action does not have.
pub(crate) fn refuse_others(body: &Map<String, Value>, known: &[&str], action: &str) -> Result<(), Fault> {
    match body.keys().find(|name| !known.contains(&name.as_str()) && !name.starts_with('@')) {
        Some(other) => Err(Fault::payload(format!(
            "The parameter '{other}' in the request payload is not a valid parameter for the operation '{action}'."
        ))),
        None => Ok(()),
    }
}

fn table_components(reader: &Reader<'_>, mut wish: authoring::TableWish) -> Result<Vec<NewComponent>, Fault> {
    for own in &mut wish.columns {
        resolve_choice(reader, own)?;
        if own.kind == "lookup" || own.kind == "customer" {
            let message =
                format!("property '{}' does not fit: a lookup is made with its relationship", own.schema_name);
            return Err(Fault::payload(message));
        }
    }
    Ok(authoring::table(&wish, reader.language, solution(reader.ask)))
}

/// A shared choice is named by a URL, or by itself.
fn resolve_choice(reader: &Reader<'_>, wish: &mut ColumnWish) -> Result<(), Fault> {
    let Some(ChoiceOf::Shared(named)) = &wish.choice else { return Ok(()) };
    let choices = reader.schema.choices(reader.ask.workspace)?;
    let key = named.rsplit('(').next().unwrap_or(named).trim_end_matches(')');
    let key = key.trim_start_matches("Name=").trim_matches('\'');
    let is_meant = |own: &&strata_ops::schema::Choice| {
        own.name.eq_ignore_ascii_case(key) || own.id.to_string().eq_ignore_ascii_case(key)
    };
    let found = choices.iter().find(is_meant);
    let found = found.ok_or_else(|| missing("OptionSet", &Wanted::Name(key.to_owned())))?;
    wish.choice = Some(ChoiceOf::Shared(found.name.clone()));
    Ok(())
}

pub(crate) fn id_of(reader: &Reader<'_>, component_type: &str, name: &str) -> String {
    strata_model::id::Guid::minted(reader.ask.environment.id, component_type, name).to_string()
}

fn update_table(reader: &Reader<'_>, wanted: &Wanted) -> Result<Answer, Fault> {
    let table = reader.table(wanted)?;
    let body = reader.ask.json()?;
    let payload = Payload::new(&body);
    let edits = authoring::table_edits(
        &payload.label("DisplayName")?,
        &payload.label("DisplayCollectionName")?,
        &payload.label("Description")?,
        &payload::table_settings(&payload)?,
    );
    let component = key("entity", &table.entry.name);
    let now = drafted(reader, &component)?;
    set(reader, component, changed(reader, edits, &now))
}

/// Edits that change nothing are none: a body repeats what it does not want to change. Labels that a body says are all
/// there is of them, unless a header has them merged.
pub(crate) fn changed(reader: &Reader<'_>, edits: Vec<PropertyEdit>, now: &Leaves) -> Vec<PropertyEdit> {
    let header = reader.ask.headers.get("MSCRM.MergeLabels");
    let is_merged = header.is_some_and(|text| text.trim().eq_ignore_ascii_case("true"));
    let edits = if is_merged { edits } else { authoring::replacing_labels(edits, now) };
    let differs = |edit: &PropertyEdit| match now.get(&edit.path) {
        Some(own) => *own != edit.value,
        // An element that goes.
        None if edit.path.ends_with(']') => true,
        // What nobody says is what is usual.
        None => !edit.value.is_empty() && (edit.value != "0" || is_of_option(&edit.path)),
    };
    edits.into_iter().filter(differs).collect()
}

/// What tells an option from others; nought is a value like any other.
fn is_of_option(path: &str) -> bool {
    path.ends_with("]@value") || path.ends_with("]@state")
}

/// Returns what a definition says with its drafts, which is what an edit goes over.
pub(crate) fn drafted(reader: &Reader<'_>, component: &ComponentKey) -> Result<Leaves, Fault> {
    let shown = strata_ops::components::show(reader.ask.workspace, None, &component.to_string(), true)?;
    Ok(shown.properties)
}

fn set(reader: &Reader<'_>, component: ComponentKey, edits: Vec<PropertyEdit>) -> Result<Answer, Fault> {
    if !edits.is_empty() {
        let solution = solution(reader.ask).map(str::to_owned);
        run(reader, &Request::Set { component, edits, solution })?;
    }
    Ok(Answer::empty())
}

fn delete(reader: &Reader<'_>, component: ComponentKey) -> Result<Answer, Fault> {
    run(reader, &Request::ByHand(ByHand::Delete { component }))?;
    Ok(Answer::empty())
}

fn column(reader: &Reader<'_>, verb: Verb, table: &Wanted, part: &Segment, below: &[Segment]) -> Result<Answer, Fault> {
    let table = reader.table(table)?;
    let (_, below) = cast(below);
    if let [other, ..] = below {
        return Err(Fault::segment(&other.name));
    }
    let meant = wanted(part, &["LogicalName", "MetadataId"])?;
    match (verb, &meant) {
        (Verb::Post, Wanted::All) => {
            let body = reader.ask.json()?;
            let mut wish = payload::column(&Payload::new(&body))?;
            resolve_choice(reader, &mut wish)?;
            if matches!(wish.kind.as_str(), "lookup" | "customer") {
                let message = "property '@odata.type' does not fit: a lookup is made with its relationship, by POST to RelationshipDefinitions";
                return Err(Fault::payload(message));
            }
            let new = authoring::column(&table.entry.name, &wish, solution(reader.ask));
            run(reader, &authoring::creation(vec![new]))?;
            let id = table.column_id(&wish.schema_name.to_lowercase());
            Ok(created(reader, &format!("EntityDefinitions({})/Attributes({id})", table.metadata_id)))
        }
        (Verb::Put, Wanted::Id(_) | Wanted::Name(_)) => {
            let own = reader.column(&table, &meant)?;
            let body = reader.ask.json()?;
            let mut wish = payload::changes(&Payload::new(&body), &own.type_word)?;
            let component = key("attribute", &format!("{}.{}", table.entry.name, own.name));
            let now = drafted(reader, &component)?;
            if let Some(ChoiceOf::Own(own)) = &mut wish.choice {
                settle(reader, &mut own.options, "optionset/", &now)?;
            }
            let edits = changed(reader, authoring::column_edits(&wish), &now);
            set(reader, component, edits)
        }
        (Verb::Delete, Wanted::Id(_) | Wanted::Name(_)) => {
            let own = reader.column(&table, &meant)?;
            delete(reader, key("attribute", &format!("{}.{}", table.entry.name, own.name)))
        }
        _ => Err(Fault::verb("columns are created with POST, changed with PUT")),
    }
}

fn keys(reader: &Reader<'_>, verb: Verb, table: &Wanted, part: &Segment, below: &[Segment]) -> Result<Answer, Fault> {
    let table = reader.table(table)?;
    if let [other, ..] = below {
        return Err(Fault::segment(&other.name));
    }
    match (verb, wanted(part, &["LogicalName", "SchemaName", "MetadataId"])?) {
        (Verb::Post, Wanted::All) => {
            let body = reader.ask.json()?;
            let payload = Payload::new(&body);
            let wish = KeyWish {
                schema_name: payload.needed("SchemaName")?,
                label: payload.label("DisplayName")?,
                columns: payload.texts("KeyAttributes")?,
            };
            let unknown = wish.columns.iter().find(|column| !table.columns.contains_key(&column.to_lowercase()));
            if let Some(unknown) = unknown {
                let message =
                    format!("property 'KeyAttributes' does not fit: {} has no column '{unknown}'", table.entry.name);
                return Err(Fault::payload(message));
            }
            if wish.columns.is_empty() {
                return Err(Fault::payload("property 'KeyAttributes' is missing"));
            }
            let new = authoring::key(&table.entry.name, &wish, solution(reader.ask));
            run(reader, &authoring::creation(vec![new]))?;
            let id = table.key_id(&wish.schema_name.to_lowercase());
            Ok(created(reader, &format!("EntityDefinitions({})/Keys({id})", table.metadata_id)))
        }
        (Verb::Delete, meant @ (Wanted::Id(_) | Wanted::Name(_))) => {
            let is_meant = |own: &&strata_ops::schema::Key| match &meant {
                Wanted::Id(id) => table.key_id(&own.name) == *id,
                Wanted::Name(name) => own.name == *name,
                Wanted::All => false,
            };
            let own = table.keys.iter().find(is_meant).ok_or_else(|| missing("EntityKey", &meant))?;
            delete(reader, key("entitykey", &format!("{}.{}", table.entry.name, own.name)))
        }
        _ => Err(Fault::verb("keys are created with POST, and deleted")),
    }
}

fn create_choice(reader: &Reader<'_>) -> Result<Answer, Fault> {
    let body = reader.ask.json()?;
    let payload = Payload::new(&body);
    let is_boolean = payload.type_name().as_deref() == Some("BooleanOptionSetMetadata");
    let wish = payload::choice(&payload, is_boolean)?;
    if wish.name.is_empty() {
        return Err(Fault::payload("property 'Name' is missing"));
    }
    run(reader, &authoring::creation(vec![authoring::choice(&wish, solution(reader.ask))]))?;
    let id = id_of(reader, "optionset", &wish.name.to_lowercase());
    Ok(created(reader, &format!("GlobalOptionSetDefinitions({id})")))
}

fn choice_name(reader: &Reader<'_>, wanted: &Wanted) -> Result<String, Fault> {
    let is_meant = |own: &strata_ops::schema::Choice| match wanted {
        Wanted::All => false,
        Wanted::Id(id) => own.id == *id,
        Wanted::Name(name) => own.name.eq_ignore_ascii_case(name),
    };
    let found = reader.schema.choices(reader.ask.workspace)?.into_iter().find(is_meant);
    found.map(|own| own.name).ok_or_else(|| missing("OptionSet", wanted))
}

fn update_choice(reader: &Reader<'_>, wanted: &Wanted) -> Result<Answer, Fault> {
    let name = choice_name(reader, wanted)?;
    let body = reader.ask.json()?;
    let mut wish = payload::choice(&Payload::new(&body), false)?;
    let component = key("optionset", &name);
    let now = drafted(reader, &component)?;
    settle(reader, &mut wish.options, "", &now)?;
    let edits = changed(reader, authoring::choice_edits(&wish), &now);
    set(reader, component, edits)
}
