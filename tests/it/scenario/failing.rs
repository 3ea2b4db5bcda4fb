//! Stacks that fail: what is shown, what goes on, what mends them, and what is not repeated.

use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Faults, StackFault};
use catalogd::execute::progress::{Event, Progress};
use catalogd::execute::{Outcome, StepResult};
use catalogd::model::observed::ProvisionedStatus;
use catalogd::plan::{Action, Plan};
use catalogd::reconcile::Pass;
use catalogd::reconcile::converge::{Driver, End};
use catalogd::run::record::RecordState;
use catalogd::status::{Health, Sync};
use std::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::kit::{CATALOG, SIZE, calls, provisioned, small, status, writes};
use crate::examples::expect_each_once;
use crate::world::World;

const HUB: &str = "provisioned-product/hub";

fn fail_stacks(world: &World) {
    let stacks = vec![StackFault {
        stack: "SC-*".to_owned(),
        resource: "Topic".to_owned(),
        reason: Some("the quota of topics is used up".to_owned()),
        ..StackFault::default()
    }];
    world.emulator.set_faults(Faults {
        stacks,
        ..Faults::default()
    });
}

fn no_faults(world: &World) {
    world.emulator.set_faults(Faults::default());
}

#[tokio::test(start_paused = true)]
async fn a_first_launch_that_fails_is_degraded_and_the_others_converge() {
    let world = small();
    world.write(
        "other.yaml",
        CATALOG
            .rsplit("---\n")
            .next()
            .unwrap()
            .replace("hub", "other")
            .replace("Size: one", "Size: other"),
    );
    // Only the first stack that is made fails.
    fail_stacks(&world);
    let mut process = world.process().await;
    let ended = process.apply(&world.desired()).await;
    assert_eq!(ended.end, End::Settled);
    let broken: Vec<_> = ended
        .pass
        .statuses
        .iter()
        .filter(|s| !s.is_well())
        .collect();
    assert_eq!(broken.len(), 1, "{broken:#?}");
    let status = broken[0];
    assert_eq!(
        (status.sync, status.health),
        (Sync::OutOfSync, Health::Degraded)
    );
    let said = status.message.as_deref().unwrap();
    assert!(
        said.starts_with("ERROR: ") && said.contains("[Topic]"),
        "{said}"
    );
    let stalled = status
        .stalled
        .as_ref()
        .expect("the same launch would fail again");
    assert!(stalled.reason.contains("[Topic]"), "{stalled:?}");
    assert!(
        stalled
            .advice
            .contains("mend the template in a new version"),
        "{stalled:?}"
    );
    assert_eq!(ended.pass.observed.provisioned.len(), 2);

    // Neither this process nor a new one repeats it.
    world.calls();
    process.apply(&world.desired()).await;
    world.process_in(None).await.apply(&world.desired()).await;
    assert_eq!(writes(&world), [].into());
}

