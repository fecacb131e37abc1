//! The file of results: its shape, its bytes.

use std::collections::BTreeSet;

use serde_json::Value;
use strata_checker::sarif::{Base, encoded, write};
use strata_checker::{Checked, Options, Report, check, rules, suppression};
use strata_model::package::Package;

use crate::kit::{Sample, sample};

fn faulty_tree() -> Sample {
    sample().named("Core_Upgrade").root("61", "contoso_a.js", 0).root("61", "contoso_b.js", 0)
}

fn faulty() -> Package {
    faulty_tree().package()
}

fn report(package: &Package, options: &Options) -> Report {
    check(&[Checked { package, name: None, size: 1, against: None }], options)
}

fn written(package: &Package, options: &Options) -> Value {
    let bases = [Base { name: String::new(), uri: "out/My%20Core.zip/".to_owned(), is_folder: false }];
    let text = write(&report(package, options), &bases, options, "1.2.3");
    serde_json::from_str(&text).expect("JSON")
}

/// Checks what SARIF 2.1.0 asks of the objects that we write.
fn assert_shape(sarif: &Value) {
    assert_eq!(sarif["version"], "2.1.0");
    assert!(sarif["$schema"].as_str().is_some_and(|uri| uri.ends_with("sarif-2.1.0.json")));
    let runs = sarif["runs"].as_array().expect("runs");
    assert_eq!(runs.len(), 1);
    let run = &runs[0];
    let driver = &run["tool"]["driver"];
    assert!(driver["name"].is_string() && driver["version"].is_string() && driver["informationUri"].is_string());
    let rules = driver["rules"].as_array().expect("rules");
    let mut ids = BTreeSet::new();
    for rule in rules {
        assert!(ids.insert(rule["id"].as_str().expect("an id")), "{rule}");
        for text in ["shortDescription", "fullDescription", "help"] {
            assert!(rule[text]["text"].as_str().is_some_and(|text| !text.is_empty()), "{rule}");
        }
        assert!(rule["helpUri"].as_str().is_some_and(|uri| uri.starts_with("https://")), "{rule}");
        let level = rule["defaultConfiguration"]["level"].as_str().expect("a level");
        let severity = rule["properties"]["severity"].as_str().expect("a severity");
        let expected = match severity {
            "Critical" | "High" => "error",
            "Medium" => "warning",
            "Low" | "Informational" => "note",
            other => panic!("{other} is no severity"),
        };
        assert_eq!(level, expected);
        let properties = rule["properties"].as_object().expect("properties");
        for name in ["category", "componentType", "primaryCategory", "howToFix", "precision"] {
            assert!(properties.contains_key(name), "{rule} has no {name}");
        }
        let is_security = properties["category"] == "Security";
        assert_eq!(properties.contains_key("security-severity"), is_security, "{rule}");
        let tags = properties["tags"].as_array().expect("tags");
        assert_eq!(tags.iter().any(|tag| tag == "security"), is_security, "{rule}");
    }
    let bases = run["originalUriBaseIds"].as_object().expect("bases");
    for base in bases.values().filter_map(|base| base.get("uri")) {
        assert!(base.as_str().is_some_and(|uri| uri.ends_with('/')), "{base}");
    }
    for result in run["results"].as_array().expect("results") {
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("small");
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(result["message"]["text"].as_str().is_some_and(|text| !text.is_empty()));
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().expect("a level")));
        let location = &result["locations"][0]["physicalLocation"];
        let uri = location["artifactLocation"]["uri"].as_str().expect("every result has a file");
        assert!(!uri.is_empty() && !uri.starts_with('/') && !uri.contains([' ', '\\', '{']), "{uri}");
        let base = location["artifactLocation"]["uriBaseId"].as_str().expect("a base");
        assert!(bases.contains_key(base), "{base}");
        for number in ["startLine", "startColumn"] {
            assert!(location["region"][number].as_u64().is_some_and(|number| number >= 1));
        }
        let print = result["partialFingerprints"]["strata/v1"].as_str().expect("a fingerprint");
        assert!(print.len() == 32 && print.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert!(result["suppressions"].is_array());
        assert!(result["properties"]["severity"].is_string());
    }
}

#[test]
fn every_rule_is_listed_even_when_nothing_is_found() {
    let clean = written(&sample().package(), &Options::plain());
    assert_shape(&clean);
    assert_eq!(clean["runs"][0]["results"].as_array().map(Vec::len), Some(0));
    let listed = clean["runs"][0]["tool"]["driver"]["rules"].as_array().map(Vec::len);
    assert_eq!(listed, Some(rules::all().count()));
    let skipped = clean["runs"][0]["invocations"][0]["toolConfigurationNotifications"].as_array().expect("skipped");
    assert!(skipped.iter().any(|each| each["descriptor"]["id"] == "STR008"), "{skipped:?}");
}

