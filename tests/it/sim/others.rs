//! What other hands own in a simulation: products that ours are copied from, and stacks that ours import. They change
//! it as they like, keep a book of it, and at the end everything must be as their book says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use aws_sdk_servicecatalog::types::{
    ProvisioningArtifactGuidance, ProvisioningArtifactProperties, RecordDetail, Tag,
};
use catalogd::clock::Entropy;
use catalogd::emulator::cfn::StackStatus;
use catalogd::emulator::seed;
use catalogd::ids::ProductArn;
use catalogd::model::desired::{Guidance, Tags};
use catalogd::model::observed::{LiveProduct, LiveProvisioned, Observed};
use serde_json::{Value, json};

use super::{some, template};
use crate::world::{ACCOUNT, REGION, World};

const BUCKET: &str = "somebody-elses-templates";
const STRANGERS: [&str; 2] = ["port-strangeraaa2a", "prod-strangeraaa2a"];
/// Templates that there are, in git and elsewhere.
pub const TEMPLATES: u64 = 4;

/// What is not ours, as its owners left it.
#[derive(Debug, Clone)]
pub struct Others {
    pub sources: Vec<Source>,
    pub stacks: Vec<Stack>,
    /// How often somebody ended a provisioned product of this name.
    ended: BTreeMap<String, usize>,
}

/// A product that ours are copied from.
#[derive(Debug, Clone)]
pub struct Source {
    id: String,
    region: &'static str,
    pub deleted: bool,
    tags: BTreeMap<String, String>,
    /// All that ever were, oldest first.
    versions: Vec<Published>,
}

#[derive(Debug, Clone)]
pub struct Published {
    id: String,
    pub name: String,
    pub template: u64,
    description: Option<u64>,
    pub active: bool,
    pub deprecated: bool,
    deleted: bool,
}

/// A stack that ours may import.
#[derive(Debug, Clone)]
pub struct Stack {
    template: u64,
    size: u64,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Good,
    /// There never was one.
    Missing,
    /// In no state to be imported, and left so.
    Broken,
    /// In such a state for a while.
    Passing(StackStatus),
}

/// An id of the service's form.
fn fixed(prefix: &str, one: usize, other: usize) -> String {
    let letter = |n: usize| char::from(b'a' + u8::try_from(n).unwrap());
    format!("{prefix}-simulated{}{}2a", letter(one), letter(other))
}

/// Where each source is.
const REGIONS: [&str; 2] = [REGION, "eu-west-1"];

/// Versions of different sources have different names.
fn version_name(source: usize, version: usize) -> String {
    format!("{}{version}", ["a", "b", "c"][source])
}

fn template_url(n: u64) -> String {
    format!("https://{BUCKET}.s3.{REGION}.amazonaws.com/t{n}.yaml")
}

/// Another team's ownership tag.
fn mark(name: &str) -> String {
    format!("team/{ACCOUNT}/{REGION}/{name}")
}

impl Published {
    fn random(random: &mut Entropy, name: String) -> Self {
        Self {
            id: String::new(),
            name,
            template: random.below(TEMPLATES),
            description: some(random),
            active: random.chance(0.85),
            deprecated: random.chance(0.2),
            deleted: false,
        }
    }

    pub fn guidance(&self) -> Guidance {
        match self.deprecated {
            true => Guidance::Deprecated,
            false => Guidance::Default,
        }
    }

    pub fn description(&self) -> Option<String> {
        self.description.map(|d| format!("d{d}"))
    }
}

impl Source {
    fn random(random: &mut Entropy, at: usize) -> Self {
        let versions = 1 + random.below(3) as usize;
        let mut tags: BTreeMap<String, String> = [("team".to_owned(), "them".to_owned())].into();
        if at == 1 {
            // Somebody manages it as we manage ours.
            tags.insert("catalogd:product".to_owned(), mark("source"));
        }
        let versions = (0..versions).map(|n| Published {
            id: fixed("pa", at, n),
            ..Published::random(random, version_name(at, n))
        });
        Self {
            id: fixed("prod", at, 0),
            region: REGIONS[at],
            deleted: false,
            tags,
            versions: versions.collect(),
        }
    }

    pub fn arn(&self) -> String {
        format!(
            "arn:aws:catalog:{}:{ACCOUNT}:product/{}",
            self.region, self.id
        )
    }

