//! Components as rows of their tables: the columns that their published definitions fill (web-api §11).

use std::sync::Arc;

use serde_json::{Value, json};
use strata_engine::table::{Column, Kind};
use strata_engine::{catalogue, managed_property, pending_deletion, resolved};
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::environment::{ComponentState, Environment, Footprint, Snapshot};
use strata_model::id::Guid;
use strata_model::layer::LayerState;
use strata_model::rules::Rules;
use strata_store::{Record, StoreBodies};

use super::columns::{self, Said};
use super::document::{Document, Known};
use super::{OfComponents, refresh_components, seeds, types};
use crate::rows::{Written, read_text};
use crate::schema::{Schema, Table};
use crate::{OpsError, Workspace, components};

/// What a component is in, when nobody has made a layer over it.
const NEVER: &str = "1900-01-01T00:00:00Z";

pub(super) fn refresh(
    workspace: &Workspace,
    environment: &Environment,
    schema: &Schema,
    table: &str,
    component_type: &ComponentType,
) -> Result<(), OpsError> {
    let table = Shape::of(workspace, schema, table)?;
    let is_own =
        |state: &ComponentState| state.component.key.component_type == *component_type && !state.layers.is_empty();
    let others = if component_type.is("role") { seeds::roles(environment) } else { Vec::new() };
    let of = OfComponents {
        set: &table.table.entry.name,
        all: Footprint { types: vec![component_type.clone()], ..Footprint::default() },
        columns: table.indexed(),
        rows: &|known, seen, state| match is_own(state) {
            true => Ok(vec![row(workspace, known, seen, state, &table)?]),
            false => Ok(Vec::new()),
        },
        ids: &|seen, state| match is_own(state) {
            true => vec![components::reference(seen.environment.id, state).id],
            false => Vec::new(),
        },
        others,
    };
    refresh_components(workspace, environment, of)
}

/// Returns the components of a type as rows that show their drafts, published or not.
pub(super) fn unpublished(
    workspace: &Workspace,
    environment: &Environment,
    schema: &Schema,
    table: &str,
    component_type: &ComponentType,
) -> Result<Vec<Record>, OpsError> {
    let shape = Shape::of(workspace, schema, table)?;
    let store = workspace.store();
    let of_type = Footprint { types: vec![component_type.clone()], ..Footprint::default() };
    let seen = store.snapshot(environment, None, &of_type)?;
    let known = Known::new(store, environment);
    let is_own =
        |state: &&ComponentState| state.component.key.component_type == *component_type && !state.layers.is_empty();
    let with_draft = |state: &ComponentState| {
        let mut shown = row(workspace, &known, &seen, &resolved::with_draft(state), &shape)?;
        // A draft stays one.
        if let Some(column) = shown.values.get_mut("componentstate") {
            *column = component_state(state).into();
        }
        Ok(shown)
    };
    seen.components.values().filter(is_own).map(with_draft).collect()
}

/// What the columns of the table hold.
struct Shape {
    table: Arc<Table>,
}

impl Shape {
    fn of(workspace: &Workspace, schema: &Schema, table: &str) -> Result<Self, OpsError> {
        Ok(Self { table: schema.table(workspace, table)? })
    }

    fn column(&self, name: &str) -> Option<Column> {
        if let Some(column) = self.table.columns.get(name) {
            let kind = column.kind.clone();
            return Some(Column { name: name.to_owned(), kind, is_read_only: column.is_read_only });
        }
        let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let kind = Kind::Text { length_max: None };
        (self.table.is_open && is_plain).then(|| Column { name: name.to_owned(), kind, is_read_only: false })
    }

    fn has(&self, column: &str) -> bool {
        self.table.columns.contains_key(column)
    }

    /// Columns that rows are found by: the name, other names, lookups.
    fn indexed(&self) -> Vec<&str> {
        let is_named = |name: &&str| {
            self.table.primary_name.as_deref() == Some(name)
                || matches!(*name, "uniquename" | "schemaname" | "connectionreferencelogicalname")
        };
        let is_lookup = |column: &crate::schema::Column| matches!(column.kind, Kind::Lookup { .. });
        let columns = self.table.columns.values();
        columns.filter(|column| is_named(&column.name.as_str()) || is_lookup(column)).map(|c| c.name.as_str()).collect()
    }
}

