//! Which host a client may have signed (cloud API facts §2.3). Clients sign the endpoint they were given, which is not
//! always what their HTTP library then writes: one sends the scheme inside `Host`, another signs without the port.

/// The longest `Host` that is looked at.
const MAX_HOST: usize = 512;

/// The values to try, in the order in which clients make them likely; equal ones only once.
pub(super) fn candidates(header: &str) -> impl Iterator<Item = &str> {
    let raw = if header.len() <= MAX_HOST { header } else { "" };
    let bare = without_scheme(raw);
    let name = without_port(bare);
    let second = (bare != raw).then_some(bare);
    let third = (name != bare).then_some(name);
    std::iter::once(raw).chain(second).chain(third)
}

fn without_scheme(host: &str) -> &str {
    host.split_once("://").map_or(host, |(_, rest)| rest)
}

/// `host:port` without the port; an address in brackets keeps its brackets.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port))
            if port.bytes().all(|byte| byte.is_ascii_digit())
                && (!name.contains(':') || name.ends_with(']')) =>
        {
            name
        }
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(header: &str) -> Vec<&str> {
        candidates(header).collect()
    }

    #[test]
    fn every_form_that_clients_sign_is_tried_once() {
        assert_eq!(all("127.0.0.1:18081"), ["127.0.0.1:18081", "127.0.0.1"]);
        assert_eq!(all("http://127.0.0.1:18081"), ["http://127.0.0.1:18081", "127.0.0.1:18081", "127.0.0.1"]);
        assert_eq!(all("iot.example.com"), ["iot.example.com"]);
        assert_eq!(all("https://iot.example.com"), ["https://iot.example.com", "iot.example.com"]);
        assert_eq!(all("[::1]:80"), ["[::1]:80", "[::1]"]);
        assert_eq!(all("fe80::1"), ["fe80::1"]);
        assert_eq!(all(&"h".repeat(MAX_HOST + 1)), [""]);
    }
}
