//! Real data that lies outside the repository: inputs to run on, never copied into it.

use std::path::{Path, PathBuf};

use catalogd::model::tree::{Entry, Tree};

/// The folder of real data: `shared/data` beside the package, or beside a folder above it.
///
/// `None` where it is missing, with a plain line on stderr; in CI (`CI` is set) that is a failure.
#[expect(
    clippy::disallowed_methods,
    reason = "CI says what it is by its environment alone"
)]
pub fn shared_data() -> Option<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut near = package
        .ancestors()
        .skip(1)
        .map(|folder| folder.join("shared/data"));
    let found = near.find(|path| path.is_dir());
    if found.is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "shared/data is missing, and CI must have it"
        );
        eprintln!("skipped: shared/data is not here");
    }
    found
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
