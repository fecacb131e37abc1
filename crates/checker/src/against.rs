//! What a package is compared with: an environment, or an earlier package of the same solution.

use strata_model::package::Package;
use strata_model::version::Version;

/// The target that `--against` names.
#[derive(Debug)]
pub struct Against<'a> {
    /// How people call it.
    pub name: String,
    /// Of the environment's platform; for a package its `SolutionPackageVersion`.
    pub platform: Option<Version>,
    /// Of the same solution there.
    pub installed: Option<Version>,
    /// The earlier package, where it is one.
    pub package: Option<&'a Package>,
}
