//! A message to every device of a product, on its broadcast topic (facts §2.12). It goes out in the background, one
//! broadcast at a time for a product, and ends early when nothing can be stored any more.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use parking_lot::Mutex;
use yizhan_vocabulary::ProductId;

use super::{Published, RawMessage};
use crate::features::declared::BROADCAST_PREFIX;
use crate::registry::Product;
use crate::{Devices, DevicesError};

/// Broadcasts under way at once.
const MAX_RUNNING: usize = 8;

/// The number of a broadcast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BroadcastId(pub i64);

/// Why a broadcast did not start.
#[derive(Debug, thiserror::Error)]
pub enum BroadcastError {
    /// The product has one under way.
    #[error("the product's last broadcast is still under way")]
    Running,
    /// The payload is too large.
    #[error("the payload has more than {limit} bytes")]
    TooLarge {
        /// The most it may have.
        limit: usize,
    },
    /// Anything else.
    #[error(transparent)]
    Other(#[from] DevicesError),
}

/// The products with a broadcast under way.
#[derive(Debug, Default)]
pub(crate) struct Broadcasts {
    running: Mutex<HashSet<ProductId>>,
    last: AtomicI64,
}

impl Broadcasts {
    fn begin(&self, product: ProductId, now_s: i64) -> Result<BroadcastId, BroadcastError> {
        let mut running = self.running.lock();
        if running.contains(&product) {
            return Err(BroadcastError::Running);
        }
        if running.len() >= MAX_RUNNING {
            let text = format!("{MAX_RUNNING} broadcasts are under way; wait until one has ended");
            return Err(DevicesError::LimitReached(text).into());
        }
        running.insert(product);
        // Numbers go on rising over restarts, as long as there is less than one broadcast a second.
        let next = |last: i64| Some((last + 1).max(now_s));
        let last = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).unwrap_or(now_s);
        Ok(BroadcastId((last + 1).max(now_s)))
    }

    fn end(&self, product: &ProductId) {
        self.running.lock().remove(product);
    }
}

impl Devices {
    /// Starts sending `payload` to every enabled device of the product.
    pub fn broadcast(
        &self,
        product: &ProductId,
        payload: Vec<u8>,
        qos: u8,
        source: &str,
    ) -> Result<BroadcastId, BroadcastError> {
        let product = self.known_product(product)?;
        let limit = self.0.config.max_payload_bytes;
        if payload.len() > limit {
            return Err(BroadcastError::TooLarge { limit });
        }
        let id = self.0.broadcasts.begin(product.id, self.0.clock.now().seconds())?;
        let (devices, product_id) = (self.clone(), product.id);
        let message = RawMessage { topic: String::new(), payload, qos, source: source.to_owned() };
        let spawned = thread::Builder::new().name("broadcast".to_owned()).spawn(move || {
            devices.send_broadcast(&product, &message);
            devices.0.broadcasts.end(&product.id);
        });
        if let Err(error) = spawned {
            self.0.broadcasts.end(&product_id);
            return Err(DevicesError::Unavailable(format!("no thread for the broadcast: {error}")).into());
        }
        Ok(id)
    }

    fn send_broadcast(&self, product: &Arc<Product>, message: &RawMessage) {
        let (mut sent, mut queued, mut refused) = (0_usize, 0_usize, 0_usize);
        for device in product.devices() {
            if self.journal().accepting().is_err() {
                tracing::warn!(product = %product.id, "a broadcast ended early: nothing can be stored now");
                break;
            }
            let topic = format!("{BROADCAST_PREFIX}{}", device.topic_suffix());
            match self.publish(&device, RawMessage { topic, ..message.clone() }) {
                Ok(Published::Sent) => sent += 1,
                Ok(Published::Queued) => queued += 1,
                Err(_) => refused += 1,
            }
        }
        tracing::info!(product = %product.id, sent, queued, refused, "a broadcast has ended");
    }
}
