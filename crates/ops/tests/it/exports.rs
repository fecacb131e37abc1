//! The rules of exports, on packages of a few lines in a real store.

use std::path::PathBuf;

use strata_model::component::{ComponentKey, ComponentType};
use strata_model::dependency::Provider;
use strata_model::options::{ImportAction, ImportOptions};
use strata_model::package::{Mode, Package, Presence};
use strata_model::version::Version;
use strata_ops::by_hand::{ByHand, Switch};
use strata_ops::compare::DiffOptions;
use strata_ops::export::{Exports, Target, export, package_of, plan};
use strata_ops::project::{self, ProjectKind, ProjectRequest};
use strata_ops::{
    ExportOptions, NewClone, NewPublisher, NewSolution, OpsError, PropertyEdit, PublishScope, Request, jobs, silent,
    solutions,
};
use strata_package::Limits;
use strata_testkit::zipped;

use crate::Scratch;

const FORM: &str = "11111111-0000-4000-8000-000000000001";
const FLOW: &str = "11111111-0000-4000-8000-000000000003";

fn key(text: &str) -> ComponentKey {
    let (component_type, name) = text.split_once(':').expect("type:name");
    ComponentKey::new(ComponentType::named(component_type), name)
}

fn options(solution: &str, managed: bool) -> ExportOptions {
    ExportOptions { solution: solution.to_owned(), managed, version: None, only: None }
}

impl Scratch {
    fn bring(&self, text: &str) {
        self.bring_as(text, &ImportOptions { publish_changes: true, ..ImportOptions::pac() });
    }

    fn bring_as(&self, text: &str, options: &ImportOptions) {
        let file = self.file("package.zip", &zipped::package(text));
        self.import(&file, options).unwrap_or_else(|error| panic!("{:#?}", error.report()));
    }

    fn exported(&self, solution: &str, managed: bool) -> (Package, Exports) {
        let (bytes, exports) = package_of(&self.workspace, None, &options(solution, managed))
            .unwrap_or_else(|error| panic!("{:#?}", error.report()));
        (strata_package::read(bytes, &Limits::default()).expect("readable"), exports)
    }

    fn refusal(&self, solution: &str, managed: bool) -> (Option<String>, String, Option<String>) {
        let error = package_of(&self.workspace, None, &options(solution, managed)).expect_err("refused").report();
        (error.code, error.name, error.rule)
    }

    fn set(&self, component: &str, path: &str, value: &str) {
        let edits = vec![PropertyEdit { path: path.to_owned(), value: value.to_owned() }];
        self.run(&Request::Set { component: key(component), edits, solution: None }).expect("edited");
    }

    fn publish(&self) {
        self.run(&Request::Publish(PublishScope::All)).expect("published");
    }

    fn target(&self, name: &str, overwrite: bool) -> (PathBuf, Target) {
        let path = self.folder.path().join(name);
        (path.clone(), Target { path: Some(path), overwrite })
    }
}

fn definition(package: &Package, component: &str) -> Option<String> {
    let wanted = key(component);
    let found = package.components.iter().find(|component| component.key == wanted)?;
    Some(String::from_utf8_lossy(&package.bytes(&found.definition)).split_whitespace().collect::<Vec<_>>().join(" "))
}

const BASE: &str = "Base 1.2.0.0 managed fabrikam\nentity fabrikam_site\nattribute fabrikam_site.fabrikam_code <MaxLength>10</MaxLength>";

fn form(cells: &str) -> String {
    let cell = |name: &str| format!("<row><cell id=\"{name}\"><control id=\"{name}\" /></cell></row>");
    let rows: String = cells.split_whitespace().map(cell).collect();
    format!(
        "<form><tabs><tab id=\"t\"><columns><column><sections><section id=\"s\"><rows>{rows}</rows></section></sections>\
         </column></columns></tab></tabs></form>"
    )
}

