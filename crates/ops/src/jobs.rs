//! Import jobs and solution history, as the platform shows them (L113–L115).
//!
//! A job's results are derived: what the package held is kept with the operation, and so is what the rules said.
//! A component is at fault where an error names it, and is warned of where a warning does; the whole succeeds with
//! warnings too (OQ 35).

use std::collections::BTreeMap;

use strata_model::code::ErrorCode;
use strata_model::component::ComponentRef;
use strata_model::environment::Environment;
use strata_model::history::{HistoryEntry, HistoryKind, JobComponent, Outcome};
use strata_model::id::{Guid, Operation};
use strata_model::plan::{Finding, FindingKind, OperationKind, Severity};

use crate::names::did_you_mean;
use crate::view::{ComponentResult, ImportLog, JobResult, SolutionHistoryEntry, rfc3339};
use crate::{OpsError, Workspace};

/// Which job is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichJob {
    Last,
    Id(Guid),
}

/// Lists the operations that the platform's solution history holds, newest first; unmanaged edits are not among them.
pub fn solution_history(workspace: &Workspace, at: Option<Operation>) -> Result<Vec<SolutionHistoryEntry>, OpsError> {
    let environment = workspace.environment()?;
    let history = workspace.store().history(&environment, at)?;
    Ok(history.iter().filter_map(|entry| history_row(&environment, entry)).collect())
}

/// Shows the log of an import job, refused ones included.
pub fn log(workspace: &Workspace, at: Option<Operation>, which: WhichJob) -> Result<ImportLog, OpsError> {
    let environment = workspace.environment()?;
    let history = workspace.store().history(&environment, at)?;
    let mut jobs = history.iter().filter(|entry| entry.job.is_some());
    let entry = match which {
        WhichJob::Last => jobs.next(),
        WhichJob::Id(id) => jobs.find(|entry| entry.job == Some(id)),
    };
    let Some(entry) = entry else { return Err(unknown_job(which, &history)) };
    let held = workspace.store().job_components(&environment, entry.operation)?;
    Ok(log_of(&environment, entry, &held))
}

/// Returns the log of an operation, if it was an import.
pub(crate) fn log_of_operation(
    workspace: &Workspace,
    environment: &Environment,
    operation: Operation,
) -> Result<Option<ImportLog>, OpsError> {
    let store = workspace.store();
    let Some(entry) = store.history_entry(environment, operation)?.filter(|entry| entry.job.is_some()) else {
        return Ok(None);
    };
    let held = store.job_components(environment, operation)?;
    Ok(Some(log_of(environment, &entry, &held)))
}

/// Refuses an id that another import has borne (L113).
pub fn refuse_used(workspace: &Workspace, environment: &Environment, job: Guid) -> Result<(), OpsError> {
    let history = workspace.store().history(environment, None)?;
    match history.iter().find(|entry| entry.job == Some(job)) {
        Some(entry) => {
            let message = format!("job id {job} is that of operation {}", entry.operation);
            Err(OpsError::request(ErrorCode::DUPLICATED_JOB_ID, message).hint("give another id, or none"))
        }
        None => Ok(()),
    }
}

fn unknown_job(which: WhichJob, history: &[HistoryEntry]) -> OpsError {
    let message = match which {
        WhichJob::Last => "there has been no import yet".to_owned(),
        WhichJob::Id(id) => format!("there is no import job {id}"),
    };
    let error = OpsError::request(ErrorCode::NOT_FOUND, message);
    let ids: Vec<_> = history.iter().filter_map(|entry| entry.job).map(|id| id.to_string()).collect();
    let guess = match which {
        WhichJob::Last => None,
        WhichJob::Id(id) => did_you_mean(&id.to_string(), ids.iter().map(String::as_str)),
    };
    match guess {
        Some(guess) => error.hint(guess),
        None => error.hint("see the operations with `strata history`; `history show OP` names an import's job"),
    }
}

fn log_of(environment: &Environment, entry: &HistoryEntry, held: &[JobComponent]) -> ImportLog {
    let facts = entry.facts.clone().unwrap_or_default();
    let error = entry.findings.iter().find(|finding| finding.severity == Severity::Error);
    let is_failed = entry.outcome == Outcome::Failed;
    let components = results(environment.id, held, &entry.findings, is_failed);
    ImportLog {
        job: entry.job,
        operation: entry.operation,
        solution: entry.solution.clone(),
        version: entry.to_version.clone(),
        publisher: facts.publisher,
        is_managed: facts.is_managed,
        action: entry.suboperation,
        package_name: facts.package_name,
        result: if is_failed { JobResult::Failure } else { JobResult::Success },
        progress: 100,
        state_code: 3,
        status_code: if is_failed { 31 } else { 30 },
        error_code: error.and_then(|finding| finding.code.clone()),
        error_name: error.and_then(|finding| finding.name.clone()),
        error_text: error.map(|finding| finding.message.clone()),
        start_time: rfc3339(entry.time),
        end_time: rfc3339(entry.time + entry.duration),
        findings: entry.findings.clone(),
        components,
    }
}

