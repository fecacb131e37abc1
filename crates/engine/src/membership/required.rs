//! What a component brings along into a solution's list: *Add required objects* (DF16).
//!
//! Everything the component needs comes along, and everything that needs in turn, as far as it is nobody else's: what
//! the platform or a managed solution brings is there in every environment that has them. What the solution lists
//! already is not looked into; its maker has done so. A part of a table needs the table in the list too (L19), which
//! joins without its other parts, and as a shell where it is not the maker's own. A desktop flow brings its binaries
//! whether or not its definition lists them: definitions of older designers do not.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use strata_model::component::{ComponentKey, ComponentRef};
use strata_model::dependency::{Dependency, DependencyKind};
use strata_model::environment::{Behavior, ComponentState, Footprint, Snapshot};
use strata_model::id::SolutionNo;
use strata_model::plan::{Bodies, Finding, FindingKind};
use strata_model::rules::Rules;

use super::Addition;
use crate::dependency::{PART, World, to_see_required};
use crate::desktop_flow::{BINARY, is_desktop_flow};
use crate::effect::Lens;
use crate::{catalogue, names};

/// What comes along, in the order in which it was found, and what is left to others.
#[derive(Debug, Default)]
pub(super) struct Required {
    pub(super) joining: Vec<Joining>,
    /// Edges to components of managed solutions.
    pub(super) provided: Vec<Dependency>,
}

/// A component that joins the list.
#[derive(Debug)]
pub(super) struct Joining {
    pub(super) key: ComponentKey,
    pub(super) behavior: Option<Behavior>,
    /// Why: who needs it, and where it says so.
    pub(super) edge: Dependency,
}

/// Returns what a snapshot must hold, besides what it holds already, to find what comes along; asked again until it
/// asks for nothing new.
pub fn required_footprint(
    seen: &Snapshot,
    key: &ComponentKey,
    addition: &Addition,
    rules: &Rules,
    bodies: &dyn Bodies,
) -> Footprint {
    let Some(solution) = seen.solution_named(&addition.solution).filter(|_| addition.required_components) else {
        return Footprint::default();
    };
    let lens = Lens::new(seen, rules, bodies);
    let world = World::now(lens);
    let behavior = super::behavior(key, super::table_of(seen, key).as_ref(), addition, rules);
    let start = start(seen, key, behavior == Some(Behavior::IncludeSubcomponents));
    let required = find(lens, solution.no, &start);
    let looked_into = start.iter().chain(required.joining.iter().map(|joining| &joining.key));
    let mut footprint = to_see_required(&world, looked_into.clone().filter_map(|key| world.state(key)));
    let flows = looked_into.filter(|key| world.state(key).is_some_and(|state| is_desktop_flow(&state.component)));
    footprint.parts_of = flows.cloned().collect();
    if rules.required_tables_bring_parts {
        let tables = required.joining.iter().filter(|joining| joining.key.component_type.is("entity"));
        footprint.children_of = tables.map(|joining| joining.key.as_str().to_owned()).collect();
    }
    footprint
}

/// Returns what is added itself: the component, and of a table that comes whole its parts.
pub(super) fn start(snapshot: &Snapshot, key: &ComponentKey, is_whole: bool) -> Vec<ComponentKey> {
    let takes_parts = is_whole && key.component_type.is("entity");
    let parts = snapshot.components.values().filter(|state| takes_parts && is_part_of(state, key));
    let parts = parts.filter(|state| !state.layers.is_empty()).map(|state| state.component.key.clone());
    std::iter::once(key.clone()).chain(parts).collect()
}

fn is_part_of(state: &ComponentState, whole: &ComponentKey) -> bool {
    state.component.parent().as_ref() == Some(whole)
}

/// Finds what comes along with the components of which an addition consists.
pub(super) fn find(lens: Lens<'_>, solution: SolutionNo, start: &[ComponentKey]) -> Required {
    let mut search = Search {
        world: World::now(lens),
        lens,
        solution,
        known: start.iter().cloned().collect(),
        open: start.iter().cloned().collect(),
        found: Required::default(),
    };
    while let Some(key) = search.open.pop_front() {
        search.look_into(&key);
    }
    search.found
}

struct Search<'a> {
    world: World<'a>,
    lens: Lens<'a>,
    solution: SolutionNo,
    known: BTreeSet<ComponentKey>,
    open: VecDeque<ComponentKey>,
    found: Required,
}

