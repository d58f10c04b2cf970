//! The play: sets the scene, lets the server live and die, brings everything to an end and asks the oracle.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use yizhan_testkit::{ServerOptions, TestServer, server_binary};

use crate::actors::commands::{Commander, Obedient};
use crate::actors::publisher::{Owed, Publisher};
use crate::actors::questions::{Questioner, Subject};
use crate::actors::registry::Registrar;
use crate::actors::retained::Keeper;
use crate::actors::subscriber::Subscriber;
use crate::oracle::{self, Oracle, Totals};
use crate::random::Random;
use crate::stage::{Actor, Phase, Stage, perform as act};

const PRODUCT: &str = "CRASHPROD1";
const ENDING: Duration = Duration::from_secs(40);
/// Even on a slow machine the load fills a segment in so many lives.
const SEALED_WITHIN_KILLS: u32 = 40;

/// How the play goes.
#[derive(Debug, Clone)]
pub struct Script {
    pub kills: u32,
    pub seed: u64,
}

impl Script {
    pub fn from_environment() -> Self {
        let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
        let kills = number("YIZHAN_CRASH_KILLS").and_then(|kills| u32::try_from(kills).ok()).unwrap_or(50);
        let seed =
            number("YIZHAN_CRASH_SEED").unwrap_or_else(|| u64::from(std::process::id()) << 16 | 0x5EED);
        Self { kills, seed }
    }
}

pub struct Outcome {
    pub findings: Vec<String>,
    pub summary: String,
}

fn model() -> Value {
    let number = |id: &str, mode: &str, kind: &str, step: &str| {
        json!({ "id": id, "name": id, "desc": "", "mode": mode, "required": false,
                "define": { "type": kind, "unit": "", "step": step, "min": "0", "max": "1000000000", "start": "0" } })
    };
    let text = |id: &str, max: &str| {
        json!({ "id": id, "name": id, "desc": "", "mode": "r", "required": false,
                "define": { "type": "string", "min": "0", "max": max } })
    };
    let param = |property: Value| json!({ "id": property["id"], "name": property["name"], "define": property["define"] });
    json!({
        "version": "1.0",
        "profile": { "ProductId": PRODUCT, "CategoryId": "1" },
        "properties": [
            number("sequence", "r", "int", "1"), text("label", "64"), number("level", "r", "float", "0.5"),
            text("padding", "2048"),
            number("target", "rw", "int", "1"),
        ],
        "events": [{
            "id": "tick", "name": "Tick", "desc": "", "type": "info", "required": false,
            "params": [param(number("number", "r", "int", "1")), param(text("note", "64"))],
        }],
        "actions": [],
    })
}

/// One actor on its own thread; the actor comes back when it has left.
fn spawn<A: Actor + 'static>(mut actor: A, stage: &Arc<Stage>) -> JoinHandle<A> {
    let stage = Arc::clone(stage);
    std::thread::Builder::new()
        .name(actor.name())
        .spawn(move || {
            act(&mut actor, &stage);
            actor
        })
        .expect("a thread can be started")
}

struct Cast {
    questioners: Vec<JoinHandle<Questioner>>,
    publisher: JoinHandle<Publisher>,
    subscribers: Vec<JoinHandle<Subscriber>>,
    keeper: JoinHandle<Keeper>,
    commander: JoinHandle<Commander>,
    obedient: JoinHandle<Obedient>,
    registrar: JoinHandle<Registrar>,
    owed: Arc<Owed>,
    /// Devices that report, with the highest number acknowledged to each.
    reporters: Vec<(yizhan_testkit::DeviceCredentials, Arc<std::sync::atomic::AtomicU64>)>,
}

