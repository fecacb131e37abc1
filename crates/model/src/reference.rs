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
        // FNV-1a, stirred at the end: an import numbers a million names, and whatever two share a number is told apart.
        let mut hash = FNV_OFFSET;
        for piece in [scheme, component_type, text] {
            for byte in piece.bytes().chain([0]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME);
            }
        }
        hash ^= hash >> 32;
        TargetId(hash.wrapping_mul(FNV_STIR).cast_signed())
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

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;
const FNV_STIR: u64 = 0x9e37_79b9_7f4a_7c15;

/// A [`Target`] as a number: a hash of 64 bits. Two names may share one, so what it leads to is checked.
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
