//! Random desired states × random console edits × faults, many and small: each case is a catalog of one to four objects, an
//! edit of git, hands in the console and an AWS that throttles, fails, lags, flips and loses answers. Once that is over the
//! catalog must be as git says, everything there once, and nobody else's touched.
//!
//! A failing case prints its seed. `CATALOGD_CASES=FROM..TO` runs these seeds instead of the usual ones.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use aws_sdk_ssm::types::ParameterType;
use catalogd::clock::Entropy;
use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Faults, Lag, Rule};
use catalogd::model::desired::Guidance;
use catalogd::model::observed::{LivePortfolio, LiveProduct, Observed};
use catalogd::model::owner::Installation;
use catalogd::reconcile::converge::End;
use catalogd::render::text::{self, Style};

use crate::examples::expect_each_once;
use crate::scenario::kit::SIZE;
use crate::scenario::shares::organized;
use crate::shared::{Seed, asked_seeds};
use crate::world::World;

/// In CI, over all parts.
const CASES: u64 = 2_000;
const PARTS: u64 = 4;

/// A catalog in which every field is given or left out by chance.
#[derive(Debug, Clone)]
struct Catalog {
    portfolio: Portfolio,
    spare: bool,
    product: Option<Product>,
    tag_option: bool,
    action: bool,
    launched: Option<u64>,
    /// What is launched is a stack set.
    set: bool,
    /// The size of what is launched comes from the parameter store.
    stored: bool,
    /// What is launched tells a topic of its own.
    topics: bool,
    /// Somebody has made `spare` before, and it is taken over by its name.
    adopts: bool,
    /// The account is an organization's, of this id.
    organization: Option<String>,
}

#[derive(Debug, Clone)]
struct Portfolio {
    description: Option<u64>,
    tags: Option<u64>,
    principals: Option<BTreeSet<u64>>,
    budgets: Option<BTreeSet<u64>>,
    shares: Option<BTreeSet<u64>>,
    /// Beside those accounts the whole organization.
    shared_with_all: bool,
    tag_options: Option<bool>,
}

#[derive(Debug, Clone)]
struct Product {
    owner: u64,
    description: Option<u64>,
    email: Option<u64>,
    tags: Option<u64>,
    tag_options: Option<bool>,
    constraints: Option<Constraints>,
    /// Description and guidance of the first version, and how many more there are.
    described: Option<u64>,
    deprecated: Option<bool>,
    more: u64,
    offers: Option<bool>,
    /// How many versions stay in use; older ones are deprecated.
    retention: Option<u64>,
}

/// A launch role or a stack set, whether tags may change, a topic, a rule.
#[derive(Debug, Clone, Default)]
struct Constraints {
    launch: Option<u64>,
    stack_set: bool,
    updates: Option<bool>,
    topic: Option<u64>,
    rule: Option<u64>,
}

fn some(random: &mut Entropy) -> Option<u64> {
    random.chance(0.6).then(|| random.below(3))
}

fn flag(random: &mut Entropy) -> Option<bool> {
    random.chance(0.6).then(|| random.chance(0.5))
}

fn set(random: &mut Entropy) -> Option<BTreeSet<u64>> {
    let count = random.below(3);
    random
        .chance(0.6)
        .then(|| (0..count).map(|_| random.below(4)).collect())
}

impl Catalog {
    fn random(random: &mut Entropy) -> Self {
        let mut catalog = Self {
            portfolio: Portfolio {
                description: some(random),
                tags: some(random),
                principals: set(random),
                budgets: set(random),
                shares: set(random),
                shared_with_all: random.chance(0.5),
                tag_options: flag(random),
            },
            spare: random.chance(0.3),
            product: random.chance(0.8).then(|| Product::random(random)),
            tag_option: random.chance(0.5),
            action: random.chance(0.4),
            launched: random.chance(0.3).then(|| random.below(4)),
            set: random.chance(0.3),
            stored: random.chance(0.4),
            topics: random.chance(0.4),
            adopts: random.chance(0.5),
            organization: None,
        };
        catalog.mend();
        catalog
    }

