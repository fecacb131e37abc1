//! What real packages lock and what they record as switched on (MP4, MP15, MP16, L92), through a store.

use strata_engine::managed_property::is_customizable;
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::options::ImportOptions;
use strata_model::package::{Mode, Package};
use strata_ops::by_hand::{ByHand, Switch};
use strata_ops::components::{self, Filter};
use strata_ops::{PropertyEdit, Request};
use strata_testkit::simulated::Simulated;

use crate::corpus::each_package;
use crate::{Scratch, assuming};

fn text_of(package: &Package, index: usize) -> String {
    String::from_utf8_lossy(&package.bytes(&package.components[index].definition)).to_lowercase()
}

#[test]
fn mp4_mp15_mp16_switches_of_real_packages_are_read_as_they_are_written() {
    let mut locked = 0;
    let found = each_package(|path, _, mut package| {
        // What a managed export of the same solution would lock.
        package.manifest.mode = Mode::Managed;
        let mut env = Simulated::default();
        let plan = env.import_with(&package, &assuming());
        if plan.is_refused() {
            return;
        }
        for (index, component) in package.components.iter().enumerate() {
            if env.snapshot.components.get(&component.key).is_none_or(|state| state.managed().next().is_none()) {
                continue;
            }
            let is_written = text_of(&package, index).contains("<iscustomizable>0</iscustomizable>");
            let is_open = is_customizable(&env.snapshot, &component.key, &env.rules, &env.bodies());
            assert_eq!(is_open, !is_written, "{path}: {}", component.key);
            locked += usize::from(!is_open);
        }
    });
    assert!(!found || locked > 0, "the corpus locks something");
}

#[test]
fn l92_l120_real_packages_switch_on_what_they_record_and_can_connect() {
    each_package(|path, _, package| {
        let switched = |component_type: &str| matches!(component_type, "workflow" | "sdkmessageprocessingstep");
        let recorded = package.components.iter().enumerate().filter(|(index, component)| {
            let component_type = component.key.component_type.name();
            let is_step = component_type == "sdkmessageprocessingstep";
            let is_recorded = is_step || text_of(&package, *index).contains("<statecode>1</statecode>");
            // No connection travels in a package.
            let files =
                component.definition.files.iter().map(|file| String::from_utf8_lossy(&package.parts[*file].bytes));
            let needs_connection = files.into_iter().any(|file| file.contains("connectionReferenceLogicalName"));
            switched(component_type) && is_recorded && !needs_connection
        });
        let mut expected: Vec<_> = recorded.map(|(_, component)| component.key.as_str().to_owned()).collect();
        expected.sort();
        for activate in [true, false] {
            let mut env = Simulated::default();
            let options = ImportOptions { publish_workflows: activate, ..assuming() };
            if env.import_with(&package, &options).is_refused() {
                continue;
            }
            let on = env.snapshot.components.values().filter(|state| state.is_on);
            let mut on: Vec<_> = on.map(|state| state.component.key.as_str().to_owned()).collect();
            on.sort();
            assert_eq!(on, if activate { expected.clone() } else { Vec::new() }, "{path}");
        }
    });
}

#[test]
fn l92_d5_a_switch_is_in_the_state_and_comes_back() {
    let scratch = Scratch::new();
    let core = strata_testkit::examples::path("contoso-core-1.0");
    scratch.import(&core, &ImportOptions::pac()).expect("imported");
    let reference = ComponentKey::new(ComponentType::named("connectionreference"), "contoso_dataverse");
    let edits = vec![PropertyEdit { path: "connectionid".to_owned(), value: "abc".to_owned() }];
    scratch.run(&Request::Set { component: reference, edits, solution: None }).expect("a connection");
    let off = scratch.state();
    let listed = components::list(&scratch.workspace, None, &Filter::default()).expect("a list");
    let flow = listed.iter().find(|entry| entry.active.is_some()).expect("something to switch");
    assert_eq!(flow.active, Some(false));
    let text = format!("{}:{}", flow.component.type_name, flow.component.name);
    let environment = scratch.workspace.environment().expect("the default environment");
    let component = components::find(&scratch.workspace, &environment, None, &text).expect("the component");
    scratch.run(&Request::ByHand(ByHand::Switch { component, switch: Switch::On })).expect("switched");
    assert_ne!(scratch.state(), off);
    let is_on = |at| components::show(&scratch.workspace, at, &text, false).expect("shown").active;
    assert_eq!(is_on(None), Some(true));
    let before = strata_model::id::Operation(2);
    assert_eq!(is_on(Some(before)), Some(false), "the past is as it was");
    let copy = scratch.workspace.store().environment_copy(environment.no, "copy").expect("a copy");
    assert_eq!(scratch.workspace.store().state_digest(&copy, None).expect("a digest"), scratch.state());
    scratch.run(&Request::Undo).expect("undo");
    assert_eq!((is_on(None), scratch.state()), (Some(false), off));
}
