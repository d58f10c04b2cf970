//! Dates as this API writes them, and days as the statistics count them.

use time::{Date, Month};
use yizhan_devices::Day;

use crate::failure::{Code, Failure, Outcome};

/// 1970-01-01 as the calendar counts days.
const EPOCH: i32 = 2_440_588;

/// Reads `2022-06-11`.
pub(super) fn day_of(text: &str) -> Outcome<Day> {
    let malformed = || Failure::new(Code::InvalidParameterValue).because("a date is written 2022-06-11");
    let mut parts = text.trim().splitn(3, '-');
    let mut next = || parts.next().filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    let (Some(year), Some(month), Some(day)) = (next(), next(), next()) else { return Err(malformed()) };
    let month: u8 = month.parse().map_err(|_| malformed())?;
    let (year, day) = (year.parse().map_err(|_| malformed())?, day.parse().map_err(|_| malformed())?);
    let month = Month::try_from(month).map_err(|_| malformed())?;
    let date = Date::from_calendar_date(year, month, day).map_err(|_| malformed())?;
    u32::try_from(date.to_julian_day() - EPOCH).map(Day).map_err(|_| malformed())
}

/// Writes `2022-06-11`.
pub(crate) fn text_of(day: Day) -> String {
    let date = i32::try_from(day.0).ok().and_then(|day| Date::from_julian_day(day.checked_add(EPOCH)?).ok());
    date.map(|date| format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day()))
        .unwrap_or_default()
}

/// The days from one date to another.
pub(super) fn span(first: &str, last: &str) -> Outcome<(Day, Day)> {
    let (first, last) = (day_of(first)?, day_of(last)?);
    if last < first {
        return Err(Failure::new(Code::InvalidParameterValue).because("EndDate is before StartDate"));
    }
    Ok((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_the_day_it_says() {
        assert_eq!(day_of("1970-01-02"), Ok(Day(1)));
        for text in ["2022-06-11", "2024-02-29"] {
            assert_eq!(text_of(day_of(text).unwrap_or_default()), text);
        }
        for text in
            ["", "2022", "2022-13-01", "2023-02-29", "1969-12-31", "2022-06-11T", "-1-1-1", "+1-02-03"]
        {
            assert!(day_of(text).is_err(), "{text}");
        }
    }
}
