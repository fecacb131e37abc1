//! The vectors of the merge rules that need no environment, in their own notation: `T` a tab, `C` a column, `S` a
//! section, other names cells; `+x@1` added at 1, `~x@1` modified, `-x` removed, `x!` with another attribute.

use strata_xml::{Element, Node};

use super::*;

/// Reads a form from its notation. A tab whose first child is a section has one column around its sections.
fn form(text: &str) -> Element {
    let spaced = text.replace('[', " [ ").replace(']', " ] ");
    let words: Vec<_> = spaced.split_whitespace().collect();
    let mut at = 0;
    let tabs = holder("tabs", items(&words, &mut at));
    assert_eq!(at, words.len(), "{text}");
    holder("systemform", vec![holder("form", vec![tabs])])
}

fn items(words: &[&str], at: &mut usize) -> Vec<Element> {
    let mut items = Vec::new();
    let mut columns = 0;
    while *at < words.len() && words[*at] != "]" {
        let word = words[*at];
        *at += 1;
        let children = (words.get(*at) == Some(&"[")).then(|| {
            *at += 1;
            let children = items_below(words, at);
            *at += 1;
            children
        });
        items.push(item(word, children, &mut columns));
    }
    items
}

fn items_below(words: &[&str], at: &mut usize) -> Vec<Element> {
    items(words, at)
}

fn item(word: &str, children: Option<Vec<Element>>, columns: &mut usize) -> Element {
    let mark = match word.chars().next() {
        Some('+') => Some("Added"),
        Some('-') => Some("Removed"),
        Some('~') => Some("Modified"),
        _ => None,
    };
    let bare = word.trim_start_matches(['+', '-', '~']);
    let (bare, ordinal) = bare.split_once('@').unwrap_or((bare, ""));
    let (name, version) = bare.strip_suffix('!').map_or((bare, "1"), |name| (name, "2"));
    let children = children.unwrap_or_default();
    let mut element = match name.chars().next() {
        Some('T') if children.iter().any(|child| child.name == "section") => {
            let column = holder("column", vec![holder("sections", children)]);
            holder("tab", vec![holder("columns", vec![column])])
        }
        Some('T') => holder("tab", vec![holder("columns", children)]),
        Some('C') => holder("column", vec![holder("sections", children)]),
        Some('S') => {
            let rows = children.into_iter().map(|cell| holder("row", vec![cell])).collect();
            holder("section", vec![holder("rows", rows)])
        }
        _ => Element::new("cell"),
    };
    if element.name == "column" {
        if mark.is_some() {
            element.set_attribute("id", &columns.to_string());
        }
        *columns += 1;
    } else {
        element.set_attribute("id", name);
    }
    if element.name == "cell" {
        element.set_attribute("v", version);
    }
    if let Ok(number) = ordinal.parse::<usize>() {
        let number = if element.name == "cell" && number < 10_000 { number + 10_000 } else { number };
        element.set_attribute("ordinalvalue", &number.to_string());
    }
    if let Some(mark) = mark {
        element.set_attribute("solutionaction", mark);
    }
    element
}

fn holder(name: &str, children: Vec<Element>) -> Element {
    Element { children: children.into_iter().map(Node::Element).collect(), ..Element::new(name) }
}

/// Writes a merged form in the notation.
fn shown(merged: &Merged<'_>) -> String {
    let definition = merged.definition().expect("a definition");
    let tabs = definition.descend(&["form", "tabs"]);
    tabs.into_iter().flat_map(Element::elements).map(shown_tab).collect::<Vec<_>>().join(" ")
}

fn shown_tab(tab: &Element) -> String {
    let columns = tab.child("columns").map(|columns| columns.elements().collect::<Vec<_>>()).unwrap_or_default();
    let sections = |column: &&Element| {
        let sections = column.child("sections").into_iter().flat_map(Element::elements);
        sections.map(shown_section).collect::<Vec<_>>().join(" ")
    };
    let inner = match columns.as_slice() {
        [only] => sections(only),
        many => many.iter().map(|column| format!("C[{}]", sections(column))).collect::<Vec<_>>().join(" "),
    };
    let id =
        if tab.attribute("name") == Some("ConflictsTab") { "Conflicts" } else { tab.attribute("id").unwrap_or("?") };
    format!("{id}[{inner}]")
}

