//! Components of an environment: list, find by name, show, layers.

mod find;

use std::collections::BTreeMap;

use strata_engine::activation::is_recorded_on;
use strata_engine::catalogue::{self, SystemComponent};
use strata_engine::import::is_assumed_layer;
use strata_engine::layering::{self, Resolution, StackedLayer};
use strata_engine::managed_property;
use strata_engine::merge::{Conflict, Level, OutlineItem};
use strata_engine::pending_deletion::is_pending_deletion;
use strata_model::component::{ComponentKey, ComponentRef, ComponentType};
use strata_model::environment::{ComponentState, Environment, Footprint, Snapshot};
use strata_model::id::{Guid, Operation, SolutionNo};
use strata_model::layer::{Layer, LayerKind, LayerState};
use strata_model::package::{Package, PackagedComponent};
use strata_model::plan::Body;
use strata_model::rules::Rules;
use strata_model::solution::SolutionKind;
use strata_store::StoreBodies;

use crate::view::{
    ComponentDetail, ComponentEntry, ComponentWord, ConflictEntry, LayerEntry, LayersView, LeafChangeEntry,
    OutlineEntry,
};
use crate::{OpsError, Workspace};

pub use find::{close_type, find, find_identified, find_to_edit};

/// Which components to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub solution: Option<String>,
    pub component_type: Option<ComponentType>,
    /// Only those with an Active layer.
    pub unmanaged_layer: bool,
    /// Those of the system layer too.
    pub all: bool,
}

/// Lists components, by type and name.
pub fn list(workspace: &Workspace, at: Option<Operation>, filter: &Filter) -> Result<Vec<ComponentEntry>, OpsError> {
    let environment = workspace.environment()?;
    let store = workspace.store();
    let headers = store.snapshot(&environment, at, &Footprint::default())?;
    let solution = match &filter.solution {
        Some(name) => Some(crate::solutions::find(&headers, name)?.no),
        None => None,
    };
    let footprint =
        Footprint { solutions: solution.into_iter().collect(), everything: solution.is_none(), ..Footprint::default() };
    let snapshot = store.snapshot(&environment, at, &footprint)?;
    let is_listed = |state: &&ComponentState| {
        let of_solution = solution.is_none_or(|no| state.is_member_of(no) || state.layer_of(no).is_some());
        let exists = !state.layers.is_empty() || solution.is_some();
        let of_type = filter.component_type.as_ref().is_none_or(|wanted| state.component.key.component_type == *wanted);
        let unmanaged = !filter.unmanaged_layer || has_active(state);
        of_solution && exists && of_type && unmanaged
    };
    let mut entries: BTreeMap<ComponentKey, ComponentEntry> = snapshot
        .components
        .iter()
        .filter(|(_, state)| is_listed(state))
        .map(|(key, state)| (key.clone(), entry(&snapshot, state)))
        .collect();
    if filter.all && solution.is_none() && !filter.unmanaged_layer {
        for system in catalogue::components() {
            let of_type = filter.component_type.as_ref().is_none_or(|wanted| system.key.component_type == *wanted);
            if of_type {
                let fresh = system_entry(&environment, &system);
                entries.entry(system.key).or_insert(fresh);
            }
        }
    }
    Ok(entries.into_values().collect())
}

/// Shows the resolved definition of a component: published layers only, or drafts too.
pub fn show(
    workspace: &Workspace,
    at: Option<Operation>,
    text: &str,
    unpublished: bool,
) -> Result<ComponentDetail, OpsError> {
    let stack = Stack::load(workspace, at, text)?;
    let layers = stack.seen(unpublished);
    let has_published = !stack.seen(false).is_empty();
    let stacked: Vec<_> = layers.iter().map(|layer| layer.stacked.clone()).collect();
    let resolved = layering::resolve(&stack.key.component_type, &stacked, &Rules::OURS);
    let shows_draft = unpublished && stack.layers.iter().any(|layer| layer.state == LayerState::Unpublished);
    let is_deleted = stack.layers.iter().any(|layer| layer.is_pending_deletion);
    let state = match (is_deleted, has_published) {
        (true, true) => ComponentWord::Deleted,
        (true, false) => ComponentWord::DeletedUnpublished,
        (false, true) if !shows_draft => ComponentWord::Published,
        (false, _) => ComponentWord::Unpublished,
    };
    Ok(ComponentDetail {
        component: stack.component.clone(),
        properties: resolved.into_iter().map(|(path, leaf)| (path, leaf.value)).collect(),
        solutions: stack.solutions.clone(),
        state,
        active: activation(&stack.key.component_type, stack.is_on),
        is_customizable: stack.is_customizable,
    })
}