#[tokio::test(start_paused = true)]
async fn a_failed_launch_is_replaced_once_git_gives_another_version() {
    let world = small();
    fail_stacks(&world);
    world.process().await.apply(&world.desired()).await;
    let failed = world.plan().await;
    assert_eq!(
        provisioned(&failed.observed, "hub").status,
        ProvisionedStatus::Error
    );
    let dead = provisioned(&failed.observed, "hub").id.clone();
    world.edit("catalog.yaml", "  version: v1\n", "  version: v3\n");
    let pass = world.plan().await;
    assert_eq!(
        calls(&pass.plan),
        ["TerminateProvisionedProduct", "ProvisionProduct"]
    );
    assert_eq!(pass.plan.objects.last().unwrap().action, Action::Replace);
    world.calls();
    world.apply().await;
    assert_eq!(
        writes(&world),
        [
            ("ProvisionProduct".to_owned(), 1),
            ("TerminateProvisionedProduct".to_owned(), 1)
        ]
        .into()
    );
    let pass = world.plan().await;
    let hub = provisioned(&pass.observed, "hub");
    assert_eq!(hub.status, ProvisionedStatus::Available);
    assert_ne!(hub.id, dead);
    assert!(status(&pass, HUB).is_well());
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn a_failed_update_is_tainted_the_last_success_runs_and_a_mended_version_heals_it() {
    let world = small();
    world.apply().await;
    world
        .edit("catalog.yaml", "  version: v1\n", "  version: v3\n")
        .edit("catalog.yaml", "Size: one", "Size: two");
    fail_stacks(&world);
    let mut process = world.process().await;
    let ended = process.apply(&world.desired()).await;
    assert_eq!(ended.end, End::Settled);
    let hub = provisioned(&ended.pass.observed, "hub");
    assert_eq!(hub.status, ProvisionedStatus::Tainted);
    let running = hub.running.clone().unwrap();
    let vpc = super::kit::product(&ended.pass.observed, "VPC");
    let version = |name: &str| {
        vpc.versions
            .iter()
            .find(|v| v.name == name)
            .unwrap()
            .id
            .clone()
    };
    assert_eq!(
        running.version,
        version("v1"),
        "what runs is what last succeeded"
    );
    let shown = status(&ended.pass, HUB);
    assert_eq!(shown.health, Health::Degraded);
    assert!(shown.message.as_deref().unwrap().contains("[Topic]"));
    assert!(
        shown.stalled.is_some(),
        "the same update is not repeated at once"
    );
    world.calls();
    let again = process.apply(&world.desired()).await;
    assert_eq!(writes(&world), [].into());
    assert_eq!(again.pass.plan.objects.last().unwrap().action, Action::None);

    // Git goes back to what runs: nothing to do, and it says that the last change failed.
    world.write("catalog.yaml", CATALOG);
    let pass = world.plan().await;
    assert_eq!(calls(&pass.plan), [""; 0]);
    assert_eq!(
        (status(&pass, HUB).sync, status(&pass, HUB).health),
        (Sync::Synced, Health::Degraded)
    );

    // Mended by a new version.
    no_faults(&world);
    world.edit(
        "catalog.yaml",
        "    - name: v3\n",
        "    - name: v4\n      template: size.yaml\n    - name: v3\n",
    );
    world.edit("catalog.yaml", "  version: v1\n", "  version: v4\n");
    world.apply().await;
    let pass = world.plan().await;
    assert!(status(&pass, HUB).is_well());
    assert_eq!(
        provisioned(&pass.observed, "hub").status,
        ProvisionedStatus::Available
    );
    world.expect_empty_plan().await;
}

/// A version whose template the service refuses: its own product says why, everything else goes on.
#[tokio::test(start_paused = true)]
async fn a_version_that_the_service_refuses_stops_only_its_product() {
    let world = small();
    world.write("bad.yaml", "Parameters: {Size: {Type: String}}\n");
    world.write("more.yaml", "apiVersion: catalogd.dev/v1\nkind: Product\nmetadata: {name: bad}\nspec:\n  owner: Us\n  portfolios: [{portfolio: net}]\n  versions: [{name: v1, template: bad.yaml}]\n---\napiVersion: catalogd.dev/v1\nkind: Product\nmetadata: {name: good}\nspec:\n  owner: Us\n  portfolios: [{portfolio: net}]\n  versions: [{name: v1, template: size.yaml}]\n");
    let mut process = world.process().await;
    let ended = process.apply(&world.desired()).await;
    assert_eq!(ended.end, End::Settled);
    let ill: Vec<_> = ended
        .pass
        .statuses
        .iter()
        .filter(|s| !s.is_well())
        .collect();
    assert_eq!(ill.len(), 1, "{ill:#?}");
    assert_eq!(ill[0].key.to_string(), "product/bad");
    assert_eq!(ill[0].health, Health::Missing);
    let stalled = ill[0].stalled.as_ref().unwrap();
    assert!(stalled.reason.contains("template"), "{stalled:?}");
    assert!(
        stalled.advice.contains("change the manifest"),
        "{stalled:?}"
    );
    world.calls();
    process.apply(&world.desired()).await;
    assert_eq!(
        writes(&world),
        [].into(),
        "it is not repeated before its hour"
    );
    // An hour later, or in a new process, it is asked once more, for the world may be another.
    world
        .clock
        .sleep(std::time::Duration::from_secs(3_601))
        .await;
    process.apply(&world.desired()).await;
    assert_eq!(writes(&world), [("CreateProduct".to_owned(), 1)].into());
    // Once git says something else it is asked at once, by the process that was refused just now as well.
    world.write("bad.yaml", SIZE);
    process.apply(&world.desired()).await;
    assert!(world.plan().await.statuses.iter().all(|s| s.is_well()));
}

/// Remembers every state of a record that execution saw.
#[derive(Default)]
struct Watching(Mutex<Vec<RecordState>>);

impl Progress for Watching {
    fn event(&self, event: Event<'_>) {
        if let Event::Record { state, .. } = event {
            self.0.lock().unwrap().push(state.clone());
        }
    }
}

impl Driver for &Watching {
    fn consent(&mut self, _: &Pass) -> anyhow::Result<bool> {
        Ok(true)
    }
    fn begin(&mut self, _: &Plan) {}
    fn progress(&self) -> &dyn Progress {
        *self
    }
    fn end(&mut self, _: &Outcome) {}
}

#[tokio::test(start_paused = true)]
async fn a_rollback_is_seen_while_it_runs() {
    let world = World::with(Profile::Aws, 4);
    // Many resources: the rollback takes long enough to be looked at.
    let mut template = SIZE.to_owned();
    let more: String = (0..6)
        .map(|n| {
            format!(
                "  T{n}: {{Type: AWS::SNS::Topic, DependsOn: {}}}\n",
                if n == 0 {
                    "Topic".to_owned()
                } else {
                    format!("T{}", n - 1)
                }
            )
        })
        .collect();
    template = template.replace("Outputs:\n", &format!("{more}Outputs:\n"));
    world
        .write("catalog.yaml", CATALOG)
        .write("size.yaml", template);
    world.emulator.set_faults(Faults {
        stacks: vec![StackFault {
            stack: "SC-*".to_owned(),
            resource: "T5".to_owned(),
            reason: Some("no".to_owned()),
            ..StackFault::default()
        }],
        ..Faults::default()
    });
    let watching = Watching::default();
    let mut process = world.process().await;
    let stop = CancellationToken::new();
    let ended = process
        .reconciler
        .converge(&world.desired(), None, &stop, &mut &watching)
        .await
        .unwrap();
    assert_eq!(ended.end, End::Settled);
    let states = watching.0.into_inner().unwrap();
    assert!(states.contains(&RecordState::RollingBack), "{states:?}");
    assert_eq!(states.last(), Some(&RecordState::Failed));
    assert_eq!(status(&ended.pass, HUB).health, Health::Degraded);
}

/// A stop in the middle of a launch leaves it to the service; the next process waits for it and makes nothing twice.
#[tokio::test(start_paused = true)]
async fn a_launch_under_way_is_left_to_the_next_process() {
    let world = World::with(Profile::Local, 4);
    world
        .write("catalog.yaml", CATALOG)
        .write("size.yaml", SIZE);
    let mut process = world.process().await;
    let stop = CancellationToken::new();
    let pass = process.reconciler.plan(&world.desired(), None).await;
    let halt = stop.clone();
    let emulator = world.emulator.clone();
    let clock = world.clock;
    let watch = tokio::spawn(async move {
        while !emulator.counts().contains_key("ProvisionProduct") {
            clock.sleep(std::time::Duration::from_millis(10)).await;
        }
        halt.cancel();
    });
    let outcome = process
        .reconciler
        .execute(&pass.plan, &stop, &catalogd::execute::progress::Quiet)
        .await;
    watch.await.unwrap();
    assert!(
        outcome
            .results
            .values()
            .any(|r| matches!(r, StepResult::Unfinished { .. })),
        "{outcome:?}"
    );
    let pass = world.plan().await;
    assert_eq!(status(&pass, HUB).health, Health::Progressing);
    world.calls();
    world.apply().await;
    assert_eq!(writes(&world), [].into());
    let pass = world.plan().await;
    assert!(status(&pass, HUB).is_well());
    expect_each_once(&pass.observed);
}
