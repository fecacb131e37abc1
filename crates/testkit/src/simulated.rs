//! An environment as plain values: what the store does with rows, done with maps.
//!
//! It applies plans the simple way, so that planners are tested without a database and the store has a model to
//! be compared with. Every applied plan is followed by [`strata_engine::check`].

use std::borrow::Cow;
use std::collections::BTreeMap;

use strata_engine::activation::{self, Switch};
use strata_engine::by_hand::create::NewComponent;
use strata_engine::clone::NewClone;
use strata_engine::dependency::{self, PackageNames};
use strata_engine::desktop_flow::{
    self,
    save::{NewFlow, Save},
};
use strata_engine::layering::{self, StackedLayer};
use strata_engine::membership::{self, Addition};
use strata_engine::{active, apply_upgrade, by_hand, catalogue, check, clone, import, publish, uninstall};
use strata_model::component::ComponentKey;
use strata_model::environment::{ComponentState, Environment, Settings, Snapshot, stack_key};
use strata_model::id::{ComponentNo, Digest, EnvironmentNo, Guid, Operation, PublisherNo, SolutionNo};
use strata_model::layer::LayerState;
use strata_model::options::{ImportAction, ImportOptions};
use strata_model::package::Package;
use strata_model::plan::{Bodies, Body, Edit, Plan, RowCounts};
use strata_model::reference::{DefinitionNames, Mention, TargetId};
use strata_model::rules::Rules;

/// An environment in memory.
#[derive(Debug, Clone)]
pub struct Simulated {
    pub snapshot: Snapshot,
    pub rules: Rules,
    /// How many rows a table has, and how many hold a value of `table.column` (folded names).
    pub rows: BTreeMap<String, u64>,
    bodies: BTreeMap<Digest, Body<'static>>,
    files: BTreeMap<Digest, Vec<u8>>,
}

impl Default for Simulated {
    fn default() -> Self {
        let environment = Environment {
            no: EnvironmentNo(1),
            id: Guid::of_environment("simulated"),
            name: "simulated".to_owned(),
            settings: Settings::fresh("simulated"),
            operation: Operation::START,
            revision: Operation::START,
        };
        let snapshot = Snapshot {
            environment,
            publishers: Vec::new(),
            solutions: Vec::new(),
            components: BTreeMap::new(),
            mentions: Vec::new(),
            answers: Vec::new(),
            next_publisher: PublisherNo(1),
            next_solution: SolutionNo(1),
            next_component: ComponentNo(1),
        };
        Self { snapshot, rules: Rules::OURS, rows: BTreeMap::new(), bodies: BTreeMap::new(), files: BTreeMap::new() }
    }
}

impl Simulated {
    /// Imports a package with `pac`'s defaults and returns the plan, applied unless refused.
    pub fn import(&mut self, package: &Package) -> Plan {
        self.import_with(package, &ImportOptions::pac())
    }

    /// Imports a package.
    pub fn import_with(&mut self, package: &Package, options: &ImportOptions) -> Plan {
        for component in &package.components {
            let bytes = package.bytes(&component.definition).into_owned();
            let home = component.definition.home.clone();
            let parts = component.definition.files.iter().map(|part| &package.parts[*part]);
            self.files.extend(parts.clone().map(|part| (part.digest, part.bytes.clone())));
            let files = parts.map(|part| (part.path.clone(), part.digest)).collect();
            self.bodies.insert(component.digest, Body { bytes: bytes.into(), home, files });
        }
        let known = self.known();
        let names = PackageNames::of(package, &self.snapshot, &known);
        let plan = import::plan(&self.snapshot, package, &names, options, &Counts(&self.rows), &self.rules, &known);
        self.carry_out(plan)
    }

    /// Removes a solution.
    pub fn uninstall(&mut self, name: &str) -> Plan {
        let plan = uninstall::plan(&self.snapshot, name, &Counts(&self.rows), &self.rules, &self.known());
        self.carry_out(plan)
    }

    /// Imports a package by an action.
    pub fn import_as(&mut self, package: &Package, action: ImportAction) -> Plan {
        self.import_with(package, &ImportOptions { action: Some(action), ..ImportOptions::pac() })
    }

    /// Applies the pending upgrade of a solution.
    pub fn apply_upgrade(&mut self, name: &str) -> Plan {
        let plan = apply_upgrade::plan(&self.snapshot, name, &Counts(&self.rows), &self.rules, &self.known());
        self.carry_out(plan)
    }

    /// Clones a patch of a solution.
    pub fn clone_patch(&mut self, new: &NewClone) -> Plan {
        let plan = clone::patch(&self.snapshot, new, &self.rules);
        self.carry_out(plan)
    }

