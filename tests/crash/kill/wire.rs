//! A blocking MQTT 3.1.1 connection whose every operation may fail, because the server may die at any byte. Packets are
//! built and checked by the testkit.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use yizhan_testkit::mqtt::{self, Connect, Publishing, Received, Version, build};

const HANDSHAKE: Duration = Duration::from_secs(10);

/// Why a connection is over.
#[derive(Debug)]
pub enum Lost {
    /// It broke. Expected when the server was killed, a finding otherwise.
    Gone(io::Error),
    /// The server did what it must never do, dying or not.
    Wrong(String),
}

impl From<io::Error> for Lost {
    fn from(error: io::Error) -> Self {
        Self::Gone(error)
    }
}

pub struct Wire {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Wire {
    /// Connects; returns the connection and the session-present flag.
    pub fn open(address: SocketAddr, connect: &Connect) -> Result<(Self, bool), Lost> {
        let stream = TcpStream::connect_timeout(&address, HANDSHAKE)?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(HANDSHAKE))?;
        let mut wire = Self { stream, unread: Vec::new() };
        wire.send(&connect.encode())?;
        match wire.next(HANDSHAKE)? {
            Some(Received::ConnAck(answer)) if answer.code == 0 => Ok((wire, answer.session_present)),
            Some(other) => Err(Lost::Wrong(format!("expected a successful CONNACK, got {other:?}"))),
            None => Err(Lost::Wrong(format!("no CONNACK within {HANDSHAKE:?}"))),
        }
    }

    pub fn send(&mut self, bytes: &[u8]) -> Result<(), Lost> {
        Ok(self.stream.write_all(bytes)?)
    }

    pub fn publish(&mut self, publishing: &Publishing) -> Result<(), Lost> {
        self.send(&publishing.encode(Version::V311))
    }

    pub fn acknowledge(&mut self, first: u8, id: u16) -> Result<(), Lost> {
        self.send(&build::acknowledgement(first, id))
    }

    pub fn disconnect(mut self) -> Result<(), Lost> {
        self.send(&build::DISCONNECT)
    }

    /// Subscribes and waits for the SUBACK; every filter must be granted as asked. Messages that come before it (those a
    /// resumed session had waiting) go to `early`.
    pub fn subscribe(
        &mut self,
        id: u16,
        filters: &[(&str, u8)],
        early: &mut Vec<Received>,
    ) -> Result<(), Lost> {
        self.send(&build::subscribe(Version::V311, id, filters, &mqtt::Properties::none()))?;
        let deadline = Instant::now() + HANDSHAKE;
        loop {
            match self.next(deadline.saturating_duration_since(Instant::now()))? {
                Some(Received::SubAck(answer)) if answer.id == id => {
                    let granted: Vec<u8> = filters.iter().map(|(_, qos)| *qos).collect();
                    if answer.codes == granted {
                        return Ok(());
                    }
                    return Err(Lost::Wrong(format!("{filters:?} was granted {:?}", answer.codes)));
                }
                Some(other) => early.push(other),
                None => return Err(Lost::Wrong(format!("no SUBACK within {HANDSHAKE:?}"))),
            }
        }
    }

    /// The next packet, or `None` after `patience`.
    pub fn next(&mut self, patience: Duration) -> Result<Option<Received>, Lost> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(packet) = self.take_packet()? {
                return Ok(Some(packet));
            }
            let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_micros(500));
            self.stream.set_read_timeout(Some(left))?;
            let mut chunk = [0; 16 * 1024];
            match self.stream.read(&mut chunk) {
                Ok(0) => return Err(Lost::Gone(ErrorKind::UnexpectedEof.into())),
                Ok(count) => self.unread.extend_from_slice(&chunk[..count]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Ok(None);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Lost::Gone(error)),
            }
        }
    }

    fn take_packet(&mut self) -> Result<Option<Received>, Lost> {
        let Some((header, length)) = mqtt::split_packet(&self.unread).map_err(Lost::Wrong)? else {
            return Ok(None);
        };
        let parsed = mqtt::parse(Version::V311, self.unread[0], &self.unread[header..length]);
        let packet =
            parsed.map_err(|rule| Lost::Wrong(format!("{rule}: {:02x?}", &self.unread[..length.min(64)])))?;
        self.unread.drain(..length);
        Ok(Some(packet))
    }
}
