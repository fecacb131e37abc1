//! What a merged ribbon does: its custom actions in the order in which people see them (merge §7).
//!
//! The buttons of the platform's own ribbon are not known here; only what layers add, replace and hide.

use super::Merged;
use super::part::Part;

/// A button or group that a layer puts on a ribbon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RibbonAction {
    pub id: String,
    pub location: String,
    pub sequence: i64,
    /// It takes the place of what stands at its location, instead of being added there.
    pub replaces: bool,
    /// The layer whose definition it is.
    pub owner: usize,
    /// The layer that hides it.
    pub hidden_by: Option<usize>,
}

impl Merged<'_> {
    /// Returns the custom actions by location and sequence; of equal sequence the lower layer's first.
    pub fn ribbon_actions(&self) -> Vec<RibbonAction> {
        let root = self.root.as_ref();
        let Some(actions) = root.and_then(|root| root.child("CustomActions")) else { return Vec::new() };
        let hidden: Vec<_> = actions.parts.iter().filter(|part| part.name == "HideCustomAction").collect();
        let shown = actions.parts.iter().filter(|part| part.name == "CustomAction");
        let mut shown: Vec<_> = shown.map(|action| read(action, &hidden)).collect();
        shown.sort_by(|left, right| {
            (&left.location, left.sequence, left.owner).cmp(&(&right.location, right.sequence, right.owner))
        });
        shown
    }
}

fn read(action: &Part<'_>, hidden: &[&Part<'_>]) -> RibbonAction {
    let text = |name| action.attribute(name).map(|value| value.to_string()).unwrap_or_default();
    let location = text("Location");
    let target = location.strip_suffix("._children");
    // Hiding beats adding: what is named by its own id, its button's, or the place that it replaces.
    let is_target = |name: &str| {
        let is_replaced = target.is_none() && location.eq_ignore_ascii_case(name);
        is_replaced || text("Id").eq_ignore_ascii_case(name) || holds_control(action, name)
    };
    let hider = hidden.iter().find(|hide| hide.attribute("Location").is_some_and(|name| is_target(name)));
    RibbonAction {
        id: text("Id"),
        sequence: text("Sequence").trim().parse().unwrap_or(0),
        replaces: target.is_none(),
        owner: owner(action),
        hidden_by: hider.map(|hide| owner(hide)),
        location,
    }
}

fn holds_control(part: &Part<'_>, id: &str) -> bool {
    part.parts.iter().any(|child| {
        child.attribute("Id").is_some_and(|other| other.eq_ignore_ascii_case(id)) || holds_control(child, id)
    })
}

/// The topmost layer that has an id owns it entirely.
pub(super) fn owner(part: &Part<'_>) -> usize {
    part.attributes.iter().map(|attribute| attribute.origin.decided_by).max().unwrap_or(part.placed_by)
}
