//! Random catalogs: edited at random, written as manifests, and compared with what is live.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use catalogd::clock::Entropy;
use catalogd::ids::Kind;
use catalogd::model::desired::Guidance;
use catalogd::model::observed::{
    LivePortfolio, LiveProduct, LiveProvisioned, LiveVersion, Observed,
};
use catalogd::plan::{Blocked, BlockedCode};
use catalogd::reconcile::Pass;
use catalogd::status::{Health, ObjectStatus, Sync};

use super::others::{Others, TEMPLATES, stack_arn};
use super::{some, template};
use crate::scenario::kit::{product, status};
use crate::world::World;

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
    /// It is a copy: what it listed before is kept.
    copied: Option<Copied>,
}

/// A copy of somebody else's product.
#[derive(Debug, Clone)]
struct Copied {
    source: usize,
    /// The versions that are asked for; all active ones where there are none.
    named: Option<BTreeSet<String>>,
    tags: bool,
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
    version: String,
    portfolio: usize,
    size: Size,
    /// It is no launch: it is this stack.
    import: Option<usize>,
}

#[derive(Debug, Clone)]
enum Size {
    /// Whatever it is.
    Kept,
    Text(u64),
    /// The output of an earlier one.
    Output(usize),
}

impl Catalog {
    pub fn random(random: &mut Entropy, others: &Others) -> Self {
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
            let copied = random.chance(0.4).then(|| Copied::random(random, others));
            let versions = match copied {
                Some(_) => Vec::new(),
                None => (0..versions).map(|_| Version::random(random)).collect(),
            };
            let mut product = Product {
                owner: random.below(4),
                email: some(random),
                places: BTreeMap::new(),
                versions,
                copied,
            };
            for place in 0..portfolios {
                if random.chance(0.6) {
                    product.places.insert(place, Place::random(random));
                }
            }
            catalog.products.push(product);
        }
        for _ in 0..random.below(3) {
            catalog.import(random, others);
        }
        for _ in 0..random.below(4) {
            catalog.launch(random, others);
        }
        catalog
    }

    fn launch(&mut self, random: &mut Entropy, others: &Others) {
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
        let Some(version) = self.launchable(product, random, others) else {
            return;
        };
        self.launched.push(Launched {
            product,
            version,
            portfolio: places[random.below(places.len() as u64) as usize],
            size,
            import: None,
        });
    }

    /// Imports a stack, mostly as a version that has its template.
    fn import(&mut self, random: &mut Entropy, others: &Others) {
        let stack = random.below(others.stacks.len() as u64) as usize;
        let mut launched = self.launched.iter();
        if launched.any(|l| l.import == Some(stack)) {
            return;
        }
        let mut choices = Vec::new();
        for (at, product) in self.products.iter().enumerate() {
            for portfolio in product.places.keys() {
                let all = product.launchable(others);
                choices.extend(all.into_iter().map(|(v, t)| (at, *portfolio, v, t)));
            }
        }
        let template = others.stack_template(stack);
        if random.chance(0.9) {
            choices.retain(|(.., t)| *t == template);
            if choices.is_empty() {
                choices.extend(self.version_of(template));
            }
        }
        if choices.is_empty() {
            return;
        }
        let chosen = random.below(choices.len() as u64) as usize;
        let (product, portfolio, version, _) = choices.swap_remove(chosen);
        self.launched.push(Launched {
            product,
            version,
            portfolio,
            size: match random.chance(0.5) {
                true => Size::Kept,
                false => Size::Text(random.below(9)),
            },
            import: Some(stack),
        });
    }

    /// Gives a product a version of this template, as a person would whose stack has it.
    fn version_of(&mut self, template: u64) -> Option<(usize, usize, String, u64)> {
        let mut all = self.products.iter_mut().enumerate();
        let (at, product) = all.find(|(_, o)| o.copied.is_none() && !o.places.is_empty())?;
        let portfolio = *product.places.keys().next()?;
        let name = format!("v{}", product.versions.len());
        product.versions.push(Version {
            template,
            description: None,
            active: true,
            deprecated: false,
        });
        Some((at, portfolio, name, template))
    }

    /// A version that takes launches; made where there is none and git makes them.
    fn launchable(
        &mut self,
        product: usize,
        random: &mut Entropy,
        others: &Others,
    ) -> Option<String> {
        let product = &mut self.products[product];
        if product.launchable(others).is_empty() && product.copied.is_none() {
            product.versions.push(Version {
                active: true,
                deprecated: false,
                ..Version::random(random)
            });
        }
        let mut good = product.launchable(others);
        if good.is_empty() {
            return None;
        }
        let chosen = random.below(good.len() as u64) as usize;
        Some(good.swap_remove(chosen).0)
    }

    fn is_launched(&self, product: usize, version: usize) -> bool {
        let name = format!("v{version}");
        let mut all = self.launched.iter();
        all.any(|l| (l.product, &l.version) == (product, &name))
    }

    /// One edit of git.
    pub fn edit(&mut self, random: &mut Entropy, others: &Others) {
        let product = random.below(self.products.len() as u64) as usize;
        let portfolio = random.below(self.portfolios.len() as u64) as usize;
        match random.below(14) {
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
            6 => match &mut self.products[product].copied {
                Some(copied) => {
                    copied.named = copied.names(random, others);
                    self.name_launched(product);
                }
                None => self.products[product]
                    .versions
                    .push(Version::random(random)),
            },
            7 => self.edit_version(product, random, others),
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
            10 => self.launch(random, others),
            11 => self.import(random, others),
            _ => {
                if let Some(at) = (random.below(4) as usize).checked_rem(self.launched.len()) {
                    let product = self.launched[at].product;
                    // What is not imported yet can't be another version's.
                    let stays = self.launched[at].import.is_some() && random.chance(0.6);
                    let version = match stays {
                        true => None,
                        false => self.launchable(product, random, others),
                    };
                    if let Some(version) = version {
                        self.launched[at].version = version;
                    }
                    if let Size::Text(size) = &mut self.launched[at].size {
                        *size = random.below(9);
                    }
                }
            }
        }
    }

    /// Edits a version, or the way in which a product is copied.
    fn edit_version(&mut self, product: usize, random: &mut Entropy, others: &Others) {
        if let Some(copied) = &mut self.products[product].copied {
            match random.chance(0.7) {
                true => copied.tags = !copied.tags,
                false => *copied = Copied::random(random, others),
            }
            return self.name_launched(product);
        }
        let at = random.below(self.products[product].versions.len() as u64) as usize;
        let used = self.is_launched(product, at);
        let version = &mut self.products[product].versions[at];
        version.description = some(random);
        version.active = used || random.chance(0.5);
        version.deprecated = !used && random.chance(0.5);
    }

    /// A copy that names its versions must name those that git launches.
    fn name_launched(&mut self, product: usize) {
        let copied = self.products[product].copied.as_mut();
        if let Some(named) = copied.and_then(|copied| copied.named.as_mut()) {
            let launched = self.launched.iter().filter(|l| l.product == product);
            named.extend(launched.map(|l| l.version.clone()));
        }
    }

    /// Makes copies of products that nothing is launched from.
    pub fn turn(&mut self, random: &mut Entropy, others: &Others) {
        for at in 0..self.products.len() {
            if random.chance(0.3) && self.launched.iter().all(|l| l.product != at) {
                self.products[at].copied = Some(Copied::random(random, others));
            }
        }
    }

    /// Gives a launch that failed other parameters, as a person would who mends it.
    pub fn mend(&mut self, name: &str, salt: u64) {
        let at: usize = name.trim_start_matches('l').parse().unwrap();
        self.launched[at].size = Size::Text(100 + salt);
    }

    pub fn manifests(&self, others: &Others) -> String {
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
                copied,
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
            if let Some(copied) = copied {
                copied.write(&mut text, others);
                continue;
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
                import,
            } = launched;
            head(&mut text, "ProvisionedProduct", format!("l{at}"));
            let _ = writeln!(
                text,
                "  product: x{product}\n  version: {version}\n  portfolio: p{portfolio}"
            );
            let size = match size {
                Size::Kept => None,
                Size::Text(size) => Some(format!("s{size}")),
                Size::Output(of) => Some(format!(
                    "{{output: {{provisionedProduct: l{of}, key: Size}}}}"
                )),
            };
            if let Some(size) = size {
                let _ = writeln!(text, "  parameters: {{Size: {size}}}");
            }
            if let Some(stack) = import {
                let _ = writeln!(text, "  import: {{stackArn: \"{}\"}}", stack_arn(*stack));
            }
        }
        text
    }

    /// Asserts that what is live is what the manifests and the sources say, wherever they say something; and that what
    /// is not so is said to be blocked, for a reason that holds.
    pub fn expect(&self, pass: &Pass, others: &Others, world: &World) {
        let live = &pass.observed;
        for status in &pass.statuses {
            if !status.blocked.is_empty() {
                let excused = self.is_excused(status, pass, others, world);
                assert!(excused, "{status:#?} {self:#?} {others:#?}");
                continue;
            }
            assert_eq!(status.sync, Sync::Synced, "{status:?}");
            // A change that failed and that git took back leaves what runs as it was.
            let tainted =
                status.key.kind == Kind::ProvisionedProduct && status.health == Health::Degraded;
            assert!(status.health == Health::Healthy || tainted, "{status:?}");
        }
        self.expect_no_others(pass, others);
        let live = &others.without(live);
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
                copied,
            } = want;
            if copied.is_some() && status(pass, &format!("product/x{at}")).id.is_none() {
                continue;
            }
            let seen = product(live, &format!("x{at}"));
            assert_eq!(seen.owner, format!("o{owner}"), "x{at}");
            if let Some(email) = email {
                let email = format!("e{email}@example.com");
                assert_eq!(seen.support_email, Some(email), "x{at}");
            }
            match copied {
                Some(copied) => copied.expect(seen, !versions.is_empty(), others, live),
                None => {
                    for (number, version) in versions.iter().enumerate() {
                        version.expect(number, seen);
                    }
                }
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
            let status = status(pass, &format!("provisioned-product/l{at}"));
            let Some(seen) = self.live_launch(at, live) else {
                assert!(!status.blocked.is_empty(), "{status:?}");
                continue;
            };
            if let Some(stack) = want.import {
                assert_eq!(seen.physical_id, Some(stack_arn(stack)), "l{at}");
            }
            if !status.blocked.is_empty() {
                continue;
            }
            let launched = product(live, &format!("x{}", want.product));
            let name = &want.version;
            let version = launched.versions.iter().find(|v| v.name == *name).unwrap();
            let (product, running) = match &seen.running {
                Some(running) => (&running.product, &running.version),
                // Nothing but imported.
                None => (&seen.product, &seen.version),
            };
            assert!(seen.running.is_some() || want.import.is_some(), "l{at}");
            assert_eq!(*product, launched.id, "l{at}");
            assert_eq!(*running, version.id, "l{at}");
            if let Some(size) = self.size(at, pass) {
                assert_eq!(
                    seen.stack.as_ref().unwrap().parameters["Size"],
                    size,
                    "l{at}"
                );
            }
        }
    }

    /// Asserts that each of ours is there once, and that nobody's is there but what a copy left behind whose source
    /// went before it could be claimed: the token that finds it is asked of the source.
    fn expect_no_others(&self, pass: &Pass, others: &Others) {
        let live = &pass.observed;
        let mut claimed = BTreeSet::new();
        for found in live
            .products
            .values()
            .filter(|o| !others.own(o.id.as_str()))
        {
            match found.tags.get("catalogd:product") {
                Some(owner) => assert!(claimed.insert(owner), "two products of {owner}"),
                None => {
                    let absent = status(pass, &format!("product/{}", found.name));
                    assert!(absent.id.is_none(), "{found:#?} is a second {absent:#?}");
                }
            }
        }
        let wanted = (0..self.products.len())
            .filter(|at| status(pass, &format!("product/x{at}")).id.is_some())
            .count();
        assert_eq!(claimed.len(), wanted);
    }

    /// Whether an object is rightly blocked: because of what others did to what is theirs, or because of what git asks
    /// of it.
    pub fn is_excused(
        &self,
        status: &ObjectStatus,
        pass: &Pass,
        others: &Others,
        world: &World,
    ) -> bool {
        if status.stalled.is_some() || !status.waiting.is_empty() || status.blocked.is_empty() {
            return false;
        }
        let at = |prefix: char| {
            let name = status.key.name.as_str();
            name.trim_start_matches(prefix).parse::<usize>().unwrap()
        };
        let mut all = status.blocked.iter();
        match status.key.kind {
            Kind::TagOption | Kind::ServiceAction | Kind::Portfolio => false,
            Kind::Product => {
                let copied = self.products[at('x')].copied.as_ref();
                copied.is_some_and(|copied| {
                    let live = self.live_product(at('x'), &pass.observed);
                    all.all(|b| copied.is_excused(b, live, others, &pass.observed))
                })
            }
            Kind::ProvisionedProduct => {
                all.all(|b| self.is_launch_excused(b, at('l'), pass, others, world))
            }
        }
    }

    fn is_launch_excused(
        &self,
        blocked: &Blocked,
        at: usize,
        pass: &Pass,
        others: &Others,
        world: &World,
    ) -> bool {
        let want = &self.launched[at];
        let goal = &self.products[want.product];
        let live = self.live_product(want.product, &pass.observed);
        let version = live.and_then(|live| live.versions.iter().find(|v| v.name == want.version));
        let is_live = self.live_launch(at, &pass.observed).is_some();
        match blocked.code {
            BlockedCode::VersionState => {
                let is_usable = |v: &LiveVersion| v.active && v.guidance != Guidance::Deprecated;
                goal.copied.is_some() && !version.is_some_and(is_usable)
            }
            BlockedCode::Dependency => {
                let offered = goal.offers(&want.version, others);
                let gone = goal.copied.is_some() && !offered && version.is_none();
                let upstream = match want.size {
                    Size::Output(of) => {
                        let upstream = status(pass, &format!("provisioned-product/l{of}"));
                        self.is_excused(upstream, pass, others, world)
                    }
                    Size::Kept | Size::Text(_) => false,
                };
                gone || upstream
            }
            BlockedCode::ImportStack => want
                .import
                .is_some_and(|stack| !is_live && !others.is_importable(world, stack)),
            BlockedCode::ImportTemplate => want.import.is_some_and(|stack| {
                let mut templates = goal.templates(&want.version, others).into_iter();
                !is_live && templates.any(|n| !others.has_template(world, stack, n))
            }),
            _ => false,
        }
    }

    /// The names of those that are imported.
    pub fn imports(&self) -> BTreeSet<String> {
        let all = self.launched.iter().enumerate();
        all.filter(|(_, l)| l.import.is_some())
            .map(|(at, _)| format!("l{at}"))
            .collect()
    }

    pub fn is_import(&self, name: &str) -> bool {
        self.imports().contains(name)
    }

    pub fn is_copy(&self, name: &str) -> bool {
        let at: usize = name.trim_start_matches('x').parse().unwrap();
        self.products[at].copied.is_some()
    }

    /// How many portfolios there are, and how many launches and imports.
    pub fn counts(&self) -> (usize, usize) {
        (self.portfolios.len(), self.launched.len())
    }

    fn live_product<'o>(&self, at: usize, live: &'o Observed) -> Option<&'o LiveProduct> {
        let owner = format!("/x{at}");
        let mut all = live.products.values();
        all.find(|o| {
            let tag = o.tags.get("catalogd:product");
            tag.is_some_and(|tag| tag.starts_with("default/") && tag.ends_with(&owner))
        })
    }

    fn live_launch<'o>(&self, at: usize, live: &'o Observed) -> Option<&'o LiveProvisioned> {
        let name = format!("l{at}");
        live.provisioned.values().find(|o| o.name == name)
    }

    fn live_portfolio<'o>(&self, at: usize, live: &'o Observed) -> &'o LivePortfolio {
        let name = format!("p{at}");
        let mut all = live.portfolios.values();
        let found = all.find(|portfolio| portfolio.display_name == name);
        found.unwrap_or_else(|| panic!("no portfolio {name}"))
    }

    /// A parameter as it arrives: outputs hand it on, of what is blocked as they are. None where it is nobody's business.
    fn size(&self, at: usize, pass: &Pass) -> Option<String> {
        match self.launched[at].size {
            Size::Text(size) => Some(format!("s{size}")),
            Size::Output(of) => {
                let upstream = status(pass, &format!("provisioned-product/l{of}"));
                let is_free = upstream.blocked.is_empty();
                let wanted = is_free.then(|| self.size(of, pass)).flatten();
                wanted.or_else(|| {
                    let live = self.live_launch(of, &pass.observed)?;
                    live.stack.as_ref()?.outputs.get("Size").cloned()
                })
            }
            Size::Kept => None,
        }
    }

    /// Writes the manifests and the templates that they may name.
    pub fn write(&self, world: &World, others: &Others) {
        world.write("catalog.yaml", self.manifests(others));
        for n in 0..TEMPLATES {
            world.write(&format!("t{n}.yaml"), template(n));
        }
    }
}

