//! What the platform gives a new table, held against real tables that nobody has changed since they were made.

use std::collections::BTreeMap;
use std::path::Path;

use strata_model::version::Version;
use strata_ops::authoring::{self, ColumnWish, Ownership, TableWish};
use strata_ops::components::{self, Filter};
use strata_ops::{NewPublisher, NewSolution, Request};
use strata_testkit::corpus::{Corpus, Sample};

use crate::{Scratch, assuming};

/// A table of the corpus, as its maker asked for it.
struct Asked<'a> {
    package: &'a str,
    schema_name: &'a str,
    label: &'a str,
    collection: &'a str,
    name: (&'a str, &'a str),
}

/// Leaves without ids, in order.
type Leaves = Vec<(String, String)>;

fn made(asked: &Asked<'_>) -> Scratch {
    let scratch = Scratch::new();
    let (prefix, _) = asked.schema_name.split_once('_').expect("a prefix");
    let publisher = NewPublisher {
        unique_name: prefix.to_owned(),
        prefix: prefix.to_owned(),
        friendly_name: None,
        option_value_prefix: None,
        id: None,
        details: Default::default(),
    };
    let solution = NewSolution {
        unique_name: "Made".to_owned(),
        publisher: prefix.to_owned(),
        version: Version::parse("1.0.0.0").expect("a version"),
        friendly_name: None,
        id: None,
    };
    let labels = |text: &str| [(1033, text.to_owned())].into();
    let name = ColumnWish {
        schema_name: asked.name.0.to_owned(),
        kind: "nvarchar".to_owned(),
        label: labels(asked.name.1),
        is_primary_name: true,
        ..ColumnWish::default()
    };
    let wish = TableWish {
        schema_name: asked.schema_name.to_owned(),
        label: labels(asked.label),
        collection: labels(asked.collection),
        description: labels(""),
        ownership: Ownership::User,
        has_notes: false,
        has_activities: false,
        is_activity: false,
        settings: Vec::new(),
        columns: vec![name],
    };
    let creation = authoring::creation(authoring::table(&wish, 1033, Some("Made")));
    for request in [Request::CreatePublisher(publisher), Request::CreateSolution(solution), creation] {
        scratch.run(&request).unwrap_or_else(|error| panic!("{:#?}", error.report()));
    }
    scratch
}

fn imported(sample: &Sample) -> Scratch {
    let scratch = Scratch::new();
    let file = scratch.file("package.zip", &sample.bytes);
    scratch.import(Path::new(&file), &assuming()).unwrap_or_else(|error| panic!("{:#?}", error.report()));
    scratch
}

/// Parts of a table by type, each with what it is called and says.
fn parts(scratch: &Scratch, table: &str) -> BTreeMap<String, Vec<(String, Leaves)>> {
    let listed = components::list(&scratch.workspace, None, &Filter::default()).expect("a list");
    let mut parts: BTreeMap<String, Vec<(String, Leaves)>> = BTreeMap::new();
    for entry in listed {
        let own = &entry.component;
        let text = format!("{}:{}", own.type_name, own.name);
        let shown = components::show(&scratch.workspace, None, &text, true).expect("a component");
        let name = match own.type_name.as_str() {
            "systemform" | "savedquery" => {
                if !entry.part_of.as_ref().is_some_and(|own| own.to_lowercase().ends_with(table)) {
                    continue;
                }
                own.display_name.clone().unwrap_or_default()
            }
            "attribute" | "entityrelationship" if own.name.to_lowercase().contains(table) => own.name.to_lowercase(),
            _ => continue,
        };
        let mut leaves: Leaves =
            shown.properties.iter().map(|(path, value)| (without_ids(path), without_ids(value))).collect();
        leaves.retain(|(path, value)| is_compared(path, value));
        if name.contains("business_unit_") || name.ends_with(".owningbusinessunit") {
            // Later versions of the platform keep it themselves.
            leaves.retain(|(path, _)| path.contains("name"));
        }
        leaves.sort();
        parts.entry(own.type_name.clone()).or_default().push((name, leaves));
    }
    parts.values_mut().for_each(|all| all.sort());
    parts
}

/// Left out is what a version of the platform decides, or words that are ours.
fn is_compared(path: &str, value: &str) -> bool {
    const OF_VERSION: [&str; 6] =
        ["introducedversion", "cascadearchive", "grid@name", "isretrievable", "isfilterable", "issearchable"];
    let is_of_version = OF_VERSION.iter().any(|end| path.ends_with(end));
    !is_of_version && !path.contains("description[") && value != "0"
}

/// Puts a placeholder in the place of every GUID.
fn without_ids(text: &str) -> String {
    let is_guid = |text: &str| {
        let is_hyphen = |index: usize| matches!(index, 8 | 13 | 18 | 23);
        text.bytes().enumerate().all(
            |(index, byte)| {
                if is_hyphen(index) { byte == b'-' } else { byte.is_ascii_hexdigit() }
            },
        )
    };
    let mut shown = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        match rest.get(..36) {
            Some(start) if is_guid(start) => {
                shown.push_str("GUID");
                rest = &rest[36..];
            }
            _ => {
                shown.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    // The platform spells class ids in either case.
    shown.to_lowercase()
}

#[test]
fn w7_a_new_table_has_the_parts_of_real_ones() {
    let Some(corpus) = Corpus::find() else { return };
    let asked = [
        Asked {
            package: "xrm-ci/MissingDependency_1_0_0_0.zip",
            schema_name: "ud_testentity3",
            label: "TestEntity3",
            collection: "TestEntities3",
            name: ("ud_name", "Name"),
        },
        Asked {
            package: "column-level-security/ColumnLevelSecuritySampleSolution.zip",
            schema_name: "sample_Example",
            label: "Example table",
            collection: "Example table records",
            name: ("sample_Name", "Name"),
        },
    ];
    for asked in asked {
        let sample = corpus.packages().find(|sample| sample.path == asked.package).expect(asked.package);
        let table = asked.schema_name.to_lowercase();
        let real = parts(&imported(&sample), &table);
        let ours = parts(&made(&asked), &table);
        for kind in ["savedquery", "systemform", "entityrelationship", "attribute"] {
            // The name column is as its maker wants it.
            for (name, leaves) in ours[kind].iter().filter(|(name, _)| !name.ends_with("_name")) {
                let same = real[kind].iter().filter(|(own, _)| own == name).any(|(_, own)| own == leaves);
                let likely = real[kind].iter().filter(|(own, _)| own == name).map(|(_, own)| missing(leaves, own));
                assert!(same, "{kind} {name}: {:?}", likely.collect::<Vec<_>>());
            }
        }
        let named = |all: &[(String, Leaves)]| all.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!(named(&ours["systemform"]), named(&real["systemform"]));
        assert_eq!(named(&ours["savedquery"]), named(&real["savedquery"]));
    }
}

/// What one has and the other has not.
fn missing(ours: &Leaves, real: &Leaves) -> Vec<(String, String)> {
    let more = ours.iter().filter(|leaf| !real.contains(leaf));
    more.chain(real.iter().filter(|leaf| !ours.contains(leaf))).cloned().collect()
}
