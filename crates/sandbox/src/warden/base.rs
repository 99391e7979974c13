//! The files every box has: `/usr`, `/etc`, `/dev` and what the masks in `/proc` show.
//!
//! ```text
//!  <instance>/base   a tmpfs in the warden's mount namespace, seen by nobody else
//!    ├── usr/        the host's, read-only
//!    ├── etc/        ours, with the host's certificates and linker cache
//!    ├── dev/        five devices
//!    ├── nothing     an empty file        ├── nowhere/   an empty directory
//!    └── root/       where each box mounts its own root, in its own mount namespace
//! ```
//!
//! Made once; a box binds them, attributes included, with one system call each. Nothing here differs from box to
//! box.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use rustix::mount::MountFlags;

use super::rights::{FUNCTION_GID, FUNCTION_UID, Identity};
use crate::protocol::messages::{Failure, Step as _};
use crate::sys::tree;

/// The host's directories at the top that hold programs and libraries; on most systems all but `usr` are links.
const TOP: [&str; 7] = ["usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32"];
/// What of the host's `/etc` programs cannot do without, and any user may read.
const ETC_SHOWN: [&str; 16] = [
    "alternatives",
    "ca-certificates",
    "crypto-policies",
    "fonts",
    "java",
    "java-11-openjdk",
    "java-17-openjdk",
    "java-21-openjdk",
    "java-25-openjdk",
    "ld.so.cache",
    "ld.so.conf",
    "mime.types",
    "pki",
    "protocols",
    "services",
    "ssl",
];
/// The devices of a box. No `/dev/shm`, as on AWS, where POSIX shared memory is not to be had either.
const DEVICES: [&str; 5] = ["null", "zero", "full", "random", "urandom"];

/// Parts of `/proc` that any user may read and that are about the host rather than the box: files show nothing,
/// directories are empty. What only root may read needs no mask, and the rest tells what AWS's tells too: memory,
/// processors, uptime.
const MASKED: [&str; 13] = [
    "acpi",
    "asound",
    "bus",
    "cmdline",
    "fs",
    "irq",
    "kallsyms",
    "key-users",
    "keys",
    "latency_stats",
    "modules",
    "sched_debug",
    "scsi",
];