impl Product {
    /// Versions that take launches, with their templates.
    fn launchable(&self, others: &Others) -> Vec<(String, u64)> {
        let Some(copied) = &self.copied else {
            let all = self.versions.iter().enumerate();
            let good = all.filter(|(_, v)| v.active && !v.deprecated);
            return good.map(|(at, v)| (format!("v{at}"), v.template)).collect();
        };
        let all = others.sources[copied.source].versions();
        let good = all.filter(|v| v.active && !v.deprecated && copied.asks_for(&v.name));
        good.map(|v| (v.name.clone(), v.template)).collect()
    }

    /// Whether a version is to be had at all.
    fn offers(&self, name: &str, others: &Others) -> bool {
        match &self.copied {
            None => true,
            Some(copied) => {
                let found = others.sources[copied.source].version(name);
                let asked = |active: bool| match copied.named {
                    Some(_) => copied.asks_for(name),
                    None => active,
                };
                found.is_some_and(|v| asked(v.active))
            }
        }
    }

    /// The templates that a version of this name may have.
    fn templates(&self, name: &str, others: &Others) -> Vec<u64> {
        let own = self.versions.iter().enumerate();
        let own = own.filter(|(at, _)| format!("v{at}") == name);
        let copied = others.sources.iter().flat_map(|s| s.templates(name));
        own.map(|(_, v)| v.template).chain(copied).collect()
    }
}

