//! Reading definitions: which one a path means, and what a query wants of it.

mod answer;

use std::sync::Arc;

use serde_json::Value;
use strata_model::id::Guid;
use strata_odata::expression::{Argument, Literal};
use strata_odata::path::{Arguments, Segment};
use strata_odata::query::Expand;
use strata_ops::schema::relation::{ManyToMany, OneToMany};
use strata_ops::schema::{Column, Schema, Table, TableEntry};

use super::shape::{Document, document};
use super::{attribute, choice, entity, query, relation};
use crate::answer::Answer;
use crate::ask::Ask;
use crate::fault::{Fault, ROW_MISSING};

/// Definitions of one environment, as one request sees them.
pub(crate) struct Reader<'a> {
    pub(crate) ask: &'a Ask<'a>,
    pub(crate) schema: Arc<Schema>,
    pub(crate) language: u32,
}

/// How a definition is named in a path.
pub(crate) enum Wanted {
    All,
    Id(Guid),
    /// A name of its kind, folded: logical, schema or plain name.
    Name(String),
}

/// Reads the key behind a set of definitions; `names` are the alternate keys that it knows.
pub(crate) fn wanted(segment: &Segment, names: &[&str]) -> Result<Wanted, Fault> {
    let unreadable = || Fault::url(format!("the key of {} is not one of its kind", segment.name));
    match &segment.arguments {
        Arguments::Absent => Ok(Wanted::All),
        Arguments::Key(Argument::One(literal)) => {
            let id = literal.text().and_then(Guid::parse).ok_or_else(unreadable)?;
            Ok(Wanted::Id(id))
        }
        Arguments::Named(pairs) => match pairs.as_slice() {
            [only] if names.contains(&only.name.as_str()) => match &only.value {
                Argument::One(Literal::Quoted(name)) => Ok(Wanted::Name(name.to_lowercase())),
                Argument::One(literal) if only.name == "MetadataId" => {
                    literal.text().and_then(Guid::parse).map(Wanted::Id).ok_or_else(unreadable)
                }
                Argument::One(_) | Argument::Many(_) => Err(unreadable()),
            },
            _ => Err(unreadable()),
        },
        Arguments::Key(Argument::Many(_)) => Err(unreadable()),
    }
}

/// Says that a definition is not there.
pub(crate) fn missing(kind: &str, wanted: &Wanted) -> Fault {
    let called = match wanted {
        Wanted::All => String::new(),
        Wanted::Id(id) => format!("MetadataId = {id}"),
        Wanted::Name(name) => format!("Name = {name}"),
    };
    Fault::new(404, ROW_MISSING, format!("Could not find an {kind} with {called}."))
}

/// Answers `EntityDefinitions` and what stands below it.
pub(crate) fn tables(ask: &Ask<'_>, first: &Segment, rest: &[Segment]) -> Result<Answer, Fault> {
    let reader = Reader::new(ask)?;
    match (wanted(first, &["LogicalName", "MetadataId"])?, rest) {
        (Wanted::All, rest) => reader.all_tables(rest),
        (wanted, rest) => {
            let table = reader.table(&wanted)?;
            reader.below_table(&table, rest)
        }
    }
}

/// Answers `RelationshipDefinitions`.
pub(crate) fn relationships(ask: &Ask<'_>, first: &Segment, rest: &[Segment]) -> Result<Answer, Fault> {
    let reader = Reader::new(ask)?;
    let (cast, rest) = cast(rest);
    let mut found = reader.relationship_documents()?;
    found.retain(|made| is_cast(made, cast));
    match (wanted(first, &["SchemaName", "MetadataId"])?, rest) {
        (Wanted::All, rest) => {
            reader.all("RelationshipDefinitions", "RelationshipMetadataBase", found, rest, &|_, _| Ok(None))
        }
        (wanted, rest) => {
            let made = found.into_iter().find(|made| is_wanted(made, &wanted, "SchemaName"));
            let made = made.ok_or_else(|| missing("Relationship", &wanted))?;
            reader.single("RelationshipDefinitions", "RelationshipMetadataBase", made, rest, &|_, _| Ok(None))
        }
    }
}

