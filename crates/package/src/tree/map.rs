//! Mapping files: where a tree's files really are (package-format §7.1, 5).
//!
//! `<Folder map to>` swaps one folder for another, `<FileToFile map to>` one file for another, `<FileToPath map to>` finds
//! files by pattern in another folder. The first element that fits decides. `**` as the last folder stands for any folders
//! below; `%NAME%` for a variable of the process.

use strata_model::code::ErrorCode;
use strata_xml::attributes;
use strata_xml::tokens::{Token, Tokens};

use crate::ReadPackageError;

/// A mapping file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map {
    rules: Vec<Rule>,
}

/// Where a mapped file is, relative to the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Which element of the file says so.
    pub rule: usize,
    pub path: String,
    /// When nothing is there: a folder in and below which a file of that name is meant.
    pub search: Option<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    line: u32,
    kind: Kind,
    map: String,
    to: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Folder,
    FileToFile,
    FileToPath,
}

impl Map {
    /// Reads a mapping file; `variable` gives the value of a variable of the process.
    pub fn parse(
        name: &str,
        bytes: &[u8],
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ReadPackageError> {
        let mut tokens = Tokens::new(bytes, 64);
        let mut rules = Vec::new();
        loop {
            let before = crate::node::element_start(bytes, tokens.position());
            let token =
                tokens.token().map_err(|error| ReadPackageError::xml(name, bytes, error.offset, &error.message))?;
            let Some(token) = token else { return Ok(Self { rules }) };
            let Token::Start { name: element, attributes, is_empty } = token else { continue };
            let depth = tokens.depth() + usize::from(is_empty);
            if depth == 1 {
                continue;
            }
            let fail = |message: String| {
                ReadPackageError::new(ErrorCode::INVALID_MAP, message).in_part(name).at(bytes, before)
            };
            let kind = match element {
                b"Folder" => Kind::Folder,
                b"FileToFile" => Kind::FileToFile,
                b"FileToPath" => Kind::FileToPath,
                other => {
                    let other = String::from_utf8_lossy(other);
                    return Err(fail(format!("`{other}` is no mapping; Folder, FileToFile or FileToPath is expected")));
                }
            };
            let (line, _) = strata_xml::line_column(bytes, before);
            let text = |wanted: &str| {
                value(attributes, wanted)
                    .filter(|text| !text.is_empty())
                    .ok_or_else(|| fail(format!("`{wanted}` is missing")))
            };
            let (map, to) = (steps(&text("map")?), expanded(&text("to")?, variable).map_err(&fail)?);
            let rule = Rule { line, kind, map, to: steps(&to) };
            rule.check().map_err(|message| fail(message.to_owned()))?;
            rules.push(rule);
        }
    }

    /// Returns where a file of the tree is, when it is elsewhere.
    pub fn find(&self, path: &str) -> Option<Source> {
        self.rules.iter().enumerate().find_map(|(index, rule)| rule.source(index, path))
    }

    /// Returns the elements that fit a path, whether or not one before them decides.
    pub fn fitting(&self, path: &str) -> Vec<usize> {
        let fits = |(index, rule): (usize, &Rule)| rule.source(index, path).map(|_| index);
        self.rules.iter().enumerate().filter_map(fits).collect()
    }

    /// Returns an error that names the first element that fits nothing; `fitted` are those that do.
    pub fn check_used(&self, name: &str, fitted: &dyn Fn(usize) -> bool) -> Result<(), ReadPackageError> {
        let unused = self.rules.iter().enumerate().find(|(index, _)| !fitted(*index));
        match unused {
            None => Ok(()),
            Some((_, rule)) => {
                let message = format!("`{}` matches no file of the solution", rule.map);
                let mut error = ReadPackageError::new(ErrorCode::INVALID_MAP, message).in_part(name);
                error.line = Some(rule.line);
                Err(error.hint("take the element out, or correct its `map`; paths are those of the tree"))
            }
        }
    }

    /// The line of an element.
    pub fn line(&self, rule: usize) -> Option<u32> {
        self.rules.get(rule).map(|rule| rule.line)
    }
}

impl Rule {
    fn check(&self) -> Result<(), &'static str> {
        let folders = |path: &str| path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let wild = |path: &str| path.split('/').filter(|step| step.contains('*')).count();
        match self.kind {
            Kind::Folder if wild(&self.map) + wild(&self.to) > 0 => Err("`Folder` takes no wildcards"),
            Kind::FileToFile if self.map.rsplit('/').next().is_some_and(|file| file.contains(['*', '?'])) => {
                Err("`FileToFile` takes no wildcards in names of files")
            }
            _ if folders(&self.map).trim_end_matches("**").contains('*') => {
                Err("`**` is the only wildcard for folders, and the last of them")
            }
            Kind::Folder | Kind::FileToFile | Kind::FileToPath => Ok(()),
        }
    }

