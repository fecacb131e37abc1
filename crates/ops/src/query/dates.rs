//! Spans of time that conditions name: the last seven days, this month, on a day. All of it in UTC.

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Unit};

pub(super) type Day = Date;

/// From a time on, before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) from: Option<DateTime>,
    pub(super) before: Option<DateTime>,
}

/// Reads a day; of a time, its day.
pub(super) fn day(text: &str) -> Result<Day, String> {
    let text = text.trim();
    let date =
        text.parse::<Date>().or_else(|_| text.trim_end_matches(['Z', 'z']).parse::<DateTime>().map(|time| time.date()));
    date.map_err(|_| format!("`{text}` is no day such as 2026-01-31"))
}

/// Returns the span from the beginning of a day to the end of another.
pub(super) fn of_days(from: Option<Day>, to: Option<Day>) -> Range {
    let start = |day: Day| day.at(0, 0, 0, 0);
    Range { from: from.map(start), before: to.and_then(|to| to.tomorrow().ok()).map(start) }
}

/// Writes a time as documents do.
pub(super) fn written(time: DateTime, is_date_only: bool) -> String {
    let date = time.date();
    if is_date_only {
        return date.to_string();
    }
    format!("{date}T{:02}:{:02}:{:02}Z", time.hour(), time.minute(), time.second())
}

/// Writes the end of a span; of days, the first behind it.
pub(super) fn written_before(time: DateTime, is_date_only: bool) -> String {
    let is_midnight = time == time.date().at(0, 0, 0, 0);
    match time.date().tomorrow() {
        Ok(next) if is_date_only && !is_midnight => next.to_string(),
        Ok(_) | Err(_) => written(time, is_date_only),
    }
}

/// Returns the span that a name means now, in small letters and without hyphens; `None` where it names none.
pub(super) fn range(name: &str, count: Option<&str>) -> Option<Result<Range, String>> {
    // As rows are stamped.
    let now = Timestamp::now().round(Unit::Second).unwrap_or_default().to_zoned(TimeZone::UTC).datetime();
    range_at(name, count, now)
}

fn range_at(name: &str, count: Option<&str>, now: DateTime) -> Option<Result<Range, String>> {
    let today = now.date();
    let past = behind(now);
    let days = |from: Day, to: Day| Some(Ok(of_days(Some(from), Some(to))));
    let shifted = |span: Span| today.checked_add(span).unwrap_or(today);
    let week = |weeks: i64| {
        let since = i64::from(today.weekday().since(Weekday::Sunday));
        let first = shifted(Span::new().days(7 * weeks - since));
        days(first, first.checked_add(Span::new().days(6)).unwrap_or(first))
    };
    let month = |months: i64| {
        let first = today.first_of_month().checked_add(Span::new().months(months)).unwrap_or(today);
        days(first, first.last_of_month())
    };
    let year = |years: i64| {
        let first = today.first_of_year().checked_add(Span::new().years(years)).unwrap_or(today);
        days(first, first.last_of_year())
    };
    match name {
        "today" => days(today, today),
        "yesterday" => days(shifted(Span::new().days(-1)), shifted(Span::new().days(-1))),
        "tomorrow" => days(shifted(Span::new().days(1)), shifted(Span::new().days(1))),
        "last7days" | "lastsevendays" => {
            Some(Ok(Range { before: Some(past), ..of_days(Some(shifted(Span::new().days(-7))), None) }))
        }
        "next7days" | "nextsevendays" => {
            Some(Ok(Range { from: Some(now), ..of_days(None, Some(shifted(Span::new().days(7)))) }))
        }
        "thisweek" => week(0),
        "lastweek" => week(-1),
        "nextweek" => week(1),
        "thismonth" => month(0),
        "lastmonth" => month(-1),
        "nextmonth" => month(1),
        "thisyear" => year(0),
        "lastyear" => year(-1),
        "nextyear" => year(1),
        _ => counted(name, count, now),
    }
}

