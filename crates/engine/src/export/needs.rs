//! What an exported package needs from elsewhere: its `MissingDependencies` (L55, DP23, DP25).
//!
//! A requirement is a name that a definition of the package mentions and that nothing in the package answers to, as an
//! import looks for it on the other side. What the package that the solution came in declared stays declared as long as
//! it can still be true: its environment knew more than definitions say.

use std::collections::{BTreeMap, BTreeSet};

use strata_model::component::{ComponentKey, Identity};
use strata_model::dependency::{DependencySide, MissingDependency, Provider};
use strata_model::environment::{ComponentState, Footprint, Membership, Snapshot};
use strata_model::id::SolutionNo;
use strata_model::package::{Manifest, Presence};
use strata_model::plan::{Bodies, Body, Finding, FindingKind};
use strata_model::reference::{Reference, Target, TargetId};
use strata_model::rules::Rules;

use super::Exported;
use crate::dependency::{World, to_find};
use crate::effect::Lens;
use crate::import::is_assumed_layer;
use crate::reference::{self, Definition};
use crate::{catalogue, names};

/// A name that a component mentions and that nothing in the package answers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outside {
    pub dependent: ComponentKey,
    pub target: Target,
}

/// Returns every name that a component of the package answers to.
pub fn provided(component: &Exported, body: &Body<'_>, files: &dyn Bodies) -> Vec<TargetId> {
    if component.presence == Presence::Reference {
        return Vec::new();
    }
    let mut provided = vec![Target::Component(component.key.clone()).id()];
    let by_id = component.id.filter(|id| component.key.guid() != Some(*id));
    let by_id = by_id.map(|id| ComponentKey::new(component.key.component_type.clone(), &id.to_string()));
    provided.extend(by_id.map(|key| Target::Component(key).id()));
    if reference::has_answers(&component.key.component_type) {
        provided.extend(reference::answers(&definition(component, body, files)).iter().map(Target::id));
    }
    provided
}

/// Reads what a component mentions of what the package does not provide; `provided` is sorted.
pub fn outside(component: &Exported, body: &Body<'_>, files: &dyn Bodies, provided: &[TargetId]) -> Vec<Outside> {
    if component.presence == Presence::Reference {
        return Vec::new();
    }
    let mentions = reference::mentions(&definition(component, body, files));
    // What a lookup or a primary column implies is there where the column is.
    let is_named = |reference: &Reference| matches!(reference.target, Target::Component(_) | Target::EntitySet(_));
    let is_outside = |reference: &Reference| provided.binary_search(&reference.target.id()).is_err();
    let outside = mentions.into_iter().filter(|reference| is_named(reference) && is_outside(reference));
    outside.map(|reference| Outside { dependent: component.key.clone(), target: reference.target }).collect()
}

fn definition<'d>(component: &'d Exported, body: &'d Body<'d>, files: &'d dyn Bodies) -> Definition<'d> {
    let Exported { key, parent, category, id, .. } = component;
    Definition { key, parent: parent.as_ref(), category: *category, id: *id, body, files }
}

/// Returns what must be seen to find who answers: to the names, and for what was declared.
pub fn footprint(outside: &[Outside], declared: &[MissingDependency]) -> Footprint {
    let mut footprint = to_find(outside.iter().map(|outside| &outside.target));
    footprint.keys.extend(declared.iter().map(|missing| missing.required.key.clone()));
    let tables = footprint.keys.iter().filter_map(ComponentKey::parent).collect::<BTreeSet<_>>();
    footprint.keys.extend(tables);
    footprint.keys.sort_unstable();
    footprint.keys.dedup();
    footprint
}

/// Lists what the package needs. `seen` holds the solution's members and the [`footprint`].
pub fn missing(
    seen: &Snapshot,
    solution: SolutionNo,
    components: &[Exported],
    outside: &[Outside],
    before: Option<&Manifest>,
    rules: &Rules,
    bodies: &dyn Bodies,
) -> Vec<MissingDependency> {
    let is_defined = |component: &&Exported| component.presence != Presence::Reference;
    let mut needs = Needs {
        seen,
        solution,
        rules,
        defined: components.iter().filter(is_defined).map(|component| &component.key).collect(),
        listed: components.iter().map(|component| &component.key).collect(),
        pairs: BTreeSet::new(),
        missing: Vec::new(),
    };
    needs.declared(before.map_or(&[], |manifest| &manifest.missing_dependencies));
    needs.layers_below();
    needs.named(&World::now(Lens::new(seen, rules, bodies)), outside);
    needs.missing
}

