//! Taking an option out of a choice: the path of the option, given the empty text.

use strata_model::code::ErrorCode;
use strata_model::component::ComponentType;
use strata_model::plan::{Finding, FindingKind};
use strata_xml::{Element, Node};

use super::path::split_steps;
use super::{PropertyEdit, Target};
use crate::definition::{self, Unit, segments};
use crate::effect::Lens;

/// Returns the path of the option that an edit takes away, as the choice spells it.
pub(super) fn taken_away(component_type: &ComponentType, tree: &Element, edit: &PropertyEdit) -> Option<String> {
    if !edit.value.is_empty() || !edit.path.ends_with(']') {
        return None;
    }
    groups(component_type, tree).into_iter().find(|group| group.eq_ignore_ascii_case(&edit.path))
}

/// The paths of the options that a definition has.
fn groups(component_type: &ComponentType, tree: &Element) -> Vec<String> {
    let leaves = definition::tree_leaves(component_type, tree);
    leaves.into_iter().filter(|leaf| leaf.unit == Unit::Option).map(|leaf| leaf.group).collect()
}

/// Removes the element of an option, where it is there.
pub(super) fn remove(own: &[&str], root: &mut Element, option: &str) {
    let steps = split_steps(option);
    let Some((last, way)) = steps.split_last() else { return };
    let start = own.iter().try_fold(root, |element, name| element.child_mut(name));
    let Some(holder) = way.iter().try_fold(start, |element, name| element?.child_mut(name).map(Some)).flatten() else {
        return;
    };
    let stays: Vec<bool> = segments(holder).iter().map(|(segment, _)| segment != last).collect();
    let mut elements = stays.into_iter();
    holder.children.retain(|node| !matches!(node, Node::Element(_)) || elements.next().unwrap_or(true));
}

impl Target<'_> {
    /// Tells whether a layer below Active has an option: the system's, or a managed solution's.
    pub(super) fn is_below(&self, lens: &Lens<'_>, option: &str) -> bool {
        let component_type = &self.key.component_type;
        let has = |bytes: &[u8]| {
            let tree = definition::tree(bytes);
            tree.is_some_and(|tree| groups(component_type, &tree).iter().any(|group| group == option))
        };
        let managed = self.state.into_iter().flat_map(strata_model::environment::ComponentState::managed);
        self.system.as_ref().is_some_and(|system| has(&system.definition))
            || managed.filter_map(|layer| lens.bodies.definition(&layer.digest)).any(|body| has(&body.bytes))
    }

    pub(super) fn managed_option(&self, lens: &Lens<'_>, option: &str) -> Finding {
        let message = format!("`{option}` comes from a managed layer: it cannot be taken away");
        Finding::error(FindingKind::Component, ErrorCode::MANAGED_OPTION, "L40", message)
            .about(self.reference(lens))
            .hint("change it in the solution it comes from")
    }
}
