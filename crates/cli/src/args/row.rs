//! Arguments of `row`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::WriteFlags;

#[derive(Debug, Subcommand)]
pub(crate) enum RowCommand {
    /// Create a row
    #[command(after_help = SET_HELP)]
    Create {
        #[command(flatten)]
        table: TableName,
        #[command(flatten)]
        values: Values,
        #[command(flatten)]
        write: WriteFlags,
    },
    /// List rows
    #[command(after_help = FILTER_HELP)]
    List {
        #[command(flatten)]
        table: TableName,
        /// Only rows that pass
        #[arg(long, value_name = "EXPRESSION")]
        filter: Option<String>,
    },
    /// Show a row
    Get {
        #[command(flatten)]
        table: TableName,
        /// Id of the row
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Change values of a row
    #[command(after_help = SET_HELP)]
    Update {
        #[command(flatten)]
        table: TableName,
        /// Id of the row
        #[arg(value_name = "ID")]
        id: String,
        #[command(flatten)]
        values: Values,
        #[command(flatten)]
        write: WriteFlags,
    },
    /// Delete a row
    Delete {
        #[command(flatten)]
        table: TableName,
        /// Id of the row
        #[arg(value_name = "ID")]
        id: String,
        #[command(flatten)]
        write: WriteFlags,
    },
    /// Count rows
    #[command(after_help = FILTER_HELP)]
    Count {
        #[command(flatten)]
        table: TableName,
        /// Only rows that pass
        #[arg(long, value_name = "EXPRESSION")]
        filter: Option<String>,
    },
    /// Create a row for each line of a CSV file whose first line names the columns; all of them or none
    Import {
        #[command(flatten)]
        table: TableName,
        /// File in UTF-8, fields apart by commas
        #[arg(long, value_name = "FILE")]
        csv: PathBuf,
        #[command(flatten)]
        write: WriteFlags,
    },
}

#[derive(Debug, Args)]
pub(crate) struct TableName {
    /// Logical or schema name of a table
    #[arg(id = "table", value_name = "TABLE")]
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct Values {
    /// Column and its value; without a value the column is emptied
    #[arg(long, short, value_name = "COLUMN=VALUE", num_args = 1.., required = true)]
    pub(crate) set: Vec<String>,
}

const SET_HELP: &str = "\
Examples:
  strata row create contoso_order --set contoso_name='Order 1' contoso_total=12.50 contoso_duedate=2026-01-31
  strata row create contoso_orderline --set contoso_order=1a2b3c4d-0000-4000-8000-00000000abcd
  strata row update contoso_order 1a2b3c4d-0000-4000-8000-00000000abcd --set contoso_notes=

Choices take the number of an option, several of them joined by commas; lookups an id or table(id).";

const FILTER_HELP: &str = "\
Examples:
  strata row list contoso_order --filter \"contoso_name eq 'Order 1' or contoso_total gt 5\"
  strata row count account --filter \"contains(name,'ltd') and not (contoso_tier eq null)\"

Comparisons are eq, ne, gt, ge, lt, le; functions contains, startswith, endswith; texts stand in quotes.";
