//! Three packages become one: laws over made-up edits.

use std::collections::BTreeMap;

use proptest::prelude::*;
use strata_engine::three_way::{MergedPackage, Prefer, merge, merge_documents};
use strata_model::package::Package;
use strata_testkit::fixture;

const ID: &str = "11111111-0000-4000-8000-000000000001";

fn package(lines: &str) -> Package {
    fixture::package(&format!("package Core 1.0.0.0 unmanaged contoso\n{lines}"))
}

fn text(merged: &MergedPackage<'_>) -> String {
    let all = merged.components.iter().map(|component| String::from_utf8_lossy(&component.bytes).into_owned());
    all.collect::<Vec<_>>().join("\n")
}

/// What a side does to an entry of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edit {
    Keep,
    Change,
    Remove,
    AddAfter,
}

fn edit() -> impl Strategy<Value = Edit> {
    prop::sample::select(vec![Edit::Keep, Edit::Keep, Edit::Change, Edit::Remove, Edit::AddAfter])
}

/// The entries of a list after a side has worked on its own share of them: identity and value.
fn edited(edits: &[Edit], share: usize, side: &str) -> Vec<(String, String)> {
    let mut entries = Vec::new();
    for (entry, edit) in edits.iter().enumerate() {
        let edit = if entry % 2 == share { *edit } else { Edit::Keep };
        let id = format!("e{entry}");
        match edit {
            Edit::Keep => entries.push((id, "base".to_owned())),
            Edit::Change => entries.push((id, side.to_owned())),
            Edit::Remove => {}
            Edit::AddAfter => {
                entries.push((id, "base".to_owned()));
                entries.push((format!("{side}{entry}"), "new".to_owned()));
            }
        }
    }
    entries
}

/// Lists as types have them: entries with an id, cells of a form each in its row, options, and entries without a key.
fn written(kind: &str, entries: &[(String, String)]) -> String {
    let all =
        |entry: &dyn Fn(&str, &str) -> String| entries.iter().map(|(id, value)| entry(id, value)).collect::<String>();
    match kind {
        "systemform" => {
            let cell = |id: &str, value: &str| format!("<row><cell id=\"{id}\" name=\"{value}\" /></row>");
            format!("systemform {ID} <form><section id=\"s\"><rows>{}</rows></section></form>", all(&cell))
        }
        "optionset" => {
            let option = |id: &str, value: &str| {
                format!(
                    "<option value=\"{id}\"><labels><label description=\"{value}\" languagecode=\"1033\" /></labels></option>"
                )
            };
            format!("optionset contoso_status <options>{}</options>", all(&option))
        }
        _ => format!("{kind} {ID} <list>{}</list>", all(&|id, value| format!("<i id=\"{id}\" v=\"{value}\" />"))),
    }
}

