//! Arguments of `check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use strata_ops::check::Severity;

#[derive(Debug, Args)]
#[command(after_help = CHECK_HELP)]
pub(crate) struct CheckArgs {
    /// Packages: .zip, .cab or unpacked folders; several are checked together
    #[arg(value_name = "FILE", required_unless_present_any = ["path", "explain"])]
    files: Vec<PathBuf>,
    /// The same as FILE; the last step may be a pattern
    #[arg(short, long, value_name = "FILE", num_args = 1..)]
    path: Vec<PathBuf>,
    /// The solution to take of a folder that holds several
    #[arg(long, visible_alias = "name", value_name = "U")]
    solution_name: Option<String>,
    /// Environment, or earlier package, to compare with
    #[arg(long, value_name = "ENV")]
    pub(crate) against: Option<String>,
    /// Results of an earlier run (SARIF): report only what is new
    #[arg(long, value_name = "FILE.sarif")]
    pub(crate) baseline: Option<PathBuf>,
    /// Write the results as SARIF
    #[arg(long, value_name = "OUT")]
    pub(crate) sarif: Option<PathBuf>,
    /// Exit with 3 when a finding is that bad, or worse
    #[arg(long, value_enum, value_name = "LEVEL", ignore_case = true)]
    pub(crate) fail_on: Option<Level>,
    /// Run only these rules: ids, or patterns like `STR4*`
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) rules: Vec<String>,
    /// Other severities for rules: the official file
    #[arg(long = "ruleLevelOverride", visible_alias = "rule-level-override", value_name = "FILE")]
    pub(crate) rule_level_override: Option<PathBuf>,
    /// Leave out files and components: names or patterns
    #[arg(long, visible_alias = "excludedFiles", value_name = "LIST", value_delimiter = ',')]
    pub(crate) exclude: Vec<String>,
    /// Findings to let be [default: .strata-check.json in the folder, beside the file, or here]
    #[arg(long, value_name = "FILE")]
    pub(crate) suppressions: Option<PathBuf>,
    /// Say what a rule looks for, why, and what to do
    #[arg(long, value_name = "RULE")]
    pub(crate) explain: Option<String>,
}

impl CheckArgs {
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        let paths = self.files.iter().chain(&self.path).cloned();
        paths.map(|path| strata_ops::choose_solution(path, self.solution_name.as_deref())).collect()
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Level {
    Critical,
    High,
    Medium,
    Low,
    Informational,
}

impl From<Level> for Severity {
    fn from(level: Level) -> Self {
        match level {
            Level::Critical => Self::Critical,
            Level::High => Self::High,
            Level::Medium => Self::Medium,
            Level::Low => Self::Low,
            Level::Informational => Self::Informational,
        }
    }
}

const CHECK_HELP: &str = "\
Examples:
  strata check ContosoCore_1_1_0_0_managed.zip
  strata check ./src/ContosoCore --fail-on high --sarif results.sarif
  strata check ContosoCore.zip --against production
  strata check ContosoCore.zip --baseline results.sarif
  strata check --explain STR301

No store is needed, and nothing is sent anywhere. Exit codes: 0 checked, 3 a --fail-on gate, 4 not a readable package.";
