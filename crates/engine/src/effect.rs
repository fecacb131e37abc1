//! What a change of layers does to the definition that people see: property by property, and what masks it.
//!
//! Only components whose layers change are looked at, so the cost follows the change.

mod merged;

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use strata_model::component::{ComponentKey, ComponentRef, ComponentType};
use strata_model::environment::{ComponentState, Snapshot};
use strata_model::id::{Digest, SolutionNo};
use strata_model::layer::Layer;
use strata_model::plan::{Action, Bodies, Body, Change, Effect, Finding, FindingKind, PropertyChange};
use strata_model::rules::Rules;
use strata_xml::Element;

use crate::catalogue;
use crate::definition::{self, Leaf};
use crate::layering::{self, Resolved, StackedLayer};
use crate::{merge, names};

/// Property changes of one component, and whether they can be seen.
pub(crate) struct Seen {
    pub(crate) properties: Vec<PropertyChange>,
    pub(crate) effect: Effect,
    pub(crate) masked_by: Vec<String>,
    /// What the merge cannot do any more, in words.
    pub(crate) conflicts: Vec<String>,
}

impl Seen {
    /// Says it of a component in a layer; no rows go with a change of properties.
    pub(crate) fn change(self, action: Action, component: ComponentRef, layer: impl Into<String>) -> Change {
        Change {
            action,
            component,
            layer: layer.into(),
            effect: self.effect,
            masked_by: self.masked_by,
            properties: self.properties,
            rows_lost: 0,
        }
    }

    /// L44: says that a form, a site map or an app gets parts that collide or have lost their place.
    pub(crate) fn collision(&self, component: &ComponentRef, label: &str) -> Option<Finding> {
        let message = match self.conflicts.as_slice() {
            [] => return None,
            [only] => format!("{}: {only}", names::describe(component, label)),
            [first, rest @ ..] => {
                format!("{}: {first}, and {} more conflicts", names::describe(component, label), rest.len())
            }
        };
        let name = format!("{}:{}", component.type_name, component.name);
        let finding = Finding::warning(FindingKind::Collision, None, "L44", message).about(component.clone());
        Some(finding.hint(format!("see what comes from where with `strata layers {name}`")))
    }
}

/// The facts that effects are computed from.
#[derive(Clone, Copy)]
pub(crate) struct Lens<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) rules: &'a Rules,
    pub(crate) bodies: &'a dyn Bodies,
    pub(crate) memo: Option<&'a Memo>,
}

/// Definitions read lately: a change looks at the same few several times, and at others than its own hardly ever.
#[derive(Default)]
pub(crate) struct Memo(RefCell<VecDeque<(Digest, Rc<Parsed>)>>);

/// More definitions than this one change does not look at.
const REMEMBERED: usize = 8;

/// A definition as a tree, and the leaves of it once somebody asks.
pub(crate) struct Parsed {
    pub(crate) tree: Option<Element>,
    files: Vec<(String, Digest)>,
    leaves: OnceCell<(ComponentType, Vec<Leaf>)>,
}

impl Parsed {
    fn of(body: &Body<'_>) -> Self {
        Self { tree: definition::tree(&body.bytes), files: body.files.clone(), leaves: OnceCell::new() }
    }

    /// Returns the leaves; a definition is of one type.
    fn leaves(&self, component_type: &ComponentType) -> &[Leaf] {
        let read = || {
            let leaves = definition::leaves_of(component_type, self.tree.as_ref(), &self.files);
            (component_type.clone(), leaves)
        };
        &self.leaves.get_or_init(read).1
    }
}

/// One layer of a stack before or after the change.
#[derive(Clone)]
pub(crate) struct StackItem {
    pub(crate) name: String,
    pub(crate) digest: Option<Digest>,
    pub(crate) is_diff: bool,
}

