//! A report as SARIF 2.1.0, for code hosts and editors.
//!
//! Every rule that could have run is listed, also where it found nothing, with what the platform's own results say about
//! a rule (severity, category, cure) as properties. Severities map to levels: critical and high are errors, medium is
//! a warning, the rest are notes. Findings are recognised from run to run by [`FINGERPRINT`], which holds no line.
//! The same report gives the same bytes.
//!
//! Not here: writing the file.

use serde_json::{Map, Value, json};

use crate::finding::Finding;
use crate::options::Options;
use crate::report::Report;
use crate::rule::{Category, Rule, Severity};
use crate::rules;

/// The name of our fingerprint in `partialFingerprints`.
pub const FINGERPRINT: &str = "strata/v1";

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
const INFORMATION: &str = "https://github.com/strata-alm/strata/blob/main/docs/checker.md";

/// A package that was checked, as results name it.
#[derive(Debug, Clone)]
pub struct Base {
    /// What [`Finding::package`] says where several were checked.
    pub name: String,
    /// A path relative to where the command ran, or an absolute `file:` URI; ends in `/`.
    pub uri: String,
    /// Its files are files of the disk, which code hosts show next to what was found.
    pub is_folder: bool,
}

/// Writes a report; `bases` are the packages that were checked.
pub fn write(report: &Report, bases: &[Base], options: &Options, version: &str) -> String {
    let rules: Vec<&Rule> = rules::all().filter(|rule| options.runs(rule)).collect();
    let results: Vec<_> = report.findings.iter().map(|finding| result(finding, &rules, bases, options)).collect();
    let skipped = report.skipped.iter().map(|id| {
        json!({
            "descriptor": { "id": id },
            "level": "note",
            "message": { "text": format!("{id} was not run: nothing to compare with was given") },
        })
    });
    let unread = report.unread.iter().map(|said| json!({ "level": "error", "message": { "text": said } }));
    let sarif = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "strata",
                "version": version,
                "informationUri": INFORMATION,
                "rules": rules.iter().map(|rule| descriptor(rule, options)).collect::<Vec<_>>(),
            } },
            "originalUriBaseIds": base_ids(bases),
            "invocations": [{
                "executionSuccessful": report.unread.is_empty(),
                "toolExecutionNotifications": unread.collect::<Vec<_>>(),
                "toolConfigurationNotifications": skipped.collect::<Vec<_>>(),
            }],
            "columnKind": "utf16CodeUnits",
            "results": results,
        }],
    });
    // A tree of JSON values cannot fail to be written.
    let mut text = serde_json::to_string_pretty(&sarif).unwrap_or_default();
    text.push('\n');
    text
}

impl Base {
    fn is_absolute(&self) -> bool {
        self.uri.contains("://")
    }
}

fn base_ids(bases: &[Base]) -> Value {
    let mut ids = Map::new();
    ids.insert("ROOT".to_owned(), json!({ "description": { "text": "The folder in which the check was run" } }));
    for (index, base) in bases.iter().enumerate() {
        // Where the command ran itself is the root; a base says nothing or ends in `/`.
        let uri = Some(base.uri.as_str()).filter(|uri| !uri.is_empty());
        let mut id = Map::from_iter(uri.map(|uri| ("uri".to_owned(), json!(uri))));
        if !base.is_absolute() {
            id.insert("uriBaseId".to_owned(), json!("ROOT"));
        }
        ids.insert(base_id(index), Value::Object(id));
    }
    Value::Object(ids)
}

fn base_id(index: usize) -> String {
    if index == 0 { "PACKAGE".to_owned() } else { format!("PACKAGE{}", index + 1) }
}

