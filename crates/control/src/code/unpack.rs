//! Unpacking a zip into an empty directory, without trusting a byte of it.
//!
//! ```text
//! directory of the zip ─► count, names, declared sizes ─► inflate, counting what really comes ─► links, modes, sync
//!                          refused here if it can be         refused here if the zip lied
//! ```
//!
//! Symbolic links are made last, so no file is ever written through one. Sizes are
//! believed only for refusing early; the limit is enforced on the bytes that come
//! out. Owners, set-id bits and write permissions are dropped: every file is 0644,
//! or 0755 if it was executable for anybody, so that the function's user can read it.
//! Modification times are kept, because Python compares them with its `.pyc` files.
//!
//! This is blocking code: callers run it off the shards. It is *not* a general
//! unzip: what AWS would not unpack (encryption, odd compressions) is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Permissions};
use std::io::{self, Cursor, Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::civil;
use jiff::tz::TimeZone;
use lanthorn_model::limits;
use zip::ExtraField;
use zip::read::{ZipArchive, ZipFile};

use super::path::{EntryPath, LinkTarget, TARGET_BYTES_MAX};

/// How much a package may hold.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Unpacked bytes must stay below this.
    pub unzipped_bytes: u64,
    /// Entries at most, and as many directories, those included that no entry names. Ours: AWS publishes none.
    pub entries: usize,
    /// Symbolic links at most. Ours.
    pub links: usize,
}

/// Why a package was not unpacked. Whatever was written is the caller's to remove.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// It is not a zip, or holds something that must not become a file.
    #[error("the package cannot be unpacked: {0}")]
    Unreadable(Reason),
    /// It unpacks to this many bytes or more.
    #[error("the package unpacks to {0} bytes or more")]
    TooLarge(u64),
    /// The host's disk failed or is full.
    #[error("cannot write the unpacked package")]
    Disk(#[source] io::Error),
}

/// What is wrong with a package, for our log; callers get one text for all of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Not a zip, truncated, damaged, encrypted or compressed in an unknown way.
    #[error("{0}")]
    Zip(String),
    /// A name that is absolute, has `..`, is too long or is not text.
    #[error("an entry's name is not allowed: {0:?}")]
    Name(String),
    /// A symbolic link that could leave the package.
    #[error("a link points outside: {0:?}")]
    Link(String),
    /// A device, a pipe or a socket.
    #[error("an entry is neither file, directory nor link: {0:?}")]
    Kind(String),
    /// One name for two things that exclude each other.
    #[error("two entries cannot both exist: {0:?}")]
    Clash(String),
    /// More entries or links than we unpack.
    #[error("too many entries")]
    Entries,
}

impl Default for Limits {
    fn default() -> Self {
        Self { unzipped_bytes: limits::UNZIPPED_BYTES_MAX, entries: 100_000, links: 10_000 }
    }
}

/// Unpacks `zip` into `root`, an empty directory nobody else writes to, and syncs it. Answers the unpacked bytes.
///
/// # Errors
/// [`UnpackError`]; `root` may then hold a part of the package.
pub fn unpack(zip: &[u8], root: &Path, limits: &Limits) -> Result<u64, UnpackError> {
    if headers(zip) > limits.entries.saturating_mul(HEADERS_PER_ENTRY) {
        return Err(UnpackError::Unreadable(Reason::Entries));
    }
    let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(unreadable)?;
    if archive.len() > limits.entries {
        return Err(UnpackError::Unreadable(Reason::Entries));
    }
    let mut declared = 0u64;
    for index in 0..archive.len() {
        declared = declared.saturating_add(archive.by_index_raw(index).map_err(unreadable)?.size());
        if declared >= limits.unzipped_bytes {
            return Err(UnpackError::TooLarge(limits.unzipped_bytes));
        }
    }
    let mut tree = Tree::new(root, limits);
    for index in 0..archive.len() {
        tree.add(archive.by_index(index).map_err(unreadable)?)?;
    }
    tree.finish()
}

