//! References taken out of real definitions are gone, and nothing else comes (DP24, DP30).

use std::collections::BTreeSet;

use strata_engine::reference::{Definition, Packaged, mentions, without};
use strata_model::package::PackagedComponent;
use strata_model::plan::Body;
use strata_model::reference::{Reference, Target};
use strata_package::Limits;
use strata_testkit::corpus::Corpus;
use strata_xml::Element;

/// Types whose references can be taken away one by one.
const TYPES: [&str; 8] = [
    "systemform",
    "savedquery",
    "appmodule",
    "sitemap",
    "entity",
    "ribboncustomization",
    "fieldsecurityprofile",
    "connectionrole",
];

/// Larger definitions, and further references of one, show nothing new and take long.
const BYTES_MAX: usize = 60_000;
const EACH_MAX: usize = 5;

#[test]
fn dp30_a_removed_reference_is_gone_from_real_definitions() {
    let Some(corpus) = Corpus::find() else { return };
    let mut seen = BTreeSet::new();
    let mut removed = 0;
    for sample in corpus.packages() {
        let package = strata_package::read(sample.bytes, &Limits::default()).unwrap_or_else(|error| panic!("{error}"));
        let packaged = Packaged::new(&package);
        for component in &package.components {
            let body = packaged.body(component);
            let is_new = TYPES.contains(&component.key.component_type.name()) && seen.insert(component.digest);
            if is_new && body.bytes.len() <= BYTES_MAX {
                removed += check(&packaged, component, &body);
            }
        }
    }
    assert!(removed > 500, "only {removed} references were removed");
}

fn check(packaged: &Packaged<'_>, component: &PackagedComponent, body: &Body<'_>) -> usize {
    let Ok(tree) = strata_xml::parse(&body.bytes) else { return 0 };
    let before = read(packaged, component, &tree);
    let step = before.len().div_ceil(EACH_MAX).max(1);
    let mut removed = 0;
    for Reference { target, place, .. } in before.iter().step_by(step) {
        let mut changed = tree.clone();
        let is_gone = without(&mut changed, &component.key, component.parent.as_ref(), target);
        let after = read(packaged, component, &changed);
        if is_gone {
            removed += 1;
            assert!(after.iter().all(|left| left.target != *target), "{} still names {target}", component.key);
            let targets: BTreeSet<&Target> = before.iter().map(|found| &found.target).collect();
            let new = after.iter().find(|found| !targets.contains(&found.target));
            assert!(new.is_none(), "{} names {new:?} since {target} is gone", component.key);
        } else {
            assert_eq!(changed, tree, "{}: {target}", component.key);
            let is_needed = matches!(*place, "query" | "data provider" | "data source");
            assert!(is_needed, "{} keeps {target} ({place})", component.key);
        }
    }
    removed
}

fn read(packaged: &Packaged<'_>, component: &PackagedComponent, tree: &Element) -> Vec<Reference> {
    let body = Body { bytes: strata_xml::write(tree).into(), ..Body::default() };
    mentions(&Definition {
        key: &component.key,
        parent: component.parent.as_ref(),
        category: None,
        id: None,
        body: &body,
        files: packaged,
    })
}
