//! The crash test. A server on one data directory is killed (SIGKILL) again and again at random moments while devices,
//! MQTT users and programs work with it. Each of them remembers what the server acknowledged. In the end an oracle asks
//! the server for all of it.
//!
//! What must hold:
//! - a report that was answered (`report_reply` or PUBACK), an event that was answered, a command that was accepted, a
//!   device that was created is there, once, with the values that were sent;
//! - a QoS 1 message for a kept session that was acknowledged is received at least once, a QoS 2 message exactly once,
//!   each in the order in which they were sent; the session and its subscriptions are still there;
//! - an acknowledged retained message is the one that is kept;
//! - nothing is there that was never sent, nothing is altered, nothing is half there.
//!
//! What it cannot show: SIGKILL leaves the kernel's page cache alone, so a missing fdatasync goes unnoticed here.
//!
//! `YIZHAN_CRASH_KILLS` and `YIZHAN_CRASH_SEED` choose how often and with which random moments; the seed is printed.
//! The seed fixes the moments and choices, not how the operating system interleaves the threads.

mod actors;
mod findings;
mod oracle;
mod play;
mod random;
mod stage;
mod wire;

use std::time::Instant;

use play::Script;

#[test]
fn nothing_acknowledged_is_lost_when_the_server_is_killed() {
    let script = Script::from_environment();
    println!(
        "crash test: {} kills, seed {} (YIZHAN_CRASH_SEED={} repeats it)",
        script.kills, script.seed, script.seed
    );
    let started = Instant::now();
    let outcome = play::perform(&script);
    println!("{}", outcome.summary);
    println!("crash test: {:.1} s", started.elapsed().as_secs_f64());
    assert!(
        outcome.findings.is_empty(),
        "seed {}: {} findings:\n{}",
        script.seed,
        outcome.findings.len(),
        outcome.findings.join("\n")
    );
}
