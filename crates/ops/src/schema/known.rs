//! What is known of sets that the catalogue lists too briefly: solutions, layers, jobs, components as rows.
//!
//! The list gives definitions of columns as packages would write them, leaf by leaf, so that whatever reads columns
//! reads these too. What a component of the environment says of a column goes over it.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use strata_engine::catalogue;
use strata_engine::table::Leaves;
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::rules::Rules;

const SETS: &str = include_str!("../../data/known-sets.txt");

/// A table of the list.
#[derive(Debug, Default)]
pub(crate) struct KnownTable {
    /// Given where the catalogue does not have the table.
    pub(crate) own: Option<OwnNames>,
    /// Definitions by column.
    pub(crate) columns: BTreeMap<String, Leaves>,
    /// Names of the collections at the other ends of lookups, by column, in the order of its tables.
    pub(crate) collections: BTreeMap<String, Vec<String>>,
}

/// The names of a table that the catalogue does not have.
#[derive(Debug)]
pub(crate) struct OwnNames {
    pub(crate) set: &'static str,
    pub(crate) primary_id: &'static str,
    pub(crate) primary_name: Option<&'static str>,
    pub(crate) schema_name: &'static str,
    pub(crate) display_name: String,
}

/// Returns what the list says of a table.
pub(crate) fn table(name: &str) -> Option<&'static KnownTable> {
    known().get(name)
}

/// Returns the tables that only the list has.
pub(crate) fn own_tables() -> impl Iterator<Item = (&'static str, &'static OwnNames)> {
    known().iter().filter_map(|(name, table)| Some((*name, table.own.as_ref()?)))
}

/// Returns the definition of a system table, by path: of the catalogue, else of the list.
pub(crate) fn system_leaves(name: &str) -> Option<Leaves> {
    if let Some(own) = table(name).and_then(|table| table.own.as_ref()) {
        return Some(own.leaves());
    }
    let key = ComponentKey::new(ComponentType::named("entity"), name);
    let system = catalogue::component(&key, &Rules::OURS)?;
    let body = strata_model::plan::Body { bytes: system.definition.into(), ..Default::default() };
    let leaves = strata_engine::definition::leaves(&key.component_type, &body);
    Some(leaves.into_iter().map(|leaf| (leaf.path, leaf.value)).collect())
}

impl OwnNames {
    fn leaves(&self) -> Leaves {
        let mut leaves = Leaves::new();
        let mut say = |path: &str, value: &str| drop(leaves.insert(path.to_owned(), value.to_owned()));
        say("@Name", self.schema_name);
        say("Name", self.schema_name);
        say("EntitySetName", self.set);
        say("OwnershipTypeMask", "None");
        say("PrimaryIdAttribute", self.primary_id);
        say("PrimaryNameAttribute", self.primary_name.unwrap_or_default());
        say("LocalizedNames/LocalizedName[1033]@description", &self.display_name);
        leaves
    }
}

fn known() -> &'static BTreeMap<&'static str, KnownTable> {
    static KNOWN: OnceLock<BTreeMap<&str, KnownTable>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let mut tables: BTreeMap<&str, KnownTable> = BTreeMap::new();
        let mut current = "";
        for line in SETS.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            match line.strip_prefix("= ") {
                Some(heading) => {
                    let (name, table) = headed(heading);
                    current = name;
                    tables.insert(name, table);
                }
                None => {
                    let table = tables.entry(current).or_default();
                    add_column(table, line);
                }
            }
        }
        tables
    })
}

fn headed(heading: &'static str) -> (&'static str, KnownTable) {
    let words: Vec<_> = heading.split(' ').collect();
    let own = match words.as_slice() {
        [name, set, primary_id, primary_name, schema_name, display_name] => {
            let display_name = display_name.replace('_', " ");
            let primary_name = Some(*primary_name).filter(|name| *name != "-");
            let mut table = KnownTable::default();
            table.columns.insert((*primary_id).to_owned(), plain(primary_id, "primarykey"));
            if let Some(column) = primary_name {
                let mut leaves = plain(column, "nvarchar");
                leaves.insert("DisplayMask".to_owned(), "PrimaryName".to_owned());
                table.columns.insert(column.to_owned(), leaves);
            }
            table.own = Some(OwnNames { set, primary_id, primary_name, schema_name, display_name });
            return (*name, table);
        }
        _ => None,
    };
    (words[0], KnownTable { own, ..KnownTable::default() })
}

