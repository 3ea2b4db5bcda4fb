//! Random walks: any calls in any order from two accounts and two regions, under faults, in virtual time. Whatever comes,
//! each answer is one that the service could give, and what the emulator holds afterwards fits together.
//!
//! A failing walk prints its seed; the same seed walks the same way. `CATALOGD_WALK=FROM..TO` walks these seeds instead
//! of the usual ones, shared by the two tests:
//!
//! ```text
//! CATALOGD_WALK=1000..1300 cargo test --test it walk::
//! ```

mod draw;
mod survey;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use catalogd::clock::{Clock, Entropy};
use catalogd::emulator::faults::{Effect, Faults, Lag, Latency, Leaves, Rates, Rule, StackFault};
use catalogd::emulator::{Dropped, Emulator, Options, Profile};
use http::Response;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::client::{Bench, TEMPLATE};
use super::model::MODEL;
use crate::shared::{Seed, asked_seeds};
use draw::{ACCOUNTS, Pool, REGIONS, pick};

/// Calls of one walk, at least and at most.
const STEPS: std::ops::Range<u64> = 30..150;
/// Launches of stack sets, among what was done.
const SETS: &str = "stack sets";
/// Updates that say what to do with instances of stack sets, too.
const CHANGED_SETS: &str = "updates of instances";
/// A call that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(86_400);

/// Every second one fails or is refused somewhere.
const TEMPLATES: [&str; 6] = [
    TEMPLATE,
    "Resources: {T: {Type: AWS::SNS::Topic}}\nOutputs: {Arn: {Value: !Ref T}, Kind: {Value: x}}",
    "Parameters: {Size: {Type: Number, MinValue: 3}}\nResources: {B: {Type: AWS::S3::Bucket}, T: {Type: AWS::SNS::Topic, \
     Properties: {DisplayName: !GetAtt B.Arn}}}",
    "Resources: {P: {Type: AWS::SSM::Parameter, Properties: {Name: /walk, Type: String, Value: x}}}",
    "Resources: {T: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Nobody}}}",
    "Resources: [",
];

struct Walk {
    random: Entropy,
    pool: Pool,
    emulator: Emulator,
    /// The accounts' callers, and later sessions of roles.
    benches: Vec<Bench>,
    faults: Faults,
    /// A stack may have begun to take for ever.
    endless: bool,
    /// What was answered, by which two walks are compared.
    trace: Vec<String>,
    /// How often each operation did what it was asked.
    done: BTreeMap<String, usize>,
}

fn emulator(seed: u64, profile: Profile, clock: Clock) -> Emulator {
    Emulator::new(Options {
        clock,
        seed,
        profile,
        quotas: true,
        faults: Faults::default(),
    })
}

/// No throttling, no lag: what a walk begins and ends with.
pub fn calm() -> Faults {
    Faults {
        throttle: Some(Rates {
            reads: 1e9,
            writes: 1e9,
            version_writes: 1e9,
        }),
        lag: Some(Lag {
            describe: 0.0,
            search: 0.0,
            chance: 0.0,
        }),
        latency: Some(Latency {
            least: 0.0,
            most: 0.0,
        }),
        lost_updates: Some(false),
        ..Faults::default()
    }
}

fn troubles(random: &mut Entropy) -> Faults {
    let mut faults = Faults::default();
    for _ in 0..random.below(4) {
        let effect = match random.below(16) {
            0 => Effect::Throttle,
            1 => Effect::InternalFailure,
            2 => Effect::DropBefore,
            3 => Effect::DropAfter,
            4 => Effect::AccessDenied,
            5 => Effect::ExpiredCredentials,
            6 => Effect::Latency(random.fraction() * 20.0),
            7 => Effect::Rate(1.0),
            8 => Effect::CutListing(random.below(3) as usize),
            9 => Effect::FailCreating,
            10 => Effect::FailCopying {
                detail: random.chance(0.5).then(|| "no".to_owned()),
                leaves: *pick(random, &[Leaves::Nothing, Leaves::Product]),
            },
            11 => Effect::SlowCopying(30.0),
            12 => Effect::HangCopying,
            13 => Effect::FailImporting {
                reason: "no".to_owned(),
            },
            14 => Effect::FailSharing {
                error: "ThrottlingException".to_owned(),
                message: "Rate exceeded".to_owned(),
            },
            _ => Effect::Refuse {
                code: "InvalidParametersException".to_owned(),
                message: "profile does not exist".to_owned(),
            },
        };
        faults.rules.push(Rule::always(effect).chance(0.2));
    }
    for _ in 0..random.below(3) {
        faults.stacks.push(StackFault {
            stack: "*".to_owned(),
            resource: (*pick(random, &["*", "T", "B"])).to_owned(),
            reason: random.chance(0.6).then(|| "it is so".to_owned()),
            takes: random.chance(0.5).then(|| {
                if random.chance(0.2) {
                    f64::INFINITY
                } else {
                    random.fraction() * 600.0
                }
            }),
            ..StackFault::default()
        });
    }
    faults
}