fn shown_section(section: &Element) -> String {
    let rows = section.child("rows").into_iter().flat_map(Element::elements);
    let cells = rows.flat_map(Element::elements).map(|cell| {
        let changed = if cell.attribute("v") == Some("2") { "!" } else { "" };
        format!("{}{changed}", cell.attribute("id").unwrap_or("?"))
    });
    format!("{}[{}]", section.attribute("id").unwrap_or("?"), cells.collect::<Vec<_>>().join(" "))
}

/// Merges layers in the notation; one that starts with `full` is a full definition.
fn merged(layers: &[&str], strict: bool) -> (String, Vec<String>) {
    let trees: Vec<_> = layers.iter().map(|layer| form(layer.trim_start_matches("full "))).collect();
    let is_diff = layers.iter().map(|layer| !layer.starts_with("full "));
    let merged = merge(trees.iter().zip(is_diff), strict);
    let conflicts = merged.conflicts.iter().map(|conflict| {
        let last = conflict.element.rsplit('/').next().unwrap_or_default();
        format!("{} {last} {:?}", conflict.reason.name(), conflict.layers)
    });
    let conflicts = conflicts.collect();
    (shown(&merged), conflicts)
}

fn check(layers: &[&str], expected: &str) {
    assert_eq!(merged(layers, false).0, expected);
}

fn check_conflicts(layers: &[&str], strict: bool, expected: &str, conflicts: &[&str]) {
    let (shown, found) = merged(layers, strict);
    assert_eq!((shown.as_str(), found.iter().map(String::as_str).collect::<Vec<_>>()), (expected, conflicts.to_vec()));
}

#[test]
fn l45_v1_a_difference_adds_and_removes() {
    check(&["full T[S[f1 f2]]", "T[S[-f2 +f3@1]]"], "T[S[f1 f3]]");
}

#[test]
fn l45_l106_v2_a_full_patch_removes_nothing() {
    check(&["full T[S[f1 f2]]", "full T[S[f1 f3]]"], "T[S[f1 f3 f2]]");
}

#[test]
fn v4_an_insertion_lists_the_shifted_cells() {
    check(&["full T[S[a b c]]", "T[S[~b@2 ~c@3 +x@1]]"], "T[S[a x b c]]");
}

#[test]
fn l44_v5_two_solutions_claim_one_slot() {
    let stack = ["full T[S[a b]]", "T[S[+x@2]]", "T[S[+y@2]]"];
    check_conflicts(&stack, false, "T[S[a b y x]]", &["collision cell[y] [1, 2]"]);
    check_conflicts(&stack, true, "T[S[a b x]] Conflicts[S[y]]", &["collision cell[y] [1, 2]"]);
}

#[test]
fn l47_incompatible_changes_keep_every_control_and_give_up_its_place() {
    // B and C claim one slot, and D takes away the section that E adds to: all controls stay on the form.
    let layers = ["full T[S[a]]", "T[S[+x@1]]", "T[S[+y@1]]", "T[-S]", "T[S[+z@1]]"];
    check(&layers[..3], "T[S[a y x]]");
    check(&layers, "T[] Conflicts[S[z]]");
}

#[test]
fn l44_v6_what_has_lost_its_section_goes_to_the_conflicts_tab() {
    check_conflicts(
        &["full T1[S1[a]]", "T1[-S1]", "T1[S1[+y@1]]"],
        false,
        "T1[] Conflicts[S1[y]]",
        &["orphan cell[y] [2]"],
    );
}

#[test]
fn l44_v7_removing_the_remover_brings_the_section_back() {
    check_conflicts(&["full T1[S1[a]]", "T1[S1[+y@1]]"], false, "T1[S1[a y]]", &[]);
}

#[test]
fn l44_a_customizer_empties_the_conflicts_tab_and_it_goes() {
    let below = ["full T1[S1[a]] T2[S2[b]]", "T1[-S1]", "T1[S1[+y@1]]"];
    let trees: Vec<_> = below.iter().map(|layer| form(layer.trim_start_matches("full "))).collect();
    let managed = merge(trees.iter().zip([false, true, true]), false).definition().expect("a definition");
    let active = difference(&managed, &form("T1[] T2[S2[b y]]")).expect("a difference");
    let layers = trees.iter().chain([&active]).zip([false, true, true, true]);
    assert_eq!(shown(&merge(layers, false)), "T1[] T2[S2[b y]]");
}