/// The list in the making.
struct Needs<'a> {
    seen: &'a Snapshot,
    solution: SolutionNo,
    rules: &'a Rules,
    /// What the package says something of.
    defined: BTreeSet<&'a ComponentKey>,
    /// What stands in it, for reference too.
    listed: BTreeSet<&'a ComponentKey>,
    /// Required and dependent, each pair once.
    pairs: BTreeSet<(ComponentKey, ComponentKey)>,
    missing: Vec<MissingDependency>,
}

impl Needs<'_> {
    /// What the package that the solution came in declared, as far as it can still be true.
    fn declared(&mut self, declared: &[MissingDependency]) {
        for declared in declared {
            // A dependent that this environment does not know is one that nobody here can have removed.
            let dependent = self.seen.components.get(&declared.dependent.key);
            let dependent = dependent.filter(|state| !state.layers.is_empty());
            let has_left = dependent
                .is_some_and(|state| !state.is_member_of(self.solution) && !self.listed.contains(&state.component.key));
            // What came in the same package needs the layer below all the same; what joined the solution since is no
            // longer missing.
            let is_own = self.defined.contains(&declared.required.key);
            let came_together = dependent.is_some_and(|state| came_with(self.seen, state, &declared.required.key));
            if has_left || (is_own && !came_together) {
                continue;
            }
            // What needs itself needs the layer below, which only its package knows of.
            let known = provider(self.seen, &declared.required.key).filter(|_| !is_own);
            let provider = known.unwrap_or_else(|| declared.provider.clone());
            self.pairs.insert((declared.required.key.clone(), declared.dependent.key.clone()));
            self.missing.push(MissingDependency { provider, ..declared.clone() });
        }
    }

    /// What managed layers define needs them: of the platform's own nobody speaks.
    fn layers_below(&mut self) {
        let (seen, solution) = (self.seen, self.solution);
        for state in seen.components.values().filter(|state| state.is_member_of(solution)) {
            let key = &state.component.key;
            let of_solution = |member: &&Membership| member.solution == solution;
            let is_root = state.members.iter().find(of_solution).is_some_and(|member| member.behavior.is_some());
            let goes_out = is_root || self.defined.contains(key);
            let is_base_elsewhere = state.managed().next().is_some() && !catalogue::contains(key, self.rules);
            if goes_out && is_base_elsewhere {
                self.add(key.clone(), key.clone());
            }
        }
    }

    /// What definitions name.
    fn named(&mut self, world: &World<'_>, outside: &[Outside]) {
        for Outside { dependent, target } in outside {
            for required in world.find(target) {
                let state = self.seen.components.get(&required);
                let is_member = state.is_some_and(|state| state.is_member_of(self.solution));
                let is_there = is_member || self.defined.contains(&required);
                if !is_there && !catalogue::contains(&required, self.rules) && required != *dependent {
                    self.add(required, dependent.clone());
                }
            }
        }
    }

    /// Adds a pair once; what is only assumed, and nobody said of whom, is left out.
    fn add(&mut self, required: ComponentKey, dependent: ComponentKey) {
        let Some(provider) = provider(self.seen, &required) else { return };
        let sides = (side(self.seen, &required), side(self.seen, &dependent));
        if self.pairs.insert((required, dependent)) {
            let (required, dependent) = sides;
            self.missing.push(MissingDependency { required, dependent, provider, application: None });
        }
    }
}

/// Tells whether one operation brought both components.
fn came_with(seen: &Snapshot, dependent: &ComponentState, required: &ComponentKey) -> bool {
    let brought = seen.components.get(required).into_iter().flat_map(|state| &state.layers);
    brought.into_iter().any(|layer| dependent.layers.iter().any(|other| other.from == layer.from))
}

