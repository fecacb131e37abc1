//! What an import of a package would meet, as the platform says it before it imports: the results of StageSolution, and
//! the components that are missing (web-api §8.1, §9).
//!
//! Both are read from the plan of the import, so they and the import cannot disagree.

use serde::Serialize;
use strata_model::component::{ComponentKey, ComponentRef, ComponentType};
use strata_model::dependency::DependencySide;
use strata_model::environment::{Environment, Footprint, Snapshot};
use strata_model::id::Guid;
use strata_model::options::ImportOptions;
use strata_model::package::{Manifest, Package};
use strata_model::plan::{Finding, FindingKind, Severity};
use strata_model::solution::{Solution, SolutionKind};

use crate::sets::types;
use crate::{OpsError, PackageSource, Request, Workspace, components, prepare, silent};

/// The answer of StageSolution.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StageResults {
    pub stage_solution_upload_id: Guid,
    pub stage_solution_status: &'static str,
    pub solution_details: SolutionDetails,
    pub solution_components_details: Vec<StagedComponent>,
    pub missing_dependencies: Vec<StagedDependency>,
    pub solution_validation_results: Vec<ValidationResult>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SolutionDetails {
    pub solution_unique_name: String,
    pub solution_friendly_name: String,
    pub solution_description: Option<String>,
    pub publisher_unique_name: String,
    pub publisher_friendly_name: String,
    pub previous_solution_unique_name: Option<String>,
    pub previous_solution_friendly_name: Option<String>,
    pub previous_publisher_unique_name: Option<String>,
    pub previous_publisher_friendly_name: Option<String>,
    pub is_patch_solution: bool,
    pub is_managed: bool,
    pub previous_is_managed: bool,
    pub solution_version: String,
    pub previous_solution_version: Option<String>,
    pub previous_patch_solutions_names: Vec<String>,
    pub is_prerequisites_export: bool,
    pub has_pending_upgrade: bool,
}

/// A component that settings can be given for, and the solution itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StagedComponent {
    pub component_name: String,
    pub component_type_name: String,
    pub is_present_in_org: &'static str,
    pub attributes: StagedAttributes,
}

/// Names and values in two lists of the same length, as the platform has them.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StagedAttributes {
    pub count: usize,
    pub keys: Vec<String>,
    pub values: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StagedDependency {
    pub required_component_schema_name: String,
    pub required_component_display_name: Option<String>,
    pub required_component_parent_schema_name: Option<String>,
    pub required_component_parent_display_name: Option<String>,
    pub required_component_id: Guid,
    pub required_component_type: String,
    pub required_solution_name: Option<String>,
    pub dependent_component_schema_name: Option<String>,
    pub dependent_component_display_name: Option<String>,
    pub dependent_component_parent_schema_name: Option<String>,
    pub dependent_component_parent_display_name: Option<String>,
    pub dependent_component_type: Option<String>,
    pub dependent_component_id: Option<Guid>,
    pub can_resolve_missing_dependency: bool,
    pub missing_packages: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ValidationResult {
    pub solution_validation_result_type: &'static str,
    pub message: String,
    pub error_code: i32,
    pub additional_info: Option<String>,
}

/// An entry of RetrieveMissingComponents.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct MissingComponent {
    pub required_component: Detail,
    pub dependent_component: Option<Detail>,
}

/// The platform's ComponentDetail.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Detail {
    pub id: Guid,
    #[serde(rename = "Type")]
    pub number: i64,
    pub schema_name: String,
    pub display_name: Option<String>,
    pub parent_id: Option<Guid>,
    pub parent_schema_name: Option<String>,
    pub parent_display_name: Option<String>,
    pub solution: Option<String>,
}

/// Says what an import would meet; the upload is the caller's to keep.
pub fn stage(
    workspace: &Workspace,
    environment: &Environment,
    source: &PackageSource,
    upload: Guid,
) -> Result<StageResults, OpsError> {
    let (package, findings) = planned(workspace, environment, source)?;
    let headers = workspace.store().snapshot(environment, None, &Footprint::default())?;
    let is_error = |finding: &Finding| finding.severity == Severity::Error;
    let status = if findings.iter().any(is_error) { "Failed" } else { "Passed" };
    let missing = missing_of(environment, &package.manifest, &findings);
    Ok(StageResults {
        stage_solution_upload_id: upload,
        stage_solution_status: status,
        solution_details: details(&headers, &package),
        solution_components_details: staged_components(workspace, environment, &headers, &package)?,
        missing_dependencies: missing.into_iter().map(dependency).collect(),
        solution_validation_results: findings.iter().filter(|finding| is_said(finding)).map(validation).collect(),
    })
}

