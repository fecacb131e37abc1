//! What an import's package held is kept with its entry, copied and forgotten with it (L113).

use strata_model::component::{ComponentKey, ComponentType};
use strata_model::history::{HistoryKind, JobComponent, NewHistoryEntry, SolutionFacts};
use strata_model::id::{Guid, Operation};
use strata_store::Store;
use strata_store::sqlite::SqliteStore;

use crate::fixture::{create, current, entry};

fn component(component_type: &str, name: &str) -> JobComponent {
    JobComponent {
        key: ComponentKey::new(ComponentType::named(component_type), name),
        name: name.to_owned(),
        id: None,
        display_name: None,
    }
}

#[test]
fn l113_l115_what_an_import_held_and_what_history_says_are_read_back() {
    let store = SqliteStore::in_memory().expect("a store");
    let environment = create(&store, "dev");
    let held = vec![
        JobComponent { display_name: Some("Say \"hello\"\n".to_owned()), ..component("attribute", "a.Contoso_B") },
        JobComponent { id: Some(Guid::of_environment("id")), ..component("contoso_sometable", "Ünique \\ name") },
    ];
    let facts = SolutionFacts {
        publisher: Some("contoso".to_owned()),
        is_managed: true,
        is_patch: false,
        overwrites: true,
        package_name: Some("core.zip".to_owned()),
        package_version: Some("1.0.0.0".to_owned()),
    };
    let import = NewHistoryEntry { facts: Some(facts.clone()), components: held.clone(), ..entry(HistoryKind::Import) };
    let first = store.record(&environment, import).expect("an entry");
    let second = store.record(&environment, entry(HistoryKind::Publish)).expect("an entry");
    let environment = current(&store, "dev");
    assert_eq!(store.job_components(&environment, first).expect("components"), held);
    assert_eq!(store.job_components(&environment, second).expect("none"), []);
    assert_eq!(store.job_components(&environment, Operation(9)).expect("none"), []);
    let read = store.history_entry(&environment, first).expect("an entry").expect("an entry");
    assert_eq!(read.facts.as_ref(), Some(&facts));

    let copy = store.environment_copy(environment.no, "copy").expect("a copy");
    assert_eq!(store.job_components(&copy, first).expect("components"), held);
    store.prune(&environment, second).expect("pruned");
    assert_eq!(store.job_components(&environment, first).expect("forgotten"), []);
    assert_eq!(store.job_components(&copy, first).expect("components"), held, "the copy has its own");
}
