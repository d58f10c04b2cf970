//! Ctrl-C and SIGTERM for commands that have something to finish: the first sets a flag that the command looks at, the
//! second ends the process at once, because then the command does not look.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::output;

/// What shells report of a command that Ctrl-C ended.
const ENDED_BY_INTERRUPT: i32 = 130;

/// A flag that becomes true at the first Ctrl-C or SIGTERM. The watching thread ends with the process.
pub fn watch() -> anyhow::Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .context("signals cannot be watched")?;
    let (mut interrupt, mut terminate) = {
        let _inside = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    let set = Arc::clone(&flag);
    let watch = move || {
        runtime.block_on(either(&mut interrupt, &mut terminate));
        set.store(true, Ordering::Relaxed);
        output::note("stopping; once more to stop at once");
        runtime.block_on(either(&mut interrupt, &mut terminate));
        end_at_once();
    };
    std::thread::Builder::new().name("interrupt".into()).spawn(watch).context("signals cannot be watched")?;
    Ok(flag)
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}

#[expect(clippy::exit, reason = "the command hangs where it does not look at the flag, so it cannot return")]
fn end_at_once() {
    std::process::exit(ENDED_BY_INTERRUPT);
}
