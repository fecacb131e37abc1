//! What a definition's bytes say: a tree, and its leaves as paths and values.
//!
//! A leaf's path is the element or attribute path below the component's own element (R8), joined with `/`,
//! attributes with `@`, repeated elements told apart by their key in brackets or by their 1-based index.
//! Every leaf belongs to a *group*, the piece that a layer replaces as a whole (L38): each label, option and
//! privilege is a group and a unit of its own, and each column of the component's own row is a group of the
//! row unit.
//!
//! Leaves of merged types are read by [`crate::merge`], whose keys are the same in every layer.
//!
//! Not here: how the layers of a stack combine, see [`crate::layering`].

use std::borrow::Cow;

use strata_model::component::ComponentType;
use strata_model::id::Digest;
use strata_model::plan::Body;
use strata_xml::Element;

use crate::merge;

/// One property of a definition that has a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    pub path: String,
    pub value: String,
    /// Path of the group this leaf belongs to.
    pub group: String,
    pub unit: Unit,
}

/// The unit that an unmanaged edit copies whole (L38).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// The component's own row.
    Row,
    /// One label in one language.
    Label,
    /// One option of a choice.
    Option,
    /// One privilege of a role.
    Privilege,
}

/// Returns the leaves of a definition in document order, its files last.
///
/// Bytes that are no tree have no leaves: packages are checked when they are read.
pub fn leaves(component_type: &ComponentType, body: &Body<'_>) -> Vec<Leaf> {
    leaves_of(component_type, tree(&body.bytes).as_ref(), &body.files)
}

/// Returns the leaves of a definition that has been read, its files last.
pub(crate) fn leaves_of(
    component_type: &ComponentType,
    tree: Option<&Element>,
    files: &[(String, Digest)],
) -> Vec<Leaf> {
    let said = |root: &Element| match component_type.merge().is_merged() {
        true => merge::layer_leaves(root),
        false => tree_leaves(component_type, root),
    };
    let mut leaves = tree.map(said).unwrap_or_default();
    let single = files.len() == 1;
    for (path, digest) in files {
        let path = if single { "file".to_owned() } else { format!("file[{path}]") };
        leaves.push(Leaf { group: path.clone(), path, value: digest.to_string(), unit: Unit::Row });
    }
    leaves
}

/// Leaves out the labels of languages that an environment has not enabled: they are kept, but nobody sees them (L70).
pub fn in_languages(mut leaves: Vec<Leaf>, languages: &[u32]) -> Vec<Leaf> {
    let is_seen = |leaf: &Leaf| {
        let language =
            leaf.group.strip_suffix(']').and_then(|group| group.rsplit_once('[')).map(|(_, key)| key.parse());
        match (leaf.unit, language) {
            (Unit::Label, Some(Ok(language))) => languages.contains(&language),
            (Unit::Label | Unit::Row | Unit::Option | Unit::Privilege, _) => true,
        }
    };
    leaves.retain(is_seen);
    leaves
}

/// Returns the tree of a definition: XML, or JSON read as the XML it stands for.
pub fn tree(bytes: &[u8]) -> Option<Element> {
    let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace())?;
    if is_json(bytes) { json_tree(&bytes[start..]) } else { strata_xml::parse(bytes).ok() }
}

/// Tells whether a definition is JSON, as those of environment variable values are.
pub(crate) fn is_json(bytes: &[u8]) -> bool {
    bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
}

/// Returns the leaves of a definition's tree, in document order.
pub fn tree_leaves(component_type: &ComponentType, root: &Element) -> Vec<Leaf> {
    let mut walk = Walk { leaves: Vec::new() };
    let own_path = component_type.own_element();
    match root.descend(own_path) {
        Some(own) => {
            if let Some(outermost) = own_path.first() {
                walk.outside(root, outermost);
            }
            walk.own(own);
        }
        None if own_path.is_empty() => walk.own(root),
        None => walk.outside(root, ""),
    }
    walk.leaves
}

struct Walk {
    leaves: Vec<Leaf>,
}

/// Where a leaf of the tree stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    group: &'a str,
    unit: Unit,
}

