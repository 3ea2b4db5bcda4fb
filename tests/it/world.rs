//! A world for scenarios: a folder of manifests, the embedded AWS in this process, the real SDK, virtual time.
//!
//! The embedded AWS survives what the program under test does not: each [`World::process`] is a new process of
//! catalogd with nothing in its memory but the state folder.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use catalogd::aws::client::{Aws, Settings};
use catalogd::aws::pace::Pace;
use catalogd::clock::{Clock, Entropy};
use catalogd::emulator::faults::Faults;
use catalogd::emulator::{Emulator, InProcess, Options, Profile};
use catalogd::execute::progress::{Progress, Quiet};
use catalogd::execute::{Outcome, Patience};
use catalogd::ids::{Name, Target};
use catalogd::manifest::{self, Severity};
use catalogd::model::desired::Desired;
use catalogd::model::observed::Gap;
use catalogd::model::owner::{Identity, Installation};
use catalogd::model::tree::{Pinned, Tree};
use catalogd::plan::{Input, Plan, Policy, plan, secrets};
use catalogd::reconcile::converge::{Converged, Driver, End};
use catalogd::reconcile::{Pass, Reconciler};
use catalogd::render::json;
use catalogd::render::text::{self, Style};
use catalogd::rights::Purpose;
use catalogd::saved::observation::{Observation, Terms};
use catalogd::store::Store;
use tokio_util::sync::CancellationToken;

use crate::rights::Judge;

pub const ACCOUNT: &str = "123456789012";
pub const REGION: &str = "us-east-1";

pub struct World {
    pub clock: Clock,
    pub emulator: Emulator,
    pub pace: Pace,
    pub patience: Patience,
    pub installation: Installation,
    /// Watches which rights the processes ask for.
    pub judge: Judge,
    state: tempfile::TempDir,
    files: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl World {
    /// A world in virtual time (`#[tokio::test(start_paused = true)]`), without delays.
    pub fn new() -> Self {
        Self::with(Profile::Instant, 1)
    }

    pub fn with(profile: Profile, seed: u64) -> Self {
        let clock = Clock::starting_at("2026-03-01T08:00:00Z".parse().unwrap());
        let emulator = Emulator::new(Options {
            clock,
            seed,
            profile,
            quotas: true,
            faults: Faults::default(),
        });
        let slow = profile == Profile::Aws;
        let judge = Judge::new(emulator.clone());
        Self {
            clock,
            emulator,
            pace: if slow { Pace::Default } else { Pace::None },
            patience: if slow {
                Patience::SERVICE
            } else {
                Patience::EMULATOR
            },
            installation: Installation::default(),
            judge,
            state: tempfile::tempdir().unwrap(),
            files: Mutex::default(),
        }
    }

    /// Writes a file of the source.
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) -> &Self {
        self.files
            .lock()
            .unwrap()
            .insert(path.to_owned(), text.as_ref().to_vec());
        self
    }

    /// Replaces a text in a file; it must be there.
    pub fn edit(&self, path: &str, from: &str, to: &str) -> &Self {
        let mut files = self.files.lock().unwrap();
        let text = String::from_utf8(files[path].clone()).unwrap();
        assert!(text.contains(from), "{path} has no {from:?}");
        files.insert(path.to_owned(), text.replace(from, to).into_bytes());
        drop(files);
        self
    }

