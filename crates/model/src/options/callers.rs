//! Who imports: each front end of the platform, and the defaults that its documentation gives (`--as`).
//!
//! The same zip does different things depending on who sends it; that is data here and nowhere else. What a
//! document leaves open is `note`d, and stands at the platform's own default.

use serde::{Deserialize, Serialize};

use super::ImportAction;

/// A front end and its documented defaults.
#[derive(Debug, PartialEq, Eq)]
pub struct Caller {
    pub name: &'static str,
    /// Other words for it.
    pub aliases: &'static [&'static str],
    /// What it does with a managed package whose solution is installed (L60).
    pub default_action: ImportAction,
    pub overwrite: Overwrite,
    pub publish_workflows: bool,
    pub publish_changes: bool,
    pub equal_version: EqualVersion,
    /// What its documentation says besides, or leaves open.
    pub note: &'static str,
}

/// Whether a front end overwrites unmanaged customizations (L89).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overwrite {
    NotOffered,
    Off,
    On,
}

/// What a front end does with the version that is installed (OQ 38).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EqualVersion {
    #[default]
    Accepted,
    Refused,
    /// Imported again only where connections are given anew; otherwise there is nothing to do.
    Rebinds,
}

/// Every caller, the default one first.
pub const CALLERS: &[Caller] = &[
    Caller {
        name: "pac",
        aliases: &["cli"],
        default_action: ImportAction::Update,
        overwrite: Overwrite::Off,
        publish_workflows: false,
        publish_changes: false,
        equal_version: EqualVersion::Accepted,
        note: "`pac solution import` without switches",
    },
    Caller {
        name: "api",
        aliases: &["web-api", "sdk"],
        default_action: ImportAction::Update,
        overwrite: Overwrite::Off,
        publish_workflows: false,
        publish_changes: false,
        equal_version: EqualVersion::Accepted,
        note: "ImportSolution; overwriting and activating are parameters that the caller must give",
    },
    Caller {
        name: "portal",
        aliases: &["maker", "maker-portal"],
        default_action: ImportAction::Upgrade,
        overwrite: Overwrite::NotOffered,
        publish_workflows: false,
        publish_changes: false,
        equal_version: EqualVersion::Refused,
        note: "activating is a check box whose initial state is not documented; overwriting is left to the classic dialog",
    },
    Caller {
        name: "build-tools",
        aliases: &["azure-devops", "actions"],
        default_action: ImportAction::Update,
        overwrite: Overwrite::Off,
        publish_workflows: true,
        publish_changes: false,
        equal_version: EqualVersion::Accepted,
        note: "the import task of Azure DevOps, and the GitHub action",
    },
    Caller {
        name: "pipelines",
        aliases: &["pipeline"],
        default_action: ImportAction::Upgrade,
        overwrite: Overwrite::Off,
        publish_workflows: false,
        publish_changes: false,
        equal_version: EqualVersion::Accepted,
        note: "documented as keeping customizations; a user reports the opposite",
    },
    Caller {
        name: "terraform",
        aliases: &["tf"],
        default_action: ImportAction::Upgrade,
        overwrite: Overwrite::Off,
        publish_workflows: false,
        publish_changes: false,
        equal_version: EqualVersion::Rebinds,
        note: "the managed solution resource",
    },
    Caller {
        name: "ppds",
        aliases: &[],
        default_action: ImportAction::Update,
        overwrite: Overwrite::On,
        publish_workflows: true,
        publish_changes: false,
        equal_version: EqualVersion::Accepted,
        note: "`ppds solutions import`",
    },
    Caller {
        name: "txc",
        aliases: &[],
        default_action: ImportAction::Update,
        overwrite: Overwrite::Off,
        publish_workflows: true,
        publish_changes: false,
        equal_version: EqualVersion::Accepted,
        note: "`txc env sln import`; does not wait for the outcome",
    },
    Caller {
        name: "import-dataversesolution",
        aliases: &["powershell"],
        default_action: ImportAction::Upgrade,
        overwrite: Overwrite::Off,
        publish_workflows: false,
        publish_changes: false,
        equal_version: EqualVersion::Accepted,
        note: "`Import-DataverseSolution` in mode Auto",
    },
];

impl Caller {
    /// Returns the caller whose defaults hold when none is named: `pac`.
    pub fn default_one() -> &'static Self {
        &CALLERS[0]
    }

    /// Finds a caller by its name or another word for it, without regard to case.
    pub fn named(name: &str) -> Option<&'static Self> {
        let is = |other: &str| other.eq_ignore_ascii_case(name.trim());
        CALLERS.iter().find(|caller| is(caller.name) || caller.aliases.iter().any(|alias| is(alias)))
    }
}
