//! One operation at a time in an environment (R3).

use strata_model::history::HistoryKind;
use strata_model::id::Operation;
use strata_store::sqlite::SqliteStore;
use strata_store::{ApplyError, Held, LEASE_MS, Store, StoreError};

use crate::fixture::{Shelf, apply, create, current, entry, import, plan};

fn store() -> SqliteStore {
    SqliteStore::in_memory().expect("a store in memory")
}

#[test]
fn r3_a_second_operation_is_refused() {
    let store = store();
    let environment = create(&store, "dev");
    let other = create(&store, "other");
    let lease = store.lease(&environment, "import", 1_000).expect("a free environment");
    match store.lease(&environment, "uninstall", 1_001) {
        Err(StoreError::Busy { operation, since, expires, .. }) => {
            assert_eq!((operation.as_str(), since, expires), ("import", 1_000, 1_000 + LEASE_MS));
        }
        other => panic!("{other:?}"),
    }
    store.lease(&other, "import", 1_000).expect("environments do not contend");
    store.renew(&lease).expect("a lease that is held");
    store.release(&lease).expect("a lease");
    store.release(&lease).expect("nothing to release");
    store.lease(&environment, "uninstall", 1_002).expect("a free environment");
}

#[test]
fn r3_an_expired_lease_is_taken_over_and_fences_its_holder() {
    let store = store();
    let environment = create(&store, "dev");
    let old = store.lease(&environment, "import", 0).expect("a free environment");
    let new = store.lease(&environment, "import", LEASE_MS).expect("an expired lease");
    assert!(matches!(store.renew(&old), Err(StoreError::LeaseLost)));
    let mut shelf = Shelf::default();
    let import = plan(Operation(0), import(&mut shelf, 1, 1, &["a"]));
    let lost = store.apply(&old, &import, entry(HistoryKind::Import), &shelf, &|_| {});
    assert!(matches!(lost, Err(ApplyError::Store(StoreError::LeaseLost))));
    store.release(&old).expect("no lease of the old holder's");
    store.apply(&new, &import, entry(HistoryKind::Import), &shelf, &|_| {}).expect("a plan");
}

#[test]
fn leases_end_with_apply_and_with_their_scope() {
    let store = store();
    create(&store, "dev");
    let mut shelf = Shelf::default();
    apply(&store, "dev", import(&mut shelf, 1, 1, &["a"]), &shelf);
    let environment = current(&store, "dev");
    {
        let held = Held::take(&store, &environment, "import", 0).expect("a free environment");
        assert!(store.lease(&environment, "import", 0).is_err());
        store.renew(&held).expect("a lease that is held");
    }
    store.lease(&environment, "import", 0).expect("a free environment");
}
