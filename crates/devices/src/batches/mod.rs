//! Batch production (console guide, 批量投产 and 量产管理; facts §4.2.6): many devices of one product, made in the
//! background, with what a factory needs of each of them in one file.
//!
//! A batch is written with all of its places before anything is made. A thread of the server then calls
//! [`Batches::step`] again and again; each step is one transaction that makes some devices and says which places they
//! fill. So a batch goes on after a crash where it stood, no place is filled twice, and its progress can be seen.
//!
//! What must stay true: one batch of a product runs at a time; what a batch made is what its result shows; and the
//! result is put together when it is asked for, so that no secret of a device lies in a file.

mod names;
mod result;
mod step;

use std::sync::Arc;

use parking_lot::{Condvar, Mutex};
use yizhan_identity::BindingSigner;
use yizhan_store::{
    BatchBurn, BatchDeviceRow, BatchNaming, BatchRow, BatchState, NewBatch, PlannedDevice, ReleaseStatus,
    Store, StoreError,
};
use yizhan_vocabulary::{Clock, ProductId};

pub use names::{NamesFileError, read_names};
pub use result::binding_text;

use crate::registry::{CertificateDirectory, Product};
use crate::{Devices, DevicesError};

/// Batches a product may have had before old ones must go: enough for years of daily production.
const MAX_BATCHES_OF_PRODUCT: u64 = 5_000;
/// Batches that one page of a list holds at most.
pub const MAX_BATCH_PAGE: u64 = 200;

/// Makes batches and carries them out. Cloning is cheap; every clone is the same.
#[derive(Clone)]
pub struct Batches(Arc<Inner>);

struct Inner {
    devices: Devices,
    store: Arc<Store>,
    certificates: Arc<CertificateDirectory>,
    bindings: Arc<BindingSigner>,
    clock: Arc<dyn Clock>,
    max_devices: usize,
    /// True when there may be something to do that nobody has looked at.
    news: Mutex<bool>,
    woken: Condvar,
}

/// What a batch is to make.
#[derive(Debug, Clone)]
pub struct BatchRequest {
    /// Whose devices.
    pub product: ProductId,
    /// The account that asks.
    pub creator: i64,
    /// How they get their credentials.
    pub burn: BatchBurn,
    /// What they are called.
    pub names: BatchNames,
    /// Whether each gets a QR code.
    pub qr_codes: bool,
    /// Whether the product must be published.
    pub published_only: bool,
}

/// What the devices of a batch are called.
#[derive(Debug, Clone)]
pub enum BatchNames {
    /// Made-up names, so many.
    Generated(usize),
    /// Those of an uploaded file.
    Uploaded {
        /// Where the file is from.
        url: String,
        /// Its names, as they stand there.
        names: Vec<String>,
    },
    /// A prefix and a number that counts on from the highest there is.
    Prefixed {
        /// The prefix.
        prefix: String,
        /// How many.
        count: usize,
    },
}

/// Why there will be no batch.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// Another batch of the product has not ended.
    #[error("a batch of product {0} is still running; wait for its end")]
    Running(ProductId),
    /// More devices than one batch may make.
    #[error("one batch makes {0} devices at most")]
    TooMany(usize),
    /// The product is not published, and must be.
    #[error("product {0} is not published")]
    NotPublished(ProductId),
    /// No device at all.
    #[error("the batch names no device")]
    Empty,
    /// The product has had too many batches.
    #[error("product {0} has had {MAX_BATCHES_OF_PRODUCT} batches; no more are kept")]
    TooManyBatches(ProductId),
    /// Anything else.
    #[error(transparent)]
    Devices(#[from] DevicesError),
}

impl From<StoreError> for BatchError {
    fn from(error: StoreError) -> Self {
        Self::Devices(error.into())
    }
}