    /// Drops references to what is not there.
    fn mend(&mut self) {
        if !self.tag_option {
            self.portfolio.tag_options = self.portfolio.tag_options.map(|_| false);
        }
        if let Some(product) = &mut self.product {
            product.tag_options = product.tag_options.map(|given| given && self.tag_option);
            product.offers = product.offers.map(|given| given && self.action);
            // A launch asks for the tags of TagOptions, which is another matter.
            if self.launched.is_some() {
                product.tag_options = None;
                self.portfolio.tag_options = None;
                // Left out it would stay as it was, and nothing is launched anew of what is deprecated.
                product.deprecated = Some(false);
                product.retention = None;
                // What is a stack set is launched as one. Left out it would stay.
                let constraints = product.constraints.get_or_insert_default();
                constraints.stack_set = self.set;
                if self.set {
                    constraints.launch = None;
                }
            }
        } else {
            self.launched = None;
        }
    }

    /// Whether what is launched becomes a stack set.
    fn makes_sets(&self) -> bool {
        let constraints = self.product.iter().flat_map(|o| &o.constraints);
        constraints.into_iter().any(|all| all.stack_set)
    }

    /// What an edit of git makes of it: other values, and some things gone.
    fn edited(&self, random: &mut Entropy) -> Self {
        let mut other = Self::random(random);
        // What was launched stays, and so does what it is launched of.
        if self.launched.is_some() && other.launched.is_none() {
            other.launched = self.launched;
        }
        if self.product.is_some() && other.product.is_none() {
            other.product = self.product.clone();
        }
        let versions = |catalog: &Self| catalog.product.as_ref().map_or(0, |o| o.more);
        if let (Some(product), before) = (&mut other.product, versions(self)) {
            product.more = product.more.max(before);
        }
        if self.launched.is_some() {
            // A stack stays one. Topics are given at the launch and never changed.
            (other.set, other.topics) = (self.set, self.topics);
        }
        other.adopts = self.adopts;
        other.organization.clone_from(&self.organization);
        other.mend();
        other
    }

    fn manifests(&self) -> String {
        let mut text = String::new();
        let head = |text: &mut String, kind: &str, name: &str| {
            let _ = writeln!(
                text,
                "---\napiVersion: catalogd.dev/v1\nkind: {kind}\nmetadata: {{name: {name}, onRemove: delete}}\nspec:"
            );
        };
        let listed = |all: &BTreeSet<u64>, item: &dyn Fn(&u64) -> String| {
            let items: Vec<_> = all.iter().map(item).collect();
            format!("[{}]", items.join(", "))
        };
        let Portfolio {
            description,
            tags,
            principals,
            budgets,
            shares,
            shared_with_all,
            tag_options,
        } = &self.portfolio;
        head(&mut text, "Portfolio", "net");
        text.push_str("  providerName: Us\n");
        if let Some(n) = description {
            let _ = writeln!(text, "  description: '{}'", word(*n));
        }
        if let Some(n) = tags {
            let _ = writeln!(text, "  tags: {{{}}}", tag(*n));
        }
        match (principals, self.launched) {
            (None, None) => {}
            (all, _) => {
                let all = all.clone().unwrap_or_default();
                let others = all.iter().map(|n| format!("{{arn: '{}'}}, ", role(*n)));
                let _ = writeln!(
                    text,
                    "  principals: [{}{{self: true}}]",
                    others.collect::<String>()
                );
            }
        }
        if let Some(all) = budgets {
            let _ = writeln!(text, "  budgets: {}", listed(all, &|n| format!("b{n}")));
        }
        if let Some(all) = shares {
            let accounts = all
                .iter()
                .map(|n| format!("{{account: '{}'}}", account(*n)));
            let node = self.organization.iter().filter(|_| *shared_with_all);
            let node = node.map(|id| format!("{{organization: {id}, sharePrincipals: true}}"));
            let all: Vec<_> = accounts.chain(node).collect();
            let _ = writeln!(text, "  shares: [{}]", all.join(", "));
        }
        if let Some(given) = tag_options {
            let _ = writeln!(
                text,
                "  tagOptions: [{}]",
                if *given { "stage" } else { "" }
            );
        }
        if self.spare {
            head(&mut text, "Portfolio", "spare");
            text.push_str("  providerName: Us\n");
            if self.adopts {
                text = text.replace("{name: spare, ", "{name: spare, adopt: byName, ");
            }
        }
        if self.tag_option {
            head(&mut text, "TagOption", "stage");
            text.push_str("  key: stage\n  value: prod\n");
        }
        if self.action {
            head(&mut text, "ServiceAction", "restart");
            text.push_str("  definition: {name: AWS-RestartEC2Instance, version: \"1\"}\n");
        }
        if let Some(product) = &self.product {
            head(&mut text, "Product", "vpc");
            product.write(&mut text);
        }
        if let Some(size) = self.launched {
            head(&mut text, "ProvisionedProduct", "hub");
            let size = match self.stored {
                true => format!("{{ssm: /size/{size}}}"),
                false => format!("s{size}"),
            };
            let _ = writeln!(
                text,
                "  product: vpc\n  version: v0\n  parameters: {{Size: {size}}}"
            );
            if self.set {
                text.push_str("  stackSet: {}\n");
            }
            if self.topics {
                let _ = writeln!(text, "  notificationArns: ['{TOPIC}']");
            }
        }
        text
    }
}

