//! Desktop flows of real packages: the six cases and their cures (DF24–DF28, DF36), and conversion both ways.

use std::path::PathBuf;

use strata_engine::desktop_flow;
use strata_model::component::ComponentKey;
use strata_model::environment::{DesktopFlowSchema, Settings};
use strata_model::options::{ImportAction, ImportOptions};
use strata_model::plan::{FindingKind, Plan};
use strata_ops::flows::{self, Client, FlowEntry, FlowWish, Mode, Save};
use strata_ops::{OpsError, Request};
use strata_store::StoreBodies;
use strata_testkit::corpus::Corpus;
use strata_testkit::zipped;

use crate::{Scratch, import};

const COLLISION: &str = "DesktopFlowBinaryReferenceCollisionException";
/// A flow that is of schema v1 in the package before the last one and of v2 in the last.
const CLOSER: &str = "PADFramework: BrowserCloser";
/// A flow that is of schema v2 in both; in the last it has a file of dependencies besides.
const READER: &str = "c74ad727-5617-4d54-89a9-9d7b35187d34";

/// The chain of versions in the corpus, and scratch environments for it.
struct Chain {
    before: Vec<u8>,
    last: Vec<u8>,
}

impl Chain {
    fn find() -> Option<Self> {
        let corpus = Corpus::find()?;
        let find =
            |name: &str| corpus.packages().find(|sample| sample.path.ends_with(name)).expect("in the corpus").bytes;
        Some(Self { before: find("PADFramework_1_0_12408_192.zip"), last: find("PADFramework_1_1_02411_2210.zip") })
    }
}

/// The same package, managed.
fn managed(package: &[u8]) -> Vec<u8> {
    edited(package, "<Managed>0</Managed>", "<Managed>1</Managed>")
}

/// The same package under another version.
fn later(package: &[u8]) -> Vec<u8> {
    edited(package, "<Version>1.1.02411.2210</Version>", "<Version>1.2.0.0</Version>")
}

fn edited(package: &[u8], from: &str, to: &str) -> Vec<u8> {
    zipped::rewritten(package, |path, text| if path == "solution.xml" { text.replacen(from, to, 1) } else { text })
}

/// The same package, with every binary under an id of its own: another environment converted the same flows.
fn elsewhere(package: &[u8]) -> Vec<u8> {
    zipped::rewritten(package, |path, text| match path {
        "solution.xml" => text,
        _ if path.ends_with("desktopflowbinary.xml") => {
            let (head, rest) = text.split_once("binaryid=\"").expect("an id");
            let (id, rest) = rest.split_at(36);
            format!("{head}binaryid=\"{}{rest}", another(id))
        }
        "customizations.xml" => {
            let mut pieces = text.split("\"requiredBinaries\":[");
            let first = pieces.next().unwrap_or_default().to_owned();
            pieces.fold(first, |text, piece| {
                let (ids, rest) = piece.split_once(']').expect("a list");
                let ids: Vec<_> = ids.split(',').map(|id| format!("\"{}\"", another(id.trim_matches('"')))).collect();
                format!("{text}\"requiredBinaries\":[{}]{rest}", ids.join(","))
            })
        }
        _ => text,
    })
}

/// The id with another digit in its third group.
fn another(id: &str) -> String {
    format!("{}f{}", &id[..14], &id[15..])
}

fn options() -> ImportOptions {
    ImportOptions::pac()
}

impl Scratch {
    fn package(&self, name: &str, bytes: &[u8]) -> PathBuf {
        self.file(name, bytes)
    }

    fn brought(&self, bytes: &[u8]) -> Plan {
        let path = self.package("package.zip", bytes);
        self.import(&path, &options()).unwrap_or_else(|error| panic!("{:#?}", error.report())).plan
    }

    fn save(&self, name: &str) -> Plan {
        self.try_save(name).unwrap_or_else(|error| panic!("{:#?}", error.report()))
    }

    fn try_save(&self, name: &str) -> Result<Plan, OpsError> {
        let flow = self.flow(name);
        let save = Save { flow, definition: None, client: None };
        Ok(self.run(&Request::Flow(FlowWish::Save(save)))?.plan)
    }

