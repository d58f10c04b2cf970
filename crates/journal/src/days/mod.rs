//! Day files: sealed data, one file a UTC day and class, so that retention is removing a file.
//!
//! A day is chosen by a record's own time. Several segments contribute to a day and one segment can contribute to
//! several; within a file what one sealing added is a run, and runs are merged into larger ones as they become many.

mod file;
mod merge;
mod registry;
mod run;

pub(crate) use file::{DayFile, DayReader, DayWriter};
pub(crate) use merge::{MergePlan, merge_runs, repack};
pub(crate) use registry::Days;
pub(crate) use run::{ChunkRef, RunMeta, RunWriter};

use yizhan_vocabulary::UnixMillis;

/// What a day file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum FileClass {
    History,
    Log,
}

impl FileClass {
    pub(crate) const ALL: [Self; 2] = [Self::History, Self::Log];

    const fn prefix(self) -> &'static str {
        match self {
            Self::History => "history-",
            Self::Log => "log-",
        }
    }
}

pub(crate) const DAY_MS: i64 = 86_400_000;

/// A UTC day, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Day(pub i64);

impl Day {
    pub(crate) const fn of(time: UnixMillis) -> Self {
        Self(time.0.div_euclid(DAY_MS))
    }

    /// The first millisecond of the day.
    pub(crate) const fn start_ms(self) -> i64 {
        self.0 * DAY_MS
    }

    /// The last millisecond of the day.
    pub(crate) const fn last_ms(self) -> i64 {
        (self.0 + 1) * DAY_MS - 1
    }

    /// The name of the day's file.
    pub(crate) fn file_name(self, class: FileClass) -> String {
        let date = time::Date::from_julian_day((self.0 + UNIX_EPOCH_JULIAN) as i32)
            .expect("record times lie between 1970 and 9999");
        format!("{}{:04}-{:02}-{:02}.redb", class.prefix(), date.year(), u8::from(date.month()), date.day())
    }

    /// Class and day of a file with this name.
    pub(crate) fn parse_file_name(name: &str) -> Option<(FileClass, Self)> {
        let class = FileClass::ALL.into_iter().find(|class| name.starts_with(class.prefix()))?;
        let date = name.strip_prefix(class.prefix())?.strip_suffix(".redb")?;
        let mut parts = date.split('-').map(str::parse::<u16>);
        let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
        let month = time::Month::try_from(u8::try_from(month).ok()?).ok()?;
        let date = time::Date::from_calendar_date(year.into(), month, u8::try_from(day).ok()?).ok()?;
        let day = Self(i64::from(date.to_julian_day()) - UNIX_EPOCH_JULIAN);
        (day.0 >= 0 && day.file_name(class) == name).then_some((class, day))
    }
}

const UNIX_EPOCH_JULIAN: i64 = 2_440_588;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_file_names_agree() {
        let day = Day::of(UnixMillis(1_700_000_000_000));
        assert_eq!(day.file_name(FileClass::History), "history-2023-11-14.redb");
        assert_eq!(Day::parse_file_name("log-2023-11-14.redb"), Some((FileClass::Log, day)));
        assert_eq!(Day::of(UnixMillis(0)).file_name(FileClass::Log), "log-1970-01-01.redb");
        assert!(day.start_ms() <= 1_700_000_000_000 && 1_700_000_000_000 <= day.last_ms());
        for odd in ["log-2023-13-14.redb", "log-2023-1-1.redb", "log-2023-11-14.redb.new", "segment.log"] {
            assert_eq!(Day::parse_file_name(odd), None);
        }
        assert_eq!(
            Day::of(crate::record::TIME_LIMITS.1).file_name(FileClass::History),
            "history-9999-12-31.redb"
        );
    }
}