impl Walk {
    fn new(seed: u64) -> Self {
        let mut random = Entropy::seeded(seed);
        let profile = *pick(&mut random, &[Profile::Local, Profile::Aws]);
        let start = Timestamp::from_millisecond(1_800_000_000_123).unwrap();
        let emulator = emulator(seed, profile, Clock::starting_at(start));
        emulator.set_faults(calm());
        let mut benches = Vec::new();
        for account in ACCOUNTS {
            for region in REGIONS {
                benches.push(Bench {
                    emulator: emulator.clone(),
                    key: account.to_owned(),
                    region: region.to_owned(),
                });
            }
        }
        Self {
            random,
            pool: Pool::default(),
            emulator,
            benches,
            faults: calm(),
            endless: false,
            trace: Vec::new(),
            done: BTreeMap::new(),
        }
    }

    /// Templates, and mostly something to launch: a walk from nothing rarely gets far.
    async fn prepare(&mut self) {
        for (place, bench) in self.benches.clone().iter().enumerate() {
            self.pool.here = place;
            if bench.region != REGIONS[0] {
                continue;
            }
            for (at, template) in TEMPLATES.iter().enumerate() {
                let url = bench.template(&format!("t{at}.yaml"), template).await;
                // An address is as good in the account's other region.
                for here in [place + 1, place] {
                    self.pool.here = here;
                    self.pool.keep("url", &url);
                }
            }
            if self.random.chance(0.8) {
                let (product, version) = bench.product("alpha").await;
                let portfolio = bench.portfolio("alpha").await;
                let input = json!({"ProductId": product, "PortfolioId": portfolio});
                bench.ok("AssociateProductWithPortfolio", input).await;
                let role = format!("arn:aws:iam::{}:role/catalogd", bench.key);
                let input =
                    json!({"PortfolioId": portfolio, "PrincipalARN": role, "PrincipalType": "IAM"});
                bench.ok("AssociatePrincipalWithPortfolio", input).await;
                self.pool.pair(&product, &version);
                self.stack(bench).await;
                bench.pass(3.0).await;
                let sets = self.random.chance(0.35);
                if sets {
                    self.spread(bench, &portfolio, &product).await;
                }
                if self.random.chance(0.8) {
                    self.launch(bench, &product, &version, sets).await;
                }
                if self.random.chance(0.5) {
                    let other = ACCOUNTS[1 - place / REGIONS.len()];
                    let input = json!({"PortfolioId": portfolio, "AccountId": other});
                    bench.ok("CreatePortfolioShare", input).await;
                    self.pool.keep("shared", &portfolio);
                }
                for (kind, id) in [("port", portfolio), ("prod", product), ("pa", version)] {
                    self.pool.keep(kind, &id);
                }
            }
        }
        self.pool.here = 0;
        if self.random.chance(0.3) {
            self.organize().await;
        }
        if self.random.chance(0.6) {
            self.trouble();
        }
        self.emulator.set_faults(self.faults.clone());
    }

    /// What is launched from there becomes a stack set.
    async fn spread(&mut self, bench: &Bench, portfolio: &str, product: &str) {
        let everywhere = json!({
            "Version": "String",
            "Properties": {
                "AccountList": ACCOUNTS, "RegionList": REGIONS,
                "AdminRole": format!("arn:aws:iam::{}:role/admin", bench.key), "ExecutionRole": "exec",
            },
        });
        let input = json!({
            "PortfolioId": portfolio, "ProductId": product, "Type": "STACKSET",
            "Parameters": everywhere.to_string(), "IdempotencyToken": "spread",
        });
        self.pool.learn(&bench.ok("CreateConstraint", input).await);
        bench.pass(3.0).await;
    }

