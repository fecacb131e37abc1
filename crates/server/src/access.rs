//! Who may ask, and for what (R18).

use std::fmt;

/// What a caller may do; each may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Reads everything.
    Reader,
    /// Changes rows, components and solutions.
    Maker,
    /// Goes back in history, resets environments, sets faults.
    Admin,
}

impl Role {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "reader" => Some(Self::Reader),
            "maker" => Some(Self::Maker),
            "admin" => Some(Self::Admin),
            _ => None,
        }
    }
}

/// Somebody who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// As the file of tokens names it.
    pub name: String,
    pub role: Role,
}

impl Caller {
    /// Whoever asks where no token is needed.
    pub fn anyone() -> Self {
        Self { name: "anyone".to_owned(), role: Role::Admin }
    }
}

/// The tokens that open the server.
#[derive(Clone, Default)]
pub struct Tokens(Vec<(String, Caller)>);

/// A file of tokens that cannot be read as one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct TokenFileError {
    pub line: usize,
    pub message: &'static str,
}

impl Tokens {
    /// One token that opens everything.
    pub fn one(token: &str) -> Self {
        let caller = Caller { name: "token".to_owned(), role: Role::Admin };
        Self(vec![(token.to_owned(), caller)])
    }

    /// Reads a file of tokens: a line each, with a name, a role and the token; `#` begins a comment.
    pub fn parse(text: &str) -> Result<Self, TokenFileError> {
        let mut tokens: Vec<(String, Caller)> = Vec::new();
        for (position, line) in text.lines().enumerate() {
            let wrong = |message| TokenFileError { line: position + 1, message };
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let words: Vec<_> = line.split_whitespace().collect();
            let [name, role, token] = words[..] else {
                return Err(wrong("a name, a role and a token are expected, with blanks between them"));
            };
            let role = Role::parse(role).ok_or_else(|| wrong("the role is reader, maker or admin"))?;
            if tokens.iter().any(|(known, caller)| known == token || caller.name == name) {
                return Err(wrong("the name or the token stands in an earlier line"));
            }
            tokens.push((token.to_owned(), Caller { name: name.to_owned(), role }));
        }
        match tokens.is_empty() {
            true => Err(TokenFileError { line: 1, message: "there is no token in it" }),
            false => Ok(Self(tokens)),
        }
    }

    /// Tells whether a token is needed at all.
    pub fn are_needed(&self) -> bool {
        !self.0.is_empty()
    }

    /// Finds who asks with an `Authorization` header; `None` where it opens nothing.
    pub fn caller(&self, authorization: Option<&str>) -> Option<Caller> {
        if !self.are_needed() {
            return Some(Caller::anyone());
        }
        let (scheme, given) = authorization?.trim().split_once(' ')?;
        let given = given.trim().as_bytes();
        // Every token is compared to its end, so that time tells nothing of them.
        let found = self.0.iter().fold(None, |found, (token, caller)| match same(token.as_bytes(), given) {
            true => Some(caller),
            false => found,
        });
        found.filter(|_| scheme.eq_ignore_ascii_case("Bearer")).cloned()
    }
}

impl fmt::Debug for Tokens {
    /// Tokens are not for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(_, caller)| caller)).finish()
    }
}

fn same(left: &[u8], right: &[u8]) -> bool {
    let differing = left.iter().zip(right).fold(0, |differing, (left, right)| differing | (left ^ right));
    left.len() == right.len() && differing == 0
}

/// The names by which the server may be called: a page elsewhere that has its own name lead here is refused.
#[derive(Debug, Clone, Default)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// Loopback's names are always among them.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        let loopback = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        Self(loopback.into_iter().chain(names.into_iter().map(|name| name.to_lowercase())).collect())
    }

    /// Tells whether a `Host`, with or without port, is one of them.
    pub fn allow(&self, host: &str) -> bool {
        let name = without_port(host).to_lowercase();
        self.0.contains(&name) || name.ends_with(".localhost")
    }

    /// Tells whether a page of that origin may ask: one that this server served itself.
    pub fn is_own(origin: &str, host: &str) -> bool {
        origin.split_once("://").is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(host))
    }
}

fn without_port(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r18_a_token_opens_what_its_role_may() {
        let tokens = Tokens::parse("# who may\nci maker s3cret\nportal  reader  other\n").expect("tokens");
        let caller = |header: &str| tokens.caller(Some(header)).map(|caller| (caller.name, caller.role));
        assert_eq!(caller("Bearer s3cret"), Some(("ci".to_owned(), Role::Maker)));
        assert_eq!(caller("bearer other "), Some(("portal".to_owned(), Role::Reader)));
        for wrong in ["Bearer s3cre", "Bearer s3cret1", "Basic s3cret", "s3cret", ""] {
            assert_eq!(caller(wrong), None, "{wrong}");
        }
        assert_eq!(tokens.caller(None), None);
        assert!(!format!("{tokens:?}").contains("s3cret"));
    }

    #[test]
    fn r18_without_tokens_anybody_may_ask() {
        let tokens = Tokens::default();
        assert_eq!(tokens.caller(None), Some(Caller::anyone()));
        assert_eq!(tokens.caller(Some("Bearer anything")), Some(Caller::anyone()));
    }

    #[test]
    fn a_file_of_tokens_says_which_line_is_wrong() {
        for (text, line) in [("", 1), ("a maker x\nb boss y", 2), ("\na maker", 2), ("a maker x\nb reader x", 2)] {
            assert_eq!(Tokens::parse(text).expect_err(text).line, line, "{text}");
        }
    }

    #[test]
    fn r18_only_known_hosts_are_answered() {
        let hosts = Hosts::new(["Strata.Example".to_owned()]);
        for known in ["localhost", "localhost:5870", "127.0.0.1:1", "[::1]:5870", "strata.example:443", "a.localhost"] {
            assert!(hosts.allow(known), "{known}");
        }
        for strange in ["evil.example", "localhost.evil.example", "", "127.0.0.1.evil.example:80"] {
            assert!(!hosts.allow(strange), "{strange}");
        }
        assert!(Hosts::is_own("http://localhost:5870", "localhost:5870"));
        assert!(!Hosts::is_own("http://localhost:3000", "localhost:5870"));
    }
}
