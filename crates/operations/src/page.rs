//! Pages of lists: where they start and how long they are, with bounds.

use crate::failure::{Code, Failure};

/// The longest page unless an operation says otherwise (facts §4.3, GetDeviceList).
pub(crate) const MAX_LIMIT: i64 = 100;
/// The page of a caller that does not say how long.
pub(crate) const DEFAULT_LIMIT: i64 = 10;

/// A page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    offset: usize,
    limit: usize,
}

impl Page {
    /// The page that a caller asks for. No limit, and 0 as some clients send it, mean the default.
    pub(crate) fn of(offset: Option<i64>, limit: Option<i64>) -> Result<Self, Failure> {
        Self::within(offset, limit, DEFAULT_LIMIT, MAX_LIMIT)
    }

    /// The same with other bounds.
    pub(crate) fn within(
        offset: Option<i64>,
        limit: Option<i64>,
        default: i64,
        most: i64,
    ) -> Result<Self, Failure> {
        let offset = usize::try_from(offset.unwrap_or(0))
            .map_err(|_| Failure::new(Code::InvalidParameterValue).because("Offset is negative"))?;
        let limit = match limit.unwrap_or(0) {
            0 => default,
            limit => limit,
        };
        if !(1..=most).contains(&limit) {
            let why = format!("Limit is between 1 and {most}");
            return Err(Failure::new(Code::InvalidParameterValue).because(why));
        }
        Ok(Self { offset, limit: usize::try_from(limit).expect("checked to be small and positive") })
    }

    /// The page numbered from 1 that a caller asks for, with bounds of its own.
    pub(crate) fn numbered_within(
        number: i64,
        size: Option<i64>,
        default: i64,
        most: i64,
    ) -> Result<Self, Failure> {
        if number < 1 {
            return Err(Failure::new(Code::InvalidParameterValue).because("pages count from 1"));
        }
        let page = Self::within(None, size, default, most)?;
        let before = usize::try_from(number - 1).unwrap_or(usize::MAX);
        Ok(Self { offset: before.saturating_mul(page.limit), ..page })
    }

    /// What of a list is on the page.
    pub(crate) fn cut<T>(self, list: impl IntoIterator<Item = T>) -> Vec<T> {
        list.into_iter().skip(self.offset).take(self.limit).collect()
    }

    /// How many are passed over.
    pub(crate) const fn offset(self) -> usize {
        self.offset
    }

    /// How many fit.
    pub(crate) const fn limit(self) -> usize {
        self.limit
    }
}