    fn flow(&self, name: &str) -> ComponentKey {
        let environment = self.workspace.environment().expect("the default environment");
        flows::find(&self.workspace, &environment, None, name).unwrap_or_else(|error| panic!("{error}"))
    }

    fn set_schema(&self, schema: DesktopFlowSchema) {
        let before = self.workspace.environment().expect("the default environment").settings;
        self.run(&Request::Settings(Settings { desktop_flow_schema: schema, ..before })).expect("a setting");
    }

    /// `succeeded`, or the name of the error.
    fn outcome(&self, name: &str) -> String {
        let client = Client { mode: Mode::Cloud, version: None };
        let run = flows::run(&self.workspace, None, name, &client).unwrap_or_else(|error| panic!("{error}"));
        run.error.map_or_else(|| run.outcome.to_owned(), |error| error.name)
    }

    fn listed(&self, name: &str) -> FlowEntry {
        let key = self.flow(name);
        let entries = flows::list(&self.workspace, None).expect("a list");
        entries.into_iter().find(|entry| entry.component.name == key.as_str()).expect("listed")
    }

    fn script(&self, name: &str) -> String {
        let key = self.flow(name);
        let environment = self.workspace.environment().expect("the default environment");
        let store = self.workspace.store();
        let snapshot = store.snapshot(&environment, None, &desktop_flow::footprint(&key)).expect("a snapshot");
        desktop_flow::script(&snapshot, &key, &StoreBodies::new(store)).expect("a script")
    }

    /// Carries out what is documented for the flow; the case, and the version to import again.
    fn repaired(&self, name: &str) -> (&'static str, Option<String>) {
        let environment = self.workspace.environment().expect("the default environment");
        let repair = flows::repair(&self.workspace, &environment, &self.flow(name)).expect("a way out");
        assert!(
            !repair.view.steps.is_empty() && repair.view.steps.iter().all(|step| step.command.starts_with("strata "))
        );
        self.run(&repair.request.expect("a request")).unwrap_or_else(|error| panic!("{:#?}", error.report()));
        (repair.view.case, repair.view.next.and_then(|next| next.version))
    }
}

/// The rule and the names of the binaries that a plan says will collide, of each flow.
fn predicted(plan: &Plan) -> Vec<(String, usize)> {
    let collisions = plan.findings.iter().filter(|finding| finding.kind == FindingKind::Collision);
    collisions.map(|finding| (finding.rule.clone(), finding.related.len())).collect()
}

#[test]
fn df24_case_1_real_managed_v2_over_managed_v2_is_good() {
    let Some(chain) = Chain::find() else { return };
    for action in [ImportAction::Update, ImportAction::Upgrade] {
        let scratch = Scratch::new();
        scratch.brought(&managed(&chain.last));
        let path = scratch.package("later.zip", &managed(&later(&chain.last)));
        let options = ImportOptions { action: Some(action), ..options() };
        let plan = scratch.run(&import(&path, &options)).expect("an import").plan;
        assert_eq!(predicted(&plan), []);
        let entries = flows::list(&scratch.workspace, None).expect("a list");
        assert_eq!(entries.len(), 13);
        assert!(entries.iter().all(|flow| flow.status == "ok" && flow.is_managed), "{entries:#?}");
        assert!(entries.iter().all(|flow| flow.binaries.iter().all(|binary| binary.solution == "PADFramework")));
    }
}

#[test]
fn df24_df32_case_2_real_managed_v2_over_managed_v1_is_good() {
    let Some(chain) = Chain::find() else { return };
    let scratch = Scratch::new();
    scratch.brought(&managed(&chain.before));
    assert_eq!(scratch.listed(CLOSER).schema, DesktopFlowSchema::V1);
    assert_eq!(predicted(&scratch.brought(&managed(&chain.last))), []);
    let flow = scratch.listed(CLOSER);
    assert_eq!((flow.schema, flow.status, flow.binaries.len()), (DesktopFlowSchema::V2, "ok", 4));
    assert_eq!(scratch.outcome(CLOSER), "succeeded");
}

