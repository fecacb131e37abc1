//! Laws of merging, on random forms.

use proptest::prelude::*;
use strata_engine::merge::{Reason, apply, difference, is_same, merge};
use strata_xml::{Element, Node};

fn element(name: &str, attributes: &[(&str, String)], children: Vec<Element>) -> Element {
    let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Element { name: name.to_owned(), attributes, children: children.into_iter().map(Node::Element).collect() }
}

fn label(text: u8) -> Element {
    let text = ("description", format!("t{text}"));
    element("labels", &[], vec![element("label", &[text, ("languagecode", "1033".to_owned())], Vec::new())])
}

fn cell() -> impl Strategy<Value = Element> {
    (0..9_u8, 0..3_u8, 0..3_u8, 1..3_u8, any::<bool>(), any::<bool>()).prop_map(
        |(id, v, text, span, labelled, bound)| {
            let mut children = Vec::new();
            if labelled {
                children.push(label(text));
            }
            if bound {
                let column = ("datafieldname", format!("c{v}"));
                let mode = element("Mode", &[], Vec::new());
                let mode = Element { children: vec![Node::Text(format!("m{text}"))], ..mode };
                children.push(element("control", &[column], vec![element("parameters", &[], vec![mode])]));
            }
            let attributes = [("id", format!("{{C{id}}}")), ("v", v.to_string()), ("rowspan", span.to_string())];
            element("cell", &attributes, children)
        },
    )
}

/// Keeps the first of the elements that bear one id.
fn distinct(elements: Vec<Element>) -> Vec<Element> {
    let mut kept: Vec<Element> = Vec::new();
    for element in elements {
        if kept.iter().all(|other| other.attribute("id") != element.attribute("id")) {
            kept.push(element);
        }
    }
    kept
}

fn rows(cells: Vec<Element>, width: usize) -> Element {
    let rows = distinct(cells).chunks(width).map(|cells| element("row", &[], cells.to_vec())).collect();
    element("rows", &[], rows)
}

fn section() -> impl Strategy<Value = Element> {
    let cells = proptest::collection::vec(cell(), 0..6);
    (0..4_u8, 0..2_u8, cells, 1..3_usize).prop_map(|(id, v, cells, width)| {
        let attributes = [("id", format!("S{id}")), ("v", v.to_string())];
        element("section", &attributes, vec![label(v), rows(cells, width)])
    })
}

fn tab() -> impl Strategy<Value = Element> {
    let column = proptest::collection::vec(section(), 0..4);
    let columns = proptest::collection::vec(column, 1..3);
    (0..4_u8, 0..2_u8, columns).prop_map(|(id, v, columns)| {
        let column = |sections| element("column", &[("width", "50%".to_owned())], vec![sections]);
        let sections = |sections| element("sections", &[], distinct(sections));
        let columns = columns.into_iter().map(|inner| column(sections(inner))).collect();
        let attributes = [("id", format!("T{id}")), ("v", v.to_string())];
        element("tab", &attributes, vec![element("columns", &[], columns)])
    })
}

fn form() -> impl Strategy<Value = Element> {
    let header = proptest::option::of(proptest::collection::vec(cell(), 0..3));
    let libraries = proptest::collection::btree_set(0..3_u8, 0..3);
    let conditions = proptest::collection::vec(0..3_u8, 0..2);
    let tabs = proptest::collection::vec(tab(), 1..4);
    (tabs, header, libraries, conditions).prop_map(|(tabs, header, libraries, conditions)| {
        let mut children = vec![element("tabs", &[], distinct(tabs))];
        children.extend(header.map(|cells| element("header", &[("id", "h".to_owned())], vec![rows(cells, 1)])));
        let library = |name: &u8| element("Library", &[("name", format!("l{name}"))], Vec::new());
        if !libraries.is_empty() {
            children.push(element("formLibraries", &[], libraries.iter().map(library).collect()));
        }
        let role = |id: &u8| element("Role", &[("Id", format!("r{id}"))], Vec::new());
        children.push(element("DisplayConditions", &[], conditions.iter().map(role).collect()));
        element("systemform", &[], vec![element("form", &[], children)])
    })
}

/// The ids of all cells, with their sections and tabs.
fn places(form: &Element) -> Vec<String> {
    fn walk(element: &Element, path: &str, found: &mut Vec<String>) {
        for child in element.elements() {
            match child.attribute("id") {
                Some(id) if child.name == "cell" => found.push(format!("{path}/{id}")),
                Some(id) => walk(child, &format!("{path}/{id}"), found),
                None => walk(child, path, found),
            }
        }
    }
    let mut found = Vec::new();
    walk(form, "", &mut found);
    found
}

