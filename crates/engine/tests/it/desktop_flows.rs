//! Desktop flows: their schema, their binaries, and which of them run (DF1–DF9, DF21, DF27, DF34–DF36).

use strata_engine::desktop_flow::binding::Status;
use strata_engine::desktop_flow::content::required_binaries;
use strata_engine::desktop_flow::{self, Client, Listed, Mode, Run};
use strata_model::environment::DesktopFlowSchema::{V1, V2};
use strata_model::package::Package;
use strata_model::version::Version;
use strata_testkit::fixture::{key, package};
use strata_testkit::simulated::Simulated;

use crate::refusal;

pub(crate) const FLOW: &str = "workflow:11111111-0000-4000-8000-00000000000f";
pub(crate) const NEWEST: Client = Client { mode: Mode::Local, version: None };

/// The id of the binary with that number, as packages of one source bring it.
pub(crate) fn id(number: u32) -> String {
    format!("22222222-0000-4000-8000-{number:012}")
}

/// A package with one flow of schema v2 and binaries of these numbers, types and references; it requires them all.
pub(crate) fn newer(head: &str, binaries: &[(u32, &str, &str)]) -> Package {
    let required: Vec<_> = binaries.iter().map(|(number, ..)| format!("\"{}\"", id(*number))).collect();
    package(&format!("package {head}\n{}\n{}", newer_row(&required.join(",")), rows(binaries)))
}

/// The row of a flow of schema v2.
pub(crate) fn newer_row(required: &str) -> String {
    let flow = FLOW.trim_start_matches("workflow:");
    format!(
        "workflow {flow} <Category>6</Category><Definition>\"x\"</Definition><SchemaVersion>2022.07</SchemaVersion>\
         <Dependencies>{{\"childFlows\":[],\"requiredBinaries\":[{required}]}}</Dependencies>"
    )
}

pub(crate) fn rows(binaries: &[(u32, &str, &str)]) -> String {
    let row = |(number, kind, reference): &(u32, &str, &str)| {
        format!(
            "desktopflowbinary {} of={FLOW} <type>{kind}</type><reference>{reference}</reference><name>b</name>\n",
            id(*number)
        )
    };
    binaries.iter().map(row).collect()
}

/// A package with one flow of schema v1.
pub(crate) fn older(head: &str) -> Package {
    let flow = FLOW.trim_start_matches("workflow:");
    package(&format!(
        "package {head}\nworkflow {flow} <Category>6</Category><Definition>\"x\"</Definition><SchemaVersion>2022.06\
         </SchemaVersion><Dependencies>{{\"childFlows\":[]}}</Dependencies>"
    ))
}

pub(crate) const SET: [(u32, &str, &str); 2] =
    [(1, "ManifestFile", "flow.manifest"), (2, "ControlRepository", "controlRepo.appmask")];

pub(crate) fn run(env: &Simulated, client: &Client) -> Run {
    desktop_flow::run(&env.snapshot, &key(FLOW), client, &env.rules, &env.bodies()).expect("a desktop flow")
}

/// `succeeded`, or the name of the error.
pub(crate) fn outcome(env: &Simulated) -> String {
    outcome_of(&run(env, &NEWEST))
}

fn outcome_of(run: &Run) -> String {
    run.error.as_ref().map_or_else(|| "succeeded".to_owned(), |error| error.name.clone().unwrap_or_default())
}

pub(crate) fn listed(env: &Simulated) -> Vec<Listed> {
    desktop_flow::list(&env.snapshot, &env.rules, &env.bodies())
}

fn client(version: &str) -> Client {
    Client { mode: Mode::Local, version: Some(Version::parse(version).expect("a version")) }
}

#[test]
fn df1_a_desktop_flow_is_a_process_of_category_6() {
    let mut env = Simulated::default();
    env.import(&package(&format!(
        "package Flows 1.0 managed contoso
         workflow 11111111-0000-4000-8000-000000000001 <Category>5</Category>
         {}",
        newer_row("")
    )));
    let flows = listed(&env);
    assert_eq!(flows.len(), 1);
    assert_eq!((flows[0].component.number, flows[0].component.name.as_str()), (Some(29), &FLOW[9..]));
    let cloud = key("workflow:11111111-0000-4000-8000-000000000001");
    let refused = desktop_flow::run(&env.snapshot, &cloud, &NEWEST, &env.rules, &env.bodies()).expect_err("no flow");
    assert_eq!(refused.name.as_deref(), Some("NotADesktopFlow"));
}

