//! The layers of a component as rows: `msdyn_componentlayers` (web-api §11).
//!
//! Nobody can list them all: a query says which component it is about, by id and by the name of its type.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use strata_model::code::ErrorCode;
use strata_model::component::ComponentType;
use strata_model::environment::{Environment, Footprint};
use strata_model::id::Guid;
use strata_model::layer::LayerKind;
use strata_store::Record;

use super::document::Document;
use super::{columns, types, wanted_text};
use crate::schema::Schema;
use crate::view::{ComponentWord, LayerEntry, LayersView};
use crate::{OpsError, Workspace, components};

/// When a layer was never overwritten.
const NEVER: &str = "1900-01-01T00:00:00Z";

pub(super) fn rows(
    workspace: &Workspace,
    environment: &Environment,
    _schema: &Schema,
    wanted: &[(String, Value)],
) -> Result<Vec<Record>, OpsError> {
    let id = wanted_text(wanted, "msdyn_componentid");
    let name = wanted_text(wanted, "msdyn_solutioncomponentname");
    let (Some(id), Some(name)) = (id, name) else {
        let message = "layers are asked for by `msdyn_componentid` and `msdyn_solutioncomponentname`, both with eq";
        return Err(OpsError::request(ErrorCode::INVALID_FILTER, message));
    };
    let Some(id) = Guid::parse(id) else { return Ok(Vec::new()) };
    let component_type = types::of_layer_name(name);
    let text = format!("{component_type}:{id}");
    let Some(key) = existing(components::find(workspace, environment, None, &text))? else { return Ok(Vec::new()) };
    let view = components::layers(workspace, None, &key.to_string(), false)?;
    let headers = workspace.store().snapshot(environment, None, &Footprint::default())?;
    let publishers: BTreeMap<_, _> =
        headers.publishers.into_iter().map(|publisher| (publisher.unique_name, publisher.friendly_name)).collect();
    let shown = shown(&view);
    let row = |(order, layer): (usize, &LayerEntry)| {
        row(&view, &component_type, order + 1, layer, layer.publisher.as_ref().and_then(|name| publishers.get(name)))
    };
    Ok(shown.into_iter().enumerate().map(row).collect())
}

/// A component that is not there is no error: it has no layers.
fn existing<T>(found: Result<T, OpsError>) -> Result<Option<T>, OpsError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(OpsError::Request { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Bottom to top; a draft counts where nothing of Active is published.
fn shown(view: &LayersView) -> Vec<&LayerEntry> {
    let has_active =
        view.layers.iter().any(|layer| layer.kind == LayerKind::Active && layer.state == ComponentWord::Published);
    let counts = |layer: &&LayerEntry| layer.state == ComponentWord::Published || !has_active;
    view.layers.iter().filter(counts).collect()
}

fn row(
    view: &LayersView,
    component_type: &ComponentType,
    order: usize,
    layer: &LayerEntry,
    publisher: Option<&String>,
) -> Record {
    let component = &view.component;
    let changes: Vec<_> =
        layer.changes.iter().map(|(path, change)| attribute(component_type, path, change.here.as_deref())).collect();
    let all: Vec<_> =
        layer.properties.iter().map(|(path, value)| attribute(component_type, path, Some(value))).collect();
    let name = types::layer_name(component_type);
    let written = |attributes: Vec<Value>| {
        json!({ "LogicalName": name, "Id": component.id.to_string(), "Attributes": attributes }).to_string()
    };
    let mut row = Document::default();
    row.set("msdyn_componentid", component.id.to_string())
        .set("msdyn_solutioncomponentname", name)
        .set("msdyn_name", component.display_name.as_deref().unwrap_or(&component.name))
        .set("msdyn_solutionname", layer.solution.as_str())
        .set("msdyn_order", order)
        .set("msdyn_overwritetime", NEVER)
        .set("msdyn_componentjson", written(all))
        .set("msdyn_changes", written(changes))
        .set("msdyn_children", "[]");
    let publisher = publisher.map(String::as_str).or(layer.publisher.as_deref());
    let platform = (layer.kind == LayerKind::System).then_some("Microsoft");
    row.text("msdyn_publishername", publisher.or(platform));
    row.record(Guid::minted(component.id, "componentlayer", &layer.solution.to_lowercase()))
}

/// A property under the name of its column, where it is one.
fn attribute(component_type: &ComponentType, path: &str, value: Option<&str>) -> Value {
    let bare = path.strip_prefix('@').unwrap_or(path);
    let is_plain = bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let key = if is_plain { columns::column(component_type, &bare.to_lowercase()) } else { path.to_owned() };
    json!({ "Key": key, "Value": value })
}
