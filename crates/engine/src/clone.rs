//! Plans the cloning of unmanaged solutions: a patch of one, or one rolled up with its patches (L105–L110).
//!
//! A patch begins empty and locks its parent (L56); rolling up gives the parent everything that its patches list,
//! a new version, and its freedom back.

use strata_model::code::ErrorCode;
use strata_model::environment::{ComponentState, Footprint, Membership, Snapshot};
use strata_model::id::{Digest, Guid, SolutionNo};
use strata_model::plan::{Edit, Finding, FindingKind, OperationKind, Plan, PlanSolution};
use strata_model::rules::Rules;
use strata_model::solution::{Solution, SolutionKind};
use strata_model::version::Version;

use crate::family::Family;

/// What a caller says of a clone; what is left out follows from the solution.
#[derive(Debug, Clone)]
pub struct NewClone {
    /// The solution to clone.
    pub solution: String,
    pub version: Option<Version>,
    pub friendly_name: Option<String>,
}

/// Returns the components that rolling up must see.
pub fn footprint(snapshot: &Snapshot, unique_name: &str) -> Footprint {
    let family = snapshot.solution_named(unique_name).map(|base| Family::of(snapshot, base)).unwrap_or_default();
    Footprint { solutions: family.everyone(), ..Footprint::default() }
}

/// Plans a new patch (L26, L105).
pub fn patch(snapshot: &Snapshot, new: &NewClone, rules: &Rules) -> Plan {
    let mut plan = Plan::empty(OperationKind::ClonePatch, snapshot.environment.revision, *rules);
    let Some(parent) = source(snapshot, new, &mut plan) else { return plan };
    let family = Family::of(snapshot, parent);
    let highest = family.patches.last().map_or(&parent.version, |patch| &patch.version);
    let version = new.version.clone().unwrap_or_else(|| next_build(highest));
    if version.major_minor() != parent.version.major_minor() || version <= *highest {
        let message = format!(
            "{version} is no version for a patch of {} {}: the same major and minor number, and higher than {highest}, \
             are expected",
            parent.unique_name, parent.version
        );
        refuse(&mut plan, "L26", message, "leave out the version to take the next one");
    }
    let unique_name = patch_name(snapshot, parent, &version);
    plan.solution = Some(PlanSolution {
        unique_name: unique_name.clone(),
        from: None,
        to: Some(version.to_string()),
        is_managed: false,
    });
    if plan.is_refused() {
        return plan;
    }
    plan.edits.push(Edit::SolutionOpen(Solution {
        no: snapshot.next_solution,
        id: Guid::minted(snapshot.environment.id, "solution", &unique_name.to_lowercase()),
        unique_name,
        friendly_name: new.friendly_name.clone().unwrap_or_else(|| parent.friendly_name.clone()),
        version,
        is_managed: false,
        publisher: parent.publisher,
        kind: SolutionKind::Patch,
        parent: Some(parent.no),
        assumed: false,
        assumes: Vec::new(),
        residue: None,
    }));
    let message = format!("{} is locked until its patches are deleted or rolled up", parent.unique_name);
    plan.findings.push(Finding::info(FindingKind::Package, "L56", message));
    plan
}

/// Plans a solution rolled up with its patches (L27, L110).
pub fn solution(snapshot: &Snapshot, new: &NewClone, rules: &Rules) -> Plan {
    let mut plan = Plan::empty(OperationKind::CloneSolution, snapshot.environment.revision, *rules);
    let Some(base) = source(snapshot, new, &mut plan) else { return plan };
    let family = Family::of(snapshot, base);
    let version = new.version.clone().unwrap_or_else(|| next_minor(&base.version));
    plan.solution = Some(PlanSolution {
        unique_name: base.unique_name.clone(),
        from: Some(base.version.to_string()),
        to: Some(version.to_string()),
        is_managed: false,
    });
    if version < base.version {
        let message = format!("{version} is lower than the version of {}, {}", base.unique_name, base.version);
        refuse(&mut plan, "L27", message, "leave out the version to take the next one");
        return plan;
    }
    if version.major_minor() == base.version.major_minor() {
        let message = format!("{version} has the major and minor number of {}: a higher one is expected", base.version);
        plan.findings.push(Finding::warning(FindingKind::Version, None, "L27", message));
    }
    for state in snapshot.components.values() {
        plan.edits.extend(joined(state, base.no, &family));
    }
    plan.edits.extend(family.patches.iter().map(|patch| Edit::SolutionClose((*patch).clone())));
    plan.edits.push(Edit::SolutionClose(base.clone()));
    let friendly_name = new.friendly_name.clone().unwrap_or_else(|| base.friendly_name.clone());
    plan.edits.push(Edit::SolutionOpen(Solution { version, friendly_name, ..base.clone() }));
    plan
}

