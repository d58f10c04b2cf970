//! The HTTP listeners: plain, TLS and the local socket. HTTP/1.1 only, with title-case header names and without
//! compression, because old device clients read headers by their exact case (device protocol facts §0 item 7).

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Extension;
use axum::Router as Routes;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use openssl::ssl::{Ssl, SslContext};
use parking_lot::RwLock;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower::ServiceExt;
use yizhan_link::{Adopted, Peer, RawStream, TransportKind};
use yizhan_operations::BASE_PATH;

use crate::access::{self, Origin};
use crate::cloud::{self, CloudSettings};
use crate::door::{self, Replayed, Visitor};
use crate::live::{self, LivePlaces};
use crate::places::{Place, Places};
use crate::services::Services;
use crate::steady::{self, SteadyBody, SteadyStream};
use crate::{bridge, console, device_log, device_publish, files, health, internal, registration, web};

/// Accepting fails when the process is out of descriptors; trying again at once would only burn the processor.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// Limits of the HTTP side, each with its default.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// Connections from the network held at most; MQTT over WebSocket does not count.
    pub max_connections: usize,
    /// Those of one address.
    pub max_connections_per_address: u32,
    /// Connections through the local socket held at most.
    pub max_local_connections: usize,
    /// MQTT connections over WebSocket inside TLS held at most.
    pub max_bridges: usize,
    /// Largest request body, in bytes.
    pub max_body_bytes: usize,
    /// Time for reading one request's head.
    pub head_deadline: Duration,
    /// Time for the TLS handshake.
    pub tls_deadline: Duration,
    /// Time in which a WebSocket's peer must take what was written for it.
    pub write_deadline: Duration,
    /// Time for requests under way when the server stops.
    pub drain: Duration,
    /// Limits of the compatible API.
    pub cloud: CloudSettings,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            max_connections: 4_096,
            max_connections_per_address: 1_024,
            max_local_connections: 64,
            max_bridges: 10_000,
            max_body_bytes: 8 * 1024 * 1024,
            head_deadline: Duration::from_secs(10),
            tls_deadline: Duration::from_secs(10),
            write_deadline: Duration::from_secs(30),
            drain: Duration::from_secs(5),
            cloud: CloudSettings::default(),
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
        source: io::Error,
    },
}

/// What all HTTP listeners share.
#[derive(Clone)]
pub struct Door {
    services: Arc<Services>,
    routes: Routes,
    settings: HttpSettings,
    places: Arc<Places>,
    turn: Arc<AtomicUsize>,
    stop: watch::Receiver<bool>,
}

/// The place of the connection that a request came through; who goes on using the connection holds it.
#[derive(Clone)]
pub(crate) struct Held {
    _place: Arc<Place>,
}

/// Whether a request came through TLS.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Encrypted(pub(crate) bool);

/// The address a request came from; none for the local socket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Remote(pub(crate) Option<IpAddr>);

impl Door {
    /// The routes over `services`; listeners end when `stop` becomes true.
    pub fn new(services: Arc<Services>, settings: HttpSettings, stop: watch::Receiver<bool>) -> Self {
        let routes = routes(&services, &settings, &stop);
        let admission = Arc::clone(&services.admission);
        let places = Arc::new(Places::new(&settings, admission, services.metrics.management()));
        Self { services, routes, settings, places, turn: Arc::default(), stop }
    }
}

fn routes(services: &Arc<Services>, settings: &HttpSettings, stop: &watch::Receiver<bool>) -> Routes {
    let guarded = internal::routes()
        .layer(middleware::from_fn_with_state(Arc::clone(services), access::require))
        .layer(DefaultBodyLimit::max(settings.max_body_bytes));
    let console = console::routes()
        .merge(live::routes().layer(Extension(Arc::new(LivePlaces::new(stop.clone())))))
        .layer(middleware::from_fn_with_state(Arc::clone(services), console::require))
        .layer(DefaultBodyLimit::max(settings.max_body_bytes));
    let open = Routes::new()
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/device/register", post(registration::new_style))
        .route("/register/dev", post(registration::old_style))
        .layer(DefaultBodyLimit::max(16 * 1024));
    let logs = Routes::new()
        .route("/device/reportlog", post(device_log::report))
        .route("/cgi-bin/report-log", post(device_log::report_text))
        .layer(DefaultBodyLimit::max(device_log::MAX_BODY));
    let cloud = cloud::routes(services, &settings.cloud)
        .layer(middleware::from_fn_with_state(Arc::clone(services), web::before_cloud));
    let publish = post(device_publish::publish).layer(DefaultBodyLimit::max(device_publish::MAX_BODY));
    open.merge(files::routes())
        .merge(logs)
        .route("/device/publish", publish)
        .nest("/internal/v1", guarded)
        .nest(BASE_PATH, console)
        .nest("/api/session", console::session_routes())
        .route("/api/meta", get(web::meta))
        .fallback(web::serve)
        .with_state(Arc::clone(services))
        .merge(cloud)
}

