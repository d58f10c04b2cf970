//! Who the generated clients are, turned into CONNECT packets before anything is measured.

use super::LoadError;
use crate::credentials::Credential;
use crate::packets::{self, Connect, Level};

/// The longest keep-alive a platform allows: measurements send no pings.
const KEEP_ALIVE_S: u16 = 900;
/// Far enough in the future for any measurement, and within 32 bits.
const EXPIRY: u64 = 2_147_483_647;

/// The clients of a run.
#[derive(Debug, Clone)]
pub enum Clients {
    /// Clients without credentials, as a plain broker takes them.
    Anonymous {
        /// How many.
        count: usize,
    },
    /// Clients that share one user name and password.
    User {
        /// How many.
        count: usize,
        /// The user name.
        username: String,
        /// The password.
        password: String,
    },
    /// Devices that sign with their secrets, or prove them by TLS-PSK.
    Devices {
        /// Their identities.
        credentials: Vec<Credential>,
        /// Whether TLS-PSK proves them: then CONNECT has no password.
        psk: bool,
    },
}

/// One client, ready to connect.
pub(super) struct Prepared {
    /// The client id and PSK identity.
    pub(super) name: String,
    /// The PSK; empty if none is used.
    pub(super) key: Vec<u8>,
    /// The whole CONNECT packet.
    pub(super) connect: Vec<u8>,
}

impl Clients {
    /// How many there are.
    pub const fn len(&self) -> usize {
        match self {
            Self::Anonymous { count } | Self::User { count, .. } => *count,
            Self::Devices { credentials, .. } => credentials.len(),
        }
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn prepare(&self) -> Result<Vec<Prepared>, LoadError> {
        match self {
            Self::Anonymous { count } => Ok((0..*count).map(|n| plain(n, None, None)).collect()),
            Self::User { count, username, password } => {
                Ok((0..*count).map(|n| plain(n, Some(username), Some(password))).collect())
            }
            Self::Devices { credentials, psk } => credentials.iter().map(|one| device(one, *psk)).collect(),
        }
    }
}

fn plain(number: usize, username: Option<&str>, password: Option<&str>) -> Prepared {
    let name = format!("bench-{number:06}");
    let connect = connect_packet(&name, username, password);
    Prepared { name, key: Vec::new(), connect }
}

fn device(credential: &Credential, psk: bool) -> Result<Prepared, LoadError> {
    let login = credential.login("BENCH", EXPIRY, !psk)?;
    let connect = connect_packet(&login.client_id, Some(&login.username), login.password.as_deref());
    Ok(Prepared { name: login.client_id, key: if psk { login.key } else { Vec::new() }, connect })
}

fn connect_packet(client_id: &str, username: Option<&str>, password: Option<&str>) -> Vec<u8> {
    let mut packet = Vec::new();
    let fields =
        Connect { level: Level::V311, client_id, username, password, keep_alive: KEEP_ALIVE_S, clean: true };
    packets::connect(&mut packet, &fields);
    packet
}
