//! Environments, and the part of one that an operation sees.
//!
//! A [`Snapshot`] is cut to a [`Footprint`] (D2): every solution and publisher (there are few), but only those
//! components that the operation names or may delete. It holds headers and digests, never bodies.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::component::{Component, ComponentKey, ComponentType};
use crate::id::{ComponentNo, EnvironmentNo, Guid, Operation, PublisherNo, SolutionNo};
use crate::layer::{Layer, LayerState, StackKey};
use crate::publisher::Publisher;
use crate::reference::{Mention, TargetId};
use crate::solution::Solution;
use crate::version::Version;

/// An environment without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    pub no: EnvironmentNo,
    pub id: Guid,
    pub name: String,
    pub settings: Settings,
    /// The last operation, failed ones included.
    pub operation: Operation,
    /// The last operation that changed the state; saved plans are made against it.
    pub revision: Operation,
}

/// Settings of an environment (L1); they are part of its state and come back with an undo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    pub display_name: String,
    pub platform_version: Version,
    pub desktop_flow_schema: DesktopFlowSchema,
    pub block_unmanaged: bool,
    /// Enabled languages as LCIDs; the first is the base language.
    pub languages: Vec<u32>,
}

/// Where desktop flows keep their content (DF1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DesktopFlowSchema {
    V1,
    V2,
}

/// The platform version of a fresh environment; the system catalogue is of this version.
pub const PLATFORM_VERSION: &str = "9.2.26044.148";

impl Settings {
    /// Returns the settings of a fresh environment.
    pub fn fresh(name: &str) -> Self {
        Self {
            display_name: name.to_owned(),
            platform_version: Version::parse(PLATFORM_VERSION).expect("the constant is a version"),
            desktop_flow_schema: DesktopFlowSchema::V2,
            block_unmanaged: false,
            languages: vec![1033],
        }
    }
}

/// Which components an operation may read or change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Footprint {
    /// Components by key, whether or not they exist.
    pub keys: Vec<ComponentKey>,
    /// Every component that is a member of, or has a layer of, one of these solutions.
    pub solutions: Vec<SolutionNo>,
    /// Every part of these tables (folded names), whoever brought it: columns, keys, forms, views, charts.
    pub children_of: Vec<String>,
    /// Every component that was added as a part of one of these: binaries of a flow, images of a step.
    pub parts_of: Vec<ComponentKey>,
    /// Every component of these types.
    pub types: Vec<ComponentType>,
    /// Components by number.
    pub numbers: Vec<ComponentNo>,
    /// Components of which some definition mentions one of these names; the snapshot says which.
    pub mentioning: Vec<TargetId>,
    /// Components of which some definition answers to one of these names; the snapshot says which.
    pub answering: Vec<TargetId>,
    /// Every component with a draft.
    pub drafts: bool,
    /// Every component of the environment (for listings and tests, never for operations).
    pub everything: bool,
}

/// An environment at one moment, cut to a footprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub environment: Environment,
    pub publishers: Vec<Publisher>,
    /// In the order of their numbers.
    pub solutions: Vec<Solution>,
    pub components: BTreeMap<ComponentKey, ComponentState>,
    /// Who mentions the names that the footprint asked for, sorted; maybe in definitions that are in force no more.
    pub mentions: Vec<Mention>,
    /// Who answers to the names that the footprint asked for, sorted; the same holds.
    pub answers: Vec<Mention>,
    pub next_publisher: PublisherNo,
    pub next_solution: SolutionNo,
    pub next_component: ComponentNo,
}

/// A component with what is known of it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentState {
    pub component: Component,
    /// Bottom to top, Active above all, its draft topmost; the system layer is not among them.
    pub layers: Vec<Layer>,
    pub members: Vec<Membership>,
    /// Switched on: the state of a flow, a step or a rule is the environment's, not a layer's (L92).
    pub is_on: bool,
}

