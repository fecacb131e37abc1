//! Texts by language: one `.resx` file for each, for translators, beside the files that hold them.
//!
//! Unpacking collects every label into `Resources/<language>/resources.<language>.resx`; the labels stay where they are, so
//! that a tree is whole without these files. Packing puts their texts back: a label that is there gets the text, a
//! language that a label lacks is added beside the others.
//!
//! An entry is named by its file, the way down to the label's container, and the label's element. Elements are told apart
//! by what names them, else by their position.

mod languages;
mod resx;

use std::collections::BTreeMap;
use std::ops::Range;

use strata_model::package::PackageNote;
use strata_xml::attributes;
use strata_xml::layout::Newline;
use strata_xml::tokens::{Token, TokenError, Tokens};

use super::NamedFile;
use super::pack::{Class, classify};
use crate::ReadPackageError;

/// How the files of texts are named, and which of them is the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Localize {
    /// The language that translations start from; its texts stand in `Resources/template_resources.resx` too.
    pub template: Option<u32>,
    /// Folders are named `1033`, not `en-US`.
    pub use_lcid: bool,
}

/// A label in one language.
struct Label<'a> {
    key: String,
    language: u32,
    text: &'a str,
    /// Of the element.
    range: Range<usize>,
    /// Of its text, and of its language, below the bytes.
    text_at: Range<usize>,
    language_at: Range<usize>,
}

/// Returns the files of texts of a tree.
pub fn texts(files: &[NamedFile], localize: Localize, newline: Newline) -> Vec<NamedFile> {
    let mut by_language: BTreeMap<u32, Vec<(String, String)>> = BTreeMap::new();
    for (path, bytes) in files.iter().filter(|(path, _)| matches!(classify(path), Class::Piece(_))) {
        for label in labels(path, bytes).unwrap_or_default() {
            let text = strata_xml::unescape(label.text).unwrap_or_else(|_| label.text.to_owned());
            by_language.entry(label.language).or_default().push((label.key, text));
        }
    }
    let mut out = Vec::new();
    for (language, texts) in &mut by_language {
        texts.sort();
        texts.dedup_by(|second, first| second.0 == first.0);
        let file = resx::write(texts, newline);
        let name = if localize.use_lcid { language.to_string() } else { languages::name(*language) };
        if localize.template == Some(*language) {
            out.push(("Resources/template_resources.resx".to_owned(), file.clone()));
        }
        out.push((format!("Resources/{name}/resources.{name}.resx"), file));
    }
    out
}

/// Returns a tree with the texts of its `.resx` files in it and without these files; what has no place is noted.
pub fn put_back(files: Vec<NamedFile>, notes: &mut Vec<PackageNote>) -> Result<Vec<NamedFile>, ReadPackageError> {
    // By file, then by entry: the texts by language.
    let mut wanted: BTreeMap<String, BTreeMap<String, BTreeMap<u32, String>>> = BTreeMap::new();
    for (path, bytes) in &files {
        let Some(language) = language_of(path) else { continue };
        for (key, text) in resx::read(path, bytes)? {
            let Some((file, _)) = key.split_once('#') else {
                notes.push(PackageNote { part: path.clone(), message: format!("`{key}` names no file and entry") });
                continue;
            };
            let file = file.to_owned();
            wanted.entry(file).or_default().entry(key).or_default().insert(language, text);
        }
    }
    let mut out = Vec::with_capacity(files.len());
    for (path, bytes) in files {
        // What has been used is no file of the solution.
        if path.strip_prefix("src/").unwrap_or(&path).starts_with("Resources/") && path.ends_with(".resx") {
            continue;
        }
        let texts = wanted.remove(path.strip_prefix("src/").unwrap_or(&path));
        out.push(match texts {
            Some(texts) => {
                let edited = edited(&path, &bytes, texts, notes)?;
                (path, edited)
            }
            None => (path, bytes),
        });
    }
    for path in wanted.into_keys() {
        notes.push(PackageNote { part: path, message: "is not there, but has texts in Resources".to_owned() });
    }
    Ok(out)
}

/// The language whose texts a file holds.
fn language_of(path: &str) -> Option<u32> {
    let path = path.strip_prefix("src/").unwrap_or(path);
    let (folder, file) = path.strip_prefix("Resources/")?.split_once('/')?;
    let is_texts = file.eq_ignore_ascii_case(&format!("resources.{folder}.resx"));
    if is_texts { languages::language(folder) } else { None }
}

