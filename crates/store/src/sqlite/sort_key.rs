//! Values as texts that sort as the values do: nothing first, then truth values, numbers, texts without case.
//!
//! A first sign keeps the kinds apart, so that every value of one kind lies in one range. A number is its bits turned
//! so that they sort, and what a whole number has beyond them.

use serde_json::Value;

use super::rows::json_of;

/// Stands for no value.
pub(super) const NOTHING: &str = "0";

/// Returns the text of a value.
pub(super) fn of(value: &Value) -> String {
    match value {
        Value::Null => NOTHING.to_owned(),
        Value::Bool(truth) => format!("1{}", u8::from(*truth)),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => format!("2{}", of_whole(whole)),
            (None, float) => format!("2{:016x}", bits(float.unwrap_or_default())),
        },
        Value::String(text) => format!("3{}", text.to_lowercase()),
        Value::Array(_) | Value::Object(_) => format!("4{}", json_of(value)),
    }
}

/// Returns the texts between which all values of a value's kind lie: from the first on, before the second.
pub(super) fn kind_range(value: &Value) -> (&'static str, &'static str) {
    match value {
        Value::Null => ("0", "1"),
        Value::Bool(_) => ("1", "2"),
        Value::Number(_) => ("2", "3"),
        Value::String(_) => ("3", "4"),
        Value::Array(_) | Value::Object(_) => ("4", "5"),
    }
}

/// Returns the first text behind all that begin with one; `None` where there is none.
pub(super) fn behind(prefix: &str) -> Option<String> {
    let mut rest = prefix;
    while let Some((at, last)) = rest.char_indices().next_back() {
        rest = &rest[..at];
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            return Some(format!("{rest}{next}"));
        }
    }
    None
}

fn bits(float: f64) -> u64 {
    // Both zeros are one number.
    let bits = (float + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

fn of_whole(whole: i64) -> String {
    let mut float = whole as f64;
    if float as i128 > i128::from(whole) {
        float = float.next_down();
    }
    match i128::from(whole) - float as i128 {
        0 => format!("{:016x}", bits(float)),
        rest => format!("{:016x}{rest:04x}", bits(float)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_sort_as_their_values() {
        let big = 9_007_199_254_740_993_i64;
        let sorted: Vec<Value> = vec![
            Value::Null,
            false.into(),
            true.into(),
            i64::MIN.into(),
            (i64::MIN + 1).into(),
            (-2.5).into(),
            (-2).into(),
            0.into(),
            0.25.into(),
            7.into(),
            (big - 1).into(),
            big.into(),
            (big + 1).into(),
            (i64::MAX - 1).into(),
            i64::MAX.into(),
            1e300.into(),
            "".into(),
            "a".into(),
            "B".into(),
            "ba".into(),
            "\u{e4}".into(),
        ];
        let texts: Vec<_> = sorted.iter().map(of).collect();
        assert!(texts.is_sorted() && texts.windows(2).all(|pair| pair[0] != pair[1]), "{texts:#?}");
        assert_eq!(of(&(-0.0).into()), of(&0.into()));
        assert_eq!(of(&7.0.into()), of(&7.into()));
        for value in &sorted {
            let (from, to) = kind_range(value);
            assert!(from <= of(value).as_str() && of(value).as_str() < to);
        }
    }

    #[test]
    fn a_prefix_has_an_end() {
        assert_eq!(behind("3ab").as_deref(), Some("3ac"));
        assert_eq!(behind("3a\u{10ffff}").as_deref(), Some("3b"));
        assert_eq!(behind("\u{d7ff}").as_deref(), Some("\u{e000}"));
        assert_eq!(behind(""), None);
    }
}
