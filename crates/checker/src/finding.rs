//! Findings: what rules say about a package.

use serde::Serialize;
use strata_model::component::ComponentRef;
use strata_model::id::Guid;

use crate::context::{Component, Place};
use crate::rule::{Rule, Severity};

/// One thing that a rule found, with its place resolved.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    pub rule: &'static str,
    pub severity: Severity,
    pub message: String,
    pub component: Option<ComponentRef>,
    /// The file: its path in the package, for a folder its path in the folder.
    pub part: Option<String>,
    /// From 1.
    pub line: Option<u32>,
    /// From 1, in bytes.
    pub column: Option<u32>,
    /// The same in the units that SARIF counts.
    #[serde(skip)]
    pub column_utf16: Option<u32>,
    pub suppressed: bool,
    /// Path of the property inside the component; what tells findings of one rule on one component apart.
    pub path: String,
    /// Which package it is of, where several are checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// Why it is suppressed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it is known by from run to run, see [`crate::sarif`].
    pub fingerprint: String,
}

/// A finding as a rule writes it.
#[derive(Debug, Clone)]
pub struct Draft {
    pub(crate) severity: Severity,
    pub(crate) message: String,
    pub(crate) component: Option<ComponentRef>,
    /// What stands for a component that is none of the package's own in the fingerprint.
    pub(crate) subject: String,
    pub(crate) place: Option<Place>,
    pub(crate) path: String,
}

impl Draft {
    /// Says where it is, when that is not where the component begins.
    pub fn at(&mut self, place: impl Into<Option<Place>>) -> &mut Self {
        if let Some(place) = place.into() {
            self.place = Some(place);
        }
        self
    }

    /// Names the property.
    pub fn path(&mut self, path: impl Into<String>) -> &mut Self {
        self.path = path.into();
        self
    }

    /// Grades it other than the rule does.
    pub fn severity(&mut self, severity: Severity) -> &mut Self {
        self.severity = severity;
        self
    }
}

/// Where a rule puts what it finds.
#[derive(Debug)]
pub struct Findings<'r> {
    rule: &'r Rule,
    pub(crate) drafts: Vec<Draft>,
}

impl<'r> Findings<'r> {
    pub(crate) fn new(rule: &'r Rule) -> Self {
        Self { rule, drafts: Vec::new() }
    }

    /// Reports something about a component of the package; its place is where the component begins.
    pub fn on(&mut self, component: Component<'_>, message: impl Into<String>) -> &mut Draft {
        let subject = component.key.to_string();
        self.push(Some(component.reference()), subject, component.place(), message.into())
    }

    /// Reports something about a component that the package only names.
    pub fn about(&mut self, component: ComponentRef, message: impl Into<String>) -> &mut Draft {
        let subject = format!("{}:{}", component.type_name, component.name.to_lowercase());
        self.push(Some(component), subject, None, message.into())
    }

    /// Reports something about the package as a whole; `path` tells such findings of one rule apart.
    pub fn package(&mut self, path: impl Into<String>, message: impl Into<String>) -> &mut Draft {
        self.push(None, "package".to_owned(), None, message.into()).path(path)
    }

    fn push(
        &mut self,
        component: Option<ComponentRef>,
        subject: String,
        place: Option<Place>,
        message: String,
    ) -> &mut Draft {
        let severity = self.rule.severity;
        self.drafts.push(Draft { severity, message, component, subject, place, path: String::new() });
        self.drafts.last_mut().expect("one was pushed")
    }
}

/// The environment under which ids of a package's components are minted: none (as `solution show --path` does).
pub(crate) fn no_environment() -> Guid {
    Guid::of_environment("")
}
