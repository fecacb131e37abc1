//! Pieces that definitions are built from.

use std::collections::BTreeMap;

use strata_xml::{Element, Node};

/// Texts by language.
pub(crate) type Labels = BTreeMap<u32, String>;

/// Makes an element with attributes and children.
pub(super) fn element(name: &str, attributes: &[(&str, &str)], children: Vec<Element>) -> Element {
    let mut made = Element::new(name);
    for (attribute, value) in attributes {
        made.set_attribute(attribute, value);
    }
    made.children = children.into_iter().map(Node::Element).collect();
    made
}

/// Makes an element with a text.
pub(super) fn text(name: &str, text: &str) -> Element {
    let mut made = Element::new(name);
    made.set_text(text);
    made
}

/// Makes a container of labels, one for each language.
pub(super) fn labels(container: &str, name: &str, labels: &Labels) -> Element {
    let label = |(language, text): (&u32, &String)| {
        element(name, &[("description", text), ("languagecode", &language.to_string())], Vec::new())
    };
    element(container, &[], labels.iter().map(label).collect())
}

/// A text of the platform's in one language.
pub(super) fn in_language(language: u32, text: impl Into<String>) -> Labels {
    [(language, text.into())].into()
}
