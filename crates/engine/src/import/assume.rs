//! Placeholders for what a package needs and the target lacks (`--assume-missing`, R4).
//!
//! For each source solution that the declared missing dependencies name, a managed placeholder of that name
//! and version holds the named components; what was unmanaged at the source gets an assumed Active layer; bases
//! that nobody declares (roots without definition, unmodified shells, diff forms) belong to a placeholder of
//! their own. An assumed layer says nothing: its definition is one empty element.

use std::collections::BTreeMap;

use strata_model::component::{ComponentKey, ComponentRef};
use strata_model::dependency::Provider;
use strata_model::environment::{Behavior, Membership};
use strata_model::id::{Digest, Guid, PublisherNo, SolutionNo};
use strata_model::layer::{Layer, LayerState};
use strata_model::plan::{Action, Body, Change, Edit, Effect, Finding, FindingKind};
use strata_model::publisher::{Details, Publisher};
use strata_model::solution::{Solution, SolutionKind};
use strata_model::version::Version;

use super::{ASSUMED_PUBLISHER, Import, NewComponent, take};

/// The definition of an assumed layer.
const ASSUMED_DEFINITION: &[u8] = b"<assumed />";

/// The placeholder for bases that no declared dependency speaks of.
pub(crate) const BASE_PLACEHOLDER: &str = "AssumedBase";

/// The placeholder for components that were unmanaged at the source.
const ACTIVE_PLACEHOLDER: &str = "AssumedActive";

/// Where an assumed component is taken to come from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    Solution(String),
    Active,
    Base,
}

/// What has to be assumed, by source.
#[derive(Debug, Default)]
pub(super) struct Assumptions {
    by_source: BTreeMap<Source, BTreeMap<ComponentKey, Assumed>>,
}

#[derive(Debug)]
struct Assumed {
    name: String,
    id: Option<Guid>,
    display_name: Option<String>,
}

impl Source {
    pub(super) fn of(provider: &Provider) -> Self {
        match provider {
            Provider::Solution { unique_name, .. } => Self::Solution(unique_name.clone()),
            Provider::Active => Self::Active,
            Provider::System | Provider::Unknown => Self::Base,
        }
    }
}

impl Assumptions {
    /// Adds a component once, whichever check asks for it first.
    pub(super) fn add(
        &mut self,
        source: Source,
        key: &ComponentKey,
        name: String,
        id: Option<Guid>,
        display_name: Option<String>,
    ) {
        if !self.by_source.values().any(|components| components.contains_key(key)) {
            let assumed = Assumed { name, id, display_name };
            self.by_source.entry(source).or_default().insert(key.clone(), assumed);
        }
    }
}

/// Tells whether a layer was made up by [`Assumptions`].
pub fn is_assumed_layer(layer: &Layer) -> bool {
    layer.digest == assumed_digest()
}

/// Returns the digest of every assumed layer.
pub(super) fn assumed_digest() -> Digest {
    static DIGEST: std::sync::OnceLock<Digest> = std::sync::OnceLock::new();
    *DIGEST.get_or_init(|| Digest::of(ASSUMED_DEFINITION))
}