impl Cast {
    fn gather(server: &TestServer, stage: &Arc<Stage>, random: &mut Random) -> Self {
        let admin = server.admin();
        admin.create_product_with_model(PRODUCT, &model());
        let every = Duration::from_millis(4);
        let questioners: Vec<Questioner> = [
            ("report-a", Subject::Report, 0),
            ("report-b", Subject::Report, 1),
            ("report-c", Subject::Report, 1),
            ("event-a", Subject::Event, 1),
            ("event-b", Subject::Event, 0),
        ]
        .into_iter()
        .map(|(name, subject, qos)| Questioner::new(admin.create_device(PRODUCT, name), subject, qos, every))
        .collect();
        let reporters = questioners
            .iter()
            .filter(oracle::about(Subject::Report))
            .map(|reporter| (reporter.device.clone(), Arc::clone(&reporter.highest)))
            .collect();
        let owed = Arc::new(Owed::default());
        let user = |name: &str| admin.create_mqtt_user(name);
        let publisher = Publisher::new(user("publisher"), 2, Arc::clone(&owed), every);
        let mut subscriber =
            |name: &str, nth| Subscriber::new(name, user(name), Arc::clone(&owed), random.branch(), nth);
        let subscribers = vec![subscriber("awake", 1), subscriber("sleeper", 3)];
        let keeper = Keeper::new(user("keeper"), Duration::from_millis(6));
        let commanded = admin.create_device(PRODUCT, "commanded");
        Self {
            publisher: spawn(publisher, stage),
            subscribers: subscribers.into_iter().map(|subscriber| spawn(subscriber, stage)).collect(),
            keeper: spawn(keeper, stage),
            commander: spawn(Commander::new(commanded.clone(), random.branch()), stage),
            obedient: spawn(Obedient::new(commanded, random.branch()), stage),
            registrar: spawn(Registrar::new(PRODUCT, random.branch()), stage),
            questioners: questioners.into_iter().map(|questioner| spawn(questioner, stage)).collect(),
            owed,
            reporters,
        }
    }

    /// Who of those that leave by themselves is still there.
    fn still_on_stage(&self) -> Vec<String> {
        fn name<A>(handle: &JoinHandle<A>) -> Option<String> {
            (!handle.is_finished()).then(|| handle.thread().name().unwrap_or("an actor").to_owned())
        }
        let single =
            [name(&self.publisher), name(&self.keeper), name(&self.commander), name(&self.registrar)];
        let several = self.questioners.iter().map(name).chain(self.subscribers.iter().map(name));
        several.chain(single).flatten().collect()
    }

    /// After a restart, before anybody connects: last values are not older than what was acknowledged.
    fn check_last_values(&self, server: &TestServer, stage: &Stage, kill: u32) {
        for (device, highest) in &self.reporters {
            let (last, acknowledged) =
                (oracle::last_sequence(&server.admin(), device), highest.load(Ordering::Acquire));
            if last < acknowledged {
                let name = &device.name;
                stage.findings.add(format!(
                    "after kill {kill}: last value of {name} is {last}, acknowledged {acknowledged}"
                ));
            }
        }
    }
}

/// Everybody after the last scene.
struct Witnesses {
    questioners: Vec<Questioner>,
    publisher: Publisher,
    subscribers: Vec<Subscriber>,
    keeper: Keeper,
    commander: Commander,
    obedient: Obedient,
    registrar: Registrar,
    published: [u64; 2],
}

impl Witnesses {
    fn call(cast: Cast) -> Self {
        fn join<A>(handle: JoinHandle<A>) -> A {
            handle.join().expect("no actor panics")
        }
        Self {
            questioners: cast.questioners.into_iter().map(join).collect(),
            publisher: join(cast.publisher),
            subscribers: cast.subscribers.into_iter().map(join).collect(),
            keeper: join(cast.keeper),
            commander: join(cast.commander),
            obedient: join(cast.obedient),
            registrar: join(cast.registrar),
            published: [
                cast.owed.published[0].load(Ordering::Acquire),
                cast.owed.published[1].load(Ordering::Acquire),
            ],
        }
    }

    /// Asks the server for everything it has acknowledged.
    fn testify(&self, server: &TestServer, stage: &Stage) -> Totals {
        let mut oracle =
            Oracle { admin: server.admin(), findings: &stage.findings, totals: Totals::default() };
        for reporter in self.questioners.iter().filter(oracle::about(Subject::Report)) {
            oracle.judge_reports(reporter);
        }
        for device in self.questioners.iter().filter(oracle::about(Subject::Event)) {
            oracle.judge_events(device);
        }
        oracle.judge_commands(&self.commander, &self.obedient);
        oracle.judge_registry(&self.registrar);
        oracle.totals
    }

    fn judge_messages(&self, stage: &Stage) {
        for subscriber in &self.subscribers {
            for finding in oracle::judge_subscriber(&subscriber.name(), subscriber, self.published) {
                stage.findings.add(format!("oracle: {finding}"));
            }
        }
    }
}

