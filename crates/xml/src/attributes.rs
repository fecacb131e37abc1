//! Checks the attributes of a tag without keeping anything of them.
//!
//! The tokeniser hands tags over unread. A definition that a later reader could not parse must not get into an
//! environment, so every tag is checked while it is in the cache: names are unique, values are quoted, hold no
//! `<`, and refer to no entity but the predefined ones.

use std::fmt;

/// What is wrong with a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    Syntax,
    Duplicate(String),
    LessThan,
    Reference(String),
    TooMany(usize),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax => f.write_str("an attribute is not written as name=\"value\""),
            Self::Duplicate(name) => write!(f, "duplicate attribute `{name}`"),
            Self::LessThan => f.write_str("an attribute value holds `<`"),
            Self::Reference(name) => write!(f, "unknown entity `&{name};`"),
            Self::TooMany(bound) => write!(f, "an element has more than {bound} attributes"),
        }
    }
}

/// How many names are remembered without allocating.
const NAMES: usize = 16;

/// Checks what stands between a tag's name and its end.
pub fn check(raw: &str, attributes_max: usize) -> Result<(), Fault> {
    let mut rest = raw.trim_ascii_start();
    let mut names = [""; NAMES];
    let mut more = Vec::new();
    let mut count = 0;
    while !rest.is_empty() {
        let (name, value, after) = next(rest).ok_or(Fault::Syntax)?;
        if names[..count.min(NAMES)].contains(&name) || more.contains(&name) {
            return Err(Fault::Duplicate(name.to_owned()));
        }
        match names.get_mut(count) {
            Some(free) => *free = name,
            None => more.push(name),
        }
        count += 1;
        if count > attributes_max {
            return Err(Fault::TooMany(attributes_max));
        }
        check_value(value)?;
        let trimmed = after.trim_ascii_start();
        if trimmed.len() == after.len() && !after.is_empty() {
            return Err(Fault::Syntax);
        }
        rest = trimmed;
    }
    Ok(())
}

/// Splits off one attribute: name, raw value, what follows.
pub fn next(text: &str) -> Option<(&str, &str, &str)> {
    let equals = memchr::memchr(b'=', text.as_bytes())?;
    let name = text[..equals].trim_ascii_end();
    if name.is_empty() || name.bytes().any(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'"' | b'\'')) {
        return None;
    }
    let value = text[equals + 1..].trim_ascii_start();
    let quote = *value.as_bytes().first().filter(|byte| matches!(byte, b'"' | b'\''))?;
    let end = memchr::memchr(quote, &value.as_bytes()[1..])? + 1;
    Some((name, &value[1..end], &value[end + 1..]))
}

fn check_value(value: &str) -> Result<(), Fault> {
    match memchr::memchr2(b'<', b'&', value.as_bytes()) {
        None => return Ok(()),
        Some(at) if value.as_bytes()[at] == b'<' => return Err(Fault::LessThan),
        Some(_) => {}
    }
    if value.contains('<') {
        return Err(Fault::LessThan);
    }
    for piece in value.split('&').skip(1) {
        let (name, _) = piece.split_once(';').ok_or(Fault::Syntax)?;
        if crate::resolve_reference(name).is_none() {
            return Err(Fault::Reference(name.to_owned()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_as_packages_write_them_pass() {
        for raw in ["", " ", " a=\"1\"", " a = '1'\r\n b=\"x > y &amp; &#xA;\" ", " xmlns:xsi=\"u\" xsi:nil='true'"] {
            assert_eq!(check(raw, 99), Ok(()), "{raw}");
        }
    }

    #[test]
    fn l67_others_do_not() {
        for raw in [" a", " a=1", " a=\"1", " a='1'b='2'", " a b='1'", " ='1'", " a='&;' ", " a='& b'"] {
            assert!(check(raw, 99).is_err(), "{raw}");
        }
        assert_eq!(check(" a='1' b='2' a='3'", 99), Err(Fault::Duplicate("a".to_owned())));
        assert_eq!(check(" a='<'", 99), Err(Fault::LessThan));
        assert_eq!(check(" a='&x;'", 99), Err(Fault::Reference("x".to_owned())));
        let many: String = (0..40).map(|number| format!(" a{number}='1'")).collect();
        assert_eq!(check(&many, 99), Ok(()));
        assert!(check(&format!("{many} a39='1'"), 99).is_err());
        assert_eq!(check(&many, 39), Err(Fault::TooMany(39)));
    }
}
