//! Components that need each other in a ring (DP10).
//!
//! A ring of published references could never be taken apart by deleting, so the platform refuses it; internal ones
//! do not count. Looked for among the components of the package, from the definitions that are new.

use std::collections::BTreeMap;

use strata_model::code::ErrorCode;
use strata_model::component::ComponentType;
use strata_model::plan::{Finding, FindingKind};
use strata_model::reference::{Target, TargetId};

use super::Import;
use crate::{names, reference};

/// What a walk knows of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Never,
    /// On the way from where the walk began.
    Under,
    Done,
}

impl Import<'_> {
    /// DP10: refuses rings of published references.
    pub(super) fn check_cycles(&mut self) {
        let components = &self.package.components;
        let named: BTreeMap<TargetId, usize> = components
            .iter()
            .enumerate()
            .filter(|(_, component)| may_lead_back(&component.key.component_type))
            .map(|(index, component)| (Target::Component(component.key.clone()).id(), index))
            .collect();
        let is_new = |index: &usize| self.names.get(*index).is_some();
        let mut new: Vec<usize> = named.values().copied().filter(is_new).collect();
        new.sort_unstable();
        let mut seen = vec![Seen::Never; components.len()];
        let mut rings = Vec::new();
        for start in new {
            self.walk(start, &named, &mut seen, &mut rings);
        }
        let environment = self.environment();
        for ring in rings {
            let members: Vec<_> = ring.iter().map(|index| names::packaged(environment, &components[*index])).collect();
            let described: Vec<_> = ring
                .iter()
                .zip(&members)
                .map(|(index, member)| names::describe(member, components[*index].key.component_type.label()))
                .collect();
            let message = format!("components need each other in a ring: {}", described.join(" → "));
            let finding = Finding::error(FindingKind::Component, ErrorCode::CYCLIC_DEPENDENCY, "DP10", message);
            self.plan.findings.push(
                finding
                    .about(members[0].clone())
                    .related(members)
                    .hint("take one of the references out in the source environment and export again"),
            );
        }
    }

    /// Walks from one component along references, deepest first.
    fn walk(&self, start: usize, named: &BTreeMap<TargetId, usize>, seen: &mut [Seen], rings: &mut Vec<Vec<usize>>) {
        if seen[start] != Seen::Never {
            return;
        }
        let mut path: Vec<(usize, Vec<usize>)> = vec![(start, self.next(start, named))];
        seen[start] = Seen::Under;
        while let Some((at, left)) = path.last_mut() {
            let Some(next) = left.pop() else {
                seen[*at] = Seen::Done;
                path.pop();
                continue;
            };
            match seen[next] {
                Seen::Done => {}
                Seen::Under => {
                    let from = path.iter().position(|(index, _)| *index == next).unwrap_or_default();
                    rings.push(path[from..].iter().map(|(index, _)| *index).collect());
                }
                Seen::Never => {
                    seen[next] = Seen::Under;
                    path.push((next, self.next(next, named)));
                }
            }
        }
    }

    /// Returns the components that one of the package names, itself left out.
    fn next(&self, index: usize, named: &BTreeMap<TargetId, usize>) -> Vec<usize> {
        let component = &self.package.components[index];
        let mut next: Vec<usize> = match self.names.get(index) {
            Some(arrived) => {
                let published = arrived.mentions.iter().filter(|id| !arrived.internal.contains(id));
                published.filter_map(|id| named.get(id).copied()).collect()
            }
            None => {
                let Some(body) = self.lens.bodies.definition(&component.digest) else { return Vec::new() };
                let mentions = reference::mentions(&reference::Definition {
                    key: &component.key,
                    parent: component.parent.as_ref(),
                    category: component.category,
                    id: component.id,
                    body: &body,
                    files: self.lens.bodies,
                });
                let published = mentions.iter().filter(|mention| !mention.is_internal);
                published.filter_map(|mention| named.get(&mention.target.id()).copied()).collect()
            }
        };
        next.retain(|other| *other != index);
        next.sort_unstable();
        next.dedup();
        // The walk takes the last one first.
        next.reverse();
        next
    }
}

/// Tells whether a component of a type may name others that name it: tables, columns and files name nothing that leads
/// back to them.
fn may_lead_back(component_type: &ComponentType) -> bool {
    !matches!(
        component_type.name(),
        "entity"
            | "attribute"
            | "entitykey"
            | "entityrelationship"
            | "optionset"
            | "webresource"
            | "role"
            | "pluginassembly"
            | "plugintype"
            | "customcontrol"
            | "connector"
            | "desktopflowbinary"
            | "environmentvariabledefinition"
            | "environmentvariablevalue"
            | "connectionreference"
    )
}
