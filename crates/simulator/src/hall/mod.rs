//! The hall: virtual devices that run inside the server, each with a behaviour of its own, and come and go while it runs.
//!
//! One thread and one engine carry all of them. They are clients like any other: they sign in, subscribe and report over
//! MQTT on the server's own listener, so everything that a device meets is really met. The hall is told what to do over a
//! channel and asks a [`Directory`] before each connection who a device is and whether somebody else is connected as it.
//!
//! What must stay true: a virtual device never fights with the real one. It takes a connection's place only where it was
//! told to, once; when it is displaced it waits until the other has gone.

mod behaviour;
mod driver;
mod member;
mod speaking;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde::Serialize;
use yizhan_vocabulary::model::ThingModel;

pub use behaviour::{AnswerPolicy, Answering, Behaviour, FAULTS, FaultSetting};

use crate::credentials::Credential;
use crate::engine::{Connector, Engine, EngineError, Target, Waker};
use driver::Driven;

/// Orders that may wait for the thread; whoever gives more waits. It takes them at least ten times a second.
const MOST_ORDERS: usize = 256;
/// How long the thread may take to look up from its work.
const LOOK_WITHIN: Duration = Duration::from_secs(2);
/// How often a thread without devices finds out that it may sleep.
const IDLE_LOOK: Duration = Duration::from_secs(1);
/// How long goodbyes may take.
const GOODBYE_WITHIN: Duration = Duration::from_secs(2);

/// What the directory says about a device that wants to connect.
pub enum Admission {
    /// It may.
    Enter {
        /// What it proves itself with.
        credential: Credential,
        /// What it is.
        model: Arc<ThingModel>,
        /// Whether somebody is connected as this device.
        occupied: bool,
    },
    /// Not now: the kind of trouble and a detail. It is asked again later.
    Refused(TroubleKind, String),
    /// There is no such device any more.
    Gone,
}

/// Who knows the devices.
pub trait Directory: Send {
    /// Whether a device may connect now, and with what.
    fn admit(&self, id: u64) -> Admission;
    /// The device's present thing model.
    fn model(&self, id: u64) -> Option<Arc<ThingModel>>;
}

/// Where a virtual device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is opening its connection.
    Connecting,
    /// It is connected and subscribed.
    Online,
    /// It tries again in a while, or comes back from a break that its behaviour has.
    Waiting,
    /// The real device is connected; it waits until that one has gone.
    Displaced,
}

/// What kind of thing went wrong last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TroubleKind {
    /// The connection could not be opened.
    NotOpened,
    /// The server refused the login; the detail is the code of CONNACK.
    Refused,
    /// The connection ended.
    Broken,
    /// Somebody else is connected as this device.
    Displaced,
    /// The product has no thing model.
    NoModel,
    /// The device has no key: its product uses certificates.
    NoKey,
}

impl TroubleKind {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotOpened => "NotOpened",
            Self::Refused => "Refused",
            Self::Broken => "Broken",
            Self::Displaced => "Displaced",
            Self::NoModel => "NoModel",
            Self::NoKey => "NoKey",
        }
    }
}

/// What went wrong last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// What kind.
    pub kind: TroubleKind,
    /// In words.
    pub detail: String,
}

/// What a virtual device did since it was started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Connections that reached CONNACK.
    pub connections: u64,
    /// Reports sent.
    pub reports: u64,
    /// Events sent.
    pub events: u64,
    /// Controls received.
    pub controls: u64,
    /// Actions received.
    pub actions: u64,
    /// Faults acted out.
    pub faults: u64,
    /// The server's answers to reports and events, by code.
    pub answers: BTreeMap<i64, u64>,
}

/// How a virtual device is doing.
#[derive(Debug, Clone)]
pub struct Portrait {
    /// Where it is.
    pub state: State,
    /// Since when, in milliseconds since 1970.
    pub since_ms: i64,
    /// What went wrong last.
    pub trouble: Option<Trouble>,
    /// What it did.
    pub counts: Counts,
    /// Its present values as the JSON of a report's `params`.
    pub values: String,
}

/// What a virtual device is told to say.
#[derive(Debug, Clone)]
pub enum Saying {
    /// These properties, as a JSON object. What the model allows becomes its own value; everything is sent as it is.
    Report(String),
    /// An event: identifier, type, parameters as a JSON object.
    Event(String, String, String),
}

/// What the server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The message's token.
    pub token: String,
    /// The answer's code.
    pub code: i64,
    /// The answer's status.
    pub status: String,
    /// Microseconds between the message and the answer.
    pub after_us: u64,
}