/// Derives the result of each component: what the worst finding about it says.
fn results(environment: Guid, held: &[JobComponent], findings: &[Finding], is_failed: bool) -> Vec<ComponentResult> {
    let mut about: BTreeMap<(&str, Guid), &Finding> = BTreeMap::new();
    // A warning without a code is ours, not the platform's: that a change is masked, for example.
    let is_result = |finding: &&Finding| match finding.severity {
        Severity::Error => true,
        Severity::Warning => finding.code.is_some(),
        Severity::Info => false,
    };
    for finding in findings.iter().filter(is_result) {
        for component in concerned(finding) {
            let worst = about.entry((component.type_name.as_str(), component.id)).or_insert(finding);
            if finding.severity < worst.severity {
                *worst = finding;
            }
        }
    }
    let result = |component: &JobComponent| {
        let JobComponent { key, name, id, display_name } = component;
        let component = ComponentRef::new(environment, key, name, *id, display_name.as_deref());
        let finding = about.get(&(component.type_name.as_str(), component.id)).copied();
        let result = match finding.map(|finding| finding.severity) {
            Some(Severity::Error) => Some(JobResult::Failure),
            // What was in order, in an import that was refused, has not been processed.
            Some(Severity::Warning | Severity::Info) | None if is_failed => None,
            Some(Severity::Warning | Severity::Info) => Some(JobResult::Warning),
            None => Some(JobResult::Success),
        };
        ComponentResult {
            component,
            result,
            error_code: finding.and_then(|finding| finding.code.clone()),
            error_name: finding.and_then(|finding| finding.name.clone()),
            error_text: finding.map(|finding| finding.message.clone()),
            rule: finding.map(|finding| finding.rule.clone()),
        }
    };
    held.iter().map(result).collect()
}

/// The components whose result a finding decides: the one it is about; where something is missing, those that need it;
/// where it is about none, those it lists.
fn concerned(finding: &Finding) -> impl Iterator<Item = &ComponentRef> {
    let lists = finding.kind == FindingKind::MissingDependency || finding.component.is_none();
    finding.component.iter().chain(finding.related.iter().filter(move |_| lists))
}

/// Shows an entry of history as solution history does, where it has a place there.
pub(crate) fn history_row(environment: &Environment, entry: &HistoryEntry) -> Option<SolutionHistoryEntry> {
    let facts = entry.facts.clone().unwrap_or_default();
    let operation = operation_number(entry.kind, entry.solution.is_some())?;
    let error = entry.findings.iter().find(|finding| finding.severity == Severity::Error);
    let minted = |kind: &str| Guid::minted(environment.id, kind, &entry.operation.to_string());
    let is_uninstall = entry.kind == HistoryKind::Uninstall;
    let version = if is_uninstall { entry.from_version.clone() } else { entry.to_version.clone() };
    Some(SolutionHistoryEntry {
        id: minted("solutionhistory"),
        name: entry.solution.clone(),
        solution_version: version,
        publisher_name: facts.publisher,
        is_managed: facts.is_managed,
        is_patch: facts.is_patch,
        operation,
        suboperation: suboperation_number(entry),
        overwrite_customizations: facts.overwrites,
        // Nothing is written before an operation ends.
        status: 1,
        result: entry.outcome == Outcome::Succeeded,
        error_code: error.and_then(|finding| finding.code.clone()),
        exception_message: error.map(|finding| finding.message.clone()),
        start_time: rfc3339(entry.time),
        end_time: rfc3339(entry.time + entry.duration),
        // Milliseconds of a run fit the number many times over.
        total_time: u32::try_from(entry.duration).map_or(0.0, |millis| f64::from(millis) / 1000.0),
        package_name: facts.package_name,
        package_version: facts.package_version,
        activity_id: minted("activity"),
        correlation_id: entry.job.unwrap_or_else(|| minted("correlation")),
        history_operation: entry.operation,
    })
}

/// L115: the platform's number of an operation; `None` for what its history does not hold.
fn operation_number(kind: HistoryKind, names_solution: bool) -> Option<u8> {
    match kind {
        HistoryKind::Import | HistoryKind::ApplyUpgrade => Some(0),
        HistoryKind::Uninstall => Some(1),
        HistoryKind::Export => Some(2),
        HistoryKind::PublishComponents => Some(3),
        HistoryKind::Publish if names_solution => Some(3),
        HistoryKind::Publish => Some(4),
        HistoryKind::ImportTranslation => Some(6),
        HistoryKind::Activate | HistoryKind::Deactivate => Some(8),
        HistoryKind::Settings
        | HistoryKind::CreatePublisher
        | HistoryKind::CreateSolution
        | HistoryKind::ClonePatch
        | HistoryKind::CloneSolution
        | HistoryKind::OnlineVersion
        | HistoryKind::EditSolution
        | HistoryKind::EditPublisher
        | HistoryKind::DeletePublisher
        | HistoryKind::Set
        | HistoryKind::CreateComponent
        | HistoryKind::CreateFlow
        | HistoryKind::SaveFlow
        | HistoryKind::RepairFlow
        | HistoryKind::DeleteComponent
        | HistoryKind::AddComponent
        | HistoryKind::RemoveComponent
        | HistoryKind::RemoveActive
        | HistoryKind::Undo
        | HistoryKind::Restore => None,
    }
}

/// L115: 0 none, 1 new, 2 upgrade, 3 update, 4 delete.
fn suboperation_number(entry: &HistoryEntry) -> u8 {
    if entry.kind == HistoryKind::Uninstall {
        return 4;
    }
    if entry.kind == HistoryKind::ApplyUpgrade {
        return 2;
    }
    let is_one_of = |kinds: &[OperationKind]| entry.suboperation.is_some_and(|kind| kinds.contains(&kind));
    if is_one_of(&[OperationKind::New, OperationKind::Patch]) {
        1
    } else if is_one_of(&[OperationKind::Upgrade, OperationKind::Stage, OperationKind::ApplyUpgrade]) {
        2
    } else if is_one_of(&[OperationKind::Update]) {
        3
    } else {
        0
    }
}
