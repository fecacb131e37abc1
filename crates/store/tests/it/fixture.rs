//! Small plans and the bodies they need.

use std::borrow::Cow;
use std::collections::BTreeMap;

use strata_model::component::{Component, ComponentKey, ComponentType};
use strata_model::environment::{Environment, Footprint, Membership, Settings, Snapshot};
use strata_model::history::{HistoryKind, NewHistoryEntry, Outcome};
use strata_model::id::{ComponentNo, Digest, Guid, Operation, PublisherNo, SolutionNo};
use strata_model::layer::{Layer, LayerState};
use strata_model::plan::{Bodies, Body, Edit, OperationKind, Plan};
use strata_model::publisher::Publisher;
use strata_model::reference::{DefinitionNames, TargetId};
use strata_model::rules::Rules;
use strata_model::solution::{Solution, SolutionKind};
use strata_model::version::Version;
use strata_store::{ApplyError, Store};

/// Bodies a test has at hand.
#[derive(Default)]
pub(crate) struct Shelf {
    definitions: BTreeMap<Digest, Body<'static>>,
    files: BTreeMap<Digest, Vec<u8>>,
}

impl Shelf {
    /// Puts a definition there and returns its digest.
    pub(crate) fn put(&mut self, text: &str) -> Digest {
        self.put_body(Body { bytes: Cow::Owned(text.as_bytes().to_vec()), ..Body::default() })
    }

    pub(crate) fn put_body(&mut self, body: Body<'static>) -> Digest {
        let digest = body.digest();
        self.definitions.insert(digest, body);
        digest
    }

    pub(crate) fn put_file(&mut self, bytes: &[u8]) -> Digest {
        let digest = Digest::of(bytes);
        self.files.insert(digest, bytes.to_vec());
        digest
    }
}

impl Bodies for Shelf {
    fn definition(&self, digest: &Digest) -> Option<Body<'_>> {
        self.definitions.get(digest).cloned()
    }

    fn file(&self, digest: &Digest) -> Option<Cow<'_, [u8]>> {
        self.files.get(digest).map(|bytes| Cow::Borrowed(bytes.as_slice()))
    }
}

pub(crate) fn everything() -> Footprint {
    Footprint { everything: true, ..Footprint::default() }
}

pub(crate) fn create(store: &dyn Store, name: &str) -> Environment {
    store.environment_create(name, &Settings::fresh(name)).expect("a new name")
}

pub(crate) fn current(store: &dyn Store, name: &str) -> Environment {
    store.environment(name).expect("a readable store").expect("an environment of that name")
}

pub(crate) fn whole(store: &dyn Store, environment: &Environment, at: Option<Operation>) -> Snapshot {
    store.snapshot(environment, at, &everything()).expect("a snapshot")
}

pub(crate) fn digest(store: &dyn Store, environment: &Environment, at: Option<Operation>) -> Digest {
    store.state_digest(environment, at).expect("a digest")
}

pub(crate) fn entry(kind: HistoryKind) -> NewHistoryEntry {
    NewHistoryEntry {
        time: 1_700_000_000_000,
        duration: 12,
        kind,
        solution: Some("Base".to_owned()),
        from_version: None,
        to_version: Some("1.0.0.0".to_owned()),
        suboperation: Some(OperationKind::ApplyUpgrade),
        outcome: Outcome::Succeeded,
        changes: 3,
        job: Some(Guid::of_environment("job")),
        state_of: None,
        options: Some("{}".to_owned()),
        findings: Vec::new(),
        facts: None,
        components: Vec::new(),
    }
}

pub(crate) fn plan(base: Operation, edits: Vec<Edit>) -> Plan {
    Plan { edits, ..Plan::empty(OperationKind::New, base, Rules::OURS) }
}

/// Applies edits to the environment as it is, under a lease of its own.
pub(crate) fn try_apply(
    store: &dyn Store,
    name: &str,
    edits: Vec<Edit>,
    bodies: &dyn Bodies,
) -> Result<Operation, ApplyError> {
    try_apply_with(store, name, edits, Vec::new(), bodies)
}