/// Says where the environment has a component: whose base it is, or that it is unmanaged; `None` where it has none, or
/// one that is only assumed and nobody said of whom.
fn provider(seen: &Snapshot, key: &ComponentKey) -> Option<Provider> {
    let state = seen.components.get(key).filter(|state| !state.layers.is_empty())?;
    let Some(base) = state.managed().next() else {
        let is_known = !state.layers.iter().all(is_assumed_layer);
        return is_known.then_some(Provider::Active);
    };
    let solution = seen.solution(base.solution)?;
    let is_named = !solution.assumed || solution.unique_name != crate::import::BASE_PLACEHOLDER;
    is_named.then(|| Provider::Solution {
        unique_name: solution.unique_name.clone(),
        version: Some(solution.version.clone()),
    })
}

/// One side of a declared dependency (package-format §2.4).
fn side(seen: &Snapshot, key: &ComponentKey) -> DependencySide {
    let state = seen.components.get(key);
    let display = |state: &ComponentState| state.layers.iter().rev().find_map(|layer| layer.display_name.clone());
    let parent = state.and_then(|state| state.component.parent()).or_else(|| key.parent());
    let parent = parent.filter(|parent| parent.component_type.is("entity"));
    let name = state.map_or(key.as_str(), |state| state.component.name.as_str());
    let is_guid = key.guid().is_some();
    let by_guid = key.component_type.row().is_some_and(|row| row.identity == Identity::Guid);
    let display_name = state.and_then(display);
    let own_name = match key.component_type.name() {
        "attribute" | "entitykey" => name.rsplit_once('.').map_or(name, |(_, name)| name).to_lowercase(),
        "entity" | "optionset" => name.to_lowercase(),
        _ => name.to_owned(),
    };
    // Views and charts bear their label where others bear a name.
    let schema_name = match key.component_type.name() {
        "savedquery" | "savedqueryvisualization" => display_name.clone(),
        _ => (!is_guid && !by_guid).then(|| own_name.clone()),
    };
    let has_parent = matches!(
        key.component_type.name(),
        "attribute" | "entityrelationship" | "entitykey" | "systemform" | "savedquery" | "savedqueryvisualization"
    );
    let parent = parent.filter(|_| has_parent);
    let parent_label = |parent: &ComponentKey| {
        let own = seen.components.get(parent).and_then(display);
        own.or_else(|| catalogue::component(parent, &Rules::OURS)?.display_name)
    };
    DependencySide {
        key: key.clone(),
        id: key.guid().or_else(|| state?.component.id).filter(|_| is_guid || by_guid || has_id(key)),
        display_name: display_name.or_else(|| (!is_guid).then_some(own_name)),
        schema_name,
        parent_schema_name: parent
            .as_ref()
            .filter(|_| !key.component_type.is("systemform"))
            .map(|parent| parent.as_str().to_owned()),
        parent_display_name: parent.as_ref().and_then(parent_label),
    }
}

/// Types that are named by schema name and id alike.
fn has_id(key: &ComponentKey) -> bool {
    matches!(key.component_type.name(), "plugintype" | "connector" | "entitydatasource" | "entitydataprovider")
}

/// How many requirements a warning names.
const NAMED: usize = 5;

/// L55: what is missing does not stop an export; the target must have it.
pub fn finding(seen: &Snapshot, missing: &[MissingDependency]) -> Option<Finding> {
    let required: BTreeMap<&ComponentKey, &MissingDependency> =
        missing.iter().map(|missing| (&missing.required.key, missing)).collect();
    if required.is_empty() {
        return None;
    }
    let environment = seen.environment.id;
    let told = |missing: &&MissingDependency| {
        let reference = names::side(environment, &missing.required);
        let described = names::describe(&reference, missing.required.key.component_type.label());
        match &missing.provider {
            Provider::Solution { unique_name, .. } => format!("{described} from {unique_name}"),
            Provider::Active => format!("{described}, unmanaged here"),
            Provider::System | Provider::Unknown => described,
        }
    };
    let named: Vec<_> = required.values().take(NAMED).map(told).collect();
    let rest = match required.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = match required.len() {
        1 => format!("the package needs 1 component that it does not bring whole: {}", named.join("; ")),
        many => format!("the package needs {many} components that it does not bring whole: {}{rest}", named.join("; ")),
    };
    let related = required.values().map(|missing| names::side(environment, &missing.required)).collect();
    let hint = "they are declared as missing; the target must have them before the import";
    Some(Finding::warning(FindingKind::MissingDependency, None, "L55", message).related(related).hint(hint))
}