/// Finds the solution to clone: unmanaged, and no patch itself.
fn source<'a>(snapshot: &'a Snapshot, new: &NewClone, plan: &mut Plan) -> Option<&'a Solution> {
    let Some(solution) = snapshot.solution_named(&new.solution) else {
        let message = format!("there is no solution named `{}`", new.solution);
        plan.findings.push(Finding::error(FindingKind::Package, ErrorCode::NOT_FOUND, "L105", message));
        return None;
    };
    let name = &solution.unique_name;
    if solution.is_managed {
        let hint = "clone it in the environment where it is unmanaged";
        refuse(plan, "L105", format!("{name} is managed: only unmanaged solutions are cloned"), hint);
        return None;
    }
    if solution.kind == SolutionKind::Patch {
        let hint = "clone the solution that it is a patch of";
        refuse(plan, "L105", format!("{name} is a patch itself"), hint);
        return None;
    }
    Some(solution)
}

fn refuse(plan: &mut Plan, rule: &str, message: String, hint: &str) {
    let finding = Finding::error(FindingKind::Version, ErrorCode::CLONE_SOLUTION, rule, message);
    plan.findings.push(finding.hint(hint));
}

/// Moves a component's memberships in patches to the base, which takes the widest behavior (L20, L110).
fn joined(state: &ComponentState, base: SolutionNo, family: &Family<'_>) -> Vec<Edit> {
    let own = state.members.iter().find(|member| member.solution == base);
    let of_patches: Vec<_> =
        state.members.iter().filter(|member| member.solution != base && family.contains(member.solution)).collect();
    let mut edits: Vec<_> = of_patches.iter().map(|member| Edit::MemberClose((*member).clone())).collect();
    let width = |member: &&Membership| member.behavior.map(u8::from);
    let widest = of_patches.into_iter().chain(own).filter(|member| member.behavior.is_some()).min_by_key(width);
    let Some(any) = widest.or_else(|| state.members.iter().find(|member| family.contains(member.solution))) else {
        return edits;
    };
    let kept = Membership { solution: base, ..any.clone() };
    if own != Some(&kept) {
        edits.extend(own.cloned().map(Edit::MemberClose));
        edits.push(Edit::MemberOpen(kept));
    }
    edits
}

/// Returns the name of a patch: derived from parent and version, so that the same steps give the same name.
fn patch_name(snapshot: &Snapshot, parent: &Solution, version: &Version) -> String {
    let derived = |attempt: u32| {
        let text = format!("{} {:?} {attempt}", parent.unique_name.to_lowercase(), version.parts());
        format!("{}_Patch_{}", parent.unique_name, &Digest::of(text.as_bytes()).to_string()[..8])
    };
    let is_free = |name: &String| snapshot.solution_named(name).is_none();
    (0..).map(derived).find(is_free).expect("there are more numbers than solutions")
}

fn next_build(version: &Version) -> Version {
    let [major, minor, build, _] = version.parts();
    written(format!("{major}.{minor}.{}.0", build.saturating_add(1)))
}

fn next_minor(version: &Version) -> Version {
    let [major, minor, ..] = version.parts();
    written(format!("{major}.{}.0.0", minor.saturating_add(1)))
}

fn written(text: String) -> Version {
    Version::parse(&text).expect("four numbers joined by dots are a version")
}
