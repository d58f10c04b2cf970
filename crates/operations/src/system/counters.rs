//! Counters and measured values: now, and how they went.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};

/// Metrics that one answer has the history of.
const MAX_NAMES: usize = 64;
/// Minutes and points of an answer where the request does not say.
const DEFAULT_MINUTES: i64 = 60;
const DEFAULT_POINTS: i64 = 240;
const MAX_MINUTES: i64 = 24 * 60;

/// Nothing to say.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct DescribeCounters {}

/// Every counter and measured value.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Counters {
    counters: Vec<CounterEntry>,
    /// Milliseconds since 1970.
    time: i64,
    /// When the server started, and all counters with it; milliseconds since 1970.
    started_at: i64,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct CounterEntry {
    name: String,
    /// What tells it from others of this name, such as a reason; empty if nothing does.
    label: String,
    /// What it says.
    about: String,
    /// Whether it only grows while the server runs; otherwise it is measured at the moment.
    is_counter: bool,
    value: f64,
}

pub(crate) async fn describe(call: Call, _request: DescribeCounters) -> Outcome<Counters> {
    call.operator()?;
    let system = &call.platform().system;
    let entry = |sample: yizhan_observe::Sample| CounterEntry {
        name: sample.name.to_owned(),
        label: sample.label.map(|label| label.1.to_owned()).unwrap_or_default(),
        about: sample.help.to_owned(),
        is_counter: sample.is_counter,
        value: sample.value,
    };
    Ok(Counters {
        counters: system.samples().into_iter().map(entry).collect(),
        time: call.now().0,
        started_at: system.parts.started_at.0,
    })
}

/// Which counters.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeCounterHistory {
    /// Up to 64: `name`, which is the sum over its labels, or `name:label`.
    names: Vec<String>,
    /// How far back; 1 to 1440, 60 if it is not given.
    minutes: Option<i64>,
    /// Points at most; 240 if it is not given.
    max_points: Option<i64>,
}

/// How counters went.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CounterHistory {
    /// The moments, oldest first; milliseconds since 1970. One a minute since the server started.
    times: Vec<i64>,
    series: Vec<CounterSeries>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct CounterSeries {
    name: String,
    /// A value for each moment, as it was read then: of a counter the sum since the start. Empty where there is no such
    /// metric.
    values: Vec<f64>,
}

pub(crate) async fn history(call: Call, request: DescribeCounterHistory) -> Outcome<CounterHistory> {
    call.operator()?;
    let within = |name: &str, value: Option<i64>, default: i64| {
        let value = value.filter(|value| *value != 0).unwrap_or(default);
        let why = || {
            Failure::new(Code::InvalidParameterValue)
                .because(format!("{name} is between 1 and {MAX_MINUTES}"))
        };
        if (1..=MAX_MINUTES).contains(&value) { Ok(value) } else { Err(why()) }
    };
    let minutes = within("Minutes", request.minutes, DEFAULT_MINUTES)?;
    let points = within("MaxPoints", request.max_points, DEFAULT_POINTS)?;
    if request.names.len() > MAX_NAMES {
        let why = format!("{MAX_NAMES} names at most");
        return Err(Failure::new(Code::InvalidParameterValue).because(why));
    }
    let from = call.now().plus_ms(-minutes * 60_000);
    let most = usize::try_from(points).unwrap_or(usize::MAX);
    let found = call.platform().system.history.series(from, &request.names, most);
    let series = request.names.into_iter().zip(found.values);
    Ok(CounterHistory {
        times: found.times.into_iter().map(|at| at.0).collect(),
        series: series
            .map(|(name, values)| CounterSeries { name, values: values.unwrap_or_default() })
            .collect(),
    })
}
