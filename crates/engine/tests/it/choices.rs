//! Options of choices changed by hand: added, named, coloured and taken away over managed layers (merge §7).

use strata_model::component::ComponentKey;
use strata_testkit::fixture::{key, package};
use strata_testkit::simulated::Simulated;

use crate::{refusal, value_of};

const OPTION: &str = "<option value='1' Color='red'><labels><label description='One' languagecode='1033' /></labels>\
    </option>";

/// The managed solution `Core` with a choice of its own, and one of a column.
fn core(version: &str, more: &str) -> strata_model::package::Package {
    package(&format!(
        "package Core {version} managed contoso
         optionset contoso_color <OptionSetType>picklist</OptionSetType><options>{OPTION}{more}</options>
         attribute contoso_order.contoso_kind <Type>picklist</Type><optionset Name='k'><options>{OPTION}{more}</options></optionset>"
    ))
}

fn with_core() -> Simulated {
    let mut env = Simulated::default();
    assert!(!env.import(&core("1.0", "")).is_refused());
    env
}

/// Both choices, with the path to their options.
fn choices() -> [(ComponentKey, &'static str); 2] {
    [
        (key("optionset:contoso_color"), "options/option"),
        (key("attribute:contoso_order.contoso_kind"), "optionset/options/option"),
    ]
}

/// The numbers of a choice's options.
fn values(env: &Simulated, choice: &ComponentKey) -> Vec<String> {
    let all = env.resolved(choice);
    let found = all.iter().filter_map(|line| line.split_once("]@value=").map(|(_, rest)| rest));
    found.filter_map(|rest| rest.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn l40_an_option_added_by_hand_stands_with_those_of_the_layers_below() {
    for (choice, option) in choices() {
        let mut env = with_core();
        assert!(!env.set(&choice, &format!("{option}[3]@value"), "3").is_refused());
        assert!(!env.set(&choice, &format!("{option}[3]/labels/label[1033]@description"), "Three").is_refused());
        assert!(!env.set(&choice, &format!("{option}[4]/labels/label[1033]@description"), "Four").is_refused());
        env.publish();
        assert_eq!(values(&env, &choice), ["1", "3", "4"], "{choice}");
        env.import(&core("1.1", "<option value='2' />"));
        assert_eq!(values(&env, &choice), ["1", "2", "3", "4"], "{choice}: an update shows beside it");
        let label = |value: u8| format!("{option}[{value}]/labels/label[1033]@description");
        let resolved = env.resolved(&choice);
        assert_eq!(value_of(&resolved, &label(1)), Some("One"));
        assert_eq!(value_of(&resolved, &label(3)), Some("Three"));
        assert_eq!(value_of(&resolved, &label(4)), Some("Four"));
    }
}

#[test]
fn l38_a_label_of_an_option_takes_nothing_else_of_it_away() {
    for (choice, option) in choices() {
        let mut env = with_core();
        assert!(!env.set(&choice, &format!("{option}[1]/labels/label[1033]@description"), "Uno").is_refused());
        env.publish();
        let resolved = env.resolved(&choice);
        assert_eq!(value_of(&resolved, &format!("{option}[1]/labels/label[1033]@description")), Some("Uno"));
        assert_eq!(value_of(&resolved, &format!("{option}[1]@Color")), Some("red"), "{choice}: {resolved:?}");
    }
}

#[test]
fn l38_the_colour_of_an_option_leaves_its_labels_to_the_layers_below() {
    for (choice, option) in choices() {
        let mut env = with_core();
        assert!(!env.set(&choice, &format!("{option}[1]@Color"), "blue").is_refused());
        env.publish();
        let renamed = package(&format!(
            "package Core 1.1 managed contoso
             optionset contoso_color <OptionSetType>picklist</OptionSetType><options>{0}</options>
             attribute contoso_order.contoso_kind <Type>picklist</Type><optionset Name='k'><options>{0}</options></optionset>",
            OPTION.replace("One", "First")
        ));
        env.import(&renamed);
        let resolved = env.resolved(&choice);
        assert_eq!(value_of(&resolved, &format!("{option}[1]@Color")), Some("blue"), "{choice}");
        assert_eq!(value_of(&resolved, &format!("{option}[1]/labels/label[1033]@description")), Some("First"));
    }
}

#[test]
fn l40_an_edit_of_the_row_and_one_of_an_option_add_up() {
    let (choice, option) = choices()[1].clone();
    for row_first in [true, false] {
        let mut env = with_core();
        let row = ("Type".to_owned(), "multiselectpicklist");
        let own = (format!("{option}[3]@value"), "3");
        let steps = if row_first { [row, own] } else { [own, row] };
        for (path, value) in steps {
            assert!(!env.set(&choice, &path, value).is_refused());
        }
        env.publish();
        assert_eq!(values(&env, &choice), ["1", "3"]);
        assert_eq!(value_of(&env.resolved(&choice), "Type"), Some("multiselectpicklist"));
    }
}

#[test]
fn l40_status_reasons_are_options_too() {
    let reason = |value: u8, text: &str| {
        let label = format!("<labels><label description='{text}' languagecode='1033' /></labels>");
        format!("<status value='{value}' state='0'>{label}</status>")
    };
    let of = |name: &str, all: &str| {
        package(&format!(
            "package {name} 1.0 managed contoso
             attribute contoso_order.statuscode <Type>status</Type><optionset Name='s'><OptionSetType>status</OptionSetType><statuses>{all}</statuses></optionset>"
        ))
    };
    let column = key("attribute:contoso_order.statuscode");
    let path = |value: u8| format!("optionset/statuses/status[{value}]");
    let mut env = Simulated::default();
    env.import(&of("Core", &(reason(1, "One") + &reason(2, "Two"))));
    env.import(&of("Sales", &reason(3, "Three")));
    assert!(!env.set(&column, &format!("{}/labels/label[1033]@description", path(1)), "Uno").is_refused());
    assert!(!env.set(&column, &format!("{}@state", path(4)), "1").is_refused());
    env.publish();
    assert_eq!(values(&env, &column), ["1", "2", "3", "4"]);
    let resolved = env.resolved(&column);
    let label = |value: u8| value_of(&resolved, &format!("{}/labels/label[1033]@description", path(value)));
    assert_eq!((label(1), label(2), label(3)), (Some("Uno"), Some("Two"), Some("Three")));
    assert_eq!(value_of(&resolved, &format!("{}@state", path(1))), Some("0"), "{resolved:?}");
    assert_eq!(value_of(&resolved, &format!("{}@state", path(4))), Some("1"));
}

#[test]
fn l40_an_option_goes_unless_a_managed_layer_has_it() {
    for (choice, option) in choices() {
        let mut env = with_core();
        env.set(&choice, &format!("{option}[3]/labels/label[1033]@description"), "Three");
        env.publish();
        assert!(!env.set(&choice, &format!("{option}[3]"), "").is_refused());
        env.publish();
        assert_eq!(values(&env, &choice), ["1"], "{choice}");
        let managed = env.set(&choice, &format!("{option}[1]"), "");
        assert_eq!(refusal(&managed), "- ManagedOption L40");
        assert_eq!(refusal(&env.set(&choice, &format!("{option}[9]"), "")), "- UnknownProperty R8");
        assert_eq!(values(&env, &choice), ["1"], "{choice}");
    }
}

#[test]
fn l38_a_label_in_one_language_goes_and_what_is_below_shows_through() {
    let column = key("attribute:contoso_order.contoso_kind");
    let label = "optionset/options/option[1]/labels/label[1033]";
    let mut env = with_core();
    env.set(&column, &format!("{label}@description"), "Uno");
    env.publish();
    assert_eq!(value_of(&env.resolved(&column), &format!("{label}@description")), Some("Uno"));
    assert!(!env.set(&column, label, "").is_refused());
    env.publish();
    assert_eq!(value_of(&env.resolved(&column), &format!("{label}@description")), Some("One"));
}

#[test]
fn l40_options_are_put_in_order_where_no_managed_layer_says_theirs() {
    let mut env = Simulated::default();
    let choice = key("optionset:contoso_color");
    env.import(&package(&format!(
        "package Own 1.0 unmanaged contoso
         optionset contoso_color <OptionSetType>picklist</OptionSetType><options>{OPTION}<option value='2' /><option value='3' /></options>"
    )));
    assert!(!env.set(&choice, "options@order", "3, 1").is_refused());
    env.publish();
    assert_eq!(env.outline(&choice).len(), 3);
    let shown = env.outline(&choice);
    let places: Vec<_> =
        ["3", "1 One", "2"].iter().map(|name| shown.iter().position(|line| line.contains(name))).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{shown:?}");
    assert_eq!(refusal(&env.set(&choice, "options@order", "3,9")), "- UnknownProperty R8");
    for (choice, option) in choices() {
        let mut env = with_core();
        env.set(&choice, &format!("{option}[3]@value"), "3");
        let container = option.trim_end_matches("/option");
        assert_eq!(refusal(&env.set(&choice, &format!("{container}@order"), "3,1")), "- ManagedOption L40");
    }
}