const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:told";

fn word(n: u64) -> &'static str {
    ["", "one", "two: \"ü\""][n as usize]
}

fn tag(n: u64) -> &'static str {
    ["", "t: one", "t: two, u: three"][n as usize]
}

fn role(n: u64) -> String {
    format!("arn:aws:iam::123456789012:role/R{n}")
}

fn account(n: u64) -> String {
    format!("{}10987654321", n + 2)
}

impl Product {
    fn random(random: &mut Entropy) -> Self {
        Self {
            owner: random.below(3),
            description: some(random),
            email: some(random),
            tags: some(random),
            tag_options: flag(random),
            constraints: random.chance(0.6).then(|| {
                let launch = some(random);
                Constraints {
                    stack_set: launch.is_none() && random.chance(0.4),
                    launch,
                    updates: flag(random),
                    topic: some(random),
                    rule: some(random),
                }
            }),
            described: some(random),
            deprecated: flag(random),
            more: random.below(3),
            offers: flag(random),
            retention: random.chance(0.3).then(|| 1 + random.below(2)),
        }
    }

    fn write(&self, text: &mut String) {
        let _ = writeln!(text, "  owner: o{}", self.owner);
        if let Some(n) = self.description {
            let _ = writeln!(text, "  description: '{}'", word(n));
        }
        if let Some(n) = self.email {
            let email = if n == 0 {
                String::new()
            } else {
                format!("e{n}@example.com")
            };
            let _ = writeln!(text, "  support: {{email: '{email}'}}");
        }
        if let Some(n) = self.tags {
            let _ = writeln!(text, "  tags: {{{}}}", tag(n));
        }
        if let Some(given) = self.tag_options {
            let _ = writeln!(text, "  tagOptions: [{}]", if given { "stage" } else { "" });
        }
        if let Some(given) = self.offers {
            let _ = writeln!(
                text,
                "  serviceActions: [{}]",
                if given { "restart" } else { "" }
            );
        }
        if let Some(n) = self.retention {
            let _ = writeln!(text, "  retention: {{active: {n}, older: DEPRECATED}}");
        }
        text.push_str("  portfolios:\n    - portfolio: net\n");
        if let Some(constraints) = &self.constraints {
            let Constraints {
                launch,
                stack_set,
                updates,
                topic,
                rule,
            } = constraints;
            let mut all = Vec::new();
            all.extend(launch.map(|n| format!("launch: {{localRoleName: L{n}}}")));
            if *stack_set {
                all.push(
                    "stackSet: {accounts: ['123456789012'], regions: [us-east-1], executionRole: Exec, \
                     adminRole: 'arn:aws:iam::123456789012:role/Admin'}"
                        .to_owned(),
                );
            }
            all.extend(rule.map(|n| {
                format!(
                    "template: {{rules: {{R: {{Assertions: [{{Assert: {{Fn::Not: [{{Fn::Equals: [{{Ref: Size}}, no{n}]}}]}}}}]}}}}}}"
                )
            }));
            all.extend(
                updates
                    .map(|on| format!("tagUpdates: {}", if on { "allowed" } else { "notAllowed" })),
            );
            all.extend(topic.map(|n| {
                format!("notification: {{topics: ['arn:aws:sns:us-east-1:123456789012:t{n}']}}")
            }));
            let _ = writeln!(text, "      constraints: {{{}}}", all.join(", "));
        }
        text.push_str("  versions:\n    - name: v0\n      template: size.yaml\n");
        if let Some(n) = self.described {
            let _ = writeln!(text, "      description: '{}'", word(n));
        }
        if let Some(deprecated) = self.deprecated {
            let _ = writeln!(
                text,
                "      guidance: {}",
                if deprecated { "DEPRECATED" } else { "DEFAULT" }
            );
        }
        for n in 1..=self.more {
            let _ = writeln!(text, "    - {{name: v{n}, template: size.yaml}}");
        }
    }
}

