//! The files of a folder, read again each time: for work on the console without building the server.

use std::io::{ErrorKind, Read};
use std::path::Path;

use crate::{ConsoleError, File, decompressed, made};

/// Larger files are not given out.
const LARGEST: usize = 64 << 20;

/// The file of this name, or its compressed form where the folder has only that.
pub(crate) fn file(root: &Path, name: &str, brotli: bool) -> Result<Option<File>, ConsoleError> {
    if !is_inside(name) {
        return Ok(None);
    }
    if let Some(bytes) = read(&root.join(name))? {
        return Ok(Some(made(name, bytes.into(), false)));
    }
    let Some(compressed) = read(&root.join(format!("{name}.br")))? else { return Ok(None) };
    if brotli {
        return Ok(Some(made(name, compressed.into(), true)));
    }
    let plain = decompressed(&compressed, LARGEST).ok_or_else(|| ConsoleError::Damaged(name.to_owned()))?;
    Ok(Some(made(name, plain.into(), false)))
}

/// Whether a name can only lead to what is in the folder: parts of plain letters, none of them hidden or a way up.
fn is_inside(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    name.split('/').all(|part| !part.is_empty() && !part.starts_with('.') && part.bytes().all(plain))
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, ConsoleError> {
    let unreadable = |source| ConsoleError::Unreadable { path: path.display().to_string(), source };
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(unreadable(error)),
    };
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.take(LARGEST as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > LARGEST {
        return Err(ConsoleError::TooLarge(path.display().to_string()));
    }
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use crate::Console;

    #[test]
    fn nothing_outside_of_the_folder_is_given() {
        let outer = tempfile::tempdir().unwrap();
        let root = outer.path().join("dist");
        std::fs::create_dir_all(root.join("assets")).unwrap();
        std::fs::write(outer.path().join("secret.txt"), "secret").unwrap();
        std::fs::write(root.join(".hidden"), "hidden").unwrap();
        std::fs::write(root.join("assets/page.js"), "page").unwrap();
        let console = Console::new(Some(root));
        assert_eq!(&console.file("assets/page.js", true).unwrap().unwrap().bytes[..], b"page");
        for name in
            ["../secret.txt", "assets/../../secret.txt", ".hidden", "assets", "", "/etc/passwd", "a\0b"]
        {
            assert!(console.file(name, false).unwrap().is_none(), "{name:?}");
        }
    }

    #[test]
    fn a_folder_without_a_console_says_how_to_build_one() {
        let empty = tempfile::tempdir().unwrap();
        let console = Console::new(Some(empty.path().to_owned()));
        let page = console.index(true).unwrap();
        assert!(String::from_utf8_lossy(&page.bytes).contains("scripts/console"));
        let before = console.build().unwrap();
        std::fs::write(empty.path().join("index.html"), "<!doctype html>").unwrap();
        assert_ne!(console.build().unwrap(), before);
    }
}
