//! A seeded simulation: random catalogs under random edits, hands, faults and crashes, on an AWS that lags and
//! throttles. Once the faults stop it must converge: the second plan is empty, everything is there once, and what is
//! not ours is as it was. A failing run prints its seed; the same seed runs the same way.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use aws_sdk_servicecatalog::types::{
    ProvisioningArtifactGuidance, Tag, UpdateProvisioningParameter,
};
use catalogd::clock::Entropy;
use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Faults, Rule, StackFault};
use catalogd::ids::Kind;
use catalogd::model::desired::Guidance;
use catalogd::model::observed::{LivePortfolio, LiveProduct, Observed};
use catalogd::plan::Action;
use catalogd::reconcile::converge::End;
use catalogd::render::text::{self, Style};
use catalogd::status::{Health, Sync};

use crate::examples::expect_each_once;
use crate::scenario::kit::{product, provisioned};
use crate::world::World;

/// Rounds of edits, hands and crashes before the faults stop.
const ROUNDS: usize = 5;

/// A catalog that can be edited at random and written as manifests.
#[derive(Debug, Clone)]
pub struct Catalog {
    portfolios: Vec<Portfolio>,
    products: Vec<Product>,
    launched: Vec<Launched>,
}

#[derive(Debug, Clone)]
struct Portfolio {
    description: Option<u64>,
    tag: Option<u64>,
    principals: BTreeSet<u64>,
}

#[derive(Debug, Clone)]
struct Product {
    owner: u64,
    email: Option<u64>,
    places: BTreeMap<usize, Place>,
    versions: Vec<Version>,
}

#[derive(Debug, Clone, Default)]
struct Place {
    launch: Option<u64>,
    tag_updates: Option<bool>,
}

#[derive(Debug, Clone)]
struct Version {
    template: u64,
    description: Option<u64>,
    active: bool,
    deprecated: bool,
}

#[derive(Debug, Clone)]
struct Launched {
    product: usize,
    version: usize,
    portfolio: usize,
    size: Size,
}

#[derive(Debug, Clone)]
enum Size {
    Text(u64),
    /// The output of an earlier one.
    Output(usize),
}

fn some(random: &mut Entropy) -> Option<u64> {
    random.chance(0.5).then(|| random.below(4))
}

impl Catalog {
    pub fn random(random: &mut Entropy) -> Self {
        let portfolios = 1 + random.below(3) as usize;
        let products = 1 + random.below(4) as usize;
        let mut catalog = Self {
            portfolios: Vec::new(),
            products: Vec::new(),
            launched: Vec::new(),
        };
        for _ in 0..portfolios {
            catalog.portfolios.push(Portfolio {
                description: some(random),
                tag: some(random),
                principals: (0..random.below(4)).map(|_| random.below(6)).collect(),
            });
        }
        for _ in 0..products {
            let versions = 1 + random.below(3);
            let mut product = Product {
                owner: random.below(4),
                email: some(random),
                places: BTreeMap::new(),
                versions: (0..versions).map(|_| Version::random(random)).collect(),
            };
            for place in 0..portfolios {
                if random.chance(0.6) {
                    product.places.insert(place, Place::random(random));
                }
            }
            catalog.products.push(product);
        }
        for _ in 0..random.below(4) {
            catalog.launch(random);
        }
        catalog
    }

    fn launch(&mut self, random: &mut Entropy) {
        let product = random.below(self.products.len() as u64) as usize;
        let places: Vec<usize> = self.products[product].places.keys().copied().collect();
        if places.is_empty() {
            return;
        }
        let at = self.launched.len();
        let size = match at {
            0 => Size::Text(random.below(9)),
            _ if random.chance(0.5) => Size::Output(random.below(at as u64) as usize),
            _ => Size::Text(random.below(9)),
        };
        let version = self.launchable(product, random);
        self.launched.push(Launched {
            product,
            version,
            portfolio: places[random.below(places.len() as u64) as usize],
            size,
        });
    }