/// How many directory headers the zip may seem to hold for each entry it may have: packages hold other zips, whose
/// headers look the same from outside.
const HEADERS_PER_ENTRY: usize = 4;

/// The directory headers that `zip` seems to hold. An upper bound of its entries that costs no memory, asked
/// before the directory is read into memory.
fn headers(zip: &[u8]) -> usize {
    const SIGNATURE: &[u8] = b"PK\x01\x02";
    zip.windows(SIGNATURE.len()).filter(|window| *window == SIGNATURE).count()
}

/// The directory as far as it has been built.
struct Tree<'a> {
    root: &'a Path,
    limits: &'a Limits,
    /// Bytes written so far, counting what later entries replaced.
    written: u64,
    directories: BTreeSet<PathBuf>,
    files: BTreeSet<PathBuf>,
    /// Made by [`Tree::finish`], when nothing is written any more.
    links: BTreeMap<PathBuf, LinkTarget>,
}

enum Kind {
    Directory,
    Link,
    File { executable: bool },
}

impl<'a> Tree<'a> {
    fn new(root: &'a Path, limits: &'a Limits) -> Self {
        let (directories, files, links) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
        Self { root, limits, written: 0, directories, files, links }
    }

    fn add(&mut self, mut entry: ZipFile<'_, Cursor<&[u8]>>) -> Result<(), UnpackError> {
        let name = entry.name().map_err(unreadable)?.into_owned();
        let path = EntryPath::parse(&name).ok_or_else(|| refuse(Reason::Name, &name))?;
        match kind(&entry, &name)? {
            Kind::Directory => self.directory(path.as_path(), &name),
            _ if path.is_root() => Err(refuse(Reason::Name, &name)),
            Kind::Link => self.link(&path, &name, &mut entry),
            Kind::File { executable } => self.file(&path, &name, executable, &mut entry),
        }
    }

    fn directory(&mut self, path: &Path, name: &str) -> Result<(), UnpackError> {
        if path.as_os_str().is_empty() || self.directories.contains(path) {
            return Ok(());
        }
        if self.files.contains(path) || self.links.contains_key(path) {
            return Err(refuse(Reason::Clash, name));
        }
        if let Some(parent) = path.parent() {
            self.directory(parent, name)?;
        }
        // One name of a thousand parts asks for a thousand of them.
        if self.directories.len() >= self.limits.entries {
            return Err(UnpackError::Unreadable(Reason::Entries));
        }
        fs::create_dir(self.root.join(path)).map_err(UnpackError::Disk)?;
        self.directories.insert(path.to_owned());
        Ok(())
    }

    fn file(
        &mut self,
        path: &EntryPath,
        name: &str,
        executable: bool,
        entry: &mut ZipFile<'_, Cursor<&[u8]>>,
    ) -> Result<(), UnpackError> {
        self.make_room(path, name)?;
        // Names that differ only in `.` and `//` meet here; as with equal names, the last one stays.
        let mut file = File::create(self.root.join(path.as_path())).map_err(UnpackError::Disk)?;
        self.copy(entry, &mut file)?;
        let mode = if executable { 0o755 } else { 0o644 };
        file.set_permissions(Permissions::from_mode(mode)).map_err(UnpackError::Disk)?;
        if let Some(modified) = modified(entry) {
            file.set_modified(modified).map_err(UnpackError::Disk)?;
        }
        self.files.insert(path.as_path().to_owned());
        Ok(())
    }

    fn link(
        &mut self,
        path: &EntryPath,
        name: &str,
        entry: &mut ZipFile<'_, Cursor<&[u8]>>,
    ) -> Result<(), UnpackError> {
        self.make_room(path, name)?;
        if self.files.contains(path.as_path()) {
            return Err(refuse(Reason::Clash, name));
        }
        if self.links.len() >= self.limits.links {
            return Err(UnpackError::Unreadable(Reason::Entries));
        }
        let mut target = Vec::new();
        let mut head = entry.take(TARGET_BYTES_MAX as u64 + 1);
        head.read_to_end(&mut target).map_err(|error| refuse(Reason::Zip, &error.to_string()))?;
        let target = String::from_utf8(target).map_err(|_| refuse(Reason::Link, name))?;
        let target = LinkTarget::parse(&target, path).ok_or_else(|| refuse(Reason::Link, name))?;
        self.links.insert(path.as_path().to_owned(), target);
        Ok(())
    }

