//! A base solution with what belongs to it: its patches and its pending upgrade (L31).

use std::collections::BTreeSet;

use strata_model::environment::{ComponentState, Snapshot};
use strata_model::id::SolutionNo;
use strata_model::layer::Layer;
use strata_model::solution::{Solution, SolutionKind};

/// What `_Upgrade` solutions are called: the base's name and this.
pub(crate) const UPGRADE_SUFFIX: &str = "_Upgrade";

/// The solutions that share slots with one base solution.
#[derive(Debug, Clone, Default)]
pub(crate) struct Family<'a> {
    pub(crate) base: Option<&'a Solution>,
    /// By rising version.
    pub(crate) patches: Vec<&'a Solution>,
    pub(crate) upgrade: Option<&'a Solution>,
    /// Of base, patches and pending upgrade.
    numbers: Vec<SolutionNo>,
}

impl<'a> Family<'a> {
    /// Returns the family of a base solution.
    pub(crate) fn of(snapshot: &'a Snapshot, base: &'a Solution) -> Self {
        Self::over(snapshot, Some(base), base.no)
    }

    /// Returns the family that a solution belongs to, as its base or otherwise.
    pub(crate) fn around(snapshot: &'a Snapshot, solution: &'a Solution) -> Self {
        match (solution.kind, solution.parent) {
            (SolutionKind::Base, _) | (SolutionKind::Patch | SolutionKind::Upgrade, None) => {
                Self::of(snapshot, solution)
            }
            (SolutionKind::Patch | SolutionKind::Upgrade, Some(base)) => {
                Self::over(snapshot, snapshot.solution(base), base)
            }
        }
    }

    /// Returns what belongs to a base solution, which may itself be gone.
    fn over(snapshot: &'a Snapshot, base: Option<&'a Solution>, no: SolutionNo) -> Self {
        let of_kind = |kind| {
            let solutions = snapshot.solutions.iter();
            solutions.filter(move |solution| solution.parent == Some(no) && solution.kind == kind)
        };
        let mut patches: Vec<_> = of_kind(SolutionKind::Patch).collect();
        patches.sort_by(|left, right| left.version.cmp(&right.version));
        let upgrade = of_kind(SolutionKind::Upgrade).next();
        let numbers = base.iter().chain(&patches).chain(&upgrade).map(|solution| solution.no).collect();
        Self { base, patches, upgrade, numbers }
    }

    /// L56: says which patches lock the base, if any does.
    pub(crate) fn lock(&self) -> Option<String> {
        let base = self.base.filter(|_| !self.patches.is_empty())?;
        let patches: Vec<_> = self.patches.iter().map(|patch| patch.unique_name.as_str()).collect();
        Some(format!("{} is locked by its patches: {}", base.unique_name, patches.join(", ")))
    }

    /// Returns base and patches: what an applied upgrade takes the place of (L80).
    pub(crate) fn installed(&self) -> BTreeSet<SolutionNo> {
        self.base.iter().chain(&self.patches).map(|solution| solution.no).collect()
    }

    /// Tells whether a solution is base, patch or pending upgrade.
    pub(crate) fn contains(&self, solution: SolutionNo) -> bool {
        self.numbers.contains(&solution)
    }

    /// Returns base, patches and pending upgrade.
    pub(crate) fn everyone(&self) -> Vec<SolutionNo> {
        self.numbers.clone()
    }

    /// Returns the names of everyone, for stacks.
    pub(crate) fn names(&self) -> Vec<&'a str> {
        self.base.iter().chain(&self.patches).chain(&self.upgrade).map(|s| s.unique_name.as_str()).collect()
    }

    /// Tells whether one of the family has a component, as a layer or as a member.
    pub(crate) fn holds(&self, state: &ComponentState) -> bool {
        state.managed().any(|layer| self.contains(layer.solution))
            || state.members.iter().any(|member| self.contains(member.solution))
    }

    /// Tells whether nobody else has a managed layer on a component that the family has layers on.
    pub(crate) fn is_alone_on(&self, state: &ComponentState) -> bool {
        let mut managed = state.managed().peekable();
        managed.peek().is_some() && managed.all(|layer| self.contains(layer.solution))
    }

    /// Returns the family's topmost layer on a component, which is in force among its own (L31).
    pub(crate) fn topmost<'s>(&self, state: &'s ComponentState) -> Option<&'s Layer> {
        state.managed().rev().find(|layer| self.contains(layer.solution))
    }

    /// Returns the slot that the family has on a component (L32).
    pub(crate) fn slot(&self, state: &ComponentState) -> Option<i64> {
        state.managed().filter(|layer| self.contains(layer.solution)).map(|layer| layer.slot).max()
    }
}

/// Returns the holding solution of a base, which may itself be gone.
pub(crate) fn holding<'a>(snapshot: &'a Snapshot, base: &str) -> Option<&'a Solution> {
    snapshot.solution_named(&format!("{base}{UPGRADE_SUFFIX}"))
}
