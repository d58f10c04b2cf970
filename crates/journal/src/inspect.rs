//! What is wrong with a journal directory, for `doctor`.
//!
//! Nothing is changed. With a running server the files move, so then only what stands still is looked at.

use std::fs::{File, TryLockError};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::blocks::chunk::Chunk;
use crate::blocks::{history, logs};
use crate::commit::free_bytes;
use crate::config::JournalConfig;
use crate::damage::guarded;
use crate::days::{Day, DayFile, DayReader, FileClass};
use crate::layout::{self, FORMAT_FILE, FORMAT_VERSION, LOCK_FILE, STATE_FILE};
use crate::record;
use crate::segment::{DATA_START, FrameEnd, FrameScan, SegmentHeader};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Note,
    /// Works now, needs attention.
    Warning,
    /// Data cannot be read or the server will not start.
    Problem,
}

/// One thing found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The file or directory it is about.
    pub path: PathBuf,
    /// What it is and what can be done.
    pub message: String,
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, severity: Severity, path: &Path, message: impl Into<String>) {
        self.0.push(Finding { severity, path: path.to_owned(), message: message.into() });
    }

    fn problem(&mut self, path: &Path, message: impl Into<String>) {
        self.add(Severity::Problem, path, message);
    }
}

/// Looks at everything in the directory of `config` and reads every stored byte. Gives what was found, worst first.
pub fn inspect(config: &JournalConfig) -> Vec<Finding> {
    let mut findings = Findings::default();
    look(config, &mut findings);
    let mut found = findings.0;
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found
}

/// Whether the directory is what a start leaves that failed before the first record: nothing in it can be missed.
pub fn was_never_written(dir: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(dir) else { return false };
    let (mut has_state, mut has_segment) = (false, false);
    for entry in entries {
        let Ok(entry) = entry else { return false };
        match entry.file_name().to_string_lossy().as_ref() {
            FORMAT_FILE | LOCK_FILE => {}
            STATE_FILE => has_state = true,
            // Numbers only rise: beside a later segment there were records.
            name if crate::segment::parse_file_name(name) == Some(1) && is_blank(&entry.path()) => {
                has_segment = true;
            }
            _ => return false,
        }
    }
    has_segment || !has_state
}

/// Whether a segment has no record: where the first would be, there are only the zeros that it was made of.
fn is_blank(segment: &Path) -> bool {
    let mut start = vec![0; 4096];
    let read = File::open(segment).and_then(|file| {
        let length = usize::try_from(file.metadata()?.len().saturating_sub(DATA_START)).unwrap_or(usize::MAX);
        start.truncate(length);
        file.read_exact_at(&mut start, DATA_START)
    });
    read.is_ok() && start.iter().all(|byte| *byte == 0)
}

fn look(config: &JournalConfig, findings: &mut Findings) {
    let dir = &config.dir;
    if !dir.is_dir() {
        findings.add(Severity::Note, dir, "there is no journal yet; the first start makes it");
        return;
    }
    if let Err(error) = config.check() {
        findings.problem(dir, error.to_string());
    }
    match layout::read_format(dir) {
        Ok(Some(format)) if format.version > FORMAT_VERSION => {
            let text = format!(
                "has format {}, this program understands {FORMAT_VERSION}; use a newer program",
                format.version
            );
            findings.problem(&dir.join(FORMAT_FILE), text);
        }
        Ok(Some(format)) => {
            let running = look_at_lock(dir, findings);
            look_at_space(config, findings);
            look_at_names(dir, findings);
            if !running {
                look_at_segments(config, format.instance, findings);
                look_at_state(dir, findings);
                look_at_days(config, findings);
            }
        }
        Ok(None) => findings.problem(dir, "has no FORMAT file; it is not a journal or only half of one"),
        Err(error) => findings.problem(dir, error.to_string()),
    }
}

