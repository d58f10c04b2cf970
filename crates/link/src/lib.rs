//! From sockets to packets and back: listeners, transports and the connection driver.
//!
//! One [`Core`] is one thread with its own `mio` event loop and its own SO_REUSEPORT listeners. A connection
//! belongs to the core that accepted it for as long as it lives, so nothing here takes a lock on the message path.
//! A *turn* of the loop reads every ready socket, hands each packet to the [`Handler`], lets the handler finish the
//! turn (submit what must become durable, release what has become durable) and only then writes, once a connection.
//!
//! What must stay true: an idle connection owns no buffer; every stage of a handshake has a deadline; no peer can
//! make the process hold more than the configured bytes for it.

mod addresses;
mod admission;
mod connection;
mod core;
mod inbox;
mod listener;
mod settings;
mod timer;
pub mod transport;

pub use addresses::AddressCounts;
pub use admission::{Admission, Handshake, Refused};
pub use connection::{Closed, Link, LinkId};
pub use core::{Core, Handler, Links};
pub use inbox::CoreHandle;
pub use listener::{BindError, bind};
pub use settings::{LinkSettings, ListenerKind};
pub use transport::tls::{PskLookup, ServerIdentity, TlsError, tls_context};
pub use transport::websocket::{UpgradeError, upgrade_response};
pub use transport::{Adopted, ClientCertificate, Peer, PskIdentity, RawStream, TlsIdentity, TransportKind};
