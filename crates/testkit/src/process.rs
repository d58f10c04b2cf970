//! Starts, signals and watches the server process.
//!
//! Why a thread of its own starts every child: the kernel is asked to kill the server when its parent *thread* ends
//! (so that no server outlives a test run that was killed or that kept its server in a static), and test threads end
//! with their test. The thread here lives as long as the process.

#![expect(unsafe_code, reason = "prctl before exec and kill(2) have no safe form in the standard library")]

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::OnceLock;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::Builder;
use std::time::{Duration, Instant};

type Birth = (Command, SyncSender<io::Result<Child>>);

/// Starts `command` so that it dies with this process, whatever way this process ends.
pub(crate) fn spawn_bound_to_this_process(mut command: Command) -> io::Result<Child> {
    static NURSERY: OnceLock<SyncSender<Birth>> = OnceLock::new();
    // SAFETY: the closure runs between fork and exec and only calls prctl, which is async-signal-safe.
    unsafe {
        command.pre_exec(|| {
            if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) == 0 {
                Ok(())
            } else {
                Err(io::Error::last_os_error())
            }
        });
    }
    let nursery = NURSERY.get_or_init(|| {
        let (births, orders) = sync_channel::<Birth>(4);
        Builder::new()
            .name("server-nursery".into())
            .spawn(move || {
                for (mut command, answer) in orders {
                    // The one who asked may have given up; then the child dies with its dropped handle's process.
                    let _gone = answer.send(command.spawn());
                }
            })
            .expect("a thread can be started");
        births
    });
    let (answer, child) = sync_channel(1);
    nursery.send((command, answer)).expect("the nursery never ends");
    child.recv().expect("the nursery answers every order")
}

/// Asks the process to stop in good order.
pub(crate) fn send_terminate(child: &Child) {
    let pid = libc::pid_t::try_from(child.id()).expect("a process id fits");
    // SAFETY: kill(2) has no memory effects; the child is ours and not yet waited for, so the number is still its own.
    let result = unsafe { libc::kill(pid, libc::SIGTERM) };
    assert_eq!(result, 0, "SIGTERM could not be sent: {}", io::Error::last_os_error());
}

/// Waits for the end of the process; `None` when it is still alive after `patience`.
pub(crate) fn wait_for_exit(child: &mut Child, patience: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            return Some(status);
        }
        if Instant::now() >= deadline {
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Resident memory of a process in KiB, from `/proc`.
pub(crate) fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("the process is alive");
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse().ok())
        .expect("every process has a VmRSS line")
}

/// How many file descriptors a process holds open.
pub(crate) fn open_descriptors(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).expect("the process is alive").count()
}
