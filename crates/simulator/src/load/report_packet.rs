//! The report that measurements send: four properties that wander, about 180 bytes of JSON, rewritten in place.
//!
//! All changing parts have a fixed width (numbers keep their digits), so that a new report is a copy of the last one
//! with a few bytes overwritten.

use memchr::memmem;

use crate::packets::{self, PublishHeader};
use crate::random::Random;

/// The thing model these reports fit.
pub const BENCH_MODEL: &str = r#"{"version":"1.0","profile":{"ProductId":"","CategoryId":"1"},"properties":[
{"id":"power_switch","name":"switch","desc":"","required":false,"mode":"rw","define":{"type":"bool","mapping":{"0":"off","1":"on"}}},
{"id":"temperature","name":"temperature","desc":"","required":false,"mode":"r","define":{"type":"float","min":"-40","max":"125","step":"0.01","start":"0","unit":"C"}},
{"id":"relative_humidity","name":"humidity","desc":"","required":false,"mode":"r","define":{"type":"float","min":"0","max":"100","step":"0.01","start":"0","unit":"%"}},
{"id":"supply_voltage","name":"voltage","desc":"","required":false,"mode":"r","define":{"type":"int","min":"0","max":"1000","step":"1","start":"0","unit":"V"}}
],"events":[],"actions":[]}"#;

const PAYLOAD: &str = r#"{"method":"report","clientToken":"bench-0000000000","timestamp":1700000000000,"params":{"power_switch":0,"temperature":50.00,"relative_humidity":50.00,"supply_voltage":220}}"#;

/// Digits in a report's token.
const TOKEN_DIGITS: usize = 10;
/// What stands before them.
pub(super) const TOKEN_START: &[u8] = b"\"clientToken\":\"bench-";

/// One device's next report.
pub(super) struct ReportPacket {
    bytes: Vec<u8>,
    id_at: usize,
    token_at: usize,
    timestamp_at: usize,
    switch_at: usize,
    temperature_at: usize,
    humidity_at: usize,
    voltage_at: usize,
    /// Hundredths, 10.00 to 99.99.
    temperature: i64,
    humidity: i64,
    voltage: i64,
    switch: bool,
}

impl ReportPacket {
    pub(super) fn new(product: &str, device: &str, random: &mut Random) -> Self {
        let topic = format!("$thing/up/property/{product}/{device}");
        let mut bytes = Vec::new();
        let header = PublishHeader { topic: &topic, qos: 1, duplicate: false, id: 1 };
        packets::publish(&mut bytes, &header, PAYLOAD.as_bytes());
        let payload_at = bytes.len() - PAYLOAD.len();
        let after = |text: &str| {
            payload_at + PAYLOAD.find(text).expect("the text is part of the constant payload") + text.len()
        };
        Self {
            id_at: payload_at - 2,
            token_at: after("bench-"),
            timestamp_at: after("\"timestamp\":"),
            switch_at: after("\"power_switch\":"),
            temperature_at: after("\"temperature\":"),
            humidity_at: after("\"relative_humidity\":"),
            voltage_at: after("\"supply_voltage\":"),
            temperature: random.between(1500, 4000),
            humidity: random.between(2000, 9000),
            voltage: random.between(210, 240),
            switch: false,
            bytes,
        }
    }

    /// Moves the values one step and appends the packet.
    pub(super) fn write(
        &mut self,
        id: u16,
        token: u64,
        time_ms: i64,
        random: &mut Random,
        output: &mut Vec<u8>,
    ) {
        let bits = random.bits();
        let step = |shift: u32, width: u64| ((bits >> shift) % (2 * width + 1)) as i64 - width as i64;
        self.temperature = (self.temperature + step(0, 15)).clamp(1000, 9999);
        self.humidity = (self.humidity + step(16, 25)).clamp(1000, 9999);
        self.voltage = (self.voltage + step(32, 2)).clamp(100, 999);
        self.switch ^= bits >> 58 == 0;

        self.bytes[self.id_at..][..2].copy_from_slice(&id.to_be_bytes());
        digits(&mut self.bytes[self.token_at..][..TOKEN_DIGITS], token);
        digits(&mut self.bytes[self.timestamp_at..][..13], time_ms.unsigned_abs());
        self.bytes[self.switch_at] = b'0' + u8::from(self.switch);
        hundredths(&mut self.bytes[self.temperature_at..][..5], self.temperature);
        hundredths(&mut self.bytes[self.humidity_at..][..5], self.humidity);
        digits(&mut self.bytes[self.voltage_at..][..3], self.voltage.unsigned_abs());
        output.extend_from_slice(&self.bytes);
    }
}

