//! What the package's definitions need beyond what the manifest declares (DP22, DP9).
//!
//! A manifest lists what the exporting environment knew to be missing; a definition may name more. Where nobody
//! in the package or in the environment answers to a name, the platform mostly drops the reference in silence, so
//! that is a warning; it refuses where the component cannot work without it. What answers must be managed where the
//! package is (L65).

use std::collections::BTreeMap;

use strata_model::code::ErrorCode;
use strata_model::component::{ComponentKey, ComponentRef};
use strata_model::environment::Footprint;
use strata_model::id::ComponentNo;
use strata_model::layer::Layer;
use strata_model::package::PackagedComponent;
use strata_model::plan::{Edit, Finding, FindingKind};
use strata_model::reference::{DefinitionNames, Reference, Target};
use strata_model::rules::{Rules, UndeclaredMissing};

use super::{Import, Standing};
use crate::dependency::{PackageNames, World, to_find};
use crate::needs::Declared;
use crate::reference::is_platform_id;
use crate::{catalogue, desktop_flow, names, variables};

/// Returns what must be seen to find out who provides what a package's definitions need.
pub fn footprint(names: &PackageNames, rules: &Rules) -> Footprint {
    let outside = names.0.iter().flatten().flat_map(|arrived| &arrived.outside);
    to_find(outside.map(|reference| &reference.target).filter(|target| is_a_need(target, rules)))
}

/// Tells whether nobody answering to a name is worth looking into: what a lookup or a primary column implies is only
/// there where the column is.
fn is_a_need(target: &Target, rules: &Rules) -> bool {
    match target {
        // What a desktop flow requires of binaries is looked at with the flow, see `desktop_flows`.
        Target::Component(key) => !is_of_system(target, rules) && !key.component_type.is(desktop_flow::BINARY),
        Target::EntitySet(_) => true,
        Target::LookupRelationship(_) | Target::PrimaryColumns(_) => false,
    }
}

fn is_of_system(target: &Target, rules: &Rules) -> bool {
    matches!(target, Target::Component(key) if catalogue::contains(key, rules) || is_platform_id(key))
}

/// Something that nobody answers to, or only something unmanaged.
struct Need<'a> {
    dependents: Vec<ComponentRef>,
    reference: &'a Reference,
    /// Who answers although it does not satisfy.
    unmanaged: Option<ComponentKey>,
    is_hard: bool,
}

impl<'a> Import<'a> {
    /// DP22: finds what the new definitions name and nobody provides.
    pub(super) fn check_needs(&mut self) {
        if self.names.0.iter().flatten().all(|arrived| arrived.outside.is_empty()) {
            return;
        }
        let world = World::now(self.lens);
        let declared = Declared::of(self.package);
        let mut needs: BTreeMap<&Target, Need<'a>> = BTreeMap::new();
        // L117 has its own word for a value without its variable.
        let is_checked = |component: &PackagedComponent| !component.key.component_type.is(variables::VALUE);
        let named = self.package.components.iter().zip(&self.names.0);
        for (component, arrived) in named.filter(|(component, _)| is_checked(component)) {
            let outside = arrived.iter().flat_map(|arrived| &arrived.outside);
            for reference in outside.filter(|reference| is_a_need(&reference.target, self.lens.rules)) {
                let lacking = self.lacking(&world, &reference.target);
                let Some(unmanaged) = lacking.filter(|_| !declared.names(&reference.target)) else { continue };
                let need = needs.entry(&reference.target).or_insert_with(|| Need {
                    dependents: Vec::new(),
                    reference,
                    unmanaged,
                    is_hard: false,
                });
                need.dependents.push(names::packaged(self.environment(), component));
                need.is_hard |= cannot_do_without(&component.key, reference);
            }
        }
        let findings: Vec<_> = needs.into_iter().filter_map(|(target, need)| self.need_finding(target, need)).collect();
        self.plan.findings.extend(findings);
    }