impl Copied {
    fn random(random: &mut Entropy, others: &Others) -> Self {
        let source = random.below(others.sources.len() as u64) as usize;
        let mut copied = Self {
            source,
            named: None,
            tags: random.chance(0.5),
        };
        copied.named = copied.names(random, others);
        copied
    }

    /// Some of the names that there are or were; rarely one that there never was.
    fn names(&self, random: &mut Entropy, others: &Others) -> Option<BTreeSet<String>> {
        if random.chance(0.6) {
            return None;
        }
        let all = others.sources[self.source].names();
        let mut named: BTreeSet<String> = all
            .iter()
            .filter(|_| random.chance(0.6))
            .map(|name| (*name).to_owned())
            .collect();
        if random.chance(0.1) {
            named.insert("none".to_owned());
        }
        if named.is_empty() {
            named.extend(all.first().map(|name| (*name).to_owned()));
        }
        Some(named)
    }

    fn asks_for(&self, name: &str) -> bool {
        self.named.as_ref().is_none_or(|named| named.contains(name))
    }

    fn write(&self, text: &mut String, others: &Others) {
        let Self {
            source,
            named,
            tags,
        } = self;
        let arn = others.sources[*source].arn();
        let _ = write!(text, "  copyFrom:\n    productArn: {arn}\n");
        if let Some(named) = named {
            let named: Vec<&str> = named.iter().map(String::as_str).collect();
            let _ = writeln!(text, "    versions: [{}]", named.join(", "));
        }
        if *tags {
            text.push_str("    copyTags: true\n");
        }
    }

