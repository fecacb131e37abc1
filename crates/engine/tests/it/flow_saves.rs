//! What makers save, and what becomes of it when a package comes (DF6–DF15, DF22–DF33, DF35).

use strata_engine::by_hand::delete;
use strata_engine::dependency;
use strata_engine::desktop_flow::binding::Status;
use strata_engine::desktop_flow::repair::{self, Cure};
use strata_engine::desktop_flow::save::{NewFlow, Save};
use strata_engine::{desktop_flow, uninstall};
use strata_model::environment::DesktopFlowSchema::{self, V1, V2};
use strata_model::id::Guid;
use strata_model::options::{ImportAction, ImportOptions};
use strata_model::plan::{FindingKind, NoRows, Plan};
use strata_model::version::Version;
use strata_testkit::fixture::{key, package};
use strata_testkit::simulated::Simulated;

use crate::by_hand::{addition, maker, solution};
use crate::desktop_flows::{FLOW, NEWEST, SET, id, listed, newer, newer_row, older, outcome, rows, run};
use crate::refusal;

const COLLISION: &str = "DesktopFlowBinaryReferenceCollisionException";

fn as_it_is() -> Save {
    Save { flow: key(FLOW), definition: None, client: None }
}

fn script(text: &str) -> Save {
    Save { definition: Some(text.as_bytes().to_vec()), ..as_it_is() }
}

fn by_client(version: &str) -> Save {
    Save { client: Some(Version::parse(version).expect("a version")), ..as_it_is() }
}

/// The environment's setting.
fn set(env: &mut Simulated, schema: DesktopFlowSchema) {
    env.snapshot.environment.settings.desktop_flow_schema = schema;
}

fn schema(env: &Simulated) -> DesktopFlowSchema {
    run(env, &NEWEST).binding.schema
}

/// The ids of the binaries that are there.
fn ids(env: &Simulated) -> Vec<String> {
    let binaries = run(env, &NEWEST).binding.binaries;
    binaries.iter().map(|binary| binary.key.as_str().to_owned()).collect()
}

/// What a plan says of collisions: the rule and the message.
fn predicted(plan: &Plan) -> Option<(String, String)> {
    let finding = plan.findings.iter().find(|finding| finding.kind == FindingKind::Collision)?;
    assert!(!plan.is_refused(), "DF23: the import succeeds");
    Some((finding.rule.clone(), finding.message.clone()))
}

fn managed(version: &str) -> strata_model::package::Package {
    newer(&format!("Flows {version} managed contoso"), &SET)
}

fn unmanaged(version: &str) -> strata_model::package::Package {
    newer(&format!("Flows {version} unmanaged contoso"), &SET)
}

/// The target of case 3: a managed flow of schema v1 that was saved there.
fn saved_managed() -> Simulated {
    let mut env = Simulated::default();
    env.import(&older("Flows 1.0 managed contoso"));
    assert!(!env.save_flow(&as_it_is()).is_refused());
    env
}

/// The target of case 6.
fn saved_unmanaged() -> Simulated {
    let mut env = Simulated::default();
    env.import(&older("Flows 1.0 unmanaged contoso"));
    assert!(!env.save_flow(&as_it_is()).is_refused());
    env
}

#[test]
fn df6_df10_each_environment_mints_its_own_ids() {
    let convert = |name: &str| {
        let mut env = Simulated::default();
        env.snapshot.environment.id = Guid::of_environment(name);
        env.import(&older("Flows 1.0 unmanaged contoso"));
        env.save_flow(&as_it_is());
        ids(&env)
    };
    let (dev, test) = (convert("dev"), convert("test"));
    assert_eq!(dev.len(), 4);
    assert!(dev.iter().all(|id| !test.contains(id)), "{dev:?} {test:?}");
    assert_eq!(convert("dev"), dev, "runs are reproducible");
    let mut env = Simulated::default();
    env.import(&unmanaged("1.0"));
    env.import(&unmanaged("1.1"));
    assert_eq!(ids(&env), [id(2), id(1)], "imports keep them");
}

#[test]
fn df10_a_second_conversion_makes_new_ones_again() {
    let mut env = saved_unmanaged();
    let first = ids(&env);
    set(&mut env, V1);
    env.snapshot.environment.revision.0 += 1;
    env.save_flow(&as_it_is());
    assert_eq!((schema(&env), ids(&env).len()), (V1, 0));
    set(&mut env, V2);
    env.snapshot.environment.revision.0 += 1;
    env.save_flow(&as_it_is());
    let second = ids(&env);
    assert!(second.len() == first.len() && second.iter().all(|id| !first.contains(id)), "{first:?} {second:?}");
}