    /// A version that takes launches; made where there is none.
    fn launchable(&mut self, product: usize, random: &mut Entropy) -> usize {
        let versions = &mut self.products[product].versions;
        let good: Vec<usize> = (0..versions.len())
            .filter(|at| versions[*at].active && !versions[*at].deprecated)
            .collect();
        if good.is_empty() {
            versions.push(Version {
                active: true,
                deprecated: false,
                ..Version::random(random)
            });
            return versions.len() - 1;
        }
        good[random.below(good.len() as u64) as usize]
    }

    fn is_launched(&self, product: usize, version: usize) -> bool {
        let mut all = self.launched.iter();
        all.any(|l| (l.product, l.version) == (product, version))
    }

    /// One edit of git.
    pub fn edit(&mut self, random: &mut Entropy) {
        let product = random.below(self.products.len() as u64) as usize;
        let portfolio = random.below(self.portfolios.len() as u64) as usize;
        match random.below(12) {
            0 => self.portfolios[portfolio].description = some(random),
            1 => self.portfolios[portfolio].tag = some(random),
            2 => {
                self.portfolios[portfolio]
                    .principals
                    .insert(random.below(6));
            }
            3 => {
                self.portfolios[portfolio].principals.pop_first();
            }
            4 => self.products[product].owner = random.below(4),
            5 => self.products[product].email = some(random),
            6 => self.products[product]
                .versions
                .push(Version::random(random)),
            7 => {
                let at = random.below(self.products[product].versions.len() as u64) as usize;
                let used = self.is_launched(product, at);
                let version = &mut self.products[product].versions[at];
                version.description = some(random);
                version.active = used || random.chance(0.5);
                version.deprecated = !used && random.chance(0.5);
            }
            8 => {
                self.products[product]
                    .places
                    .insert(portfolio, Place::random(random));
            }
            9 => {
                let mut launched = self.launched.iter();
                if !launched.any(|l| (l.product, l.portfolio) == (product, portfolio)) {
                    self.products[product].places.remove(&portfolio);
                }
            }
            10 => self.launch(random),
            _ => {
                if let Some(at) = (random.below(4) as usize).checked_rem(self.launched.len()) {
                    let product = self.launched[at].product;
                    self.launched[at].version = self.launchable(product, random);
                    if let Size::Text(size) = &mut self.launched[at].size {
                        *size = random.below(9);
                    }
                }
            }
        }
    }

    /// Gives a launch that failed other parameters, as a person would who mends it.
    fn mend(&mut self, name: &str, salt: u64) {
        let at: usize = name.trim_start_matches('l').parse().unwrap();
        self.launched[at].size = Size::Text(100 + salt);
    }

