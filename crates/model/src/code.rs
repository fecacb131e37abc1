//! The platform's error codes and their names (spec `errors.md`), and the names of our own refusals (R2).

use std::fmt;

/// A reason for refusing, with the platform's code where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorCode {
    pub hex: Option<&'static str>,
    pub name: &'static str,
}

macro_rules! codes {
    ($($constant:ident = $hex:expr, $name:literal;)*) => {
        impl ErrorCode {
            $(pub const $constant: Self = Self { hex: $hex, name: $name };)*
            const ALL: &[Self] = &[$(Self::$constant),*];
        }
    };
}

codes! {
    IMPORT_INVALID_FILE = Some("0x80048000"), "ImportInvalidFileError";
    IMPORT_NOT_WELL_FORMED = Some("0x80048013"), "ImportNonWellFormedFileError";
    IMPORT_XSD_VALIDATION = Some("0x8004801A"), "ImportXsdValidationError";
    IMPORT_INVALID_XML = Some("0x8004802C"), "ImportInvalidXmlError";
    TRANSLATIONS_BAD_ZIP = Some("0x80048061"), "ImportTranslationsBadZipFileError";
    INVALID_TRANSLATIONS_FILE = Some("0x80044249"), "InvalidTranslationsFile";
    IMPORT_BAD_ZIP = Some("0x80048060"), "ImportCustomizationsBadZipFileError";
    DUPLICATE_COMPONENT_IN_SOLUTION_XML = Some("0x80071153"), "DuplicateComponentInSolutionXml";
    DUPLICATE_CUSTOM_COMPONENT_INSTANCE = Some("0x80072016"), "DuplicateCustomComponentInstance";
    MULTIPLE_IMPORT_FILES = Some("0x80072036"), "MultipleImportFilesFound";
    IMPORT_MISSING_ROOT = Some("0x8004803A"), "ImportMissingRootComponentEntry";
    IMPORT_MISSING_COMPONENT = Some("0x8004801F"), "ImportMissingComponent";
    PACKAGE_NOT_VALID = Some("0x80048066"), "ImportSolutionPackageNotValid";
    PACKAGE_NEEDS_UPGRADE = Some("0x80048067"), "ImportSolutionPackageNeedsUpgrade";
    PACKAGE_VERSION_TOO_NEW = Some("0x80048068"), "ImportSolutionPackageInvalidSolutionPackageVersion";
    MANAGED_OVER_UNMANAGED = Some("0x80048040"), "ImportSolutionManagedToUnmanagedMismatch";
    UNMANAGED_OVER_MANAGED = Some("0x80048041"), "ImportSolutionUnmanagedToManagedMismatch";
    IMPORT_WRONG_PUBLISHER = Some("0x8004801C"), "ImportWrongPublisherError";
    CANNOT_OVERWRITE_ACTIVE = Some("0x8004F016"), "CannotOverwriteActiveComponent";
    IMPORT_DUPLICATE_ENTITY = Some("0x8004810C"), "ImportDuplicateEntity";
    IMPORT_ATTRIBUTE_NAME = Some("0x80048062"), "ImportAttributeNameError";
    IMPORT_SYSTEM_SOLUTION = Some("0x80048046"), "ImportSystemSolutionError";
    IMPORT_DEFAULT_AS_PACKAGE = Some("0x80048049"), "ImportDefaultAsPackageError";
    IMPORT_RESTRICTED_SOLUTION = Some("0x8004F007"), "ImportRestrictedSolutionError";
    IMPORT_MISSING_DEPENDENCIES = Some("0x8004801D"), "ImportMissingDependenciesError";
    UNMANAGED_PARENTS_MANAGED = Some("0x8004803B"), "UnmanagedComponentParentsManagedComponent";
    SITE_MAP_OVERWRITTEN = Some("0x80048043"), "ImportSolutionSiteMapWarning";
    LANGUAGES_IGNORED = Some("0x80048026"), "ImportLanguagesIgnoredError";
    IMPORT_WORKFLOW_NAME_CONFLICT = Some("0x80048027"), "ImportWorkflowNameConflictError";
    EXPORT_SOLUTION = Some("0x80048035"), "ExportSolutionError";
    EXPORT_MANAGED = Some("0x80048036"), "ExportManagedSolutionError";
    EXPORT_MISSING = Some("0x80048037"), "ExportMissingSolutionError";
    EXPORT_DEFAULT = Some("0x80071158"), "ExportDefaultSolutionError";
    EXPORT_DEFAULT_AS_MANAGED = Some("0x80048048"), "ExportDefaultAsPackagedError";
    PENDING_UPGRADE_EXISTS = Some("0x8004F086"), "PendingUpgradeExists";
    SOLUTION_UPGRADE_FAILED = Some("0x8004F046"), "SolutionUpgradeFailed";
    UPGRADE_NOT_AVAILABLE = Some("0x8004853B"), "SolutionUpgradeNotAvailable";
    UPGRADE_WRONG_SOLUTION = Some("0x8004853C"), "SolutionUpgradeWrongSolutionSelected";
    CANNOT_FIND_BASE = Some("0x8004F083"), "CannotFindBaseFromUpgrade";
    PATCH_MISSING_BASE = Some("0x80048540"), "PatchMissingBase";
    CLONE_SOLUTION = Some("0x80048539"), "CloneSolutionException";
    CANNOT_UPDATE_PATCH = Some("0x8004F042"), "CannotUpdateSolutionPatch";
    CLONE_SOLUTION_PATCH = Some("0x80061771"), "CloneSolutionPatchException";
    CANNOT_MODIFY_PATCHED = Some("0x80048538"), "CannotModifyPatchedSolution";
    LAYER_ORDER_PENDING_UPGRADE = Some("0x8004F047"), "LayerDesiredOrderPendingUpgrade";
    LAYER_ORDER_NOT_SAME_PUBLISHER = Some("0x8004F048"), "LayerDesiredOrderNotSamePublisher";
    LAYER_ORDER_INVALID = Some("0x8004F050"), "LayerDesiredOrderInvalidXMLDetail";
    LAYER_ORDER_ON_PATCH = Some("0x8004F052"), "LayerDesiredOrderNotAllowedOnPatch";
    LAYER_ORDER_TYPE = Some("0x8004F054"), "LayerDesiredOrderHintTypeNotAvailable";
    LAYER_ORDER_NOT_ALLOWED = Some("0x8004F065"), "LayerDesiredOrderNotWhitelist";
    CANNOT_REMOVE_FROM_DEFAULT = Some("0x8004F000"), "CannotRemoveComponentFromDefaultSolution";
    INVALID_SOLUTION_UNIQUE_NAME = Some("0x8004F002"), "InvalidSolutionUniqueName";
    CANNOT_DELETE_RESTRICTED = Some("0x8004F005"), "CannotDeleteRestrictedSolution";
    CANNOT_UPDATE_DEFAULT = Some("0x8004F009"), "CannotUpdateDefaultSolution";
    CANNOT_UPDATE_RESTRICTED = Some("0x8004F00A"), "CannotUpdateRestrictedSolution";
    MANAGED_PROPERTY_FAILURE = Some("0x8004F027"), "CombinedManagedPropertyFailure";
    CANNOT_DELETE_METADATA = Some("0x8004F032"), "CannotDeleteMetadata";
    MANAGED_PROCESS_DELETION = Some("0x80072457"), "ManagedProcessDeletionError";
    MANAGED_BPF_DELETION = Some("0x80060383"), "ManagedBpfDeletionInvalid";
    SEARCH_NOT_PERMITTED = Some("0x80060302"), "RelevanceSearchNotPermitted";
    SEARCH_PERMISSION_IN_USE = Some("0x80060303"), "RelevanceSearchPermissionInUse";
    CANNOT_EDIT_ACTIVE_RULE = Some("0x8004F851"), "CannotEditActiveRule";
    IMPORT_SAVED_QUERY_DELETED = Some("0x8004801B"), "ImportSavedQueryDeletedError";
    IMPORT_DASHBOARD_DELETED = Some("0x8004E308"), "ImportDashboardDeletedError";
    IMPORT_VISUALIZATION_DELETED = Some("0x8004E013"), "ImportVisualizationDeletedError";
    CANNOT_UPDATE_UNPUBLISHED_DELETE = Some("0x8004F00F"), "CannotUpdateUnpublishedDeleteInstance";
    SUBCOMPONENT_MISSING_ROOT = Some("0x80048536"), "SubcomponentMissingARoot";
    SUBCOMPONENT_NOT_EXIST = Some("0x80048537"), "SubcomponentDoesNotExist";
    CANNOT_REMOVE_COMPONENT = Some("0x8004F021"), "CannotRemoveComponentFromSolution";
    CANNOT_REMOVE_FROM_SYSTEM = Some("0x8004F035"), "CannotRemoveComponentFromSystemSolution";
    INVALID_UPDATE_ON_PROTECTED = Some("0x8004F012"), "InvalidUpdateOnProtectedComponent";
    INVALID_SOLUTION_VERSION = Some("0x8004F01E"), "InvalidSolutionVersion";
    CYCLIC_DEPENDENCY = Some("0x80071156"), "CyclicDependency";
    UNINSTALL_WITH_DEPENDENCIES = Some("0x8004F01D"), "CannotUninstallWithDependencies";
    DELETE_IN_USE = Some("0x8004F01F"), "CannotDeleteInUseComponent";
    UPDATE_READ_ONLY_PUBLISHER = Some("0x8004F033"), "CannotUpdateReadOnlyPublisher";
    SELECT_READ_ONLY_PUBLISHER = Some("0x8004F034"), "CannotSelectReadOnlyPublisher";
    SOLUTION_NAME_TAKEN = Some("0x8004F023"), "SolutionUniqueNameViolation";
    CANNOT_UPDATE_MANAGED = Some("0x8004F024"), "CannotUpdateManagedSolution";
    CONNECTION_REFERENCE_NOT_FOUND = Some("0x80095005"), "ConnectionReferenceNotFound";
    COMPONENT_NOT_EXIST = Some("0x80090457"), "ComponentNotExist";
    DUPLICATED_JOB_ID = Some("0x80071152"), "DuplicatedJobId";
    CONCURRENCY = Some("0x80071151"), "SolutionConcurrencyFailure";
    // Rows of tables.
    ROW_NOT_EXIST = Some("0x80040217"), "ObjectDoesNotExist";
    ROW_VERSION = Some("0x80060882"), "ConcurrencyVersionMismatch";
    ROW_IN_USE = Some("0x80040227"), "CannotDeleteDueToAssociation";
    ROW_EXISTS = Some("0x80040237"), "DuplicateRecord";
    DUPLICATE_ROW_KEY = Some("0x80060892"), "DuplicateRecordEntityKey";
    // Refusals without a platform code (R2).
    VERSION_NOT_HIGHER = None, "VersionNotHigher";
    FORM_BASE_MISSING = None, "FormBaseMissing";
    FALLBACK_FORM_REQUIRED = None, "FallbackFormRequired";
    OTHER_PUBLISHER_LAYER_ABOVE = None, "OtherPublisherLayerAbove";
    UNMANAGED_CUSTOMIZATIONS_BLOCKED = None, "UnmanagedCustomizationsBlocked";
    UPGRADE_NEEDS_MANAGED_BASE = None, "UpgradeNeedsManagedBase";
    UNMANAGED_BASE = None, "UnmanagedBase";
    MANAGED_OPTION = None, "ManagedOption";
    INVALID_ENVIRONMENT_NAME = None, "InvalidEnvironmentName";
    INVALID_DEPLOYMENT_SETTINGS = None, "InvalidDeploymentSettings";
    DEFINITION_NEEDED = None, "DefinitionNeeded";
    INVALID_DEFINITION = None, "InvalidDefinition";
    CONNECTION_MISSING = None, "ConnectionMissing";
    NOTHING_TO_SWITCH = None, "NothingToSwitch";
    UNKNOWN_PROPERTY = None, "UnknownProperty";
    UNKNOWN_COLUMN = None, "UnknownColumn";
    INVALID_VALUE = None, "InvalidValue";
    INVALID_FILTER = None, "InvalidFilter";
    // What the runtime of desktop flows says (DF27), and names of ours for what it has none.
    BINARY_COLLISION = None, "DesktopFlowBinaryReferenceCollisionException";
    BINARY_MISSING = None, "DesktopFlowBinaryMissing";
    DESKTOP_FLOW_CLIENT_TOO_OLD = None, "DesktopFlowClientTooOld";
    DESKTOP_FLOW_SCHEMA_OFF = None, "DesktopFlowSchemaOff";
    DESKTOP_FLOW_NEEDS_V2 = None, "DesktopFlowNeedsSchemaV2";
    DESKTOP_FLOW_UNREADABLE = None, "DesktopFlowUnreadable";
    NOT_A_DESKTOP_FLOW = None, "NotADesktopFlow";
    UNSUPPORTED = None, "Unsupported";
    // Names of ours for requests that the store or the command line cannot meet.
    STALE_PLAN = None, "StalePlan";
    NOT_FOUND = None, "NotFound";
    ALREADY_EXISTS = None, "AlreadyExists";
    NOTHING_TO_UNDO = None, "NothingToUndo";
    INVALID_PUBLISHER_PREFIX = None, "InvalidPublisherPrefix";
    UNSAFE_PACKAGE = None, "UnsafePackage";
    NOT_A_SOLUTION_PACKAGE = None, "NotASolutionPackage";
    UNREADABLE_FILE = None, "UnreadableFile";
    INVALID_MAP = None, "InvalidMap";
    MISSING_FILE = None, "MissingFile";
    NOT_LOSSLESS = None, "NotLossless";
    PACKAGE_TYPE_MISMATCH = None, "PackageTypeMismatch";
    STORE_UNAVAILABLE = None, "StoreUnavailable";
}

impl ErrorCode {
    /// Finds a code by its name, which is how saved findings refer to one.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name == name)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.hex {
            Some(hex) => write!(f, "{hex} {}", self.name),
            None => f.write_str(self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_hex_is_eight_digits() {
        for (index, code) in ErrorCode::ALL.iter().enumerate() {
            assert!(ErrorCode::ALL[index + 1..].iter().all(|other| other.name != code.name), "{}", code.name);
            assert!(code.hex.is_none_or(|hex| hex.len() == 10 && hex.starts_with("0x8")), "{}", code.name);
            assert_eq!(ErrorCode::named(code.name), Some(*code));
        }
    }
}
