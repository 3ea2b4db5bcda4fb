//! Sources: real folders, real repositories, git's own server behind http and ssh.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use catalogd::clock::Clock;
use catalogd::git::watch::RECHECK;
use catalogd::git::{
    Access, Credentials, Folder, Location, MAX_FILE_BYTES, Repository, RepositoryOptions, Snapshot,
    SourceError, SourceErrorKind, Watch, off_thread,
};
use catalogd::ids::Revision;
use catalogd::model::tree::{Entry, Pinned};
use git2::Oid;
use tempfile::TempDir;

const MANIFEST: &str = "apiVersion: catalogd.dev/v1\nkind: Portfolio\n";

/// A repository with a work tree in a folder of its own.
struct Repo {
    dir: TempDir,
    git: git2::Repository,
}

impl Repo {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut options = git2::RepositoryInitOptions::new();
        options.initial_head("main");
        let git = git2::Repository::init_opts(dir.path(), &options).unwrap();
        Self { dir, git }
    }

    fn with(files: &[(&str, &str)]) -> Self {
        let repo = Self::new();
        repo.commit(files);
        repo
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn track(&self, name: &str) {
        let mut index = self.git.index().unwrap();
        index.add_path(Path::new(name)).unwrap();
        index.write().unwrap();
    }

    /// Writes, tracks and commits the files.
    fn commit(&self, files: &[(&str, &str)]) -> Oid {
        for (name, text) in files {
            self.write(name, text);
            self.track(name);
        }
        let tree = self.git.index().unwrap().write_tree().unwrap();
        self.commit_tree(tree)
    }

    fn commit_tree(&self, tree: Oid) -> Oid {
        let who = git2::Signature::new("T", "t@example.com", &git2::Time::new(1_700_000_000, 0));
        let who = who.unwrap();
        let tree = self.git.find_tree(tree).unwrap();
        let parent = self
            .git
            .head()
            .ok()
            .map(|head| head.peel_to_commit().unwrap());
        let parents: Vec<_> = parent.iter().collect();
        let message = "catalog: change\n\nFreeze: no\n";
        self.git
            .commit(Some("HEAD"), &who, &who, message, &tree, &parents)
            .unwrap()
    }

    fn tag(&self, name: &str, annotated: bool) -> Oid {
        let head = self
            .git
            .head()
            .unwrap()
            .peel(git2::ObjectType::Commit)
            .unwrap();
        let who = git2::Signature::new("T", "t@example.com", &git2::Time::new(1, 0)).unwrap();
        match annotated {
            true => self.git.tag(name, &head, &who, "a tag", false).unwrap(),
            false => self.git.tag_lightweight(name, &head, false).unwrap(),
        }
    }

    fn folder(&self, below: &str) -> Folder {
        Folder::open(self.path(below)).unwrap()
    }

    /// This repository, read in place.
    fn polled(&self, reference: &str, path: &str) -> Result<Repository, SourceError> {
        let location = Location::parse(self.dir.path().to_str().unwrap()).unwrap();
        open(
            location,
            reference,
            path,
            self.path(".git/unused"),
            Access::default(),
        )
    }
}

fn open(
    location: Location,
    reference: &str,
    path: &str,
    cache: PathBuf,
    access: Access,
) -> Result<Repository, SourceError> {
    Repository::open(RepositoryOptions {
        location,
        reference: reference.to_owned(),
        path: path.to_owned(),
        cache,
        access,
    })
}

