//! What real packages are found to need, against what they declare (dependency-sources §6, R17).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use strata_engine::catalogue;
use strata_engine::needs::{self, Around, Nothing};
use strata_engine::reference::{Packaged, of_system};
use strata_model::component::{ComponentKey, ComponentType, Identity};
use strata_model::package::{Mode, Package, Presence};
use strata_model::reference::{Reference, Target};
use strata_model::rules::Rules;
use strata_package::Limits;
use strata_testkit::corpus::Corpus;

/// Every package and tree of the corpus, read once for all tests.
fn packages() -> Option<&'static [(String, Package)]> {
    static PACKAGES: OnceLock<Option<Vec<(String, Package)>>> = OnceLock::new();
    PACKAGES.get_or_init(read_packages).as_deref()
}

fn read_packages() -> Option<Vec<(String, Package)>> {
    let corpus = Corpus::find()?;
    let mut packages = Vec::new();
    for sample in corpus.packages() {
        let package = strata_package::read(sample.bytes, &Limits::default());
        packages.push((sample.path, package.unwrap_or_else(|error| panic!("{error}"))));
    }
    for tree in corpus.trees() {
        let package = strata_package::read_parts(tree.files, &Limits::default());
        packages.push((tree.path, package.unwrap_or_else(|error| panic!("{error}"))));
    }
    Some(packages)
}

/// Who answers to what in any package of the corpus: it stands for the environments they came from.
#[derive(Default)]
struct Known {
    answers: BTreeMap<Target, BTreeSet<ComponentKey>>,
    columns: BTreeSet<ComponentKey>,
    relationships: BTreeSet<ComponentKey>,
}

impl Known {
    fn of(packages: &[(String, Package)]) -> Self {
        let mut known = Self::default();
        for (_, package) in packages {
            let packaged = Packaged::new(package);
            for component in &package.components {
                known.add(Target::Component(component.key.clone()), &component.key);
                for name in packaged.answers(component) {
                    known.add(name, &component.key);
                }
            }
            for missing in &package.manifest.missing_dependencies {
                let required = &missing.required;
                known.add(Target::Component(required.key.clone()), &required.key);
                if let Some(id) = required.id {
                    let by_id = ComponentKey::new(required.key.component_type.clone(), &id.to_string());
                    known.add(Target::Component(by_id), &required.key);
                }
            }
        }
        known
    }

    /// Finds what the platform's own habits of naming make of a name: metadata of tables that no package defines.
    fn by_convention(&self, target: &Target) -> Vec<ComponentKey> {
        match target {
            Target::PrimaryColumns(table) => {
                let prefix = table.as_str().split_once('_').map_or("", |(prefix, _)| prefix);
                let names = [
                    format!("{table}.{table}id", table = table.as_str()),
                    format!("{}.{prefix}_name", table.as_str()),
                    format!("{}.name", table.as_str()),
                    format!("{}.fullname", table.as_str()),
                ];
                self.columns.iter().filter(|key| names.iter().any(|name| name == key.as_str())).cloned().collect()
            }
            Target::LookupRelationship(column) => {
                let Some((table, column)) = column.as_str().split_once('.') else { return Vec::new() };
                let short = column.split_once('_').map_or(column, |(_, short)| short);
                let ends = [format!("_{table}_{short}"), format!("_{table}_{column}")];
                self.relationships
                    .iter()
                    .filter(|key| ends.iter().any(|end| key.as_str().ends_with(end.as_str())))
                    .cloned()
                    .collect()
            }
            Target::Component(_) | Target::EntitySet(_) => Vec::new(),
        }
    }

    fn add(&mut self, name: Target, key: &ComponentKey) {
        self.answers.entry(name).or_default().insert(key.clone());
        match key.component_type.name() {
            "attribute" => self.columns.insert(key.clone()),
            "entityrelationship" => self.relationships.insert(key.clone()),
            _ => false,
        };
    }

