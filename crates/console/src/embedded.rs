//! The files that are in the binary.

use std::sync::OnceLock;

use bytes::Bytes;

use crate::{ConsoleError, File, decompressed, made};

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// No file of the console is larger; a limit only so that damage cannot eat the memory.
const LARGEST: usize = 64 << 20;

/// The table of files, with what was made of them so far.
#[derive(Debug)]
pub(crate) struct Embedded {
    files: &'static [(&'static str, &'static [u8])],
    made: Vec<Forms>,
}

/// The forms in which a file was asked for already.
#[derive(Debug, Default)]
struct Forms {
    compressed: OnceLock<File>,
    plain: OnceLock<File>,
}

impl Embedded {
    pub(crate) fn new() -> Self {
        Self { files: FILES, made: FILES.iter().map(|_| Forms::default()).collect() }
    }

    pub(crate) fn file(&self, name: &str, brotli: bool) -> Result<Option<File>, ConsoleError> {
        let Ok(index) = self.files.binary_search_by_key(&name, |(known, _)| known) else { return Ok(None) };
        let (name, bytes) = self.files[index];
        let forms = &self.made[index];
        if brotli {
            return Ok(Some(
                forms.compressed.get_or_init(|| made(name, Bytes::from_static(bytes), true)).clone(),
            ));
        }
        if let Some(file) = forms.plain.get() {
            return Ok(Some(file.clone()));
        }
        let plain = decompressed(bytes, LARGEST).ok_or_else(|| ConsoleError::Damaged(name.to_owned()))?;
        Ok(Some(forms.plain.get_or_init(|| made(name, plain.into(), false)).clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "hello hello hello hello\n", as Node's zlib compresses it.
    static FILE: &[(&str, &[u8])] = &[("assets/hello-1.js", &BROTLI)];
    const BROTLI: [u8; 23] = [
        0x1b, 0x17, 0x00, 0xf8, 0x8d, 0x94, 0x6e, 0xde, 0x44, 0x55, 0x86, 0xd6, 0x0a, 0x20, 0x6c, 0x6f, 0x4a,
        0x11, 0x79, 0xe2, 0x80, 0xae, 0x16,
    ];

    #[test]
    fn a_file_comes_in_the_form_that_the_client_takes() {
        let embedded = Embedded { files: FILE, made: vec![Forms::default()] };
        let small = embedded.file("assets/hello-1.js", true).unwrap().unwrap();
        let plain = embedded.file("assets/hello-1.js", false).unwrap().unwrap();
        assert_eq!(&plain.bytes[..], b"hello hello hello hello\n");
        assert!(small.brotli && !plain.brotli && plain.immutable && small.tag != plain.tag);
        let again = embedded.file("assets/hello-1.js", false).unwrap().unwrap();
        assert_eq!(again.bytes.as_ptr(), plain.bytes.as_ptr(), "decompressed twice");
        assert!(embedded.file("assets/other.js", true).unwrap().is_none());
    }

    #[test]
    fn every_file_of_the_table_can_be_decompressed_and_has_a_type() {
        let embedded = Embedded::new();
        assert!(FILES.is_sorted());
        for (name, _) in FILES {
            let file = embedded.file(name, false).unwrap().unwrap();
            assert_ne!(file.content_type, "application/octet-stream", "{name}");
        }
    }

    #[test]
    fn damage_is_told() {
        static DAMAGED: &[(&str, &[u8])] = &[("index.html", b"not brotli at all")];
        let embedded = Embedded { files: DAMAGED, made: vec![Forms::default()] };
        assert!(matches!(embedded.file("index.html", false), Err(ConsoleError::Damaged(_))));
    }
}
