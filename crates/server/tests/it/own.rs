//! Operations of the product's own (`strata.*`).

use serde_json::{Value, json};
use strata_server::access::Role;
use strata_server::ask::Verb;

use crate::actions::import;
use crate::packages::{example, package};
use crate::service::Scratch;

const JOB: &str = "11111111-0000-4000-8000-000000000001";

fn with_core() -> Scratch {
    let scratch = Scratch::new();
    scratch.done("ImportSolution", &import(&example("contoso-core-1.0"), JOB));
    scratch
}

#[test]
fn any_operation_is_planned_and_nothing_is_done() {
    let scratch = with_core();
    let mut body = json!({
        "Operation": "StageAndUpgradeAsync", "OverwriteUnmanagedCustomizations": false, "PublishWorkflows": false,
        "CustomizationFile": example("contoso-core-1.1"),
    });
    let plan = scratch.done("strata.Plan", &body);
    assert_eq!((&plan["operation"], &plan["outcome"]), (&json!("upgrade"), &json!("succeed")));
    body["Extra"] = 1.into();
    let (status, answer) = scratch.act("strata.Plan", &body);
    assert_eq!((status, &answer["error"]["code"]), (400, &json!("0x80048d19")), "the action's own parameters count");
    for (operation, body) in [
        ("uninstall", json!({ "Operation": "UninstallSolutionAsync", "SolutionUniqueName": "ContosoCore" })),
        ("publish", json!({ "Operation": "PublishAllXml" })),
        ("undo", json!({ "Operation": "strata.Undo" })),
        ("settings", json!({ "Operation": "strata.ChangeSettings", "BlockUnmanaged": true })),
    ] {
        assert_eq!(scratch.done("strata.Plan", &body)["operation"], operation);
    }
    assert_eq!(scratch.act("strata.Plan", &json!({ "Operation": "Nothing" })).0, 400);
    assert_eq!(
        scratch.act("strata.Plan", &json!({ "Operation": "BulkDelete", "QuerySet": [] })).0,
        400,
        "rows have no plan"
    );
    assert_eq!(scratch.ask("strata.History()")["value"].as_array().map(Vec::len), Some(1), "nothing was done");
    let compared = scratch.done(
        "strata.ComparePlans",
        &json!({ "OverwriteUnmanagedCustomizations": false, "PublishWorkflows": false, "CustomizationFile": example("contoso-core-1.1") }),
    );
    assert_eq!(
        (&compared["update"]["operation"], &compared["upgrade"]["operation"]),
        (&json!("update"), &json!("upgrade"))
    );
}

#[test]
fn layers_and_history_are_those_of_the_command_line() {
    let scratch = with_core();
    let layers = scratch.ask("strata.Layers(Component='attribute:contoso_order.contoso_notes')");
    assert_eq!(layers["decidedby"]["MaxLength"], "ContosoCore");
    assert!(layers["@odata.context"].as_str().is_some_and(|text| text.ends_with("#strata.LayersResponse")));
    let entry = scratch.ask("strata.HistoryEntry(Operation=1)");
    assert_eq!((&entry["kind"], &entry["job"]), (&json!("import"), &json!(JOB)));
    assert_eq!(scratch.get("strata.HistoryEntry(Operation=9)").status, 404);
    let used = scratch.ask("strata.UsedBy(Component='entity:contoso_order')");
    assert!(used["usedby"].as_array().is_some_and(|list| !list.is_empty()), "{used}");
}

#[test]
fn dp24_what_blocks_a_deletion_comes_with_the_way_out() {
    let scratch = Scratch::new();
    let solution = "Contoso 1.0.0.0 unmanaged contoso\nentity contoso_order\noptionset contoso_status <options><option value=\"1\" /></options>\nattribute contoso_order.contoso_state <Type>picklist</Type><OptionSetName>contoso_status</OptionSetName>";
    scratch.done("ImportSolution", &import(&package(solution), JOB));
    scratch.done("PublishAllXml", &json!({}));
    let used = scratch.ask("strata.UsedBy(Component='optionset:contoso_status')");
    let blocked = used["deleteblockedby"].as_array().expect("a list");
    assert_eq!(blocked.len(), 1, "{used}");
    let recipe = used["findings"][0]["recipe"].as_array().expect("a recipe");
    assert!(!recipe.is_empty() && recipe[0]["text"].is_string(), "{used}");
}

