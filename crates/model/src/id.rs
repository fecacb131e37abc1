//! Ids: GUIDs of the platform, digests of content, small numbers of the store.
//!
//! GUIDs and names appear at the edges only; rows carry the small numbers (D7).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A GUID, written lower-case with hyphens and without braces.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Guid(pub Uuid);

/// The namespace under which ids are minted, so that the same names give the same ids everywhere (D4).
const NAMESPACE: Uuid = Uuid::from_u128(0x7d1c_5b0e_2f6a_4c1b_9a3e_51d0_c0de_57a7);

impl Guid {
    /// Reads a GUID with or without braces, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bare = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text);
        // Only the hyphenated form: 32 bare hex digits are more often a name than a GUID.
        (bare.len() == 36).then(|| Uuid::try_parse(bare).ok()).flatten().map(Self)
    }

    /// Mints the id of an environment from its name.
    pub fn of_environment(name: &str) -> Self {
        Self(Uuid::new_v5(&NAMESPACE, name.to_lowercase().as_bytes()))
    }

    /// Mints the id of a thing inside an environment from a kind and a key (D4).
    pub fn minted(environment: Guid, kind: &str, key: &str) -> Self {
        Self(Uuid::new_v5(&environment.0, format!("{kind}:{key}").as_bytes()))
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The BLAKE3 digest of a definition, a member file or a package.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Returns the digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// Returns the digest of a definition: of its bytes alone where it has neither home nor files, else of the
    /// bytes, the home and each file's path and digest.
    pub fn of_definition<'a>(
        slices: impl IntoIterator<Item = &'a [u8]>,
        home: Option<&str>,
        files: impl IntoIterator<Item = (&'a str, Digest)>,
    ) -> Self {
        let mut hasher = blake3::Hasher::new();
        for slice in slices {
            hasher.update(slice);
        }
        if let Some(home) = home {
            hasher.update(b"\0home\0").update(home.as_bytes());
        }
        for (path, digest) in files {
            hasher.update(b"\0file\0").update(path.as_bytes()).update(b"\0").update(&digest.0);
        }
        Self(*hasher.finalize().as_bytes())
    }

    /// Returns the first 8 bytes as a number, for indexes whose answers are checked.
    pub fn prefix(&self) -> i64 {
        i64::from_le_bytes(self.0[..8].try_into().expect("a digest is longer than 8 bytes"))
    }
}

/// Text that is not 64 hexadecimal digits.
#[derive(Debug, thiserror::Error)]
#[error("a digest is 64 hexadecimal digits")]
pub struct DigestError;

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return Err(DigestError);
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| DigestError)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| DigestError)?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number!(
    /// Number of an environment in its store.
    EnvironmentNo
);
number!(
    /// Number of an operation in its environment: 0 before the first, then rising by one.
    Operation
);
number!(
    /// Number of a component in its environment.
    ComponentNo
);
number!(
    /// Number of a solution in its environment.
    SolutionNo
);
number!(
    /// Number of a publisher in its environment.
    PublisherNo
);

impl SolutionNo {
    /// The unmanaged layer of every component; a solution row that is never stored.
    pub const ACTIVE: Self = Self(0);
}

impl Operation {
    /// The state before the first operation.
    pub const START: Self = Self(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_are_read_in_every_spelling() {
        let plain = Guid::parse("1A2b3c4d-0000-4000-8000-00000000abcd").expect("plain");
        assert_eq!(Guid::parse("{1a2B3C4D-0000-4000-8000-00000000ABCD}"), Some(plain));
        assert_eq!(plain.to_string(), "1a2b3c4d-0000-4000-8000-00000000abcd");
        assert_eq!(Guid::parse("contoso_order"), None);
    }

    #[test]
    fn digests_round_trip_as_text() {
        let digest = Digest([0xa7; 32]);
        assert_eq!(digest.to_string().parse::<Digest>().ok(), Some(digest));
        assert!("xy".parse::<Digest>().is_err());
    }
}
