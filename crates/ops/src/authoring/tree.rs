//! Pieces that definitions are built from.

use strata_engine::active::PropertyEdit;
use strata_xml::{Element, Node};

use crate::schema::Labels;

/// Adds elements with texts, in their order.
pub(super) fn texts(element: &mut Element, texts: &[(&str, &str)]) {
    for (name, text) in texts {
        element.child_or_new(name).set_text(text);
    }
}

/// Adds labels, one for each language; without any, an empty one in `language`.
pub(super) fn labels(element: &mut Element, container: &str, name: &str, labels: &Labels) {
    let container = element.child_or_new(container);
    for (language, text) in labels {
        let mut label = Element::new(name);
        label.set_attribute("description", text);
        label.set_attribute("languagecode", &language.to_string());
        container.children.push(Node::Element(label));
    }
}

/// Adds a child.
pub(super) fn push(element: &mut Element, child: Element) {
    element.children.push(Node::Element(child));
}

/// Makes the edits that give labels new texts.
pub(super) fn label_edits(path: &str, labels: &Labels) -> Vec<PropertyEdit> {
    let edit = |(language, text): (&u32, &String)| PropertyEdit {
        path: format!("{path}[{language}]@description"),
        value: text.clone(),
    };
    labels.iter().map(edit).collect()
}

/// Makes the edits of plain properties.
pub(super) fn text_edits(texts: &[(String, String)]) -> Vec<PropertyEdit> {
    texts.iter().map(|(path, value)| PropertyEdit { path: path.clone(), value: value.clone() }).collect()
}
