//! Making, changing and deleting relationships.

use serde_json::{Value, json};
use strata_odata::path::Segment;
use strata_ops::PropertyEdit;
use strata_ops::authoring::{self, ColumnWish, LookupWish, ManyToManyWish};
use strata_ops::by_hand::NewComponent;

use super::super::definitions::{Reader, Wanted, cast, missing, wanted};
use super::super::payload::{self, Payload};
use super::{changed, created, delete, drafted, key, refuse_others, run, set, solution};
use crate::answer::Answer;
use crate::ask::{Ask, Verb};
use crate::fault::Fault;

/// Answers a request that writes relationships.
pub(crate) fn relationships(ask: &Ask<'_>, first: &Segment, rest: &[Segment]) -> Result<Answer, Fault> {
    let reader = Reader::new(ask)?;
    let (_, rest) = cast(rest);
    match (ask.verb, wanted(first, &["SchemaName", "MetadataId"])?, rest) {
        (Verb::Post, Wanted::All, []) => create_relationship(&reader),
        (Verb::Put, wanted, []) => update_relationship(&reader, &wanted),
        (Verb::Delete, wanted, []) => delete_relationship(&reader, &wanted),
        (_, _, [other, ..]) => Err(Fault::segment(&other.name)),
        _ => Err(Fault::verb("relationships are created with POST, changed with PUT")),
    }
}

fn create_relationship(reader: &Reader<'_>) -> Result<Answer, Fault> {
    let body = reader.ask.json()?;
    let payload = Payload::new(&body);
    let schema_name = payload.needed("SchemaName")?;
    let all = match payload.type_name().as_deref() {
        Some("OneToManyRelationshipMetadata") => lookup(reader, &payload)?,
        Some("ManyToManyRelationshipMetadata") => vec![many_to_many(reader, &payload)?],
        _ => {
            let message = "property '@odata.type' does not fit: OneToManyRelationshipMetadata or \
                           ManyToManyRelationshipMetadata is expected";
            return Err(Fault::payload(message));
        }
    };
    run(reader, &authoring::creation(all))?;
    let id = reader.schema.relationship_id(&schema_name);
    Ok(created(reader, &format!("RelationshipDefinitions({id})")))
}

/// What happens to the many, by both names.
const CASCADES: [(&str, &str); 6] = [
    ("Assign", "CascadeAssign"),
    ("Delete", "CascadeDelete"),
    ("Reparent", "CascadeReparent"),
    ("Share", "CascadeShare"),
    ("Unshare", "CascadeUnshare"),
    ("RollupView", "CascadeRollupView"),
];

fn cascades(payload: &Payload<'_>) -> Result<Vec<(String, String)>, Fault> {
    let Some(given) = payload.object("CascadeConfiguration")? else { return Ok(Vec::new()) };
    let mut cascades = Vec::new();
    for (name, packaged) in CASCADES {
        if let Some(value) = given.text(name)? {
            cascades.push((packaged.to_owned(), value));
        }
    }
    Ok(cascades)
}

fn lookup(reader: &Reader<'_>, payload: &Payload<'_>) -> Result<Vec<NewComponent>, Fault> {
    let own = payload.object("Lookup")?;
    let column = match &own {
        Some(own) => lookup_column(own, "lookup")?,
        None => ColumnWish { schema_name: payload.needed("ReferencingAttribute")?, ..ColumnWish::default() },
    };
    let wish = lookup_wish(reader, payload, column)?;
    let table = reader.schema.table(reader.ask.workspace, &wish.referencing)?;
    // A lookup that is there already leads to one more table.
    let known = table.columns.get(&wish.column.schema_name.to_lowercase());
    let is_lookup = known.is_some_and(|known| matches!(known.type_word.as_str(), "lookup" | "customer"));
    if own.is_none() && known.is_none() {
        return Err(Fault::payload("property 'Lookup' is missing"));
    }
    Ok(authoring::lookup(&wish, own.is_some() && !is_lookup, solution(reader.ask)))
}

fn lookup_column(payload: &Payload<'_>, kind: &str) -> Result<ColumnWish, Fault> {
    let wish = payload::changes(payload, kind)?;
    Ok(ColumnWish { schema_name: payload.needed("SchemaName")?, targets: Vec::new(), ..wish })
}

