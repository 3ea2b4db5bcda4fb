//! `catalogd export`: what a person sees of it, and that it overwrites nothing.

use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Rule};

use super::bench::Bench;

/// Exported, validated, planned: the files are a source, and a second export has the same bytes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_is_a_source_and_overwrites_nothing() {
    let bench = Bench::small(Profile::Instant).await;
    bench
        .run(&["apply", "--yes", "--pace", "none", "catalog"])
        .await
        .expect(0);
    let writes = bench.writes();
    let export = async |more: &[&str]| {
        let all: Vec<&str> = ["export", "--pace", "none"]
            .iter()
            .chain(more)
            .copied()
            .collect();
        bench.run(&all).await
    };
    let said = export(&["--out", "one/deep"]).await.expect(0);
    let said =
        said.says("Wrote 1 portfolio, 1 product, 1 version, 1 provisioned product to one/deep (");
    assert!(said.stderr.contains("reading 1 templates"), "{said}");
    export(&["--out", "two"]).await.expect(0);
    assert_eq!(bench.writes(), writes, "nothing is written to AWS");
    let read = |folder: &str| {
        let mut files = Vec::new();
        let root = bench.home().join(folder);
        let mut open = vec![root.clone()];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => open.push(path),
                    false => files.push((
                        path.strip_prefix(&root).unwrap().to_owned(),
                        std::fs::read(&path).unwrap(),
                    )),
                }
            }
        }
        files.sort();
        files
    };
    assert_eq!(read("one/deep"), read("two"));
    bench
        .run(&["plan", "--detailed-exitcode", "--pace", "none", "one/deep"])
        .await
        .expect(0);

    export(&["--out", "two"])
        .await
        .expect(1)
        .notes("two is not empty, and an export overwrites nothing")
        .notes("next: name a folder that is not there yet");
    export(&["--out", "three", "--product", "nobody"])
        .await
        .expect(1)
        .notes("no product of this account and region has the id or name \"nobody\"");
    assert!(!bench.home().join("three").exists());
    export(&["--out", "three", "--tag", "none", "--no-provisioned"])
        .await
        .expect(0)
        .says("Wrote nothing, for there is nothing, to three")
        .notes("left out: 1 of 1 portfolios: not asked for");
}

/// What can't be read makes it a part, and nothing at all where nothing can be listed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_is_said_by_the_exit_code() {
    let bench = Bench::small(Profile::Instant).await;
    bench
        .run(&["apply", "--yes", "--pace", "none", "catalog"])
        .await
        .expect(0);
    let denied = bench
        .emulator
        .inject(Rule::always(Effect::AccessDenied).on("ListServiceActions"));
    bench
        .run(&["export", "--pace", "none", "--out", "one"])
        .await
        .expect(6)
        .notes("not read: ServiceActions: ListServiceActions: AccessDeniedException");
    denied.remove();
    for read in ["ListPortfolios", "SearchProductsAsAdmin"] {
        let _ = bench
            .emulator
            .inject(Rule::always(Effect::AccessDenied).on(read));
    }
    bench
        .run(&["export", "--pace", "none", "--out", "two"])
        .await
        .expect(4)
        .notes("cannot be read");
    assert!(!bench.home().join("two").exists());
}

/// Without an account: what a seed puts into the embedded AWS.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_embedded_aws_is_exported_as_its_seed_made_it() {
    let bench = Bench::small(Profile::Instant).await;
    let seed = crate::examples::seed();
    let seed = seed.to_str().unwrap();
    bench
        .run(&[
            "export",
            "--emulator=instant",
            "--seed",
            seed,
            "--out",
            "one",
        ])
        .await
        .expect(0)
        .says("Wrote 1 product, 2 versions to one");
    bench
        .run(&["export", "--seed", seed, "--out", "two"])
        .await
        .expect(1)
        .notes("--emulator");
}
