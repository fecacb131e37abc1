//! What a package is compared with: an environment, or an earlier package of the same solution.
//!
//! It is plain data that whoever reads environments fills in; nothing here decides.

use std::collections::{BTreeMap, BTreeSet};

use strata_engine::layering::StackedLayer;
use strata_model::component::ComponentKey;
use strata_model::package::Package;
use strata_model::version::Version;

/// The target that `--against` names.
#[derive(Debug, Default)]
pub struct Against<'a> {
    /// How people call it.
    pub name: String,
    /// Of the environment's platform; of a package nothing.
    pub platform: Option<Version>,
    /// Of the same solution there.
    pub installed: Option<Version>,
    /// The earlier package, where it is one.
    pub package: Option<&'a Package>,
    /// Languages of the environment.
    pub languages: Vec<u32>,
    /// Managed layers below those of the solution, bottom to top, by component.
    pub below: BTreeMap<ComponentKey, Vec<StackedLayer>>,
    /// Forms of the tables that the solution has to do with.
    pub forms: Vec<TargetForm>,
    /// Tables that leave the environment with the upgrade.
    pub dropped_tables: BTreeSet<ComponentKey>,
}

/// A form in the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetForm {
    pub form: ComponentKey,
    pub table: ComponentKey,
    /// `main`, `quickCreate` …
    pub form_type: String,
    /// It goes when the solution no longer holds it: nobody else has a layer of it.
    pub is_ours: bool,
    /// Everyone sees it who may see no other.
    pub is_fallback: bool,
}

/// Tells whether everyone may see a form: it says so, or it has no conditions.
pub fn is_fallback(bytes: &[u8]) -> bool {
    let holds = |text: &str| memchr::memmem::find(bytes, text.as_bytes()).is_some();
    !holds("<DisplayConditions") || holds("FallbackForm=\"true\"")
}
