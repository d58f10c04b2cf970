//! Load on the cloud API: clients that each keep one connection, sign every request anew (TC3-HMAC-SHA256) and wait for
//! its answer before the next.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use yizhan_simulator::Latencies;
use yizhan_simulator::load::{Figures, LoadError, Moment, Phases};

const VERSION: &str = "2019-04-23";
const SERVICE: &str = "iotexplorer";
/// What the clients do now.
const WARMING: u8 = 0;
const COUNTING: u8 = 1;
const DONE: u8 = 2;

/// What is asked, and by how many.
pub(super) struct ApiLoad {
    pub(super) address: SocketAddr,
    pub(super) secret_id: String,
    pub(super) secret_key: String,
    pub(super) action: &'static str,
    /// Requests, taken in turn.
    pub(super) bodies: Arc<Vec<String>>,
    pub(super) clients: usize,
}

/// Runs the load.
pub(super) fn run(
    load: &ApiLoad,
    phases: Phases,
    observe: &mut dyn FnMut(Moment),
) -> Result<Figures, LoadError> {
    let phase = AtomicU8::new(WARMING);
    let connected = Barrier::new(load.clients + 1);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..load.clients)
            .map(|number| {
                let (phase, connected) = (&phase, &connected);
                scope.spawn(move || client(load, number, phase, connected))
            })
            .collect();
        connected.wait();
        observe(Moment::Ready(load.clients));
        std::thread::sleep(phases.warm);
        let (wall, cpu) = (Instant::now(), process_cpu());
        observe(Moment::Begin);
        phase.store(COUNTING, Ordering::Release);
        std::thread::sleep(phases.measure);
        phase.store(DONE, Ordering::Release);
        observe(Moment::End);
        let mut figures = Figures {
            elapsed: wall.elapsed(),
            generator_cpu: process_cpu().saturating_sub(cpu),
            ..Figures::default()
        };
        for client in clients {
            let counted = client.join().expect("a client does not panic");
            figures.messages += counted.answered;
            figures.refused += counted.refused;
            figures.lost += u64::from(counted.lost);
            figures.latency.merge(&counted.latency);
        }
        if figures.messages == 0 {
            return Err(LoadError::NoAnswers { lost: figures.lost });
        }
        Ok(figures)
    })
}

#[derive(Default)]
struct Counted {
    answered: u64,
    refused: u64,
    lost: bool,
    latency: Latencies,
}

fn client(load: &ApiLoad, number: usize, phase: &AtomicU8, connected: &Barrier) -> Counted {
    let stream = TcpStream::connect(load.address);
    connected.wait();
    let mut counted = Counted::default();
    let result = stream.and_then(|stream| ask_until_done(load, number, stream, phase, &mut counted));
    counted.lost = result.is_err();
    counted
}

fn ask_until_done(
    load: &ApiLoad,
    number: usize,
    mut stream: TcpStream,
    phase: &AtomicU8,
    counted: &mut Counted,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut signer = Signer::of(load);
    let mut answer = Vec::new();
    let mut turn = number;
    loop {
        let body = &load.bodies[turn % load.bodies.len()];
        turn += load.clients;
        let started = Instant::now();
        stream.write_all(signer.request(body).as_bytes())?;
        let refused = read_answer(&mut stream, &mut answer)?;
        match phase.load(Ordering::Acquire) {
            WARMING => {}
            COUNTING => {
                counted.answered += 1;
                counted.refused += u64::from(refused);
                counted.latency.record(u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX));
            }
            _ => return Ok(()),
        }
    }
}

/// Reads one answer; whether it is an error.
fn read_answer(stream: &mut TcpStream, answer: &mut Vec<u8>) -> io::Result<bool> {
    answer.clear();
    let mut chunk = [0; 4096];
    loop {
        let count = stream.read(&mut chunk)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        answer.extend_from_slice(&chunk[..count]);
        let Some(end) = find(answer, b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&answer[..end]).map_err(|_| io::ErrorKind::InvalidData)?;
        let length = head
            .lines()
            .find_map(|line| {
                line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse::<usize>().ok()
            })
            .ok_or(io::ErrorKind::InvalidData)?;
        if answer.len() >= end + 4 + length {
            return Ok(find(&answer[end..], br#""Error":"#).is_some());
        }
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

/// Signs requests; what stays the same over a day is computed once.
struct Signer<'a> {
    load: &'a ApiLoad,
    host: String,
    date: String,
    key: Vec<u8>,
}

impl<'a> Signer<'a> {
    fn of(load: &'a ApiLoad) -> Self {
        let date = OffsetDateTime::now_utc().date().to_string();
        let mut key = hmac(format!("TC3{}", load.secret_key).as_bytes(), &date);
        for part in [SERVICE, "tc3_request"] {
            key = hmac(&key, part);
        }
        Self { load, host: load.address.to_string(), date, key }
    }

    fn request(&mut self, body: &str) -> String {
        let Self { load, host, date, key } = self;
        let timestamp = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let canonical = format!(
            "POST\n/\n\ncontent-type:application/json\nhost:{host}\n\ncontent-type;host\n{}",
            digest(body.as_bytes())
        );
        let scope = format!("{date}/{SERVICE}/tc3_request");
        let text = format!("TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{}", digest(canonical.as_bytes()));
        let signature = hex::encode(hmac(key, &text));
        format!(
            "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nX-TC-Action: {}\r\n\
             X-TC-Version: {VERSION}\r\nX-TC-Timestamp: {timestamp}\r\nX-TC-Region: ap-guangzhou\r\n\
             Authorization: TC3-HMAC-SHA256 Credential={}/{scope}, SignedHeaders=content-type;host, \
             Signature={signature}\r\nContent-Length: {}\r\n\r\n{body}",
            load.action,
            load.secret_id,
            body.len()
        )
    }
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key may have any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// CPU time of this process, all threads.
fn process_cpu() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    #[expect(unsafe_code, reason = "CPU clocks have no safe wrapper among our libraries")]
    // SAFETY: `time` is a valid place for the result and lives through the call.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    if result != 0 {
        return Duration::ZERO;
    }
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}
