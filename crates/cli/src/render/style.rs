//! Colours and small words shared by every text.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use strata_model::component::{ComponentRef, ComponentType};

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default();
pub(crate) const RED: Style = AnsiColor::Red.on_default();
pub(crate) const MAGENTA: Style = AnsiColor::Magenta.on_default();
pub(crate) const CYAN: Style = AnsiColor::Cyan.on_default();
const ERROR: Style = AnsiColor::Red.on_default().bold();

/// Values longer than this are cut.
const VALUE_CHARS_MAX: usize = 60;

/// A file shows as its digest, whose first digits tell as much.
const DIGEST_CHARS: usize = 64;

/// Paints text.
pub(crate) fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Writes a hint.
pub(crate) fn hint(text: &str) -> String {
    format!("{CYAN}hint:{CYAN:#} {}", clean(text))
}

/// Writes the line an error begins with.
pub(crate) fn error(text: &str) -> String {
    format!("{ERROR}error:{ERROR:#} {}", clean(text))
}

/// Adds a formatted line.
macro_rules! line {
    ($text:expr) => { $text.push('\n') };
    ($text:expr, $($format:tt)*) => {{
        use std::fmt::Write as _;
        // Writing to a string cannot fail.
        let _ = writeln!($text, $($format)*);
    }};
}
pub(crate) use line;

/// Names a component as people do: its type's label, its name, what makers call it.
pub(crate) fn component(component: &ComponentRef) -> String {
    let mut text = format!("{} {}", label(&component.type_name), paint(BOLD, &clean(&component.name)));
    if let Some(display) = display_of(component) {
        let _ = write!(text, " {DIM}“{}”{DIM:#}", clean(display));
    }
    text
}

/// Names a component without colours; by its display name where its name is only a GUID.
pub(crate) fn plain(component: &ComponentRef) -> String {
    let (label, name) = (label(&component.type_name), clean(&component.name));
    let is_guid = component.name == component.id.to_string();
    match display_of(component).filter(|_| is_guid) {
        Some(display) => format!("{label} “{}” {name}", clean(display)),
        None => format!("{label} {name}"),
    }
}

/// Returns the display name where it says more than the name.
pub(crate) fn display_of(component: &ComponentRef) -> Option<&str> {
    component.display_name.as_deref().filter(|display| !display.is_empty() && *display != component.name)
}

/// Returns what makers call a type.
pub(crate) fn label(type_name: &str) -> String {
    ComponentType::named(type_name).label().to_owned()
}

/// Writes a count with its noun.
pub(crate) fn count(count: usize, noun: &str) -> String {
    if count == 1 {
        return format!("1 {noun}");
    }
    let plural = match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if noun.ends_with(['s', 'x']) || noun.ends_with("ch") => format!("{noun}es"),
        _ => format!("{noun}s"),
    };
    format!("{count} {plural}")
}

/// Writes a value on one line, cut where it is long.
pub(crate) fn value(text: &str) -> String {
    if text.is_empty() {
        return "\"\"".to_owned();
    }
    if text.len() == DIGEST_CHARS && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return format!("{}…", &text[..12]);
    }
    let text = clean(text);
    match text.char_indices().nth(VALUE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Writes a value that may be absent.
pub(crate) fn optional(text: Option<&str>) -> String {
    text.map_or_else(|| "(absent)".to_owned(), value)
}

/// Takes out what would move the cursor or speak to the terminal: names and values come from packages.
pub(crate) fn clean(text: &str) -> String {
    if !text.contains(char::is_control) {
        return text.to_owned();
    }
    let visible = |c: char| match c {
        '\n' => '⏎',
        '\r' | '\t' => ' ',
        c if c.is_control() => '·',
        c => c,
    };
    text.chars().map(visible).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_take_their_plural() {
        assert_eq!(count(1, "column"), "1 column");
        assert_eq!(count(2, "security role"), "2 security roles");
        assert_eq!(count(3, "entry"), "3 entries");
        assert_eq!(count(2, "process"), "2 processes");
        assert_eq!(count(0, "key"), "0 keys");
    }

    #[test]
    fn values_stay_on_one_line_and_cannot_speak_to_the_terminal() {
        assert_eq!(value("a\nb\u{1b}[2J"), "a⏎b·[2J");
        assert_eq!(value(&"a7".repeat(32)), "a7a7a7a7a7a7…");
        assert_eq!(value(&"x".repeat(80)).chars().count(), VALUE_CHARS_MAX + 1);
        assert_eq!(optional(None), "(absent)");
    }
}
