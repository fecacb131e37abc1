//! Merging over the forms and site maps of real packages.

use std::collections::BTreeMap;

use strata_engine::definition;
use strata_engine::merge::{apply, difference, is_same, merge};
use strata_model::component::{ComponentKey, Merge};
use strata_model::package::{Package, Presence};
use strata_package::Limits;
use strata_testkit::corpus::Corpus;
use strata_xml::Element;

use crate::{Scratch, assuming};

/// A definition of a real package.
struct Sample {
    package: String,
    key: ComponentKey,
    is_diff: bool,
    tree: Element,
}

/// Every form and site map of the corpus, each distinct definition once.
fn samples() -> Vec<Sample> {
    let Some(corpus) = Corpus::find() else { return Vec::new() };
    let mut packages: Vec<(String, Package)> = Vec::new();
    for zip in corpus.packages() {
        let package = strata_package::read(zip.bytes.clone(), &Limits::default()).expect("a package");
        packages.push((zip.path.clone(), package));
    }
    let scratch = tempfile::tempdir().expect("a scratch folder");
    for (number, tree) in corpus.trees().enumerate() {
        let folder = scratch.path().join(number.to_string());
        for (path, bytes) in &tree.files {
            let file = folder.join(path);
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("a scratch folder");
            std::fs::write(file, bytes).expect("a scratch file");
        }
        packages.push((tree.path.clone(), strata_ops::read_package(&folder).expect("a package")));
    }
    let mut seen = std::collections::BTreeSet::new();
    let mut samples = Vec::new();
    for (path, package) in &packages {
        for component in &package.components {
            let is_tree = matches!(component.key.component_type.merge(), Merge::Form | Merge::SiteMap);
            if !is_tree || component.presence == Presence::Reference || !seen.insert(component.digest) {
                continue;
            }
            let tree = definition::tree(&package.bytes(&component.definition)).expect("a tree");
            let (key, is_diff) = (component.key.clone(), component.presence == Presence::Diff);
            samples.push(Sample { package: path.clone(), key, is_diff, tree });
        }
    }
    samples
}

/// The part of a definition that differences speak of with marks.
fn marked(tree: &Element) -> &Element {
    let ways: [&[&str]; 4] = [&["form"], &["FormXml"], &["SiteMap"], &[]];
    ways.iter().find_map(|way| tree.descend(way)).expect("the root, if nothing else")
}

fn check_pair(base: &Sample, new: &Sample) {
    let name = format!("{} over {} {}", new.package, base.package, base.key);
    let Some(once) = difference(&base.tree, &new.tree) else {
        assert!(is_same(marked(&base.tree), marked(&new.tree)), "{name}");
        return;
    };
    let applied = apply(&base.tree, &once, true);
    assert!(is_same(marked(&applied), marked(&new.tree)), "{name}");
    let written = |tree: &Element| String::from_utf8_lossy(&strata_xml::write(tree)).replace("><", ">\n<");
    let again = difference(&base.tree, &applied);
    assert!(
        again.as_ref() == Some(&once),
        "{name}\n{}\n\n{}",
        written(&once),
        again.map(|d| written(&d)).unwrap_or_default()
    );
}

#[test]
fn l42_the_laws_of_merging_hold_for_every_form_and_site_map() {
    let samples = samples();
    let full: Vec<_> = samples.iter().filter(|sample| !sample.is_diff).collect();
    let mut by_key: BTreeMap<&ComponentKey, Vec<&Sample>> = BTreeMap::new();
    for sample in &full {
        let alone = merge([(&sample.tree, false)], false).definition().expect("a definition");
        assert!(is_same(&alone, &sample.tree), "{} {}", sample.package, sample.key);
        assert_eq!(difference(&sample.tree, &alone), None, "{} {}", sample.package, sample.key);
        assert!(is_same(&apply(&sample.tree, &sample.tree, false), &sample.tree), "{}", sample.key);
        by_key.entry(&sample.key).or_default().push(sample);
    }
    // Versions of one form, and forms that have nothing in common.
    let versions = by_key.values().flat_map(|group| group.iter().flat_map(|a| group.iter().map(move |b| (*a, *b))));
    versions.for_each(|(base, new)| check_pair(base, new));
    for pair in full.windows(2).step_by(4).filter(|pair| pair[0].tree.name == pair[1].tree.name) {
        check_pair(pair[0], pair[1]);
    }
    assert!(samples.is_empty() || by_key.values().any(|group| group.len() > 1));
}

/// Ids of tabs, sections, cells and site-map nodes with what they are in, in order.
fn places(tree: &Element) -> Vec<String> {
    fn walk(element: &Element, path: &str, found: &mut Vec<String>) {
        for child in element.elements() {
            let id = child.attribute("id").or_else(|| child.attribute("Id"));
            match id
                .filter(|_| matches!(child.name.as_str(), "tab" | "section" | "cell" | "Area" | "Group" | "SubArea"))
            {
                Some(id) => {
                    let path = format!("{path}/{}", id.trim_matches(['{', '}']).to_lowercase());
                    found.push(path.clone());
                    walk(child, &path, found);
                }
                None => walk(child, path, found),
            }
        }
    }
    let mut found = Vec::new();
    walk(tree, "", &mut found);
    found
}