/// The token of an answer to one of these reports and whether its code is 0.
pub(super) fn read_answer(
    payload: &[u8],
    token: &memmem::Finder<'_>,
    success: &memmem::Finder<'_>,
) -> Option<(u64, bool)> {
    let at = token.find(payload)? + token.needle().len();
    let number = payload.get(at..at + TOKEN_DIGITS)?;
    let number = number
        .iter()
        .try_fold(0_u64, |value, byte| byte.is_ascii_digit().then(|| value * 10 + u64::from(byte - b'0')))?;
    Some((number, success.find(payload).is_some()))
}

fn digits(place: &mut [u8], mut value: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// `12.34` out of 1234.
fn hundredths(place: &mut [u8], value: i64) {
    let value = value.unsigned_abs();
    digits(&mut place[..2], value / 100);
    digits(&mut place[3..5], value % 100);
}

#[cfg(test)]
mod tests {
    use yizhan_vocabulary::model::{Direction, PropertyNumber, ThingModel};

    use super::*;

    #[test]
    fn every_report_is_json_of_the_same_length_with_values_inside_the_model() {
        let mut random = Random::seeded(5);
        let mut report = ReportPacket::new("DEMOPROD01", "dev001", &mut random);
        for token in 0..2000 {
            let mut output = Vec::new();
            report.write(7, token, 1_795_220_127_000, &mut random, &mut output);
            let start = memmem::find(&output, b"{").unwrap();
            let json: serde_json::Value = serde_json::from_slice(&output[start..]).unwrap();
            assert_eq!(json["clientToken"], format!("bench-{token:010}"));
            assert_eq!(json["timestamp"], 1_795_220_127_000_i64);
            let params = &json["params"];
            assert!((10.0..=99.99).contains(&params["temperature"].as_f64().unwrap()));
            assert!((10.0..=99.99).contains(&params["relative_humidity"].as_f64().unwrap()));
            assert!((100..=999).contains(&params["supply_voltage"].as_i64().unwrap()));
            assert!(params["power_switch"].as_i64().unwrap() <= 1);
            assert!((165..=190).contains(&(output.len() - start)), "about 180 bytes");
        }
    }

    #[test]
    fn an_answer_gives_its_token_and_whether_it_is_a_success() {
        let token = memmem::Finder::new(TOKEN_START);
        let success = memmem::Finder::new(b"\"code\":0,");
        let read = |text: &str| read_answer(text.as_bytes(), &token, &success);
        let good =
            r#"{"method":"report_reply","clientToken":"bench-0000000123","code":0,"status":"success"}"#;
        assert_eq!(read(good), Some((123, true)));
        assert_eq!(read(&good.replace("\"code\":0", "\"code\":406")), Some((123, false)));
        assert_eq!(read(r#"{"method":"report_reply","clientToken":"other","code":0}"#), None);
        assert_eq!(read(r#"{"clientToken":"bench-12"#), None);
    }

    #[test]
    fn every_report_is_valid_by_the_bench_model() {
        let model = ThingModel::parse(BENCH_MODEL, &mut |_| PropertyNumber(1)).unwrap();
        let params = PAYLOAD.split_once("\"params\":").unwrap().1.strip_suffix('}').unwrap();
        let mut points = Vec::new();
        model.read_properties(params, Direction::Report, &mut points).unwrap();
        assert_eq!(points.len(), 4);
    }
}
