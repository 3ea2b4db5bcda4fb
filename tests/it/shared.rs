//! What tests of many kinds share: real data that lies outside the repository (inputs to run on, never copied into it),
//! and the seeds of what is drawn by chance.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use catalogd::model::tree::{Entry, Tree};

/// The folder of real data: `shared/data` beside the package, or beside a folder above it.
///
/// `None` where it is missing, and the test is [`skipped`].
pub fn shared_data() -> Option<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut near = package
        .ancestors()
        .skip(1)
        .map(|folder| folder.join("shared/data"));
    let found = near.find(|path| path.is_dir());
    if found.is_none() {
        skipped("shared/data is missing");
    }
    found
}

/// Says that the test which calls it can't show what it should: a line on stderr, and one in the file that the
/// environment's `CATALOGD_SKIPPED` names. In CI (`CI` is set) that is a failure.
#[expect(
    clippy::disallowed_methods,
    reason = "whether anything may be missing, and who wants to know, is the environment's to say"
)]
pub fn skipped(lack: &str) {
    assert!(std::env::var_os("CI").is_none(), "CI must have it: {lack}");
    let thread = std::thread::current();
    let line = format!("{}: {lack}\n", thread.name().unwrap_or("a test"));
    if let Some(list) = std::env::var_os("CATALOGD_SKIPPED") {
        let list = OpenOptions::new().append(true).create(true).open(list);
        // In one piece: other tests write too.
        list.unwrap().write_all(line.as_bytes()).unwrap();
    }
    eprint!("skipped: {line}");
}

/// A folder as a tree, everything in scope.
pub fn tree_of(folder: &Path) -> Tree {
    let mut tree = Tree::default();
    let mut open = vec![folder.to_path_buf()];
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(&at).unwrap() {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                open.push(entry.path());
                continue;
            }
            let path = entry.path();
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap();
            let value = if kind.is_symlink() {
                Entry::Symlink
            } else {
                Entry::file(std::fs::read(&path).unwrap())
            };
            tree.files.insert(name.to_owned(), value);
        }
    }
    tree
}

/// The seeds that the environment asks for in place of a test's usual ones: `VARIABLE=FROM..TO`.
pub fn asked_seeds(variable: &str) -> Option<Range<u64>> {
    #[expect(clippy::disallowed_methods, reason = "it is the tests' own")]
    let text = std::env::var(variable).ok()?;
    let (from, to) = text
        .split_once("..")
        .unwrap_or_else(|| panic!("{variable}=FROM..TO"));
    Some(from.parse().unwrap()..to.parse().unwrap())
}

/// Says how to run with this seed again, should the test fail while it is there.
pub struct Seed {
    /// Asks for seeds ([`asked_seeds`]).
    pub variable: &'static str,
    pub seed: u64,
}

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self { variable, seed } = *self;
            eprintln!("it has failed with {variable}={seed}..{}", seed + 1);
        }
    }
}
