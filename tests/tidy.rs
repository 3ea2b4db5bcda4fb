//! Keeps the house as ARCHITECTURE.md draws it: imports point upwards in the list of `src/lib.rs`, the middle is pure,
//! and the emulator stands alone. Parsed with `syn`, so groups over several lines count like any other.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use syn::visit::Visit;

/// Modules that do no IO, read no clock and no entropy, and never wait.
const PURE: &[&str] = &[
    "ids", "secret", "model", "rule", "manifest", "observe", "diff", "plan", "policy", "run",
    "status", "render", "export", "saved",
];

/// What a pure module may not name.
const WORLD: &[&[&str]] = &[
    &["tokio"],
    &["std", "fs"],
    &["std", "env"],
    &["std", "net"],
    &["std", "process"],
    &["std", "thread"],
    &["std", "time", "SystemTime"],
    &["std", "time", "Instant"],
    &["std", "io", "stdout"],
    &["std", "io", "stderr"],
    &["std", "io", "stdin"],
    &["jiff", "Timestamp", "now"],
    &["fastrand"],
    &["git2"],
    &["notify"],
    &["aws_sdk_resourcegroupstagging"],
    &["aws_sdk_servicecatalog"],
    &["aws_sdk_s3"],
    &["aws_sdk_cloudformation"],
    &["aws_sdk_sts"],
    &["aws_config"],
    &["tracing"],
    &["crate", "clock"],
];

/// What the emulator may name of catalogd: shared types would share our misunderstandings.
const EMULATOR_MAY: &[&str] = &["clock", "emulator"];

