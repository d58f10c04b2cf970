//! Numbers in few bits.
//!
//! Values are packed in groups of 128: one byte says how many bits each takes. A few values that need more do not make
//! all of them wide: their upper bits follow as exceptions. The width with the smallest sum is chosen.

/// Values in a group.
const GROUP: usize = 128;
const HAS_EXCEPTIONS: u8 = 0x80;

/// Appends `value` in groups of seven bits.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Small numbers of either sign become small numbers.
pub(crate) const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// The reverse of [`zigzag`].
pub(crate) const fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// Reads from the front of a slice; every method gives `None` when there is not enough.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ByteReader<'a> {
    rest: &'a [u8],
}

impl<'a> ByteReader<'a> {
    pub(crate) fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    pub(crate) fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// A varint that counts something, refused when it is larger than `limit`.
    pub(crate) fn count(&mut self, limit: usize) -> Option<usize> {
        usize::try_from(self.varint()?).ok().filter(|count| *count <= limit)
    }

    pub(crate) fn signed(&mut self) -> Option<i64> {
        self.varint().map(unzigzag)
    }
}

const fn bit_length(value: u64) -> usize {
    64 - value.leading_zeros() as usize
}

/// The best width for a group, and the bytes the group takes.
fn best_width(values: &[u64]) -> (usize, usize) {
    let mut lengths = [0_u8; 65];
    let mut longest = 0;
    for value in values {
        let length = bit_length(*value);
        lengths[length] += 1;
        longest = longest.max(length);
    }
    let plain = 1 + (values.len() * longest).div_ceil(8);
    let mut best = (longest, plain);
    let mut wider = 0;
    let mut width = longest;
    while width > 0 {
        wider += usize::from(lengths[width]);
        // Exceptions are dear: when every second value is one, no narrower width can win.
        if wider * 2 > values.len() {
            break;
        }
        width -= 1;
        if lengths[width] == 0 && width > 0 {
            continue;
        }
        let mut bytes = 2 + (values.len() * width).div_ceil(8);
        for (length, count) in lengths.iter().enumerate().take(longest + 1).skip(width + 1) {
            bytes += usize::from(*count) * (1 + (length - width).div_ceil(7));
        }
        if bytes < best.1 {
            best = (width, bytes);
        }
    }
    best
}

/// Bytes that [`pack`] would take.
pub(crate) fn packed_len(values: &[u64]) -> usize {
    values.chunks(GROUP).map(|group| best_width(group).1).sum()
}

/// Appends the values; how many there are is for the caller to remember.
pub(crate) fn pack(values: &[u64], out: &mut Vec<u8>) {
    for group in values.chunks(GROUP) {
        let (width, _) = best_width(group);
        let mask = if width == 64 { u64::MAX } else { (1 << width) - 1 };
        let exceptions = group.iter().filter(|value| **value > mask).count();
        out.push(width as u8 | if exceptions > 0 { HAS_EXCEPTIONS } else { 0 });
        pack_bits(group, width, mask, out);
        if exceptions > 0 {
            out.push(exceptions as u8);
            for (index, value) in group.iter().enumerate().filter(|(_, value)| **value > mask) {
                out.push(index as u8);
                put_varint(out, value >> width);
            }
        }
    }
}

fn pack_bits(group: &[u64], width: usize, mask: u64, out: &mut Vec<u8>) {
    if width == 0 {
        return;
    }
    let mut pending = 0_u128;
    let mut bits = 0;
    for value in group {
        pending |= u128::from(value & mask) << bits;
        bits += width;
        if bits >= 64 {
            out.extend_from_slice(&(pending as u64).to_le_bytes());
            pending >>= 64;
            bits -= 64;
        }
    }
    out.extend_from_slice(&(pending as u64).to_le_bytes()[..bits.div_ceil(8)]);
}

/// Appends `count` values to `out`.
pub(crate) fn unpack(reader: &mut ByteReader<'_>, count: usize, out: &mut Vec<u64>) -> Option<()> {
    let mut left = count;
    while left > 0 {
        let length = left.min(GROUP);
        let head = reader.byte()?;
        let width = usize::from(head & !HAS_EXCEPTIONS);
        if width > 64 {
            return None;
        }
        let start = out.len();
        unpack_bits(reader.take((length * width).div_ceil(8))?, width, length, out);
        if head & HAS_EXCEPTIONS != 0 {
            for _ in 0..reader.byte()? {
                let index = usize::from(reader.byte()?);
                let upper = reader.varint()?;
                let value = out[start..].get_mut(index)?;
                *value |= upper.checked_shl(width as u32)?;
            }
        }
        left -= length;
    }
    Some(())
}

/// Steps over `count` values.
pub(crate) fn skip_packed(reader: &mut ByteReader<'_>, count: usize) -> Option<()> {
    let mut left = count;
    while left > 0 {
        let length = left.min(GROUP);
        let head = reader.byte()?;
        reader.take((length * usize::from(head & !HAS_EXCEPTIONS)).div_ceil(8))?;
        if head & HAS_EXCEPTIONS != 0 {
            for _ in 0..reader.byte()? {
                reader.byte()?;
                reader.varint()?;
            }
        }
        left -= length;
    }
    Some(())
}

fn unpack_bits(bytes: &[u8], width: usize, count: usize, out: &mut Vec<u64>) {
    if width == 0 {
        out.resize(out.len() + count, 0);
        return;
    }
    let mask = if width == 64 { u64::MAX } else { (1 << width) - 1 };
    let mut pending = 0_u128;
    let mut bits = 0;
    let mut rest = bytes;
    for _ in 0..count {
        if bits < width {
            let taken = rest.len().min(8);
            let mut word = [0; 8];
            word[..taken].copy_from_slice(&rest[..taken]);
            rest = &rest[taken..];
            pending |= u128::from(u64::from_le_bytes(word)) << bits;
            bits += taken * 8;
        }
        out.push(pending as u64 & mask);
        pending >>= width;
        bits = bits.saturating_sub(width);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn round_trip(values: &[u64]) -> usize {
        let mut bytes = Vec::new();
        pack(values, &mut bytes);
        assert_eq!(bytes.len(), packed_len(values));
        let mut back = Vec::new();
        let mut reader = ByteReader::new(&bytes);
        unpack(&mut reader, values.len(), &mut back).unwrap();
        assert_eq!(back, values);
        assert!(reader.rest().is_empty());
        bytes.len()
    }

    #[test]
    fn small_numbers_take_few_bits_and_one_large_one_does_not_widen_them() {
        assert_eq!(round_trip(&[0; 128]), 1);
        assert_eq!(round_trip(&[5; 128]), 1 + 48);
        let mut values = [3; 128];
        values[70] = u64::MAX;
        assert!(round_trip(&values) <= 1 + 32 + 12);
    }

    proptest! {
        #[test]
        fn packed_numbers_come_back(
            values in prop::collection::vec((0_u32..64, any::<u64>()).prop_map(|(shift, value)| value >> shift), 0..400)
        ) {
            round_trip(&values);
        }

        #[test]
        fn varints_come_back(value in any::<i64>()) {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, zigzag(value));
            prop_assert_eq!(ByteReader::new(&bytes).signed(), Some(value));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), count in 0_usize..400) {
            let _ = unpack(&mut ByteReader::new(&bytes), count, &mut Vec::new());
        }
    }
}
