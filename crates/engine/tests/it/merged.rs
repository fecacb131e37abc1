//! Forms, site maps, apps and choices in an environment: imports, edits of the unmanaged layer, upgrades, removals.

use proptest::prelude::*;
use strata_model::component::ComponentKey;
use strata_model::options::{ImportAction, ImportOptions};
use strata_model::package::Package;
use strata_model::plan::{Effect, FindingKind, Plan};
use strata_testkit::fixture::{key, package};
use strata_testkit::simulated::Simulated;

use crate::{changes, refusal, value_of};

const FORM: &str = "11111111-0000-4000-8000-000000000001";

fn form_key() -> ComponentKey {
    key(&format!("systemform:{FORM}"))
}

/// One line of a package: a form with one section that holds these cells.
fn form(kind: &str, cells: &str) -> String {
    let mark = |c| match c {
        Some('+') => " solutionaction='Added'",
        Some('-') => " solutionaction='Removed'",
        Some('~') => " solutionaction='Modified'",
        _ => "",
    };
    let cell = |word: &str| {
        let (name, ordinal) = word.trim_start_matches(['+', '-', '~']).split_once('@').unwrap_or((word, ""));
        let name = name.trim_start_matches(['+', '-', '~']);
        let ordinal = if ordinal.is_empty() { String::new() } else { format!(" ordinalvalue='1000{ordinal}'") };
        format!("<row><cell id='{name}'{ordinal}{}><control id='{name}' /></cell></row>", mark(word.chars().next()))
    };
    let rows: String = cells.split_whitespace().map(cell).collect();
    format!(
        "systemform {FORM} {kind}<form><tabs><tab id='t'><columns><column><sections><section id='s'><rows>{rows}</rows>\
         </section></sections></column></columns></tab></tabs></form>"
    )
}

fn solution(header: &str, line: &str) -> Package {
    package(&format!("package {header}\n{line}"))
}

/// The cells that people see, in order, each with the solution that put it there.
fn cells(env: &Simulated) -> Vec<String> {
    let outline = env.outline(&form_key());
    outline.into_iter().filter_map(|line| line.strip_prefix("control ").map(str::to_owned)).collect()
}

fn base_and(env: &mut Simulated, cells: &str) {
    assert!(!env.import(&solution("A 1.0 managed contoso", &form("", cells))).is_refused());
}

#[test]
fn l39_l45_v1_a_difference_over_a_managed_form() {
    let mut env = Simulated::default();
    base_and(&mut env, "f1 f2");
    let plan = env.import(&solution("B 1.0 managed other", &form("diff ", "-f2 +f3@1")));
    assert_eq!(cells(&env), ["f1 A", "f3 B"]);
    assert_eq!(changes(&plan), [format!("modify systemform:{FORM} B visible")]);
    let shown: Vec<_> = plan.changes[0].properties.iter().map(|p| (p.path.as_str(), p.after.as_deref())).collect();
    let rows = "form/tabs/tab[t]/columns/column[1]/sections/section[s]/rows";
    assert!(shown.contains(&(format!("{rows}/cell[f2]@id").as_str(), None)), "{shown:?}");
    assert!(shown.contains(&(format!("{rows}/cell[f3]@id").as_str(), Some("f3"))), "{shown:?}");
    let gone = env.uninstall("B");
    assert_eq!(cells(&env), ["f1 A", "f2 A"], "L44: only its own elements go, what it had removed comes back");
    assert_eq!(gone.changes[0].effect, Effect::Visible);
}

#[test]
fn l45_v3_an_upgrade_drops_what_the_new_form_lacks() {
    let mut env = Simulated::default();
    base_and(&mut env, "f1 f2");
    let options = ImportOptions { action: Some(ImportAction::Upgrade), ..ImportOptions::pac() };
    env.import_with(&solution("A 2.0 managed contoso", &form("", "f1 f3 f4")), &options);
    assert_eq!(cells(&env), ["f1 A", "f3 A", "f4 A"]);
}

