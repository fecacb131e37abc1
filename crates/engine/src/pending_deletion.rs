//! Deletions that wait for a publish: views, charts, forms and dashboards (L49, L52).
//!
//! A pending deletion is a draft of the Active layer that says nothing but that the component goes. Until it is
//! published the published definition stays in force. With a published layer below, the component's state is
//! *Deleted* (2), without one *Deleted Unpublished* (3). Components of other types are deleted at once.

use std::sync::OnceLock;

use strata_model::code::ErrorCode;
use strata_model::component::{ComponentKey, ComponentRef};
use strata_model::environment::ComponentState;
use strata_model::id::{ComponentNo, Digest, Operation, SolutionNo};
use strata_model::layer::{Layer, LayerState};
use strata_model::plan::{Body, Finding, FindingKind};

/// The definition of a pending deletion.
const DEFINITION: &[u8] = b"<deleted />";

/// Tells whether a layer is a pending deletion.
pub fn is_pending_deletion(layer: &Layer) -> bool {
    layer.digest == digest()
}

/// Tells whether a component is deleted and the deletion not yet published.
pub fn is_pending(state: &ComponentState) -> bool {
    state.active(LayerState::Unpublished).is_some_and(is_pending_deletion)
}

fn digest() -> Digest {
    static DIGEST: OnceLock<Digest> = OnceLock::new();
    *DIGEST.get_or_init(|| Digest::of(DEFINITION))
}

/// Returns the draft that stands for a deletion, with its definition.
pub(crate) fn draft(component: ComponentNo, display_name: Option<String>) -> (Layer, Body<'static>) {
    let layer = Layer {
        component,
        solution: SolutionNo::ACTIVE,
        slot: 0,
        state: LayerState::Unpublished,
        digest: digest(),
        display_name,
        is_diff: false,
        from: Operation::START,
    };
    (layer, Body { bytes: DEFINITION.into(), ..Body::default() })
}

/// Refuses an edit or a second deletion of a component that waits to be deleted.
pub(crate) fn refusal(component: ComponentRef, described: &str) -> Finding {
    let message = format!("{described} is deleted and waits for a publish");
    Finding::error(FindingKind::Component, ErrorCode::CANNOT_UPDATE_UNPUBLISHED_DELETE, "L49", message)
        .about(component)
        .hint("publish the deletion with `strata solution publish`, or take it back with `strata undo`")
}

/// Returns the code by which an import over a pending deletion fails, for types that have one (L52).
pub(crate) fn import_code(key: &ComponentKey, is_dashboard: bool) -> Option<ErrorCode> {
    match key.component_type.name() {
        "savedquery" => Some(ErrorCode::IMPORT_SAVED_QUERY_DELETED),
        "savedqueryvisualization" => Some(ErrorCode::IMPORT_VISUALIZATION_DELETED),
        "systemform" if is_dashboard => Some(ErrorCode::IMPORT_DASHBOARD_DELETED),
        _ => None,
    }
}