    /// Returns the key under which a component is known that a package names in its own way.
    fn settled(&self, key: &ComponentKey) -> ComponentKey {
        let known = self.answers.get(&Target::Component(key.clone()));
        known.and_then(|keys| keys.iter().next_back()).unwrap_or(key).clone()
    }
}

/// The environment that one package came from, as far as the corpus tells.
struct Source<'a> {
    known: &'a Known,
    owners: BTreeMap<ComponentKey, String>,
}

impl<'a> Source<'a> {
    fn of(package: &Package, known: &'a Known) -> Self {
        let own = package
            .manifest
            .missing_dependencies
            .iter()
            .filter(|missing| missing.required.key == missing.dependent.key);
        let owner = |provider: &strata_model::dependency::Provider| format!("{provider:?}");
        let owners = own.map(|missing| (missing.required.key.clone(), owner(&missing.provider))).collect();
        Self { known, owners }
    }
}

impl Around for Source<'_> {
    fn find(&self, target: &Target) -> Vec<ComponentKey> {
        if let Some(keys) = self.known.answers.get(target) {
            return keys.iter().cloned().collect();
        }
        let named = self.known.by_convention(target);
        if !named.is_empty() {
            return named;
        }
        // What has a name is taken to be there; an id or a relationship of the platform cannot be told from others.
        match target {
            Target::Component(key) if has_telling_name(&key.component_type) && key.guid().is_none() => {
                vec![key.clone()]
            }
            Target::Component(_) | Target::EntitySet(_) | Target::LookupRelationship(_) | Target::PrimaryColumns(_) => {
                Vec::new()
            }
        }
    }

    fn owner(&self, key: &ComponentKey) -> Option<String> {
        self.owners.get(key).cloned()
    }
}

fn has_telling_name(component_type: &ComponentType) -> bool {
    let is_guid = component_type.row().is_some_and(|row| row.identity == Identity::Guid);
    !is_guid && !component_type.is("entityrelationship")
}

type Pair = (ComponentKey, ComponentKey);

fn predicted(package: &Package, source: &Source<'_>, with_weak: bool) -> BTreeSet<Pair> {
    let mut pairs = BTreeSet::new();
    let needs = needs::of(package, source, &Rules::OURS).into_iter();
    for need in needs.filter(|need| with_weak || !need.is_weak) {
        for required in &need.found {
            for dependent in need.dependents.iter().filter(|dependent| dependent.is_declared) {
                let required = source.known.settled(required);
                let dependent = match &need.required {
                    // The platform keeps the settings of an app as components of their own.
                    Target::Component(key)
                        if key.component_type.is("settingdefinition")
                            && dependent.key.component_type.is("appmodule") =>
                    {
                        let name = format!("{}.{}", dependent.key.as_str(), key.as_str());
                        ComponentKey::new(ComponentType::named("appsetting"), &name)
                    }
                    _ => dependent.key.clone(),
                };
                pairs.insert((required, dependent));
            }
        }
    }
    pairs.retain(|(required, dependent)| required != dependent);
    pairs.into_iter().map(anonymous).collect()
}

/// In packages a default control configuration has no id, in manifests nothing else.
fn anonymous((required, dependent): Pair) -> Pair {
    let config = ComponentType::named("customcontroldefaultconfig");
    match dependent.component_type == config {
        true => (required, ComponentKey::new(config, "any")),
        false => (required, dependent),
    }
}

fn declared(package: &Package, known: &Known) -> BTreeSet<Pair> {
    let missing = package.manifest.missing_dependencies.iter();
    let pairs = missing.map(|missing| (known.settled(&missing.required.key), missing.dependent.key.clone()));
    pairs.filter(|(required, dependent)| required != dependent).map(anonymous).collect()
}

#[derive(Debug, Default, Clone, Copy)]
struct Score {
    hit: usize,
    spurious: usize,
    missed: usize,
    /// Of the missed: what no definition in the package spells out (§7).
    unreadable: usize,
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        1.0
    } else {
        f64::from(u32::try_from(part).expect("small")) / f64::from(u32::try_from(whole).expect("small"))
    }
}

