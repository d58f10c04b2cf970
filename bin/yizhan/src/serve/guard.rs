//! What a panic on a thread means that the server cannot do without.

/// Held by such a thread. After its panic the process would look alive and leave devices without a server, commands
/// without an end or the certificate without renewal: better to stop, so that whatever watches the process starts it
/// again.
pub struct AbortOnPanic;

impl Drop for AbortOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!(
                thread = std::thread::current().name().unwrap_or_default(),
                "a thread that the server needs panicked; the server stops now"
            );
            std::process::abort();
        }
    }
}
