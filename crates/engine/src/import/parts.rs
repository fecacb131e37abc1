//! What a layer is to say when it is not simply what the package says: parts that an update keeps (L75), and what an
//! unmanaged package leaves in the Active layer of a merged type (merge §6).

use strata_model::component::{ComponentKey, ComponentType, Merge};
use strata_model::environment::ComponentState;
use strata_model::id::Digest;
use strata_model::layer::Layer;
use strata_model::package::{PackagedComponent, Presence};
use strata_model::plan::{Body, Finding, FindingKind};
use strata_xml::{Element, Node};

use super::{Import, Met, is_assumed_layer};
use crate::active::merged;
use crate::effect::{Lens, Over};
use crate::{definition, merge, names};

/// The content of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) digest: Digest,
    pub(super) is_diff: bool,
}

impl Said {
    /// What the package says, word for word.
    pub(super) fn packaged(component: &PackagedComponent) -> Self {
        Self { digest: component.digest, is_diff: component.presence == Presence::Diff }
    }

    pub(super) fn of(layer: &Layer) -> Self {
        Self { digest: layer.digest, is_diff: layer.is_diff }
    }
}

impl Import<'_> {
    /// L75: options, form elements, parts of apps and site-map nodes that the package no longer mentions stay in the
    /// layer, since an update deletes nothing.
    pub(super) fn keep_parts(&mut self, component: &PackagedComponent, own: &Layer) -> Said {
        let (said, key) = (Said::packaged(component), &component.key);
        let is_choice = matches!(key.component_type.name(), "optionset" | "attribute");
        if is_assumed_layer(own) || !(is_choice || key.component_type.merge().is_merged()) {
            return said;
        }
        let (Some(before), Some(packaged)) = (self.lens.parsed(&own.digest), self.lens.parsed(&said.digest)) else {
            return said;
        };
        let (Some(old_tree), Some(new_tree)) = (&before.tree, &packaged.tree) else { return said };
        let (tree, is_diff) = if is_choice {
            let mut tree = new_tree.clone();
            if !add_missing_options(&key.component_type, old_tree, &mut tree) {
                return said;
            }
            (tree, said.is_diff)
        } else {
            match merge::keep_parts((old_tree, own.is_diff), (new_tree, said.is_diff)) {
                Some(kept) => kept,
                None => return said,
            }
        };
        let Some(new) = self.lens.bodies.definition(&said.digest) else { return said };
        let body = Body { bytes: strata_xml::write(&tree).into(), home: new.home.clone(), files: new.files.clone() };
        let digest = self.made(body);
        // What was kept before and says the same keeps its bytes.
        let lens = Lens { bodies: &Over(&self.plan.definitions, self.lens.bodies), ..self.lens };
        if is_diff == own.is_diff && lens.is_same(key, &own.digest, &digest) {
            self.plan.definitions.remove(&digest);
            return Said::of(own);
        }
        Said { digest, is_diff }
    }

    /// Returns what an unmanaged package leaves in Active: over managed layers the difference that it makes, in full
    /// where nothing is managed below; `None` where it changes nothing.
    pub(super) fn unmanaged_content(
        &mut self,
        component: &PackagedComponent,
        state: Option<&ComponentState>,
        top: Option<&Layer>,
    ) -> Option<Said> {
        let said = Said::packaged(component);
        if !component.key.component_type.merge().is_merged() {
            return Some(top.map_or(said, |top| self.keep_parts(component, top)));
        }
        let bodies = self.lens.bodies;
        let body = bodies.definition(&said.digest)?;
        let tree = definition::tree(&body.bytes)?;
        let managed = state.into_iter().flat_map(ComponentState::managed);
        let below = merged::resolved_definition(managed, self.lens.rules, bodies);
        let content = match (below, said.is_diff) {
            (Some(below), is_diff) => {
                let wanted = merge::apply(&below, &tree, is_diff);
                merge::active_content(Some(&below), wanted)
            }
            (None, false) => return Some(said),
            // A difference over a definition that is unmanaged itself; over an assumed one it stays what it is.
            (None, true) => match top.and_then(|top| definition::tree(&bodies.definition(&top.digest)?.bytes)) {
                Some(own) if !top.is_some_and(|top| top.is_diff) && own.name != merge::ASSUMED => {
                    merge::active_content(None, merge::apply(&own, &tree, true))
                }
                Some(_) | None => return Some(said),
            },
        };
        let content = merged::content(content, body.home.clone());
        let body = content.body?;
        Some(Said { digest: self.made(body), is_diff: content.is_diff })
    }

    /// merge §1: a full definition over another solution's works as a patch would; the difference is what is meant.
    pub(super) fn warn_of_full_definition(&mut self, met: &Met<'_>) {
        let component = met.component;
        let is_full = component.presence == Presence::Full && component.key.component_type.merge() == Merge::Form;
        let family = self.family.names();
        let others: Vec<_> = met
            .state
            .into_iter()
            .flat_map(ComponentState::managed)
            .filter(|layer| !is_assumed_layer(layer))
            .map(|layer| names::solution(self.snapshot, layer.solution))
            .filter(|name| !family.contains(&name.as_str()))
            .collect();
        if !is_full || others.is_empty() {
            return;
        }
        let reference = names::packaged(self.environment(), component);
        let message = format!(
            "{}: the package has a full definition where {} has one; it changes and adds, and removes nothing",
            names::describe(&reference, component.key.component_type.label()),
            others.join(", ")
        );
        let finding = Finding::warning(FindingKind::Component, None, "L42", message).about(reference);
        self.plan
            .findings
            .push(finding.hint("export it from an environment where that solution is installed as managed"));
    }

    /// Takes over a definition that the plan makes.
    pub(super) fn made(&mut self, body: Body<'static>) -> Digest {
        let digest = body.digest();
        if self.lens.bodies.definition(&digest).is_none() {
            self.plan.definitions.insert(digest, body);
        }
        digest
    }

    /// The content of a draft that takes back everything unmanaged.
    pub(super) fn nothing_said(&mut self, key: &ComponentKey) -> Said {
        Said { digest: self.made(merged::empty_body(key)), is_diff: true }
    }
}

/// Appends the options of `old` that `new` lacks; tells whether there were any.
fn add_missing_options(component_type: &ComponentType, old: &Element, new: &mut Element) -> bool {
    let container: &[&str] = if component_type.is("optionset") { &["options"] } else { &["optionset", "options"] };
    let Some(old_options) = old.descend(container) else { return false };
    // A column that no longer has an inline choice at all has become another column.
    let Some(parent) = container.iter().try_fold(&mut *new, |element, name| element.child_mut(name)) else {
        return false;
    };
    let value = |option: &Element| option.attribute("value").map(str::to_owned);
    let present: Vec<_> = parent.elements().filter_map(value).collect();
    let missing: Vec<_> = old_options
        .elements()
        .filter(|option| value(option).is_some_and(|value| !present.contains(&value)))
        .cloned()
        .collect();
    let any = !missing.is_empty();
    parent.children.extend(missing.into_iter().map(Node::Element));
    any
}
