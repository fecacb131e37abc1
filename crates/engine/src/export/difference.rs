//! A difference as a package holds it: what leads to it and what stands beside the tree in full (merge §2, fact 6).

use strata_xml::{Element, Node};

use crate::merge;

/// What a form's difference leaves to the base.
const OF_BASE: [&str; 2] = ["IsCustomizable", "CanBeDeleted"];

/// Returns the difference that turns `base` into `result`, `None` where there is none.
pub(super) fn of(base: &Element, result: &Element) -> Option<Element> {
    let difference = merge::difference(base, result)?;
    let Some(tree) = tree_of(&result.name) else { return Some(difference) };
    let mut whole = Element { children: Vec::new(), ..result.clone() };
    for child in result.elements().filter(|child| !OF_BASE.contains(&child.name.as_str())) {
        let listed = difference.child(&child.name);
        let said = match (child.name == tree, listed) {
            (false, _) => Some(child.clone()),
            (true, Some(listed)) => Some(listed.clone()),
            // Nothing in the tree itself has changed.
            (true, None) => Some(Element { children: Vec::new(), ..child.clone() }),
        };
        whole.children.extend(said.map(Node::Element));
    }
    Some(whole)
}

/// The element whose content is listed as far as it differs.
fn tree_of(root: &str) -> Option<&'static str> {
    match root {
        "systemform" => Some("form"),
        "Dashboard" => Some("FormXml"),
        "AppModuleSiteMap" => Some("SiteMap"),
        "AppModule" => Some("AppModuleComponents"),
        _ => None,
    }
}
