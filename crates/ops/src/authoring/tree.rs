//! Pieces that definitions are built from.

use std::collections::BTreeSet;

use strata_engine::active::PropertyEdit;
use strata_xml::{Element, Node};

use crate::schema::{Labels, Leaves};

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

/// Adds edits that take away the labels in languages which these edits do not name: what is said of a label is then all
/// there is of it (web-api §2).
pub fn replacing_labels(edits: Vec<PropertyEdit>, now: &Leaves) -> Vec<PropertyEdit> {
    let labelled = |path: &str| Some(path.strip_suffix("]@description")?.rsplit_once('[')?.0.to_owned());
    let said: BTreeSet<_> = edits.iter().map(|edit| edit.path.clone()).collect();
    let places: BTreeSet<_> = edits.iter().filter_map(|edit| labelled(&edit.path)).collect();
    let mut all = edits;
    for place in places {
        let start = format!("{place}[");
        let below = now.range(start.clone()..).take_while(|(path, _)| path.starts_with(&start));
        let others = below.filter(|(path, text)| {
            labelled(path).as_ref() == Some(&place) && !text.is_empty() && !said.contains(path.as_str())
        });
        all.extend(others.filter_map(|(path, _)| {
            let path = path.strip_suffix("@description")?.to_owned();
            Some(PropertyEdit { path, value: String::new() })
        }));
    }
    all
}

/// Makes the edits of plain properties.
pub(super) fn text_edits(texts: &[(String, String)]) -> Vec<PropertyEdit> {
    texts.iter().map(|(path, value)| PropertyEdit { path: path.clone(), value: value.clone() }).collect()
}