/// Answers `GlobalOptionSetDefinitions`.
pub(crate) fn choices(ask: &Ask<'_>, first: &Segment, rest: &[Segment]) -> Result<Answer, Fault> {
    let reader = Reader::new(ask)?;
    let (cast, rest) = cast(rest);
    let made = reader
        .schema
        .choices(ask.workspace)?
        .into_iter()
        .map(|own| choice::shared(&own.name, &own.definition, own.id, Some(own.standing), reader.language));
    let found: Vec<_> = made.filter(|made| is_cast(made, cast)).collect();
    match (wanted(first, &["Name", "MetadataId"])?, rest) {
        (Wanted::All, rest) => {
            reader.all("GlobalOptionSetDefinitions", "OptionSetMetadataBase", found, rest, &|_, _| Ok(None))
        }
        (wanted, rest) => {
            let made = found.into_iter().find(|made| is_wanted(made, &wanted, "Name"));
            let made = made.ok_or_else(|| missing("OptionSet", &wanted))?;
            reader.single("GlobalOptionSetDefinitions", "OptionSetMetadataBase", made, rest, &|_, _| Ok(None))
        }
    }
}

/// Answers `ManagedPropertyDefinitions`: the switches of tables and columns.
pub(crate) fn managed_properties(ask: &Ask<'_>, first: &Segment, rest: &[Segment]) -> Result<Answer, Fault> {
    let reader = Reader::new(ask)?;
    let environment = ask.environment.id;
    let made = MANAGED_PROPERTIES.iter().map(|name| {
        let logical_name = name.to_lowercase();
        document([
            ("@odata.type", "#Microsoft.Dynamics.CRM.ManagedPropertyMetadata".into()),
            ("MetadataId", Guid::minted(environment, "managedproperty", &logical_name).to_string().into()),
            ("LogicalName", logical_name.into()),
            ("ManagedPropertyType", "Operation".into()),
            ("EvaluationPriority", "Normal".into()),
            ("EnablesEntityName", Value::Null),
            ("EnablesAttributeName", (*name).into()),
            ("IsGlobalForOperation", false.into()),
            ("IsPrivate", false.into()),
            ("IntroducedVersion", "5.0.0.0".into()),
        ])
    });
    let found: Vec<_> = made.collect();
    match (wanted(first, &["LogicalName", "MetadataId"])?, rest) {
        (Wanted::All, rest) => {
            reader.all("ManagedPropertyDefinitions", "ManagedPropertyMetadata", found, rest, &|_, _| Ok(None))
        }
        (wanted, rest) => {
            let made = found.into_iter().find(|made| is_wanted(made, &wanted, "LogicalName"));
            let made = made.ok_or_else(|| missing("ManagedProperty", &wanted))?;
            reader.single("ManagedPropertyDefinitions", "ManagedPropertyMetadata", made, rest, &|_, _| Ok(None))
        }
    }
}

const MANAGED_PROPERTIES: [&str; 12] = [
    "IsCustomizable",
    "IsRenameable",
    "CanModifyAdditionalSettings",
    "CanCreateAttributes",
    "CanCreateForms",
    "CanCreateViews",
    "CanCreateCharts",
    "CanChangeHierarchicalRelationship",
    "CanChangeTrackingBeEnabled",
    "CanEnableSyncToExternalSearchIndex",
    "CanModifySearchSettings",
    "CanModifyRequirementLevelSettings",
];

fn is_wanted(made: &Document, wanted: &Wanted, name: &str) -> bool {
    let says = |property: &str, text: &str| {
        made.get(property).and_then(Value::as_str).is_some_and(|own| own.eq_ignore_ascii_case(text))
    };
    match wanted {
        Wanted::All => true,
        Wanted::Id(id) => says("MetadataId", &id.to_string()),
        Wanted::Name(text) => says(name, text),
    }
}

/// Splits a type that a path casts to from what follows it.
pub(crate) fn cast(rest: &[Segment]) -> (Option<&str>, &[Segment]) {
    match rest.split_first() {
        Some((first, below)) => match first.name.strip_prefix("Microsoft.Dynamics.CRM.") {
            Some(name) => (Some(name), below),
            None => (None, rest),
        },
        None => (None, rest),
    }
}

/// Tells whether a definition is of a type; columns of several types have a base in common.
fn is_cast(made: &Document, cast: Option<&str>) -> bool {
    let Some(cast) = cast else { return true };
    let own = made.get("@odata.type").and_then(Value::as_str).unwrap_or_default();
    let own = own.trim_start_matches("#Microsoft.Dynamics.CRM.");
    let is_enum = ["Picklist", "State", "Status", "MultiSelectPicklist"]
        .iter()
        .any(|kind| own.strip_suffix("AttributeMetadata") == Some(kind));
    own == cast
        || matches!(cast, "AttributeMetadata" | "RelationshipMetadataBase" | "OptionSetMetadataBase")
        || (cast == "EnumAttributeMetadata" && is_enum)
}

impl<'a> Reader<'a> {
    pub(crate) fn new(ask: &'a Ask<'a>) -> Result<Self, Fault> {
        let language = ask.environment.settings.languages.first().copied().unwrap_or(1033);
        Ok(Self { ask, schema: ask.schema()?, language })
    }

