//! The path of a resource below the service root: segments, with what stands in their parentheses (web-api §3, §9).
//!
//! `accounts(guid)/name/$value`, `solutions(uniquename='x')`, `RetrieveVersion()`,
//! `accounts/Microsoft.Dynamics.CRM.CreateMultiple`: a name and arguments; whether it is a set, a navigation, a column or
//! a function, only who serves it knows.

use crate::SyntaxError;
use crate::expression::{Argument, NamedArgument, argument};
use crate::lex::{Reader, Token};

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    pub name: String,
    pub arguments: Arguments,
}

/// What stands behind a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arguments {
    /// No parentheses.
    Absent,
    /// The key of a row; empty parentheses are no key, but no arguments.
    Key(Argument),
    /// Parts of an alternate key, or arguments of a function.
    Named(Vec<NamedArgument>),
}

/// More than this is no path that somebody wrote.
const SEGMENTS_MAX: usize = 20;

/// Reads a decoded path; slashes inside quotes are text.
pub fn parse(text: &str) -> Result<Vec<Segment>, SyntaxError> {
    let mut segments = Vec::new();
    for piece in pieces(text) {
        if segments.len() == SEGMENTS_MAX {
            return Err(SyntaxError::new(format!("the path has more than {SEGMENTS_MAX} segments")));
        }
        segments.push(segment(piece)?);
    }
    Ok(segments)
}

/// Splits at slashes outside of quotes; empty pieces at both ends are none.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    let at_slash = move |character: char| {
        is_quoted ^= character == '\'';
        character == '/' && !is_quoted
    };
    text.trim_matches('/').split(at_slash).filter(|piece| !piece.is_empty())
}

fn segment(text: &str) -> Result<Segment, SyntaxError> {
    let mut reader = Reader::new(text)?;
    let name = reader.word("a segment")?;
    let arguments = match reader.takes_sign('(') {
        true => arguments(&mut reader)?,
        false => Arguments::Absent,
    };
    reader.finish()?;
    Ok(Segment { name, arguments })
}

fn arguments(reader: &mut Reader) -> Result<Arguments, SyntaxError> {
    let mut named = Vec::new();
    let mut key = None;
    reader.list(')', |reader| {
        let name = match reader.peek() {
            Some(Token::Word(word)) if is_name(word) => Some(reader.word("a name")?),
            Some(Token::Word(_) | Token::Quoted(_) | Token::Sign(_)) | None => None,
        };
        match name {
            Some(name) => {
                reader.expect('=')?;
                named.push(NamedArgument { name, value: argument(reader)? });
            }
            None => key = Some(argument(reader)?),
        }
        Ok(())
    })?;
    match key {
        None => Ok(Arguments::Named(named)),
        Some(key) if named.is_empty() => Ok(Arguments::Key(key)),
        Some(_) => Err(SyntaxError::new("a key with and without names")),
    }
}

/// Names are no ids: those may begin with a letter too.
fn is_name(word: &str) -> bool {
    let first = word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    first && !matches!(word, "null" | "true" | "false") && strata_model::id::Guid::parse(word).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::Literal;

    fn key(value: &str) -> Arguments {
        Arguments::Key(Argument::One(Literal::Bare(value.to_owned())))
    }

    fn named(pairs: &[(&str, Literal)]) -> Arguments {
        let one = |(name, value): &(&str, Literal)| NamedArgument {
            name: (*name).to_owned(),
            value: Argument::One(value.clone()),
        };
        Arguments::Named(pairs.iter().map(one).collect())
    }

    #[test]
    fn a_path_is_names_with_arguments() {
        let quoted = |text: &str| Literal::Quoted(text.to_owned());
        let bare = |text: &str| Literal::Bare(text.to_owned());
        let id = "a1b2c3d4-0000-4000-8000-00000000abcd";
        for (text, expected) in [
            ("", vec![]),
            ("accounts", vec![("accounts", Arguments::Absent)]),
            (
                &format!("accounts({id})/name/$value"),
                vec![("accounts", key(id)), ("name", Arguments::Absent), ("$value", Arguments::Absent)],
            ),
            (
                "solutions(uniquename='a/b''c',no=3)",
                vec![("solutions", named(&[("uniquename", quoted("a/b'c")), ("no", bare("3"))]))],
            ),
            ("RetrieveVersion()", vec![("RetrieveVersion", named(&[]))]),
            ("F(P=@p1)", vec![("F", named(&[("P", Literal::Alias("p1".to_owned()))]))]),
            (
                "accounts/Microsoft.Dynamics.CRM.CreateMultiple/",
                vec![("accounts", Arguments::Absent), ("Microsoft.Dynamics.CRM.CreateMultiple", Arguments::Absent)],
            ),
            (&format!("accounts({{{id}}})"), vec![("accounts", key(&format!("{{{id}}}")))]),
        ] {
            let expected: Vec<_> =
                expected.into_iter().map(|(name, arguments)| Segment { name: name.to_owned(), arguments }).collect();
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_path_says_why() {
        for (text, expected) in [
            ("accounts(", "a value is expected at the end"),
            ("accounts('x", "has no end"),
            ("accounts(1)x", "`x` is not expected"),
            ("accounts(a='x',1)", "with and without names"),
            ("accounts(a)", "`=` is expected"),
            ("'accounts'", "a segment is expected at position 1"),
        ] {
            let error = parse(text).expect_err(text).message;
            assert!(error.contains(expected), "{text}: {error}");
        }
        assert!(parse(&"a/".repeat(3_000)).is_err());
    }
}