impl Walk {
    /// What stands beside the own element: `Name` and `ObjectTypeCode` of a table.
    fn outside(&mut self, root: &Element, own: &str) {
        for (segment, child) in segments(root) {
            if child.name != own {
                self.element(child, &segment, Place { group: &segment, unit: Unit::Row });
            }
        }
    }

    fn own(&mut self, own: &Element) {
        for (name, value) in &own.attributes {
            if is_data(name, value) {
                let path = format!("@{name}");
                self.push(path.clone(), value, Place { group: &path, unit: Unit::Row });
            }
        }
        self.text(own, "#text", Place { group: "#text", unit: Unit::Row });
        for (segment, child) in segments(own) {
            let unit = unit_of(own, child).unwrap_or(Unit::Row);
            self.element(child, &segment, Place { group: &segment, unit });
        }
    }

    fn element(&mut self, element: &Element, path: &str, place: Place<'_>) {
        for (name, value) in &element.attributes {
            if is_data(name, value) {
                self.push(format!("{path}@{name}"), value, place);
            }
        }
        self.text(element, path, place);
        for (segment, child) in segments(element) {
            let child_path = format!("{path}/{segment}");
            match unit_of(element, child) {
                Some(unit) => self.element(child, &child_path, Place { group: &child_path, unit }),
                None => self.element(child, &child_path, place),
            }
        }
    }

    fn text(&mut self, element: &Element, path: &str, place: Place<'_>) {
        let text = element.text();
        if !text.trim().is_empty() {
            self.push(path.to_owned(), &text, place);
        }
    }

    fn push(&mut self, path: String, value: &str, place: Place<'_>) {
        self.leaves.push(Leaf { path, value: value.to_owned(), group: place.group.to_owned(), unit: place.unit });
    }
}

pub(crate) fn is_data(attribute: &str, value: &str) -> bool {
    !value.is_empty() && attribute != "xmlns" && !attribute.starts_with("xmlns:")
}

/// Returns the unit that an element begins, when it is a label, an option or a privilege (L38).
pub fn unit_of(parent: &Element, child: &Element) -> Option<Unit> {
    if language(child).is_some() && !matches!(child.name.as_str(), "ImportExportXml") {
        return Some(Unit::Label);
    }
    match (parent.name.as_str(), child.name.as_str()) {
        ("options", "option") | ("states", "state") | ("statuses", "status") => Some(Unit::Option),
        ("RolePrivileges", "RolePrivilege") => Some(Unit::Privilege),
        _ => None,
    }
}

fn language(element: &Element) -> Option<&str> {
    element.attribute("languagecode").or_else(|| element.attribute("LCID"))
}

/// Attributes that tell repeated elements apart, first match first.
pub(crate) const KEY_ATTRIBUTES: [&str; 9] =
    ["id", "Id", "name", "Name", "value", "key", "schemaName", "PhysicalName", "type"];

/// Returns the child elements, each with its path segment.
pub fn segments(parent: &Element) -> Vec<(String, &Element)> {
    segments_of(&parent.elements().collect::<Vec<_>>())
}

/// Returns siblings, each with its path segment.
pub(crate) fn segments_of<'e>(children: &[&'e Element]) -> Vec<(String, &'e Element)> {
    let mut names: Vec<_> = children.iter().map(|child| child.name.as_str()).collect();
    names.sort_unstable();
    let is_single = |name: &str| {
        let first = names.partition_point(|other| *other < name);
        names.get(first + 1) != Some(&name)
    };
    let mut segments = Vec::with_capacity(children.len());
    for (index, child) in children.iter().enumerate() {
        segments.push((segment(children, index, is_single(&child.name)), *child));
    }
    segments
}

fn segment(siblings: &[&Element], index: usize, is_single: bool) -> String {
    let element = siblings[index];
    let always = match element.name.as_str() {
        "option" | "state" | "status" => element.attribute("value"),
        "RolePrivilege" => element.attribute("name"),
        _ => language(element),
    };
    if let Some(key) = always {
        return format!("{}[{key}]", element.name);
    }
    if is_single {
        return element.name.clone();
    }
    let same: Vec<_> = siblings.iter().filter(|sibling| sibling.name == element.name).collect();
    let one_for_all = KEY_ATTRIBUTES.iter().find_map(|key| unique_key(&same, element, key));
    match one_for_all.or_else(|| own_key(&same, element)) {
        Some(key) => format!("{}[{key}]", element.name),
        None => {
            let ordinal = siblings[..=index].iter().filter(|sibling| sibling.name == element.name).count();
            format!("{}[{ordinal}]", element.name)
        }
    }
}

