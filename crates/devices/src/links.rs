//! The seam to the router: what it hands in about a connection, what it gets back for a device, and what
//! management operations ask of it. Nothing here knows MQTT.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::oneshot;
use yizhan_vocabulary::DeviceId;
use yizhan_vocabulary::causes::{DisconnectCause, DropReason};

use crate::commands::CommandView;
use crate::registry::Device;

/// A message on its way to a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downlink {
    /// The full topic.
    pub topic: Arc<str>,
    /// The payload as it goes on the wire.
    pub payload: Vec<u8>,
    /// The highest QoS; the router lowers it to what the subscription grants.
    pub qos: u8,
    /// What the router gives back to [`crate::Devices::downlink_settled`]; 0 when nobody wants to know.
    pub tag: u64,
}

/// What became of a message handed to the router.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendOutcome {
    /// The device is online, subscribes, and the message is on its way.
    Sent,
    /// The device is online but does not subscribe to the topic.
    NoSubscriber,
    /// The device is offline and no session keeps the message.
    Offline,
    /// The device is offline; its kept session holds the message.
    Queued,
    /// The message was not taken.
    Refused(DropReason),
}

/// The connections of devices, as management operations see them. Called from management threads only.
pub trait DeviceLinks: Send + Sync {
    /// Hands a message to the device's session.
    fn send(&self, device: &Arc<Device>, downlink: Downlink) -> SendOutcome;
    /// Closes the device's connection, if there is one.
    fn disconnect(&self, device: DeviceId, cause: DisconnectCause);
    /// Whether the device has a connection now.
    fn online(&self, device: DeviceId) -> bool;
    /// The filters its session subscribes to, connected or kept, by text.
    fn subscriptions(&self, device: DeviceId) -> Vec<String>;
    /// What is known of its session; nothing if it has none.
    fn session(&self, device: DeviceId) -> Option<SessionView>;
}

/// A device's session, connected or kept, as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionView {
    /// Its subscriptions with the QoS that was granted.
    pub subscriptions: Vec<(String, u8)>,
    /// Whether it outlives its connection.
    pub kept: bool,
    /// Messages that are under way or wait for the device.
    pub queued: usize,
    /// The most there may be.
    pub max_queued: usize,
}

/// A connection that has just been accepted for a device.
#[derive(Debug, Clone, Copy)]
pub struct Connected {
    /// Where it comes from.
    pub address: SocketAddr,
    /// `tcp`, `tls`, `psk`, `ws`, `wss`: as shown to people.
    pub transport: &'static str,
    /// The MQTT version as shown to people: `3.1`, `3.1.1`, `5`.
    pub version: &'static str,
    /// The keep-alive the client asked for.
    pub keep_alive_s: u16,
}

/// Which way a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the device.
    Up,
    /// To the device.
    Down,
}

/// What must happen once the batch of an uplink is durable. The router only keeps these and gives them back to
/// [`crate::Devices::complete`].
#[derive(Debug)]
pub struct Completion(pub(crate) CompletionKind);

#[derive(Debug)]
pub(crate) enum CompletionKind {
    /// Everything of this device up to `seq` is durable; readers of last values wait for it.
    Stored { device: Arc<Device>, seq: u64 },
    /// A command reached a state its caller waits for.
    Answered { waiter: oneshot::Sender<CommandView>, view: Box<CommandView> },
    /// A device answered a call whose caller waits.
    Called { waiter: oneshot::Sender<Box<[u8]>>, payload: Box<[u8]> },
}

/// What one uplink led to. The caller reuses it: [`UplinkOutcome::clear`] before each call, or drain it after.
#[derive(Debug, Default)]
pub struct UplinkOutcome {
    /// Answers to the device; to be sent once the batch is durable.
    pub replies: Vec<Downlink>,
    /// To be given to [`crate::Devices::complete`] once the batch is durable.
    pub completions: Vec<Completion>,
    /// Why the message was not taken, if it was not.
    pub dropped: Option<DropReason>,
    /// Whether a feature owns the topic. If not, it is a custom topic and the router distributes the message.
    pub handled: bool,
    pub(crate) scratch: Box<crate::uplink::Scratch>,
}

impl UplinkOutcome {
    /// Forgets what the last uplink led to; completions that were not taken stay, because callers wait for them.
    pub fn clear(&mut self) {
        self.replies.clear();
        self.dropped = None;
        self.handled = false;
    }
}
