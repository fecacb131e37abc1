//! What a caller asks of an operation.

use serde::{Deserialize, Serialize};

/// Options of an import (L91); every one of them stands in the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportOptions {
    /// `None`: update when installed, new when not.
    pub action: Option<ImportAction>,
    pub overwrite_unmanaged_customizations: bool,
    pub publish_workflows: bool,
    pub publish_changes: bool,
    pub skip_product_update_dependencies: bool,
    pub convert_to_managed: bool,
    pub skip_lower_version: bool,
    pub allow_lower_version: bool,
    pub assume_missing: bool,
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

impl ImportOptions {
    /// What `pac solution import` does when it is given no switch.
    pub fn pac() -> Self {
        Self {
            action: None,
            overwrite_unmanaged_customizations: false,
            publish_workflows: false,
            publish_changes: false,
            skip_product_update_dependencies: false,
            convert_to_managed: false,
            skip_lower_version: false,
            allow_lower_version: false,
            assume_missing: false,
            list_unchanged: false,
            caller: "pac".to_owned(),
        }
    }
}
