//! Laws of planning where features meet: tables with parts, forms, views, choices, site maps, apps, flows and
//! environment variables, with drafts, pending deletions, switches, options of imports and patches.

use proptest::prelude::*;
use strata_engine::activation::Switch;
use strata_model::component::ComponentKey;
use strata_model::deployment_settings::{DeploymentSettings, SettingsFile, VariableSetting};
use strata_model::id::Digest;
use strata_model::options::{ImportAction, ImportOptions};
use strata_model::package::Package;
use strata_model::plan::{Action, Change, Effect, OperationKind, Plan, VariableSource};
use strata_testkit::fixture::{key, package};
use strata_testkit::simulated::Simulated;

use crate::value_of;

const FORM: &str = "systemform:11111111-0000-4000-8000-000000000001";
const OTHER_FORM: &str = "systemform:11111111-0000-4000-8000-000000000002";
const VIEW: &str = "savedquery:11111111-0000-4000-8000-000000000003";
const FLOW: &str = "workflow:11111111-0000-4000-8000-000000000004";
const STEP: &str = "sdkmessageprocessingstep:11111111-0000-4000-8000-000000000005";

/// What can be edited, and by which property.
const EDITS: [(&str, &str); 8] = [
    ("attribute:contoso_t.contoso_a", "V"),
    (FORM, "form/tabs/tab[t]/columns/column[1]/sections/section[s]/rows/cell[c1]@colspan"),
    (FORM, "form/DisplayConditions@Order"),
    (VIEW, "V"),
    ("optionset:contoso_s", "options/option[1]@Color"),
    ("sitemap:contoso_m", "SiteMap/Area[b]@Icon"),
    (FLOW, "V"),
    ("environmentvariablevalue:contoso_u", "value"),
];

const DELETED: [&str; 5] = ["attribute:contoso_t.contoso_b", FORM, OTHER_FORM, VIEW, "entity:contoso_t"];

/// One component of a package, as a part of the content and a value.
type Content = Vec<(u8, u8)>;

#[derive(Debug, Clone, Copy)]
struct Flags {
    overwrite: bool,
    publish: bool,
    activate: bool,
    convert: bool,
    given: bool,
    assume: bool,
}

#[derive(Debug, Clone)]
enum Step {
    Import { solution: u8, version: u8, content: Content, is_managed: bool, action: Option<ImportAction>, flags: Flags },
    Patch { solution: u8, build: u8, content: Content, flags: Flags },
    Apply(u8),
    Uninstall(u8),
    UninstallPatch(u8, u8),
    GiveUp(u8),
    Set(usize, u8),
    Delete(usize),
    RemoveActive(usize),
    Switch(bool, bool),
    Publish,
}

fn content() -> impl Strategy<Value = Content> {
    proptest::collection::vec((0..14_u8, 0..4_u8), 1..9)
}

