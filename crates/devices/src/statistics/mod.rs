//! What happened to a product's devices, day by day (console guide, 运营分析): messages, registrations, activations,
//! devices that were active, the most devices online at once; and where devices are.
//!
//! The path of a message adds to one counter of its product. Once a minute, at midnight and at the end the counters
//! go into the registry and start at zero. A day is one of the configured time zone. What must stay true: what was
//! counted is stored or still counted, never lost between the two; a crash loses at most the last minute's messages.

mod active;
mod counters;
mod days;
mod geography;
mod recent;
mod regions;
mod totals;

use parking_lot::Mutex;
use yizhan_vocabulary::{Monotonic, UnixMillis};

use crate::{DevicesError, StatisticsConfig};

pub(crate) use active::ActiveDays;
pub(crate) use counters::{ProductCounters, Taken};
pub use days::DayCounts;
use geography::Geography;
pub use geography::Region;
pub(crate) use recent::Recent;
pub use recent::{CommandEnds, RecentMessages};
pub use regions::{Population, RegionCount};
pub use totals::DeviceTotals;

/// A day of the statistics: days since 1970-01-01 in their time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Day(pub u32);

impl Day {
    /// The day that many days before.
    #[must_use]
    pub const fn before(self, days: u32) -> Self {
        Self(self.0.saturating_sub(days))
    }
}

/// Which day a moment belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Calendar {
    /// How far the time zone is ahead of UTC.
    pub offset_ms: i64,
}

impl Calendar {
    const DAY_MS: i64 = 24 * 3600 * 1000;

    /// The day of a moment.
    pub fn day(self, at: UnixMillis) -> Day {
        Day(u32::try_from(at.0.saturating_add(self.offset_ms).div_euclid(Self::DAY_MS)).unwrap_or(0))
    }
}

/// What belongs to no product.
#[derive(Debug)]
pub(crate) struct Statistics {
    pub calendar: Calendar,
    pub geography: Geography,
    /// The day that the counters count for, and when they were last stored. Held while they are being stored, so that
    /// nobody sees them in neither place.
    pub present: Mutex<Present>,
}

impl Statistics {
    pub(crate) fn open(config: &StatisticsConfig) -> Result<Self, DevicesError> {
        let calendar = Calendar { offset_ms: i64::from(config.utc_offset_minutes) * 60_000 };
        let geography = Geography::open(config.geo_database.as_deref())?;
        Ok(Self { calendar, geography, present: Mutex::default() })
    }
}

#[derive(Debug, Default)]
pub(crate) struct Present {
    pub day: Day,
    pub stored_at: Option<UnixMillis>,
    /// When the counters were last looked at for rates.
    pub sampled_at: Option<Monotonic>,
}
