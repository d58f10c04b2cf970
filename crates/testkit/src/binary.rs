//! Finds the server's executable: `YIZHAN_BIN`, else the one that cargo put beside the running test, else it is built
//! once. What must stay true: the profile of the test and of the server are the same unless `YIZHAN_BIN` says otherwise.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

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
    let expected = profile_directory().join(format!("yizhan{}", std::env::consts::EXE_SUFFIX));
    if !expected.is_file() {
        build(&expected);
    }
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

fn build(expected: &Path) {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "-p", "yizhan"]).current_dir(workspace);
    if expected.parent().and_then(Path::file_name).is_some_and(|profile| profile == "release") {
        command.arg("--release");
    }
    let status = command.status().expect("cargo can be started");
    assert!(status.success(), "cargo build -p yizhan failed: {status}");
    assert!(expected.is_file(), "cargo built the server, but not at {}", expected.display());
}