/// The present second has been, too.
fn behind(now: DateTime) -> DateTime {
    now.checked_add(Span::new().seconds(1)).unwrap_or(now)
}

/// `lastxdays`, `nextxhours`, `olderthanxmonths`.
fn counted(name: &str, count: Option<&str>, now: DateTime) -> Option<Result<Range, String>> {
    let (way, unit) = name.split_once('x').filter(|(_, unit)| *unit != "t")?;
    let (way, unit) = if way == "ne" { unit.split_once('x').map(|(_, unit)| ("next", unit))? } else { (way, unit) };
    let span = |count: i64| {
        let span = match unit {
            "minutes" => Span::new().try_minutes(count),
            "hours" => Span::new().try_hours(count),
            "days" => Span::new().try_days(count),
            "weeks" => Span::new().try_weeks(count),
            "months" => Span::new().try_months(count),
            "years" => Span::new().try_years(count),
            _ => return None,
        };
        span.ok()
    };
    span(1)?;
    let parsed = count.and_then(|count| count.trim().parse::<i64>().ok()).filter(|count| *count > 0);
    let Some(count) = parsed else { return Some(Err(format!("{name} wants how many"))) };
    let moved = |count: i64| span(count).and_then(|span| now.checked_add(span).ok());
    let is_whole = matches!(unit, "days" | "weeks" | "months" | "years");
    let begin = |time: DateTime| if is_whole { time.date().at(0, 0, 0, 0) } else { time };
    let range = match way {
        "last" => moved(-count).map(|from| Range { from: Some(begin(from)), before: Some(behind(now)) }),
        "next" => moved(count).map(|to| match is_whole {
            true => Range { from: Some(now), ..of_days(None, Some(to.date())) },
            false => Range { from: Some(now), before: Some(to) },
        }),
        "olderthan" => moved(-count).map(|before| Range { from: None, before: Some(before) }),
        _ => return None,
    };
    Some(range.ok_or_else(|| format!("{name}: {count} is too many")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_named() {
        let now: DateTime = "2026-03-04T10:30:00".parse().expect("a time");
        let shown = |name: &str, count: Option<&str>| {
            let range = range_at(name, count, now)?.ok()?;
            let from = range.from.map(|from| written(from, false)).unwrap_or_default();
            Some(format!("{from}/{}", range.before.map(|before| written(before, false)).unwrap_or_default()))
        };
        for (name, count, expected) in [
            ("today", None, "2026-03-04T00:00:00Z/2026-03-05T00:00:00Z"),
            ("lastmonth", None, "2026-02-01T00:00:00Z/2026-03-01T00:00:00Z"),
            ("thisyear", None, "2026-01-01T00:00:00Z/2027-01-01T00:00:00Z"),
            ("thisweek", None, "2026-03-01T00:00:00Z/2026-03-08T00:00:00Z"),
            ("last7days", None, "2026-02-25T00:00:00Z/2026-03-04T10:30:01Z"),
            ("lastxdays", Some("2"), "2026-03-02T00:00:00Z/2026-03-04T10:30:01Z"),
            ("nextxhours", Some("3"), "2026-03-04T10:30:00Z/2026-03-04T13:30:00Z"),
            ("nextxdays", Some("1"), "2026-03-04T10:30:00Z/2026-03-06T00:00:00Z"),
            ("olderthanxmonths", Some("1"), "/2026-02-04T10:30:00Z"),
        ] {
            assert_eq!(shown(name, count).as_deref(), Some(expected), "{name}");
        }
        assert!(range_at("lastxdays", Some("many"), now).is_some_and(|range| range.is_err()));
        assert!(range_at("lastxdays", Some("99999999999"), now).is_some_and(|range| range.is_err()));
        assert!(range_at("under", None, now).is_none() && range_at("lastxmoons", Some("1"), now).is_none());
        assert_eq!(written_before(now, true), "2026-03-05");
        assert_eq!(written_before(now.date().at(0, 0, 0, 0), true), "2026-03-04");
    }
}