fn shown(snapshot: &Snapshot) -> BTreeMap<&str, String> {
    let show = |entry: &Entry| match entry {
        Entry::File(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => format!("{other:?}"),
    };
    let files = snapshot.tree.files.iter();
    files
        .map(|(path, entry)| (path.as_str(), show(entry)))
        .collect()
}

fn names(snapshot: &Snapshot) -> Vec<&str> {
    snapshot.tree.files.keys().map(String::as_str).collect()
}

fn head(oid: Oid) -> Revision {
    Revision::Commit(oid.to_string())
}

#[test]
fn a_work_tree_is_read_with_its_edits() {
    let repo = Repo::new();
    repo.write(".gitignore", "*.log\nbuild/\nkept.yaml\n");
    for name in [
        "a.yaml",
        "kept.yaml",
        "x.log",
        "build/out.yaml",
        "sub/b.yaml",
    ] {
        repo.write(name, name);
    }
    for name in [".gitignore", "a.yaml", "kept.yaml"] {
        // What is tracked counts although it is ignored.
        repo.track(name);
    }
    let folder = repo.folder("");
    let unborn = folder.read().unwrap();
    assert!(matches!(
        &unborn.revision,
        Revision::Folder { head: None, .. }
    ));
    assert_eq!(
        names(&unborn),
        [".gitignore", "a.yaml", "kept.yaml", "sub/b.yaml"]
    );

    let first = repo.commit(&[("sub/b.yaml", "b")]);
    let clean = folder.read().unwrap();
    assert_eq!(clean.revision, head(first));
    assert_eq!(
        clean.message.as_deref(),
        Some("catalog: change\n\nFreeze: no\n")
    );
    assert_eq!(clean.committed_at.unwrap().as_second(), 1_700_000_000);

    repo.write("new.yaml", "new");
    let edited = folder.read().unwrap();
    assert_eq!(edited.revision.commit(), Some(first.to_string().as_str()));
    assert!(edited.revision.to_string().ends_with("+edits"));
    assert!(names(&edited).contains(&"new.yaml"));
    assert_eq!(folder.read().unwrap(), edited);

    repo.write("new.yaml", "newer");
    assert_ne!(folder.read().unwrap().revision, edited.revision);
    fs::remove_file(repo.path("new.yaml")).unwrap();
    assert_eq!(folder.read().unwrap(), clean);
    fs::remove_file(repo.path("a.yaml")).unwrap();
    assert!(folder.read().unwrap().revision.is_edited());
}

#[test]
fn a_subfolder_sees_the_rest_only_when_a_manifest_climbs() {
    let repo = Repo::with(&[
        ("catalog/m.yaml", MANIFEST),
        ("catalog/t.tf", "any kind"),
        ("shared/t.json", "{}"),
        ("shared/readme.md", "no"),
        ("catalogue/other.yaml", "no"),
    ]);
    for read in [
        &mut || repo.folder("catalog").read().unwrap() as Snapshot,
        &mut || {
            repo.polled("main", "catalog")
                .unwrap()
                .poll()
                .unwrap()
                .unwrap()
        },
    ] as [&mut dyn FnMut() -> Snapshot; 2]
    {
        let snapshot = read();
        assert_eq!(snapshot.tree.scope, "catalog");
        assert_eq!(names(&snapshot), ["catalog/m.yaml", "catalog/t.tf"]);
    }
    // An edit elsewhere is not this source's.
    repo.write("shared/t.json", "{ }");
    assert!(!repo.folder("catalog").read().unwrap().revision.is_edited());
    repo.commit(&[(
        "catalog/m.yaml",
        &format!("{MANIFEST}template: ../shared/t.json\n"),
    )]);
    let all = [
        "catalog/m.yaml",
        "catalog/t.tf",
        "catalogue/other.yaml",
        "shared/t.json",
    ];
    let folder = repo.folder("catalog").read().unwrap();
    assert_eq!(names(&folder), all);
    assert!(folder.revision.is_edited());
    let committed = repo
        .polled("", "./catalog/")
        .unwrap()
        .poll()
        .unwrap()
        .unwrap();
    assert_eq!(names(&committed), all);
    assert_eq!(shown(&committed)["shared/t.json"], "{}");
}

#[test]
fn a_plain_folder_is_read_whole() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::create_dir_all(at("d/.git")).unwrap();
    fs::write(at("d/.git/HEAD"), "not a repository").unwrap();
    fs::create_dir_all(at(".hidden")).unwrap();
    fs::write(at(".hidden/a.yml"), "a").unwrap();
    fs::write(at("d/big.yaml"), vec![b'#'; MAX_FILE_BYTES as usize + 1]).unwrap();
    fs::write(at("d/fits.yaml"), vec![b'#'; MAX_FILE_BYTES as usize]).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/etc", at("etc")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", at("d/p.yaml")).unwrap();
    }
    let snapshot = Folder::open(dir.path()).unwrap().read().unwrap();
    assert_eq!(
        names(&snapshot),
        [
            ".hidden/a.yml",
            "d/big.yaml",
            "d/fits.yaml",
            "d/p.yaml",
            "etc"
        ]
    );
    let files = &snapshot.tree.files;
    assert_eq!(files["etc"], Entry::Symlink);
    assert_eq!(files["d/p.yaml"], Entry::Symlink);
    assert_eq!(
        files["d/big.yaml"],
        Entry::TooLarge {
            bytes: MAX_FILE_BYTES + 1
        }
    );
    assert!(
        matches!(&files["d/fits.yaml"], Entry::File(bytes) if bytes.len() as u64 == MAX_FILE_BYTES)
    );
    assert!(snapshot.revision.to_string().starts_with("folder:"));
    assert_eq!(snapshot.message, None);
}

#[test]
fn a_folder_that_git_ignores_was_named_on_purpose() {
    let repo = Repo::with(&[(".gitignore", "out/\n"), ("a.yaml", "a")]);
    repo.write("out/b.yaml", "b");
    let snapshot = repo.folder("out").read().unwrap();
    assert_eq!(names(&snapshot), ["b.yaml"]);
    assert_eq!(snapshot.tree.scope, "");
}

#[test]
fn an_embedded_repository_is_a_submodule() {
    let repo = Repo::with(&[("a.yaml", "a")]);
    git2::Repository::init(repo.path("vendor/inner")).unwrap();
    repo.write("vendor/inner/x.yaml", "x");
    let snapshot = repo.folder("").read().unwrap();
    assert_eq!(names(&snapshot), ["a.yaml", "vendor/inner"]);
    assert!(shown(&snapshot)["vendor/inner"].contains("submodule"));
}

#[test]
fn a_folder_that_cannot_be_read_is_a_stated_condition() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    fs::create_dir(dir.path().join("empty")).unwrap();
    fs::create_dir(dir.path().join("docs")).unwrap();
    fs::write(dir.path().join("docs/README.md"), "").unwrap();
    git2::Repository::init_bare(dir.path().join("bare")).unwrap();
    for (name, kind) in [
        ("nowhere", SourceErrorKind::Missing),
        ("file", SourceErrorKind::NotAFolder),
        ("empty", SourceErrorKind::Empty),
        ("docs", SourceErrorKind::Empty),
        ("bare", SourceErrorKind::NotAFolder),
        ("bare/objects", SourceErrorKind::NotAFolder),
    ] {
        let path = dir.path().join(name);
        let error = Folder::open(&path)
            .and_then(|folder| folder.read())
            .expect_err(name);
        assert_eq!(error.kind, kind, "{name}");
        let text = error.to_string();
        assert!(
            text.contains(path.to_str().unwrap()) && text.contains(error.code()),
            "{text}"
        );
        assert!(!error.next().is_empty() && !error.why.is_empty());
    }
    // One that went away after it was opened.
    let folder = Folder::open(dir.path().join("docs")).unwrap();
    fs::remove_dir_all(dir.path().join("docs")).unwrap();
    assert_eq!(folder.read().unwrap_err().kind, SourceErrorKind::Missing);
}