#[test]
fn df7_flows_are_made_and_saved_in_the_schema_of_the_environment() {
    for (setting, binaries) in [(V1, 0), (V2, 4)] {
        let mut env = maker();
        set(&mut env, setting);
        let new =
            NewFlow { name: "Invoices".to_owned(), solution: "Sales".to_owned(), definition: Some(b"WAIT 1".to_vec()) };
        let plan = env.create_flow(&new);
        assert!(!plan.is_refused(), "{:?}", plan.findings);
        let flows = listed(&env);
        let flow = &flows[0];
        assert_eq!((flow.binding.schema, flow.binding.binaries.len()), (setting, binaries));
        assert_eq!(flow.binding.status(), Status::Ok);
        assert_eq!(flow.component.display_name.as_deref(), Some("Invoices"));
        assert_eq!(refusal(&env.create_flow(&new)), "- AlreadyExists DF1");
    }
    let mut env = Simulated::default();
    env.import(&older("Flows 1.0 unmanaged contoso"));
    assert_eq!((schema(&env), outcome(&env).as_str()), (V1, "succeeded"), "until it is saved");
    env.save_flow(&as_it_is());
    assert_eq!((schema(&env), outcome(&env).as_str()), (V2, "succeeded"));
}

#[test]
fn df1_df7_flows_of_other_designers_stay_in_their_schema() {
    let recorded = |kind: u8| {
        let flow = FLOW.trim_start_matches("workflow:");
        let row = format!("workflow {flow} <Category>6</Category><UIFlowType>{kind}</UIFlowType>");
        let mut env = Simulated::default();
        env.import(&package(&format!("package Flows 1.0 unmanaged contoso\n{row}")));
        assert_eq!(listed(&env)[0].ui_flow_type, Some(i32::from(kind)));
        env.save_flow(&as_it_is());
        schema(&env)
    };
    assert_eq!([recorded(0), recorded(1), recorded(2)], [V1, V1, V2]);
}

#[test]
fn df8_where_v2_is_off_a_flow_goes_back_unless_it_needs_v2() {
    let mut env = saved_unmanaged();
    set(&mut env, V1);
    let row =
        newer_row("").split_once(' ').map(|(_, row)| row.split_once(' ').expect("a row").1.to_owned()).expect("a row");
    let with_modules = format!("<Workflow>{row}<DesktopFlowModules>[{{\"id\":1}}]</DesktopFlowModules></Workflow>");
    let plan = env.clone().save_flow(&script(&with_modules));
    assert_eq!(refusal(&plan), "- DesktopFlowNeedsSchemaV2 DF8");
    let variables =
        row.replace("{\"childFlows\":[],", "{\"childFlows\":[],\"environmentVariables\":[\"contoso_Url\"],");
    let plan = env.clone().save_flow(&script(&format!("<Workflow>{variables}</Workflow>")));
    assert_eq!(refusal(&plan), "- DesktopFlowNeedsSchemaV2 DF8");
    let plan = env.save_flow(&as_it_is());
    assert!(!plan.is_refused(), "{:?}", plan.findings);
    assert_eq!((schema(&env), ids(&env).len()), (V1, 0));
    assert_eq!(outcome(&env), "succeeded");
}

#[test]
fn df9_what_a_save_makes_of_a_flow_by_setting_and_client() {
    let old_flow = || {
        let mut env = Simulated::default();
        env.import(&older("Flows 1.0 unmanaged contoso"));
        env
    };
    let new_flow = || {
        let mut env = Simulated::default();
        env.import(&unmanaged("1.0"));
        env
    };
    let saved = |mut env: Simulated, setting, version: &str| {
        set(&mut env, setting);
        let plan = env.save_flow(&by_client(version));
        if plan.is_refused() { refusal(&plan) } else { format!("{:?}", schema(&env)) }
    };
    let (old, new) = ("2.28", "2.29");
    assert_eq!([saved(old_flow(), V1, old), saved(old_flow(), V1, new)], ["V1", "V1"]);
    assert_eq!([saved(old_flow(), V2, old), saved(old_flow(), V2, new)], ["V1", "V2"]);
    let told = "- DesktopFlowClientTooOld DF9";
    assert_eq!([saved(new_flow(), V1, old), saved(new_flow(), V1, new)], [told, "V1"]);
    assert_eq!([saved(new_flow(), V2, old), saved(new_flow(), V2, new)], [told, "V2"]);
}

