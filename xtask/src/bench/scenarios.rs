//! The scenarios: what is run, on which servers, and which figures come of it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::Value;
use yizhan_simulator::load::{
    Clients, ConnectLoad, IdleLoad, Moment, Pace, Phases, PublishLoad, ReportLoad, Span, connects,
    fill_history, idle, publishes, reports,
};
use yizhan_simulator::{Credential, Target, Transport};

use super::figures::{Row, Unit, median, row, sample};
use super::machine::{Cores, bytes_under, descriptors};
use super::management;
use super::peer::Mosquitto;
use super::process::Measured;
use super::progress;
use super::server::{PRODUCT, Server, Start};

/// Names in the reports.
pub(super) const OURS: &str = "Yizhan";
pub(super) const PEER: &str = "Mosquitto";

/// Bytes of a plain message.
const PLAIN_BYTES: usize = 128;
/// Connections that are being set up at any moment.
const CONNECTS_AT_ONCE: usize = 200;
/// Descriptors a process needs beside its connections.
const SPARE_DESCRIPTORS: usize = 500;
/// Idle TLS-PSK connections.
const IDLE_PSK: usize = 5_000;
/// Devices registered for the start and idle scenario.
const REGISTERED: usize = 10_000;
/// The history that is filled: devices, and reports of each over a day.
const HISTORY_DEVICES: usize = 100;
const HISTORY_REPORTS: u64 = 8_640;
const DAY_MS: i64 = 24 * 3600 * 1000;

/// What one scenario is.
pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) about: &'static str,
    pub(super) needs_mosquitto: bool,
    pub(super) run: fn(&mut Bench) -> anyhow::Result<Vec<Row>>,
}

/// All scenarios, in the order in which they run.
pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "publish-1",
        title: "Plain QoS 1 publishing, 2,000 clients, one message at a time",
        about: "128 B to a topic of the client's own that nobody subscribes to; PUBACK, then the next.",
        needs_mosquitto: true,
        run: |bench| plain_publishing(bench, 2_000, 1),
    },
    Scenario {
        name: "publish-32",
        title: "Plain QoS 1 publishing, 100 clients, 32 in flight",
        about: "As above, each client keeps 32 messages unanswered.",
        needs_mosquitto: true,
        run: |bench| plain_publishing(bench, 100, 32),
    },
    Scenario {
        name: "reports-1",
        title: "Durable validated reports, 2,000 devices, one at a time",
        about: "Four properties in about 180 B of JSON at QoS 1; checked against the model, synced to disk, then \
                PUBACK and `report_reply`; both are awaited.",
        needs_mosquitto: false,
        run: |bench| durable_reports(bench, 2_000, Pace::Window(1)),
    },
    Scenario {
        name: "reports-16",
        title: "Durable validated reports, 200 devices, 16 in flight",
        about: "As above, each device keeps 16 reports unanswered.",
        needs_mosquitto: false,
        run: |bench| durable_reports(bench, 200, Pace::Window(16)),
    },
    Scenario {
        name: "latency",
        title: "Latency of reports at 5,000/s over 5,000 devices",
        about: "Open loop: sent on schedule whatever is answered; latency counts from the scheduled moment to \
                `report_reply`.",
        needs_mosquitto: false,
        run: |bench| durable_reports(bench, 5_000, Pace::Rate(5_000)),
    },
    Scenario {
        name: "keep-up",
        title: "Keeping up with 40,000 reports/s over 5,000 devices",
        about: "Open loop as above.",
        needs_mosquitto: false,
        run: |bench| durable_reports(bench, 5_000, Pace::Rate(40_000)),
    },
    Scenario {
        name: "connects",
        title: "Connection set-up, 200 at once",
        about: "TCP, CONNECT, CONNACK, DISCONNECT. Yizhan checks a device's HMAC signature, Mosquitto checks nothing.",
        needs_mosquitto: true,
        run: plain_connects,
    },
    Scenario {
        name: "psk-connects",
        title: "Connection set-up over TLS-PSK, 200 at once",
        about: "TLS 1.2 with PSK-AES128-CBC-SHA, the vendor SDKs' suite, then as above.",
        needs_mosquitto: false,
        run: psk_connects,
    },
    Scenario {
        name: "idle",
        title: "Memory of an idle connection",
        about: "Growth of resident memory between the first step and the last, divided by the connections between; \
                one run. Kernel socket memory is not in it.",
        needs_mosquitto: true,
        run: plain_idle,
    },
    Scenario {
        name: "psk-idle",
        title: "Memory of an idle TLS-PSK connection",
        about: "As above.",
        needs_mosquitto: false,
        run: psk_idle,
    },
    Scenario {
        name: "start",
        title: "Start with 10,000 registered devices",
        about: "From the start of the process until it says it is ready; resident memory one second later; the \
                binary as it was built.",
        needs_mosquitto: false,
        run: start_up,
    },
    Scenario {
        name: "history",
        title: "A day of history",
        about: "100 devices report four properties every 10 s of the past day; then bytes at rest, and the time to \
                read one property's day through HTTP.",
        needs_mosquitto: false,
        run: history,
    },
    Scenario {
        name: "api-read",
        title: "Cloud API: DescribeDeviceData, 32 clients",
        about: "Each client keeps a connection, signs every request anew and waits for its answer; 64 devices, which \
                report once a second.",
        needs_mosquitto: false,
        run: management::read_data,
    },
    Scenario {
        name: "api-control",
        title: "Cloud API: ControlDeviceData, 32 clients",
        about: "As above; each control is durable before it is answered, goes to its device and is answered by it.",
        needs_mosquitto: false,
        run: management::control,
    },
    Scenario {
        name: "api-search",
        title: "Cloud API: GetDeviceList with a part of a name among 100,000 devices",
        about: "One client, pages of 20.",
        needs_mosquitto: false,
        run: management::search,
    },
];

