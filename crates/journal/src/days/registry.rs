//! Which day files there are, and how many of them are open.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Day, DayFile, FileClass};

/// Files that are kept open.
const MAX_OPEN: usize = 12;

/// All day files of a journal.
pub(crate) struct Days {
    dir: PathBuf,
    min_free_bytes: u64,
    files: Mutex<BTreeMap<(FileClass, Day), Arc<DayFile>>>,
    /// Files used lately, the latest last.
    used: Mutex<VecDeque<(FileClass, Day)>>,
}

impl Days {
    /// Looks which files there are. Copies of them leave `min_free_bytes` free.
    pub(crate) fn scan(dir: &Path, min_free_bytes: u64) -> io::Result<Self> {
        let mut files = BTreeMap::new();
        for entry in std::fs::read_dir(dir)? {
            let entry = entry?;
            // An empty one was being made when its process ended.
            let empty = entry.metadata().is_ok_and(|found| found.len() == 0);
            if let Some((class, day)) = entry.file_name().to_str().and_then(Day::parse_file_name)
                && !empty
            {
                files.insert((class, day), Arc::new(DayFile::new(class, day, dir, min_free_bytes)));
            }
        }
        let used = Mutex::new(VecDeque::new());
        Ok(Self { dir: dir.to_owned(), min_free_bytes, files: Mutex::new(files), used })
    }

    /// The file of a day, which need not exist yet.
    pub(crate) fn get_or_add(&self, class: FileClass, day: Day) -> Arc<DayFile> {
        let mut files = self.files.lock();
        let make = || Arc::new(DayFile::new(class, day, &self.dir, self.min_free_bytes));
        files.entry((class, day)).or_insert_with(make).clone()
    }

    /// The files of `class` whose day touches `range`, oldest first.
    pub(crate) fn in_range(
        &self,
        class: FileClass,
        range: &std::ops::RangeInclusive<i64>,
    ) -> Vec<Arc<DayFile>> {
        let touches = |file: &&Arc<DayFile>| {
            file.day.start_ms() <= *range.end() && file.day.last_ms() >= *range.start()
        };
        let files = self.files.lock();
        files.values().filter(|file| file.class == class).filter(touches).cloned().collect()
    }

    /// All files, by class and then by day.
    pub(crate) fn all(&self) -> Vec<Arc<DayFile>> {
        self.files.lock().values().cloned().collect()
    }

    pub(crate) fn count(&self, class: FileClass) -> usize {
        self.files.lock().keys().filter(|(found, _)| *found == class).count()
    }

    /// Remembers that the file is in use, and closes the one that was not used for longest when too many are open.
    pub(crate) fn touch(&self, file: &DayFile) {
        let key = (file.class, file.day);
        let mut used = self.used.lock();
        if used.back() == Some(&key) {
            return;
        }
        used.retain(|other| *other != key);
        used.push_back(key);
        let surplus = if used.len() > MAX_OPEN { used.pop_front() } else { None };
        drop(used);
        let surplus = surplus.and_then(|key| self.files.lock().get(&key).cloned());
        if let Some(file) = surplus {
            file.close();
        }
    }

    /// Removes a day for good.
    pub(crate) fn remove(&self, file: &DayFile) -> io::Result<()> {
        let key = (file.class, file.day);
        self.files.lock().remove(&key);
        self.used.lock().retain(|other| *other != key);
        file.close();
        match std::fs::remove_file(&file.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Forgets all handles, so that the files are closed in an orderly way.
    pub(crate) fn close_all(&self) {
        for file in self.all() {
            file.close();
        }
        self.used.lock().clear();
    }
}