fn row(
    workspace: &Workspace,
    known: &Known<'_>,
    seen: &Snapshot,
    state: &ComponentState,
    shape: &Shape,
) -> Result<Record, OpsError> {
    let component_type = &state.component.key.component_type;
    let reference = components::reference(seen.environment.id, state);
    let bodies = StoreBodies::new(workspace.store());
    let mut row = Document::default();
    if let Some(resolved) = resolved::of(seen, state, &Rules::OURS, &bodies) {
        let language = seen.environment.settings.languages.first().copied().unwrap_or(1033);
        for (name, said) in columns::said(component_type, &resolved, language) {
            if let Some(column) = shape.column(&name).filter(|column| column.name != shape.table.primary_id) {
                let value = value(known, &column, said)?;
                row.set(&column.name, value);
            }
        }
        type_columns(known, state, &resolved, shape, &mut row)?;
    }
    common(known, seen, state, &bodies, shape, &mut row)?;
    if let Some(name) = shape.table.primary_name.as_deref().filter(|name| !row.has(name)) {
        row.set(name, reference.display_name.as_deref().unwrap_or(&reference.name));
    }
    if let Some(error) = bodies.take_error() {
        return Err(error.into());
    }
    Ok(row.record(reference.id))
}

/// Gives a text the type of its column; what does not fit stays away.
fn value(known: &Known<'_>, column: &Column, said: Said) -> Result<Value, OpsError> {
    Ok(match (said, &column.kind) {
        (Said::File(content), _) => content.marker(),
        (Said::Component(key), _) => {
            crate::rows::reference(types::table(&key.component_type), &known.id(&key)?.to_string())
        }
        (Said::Text(text), Kind::Unsupported(kind)) if kind == "managedproperty" => {
            managed(&column.name, is_true(&text))
        }
        (Said::Text(_), Kind::Unsupported(_)) => Value::Null,
        // Lookups to what is no component are left to those who know what it is.
        (Said::Text(text), Kind::Lookup { targets }) => match (Guid::parse(&text), targets.as_slice()) {
            (Some(id), [target]) => crate::rows::reference(target, &id.to_string()),
            (_, _) => Value::Null,
        },
        (Said::Text(text), _) => match read_text(&unbounded(column), &text) {
            Ok(Written::Value(value)) => value,
            Ok(Written::Reference { .. }) | Err(_) => Value::Null,
        },
    })
}

/// What is there is shown, whatever columns may hold.
fn unbounded(column: &Column) -> Column {
    let kind = match &column.kind {
        Kind::Text { .. } => Kind::Text { length_max: None },
        Kind::Choice { .. } => Kind::Integer { min: i64::MIN, max: i64::MAX },
        other => other.clone(),
    };
    Column { kind, ..column.clone() }
}

fn is_true(text: &str) -> bool {
    matches!(text.trim(), "1" | "true" | "True")
}

/// A managed property as the Web API shows it.
pub(super) fn managed(column: &str, value: bool) -> Value {
    let name = if column == "iscustomizable" { "iscustomizableanddeletable" } else { column };
    json!({ "Value": value, "CanBeChanged": true, "ManagedPropertyLogicalName": name })
}