/// That a component belongs to a solution (L18).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    pub component: ComponentNo,
    pub solution: SolutionNo,
    /// Of root components; `None` for subcomponents that came along.
    pub behavior: Option<Behavior>,
}

/// Root component behaviour (L18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum Behavior {
    IncludeSubcomponents,
    DoNotIncludeSubcomponents,
    IncludeAsShellOnly,
}

impl From<Behavior> for u8 {
    fn from(behavior: Behavior) -> Self {
        match behavior {
            Behavior::IncludeSubcomponents => 0,
            Behavior::DoNotIncludeSubcomponents => 1,
            Behavior::IncludeAsShellOnly => 2,
        }
    }
}

/// A number that is no behaviour.
#[derive(Debug, thiserror::Error)]
#[error("root component behaviour is 0, 1 or 2")]
pub struct BehaviorError;

impl TryFrom<u8> for Behavior {
    type Error = BehaviorError;

    fn try_from(number: u8) -> Result<Self, BehaviorError> {
        match number {
            0 => Ok(Self::IncludeSubcomponents),
            1 => Ok(Self::DoNotIncludeSubcomponents),
            2 => Ok(Self::IncludeAsShellOnly),
            _ => Err(BehaviorError),
        }
    }
}

impl Snapshot {
    /// Finds a solution by unique name, without regard to case.
    pub fn solution_named(&self, unique_name: &str) -> Option<&Solution> {
        self.solutions.iter().find(|solution| solution.is_named(unique_name))
    }

    /// Finds a solution by number.
    pub fn solution(&self, no: SolutionNo) -> Option<&Solution> {
        self.solutions.iter().find(|solution| solution.no == no)
    }

    /// Finds a publisher by number.
    pub fn publisher(&self, no: PublisherNo) -> Option<&Publisher> {
        self.publishers.iter().find(|publisher| publisher.no == no)
    }

    /// Returns where a layer stands in its stack (L30–L32).
    pub fn stack_key(&self, layer: &Layer) -> StackKey {
        stack_key(&self.solutions, layer)
    }
}

/// Returns where a layer stands in its stack, given the solutions of the environment (L30–L32).
///
/// A layer of a solution that is not among them sorts as a base of version 0 in its slot.
pub fn stack_key(solutions: &[Solution], layer: &Layer) -> StackKey {
    let zero = || Version::parse("0").expect("0 is a version");
    if layer.solution == SolutionNo::ACTIVE {
        return StackKey::active(layer.state, zero());
    }
    match solutions.iter().find(|solution| solution.no == layer.solution) {
        Some(solution) => StackKey::managed(layer.slot, solution.kind, solution.version.clone()),
        None => StackKey::managed(layer.slot, crate::solution::SolutionKind::Base, zero()),
    }
}

impl ComponentState {
    /// Returns the layers users of the environment see: everything but drafts (R1).
    pub fn published(&self) -> impl DoubleEndedIterator<Item = &Layer> {
        self.layers.iter().filter(|layer| layer.state == LayerState::Published)
    }

    /// Returns the managed layers, bottom to top.
    pub fn managed(&self) -> impl DoubleEndedIterator<Item = &Layer> {
        self.layers.iter().filter(|layer| layer.solution != SolutionNo::ACTIVE)
    }

    /// Returns the Active layer of a state.
    pub fn active(&self, state: LayerState) -> Option<&Layer> {
        self.layers.iter().find(|layer| layer.solution == SolutionNo::ACTIVE && layer.state == state)
    }

    /// Returns this solution's layer.
    pub fn layer_of(&self, solution: SolutionNo) -> Option<&Layer> {
        self.layers.iter().find(|layer| layer.solution == solution)
    }

    /// Tells whether the solution lists this component.
    pub fn is_member_of(&self, solution: SolutionNo) -> bool {
        self.members.iter().any(|member| member.solution == solution)
    }
}
