//! Readings: where documents contradict each other or are silent, which way we read them (D10).
//!
//! Each field is one point of the specification's open questions, so a correction is one edit and a plan can
//! say which reading it used.

use serde::{Deserialize, Serialize};

/// The readings in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// OQ 36: what one unmanaged edit masks.
    pub masking: Masking,
    /// OQ 3: whether an update accepts the installed version again.
    pub update_accepts_equal_version: bool,
    /// OQ 7: how a newer build of the same package generation counts.
    pub newer_build: NewerBuild,
    /// OQ 8: what becomes of an unmanaged base when a managed package holds the component.
    pub unmanaged_base: UnmanagedBase,
    /// OQ 11: at uninstall of a base, whether a layer of the same publisher anywhere above takes its place.
    pub same_publisher_anywhere_takes_base: bool,
    /// R7: whether an unprefixed column of a system table that the catalogue does not list counts as present.
    pub unlisted_system_columns_present: bool,
    /// L44: whether a form element whose position another layer claims goes to the Conflicts Tab.
    pub collisions_to_conflicts_tab: bool,
    /// L48: whether a form that has no display conditions is a fallback form.
    pub form_without_conditions_is_fallback: bool,
    /// OQ 12: whether a value that was given in the target stays when the package no longer brings its own.
    pub values_of_the_target_stay: bool,
    /// OQ 24: whether a routing rule set that the package holds active is refused only where the target's is on.
    pub inactive_routing_rule_is_replaced: bool,
    /// OQ 15: whether binaries of a desktop flow collide only where both type and reference are the same.
    pub binaries_differ_by_reference: bool,
    /// OQ 16: whether a client of February 2023 or later runs a flow of schema v2 where v2 is off.
    pub v2_runs_where_it_is_off: bool,
    /// OQ 28: whether blocking unmanaged customizations keeps new binaries of desktop flows out.
    pub blocking_stops_binaries: bool,
    /// L49, DF1: whether a desktop flow runs as it was last saved, published or not.
    pub desktop_flows_run_as_saved: bool,
    /// OQ 31: whether a table that is added to a solution without a behaviour brings all its parts.
    pub added_tables_include_subcomponents: bool,
    /// DF16: whether *Add required objects* lists what managed solutions bring too.
    pub required_brings_managed: bool,
    /// DF16: whether a table that comes along because it is required brings all its parts.
    pub required_tables_bring_parts: bool,
    /// L22, merge §8: whether a managed package leaves out what managed layers define and nobody here has changed.
    pub unmodified_is_left_out: bool,
    /// DP22: what becomes of an import whose definitions name a component that is nowhere and not declared missing.
    pub undeclared_missing: UndeclaredMissing,
}

/// OQ 36: what one unmanaged edit masks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Masking {
    Unit,
    Property,
}

/// OQ 7: how a package built on a newer build of the same generation counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NewerBuild {
    Warning,
    Ignored,
}

/// OQ 8: what becomes of an unmanaged base when a managed package holds the component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnmanagedBase {
    /// The import is refused unless it asks to convert.
    ConvertsOnRequest,
    /// It becomes managed without being asked for.
    ConvertsByItself,
}

/// DP22: what becomes of an import whose definitions name a component that is nowhere and not declared missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UndeclaredMissing {
    /// The reference dangles; refused only where the component is of no use without it.
    Warns,
    Refuses,
}

impl Rules {
    /// Our readings.
    pub const OURS: Self = Self {
        masking: Masking::Unit,
        update_accepts_equal_version: true,
        newer_build: NewerBuild::Warning,
        unmanaged_base: UnmanagedBase::ConvertsOnRequest,
        same_publisher_anywhere_takes_base: true,
        unlisted_system_columns_present: true,
        collisions_to_conflicts_tab: false,
        form_without_conditions_is_fallback: true,
        values_of_the_target_stay: true,
        inactive_routing_rule_is_replaced: true,
        binaries_differ_by_reference: true,
        v2_runs_where_it_is_off: true,
        blocking_stops_binaries: true,
        desktop_flows_run_as_saved: true,
        added_tables_include_subcomponents: true,
        required_brings_managed: false,
        required_tables_bring_parts: false,
        unmodified_is_left_out: true,
        undeclared_missing: UndeclaredMissing::Warns,
    };
}
