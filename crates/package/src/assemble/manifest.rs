//! `solution.xml`: what the manifest says anew is written into the skeleton's, everything else is copied.

use std::collections::BTreeMap;

use strata_model::component::{ComponentKey, ComponentType};
use strata_model::dependency::{DependencySide, MissingDependency, Provider};
use strata_model::package::{Manifest, Mode, PackagedPublisher, RootComponent};
use strata_model::publisher::Details;
use strata_model::version::Version;
use strata_xml::{Element, Node as XmlNode, escape_attribute};

use super::AssembleError;
use super::layout::Layout;
use super::plain;
use crate::node::{Node, element_start};
use crate::places::Place;
use crate::solution_xml;

const PART: &str = "solution.xml";

/// Children of the manifest in the order in which exports have them.
const CHILDREN: [&str; 9] = [
    "UniqueName",
    "LocalizedNames",
    "Descriptions",
    "Version",
    "Managed",
    "ParentSolution",
    "Publisher",
    "RootComponents",
    "MissingDependencies",
];

/// Writes a manifest over the one of a skeleton.
pub(super) fn write(skeleton: &[u8], manifest: &Manifest) -> Result<Vec<u8>, AssembleError> {
    let damaged = |error: crate::ReadPackageError| AssembleError { message: error.to_string() };
    let before = solution_xml::read(PART, skeleton).map_err(damaged)?;
    let bytes = &skeleton[element_start(skeleton, if skeleton.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 })..];
    let root = children(bytes)?;
    let own =
        root.child("SolutionManifest").ok_or_else(|| AssembleError { message: "no SolutionManifest".to_owned() })?;
    let inside = &bytes[own.start..own.end];
    let node = children(inside)?;
    let writer = Writer { before, after: manifest, layout: Layout::of(bytes) };
    let mut out = bytes[..own.start].to_vec();
    out.extend(&inside[..node.inside]);
    let mut rest = CHILDREN.iter().peekable();
    for child in &node.children {
        let known = CHILDREN.iter().position(|name| *name == child.name);
        while let Some(missing) = rest.next_if(|name| known.is_some_and(|known| rank(name) < known)) {
            if node.child(missing).is_none() {
                writer.add(missing, &mut out)?;
            }
        }
        writer.child(child, &mut out)?;
    }
    for missing in rest.filter(|name| node.child(name).is_none()) {
        writer.add(missing, &mut out)?;
    }
    out.extend(&inside[node.tail..]);
    out.extend(&bytes[own.end..root.end]);
    Ok(out)
}

fn rank(name: &str) -> usize {
    CHILDREN.iter().position(|known| *known == name).unwrap_or(CHILDREN.len())
}

/// Takes an element apart into its children.
fn children(bytes: &[u8]) -> Result<Node<'_>, AssembleError> {
    Node::read(bytes, Place::Items(""))
        .map_err(|error| AssembleError::damaged(PART, bytes, error.offset, &error.message))
}

struct Writer<'a> {
    before: Manifest,
    after: &'a Manifest,
    layout: Layout,
}