fn flags() -> impl Strategy<Value = Flags> {
    let rare = || proptest::bool::weighted(0.3);
    (rare(), rare(), rare(), rare(), rare(), any::<bool>()).prop_map(
        |(overwrite, publish, activate, convert, given, assume)| Flags {
            overwrite,
            publish,
            activate,
            convert,
            given,
            assume,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let action = prop_oneof![
        3 => Just(None),
        2 => Just(Some(ImportAction::Upgrade)),
        2 => Just(Some(ImportAction::Stage)),
    ];
    prop_oneof![
        8 => (0..4_u8, 1..6_u8, content(), proptest::bool::weighted(0.8), action, flags()).prop_map(
            |(solution, version, content, is_managed, action, flags)| Step::Import {
                solution, version, content, is_managed, action, flags
            }
        ),
        3 => (0..4_u8, 1..4_u8, content(), flags())
            .prop_map(|(solution, build, content, flags)| Step::Patch { solution, build, content, flags }),
        1 => (0..4_u8).prop_map(Step::Apply),
        1 => (0..4_u8).prop_map(Step::Uninstall),
        1 => (0..4_u8, 1..4_u8).prop_map(|(solution, build)| Step::UninstallPatch(solution, build)),
        1 => (0..4_u8).prop_map(Step::GiveUp),
        4 => (0..EDITS.len(), 0..4_u8).prop_map(|(edit, value)| Step::Set(edit, value)),
        1 => (0..DELETED.len()).prop_map(Step::Delete),
        1 => (0..EDITS.len()).prop_map(Step::RemoveActive),
        1 => (any::<bool>(), any::<bool>()).prop_map(|(flow, on)| Step::Switch(flow, on)),
        1 => Just(Step::Publish),
    ]
}

/// A form of the table: full or a difference, with or without conditions, two cells.
fn form(form: &str, value: u8) -> String {
    let conditions = if value == 2 { "<DisplayConditions Order='3'><Role Id='{r}' /></DisplayConditions>" } else { "" };
    let (kind, mark) = if value == 3 { ("diff ", " solutionaction='Added'") } else { ("", "") };
    let cell = |name: u8| format!("<row><cell id='c{name}'{mark}><control id='c{name}' /></cell></row>");
    let cells: String = [1, 2 + value].map(cell).concat();
    let id = form.split_once(':').expect("a key").1;
    format!(
        "systemform {id} {kind}of=contoso_t/main <form><tabs><tab id='t'><columns><column><sections>\
         <section id='s'><rows>{cells}</rows></section></sections></column></columns></tab></tabs>{conditions}</form>"
    )
}

fn line(what: u8, value: u8) -> String {
    let id = |key: &str| key.split_once(':').expect("a key").1.to_owned();
    match what {
        0 => format!("entity contoso_t <V>{value}</V>"),
        1 => format!("attribute contoso_t.contoso_a <V>{value}</V><W>{value}</W>"),
        2 => format!("attribute contoso_t.contoso_b <V>{value}</V>"),
        3 => form(FORM, value),
        4 => form(OTHER_FORM, value),
        5 => format!("savedquery {} of=contoso_t <V>{value}</V>", id(VIEW)),
        6 => format!(
            "optionset contoso_s <options><option value='1' Color='{value}' /><option value='{}' /></options>",
            value + 2
        ),
        7 => format!("sitemap contoso_m <SiteMap><Area Id='a' /><Area Id='x{value}' /></SiteMap>"),
        8 => format!("workflow {} <Category>5</Category><StateCode>{}</StateCode><V>{value}</V>", id(FLOW), value % 2),
        9 => format!("sdkmessageprocessingstep {} <V>{value}</V>", id(STEP)),
        10 => format!(
            "environmentvariabledefinition contoso_u <type>100000000</type><defaultvalue>{value}</defaultvalue>"
        ),
        11 => format!("environmentvariablevalue contoso_u <value>{value}</value>"),
        // What another solution brings, or a placeholder (R4).
        12 => format!("attribute other_t.contoso_x <V>{value}</V>\nneeds entity:other_t from S3 1.0"),
        _ => format!("entity other_t <V>{value}</V>"),
    }
}

/// Solutions 0 and 1 are of publisher A, the other of B. What stands on the table brings it, if only by name.
fn made(head: &str, lines: &str, solution: u8, content: &Content, is_managed: bool) -> Package {
    let publisher = if solution < 2 { "A" } else { "B" };
    let mode = if is_managed { "managed" } else { "unmanaged" };
    let mut text = format!("package {head} {mode} {publisher}\n{lines}");
    let mut seen: Vec<u8> = Vec::new();
    // What the others take for granted of solution 3 is there.
    let granted = (solution == 3 && lines.is_empty()).then_some((13, 0));
    for (what, value) in content.iter().chain(&granted) {
        if !seen.contains(what) {
            seen.push(*what);
            text.push_str(&line(*what, *value));
            text.push('\n');
        }
    }
    if !seen.contains(&0) && seen.iter().any(|what| (1..=5).contains(what)) {
        text.push_str("root entity:contoso_t 2\n");
    }
    package(&text)
}

fn options(action: Option<ImportAction>, flags: Flags) -> ImportOptions {
    let variable = VariableSetting { schema_name: "contoso_u".into(), value: "given".into() };
    let settings = DeploymentSettings { environment_variables: vec![variable], ..DeploymentSettings::default() };
    let file = SettingsFile { path: "settings.json".to_owned(), digest: Digest::of(b""), settings };
    ImportOptions {
        action,
        overwrite_unmanaged_customizations: flags.overwrite,
        publish_changes: flags.publish,
        publish_workflows: flags.activate,
        convert_to_managed: flags.convert,
        assume_missing: flags.assume,
        settings: flags.given.then(|| Box::new(file)),
        ..ImportOptions::pac()
    }
}

fn component(edit: usize) -> ComponentKey {
    key(EDITS[edit].0)
}

fn run(env: &mut Simulated, step: &Step) -> Plan {
    match step {
        Step::Import { solution, version, content, is_managed, action, flags } => {
            let package = made(&format!("S{solution} 1.{version}"), "", *solution, content, *is_managed);
            env.import_with(&package, &options(*action, *flags))
        }
        Step::Patch { solution, build, content, flags } => {
            let parent = env.snapshot.solution_named(&format!("S{solution}"));
            let (minor, is_managed) = parent.map_or((0, true), |s| (s.version.parts()[1], s.is_managed));
            let head = format!("S{solution}_Patch_{build} 1.{minor}.{build}");
            let package = made(&head, &format!("patch-of S{solution}\n"), *solution, content, is_managed);
            env.import_with(&package, &options(None, *flags))
        }
        Step::Apply(solution) => env.apply_upgrade(&format!("S{solution}")),
        Step::Uninstall(solution) => env.uninstall(&format!("S{solution}")),
        Step::UninstallPatch(solution, build) => env.uninstall(&format!("S{solution}_Patch_{build}")),
        Step::GiveUp(solution) => env.uninstall(&format!("S{solution}_Upgrade")),
        Step::Set(edit, value) => env.set(&component(*edit), EDITS[*edit].1, &value.to_string()),
        Step::Delete(which) => env.delete(&key(DELETED[*which])),
        Step::RemoveActive(edit) => env.remove_active(&component(*edit)),
        Step::Switch(flow, on) => {
            env.switch(&key(if *flow { FLOW } else { STEP }), if *on { Switch::On } else { Switch::Off })
        }
        Step::Publish => env.publish(),
    }
}

/// An environment with some steps behind it.
fn after(steps: &[Step]) -> Simulated {
    let mut env = Simulated::default();
    for step in steps {
        run(&mut env, step);
    }
    env
}

/// Every value belongs to a variable (L117), and every part to a table (L98).
fn orphans(env: &Simulated) -> Vec<String> {
    let components = env.components();
    let has = |name: &str| components.iter().any(|component| component == name);
    let mut orphans = Vec::new();
    if has("environmentvariablevalue:contoso_u") && !has("environmentvariabledefinition:contoso_u") {
        orphans.push("a value without its variable".to_owned());
    }
    orphans
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn d1_mixed_planning_is_deterministic_and_refusals_change_nothing(steps in proptest::collection::vec(step(), 1..16)) {
        let mut env = Simulated::default();
        for step in &steps {
            let before = env.clone();
            let plan = run(&mut env, step);
            prop_assert_eq!(&plan, &run(&mut before.clone(), step));
            if plan.is_refused() {
                prop_assert_eq!(&env.snapshot, &before.snapshot);
                prop_assert!(plan.edits.is_empty());
            }
            prop_assert_eq!(orphans(&env), Vec::<String>::new());
        }
    }

    #[test]
    fn l76_l80_stage_and_apply_equal_an_upgrade_of_everything(
        steps in proptest::collection::vec(step(), 0..16),
        solution in 0..4_u8,
        content in content(),
        flags in flags(),
    ) {
        let env = after(&steps);
        let next = made(&format!("S{solution} 1.9"), "", solution, &content, true);
        let (mut in_one, mut staged) = (env.clone(), env);
        let upgrade = in_one.import_with(&next, &options(Some(ImportAction::Upgrade), flags));
        // Publishing is the last thing that an import does, so it comes after the apply.
        let stage = staged.import_with(&next, &options(Some(ImportAction::Stage), Flags { publish: false, ..flags }));
        if stage.is_refused() {
            prop_assert!(upgrade.is_refused() || upgrade.operation == OperationKind::New, "{:?}", stage.findings);
            return Ok(());
        }
        let applied = staged.apply_upgrade(&format!("S{solution}"));
        prop_assert_eq!(applied.is_refused(), upgrade.is_refused(), "{:?}\n{:?}", applied.findings, upgrade.findings);
        if !applied.is_refused() {
            if flags.publish {
                staged.publish();
            }
            prop_assert_eq!(staged.facts(), in_one.facts());
        }
    }
    /// What a plan says of a property is what is seen afterwards, and what it says of a variable is what it has.
    #[test]
    fn d1_what_was_predicted_of_everything_is_what_happened(steps in proptest::collection::vec(step(), 1..16)) {
        let mut env = Simulated::default();
        for step in &steps {
            let plan = run(&mut env, step);
            if plan.is_refused() {
                continue;
            }
            let written = |change: &Change| format!("{}:{}", change.component.type_name, change.component.name);
            for change in &plan.changes {
                let is_alone = plan.changes.iter().filter(|other| written(other) == written(change)).count() == 1;
                let is_draft = change.layer == "Active" && change.effect == Effect::None;
                if !is_alone || is_draft {
                    continue;
                }
                let component = key(&written(change));
                let resolved = env.resolved(&component);
                for property in &change.properties {
                    let value = value_of(&resolved, &property.path);
                    prop_assert_eq!(value, property.resolved_after.as_deref(), "{} {:?}", property.path, change);
                }
                let is_there = env.components().contains(&component.to_string());
                prop_assert_eq!(is_there, change.action != Action::Delete, "{:?}", change);
            }
            for variable in plan.variables.iter().filter(|variable| variable.from == VariableSource::Value) {
                let resolved = env.resolved(&key("environmentvariablevalue:contoso_u"));
                let (value, decider) = (variable.value.as_deref(), variable.decided_by.as_deref());
                let line = format!("value={} by {}", value.unwrap_or_default(), decider.unwrap_or_default());
                prop_assert!(resolved.contains(&line), "{:?} {:?}", resolved, line);
            }
        }
    }

    /// Import then uninstall of a new managed solution restores every stack.
    #[test]
    fn l97_import_then_uninstall_restores_everything(
        steps in proptest::collection::vec(step(), 0..12),
        content in content(),
    ) {
        let mut env = after(&steps);
        let before = env.facts();
        let package = made("S9 1.0", "", 2, &content, true);
        let plan = env.import(&package);
        // What an import marks as a fallback form stays marked (L48).
        if plan.is_refused() || plan.findings.iter().any(|finding| finding.rule == "L48") {
            return Ok(());
        }
        match env.uninstall("S9").first_error() {
            None => prop_assert_eq!(env.facts(), before),
            // The first fallback form that a table gets is its last one, too.
            Some(error) => prop_assert_eq!(&error.rule, "L48"),
        }
    }

    /// Where an upgrade is purely additive, an update comes to the same; else it keeps more.
    #[test]
    fn p8_l85_an_additive_upgrade_is_an_update(
        steps in proptest::collection::vec(step(), 0..12),
        solution in 0..4_u8,
        content in content(),
        flags in flags(),
    ) {
        let env = after(&steps);
        let next = made(&format!("S{solution} 1.9"), "", solution, &content, true);
        let (mut upgraded, mut updated) = (env.clone(), env);
        let upgrade = upgraded.import_with(&next, &options(Some(ImportAction::Upgrade), flags));
        let update = updated.import_with(&next, &options(Some(ImportAction::Update), flags));
        if upgrade.is_refused() || update.is_refused() || upgrade.operation == OperationKind::New {
            return Ok(());
        }
        if upgrade.additive == Some(true) {
            prop_assert_eq!(updated.facts(), upgraded.facts());
        } else {
            let kept = updated.components();
            prop_assert!(upgraded.components().iter().all(|component| kept.contains(component)));
        }
    }
}
