//! Texts for translators: the labels of a solution as a workbook in a zip, and back (ExportTranslation, ImportTranslation).
//!
//! A row is a label: the table it belongs to, the id of what bears it and the name of its place, then a column for each
//! language. Coming back, a row is found by id and place among the labels that are there now. A text in another language
//! than the base goes into the Active layer, as an edit by hand does; all of them, or none.

mod place;
pub(crate) mod sheets;

use std::collections::{BTreeMap, BTreeSet};

use strata_engine::active::PropertyEdit;
use strata_engine::active::labels::{self, Label};
use strata_model::code::ErrorCode;
use strata_model::component::{ComponentKey, ComponentRef, ComponentType};
use strata_model::environment::{ComponentState, Environment, Footprint, Snapshot};
use strata_model::history::JobComponent;
use strata_model::id::Guid;
use strata_model::plan::{Finding, FindingKind};
use strata_model::rules::Rules;
use strata_model::solution::RESERVED_NAMES;
use strata_package::Limits;
use strata_store::StoreBodies;

use crate::sets::types;
use crate::{OpsError, Request, Workspace, components, solutions, workbook};
use place::Place;
use sheets::{LABELS, Row, STRINGS, Sheets};

/// The file of the zip that holds the workbook.
const FILE: &str = "CrmTranslations.xml";
const CONTENT_TYPES: &str = "[Content_Types].xml";
/// Longer texts are refused, and the whole file with them.
const TEXT_MAX: usize = 500;

/// Texts that are to be written.
#[derive(Debug, Clone)]
pub struct Translation {
    /// The solution that the workbook was made of.
    pub(crate) solution: Option<String>,
    pub(crate) edits: Vec<(ComponentKey, Vec<PropertyEdit>)>,
    /// What the import job has a result for.
    pub(crate) components: Vec<JobComponent>,
    /// What is to be said of rows that have no place.
    pub(crate) findings: Vec<Finding>,
    pub(crate) job: Guid,
}

/// Makes the zip of an unmanaged solution's labels.
pub fn export(workspace: &Workspace, environment: &Environment, solution: &str) -> Result<Vec<u8>, OpsError> {
    let store = workspace.store();
    let headers = store.snapshot(environment, None, &Footprint::default())?;
    if RESERVED_NAMES.iter().any(|own| own.eq_ignore_ascii_case(solution)) {
        let message = format!("`{solution}` is a solution of the platform's own: it is not exported");
        return Err(OpsError::request(ErrorCode::EXPORT_DEFAULT, message));
    }
    let found = solutions::find(&headers, solution)?;
    if found.is_managed {
        let message = format!("{} is managed: texts are those of unmanaged solutions", found.unique_name);
        return Err(OpsError::request(ErrorCode::EXPORT_MANAGED, message));
    }
    let seen = store.snapshot(environment, None, &Footprint { solutions: vec![found.no], ..Footprint::default() })?;
    let places = placed(workspace, &seen, |state| state.is_member_of(found.no))?;
    let settings = &environment.settings;
    let about = [
        ("Organization Name:", settings.display_name.clone()),
        ("Solution Name:", found.unique_name.clone()),
        ("Solution Version:", found.version.to_string()),
        ("Base Language:", base_language(environment).to_string()),
    ];
    let rows = places.iter().map(|(place, _, label)| {
        let texts = settings.languages.iter().map(|language| label.texts.get(language).cloned().unwrap_or_default());
        place.cells().into_iter().chain(texts).collect()
    });
    let text = workbook::translations(&about, &settings.languages, rows.collect());
    Ok(strata_package::write::zip(&[(FILE, text.into_bytes())]))
}

fn base_language(environment: &Environment) -> u32 {
    environment.settings.languages.first().copied().unwrap_or(1033)
}

