//! What a stack of layers means: the resolved definition, and which layer decides each leaf (L28–L41, D9).
//!
//! Top wins per group: the topmost layer that mentions a group decides it whole, and what no layer above
//! mentions comes from below. An unmanaged edit mentions every leaf of the unit it touches ([`unit_of_edit`]),
//! which is how it masks the whole unit (L38, OQ 36). Provenance is an output of [`resolve`], not a second
//! computation (R9).
//!
//! Layers of forms, site maps, apps and ribbons are put together by [`crate::merge`]; its leaves bear their layers
//! too.

mod options;

use std::collections::BTreeMap;

use strata_model::component::ComponentType;
use strata_model::plan::Body;
use strata_model::rules::{Masking, Rules};
use strata_xml::{Element, Node};

use crate::definition::{self, Leaf, Unit, segments, unit_of};
use crate::merge::{self, Conflict, Merged, MergedLeaf, Merger, Origin, OutlineItem};

/// One layer of a stack with what it says.
#[derive(Debug, Clone)]
pub struct StackedLayer {
    /// The solution's name; `System` and `Active` for those two.
    pub name: String,
    /// Of types whose topmost layer wins.
    pub leaves: Vec<Leaf>,
    /// Of merged types.
    pub tree: Option<Element>,
    /// A difference to the layer below (L42).
    pub is_diff: bool,
}

impl StackedLayer {
    /// Reads a layer as an environment with these languages sees it (L70).
    pub fn read(
        component_type: &ComponentType,
        name: impl Into<String>,
        body: &Body<'_>,
        is_diff: bool,
        languages: &[u32],
    ) -> Self {
        match component_type.merge().is_merged() {
            true => Self::of_tree(name, definition::tree(&body.bytes), is_diff, languages),
            false => Self::of_leaves(name, definition::leaves(component_type, body), is_diff, languages),
        }
    }

    /// Makes a layer of a merged type.
    pub(crate) fn of_tree(
        name: impl Into<String>,
        mut tree: Option<Element>,
        is_diff: bool,
        languages: &[u32],
    ) -> Self {
        tree.iter_mut().for_each(|tree| merge::in_languages(tree, languages));
        Self { name: name.into(), leaves: Vec::new(), tree, is_diff }
    }

    /// Makes a layer of a type whose topmost layer wins.
    pub(crate) fn of_leaves(name: impl Into<String>, leaves: Vec<Leaf>, is_diff: bool, languages: &[u32]) -> Self {
        Self { name: name.into(), leaves: definition::in_languages(leaves, languages), tree: None, is_diff }
    }

    /// Returns everything the layer holds, by path.
    pub fn properties(&self) -> BTreeMap<String, String> {
        let marked = self.tree.iter().flat_map(merge::layer_leaves);
        self.leaves.iter().cloned().chain(marked).map(|leaf| (leaf.path, leaf.value)).collect()
    }
}

/// A leaf of the resolved definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedLeaf {
    pub value: String,
    pub group: String,
    /// Index of the topmost layer that mentions the leaf (R9).
    pub decided_by: usize,
    /// Index of the lowest layer from which the value has come up unchanged.
    pub set_by: usize,
}

/// The definition that a stack resolves to, by path.
pub type Resolved = BTreeMap<String, ResolvedLeaf>;

/// How one layer differs from what is resolved below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafChange {
    pub below: Option<String>,
    pub here: Option<String>,
}

/// A resolved stack with all that is known of how it came to be.
#[derive(Debug, Clone, Default)]
pub struct Resolution {
    pub resolved: Resolved,
    /// What each layer changes in the definition resolved below it.
    pub changes: Vec<BTreeMap<String, LeafChange>>,
    /// What could not be merged.
    pub conflicts: Vec<Conflict>,
    /// Of merged types: who put what where.
    pub outline: Vec<OutlineItem>,
}

/// Resolves a stack, bottom to top.
pub fn resolve(component_type: &ComponentType, stack: &[StackedLayer], rules: &Rules) -> Resolved {
    if component_type.merge().is_merged() {
        return merged_leaves(&merged(stack, rules));
    }
    let mut resolved = Resolved::new();
    for (index, layer) in stack.iter().enumerate() {
        lay_over(&mut resolved, index, &layer.leaves);
    }
    resolved
}

