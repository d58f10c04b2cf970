//! Times as people write and read them. Shown in UTC with milliseconds; taken as an RFC 3339 time, as milliseconds
//! since 1970, or as a span before now (`15m`, `2h`, `7d`).

use std::str::FromStr;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// Milliseconds since 1970, as UTC text.
pub fn show_time(millis: i64) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second].[subsecond digits:3]Z");
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000);
    time.ok().and_then(|time| time.format(format).ok()).unwrap_or_else(|| millis.to_string())
}

/// A moment given on the command line, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub i64);

/// The text is not a moment.
#[derive(Debug, thiserror::Error)]
#[error(
    "write a time such as 2026-01-31T08:00:00Z, milliseconds since 1970, or a span before now such as 15m, 2h or 7d"
)]
pub struct MomentError;

impl FromStr for Moment {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, MomentError> {
        let now = OffsetDateTime::now_utc();
        parse(text, (now.unix_timestamp_nanos() / 1_000_000) as i64).ok_or(MomentError)
    }
}

fn parse(text: &str, now: i64) -> Option<Moment> {
    if let Ok(millis) = text.parse::<i64>() {
        return Some(Moment(millis));
    }
    if let Ok(time) = OffsetDateTime::parse(text, &Rfc3339) {
        return i64::try_from(time.unix_timestamp_nanos() / 1_000_000).ok().map(Moment);
    }
    let unit_at = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit_at);
    let unit_ms = match unit {
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    let span = number.parse::<i64>().ok()?.checked_mul(unit_ms)?;
    now.checked_sub(span).map(Moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_in_utc() {
        assert_eq!(show_time(1_795_220_127_042), "2026-11-21 00:15:27.042Z");
        assert_eq!(show_time(i64::MAX), i64::MAX.to_string());
    }

    #[test]
    fn a_moment_is_a_time_a_number_or_a_span_before_now() {
        assert_eq!(parse("1795220127042", 0), Some(Moment(1_795_220_127_042)));
        assert_eq!(parse("2026-11-21T08:15:27+08:00", 0), Some(Moment(1_795_220_127_000)));
        assert_eq!(parse("2h", 10_000_000), Some(Moment(2_800_000)));
        for wrong in ["", "h", "2w", "yesterday", "99999999999999999d", "-"] {
            assert_eq!(parse(wrong, 0), None, "{wrong}");
        }
    }
}
