//! The labels of a component as makers see them, and edits of many components at once.
//!
//! A label is a set of texts, one for each language, at one place of a definition.

use std::collections::BTreeMap;

use strata_model::component::ComponentKey;
use strata_model::environment::Snapshot;
use strata_model::id::ComponentNo;
use strata_model::plan::{Bodies, Edit, OperationKind, Plan};
use strata_model::rules::Rules;

use super::{PropertyEdit, Target, merged};
use crate::definition::{self, Unit};
use crate::effect::Lens;

/// The texts at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Of the element that bears a text, without its language: `displaynames/displayname`.
    pub path: String,
    /// The attribute that holds the text.
    pub attribute: String,
    pub texts: BTreeMap<u32, String>,
}

impl Label {
    /// Returns what sets the text in a language.
    pub fn edit(&self, language: u32, text: &str) -> PropertyEdit {
        let Self { path, attribute, .. } = self;
        PropertyEdit { path: format!("{path}[{language}]@{attribute}"), value: text.to_owned() }
    }
}

/// Lists the labels of a component, drafts included, in the order of its definition.
pub fn of(snapshot: &Snapshot, key: &ComponentKey, rules: &Rules, bodies: &dyn Bodies) -> Vec<Label> {
    let lens = Lens::new(snapshot, rules, bodies);
    let Some(target) = Target::find(snapshot, key, rules) else { return Vec::new() };
    let layers = target.makers_view();
    let tree = match key.component_type.merge().is_merged() {
        true => merged::definition_of(&lens, &layers),
        false => target.resolved(&lens, &layers).map(|(tree, _)| tree),
    };
    let leaves = definition::leaves_of(&key.component_type, tree.as_ref(), &[]);
    let mut labels: Vec<Label> = Vec::new();
    for leaf in leaves.into_iter().filter(|leaf| leaf.unit == Unit::Label) {
        let Some((path, language)) = in_language(&leaf.group) else { continue };
        let Some(attribute) = leaf.path.strip_prefix(leaf.group.as_str()).and_then(|rest| rest.strip_prefix('@'))
        else {
            continue;
        };
        if !matches!(attribute, "description" | "Title" | "Description") {
            continue;
        }
        match labels.iter_mut().find(|label| label.path == path && label.attribute == attribute) {
            Some(label) => {
                label.texts.insert(language, leaf.value);
            }
            None => labels.push(Label {
                path: path.to_owned(),
                attribute: attribute.to_owned(),
                texts: [(language, leaf.value)].into(),
            }),
        }
    }
    labels
}

/// Splits `…/label[1033]` into the place and the language.
fn in_language(group: &str) -> Option<(&str, u32)> {
    let (path, language) = group.strip_suffix(']')?.rsplit_once('[')?;
    Some((path, language.parse().ok()?))
}

/// Plans edits of several components, all or none. A text in a new language is no slip of the pen (R8).
pub fn set_all(
    snapshot: &Snapshot,
    all: &[(ComponentKey, Vec<PropertyEdit>)],
    rules: &Rules,
    bodies: &dyn Bodies,
) -> Plan {
    let mut whole = Plan::empty(OperationKind::Set, snapshot.environment.revision, *rules);
    let mut seen = snapshot.clone();
    for (key, edits) in all {
        let plan = super::set(&seen, key, edits, None, rules, bodies);
        let stored = plan.edits.iter().filter(|edit| matches!(edit, Edit::ComponentAdd(_))).count();
        seen.next_component = ComponentNo(seen.next_component.0 + i64::try_from(stored).unwrap_or_default());
        whole.findings.extend(plan.findings.into_iter().filter(|finding| finding.rule != "R8"));
        whole.edits.extend(plan.edits);
        whole.changes.extend(plan.changes);
        whole.definitions.extend(plan.definitions);
        whole.files.extend(plan.files);
    }
    if whole.is_refused() {
        whole.edits.clear();
        whole.changes.clear();
    }
    whole
}
