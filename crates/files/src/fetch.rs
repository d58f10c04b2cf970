//! Fetching a file that a request names by a URL of another server. Whoever can make this server ask others could reach
//! what only it can reach, so it asks only hosts that the operator has listed, follows no redirection, and gives up on what
//! is large or slow.

use std::time::Duration;

use http::{Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use openssl::error::ErrorStack;
use openssl::ssl::{SslConnector, SslMethod};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::Files;

/// Time for the whole of it.
const DEADLINE: Duration = Duration::from_secs(10);
/// Where systems keep the authorities they trust; OpenSSL that is built in does not know.
const TRUSTED: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// Why a file could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The text is not a URL that could be fetched.
    #[error("this is not an http or https URL")]
    NotAUrl,
    /// The operator has not listed the host.
    #[error(
        "files are not fetched from {0}; send the file to a URL of CreateUploadUrl, or have the operator list the host in \
         files.fetch_hosts"
    )]
    HostNotListed(String),
    /// Others are being fetched.
    #[error("too many files are being fetched; try again later")]
    Busy,
    /// The server did not answer with a file.
    #[error("the other server answered {0}")]
    Status(StatusCode),
    /// The file is too large or broke off.
    #[error("the file is larger than {0} bytes, or broke off")]
    Body(u64),
    /// It took too long.
    #[error("the other server was too slow")]
    TooSlow,
    /// It could not be reached.
    #[error("the other server cannot be reached: {0}")]
    Unreachable(String),
}

/// What is asked of which server.
#[derive(Debug)]
struct Target {
    secure: bool,
    host: String,
    port: u16,
    /// As the `Host` header says it.
    authority: String,
    path: String,
}

impl Target {
    /// Reads a URL; the host must be one of `listed`, as `name` or `name:port`.
    fn of(url: &str, listed: &[String]) -> Result<Self, FetchError> {
        let uri: Uri = url.parse().map_err(|_| FetchError::NotAUrl)?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(FetchError::NotAUrl),
        };
        // A name and password before the host belong to no file that anybody would name here.
        let authority =
            uri.authority().filter(|text| !text.as_str().contains('@')).ok_or(FetchError::NotAUrl)?;
        let host = authority.host().to_ascii_lowercase();
        let usual = if secure { 443 } else { 80 };
        let port = authority.port_u16().unwrap_or(usual);
        let whole = format!("{host}:{port}");
        let is_listed = listed.iter().any(|entry| {
            let entry = entry.to_ascii_lowercase();
            entry == whole || (port == usual && entry == host)
        });
        if !is_listed {
            return Err(FetchError::HostNotListed(whole));
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self { secure, host, port, authority: authority.as_str().to_owned(), path })
    }
}

impl Files {
    /// Fetches a file of another server.
    pub async fn fetch(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        let target = Target::of(url, &self.settings.fetch_hosts)?;
        let _place = self.fetching.try_acquire().map_err(|_| FetchError::Busy)?;
        let most = self.settings.max_file_bytes;
        let fetched = tokio::time::timeout(DEADLINE, fetch(&target, most)).await;
        fetched.unwrap_or(Err(FetchError::TooSlow))
    }
}

async fn fetch(target: &Target, most: u64) -> Result<Vec<u8>, FetchError> {
    let host = target.host.trim_matches(['[', ']']);
    let stream = TcpStream::connect((host, target.port)).await.map_err(unreachable)?;
    if !target.secure {
        return exchange(stream, target, most).await;
    }
    let ssl = connector().and_then(|connector| connector.configure()?.into_ssl(host)).map_err(unreachable)?;
    let mut stream = tokio_openssl::SslStream::new(ssl, stream).map_err(unreachable)?;
    std::pin::Pin::new(&mut stream).connect().await.map_err(unreachable)?;
    exchange(stream, target, most).await
}

