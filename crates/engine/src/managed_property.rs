//! Managed properties: what others may change in a component that arrived managed (MP1–MP17).
//!
//! The switches stand in the definition of the base layer and are read from there, whatever lies above (MP4): from
//! the topmost layer of the base's own solution that writes them, which may be a patch of it. A switch that is not
//! written locks nothing (MP15). They act only where the component arrived managed (MP2) and bind everyone but the
//! publisher of the base layer: edits of the Active layer, unmanaged imports, managed layers of other publishers
//! (MP6, MP7). What each customization needs is [`OPERATIONS`]; which switches a type has is [`FLAGS`].
//!
//! Not here: removing an Active layer, which no switch forbids (MP10), and adding a component to an unmanaged
//! solution, which changes nothing (MP9).

use std::collections::BTreeSet;

use strata_model::code::ErrorCode;
use strata_model::component::{ComponentKey, ComponentRef, ComponentType};
use strata_model::environment::{ComponentState, DesktopFlowSchema, Snapshot};
use strata_model::id::{PublisherNo, SolutionNo};
use strata_model::layer::Layer;
use strata_model::plan::{Bodies, Finding, FindingKind};
use strata_model::rules::Rules;
use strata_xml::Element;

use crate::effect::Lens;
use crate::{catalogue, definition, desktop_flow, names};

/// The master: false makes every other switch behave as false (MP5).
pub const MASTER: &str = "IsCustomizable";

/// What someone who does not own a managed component does to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Customization {
    Rename,
    ChangeHierarchy,
    ChangeTracking,
    ChangeSearch,
    ChangeDateTimeBehavior,
    /// A setting of a table or column that has no switch of its own.
    ChangeSetting,
    AddColumn,
    AddForm,
    AddView,
    AddChart,
    /// A key, a rule, a ribbon: a part of a table that has no switch of its own.
    AddPart,
    /// Any change of a component whose type has the master only.
    Edit,
    /// A desktop flow of the newer schema takes no change at all (DF11).
    EditDesktopFlow,
    /// The switches themselves (MP3).
    WriteFlag,
    Delete,
    Switch,
    SetValue,
    AssignOrShare,
    RemoveActive,
}

/// What a customization needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    Nothing,
    Master,
    MasterAnd(&'static str),
    Never,
}

/// One row of the table of operations.
#[derive(Debug)]
pub struct OperationRow {
    pub customization: Customization,
    /// Completes "is not allowed to …".
    pub verb: &'static str,
    pub needs: Needs,
}

const fn row(customization: Customization, verb: &'static str, needs: Needs) -> OperationRow {
    OperationRow { customization, verb, needs }
}

/// Operations and what they need (MP17).
pub static OPERATIONS: &[OperationRow] = &[
    row(Customization::Rename, "rename it", Needs::MasterAnd("IsRenameable")),
    row(
        Customization::ChangeHierarchy,
        "change its hierarchy settings",
        Needs::MasterAnd("CanChangeHierarchicalRelationship"),
    ),
    row(Customization::ChangeTracking, "change its change tracking", Needs::MasterAnd("CanChangeTrackingBeEnabled")),
    row(
        Customization::ChangeSearch,
        "change its place in relevance search",
        Needs::MasterAnd("CanEnableSyncToExternalSearchIndex"),
    ),
    row(
        Customization::ChangeDateTimeBehavior,
        "change its date and time behaviour",
        Needs::MasterAnd("CanChangeDateTimeBehavior"),
    ),
    row(Customization::ChangeSetting, "change its settings", Needs::MasterAnd("CanModifyAdditionalSettings")),
    row(Customization::AddColumn, "add a column to it", Needs::Master),
    row(Customization::AddForm, "add a form to it", Needs::MasterAnd("CanCreateForms")),
    row(Customization::AddView, "add a view to it", Needs::MasterAnd("CanCreateViews")),
    row(Customization::AddChart, "add a chart to it", Needs::MasterAnd("CanCreateCharts")),
    row(Customization::AddPart, "add a part to it", Needs::Master),
    row(Customization::Edit, "change it", Needs::Master),
    row(Customization::EditDesktopFlow, "change it", Needs::Never),
    row(Customization::WriteFlag, "write its managed properties", Needs::Never),
    row(Customization::Delete, "delete it", Needs::Never),
    row(Customization::Switch, "switch it on or off", Needs::Nothing),
    row(Customization::SetValue, "set its value", Needs::Nothing),
    row(Customization::AssignOrShare, "assign or share its rows", Needs::Nothing),
    row(Customization::RemoveActive, "remove its unmanaged layer", Needs::Nothing),
];