/// Lists what a package needs and the environment lacks.
pub fn missing_components(
    workspace: &Workspace,
    environment: &Environment,
    source: &PackageSource,
) -> Result<Vec<MissingComponent>, OpsError> {
    let (package, findings) = planned(workspace, environment, source)?;
    Ok(missing_of(environment, &package.manifest, &findings))
}

fn planned(
    workspace: &Workspace,
    environment: &Environment,
    source: &PackageSource,
) -> Result<(Package, Vec<Finding>), OpsError> {
    let request = Request::Import { package: source.clone(), options: ImportOptions::pac() };
    let prepared = prepare(workspace, environment, &request, &silent)?;
    match prepared.package {
        Some(package) => Ok((package, prepared.plan.findings)),
        None => Ok((source.read()?, prepared.plan.findings)),
    }
}

fn details(headers: &Snapshot, package: &Package) -> SolutionDetails {
    let manifest = &package.manifest;
    let before = headers.solution_named(&manifest.unique_name);
    let publisher = before.and_then(|before| headers.publisher(before.publisher));
    let children = |kind: SolutionKind| {
        let is_child =
            move |other: &&Solution| before.is_some_and(|before| other.kind == kind && other.parent == Some(before.no));
        headers.solutions.iter().filter(is_child).map(|other| other.unique_name.clone()).collect::<Vec<_>>()
    };
    SolutionDetails {
        solution_unique_name: manifest.unique_name.clone(),
        solution_friendly_name: manifest.friendly_name.clone(),
        solution_description: None,
        publisher_unique_name: manifest.publisher.unique_name.clone(),
        publisher_friendly_name: manifest.publisher.friendly_name.clone(),
        previous_solution_unique_name: before.map(|before| before.unique_name.clone()),
        previous_solution_friendly_name: before.map(|before| before.friendly_name.clone()),
        previous_publisher_unique_name: publisher.map(|publisher| publisher.unique_name.clone()),
        previous_publisher_friendly_name: publisher.map(|publisher| publisher.friendly_name.clone()),
        is_patch_solution: manifest.parent_solution.is_some(),
        is_managed: package.is_managed(),
        previous_is_managed: before.is_some_and(|before| before.is_managed),
        solution_version: manifest.version.to_string(),
        previous_solution_version: before.map(|before| before.version.to_string()),
        previous_patch_solutions_names: children(SolutionKind::Patch),
        is_prerequisites_export: false,
        has_pending_upgrade: !children(SolutionKind::Upgrade).is_empty(),
    }
}

/// How the platform writes the types whose components it lists.
const LISTED: [(&str, &str); 4] = [
    ("entity", "entity"),
    ("connectionreference", "connectionreference"),
    ("environmentvariabledefinition", "EnvironmentVariableDefinition"),
    ("environmentvariablevalue", "EnvironmentVariableValue"),
];

fn staged_components(
    workspace: &Workspace,
    environment: &Environment,
    headers: &Snapshot,
    package: &Package,
) -> Result<Vec<StagedComponent>, OpsError> {
    let word = |is_there: bool| if is_there { "True" } else { "False" };
    let manifest = &package.manifest;
    let mut staged = vec![StagedComponent {
        component_name: manifest.unique_name.clone(),
        component_type_name: "solution".to_owned(),
        is_present_in_org: word(headers.solution_named(&manifest.unique_name).is_some()),
        attributes: StagedAttributes::default(),
    }];
    let listed = package.components.iter().filter_map(|component| {
        let found = LISTED.iter().find(|(own, _)| component.key.component_type.is(own));
        found.map(|(_, name)| (component, *name))
    });
    let listed: Vec<_> = listed.collect();
    let keys = listed.iter().map(|(component, _)| component.key.clone()).collect();
    let seen = workspace.store().snapshot(environment, None, &Footprint { keys, ..Footprint::default() })?;
    staged.extend(listed.into_iter().map(|(component, type_name)| {
        let is_stored = seen.components.get(&component.key).is_some_and(|state| !state.layers.is_empty());
        let display = component.display_name.clone();
        let pairs = [("displayname".to_owned(), display)];
        let (keys, values): (Vec<_>, Vec<_>) =
            pairs.into_iter().filter_map(|(key, value)| value.map(|value| (key, value))).unzip();
        StagedComponent {
            component_name: component.name.clone(),
            component_type_name: type_name.to_owned(),
            is_present_in_org: word(is_stored || components::is_of_the_platform(&component.key)),
            attributes: StagedAttributes { count: keys.len(), keys, values },
        }
    }));
    Ok(staged)
}