#[test]
fn l53_only_unmanaged_solutions_that_are_not_the_platforms_go_out() {
    let scratch = Scratch::new();
    scratch.bring(BASE);
    let coded = |code: &str, name: &str| (Some(code.to_owned()), name.to_owned(), Some("L53".to_owned()));
    assert_eq!(scratch.refusal("base", true), coded("0x80048036", "ExportManagedSolutionError"));
    assert_eq!(scratch.refusal("Default", false), coded("0x80071158", "ExportDefaultSolutionError"));
    assert_eq!(scratch.refusal("default", true), coded("0x80048048", "ExportDefaultAsPackagedError"));
    assert_eq!(scratch.refusal("Nobody", false), coded("0x80048037", "ExportMissingSolutionError"));
    assert_eq!(scratch.refusal("System", false), coded("0x80048035", "ExportSolutionError"));
}

#[test]
fn l57_both_kinds_are_built_from_one_unmanaged_solution_which_stays_unmanaged() {
    let scratch = Scratch::new();
    scratch.bring("Core 1.0.0.0 unmanaged contoso\nentity contoso_order\nattribute contoso_order.contoso_total");
    let before = scratch.state();
    let (unmanaged, _) = scratch.exported("Core", false);
    let (managed, _) = scratch.exported("Core", true);
    assert_eq!((unmanaged.manifest.mode, managed.manifest.mode), (Mode::Unmanaged, Mode::Managed));
    let keys = |package: &Package| package.components.iter().map(|component| component.key.clone()).collect::<Vec<_>>();
    assert_eq!(keys(&unmanaged), keys(&managed));
    assert_eq!(scratch.state(), before);
    let other = Scratch::new();
    let (bytes, _) = package_of(&scratch.workspace, None, &options("Core", true)).expect("exported");
    let file = other.file("managed.zip", &bytes);
    other.import(&file, &ImportOptions::pac()).expect("a managed package installs");
    assert_eq!(other.refusal("Core", false).1, "ExportManagedSolutionError", "there is no way back");
}

#[test]
fn l54_only_published_definitions_go_out_and_drafts_are_named() {
    let scratch = Scratch::new();
    scratch.bring("Core 1.0.0.0 unmanaged contoso\nentity contoso_order\nattribute contoso_order.contoso_total <MaxLength>10</MaxLength>");
    scratch.set("attribute:contoso_order.contoso_total", "MaxLength", "20");
    let (package, exports) = scratch.exported("Core", false);
    let column = definition(&package, "attribute:contoso_order.contoso_total").expect("it goes out");
    assert!(column.contains("<MaxLength>10</MaxLength>"), "{column}");
    let [warning] = exports.findings.as_slice() else { panic!("{:?}", exports.findings) };
    assert_eq!((warning.rule.as_str(), warning.related.len()), ("L54", 1));
    assert!(warning.message.contains("contoso_order.contoso_total"), "{}", warning.message);
    scratch.publish();
    let (package, exports) = scratch.exported("Core", false);
    assert!(
        definition(&package, "attribute:contoso_order.contoso_total")
            .expect("out")
            .contains("<MaxLength>20</MaxLength>")
    );
    assert_eq!(exports.findings, []);
}

