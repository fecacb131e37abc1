//! Words and signs of a statement, each with where it stands.

use super::{QueryError, at};

/// Longer statements are refused.
const LENGTH_MAX: usize = 64 << 10;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A keyword or a name.
    Word(String),
    /// A name in brackets or in double quotes.
    Name(String),
    Text(String),
    Number(String),
    /// `<=`, `(` and the like.
    Sign(&'static str),
}

/// A token, and where it begins: counted in characters from 1.
pub(super) type Placed = (usize, Token);

const SIGNS: [&str; 15] = ["<>", "!=", "<=", ">=", "=", "<", ">", "(", ")", ",", ".", "*", "-", "+", ";"];

/// Splits a statement; comments are blanks.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, QueryError> {
    if text.len() > LENGTH_MAX {
        return Err(at(1, format!("a statement is not longer than {LENGTH_MAX} bytes")));
    }
    let mut reader = Reader { signs: text.chars().collect(), next: 0 };
    let mut tokens = Vec::new();
    loop {
        reader.skip_blanks()?;
        let place = reader.next + 1;
        match reader.token(place)? {
            Some(token) => tokens.push((place, token)),
            None => return Ok(tokens),
        }
    }
}

struct Reader {
    signs: Vec<char>,
    next: usize,
}

impl Reader {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.signs.get(self.next + ahead).copied()
    }

    fn skip_blanks(&mut self) -> Result<(), QueryError> {
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some(sign), _) if sign.is_whitespace() => self.next += 1,
                (Some('-'), Some('-')) => {
                    while self.peek(0).is_some_and(|sign| sign != '\n') {
                        self.next += 1;
                    }
                }
                (Some('/'), Some('*')) => {
                    let place = self.next + 1;
                    while (self.peek(0), self.peek(1)) != (Some('*'), Some('/')) {
                        if self.peek(0).is_none() {
                            return Err(at(place, "a comment has no end"));
                        }
                        self.next += 1;
                    }
                    self.next += 2;
                }
                _ => return Ok(()),
            }
        }
    }

    fn token(&mut self, place: usize) -> Result<Option<Token>, QueryError> {
        let Some(first) = self.peek(0) else { return Ok(None) };
        Ok(Some(match first {
            '\'' => Token::Text(self.quoted('\'', place)?),
            'N' | 'n' if self.peek(1) == Some('\'') => {
                self.next += 1;
                Token::Text(self.quoted('\'', place)?)
            }
            '"' => Token::Name(self.quoted('"', place)?),
            '[' => Token::Name(self.quoted(']', place)?),
            _ if first.is_ascii_digit() => Token::Number(self.while_is(|sign| sign.is_ascii_digit() || sign == '.')),
            _ if first.is_alphabetic() || first == '_' => {
                Token::Word(self.while_is(|sign| sign.is_alphanumeric() || sign == '_'))
            }
            _ => {
                let is_next =
                    |sign: &&&str| sign.chars().enumerate().all(|(ahead, sign)| self.peek(ahead) == Some(sign));
                let sign = SIGNS.iter().find(is_next);
                let sign = *sign.ok_or_else(|| at(place, format!("`{first}` is not expected")))?;
                self.next += sign.len();
                Token::Sign(sign)
            }
        }))
    }

    fn while_is(&mut self, is_part: impl Fn(char) -> bool) -> String {
        let start = self.next;
        while self.peek(0).is_some_and(&is_part) {
            self.next += 1;
        }
        self.signs[start..self.next].iter().collect()
    }

    /// What stands between a sign and the next one that closes; two of these are one inside.
    fn quoted(&mut self, close: char, place: usize) -> Result<String, QueryError> {
        self.next += 1;
        let mut text = String::new();
        loop {
            match (self.peek(0), self.peek(1)) {
                (None, _) => return Err(at(place, "a text has no end")),
                (Some(sign), Some(again)) if sign == close && again == close => {
                    text.push(close);
                    self.next += 2;
                }
                (Some(sign), _) if sign == close => {
                    self.next += 1;
                    return Ok(text);
                }
                (Some(sign), _) => {
                    text.push(sign);
                    self.next += 1;
                }
            }
        }
    }
}
