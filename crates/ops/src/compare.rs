//! Compares packages, folders and solutions of environments (`diff`).

use std::path::{Path, PathBuf};

use strata_engine::compare::contents::{self, Content, Value};
use strata_engine::compare::{self, ChangeKind, Comparison, ComponentChange, PropertyChange};
use strata_engine::export::ExportOptions;
use strata_model::code::ErrorCode;
use strata_model::component::{ComponentKey, ComponentRef, ComponentType, TYPES};
use strata_model::id::{Guid, Operation};
use strata_model::package::{Mode, Package, PackagedComponent};
use strata_package::Limits;

use crate::view::{ComponentContents, ContentValue, DiffChange, DiffProperty, DiffSide, DiffSummary, DiffView};
use crate::{Location, OpsError, PackageSource, Workspace, export, read_package};

/// What to look at.
#[derive(Debug, Clone, Copy)]
pub struct DiffOptions {
    /// What differs only because one package is managed and the other is not, too.
    pub sees_kind: bool,
    /// Environments as they were after this operation.
    pub at: Option<Operation>,
}

/// Compares two sides: each a package, a folder, or `env:NAME/SOLUTION`, exported as the other side is.
pub fn compare(location: &Location, before: &str, after: &str, options: DiffOptions) -> Result<DiffView, OpsError> {
    let mut notes = Vec::new();
    let (old, new) = match (of_environment(before), of_environment(after)) {
        (None, None) => (read_package(Path::new(before))?, read_package(Path::new(after))?),
        (None, Some(named)) => {
            let old = read_package(Path::new(before))?;
            let new = exported(location, named, old.is_managed(), options.at, &mut notes)?;
            (old, new)
        }
        (Some(named), None) => {
            let new = read_package(Path::new(after))?;
            (exported(location, named, new.is_managed(), options.at, &mut notes)?, new)
        }
        (Some(from), Some(to)) => {
            let mut export = |named| exported(location, named, false, options.at, &mut notes);
            (export(from)?, export(to)?)
        }
    };
    let comparison = compare::compare(&old, &new);
    Ok(DiffView { notes, ..view(&comparison, (before, &old), (after, &new), options) })
}

/// One side of a comparison over the Web API.
#[derive(Debug, Clone)]
pub enum Side {
    /// It was sent.
    Sent(PackageSource),
    Solution {
        environment: String,
        solution: String,
    },
}

/// Compares two sides, each a package that was sent or a solution of an environment, exported as the other side is.
pub fn compare_sides(
    location: &Location,
    before: &Side,
    after: &Side,
    options: DiffOptions,
) -> Result<DiffView, OpsError> {
    let mut notes = Vec::new();
    let sent = |side: &Side| match side {
        Side::Sent(source) => source.read().map(Some),
        Side::Solution { .. } => Ok(None),
    };
    let (old, new) = (sent(before)?, sent(after)?);
    let is_managed = old.as_ref().or(new.as_ref()).is_some_and(Package::is_managed);
    let mut whole = |side: &Side, package: Option<Package>| match (side, package) {
        (_, Some(package)) => Ok(package),
        (Side::Solution { environment, solution }, None) => {
            exported(location, &format!("{environment}/{solution}"), is_managed, options.at, &mut notes)
        }
        (Side::Sent(source), None) => source.read(),
    };
    let (old, new) = (whole(before, old)?, whole(after, new)?);
    let comparison = compare::compare(&old, &new);
    let name = |side: &Side| match side {
        Side::Sent(source) => source.path().display().to_string(),
        Side::Solution { environment, solution } => format!("{OF_ENVIRONMENT}{environment}/{solution}"),
    };
    Ok(DiffView { notes, ..view(&comparison, (&name(before), &old), (&name(after), &new), options) })
}

/// What stands before the name of an environment's solution where a package is expected.
const OF_ENVIRONMENT: &str = "env:";

/// Returns the environment and solution that a side names; a file of that name goes before it.
pub fn of_environment(side: &str) -> Option<&str> {
    side.strip_prefix(OF_ENVIRONMENT).filter(|_| !Path::new(side).exists())
}

/// Exports a solution of an environment, and notes what is to be said of that.
fn exported(
    location: &Location,
    named: &str,
    managed: bool,
    at: Option<Operation>,
    notes: &mut Vec<String>,
) -> Result<Package, OpsError> {
    let Some((environment, solution)) = named.split_once('/').filter(|(of, name)| !of.is_empty() && !name.is_empty())
    else {
        let message = format!("`{OF_ENVIRONMENT}{named}` names no solution: env:NAME/SOLUTION is expected");
        return Err(OpsError::request(ErrorCode::NOT_FOUND, message));
    };
    let location = Location { environment: Some(environment.to_owned()), ..location.clone() };
    let workspace = Workspace::open(&location)?;
    let options = ExportOptions { solution: solution.to_owned(), managed, version: None, only: None };
    let exports = export::to_compare(&workspace, at, &options)?;
    let bytes = strata_package::write::zip(&exports.files);
    notes.extend(exports.findings.into_iter().map(|finding| finding.message));
    strata_package::read(bytes, &Limits::default())
        .map_err(|source| OpsError::Package { path: PathBuf::from(named), source: Box::new(source) })
}

