//! The HTTP listeners: plain, TLS and the local socket. HTTP/1.1 only, with title-case header names and without
//! compression, because old device clients read headers by their exact case (device protocol facts §0 item 7).

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router as Routes;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use openssl::ssl::{Ssl, SslContext};
use parking_lot::RwLock;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tower::ServiceExt;
use yizhan_link::{Adopted, Peer, RawStream, TransportKind};

use crate::access::{self, Origin};
use crate::door::{self, Replayed, Visitor};
use crate::services::Services;
use crate::{health, internal, registration};

/// Limits of the HTTP side, each with its default.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// Connections held at most; MQTT over WebSocket does not count.
    pub max_connections: usize,
    /// Largest request body, in bytes.
    pub max_body_bytes: usize,
    /// Time for reading one request's head.
    pub head_deadline: Duration,
    /// Time for the TLS handshake.
    pub tls_deadline: Duration,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            max_connections: 4_096,
            max_body_bytes: 8 * 1024 * 1024,
            head_deadline: Duration::from_secs(10),
            tls_deadline: Duration::from_secs(10),
        }
    }
}

/// Why an HTTP listener ended.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The local socket could not be made.
    #[error("the local socket {path} cannot be made: {source}")]
    LocalSocket {
        /// Its path.
        path: String,
        /// The system's reason.
        source: std::io::Error,
    },
}

/// What all HTTP listeners share.
#[derive(Clone)]
pub struct Door {
    services: Arc<Services>,
    routes: Routes,
    settings: HttpSettings,
    places: Arc<Semaphore>,
    turn: Arc<AtomicUsize>,
    stop: watch::Receiver<bool>,
}

/// The address a request came from; none for the local socket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Remote(pub(crate) Option<IpAddr>);

impl Door {
    /// The routes over `services`; listeners end when `stop` becomes true.
    pub fn new(services: Arc<Services>, settings: HttpSettings, stop: watch::Receiver<bool>) -> Self {
        let routes = routes(&services, &settings);
        let places = Arc::new(Semaphore::new(settings.max_connections));
        Self { services, routes, settings, places, turn: Arc::default(), stop }
    }
}

fn routes(services: &Arc<Services>, settings: &HttpSettings) -> Routes {
    let guarded = internal::routes()
        .layer(middleware::from_fn_with_state(Arc::clone(services), access::require))
        .layer(DefaultBodyLimit::max(settings.max_body_bytes));
    let open = Routes::new()
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/device/register", post(registration::new_style))
        .route("/register/dev", post(registration::old_style))
        .layer(DefaultBodyLimit::max(16 * 1024));
    open.nest("/internal/v1", guarded).with_state(Arc::clone(services))
}

/// Serves HTTP and the MQTT door over TCP.
pub async fn serve_plain(door: Door, listener: TcpListener) {
    let mut tasks = JoinSet::new();
    let mut stop = door.stop.clone();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => {
                    let door = door.clone();
                    tasks.spawn(async move { door.welcome_plain(stream, address).await });
                }
                Err(error) => pause_after(&error).await,
            },
            Some(_) = tasks.join_next() => {}
            () = stopped(&mut stop) => break,
        }
    }
    tasks.shutdown().await;
}

/// The same inside TLS.
pub async fn serve_tls(door: Door, listener: TcpListener, context: Arc<RwLock<SslContext>>) {
    let mut tasks = JoinSet::new();
    let mut stop = door.stop.clone();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => {
                    let (door, context) = (door.clone(), Arc::clone(&context));
                    tasks.spawn(async move { door.welcome_tls(stream, address, &context).await });
                }
                Err(error) => pause_after(&error).await,
            },
            Some(_) = tasks.join_next() => {}
            () = stopped(&mut stop) => break,
        }
    }
    tasks.shutdown().await;
}

/// Serves HTTP on the local socket; its requests need no token.
pub async fn serve_local(door: Door, listener: UnixListener) {
    let mut tasks = JoinSet::new();
    let mut stop = door.stop.clone();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let door = door.clone();
                    tasks.spawn(async move { door.serve_http(stream, Origin::Local, None).await });
                }
                Err(error) => pause_after(&error).await,
            },
            Some(_) = tasks.join_next() => {}
            () = stopped(&mut stop) => break,
        }
    }
    tasks.shutdown().await;
}

/// Ends when the server stops.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone, and then the server stops as well.
    drop(stop.wait_for(|stop| *stop).await);
}

