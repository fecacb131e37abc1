//! Reads the trees of `examples/`.

use std::fs;
use std::path::{Path, PathBuf};

/// Names of the trees, each before those that build on it.
pub const NAMES: [&str; 5] =
    ["contoso-core-1.0", "contoso-core-1.1", "contoso-sales-1.0", "fabrikam-addon-1.0", "contoso-hotfix"];

/// Returns the folder of a tree.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name)
}

/// Returns path below the tree's root, with `/`, and content of each file, in path order.
///
/// # Panics
///
/// When there is no such tree.
pub fn files(name: &str) -> Vec<(String, Vec<u8>)> {
    let root = path(name);
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let below = path.strip_prefix(&root).expect("listed below the root");
                let name = below.to_string_lossy().replace('\\', "/");
                files.push((name, fs::read(&path).expect("a readable file")));
            }
        }
    }
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use strata_xml::Element;

    use super::*;

    fn parsed(name: &str) -> Vec<(String, Element)> {
        files(name)
            .into_iter()
            .filter(|(path, _)| path.ends_with(".xml"))
            .map(|(path, bytes)| {
                let element = strata_xml::parse(&bytes).unwrap_or_else(|error| panic!("{name}/{path}: {error:?}"));
                (path, element)
            })
            .collect()
    }

    /// Type and identity, folded, of each root.
    fn roots(solution: &Element) -> BTreeSet<(String, String)> {
        let roots = solution.descend(&["SolutionManifest", "RootComponents"]).expect("roots");
        roots
            .elements()
            .map(|root| {
                let identity = root.attribute("schemaName").or(root.attribute("id")).expect("an identity");
                (root.attribute("type").expect("a type").to_owned(), identity.to_lowercase())
            })
            .collect()
    }

    /// What [`roots`] must hold because the tree defines it (L66), tables included.
    fn definitions(tree: &[(String, Element)]) -> BTreeSet<(String, String)> {
        tree.iter()
            .filter_map(|(path, element)| {
                let folder = path.split('/').next().unwrap_or_default();
                let (number, identity) = match (folder, element.name.as_str()) {
                    ("Entities", "Entity") => ("1", element.child_text("Name")),
                    ("OptionSets", _) => ("9", element.attribute("Name").map(str::to_owned)),
                    ("Roles", _) => ("20", element.attribute("id").map(str::to_owned)),
                    ("Workflows", _) => ("29", element.attribute("WorkflowId").map(str::to_owned)),
                    ("WebResources", _) => ("61", element.child_text("Name")),
                    _ => return None,
                };
                Some((number.to_owned(), identity.expect("an identity").to_lowercase()))
            })
            .collect()
    }

    #[test]
    fn l66_roots_and_definitions_agree() {
        for name in NAMES {
            let tree = parsed(name);
            let (_, solution) = tree.iter().find(|(path, _)| path == "Other/Solution.xml").expect("a manifest");
            assert_eq!(roots(solution), definitions(&tree), "{name}");
        }
    }

    #[test]
    fn payloads_lie_beside_their_elements() {
        for name in NAMES {
            let paths: BTreeSet<_> = files(name).into_iter().map(|(path, _)| path).collect();
            for path in paths.iter().filter_map(|path| path.strip_suffix(".data.xml")) {
                assert!(paths.contains(path), "{name}/{path}");
            }
        }
    }

    #[test]
    fn relationship_bodies_are_listed() {
        for name in NAMES {
            let tree = parsed(name);
            let names = |is_wanted: &dyn Fn(&str) -> bool| -> BTreeSet<String> {
                let bodies = tree.iter().filter(|(path, _)| is_wanted(path));
                bodies
                    .flat_map(|(_, element)| element.elements())
                    .filter_map(|item| item.attribute("Name"))
                    .map(str::to_owned)
                    .collect()
            };
            let listed = names(&|path| path == "Other/Relationships.xml");
            assert_eq!(listed, names(&|path| path.starts_with("Other/Relationships/")), "{name}");
        }
    }

    #[test]
    fn notes_tells_its_story() {
        let lengths = NAMES.map(|name| {
            let tree = parsed(name);
            let (_, table) =
                tree.iter().find(|(path, _)| path == "Entities/contoso_order/Entity.xml").expect("the table");
            let columns = table.descend(&["EntityInfo", "entity", "attributes"]).expect("columns");
            let notes = columns.elements().find(|column| column.attribute("PhysicalName") == Some("contoso_notes"));
            notes.and_then(|column| column.child_text("MaxLength")).expect("a length")
        });
        assert_eq!(lengths, ["100", "400", "250", "100", "500"]);
    }
}