#[test]
fn df11_oq17_a_managed_flow_of_schema_v2_is_not_saved() {
    let protected = "0x8004F012 InvalidUpdateOnProtectedComponent DF11";
    let mut env = Simulated::default();
    env.import(&managed("1.0"));
    assert_eq!(refusal(&env.save_flow(&as_it_is())), protected);
    assert_eq!(refusal(&env.save_flow(&script("WAIT 1"))), protected);
    assert!(env.set(&key(FLOW), "Scope", "1").is_refused());
    let mut env = saved_managed();
    assert_eq!(refusal(&env.save_flow(&script("WAIT 1"))), protected, "saved once too often");
}

#[test]
fn df12_a_managed_flow_of_schema_v1_gets_an_active_layer_and_unmanaged_binaries() {
    let mut env = saved_managed();
    assert_eq!(env.layers(&key(FLOW)), ["Flows", "[Active]"], "a draft (L49)");
    assert_eq!(env.clone().publish().changes.len(), 1);
    assert_eq!(schema(&env), V2);
    assert!(run(&env, &NEWEST).binding.binaries.iter().all(|binary| !binary.is_managed && binary.owner == "Active"));
    let flow = &listed(&env)[0];
    assert!(flow.is_managed && flow.has_unmanaged_layer);
    // Where v2 is off, only the layer.
    let mut off = Simulated::default();
    set(&mut off, V1);
    off.import(&older("Flows 1.0 managed contoso"));
    off.save_flow(&as_it_is());
    assert_eq!(off.layers(&key(FLOW)), ["Flows", "[Active]"]);
    assert_eq!((schema(&off), ids(&off).len()), (V1, 0));
    env.remove_active(&key(FLOW));
    assert_eq!(schema(&env), V1);
}

#[test]
fn df12_df27_what_an_earlier_save_left_collides_with_the_next() {
    let mut env = saved_managed();
    env.remove_active(&key(FLOW));
    assert_eq!((schema(&env), outcome(&env).as_str()), (V1, "succeeded"), "nothing asks for the binaries");
    env.snapshot.environment.revision.0 += 1;
    let (rule, message) = predicted(&env.save_flow(&as_it_is())).expect("a collision");
    assert_eq!(rule, "DF27");
    assert!(message.contains("4 binaries that an earlier save left"), "{message}");
    assert_eq!(outcome(&env), COLLISION);
}

#[test]
fn df13_an_unmanaged_flow_is_freely_saved() {
    let mut env = Simulated::default();
    env.import(&unmanaged("1.0"));
    let before = ids(&env);
    for text in ["WAIT 1", "WAIT 2"] {
        assert!(!env.save_flow(&script(text)).is_refused());
        let after = ids(&env);
        assert!(before.iter().all(|id| after.contains(id)), "its binaries stay: {after:?}");
        assert_eq!(outcome(&env), "succeeded");
    }
    set(&mut env, V1);
    assert!(!env.save_flow(&script("WAIT 3")).is_refused());
    assert_eq!(schema(&env), V1);
    assert!(!env.save_flow(&script("WAIT 4")).is_refused());
    assert!(env.save_flow(&as_it_is()).edits.is_empty(), "nothing was changed");
    assert_eq!(
        refusal(&env.save_flow(&script("<Workflow><Category>5</Category></Workflow>"))),
        "- InvalidDefinition DF1"
    );
}

#[test]
fn df15_new_binaries_join_the_unmanaged_solutions_that_hold_the_flow() {
    let mut env = maker();
    env.import(&older("Flows 1.0 unmanaged contoso"));
    env.list_in(&key(FLOW), &addition("Sales", None));
    env.save_flow(&as_it_is());
    for solution in ["Flows", "Sales"] {
        assert_eq!(env.listed(solution).len(), 5, "{:?}", env.listed(solution));
        let outside = desktop_flow::binaries_outside(&env.snapshot, &key(FLOW), solution, &env.rules, &env.bodies());
        assert!(outside.is_empty(), "DF16");
    }
}

