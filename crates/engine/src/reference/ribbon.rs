//! Ribbons: web resources behind the `$webresource:` directive, and nothing else (DP12).

use memchr::memmem;

use super::Definition;
use super::name::{directed, is_platform_script, types};
use super::sink::{Sink, place};
use super::text::plain;
use strata_model::reference::Target;
use strata_xml::{Element, Node};

const DIRECTIVE: &[u8] = b"$webresource:";

pub(super) fn mentions(definition: &Definition<'_>, sink: &mut Sink<'_>) {
    let bytes = &definition.body.bytes;
    for at in memmem::find_iter(bytes, DIRECTIVE) {
        let rest = &bytes[at + DIRECTIVE.len()..];
        let length =
            rest.iter().position(|byte| matches!(byte, b'"' | b'\'' | b'<' | b'?' | b'#')).unwrap_or(rest.len());
        if let Ok(name) = std::str::from_utf8(&rest[..length])
            && !is_platform_script(name)
        {
            sink.component(place("ribbon", at), &types().web_resource, &plain(name));
        }
    }
}

/// Removes the scripts, rules and addresses that are the target, and clears the icons; tells whether there were any.
pub(super) fn without(element: &mut Element, target: &Target) -> bool {
    let before = element.children.len();
    let is_gone = |node: &Node| matches!(node, Node::Element(child) if leads_there(child, target));
    element.children.retain(|node| !is_gone(node));
    let mut is_changed = element.children.len() < before;
    let attributes = element.attributes.len();
    element.attributes.retain(|(_, value)| !means(value, target));
    is_changed |= element.attributes.len() < attributes;
    for child in element.elements_mut() {
        is_changed |= without(child, target);
    }
    is_changed
}

/// What calls a script or opens a page is of no use without it; everything else only looks different.
fn leads_there(element: &Element, target: &Target) -> bool {
    let leads = ["Library", "Address", "Src"];
    element.attributes.iter().any(|(name, value)| leads.contains(&name.as_str()) && means(value, target))
}

fn means(value: &str, target: &Target) -> bool {
    let Some(name) = directed(value) else { return false };
    matches!(target, Target::Component(key) if key.component_type == types().web_resource && key.as_str() == name.to_lowercase())
}
