//! Plans the import of a package: a new solution, the update or upgrade of one that is installed, a holding
//! solution beside it, or a patch.
//!
//! The checks run in the order in which the platform reports them (OQ 34), and all of them run: a refused
//! import lists everything that stands against it. A managed package gives each of its components a layer in
//! its solution's slot (L74, L75); an unmanaged one writes its components into Active, as drafts where the type
//! is publishable (L50, L74). An upgrade in one step is the update in place and the removal of what the package
//! no longer holds (`upgrade`); it comes to the same state as staging and applying ([`crate::apply_upgrade`]).

mod assume;
pub(crate) use assume::BASE_PLACEHOLDER;
pub use assume::is_assumed_layer;
mod checks;
mod cycles;
mod dependencies;
mod desktop_flows;
mod fallback_forms;
mod given;
mod layers;
mod overwrite;
mod parts;
mod settings;
pub use settings::declared;
mod managed_properties;
mod needs;
pub use needs::footprint as needs_footprint;
mod state;
mod upgrade;

use std::collections::{BTreeMap, BTreeSet};

use strata_model::component::{Component, ComponentKey, ComponentRef, ComponentType};
use strata_model::environment::{ComponentState, Footprint, Snapshot};
use strata_model::id::{ComponentNo, Digest, Guid, PublisherNo, SolutionNo};
use strata_model::layer::LayerState;
use strata_model::options::{ImportAction, ImportOptions};
use strata_model::package::{Package, PackagedComponent};
use strata_model::plan::{Bodies, Change, Edit, OperationKind, Plan, PlanSolution, RowCounts};
use strata_model::rules::Rules;
use strata_model::solution::{Solution, SolutionKind};

use crate::catalogue;
use crate::dependency::PackageNames;
use crate::effect::{Lens, Memo};
use crate::fallback;
use crate::family::{Family, UPGRADE_SUFFIX};
use crate::publish;

/// Publisher and friendly name of everything that `--assume-missing` makes up (R4).
pub const ASSUMED_PUBLISHER: &str = "assumed";

/// Returns the components that planning this import must see (D2).
///
/// `snapshot` needs no components yet; its solutions say which one the package meets.
pub fn footprint(snapshot: &Snapshot, package: &Package, options: &ImportOptions) -> Footprint {
    let options = &options.in_force(package, installed(snapshot, package));
    let mut keys: Vec<_> = package.components.iter().map(|component| component.key.clone()).collect();
    keys.extend(package.manifest.root_components.iter().map(|root| root.key.clone()));
    // What a new part does to its table is the table's to allow (MP17).
    let parents = package.components.iter().filter_map(|component| component.parent.as_ref());
    let mut last = None;
    for parent in parents {
        if last != Some(parent) {
            keys.push(parent.clone());
            last = Some(parent);
        }
    }
    keys.extend(package.manifest.missing_dependencies.iter().map(|missing| missing.required.key.clone()));
    keys.extend(settings::keys(package, options.settings.as_ref().map(|file| &file.settings)));
    keys.sort_unstable();
    keys.dedup();
    // Read along with the keys: neighbours come faster than one by one, and an upgrade must see what it drops.
    let Footprint { solutions, .. } = installed_footprint(snapshot, &package.manifest.unique_name);
    let types = match state::has_classic_processes(package) {
        true => vec![ComponentType::named("workflow")],
        false => Vec::new(),
    };
    let parts_of = desktop_flows::flows(package).into_iter().collect();
    Footprint { keys, solutions, types, parts_of, drafts: options.publish_changes, ..Footprint::default() }
}

/// Returns the part of an import's footprint that does not depend on the package's content: what is installed under its
/// name.
pub fn installed_footprint(snapshot: &Snapshot, unique_name: &str) -> Footprint {
    let installed = snapshot.solution_named(unique_name);
    let solutions = installed.map(|base| Family::of(snapshot, base).installed().into_iter().collect());
    Footprint { solutions: solutions.unwrap_or_default(), ..Footprint::default() }
}

