//! Paths of properties (R8): how an edit names a leaf, and how the leaf is reached or made.

use strata_xml::{Element, Node};

use crate::definition::segments;

/// Returns the path as the component spells it: paths are taken without regard to case.
pub(crate) fn spelled(known: &[String], path: &str) -> String {
    let exact = known.iter().find(|other| *other == path);
    exact
        .or_else(|| known.iter().find(|other| other.eq_ignore_ascii_case(path)))
        .cloned()
        .unwrap_or_else(|| path.to_owned())
}

/// Sets a leaf, making the elements on the way; tells whether the path could be followed.
pub(crate) fn set_path(own: &[&str], root: &mut Element, path: &str, value: &str) -> bool {
    let (elements, attribute) = match split_attribute(path) {
        Some((elements, attribute)) => (elements, Some(attribute)),
        None => (path, None),
    };
    let steps = split_steps(elements);
    // What stands beside a table's own element: `Name` and `ObjectTypeCode`.
    let is_outside = !own.is_empty() && steps.first().is_some_and(|step| root.child(step).is_some() && *step != own[0]);
    let start =
        if is_outside { Some(root) } else { own.iter().try_fold(root, |element, name| element.child_mut(name)) };
    let Some(mut element) = start else { return false };
    for step in steps {
        let Some(next) = step_into(element, step) else { return false };
        element = next;
    }
    match attribute {
        Some(attribute) => element.set_attribute(attribute, value),
        None if element.elements().next().is_some() => return false,
        None => element.set_text(value),
    }
    true
}

pub(super) fn split_attribute(path: &str) -> Option<(&str, &str)> {
    let after_bracket = path.rfind(']').map_or(0, |index| index + 1);
    let at = path[after_bracket..].rfind('@')? + after_bracket;
    let attribute = &path[at + 1..];
    (!attribute.is_empty() && !attribute.contains('/')).then_some((&path[..at], attribute))
}

/// Splits at `/`, but not inside brackets.
pub(super) fn split_steps(path: &str) -> Vec<&str> {
    let mut steps = Vec::new();
    let (mut start, mut depth) = (0, 0_u32);
    for (index, c) in path.char_indices() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            '/' if depth == 0 => {
                steps.push(&path[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    steps.push(&path[start..]);
    steps.retain(|step| !step.is_empty());
    steps
}

fn step_into<'a>(element: &'a mut Element, step: &str) -> Option<&'a mut Element> {
    let position = segments(element).iter().position(|(segment, _)| segment == step);
    if let Some(position) = position {
        return element.elements_mut().nth(position);
    }
    let (name, key) = match step.split_once('[') {
        Some((name, rest)) => (name, Some(rest.strip_suffix(']')?)),
        None => (step, None),
    };
    let starts_well = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    let is_name = starts_well && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if !is_name {
        return None;
    }
    let mut child = Element::new(name);
    match (name, key) {
        ("option" | "state" | "status", Some(key)) => child.set_attribute("value", key),
        ("RolePrivilege", Some(key)) => child.set_attribute("name", key),
        (_, Some(key)) if key.bytes().all(|byte| byte.is_ascii_digit()) => child.set_attribute("languagecode", key),
        (_, Some(key)) => child.set_attribute("name", key),
        (_, None) => {}
    }
    element.children.push(Node::Element(child));
    element.elements_mut().last()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_leaves_and_make_labels() {
        let mut tree = strata_xml::parse(b"<attribute PhysicalName='n'><MaxLength>1</MaxLength></attribute>")
            .expect("well formed");
        assert!(set_path(&[], &mut tree, "MaxLength", "2"));
        assert!(set_path(&[], &mut tree, "displaynames/displayname[1031]@description", "Summe"));
        assert!(!set_path(&[], &mut tree, "no name@x", "y"));
        let shown = String::from_utf8(strata_xml::write(&tree)).expect("utf-8");
        assert_eq!(
            shown,
            "<attribute PhysicalName=\"n\"><MaxLength>2</MaxLength><displaynames><displayname \
             languagecode=\"1031\" description=\"Summe\" /></displaynames></attribute>"
        );
    }
}
