//! Nothing of a real package or tree gets lost, is owned twice, or stands in two definitions.

use std::collections::{BTreeMap, BTreeSet};

use strata_model::package::{Package, Presence};
use strata_xml::Element;

use crate::{each_tree, each_zip};

fn counts(package: &Package) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for component in &package.components {
        *counts.entry(component.key.component_type.name().to_owned()).or_insert(0) += 1;
    }
    counts
}

/// Counts elements by the path of names from the root, independently of the reader.
fn count(root: &Element, path: &[&str]) -> usize {
    match path {
        [] => 1,
        [name, rest @ ..] => root.elements().filter(|e| *name == "*" || e.name == *name).map(|e| count(e, rest)).sum(),
    }
}

const COUNTED: &[(&str, &[&[&str]])] = &[
    ("entity", &[&["Entities", "Entity"]]),
    ("attribute", &[&["Entities", "Entity", "EntityInfo", "entity", "attributes", "attribute"]]),
    ("entitykey", &[&["Entities", "Entity", "EntityInfo", "entity", "EntityKeys", "EntityKey"]]),
    (
        "systemform",
        &[
            &["Entities", "Entity", "FormXml", "forms", "systemform"],
            &["Dashboards", "Dashboard"],
            &["InteractionCentricDashboards", "*"],
        ],
    ),
    ("savedquery", &[&["Entities", "Entity", "SavedQueries", "savedqueries", "savedquery"]]),
    ("savedqueryvisualization", &[&["Entities", "Entity", "Visualizations", "visualization"]]),
    ("customcontroldefaultconfig", &[&["Entities", "Entity", "CustomControlDefaultConfigs", "*"]]),
    ("entityrelationship", &[&["EntityRelationships", "EntityRelationship"]]),
    ("optionset", &[&["optionsets", "optionset"]]),
    ("role", &[&["Roles", "Role"]]),
    ("workflow", &[&["Workflows", "Workflow"]]),
    ("webresource", &[&["WebResources", "WebResource"]]),
    ("connectionrole", &[&["ConnectionRoles", "ConnectionRoles", "ConnectionRole"]]),
    ("connectionroleassociation", &[&["ConnectionRoles", "ConnectionRoleAssociations", "*"]]),
    ("fieldsecurityprofile", &[&["FieldSecurityProfiles", "*"]]),
    ("sitemap", &[&["SiteMap", "SiteMap"], &["AppModuleSiteMaps", "AppModuleSiteMap"]]),
    ("appmodule", &[&["AppModules", "AppModule"]]),
    ("connectionreference", &[&["connectionreferences", "connectionreference"]]),
    ("workqueue", &[&["workqueues", "workqueue"]]),
    ("aimodel", &[&["AIModels", "AIModel"]]),
    ("connector", &[&["Connectors", "Connector"]]),
    ("canvasapp", &[&["CanvasApps", "CanvasApp"]]),
    ("entityimageconfig", &[&["EntityImageConfigs", "*"]]),
    ("attributeimageconfig", &[&["AttributeImageConfigs", "*"]]),
];

#[test]
fn d3_every_element_that_is_a_component_becomes_one() {
    each_zip(|path, package| {
        let part = package.parts.iter().find(|part| part.path.eq_ignore_ascii_case("customizations.xml"));
        let root = strata_xml::parse(&part.expect("a root file").bytes).expect("well formed");
        let found = counts(package);
        for (type_name, places) in COUNTED {
            let wanted: usize = places.iter().map(|place| count(&root, place)).sum();
            // Identical doubles are tolerated and noted.
            let doubled =
                package.notes.iter().filter(|note| note.message.starts_with(&format!("{type_name}:"))).count();
            assert_eq!(found.get(*type_name).copied().unwrap_or(0) + doubled, wanted, "{path}: {type_name}");
        }
    });
}

fn assert_definitions_are_xml(path: &str, package: &Package) {
    for component in &package.components {
        let bytes = package.bytes(&component.definition);
        if component.key.component_type.is("environmentvariablevalue") {
            continue;
        }
        let parsed = strata_xml::parse(&bytes);
        assert!(parsed.is_ok(), "{path}: {}: {:?}", component.key, parsed.err());
        let root = parsed.expect("checked");
        if component.key.component_type.is("entity") {
            assert_eq!(root.name, "Entity", "{path}: {}", component.key);
            let own = root.descend(&["EntityInfo", "entity", "attributes"]);
            assert!(own.is_none_or(|own| own.elements().next().is_none()), "{path}: {}", component.key);
        }
    }
}

