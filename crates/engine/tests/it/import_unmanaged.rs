//! Unmanaged packages, drafts and publishing, edits of Active.

use strata_model::options::ImportOptions;
use strata_model::plan::Effect;
use strata_testkit::fixture::{key, package};
use strata_testkit::simulated::Simulated;

use crate::{changes, refusal};

const FIX: &str = "package Fix 1.0 unmanaged contoso
    attribute contoso_order.contoso_notes <MaxLength>500</MaxLength>
    environmentvariabledefinition contoso_Url <defaultvalue>x</defaultvalue>";

fn notes() -> strata_model::component::ComponentKey {
    key("attribute:contoso_order.contoso_notes")
}

#[test]
fn l35_l50_an_unmanaged_import_arrives_as_draft_where_the_type_is_publishable() {
    let mut env = Simulated::default();
    let plan = env.import(&package(FIX));
    assert_eq!(env.layers(&notes()), ["[Active]"]);
    assert_eq!(env.layers(&key("environmentvariabledefinition:contoso_Url")), ["Active"], "R1");
    assert!(env.resolved(&notes()).is_empty());
    assert_eq!(plan.summary().create, 2);
    let published = env.publish();
    assert_eq!(changes(&published), ["modify attribute:contoso_order.contoso_notes Active visible"]);
    assert_eq!(env.resolved(&notes()), ["MaxLength=500 by Active"]);
}

#[test]
fn l51_publish_changes_covers_every_draft_of_the_environment() {
    let mut env = Simulated::default();
    env.import(&package("package Old 1.0 unmanaged contoso\n attribute contoso_order.contoso_old <V>1</V>"));
    let options = ImportOptions { publish_changes: true, ..ImportOptions::pac() };
    env.import_with(&package(FIX), &options);
    assert_eq!(env.layers(&notes()), ["Active"]);
    assert_eq!(env.layers(&key("attribute:contoso_order.contoso_old")), ["Active"]);
}

#[test]
fn r1_a_draft_masks_nothing_until_published() {
    let mut env = Simulated::default();
    env.import(&package(
        "package Core 1.0 managed contoso\n attribute contoso_order.contoso_notes <MaxLength>100</MaxLength>",
    ));
    env.set(&notes(), "MaxLength", "500");
    let update =
        package("package Core 1.1 managed contoso\n attribute contoso_order.contoso_notes <MaxLength>150</MaxLength>");
    let mut published = env.clone();
    let plan = env.import(&update);
    assert_eq!(plan.changes[0].effect, Effect::Visible);
    published.publish();
    let plan = published.import(&update);
    assert_eq!(plan.changes[0].effect, Effect::Masked, "L136: under maintain the update has no visible effect");
    published.remove_active(&notes());
    assert_eq!(published.resolved(&notes()), ["MaxLength=150 by Core"], "L136: after removing Active it has");
}

#[test]
fn l38_oq36_an_edit_masks_its_whole_unit_and_leaves_labels_alone() {
    let mut env = Simulated::default();
    env.import(&package(
        "package Core 1.0 managed contoso
         attribute contoso_order.contoso_notes <MaxLength>100</MaxLength><Format>text</Format><displaynames><displayname description='Notes' languagecode='1033' /></displaynames>",
    ));
    env.set(&notes(), "MaxLength", "500");
    env.publish();
    env.import(&package(
        "package Core 1.1 managed contoso
         attribute contoso_order.contoso_notes <MaxLength>150</MaxLength><Format>url</Format><displaynames><displayname description='Remarks' languagecode='1033' /></displaynames>",
    ));
    assert_eq!(
        env.resolved(&notes()),
        [
            "Format=text by Active",
            "MaxLength=500 by Active",
            "displaynames/displayname[1033]@description=Remarks by Core",
            "displaynames/displayname[1033]@languagecode=1033 by Core",
        ]
    );
}

#[test]
fn oq36_the_other_reading_masks_the_property_only() {
    let mut env = Simulated::default();
    env.rules.masking = strata_model::rules::Masking::Property;
    env.import(&package(
        "package Core 1.0 managed contoso
         attribute contoso_order.contoso_notes <MaxLength>100</MaxLength><Format>text</Format>",
    ));
    env.set(&notes(), "MaxLength", "500");
    env.publish();
    env.import(&package(
        "package Core 1.1 managed contoso
         attribute contoso_order.contoso_notes <MaxLength>150</MaxLength><Format>url</Format>",
    ));
    assert_eq!(env.resolved(&notes()), ["Format=url by Core", "MaxLength=500 by Active"]);
}