impl Writer<'_> {
    /// Writes a child that the skeleton has.
    fn child(&self, child: &Node<'_>, out: &mut Vec<u8>) -> Result<(), AssembleError> {
        let own = &child.bytes[child.start..child.end];
        match self.changed(child.name, Some(own))? {
            None => out.extend(child.whole()),
            Some(text) if text.is_empty() => {}
            Some(text) => {
                out.extend(self.layout.lead(child, 2));
                self.lines(&text, out);
            }
        }
        Ok(())
    }

    /// Writes a child that the skeleton lacks, where the manifest says something there.
    fn add(&self, name: &str, out: &mut Vec<u8>) -> Result<(), AssembleError> {
        if let Some(text) = self.changed(name, None)?.filter(|text| !text.is_empty()) {
            self.layout.line(2, out);
            self.lines(&text, out);
        }
        Ok(())
    }

    fn lines(&self, lines: &[String], out: &mut Vec<u8>) {
        for (index, line) in lines.iter().enumerate() {
            match index {
                0 => {}
                _ => self.layout.line(2, out),
            }
            out.extend(if self.layout.has_lines() { line.as_bytes() } else { line.trim_start().as_bytes() });
        }
    }

    /// Returns the lines of a child that says something new, none where it goes.
    fn changed(&self, name: &str, own: Option<&[u8]>) -> Result<Option<Vec<String>>, AssembleError> {
        let (before, after) = (&self.before, self.after);
        let text = |is_same: bool, text: &str| (!is_same).then(|| vec![format!("<{name}>{}</{name}>", escaped(text))]);
        Ok(match name {
            "UniqueName" => text(before.unique_name == after.unique_name, &after.unique_name),
            "Version" => text(before.version.as_str() == after.version.as_str(), after.version.as_str()),
            "Managed" => {
                let is_managed = after.mode == Mode::Managed;
                let is_same = before.mode != Mode::Both && (before.mode == Mode::Managed) == is_managed;
                text(is_same, if is_managed { "1" } else { "0" })
            }
            "LocalizedNames" if before.friendly_name != after.friendly_name => Some(vec![self.names(own)]),
            "ParentSolution" if before.parent_solution != after.parent_solution => Some(parent(after)),
            "Publisher" if before.publisher != after.publisher => Some(self.publisher(own)),
            "RootComponents" if !is_same_set(&before.root_components, &after.root_components) => Some(self.roots(own)?),
            "MissingDependencies" if !is_same_set(&before.missing_dependencies, &after.missing_dependencies) => {
                Some(self.missing(own)?)
            }
            _ => None,
        })
    }

    /// Details change where they stand; who the publisher is changes it all.
    fn publisher(&self, own: Option<&[u8]>) -> Vec<String> {
        let bare = |publisher: &PackagedPublisher| PackagedPublisher { details: Details::new(), ..publisher.clone() };
        let (after, language) = (&self.after.publisher, self.after.base_language);
        let tree = own.and_then(|own| strata_xml::parse(own).ok());
        let tree = tree.filter(|_| bare(&self.before.publisher) == bare(after));
        let written = tree.map(|tree| strata_xml::write(&plain::with_details(tree, &after.details, language)));
        match written.and_then(|bytes| String::from_utf8(bytes).ok()) {
            Some(line) => vec![line],
            None => plain::publisher(after, language),
        }
    }

    /// The label in the base language is another one.
    fn names(&self, own: Option<&[u8]>) -> String {
        let read = own.and_then(|own| strata_xml::parse(own).ok());
        let mut names = read.unwrap_or_else(|| Element::new("LocalizedNames"));
        let language = self.after.base_language.to_string();
        let is_own = |name: &&mut Element| name.attribute("languagecode") == Some(&language);
        if let Some(name) = names.elements_mut().find(is_own) {
            name.set_attribute("description", &self.after.friendly_name);
        } else {
            let mut name = Element::new("LocalizedName");
            name.set_attribute("description", &self.after.friendly_name);
            name.set_attribute("languagecode", &language);
            names.children.push(XmlNode::Element(name));
        }
        String::from_utf8_lossy(&strata_xml::write(&names)).into_owned()
    }

    fn roots(&self, own: Option<&[u8]>) -> Result<Vec<String>, AssembleError> {
        let mut kept: BTreeMap<ComponentKey, (RootComponent, String)> = BTreeMap::new();
        for (element, text) in elements(own)? {
            if let Some(root) = solution_xml::root(&element) {
                kept.insert(root.key.clone(), (root, text));
            }
        }
        let line = |root: &RootComponent| match kept.get(&root.key).filter(|(known, _)| known == root) {
            Some((_, text)) => text.clone(),
            None => root_line(root),
        };
        Ok(wrapped("RootComponents", self.after.root_components.iter().map(|root| vec![line(root)])))
    }

    fn missing(&self, own: Option<&[u8]>) -> Result<Vec<String>, AssembleError> {
        let mut kept: BTreeMap<(ComponentKey, ComponentKey), (MissingDependency, String)> = BTreeMap::new();
        for (element, text) in elements(own)? {
            if let Some(missing) = solution_xml::missing_dependency(&element) {
                let pair = (missing.required.key.clone(), missing.dependent.key.clone());
                kept.entry(pair).or_insert((missing, text));
            }
        }
        let lines = |missing: &MissingDependency| {
            let pair = (missing.required.key.clone(), missing.dependent.key.clone());
            match kept.get(&pair).filter(|(known, _)| known == missing) {
                Some((_, text)) => vec![text.clone()],
                None => missing_lines(missing),
            }
        };
        Ok(wrapped("MissingDependencies", self.after.missing_dependencies.iter().map(lines)))
    }
}

/// The elements inside one, read and as they stand.
fn elements(own: Option<&[u8]>) -> Result<Vec<(Element, String)>, AssembleError> {
    let Some(own) = own else { return Ok(Vec::new()) };
    let node = children(own)?;
    let read = |child: &Node<'_>| {
        let text = &own[child.start..child.end];
        let element = strata_xml::parse(text).ok()?;
        Some((element, String::from_utf8_lossy(text).into_owned()))
    };
    Ok(node.children.iter().filter_map(read).collect())
}

fn wrapped(name: &str, entries: impl Iterator<Item = Vec<String>>) -> Vec<String> {
    let mut lines = vec![format!("<{name}>")];
    lines.extend(entries.flatten().map(|line| format!("  {line}")));
    if lines.len() == 1 {
        return vec![format!("<{name} />")];
    }
    lines.push(format!("</{name}>"));
    lines
}

