//! Every zip and tree of the corpus.

use std::collections::BTreeSet;

use strata_model::package::Package;
use strata_package::{Limits, read, read_parts};
use strata_testkit::corpus::Corpus;
use strata_xml::Element;

fn each_zip(mut check: impl FnMut(&str, &Package)) {
    let Some(corpus) = Corpus::find() else { return };
    for sample in corpus.packages() {
        let package = read(sample.bytes, &Limits::default()).unwrap_or_else(|error| panic!("{}: {error}", sample.path));
        check(&sample.path, &package);
    }
}

fn each_tree(mut check: impl FnMut(&str, &Package)) {
    let Some(corpus) = Corpus::find() else { return };
    for tree in corpus.trees() {
        let package =
            read_parts(tree.files, &Limits::default()).unwrap_or_else(|error| panic!("{}: {error}", tree.path));
        check(&tree.path, &package);
    }
}

#[test]
fn d3_every_definition_is_well_formed_and_keys_are_unique() {
    let check = |path: &str, package: &Package| {
        let mut keys = BTreeSet::new();
        for component in &package.components {
            assert!(keys.insert(component.key.clone()), "{path}: {} twice", component.key);
            // A second default configuration of one table has nothing else to be told apart by.
            let is_numbered = component.key.component_type.is("customcontroldefaultconfig");
            let has_identity = !component.name.contains('#') || component.name.contains('!') || is_numbered;
            assert!(has_identity, "{path}: {} has no identity", component.key);
            let bytes = package.bytes(&component.definition);
            if bytes.first() != Some(&b'{') {
                strata_xml::parse(&bytes).unwrap_or_else(|error| panic!("{path}: {}: {error}", component.key));
            }
        }
        assert!(!package.components.is_empty(), "{path}");
    };
    each_zip(check);
    each_tree(check);
}

#[test]
fn d3_nothing_is_dropped() {
    let check = |path: &str, package: &Package| {
        let mut owned = vec![false; package.parts.len()];
        let definitions = package.components.iter().map(|component| &component.definition);
        for definition in definitions.chain([&package.residue]) {
            definition.slices.iter().for_each(|slice| owned[slice.part] = true);
            definition.files.iter().for_each(|file| owned[*file] = true);
        }
        for (part, owned) in package.parts.iter().zip(owned) {
            let is_replaced = part.path.to_lowercase().ends_with("customizations.xml");
            let is_list = part.path == "Other/Relationships.xml";
            assert!(owned || is_replaced || is_list, "{path}: nobody owns {}", part.path);
        }
    };
    each_zip(check);
    each_tree(check);
}

#[test]
fn d3_components_and_skeleton_make_up_the_whole_document() {
    each_zip(|path, package| {
        let customizations = package
            .parts
            .iter()
            .position(|part| part.path.eq_ignore_ascii_case("customizations.xml"))
            .expect("a root file");
        let mut covered = vec![false; package.parts[customizations].bytes.len()];
        for component in &package.components {
            for slice in component.definition.slices.iter().filter(|slice| slice.part == customizations) {
                covered[slice.range.clone()].fill(true);
            }
        }
        let skeleton = package.parts.iter().find(|part| part.path.ends_with("#skeleton")).expect("a skeleton");
        let text = |bytes: &mut dyn Iterator<Item = u8>| bytes.filter(|byte| !byte.is_ascii_whitespace()).count();
        let whole = text(&mut package.parts[customizations].bytes.iter().copied());
        let components = text(
            &mut package.parts[customizations].bytes.iter().zip(&covered).filter(|(_, c)| **c).map(|(byte, _)| *byte),
        );
        let rest = text(&mut skeleton.bytes.iter().copied());
        assert!(components + rest >= whole, "{path}: {components} + {rest} < {whole}");
        strata_xml::parse(&skeleton.bytes).unwrap_or_else(|error| panic!("{path}: {error}"));
    });
}

/// Counts elements by a path of names (`*` is any name).
fn count(element: &Element, path: &[&str]) -> usize {
    let Some((next, rest)) = path.split_first() else { return 1 };
    element.elements().filter(|child| *next == "*" || child.name == *next).map(|child| count(child, rest)).sum()
}

#[test]
fn the_inventory_is_what_a_plain_walk_counts() {
    let expected: [(&str, &[&[&str]]); 14] = [
        ("entity", &[&["Entities", "Entity"]]),
        ("attribute", &[&["Entities", "Entity", "EntityInfo", "entity", "attributes", "attribute"]]),
        (
            "systemform",
            &[
                &["Entities", "Entity", "FormXml", "forms", "systemform"],
                &["Dashboards", "*"],
                &["InteractionCentricDashboards", "*"],
            ],
        ),
        ("savedquery", &[&["Entities", "Entity", "SavedQueries", "savedqueries", "savedquery"]]),
        ("savedqueryvisualization", &[&["Entities", "Entity", "Visualizations", "visualization"]]),
        ("entityrelationship", &[&["EntityRelationships", "EntityRelationship"]]),
        ("optionset", &[&["optionsets", "optionset"]]),
        ("role", &[&["Roles", "Role"]]),
        ("workflow", &[&["Workflows", "Workflow"]]),
        ("webresource", &[&["WebResources", "WebResource"]]),
        ("appmodule", &[&["AppModules", "AppModule"]]),
        ("sitemap", &[&["AppModuleSiteMaps", "AppModuleSiteMap"], &["SiteMap", "SiteMap"]]),
        ("connectionrole", &[&["ConnectionRoles", "ConnectionRoles", "ConnectionRole"]]),
        ("connectionreference", &[&["connectionreferences", "connectionreference"]]),
    ];
    each_zip(|path, package| {
        let part = package.parts.iter().find(|part| part.path.eq_ignore_ascii_case("customizations.xml"));
        let tree = strata_xml::parse(&part.expect("a root file").bytes).expect("well formed");
        for (component_type, paths) in expected {
            let found = package.components.iter().filter(|component| component.key.component_type.is(component_type));
            let walked: usize = paths.iter().map(|steps| count(&tree, steps)).sum();
            assert_eq!(found.count(), walked, "{path}: {component_type}");
        }
    });
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
fn the_yaml_layout_is_named_as_not_read_yet() {
    let Some(corpus) = Corpus::find() else { return };
    for tree in corpus.yaml_trees() {
        let error = read_parts(tree.files, &Limits::default()).expect_err("YAML");
        assert_eq!(error.code.name, "Unsupported", "{}", tree.path);
    }
}
