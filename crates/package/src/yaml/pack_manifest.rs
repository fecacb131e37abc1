//! `solution.xml` again in one piece, and what it says to the rest of packing.

use std::collections::BTreeMap;

use super::doc::{Doc, Id};
use super::manifest::{self, BLOCKS, MANIFEST};
use super::pack::{Missing, Pack, PackOptions};
use super::sidecar::DocumentBytes;
use super::{pack_table, path, xml_out};
use crate::ReadPackageError;

/// What the manifest says to the rest.
pub(super) struct Head {
    pub(super) xml: String,
    pub(super) is_managed: bool,
    pub(super) behaviors: BTreeMap<String, u32>,
    pub(super) usual_root: Vec<(String, String)>,
    pub(super) roots: Vec<Root>,
}

/// A root component, in lower case and without braces.
pub(super) struct Root {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) id: String,
}

impl<'t> Pack<'_, 't> {
    pub(super) fn manifest(&mut self, options: &PackOptions) -> Result<Head, ReadPackageError> {
        let folder = self.folder.clone();
        let stem = |file: &str| format!("{folder}/{}", file.trim_end_matches(".yml"));
        let missing = |what: String| ReadPackageError::not_a_package(format!("the tree has no {what}"));
        let index = self.tree.find_yaml(&stem(MANIFEST)).ok_or_else(|| missing(format!("{folder}/{MANIFEST}")))?;
        let mut doc = Doc::default();
        self.packed.manifest = self.tree.source(index);
        let root = self.read(&mut doc, index)?;
        let expects = |what: &str| {
            let code = strata_model::code::ErrorCode::IMPORT_INVALID_XML;
            ReadPackageError::new(code, format!("{what} is expected")).in_part(&self.tree.source(index)).at_line(1, 1)
        };
        let manifest = doc.child(root, "SolutionManifest").filter(|_| doc.name(root) == "ImportExportXml");
        let manifest = manifest.ok_or_else(|| expects("ImportExportXml with a SolutionManifest"))?;
        let name = doc.child_text(manifest, "UniqueName").ok_or_else(|| expects("a UniqueName"))?;
        let own = path::decode(path::file_name(&folder));
        if !name.eq_ignore_ascii_case(&own) {
            return Err(expects(&format!("the UniqueName {own}, as the folder says, and not {name}: it")));
        }
        let managed = doc.child(manifest, "Managed");
        let said = managed.map(|managed| doc.text(managed).trim().to_owned()).unwrap_or_default();
        let is_managed = options.managed.unwrap_or(said == "1");
        let wanted = if is_managed { "1" } else { "0" };
        if let Some(managed) = managed.filter(|_| said != wanted && !(said.is_empty() && options.managed.is_none())) {
            doc.set_children(managed, &[]);
            doc.append_text(managed, wanted);
        }
        self.publisher(&mut doc, manifest)?;
        for (block, file) in BLOCKS {
            let Some(index) = self.tree.find_yaml(&stem(file)) else { continue };
            let id = self.read(&mut doc, index)?;
            if doc.name(id) != block {
                return Err(self.wrong_root(&doc, id, index, block));
            }
            doc.append(manifest, id);
        }
        if let Some(order) = self.sidecar.orders.get("SolutionManifest") {
            pack_table::reorder(&mut doc, manifest, order, super::table::usual_order);
        }
        let behaviors = manifest::behaviors(&doc, manifest);
        let facts = self.sidecar.documents.get("solution.xml").cloned().unwrap_or_default();
        let write = |doc: &Doc<'_>| in_document(&facts, |out| xml_out::write(doc, root, 0, facts.newline, out));
        let mut xml = write(&doc);
        // Elements declared the prefix; now the root does.
        if xml.contains(" xsi:") && !xml.contains("xmlns:xsi") {
            let mut attributes = doc.attributes(root).to_vec();
            attributes.push(("xmlns:xsi".into(), super::yaml_out::XSI.into()));
            doc.set_attributes(root, attributes);
            xml = write(&doc);
        }
        Ok(Head {
            xml,
            is_managed,
            behaviors,
            usual_root: manifest::usual_root(&doc, root),
            roots: roots(&doc, manifest),
        })
    }

    /// Puts the publisher's own file in the place of its name.
    fn publisher(&mut self, doc: &mut Doc<'t>, manifest: Id) -> Result<(), ReadPackageError> {
        let Some(id) = doc.child(manifest, "Publisher") else { return Ok(()) };
        let Some(name) = doc.child_text(id, "UniqueName") else { return Ok(()) };
        let stem = format!("publishers/{}/publisher", path::encode(&name));
        let Some(index) = self.tree.find_yaml(&stem) else {
            // A manifest that holds the whole publisher needs no file.
            if doc.children(id).count() <= 1 {
                self.packed.missing.push(Missing {
                    file: format!("{}/{MANIFEST}", self.folder),
                    line: None,
                    member: None,
                    message: format!("names the publisher {name}, but {stem}.yml is not there"),
                });
            }
            return Ok(());
        };
        let whole = self.read(doc, index)?;
        let found = doc.child_text(whole, "UniqueName").unwrap_or_default();
        if doc.name(whole) != "Publisher" || !found.eq_ignore_ascii_case(&name) {
            return Err(self.wrong_root(doc, whole, index, &format!("the Publisher {name}")));
        }
        let children: Vec<_> = doc.children(manifest).map(|child| if child == id { whole } else { child }).collect();
        doc.set_children(manifest, &children);
        Ok(())
    }
}

fn in_document(facts: &DocumentBytes, write: impl FnOnce(&mut String)) -> String {
    let mut out = facts.head.clone();
    write(&mut out);
    out.push_str(&facts.tail);
    out
}

fn roots(doc: &Doc<'_>, manifest: Id) -> Vec<Root> {
    let Some(roots) = doc.child(manifest, "RootComponents") else { return Vec::new() };
    let said = |root: Id, name: &str| doc.attribute(root, name).unwrap_or_default().to_lowercase();
    let root = |root: Id| Root {
        kind: said(root, "type"),
        name: said(root, "schemaName"),
        id: said(root, "id").trim_matches(['{', '}']).to_owned(),
    };
    doc.children(roots).filter(|id| doc.is_element(*id)).map(root).collect()
}
