//! STR001–STR010.

use strata_checker::{Against, Checked, Options, check};

use crate::kit::{finds, names, only, sample};

const ROLE: &str = "11111111-0000-4000-8000-000000000001";
const OTHER: &str = "11111111-0000-4000-8000-000000000002";

fn role(id: &str, name: &str) -> String {
    format!("<Role id=\"{{{id}}}\" name=\"{name}\" />")
}

#[test]
fn str001_a_root_part_that_is_not_well_formed() {
    let broken = sample().file("[Content_Types].xml", "<Types>");
    let found = broken.finds("STR001");
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].part.as_deref(), found[0].line), (Some("[Content_Types].xml"), Some(1)));
    assert!(sample().finds("STR001").is_empty());
}

#[test]
fn str002_a_root_without_a_definition() {
    let fails = sample().root("61", "contoso_a.js", 0).root("1", "account", 1).root("1", "contact", 2);
    let found = fails.finds("STR002");
    assert_eq!(names(&found), ["webresource:contoso_a.js"]);
    assert_eq!((found[0].part.as_deref(), found[0].line), (Some("solution.xml"), Some(2)));
    let form = sample().root_id("60", ROLE);
    assert_eq!(form.finds("STR002").len(), 1);
    assert!(form.managed().finds("STR002").is_empty(), "managed packages leave forms out");
    assert!(sample().table("contoso_order", "").finds("STR002").is_empty());
}

#[test]
fn str003_a_definition_without_a_root() {
    let roles = format!("<Roles>{}</Roles>", role(ROLE, "Clerk"));
    assert_eq!(sample().section(&roles).blames("STR003"), [format!("role:{ROLE}")]);
    assert!(sample().section(&roles).root_id("20", ROLE).finds("STR003").is_empty());
}

#[test]
fn str004_two_of_the_same() {
    let twice = sample().table("contoso_order", "").root("1", "Contoso_Order", 0);
    assert_eq!(twice.says("STR004"), ["root component table Contoso_Order is declared twice"]);
    let resource = |name: &str, id: &str| {
        format!("<WebResource><WebResourceId>{{{id}}}</WebResourceId><Name>{name}</Name></WebResource>")
    };
    let both = |second: &str| {
        let (a, b) = (resource("contoso_a", ROLE), resource("contoso_b", second));
        sample().section(&format!("<WebResources>{a}{b}</WebResources>"))
    };
    assert_eq!(both(ROLE).blames("STR004"), ["webresource:contoso_b"]);
    assert!(both(OTHER).finds("STR004").is_empty());
    let identical = format!("<Roles>{0}{0}</Roles>", role(ROLE, "Clerk"));
    assert_eq!(sample().section(&identical).finds("STR004").len(), 1);
}

#[test]
fn str005_two_of_one_display_name() {
    let roles = |second: &str| {
        let (a, b) = (role(ROLE, "Clerk"), role(OTHER, second));
        sample().section(&format!("<Roles>{a}{b}</Roles>"))
    };
    assert_eq!(roles("clerk").blames("STR005"), [format!("role:{OTHER}")]);
    assert!(roles("Judge").finds("STR005").is_empty());
    let processes = |table: &str| {
        let process = |id: &str, table: &str| {
            format!(
                "<Workflow WorkflowId=\"{{{id}}}\" Name=\"Check\"><Category>0</Category>\
                 <PrimaryEntity>{table}</PrimaryEntity></Workflow>"
            )
        };
        let (a, b) = (process(ROLE, "account"), process(OTHER, table));
        sample().section(&format!("<Workflows>{a}{b}</Workflows>"))
    };
    assert_eq!(processes("Account").finds("STR005").len(), 1);
    assert!(processes("contact").finds("STR005").is_empty());
}

