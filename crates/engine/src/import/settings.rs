//! What deployment settings can be about, and what speaks against them (L117, L120, L121).
//!
//! Not here: what they give to an import, which is in [`given`](super::given).

use strata_model::code::ErrorCode;
use strata_model::component::{ComponentKey, ComponentRef};
use strata_model::deployment_settings::DeploymentSettings;
use strata_model::environment::Snapshot;
use strata_model::package::{Package, PackagedComponent, Presence};
use strata_model::plan::{Bodies, Finding, FindingKind};
use strata_model::rules::Rules;

use super::Import;
use crate::effect::{Lens, StackItem};
use crate::names;
use crate::variables::{
    DEFINITION, Declared, DeclaredReference, DeclaredVariable, Problem, ProblemKind, REFERENCE, Subject, VALUE,
    definition_key, problems, reference_key, type_of, value_key,
};

/// Returns the components besides the package's own that settings and variables make an import look at.
pub(super) fn keys(package: &Package, settings: Option<&DeploymentSettings>) -> Vec<ComponentKey> {
    let mut keys = Vec::new();
    let of_variable = |name: &str| [definition_key(name), value_key(name)];
    for component in of_settings(package) {
        if !component.key.component_type.is(REFERENCE) {
            keys.extend(of_variable(component.key.as_str()));
        }
    }
    if let Some(settings) = settings {
        keys.extend(settings.environment_variables.iter().flat_map(|setting| of_variable(&setting.schema_name)));
        keys.extend(settings.connection_references.iter().map(|setting| reference_key(&setting.logical_name)));
    }
    keys
}

/// Returns the package's variables, values and connection references.
pub(super) fn of_settings(package: &Package) -> impl Iterator<Item = &PackagedComponent> {
    let concerns =
        |component: &&PackagedComponent| matches!(component.key.component_type.name(), DEFINITION | VALUE | REFERENCE);
    package.components.iter().filter(concerns)
}

/// Returns what settings for this package can be about in this environment.
///
/// `snapshot` must hold the import's footprint, `bodies` the definitions that it and the package name.
pub fn declared(
    snapshot: &Snapshot,
    package: &Package,
    settings: &DeploymentSettings,
    rules: &Rules,
    bodies: &dyn Bodies,
) -> Declared {
    let seen = Seen { lens: Lens::new(snapshot, rules, bodies), packaged: of_settings(package).collect() };
    let mut declared = Declared::default();
    for component in &seen.packaged {
        match component.key.component_type.name() {
            DEFINITION => declared.variables.push(seen.variable(&component.name)),
            REFERENCE => declared.references.push(seen.reference(&component.name)),
            _ => {}
        }
    }
    for setting in &settings.environment_variables {
        let name = setting.schema_name.trim();
        let is_new = !declared.variables.iter().any(|variable| variable.schema_name.eq_ignore_ascii_case(name));
        if is_new && seen.is_installed(&definition_key(name)) {
            declared.variables.push(seen.variable(name));
        }
    }
    for setting in &settings.connection_references {
        let name = setting.logical_name.trim();
        let is_new = !declared.references.iter().any(|reference| reference.logical_name.eq_ignore_ascii_case(name));
        if is_new && seen.is_installed(&reference_key(name)) {
            declared.references.push(seen.reference(name));
        }
    }
    declared
}

/// The package over the environment, as far as settings look.
struct Seen<'a> {
    lens: Lens<'a>,
    packaged: Vec<&'a PackagedComponent>,
}