#[test]
fn v8_moving_a_cell_conceals_an_attribute_changed_below() {
    check(&["full T[S[a b]]", "T[S[~b!@1]]", "T[S[+x@1 ~b@2]]"], "T[S[a x b]]");
}

#[test]
fn v9_without_the_mover_the_attribute_shows() {
    check(&["full T[S[a b]]", "T[S[~b!@1]]"], "T[S[a b!]]");
}

#[test]
fn v10_a_section_moves_to_another_column() {
    let base = "full T[C[S1[a] S2[b]] C[S3[c]]]";
    check(
        &[base, "T[C[-S2] C[+S2@0[b]]]".replace("+S2@0[b]", "~S3@1 +S2@0[b]").as_str()],
        "T[C[S1[a]] C[S2[b] S3[c]]]",
    );
    check(&["full T[C[S1[a] S2[b]] C[]]", "T[C[-S2] C[+S2@0[b]]]"], "T[C[S1[a]] C[S2[b]]]");
}

#[test]
fn v10_cells_that_others_had_put_into_a_moved_section_are_reported() {
    check_conflicts(
        &["full T[C[S1[a] S2[b]] C[S3[c]]]", "T[C[S2[+z@1]]]", "T[C[-S2] C[+S2@1[b]]]"],
        false,
        "T[C[S1[a]] C[S3[c] S2[b]]]",
        &["lost-in-move cell[z] [1, 2]"],
    );
}

#[test]
fn v11_v12_an_update_shows_below_the_unmanaged_layer() {
    check(&["full T[S[a b]]", "T[S[+z@2]]"], "T[S[a b z]]");
    check(&["full T[S[a b c]]", "T[S[+z@2]]"], "T[S[a b z c]]");
    check(&["full T[S[a b c]]"], "T[S[a b c]]");
}

/// The rows of the first section, as ids.
fn rows(definition: &Element) -> Vec<Vec<String>> {
    let mut section = definition;
    while section.name != "rows" {
        section = section.elements().last().expect("a way to the rows");
    }
    let ids = |row: &Element| row.elements().filter_map(|cell| cell.attribute("id").map(str::to_owned)).collect();
    section.elements().map(ids).collect()
}

fn section_of(rows: &str) -> Element {
    let xml = format!(
        "<systemform><form><tabs><tab id='T'><columns><column><sections><section id='S'><rows>{rows}</rows></section>\
         </sections></column></columns></tab></tabs></form></systemform>"
    );
    strata_xml::parse(xml.as_bytes()).expect("well formed")
}

#[test]
fn v15_a_cell_joins_the_row_that_has_room_for_its_column() {
    let base = section_of("<row><cell id='p'/><cell id='q'/></row><row><cell id='r'/></row>");
    let diff = section_of("<row><cell id='s' ordinalvalue='20003' solutionaction='Added'/></row>");
    assert_eq!(rows(&apply(&base, &diff, true)), [vec!["p", "q"], vec!["r", "s"]]);
}

#[test]
fn v16_columns_skip_what_spans_hold() {
    let new = section_of("<row><cell id='m' rowspan='2'/><cell id='n'/></row><row><cell id='o'/></row>");
    let mut part = part::Part::read(&new, 0);
    part.number();
    let written = String::from_utf8(strata_xml::write(&part.write(true))).expect("utf-8");
    for cell in [
        "id=\"m\" rowspan=\"2\" ordinalvalue=\"10000\"",
        "id=\"n\" ordinalvalue=\"20001\"",
        "id=\"o\" ordinalvalue=\"20002\"",
    ] {
        assert!(written.contains(cell), "{cell} in {written}");
    }
}

#[test]
fn v16_cells_beside_one_that_gets_shorter_keep_their_columns() {
    let base = section_of("<row><cell id='m' rowspan='2'/></row><row><cell id='n'/></row>");
    let new = section_of("<row><cell id='m' rowspan='1'/><cell id='n'/></row>");
    let merged = apply(&base, &difference(&base, &new).expect("a difference"), true);
    assert_eq!(rows(&merged), [vec!["m", "n"]]);
    let taller = section_of("<row><cell id='m' rowspan='3'/></row><row><cell id='n'/></row>");
    let merged = apply(&base, &difference(&base, &taller).expect("a difference"), true);
    assert_eq!(rows(&merged), [vec!["m"], vec!["n"]], "nothing needs another place");
}

