//! What a caller asks of an operation.

mod callers;

use serde::{Deserialize, Serialize};

pub use callers::{CALLERS, Caller, EqualVersion, Overwrite};

use crate::deployment_settings::SettingsFile;
use crate::id::Guid;
use crate::package::Package;
use crate::solution::Solution;

/// Options of an import (L91); every one of them stands in the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportOptions {
    /// `None`: the caller's default over a managed solution, update over an unmanaged one, new where nothing is.
    pub action: Option<ImportAction>,
    /// What the caller does with a managed package whose solution is installed (L60).
    #[serde(default = "update")]
    pub default_action: ImportAction,
    pub overwrite_unmanaged_customizations: bool,
    pub publish_workflows: bool,
    pub publish_changes: bool,
    pub skip_product_update_dependencies: bool,
    pub convert_to_managed: bool,
    pub skip_lower_version: bool,
    pub allow_lower_version: bool,
    #[serde(default)]
    pub equal_version: EqualVersion,
    pub assume_missing: bool,
    /// Values of environment variables, and connections (L121).
    #[serde(rename = "settings_file", default)]
    pub settings: Option<Box<SettingsFile>>,
    /// Where in the stacks the solution is to go (L109).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer_order: Option<Box<LayerOrder>>,
    /// The id of the import job; minted where none is given (L113).
    #[serde(skip)]
    pub job: Option<Guid>,
    /// Lists components that stay as they are, instead of counting them; changes nothing else.
    #[serde(skip)]
    pub list_unchanged: bool,
    /// Whose documented defaults these are.
    pub caller: String,
}

/// The action a caller names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImportAction {
    New,
    Update,
    Upgrade,
    Stage,
}

/// A place beside other solutions that a caller wishes for (`LayerDesiredOrder`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerOrder {
    pub place: LayerPlace,
    /// Unique names.
    pub solutions: Vec<String>,
}

/// On which side of the named solutions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LayerPlace {
    Below,
    Above,
    /// Under all; documented as a value, and as one that nobody may use.
    Base,
}

impl LayerPlace {
    /// The platform's word and number.
    pub const ALL: [(Self, &'static str); 3] = [(Self::Below, "Below"), (Self::Above, "Above"), (Self::Base, "Base")];

    /// Returns the platform's word.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(place, _)| *place == self).map_or("", |(_, word)| word)
    }
}

/// What options that name no default mean: they were written before callers had one.
fn update() -> ImportAction {
    ImportAction::Update
}

impl ImportOptions {
    /// Returns what a caller's import does when it is given no switch.
    pub fn of(caller: &Caller) -> Self {
        Self {
            action: None,
            default_action: caller.default_action,
            overwrite_unmanaged_customizations: caller.overwrite == Overwrite::On,
            publish_workflows: caller.publish_workflows,
            publish_changes: caller.publish_changes,
            skip_product_update_dependencies: false,
            convert_to_managed: false,
            skip_lower_version: false,
            allow_lower_version: false,
            equal_version: caller.equal_version,
            assume_missing: false,
            settings: None,
            layer_order: None,
            job: None,
            list_unchanged: false,
            caller: caller.name.to_owned(),
        }
    }

    /// Returns what `pac solution import` does when it is given no switch.
    pub fn pac() -> Self {
        Self::of(Caller::default_one())
    }

    /// Returns the options that hold for this package over what is installed under its name: the caller's default
    /// action where none is named.
    ///
    /// A default acts on managed solutions only: over an unmanaged one an import is always an update (L126), and a
    /// patch is a patch.
    #[must_use]
    pub fn in_force(&self, package: &Package, installed: Option<&Solution>) -> Self {
        let mut options = self.clone();
        let is_plain = package.is_managed() && package.manifest.parent_solution.is_none();
        let (None, true, Some(installed)) = (self.action, is_plain, installed) else { return options };
        let is_equal = installed.version == package.manifest.version;
        match (self.default_action, self.equal_version) {
            (_, EqualVersion::Rebinds) if is_equal => options.skip_lower_version = !self.gives_connections(),
            (ImportAction::Update, _) => {}
            (default, _) => options.action = Some(default),
        }
        options
    }

    fn gives_connections(&self) -> bool {
        self.settings.as_ref().is_some_and(|file| !file.settings.connection_references.is_empty())
    }

    /// Names the options that differ from the caller's documented defaults.
    pub fn given(&self) -> Vec<&'static str> {
        let Some(caller) = Caller::named(&self.caller) else { return Vec::new() };
        let defaults = Self::of(caller);
        let rebinds = self.equal_version == EqualVersion::Rebinds;
        let action = self.action.is_some_and(|action| action != self.default_action);
        let differs = [
            ("action", action),
            (
                "overwrite unmanaged",
                self.overwrite_unmanaged_customizations != defaults.overwrite_unmanaged_customizations,
            ),
            ("activate plug-ins", self.publish_workflows != defaults.publish_workflows),
            ("publish", self.publish_changes != defaults.publish_changes),
            ("skip dependency check", self.skip_product_update_dependencies),
            ("convert to managed", self.convert_to_managed),
            ("lower versions", self.allow_lower_version || (self.skip_lower_version && !rebinds)),
            ("assume missing", self.assume_missing),
            ("deployment settings", self.settings.is_some()),
            ("layer order", self.layer_order.is_some()),
        ];
        differs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l60_l89_every_caller_has_its_documented_defaults() {
        let row = |name: &str| {
            let caller = Caller::named(name).expect("a caller");
            let options = ImportOptions::of(caller);
            (options.default_action, options.overwrite_unmanaged_customizations, options.publish_workflows)
        };
        use ImportAction::{Update, Upgrade};
        assert_eq!(row("portal"), (Upgrade, false, false));
        assert_eq!(row("pac"), (Update, false, false));
        assert_eq!(row("api"), (Update, false, false));
        assert_eq!(row("build-tools"), (Update, false, true));
        assert_eq!(row("pipelines"), (Upgrade, false, false));
        assert_eq!(row("ppds"), (Update, true, true));
        assert_eq!(row("txc"), (Update, false, true));
        assert_eq!(row("Import-DataverseSolution"), (Upgrade, false, false));
        assert_eq!(row("terraform"), (Upgrade, false, false));
        assert_eq!(Caller::named("portal").map(|caller| caller.overwrite), Some(Overwrite::NotOffered));
        assert_eq!(Caller::named("PowerShell").map(|caller| caller.name), Some("import-dataversesolution"));
        assert_eq!(Caller::named("nobody"), None);
        assert_eq!(ImportOptions::pac().caller, "pac");
    }

    #[test]
    fn words_for_callers_are_unique() {
        let words: Vec<_> = CALLERS.iter().flat_map(|caller| [&[caller.name], caller.aliases].concat()).collect();
        let distinct: std::collections::BTreeSet<_> = words.iter().collect();
        assert_eq!(distinct.len(), words.len());
    }

    #[test]
    fn options_that_were_given_are_named() {
        let ppds = ImportOptions::of(Caller::named("ppds").expect("a caller"));
        assert_eq!(ppds.given(), Vec::<&str>::new());
        let other = ImportOptions {
            overwrite_unmanaged_customizations: false,
            action: Some(ImportAction::Stage),
            allow_lower_version: true,
            ..ppds
        };
        assert_eq!(other.given(), ["action", "overwrite unmanaged", "lower versions"]);
    }
}