#[test]
fn a_repository_is_read_at_its_ref() {
    let repo = Repo::with(&[("a.yaml", "1")]);
    let first = repo.commit(&[("a.yaml", "2")]);
    let tag = repo.tag("v1", true);
    repo.tag("light", false);
    let second = repo.commit(&[("a.yaml", "3")]);
    for (reference, commit, text) in [
        ("", second, "3"),
        ("HEAD", second, "3"),
        ("main", second, "3"),
        ("refs/heads/main", second, "3"),
        ("v1", first, "2"),
        ("refs/tags/v1", first, "2"),
        ("light", first, "2"),
        (&first.to_string(), first, "2"),
        (&tag.to_string(), first, "2"),
    ] {
        // Edits of the work tree are not the commit's.
        repo.write("a.yaml", "edited");
        let mut source = repo.polled(reference, "").unwrap();
        let snapshot = source.poll().unwrap().expect(reference);
        assert_eq!(snapshot.revision, head(commit), "{reference}");
        assert_eq!(shown(&snapshot)["a.yaml"], text, "{reference}");
        assert_eq!(source.poll().unwrap(), None, "{reference}");
        assert_eq!(source.read().unwrap(), snapshot, "{reference}");
        source.forget();
        assert_eq!(source.poll().unwrap(), Some(snapshot), "{reference}");
    }
    let mut source = repo.polled("main", "").unwrap();
    source.poll().unwrap();
    let third = repo.commit(&[("a.yaml", "4")]);
    assert_eq!(source.poll().unwrap().unwrap().revision, head(third));
}

#[test]
fn a_repository_that_cannot_be_read_is_a_stated_condition() {
    let repo = Repo::with(&[("a.yaml", "a"), ("docs/x.md", "x")]);
    let unknown = "1234567890123456789012345678901234567890";
    for (reference, path, kind) in [
        ("mian", "", SourceErrorKind::RefMissing),
        ("refs/heads/x", "", SourceErrorKind::RefMissing),
        (unknown, "", SourceErrorKind::RefMissing),
        ("main", "nowhere", SourceErrorKind::PathMissing),
        ("main", "a.yaml", SourceErrorKind::PathMissing),
        ("main", "docs", SourceErrorKind::Empty),
        ("main", "../x", SourceErrorKind::Refused),
        ("main", "/etc", SourceErrorKind::Refused),
        ("main", "a//b", SourceErrorKind::Refused),
        ("-x", "", SourceErrorKind::Refused),
        ("a..b", "", SourceErrorKind::Refused),
    ] {
        let polled = repo
            .polled(reference, path)
            .and_then(|mut source| source.poll());
        assert_eq!(polled.expect_err(path).kind, kind, "{reference} {path}");
    }
    let polled = repo.polled("mian", "").unwrap().poll().unwrap_err();
    assert!(polled.next().contains("main"), "{polled}");

    let empty = Repo::new();
    let error = empty.polled("", "").unwrap().poll().unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::RefMissing);
    let blob = repo.git.blob(b"no commit").unwrap();
    repo.git
        .reference("refs/tags/blob", blob, true, "")
        .unwrap();
    let error = repo.polled("blob", "").unwrap().poll().unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::RefMissing);

    let dir = tempfile::tempdir().unwrap();
    for (name, kind) in [
        ("", SourceErrorKind::NotAFolder),
        ("x", SourceErrorKind::Missing),
    ] {
        let location = Location::Local(dir.path().join(name));
        let mut source = open(location, "", "", PathBuf::new(), Access::default()).unwrap();
        assert_eq!(source.poll().unwrap_err().kind, kind);
    }
}

#[test]
fn a_work_tree_is_read_at_another_commit() {
    let repo = Repo::with(&[("a.yaml", "0")]);
    let first = repo.commit(&[("catalog/a.yaml", "1")]);
    repo.tag("v1", true);
    repo.commit(&[("catalog/a.yaml", "2")]);
    repo.write("catalog/a.yaml", "edited");
    let folder = repo.folder("catalog");
    let full = first.to_string();
    for revision in ["HEAD~1", "v1", &full, &full[..7]] {
        let snapshot = folder.read_at(revision).unwrap();
        assert_eq!(snapshot.revision, head(first), "{revision}");
        assert_eq!(snapshot.tree.scope, "catalog");
        assert_eq!(
            shown(&snapshot),
            BTreeMap::from([("catalog/a.yaml", "1".to_owned())])
        );
    }
    assert_eq!(
        shown(&folder.read_at("main").unwrap())["catalog/a.yaml"],
        "2"
    );
    for (revision, kind) in [
        ("mian", SourceErrorKind::RefMissing),
        ("HEAD~9", SourceErrorKind::RefMissing),
        ("--help", SourceErrorKind::RefMissing),
        ("", SourceErrorKind::RefMissing),
        ("HEAD^{tree}", SourceErrorKind::RefMissing),
        ("HEAD~2", SourceErrorKind::PathMissing),
    ] {
        assert_eq!(
            folder.read_at(revision).expect_err(revision).kind,
            kind,
            "{revision}"
        );
    }
    assert!(folder.read_at("mian").unwrap_err().next().contains("main"));
    let plain = tempfile::tempdir().unwrap();
    let error = Folder::open(plain.path())
        .unwrap()
        .read_at("HEAD")
        .unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::RefMissing);
}

