//! Answers to questions about dependencies: of one component, and of a solution (DP29).

use std::collections::BTreeSet;

use strata_engine::catalogue;
use strata_engine::{dependency, uninstall};
use strata_model::component::ComponentKey;
use strata_model::dependency::Dependency;
use strata_model::environment::{ComponentState, Environment, Footprint, Snapshot};
use strata_model::id::{Guid, Operation, SolutionNo};
use strata_model::rules::Rules;
use strata_model::solution::RESERVED_NAMES;
use strata_store::{StoreBodies, StoreError};

use crate::seeing::{add, with_going, with_parts, with_risk};
use crate::view::{BaseSolution, DependencyEntry, DependencyHome};
use crate::{OpsError, Workspace, components, solutions};

/// What is asked of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfComponent {
    /// What it needs: *Uses*.
    Required,
    /// Who needs it: *Used by*.
    Dependent,
    /// Who stands against its deletion: *Delete blocked by*.
    Delete,
}

/// What is asked of a solution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfSolution {
    /// What its components need and neither it nor the platform brings.
    Missing,
    /// What stands against its removal.
    Uninstall,
}

/// Which side of its edges an answer is about; the other side is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Required,
    Dependent,
}

/// Lists the dependencies of a component.
pub fn of_component(
    workspace: &Workspace,
    at: Option<Operation>,
    text: &str,
    question: OfComponent,
) -> Result<Vec<DependencyEntry>, OpsError> {
    let environment = workspace.environment()?;
    let key = components::find(workspace, &environment, at, text)?;
    let store = workspace.store();
    let snapshot = |footprint: &Footprint| store.snapshot(&environment, at, footprint);
    let (rules, bodies) = (Rules::OURS, StoreBodies::new(store));
    let mut seen = snapshot(&Footprint { keys: vec![key.clone()], ..Footprint::default() })?;
    let (edges, side) = match question {
        OfComponent::Required => {
            let footprint = dependency::required_footprint(&seen, &key, &rules, &bodies);
            add(&mut seen, snapshot(&footprint)?);
            (dependency::required(&seen, &key, &rules, &bodies), Side::Required)
        }
        OfComponent::Dependent => {
            let footprint = dependency::dependents_footprint(&seen, &key, &rules, &bodies);
            add(&mut seen, snapshot(&footprint)?);
            (dependency::dependents(&seen, &key, &rules, &bodies), Side::Dependent)
        }
        OfComponent::Delete => {
            seen = with_going(&snapshot, seen, &key, &rules, &bodies)?;
            (dependency::blocking_deletion(&seen, &key, &rules, &bodies), Side::Dependent)
        }
    };
    bodies.take_error().map_or(Ok(()), Err)?;
    entries(&snapshot, &environment, seen, &edges, side)
}

/// Lists the dependencies of all components; `None` where there are more of these than a number.
pub(crate) fn of_all(
    workspace: &Workspace,
    environment: &Environment,
    max: usize,
) -> Result<Option<Vec<DependencyEntry>>, OpsError> {
    let store = workspace.store();
    let snapshot = |footprint: &Footprint| store.snapshot(environment, None, footprint);
    let (rules, bodies) = (Rules::OURS, StoreBodies::new(store));
    let mut seen = snapshot(&Footprint { everything: true, ..Footprint::default() })?;
    if seen.components.len() > max {
        return Ok(None);
    }
    let footprint = dependency::all_footprint(&seen, &rules, &bodies);
    add(&mut seen, snapshot(&footprint)?);
    let edges = dependency::all(&seen, &rules, &bodies);
    bodies.take_error().map_or(Ok(()), Err)?;
    entries(&snapshot, environment, seen, &edges, Side::Required).map(Some)
}

/// Lists the dependencies of a solution.
pub fn of_solution(
    workspace: &Workspace,
    at: Option<Operation>,
    name: &str,
    question: OfSolution,
) -> Result<Vec<DependencyEntry>, OpsError> {
    let environment = workspace.environment()?;
    let store = workspace.store();
    let snapshot = |footprint: &Footprint| store.snapshot(&environment, at, footprint);
    let (rules, bodies) = (Rules::OURS, StoreBodies::new(store));
    let headers = snapshot(&Footprint::default())?;
    // Everything is in the platform's own solutions, and none of them can be uninstalled.
    if RESERVED_NAMES.iter().any(|own| own.eq_ignore_ascii_case(name)) {
        return Ok(Vec::new());
    }
    let solution = solutions::find(&headers, name)?.no;
    let (seen, edges, side) = match question {
        OfSolution::Missing => {
            let mut seen = snapshot(&Footprint { solutions: vec![solution], ..Footprint::default() })?;
            let footprint = dependency::missing_footprint(&seen, solution, &rules, &bodies);
            add(&mut seen, snapshot(&footprint)?);
            let edges = dependency::missing(&seen, solution, &rules, &bodies);
            (seen, edges, Side::Required)
        }
        OfSolution::Uninstall => {
            let seen = snapshot(&uninstall::footprint(&headers, name))?;
            let tables = uninstall::tables(&seen, name, &rules);
            let seen = with_parts(&snapshot, seen, tables)?;
            let going = uninstall::at_risk(&seen, name);
            let seen = with_risk(&snapshot, seen, going, &rules, &bodies)?;
            let edges = uninstall::blocking(&seen, name, &rules, &bodies);
            (seen, edges, Side::Dependent)
        }
    };
    bodies.take_error().map_or(Ok(()), Err)?;
    entries(&snapshot, &environment, seen, &edges, side)
}

