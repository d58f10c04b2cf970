//! How many clients may watch at once: in all, and of one account, so that no account shuts out the others.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use yizhan_vocabulary::Uin;

/// Clients that watch at once, at most.
const MAX_CLIENTS: usize = 512;
/// Those of one root account and its sub-accounts.
const MAX_CLIENTS_OF_ACCOUNT: usize = 64;

/// The places, and when all have to end.
pub(crate) struct LivePlaces {
    taken: Mutex<HashMap<Uin, usize>>,
    /// The clients that are served now; each ends by itself when the server stops.
    clients: TaskTracker,
    stop: watch::Receiver<bool>,
}

/// The place of one client.
pub(crate) struct LivePlace {
    places: Arc<LivePlaces>,
    owner: Uin,
}

impl LivePlaces {
    /// Everybody's watching ends when `stop` becomes true.
    pub(crate) fn new(stop: watch::Receiver<bool>) -> Self {
        Self { taken: Mutex::default(), clients: TaskTracker::new(), stop }
    }

    /// Where clients are served from, each beside the request that began it.
    pub(crate) const fn clients(&self) -> &TaskTracker {
        &self.clients
    }

    /// A place; none if there are too many.
    pub(crate) fn take(self: &Arc<Self>, owner: Uin) -> Option<LivePlace> {
        let mut taken = self.taken.lock();
        let own = taken.get(&owner).copied().unwrap_or_default();
        if own >= MAX_CLIENTS_OF_ACCOUNT || taken.values().sum::<usize>() >= MAX_CLIENTS {
            return None;
        }
        taken.insert(owner, own + 1);
        Some(LivePlace { places: Arc::clone(self), owner })
    }
}

impl LivePlace {
    /// Ends when the server stops.
    pub(crate) async fn stopped(&self) {
        let mut stop = self.places.stop.clone();
        // An error means that the sender is gone, and then the server stops as well.
        drop(stop.wait_for(|stop| *stop).await);
    }
}

impl Drop for LivePlace {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock();
        if let Some(count) = taken.get_mut(&self.owner) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.owner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_only_so_many_places_and_others_still_have_theirs() {
        let places = Arc::new(LivePlaces::new(watch::channel(false).1));
        let (first, second) = (Uin(1), Uin(2));
        let mut held: Vec<_> = std::iter::from_fn(|| places.take(first)).collect();
        assert_eq!(held.len(), MAX_CLIENTS_OF_ACCOUNT);
        assert!(places.take(second).is_some());
        held.pop();
        assert!(places.take(first).is_some());
    }
}
