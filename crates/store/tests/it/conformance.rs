//! What every back end must do, written against the trait.

use std::borrow::Cow;
use std::cell::RefCell;

use strata_model::component::{ComponentKey, ComponentType};
use strata_model::environment::{Behavior, Footprint, Membership, Settings};
use strata_model::history::HistoryKind;
use strata_model::id::{ComponentNo, Digest, Guid, Operation, SolutionNo};
use strata_model::layer::{Layer, LayerState};
use strata_model::plan::{Bodies, Body, Edit};
use strata_store::sqlite::SqliteStore;
use strata_store::{ApplyError, NamedComponent, Progress, Stage, Store, StoreBodies, StoreError};

use crate::fixture::{
    Shelf, apply, column, component, create, current, digest, entry, import, layer, layer_close, member, plan,
    publisher, solution, try_apply, whole,
};

mod sqlite {
    use super::SqliteStore;

    conformance! {
        environments_are_created_listed_selected_and_deleted
        a_copy_has_the_history_and_its_own_life
        snapshots_are_cut_to_the_footprint
        stacks_are_sorted_and_drafts_found
        stale_plans_are_refused
        conflicts_are_refused_and_leave_nothing_behind
        environments_do_not_mix
        bodies_are_shared_and_stored_once
        definitions_keep_home_and_files
        bodies_may_come_from_the_store_itself
        unknown_bodies_are_refused
        names_are_listed_by_type
    }
}

fn environments_are_created_listed_selected_and_deleted(store: &dyn Store) {
    assert_eq!(store.environments().expect("a list"), []);
    create(store, "Test");
    let dev = create(store, "dev");
    assert_eq!(dev.id, Guid::of_environment("dev"));
    assert_eq!((dev.operation, dev.revision), (Operation::START, Operation::START));
    assert_eq!(dev.settings, Settings::fresh("dev"));
    let names: Vec<_> = store.environments().expect("a list").into_iter().map(|found| found.name).collect();
    assert_eq!(names, ["dev", "Test"]);
    assert_eq!(store.environment("DEV").expect("an answer"), Some(dev.clone()));
    assert_eq!(store.environment("prod").expect("an answer"), None);
    let again = store.environment_create("DEV", &Settings::fresh("DEV"));
    assert!(matches!(again, Err(StoreError::EnvironmentExists { .. })));

    assert_eq!(store.selected().expect("an answer"), None);
    assert!(matches!(store.select("prod"), Err(StoreError::MissingEnvironment { .. })));
    store.select("TEST").expect("an environment");
    assert_eq!(store.selected().expect("an answer").as_deref(), Some("Test"));
    store.environment_delete(current(store, "test").no).expect("an environment");
    assert_eq!(store.selected().expect("an answer"), None);
    assert!(matches!(store.environment_delete(dev.no), Ok(())));
    assert!(matches!(store.environment_delete(dev.no), Err(StoreError::MissingEnvironment { .. })));
    assert_ne!(create(store, "dev").no, dev.no);
}

fn a_copy_has_the_history_and_its_own_life(store: &dyn Store) {
    let from = create(store, "from");
    let mut shelf = Shelf::default();
    let one = apply(store, "from", import(&mut shelf, 1, 1, &["a", "b"]), &shelf);
    let lease = store.lease(&from, "import", 0).expect("a free environment");
    let copy = store.environment_copy(from.no, "copy").expect("a new name");
    store.lease(&copy, "import", 0).expect("the copy has no lease");
    store.release(&lease).expect("a lease");
    assert_eq!(copy.id, Guid::of_environment("copy"));
    assert_eq!(copy.revision, one);
    assert_eq!(digest(store, &copy, None), digest(store, &from, None));
    assert_eq!(digest(store, &copy, Some(Operation(0))), digest(store, &from, Some(Operation(0))));
    assert_eq!(store.history(&copy, None).expect("a list"), store.history(&from, None).expect("a list"));
    apply(store, "from", import(&mut shelf, 2, 3, &["c"]), &shelf);
    assert_ne!(digest(store, &copy, None), digest(store, &from, None));
    assert!(matches!(store.environment_copy(from.no, "COPY"), Err(StoreError::EnvironmentExists { .. })));
}

