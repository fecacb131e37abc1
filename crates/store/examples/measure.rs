//! Times the store with a synthetic solution:
//! `cargo run --release -p strata-store --example measure [COMPONENTS] [nameless]`.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::io::Write as _;
use std::time::Instant;

use strata_model::component::{Component, ComponentKey, ComponentType};
use strata_model::environment::{Environment, Footprint, Membership, Settings};
use strata_model::history::{HistoryKind, NewHistoryEntry, Outcome};
use strata_model::id::{ComponentNo, Digest, Guid, Operation, PublisherNo, SolutionNo};
use strata_model::layer::{Layer, LayerState};
use strata_model::plan::{Bodies, Body, Edit, OperationKind, Plan};
use strata_model::publisher::Publisher;
use strata_model::reference::{DefinitionNames, Target, TargetId};
use strata_model::rules::Rules;
use strata_model::solution::{Solution, SolutionKind};
use strata_model::version::Version;
use strata_store::sqlite::SqliteStore;
use strata_store::{Stage, Store};

/// Mean size of a definition.
const DEFINITION_BYTES: usize = 4_120;

struct Definitions(BTreeMap<Digest, Vec<u8>>);

impl Bodies for Definitions {
    fn definition(&self, digest: &Digest) -> Option<Body<'_>> {
        Some(Body { bytes: Cow::Borrowed(self.0.get(digest)?), ..Body::default() })
    }

    fn file(&self, _: &Digest) -> Option<Cow<'_, [u8]>> {
        None
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let count = std::env::args().nth(1).map_or(Ok(50_000), |text| text.parse())?;
    // For a comparison: what the indexes of names cost.
    let with_names = std::env::args().nth(2).is_none_or(|word| word != "nameless");
    let folder = tempfile::tempdir()?;
    let store = SqliteStore::open_or_create(&folder.path().join("strata.db"))?;
    let environment = store.environment_create("measure", &Settings::fresh("measure"))?;

    for (round, solution) in [(1, 1), (2, 2)] {
        let mut definitions = Definitions(BTreeMap::new());
        let plan = import(&store, &environment, &mut definitions, count, solution, with_names)?;
        let size: usize = definitions.0.values().map(Vec::len).sum();
        say(&format!("import {round}: {count} components, {} MB", size / 1_000_000))?;
        apply(&store, &environment, &plan, &definitions)?;
        let nothing = Plan { base: current(&store)?.revision, edits: Vec::new(), names: Vec::new(), ..plan };
        apply(&store, &environment, &nothing, &definitions)?;
        snapshots(&store, count, SolutionNo(solution))?;
    }
    let edits = vec![Edit::RowsClose { table: "new_table".to_owned() }];
    let small = Plan { edits, ..Plan::empty(OperationKind::Uninstall, current(&store)?.revision, Rules::OURS) };
    apply(&store, &environment, &small, &small)?;
    let environment = current(&store)?;
    let last = Operation(environment.operation.0 - 1);
    timed("edits back by one small operation", || store.edits_back_to(&environment, last))?;
    timed("changes of one small operation", || store.changes_of(&environment, environment.operation))?;
    let drafts = Footprint { drafts: true, ..Footprint::default() };
    timed("snapshot of drafts", || store.snapshot(&environment, None, &drafts))?;
    timed("names of a type without components", || {
        store.component_names(&environment, None, &ComponentType::named("role"))
    })?;
    timed("edits back by one import", || store.edits_back_to(&environment, Operation(2)))?;
    timed("changes of one import", || store.changes_of(&environment, Operation(3)))?;
    timed("state digest", || store.state_digest(&environment, None))?;
    let one = timed("one component", || {
        let footprint = Footprint { keys: vec![key(count as i64 / 2, 1)], ..Footprint::default() };
        store.snapshot(&environment, None, &footprint)
    })?;
    let digest = one.components.values().next().ok_or("the component is there")?.layers[0].digest;
    timed("one definition", || store.definition(&digest))?;
    used_by(&store, &environment, count as i64)?;
    timed("environment copied", || store.environment_copy(environment.no, "copy"))?;
    timed("nothing pruned", || store.prune(&environment, Operation(1)))?;
    drop(store);
    say(&format!("file: {} MB", std::fs::metadata(folder.path().join("strata.db"))?.len() / 1_000_000))?;
    Ok(())
}

