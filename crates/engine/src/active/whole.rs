//! Edits of a whole element: `<fetchxml>` names the element, and the value is what it holds, as XML.
//!
//! Clients of the Web API write the XML of a form or a view as one value; paths of leaves are for people.

use strata_xml::{Element, Node};

/// Replaces an element; `None` where the path does not name one so, `Some(false)` where the value is no XML.
pub(crate) fn replace(own: &[&str], root: &mut Element, path: &str, value: &str) -> Option<bool> {
    let name = path.strip_prefix('<')?.strip_suffix('>')?;
    let Some(element) = own.iter().try_fold(root, |element, name| element.child_mut(name)) else { return Some(false) };
    let Some(fresh) = read(name, value) else { return Some(false) };
    let position = element.elements().position(|child| child.name.eq_ignore_ascii_case(name));
    match position.and_then(|position| element.elements_mut().nth(position)) {
        Some(existing) => *existing = Element { name: existing.name.clone(), ..fresh },
        None => element.children.push(Node::Element(fresh)),
    }
    Some(true)
}

/// Reads an element, or what it holds.
fn read(name: &str, value: &str) -> Option<Element> {
    let value = value.trim();
    let declared = value.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")).map_or(value, |(_, rest)| rest);
    let within = format!("<{name}>{declared}</{name}>");
    let around = strata_xml::parse(within.as_bytes()).ok()?;
    let mut inner = around.elements();
    match (inner.next(), inner.next()) {
        (Some(only), None) if only.name.eq_ignore_ascii_case(name) => Some(only.clone()),
        _ => Some(around.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(path: &str, value: &str) -> (Option<bool>, String) {
        let mut root = strata_xml::parse(b"<v><Fetch><a/></Fetch><b/></v>").expect("a tree");
        let done = replace(&[], &mut root, path, value);
        (done, String::from_utf8(strata_xml::write(&root)).expect("text"))
    }

    #[test]
    fn an_element_is_replaced_by_what_it_is_to_hold_or_by_itself() {
        let expected = "<v><Fetch><c x=\"1\" /></Fetch><b /></v>".replace(" />", "/>");
        for value in ["<c x='1'/>", "<fetch><c x='1'/></fetch>", "<?xml version='1.0'?> <c x='1'/>"] {
            let (done, text) = replaced("<fetch>", value);
            assert_eq!((done, text.replace(" />", "/>")), (Some(true), expected.clone()), "{value}");
        }
        assert_eq!(replaced("<fetch>", "<c>").0, Some(false));
        assert_eq!(replaced("b", "1").0, None);
        assert!(replaced("<new>", "<c/>").1.contains("<new>"));
    }
}