    /// Rolls a solution up with its patches.
    pub fn clone_solution(&mut self, new: &NewClone) -> Plan {
        let plan = clone::solution(&self.snapshot, new, &self.rules);
        self.carry_out(plan)
    }

    /// Publishes every draft.
    pub fn publish(&mut self) -> Plan {
        let plan = publish::plan(&self.snapshot, &publish::Scope::All, &self.rules, &self.known());
        self.carry_out(plan)
    }

    /// Publishes the drafts of one solution.
    pub fn publish_in(&mut self, solution: &str) -> Plan {
        let no = self.snapshot.solution_named(solution).expect("the solution").no;
        let plan = publish::plan(&self.snapshot, &publish::Scope::Solution(no), &self.rules, &self.known());
        self.carry_out(plan)
    }

    /// Edits one property of the Active layer.
    pub fn set(&mut self, component: &ComponentKey, path: &str, value: &str) -> Plan {
        self.set_in(component, path, value, None)
    }

    /// Edits one property of the Active layer in an unmanaged solution.
    pub fn set_in(&mut self, component: &ComponentKey, path: &str, value: &str, solution: Option<&str>) -> Plan {
        let edit = active::PropertyEdit { path: path.to_owned(), value: value.to_owned() };
        let plan = active::set(&self.snapshot, component, &[edit], solution, &self.rules, &self.known());
        self.carry_out(plan)
    }

    /// Takes what names other components out of one.
    pub fn let_go(&mut self, component: &ComponentKey, required: &[ComponentKey]) -> Plan {
        let plan = active::detach::plan(&self.snapshot, component, required, &self.rules, &self.known());
        self.carry_out(plan)
    }

    /// Removes the Active layer of a component.
    pub fn remove_active(&mut self, component: &ComponentKey) -> Plan {
        let plan = active::remove(&self.snapshot, component, &self.rules, &self.known());
        self.carry_out(plan)
    }

    /// Makes a component by hand.
    pub fn create(&mut self, new: &NewComponent) -> Plan {
        let plan = by_hand::create::plan(&self.snapshot, new, &self.rules, &self.known());
        self.carry_out(plan)
    }

    /// Deletes a component by hand.
    pub fn delete(&mut self, component: &ComponentKey) -> Plan {
        let plan = by_hand::delete::plan(&self.snapshot, component, &Counts(&self.rows), &self.rules, &self.known());
        self.carry_out(plan)
    }

    /// Makes a desktop flow.
    pub fn create_flow(&mut self, new: &NewFlow) -> Plan {
        let plan = desktop_flow::save::create(&self.snapshot, new, &self.rules, &self.known());
        self.carry_out(plan)
    }

    /// Saves a desktop flow.
    pub fn save_flow(&mut self, save: &Save) -> Plan {
        let plan = desktop_flow::save::save(&self.snapshot, save, &self.rules, &self.known());
        self.carry_out(plan)
    }

    /// Removes what is unmanaged of a desktop flow.
    pub fn remove_unmanaged(&mut self, flow: &ComponentKey) -> Plan {
        let plan = desktop_flow::repair::remove_unmanaged(&self.snapshot, flow, &self.rules, &self.known());
        self.carry_out(plan)
    }

    /// Switches a component on or off.
    pub fn switch(&mut self, component: &ComponentKey, switch: Switch) -> Plan {
        let plan = activation::plan(&self.snapshot, component, switch, &self.rules, &self.known());
        self.carry_out(plan)
    }

    /// Adds a component to an unmanaged solution's list.
    pub fn list_in(&mut self, component: &ComponentKey, addition: &Addition) -> Plan {
        let plan = membership::add(&self.snapshot, component, addition, &self.rules, &self.known());
        self.carry_out(plan)
    }

    /// Removes a component from an unmanaged solution's list.
    pub fn unlist(&mut self, component: &ComponentKey, solution: &str) -> Plan {
        let plan = membership::remove(&self.snapshot, component, solution, &self.rules);
        self.carry_out(plan)
    }

    /// Returns what a solution lists, as `key behavior`, in key order.
    pub fn listed(&self, solution: &str) -> Vec<String> {
        let Some(solution) = self.snapshot.solution_named(solution) else { return Vec::new() };
        let members = self.snapshot.components.iter().filter_map(|(key, state)| {
            let member = state.members.iter().find(|member| member.solution == solution.no)?;
            let behavior = member.behavior.map_or("-".to_owned(), |behavior| u8::from(behavior).to_string());
            Some(format!("{key} {behavior}"))
        });
        members.collect()
    }

    /// Returns the bodies that this environment holds.
    pub fn bodies(&self) -> impl Bodies + use<> {
        self.known()
    }