/// Somebody in the console changes one thing of what is there. A call that is refused is given up.
async fn meddle(world: &World, observed: &Observed, random: &mut Entropy) {
    let sc = world.console();
    let is_ours = |name: &str| name == "net";
    let net = observed
        .portfolios
        .values()
        .find(|o| is_ours(&o.display_name) && o.provider_name == "Us");
    let vpc = observed
        .products
        .values()
        .find(|o| o.name == "vpc" && o.owner != "them");
    let Some(net) = net else { return };
    match (random.below(10), vpc) {
        (0, _) => drop(
            sc.update_portfolio()
                .id(net.id.as_str())
                .description("by hand")
                .send()
                .await,
        ),
        (1, _) => drop(
            sc.update_portfolio()
                .id(net.id.as_str())
                .provider_name("by hand")
                .send()
                .await,
        ),
        (2, _) => {
            let enter = sc
                .associate_principal_with_portfolio()
                .portfolio_id(net.id.as_str());
            let enter = enter.principal_arn(role(random.below(6)));
            drop(enter.principal_type("IAM".into()).send().await);
        }
        (3, _) => {
            let share = sc.create_portfolio_share().portfolio_id(net.id.as_str());
            drop(share.account_id(account(random.below(6))).send().await);
        }
        (4, _) => {
            let give = sc
                .associate_budget_with_resource()
                .resource_id(net.id.as_str());
            drop(
                give.budget_name(format!("b{}", random.below(6)))
                    .send()
                    .await,
            );
        }
        (5, _) => {
            if let Some(constraint) = net.constraints.keys().next() {
                drop(sc.delete_constraint().id(constraint.as_str()).send().await);
            }
        }
        (6, Some(vpc)) => drop(
            sc.update_product()
                .id(vpc.id.as_str())
                .owner("by hand")
                .send()
                .await,
        ),
        (7, Some(vpc)) => {
            let tag = aws_sdk_servicecatalog::types::Tag::builder()
                .key("t")
                .value("hand");
            let update = sc.update_product().id(vpc.id.as_str());
            drop(update.add_tags(tag.build().unwrap()).send().await);
        }
        (8, Some(vpc)) => {
            if let Some(version) = vpc.versions.last() {
                let update = sc
                    .update_provisioning_artifact()
                    .product_id(vpc.id.as_str());
                let update = update.provisioning_artifact_id(version.id.as_str());
                drop(update.description("by hand").active(false).send().await);
            }
        }
        (9, Some(vpc)) => {
            if let Some(version) = vpc.versions.last().filter(|_| vpc.versions.len() > 1) {
                let delete = sc
                    .delete_provisioning_artifact()
                    .product_id(vpc.id.as_str());
                drop(
                    delete
                        .provisioning_artifact_id(version.id.as_str())
                        .send()
                        .await,
                );
            }
        }
        _ => {}
    }
}

/// `lags`: whether the service may see the past. One that does launches under the constraints of a moment ago, and what it
/// made a stack stays one.
fn troubles(random: &mut Entropy, lags: bool) -> Faults {
    let mut rules = Vec::new();
    for effect in [
        Effect::Throttle,
        Effect::InternalFailure,
        Effect::DropBefore,
        Effect::DropAfter,
    ] {
        if random.chance(0.4) {
            rules.push(Rule::always(effect).chance(0.05));
        }
    }
    let lag = (random.chance(0.3) && lags).then_some(Lag {
        describe: 2.0,
        search: 5.0,
        chance: 0.4,
    });
    Faults {
        rules,
        lag,
        ..Faults::default()
    }
}

/// Somebody's own, of the same names.
async fn strangers(world: &World) {
    let sc = world.console();
    let make = sc
        .create_portfolio()
        .display_name("net")
        .provider_name("them");
    make.idempotency_token("theirs").send().await.unwrap();
}

/// What git may make or take over; what it has not taken over yet is somebody's.
fn is_ours(live: &LivePortfolio) -> bool {
    !["them", "somebody"].contains(&live.provider_name.as_str())
}

fn theirs(observed: &Observed) -> Vec<&LivePortfolio> {
    let all = observed.portfolios.values();
    all.filter(|o| o.provider_name == "them").collect()
}

fn tags(live: &catalogd::model::desired::Tags) -> String {
    let all = live.iter().filter(|(key, _)| !key.starts_with("catalogd:"));
    let all: Vec<_> = all.map(|(key, value)| format!("{key}: {value}")).collect();
    all.join(", ")
}