impl Seen<'_> {
    fn is_installed(&self, key: &ComponentKey) -> bool {
        self.lens.snapshot.components.get(key).is_some_and(|state| !state.layers.is_empty())
    }

    fn variable(&self, schema_name: &str) -> DeclaredVariable {
        let definition = definition_key(schema_name);
        let has = |key: &ComponentKey, path: &str| self.leaf(key, path).is_some();
        DeclaredVariable {
            schema_name: schema_name.to_owned(),
            variable_type: type_of(self.leaf(&definition, "type").as_deref()),
            is_supplied: has(&definition, "defaultvalue") || has(&value_key(schema_name), "value"),
            is_packaged: self.is_packaged(&definition),
        }
    }

    fn reference(&self, logical_name: &str) -> DeclaredReference {
        let key = reference_key(logical_name);
        DeclaredReference {
            logical_name: logical_name.to_owned(),
            connector_id: self.leaf(&key, "connectorid"),
            is_supplied: self.leaf(&key, "connectionid").is_some(),
            is_packaged: self.is_packaged(&key),
        }
    }

    fn is_packaged(&self, key: &ComponentKey) -> bool {
        self.packaged.iter().any(|component| component.key == *key)
    }

    /// Returns a leaf with the package's layer below Active and above all others.
    fn leaf(&self, key: &ComponentKey, path: &str) -> Option<String> {
        let state = self.lens.snapshot.components.get(key);
        let mut items = state.map(|state| self.lens.published(state)).unwrap_or_default();
        let active = items.iter().position(|item| item.name == "Active").map(|index| items.remove(index));
        let packaged = self.packaged.iter().find(|component| component.key == *key);
        items.extend(packaged.map(|component| StackItem {
            name: String::new(),
            digest: Some(component.digest),
            is_diff: false,
        }));
        items.extend(active);
        self.lens.resolve(key, &items).remove(path).map(|(value, _)| value)
    }
}

impl Import<'_> {
    /// L117, L120, L121: refuses settings for what does not exist, and warns of those that do not fit.
    pub(super) fn check_settings(&mut self) {
        self.check_values();
        let Some(file) = &self.options.settings else { return };
        let Lens { snapshot, rules, bodies, .. } = self.lens;
        let declared = declared(snapshot, self.package, &file.settings, rules, bodies);
        let environment = self.environment();
        let findings = problems(&declared, &file.settings).into_iter().filter_map(|problem| {
            let key = match problem.subject {
                Subject::EnvironmentVariable => Some(definition_key(&problem.name)),
                Subject::ConnectionReference => Some(reference_key(&problem.name)),
                Subject::Section => None,
            };
            finding(problem, key.map(|key| names::keyed(environment, &key)))
        });
        self.plan.findings.extend(findings);
    }

    /// L117: a value needs a definition.
    fn check_values(&mut self) {
        for component in of_settings(self.package).filter(|component| component.key.component_type.is(VALUE)) {
            let definition = definition_key(component.key.as_str());
            let is_there = self.packaged(&definition).is_some()
                || self.state(&definition).is_some_and(|state| !state.layers.is_empty());
            if is_there || component.presence == Presence::Reference {
                continue;
            }
            let message = format!("the value of environment variable {} has no definition", component.name);
            let code = ErrorCode::IMPORT_MISSING_DEPENDENCIES;
            let finding = Finding::error(FindingKind::MissingDependency, code, "L117", message)
                .about(ComponentRef::new(self.environment(), &definition, &component.name, None, None))
                .related(vec![names::packaged(self.environment(), component)])
                .hint("add the environment variable to the package, or import the solution that holds it first");
            self.plan.findings.push(finding);
        }
    }
}

fn finding(problem: Problem, about: Option<ComponentRef>) -> Option<Finding> {
    let Problem { subject, kind, message, .. } = problem;
    let error = |code, rule| Finding::error(FindingKind::Settings, code, rule, message.clone());
    let warning = |rule| Finding::warning(FindingKind::Settings, None, rule, message.clone());
    let found = match (kind, subject) {
        (ProblemKind::Unknown, Subject::EnvironmentVariable) => error(ErrorCode::COMPONENT_NOT_EXIST, "L117")
            .hint("`strata solution create-settings` writes the entries that the package takes"),
        (ProblemKind::Unknown, Subject::ConnectionReference) => {
            error(ErrorCode::CONNECTION_REFERENCE_NOT_FOUND, "L120")
                .hint("`strata solution create-settings` writes the entries that the package takes")
        }
        (ProblemKind::Unknown, Subject::Section) => warning("L121"),
        (ProblemKind::Duplicate, _) => error(ErrorCode::INVALID_DEPLOYMENT_SETTINGS, "L121"),
        (ProblemKind::Type, _) => warning("L117"),
        (ProblemKind::Connector, _) => warning("L120"),
        // What is not given is said once the outcome is known.
        (ProblemKind::Missing | ProblemKind::Empty, _) => return None,
    };
    Some(match about {
        Some(component) => found.about(component),
        None => found,
    })
}
