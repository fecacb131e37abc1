//! STR301–STR308.

use strata_checker::Against;
use strata_checker::against::TargetForm;
use strata_engine::layering::StackedLayer;
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::plan::Body;

use crate::kit::{Sample, finds, names, sample};

const FORM: &str = "11111111-0000-4000-8000-000000000001";
const OTHER: &str = "11111111-0000-4000-8000-000000000002";

fn key(component_type: &str, name: &str) -> ComponentKey {
    ComponentKey::new(ComponentType::named(component_type), name)
}

#[test]
fn str301_whole_tables_of_others() {
    assert_eq!(sample().root("1", "account", 0).blames("STR301"), ["entity:account"]);
    assert!(sample().root("1", "account", 1).finds("STR301").is_empty());
    assert!(sample().root("1", "account", 2).finds("STR301").is_empty());
    assert_eq!(sample().table("fabrikam_order", "").blames("STR301"), ["entity:fabrikam_order"]);
    assert!(sample().table("contoso_order", "").finds("STR301").is_empty());
}

#[test]
fn str302_new_tables_of_ones_own_are_whole() {
    let table = |behavior: u8, version: &str| {
        let xml = format!(
            "<Entities><Entity><Name>contoso_order</Name><EntityInfo><entity Name=\"contoso_order\">\
             <EntitySetName>contoso_orders</EntitySetName><IntroducedVersion>{version}</IntroducedVersion></entity>\
             </EntityInfo></Entity></Entities>"
        );
        sample().root("1", "contoso_order", behavior).section(&xml)
    };
    assert_eq!(table(1, "1.0.0.0").blames("STR302"), ["entity:contoso_order"]);
    assert!(table(0, "1.0.0.0").finds("STR302").is_empty());
    assert!(table(1, "0.9").finds("STR302").is_empty(), "introduced before");
}

fn form(attributes: &str, inside: &str) -> String {
    format!(
        "<FormXml><forms type=\"main\"><systemform{attributes}><formid>{{{FORM}}}</formid>{inside}</systemform></forms></FormXml>"
    )
}

fn form_on(table: &str, form: &str) -> Sample {
    let xml = format!("<Entities><Entity><Name>{table}</Name>{form}</Entity></Entities>");
    sample().root("1", table, 1).section(&xml)
}

#[test]
fn str303_unmodified_shells_are_not_created() {
    let shell = form_on("account", &form(" unmodified=\"1\"", "<form />"));
    let found = shell.finds("STR303");
    assert_eq!((names(&found), found[0].path.as_str()), (vec![format!("systemform:{FORM}")], "@unmodified"));
    assert!(shell.managed().finds("STR303").is_empty());
    assert!(form_on("account", &form("", "<form />")).finds("STR303").is_empty());
    let table = |name: &str| {
        let entity = format!("<entity Name=\"{name}\" unmodified=\"1\" />");
        let xml = format!("<Entities><Entity><Name>{name}</Name><EntityInfo>{entity}</EntityInfo></Entity></Entities>");
        sample().root("1", name, 2).section(&xml).blames("STR303")
    };
    assert_eq!(table("fabrikam_order"), ["entity:fabrikam_order"]);
    assert!(table("account").is_empty(), "every environment has it");
}

#[test]
fn str304_layers_that_say_nothing_new() {
    let column = |length: &str| {
        let inside = format!(
            "<attributes><attribute PhysicalName=\"fab_x\"><LogicalName>fab_x</LogicalName><MaxLength>{length}</MaxLength>\
             </attribute></attributes>"
        );
        sample().table("fab_order", &inside).package()
    };
    let (here, attribute) = (column("100"), key("attribute", "fab_order.fab_x"));
    let below = |length: &str| {
        let other = column(length);
        let component = other.components.iter().find(|component| component.key == attribute).expect("the column");
        let body = Body { bytes: other.bytes(&component.definition), ..Body::default() };
        let layer = StackedLayer::read(&attribute.component_type, "Fabrikam", &body, false, &[1033]);
        Against {
            name: "environment test".to_owned(),
            below: [(attribute.clone(), vec![layer])].into(),
            languages: vec![1033],
            ..Against::default()
        }
    };
    assert_eq!(names(&finds(&here, "STR304", Some(&below("100")))), ["attribute:fab_order.fab_x"]);
    assert!(finds(&here, "STR304", Some(&below("200"))).is_empty());
    let nothing = Against { below: [(attribute.clone(), Vec::new())].into(), ..Against::default() };
    assert!(finds(&here, "STR304", Some(&nothing)).is_empty(), "its own base layer");
}

