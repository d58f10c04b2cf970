//! How many passwords are hashed at once. Each takes 19 MiB and tens of milliseconds of a processor, and anybody may ask
//! for it; so a few run, some more wait for a moment, and the rest is told to come again.

use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// Hashes that run at once: 38 MiB.
const RUNNING: usize = 2;
/// Callers that wait for their turn.
const WAITING: usize = 32;
/// The longest wait.
const PATIENCE: Duration = Duration::from_secs(10);

/// The turns.
#[derive(Default)]
pub(super) struct HashingTurns {
    taken: Mutex<Taken>,
    free: Condvar,
}

#[derive(Default)]
struct Taken {
    running: usize,
    waiting: usize,
}

/// There is no turn now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoTurn;

impl HashingTurns {
    /// Runs slow work when it is its turn; blocks the thread until then.
    pub fn run<T>(&self, work: impl FnOnce() -> T) -> Result<T, NoTurn> {
        let mut taken = self.taken.lock();
        if taken.running >= RUNNING {
            if taken.waiting >= WAITING {
                return Err(NoTurn);
            }
            taken.waiting += 1;
            let deadline = Instant::now() + PATIENCE;
            let free = |taken: &mut Taken| taken.running >= RUNNING;
            let late = self.free.wait_while_until(&mut taken, free, deadline).timed_out();
            taken.waiting -= 1;
            if late && taken.running >= RUNNING {
                return Err(NoTurn);
            }
        }
        taken.running += 1;
        drop(taken);
        let _turn = Turn(self);
        Ok(work())
    }
}

/// Gives the turn back, also when the work panics.
struct Turn<'a>(&'a HashingTurns);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.taken.lock().running -= 1;
        self.0.free.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn no_more_than_two_run_at_once_and_more_than_may_wait_are_refused() {
        let (turns, running, most) = (HashingTurns::default(), AtomicUsize::new(0), AtomicUsize::new(0));
        let work = || {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(20));
            running.fetch_sub(1, Ordering::SeqCst);
        };
        let refused = std::thread::scope(|scope| {
            let all: Vec<_> = (0..60).map(|_| scope.spawn(|| turns.run(work))).collect();
            let results = all.into_iter().map(|thread| thread.join().unwrap());
            results.filter(|result| *result == Err(NoTurn)).count()
        });
        assert_eq!(most.load(Ordering::SeqCst), RUNNING);
        assert!(refused > 0, "more than {WAITING} came at once");
        assert_eq!(turns.run(|| 1), Ok(1));
    }
}