impl Search<'_> {
    fn look_into(&mut self, key: &ComponentKey) {
        let world = &self.world;
        let edges = match world.state(key).filter(|state| !state.layers.is_empty()) {
            Some(state) => world.required(state),
            // A part of the platform's tables that nobody has changed needs its table, and nothing that is not there.
            None => {
                let part_of = |required| Dependency {
                    required,
                    dependent: key.clone(),
                    kind: DependencyKind::Internal,
                    place: PART,
                };
                key.parent().map(part_of).into_iter().collect()
            }
        };
        let binaries = self.binaries(key);
        for edge in edges.into_iter().chain(binaries) {
            self.meet(edge);
        }
    }

    /// DF16: the binaries of a desktop flow.
    fn binaries(&self, flow: &ComponentKey) -> Vec<Dependency> {
        if !self.world.state(flow).is_some_and(|state| is_desktop_flow(&state.component)) {
            return Vec::new();
        }
        let is_one = |state: &&ComponentState| {
            state.component.key.component_type.is(BINARY) && is_part_of(state, flow) && !state.layers.is_empty()
        };
        let edge = |state: &ComponentState| Dependency {
            required: state.component.key.clone(),
            dependent: flow.clone(),
            kind: DependencyKind::Published,
            place: "binary of the flow",
        };
        self.world.states().filter(is_one).map(edge).collect()
    }

    fn meet(&mut self, edge: Dependency) {
        let required = &edge.required;
        let is_listed = self.lens.snapshot.components.get(required).is_some_and(|s| s.is_member_of(self.solution));
        if self.known.contains(required) || is_listed {
            return;
        }
        let is_whole = edge.place == PART && required.component_type.is("entity");
        if is_whole && self.provider(required).is_some() {
            self.known.insert(required.clone());
            let (key, behavior) = (required.clone(), Some(Behavior::IncludeAsShellOnly));
            self.found.joining.push(Joining { key, behavior, edge });
            return;
        }
        match self.provider(required) {
            Some(Provider::System) => {}
            Some(Provider::Managed) => {
                if !self.found.provided.iter().any(|known| known.required == *required) {
                    self.found.provided.push(edge);
                }
            }
            None => self.join(edge),
        }
    }

    fn join(&mut self, edge: Dependency) {
        let key = edge.required.clone();
        self.known.insert(key.clone());
        self.open.push_back(key.clone());
        let table = key.component_type.is("entity");
        let is_part = self.world.state(&key).and_then(|state| state.component.parent());
        let is_part = is_part.is_some_and(|parent| parent.component_type.is("entity"));
        let brings_parts = table && self.lens.rules.required_tables_bring_parts;
        let behavior = match (table, is_part) {
            (true, _) if brings_parts => Some(Behavior::IncludeSubcomponents),
            (true, _) => Some(Behavior::DoNotIncludeSubcomponents),
            (false, true) => None,
            (false, false) => Some(Behavior::IncludeSubcomponents),
        };
        self.found.joining.push(Joining { key: key.clone(), behavior, edge: edge.clone() });
        if brings_parts {
            for part in start(self.lens.snapshot, &key, true).into_iter().skip(1) {
                let is_listed = self.lens.snapshot.components[&part].is_member_of(self.solution);
                if !is_listed && self.known.insert(part.clone()) {
                    self.open.push_back(part.clone());
                    self.found.joining.push(Joining { key: part, behavior: None, edge: edge.clone() });
                }
            }
        }
    }

    /// Tells who else sees to it that a component is there.
    fn provider(&self, key: &ComponentKey) -> Option<Provider> {
        if catalogue::contains(key, self.lens.rules) {
            return Some(Provider::System);
        }
        let is_managed = self.world.state(key).is_some_and(|state| state.managed().next().is_some());
        (is_managed && !self.lens.rules.required_brings_managed).then_some(Provider::Managed)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Provider {
    System,
    Managed,
}

/// Says what comes along and why, and what is left to others.
pub(super) fn findings(snapshot: &Snapshot, solution: &str, required: &Required) -> Vec<Finding> {
    let refer = |key: &ComponentKey| match snapshot.components.get(key) {
        Some(state) => names::installed(snapshot.environment.id, state),
        None => names::keyed(snapshot.environment.id, key),
    };
    let described =
        |key: &ComponentKey, component: &ComponentRef| names::describe(component, key.component_type.label());
    let joining = required.joining.iter().map(|joining| {
        let (component, dependent) = (refer(&joining.key), refer(&joining.edge.dependent));
        let what = match joining.behavior {
            Some(Behavior::IncludeAsShellOnly) => " as a shell",
            Some(Behavior::DoNotIncludeSubcomponents) => " without its other parts",
            Some(Behavior::IncludeSubcomponents) | None => "",
        };
        let why = why(&joining.edge, &described(&joining.edge.dependent, &dependent));
        let why = match joining.key == joining.edge.required {
            true => why,
            false => format!("it is a part of {}", joining.edge.required.as_str()),
        };
        let message = format!("{} joins {solution}{what}: {why}", described(&joining.key, &component));
        Finding::info(FindingKind::Component, "DF16", message).about(component).related(vec![dependent])
    });
    let mut by_solution: BTreeMap<String, Vec<&Dependency>> = BTreeMap::new();
    for edge in &required.provided {
        let state = &snapshot.components[&edge.required];
        let owner = state.managed().next().map(|layer| names::solution(snapshot, layer.solution)).unwrap_or_default();
        by_solution.entry(owner).or_default().push(edge);
    }
    let provided = by_solution.into_iter().map(|(owner, edges)| {
        let components: Vec<_> = edges.iter().map(|edge| refer(&edge.required)).collect();
        let first = described(&edges[0].required, &components[0]);
        let message = match components.len() {
            1 => format!("{first} stays out of {solution}, since {owner} brings it"),
            many => format!("{first} and {} more stay out of {solution}, since {owner} brings them", many - 1),
        };
        Finding::info(FindingKind::Component, "DF16", message).related(components)
    });
    joining.chain(provided).collect()
}

fn why(edge: &Dependency, dependent: &str) -> String {
    match edge.place {
        PART => format!("{dependent} is a part of it"),
        place => format!("{dependent} needs it ({place})"),
    }
}