#[test]
fn l42_every_difference_merges_onto_the_form_it_belongs_to() {
    let samples = samples();
    let mut merged = 0;
    for diff in samples.iter().filter(|sample| sample.is_diff) {
        let name = format!("{} {}", diff.package, diff.key);
        // Over an assumed base it shows what it mentions, and nothing is in conflict.
        let assumed = Element::new("assumed");
        let alone = merge([(&assumed, false), (&diff.tree, true)], false);
        assert!(alone.conflicts.is_empty(), "{name}: {:?}", alone.conflicts);
        // The unmanaged package of the same release holds the result: laid over it, the difference has nothing to do.
        let results = samples.iter().filter(|other| !other.is_diff && other.key == diff.key);
        for result in results.filter(|other| other.package.split('/').next() == diff.package.split('/').next()) {
            if !result.package.ends_with(".zip") || result.package.contains("1_0_1_5") {
                continue;
            }
            let again = apply(&result.tree, &diff.tree, true);
            assert_eq!(places(&again), places(&result.tree), "{name}");
            merged += 1;
        }
    }
    assert!(samples.is_empty() || merged >= 4, "{merged}");
}

/// A managed package with differences over forms that are only assumed: every merged component shows its layers.
#[test]
fn r9_l36_layers_of_merged_components_say_who_put_what_where() {
    let Some(corpus) = Corpus::find() else { return };
    let name = "automotive-sales/AutomotiveSales_0_5_0_0_managed.zip";
    let sample = corpus.packages().find(|sample| sample.path == name).expect("the package");
    let scratch = Scratch::new();
    let file = scratch.file("package.zip", &sample.bytes);
    scratch.import(&file, &assuming()).expect("an import");
    let form = "systemform:e3b6ddb7-8df0-4410-ac7b-fd32e5053d38";
    let view = strata_ops::components::layers(&scratch.workspace, None, form, false).expect("layers");
    let solution = "MicrosoftCommonDataModelforAutomotiveSales";
    let levels: std::collections::BTreeSet<_> = view.outline.iter().map(|item| item.level).collect();
    assert!(levels.is_superset(&["control", "section", "tab"].into()), "{levels:?}");
    assert!(view.outline.iter().all(|item| item.solution == solution));
    assert!(view.conflicts.is_empty(), "{:?}", view.conflicts);
    for item in &view.outline {
        let leaf = format!("{}@id", item.path);
        assert_eq!(view.decided_by.get(&leaf).map(String::as_str), Some(solution), "{leaf}");
        assert!(view.set_by.contains_key(&leaf) && view.resolved.contains_key(&leaf), "{leaf}");
    }
    let own = view.layers.last().expect("a layer");
    assert!(own.properties.keys().any(|path| path.ends_with("@solutionaction")), "the layer is shown as it is");
    assert!(view.resolved.keys().all(|path| !path.contains("solutionaction") && !path.contains("ordinalvalue")));
    // An edit, its draft, and its way back.
    let tab = view.outline.iter().find(|item| item.level == "tab").expect("a tab");
    let edit = |value: &str| strata_ops::Request::Set {
        component: ComponentKey::new(strata_model::component::ComponentType::named("systemform"), &form[11..]),
        edits: vec![strata_ops::PropertyEdit { path: format!("{}@name", tab.path), value: value.to_owned() }],
        solution: None,
    };
    scratch.run(&edit("Mine")).expect("an edit");
    let drafted = strata_ops::components::layers(&scratch.workspace, None, form, true).expect("layers");
    assert_eq!(drafted.resolved.get(&format!("{}@name", tab.path)).map(String::as_str), Some("Mine"));
    let draft = drafted.layers.last().expect("a draft");
    assert_eq!((draft.solution.as_str(), draft.changes.len()), ("Active", 1), "{:?}", draft.changes);
    scratch.run(&edit(&view.resolved[&format!("{}@name", tab.path)])).expect("the way back");
    let back = strata_ops::components::layers(&scratch.workspace, None, form, true).expect("layers");
    assert!(back.layers.iter().all(|layer| layer.solution != "Active"), "no trace stays (L45)");
}

#[test]
fn l28_l39_ten_layers_of_one_form_are_merged() {
    let samples = samples();
    let mut by_key: BTreeMap<&ComponentKey, Vec<&Sample>> = BTreeMap::new();
    samples
        .iter()
        .filter(|sample| !sample.is_diff)
        .for_each(|sample| by_key.entry(&sample.key).or_default().push(sample));
    for group in by_key.values() {
        let base = group[0];
        let differences: Vec<_> = group.iter().filter_map(|new| difference(&base.tree, &new.tree)).collect();
        let Some(one) = differences.first() else { continue };
        let layers = std::iter::once((&base.tree, false)).chain(differences.iter().chain([one; 9]).map(|d| (d, true)));
        let resolved = merge(layers, false);
        assert!(resolved.leaves().len() > 3, "{}", base.key);
        assert!(
            !resolved.conflicts.iter().any(|conflict| conflict.reason.needs_attention()),
            "{:?}",
            resolved.conflicts
        );
    }
}
