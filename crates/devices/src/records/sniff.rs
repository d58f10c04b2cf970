//! The envelope of a message, read leniently: when a message was refused as a whole, its method and token may
//! still be readable, and then the device gets the answer it waits for; and the content log reads the token of a
//! standard reply from its request.

use std::borrow::Cow;

use serde::Deserialize;

/// Method and token, as far as they can be read.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Sniffed<'a> {
    #[serde(default, borrow, rename = "method")]
    pub method: Option<Cow<'a, str>>,
    #[serde(default, borrow, rename = "clientToken")]
    pub client_token: Option<Cow<'a, str>>,
}

/// Reads what can be read; nothing from what is no JSON object.
pub(crate) fn sniff(payload: &[u8]) -> Sniffed<'_> {
    serde_json::from_slice(payload).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn method_and_token_are_found_beside_anything_else() {
        let found = sniff(br#"{"params":[1],"params":2,"clientToken":"t\u0041","method":"report"}"#);
        assert_eq!(found.method.as_deref(), Some("report"));
        assert_eq!(found.client_token.as_deref(), Some("tA"));
        assert!(sniff(b"{\"method\":\"report\",").method.is_none());
        assert!(sniff(b"[1,2]").method.is_none());
    }
}