#[test]
fn l41_l77_a_staged_upgrade_adds_and_changes_and_removes_nothing_yet() {
    let mut env = Simulated::default();
    base_and(&mut env, "f1 f2");
    let options = ImportOptions { action: Some(ImportAction::Stage), ..ImportOptions::pac() };
    env.import_with(&solution("A 2.0 managed contoso", &form("", "f1 f3")), &options);
    assert_eq!(env.layers(&form_key()), ["A", "A_Upgrade"]);
    assert_eq!(cells(&env), ["f1 A", "f3 A_Upgrade", "f2 A"]);
    env.apply_upgrade("A");
    assert_eq!(cells(&env), ["f1 A", "f3 A"]);
}

#[test]
fn l75_an_update_keeps_the_parts_that_the_package_no_longer_mentions() {
    let mut env = Simulated::default();
    base_and(&mut env, "f1 f2");
    env.import(&solution("A 1.1 managed contoso", &form("", "f1 f3")));
    assert_eq!(cells(&env), ["f1 A", "f3 A", "f2 A"]);
    let again = env.import(&solution("A 1.2 managed contoso", &form("", "f1 f3")));
    assert_eq!(again.summary().unchanged, 1, "nothing new to keep");
    // And of a difference.
    let mut env = Simulated::default();
    base_and(&mut env, "f1 f2");
    env.import(&solution("B 1.0 managed other", &form("diff ", "+x@2")));
    env.import(&solution("B 1.1 managed other", &form("diff ", "+y@2")));
    assert_eq!(env.layers(&form_key()), ["A", "B"]);
    let mut seen = cells(&env);
    seen.sort();
    assert_eq!(seen, ["f1 A", "f2 A", "x B", "y B"]);
}

#[test]
fn l45_l136_v11_v12_an_update_shows_below_the_unmanaged_layer() {
    let mut env = Simulated::default();
    base_and(&mut env, "a b");
    let rows = "form/tabs/tab[t]/columns/column[1]/sections/section[s]/rows";
    let plan = env.set(&form_key(), &format!("{rows}/cell[z]/control@id"), "z");
    assert!(!plan.is_refused(), "{plan:?}");
    assert_eq!(env.layers(&form_key()), ["A", "[Active]"], "L49");
    assert_eq!(cells(&env), ["a A", "b A"], "R1: a draft shows nothing");
    env.publish();
    assert_eq!(cells(&env), ["a A", "b A", "z Active"]);
    let update = env.import(&solution("A 1.1 managed contoso", &form("", "a b c")));
    assert_eq!(cells(&env), ["a A", "b A", "z Active", "c A"]);
    assert_eq!(update.changes[0].effect, Effect::Visible, "L136: the update's new parts show at once");
    env.remove_active(&form_key());
    assert_eq!(cells(&env), ["a A", "b A", "c A"]);
}

#[test]
fn l45_v13_what_is_added_and_taken_back_leaves_no_trace() {
    let mut env = Simulated::default();
    base_and(&mut env, "a b");
    let z = "form/tabs/tab[t]/columns/column[1]/sections/section[s]/rows/cell[z]";
    env.set(&form_key(), &format!("{z}/control@id"), "z");
    env.set(&form_key(), z, "");
    assert_eq!(env.layers(&form_key()), ["A"], "as a draft");
    env.set(&form_key(), &format!("{z}/control@id"), "z");
    env.publish();
    assert_eq!(env.layers(&form_key()), ["A", "Active"]);
    env.set(&form_key(), z, "");
    assert_eq!(env.layers(&form_key()), ["A", "Active", "[Active]"]);
    let plan = env.publish();
    assert_eq!(env.layers(&form_key()), ["A"], "as something published");
    assert_eq!(plan.changes[0].effect, Effect::Visible);
    assert_eq!(cells(&env), ["a A", "b A"]);
}

#[test]
fn l45_an_edit_set_back_while_a_draft_is_open_leaves_what_is_published() {
    let mut env = Simulated::default();
    base_and(&mut env, "a");
    let name = "form/tabs/tab[t]@name";
    env.set(&form_key(), name, "one");
    env.publish();
    env.set(&form_key(), name, "two");
    assert_eq!(env.layers(&form_key()), ["A", "Active", "[Active]"]);
    env.set(&form_key(), name, "one");
    assert_eq!(env.layers(&form_key()), ["A", "Active"]);
}

