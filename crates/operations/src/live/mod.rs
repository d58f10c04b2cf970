//! Watching live: what a client asks to watch, whether it may, and the rows that it is shown. Which connection carries it
//! is the surface's concern; what becomes of a device is `yizhan_devices::live`'s.
//!
//! What must stay true: a subscription is decided exactly as the operations are that show the same, by the same lookups
//! and under their names, now and again while it lasts.

mod job;
mod overview;
mod row;

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use yizhan_devices::{Device, LiveKinds, LivePlace, LiveScope, Product};
use yizhan_vocabulary::UnixMillis;

use crate::call::{Call, Caller};
use crate::failure::{Code, Failure, Outcome};
use crate::platform::Platform;
use crate::{find_in_console, lenient};

pub use job::JobRow;
pub use overview::OverviewRow;
pub use row::LogRow;

/// Shows everything that logs keep.
const LOGS: &str = "DescribeLogs";
/// Shows values.
const VALUES: &str = "DescribeDeviceData";
/// Shows totals.
const TOTALS: &str = "GetDeviceSumStatistics";

/// The kinds of entries by the names that clients use.
pub(crate) const KINDS: &[(&str, LiveKinds)] = &[
    ("Messages", LiveKinds::MESSAGES),
    ("Values", LiveKinds::VALUES),
    ("Presence", LiveKinds::PRESENCE),
    ("Diagnostics", LiveKinds::DIAGNOSTICS),
    ("Commands", LiveKinds::COMMANDS),
    ("Events", LiveKinds::EVENTS),
    ("DeviceLogs", LiveKinds::DEVICE_LOGS),
];

/// The names of some kinds.
pub fn kind_names(kinds: LiveKinds) -> Vec<&'static str> {
    KINDS.iter().filter(|(_, kind)| kinds.has(*kind)).map(|(name, _)| *name).collect()
}

/// What a client asks to watch.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LiveRequest {
    kind: String,
    product_id: Option<String>,
    device_name: Option<String>,
    project_id: Option<String>,
    what: Option<Vec<String>>,
    after: Option<After>,
}

/// The last thing that the client saw before it lost its connection.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct After {
    /// Milliseconds.
    time: i64,
    /// The `Seq` of the row, if there was one.
    seq: Option<String>,
}

/// What may be watched.
pub enum LiveTarget {
    /// What devices do.
    Devices {
        /// Whose.
        scope: LiveScope,
        /// The kinds of entries.
        kinds: LiveKinds,
        /// The device whose missed entries can be filled in.
        device: Option<Arc<Device>>,
    },
    /// Rates and totals over these products.
    Overview(Vec<Arc<Product>>),
    /// The account's jobs.
    Jobs,
}

impl LiveRequest {
    /// Reads a request.
    pub fn read(request: Value) -> Outcome<Self> {
        lenient::read(request)
    }

    /// Whether everything may be watched that is asked for, and what that is now.
    pub fn authorise(&self, platform: &Arc<Platform>, caller: &Caller) -> Outcome<LiveTarget> {
        let call = |name: &str| {
            let operation = find_in_console(name)
                .ok_or_else(|| Failure::new(Code::UnsupportedOperation).because(name.to_owned()))?;
            Ok(Call::new(Arc::clone(platform), caller.clone(), operation, None))
        };
        match self.kind.as_str() {
            "Overview" => Ok(LiveTarget::Overview(self.products(&call(TOTALS)?)?)),
            "Jobs" => Ok(LiveTarget::Jobs),
            _ => {
                let kinds = kinds_of(self.what.as_deref())?;
                let calls: Vec<Call> = operations_for(kinds).map(call).collect::<Outcome<_>>()?;
                self.devices(&calls, kinds)
            }
        }
    }

    fn devices(&self, calls: &[Call], kinds: LiveKinds) -> Outcome<LiveTarget> {
        let mut device = None;
        let scope = match self.kind.as_str() {
            "Device" => {
                for call in calls {
                    device = Some(call.device(named(&self.product_id)?, named(&self.device_name)?)?);
                }
                let found = device.as_ref().ok_or_else(|| invalid("What names nothing"))?;
                LiveScope::Device(found.id)
            }
            "Product" => {
                let mut products = Vec::new();
                for call in calls {
                    products = vec![call.product(named(&self.product_id)?)?.id];
                }
                LiveScope::Products(products)
            }
            "Project" => {
                let mut products: Option<Vec<_>> = None;
                for call in calls {
                    let open: Vec<_> = self.products(call)?.iter().map(|product| product.id).collect();
                    match &mut products {
                        Some(products) => products.retain(|product| open.contains(product)),
                        None => products = Some(open),
                    }
                }
                LiveScope::Products(products.unwrap_or_default())
            }
            _ => return Err(invalid("Kind is Device, Product, Project, Overview or Jobs")),
        };
        Ok(LiveTarget::Devices { scope, kinds, device })
    }

    /// The products of the project, or of the whole account if none is named, that the caller may see.
    fn products(&self, call: &Call) -> Outcome<Vec<Arc<Product>>> {
        match self.project_id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => {
                let project = call.project(id)?;
                Ok(call.products_of(&project.id))
            }
            None => Ok(call.every_product()),
        }
    }

    /// Where the client left off.
    pub fn place(&self) -> Outcome<Option<LivePlace>> {
        let Some(after) = &self.after else { return Ok(None) };
        let seq = after.seq.as_deref().map_or(Ok(0), str::parse::<u64>);
        let seq = seq.map_err(|_| invalid("After.Seq is not one that an event had"))?;
        Ok(Some(LivePlace { time: UnixMillis(after.time), seq }))
    }
}

/// The operations under whose names kinds are decided.
pub(crate) fn operations_for(kinds: LiveKinds) -> impl Iterator<Item = &'static str> {
    let only_values = kinds == LiveKinds::VALUES;
    let values = kinds.has(LiveKinds::VALUES).then_some(VALUES);
    values.into_iter().chain((!only_values).then_some(LOGS))
}

/// The kinds that are named; all without any.
pub(crate) fn kinds_of(names: Option<&[String]>) -> Outcome<LiveKinds> {
    let names = names.unwrap_or_default();
    if names.is_empty() {
        return Ok(KINDS.iter().fold(LiveKinds::default(), |all, (_, kind)| all.and(*kind)));
    }
    let mut kinds = LiveKinds::default();
    for name in names {
        let kind = KINDS.iter().find(|(known, _)| known == name).map(|(_, kind)| *kind);
        kinds = kinds.and(kind.ok_or_else(|| {
            let known: Vec<_> = KINDS.iter().map(|(name, _)| *name).collect();
            invalid(format!("What has {}", known.join(", ")))
        })?);
    }
    Ok(kinds)
}

fn named(id: &Option<String>) -> Outcome<&str> {
    id.as_deref().ok_or_else(|| Failure::new(Code::MissingParameter).because("ProductId, DeviceName"))
}

fn invalid(why: impl Into<std::borrow::Cow<'static, str>>) -> Failure {
    Failure::new(Code::InvalidParameterValue).because(why)
}
