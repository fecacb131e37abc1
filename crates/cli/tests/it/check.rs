//! `check`: findings as text and JSON, gates, files of results, what people decide.

use serde_json::Value;
use strata_testkit::zipped;

use crate::sandbox::Sandbox;

/// A package with one High finding (a declared dependency on the unmanaged layer is none; a dropped root is none): the
/// whole of a system table, and a column of a foreign prefix.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let package = "ContosoCore 1.0.0.0 managed contoso\nentity account\nattribute account.fab_x <IsCustomField>1</IsCustomField>\n\
                   needs attribute:contact.contoso_y from Active 1.0.0.0";
    std::fs::write(sandbox.path("core.zip"), zipped::package(package)).expect("a file");
    sandbox
}

fn rules(findings: &Value) -> Vec<&str> {
    findings.as_array().expect("an array").iter().map(|finding| finding["rule"].as_str().expect("an id")).collect()
}

#[test]
fn findings_have_the_keys_of_the_contract_and_need_no_store() {
    let sandbox = sandbox();
    let findings = sandbox.json("solution check --path core.zip --rules STR201,STR301");
    assert_eq!(rules(&findings), ["STR201", "STR301"]);
    for key in ["rule", "severity", "message", "component", "part", "line", "column", "suppressed"] {
        assert!(findings[0].get(key).is_some(), "{key}");
    }
    assert_eq!(findings[0]["severity"], "medium");
    assert_eq!(findings[0]["component"]["name"], "account.fab_x");
    assert_eq!(findings[0]["part"], "customizations.xml");
    assert_eq!(sandbox.json("check core.zip --rules STR201,STR301"), findings);
    assert!(!sandbox.has_store());
    let text = sandbox.text("check core.zip --rules STR201");
    assert!(text.contains("STR201 column account.fab_x") && text.contains("1 medium"), "{text}");
    assert!(text.contains("customizations.xml:1:"), "{text}");
}

#[test]
fn gates_trip_on_what_is_as_bad_or_worse() {
    let sandbox = sandbox();
    assert_eq!(sandbox.run("check core.zip --rules STR301 --fail-on high").code, 0);
    assert_eq!(sandbox.run("check core.zip --rules STR301 --fail-on medium").code, 3);
    assert_eq!(sandbox.run("check core.zip --rules STR301 --fail-on Low").code, 3);
    sandbox.write(".strata-check.json", "[{\"rule\":\"STR301\",\"reason\":\"agreed\"}]");
    assert_eq!(sandbox.run("check core.zip --rules STR301 --fail-on low").code, 0);
    assert_eq!(sandbox.json("check core.zip --rules STR301")[0]["suppressed"], true);
}

#[test]
fn results_are_written_and_serve_as_a_baseline() {
    let sandbox = sandbox();
    sandbox.json("check core.zip --rules STR301 --sarif out.sarif");
    let text = std::fs::read_to_string(sandbox.path("out.sarif")).expect("the file");
    let sarif: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(sarif["version"], "2.1.0");
    assert_eq!(sarif["runs"][0]["originalUriBaseIds"]["PACKAGE"]["uri"], "core.zip/");
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "STR301");
    let new = sandbox.json("check core.zip --rules STR301,STR201 --baseline out.sarif");
    assert_eq!(rules(&new), ["STR201"]);
    assert_eq!(sandbox.error("check core.zip --baseline core.zip", 4)["name"], "UnreadableFile");
}

#[test]
fn the_official_override_file_is_taken_and_unknown_rules_are_named() {
    let sandbox = sandbox();
    sandbox.write(
        "levels.json",
        "[{\"Id\":\"STR301\",\"OverrideLevel\":\"Critical\"},{\"Id\":\"STR31\",\"OverrideLevel\":\"Low\"},\
                                   {\"Id\":\"web-avoid-eval\",\"OverrideLevel\":\"Low\"}]",
    );
    let run = sandbox.run("check core.zip --rules STR301 --ruleLevelOverride levels.json --format json");
    let findings: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(findings[0]["severity"], "critical");
    assert!(run.stderr.contains("there is no rule STR31; did you mean STR301"), "{}", run.stderr);
    assert!(run.stderr.contains("web-avoid-eval is not covered here"), "{}", run.stderr);
    let error = sandbox.error("check core.zip --rules STR31", 1);
    assert_eq!(error["name"], "NotFound");
    assert!(error["hints"][0].as_str().is_some_and(|hint| hint.contains("STR301")), "{error}");
}

