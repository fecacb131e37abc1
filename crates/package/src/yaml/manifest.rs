//! `solution.xml` in a tree: one file for each of its large blocks, and the list of what a solution takes from the
//! folders that all solutions share.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::doc::{Doc, Id};
use super::scalar;
use super::sidecar::{DocumentBytes, Sidecar, TableInfo};
use super::xml_in;
use super::yaml_out::{self, XSI};
use crate::{Limits, ReadPackageError};

/// Blocks of the manifest that have files of their own, in the order in which they stand at its end.
pub(crate) const BLOCKS: [(&str, &str); 2] =
    [("RootComponents", "rootcomponents.yml"), ("MissingDependencies", "missingdependencies.yml")];

pub(crate) const MANIFEST: &str = "solution.yml";

/// Tells whether a file of a solution's folder is one of the layout's own.
pub(crate) fn is_manifest(file: &str) -> bool {
    let known = ["solution", "solutioncomponents", "rootcomponents", "missingdependencies", "packaging"];
    super::tree::stem_of(file).is_some_and(|stem| known.iter().any(|known| known.eq_ignore_ascii_case(stem)))
}

/// Attributes that both root files have since 2024.
const SHARED_ATTRIBUTES: [&str; 5] =
    ["OrganizationVersion", "OrganizationSchemaType", "CRMServerServiceabilityVersion", "OrganizationType", "TenantId"];