fn lookup_wish(reader: &Reader<'_>, payload: &Payload<'_>, column: ColumnWish) -> Result<LookupWish, Fault> {
    let said = |name: &str| payload.text(name).map(|text| text.filter(|text| !text.is_empty()));
    Ok(LookupWish {
        schema_name: payload.needed("SchemaName")?,
        referenced: known_table(reader, payload, "ReferencedEntity")?,
        referencing: known_table(reader, payload, "ReferencingEntity")?,
        column,
        cascades: cascades(payload)?,
        is_hierarchical: payload.flag("IsHierarchical")?.unwrap_or(false),
        menu: menu(payload, "AssociatedMenuConfiguration")?,
        lookup_navigation: said("ReferencingEntityNavigationPropertyName")?,
        collection_navigation: said("ReferencedEntityNavigationPropertyName")?,
    })
}

/// Answers `CreateCustomerRelationships`: a lookup of accounts and contacts.
pub(crate) fn create_customer(ask: &Ask<'_>) -> Result<Answer, Fault> {
    let reader = Reader::new(ask)?;
    let wishes = lookups(&reader, "customer", "CreateCustomerRelationships")?;
    let mut targets: Vec<_> = wishes.iter().map(|wish| wish.referenced.as_str()).collect();
    targets.sort_unstable();
    if targets != ["account", "contact"] {
        let message = "property 'OneToManyRelationships' does not fit: one to account and one to contact are expected";
        return Err(Fault::payload(message));
    }
    create_lookups(&reader, &wishes, "CreateCustomerRelationships")
}

/// Answers `CreatePolymorphicLookupAttribute`: a lookup of rows of several tables.
pub(crate) fn create_polymorphic(ask: &Ask<'_>) -> Result<Answer, Fault> {
    let reader = Reader::new(ask)?;
    let wishes = lookups(&reader, "lookup", "CreatePolymorphicLookupAttribute")?;
    create_lookups(&reader, &wishes, "CreatePolymorphicLookupAttribute")
}

/// Reads a lookup with its relationships, all of one table.
fn lookups(reader: &Reader<'_>, kind: &str, action: &str) -> Result<Vec<LookupWish>, Fault> {
    let body = reader.ask.json()?;
    refuse_others(&body, &["Lookup", "OneToManyRelationships", "SolutionUniqueName"], action)?;
    let payload = Payload::new(&body);
    let own = payload.object("Lookup")?.ok_or_else(|| Fault::payload("property 'Lookup' is missing"))?;
    let column = lookup_column(&own, kind)?;
    let mut wishes: Vec<LookupWish> = Vec::new();
    for relationship in payload.list("OneToManyRelationships")? {
        let mut wish = lookup_wish(reader, &relationship, column.clone())?;
        let navigation = format!("{}_{}", column.schema_name, wish.referenced);
        wish.lookup_navigation.get_or_insert(navigation);
        wishes.push(wish);
    }
    let Some(first) = wishes.first() else {
        return Err(Fault::payload("property 'OneToManyRelationships' is missing"));
    };
    if wishes.iter().any(|wish| wish.referencing != first.referencing) {
        return Err(payload.wrong("OneToManyRelationships", "the same ReferencingEntity in each"));
    }
    Ok(wishes)
}

fn create_lookups(reader: &Reader<'_>, wishes: &[LookupWish], action: &str) -> Result<Answer, Fault> {
    let first = &wishes[0];
    let body = reader.ask.json()?;
    let named = Payload::new(&body).text("SolutionUniqueName")?;
    let joined = named.as_deref().or_else(|| solution(reader.ask));
    run(reader, &authoring::creation(authoring::lookup_to_several(wishes, joined)))?;
    let table = reader.schema.table(reader.ask.workspace, &first.referencing)?;
    let ids: Vec<_> = wishes.iter().map(|wish| reader.schema.relationship_id(&wish.schema_name).to_string()).collect();
    Ok(Answer::json(&json!({
        "@odata.context": format!("{}$metadata#Microsoft.Dynamics.CRM.{action}Response", reader.ask.root),
        "AttributeId": table.column_id(&first.column.schema_name.to_lowercase()).to_string(),
        "RelationshipIds": ids,
    })))
}