/// Shows the stack of a component, and which layer decides each property.
pub fn layers(
    workspace: &Workspace,
    at: Option<Operation>,
    text: &str,
    unpublished: bool,
) -> Result<LayersView, OpsError> {
    let stack = Stack::load(workspace, at, text)?;
    let seen = stack.seen(unpublished);
    let stacked: Vec<_> = seen.iter().map(|layer| layer.stacked.clone()).collect();
    let Resolution { resolved, changes, conflicts, outline } =
        layering::resolve_with_changes(&stack.key.component_type, &stacked, &Rules::OURS);
    let mut changes: Vec<_> = changes.into_iter().map(Some).collect();
    let mut entries = Vec::new();
    for layer in &stack.layers {
        let position = seen.iter().position(|other| std::ptr::eq(*other, layer));
        let changes = match position {
            Some(position) => changes[position].take().unwrap_or_default(),
            // A layer that does not count now: its difference from what is in force.
            None => draft_changes(&stack.key.component_type, &stacked, layer),
        };
        entries.push(layer.entry(entries.len() + 1, changes));
    }
    let name = |index: usize| stacked[index].name.clone();
    let parts = parts(workspace, at, &outline)?;
    Ok(LayersView {
        component: stack.component.clone(),
        layers: entries,
        decided_by: resolved.iter().map(|(path, leaf)| (path.clone(), name(leaf.decided_by))).collect(),
        set_by: resolved.iter().map(|(path, leaf)| (path.clone(), name(leaf.set_by))).collect(),
        resolved: resolved.into_iter().map(|(path, leaf)| (path, leaf.value)).collect(),
        outline: outline.into_iter().map(|item| outline_entry(item, &parts, name)).collect(),
        conflicts: conflicts.iter().map(|conflict| conflict_entry(conflict, name)).collect(),
    })
}

/// Looks up the components that the parts of an app stand for.
fn parts(
    workspace: &Workspace,
    at: Option<Operation>,
    outline: &[OutlineItem],
) -> Result<BTreeMap<ComponentKey, ComponentRef>, OpsError> {
    let keys: Vec<_> = outline.iter().filter_map(part_key).collect();
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let environment = workspace.environment()?;
    let snapshot = workspace.store().snapshot(&environment, at, &Footprint { keys, ..Footprint::default() })?;
    let refer = |(key, state): (&ComponentKey, &ComponentState)| (key.clone(), reference(environment.id, state));
    Ok(snapshot.components.iter().map(refer).collect())
}

/// Returns the component that a part of an app names, as in `AppModuleComponent[60.GUID]`.
fn part_key(item: &OutlineItem) -> Option<ComponentKey> {
    let key = item.path.rsplit_once('[').filter(|_| item.level == Level::Part)?.1.strip_suffix(']')?;
    let (number, name) = key.split_once('.')?;
    Some(ComponentKey::new(ComponentType::numbered(number.parse().ok()?)?, name))
}

fn outline_entry(
    item: OutlineItem,
    parts: &BTreeMap<ComponentKey, ComponentRef>,
    name: impl Fn(usize) -> String,
) -> OutlineEntry {
    OutlineEntry {
        level: item.level.name(),
        depth: item.depth,
        component: part_key(&item).and_then(|key| parts.get(&key).cloned()),
        name: item.name,
        path: item.path,
        solution: name(item.placed_by),
        changed_by: item.changed_by.map(name),
    }
}

fn conflict_entry(conflict: &Conflict, name: impl Fn(usize) -> String) -> ConflictEntry {
    let layers: Vec<_> = conflict.layers.iter().map(|layer| name(*layer)).collect();
    let names: Vec<_> = layers.iter().map(String::as_str).collect();
    ConflictEntry {
        reason: conflict.reason.name(),
        element: conflict.element.clone(),
        message: conflict.describe(&names),
        layers,
    }
}

type LeafChanges = BTreeMap<String, layering::LeafChange>;

fn draft_changes(component_type: &ComponentType, below: &[StackedLayer], layer: &StackLayer) -> LeafChanges {
    let mut stacked = below.to_vec();
    // A draft of a merged type takes the place of the published Active layer; of others it lies over it.
    stacked.retain(|below| !component_type.merge().is_merged() || below.name != layer.stacked.name);
    stacked.push(layer.stacked.clone());
    layering::changes_between(component_type, below, &stacked, &Rules::OURS)
}

/// A component's layers with what they say.
struct Stack {
    key: ComponentKey,
    component: ComponentRef,
    solutions: Vec<String>,
    is_on: bool,
    /// MP16.
    is_customizable: bool,
    /// Bottom to top, drafts included.
    layers: Vec<StackLayer>,
}