    /// Finds the table that a path means.
    pub(crate) fn table(&self, wanted: &Wanted) -> Result<Arc<Table>, Fault> {
        let entry = match wanted {
            Wanted::All => None,
            Wanted::Id(id) => self.schema.tables().find(|entry| entry.metadata_id == *id),
            Wanted::Name(name) => self.schema.by_name(name),
        };
        let entry = entry.ok_or_else(|| missing("entity", wanted))?;
        Ok(self.schema.table(self.ask.workspace, &entry.name)?)
    }

    fn all_tables(&self, rest: &[Segment]) -> Result<Answer, Fault> {
        let wanted = self.ask.query()?;
        let needs_parts = |name: &str| entity::OF_PARTS.contains(&name);
        let is_filtered = wanted.filter.as_ref().is_some_and(|filter| query::mentions(filter, &entity::OF_PARTS));
        let is_shown = wanted.select.as_ref().is_none_or(|names| names.iter().any(|name| needs_parts(name)));
        let mut found = Vec::new();
        // Clients ask for one table by its name before they touch it.
        let named = wanted.filter.as_ref().and_then(|filter| query::required(filter, "LogicalName"));
        let all = || self.schema.tables().collect();
        let candidates: Vec<_> = named.map_or_else(all, |name| self.schema.by_name(name).into_iter().collect());
        for entry in candidates {
            let mut made = entity::of_entry(entry, self.language);
            if is_filtered {
                self.complete(&mut made, entry)?;
            }
            let is_kept = wanted.filter.as_ref().map_or(Ok(true), |filter| query::meets(&made, filter))?;
            if is_kept && is_shown && !is_filtered {
                self.complete(&mut made, entry)?;
            }
            if is_kept {
                found.push(made);
            }
        }
        let follow = |made: &Document, expand: &Expand| self.follow_table(made, expand);
        self.all("EntityDefinitions", "EntityMetadata", found, rest, &follow)
    }

    /// The system layer says the main thing without its tables' parts.
    fn complete(&self, made: &mut Document, entry: &TableEntry) -> Result<(), Fault> {
        let table = self.schema.table(self.ask.workspace, &entry.name)?;
        entity::add_parts(made, &table);
        Ok(())
    }

    fn below_table(&self, table: &Arc<Table>, rest: &[Segment]) -> Result<Answer, Fault> {
        let Some((first, below)) = rest.split_first() else {
            let made = self.table_document(table);
            let follow = |made: &Document, expand: &Expand| self.follow_table(made, expand);
            return self.single("EntityDefinitions", "EntityMetadata", made, &[], &follow);
        };
        let context = format!("EntityDefinitions('{}')/{}", table.entry.name, first.name);
        match first.name.as_str() {
            "Attributes" => self.columns(table, first, below),
            "Keys" => self.parts(&context, "EntityKeyMetadata", self.key_documents(table), first, below),
            "OneToManyRelationships" => {
                let found = self.one_to_many_documents(&table.collections_in)?;
                self.parts(&context, "OneToManyRelationshipMetadata", found, first, below)
            }
            "ManyToOneRelationships" => {
                let found = self.one_to_many_documents(&table.lookups_out)?;
                self.parts(&context, "OneToManyRelationshipMetadata", found, first, below)
            }
            "ManyToManyRelationships" => {
                let found = self.many_to_many_documents(&table.many_to_many);
                self.parts(&context, "ManyToManyRelationshipMetadata", found, first, below)
            }
            _ => {
                let made = self.table_document(table);
                let follow = |made: &Document, expand: &Expand| self.follow_table(made, expand);
                self.single("EntityDefinitions", "EntityMetadata", made, rest, &follow)
            }
        }
    }

    fn parts(
        &self,
        context: &str,
        type_name: &str,
        found: Vec<Document>,
        first: &Segment,
        below: &[Segment],
    ) -> Result<Answer, Fault> {
        match wanted(first, &["SchemaName", "LogicalName", "MetadataId"])? {
            Wanted::All => self.all(context, type_name, found, below, &|_, _| Ok(None)),
            wanted => {
                let is_meant =
                    |made: &Document| ["SchemaName", "LogicalName"].iter().any(|name| is_wanted(made, &wanted, name));
                let made = found.into_iter().find(is_meant).ok_or_else(|| missing(type_name, &wanted))?;
                self.single(context, type_name, made, below, &|_, _| Ok(None))
            }
        }
    }