/// Resolves a stack and says, layer by layer, what each changes in the definition resolved below it.
pub fn resolve_with_changes(component_type: &ComponentType, stack: &[StackedLayer], rules: &Rules) -> Resolution {
    let mut resolution = Resolution::default();
    if !component_type.merge().is_merged() {
        for (index, layer) in stack.iter().enumerate() {
            resolution.changes.push(lay_over(&mut resolution.resolved, index, &layer.leaves));
        }
        resolution.outline = options::in_order(stack, &resolution.resolved);
        return resolution;
    }
    let mut merger = Merger::new(rules.collisions_to_conflicts_tab);
    for layer in stack {
        let below = merger.so_far().clone();
        merger.add(layer.tree.as_ref(), layer.is_diff);
        resolution.changes.push(below.changes_to(merger.so_far()));
    }
    let merged = merger.finish();
    resolution.resolved = merged_leaves(&merged);
    resolution.outline = merged.outline();
    resolution.conflicts = merged.conflicts;
    resolution
}

/// Says in which order a choice's options stand, where their numbers do not: as a path and its value.
pub(crate) fn order_of_options(stack: &[StackedLayer], resolved: &Resolved) -> Option<(String, String)> {
    let has_options = stack.iter().any(|layer| layer.leaves.iter().any(|leaf| leaf.unit == Unit::Option));
    has_options.then(|| options::said_order(stack, resolved)).flatten()
}

/// Returns what differs between the definitions that two stacks resolve to, by path.
pub fn changes_between(
    component_type: &ComponentType,
    before: &[StackedLayer],
    after: &[StackedLayer],
    rules: &Rules,
) -> BTreeMap<String, LeafChange> {
    if component_type.merge().is_merged() {
        return merged(before, rules).changes_to(&merged(after, rules));
    }
    let values = |stack: &[StackedLayer]| -> BTreeMap<String, String> {
        resolve(component_type, stack, rules).into_iter().map(|(path, leaf)| (path, leaf.value)).collect()
    };
    let (below, here) = (values(before), values(after));
    let paths: std::collections::BTreeSet<_> = below.keys().chain(here.keys()).collect();
    let change = |path: &String| LeafChange { below: below.get(path).cloned(), here: here.get(path).cloned() };
    let changes = paths.into_iter().map(|path| (path.clone(), change(path)));
    changes.filter(|(_, change)| change.below != change.here).collect()
}

/// Puts the layers of a merged type together.
pub fn merged<'a>(stack: &'a [StackedLayer], rules: &Rules) -> Merged<'a> {
    let mut merger = Merger::new(rules.collisions_to_conflicts_tab);
    stack.iter().for_each(|layer| merger.add(layer.tree.as_ref(), layer.is_diff));
    merger.finish()
}

pub(crate) fn merged_leaves(merged: &Merged<'_>) -> Resolved {
    let leaf = |leaf: MergedLeaf| {
        let MergedLeaf { path, value, element, origin } = leaf;
        let Origin { decided_by, set_by } = origin;
        (path, ResolvedLeaf { value, group: element, decided_by, set_by })
    };
    merged.leaves().into_iter().map(leaf).collect()
}

fn lay_over(resolved: &mut Resolved, index: usize, leaves: &[Leaf]) -> BTreeMap<String, LeafChange> {
    let mut changes = BTreeMap::new();
    let mut groups: Vec<_> = leaves.iter().map(|leaf| leaf.group.as_str()).collect();
    groups.sort_unstable();
    groups.dedup();
    let mentioned: BTreeMap<_, _> = leaves.iter().map(|leaf| (leaf.path.as_str(), leaf)).collect();
    resolved.retain(|path, below| {
        let is_replaced = groups.binary_search(&below.group.as_str()).is_ok();
        let goes = is_replaced && !mentioned.contains_key(path.as_str());
        if goes {
            changes.insert(path.clone(), LeafChange { below: Some(below.value.clone()), here: None });
        }
        !goes
    });
    for leaf in leaves {
        let below = resolved.get(&leaf.path);
        let is_same = below.is_some_and(|below| below.value == leaf.value);
        if !is_same {
            let change = LeafChange { below: below.map(|below| below.value.clone()), here: Some(leaf.value.clone()) };
            changes.insert(leaf.path.clone(), change);
        }
        let set_by = below.filter(|_| is_same).map_or(index, |below| below.set_by);
        let (value, group) = (leaf.value.clone(), leaf.group.clone());
        resolved.insert(leaf.path.clone(), ResolvedLeaf { value, group, decided_by: index, set_by });
    }
    changes
}

/// Lays one definition's tree over another's, as [`resolve`] does with leaves.
pub fn overlay(component_type: &ComponentType, below: &mut Element, above: &Element) {
    let own = component_type.own_element();
    overlay_down(below, above, own);
}

fn overlay_down(below: &mut Element, above: &Element, own: &[&str]) {
    let Some((next, rest)) = own.split_first() else {
        overlay_sets(below, above);
        return;
    };
    for child in above.elements() {
        if child.name == **next {
            overlay_down(below.child_or_new(next), child, rest);
        } else {
            replace_child(below, child);
        }
    }
}

