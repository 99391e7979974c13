//! Where this process's own cgroups are, read from `/proc/self/mountinfo` and `/proc/self/cgroup`.
//!
//! Pure: text in, paths out. A controller is either in a v1 hierarchy of its own or in the v2 one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Controller;

/// The directories of this process's cgroups.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Homes {
    /// By v1 controller.
    pub(super) v1: BTreeMap<Controller, PathBuf>,
    /// Of the unified hierarchy: this process's cgroup, and the hierarchy's top as far as it is visible.
    pub(super) v2: Option<Unified>,
}

/// The unified hierarchy.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unified {
    pub(super) own: PathBuf,
    pub(super) top: PathBuf,
}

pub(super) fn find(mountinfo: &str, cgroup: &str) -> Homes {
    let mut homes = Homes::default();
    for mount in mountinfo.lines().filter_map(Mount::parse) {
        match mount.kind {
            "cgroup" => {
                for controller in Controller::ALL {
                    let named = |list: &str| list.split(',').any(|name| name == controller.v1_name());
                    if !named(mount.options) {
                        continue;
                    }
                    let own = cgroup.lines().find_map(|line| {
                        let (list, path) = line.split_once(':')?.1.split_once(':')?;
                        named(list).then_some(path)
                    });
                    homes.v1.entry(controller).or_insert_with(|| mount.below(own.unwrap_or("/")));
                }
            }
            "cgroup2" if homes.v2.is_none() => {
                let own = cgroup.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or("/");
                homes.v2 = Some(Unified { own: mount.below(own), top: mount.point.clone() });
            }
            _ => {}
        }
    }
    homes
}

struct Mount<'a> {
    root: PathBuf,
    point: PathBuf,
    kind: &'a str,
    options: &'a str,
}

impl<'a> Mount<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (before, after) = line.split_once(" - ")?;
        let mut before = before.split(' ').skip(3);
        let mut after = after.split(' ');
        Some(Self {
            root: unescape(before.next()?),
            point: unescape(before.next()?),
            kind: after.next()?,
            options: after.nth(1)?,
        })
    }

    /// The directory of the cgroup `path`; in a container only what is below the mount's root can be seen.
    fn below(&self, path: &str) -> PathBuf {
        match Path::new(path).strip_prefix(&self.root) {
            Ok(rest) => self.point.join(rest),
            Err(_) => self.point.clone(),
        }
    }
}

/// Undoes the kernel's octal escapes of blanks and backslashes.
fn unescape(field: &str) -> PathBuf {
    let mut path = String::new();
    let mut rest = field;
    while let Some((plain, escaped)) = rest.split_once('\\') {
        path.push_str(plain);
        let code = escaped.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        path.push(code.map_or('\\', char::from));
        rest = if code.is_some() { &escaped[3..] } else { escaped };
    }
    path.push_str(rest);
    path.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(mountinfo: &str, cgroup: &str, v1: &[(Controller, &str)], v2: Option<(&str, &str)>) {
        let found = find(mountinfo, cgroup);
        let v1: BTreeMap<_, _> = v1.iter().map(|&(controller, path)| (controller, PathBuf::from(path))).collect();
        let v2 = v2.map(|(own, top)| Unified { own: own.into(), top: top.into() });
        assert_eq!(found, Homes { v1, v2 });
    }

    #[test]
    fn v1_has_one_hierarchy_a_controller() {
        check(
            "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n\
             36 31 0:33 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
             37 31 0:34 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n",
            "4:memory:/jobs/7\n1:cpu,cpuacct:/\n9:name=systemd:/\n",
            &[(Controller::Cpu, "/sys/fs/cgroup/cpu"), (Controller::Memory, "/sys/fs/cgroup/memory/jobs/7")],
            None,
        );
    }

    #[test]
    fn v2_is_one_for_all() {
        check(
            "31 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
            "0::/user.slice/user-1000.slice/session-2.scope\n",
            &[],
            Some(("/sys/fs/cgroup/user.slice/user-1000.slice/session-2.scope", "/sys/fs/cgroup")),
        );
    }

    #[test]
    fn a_container_sees_its_own_part_only() {
        check(
            "9 8 0:33 /docker/f00 /sys/fs/cgroup/pids ro - cgroup cgroup rw,pids\n",
            "3:pids:/docker/f00/inner\n",
            &[(Controller::Pids, "/sys/fs/cgroup/pids/inner")],
            None,
        );
        check(
            "9 8 0:33 /../.. /sys/fs/cgroup/pids ro - cgroup cgroup rw,pids\n",
            "3:pids:/\n",
            &[(Controller::Pids, "/sys/fs/cgroup/pids")],
            None,
        );
    }

    #[test]
    fn blanks_in_a_path_are_unescaped() {
        check(
            "9 8 0:33 / /mnt/my\\040groups rw - cgroup cgroup rw,freezer\n",
            "",
            &[(Controller::Freezer, "/mnt/my groups")],
            None,
        );
    }
}