async fn exchange<S>(stream: S, target: &Target, most: u64) -> Result<Vec<u8>, FetchError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(unreachable)?;
    let request = Request::builder()
        .method(Method::GET)
        .uri(&target.path)
        .header(header::HOST, &target.authority)
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|_| FetchError::NotAUrl)?;
    let answer = async {
        let response = sender.send_request(request).await.map_err(unreachable)?;
        if response.status() != StatusCode::OK {
            return Err(FetchError::Status(response.status()));
        }
        let limit = usize::try_from(most).unwrap_or(usize::MAX);
        let body = Limited::new(response.into_body(), limit).collect().await;
        Ok(body.map_err(|_| FetchError::Body(most))?.to_bytes().to_vec())
    };
    // The connection moves the bytes of the answer; it is dropped with this function.
    tokio::select! {
        answer = answer => answer,
        ended = drive(connection) => Err(FetchError::Unreachable(ended)),
    }
}

/// Moves a connection's bytes. An orderly end leaves it to the answer to say whether all is there.
async fn drive<S>(connection: hyper::client::conn::http1::Connection<TokioIo<S>, Empty<Bytes>>) -> String
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    match connection.await {
        Ok(()) => std::future::pending().await,
        Err(error) => error.to_string(),
    }
}

fn unreachable(error: impl std::fmt::Display) -> FetchError {
    FetchError::Unreachable(error.to_string())
}

fn connector() -> Result<SslConnector, ErrorStack> {
    let mut builder = SslConnector::builder(SslMethod::tls_client())?;
    if let Some(file) = TRUSTED.iter().find(|file| std::path::Path::new(file).exists()) {
        builder.set_ca_file(file)?;
    }
    Ok(builder.build())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::task::JoinSet;

    use super::*;

    fn listed(entries: &[&str]) -> Vec<String> {
        entries.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn only_listed_hosts_are_asked() {
        let list = listed(&["cos.example.com", "minio:9000"]);
        for url in ["https://cos.example.com/a?b=c", "http://COS.example.com:80/", "http://minio:9000/x"] {
            assert!(Target::of(url, &list).is_ok(), "{url}");
        }
        for url in [
            "http://169.254.169.254/latest",
            "http://cos.example.com:8080/",
            "http://minio/x",
            "https://cos.example.com.evil.example/",
            "http://localhost/",
        ] {
            assert!(matches!(Target::of(url, &list), Err(FetchError::HostNotListed(_))), "{url}");
        }
        for url in [
            "",
            "cos.example.com/x",
            "ftp://cos.example.com/",
            "http://a@cos.example.com/",
            "file:///etc/passwd",
        ] {
            assert!(matches!(Target::of(url, &list), Err(FetchError::NotAUrl)), "{url}");
        }
    }

    /// A server that answers one request with these bytes.
    async fn answering(answer: &'static [u8]) -> (Target, JoinSet<()>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut server = JoinSet::new();
        server.spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let read = stream.read(&mut request).await.unwrap();
            assert!(request[..read].starts_with(b"GET /names.csv?x=1 HTTP/1.1\r\n"));
            stream.write_all(answer).await.unwrap();
        });
        let host = format!("127.0.0.1:{port}");
        (Target::of(&format!("http://{host}/names.csv?x=1"), &[host]).unwrap(), server)
    }

    #[tokio::test]
    async fn a_file_is_fetched_within_its_bounds_and_redirections_are_not_followed() {
        let (file, _server) = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nlamp-1\n").await;
        assert_eq!(fetch(&file, 7).await.unwrap(), b"lamp-1\n");
        let (file, _server) = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nlamp-1\n").await;
        assert!(matches!(fetch(&file, 6).await, Err(FetchError::Body(6))));
        let (short, _server) = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nlamp-1\n").await;
        assert!(fetch(&short, 100).await.is_err());
        let (moved, _server) =
            answering(b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n\r\n").await;
        assert!(matches!(fetch(&moved, 100).await, Err(FetchError::Status(StatusCode::FOUND))));
    }
}
