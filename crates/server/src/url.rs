//! From the path of a URL to an environment and what is asked of it (T2).

use crate::fault::Fault;

/// Where a path leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    /// As it stands in the path; `None` in front of the selected one.
    pub(crate) environment: Option<&'a str>,
    /// The path up to the service root, with a slash at both ends.
    pub(crate) root: &'a str,
    /// What stands below the root.
    pub(crate) below: &'a str,
}

const BEFORE_VERSION: &str = "/api/data/v";

/// The versions that are one and the same service.
const VERSIONS: &[&str] = &["9.0", "9.1", "9.2"];

/// Finds the service root in a path.
pub(crate) fn place(path: &str) -> Result<Place<'_>, Fault> {
    let nothing = || Fault::segment(path.trim_matches('/').split('/').next().unwrap_or_default());
    let at = path.find(BEFORE_VERSION).ok_or_else(nothing)?;
    let environment = path[..at].trim_start_matches('/');
    if environment.contains('/') {
        return Err(nothing());
    }
    let version_at = at + BEFORE_VERSION.len();
    let (version, below) = path[version_at..].split_once('/').unwrap_or((&path[version_at..], ""));
    if !VERSIONS.contains(&version) {
        return Err(Fault::new(501, "0x80048d0b", format!("version {version} of the Web API is not served here")));
    }
    let root = &path[..path.len() - below.len()];
    Ok(Place { environment: Some(environment).filter(|name| !name.is_empty()), root, below })
}

/// Takes scheme and host off an absolute URL.
pub(crate) fn path_of(url: &str) -> &str {
    match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => url,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t2_every_version_9_is_the_same_service() {
        for version in VERSIONS {
            let path = format!("/dev/api/data/v{version}/accounts(1)/name");
            let found = place(&path).expect("a place");
            assert_eq!((found.environment, found.below), (Some("dev"), "accounts(1)/name"));
            assert_eq!(found.root, format!("/dev/api/data/v{version}/"));
        }
        assert_eq!(place("/api/data/v9.2/").map(|found| (found.environment, found.below)), Ok((None, "")));
        assert_eq!(place("/api/data/v9.2").map(|found| found.below), Ok(""));
    }

    #[test]
    fn t2_other_paths_are_not_served() {
        assert_eq!(place("/api/data/v8.2/accounts").expect_err("another version").status, 501);
        for path in ["/", "/accounts", "/a/b/api/data/v9.2/accounts"] {
            assert_eq!(place(path).expect_err(path).status, 404, "{path}");
        }
    }
}