fn edited(
    path: &str,
    bytes: &[u8],
    mut texts: BTreeMap<String, BTreeMap<u32, String>>,
    notes: &mut Vec<PackageNote>,
) -> Result<Vec<u8>, ReadPackageError> {
    let plain = path.strip_prefix("src/").unwrap_or(path);
    let found =
        labels(plain, bytes).map_err(|error| ReadPackageError::xml(path, bytes, error.offset, &error.message))?;
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    let mut last: BTreeMap<&str, &Label<'_>> = BTreeMap::new();
    for label in &found {
        last.insert(&label.key, label);
        let text = texts.get_mut(&label.key).and_then(|texts| texts.remove(&label.language));
        edits.extend(
            text.map(|text| escaped(&text)).filter(|text| text != label.text).map(|text| (label.text_at.clone(), text)),
        );
    }
    for (key, texts) in &texts {
        for (language, text) in texts {
            match last.get(key.as_str()) {
                Some(beside) => edits.push((beside.range.end..beside.range.end, beside.with(bytes, *language, text))),
                None => notes
                    .push(PackageNote { part: path.to_owned(), message: format!("has no place for the text `{key}`") }),
            }
        }
    }
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    for (range, text) in edits {
        out.extend(&bytes[at..range.start]);
        out.extend(text.as_bytes());
        at = range.end;
    }
    out.extend(&bytes[at..]);
    Ok(out)
}

impl Label<'_> {
    /// The same element with another language and text.
    fn with(&self, bytes: &[u8], language: u32, text: &str) -> String {
        let mut edits = [(self.text_at.clone(), escaped(text)), (self.language_at.clone(), language.to_string())];
        edits.sort_by_key(|(range, _)| range.start);
        let mut out = String::new();
        let mut at = self.range.start;
        for (range, text) in edits {
            out.push_str(&String::from_utf8_lossy(&bytes[at..range.start]));
            out.push_str(&text);
            at = range.end;
        }
        out.push_str(&String::from_utf8_lossy(&bytes[at..self.range.end]));
        out
    }
}

fn escaped(text: &str) -> String {
    let plain = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    plain.replace('\r', "&#xD;").replace('\n', "&#xA;")
}

/// An element that is open.
struct Step {
    name: String,
    counts: BTreeMap<String, usize>,
}

/// Finds the labels of a file.
fn labels<'a>(path: &str, bytes: &'a [u8]) -> Result<Vec<Label<'a>>, TokenError> {
    let mut tokens = Tokens::new(bytes, 1_024);
    let mut open: Vec<Step> = vec![Step { name: String::new(), counts: BTreeMap::new() }];
    let mut found: Vec<Label<'a>> = Vec::new();
    // The label whose end tag is still to come: its place, its depth.
    let mut unfinished: Option<(usize, usize)> = None;
    while let Some(token) = tokens.token()? {
        match token {
            Token::Start { name, attributes, is_empty } => {
                let after = tokens.position();
                let start = memchr::memrchr(b'<', &bytes[..after]).unwrap_or(after);
                let name = String::from_utf8_lossy(name).into_owned();
                if let Some(label) = label(path, bytes, &open, &name, attributes, start..after) {
                    found.push(label);
                    if !is_empty {
                        unfinished = Some((found.len() - 1, open.len()));
                    }
                }
                let step = step(&mut open, &name, attributes);
                if !is_empty {
                    open.push(Step { name: step, counts: BTreeMap::new() });
                }
            }
            Token::End => {
                open.pop();
                if let Some((index, _)) = unfinished.take_if(|(_, depth)| *depth == open.len()) {
                    found[index].range.end = tokens.position();
                }
            }
            Token::Text { .. } => {}
        }
    }
    Ok(found)
}

/// How an element is told apart from its siblings.
fn step(open: &mut [Step], name: &str, attributes: &str) -> String {
    let names = ["Name", "PhysicalName", "name", "id", "Id", "value", "UniqueName"];
    let own = names.iter().find_map(|wanted| attribute(attributes, wanted)).filter(|(value, _)| !value.is_empty());
    let parent = open.last_mut().expect("the document itself is open");
    let count = parent.counts.entry(name.to_owned()).or_insert(0);
    *count += 1;
    match own {
        Some((value, _)) => format!("{name}[{value}]"),
        None if *count > 1 => format!("{name}[{count}]"),
        None => name.to_owned(),
    }
}