/// Where HTTP connections come in.
pub enum HttpListener {
    /// HTTP and the MQTT door over TCP.
    Plain(TcpListener),
    /// The same inside TLS. The context can be exchanged while the server runs.
    Tls(TcpListener, Arc<RwLock<SslContext>>),
    /// The local socket; its requests need no token.
    Local(UnixListener),
}

/// A connection just accepted.
enum Stream {
    Plain(TcpStream, SocketAddr),
    Tls(TcpStream, SocketAddr, Arc<RwLock<SslContext>>),
    Local(UnixStream),
}

impl HttpListener {
    async fn accept(&self) -> io::Result<Stream> {
        Ok(match self {
            Self::Plain(listener) => {
                let (stream, address) = listener.accept().await?;
                Stream::Plain(stream, address)
            }
            Self::Tls(listener, context) => {
                let (stream, address) = listener.accept().await?;
                Stream::Tls(stream, address, Arc::clone(context))
            }
            Self::Local(listener) => Stream::Local(listener.accept().await?.0),
        })
    }
}

impl Stream {
    const fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Plain(_, address) | Self::Tls(_, address, _) => Some(*address),
            Self::Local(_) => None,
        }
    }
}

/// Serves the connections of one listener until the server stops; then those that are open have a moment to end.
pub async fn serve(door: Door, listener: HttpListener) {
    let mut visits = JoinSet::new();
    let mut stop = door.stop.clone();
    let mut failing = false;
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(stream) => {
                    failing = false;
                    // Closing without a word is all that a full server can afford; it is counted.
                    if let Some(place) = door.places.take(stream.address().map(|address| address.ip())) {
                        let door = door.clone();
                        visits.spawn(async move { door.welcome(stream, place).await });
                    }
                }
                // The peer gave up between SYN and accept: the next one may be there.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    if !std::mem::replace(&mut failing, true) {
                        tracing::warn!(%error, "accepting HTTP connections failed; trying again until it works");
                    }
                    tokio::time::sleep(ACCEPT_RETRY).await;
                }
            },
            Some(_) = visits.join_next() => {}
            () = stopped(&mut stop) => break,
        }
    }
    drop(listener);
    let ended = async { while visits.join_next().await.is_some() {} };
    if tokio::time::timeout(door.settings.drain, ended).await.is_err() {
        tracing::warn!(open = visits.len(), "HTTP connections did not end in time");
    }
    visits.shutdown().await;
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
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let listener = UnixListener::bind(path).map_err(failed)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
    Ok(listener)
}

impl Door {
    async fn welcome(&self, stream: Stream, place: Place) {
        match stream {
            Stream::Plain(stream, address) => self.welcome_plain(stream, address, place).await,
            Stream::Tls(stream, address, context) => self.welcome_tls(stream, address, &context, place).await,
            Stream::Local(stream) => {
                self.serve_http(stream, (Origin::Local, Encrypted(false)), None, place).await;
            }
        }
    }

    async fn welcome_plain(&self, stream: TcpStream, address: SocketAddr, place: Place) {
        // Refusal of the option is harmless: answers are then a little later.
        let _ = stream.set_nodelay(true);
        if let Some((stream, early)) = self.meet(stream, address, Encrypted(false), place).await
            && let Ok(stream) = stream.into_std()
        {
            let stream = RawStream::Tcp(mio::net::TcpStream::from_std(stream));
            self.adopt(stream, early, address, TransportKind::WebSocket);
        }
    }