#[test]
fn l55_dp23_what_is_needed_and_stays_behind_is_declared_and_warned_of() {
    let scratch = Scratch::new();
    scratch.bring(BASE);
    scratch
        .bring("Other 1.0.0.0 unmanaged contoso\noptionset contoso_status <options><option value=\"1\" /></options>");
    scratch.bring(
        "Core 1.0.0.0 unmanaged contoso\nentity contoso_order\n\
         attribute contoso_order.contoso_status <Type>picklist</Type><OptionSetName>contoso_status</OptionSetName>\n\
         savedquery contoso_order 11111111-0000-4000-8000-000000000009 <fetchxml><fetch><entity name=\"fabrikam_site\">\
         <attribute name=\"fabrikam_code\" /></entity></fetch></fetchxml>",
    );
    let (package, exports) = scratch.exported("Core", true);
    let shown: Vec<_> = package
        .manifest
        .missing_dependencies
        .iter()
        .map(|missing| format!("{} {:?} {}", missing.required.key, missing.provider, missing.dependent.key))
        .collect();
    let view = "savedquery:11111111-0000-4000-8000-000000000009";
    let base = |name: &str| {
        format!(
            "{name} Solution {{ unique_name: \"Base\", version: Some(Version {{ text: \"1.2.0.0\", parts: [1, 2, 0, 0] }}) }} {view}"
        )
    };
    let expected = [
        "optionset:contoso_status Active attribute:contoso_order.contoso_status".to_owned(),
        base("entity:fabrikam_site"),
        base("attribute:fabrikam_site.fabrikam_code"),
    ];
    let mut sorted = (shown.clone(), expected.to_vec());
    sorted.0.sort();
    sorted.1.sort();
    assert_eq!(sorted.0, sorted.1);
    let warning = exports.findings.iter().find(|finding| finding.rule == "L55").expect("a warning");
    assert_eq!(warning.related.len(), 3);
    // The list is what an import checks.
    let target = Scratch::new();
    let file = target.file("core.zip", &package_of(&scratch.workspace, None, &options("Core", true)).expect("out").0);
    let error = target.import(&file, &ImportOptions::pac()).expect_err("refused").report();
    assert_eq!(error.code.as_deref(), Some("0x8004801D"));
    assert!(package.manifest.missing_dependencies.iter().any(|missing| missing.provider == Provider::Active));
}

#[test]
fn l56_a_solution_with_patches_is_locked_and_its_patch_goes_out() {
    let scratch = Scratch::new();
    scratch.bring("Core 1.0.0.0 unmanaged contoso\nentity contoso_order\nattribute contoso_order.contoso_total");
    let new = NewClone { solution: "Core".to_owned(), version: None, friendly_name: Some("Fix".to_owned()) };
    let patch = scratch.run(&Request::ClonePatch(new)).expect("a patch").plan.solution.expect("named").unique_name;
    let refused = scratch.refusal("Core", false);
    assert_eq!((refused.0.as_deref(), refused.2.as_deref()), (Some("0x80048538"), Some("L56")));
    let (package, _) = scratch.exported(&patch, false);
    assert_eq!(package.manifest.parent_solution, Some(("Core".to_owned(), Version::parse("1.0.0.0").ok())));
    assert_eq!(
        (package.manifest.friendly_name.as_str(), package.manifest.publisher.prefix.as_str()),
        ("Fix", "contoso")
    );
    scratch.uninstall(&patch).expect("the patch goes");
    scratch.exported("Core", false);
}

#[test]
fn l42_l45_a_form_over_a_managed_one_goes_out_whole_or_as_a_difference() {
    let scratch = Scratch::new();
    let base =
        format!("Base 1.0.0.0 managed fabrikam\nentity fabrikam_site\nsystemform fabrikam_site {FORM} {}", form("a b"));
    scratch.bring(&base);
    let core = format!("Core 1.0.0.0 unmanaged contoso\nsystemform fabrikam_site {FORM} {}", form("a b z"));
    scratch.bring(&core);
    let component = format!("systemform:{FORM}");
    let (unmanaged, _) = scratch.exported("Core", false);
    let whole = definition(&unmanaged, &component).expect("it goes out");
    assert!(!whole.contains("solutionaction") && whole.contains("id=\"a\"") && whole.contains("id=\"z\""), "{whole}");
    let (managed, _) = scratch.exported("Core", true);
    let form = managed.components.iter().find(|found| found.key == key(&component)).expect("it goes out");
    assert_eq!(form.presence, Presence::Diff);
    let difference = definition(&managed, &component).expect("it goes out");
    assert!(difference.contains("<cell id=\"z\" ordinalvalue=\"10002\" solutionaction=\"Added\">"), "{difference}");
    assert!(
        !difference.contains("id=\"a\"") && difference.contains(&format!("<formid>{{{FORM}}}</formid>")),
        "{difference}"
    );
    // Where the base is, the difference gives the same form.
    let target = Scratch::new();
    target.bring(&base);
    let file = target.file("core.zip", &package_of(&scratch.workspace, None, &options("Core", true)).expect("out").0);
    target.import(&file, &ImportOptions::pac()).expect("installed");
    let cells = |scratch: &Scratch| {
        let layers = strata_ops::components::layers(&scratch.workspace, None, &component, false).expect("layers");
        layers.resolved.into_iter().filter(|(path, _)| path.contains("cell")).collect::<Vec<_>>()
    };
    assert_eq!(cells(&scratch), cells(&target));
}