#[test]
fn df1_l49_a_flow_runs_as_it_was_last_saved() {
    let mut env = Simulated::default();
    env.import(&newer("Flows 1.0 unmanaged contoso", &SET));
    assert_eq!(outcome(&env), "succeeded", "a draft");
    env.rules.desktop_flows_run_as_saved = false;
    assert_eq!(outcome(&env), "ComponentNotExist");
    env.publish();
    assert_eq!(outcome(&env), "succeeded");
}

#[test]
fn df2_the_newer_schema_has_binaries_and_the_older_none() {
    let mut env = Simulated::default();
    env.import(&older("Flows 1.0 managed contoso"));
    let binding = run(&env, &NEWEST).binding;
    assert_eq!((binding.schema, binding.binaries.len()), (V1, 0));
    env.import(&newer("Flows 1.1 managed contoso", &SET));
    let binding = run(&env, &NEWEST).binding;
    assert_eq!((binding.schema, binding.bound().len()), (V2, 2));
}

#[test]
fn df3_a_binary_says_its_type_its_name_and_its_reference() {
    let mut env = Simulated::default();
    env.import(&newer("Flows 1.0 managed contoso", &SET));
    let binaries = run(&env, &NEWEST).binding.binaries;
    let said: Vec<_> = binaries
        .iter()
        .map(|binary| (binary.binary_type.as_str(), binary.reference.as_str(), binary.name.as_deref()))
        .collect();
    assert_eq!(
        said,
        [("ControlRepository", "controlRepo.appmask", Some("b")), ("ManifestFile", "flow.manifest", Some("b"))]
    );
    assert!(binaries.iter().all(|binary| binary.is_managed && binary.owner == "Flows"));
}

#[test]
fn df5_binaries_go_with_their_flow_and_the_flow_stays_without_one() {
    let mut env = Simulated::default();
    env.import(&newer("Flows 1.0 unmanaged contoso", &SET));
    env.import(&package(&format!("package More 1.0 unmanaged contoso\n{}", rows(&[(9, "ManifestFile", "own")]))));
    let mut without = env.clone();
    assert!(!without.delete(&key(&format!("desktopflowbinary:{}", id(9)))).is_refused(), "nothing asks for it");
    assert_eq!(listed(&without)[0].binding.status(), Status::Ok);
    env.delete(&key(FLOW));
    assert!(env.components().is_empty(), "{:?}", env.components());

    let mut env = Simulated::default();
    env.import(&newer("Flows 1.0 managed contoso", &SET));
    env.import(&package(&format!("package Mine 1.0 unmanaged contoso\n{}", rows(&[(9, "ManifestFile", "own")]))));
    env.uninstall("Flows");
    assert!(env.components().is_empty(), "the unmanaged ones too: {:?}", env.components());
}

#[test]
fn df14_a_managed_flow_cannot_be_deleted_by_itself() {
    let mut env = Simulated::default();
    env.import(&newer("Flows 1.0 managed contoso", &SET));
    assert_eq!(refusal(&env.delete(&key(FLOW))), "0x80072457 ManagedProcessDeletionError L102");
}

#[test]
fn df9_oq16_which_client_runs_which_schema_where() {
    let mut older_flow = Simulated::default();
    older_flow.import(&older("Flows 1.0 managed contoso"));
    let mut newer_flow = Simulated::default();
    newer_flow.import(&newer("Flows 1.0 managed contoso", &SET));
    let ran = |env: &Simulated, version: &str, schema| {
        let mut env = env.clone();
        env.snapshot.environment.settings.desktop_flow_schema = schema;
        outcome_of(&run(&env, &client(version)))
    };
    let (old, new) = ("2.28.109.23040", "2.29.101.23051");
    for version in [old, new] {
        assert_eq!(ran(&older_flow, version, V2), "succeeded");
        assert_eq!(ran(&older_flow, version, V1), "succeeded");
    }
    for schema in [V1, V2] {
        assert_eq!(ran(&newer_flow, old, schema), "DesktopFlowClientTooOld");
        assert_eq!(ran(&newer_flow, new, schema), "succeeded");
    }
    newer_flow.rules.v2_runs_where_it_is_off = false;
    assert_eq!(ran(&newer_flow, new, V1), "DesktopFlowSchemaOff");
    assert_eq!(ran(&newer_flow, new, V2), "succeeded");
}