#[tokio::test]
async fn a_source_is_read_beside_the_runtime() {
    let repo = Repo::with(&[("a.yaml", "1")]);
    let folder = repo.folder("");
    let snapshot = off_thread(move || folder.read()).await.unwrap();
    assert_eq!(names(&snapshot), ["a.yaml"]);
    let error = off_thread(|| -> Result<(), _> { panic!("on purpose") })
        .await
        .unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::Internal);
}

/// One entry of a raw tree object.
fn raw(mode: &str, name: &[u8], id: Oid) -> Vec<u8> {
    let mut entry = format!("{mode} ").into_bytes();
    entry.extend_from_slice(name);
    entry.push(0);
    entry.extend_from_slice(id.as_bytes());
    entry
}

#[test]
fn a_hostile_commit_stays_inside_its_tree() {
    let repo = Repo::with(&[("a.yaml", "a")]);
    let git = &repo.git;
    let blob = git.blob(b"x").unwrap();
    let big = git.blob(&vec![b'#'; MAX_FILE_BYTES as usize + 1]).unwrap();
    let sub = Oid::from_str("1234567890123456789012345678901234567890").unwrap();
    let mut tree = Vec::new();
    for entry in [
        raw("100644", b"..", blob),
        raw("100644", b"../../escape.yaml", blob),
        raw("100644", b"a\xff.yaml", blob),
        raw("100644", b"big.yaml", big),
        raw("120000", b"link.yaml", blob),
        raw("160000", b"module", sub),
        raw("100644", b"ok.yaml", blob),
        raw("100644", b"twice.yaml", blob),
        raw("100644", b"twice.yaml", big),
    ] {
        tree.extend(entry);
    }
    let tree = git
        .odb()
        .unwrap()
        .write(git2::ObjectType::Tree, &tree)
        .unwrap();
    repo.commit_tree(tree);
    let snapshot = repo.polled("", "").unwrap().poll().unwrap().unwrap();
    assert_eq!(
        shown(&snapshot),
        BTreeMap::from(
            [
                (
                    "..",
                    "Unreadable { reason: \"its name is not a file name\" }"
                ),
                (
                    "..\u{fffd}..\u{fffd}escape.yaml",
                    "Unreadable { reason: \"its name holds a slash\" }"
                ),
                (
                    "a\u{fffd}.yaml",
                    "Unreadable { reason: \"its name is not UTF-8\" }"
                ),
                ("big.yaml", "TooLarge { bytes: 1048577 }"),
                ("link.yaml", "Symlink"),
                ("module", "Unreadable { reason: \"it is a submodule\" }"),
                ("ok.yaml", "x"),
                (
                    "twice.yaml",
                    "Unreadable { reason: \"two entries have this name\" }"
                ),
            ]
            .map(|(path, what)| (path, what.to_owned()))
        )
    );

    // A few objects that spell out 10^9 paths.
    let mut level = git
        .odb()
        .unwrap()
        .write(git2::ObjectType::Tree, &raw("100644", b"x.yaml", blob));
    for _ in 0..9 {
        let below = level.unwrap();
        let names = (b'0'..=b'9').flat_map(|name| raw("40000", &[name], below));
        let names: Vec<u8> = names.collect();
        level = git.odb().unwrap().write(git2::ObjectType::Tree, &names);
    }
    repo.commit_tree(level.unwrap());
    let error = repo.polled("", "").unwrap().poll().unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::TooLarge);
}

/// A loopback http server; each request is answered by `answer`, and its head is kept.
struct Server {
    url: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(answer: impl Fn(&Request) -> Vec<u8> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                if let Some(request) = Request::read(&stream) {
                    kept.lock().unwrap().push(request.head.clone());
                    let _ = stream.write_all(&answer(&request));
                }
            }
        });
        Self { url, seen }
    }

    /// Git's own server for one repository, which is to be asked for with these credentials if any.
    fn git(repo: &Repo, authorization: Option<&'static str>) -> Self {
        let root = repo.dir.path().to_owned();
        Self::start(move |request| match authorization {
            Some(wanted)
                if !request
                    .head
                    .contains(&format!("authorization: {wanted}\r\n")) =>
            {
                status("401 Unauthorized")
            }
            _ => backend(&root, request),
        })
    }

    fn repository(&self, cache: &TempDir, reference: &str, access: Access) -> Repository {
        let location = Location::parse(&format!("{}/r.git", self.url)).unwrap();
        open(location, reference, "", cache.path().join("cache"), access).unwrap()
    }

    /// How many requests came since the last call.
    fn requests(&self) -> usize {
        std::mem::take(&mut *self.seen.lock().unwrap()).len()
    }
}

struct Request {
    /// Request line and headers.
    head: String,
    body: Vec<u8>,
}

impl Request {
    fn read(stream: &TcpStream) -> Option<Self> {
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let length = head.to_ascii_lowercase();
        let length = length.split("content-length: ").nth(1);
        let length = length.map_or(0, |rest| {
            rest.split("\r\n").next().unwrap().parse().unwrap()
        });
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        Some(Self { head, body })
    }

    fn target(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }
}

fn status(line: &str) -> Vec<u8> {
    format!("HTTP/1.1 {line}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").into_bytes()
}

