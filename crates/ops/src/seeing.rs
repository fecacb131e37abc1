//! What an operation sees before it plans: its package, and the part of the environment that it may touch.

use std::collections::BTreeSet;

use strata_engine::by_hand::delete;
use strata_engine::dependency::{self, PackageNames};
use strata_engine::membership::{self, Addition};
use strata_engine::reference::Packaged;
use strata_engine::{desktop_flow, import, variables};
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::environment::{ComponentState, Environment, Footprint, Snapshot};
use strata_model::package::Package;
use strata_model::plan::{Bodies, FindingKind, Plan, Severity};
use strata_model::rules::Rules;
use strata_store::StoreError;

use crate::cores::on_every_core;
use crate::operation::{Phase, Progress};
use crate::request::Request;
use crate::source::read_package_beside;
use crate::{OpsError, Workspace};

/// A package, and what was seen of its solution while it was read.
#[derive(Default)]
pub(crate) struct Source {
    pub package: Option<Package>,
    pub seen: Option<Snapshot>,
}

impl From<Option<Package>> for Source {
    fn from(package: Option<Package>) -> Self {
        Self { package, seen: None }
    }
}

/// Reads the package of an import, and beside it the components that its solution has in the environment.
pub(crate) fn read(
    workspace: &Workspace,
    environment: &Environment,
    request: &Request,
    progress: Progress<'_>,
) -> Result<Source, OpsError> {
    let Request::Import { package, .. } = request else { return Ok(Source::default()) };
    progress(Phase::Reading, 0, 0);
    let store = workspace.store();
    let (package, seen) = read_package_beside(package, |name| {
        let headers = store.snapshot(environment, None, &Footprint::default()).ok()?;
        let footprint = import::installed_footprint(&headers, name);
        store.snapshot(environment, None, &footprint).ok()
    })?;
    Ok(Source { package: Some(package), seen: seen.flatten() })
}

/// Sees the parts of what may be deleted as well, whoever added them: children of tables, values of variables, binaries
/// of desktop flows.
pub(crate) fn with_parts(
    snapshot: &dyn Fn(&Footprint) -> Result<Snapshot, StoreError>,
    mut seen: Snapshot,
    tables: Vec<String>,
) -> Result<Snapshot, StoreError> {
    // The tables themselves too: whether they are real or assumed counts.
    let entities = tables.iter().map(|table| ComponentKey::new(ComponentType::named("entity"), table));
    let wanted = variables::values_to_see(&seen).into_iter().chain(entities);
    let keys: Vec<_> = wanted.filter(|key| !seen.components.contains_key(key)).collect();
    let flows = desktop_flow::flows_seen(&seen);
    if keys.is_empty() && tables.is_empty() && flows.is_empty() {
        return Ok(seen);
    }
    let more = snapshot(&Footprint { keys, children_of: tables, parts_of: flows, ..Footprint::default() })?;
    add(&mut seen, more);
    Ok(seen)
}

/// Adds what another cut of the same environment shows.
pub(crate) fn add(seen: &mut Snapshot, more: Snapshot) {
    for (key, state) in more.components {
        seen.components.entry(key).or_insert(state);
    }
    for (index, more) in [(&mut seen.mentions, more.mentions), (&mut seen.answers, more.answers)] {
        if !more.is_empty() {
            index.extend(more);
            index.sort_unstable();
            index.dedup();
        }
    }
}

/// Sees whoever names one of the components that may go, and what goes with them.
pub(crate) fn with_risk(
    snapshot: &dyn Fn(&Footprint) -> Result<Snapshot, StoreError>,
    mut seen: Snapshot,
    start: BTreeSet<ComponentKey>,
    rules: &Rules,
    bodies: &dyn Bodies,
) -> Result<Snapshot, StoreError> {
    let mut asked = Footprint::default();
    // Parts of what goes, then the relationships of tables among them, then their foreign keys: four steps are all.
    for _ in 0..4 {
        if start.is_empty() {
            break;
        }
        let risk = dependency::at_risk(&seen, start.clone(), rules, bodies);
        if risk.footprint == asked {
            break;
        }
        add(&mut seen, snapshot(&risk.footprint)?);
        asked = risk.footprint;
    }
    Ok(seen)
}

/// Sees whoever names a component that is to be deleted by hand, or something that would go along (DP2, DP5).
pub(crate) fn with_going(
    snapshot: &dyn Fn(&Footprint) -> Result<Snapshot, StoreError>,
    mut seen: Snapshot,
    component: &ComponentKey,
    rules: &Rules,
    bodies: &dyn Bodies,
) -> Result<Snapshot, StoreError> {
    let (mut known, mut going) = (BTreeSet::new(), BTreeSet::from([component.clone()]));
    while known != going {
        seen = with_risk(snapshot, seen, going.clone(), rules, bodies)?;
        known = going;
        going = delete::at_risk(&seen, component, rules, bodies);
    }
    Ok(seen)
}