/// Lists the labels of components, each with its place.
fn placed(
    workspace: &Workspace,
    seen: &Snapshot,
    is_wanted: impl Fn(&ComponentState) -> bool,
) -> Result<Vec<(Place, ComponentKey, Label)>, OpsError> {
    let bodies = StoreBodies::new(workspace.store());
    let mut places = Vec::new();
    for state in seen.components.values().filter(|state| is_wanted(state) && !state.layers.is_empty()) {
        let key = &state.component.key;
        let id = component_ref(seen, state).id;
        let mut taken = BTreeSet::new();
        for label in labels::of(seen, key, &Rules::OURS, &bodies) {
            let mut place = Place::of(&state.component, id, &label);
            if !taken.insert(place.clone()) {
                place = place.told_apart(id, &label);
            }
            places.push((place, key.clone(), label));
        }
    }
    bodies.take_error().map_or(Ok(places), |error| Err(error.into()))
}

fn component_ref(seen: &Snapshot, state: &ComponentState) -> ComponentRef {
    components::refer(seen.environment.id, seen, &state.component.key)
}

/// Reads a zip of texts, and says what has to be written for them to be there.
pub fn request(workspace: &Workspace, environment: &Environment, zip: &[u8], job: Guid) -> Result<Request, OpsError> {
    let sheets = Sheets::read(&workbook_of(zip)?)?;
    let store = workspace.store();
    let headers = store.snapshot(environment, None, &Footprint::default())?;
    let solution = sheets.solution.as_deref().and_then(|name| headers.solution_named(name));
    let seen = store.snapshot(environment, None, &footprint(&sheets))?;
    let places = placed(workspace, &seen, |_| true)?;
    let places = places.into_iter().map(|(place, key, label)| ((place.object, place.column()), (key, label))).collect();
    let reading = Reading {
        seen: &seen,
        environment,
        places,
        translation: Translation {
            solution: solution.map(|solution| solution.unique_name.clone()),
            edits: Vec::new(),
            components: Vec::new(),
            findings: Vec::new(),
            job,
        },
    };
    Ok(Request::Translate(Box::new(reading.read(&sheets)?)))
}

/// The tables that rows name, with their parts, and the components of the types that they name.
fn footprint(sheets: &Sheets) -> Footprint {
    let named: BTreeSet<String> = sheets.labels.iter().map(|row| row.entity.to_lowercase()).collect();
    Footprint {
        keys: named.iter().map(|name| ComponentKey::new(ComponentType::named("entity"), name)).collect(),
        types: named.iter().map(|name| types::of_layer_name(name)).filter(|own| !own.is("attribute")).collect(),
        children_of: named.into_iter().collect(),
        ..Footprint::default()
    }
}

fn workbook_of(zip: &[u8]) -> Result<Vec<u8>, OpsError> {
    let limits = Limits::default();
    let bad = |message: String| OpsError::request(ErrorCode::TRANSLATIONS_BAD_ZIP, message);
    if !zip.starts_with(b"PK") {
        return Err(bad("a zip with texts is expected".to_owned()));
    }
    let missing = |name: &str| bad(format!("the zip holds no {name} that can be read"));
    strata_package::peek_file(zip, CONTENT_TYPES, &limits).ok_or_else(|| missing(CONTENT_TYPES))?;
    strata_package::peek_file(zip, FILE, &limits).ok_or_else(|| missing(FILE))
}

/// Goes over the rows.
struct Reading<'a> {
    seen: &'a Snapshot,
    environment: &'a Environment,
    /// By the id of what bears the label, and the folded name of its place.
    places: BTreeMap<(Guid, String), (ComponentKey, Label)>,
    translation: Translation,
}

