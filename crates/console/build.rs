//! Writes the table of the console's files that goes into the binary. It takes what lies in `web/dist` and never builds or
//! downloads anything itself: work on the server and `cargo test` need no Node (see `scripts/console`).

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() {
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    let dist = root.join("../../web/dist");
    // The folder is always there, because a note for people lies in it; a path that is not would make every build start
    // here again.
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed=build.rs");
    let mut files = Vec::new();
    collect(&dist, "", &mut files);
    files.sort();
    let mut table = String::from("pub(crate) static FILES: &[(&str, &[u8])] = &[\n");
    if files.iter().any(|(name, _)| name == "index.html") {
        for (name, path) in &files {
            writeln!(table, "    ({name:?}, include_bytes!({path:?})),").expect("a string takes everything");
        }
    } else if std::env::var_os("CARGO_FEATURE_REQUIRED").is_some() {
        table.insert_str(
            0,
            "compile_error!(\"the console is not built: run scripts/console, then build again\");\n",
        );
    }
    table.push_str("];\n");
    let target = PathBuf::from(variable("OUT_DIR")).join("files.rs");
    std::fs::write(target, table).expect("the folder for what is made can be written to");
}

/// The compressed files below `folder`, under the names by which they are asked for.
fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = entry.path();
        if path.is_dir() {
            collect(&path, &format!("{prefix}{name}/"), files);
        } else if let (Some(plain), Ok(path)) = (name.strip_suffix(".br"), path.canonicalize()) {
            files.push((format!("{prefix}{plain}"), path));
        }
    }
}

fn variable(name: &str) -> String {
    std::env::var(name).expect("cargo sets it for build scripts")
}
