//! Fiscal years and periods that conditions name: an environment has those of the calendar, in quarters.

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::dates::{Range, of_days};

const WRONG: &str = "a fiscal year such as 2026, and a fiscal period from 1 to 4, are expected";

/// Returns the span that a name means now, in small letters and without hyphens; `None` where it names none.
pub(super) fn range(name: &str, values: &[String]) -> Option<Result<Range, String>> {
    range_at(name, values, Timestamp::now().to_zoned(TimeZone::UTC).date())
}

fn range_at(name: &str, values: &[String], today: Date) -> Option<Result<Range, String>> {
    let numbers: Option<Vec<i64>> = values.iter().map(|value| value.trim().parse().ok()).collect();
    let span = |from: Option<Date>, before: Option<Date>| {
        let last = before.and_then(|before| before.yesterday().ok());
        Some(Ok(of_days(from, last)))
    };
    let (unit, today) = match name {
        _ if name.contains("fiscalyear") => (Unit::Year, Unit::Year.start(today)),
        _ if name.contains("fiscalperiod") => (Unit::Period, Unit::Period.start(today)),
        _ => return None,
    };
    let between = |from: i64, before: i64| match (unit.moved(today, from), unit.moved(today, before)) {
        (Some(from), Some(before)) => span(Some(from), Some(before)),
        _ => Some(Err(WRONG.to_owned())),
    };
    let many = || numbers.as_deref().and_then(|numbers| numbers.first().copied()).filter(|many| *many > 0);
    match (name, many()) {
        ("thisfiscalyear" | "thisfiscalperiod", _) => between(0, 1),
        ("lastfiscalyear" | "lastfiscalperiod", _) => between(-1, 0),
        ("nextfiscalyear" | "nextfiscalperiod", _) => between(1, 2),
        ("lastxfiscalyears" | "lastxfiscalperiods", Some(many)) => between(-many, 0),
        ("nextxfiscalyears" | "nextxfiscalperiods", Some(many)) => between(1, many.saturating_add(1)),
        ("lastxfiscalyears" | "lastxfiscalperiods" | "nextxfiscalyears" | "nextxfiscalperiods", None) => {
            Some(Err(format!("{name} wants how many")))
        }
        _ => {
            let (from, before) = match named(name, numbers.as_deref().unwrap_or_default())? {
                Ok(named) => named,
                Err(message) => return Some(Err(message)),
            };
            match name {
                "inorbeforefiscalperiodandyear" => span(None, Some(before)),
                "inorafterfiscalperiodandyear" => span(Some(from), None),
                _ => span(Some(from), Some(before)),
            }
        }
    }
}

/// The year or period that a condition names by numbers, and the day behind it.
fn named(name: &str, numbers: &[i64]) -> Option<Result<(Date, Date), String>> {
    let (period, year) = match (name, numbers) {
        ("infiscalyear", [year]) => (None, *year),
        (
            "infiscalperiodandyear" | "inorbeforefiscalperiodandyear" | "inorafterfiscalperiodandyear",
            [period, year],
        ) => (Some(*period), *year),
        (
            "infiscalyear" | "infiscalperiodandyear" | "inorbeforefiscalperiodandyear" | "inorafterfiscalperiodandyear",
            _,
        ) => {
            return Some(Err(WRONG.to_owned()));
        }
        _ => return None,
    };
    let first = i16::try_from(year).ok().filter(|year| (1..9999).contains(year)).map(|year| date(year, 1, 1));
    let found = match (first, period) {
        (Some(first), None) => Some(first).zip(Unit::Year.moved(first, 1)),
        (Some(first), Some(period @ 1..=4)) => {
            Unit::Period.moved(first, period - 1).zip(Unit::Period.moved(first, period))
        }
        (Some(_) | None, _) => None,
    };
    Some(found.ok_or_else(|| WRONG.to_owned()))
}

#[derive(Debug, Clone, Copy)]
enum Unit {
    Year,
    Period,
}

impl Unit {
    fn start(self, day: Date) -> Date {
        match self {
            Self::Year => date(day.year(), 1, 1),
            Self::Period => date(day.year(), (day.month() - 1) / 3 * 3 + 1, 1),
        }
    }

    fn moved(self, start: Date, by: i64) -> Option<Date> {
        let months = match self {
            Self::Year => by.checked_mul(12),
            Self::Period => by.checked_mul(3),
        };
        start.checked_add(Span::new().try_months(months?).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::dates::written;

    #[test]
    fn w4_fiscal_spans_are_years_and_quarters() {
        let today = date(2026, 5, 17);
        let shown = |name: &str, values: &[&str]| {
            let values: Vec<_> = values.iter().map(|value| (*value).to_owned()).collect();
            let range = range_at(name, &values, today)?.ok()?;
            let from = range.from.map(|from| written(from, true)).unwrap_or_default();
            Some(format!("{from}/{}", range.before.map(|before| written(before, true)).unwrap_or_default()))
        };
        for (name, values, expected) in [
            ("thisfiscalyear", &[][..], "2026-01-01/2027-01-01"),
            ("lastfiscalyear", &[], "2025-01-01/2026-01-01"),
            ("nextfiscalperiod", &[], "2026-07-01/2026-10-01"),
            ("thisfiscalperiod", &[], "2026-04-01/2026-07-01"),
            ("lastxfiscalperiods", &["2"], "2025-10-01/2026-04-01"),
            ("nextxfiscalyears", &["2"], "2027-01-01/2029-01-01"),
            ("infiscalyear", &["2024"], "2024-01-01/2025-01-01"),
            ("infiscalperiodandyear", &["4", "2024"], "2024-10-01/2025-01-01"),
            ("inorbeforefiscalperiodandyear", &["1", "2024"], "/2024-04-01"),
            ("inorafterfiscalperiodandyear", &["2", "2024"], "2024-04-01/"),
        ] {
            assert_eq!(shown(name, values).as_deref(), Some(expected), "{name}");
        }
        for (name, values) in [
            ("infiscalyear", &["x"][..]),
            ("infiscalyear", &["0"]),
            ("infiscalperiodandyear", &["5", "2024"]),
            ("infiscalperiodandyear", &["2024"]),
            ("lastxfiscalyears", &[]),
            ("lastxfiscalyears", &["9223372036854775807"]),
        ] {
            assert_eq!(shown(name, values), None, "{name} {values:?}");
        }
        assert!(range_at("infiscalperiod", &[], today).is_none() && range_at("thisyear", &[], today).is_none());
    }
}