    fn source(&self, rule: usize, path: &str) -> Option<Source> {
        let plain = |path: String| Source { rule, path, search: None };
        let file = path.rsplit('/').next().unwrap_or(path);
        match self.kind {
            Kind::Folder => {
                let rest = below(&self.map, path)?;
                Some(plain(format!("{}/{rest}", self.to)))
            }
            Kind::FileToFile => {
                self.rest(path)?;
                Some(match self.to.split_once("**/") {
                    Some((folder, name)) => Source {
                        rule,
                        path: format!("{folder}{name}"),
                        search: Some((folder.trim_end_matches('/').to_owned(), name.to_owned())),
                    },
                    None => plain(self.to.clone()),
                })
            }
            Kind::FileToPath => {
                let rest = self.rest(path)?;
                Some(match self.to.strip_suffix("**") {
                    Some(folder) => {
                        let folder = folder.trim_end_matches('/').to_owned();
                        Source { rule, path: format!("{folder}/{rest}"), search: Some((folder, file.to_owned())) }
                    }
                    None => plain(format!("{}/{file}", self.to)),
                })
            }
        }
    }

    /// What of a path the pattern leaves open, when it fits: the path below its folders.
    fn rest<'p>(&self, path: &'p str) -> Option<&'p str> {
        let file = path.rsplit('/').next().unwrap_or(path);
        let Some((folder, pattern)) = self.map.rsplit_once('/') else {
            return name_fits(&self.map, file).then_some(file);
        };
        if !name_fits(pattern, file) {
            return None;
        }
        match folder.strip_suffix("**") {
            Some("") => Some(path),
            Some(folder) => below(folder.trim_end_matches('/'), path),
            None => below(folder, path).filter(|rest| !rest.contains('/')),
        }
    }
}

/// What of a path stands below a folder.
fn below<'p>(folder: &str, path: &'p str) -> Option<&'p str> {
    let rest = path.get(folder.len()..).filter(|_| path[..folder.len()].eq_ignore_ascii_case(folder))?;
    rest.strip_prefix('/').filter(|rest| !rest.is_empty())
}

/// Tells whether a name fits a pattern with `*` and `?`; `*.*` is any name.
fn name_fits(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_lowercase(), name.to_lowercase());
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    pattern == ['*', '.', '*'] || fits(&pattern, &name)
}

