//! Carrying a batch out, one step at a time. A step takes the product's lock for as long as a few hundred rows take;
//! keys of certificates are made outside of it, because each takes a good part of a second.

use std::sync::Arc;
use std::time::Duration;

use yizhan_identity::DeviceSecret;
use yizhan_identity::authority::{Authority, KeyKind};
use yizhan_store::{AuthMode, BatchBurn, BatchRow, BatchState, BatchStep, Secret};
use yizhan_vocabulary::DeviceName;

use super::Batches;
use crate::DevicesError;
use crate::registry::{Product, new_certificate};

/// Devices made in one transaction.
const DEVICES_A_STEP: u32 = 200;
/// Certificates made before another batch has its turn.
const CERTIFICATES_A_STEP: u32 = 4;

impl Batches {
    /// Waits until there may be something to do, or for `patience`.
    pub fn wait(&self, patience: Duration) {
        let mut news = self.0.news.lock();
        if !*news {
            self.0.woken.wait_for(&mut news, patience);
        }
        *news = false;
    }

    /// Ends a wait early; for whoever stops the server.
    pub fn interrupt(&self) {
        self.wake();
    }

    /// Carries the batch that has waited longest one step further. False when nothing is left to do.
    pub fn step(&self, authority: &Authority) -> Result<bool, DevicesError> {
        let Some(batch) = self.0.store.next_batch()? else { return Ok(false) };
        let Some(product) = self.0.devices.product(&batch.product) else {
            // Its rows go with the product's; nothing can be made for it meanwhile.
            return Ok(self.0.store.defer_batch(batch.number, self.0.clock.now()).map(|()| false)?);
        };
        let stepped = match batch.state {
            BatchState::Finishing => self.make_certificates(&batch, &product, authority),
            _ => self.make_devices(&batch, &product),
        };
        match stepped {
            Ok(()) => Ok(true),
            Err(DevicesError::LimitReached(reason)) => self.end_early(&batch, &reason),
            Err(DevicesError::LicencesUsedUp(reason)) => self.end_early(&batch, reason),
            Err(error) => {
                self.0.store.defer_batch(batch.number, self.0.clock.now())?;
                Err(error)
            }
        }
    }

    fn end_early(&self, batch: &BatchRow, reason: &str) -> Result<bool, DevicesError> {
        self.0.store.finish_batch(batch.number, reason, self.0.clock.now())?;
        tracing::warn!(batch = batch.id, reason, "a batch ended early");
        Ok(true)
    }

    fn make_devices(&self, batch: &BatchRow, product: &Arc<Product>) -> Result<(), DevicesError> {
        let waiting = self.0.store.waiting_batch_rows(batch.number, DEVICES_A_STEP)?;
        if waiting.is_empty() {
            return self.after_devices(batch, product);
        }
        let now = self.0.clock.now();
        let _changing = product.changing.lock();
        let mut positions = Vec::with_capacity(waiting.len());
        let mut names = Vec::with_capacity(waiting.len());
        let mut refused = Vec::new();
        for (position, text) in waiting {
            match DeviceName::parse(&text) {
                Err(error) => refused.push((position, error.to_string())),
                Ok(name) if product.device(name.as_str()).is_some() => {
                    refused.push((position, "the product has a device with this name already".to_owned()));
                }
                Ok(name) => {
                    positions.push(position);
                    names.push(name);
                }
            }
        }
        let write = |rows: &[yizhan_store::NewDevice]| {
            let devices = positions.into_iter().zip(rows.iter().cloned()).collect();
            self.0.store.make_batch_devices(batch.number, &BatchStep { devices, refused }, now)
        };
        let named = names.into_iter().map(|name| (name, DeviceSecret::generate()));
        self.0.devices.insert_devices_through(product, named, false, write).map(drop)
    }

    /// All devices are made: some of them still need certificates.
    fn after_devices(&self, batch: &BatchRow, product: &Product) -> Result<(), DevicesError> {
        // Where the account's own authority vouches for the devices, it is that authority which certifies them.
        let certified = product.auth == AuthMode::Certificate
            && batch.burn == BatchBurn::Direct
            && self.0.devices.authority_of(&product.id).is_none();
        if certified && batch.made > 0 {
            return Ok(self.0.store.begin_certificates(batch.number, self.0.clock.now())?);
        }
        self.finish(batch)
    }

    fn make_certificates(
        &self,
        batch: &BatchRow,
        product: &Product,
        authority: &Authority,
    ) -> Result<(), DevicesError> {
        let rows = self.0.store.batch_rows_without_certificate(batch.number, CERTIFICATES_A_STEP)?;
        if rows.is_empty() {
            return self.finish(batch);
        }
        for (position, id) in rows {
            // A device deleted meanwhile takes its place with it.
            let Some(device) = self.0.devices.device(id) else { continue };
            let now = self.0.clock.now();
            let (issued, row) = new_certificate(authority, &device, KeyKind::Rsa2048, now)?;
            let key = Secret::new(issued.private_key.as_str());
            let _changing = product.changing.lock();
            if device.deleted() {
                continue;
            }
            self.0.certificates.register(&row, || {
                self.0.store.add_batch_certificate(batch, position, device.name.as_str(), &row, &key, now)
            })?;
        }
        Ok(())
    }

    fn finish(&self, batch: &BatchRow) -> Result<(), DevicesError> {
        let failure = match batch.refused {
            0 => String::new(),
            refused => {
                let rows = self.0.store.batch_devices(batch.number)?;
                let first = rows.iter().find(|row| !row.made).map_or("", |row| row.problem.as_str());
                format!("{refused} of {} devices were not made; the first one: {first}", batch.wanted)
            }
        };
        self.0.store.finish_batch(batch.number, &failure, self.0.clock.now())?;
        tracing::info!(batch = batch.id, made = batch.made, refused = batch.refused, "a batch is done");
        Ok(())
    }
}