    async fn welcome_tls(
        &self,
        stream: TcpStream,
        address: SocketAddr,
        context: &RwLock<SslContext>,
        place: Place,
    ) {
        let _ = stream.set_nodelay(true);
        let Ok(mut stream) =
            Ssl::new(&context.read()).and_then(|ssl| tokio_openssl::SslStream::new(ssl, stream))
        else {
            return;
        };
        let handshake = std::pin::Pin::new(&mut stream).accept();
        let mut stop = self.stop.clone();
        tokio::select! {
            done = tokio::time::timeout(self.settings.tls_deadline, handshake) => match done {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return,
            },
            () = stopped(&mut stop) => return,
        }
        if let Some((stream, early)) = self.meet(stream, address, Encrypted(true), place).await {
            self.bridge(stream, early, address).await;
        }
    }

    /// Serves HTTP; what is an upgrade to MQTT is answered and handed back, with what came behind the request.
    async fn meet<S>(
        &self,
        mut stream: S,
        address: SocketAddr,
        encrypted: Encrypted,
        mut place: Place,
    ) -> Option<(S, Vec<u8>)>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut stop = self.stop.clone();
        let visitor = tokio::select! {
            visitor = door::receive(&mut stream, self.settings.head_deadline) => visitor,
            () = stopped(&mut stop) => Visitor::Gone,
        };
        place.handshake_done();
        match visitor {
            Visitor::Mqtt { answer, early } => {
                return self.say(&mut stream, &answer).await.then_some((stream, early));
            }
            Visitor::Refused(answer) => drop(self.say(&mut stream, &answer).await),
            Visitor::Http(first) => {
                let came = (Origin::Network, encrypted);
                self.serve_http(Replayed::new(first, stream), came, Some(address), place).await;
            }
            Visitor::Gone => {}
        }
        None
    }

    /// Writes a short answer; false if the peer does not take it.
    async fn say(&self, stream: &mut (impl AsyncWrite + Unpin), answer: &str) -> bool {
        let written = tokio::time::timeout(self.settings.head_deadline, stream.write_all(answer.as_bytes()));
        matches!(written.await, Ok(Ok(())))
    }

    fn adopt(&self, stream: RawStream, early: Vec<u8>, address: SocketAddr, transport: TransportKind) {
        let peer = Peer { address, transport, identity: None };
        let core = self.turn.fetch_add(1, Ordering::Relaxed);
        self.services.router.adopt(Adopted { stream, early, peer }, core);
    }

    /// Hands a core one end of a pair of sockets and serves the other one.
    async fn bridge<S>(&self, stream: S, early: Vec<u8>, address: SocketAddr)
    where
        S: AsyncRead + AsyncWrite,
    {
        let Some(_bridge) = self.places.take_bridge() else { return };
        let Ok((ours, theirs)) = std::os::unix::net::UnixStream::pair() else { return };
        if ours.set_nonblocking(true).is_err() || theirs.set_nonblocking(true).is_err() {
            return;
        }
        let Ok(ours) = UnixStream::from_std(ours) else { return };
        let theirs = RawStream::Unix(mio::net::UnixStream::from_std(theirs));
        self.adopt(theirs, early, address, TransportKind::WebSocketTls);
        bridge::carry(stream, ours, self.settings.write_deadline).await;
    }

    async fn serve_http<S>(
        &self,
        stream: S,
        (origin, encrypted): (Origin, Encrypted),
        address: Option<SocketAddr>,
        place: Place,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let remote = Remote(address.map(|address| address.ip()));
        let held = Held { _place: Arc::new(place) };
        let routes =
            self.routes.clone().map_request(move |mut request: http::Request<hyper::body::Incoming>| {
                request.extensions_mut().insert(origin);
                request.extensions_mut().insert(encrypted);
                request.extensions_mut().insert(remote);
                request.extensions_mut().insert(held.clone());
                request.map(|body| axum::body::Body::new(SteadyBody::new(body, steady::PATIENCE)))
            });
        let mut builder = hyper::server::conn::http1::Builder::new();
        builder
            .title_case_headers(true)
            .timer(TokioTimer::new())
            .header_read_timeout(self.settings.head_deadline);
        let stream = SteadyStream::new(stream, steady::PATIENCE);
        let connection =
            builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes)).with_upgrades();
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
