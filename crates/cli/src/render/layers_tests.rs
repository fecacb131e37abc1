use std::collections::BTreeMap;

use strata_model::component::{ComponentKey, ComponentRef, ComponentType};
use strata_model::id::Guid;
use strata_ops::view::{ConflictEntry, LeafChangeEntry, OutlineEntry};

use super::*;

fn layer(order: usize, kind: LayerKind, solution: &str, length: (Option<&str>, &str)) -> LayerEntry {
    let change = LeafChangeEntry { below: length.0.map(str::to_owned), here: Some(length.1.to_owned()) };
    LayerEntry {
        order,
        kind,
        solution: solution.to_owned(),
        version: Some("1.0.0.0".to_owned()),
        publisher: Some("contoso".to_owned()),
        is_managed: kind != LayerKind::Active,
        state: ComponentWord::Published,
        assumed: false,
        properties: BTreeMap::from([("MaxLength".to_owned(), length.1.to_owned())]),
        changes: BTreeMap::from([("MaxLength".to_owned(), change)]),
    }
}

fn view(layers: Vec<LayerEntry>, resolved: &str, decided: &str) -> LayersView {
    let key = ComponentKey::new(ComponentType::named("attribute"), "contoso_order.contoso_notes");
    let name = "contoso_order.contoso_notes";
    let map = |value: &str| BTreeMap::from([("MaxLength".to_owned(), value.to_owned())]);
    LayersView {
        outline: Vec::new(),
        conflicts: Vec::new(),
        component: ComponentRef::new(Guid::of_environment("test"), &key, name, None, Some("Notes")),
        layers,
        resolved: map(resolved),
        decided_by: map(decided),
        set_by: map(decided),
    }
}

fn plain_text(view: &LayersView) -> String {
    anstream::adapter::strip_str(&text(view, false)).to_string()
}

#[test]
fn l36_the_top_layer_comes_first_and_the_one_that_decides_is_marked() {
    let stack = vec![
        layer(1, LayerKind::Base, "ContosoCore", (None, "100")),
        layer(2, LayerKind::Base, "ContosoSales", (Some("100"), "250")),
        layer(3, LayerKind::Active, "Active", (Some("250"), "500")),
    ];
    let text = plain_text(&view(stack, "500", "Active"));
    let at = |needle: &str| text.find(needle).unwrap_or_else(|| panic!("`{needle}` is missing in\n{text}"));
    assert!(at("┌ 3 Active") < at("├ 2 ContosoSales 1.0.0.0"));
    assert!(at("├ 2 ContosoSales") < at("└ 1 ContosoCore 1.0.0.0"));
    assert!(text.contains("● MaxLength: 250 → 500"), "{text}");
    assert!(text.contains("○ MaxLength: 100 → 250"), "{text}");
    assert!(text.contains("column contoso_order.contoso_notes “Notes”"), "{text}");
    assert!(text.contains("● Active"), "{text}");
}

#[test]
fn drafts_are_named_and_decide_nothing() {
    let mut draft = layer(2, LayerKind::Active, "Active", (Some("100"), "500"));
    draft.state = ComponentWord::Unpublished;
    let stack = vec![layer(1, LayerKind::Base, "ContosoCore", (None, "100")), draft];
    let text = plain_text(&view(stack, "100", "ContosoCore"));
    assert!(text.contains("draft, not published"), "{text}");
    assert!(text.contains("○ MaxLength: 100 → 500"), "{text}");
}

#[test]
fn l44_a_form_shows_as_an_outline_with_its_conflicts() {
    let stack = vec![layer(1, LayerKind::Base, "Core", (None, "1")), layer(2, LayerKind::Base, "Sales", (None, "1"))];
    let mut form = view(stack, "1", "Core");
    let item = |level, depth, name: &str, solution: &str, changed_by: Option<&str>| OutlineEntry {
        level,
        depth,
        name: name.to_owned(),
        component: None,
        path: String::new(),
        solution: solution.to_owned(),
        changed_by: changed_by.map(str::to_owned),
    };
    form.outline = vec![
        item("tab", 0, "Summary", "Core", None),
        item("section", 1, "Contact", "Core", Some("Sales")),
        item("control", 2, "contoso_email", "Sales", None),
    ];
    form.conflicts = vec![ConflictEntry {
        reason: "collision",
        element: "cell[x]".to_owned(),
        layers: vec!["Core".to_owned(), "Sales".to_owned()],
        message: "cell[x] of Sales takes a position that Core claims too".to_owned(),
    }];
    let text = plain_text(&form);
    let row = |name: &str| text.lines().find(|line| line.contains(name)).unwrap_or_default().to_owned();
    assert!(row("section Contact").contains("● Core") && row("section Contact").ends_with("Sales"), "{text}");
    assert!(
        row("control contoso_email").starts_with("    control") && row("contoso_email").contains("● Sales"),
        "{text}"
    );
    assert!(text.contains("conflict cell[x] of Sales takes a position that Core claims too"), "{text}");
    assert!(!text.contains("DECIDED BY"), "{text}");
    let all = anstream::adapter::strip_str(&super::text(&form, true)).to_string();
    assert!(all.contains("DECIDED BY"), "{all}");
}