#[test]
fn undo_and_restore_are_for_admins() {
    let scratch = with_core();
    for role in [Role::Reader, Role::Maker] {
        for (name, body) in [
            ("strata.Undo", json!({})),
            ("strata.Restore", json!({ "To": 0 })),
            ("strata.DeleteEnvironment", json!({ "Name": "default" })),
        ] {
            let (status, answer) = scratch.as_role(role, None, Verb::Post, name, &body);
            assert_eq!((status, &answer["error"]["code"]), (403, &json!("0x80040220")), "{name}");
        }
    }
    let (status, _) =
        scratch.as_role(Role::Reader, None, Verb::Post, "strata.CreateEnvironment", &json!({ "Name": "x" }));
    assert_eq!(status, 403, "a reader makes nothing");
    let body = json!({ "Operation": "UninstallSolutionAsync", "SolutionUniqueName": "ContosoCore" });
    let (status, _) = scratch.as_role(Role::Reader, None, Verb::Post, "strata.Plan", &body);
    assert_eq!(status, 200, "a plan is a question");
    let undone = scratch.done("strata.Undo", &json!({}));
    assert_eq!((&undone["operation"], &undone["applied_as"]), (&json!("undo"), &json!(2)));
    assert_eq!(scratch.get("strata.Layers(Component='entity:contoso_order')").status, 400);
    scratch.done("strata.Restore", &json!({ "To": 1 }));
    scratch.ask("strata.Layers(Component='entity:contoso_order')");
}

#[test]
fn packages_are_checked_and_compared() {
    let scratch = with_core();
    let found = scratch
        .done("strata.Check", &json!({ "CustomizationFile": example("contoso-core-1.1"), "AgainstEnvironment": true }));
    assert!(found["value"].is_array(), "{found}");
    let unknown = json!({ "CustomizationFile": example("contoso-core-1.1"), "Rules": ["STR999"] });
    assert_eq!(scratch.act("strata.Check", &unknown).0, 400);
    let sides = json!({ "BeforeSolution": "ContosoCore", "AfterFile": example("contoso-core-1.1") });
    let changes = scratch.done("strata.Diff", &sides)["changes"].as_array().expect("changes").clone();
    assert!(changes.iter().any(|change| change["component"]["name"] == "contoso_order.contoso_notes"), "{changes:?}");
    let same = json!({ "BeforeSolution": "ContosoCore", "AfterSolution": "ContosoCore" });
    assert_eq!(scratch.done("strata.Diff", &same)["changes"], json!([]));
    assert_eq!(scratch.act("strata.Diff", &json!({ "BeforeSolution": "ContosoCore" })).0, 400);
    // A side is never a path of the host.
    let path = json!({ "BeforeSolution": "/etc/passwd", "AfterSolution": "ContosoCore" });
    assert_eq!(scratch.act("strata.Diff", &path).0, 404);
}

#[test]
fn environments_are_made_copied_changed_and_deleted() {
    let scratch = with_core();
    scratch.done("strata.CreateEnvironment", &json!({ "Name": "test", "Languages": [1033, 1031] }));
    let copied = scratch.done("strata.CopyEnvironment", &json!({ "From": "default", "To": "copy" }));
    assert_eq!(copied["name"], "copy");
    let names: Vec<_> = scratch.ask("strata.Environments()")["value"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| entry["name"].clone())
        .collect();
    assert_eq!(names, ["copy", "default", "test"]);
    let changed = scratch.done("strata.ChangeSettings", &json!({ "BlockUnmanaged": true, "DesktopFlowSchema": "v1" }));
    assert_eq!(changed["operation"], "settings");
    assert_eq!(scratch.ask("strata.Environment")["blockunmanaged"], true);
    for body in
        [json!({ "DesktopFlowSchema": "v3" }), json!({ "Languages": ["German"] }), json!({ "PlatformVersion": "x" })]
    {
        assert_eq!(scratch.act("strata.ChangeSettings", &body).0, 400, "{body}");
    }
    scratch.done("strata.DeleteEnvironment", &json!({ "Name": "copy" }));
    assert_eq!(scratch.act("strata.DeleteEnvironment", &json!({ "Name": "copy" })).0, 404);
}