#[test]
fn l38_an_edit_of_a_merged_type_masks_only_the_element_it_touches() {
    let mut env = Simulated::default();
    base_and(&mut env, "a b");
    let rows = "form/tabs/tab[t]/columns/column[1]/sections/section[s]/rows";
    env.set(&form_key(), &format!("{rows}/cell[a]@visible"), "false");
    env.publish();
    let changed =
        form("", "a b").replace("<cell id='b'>", "<cell id='b' visible='false'>").replace("id='a'>", "id='a' x='1'>");
    let plan = env.import(&solution("A 1.1 managed contoso", &changed));
    let property = |path: &str| plan.changes[0].properties.iter().find(|p| p.path.ends_with(path)).expect("a property");
    assert_eq!(property("cell[b]@visible").resolved_after.as_deref(), Some("false"));
    assert_eq!(property("cell[a]@x").resolved_after, None, "the whole element is Active's");
}

#[test]
fn r8_positions_are_edited_too() {
    let mut env = Simulated::default();
    base_and(&mut env, "a b c");
    let rows = "form/tabs/tab[t]/columns/column[1]/sections/section[s]/rows";
    env.set(&form_key(), &format!("{rows}/cell[c]@ordinalvalue"), "10000");
    env.publish();
    assert_eq!(cells(&env), ["c A", "a A", "b A"]);
    let refused = env.set(&form_key(), &format!("{rows}/cell[nowhere]@ordinalvalue"), "10000");
    assert!(refusal(&refused).ends_with("R8"), "{}", refusal(&refused));
}

#[test]
fn l43_v14_a_difference_needs_the_form_it_belongs_to() {
    let mut env = Simulated::default();
    let plan = env.import(&solution("B 1.0 managed other", &form("diff ", "+x@0")));
    assert_eq!(refusal(&plan), "- FormBaseMissing L43");
}

fn collisions(plan: &Plan) -> Vec<String> {
    let collisions = plan.findings.iter().filter(|finding| finding.kind == FindingKind::Collision);
    collisions.map(|finding| format!("{} {}", finding.rule, finding.message)).collect()
}

#[test]
fn l44_v5_a_plan_names_the_form_and_the_layers_that_collide() {
    let mut env = Simulated::default();
    base_and(&mut env, "a b");
    assert!(collisions(&env.import(&solution("B 1.0 managed other", &form("diff ", "+x@2")))).is_empty());
    let plan = env.import(&solution("C 1.0 managed third", &form("diff ", "+y@2")));
    assert_eq!(collisions(&plan), [format!("L44 form {FORM}: cell[y] of C takes a position that B claims too")]);
    assert_eq!(cells(&env), ["a A", "b A", "y C", "x B"]);
    let about = plan.findings.iter().find(|finding| finding.kind == FindingKind::Collision).expect("a collision");
    assert_eq!(about.component.as_ref().map(|component| component.name.as_str()), Some(FORM));
}

#[test]
fn l44_the_strict_reading_moves_what_collides_to_the_conflicts_tab() {
    let mut env = Simulated::default();
    env.rules.collisions_to_conflicts_tab = true;
    base_and(&mut env, "a b");
    env.import(&solution("B 1.0 managed other", &form("diff ", "+x@2")));
    env.import(&solution("C 1.0 managed third", &form("diff ", "+y@2")));
    let outline = env.outline(&form_key());
    let tab = outline.iter().position(|line| line.starts_with("tab Conflicts Tab")).expect("a Conflicts Tab");
    assert!(outline[tab..].contains(&"control y C".to_owned()), "{outline:?}");
    assert!(outline[..tab].contains(&"control x B".to_owned()), "{outline:?}");
}

#[test]
fn l44_v6_v7_an_orphan_is_reported_and_goes_with_its_cause() {
    let mut env = Simulated::default();
    base_and(&mut env, "a");
    env.import(&solution("C 1.0 managed third", &form("diff ", "+y@1")));
    let remove = form("diff ", "").replace("<section id='s'>", "<section id='s' solutionaction='Removed'>");
    let plan = env.import(&solution("B 1.0 managed other", &remove));
    assert!(collisions(&plan).is_empty(), "B is above C: it takes C's cell along with its section");
    env.uninstall("B");
    env.uninstall("C");
    env.import(&solution("B 1.0 managed other", &remove));
    let plan = env.import(&solution("C 1.0 managed third", &form("diff ", "+y@1")));
    assert_eq!(collisions(&plan), [format!("L44 form {FORM}: cell[y] of C has lost its place")]);
    assert!(env.outline(&form_key()).iter().any(|line| line.starts_with("tab Conflicts Tab")));
    env.uninstall("B");
    assert_eq!(cells(&env), ["a A", "y C"]);
    assert!(!env.outline(&form_key()).iter().any(|line| line.starts_with("tab Conflicts Tab")));
}

