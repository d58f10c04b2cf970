//! What browsers are told about the console's files.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use yizhan_console::File;

/// What a page may load and ask: this server alone. Styles may stand in the page, because the component library makes
/// them while it runs (each component's rules in an element of its own, and `style` attributes for places and sizes);
/// scripts may not. `data:` is for pictures inside of styles, `blob:` for QR codes and downloads made in the page.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
    font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";

/// A file whose name says what is in it never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Any other may be kept, and is asked for each time.
const ASK_FIRST: &str = "no-cache";

/// What keeps a page from being used against whoever looks at it.
pub(super) fn protect(headers: &mut HeaderMap) {
    let entries = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // For browsers that do not know `frame-ancestors`.
        (header::X_FRAME_OPTIONS, "DENY"),
        // Addresses name products and devices.
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    set(headers, entries);
}

/// What a file is, and how long it may be kept.
pub(super) fn describe(headers: &mut HeaderMap, file: &File, with_body: bool) {
    let cache = if file.immutable { FOR_EVER } else { ASK_FIRST };
    set(headers, [(header::CACHE_CONTROL, cache), (header::VARY, "Accept-Encoding")]);
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", file.tag)) {
        headers.insert(header::ETAG, tag);
    }
    if with_body {
        set(headers, [(header::CONTENT_TYPE, file.content_type)]);
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(file.bytes.len()));
        if file.brotli {
            set(headers, [(header::CONTENT_ENCODING, "br")]);
        }
    }
}

fn set<const N: usize>(headers: &mut HeaderMap, entries: [(HeaderName, &'static str); N]) {
    for (name, value) in entries {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Whether the client says that it can take Brotli.
pub(super) fn takes_brotli(headers: &HeaderMap) -> bool {
    let wanted = listed(headers, &header::ACCEPT_ENCODING);
    wanted.into_iter().any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("br"));
        let refused = |weight: &str| weight.parse() == Ok(0.0);
        named && !parts.any(|part| part.strip_prefix("q=").is_some_and(refused))
    })
}

/// Whether the client has this content already.
pub(super) fn matches(headers: &HeaderMap, tag: &str) -> bool {
    listed(headers, &header::IF_NONE_MATCH)
        .into_iter()
        .any(|known| known == "*" || known.trim_start_matches("W/").trim_matches('"') == tag)
}

/// The members of a header that is a list.
fn listed<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brotli_is_for_those_who_name_it_and_do_not_refuse_it() {
        for (value, taken) in [
            ("gzip, deflate, br, zstd", true),
            ("br;q=0.5", true),
            ("br; q=0", false),
            ("gzip, br;q=0.000", false),
            ("gzip, deflate", false),
            ("brotli", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
            assert_eq!(takes_brotli(&headers), taken, "{value}");
        }
        assert!(!takes_brotli(&HeaderMap::new()));
    }
}