impl Reading<'_> {
    fn read(mut self, sheets: &Sheets) -> Result<Translation, OpsError> {
        self.refuse_long(sheets)?;
        let languages = self.languages(sheets);
        let mut edits: BTreeMap<ComponentKey, Vec<PropertyEdit>> = BTreeMap::new();
        let mut unknown = BTreeMap::new();
        let mut base_changes = 0;
        for row in &sheets.labels {
            let found = row.object.and_then(|object| self.places.get(&(object, row.column.to_lowercase())));
            let Some((key, label)) = found else {
                unknown.entry((row.object, row.entity.as_str())).or_insert(row);
                continue;
            };
            let own = edits.entry(key.clone()).or_default();
            for (language, text) in row.texts.iter().filter(|(_, text)| !text.is_empty()) {
                if label.texts.get(language) == Some(text) || !languages.contains(language) {
                    continue;
                }
                if *language == base_language(self.environment) {
                    base_changes += 1;
                    continue;
                }
                own.push(label.edit(*language, text));
            }
        }
        unknown.into_values().for_each(|row| self.warn_of_unknown(row));
        self.warn_of_base(base_changes);
        if sheets.strings > 0 {
            self.warn(format!(
                "sheet {STRINGS}: {} rows are left out, since no display strings are kept",
                sheets.strings
            ));
        }
        self.translation.components.extend(edits.keys().filter_map(|key| job_component(self.seen, key)));
        self.translation.edits = edits.into_iter().filter(|(_, edits)| !edits.is_empty()).collect();
        Ok(self.translation)
    }

    /// Returns the languages that are enabled; the others are not looked at (L70).
    fn languages(&mut self, sheets: &Sheets) -> Vec<u32> {
        let enabled = &self.environment.settings.languages;
        let (known, missing): (Vec<u32>, Vec<u32>) =
            sheets.languages.iter().copied().partition(|language| enabled.contains(language));
        if !missing.is_empty() {
            let missing: Vec<_> = missing.iter().map(u32::to_string).collect();
            let message = format!("texts in languages that are not enabled are left out: {}", missing.join(", "));
            let finding = Finding::warning(FindingKind::Component, Some(ErrorCode::LANGUAGES_IGNORED), "L70", message);
            self.translation.findings.push(finding);
        }
        known
    }

    fn refuse_long(&self, sheets: &Sheets) -> Result<(), OpsError> {
        for row in &sheets.labels {
            let long = row.texts.iter().find(|(_, text)| text.chars().count() > TEXT_MAX);
            if let Some((language, text)) = long {
                let message = format!(
                    "sheet {LABELS}, row {}: the text in {language} has {} characters, and {TEXT_MAX} are the most",
                    row.number,
                    text.chars().count()
                );
                return Err(OpsError::request(ErrorCode::INVALID_TRANSLATIONS_FILE, message));
            }
        }
        Ok(())
    }

    /// What a row is about is a component of the job, whose result is a warning.
    fn warn_of_unknown(&mut self, row: &Row) {
        let id = row.object.map_or_else(|| row.object_text.clone(), |id| id.to_string());
        let key = ComponentKey::new(ComponentType::named(&row.entity.to_lowercase()), &id);
        let component = ComponentRef::new(self.environment.id, &key, &id, row.object, Some(&row.column));
        let message =
            format!("sheet {LABELS}, row {}: no label of {} {id} is named {}", row.number, row.entity, row.column);
        let finding =
            Finding::warning(FindingKind::Component, Some(ErrorCode::INVALID_TRANSLATIONS_FILE), "L115", message);
        self.translation.findings.push(finding.about(component));
        let held = JobComponent { key, name: id, id: row.object, display_name: Some(row.column.clone()) };
        self.translation.components.push(held);
    }

    fn warn_of_base(&mut self, changes: usize) {
        if changes > 0 {
            let language = base_language(self.environment);
            self.warn(format!(
                "{changes} other texts in the base language, {language}, are left out: it is the source"
            ));
        }
    }

    fn warn(&mut self, message: String) {
        self.translation.findings.push(Finding::warning(FindingKind::Component, None, "L115", message));
    }
}

fn job_component(seen: &Snapshot, key: &ComponentKey) -> Option<JobComponent> {
    let state = seen.components.get(key)?;
    let component = component_ref(seen, state);
    Some(JobComponent {
        key: key.clone(),
        name: component.name,
        id: Some(component.id),
        display_name: component.display_name,
    })
}