#[test]
fn df24_df26_df29_case_3_real_managed_flow_saved_in_the_target_collides_until_it_comes_again() {
    let Some(chain) = Chain::find() else { return };
    let scratch = Scratch::new();
    scratch.brought(&managed(&chain.before));
    scratch.save(CLOSER);
    assert_eq!(scratch.outcome(CLOSER), "succeeded", "DF31");
    let flow = scratch.listed(CLOSER);
    assert!(flow.is_managed && flow.has_unmanaged_layer && flow.schema == DesktopFlowSchema::V2);
    let plan = scratch.brought(&managed(&chain.last));
    assert_eq!(predicted(&plan), [("DF24".to_owned(), 8)], "four pairs of one flow");
    assert_eq!(scratch.outcome(CLOSER), COLLISION);
    assert_eq!(scratch.outcome(READER), "succeeded", "the others run");
    assert_eq!(scratch.repaired(CLOSER), ("managed", Some("1.1.02411.2210".to_owned())));
    assert!(scratch.components().is_empty(), "DF29: {:?}", scratch.components());
    scratch.brought(&managed(&chain.last));
    assert_eq!(scratch.outcome(CLOSER), "succeeded");
    assert_eq!(predicted(&scratch.brought(&managed(&later(&chain.last)))), [], "DF26");
}

#[test]
fn df28_case_3_real_solution_that_others_stand_on_stays() {
    let Some(chain) = Chain::find() else { return };
    let scratch = Scratch::new();
    scratch.brought(&managed(&chain.before));
    scratch.save(CLOSER);
    scratch.brought(&managed(&chain.last));
    // A column of another publisher on a table of the solution keeps it (L98).
    let text = "Reports 1.0.0.0 managed fabrikam\nattribute def_config.fabrikam_rating <MaxLength>10</MaxLength>";
    scratch.brought(&zipped::package(text));
    assert!(scratch.uninstall("PADFramework").is_err());
    assert_eq!(scratch.repaired(CLOSER), ("managed-held", None));
    assert_eq!(scratch.outcome(CLOSER), "succeeded");
    let flow = scratch.listed(CLOSER);
    assert!(!flow.has_unmanaged_layer && flow.binaries.iter().all(|binary| binary.is_managed));
    scratch.run(&Request::Undo).expect("one operation");
    assert_eq!(scratch.outcome(CLOSER), COLLISION, "the repair is undone as a whole");
}

#[test]
fn df24_case_4_real_unmanaged_v2_over_unmanaged_v2_is_good() {
    let Some(chain) = Chain::find() else { return };
    let scratch = Scratch::new();
    scratch.brought(&chain.last);
    assert_eq!(predicted(&scratch.brought(&later(&chain.last))), []);
    assert_eq!(scratch.outcome(READER), "succeeded");
}

#[test]
fn df24_df32_case_5_real_unmanaged_v2_over_unmanaged_v1_is_good() {
    let Some(chain) = Chain::find() else { return };
    let scratch = Scratch::new();
    scratch.brought(&chain.before);
    assert_eq!(scratch.listed(CLOSER).schema, DesktopFlowSchema::V1);
    assert_eq!(predicted(&scratch.brought(&chain.last)), []);
    assert_eq!(scratch.listed(CLOSER).schema, DesktopFlowSchema::V2);
    assert_eq!(scratch.outcome(CLOSER), "succeeded");
}

#[test]
fn df24_case_6_real_unmanaged_flow_saved_in_the_target_collides_until_it_is_cured() {
    let Some(chain) = Chain::find() else { return };
    let scratch = Scratch::new();
    scratch.brought(&chain.before);
    scratch.save(CLOSER);
    assert_eq!(predicted(&scratch.brought(&chain.last)), [("DF24".to_owned(), 8)]);
    assert_eq!(scratch.outcome(CLOSER), COLLISION);
    scratch.uninstall("PADFramework").expect("only the list goes");
    assert_eq!(scratch.outcome(CLOSER), COLLISION, "deleting the solution is not enough");
    scratch.run(&Request::Undo).expect("the list is back");
    match scratch.repaired(CLOSER) {
        ("unmanaged", next) => {
            assert_eq!(next.as_deref(), Some("1.1.02411.2210"));
            scratch.brought(&chain.last);
        }
        // Other flows of the package call this one.
        (case, next) => assert_eq!((case, next), ("unmanaged-held", None)),
    }
    assert_eq!(scratch.outcome(CLOSER), "succeeded");
    assert_eq!(scratch.listed(CLOSER).binaries.len(), 4);
}

