//! Outputs, `dependsOn` and parameters that are never shown.

use std::sync::{Arc, Mutex};

use catalogd::emulator::faults::{Effect, Faults, Rule, StackFault};
use catalogd::ids::{Key, Kind};
use catalogd::model::desired::Desired;
use catalogd::model::observed::ProvisionedStatus;
use catalogd::plan::{BlockedCode, Shown};
use catalogd::reconcile::converge::End;
use catalogd::render::{json, text};
use catalogd::status::{Health, Sync};

use super::kit::{CATALOG, SIZE, calls, one_pass, provisioned, status, writes};
use crate::world::{World, name};

/// `hub`, `middle` and `edge`, each made of the output of the one before; `late` only comes after `edge`.
fn chain() -> World {
    let world = World::new();
    let link = |name: &str, from: &str| {
        format!(
            "---\napiVersion: catalogd.dev/v1\nkind: ProvisionedProduct\nmetadata: {{name: {name}}}\nspec:\n  \
             product: vpc\n  version: v1\n  parameters:\n    \
             Size: {{output: {{provisionedProduct: {from}, key: Size}}}}\n"
        )
    };
    let late = "---\napiVersion: catalogd.dev/v1\nkind: ProvisionedProduct\nmetadata: {name: late}\nspec:\n  \
                product: vpc\n  version: v1\n  dependsOn: [edge]\n  parameters: {Size: late}\n";
    let text = format!(
        "{CATALOG}{}{}{late}",
        link("edge", "middle"),
        link("middle", "hub")
    );
    world.write("catalog.yaml", text).write("size.yaml", SIZE);
    world
}