/// Replaces attributes and children, but goes into the containers of labels, options and privileges.
fn overlay_sets(below: &mut Element, above: &Element) {
    for (name, value) in &above.attributes {
        below.set_attribute(name, value);
    }
    if !above.text().trim().is_empty() {
        below.children.retain(|node| !matches!(node, Node::Text(_)));
        below.children.push(Node::Text(above.text()));
    }
    let above_segments = segments(above);
    for (segment, child) in above_segments {
        let position = segments(below).iter().position(|(other, _)| *other == segment);
        let existing = position.and_then(|position| below.elements_mut().nth(position));
        match existing {
            Some(existing) if holds_units(child) || holds_units(existing) => overlay_sets(existing, child),
            Some(existing) if unit_holds_units(existing) => overlay_sets(existing, child),
            Some(existing) => *existing = child.clone(),
            None => below.children.push(Node::Element(child.clone())),
        }
    }
}

fn replace_child(below: &mut Element, child: &Element) {
    match below.child_mut(&child.name) {
        Some(existing) => *existing = child.clone(),
        None => below.children.push(Node::Element(child.clone())),
    }
}

/// Tells whether an element contains units at any depth.
fn holds_units(element: &Element) -> bool {
    element.elements().any(|child| unit_of(element, child).is_some() || holds_units(child))
}

fn unit_holds_units(element: &Element) -> bool {
    is_option(element) && holds_units(element)
}

/// Tells whether an element is one of a choice's: an option, a status or a status reason.
fn is_option(element: &Element) -> bool {
    matches!(element.name.as_str(), "option" | "state" | "status") && element.attribute("value").is_some()
}

/// Returns the part of a resolved tree that an unmanaged edit of `path` copies into Active: the whole unit the
/// path is in, and nothing else (L38).
pub fn unit_of_edit(
    component_type: &ComponentType,
    resolved: &Element,
    group: &str,
    unit: Unit,
    masking: Masking,
) -> Element {
    let mut copy = resolved.clone();
    let own = component_type.own_element();
    let target = own.iter().try_fold(&mut copy, |element, name| element.child_mut(name));
    if let Some(element) = target {
        match (unit, masking) {
            (Unit::Row, Masking::Unit) => strip_units(element),
            (Unit::Row, Masking::Property) | (Unit::Label | Unit::Option | Unit::Privilege, _) => {
                keep_group(element, group, "");
            }
        }
    }
    if unit != Unit::Row || masking == Masking::Property {
        drop_siblings_of_own(&mut copy, own);
    }
    copy
}

/// Removes labels, options and privileges, and the containers they leave empty.
fn strip_units(element: &mut Element) {
    let names: Vec<bool> = element.elements().map(|child| unit_of(element, child).is_some()).collect();
    let mut index = 0;
    element.children.retain(|node| match node {
        Node::Element(_) => {
            index += 1;
            !names[index - 1]
        }
        Node::Text(_) | Node::Comment(_) => true,
    });
    for child in element.elements_mut() {
        strip_units(child);
    }
}

/// Keeps only what leads to one group; attributes that identify elements on the way stay.
fn keep_group(element: &mut Element, group: &str, prefix: &str) {
    let keep: Vec<Keep> = segments(element)
        .iter()
        .map(|(segment, _)| {
            let path = if prefix.is_empty() { segment.clone() } else { format!("{prefix}/{segment}") };
            if path == group {
                Keep::Whole
            } else if group.starts_with(&format!("{path}/")) {
                Keep::Way(path)
            } else {
                Keep::No
            }
        })
        .collect();
    let mut index = 0;
    element.children.retain(|node| match node {
        Node::Element(_) => {
            index += 1;
            !matches!(keep[index - 1], Keep::No)
        }
        Node::Text(_) | Node::Comment(_) => false,
    });
    if prefix.is_empty() {
        element.attributes.retain(|(name, _)| format!("@{name}") == group);
    }
    let ways = keep.into_iter().filter(|keep| !matches!(keep, Keep::No));
    for (child, keep) in element.elements_mut().zip(ways) {
        match keep {
            Keep::Way(path) => {
                // An option is a unit with units inside: who names it has it, its colour too (merge §7).
                if !is_option(child) {
                    child.attributes.clear();
                }
                keep_group(child, group, &path);
            }
            Keep::Whole => strip_units(child),
            Keep::No => {}
        }
    }
}

enum Keep {
    Whole,
    Way(String),
    No,
}

