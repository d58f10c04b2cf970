//! What a device's `timestamp` means.
//!
//! Clients send seconds, milliseconds, milliseconds since boot, or nothing (device protocol facts, trap 16). A
//! value from 10^12 on is milliseconds and one from 10^9 on seconds; anything smaller says nothing about the
//! date, and the server's time is taken. The vendor refuses times more than 24 hours away with 405. A count
//! of milliseconds since boot passes 10^9 after eleven days, so a value in the range of seconds is only
//! treated as a date when a clock could show it: from ten years ago to one year ahead.

use super::{ThingCode, ThingError};
use crate::clock::UnixMillis;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
const YEAR_MS: i64 = 365 * DAY_MS;
/// How far a device's clock may be off.
const TOLERANCE_MS: i64 = DAY_MS;

/// The moment a message speaks of, from its raw `timestamp` and the server's time.
pub fn normalize_timestamp(raw: Option<i64>, now: UnixMillis) -> Result<UnixMillis, ThingError> {
    let time = match raw {
        Some(millis @ 1_000_000_000_000..) => UnixMillis(millis),
        Some(seconds @ 1_000_000_000..) => {
            let time = UnixMillis(seconds * 1000);
            let clock_like = now.plus_ms(-10 * YEAR_MS)..now.plus_ms(YEAR_MS);
            if !clock_like.contains(&time) {
                return Ok(now);
            }
            time
        }
        Some(_) | None => return Ok(now),
    };
    if time.0.abs_diff(now.0) > TOLERANCE_MS.unsigned_abs() {
        let hours = time.0.abs_diff(now.0) / HOUR_MS.unsigned_abs();
        let side = if time > now { "ahead of" } else { "behind" };
        let detail = format!("timestamp is {hours} hours {side} the server's time, allowed are 24");
        return Err(ThingError::new(ThingCode::BadTimestamp, detail));
    }
    Ok(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_795_220_127_000);

    #[test]
    fn seconds_and_milliseconds_name_the_same_moment() {
        assert_eq!(normalize_timestamp(Some(1_795_220_100), NOW), Ok(UnixMillis(1_795_220_100_000)));
        assert_eq!(normalize_timestamp(Some(1_795_220_100_050), NOW), Ok(UnixMillis(1_795_220_100_050)));
    }

    #[test]
    fn what_is_no_date_becomes_the_servers_time() {
        for raw in [None, Some(0), Some(-5), Some(86_400_000), Some(1_212_121_221), Some(4_294_967_295)] {
            assert_eq!(normalize_timestamp(raw, NOW), Ok(NOW), "{raw:?}");
        }
    }

    #[test]
    fn a_date_more_than_a_day_away_is_refused_with_405() {
        for raw in
            [1_795_220_127 - 86_401, 1_795_220_127 + 86_401, 1_628_646_783, 1_628_646_783_000, i64::MAX]
        {
            let error = normalize_timestamp(Some(raw), NOW).unwrap_err();
            assert_eq!(error.code, ThingCode::BadTimestamp, "{raw}");
        }
        assert!(normalize_timestamp(Some(1_795_220_127 - 86_400), NOW).is_ok());
        assert!(normalize_timestamp(Some(1_795_220_127 + 86_400), NOW).is_ok());
        let error = normalize_timestamp(Some(1_795_220_127 - 2 * 86_400), NOW).unwrap_err();
        assert_eq!(error.detail, "timestamp is 48 hours behind the server's time, allowed are 24");
    }
}