    /// Copies a folder of the disk into the source.
    pub fn copy(&self, folder: &Path) -> &Self {
        fn walk(root: &Path, at: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
            for entry in std::fs::read_dir(at).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(root, &path, files);
                } else {
                    let name = path
                        .strip_prefix(root)
                        .unwrap()
                        .to_str()
                        .unwrap()
                        .to_owned();
                    files.insert(name, std::fs::read(&path).unwrap());
                }
            }
        }
        walk(folder, folder, &mut self.files.lock().unwrap());
        self
    }

    pub fn target(&self) -> Target {
        Target {
            account: ACCOUNT.into(),
            region: REGION.into(),
            partition: "aws".to_owned(),
        }
    }

    /// The text of a file of the source.
    pub fn text(&self, path: &str) -> String {
        String::from_utf8(self.files.lock().unwrap()[path].clone()).unwrap()
    }

    /// What the source declares, and what is wrong with it. A file `PATH@REF` is what a version with that `ref` names.
    pub fn load(&self) -> manifest::Loaded {
        let mut tree = Tree::of(self.files.lock().unwrap().iter());
        for pin in manifest::pins(&tree) {
            let name = format!("{}@{}", pin.path, pin.reference);
            let found = tree.files.get(&name).cloned();
            let found = found.map_or(Pinned::NoPath, Pinned::There);
            tree.pinned.insert(pin, found);
        }
        let context = manifest::Context {
            target: Some(self.target()),
        };
        manifest::load(&tree, &context)
    }

    /// What the source declares; it must have no errors.
    pub fn desired(&self) -> Desired {
        let loaded = self.load();
        let errors: Vec<_> = loaded
            .findings
            .iter()
            .filter(|f| f.severity == Severity::Error)
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
        loaded.desired
    }

    /// Empties the state folder: the next process remembers nothing.
    pub fn forget(&mut self) {
        self.state = tempfile::tempdir().unwrap();
    }

    /// A new process of catalogd with the world's state folder.
    pub async fn process(&self) -> Process {
        self.process_in(Some(self.state.path())).await
    }

    /// A new process with this state folder, or none.
    pub async fn process_in(&self, state: Option<&Path>) -> Process {
        let aws = self.connect().await;
        let identity = Identity {
            installation: self.installation.clone(),
            target: aws.target().clone(),
        };
        let store = state.map(|root| Store::open(root, &identity).unwrap());
        let entropy = Entropy::seeded(7);
        let reconciler = Reconciler::new(aws, identity, self.clock, entropy, self.patience, store);
        Process {
            reconciler,
            clock: self.clock,
            judge: self.judge.clone(),
        }
    }

    pub async fn connect(&self) -> Aws {
        let settings = Settings {
            region: Some(REGION.to_owned()),
            template_bucket: None,
            pace: self.pace,
            http: Some(self.judge.shared(self.emulator.clone())),
            static_credentials: Some((ACCOUNT.to_owned(), "any".to_owned())),
            clock: self.clock,
            seed: 7,
        };
        Aws::connect(settings).await.expect("the emulator answers")
    }

    /// The template bucket.
    pub fn bucket(&self) -> String {
        format!("catalogd-{ACCOUNT}-{REGION}")
    }

    fn sdk(&self) -> aws_config::SdkConfig {
        self.sdk_in(REGION)
    }

    fn sdk_in(&self, region: &'static str) -> aws_config::SdkConfig {
        aws_config::SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(aws_config::Region::new(region))
            .http_client(InProcess::shared(self.emulator.clone()))
            .credentials_provider(aws_sdk_s3::config::SharedCredentialsProvider::new(
                aws_credential_types::Credentials::from_keys(ACCOUNT, "any", None),
            ))
            .build()
    }

    /// Service Catalog as somebody else calls it: the console.
    pub fn console(&self) -> aws_sdk_servicecatalog::Client {
        aws_sdk_servicecatalog::Client::new(&self.sdk())
    }

    /// Service Catalog in another region as somebody else calls it.
    pub fn console_in(&self, region: &'static str) -> aws_sdk_servicecatalog::Client {
        aws_sdk_servicecatalog::Client::new(&self.sdk_in(region))
    }

    /// CloudFormation as somebody else calls it.
    pub fn cloudformation(&self) -> aws_sdk_cloudformation::Client {
        aws_sdk_cloudformation::Client::new(&self.sdk())
    }

    /// The parameter store as somebody else calls it.
    pub fn ssm(&self) -> aws_sdk_ssm::Client {
        aws_sdk_ssm::Client::new(&self.sdk())
    }

    /// S3 as somebody else calls it.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.sdk()).force_path_style(true);
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// The calls the emulator has answered since the last time this was asked, by operation.
    pub fn calls(&self) -> BTreeMap<String, usize> {
        let mut counted = BTreeMap::new();
        for call in self.emulator.calls() {
            *counted.entry(call.operation).or_default() += 1;
        }
        self.emulator.reset_calls();
        counted
    }

    /// Applies in a new process; it must converge.
    pub async fn apply(&self) -> Converged {
        let converged = self.process().await.apply(&self.desired()).await;
        assert_eq!(
            converged.end,
            End::Settled,
            "{}",
            text::plan(&converged.pass.plan, Style::default())
        );
        converged
    }

    /// Plans in a new process.
    pub async fn plan(&self) -> Pass {
        let desired = self.desired();
        self.judge.begin();
        let mut process = self.process().await;
        let pass = process.reconciler.plan(&desired, None).await;
        self.judge.judge(&desired, Purpose::Plan);
        crate::schema_check::plan(&json::plan(&pass.plan));
        against_what_was_saved(&process.reconciler, &desired, &pass);
        pass
    }

    /// Asserts that a plan made in a new process is empty.
    pub async fn expect_empty_plan(&self) {
        let pass = self.plan().await;
        assert!(
            !pass.plan.has_changes(),
            "{}",
            text::plan(&pass.plan, Style::default())
        );
        assert!(
            !pass.plan.is_waiting(),
            "{}",
            text::plan(&pass.plan, Style::default())
        );
    }
}

