//! Cloud flows: tables, trigger columns, connection references, environment variables.
//!
//! What the actions do with columns is no reference to the platform (§5), nor is a child flow (R16).

use strata_model::reference::Target;

use super::Definition;
use super::json::Json;
use super::name::types;
use super::sink::{Place, Sink, place};

/// What a trigger says about its table, in one object and any order.
#[derive(Default)]
struct Trigger {
    object: usize,
    table: Option<String>,
    columns: Option<(Place, String)>,
}

pub(super) fn mentions(definition: &Definition<'_>, sink: &mut Sink<'_>) {
    for (index, bytes) in definition.files_ending(".json") {
        sink.file = Some(index);
        read(&bytes, sink);
        sink.file = None;
    }
}

fn read(bytes: &[u8], sink: &mut Sink<'_>) {
    let (mut json, mut trigger) = (Json::new(bytes), Trigger::default());
    while let Some(text) = json.text() {
        if json.is_below(&["inputs", "parameters", "entityName"]) {
            entity_set(place("action on a table", text.at), &text.value(), sink);
        } else if json.is_below(&["parameters", "subscriptionRequest/entityname"]) {
            sink.table(place("trigger on a table", text.at), &text.value());
            trigger.of(json.object()).table = Some(text.value().into_owned());
            trigger.settle(sink);
        } else if json.is_below(&["parameters", "subscriptionRequest/filteringattributes"]) {
            let columns = (place("trigger columns", text.at), text.value().into_owned());
            trigger.of(json.object()).columns = Some(columns);
            trigger.settle(sink);
        } else if json.is_below(&["connectionReferences", "*", "connection", "connectionReferenceLogicalName"]) {
            sink.component(place("connection reference", text.at), &types().connection_reference, &text.value());
        } else if json.is_below(&["parameters", "*", "metadata", "schemaName"]) {
            sink.component(place("environment variable", text.at), &types().environment_variable, &text.value());
        }
    }
}

/// Actions name a table by its entity set, unless they compute the name.
fn entity_set(at: Place, name: &str, sink: &mut Sink<'_>) {
    let name = name.trim();
    if !name.is_empty() && !name.contains(['@', '{', ' ']) {
        sink.add(at, Target::EntitySet(name.to_lowercase()));
    }
}

impl Trigger {
    /// Starts anew when another object is being read.
    fn of(&mut self, object: usize) -> &mut Self {
        if self.object != object {
            *self = Self { object, ..Self::default() };
        }
        self
    }

    fn settle(&mut self, sink: &mut Sink<'_>) {
        if let Some(table) = &self.table
            && let Some((at, columns)) = self.columns.take()
        {
            sink.columns(at, table, &columns);
        }
    }
}