/// Returns the tables that an upgrade may delete: others may have columns on them, which must be seen too.
pub fn tables(snapshot: &Snapshot, package: &Package, options: &ImportOptions, rules: &Rules) -> Vec<String> {
    let installed = installed(snapshot, package);
    let options = options.in_force(package, installed);
    // L48: a form of another solution may be the fallback form that the package's tables need.
    let is_managed = package.is_managed();
    let mut seen: BTreeSet<String> = match is_managed {
        true => fallback::open_places(package, rules).into_iter().map(|(table, _)| table.as_str().to_owned()).collect(),
        false => BTreeSet::new(),
    };
    if operation(installed, package, &options) != OperationKind::Upgrade {
        return seen.into_iter().collect();
    }
    let packaged: BTreeSet<_> = package.components.iter().map(|component| &component.key).collect();
    let dropped = || snapshot.components.values().filter(|state| !packaged.contains(&state.component.key));
    seen.extend(fallback::tables(dropped(), rules));
    let keys = dropped().map(|state| &state.component.key).filter(|key| key.component_type.is("entity"));
    seen.extend(keys.map(|key| key.as_str().to_owned()));
    seen.into_iter().collect()
}

/// Returns the components that an upgrade in one step may delete: whoever names one of them must be seen too.
pub fn at_risk(snapshot: &Snapshot, package: &Package, options: &ImportOptions) -> BTreeSet<ComponentKey> {
    let installed = installed(snapshot, package);
    let options = options.in_force(package, installed);
    let pending = if options.publish_changes { publish::at_risk(snapshot) } else { BTreeSet::new() };
    let Some(base) = installed.filter(|_| operation(installed, package, &options) == OperationKind::Upgrade) else {
        return pending;
    };
    let family = Family::of(snapshot, base);
    let packaged: BTreeSet<_> = package.components.iter().map(|component| &component.key).collect();
    let dropped = |state: &&ComponentState| family.holds(state) && !packaged.contains(&state.component.key);
    let dropped = snapshot.components.values().filter(dropped).map(|state| state.component.key.clone());
    dropped.chain(pending).collect()
}

/// Returns what an import comes to by what is installed under the package's name (L59).
fn operation(installed: Option<&Solution>, package: &Package, options: &ImportOptions) -> OperationKind {
    let is_installed = installed.is_some_and(|solution| !solution.assumed);
    if package.manifest.parent_solution.is_some() {
        return OperationKind::Patch;
    }
    match (is_installed, options.action) {
        (_, Some(ImportAction::Stage)) => OperationKind::Stage,
        (true, Some(ImportAction::Upgrade)) => OperationKind::Upgrade,
        (true, Some(ImportAction::New | ImportAction::Update) | None) => OperationKind::Update,
        // R15: without an installed base an upgrade installs plainly.
        (false, Some(ImportAction::New | ImportAction::Update | ImportAction::Upgrade) | None) => OperationKind::New,
    }
}

/// Plans an import.
///
/// `names` says what the package's new definitions name. `snapshot` must hold the [`footprint`], the children of
/// [`tables`], who may provide what is needed ([`needs_footprint`]) and what names the components [`at_risk`];
/// `bodies` every definition that the package or the snapshot names; `rows` counts the data that would go (L99).
pub fn plan(
    snapshot: &Snapshot,
    package: &Package,
    names: &PackageNames,
    options: &ImportOptions,
    rows: &dyn RowCounts,
    rules: &Rules,
    bodies: &dyn Bodies,
) -> Plan {
    let options = &options.in_force(package, installed(snapshot, package));
    let memo = Memo::default();
    let mut import = Import::new(snapshot, package, names, options, rules, bodies, &memo);
    import.check_caller();
    import.check_package();
    import.check_layer_order();
    import.check_target();
    if import.plan.operation == OperationKind::Skip {
        return import.plan;
    }
    import.check_languages();
    let assumptions = import.check_components();
    import.check_needs();
    import.check_cycles();
    import.check_managed_properties();
    import.check_settings();
    if import.plan.is_refused() {
        return import.plan;
    }
    import.open_publisher();
    import.make_placeholders(assumptions);
    import.number_solution();
    import.change_layers();
    import.edits_before_drops = import.plan.edits.len();
    import.note_names();
    if import.plan.operation == OperationKind::Upgrade {
        import.roll_up(rows);
    }
    import.mark_fallback_forms();
    // What is given stays where the upgrade drops the package's own value, and goes with its variable.
    import.apply_settings();
    import.switch_connected_flows();
    import.open_solution();
    if options.publish_changes {
        import.publish_drafts();
    }
    import.report_variables();
    import.predict_collisions();
    import.finish()
}