#[test]
fn str006_introduced_in_a_later_version() {
    let column = |name: &str, version: &str| {
        let inside = format!(
            "<attributes><attribute PhysicalName=\"{name}\"><LogicalName>{name}</LogicalName>\
             <IntroducedVersion>{version}</IntroducedVersion></attribute></attributes>"
        );
        sample().table("contoso_order", &inside)
    };
    let found = column("contoso_total", "1.0.0.1").finds("STR006");
    assert_eq!(names(&found), ["attribute:contoso_order.contoso_total"]);
    assert_eq!(found[0].path, "IntroducedVersion");
    assert!(column("contoso_total", "1.0").finds("STR006").is_empty());
    assert!(column("fabrikam_total", "9.0.0.0").finds("STR006").is_empty(), "others carry their own versions");
    assert!(column("contoso_total", "1.0.0.1").version("0.0.0.0").finds("STR006").is_empty(), "set when built");
}

#[test]
fn str007_files_and_their_components_belong_together() {
    let complete = sample().flow("Check", ROLE, "{}");
    assert!(complete.finds("STR007").is_empty());
    let absent = "<Workflows><Workflow WorkflowId=\"{11111111-0000-4000-8000-000000000001}\" Name=\"A\">\
                  <JsonFileName>/Workflows/A.json</JsonFileName></Workflow></Workflows>";
    let found = sample().section(absent).finds("STR007");
    assert_eq!(names(&found), [format!("workflow:{ROLE}")]);
    assert_eq!((found[0].path.as_str(), found[0].column > Some(50)), ("JsonFileName", true));
    let stray = sample().file("Workflows/Nobody.json", "{}").finds("STR007");
    assert_eq!(stray[0].part.as_deref(), Some("Workflows/Nobody.json"));
    let row = "<desktopflowbinary desktopflowbinaryid=\"11111111-0000-4000-8000-000000000001\">\
               <data mimetype=\"application/json\">a.json</data></desktopflowbinary>";
    let path = format!("desktopflowbinaries/{ROLE}/desktopflowbinary.xml");
    assert_eq!(sample().file(&path, row).finds("STR007").len(), 1);
    let data = format!("desktopflowbinaries/{ROLE}/data/a.json");
    assert!(sample().file(&path, row).file(&data, "{}").finds("STR007").is_empty());
}

#[test]
fn str008_the_target_is_older() {
    let against = |platform: &str| Against {
        name: "production".to_owned(),
        platform: Some(strata_model::version::Version::parse(platform).expect("a version")),
        ..Against::default()
    };
    let package = sample().package();
    assert_eq!(finds(&package, "STR008", Some(&against("9.1.0.5"))).len(), 1);
    assert!(finds(&package, "STR008", Some(&against("9.2"))).is_empty());
    let options = Options { rules: Some(only("STR008")), ..Options::plain() };
    let report = check(&[Checked { package: &package, name: None, size: 1, against: None }], &options);
    assert_eq!(report.skipped, ["STR008"]);
}

#[test]
fn str009_names_and_versions_that_cannot_be() {
    assert_eq!(sample().named("Core_Upgrade").blames("STR009"), ["UniqueName"]);
    assert_eq!(sample().named("Core_Patch_1a2b3c4d").blames("STR009"), ["ParentSolution"]);
    let patch = "<ParentSolution><UniqueName>Core</UniqueName><Version>1.0</Version></ParentSolution>";
    assert!(sample().named("Core_Patch_1a2b3c4d").manifest(patch).finds("STR009").is_empty());
    let against = |installed: &str| Against {
        name: "production".to_owned(),
        installed: Some(strata_model::version::Version::parse(installed).expect("a version")),
        ..Against::default()
    };
    let package = sample().package();
    assert_eq!(finds(&package, "STR009", Some(&against("1.0"))).len(), 1);
    assert!(finds(&package, "STR009", Some(&against("0.9.9.9"))).is_empty());
}

#[test]
fn str010_larger_than_an_import_may_be() {
    let package = sample().package();
    let options = Options { rules: Some(only("STR010")), ..Options::plain() };
    let of =
        |size: u64| check(&[Checked { package: &package, name: None, size, against: None }], &options).findings.len();
    assert_eq!((of(120 * 1024 * 1024), of(120 * 1024 * 1024 + 1)), (0, 1));
}