/// Runs `git http-backend` as a CGI program: `/r.git` is the repository in `root`.
fn backend(root: &Path, request: &Request) -> Vec<u8> {
    let (path, query) = request
        .target()
        .split_once('?')
        .unwrap_or((request.target(), ""));
    let method = request.head.split(' ').next().unwrap();
    let kind = match method {
        "POST" => "application/x-git-upload-pack-request",
        _ => "",
    };
    let mut child = Command::new("git")
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("PATH_INFO", path.replacen("/r.git", "/.git", 1))
        .env("QUERY_STRING", query)
        .env("REQUEST_METHOD", method)
        .env("CONTENT_TYPE", kind)
        .env("CONTENT_LENGTH", request.body.len().to_string())
        .env("REMOTE_ADDR", "127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(&request.body)
        .unwrap();
    let said = child.wait_with_output().unwrap().stdout;
    let text = String::from_utf8_lossy(&said);
    let line = match text.strip_prefix("Status: ") {
        Some(rest) => rest.split("\r\n").next().unwrap().to_owned(),
        None => "200 OK".to_owned(),
    };
    let mut answer = format!("HTTP/1.1 {line}\r\nConnection: close\r\n").into_bytes();
    answer.extend(said);
    answer
}

#[test]
fn over_http_the_remote_is_asked_first_and_fetched_when_it_moved() {
    let repo = Repo::with(&[("a.yaml", "1"), ("big.txt", &"x".repeat(100_000))]);
    let first = repo.commit(&[("a.yaml", "2")]);
    let tag = repo.tag("v1", true);
    let server = Server::git(&repo, None);
    let cache = tempfile::tempdir().unwrap();
    let mut source = server.repository(&cache, "main", Access::default());
    let snapshot = source.poll().unwrap().unwrap();
    assert_eq!(snapshot.revision, head(first));
    assert_eq!(shown(&snapshot)["a.yaml"], "2");
    assert_eq!(server.requests(), 2);
    assert_eq!(source.poll().unwrap(), None);
    assert_eq!(server.requests(), 1, "asked, not fetched");

    let second = repo.commit(&[("a.yaml", "3"), ("d/b.yaml", "b")]);
    let snapshot = source.poll().unwrap().unwrap();
    assert_eq!(snapshot.revision, head(second));
    assert_eq!(names(&snapshot), ["a.yaml", "big.txt", "d/b.yaml"]);
    assert_eq!(server.requests(), 2);

    // History rewritten, and a restart over the surviving cache.
    let back = repo.git.find_object(first, None).unwrap();
    repo.git.reset(&back, git2::ResetType::Hard, None).unwrap();
    let third = repo.commit(&[("a.yaml", "4")]);
    let mut source = server.repository(&cache, "main", Access::default());
    assert_eq!(source.poll().unwrap().unwrap().revision, head(third));
    server.requests();
    let mut source = server.repository(&cache, "main", Access::default());
    assert_eq!(source.poll().unwrap().unwrap().revision, head(third));
    assert_eq!(server.requests(), 1, "the cache has it");

    for reference in ["v1", &tag.to_string()] {
        let mut source = server.repository(&cache, reference, Access::default());
        assert_eq!(source.poll().unwrap().unwrap().revision, head(first));
        assert_eq!(source.poll().unwrap(), None);
    }
}

#[test]
fn a_commit_is_pinned_where_the_server_hands_it_out() {
    let repo = Repo::with(&[("a.yaml", "1")]);
    let first = repo.commit(&[("a.yaml", "2")]);
    repo.commit(&[("a.yaml", "3")]);
    let server = Server::git(&repo, None);
    let cache = tempfile::tempdir().unwrap();
    let mut source = server.repository(&cache, &first.to_string(), Access::default());
    assert_eq!(source.poll().unwrap_err().kind, SourceErrorKind::RefMissing);
    let mut config = repo.git.config().unwrap();
    config
        .set_bool("uploadpack.allowReachableSHA1InWant", true)
        .unwrap();
    assert_eq!(source.poll().unwrap().unwrap().revision, head(first));
    server.requests();
    assert_eq!(source.poll().unwrap(), None);
    let mut again = server.repository(&cache, &first.to_string(), Access::default());
    assert_eq!(again.poll().unwrap().unwrap().revision, head(first));
    assert_eq!(server.requests(), 0, "a pinned commit cannot move");
    let unknown = "1234567890123456789012345678901234567890";
    let mut source = server.repository(&cache, unknown, Access::default());
    let kind = source.poll().unwrap_err().kind;
    assert_eq!(kind, SourceErrorKind::RefMissing);
}

#[test]
fn a_damaged_cache_is_made_anew() {
    let repo = Repo::with(&[("a.yaml", "1")]);
    let server = Server::git(&repo, None);
    let cache = tempfile::tempdir().unwrap();
    let commit = server
        .repository(&cache, "", Access::default())
        .poll()
        .unwrap()
        .unwrap()
        .revision;
    let inside = || {
        let mut caches = fs::read_dir(cache.path().join("cache")).unwrap();
        caches.next().unwrap().unwrap().path()
    };
    let damages: [fn(&Path); 4] = [
        |cache| fs::remove_file(cache.join("HEAD")).unwrap(),
        |cache| fs::remove_dir_all(cache.join("objects/pack")).unwrap(),
        |cache| {
            for file in fs::read_dir(cache.join("objects/pack")).unwrap() {
                let path = file.unwrap().path();
                fs::remove_file(&path).unwrap();
                fs::write(&path, "damaged").unwrap();
            }
        },
        |cache| {
            fs::remove_dir_all(cache).unwrap();
            fs::create_dir(cache).unwrap();
            fs::write(cache.join("config"), "[core").unwrap();
        },
    ];
    for (n, damage) in damages.iter().enumerate() {
        damage(&inside());
        let mut source = server.repository(&cache, "", Access::default());
        let snapshot = source.poll().unwrap().unwrap();
        assert_eq!(snapshot.revision, commit, "damage {n}");
        assert_eq!(shown(&snapshot)["a.yaml"], "1", "damage {n}");
    }
}

#[test]
fn over_http_a_failure_is_a_stated_condition() {
    let cache = tempfile::tempdir().unwrap();
    let html =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html>".to_vec();
    let kind = "application/x-git-upload-pack-advertisement";
    let ok = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n");
    let said = |body: &str| format!("{ok}{body}").into_bytes();
    let service = "001e# service=git-upload-pack\n0000";
    for (answer, kind) in [
        (status("401 Unauthorized"), SourceErrorKind::Authentication),
        (status("403 Forbidden"), SourceErrorKind::Authentication),
        (status("404 Not Found"), SourceErrorKind::Missing),
        (
            status("503 Service Unavailable"),
            SourceErrorKind::Unreachable,
        ),
        (
            status("302 Found\r\nLocation: https://login.example/"),
            SourceErrorKind::Refused,
        ),
        (html, SourceErrorKind::Protocol),
        (said("<html>"), SourceErrorKind::Protocol),
        (said(service), SourceErrorKind::Unreachable),
        (said(&format!("{service}0000")), SourceErrorKind::RefMissing),
        (
            said(&format!("{service}0015ERR access denied")),
            SourceErrorKind::Authentication,
        ),
        (Vec::new(), SourceErrorKind::Unreachable),
    ] {
        let text = String::from_utf8_lossy(&answer).into_owned();
        let server = Server::start(move |_| answer.clone());
        let mut source = server.repository(&cache, "", Access::default());
        assert_eq!(source.poll().expect_err(&text).kind, kind, "{text}");
    }
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let location = Location::parse(&format!("http://{port}/r.git")).unwrap();
    let mut source = open(location, "", "", cache.path().into(), Access::default()).unwrap();
    assert_eq!(
        source.poll().unwrap_err().kind,
        SourceErrorKind::Unreachable
    );
}

#[test]
fn a_pack_that_is_no_pack_changes_nothing() {
    let repo = Repo::with(&[("a.yaml", "1")]);
    let (root, broken) = (repo.dir.path().to_owned(), Arc::new(Mutex::new(true)));
    let breaks = Arc::clone(&broken);
    let server = Server::start(move |request| {
        let mut answer = backend(&root, request);
        if *breaks.lock().unwrap() && request.head.starts_with("POST") {
            let at = answer
                .windows(4)
                .position(|bytes| bytes == b"PACK")
                .unwrap();
            for byte in &mut answer[at + 14..at + 30] {
                *byte ^= 0xff;
            }
        }
        answer
    });
    let cache = tempfile::tempdir().unwrap();
    let mut source = server.repository(&cache, "", Access::default());
    let error = source.poll().unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::Cache, "{error}");
    *broken.lock().unwrap() = false;
    assert_eq!(shown(&source.poll().unwrap().unwrap())["a.yaml"], "1");
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let begun =
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\n\r\n001e#";
    for said in ["", begun] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let location = format!("http://{}/r.git", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(said.as_bytes()).unwrap();
            // Held open until the other side gives up.
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let cache = tempfile::tempdir().unwrap();
        let access = Access {
            timeout: Duration::from_millis(200),
            ..Access::default()
        };
        let location = Location::parse(&location).unwrap();
        let mut source = open(location, "", "", cache.path().into(), access).unwrap();
        let error = source.poll().unwrap_err();
        assert_eq!(error.kind, SourceErrorKind::Unreachable, "{error}");
        drop(source);
        server.join().unwrap();
    }
}