/// Errors, and the warnings that the platform would give as well.
fn is_said(finding: &Finding) -> bool {
    match finding.severity {
        Severity::Error => true,
        Severity::Warning => finding.code.is_some(),
        Severity::Info => false,
    }
}

fn validation(finding: &Finding) -> ValidationResult {
    let digits = finding.code.as_deref().and_then(|code| code.strip_prefix("0x"));
    let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or_default();
    ValidationResult {
        solution_validation_result_type: if finding.severity == Severity::Error { "Error" } else { "Warning" },
        message: finding.message.clone(),
        error_code: i32::from_ne_bytes(number.to_ne_bytes()),
        additional_info: finding.hints.first().cloned(),
    }
}

/// A pair for each component that needs a missing one.
fn missing_of(environment: &Environment, manifest: &Manifest, findings: &[Finding]) -> Vec<MissingComponent> {
    let is_missing =
        |finding: &&Finding| finding.kind == FindingKind::MissingDependency && finding.severity == Severity::Error;
    let mut missing = Vec::new();
    for finding in findings.iter().filter(is_missing) {
        let Some(required) = &finding.component else { continue };
        let declared = manifest.missing_dependencies.iter();
        let sides: Vec<_> = declared.flat_map(|missing| [&missing.required, &missing.dependent]).collect();
        let mut required = detail(environment, required, &sides);
        required.solution = finding.provider.as_ref().map(|provider| match &provider.version {
            Some(version) => format!("{} ({version})", provider.solution),
            None => provider.solution.clone(),
        });
        let pair = |dependent: Option<Detail>| MissingComponent {
            required_component: required.clone(),
            dependent_component: dependent,
        };
        if finding.related.is_empty() {
            missing.push(pair(None));
        }
        missing.extend(finding.related.iter().map(|dependent| pair(Some(detail(environment, dependent, &sides)))));
    }
    missing
}

/// Describes a component, with what the package declares of it.
fn detail(environment: &Environment, component: &ComponentRef, sides: &[&DependencySide]) -> Detail {
    let component_type = ComponentType::named(&component.type_name);
    let key = ComponentKey::new(component_type.clone(), &component.name);
    let side = sides.iter().find(|side| side.key == key);
    let parent = key.parent();
    let declared = side.and_then(|side| side.parent_schema_name.clone());
    Detail {
        id: component.id,
        number: types::number(environment.id, &component_type),
        schema_name: side.and_then(|side| side.schema_name.clone()).unwrap_or_else(|| component.name.clone()),
        display_name: component.display_name.clone().or_else(|| side.and_then(|side| side.display_name.clone())),
        parent_id: parent.as_ref().map(|key| ComponentRef::new(environment.id, key, key.as_str(), None, None).id),
        parent_schema_name: declared.or_else(|| parent.map(|parent| parent.as_str().to_owned())),
        parent_display_name: side.and_then(|side| side.parent_display_name.clone()),
        solution: None,
    }
}

fn dependency(missing: MissingComponent) -> StagedDependency {
    let MissingComponent { required_component: required, dependent_component: dependent } = missing;
    let dependent = dependent.as_ref();
    StagedDependency {
        required_component_schema_name: required.schema_name,
        required_component_display_name: required.display_name,
        required_component_parent_schema_name: required.parent_schema_name,
        required_component_parent_display_name: required.parent_display_name,
        required_component_id: required.id,
        required_component_type: required.number.to_string(),
        required_solution_name: required.solution,
        dependent_component_schema_name: dependent.map(|dependent| dependent.schema_name.clone()),
        dependent_component_display_name: dependent.and_then(|dependent| dependent.display_name.clone()),
        dependent_component_parent_schema_name: dependent.and_then(|dependent| dependent.parent_schema_name.clone()),
        dependent_component_parent_display_name: dependent.and_then(|dependent| dependent.parent_display_name.clone()),
        dependent_component_type: dependent.map(|dependent| dependent.number.to_string()),
        dependent_component_id: dependent.map(|dependent| dependent.id),
        can_resolve_missing_dependency: false,
        missing_packages: Vec::new(),
    }
}