fn current(store: &SqliteStore) -> Result<Environment, Box<dyn Error>> {
    Ok(store.environment("measure")?.ok_or("the environment is there")?)
}

fn snapshots(store: &SqliteStore, count: usize, solution: SolutionNo) -> Result<(), Box<dyn Error>> {
    let environment = current(store)?;
    let keys: Vec<_> = (0..count as i64).map(|index| key(index, solution.0)).collect();
    let fresh = (0..count as i64).map(|index| key(index, 99)).collect();
    for (name, footprint) in [
        ("solution and keys", Footprint { keys: keys.clone(), solutions: vec![solution], ..Footprint::default() }),
        ("keys", Footprint { keys, ..Footprint::default() }),
        ("unknown keys", Footprint { keys: fresh, ..Footprint::default() }),
        ("nothing", Footprint::default()),
    ] {
        timed(&format!("snapshot of {name}"), || store.snapshot(&environment, None, &footprint))?;
    }
    Ok(())
}

/// Asks for what mentions a name, once few and many names.
fn used_by(store: &SqliteStore, environment: &Environment, count: i64) -> Result<(), Box<dyn Error>> {
    let targets = |numbers: std::ops::Range<i64>| numbers.map(|number| name(&key(number, 1)));
    for (what, mentioning) in [
        ("used by one component", targets(count / 2..count / 2 + 1).collect()),
        ("used by 100 components", targets(0..100).collect()),
        ("used by every component of a solution", targets(0..count).collect()),
        ("used by one that all mention", vec![TargetId(0)]),
    ] {
        let footprint = Footprint { mentioning, ..Footprint::default() };
        let found = timed(what, || store.snapshot(environment, None, &footprint))?;
        say(&format!("    {} mentions, {} components", found.mentions.len(), found.components.len()))?;
    }
    Ok(())
}

fn timed<T, E>(what: &str, work: impl FnOnce() -> Result<T, E>) -> Result<T, Box<dyn Error>>
where
    E: Error + 'static,
{
    let start = Instant::now();
    let answer = work()?;
    say(&format!("  {what}: {:.1} ms", start.elapsed().as_secs_f64() * 1e3))?;
    Ok(answer)
}

fn say(line: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{line}")
}

fn apply(
    store: &SqliteStore,
    environment: &Environment,
    plan: &Plan,
    bodies: &dyn Bodies,
) -> Result<(), Box<dyn Error>> {
    let lease = store.lease(environment, "import", 0)?;
    let start = Instant::now();
    let (staged, written) = (Cell::new(0.0), Cell::new(0.0));
    store.apply(&lease, plan, entry(), bodies, &|progress| {
        let now = start.elapsed().as_secs_f64() * 1e3;
        match progress.stage {
            Stage::Bodies => staged.set(now),
            Stage::Rows | Stage::Written => written.set(now),
        }
    })?;
    let total = start.elapsed().as_secs_f64() * 1e3;
    say(&format!(
        "  apply of {} edits: {total:.1} ms (staged {:.1}, rows {:.1}, commit and checkpoint {:.1})",
        plan.edits.len(),
        staged.get(),
        written.get() - staged.get(),
        total - written.get()
    ))?;
    Ok(())
}

fn entry() -> NewHistoryEntry {
    NewHistoryEntry {
        time: 0,
        duration: 0,
        kind: HistoryKind::Import,
        solution: None,
        from_version: None,
        to_version: None,
        suboperation: Some(OperationKind::New),
        outcome: Outcome::Succeeded,
        changes: 0,
        job: None,
        state_of: None,
        options: None,
        findings: Vec::new(),
        facts: None,
        components: Vec::new(),
    }
}

fn key(index: i64, solution: i64) -> ComponentKey {
    let (component_type, name) = match index % 4 {
        0..=2 => ("attribute", format!("new_table{:05}s{solution}.new_column{index:06}", index / 40)),
        _ => ("savedquery", Guid::of_environment(&format!("{solution}:{index}")).to_string()),
    };
    ComponentKey::folded(ComponentType::named(component_type), &name)
}