/// Returns the real solution that the package meets; a placeholder is none (R4).
fn installed<'a>(snapshot: &'a Snapshot, package: &Package) -> Option<&'a Solution> {
    snapshot.solution_named(&package.manifest.unique_name).filter(|solution| !solution.assumed)
}

/// The work in progress.
struct Import<'a> {
    snapshot: &'a Snapshot,
    package: &'a Package,
    names: &'a PackageNames,
    options: &'a ImportOptions,
    lens: Lens<'a>,
    /// The solution of that name, a placeholder included.
    installed: Option<&'a Solution>,
    /// The solution that this patch is of.
    parent: Option<&'a Solution>,
    /// The solutions whose slots the layers share (L32).
    family: Family<'a>,
    /// The solution that the layers go into, and what it is called.
    solution: SolutionNo,
    layer_name: String,
    publisher: PublisherNo,
    /// The package's components as they meet the target, in key order.
    met: Vec<Met<'a>>,
    plan: Plan,
    changes: Vec<(ComponentKey, Change)>,
    next_component: ComponentNo,
    next_solution: SolutionNo,
    next_publisher: PublisherNo,
    /// Numbers of components that this plan adds.
    added: BTreeMap<ComponentKey, ComponentNo>,
    /// Components for which a placeholder makes a base, with the number of its solution.
    placed: BTreeMap<ComponentKey, SolutionNo>,
    /// Flows that wait for their connections (L120).
    flows: Vec<state::WaitingFlow>,
    /// Placeholder solutions that this plan opens, by name.
    placeholders: BTreeMap<String, SolutionNo>,
    /// Placeholders that this solution relies on (R4).
    assumes: BTreeSet<SolutionNo>,
    /// What Active says after the component at hand has overwritten it.
    overwritten: Option<Digest>,
    /// Components of which an upgrade drops parts that an update would keep (L75).
    lost_parts: Vec<ComponentRef>,
    /// Components that an upgrade deletes (L82).
    dropped: BTreeSet<ComponentKey>,
    /// How many edits stood there before an upgrade dropped anything.
    edits_before_drops: usize,
}

/// Whether and how a component exists in the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Absent,
    System,
    Managed,
    /// Only an Active layer: its base is unmanaged (L35).
    Unmanaged,
}

