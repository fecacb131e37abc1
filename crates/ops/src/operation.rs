//! How every operation runs: request → footprint → snapshot → plan → apply → history.
//!
//! [`prepare`] plans and writes nothing; [`carry_out`] takes the environment's lease, plans, applies in one
//! transaction and writes history, also of a refusal (R14).

use std::cell::Cell;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strata_engine::active::detach;
use strata_engine::maintain::{self};
use strata_engine::{active, apply_upgrade, clone, create, dependency, import, publish, restore, uninstall};
use strata_model::code::ErrorCode;
use strata_model::environment::{Environment, Footprint, Snapshot};
use strata_model::history::{NewHistoryEntry, Outcome, SolutionFacts};
use strata_model::id::{Digest, Guid, Operation};
use strata_model::options::{ImportAction, ImportOptions};
use strata_model::package::Package;
use strata_model::plan::{Bodies, OperationKind, Plan};
use strata_model::rules::Rules;
use strata_model::solution::RESERVED_NAMES;
use strata_store::{Held, Stage, StoreBodies, StoreError};

use crate::entry::{entry, facts, job};
use crate::package_bodies::{AllBodies, PackageBodies};
use crate::request::Request;
use crate::row_counts::StoreRows;
use crate::seeing::{Source, is_held, read, with_holders, with_more, with_needs, with_parts, with_risk};
use crate::view::{Comparison, PlanView};
use crate::workspace::{Watch, now};
use crate::{OpsError, PackageSource, Workspace};

/// A plan and what is needed to carry it out.
#[derive(Debug)]
pub struct Prepared {
    pub plan: Plan,
    pub package: Option<Package>,
    /// The operation whose state comes back, for undo and restore.
    pub state_of: Option<Operation>,
    /// What solution history says of it (L115).
    pub facts: Option<SolutionFacts>,
}

/// What an operation did.
#[derive(Debug)]
pub struct Applied {
    pub plan: Plan,
    /// Its number in history; the revision it was made for when nothing had to be done.
    pub operation: Operation,
    /// The import job (L113).
    pub job: Option<Guid>,
    /// The operation whose state came back, for undo and restore.
    pub state_of: Option<Operation>,
    /// Whether it stands in history: nothing to do leaves no entry.
    pub recorded: bool,
}

/// What is going on, for people who wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    Reading,
    Planning,
    Definitions,
    Rows,
    /// Files of a folder are written.
    Files,
    Packing,
}

/// Receives how far an operation is: phase, done, of how many (0 where that is unknown).
pub type Progress<'a> = &'a dyn Fn(Phase, u64, u64);

/// Reports to nobody.
pub fn silent(_: Phase, _: u64, _: u64) {}

/// Plans a request and changes nothing.
pub fn prepare(
    workspace: &Workspace,
    environment: &Environment,
    request: &Request,
    progress: Progress<'_>,
) -> Result<Prepared, OpsError> {
    let source = read(workspace, environment, request, progress)?;
    plan(workspace, environment, request, source, progress)
}

/// Plans update, upgrade and stage of one package; the options' own action is not asked (P8).
pub fn compare(
    workspace: &Workspace,
    environment: &Environment,
    source: &PackageSource,
    options: &ImportOptions,
    progress: Progress<'_>,
) -> Result<Comparison, OpsError> {
    let mut package = None;
    let mut planned = |action| {
        let options = ImportOptions { action: Some(action), ..options.clone() };
        let request = Request::Import { package: source.clone(), options };
        let known = match package.take() {
            Some(known) => Source::from(Some(known)),
            None => read(workspace, environment, &request, progress)?,
        };
        let prepared = plan(workspace, environment, &request, known, progress)?;
        package = prepared.package;
        Ok::<_, OpsError>(prepared.plan)
    };
    let [update, upgrade, stage] =
        [planned(ImportAction::Update)?, planned(ImportAction::Upgrade)?, planned(ImportAction::Stage)?];
    let additive = upgrade.additive.unwrap_or(upgrade.operation == update.operation);
    let view = |plan: &Plan| PlanView::of(plan, options.list_unchanged);
    Ok(Comparison { update: view(&update), upgrade: view(&upgrade), stage: view(&stage), additive })
}

/// Carries a request out; a refusal is an error, and stands in history.
pub fn carry_out(
    workspace: &Workspace,
    environment: &Environment,
    request: &Request,
    progress: Progress<'_>,
) -> Result<Applied, OpsError> {
    // A package that cannot be read leaves no trace (R14).
    let source = read(workspace, environment, request, progress)?;
    carry_out_read(workspace, environment, request, source, None, progress)
}