#[test]
fn l22_what_nobody_here_has_changed_is_a_shell_or_left_out() {
    let scratch = Scratch::new();
    scratch.bring(&format!(
        "Base 1.0.0.0 managed fabrikam\nentity fabrikam_site\nsystemform fabrikam_site {FORM} {}",
        form("a")
    ));
    scratch.bring("Core 1.0.0.0 unmanaged contoso\noptionset contoso_status <options />");
    for (component, behavior) in [("entity:fabrikam_site".to_owned(), 1), (format!("systemform:{FORM}"), 0)] {
        let addition = strata_ops::by_hand::Addition {
            solution: "Core".to_owned(),
            behavior: strata_model::environment::Behavior::try_from(behavior).ok(),
            required_components: false,
        };
        scratch.run(&Request::ByHand(ByHand::Add { component: key(&component), addition })).expect("added");
    }
    let (unmanaged, _) = scratch.exported("Core", false);
    let shell = definition(&unmanaged, &format!("systemform:{FORM}")).expect("for reference");
    assert!(shell.starts_with("<systemform unmodified=\"1\">") && shell.contains("id=\"a\""), "{shell}");
    let table = definition(&unmanaged, "entity:fabrikam_site").expect("for reference");
    assert!(table.contains("unmodified=\"1\""), "{table}");
    let (managed, _) = scratch.exported("Core", true);
    let keys: Vec<_> = managed.components.iter().map(|component| component.key.to_string()).collect();
    assert_eq!(keys, ["optionset:contoso_status"]);
    assert_eq!(managed.manifest.root_components.len(), 2, "roots stay");
    let target = Scratch::new();
    let file = target.file("core.zip", &package_of(&scratch.workspace, None, &options("Core", false)).expect("out").0);
    let error = target.import(&file, &ImportOptions::pac()).expect_err("its base is not there").report();
    assert_eq!(error.code.as_deref(), Some("0x8004801D"));
}

#[test]
fn l119_a_value_that_left_the_solution_stays_in_the_environment() {
    let scratch = Scratch::new();
    let (publisher, name) = ("Contoso".to_owned(), "Core".to_owned());
    let new = NewPublisher {
        unique_name: publisher.clone(),
        prefix: "contoso".to_owned(),
        friendly_name: None,
        option_value_prefix: None,
        id: None,
        details: Default::default(),
    };
    scratch.run(&Request::CreatePublisher(new)).expect("a publisher");
    let version = Version::parse("1.0.0.0").expect("a version");
    scratch
        .run(&Request::CreateSolution(NewSolution {
            unique_name: name.clone(),
            publisher,
            version,
            friendly_name: None,
            id: None,
        }))
        .expect("a solution");
    for component in ["environmentvariabledefinition:contoso_Url", "environmentvariablevalue:contoso_Url"] {
        let new = strata_ops::by_hand::NewComponent {
            component_type: key(component).component_type,
            name: component.split_once(':').expect("type:name").1.to_owned(),
            table: None,
            display_name: None,
            definition: None,
            properties: Vec::new(),
            options: Vec::new(),
            solution: Some(name.clone()),
            content: None,
        };
        let wish = ByHand::Create { new: Box::new(new), content: None };
        scratch.run(&Request::ByHand(wish)).unwrap_or_else(|error| panic!("{:#?}", error.report()));
    }
    scratch.set("environmentvariablevalue:contoso_Url", "value", "https://contoso.example");
    let file = "environmentvariabledefinitions/contoso_Url/environmentvariablevalues.json";
    let has_value = || scratch.exported("Core", true).0.parts.iter().any(|part| part.path == file);
    assert!(has_value());
    let value = key("environmentvariablevalue:contoso_Url");
    scratch.run(&Request::ByHand(ByHand::Remove { component: value, solution: name })).expect("removed from the list");
    assert!(!has_value());
    let text = "environmentvariablevalue:contoso_Url";
    let shown = strata_ops::components::show(&scratch.workspace, None, text, false).expect("it is there");
    assert_eq!(shown.properties.get("value").map(String::as_str), Some("https://contoso.example"));
}

