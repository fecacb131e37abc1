//! Leaves out labels in languages that an environment has not enabled (L70).

use strata_xml::{Element, Node};

/// Removes the labels of other languages; the layer that holds them keeps them.
pub fn in_languages(element: &mut Element, languages: &[u32]) {
    element.children.retain_mut(|node| match node {
        Node::Element(child) => {
            let language = child.attribute("languagecode").or_else(|| child.attribute("LCID"));
            let is_seen = language.and_then(|code| code.parse().ok()).is_none_or(|code| languages.contains(&code));
            if is_seen {
                in_languages(child, languages);
            }
            is_seen
        }
        Node::Text(_) | Node::Comment(_) => true,
    });
}