    /// The versions that are there.
    pub fn versions(&self) -> impl Iterator<Item = &Published> {
        let gone = self.deleted;
        self.versions.iter().filter(move |v| !gone && !v.deleted)
    }

    pub fn version(&self, name: &str) -> Option<&Published> {
        self.versions().find(|v| v.name == name)
    }

    /// Whether versions of this name had different templates.
    pub fn is_republished(&self, name: &str) -> bool {
        self.versions.iter().filter(|v| v.name == name).count() > 1
    }

    /// All names that ever were.
    pub fn names(&self) -> BTreeSet<&str> {
        self.versions.iter().map(|v| v.name.as_str()).collect()
    }

    /// The templates that versions of this name ever had.
    pub fn templates(&self, name: &str) -> impl Iterator<Item = u64> {
        let all = self.versions.iter().filter(move |v| v.name == name);
        all.map(|v| v.template)
    }

    /// The tags that a copy takes along.
    pub fn plain_tags(&self) -> impl Iterator<Item = (&String, &String)> {
        self.tags.iter().filter(|(k, _)| !k.contains(':'))
    }
}

impl Stack {
    fn random(random: &mut Entropy) -> Self {
        Self {
            template: random.below(TEMPLATES),
            size: random.below(9),
            state: match random.below(10) {
                0 => State::Missing,
                1 => State::Broken,
                2 => State::Passing(StackStatus::UpdateInProgress),
                3 => State::Passing(StackStatus::UpdateRollbackFailed),
                _ => State::Good,
            },
        }
    }
}

pub fn stack_arn(stack: usize) -> String {
    format!(
        "arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/legacy-{stack}/{}",
        stack_uuid(stack)
    )
}

fn stack_uuid(stack: usize) -> String {
    format!("0a1b2c3d-0a1b-4a1b-8a1b-00000000000{stack}")
}

impl Others {
    pub fn random(random: &mut Entropy) -> Self {
        Self {
            sources: (0..2).map(|at| Source::random(random, at)).collect(),
            stacks: (0..3).map(|_| Stack::random(random)).collect(),
            ended: BTreeMap::new(),
        }
    }

    /// Whether a live portfolio or product is somebody else's.
    pub fn own(&self, id: &str) -> bool {
        STRANGERS.contains(&id) || self.sources.iter().any(|source| source.id == id)
    }

    /// What is live without what is theirs.
    pub fn without(&self, live: &Observed) -> Observed {
        let mut ours = live.clone();
        ours.portfolios.retain(|id, _| !self.own(id.as_str()));
        ours.products.retain(|id, _| !self.own(id.as_str()));
        ours
    }