fn label<'a>(
    path: &str,
    bytes: &'a [u8],
    open: &[Step],
    name: &str,
    attributes: &'a str,
    range: Range<usize>,
) -> Option<Label<'a>> {
    let (language, _) = attribute(attributes, "languagecode").or_else(|| attribute(attributes, "LCID"))?;
    let (text, _) = ["description", "Title", "Description"].iter().find_map(|name| attribute(attributes, name))?;
    let place = |value: &str| {
        let start = value.as_ptr() as usize - bytes.as_ptr() as usize;
        start..start + value.len()
    };
    let way: Vec<_> = open.iter().skip(1).map(|step| step.name.as_str()).collect();
    Some(Label {
        key: format!("{path}#{}/{name}", way.join("/")),
        language: language.parse().ok()?,
        text,
        range,
        text_at: place(text),
        language_at: place(language),
    })
}

/// The raw value of an attribute, and what follows.
fn attribute<'a>(raw: &'a str, wanted: &str) -> Option<(&'a str, &'a str)> {
    let mut rest = raw.trim_ascii_start();
    while let Some((name, value, after)) = attributes::next(rest) {
        if name == wanted {
            return Some((value, after));
        }
        rest = after.trim_ascii_start();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "<optionset Name=\"new_o\"><displaynames><displayname description=\"Size &amp; more\" languagecode=\"1033\" />\
        </displaynames><options><option value=\"1\"><labels><label description=\"Small\" languagecode=\"1033\" />\
        <label description=\"Klein\" languagecode=\"1031\" /></labels></option></options></optionset>";
    const PATH: &str = "OptionSets/new_o.xml";
    const HOW: Localize = Localize { template: Some(1033), use_lcid: false };

    fn tree() -> Vec<NamedFile> {
        vec![(PATH.to_owned(), FILE.as_bytes().to_vec())]
    }

    #[test]
    fn texts_stand_in_a_file_for_each_language() {
        let files = texts(&tree(), HOW, Newline::Lf);
        let names: Vec<_> = files.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(
            names,
            [
                "Resources/de-DE/resources.de-DE.resx",
                "Resources/template_resources.resx",
                "Resources/en-US/resources.en-US.resx"
            ]
        );
        let german = String::from_utf8_lossy(&files[0].1);
        let key = "OptionSets/new_o.xml#optionset[new_o]/options/option[1]/labels/label";
        assert!(german.contains(key) && german.contains("<value>Klein</value>"), "{german}");
        let by_number = texts(&tree(), Localize { template: None, use_lcid: true }, Newline::Lf);
        assert_eq!(by_number[1].0, "Resources/1033/resources.1033.resx");
    }

    fn packed(edit: impl Fn(&str, String) -> String) -> (String, Vec<PackageNote>) {
        let mut files = tree();
        for (path, bytes) in texts(&files.clone(), HOW, Newline::Lf) {
            let text = edit(&path, String::from_utf8(bytes).expect("utf-8"));
            files.push((path, text.into_bytes()));
        }
        let mut notes = Vec::new();
        let files = put_back(files, &mut notes).expect("readable");
        (String::from_utf8(files[0].1.clone()).expect("utf-8"), notes)
    }

    #[test]
    fn untouched_texts_change_nothing() {
        assert_eq!(packed(|_, text| text), (FILE.to_owned(), Vec::new()));
    }

    #[test]
    fn translations_come_back_and_new_languages_are_added() {
        let (file, notes) = packed(|_, text| text.replace("Klein", "Winzig &lt;1&gt;"));
        assert_eq!(file, FILE.replace("Klein", "Winzig &lt;1&gt;"));
        assert!(notes.is_empty());
        let german = |path: &str, text: String| match path.contains("de-DE") {
            true => text.replace(
                "<data ",
                "<data name=\"OptionSets/new_o.xml#optionset[new_o]/displaynames/displayname\" xml:space=\"preserve\">\
                 <value>Größe</value></data><data ",
            ),
            false => text,
        };
        let (file, _) = packed(german);
        let added = "<displayname description=\"Size &amp; more\" languagecode=\"1033\" /><displayname description=\"Größe\" languagecode=\"1031\" />";
        assert!(file.contains(added), "{file}");
    }

    #[test]
    fn a_text_without_a_place_is_told() {
        let (file, notes) = packed(|_, text| text.replace("option[1]", "option[2]"));
        assert_eq!(file, FILE);
        assert_eq!(notes.len(), 2, "{notes:?}");
    }
}