    pub fn manifests(&self) -> String {
        let mut text = String::new();
        let head = |text: &mut String, kind: &str, name: String| {
            let _ = write!(
                text,
                "---\napiVersion: catalogd.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n"
            );
        };
        for (at, portfolio) in self.portfolios.iter().enumerate() {
            let Portfolio {
                description,
                tag,
                principals,
            } = portfolio;
            head(&mut text, "Portfolio", format!("p{at}"));
            text.push_str("  providerName: Us\n  principals:\n    - self: true\n");
            for principal in principals {
                let _ = writeln!(
                    text,
                    "    - arn: arn:aws:iam::123456789012:role/R{principal}"
                );
            }
            if let Some(description) = description {
                let _ = writeln!(text, "  description: d{description}");
            }
            if let Some(tag) = tag {
                let _ = writeln!(text, "  tags: {{t: v{tag}}}");
            }
        }
        for (at, product) in self.products.iter().enumerate() {
            let Product {
                owner,
                email,
                places,
                versions,
            } = product;
            head(&mut text, "Product", format!("x{at}"));
            let _ = writeln!(text, "  owner: o{owner}");
            if let Some(email) = email {
                let _ = writeln!(text, "  support: {{email: e{email}@example.com}}");
            }
            text.push_str(if places.is_empty() {
                "  portfolios: []\n"
            } else {
                "  portfolios:\n"
            });
            for (
                place,
                Place {
                    launch,
                    tag_updates,
                },
            ) in places
            {
                let mut constraints = Vec::new();
                constraints
                    .extend(launch.map(|role| format!("launch: {{localRoleName: L{role}}}")));
                constraints.extend(tag_updates.map(|allowed| {
                    format!(
                        "tagUpdates: {}",
                        if allowed { "allowed" } else { "notAllowed" }
                    )
                }));
                let _ = writeln!(
                    text,
                    "    - {{portfolio: p{place}, constraints: {{{}}}}}",
                    constraints.join(", ")
                );
            }
            text.push_str("  versions:\n");
            for (
                at,
                Version {
                    template,
                    description,
                    active,
                    deprecated,
                },
            ) in versions.iter().enumerate()
            {
                let guidance = if *deprecated { "DEPRECATED" } else { "DEFAULT" };
                let description =
                    description.map_or(String::new(), |d| format!("description: d{d}, "));
                let _ = writeln!(
                    text,
                    "    - {{name: v{at}, template: t{template}.yaml, {description}active: {active}, guidance: {guidance}}}"
                );
            }
        }
        for (at, launched) in self.launched.iter().enumerate() {
            let Launched {
                product,
                version,
                portfolio,
                size,
            } = launched;
            head(&mut text, "ProvisionedProduct", format!("l{at}"));
            let size = match size {
                Size::Text(size) => format!("s{size}"),
                Size::Output(of) => format!("{{output: {{provisionedProduct: l{of}, key: Size}}}}"),
            };
            let _ = writeln!(
                text,
                "  product: x{product}\n  version: v{version}\n  portfolio: p{portfolio}\n  parameters: {{Size: {size}}}"
            );
        }
        text
    }

    /// Asserts that what is live is what the manifests say, wherever they say something.
    pub fn expect(&self, live: &Observed) {
        for (at, want) in self.portfolios.iter().enumerate() {
            let Portfolio {
                description,
                tag,
                principals,
            } = want;
            let seen = self.live_portfolio(at, live);
            if let Some(description) = description {
                assert_eq!(seen.description, Some(format!("d{description}")), "p{at}");
            }
            if let Some(tag) = tag {
                assert_eq!(seen.tags.get("t"), Some(&format!("v{tag}")), "p{at}");
            }
            let role = |n| format!("arn:aws:iam::123456789012:role/R{n}");
            let wanted: BTreeSet<String> = principals.iter().map(role).collect();
            let others = seen.principals.iter().map(|p| p.arn.clone());
            let others: BTreeSet<String> = others.filter(|arn| *arn != live.caller).collect();
            assert_eq!(others, wanted, "p{at}");
        }
        for (at, want) in self.products.iter().enumerate() {
            let Product {
                owner,
                email,
                places,
                versions,
            } = want;
            let seen = product(live, &format!("x{at}"));
            assert_eq!(seen.owner, format!("o{owner}"), "x{at}");
            if let Some(email) = email {
                let email = format!("e{email}@example.com");
                assert_eq!(seen.support_email, Some(email), "x{at}");
            }
            for (number, version) in versions.iter().enumerate() {
                version.expect(number, seen);
            }
            for portfolio in 0..self.portfolios.len() {
                let holder = self.live_portfolio(portfolio, live);
                let place = places.get(&portfolio);
                let holds = holder.products.contains(&seen.id);
                assert_eq!(holds, place.is_some(), "x{at} in p{portfolio}");
                let constraints = holder.constraints.values().filter(|c| c.product == seen.id);
                let constraints: BTreeMap<&str, &str> = constraints
                    .map(|c| (c.kind.as_str(), c.parameters.as_str()))
                    .collect();
                place.cloned().unwrap_or_default().expect(&constraints);
            }
        }
        for (at, want) in self.launched.iter().enumerate() {
            let seen = provisioned(live, &format!("l{at}"));
            let launched = product(live, &format!("x{}", want.product));
            let name = format!("v{}", want.version);
            let version = launched.versions.iter().find(|v| v.name == name).unwrap();
            let running = seen.running.as_ref().unwrap();
            assert_eq!(running.product, launched.id, "l{at}");
            assert_eq!(running.version, version.id, "l{at}");
            let size = &seen.stack.as_ref().unwrap().parameters["Size"];
            assert_eq!(*size, self.size(at), "l{at}");
        }
    }