impl Score {
    fn of(package: &Package, predicted: &BTreeSet<Pair>, declared: &BTreeSet<Pair>) -> Self {
        Self {
            hit: predicted.intersection(declared).count(),
            spurious: predicted.difference(declared).count(),
            missed: declared.difference(predicted).count(),
            unreadable: declared.difference(predicted).filter(|pair| is_unreadable(package, pair)).count(),
        }
    }

    fn add(&mut self, other: Self) {
        self.hit += other.hit;
        self.spurious += other.spurious;
        self.missed += other.missed;
        self.unreadable += other.unreadable;
    }

    fn precision(self) -> f64 {
        ratio(self.hit, self.hit + self.spurious)
    }

    fn recall(self) -> f64 {
        ratio(self.hit, self.hit + self.missed)
    }

    fn readable_recall(self) -> f64 {
        ratio(self.hit, self.hit + self.missed - self.unreadable)
    }
}

/// What stands in no definition of the package: differences say what they change, some dependents are not there at
/// all, and why a table needs another one cannot be read anywhere (§7).
fn is_unreadable(package: &Package, (required, dependent): &Pair) -> bool {
    let held = package.components.iter().find(|component| component.key == *dependent);
    let is_table = |key: &ComponentKey| key.component_type.is("entity");
    held.is_none_or(|component| component.presence == Presence::Diff) || is_table(required) && is_table(dependent)
}

#[test]
fn dp12_dp25_r17_real_packages_are_found_to_need_what_they_declare() {
    let Some(packages) = packages() else { return };
    let known = Known::of(packages);
    let (mut total, mut firm) = (Score::default(), Score::default());
    let mut of_mode: BTreeMap<&str, Score> = BTreeMap::new();
    for (path, package) in packages {
        let source = Source::of(package, &known);
        let declared = declared(package, &known);
        let score = Score::of(package, &predicted(package, &source, true), &declared);
        report(path, score);
        total.add(score);
        firm.add(Score::of(package, &predicted(package, &source, false), &declared));
        let mode = match (path.ends_with(".zip"), package.manifest.mode) {
            (true, Mode::Managed) => "managed zips",
            (true, Mode::Unmanaged | Mode::Both) => "unmanaged zips",
            (false, _) => "trees",
        };
        of_mode.entry(mode).or_default().add(score);
    }
    of_mode.iter().for_each(|(mode, score)| report(mode, *score));
    report("all, without what is weak", firm);
    report("all", total);
    // The bar of §6 is 0.896 and 0.752; without what cannot be read, 0.894.
    assert!(total.precision() >= 0.93 && total.recall() >= 0.85, "{total:?}");
    assert!(total.readable_recall() >= 0.94, "{total:?}");
    assert!(firm.precision() >= 0.975, "{firm:?}");
    assert!(of_mode["unmanaged zips"].recall() >= 0.93, "{of_mode:?}");
}

#[expect(clippy::print_stdout, reason = "the figures are what one runs this test for")]
fn report(what: &str, score: Score) {
    if score.hit + score.spurious + score.missed > 0 {
        let Score { hit, spurious, missed, unreadable } = score;
        let (precision, recall) = (score.precision(), score.recall());
        println!(
            "{precision:.3} {recall:.3} {what}: {hit} found, {spurious} more, {missed} not ({unreadable} unreadable)"
        );
    }
}

