//! Real data that lies outside the repository: inputs to run on, never copied into it.

use std::path::{Path, PathBuf};

use catalogd::model::tree::{Entry, Tree};

/// The folder of real data, two levels above the package or where `CATALOGD_SHARED_DATA` says.
///
/// `None` where it is missing, with a plain line on stderr; in CI (`CI` is set) that is a failure.
pub fn shared_data() -> Option<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let given = option_env!("CATALOGD_SHARED_DATA").map(PathBuf::from);
    let near = package
        .ancestors()
        .skip(1)
        .map(|folder| folder.join("shared/data"));
    let found = given.into_iter().chain(near).find(|path| path.is_dir());
    if found.is_none() {
        assert!(
            option_env!("CI").is_none() && std::env::vars_os().all(|(key, _)| key != "CI"),
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