/// Finds the entries of a result, in their order.
fn entries(kind: &str, merged: &str) -> Vec<(String, String)> {
    let (id, value) = match kind {
        "systemform" => ("cell id=\"", "name=\""),
        "optionset" => ("option value=\"", "description=\""),
        _ => ("i id=\"", "v=\""),
    };
    let until_quote = |text: &str| text.split('"').next().unwrap_or_default().to_owned();
    let start = format!("<{id}");
    let pieces = merged.split(start.as_str()).skip(1);
    pieces
        .map(|piece| {
            let said = piece.split_once(value).map(|(_, rest)| until_quote(rest)).unwrap_or_default();
            (until_quote(piece), said)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn edits_of_different_entries_come_together_without_a_conflict(
        edits in prop::collection::vec(edit(), 1..10),
        kind in prop::sample::select(vec!["systemform", "optionset", "customapi"]),
    ) {
        let count = edits.len();
        let (ours, theirs) = (edited(&edits, 0, "ours"), edited(&edits, 1, "theirs"));
        let base: Vec<_> = (0..count).map(|entry| (format!("e{entry}"), "base".to_owned())).collect();
        let of = |entries: &[(String, String)]| package(&written(kind, entries));
        let (base_package, ours_package, theirs_package) = (of(&base), of(&ours), of(&theirs));
        let mut wanted: BTreeMap<String, String> = BTreeMap::new();
        for (id, _) in &base {
            let value = |side: &[(String, String)]| side.iter().find(|(other, _)| other == id).map(|(_, value)| value.clone());
            if let (Some(ours), Some(theirs)) = (value(&ours), value(&theirs)) {
                wanted.insert(id.clone(), if ours == "base" { theirs } else { ours });
            }
        }
        let new = ours.iter().chain(&theirs).filter(|(_, value)| value == "new").cloned();
        wanted.extend(new);
        for (left, right) in [(&ours_package, &theirs_package), (&theirs_package, &ours_package)] {
            let merged = merge(&base_package, left, right, Prefer::Ours);
            prop_assert!(merged.conflicts.is_empty(), "{:?}", merged.conflicts);
            let found = entries(kind, &text(&merged));
            prop_assert_eq!(found.iter().cloned().collect::<BTreeMap<_, _>>(), wanted.clone());
            prop_assert_eq!(found.len(), wanted.len());
            // Each side finds its entries in its order.
            for side in [&ours, &theirs] {
                let order: Vec<_> = side.iter().map(|(id, _)| id).filter(|id| wanted.contains_key(*id)).collect();
                let places: Vec<_> = order.iter().map(|id| found.iter().position(|(other, _)| other == *id)).collect();
                prop_assert!(places.is_sorted(), "{:?} {:?}", side, found);
            }
        }
    }

    #[test]
    fn what_one_side_did_is_the_result(edits in prop::collection::vec(edit(), 1..10)) {
        let base: Vec<_> = (0..edits.len()).map(|entry| (format!("e{entry}"), "base".to_owned())).collect();
        let side = edited(&edits, 0, "x");
        let (base, side) = (package(&written("customapi", &base)), package(&written("customapi", &side)));
        let wanted = text(&merge(&side, &side, &side, Prefer::Ours));
        for (ours, theirs) in [(&side, &base), (&base, &side), (&side, &side)] {
            let merged = merge(&base, ours, theirs, Prefer::Ours);
            prop_assert!(merged.conflicts.is_empty());
            prop_assert_eq!(text(&merged), wanted.clone());
        }
    }

    #[test]
    fn a_conflict_is_listed_and_the_preferred_side_stands(
        edits in prop::collection::vec(prop::bool::ANY, 1..8),
    ) {
        // Both sides change every entry that is marked, each in its own way.
        let side = |name: &str| -> Vec<(String, String)> {
            let value = |is_changed: &bool| if *is_changed { name.to_owned() } else { "base".to_owned() };
            edits.iter().enumerate().map(|(at, is_changed)| (format!("e{at}"), value(is_changed))).collect()
        };
        let of = |name: &str| package(&written("customapi", &side(name)));
        let (base, ours, theirs) = (of("base"), of("ours"), of("theirs"));
        for prefer in [Prefer::Ours, Prefer::Theirs] {
            let merged = merge(&base, &ours, &theirs, prefer);
            prop_assert_eq!(merged.conflicts.len(), edits.iter().filter(|is_changed| **is_changed).count());
            let wanted = if prefer == Prefer::Ours { side("ours") } else { side("theirs") };
            prop_assert_eq!(entries("customapi", &text(&merged)), wanted);
        }
    }
}

#[test]
fn two_orders_of_one_list_are_a_conflict() {
    let libraries = |order: [&str; 3]| {
        let all: String = order.iter().map(|name| format!("<Library name=\"{name}\" />")).collect();
        package(&format!("systemform {ID} <form><formLibraries>{all}</formLibraries></form>"))
    };
    let (base, ours, theirs) = (libraries(["a", "b", "c"]), libraries(["c", "a", "b"]), libraries(["b", "a", "c"]));
    let merged = merge(&base, &ours, &theirs, Prefer::Ours);
    let [conflict] = merged.conflicts.as_slice() else { panic!("{:?}", merged.conflicts) };
    assert_eq!(conflict.path, "form/formLibraries#order");
    assert_eq!(conflict.ours.as_deref(), Some("Library[c], Library[a], Library[b]"));
    let one = merge(&base, &ours, &base, Prefer::Ours);
    assert!(one.conflicts.is_empty() && text(&one).find("name=\"c\"") < text(&one).find("name=\"a\""));
}

#[test]
fn a_component_that_both_added_is_one() {
    let base = package("entity t");
    let ours = package("entity t\nattribute t.a <MaxLength>1</MaxLength><Format>text</Format>");
    let same = merge(&base, &ours, &ours, Prefer::Ours);
    assert!(same.conflicts.is_empty() && same.components.len() == 2);
    let theirs = package("entity t\nattribute t.a <MaxLength>2</MaxLength><Format>text</Format>");
    let merged = merge(&base, &ours, &theirs, Prefer::Theirs);
    let [conflict] = merged.conflicts.as_slice() else { panic!("{:?}", merged.conflicts) };
    assert_eq!((conflict.path.as_str(), conflict.base.as_deref()), ("MaxLength", None));
    assert!(text(&merged).contains("<MaxLength>2</MaxLength>") && !text(&merged).contains("<MaxLength>1<"));
}

#[test]
fn single_files_are_merged_as_what_they_are() {
    let merged = |base: &str, ours: &str, theirs: &str| {
        let merged = merge_documents(base.as_bytes(), ours.as_bytes(), theirs.as_bytes(), Prefer::Ours);
        (String::from_utf8(merged.bytes).expect("a text"), merged.conflicts.len())
    };
    let form = |cells: &str| format!("<forms>\r\n  <systemform>\r\n    {cells}\r\n  </systemform>\r\n</forms>\r\n");
    let (both, conflicts) = merged(&form("<a x=\"1\" />"), &form("<a x=\"2\" />"), &form("<a x=\"1\" y=\"1\" />"));
    assert_eq!((both, conflicts), (form("<a x=\"2\" y=\"1\" />"), 0));
    let json =
        merged("{\n  \"a\": 1,\n  \"b\": 1\n}\n", "{\n  \"a\": 2,\n  \"b\": 1\n}\n", "{\n  \"a\": 1,\n  \"b\": 2\n}\n");
    assert_eq!(json, ("{\n  \"a\": 2,\n  \"b\": 2\n}\n".to_owned(), 0));
    assert_eq!(merged("a\nb\nc\n", "a\nb\nc\nd\n", "A\nb\nc\n"), ("A\nb\nc\nd\n".to_owned(), 0));
    // What is no document any more is merged by its lines.
    assert_eq!(merged("<a>\n<b/>\n</a>\n", "<a>\n<b/>\n</a>\n<!", "<a>\n<c/>\n</a>\n").1, 0);
    let binary = merge_documents(b"\0a", b"\0b", b"\0c", Prefer::Theirs);
    assert_eq!((binary.bytes.as_slice(), binary.conflicts.len()), (&b"\0c"[..], 1));
}