fn snapshots_are_cut_to_the_footprint(store: &dyn Store) {
    create(store, "dev");
    let mut shelf = Shelf::default();
    apply(store, "dev", import(&mut shelf, 1, 1, &["a", "b"]), &shelf);
    apply(store, "dev", import(&mut shelf, 2, 3, &["c", "d"]), &shelf);
    let over = layer(1, 2, shelf.put("over"));
    apply(store, "dev", vec![Edit::LayerOpen(over)], &shelf);
    let environment = current(store, "dev");
    let cut = |footprint: Footprint| -> Vec<i64> {
        let snapshot = store.snapshot(&environment, None, &footprint).expect("a snapshot");
        assert_eq!(snapshot.solutions.len(), 2);
        assert_eq!(snapshot.publishers, [publisher(1)]);
        assert_eq!((snapshot.next_solution.0, snapshot.next_component.0, snapshot.next_publisher.0), (3, 5, 2));
        snapshot.components.values().map(|state| state.component.no.0).collect()
    };
    let none = Footprint::default;
    assert_eq!(cut(none()), [0; 0]);
    assert_eq!(cut(Footprint { keys: vec![column("NEW_ORDER.b"), column("new_order.x")], ..none() }), [2]);
    assert_eq!(cut(Footprint { solutions: vec![SolutionNo(1)], ..none() }), [1, 2]);
    assert_eq!(cut(Footprint { solutions: vec![SolutionNo(2)], ..none() }), [1, 3, 4]);
    let both = vec![column("new_order.b"), column("new_order.c")];
    assert_eq!(cut(Footprint { keys: both, solutions: vec![SolutionNo(2)], ..none() }), [1, 2, 3, 4]);
    assert_eq!(cut(Footprint { children_of: vec!["new_order".to_owned()], ..none() }), [1, 2, 3, 4]);
    assert_eq!(cut(Footprint { children_of: vec!["new_orde".to_owned()], ..none() }), [0; 0]);
    assert_eq!(cut(Footprint { numbers: vec![ComponentNo(4), ComponentNo(9)], ..none() }), [4]);
    let first =
        store.snapshot(&environment, Some(Operation(1)), &Footprint { solutions: vec![SolutionNo(2)], ..none() });
    assert!(first.expect("a snapshot").components.is_empty());
}

fn stacks_are_sorted_and_drafts_found(store: &dyn Store) {
    create(store, "dev");
    let mut shelf = Shelf::default();
    apply(store, "dev", import(&mut shelf, 1, 1, &["a", "b"]), &shelf);
    let active = |state| Layer { slot: 0, state, ..layer(1, 0, Digest::of(b"")) };
    let low = Layer { slot: 0, ..layer(1, 2, Digest::of(b"")) };
    let edits = [active(LayerState::Unpublished), low, active(LayerState::Published)]
        .map(|layer| Edit::LayerOpen(Layer { digest: shelf.put(&format!("{layer:?}")), ..layer }));
    let edits = edits.into_iter().chain([Edit::SolutionOpen(solution(2, "1.0"))]).collect();
    apply(store, "dev", edits, &shelf);
    let footprint = Footprint { drafts: true, ..Footprint::default() };
    let snapshot = store.snapshot(&current(store, "dev"), None, &footprint).expect("a snapshot");
    let states: Vec<_> = snapshot.components.values().collect();
    assert_eq!(states.len(), 1);
    let order: Vec<_> = states[0].layers.iter().map(|layer| (layer.solution.0, layer.state)).collect();
    let published = LayerState::Published;
    assert_eq!(order, [(2, published), (1, published), (0, published), (0, LayerState::Unpublished)]);
    assert!(states[0].layers[1].from == Operation(1) && states[0].layers[0].from == Operation(2));
}

fn stale_plans_are_refused(store: &dyn Store) {
    let environment = create(store, "dev");
    let mut shelf = Shelf::default();
    apply(store, "dev", import(&mut shelf, 1, 1, &["a"]), &shelf);
    let lease = store.lease(&environment, "import", 0).expect("a free environment");
    let stale = plan(Operation(0), import(&mut shelf, 2, 2, &["b"]));
    let refused = store.apply(&lease, &stale, entry(HistoryKind::Import), &shelf, &|_| {});
    let expected = (Operation(0), Operation(1));
    assert!(matches!(refused, Err(ApplyError::StalePlan { base, revision }) if (base, revision) == expected));
    // A refused operation is history, but makes no plan stale; neither does one without changes.
    store.record(&environment, entry(HistoryKind::Import)).expect("an environment");
    store.apply(&lease, &plan(Operation(1), Vec::new()), entry(HistoryKind::Import), &shelf, &|_| {}).expect("a plan");
    let now = current(store, "dev");
    assert_eq!((now.operation, now.revision), (Operation(3), Operation(1)));
    assert_eq!(apply(store, "dev", stale.edits, &shelf), Operation(4));
}