#[test]
fn findings_have_places_and_components() {
    let sarif = written(&faulty(), &Options::plain());
    assert_shape(&sarif);
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    let first = &results[0];
    assert_eq!(first["ruleId"], "STR002");
    assert_eq!(first["properties"]["component"]["name"], "contoso_a.js");
    assert_eq!(first["locations"][0]["logicalLocations"][0]["fullyQualifiedName"], "webresource:contoso_a.js");
    assert_eq!(first["locations"][0]["physicalLocation"]["region"]["startLine"], 2);
    assert_eq!(sarif["runs"][0]["originalUriBaseIds"]["PACKAGE"]["uri"], "out/My%20Core.zip/");
}

#[test]
fn what_is_suppressed_stays_with_its_reason() {
    let entries = "[{\"rule\":\"STR002\",\"component\":\"webresource:contoso_a.js\",\"reason\":\"comes later\"}]";
    let options = Options { suppressions: suppression::read(entries).expect("entries"), ..Options::plain() };
    let sarif = written(&faulty(), &options);
    assert_shape(&sarif);
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    let suppressed: Vec<_> =
        results.iter().filter(|result| result["suppressions"].as_array().is_some_and(|all| !all.is_empty())).collect();
    assert_eq!(suppressed.len(), 1);
    assert_eq!(suppressed[0]["suppressions"][0]["kind"], "external");
    assert_eq!(suppressed[0]["suppressions"][0]["justification"], "comes later");
    assert_eq!(suppressed[0]["properties"]["suppressedBy"], ".strata-check.json");
}

#[test]
fn the_same_findings_give_the_same_bytes_and_lines_are_no_fingerprint() {
    let options = Options::plain();
    let bases = [Base { name: String::new(), uri: "a.zip/".to_owned(), is_folder: false }];
    let write = |package: &Package| write(&report(package, &options), &bases, &options, "1");
    assert_eq!(write(&faulty()), write(&faulty()));
    let moved = sample().named("Core_Upgrade").manifest("\n\n").root("61", "contoso_a.js", 0).package();
    let line = |package: &Package| {
        let found = report(package, &options).findings;
        let finding = found.into_iter().find(|finding| finding.rule == "STR002").expect("found");
        (finding.line, finding.fingerprint)
    };
    let ((before, print), (after, same)) = (line(&faulty()), line(&moved));
    assert_ne!(before, after);
    assert_eq!(print, same);
}

#[test]
fn files_of_a_tree_are_named_from_where_the_command_ran() {
    let folder = faulty_tree().folder();
    let options = Options::plain();
    let bases = |uri: &str| [Base { name: String::new(), uri: uri.to_owned(), is_folder: true }];
    let place = |uri: &str| {
        let text = write(&report(&folder, &options), &bases(uri), &options, "1");
        let sarif: Value = serde_json::from_str(&text).expect("JSON");
        assert_shape(&sarif);
        sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"].clone()
    };
    let of = |uri: &str, base: &str| serde_json::json!({ "uri": uri, "uriBaseId": base });
    assert_eq!(place("solutions/My%20Core/"), of("solutions/My%20Core/src/Other/Solution.xml", "ROOT"));
    assert_eq!(place(""), of("src/Other/Solution.xml", "ROOT"));
    assert_eq!(place("file:///w/Core/"), of("src/Other/Solution.xml", "PACKAGE"));
}

#[test]
fn a_package_that_could_not_be_read_is_no_clean_run() {
    let package = sample().package();
    let mut report = report(&package, &Options::plain());
    report.unread.push("broken.zip: it is no zip file".to_owned());
    let text = write(&report, &[], &Options::plain(), "1");
    let sarif: Value = serde_json::from_str(&text).expect("JSON");
    let invocation = &sarif["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(invocation["toolExecutionNotifications"][0]["level"], "error");
    assert_eq!(written(&package, &Options::plain())["runs"][0]["invocations"][0]["executionSuccessful"], true);
}

#[test]
fn paths_become_uris() {
    assert_eq!(encoded("Entities/A b/FormXml/main/{1}.xml"), "Entities/A%20b/FormXml/main/%7B1%7D.xml");
    assert_eq!(encoded("é%"), "%C3%A9%25");
}
