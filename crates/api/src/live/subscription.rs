//! One thing that a client watches, and the messages that come of it.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::broadcast::{self, error::TryRecvError};
use yizhan_devices::{
    Allowance, Device, LiveContent, LiveKinds, LivePlace, LiveRates, LiveSubscription, Product, Refilled,
};
use yizhan_operations::live::{JobRow, LiveRequest, LiveTarget, LogRow, OverviewRow, kind_names};
use yizhan_operations::{Caller, Failure, JobNews};
use yizhan_vocabulary::{Monotonic, UnixMillis};

use crate::services::Services;

/// Records that one subscription is shown every [`FLUSH_EVERY`](super::FLUSH_EVERY): 2,000 a second, more than a page can
/// draw. The queue takes up what comes in bursts.
const MOST_AT_ONCE: usize = 200;
/// A message goes out once its events have this many bytes.
const MESSAGE_BYTES: usize = 256 * 1024;
/// Rates are shown this often.
const OVERVIEW_EVERY_MS: u64 = 1_000;

/// What it shows.
enum Source {
    Devices {
        watching: LiveSubscription,
        /// Places of entries that were filled in: what came to the queue meanwhile must not be shown twice.
        filled: HashSet<u64>,
        /// How many more times the queue has to be empty before that cannot happen any more.
        settling: u8,
    },
    Overview {
        products: Vec<Arc<Product>>,
        rates: LiveRates,
        last: Option<Monotonic>,
    },
    Jobs(broadcast::Receiver<Arc<JobNews>>),
}

/// One subscription.
pub(super) struct Subscription {
    id: u64,
    request: LiveRequest,
    source: Source,
}

/// What a new subscription begins with.
pub(super) struct Begun {
    pub subscription: Subscription,
    /// The device whose missed entries are to be filled in, and from where.
    pub missed: Option<(Arc<Device>, LiveKinds, LivePlace)>,
}

impl Subscription {
    /// Begins to watch what `request` was allowed to.
    pub(super) fn begin(
        services: &Services,
        allowance: &Arc<Allowance>,
        id: u64,
        request: LiveRequest,
        target: LiveTarget,
    ) -> Result<Begun, Failure> {
        let mut missed = None;
        let source = match target {
            LiveTarget::Devices { scope, kinds, device } => {
                let place = request.place()?;
                missed = device.zip(place).map(|(device, place)| (device, kinds, place));
                let watching = services.devices.watch_live(scope, kinds, allowance);
                Source::Devices { watching, filled: HashSet::new(), settling: 0 }
            }
            LiveTarget::Overview(products) => {
                Source::Overview { products, rates: LiveRates::default(), last: None }
            }
            LiveTarget::Jobs => Source::Jobs(services.platform.jobs.watch()),
        };
        Ok(Begun { subscription: Self { id, request, source }, missed })
    }

    pub(super) const fn id(&self) -> u64 {
        self.id
    }

    pub(super) const fn request(&self) -> &LiveRequest {
        &self.request
    }

    /// The kinds of which nothing that was missed can be filled in, because it is not one device that is watched.
    pub(super) fn kinds(&self) -> LiveKinds {
        match &self.source {
            Source::Devices { watching, .. } => watching.kinds(),
            Source::Overview { .. } | Source::Jobs(_) => LiveKinds::default(),
        }
    }

    /// Whether it continues something that cannot be filled in at all.
    pub(super) fn continues(&self) -> bool {
        self.request.place().is_ok_and(|place| place.is_some())
    }

    /// What may be watched now; a project may have other products than before.
    pub(super) fn renew(&mut self, target: LiveTarget) {
        match (&mut self.source, target) {
            (Source::Devices { watching, .. }, LiveTarget::Devices { scope, .. }) => watching.move_to(scope),
            (Source::Overview { products, .. }, LiveTarget::Overview(now)) => *products = now,
            _ => {}
        }
    }