    fn live_portfolio<'o>(&self, at: usize, live: &'o Observed) -> &'o LivePortfolio {
        let name = format!("p{at}");
        let mut all = live.portfolios.values();
        let found = all.find(|portfolio| portfolio.display_name == name);
        found.unwrap_or_else(|| panic!("no portfolio {name}"))
    }

    /// A parameter as it arrives: outputs hand it on.
    fn size(&self, at: usize) -> String {
        match self.launched[at].size {
            Size::Text(size) => format!("s{size}"),
            Size::Output(of) => self.size(of),
        }
    }

    /// Writes the manifests and the templates that they may name.
    pub fn write(&self, world: &World) {
        world.write("catalog.yaml", self.manifests());
        for n in 0..4 {
            let template = crate::scenario::kit::SIZE.replace(
                "Type: AWS::SNS::Topic",
                &format!("Type: AWS::SNS::Topic\n    Metadata: {{n: {n}}}"),
            );
            world.write(&format!("t{n}.yaml"), template);
        }
    }
}

impl Place {
    fn random(random: &mut Entropy) -> Self {
        Self {
            launch: some(random),
            tag_updates: random.chance(0.4).then(|| random.chance(0.5)),
        }
    }

    fn expect(&self, live: &BTreeMap<&str, &str>) {
        let said = |kind, word: String| live.get(kind).is_some_and(|text| text.contains(&word));
        match self.launch {
            Some(role) => assert!(said("LAUNCH", format!("\"L{role}\"")), "{live:?}"),
            None => assert!(!live.contains_key("LAUNCH"), "{live:?}"),
        }
        match self.tag_updates {
            Some(allowed) => {
                let word = if allowed { "ALLOWED" } else { "NOT_ALLOWED" };
                let said = said("RESOURCE_UPDATE", format!("\"{word}\""));
                assert!(said, "{live:?}");
            }
            None => assert!(!live.contains_key("RESOURCE_UPDATE"), "{live:?}"),
        }
    }
}

impl Version {
    fn random(random: &mut Entropy) -> Self {
        Self {
            template: random.below(4),
            description: some(random),
            active: random.chance(0.8),
            deprecated: random.chance(0.2),
        }
    }

    fn expect(&self, at: usize, product: &LiveProduct) {
        let name = format!("v{at}");
        let mut all = product.versions.iter();
        let seen = all.find(|version| version.name == name).unwrap();
        if let Some(description) = self.description {
            assert_eq!(seen.description, Some(format!("d{description}")), "{name}");
        }
        assert_eq!(seen.active, self.active, "{name}");
        let guidance = match self.deprecated {
            true => Guidance::Deprecated,
            false => Guidance::Default,
        };
        assert_eq!(seen.guidance, guidance, "{name}");
    }
}

/// Picks one of a map's values.
fn any<'a, K, V>(random: &mut Entropy, all: &'a BTreeMap<K, V>) -> Option<&'a V> {
    let at = random.below(all.len() as u64) as usize;
    all.values().nth(at)
}

