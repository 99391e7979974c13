//! Volumes for `/tmp`: sparse ext4 images on loop devices, made ahead of need.
//!
//! AWS's `/tmp` is a disk: what a function writes there is not its memory, and a full one says `ENOSPC`. So is
//! ours, as root. Each size is formatted once; a volume is a copy of that image's few written extents.
//!
//! ```text
//!  mkfs.ext4 ──► template-512  ──copy extents──► (unnamed file) ──► /dev/loopN ──► mount, attached nowhere
//! ```
//!
//! Neither image nor mount has a name, and the loop device clears itself: when the last process that uses a volume
//! is gone, however it went, so is the volume.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::{AtFlags, SeekFrom};
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags};

use super::rights::Identity;
use crate::protocol::messages::{Failure, Step as _};
use crate::sys::loop_device::{self, LoopDevice};

/// AWS's default size, for which spares are made from the start.
const DEFAULT_MIB: u32 = 512;
/// Spares are kept for this many different sizes, the most recently asked for.
const SIZES_MAX: usize = 4;
/// Where programs for the administrator are, though an ordinary PATH does not name them.
const MKFS: [&str; 3] = ["/usr/sbin/mkfs.ext4", "/sbin/mkfs.ext4", "/usr/bin/mkfs.ext4"];

/// A mounted volume that is attached nowhere yet. Dropped, it is gone.
#[derive(Debug)]
pub(crate) struct Volume {
    /// The mount.
    pub(crate) mount: OwnedFd,
}

/// Makes volumes and keeps some.
#[derive(Debug)]
pub(super) struct Volumes {
    directory: PathBuf,
    mkfs: &'static str,
    templates: BTreeMap<u32, File>,
    /// Sizes in MiB, the most recently asked for first.
    sizes: Vec<u32>,
    spare: Vec<(u32, Volume)>,
    spare_max: usize,
    paused: bool,
}

impl Volumes {
    /// Finds out whether volumes can be made here, by making one.
    ///
    /// # Errors
    /// Why not: an ordinary user, no loop devices, no `mkfs.ext4`, a scratch directory that cannot hold images.
    pub(super) fn open(directory: PathBuf, identity: Identity, spare_max: usize) -> Result<Self, Failure> {
        if identity == Identity::Shared {
            return Err(io::Error::from_raw_os_error(libc::EPERM)).step("mount a disk image as an ordinary user");
        }
        let mkfs = MKFS.into_iter().find(|path| Path::new(path).exists());
        let mkfs = mkfs.ok_or(io::Error::from_raw_os_error(libc::ENOENT)).step("find mkfs.ext4")?;
        let sizes = vec![DEFAULT_MIB];
        let (templates, spare) = (BTreeMap::new(), Vec::new());
        let mut volumes = Self { directory, mkfs, templates, sizes, spare, spare_max, paused: false };
        let first = volumes.make(DEFAULT_MIB)?;
        volumes.spare.push((DEFAULT_MIB, first));
        Ok(volumes)
    }

    /// A volume that holds `size_mib` MiB, from the spares or new.
    pub(super) fn take(&mut self, size_mib: u32) -> Result<Volume, Failure> {
        self.sizes.retain(|&size| size != size_mib);
        self.sizes.insert(0, size_mib);
        self.sizes.truncate(SIZES_MAX);
        if let Some(at) = self.spare.iter().position(|&(size, _)| size == size_mib) {
            return Ok(self.spare.swap_remove(at).1);
        }
        let volume = self.make(size_mib)?;
        self.paused = false;
        Ok(volume)
    }

    /// True if [`Volumes::refill`] has something to do.
    pub(super) fn hungry(&self) -> bool {
        !self.paused && self.wanting().is_some()
    }

    /// Makes one spare, of the most recent size that lacks one.
    pub(super) fn refill(&mut self) -> Result<(), Failure> {
        let sizes = self.sizes.clone();
        self.spare.retain(|(size, _)| sizes.contains(size));
        let Some(size) = self.wanting() else { return Ok(()) };
        let made = self.make(size);
        self.paused = made.is_err();
        self.spare.push((size, made?));
        Ok(())
    }

    fn wanting(&self) -> Option<u32> {
        let spares = |size| self.spare.iter().filter(|&&(it, _)| it == size).count();
        self.sizes.iter().copied().find(|&size| spares(size) < self.spare_max)
    }