/// The ids of elements that a difference adds, whatever they are below.
fn added_cells(difference: &Element, inside: bool, found: &mut Vec<String>) {
    for child in difference.elements() {
        let is_added = inside || child.attribute("solutionaction") == Some("Added");
        if child.name == "cell" && is_added {
            found.extend(child.attribute("id").map(str::to_owned));
        }
        added_cells(child, is_added, found);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    /// merge §8: the difference turns the base into the new form, and is what one finds again.
    #[test]
    fn l42_a_difference_leads_from_the_base_to_the_new_form(base in form(), new in form()) {
        prop_assert_eq!(difference(&base, &base), None);
        match difference(&base, &new) {
            None => prop_assert!(is_same(&base, &new)),
            Some(difference_once) => {
                let applied = apply(&base, &difference_once, true);
                prop_assert!(is_same(&applied, &new), "{}\n{}\n{}", String::from_utf8_lossy(&strata_xml::write(&applied)), String::from_utf8_lossy(&strata_xml::write(&new)),String::from_utf8_lossy(&strata_xml::write(&base)));
                let again = difference(&base, &applied);
                prop_assert_eq!(again, Some(difference_once));
            }
        }
    }

    /// What the topmost layer adds is somewhere, whatever the layers below did (L44: nothing is lost).
    #[test]
    fn l44_what_the_top_layer_adds_is_never_lost(base in form(), one in form(), two in form()) {
        let (Some(below), Some(top)) = (difference(&base, &one), difference(&base, &two)) else { return Ok(()) };
        for strict in [false, true] {
            let merged = merge([(&base, false), (&below, true), (&top, true)], strict);
            let places = places(&merged.definition().expect("a form"));
            let mut added = Vec::new();
            let tabs = top.child("form").and_then(|form| form.child("tabs"));
            tabs.into_iter().for_each(|tabs| added_cells(tabs, false, &mut added));
            for id in added {
                let is_there = places.iter().any(|place| place.ends_with(&format!("/{id}")));
                prop_assert!(is_there, "{id} is not among {places:?}");
            }
        }
    }

    /// Layers that touch different tabs may come in any order.
    #[test]
    fn l44_layers_of_different_tabs_commute(base in form(), one in tab(), two in tab()) {
        let replaced = |index: usize, tab: &Element| {
            let mut form = base.clone();
            let tabs = form.child_mut("form").and_then(|form| form.child_mut("tabs")).expect("tabs");
            if let Some(existing) = tabs.elements_mut().nth(index) {
                let id = existing.attribute("id").map(str::to_owned).unwrap_or_default();
                *existing = tab.clone();
                existing.set_attribute("id", &id);
            }
            form
        };
        let (one, two) = (replaced(0, &one), replaced(1, &two));
        let differences: Vec<_> = [&one, &two].into_iter().filter_map(|new| difference(&base, new)).collect();
        let stack = |order: Vec<&Element>| {
            let layers = std::iter::once((&base, false)).chain(order.into_iter().map(|layer| (layer, true)));
            let merged = merge(layers, false);
            let is_clean = merged.conflicts.iter().all(|conflict| conflict.reason == Reason::RepeatedKey);
            (merged.definition().expect("a form"), is_clean)
        };
        let (forth, back) = (stack(differences.iter().collect()), stack(differences.iter().rev().collect()));
        prop_assert!(forth.1 && back.1);
        prop_assert!(is_same(&forth.0, &back.0));
    }

    /// A full layer laid over itself changes nothing, and one over another removes nothing (L106).
    #[test]
    fn l106_a_full_layer_over_another_removes_nothing(base in form(), patch in form()) {
        prop_assert!(is_same(&apply(&base, &base, false), &base));
        let merged = places(&apply(&base, &patch, false));
        for place in places(&base).into_iter().chain(places(&patch)) {
            prop_assert!(merged.contains(&place), "{place} is not among {merged:?}");
        }
    }

    /// Every leaf of a merged form names layers of the stack, and the setter is not above the decider (R9).
    #[test]
    fn r9_every_leaf_knows_its_layers(base in form(), one in form(), two in form()) {
        let below = difference(&base, &one);
        let stack: Vec<_> = std::iter::once((&base, false))
            .chain(below.iter().map(|layer| (layer, true)))
            .chain([(&two, false)])
            .collect();
        let height = stack.len();
        for leaf in merge(stack, false).leaves() {
            prop_assert!(leaf.origin.set_by <= leaf.origin.decided_by && leaf.origin.decided_by < height, "{leaf:?}");
        }
    }
}