#[test]
fn a_package_that_cannot_be_read_is_found_and_fails() {
    let sandbox = Sandbox::new();
    let broken =
        zipped::zipped(&[("solution.xml", "<a>"), ("customizations.xml", "<a />"), ("[Content_Types].xml", "<a />")]);
    std::fs::write(sandbox.path("broken.zip"), broken).expect("a file");
    let run = sandbox.run("check broken.zip --sarif out.sarif --format json");
    assert_eq!(run.code, 4, "{}", run.stderr);
    let findings: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!((rules(&findings), findings[0]["part"].as_str()), (vec!["STR001"], Some("solution.xml")));
    let error: Value = serde_json::from_str(&run.stderr).expect("JSON");
    assert_eq!(error["error"]["code"], "0x80048013");
    assert!(std::fs::read_to_string(sandbox.path("out.sarif")).is_ok_and(|text| text.contains("STR001")));
    std::fs::write(sandbox.path("other.zip"), zipped::zipped(&[("data.xml", "<a />")])).expect("a file");
    assert_eq!(sandbox.run("check other.zip --sarif out.sarif").code, 4);
    let sarif = std::fs::read_to_string(sandbox.path("out.sarif")).expect("the file");
    assert!(sarif.contains("\"executionSuccessful\": false"), "no clean run: {sarif}");
    assert_eq!(sandbox.error("check nowhere.zip", 4)["name"], "UnreadableFile");
}

#[test]
fn what_is_found_beside_a_package_that_cannot_be_read_names_its_own() {
    let sandbox = sandbox();
    std::fs::write(sandbox.path("broken.zip"), "no zip").expect("a file");
    let run = sandbox.run("check broken.zip core.zip --rules STR001,STR301 --sarif out.sarif --format json");
    assert_eq!(run.code, 4, "{}", run.stderr);
    let findings: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let of: Vec<_> = findings.as_array().expect("an array").iter().map(|finding| finding["package"].as_str()).collect();
    assert_eq!((rules(&findings), of), (vec!["STR001", "STR301"], vec![Some("broken.zip"), Some("core.zip")]));
    let sarif: Value =
        serde_json::from_str(&std::fs::read_to_string(sandbox.path("out.sarif")).expect("the file")).expect("JSON");
    let location = |index: usize| &sarif["runs"][0]["results"][index]["locations"][0]["physicalLocation"];
    assert_eq!(location(0)["artifactLocation"]["uriBaseId"], "PACKAGE");
    assert_eq!(location(1)["artifactLocation"]["uriBaseId"], "PACKAGE2");
}

#[test]
fn rules_are_explained() {
    let sandbox = Sandbox::new();
    let text = sandbox.text("solution check --explain str301");
    for part in ["STR301", "Reported when", "Why", "What to do"] {
        assert!(text.contains(part), "{text}");
    }
    let json = sandbox.json("check --explain STR301");
    assert_eq!((json["rule"].as_str(), json["severity"].as_str()), (Some("STR301"), Some("medium")));
    assert!(json["condition"].is_string() && json["why"].is_string() && json["cure"].is_array());
    assert!(sandbox.text("check --explain web-avoid-eval").contains("not covered"));
    let all = sandbox.json("check --explain all");
    assert!(all.as_array().is_some_and(|all| all.len() > 100), "{all}");
    assert_eq!(sandbox.error("check --explain STR999", 1)["name"], "NotFound");
    assert_eq!(sandbox.run("check").code, 64);
}

