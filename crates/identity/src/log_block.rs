//! A device's log in the older form of upload (device protocol facts §3.5): one block of text with its signature in front.
//! 40 digits of HMAC-SHA1 | 4 control bytes | product | device padded with `#` to 48 | 10 digits of seconds | lines.

use yizhan_vocabulary::{DeviceName, ProductId};

use crate::digest::{Hash, equal};

const SIGNATURE: usize = 40;
const CONTROL: usize = 4;
const NAME: usize = 48;
const SECONDS: usize = 10;
/// What ends a line.
const LINE_END: &str = "\n\u{c}";
/// The C kits sign with this much of the key's text.
const KEY_CHARS: usize = 24;

/// A block, taken apart. Nothing in it is proven before [`LogBlock::is_signed_with`].
#[derive(Debug)]
pub struct LogBlock<'a> {
    signature: &'a [u8],
    signed: &'a [u8],
    /// The product that is named.
    pub product: ProductId,
    /// The device that is named.
    pub device: DeviceName,
    text: String,
}

impl<'a> LogBlock<'a> {
    /// Takes a body apart; `None` if it has another form.
    pub fn read(body: &'a [u8]) -> Option<Self> {
        let (signature, signed) = body.split_at_checked(SIGNATURE)?;
        let (_control, rest) = signed.split_at_checked(CONTROL)?;
        let (product, rest) = rest.split_at_checked(ProductId::LENGTH)?;
        let (name, rest) = rest.split_at_checked(NAME)?;
        let (_seconds, text) = rest.split_at_checked(SECONDS)?;
        Some(Self {
            signature,
            signed,
            product: ProductId::parse(std::str::from_utf8(product).ok()?).ok()?,
            device: DeviceName::parse(std::str::from_utf8(name).ok()?.trim_end_matches('#')).ok()?,
            text: String::from_utf8_lossy(text).into_owned(),
        })
    }

    /// Whether the signature, which covers everything behind it, was made with this key (its text, not its bytes).
    pub fn is_signed_with(&self, key: &str) -> bool {
        let cut = key.get(..KEY_CHARS).unwrap_or(key);
        let signature = self.signature.to_ascii_lowercase();
        [key, cut].into_iter().any(|key| {
            let expected = hex::encode(Hash::Sha1.hmac(key.as_bytes(), &[self.signed]).as_slice());
            equal(expected.as_bytes(), &signature)
        })
    }

    /// The lines.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.text.split(LINE_END)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_read_and_its_signature_covers_all_of_it() {
        let name = format!("{:#<48}", "dev001");
        let signed = format!("P###DEMOPROD01{name}1795220413WRN|first\n\u{c}INFsecond\n\u{c}");
        let key = "lDZ6Uqt+I9E0wW7rvDUs7Q==";
        let signature = hex::encode(Hash::Sha1.hmac(key.as_bytes(), &[signed.as_bytes()]).as_slice());
        let body = format!("{signature}{signed}");
        let block = LogBlock::read(body.as_bytes()).unwrap();
        assert_eq!((block.product.as_str(), block.device.as_str()), ("DEMOPROD01", "dev001"));
        assert_eq!(block.lines().collect::<Vec<_>>(), ["WRN|first", "INFsecond", ""]);
        assert!(block.is_signed_with(key) && block.is_signed_with(&format!("{key}more")));
        assert!(!block.is_signed_with("another"));
        let changed = body.replace("second", "2nd");
        assert!(!LogBlock::read(changed.as_bytes()).unwrap().is_signed_with(key));
        assert!(LogBlock::read(&body.as_bytes()[..111]).is_none());
    }
}
