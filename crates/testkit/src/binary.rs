//! Finds the server's executable: `YIZHAN_BIN`, else the one that cargo puts beside the running test, which is built
//! first when it is missing or older than a source file (cargo does not build it for the tests of another crate).
//! What must stay true: a test never runs against yesterday's server without being told to.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

/// The path of the `yizhan` executable under test.
///
/// # Panics
/// When it neither exists nor can be built.
pub fn server_binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(find_or_build)
}

fn find_or_build() -> PathBuf {
    if let Some(named) = std::env::var_os("YIZHAN_BIN") {
        let path = PathBuf::from(named);
        assert!(path.is_file(), "YIZHAN_BIN names {}, which is not a file", path.display());
        return path;
    }
    let profile = profile_directory();
    let expected = profile.join(format!("yizhan{}", std::env::consts::EXE_SUFFIX));
    if modified(&expected).is_none_or(|built| newest_source() > built) {
        build(&profile);
    }
    assert!(expected.is_file(), "cargo built the server, but not at {}", expected.display());
    expected
}

/// `target/<profile>`: a test executable lives in its `deps` (or `examples`) folder, an ordinary one directly in it.
fn profile_directory() -> PathBuf {
    let here = std::env::current_exe().expect("a running test knows its own path");
    let folder = here.parent().expect("an executable lies in a folder");
    let inner = folder.file_name().is_some_and(|name| name == "deps" || name == "examples");
    if inner {
        folder.parent().expect("deps lies in a profile folder").to_path_buf()
    } else {
        folder.to_path_buf()
    }
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|metadata| metadata.modified()).ok()
}

/// The latest change below `bin` and `crates`.
fn newest_source() -> SystemTime {
    let mut newest = SystemTime::UNIX_EPOCH;
    let mut pending =
        vec![workspace().join("bin"), workspace().join("crates"), workspace().join("Cargo.lock")];
    while let Some(path) = pending.pop() {
        match std::fs::read_dir(&path) {
            Ok(entries) => pending.extend(entries.filter_map(|entry| entry.ok().map(|entry| entry.path()))),
            Err(_) => newest = newest.max(modified(&path).unwrap_or(newest)),
        }
    }
    newest
}

fn build(profile: &Path) {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let name = profile.file_name().and_then(|name| name.to_str()).expect("a profile folder has a plain name");
    let target = profile.parent().expect("a profile folder lies in a target folder");
    let mut command = Command::new(cargo);
    command.args([
        "build",
        "--quiet",
        "-p",
        "yizhan",
        "--profile",
        if name == "debug" { "dev" } else { name },
    ]);
    command.arg("--target-dir").arg(target).current_dir(workspace());
    let status = command.status().expect("cargo can be started");
    assert!(status.success(), "cargo build -p yizhan failed: {status}");
}