#[test]
fn df27_desktop_flows_are_listed_run_and_repaired() {
    let scratch = Scratch::new();
    let flow = "11111111-0000-4000-8000-000000000003";
    let solution = format!("Flows 1.0.0.0 managed contoso\nworkflow {flow} Invoices <Category>6</Category>");
    scratch.done("ImportSolution", &import(&package(&solution), JOB));
    let flows = scratch.ask("strata.Flows()");
    assert_eq!(flows["value"][0]["id"], flow);
    let run = scratch.ask(&format!("strata.RunFlow(Flow='{flow}',Mode='cloud')"));
    assert_eq!(run["mode"], "cloud");
    assert!(run["outcome"].is_string(), "{run}");
    assert_eq!(scratch.get(&format!("strata.RunFlow(Flow='{flow}',Mode='moon')")).status, 400);
    let (status, answer) = scratch.act("strata.RepairFlow", &json!({ "Flow": flow, "PlanOnly": true }));
    assert_eq!((status, &answer["case"]), (200, &json!("runs")), "{answer}");
    assert_eq!(scratch.act("strata.RepairFlow", &json!({ "Flow": "Nobody's" })).0, 400);
}

#[test]
fn the_documentation_lists_every_message() {
    let expected = documented();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/web-api.md");
    if std::env::var_os("STRATA_BLESS").is_some() {
        let text = std::fs::read_to_string(path).expect("the page");
        let (before, rest) = text.split_once(BEGIN).expect("the beginning");
        let (_, after) = rest.split_once(END).expect("the end");
        std::fs::write(path, format!("{before}{BEGIN}\n{expected}{END}{after}")).expect("written");
    }
    let text = std::fs::read_to_string(path).expect("the page").replace("\r\n", "\n");
    assert!(text.contains(&expected), "run this test with STRATA_BLESS=1");
}

const BEGIN: &str = "<!-- messages -->";
const END: &str = "<!-- end of messages -->";

fn documented() -> String {
    use strata_server::message::{Kind, Level, Message, Shape};
    let mut text = String::new();
    let kind = |kind: Kind| match kind {
        Kind::Boolean => "Boolean".to_owned(),
        Kind::Int32 => "Int32".to_owned(),
        Kind::Guid => "Guid".to_owned(),
        Kind::Text => "String".to_owned(),
        Kind::Binary => "Base64".to_owned(),
        Kind::Texts => "list of String".to_owned(),
        Kind::Row(of) | Kind::Object(of) => of.to_owned(),
        Kind::Rows => "list of rows".to_owned(),
        Kind::Any => "JSON".to_owned(),
    };
    let mut table = |title: &str, messages: Vec<&'static Message>| {
        text.push_str(&format!(
            "\n### {title}\n\n| name | level | role | parameters | answer | |\n|---|---|---|---|---|---|\n"
        ));
        for message in messages {
            let level = match message.level {
                Level::Must => "M",
                Level::Should => "S",
                Level::Later => "L",
                Level::Own => "own",
            };
            let parameters: Vec<_> = message
                .parameters
                .iter()
                .map(|parameter| match parameter.name {
                    "*" => "those of the operation".to_owned(),
                    name => format!("{name}{} {}", if parameter.is_required { "" } else { "?" }, kind(parameter.kind)),
                })
                .collect();
            let answer = match message.answer {
                Shape::Nothing => "204".to_owned(),
                Shape::Properties(properties) => {
                    properties.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
                }
                Shape::Rows(table) => format!("rows of {table}"),
                Shape::Open => "object".to_owned(),
                Shape::OpenList => "list".to_owned(),
            };
            let role = format!("{:?}", message.role).to_lowercase();
            text.push_str(&format!(
                "| `{}` | {level} | {role} | {} | {answer} | {} |\n",
                message.name,
                parameters.join("; "),
                message.summary
            ));
        }
    };
    let (own, platform): (Vec<_>, Vec<_>) =
        strata_server::actions::all().partition(|message| message.level == Level::Own);
    let (asked, functions): (Vec<_>, Vec<_>) =
        strata_server::functions::all().partition(|message| message.level == Level::Own);
    table("Actions (POST)", platform);
    table("Functions (GET)", functions);
    table("Own operations that change something, or take a package (POST)", own);
    table("Own questions (GET)", asked);
    text
}

#[test]
fn names_of_messages_are_unique() {
    let names: Vec<_> =
        strata_server::actions::all().chain(strata_server::functions::all()).map(|message| message.name).collect();
    let distinct: std::collections::BTreeSet<_> = names.iter().collect();
    assert_eq!(distinct.len(), names.len());
    assert!(Value::from(names.len()).as_u64() > Some(40));
}