#[test]
fn l126_an_unmanaged_form_over_a_managed_one_adds_and_changes() {
    let mut env = Simulated::default();
    base_and(&mut env, "a b");
    let import = |env: &mut Simulated, cells: &str| {
        let plan = env.import(&solution("Dev 1.0 unmanaged contoso", &form("", cells)));
        env.publish();
        plan
    };
    import(&mut env, "a z");
    assert_eq!(cells(&env), ["a A", "z Active", "b A"], "b is not removed");
    import(&mut env, "a y");
    assert_eq!(cells(&env), ["a A", "y Active", "b A"], "z was Active's own");
    let again = import(&mut env, "a y");
    assert!(again.edits.iter().all(|edit| edit.layered_component().is_none()), "{:?}", again.edits);
    import(&mut env, "a b");
    assert_eq!(env.layers(&form_key()), ["A"], "the managed form itself leaves no trace");
}

#[test]
fn l126_a_form_created_unmanaged_is_held_full() {
    let mut env = Simulated::default();
    env.import(&solution("Dev 1.0 unmanaged contoso", &form("", "a b")));
    env.publish();
    env.set(&form_key(), "form/tabs/tab[t]@name", "First");
    env.publish();
    assert_eq!(cells(&env), ["a Active", "b Active"]);
    let state = &env.snapshot.components[&form_key()];
    assert!(state.layers.iter().all(|layer| !layer.is_diff));
}

#[test]
fn l87_overwriting_does_not_concern_merged_types() {
    let mut env = Simulated::default();
    base_and(&mut env, "a");
    env.set(&form_key(), "form/tabs/tab[t]@name", "Mine");
    env.publish();
    let options = ImportOptions { overwrite_unmanaged_customizations: true, ..ImportOptions::pac() };
    let named = form("", "a").replace("<tab id='t'>", "<tab id='t' name='Theirs'>");
    env.import_with(&solution("A 1.1 managed contoso", &named), &options);
    assert!(env.resolved(&form_key()).contains(&"form/tabs/tab[t]@name=Mine by Active".to_owned()));
    assert!(form_key().component_type.merge().is_merged());
    assert!(!key("attribute:a.b").component_type.merge().is_merged());
}

#[test]
fn oq2_l40_v20_options_are_a_union_and_the_topmost_layer_labels_them() {
    let choice = |name: &str, options: &[(u32, &str)]| {
        let option = |(value, label): &(u32, &str)| {
            format!(
                "<option value='{value}'><labels><label description='{label}' languagecode='1033' /></labels></option>"
            )
        };
        let options: String = options.iter().map(option).collect();
        solution(&format!("{name} 1.0 managed contoso"), &format!("optionset contoso_c <options>{options}</options>"))
    };
    let mut env = Simulated::default();
    let c = key("optionset:contoso_c");
    env.import(&choice("Sys", &[(1, "one"), (2, "two")]));
    env.import(&choice("A", &[(1, "one of A"), (100, "hundred")]));
    env.import(&choice("B", &[(200, "two hundred")]));
    env.set(&c, "options/option[200]/labels/label[1033]@description", "mine");
    env.publish();
    let labels = |env: &Simulated| {
        let lines = env.resolved(&c).into_iter();
        lines.filter(|line| line.contains("@description")).map(|line| line.replace("options/", "")).collect::<Vec<_>>()
    };
    assert_eq!(
        labels(&env),
        [
            "option[100]/labels/label[1033]@description=hundred by A",
            "option[1]/labels/label[1033]@description=one of A by A",
            "option[200]/labels/label[1033]@description=mine by Active",
            "option[2]/labels/label[1033]@description=two by Sys",
        ]
    );
    let order = ["option 1 one of A Sys", "option 2 two Sys", "option 100 hundred A", "option 200 mine B"];
    assert_eq!(env.outline(&c), order, "base order, then new ones by layer");
    env.uninstall("A");
    assert_eq!(env.outline(&c), ["option 1 one Sys", "option 2 two Sys", "option 200 mine B"]);
    assert_eq!(
        labels(&env),
        [
            "option[1]/labels/label[1033]@description=one by Sys",
            "option[200]/labels/label[1033]@description=mine by Active",
            "option[2]/labels/label[1033]@description=two by Sys",
        ]
    );
}