/// What all scenarios share.
pub(super) struct Bench {
    pub(super) binary: PathBuf,
    pub(super) mosquitto: Option<PathBuf>,
    pub(super) directory: PathBuf,
    pub(super) cores: Cores,
    pub(super) runs: usize,
    pub(super) warm: Duration,
    pub(super) measure: Duration,
    pub(super) idle: usize,
    pub(super) quick: bool,
    pub(super) serve: Vec<String>,
}

impl Bench {
    pub(super) const fn phases(&self) -> Phases {
        Phases { warm: self.warm, measure: self.measure }
    }

    pub(super) fn data_directory(&self) -> anyhow::Result<tempfile::TempDir> {
        tempfile::Builder::new()
            .prefix("bench-")
            .tempdir_in(&self.directory)
            .context("cannot make a data directory")
    }

    pub(super) fn start(&self, data: &Path) -> anyhow::Result<Server> {
        let data = data.join("data");
        Start { binary: &self.binary, core: self.cores.server, data: &data, arguments: &self.serve }.server()
    }

    fn peer(&self) -> anyhow::Result<Mosquitto> {
        let binary = self.mosquitto.as_deref().context("mosquitto is not installed")?;
        Mosquitto::start(binary, self.cores.server)
    }
}

fn plain_publishing(bench: &mut Bench, clients: usize, window: u16) -> anyhow::Result<Vec<Row>> {
    let data = bench.data_directory()?;
    let mut ours = bench.start(data.path())?;
    let mut peer = bench.peer()?;
    let (username, password) = ours.make_user()?;
    let load = |address, clients| PublishLoad {
        target: Target::at(address, Transport::Tcp),
        clients,
        window,
        payload_bytes: PLAIN_BYTES,
    };
    let our_load = load(ours.mqtt, Clients::User { count: clients, username, password });
    let peer_load = load(peer.address, Clients::Anonymous { count: clients });
    let (mut our_samples, mut peer_samples) = (Vec::new(), Vec::new());
    for _ in 0..bench.runs {
        our_samples.push(sample(&mut ours.process, |observe| publishes(&our_load, bench.phases(), observe))?);
        tell(OURS, our_samples.last());
        peer_samples
            .push(sample(&mut peer.process, |observe| publishes(&peer_load, bench.phases(), observe))?);
        tell(PEER, peer_samples.last());
    }
    ours.process.stop()?;
    Ok(vec![row(OURS, &our_samples), row(PEER, &peer_samples)])
}

