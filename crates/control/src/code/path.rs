//! Names inside a zip, and which of them may become files.
//!
//! A package is written by its owner, so its names are hostile until parsed. What
//! comes out of here is relative, has no `..`, and stays inside the directory it is
//! joined to. Nothing here touches a disk.

use std::path::{Path, PathBuf};

/// The longest whole name, in bytes: leaves room for where the package lies on the host.
const PATH_BYTES_MAX: usize = 2048;
/// The longest part between two slashes, in bytes: what Linux file systems take.
const PART_BYTES_MAX: usize = 255;
/// The longest target of a symbolic link, in bytes.
pub(super) const TARGET_BYTES_MAX: usize = 1024;

/// Where an entry goes, relative to the package's root. Never absolute, never with `..`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct EntryPath(PathBuf);

/// Where a symbolic link points: some `..` that stay inside the package, then plain names.
///
/// That form is what makes links of links harmless: the `..` climb from the link's own directory,
/// which is a real one, and nothing climbs after a name that might itself be a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LinkTarget(PathBuf);

impl EntryPath {
    /// The path that `name` means; none if it could leave the package or cannot be a file's name.
    ///
    /// The package's own root (`./`) is the empty path.
    pub(super) fn parse(name: &str) -> Option<Self> {
        if name.is_empty() || name.len() > PATH_BYTES_MAX || name.starts_with('/') || name.contains('\0') {
            return None;
        }
        let mut path = PathBuf::new();
        for part in name.split('/') {
            match part {
                // `a//b` and `./a` are written by some tools, and mean `a/b` and `a`.
                "" | "." => {}
                ".." => return None,
                part if part.len() > PART_BYTES_MAX => return None,
                part => path.push(part),
            }
        }
        Some(Self(path))
    }

    /// Whether it is the package's root itself.
    pub(super) fn is_root(&self) -> bool {
        self.0.as_os_str().is_empty()
    }

    /// The path, relative to the package's root.
    pub(super) fn as_path(&self) -> &Path {
        &self.0
    }

    /// The directories above it, outermost first, without the root.
    pub(super) fn parents(&self) -> Vec<&Path> {
        let mut parents: Vec<&Path> =
            self.0.ancestors().skip(1).filter(|parent| !parent.as_os_str().is_empty()).collect();
        parents.reverse();
        parents
    }
}

impl LinkTarget {
    /// The target that `text` means for a link at `at`; none if it could leave the package.
    pub(super) fn parse(text: &str, at: &EntryPath) -> Option<Self> {
        if text.is_empty() || text.len() > TARGET_BYTES_MAX || text.starts_with('/') || text.contains('\0') {
            return None;
        }
        let mut may_climb = Some(at.parents().len());
        for part in text.split('/') {
            match (part, may_climb) {
                ("" | ".", _) => {}
                ("..", Some(left)) => may_climb = Some(left.checked_sub(1)?),
                ("..", None) => return None,
                _ => may_climb = None,
            }
        }
        Some(Self(PathBuf::from(text)))
    }

    /// The target as the link holds it.
    pub(super) fn as_path(&self) -> &Path {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use std::path::Component;

    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(name: &str, expected: Option<&str>) {
        let parsed = EntryPath::parse(name);
        assert_eq!(parsed.as_ref().map(EntryPath::as_path), expected.map(Path::new), "for {name:?}");
    }

    #[test]
    fn a_name_stays_inside() {
        check("index.py", Some("index.py"));
        check("lib/a.py", Some("lib/a.py"));
        check("./lib//a.py", Some("lib/a.py"));
        check("lib/", Some("lib"));
        check("./", Some(""));
        check("a\\..\\b", Some("a\\..\\b"));
        check("/etc/passwd", None);
        check("../up", None);
        check("lib/../../up", None);
        check("lib/..", None);
        check("a\0b", None);
        check("", None);
        check(&"x".repeat(256), None);
        check(&"x/".repeat(1025), None);
    }

    #[track_caller]
    fn check_link(at: &str, target: &str, allowed: bool) {
        let at = EntryPath::parse(at).expect("a good name");
        assert_eq!(LinkTarget::parse(target, &at).is_some(), allowed, "for {target:?} at {at:?}");
    }

    #[test]
    fn a_link_points_inside() {
        check_link("lib/libz.so", "libz.so.1", true);
        check_link("bin/tool", "../lib/tool.js", true);
        check_link("a/b/c", "../..", true);
        check_link("bin/tool", "../../etc/passwd", false);
        check_link("tool", "../etc/passwd", false);
        check_link("tool", "/etc/passwd", false);
        check_link("tool", "lib/../../etc", false);
        check_link("tool", "lib/../ok", false);
        check_link("tool", "", false);
    }

    proptest! {
        #[test]
        fn no_name_leaves_the_package(name in "([./a-c\\\\]|\\PC){0,40}") {
            if let Some(path) = EntryPath::parse(&name) {
                prop_assert!(path.as_path().components().all(|part| matches!(part, Component::Normal(_))));
            }
        }

        #[test]
        fn no_link_climbs_above_the_root(at in "[a-c](/[a-c]){0,4}", target in "(\\.\\.|[a-c]|\\.|)(/(\\.\\.|[a-c]|)){0,6}") {
            let at = EntryPath::parse(&at).expect("a good name");
            if let Some(target) = LinkTarget::parse(&target, &at) {
                let mut depth = at.parents().len() as i64;
                for part in target.as_path().components() {
                    depth += match part {
                        Component::ParentDir => -1,
                        Component::Normal(_) => 1,
                        Component::CurDir => 0,
                        Component::RootDir | Component::Prefix(_) => i64::MIN / 2,
                    };
                    prop_assert!(depth >= 0);
                }
            }
        }
    }
}
