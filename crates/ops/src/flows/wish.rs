//! What makers ask of desktop flows, as operations.

use strata_engine::desktop_flow::save::{self, NewFlow, Save};
use strata_engine::desktop_flow::{self, repair};
use strata_model::component::ComponentKey;
use strata_model::environment::{Footprint, Snapshot};
use strata_model::history::HistoryKind;
use strata_model::plan::{Bodies, Plan};
use strata_model::rules::Rules;
use strata_store::StoreError;

use crate::operation::with_names;

/// One thing done to one desktop flow.
#[derive(Debug, Clone)]
pub enum FlowWish {
    Create(NewFlow),
    Save(Save),
    /// The Active layer and the unmanaged binaries go (DF28).
    RemoveUnmanaged {
        flow: ComponentKey,
    },
    /// The binaries go that collide and that the flow does not ask for.
    RemoveStale {
        flow: ComponentKey,
    },
}

impl FlowWish {
    /// Plans it; `headers` hold the solutions.
    pub(crate) fn plan(
        &self,
        headers: &Snapshot,
        snapshot: &dyn Fn(&Footprint) -> Result<Snapshot, StoreError>,
        rules: &Rules,
        bodies: &dyn Bodies,
    ) -> Result<Plan, StoreError> {
        Ok(match self {
            Self::Create(new) => {
                let seen = snapshot(&save::create_footprint(headers, new))?;
                with_names(save::create(&seen, new, rules, bodies), &seen, bodies)
            }
            Self::Save(wish) => {
                let seen = snapshot(&desktop_flow::footprint(&wish.flow))?;
                with_names(save::save(&seen, wish, rules, bodies), &seen, bodies)
            }
            Self::RemoveUnmanaged { flow } => {
                repair::remove_unmanaged(&snapshot(&desktop_flow::footprint(flow))?, flow, rules, bodies)
            }
            Self::RemoveStale { flow } => {
                repair::remove_stale(&snapshot(&desktop_flow::footprint(flow))?, flow, rules, bodies)
            }
        })
    }

    /// The word for it, as the concurrency refusal says it.
    pub(crate) fn title(&self) -> &'static str {
        match self {
            Self::Create(_) => "CreateDesktopFlow",
            Self::Save(_) => "SaveDesktopFlow",
            Self::RemoveUnmanaged { .. } | Self::RemoveStale { .. } => "RepairDesktopFlow",
        }
    }

    pub(crate) fn kind(&self) -> HistoryKind {
        match self {
            Self::Create(_) => HistoryKind::CreateFlow,
            Self::Save(_) => HistoryKind::SaveFlow,
            Self::RemoveUnmanaged { .. } | Self::RemoveStale { .. } => HistoryKind::RepairFlow,
        }
    }

    pub(crate) fn solution(&self) -> Option<String> {
        match self {
            Self::Create(new) => Some(new.solution.clone()),
            Self::Save(_) | Self::RemoveUnmanaged { .. } | Self::RemoveStale { .. } => None,
        }
    }
}