#[test]
fn l29_edits_add_up_in_one_active_layer() {
    let mut env = Simulated::default();
    env.import(&package(
        "package Core 1.0 managed contoso
         attribute contoso_order.contoso_notes <MaxLength>100</MaxLength><displaynames><displayname description='Notes' languagecode='1033' /></displaynames>",
    ));
    env.set(&notes(), "displaynames/displayname[1033]@description", "Mine");
    env.publish();
    env.set(&notes(), "MaxLength", "500");
    env.publish();
    assert_eq!(env.layers(&notes()), ["Core", "Active"]);
    let resolved = env.resolved(&notes());
    assert!(resolved.contains(&"MaxLength=500 by Active".to_owned()), "{resolved:?}");
    assert!(resolved.contains(&"displaynames/displayname[1033]@description=Mine by Active".to_owned()), "{resolved:?}");
}

#[test]
fn l126_an_unmanaged_package_again_is_an_update_that_removes_nothing() {
    let mut env = Simulated::default();
    env.import(&package(FIX));
    env.publish();
    let plan = env.import(&package(
        "package Fix 1.1 unmanaged contoso\n attribute contoso_order.contoso_notes <MaxLength>600</MaxLength>",
    ));
    assert_eq!(changes(&plan), ["modify attribute:contoso_order.contoso_notes Active none"]);
    assert_eq!(env.layers(&notes()), ["Active", "[Active]"]);
    assert_eq!(env.components().len(), 2);
    let same = env.import(&package(
        "package Fix 1.1 unmanaged contoso\n attribute contoso_order.contoso_notes <MaxLength>600</MaxLength>",
    ));
    assert!(!same.has_changes());
}

#[test]
fn l101_deleting_an_unmanaged_solution_deletes_only_the_list() {
    let mut env = Simulated::default();
    env.import(&package(FIX));
    let plan = env.uninstall("Fix");
    assert!(plan.changes.is_empty());
    assert!(env.solutions().is_empty());
    assert_eq!(env.components().len(), 2);
}

#[test]
fn l103_removing_active_leaves_the_managed_layer_or_is_refused() {
    let mut env = Simulated::default();
    env.import(&package(FIX));
    let plan = env.remove_active(&key("environmentvariabledefinition:contoso_Url"));
    assert_eq!(refusal(&plan), "- UnmanagedBase L103");
    env.import(&package(
        "package Core 1.0 managed contoso\n attribute contoso_order.contoso_x <MaxLength>1</MaxLength>",
    ));
    let x = key("attribute:contoso_order.contoso_x");
    env.set(&x, "MaxLength", "2");
    env.publish();
    env.remove_active(&x);
    assert_eq!(env.resolved(&x), ["MaxLength=1 by Core"]);
}

#[test]
fn l104_block_unmanaged_refuses_imports_and_edits() {
    let mut env = Simulated::default();
    env.import(&package(
        "package Core 1.0 managed contoso\n attribute contoso_order.contoso_x <MaxLength>1</MaxLength>",
    ));
    env.snapshot.environment.settings.block_unmanaged = true;
    assert_eq!(refusal(&env.import(&package(FIX))), "- UnmanagedCustomizationsBlocked L104");
    let x = key("attribute:contoso_order.contoso_x");
    assert_eq!(refusal(&env.set(&x, "MaxLength", "2")), "- UnmanagedCustomizationsBlocked L104");
}

#[test]
fn r8_an_edit_of_nothing_is_refused() {
    let mut env = Simulated::default();
    env.import(&package(
        "package Core 1.0 managed contoso\n attribute contoso_order.contoso_x <MaxLength>1</MaxLength>",
    ));
    let x = key("attribute:contoso_order.contoso_x");
    assert_eq!(refusal(&env.set(&x, "no path", "2")), "- UnknownProperty R8");
    assert_eq!(refusal(&env.set(&key("attribute:a.b"), "MaxLength", "2")), "0x80090457 ComponentNotExist L17");
}

#[test]
fn l46_oq35_an_imported_site_map_overwrites_the_one_that_is_there_with_a_warning() {
    let map = |version: &str, area: &str| {
        package(&format!("package Own {version} unmanaged contoso\n sitemap contoso_map <Area Id=\"{area}\" />"))
    };
    let warnings = |plan: &strata_model::plan::Plan| {
        let codes = plan.findings.iter().filter_map(|finding| finding.code.clone());
        codes.filter(|code| code == "0x80048043").count()
    };
    let mut env = Simulated::default();
    assert_eq!(warnings(&env.import(&map("1.0", "a"))), 0, "there was none");
    assert_eq!(warnings(&env.import(&map("1.0", "a"))), 0, "the same");
    let plan = env.import(&map("1.1", "b"));
    assert!(!plan.is_refused());
    assert_eq!(warnings(&plan), 1);
    assert!(plan.findings.iter().any(|finding| finding.message.contains("unpublished")), "it was a draft");
}