/// Whether a server has the directory open.
fn look_at_lock(dir: &Path, findings: &mut Findings) -> bool {
    let path = dir.join(LOCK_FILE);
    match File::open(&path).map(|file| file.try_lock_shared()) {
        Ok(Err(TryLockError::WouldBlock)) => {
            let text =
                "a server is running on it, so its contents were not checked; stop it for a full check";
            findings.add(Severity::Note, &path, text);
            true
        }
        Ok(Err(TryLockError::Error(error))) => {
            findings.add(Severity::Warning, &path, format!("cannot be locked: {error}"));
            false
        }
        // No lock file: never started from here, such as after a backup was copied by hand.
        Ok(Ok(())) | Err(_) => false,
    }
}

fn look_at_space(config: &JournalConfig, findings: &mut Findings) {
    match free_bytes(&config.dir) {
        Ok(free) if free < config.min_free_bytes => findings.problem(
            &config.dir,
            format!(
                "{} MiB are free, {} MiB are needed; new data is refused until there is space",
                free >> 20,
                config.min_free_bytes >> 20
            ),
        ),
        Ok(free) if free < config.min_free_bytes.saturating_mul(2) => {
            findings.add(Severity::Warning, &config.dir, format!("only {} MiB are free", free >> 20));
        }
        Ok(_) => {}
        Err(error) => {
            findings.add(Severity::Warning, &config.dir, format!("free space is not known: {error}"))
        }
    }
    if let Some(budget) = config.disk_budget_bytes
        && let Ok(used) = crate::commit::directory_bytes(&config.dir)
        && used > budget
    {
        let text = format!("{} MiB are used, the budget is {} MiB", used >> 20, budget >> 20);
        findings.add(Severity::Warning, &config.dir, text);
    }
}

fn look_at_names(dir: &Path, findings: &mut Findings) {
    let Ok(entries) = std::fs::read_dir(dir) else {
        findings.problem(dir, "cannot be listed");
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let known = [FORMAT_FILE, LOCK_FILE, STATE_FILE].contains(&&*name)
            || Day::parse_file_name(&name).is_some()
            || crate::segment::parse_file_name(&name).is_some();
        if name.contains(".damaged-") {
            let text = "was set aside because it was damaged; what it held is not shown any more";
            findings.add(Severity::Warning, &entry.path(), text);
        } else if name.ends_with(".new") || name.ends_with(".tmp") {
            findings.add(Severity::Note, &entry.path(), "is left over and will be removed at the next start");
        } else if !known {
            findings.add(Severity::Warning, &entry.path(), "does not belong to the journal");
        }
    }
}

fn look_at_segments(config: &JournalConfig, instance: u64, findings: &mut Findings) {
    let dir = &config.dir;
    let files = match layout::segment_files(dir) {
        Ok(files) => files,
        Err(error) => return findings.problem(dir, format!("cannot be listed: {error}")),
    };
    // Segments before this one may be retired; which they are only the state knows.
    let retired = read_state(dir).ok().map_or(0, |progress| progress.retired_through);
    let mut ended = true;
    let mut previous = None;
    for (number, path) in files.into_iter().filter(|(number, _)| *number > retired) {
        if previous.is_some_and(|previous| number != previous + 1) {
            findings.problem(&path, "the segment before it is missing");
        }
        previous = Some(number);
        match check_segment(&path, number, instance) {
            Err(text) => findings.problem(&path, text),
            Ok((end, position)) => {
                if position > DATA_START && !ended {
                    findings.problem(
                        &path,
                        "continues a segment that does not end in an orderly way; the server will refuse to start \
                         unless damage is accepted",
                    );
                }
                if end == FrameEnd::Torn {
                    let text =
                        format!("a write was cut off at byte {position}; it had not been acknowledged");
                    findings.add(Severity::Note, &path, text);
                }
                ended = end == FrameEnd::Closed || position == DATA_START;
            }
        }
    }
}

