//! What one report costs on the hot path: envelope, then validation against the model.
//! `cargo run --release -p yizhan-vocabulary --example report_cost`

use std::hint::black_box;
use std::time::Instant;

use yizhan_vocabulary::model::{Direction, LAMP_MODEL, PropertyNumber, ThingModel};
use yizhan_vocabulary::thing::PropertyUplink;

/// Rounds of one measurement: short enough to fit between two turns of the scheduler.
const ROUNDS: u32 = 4_000;
/// Measurements; the fastest counts, so that a busy machine does not blur the result.
const MEASUREMENTS: u32 = 500;

#[expect(clippy::print_stdout, reason = "the example's purpose is its output")]
fn main() {
    let model = ThingModel::parse(LAMP_MODEL, &mut |_| PropertyNumber(1)).expect("the lamp's model is valid");
    let payload = br#"{"method":"report","clientToken":"DEMOPROD01dev001-1795220127-000042","timestamp":1795220127000,"params":{"power_switch":1,"color":2,"brightness":73,"name":"living room, window"}}"#;
    let mut points = Vec::new();
    let mut best = [f64::MAX; 2];
    for _ in 0..MEASUREMENTS {
        let started = Instant::now();
        for _ in 0..ROUNDS {
            black_box(PropertyUplink::parse(black_box(payload)).expect("the payload is well-formed"));
        }
        best[0] = best[0].min(started.elapsed().as_nanos() as f64 / f64::from(ROUNDS));
        let started = Instant::now();
        for _ in 0..ROUNDS {
            let uplink = PropertyUplink::parse(black_box(payload)).expect("the payload is well-formed");
            points.clear();
            let params = uplink.params.expect("the payload has params");
            model.read_properties(params, Direction::Report, &mut points).expect("the values fit the model");
            black_box(&points);
        }
        best[1] = best[1].min(started.elapsed().as_nanos() as f64 / f64::from(ROUNDS));
    }
    println!("{} bytes: envelope {:.0} ns, with validation {:.0} ns", payload.len(), best[0], best[1]);
}