    /// Makes it all. Another team's portfolio and product have names that ours have too.
    pub async fn settle_in(&self, world: &World) {
        let sc = |operation: &str, ids: &[&str], input: Value| json!({"service": "servicecatalog", "operation": operation, "ids": ids, "input": input});
        let version = |name: &str, description: Option<String>, url: String| {
            let mut version = json!({"Name": name, "Info": {"LoadTemplateFromURL": url}});
            if let Some(description) = description {
                version["Description"] = description.into();
            }
            version
        };
        let tag = |(key, value): (&String, &String)| json!({"Key": key, "Value": value});
        let product = |name: &str, tags: Value, version: Value| {
            json!({
                "Name": name, "Owner": "them", "ProductType": "CLOUD_FORMATION_TEMPLATE",
                "Tags": tags, "ProvisioningArtifactParameters": version,
            })
        };
        let [portfolio, stranger] = STRANGERS;
        let mut calls = vec![
            json!({"service": "s3", "operation": "CreateBucket", "input": {"Bucket": BUCKET}}),
        ];
        for n in 0..TEMPLATES {
            calls.push(json!({
                "service": "s3", "operation": "PutObject",
                "input": {"Bucket": BUCKET, "Key": format!("t{n}.yaml"), "Body": template(n)},
            }));
        }
        let tags = json!([{"Key": "catalogd:product", "Value": mark("x0")}]);
        let input = product("x0", tags, version("v0", None, template_url(0)));
        calls.push(sc("CreateProduct", &[stranger], input));
        let tags = json!([{"Key": "catalogd:portfolio", "Value": mark("p0")}]);
        let input = json!({"DisplayName": "p0", "ProviderName": "them", "Tags": tags});
        calls.push(sc("CreatePortfolio", &[portfolio], input));
        let input = json!({"PortfolioId": portfolio, "ProductId": stranger});
        calls.push(sc("AssociateProductWithPortfolio", &[], input));
        for (at, source) in self.sources.iter().enumerate() {
            let tags: Vec<Value> = source.tags.iter().map(tag).collect();
            for (n, v) in source.versions.iter().enumerate() {
                let version = version(&v.name, v.description(), template_url(v.template));
                let mut made = match n {
                    0 => sc(
                        "CreateProduct",
                        &[&source.id, &v.id],
                        product(&format!("source-{at}"), json!(tags), version),
                    ),
                    _ => sc(
                        "CreateProvisioningArtifact",
                        &[&v.id],
                        json!({"ProductId": source.id, "Parameters": version}),
                    ),
                };
                made["region"] = source.region.into();
                calls.push(made);
                if v.deprecated || !v.active {
                    let input = json!({
                        "ProductId": source.id, "ProvisioningArtifactId": v.id, "Active": v.active,
                        "Guidance": v.guidance().as_str(),
                    });
                    let mut update = sc("UpdateProvisioningArtifact", &[], input);
                    update["region"] = source.region.into();
                    calls.push(update);
                }
            }
        }
        for (at, stack) in self.stacks.iter().enumerate() {
            if stack.state == State::Missing {
                continue;
            }
            let size =
                json!({"ParameterKey": "Size", "ParameterValue": format!("s{}", stack.size)});
            calls.push(json!({
                "service": "cloudformation", "operation": "CreateStack", "ids": [stack_uuid(at)],
                "input": {
                    "StackName": format!("legacy-{at}"), "TemplateBody": template(stack.template),
                    "Parameters": [size],
                },
            }));
        }
        let calls = Value::Array(calls).to_string();
        let loaded = seed::load_text(&world.emulator, &calls, Path::new("")).await;
        loaded.unwrap();
        for (at, stack) in self.stacks.iter().enumerate() {
            match stack.state {
                State::Good | State::Missing => {}
                State::Broken => force(world, at, StackStatus::RollbackComplete),
                State::Passing(status) => force(world, at, status),
            }
        }
    }

    /// They change something of their own. Their calls fail like ours; they give up then.
    pub async fn meddle(&mut self, world: &World, observed: &Observed, random: &mut Entropy) {
        if random.chance(0.3) {
            let at = random.below(self.stacks.len() as u64) as usize;
            return self.shake(world, observed, at, random);
        }
        let at = random.below(self.sources.len() as u64) as usize;
        let what = random.below(9);
        let source = &mut self.sources[at];
        if source.deleted {
            return;
        }
        let live: Vec<usize> = (0..source.versions.len())
            .filter(|n| !source.versions[*n].deleted)
            .collect();
        let chosen = live[random.below(live.len() as u64) as usize];
        match what {
            0 | 1 => {
                let name = version_name(at, source.names().len());
                source.publish(world, name, random).await;
            }
            2 => {
                // A name comes back with another template.
                let name = source.versions.iter().find(|v| v.deleted);
                let name = name.map(|v| v.name.clone());
                if let Some(name) = name.filter(|name| source.version(name).is_none()) {
                    source.publish(world, name, random).await;
                }
            }
            3..=5 => {
                let mut version = source.versions[chosen].clone();
                match what {
                    3 => version.active = !version.active,
                    4 => version.deprecated = !version.deprecated,
                    _ => version.description = Some(random.below(4)),
                }
                source.update(world, chosen, version).await;
            }
            6 if live.len() > 1 => {
                let request = source.console(world).delete_provisioning_artifact();
                let request = request
                    .product_id(&source.id)
                    .provisioning_artifact_id(&source.versions[chosen].id);
                if request.send().await.is_ok() {
                    source.versions[chosen].deleted = true;
                }
            }
            7 => {
                let key = format!("t{}", random.below(2));
                let request = source.console(world).update_product().id(&source.id);
                if source.tags.contains_key(&key) && random.chance(0.5) {
                    if request.remove_tags(&key).send().await.is_ok() {
                        source.tags.remove(&key);
                    }
                    return;
                }
                let value = format!("v{}", random.below(3));
                let tag = Tag::builder().key(&key).value(&value).build().unwrap();
                if request.add_tags(tag).send().await.is_ok() {
                    source.tags.insert(key, value);
                }
            }
            8 if random.chance(0.3) => {
                let request = source.console(world).delete_product().id(&source.id);
                source.deleted = request.send().await.is_ok();
            }
            _ => {}
        }
    }