/// What real managed packages name and neither bring nor declare, and why.
const UNDECLARED: &[(&str, &str, &str)] = &[
    ("AutomotiveSales_0_5", "entity:msauto_businessoperation", FOREIGN_LOOKUP),
    ("AutomotiveSales_0_5", "savedquery:73bc2d9b-4e0e-424c-8839-ed59d6817e3a", VIEW),
    ("AutomotiveSales_0_5", "savedquery:92afd454-0f2e-4397-a1c8-05e37c6ad699", VIEW),
    ("AutomotiveSales_0_5", "savedquery:a2d479c5-53e3-4c69-addd-802327e67a0d", VIEW),
    ("ConnectionRoles_", "connectionrole:df0bf69f-333c-4e9b-86e7-4ff737bc9343", PLATFORM_ROLE),
    ("ConnectionRoles_", "entity:mshied_course", ROLE_TABLE),
    ("ConnectionRoles_", "entity:mshied_coursesection", ROLE_TABLE),
    ("HigherEducationAccelerator_1_0_1_6", "savedquery:6692d3a5-268d-4392-9752-2acf707062bb", VIEW),
];
const FOREIGN_LOOKUP: &str = "the lookup sits on a table of another solution, which declares what it leads to";
const VIEW: &str = "a view of a first-party application or of the platform: its id tells nobody apart";
const PLATFORM_ROLE: &str = "a connection role that every environment has";
const ROLE_TABLE: &str = "tables that may take a connection role are never declared";

#[test]
fn dp22_what_managed_packages_name_they_bring_or_declare() {
    let Some(packages) = packages() else { return };
    let (mut unexplained, mut explained) = (Vec::new(), BTreeSet::new());
    for (path, package) in packages.iter().filter(|(path, package)| path.ends_with(".zip") && package.is_managed()) {
        for need in needs::undeclared(package, &Nothing, &Rules::OURS).into_iter().filter(|need| !need.is_weak) {
            let name = need.required.to_string();
            let first = &need.dependents[0];
            match UNDECLARED.iter().position(|(of, component, _)| path.contains(of) && *component == name) {
                Some(index) => {
                    explained.insert(index);
                }
                None => unexplained.push(format!("{path}: {name}, by {} ({})", first.key, first.reference.place)),
            }
        }
    }
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
    assert_eq!(explained.len(), UNDECLARED.len(), "an explanation explains nothing any more");
}

#[test]
fn dp12_no_reference_misses_a_component_by_its_spelling() {
    let Some(packages) = packages() else { return };
    let mut missed = BTreeSet::new();
    for (path, package) in packages {
        let packaged = Packaged::new(package);
        let mut names: BTreeSet<Target> = BTreeSet::new();
        for component in &package.components {
            names.insert(Target::Component(component.key.clone()));
            names.extend(packaged.answers(component));
        }
        let spelled: BTreeMap<_, _> =
            names.iter().flat_map(|name| spellings(name).into_iter().map(move |spelling| (spelling, name))).collect();
        for component in &package.components {
            for Reference { target, .. } in packaged.mentions(component) {
                let is_known = names.contains(&target) || !of_system(&target).is_empty() || is_of_catalogue(&target);
                let other = spellings(&target).into_iter().find_map(|spelling| spelled.get(&spelling));
                if let Some(other) = other.filter(|_| !is_known) {
                    missed.insert(format!("{path}: {} names {target}, there is {other}", component.key));
                }
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.into_iter().collect::<Vec<_>>().join("\n"));
}

fn is_of_catalogue(target: &Target) -> bool {
    matches!(target, Target::Component(key) if catalogue::contains(key, &Rules::OURS))
}

/// A name without what may stand around it: braces, paths, directives, the prefix of a table; a set and its table
/// are of one kind.
fn spellings(target: &Target) -> Vec<(String, String)> {
    let bare = |name: &str| {
        let name = name.to_lowercase().replace(['{', '}', ' ', '\\'], "");
        let name = name.rsplit(':').next().unwrap_or_default().trim_matches('/').to_owned();
        name.trim_start_matches("webresources/").to_owned()
    };
    match target {
        Target::Component(key) => vec![(key.component_type.name().to_owned(), bare(key.as_str()))],
        Target::EntitySet(name) => vec![("entity".to_owned(), bare(name))],
        Target::LookupRelationship(_) | Target::PrimaryColumns(_) => Vec::new(),
    }
    .into_iter()
    .flat_map(|(kind, name)| {
        let short =
            name.split_once('_').filter(|_| kind == "entity").map(|(_, short)| (kind.clone(), short.to_owned()));
        [Some((kind, name)), short].into_iter().flatten()
    })
    .collect()
}