#[test]
fn credentials_go_to_their_host_only_and_are_never_shown() {
    let repo = Repo::with(&[("a.yaml", "1")]);
    // "me:hunter2"
    let server = Server::git(&repo, Some("Basic bWU6aHVudGVyMg=="));
    let cache = tempfile::tempdir().unwrap();
    let access = |token: &str| Access {
        credentials: Some(Credentials::new(Some("me".into()), token.into())),
        ..Access::default()
    };
    let mut source = server.repository(&cache, "", access("hunter2"));
    assert!(source.poll().unwrap().is_some());
    assert!(!format!("{source:?}").contains("hunter2"));
    for access in [access("wr0ng"), Access::default()] {
        let error = server
            .repository(&cache, "main", access)
            .poll()
            .unwrap_err();
        assert_eq!(error.kind, SourceErrorKind::Authentication);
        assert!(!error.to_string().contains("wr0ng"));
    }

    let open_server = Server::git(&repo, None);
    let to = open_server.url.clone();
    let moved = Server::start(move |request| {
        status(&format!(
            "301 Moved Permanently\r\nLocation: {to}{}",
            request.target()
        ))
    });
    let mut source = moved.repository(&cache, "", access("hunter2"));
    assert!(source.poll().unwrap().is_some());
    assert!(moved.seen.lock().unwrap()[0].contains("authorization: "));
    let seen = open_server.seen.lock().unwrap();
    assert_eq!(seen.len(), 2);
    assert!(
        !seen
            .iter()
            .any(|head| head.to_ascii_lowercase().contains("authorization")),
        "{seen:?}"
    );
}

/// A program that takes ssh's arguments, writes them down and does `then` with the command in `$last`.
#[cfg(unix)]
fn fake_ssh(dir: &TempDir, then: &str) -> Access {
    use std::os::unix::fs::PermissionsExt;
    let path = dir.path().join("ssh");
    let log = dir.path().join("arguments");
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$@\" > '{}'\nfor last; do :; done\n{then}\n",
        log.display()
    );
    // Written under another name and moved: a file open for writing cannot be run.
    let fresh = dir.path().join("ssh.new");
    fs::write(&fresh, script).unwrap();
    fs::set_permissions(&fresh, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(&fresh, &path).unwrap();
    Access {
        ssh: path,
        timeout: Duration::from_secs(30),
        ..Access::default()
    }
}