#[test]
fn v16_rows_that_spans_need_stay_empty() {
    let base = section_of("<row><cell id='m' rowspan='3'/></row><row/><row/><row><cell id='n'/></row>");
    let diff = section_of("<row><cell id='x' ordinalvalue='10002' solutionaction='Added'/></row>");
    let merged = apply(&base, &diff, true);
    assert_eq!(rows(&merged), [vec!["m"], vec![], vec![], vec!["n"], vec!["x"]]);
    assert_eq!(rows(&base), rows(&apply(&base, &base, false)));
}

fn site_map(text: &str) -> Element {
    strata_xml::parse(format!("<SiteMap>{text}</SiteMap>").as_bytes()).expect("well formed")
}

fn ids(element: &Element) -> Vec<String> {
    let own = element.elements().filter(|child| child.attribute("Id").is_some());
    own.map(|child| {
        let below = ids(child).join(" ");
        let id = child.attribute("Id").unwrap_or_default();
        if below.is_empty() { id.to_owned() } else { format!("{id}[{below}]") }
    })
    .collect()
}

#[test]
fn v17_an_area_comes_first_and_goes_again() {
    let base = site_map("<Area Id='Ar1'/><Area Id='Ar2'/>");
    let diff = site_map(
        "<Area Id='Ar1' ordinalvalue='1' solutionaction='Modified'/><Area Id='Ar2' ordinalvalue='2' \
         solutionaction='Modified'/><Area Id='ArX' ordinalvalue='0' solutionaction='Added'/>",
    );
    assert_eq!(ids(&apply(&base, &diff, true)), ["ArX", "Ar1", "Ar2"]);
    assert_eq!(ids(&merge([(&base, false)], false).definition().expect("a site map")), ["Ar1", "Ar2"]);
}

#[test]
fn v18_a_change_of_what_is_gone_has_no_effect() {
    let base = site_map("<Area Id='A'><Group Id='G'><SubArea Id='s1'/></Group></Area>");
    let remove = site_map("<Area Id='A'><Group Id='G'><SubArea Id='s1' solutionaction='Removed'/></Group></Area>");
    let change = site_map(
        "<Area Id='A'><Group Id='G'><SubArea Id='s1'><Privilege Entity='a' Privilege='Read' \
         solutionaction='Modified'/></SubArea></Group></Area>",
    );
    let merged = merge([(&base, false), (&remove, true), (&change, true)], false);
    assert_eq!(ids(&merged.definition().expect("a site map")), ["A[G]"]);
    let expected =
        Conflict { reason: Reason::WithoutEffect, element: "Area[a]/Group[g]/SubArea[s1]".to_owned(), layers: vec![2] };
    assert_eq!(merged.conflicts, [expected]);
}

#[test]
fn l46_a_new_node_without_a_position_goes_to_the_bottom_and_an_orphan_too() {
    let base = site_map("<Area Id='A'><Group Id='G'/></Area><Area Id='B'/>");
    let diff = site_map(
        "<Area Id='A'><Group Id='Gone'><SubArea Id='s' solutionaction='Added'/></Group></Area>\
         <Area Id='X' solutionaction='Added'/>",
    );
    let merged = merge([(&base, false), (&diff, true)], false);
    assert_eq!(ids(&merged.definition().expect("a site map")), ["A[G s]", "B", "X"]);
    assert_eq!(merged.conflicts.iter().map(|c| c.reason).collect::<Vec<_>>(), [Reason::Orphan]);
}

fn app(components: &str) -> Element {
    let xml = format!("<AppModule><AppModuleComponents>{components}</AppModuleComponents></AppModule>");
    strata_xml::parse(xml.as_bytes()).expect("well formed")
}

fn parts(merged: &Merged<'_>) -> Vec<String> {
    let definition = merged.definition().expect("an app");
    let list = definition.child("AppModuleComponents").expect("components");
    list.elements().filter_map(|part| part.attribute("schemaName").map(str::to_owned)).collect()
}

