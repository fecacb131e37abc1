//! How much of two packages is equal, leaf by leaf: the proof of unpacking, and the judge of everything that writes
//! packages.
//!
//! A leaf is the smallest thing that can be lost: an attribute, a text, a comment, an element that holds nothing, a member
//! file. Leaves have paths in which same-named siblings are told apart by their index, so what moves differs too. Nothing
//! is known about component types, which makes this judge independent of the rules that it judges.
//!
//! Compared are each component (definition, name, home, files), the manifest (roots and missing dependencies as sets),
//! and what no component owns (the document's skeleton, its tables told apart by name, its siblings of one name by what they
//! say, and stray files). White space
//! between elements, line ends and the order of attributes are no content. When one side is a folder, the skeleton is
//! compared section by section, since a tree keeps the shells of its tables elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use strata_model::id::Digest;
use strata_model::package::{Container, Package, PackagedComponent};
use strata_xml::{Element, Node};

/// How much of two packages is equal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fidelity {
    /// Leaves that stand on either side.
    pub leaves: usize,
    /// Those that stand on both sides with one value.
    pub equal: usize,
    /// The others, each as `path: left → right`, in order of components and paths.
    pub differing: Vec<String>,
}

impl Fidelity {
    /// Tells whether nothing differs.
    pub fn is_complete(&self) -> bool {
        self.equal == self.leaves
    }

    /// Returns the share of equal leaves in percent.
    pub fn percent(&self) -> f64 {
        if self.leaves == 0 { 100.0 } else { 100.0 * self.equal as f64 / self.leaves as f64 }
    }
}

impl fmt::Display for Fidelity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} leaves equal", self.equal, self.leaves)?;
        self.differing.iter().take(20).try_for_each(|line| write!(f, "\n  {line}"))?;
        match self.differing.len().checked_sub(20) {
            None | Some(0) => Ok(()),
            Some(more) => write!(f, "\n  … and {more} more"),
        }
    }
}

/// Compares two packages leaf by leaf.
pub fn compare(left: &Package, right: &Package) -> Fidelity {
    let mut fidelity = Fidelity::default();
    let across = (left.container == Container::Folder) != (right.container == Container::Folder);
    let others: BTreeMap<_, _> = right.components.iter().map(|component| (&component.key, component)).collect();
    let mut seen = BTreeSet::new();
    for component in &left.components {
        seen.insert(&component.key);
        let other = others.get(&component.key);
        let other_leaves = other.map(|other| component_leaves(right, other)).unwrap_or_default();
        fidelity.add(&component.key.to_string(), &component_leaves(left, component), &other_leaves);
    }
    for component in right.components.iter().filter(|component| !seen.contains(&component.key)) {
        fidelity.add(&component.key.to_string(), &Leaves::new(), &component_leaves(right, component));
    }
    fidelity.add("solution.xml", &manifest_leaves(left), &manifest_leaves(right));
    fidelity.add("customizations.xml", &skeleton_leaves(left, across), &skeleton_leaves(right, across));
    fidelity.add("stray", &stray_leaves(left, across), &stray_leaves(right, across));
    fidelity
}

/// Values by path.
type Leaves = BTreeMap<String, String>;

impl Fidelity {
    fn add(&mut self, owner: &str, left: &Leaves, right: &Leaves) {
        let paths: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
        for path in paths {
            let (before, after) = (left.get(path), right.get(path));
            self.leaves += 1;
            if before == after {
                self.equal += 1;
            } else {
                self.differing.push(format!("{owner} {path}: {} → {}", shown(before), shown(after)));
            }
        }
    }
}

fn shown(value: Option<&String>) -> String {
    let Some(value) = value else { return "nothing".to_owned() };
    let short: String = value.chars().take(80).collect();
    if short.len() < value.len() { format!("{short:?}…") } else { format!("{short:?}") }
}

fn component_leaves(package: &Package, component: &PackagedComponent) -> Leaves {
    let bytes = package.bytes(&component.definition);
    let mut leaves = document_leaves(&bytes);
    leaves.insert("(name)".to_owned(), component.name.clone());
    if let Some(home) = &component.definition.home {
        leaves.insert("(home)".to_owned(), home.clone());
    }
    for file in &component.definition.files {
        let part = &package.parts[*file];
        leaves.insert(format!("(file {})", part.path), Digest::of(&part.bytes).to_string());
    }
    leaves
}

/// Leaves of XML; what is no XML is one leaf.
fn document_leaves(bytes: &[u8]) -> Leaves {
    let mut leaves = Leaves::new();
    match strata_xml::parse(bytes) {
        Ok(root) => collect(&root, &root.name, &mut leaves),
        Err(_) => {
            leaves.insert("(bytes)".to_owned(), Digest::of(bytes).to_string());
        }
    }
    leaves
}