/// Carries out a request whose package has been read; `expected` is the base of a saved plan.
pub(crate) fn carry_out_read(
    workspace: &Workspace,
    environment: &Environment,
    request: &Request,
    source: Source,
    expected: Option<Operation>,
    progress: Progress<'_>,
) -> Result<Applied, OpsError> {
    let started = now();
    let lease = Held::take(workspace.store(), environment, request.title(), started).map_err(|error| match error {
        StoreError::Busy { operation, .. } => OpsError::Concurrent { asked: request.title(), running: operation },
        other => other.into(),
    })?;
    // Another operation may have ended between the look-up and the lease.
    let environment = workspace.environment_named(&environment.name)?;
    if let Some(base) = expected.filter(|base| *base != environment.revision) {
        let revision = environment.revision;
        return Err(strata_store::ApplyError::StalePlan { base, revision }.into());
    }
    let mut prepared = plan(workspace, &environment, request, source, progress)?;
    workspace.tell(&prepared.plan);
    if let Some(stage) = stage_instead(request, &prepared.plan) {
        // Two transactions, as on the platform (OQ 9): what was staged stays when the apply is refused (L83).
        drop(lease);
        let refused = entry(request, &prepared, started, None);
        let staged =
            carry_out_read(workspace, &environment, &stage, prepared.package.take().into(), expected, progress)?;
        let environment = workspace.environment_named(&environment.name)?;
        let job = job(workspace, &environment, request)?;
        let refused = NewHistoryEntry { outcome: Outcome::Failed, duration: now() - started, job, ..refused };
        workspace.store().record(&environment, refused)?;
        debug_assert!(staged.recorded, "a holding solution is always something new");
        return Err(OpsError::Refused(Box::new(prepared.plan)));
    }
    let job = job(workspace, &environment, request)?;
    // An undo of an operation that left everything as it was is a step back all the same (R12).
    let is_lasting = prepared.plan.has_changes() || job.is_some() || matches!(request, Request::Undo);
    let mut entry = entry(request, &prepared, started, job);
    if prepared.plan.is_refused() {
        entry.outcome = Outcome::Failed;
        workspace.store().record(&environment, entry)?;
        return Err(OpsError::Refused(Box::new(prepared.plan)));
    }
    if !is_lasting || prepared.plan.operation == OperationKind::Skip {
        return Ok(Applied {
            plan: prepared.plan,
            operation: environment.revision,
            job: None,
            state_of: prepared.state_of,
            recorded: false,
        });
    }
    let bodies = prepared.package.as_ref().map(PackageBodies::new);
    let store = StoreBodies::new(workspace.store());
    let all = AllBodies { package: bodies.as_ref(), files: request.files(), store };
    let coming = Coming::default();
    let report = |step: strata_store::Progress| match step.stage {
        Stage::Bodies => progress(Phase::Definitions, step.done, step.total),
        Stage::Rows => progress(Phase::Rows, step.done, step.total),
        Stage::Written => coming.announce(workspace, &environment.name),
    };
    entry.duration = now() - started;
    let operation = workspace.store().apply(&lease, &prepared.plan, entry, &all, &report)?;
    coming.has_come();
    Ok(Applied { plan: prepared.plan, operation, job, state_of: prepared.state_of, recorded: true })
}

/// A state that was announced to whoever watches, and taken back unless it comes.
#[derive(Default)]
struct Coming<'a>(Cell<Option<(&'a dyn Watch, Environment)>>);

impl<'a> Coming<'a> {
    fn announce(&self, workspace: &'a Workspace, environment: &str) {
        let Some(watch) = workspace.watch() else { return };
        // Where the state cannot be read now, it is read when somebody asks for it.
        if let Ok(environment) = workspace.environment_named(environment) {
            watch.coming(workspace, &environment);
            self.0.set(Some((watch, environment)));
        }
    }

    fn has_come(&self) {
        self.0.take();
    }
}

impl Drop for Coming<'_> {
    fn drop(&mut self) {
        if let Some((watch, environment)) = self.0.take() {
            watch.missed(&environment);
        }
    }
}

/// L83: an upgrade in one step whose apply alone is refused comes to staging.
fn stage_instead(request: &Request, plan: &Plan) -> Option<Request> {
    let Request::Import { package, options } = request else { return None };
    let is_apply = plan.first_error()?.name.as_deref() == Some(ErrorCode::SOLUTION_UPGRADE_FAILED.name);
    let options = ImportOptions { action: Some(ImportAction::Stage), job: None, ..options.clone() };
    is_apply.then(|| Request::Import { package: package.clone(), options })
}

