//! Takes references out of a definition: the edit behind "remove this dependency" (DP24, DP30).
//!
//! [`super::mentions`] says where a definition names a component; each such place is taken away together with what
//! is of no use without it (the cell around a control, the sub-area of a table), and the definition is read anew,
//! until nothing is left. So what the reading knows and what this removes cannot drift apart.

use strata_model::component::ComponentKey;
use strata_model::id::Digest;
use strata_model::plan::{Bodies, Body};
use strata_model::reference::Target;
use strata_xml::tokens::{Token, Tokens};
use strata_xml::{Element, Node};

use super::{Definition, ribbon};

/// Removes every place of a definition that means the target, and tells whether there were any and all are gone.
///
/// What cannot be taken away without making the definition another one, the table of a view for example, stays, and
/// the tree is as it was.
pub fn without(tree: &mut Element, key: &ComponentKey, parent: Option<&ComponentKey>, target: &Target) -> bool {
    let before = tree.clone();
    let mut is_changed = false;
    // Each round takes an element, an attribute or a piece of text away, or it is the last.
    while let Some(at) = place_of(tree, key, parent, target) {
        let previous = tree.clone();
        let is_gone = match key.component_type.name() {
            "ribboncustomization" => ribbon::without(tree, target),
            family => path_to(tree, at).is_some_and(|path| take(tree, &path, family, target)),
        };
        if !is_gone || *tree == previous {
            *tree = before;
            return false;
        }
        is_changed = true;
    }
    is_changed
}

/// Definitions without files.
struct NoFiles;

impl Bodies for NoFiles {
    fn definition(&self, _: &Digest) -> Option<Body<'_>> {
        None
    }

    fn file(&self, _: &Digest) -> Option<std::borrow::Cow<'_, [u8]>> {
        None
    }
}

/// Returns where the written tree first names the target.
fn place_of(tree: &Element, key: &ComponentKey, parent: Option<&ComponentKey>, target: &Target) -> Option<usize> {
    let body = Body { bytes: strata_xml::write(tree).into(), ..Body::default() };
    let definition = Definition { key, parent, category: None, id: None, body: &body, files: &NoFiles };
    super::mentions(&definition).into_iter().find(|found| found.target == *target).map(|found| found.offset)
}

/// Returns the way from the root to the element that begins there, as numbers among the elements of each level.
fn path_to(tree: &Element, at: usize) -> Option<Vec<usize>> {
    let bytes = strata_xml::write(tree);
    let mut tokens = Tokens::new(&bytes, usize::MAX);
    // The number of the next child on each open level.
    let mut numbers: Vec<usize> = vec![0];
    loop {
        match tokens.token().ok()?? {
            Token::Start { name, is_empty, .. } => {
                if name.as_ptr().addr() - bytes.as_ptr().addr() == at + 1 {
                    return Some(numbers[1..].to_vec());
                }
                match is_empty {
                    true => *numbers.last_mut()? += 1,
                    false => numbers.push(0),
                }
            }
            Token::End => {
                numbers.pop();
                *numbers.last_mut()? += 1;
            }
            Token::Text { .. } => {}
        }
    }
}

/// What becomes of a place.
enum Verdict {
    /// The element goes.
    Drop,
    /// The nearest element around it of one of these names goes, else the element.
    DropHolder(&'static [&'static str]),
    /// An attribute goes.
    Unset(&'static [&'static str]),
    /// A text becomes empty.
    Clear,
    /// One item of a list in a text goes.
    Shorten,
    Impossible,
}

const GRID: &[&str] = &["cell", "controlDescription"];

fn verdict(family: &str, element: &Element, target: &Target) -> Verdict {
    let means =
        |component_type: &str| matches!(target, Target::Component(key) if key.component_type.is(component_type));
    match (family, element.name.as_str()) {
        ("systemform", "control" | "TargetEntityType" | "RelationshipName" | "Url" | "ViewId") => {
            Verdict::DropHolder(GRID)
        }
        (
            "systemform",
            "DefaultViewId" | "AvailableViewIds" | "FilteredViewIds" | "EntityViewId" | "ViewIds" | "QuickForms",
        ) => Verdict::Shorten,
        ("systemform", _) => Verdict::Drop,
        ("savedquery", "entity") => Verdict::Impossible,
        ("savedquery", "cell") if means("webresource") => Verdict::Unset(&["imageproviderwebresource"]),
        ("savedquery", _) => Verdict::Drop,
        ("appmodule", "name") => Verdict::DropHolder(&["appelement"]),
        ("appmodule", _) => Verdict::Drop,
        ("entity", "DataProviderId" | "DataSourceId") => Verdict::Impossible,
        ("entity", _) => Verdict::Clear,
        ("sitemap", "SubArea") if means("entity") => Verdict::Drop,
        ("sitemap", _) => Verdict::Unset(&["Icon", "VectorIcon", "OutlookShortcutIcon", "Url"]),
        ("fieldsecurityprofile", _) => Verdict::DropHolder(&["FieldPermission"]),
        ("connectionrole", _) => Verdict::DropHolder(&["ConnectionRoleObjectTypeCode"]),
        ("customcontroldefaultconfig", _) => Verdict::DropHolder(&["controlDescription"]),
        _ => Verdict::Impossible,
    }
}

