//! Two packages compared: what is listed and how it is called.

use proptest::prelude::*;
use strata_engine::compare::{ChangeKind, ComponentChange, PropertyChange, compare};
use strata_model::package::Package;
use strata_testkit::{fidelity, fixture};

const FORM: &str = "11111111-0000-4000-8000-000000000001";

fn package(lines: &str) -> Package {
    fixture::package(&format!("package Core 1.0.0.0 unmanaged contoso\n{lines}"))
}

fn managed(lines: &str) -> Package {
    fixture::package(&format!("package Core 1.0.0.0 managed contoso\n{lines}"))
}

/// What differs in the only component, as `path: before → after`.
fn differences(before: &Package, after: &Package) -> Vec<String> {
    let comparison = compare(before, after);
    let [change] = comparison.components.as_slice() else { return Vec::new() };
    change.properties.iter().map(|property| said(&property.path, property)).collect()
}

/// The same, as people read it.
fn words(before: &Package, after: &Package) -> Vec<String> {
    let comparison = compare(before, after);
    let [change] = comparison.components.as_slice() else { return Vec::new() };
    change.properties.iter().map(|property| said(&property.place, property)).collect()
}

fn said(place: &str, property: &PropertyChange) -> String {
    let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
    format!("{place}: {} → {}", side(&property.before), side(&property.after))
}

fn listed(change: &ComponentChange<'_>) -> String {
    let name = change.component().map(|component| component.key.to_string()).unwrap_or_default();
    format!("{} {name}", change.kind.name())
}

#[test]
fn r20_components_come_go_and_change() {
    let before = package("entity t\nattribute t.a <MaxLength>1</MaxLength>\nattribute t.b <MaxLength>1</MaxLength>");
    let after = package("entity t\nattribute t.a <MaxLength>2</MaxLength>\nattribute t.c <MaxLength>1</MaxLength>");
    let comparison = compare(&before, &after);
    let changes: Vec<_> = comparison.components.iter().map(listed).collect();
    assert_eq!(changes, ["changed attribute:t.a", "removed attribute:t.b", "added attribute:t.c"]);
    assert_eq!(comparison.unchanged, 1);
    let changed = &comparison.components[0].properties;
    assert_eq!(said(&changed[0].path, &changed[0]), "MaxLength: 1 → 2");
    assert!(comparison.components[1].properties.is_empty(), "what went as a whole lists nothing");
}

#[test]
fn r8_paths_begin_below_the_own_element_and_empty_is_not_absent() {
    let before = package("entity t <IsAuditEnabled>0</IsAuditEnabled><Color></Color>");
    let after = package("entity t <IsAuditEnabled>1</IsAuditEnabled><Mask x='' />");
    let mut said = differences(&before, &after);
    said.sort();
    assert_eq!(said, ["Color:  → nothing", "IsAuditEnabled: 0 → 1", "Mask@x: nothing → "]);
}

#[test]
fn forms_are_compared_by_element_and_said_in_words() {
    let form = |sections: &str| {
        package(&format!(
            "systemform {FORM} <form><tabs><tab id='{{T}}'><labels><label description='General' languagecode='1033' />\
             </labels><columns><column width='100%'><sections>{sections}</sections></column></columns></tab></tabs></form>"
        ))
    };
    let section = |id: &str, cells: &str| format!("<section id='{{{id}}}' name='{id}'><rows>{cells}</rows></section>");
    let cell = |id: &str, column: &str, disabled: &str| {
        format!(
            "<row><cell id='{{{id}}}'><control id='{column}' datafieldname='{column}' disabled='{disabled}' /></cell></row>"
        )
    };
    let two = format!("{}{}", cell("a", "name", "false"), cell("b", "total", "false"));
    let before = form(&format!("{}{}", section("One", &two), section("Two", &cell("c", "tax", "false"))));
    let after = form(&format!(
        "{}{}",
        section("Two", &cell("c", "tax", "false")),
        section("One", &format!("{}{}", cell("b", "total", "true"), cell("a", "name", "false")))
    ));
    let said = words(&before, &after);
    assert_eq!(
        said,
        [
            "tab “General” › section “Two” #position: 2 → 1",
            "tab “General” › section “One” › column total #position: 2 → 1",
            "tab “General” › section “One” › column total › control@disabled: false → true",
        ]
    );
    let path = &differences(&before, &after)[2];
    assert!(
        path.starts_with("form/tabs/tab[t]/columns/column[1]/sections/section[one]/rows/cell[b]/control@"),
        "{path}"
    );
}

#[test]
fn a_cell_in_another_row_is_still_the_same_cell() {
    let form = |rows: &str| package(&format!("systemform {FORM} <form><rows>{rows}</rows></form>"));
    let one = form("<row><cell id='a' /></row><row><cell id='b' /></row>");
    let both = form("<row><cell id='a' /><cell id='b' /></row>");
    assert_eq!(differences(&one, &both), ["form/rows/row[2]:  → nothing"]);
    assert_eq!(differences(&both, &one), ["form/rows/row[2]: nothing → "]);
}

#[test]
fn queries_and_layouts_are_said_in_words() {
    let view = |conditions: &str, columns: &str| {
        package(&format!(
            "savedquery {FORM} <fetchxml><fetch><entity name='t'><filter type='and'>{conditions}</filter></entity></fetch>\
             </fetchxml><layoutxml><grid><row>{columns}</row></grid></layoutxml>"
        ))
    };
    let open = "<condition attribute='statecode' operator='eq' value='0' />";
    let before = view(open, "<cell name='a' width='100' />");
    let after = view(
        &format!("{open}<condition attribute='total' operator='gt' value='5' />"),
        "<cell name='a' width='150' />",
    );
    let comparison = compare(&before, &after);
    let properties = &comparison.components[0].properties;
    let whole = properties[0].whole.as_ref().expect("a condition that came");
    assert_eq!(whole.place, "condition total gt 5");
    assert_eq!(words(&before, &after).last().map(String::as_str), Some("column a @width: 100 → 150"));
}

