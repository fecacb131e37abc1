//! Relationships and alternate keys.

use strata_engine::active::PropertyEdit;
use strata_engine::by_hand::create::NewComponent;
use strata_xml::Element;

use super::column::ColumnWish;
use super::component;
use super::tree::{label_edits, labels, push, text_edits, texts};
use crate::schema::{Labels, Leaves};

/// A relationship between one and many, with the lookup that bears it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LookupWish {
    pub schema_name: String,
    /// The table of the one.
    pub referenced: String,
    /// The table of the many.
    pub referencing: String,
    pub column: ColumnWish,
    /// What happens to the many, by the names of packages: `CascadeDelete`, `RemoveLink`.
    pub cascades: Vec<(String, String)>,
    pub is_hierarchical: bool,
    pub menu: Menu,
    /// From a row of the many to the one; the lookup's own name where nobody says another.
    pub lookup_navigation: Option<String>,
    /// From the one to its many; the relationship's own name where nobody says another.
    pub collection_navigation: Option<String>,
}

/// How related rows are reached from a form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Menu {
    pub behavior: Option<String>,
    pub group: Option<String>,
    pub order: Option<i64>,
    pub label: Labels,
}

/// A relationship between many and many.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ManyToManyWish {
    pub schema_name: String,
    pub first: String,
    pub second: String,
    pub intersect: Option<String>,
    pub first_navigation: Option<String>,
    pub second_navigation: Option<String>,
    pub first_menu: Menu,
    pub second_menu: Menu,
}

/// An alternate key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyWish {
    pub schema_name: String,
    pub label: Labels,
    pub columns: Vec<String>,
}

/// Makes the components of a relationship between one and many: the lookup, where it is not there yet, and itself.
pub fn lookup(wish: &LookupWish, with_column: bool, solution: Option<&str>) -> Vec<NewComponent> {
    let column = ColumnWish { kind: "lookup".to_owned(), ..wish.column.clone() };
    let column = with_column.then(|| super::column(&wish.referencing, &column, solution));
    column.into_iter().chain([relationship(wish, solution)]).collect()
}

/// Makes the components of a lookup that leads to several tables: itself, and a relationship to each of them.
pub fn lookup_to_several(wishes: &[LookupWish], solution: Option<&str>) -> Vec<NewComponent> {
    let column = wishes.first().map(|wish| super::column(&wish.referencing, &wish.column, solution));
    column.into_iter().chain(wishes.iter().map(|wish| relationship(wish, solution))).collect()
}

fn relationship(wish: &LookupWish, solution: Option<&str>) -> NewComponent {
    component("entityrelationship", &wish.schema_name, Some(&wish.referencing), lookup_tree(wish), solution)
}

/// Makes the component of a relationship between many and many.
pub fn many_to_many(wish: &ManyToManyWish, solution: Option<&str>) -> NewComponent {
    component("entityrelationship", &wish.schema_name, Some(&wish.first), many_tree(wish), solution)
}

/// Makes the component of an alternate key.
pub fn key(table: &str, wish: &KeyWish, solution: Option<&str>) -> NewComponent {
    let mut root = Element::new("EntityKey");
    let logical_name = wish.schema_name.to_lowercase();
    texts(
        &mut root,
        &[
            ("Name", &wish.schema_name),
            ("LogicalName", &logical_name),
            ("IntroducedVersion", "1.0"),
            ("IsCustomizable", "1"),
        ],
    );
    let columns = root.child_or_new("EntityKeyAttributes");
    for column in &wish.columns {
        let mut name = Element::new("AttributeName");
        name.set_text(&column.to_lowercase());
        push(columns, name);
    }
    labels(&mut root, "displaynames", "displayname", &wish.label);
    component("entitykey", &format!("{table}.{}", wish.schema_name), None, root, solution)
}

/// What happens where nobody says otherwise.
pub const CASCADES: [(&str, &str); 6] = [
    ("CascadeAssign", "NoCascade"),
    ("CascadeDelete", "RemoveLink"),
    ("CascadeReparent", "NoCascade"),
    ("CascadeShare", "NoCascade"),
    ("CascadeUnshare", "NoCascade"),
    ("CascadeRollupView", "NoCascade"),
];

fn started(schema_name: &str, kind: &str, is_hierarchical: bool) -> Element {
    let mut root = Element::new("EntityRelationship");
    root.set_attribute("Name", schema_name);
    let is_hierarchical = if is_hierarchical { "1" } else { "0" };
    texts(
        &mut root,
        &[
            ("EntityRelationshipType", kind),
            ("IsCustomizable", "1"),
            ("IntroducedVersion", "1.0"),
            ("IsHierarchical", is_hierarchical),
        ],
    );
    root
}

