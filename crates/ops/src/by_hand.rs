//! What makers do to components one at a time: create, delete, list in a solution, switch on and off.

use std::collections::BTreeMap;

use strata_engine::activation;
pub use strata_engine::activation::Switch;
pub use strata_engine::by_hand::create::NewComponent;
use strata_engine::by_hand::{create, delete};
use strata_engine::membership;
pub use strata_engine::membership::Addition;
use strata_model::component::{ComponentKey, ComponentType, Identity};
use strata_model::environment::{Environment, Footprint, Snapshot};
use strata_model::history::HistoryKind;
use strata_model::id::Digest;
use strata_model::plan::{Bodies, Plan, RowCounts};
use strata_model::rules::Rules;

use crate::operation::with_names;
use crate::seeing::{is_held, with_going, with_holders, with_required};
use crate::{OpsError, Workspace, components};

/// One thing done to one component.
#[derive(Debug, Clone)]
pub enum ByHand {
    Create {
        new: Box<NewComponent>,
        /// The content of its member file; `new.content` is its digest.
        content: Option<Vec<u8>>,
    },
    /// Several of one solution, all or none; published, so that they are in force at once (L49).
    CreateAll {
        all: Vec<NewComponent>,
    },
    Delete {
        component: ComponentKey,
    },
    /// Into an unmanaged solution's list.
    Add {
        component: ComponentKey,
        addition: Addition,
    },
    /// Out of an unmanaged solution's list.
    Remove {
        component: ComponentKey,
        solution: String,
    },
    /// How much of its own definition a listed table brings: all settings, or none.
    Relist {
        component: ComponentKey,
        solution: String,
        with_settings: bool,
    },
    Switch {
        component: ComponentKey,
        switch: Switch,
    },
}

impl ByHand {
    /// Plans it; `headers` hold the solutions.
    pub(crate) fn plan(
        &self,
        headers: &Snapshot,
        snapshot: &dyn Fn(&Footprint) -> Result<Snapshot, strata_store::StoreError>,
        rows: &dyn RowCounts,
        rules: &Rules,
        bodies: &dyn Bodies,
    ) -> Result<Plan, OpsError> {
        let listed = |component: &ComponentKey| {
            let seen = snapshot(&Footprint { keys: vec![component.clone()], ..Footprint::default() })?;
            snapshot(&membership::footprint(&seen, component))
        };
        Ok(match self {
            Self::Create { new, .. } => {
                let seen = snapshot(&create::footprint(headers, new))?;
                with_names(create::plan(&seen, new, rules, bodies), &seen, bodies)
            }
            Self::CreateAll { all } => {
                let seen = snapshot(&create::footprint_all(headers, all))?;
                with_names(create::plan_all(&seen, all, true, rules, bodies), &seen, bodies)
            }
            Self::Delete { component } => {
                let seen = snapshot(&delete::footprint(component))?;
                let seen = with_going(snapshot, seen, component, rules, bodies)?;
                let plan = delete::plan(&seen, component, rows, rules, bodies);
                if is_held(&plan) {
                    let seen = with_holders(snapshot, seen, rules, bodies)?;
                    return Ok(delete::plan(&seen, component, rows, rules, bodies));
                }
                with_names(plan, &seen, bodies)
            }
            Self::Add { component, addition } => {
                let seen = with_required(snapshot, listed(component)?, component, addition, rules, bodies)?;
                membership::add(&seen, component, addition, rules, bodies)
            }
            Self::Remove { component, solution } => membership::remove(&listed(component)?, component, solution, rules),
            Self::Relist { component, solution, with_settings } => {
                membership::update(&listed(component)?, component, solution, *with_settings, rules)
            }
            Self::Switch { component, switch } => {
                let seen = snapshot(&Footprint { keys: vec![component.clone()], ..Footprint::default() })?;
                let seen = snapshot(&activation::footprint(&seen, component, bodies))?;
                activation::plan(&seen, component, *switch, rules, bodies)
            }
        })
    }

    /// The word for it, as the concurrency refusal says it.
    pub(crate) fn title(&self) -> &'static str {
        match self {
            Self::Create { .. } | Self::CreateAll { .. } => "CreateComponent",
            Self::Delete { .. } => "DeleteComponent",
            Self::Add { .. } => "AddSolutionComponent",
            Self::Remove { .. } => "RemoveSolutionComponent",
            Self::Relist { .. } => "UpdateSolutionComponent",
            Self::Switch { switch: Switch::On, .. } => "Activate",
            Self::Switch { switch: Switch::Off, .. } => "Deactivate",
        }
    }

    pub(crate) fn kind(&self) -> HistoryKind {
        match self {
            Self::Create { .. } | Self::CreateAll { .. } => HistoryKind::CreateComponent,
            Self::Delete { .. } => HistoryKind::DeleteComponent,
            Self::Add { .. } | Self::Relist { .. } => HistoryKind::AddComponent,
            Self::Remove { .. } => HistoryKind::RemoveComponent,
            Self::Switch { switch: Switch::On, .. } => HistoryKind::Activate,
            Self::Switch { switch: Switch::Off, .. } => HistoryKind::Deactivate,
        }
    }

    pub(crate) fn solution(&self) -> Option<String> {
        match self {
            Self::Create { new, .. } => new.solution.clone(),
            Self::CreateAll { all } => all.first().and_then(|new| new.solution.clone()),
            Self::Add { addition, .. } => Some(addition.solution.clone()),
            Self::Remove { solution, .. } | Self::Relist { solution, .. } => Some(solution.clone()),
            Self::Delete { .. } | Self::Switch { .. } => None,
        }
    }

    /// Returns the files it brings, by digest.
    pub(crate) fn files(&self) -> BTreeMap<Digest, Vec<u8>> {
        match self {
            Self::Create { content: Some(content), .. } => [(Digest::of(content), content.clone())].into(),
            Self::Create { content: None, .. }
            | Self::CreateAll { .. }
            | Self::Delete { .. }
            | Self::Add { .. }
            | Self::Remove { .. }
            | Self::Relist { .. }
            | Self::Switch { .. } => BTreeMap::new(),
        }
    }
}

/// Finds a component that is to be listed; a part that is not there is the rules' to refuse (L19).
pub fn find_to_list(workspace: &Workspace, environment: &Environment, text: &str) -> Result<ComponentKey, OpsError> {
    components::find(workspace, environment, None, text).or_else(|error| {
        let (type_name, name) = text.split_once(':').unwrap_or_default();
        let component_type = ComponentType::written(type_name);
        let is_part = component_type.row().is_some_and(|row| row.identity == Identity::NameInTable);
        if is_part && name.contains('.') { Ok(ComponentKey::new(component_type, name)) } else { Err(error) }
    })
}