/// Applies edits with the names of the definitions that they bring.
pub(crate) fn try_apply_with(
    store: &dyn Store,
    name: &str,
    edits: Vec<Edit>,
    names: Vec<DefinitionNames>,
    bodies: &dyn Bodies,
) -> Result<Operation, ApplyError> {
    let environment = current(store, name);
    let lease = strata_store::Held::take(store, &environment, "import", 0)?;
    let plan = Plan { names, ..plan(environment.revision, edits) };
    store.apply(&lease, &plan, entry(HistoryKind::Import), bodies, &|_| {})
}

pub(crate) fn apply(store: &dyn Store, name: &str, edits: Vec<Edit>, bodies: &dyn Bodies) -> Operation {
    try_apply(store, name, edits, bodies).expect("a plan that applies")
}

pub(crate) fn back_to(store: &dyn Store, name: &str, target: Operation) -> Operation {
    let edits = store.edits_back_to(&current(store, name), target).expect("a way back");
    apply(store, name, edits, &Shelf::default())
}

pub(crate) fn publisher(no: i64) -> Publisher {
    Publisher {
        no: PublisherNo(no),
        id: Guid::of_environment(&format!("publisher {no}")),
        unique_name: format!("publisher{no}"),
        friendly_name: format!("Publisher {no}"),
        prefix: "new".to_owned(),
        option_value_prefix: 10_000,
        details: [("emailaddress".to_owned(), format!("{no}@example.com"))].into(),
    }
}

pub(crate) fn solution(no: i64, version: &str) -> Solution {
    Solution {
        no: SolutionNo(no),
        id: Guid::of_environment(&format!("solution {no}")),
        unique_name: format!("Solution{no}"),
        friendly_name: format!("Solution {no}"),
        version: Version::parse(version).expect("a version"),
        is_managed: true,
        publisher: PublisherNo(1),
        kind: SolutionKind::Base,
        parent: None,
        assumed: false,
        assumes: Vec::new(),
        residue: None,
    }
}

pub(crate) fn column(name: &str) -> ComponentKey {
    ComponentKey::new(ComponentType::named("attribute"), name)
}

pub(crate) fn component(no: i64, key: ComponentKey) -> Component {
    let name = key.as_str().to_uppercase();
    Component { no: ComponentNo(no), key, name, id: None, category: None, parent: None }
}

pub(crate) fn layer(component: i64, solution: i64, digest: Digest) -> Layer {
    Layer {
        component: ComponentNo(component),
        solution: SolutionNo(solution),
        slot: solution,
        state: LayerState::Published,
        digest,
        display_name: Some(format!("Component {component} of {solution}")),
        is_diff: false,
        from: Operation::START,
    }
}

pub(crate) fn layer_close(layer: &Layer) -> Edit {
    Edit::LayerClose { component: layer.component, solution: layer.solution, state: layer.state, digest: layer.digest }
}

pub(crate) fn names(component: i64, definition: Digest, mentions: &[i64], answers: &[i64]) -> DefinitionNames {
    let targets = |numbers: &[i64]| numbers.iter().copied().map(TargetId).collect();
    DefinitionNames {
        component: ComponentNo(component),
        definition,
        mentions: targets(mentions),
        answers: targets(answers),
    }
}

pub(crate) fn member(component: i64, solution: i64) -> Membership {
    Membership { component: ComponentNo(component), solution: SolutionNo(solution), behavior: None }
}

/// The edits that import a solution with some columns of one table into an environment that lacks them.
pub(crate) fn import(shelf: &mut Shelf, no: i64, first: i64, columns: &[&str]) -> Vec<Edit> {
    let mut edits = vec![Edit::SolutionOpen(solution(no, "1.0.0.0"))];
    if no == 1 {
        edits.push(Edit::PublisherOpen(publisher(1)));
    }
    for (number, name) in (first..).zip(columns) {
        let digest = shelf.put(&format!("<attribute name='{name}' of='{no}'/>"));
        edits.push(Edit::ComponentAdd(component(number, column(&format!("new_order.{name}")))));
        edits.push(Edit::LayerOpen(layer(number, no, digest)));
        edits.push(Edit::MemberOpen(member(number, no)));
    }
    edits
}
