//! The manifest of an export: what the environment knows of the solution, written as the package that it came in wrote
//! it (package-format §2).

use std::collections::BTreeMap;

use strata_model::component::{ComponentKey, Identity};
use strata_model::environment::{Behavior, ComponentState, Snapshot};
use strata_model::package::{Manifest, Mode, PackagedPublisher, RootComponent};
use strata_model::publisher::Details;
use strata_model::solution::{Solution, SolutionKind};
use strata_model::version::Version;

/// Returns the manifest of a solution; `before` is the one that its package had. Missing dependencies are the caller's.
pub fn of(
    seen: &Snapshot,
    solution: &Solution,
    before: Option<&Manifest>,
    managed: bool,
    version: Option<&Version>,
) -> Manifest {
    let settings = &seen.environment.settings;
    let base_language = settings.languages.first().copied().unwrap_or(1033);
    let publisher = seen.publisher(solution.publisher).map(|publisher| PackagedPublisher {
        unique_name: publisher.unique_name.clone(),
        friendly_name: publisher.friendly_name.clone(),
        prefix: publisher.prefix.clone(),
        option_value_prefix: publisher.option_value_prefix,
        details: publisher.details.clone(),
    });
    let known = before.map(|before| &before.publisher);
    // A publisher that was there before the package keeps its own labels here; the package's say what it came with.
    let is_known = known
        .zip(publisher.as_ref())
        .is_some_and(|(known, own)| known.unique_name.eq_ignore_ascii_case(&own.unique_name));
    let publisher = match (known, publisher) {
        (Some(known), Some(own)) if is_known => Some(with_details(known, own.details)),
        (known, own) => own.or_else(|| known.cloned()),
    };
    let publisher = publisher.map(|publisher| with_details(&publisher, Details::default()));
    let parent = solution.parent.filter(|_| solution.kind == SolutionKind::Patch).and_then(|no| seen.solution(no));
    Manifest {
        unique_name: solution.unique_name.clone(),
        friendly_name: solution.friendly_name.clone(),
        version: version.unwrap_or(&solution.version).clone(),
        mode: if managed { Mode::Managed } else { Mode::Unmanaged },
        publisher: publisher.unwrap_or_else(|| PackagedPublisher {
            unique_name: solution.unique_name.clone(),
            friendly_name: solution.unique_name.clone(),
            prefix: "new".to_owned(),
            option_value_prefix: 10_000,
            details: Details::default(),
        }),
        root_components: roots(seen, solution, before),
        missing_dependencies: Vec::new(),
        package_version: before.map_or_else(|| Version::parse("9.2").ok(), |before| before.package_version.clone()),
        build: before.map_or_else(|| Some(settings.platform_version.clone()), |before| before.build.clone()),
        base_language: before.map_or(base_language, |before| before.base_language),
        parent_solution: match before.and_then(|before| before.parent_solution.clone()) {
            Some(declared) => Some(declared),
            None => parent.map(|parent| (parent.unique_name.clone(), Some(parent.version.clone()))),
        },
        languages: settings.languages.clone(),
    }
}

/// Lays details over those of a package; what is empty says nothing.
fn with_details(known: &PackagedPublisher, own: Details) -> PackagedPublisher {
    let mut details = known.details.clone();
    details.extend(own);
    details.retain(|_, text| !text.is_empty());
    PackagedPublisher { details, ..known.clone() }
}

/// Lists the roots by type number, those that the package had in its order and spelling.
fn roots(seen: &Snapshot, solution: &Solution, before: Option<&Manifest>) -> Vec<RootComponent> {
    let known: BTreeMap<&ComponentKey, (usize, &RootComponent)> = before
        .into_iter()
        .flat_map(|before| &before.root_components)
        .enumerate()
        .map(|(at, root)| (&root.key, (at, root)))
        .collect();
    let mut roots = Vec::new();
    for state in seen.components.values() {
        let member = state.members.iter().find(|member| member.solution == solution.no);
        let Some(behavior) = member.and_then(|member| member.behavior) else { continue };
        let key = &state.component.key;
        let number = key.component_type.number().map_or(u32::MAX, u32::from);
        match known.get(key) {
            Some((at, root)) => roots.push(((number, *at), RootComponent { behavior, ..(*root).clone() })),
            None if is_listed(key) => roots.push(((number, usize::MAX), root(state, behavior))),
            None => {}
        }
    }
    roots.sort_by(|(left, left_root), (right, right_root)| {
        left.cmp(right).then_with(|| left_root.key.cmp(&right_root.key))
    });
    roots.into_iter().map(|(_, root)| root).collect()
}

/// Rows of newer tables go without a root (package-format §2.3).
fn is_listed(key: &ComponentKey) -> bool {
    let is_row = matches!(key.component_type.name(), "environmentvariabledefinition" | "environmentvariablevalue");
    key.component_type.number().is_some() && !is_row
}

fn root(state: &ComponentState, behavior: Behavior) -> RootComponent {
    let component = &state.component;
    let key = component.key.clone();
    let by_guid = key.component_type.row().is_some_and(|row| row.identity == Identity::Guid);
    let (id, schema_name) = match key.component_type.name() {
        "entity" | "optionset" => (None, Some(key.as_str().to_owned())),
        "sitemap" if key.as_str() == "sitemap" => (None, None),
        "ribboncustomization" if key.as_str() == "application" => (None, Some(":RibbonDiffXml".to_owned())),
        "ribboncustomization" => (None, Some(format!("{}:RibbonDiffXml", component.name))),
        "attributeimageconfig" => (None, Some(component.name.replacen('.', " ", 1))),
        "pluginassembly" | "connector" => (component.id, Some(component.name.clone())),
        _ if by_guid => (key.guid().or(component.id), None),
        _ => (None, Some(component.name.clone())),
    };
    RootComponent { key, id, schema_name, behavior }
}
