//! Choices and their options.

use strata_engine::active::PropertyEdit;
use strata_xml::Element;

use super::option::{OptionKind, options_edits};
use super::tree::{label_edits, labels, push, texts};
use crate::schema::Labels;

/// A choice that somebody wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChoiceWish {
    pub name: String,
    pub label: Labels,
    pub description: Labels,
    pub options: Vec<OptionWish>,
    /// Two options, for yes and no.
    pub is_boolean: bool,
}

/// An option that somebody wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OptionWish {
    /// `None`: the next of the publisher's (L9).
    pub value: Option<i64>,
    pub label: Labels,
    pub description: Labels,
    pub color: Option<String>,
    pub external_value: Option<String>,
    /// Of a status reason: the status it belongs to.
    pub state: Option<i64>,
    pub kind: OptionKind,
}

/// Makes the definition of a choice.
pub(super) fn tree(wish: &ChoiceWish, is_global: bool) -> Element {
    let mut root = Element::new("optionset");
    root.set_attribute("Name", &wish.name);
    if is_global && let Some(label) = super::shown(&wish.label) {
        root.set_attribute("localizedName", &label);
    }
    texts(&mut root, &[("OptionSetType", if wish.is_boolean { "bit" } else { "picklist" })]);
    if is_global {
        texts(&mut root, &[("IsGlobal", "1")]);
    }
    texts(&mut root, &[("IntroducedVersion", "1.0"), ("IsCustomizable", "1")]);
    labels(&mut root, "displaynames", "displayname", &wish.label);
    labels(&mut root, "Descriptions", "Description", &wish.description);
    let options = root.child_or_new("options");
    for option in &wish.options {
        push(options, option_tree(option));
    }
    root
}

fn option_tree(wish: &OptionWish) -> Element {
    let mut option = Element::new("option");
    if let Some(value) = wish.value {
        option.set_attribute("value", &value.to_string());
    }
    if let Some(external) = &wish.external_value {
        option.set_attribute("ExternalValue", external);
    }
    if let Some(color) = &wish.color {
        option.set_attribute("Color", color);
    }
    labels(&mut option, "labels", "label", &wish.label);
    if !wish.description.is_empty() {
        labels(&mut option, "Descriptions", "Description", &wish.description);
    }
    option
}

/// Makes the edits that turn a choice into what is wanted; what a wish leaves open stays.
pub fn choice_edits(wish: &ChoiceWish) -> Vec<PropertyEdit> {
    let mut edits = label_edits("displaynames/displayname", &wish.label);
    edits.extend(label_edits("Descriptions/Description", &wish.description));
    edits.extend(options_edits("", &wish.options));
    edits
}