    fn columns(&self, table: &Arc<Table>, first: &Segment, below: &[Segment]) -> Result<Answer, Fault> {
        let context = format!("EntityDefinitions('{}')/Attributes", table.entry.name);
        let follow = |made: &Document, expand: &Expand| self.follow_column(table, made, expand);
        let (cast, below) = cast(below);
        match (wanted(first, &["LogicalName", "MetadataId"])?, below) {
            (Wanted::All, below) => {
                let mut found = self.column_documents(table);
                found.retain(|made| is_cast(made, cast));
                let context =
                    cast.map_or_else(|| context.clone(), |cast| format!("{context}/Microsoft.Dynamics.CRM.{cast}"));
                self.all(&context, cast.unwrap_or("AttributeMetadata"), found, below, &follow)
            }
            (wanted, below) => {
                let column = self.column(table, &wanted)?;
                let made = attribute::of(table, column, self.language);
                if !is_cast(&made, cast) {
                    return Err(missing("attribute", &wanted));
                }
                if let [navigation, below @ ..] = below
                    && matches!(navigation.name.as_str(), "OptionSet" | "GlobalOptionSet")
                {
                    return match attribute::choice(table, column, &navigation.name, self.language) {
                        Some(Value::Object(choice)) => {
                            self.single(&context, "OptionSetMetadata", choice, below, &|_, _| Ok(None))
                        }
                        _ => Ok(Answer::empty()),
                    };
                }
                self.single(&context, cast.unwrap_or("AttributeMetadata"), made, below, &follow)
            }
        }
    }

    /// Finds the column that a path means.
    pub(crate) fn column<'t>(&self, table: &'t Table, wanted: &Wanted) -> Result<&'t Column, Fault> {
        let found = match wanted {
            Wanted::All => None,
            Wanted::Id(id) => table.columns.values().find(|column| table.column_id(&column.name) == *id),
            Wanted::Name(name) => table.columns.get(name),
        };
        found.ok_or_else(|| missing("attribute", wanted))
    }

    pub(crate) fn entry_document(&self, entry: &TableEntry) -> Document {
        entity::of_entry(entry, self.language)
    }

    /// Lists what belongs to a table, by the name of its navigation.
    pub(crate) fn part_documents(&self, table: &Table, part: &str) -> Result<Vec<Document>, Fault> {
        match part {
            "Attributes" => Ok(self.column_documents(table)),
            "Keys" => Ok(self.key_documents(table)),
            "OneToManyRelationships" => self.one_to_many_documents(&table.collections_in),
            "ManyToOneRelationships" => self.one_to_many_documents(&table.lookups_out),
            _ => Ok(self.many_to_many_documents(&table.many_to_many)),
        }
    }

    pub(crate) fn table_document(&self, table: &Table) -> Document {
        let mut made = entity::of_entry(&table.entry, self.language);
        entity::add_parts(&mut made, table);
        made
    }

    pub(crate) fn column_documents(&self, table: &Table) -> Vec<Document> {
        table.columns.values().map(|column| attribute::of(table, column, self.language)).collect()
    }

    pub(crate) fn key_documents(&self, table: &Table) -> Vec<Document> {
        table.keys.iter().map(|key| relation::key(table, &key.name, &key.columns, self.language)).collect()
    }

    fn one_to_many_documents(&self, relations: &[Arc<OneToMany>]) -> Result<Vec<Document>, Fault> {
        Ok(relations.iter().map(|own| self.one_to_many_document(own)).collect())
    }

    /// The referenced column is the id of the table of the one.
    fn one_to_many_document(&self, own: &OneToMany) -> Document {
        let entry = self.schema.by_name(&own.referenced);
        let listed = entry.and_then(|entry| entry.definition.get("PrimaryIdAttribute")).filter(|name| !name.is_empty());
        let referenced_id = listed.cloned().unwrap_or_else(|| format!("{}id", own.referenced));
        let set = entry.map_or("", |entry| entry.set.as_str());
        let id = self.schema.relationship_id(&own.schema_name);
        relation::one_to_many(own, id, &referenced_id, set, self.language)
    }

    fn many_to_many_documents(&self, relations: &[Arc<ManyToMany>]) -> Vec<Document> {
        let made = |own: &Arc<ManyToMany>| {
            relation::many_to_many(own, self.schema.relationship_id(&own.schema_name), self.language)
        };
        relations.iter().map(made).collect()
    }

    pub(crate) fn relationship_documents(&self) -> Result<Vec<Document>, Fault> {
        let one = self.schema.one_to_many(self.ask.workspace)?;
        let many = self.schema.many_to_many(self.ask.workspace)?;
        let mut found = self.one_to_many_documents(&one)?;
        found.extend(self.many_to_many_documents(&many));
        Ok(found)
    }
}
