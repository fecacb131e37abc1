//! Official rules that are not checked here, and why.

use crate::rule::{Category, Severity};

/// An official rule that is not covered.
#[derive(Debug)]
pub struct Uncovered {
    pub id: &'static str,
    pub category: Category,
    pub severity: Severity,
    pub why: Why,
}

/// Why a rule is not covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It reads scripts, which are not parsed.
    Script,
    /// It reads compiled assemblies.
    Assembly,
    /// It reads canvas apps.
    Canvas,
    /// It reads the definition of a custom connector beyond what is checked.
    Connector,
    /// It needs a list that is not published.
    Unpublished,
}

impl Why {
    /// Says it in a sentence.
    pub fn text(self) -> &'static str {
        match self {
            Self::Script => "scripts are not parsed",
            Self::Assembly => "compiled assemblies are not read",
            Self::Canvas => "canvas apps are not opened",
            Self::Connector => "it needs more than the package, or is not published closely enough",
            Self::Unpublished => "the list that it goes by is not published",
        }
    }
}

/// Finds an official rule that is not covered, without regard to case.
pub fn find(id: &str) -> Option<&'static Uncovered> {
    RULES.iter().find(|rule| rule.id.eq_ignore_ascii_case(id.trim()))
}

macro_rules! uncovered {
    ($($id:literal $category:ident $severity:ident $why:ident;)*) => {
        /// The official rules that are not covered.
        pub static RULES: &[Uncovered] = &[$(Uncovered {
            id: $id,
            category: Category::$category,
            severity: Severity::$severity,
            why: Why::$why,
        }),*];
    };
}

uncovered! {
    "app-avoid-autostart" Accessibility Medium Canvas;
    "app-avoid-interactive-html" Accessibility Medium Canvas;
    "app-formula-issues-high" Design Critical Canvas;
    "app-formula-issues-low" Design Low Canvas;
    "app-formula-issues-medium" Design Medium Canvas;
    "app-include-accessible-label" Accessibility Medium Canvas;
    "app-include-alternative-input" Accessibility Medium Canvas;
    "app-include-captions" Accessibility Medium Canvas;
    "app-include-helpful-control-setting" Accessibility Medium Canvas;
    "app-include-readable-screen-name" Accessibility Medium Canvas;
    "app-include-state-indication-text" Accessibility Medium Canvas;
    "app-include-tab-index" Accessibility Medium Canvas;
    "app-include-tab-order" Accessibility Medium Canvas;
    "app-make-focusborder-visible" Accessibility Medium Canvas;
    "app-reduce-screen-controls" Performance Medium Canvas;
    "app-testformula-issues-high" Design High Canvas;
    "app-testformula-issues-low" Design Low Canvas;
    "app-testformula-issues-medium" Design Medium Canvas;
    "app-use-delayoutput-text-input" Performance Medium Canvas;
    "connector-validate-backgroundwithbrandiconcolor" Design Medium Connector;
    "connector-validate-connectionparam-oauth2idp" Design Medium Unpublished;
    "connector-validate-swagger-extended" Design Medium Connector;
    "connector-validate-title" Design Medium Connector;
    "il-avoid-batch-plugin" Usage Medium Assembly;
    "il-avoid-crm2011-depr-message" UpgradeReadiness Medium Assembly;
    "il-avoid-crm4-wf" UpgradeReadiness Medium Assembly;
    "il-avoid-lock-plugin" Performance Medium Assembly;
    "il-avoid-parallel-plugin" Usage Medium Assembly;
    "il-avoid-specialized-update-ops" Usage Medium Assembly;
    "il-avoid-unpub-metadata" Performance Medium Assembly;
    "il-specify-column" Performance Medium Assembly;
    "il-turn-off-keepalive" Performance Medium Assembly;
    "il-use-autonumber-feature" Usage Medium Assembly;
    "il-use-standard-exception" Usage Medium Assembly;
    "meta-license-fieldservice-customcontrols" Licensing Low Unpublished;
    "meta-license-fieldservice-entity-operations" Licensing Low Unpublished;
    "meta-license-fieldservice-sdkmessages" Licensing Low Unpublished;
    "meta-license-sales-customcontrols" Licensing Low Unpublished;
    "meta-license-sales-entity-operations" Licensing Low Unpublished;
    "meta-license-sales-sdkmessages" Licensing Low Unpublished;
    "web-avoid-2011-api" UpgradeReadiness High Script;
    "web-avoid-browser-specific-api" UpgradeReadiness Critical Script;
    "web-avoid-crm2011-service-odata" UpgradeReadiness Critical Script;
    "web-avoid-crm2011-service-soap" UpgradeReadiness Critical Script;
    "web-avoid-dom-form" Supportability High Script;
    "web-avoid-dom-form-event" Supportability High Script;
    "web-avoid-eval" Security Critical Script;
    "web-avoid-isactivitytype" UpgradeReadiness Medium Script;
    "web-avoid-loadtheme" Supportability Low Script;
    "web-avoid-modals" Supportability High Script;
    "web-avoid-ui-refreshribbon" Performance Critical Script;
    "web-avoid-unpub-api" Supportability High Script;
    "web-avoid-window-top" Supportability High Script;
    "web-avoid-with" Performance High Script;
    "web-do-not-make-parent-assumption" Design High Script;
    "web-remove-alert" Usage Medium Script;
    "web-remove-console" Usage Medium Script;
    "web-remove-debug-script" Usage Medium Script;
    "web-sdl-no-cookies" Security Medium Script;
    "web-sdl-no-document-domain" Security Medium Script;
    "web-sdl-no-document-write" Security Medium Script;
    "web-sdl-no-html-method" Security Medium Script;
    "web-sdl-no-inner-html" Security Medium Script;
    "web-sdl-no-insecure-url" Security Medium Script;
    "web-sdl-no-msapp-exec-unsafe" Security Medium Script;
    "web-sdl-no-postmessage-star-origin" Security Medium Script;
    "web-sdl-no-winjs-html-unsafe" Security Medium Script;
    "web-unsupported-syntax" Usage Medium Script;
    "web-use-appsidepane-api" UpgradeReadiness Medium Script;
    "web-use-async" Performance Critical Script;
    "web-use-cached-webresource" Performance Medium Script;
    "web-use-client-context" UpgradeReadiness Medium Script;
    "web-use-getsecurityroleprivilegesinfo" Performance High Script;
    "web-use-global-context" UpgradeReadiness Medium Script;
    "web-use-grid-api" UpgradeReadiness Medium Script;
    "web-use-navigation-api" UpgradeReadiness Medium Script;
    "web-use-offline" UpgradeReadiness Medium Script;
    "web-use-org-setting" UpgradeReadiness Medium Script;
    "web-use-relative-uri" Maintainability Medium Script;
    "web-use-strict-equality-operators" Usage Medium Script;
    "web-use-strict-mode" Usage Medium Script;
    "web-use-utility-dialogs" Usage Medium Script;
}