    /// What can be updated and ended, and a plan that can be executed.
    async fn launch(&mut self, bench: &Bench, product: &str, version: &str, sets: bool) {
        let with = json!({
            "ProductId": product, "ProvisioningArtifactId": version,
            "ProvisioningParameters": [{"Key": "Owner", "Value": "x"}],
        });
        let mut launched = with.clone();
        launched["ProvisionedProductName"] = json!("alpha");
        launched["ProvisionToken"] = json!("alpha");
        let answer = bench.ok("ProvisionProduct", launched).await;
        self.pool.learn(&answer);
        if sets {
            bench.pass(60.0).await;
            *self.done.entry(SETS.to_owned()).or_default() += 1;
            let mut moved = with;
            moved["ProvisionedProductId"] = answer
                .pointer("/RecordDetail/ProvisionedProductId")
                .unwrap()
                .clone();
            moved["UpdateToken"] = json!("moved");
            let random = &mut self.random;
            moved["ProvisioningPreferences"] = json!({
                "StackSetAccounts": [*pick(random, &ACCOUNTS)],
                "StackSetRegions": [*pick(random, &REGIONS)],
                "StackSetOperationType": *pick(random, &["CREATE", "UPDATE", "DELETE"]),
            });
            let asked = ("UpdateProvisionedProduct".to_owned(), moved);
            let answer = send(bench, &asked).await;
            self.judge(&asked, answer);
            if self.random.chance(0.7) {
                bench.pass(60.0).await;
            }
            return;
        }
        let mut planned = with;
        planned["ProvisionedProductName"] = json!("beta");
        planned["PlanName"] = json!("beta");
        planned["PlanType"] = json!("CLOUDFORMATION");
        planned["IdempotencyToken"] = json!("beta");
        let answer = bench.ok("CreateProvisionedProductPlan", planned).await;
        self.pool.learn(&answer);
        bench.pass(60.0).await;
    }

    /// A stack of the first template, to be imported.
    async fn stack(&mut self, bench: &Bench) {
        let template = TEMPLATE.replace('&', "%26").replace('\n', "%0A");
        let parameters =
            "Parameters.member.1.ParameterKey=Owner&Parameters.member.1.ParameterValue=x";
        let body = format!("Action=CreateStack&StackName=own&{parameters}&TemplateBody={template}");
        let response = other(bench, "cloudformation", "", body).await.unwrap();
        assert_eq!(response.status(), 200, "{response:?}");
        self.stacks(&String::from_utf8_lossy(response.body()));
    }

    fn stacks(&mut self, answer: &str) {
        if let Some((_, rest)) = answer.split_once("<StackId>") {
            let id = rest.split('<').next().unwrap();
            self.pool.keep("stack", id);
        }
    }

    fn trouble(&mut self) {
        self.faults = troubles(&mut self.random);
        let mut stacks = self.faults.stacks.iter();
        self.endless |= stacks.any(|fault| fault.takes == Some(f64::INFINITY));
    }

    /// The first account's organization with the second account in it, if it works out.
    async fn organize(&mut self) {
        let first = self.benches[0].clone();
        let steps = [
            ("CreateOrganization", json!({"FeatureSet": "ALL"})),
            ("ListRoots", json!({})),
            (
                "CreateAccount",
                json!({"AccountName": "a", "Email": "a@example.com"}),
            ),
        ];
        for (operation, input) in steps {
            if let Ok(answer) = first.organizations(operation, input).await {
                self.pool.learn(&answer);
            }
        }
        if let Some(root) = self.pool.one(&mut self.random, &["r"]) {
            let input = json!({"ParentId": root, "Name": "unit"});
            if let Ok(answer) = first.organizations("CreateOrganizationalUnit", input).await {
                self.pool.learn(&answer);
            }
        }
        let enabled = first.send("EnableAWSOrganizationsAccess", "{}".to_owned());
        enabled.await.unwrap();
    }