fn plan(
    workspace: &Workspace,
    environment: &Environment,
    request: &Request,
    source: Source,
    progress: Progress<'_>,
) -> Result<Prepared, OpsError> {
    progress(Phase::Planning, 0, 0);
    let Source { package, seen } = source;
    let rules = Rules::OURS;
    let store = workspace.store();
    let snapshot = |footprint: &Footprint| store.snapshot(environment, None, footprint);
    let headers = snapshot(&Footprint::default())?;
    let package_bodies = package.as_ref().map(PackageBodies::new);
    let bodies = AllBodies { package: package_bodies.as_ref(), files: request.files(), store: StoreBodies::new(store) };
    let rows = StoreRows::new(store, environment);
    let mut state_of = None;
    let plan = match (request, &package) {
        (Request::Import { options, .. }, Some(package)) => {
            let footprint = import::footprint(&headers, package, options);
            let seen = match seen.filter(|seen| seen.environment.revision == headers.environment.revision) {
                Some(seen) => with_more(&snapshot, seen, footprint)?,
                None => snapshot(&footprint)?,
            };
            let tables = import::tables(&seen, package, options, &rules);
            let seen = with_parts(&snapshot, seen, tables)?;
            let (seen, names) = with_needs(&snapshot, seen, package, &rules)?;
            let going = import::at_risk(&seen, package, options);
            let seen = with_risk(&snapshot, seen, going, &rules, &bodies)?;
            let mut plan = import::plan(&seen, package, &names, options, &rows, &rules, &bodies);
            if is_held(&plan) {
                let seen = with_holders(&snapshot, seen, &rules, &bodies)?;
                plan = import::plan(&seen, package, &names, options, &rows, &rules, &bodies);
                with_names(plan, &seen, &bodies)
            } else {
                with_names(plan, &seen, &bodies)
            }
        }
        (Request::Import { package, .. }, None) => {
            let source = std::io::Error::other("the package was not read");
            return Err(OpsError::Unreadable { path: package.path().to_owned(), source });
        }
        (Request::ApplyUpgrade { solution }, _) => {
            if !apply_upgrade::is_pending(&headers, solution) {
                crate::solutions::find(&headers, solution)?;
            }
            let seen = snapshot(&apply_upgrade::footprint(&headers, solution))?;
            let tables = apply_upgrade::tables(&seen, solution, &rules);
            let seen = with_parts(&snapshot, seen, tables)?;
            let going = apply_upgrade::at_risk(&seen, solution);
            let seen = with_risk(&snapshot, seen, going, &rules, &bodies)?;
            let plan = apply_upgrade::plan(&seen, solution, &rows, &rules, &bodies);
            match is_held(&plan) {
                true => {
                    let seen = with_holders(&snapshot, seen, &rules, &bodies)?;
                    apply_upgrade::plan(&seen, solution, &rows, &rules, &bodies)
                }
                false => plan,
            }
        }
        (Request::ClonePatch(new), _) => {
            crate::solutions::find(&headers, &new.solution)?;
            clone::patch(&headers, new, &rules)
        }
        (Request::CloneSolution(new), _) => {
            crate::solutions::find(&headers, &new.solution)?;
            clone::solution(&snapshot(&clone::footprint(&headers, &new.solution))?, new, &rules)
        }
        (Request::Uninstall { solution }, _) => {
            if !RESERVED_NAMES.iter().any(|own| own.eq_ignore_ascii_case(solution)) {
                crate::solutions::find(&headers, solution)?;
            }
            let seen = snapshot(&uninstall::footprint(&headers, solution))?;
            let tables = uninstall::tables(&seen, solution, &rules);
            let seen = with_parts(&snapshot, seen, tables)?;
            let going = uninstall::at_risk(&seen, solution);
            let seen = with_risk(&snapshot, seen, going, &rules, &bodies)?;
            let plan = uninstall::plan(&seen, solution, &rows, &rules, &bodies);
            match is_held(&plan) {
                true => {
                    let seen = with_holders(&snapshot, seen, &rules, &bodies)?;
                    uninstall::plan(&seen, solution, &rows, &rules, &bodies)
                }
                false => plan,
            }
        }
        (Request::Publish(what), _) => {
            let what = what.in_force(&headers)?;
            let seen = snapshot(&publish::footprint())?;
            let going = publish::at_risk(&seen);
            let seen = with_risk(&snapshot, seen, going, &rules, &bodies)?;
            let plan = publish::plan(&seen, &what, &rules, &bodies);
            match is_held(&plan) {
                true => publish::plan(&with_holders(&snapshot, seen, &rules, &bodies)?, &what, &rules, &bodies),
                false => plan,
            }
        }
        (Request::Set { component, edits, solution }, _) => {
            let seen = snapshot(&active::footprint(component))?;
            with_names(active::set(&seen, component, edits, solution.as_deref(), &rules, &bodies), &seen, &bodies)
        }
        (Request::SetContent { component, edits, content, solution }, _) => {
            let seen = snapshot(&active::footprint(component))?;
            let content = Some(Digest::of(content));
            let plan = active::set_with_content(&seen, component, edits, content, solution.as_deref(), &rules, &bodies);
            with_names(plan, &seen, &bodies)
        }
        (Request::RemoveActive { component }, _) => {
            let seen = snapshot(&active::footprint(component))?;
            active::remove(&seen, component, &rules, &bodies)
        }
        (Request::RemoveDependency { component, required }, _) => {
            let seen = snapshot(&detach::footprint(component, required))?;
            with_names(detach::plan(&seen, component, required, &rules, &bodies), &seen, &bodies)
        }
        (Request::Translate(wish), _) => {
            let keys = wish.edits.iter().map(|(key, _)| key.clone()).collect();
            let seen = snapshot(&Footprint { keys, ..Footprint::default() })?;
            let mut plan = active::labels::set_all(&seen, &wish.edits, &rules, &bodies);
            plan.findings.extend(wish.findings.iter().cloned());
            with_names(plan, &seen, &bodies)
        }
        (Request::ByHand(wish), _) => wish.plan(&headers, &snapshot, &rows, &rules, &bodies)?,
        (Request::Flow(wish), _) => wish.plan(&headers, &snapshot, &rules, &bodies)?,
        (Request::CreatePublisher(new), _) => create::publisher(&headers, new, &rules),
        (Request::CreateSolution(new), _) => create::solution(&headers, new, &rules),
        (Request::OnlineVersion { solution, version }, _) => create::version(&headers, solution, version, &rules),
        (Request::EditSolution { solution, edit }, _) => maintain::solution(&headers, solution, edit, &rules),
        (Request::EditPublisher { publisher, edit }, _) => maintain::publisher(&headers, publisher, edit, &rules),
        (Request::DeletePublisher { publisher }, _) => maintain::delete_publisher(&headers, publisher, &rules),
        (Request::Settings(settings), _) => create::settings(&headers, settings.clone(), &rules),
        (Request::Undo, _) => {
            let history = store.history(environment, None)?;
            let target = restore::undo_target(&history)
                .ok_or_else(|| OpsError::request(ErrorCode::NOTHING_TO_UNDO, "there is no operation to undo"))?;
            state_of = Some(target);
            plan_return(workspace, environment, &headers, OperationKind::Undo, target, &rules)?
        }
        (Request::Restore(target), _) => {
            state_of = Some(*target);
            plan_return(workspace, environment, &headers, OperationKind::Restore, *target, &rules)?
        }
    };
    if let Some(error) = bodies.store.take_error().or_else(|| rows.take_error()) {
        return Err(error.into());
    }
    let facts = facts(request, &headers, package.as_ref());
    Ok(Prepared { plan, package, state_of, facts })
}

