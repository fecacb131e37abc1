//! What a rule is: a row of a table.
//!
//! Each family of rules is one file below `rules` with one static table. A row says everything that people ask about
//! a rule, and names the function that looks for what the rule forbids.

use serde::Serialize;

use crate::context::Context;
use crate::finding::Findings;

/// How bad a finding is; the words are the platform's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    /// From the worst to the mildest, as lists show them.
    pub const ALL: [Self; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Informational];

    /// Returns the word that the platform's results have.
    pub fn word(self) -> &'static str {
        match self {
            Self::Critical => "Critical",
            Self::High => "High",
            Self::Medium => "Medium",
            Self::Low => "Low",
            Self::Informational => "Informational",
        }
    }

    /// Reads a word in any case.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.word().eq_ignore_ascii_case(word.trim()))
    }

    /// Returns the level that SARIF knows.
    pub fn level(self) -> &'static str {
        match self {
            Self::Critical | Self::High => "error",
            Self::Medium => "warning",
            Self::Low | Self::Informational => "note",
        }
    }
}

/// What a rule protects; the words and numbers are the platform's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    Performance,
    UpgradeReadiness,
    Usage,
    Security,
    Design,
    Maintainability,
    Supportability,
    Accessibility,
    Licensing,
}

impl Category {
    /// Returns the platform's number.
    pub fn number(self) -> u8 {
        match self {
            Self::Performance => 1,
            Self::UpgradeReadiness => 2,
            Self::Usage => 3,
            Self::Security => 4,
            Self::Design => 5,
            Self::Maintainability => 7,
            Self::Supportability => 8,
            Self::Accessibility => 9,
            Self::Licensing => 10,
        }
    }

    /// Returns the name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Performance => "Performance",
            Self::UpgradeReadiness => "Upgrade readiness",
            Self::Usage => "Usage",
            Self::Security => "Security",
            Self::Design => "Design",
            Self::Maintainability => "Maintainability",
            Self::Supportability => "Supportability",
            Self::Accessibility => "Accessibility",
            Self::Licensing => "Licensing",
        }
    }
}

/// What a rule looks at beside the package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Package,
    /// The system layer, which every environment has.
    Catalogue,
    /// An environment or an earlier package (`--against`); without one the rule is skipped.
    Baseline,
    /// The other packages that are checked with it.
    Several,
}

/// How sure a finding is, as SARIF's consumers grade it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// The condition is a fact of the package.
    VeryHigh,
    /// Rarely wrong.
    High,
    /// A judgement from signs: names, shapes of text.
    Medium,
}

impl Precision {
    /// Returns the word of the `precision` property.
    pub fn word(self) -> &'static str {
        match self {
            Self::VeryHigh => "very-high",
            Self::High => "high",
            Self::Medium => "medium",
        }
    }
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// `STR301`, or the official id where the condition is the published one.
    pub id: &'static str,
    pub severity: Severity,
    pub category: Category,
    /// What kind of component it looks at, in a maker's words.
    pub component: &'static str,
    /// When it is reported, in one sentence.
    pub condition: &'static str,
    /// What goes wrong otherwise.
    pub why: &'static str,
    /// What to do, one step each.
    pub cure: &'static [&'static str],
    pub needs: Needs,
    pub precision: Precision,
    /// Where the official page of the rule is, or the platform's page about it; empty where there is none.
    pub help: &'static str,
    /// Looks for what the rule forbids.
    pub check: fn(&Context<'_>, &mut Findings<'_>),
}
