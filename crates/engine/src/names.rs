//! References to components for people: names, ids, display names.

use strata_model::component::{ComponentKey, ComponentRef};
use strata_model::dependency::DependencySide;
use strata_model::environment::{ComponentState, Snapshot};
use strata_model::id::{Guid, SolutionNo};
use strata_model::package::{PackagedComponent, RootComponent};

/// Refers to a component of a package.
pub(crate) fn packaged(environment: Guid, component: &PackagedComponent) -> ComponentRef {
    ComponentRef::new(environment, &component.key, &component.name, component.id, component.display_name.as_deref())
}

/// Refers to a component of the environment by its topmost layer's display name.
pub(crate) fn installed(environment: Guid, state: &ComponentState) -> ComponentRef {
    let display = state.layers.iter().rev().find_map(|layer| layer.display_name.as_deref());
    let component = &state.component;
    ComponentRef::new(environment, &component.key, &component.name, component.id, display)
}

/// Refers to a declared root component.
pub(crate) fn root(environment: Guid, root: &RootComponent) -> ComponentRef {
    let name = root.schema_name.as_deref().unwrap_or(root.key.as_str());
    ComponentRef::new(environment, &root.key, name, root.id, None)
}

/// Refers to one side of a declared dependency.
pub(crate) fn side(environment: Guid, side: &DependencySide) -> ComponentRef {
    let name = match (&side.parent_schema_name, &side.schema_name) {
        (Some(parent), Some(name)) if side.key.table().is_some() => format!("{parent}.{name}"),
        (_, Some(name)) => name.clone(),
        (_, None) => side.key.as_str().to_owned(),
    };
    ComponentRef::new(environment, &side.key, &name, side.id, side.display_name.as_deref())
}

/// Refers to a component of which only the key is known.
pub(crate) fn keyed(environment: Guid, key: &ComponentKey) -> ComponentRef {
    ComponentRef::new(environment, key, key.as_str(), None, None)
}

/// Returns the name of a layer's solution, as layer views show it.
pub(crate) fn solution(snapshot: &Snapshot, no: SolutionNo) -> String {
    if no == SolutionNo::ACTIVE {
        return "Active".to_owned();
    }
    snapshot.solution(no).map_or_else(|| no.to_string(), |solution| solution.unique_name.clone())
}

/// Says which solutions have to go first, and how.
pub(crate) fn uninstall_first(solutions: &[String]) -> String {
    let commands = solutions.iter().map(|name| format!("`strata solution delete --solution-name {name}`"));
    let commands: Vec<_> = commands.collect();
    format!("uninstall {} first with {}", solutions.join(", then "), commands.join(", then "))
}

/// Says what a component is and how it is called, for messages.
pub(crate) fn describe(component: &ComponentRef, label: &str) -> String {
    let is_guid = component.name == component.id.to_string();
    match &component.display_name {
        Some(display) if is_guid => format!("{label} “{display}” ({})", component.name),
        Some(display) if *display != component.name => format!("{label} {} ({display})", component.name),
        Some(_) | None => format!("{label} {}", component.name),
    }
}