    /// Asserts that a copy has what its source has of what is asked for, and nothing that nobody ever made.
    fn expect(&self, seen: &LiveProduct, turned: bool, others: &Others, live: &Observed) {
        let source = &others.sources[self.source];
        let name = &seen.name;
        for found in &seen.versions {
            let known = others
                .sources
                .iter()
                .any(|s| s.names().contains(found.name.as_str()));
            let own = turned && found.name.starts_with('v');
            assert!(known || own, "{name} has {}", found.name);
        }
        for want in source.versions().filter(|v| self.asks_for(&v.name)) {
            let mut all = seen.versions.iter();
            let Some(found) = all.find(|v| v.name == want.name) else {
                assert!(self.named.is_none() && !want.active, "{name}: {want:?}");
                continue;
            };
            if source.is_republished(&want.name) {
                continue;
            }
            assert_eq!(found.description, want.description(), "{name}: {want:?}");
            assert_eq!(found.guidance, want.guidance(), "{name}: {want:?}");
            let used = found.active && is_used(found, live);
            assert!(found.active == want.active || used, "{name}: {want:?}");
        }
        for (key, value) in source.plain_tags() {
            if self.tags && !source.deleted {
                assert_eq!(seen.tags.get(key), Some(value), "{name}");
            }
        }
    }

