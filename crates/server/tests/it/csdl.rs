//! `$metadata`: what it says fits together.

use std::collections::{BTreeMap, BTreeSet};

use strata_server::answer::Answer;
use strata_xml::Element;

use crate::service::Scratch;

fn document(scratch: &Scratch) -> (Answer, Element) {
    let answer = scratch.get("$metadata");
    assert_eq!((answer.status, answer.content_type), (200, Some("application/xml")));
    let tree = strata_xml::parse(&answer.body).expect("XML");
    (answer, tree)
}

fn named<'e>(parent: &'e Element, element: &str) -> BTreeMap<String, &'e Element> {
    let found = parent.elements().filter(|own| own.name == element);
    found.map(|own| (own.attribute("Name").expect("a name").to_owned(), own)).collect()
}

#[test]
fn w1_types_sets_and_ways_of_the_metadata_fit_together() {
    let scratch = Scratch::new();
    let (first, tree) = document(&scratch);
    let schema = tree.descend(&["edmx:DataServices", "Schema"]).expect("a schema");
    assert_eq!(
        (schema.attribute("Namespace"), schema.attribute("Alias")),
        (Some("Microsoft.Dynamics.CRM"), Some("mscrm"))
    );
    let types = named(schema, "EntityType");
    let complex = named(schema, "ComplexType");
    let container = schema.child("EntityContainer").expect("a container");
    let sets = named(container, "EntitySet");
    assert!(sets.len() >= 650);
    for (set, own) in &sets {
        let kind =
            own.attribute("EntityType").and_then(|kind| kind.strip_prefix("Microsoft.Dynamics.CRM.")).expect("a type");
        let entity = types.get(kind).unwrap_or_else(|| panic!("{set}: {kind}"));
        let ways = named(entity, "NavigationProperty");
        for binding in own.elements() {
            let way = binding.attribute("Path").expect("a path");
            let target = binding.attribute("Target").expect("a target");
            assert!(ways.contains_key(way) && sets.contains_key(target), "{set}/{way} -> {target}");
        }
    }
    let is_known = |kind: &str| {
        let kind = kind.strip_prefix("Collection(").and_then(|kind| kind.strip_suffix(')')).unwrap_or(kind);
        let own = kind.strip_prefix("mscrm.");
        kind.starts_with("Edm.") || own.is_some_and(|own| types.contains_key(own) || complex.contains_key(own))
    };
    for (name, entity) in &types {
        let mut seen = BTreeSet::new();
        let properties = named(entity, "Property");
        for part in entity.elements().filter(|part| part.name != "Key") {
            let part_name = part.attribute("Name").expect("a name");
            assert!(seen.insert(part_name), "{name}.{part_name} twice");
            assert!(is_known(part.attribute("Type").expect("a type")), "{name}.{part_name}");
            if let Some(partner) = part.attribute("Partner") {
                let target =
                    part.attribute("Type").expect("a type").trim_start_matches("Collection(").trim_end_matches(')');
                let other = types[target.trim_start_matches("mscrm.")];
                assert!(named(other, "NavigationProperty").contains_key(partner), "{name}.{part_name}: {partner}");
            }
            if let Some(constraint) = part.child("ReferentialConstraint") {
                assert!(
                    properties.contains_key(constraint.attribute("Property").expect("a property")),
                    "{name}.{part_name}"
                );
            }
        }
    }
    let solution = types["solution"];
    assert!(named(solution, "Property").contains_key("_publisherid_value"));
    assert_eq!(named(solution, "NavigationProperty")["publisherid"].attribute("Partner"), Some("publisher_solution"));
    let actions = named(container, "ActionImport");
    assert!(actions.contains_key("ImportSolutionAsync") && actions.contains_key("strata_Plan"), "{:?}", actions.keys());
    assert_eq!(document(&scratch).0.body, first.body);
}