/// Somebody in the console changes one thing. Their calls fail like ours; they give up then.
pub async fn meddle(
    world: &World,
    observed: &Observed,
    theirs: &BTreeSet<String>,
    random: &mut Entropy,
    token: u64,
) {
    let sc = world.console();
    let portfolio = any(random, &observed.portfolios).filter(|o| !theirs.contains(o.id.as_str()));
    let product = any(random, &observed.products).filter(|o| !theirs.contains(o.id.as_str()));
    let launched = any(random, &observed.provisioned).filter(|o| !theirs.contains(o.id.as_str()));
    let what = random.below(8);
    match (what, portfolio, product, launched) {
        (0, Some(o), ..) => {
            let _ = sc
                .update_portfolio()
                .id(o.id.as_str())
                .description("by hand")
                .send()
                .await;
        }
        (1, Some(o), ..) => {
            if let Some(principal) = o.principals.first() {
                let request = sc
                    .disassociate_principal_from_portfolio()
                    .portfolio_id(o.id.as_str());
                let _ = request.principal_arn(&principal.arn).send().await;
            }
        }
        (2, Some(o), ..) => {
            if let Some(constraint) = o.constraints.values().next() {
                let _ = sc
                    .delete_constraint()
                    .id(constraint.id.as_str())
                    .send()
                    .await;
            }
        }
        (3, _, Some(o), _) => {
            let _ = sc
                .update_product()
                .id(o.id.as_str())
                .owner("by hand")
                .send()
                .await;
        }
        (4, _, Some(o), _) => {
            if let Some(version) = o.versions.last() {
                let request = sc.update_provisioning_artifact().product_id(o.id.as_str());
                let request = request.provisioning_artifact_id(version.id.as_str());
                let _ = request
                    .guidance(ProvisioningArtifactGuidance::Deprecated)
                    .send()
                    .await;
            }
        }
        (5, _, Some(o), _) => {
            if let Some(version) = o.versions.last().filter(|_| o.versions.len() > 1) {
                let request = sc.delete_provisioning_artifact().product_id(o.id.as_str());
                let _ = request
                    .provisioning_artifact_id(version.id.as_str())
                    .send()
                    .await;
            }
        }
        (6, _, _, Some(o)) => {
            let request = sc
                .terminate_provisioned_product()
                .provisioned_product_id(o.id.as_str());
            let _ = request
                .terminate_token(format!("hand-{token}"))
                .send()
                .await;
        }
        (7, _, _, Some(o)) => {
            let size = UpdateProvisioningParameter::builder()
                .key("Size")
                .value("hand")
                .build();
            let request = sc
                .update_provisioned_product()
                .provisioned_product_id(o.id.as_str());
            let request = request
                .product_id(o.product.as_str())
                .provisioning_artifact_id(o.version.as_str());
            let _ = request
                .provisioning_parameters(size)
                .update_token(format!("hand-{token}"))
                .send()
                .await;
        }
        _ => {}
    }
}

/// What is not ours, in a form that shows any change of it.
fn untouched(observed: &Observed, theirs: &BTreeSet<String>) -> Vec<String> {
    let portfolios = observed
        .portfolios
        .values()
        .filter(|o| theirs.contains(o.id.as_str()));
    let products = observed
        .products
        .values()
        .filter(|o| theirs.contains(o.id.as_str()));
    portfolios
        .map(|o| format!("{o:?}"))
        .chain(products.map(|o| {
            format!(
                "{:?} {:?} {:?} {:?} {}",
                o.id,
                o.name,
                o.owner,
                o.tags,
                o.versions.len()
            )
        }))
        .collect()
}

/// Another team's ownership tag.
fn mark(key: &str, name: &str) -> Tag {
    let value = format!("team/123456789012/us-east-1/{name}");
    Tag::builder().key(key).value(value).build().unwrap()
}