#[cfg(unix)]
#[test]
fn over_ssh() {
    let dir = tempfile::tempdir().unwrap();
    let repo = Repo::with(&[("a.yaml", "1")]);
    let location = format!("ssh://git@host:2222{}/.git", repo.dir.path().display());
    let location = || Location::parse(&location).unwrap();
    let cache = || dir.path().join("cache");
    let access = fake_ssh(&dir, "exec sh -c \"$last\"");
    let mut source = open(location(), "main", "", cache(), access).unwrap();
    assert_eq!(shown(&source.poll().unwrap().unwrap())["a.yaml"], "1");
    let arguments = fs::read_to_string(dir.path().join("arguments")).unwrap();
    let command = format!("git-upload-pack '{}/.git'", repo.dir.path().display());
    assert_eq!(
        arguments.lines().collect::<Vec<_>>(),
        [
            "-o",
            "BatchMode=yes",
            "-p",
            "2222",
            "-T",
            "--",
            "git@host",
            &command
        ]
    );
    assert_eq!(source.poll().unwrap(), None);
    let second = repo.commit(&[("a.yaml", "2")]);
    assert_eq!(source.poll().unwrap().unwrap().revision, head(second));

    for (then, kind) in [
        (
            "echo 'git@host: Permission denied (publickey).' >&2; exit 255",
            SourceErrorKind::Authentication,
        ),
        (
            "echo 'Host key verification failed.' >&2; exit 255",
            SourceErrorKind::Authentication,
        ),
        (
            "echo 'ERROR: Repository not found.' >&2; exit 1",
            SourceErrorKind::Missing,
        ),
        (
            "echo 'ssh: connect to host host port 22: Connection refused' >&2; exit 255",
            SourceErrorKind::Unreachable,
        ),
        ("exit 0", SourceErrorKind::Unreachable),
        ("echo welcome to this machine", SourceErrorKind::Protocol),
    ] {
        let access = fake_ssh(&dir, then);
        let mut source = open(location(), "main", "", cache(), access).unwrap();
        assert_eq!(source.poll().expect_err(then).kind, kind, "{then}");
    }
    let access = Access {
        timeout: Duration::from_millis(100),
        ..fake_ssh(&dir, "exec sleep 600")
    };
    let mut source = open(location(), "main", "", cache(), access).unwrap();
    assert_eq!(
        source.poll().unwrap_err().kind,
        SourceErrorKind::Unreachable
    );
    let access = Access {
        ssh: dir.path().join("nowhere"),
        ..Access::default()
    };
    let mut source = open(location(), "main", "", cache(), access).unwrap();
    assert!(source.poll().unwrap_err().next().contains("OpenSSH"));
}

/// Repeats `provoke` until there is a wake: when a watch begins is the operating system's.
async fn wakes(watch: &Watch, mut provoke: impl FnMut(usize)) {
    let tried = async {
        for n in 0.. {
            provoke(n);
            let wait = Duration::from_millis(500);
            if tokio::time::timeout(wait, watch.changed()).await.is_ok() {
                return;
            }
        }
    };
    let deadline = Duration::from_secs(30);
    tokio::time::timeout(deadline, tried)
        .await
        .expect("a wake before the deadline");
}