/// A process of catalogd.
pub struct Process {
    pub reconciler: Reconciler,
    clock: Clock,
    judge: Judge,
}

impl Process {
    /// Applies without being asked, for at most three hours of the world's time.
    pub async fn apply(&mut self, desired: &Desired) -> Converged {
        self.apply_over(None, desired).await
    }

    /// The same, with what was last applied.
    pub async fn apply_over(&mut self, base: Option<&Desired>, desired: &Desired) -> Converged {
        self.judge.begin();
        let stop = CancellationToken::new();
        let (timer, clock) = (stop.clone(), self.clock);
        let watch = tokio::spawn(async move {
            clock.sleep(Duration::from_secs(3 * 3600)).await;
            timer.cancel();
        });
        let ended = self
            .reconciler
            .converge(desired, base, &stop, &mut Willing)
            .await
            .unwrap();
        watch.abort();
        let purpose = Purpose::Apply;
        base.iter().for_each(|base| self.judge.judge(base, purpose));
        self.judge.judge(desired, purpose);
        ended
    }
}

/// Agrees to everything.
pub struct Willing;

impl Driver for Willing {
    fn consent(&mut self, pass: &Pass) -> anyhow::Result<bool> {
        // Every plan that a test makes is one as documented.
        crate::schema_check::plan(&json::plan(&pass.plan));
        Ok(true)
    }
    fn begin(&mut self, _: &Plan) {}
    fn progress(&self) -> &dyn Progress {
        &Quiet
    }
    fn end(&mut self, _: &Outcome) {}
}

pub fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

/// What is saved of what a pass saw says the same of it as the pass does.
fn against_what_was_saved(reconciler: &Reconciler, desired: &Desired, pass: &Pass) {
    let terms = Terms {
        identity: reconciler.identity(),
        at: pass.plan.made,
        revision: "3f2a9c1",
        desired,
        dead: reconciler.dead(),
        tag_options: reconciler.former_tag_options(),
    };
    let saved = Observation::new(terms, &pass.observed).unwrap().to_bytes();
    let saved = Observation::parse(&saved).unwrap();
    let observed = saved.observed(desired, None).unwrap();
    if observed.gaps.iter().any(Gap::is_of_an_observation) {
        // Something was a secret, and is kept in no file.
        let told = !secrets::known(&[desired], &pass.observed).is_empty();
        let shaped = catalogd::secret::is_in(&format!("{:?}", pass.observed));
        let mut stacks = pass.observed.stacks.values();
        let default = stacks.any(|stack| stack.template.contains("NoEcho"));
        assert!(told || shaped || default, "{:?}", observed.gaps);
        return;
    }
    let policy = Policy {
        dead: saved.dead(),
        tag_options: saved.former_tag_options().unwrap(),
        ..Policy::default()
    };
    let identity = saved.identity().unwrap();
    let again = plan(&Input {
        identity: &identity,
        desired,
        base: None,
        observed: &observed,
        policy: &policy,
        now: pass.plan.made,
    });
    let shown = |plan: &Plan| text::plan(plan, Style::default());
    assert_eq!(shown(&again), shown(&pass.plan));
    let calls = |plan: &Plan| -> Vec<_> {
        let steps = plan.steps.iter();
        steps
            .map(|s| format!("{} {} {:?}", s.op.call(), s.object, s.needs))
            .collect()
    };
    assert_eq!(calls(&again), calls(&pass.plan));
}