/// A manifest in pieces.
pub(crate) struct ManifestFiles {
    pub(crate) unique_name: String,
    pub(crate) is_managed: bool,
    /// Behaviors of tables that are roots, by logical name.
    pub(crate) behaviors: BTreeMap<String, u32>,
    /// What the root of `customizations.xml` says when nobody says otherwise.
    pub(crate) usual_root: Vec<(String, String)>,
    /// Files in the solution's folder.
    pub(crate) files: Vec<(&'static str, String)>,
    /// Name and file.
    pub(crate) publisher: Option<(String, String)>,
}

/// Takes a manifest apart.
pub(crate) fn split(
    part: &str,
    bytes: &[u8],
    sidecar: &mut Sidecar,
    limits: &Limits,
) -> Result<ManifestFiles, ReadPackageError> {
    let mut doc = Doc::default();
    let root = xml_in::document(part, bytes, &mut doc, limits)?;
    let facts = DocumentBytes::of(bytes, doc.span(root));
    if facts != DocumentBytes::default() {
        sidecar.documents.insert("solution.xml".to_owned(), facts);
    }
    let missing = |what: &str| ReadPackageError::xml(part, bytes, 0, &format!("the manifest has no {what}"));
    let manifest = doc.child(root, "SolutionManifest").ok_or_else(|| missing("SolutionManifest"))?;
    let unique_name = doc.child_text(manifest, "UniqueName").ok_or_else(|| missing("UniqueName"))?;
    let mut files = ManifestFiles {
        unique_name,
        is_managed: doc.child_text(manifest, "Managed").as_deref() == Some("1"),
        behaviors: behaviors(&doc, manifest),
        usual_root: usual_root(&doc, root),
        files: Vec::new(),
        publisher: None,
    };
    let children: Vec<_> = doc.children(manifest).collect();
    let is_block = |doc: &Doc<'_>, id: Id| BLOCKS.iter().position(|(name, _)| *name == doc.name(id));
    let kept: Vec<_> = children.iter().copied().filter(|id| is_block(&doc, *id).is_none()).collect();
    let blocks: Vec<_> = children.iter().copied().filter(|id| is_block(&doc, *id).is_some()).collect();
    let folder = format!("solutions/{}", super::path::encode(&files.unique_name));
    let ranks: Vec<_> = children.iter().filter_map(|id| is_block(&doc, *id)).collect();
    let are_last = kept.iter().chain(&blocks).eq(children.iter()) && ranks.is_sorted_by(|l, r| l < r);
    if !are_last {
        let names = children.iter().map(|id| doc.name(*id).to_owned()).collect();
        sidecar.orders.insert("SolutionManifest".to_owned(), names);
    }
    for block in blocks {
        let (_, file) = BLOCKS[is_block(&doc, block).unwrap_or(0)];
        let mut yaml = String::new();
        let arrangements = yaml_out::write(&mut doc, block, &mut yaml);
        sidecar.arrange(&format!("{folder}/{file}"), arrangements);
        files.files.push((file, yaml));
    }
    doc.set_children(manifest, &kept);
    files.publisher = take_publisher(&mut doc, manifest, sidecar);
    let mut yaml = String::new();
    let arrangements = yaml_out::write(&mut doc, root, &mut yaml);
    sidecar.arrange(&format!("{folder}/{MANIFEST}"), arrangements);
    files.files.push((MANIFEST, yaml));
    Ok(files)
}

/// Returns the attributes that the other root file gets from this one's root.
pub(crate) fn usual_root(doc: &Doc<'_>, root: Id) -> Vec<(String, String)> {
    let shared = |name: &&str| Some(((*name).to_owned(), doc.attribute(root, name)?.to_owned()));
    let xsi = ("xmlns:xsi".to_owned(), XSI.to_owned());
    std::iter::once(xsi).chain(SHARED_ATTRIBUTES.iter().filter_map(shared)).collect()
}

/// Returns what a root of this behavior brings of its table.
pub(crate) fn usual_info(behavior: u32, is_listed: bool) -> TableInfo {
    let shell = behavior == 2 || (behavior == 1 && !is_listed);
    if shell { TableInfo::Columns } else { TableInfo::Full }
}

/// Returns the behaviors of the tables among the roots.
pub(crate) fn behaviors(doc: &Doc<'_>, manifest: Id) -> BTreeMap<String, u32> {
    let roots = doc.child(manifest, "RootComponents");
    roots.map(|roots| behaviors_of(doc, roots)).unwrap_or_default()
}

pub(crate) fn behaviors_of(doc: &Doc<'_>, roots: Id) -> BTreeMap<String, u32> {
    let tables = doc.children(roots).filter(|root| doc.attribute(*root, "type") == Some("1"));
    let behavior = |root: Id| {
        let behavior = doc.attribute(root, "behavior").and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        Some((doc.attribute(root, "schemaName")?.to_lowercase(), behavior))
    };
    tables.filter_map(behavior).collect()
}

/// Takes the publisher out; its name stays.
fn take_publisher(doc: &mut Doc<'_>, manifest: Id, sidecar: &mut Sidecar) -> Option<(String, String)> {
    let publisher = doc.child(manifest, "Publisher")?;
    let name = doc.child_text(publisher, "UniqueName")?;
    let mut yaml = String::new();
    let arrangements = yaml_out::write(doc, publisher, &mut yaml);
    let file = format!("publishers/{}/publisher.yml", super::path::encode(&name));
    sidecar.arrange(&file, arrangements);
    let names: Vec<_> = doc.children(publisher).filter(|id| doc.name(*id) == "UniqueName").take(1).collect();
    doc.set_children(publisher, &names);
    doc.set_attributes(publisher, Vec::<(Cow<'_, str>, Cow<'_, str>)>::new());
    Some((name, yaml))
}

/// Writes the list of paths that a solution takes.
pub(crate) fn component_list(entries: &BTreeSet<String>) -> String {
    let mut sorted: Vec<_> = entries.iter().collect();
    sorted.sort_by_key(|entry| (entry.to_lowercase(), *entry));
    let mut out = "SolutionComponents:\n".to_owned();
    match sorted.as_slice() {
        [] => {}
        [one] => {
            out.push_str("  Component:\n    '@path': ");
            scalar::write(one, 6, &mut out);
            out.push('\n');
        }
        many => {
            out.push_str("  Component:\n");
            for entry in many {
                out.push_str("  - '@path': ");
                scalar::write(entry, 6, &mut out);
                out.push('\n');
            }
        }
    }
    out
}