/// Every file of the package belongs to one component, or to the residue, or is cut into components.
fn assert_parts_have_one_owner(path: &str, package: &Package) {
    let mut owners: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for component in &package.components {
        for file in &component.definition.files {
            owners.entry(*file).or_default().push(component.key.to_string());
        }
        let parts: BTreeSet<_> = component.definition.slices.iter().map(|slice| slice.part).collect();
        assert!(parts.len() <= 1, "{path}: {} is cut from several parts", component.key);
    }
    let sliced: BTreeSet<_> =
        package.components.iter().flat_map(|c| c.definition.slices.iter().map(|slice| slice.part)).collect();
    for file in &package.residue.files {
        owners.entry(*file).or_default().push("residue".to_owned());
    }
    for slice in &package.residue.slices {
        owners.entry(slice.part).or_default().push("residue".to_owned());
    }
    for (index, part) in package.parts.iter().enumerate() {
        let owned = owners.get(&index).map_or(&[][..], Vec::as_slice);
        let is_document = part.path.to_lowercase().ends_with("customizations.xml");
        let wanted = usize::from(!sliced.contains(&index) && !is_document);
        // The Power Fx formulas of a table's columns share one file.
        let is_shared = part.path.ends_with("-FormulaDefinitions.yaml") && owned.len() > 1;
        assert!(owned.len() == wanted || is_shared, "{path}: {} is owned by {owned:?}", part.path);
    }
}

/// What no definition covers stands in the skeleton, in the same order.
fn assert_nothing_is_lost(path: &str, package: &Package) {
    let is_document = |name: &str| name.to_lowercase().ends_with("customizations.xml");
    let document = package.parts.iter().position(|part| is_document(&part.path)).expect("a document");
    let skeleton = package.parts.iter().find(|part| part.path.ends_with("#skeleton")).expect("a skeleton");
    strata_xml::parse(&skeleton.bytes).unwrap_or_else(|error| panic!("{path}: skeleton: {error}"));
    let slices = package.components.iter().flat_map(|component| &component.definition.slices);
    let mut ranges: Vec<_> = slices.filter(|slice| slice.part == document).map(|slice| slice.range.clone()).collect();
    ranges.sort_by_key(|range| range.start);
    for pair in ranges.windows(2) {
        assert!(pair[0].end <= pair[1].start, "{path}: two components share bytes at {}", pair[1].start);
    }
    let bytes = &package.parts[document].bytes;
    let mut rest = skeleton.bytes.iter().filter(|byte| !byte.is_ascii_whitespace());
    let mut start = 0;
    for range in ranges.into_iter().chain(std::iter::once(bytes.len()..bytes.len())) {
        for byte in bytes[start..range.start].iter().filter(|byte| !byte.is_ascii_whitespace()) {
            assert!(rest.any(|kept| kept == byte), "{path}: byte before {} is in no definition", range.start);
        }
        start = range.end;
    }
}

#[test]
fn d3_definitions_of_zips_are_elements_of_their_own() {
    each_zip(assert_definitions_are_xml);
}

#[test]
fn d3_every_part_of_a_zip_has_one_owner() {
    each_zip(assert_parts_have_one_owner);
}

#[test]
fn d3_nothing_of_a_zip_is_lost() {
    each_zip(assert_nothing_is_lost);
}

#[test]
fn d3_trees_hold_the_same_guarantees() {
    each_tree(|path, package| {
        assert!(!package.components.is_empty(), "{path}");
        assert_definitions_are_xml(path, package);
        assert_parts_have_one_owner(path, package);
        // That nothing is lost is shown by putting them together again, see `assembled`.
    });
}

#[test]
fn l66_classic_definitions_have_a_root_under_the_same_key() {
    each_zip(|path, package| {
        let roots: BTreeSet<_> = package.manifest.root_components.iter().map(|root| root.key.clone()).collect();
        for component in &package.components {
            let needs_root = component.key.component_type.row().is_some_and(|row| row.needs_root);
            assert!(!needs_root || roots.contains(&component.key), "{path}: {} has no root", component.key);
        }
    });
}

#[test]
fn l42_l43_diff_forms_and_shells_are_told_apart() {
    let mut seen = BTreeSet::new();
    each_zip(|_, package| {
        seen.extend(package.components.iter().map(|c| (c.key.component_type.name().to_owned(), c.presence as u8)));
    });
    if !seen.is_empty() {
        for (type_name, presence) in
            [("systemform", Presence::Diff), ("systemform", Presence::Reference), ("entity", Presence::Reference)]
        {
            assert!(seen.contains(&(type_name.to_owned(), presence as u8)), "{type_name} {presence:?}");
        }
    }
}
