//! What history and the import job keep of an operation (L113, L115).

use strata_model::environment::{Environment, Snapshot};
use strata_model::history::{JobComponent, NewHistoryEntry, Outcome, SolutionFacts};
use strata_model::id::{Guid, Operation};
use strata_model::package::{Package, PackagedComponent};
use strata_model::plan::{Action, Severity};
use strata_model::solution::SolutionKind;

use crate::by_hand::ByHand;
use crate::operation::Prepared;
use crate::request::Request;
use crate::workspace::now;
use crate::{OpsError, Workspace, jobs};

/// Makes the entry of an operation, as if it succeeded.
pub(crate) fn entry(request: &Request, prepared: &Prepared, started: i64, job: Option<Guid>) -> NewHistoryEntry {
    let plan = &prepared.plan;
    let is_change = |action: Action| action != Action::Unchanged;
    let changes = plan.changes.iter().filter(|change| is_change(change.action)).count();
    let solution = plan.solution.as_ref();
    let named = match request {
        Request::Uninstall { solution } | Request::ApplyUpgrade { solution } => Some(solution.clone()),
        Request::Set { solution, .. } | Request::SetContent { solution, .. } => solution.clone(),
        Request::Publish(what) => what.solution().map(str::to_owned),
        Request::OnlineVersion { solution, .. } | Request::EditSolution { solution, .. } => Some(solution.clone()),
        Request::ByHand(wish) => wish.solution(),
        Request::Flow(wish) => wish.solution(),
        Request::Translate(wish) => wish.solution.clone(),
        Request::Import { .. }
        | Request::RemoveActive { .. }
        | Request::RemoveDependency { .. }
        | Request::CreatePublisher(_)
        | Request::CreateSolution(_)
        | Request::ClonePatch(_)
        | Request::CloneSolution(_)
        | Request::EditPublisher { .. }
        | Request::DeletePublisher { .. }
        | Request::Settings(_)
        | Request::Undo
        | Request::Restore(_) => None,
    };
    NewHistoryEntry {
        time: started,
        duration: now() - started,
        kind: request.kind(),
        solution: solution.map(|solution| solution.unique_name.clone()).or(named),
        from_version: solution.and_then(|solution| solution.from.clone()),
        to_version: solution.and_then(|solution| solution.to.clone()),
        suboperation: matches!(request, Request::Import { .. }).then_some(plan.operation),
        outcome: Outcome::Succeeded,
        changes: if plan.is_refused() { 0 } else { changes as u64 },
        job,
        state_of: prepared.state_of,
        options: plan.options.as_ref().and_then(|options| serde_json::to_string(options).ok()),
        findings: plan.findings.iter().filter(|finding| finding.severity != Severity::Info).cloned().collect(),
        facts: prepared.facts.clone(),
        components: results(request, prepared),
    }
}

/// What the job has a result for: what a package held, or what rows of texts were about.
fn results(request: &Request, prepared: &Prepared) -> Vec<JobComponent> {
    if let Request::Translate(wish) = request {
        return wish.components.clone();
    }
    prepared.package.iter().flat_map(|package| &package.components).map(held).collect()
}

fn held(component: &PackagedComponent) -> JobComponent {
    let PackagedComponent { key, name, id, display_name, .. } = component;
    JobComponent { key: key.clone(), name: name.clone(), id: *id, display_name: display_name.clone() }
}

/// What solution history says of an operation, where it has a place there (L115).
pub(crate) fn facts(request: &Request, headers: &Snapshot, package: Option<&Package>) -> Option<SolutionFacts> {
    match request {
        Request::Import { package: source, options } => package.map(|package| SolutionFacts {
            publisher: Some(package.manifest.publisher.unique_name.clone()),
            is_managed: package.is_managed(),
            is_patch: package.manifest.parent_solution.is_some(),
            overwrites: options.overwrite_unmanaged_customizations,
            package_name: source.path().file_name().map(|name| name.to_string_lossy().into_owned()),
            package_version: Some(package.manifest.version.to_string()),
        }),
        Request::Uninstall { solution } | Request::ApplyUpgrade { solution } => Some(facts_of(headers, solution)),
        Request::Translate(wish) => {
            Some(wish.solution.as_deref().map(|name| facts_of(headers, name)).unwrap_or_default())
        }
        Request::Publish(what) => Some(what.solution().map(|name| facts_of(headers, name)).unwrap_or_default()),
        // The platform's history knows switching as WorkflowSetState.
        Request::ByHand(wish) => matches!(wish, ByHand::Switch { .. }).then(SolutionFacts::default),
        Request::Set { .. }
        | Request::SetContent { .. }
        | Request::RemoveActive { .. }
        | Request::Flow(_)
        | Request::RemoveDependency { .. }
        | Request::CreatePublisher(_)
        | Request::CreateSolution(_)
        | Request::ClonePatch(_)
        | Request::CloneSolution(_)
        | Request::OnlineVersion { .. }
        | Request::EditSolution { .. }
        | Request::EditPublisher { .. }
        | Request::DeletePublisher { .. }
        | Request::Settings(_)
        | Request::Undo
        | Request::Restore(_) => None,
    }
}

/// What is known of an installed solution.
fn facts_of(headers: &Snapshot, name: &str) -> SolutionFacts {
    let Some(solution) = headers.solution_named(name) else { return SolutionFacts::default() };
    SolutionFacts {
        publisher: headers.publisher(solution.publisher).map(|publisher| publisher.unique_name.clone()),
        is_managed: solution.is_managed,
        is_patch: solution.kind == SolutionKind::Patch,
        ..SolutionFacts::default()
    }
}

/// The id of an import's job: the one given, which must be new (L113), else minted, so that runs are reproducible (D4).
pub(crate) fn job(
    workspace: &Workspace,
    environment: &Environment,
    request: &Request,
) -> Result<Option<Guid>, OpsError> {
    let given = if let Request::Import { options, .. } = request {
        options.job
    } else if let Request::Translate(wish) = request {
        Some(wish.job)
    } else {
        return Ok(None);
    };
    if let Some(given) = given {
        jobs::refuse_used(workspace, environment, given)?;
        return Ok(Some(given));
    }
    let operation = Operation(environment.operation.0 + 1);
    Ok(Some(Guid::minted(environment.id, "importjob", &operation.to_string())))
}