#[test]
fn l44_a_full_form_over_another_solutions_is_merged_with_a_warning() {
    let mut env = Simulated::default();
    base_and(&mut env, "a b");
    let plan = env.import(&solution("B 1.0 managed other", &form("", "a c")));
    assert_eq!(cells(&env), ["a A", "c B", "b A"]);
    let warned = plan.findings.iter().any(|f| f.rule == "L42" && f.message.contains("full definition"));
    assert!(warned, "{:?}", plan.findings);
    let own = env.import(&solution("A 1.1 managed contoso", &form("", "a b")));
    assert!(own.findings.iter().all(|finding| finding.rule != "L42"));
}

#[test]
fn r8_an_element_is_put_in_whole_and_taken_away() {
    let mut env = Simulated::default();
    base_and(&mut env, "a");
    let cell = "form/tabs/tab[t]/columns/column[1]/sections/section[s]/rows/cell[n]";
    let plan = env.set(&form_key(), cell, "<cell id='n'><control id='n' datafieldname='contoso_n' /></cell>");
    assert!(!plan.is_refused(), "{:?}", plan.findings);
    env.publish();
    assert_eq!(cells(&env), ["a A", "contoso_n Active"]);
    let other = env.set(&form_key(), cell, "<section id='n' />");
    assert!(refusal(&other).ends_with("R8"), "what the path names is a cell");
    env.set(&form_key(), &cell.replace("cell[n]", "cell[a]"), "");
    env.publish();
    assert_eq!(cells(&env), ["contoso_n Active"], "a managed cell is hidden by taking it away");
    env.remove_active(&form_key());
    assert_eq!(cells(&env), ["a A"]);
}

#[test]
fn oq1_l39_site_maps_apps_and_ribbons_are_edited_as_differences_too() {
    let mut env = Simulated::default();
    let part = "<AppModuleComponents><AppModuleComponent type='1' schemaName='t' /></AppModuleComponents>";
    let map = "<SiteMap><Area Id='A' /></SiteMap>";
    let ribbon = "<CustomActions><CustomAction Id='x' Location='L._children' Sequence='1' /></CustomActions>";
    env.import(&package(&format!(
        "package A 1.0 managed contoso
         appmodule contoso_App {part}
         sitemap contoso_Map {map}
         ribboncustomization contoso_t {ribbon}"
    )));
    let sets = [
        ("appmodule:contoso_App", "AppModuleComponents/AppModuleComponent[1.u]@type", "1"),
        ("sitemap:contoso_Map", "SiteMap/Area[b]@Icon", "i"),
        ("ribboncustomization:contoso_t", "CustomActions/CustomAction[x]@Sequence", "9"),
    ];
    for (component, path, value) in sets {
        let plan = env.set(&key(component), path, value);
        assert!(!plan.is_refused(), "{component}: {:?}", plan.findings);
        env.publish();
        let resolved = env.resolved(&key(component));
        assert!(resolved.contains(&format!("{path}={value} by Active")), "{component}: {resolved:?}");
        let state = &env.snapshot.components[&key(component)];
        assert!(state.layers.last().is_some_and(|layer| layer.is_diff), "{component}");
    }
}

#[test]
fn l42_an_unmanaged_difference_over_an_unmanaged_form_changes_it() {
    let mut env = Simulated::default();
    env.import(&solution("Dev 1.0 unmanaged contoso", &form("", "a b")));
    env.publish();
    env.import(&solution("Other 1.0 unmanaged contoso", &form("diff ", "-a +c@1")));
    env.publish();
    assert_eq!(env.layers(&form_key()), ["Active"]);
    assert_eq!(cells(&env), ["b Active", "c Active"]);
}