#[test]
fn df21_an_import_says_that_the_newer_schema_is_off() {
    let mut env = Simulated::default();
    env.snapshot.environment.settings.desktop_flow_schema = V1;
    let remark = |plan: &strata_model::plan::Plan| plan.findings.iter().any(|finding| finding.rule == "DF21");
    assert!(!remark(&env.import(&older("Old 1.0 managed contoso"))));
    let plan = env.import(&newer("Flows 1.0 managed contoso", &SET));
    assert!(!plan.is_refused() && remark(&plan), "DF23");
    let mut env = Simulated::default();
    assert!(!remark(&env.import(&newer("Flows 1.0 managed contoso", &SET))));
}

#[test]
fn df27_oq15_one_binary_for_each_reference_of_a_type() {
    let connectors = [(1, "ConnectorDefinition", "/apis/a"), (2, "ConnectorDefinition", "/apis/b")];
    let mut env = Simulated::default();
    env.import(&newer("Flows 1.0 managed contoso", &connectors));
    assert_eq!(outcome(&env), "succeeded");
    let mut by_type = env.clone();
    by_type.rules.binaries_differ_by_reference = false;
    assert_eq!(outcome(&by_type), "DesktopFlowBinaryReferenceCollisionException");
    env.import(&package(&format!(
        "package More 1.0 managed contoso\n{}",
        rows(&[(3, "ConnectorDefinition", "/apis/B")])
    )));
    for mode in [Mode::Local, Mode::Cloud] {
        let run = run(&env, &Client { mode, version: None });
        assert_eq!(outcome_of(&run), "DesktopFlowBinaryReferenceCollisionException");
        let error = run.error.expect("an error");
        let related: Vec<_> = error.related.iter().map(|binary| binary.name.clone()).collect();
        assert_eq!(related, [id(2), id(3)]);
        assert!(run.binding.bound().is_empty());
    }
    assert_eq!(listed(&env)[0].binding.status(), Status::Collision);
}

#[test]
fn df34_a_required_binary_must_be_in_the_package_or_in_the_target() {
    let all = newer("Flows 1.0 managed contoso", &SET);
    let lacking = package(&format!(
        "package Flows 1.1 managed contoso\n{}\n{}",
        newer_row(&format!("\"{}\",\"{}\"", id(1), id(2))),
        rows(&SET[..1])
    ));
    let mut env = Simulated::default();
    let plan = env.import(&lacking);
    assert_eq!(refusal(&plan), "0x8004801D ImportMissingDependenciesError DF34");
    let missing = plan.first_error().and_then(|error| error.component.as_ref()).expect("named");
    assert_eq!((missing.type_name.as_str(), missing.name.clone()), ("desktopflowbinary", id(2)));
    env.import(&all);
    assert!(!env.import(&lacking).is_refused(), "an update deletes nothing");
    let unmanaged = package(&format!("package Own 1.0 unmanaged contoso\n{}", rows(&SET[1..])));
    let mut env = Simulated::default();
    env.import(&unmanaged);
    assert_eq!(refusal(&env.import(&lacking)), "0x8004803B UnmanagedComponentParentsManagedComponent L65");
}

#[test]
fn df34_definitions_without_the_list_require_nothing() {
    let said = |dependencies: &str| {
        required_binaries(format!("<Workflow><Dependencies>{dependencies}</Dependencies></Workflow>").as_bytes()).len()
    };
    assert_eq!(said("{\"childFlows\":[],\"workQueues\":[]}"), 0, "as older clients wrote it");
    assert_eq!(said(&format!("{{\"requiredBinaries\":[\"{}\",\"no id\"]}}", id(1))), 1);
    assert_eq!(said("no json"), 0);
    assert_eq!(required_binaries(b"no xml").len(), 0);
}

#[test]
fn df36_a_flow_runs_without_being_switched_on() {
    let mut env = Simulated::default();
    env.import(&newer("Flows 1.0 managed contoso", &SET));
    assert!(!env.snapshot.components[&key(FLOW)].is_on);
    assert_eq!(outcome(&env), "succeeded");
}