    /// A stack that nobody imported yet goes into another state, or comes back from it.
    fn shake(&mut self, world: &World, observed: &Observed, at: usize, random: &mut Entropy) {
        let arn = stack_arn(at);
        let mut all = observed.provisioned.values();
        if all.any(|o| o.physical_id.as_deref() == Some(&arn)) || status(world, at).is_none() {
            return;
        }
        let stack = &mut self.stacks[at];
        match stack.state {
            State::Missing | State::Broken => {}
            State::Passing(_) => {
                force(world, at, StackStatus::UpdateComplete);
                stack.state = State::Good;
            }
            State::Good => {
                let status = match random.chance(0.5) {
                    true => StackStatus::UpdateInProgress,
                    false => StackStatus::UpdateRollbackFailed,
                };
                force(world, at, status);
                stack.state = State::Passing(status);
            }
        }
    }

    /// What was to be for a while is over.
    pub fn rest(&mut self, world: &World) {
        for (at, stack) in self.stacks.iter_mut().enumerate() {
            if let State::Passing(_) = stack.state {
                if status(world, at).is_some() {
                    force(world, at, StackStatus::UpdateComplete);
                }
                stack.state = State::Good;
            }
        }
    }

    /// Somebody ends a provisioned product of ours, with its stack or without.
    pub async fn end(
        &mut self,
        world: &World,
        object: &LiveProvisioned,
        retain: bool,
        token: &str,
    ) {
        let request = world
            .console()
            .terminate_provisioned_product()
            .provisioned_product_id(object.id.as_str())
            .retain_physical_resources(retain)
            .terminate_token(token);
        if request.send().await.is_ok() {
            *self.ended.entry(object.name.clone()).or_default() += 1;
        }
    }

    /// Whether a stack can be imported by now.
    pub fn is_importable(&self, world: &World, stack: usize) -> bool {
        matches!(self.stacks[stack].state, State::Good) && status(world, stack).is_some()
    }

    /// The template that a stack was made from, for those who choose what it shall become.
    pub fn stack_template(&self, stack: usize) -> u64 {
        self.stacks[stack].template
    }

    /// Whether that is still the template that it has.
    pub fn has_template(&self, world: &World, stack: usize, n: u64) -> bool {
        world.emulator.with_stacks(ACCOUNT, REGION, |stacks, _| {
            let found = stacks.get(&stack_arn(stack));
            found.is_some_and(|stack| *stack.template == *template(n).as_bytes())
        })
    }

    /// Asserts that what is theirs is as they left it.
    pub fn expect_untouched(&self, live: &Observed) {
        for source in &self.sources {
            let found = if source.region == REGION {
                let found = live.products.get(&source.id.as_str().into());
                assert_eq!(found.is_none(), source.deleted, "{}: {found:?}", source.id);
                found
            } else {
                // Read only where it is copied from.
                let arn = ProductArn::parse(&source.arn()).unwrap();
                live.sources.get(&arn)
            };
            if let Some(found) = found {
                source.expect(found);
            }
        }
    }

    /// Asserts that what was imported was imported, updated, and ended by nobody but the hands.
    pub async fn expect_only_imported(&self, world: &World, names: &BTreeSet<String>) {
        let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
        for record in records(world).await {
            let name = record.provisioned_product_name().unwrap_or_default();
            if names.contains(name) {
                let kind = record.record_type().unwrap_or_default();
                let key = (name.to_owned(), kind.to_owned());
                *counts.entry(key).or_default() += 1;
            }
        }
        for ((name, kind), count) in counts {
            match kind.as_str() {
                "IMPORT_PROVISIONED_PRODUCT" | "UPDATE_PROVISIONED_PRODUCT" => {}
                "TERMINATE_PROVISIONED_PRODUCT" => {
                    assert_eq!(Some(&count), self.ended.get(&name), "{name} was ended");
                }
                other => panic!("{name}: {count} {other}"),
            }
        }
    }
}