/// Makes the socket file that only the server's own user can open. The directory around it is the server's own, so
/// nobody can open it in the moment before its permissions are set.
pub fn bind_local(path: &Path) -> Result<UnixListener, HttpError> {
    use std::os::unix::fs::PermissionsExt;
    let failed = |source| HttpError::LocalSocket { path: path.display().to_string(), source };
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let listener = UnixListener::bind(path).map_err(failed)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
    Ok(listener)
}

/// Accepting fails when the process is out of descriptors; trying again at once would only burn the processor.
async fn pause_after(error: &std::io::Error) {
    tracing::warn!(%error, "accepting an HTTP connection failed");
    tokio::time::sleep(Duration::from_millis(50)).await;
}

impl Door {
    async fn welcome_plain(&self, mut stream: TcpStream, address: SocketAddr) {
        // Refusal of the option is harmless: answers are then a little later.
        let _ = stream.set_nodelay(true);
        match door::receive(&mut stream).await {
            Visitor::Mqtt { answer, early } => {
                if stream.write_all(answer.as_bytes()).await.is_ok()
                    && let Ok(stream) = stream.into_std()
                {
                    let stream = RawStream::Tcp(mio::net::TcpStream::from_std(stream));
                    self.adopt(stream, early, address, TransportKind::WebSocket);
                }
            }
            Visitor::Refused(answer) => drop(stream.write_all(answer.as_bytes()).await),
            Visitor::Http(first) => {
                self.serve_http(Replayed::new(first, stream), Origin::Network, Some(address)).await;
            }
            Visitor::Gone => {}
        }
    }

    async fn welcome_tls(&self, stream: TcpStream, address: SocketAddr, context: &RwLock<SslContext>) {
        let _ = stream.set_nodelay(true);
        let Ok(mut stream) =
            Ssl::new(&context.read()).and_then(|ssl| tokio_openssl::SslStream::new(ssl, stream))
        else {
            return;
        };
        let handshake = std::pin::Pin::new(&mut stream).accept();
        match tokio::time::timeout(self.settings.tls_deadline, handshake).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return,
        }
        match door::receive(&mut stream).await {
            Visitor::Mqtt { answer, early } => {
                if stream.write_all(answer.as_bytes()).await.is_ok() {
                    self.bridge(stream, early, address).await;
                }
            }
            Visitor::Refused(answer) => drop(stream.write_all(answer.as_bytes()).await),
            Visitor::Http(first) => {
                self.serve_http(Replayed::new(first, stream), Origin::Network, Some(address)).await;
            }
            Visitor::Gone => {}
        }
    }

    fn adopt(&self, stream: RawStream, early: Vec<u8>, address: SocketAddr, transport: TransportKind) {
        let peer = Peer { address, transport, identity: None };
        let core = self.turn.fetch_add(1, Ordering::Relaxed);
        self.services.router.adopt(Adopted { stream, early, peer }, core);
    }

    /// A core reads plain streams only: it gets one end of a pair, and this task carries bytes between the other end
    /// and TLS.
    async fn bridge<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        mut stream: S,
        early: Vec<u8>,
        address: SocketAddr,
    ) {
        let Ok((ours, theirs)) = std::os::unix::net::UnixStream::pair() else { return };
        if ours.set_nonblocking(true).is_err() || theirs.set_nonblocking(true).is_err() {
            return;
        }
        let Ok(mut ours) = tokio::net::UnixStream::from_std(ours) else { return };
        let theirs = RawStream::Unix(mio::net::UnixStream::from_std(theirs));
        self.adopt(theirs, early, address, TransportKind::WebSocketTls);
        // How the bytes ended does not matter: the core sees its end close and says why the connection ended.
        let _ = tokio::io::copy_bidirectional(&mut stream, &mut ours).await;
    }

    async fn serve_http<S>(&self, stream: S, origin: Origin, address: Option<SocketAddr>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Ok(_place) = self.places.try_acquire() else {
            tracing::warn!(peer = door::described(address), "too many HTTP connections");
            return;
        };
        let remote = Remote(address.map(|address| address.ip()));
        let routes =
            self.routes.clone().map_request(move |mut request: http::Request<hyper::body::Incoming>| {
                request.extensions_mut().insert(origin);
                request.extensions_mut().insert(remote);
                request.map(axum::body::Body::new)
            });
        let mut builder = hyper::server::conn::http1::Builder::new();
        builder
            .title_case_headers(true)
            .timer(TokioTimer::new())
            .header_read_timeout(self.settings.head_deadline);
        let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes));
        let mut connection = std::pin::pin!(connection);
        let mut stop = self.stop.clone();
        let result = tokio::select! {
            result = connection.as_mut() => result,
            () = stopped(&mut stop) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = result {
            tracing::debug!(peer = door::described(address), %error, "an HTTP connection broke");
        }
    }
}
