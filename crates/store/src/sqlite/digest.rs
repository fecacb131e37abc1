//! A digest of a state, for comparing states that came about in different ways.
//!
//! Each open row gives a digest of what it says, names and keys in place of numbers, and without the operations
//! that opened it; the sorted digests give the state's.

use rusqlite::{Connection, params};
use strata_model::environment::Environment;
use strata_model::id::{Digest, Operation, PublisherNo, SolutionNo};
use strata_model::publisher::Publisher;
use strata_model::solution::Solution;

use super::rows::{self, json_of, text, word_of};
use crate::StoreError;

pub(super) fn state_digest(
    conn: &Connection,
    environment: &Environment,
    at: Option<Operation>,
) -> Result<Digest, StoreError> {
    let moment = rows::moment(conn, environment, at)?;
    let no = environment.no;
    let publishers = rows::publishers(conn, no, moment)?;
    let solutions = rows::solutions(conn, no, moment)?;
    let mut digests = vec![row_digest("settings", &[json_of(&rows::settings(conn, no, moment)?).as_bytes()])];
    digests.extend(publishers.iter().map(publisher_digest));
    digests.extend(solutions.iter().map(|solution| solution_digest(solution, &publishers, &solutions)));
    layer_digests(conn, environment, moment, &solutions, &mut digests)?;
    member_digests(conn, environment, moment, &solutions, &mut digests)?;
    activation_digests(conn, environment, moment, &mut digests)?;
    record_digests(conn, environment, moment, &mut digests)?;
    digests.sort_unstable();
    Ok(Digest::of_definition(digests.iter().map(|digest| digest.0.as_slice()), None, []))
}

fn publisher_digest(publisher: &Publisher) -> Digest {
    let option_value_prefix = publisher.option_value_prefix.to_string();
    let id = publisher.id.to_string();
    let mut values = vec![
        id.as_bytes(),
        publisher.unique_name.as_bytes(),
        publisher.friendly_name.as_bytes(),
        publisher.prefix.as_bytes(),
        option_value_prefix.as_bytes(),
    ];
    values.extend(publisher.details.iter().flat_map(|(column, text)| [column.as_bytes(), text.as_bytes()]));
    row_digest("publisher", &values)
}

fn solution_digest(solution: &Solution, publishers: &[Publisher], solutions: &[Solution]) -> Digest {
    let parent = solution.parent.map(|parent| solution_name(solutions, parent)).unwrap_or_default();
    let assumes: Vec<_> = solution.assumes.iter().map(|no| solution_name(solutions, *no)).collect();
    row_digest(
        "solution",
        &[
            solution.id.to_string().as_bytes(),
            solution.unique_name.as_bytes(),
            solution.friendly_name.as_bytes(),
            solution.version.as_str().as_bytes(),
            &[solution.is_managed.into(), solution.assumed.into()],
            publisher_name(publishers, solution.publisher).as_bytes(),
            word_of(solution.kind).as_bytes(),
            parent.as_bytes(),
            json_of(&assumes).as_bytes(),
            solution.residue.as_ref().map_or(&[], |digest| digest.0.as_slice()),
        ],
    )
}

fn layer_digests(
    conn: &Connection,
    environment: &Environment,
    moment: i64,
    solutions: &[Solution],
    digests: &mut Vec<Digest>,
) -> Result<(), StoreError> {
    let sql = "SELECT c.type, c.key, l.solution_no, l.slot, l.state, l.digest, l.is_diff, l.display_name FROM layer l \
         JOIN component c ON c.environment_id = l.environment_id AND c.component_no = l.component_no \
         WHERE l.environment_id = ?1 AND l.from_op <= ?2 AND ?2 < l.to_op";
    let mut statement = conn.prepare_cached(sql)?;
    let mut found = statement.query(params![environment.no.0, moment])?;
    while let Some(row) = found.next()? {
        let numbers = [row.get::<_, i64>(3)?, row.get(4)?, row.get(6)?].map(i64::to_be_bytes);
        let display_name: Option<String> = row.get(7)?;
        digests.push(row_digest(
            "layer",
            &[
                text(row, 0)?.as_bytes(),
                text(row, 1)?.as_bytes(),
                solution_name(solutions, SolutionNo(row.get(2)?)).as_bytes(),
                numbers.as_flattened(),
                &row.get::<_, [u8; 32]>(5)?,
                &[display_name.is_some().into()],
                display_name.unwrap_or_default().as_bytes(),
            ],
        ));
    }
    Ok(())
}