/// What batches need of the server.
pub struct BatchParts {
    /// Products and devices.
    pub devices: Devices,
    /// The registry.
    pub store: Arc<Store>,
    /// Device certificates.
    pub certificates: Arc<CertificateDirectory>,
    /// Signs the codes that are printed on devices.
    pub bindings: Arc<BindingSigner>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl Batches {
    /// Batches over these parts.
    pub fn new(parts: BatchParts) -> Self {
        let max_devices = parts.devices.max_batch_creation();
        Self(Arc::new(Inner {
            devices: parts.devices,
            store: parts.store,
            certificates: parts.certificates,
            bindings: parts.bindings,
            clock: parts.clock,
            max_devices,
            // The last run may have left something.
            news: Mutex::new(true),
            woken: Condvar::new(),
        }))
    }

    /// The most devices one batch makes.
    pub fn max_devices(&self) -> usize {
        self.0.max_devices
    }

    /// Writes a batch down; its devices are made in the background.
    pub fn create(&self, request: BatchRequest) -> Result<BatchRow, BatchError> {
        let inner = &*self.0;
        let product = inner.devices.known_product(&request.product)?;
        if inner.store.batch_count(&product.id)? >= MAX_BATCHES_OF_PRODUCT {
            return Err(BatchError::TooManyBatches(product.id));
        }
        let (naming, upload_url, prefix, planned) = self.plan(&product, request.names)?;
        let batch = NewBatch {
            id: names::batch_id(),
            product: product.id,
            creator: request.creator,
            burn: request.burn,
            naming,
            upload_url,
            prefix,
            qr_codes: request.qr_codes,
            created_at: inner.clock.now(),
        };
        // Nobody withdraws the product between the look and the batch.
        let changing = product.changing.lock();
        if request.published_only && product.settings().profile.status != ReleaseStatus::Released {
            return Err(BatchError::NotPublished(product.id));
        }
        let created = inner.store.create_batch(&batch, &planned);
        drop(changing);
        created.map_err(|error| match error {
            StoreError::Conflict(_) => BatchError::Running(product.id),
            other => other.into(),
        })?;
        self.wake();
        Ok(self.batch(&batch.id)?)
    }

    fn plan(
        &self,
        product: &Product,
        names: BatchNames,
    ) -> Result<(BatchNaming, String, String, Vec<PlannedDevice>), BatchError> {
        let planned = |names: Vec<String>| {
            let fine = |name| PlannedDevice { name, problem: None };
            names.into_iter().map(fine).collect()
        };
        Ok(match names {
            BatchNames::Generated(count) => {
                self.check_count(count)?;
                let names = names::generated(product, count);
                (BatchNaming::Generated, String::new(), String::new(), planned(names))
            }
            BatchNames::Prefixed { prefix, count } => {
                self.check_count(count)?;
                let names = names::counted(product, &prefix, count)?;
                (BatchNaming::Prefixed, String::new(), prefix, planned(names))
            }
            BatchNames::Uploaded { url, names } => {
                self.check_count(names.len())?;
                (BatchNaming::Uploaded, url, String::new(), names::checked(names))
            }
        })
    }

    fn check_count(&self, count: usize) -> Result<(), BatchError> {
        match count {
            0 => Err(BatchError::Empty),
            count if count > self.0.max_devices => Err(BatchError::TooMany(self.0.max_devices)),
            _ => Ok(()),
        }
    }

    /// The batch with this id.
    pub fn batch(&self, id: &str) -> Result<BatchRow, DevicesError> {
        self.0.store.batch(id)?.ok_or_else(|| DevicesError::NotFound("there is no such batch".to_owned()))
    }

    /// The batch with this number.
    pub fn batch_numbered(&self, number: i64) -> Result<BatchRow, DevicesError> {
        let batch = self.0.store.batch_numbered(number)?;
        batch.ok_or_else(|| DevicesError::NotFound("there is no such batch".to_owned()))
    }

    /// A page of the batches of some products, newest first, and how many there are.
    pub fn list(
        &self,
        products: &[ProductId],
        offset: u64,
        limit: u64,
    ) -> Result<(Vec<BatchRow>, u64), DevicesError> {
        Ok(self.0.store.batches(products, offset, limit.min(MAX_BATCH_PAGE))?)
    }

    /// What became of each device of a batch, in its order.
    pub fn devices(&self, batch: &BatchRow) -> Result<Vec<BatchDeviceRow>, DevicesError> {
        Ok(self.0.store.batch_devices(batch.number)?)
    }

    fn wake(&self) {
        *self.0.news.lock() = true;
        self.0.woken.notify_all();
    }
}

/// What the compatible surface calls a batch's state (facts, DescribeBatchProduction.Status).
pub const fn status_number(state: BatchState) -> u8 {
    match state {
        BatchState::Created => 0,
        BatchState::Running => 1,
        BatchState::Finishing => 2,
        BatchState::Done => 3,
    }
}
