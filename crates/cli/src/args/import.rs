//! Arguments of `import` and `plan`: the platform's own command line's names (`pac solution import`).

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, ValueEnum};
use strata_model::options::{CALLERS, Caller, ImportAction};

use super::{GateKind, PackagePath, WriteFlags};

#[derive(Debug, Args)]
#[command(after_help = IMPORT_HELP)]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    pub(crate) package: PackagePath,
    #[command(flatten)]
    pub(crate) flags: ImportFlags,
    #[command(flatten)]
    pub(crate) write: WriteFlags,
}

const IMPORT_HELP: &str = "\
Examples:
  strata import ContosoCore_1_0_0_0_managed.zip
  strata import --path ./src/ContosoCore --stage-and-upgrade
  strata import ContosoSales.zip --assume-missing --plan
  strata import ContosoSales.zip --as ppds --force-overwrite=false

Without an action a package is new where its solution is not installed; where it is, the caller's default holds
(pac: update). What is given on the command line goes before the defaults of `--as`.";

#[derive(Debug, Args)]
#[command(after_help = PLAN_HELP)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) package: PackagePath,
    #[command(flatten)]
    pub(crate) flags: ImportFlags,
    /// Plan the removal of a solution instead
    #[arg(long, value_name = "U", conflicts_with_all = ["file", "path", "apply_upgrade"])]
    pub(crate) uninstall: Option<String>,
    /// Plan the second half of an upgrade instead
    #[arg(long, value_name = "U", conflicts_with_all = ["file", "path"])]
    pub(crate) apply_upgrade: Option<String>,
    /// Save the plan, for `strata solution apply`
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Exit with 3 when the plan has one of these
    #[arg(long, value_enum, value_name = "KIND", value_delimiter = ',', num_args = 1, ignore_case = true)]
    pub(crate) fail_on: Vec<GateKind>,
    /// Exit with 2 when there are changes
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// Plan update, upgrade and stage side by side
    #[arg(long, conflicts_with_all = ["action", "stage_and_upgrade", "import_as_holding", "uninstall", "apply_upgrade", "out", "fail_on"])]
    pub(crate) compare: bool,
    /// Accepted because every command that can write takes it
    #[arg(long, hide = true)]
    pub(crate) plan: bool,
}

const PLAN_HELP: &str = "\
Examples:
  strata plan ContosoCore_1_1_0_0_managed.zip
  strata plan ContosoCore_1_1_0_0_managed.zip --action upgrade --fail-on delete,dataloss
  strata plan ContosoCore_1_1_0_0_managed.zip --out core.plan && strata solution apply core.plan
  strata plan ContosoCore_1_1_0_0_managed.zip --compare
  strata plan --uninstall ContosoSales
  strata plan --apply-upgrade ContosoCore

Nothing is changed. Without a store the plan is made against a fresh environment.
Exit codes: 0 planned (also when it would be refused), 2 changes with --detailed-exitcode, 3 a --fail-on gate.";

/// What is to be done with a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Action {
    New,
    Update,
    Upgrade,
    Stage,
}

impl From<Action> for ImportAction {
    fn from(action: Action) -> Self {
        match action {
            Action::New => Self::New,
            Action::Update => Self::Update,
            Action::Upgrade => Self::Upgrade,
            Action::Stage => Self::Stage,
        }
    }
}

/// What may be done to an import. Switches that a caller's defaults can turn on take `=false`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ImportFlags {
    /// What to do [default: the caller's; with pac: update when installed, new when not]
    #[arg(long, value_enum, ignore_case = true)]
    pub(crate) action: Option<Action>,
    /// Upgrade in one step (`--action upgrade`)
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) stage_and_upgrade: Option<bool>,
    /// Stage for upgrade (`--action stage`)
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) import_as_holding: Option<bool>,
    /// Overwrite unmanaged customizations
    #[arg(short, long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) force_overwrite: Option<bool>,
    /// Activate plug-in steps and workflows
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) activate_plugins: Option<bool>,
    /// Publish after the import
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) publish_changes: Option<bool>,
    /// Skip the check of product update dependencies
    #[arg(short, long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) skip_dependency_check: Option<bool>,
    /// Convert an installed unmanaged solution to managed
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) convert_to_managed: Option<bool>,
    /// Do nothing when the installed version is equal or higher
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) skip_lower_version: Option<bool>,
    /// Let a lower version in
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) allow_lower_version: Option<bool>,
    /// Complete the target with placeholders so that the package can be tried
    #[arg(long)]
    pub(crate) assume_missing: bool,
    /// Deployment settings: values of environment variables, and connections
    #[arg(long, value_name = "JSON")]
    pub(crate) settings_file: Option<PathBuf>,
    /// Take the documented defaults of this caller
    #[arg(long = "as", value_name = "CALLER", value_parser = callers(), ignore_case = true)]
    pub(crate) caller: Option<String>,
}

/// Callers as values: an unknown one gets the list and "did you mean".
fn callers() -> PossibleValuesParser {
    let value = |caller: &Caller| PossibleValue::new(caller.name).aliases(caller.aliases).help(caller.note);
    PossibleValuesParser::new(CALLERS.iter().map(value))
}
