//! How one component's definition names others (dependency-sources §1), and the names a definition gives its own.
//!
//! A [`Reference`] says what is written, not what is there: whether somebody answers to the name is a matter of the
//! environment, and a name that nobody answers to makes no edge.

use std::fmt;

use crate::component::ComponentKey;
use crate::id::{ComponentNo, Digest};

/// A name by which a definition means another component.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A component by its key, or by its id where its type is identified by a name.
    Component(ComponentKey),
    /// A table by the (folded) name of its entity set: actions of cloud flows.
    EntitySet(String),
    /// The relationship whose foreign key that column is: lookups shown on forms.
    LookupRelationship(ComponentKey),
    /// The primary id and the primary name of that table: relationships and processes need both.
    PrimaryColumns(ComponentKey),
}

impl Target {
    /// Returns the number under which stores keep the name.
    pub fn id(&self) -> TargetId {
        let (scheme, component_type, text) = match self {
            Self::Component(key) => ("component", key.component_type.name(), key.as_str()),
            Self::EntitySet(name) => ("entityset", "", name.as_str()),
            Self::LookupRelationship(column) => ("lookup", "", column.as_str()),
            Self::PrimaryColumns(table) => ("primary", "", table.as_str()),
        };
        let mut hasher = blake3::Hasher::new();
        hasher.update(scheme.as_bytes()).update(b"\0").update(component_type.as_bytes()).update(b"\0");
        hasher.update(text.as_bytes());
        let bytes = hasher.finalize();
        TargetId(i64::from_le_bytes(bytes.as_bytes()[..8].try_into().expect("a hash is longer than 8 bytes")))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Component(key) => key.fmt(f),
            Self::EntitySet(name) => write!(f, "entity set {name}"),
            Self::LookupRelationship(column) => write!(f, "relationship of {}", column.as_str()),
            Self::PrimaryColumns(table) => write!(f, "primary columns of {}", table.as_str()),
        }
    }
}

/// A [`Target`] as a number: 64 bits of its BLAKE3 hash. Two names may share one, so what it leads to is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TargetId(pub i64);

/// One place in a definition that names another component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    pub target: Target,
    /// What names it, in a maker's words: `control`, `sub-grid`, `form library`.
    pub place: &'static str,
    /// The dependent cannot exist without the required (DP2).
    pub is_internal: bool,
    /// What stands here is often a leftover that the platform never declares (dependency-sources §7): a reference
    /// where the required component is there, and nothing to speak of where it is not.
    pub is_weak: bool,
    /// Byte offset of the place in the file it stands in.
    pub offset: usize,
    /// Index of that file in the definition's files; `None` for the definition's own bytes.
    pub file: Option<usize>,
}

/// What one definition of a component names, and the names it gives the component, for the store's indexes.
///
/// Indexes say what once was written; whether it is in force is decided from the layers of the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinitionNames {
    pub component: ComponentNo,
    pub definition: Digest,
    /// Names of other components, sorted, each once.
    pub mentions: Vec<TargetId>,
    /// Names of this component beside its key, sorted, each once: its id, its entity set.
    pub answers: Vec<TargetId>,
}

/// One entry of such an index: a definition of that component mentions, or answers to, that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mention {
    pub target: TargetId,
    pub component: ComponentNo,
    /// The beginning of the definition's digest, see [`Digest::prefix`].
    pub definition: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::ComponentType;

    #[test]
    fn names_of_different_kinds_have_different_numbers() {
        let table = ComponentKey::new(ComponentType::named("entity"), "Account");
        let targets = [
            Target::Component(table.clone()),
            Target::Component(ComponentKey::new(ComponentType::named("role"), "account")),
            Target::EntitySet("account".to_owned()),
            Target::LookupRelationship(table.clone()),
            Target::PrimaryColumns(table),
        ];
        let mut numbers: Vec<_> = targets.iter().map(Target::id).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), targets.len());
    }
}
