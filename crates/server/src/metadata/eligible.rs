//! Which tables may take part in relationships: `CanBeReferenced` and its like (web-api §8, §9).

use serde_json::json;
use strata_ops::schema::TableEntry;

use super::definitions::{Reader, Wanted, missing};
use super::entity;
use super::shape::flag;
use crate::access::Role;
use crate::answer::Answer;
use crate::fault::Fault;
use crate::message::{Call, Kind, Level, Message, Parameter, Shape, optional, required};

const NAMES: Shape = Shape::Properties(&[("EntityNames", "Collection(Edm.String)")]);

/// What a table is in a relationship; the property of its definition that says whether it may be.
#[derive(Clone, Copy)]
enum Part {
    One,
    Many,
    ManyToMany,
}

impl Part {
    /// Tells whether a table may be it; one that nobody owns takes no part.
    fn suits(self, entry: &TableEntry) -> bool {
        let property = match self {
            Self::One => "CanBePrimaryEntityInRelationship",
            Self::Many => "CanBeRelatedEntityInRelationship",
            Self::ManyToMany => "CanBeInManyToMany",
        };
        flag(&entry.definition, property, entity::ownership(&entry.definition) != "None")
    }
}

const fn question(
    name: &'static str,
    answer: Shape,
    summary: &'static str,
    carry_out: fn(&Call<'_>) -> Result<Answer, Fault>,
) -> Message {
    const ENTITY: &[Parameter] = &[required("EntityName", Kind::Text)];
    Message {
        name,
        level: Level::Later,
        role: Role::Maker,
        parameters: ENTITY,
        answer,
        summary,
        carry_out,
        request: None,
    }
}

pub(crate) static CAN_BE_REFERENCED: Message = question(
    "CanBeReferenced",
    Shape::Properties(&[("CanBeReferenced", "Edm.Boolean")]),
    "says whether a table may be the one of a relationship between one and many",
    |call| answered(call, Part::One),
);

pub(crate) static CAN_BE_REFERENCING: Message = question(
    "CanBeReferencing",
    Shape::Properties(&[("CanBeReferencing", "Edm.Boolean")]),
    "says whether a table may be the many of a relationship between one and many",
    |call| answered(call, Part::Many),
);

pub(crate) static CAN_MANY_TO_MANY: Message = question(
    "CanManyToMany",
    Shape::Properties(&[("CanManyToMany", "Edm.Boolean")]),
    "says whether a table may be in a relationship between many and many",
    |call| answered(call, Part::ManyToMany),
);

fn answered(call: &Call<'_>, part: Part) -> Result<Answer, Fault> {
    let reader = Reader::new(call.ask)?;
    let table = known(&reader, call.given.name("EntityName"))?;
    Ok(call.object(json!({ call.message.name: part.suits(&table) })))
}

fn known(reader: &Reader<'_>, name: &str) -> Result<TableEntry, Fault> {
    let found = reader.schema.by_name(name);
    found.cloned().ok_or_else(|| missing("entity", &Wanted::Name(name.to_owned())))
}

pub(crate) static GET_VALID_MANY_TO_MANY: Message = Message {
    name: "GetValidManyToMany",
    level: Level::Later,
    role: Role::Reader,
    parameters: &[],
    answer: NAMES,
    summary: "lists the tables that may be in a relationship between many and many",
    carry_out: |call| listed(call, None, Part::ManyToMany),
    request: None,
};

pub(crate) static GET_VALID_REFERENCED_ENTITIES: Message = Message {
    name: "GetValidReferencedEntities",
    level: Level::Later,
    role: Role::Reader,
    parameters: &[optional("ReferencingEntityName", Kind::Text)],
    answer: NAMES,
    summary: "lists the tables that may be the one where a table is the many",
    carry_out: |call| listed(call, Some(("ReferencingEntityName", Part::Many)), Part::One),
    request: None,
};

pub(crate) static GET_VALID_REFERENCING_ENTITIES: Message = Message {
    name: "GetValidReferencingEntities",
    level: Level::Later,
    role: Role::Reader,
    parameters: &[optional("ReferencedEntityName", Kind::Text)],
    answer: NAMES,
    summary: "lists the tables that may be the many where a table is the one",
    carry_out: |call| listed(call, Some(("ReferencedEntityName", Part::One)), Part::Many),
    request: None,
};

/// Lists the tables that may be a part; none where the table at the other end may not be that.
fn listed(call: &Call<'_>, other: Option<(&str, Part)>, part: Part) -> Result<Answer, Fault> {
    let reader = Reader::new(call.ask)?;
    let mut is_open = true;
    if let Some((parameter, end)) = other
        && let Some(name) = call.given.text(parameter)
    {
        is_open = end.suits(&known(&reader, name)?);
    }
    let fitting = reader.schema.tables().filter(|entry| is_open && part.suits(entry));
    let names: Vec<_> = fitting.map(|entry| entry.name.clone()).collect();
    Ok(call.object(json!({ "EntityNames": names })))
}