    /// Who calls next: mostly the same, so that something comes of it.
    fn caller(&mut self) -> Bench {
        let mut at = 0;
        if self.random.chance(0.4) {
            at = self.random.below(self.benches.len() as u64) as usize;
        }
        let bench = self.benches[at].clone();
        let own = |other: &Bench| other.key == bench.key && other.region == bench.region;
        // Sessions of roles act in the first account.
        let places = self.benches.iter().take(ACCOUNTS.len() * REGIONS.len());
        self.pool.here = places.clone().position(own).unwrap_or(0);
        bench
    }

    async fn step(&mut self) {
        let bench = self.caller();
        match self.random.below(40) {
            0 | 1 => {
                let spans = [0.1, 1.0, 5.0, 60.0, 3_000.0];
                bench.pass(*pick(&mut self.random, &spans)).await;
            }
            2 => self.beside(&bench).await,
            3 => {
                let one = draw::request(&mut self.random, &mut self.pool);
                let other = self.caller();
                let two = draw::request(&mut self.random, &mut self.pool);
                let (first, second) = tokio::join!(send(&bench, &one), send(&other, &two));
                self.judge(&one, first);
                self.judge(&two, second);
            }
            4 if self.random.chance(0.2) => {
                self.trouble();
                self.emulator.set_faults(self.faults.clone());
            }
            5 if self.random.chance(0.3) => {
                // What is at work goes on in what was restored.
                let state = self.emulator.state().unwrap();
                self.emulator.restore(&state).unwrap();
                assert_eq!(self.emulator.state().unwrap(), state);
            }
            _ => {
                let asked = draw::request(&mut self.random, &mut self.pool);
                let answer = send(&bench, &asked).await;
                self.judge(&asked, answer);
                // Much is refused while something is at work.
                if asked.0.contains("Provision") && self.random.chance(0.2) {
                    bench.pass(60.0).await;
                }
            }
        }
    }

    /// The answer, where one came: a connection is cut only where a rule says so.
    fn arrived(
        &mut self,
        what: &str,
        answer: Result<Response<Bytes>, Dropped>,
    ) -> Option<Response<Bytes>> {
        if let Ok(response) = answer {
            return Some(response);
        }
        let cuts = |rule: &Rule| matches!(rule.effect, Effect::DropBefore | Effect::DropAfter);
        assert!(self.faults.rules.iter().any(cuts), "{what} is cut");
        self.trace.push(format!("{what}: cut"));
        None
    }

    /// Whether the service could have answered so.
    fn judge(&mut self, asked: &(String, Value), answer: Result<Response<Bytes>, Dropped>) {
        let (operation, input) = asked;
        let Some(response) = self.arrived(&format!("{operation} {input}"), answer) else {
            return;
        };
        let raw = String::from_utf8(response.body().to_vec()).unwrap();
        self.trace.push(format!("{operation} {input}: {raw}"));
        let body: Value = serde_json::from_str(&raw).unwrap();
        let status = response.status().as_u16();
        if status == 200 {
            *self.done.entry(operation.clone()).or_default() += 1;
            if input
                .pointer("/ProvisioningPreferences/StackSetOperationType")
                .is_some()
            {
                *self.done.entry(CHANGED_SETS.to_owned()).or_default() += 1;
            }
            self.pool.learn(&body);
            let product = input["ProductId"].as_str();
            let made = body.pointer("/ProductViewDetail/ProductViewSummary/ProductId");
            let product = product.or_else(|| made.and_then(Value::as_str));
            if let ("CreatePortfolioShare", Some(portfolio)) =
                (operation.as_str(), input["PortfolioId"].as_str())
            {
                self.pool.keep("shared", portfolio);
            }
            let version = body.pointer("/ProvisioningArtifactDetail/Id");
            if let (Some(product), Some(version)) = (product, version.and_then(Value::as_str)) {
                self.pool.pair(product, version);
            }
            let token = body.get("NextPageToken").or_else(|| body.get("PageToken"));
            if let Some(token) = token.and_then(Value::as_str) {
                assert_ne!(token, "");
                self.pool.turn(operation, input.clone(), token);
            }
            return;
        }
        let code = body["__type"].as_str().unwrap();
        let asked_for = |rule: &Rule| match &rule.effect {
            Effect::InternalFailure => status == 500,
            Effect::Refuse { code: asked, .. } => asked == code,
            _ => false,
        };
        let fine = match status {
            501 => code == "NotImplemented",
            400 | 413 => MODEL.may(operation, code),
            _ => false,
        };
        let fine = fine || self.faults.rules.iter().any(asked_for);
        assert!(fine, "{operation} {input}: {status} {raw}");
    }