fn check_segment(path: &Path, number: u64, instance: u64) -> Result<(FrameEnd, u64), String> {
    let file = File::open(path).map_err(|error| format!("cannot be opened: {error}"))?;
    let bytes = file.metadata().map_err(|error| error.to_string())?.len();
    let header = SegmentHeader::read(&file).map_err(|error| format!("cannot be read: {error}"))?;
    let header = header.ok_or("its header is damaged")?;
    if header.number != number || header.instance != instance {
        return Err("belongs to another journal or has another number".into());
    }
    let mut scan = FrameScan::new(&file, header.seed(), DATA_START, bytes);
    while let Some((offset, payload)) = scan.next().map_err(|error| format!("cannot be read: {error}"))? {
        let mut at = 0;
        while let Some((_, length)) = record::decode(&payload[at..]) {
            at += length;
        }
        if at < payload.len() {
            return Err(format!(
                "holds a record that this program does not understand at byte {}",
                offset + at as u64
            ));
        }
    }
    Ok((scan.end(), scan.position()))
}

fn read_state(dir: &Path) -> Result<crate::state::Progress, redb::Error> {
    crate::state::read_progress(&dir.join(STATE_FILE))
}

fn look_at_state(dir: &Path, findings: &mut Findings) {
    let path = dir.join(STATE_FILE);
    match read_state(dir) {
        Ok(_) => {}
        Err(redb::Error::RepairAborted) => unclean(&path, findings),
        Err(redb::Error::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            findings.problem(&path, "is missing; state of devices that is older than the log is lost");
        }
        Err(error) => findings.problem(&path, format!("cannot be read: {error}")),
    }
}

fn unclean(path: &Path, findings: &mut Findings) {
    let text = "is as a running server leaves it, which is usual after a restore or a power cut; the next start tidies it up";
    findings.add(Severity::Note, path, text);
}

fn look_at_days(config: &JournalConfig, findings: &mut Findings) {
    let Ok(days) = crate::days::Days::scan(&config.dir, config.min_free_bytes) else { return };
    for file in days.all() {
        let check = || {
            let reader = DayReader::without_repair(&file.path)?;
            Ok::<_, redb::Error>(check_day(&reader, &file))
        };
        match guarded(check) {
            Ok(Ok(())) => {}
            Ok(Err(text)) => findings.problem(&file.path, text),
            Err(redb::Error::RepairAborted) => unclean(&file.path, findings),
            Err(error) => findings.problem(&file.path, format!("cannot be read: {error}")),
        }
    }
}

fn check_day(reader: &DayReader, file: &DayFile) -> Result<(), String> {
    let readable = |error: redb::Error| format!("cannot be read: {error}");
    for (run, meta) in reader.runs().map_err(readable)? {
        let mut after = None;
        let mut rows = 0;
        while let Some((place, part)) = reader.next_chunk(run, after).map_err(readable)? {
            after = Some((place.first, part));
            let bytes = reader.read_chunk(&place).map_err(readable)?;
            let chunk = Chunk::open(&bytes).ok_or_else(|| format!("a chunk of run {run} is damaged"))?;
            let payload =
                chunk.payload().ok_or_else(|| format!("a chunk of run {run} cannot be decompressed"))?;
            for entry in chunk.entries() {
                let block = payload.slice(entry.start..entry.start + entry.length);
                let intact = match file.class {
                    FileClass::History => {
                        history::decode_block(&block, entry.rows, entry.min_time, None).is_some()
                    }
                    FileClass::Log => logs::decode_block(&block, entry.rows, entry.min_time).is_some(),
                };
                if !intact {
                    return Err(format!("a block of stream {} in run {run} is damaged", entry.key.1));
                }
                rows += entry.rows as u64;
            }
        }
        if rows != meta.rows {
            return Err(format!("run {run} has {rows} rows instead of {}", meta.rows));
        }
    }
    Ok(())
}