#[test]
fn v19_parts_of_an_app_come_and_go() {
    let part = |name: &str, mark: &str| {
        let mark = if mark.is_empty() { String::new() } else { format!(" solutionaction='{mark}'") };
        format!("<AppModuleComponent type='1' schemaName='{name}'{mark}/>")
    };
    let a = app(&(part("t1", "") + &part("t2", "")));
    let b = app(&(part("t3", "Added") + &part("t2", "Removed")));
    let c = app(&part("t4", "Added"));
    let all = merge([(&a, false), (&b, true), (&c, true)], false);
    assert_eq!(parts(&all), ["t1", "t3", "t4"]);
    assert_eq!(parts(&merge([(&a, false), (&c, true)], false)), ["t1", "t2", "t4"]);
}

#[test]
fn v19_roles_and_settings_of_an_app_are_a_union() {
    let xml = |text: &str| strata_xml::parse(text.as_bytes()).expect("well formed");
    let a = xml(
        "<AppModule><ClientType>4</ClientType><AppModuleRoleMaps><Role id='{r1}'/></AppModuleRoleMaps><appsettings>\
         <appsetting settingdefinitionid.uniquename='s'><value>1</value></appsetting></appsettings></AppModule>",
    );
    let b = xml(
        "<AppModule><ClientType>2</ClientType><AppModuleComponents><AppModuleComponent type='1' schemaName='t' \
         solutionaction='Added'/></AppModuleComponents><AppModuleRoleMaps><Role id='{R2}'/></AppModuleRoleMaps><appsettings>\
         <appsetting settingdefinitionid.uniquename='s'><value>2</value></appsetting></appsettings></AppModule>",
    );
    let leaves: Vec<_> = merge([(&a, false), (&b, true)], false)
        .leaves()
        .into_iter()
        .map(|leaf| format!("{}={} by {}", leaf.path, leaf.value, leaf.origin.decided_by))
        .collect();
    assert_eq!(
        leaves,
        [
            "ClientType=2 by 1",
            "AppModuleRoleMaps/Role[r1]@id={r1} by 0",
            "AppModuleRoleMaps/Role[r2]@id={R2} by 1",
            "appsettings/appsetting[s]@settingdefinitionid.uniquename=s by 1",
            "appsettings/appsetting[s]/value=2 by 1",
            "AppModuleComponents/AppModuleComponent[1.t]@type=1 by 1",
            "AppModuleComponents/AppModuleComponent[1.t]@schemaName=t by 1",
        ]
    );
}

fn ribbon(actions: &str) -> Element {
    let xml = format!("<RibbonDiffXml><CustomActions>{actions}</CustomActions></RibbonDiffXml>");
    strata_xml::parse(xml.as_bytes()).expect("well formed")
}

#[test]
fn v21_the_topmost_layer_owns_an_id_and_hiding_beats_adding() {
    let add = |sequence: u32| {
        ribbon(&format!(
            "<CustomAction Id='x.Add' Location='Mscrm.Form.Save.Controls._children' Sequence='{sequence}'>\
             <CommandUIDefinition><Button Id='x.Add.Button'/></CommandUIDefinition></CustomAction>"
        ))
    };
    let (a, b) = (add(10), add(90));
    let c = ribbon("<HideCustomAction HideActionId='x.Hide' Location='x.Add.Button'/>");
    let seen = |layers: &[&Element]| {
        let merged = merge(layers.iter().map(|layer| (*layer, false)), false);
        let actions = merged.ribbon_actions();
        actions.into_iter().map(|action| (action.sequence, action.hidden_by.is_some())).collect::<Vec<_>>()
    };
    assert_eq!(seen(&[&a, &b, &c]), [(90, true)]);
    assert_eq!(seen(&[&a, &b]), [(90, false)]);
    assert_eq!(seen(&[&a]), [(10, false)]);
}

#[test]
fn v21_equal_sequence_lower_layer_first() {
    let action = |id: &str, at: &str| ribbon(&format!("<CustomAction Id='{id}' Location='{at}' Sequence='5'/>"));
    let (a, b) = (action("z", "L._children"), action("a", "L._children"));
    let merged = merge([(&a, false), (&b, false)], false);
    let order: Vec<_> = merged.ribbon_actions().into_iter().map(|action| (action.id, action.replaces)).collect();
    assert_eq!(order, [("z".to_owned(), false), ("a".to_owned(), false)]);
    let replacing = action("r", "Mscrm.Save");
    assert!(merge([(&replacing, false)], false).ribbon_actions()[0].replaces);
}

