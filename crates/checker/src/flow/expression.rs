//! The calls in the expressions of a cloud flow: `@body('Get_item')`, `@{outputs('Compose')?['x']}`.
//!
//! Flows are data with expressions in their texts. A text that begins with `@` is one expression, unless `@@` escapes it;
//! anywhere else `@{…}` holds one. Only calls whose first argument is a literal are of interest, since only they name
//! something that can be looked up.

/// A call of a function with a literal text as its first argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call<'a> {
    /// As written; the language does not tell `Body` from `body`.
    pub(crate) function: &'a str,
    /// Without its quotes, `''` read as one quote.
    pub(crate) argument: String,
}

/// Returns the calls of all expressions in a text, in their order.
pub(crate) fn calls(text: &str) -> Vec<Call<'_>> {
    let mut found = Vec::new();
    if let Some(rest) = text.strip_prefix('@')
        && !rest.starts_with(['@', '{'])
    {
        scan(rest, false, &mut found);
        return found;
    }
    let mut rest = text;
    while let Some(at) = rest.find("@{") {
        let is_escaped = rest[..at].ends_with('@');
        rest = &rest[at + 2..];
        if !is_escaped {
            let length = scan(rest, true, &mut found);
            rest = &rest[length..];
        }
    }
    found
}

/// Tells whether a text holds an expression, so that its value is known at run time only.
pub(crate) fn has_expression(text: &str) -> bool {
    match text.strip_prefix('@') {
        Some(rest) => !rest.starts_with('@'),
        None => text.match_indices("@{").any(|(at, _)| !text[..at].ends_with('@')),
    }
}

/// Reads one expression up to its end, or to the `}` that closes an interpolation; returns its length.
fn scan<'a>(text: &'a str, is_interpolated: bool, found: &mut Vec<Call<'a>>) -> usize {
    let bytes = text.as_bytes();
    let mut braces = 0_usize;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\'' => at += literal(&text[at..]).1,
            b'{' => {
                braces += 1;
                at += 1;
            }
            b'}' if braces == 0 && is_interpolated => return at + 1,
            b'}' => {
                braces = braces.saturating_sub(1);
                at += 1;
            }
            byte if is_word(byte) => {
                let length = bytes[at..].iter().take_while(|byte| is_word(**byte)).count();
                let (function, after) = (&text[at..at + length], at + length);
                let is_member = text[..at].ends_with('.');
                at = after;
                if !is_member && let Some(argument) = first_argument(&text[after..]) {
                    found.push(Call { function, argument });
                }
            }
            _ => at += 1,
        }
    }
    at
}

/// Returns the literal that stands right after an opening parenthesis and fills the argument.
fn first_argument(after_name: &str) -> Option<String> {
    let inside = after_name.trim_start().strip_prefix('(')?.trim_start();
    if !inside.starts_with('\'') {
        return None;
    }
    let (argument, length) = literal(inside);
    inside[length..].trim_start().starts_with([',', ')']).then_some(argument)
}

/// Reads a literal from its opening quote; returns its text and its length with the quotes.
fn literal(text: &str) -> (String, usize) {
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = chars.next() {
        if character != '\'' {
            value.push(character);
        } else if chars.next_if(|(_, next)| *next == '\'').is_some() {
            value.push('\'');
        } else {
            return (value, at + 1);
        }
    }
    (value, text.len())
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[(&str, &str)]) {
        let found = calls(text);
        let pairs: Vec<_> = found.iter().map(|call| (call.function, call.argument.as_str())).collect();
        assert_eq!(pairs, expect, "{text}");
    }

    #[test]
    fn calls_are_found_in_expressions_only() {
        check("@body('Get_item')?['value']", &[("body", "Get_item")]);
        check("@{body('A')}, @{ outputs( 'B' ) }", &[("body", "A"), ("outputs", "B")]);
        check("@concat('body(''X'')', items('Each'), '}')", &[("concat", "body('X')"), ("items", "Each")]);
        check("x @{concat('}', body('A'))} body('B')", &[("concat", "}"), ("body", "A")]);
        check("@@{body('A')} @@body('B')", &[]);
        check("@@body('B')", &[]);
        check("body('B')", &[]);
        check("@equals(body('it''s')?['a'], null)", &[("body", "it's")]);
        check("@body(variables('name'))", &[("variables", "name")]);
        check("@{json('{\"a\":1}')}@{body('C')}", &[("json", "{\"a\":1}"), ("body", "C")]);
        check("@workflow()['x'].body('D')", &[]);
    }

    #[test]
    fn odd_texts_end() {
        for text in ["@", "@{", "@{'", "@'''", "@body('", "@body('x", "@body(", "@{}}@{ä('ö')}", "@{'''", "}@{"] {
            drop(calls(text));
            has_expression(text);
        }
        assert!(has_expression("a@{b}") && has_expression("@b") && !has_expression("@@b") && !has_expression("a@b"));
        assert!(!has_expression("a@@{b}"));
    }
}
