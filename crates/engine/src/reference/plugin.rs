//! Plug-in steps and their images: the table of the event, the columns they listen to, the code they run.

use super::Definition;
use super::name::types;
use super::sink::{Sink, place};
use super::text::{text, texts};

pub(super) fn step_mentions(definition: &Definition<'_>, sink: &mut Sink<'_>) {
    let bytes = &definition.body.bytes;
    let table = text(bytes, "PrimaryEntity");
    if let Some((at, table)) = &table {
        sink.table(place("event", *at), table);
        for (at, columns) in texts(bytes, "FilteringAttributes") {
            sink.columns(place("filtering columns", at), table, &columns);
        }
        for (at, columns) in texts(bytes, "Attributes") {
            sink.columns(place("columns of a step image", at), table, &columns);
        }
    }
    for element in ["PluginTypeId", "PluginTypeExportKey"] {
        if let Some((at, id)) = text(bytes, element) {
            sink.guid(place("plug-in type", at), &types().plugin_type, &id);
        }
    }
    // Without its assembly a type's name does not identify it.
    if let Some((at, name)) = text(bytes, "PluginTypeName").filter(|(_, name)| name.contains(',')) {
        sink.component(place("plug-in type", at), &types().plugin_type, &name);
    }
}

/// An image that is a component of its own: its step says which table it is about, so only the step is named here.
pub(super) fn image_mentions(definition: &Definition<'_>, sink: &mut Sink<'_>) {
    sink.is_internal = true;
    if let Some(step) = definition.parent {
        sink.component(place("step", 0), &step.component_type, step.as_str());
    }
}