fn is_same_set<T: PartialEq>(left: &[T], right: &[T]) -> bool {
    left == right || (left.len() == right.len() && left.iter().all(|one| right.contains(one)))
}

fn escaped(text: &str) -> String {
    escape_attribute(text)
}

fn parent(manifest: &Manifest) -> Vec<String> {
    let Some((name, version)) = &manifest.parent_solution else { return Vec::new() };
    let mut lines = vec!["<ParentSolution>".to_owned(), format!("  <UniqueName>{}</UniqueName>", escaped(name))];
    lines.extend(version.iter().map(|version| format!("  <Version>{version}</Version>")));
    lines.push("</ParentSolution>".to_owned());
    lines
}

/// Type, id and name, behavior (package-format §2.3).
fn root_line(root: &RootComponent) -> String {
    let mut line = format!("<RootComponent type=\"{}\"", type_of(&root.key.component_type).0);
    if let Some(id) = root.id {
        line.push_str(&format!(" id=\"{{{id}}}\""));
    }
    if let Some(name) = &root.schema_name {
        line.push_str(&format!(" schemaName=\"{}\"", escaped(name)));
    }
    line.push_str(&format!(" behavior=\"{}\" />", u8::from(root.behavior)));
    line
}

/// Package-format §2.4.
fn missing_lines(missing: &MissingDependency) -> Vec<String> {
    let solution = match &missing.provider {
        Provider::System => Some("System (5.0)".to_owned()),
        Provider::Active => Some("Active".to_owned()),
        Provider::Solution { unique_name, version } => Some(versioned(unique_name, version.as_ref())),
        Provider::Unknown => None,
    };
    let required = side("Required", &missing.required, solution.as_deref());
    let mut lines = vec!["<MissingDependency>".to_owned()];
    match &missing.application {
        Some((name, version)) => {
            lines.push(format!("  {required}>"));
            lines.push(format!("    <package>{}</package>", escaped(&versioned(name, version.as_ref()))));
            lines.push("  </Required>".to_owned());
        }
        None => lines.push(format!("  {required} />")),
    }
    lines.push(format!("  {} />", side("Dependent", &missing.dependent, None)));
    lines.push("</MissingDependency>".to_owned());
    lines
}

fn versioned(name: &str, version: Option<&Version>) -> String {
    version.map_or_else(|| name.to_owned(), |version| format!("{name} ({version})"))
}

/// One side without the end of its tag.
fn side(element: &str, side: &DependencySide, solution: Option<&str>) -> String {
    let (written, key_path) = type_of(&side.key.component_type);
    let mut line = format!("<{element} type=\"{written}\"");
    let mut attribute = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            line.push_str(&format!(" {name}=\"{}\"", escaped(value)));
        }
    };
    attribute("schemaName", side.schema_name.as_deref().filter(|_| key_path.is_none()));
    attribute("displayName", side.display_name.as_deref());
    attribute("parentSchemaName", side.parent_schema_name.as_deref());
    attribute("parentDisplayName", side.parent_display_name.as_deref());
    attribute("solution", solution);
    let id = side.id.map(|id| format!("{{{id}}}")).filter(|_| key_path.is_none());
    attribute("id", id.as_deref());
    if let Some(path) = key_path {
        let key = side.schema_name.as_deref().unwrap_or(side.key.as_str());
        attribute(&format!("id.{path}"), Some(key));
    }
    line
}

/// Tables whose rows are components, as manifests spell them, with the column that is the key.
const SPELLED: [(&str, &str, &str); 11] = [
    ("environmentvariabledefinition", "EnvironmentVariableDefinition", "schemaname"),
    ("environmentvariablevalue", "EnvironmentVariableValue", "schemaname"),
    ("customapi", "CustomAPI", "uniquename"),
    ("customapirequestparameter", "CustomAPIRequestParameter", "uniquename"),
    ("customapiresponseproperty", "CustomAPIResponseProperty", "uniquename"),
    ("connectionreference", "connectionreference", "connectionreferencelogicalname"),
    ("maskingrule", "MaskingRule", "name"),
    ("attributemaskingrule", "AttributeMaskingRule", "uniquename"),
    ("settingdefinition", "SettingDefinition", "uniquename"),
    ("bot", "bot", "schemaname"),
    ("botcomponent", "botcomponent", "schemaname"),
];

/// Returns how a type is written: a number, or a table's name with the column that is its key.
fn type_of(component_type: &ComponentType) -> (String, Option<String>) {
    let name = component_type.name();
    if let Some((_, written, key)) = SPELLED.iter().find(|(known, ..)| *known == name) {
        return ((*written).to_owned(), Some((*key).to_owned()));
    }
    match component_type.number() {
        Some(number) => (number.to_string(), None),
        None => (name.to_owned(), Some(format!("{name}id"))),
    }
}