/// Returns everything a package says, component by component.
pub fn contents(path: &Path) -> Result<Vec<ComponentContents>, OpsError> {
    let package = read_package(path)?;
    let mut all = vec![contents_of(named("solution", &package.manifest.unique_name), contents::of_solution(&package))];
    for component in &package.components {
        let PackagedComponent { key, name, id, display_name, .. } = component;
        let reference = ComponentRef::new(nowhere(), key, name, *id, display_name.as_deref());
        all.push(contents_of(reference, contents::of_component(&package, component)));
    }
    for file in contents::of_files(&package) {
        let name = file.path.trim_start_matches("file ").to_owned();
        all.push(contents_of(named("file", &name), vec![file]));
    }
    Ok(all)
}

fn contents_of(component: ComponentRef, contents: Vec<Content>) -> ComponentContents {
    let said = |content: Content| match content.value {
        Value::Line(value) => ContentValue { path: content.path, value, is_text: false },
        Value::Lines(value) => ContentValue { path: content.path, value, is_text: true },
    };
    ComponentContents { component, contents: contents.into_iter().map(said).collect() }
}

fn view(
    comparison: &Comparison<'_>,
    (before, old): (&str, &Package),
    (after, new): (&str, &Package),
    options: DiffOptions,
) -> DiffView {
    let mut view = DiffView {
        before: side(before, old),
        after: side(after, new),
        notes: Vec::new(),
        summary: DiffSummary { unchanged: comparison.unchanged, ..DiffSummary::default() },
        changes: Vec::new(),
    };
    let properties = listed(&comparison.solution, options);
    if !comparison.solution.is_empty() {
        let component = named("solution", &new.manifest.unique_name);
        view.push(DiffChange::new(ChangeKind::Changed, component, properties), options.sees_kind, None);
    }
    for change in &comparison.components {
        let Some((component, table)) = component_of(change) else { continue };
        let mut said = DiffChange::new(change.kind, component, listed(&change.properties, options));
        said.table = table;
        said.before_name = former_name(change);
        view.push(said, options.sees_kind, change.by_kind);
    }
    for file in &comparison.files {
        let properties = listed(&file.properties, options);
        view.push(DiffChange::new(file.kind, named("file", &file.path), properties), options.sees_kind, None);
    }
    view
}

impl DiffView {
    /// Adds a change, or counts what only the kind of the packages explains.
    fn push(&mut self, mut change: DiffChange, sees_kind: bool, by_kind: Option<&'static str>) {
        let is_whole = matches!(change.change, "added" | "removed" | "renamed");
        let says_nothing = change.properties.is_empty() && !is_whole;
        change.by_kind = by_kind;
        if (by_kind.is_some() && !sees_kind) || says_nothing {
            self.summary.by_kind += 1;
            return;
        }
        match change.change {
            "added" => self.summary.added += 1,
            "removed" => self.summary.removed += 1,
            _ => self.summary.changed += 1,
        }
        self.summary.renamed += usize::from(change.change == "renamed");
        self.changes.push(change);
    }
}

fn listed(properties: &[PropertyChange], options: DiffOptions) -> Vec<DiffProperty> {
    let is_listed = |property: &&PropertyChange| options.sees_kind || !property.by_kind;
    properties.iter().filter(is_listed).map(property).collect()
}

fn property(property: &PropertyChange) -> DiffProperty {
    DiffProperty {
        path: property.path.clone(),
        before: property.before.clone(),
        after: property.after.clone(),
        place: property.place.clone(),
        whole: property.whole.as_ref().map(|whole| whole.path.clone()),
        whole_place: property.whole.as_ref().map(|whole| whole.place.clone()).unwrap_or_default(),
        lines: property.lines.clone(),
        note: property.note.clone(),
    }
}

fn side(source: &str, package: &Package) -> DiffSide {
    DiffSide {
        source: source.to_owned(),
        solution: package.manifest.unique_name.clone(),
        version: package.manifest.version.to_string(),
        is_managed: package.manifest.mode == Mode::Managed,
        container: package.container,
    }
}

fn component_of(change: &ComponentChange<'_>) -> Option<(ComponentRef, Option<String>)> {
    let component = change.component()?;
    let reference =
        ComponentRef::new(nowhere(), &component.key, &component.name, component.id, component.display_name.as_deref());
    let table = ComponentType::named("entity");
    let parent = component.parent.clone().or_else(|| component.key.parent());
    let of_table = parent.filter(|parent| parent.component_type == table).map(|parent| parent.as_str().to_owned());
    let own = (component.key.component_type == table).then(|| component.key.as_str().to_owned());
    Some((reference, own.or(of_table)))
}

/// The name that people knew a renamed component by.
fn former_name(change: &ComponentChange<'_>) -> Option<String> {
    let (ChangeKind::Renamed, Some(before)) = (change.kind, change.before) else { return None };
    match before.key.guid() {
        Some(_) => before.display_name.clone(),
        None => Some(before.name.clone()),
    }
}

/// Names something that is no component: the solution itself, or a file of none.
fn named(type_name: &str, name: &str) -> ComponentRef {
    debug_assert!(TYPES.iter().all(|row| row.name != type_name));
    let key = ComponentKey::new(ComponentType::named(type_name), name);
    ComponentRef::new(nowhere(), &key, name, None, None)
}

fn nowhere() -> Guid {
    Guid::of_environment("")
}