/// Makes the entries of an answer, by solution, then by component.
fn entries(
    snapshot: &dyn Fn(&Footprint) -> Result<Snapshot, StoreError>,
    environment: &Environment,
    mut seen: Snapshot,
    edges: &[Dependency],
    side: Side,
) -> Result<Vec<DependencyEntry>, OpsError> {
    let named = edges.iter().flat_map(|edge| [&edge.required, &edge.dependent]);
    let named: BTreeSet<_> = named.cloned().collect();
    let parents = |key: &ComponentKey| parent(&seen, key);
    let all = named.iter().filter_map(parents).chain(named.iter().cloned());
    let keys: BTreeSet<_> = all.filter(|key| !seen.components.contains_key(key)).collect();
    if !keys.is_empty() {
        add(&mut seen, snapshot(&Footprint { keys: keys.into_iter().collect(), ..Footprint::default() })?);
    }
    let entry = |edge: &Dependency| {
        let asked = match side {
            Side::Required => &edge.required,
            Side::Dependent => &edge.dependent,
        };
        let owner = owner(&seen, asked);
        let entry = DependencyEntry {
            required: components::refer(environment.id, &seen, &edge.required),
            dependent: components::refer(environment.id, &seen, &edge.dependent),
            kind: edge.kind,
            solution: base_solution(environment, &seen, owner).unique_name,
            place: edge.place,
            required_in: home(environment, &seen, &edge.required),
            dependent_in: home(environment, &seen, &edge.dependent),
        };
        ((owner.order(), entry.solution.to_lowercase(), asked.clone()), entry)
    };
    let mut entries: Vec<_> = edges.iter().map(entry).collect();
    entries.sort_by(|left, right| left.0.cmp(&right.0));
    Ok(entries.into_iter().map(|(_, entry)| entry).collect())
}

/// What a component is a part of.
fn parent(seen: &Snapshot, key: &ComponentKey) -> Option<ComponentKey> {
    seen.components.get(key).and_then(|state| state.component.parent()).or_else(|| key.parent())
}

fn home(environment: &Environment, seen: &Snapshot, key: &ComponentKey) -> DependencyHome {
    let parent = parent(seen, key).map(|parent| components::refer(environment.id, seen, &parent));
    DependencyHome { parent, solution: base_solution(environment, seen, owner(seen, key)) }
}

fn base_solution(environment: &Environment, seen: &Snapshot, owner: Owner) -> BaseSolution {
    let own = |name: &str| BaseSolution {
        id: Guid::minted(environment.id, "solution", &name.to_lowercase()),
        unique_name: name.to_owned(),
        friendly_name: solutions::own_friendly_name(name).to_owned(),
        version: environment.settings.platform_version.to_string(),
    };
    match owner {
        Owner::System => own("System"),
        Owner::Active => own("Active"),
        Owner::Managed(no) => seen.solution(no).map_or_else(
            || own(&no.to_string()),
            |solution| BaseSolution {
                id: solution.id,
                unique_name: solution.unique_name.clone(),
                friendly_name: solution.friendly_name.clone(),
                version: solution.version.to_string(),
            },
        ),
    }
}

/// Whose a component is: who brought it first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    System,
    Managed(SolutionNo),
    /// Nobody but the makers of this environment.
    Active,
}

impl Owner {
    /// Groups stand in this order: the platform's, managed solutions, what is unmanaged (DP30).
    fn order(self) -> u8 {
        match self {
            Self::System => 0,
            Self::Managed(_) => 1,
            Self::Active => 2,
        }
    }
}

fn owner(seen: &Snapshot, key: &ComponentKey) -> Owner {
    if catalogue::contains(key, &Rules::OURS) {
        return Owner::System;
    }
    let base = seen.components.get(key).and_then(|state: &ComponentState| state.managed().next());
    base.map_or(Owner::Active, |layer| Owner::Managed(layer.solution))
}