    /// Returns `None` where a name is answered, else who answers without satisfying (L65).
    fn lacking(&self, world: &World<'_>, target: &Target) -> Option<Option<ComponentKey>> {
        let found = world.find(target);
        let satisfies = |key: &ComponentKey| match self.standing(key) {
            Standing::System | Standing::Managed => true,
            Standing::Unmanaged => !self.package.is_managed() || self.is_assumed_active(key),
            Standing::Absent => catalogue::contains(key, self.lens.rules),
        };
        if found.iter().any(satisfies) { None } else { Some(found.into_iter().next()) }
    }

    fn need_finding(&self, target: &Target, need: Need<'_>) -> Option<Finding> {
        let environment = self.environment();
        let Need { dependents, reference, unmanaged, is_hard } = need;
        if let Some(key) = unmanaged {
            let component = names::keyed(environment, &key);
            let message = format!(
                "{} {} exists only as an unmanaged component, on which a managed solution cannot rely",
                key.component_type.label(),
                key.as_str()
            );
            let code = ErrorCode::UNMANAGED_PARENTS_MANAGED;
            let finding = Finding::error(FindingKind::MissingDependency, code, "L65", message);
            return Some(
                finding
                    .about(component)
                    .related(dependents)
                    .hint("import the managed solution that brings it, where the unmanaged original is not"),
            );
        }
        // What leaves a mere gap is warned of once, as the reading goes; leftovers are not worth a word.
        if reference.is_weak && !is_hard {
            return None;
        }
        let (component, described) = match target {
            Target::Component(key) => {
                let component = names::keyed(environment, key);
                (Some(component), format!("{} {}", key.component_type.label(), key.as_str()))
            }
            Target::EntitySet(_) | Target::LookupRelationship(_) | Target::PrimaryColumns(_) => {
                (None, target.to_string())
            }
        };
        let first = dependents.first().map(|first| format!("{} {}", first.type_name, first.name)).unwrap_or_default();
        let message = format!(
            "{described} is neither in the package nor in the environment, and the package does not declare it: {first} \
             names it ({})",
            reference.place
        );
        let refuses = is_hard || self.lens.rules.undeclared_missing == UndeclaredMissing::Refuses;
        let code = ErrorCode::IMPORT_MISSING_DEPENDENCIES;
        let finding = match refuses && !self.options.assume_missing {
            true => Finding::error(FindingKind::MissingDependency, code, "DP22", message),
            false => Finding::warning(FindingKind::MissingDependency, None, "DP22", message),
        };
        let finding = match component {
            Some(component) => finding.about(component),
            None => finding,
        };
        Some(finding.related(dependents).hint(
            "add it to the solution in its source environment and export again, or import the solution that brings it \
             first",
        ))
    }

    /// Notes what the package's new definitions name, for the store's indexes and for what the plan drops.
    pub(super) fn note_names(&mut self) {
        if self.names.0.is_empty() {
            return;
        }
        let mut by_number: BTreeMap<ComponentNo, &Layer> = BTreeMap::new();
        for edit in &self.plan.edits {
            if let Edit::LayerOpen(layer) = edit {
                by_number.insert(layer.component, layer);
            }
        }
        let mut listed = Vec::new();
        for (component, arrived) in self.package.components.iter().zip(&self.names.0) {
            let Some(arrived) = arrived else { continue };
            let state = self.state(&component.key);
            let no = state.map(|state| state.component.no).or_else(|| self.added.get(&component.key).copied());
            let opened = no.and_then(|no| by_number.get(&no));
            if let Some(layer) = opened.filter(|layer| layer.digest == component.digest) {
                listed.push(DefinitionNames {
                    component: layer.component,
                    definition: component.digest,
                    mentions: arrived.mentions.clone(),
                    answers: arrived.answers.clone(),
                });
            }
        }
        self.plan.names = listed;
    }
}

/// Tells whether a component is of no use without what it names: the platform refuses it.
fn cannot_do_without(dependent: &ComponentKey, reference: &Reference) -> bool {
    let Target::Component(required) = &reference.target else { return false };
    reference.is_internal
        || matches!(
            (dependent.component_type.name(), required.component_type.name()),
            ("sdkmessageprocessingstep", "plugintype" | "pluginassembly")
        )
}
