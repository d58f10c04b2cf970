//! The machine: cores and pinning, limits, the disk's sync time, and the build of what is measured.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

/// Which core runs what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cores {
    pub(super) server: usize,
    pub(super) generator: usize,
}

impl Cores {
    /// The first two cores this process may use.
    pub(super) fn of_this_machine() -> anyhow::Result<Self> {
        let allowed = allowed_cores()?;
        match allowed.as_slice() {
            [server, generator, ..] => Ok(Self { server: *server, generator: *generator }),
            _ => bail!("a measurement needs two cores, one for the server and one for the generator"),
        }
    }

    /// Keeps the calling thread on the generator's core.
    pub(super) fn pin_generator(self) -> anyhow::Result<()> {
        pin(self.generator).context("cannot pin the generator to its core")
    }
}

/// Keeps the calling thread, and the processes it starts from now on, on one core. Safe to call between fork and exec.
pub(super) fn pin(core: usize) -> std::io::Result<()> {
    #[expect(unsafe_code, reason = "affinity has no safe wrapper among our libraries")]
    // SAFETY: a cpu_set_t is plain bits, valid when zeroed; it lives through the call with the size given.
    let result = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(core, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set)
    };
    if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

fn allowed_cores() -> anyhow::Result<Vec<usize>> {
    #[expect(unsafe_code, reason = "affinity has no safe wrapper among our libraries")]
    // SAFETY: as in `pin`; the call fills the set.
    let set = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        if libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), &raw mut set) != 0 {
            return Err(std::io::Error::last_os_error()).context("cannot ask for this process's cores");
        }
        set
    };
    #[expect(unsafe_code, reason = "the macro's port reads the bits of a plain struct")]
    // SAFETY: every number asked for is below the set's size.
    let cores = (0..libc::CPU_SETSIZE as usize).filter(|core| unsafe { libc::CPU_ISSET(*core, &set) });
    Ok(cores.collect())
}

/// Takes as many file descriptors as allowed; children inherit the limit.
pub(super) fn raise_descriptor_limit() -> anyhow::Result<()> {
    let mut limit = descriptor_limit()?;
    limit.rlim_cur = limit.rlim_max;
    #[expect(unsafe_code, reason = "resource limits have no safe wrapper among our libraries")]
    // SAFETY: `limit` is a valid struct that lives through the call.
    let result = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
    if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error().into()) }
}

/// How many file descriptors a process may have.
pub(super) fn descriptors() -> anyhow::Result<usize> {
    Ok(usize::try_from(descriptor_limit()?.rlim_cur).unwrap_or(usize::MAX))
}

fn descriptor_limit() -> anyhow::Result<libc::rlimit> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    #[expect(unsafe_code, reason = "resource limits have no safe wrapper among our libraries")]
    // SAFETY: `limit` is a valid place for the result and lives through the call.
    let result = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    if result == 0 { Ok(limit) } else { Err(std::io::Error::last_os_error().into()) }
}

/// Asks for the highest priority, for this process and its children; without the right to it nothing changes.
pub(super) fn raise_priority() {
    #[expect(unsafe_code, reason = "priorities have no safe wrapper among our libraries")]
    // SAFETY: the call takes no pointers.
    unsafe {
        libc::setpriority(libc::PRIO_PROCESS, 0, -20);
    }
}

fn priority() -> i32 {
    #[expect(unsafe_code, reason = "priorities have no safe wrapper among our libraries")]
    // SAFETY: the call takes no pointers.
    unsafe {
        libc::getpriority(libc::PRIO_PROCESS, 0)
    }
}

/// Builds the server and returns its path.
pub(super) fn build_release() -> anyhow::Result<PathBuf> {
    super::progress("building the server");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--release", "--package", "yizhan", "--message-format=json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!("the server does not build");
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let mut executables = messages.lines().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_ours = message["target"]["name"] == "yizhan" && message["target"]["kind"][0] == "bin";
        is_ours.then(|| message["executable"].as_str().map(PathBuf::from)).flatten()
    });
    executables.next_back().context("cargo did not say where the server's binary is")
}

/// A directory for data beside the build's output: on the same disk, and ignored by version control.
pub(super) fn target_directory(binary: &Path) -> PathBuf {
    binary.parent().and_then(Path::parent).unwrap_or_else(|| Path::new("target")).join("bench")
}

/// What a reader of the figures has to know.
pub(super) fn describe(directory: &Path, cores: Cores) -> anyhow::Result<Vec<(&'static str, String)>> {
    let sync = sync_time(directory)?;
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let models: Vec<&str> = cpu
        .lines()
        .filter(|line| line.starts_with("model name"))
        .filter_map(|line| line.split_once(':').map(|(_, model)| model.trim()))
        .collect();
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory_kib: u64 = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix("kB")?.trim().parse().ok())
        .unwrap_or(0);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<&str> = load.split_whitespace().take(3).collect();
    let text = |command: &str, arguments: &[&str]| {
        let output = Command::new(command).args(arguments).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned()).filter(|text| !text.is_empty())
    };
    let unknown = || "unknown".to_owned();
    let now = time::OffsetDateTime::now_utc();
    Ok(vec![
        ("when", format!("{} {:02}:{:02} UTC", now.date(), now.hour(), now.minute())),
        ("commit", text("git", &["rev-parse", "--short", "HEAD"]).unwrap_or_else(unknown)),
        (
            "machine",
            format!(
                "{} x {}, {:.0} GiB, Linux {}",
                models.len(),
                models.first().unwrap_or(&"unknown processor"),
                memory_kib as f64 / 1_048_576.0,
                text("uname", &["-r"]).unwrap_or_else(unknown)
            ),
        ),
        (
            "placing",
            format!(
                "server on core {}, generator on core {}, priority {}",
                cores.server,
                cores.generator,
                priority()
            ),
        ),
        ("load before", format!("{} (1, 5 and 15 minutes)", load.join(", "))),
        (
            "fdatasync of 4 KiB",
            format!("p50 {:.2} ms, p99 {:.2} ms", sync.0.as_secs_f64() * 1e3, sync.1.as_secs_f64() * 1e3),
        ),
    ])
}

/// The median and 99th percentile of appending 4 KiB and syncing it.
fn sync_time(directory: &Path) -> anyhow::Result<(Duration, Duration)> {
    let path = directory.join("sync-test");
    let mut file = File::create(&path)?;
    let block = [7_u8; 4096];
    let mut times = Vec::with_capacity(200);
    for _ in 0..200 {
        let start = Instant::now();
        file.write_all(&block)?;
        file.sync_data()?;
        times.push(start.elapsed());
    }
    drop(file);
    fs::remove_file(&path)?;
    times.sort_unstable();
    Ok((times[100], times[198]))
}

/// Bytes of all files under a directory whose name starts with `prefix`.
pub(super) fn bytes_under(directory: &Path, prefix: &str) -> u64 {
    let Ok(entries) = fs::read_dir(directory) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_under(&entry.path(), prefix),
            Ok(metadata) if entry.file_name().to_string_lossy().starts_with(prefix) => metadata.len(),
            _ => 0,
        })
        .sum()
}