    /// The messages that say what was missed.
    pub(super) fn fill(&mut self, missed: Refilled, out: &mut Vec<String>) {
        let mut events = Events::new(self.id, 0);
        for item in missed.items {
            if let Source::Devices { filled, settling, .. } = &mut self.source {
                filled.insert(item.seq);
                // The log can be read a moment before its newest entries come to the queue.
                *settling = 2;
            }
            events.push(&LogRow::of_live(item), out);
        }
        events.finish(out);
    }

    /// The messages that say what has come.
    pub(super) fn flush(&mut self, services: &Services, caller: &Caller, out: &mut Vec<String>) {
        match &mut self.source {
            Source::Devices { watching, filled, settling } => {
                let batch = watching.take(MOST_AT_ONCE);
                let drained = batch.records.len() < MOST_AT_ONCE;
                let mut items = Vec::with_capacity(batch.records.len());
                for record in &batch.records {
                    services.devices.live_items(record, watching.kinds(), &mut items);
                }
                let mut events = Events::new(self.id, batch.lost);
                for item in items {
                    let seen = !filled.is_empty()
                        && matches!(item.content, LiveContent::Entry(_))
                        && filled.contains(&item.seq);
                    if !seen {
                        events.push(&LogRow::of_live(item), out);
                    }
                }
                events.finish(out);
                if drained && *settling > 0 {
                    *settling -= 1;
                    if *settling == 0 {
                        *filled = HashSet::new();
                    }
                }
            }
            Source::Overview { products, rates, last } => {
                let now = services.clock.monotonic();
                let elapsed = last.map_or(u64::MAX, |last| now.0.saturating_sub(last.0));
                if elapsed >= OVERVIEW_EVERY_MS {
                    let counts = rates.sample(products);
                    let row = OverviewRow::of(&counts, services.clock.now(), elapsed);
                    let mut events = Events::new(self.id, 0);
                    events.push(&row, out);
                    events.finish(out);
                    *last = Some(now);
                }
            }
            Source::Jobs(news) => {
                let mut events = Events::new(self.id, 0);
                loop {
                    match news.try_recv() {
                        Ok(job) if job.is_for(caller) => {
                            events.push(&JobRow::of(&job.entry, services.clock.now()), out);
                        }
                        Ok(_) => {}
                        // Of whose jobs they were nothing is known any more.
                        Err(TryRecvError::Lagged(missed)) => events.lost += missed,
                        Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                    }
                }
                events.finish(out);
            }
        }
    }
}

/// Events on their way into messages of a bounded size.
struct Events {
    id: u64,
    lost: u64,
    text: String,
}

impl Events {
    const fn new(id: u64, lost: u64) -> Self {
        Self { id, lost, text: String::new() }
    }

    fn push(&mut self, event: &impl serde::Serialize, out: &mut Vec<String>) {
        let Ok(event) = serde_json::to_string(event) else {
            tracing::error!("a live event could not be written");
            self.lost += 1;
            return;
        };
        if !self.text.is_empty() {
            self.text.push(',');
        }
        self.text.push_str(&event);
        if self.text.len() >= MESSAGE_BYTES {
            self.message(out);
        }
    }

    /// Says what is left, and what was lost even if nothing else.
    fn finish(mut self, out: &mut Vec<String>) {
        if !self.text.is_empty() || self.lost > 0 {
            self.message(out);
        }
    }

    fn message(&mut self, out: &mut Vec<String>) {
        let (id, lost) = (self.id, std::mem::take(&mut self.lost));
        out.push(format!(r#"{{"Id":{id},"Events":[{}],"Lost":{lost}}}"#, self.text));
        self.text.clear();
    }
}

/// Says that a subscription works since when, and of which kinds not everything is filled in that was missed.
pub(super) fn ready(id: u64, now: UnixMillis, missing: LiveKinds) -> String {
    let mut ready = json!({ "Time": now });
    let names = kind_names(missing);
    if !names.is_empty() {
        ready["NotFilled"] = Value::from(names);
    }
    json!({ "Id": id, "Ready": ready }).to_string()
}
