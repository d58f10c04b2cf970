//! How a device proves itself in CONNECT (device protocol facts §1.2 to §1.5).
//!
//! Client id `PIDDEV`, user name `PIDDEV;SDKAPPID;CONNID;EXPIRY`, password `HEX;METHOD` where HEX is a signature
//! of the user name *exactly as received*. A device that TLS has already identified (by PSK or certificate)
//! sends no password, or any; then only [`DeviceLogin::speaks_for`] matters.

use vocabulary::causes::ConnectRefusal;
use vocabulary::ids::split_client_id;
use vocabulary::{DeviceName, ProductId, UnixMillis};
use yizhan_vocabulary as vocabulary;

use crate::authority::DevicePublicKey;
use crate::digest::{Hash, MAX_DIGEST, equal};
use crate::secret::DeviceSecret;

/// The longest user name that is looked at: the device's id is at most 58 characters, the rest is short.
pub const MAX_USERNAME: usize = 256;

/// What a device says about itself in CONNECT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceLogin {
    /// The product it names.
    pub product: ProductId,
    /// The device it names.
    pub device: DeviceName,
    /// Until when (seconds since the epoch) its signature holds; a larger number than fits counts as the largest.
    pub expiry: u64,
}

impl DeviceLogin {
    /// Whether a user name is meant as a device's: those of ordinary MQTT users have no `;`.
    pub fn is_device_username(username: &str) -> bool {
        username.contains(';')
    }

    /// Reads client id and user name. Both must name the same device.
    pub fn parse(client_id: &str, username: &str) -> Result<Self, ConnectRefusal> {
        if username.len() > MAX_USERNAME {
            return Err(ConnectRefusal::MalformedIdentity);
        }
        let mut fields = username.split(';');
        let (Some(identity), Some(_app_id), Some(_connection_id), Some(expiry), None) =
            (fields.next(), fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Err(ConnectRefusal::MalformedIdentity);
        };
        let expiry = parse_expiry(expiry).ok_or(ConnectRefusal::MalformedIdentity)?;
        let (product, device) = split_client_id(identity).map_err(|_| ConnectRefusal::MalformedIdentity)?;
        if identity != client_id {
            return Err(ConnectRefusal::IdentityMismatch);
        }
        Ok(Self { product, device, expiry })
    }

    /// Checks that an identity proven by TLS (the PSK identity, or the certificate's device, as `PIDDEV`) is the
    /// one named here.
    pub fn speaks_for(&self, tls_identity: &[u8]) -> Result<(), ConnectRefusal> {
        let rest = tls_identity.strip_prefix(self.product.as_str().as_bytes());
        match rest {
            Some(device) if device == self.device.as_str().as_bytes() => Ok(()),
            _ => Err(ConnectRefusal::IdentityMismatch),
        }
    }

    /// Checks the signature's expiry. It belongs to the signature: logins proven by TLS have none to check.
    pub fn check_expiry(&self, now: UnixMillis) -> Result<(), ConnectRefusal> {
        let seconds = u64::try_from(now.seconds()).unwrap_or(0);
        if self.expiry < seconds { Err(ConnectRefusal::Expired) } else { Ok(()) }
    }
}

