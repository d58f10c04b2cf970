//! URLs that open one path for one method until a moment: what uploads and downloads are handed out with, so that a
//! browser or a factory's tool needs no account for them. The query carries the moment and an HMAC-SHA256 over method,
//! path and moment; whoever changes one of them has a URL that opens nothing.

use yizhan_vocabulary::UnixMillis;
use zeroize::Zeroizing;

use crate::digest::{Hash, MAX_DIGEST, equal};

/// Told apart from everything else that is signed with a key of this installation.
const PURPOSE: &[u8] = b"yizhan-signed-url-1\n";
/// The longest query that is looked at.
const MAX_QUERY: usize = 256;

/// Why a URL does not open what it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlRefusal {
    /// `Expires` or `Signature` is missing or not of its form.
    #[error("the URL is not signed; ask for a new one")]
    Malformed,
    /// The signature is of another method, path or moment.
    #[error("the URL's signature does not fit; use the URL exactly as it was given")]
    BadSignature,
    /// Its time is over.
    #[error("the URL has expired; ask for a new one")]
    Expired,
}

/// Signs and checks URLs with a key of the installation.
pub struct UrlSigner {
    key: Zeroizing<[u8; 32]>,
}

impl UrlSigner {
    /// A signer with this key.
    pub fn new(key: &[u8; 32]) -> Self {
        Self { key: Zeroizing::new(*key) }
    }

    /// The query that opens `path` for `method` up to the second in which `end` lies.
    pub fn sign(&self, method: &str, path: &str, end: UnixMillis) -> String {
        let expires = end.seconds().to_string();
        let signature = self.signature(method, path, &expires);
        format!("Expires={expires}&Signature={}", hex::encode(signature))
    }

    /// Whether `query` opens `path` for `method` now. Other parameters of the query are passed over.
    pub fn verify(&self, method: &str, path: &str, query: &str, now: UnixMillis) -> Result<(), UrlRefusal> {
        if query.len() > MAX_QUERY {
            return Err(UrlRefusal::Malformed);
        }
        let expires = parameter(query, "Expires").ok_or(UrlRefusal::Malformed)?;
        let end: i64 = expires.parse().map_err(|_| UrlRefusal::Malformed)?;
        let given = parameter(query, "Signature").ok_or(UrlRefusal::Malformed)?;
        let mut signature = [0; MAX_DIGEST];
        hex::decode_to_slice(given, &mut signature).map_err(|_| UrlRefusal::Malformed)?;
        if !equal(&signature, &self.signature(method, path, expires)) {
            return Err(UrlRefusal::BadSignature);
        }
        if now.seconds() <= end { Ok(()) } else { Err(UrlRefusal::Expired) }
    }

    fn signature(&self, method: &str, path: &str, expires: &str) -> [u8; MAX_DIGEST] {
        let parts = [PURPOSE, method.as_bytes(), b"\n", path.as_bytes(), b"\n", expires.as_bytes()];
        let digest = Hash::Sha256.hmac(self.key.as_slice(), &parts);
        digest.as_slice().try_into().expect("SHA-256 has 32 bytes")
    }
}

impl std::fmt::Debug for UrlSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UrlSigner(..)")
    }
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query
        .split('&')
        .find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name).map(|(_, text)| text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_795_220_173_000);
    const PATH: &str = "/files/uploads/6f1c";

    #[test]
    fn a_url_opens_its_path_for_its_method_until_its_end() {
        let signer = UrlSigner::new(&[7; 32]);
        let query = signer.sign("PUT", PATH, NOW.plus_ms(60_000));
        let at = |method, path, ms| signer.verify(method, path, &query, NOW.plus_ms(ms));
        assert_eq!((at("PUT", PATH, 0), at("PUT", PATH, 60_999)), (Ok(()), Ok(())));
        assert_eq!(at("PUT", PATH, 61_000), Err(UrlRefusal::Expired));
        assert_eq!(at("GET", PATH, 0), Err(UrlRefusal::BadSignature));
        assert_eq!(at("PUT", "/files/uploads/6f1d", 0), Err(UrlRefusal::BadSignature));
        let other = UrlSigner::new(&[8; 32]);
        assert_eq!(other.verify("PUT", PATH, &query, NOW), Err(UrlRefusal::BadSignature));
    }

    #[test]
    fn a_later_end_needs_another_signature() {
        let signer = UrlSigner::new(&[7; 32]);
        let query = signer.sign("GET", PATH, NOW);
        let later = query.replace("1795220173", "1895220173");
        assert_eq!(signer.verify("GET", PATH, &later, NOW), Err(UrlRefusal::BadSignature));
        let zeros = query.replace("Expires=", "Expires=0");
        assert_eq!(signer.verify("GET", PATH, &zeros, NOW), Err(UrlRefusal::BadSignature));
        let more = format!("x=1&{query}");
        assert_eq!(signer.verify("GET", PATH, &more, NOW), Ok(()));
    }

    #[test]
    fn what_is_not_signed_is_refused() {
        let signer = UrlSigner::new(&[7; 32]);
        let long = format!("{}&x={}", signer.sign("GET", PATH, NOW), "y".repeat(MAX_QUERY));
        for query in
            ["", "Expires=1", "Signature=00", "Expires=x&Signature=00", "Expires=9&Signature=zz", &long]
        {
            assert_eq!(signer.verify("GET", PATH, query, NOW), Err(UrlRefusal::Malformed), "{query}");
        }
    }
}
