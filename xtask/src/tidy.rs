//! What clippy cannot see: which room depends on which, files without a module
//! comment, files grown too long, dead files, drawers for odds and ends.
//!
//! Every rule prints all that it finds; nothing is mended by itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// A room and the rooms it may depend on, in the order an invocation meets them. A new line or arrow is a design
/// change: it stands in docs/ARCHITECTURE.md and lands alone.
const ROOMS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("wire", &["model"]),
    ("store", &["model"]),
    ("sandbox", &["model"]),
    ("environment", &["model", "sandbox"]),
    ("placement", &["model", "environment"]),
    ("control", &["model", "store"]),
    ("frontend", &["model", "store", "placement"]),
    ("iam", SERVICE),
    ("sts", SERVICE),
    ("logs", SERVICE),
    ("edge", &["model", "wire", "control", "frontend", "iam", "sts", "logs"]),
];

/// What a neighbouring AWS service may depend on.
const SERVICE: &[&str] = &["model", "wire", "store"];

/// Past this a file usually holds two ideas. Tests and flat generated tables are not counted.
const LINES_MAX: usize = 500;

/// Names that say nothing about what is inside.
const DRAWERS: &[&str] = &["util", "utils", "common", "misc", "helpers", "shared_utils"];

/// Runs every rule over the workspace at `root`.
///
/// # Errors
/// When a rule finds something, or a file cannot be read.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let mut findings = Vec::new();
    arrows(root, &mut findings)?;
    for source in sources(root)? {
        let text = fs::read_to_string(&source).with_context(|| format!("cannot read {}", source.display()))?;
        let shown = source.strip_prefix(root).unwrap_or(&source);
        module_comment(shown, &text, &mut findings);
        length(shown, &text, &mut findings);
        reached(root, &source, &mut findings)?;
        drawer(shown, &mut findings);
    }
    if findings.is_empty() {
        return Ok(());
    }
    bail!("{} found:\n  {}", findings.len(), findings.join("\n  "))
}

/// The dependency table, checked against every manifest.
fn arrows(root: &Path, findings: &mut Vec<String>) -> anyhow::Result<()> {
    let mut seen = BTreeSet::new();
    for folder in ["crates", "services"] {
        for entry in fs::read_dir(root.join(folder)).with_context(|| format!("cannot list {folder}"))? {
            let manifest = entry?.path().join("Cargo.toml");
            if !manifest.exists() {
                continue;
            }
            let table: toml::Table = fs::read_to_string(&manifest)?.parse()?;
            let package = table["package"]["name"].as_str().context("a package has a name")?;
            let room = package.trim_start_matches("lanthorn-");
            seen.insert(room.to_owned());
            let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
                findings.push(format!("{folder}/{room}: no line in the dependency table of xtask/src/tidy.rs"));
                continue;
            };
            let dependencies = table.get("dependencies").and_then(toml::Value::as_table);
            for dependency in dependencies.into_iter().flat_map(toml::Table::keys) {
                if let Some(other) = dependency.strip_prefix("lanthorn-")
                    && !allowed.contains(&other)
                {
                    findings.push(format!("{folder}/{room} depends on {other}: no such arrow in the table"));
                }
            }
        }
    }
    findings.extend(
        ROOMS
            .iter()
            .filter(|(room, _)| !seen.contains(*room))
            .map(|(room, _)| format!("{room}: stands in the table, is not there")),
    );
    Ok(())
}

/// Every Rust file of ours that people write.
fn sources(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> =
        ["src", "crates", "services", "xtask", "bench", "fuzz"].map(|name| root.join(name)).into();
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() && name != "generated" && name != "target" {
                folders.push(path);
            } else if name.ends_with(".rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn module_comment(shown: &Path, text: &str, findings: &mut Vec<String>) {
    let first = text.lines().find(|line| !line.starts_with("#!") && !line.is_empty());
    if !first.is_some_and(|line| line.starts_with("//!")) {
        findings.push(format!("{}: opens without a module comment", shown.display()));
    }
}

fn length(shown: &Path, text: &str, findings: &mut Vec<String>) {
    let in_tests = shown.components().any(|part| part.as_os_str() == "tests") || shown.ends_with("tests.rs");
    let lines = match text.find("\n#[cfg(test)]\nmod tests {") {
        Some(tests) => text[..tests].lines().count(),
        None => text.lines().count(),
    };
    if lines > LINES_MAX && !in_tests {
        findings.push(format!("{}: {lines} lines, more than {LINES_MAX}", shown.display()));
    }
}

/// A file under a `src` that no `mod` line names is dead.
fn reached(root: &Path, source: &Path, findings: &mut Vec<String>) -> anyhow::Result<()> {
    let (Some(folder), Some(stem)) = (source.parent(), source.file_stem().and_then(|stem| stem.to_str())) else {
        return Ok(());
    };
    let is_root = matches!(stem, "lib" | "main" | "build");
    let is_target = ["bin", "tests", "examples", "benches", "fuzz_targets"]
        .iter()
        .any(|target| folder.components().next_back().is_some_and(|part| part.as_os_str() == *target));
    if is_root || is_target || !source.components().any(|part| part.as_os_str() == "src") {
        return Ok(());
    }
    let (name, home) = if stem == "mod" {
        (folder.file_name().and_then(|name| name.to_str()).unwrap_or_default(), folder.parent().unwrap_or(folder))
    } else {
        (stem, folder)
    };
    let beside = home.parent().map(|up| up.join(home.file_name().unwrap_or_default()).with_extension("rs"));
    let parents = ["mod.rs", "lib.rs", "main.rs"].map(|parent| home.join(parent)).into_iter().chain(beside);
    let line = format!("mod {name};");
    for parent in parents.filter(|parent| parent.exists()) {
        if fs::read_to_string(&parent)?.contains(&line) {
            return Ok(());
        }
    }
    findings.push(format!("{}: no `{line}` reaches it", source.strip_prefix(root).unwrap_or(source).display()));
    Ok(())
}

fn drawer(shown: &Path, findings: &mut Vec<String>) {
    let parts = shown.with_extension("");
    let named = parts.components().filter_map(|part| part.as_os_str().to_str()).find(|part| DRAWERS.contains(part));
    if let Some(name) = named {
        findings.push(format!("{}: `{name}` says nothing about what is inside", shown.display()));
    }
}