struct StackLayer {
    kind: LayerKind,
    stacked: StackedLayer,
    state: LayerState,
    version: Option<String>,
    publisher: Option<String>,
    is_managed: bool,
    assumed: bool,
    is_pending_deletion: bool,
}

impl Stack {
    fn load(workspace: &Workspace, at: Option<Operation>, text: &str) -> Result<Self, OpsError> {
        let environment = workspace.environment()?;
        let key = find(workspace, &environment, at, text)?;
        let footprint = Footprint { keys: vec![key.clone()], ..Footprint::default() };
        let snapshot = workspace.store().snapshot(&environment, at, &footprint)?;
        let state = snapshot.components.get(&key);
        let system = catalogue::component(&key, &Rules::OURS);
        let mut layers = Vec::new();
        if let Some(system) = &system {
            layers.push(system_layer(&environment, system));
        }
        for layer in state.iter().flat_map(|state| &state.layers) {
            let body = workspace.store().definition(&layer.digest)?.unwrap_or_default();
            layers.push(stack_layer(&snapshot, &key, layer, &body));
        }
        let display = state.and_then(|state| state.layers.iter().rev().find_map(|layer| layer.display_name.as_deref()));
        let system_display = system.as_ref().and_then(|system| system.display_name.as_deref());
        let name = match (state, &system) {
            (Some(state), _) => state.component.name.clone(),
            (None, Some(system)) => system.name.clone(),
            (None, None) => key.as_str().to_owned(),
        };
        let id = state.and_then(|state| state.component.id);
        let component = ComponentRef::new(environment.id, &key, &name, id, display.or(system_display));
        let solutions = state.map(|state| solution_names(&snapshot, state)).unwrap_or_default();
        let bodies = StoreBodies::new(workspace.store());
        let is_customizable = managed_property::is_customizable(&snapshot, &key, &Rules::OURS, &bodies);
        if let Some(error) = bodies.take_error() {
            return Err(error.into());
        }
        let is_on = state.is_some_and(|state| state.is_on);
        Ok(Self { key, component, solutions, is_on, is_customizable, layers })
    }

    /// Returns the layers that count: the draft instead of the published Active layer, or no draft.
    fn seen(&self, unpublished: bool) -> Vec<&StackLayer> {
        let has_draft = self.layers.iter().any(|layer| layer.state == LayerState::Unpublished);
        let counts = |layer: &&StackLayer| match layer.state {
            LayerState::Unpublished => unpublished,
            LayerState::Published => !(unpublished && has_draft && layer.kind == LayerKind::Active),
        };
        self.layers.iter().filter(counts).collect()
    }
}

impl StackLayer {
    /// L49: a pending deletion is a draft that says only that the component goes.
    fn word(&self) -> ComponentWord {
        match self.state {
            LayerState::Published => ComponentWord::Published,
            LayerState::Unpublished if self.is_pending_deletion => ComponentWord::Deleted,
            LayerState::Unpublished => ComponentWord::Unpublished,
        }
    }

    fn entry(&self, order: usize, changes: LeafChanges) -> LayerEntry {
        let changes = changes
            .into_iter()
            .map(|(path, change)| (path, LeafChangeEntry { below: change.below, here: change.here }))
            .collect();
        LayerEntry {
            order,
            kind: self.kind,
            solution: self.stacked.name.clone(),
            version: self.version.clone(),
            publisher: self.publisher.clone(),
            is_managed: self.is_managed,
            state: self.word(),
            assumed: self.assumed,
            properties: self.stacked.properties(),
            changes,
        }
    }
}

fn system_layer(environment: &Environment, system: &SystemComponent) -> StackLayer {
    let body = Body { bytes: system.definition.as_slice().into(), ..Body::default() };
    let languages = &environment.settings.languages;
    StackLayer {
        kind: LayerKind::System,
        stacked: StackedLayer::read(&system.key.component_type, "System", &body, false, languages),
        state: LayerState::Published,
        version: Some(environment.settings.platform_version.to_string()),
        publisher: None,
        is_managed: true,
        assumed: false,
        is_pending_deletion: false,
    }
}

