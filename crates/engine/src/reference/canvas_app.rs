//! Canvas apps, component libraries and custom pages: what they have listed as their dependencies.

use super::Definition;
use super::json::Json;
use super::name::types;
use super::sink::{Sink, place};
use super::text::text;

pub(super) fn mentions(definition: &Definition<'_>, sink: &mut Sink<'_>) {
    let bytes = &definition.body.bytes;
    if let Some((at, list)) = text(bytes, "CdsDependencies") {
        listed(&list, at, sink);
    }
    if let Some((at, list)) = text(bytes, "AppComponentDependencies") {
        each(&list, |json, value| {
            if json.is_below(&["appComponentLibraryLogicalName"]) {
                sink.component(place("component library", at), &types().canvas_app, value);
            }
        });
    }
    if let Some((at, list)) = text(bytes, "ConnectionReferences") {
        each(&list, |json, value| {
            if json.is_below(&["xrmConnectionReferenceLogicalName"]) {
                sink.component(place("connection reference", at), &types().connection_reference, value);
            }
        });
    }
    if let Some((at, list)) = text(bytes, "DatabaseReferences") {
        each(&list, |json, value| {
            if json.is_below(&["environmentVariableName"]) {
                sink.component(place("environment variable", at), &types().environment_variable, value);
            }
        });
    }
}

fn each(list: &str, mut found: impl FnMut(&Json<'_>, &str)) {
    let mut json = Json::new(list.as_bytes());
    while let Some(item) = json.text() {
        found(&json, &item.value());
    }
}

/// Items name a table, a control, a library or a flow; other kinds are no edges (§5).
fn listed(list: &str, at: usize, sink: &mut Sink<'_>) {
    let Ok(list) = serde_json::from_str::<serde_json::Value>(list) else { return };
    let items = list.get("cdsdependencies").and_then(serde_json::Value::as_array);
    for item in items.into_iter().flatten() {
        let text = |name: &str| item.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
        match item.get("componenttype").and_then(serde_json::Value::as_u64) {
            Some(1) => sink.table(place("data source", at), text("logicalname")),
            Some(29) => sink.guid(place("flow", at), &types().process, text("dependencyid")),
            Some(66) => sink.component(place("custom control", at), &types().custom_control, text("logicalname")),
            Some(300) => sink.component(place("component library", at), &types().canvas_app, text("logicalname")),
            Some(_) | None => {}
        }
    }
}
