//! Layers: what one solution says about one component (L28–L37).

use serde::{Deserialize, Serialize};

use crate::id::{ComponentNo, Digest, Operation, SolutionNo};
use crate::solution::SolutionKind;
use crate::version::Version;

/// One layer of a component. The system layer is not stored; Active has [`SolutionNo::ACTIVE`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    pub component: ComponentNo,
    pub solution: SolutionNo,
    /// Orders the managed layers of one component, and belongs to the pair (component, solution); Active is above all.
    pub slot: i64,
    pub state: LayerState,
    pub digest: Digest,
    /// What this layer calls the component, where it gives it a name.
    pub display_name: Option<String>,
    /// The definition is a difference to the layer below (L42).
    pub is_diff: bool,
    /// The operation that put it here.
    pub from: Operation,
}

/// Component state of a layer (L49); deletions have no layer left to bear a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LayerState {
    Published,
    /// A draft of the Active layer; masks nothing until published (R1).
    Unpublished,
}

/// What a layer is in the stack, for people (`kind` in `component layers`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LayerKind {
    System,
    Base,
    Patch,
    Upgrade,
    Active,
}

/// Sort key of a layer in its stack: slot, then base < patches by version < upgrade; Active above all, its
/// draft topmost (L30–L32).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StackKey {
    is_active: bool,
    slot: i64,
    kind: SolutionKind,
    version: Version,
    state: LayerState,
}

impl StackKey {
    /// Returns the key of a managed layer.
    pub fn managed(slot: i64, kind: SolutionKind, version: Version) -> Self {
        Self { is_active: false, slot, kind, version, state: LayerState::Published }
    }

    /// Returns the key of the Active layer or its draft.
    pub fn active(state: LayerState, version: Version) -> Self {
        Self { is_active: true, slot: 0, kind: SolutionKind::Base, version, state }
    }
}