impl<'a> Import<'a> {
    fn new(
        snapshot: &'a Snapshot,
        package: &'a Package,
        names: &'a PackageNames,
        options: &'a ImportOptions,
        rules: &'a Rules,
        bodies: &'a dyn Bodies,
        memo: &'a Memo,
    ) -> Self {
        let manifest = &package.manifest;
        let installed = snapshot.solution_named(&manifest.unique_name);
        let operation = operation(installed, package, options);
        let parent = manifest.parent_solution.as_ref().and_then(|(name, _)| snapshot.solution_named(name));
        let family = match parent.or(installed) {
            Some(base) => Family::of(snapshot, base),
            None => Family::default(),
        };
        let mut plan = Plan::empty(operation, snapshot.environment.revision, *rules);
        plan.options = Some(options.clone());
        plan.solution = Some(PlanSolution {
            unique_name: manifest.unique_name.clone(),
            from: installed.filter(|solution| !solution.assumed).map(|solution| solution.version.to_string()),
            to: Some(manifest.version.to_string()),
            is_managed: package.is_managed(),
        });
        let next_solution = snapshot.next_solution;
        let is_holding = operation == OperationKind::Stage;
        let replaced = installed.filter(|_| !is_holding);
        let solution = replaced.map_or(next_solution, |solution| solution.no);
        let layer_name = match is_holding {
            true => format!("{}{UPGRADE_SUFFIX}", installed.map_or(&manifest.unique_name, |s| &s.unique_name)),
            false => manifest.unique_name.clone(),
        };
        let mut next_publisher = snapshot.next_publisher;
        let known = snapshot
            .publishers
            .iter()
            .find(|publisher| publisher.unique_name.eq_ignore_ascii_case(&manifest.publisher.unique_name));
        let publisher = known.map_or_else(|| PublisherNo(take(&mut next_publisher.0)), |publisher| publisher.no);
        Self {
            snapshot,
            package,
            names,
            options,
            lens: Lens::new(snapshot, rules, bodies).remembering(memo),
            installed,
            parent,
            family,
            solution,
            layer_name,
            publisher,
            met: meet(snapshot, package, rules),
            plan,
            changes: Vec::new(),
            next_component: snapshot.next_component,
            next_solution,
            next_publisher,
            added: BTreeMap::new(),
            placed: BTreeMap::new(),
            flows: Vec::new(),
            placeholders: BTreeMap::new(),
            assumes: BTreeSet::new(),
            overwritten: None,
            lost_parts: Vec::new(),
            dropped: BTreeSet::new(),
            edits_before_drops: 0,
        }
    }

    fn finish(mut self) -> Plan {
        let is_draft = |edit: &&Edit| matches!(edit, Edit::LayerOpen(layer) if layer.state == LayerState::Unpublished);
        let drafts = self.plan.edits.iter().filter(is_draft).count();
        if drafts > 0 {
            self.plan.findings.push(publish::drafts_finding(drafts));
        }
        self.changes.sort_by(|(left, _), (right, _)| left.cmp(right));
        self.plan.changes = self.changes.into_iter().map(|(_, change)| change).collect();
        if self.plan.is_refused() {
            // What would happen stays to be shown; there is nothing to carry out.
            self.plan.edits.clear();
        }
        self.plan
    }

    fn environment(&self) -> Guid {
        self.snapshot.environment.id
    }