fn durable_reports(bench: &mut Bench, devices: usize, pace: Pace) -> anyhow::Result<Vec<Row>> {
    let data = bench.data_directory()?;
    let mut server = bench.start(data.path())?;
    let devices = server.make_devices(devices)?;
    let load = ReportLoad { target: Target::at(server.mqtt, Transport::Tcp), devices, pace, seed: 1 };
    let mut samples = Vec::new();
    for _ in 0..bench.runs {
        samples.push(sample(&mut server.process, |observe| reports(&load, bench.phases(), observe))?);
        tell(OURS, samples.last());
    }
    server.process.stop()?;
    let mut row = row(OURS, &samples);
    if samples.iter().any(|sample| sample.refused > 0) {
        row.notes.push("some reports were refused: these figures are not those of stored reports".to_owned());
    }
    Ok(vec![row])
}

fn plain_connects(bench: &mut Bench) -> anyhow::Result<Vec<Row>> {
    let data = bench.data_directory()?;
    let mut ours = bench.start(data.path())?;
    let mut peer = bench.peer()?;
    let credentials = ours.make_devices(2_000)?;
    let our_load = ConnectLoad {
        target: Target::at(ours.mqtt, Transport::Tcp),
        clients: Clients::Devices { credentials, psk: false },
        at_once: CONNECTS_AT_ONCE,
    };
    let peer_load = ConnectLoad {
        target: Target::at(peer.address, Transport::Tcp),
        clients: Clients::Anonymous { count: 2_000 },
        at_once: CONNECTS_AT_ONCE,
    };
    let (mut our_samples, mut peer_samples) = (Vec::new(), Vec::new());
    for _ in 0..bench.runs {
        our_samples.push(sample(&mut ours.process, |observe| connects(&our_load, bench.phases(), observe))?);
        tell(OURS, our_samples.last());
        peer_samples
            .push(sample(&mut peer.process, |observe| connects(&peer_load, bench.phases(), observe))?);
        tell(PEER, peer_samples.last());
    }
    ours.process.stop()?;
    Ok(vec![row(OURS, &our_samples), row(PEER, &peer_samples)])
}

fn psk_connects(bench: &mut Bench) -> anyhow::Result<Vec<Row>> {
    let data = bench.data_directory()?;
    let mut server = bench.start(data.path())?;
    let credentials = server.make_devices(2_000)?;
    let load = ConnectLoad {
        target: Target::at(server.mqtts, Transport::Psk),
        clients: Clients::Devices { credentials, psk: true },
        at_once: CONNECTS_AT_ONCE,
    };
    let mut samples = Vec::new();
    for _ in 0..bench.runs {
        samples.push(sample(&mut server.process, |observe| connects(&load, bench.phases(), observe))?);
        tell(OURS, samples.last());
    }
    server.process.stop()?;
    Ok(vec![row(OURS, &samples)])
}