    fn is_excused(
        &self,
        blocked: &Blocked,
        live: Option<&LiveProduct>,
        others: &Others,
        observed: &Observed,
    ) -> bool {
        let source = &others.sources[self.source];
        let copy_has = |name: &str| live.is_some_and(|o| o.versions.iter().any(|v| v.name == name));
        match blocked.code {
            BlockedCode::CopySource => {
                let missing = |name: &String| source.version(name).is_none() && !copy_has(name);
                let none = live.is_none() && source.versions().all(|v| !v.active);
                let named = self.named.iter().flatten().any(missing);
                source.deleted || named || none && self.named.is_none()
            }
            BlockedCode::ImmutableVersion => {
                source.versions().any(|v| source.is_republished(&v.name))
            }
            BlockedCode::VersionInUse => source.versions().any(|want| {
                let mut ours = live.into_iter().flat_map(|o| &o.versions);
                let ours = ours.find(|v| v.name == want.name);
                !want.active && ours.is_some_and(|v| v.active && is_used(v, observed))
            }),
            _ => false,
        }
    }
}

/// Whether something runs from a version.
fn is_used(version: &LiveVersion, live: &Observed) -> bool {
    let mut all = live.provisioned.values();
    all.any(|o| {
        let running = o.running.as_ref().map(|running| &running.version);
        o.version == version.id || running == Some(&version.id)
    })
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
            template: random.below(TEMPLATES),
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