fn conflicts_are_refused_and_leave_nothing_behind(store: &dyn Store) {
    create(store, "dev");
    let mut shelf = Shelf::default();
    apply(store, "dev", import(&mut shelf, 1, 1, &["a"]), &shelf);
    let environment = current(store, "dev");
    let before = digest(store, &environment, None);
    let there = layer(1, 1, shelf.put("<attribute name='a' of='1'/>"));
    let other = shelf.put("other");
    let shell = Membership { behavior: Some(Behavior::IncludeAsShellOnly), ..member(1, 1) };
    let wrong = Settings { block_unmanaged: true, ..environment.settings.clone() };
    let conflicts = [
        layer_close(&Layer { digest: other, ..there.clone() }),
        layer_close(&Layer { solution: SolutionNo(2), ..there.clone() }),
        Edit::LayerOpen(there),
        Edit::MemberClose(shell),
        Edit::MemberOpen(member(1, 1)),
        Edit::SolutionClose(solution(1, "1.0.0.1")),
        Edit::SolutionOpen(solution(1, "1.0.0.0")),
        Edit::PublisherClose(publisher(2)),
        Edit::PublisherOpen(publisher(1)),
        Edit::ComponentAdd(component(2, column("new_order.a"))),
        Edit::ComponentAdd(component(1, column("new_order.b"))),
        Edit::SettingsReplace { before: wrong.clone(), after: wrong },
    ];
    for conflict in conflicts {
        let name = format!("{conflict:?}");
        let mut edits = import(&mut shelf, 2, 7, &["z"]);
        edits.push(conflict);
        let refused = try_apply(store, "dev", edits, &shelf);
        assert!(matches!(refused, Err(ApplyError::Conflict { .. })), "{name}: {refused:?}");
        assert_eq!(digest(store, &environment, None), before, "{name}");
        assert_eq!(current(store, "dev"), environment, "{name}");
    }
}

fn environments_do_not_mix(store: &dyn Store) {
    let left = create(store, "left");
    let right = create(store, "right");
    let mut shelf = Shelf::default();
    let empty = digest(store, &right, None);
    apply(store, "left", import(&mut shelf, 1, 1, &["a", "b"]), &shelf);
    assert_eq!(whole(store, &right, None).components.len(), 0);
    assert_eq!(digest(store, &right, None), empty);
    assert_eq!(store.history(&right, None).expect("a list"), []);
    apply(store, "right", import(&mut shelf, 1, 1, &["c"]), &shelf);
    assert_eq!(whole(store, &left, None).components.len(), 2);
    store.environment_delete(left.no).expect("an environment");
    assert_eq!(whole(store, &right, None).components.len(), 1);
}

/// Counts what is asked of it.
struct Counted<'a>(&'a Shelf, RefCell<Vec<Digest>>);

impl Bodies for Counted<'_> {
    fn definition(&self, digest: &Digest) -> Option<Body<'_>> {
        self.1.borrow_mut().push(*digest);
        self.0.definition(digest)
    }

    fn file(&self, digest: &Digest) -> Option<Cow<'_, [u8]>> {
        self.1.borrow_mut().push(*digest);
        self.0.file(digest)
    }
}

fn bodies_are_shared_and_stored_once(store: &dyn Store) {
    create(store, "left");
    create(store, "right");
    let mut shelf = Shelf::default();
    let file = shelf.put_file(&[7; 1000]);
    let with_file = |name: &str| Body {
        bytes: Cow::Owned(name.as_bytes().to_vec()),
        home: None,
        files: vec![("a.bin".to_owned(), file)],
    };
    let (one, two) = (shelf.put_body(with_file("one")), shelf.put_body(with_file("two")));
    let mut edits = import(&mut shelf, 1, 1, &["a"]);
    for (no, digest) in [(2, one), (3, two), (4, one)] {
        edits.push(Edit::ComponentAdd(component(no, column(&format!("new_order.w{no}")))));
        edits.push(Edit::LayerOpen(layer(no, 1, digest)));
    }
    let counted = Counted(&shelf, RefCell::default());
    let stages = RefCell::new(Vec::new());
    let left = current(store, "left");
    let lease = store.lease(&left, "import", 0).expect("a free environment");
    let report = |progress: Progress| stages.borrow_mut().push(progress);
    let import = plan(Operation(0), edits.clone());
    store.apply(&lease, &import, entry(HistoryKind::Import), &counted, &report).expect("a plan");
    assert_eq!(counted.1.borrow().len(), 4, "three definitions and one file");
    let last = |stage| stages.borrow().iter().rfind(|progress| progress.stage == stage).copied();
    assert_eq!(last(Stage::Bodies), Some(Progress { stage: Stage::Bodies, done: 3, total: 3 }));
    assert_eq!(last(Stage::Rows).map(|progress| progress.done), Some(edits.len() as u64));

    let unasked = Counted(&shelf, RefCell::default());
    apply(store, "right", edits, &unasked);
    assert_eq!(unasked.1.take(), []);
    assert_eq!(store.file(&file).expect("an answer"), Some(vec![7; 1000]));
}