#[test]
fn df16_a_flow_whose_binaries_stay_behind_is_named() {
    let scratch = Scratch::new();
    scratch.bring(&format!(
        "Flows 1.0.0.0 unmanaged contoso\nworkflow {FLOW} Invoices <Category>6</Category><UIFlowType>2</UIFlowType>\n\
         desktopflowbinary 11111111-0000-4000-8000-000000000004 {FLOW} ManifestFile flow.manifest"
    ));
    assert!(scratch.exported("Flows", true).1.findings.iter().all(|finding| finding.rule != "DF16"));
    let binary = key("desktopflowbinary:11111111-0000-4000-8000-000000000004");
    scratch.run(&Request::ByHand(ByHand::Remove { component: binary, solution: "Flows".to_owned() })).expect("removed");
    let (package, exports) = scratch.exported("Flows", true);
    assert!(package.components.iter().all(|component| !component.key.component_type.is("desktopflowbinary")));
    let warning = exports.findings.iter().find(|finding| finding.rule == "DF16").expect("a warning");
    assert_eq!(warning.related.len(), 1);
}

#[test]
fn l92_a_flow_goes_out_as_it_was_switched_here() {
    let scratch = Scratch::new();
    scratch.bring(&format!(
        "Flows 1.0.0.0 unmanaged contoso\nworkflow {FLOW} Notify <Category>5</Category><StateCode>1</StateCode><StatusCode>2</StatusCode>"
    ));
    let component = format!("workflow:{FLOW}");
    let state = || definition(&scratch.exported("Flows", false).0, &component).expect("it goes out");
    assert!(
        state().contains("<StateCode>1</StateCode><StatusCode>2</StatusCode>"),
        "as it came: nobody has switched it"
    );
    for (switch, expected) in
        [(Switch::On, "<StateCode>1</StateCode>"), (Switch::Off, "<StateCode>0</StateCode><StatusCode>1</StatusCode>")]
    {
        scratch.run(&Request::ByHand(ByHand::Switch { component: key(&component), switch })).expect("switched");
        assert!(state().contains(expected), "{}", state());
    }
}

#[test]
fn l25_a_version_that_is_asked_for_becomes_the_solutions() {
    let scratch = Scratch::new();
    scratch.bring("Core 1.0.0.0 unmanaged contoso\nentity contoso_order");
    let version = |text: &str| ExportOptions { version: Version::parse(text).ok(), ..options("Core", true) };
    let (path, target) = scratch.target("core.zip", false);
    let view = export(&scratch.workspace, None, &version("1.4.0.0"), &target, &silent).expect("exported");
    assert_eq!(view.version, "1.4.0.0");
    assert_eq!(solutions::entry_of(&scratch.workspace, "Core").expect("there").version, "1.4.0.0");
    let package = strata_ops::read_package(&path).expect("readable");
    assert_eq!(package.manifest.version.as_str(), "1.4.0.0");
    let (_, other) = scratch.target("other.zip", false);
    let error = export(&scratch.workspace, None, &version("1.3.0.0"), &other, &silent).expect_err("lower").report();
    assert_eq!((error.name.as_str(), error.rule.as_deref()), ("VersionNotHigher", Some("L25")));
    let planned = plan(&scratch.workspace, None, &version("2.0"), &other).expect("planned");
    assert_eq!((planned.version.as_str(), planned.size), ("2.0", 0));
    assert_eq!(
        solutions::entry_of(&scratch.workspace, "Core").expect("there").version,
        "1.4.0.0",
        "a plan does nothing"
    );
}