    fn carry_out(&mut self, plan: Plan) -> Plan {
        let plan = Plan { names: dependency::index(&plan, &self.snapshot, &self.known()), ..plan };
        self.apply(&plan);
        plan
    }

    /// Applies a plan that is not refused, and checks the invariants.
    ///
    /// # Panics
    ///
    /// Panics when a closing does not find what it expects or an invariant breaks.
    pub fn apply(&mut self, plan: &Plan) {
        if plan.is_refused() {
            return;
        }
        self.bodies.extend(plan.definitions.clone());
        for names in &plan.names {
            self.note(names);
        }
        self.files.extend(plan.files.clone());
        for edit in &plan.edits {
            self.edit(edit);
        }
        for state in self.snapshot.components.values_mut() {
            let solutions = &self.snapshot.solutions;
            state.layers.sort_by_cached_key(|layer| stack_key(solutions, layer));
            state.members.sort_by_key(|member| member.solution);
        }
        if plan.has_changes() {
            self.snapshot.environment.operation.0 += 1;
            self.snapshot.environment.revision = self.snapshot.environment.operation;
        }
        let violations = check::violations(&self.snapshot);
        assert!(violations.is_empty(), "{violations:#?}");
    }

    fn note(&mut self, names: &DefinitionNames) {
        let (component, definition) = (names.component, names.definition.prefix());
        let mention = |target: &TargetId| Mention { target: *target, component, definition };
        let Snapshot { mentions, answers, .. } = &mut self.snapshot;
        for (index, targets) in [(mentions, &names.mentions), (answers, &names.answers)] {
            index.extend(targets.iter().map(mention));
            index.sort_unstable();
            index.dedup();
        }
    }

    /// Returns the resolved definition as `path=value by decider` lines; drafts do not count.
    pub fn resolved(&self, key: &ComponentKey) -> Vec<String> {
        let stack = self.stack(key);
        let resolved = layering::resolve(&key.component_type, &stack, &self.rules);
        resolved
            .iter()
            .map(|(path, leaf)| format!("{path}={} by {}", leaf.value, stack[leaf.decided_by].name))
            .collect()
    }

    /// Returns what a merged component holds, in order, as `level name solution` lines; drafts do not count.
    pub fn outline(&self, key: &ComponentKey) -> Vec<String> {
        let stack = self.stack(key);
        let outline = layering::resolve_with_changes(&key.component_type, &stack, &self.rules).outline;
        let line = |item: strata_engine::merge::OutlineItem| {
            format!("{} {} {}", item.level.name(), item.name, stack[item.placed_by].name)
        };
        outline.into_iter().map(line).collect()
    }

    /// Returns the names of a component's layers, bottom to top, drafts in brackets.
    pub fn layers(&self, key: &ComponentKey) -> Vec<String> {
        let Some(state) = self.snapshot.components.get(key) else { return Vec::new() };
        let name = |layer: &strata_model::layer::Layer| match layer.state {
            LayerState::Published => self.solution_name(layer.solution),
            LayerState::Unpublished => format!("[{}]", self.solution_name(layer.solution)),
        };
        state.layers.iter().map(name).collect()
    }

    /// Returns the components that exist beside the system's.
    pub fn components(&self) -> Vec<String> {
        let existing = self.snapshot.components.iter().filter(|(_, state)| !state.layers.is_empty());
        existing.map(|(key, _)| key.to_string()).collect()
    }

    /// Returns the solutions as `name version`.
    pub fn solutions(&self) -> Vec<String> {
        self.snapshot.solutions.iter().map(|s| format!("{} {}", s.unique_name, s.version)).collect()
    }

    /// Returns everything that there is, names in place of numbers and without the operations that put it there.
    pub fn facts(&self) -> Vec<String> {
        let solutions = self.snapshot.solutions.iter().map(|solution| {
            let parent = solution.parent.map(|no| self.solution_name(no));
            format!("{} {} {:?} {parent:?} {}", solution.unique_name, solution.version, solution.kind, solution.id)
        });
        let components = self.snapshot.components.iter().flat_map(|(key, state)| {
            let layers = state.layers.iter().map(move |layer| {
                let name = self.solution_name(layer.solution);
                format!("{key} {name} {} {:?} {} {:?}", layer.slot, layer.state, layer.digest, layer.display_name)
            });
            let members = state
                .members
                .iter()
                .map(move |member| format!("{key} in {} {:?}", self.solution_name(member.solution), member.behavior));
            let switched = state.is_on.then(|| format!("{key} is on"));
            layers.chain(members).chain(switched)
        });
        let mut lines: Vec<_> = solutions.chain(components).collect();
        lines.sort_unstable();
        lines
    }