/// Returns the element's key when that attribute tells all its namesakes apart.
fn unique_key<'a>(same: &[&&Element], element: &'a Element, attribute: &str) -> Option<&'a str> {
    let key = element.attribute(attribute).filter(|key| !key.is_empty())?;
    let mut keys: Vec<_> = same.iter().map(|sibling| sibling.attribute(attribute)).collect();
    keys.sort_unstable();
    let tells_apart = keys.iter().all(Option::is_some) && keys.windows(2).all(|pair| pair[0] != pair[1]);
    tells_apart.then_some(key)
}

/// Returns the element's first key, when the first keys of all its namesakes differ: parts of an app bear an id or
/// a schema name.
fn own_key<'a>(same: &[&&Element], element: &'a Element) -> Option<&'a str> {
    fn first(element: &Element) -> Option<&str> {
        KEY_ATTRIBUTES.iter().find_map(|key| element.attribute(key).filter(|value| !value.is_empty()))
    }
    let mut keys: Vec<_> = same.iter().map(|sibling| first(sibling)).collect();
    keys.sort_unstable();
    let tells_apart = keys.iter().all(Option::is_some) && keys.windows(2).all(|pair| pair[0] != pair[1]);
    first(element).filter(|_| tells_apart)
}

/// Reads a JSON definition (environment variable values) as the element it stands for: `@a` is an attribute,
/// `#text` the text, a list a repeated element. Wrappers with a single object inside are skipped.
fn json_tree(bytes: &[u8]) -> Option<Element> {
    let value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    let (mut name, mut value) = (Cow::Borrowed("json"), value);
    while let serde_json::Value::Object(object) = &value {
        let only = object.iter().next().filter(|(_, inner)| object.len() == 1 && inner.is_object());
        let Some((inner_name, inner)) = only else { break };
        (name, value) = (Cow::Owned(inner_name.clone()), inner.clone());
    }
    let mut root = Element::new(name);
    fill(&mut root, &value);
    Some(root)
}

