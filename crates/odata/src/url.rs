//! The text of a URL: percent encoding, and options behind the question mark (web-api T6).

use crate::SyntaxError;

/// Decodes what stands in a path; a plus sign is one.
pub fn decoded_path(text: &str) -> Result<String, SyntaxError> {
    decoded(text, false)
}

/// Splits the query of a URL into names and values, decoded, in their order; a plus sign is a blank.
pub fn options(query: &str) -> Result<Vec<(String, String)>, SyntaxError> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decoded(name, true)?, decoded(value, true)?))
        })
        .collect()
}

/// Encodes a text as the value of an option.
pub fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

fn decoded(text: &str, plus_is_blank: bool) -> Result<String, SyntaxError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match first {
            b'%' => {
                let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
                let is_hex = |digits: &&str| digits.bytes().all(|digit| digit.is_ascii_hexdigit());
                let byte = digits.filter(is_hex).and_then(|digits| u8::from_str_radix(digits, 16).ok());
                bytes.push(byte.ok_or_else(|| SyntaxError::new("`%` is not followed by two hexadecimal digits"))?);
                rest = &after[2..];
            }
            b'+' if plus_is_blank => bytes.push(b' '),
            other => bytes.push(*other),
        }
    }
    String::from_utf8(bytes).map_err(|_| SyntaxError::new("the text is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t6_names_and_values_are_decoded() {
        let query = "%24filter=a+eq+%27x%2By%27&$select=a,b%2Cc&&api-version=9.1&flag";
        let expected = [("$filter", "a eq 'x+y'"), ("$select", "a,b,c"), ("api-version", "9.1"), ("flag", "")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(options(query), Ok(expected.to_vec()));
        assert_eq!(decoded_path("a+b%28c%29%C3%A4"), Ok("a+b(c)ä".to_owned()));
        assert_eq!(
            options(&format!("a={}", encoded("ä +&=%'"))).map(|pairs| pairs[0].1.clone()),
            Ok("ä +&=%'".to_owned())
        );
    }

    #[test]
    fn what_is_no_encoding_is_refused() {
        for text in ["%", "%1", "%zz", "%+1", "%ff", "%é"] {
            assert!(options(text).is_err(), "{text}");
            assert!(decoded_path(text).is_err(), "{text}");
        }
    }
}