/// Asserts that what git manages is as git says, told without the program's own comparison.
fn expect(catalog: &Catalog, observed: &Observed) {
    let ours: Vec<_> = observed
        .portfolios
        .values()
        .filter(|o| is_ours(o))
        .collect();
    assert_eq!(ours.len(), 1 + usize::from(catalog.spare));
    let live = ours.iter().find(|o| o.display_name == "net").unwrap();
    let want = &catalog.portfolio;
    assert_eq!(live.provider_name, "Us");
    if let Some(n) = want.description {
        assert_eq!(live.description.as_deref().unwrap_or_default(), word(n));
    }
    if let Some(n) = want.tags {
        assert_eq!(tags(&live.tags), tag(n));
    }
    if let Some(all) = &want.principals {
        let found: BTreeSet<_> = live.principals.iter().map(|p| p.arn.clone()).collect();
        let wanted = all.iter().map(|n| role(*n));
        let own = "arn:aws:iam::123456789012:role/catalogd".to_owned();
        assert_eq!(found, wanted.chain([own]).collect());
    }
    if let Some(all) = &want.budgets {
        assert_eq!(live.budgets, all.iter().map(|n| format!("b{n}")).collect());
    }
    if let Some(all) = &want.shares {
        let node = want.shared_with_all && catalog.organization.is_some();
        let count = all.len() + usize::from(node);
        assert_eq!(live.shares.as_ref().unwrap().len(), count);
    }
    if let Some(given) = want.tag_options {
        assert_eq!(live.tag_options.len(), usize::from(given));
    }
    assert_eq!(observed.service_actions.len(), usize::from(catalog.action));
    let active = observed.tag_options.values().filter(|o| o.active).count();
    assert!(active <= 1 && active >= usize::from(catalog.tag_option));
    assert_eq!(
        observed.products.len(),
        usize::from(catalog.product.is_some())
    );
    if let Some(product) = &catalog.product {
        product.expect(live, observed.products.values().next().unwrap(), observed);
    }
    assert_eq!(
        observed.provisioned.len(),
        usize::from(catalog.launched.is_some())
    );
    if let (Some(size), Some(hub)) = (catalog.launched, observed.provisioned.values().next()) {
        if catalog.set {
            let set = hub.stack_set.as_ref();
            let set = set.unwrap_or_else(|| panic!("no stack set: {hub:#?}"));
            assert_eq!(set.parameters["Size"], format!("s{size}"));
            assert_eq!(set.instances.values().collect::<Vec<_>>(), ["CURRENT"]);
        } else {
            let stack = hub.stack.as_ref();
            let stack = stack.unwrap_or_else(|| panic!("no stack: {hub:#?}"));
            assert_eq!(stack.parameters["Size"], format!("s{size}"));
            assert_eq!(stack.notification_arns.contains(TOPIC), catalog.topics);
        }
    }
}

impl Product {
    fn expect(&self, portfolio: &LivePortfolio, live: &LiveProduct, observed: &Observed) {
        assert_eq!(live.owner, format!("o{}", self.owner));
        if let Some(n) = self.description {
            assert_eq!(live.description.as_deref().unwrap_or_default(), word(n));
        }
        if let Some(n) = self.email {
            let email = if n == 0 {
                String::new()
            } else {
                format!("e{n}@example.com")
            };
            assert_eq!(live.support_email.clone().unwrap_or_default(), email);
        }
        if let Some(n) = self.tags {
            assert_eq!(tags(&live.tags), tag(n));
        }
        if let Some(given) = self.tag_options {
            assert_eq!(live.tag_options.len(), usize::from(given));
        }
        assert!(portfolio.products.contains(&live.id));
        if let Some(all) = &self.constraints {
            let count = usize::from(all.launch.is_some())
                + usize::from(all.stack_set)
                + usize::from(all.updates.is_some())
                + usize::from(all.topic.is_some())
                + usize::from(all.rule.is_some());
            assert_eq!(portfolio.constraints.len(), count);
        }
        for n in 0..=self.more {
            let mut named = live.versions.iter().filter(|v| v.name == format!("v{n}"));
            let version = named.next().unwrap_or_else(|| panic!("no version v{n}"));
            assert!(version.active && named.next().is_none());
            let own = if n == 0 { self.deprecated } else { None };
            let old = self.retention.map(|newest| n + newest <= self.more);
            if let Some(deprecated) = own.or(old) {
                assert_eq!(version.guidance == Guidance::Deprecated, deprecated, "v{n}");
            }
            if let (0, Some(n)) = (n, self.described) {
                assert_eq!(version.description.as_deref().unwrap_or_default(), word(n));
            }
            if let Some(given) = self.offers {
                let place = (live.id.clone(), version.id.clone());
                let offers = observed
                    .service_actions
                    .values()
                    .filter(|o| o.versions.contains(&place));
                assert_eq!(offers.count(), usize::from(given));
            }
        }
    }
}

