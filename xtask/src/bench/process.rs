//! A server process under measurement: pinned to its core before it starts, its CPU time and memory read from outside,
//! stopped when the measurement is over.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::machine::pin;

/// How long a process has to stop after SIGTERM.
const STOP_WITHIN: Duration = Duration::from_secs(30);

/// A running server.
pub(super) struct Measured {
    child: Child,
}

impl Measured {
    /// Starts the command on one core.
    pub(super) fn start(mut command: Command, core: usize) -> anyhow::Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        #[expect(
            unsafe_code,
            reason = "the core must be set in the child before it runs, so that all its threads inherit it"
        )]
        // SAFETY: between fork and exec the closure makes one system call and allocates nothing.
        unsafe {
            command.pre_exec(move || pin(core));
        }
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        Ok(Self { child })
    }

    /// CPU time the process has used, all threads, those that ended included.
    pub(super) fn cpu(&self) -> anyhow::Result<Duration> {
        let pid = self.pid();
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        #[expect(
            unsafe_code,
            reason = "CPU clocks of other processes have no safe wrapper among our libraries"
        )]
        // SAFETY: both results have valid places that live through the calls.
        let failed = unsafe {
            let mut clock = 0;
            libc::clock_getcpuclockid(pid, &raw mut clock) != 0
                || libc::clock_gettime(clock, &raw mut time) != 0
        };
        if failed {
            bail!("the CPU time of process {pid} cannot be read: it has ended");
        }
        Ok(Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec)?))
    }

    /// Resident memory in bytes.
    pub(super) fn resident(&self) -> anyhow::Result<u64> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        let kib = status.lines().find_map(|line| {
            line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
        });
        Ok(kib.with_context(|| format!("{path} has no VmRSS"))? * 1024)
    }

    /// Fails if the process has ended.
    pub(super) fn check_running(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("the server has ended: {status}"),
        }
    }

    /// Asks the process to stop and waits for it.
    pub(super) fn stop(mut self) -> anyhow::Result<()> {
        self.terminate();
        let deadline = Instant::now() + STOP_WITHIN;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                return match status.success() {
                    true => Ok(()),
                    false => bail!("the server stopped with {status}"),
                };
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        bail!("the server did not stop within {STOP_WITHIN:?} after SIGTERM")
    }

    fn terminate(&self) {
        #[expect(unsafe_code, reason = "signals have no safe wrapper among our libraries")]
        // SAFETY: the call takes no pointers, and the process is our child, not yet waited for.
        unsafe {
            libc::kill(self.pid(), libc::SIGTERM);
        }
    }

    fn pid(&self) -> libc::pid_t {
        libc::pid_t::try_from(self.child.id()).expect("process ids fit their type")
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        // After `stop` the child is waited for already and both calls have nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
