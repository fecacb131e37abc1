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

    /// Returns the version with that part one higher and those behind it at 0; what stands before it keeps its text.
    ///
    /// Parts that were not written are not added, unless they are the one that is raised.
    pub fn bumped(&self, part: VersionPart) -> Result<Self, VersionError> {
        let error = || VersionError { text: self.text.clone() };
        let place = part as usize;
        let mut written: Vec<String> = self.text.split('.').map(str::to_owned).collect();
        written.resize_with(written.len().max(place + 1), || "0".to_owned());
        written[place] = self.parts[place].checked_add(1).ok_or_else(error)?.to_string();
        written[place + 1..].fill("0".to_owned());
        Self::parse(&written.join("."))
    }

    /// Returns the version as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// One of the four numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionPart {
    Major,
    Minor,
    Build,
    Revision,
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
    fn l23_a_part_is_raised_and_those_before_it_keep_their_text() {
        let bumped = |text: &str, part| version(text).bumped(part).map(|version| version.to_string());
        assert_eq!(bumped("1.2.3.4", VersionPart::Minor).as_deref(), Ok("1.3.0.0"));
        assert_eq!(bumped("1.0.02407.1937", VersionPart::Revision).as_deref(), Ok("1.0.02407.1938"));
        assert_eq!(bumped("1.0.02407.1937", VersionPart::Build).as_deref(), Ok("1.0.2408.0"));
        assert_eq!(bumped("1.0", VersionPart::Minor).as_deref(), Ok("1.1"));
        assert_eq!(bumped("1.0", VersionPart::Revision).as_deref(), Ok("1.0.0.1"));
        assert_eq!(bumped("1", VersionPart::Major).as_deref(), Ok("2"));
        assert!(bumped(&format!("1.{}", u64::MAX), VersionPart::Minor).is_err());
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
