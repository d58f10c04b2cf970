//! One running core whose handler accepts every CONNECT, answers PINGREQ and DISCONNECT, and notes what happens.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use openssl::ssl::{SslContext, SslMethod};
use parking_lot::{Mutex, RwLock};
use yizhan_link::{
    Admission, Adopted, Closed, Core, CoreHandle, Handler, Link, LinkId, LinkSettings, Links, ListenerKind,
    Peer, RawStream, TransportKind, bind,
};
use yizhan_mqtt::{DecodeError, Packet};

/// As long as anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub const CONNECT: &[u8] = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01c";
pub const CONNACK: &[u8] = b"\x20\x02\x00\x00";
pub const PINGREQ: &[u8] = b"\xc0\x00";
pub const PINGRESP: &[u8] = b"\xd0\x00";
/// The handler of these tests takes it as a wish for wake-ups without end.
pub const SUBSCRIBE: &[u8] = b"\x82\x06\x00\x01\x00\x01t\x00";
pub const DISCONNECT: &[u8] = b"\xe0\x00";

/// A moment that has passed whenever it is asked for.
const LONG_AGO_MS: u64 = 1;

/// What the handler saw.
#[derive(Debug, Default)]
pub struct Seen {
    pub closed: Vec<Closed>,
    /// Those whose end was followed by the end of a turn.
    pub settled: usize,
    pub most_packets_a_turn: usize,
    pub largest_payload: usize,
    pub malformed: usize,
    /// Wake-ups that were asked for again and again.
    pub timers: usize,
}

struct Notes {
    seen: Arc<Mutex<Seen>>,
    packets: usize,
    timers: usize,
}

impl Handler for Notes {
    type State = ();
    type Mail = ();

    fn turn_begin(&mut self) {
        (self.packets, self.timers) = (0, 0);
    }

    fn accepted(&mut self, _peer: &Peer) {}

    fn packet(&mut self, link: &mut Link<'_>, (): &mut (), packet: Packet) {
        self.packets += 1;
        match packet {
            Packet::Connect(connect) => {
                link.establish(Duration::from_secs(u64::from(connect.keep_alive)));
                link.out.extend_from_slice(CONNACK);
            }
            Packet::PingReq => link.out.extend_from_slice(PINGRESP),
            Packet::Publish(publish) => {
                let mut seen = self.seen.lock();
                seen.largest_payload = seen.largest_payload.max(publish.message.payload.len());
            }
            Packet::Subscribe(_) => link.wake_at(LONG_AGO_MS),
            _ => link.close(),
        }
    }

    fn malformed(&mut self, _link: &mut Link<'_>, (): &mut (), _error: &DecodeError) {
        self.seen.lock().malformed += 1;
    }

    fn timer(&mut self, link: &mut Link<'_>, (): &mut ()) {
        self.timers += 1;
        assert_eq!(self.timers, 1, "one turn calls a timer once");
        self.seen.lock().timers += 1;
        link.wake_at(LONG_AGO_MS);
    }

    fn closed(&mut self, _id: LinkId, (): (), _peer: &Peer, why: Closed, _out: &mut BytesMut) {
        self.seen.lock().closed.push(why);
    }

    fn mail(&mut self, (): (), _links: &mut Links<'_, Self>) {}

    fn turn_end(&mut self, _links: &mut Links<'_, Self>) {
        let mut seen = self.seen.lock();
        seen.settled = seen.closed.len();
        seen.most_packets_a_turn = seen.most_packets_a_turn.max(self.packets);
    }

    fn drained(&self) -> bool {
        true
    }

    fn retry_after(&self) -> Option<Duration> {
        None
    }
}

/// A core on a thread of its own, ended when dropped.
pub struct Server {
    pub address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    handle: CoreHandle<()>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub fn start(settings: LinkSettings) -> Self {
        let listener = bind("127.0.0.1:0".parse().unwrap(), 1).unwrap().pop().unwrap();
        let address = listener.local_addr().unwrap();
        let context = SslContext::builder(SslMethod::tls_server()).unwrap().build();
        let mut core = Core::<Notes>::new(
            vec![(ListenerKind::Mqtt, listener)],
            Arc::new(RwLock::new(context)),
            settings.clone(),
            Admission::new(settings),
            Instant::now(),
        )
        .unwrap();
        let (seen, stop, handle) =
            (Arc::new(Mutex::new(Seen::default())), Arc::new(AtomicBool::new(false)), core.handle());
        let mut notes = Notes { seen: Arc::clone(&seen), packets: 0, timers: 0 };
        let asked = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("core".to_owned())
            .spawn(move || {
                core.run(&mut notes, &|| asked.load(Ordering::Acquire), Duration::ZERO).unwrap();
            })
            .unwrap();
        Self { address, seen, handle, stop, thread: Some(thread) }
    }

    /// A connected MQTT client over TCP.
    pub fn client(&self) -> TcpStream {
        let mut stream = self.open();
        stream.write_all(CONNECT).unwrap();
        expect(&mut stream, CONNACK);
        stream
    }

    /// A TCP connection on which nothing was said.
    pub fn open(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// The client's end of a WebSocket whose upgrade is done.
    pub fn websocket(&self) -> UnixStream {
        let (ours, theirs) = UnixStream::pair().unwrap();
        theirs.set_nonblocking(true).unwrap();
        let stream = RawStream::Unix(mio::net::UnixStream::from_std(theirs));
        let peer = Peer {
            address: "127.0.0.1:9".parse().unwrap(),
            transport: TransportKind::WebSocket,
            identity: None,
        };
        self.handle.adopt(Adopted { stream, early: Vec::new(), peer });
        ours
    }

    /// Waits until what the handler saw is as wanted.
    #[track_caller]
    pub fn wait_until(&self, wanted: impl Fn(&Seen) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !wanted(&self.seen.lock()) {
            assert!(Instant::now() < end, "it did not come to it: {:?}", self.seen.lock());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// What the handler saw.
    pub fn seen<R>(&self, look: impl FnOnce(&Seen) -> R) -> R {
        look(&self.seen.lock())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.handle.wake();
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the core panicked");
        }
    }
}

/// Reads exactly these bytes.
#[track_caller]
pub fn expect(stream: &mut impl Read, bytes: &[u8]) {
    let mut read = vec![0; bytes.len()];
    stream.read_exact(&mut read).unwrap();
    assert_eq!(read, bytes);
}

/// A masked frame, as clients send them.
pub fn frame(head: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![head];
    match payload.len() {
        short @ 0..=125 => frame.push(0x80 | short as u8),
        long @ 126..=65_535 => {
            frame.push(0x80 | 126);
            frame.extend((long as u16).to_be_bytes());
        }
        long => {
            frame.push(0x80 | 127);
            frame.extend((long as u64).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// A QoS 0 PUBLISH with a payload of this size.
pub fn publish(size: usize) -> Vec<u8> {
    let mut packet = vec![0x30];
    let mut length = size + 3;
    loop {
        let byte = (length % 128) as u8;
        length /= 128;
        packet.push(if length > 0 { byte | 0x80 } else { byte });
        if length == 0 {
            break;
        }
    }
    packet.extend(b"\x00\x01t");
    packet.resize(packet.len() + size, b'x');
    packet
}
