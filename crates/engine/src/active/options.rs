//! Taking an option out of a choice, or a label out of a language: the path of either, given the empty text.

use strata_model::code::ErrorCode;
use strata_model::component::ComponentType;
use strata_model::plan::{Finding, FindingKind};
use strata_xml::{Element, Node};

use super::path::split_steps;
use super::{PropertyEdit, Target};
use crate::definition::{self, Unit, segments};
use crate::effect::Lens;

/// Returns the path of the option or label that an edit takes away, as the definition spells it, and which it is.
pub(super) fn taken_away(
    component_type: &ComponentType,
    tree: &Element,
    edit: &PropertyEdit,
) -> Option<(String, Unit)> {
    if !edit.value.is_empty() || !edit.path.ends_with(']') {
        return None;
    }
    groups(component_type, tree).into_iter().find(|(group, _)| group.eq_ignore_ascii_case(&edit.path))
}

/// The paths of the options and labels that a definition has.
fn groups(component_type: &ComponentType, tree: &Element) -> Vec<(String, Unit)> {
    let leaves = definition::tree_leaves(component_type, tree).into_iter();
    let is_meant = |unit: Unit| matches!(unit, Unit::Option | Unit::Label);
    leaves.filter(|leaf| is_meant(leaf.unit)).map(|leaf| (leaf.group, leaf.unit)).collect()
}

/// What puts the options of a choice in another order: the path of what holds them with `@order`, and their numbers.
pub(super) struct Order {
    /// The path of what holds the options.
    container: String,
    numbers: Vec<String>,
}

impl Order {
    /// Reads it from an edit of a choice's order; of options that are not named the places are behind those that are.
    pub(super) fn of(component_type: &ComponentType, tree: &Element, edit: &PropertyEdit) -> Option<Self> {
        let container = edit.path.strip_suffix("@order")?;
        let numbers = edit.value.split(',').map(|number| number.trim().to_owned()).collect();
        let order = Self { container: container.to_owned(), numbers };
        (!order.named(component_type, tree).is_empty()).then_some(order)
    }

    /// Tells whether the options that it names are there.
    pub(super) fn fits(&self, component_type: &ComponentType, tree: &Element) -> bool {
        let options = self.named(component_type, tree);
        self.numbers.iter().all(|number| options.iter().any(|option| option.ends_with(&format!("[{number}]"))))
    }

    /// The options of a layer that are in question.
    pub(super) fn named(&self, component_type: &ComponentType, tree: &Element) -> Vec<String> {
        let start = format!("{}/", self.container);
        let options = groups(component_type, tree).into_iter();
        options
            .filter(|(group, unit)| *unit == Unit::Option && group.starts_with(&start))
            .map(|(group, _)| group)
            .collect()
    }

    /// Puts the options of a tree in order.
    pub(super) fn apply(&self, own: &[&str], root: &mut Element) {
        let start = own.iter().try_fold(root, |element, name| element.child_mut(name));
        let steps = split_steps(&self.container);
        let found = start.and_then(|start| steps.iter().try_fold(start, |element, step| stepped(element, step)));
        let Some(holder) = found else { return };
        let place = |node: &Node| match node {
            Node::Element(option) => {
                let value = option.attribute("value").unwrap_or_default();
                self.numbers.iter().position(|number| number == value).unwrap_or(self.numbers.len())
            }
            Node::Text(_) | Node::Comment(_) => 0,
        };
        holder.children.sort_by_key(place);
    }
}

/// Removes the element of an option or a label, where it is there.
pub(super) fn remove(own: &[&str], root: &mut Element, element: &str) {
    let steps = split_steps(element);
    let Some((last, way)) = steps.split_last() else { return };
    let start = own.iter().try_fold(root, |element, name| element.child_mut(name));
    let Some(holder) = start.and_then(|start| way.iter().try_fold(start, |element, step| stepped(element, step)))
    else {
        return;
    };
    let stays: Vec<bool> = segments(holder).iter().map(|(segment, _)| segment != last).collect();
    let mut elements = stays.into_iter();
    holder.children.retain(|node| !matches!(node, Node::Element(_)) || elements.next().unwrap_or(true));
}

fn stepped<'e>(element: &'e mut Element, step: &str) -> Option<&'e mut Element> {
    let position = segments(element).iter().position(|(segment, _)| segment == step)?;
    element.elements_mut().nth(position)
}

impl Target<'_> {
    /// Tells whether a layer below Active has an option or a label: the system's, or a managed solution's.
    pub(super) fn is_below(&self, lens: &Lens<'_>, element: &str) -> bool {
        let component_type = &self.key.component_type;
        let has = |bytes: &[u8]| {
            let tree = definition::tree(bytes);
            tree.is_some_and(|tree| groups(component_type, &tree).iter().any(|(group, _)| group == element))
        };
        let managed = self.state.into_iter().flat_map(strata_model::environment::ComponentState::managed);
        self.system.as_ref().is_some_and(|system| has(&system.definition))
            || managed.filter_map(|layer| lens.bodies.definition(&layer.digest)).any(|body| has(&body.bytes))
    }

    pub(super) fn managed_order(&self, lens: &Lens<'_>, option: &str) -> Finding {
        let message = format!("`{option}` comes from a managed layer, which says where it stands");
        Finding::error(FindingKind::Component, ErrorCode::MANAGED_OPTION, "L40", message)
            .about(self.reference(lens))
            .hint("order the options in the solution they come from")
    }

    pub(super) fn managed_option(&self, lens: &Lens<'_>, option: &str) -> Finding {
        let message = format!("`{option}` comes from a managed layer: it cannot be taken away");
        Finding::error(FindingKind::Component, ErrorCode::MANAGED_OPTION, "L40", message)
            .about(self.reference(lens))
            .hint("change it in the solution it comes from")
    }
}