/// Takes away what stands at the end of the path.
fn take(tree: &mut Element, path: &[usize], family: &str, target: &Target) -> bool {
    let Some(element) = follow(tree, path) else { return false };
    let verdict = verdict(family, element, target);
    match verdict {
        Verdict::Impossible => return false,
        Verdict::Clear => {
            let Some(element) = follow(tree, path) else { return false };
            element.children.clear();
        }
        Verdict::Unset(names) => {
            let Some(element) = follow(tree, path) else { return false };
            return unset(element, names, target) && drop_page_without_address(tree, path);
        }
        Verdict::Shorten => {
            let Some(element) = follow(tree, path) else { return false };
            shorten(element, target);
        }
        Verdict::Drop => remove(tree, path),
        Verdict::DropHolder(names) => {
            let holder = (1..path.len()).rev().find(|length| {
                follow(tree, &path[..*length]).is_some_and(|element| names.contains(&element.name.as_str()))
            });
            remove(tree, &path[..holder.unwrap_or(path.len())]);
        }
    }
    true
}

fn follow<'t>(tree: &'t mut Element, path: &[usize]) -> Option<&'t mut Element> {
    path.iter().try_fold(tree, |element, number| element.elements_mut().nth(*number))
}

/// Removes an element, and what hangs on it elsewhere: the conditions and columns of a link, the description of a
/// control. The root stays.
fn remove(tree: &mut Element, path: &[usize]) {
    let Some((last, above)) = path.split_last() else { return };
    let Some(holder) = follow(tree, above) else { return };
    let elements = holder.children.iter().enumerate().filter(|(_, node)| matches!(node, Node::Element(_)));
    let Some(index) = elements.map(|(index, _)| index).nth(*last) else { return };
    let Node::Element(removed) = holder.children.remove(index) else { return };
    if removed.name == "link-entity" {
        each_of(&removed, &mut |element| {
            if let Some(alias) = element.attribute("alias").filter(|_| element.name == "link-entity") {
                let column = format!("{alias}.");
                prune(tree, &|element| {
                    element.attribute("entityname") == Some(alias)
                        || element.name == "cell"
                            && element.attribute("name").is_some_and(|name| name.starts_with(&column))
                });
            }
        });
    }
    each_of(&removed, &mut |element| {
        let id = element.attribute("uniqueid").filter(|_| element.name == "control");
        if let Some(id) = id {
            let is_description = |element: &Element| {
                let of = element.attribute("forControl");
                element.name == "controlDescription" && of.is_some_and(|of| of.eq_ignore_ascii_case(id))
            };
            prune(tree, &is_description);
        }
    });
}

fn each_of(element: &Element, visit: &mut impl FnMut(&Element)) {
    visit(element);
    element.elements().for_each(|child| each_of(child, visit));
}

/// Removes every element that is such.
fn prune(tree: &mut Element, is_such: &impl Fn(&Element) -> bool) {
    tree.children.retain(|node| !matches!(node, Node::Element(element) if is_such(element)));
    tree.elements_mut().for_each(|child| prune(child, is_such));
}

/// Removes those attributes that mean the target.
fn unset(element: &mut Element, names: &[&str], target: &Target) -> bool {
    let before = element.attributes.len();
    let means = |value: &str| {
        let name = super::name::directed(value).or_else(|| super::name::in_folder(value));
        matches!(target, Target::Component(key) if name.is_some_and(|name| is_named(key, name)))
    };
    element.attributes.retain(|(name, value)| !(names.contains(&name.as_str()) && means(value)));
    element.attributes.len() < before
}

fn is_named(key: &ComponentKey, name: &str) -> bool {
    ComponentKey::new(key.component_type.clone(), name) == *key
}

/// A sub-area that has lost its page leads nowhere.
fn drop_page_without_address(tree: &mut Element, path: &[usize]) -> bool {
    let leads =
        |element: &Element| ["Url", "Entity", "DefaultDashboard"].iter().any(|name| element.attribute(name).is_some());
    if follow(tree, path).is_some_and(|element| element.name == "SubArea" && !leads(element)) {
        remove(tree, path);
    }
    true
}

/// Removes the ids that are the target from a list in a text; quick forms are elements inside the text.
fn shorten(element: &mut Element, target: &Target) {
    let Target::Component(key) = target else { return };
    let text = element.text();
    let rest = match text.contains("<QuickFormId ") {
        true => {
            let is_other = |item: &&str| {
                let id = item.split_once('>').and_then(|(_, rest)| rest.split('<').next()).unwrap_or_default();
                !is_named(key, id)
            };
            let items = text.split("<QuickFormId ").skip(1);
            let ends = |item: &str| item.split("</QuickFormId>").next().unwrap_or_default().to_owned();
            let kept = items.filter(is_other).map(|item| format!("<QuickFormId {}</QuickFormId>", ends(item)));
            format!("<QuickFormIds>{}</QuickFormIds>", kept.collect::<String>())
        }
        false => {
            let kept: Vec<_> = text.split([',', ';']).filter(|id| !is_named(key, id)).collect();
            kept.join(",")
        }
    };
    if rest.is_empty() { element.children.clear() } else { element.set_text(&rest) }
}
