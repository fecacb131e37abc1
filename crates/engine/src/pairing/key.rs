//! What tells an element from its siblings, chosen so that it does on every side.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use strata_model::component::{ComponentKey, ComponentType};
use strata_xml::Element;

use super::Item;
use crate::definition;
use crate::merge;

/// Where keys come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keys {
    /// Of forms, site maps, apps and ribbons: as their layers are merged.
    Merged,
    Plain,
}

impl Keys {
    pub(crate) fn of(component_type: &ComponentType) -> Self {
        if component_type.merge().is_merged() { Self::Merged } else { Self::Plain }
    }
}

/// Attributes that tell elements apart beside those that name them in paths, first match first.
const MORE_ATTRIBUTES: [&str; 3] = ["attribute", "to", "action"];

/// Children whose texts tell elements apart, first match first.
const CHILDREN: [&[&str]; 8] = [
    &["AddressNumber"],
    &["EntityName", "AttributeName"],
    &["AttributeSource", "AttributeTarget"],
    &["UniqueName"],
    &["Name"],
    &["name"],
    &["Id"],
    &["id"],
];

/// Returns the keys of the items of two sides; `None` for what has none.
pub(super) fn of(before: &[Item<'_>], after: &[Item<'_>], keys: Keys) -> (Vec<Option<String>>, Vec<Option<String>>) {
    let (mut before_keys, mut after_keys) = match keys {
        Keys::Merged => (merged(before), merged(after)),
        Keys::Plain => plain(before, after),
    };
    rows(before, &mut before_keys);
    rows(after, &mut after_keys);
    (before_keys, after_keys)
}

/// A row is known by the cell it begins with.
fn rows(items: &[Item<'_>], keys: &mut [Option<String>]) {
    for at in 1..items.len() {
        if let (Item::Row(_), Item::Element(_), Some(cell)) = (items[at - 1], items[at], &keys[at]) {
            keys[at - 1] = Some(cell.clone());
        }
    }
}

fn merged(items: &[Item<'_>]) -> Vec<Option<String>> {
    let elements: Vec<_> = items.iter().filter_map(|item| item.element()).collect();
    let mut keys = merge::sibling_keys(&elements).into_iter();
    let of_item = |item: &Item<'_>| match item {
        Item::Element(_) => keys.next().flatten(),
        Item::Row(_) => {
            keys.next();
            None
        }
        Item::Text(_) | Item::Comment(_) => None,
    };
    items.iter().map(of_item).collect()
}

fn plain(before: &[Item<'_>], after: &[Item<'_>]) -> (Vec<Option<String>>, Vec<Option<String>>) {
    let mut rules: BTreeMap<&str, Rule> = BTreeMap::new();
    for item in before.iter().chain(after) {
        if let Item::Element(element) = item {
            rules.entry(element.name.as_str()).or_insert_with(|| rule(&element.name, before, after));
        }
    }
    let key = |item: &Item<'_>| match item {
        Item::Element(element) => rules.get(element.name.as_str())?.key(element),
        Item::Row(_) | Item::Text(_) | Item::Comment(_) => None,
    };
    (before.iter().map(key).collect(), after.iter().map(key).collect())
}

/// How the elements of one name are told apart.
enum Rule {
    /// At most one on either side.
    Single,
    /// By what paths name them with.
    Named,
    Attribute(&'static str),
    /// By the first of their attributes that is a key.
    FirstAttribute,
    Children(&'static [&'static str]),
    None,
}

impl Rule {
    fn key(&self, element: &Element) -> Option<String> {
        match self {
            Self::Single => Some(String::new()),
            Self::Named => named(element),
            Self::Attribute(name) => attribute(element, name),
            Self::FirstAttribute => definition::KEY_ATTRIBUTES.iter().find_map(|name| attribute(element, name)),
            Self::Children(names) => {
                let texts: Option<Vec<_>> = names.iter().map(|name| element.child_text(name)).collect();
                texts.map(|texts| texts.join("."))
            }
            Self::None => None,
        }
    }
}

fn attribute(element: &Element, name: &str) -> Option<String> {
    element.attribute(name).filter(|value| !value.is_empty()).map(str::to_lowercase)
}

/// Keys that hold wherever the element stands.
pub(crate) fn named(element: &Element) -> Option<String> {
    match element.name.as_str() {
        "option" => attribute(element, "value"),
        "RolePrivilege" => attribute(element, "name"),
        "RootComponent" => Some(root_component(element)),
        "MissingDependency" => {
            let side = |name| element.child(name).map(side_of).unwrap_or_default();
            Some(format!("{} ← {}", side("Required"), side("Dependent")))
        }
        _ => attribute(element, "languagecode").or_else(|| attribute(element, "LCID")),
    }
}

/// Names a root component as people do.
fn root_component(element: &Element) -> String {
    let name = attribute(element, "schemaName").or_else(|| attribute(element, "id")).unwrap_or_default();
    key_of(element.attribute("type").unwrap_or_default(), &name)
}

fn key_of(component_type: &str, name: &str) -> String {
    let key = ComponentKey::new(ComponentType::written(component_type), name);
    match key.as_str() {
        "" => key.component_type.name().to_owned(),
        _ => key.to_string(),
    }
}

/// Names one side of a declared missing dependency: its type and everything that identifies it.
fn side_of(side: &Element) -> String {
    let mut names: Vec<Cow<'_, str>> = Vec::new();
    names.extend(attribute(side, "parentSchemaName").map(Cow::Owned));
    names.extend(attribute(side, "schemaName").map(Cow::Owned));
    if names.len() < 2 {
        let ids = side.attributes.iter().filter(|(name, value)| name.starts_with("id") && !value.is_empty());
        names.extend(ids.map(|(_, value)| Cow::Owned(value.to_lowercase())));
    }
    if names.is_empty() {
        names.extend(attribute(side, "displayName").map(Cow::Owned));
    }
    key_of(side.attribute("type").unwrap_or_default(), &names.join("."))
}

fn rule(name: &str, before: &[Item<'_>], after: &[Item<'_>]) -> Rule {
    let of = |items: &[Item<'_>]| -> Vec<usize> {
        (0..items.len()).filter(|at| matches!(items[*at], Item::Element(e) if e.name == name)).collect()
    };
    let sides: Vec<Vec<&Element>> = [before, after]
        .into_iter()
        .map(|items| of(items).into_iter().filter_map(|at| items[at].element()).collect())
        .collect();
    let tells_apart = |rule: &Rule| {
        sides.iter().all(|side| {
            let keys: Option<BTreeSet<_>> = side.iter().map(|element| rule.key(element)).collect();
            keys.is_some_and(|keys| keys.len() == side.len())
        })
    };
    if tells_apart(&Rule::Named) {
        return Rule::Named;
    }
    if sides.iter().all(|side| side.len() < 2) {
        return Rule::Single;
    }
    let attributes = definition::KEY_ATTRIBUTES.iter().chain(&MORE_ATTRIBUTES).map(|name| Rule::Attribute(name));
    let first = std::iter::once(Rule::FirstAttribute);
    let children = CHILDREN.iter().map(|names| Rule::Children(names));
    attributes.chain(first).chain(children).find(tells_apart).unwrap_or(Rule::None)
}