fn plain_idle(bench: &mut Bench) -> anyhow::Result<Vec<Row>> {
    let most = descriptors()?.saturating_sub(SPARE_DESCRIPTORS);
    let count = bench.idle.min(most);
    let note = (count < bench.idle).then(|| {
        format!("{count} connections, because a process may have {} descriptors", descriptors().unwrap_or(0))
    });
    let data = bench.data_directory()?;
    let mut ours = bench.start(data.path())?;
    let credentials = ours.make_devices(count)?;
    let our_load = IdleLoad {
        target: Target::at(ours.mqtt, Transport::Tcp),
        clients: Clients::Devices { credentials, psk: false },
        steps: steps(count),
        settle: Duration::from_secs(1),
    };
    let mut our_row = hold(OURS, &mut ours.process, &our_load)?;
    ours.process.stop()?;
    let mut peer = bench.peer()?;
    let peer_load = IdleLoad {
        target: Target::at(peer.address, Transport::Tcp),
        clients: Clients::Anonymous { count },
        ..our_load
    };
    let peer_row = hold(PEER, &mut peer.process, &peer_load)?;
    our_row.notes.extend(note);
    Ok(vec![our_row, peer_row])
}

fn psk_idle(bench: &mut Bench) -> anyhow::Result<Vec<Row>> {
    let count = IDLE_PSK.min(bench.idle);
    let data = bench.data_directory()?;
    let mut server = bench.start(data.path())?;
    let credentials = server.make_devices(count)?;
    let load = IdleLoad {
        target: Target::at(server.mqtts, Transport::Psk),
        clients: Clients::Devices { credentials, psk: true },
        steps: steps(count),
        settle: Duration::from_secs(1),
    };
    let row = hold(OURS, &mut server.process, &load)?;
    server.process.stop()?;
    Ok(vec![row])
}

/// A twentieth, a quarter, a half, all.
fn steps(count: usize) -> Vec<usize> {
    [count / 20, count / 4, count / 2, count].into_iter().filter(|step| *step > 0).collect()
}

/// Opens connections step by step and looks at the server's memory.
fn hold(server: &'static str, process: &mut Measured, load: &IdleLoad) -> anyhow::Result<Row> {
    let mut seen = Vec::new();
    idle(load, &mut |moment| {
        if let Moment::Ready(count) = moment {
            seen.push((count, process.resident()));
        }
    })?;
    process.check_running()?;
    let mut steps = Vec::new();
    for (count, resident) in seen {
        steps.push((count as f64, resident? as f64));
    }
    let [first, .., last] = steps.as_slice() else { bail!("too few connections to see a slope") };
    let slope = (last.1 - first.1) / (last.0 - first.0);
    let told: Vec<String> = steps
        .iter()
        .map(|(count, resident)| format!("{count:.0}: {:.1} MiB", resident / 1_048_576.0))
        .collect();
    progress(&format!("  {server}: {:.2} KiB a connection ({})", slope / 1024.0, told.join(", ")));
    Ok(Row {
        server,
        figures: vec![
            ("a connection", slope / 1024.0, Unit::Kibibytes),
            ("resident at the end", last.1 / 1_048_576.0, Unit::Mebibytes),
        ],
        notes: vec![format!("resident memory by connections: {}", told.join(", "))],
    })
}

fn start_up(bench: &mut Bench) -> anyhow::Result<Vec<Row>> {
    let data = bench.data_directory()?;
    let registered = if bench.quick { REGISTERED / 10 } else { REGISTERED };
    let server = bench.start(data.path())?;
    server.make_devices(registered)?;
    server.process.stop()?;
    let (mut ready, mut cpu, mut resident) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.runs.max(3) {
        let server = bench.start(data.path())?;
        ready.push(server.ready_after.as_secs_f64() * 1e3);
        std::thread::sleep(Duration::from_secs(1));
        cpu.push(server.process.cpu()?.as_secs_f64() * 1e3);
        resident.push(server.process.resident()? as f64 / 1_048_576.0);
        server.process.stop()?;
    }
    let binary = std::fs::metadata(&bench.binary)?.len() as f64 / 1_048_576.0;
    Ok(vec![Row {
        server: OURS,
        figures: vec![
            ("ready after", median(ready), Unit::Millis),
            ("CPU of it", median(cpu), Unit::Millis),
            ("idle memory", median(resident), Unit::Mebibytes),
            ("binary", binary, Unit::Mebibytes),
        ],
        notes: vec![format!("{registered} devices registered")],
    }])
}

