//! Words, quoted texts and signs of an expression.

use crate::SyntaxError;

/// More than this is nothing that somebody wrote; a batch holds 64 KB of `or` (web-api §4).
const TOKENS_MAX: usize = 50_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// One of `( ) [ ] , = :`; `/` only behind a parenthesis, in a path it is part of the word.
    Sign(char),
    Quoted(String),
    Word(String),
}

impl Token {
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Sign(sign) => format!("`{sign}`"),
            Self::Quoted(text) => format!("'{text}'"),
            Self::Word(word) => format!("`{word}`"),
        }
    }
}

/// Tokens with their positions, read one after the other.
pub(crate) struct Reader {
    tokens: Vec<(usize, Token)>,
    next: usize,
    end: usize,
}

impl Reader {
    pub(crate) fn new(text: &str) -> Result<Self, SyntaxError> {
        let characters: Vec<char> = text.chars().collect();
        Ok(Self { tokens: tokens(&characters)?, next: 0, end: characters.len() + 1 })
    }

    pub(crate) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    /// Returns the position of the next token.
    pub(crate) fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |(at, _)| *at)
    }

    pub(crate) fn takes_sign(&mut self, sign: char) -> bool {
        self.takes(|token| *token == Token::Sign(sign))
    }

    pub(crate) fn takes_word(&mut self, word: &str) -> bool {
        self.takes(|token| matches!(token, Token::Word(found) if found == word))
    }

    fn takes(&mut self, is_wanted: impl Fn(&Token) -> bool) -> bool {
        let is_next = self.peek().is_some_and(is_wanted);
        self.next += usize::from(is_next);
        is_next
    }

    pub(crate) fn next(&mut self, what: &str) -> Result<Token, SyntaxError> {
        let Some((_, token)) = self.tokens.get(self.next) else {
            return Err(SyntaxError::new(format!("{what} is expected at the end")));
        };
        self.next += 1;
        Ok(token.clone())
    }

    pub(crate) fn word(&mut self, what: &str) -> Result<String, SyntaxError> {
        let at = self.at();
        match self.next(what)? {
            Token::Word(word) => Ok(word),
            other => Err(SyntaxError::new(format!("{what} is expected at position {at}, not {}", other.shown()))),
        }
    }

    pub(crate) fn expect(&mut self, sign: char) -> Result<(), SyntaxError> {
        let at = self.at();
        match self.takes_sign(sign) {
            true => Ok(()),
            false => Err(SyntaxError::new(format!("`{sign}` is expected at position {at}"))),
        }
    }

    /// Reads items between commas up to a closing sign, which may follow at once.
    pub(crate) fn list<T>(
        &mut self,
        close: char,
        mut item: impl FnMut(&mut Self) -> Result<T, SyntaxError>,
    ) -> Result<Vec<T>, SyntaxError> {
        let mut items = Vec::new();
        if self.takes_sign(close) {
            return Ok(items);
        }
        loop {
            items.push(item(self)?);
            if self.takes_sign(close) {
                return Ok(items);
            }
            self.expect(',')?;
        }
    }

    pub(crate) fn finish(&self) -> Result<(), SyntaxError> {
        match self.tokens.get(self.next) {
            None => Ok(()),
            Some((at, token)) => Err(SyntaxError::new(format!("{} is not expected at position {at}", token.shown()))),
        }
    }
}

fn tokens(characters: &[char]) -> Result<Vec<(usize, Token)>, SyntaxError> {
    let mut tokens: Vec<(usize, Token)> = Vec::new();
    let mut next = 0;
    while let Some(character) = characters.get(next) {
        let start = next;
        let is_behind_parenthesis = matches!(tokens.last(), Some((_, Token::Sign(')'))));
        let token = match character {
            character if character.is_whitespace() => {
                next += 1;
                continue;
            }
            '(' | ')' | '[' | ']' | ',' | '=' | ':' => Token::Sign(*character),
            '/' if is_behind_parenthesis => Token::Sign('/'),
            '\'' => {
                let (quoted, end) = quoted(characters, start)?;
                next = end;
                Token::Quoted(quoted)
            }
            _ => {
                let length = word_length(&characters[start..]);
                next = start + length - 1;
                Token::Word(characters[start..=next].iter().collect())
            }
        };
        tokens.push((start + 1, token));
        if tokens.len() > TOKENS_MAX {
            return Err(SyntaxError::new(format!("it has more than {TOKENS_MAX} words")));
        }
        next += 1;
    }
    Ok(tokens)
}

/// A colon ends a name, and stands inside a time.
fn word_length(characters: &[char]) -> usize {
    let is_name = !characters[0].is_ascii_digit();
    let is_end = |character: &char| {
        character.is_whitespace()
            || matches!(character, '(' | ')' | '[' | ']' | ',' | '=' | '\'')
            || *character == ':' && is_name
    };
    characters.iter().take_while(|character| !is_end(character)).count().max(1)
}

/// Reads a text in quotes, where a doubled quote stands for one; returns the position of its last quote too.
fn quoted(characters: &[char], start: usize) -> Result<(String, usize), SyntaxError> {
    let mut text = String::new();
    let mut next = start + 1;
    loop {
        match (characters.get(next), characters.get(next + 1)) {
            (Some('\''), Some('\'')) => {
                text.push('\'');
                next += 2;
            }
            (Some('\''), _) => return Ok((text, next)),
            (Some(character), _) => {
                text.push(*character);
                next += 1;
            }
            (None, _) => return Err(SyntaxError::new(format!("the text at position {} has no end", start + 1))),
        }
    }
}