/// Makes XML that compresses about as well as real columns and views do.
fn definition(index: i64, solution: i64) -> Vec<u8> {
    let mut text = format!("<attribute PhysicalName=\"new_column{index}\" solution=\"{solution}\">\n");
    let mut noise = (index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ solution as u64;
    let size = DEFINITION_BYTES / 2 + (noise % DEFINITION_BYTES as u64) as usize;
    while text.len() < size {
        noise = noise.rotate_left(17).wrapping_mul(0xd134_2543_de82_ef95);
        text += &format!(
            "  <displayname description=\"Column {:x}\" languagecode=\"1033\" />\n  <RequiredLevel>{}</RequiredLevel>\n  \
             <IsAuditEnabled>{}</IsAuditEnabled>\n  <IntroducedVersion>1.0.{}.0</IntroducedVersion>\n",
            noise >> 40,
            noise % 3,
            noise % 2,
            noise % 50
        );
    }
    text.into_bytes()
}

fn import(
    store: &SqliteStore,
    environment: &Environment,
    definitions: &mut Definitions,
    count: usize,
    solution: i64,
    with_names: bool,
) -> Result<Plan, Box<dyn Error>> {
    let snapshot = store.snapshot(environment, None, &Footprint::default())?;
    let mut edits = Vec::new();
    if snapshot.publishers.is_empty() {
        edits.push(Edit::PublisherOpen(Publisher {
            no: PublisherNo(1),
            id: Guid::of_environment("publisher"),
            unique_name: "contoso".to_owned(),
            friendly_name: "Contoso".to_owned(),
            prefix: "new".to_owned(),
            option_value_prefix: 10_000,
            details: std::collections::BTreeMap::new(),
        }));
    }
    edits.push(Edit::SolutionOpen(Solution {
        no: SolutionNo(solution),
        id: Guid::of_environment(&format!("solution {solution}")),
        unique_name: format!("solution{solution}"),
        friendly_name: format!("Solution {solution}"),
        version: Version::parse("1.0.0.0")?,
        is_managed: true,
        publisher: PublisherNo(1),
        kind: SolutionKind::Base,
        parent: None,
        assumed: false,
        assumes: Vec::new(),
        residue: None,
    }));
    let mut keys: Vec<_> = (0..count as i64).map(|index| (key(index, solution), index)).collect();
    keys.sort();
    for (no, (key, index)) in (snapshot.next_component.0..).map(ComponentNo).zip(keys) {
        let bytes = definition(index, solution);
        let digest = Digest::of(&bytes);
        definitions.0.insert(digest, bytes);
        let solution = SolutionNo(solution);
        let name = key.as_str().to_owned();
        edits.push(Edit::ComponentAdd(Component { no, key, name, id: None, category: None, parent: None }));
        edits.push(Edit::LayerOpen(Layer {
            component: no,
            solution,
            slot: 1,
            state: LayerState::Published,
            digest,
            display_name: Some(format!("Column {index}")),
            is_diff: false,
            from: Operation::START,
        }));
        edits.push(Edit::MemberOpen(Membership { component: no, solution, behavior: None }));
    }
    let names = if with_names { names(&edits, solution) } else { Vec::new() };
    Ok(Plan { edits, names, ..Plan::empty(OperationKind::New, snapshot.environment.revision, Rules::OURS) })
}

/// Mentions of one component's definition.
const MENTIONS: usize = 5;

/// Lets each component mention one that all mention, and others of the solution; each answers to its id.
fn names(edits: &[Edit], solution: i64) -> Vec<DefinitionNames> {
    let layers = || edits.iter().filter_map(|edit| if let Edit::LayerOpen(layer) = edit { Some(layer) } else { None });
    let count = layers().count() as i64;
    let named = (0..).zip(layers()).map(|(index, layer): (i64, &Layer)| {
        let others = (1..MENTIONS as i64).map(|step| name(&key((index + step * step) % count, solution)));
        let mentions: BTreeSet<_> = others.chain([TargetId(0)]).collect();
        let answers = vec![TargetId(layer.digest.prefix().rotate_left(5))];
        DefinitionNames {
            component: layer.component,
            definition: layer.digest,
            mentions: mentions.into_iter().collect(),
            answers,
        }
    });
    named.collect()
}

fn name(key: &ComponentKey) -> TargetId {
    Target::Component(key.clone()).id()
}