    fn stack(&self, key: &ComponentKey) -> Vec<StackedLayer> {
        let languages = &self.snapshot.environment.settings.languages;
        let read = |name: &str, body: &Body<'_>, is_diff| {
            StackedLayer::read(&key.component_type, name, body, is_diff, languages)
        };
        let system = catalogue::component(key, &self.rules).map(|system| {
            let body = Body { bytes: system.definition.into(), ..Body::default() };
            read("System", &body, false)
        });
        let state = self.snapshot.components.get(key);
        let layers = state
            .into_iter()
            .flat_map(ComponentState::published)
            .map(|layer| read(&self.solution_name(layer.solution), &self.bodies[&layer.digest], layer.is_diff));
        system.into_iter().chain(layers).collect()
    }

    fn solution_name(&self, no: SolutionNo) -> String {
        match self.snapshot.solution(no) {
            Some(solution) => solution.unique_name.clone(),
            None => "Active".to_owned(),
        }
    }

    fn known(&self) -> Known {
        Known(self.bodies.clone(), self.files.clone())
    }

    fn state(&mut self, no: ComponentNo) -> &mut ComponentState {
        let states = self.snapshot.components.values_mut();
        states.into_iter().find(|state| state.component.no == no).expect("a component that was added")
    }

    fn edit(&mut self, edit: &Edit) {
        match edit {
            Edit::SettingsReplace { before, after } => {
                assert_eq!(self.snapshot.environment.settings, *before);
                self.snapshot.environment.settings = after.clone();
            }
            Edit::PublisherOpen(publisher) => {
                self.snapshot.publishers.push(publisher.clone());
                self.snapshot.next_publisher.0 = self.snapshot.next_publisher.0.max(publisher.no.0 + 1);
            }
            Edit::PublisherClose(publisher) => remove(&mut self.snapshot.publishers, publisher),
            Edit::SolutionOpen(solution) => {
                self.snapshot.solutions.push(solution.clone());
                self.snapshot.solutions.sort_by_key(|solution| solution.no);
                self.snapshot.next_solution.0 = self.snapshot.next_solution.0.max(solution.no.0 + 1);
            }
            Edit::SolutionClose(solution) => remove(&mut self.snapshot.solutions, solution),
            Edit::ComponentAdd(component) => {
                let component_state =
                    |component| ComponentState { component, layers: Vec::new(), members: Vec::new(), is_on: false };
                let state = component_state(component.clone());
                assert!(self.snapshot.components.insert(component.key.clone(), state).is_none(), "{component:?}");
                self.snapshot.next_component.0 = self.snapshot.next_component.0.max(component.no.0 + 1);
            }
            Edit::LayerOpen(layer) => self.state(layer.component).layers.push(layer.clone()),
            Edit::LayerClose { component, solution, state, digest } => {
                let layers = &mut self.state(*component).layers;
                let found = layers
                    .iter()
                    .position(|layer| layer.solution == *solution && layer.state == *state && layer.digest == *digest);
                layers.remove(found.expect("the layer that the plan expects"));
            }
            Edit::MemberOpen(member) => self.state(member.component).members.push(member.clone()),
            Edit::MemberClose(member) => remove(&mut self.state(member.component).members, member),
            Edit::ActivationOpen(component) => {
                let state = self.state(*component);
                assert!(!std::mem::replace(&mut state.is_on, true), "{} is on", state.component.key);
            }
            Edit::ActivationClose(component) => {
                let state = self.state(*component);
                assert!(std::mem::replace(&mut state.is_on, false), "{} is off", state.component.key);
            }
            Edit::RowsClose { .. } | Edit::RowsReopen { .. } | Edit::ColumnClose { .. } | Edit::ColumnReopen { .. } => {
            }
        }
    }
}

fn remove<T: PartialEq + std::fmt::Debug>(items: &mut Vec<T>, item: &T) {
    let found = items.iter().position(|other| other == item);
    items.remove(found.unwrap_or_else(|| panic!("{item:?} is expected")));
}

/// Counts as a test gives them.
struct Counts<'a>(&'a BTreeMap<String, u64>);

impl RowCounts for Counts<'_> {
    fn rows(&self, table: &str) -> u64 {
        self.0.get(table).copied().unwrap_or_default()
    }

    fn values(&self, table: &str, column: &str) -> u64 {
        self.rows(&format!("{table}.{column}"))
    }
}

struct Known(BTreeMap<Digest, Body<'static>>, BTreeMap<Digest, Vec<u8>>);

impl Bodies for Known {
    fn definition(&self, digest: &Digest) -> Option<Body<'_>> {
        self.0.get(digest).cloned()
    }

    fn file(&self, digest: &Digest) -> Option<Cow<'_, [u8]>> {
        self.1.get(digest).map(|bytes| Cow::Borrowed(bytes.as_slice()))
    }
}