    /// A call of another service.
    async fn beside(&mut self, bench: &Bench) {
        let random = &mut self.random;
        let name = *pick(random, &["alpha", "beta", "", "é", "SC-1"]);
        let strange = draw::hostile(random);
        let known = self.pool.one(random, &["stack", "r", "ou", "o"]);
        let known = known.unwrap_or_else(|| strange.clone());
        let account = *pick(random, &ACCOUNTS);
        let (service, target, body) = match random.below(8) {
            0 => {
                let operation = *pick(
                    random,
                    &[
                        "CreateOrganization",
                        "DescribeOrganization",
                        "CreateAccount",
                        "CreateOrganizationalUnit",
                        "MoveAccount",
                        "RemoveAccountFromOrganization",
                        "RegisterDelegatedAdministrator",
                        "DeregisterDelegatedAdministrator",
                        "ListAccounts",
                        "ListChildren",
                        "ListParents",
                        "DescribeAccount",
                    ],
                );
                let input = json!({
                    "AccountId": account, "AccountName": name, "Email": "a@example.com", "Name": name,
                    "ParentId": known, "ChildId": known, "ChildType": "ACCOUNT", "SourceParentId": known,
                    "DestinationParentId": known, "ServicePrincipal": "servicecatalog.amazonaws.com",
                    "MaxResults": 1,
                });
                let target = format!("AWSOrganizationsV20161128.{operation}");
                ("organizations", target, input.to_string())
            }
            1 => {
                let operation = *pick(
                    random,
                    &[
                        "PutParameter",
                        "GetParameter",
                        "GetParameters",
                        "DeleteParameter",
                    ],
                );
                let input = json!({"Name": name, "Names": [name, strange], "Value": strange, "Type": "String", "Overwrite": true});
                let target = format!("AmazonSSM.{operation}");
                ("ssm", target, input.to_string())
            }
            2 => {
                let input = json!({"ResourceTypeFilters": ["catalog"], "ResourcesPerPage": 2, "TagFilters": [{"Key": "alpha"}]});
                let target = "ResourceGroupsTaggingAPI_20170126.GetResources".to_owned();
                ("tagging", target, input.to_string())
            }
            3 => {
                let role = "arn:aws:iam::123456789012:role/other";
                let body = format!("Action=AssumeRole&RoleArn={role}&RoleSessionName=walk");
                ("sts", String::new(), body)
            }
            _ => {
                let action = *pick(
                    random,
                    &[
                        "CreateStack",
                        "UpdateStack",
                        "DeleteStack",
                        "DeleteStack",
                        "DescribeStacks",
                        "DescribeStackEvents",
                        "ListStacks",
                        "GetTemplateSummary",
                        "ListStackResources",
                    ],
                );
                let stack = if random.chance(0.5) { &known } else { name };
                let template = pick(random, &TEMPLATES).replace('&', "%26");
                let body = format!("Action={action}&StackName={stack}&TemplateBody={template}");
                ("cloudformation", String::new(), body)
            }
        };
        let what = format!("{service} {target} {body}");
        let answer = other(bench, service, &target, body).await;
        let Some(response) = self.arrived(&what, answer) else {
            return;
        };
        let status = response.status().as_u16();
        let ordered = |rule: &Rule| rule.effect == Effect::InternalFailure;
        let fails = self.faults.rules.iter().any(ordered);
        assert!(
            status < 500 || status == 501 || fails,
            "{what}: {response:?}"
        );
        let raw = String::from_utf8_lossy(response.body()).into_owned();
        self.trace.push(format!("{what}: {raw}"));
        if let Ok(body) = serde_json::from_str(&raw) {
            self.pool.learn(&body);
        } else if let Some((_, rest)) = raw.split_once("<AccessKeyId>") {
            let key = rest.split('<').next().unwrap().to_owned();
            self.benches.push(Bench {
                key,
                ..bench.clone()
            });
        } else {
            self.stacks(&raw);
        }
    }
}