/// A decimal integer of any size. Never re-scaled: some clients send milliseconds that mean "long from now".
fn parse_expiry(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

enum Method {
    Hmac(Hash),
    RsaSha256,
}

/// Splits `HEX;METHOD`.
fn split_password(password: &[u8]) -> Result<(&[u8], Method), ConnectRefusal> {
    if password.is_empty() {
        return Err(ConnectRefusal::MissingPassword);
    }
    let at = password.iter().rposition(|&byte| byte == b';').ok_or(ConnectRefusal::UnknownMethod)?;
    let (signature, method) = (&password[..at], &password[at + 1..]);
    let method = if method.eq_ignore_ascii_case(b"hmacsha256") {
        Method::Hmac(Hash::Sha256)
    } else if method.eq_ignore_ascii_case(b"hmacsha1") {
        Method::Hmac(Hash::Sha1)
    } else if method.eq_ignore_ascii_case(b"rsa-sha256") {
        Method::RsaSha256
    } else {
        return Err(ConnectRefusal::UnknownMethod);
    };
    Ok((signature, method))
}

/// Checks the password of a key device. `username` is the user name's bytes as they came.
pub fn verify_password(
    login: &DeviceLogin,
    username: &[u8],
    password: &[u8],
    secret: &DeviceSecret,
    now: UnixMillis,
) -> Result<(), ConnectRefusal> {
    let (signature, method) = split_password(password)?;
    let Method::Hmac(hash) = method else { return Err(ConnectRefusal::WrongAuthMode) };
    let expected = hash.hmac(secret.key().as_slice(), &[username]);
    let expected = expected.as_slice();
    let mut given = [0; MAX_DIGEST];
    let given = &mut given[..expected.len()];
    let decoded = hex::decode_to_slice(signature, given).is_ok();
    if !decoded || !equal(given, expected) {
        return Err(ConnectRefusal::BadSignature);
    }
    login.check_expiry(now)
}

/// Checks the password of a certificate device that cannot show its certificate (WebSocket): an RSA signature
/// made with the certificate's key.
pub fn verify_certificate_password(
    login: &DeviceLogin,
    username: &[u8],
    password: &[u8],
    key: &DevicePublicKey,
    now: UnixMillis,
) -> Result<(), ConnectRefusal> {
    let (signature, method) = split_password(password)?;
    let Method::RsaSha256 = method else { return Err(ConnectRefusal::WrongAuthMode) };
    // Eight kilobits of signature are more than any key issued here makes.
    const MAX_HEX: usize = 2048;
    if signature.len() > MAX_HEX {
        return Err(ConnectRefusal::BadSignature);
    }
    let signature = hex::decode(signature).map_err(|_| ConnectRefusal::BadSignature)?;
    if !key.verify_rsa_sha256(username, &signature) {
        return Err(ConnectRefusal::BadSignature);
    }
    login.check_expiry(now)
}

/// The password of a key device: what the simulator and tests send. `None` for an unknown method.
pub fn sign_password(username: &str, secret: &DeviceSecret, method: &str) -> Option<String> {
    let hash = match method {
        "hmacsha1" => Hash::Sha1,
        "hmacsha256" => Hash::Sha256,
        _ => return None,
    };
    let digest = hash.hmac(secret.key().as_slice(), &[username.as_bytes()]);
    Some(format!("{};{method}", hex::encode(digest.as_slice())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: &str = "DEMOPROD01dev001";
    const NOW: UnixMillis = UnixMillis(1_795_221_213_974);
    /// User name and password of the three vectors of the facts (§1.3).
    const VECTORS: [(&str, &str); 3] = [
        (
            "DEMOPROD01dev001;21010406;43ACI;92233720368547758",
            "af73b2329c58a5378be9a7183abadb106babb1a2;hmacsha1",
        ),
        (
            "DEMOPROD01dev001;21010406;9RiQa;1795221213974",
            "3dd0b676d1211ff0eb87dfae53d8be1a80ebe0eb;hmacsha1",
        ),
        (
            "DEMOPROD01dev001;12010126;ABCDE;2147483647",
            "9aec8e9f55a5cfd89efa38e551a2609cbdff71ea0d8baad90a711703c5b9dc67;hmacsha256",
        ),
    ];

    fn secret() -> DeviceSecret {
        DeviceSecret::parse("lDZ6Uqt+I9E0wW7rvDUs7Q==").unwrap()
    }

    fn check(username: &str, password: &str, now: UnixMillis) -> Result<(), ConnectRefusal> {
        let login = DeviceLogin::parse(CLIENT, username)?;
        verify_password(&login, username.as_bytes(), password.as_bytes(), &secret(), now)
    }

    #[test]
    fn the_signatures_of_real_clients_are_accepted() {
        for (username, password) in VECTORS {
            assert_eq!(check(username, password, NOW), Ok(()), "{username}");
            let (digits, method) = password.split_once(';').unwrap();
            let upper = format!("{};{method}", digits.to_uppercase());
            assert_eq!(check(username, &upper, NOW), Ok(()), "upper-case digits");
            assert_eq!(sign_password(username, &secret(), method).as_deref(), Some(password));
        }
        assert_eq!(sign_password("x", &secret(), "md5"), None);
    }

    #[test]
    fn every_changed_byte_of_name_or_signature_is_refused() {
        let (username, password) = VECTORS[0];
        for at in 0..40 {
            let mut changed = password.as_bytes().to_vec();
            changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(check(username, &changed, NOW), Err(ConnectRefusal::BadSignature));
        }
        let other = username.replace("43ACI", "43ACJ");
        assert_eq!(check(&other, password, NOW), Err(ConnectRefusal::BadSignature));
        // The same number, written in another way, is another text.
        let other = username.replace(";92233", ";092233");
        assert_eq!(check(&other, password, NOW), Err(ConnectRefusal::BadSignature));
    }

    #[test]
    fn a_password_of_the_wrong_form_has_its_own_reason() {
        let username = VECTORS[0].0;
        let short = "af73b2329c58a5378be9a7183abadb106babb1;hmacsha1";
        for (password, reason) in [
            ("", ConnectRefusal::MissingPassword),
            ("af73b2", ConnectRefusal::UnknownMethod),
            ("af73b2;md5", ConnectRefusal::UnknownMethod),
            ("af73b2;rsa-sha256", ConnectRefusal::WrongAuthMode),
            (";hmacsha1", ConnectRefusal::BadSignature),
            ("zz;hmacsha256", ConnectRefusal::BadSignature),
            (short, ConnectRefusal::BadSignature),
        ] {
            assert_eq!(check(username, password, NOW), Err(reason), "{password}");
        }
    }

    #[test]
    fn an_expiry_before_now_is_refused_only_after_the_signature_was_right() {
        let (username, password) = VECTORS[2];
        let last = UnixMillis(2_147_483_647_999);
        assert_eq!(check(username, password, last), Ok(()));
        assert_eq!(check(username, password, last.plus_ms(1)), Err(ConnectRefusal::Expired));
        let wrong = password.replace('9', "8");
        assert_eq!(check(username, &wrong, last.plus_ms(1)), Err(ConnectRefusal::BadSignature));
    }

    #[test]
    fn an_expiry_of_any_size_is_read_and_none_is_rescaled() {
        let expiry = |text: &str| {
            DeviceLogin::parse(CLIENT, &format!("{CLIENT};21010406;abcde;{text}")).map(|login| login.expiry)
        };
        assert_eq!(expiry("1795221213974"), Ok(1_795_221_213_974));
        assert_eq!(expiry("9223372036854775807"), Ok(9_223_372_036_854_775_807));
        assert_eq!(expiry("99999999999999999999999999"), Ok(u64::MAX));
        assert_eq!(expiry("0"), Ok(0));
        for malformed in ["", "-1", "+1", "1.0", "1e9", " 1", "soon"] {
            assert_eq!(expiry(malformed), Err(ConnectRefusal::MalformedIdentity), "{malformed:?}");
        }
    }

    #[test]
    fn client_id_and_user_name_must_name_the_same_device() {
        let username = VECTORS[0].0;
        assert_eq!(DeviceLogin::parse("DEMOPROD01dev002", username), Err(ConnectRefusal::IdentityMismatch));
        for malformed in [
            "DEMOPROD01dev001",
            "DEMOPROD01dev001;1;2",
            "DEMOPROD01dev001;1;2;3;4",
            "SHORT;21010406;43ACI;92233720368547758",
            "DEMOPROD01;21010406;43ACI;92233720368547758",
            "DEMOPROD01a b;21010406;43ACI;92233720368547758",
        ] {
            assert_eq!(DeviceLogin::parse(CLIENT, malformed), Err(ConnectRefusal::MalformedIdentity));
        }
        let endless = format!("{CLIENT};{};x;1", "9".repeat(MAX_USERNAME));
        assert_eq!(DeviceLogin::parse(CLIENT, &endless), Err(ConnectRefusal::MalformedIdentity));
    }

    #[test]
    fn an_identity_proven_by_tls_must_be_the_one_that_logs_in() {
        let login = DeviceLogin::parse(CLIENT, VECTORS[0].0).unwrap();
        assert_eq!(login.speaks_for(CLIENT.as_bytes()), Ok(()));
        for other in ["DEMOPROD01dev0012", "DEMOPROD01dev00", "DEMOPROD02dev001", ""] {
            assert_eq!(login.speaks_for(other.as_bytes()), Err(ConnectRefusal::IdentityMismatch));
        }
    }

    #[test]
    fn only_a_user_name_with_semicolons_is_meant_as_a_devices() {
        assert!(DeviceLogin::is_device_username(VECTORS[0].0));
        assert!(!DeviceLogin::is_device_username("backend"));
    }

    #[test]
    fn a_certificate_device_signs_with_its_private_key() {
        use crate::authority::{Authority, KeyKind};
        let authority = Authority::create(NOW).unwrap();
        let login = DeviceLogin::parse(CLIENT, VECTORS[0].0).unwrap();
        let issued = authority.issue_device(&login.product, &login.device, KeyKind::Rsa2048, NOW).unwrap();
        let key = DevicePublicKey::of_certificate(&issued.der).unwrap();
        let username = VECTORS[0].0.as_bytes();
        let private = openssl::pkey::PKey::private_key_from_pem(issued.private_key.as_bytes()).unwrap();
        let mut signer =
            openssl::sign::Signer::new(openssl::hash::MessageDigest::sha256(), &private).unwrap();
        let digits = hex::encode_upper(signer.sign_oneshot_to_vec(username).unwrap());
        let check =
            |password: &str| verify_certificate_password(&login, username, password.as_bytes(), &key, NOW);
        assert_eq!(check(&format!("{digits};rsa-sha256")), Ok(()));
        assert_eq!(check(&format!("00{};rsa-sha256", &digits[2..])), Err(ConnectRefusal::BadSignature));
        assert_eq!(check(&format!("{};rsa-sha256", digits.repeat(10))), Err(ConnectRefusal::BadSignature));
        assert_eq!(check("00;hmacsha1"), Err(ConnectRefusal::WrongAuthMode));
        assert_eq!(check(""), Err(ConnectRefusal::MissingPassword));
    }
}