#[test]
fn imports_point_upwards() {
    let order = modules_in_reading_order();
    let place = |name: &str| order.iter().position(|module| module == name);
    let mut wrong = Vec::new();
    for file in sources() {
        let Some(own) = place(&file.module) else {
            continue;
        };
        for path in &file.paths {
            let [first, module, ..] = path.as_slice() else {
                continue;
            };
            if first != "crate" {
                continue;
            }
            match place(module) {
                Some(other) if other > own => {
                    wrong.push(format!("{} names crate::{module}", file.shown));
                }
                Some(_) => {}
                None => wrong.push(format!(
                    "{} names crate::{module}: not in lib.rs",
                    file.shown
                )),
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "imports that point down:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn the_middle_is_pure() {
    let mut wrong = Vec::new();
    for file in sources()
        .into_iter()
        .filter(|file| PURE.contains(&file.module.as_str()))
    {
        for path in &file.paths {
            let names = |world: &[&str]| {
                path.len() >= world.len() && world.iter().zip(path).all(|(a, b)| a == b)
            };
            if let Some(world) = WORLD.iter().find(|world| names(world)) {
                wrong.push(format!("{} names {}", file.shown, world.join("::")));
            }
        }
        if file.asynchronous {
            wrong.push(format!("{} is async", file.shown));
        }
    }
    assert!(
        wrong.is_empty(),
        "the middle touches the world:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn the_emulator_stands_alone() {
    let mut wrong = Vec::new();
    for file in sources()
        .into_iter()
        .filter(|file| file.module == "emulator")
    {
        for path in &file.paths {
            if let [first, module, ..] = path.as_slice()
                && first == "crate"
                && !EMULATOR_MAY.contains(&module.as_str())
            {
                wrong.push(format!("{} names crate::{module}", file.shown));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "the emulator leans on catalogd:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn every_module_is_described() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let missing: Vec<String> = modules_in_reading_order()
        .into_iter()
        .filter(|module| !text.contains(&format!("`{module}`")))
        .collect();
    assert!(
        missing.is_empty(),
        "ARCHITECTURE.md has no paragraph on {missing:?}"
    );
}

/// What a map of a manifest may hold is a `const …: Shape`; the list of all of them misses none, so that the table of
/// scenarios over all fields (`scenario::fields`) misses none either.
#[test]
fn every_shape_is_listed() {
    let folder = root().join("src/manifest/schema");
    let listed = std::fs::read_to_string(folder.join("shapes.rs")).unwrap();
    let mut missing = Vec::new();
    let mut shapes = 0;
    for path in rust_files(&folder) {
        let module = path.file_stem().unwrap().to_str().unwrap();
        let module = if module == "mod" { "super" } else { module };
        for item in parse(&path).items {
            let syn::Item::Const(found) = item else {
                continue;
            };
            let is_shape = matches!(&*found.ty, syn::Type::Path(ty) if ty.path.is_ident("Shape"));
            if is_shape {
                shapes += 1;
                let name = format!("&{module}::{}", found.ident);
                let named =
                    listed.split(|c: char| !(c.is_ascii_alphanumeric() || "&:_".contains(c)));
                if named.filter(|word| *word == name).count() != 1 {
                    missing.push(name);
                }
            }
        }
    }
    assert!(shapes > 20, "the shapes are looked for in the wrong place");
    assert!(
        missing.is_empty(),
        "shapes that src/manifest/schema/shapes.rs does not list once: {missing:?}"
    );
}

/// ARCHITECTURE.md and the pages in docs/ that name tests as `path::to::test`; each must exist.
#[test]
fn named_tests_exist() {
    let mut known = BTreeSet::new();
    for folder in ["src", "tests"] {
        for path in rust_files(&root().join(folder)) {
            let mut tests = Tests::default();
            tests.visit_file(&parse(&path));
            known.extend(tests.names);
        }
    }
    let mut missing = Vec::new();
    for page in [
        "ARCHITECTURE.md",
        "docs/coverage.md",
        "docs/semantics.md",
        "docs/performance.md",
    ] {
        let Ok(text) = std::fs::read_to_string(root().join(page)) else {
            continue;
        };
        for word in text.split('`').skip(1).step_by(2) {
            let is_test = word.contains("::")
                && word
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || ":_".contains(c));
            let name = word.rsplit("::").next().unwrap_or(word);
            if is_test && name.contains('_') && !known.contains(name) {
                missing.push(format!("{page}: {word}"));
            }
        }
    }
    assert!(
        missing.is_empty(),
        "tests that are named and do not exist:\n{}",
        missing.join("\n")
    );
}

/// A file of the library, with every path it names.
struct Source {
    shown: String,
    module: String,
    paths: Vec<Vec<String>>,
    asynchronous: bool,
}

fn sources() -> Vec<Source> {
    let src = root().join("src");
    rust_files(&src)
        .into_iter()
        .map(|path| {
            let relative = path.strip_prefix(&src).unwrap().to_owned();
            let first = relative
                .components()
                .next()
                .unwrap()
                .as_os_str()
                .to_string_lossy();
            let mut names = Names::default();
            names.visit_file(&parse(&path));
            Source {
                shown: format!("src/{}", relative.display()),
                module: first.trim_end_matches(".rs").to_owned(),
                paths: names.paths,
                asynchronous: names.asynchronous,
            }
        })
        .collect()
}

fn modules_in_reading_order() -> Vec<String> {
    let lib = parse(&root().join("src/lib.rs"));
    let modules = lib.items.iter().filter_map(|item| match item {
        syn::Item::Mod(module) => Some(module.ident.to_string()),
        _ => None,
    });
    modules.collect()
}

/// Collects paths: those of `use` trees, and those written out. Code under `#[cfg(test)]` may do as it likes.
#[derive(Default)]
struct Names {
    paths: Vec<Vec<String>>,
    asynchronous: bool,
}

impl Names {
    fn tree(&mut self, before: &[String], tree: &syn::UseTree) {
        let with = |ident: &syn::Ident| [before, &[ident.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.tree(&with(&path.ident), &path.tree),
            syn::UseTree::Name(name) => self.paths.push(with(&name.ident)),
            syn::UseTree::Rename(name) => self.paths.push(with(&name.ident)),
            syn::UseTree::Glob(_) => self.paths.push(before.to_vec()),
            syn::UseTree::Group(group) => {
                group.items.iter().for_each(|item| self.tree(before, item));
            }
        }
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_for_tests(&module.attrs) {
            syn::visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        if !is_for_tests(&function.attrs) {
            syn::visit::visit_item_fn(self, function);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if !is_for_tests(&item.attrs) {
            self.tree(&[], &item.tree);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.paths.push(
            path.segments
                .iter()
                .map(|segment| segment.ident.to_string())
                .collect(),
        );
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        // Arguments of macros are tokens: `crate::x` in them is found by its three tokens in a row.
        let text = call.tokens.to_string();
        for part in text.split("crate ::").skip(1) {
            let name: String = part
                .trim_start()
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            self.paths.push(vec!["crate".to_owned(), name]);
        }
        syn::visit::visit_macro(self, call);
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.asynchronous |= signature.asyncness.is_some();
        syn::visit::visit_signature(self, signature);
    }

    fn visit_expr_async(&mut self, block: &'ast syn::ExprAsync) {
        self.asynchronous = true;
        syn::visit::visit_expr_async(self, block);
    }
}

#[derive(Default)]
struct Tests {
    names: Vec<String>,
}

impl<'ast> Visit<'ast> for Tests {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        let is_test = |attr: &syn::Attribute| {
            attr.path()
                .segments
                .last()
                .is_some_and(|segment| segment.ident == "test")
        };
        if function.attrs.iter().any(is_test) {
            self.names.push(function.sig.ident.to_string());
        }
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        // proptest! { #[test] fn name(…) { … } }
        let text = call.tokens.to_string();
        let mut words = text.split_whitespace();
        while let Some(word) = words.next() {
            if word == "fn" {
                self.names.extend(words.next().map(str::to_owned));
            }
        }
    }
}

fn is_for_tests(attrs: &[syn::Attribute]) -> bool {
    attrs.iter().any(|attr| {
        attr.path().is_ident("test")
            || (attr.path().is_ident("cfg")
                && matches!(&attr.meta, syn::Meta::List(list) if list.tokens.to_string() == "test"))
    })
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn parse(path: &Path) -> syn::File {
    let text = std::fs::read_to_string(path).unwrap();
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