#[test]
fn dp12_a_saved_flow_needs_the_binaries_that_the_save_has_made() {
    let env = saved_unmanaged();
    for binary in ids(&env) {
        let binary = key(&format!("desktopflowbinary:{binary}"));
        let found = dependency::dependents(&env.snapshot, &binary, &env.rules, &env.bodies());
        assert!(found.iter().any(|edge| edge.dependent == key(FLOW)), "{binary}: {found:?}");
    }
}

#[test]
fn df16_binaries_outside_of_a_solution_are_named_for_its_export() {
    let mut env = maker();
    env.import(&unmanaged("1.0"));
    env.list_in(&key(FLOW), &addition("Sales", None));
    let outside = desktop_flow::binaries_outside(&env.snapshot, &key(FLOW), "Sales", &env.rules, &env.bodies());
    let outside: Vec<_> = outside.into_iter().map(|binary| binary.name).collect();
    assert_eq!(outside, [id(2), id(1)]);
}

#[test]
fn df18_a_connection_reference_joins_only_by_hand() {
    let mut env = maker();
    let reference = "connectionreference contoso_sharepoint <connectorid>/apis/a</connectorid>";
    env.import(&package(&format!("package Flows 1.0 unmanaged contoso\n{}\n{reference}", newer_row(""))));
    env.list_in(&key(FLOW), &addition("Sales", None));
    assert_eq!(env.listed("Sales"), [format!("{FLOW} 0")]);
    env.list_in(&key("connectionreference:contoso_sharepoint"), &addition("Sales", None));
    assert_eq!(env.listed("Sales").len(), 2);
}

#[test]
fn df20_a_managed_package_stays_out_of_where_it_was_made() {
    let mut env = Simulated::default();
    env.import(&unmanaged("1.0"));
    assert_eq!(refusal(&env.import(&managed("1.1"))), "0x80048040 ImportSolutionManagedToUnmanagedMismatch L61");
    env.uninstall("Flows");
    assert_eq!(refusal(&env.import(&managed("1.1"))), "0x8004F016 CannotOverwriteActiveComponent L63");
}

#[test]
fn df24_case_1_and_4_binaries_of_one_source_agree() {
    for head in ["managed", "unmanaged"] {
        for action in [ImportAction::Update, ImportAction::Upgrade] {
            if head == "unmanaged" && action == ImportAction::Upgrade {
                continue;
            }
            let mut env = Simulated::default();
            let version = |version: &str| newer(&format!("Flows {version} {head} contoso"), &SET);
            env.import(&version("1.0"));
            assert_eq!(predicted(&env.import_as(&version("1.1"), action)), None);
            assert_eq!(outcome(&env), "succeeded");
            assert_eq!(ids(&env).len(), 2);
        }
    }
}

#[test]
fn df24_case_2_and_5_a_flow_of_schema_v1_becomes_v2() {
    for head in ["managed", "unmanaged"] {
        let mut env = Simulated::default();
        env.import(&older(&format!("Flows 1.0 {head} contoso")));
        assert_eq!(predicted(&env.import(&newer(&format!("Flows 1.1 {head} contoso"), &SET))), None, "DF32");
        assert_eq!((schema(&env), outcome(&env).as_str()), (V2, "succeeded"));
    }
}

#[test]
fn df24_df23_case_3_a_managed_flow_that_was_saved_in_the_target_collides() {
    for action in [ImportAction::Update, ImportAction::Upgrade] {
        let mut env = saved_managed();
        assert_eq!(outcome(&env), "succeeded", "DF31: nothing was imported yet");
        let own = ids(&env);
        let plan = env.import_as(&managed("1.1"), action);
        let (rule, message) = predicted(&plan).expect("a collision");
        assert_eq!(rule, "DF24");
        assert!(message.contains(&format!("{} (this package)", id(1))), "{message}");
        assert!(own.iter().any(|id| message.contains(&format!("{id} (unmanaged in this environment)"))), "{message}");
        assert_eq!(outcome(&env), COLLISION);
    }
}

#[test]
fn df24_df23_case_6_an_unmanaged_flow_that_was_saved_in_the_target_collides() {
    let mut env = saved_unmanaged();
    let plan = env.import(&unmanaged("1.1"));
    assert_eq!(predicted(&plan).expect("a collision").0, "DF24");
    assert_eq!(outcome(&env), COLLISION);
    env.publish();
    assert_eq!(outcome(&env), COLLISION);
}