    /// Makes the directories above `path`, and sees that nothing else has its name.
    fn make_room(&mut self, path: &EntryPath, name: &str) -> Result<(), UnpackError> {
        if self.directories.contains(path.as_path()) || self.links.contains_key(path.as_path()) {
            return Err(refuse(Reason::Clash, name));
        }
        path.parents().into_iter().try_for_each(|parent| self.directory(parent, name))
    }

    /// Inflates `entry` into `file`, stopping at the limit whatever the zip said about itself.
    fn copy(&mut self, entry: &mut ZipFile<'_, Cursor<&[u8]>>, file: &mut File) -> Result<(), UnpackError> {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = match entry.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(refuse(Reason::Zip, &error.to_string())),
            };
            self.written += read as u64;
            if self.written >= self.limits.unzipped_bytes {
                return Err(UnpackError::TooLarge(self.limits.unzipped_bytes));
            }
            file.write_all(&buffer[..read]).map_err(UnpackError::Disk)?;
        }
    }

    fn finish(self) -> Result<u64, UnpackError> {
        for (path, target) in &self.links {
            symlink(target.as_path(), self.root.join(path)).map_err(UnpackError::Disk)?;
        }
        let readable = Permissions::from_mode(0o755);
        let directories = self.directories.iter().map(|directory| self.root.join(directory));
        for directory in directories.chain([self.root.to_owned()]) {
            fs::set_permissions(directory, readable.clone()).map_err(UnpackError::Disk)?;
        }
        // One call instead of one per file: packages of thousands of small files are usual.
        let root = File::open(self.root).map_err(UnpackError::Disk)?;
        rustix::fs::syncfs(&root).map_err(|errno| UnpackError::Disk(errno.into()))?;
        Ok(self.written)
    }
}

fn kind(entry: &ZipFile<'_, Cursor<&[u8]>>, name: &str) -> Result<Kind, UnpackError> {
    const TYPE: u32 = 0o170_000;
    let mode = entry.unix_mode().unwrap_or(0);
    if name.ends_with('/') {
        return Ok(Kind::Directory);
    }
    match mode & TYPE {
        0o040_000 => Ok(Kind::Directory),
        0o120_000 => Ok(Kind::Link),
        0 | 0o100_000 => Ok(Kind::File { executable: mode & 0o111 != 0 }),
        _ => Err(refuse(Reason::Kind, name)),
    }
}

/// When the file was last changed: in UTC if the zip says so, else its local time read as UTC.
fn modified(entry: &ZipFile<'_, Cursor<&[u8]>>) -> Option<SystemTime> {
    let exact = entry.extra_data_fields().find_map(|field| match field {
        ExtraField::ExtendedTimestamp(times) => times.mod_time(),
        _ => None,
    });
    let seconds = match exact {
        Some(seconds) => u64::from(seconds),
        None => {
            let dos = entry.last_modified()?;
            let [month, day, hour, minute, second] =
                [dos.month(), dos.day(), dos.hour(), dos.minute(), dos.second()].map(|part| i8::try_from(part).ok());
            let year = i16::try_from(dos.year()).ok()?;
            let local = civil::DateTime::new(year, month?, day?, hour?, minute?, second?, 0).ok()?;
            u64::try_from(local.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second()).ok()?
        }
    };
    Some(UNIX_EPOCH + Duration::from_secs(seconds))
}

fn unreadable(error: zip::result::ZipError) -> UnpackError {
    UnpackError::Unreadable(Reason::Zip(error.to_string()))
}

fn refuse(reason: fn(String) -> Reason, text: &str) -> UnpackError {
    UnpackError::Unreadable(reason(text.to_owned()))
}

#[cfg(test)]
mod tests;