/// Says what the definitions that a plan makes name, for the store's indexes.
pub(crate) fn with_names(plan: Plan, seen: &Snapshot, bodies: &dyn Bodies) -> Plan {
    let names = dependency::index(&plan, seen, bodies);
    Plan { names, ..plan }
}

fn plan_return(
    workspace: &Workspace,
    environment: &Environment,
    headers: &Snapshot,
    kind: OperationKind,
    target: Operation,
    rules: &Rules,
) -> Result<Plan, OpsError> {
    let store = workspace.store();
    let edits = store.edits_back_to(environment, target)?;
    let seen = store.snapshot(environment, None, &restore::footprint(&edits))?;
    let components = seen
        .components
        .into_values()
        .map(|state| {
            let display_name = state.layers.iter().rev().find_map(|layer| layer.display_name.clone());
            let layers = state.layers.len();
            (state.component.no, restore::Now { component: state.component, layers, display_name })
        })
        .collect::<BTreeMap<_, _>>();
    let rows = StoreRows::new(store, environment);
    let plan = restore::plan(headers, kind, edits, &components, &rows, rules);
    rows.take_error().map_or(Ok(plan), |error| Err(error.into()))
}

/// Returns a package's digest, for saved plans.
pub(crate) fn digest_of(package: Option<&Package>) -> Option<Digest> {
    package.map(|package| package.digest)
}