    fn make(&mut self, size_mib: u32) -> Result<Volume, Failure> {
        if !self.templates.contains_key(&size_mib) {
            let template = self.format(size_mib)?;
            self.templates.insert(size_mib, template);
            // Bounded with the sizes; a template costs one descriptor and a few hundred kilobytes of disk.
            self.templates.retain(|size, _| self.sizes.contains(size) || *size == size_mib);
        }
        let image = unnamed(&self.directory).step("create a disk image")?;
        copy_extents(&self.templates[&size_mib], &image).step("copy a disk image")?;
        Ok(Volume { mount: mount(&image)?.0 })
    }

    /// Formats an image of a size, and gives its root directory the mode of a `/tmp`.
    fn format(&self, size_mib: u32) -> Result<File, Failure> {
        let path = self.directory.join(format!("template-{size_mib}"));
        let image = File::options().read(true).write(true).create(true).truncate(true).open(&path);
        let image = image.step("create a disk image")?;
        image.set_len(image_bytes(size_mib)).step("size a disk image")?;
        let status = Command::new(self.mkfs)
            .args(["-q", "-F", "-b", "4096", "-m", "0", "-O", "^has_journal,^resize_inode"])
            .args(["-E", "lazy_itable_init=1,nodiscard,root_owner=0:0"])
            .arg(&path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .step("run mkfs.ext4")?;
        std::fs::remove_file(&path).step("unlink a disk image")?;
        if !status.success() {
            return Err(io::Error::from_raw_os_error(libc::EIO)).step("format a disk image");
        }
        let (root, _device) = mount(&image)?;
        let mode = rustix::fs::Mode::from_raw_mode(0o1777);
        rustix::fs::chmodat(&root, ".", mode, AtFlags::empty()).step("open up a disk image")?;
        let _ = rustix::fs::unlinkat(&root, "lost+found", AtFlags::REMOVEDIR);
        rustix::fs::syncfs(
            rustix::fs::openat(&root, ".", rustix::fs::OFlags::RDONLY, rustix::fs::Mode::empty())
                .step("sync a disk image")?,
        )
        .step("sync a disk image")?;
        Ok(image)
    }
}

/// The size of an image in which `size_mib` MiB are free: ext4's own tables take a sixty-fourth and a little.
fn image_bytes(size_mib: u32) -> u64 {
    let content = u64::from(size_mib) << 20;
    content + content / 50 + (4 << 20)
}

fn unnamed(directory: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).mode(0o600).custom_flags(libc::O_TMPFILE).open(directory)
}

/// Copies what was written of `from` and leaves holes where it has some.
fn copy_extents(from: &File, to: &File) -> io::Result<()> {
    let size = from.metadata()?.len();
    to.set_len(size)?;
    to.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    let mut at = 0;
    while at < size {
        let start = match rustix::fs::seek(from, SeekFrom::Data(at)) {
            Ok(start) => start,
            Err(rustix::io::Errno::NXIO) => break,
            Err(error) => return Err(error.into()),
        };
        let end = rustix::fs::seek(from, SeekFrom::Hole(start))?;
        let (mut read_at, mut write_at) = (start, start);
        while read_at < end {
            let left = usize::try_from(end - read_at).unwrap_or(usize::MAX);
            if rustix::fs::copy_file_range(from, Some(&mut read_at), to, Some(&mut write_at), left)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        at = end;
    }
    Ok(())
}

/// Mounts `image`, attached nowhere. The loop device is not needed once the mount is there.
fn mount(image: &File) -> Result<(OwnedFd, LoopDevice), Failure> {
    let device = loop_device::attach(image.as_fd()).step("attach a loop device")?;
    let filesystem = rustix::mount::fsopen("ext4", FsOpenFlags::FSOPEN_CLOEXEC).step("open the ext4 filesystem")?;
    let set = |key: &str, value: &str| rustix::mount::fsconfig_set_string(&filesystem, key, value);
    set("source", &device.path.to_string_lossy()).step("name a volume's device")?;
    rustix::mount::fsconfig_set_flag(&filesystem, "noinit_itable").step("configure a volume")?;
    rustix::mount::fsconfig_create(&filesystem).step("mount a volume")?;
    let attributes =
        MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV | MountAttrFlags::MOUNT_ATTR_NOATIME;
    let mount =
        rustix::mount::fsmount(&filesystem, FsMountFlags::FSMOUNT_CLOEXEC, attributes).step("mount a volume")?;
    Ok((mount, device))
}