#[test]
fn str305_differences_need_their_base() {
    let difference = form("", "<form><tabs><tab solutionaction=\"Added\" /></tabs></form>");
    let of_others = form_on("fabrikam_order", &difference).managed();
    assert_eq!(of_others.blames("STR305"), [format!("systemform:{FORM}")]);
    let dependent = "type=\"62\" schemaName=\"x\"";
    let declared = format!("type=\"60\" id=\"{{{FORM}}}\" solution=\"Fabrikam (1.0)\"");
    assert!(of_others.clone().missing(&declared, dependent).finds("STR305").is_empty());
    let table = "type=\"1\" schemaName=\"fabrikam_order\" solution=\"Fabrikam (1.0)\"";
    assert!(of_others.missing(table, dependent).finds("STR305").is_empty());
    assert!(form_on("account", &difference).managed().finds("STR305").is_empty(), "the system has its forms");
}

#[test]
fn str306_the_last_form_of_a_table_stays() {
    let with = |form: &str| {
        let xml = format!(
            "<Entities><Entity><Name>contoso_order</Name><EntityInfo><entity Name=\"contoso_order\"><EntitySetName>o\
             </EntitySetName></entity></EntityInfo>{form}</Entity></Entities>"
        );
        sample().root("1", "contoso_order", 0).section(&xml).package()
    };
    let earlier = with(&form("", "<form />"));
    let against = Against { name: "old.zip".to_owned(), package: Some(&earlier), ..Against::default() };
    assert_eq!(names(&finds(&with(""), "STR306", Some(&against))), ["entity:contoso_order"]);
    assert!(finds(&earlier, "STR306", Some(&against)).is_empty());
    let closed = form("", "<form><DisplayConditions FallbackForm=\"false\" Order=\"0\" /></form>");
    assert_eq!(finds(&with(&closed), "STR306", Some(&against)).len(), 1, "nobody may see it without a role");
    let installed = |is_ours: bool| Against {
        forms: vec![TargetForm {
            form: key("systemform", OTHER),
            table: key("entity", "contoso_order"),
            form_type: "main".to_owned(),
            is_ours,
            is_fallback: true,
        }],
        ..Against::default()
    };
    assert_eq!(finds(&with(""), "STR306", Some(&installed(true))).len(), 1);
    assert!(finds(&with(""), "STR306", Some(&installed(false))).is_empty(), "another solution keeps it");
}

#[test]
fn str307_what_others_may_change() {
    let table = |master: u8, rename: u8| {
        let inside = format!("<IsCustomizable>{master}</IsCustomizable><IsRenameable>{rename}</IsRenameable>");
        sample().table("contoso_order", &inside).managed()
    };
    assert_eq!(names(&table(1, 1).finds("STR307")), ["IsCustomizable"]);
    assert!(table(0, 0).finds("STR307").is_empty());
    assert!(table(1, 0).finds("STR307").is_empty());
    let contradiction = table(0, 1).finds("STR307");
    assert_eq!(
        (names(&contradiction), contradiction[0].path.as_str()),
        (vec!["entity:contoso_order".to_owned()], "IsRenameable")
    );
    assert!(
        sample().table("contoso_order", "<IsCustomizable>1</IsCustomizable>").finds("STR307").is_empty(),
        "unmanaged"
    );
}

#[test]
fn str308_labels_that_nobody_sees() {
    let table = |code: &str| {
        let labels =
            format!("<LocalizedNames><LocalizedName description=\"Order\" languagecode=\"{code}\" /></LocalizedNames>");
        sample().table("contoso_order", &labels)
    };
    assert!(table("1033").finds("STR308").is_empty());
    let unlisted = table("1031").finds("STR308");
    assert_eq!(unlisted.len(), 2, "{unlisted:?}");
    let listed = table("1031").languages(&[1033, 1031]).finds("STR308");
    assert_eq!((names(&listed), listed[0].path.as_str()), (vec!["entity:contoso_order".to_owned()], "LocalizedNames"));
}