/// Switches beside the master, by component type (MP13, MP14); other switches that a definition writes lock nothing
/// (OQ 14).
pub static FLAGS: &[(&str, &str)] = &[
    ("entity", "IsRenameable"),
    ("entity", "CanModifyAdditionalSettings"),
    ("entity", "CanCreateForms"),
    ("entity", "CanCreateCharts"),
    ("entity", "CanCreateViews"),
    ("entity", "CanChangeHierarchicalRelationship"),
    ("entity", "CanChangeTrackingBeEnabled"),
    ("entity", "CanEnableSyncToExternalSearchIndex"),
    ("attribute", "IsRenameable"),
    ("attribute", "CanModifyAdditionalSettings"),
    ("attribute", "CanChangeDateTimeBehavior"),
];

/// Leaves that name a component or say when it came: they are no setting.
const IDENTITY: [&str; 8] = [
    "IntroducedVersion",
    "ObjectTypeCode",
    "Name",
    "LogicalName",
    "@Name",
    "@PhysicalName",
    "Name@OriginalName",
    "@unmodified",
];

impl Customization {
    /// Returns the row of this customization.
    pub fn row(self) -> &'static OperationRow {
        OPERATIONS.iter().find(|row| row.customization == self).expect("every customization has a row")
    }

    /// Returns what a change of a property amounts to; `None` where it changes nothing that counts.
    pub fn of_property(component_type: &ComponentType, path: &str) -> Option<Self> {
        if IDENTITY.iter().any(|identity| identity.eq_ignore_ascii_case(path)) {
            return None;
        }
        if component_type.is("environmentvariablevalue") {
            return Some(Self::SetValue);
        }
        if is_flag(path) {
            return Some(Self::WriteFlag);
        }
        let starts = |prefix: &str| path.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        let is = |name: &str| path.eq_ignore_ascii_case(name);
        Some(match component_type.name() {
            "entity" if starts("LocalizedNames/") || starts("LocalizedCollectionNames/") => Self::Rename,
            "entity" if is("Name@LocalizedName") => Self::Rename,
            "entity" if is("ChangeTrackingEnabled") => Self::ChangeTracking,
            "entity" if is("SyncToExternalSearchIndex") => Self::ChangeSearch,
            "entity" if starts("IsHierarch") || starts("Hierarch") => Self::ChangeHierarchy,
            "attribute" if starts("displaynames/") => Self::Rename,
            "attribute" if is("Behavior") => Self::ChangeDateTimeBehavior,
            "entity" | "attribute" => Self::ChangeSetting,
            _ => Self::Edit,
        })
    }

    /// Returns what a new component does to the table it is a part of.
    pub fn of_part(part: &ComponentType) -> Self {
        match part.name() {
            "attribute" => Self::AddColumn,
            "systemform" => Self::AddForm,
            "savedquery" => Self::AddView,
            "savedqueryvisualization" => Self::AddChart,
            "hierarchyrule" => Self::ChangeHierarchy,
            _ => Self::AddPart,
        }
    }
}

/// Tells whether a property is a switch: a column of the component's own row that grants or forbids.
pub fn is_flag(path: &str) -> bool {
    let starts = |prefix: &str| path.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let is_own = !path.contains(['/', '@']);
    let is_named = path.eq_ignore_ascii_case(MASTER)
        || path.eq_ignore_ascii_case("IsRenameable")
        || path.eq_ignore_ascii_case("CanBeDeleted")
        || ["CanModify", "CanChange", "CanCreate", "CanEnable"].into_iter().any(starts);
    is_own && is_named
}

/// Returns the effective value of *is component customizable* (MP16): true where nothing is locked.
pub fn is_customizable(snapshot: &Snapshot, key: &ComponentKey, rules: &Rules, bodies: &dyn Bodies) -> bool {
    let lens = Lens::new(snapshot, rules, bodies);
    let state = snapshot.components.get(key);
    state.and_then(|state| Base::of(&lens, state)).is_none_or(|base| base.is_set(MASTER))
}

/// The managed base of a component: whose it is, and which switches it sets.
pub(crate) struct Base<'a> {
    state: &'a ComponentState,
    pub(crate) owner: Option<PublisherNo>,
    /// Definitions of the base solution's layers, topmost first.
    definitions: Vec<Element>,
}