#[test]
fn df25_a_flow_that_was_changed_in_both_places_collides_where_both_added_the_same() {
    let mut env = Simulated::default();
    env.import(&unmanaged("1.0"));
    // Both add a definition of the same connector: here by saving, there in the package.
    let connected = "<Workflow><Category>6</Category><Definition>\"x\"</Definition><SchemaVersion>2022.07</SchemaVersion>\
        <ConnectionReferences>[{\"api\":{\"name\":\"/apis/a\"}}]</ConnectionReferences></Workflow>";
    assert!(!env.save_flow(&script(connected)).is_refused());
    assert_eq!(outcome(&env), "succeeded");
    let mut more = SET.to_vec();
    more.push((3, "ConnectorDefinition", "/apis/a"));
    let plan = env.import(&newer("Flows 1.1 unmanaged contoso", &more));
    let (_, message) = predicted(&plan).expect("a collision");
    assert!(message.contains("ConnectorDefinition /apis/a") && !message.contains("flow.manifest"), "{message}");
    assert_eq!(outcome(&env), COLLISION);
    let mut apart = Simulated::default();
    apart.import(&unmanaged("1.0"));
    let elsewhere = [(7, "ManifestFile", "flow.manifest"), (8, "ControlRepository", "controlRepo.appmask")];
    assert!(predicted(&apart.import(&newer("Flows 1.1 unmanaged contoso", &elsewhere))).is_some());
    assert_eq!(outcome(&apart), COLLISION);
}

#[test]
fn df26_after_a_cure_it_does_not_come_back() {
    let mut env = saved_managed();
    env.import(&managed("1.1"));
    for version in ["2.29", "2.50.125.24304"] {
        let client = desktop_flow::Client { version: Version::parse(version).ok(), ..NEWEST };
        assert_eq!(run(&env, &client).error.and_then(|error| error.name).as_deref(), Some(COLLISION));
    }
    env.uninstall("Flows");
    env.import(&managed("1.1"));
    assert_eq!(outcome(&env), "succeeded");
    assert_eq!(predicted(&env.import(&managed("1.2"))), None);
    assert_eq!(outcome(&env), "succeeded");
}

#[test]
fn df28_without_the_solution_both_steps_are_needed() {
    let collided = || {
        let mut env = saved_managed();
        env.import(&managed("1.1"));
        env
    };
    let mut layer_alone = collided();
    layer_alone.remove_active(&key(FLOW));
    assert_eq!(outcome(&layer_alone), COLLISION);
    // The other order: the Active layer asks for them as long as it is there.
    for binary in run(&layer_alone, &NEWEST).binding.binaries.into_iter().filter(|binary| !binary.is_managed) {
        assert!(!layer_alone.delete(&binary.key).is_refused());
    }
    assert_eq!(outcome(&layer_alone), "succeeded");
    let mut both = collided();
    both.remove_unmanaged(&key(FLOW));
    assert_eq!(both.layers(&key(FLOW)), ["Flows"]);
    assert_eq!((ids(&both), outcome(&both).as_str()), (vec![id(2), id(1)], "succeeded"));
}

#[test]
fn df29_df30_deleting_the_solution_takes_everything_of_the_flow_before_or_after() {
    let mut env = saved_managed();
    env.import(&managed("1.1"));
    env.uninstall("Flows");
    assert!(env.components().is_empty(), "{:?}", env.components());
    env.import(&managed("1.1"));
    let mut before = saved_managed();
    before.uninstall("Flows");
    assert!(before.components().is_empty());
    before.import(&managed("1.1"));
    assert_eq!(env.facts(), before.facts());
    assert_eq!(outcome(&env), "succeeded");
}

#[test]
fn df31_without_an_import_removing_both_returns_to_v1_and_case_2() {
    let mut env = saved_managed();
    assert_eq!(outcome(&env), "succeeded");
    env.remove_unmanaged(&key(FLOW));
    assert_eq!((schema(&env), ids(&env).len()), (V1, 0));
    assert_eq!(predicted(&env.import(&managed("1.1"))), None);
    assert_eq!(outcome(&env), "succeeded");
}

#[test]
fn df33_oq28_where_unmanaged_customizations_are_blocked_the_trap_cannot_arise() {
    let blocked = "- UnmanagedCustomizationsBlocked L104";
    for head in ["managed", "unmanaged"] {
        let mut env = Simulated::default();
        env.import(&older(&format!("Flows 1.0 {head} contoso")));
        env.snapshot.environment.settings.block_unmanaged = true;
        assert_eq!(refusal(&env.save_flow(&as_it_is())), blocked);
        let mut loose = env.clone();
        loose.rules.blocking_stops_binaries = false;
        assert_eq!(loose.save_flow(&as_it_is()).is_refused(), head == "managed", "OQ 28");
        set(&mut env, V1);
        assert_eq!(env.save_flow(&script("WAIT 1")).is_refused(), head == "managed", "L104: unmanaged ones may change");
    }
}

