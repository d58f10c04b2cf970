//! Reads the field types of the stored form.

use super::ImageError;
use crate::protocol::PacketId;

pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) const fn finish(&self) -> Result<(), ImageError> {
        if self.rest.is_empty() { Ok(()) } else { Err(ImageError::TrailingBytes) }
    }

    pub(super) fn u8(&mut self) -> Result<u8, ImageError> {
        let (&byte, rest) = self.rest.split_first().ok_or(ImageError::Truncated)?;
        self.rest = rest;
        Ok(byte)
    }

    pub(super) fn i64(&mut self) -> Result<i64, ImageError> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(ImageError::Truncated)?;
        self.rest = rest;
        Ok(i64::from_le_bytes(*bytes))
    }

    pub(super) fn number(&mut self) -> Result<u64, ImageError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7F);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(ImageError::Invalid("number"))
    }

    /// The number of entries that follow. Each takes a byte at least, so a larger number is refused before any loop.
    pub(super) fn count(&mut self) -> Result<usize, ImageError> {
        let count = usize::try_from(self.number()?).map_err(|_| ImageError::Invalid("count"))?;
        if count > self.rest.len() { Err(ImageError::Truncated) } else { Ok(count) }
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], ImageError> {
        let length = self.count()?;
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(ImageError::Truncated)?;
        self.rest = rest;
        Ok(bytes)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, ImageError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| ImageError::Invalid("text"))
    }

    pub(super) fn packet_id(&mut self) -> Result<PacketId, ImageError> {
        u16::try_from(self.number()?)
            .ok()
            .and_then(PacketId::new)
            .ok_or(ImageError::Invalid("packet identifier"))
    }
}