impl<'a> Base<'a> {
    /// Returns the base of a component that arrived managed; the system layer locks nothing (MP2, MP15).
    pub(crate) fn of(lens: &Lens<'_>, state: &'a ComponentState) -> Option<Self> {
        let owner = owner(lens.snapshot, state, lens.rules)?;
        let base = state.managed().next()?;
        let family = state.managed().rev().filter(|layer| layer.slot == base.slot);
        let tree = |layer: &Layer| definition::tree(&lens.bodies.definition(&layer.digest)?.bytes);
        Some(Self { state, owner, definitions: family.filter_map(tree).collect() })
    }

    /// Tells whether a switch is on; what is not written is on (MP15).
    pub(crate) fn is_set(&self, flag: &str) -> bool {
        let component_type = &self.state.component.key.component_type;
        self.definitions.iter().find_map(|tree| flag_in(component_type, tree, flag)).unwrap_or(true)
    }

    fn allows(&self, needs: Needs) -> bool {
        match needs {
            Needs::Nothing => true,
            Needs::Master => self.is_set(MASTER),
            Needs::MasterAnd(flag) => self.is_set(MASTER) && self.is_set_for_type(flag),
            Needs::Never => false,
        }
    }

    fn is_set_for_type(&self, flag: &str) -> bool {
        let component_type = &self.state.component.key.component_type;
        let has_flag = FLAGS.iter().any(|(type_name, name)| component_type.is(type_name) && *name == flag);
        !has_flag || self.is_set(flag)
    }

    /// Says how the switches stand, for messages.
    fn evaluation(&self, needs: Needs) -> String {
        let shown = |flag: &str| format!("{flag} is {}", self.is_set(flag));
        match needs {
            Needs::Nothing => String::new(),
            Needs::Master => shown(MASTER),
            Needs::MasterAnd(flag) => format!("{}, {}", shown(MASTER), shown(flag)),
            Needs::Never => "no managed property allows it".to_owned(),
        }
    }

    /// A desktop flow that was last saved in the newer schema.
    fn is_newer_desktop_flow(&self, lens: &Lens<'_>) -> bool {
        desktop_flow::is_desktop_flow(&self.state.component)
            && desktop_flow::content::as_saved(self.state, lens.bodies)
                .is_some_and(|content| content.schema() == DesktopFlowSchema::V2)
    }

    /// Returns a refusal where the switches forbid a customization (MP6).
    pub(crate) fn refusal(&self, lens: &Lens<'_>, customization: Customization, rule: &str) -> Option<Finding> {
        let customization = match customization {
            Customization::Edit if self.is_newer_desktop_flow(lens) => Customization::EditDesktopFlow,
            other => other,
        };
        let row = customization.row();
        if self.allows(row.needs) {
            return None;
        }
        let component = names::installed(lens.snapshot.environment.id, self.state);
        let described = names::describe(&component, self.state.component.key.component_type.label());
        let (code, rule) = match customization {
            Customization::EditDesktopFlow => (ErrorCode::INVALID_UPDATE_ON_PROTECTED, rule),
            Customization::WriteFlag => (ErrorCode::MANAGED_PROPERTY_FAILURE, "MP3"),
            Customization::Delete => (ErrorCode::CANNOT_DELETE_METADATA, "MP8"),
            _ => (ErrorCode::MANAGED_PROPERTY_FAILURE, rule),
        };
        let message =
            format!("{described} is managed and it is not allowed to {}: {}", row.verb, self.evaluation(row.needs));
        Some(self.hinted(lens, Finding::error(FindingKind::Component, code, rule, message).about(component)))
    }

    fn hinted(&self, lens: &Lens<'_>, finding: Finding) -> Finding {
        let owner = self.owner.and_then(|no| lens.snapshot.publisher(no));
        let Some(owner) = owner else { return finding };
        let name = format!("{}:{}", self.state.component.key.component_type, self.state.component.name);
        finding.hint(format!(
            "only an import of publisher {} changes it or its switches; see them with `strata component show {name}`",
            owner.unique_name
        ))
    }
}

/// Returns the publisher of a component's base layer (L10); `None` for what is not managed, and for the system's.
fn owner(snapshot: &Snapshot, state: &ComponentState, rules: &Rules) -> Option<Option<PublisherNo>> {
    if catalogue::contains(&state.component.key, rules) {
        return None;
    }
    let base = state.managed().next().filter(|layer| layer.solution != SolutionNo::ACTIVE)?;
    Some(snapshot.solution(base.solution).map(|solution| solution.publisher))
}