impl Source {
    fn console(&self, world: &World) -> aws_sdk_servicecatalog::Client {
        world.console_in(self.region)
    }

    async fn publish(&mut self, world: &World, name: String, random: &mut Entropy) {
        let mut version = Published {
            active: true,
            deprecated: false,
            ..Published::random(random, name)
        };
        let properties = ProvisioningArtifactProperties::builder()
            .name(&version.name)
            .set_description(version.description())
            .info("LoadTemplateFromURL", template_url(version.template))
            .build();
        let request = self
            .console(world)
            .create_provisioning_artifact()
            .product_id(&self.id)
            .parameters(properties)
            .idempotency_token(format!("publish-{}-{}", self.id, self.versions.len()));
        if let Ok(answer) = request.send().await {
            let made = answer.provisioning_artifact_detail().unwrap();
            version.id = made.id().unwrap().to_owned();
            self.versions.push(version);
        }
    }

    async fn update(&mut self, world: &World, at: usize, version: Published) {
        let request = self
            .console(world)
            .update_provisioning_artifact()
            .product_id(&self.id)
            .provisioning_artifact_id(&version.id)
            .active(version.active)
            .set_description(version.description())
            .guidance(match version.deprecated {
                true => ProvisioningArtifactGuidance::Deprecated,
                false => ProvisioningArtifactGuidance::Default,
            });
        if request.send().await.is_ok() {
            self.versions[at] = version;
        }
    }

    fn expect(&self, live: &LiveProduct) {
        let tags: Tags = self.tags.clone();
        assert_eq!(live.owner, "them", "{}", self.id);
        assert_eq!(live.tags, tags, "{}", self.id);
        let row = |name: &str, description: &Option<String>, active, guidance| {
            format!("{name} {description:?} {active} {guidance:?}")
        };
        let wanted = self.versions().map(|v| {
            let (description, guidance) = (v.description(), v.guidance());
            row(&v.name, &description, v.active, guidance)
        });
        let found = live.versions.iter();
        let found = found.map(|v| row(&v.name, &v.description, v.active, v.guidance));
        let (wanted, found): (BTreeSet<_>, BTreeSet<_>) = (wanted.collect(), found.collect());
        assert_eq!(found, wanted, "{}", self.id);
    }
}

fn force(world: &World, stack: usize, status: StackStatus) {
    let done = world.emulator.with_stacks(ACCOUNT, REGION, |stacks, ctx| {
        stacks.force_status(ctx.now, &stack_arn(stack), status)
    });
    assert!(done, "no stack {stack}");
}

/// A stack's status, where it is there.
fn status(world: &World, stack: usize) -> Option<StackStatus> {
    world.emulator.with_stacks(ACCOUNT, REGION, |stacks, _| {
        let status = stacks.get(&stack_arn(stack))?.status;
        (status != StackStatus::DeleteComplete).then_some(status)
    })
}

/// All records of the account.
async fn records(world: &World) -> Vec<RecordDetail> {
    let mut all = Vec::new();
    let mut page = None;
    loop {
        let filter = aws_sdk_servicecatalog::types::AccessLevelFilter::builder()
            .key(aws_sdk_servicecatalog::types::AccessLevelFilterKey::Account)
            .value("self")
            .build();
        let answer = world
            .console()
            .list_record_history()
            .access_level_filter(filter)
            .set_page_token(page)
            .send()
            .await
            .unwrap();
        all.extend_from_slice(answer.record_details());
        page = answer.next_page_token().map(str::to_owned);
        if page.as_deref().is_none_or(str::is_empty) {
            return all;
        }
    }
}

/// What does not change at all, in a form that shows any change of it.
pub fn strangers(observed: &Observed) -> String {
    let [portfolio, product] = STRANGERS;
    let mut text = String::new();
    let _ = write!(text, "{:?}", observed.portfolios.get(&portfolio.into()));
    if let Some(o) = observed.products.get(&product.into()) {
        let versions = o.versions.len();
        let _ = write!(text, "{:?} {:?} {:?} {versions}", o.name, o.owner, o.tags);
    }
    text
}