impl Import<'_> {
    pub(super) fn make_placeholders(&mut self, assumptions: Assumptions) {
        if assumptions.by_source.is_empty() {
            return;
        }
        let body = Body { bytes: ASSUMED_DEFINITION.into(), ..Body::default() };
        self.plan.definitions.insert(assumed_digest(), body);
        let publisher = self.assumed_publisher();
        for (source, components) in assumptions.by_source {
            let solution = self.placeholder(&source, publisher);
            self.assumes.insert(solution);
            self.place(&source, solution, components);
        }
    }

    fn assumed_publisher(&mut self) -> PublisherNo {
        let known = self.snapshot.publishers.iter().find(|publisher| publisher.unique_name == ASSUMED_PUBLISHER);
        if let Some(publisher) = known {
            return publisher.no;
        }
        let no = PublisherNo(take(&mut self.next_publisher.0));
        self.plan.edits.push(Edit::PublisherOpen(Publisher {
            no,
            id: Guid::minted(self.environment(), "publisher", ASSUMED_PUBLISHER),
            unique_name: ASSUMED_PUBLISHER.to_owned(),
            friendly_name: "Assumed".to_owned(),
            prefix: ASSUMED_PUBLISHER.to_owned(),
            option_value_prefix: 10_000,
            details: Details::default(),
        }));
        no
    }

    /// Returns the placeholder solution of a source, made when it is not there yet.
    fn placeholder(&mut self, source: &Source, publisher: PublisherNo) -> SolutionNo {
        let name = match source {
            Source::Solution(name) => name.as_str(),
            Source::Active => ACTIVE_PLACEHOLDER,
            Source::Base => BASE_PLACEHOLDER,
        };
        let is_own = self.package.manifest.unique_name.eq_ignore_ascii_case(name);
        match self.snapshot.solution_named(name) {
            Some(solution) if solution.assumed => return solution.no,
            // The real solution is there but lacks the component: nothing is put into its name.
            Some(_) => return self.placeholder(&Source::Base, publisher),
            None if is_own => return self.placeholder(&Source::Base, publisher),
            None => {}
        }
        if let Some(no) = self.placeholders.get(name) {
            return *no;
        }
        let no = SolutionNo(take(&mut self.next_solution.0));
        self.placeholders.insert(name.to_owned(), no);
        self.plan.edits.push(Edit::SolutionOpen(Solution {
            no,
            id: Guid::minted(self.environment(), "solution", &name.to_lowercase()),
            unique_name: name.to_owned(),
            friendly_name: name.to_owned(),
            version: self.assumed_version(name),
            is_managed: *source != Source::Active,
            publisher,
            kind: SolutionKind::Base,
            parent: None,
            assumed: true,
            assumes: Vec::new(),
            residue: None,
        }));
        no
    }

    /// Returns the highest version that the package asks of a solution.
    fn assumed_version(&self, name: &str) -> Version {
        let asked = self.package.manifest.missing_dependencies.iter().filter_map(|missing| match &missing.provider {
            Provider::Solution { unique_name, version } if unique_name.eq_ignore_ascii_case(name) => version.clone(),
            Provider::Solution { .. } | Provider::System | Provider::Active | Provider::Unknown => None,
        });
        asked.max().unwrap_or_else(|| Version::parse("1.0.0.0").expect("the constant is a version"))
    }

    fn place(&mut self, source: &Source, solution: SolutionNo, components: BTreeMap<ComponentKey, Assumed>) {
        let environment = self.environment();
        let mut related = Vec::with_capacity(components.len());
        let is_active = *source == Source::Active;
        for (key, Assumed { name, id, display_name }) in components {
            let reference = ComponentRef::new(environment, &key, &name, id, display_name.as_deref());
            let state = self.state(&key);
            // Below whatever is there: a difference needs a base although its own solution has a layer.
            let lowest = state.and_then(|state| state.managed().map(|layer| layer.slot).min());
            let slot = lowest.map_or(1, |lowest| lowest - 1);
            let component = match self.met_as(&key) {
                // The package knows more: what table it stands on, for one.
                Some(met) => self.packaged_number(&met),
                None => {
                    let parent = self.declared_table(&key);
                    self.number(&key, state, || NewComponent { name, id, category: None, parent })
                }
            };
            self.plan.edits.push(Edit::LayerOpen(Layer {
                component,
                solution: if is_active { SolutionNo::ACTIVE } else { solution },
                slot: if is_active { 0 } else { slot },
                state: LayerState::Published,
                digest: assumed_digest(),
                display_name,
                is_diff: false,
                from: strata_model::id::Operation::START,
            }));
            let behavior = Some(Behavior::IncludeAsShellOnly);
            self.plan.edits.push(Edit::MemberOpen(Membership { component, solution, behavior }));
            self.placed.insert(key.clone(), solution);
            let change = Change {
                action: Action::Create,
                component: reference.clone(),
                layer: self.placeholder_name(source),
                effect: Effect::Visible,
                masked_by: Vec::new(),
                properties: Vec::new(),
                rows_lost: 0,
            };
            self.changes.push((key, change));
            related.push(reference);
        }
        let message = match source {
            Source::Solution(name) => format!("assumed: solution {name}, with what the package needs of it"),
            Source::Active => "assumed: components that were unmanaged where the package came from".to_owned(),
            Source::Base => "assumed: empty bases for what the package only refers to or changes".to_owned(),
        };
        self.plan.findings.push(Finding::info(FindingKind::Assumed, "R4", message).related(related));
    }

    /// Returns the table of a form, view or chart, as the declared dependency on it says.
    fn declared_table(&self, key: &ComponentKey) -> Option<ComponentKey> {
        if !["systemform", "savedquery", "savedqueryvisualization"].contains(&key.component_type.name()) {
            return None;
        }
        let declared = self.package.manifest.missing_dependencies.iter().map(|missing| &missing.required);
        let table = declared.filter(|side| side.key == *key).find_map(|side| side.parent_schema_name.as_deref())?;
        Some(crate::loss::table_key(table))
    }

    fn placeholder_name(&self, source: &Source) -> String {
        match source {
            Source::Solution(name) => name.clone(),
            Source::Active => "Active".to_owned(),
            Source::Base => BASE_PLACEHOLDER.to_owned(),
        }
    }
}