fn fill(element: &mut Element, value: &serde_json::Value) {
    use serde_json::Value;
    match value {
        Value::Object(object) => {
            for (key, inner) in object {
                fill_member(element, key, inner);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| fill_member(element, "item", item)),
        Value::Null => {}
        Value::String(text) => element.set_text(text),
        Value::Bool(_) | Value::Number(_) => element.set_text(&value.to_string()),
    }
}

fn fill_member(element: &mut Element, key: &str, value: &serde_json::Value) {
    use serde_json::Value;
    if let (Some(attribute), Value::String(text)) = (key.strip_prefix('@'), value) {
        element.set_attribute(attribute, text);
        return;
    }
    if key == "#text" {
        fill(element, value);
        return;
    }
    let items = match value {
        Value::Array(items) => items.as_slice(),
        one @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
            std::slice::from_ref(one)
        }
    };
    for item in items {
        let mut child = Element::new(key);
        fill(&mut child, item);
        element.children.push(strata_xml::Node::Element(child));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(component_type: &str, xml: &str) -> Vec<String> {
        let body = Body { bytes: xml.as_bytes().into(), ..Body::default() };
        leaves(&ComponentType::named(component_type), &body)
            .into_iter()
            .map(|leaf| format!("{}={}", leaf.path, leaf.value))
            .collect()
    }

    #[test]
    fn r8_paths_begin_below_the_own_element() {
        let column = "<attribute PhysicalName='contoso_Total'><MaxLength>100</MaxLength><displaynames>\
            <displayname description='Total' languagecode='1033' /></displaynames></attribute>";
        assert_eq!(
            paths("attribute", column),
            [
                "@PhysicalName=contoso_Total",
                "MaxLength=100",
                "displaynames/displayname[1033]@description=Total",
                "displaynames/displayname[1033]@languagecode=1033",
            ]
        );
        let table = "<Entity><Name LocalizedName='Order'>Contoso_Order</Name><EntityInfo>\
            <entity Name='Contoso_Order'><IsAuditEnabled>1</IsAuditEnabled></entity></EntityInfo></Entity>";
        assert_eq!(
            paths("entity", table),
            ["Name@LocalizedName=Order", "Name=Contoso_Order", "@Name=Contoso_Order", "IsAuditEnabled=1"]
        );
    }

    #[test]
    fn r8_repeated_elements_take_their_key_or_their_index() {
        let view = "<savedquery><fetchxml><fetch><entity name='a'><attribute name='x' /><attribute name='y' />\
            <order /><filter n='1' /><filter n='2' /></entity></fetch></fetchxml></savedquery>";
        assert_eq!(
            paths("savedquery", view),
            [
                "fetchxml/fetch/entity@name=a",
                "fetchxml/fetch/entity/attribute[x]@name=x",
                "fetchxml/fetch/entity/attribute[y]@name=y",
                "fetchxml/fetch/entity/filter[1]@n=1",
                "fetchxml/fetch/entity/filter[2]@n=2",
            ]
        );
    }

    #[test]
    fn r8_parts_of_an_app_are_told_apart_by_id_or_schema_name() {
        let app = "<AppModule><AppModuleComponents><AppModuleComponent type='1' schemaName='a' /><AppModuleComponent \
            type='1' schemaName='b' /><AppModuleComponent type='60' id='{c}' /></AppModuleComponents></AppModule>";
        let paths = paths("appmodule", app);
        assert!(paths.contains(&"AppModuleComponents/AppModuleComponent[1.b]@type=1".to_owned()), "{paths:?}");
        assert!(paths.contains(&"AppModuleComponents/AppModuleComponent[60.c]@type=60".to_owned()), "{paths:?}");
    }

    #[test]
    fn l38_labels_options_and_privileges_are_units() {
        let choice = "<optionset Name='c'><OptionSetType>picklist</OptionSetType><options><option value='1'>\
            <labels><label description='One' languagecode='1033' /></labels></option></options></optionset>";
        let body = Body { bytes: choice.as_bytes().into(), ..Body::default() };
        let units: Vec<_> =
            leaves(&ComponentType::named("optionset"), &body).into_iter().map(|leaf| (leaf.group, leaf.unit)).collect();
        assert!(units.contains(&("OptionSetType".into(), Unit::Row)));
        assert!(units.contains(&("options/option[1]".into(), Unit::Option)));
        assert!(units.contains(&("options/option[1]/labels/label[1033]".into(), Unit::Label)));
        let role = "<Role id='r' name='Clerk'><RolePrivileges><RolePrivilege name='prvRead' level='Global' />\
            </RolePrivileges></Role>";
        let body = Body { bytes: role.as_bytes().into(), ..Body::default() };
        let role = leaves(&ComponentType::named("role"), &body);
        assert!(role.iter().any(|leaf| leaf.group == "RolePrivileges/RolePrivilege[prvRead]"
            && leaf.unit == Unit::Privilege
            && leaf.path.ends_with("@level")));
    }

    #[test]
    fn l70_labels_in_other_languages_are_not_seen() {
        let column = "<attribute><displaynames><displayname description='A' languagecode='1033' /><displayname \
            description='B' languagecode='1031' /></displaynames><MaxLength>1</MaxLength></attribute>";
        let body = Body { bytes: column.as_bytes().into(), ..Body::default() };
        let all = leaves(&ComponentType::named("attribute"), &body);
        assert_eq!(all.len(), 5);
        let seen = in_languages(all.clone(), &[1033]);
        assert!(seen.iter().all(|leaf| !leaf.path.contains("1031")) && seen.len() == 3);
        assert_eq!(in_languages(all, &[1033, 1031]).len(), 5);
    }

    #[test]
    fn json_definitions_have_leaves_too() {
        let value = r#"{"environmentvariablevalues":{"environmentvariablevalue":
            {"@environmentvariablevalueid":"02b34632","value":"https://contoso.com"}}}"#;
        assert_eq!(
            paths("environmentvariablevalue", value),
            ["@environmentvariablevalueid=02b34632", "value=https://contoso.com"]
        );
    }
}