impl<'a> Lens<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, rules: &'a Rules, bodies: &'a dyn Bodies) -> Self {
        Self { snapshot, rules, bodies, memo: None }
    }

    /// Keeps definitions for a while once they are read.
    pub(crate) fn remembering(self, memo: &'a Memo) -> Self {
        Self { memo: Some(memo), ..self }
    }

    /// Returns a definition by digest as a tree.
    pub(crate) fn parsed(&self, digest: &Digest) -> Option<Rc<Parsed>> {
        let remembered = |memo: &Memo| {
            memo.0.borrow().iter().find(|(known, _)| known == digest).map(|(_, parsed)| Rc::clone(parsed))
        };
        if let Some(parsed) = self.memo.and_then(remembered) {
            return Some(parsed);
        }
        let parsed = Rc::new(Parsed::of(&self.bodies.definition(digest)?));
        if let Some(memo) = self.memo {
            let mut entries = memo.0.borrow_mut();
            entries.truncate(REMEMBERED - 1);
            entries.push_front((*digest, Rc::clone(&parsed)));
        }
        Some(parsed)
    }

    /// Compares a component's published stack before with the one after; `own` names the layer that changes.
    pub(crate) fn compare(&self, key: &ComponentKey, before: &[StackItem], after: &[StackItem], own: &str) -> Seen {
        let stack_before = self.stack(key, before);
        let stack_after = self.stack(key, after);
        if key.component_type.merge().is_merged() {
            return merged::compare(&stack_before, &stack_after, own, self.rules);
        }
        let resolved_before = layering::resolve(&key.component_type, &stack_before, self.rules);
        let resolved_after = layering::resolve(&key.component_type, &stack_after, self.rules);
        let mut properties = own_differences(&stack_before, &stack_after, own, &resolved_before);
        // A layer that goes stood where it stood.
        let is_there = stack_after.iter().any(|layer| layer.name == own);
        let standing = if is_there { &stack_after } else { &stack_before };
        let mut visible = false;
        let mut masked_by = BTreeSet::new();
        for property in &mut properties {
            let value = |resolved: &Resolved| resolved.get(&property.path).map(|leaf| leaf.value.clone());
            property.resolved_before = value(&resolved_before);
            property.resolved_after = value(&resolved_after);
            if property.resolved_before != property.resolved_after {
                visible = true;
                continue;
            }
            let decider = resolved_after.get(&property.path).map(|leaf| stack_after[leaf.decided_by].name.clone());
            masked_by.extend(decider.filter(|decider| decider != own && is_above(standing, decider, own)));
        }
        let effect = match (properties.is_empty(), visible, masked_by.is_empty()) {
            (true, ..) => Effect::None,
            (false, true, _) => Effect::Visible,
            (false, false, false) => Effect::Masked,
            (false, false, true) => Effect::None,
        };
        Seen { properties, effect, masked_by: masked_by.into_iter().collect(), conflicts: Vec::new() }
    }

    /// Tells whether two definitions say the same, whatever their bytes.
    pub(crate) fn is_same(&self, key: &ComponentKey, left: &Digest, right: &Digest) -> bool {
        if left == right {
            return true;
        }
        let (Some(left), Some(right)) = (self.parsed(left), self.parsed(right)) else { return false };
        if !key.component_type.merge().is_merged() {
            return is_same_set(left.leaves(&key.component_type), right.leaves(&key.component_type));
        }
        let trees = left.tree.as_ref().zip(right.tree.as_ref());
        trees.is_some_and(|(left, right)| merge::is_same_layer(left, right))
    }

    /// Tells whether a difference changes nothing.
    pub(crate) fn says_nothing(&self, digest: &Digest) -> bool {
        self.parsed(digest).is_some_and(|parsed| parsed.tree.as_ref().is_some_and(merge::says_nothing))
    }

    /// Returns the published stack of an installed component, the system layer excepted.
    pub(crate) fn published(&self, state: &ComponentState) -> Vec<StackItem> {
        state.published().map(|layer| self.item(layer)).collect()
    }

    /// Returns the item for a layer.
    pub(crate) fn item(&self, layer: &Layer) -> StackItem {
        let name = names::solution(self.snapshot, layer.solution);
        StackItem { name, digest: Some(layer.digest), is_diff: layer.is_diff }
    }

    /// Resolves a stack: each path with its value and the name of the layer that decides it.
    pub(crate) fn resolve(&self, key: &ComponentKey, items: &[StackItem]) -> BTreeMap<String, (String, String)> {
        let stack = self.stack(key, items);
        let resolved = layering::resolve(&key.component_type, &stack, self.rules);
        let named = |leaf: layering::ResolvedLeaf| (leaf.value, stack[leaf.decided_by].name.clone());
        resolved.into_iter().map(|(path, leaf)| (path, named(leaf))).collect()
    }

    /// Builds the stack of a component, the system layer at the bottom where it has one.
    fn stack(&self, key: &ComponentKey, items: &[StackItem]) -> Vec<StackedLayer> {
        let languages = &self.snapshot.environment.settings.languages;
        let component_type = &key.component_type;
        let system = catalogue::component(key, self.rules).map(|system| {
            let body = Body { bytes: system.definition.into(), ..Body::default() };
            StackedLayer::read(component_type, "System", &body, false, languages)
        });
        let layers = items.iter().map(|item| match item.digest.and_then(|digest| self.parsed(&digest)) {
            Some(parsed) if component_type.merge().is_merged() => {
                StackedLayer::of_tree(&item.name, parsed.tree.clone(), item.is_diff, languages)
            }
            Some(parsed) => {
                let leaves = parsed.leaves(component_type).to_vec();
                StackedLayer::of_leaves(&item.name, leaves, item.is_diff, languages)
            }
            None => StackedLayer::read(component_type, &*item.name, &Body::default(), item.is_diff, languages),
        });
        system.into_iter().chain(layers).collect()
    }
}

