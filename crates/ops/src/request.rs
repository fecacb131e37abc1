//! What can be asked of an environment.

use std::collections::BTreeMap;

use strata_engine::active::PropertyEdit;
use strata_engine::clone::NewClone;
use strata_engine::create::{NewPublisher, NewSolution};
use strata_engine::maintain::{PublisherEdit, SolutionEdit};
use strata_engine::publish;
use strata_model::component::ComponentKey;
use strata_model::environment::{Settings, Snapshot};
use strata_model::history::HistoryKind;
use strata_model::id::{Digest, Operation};
use strata_model::options::ImportOptions;
use strata_model::version::Version;

use crate::by_hand::ByHand;
use crate::flows::FlowWish;
use crate::translation::Translation;
use crate::{OpsError, PackageSource};

/// What is asked of an environment.
#[derive(Debug, Clone)]
pub enum Request {
    Import {
        package: PackageSource,
        options: ImportOptions,
    },
    /// The pending upgrade of a solution takes its place (DeleteAndPromote).
    ApplyUpgrade {
        solution: String,
    },
    Uninstall {
        solution: String,
    },
    ClonePatch(NewClone),
    CloneSolution(NewClone),
    Publish(PublishScope),
    Set {
        component: ComponentKey,
        edits: Vec<PropertyEdit>,
        solution: Option<String>,
    },
    /// Properties, and the content of the member file.
    SetContent {
        component: ComponentKey,
        edits: Vec<PropertyEdit>,
        content: Vec<u8>,
        solution: Option<String>,
    },
    RemoveActive {
        component: ComponentKey,
    },
    /// A component lets go of others, in its Active layer (DP30).
    RemoveDependency {
        component: ComponentKey,
        required: Vec<ComponentKey>,
    },
    ByHand(ByHand),
    /// Texts in other languages, of many components (ImportTranslation).
    Translate(Box<Translation>),
    Flow(FlowWish),
    CreatePublisher(NewPublisher),
    CreateSolution(NewSolution),
    OnlineVersion {
        solution: String,
        version: Version,
    },
    EditSolution {
        solution: String,
        edit: SolutionEdit,
    },
    EditPublisher {
        publisher: String,
        edit: PublisherEdit,
    },
    DeletePublisher {
        publisher: String,
    },
    Settings(Settings),
    Undo,
    Restore(Operation),
}

impl Request {
    /// The platform's word for an operation, as the concurrency refusal says it.
    pub(crate) fn title(&self) -> &'static str {
        match self {
            Self::Import { .. } => "Import",
            Self::ApplyUpgrade { .. } => "Upgrade",
            Self::ClonePatch(_) => "CloneAsPatch",
            Self::CloneSolution(_) => "CloneAsSolution",
            Self::Uninstall { .. } => "Uninstall",
            Self::Publish(_) => "Publish",
            Self::Set { .. } | Self::SetContent { .. } => "Set",
            Self::RemoveActive { .. } => "RemoveActive",
            Self::RemoveDependency { .. } => "RemoveDependency",
            Self::ByHand(wish) => wish.title(),
            Self::Translate(_) => "ImportTranslation",
            Self::Flow(wish) => wish.title(),
            Self::CreatePublisher(_) => "CreatePublisher",
            Self::CreateSolution(_) => "CreateSolution",
            Self::OnlineVersion { .. } => "OnlineVersion",
            Self::EditSolution { .. } => "EditSolution",
            Self::EditPublisher { .. } => "EditPublisher",
            Self::DeletePublisher { .. } => "DeletePublisher",
            Self::Settings(_) => "Settings",
            Self::Undo => "Undo",
            Self::Restore(_) => "Restore",
        }
    }

    /// What history calls it.
    pub(crate) fn kind(&self) -> HistoryKind {
        match self {
            Self::Import { .. } => HistoryKind::Import,
            Self::ApplyUpgrade { .. } => HistoryKind::ApplyUpgrade,
            Self::ClonePatch(_) => HistoryKind::ClonePatch,
            Self::CloneSolution(_) => HistoryKind::CloneSolution,
            Self::Uninstall { .. } => HistoryKind::Uninstall,
            Self::Publish(PublishScope::All | PublishScope::Solution(_)) => HistoryKind::Publish,
            Self::Publish(PublishScope::Components(_)) => HistoryKind::PublishComponents,
            Self::Set { .. } | Self::SetContent { .. } => HistoryKind::Set,
            Self::RemoveActive { .. } => HistoryKind::RemoveActive,
            Self::RemoveDependency { .. } => HistoryKind::Set,
            Self::ByHand(wish) => wish.kind(),
            Self::Translate(_) => HistoryKind::ImportTranslation,
            Self::Flow(wish) => wish.kind(),
            Self::CreatePublisher(_) => HistoryKind::CreatePublisher,
            Self::CreateSolution(_) => HistoryKind::CreateSolution,
            Self::OnlineVersion { .. } => HistoryKind::OnlineVersion,
            Self::EditSolution { .. } => HistoryKind::EditSolution,
            Self::EditPublisher { .. } => HistoryKind::EditPublisher,
            Self::DeletePublisher { .. } => HistoryKind::DeletePublisher,
            Self::Settings(_) => HistoryKind::Settings,
            Self::Undo => HistoryKind::Undo,
            Self::Restore(_) => HistoryKind::Restore,
        }
    }

    /// Returns the files that it brings beside a package.
    pub(crate) fn files(&self) -> BTreeMap<Digest, Vec<u8>> {
        match self {
            Self::ByHand(wish) => wish.files(),
            Self::SetContent { content, .. } => [(Digest::of(content), content.clone())].into(),
            Self::Import { .. }
            | Self::ApplyUpgrade { .. }
            | Self::Uninstall { .. }
            | Self::ClonePatch(_)
            | Self::CloneSolution(_)
            | Self::Publish(_)
            | Self::Set { .. }
            | Self::RemoveActive { .. }
            | Self::Translate(_)
            | Self::Flow(_)
            | Self::RemoveDependency { .. }
            | Self::OnlineVersion { .. }
            | Self::EditSolution { .. }
            | Self::EditPublisher { .. }
            | Self::DeletePublisher { .. }
            | Self::CreatePublisher(_)
            | Self::CreateSolution(_)
            | Self::Settings(_)
            | Self::Undo
            | Self::Restore(_) => BTreeMap::new(),
        }
    }
}

/// Whose drafts a publish makes effective.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublishScope {
    All,
    Solution(String),
    /// Those of these components, and of the parts of tables among them.
    Components(Vec<ComponentKey>),
}

impl PublishScope {
    pub(crate) fn solution(&self) -> Option<&str> {
        match self {
            Self::Solution(name) => Some(name),
            Self::All | Self::Components(_) => None,
        }
    }

    pub(crate) fn in_force(&self, headers: &Snapshot) -> Result<publish::Scope, OpsError> {
        Ok(match self {
            Self::All => publish::Scope::All,
            Self::Solution(name) => publish::Scope::Solution(crate::solutions::find(headers, name)?.no),
            Self::Components(keys) => publish::Scope::Components(keys.iter().cloned().collect()),
        })
    }
}