fn fits(pattern: &[char], name: &[char]) -> bool {
    let (mut at, mut here) = (0, 0);
    // Where the last star stands, and what it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while here < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, here));
                at += 1;
            }
            Some(c) if *c == '?' || *c == name[here] => (at, here) = (at + 1, here + 1),
            Some(_) | None => match star {
                Some((star_at, taken)) => {
                    star = Some((star_at, taken + 1));
                    (at, here) = (star_at + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|c| *c == '*')
}

fn steps(path: &str) -> String {
    let path = path.trim().replace('\\', "/");
    let path = path.strip_prefix("./").unwrap_or(&path);
    path.trim_end_matches('/').to_owned()
}

fn value(attributes: &str, wanted: &str) -> Option<String> {
    let mut rest = attributes.trim_ascii_start();
    while let Some((name, value, after)) = attributes::next(rest) {
        if name == wanted {
            return strata_xml::unescape(value).ok();
        }
        rest = after.trim_ascii_start();
    }
    None
}

fn expanded(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let Some((name, behind)) = after.split_once('%') else {
            out.push('%');
            rest = after;
            continue;
        };
        out.push_str(&variable(name).ok_or_else(|| format!("the variable `{name}` is not set"))?);
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(inside: &str) -> Result<Map, ReadPackageError> {
        let text = format!("<?xml version=\"1.0\"?>\n<Mapping>\n{inside}\n</Mapping>");
        Map::parse("map.xml", text.as_bytes(), &|name| (name == "OUT").then(|| "bin".to_owned()))
    }

    fn source(inside: &str, path: &str) -> Option<(String, Option<(String, String)>)> {
        map(inside).expect("a map").find(path).map(|found| (found.path, found.search))
    }

    #[test]
    fn the_three_kinds_find_their_files() {
        let plain = |path: &str| Some((path.to_owned(), None));
        let folder = r#"<Folder map="WebResources\new_" to="..\web\dist" />"#;
        assert_eq!(source(folder, "WebResources/new_/js/a.js"), plain("../web/dist/js/a.js"));
        assert_eq!(source(folder, "WebResources/new_x/a.js"), None);
        let file = r#"<FileToFile map="Plugins.dll" to="..\src\%OUT%\Contoso.Plugins.dll" />"#;
        assert_eq!(source(file, "PluginAssemblies/P-1/Plugins.dll"), plain("../src/bin/Contoso.Plugins.dll"));
        assert_eq!(source(file, "PluginAssemblies/P-1/Plugins.dll.data.xml"), None);
        let searched = r#"<FileToFile map="PluginAssemblies\**\P.dll" to="..\bin\**\P.dll" />"#;
        let found = source(searched, "PluginAssemblies/a/b/P.dll");
        assert_eq!(found, Some(("../bin/P.dll".to_owned(), Some(("../bin".to_owned(), "P.dll".to_owned())))));
        let path = r#"<FileToPath map="WebResources\**\*.*" to="..\dist\**" />"#;
        let found = source(path, "WebResources/a/b");
        assert_eq!(found, Some(("../dist/a/b".to_owned(), Some(("../dist".to_owned(), "b".to_owned())))));
        let flat = r#"<FileToPath map="WebResources\*.js" to="..\dist" />"#;
        assert_eq!(source(flat, "WebResources/a.js"), plain("../dist/a.js"));
        assert_eq!(source(flat, "WebResources/b/a.js"), None);
    }

    #[test]
    fn the_first_that_fits_decides_and_all_that_fit_count() {
        let map =
            map("<FileToFile map='a.js' to='1.js' />\n<FileToPath map='*.js' to='d' />\n<Folder map='x' to='y' />");
        let map = map.expect("a map");
        assert_eq!(map.find("w/a.js").map(|found| (found.rule, found.path)), Some((0, "1.js".to_owned())));
        assert_eq!(map.fitting("w/a.js"), [0, 1]);
        let error = map.check_used("map.xml", &|rule| rule < 2).expect_err("the third fits nothing");
        assert_eq!((error.line, error.part.as_deref()), (Some(5), Some("map.xml")));
        assert_eq!(map.check_used("map.xml", &|_| true), Ok(()));
    }

    #[test]
    fn bad_maps_are_refused_with_their_line() {
        for inside in [
            "<File map='a' to='b' />",
            "<Folder map='a' />",
            "<Folder map='a*' to='b' />",
            "<FileToFile map='*.dll' to='b' />",
            "<FileToPath map='**/x/*.js' to='b' />",
            "<FileToPath map='a' to='%NONE%' />",
        ] {
            let error = map(inside).expect_err(inside);
            assert_eq!(error.line, Some(3), "{inside}: {error}");
        }
        assert!(map("<Folder").is_err());
    }

    #[test]
    fn patterns_of_names() {
        for (pattern, name, wanted) in [
            ("*", "a", true),
            ("*.js", "A.JS", true),
            ("a?c*", "abcd", true),
            ("*a*b", "xaxb", true),
            ("a", "ab", false),
        ] {
            assert_eq!(name_fits(pattern, name), wanted, "{pattern} {name}");
        }
    }
}