#[test]
fn what_has_no_order_does_not_differ_by_it() {
    let role = |privileges: &str| package(&format!("role {FORM} <RolePrivileges>{privileges}</RolePrivileges>"));
    let (read, write) = ("<RolePrivilege name='r' level='Local' />", "<RolePrivilege name='w' level='Basic' />");
    let before = role(&format!("{read}{write}"));
    assert!(compare(&before, &role(&format!("{write}{read}"))).components.is_empty());
    let library = |libraries: &str| {
        package(&format!("systemform {FORM} <form><formLibraries>{libraries}</formLibraries></form>"))
    };
    let (one, two) = ("<Library name='one' />", "<Library name='two' />");
    let said = differences(&library(&format!("{one}{two}")), &library(&format!("{two}{one}")));
    assert_eq!(said, ["form/formLibraries/Library[two]#position: 2 → 1"]);
}

#[test]
fn documents_inside_texts_are_compared_by_value() {
    let flow = |metadata: &str, definition: &str| {
        package(&format!(
            "workflow {FORM} <Category>6</Category><Metadata>{metadata}</Metadata><Definition>{definition}</Definition>"
        ))
    };
    let before = flow(r#"{"clientversion":"2.1","a":[1,2]}"#, r#""SET x TO 1\r\nEND""#);
    let after = flow(r#"{"a":[1,2],"clientversion":"2.2"}"#, r#""SET x TO 2\r\nEND""#);
    let comparison = compare(&before, &after);
    let properties = &comparison.components[0].properties;
    assert_eq!(said(&properties[0].path, &properties[0]), "Metadata#/clientversion: 2.1 → 2.2");
    let lines = properties[1].lines.as_deref().expect("lines of a script");
    assert!(lines.contains("-SET x TO 1") && lines.contains("+SET x TO 2"), "{lines}");
    assert_eq!(properties.len(), 2);
}

#[test]
fn what_only_the_kind_explains_is_marked() {
    let form = |label: &str, more: &str| {
        format!(
            "systemform {FORM} <form><rows><row><cell id='a'><labels>{label}</labels><control id='x' \
             datafieldname='x' /></cell></row></rows></form>{more}"
        )
    };
    let label = "<label description='Total' languagecode='1033' /><label description='Summe' languagecode='1031' />";
    let blank = "<label description='' languagecode='1033' />";
    let before = package(&form(label, ""));
    let after = managed(&form(blank, ""));
    let comparison = compare(&before, &after);
    assert!(comparison.components[0].by_kind.is_some());
    assert!(comparison.components[0].properties.iter().all(|property| property.by_kind));
    // Something else beside it is no matter of the kind.
    let after = managed(&form(blank, "<IsDefault>1</IsDefault>"));
    let comparison = compare(&before, &after);
    assert_eq!(comparison.components[0].by_kind, None);
    let real: Vec<_> = comparison.components[0].properties.iter().filter(|property| !property.by_kind).collect();
    assert_eq!(real.len(), 1);
    // And between packages of one kind a blank label is a change like any other.
    assert_eq!(compare(&before, &package(&form(blank, ""))).components[0].by_kind, None);
    let (shell, without) = (package(&format!("savedquery {FORM} reference <x />")), managed(""));
    let shell = compare(&shell, &without);
    assert!(shell.components[0].by_kind.is_some() && shell.components[0].kind == ChangeKind::Removed);
}

/// An element of random names; `depth` levels of them.
fn element(depth: u32) -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "b", "rows", "row", "cell", "condition", "option", "tab", "Library"]);
    let key = prop::option::of((prop::sample::select(vec!["id", "name", "value", "x"]), 0..4u8));
    let leaf = (name.clone(), key.clone(), prop::option::of(0..3u8)).prop_map(|(name, key, text)| {
        let key = key.map(|(key, value)| format!(" {key}='{value}'")).unwrap_or_default();
        format!("<{name}{key}>{}</{name}>", text.map(|text| text.to_string()).unwrap_or_default())
    });
    leaf.prop_recursive(depth, 24, 5, move |inner| {
        (name.clone(), key.clone(), prop::collection::vec(inner, 0..5)).prop_map(|(name, key, children)| {
            let key = key.map(|(key, value)| format!(" {key}='{value}'")).unwrap_or_default();
            format!("<{name}{key}>{}</{name}>", children.concat())
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_differs_exactly_where_every_leaf_is_equal(
        (left, right) in prop_oneof![
            (element(4), element(4)),
            // Siblings in another order, or one more: close relatives are where a comparison may miss something.
            prop::collection::vec(element(2), 0..6).prop_flat_map(|items| {
                (Just(items.clone()), Just(items).prop_shuffle(), prop::option::of(element(2)))
            }).prop_map(|(left, mut right, more)| {
                right.extend(more);
                (format!("<rows>{}</rows>", left.concat()), format!("<rows>{}</rows>", right.concat()))
            }),
        ],
        kind in prop::sample::select(vec!["customapi", "systemform", "savedquery"]),
    ) {
        let of = |content: &str| package(&format!("{kind} {FORM} {content}"));
        let (left, right) = (of(&left), of(&right));
        let judged = fidelity::compare(&left, &right);
        let found = compare(&left, &right);
        prop_assert_eq!(judged.is_complete(), found.components.is_empty(), "{}\n{:?}", judged, found.components);
        prop_assert!(compare(&left, &left).components.is_empty());
    }
}