/// What the rows of a type hold that its definitions say elsewhere.
fn type_columns(
    known: &Known<'_>,
    state: &ComponentState,
    resolved: &resolved::Resolved,
    shape: &Shape,
    row: &mut Document,
) -> Result<(), OpsError> {
    let component = &state.component;
    let table = component.parent.as_ref().filter(|parent| parent.component_type.is("entity"));
    match component.key.component_type.name() {
        "savedquery" => drop(row.text("returnedtypecode", table.map(ComponentKey::as_str))),
        "systemform" => {
            row.set("objecttypecode", table.map_or("none", ComponentKey::as_str));
            row.set("type", form_type(resolved.home.as_deref().unwrap_or_default()));
        }
        "savedqueryvisualization" => drop(row.text("primaryentitytypecode", table.map(ComponentKey::as_str))),
        "environmentvariablevalue" => {
            let definition =
                ComponentKey::new(ComponentType::named("environmentvariabledefinition"), component.key.as_str());
            row.set("schemaname", component.name.as_str());
            row.lookup(
                "environmentvariabledefinitionid",
                definition.component_type.name(),
                Some(known.id(&definition)?),
            );
        }
        "workflow" => {
            let id = Guid::minted(known.environment.id, "workflowidunique", component.key.as_str());
            row.set("workflowidunique", id.to_string());
            if !row.has("type") {
                row.set("type", 1);
            }
            if !row.has("iscrmuiworkflow") && shape.has("iscrmuiworkflow") {
                row.set("iscrmuiworkflow", true);
            }
        }
        "desktopflowbinary" => {
            let file = resolved.files.first().map(|(path, _)| path.rsplit('/').next().unwrap_or(path));
            row.text("data_name", file);
        }
        "role" => {
            row.lookup("businessunitid", "businessunit", Some(known.organization.business_unit));
        }
        _ => {}
    }
    Ok(())
}

/// The number of a form's type, from the section of a package that it stands in.
fn form_type(home: &str) -> i64 {
    match home.rsplit('/').next().unwrap_or(home).to_lowercase().as_str() {
        "dashboards" => 0,
        "mobile" => 5,
        "quick" => 6,
        "quickcreate" => 7,
        "dialog" | "dialogs" => 8,
        "taskflowform" => 9,
        "interactiondashboards" => 10,
        "card" => 11,
        "maininteractionexperience" | "maininteractive" => 12,
        _ => 2,
    }
}

/// The columns that every solution-aware table has.
fn common(
    known: &Known<'_>,
    seen: &Snapshot,
    state: &ComponentState,
    bodies: &dyn strata_model::plan::Bodies,
    shape: &Shape,
    row: &mut Document,
) -> Result<(), OpsError> {
    let key = &state.component.key;
    let is_managed = state.managed().next().is_some() || catalogue::contains(key, &Rules::OURS);
    let mut set = |column: &str, value: Value| {
        if shape.has(column) {
            row.set(column, value);
        }
    };
    set("ismanaged", is_managed.into());
    set("componentstate", component_state(state).into());
    set("overwritetime", NEVER.into());
    let base = state.managed().next().and_then(|layer| seen.solution(layer.solution)).map(|solution| solution.id);
    let own = base.unwrap_or_else(|| Guid::minted(seen.environment.id, "solution", "active"));
    set("solutionid", own.to_string().into());
    let customizable = managed_property::is_customizable(seen, key, &Rules::OURS, bodies);
    set("iscustomizable", managed("iscustomizable", customizable));
    if key.component_type.can_activate() {
        let is_step = key.component_type.is("sdkmessageprocessingstep");
        let number = |on: bool| i64::from(on != is_step);
        set("statecode", number(state.is_on).into());
        set("statuscode", (number(state.is_on) + 1).into());
    }
    let times: Vec<_> = state.layers.iter().map(|layer| layer.from).collect();
    let time = |operation: Option<_>| operation.map_or(Ok(None), |operation| known.time(operation));
    let (created, modified) = (time(times.iter().min().copied())?, time(times.iter().max().copied())?);
    let user = crate::rows::reference("systemuser", &known.organization.user.to_string());
    for column in ["createdby", "modifiedby", "ownerid", "owninguser"] {
        set(column, user.clone());
    }
    set("owningbusinessunit", crate::rows::reference("businessunit", &known.organization.business_unit.to_string()));
    row.times(created, modified);
    if shape.has("statecode") && !row.has("statecode") {
        row.set("statecode", 0).set("statuscode", 1);
    }
    Ok(())
}

/// L49: 0 published, 1 unpublished, 2 deleted, 3 deleted before it was ever published.
fn component_state(state: &ComponentState) -> i64 {
    let has_published = state.published().next().is_some();
    let has_draft = state.layers.iter().any(|layer| layer.state == LayerState::Unpublished);
    match (pending_deletion::is_pending(state), has_published, has_draft) {
        (true, true, _) => 2,
        (true, false, _) => 3,
        (false, false, true) => 1,
        (false, ..) => 0,
    }
}