/// Another team's portfolio with another team's product, under names that ours have too.
async fn settle_in(world: &World) -> BTreeSet<String> {
    let sc = world.console();
    let s3 = world.s3();
    let bucket = "somebody-elses-templates";
    s3.create_bucket().bucket(bucket).send().await.unwrap();
    let body = crate::scenario::kit::SIZE.as_bytes().to_vec();
    s3.put_object()
        .bucket(bucket)
        .key("t.yaml")
        .body(body.into())
        .send()
        .await
        .unwrap();
    let version = aws_sdk_servicecatalog::types::ProvisioningArtifactProperties::builder()
        .name("v0")
        .info(
            "LoadTemplateFromURL",
            format!("https://{bucket}.s3.us-east-1.amazonaws.com/t.yaml"),
        )
        .build();
    let answer = sc
        .create_product()
        .name("x0")
        .owner("them")
        .product_type(aws_sdk_servicecatalog::types::ProductType::CloudFormationTemplate)
        .provisioning_artifact_parameters(version)
        .idempotency_token("theirs")
        .tags(mark("catalogd:product", "x0"))
        .send()
        .await
        .unwrap();
    let product = answer
        .product_view_detail()
        .unwrap()
        .product_view_summary()
        .unwrap()
        .product_id()
        .unwrap()
        .to_owned();
    let request = sc
        .create_portfolio()
        .display_name("p0")
        .provider_name("them");
    let request = request.tags(mark("catalogd:portfolio", "p0"));
    let answer = request.idempotency_token("theirs").send().await.unwrap();
    let portfolio = answer.portfolio_detail().unwrap().id().unwrap().to_owned();
    world.clock.sleep(Duration::from_secs(30)).await;
    let request = sc
        .associate_product_with_portfolio()
        .portfolio_id(&portfolio);
    request.product_id(&product).send().await.unwrap();
    [portfolio, product].into()
}

fn troubles(random: &mut Entropy) -> Faults {
    let rule = |effect, chance| Rule::always(effect).chance(chance);
    let mut faults = Faults {
        rules: vec![
            rule(Effect::Throttle, 0.02),
            rule(Effect::InternalFailure, 0.02),
            rule(Effect::DropBefore, 0.01),
            rule(Effect::DropAfter, 0.02),
            rule(Effect::AccessDenied, 0.005),
        ],
        ..Faults::default()
    };
    if random.chance(0.3) {
        faults.stacks.push(StackFault {
            stack: "SC-*".to_owned(),
            resource: "Topic".to_owned(),
            reason: "no luck".to_owned(),
        });
    }
    faults
}

/// Says which seed it was, should the test fail.
struct Tell(u64);

impl Drop for Tell {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "the simulation failed with seed {}: sim::run({})",
                self.0, self.0
            );
        }
    }
}

async fn run(seed: u64) {
    let _tell = Tell(seed);
    let mut random = Entropy::seeded(seed);
    let world = World::with(Profile::Aws, seed);
    let mut catalog = Catalog::random(&mut random);
    catalog.write(&world);
    let theirs = settle_in(&world).await;
    world.clock.sleep(Duration::from_secs(60)).await;
    let before = untouched(&world.plan().await.observed, &theirs);
    assert_eq!(before.len(), 2);

    for round in 0..ROUNDS {
        let calm = Faults::default();
        world.emulator.set_faults(calm);
        let observed = world.plan().await.observed;
        for n in 0..random.below(3) {
            meddle(
                &world,
                &observed,
                &theirs,
                &mut random,
                10 * round as u64 + n,
            )
            .await;
        }
        if round > 0 {
            for _ in 0..random.below(4) {
                catalog.edit(&mut random);
            }
            catalog.write(&world);
        }
        crash_somewhere(&world, &mut random).await;
    }

    world.emulator.set_faults(Faults::default());
    // Reads lag by up to five seconds here: a plan made at once may still see what was before.
    world.clock.sleep(Duration::from_secs(10)).await;
    converge(&world, &mut catalog, &mut random).await;
    world.clock.sleep(Duration::from_secs(10)).await;
    world.expect_empty_plan().await;
    let pass = world.plan().await;
    for status in &pass.statuses {
        assert_eq!(status.sync, Sync::Synced, "{status:?}");
        // A change that failed and that git took back leaves what runs as it was.
        let tainted =
            status.key.kind == Kind::ProvisionedProduct && status.health == Health::Degraded;
        assert!(status.health == Health::Healthy || tainted, "{status:?}");
    }
    assert_eq!(untouched(&pass.observed, &theirs), before);
    let mut ours = pass.observed.clone();
    ours.portfolios
        .retain(|id, _| !theirs.contains(id.as_str()));
    ours.products.retain(|id, _| !theirs.contains(id.as_str()));
    expect_each_once(&ours);
    catalog.expect(&ours);
    assert_eq!(ours.portfolios.len(), catalog.portfolios.len());
    assert_eq!(ours.products.len(), catalog.products.len());
    assert_eq!(ours.provisioned.len(), catalog.launched.len());
}