/// A call of another service than Service Catalog: JSON with a target, forms without one.
async fn other(
    bench: &Bench,
    service: &str,
    target: &str,
    body: String,
) -> Result<Response<Bytes>, Dropped> {
    match target.split_once('.') {
        Some((target, operation)) => bench.send_to(service, target, operation, body).await,
        None => bench.query(service, body).await,
    }
}

async fn send(
    bench: &Bench,
    (operation, input): &(String, Value),
) -> Result<Response<Bytes>, Dropped> {
    let call = bench.send(operation, input.to_string());
    let answer = tokio::time::timeout(PATIENCE, call).await;
    answer.unwrap_or_else(|_| panic!("{operation} {input} hangs"))
}

/// One walk and what is left of it; returns what was answered.
async fn walked(seed: u64) -> (Walk, Vec<String>) {
    let mut walk = Walk::new(seed);
    walk.prepare().await;
    let steps = STEPS.start + walk.random.below(STEPS.end - STEPS.start);
    for _ in 0..steps {
        walk.step().await;
    }
    let trace = std::mem::take(&mut walk.trace);
    (walk, trace)
}

/// Walks, looks, and says how often each operation did what it was asked.
async fn walk(seed: u64) -> BTreeMap<String, usize> {
    let (walk, trace) = walked(seed).await;
    walk.emulator.set_faults(calm());
    let callers: Vec<Bench> = walk.benches[..ACCOUNTS.len() * REGIONS.len()].to_vec();
    // While much is still at work: all of it is there, and a saved state goes on as what it was taken from.
    survey::survey(&callers).await;
    let moved = emulator(seed + 1, Profile::Local, walk.emulator.clock());
    moved.set_faults(calm());
    let state = walk.emulator.state().unwrap();
    moved.restore(&state).unwrap();
    assert_eq!(moved.state().unwrap(), state, "saved again");
    let there: Vec<Bench> = callers
        .iter()
        .map(|bench| Bench {
            emulator: moved.clone(),
            ..bench.clone()
        })
        .collect();
    callers[0].pass(86_400.0).await;
    let here = survey::survey(&callers).await;
    let there = survey::survey(&there).await;
    for (here, there) in here.iter().zip(&there) {
        assert_eq!(here, there, "as restored");
    }
    assert_eq!(here.len(), there.len());
    if !walk.endless {
        survey::at_rest(&here);
    }
    if seed.is_multiple_of(4) {
        let (_, again) = walked(seed).await;
        for (first, second) in trace.iter().zip(&again) {
            assert_eq!(first, second, "the same seed");
        }
        assert_eq!(trace.len(), again.len(), "the same seed");
    }
    walk.emulator.reset();
    let fresh = emulator(seed, Profile::Local, walk.emulator.clock());
    let (reset, fresh) = (walk.emulator.state().unwrap(), fresh.state().unwrap());
    assert_eq!(reset, fresh, "reset");
    walk.done
}

/// Two tests, so that two cores share them.
async fn walk_all(part: u64) {
    let asked = asked_seeds("CATALOGD_WALK");
    let usual = asked.is_none();
    let mut done: BTreeMap<String, usize> = BTreeMap::new();
    for seed in asked.unwrap_or(0..40).filter(|seed| seed % 2 == part) {
        let _told = Seed {
            variable: "CATALOGD_WALK",
            seed,
        };
        for (operation, count) in walk(seed).await {
            *done.entry(operation).or_default() += count;
        }
    }
    // All that leads on has led on: a walk that is refused everywhere would show nothing.
    for operation in draw::MAKERS.into_iter().chain([SETS, CHANGED_SETS]) {
        assert!(
            !usual || done.contains_key(operation),
            "no {operation} in {done:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn random_walks_are_answered_and_leave_all_in_order() {
    walk_all(0).await;
}

#[tokio::test(start_paused = true)]
async fn more_random_walks_are_answered_and_leave_all_in_order() {
    walk_all(1).await;
}