fn plain(name: &str, kind: &str) -> Leaves {
    [("Type", kind), ("Name", name), ("LogicalName", name), ("@PhysicalName", name)]
        .map(|(path, value)| (path.to_owned(), value.to_owned()))
        .into()
}

fn add_column(table: &mut KnownTable, line: &'static str) {
    let (said, options) = line.split_once(" : ").unwrap_or((line, ""));
    let mut words = said.split(' ');
    let (name, kind, used) = (words.next().unwrap_or(""), words.next().unwrap_or(""), words.next().unwrap_or(""));
    let mut leaves = plain(name, word(name, kind));
    let mut say = |path: &str, value: &str| drop(leaves.insert(path.to_owned(), value.to_owned()));
    if let Some(length) = kind.strip_prefix('S').filter(|length| !length.is_empty()) {
        say("MaxLength", length);
    }
    if let Some(targets) = kind.strip_prefix("K>") {
        let is_single = !targets.contains('|');
        for (index, target) in targets.split('|').enumerate() {
            let place = if is_single { String::new() } else { format!("[{}]", index + 1) };
            say(&format!("LookupTypes/LookupType{place}"), target);
        }
    }
    let flag = |wanted: bool| if wanted { "1" } else { "0" };
    say("ValidForReadApi", "1");
    say("ValidForCreateApi", flag(!used.starts_with('r')));
    say("ValidForUpdateApi", flag(used.starts_with('w')));
    say("RequiredLevel", if used.ends_with('!') { "systemrequired" } else { "none" });
    for word in words {
        if let Some(schema_name) = word.strip_prefix('^') {
            say("@PhysicalName", schema_name);
        }
        if let Some(collections) = word.strip_prefix('~') {
            let collections = collections.split('|').map(str::to_owned).collect();
            table.collections.insert(name.to_owned(), collections);
        }
    }
    for option in options.split(", ").filter(|option| !option.is_empty()) {
        let (number, label) = option.split_once(' ').unwrap_or((option, option));
        let (value, state) = number.split_once('/').unwrap_or((number, ""));
        let element = match name {
            "statecode" => "states/state",
            "statuscode" => "statuses/status",
            _ => "options/option",
        };
        let path = format!("optionset/{element}[{value}]");
        say(&format!("{path}@value"), value);
        say(&format!("{path}/labels/label[1033]@description"), label);
        if !state.is_empty() {
            say(&format!("{path}@state"), state);
        }
    }
    table.columns.entry(name.to_owned()).or_default().extend(leaves);
}

/// Returns the type as packages write it.
fn word(name: &str, kind: &str) -> &'static str {
    match (name, kind.as_bytes().first()) {
        ("statecode", _) => "state",
        ("statuscode", _) => "status",
        (_, Some(b'G')) => "uniqueidentifier",
        (_, Some(b'S')) if kind.len() > 1 => "nvarchar",
        (_, Some(b'S')) => "ntext",
        (_, Some(b'B')) => "bit",
        (_, Some(b'I')) => "int",
        (_, Some(b'L')) => "bigint",
        (_, Some(b'D')) => "datetime",
        (_, Some(b'F')) => "float",
        (_, Some(b'N')) => "decimal",
        (_, Some(b'P')) => "picklist",
        (_, Some(b'M')) => "managedproperty",
        (_, Some(b'E')) => "EntityName",
        (_, Some(b'O')) => "file",
        (_, Some(b'K')) => "lookup",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w11_every_line_of_the_list_is_read() {
        for (name, table) in known() {
            assert!(table.own.is_some() || catalogue::is_table(name), "{name}");
            for (column, leaves) in &table.columns {
                assert!(leaves.get("Type").is_some_and(|kind| !kind.is_empty()), "{name}.{column}");
            }
        }
        let reasons = &table("asyncoperation").expect("a table").columns["statuscode"];
        assert_eq!(reasons["optionset/statuses/status[30]@value"], "30");
        assert_eq!(reasons["optionset/statuses/status[30]@state"], "3");
        assert_eq!(table("contact").expect("a table").collections["parentcustomerid"].len(), 2);
    }
}