fn drop_siblings_of_own(root: &mut Element, own: &[&str]) {
    let Some((next, rest)) = own.split_first() else { return };
    root.children.retain(|node| matches!(node, Node::Element(element) if element.name == **next));
    if let Some(child) = root.child_mut(next) {
        drop_siblings_of_own(child, rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(name: &str, component_type: &str, xml: &str) -> StackedLayer {
        let body = Body { bytes: xml.as_bytes().into(), ..Body::default() };
        StackedLayer::read(&ComponentType::named(component_type), name, &body, false, &[1033])
    }

    /// Shows the resolved definition as `path=value by decider` lines.
    fn check(component_type: &str, stack: &[StackedLayer], expected: &[&str]) {
        let resolved = resolve(&ComponentType::named(component_type), stack, &Rules::OURS);
        let shown: Vec<_> = resolved
            .iter()
            .map(|(path, leaf)| {
                let (decider, setter) = (&stack[leaf.decided_by].name, &stack[leaf.set_by].name);
                format!("{path}={} by {decider}, set by {setter}", leaf.value)
            })
            .collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn l38_the_topmost_layer_that_mentions_a_property_decides_it() {
        check(
            "attribute",
            &[
                layer("Core", "attribute", "<attribute><MaxLength>100</MaxLength><Format>text</Format></attribute>"),
                layer("Sales", "attribute", "<attribute><MaxLength>100</MaxLength></attribute>"),
                layer("Fix", "attribute", "<attribute><MaxLength>150</MaxLength></attribute>"),
            ],
            &["Format=text by Core, set by Core", "MaxLength=150 by Fix, set by Fix"],
        );
    }

    #[test]
    fn r9_set_by_is_the_layer_the_value_came_from() {
        check(
            "attribute",
            &[
                layer("Core", "attribute", "<attribute><MaxLength>100</MaxLength></attribute>"),
                layer("Active", "attribute", "<attribute><MaxLength>100</MaxLength></attribute>"),
            ],
            &["MaxLength=100 by Active, set by Core"],
        );
    }

    #[test]
    fn l38_a_column_of_the_row_is_replaced_whole() {
        let three = "<savedquery><fetchxml><fetch><a name='x' /><a name='y' /></fetch></fetchxml></savedquery>";
        let one = "<savedquery><fetchxml><fetch><a name='z' /></fetch></fetchxml></savedquery>";
        check(
            "savedquery",
            &[layer("Core", "savedquery", three), layer("Fix", "savedquery", one)],
            &["fetchxml/fetch/a@name=z by Fix, set by Fix"],
        );
    }

    #[test]
    fn l40_options_of_every_layer_are_available_together() {
        let core = "<optionset><options><option value='1' Color='red' /></options></optionset>";
        let add = "<optionset><options><option value='2' Color='blue' /></options></optionset>";
        check(
            "optionset",
            &[layer("Core", "optionset", core), layer("Add", "optionset", add)],
            &[
                "options/option[1]@Color=red by Core, set by Core",
                "options/option[1]@value=1 by Core, set by Core",
                "options/option[2]@Color=blue by Add, set by Add",
                "options/option[2]@value=2 by Add, set by Add",
            ],
        );
    }

    #[test]
    fn l38_an_edit_copies_its_unit_and_nothing_else() {
        let column = ComponentType::named("attribute");
        let xml = b"<attribute PhysicalName='n'><MaxLength>1</MaxLength><Format>text</Format><displaynames>\
            <displayname description='N' languagecode='1033' /><displayname description='M' languagecode='1031' />\
            </displaynames></attribute>";
        let tree = strata_xml::parse(xml).expect("well formed");
        let row = unit_of_edit(&column, &tree, "MaxLength", Unit::Row, Masking::Unit);
        let shown = String::from_utf8(strata_xml::write(&row)).expect("utf-8");
        assert_eq!(
            shown,
            "<attribute PhysicalName=\"n\"><MaxLength>1</MaxLength><Format>text</Format><displaynames /></attribute>"
        );
        let label = unit_of_edit(&column, &tree, "displaynames/displayname[1033]", Unit::Label, Masking::Unit);
        let shown = String::from_utf8(strata_xml::write(&label)).expect("utf-8");
        assert_eq!(
            shown,
            "<attribute><displaynames><displayname description=\"N\" languagecode=\"1033\" /></displaynames></attribute>"
        );
        let property = unit_of_edit(&column, &tree, "MaxLength", Unit::Row, Masking::Property);
        let shown = String::from_utf8(strata_xml::write(&property)).expect("utf-8");
        assert_eq!(shown, "<attribute><MaxLength>1</MaxLength></attribute>");
    }
}