/// Tells whether a component is another publisher's: it has a managed base that is not this one's.
pub(crate) fn is_of_another(lens: &Lens<'_>, state: &ComponentState, publisher: PublisherNo) -> bool {
    owner(lens.snapshot, state, lens.rules).is_some_and(|owner| owner != Some(publisher))
}

/// Returns what forbids changing these properties of an installed component.
pub(crate) fn refusals<'p>(
    lens: &Lens<'_>,
    state: &ComponentState,
    paths: impl IntoIterator<Item = &'p str>,
    rule: &str,
) -> Vec<Finding> {
    let Some(base) = Base::of(lens, state) else { return Vec::new() };
    let component_type = &state.component.key.component_type;
    let customizations: BTreeSet<_> =
        paths.into_iter().filter_map(|path| Customization::of_property(component_type, path)).collect();
    customizations.into_iter().filter_map(|customization| base.refusal(lens, customization, rule)).collect()
}

/// Returns what forbids adding a part to an installed table.
pub(crate) fn refusal_of_part(
    lens: &Lens<'_>,
    table: &ComponentState,
    part: &ComponentRef,
    part_type: &ComponentType,
    rule: &str,
) -> Option<Finding> {
    let base = Base::of(lens, table)?;
    Some(base.refusal(lens, Customization::of_part(part_type), rule)?.related(vec![part.clone()]))
}

/// Returns the value of a switch in a definition, where it writes it.
pub(crate) fn flag_in(component_type: &ComponentType, tree: &Element, flag: &str) -> Option<bool> {
    let own = tree.descend(component_type.own_element())?;
    let written = own.elements().find(|child| child.name.eq_ignore_ascii_case(flag))?.text();
    let written = written.trim();
    (!written.is_empty()).then(|| !matches!(written.to_ascii_lowercase().as_str(), "0" | "false"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mp17_every_customization_has_one_row() {
        for row in OPERATIONS {
            let same = OPERATIONS.iter().filter(|other| other.customization == row.customization);
            assert_eq!(same.count(), 1, "{:?}", row.customization);
            if let Needs::MasterAnd(flag) = row.needs {
                assert!(FLAGS.iter().any(|(_, name)| *name == flag), "{flag} belongs to no type");
            }
        }
    }

    #[test]
    fn mp13_a_change_needs_the_switch_of_what_it_touches() {
        let of =
            |component_type: &str, path: &str| Customization::of_property(&ComponentType::named(component_type), path);
        assert_eq!(of("entity", "LocalizedNames/LocalizedName[1033]@description"), Some(Customization::Rename));
        assert_eq!(of("entity", "ChangeTrackingEnabled"), Some(Customization::ChangeTracking));
        assert_eq!(of("entity", "SyncToExternalSearchIndex"), Some(Customization::ChangeSearch));
        assert_eq!(of("entity", "IsAuditEnabled"), Some(Customization::ChangeSetting));
        assert_eq!(of("attribute", "displaynames/displayname[1033]@description"), Some(Customization::Rename));
        assert_eq!(of("attribute", "Behavior"), Some(Customization::ChangeDateTimeBehavior));
        assert_eq!(of("attribute", "MaxLength"), Some(Customization::ChangeSetting));
        assert_eq!(of("entityrelationship", "IsHierarchical"), Some(Customization::Edit), "MP14");
        assert_eq!(of("webresource", "DisplayName"), Some(Customization::Edit));
        assert_eq!(of("environmentvariablevalue", "value"), Some(Customization::SetValue));
        assert_eq!(of("entity", "IntroducedVersion"), None);
    }

    #[test]
    fn mp3_switches_are_told_from_settings() {
        for flag in ["IsCustomizable", "iscustomizable", "CanModifyAuditSettings", "CanCreateForms", "CanBeDeleted"] {
            assert!(is_flag(flag), "{flag}");
        }
        for setting in ["IsAuditEnabled", "CanConsumeAppPass", "FieldPermissions/FieldPermission/CanCreate", "Cannot"] {
            assert!(!is_flag(setting), "{setting}");
        }
    }

    #[test]
    fn mp15_a_switch_that_is_not_written_is_on() {
        let tree = strata_xml::parse(b"<WebResource><IsCustomizable>0</IsCustomizable><Other /></WebResource>");
        let tree = tree.expect("well formed");
        let web_resource = ComponentType::named("webresource");
        assert_eq!(flag_in(&web_resource, &tree, "IsCustomizable"), Some(false));
        assert_eq!(flag_in(&web_resource, &tree, "CanBeDeleted"), None);
        assert_eq!(flag_in(&web_resource, &tree, "Other"), None);
    }
}