/// A process that ends by itself, by crashes at some call after which another begins at once, or by being killed.
async fn crash_somewhere(world: &World, random: &mut Entropy) {
    let life = Duration::from_secs(5 + random.below(600));
    let memory = random.chance(0.5);
    let desired = world.desired();
    let mut processes = Vec::new();
    for _ in 0..3 {
        processes.push(match memory {
            true => world.process().await,
            false => world.process_in(None).await,
        });
    }
    world.emulator.set_faults(troubles(random));
    let death = world.clock.now() + life;
    for mut process in processes {
        let effect = match random.chance(0.3) {
            true => Effect::DropBefore,
            false => Effect::DropAfter,
        };
        // Calls that make something are where a crash costs most.
        let rule = match random.chance(0.5) {
            true => Rule::always(effect).nth(1 + random.below(200)),
            false => Rule::always(effect).on("Create*").nth(1 + random.below(4)),
        };
        let fault = world.emulator.inject(rule);
        let struck = async {
            while fault.fired() == 0 {
                world.clock.sleep(Duration::from_millis(1)).await;
            }
        };
        let left = death.duration_since(world.clock.now()).unsigned_abs();
        tokio::select! {
            () = struck => {}
            () = world.clock.sleep(left) => return,
            _ = process.apply(&desired) => return,
        }
        fault.remove();
    }
}

/// Applies until all is well, and mends what failed for good as a person would.
async fn converge(world: &World, catalog: &mut Catalog, random: &mut Entropy) {
    for attempt in 0..6 {
        let mut process = world.process().await;
        let ended = process.apply(&world.desired()).await;
        let shown = text::plan(&ended.pass.plan, Style::default());
        assert_eq!(ended.end, End::Settled, "{shown}");
        let stuck: Vec<_> = ended
            .pass
            .plan
            .objects
            .iter()
            .filter(|o| o.stalled.is_some() || !o.blocked.is_empty() || o.action != Action::None)
            .collect();
        if stuck.is_empty() {
            return;
        }
        // A launch that would fail again is given other parameters, and so is what is tainted: others may need it.
        for status in &ended.pass.statuses {
            if status.stalled.is_some() || status.health == Health::Degraded {
                assert_eq!(status.key.kind, Kind::ProvisionedProduct, "{shown}");
                catalog.mend(status.key.name.as_str(), attempt + random.below(50));
            }
        }
        catalog.write(world);
        world.clock.sleep(Duration::from_secs(600)).await;
    }
    panic!(
        "it does not converge: {}",
        text::plan(&world.plan().await.plan, Style::default())
    );
}

/// Three tests, so that two cores share them.
async fn run_all(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        run(seed).await;
    }
}

#[tokio::test(start_paused = true)]
async fn random_catalogs_converge_after_random_troubles() {
    run_all(0..6).await;
}

#[tokio::test(start_paused = true)]
async fn more_random_catalogs_converge_after_random_troubles() {
    run_all(6..12).await;
}

#[tokio::test(start_paused = true)]
async fn yet_more_random_catalogs_converge_after_random_troubles() {
    run_all(12..18).await;
}
