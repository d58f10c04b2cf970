//! What runs give, and their medians.

use std::time::Duration;

use yizhan_simulator::load::{Figures, Moment};

use super::process::Measured;
use super::scenarios::Scenario;

/// One line of a result: a server, what was varied, and figures with their units.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) server: &'static str,
    pub(super) figures: Vec<(&'static str, f64, Unit)>,
    /// What a reader has to know about this line.
    pub(super) notes: Vec<String>,
}

/// What a scenario gave.
pub(super) struct Result {
    pub(super) scenario: &'static Scenario,
    pub(super) rows: Vec<Row>,
    pub(super) failure: Option<String>,
}

/// How a figure is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    PerSecond,
    Micros,
    Millis,
    Share,
    Kibibytes,
    Mebibytes,
    Bytes,
}

impl Unit {
    pub(super) fn show(self, value: f64) -> String {
        match self {
            Self::PerSecond => thousands(value),
            Self::Micros => format!("{value:.1} us"),
            Self::Millis if value >= 100.0 => format!("{value:.0} ms"),
            Self::Millis => format!("{value:.2} ms"),
            Self::Share => format!("{:.0} %", value * 100.0),
            Self::Kibibytes => format!("{value:.2} KiB"),
            Self::Mebibytes => format!("{value:.1} MiB"),
            Self::Bytes => format!("{value:.2} B"),
        }
    }
}

/// `12,345/s`.
fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + "/s"
}

/// One run of a load, together with what the server used meanwhile.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub(super) rate: f64,
    /// CPU of the server a message.
    pub(super) cpu_us: f64,
    /// Cores the server used.
    pub(super) server_share: f64,
    pub(super) generator_share: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) max_ms: f64,
    pub(super) refused: u64,
    pub(super) lost: u64,
    pub(super) skipped: u64,
}

/// Runs a load and reads the server's CPU time around its counting phase.
pub(super) fn sample(
    process: &mut Measured,
    load: impl FnOnce(&mut dyn FnMut(Moment)) -> std::result::Result<Figures, yizhan_simulator::load::LoadError>,
) -> anyhow::Result<Sample> {
    let (mut begin, mut end) = (Ok(Duration::ZERO), Ok(Duration::ZERO));
    let figures = load(&mut |moment| match moment {
        Moment::Begin => begin = process.cpu(),
        Moment::End => end = process.cpu(),
        Moment::Ready(_) => {}
    })?;
    process.check_running()?;
    let cpu = end?.saturating_sub(begin?);
    let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
    Ok(Sample {
        rate: figures.rate(),
        cpu_us: cpu.as_secs_f64() * 1e6 / figures.messages as f64,
        server_share: cpu.as_secs_f64() / figures.elapsed.as_secs_f64(),
        generator_share: figures.generator_share(),
        p50_ms: ms(figures.latency.percentile(50.0)),
        p99_ms: ms(figures.latency.percentile(99.0)),
        max_ms: ms(figures.latency.max()),
        refused: figures.refused,
        lost: figures.lost,
        skipped: figures.skipped,
    })
}

/// The median of each figure over all runs.
pub(super) fn row(server: &'static str, samples: &[Sample]) -> Row {
    let of = |figure: fn(&Sample) -> f64| median(samples.iter().map(figure).collect());
    let rates: Vec<f64> = samples.iter().map(|sample| sample.rate).collect();
    let mut notes = Vec::new();
    let generator = of(|sample| sample.generator_share);
    if generator > 0.93 {
        notes.push(format!(
            "the generator was full ({:.0} % of its core): the server may do more",
            generator * 100.0
        ));
    }
    for (count, what) in [
        (samples.iter().map(|sample| sample.refused).sum::<u64>(), "answered with an error"),
        (samples.iter().map(|sample| sample.lost).sum(), "connections lost"),
        (samples.iter().map(|sample| sample.skipped).sum(), "not sent because too many were unanswered"),
    ] {
        if count > 0 {
            notes.push(format!("{count} {what}"));
        }
    }
    if samples.len() > 1 {
        let (low, high) =
            (rates.iter().copied().fold(f64::MAX, f64::min), rates.iter().copied().fold(0.0, f64::max));
        notes.push(format!("runs from {} to {}", thousands(low), thousands(high)));
    }
    Row {
        server,
        figures: vec![
            ("rate", of(|sample| sample.rate), Unit::PerSecond),
            ("CPU a message", of(|sample| sample.cpu_us), Unit::Micros),
            ("server's core", of(|sample| sample.server_share), Unit::Share),
            ("generator's core", generator, Unit::Share),
            ("p50", of(|sample| sample.p50_ms), Unit::Millis),
            ("p99", of(|sample| sample.p99_ms), Unit::Millis),
            ("max", of(|sample| sample.max_ms), Unit::Millis),
        ],
        notes,
    }
}

/// The middle value; the mean of the two middle ones when their number is even.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        count if count % 2 == 1 => values[count / 2],
        count => f64::midpoint(values[count / 2 - 1], values[count / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_value() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(Vec::new()), 0.0);
    }

    #[test]
    fn figures_are_written_with_their_units() {
        assert_eq!(Unit::PerSecond.show(1_234_567.4), "1,234,567/s");
        assert_eq!(Unit::PerSecond.show(999.0), "999/s");
        assert_eq!(Unit::Micros.show(11.26), "11.3 us");
        assert_eq!(Unit::Millis.show(0.125), "0.12 ms");
        assert_eq!(Unit::Share.show(0.925), "92 %");
    }
}