#[test]
fn l115_exports_stand_in_history_and_undo_goes_past_them() {
    let scratch = Scratch::new();
    let empty = scratch.state();
    scratch.bring("Core 1.0.0.0 unmanaged contoso\nentity contoso_order");
    let (_, target) = scratch.target("core.zip", false);
    export(&scratch.workspace, None, &options("Core", true), &target, &silent).expect("exported");
    let (_, other) = scratch.target("other.zip", false);
    export(&scratch.workspace, None, &options("Nobody", true), &other, &silent).expect_err("refused");
    let history = jobs::solution_history(&scratch.workspace, None).expect("history");
    let shown: Vec<_> = history.iter().map(|row| (row.operation, row.result, row.package_name.clone())).collect();
    assert_eq!(shown[0].0, 2, "{shown:?}");
    assert_eq!(shown[1], (2, true, Some("core.zip".to_owned())), "{shown:?}");
    assert!(!shown[0].1);
    scratch.run(&Request::Undo).expect("undo");
    assert_eq!(scratch.state(), empty, "the import was the last step");
}

#[test]
fn l111_a_rolled_up_solution_replaces_base_and_patches_where_it_is_installed() {
    let (dev, prod) = (Scratch::new(), Scratch::new());
    dev.bring("Core 1.0.0.0 unmanaged contoso\nentity contoso_order\nattribute contoso_order.contoso_total");
    let install = |name: &str, action: Option<ImportAction>| {
        let (bytes, _) = package_of(&dev.workspace, None, &options(name, true)).expect("exported");
        let file = prod.file(&format!("{name}.zip"), &bytes);
        prod.import(&file, &ImportOptions { action, ..ImportOptions::pac() })
            .unwrap_or_else(|error| panic!("{:#?}", error.report()));
    };
    install("Core", None);
    let new = NewClone { solution: "Core".to_owned(), version: None, friendly_name: None };
    let patch = dev.run(&Request::ClonePatch(new.clone())).expect("a patch").plan.solution.expect("named").unique_name;
    dev.bring_as(
        "Extra 1.0.0.0 unmanaged contoso\nentity contoso_note\nattribute contoso_note.contoso_text",
        &ImportOptions { publish_changes: true, ..ImportOptions::pac() },
    );
    let addition =
        strata_ops::by_hand::Addition { solution: patch.clone(), behavior: None, required_components: false };
    dev.run(&Request::ByHand(ByHand::Add { component: key("entity:contoso_note"), addition })).expect("added");
    install(&patch, None);
    assert_eq!(solutions::list(&prod.workspace, None, false).expect("a list").len(), 2);
    dev.run(&Request::CloneSolution(NewClone { version: Version::parse("1.1.0.0").ok(), ..new })).expect("rolled up");
    let before = prod.components();
    install("Core", Some(ImportAction::Upgrade));
    let listed = solutions::list(&prod.workspace, None, false).expect("a list");
    assert_eq!(
        listed.iter().map(|entry| (entry.unique_name.as_str(), entry.version.as_str())).collect::<Vec<_>>(),
        [("Core", "1.1.0.0")]
    );
    assert_eq!(prod.components(), before, "nothing is lost");
}

#[test]
fn a_file_that_is_there_is_replaced_whole_or_not_at_all() {
    let scratch = Scratch::new();
    scratch.bring("Core 1.0.0.0 unmanaged contoso\nentity contoso_order");
    let (path, target) = scratch.target("core.zip", false);
    std::fs::write(&path, b"precious").expect("a file");
    let error =
        export(&scratch.workspace, None, &options("Core", false), &target, &silent).expect_err("it is there").report();
    assert_eq!(error.name, "AlreadyExists");
    assert_eq!(std::fs::read(&path).expect("a file"), b"precious");
    let (_, replacing) = scratch.target("core.zip", true);
    export(&scratch.workspace, None, &options("Core", false), &replacing, &silent).expect("replaced");
    let first = std::fs::read(&path).expect("a file");
    export(&scratch.workspace, None, &options("Core", false), &replacing, &silent).expect("replaced");
    assert_eq!(std::fs::read(&path).expect("a file"), first, "the same bytes each time");
    let (_, folder) = scratch.target("no/such/core.zip", true);
    let error =
        export(&scratch.workspace, None, &options("Core", false), &folder, &silent).expect_err("no such folder");
    assert!(matches!(error, OpsError::Unwritable { .. }), "{error}");
    let (_, text) = scratch.target("core.txt", true);
    assert_eq!(
        export(&scratch.workspace, None, &options("Core", false), &text, &silent).expect_err("no zip").report().name,
        "InvalidValue"
    );
    let left: Vec<_> = std::fs::read_dir(scratch.folder.path())
        .expect("a folder")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    assert!(left.iter().all(|name| !name.ends_with(".part")), "{left:?}");
    let into = Target { path: Some(scratch.folder.path().to_owned()), overwrite: false };
    let view =
        export(&scratch.workspace, None, &options("Core", true), &into, &silent).expect("a folder gets the usual name");
    assert!(view.path.ends_with("Core_1_0_0_0_managed.zip"));
}

