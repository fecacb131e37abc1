//! Every zip and tree of the corpus.

use std::collections::BTreeSet;

use strata_model::package::Package;
use strata_package::{Limits, read, read_parts};
use strata_testkit::corpus::Corpus;

use crate::{each_tree, each_zip};

#[test]
fn d4_every_component_has_a_key_of_its_own() {
    let check = |path: &str, package: &Package| {
        let mut keys = BTreeSet::new();
        for component in &package.components {
            assert!(keys.insert(component.key.clone()), "{path}: {} twice", component.key);
            // A second default configuration of one table has nothing else to be told apart by.
            let is_numbered = component.key.component_type.is("customcontroldefaultconfig");
            let has_identity = !component.name.contains('#') || component.name.contains('!') || is_numbered;
            assert!(has_identity, "{path}: {} has no identity", component.key);
        }
        assert!(!package.components.is_empty(), "{path}");
    };
    each_zip(check);
    each_tree(check);
}

#[test]
fn a_zip_and_its_unpacked_tree_hold_the_same_components() {
    let Some(corpus) = Corpus::find() else { return };
    let zip = corpus.packages().find(|sample| sample.path.contains("customHIL")).expect("the zip");
    let tree = corpus.trees().find(|tree| tree.path.contains("customHIL")).expect("the tree");
    let zip = read(zip.bytes, &Limits::default()).expect("a package");
    let tree = read_parts(tree.files, &Limits::default()).expect("a package");
    let inventory = |package: &Package| {
        let shown = |component: &strata_model::package::PackagedComponent| {
            let files: Vec<_> =
                component.definition.files.iter().map(|file| package.parts[*file].path.clone()).collect();
            (component.key.clone(), component.id, component.display_name.clone(), files)
        };
        let mut shown: Vec<_> = package.components.iter().map(shown).collect();
        shown.sort();
        shown
    };
    assert_eq!(inventory(&zip), inventory(&tree));
}

#[test]
fn trees_in_the_yaml_layout_are_read_like_any_other() {
    let Some(corpus) = Corpus::find() else { return };
    for tree in corpus.yaml_trees() {
        let package =
            read_parts(tree.files, &Limits::default()).unwrap_or_else(|error| panic!("{}: {error}", tree.path));
        assert_eq!(package.container, strata_model::package::Container::Folder);
        assert_eq!((package.manifest.unique_name.as_str(), package.notes.len()), ("output", 0), "{}", tree.path);
        let tables = package.of_type(&strata_model::component::ComponentType::named("entity")).count();
        assert_eq!(tables, 2, "{}", tree.path);
    }
}

#[test]
fn df4_every_binary_of_the_corpus_belongs_to_a_flow_of_its_package() {
    let mut binaries = 0;
    each_zip(|path, package| {
        let flows: BTreeSet<_> = package.components.iter().map(|component| &component.key).collect();
        for binary in package.components.iter().filter(|component| component.key.component_type.is("desktopflowbinary"))
        {
            let flow = binary.parent.as_ref().unwrap_or_else(|| panic!("{path}: {} has no flow", binary.key));
            assert!(flow.component_type.is("workflow") && flows.contains(flow), "{path}: {}", binary.key);
            // A row may lack its file, but never has two.
            assert!(binary.definition.files.len() <= 1, "{path}: {}", binary.key);
            binaries += 1;
        }
    });
    assert!(binaries > 100 || Corpus::find().is_none(), "{binaries}");
}
