//! What tests of the whole product stand on: a real server process on a throw-away data directory, and clients that
//! are deliberately *not* built from the server's own code.
//!
//! Why it exists: a test that drives the server with the server's own packet codec only proves that the codec agrees
//! with itself. So [`mqtt`] has its own packet builder and its own strict reader, [`device`] its own signatures and
//! [`http`] its own HTTP/1.1. What must stay true: nothing here depends on another crate of the workspace.
//!
//! ```no_run
//! use yizhan_testkit::{RawClient, TestServer, mqtt::Connect};
//!
//! let server = TestServer::start();
//! let user = server.admin().create_mqtt_user("tester");
//! let mut client = RawClient::open(server.mqtt());
//! client.connect(&Connect::v311("some-client").login(&user.name, &user.password));
//! client.subscribe(1, &[("a/#", 1)]);
//! client.publish("a/b", b"hello", 0);
//! assert_eq!(client.expect_publish().payload, b"hello");
//! ```
//!
//! Everything panics with a full sentence when the server does not do what was asked: callers are tests.

pub mod admin;
pub mod authenticator;
mod binary;
pub mod cloud;
pub mod device;
pub mod http;
pub mod live;
mod log;
pub mod mqtt;
mod process;
pub mod server;

pub use admin::{Admin, MqttUser};
pub use binary::server_binary;
pub use cloud::{CloudClient, CloudKey};
pub use device::{DeviceCredentials, FakeDevice, Login, SignatureAlgorithm};
pub use live::LiveClient;
pub use mqtt::{RawClient, Received, Version};
pub use server::{ServerOptions, TestServer};

use std::time::Duration;

/// How long a test waits for something that must happen. Generous, because the machine may be busy with other tests;
/// waiting costs nothing when the server is right.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How long a test watches for something that must *not* happen. Every use adds this to the run.
pub const QUIET: Duration = Duration::from_millis(300);
