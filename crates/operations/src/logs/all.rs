//! Every log in one list: what devices sent and were sent, their presence, problems, commands, events and own lines,
//! newest first, as the console shows them.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::{Device, LiveKinds, LogName, LogQuery, LogView, Product};
use yizhan_vocabulary::UnixMillis;

use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::live::{LogRow, kinds_of};
use crate::platform::Platform;
use crate::range::{OneNumber, cursor_of, milliseconds};

const DEFAULT_LIMIT: i64 = 100;
const MAX_LIMIT: i64 = 1_000;
/// The longest text that is looked for.
const MAX_TEXT: usize = 256;
/// Without a beginning, this long before the end.
const DEFAULT_SPAN_MS: i64 = 24 * 3_600_000;

/// Which rows.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeLogs {
    /// Only of this project; of the whole account if neither this nor a product is named.
    project_id: Option<String>,
    /// Only of this product.
    product_id: Option<String>,
    /// Only of this device of the product.
    device_name: Option<String>,
    /// Any of `Messages`, `Presence`, `Diagnostics`, `Commands`, `Events` and `DeviceLogs`; all without any.
    what: Option<Vec<String>>,
    /// The first moment, in milliseconds; a day before the last one if it is not given.
    min_time: Option<i64>,
    /// The last moment, in milliseconds; now if it is not given.
    max_time: Option<i64>,
    /// Only rows that contain this, whatever the case of letters.
    text: Option<String>,
    /// Only messages whose topic contains this.
    topic: Option<String>,
    /// Only messages this way: `up` or `down`.
    direction: Option<String>,
    /// Only commands in these states, lines of these levels and events of these types.
    grades: Option<Vec<String>>,
    /// 1 to 1000; 100 if it is not given.
    limit: Option<OneNumber>,
    /// Where the last page ended.
    context: Option<String>,
}

/// A page of rows.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Logs {
    rows: Vec<LogRow>,
    /// To be given back for the next page; empty if this was all. A page without rows may have one: only so much is
    /// looked at in one go.
    context: String,
    /// Everything that fits from this moment on is on this page and those before it, in milliseconds.
    complete_since: i64,
}

/// Which rows fit.
#[derive(Default)]
struct Filter {
    text: Option<String>,
    topic: Option<String>,
    direction: Option<String>,
    grades: Vec<String>,
}

impl Filter {
    fn of(request: &DescribeLogs) -> Outcome<Self> {
        let lowered = |text: &Option<String>| {
            let text = text.as_deref().map(str::trim).filter(|text| !text.is_empty());
            if text.is_some_and(|text| text.len() > MAX_TEXT) {
                return Err(invalid("Text and Topic have at most 256 bytes"));
            }
            Ok(text.map(str::to_lowercase))
        };
        let direction = request.direction.clone().filter(|direction| !direction.is_empty());
        if direction.as_deref().is_some_and(|direction| !matches!(direction, "up" | "down")) {
            return Err(invalid("Direction is up or down"));
        }
        let grades = request.grades.clone().unwrap_or_default();
        Ok(Self { text: lowered(&request.text)?, topic: lowered(&request.topic)?, direction, grades })
    }

    fn is_open(&self) -> bool {
        self.text.is_none() && self.topic.is_none() && self.direction.is_none() && self.grades.is_empty()
    }

    fn fits(&self, device: &Device, view: &LogView) -> bool {
        if self.is_open() {
            return true;
        }
        let row = LogRow::of(device, view.clone());
        self.direction.as_deref().is_none_or(|direction| row.goes(direction))
            && self.topic.as_deref().is_none_or(|topic| row.has_topic(topic))
            && self.text.as_deref().is_none_or(|text| row.has_text(text))
            && (self.grades.is_empty()
                || row.grade().is_some_and(|grade| self.grades.iter().any(|wanted| wanted == grade)))
    }
}

/// Where to look.
enum Place {
    Device(Arc<Device>),
    Products(Vec<Arc<Product>>),
}

impl Place {
    fn of(call: &Call, request: &DescribeLogs) -> Outcome<Self> {
        let given = |id: &Option<String>| id.clone().filter(|id| !id.is_empty());
        match (given(&request.product_id), given(&request.device_name), given(&request.project_id)) {
            (Some(product), Some(device), _) => Ok(Self::Device(call.device(&product, &device)?)),
            (Some(product), None, _) => Ok(Self::Products(vec![call.product(&product)?])),
            (None, Some(_), _) => {
                call.account()?;
                Err(invalid("DeviceName is a device of a product: name the product as well"))
            }
            (None, None, Some(project)) => {
                let project = call.project(&project)?;
                Ok(Self::Products(call.products_of(&project.id)))
            }
            // Those that the caller may see, perhaps none.
            (None, None, None) => Ok(Self::Products(call.every_product())),
        }
    }

    /// The devices that may have rows in the range.
    fn devices(self, platform: &Platform, query: &LogQuery) -> Outcome<Vec<Arc<Device>>> {
        /// Devices that one search looks at, whatever number of products they are of.
        const MAX_DEVICES: usize = 1_000;
        let products = match self {
            Self::Device(device) => return Ok(vec![device]),
            Self::Products(products) => products,
        };
        let mut found = Vec::new();
        for product in products {
            found.extend(platform.devices.devices_to_search(&product, query)?);
            if found.len() > MAX_DEVICES {
                return Err(invalid(
                    "more than 1000 devices were connected in this time; name a product, a device or a shorter time",
                ));
            }
        }
        Ok(found)
    }
}

pub(crate) async fn describe(call: Call, request: DescribeLogs) -> Outcome<Logs> {
    let place = Place::of(&call, &request)?;
    let logs = logs_of(kinds_of(request.what.as_deref())?);
    let last = request.max_time.unwrap_or_else(|| call.now().0);
    let first = request.min_time.unwrap_or_else(|| last.saturating_sub(DEFAULT_SPAN_MS));
    let filter = Filter::of(&request)?;
    let mut query = LogQuery::newest(
        milliseconds(first, last)?,
        OneNumber::limit(request.limit, DEFAULT_LIMIT, MAX_LIMIT)?,
    );
    query.cursor = cursor_of(request.context.as_deref())?;
    call.blocking(move |platform| {
        let devices = place.devices(platform, &query)?;
        let page = platform
            .devices
            .newest_of_many(&devices, &logs, &query, |device, view| filter.fits(device, view))
            .map_err(Failure::from)?;
        Ok::<_, Failure>(Logs {
            complete_since: page.since.map_or(first, |UnixMillis(since)| since),
            context: page.next.unwrap_or_default(),
            rows: page.entries.into_iter().map(|entry| LogRow::of(&entry.device, entry.view)).collect(),
        })
    })
    .await
}

fn logs_of(kinds: LiveKinds) -> Vec<LogName> {
    const LOGS: &[(LiveKinds, LogName)] = &[
        (LiveKinds::MESSAGES, LogName::Content),
        (LiveKinds::PRESENCE, LogName::Connection),
        (LiveKinds::DIAGNOSTICS, LogName::Diagnostic),
        (LiveKinds::COMMANDS, LogName::Command),
        (LiveKinds::EVENTS, LogName::Event),
        (LiveKinds::DEVICE_LOGS, LogName::Device),
    ];
    LOGS.iter().filter(|(kind, _)| kinds.has(*kind)).map(|(_, log)| *log).collect()
}

fn invalid(why: &'static str) -> Failure {
    Failure::new(Code::InvalidParameterValue).because(why)
}
