//! Damaged parts by the hundred: whatever stands in a package, no rule panics (D13).
//!
//! Parts are damaged after they were read, so that rules see what no reader would let through. `STRATA_FUZZ_ITERATIONS`
//! says how many rounds; each run with the same number does the same.

use strata_checker::{Checked, Options, check};
use strata_model::package::Package;
use strata_package::{Limits, read};
use strata_testkit::corpus::Corpus;

use crate::kit::sample;

/// Real packages beyond this size take too long for hundreds of rounds.
const ZIP_MAX: usize = 40_000;

struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides.max(1) as u64).expect("less than the sides")
    }
}

#[expect(clippy::disallowed_methods, reason = "how long to run is the machine's to say")]
fn iterations() -> usize {
    std::env::var("STRATA_FUZZ_ITERATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(150)
}

/// A package with something of most families.
fn own() -> Package {
    const ID: &str = "11111111-0000-4000-8000-000000000001";
    let flow = r#"{"properties": {"connectionReferences": {"a": {"connection": {"name": "x"}}}, "definition": {"triggers":
        {"T": {"conditions": [], "inputs": {"host": {"operationId": "SubscribeWebhookTrigger", "apiId":
        "/x/shared_commondataserviceforapps"}, "parameters": {"subscriptionRequest/message": 3,
        "subscriptionRequest/entityname": "account"}}}}, "actions": {"S": {"cases": {"c": {"case": "@{body('X')}", "actions":
        {"Send": {"inputs": {"host": {"apiId": "/x/shared_office365"}, "parameters": {"emailMessage/Attachments":
        [{"Name": ""}]}}}}}}, "runAfter": {"Y": []}}}}}}"#;
    let privileges =
        "<RolePrivilege name=\"prvWriteAccount\" level=\"Global\" /><RolePrivilege name=\"prv\" level=\"\" />";
    sample()
        .flow("Sync", ID, flow)
        .table("account", "<attributes><attribute PhysicalName=\"a\"><IsSecured>1</IsSecured></attribute></attributes>")
        .section(&format!("<Roles><Role id=\"{{{ID}}}\" name=\"R\"><RolePrivileges>{privileges}</RolePrivileges></Role></Roles>"))
        .section(
            "<Connectors><Connector><name>c</name><iconbrandcolor>#1</iconbrandcolor><openapidefinition>/Connector/d.json\
             </openapidefinition><iconblob>/Connector/i.Png</iconblob></Connector></Connectors>",
        )
        .section(&format!(
            "<SdkMessageProcessingSteps><SdkMessageProcessingStep SdkMessageProcessingStepId=\"{{{ID}}}\" Name=\"A: Update of b\">\
             <PluginTypeName>A, B</PluginTypeName><Stage>50</Stage></SdkMessageProcessingStep></SdkMessageProcessingSteps>"
        ))
        .file("Connector/d.json", "{\"swagger\": \"2.0\", \"paths\": {\"/a\": {\"get\": {\"parameters\": [{\"in\": 1}]}}}}")
        .file("Connector/i.Png", "PNG")
        .package()
}

fn seeds() -> Vec<Package> {
    let corpus = Corpus::find();
    let real = corpus.iter().flat_map(Corpus::packages).filter(|sample| sample.bytes.len() < ZIP_MAX);
    let real = real.map(|sample| read(sample.bytes, &Limits::default()).unwrap_or_else(|error| panic!("{error}")));
    [own()].into_iter().chain(real).collect()
}

/// Overwrites a few bytes, or, where nothing counts the bytes, cuts or doubles a piece.
fn damage(dice: &mut Dice, bytes: &mut Vec<u8>, is_counted: bool) {
    if bytes.is_empty() {
        return;
    }
    let start = dice.throw(bytes.len());
    let end = (start + 1 + dice.throw(60)).min(bytes.len());
    match dice.throw(if is_counted { 3 } else { 6 }) {
        0 => bytes[start] ^= 1 << dice.throw(8),
        1 => bytes[start] = b"<>&\"'/= {}[]@:,0\xff"[dice.throw(16)],
        2 => bytes[start..end].fill(b"<{[\"a\xc3"[dice.throw(6)]),
        3 => bytes.truncate(start),
        4 => {
            bytes.drain(start..end);
        }
        _ => {
            let piece = bytes[start..end].to_vec();
            bytes.splice(start..start, piece);
        }
    }
}

#[test]
fn d13_damaged_parts_never_make_a_rule_panic() {
    let mut dice = Dice(0x5eed_0003);
    let seeds = seeds();
    for round in 0..iterations() {
        let mut package = seeds[round % seeds.len()].clone();
        let sliced: Vec<_> = package.components.iter().flat_map(|component| &component.definition.slices).collect();
        let sliced: Vec<_> = sliced.into_iter().chain(&package.residue.slices).map(|slice| slice.part).collect();
        for _ in 0..=dice.throw(6) {
            let part = dice.throw(package.parts.len());
            damage(&mut dice, &mut package.parts[part].bytes, sliced.contains(&part));
        }
        let report = check(&[Checked { package: &package, name: None, size: 1, against: None }], &Options::plain());
        assert!(report.findings.iter().all(|finding| !finding.message.is_empty()));
    }
}
