//! Solution versions: up to four numbers, compared number by number (L23).

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A version with the text it was written in; missing parts count as 0 (L23, package-format §2.2).
#[derive(Debug, Clone)]
pub struct Version {
    text: String,
    parts: [u64; 4],
}

/// Text that is not one to four dot-separated numbers (`0x8004F01E`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a version: one to four numbers joined by dots are expected")]
pub struct VersionError {
    pub text: String,
}

impl Version {
    /// Reads a version and keeps its text, leading zeros included.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        let error = || VersionError { text: text.to_owned() };
        let trimmed = text.trim();
        let mut parts = [0; 4];
        for (index, part) in trimmed.split('.').enumerate() {
            let all_digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            if index == 4 || !all_digits {
                return Err(error());
            }
            parts[index] = part.parse().map_err(|_| error())?;
        }
        Ok(Self { text: trimmed.to_owned(), parts })
    }

    /// Returns major, minor, build and revision.
    pub fn parts(&self) -> [u64; 4] {
        self.parts
    }

    /// Returns major and minor, the part that patches share with their parent (L26).
    pub fn major_minor(&self) -> [u64; 2] {
        [self.parts[0], self.parts[1]]
    }

    /// Returns the version as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.parts == other.parts
    }
}

impl Eq for Version {}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts.cmp(&other.parts)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).expect("a version")
    }

    #[test]
    fn l23_versions_compare_number_by_number() {
        assert!(version("1.10") > version("1.9.9.9"));
        assert_eq!(version("1.0"), version("1.0.0.0"));
        assert_eq!(version("1.0.02407.1937"), version("1.0.2407.1937"));
        assert_eq!(version("1.0.02407.1937").as_str(), "1.0.02407.1937");
        assert!(version("20260312.0") > version("1.0.0.17"));
    }

    #[test]
    fn l23_other_text_is_no_version() {
        for text in ["", "1.", "1.0.0.0.0", "v1", "1.-1", "1.0a", "99999999999999999999"] {
            assert!(Version::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn l24_higher_at_the_first_part_that_differs() {
        for text in ["3.1.5.8", "3.1.7.0", "3.2.0.0"] {
            assert!(version(text) > version("3.1.5.7"), "{text}");
        }
    }
}