    fn state(&self, key: &ComponentKey) -> Option<&'a ComponentState> {
        self.snapshot.components.get(key)
    }

    fn standing(&self, key: &ComponentKey) -> Standing {
        standing(self.state(key), key, self.lens.rules)
    }

    /// Returns the package's component of that key.
    fn packaged(&self, key: &ComponentKey) -> Option<&'a PackagedComponent> {
        self.met_as(key).map(|met| met.component)
    }

    fn met_as(&self, key: &ComponentKey) -> Option<Met<'a>> {
        let index = self.met.binary_search_by(|met| met.component.key.cmp(key)).ok()?;
        Some(self.met[index])
    }

    /// Returns the number of a component, adding the component when the environment has never seen it.
    fn number(
        &mut self,
        key: &ComponentKey,
        state: Option<&ComponentState>,
        describe: impl FnOnce() -> NewComponent,
    ) -> ComponentNo {
        if let Some(state) = state {
            return state.component.no;
        }
        if let Some(no) = self.added.get(key) {
            return *no;
        }
        let no = ComponentNo(take(&mut self.next_component.0));
        let NewComponent { name, id, category, parent } = describe();
        self.plan.edits.push(Edit::ComponentAdd(Component { no, key: key.clone(), name, id, category, parent }));
        self.added.insert(key.clone(), no);
        no
    }

    fn open_publisher(&mut self) {
        let packaged = &self.package.manifest.publisher;
        if self.snapshot.publisher(self.publisher).is_some() {
            return;
        }
        self.plan.edits.push(Edit::PublisherOpen(strata_model::publisher::Publisher {
            no: self.publisher,
            id: Guid::minted(self.environment(), "publisher", &packaged.unique_name.to_lowercase()),
            unique_name: packaged.unique_name.clone(),
            friendly_name: packaged.friendly_name.clone(),
            prefix: packaged.prefix.clone(),
            option_value_prefix: packaged.option_value_prefix,
            details: packaged.details.clone(),
        }));
    }

    /// A new solution is numbered after the placeholders that it stands on: lists go by number, lowest first.
    fn number_solution(&mut self) {
        if self.replaced().is_none() {
            self.solution = SolutionNo(take(&mut self.next_solution.0));
        }
    }

    /// Returns the solution whose place the package takes: none for a holding solution, which stands beside it.
    fn replaced(&self) -> Option<&'a Solution> {
        self.installed.filter(|_| self.plan.operation != OperationKind::Stage)
    }

    fn solution_kind(&self) -> SolutionKind {
        match self.plan.operation {
            OperationKind::Stage => SolutionKind::Upgrade,
            OperationKind::Patch => SolutionKind::Patch,
            _ => SolutionKind::Base,
        }
    }

    fn open_solution(&mut self) {
        let manifest = &self.package.manifest;
        let kind = self.solution_kind();
        let parent = match kind {
            SolutionKind::Upgrade => self.installed.map(|base| base.no),
            SolutionKind::Patch => self.parent.map(|parent| parent.no),
            SolutionKind::Base => None,
        };
        let replaced = self.replaced();
        let still_assumed = |no: &SolutionNo| self.snapshot.solution(*no).is_some_and(|solution| solution.assumed);
        let rolled_up = if kind == SolutionKind::Base { &self.family.patches[..] } else { &[] };
        let before = replaced.iter().chain(rolled_up).flat_map(|solution| solution.assumes.iter().copied());
        let kept: BTreeSet<_> = before.filter(still_assumed).collect();
        let solution = Solution {
            no: self.solution,
            id: Guid::minted(self.environment(), "solution", &self.layer_name.to_lowercase()),
            unique_name: self.layer_name.clone(),
            friendly_name: manifest.friendly_name.clone(),
            version: manifest.version.clone(),
            is_managed: self.package.is_managed(),
            publisher: self.publisher,
            kind,
            parent,
            assumed: false,
            assumes: self.assumes.union(&kept).copied().collect(),
            residue: Some(self.package.residue_digest),
        };
        match replaced {
            Some(before) if *before == solution => {}
            Some(before) => {
                self.plan.edits.push(Edit::SolutionClose(before.clone()));
                self.plan.edits.push(Edit::SolutionOpen(solution));
            }
            None => self.plan.edits.push(Edit::SolutionOpen(solution)),
        }
    }
}

/// A component of the package with what the target has under its key.
#[derive(Clone, Copy)]
struct Met<'a> {
    component: &'a PackagedComponent,
    state: Option<&'a ComponentState>,
    standing: Standing,
}

/// Looks each component up once: both sides are walked in key order.
fn meet<'a>(snapshot: &'a Snapshot, package: &'a Package, rules: &Rules) -> Vec<Met<'a>> {
    let mut components: Vec<_> = package.components.iter().collect();
    components.sort_unstable_by(|left, right| left.key.cmp(&right.key));
    let mut states = snapshot.components.iter().peekable();
    components
        .into_iter()
        .map(|component| {
            while states.next_if(|(key, _)| **key < component.key).is_some() {}
            let state = states.peek().filter(|(key, _)| **key == component.key).map(|(_, state)| *state);
            Met { component, state, standing: standing(state, &component.key, rules) }
        })
        .collect()
}

fn standing(state: Option<&ComponentState>, key: &ComponentKey, rules: &Rules) -> Standing {
    if catalogue::contains(key, rules) {
        return Standing::System;
    }
    match state {
        Some(state) if state.managed().next().is_some() => Standing::Managed,
        Some(state) if !state.layers.is_empty() => Standing::Unmanaged,
        Some(_) | None => Standing::Absent,
    }
}

/// What an unknown component is called.
#[derive(Default)]
struct NewComponent {
    name: String,
    id: Option<Guid>,
    category: Option<i32>,
    parent: Option<ComponentKey>,
}

/// Hands out the next number.
fn take(next: &mut i64) -> i64 {
    let number = *next;
    *next += 1;
    number
}