fn many_to_many(reader: &Reader<'_>, payload: &Payload<'_>) -> Result<NewComponent, Fault> {
    let wish = ManyToManyWish {
        schema_name: payload.needed("SchemaName")?,
        first: known_table(reader, payload, "Entity1LogicalName")?,
        second: known_table(reader, payload, "Entity2LogicalName")?,
        intersect: payload.text("IntersectEntityName")?,
        first_navigation: payload.text("Entity1NavigationPropertyName")?.filter(|name| !name.is_empty()),
        second_navigation: payload.text("Entity2NavigationPropertyName")?.filter(|name| !name.is_empty()),
        first_menu: menu(payload, "Entity1AssociatedMenuConfiguration")?,
        second_menu: menu(payload, "Entity2AssociatedMenuConfiguration")?,
    };
    Ok(authoring::many_to_many(&wish, solution(reader.ask)))
}

fn known_table(reader: &Reader<'_>, payload: &Payload<'_>, name: &str) -> Result<String, Fault> {
    let given = payload.needed(name)?;
    match reader.schema.by_name(&given) {
        Some(entry) => Ok(entry.name.clone()),
        None => Err(Fault::payload(format!("property '{name}' does not fit: there is no table '{given}'"))),
    }
}

fn menu(payload: &Payload<'_>, name: &str) -> Result<authoring::Menu, Fault> {
    let Some(menu) = payload.object(name)? else { return Ok(authoring::Menu::default()) };
    Ok(authoring::Menu {
        behavior: menu.text("Behavior")?,
        group: menu.text("Group")?,
        order: menu.integer("Order")?,
        label: menu.label("Label")?,
    })
}

/// Finds a relationship of the environment by what a path says.
fn relationship(reader: &Reader<'_>, wanted: &Wanted) -> Result<Value, Fault> {
    let says = |own: &Value| match wanted {
        Wanted::All => false,
        Wanted::Id(id) => own["MetadataId"] == id.to_string(),
        Wanted::Name(name) => own["SchemaName"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(name)),
    };
    let found = reader.relationship_documents()?.into_iter().map(Value::Object).find(says);
    found.ok_or_else(|| missing("Relationship", wanted))
}

fn update_relationship(reader: &Reader<'_>, wanted: &Wanted) -> Result<Answer, Fault> {
    let own = relationship(reader, wanted)?;
    let body = reader.ask.json()?;
    let payload = Payload::new(&body);
    let ends: &[_] = match own["RelationshipType"].as_str() {
        Some("ManyToManyRelationship") => &[
            ("Entity1AssociatedMenuConfiguration", ("AssociationRoleOrdinal", "1")),
            ("Entity2AssociatedMenuConfiguration", ("AssociationRoleOrdinal", "2")),
        ],
        _ => &[("AssociatedMenuConfiguration", ("RelationshipRoleType", "1"))],
    };
    let mut menus = Vec::new();
    for (name, end) in ends {
        menus.push((*end, menu(&payload, name)?));
    }
    let component = key("entityrelationship", own["SchemaName"].as_str().unwrap_or_default());
    let now = drafted(reader, &component)?;
    let edits = authoring::relationship_edits(&cascades(&payload)?, &menus, &now);
    // A relationship without menus shows the usual ones, and repeats no more than those.
    let is_said = |edit: &PropertyEdit| {
        now.contains_key(&edit.path)
            || !USUAL
                .iter()
                .chain(&authoring::CASCADES)
                .any(|(name, usual)| edit.path.ends_with(name) && edit.value == *usual)
    };
    let edits = changed(reader, edits.into_iter().filter(is_said).collect(), &now);
    set(reader, component, edits)
}

/// What is shown of a relationship that does not say it.
const USUAL: [(&str, &str); 3] =
    [("/NavPaneDisplayOption", "UseCollectionName"), ("/NavPaneArea", "Details"), ("/NavPaneOrder", "10000")];

/// A relationship between one and many goes with its lookup, as long as that has no other.
fn delete_relationship(reader: &Reader<'_>, wanted: &Wanted) -> Result<Answer, Fault> {
    let own = relationship(reader, wanted)?;
    let text = |name: &str| own[name].as_str().unwrap_or_default();
    let same = |other: &&std::sync::Arc<strata_ops::schema::relation::OneToMany>| {
        other.referencing == text("ReferencingEntity") && other.column == text("ReferencingAttribute")
    };
    let others = reader.schema.one_to_many(reader.ask.workspace)?.iter().filter(same).count();
    let component = match others {
        1 => key("attribute", &format!("{}.{}", text("ReferencingEntity"), text("ReferencingAttribute"))),
        _ => key("entityrelationship", text("SchemaName")),
    };
    delete(reader, component)
}