/// Some definitions and files, a plan's own for example, before the others.
pub(crate) struct Over<'a>(pub(crate) &'a dyn Bodies, pub(crate) &'a dyn Bodies);

impl Bodies for Over<'_> {
    fn definition(&self, digest: &Digest) -> Option<Body<'_>> {
        self.0.definition(digest).or_else(|| self.1.definition(digest))
    }

    fn file(&self, digest: &Digest) -> Option<Cow<'_, [u8]>> {
        self.0.file(digest).or_else(|| self.1.file(digest))
    }
}

/// Returns what differs between the layer called `own` before and after; where there was none, against what
/// is resolved without it.
fn own_differences(
    before: &[StackedLayer],
    after: &[StackedLayer],
    own: &str,
    resolved_before: &Resolved,
) -> Vec<PropertyChange> {
    let layer = |stack: &[StackedLayer]| stack.iter().rev().find(|layer| layer.name == own).map(|l| as_map(&l.leaves));
    let (old, new) = (layer(before), layer(after));
    let below =
        || resolved_before.iter().map(|(path, leaf)| (path.clone(), leaf.value.clone())).collect::<BTreeMap<_, _>>();
    let (old, new) = match (old, new) {
        // A new layer: what it says against what was in force without it; what it leaves out comes from below.
        (None, Some(new)) => {
            let mut below = below();
            below.retain(|path, _| new.contains_key(path));
            (below, new)
        }
        (old, new) => (old.unwrap_or_default(), new.unwrap_or_default()),
    };
    let paths: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    paths
        .into_iter()
        .filter(|path| old.get(*path) != new.get(*path))
        .map(|path| PropertyChange {
            path: path.clone(),
            before: old.get(path).cloned(),
            after: new.get(path).cloned(),
            resolved_before: None,
            resolved_after: None,
        })
        .collect()
}

/// Tells whether two definitions have the same leaves, in whatever order.
fn is_same_set(left: &[Leaf], right: &[Leaf]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    // Most leaves stand where they stood: only the others need sorting.
    let differ =
        left.iter().zip(right).filter(|(left, right)| (&left.path, &left.value) != (&right.path, &right.value));
    let (mut left, mut right): (Vec<_>, Vec<_>) =
        differ.map(|(left, right)| ((&left.path, &left.value), (&right.path, &right.value))).unzip();
    left.sort_unstable();
    right.sort_unstable();
    left == right
}

fn as_map(leaves: &[Leaf]) -> BTreeMap<String, String> {
    leaves.iter().map(|leaf| (leaf.path.clone(), leaf.value.clone())).collect()
}

fn is_above(stack: &[StackedLayer], name: &str, own: &str) -> bool {
    let position = |name: &str| stack.iter().position(|layer| layer.name == name);
    match (position(name), position(own)) {
        (Some(other), Some(own)) => other > own,
        (Some(_), None) => true,
        (None, _) => false,
    }
}

/// Returns the solution numbers of layers, for messages.
pub(crate) fn solutions_of(layers: &[&Layer]) -> BTreeSet<SolutionNo> {
    layers.iter().map(|layer| layer.solution).collect()
}