fn collect(element: &Element, path: &str, leaves: &mut Leaves) {
    // Where a namespace is declared says nothing.
    let attributes: Vec<_> = element.attributes.iter().filter(|(name, _)| !name.starts_with("xmlns")).collect();
    if attributes.is_empty() && element.children.is_empty() {
        leaves.insert(path.to_owned(), String::new());
    }
    for (name, value) in attributes {
        leaves.insert(format!("{path}@{name}"), value.clone());
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for node in &element.children {
        let (name, value) = match node {
            Node::Element(child) => (child.name.as_str(), None),
            Node::Text(text) => ("text()", Some(text)),
            Node::Comment(text) => ("comment()", Some(text)),
        };
        let index = counts.entry(name).or_insert(0);
        *index += 1;
        let below = format!("{path}/{name}[{index}]");
        match (node, value) {
            (Node::Element(child), _) => collect(child, &below, leaves),
            (_, Some(value)) => {
                leaves.insert(below, value.replace("\r\n", "\n"));
            }
            (Node::Text(_) | Node::Comment(_), None) => {}
        }
    }
}

fn manifest_leaves(package: &Package) -> Leaves {
    let slices = &package.residue.slices;
    let bytes: Vec<u8> =
        slices.iter().flat_map(|slice| &package.parts[slice.part].bytes[slice.range.clone()]).copied().collect();
    let Ok(mut root) = strata_xml::parse(&bytes) else { return document_leaves(&bytes) };
    let mut leaves = Leaves::new();
    if let Some(manifest) = root.child_mut("SolutionManifest") {
        for (section, word) in [("RootComponents", "root"), ("MissingDependencies", "missing")] {
            let Some(entries) = manifest.child_mut(section) else { continue };
            for entry in std::mem::take(&mut entries.children) {
                if let Node::Element(entry) = entry {
                    leaves.insert(format!("({word} {})", canonical(&entry)), String::new());
                }
            }
        }
        // A tree of both kinds is read as unmanaged (package-format §7.1).
        if package.container == Container::Folder
            && let Some(managed) = manifest.child_mut("Managed").filter(|managed| managed.text().trim() == "2")
        {
            managed.set_text("0");
        }
    }
    collect(&root, &root.name, &mut leaves);
    leaves
}

/// An element as text, its attributes in order.
fn canonical(element: &Element) -> String {
    let mut leaves = Leaves::new();
    collect(element, &element.name, &mut leaves);
    leaves.iter().map(|(path, value)| format!("{path}={value:?}")).collect::<Vec<_>>().join(" ")
}

fn skeleton_leaves(package: &Package, across: bool) -> Leaves {
    let mut leaves = Leaves::new();
    for part in &package.parts {
        let is_skeleton = part.path.ends_with("#skeleton");
        let Some(mut root) = is_skeleton.then(|| strata_xml::parse(&part.bytes).ok()).flatten() else { continue };
        drop_blanks(&mut root);
        settle(&mut root);
        if across {
            root.elements_mut().for_each(drop_containers);
        }
        let mut rest = root.clone();
        rest.children.clear();
        for node in &root.children {
            match node {
                Node::Element(tables) if tables.name == "Entities" => {
                    leaves.insert("Entities".to_owned(), String::new());
                    if !across {
                        shells(tables, &mut leaves);
                    }
                }
                other => rest.children.push(other.clone()),
            }
        }
        collect(&rest, &rest.name, &mut leaves);
    }
    leaves
}

/// Drops the white space that stood around components which were cut out.
fn drop_blanks(element: &mut Element) {
    element.children.retain(|node| !matches!(node, Node::Text(text) if text.trim().is_empty()));
    element.elements_mut().for_each(drop_blanks);
}

/// Orders siblings of one name by what they say: what the skeleton holds beside containers are components that are there
/// for reference, and those are compared on their own too.
fn settle(element: &mut Element) {
    element.elements_mut().for_each(settle);
    element.children.sort_by_cached_key(|node| match node {
        Node::Element(inner) => (inner.name.clone(), canonical(inner)),
        Node::Text(text) | Node::Comment(text) => (String::new(), text.clone()),
    });
}

/// Drops elements that hold nothing: a tree keeps containers with what was in them.
fn drop_containers(element: &mut Element) {
    element.elements_mut().for_each(drop_containers);
    let is_container =
        |node: &Node| matches!(node, Node::Element(inner) if inner.attributes.is_empty() && inner.children.is_empty());
    element.children.retain(|node| !is_container(node));
}

/// What the skeleton keeps of tables: containers of parts, empty ribbons.
fn shells(tables: &Element, leaves: &mut Leaves) {
    for table in tables.elements() {
        let name = table.child_text("Name").unwrap_or_default().to_lowercase();
        let mut shell = table.clone();
        // Groups of forms are told apart by their kind: their order says nothing.
        for group in shell.child_mut("FormXml").into_iter().flat_map(Element::elements_mut) {
            group.name = format!("forms({})", group.attribute("type").unwrap_or_default());
        }
        collect(&shell, &format!("Entities/{name}"), leaves);
    }
}

fn stray_leaves(package: &Package, across: bool) -> Leaves {
    let paths = package.residue.files.iter().map(|file| &package.parts[*file]);
    let is_made = |path: &str| path.ends_with("#skeleton") || path.eq_ignore_ascii_case("[Content_Types].xml");
    // Empty ribbons and the order of relationships are documents of a tree alone.
    let is_layout = |path: &str| path.starts_with("Entities/") || path == "Other/Relationships.xml";
    let mut leaves = Leaves::new();
    for part in paths.filter(|part| !is_made(&part.path)) {
        match is_layout(&part.path) && package.container == Container::Folder {
            true if across => {}
            true => {
                let own = document_leaves(&part.bytes).into_iter();
                leaves.extend(own.map(|(path, value)| (format!("{} {path}", part.path), value)));
            }
            false => {
                leaves.insert(part.path.clone(), Digest::of(&part.bytes).to_string());
            }
        }
    }
    leaves
}