#[test]
fn df35_overwriting_does_not_help() {
    let mut env = saved_managed();
    let options = ImportOptions { overwrite_unmanaged_customizations: true, ..ImportOptions::pac() };
    let plan = env.import_with(&managed("1.1"), &options);
    assert!(predicted(&plan).is_some());
    assert_eq!(outcome(&env), COLLISION);
}

fn cure(env: &Simulated) -> Result<Cure, String> {
    let (flow, bodies) = (key(FLOW), env.bodies());
    let removal = match repair::solution_to_delete(&env.snapshot, &flow, &env.rules, &bodies) {
        Some(solution) => uninstall::plan(&env.snapshot, &solution, &NoRows, &env.rules, &bodies),
        None => delete::plan(&env.snapshot, &flow, &NoRows, &env.rules, &bodies),
    };
    repair::choose(&env.snapshot, &flow, &removal, &env.rules, &bodies)
        .map_err(|finding| finding.name.unwrap_or_default())
}

#[test]
fn df24_df28_df36_the_cure_follows_the_case() {
    assert_eq!(cure(&saved_managed()), Ok(Cure::Nothing));
    let mut managed_flow = saved_managed();
    managed_flow.import(&managed("1.1"));
    assert_eq!(cure(&managed_flow), Ok(Cure::DeleteSolution { solution: "Flows".to_owned() }));
    // Another publisher's layer above keeps the solution (L97).
    let mut with_choice = saved_managed();
    let both = |version: &str| {
        let rows = rows(&SET);
        let required: Vec<_> = SET.iter().map(|(number, ..)| format!("\"{}\"", id(*number))).collect();
        let row = newer_row(&required.join(","));
        package(&format!("package Flows {version} managed contoso\n{row}\n{rows}\noptionset contoso_x <V>1</V>"))
    };
    with_choice.import(&both("1.1"));
    with_choice.import(&package("package Other 1.0 managed fabrikam\n optionset contoso_x <V>2</V>"));
    let Ok(Cure::RemoveUnmanaged { because }) = cure(&with_choice) else { panic!("{:?}", cure(&with_choice)) };
    assert_eq!(because.iter().map(|finding| finding.rule.as_str()).collect::<Vec<_>>(), ["L97"]);
    with_choice.remove_unmanaged(&key(FLOW));
    assert_eq!(outcome(&with_choice), "succeeded");
    let mut unmanaged_flow = saved_unmanaged();
    unmanaged_flow.import(&unmanaged("1.1"));
    assert_eq!(cure(&unmanaged_flow), Ok(Cure::DeleteFlow));
    unmanaged_flow.uninstall("Flows");
    assert_eq!(outcome(&unmanaged_flow), COLLISION, "deleting the solution is not enough");
    unmanaged_flow.delete(&key(FLOW));
    unmanaged_flow.import(&unmanaged("1.1"));
    assert_eq!(outcome(&unmanaged_flow), "succeeded");
}

#[test]
fn df28_two_managed_solutions_that_collide_are_nothing_to_repair_here() {
    let mut env = Simulated::default();
    env.import(&managed("1.0"));
    env.import(&package(&format!(
        "package Other 1.0 managed fabrikam\n{}",
        rows(&[(9, "ManifestFile", "flow.manifest")])
    )));
    assert_eq!(outcome(&env), COLLISION);
    assert_eq!(cure(&env), Err(COLLISION.to_owned()));
    let mut lacking = Simulated::default();
    lacking.import(&unmanaged("1.0"));
    lacking.set(&key(FLOW), "Dependencies", &format!("{{\"requiredBinaries\":[\"{}\"]}}", id(5)));
    assert_eq!(listed(&lacking)[0].binding.status(), Status::MissingBinary, "DF34");
    assert_eq!(cure(&lacking), Err("DesktopFlowBinaryMissing".to_owned()));
    let mut solutions = maker();
    solution(&mut solutions, "More", "contoso");
    assert!(cure(&solutions).is_err(), "no flow");
}