#[test]
fn df25_real_flows_of_schema_v2_that_changed_in_both_places_collide() {
    let Some(chain) = Chain::find() else { return };
    // Saving adds the file of dependencies here; the last package brings one that was made there.
    let scratch = Scratch::new();
    scratch.brought(&chain.before);
    scratch.save(READER);
    assert_eq!(scratch.outcome(READER), "succeeded");
    assert_eq!(predicted(&scratch.brought(&chain.last)), [("DF24".to_owned(), 2)]);
    assert_eq!(scratch.outcome(READER), COLLISION);
    // The same flows, converted in two environments.
    for manage in [|package: &[u8]| managed(package), |package: &[u8]| package.to_vec()] {
        let scratch = Scratch::new();
        scratch.brought(&manage(&chain.last));
        let plan = scratch.brought(&manage(&elsewhere(&later(&chain.last))));
        assert_eq!(predicted(&plan).len(), 13, "every flow");
        assert_eq!(scratch.outcome(READER), COLLISION);
    }
}

#[test]
fn df2_df7_df8_real_scripts_survive_conversion_both_ways() {
    let Some(chain) = Chain::find() else { return };
    let scratch = Scratch::new();
    scratch.brought(&chain.before);
    for name in [CLOSER, READER, "PADFramework: ExcelCloser", "PADFramework: EmailSenderO365Outlook"] {
        let (script, before) = (scratch.script(name), scratch.listed(name));
        assert!(script.starts_with("@@ConnectionString"), "{name}: {script}");
        let other = match before.schema {
            DesktopFlowSchema::V1 => DesktopFlowSchema::V2,
            DesktopFlowSchema::V2 => DesktopFlowSchema::V1,
        };
        for schema in [other, before.schema] {
            scratch.set_schema(schema);
            scratch.save(name);
            let flow = scratch.listed(name);
            assert_eq!((flow.schema, flow.status), (schema, "ok"), "{name}");
            assert_eq!(scratch.script(name), script, "{name} in {schema:?}");
            assert_eq!(flow.binaries.is_empty(), schema == DesktopFlowSchema::V1, "{name}");
        }
        let types = |flow: &FlowEntry| -> Vec<_> {
            flow.binaries.iter().map(|binary| (binary.binary_type.clone(), binary.reference.clone())).collect()
        };
        if before.schema == DesktopFlowSchema::V2 {
            let after = scratch.listed(name);
            let (had, has) = (types(&before), types(&after));
            assert!(had.iter().all(|each| has.contains(each)), "{name}: {had:?} {has:?}");
            assert!(after.binaries.iter().all(|binary| !before.binaries.iter().any(|old| old.id == binary.id)), "DF10");
        }
    }
}

#[test]
fn df11_df15_real_flows_in_the_schema_they_are_in() {
    let Some(chain) = Chain::find() else { return };
    let scratch = Scratch::new();
    scratch.brought(&managed(&chain.last));
    let error = scratch.try_save(READER).expect_err("managed and of schema v2");
    assert_eq!(error.report().code.as_deref(), Some("0x8004F012"));
    let scratch = Scratch::new();
    scratch.brought(&chain.before);
    scratch.save(CLOSER);
    let solution = strata_ops::solutions::show(&scratch.workspace, None, "PADFramework").expect("a solution");
    let flow = scratch.listed(CLOSER);
    for binary in &flow.binaries {
        assert!(solution.components.iter().any(|entry| entry.component.id == binary.id), "{binary:?}");
    }
}