fn definitions_keep_home_and_files(store: &dyn Store) {
    create(store, "dev");
    let mut shelf = Shelf::default();
    let files = ["z", "y"].map(|name| (name.to_owned(), shelf.put_file(name.repeat(600_000).as_bytes()))).to_vec();
    let body = Body { bytes: Cow::Owned(vec![1, 2, 3]), home: Some("Rows/x.xml".to_owned()), files };
    let digest = shelf.put_body(body.clone());
    let empty = shelf.put("");
    let edits = vec![
        Edit::ComponentAdd(component(1, column("new_order.a"))),
        Edit::LayerOpen(layer(1, 0, digest)),
        Edit::LayerOpen(layer(1, 1, empty)),
    ];
    apply(store, "dev", edits, &shelf);
    assert_eq!(store.definition(&digest).expect("an answer"), Some(body.clone()));
    assert_eq!(store.definition(&empty).expect("an answer"), Some(Body::default()));
    assert_eq!(store.definition(&Digest::of(b"?")).expect("an answer"), None);
    assert_eq!(store.file(&body.files[1].1).expect("an answer"), Some("y".repeat(600_000).into_bytes()));
    assert_eq!(store.file(&Digest::of(b"?")).expect("an answer"), None);
    let bodies = StoreBodies::new(store);
    assert_eq!(bodies.definition(&digest), Some(body));
    assert!(bodies.take_error().is_none());
}

fn bodies_may_come_from_the_store_itself(store: &dyn Store) {
    create(store, "dev");
    let mut shelf = Shelf::default();
    apply(store, "dev", import(&mut shelf, 1, 1, &["a"]), &shelf);
    // An edit that keeps a member file: the definition is the plan's, the file the store's.
    let file = shelf.put_file(b"kept");
    let old = shelf.put_body(Body { files: vec![("k".to_owned(), file)], ..Body::default() });
    apply(store, "dev", vec![Edit::LayerOpen(layer(1, 2, old))], &shelf);
    let edited = Body { bytes: Cow::Borrowed(b"new"), home: None, files: vec![("k".to_owned(), file)] };
    let environment = current(store, "dev");
    let mut edit = plan(environment.revision, vec![Edit::LayerOpen(layer(1, 0, edited.digest()))]);
    edit.definitions.insert(edited.digest(), edited.clone());
    let lease = store.lease(&environment, "set", 0).expect("a free environment");
    store.apply(&lease, &edit, entry(HistoryKind::Set), &StoreBodies::new(store), &|_| {}).expect("a plan");
    assert_eq!(store.definition(&edited.digest()).expect("an answer"), Some(edited));
}

fn unknown_bodies_are_refused(store: &dyn Store) {
    let environment = create(store, "dev");
    let mut shelf = Shelf::default();
    let edits = import(&mut shelf, 1, 1, &["a"]);
    let missing = Digest::of(b"<attribute name='a' of='1'/>");
    let refused = try_apply(store, "dev", edits, &Shelf::default());
    assert!(matches!(refused, Err(ApplyError::MissingBody { digest }) if digest == missing));
    let file = Digest::of(b"nowhere");
    let body = shelf.put_body(Body { files: vec![("f".to_owned(), file)], ..Body::default() });
    let refused = try_apply(store, "dev", vec![Edit::LayerOpen(layer(1, 1, body))], &shelf);
    assert!(matches!(refused, Err(ApplyError::MissingBody { digest }) if digest == file));
    assert_eq!(current(store, "dev"), environment);
}

fn names_are_listed_by_type(store: &dyn Store) {
    create(store, "dev");
    let mut shelf = Shelf::default();
    apply(store, "dev", import(&mut shelf, 1, 1, &["b", "a"]), &shelf);
    let over = Layer { display_name: None, ..layer(1, 0, shelf.put("over")) };
    apply(store, "dev", vec![Edit::LayerOpen(over)], &shelf);
    let environment = current(store, "dev");
    let columns = ComponentType::named("attribute");
    let names = store.component_names(&environment, None, &columns).expect("a list");
    let named = |key: &str, no: i64| NamedComponent {
        key: column(key),
        name: key.to_uppercase(),
        display_name: Some(format!("Component {no} of 1")),
        parent: Some(ComponentKey::new(ComponentType::named("entity"), "new_order")),
    };
    assert_eq!(names, [named("new_order.a", 2), named("new_order.b", 1)]);
    assert_eq!(store.component_names(&environment, Some(Operation(0)), &columns).expect("a list"), []);
    assert_eq!(store.component_names(&environment, None, &ComponentType::named("role")).expect("a list"), []);
}
