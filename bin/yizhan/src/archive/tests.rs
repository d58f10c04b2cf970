//! Round trips, and archives that were made by someone who means harm.

use std::io::{Seek, SeekFrom};
use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use super::*;

static GO_ON: AtomicBool = AtomicBool::new(false);

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    folder
}

fn packed(files: &[(&str, &[u8])]) -> File {
    let from = folder(files);
    let target = tempfile::tempfile().unwrap();
    pack(&list(from.path()).unwrap(), &target, 1_795_220_127_000, &GO_ON, &mut |_, _| {}).unwrap();
    rewound(target)
}

fn rewound(mut file: File) -> File {
    file.seek(SeekFrom::Start(0)).unwrap();
    file
}

fn unpacked(file: &File) -> anyhow::Result<(TempDir, Manifest)> {
    let to = tempfile::tempdir().unwrap();
    let manifest = unpack(file, to.path(), &GO_ON, &mut |_, _| {})?;
    Ok((to, manifest))
}

/// An archive with a true manifest for one file of `content` and then whatever `add` does.
fn forged(content: &[u8], add: impl FnOnce(&mut Builder<zstd::Encoder<'static, File>>)) -> File {
    let target = tempfile::tempfile().unwrap();
    let mut builder = Builder::new(zstd::Encoder::new(target, 1).unwrap());
    let manifest = Manifest {
        format: FORMAT,
        program: "yizhan 9".into(),
        created_at: 0,
        files: 1,
        bytes: content.len() as u64,
    };
    let text = serde_json::to_vec(&manifest).unwrap();
    builder.append_data(&mut header(text.len() as u64, 0), MANIFEST, text.as_slice()).unwrap();
    add(&mut builder);
    rewound(builder.into_inner().unwrap().finish().unwrap())
}

fn refusal(file: &File) -> String {
    format!("{:#}", unpacked(file).unwrap_err())
}

#[test]
fn what_was_packed_is_unpacked_for_the_owner_only() {
    let large = vec![7; 3_000_000];
    let file = packed(&[("secret.key", b"key"), ("journal/00/state.redb", &large), ("empty", b"")]);
    let (to, manifest) = unpacked(&file).unwrap();
    assert_eq!((manifest.files, manifest.bytes), (3, 3_000_003));
    assert_eq!(std::fs::read(to.path().join("journal/00/state.redb")).unwrap(), large);
    let mode = |name: &str| to.path().join(name).metadata().unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode("secret.key"), mode("journal"), mode("journal/00")), (0o600, 0o700, 0o700));
}

#[test]
fn an_archive_that_was_cut_off_anywhere_is_refused() {
    let noise: Vec<u8> = (0..100_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let file = packed(&[("a", &noise), ("b", b"end")]);
    let whole = file.metadata().unwrap().len();
    for length in [0, 3, 100, whole / 2, whole - 5, whole - 1] {
        file.set_len(length).unwrap();
        assert!(unpacked(&rewound(file.try_clone().unwrap())).is_err(), "{length} of {whole}");
    }
}

#[test]
fn a_changed_byte_is_noticed() {
    let mut file = packed(&[("a", &[b'x'; 5000])]);
    let at = file.metadata().unwrap().len() - 6;
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(b"\xa5").unwrap();
    assert!(unpacked(&rewound(file)).is_err());
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for name in ["../escaped", "/tmp/escaped", "a/../../escaped"] {
        let file = forged(b"x", |builder| {
            let mut header = header(1, 0);
            // The builder itself refuses such names; whoever forges an archive does not ask it.
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            builder.append(&header, &b"x"[..]).unwrap();
        });
        assert!(refusal(&file).contains("leads elsewhere"), "{name}");
    }
}

#[test]
fn links_and_devices_are_refused() {
    for kind in [EntryType::Symlink, EntryType::Link, EntryType::Fifo, EntryType::Block] {
        let file = forged(b"", |builder| {
            let mut header = header(0, 0);
            header.set_entry_type(kind);
            header.set_link_name("/etc/passwd").unwrap();
            builder.append_data(&mut header, "link", io::empty()).unwrap();
        });
        assert!(refusal(&file).contains("is not a file"), "{kind:?}");
    }
}

#[test]
fn more_than_announced_is_not_unpacked() {
    let file = forged(b"x", |builder| {
        builder.append_data(&mut header(1 << 20, 0), "bomb", io::repeat(0).take(1 << 20)).unwrap();
    });
    assert!(refusal(&file).contains("more than it says"));
    let file = forged(b"x", |_| {});
    assert!(refusal(&file).contains("files are missing"));
}

#[test]
fn a_name_given_twice_is_refused() {
    let file = packed(&[("a", b"1")]);
    assert!(unpacked(&file).is_ok());
    let to = tempfile::tempdir().unwrap();
    std::fs::write(to.path().join("a"), b"there already").unwrap();
    assert!(unpack(&rewound(file), to.path(), &GO_ON, &mut |_, _| {}).is_err());
    assert_eq!(std::fs::read(to.path().join("a")).unwrap(), b"there already");
}

#[test]
fn other_files_and_newer_formats_are_told_apart() {
    let mut other = tempfile::tempfile().unwrap();
    other.write_all(b"PK\x03\x04 something else").unwrap();
    assert!(refusal(&rewound(other)).contains("not a backup of yizhan"));
    let target = tempfile::tempfile().unwrap();
    let mut builder = Builder::new(zstd::Encoder::new(target, 1).unwrap());
    let text = r#"{"format":2,"program":"yizhan 7","created_at":0,"files":0,"bytes":0}"#;
    builder.append_data(&mut header(text.len() as u64, 0), MANIFEST, text.as_bytes()).unwrap();
    let newer = rewound(builder.into_inner().unwrap().finish().unwrap());
    assert!(refusal(&newer).contains("use the program that made it (yizhan 7)"));
}

#[test]
fn packing_ends_when_it_is_told_to() {
    let from = folder(&[("a", b"content")]);
    let target = tempfile::tempfile().unwrap();
    let stopped = AtomicBool::new(true);
    let error = pack(&list(from.path()).unwrap(), &target, 0, &stopped, &mut |_, _| {}).unwrap_err();
    assert!(format!("{error:#}").contains("Ctrl-C"), "{error:#}");
}

#[test]
fn a_backup_is_verified_without_being_unpacked_and_damage_is_found() {
    let server: &[(&str, &[u8])] =
        &[("registry.sqlite", b"rows"), ("secret.key", b"key"), ("journal/FORMAT", b"1")];
    let verified = |file: &File| verify(file, &GO_ON, &mut |_, _| {});
    assert_eq!(verified(&packed(server)).unwrap().files, 3);
    let error = verified(&packed(&server[..2])).unwrap_err().to_string();
    assert!(error.contains("journal/FORMAT is missing"), "{error}");
    let whole = packed(server);
    whole.set_len(whole.metadata().unwrap().len() - 5).unwrap();
    assert!(verified(&rewound(whole)).is_err());
}