#[test]
fn str008_str009_an_environment_or_an_earlier_package_is_compared_with() {
    let sandbox = sandbox();
    sandbox.text("env create old --platform-version 9.1.0.0");
    let old = sandbox.json("check core.zip --against old --rules STR008,STR009");
    assert_eq!(rules(&old), ["STR008"]);
    assert_eq!(rules(&sandbox.json("check core.zip --against core.zip --rules STR008,STR009")), ["STR009"]);
    let plain = zipped::package("Plain 1.0.0.0 managed contoso\nentity contoso_order");
    std::fs::write(sandbox.path("plain.zip"), plain).expect("a file");
    sandbox.text("import plain.zip");
    assert_eq!(rules(&sandbox.json("check plain.zip --against default --rules STR008,STR009")), ["STR009"]);
    assert_eq!(sandbox.error("check core.zip --against nowhere", 1)["name"], "NotFound");
}

#[test]
fn str304_str306_layers_and_forms_of_an_environment_count() {
    let sandbox = Sandbox::new();
    let write = |name: &str, text: &str| std::fs::write(sandbox.path(name), zipped::package(text)).expect("a file");
    let form = "systemform contoso_order 11111111-0000-4000-8000-000000000001 <form><tabs /></form>";
    write(
        "base.zip",
        &format!("Base 1.0.0.0 managed contoso\nentity contoso_order <IsAuditEnabled>0</IsAuditEnabled>\n{form}"),
    );
    write("addon.zip", "Addon 1.0.0.0 managed contoso\nentity contoso_order <IsAuditEnabled>0</IsAuditEnabled>");
    write("next.zip", "Base 2.0.0.0 managed contoso\nentity contoso_order <IsAuditEnabled>0</IsAuditEnabled>");
    sandbox.text("import base.zip");
    assert_eq!(rules(&sandbox.json("check addon.zip --against default --rules STR304")), ["STR304"]);
    assert!(rules(&sandbox.json("check base.zip --against default --rules STR304,STR306")).is_empty());
    assert_eq!(rules(&sandbox.json("check next.zip --against default --rules STR306")), ["STR306"]);
    assert_eq!(rules(&sandbox.json("check next.zip --against base.zip --rules STR306")), ["STR306"]);
}

#[test]
fn str109_several_packages_are_checked_together() {
    let sandbox = Sandbox::new();
    let write = |name: &str, text: &str| std::fs::write(sandbox.path(name), zipped::package(text)).expect("a file");
    write("one.zip", "One 1.0.0.0 managed contoso\nentity contoso_one\nneeds entity:contoso_two from Two 1.0.0.0");
    write("two.zip", "Two 1.0.0.0 managed contoso\nentity contoso_two\nneeds entity:contoso_one from One 1.0.0.0");
    let findings = sandbox.json("check --path *.zip --rules STR109");
    assert_eq!((rules(&findings), findings[0]["package"].as_str()), (vec!["STR109"], Some("one.zip")));
    assert!(rules(&sandbox.json("check one.zip --rules STR109")).is_empty());
    assert_eq!(sandbox.error("check *.cab", 4)["name"], "UnreadableFile");
}

#[test]
fn str009_each_package_is_compared_with_its_own_solution() {
    let sandbox = Sandbox::new();
    let write = |name: &str, text: &str| std::fs::write(sandbox.path(name), zipped::package(text)).expect("a file");
    write("one.zip", "One 5.0.0.0 managed contoso\nentity contoso_one");
    write("two.zip", "Two 1.0.0.0 managed contoso\nentity contoso_two");
    write("next.zip", "Two 1.1.0.0 managed contoso\nentity contoso_two");
    sandbox.text("import one.zip");
    sandbox.text("import two.zip");
    let of = |command: &str| {
        let findings = sandbox.json(command);
        let about = findings.as_array().expect("an array").iter().map(|finding| finding["package"].to_string());
        about.collect::<Vec<_>>()
    };
    assert_eq!(of("check one.zip next.zip --against default --rules STR009"), ["\"one.zip\""]);
    assert_eq!(of("check two.zip one.zip --against default --rules STR009"), ["\"one.zip\"", "\"two.zip\""]);
    assert_eq!(of("check one.zip next.zip --against one.zip --rules STR009"), ["\"one.zip\""]);
    let run = sandbox.run("check next.zip --against one.zip --rules STR009");
    assert!(run.stderr.contains("solution One, of which no package is checked"), "{}", run.stderr);
    assert!(!run.stdout.contains("STR009"), "{}", run.stdout);
}