/// Sees what a component that is added to a list would bring along, one ring of requirements after the other.
pub(crate) fn with_required(
    snapshot: &dyn Fn(&Footprint) -> Result<Snapshot, StoreError>,
    mut seen: Snapshot,
    component: &ComponentKey,
    addition: &Addition,
    rules: &Rules,
    bodies: &dyn Bodies,
) -> Result<Snapshot, StoreError> {
    let mut asked = Footprint::default();
    loop {
        let footprint = membership::required_footprint(&seen, component, addition, rules, bodies);
        if footprint == asked {
            return Ok(seen);
        }
        add(&mut seen, snapshot(&footprint)?);
        asked = footprint;
    }
}

/// Sees what a footprint names besides the solutions, which have been seen already.
pub(crate) fn with_more(
    snapshot: &dyn Fn(&Footprint) -> Result<Snapshot, StoreError>,
    mut seen: Snapshot,
    footprint: Footprint,
) -> Result<Snapshot, StoreError> {
    let Footprint { keys, types, parts_of, drafts, .. } = footprint;
    let keys: Vec<_> = keys.into_iter().filter(|key| !seen.components.contains_key(key)).collect();
    if !keys.is_empty() || !types.is_empty() || !parts_of.is_empty() || drafts {
        let more = snapshot(&Footprint { keys, types, parts_of, drafts, ..Footprint::default() })?;
        add(&mut seen, more);
    }
    Ok(seen)
}

/// Components beyond which a way out is not looked for: it would be as long.
const HELD_MAX: usize = 100_000;

/// Sees all of the solutions that have a part in a refusal, and whoever names their components or unmanaged ones:
/// uninstalling one of them first, or deleting those, may be the way out (DP24).
pub(crate) fn with_holders(
    snapshot: &dyn Fn(&Footprint) -> Result<Snapshot, StoreError>,
    mut seen: Snapshot,
    rules: &Rules,
    bodies: &dyn Bodies,
) -> Result<Snapshot, StoreError> {
    let (mut known, mut unmanaged) = (BTreeSet::new(), BTreeSet::new());
    while seen.components.len() <= HELD_MAX {
        let layers = seen.components.values().flat_map(ComponentState::managed);
        let solutions: BTreeSet<_> = layers.map(|layer| layer.solution).filter(|no| !known.contains(no)).collect();
        let is_new = |state: &&ComponentState| {
            let is_unmanaged = !state.layers.is_empty() && state.managed().next().is_none();
            is_unmanaged && !unmanaged.contains(&state.component.key)
        };
        let own: Vec<_> = seen.components.values().filter(is_new).map(|state| state.component.key.clone()).collect();
        if solutions.is_empty() && own.is_empty() {
            break;
        }
        if !solutions.is_empty() {
            let solutions = solutions.iter().copied().collect();
            add(&mut seen, snapshot(&Footprint { solutions, ..Footprint::default() })?);
        }
        let is_theirs = |state: &&ComponentState| state.managed().any(|layer| solutions.contains(&layer.solution));
        let theirs = seen.components.values().filter(is_theirs).map(|state| state.component.key.clone());
        let start = theirs.chain(own.iter().cloned()).collect();
        seen = with_risk(snapshot, seen, start, rules, bodies)?;
        known.extend(solutions);
        unmanaged.extend(own);
    }
    Ok(seen)
}

/// Tells whether a way out of a refusal is worth looking for.
pub(crate) fn is_held(plan: &Plan) -> bool {
    plan.findings.iter().any(|finding| {
        finding.severity == Severity::Error && finding.kind == FindingKind::DeleteBlocked && finding.component.is_some()
    })
}

/// Reads what the new definitions of a package name, and sees who provides it.
pub(crate) fn with_needs(
    snapshot: &dyn Fn(&Footprint) -> Result<Snapshot, StoreError>,
    mut seen: Snapshot,
    package: &Package,
    rules: &Rules,
) -> Result<(Snapshot, PackageNames), StoreError> {
    let names = names_of(&seen, package);
    let footprint = import::needs_footprint(&names, rules);
    if footprint != Footprint::default() {
        add(&mut seen, snapshot(&footprint)?);
    }
    Ok((seen, names))
}

/// Reads what every definition of a package names.
pub fn names_of_package(package: &Package) -> PackageNames {
    read_names(package, &vec![true; package.components.len()])
}

/// Reads what the new definitions of a package name.
fn names_of(seen: &Snapshot, package: &Package) -> PackageNames {
    let new: Vec<_> = package.components.iter().map(|component| dependency::is_new(seen, component)).collect();
    read_names(package, &new)
}

fn read_names(package: &Package, new: &[bool]) -> PackageNames {
    if !new.contains(&true) {
        return PackageNames::default();
    }
    let bodies = Packaged::new(package);
    let components = &package.components;
    let answered = on_every_core(components, |component| dependency::answered(package, component, &bodies));
    let provided = dependency::Provided::new(package, &answered);
    let all: Vec<_> = components.iter().zip(&answered).zip(new).collect();
    PackageNames(on_every_core(&all, |((component, answered), is_new)| {
        is_new.then(|| dependency::arrived(package, component, answered, &provided, &bodies))
    }))
}