fn stack_layer(snapshot: &Snapshot, key: &ComponentKey, layer: &Layer, body: &Body<'_>) -> StackLayer {
    let languages = &snapshot.environment.settings.languages;
    let solution = snapshot.solution(layer.solution);
    let is_active = layer.solution == SolutionNo::ACTIVE;
    let kind = match (is_active, solution.map(|solution| solution.kind)) {
        (true, _) => LayerKind::Active,
        (false, Some(SolutionKind::Patch)) => LayerKind::Patch,
        (false, Some(SolutionKind::Upgrade)) => LayerKind::Upgrade,
        (false, Some(SolutionKind::Base) | None) => LayerKind::Base,
    };
    let name = match solution {
        Some(solution) => solution.unique_name.clone(),
        None if is_active => "Active".to_owned(),
        None => layer.solution.to_string(),
    };
    StackLayer {
        kind,
        stacked: StackedLayer::read(&key.component_type, name, body, layer.is_diff, languages),
        state: layer.state,
        version: solution.map(|solution| solution.version.to_string()),
        publisher: solution
            .and_then(|solution| snapshot.publisher(solution.publisher))
            .map(|publisher| publisher.unique_name.clone()),
        is_managed: !is_active,
        assumed: is_assumed_layer(layer),
        is_pending_deletion: is_pending_deletion(layer),
    }
}

pub(crate) fn reference(environment: Guid, state: &ComponentState) -> ComponentRef {
    let display = state.layers.iter().rev().find_map(|layer| layer.display_name.as_deref());
    let component = &state.component;
    ComponentRef::new(environment, &component.key, &component.name, component.id, display)
}

/// Refers to a component of the environment, or of the platform.
pub(crate) fn refer(environment: Guid, seen: &Snapshot, key: &ComponentKey) -> ComponentRef {
    let system = || catalogue::component(key, &Rules::OURS);
    match seen.components.get(key).filter(|state| !state.layers.is_empty()) {
        Some(state) => reference(environment, state),
        None => match system() {
            Some(system) => ComponentRef::new(environment, key, &system.name, None, system.display_name.as_deref()),
            None => ComponentRef::new(environment, key, key.as_str(), None, None),
        },
    }
}

/// Tells whether the platform itself brings a component.
pub(crate) fn is_of_the_platform(key: &ComponentKey) -> bool {
    catalogue::contains(key, &Rules::OURS)
}

fn entry(snapshot: &Snapshot, state: &ComponentState) -> ComponentEntry {
    let is_system = catalogue::contains(&state.component.key, &Rules::OURS);
    ComponentEntry {
        component: reference(snapshot.environment.id, state),
        part_of: part_of(&state.component.key, state.component.parent.as_ref()),
        solutions: solution_names(snapshot, state),
        is_managed: is_system || state.managed().next().is_some(),
        has_unmanaged_layer: has_active(state),
        active: activation(&state.component.key.component_type, state.is_on),
        assumed: !state.layers.is_empty() && state.layers.iter().all(is_assumed_layer),
    }
}

/// Names the table of a form or a view; a column's own name says it.
fn part_of(key: &ComponentKey, parent: Option<&ComponentKey>) -> Option<String> {
    let parent = parent.filter(|parent| key.table().is_none() && Guid::parse(parent.as_str()).is_none());
    parent.map(|parent| parent.as_str().to_owned())
}

fn system_entry(environment: &Environment, system: &SystemComponent) -> ComponentEntry {
    let display = system.display_name.as_deref();
    ComponentEntry {
        component: ComponentRef::new(environment.id, &system.key, &system.name, None, display),
        part_of: None,
        solutions: Vec::new(),
        is_managed: true,
        has_unmanaged_layer: false,
        active: activation(&system.key.component_type, false),
        assumed: false,
    }
}

/// Shows a component of a package.
pub(crate) fn packaged(environment: Guid, component: &PackagedComponent, package: &Package) -> ComponentEntry {
    let PackagedComponent { key, name, id, parent, display_name, definition, .. } = component;
    let body = Body { bytes: package.bytes(definition), ..Body::default() };
    ComponentEntry {
        component: ComponentRef::new(environment, key, name, *id, display_name.as_deref()),
        part_of: part_of(key, parent.as_ref()),
        solutions: vec![package.manifest.unique_name.clone()],
        is_managed: package.is_managed(),
        has_unmanaged_layer: !package.is_managed(),
        active: activation(&key.component_type, is_recorded_on(&key.component_type, &body)),
        assumed: false,
    }
}

fn solution_names(snapshot: &Snapshot, state: &ComponentState) -> Vec<String> {
    let mut numbers: Vec<_> = state.members.iter().map(|member| member.solution).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.iter().filter_map(|no| snapshot.solution(*no)).map(|solution| solution.unique_name.clone()).collect()
}

fn has_active(state: &ComponentState) -> bool {
    state.layers.iter().any(|layer| layer.solution == SolutionNo::ACTIVE)
}

fn activation(component_type: &ComponentType, is_on: bool) -> Option<bool> {
    component_type.can_activate().then_some(is_on)
}