/// Where the base files are.
#[derive(Debug)]
pub(crate) struct Base {
    directory: PathBuf,
    links: Vec<(&'static str, PathBuf)>,
    trees: Vec<&'static str>,
    /// Those of [`MASKED`] that this kernel has, and whether they are directories.
    masked: Vec<(&'static str, bool)>,
}

impl Base {
    /// Makes them below `directory`, which exists and is empty.
    pub(super) fn make(directory: PathBuf, identity: Identity) -> Result<Self, Failure> {
        // What the host mounts and unmounts goes on reaching us, so we hold nothing busy; what we mount stays here.
        tree::propagate(libc::MS_SLAVE).step("separate the mounts from the host's")?;
        let flags = MountFlags::NOSUID | MountFlags::NODEV;
        rustix::mount::mount("lanthorn", &directory, "tmpfs", flags, c"mode=0755,size=4m").step("mount the base")?;
        let mut base = Self { directory, links: Vec::new(), trees: Vec::new(), masked: Vec::new() };
        base.show_top().step("show the host's programs")?;
        base.write_etc().step("write the base of /etc")?;
        base.make_devices(identity).step("make the devices")?;
        base.make_masks().step("make the masks")?;
        fs::create_dir(base.root()).step("make a place for roots")?;
        Ok(base)
    }

    /// Links at the top of a box, and where they point.
    pub(crate) fn links(&self) -> &[(&'static str, PathBuf)] {
        &self.links
    }

    /// Directories at the top of a box that are bound from here, and where they are.
    pub(crate) fn trees(&self) -> impl Iterator<Item = (&'static str, PathBuf)> {
        self.trees.iter().map(|&name| (name, self.directory.join(name)))
    }

    /// Names in `/proc`, and what is shown in their place.
    pub(crate) fn masks(&self) -> impl Iterator<Item = (&'static str, PathBuf)> {
        let mask = |is_directory| self.directory.join(if is_directory { "nowhere" } else { "nothing" });
        self.masked.iter().map(move |&(name, is_directory)| (name, mask(is_directory)))
    }

    /// Where a box mounts its root.
    pub(crate) fn root(&self) -> PathBuf {
        self.directory.join("root")
    }

    fn show_top(&mut self) -> io::Result<()> {
        for name in TOP {
            let host = Path::new("/").join(name);
            let Ok(metadata) = fs::symlink_metadata(&host) else { continue };
            if metadata.is_symlink() {
                self.links.push((name, fs::read_link(&host)?));
            } else if metadata.is_dir() {
                let shown = self.directory.join(name);
                fs::create_dir(&shown)?;
                show(&host, &shown, tree::READ_ONLY)?;
                self.trees.push(name);
            }
        }
        Ok(())
    }

    fn write_etc(&mut self) -> io::Result<()> {
        let etc = self.directory.join("etc");
        fs::create_dir(&etc)?;
        let user = format!("sbx_user1051:x:{FUNCTION_UID}:{FUNCTION_GID}::/home/sbx_user1051:/sbin/nologin\n");
        let files = [
            ("passwd", format!("root:x:0:0:root:/root:/sbin/nologin\n{user}nobody:x:65534:65534::/:/sbin/nologin\n")),
            ("group", format!("root:x:0:\nsbx_user1051:x:{FUNCTION_GID}:\nnobody:x:65534:\n")),
            ("hosts", "127.0.0.1 localhost\n::1 localhost\n169.254.100.1 sandbox.localdomain sandbox\n".to_owned()),
            ("hostname", "sandbox\n".to_owned()),
            ("resolv.conf", "options timeout:1 attempts:1\n".to_owned()),
            ("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\nservices: files\n".to_owned()),
        ];
        for (name, text) in files {
            fs::write(etc.join(name), text)?;
        }
        symlink("/usr/share/zoneinfo/UTC", etc.join("localtime"))?;
        symlink("/proc/self/mounts", etc.join("mtab"))?;
        for name in ETC_SHOWN {
            let host = Path::new("/etc").join(name);
            let Ok(metadata) = fs::metadata(&host) else { continue };
            let shown = etc.join(name);
            if metadata.is_dir() {
                fs::create_dir(&shown)?;
                show(&host, &shown, tree::READ_ONLY)?;
            } else {
                fs::copy(&host, &shown)?;
                fs::set_permissions(&shown, fs::Permissions::from_mode(0o644))?;
            }
        }
        seal(&etc)?;
        self.trees.push("etc");
        Ok(())
    }

    fn make_masks(&mut self) -> io::Result<()> {
        fs::write(self.directory.join("nothing"), "")?;
        fs::create_dir(self.directory.join("nowhere"))?;
        for name in MASKED {
            if let Ok(metadata) = fs::symlink_metadata(Path::new("/proc").join(name)) {
                self.masked.push((name, metadata.is_dir()));
            }
        }
        Ok(())
    }

    fn make_devices(&mut self, identity: Identity) -> io::Result<()> {
        let dev = self.directory.join("dev");
        fs::create_dir(&dev)?;
        // As root the nodes are made in a tmpfs that allows them, one mount for all; an ordinary user can only
        // borrow the host's, one by one.
        let flags = MountFlags::NOSUID | MountFlags::NOEXEC;
        rustix::mount::mount("lanthorn", &dev, "tmpfs", flags, c"mode=0755,size=64k")?;
        for name in DEVICES {
            let (host, shown) = (Path::new("/dev").join(name), dev.join(name));
            match identity {
                Identity::Distinct => {
                    use std::os::unix::fs::MetadataExt as _;
                    let device = fs::metadata(&host)?.rdev();
                    let mode = rustix::fs::Mode::from_raw_mode(0o666);
                    rustix::fs::mknodat(rustix::fs::CWD, &shown, rustix::fs::FileType::CharacterDevice, mode, device)?;
                    fs::set_permissions(&shown, fs::Permissions::from_mode(0o666))?;
                }
                Identity::Shared => {
                    fs::write(&shown, "")?;
                    show(&host, &shown, libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NOEXEC)?;
                }
            }
        }
        for (name, target) in [
            ("fd", "/proc/self/fd"),
            ("stdin", "/proc/self/fd/0"),
            ("stdout", "/proc/self/fd/1"),
            ("stderr", "/proc/self/fd/2"),
        ] {
            symlink(target, dev.join(name))?;
        }
        rustix::mount::mount_remount(&dev, flags | MountFlags::BIND | MountFlags::RDONLY, c"")?;
        self.trees.push("dev");
        Ok(())
    }
}

/// Shows `host` and what is mounted below it at `shown`, with `attributes`.
fn show(host: &Path, shown: &Path, attributes: u64) -> io::Result<()> {
    let copy = tree::copy(host)?;
    tree::restrict(&copy, attributes)?;
    tree::attach(&copy, shown)
}

/// Makes a directory of the base a read-only mount of its own, with what is mounted below it.
fn seal(directory: &Path) -> io::Result<()> {
    show(directory, directory, tree::READ_ONLY)
}