#[test]
fn v22_one_language_of_a_label_changes() {
    let base = section_of(
        "<row><cell id='a'><labels><label description='Name' languagecode='1033'/><label description='Nom' \
         languagecode='1036'/></labels></cell></row>",
    );
    let diff = section_of(
        "<row><cell id='a' ordinalvalue='10000'><labels><label description='Title' languagecode='1033' \
         solutionaction='Modified'/></labels></cell></row>",
    );
    let merged = merge([(&base, false), (&diff, true)], false);
    let cell = "form/tabs/tab[t]/columns/column[1]/sections/section[s]/rows/cell[a]/labels";
    let label = |language: u32| {
        let path = format!("{cell}/label[{language}]@description");
        let leaf = merged.leaves().into_iter().find(|leaf| leaf.path == path).expect("a label");
        (leaf.value, leaf.origin)
    };
    assert_eq!(label(1033), ("Title".to_owned(), Origin { decided_by: 1, set_by: 1 }));
    assert_eq!(label(1036), ("Nom".to_owned(), Origin { decided_by: 0, set_by: 0 }));
}

#[test]
fn v23_a_difference_lists_base_order_and_then_additions() {
    let difference = difference(&form("T1[S1[a b]] T2[]"), &form("T1[S1[b a]] T3[]")).expect("a difference");
    let tabs = difference.descend(&["form", "tabs"]).expect("tabs");
    let listed: Vec<_> = tabs.elements().map(listed).collect();
    assert_eq!(listed, ["T1@0[S1@0[~a@10001 ~b@10000]]", "-T2@1", "+T3@1"]);
}

fn listed(element: &Element) -> String {
    let mark = match element.attribute("solutionaction") {
        Some("Added") => "+",
        Some("Removed") => "-",
        Some("Modified") => "~",
        _ => "",
    };
    let below: Vec<_> = element.elements().map(listed).filter(|below| !below.is_empty()).collect();
    let inner = below.join(" ");
    match (element.attribute("id"), element.attribute("ordinalvalue")) {
        (Some(id), Some(ordinal)) if inner.is_empty() => format!("{mark}{id}@{ordinal}"),
        (Some(id), Some(ordinal)) => format!("{mark}{id}@{ordinal}[{inner}]"),
        _ => inner,
    }
}

#[test]
fn l44_v24_a_section_for_an_unknown_tab_goes_to_the_conflicts_tab() {
    check_conflicts(
        &["full T1[S1[a]]", "T9@1[+S9@0[k]]"],
        false,
        "T1[S1[a]] Conflicts[S9[k]]",
        &["orphan section[s9] [1]"],
    );
}

#[test]
fn l44_the_same_id_added_twice_is_one_element_and_reported() {
    check_conflicts(
        &["full T[S[a]]", "T[S[+x@1]]", "T[S[+x!@1]]"],
        false,
        "T[S[a x!]]",
        &["added-twice cell[x] [1, 2]"],
    );
}

#[test]
fn r4_over_an_assumed_base_a_difference_shows_what_it_mentions() {
    let assumed = Element::new(ASSUMED);
    let diff = form("T1@0[S1@1[~a@0 +b@1 -c@2]]");
    let merged = merge([(&assumed, false), (&diff, true)], false);
    assert_eq!(shown(&merged), "T1[S1[a b]]");
    assert!(merged.conflicts.is_empty());
}

#[test]
fn r9_a_changed_element_is_decided_by_the_layer_and_set_where_the_value_came_from() {
    let trees = [form("T[S[a b]]"), form("T[S[~b!@1]]")];
    let merged = merge(trees.iter().zip([false, true]), false);
    let leaf = |attribute: &str| {
        let path = format!("form/tabs/tab[t]/columns/column[1]/sections/section[s]/rows/cell[b]@{attribute}");
        merged.leaves().into_iter().find(|leaf| leaf.path == path).expect("a leaf").origin
    };
    assert_eq!(leaf("id"), Origin { decided_by: 1, set_by: 0 });
    assert_eq!(leaf("v"), Origin { decided_by: 1, set_by: 1 });
}
