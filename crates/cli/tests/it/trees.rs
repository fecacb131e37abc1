//! `unpack` and `pack` on the command line: flags of `pac`, shapes, exit codes.

use strata_testkit::zipped;

use crate::sandbox::Sandbox;

fn with_core() -> Sandbox {
    let sandbox = Sandbox::new();
    let core = "Core 1.0.0.0 unmanaged contoso\nentity contoso_order\noptionset contoso_status <options />";
    std::fs::write(sandbox.path("core.zip"), zipped::package(core)).expect("a zip");
    sandbox
}

#[test]
fn what_was_written_is_an_answer() {
    let sandbox = with_core();
    let answer = sandbox.json("solution unpack --zipfile core.zip --folder tree --packagetype unmanaged --verify");
    assert_eq!((&answer["solution"]["uniquename"], &answer["packagetype"]), (&"Core".into(), &"Unmanaged".into()));
    assert_eq!(answer["created"].as_array().map(Vec::len), Some(4));
    assert_eq!((&answer["written"], &answer["layout"]), (&true.into(), &"xml".into()));
    let answer = sandbox.json("solution pack --folder tree --zipfile out.zip");
    assert_eq!(
        (&answer["zipfiles"][0]["ismanaged"], &answer["zipfiles"][0]["path"]),
        (&false.into(), &"out.zip".into())
    );
    assert!(!sandbox.has_store(), "packages need no store");
    let entries = sandbox.json("solution show --path out.zip");
    assert_eq!(entries["uniquename"], "Core");
}

#[test]
fn flags_may_be_written_as_pac_writes_them() {
    let sandbox = with_core();
    let dry = sandbox.json("unpack -z core.zip -f tree -p Unmanaged --allowWrite false --allowDelete true -loc");
    assert_eq!((&dry["written"], sandbox.path("tree").exists()), (&false.into(), false));
    sandbox.text("unpack -z core.zip -f tree -ad true -aw true -c -sc None");
    sandbox.text("pack -f tree -z out.zip -p Unmanaged -same");
    sandbox.text("unpack core.zip tree --allow-delete --log log.txt");
    assert!(sandbox.path("log.txt").exists());
}

#[test]
fn refusals_have_their_codes() {
    let sandbox = with_core();
    assert_eq!(sandbox.error("unpack core.zip tree --packagetype Managed", 1)["name"], "PackageTypeMismatch");
    assert_eq!(sandbox.error("unpack none.zip tree", 4)["name"], "UnreadableFile");
    assert_eq!(sandbox.error("unpack core.zip", 64)["name"], "UsageError");
    sandbox.write("empty/readme.md", "nothing");
    let error = sandbox.error("pack empty out.zip", 4);
    assert!(error["message"].as_str().is_some_and(|text| text.contains("Other/Solution.xml")), "{error}");
    sandbox.text("unpack core.zip tree");
    sandbox.write("tree/OptionSets/contoso_status.xml", "<optionset>\n<options>\n</optionset>");
    let error = sandbox.error("pack tree out.zip", 4);
    assert_eq!((&error["part"], &error["line"]), (&"OptionSets/contoso_status.xml".into(), &3.into()));
    sandbox.write("tree/OptionSets/contoso_status.xml", "<optionset Name=\"contoso_status\" />");
    sandbox.write("tree/OptionSets/twice.xml", "<optionset Name=\"contoso_status\" />");
    let error = sandbox.error("pack tree out.zip", 4);
    assert!(error["message"].as_str().is_some_and(|text| text.contains("OptionSets/contoso_status.xml")), "{error}");
    assert!(!sandbox.path("out.zip").exists());
    let plan = sandbox.run("unpack core.zip other --at 3");
    assert_eq!(plan.code, 64);
}

#[test]
fn a_plan_writes_nothing() {
    let sandbox = with_core();
    assert_eq!(sandbox.json("unpack core.zip tree --plan")["written"], false);
    sandbox.text("unpack core.zip tree");
    assert_eq!(sandbox.json("pack tree out.zip --plan")["written"], false);
    assert!(!sandbox.path("out.zip").exists());
}