fn sizes(pass: &catalogd::reconcile::Pass) -> Vec<String> {
    ["hub", "middle", "edge", "late"]
        .iter()
        .map(|name| {
            let live = provisioned(&pass.observed, name);
            assert_eq!(live.status, ProvisionedStatus::Available);
            live.stack.as_ref().unwrap().parameters["Size"].clone()
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn an_output_travels_down_the_chain_one_pass_a_link() {
    let world = chain();
    let converged = world.apply().await;
    assert_eq!(converged.passes, 5, "four links and the proof");
    assert_eq!(sizes(&world.plan().await), ["one", "one", "one", "late"]);

    world.edit("catalog.yaml", "Size: one", "Size: two");
    let pass = world.plan().await;
    assert_eq!(calls(&pass.plan), ["UpdateProvisionedProduct"]);
    for (name, on) in [("middle", "hub"), ("edge", "middle"), ("late", "edge")] {
        let waiting = &status(&pass, &format!("provisioned-product/{name}")).waiting;
        // `late` needs no output: nothing of it differs, so there is nothing to wait for.
        if name == "late" {
            assert_eq!(waiting, &[]);
        } else {
            let key = Key::new(Kind::ProvisionedProduct, crate::world::name(on));
            assert_eq!(waiting[0].on.as_ref(), Some(&key));
        }
    }
    world.calls();
    world.apply().await;
    assert_eq!(
        writes(&world),
        [("UpdateProvisionedProduct".to_owned(), 3)].into()
    );
    assert_eq!(sizes(&world.plan().await), ["two", "two", "two", "late"]);
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn what_depends_on_something_broken_is_blocked_with_its_name() {
    let world = chain();
    world.edit(
        "catalog.yaml",
        "  product: vpc\n  version: v1\n  parameters:\n    Size: one\n",
        "  product: vpc\n  version: v2\n  parameters:\n    Size: one\n",
    );
    // v2 is deprecated: hub takes no launch from it.
    let mut process = world.process().await;
    let ended = process.apply(&world.desired()).await;
    let hub = status(&ended.pass, "provisioned-product/hub");
    assert_eq!(hub.blocked[0].code, BlockedCode::VersionState);
    for name in ["middle", "edge", "late"] {
        let shown = status(&ended.pass, &format!("provisioned-product/{name}"));
        assert_eq!(
            (shown.sync, shown.health),
            (Sync::OutOfSync, Health::Missing)
        );
        assert_eq!(shown.blocked[0].code, BlockedCode::Dependency, "{shown:?}");
    }
    assert!(ended.pass.observed.provisioned.is_empty());
    world.edit(
        "catalog.yaml",
        "version: v2\n  parameters:\n    Size: one",
        "version: v1\n  parameters:\n    Size: one",
    );
    world.apply().await;
    assert_eq!(sizes(&world.plan().await), ["one", "one", "one", "late"]);
}

/// What needs an output of something TAINTED waits for a person, although the output still holds, and goes on by itself
/// once they have mended that.
#[tokio::test(start_paused = true)]
async fn what_needs_something_tainted_goes_on_once_that_is_mended() {
    let world = chain();
    world.apply().await;
    world.emulator.set_faults(Faults {
        stacks: vec![StackFault {
            stack: "SC-*".to_owned(),
            resource: "Topic".to_owned(),
            reason: Some("no luck".to_owned()),
            ..StackFault::default()
        }],
        ..Faults::default()
    });
    world.edit("catalog.yaml", "Size: one", "Size: two");
    world.apply().await;
    let middle = |version: &str| {
        format!("metadata: {{name: middle}}\nspec:\n  product: vpc\n  version: {version}\n")
    };
    world.edit("catalog.yaml", "Size: two", "Size: one").edit(
        "catalog.yaml",
        &middle("v1"),
        &middle("v3"),
    );
    let pass = world.plan().await;
    let hub = status(&pass, "provisioned-product/hub");
    assert_eq!((hub.sync, hub.health), (Sync::Synced, Health::Degraded));
    let said = &status(&pass, "provisioned-product/middle").blocked[0];
    assert_eq!(said.code, BlockedCode::Dependency);
    assert!(
        said.message.contains("provisioned-product/hub") && said.message.contains("TAINTED"),
        "{}",
        said.message
    );
    world.calls();
    world.apply().await;
    assert_eq!(writes(&world), [].into());

    world.edit("catalog.yaml", "Size: one", "Size: three");
    world.apply().await;
    let pass = world.plan().await;
    assert_eq!(sizes(&pass), ["three", "three", "three", "late"]);
    assert!(pass.statuses.iter().all(|status| status.is_well()));
    world.expect_empty_plan().await;
}

pub(super) const SECRET: &str = "correct-horse-battery";
pub(super) const OTHER: &str = "staple-of-another-kind";

/// `hub` with a NoEcho parameter.
fn secretive() -> World {
    let world = World::new();
    let template = SIZE
        .replace(
            "Parameters:\n",
            "Parameters:\n  Password: {Type: String, NoEcho: true, MinLength: 8}\n",
        )
        .replace(
            "DisplayName: !Ref Size",
            "DisplayName: !Sub '${Size}-${Password}'",
        );
    let manifest = CATALOG.replace(
        "    Size: one\n",
        &format!("    Size: one\n    Password: {SECRET}\n"),
    );
    world
        .write("catalog.yaml", manifest)
        .write("size.yaml", template);
    world
}

async fn calls_with(world: &World, base: Option<&Desired>, resend: bool) -> Vec<&'static str> {
    let mut process = world.process().await;
    if resend {
        let key = Key::new(Kind::ProvisionedProduct, name("hub"));
        process.reconciler.resend_secrets([key].into());
    }
    let pass = process.reconciler.plan(&world.desired(), base).await;
    if let Some(change) = pass
        .plan
        .objects
        .iter()
        .flat_map(|o| &o.changes)
        .find(|c| c.field == "parameters.Password")
    {
        assert_eq!(change.after, Shown::Secret);
    }
    expect_silence(&pass);
    calls(&pass.plan)
}

/// No form of a pass shows a secret.
pub(super) fn expect_silence(pass: &catalogd::reconcile::Pass) {
    let forms = [
        text::plan(&pass.plan, text::Style::default()),
        json::plan(&pass.plan),
        format!("{:?}", pass.plan),
        format!("{:?}", pass.outcome),
        format!("{:?}", pass.statuses),
        format!("{:?}", pass.observed),
    ];
    for form in forms {
        for secret in [SECRET, OTHER] {
            assert!(!form.contains(secret), "{form}");
        }
    }
}

/// What was logged, at every level.
#[derive(Clone, Default)]
pub(super) struct Logs(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Logs {
    /// Logs of this thread, ours alone: `RUST_LOG` can ask the SDK for its own, with whole requests in them.
    pub(super) fn listen() -> (Self, tracing::subscriber::DefaultGuard) {
        let logs = Self::default();
        let writer = logs.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter("catalogd=trace")
            .with_writer(move || writer.clone())
            .finish();
        let guard = tracing::subscriber::set_default(subscriber);
        // A call site that another thread registers at this moment may have missed us.
        tracing::callsite::rebuild_interest_cache();
        (logs, guard)
    }

    pub(super) fn expect_silence(&self) {
        let logs = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        assert!(logs.contains("connected"), "nothing was heard");
        assert!(!logs.contains(SECRET) && !logs.contains(OTHER), "{logs}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_is_sent_when_git_changes_it_and_never_shown() {
    let (logs, _guard) = Logs::listen();
    let world = secretive();
    let base = world.desired();
    let first = one_pass(&world).await;
    expect_silence(&first);
    world.apply().await;
    assert_eq!(calls_with(&world, None, false).await, [""; 0]);
    assert_eq!(calls_with(&world, Some(&base), false).await, [""; 0]);

    world.edit("catalog.yaml", SECRET, OTHER);
    assert_eq!(
        calls_with(&world, None, false).await,
        [""; 0],
        "nobody can tell without a base"
    );
    assert_eq!(
        calls_with(&world, Some(&base), false).await,
        ["UpdateProvisionedProduct"]
    );
    assert_eq!(
        calls_with(&world, None, true).await,
        ["UpdateProvisionedProduct"]
    );

    // In one process it is sent once, although no later pass can read it back.
    for resend in [false, true] {
        let mut process = world.process().await;
        if resend {
            let key = Key::new(Kind::ProvisionedProduct, name("hub"));
            process.reconciler.resend_secrets([key].into());
        }
        world.calls();
        let base = (!resend).then_some(&base);
        let ended = process.apply_over(base, &world.desired()).await;
        assert_eq!(ended.end, End::Settled);
        expect_silence(&ended.pass);
        let once = [("UpdateProvisionedProduct".to_owned(), 1)];
        assert_eq!(writes(&world), once.into());
    }
    world.expect_empty_plan().await;
    logs.expect_silence();
    // What the stack got is the new one.
    let live =
        world
            .emulator
            .with_stacks(crate::world::ACCOUNT, crate::world::REGION, |stacks, _| {
                format!("{stacks:?}")
            });
    assert!(live.contains(OTHER) && !live.contains(&format!("one-{SECRET}")));
}

/// The service repeats the value that it refuses; we do not.
#[tokio::test(start_paused = true)]
async fn a_refused_secret_is_not_repeated_by_any_message() {
    let (logs, _guard) = Logs::listen();
    let world = secretive();
    let refused = Effect::Refuse {
        code: "InvalidParametersException".to_owned(),
        message: format!("Value '{SECRET}' at 'Password' failed to satisfy constraint"),
    };
    world
        .emulator
        .inject(Rule::always(refused).on("ProvisionProduct"));
    let pass = one_pass(&world).await;
    expect_silence(&pass);
    let failures: Vec<_> = pass.outcome.failures().collect();
    assert_eq!(failures.len(), 1);
    assert!(failures[0].1.failure.message.contains("(secret)"));
    let ended = world.process().await.apply(&world.desired()).await;
    expect_silence(&ended.pass);
    assert!(
        status(&ended.pass, "provisioned-product/hub")
            .stalled
            .as_ref()
            .unwrap()
            .reason
            .contains("(secret)")
    );
    logs.expect_silence();
}

/// What CloudFormation said of an earlier failure stays with the provisioned product, and may repeat what it refused.
#[tokio::test(start_paused = true)]
async fn what_is_said_of_earlier_failures_repeats_no_secret() {
    let (logs, _guard) = Logs::listen();
    let world = secretive();
    let wording = format!("{SECRET} is too weak and so is {OTHER}");
    // Only CloudFormation judges a template's rules.
    let rules = format!(
        "Rules:\n  Strong:\n    Assertions:\n      - Assert: !Contains [[{SECRET}], !Ref Password]\n        \
         AssertDescription: {wording}\nResources:\n"
    );
    world.edit("size.yaml", "Resources:\n", &rules);
    let base = world.desired();
    world.apply().await;
    world.edit("catalog.yaml", SECRET, OTHER);
    let mut process = world.process().await;
    let ended = process.apply_over(Some(&base), &world.desired()).await;
    expect_silence(&ended.pass);
    let key = "provisioned-product/hub";
    let said = |pass: &catalogd::reconcile::Pass| {
        expect_silence(pass);
        let message = status(pass, key).message.clone().unwrap();
        assert!(message.starts_with("TAINTED: "), "{message}");
        assert!(message.contains("(secret) is too weak"), "{message}");
    };
    said(&ended.pass);

    // A new process knows of the old value by its base, and this one remembers what it has sent.
    let mut fresh = world.process_in(None).await;
    said(&fresh.reconciler.plan(&world.desired(), Some(&base)).await);
    world.edit("catalog.yaml", OTHER, "another-one-altogether");
    said(&process.reconciler.plan(&world.desired(), None).await);
    said(&fresh.reconciler.plan(&world.desired(), None).await);

    // Nobody has told an export of either, so it repeats nothing of what may hide one.
    let mut process = world.process_in(None).await;
    let observed = process.reconciler.survey().await;
    let all = Default::default();
    let exported = process.reconciler.export(&observed, &all, &|_| {});
    let exported = exported.await.unwrap().files;
    let exported = &exported["provisioned/hub.yaml"];
    let exported = String::from_utf8_lossy(exported);
    assert!(exported.contains("Its last update failed"), "{exported}");
    for secret in [SECRET, OTHER] {
        assert!(!exported.contains(secret), "{exported}");
    }
    logs.expect_silence();
}