#[derive(Debug, Clone)]
enum Step {
    Import { solution: u8, version: u8, cells: Vec<(u8, u8, u8)> },
    Uninstall(u8),
    Set(u8, u8),
    Publish,
    RemoveActive,
}

fn step() -> impl Strategy<Value = Step> {
    let cells = || proptest::collection::vec((0..3_u8, 0..5_u8, 0..4_u8), 1..4);
    prop_oneof![
        5 => (0..3_u8, 0..9_u8, cells()).prop_map(|(solution, version, cells)| Step::Import { solution, version, cells }),
        2 => (0..3_u8).prop_map(Step::Uninstall),
        3 => (0..5_u8, 0..3_u8).prop_map(|(cell, value)| Step::Set(cell, value)),
        2 => Just(Step::Publish),
        1 => Just(Step::RemoveActive),
    ]
}

/// Solution 0 brings the whole form, the others differences to it.
fn made(number: u8, version: u8, cells: &[(u8, u8, u8)]) -> Package {
    let mut words: Vec<String> = Vec::new();
    for (mark, cell, at) in cells {
        let name = char::from(b'a' + cell);
        if words.iter().any(|word| word.contains(name)) {
            continue;
        }
        words.push(match (number, mark) {
            (0, _) => name.to_string(),
            (_, 0) => format!("+{name}@{at}"),
            (_, 1) => format!("~{name}@{at}"),
            _ => format!("-{name}"),
        });
    }
    let kind = if number == 0 { "" } else { "diff " };
    solution(&format!("S{number} 1.{version} managed contoso"), &form(kind, &words.join(" ")))
}

fn run(env: &mut Simulated, step: &Step) -> Plan {
    let rows = "form/tabs/tab[t]/columns/column[1]/sections/section[s]/rows";
    match step {
        Step::Import { solution, version, cells } => env.import(&made(*solution, *version, cells)),
        Step::Uninstall(solution) => env.uninstall(&format!("S{solution}")),
        Step::Set(cell, value) => {
            let cell = char::from(b'a' + cell);
            env.set(&form_key(), &format!("{rows}/cell[{cell}]@v"), &value.to_string())
        }
        Step::Publish => env.publish(),
        Step::RemoveActive => env.remove_active(&form_key()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// What a plan says of a form is what is seen afterwards, and planning twice gives the same.
    #[test]
    fn d1_what_was_predicted_of_a_form_is_what_happened(steps in proptest::collection::vec(step(), 1..12)) {
        let mut env = Simulated::default();
        base_and(&mut env, "a b c");
        env.import(&made(0, 0, &[(0, 0, 0), (0, 1, 0), (0, 2, 0)]));
        for step in &steps {
            let before = env.clone();
            let plan = run(&mut env, step);
            prop_assert_eq!(&plan, &run(&mut before.clone(), step));
            if plan.is_refused() {
                prop_assert_eq!(&env.snapshot, &before.snapshot);
                continue;
            }
            let resolved = env.resolved(&form_key());
            let is_draft = matches!(step, Step::Set(..));
            for property in plan.changes.iter().filter(|_| !is_draft).flat_map(|change| &change.properties) {
                let value = value_of(&resolved, &property.path);
                prop_assert_eq!(value, property.resolved_after.as_deref(), "{:?}", property);
            }
        }
    }

    /// Import then uninstall of a further solution restores the form (L44, L97).
    #[test]
    fn l44_l97_import_then_uninstall_restores_the_form(
        steps in proptest::collection::vec(step(), 0..8),
        cells in proptest::collection::vec((0..3_u8, 0..5_u8, 0..4_u8), 1..4),
    ) {
        let mut env = Simulated::default();
        base_and(&mut env, "a b c");
        steps.iter().for_each(|step| drop(run(&mut env, step)));
        let before = (env.resolved(&form_key()), env.outline(&form_key()), env.layers(&form_key()));
        prop_assert!(!env.import(&made(9, 0, &cells)).is_refused());
        prop_assert!(!env.uninstall("S9").is_refused());
        prop_assert_eq!((env.resolved(&form_key()), env.outline(&form_key()), env.layers(&form_key())), before);
    }
}