fn lookup_tree(wish: &LookupWish) -> Element {
    let mut root = started(&wish.schema_name, "OneToMany", wish.is_hierarchical);
    texts(&mut root, &[("ReferencingEntityName", &wish.referencing), ("ReferencedEntityName", &wish.referenced)]);
    for (name, absent) in CASCADES {
        let given = wish.cascades.iter().find(|(own, _)| own == name);
        root.child_or_new(name).set_text(given.map_or(absent, |(_, value)| value));
    }
    texts(&mut root, &[("IsValidForAdvancedFind", "1"), ("ReferencingAttributeName", &wish.column.schema_name)]);
    labels(root.child_or_new("RelationshipDescription"), "Descriptions", "Description", &wish.column.description);
    let roles = root.child_or_new("EntityRelationshipRoles");
    let mut many = role(&wish.menu);
    let lookup = wish.lookup_navigation.as_deref().unwrap_or(&wish.column.schema_name);
    texts(&mut many, &[("NavigationPropertyName", lookup), ("RelationshipRoleType", "1")]);
    if !wish.menu.label.is_empty() {
        labels(&mut many, "CustomLabels", "CustomLabel", &wish.menu.label);
    }
    let mut one = Element::new("EntityRelationshipRole");
    let collection = wish.collection_navigation.as_deref().unwrap_or(&wish.schema_name);
    texts(&mut one, &[("NavigationPropertyName", collection), ("RelationshipRoleType", "0")]);
    push(roles, many);
    push(roles, one);
    root
}

fn many_tree(wish: &ManyToManyWish) -> Element {
    let mut root = started(&wish.schema_name, "ManyToMany", false);
    let intersect = wish.intersect.clone().unwrap_or_else(|| wish.schema_name.to_lowercase());
    texts(
        &mut root,
        &[
            ("FirstEntityName", &wish.first),
            ("SecondEntityName", &wish.second),
            ("IntersectEntityName", &intersect),
            ("IsValidForAdvancedFind", "1"),
        ],
    );
    let roles = root.child_or_new("EntityRelationshipRoles");
    let ends = [(&wish.first_menu, &wish.first_navigation, "1"), (&wish.second_menu, &wish.second_navigation, "2")];
    for (menu, navigation, ordinal) in ends {
        let mut end = role(menu);
        let navigation = navigation.as_deref().unwrap_or(&wish.schema_name);
        texts(&mut end, &[("NavigationPropertyName", navigation)]);
        if !menu.label.is_empty() {
            labels(&mut end, "CustomLabels", "CustomLabel", &menu.label);
        }
        texts(&mut end, &[("AssociationRoleOrdinal", ordinal)]);
        push(roles, end);
    }
    root
}

fn role(menu: &Menu) -> Element {
    let mut role = Element::new("EntityRelationshipRole");
    let order = menu.order.unwrap_or(10_000).to_string();
    texts(
        &mut role,
        &[
            ("NavPaneDisplayOption", menu.behavior.as_deref().unwrap_or("UseCollectionName")),
            ("NavPaneArea", menu.group.as_deref().unwrap_or("Details")),
            ("NavPaneOrder", &order),
        ],
    );
    role
}

/// Makes the edits of a relationship; what a wish leaves open stays. `menus` say of which end they are, by what tells
/// its role from the other.
pub fn relationship_edits(
    cascades: &[(String, String)],
    menus: &[((&str, &str), Menu)],
    now: &Leaves,
) -> Vec<PropertyEdit> {
    let mut edits = text_edits(cascades);
    for (end, menu) in menus {
        edits.extend(menu_edits(&role_place(now, *end), menu));
    }
    edits
}

fn menu_edits(role: &str, menu: &Menu) -> Vec<PropertyEdit> {
    let order = menu.order.map(|order| order.to_string());
    let said = [("NavPaneDisplayOption", &menu.behavior), ("NavPaneArea", &menu.group), ("NavPaneOrder", &order)];
    let texts = said.into_iter().filter_map(|(name, text)| Some((format!("{role}/{name}"), text.clone()?)));
    let mut edits = text_edits(&texts.collect::<Vec<_>>());
    edits.extend(label_edits(&format!("{role}/CustomLabels/CustomLabel"), &menu.label));
    edits
}

/// Returns where the role of an end stands, told by `RelationshipRoleType` or `AssociationRoleOrdinal`; the only one
/// where none is there.
pub fn role_place(now: &Leaves, (name, value): (&str, &str)) -> String {
    const ROLE: &str = "EntityRelationshipRoles/EntityRelationshipRole";
    let below = now.range(ROLE.to_owned()..).take_while(|(path, _)| path.starts_with(ROLE));
    let is_end = |path: &&str| path.strip_suffix(name).is_some_and(|place| place.ends_with('/'));
    let mut places = below.filter(|(_, own)| *own == value).map(|(path, _)| path.as_str()).filter(is_end);
    places.next().and_then(|path| path.strip_suffix(name)?.strip_suffix('/')).unwrap_or(ROLE).to_owned()
}