fn history(bench: &mut Bench) -> anyhow::Result<Vec<Row>> {
    let data = bench.data_directory()?;
    let mut server = bench.start(data.path())?;
    let devices = server.make_devices(if bench.quick { HISTORY_DEVICES / 10 } else { HISTORY_DEVICES })?;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let now_ms = i64::try_from(now.as_millis())?;
    let step_ms = DAY_MS / HISTORY_REPORTS as i64;
    // One step short of a day back: older reports would be refused.
    let span = Span { from_ms: now_ms - DAY_MS + 10 * step_ms, step_ms, count: HISTORY_REPORTS - 10 };
    let load = ReportLoad {
        target: Target::at(server.mqtt, Transport::Tcp),
        devices: devices.clone(),
        pace: Pace::Window(16),
        seed: 1,
    };
    let within = Duration::from_secs(120);
    let filled = sample(&mut server.process, |observe| fill_history(&load, span, within, observe))?;
    tell(OURS, Some(&filled));
    if filled.refused > 0 || filled.lost > 0 {
        bail!("{} reports were refused and {} connections lost while filling", filled.refused, filled.lost);
    }
    let points = span.count as f64 * devices.len() as f64 * 4.0;

    // A restart puts everything at rest that a stop seals, and shows that reading needs nothing in memory.
    server.process.stop()?;
    let server = bench.start(data.path())?;
    let journal = data.path().join("data/journal");
    let (blocks, whole) = (bytes_under(&journal, "history-"), bytes_under(&journal, ""));
    let mut times = Vec::new();
    let mut read = 0;
    for device in devices.iter().take(bench.runs.max(5)) {
        let started = Instant::now();
        read = read_day(&server, device, span)?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
        if read as u64 != span.count {
            bail!("{} of {} points came back for {}", read, span.count, device.device);
        }
    }
    server.process.stop()?;
    let mut figures = vec![
        ("filled at", filled.rate, Unit::PerSecond),
        ("CPU a report", filled.cpu_us, Unit::Micros),
        ("journal a point", whole as f64 / points, Unit::Bytes),
        ("a day's query", median(times), Unit::Millis),
    ];
    if blocks > 0 {
        figures.insert(2, ("at rest a point", blocks as f64 / points, Unit::Bytes));
    }
    Ok(vec![Row {
        server: OURS,
        figures,
        notes: vec![format!(
            "{points:.0} points; a query gave {read} points; blocks {blocks} B, journal {whole} B"
        )],
    }])
}

/// Reads one property's points through HTTP, page by page; how many there were.
fn read_day(server: &Server, device: &Credential, span: Span) -> anyhow::Result<usize> {
    let to = span.from_ms + span.step_ms * span.count as i64;
    let mut cursor = String::new();
    let mut points = 0;
    loop {
        let path = format!(
            "/products/{PRODUCT}/devices/{}/history?property=temperature&from={}&to={to}&limit=10000&order=asc{cursor}",
            device.device, span.from_ms
        );
        let page = server.admin.call("GET", &path, None)?;
        points += page["points"].as_array().context("a history page has no points")?.len();
        cursor = match &page["next"] {
            Value::String(next) => format!("&cursor={next}"),
            Value::Number(next) => format!("&cursor={next}"),
            _ => return Ok(points),
        };
    }
}

/// Shows a run as it is done.
pub(super) fn tell(server: &str, sample: Option<&super::figures::Sample>) {
    let Some(sample) = sample else { return };
    progress(&format!(
        "  {server}: {} at {:.1} us, server {:.0} %, generator {:.0} %, p50 {:.2} ms, p99 {:.2} ms",
        Unit::PerSecond.show(sample.rate),
        sample.cpu_us,
        sample.server_share * 100.0,
        sample.generator_share * 100.0,
        sample.p50_ms,
        sample.p99_ms
    ));
}