#[test]
fn a_solution_is_cloned_into_a_project_that_reads_as_the_same_package() {
    let scratch = Scratch::new();
    scratch.bring(&format!(
        "Core 1.0.0.0 unmanaged contoso\nentity contoso_order\nattribute contoso_order.contoso_total\n\
         systemform contoso_order {FORM} {}\noptionset contoso_status <options />",
        form("a b")
    ));
    let parent = scratch.folder.path().join("projects");
    let request = |kind| ProjectRequest { solution: "core".to_owned(), parent: Some(parent.clone()), kind };
    let planned =
        project::clone(&scratch.workspace, None, &request(ProjectKind::Both), true, &silent).expect("planned");
    assert!(!planned.written && !parent.exists(), "a plan writes nothing");
    let view = project::clone(&scratch.workspace, None, &request(ProjectKind::Both), false, &silent).expect("cloned");
    let folder = parent.join("Core");
    assert_eq!((view.folder.clone(), view.files), (folder.clone(), planned.files));
    let project_file = std::fs::read_to_string(folder.join("Core.cdsproj")).expect("a project file");
    assert!(project_file.contains("<SolutionRootPath>src</SolutionRootPath>"), "{project_file}");
    assert!(project_file.contains("<SolutionPackageType>Both</SolutionPackageType>"), "{project_file}");
    let tree = strata_ops::read_package(&folder).expect("readable");
    let (package, _) = scratch.exported("Core", false);
    let keys = |package: &Package| package.components.iter().map(|component| component.key.clone()).collect::<Vec<_>>();
    assert_eq!((tree.manifest.mode, keys(&tree)), (Mode::Both, keys(&package)));
    let fidelity = strata_testkit::fidelity::compare(&package, &tree);
    assert!(fidelity.is_complete(), "{fidelity}");
    let again = project::clone(&scratch.workspace, None, &request(ProjectKind::Unmanaged), false, &silent);
    assert_eq!(again.expect_err("it is there").report().name, "AlreadyExists");
    let left: Vec<_> = std::fs::read_dir(&parent).expect("a folder").filter_map(Result::ok).collect();
    assert_eq!(left.len(), 1, "nothing is left beside it");
}

#[test]
fn solutions_of_environments_are_compared_with_packages() {
    let scratch = Scratch::new();
    let text = "Core 1.0.0.0 managed contoso\nentity contoso_order\nattribute contoso_order.contoso_total <MaxLength>10</MaxLength>";
    scratch.bring(text);
    let own = scratch.file("own.zip", &zipped::package(text));
    let other = scratch.file("other.zip", &zipped::package(&text.replace("10<", "20<")));
    let location = strata_ops::Location {
        store: scratch.folder.path().join("strata.db").display().to_string(),
        environment: None,
    };
    let compare = |path: &std::path::Path| {
        let named = "env:default/Core";
        strata_ops::compare::compare(
            &location,
            named,
            &path.display().to_string(),
            DiffOptions { sees_kind: false, at: None },
        )
        .unwrap_or_else(|error| panic!("{:#?}", error.report()))
    };
    assert!(compare(&own).changes.is_empty());
    assert_eq!(compare(&other).changes.len(), 1);
}