fn member_digests(
    conn: &Connection,
    environment: &Environment,
    moment: i64,
    solutions: &[Solution],
    digests: &mut Vec<Digest>,
) -> Result<(), StoreError> {
    let sql = "SELECT c.type, c.key, m.solution_no, COALESCE(m.behavior, -1) FROM member m \
         JOIN component c ON c.environment_id = m.environment_id AND c.component_no = m.component_no \
         WHERE m.environment_id = ?1 AND m.from_op <= ?2 AND ?2 < m.to_op";
    let mut statement = conn.prepare_cached(sql)?;
    let mut found = statement.query(params![environment.no.0, moment])?;
    while let Some(row) = found.next()? {
        digests.push(row_digest(
            "member",
            &[
                text(row, 0)?.as_bytes(),
                text(row, 1)?.as_bytes(),
                solution_name(solutions, SolutionNo(row.get(2)?)).as_bytes(),
                &row.get::<_, i64>(3)?.to_be_bytes(),
            ],
        ));
    }
    Ok(())
}

fn activation_digests(
    conn: &Connection,
    environment: &Environment,
    moment: i64,
    digests: &mut Vec<Digest>,
) -> Result<(), StoreError> {
    let sql = "SELECT c.type, c.key FROM activation a \
         JOIN component c ON c.environment_id = a.environment_id AND c.component_no = a.component_no \
         WHERE a.environment_id = ?1 AND a.from_op <= ?2 AND ?2 < a.to_op";
    let mut statement = conn.prepare_cached(sql)?;
    let mut found = statement.query(params![environment.no.0, moment])?;
    while let Some(row) = found.next()? {
        digests.push(row_digest("activation", &[text(row, 0)?.as_bytes(), text(row, 1)?.as_bytes()]));
    }
    Ok(())
}

fn record_digests(
    conn: &Connection,
    environment: &Environment,
    moment: i64,
    digests: &mut Vec<Digest>,
) -> Result<(), StoreError> {
    let sql = "SELECT table_name, id, json FROM record WHERE environment_id = ?1 AND from_op <= ?2 AND ?2 < to_op";
    let mut statement = conn.prepare_cached(sql)?;
    let mut found = statement.query(params![environment.no.0, moment])?;
    while let Some(row) = found.next()? {
        let columns = [text(row, 0)?.as_bytes(), text(row, 1)?.as_bytes(), text(row, 2)?.as_bytes()];
        digests.push(row_digest("record", &columns));
    }
    Ok(())
}

/// Returns the digest of one row; lengths keep neighbouring columns apart.
fn row_digest(table: &str, columns: &[&[u8]]) -> Digest {
    let mut bytes = table.as_bytes().to_vec();
    for column in columns {
        bytes.extend((column.len() as u64).to_be_bytes());
        bytes.extend(*column);
    }
    Digest::of(&bytes)
}

fn solution_name(solutions: &[Solution], no: SolutionNo) -> String {
    if no == SolutionNo::ACTIVE {
        return "Active".to_owned();
    }
    let solution = solutions.iter().find(|solution| solution.no == no);
    solution.map_or_else(|| format!("#{no}"), |solution| solution.unique_name.clone())
}

fn publisher_name(publishers: &[Publisher], no: PublisherNo) -> &str {
    publishers.iter().find(|publisher| publisher.no == no).map_or("", |publisher| &publisher.unique_name)
}