/// Why a device could not say something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SayError {
    /// It does not run.
    #[error("the virtual device does not run")]
    NotRunning,
    /// It is not connected.
    #[error("the virtual device is not connected")]
    Offline,
    /// No answer came in time.
    #[error("the server did not answer in time; the token was {0:?}")]
    Unanswered(String),
}

/// What the thread is told.
enum Order {
    Start { id: u64, behaviour: Behaviour, force: bool },
    Stop { id: u64, done: SyncSender<()> },
    Change { id: u64, behaviour: Behaviour },
    Say { id: u64, saying: Saying, token: SyncSender<Result<String, SayError>>, answer: SyncSender<Answer> },
    Look { ids: Vec<u64>, answer: SyncSender<BTreeMap<u64, Portrait>> },
    Leave,
}

/// The running hall. Dropping it without [`Hall::stop`] ends it too, when its thread sees the channel closed.
pub struct Hall {
    orders: SyncSender<Order>,
    waker: Waker,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Hall {
    /// Starts the thread. All devices connect to `target`.
    pub fn start(target: Target, directory: Box<dyn Directory>) -> Result<Self, EngineError> {
        let connector = Connector::new(target).map_err(EngineError::from)?;
        let engine = Engine::new(connector)?;
        let waker = engine.waker()?;
        let (orders, inbox) = sync_channel(MOST_ORDERS);
        let driven = Driven::new(inbox, directory);
        let thread = std::thread::Builder::new()
            .name("virtual-devices".to_owned())
            .spawn(move || run(engine, driven))
            .map_err(EngineError::Poll)?;
        Ok(Self { orders, waker, thread: Mutex::new(Some(thread)) })
    }

    /// Lets a device in; one that runs starts anew. With `force` its first connection takes another's place.
    pub fn let_in(&self, id: u64, behaviour: Behaviour, force: bool) {
        self.tell(Order::Start { id, behaviour, force });
    }

    /// Lets a device say goodbye and forgets it; waits until its connection is closed.
    pub fn send_away(&self, id: u64) {
        let (done, gone) = sync_channel(1);
        self.tell(Order::Stop { id, done });
        // A thread that has ended answers nothing, which is as good.
        let _ = gone.recv_timeout(GOODBYE_WITHIN);
    }

    /// Changes how a device behaves, from its next report on.
    pub fn change(&self, id: u64, behaviour: Behaviour) {
        self.tell(Order::Change { id, behaviour });
    }

    /// Lets a device say something and waits for the server's answer.
    pub fn say(&self, id: u64, saying: Saying, within: Duration) -> Result<Answer, SayError> {
        let (token, sent) = sync_channel(1);
        let (answer, answered) = sync_channel(1);
        self.tell(Order::Say { id, saying, token, answer });
        let token = sent.recv_timeout(LOOK_WITHIN).map_err(|_| SayError::NotRunning)??;
        answered.recv_timeout(within).map_err(|_| SayError::Unanswered(token))
    }

    /// How these devices are doing; those that do not run are left out.
    pub fn look(&self, ids: Vec<u64>) -> BTreeMap<u64, Portrait> {
        let (answer, seen) = sync_channel(1);
        self.tell(Order::Look { ids, answer });
        seen.recv_timeout(LOOK_WITHIN).unwrap_or_default()
    }

    /// Lets all devices say goodbye and ends the thread.
    pub fn stop(&self) {
        self.tell(Order::Leave);
        let thread = self.thread.lock().take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of virtual devices ended in a panic");
        }
    }

    fn tell(&self, order: Order) {
        // A thread that has ended takes no orders; whoever waits for an answer learns that it does not come.
        let _ = self.orders.send(order);
        let _ = self.waker.wake();
    }
}

/// Turns until all devices may leave. Without devices the thread sleeps until it is told something.
fn run(mut engine: Engine, mut driven: Driven) {
    while !driven.leaving() {
        if driven.is_idle() && engine.is_empty() && !driven.wait_for_order() {
            return;
        }
        if let Err(error) = engine.run(&mut driven, Some(IDLE_LOOK), Driven::leaving) {
            tracing::error!(%error, "virtual devices cannot go on");
            return;
        }
    }
    driven.say_goodbye(&mut engine);
    let end = Instant::now() + GOODBYE_WITHIN;
    while !engine.is_empty() && Instant::now() < end {
        if let Err(error) = engine.run(&mut driven, Some(Duration::from_millis(10)), |_| false) {
            tracing::error!(%error, "virtual devices could not say goodbye");
            return;
        }
    }
}