fn descriptor(rule: &Rule, options: &Options) -> Value {
    let severity = options.level(rule);
    let mut properties = Map::from_iter([
        ("severity".to_owned(), json!(severity.word())),
        ("category".to_owned(), json!(rule.category.word())),
        ("componentType".to_owned(), json!(rule.component)),
        ("primaryCategory".to_owned(), json!(rule.category.number())),
        ("howToFix".to_owned(), json!(rule.cure)),
        ("precision".to_owned(), json!(rule.precision.word())),
        ("problem.severity".to_owned(), json!(problem_severity(severity))),
        ("tags".to_owned(), json!([rule.category.word()])),
    ]);
    if rule.category == Category::Security {
        properties.insert("security-severity".to_owned(), json!(security_severity(severity)));
        // The tag by which code hosts take a rule for one about security, and look at the score.
        properties.insert("tags".to_owned(), json!([rule.category.word(), "security"]));
    }
    json!({
        "id": rule.id,
        "shortDescription": { "text": rule.condition },
        "fullDescription": { "text": rule.why },
        "help": { "text": rule.cure.join("\n") },
        "helpUri": help_uri(rule),
        "defaultConfiguration": { "level": severity.level() },
        "properties": properties,
    })
}

/// Where a rule is explained: its own page, or the line of our list.
fn help_uri(rule: &Rule) -> String {
    if rule.help.is_empty() { format!("{INFORMATION}#{}", rule.id.to_lowercase()) } else { rule.help.to_owned() }
}

fn problem_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Informational => "recommendation",
    }
}

/// The score by which code hosts grade findings about security.
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Informational => "1.0",
    }
}

fn result(finding: &Finding, rules: &[&Rule], bases: &[Base], options: &Options) -> Value {
    let base = bases.iter().position(|base| finding.package.as_deref() == Some(base.name.as_str())).unwrap_or(0);
    let is_own = finding.part.as_deref() == Some(options.suppressions_file.as_str());
    let part = finding.part.as_deref().unwrap_or("solution.xml");
    // Code hosts take a URI as one of their repository, whatever base it has: files of a tree are named from where the
    // command ran, so that they are found there.
    let in_tree = bases.get(base).filter(|base| base.is_folder && !base.is_absolute());
    let artifact = match (is_own, in_tree) {
        (true, _) if part.starts_with('/') => json!({ "uri": format!("file://{}", encoded(part)) }),
        (true, _) => json!({ "uri": encoded(part), "uriBaseId": "ROOT" }),
        (false, Some(tree)) => json!({ "uri": format!("{}{}", tree.uri, encoded(part)), "uriBaseId": "ROOT" }),
        (false, None) => json!({ "uri": encoded(part), "uriBaseId": base_id(base) }),
    };
    let component = &finding.component;
    let mut properties = Map::from_iter([
        ("severity".to_owned(), json!(finding.severity.word())),
        ("component".to_owned(), json!(component)),
    ]);
    if !finding.path.is_empty() {
        properties.insert("path".to_owned(), json!(finding.path));
    }
    let mut suppressions = Vec::new();
    if let Some(reason) = &finding.reason {
        properties.insert("suppressedBy".to_owned(), json!(options.suppressions_file));
        suppressions.push(json!({ "kind": "external", "status": "accepted", "justification": reason }));
    }
    let mut location = json!({
        "physicalLocation": {
            "artifactLocation": artifact,
            "region": { "startLine": finding.line.unwrap_or(1), "startColumn": finding.column_utf16.unwrap_or(1) },
        },
    });
    if let Some(component) = component {
        let name = format!("{}:{}", component.type_name, component.name);
        location["logicalLocations"] = json!([{ "name": component.name, "fullyQualifiedName": name }]);
    }
    let mut result = json!({
        "ruleId": finding.rule,
        "level": finding.severity.level(),
        "message": { "text": finding.message },
        "locations": [location],
        "partialFingerprints": { FINGERPRINT: finding.fingerprint },
        "suppressions": suppressions,
        "properties": properties,
    });
    if let Some(index) = rules.iter().position(|rule| rule.id == finding.rule) {
        result["ruleIndex"] = json!(index);
    }
    if options.baseline.is_some() {
        result["baselineState"] = json!("new");
    }
    result
}

/// Writes a path as a URI reference.
pub fn encoded(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b'!' | b'$' | b'(' | b')' => {
                uri.push(char::from(byte));
            }
            other => {
                uri.push('%');
                uri.push_str(&format!("{other:02X}"));
            }
        }
    }
    uri
}
