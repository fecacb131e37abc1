//! What a solution exports, on fixtures of a few lines.

use std::collections::BTreeSet;

use strata_engine::export::{Content, contents};
use strata_model::component::ComponentKey;
use strata_model::environment::{Behavior, Membership};
use strata_model::plan::Bodies;
use strata_model::rules::Rules;
use strata_testkit::fixture::{key, package};
use strata_testkit::simulated::Simulated;

/// What goes out, as `key: definition`, managed or not.
fn out(env: &Simulated, managed: bool, rules: &Rules) -> Vec<String> {
    let solution = env.snapshot.solution_named("Core").expect("the solution");
    let contents = contents(&env.snapshot, solution, managed, 1033, &BTreeSet::new(), rules, &env.bodies());
    let text = |content: &Content| match content {
        Content::Kept(digest) => env.bodies().definition(digest).expect("a definition").bytes.into_owned(),
        Content::Made(body) => body.bytes.to_vec(),
    };
    let shown = contents.components.iter().map(|component| {
        let text = String::from_utf8(text(&component.content)).expect("text");
        format!("{}: {text}", component.key)
    });
    shown.collect()
}

fn join(env: &mut Simulated, component: &ComponentKey) {
    let solution = env.snapshot.solution_named("Core").expect("the solution").no;
    let state = env.snapshot.components.get_mut(component).expect("the component");
    let behavior = Some(Behavior::IncludeSubcomponents);
    state.members.push(Membership { component: state.component.no, solution, behavior });
}

fn with_managed_choice() -> Simulated {
    let mut env = Simulated::default();
    env.import(&package(
        "package Base 1.0 managed fabrikam\noptionset fabrikam_kind <OptionSetType>picklist</OptionSetType>",
    ));
    env.import(&package(
        "package Core 1.0 unmanaged contoso\noptionset contoso_own <OptionSetType>picklist</OptionSetType>",
    ));
    env.publish();
    join(&mut env, &key("optionset:fabrikam_kind"));
    env
}

#[test]
fn l22_both_readings_of_what_nobody_has_changed_in_a_managed_package() {
    let env = with_managed_choice();
    let own = |lines: Vec<String>| {
        lines.into_iter().filter(|line| line.starts_with("optionset:fabrikam_kind")).collect::<Vec<_>>()
    };
    assert_eq!(own(out(&env, true, &Rules::OURS)), Vec::<String>::new());
    let whole = own(out(&env, true, &Rules { unmodified_is_left_out: false, ..Rules::OURS }));
    assert!(
        matches!(whole.as_slice(), [line] if line.contains("<OptionSetType>") && !line.contains("unmodified")),
        "{whole:?}"
    );
    for rules in [Rules::OURS, Rules { unmodified_is_left_out: false, ..Rules::OURS }] {
        let shell = own(out(&env, false, &rules));
        assert!(matches!(shell.as_slice(), [line] if line.contains("unmodified=\"1\"")), "{shell:?}");
    }
}

#[test]
fn l54_a_component_that_was_never_published_stays_behind() {
    let mut env = Simulated::default();
    env.import(&package(
        "package Core 1.0 unmanaged contoso\noptionset contoso_own <OptionSetType>picklist</OptionSetType>",
    ));
    assert_eq!(out(&env, false, &Rules::OURS), Vec::<String>::new());
    env.publish();
    assert_eq!(out(&env, false, &Rules::OURS).len(), 1);
}