/// What git said first and last, told where the case fails.
struct Catalogs([String; 2]);

impl Drop for Catalogs {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let [first, second] = &self.0;
            eprintln!("git said:\n{first}\nand then:\n{second}");
        }
    }
}

async fn case(seed: u64) {
    let _told = Seed {
        variable: "CATALOGD_CASES",
        seed,
    };
    let mut random = Entropy::seeded(seed);
    let mut world = World::with(Profile::Instant, seed);
    world.installation = Installation::parse("team").unwrap();
    world.write("size.yaml", SIZE);
    strangers(&world).await;
    let mut first = Catalog::random(&mut random);
    if first.adopts {
        let sc = world.console();
        let make = sc.create_portfolio().display_name("spare");
        let make = make.provider_name("somebody").idempotency_token("before");
        make.send().await.unwrap();
    }
    if random.chance(0.2) {
        first.organization = Some(organized(&world).await.0);
    }
    let second = first.edited(&mut random);
    let all = [&first, &second];
    let launches = all.iter().any(|catalog| catalog.launched.is_some());
    let lags = !launches || !all.iter().any(|catalog| catalog.makes_sets());
    let _shown = Catalogs([first.manifests(), second.manifests()]);
    for size in [&first, &second]
        .iter()
        .filter(|c| c.stored)
        .filter_map(|c| c.launched)
    {
        let put = world.ssm().put_parameter().name(format!("/size/{size}"));
        let put = put.value(format!("s{size}")).r#type(ParameterType::String);
        put.overwrite(true).send().await.unwrap();
    }

    // Made under faults, changed by hands and by git, and under faults again.
    world.write("catalog.yaml", first.manifests());
    let mut process = world.process().await;
    world.emulator.set_faults(troubles(&mut random, lags));
    process.apply(&world.desired()).await;
    world.emulator.set_faults(Faults::default());
    let observed = world.plan().await.observed;
    let before = format!("{:?}", theirs(&observed));
    for _ in 0..random.below(3) {
        meddle(&world, &observed, &mut random).await;
    }
    world.write("catalog.yaml", second.manifests());
    if random.chance(0.5) {
        let mut process = world.process_in(None).await;
        world.emulator.set_faults(troubles(&mut random, lags));
        process.apply(&world.desired()).await;
        world.emulator.set_faults(Faults::default());
    }

    // They are over: an hour later what was refused is tried again.
    world
        .clock
        .sleep(std::time::Duration::from_secs(3700))
        .await;
    let ended = process.apply(&world.desired()).await;
    let pass = &ended.pass;
    let shown = || text::plan(&pass.plan, Style::default());
    assert_eq!(ended.end, End::Settled, "{}", shown());
    assert!(
        !pass.plan.has_changes() && !pass.plan.is_waiting(),
        "{}",
        shown()
    );
    assert_eq!(format!("{:?}", theirs(&pass.observed)), before);
    let mut ours = pass.observed.clone();
    ours.portfolios.retain(|_, o| is_ours(o));
    expect_each_once(&ours);
    expect(&second, &pass.observed);
}

async fn run(part: u64) {
    let asked = asked_seeds("CATALOGD_CASES");
    let seeds = asked.unwrap_or(0..CASES);
    for seed in seeds.filter(|seed| seed % PARTS == part) {
        case(seed).await;
    }
}

#[tokio::test(start_paused = true)]
async fn small_catalogs_converge_whatever_happens_to_them() {
    run(0).await;
}

#[tokio::test(start_paused = true)]
async fn more_small_catalogs_converge_whatever_happens_to_them() {
    run(1).await;
}

#[tokio::test(start_paused = true)]
async fn yet_more_small_catalogs_converge_whatever_happens_to_them() {
    run(2).await;
}

#[tokio::test(start_paused = true)]
async fn still_more_small_catalogs_converge_whatever_happens_to_them() {
    run(3).await;
}