/// Starts the server and kills it before or just when it is ready: recovery must survive being interrupted.
fn die_while_starting(server: &TestServer, options: &ServerOptions, after: Duration) {
    let mut command = Command::new(server_binary());
    command.arg("serve").arg("--data").arg(server.data_dir()).args(&options.arguments);
    for listener in ["--mqtt", "--mqtts", "--http", "--https"] {
        command.args([listener, "127.0.0.1:0"]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the server can be started");
    std::thread::sleep(after);
    child.kill().expect("our own child can be killed");
    child.wait().expect("a child can be waited for");
}

/// Whether the server has turned a full segment of its log into blocks of history: a play in which that never happens
/// says nothing about kills during sealing, checkpoints and retirement.
fn has_sealed(server: &TestServer) -> bool {
    let entries = std::fs::read_dir(server.data_dir().join("journal")).expect("the journal is there");
    entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("history-"))
}

/// How long the server may live this time: mostly a good while under load, sometimes hardly a moment.
fn lifetime(random: &mut Random) -> Duration {
    if random.chance(15) { random.millis(0, 60) } else { random.millis(150, 900) }
}

pub fn perform(script: &Script) -> Outcome {
    let mut random = Random::new(script.seed);
    // Small segments, so that sealing, checkpoints and retirement happen many times during the play.
    let options = ServerOptions::default()
        .set("journal.segment_bytes", "2097152")
        .set("connections.max_packet_bytes", "65536");
    let mut server = TestServer::with(options.clone());
    let stage = Stage::new(server.data_dir().join("run/admin.sock"));
    let cast = Cast::gather(&server, &stage, &mut random);
    stage.open(server.mqtt());

    let mut slowest_start = Duration::ZERO;
    let mut interrupted_starts = 0;
    for kill in 1..=script.kills {
        std::thread::sleep(lifetime(&mut random));
        stage.close();
        if !server.is_running() {
            stage
                .findings
                .add(format!("the server ended by itself before kill {kill}:\n{}", server.log_text()));
            break;
        }
        server.kill();
        if random.chance(15) {
            interrupted_starts += 1;
            die_while_starting(&server, &options, random.millis(0, 120));
        }
        let started = Instant::now();
        server.restart();
        slowest_start = slowest_start.max(started.elapsed());
        cast.check_last_values(&server, &stage, kill);
        stage.open(server.mqtt());
    }

    if script.kills >= SEALED_WITHIN_KILLS && !has_sealed(&server) {
        stage.findings.add("the load was too small: no segment was ever sealed".into());
    }
    stage.set_phase(Phase::Drain);
    let deadline = Instant::now() + ENDING;
    while !cast.still_on_stage().is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    let late = cast.still_on_stage();
    if !late.is_empty() {
        stage.findings.add(format!("not at an end within {ENDING:?}: {late:?}"));
    }
    stage.set_phase(Phase::Over);
    let witnesses = Witnesses::call(cast);
    witnesses.judge_messages(&stage);
    let totals = witnesses.testify(&server, &stage);
    // The same questions again after an orderly stop, which writes everything out.
    if !server.terminate().success() {
        stage.findings.add("SIGTERM did not end the server with status 0".into());
    }
    server.restart();
    witnesses.testify(&server, &stage);
    if server.log_text().contains("panicked") {
        stage.findings.add(format!("the server panicked:\n{}", server.log_text()));
    }

    let summary = format!(
        "{} kills, {interrupted_starts} more during the start, slowest start {slowest_start:?}\n\
         reports: {} acknowledged of {} sent\nevent messages: {} acknowledged of {} sent\n\
         commands: {} accepted of {} asked for, {} reached the device, {} of them again\n\
         messages: {} at QoS 1, {} at QoS 2, {} sent again by the publisher\n\
         retained: {} published, {} checks\ndevices created: {}",
        script.kills,
        totals.reports.0,
        totals.reports.1,
        totals.events.0,
        totals.events.1,
        totals.commands.0,
        totals.commands.1,
        witnesses.obedient.told.len(),
        witnesses.obedient.repeated,
        witnesses.published[0],
        witnesses.published[1],
        witnesses.publisher.resent,
        witnesses.keeper.published(),
        witnesses.keeper.checks,
        totals.created,
    );
    Outcome { findings: stage.findings.take(), summary }
}
