//! Ways out of refusals about real components, walked to the end (DP24).

use strata_model::component::ComponentKey;
use strata_model::options::ImportOptions;
use strata_model::plan::Plan;
use strata_ops::by_hand::ByHand;
use strata_ops::{OpsError, PublishScope, Request, components};
use strata_testkit::corpus::Corpus;

use crate::Scratch;

/// Unmanaged solutions with much that hangs together.
const PACKAGES: [&str; 2] = ["AutomotiveSales_0_5_0_0.zip", "PADFramework_1_1_02411_2210.zip"];
/// Every how many-th component is tried.
const STEP: usize = 7;

#[test]
fn dp24_ways_out_of_refused_deletions_of_real_components_are_ways_out() {
    let Some(corpus) = Corpus::find() else { return };
    let mut walked = 0;
    for name in PACKAGES {
        let sample = corpus.packages().find(|sample| sample.path.ends_with(name)).expect("in the corpus");
        let scratch = Scratch::new();
        let path = scratch.file("package.zip", &sample.bytes);
        let options = ImportOptions { assume_missing: true, publish_changes: true, ..ImportOptions::pac() };
        scratch.import(&path, &options).unwrap_or_else(|error| panic!("{:#?}", error.report()));
        let before = scratch.workspace.environment().expect("the default environment").revision;
        for component in scratch.components().into_iter().step_by(STEP) {
            walked += usize::from(walk(&scratch, &component));
            if scratch.workspace.environment().expect("the default environment").revision != before {
                done(&scratch, &Request::Restore(before)).expect("a return");
            }
        }
    }
    assert!(walked > 5, "only {walked} ways out were walked");
}

/// Deletes a component by the way out of the refusal; false where there is none to walk.
fn walk(scratch: &Scratch, component: &str) -> bool {
    let delete = Request::ByHand(ByHand::Delete { component: found(scratch, component) });
    let refused = scratch.plan(&delete);
    let steps: Vec<_> = refused.findings.iter().flat_map(|finding| &finding.recipe).cloned().collect();
    if steps.is_empty() {
        // What is managed is not deleted by hand, and a key goes with its table alone.
        let is_other = |rule: &str| matches!(rule, "MP8" | "L102");
        let refusals = refused.findings.iter().filter(|finding| finding.code.is_some() && finding.component.is_some());
        assert!(!refused.is_refused() || refusals.into_iter().any(|finding| is_other(&finding.rule)), "{component}");
        return false;
    }
    if steps.iter().any(|step| step.command.is_none()) {
        // The binary of a flow that asks for it.
        assert!(component.starts_with("desktopflowbinary:"), "{component}");
        return false;
    }
    for step in &steps {
        let command = step.command.as_deref().unwrap_or_default();
        let request = request(scratch, command);
        done(scratch, &request).unwrap_or_else(|error| panic!("{component}: {command}: {:#?}", error.report()));
    }
    done(scratch, &delete).unwrap_or_else(|error| panic!("{component}: {steps:#?} {:#?}", error.report()));
    true
}

fn done(scratch: &Scratch, request: &Request) -> Result<Plan, OpsError> {
    scratch.run(request).map(|applied| applied.plan)
}

fn found(scratch: &Scratch, text: &str) -> ComponentKey {
    let environment = scratch.workspace.environment().expect("the default environment");
    components::find(&scratch.workspace, &environment, None, text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Reads one command of a way out.
fn request(scratch: &Scratch, command: &str) -> Request {
    let words: Vec<_> = command.split(' ').map(|word| word.trim_matches('\'')).collect();
    match words.as_slice() {
        ["strata", "solution", "delete", "--solution-name", solution] => {
            Request::Uninstall { solution: (*solution).to_owned() }
        }
        ["strata", "solution", "publish"] => Request::Publish(PublishScope::All),
        ["strata", "component", "delete", component] => {
            Request::ByHand(ByHand::Delete { component: found(scratch, component) })
        }
        ["strata", "component", "remove-active", component] => {
            Request::RemoveActive { component: found(scratch, component) }
        }
        ["strata", "component", "remove-dependency", component, on @ ..] => Request::RemoveDependency {
            component: found(scratch, component),
            required: on.iter().filter(|word| **word != "--on").map(|word| found(scratch, word)).collect(),
        },
        other => panic!("{other:?}"),
    }
}
