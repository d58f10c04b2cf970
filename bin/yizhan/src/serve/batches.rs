//! The thread that carries batches out: one step after the other while there is something to do, else asleep until a
//! batch is made. It does nothing that a crash could leave half done.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use yizhan_devices::batches::Batches;
use yizhan_operations::Platform;

use super::guard::AbortOnPanic;

/// The longest sleep, in case a batch was made in a way that wakes nobody.
const IDLE: Duration = Duration::from_secs(60);
/// After a failure the next step waits: the registry may be full or locked.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// The thread and the way to end it.
pub struct BatchWorker {
    batches: Batches,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl BatchWorker {
    /// Starts the thread.
    pub fn start(platform: &Arc<Platform>) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, platform) = (Arc::clone(&stop), Arc::clone(platform));
        let batches = platform.batches.clone();
        let thread = std::thread::Builder::new().name("batches".to_owned()).spawn(move || {
            let _guard = AbortOnPanic;
            while !stopped.load(Ordering::Acquire) {
                match platform.batches.step(&platform.authorities.authority) {
                    Ok(true) => {}
                    Ok(false) => platform.batches.wait(IDLE),
                    Err(error) => {
                        tracing::error!(%error, "a batch cannot go on; trying again");
                        platform.batches.wait(AFTER_FAILURE);
                    }
                }
            }
        })?;
        Ok(Self { batches, stop, thread })
    }

    /// Ends the thread after the step it is at.
    pub fn stop(self) {
        self.stop.store(true, Ordering::Release);
        self.batches.interrupt();
        if self.thread.join().is_err() {
            tracing::error!("the thread of batches ended in a panic");
        }
    }
}
