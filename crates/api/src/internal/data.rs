//! What devices said and what happened to them: last values, history, logs, refusals.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use yizhan_devices::{Cursor, HistoryQuery, LatestValue, LogName, LogPage, LogQuery, Order, TimeRange};
use yizhan_observe::Refusal;
use yizhan_vocabulary::UnixMillis;

use super::{blocking, find_device};
use crate::answer::{Answer, ApiError};
use crate::extract::{Json, Path, Query};
use crate::services::Services;

/// Entries in a page that does not say how many.
const DEFAULT_LIMIT: usize = 100;

#[derive(Serialize)]
pub(crate) struct Properties {
    properties: BTreeMap<Box<str>, LatestValue>,
}

pub(crate) async fn properties(
    State(services): State<Arc<Services>>,
    Path((product, device)): Path<(String, String)>,
) -> Answer<Json<Properties>> {
    let latest =
        move |services: &Services| Ok(services.devices.latest(&find_device(services, &product, &device)?)?);
    Ok(Json(Properties { properties: blocking(&services, latest).await? }))
}

/// Which part of a history or a log. Times are milliseconds since 1970; `from` is included, `to` is not.
#[derive(Deserialize)]
pub(crate) struct Part {
    property: Option<String>,
    from: Option<i64>,
    to: Option<i64>,
    limit: Option<usize>,
    order: Option<Direction>,
    cursor: Option<String>,
    bucket: Option<u64>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Direction {
    Asc,
    Desc,
}

impl Part {
    fn range(&self) -> TimeRange {
        TimeRange { from: self.from.map(UnixMillis), to: self.to.map(UnixMillis) }
    }

    fn order(&self, default: Order) -> Order {
        match self.order {
            Some(Direction::Asc) => Order::Ascending,
            Some(Direction::Desc) => Order::Descending,
            None => default,
        }
    }

    fn cursor(&self) -> Answer<Option<Cursor>> {
        let parse =
            |text: &String| text.parse::<Cursor>().map_err(|_| ApiError::invalid("the cursor is not valid"));
        self.cursor.as_ref().map(parse).transpose()
    }
}

pub(crate) async fn history(
    State(services): State<Arc<Services>>,
    Path((product, device)): Path<(String, String)>,
    Query(part): Query<Part>,
) -> Answer<Response> {
    let property = part.property.clone().ok_or_else(|| ApiError::invalid("property is required"))?;
    let query = HistoryQuery {
        range: part.range(),
        order: part.order(Order::Ascending),
        limit: part.limit.unwrap_or(DEFAULT_LIMIT),
        cursor: part.cursor()?,
    };
    let read = move |services: &Services| {
        let device = find_device(services, &product, &device)?;
        Ok(match part.bucket {
            Some(bucket_ms) => {
                let range = query.range;
                Json(services.devices.history_buckets(&device, &property, range, bucket_ms)?).into_response()
            }
            None => Json(services.devices.history(&device, &property, &query)?).into_response(),
        })
    };
    blocking(&services, read).await
}

pub(crate) async fn logs(
    State(services): State<Arc<Services>>,
    Path((product, device, log)): Path<(String, String, String)>,
    Query(part): Query<Part>,
) -> Answer<Json<LogPage>> {
    let log = LogName::parse(&log).ok_or_else(|| ApiError::not_found("there is no such log"))?;
    let query = LogQuery {
        range: part.range(),
        order: part.order(Order::Descending),
        limit: part.limit.unwrap_or(DEFAULT_LIMIT),
        cursor: part.cursor()?,
    };
    let read = move |services: &Services| {
        let device = find_device(services, &product, &device)?;
        Ok(services.devices.logs(&device, log, &query)?)
    };
    Ok(Json(blocking(&services, read).await?))
}

#[derive(Deserialize)]
pub(crate) struct Newest {
    limit: Option<usize>,
}

#[derive(Serialize)]
pub(crate) struct Refusals {
    refusals: Vec<Refusal>,
}

pub(crate) async fn refusals(
    State(services): State<Arc<Services>>,
    Query(newest): Query<Newest>,
) -> Json<Refusals> {
    Json(Refusals { refusals: services.metrics.refusals.newest(newest.limit.unwrap_or(DEFAULT_LIMIT)) })
}
