//! Processes: classic ones, business rules and business process flows by their XAML; cloud and desktop flows by
//! their JSON.

use super::Definition;
use super::flow;
use super::json::Json;
use super::name::{is_standard_relationship, types};
use super::sink::{Sink, place};
use super::text::text;
use super::walk::{Step, Tag, Walk};

const CLOUD_FLOW: i32 = 5;
const DESKTOP_FLOW: i32 = 6;

pub(super) fn mentions(definition: &Definition<'_>, sink: &mut Sink<'_>) {
    let bytes = &definition.body.bytes;
    let written = || text(bytes, "Category").and_then(|(_, text)| text.trim().parse().ok());
    match definition.category.or_else(written) {
        Some(CLOUD_FLOW) => flow::mentions(definition, sink),
        Some(DESKTOP_FLOW) => desktop_flow(bytes, sink),
        Some(_) | None => classic(definition, sink),
    }
}

/// Dependencies stand in elements of the flow, as JSON text; the flow needs each binary that it lists (DP10).
fn desktop_flow(bytes: &[u8], sink: &mut Sink<'_>) {
    if let Some((at, list)) = text(bytes, "Dependencies") {
        let mut json = Json::new(list.as_bytes());
        while let Some(item) = json.text() {
            if json.is_below(&["childFlows", ""]) {
                sink.guid(place("child flow", at), &types().process, &item.value());
            } else if json.is_below(&["requiredBinaries", ""]) {
                sink.guid(place("required binary", at), &types().binary, &item.value());
            } else if json.is_below(&["workQueues", ""]) {
                let work_queue = strata_model::component::ComponentType::named("workqueue");
                sink.guid(place("work queue", at), &work_queue, &item.value());
            } else if json.is_below(&["environmentVariables", ""]) {
                sink.component(place("environment variable", at), &types().environment_variable, &item.value());
            }
        }
    }
    if let Some((at, list)) = text(bytes, "ConnectionReferences") {
        let mut json = Json::new(list.as_bytes());
        while let Some(item) = json.text() {
            if json.is_below(&["connectionReferenceLogicalName"]) {
                sink.component(place("connection reference", at), &types().connection_reference, &item.value());
            }
        }
    }
}

fn classic(definition: &Definition<'_>, sink: &mut Sink<'_>) {
    let bytes = &definition.body.bytes;
    let primary = text(bytes, "PrimaryEntity").filter(|(_, table)| !table.trim().eq_ignore_ascii_case("none"));
    if let Some((at, table)) = &primary {
        sink.table(place("table of the process", *at), table);
        sink.primary_columns(place("primary columns of the table", *at), table);
        if let Some((at, columns)) = text(bytes, "TriggerOnUpdateAttributeList") {
            sink.columns(place("trigger columns", at), table, &columns);
        }
    }
    let primary = primary.map(|(_, table)| table).unwrap_or_default();
    for (index, file) in definition.files_ending(".xaml") {
        sink.file = Some(index);
        steps(&file, &primary, sink);
        sink.file = None;
    }
}

/// Reads the steps of a process; `primary` is its table.
pub(super) fn steps(bytes: &[u8], primary: &str, sink: &mut Sink<'_>) {
    let mut walk = Walk::new(bytes);
    // The stages of a business process flow stand inside the table they are about.
    let mut stage = String::new();
    while let Some(step) = walk.step() {
        let Step::Start(tag) = step else { continue };
        if tag.attributes().trim().is_empty() {
            continue;
        }
        match local(tag.name) {
            b"ActivityReference" => {
                if let Some(table) = stage_table(&tag) {
                    sink.table(place("stage", tag.at), &table);
                    sink.primary_columns(place("primary columns of a stage's table", tag.at), &table);
                    stage = table;
                }
            }
            b"Control" => {
                if let Some(column) = tag.attribute("DataFieldName") {
                    sink.column(
                        place("step of a stage", tag.at),
                        if stage.is_empty() { primary } else { &stage },
                        &column,
                    );
                }
            }
            b"StageRelationship" => {
                let name = tag.attribute("RelationshipName").unwrap_or_default();
                if !is_standard_relationship(&name) {
                    sink.component(place("way between stages", tag.at), &types().relationship, &name);
                }
            }
            _ => step_element(&tag, sink),
        }
    }
}

/// Steps that read or write a column, or change how its control behaves.
fn step_element(tag: &Tag<'_>, sink: &mut Sink<'_>) {
    let Some(table) = tag.attribute("EntityName") else { return };
    sink.table(place("process step", tag.at), &table);
    if let Some(column) = tag.attribute("Attribute") {
        sink.column(place("process step", tag.at), &table, &column);
    }
    if let Some(control) = tag.attribute("ControlId") {
        // Not every control shows a column: what nobody answers to is no edge.
        sink.column(place("control of a process step", tag.at), &table, &control);
    }
}

/// `EntityStep3: lead` is the name of the part that holds the stages of leads.
fn stage_table(tag: &Tag<'_>) -> Option<String> {
    let kind = tag.attribute("AssemblyQualifiedName")?;
    let is_table = kind.split(',').next().is_some_and(|name| name.ends_with(".EntityComposite"));
    let name = tag.attribute("DisplayName").filter(|_| is_table)?;
    name.split_once(": ").map(|(_, table)| table.trim().to_owned())
}

/// The name without its namespace.
fn local(name: &[u8]) -> &[u8] {
    name.iter().rposition(|byte| *byte == b':').map_or(name, |at| &name[at + 1..])
}
