//! What differs only because one package is managed and the other is not (package-format §6).

use strata_model::component::ComponentType;
use strata_model::package::Presence;
use strata_xml::{Element, Node};

use super::{ChangeKind, ComponentChange, PropertyChange, tree};
use crate::pairing::Keys;

/// Says of a component why it differs, where the kind of the packages is the only reason.
pub(super) fn mark_component(change: &mut ComponentChange<'_>) {
    change.by_kind = match (change.before, change.after) {
        (Some(one), None) | (None, Some(one)) => alone(one.presence),
        (Some(before), Some(after)) => both(change, before.presence, after.presence),
        (None, None) => None,
    };
}

/// What is there for reference only is left out of a managed package.
fn alone(presence: Presence) -> Option<&'static str> {
    match presence {
        Presence::Reference => Some("it is there for reference only"),
        Presence::Full | Presence::Diff => None,
    }
}

fn both(change: &ComponentChange<'_>, before: Presence, after: Presence) -> Option<&'static str> {
    if (before == Presence::Diff) != (after == Presence::Diff) {
        return Some("the managed package holds a difference to the layer below, the unmanaged one the whole");
    }
    // A shell makes no layer: whatever it says, it says for reference.
    let is_shell = before == Presence::Reference || after == Presence::Reference;
    if is_shell {
        return Some("it is there for reference only");
    }
    let says = change.kind == ChangeKind::Changed && change.properties.iter().all(|property| property.by_kind);
    says.then_some("labels that repeat a column's name are blank in a managed package")
}

/// Marks the labels that differ because a managed export blanks those that repeat their column's name.
pub(super) fn mark_labels(properties: &mut [PropertyChange], before: &Element, after: &Element, keys: Keys) {
    let (mut before, mut after) = (before.clone(), after.clone());
    let mut blank = Vec::new();
    collect_blank(&before, &mut blank);
    collect_blank(&after, &mut blank);
    drop_labels(&mut before, &blank);
    drop_labels(&mut after, &blank);
    let real: Vec<_> = tree::compare(&before, &after, keys).into_iter().map(|change| change.path).collect();
    for change in properties {
        change.by_kind = !real.contains(&change.path);
    }
}

/// Collects the ids of the cells whose only label is blank.
fn collect_blank(element: &Element, blank: &mut Vec<String>) {
    if let (Some(id), Some(labels)) = (cell_id(element), element.child("labels")) {
        let mut labels = labels.elements();
        let is_blank = |label: &Element| label.attribute("description").is_some_and(str::is_empty);
        if labels.next().is_some_and(is_blank) && labels.next().is_none() {
            blank.push(id);
        }
    }
    element.elements().for_each(|child| collect_blank(child, blank));
}

fn drop_labels(element: &mut Element, blank: &[String]) {
    if cell_id(element).is_some_and(|id| blank.contains(&id)) {
        element.children.retain(|node| !matches!(node, Node::Element(labels) if labels.name == "labels"));
    }
    element.elements_mut().for_each(|child| drop_labels(child, blank));
}

fn cell_id(element: &Element) -> Option<String> {
    (element.name == "cell").then(|| element.attribute("id").map(str::to_lowercase)).flatten()
}

/// Tells whether a root component may be missing in a managed package: forms that are differences are.
pub(super) fn is_root_of_kind(segment: &str) -> bool {
    let form = ComponentType::named("systemform");
    segment.starts_with(&format!("RootComponent[{}:", form.name()))
}