#[tokio::test]
async fn a_watched_folder_wakes_on_change_survives_being_made_anew_and_sees_commits() {
    let repo = Repo::with(&[("catalog/a.yaml", "0")]);
    let watch = Watch::folder(repo.path("catalog"), Clock::system());
    wakes(&watch, |n| repo.write("catalog/a.yaml", &n.to_string())).await;
    // HEAD lies outside the folder watched.
    wakes(&watch, |_| {
        repo.commit(&[]);
    })
    .await;
    fs::rename(repo.path("catalog"), repo.path("away")).unwrap();
    wakes(&watch, |_| {}).await;
    repo.write("catalog/new.yaml", "");
    // Once it is watched again, it is quiet: the wakes that stood in for watching have ended.
    let quiet = async {
        while tokio::time::timeout(RECHECK * 2, watch.changed())
            .await
            .is_ok()
        {}
    };
    let deadline = Duration::from_secs(60);
    tokio::time::timeout(deadline, quiet)
        .await
        .expect("watched again before the deadline");
    repo.write("catalog/new.yaml", "changed");
    let woken = tokio::time::timeout(RECHECK, watch.changed()).await;
    assert!(woken.is_ok(), "the new folder is watched");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_watched_is_looked_at_now_and_then() {
    let watch = Watch::folder("/nowhere/at/all", Clock::system());
    for _ in 0..3 {
        watch.changed().await;
    }
}

/// A manifest with versions at these references.
fn pinning(references: &[&str]) -> String {
    let versions: String = references
        .iter()
        .enumerate()
        .map(|(n, reference)| {
            format!("    - {{name: v{n}, template: t.json, ref: \"{reference}\"}}\n")
        })
        .collect();
    format!(
        "apiVersion: catalogd.dev/v1\nkind: Product\nmetadata: {{name: vpc}}\nspec:\n  owner: us\n  versions:\n{versions}"
    )
}

/// What is at each `ref` that a snapshot's manifests name.
fn pinned(snapshot: &Snapshot) -> BTreeMap<String, String> {
    let show = |found: &Pinned| match found {
        Pinned::There(Entry::File(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
        Pinned::NoRef { why, .. } => why.clone(),
        other => format!("{other:?}"),
    };
    let all = snapshot.tree.pinned.iter();
    all.map(|(pin, found)| (pin.reference.clone(), show(found)))
        .collect()
}

#[test]
fn files_are_read_at_tags_and_commits_and_never_at_branches() {
    let repo = Repo::with(&[("t.json", "1")]);
    repo.tag("light", false);
    let second = repo.commit(&[("t.json", "2")]);
    repo.tag("annotated", true);
    let second = second.to_string();
    #[cfg(unix)]
    {
        fs::remove_file(repo.path("t.json")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", repo.path("t.json")).unwrap();
        repo.commit(&[]);
        repo.track("t.json");
        let tree = repo.git.index().unwrap().write_tree().unwrap();
        repo.commit_tree(tree);
        repo.tag("link", false);
        fs::remove_file(repo.path("t.json")).unwrap();
    }
    let large = "x".repeat(MAX_FILE_BYTES as usize + 1);
    repo.commit(&[("t.json", &large)]);
    repo.tag("large", false);
    let manifest = pinning(&[
        "light",
        "refs/tags/annotated",
        &second,
        "main",
        "HEAD",
        "ligth",
        "nothing-like-it",
        &second[..12],
        "1234567890123456789012345678901234567890",
        "link",
        "large",
        "manifest",
    ]);
    repo.commit(&[("m.yaml", &manifest), ("t.json", "4")]);
    let mut index = repo.git.index().unwrap();
    index.remove_path(Path::new("t.json")).unwrap();
    let tree = index.write_tree().unwrap();
    repo.commit_tree(tree);
    repo.tag("manifest", false);
    index.write().unwrap();
    let folder = repo.folder("").read().unwrap();
    let committed = repo.polled("main", "").unwrap().poll().unwrap().unwrap();
    for snapshot in [&folder, &committed] {
        let found = pinned(snapshot);
        assert_eq!(found["light"], "1");
        assert_eq!(found["refs/tags/annotated"], "2");
        assert_eq!(found[&second], "2");
        for branch in ["main", "HEAD"] {
            assert!(found[branch].contains("is a branch"), "{found:?}");
        }
        assert!(found["nothing-like-it"].contains("no tag and no commit"));
        assert!(found[&second[..12]].contains("a part of"), "{found:?}");
        assert!(found["1234567890123456789012345678901234567890"].contains("not in this"));
        #[cfg(unix)]
        assert_eq!(found["link"], "There(Symlink)");
        assert!(found["large"].starts_with("There(TooLarge"));
        assert_eq!(found["manifest"], "NoPath");
        let near = snapshot
            .tree
            .pinned
            .iter()
            .find(|(pin, _)| pin.reference == "ligth");
        let hint = format!("{:?}", near.unwrap().1);
        assert!(hint.contains("did you mean light?"), "{hint}");
    }

    // Without a repository each is said to be what it is.
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("m.yaml"), pinning(&["light"])).unwrap();
    let plain = Folder::open(dir.path()).unwrap().read().unwrap();
    assert!(pinned(&plain)["light"].contains("in no git work tree"));
}

/// A tag that is moved is another state of a folder.
#[test]
fn a_folder_whose_tag_moves_is_another_state_of_it() {
    let repo = Repo::with(&[("t.json", "1")]);
    repo.tag("v1", false);
    repo.commit(&[("m.yaml", &pinning(&["v1"])), ("t.json", "2")]);
    repo.write("new.yaml", "an edit");
    let before = repo.folder("").read().unwrap();
    let head = repo
        .git
        .head()
        .unwrap()
        .peel(git2::ObjectType::Commit)
        .unwrap();
    repo.git.tag_lightweight("v1", &head, true).unwrap();
    let after = repo.folder("").read().unwrap();
    assert_eq!(
        (&pinned(&before)["v1"], &pinned(&after)["v1"]),
        (&"1".to_owned(), &"2".to_owned())
    );
    assert_ne!(before.revision, after.revision);
}

#[test]
fn over_http_the_tags_and_commits_that_versions_name_are_fetched_once() {
    let repo = Repo::with(&[("t.json", "1")]);
    repo.tag("light", false);
    let loose = repo.commit(&[("t.json", "2")]).to_string();
    repo.commit(&[("t.json", "3")]);
    repo.tag("annotated", true);
    let manifest = pinning(&["light", "annotated", &loose, "missing"]);
    repo.commit(&[("m.yaml", &manifest), ("t.json", "4")]);
    let server = Server::git(&repo, None);
    let cache = tempfile::tempdir().unwrap();
    let mut source = server.repository(&cache, "main", Access::default());
    let first = pinned(&source.poll().unwrap().unwrap());
    assert_eq!(
        (first["light"].as_str(), first["annotated"].as_str()),
        ("1", "3")
    );
    assert!(first["missing"].contains("no tag"), "{first:?}");
    assert!(first[&loose].contains("not handed out"), "{first:?}");
    assert_eq!(
        server.requests(),
        4,
        "the tip, and both tags in one more fetch"
    );

    // The next commit brings the next, and those that are here are not fetched again.
    let mut config = repo.git.config().unwrap();
    config
        .set_bool("uploadpack.allowAnySHA1InWant", true)
        .unwrap();
    repo.commit(&[("t.json", "5")]);
    let second = pinned(&source.poll().unwrap().unwrap());
    assert_eq!(second[&loose], "2");
    assert_eq!(server.requests(), 4, "the tip, and the loose commit");
    assert_eq!(source.poll().unwrap(), None);
    server.requests();
    let mut again = server.repository(&cache, "main", Access::default());
    assert_eq!(pinned(&again.poll().unwrap().unwrap()), second);
    assert_eq!(server.requests(), 1, "the cache has all of it");
}
