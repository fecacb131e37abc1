//! Finds components by what people call them (spec `cli.md` §3).

use strata_engine::catalogue;
use strata_engine::variables::definition_key;
use strata_model::code::ErrorCode;
use strata_model::component::{ComponentKey, ComponentType, Identity, TYPES};
use strata_model::environment::{ComponentState, Environment, Footprint};
use strata_model::id::{Guid, Operation};
use strata_model::rules::Rules;
use strata_store::NamedComponent;

use super::reference;
use crate::names::did_you_mean;
use crate::{OpsError, Workspace};

/// More components of one name than this are counted.
const AMBIGUOUS_MAX: usize = 5;

/// Finds the component that `TYPE:NAME` names: by key, by id, or by a display name that only one bears; where forms of
/// several tables bear it, `TABLE.DISPLAY NAME` says which.
pub fn find(
    workspace: &Workspace,
    environment: &Environment,
    at: Option<Operation>,
    text: &str,
) -> Result<ComponentKey, OpsError> {
    let Some((type_name, name)) =
        text.split_once(':').filter(|(of, name)| !of.trim().is_empty() && !name.trim().is_empty())
    else {
        let message =
            format!("`{text}` is no component: TYPE:NAME is expected, as in `attribute:contoso_order.contoso_total`");
        return Err(OpsError::request(ErrorCode::COMPONENT_NOT_EXIST, message));
    };
    let component_type = ComponentType::written(type_name);
    let key = ComponentKey::new(component_type.clone(), name);
    let store = workspace.store();
    let footprint = Footprint { keys: vec![key.clone()], ..Footprint::default() };
    let snapshot = store.snapshot(environment, at, &footprint)?;
    let is_stored = snapshot.components.get(&key).is_some_and(|state| !state.layers.is_empty());
    if is_stored || catalogue::contains(&key, &Rules::OURS) {
        return Ok(key);
    }
    if let (Some(id), Some(Identity::Name | Identity::NameInTable) | None) =
        (Guid::parse(name), component_type.row().map(|row| row.identity))
        && let Some(key) = find_by_id(workspace, environment, at, &component_type, id)?
    {
        return Ok(key);
    }
    let known = store.component_names(environment, at, &component_type)?;
    let matches: Vec<_> = known.iter().filter(|named| is_called(named, name.trim())).collect();
    match matches.as_slice() {
        [named] => Ok(named.key.clone()),
        [] => Err(unknown(&component_type, name, &known)),
        many => Err(ambiguous(&component_type, name, many)),
    }
}

/// Tells whether people call a component so: by its display name, alone or behind that of its table.
fn is_called(named: &NamedComponent, name: &str) -> bool {
    let Some(display) = named.display_name.as_deref() else { return false };
    if display.eq_ignore_ascii_case(name) {
        return true;
    }
    let parent = named.parent.as_ref().map(ComponentKey::as_str);
    parent.is_some_and(|parent| format!("{parent}.{display}").eq_ignore_ascii_case(name))
}

fn ambiguous(component_type: &ComponentType, name: &str, many: &[&NamedComponent]) -> OpsError {
    let called = |named: &&NamedComponent| match &named.parent {
        Some(parent) => format!("{} (of {})", named.key, parent.as_str()),
        None => named.key.to_string(),
    };
    let mut names: Vec<_> = many.iter().take(AMBIGUOUS_MAX).map(called).collect();
    if many.len() > AMBIGUOUS_MAX {
        names.push(format!("{} more: `strata component list --type {component_type}`", many.len() - AMBIGUOUS_MAX));
    }
    let message = format!("{} components of type {component_type} are called `{}`", many.len(), name.trim());
    OpsError::request(ErrorCode::COMPONENT_NOT_EXIST, message).hint(format!("name one: {}", names.join(", ")))
}

/// Finds the component that an edit names: the value of an environment variable may still be to come (L118).
pub fn find_to_edit(workspace: &Workspace, environment: &Environment, text: &str) -> Result<ComponentKey, OpsError> {
    let named =
        text.split_once(':').map(|(component_type, name)| (ComponentType::written(component_type), name.trim()));
    if let Some((component_type, name)) = named.filter(|(of, _)| of.is("environmentvariablevalue")) {
        let definition = definition_key(name);
        let footprint = Footprint { keys: vec![definition.clone()], ..Footprint::default() };
        let snapshot = workspace.store().snapshot(environment, None, &footprint)?;
        if snapshot.components.get(&definition).is_some_and(|state| !state.layers.is_empty()) {
            return Ok(ComponentKey::new(component_type, name));
        }
    }
    find(workspace, environment, None, text)
}

fn find_by_id(
    workspace: &Workspace,
    environment: &Environment,
    at: Option<Operation>,
    component_type: &ComponentType,
    id: Guid,
) -> Result<Option<ComponentKey>, OpsError> {
    let of_type = Footprint { types: vec![component_type.clone()], ..Footprint::default() };
    let snapshot = workspace.store().snapshot(environment, at, &of_type)?;
    let bears_id = |state: &&ComponentState| {
        state.component.key.component_type == *component_type
            && !state.layers.is_empty()
            && reference(environment.id, state).id == id
    };
    let stored = snapshot.components.values().find(bears_id).map(|state| state.component.key.clone());
    // What travelled without an id has one that is minted, the platform's own components too (D4).
    let bears_minted = |key: &ComponentKey| {
        key.component_type == *component_type && Guid::minted(environment.id, component_type.name(), key.as_str()) == id
    };
    let system = || catalogue::components().into_iter().map(|system| system.key).find(bears_minted);
    Ok(stored.or_else(system))
}

/// Finds the component of a type, by the platform's number or by its table's name, that bears an id.
pub fn find_identified(
    workspace: &Workspace,
    environment: &Environment,
    component_type: &ComponentType,
    id: Guid,
) -> Result<ComponentKey, OpsError> {
    let key = ComponentKey::new(component_type.clone(), &id.to_string());
    let footprint = Footprint { keys: vec![key.clone()], ..Footprint::default() };
    let snapshot = workspace.store().snapshot(environment, None, &footprint)?;
    if snapshot.components.get(&key).is_some_and(|state| !state.layers.is_empty()) {
        return Ok(key);
    }
    find_by_id(workspace, environment, None, component_type, id)?.ok_or_else(|| {
        let message = format!("there is no {} with id {id}", component_type.label());
        OpsError::request(ErrorCode::COMPONENT_NOT_EXIST, message)
    })
}

fn unknown(component_type: &ComponentType, name: &str, known: &[NamedComponent]) -> OpsError {
    let message = format!("there is no {} `{}`", component_type.label(), name.trim());
    let error = OpsError::request(ErrorCode::COMPONENT_NOT_EXIST, message);
    if let Some(guess) = close_type(component_type).filter(|_| known.is_empty()) {
        return error.hint(guess);
    }
    let names = known.iter().flat_map(|named| [Some(named.name.as_str()), named.display_name.as_deref()]).flatten();
    match did_you_mean(name.trim(), names) {
        Some(guess) => error.hint(guess),
        None => error.hint(format!("see them with `strata component list --type {component_type}`")),
    }
}

/// Guesses what type is meant: one that no row has may be a table of somebody's own, or a slip of the pen.
pub fn close_type(component_type: &ComponentType) -> Option<String> {
    match component_type.row() {
        Some(_) => None,
        None => did_you_mean(component_type.name(), TYPES.iter().map(|row| row.name)),
    }
}
