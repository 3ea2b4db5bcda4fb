//! Small worlds for the tests of the middle: manifests as values, and the live catalog that equals them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::diff::{association, portfolio};
use crate::ids::{
    AccountId, ConstraintId, Kind, Name, PortfolioId, ProductId, ProvisionedProductId, RecordId,
    Region, TagOptionId, Target, VersionId,
};
use crate::model::desired::*;
use crate::model::observed::*;
use crate::model::owner::{Identity, Installation, tag_key};
use crate::model::share::Recipient;
use crate::model::template::{ParameterDecl, Template, VersionContent};
use crate::plan::{Input, Plan, Policy};
use crate::policy::{Asked, decide};
use crate::render::text::{self, Style};
use crate::rule::Rules;
use crate::status::statuses;

pub(crate) const CALLER: &str = "arn:aws:iam::123456789012:role/Deploy";

/// Everything that a plan depends on, owned.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) identity: Identity,
    pub(crate) desired: Desired,
    pub(crate) base: Option<Desired>,
    pub(crate) observed: Observed,
    pub(crate) policy: Policy,
    /// The team's own rules.
    pub(crate) rules: Rules,
    pub(crate) now: Timestamp,
}

impl World {
    /// A source, and an account with nothing in it.
    pub(crate) fn empty(desired: Desired) -> Self {
        let identity = Identity {
            installation: Installation::default(),
            target: Target {
                account: AccountId::new("123456789012"),
                region: Region::new("us-east-1"),
                partition: "aws".to_owned(),
            },
        };
        let observed = Observed {
            target: identity.target.clone(),
            caller: CALLER.to_owned(),
            service_actions: BTreeMap::new(),
            tag_options: BTreeMap::new(),
            portfolios: BTreeMap::new(),
            imported: BTreeMap::new(),
            products: BTreeMap::new(),
            sources: BTreeMap::new(),
            provisioned: BTreeMap::new(),
            stacks: BTreeMap::new(),
            ssm: BTreeMap::new(),
            bucket: Bucket {
                name: "catalogd-123456789012-us-east-1".to_owned(),
                exists: false,
                unfinished: false,
                index_stale: false,
            },
            read: ReadTimes::default(),
            gaps: Vec::new(),
        };
        Self {
            identity,
            desired,
            base: None,
            observed,
            policy: Policy::default(),
            rules: Rules::default(),
            now: "2026-01-01T00:00:00Z".parse().unwrap(),
        }
    }

    /// A source, and an account that is as it says; git said the same when it was last applied.
    pub(crate) fn converged(desired: Desired) -> Self {
        let mut world = Self::empty(desired);
        world.base = Some(world.desired.clone());
        world.observed.bucket.exists = true;
        for option in world.desired.clone().tag_options.values() {
            world.live_tag_option(option);
        }
        for portfolio in world.desired.clone().portfolios.values() {
            world.live_portfolio(portfolio);
        }
        for product in world.desired.clone().products.values() {
            world.live_product(product);
        }
        for provisioned in world.desired.clone().provisioned.values() {
            world.live_provisioned(provisioned);
        }
        world
    }

    pub(crate) fn plan(&self) -> Plan {
        let input = Input {
            identity: &self.identity,
            desired: &self.desired,
            base: self.base.as_ref(),
            observed: &self.observed,
            policy: &self.policy,
            now: self.now,
        };
        let now = self.now;
        let asked = Asked {
            rules: &self.rules,
            revision: "3f2a9c1",
            now: Arc::new(move || now),
        };
        let plan = decide(&input, &asked);
        // Every plan that a test makes is one as documented.
        crate::render::schema_check::plan(&crate::render::json::plan(&plan));
        plan
    }

    pub(crate) fn text(&self) -> String {
        text::plan(&self.plan(), Style::default())
    }

    /// The calls, each as `call object`.
    pub(crate) fn calls(&self) -> Vec<String> {
        let plan = self.plan();
        let steps = plan.steps.iter();
        steps
            .map(|s| format!("{} {} needs {:?}", s.op.call(), s.object, ids(&s.needs)))
            .collect()
    }

    pub(crate) fn status(&self) -> String {
        let statuses = statuses(&self.plan(), &self.desired, &self.observed);
        crate::render::status::status(&statuses, Style::default())
    }

    pub(crate) fn gap(&mut self, scope: Scope) {
        self.observed.gaps.push(Gap {
            scope,
            operation: "ListSomething".to_owned(),
            reason: "AccessDeniedException: no".to_owned(),
            denied: true,
        });
    }

    pub(crate) fn portfolio(&mut self, name: &str) -> &mut LivePortfolio {
        let id = PortfolioId::new(format!("port-{name}"));
        self.observed.portfolios.get_mut(&id).unwrap()
    }

    pub(crate) fn product(&mut self, name: &str) -> &mut LiveProduct {
        let id = ProductId::new(format!("prod-{name}"));
        self.observed.products.get_mut(&id).unwrap()
    }

    pub(crate) fn provisioned(&mut self, name: &str) -> &mut LiveProvisioned {
        let id = ProvisionedProductId::new(format!("pp-{name}"));
        self.observed.provisioned.get_mut(&id).unwrap()
    }

    fn owner(&self, kind: Kind, name: &Name, tags: &Option<Tags>) -> Tags {
        let mut all = tags.clone().unwrap_or_default();
        all.insert(tag_key(kind).to_owned(), self.identity.tag_value(name));
        all
    }

    fn live_tag_option(&mut self, want: &TagOption) {
        let id = TagOptionId::new(format!("tag-{}", want.name));
        let live = LiveTagOption {
            id: id.clone(),
            key: want.key.clone(),
            value: want.value.clone(),
            active: want.active,
        };
        self.observed.tag_options.insert(id, live);
    }

    /// The live TagOptions of the names that a manifest gives.
    fn given(&self, want: &Option<GivenTagOptions>) -> LiveTagOptions {
        let names = want.iter().flatten().map(|(name, _)| name);
        let ids = names.map(|name| TagOptionId::new(format!("tag-{name}")));
        ids.map(|id| (id.clone(), self.observed.tag_options[&id].clone()))
            .collect()
    }

    pub(crate) fn live_portfolio(&mut self, want: &Portfolio) {
        let id = PortfolioId::new(format!("port-{}", want.name));
        let principals = want.principals.iter().flatten();
        let live = LivePortfolio {
            id: id.clone(),
            display_name: want.display_name.clone(),
            description: want.description.clone(),
            provider_name: want.provider_name.clone(),
            tags: self.owner(Kind::Portfolio, &want.name, &want.tags),
            principals: principals.map(|p| portfolio::resolved(p, CALLER)).collect(),
            tag_options: self.given(&want.tag_options),
            budgets: want.budgets.clone().unwrap_or_default(),
            shares: want.shares.as_ref().map(live_shares),
            products: BTreeSet::new(),
            shared_products: BTreeSet::new(),
            constraints: BTreeMap::new(),
        };
        self.observed.portfolios.insert(id, live);
    }

    fn live_product(&mut self, want: &Product) {
        let id = ProductId::new(format!("prod-{}", want.name));
        let live_version = |version: &Version| LiveVersion {
            id: VersionId::new(format!("pa-{}-{}", want.name, version.name)),
            name: version.name.clone(),
            description: version.description.clone(),
            active: version.active,
            guidance: version.guidance.unwrap_or(Guidance::Default),
            content: match &version.source {
                TemplateSource::File {
                    raw, parameters, ..
                } => Some(VersionContent {
                    content: self.desired.templates[raw].content.clone(),
                    parameters: parameters.clone(),
                }),
                _ => None,
            },
            status: ReadyStatus::Available,
        };
        let live = LiveProduct {
            arn: format!("arn:aws:catalog:us-east-1:123456789012:product/{id}"),
            id: id.clone(),
            name: want.display_name.clone(),
            owner: want.owner.clone(),
            description: want.description.clone(),
            distributor: want.distributor.clone(),
            support_description: want.support.description.clone(),
            support_email: want.support.email.clone(),
            support_url: want.support.url.clone(),
            product_type: want.product_type.as_str().to_owned(),
            source_connection: want.source_connection.as_ref().map(|c| LiveConnection {
                to: c.to.clone(),
                last_sync: None,
            }),
            tags: self.owner(Kind::Product, &want.name, &want.tags),
            tag_options: self.given(&want.tag_options),
            budgets: want.budgets.clone().unwrap_or_default(),
            versions: want.versions.iter().map(live_version).collect(),
        };
        self.observed.products.insert(id.clone(), live);
        for (name, association) in want.portfolios.iter().flatten() {
            let portfolio = self.portfolio(name.as_str());
            portfolio.products.insert(id.clone());
            for kind in association::KINDS {
                let constraints = association.constraints.as_ref();
                let Some(parameters) = constraints.and_then(|c| association::parameters(kind, c))
                else {
                    continue;
                };
                let constraint = ConstraintId::new(format!("cons-{}-{name}-{kind}", want.name));
                portfolio.constraints.insert(
                    constraint.clone(),
                    LiveConstraint {
                        id: constraint,
                        kind: kind.to_owned(),
                        product: id.clone(),
                        owner: None,
                        parameters,
                        status: ReadyStatus::Available,
                    },
                );
            }
        }
    }

    fn live_provisioned(&mut self, want: &ProvisionedProduct) {
        let id = ProvisionedProductId::new(format!("pp-{}", want.name));
        let product = ProductId::new(format!("prod-{}", want.product));
        let version = VersionId::new(format!("pa-{}-{}", want.product, want.version));
        let parameters = want.parameters.iter().flatten();
        let text = |p: &Parameter| match &p.value {
            ParameterValue::Literal(text) => text.clone(),
            ParameterValue::Output { key, .. } => format!("value-of-{key}"),
            ParameterValue::List(items) => items.join(","),
            ParameterValue::Ssm(name) => self.observed.ssm[name].value.clone(),
        };
        let stack = LiveStack {
            arn: format!(
                "arn:aws:cloudformation:us-east-1:123456789012:stack/SC-123456789012-{id}/1"
            ),
            status: "CREATE_COMPLETE".to_owned(),
            parameters: parameters.map(|(k, p)| (k.clone(), text(p))).collect(),
            outputs: BTreeMap::from([("VpcId".to_owned(), "value-of-VpcId".to_owned())]),
            notification_arns: want
                .notification_arns
                .iter()
                .flat_map(|topics| topics.arns.clone())
                .collect(),
            tags: BTreeMap::new(),
            parent: None,
        };
        let record = Some(RecordId::new(format!("rec-{}", want.name)));
        let live = LiveProvisioned {
            id: id.clone(),
            name: want.live_name.clone(),
            kind: "CFN_STACK".to_owned(),
            status: ProvisionedStatus::Available,
            status_message: None,
            product: product.clone(),
            version: version.clone(),
            idempotency_token: None,
            last_record: record.clone(),
            last_provisioning_record: record,
            tags: self.owner(Kind::ProvisionedProduct, &want.name, &want.tags),
            physical_id: Some(stack.arn.clone()),
            running: Some(Running { product, version }),
            ever_succeeded: true,
            stack: Some(stack),
            stack_set: None,
            stack_gone: false,
        };
        self.observed.provisioned.insert(id, live);
    }
}

fn live_shares(want: &BTreeMap<Recipient, Share>) -> BTreeMap<Recipient, LiveShare> {
    let live = |share: &Share| LiveShare {
        accepted: true,
        tag_options: share.tag_options.unwrap_or(false),
        principals: share.principals.unwrap_or(false),
    };
    let all = want.iter();
    all.map(|(with, share)| (with.clone(), live(share)))
        .collect()
}

fn ids(steps: &BTreeSet<crate::plan::op::StepId>) -> Vec<usize> {
    steps.iter().map(|id| id.0).collect()
}

/// A place in `catalog.yaml`.
pub(crate) fn at(line: u32) -> Origin {
    Origin {
        file: Arc::from("catalog.yaml"),
        line,
        column: 3,
    }
}

/// Puts a template into a source and returns a version of it.
pub(crate) fn version(desired: &mut Desired, name: &str, body: &str) -> Version {
    let template = Template::new(Arc::from(body.as_bytes()));
    let raw = template.raw.clone();
    desired.templates.insert(raw.clone(), Arc::new(template));
    let declared = |key: &str| ParameterDecl {
        key: key.to_owned(),
        no_echo: key == "Password",
        default: None,
    };
    Version {
        name: name.to_owned(),
        origin: at(40),
        description: None,
        source: TemplateSource::File {
            path: Arc::from(format!("templates/{name}.yaml")),
            raw,
            parameters: Some(["Cidr", "Password", "PeerVpc"].map(declared).to_vec()),
        },
        active: true,
        retired: false,
        guidance: None,
        mutable: false,
        service_actions: None,
    }
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text)
}

pub(crate) fn tags<const N: usize>(all: [(&str, &str); N]) -> Tags {
    all.into_iter()
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .collect()
}

pub(crate) fn literal(text: &str) -> Parameter {
    Parameter {
        origin: at(60),
        value: ParameterValue::Literal(text.to_owned()),
    }
}

pub(crate) fn output(of: &str, key: &str) -> Parameter {
    Parameter {
        origin: at(61),
        value: ParameterValue::Output {
            provisioned_product: name(of),
            key: key.to_owned(),
        },
    }
}

pub(crate) fn launch(role: &str) -> Constraints {
    Constraints {
        launch: Some(Launch::LocalRoleName(role.to_owned())),
        tag_updates: Some(TagUpdates::Allowed),
        ..Constraints::default()
    }
}

pub(crate) fn portfolio_of(text: &str) -> Portfolio {
    Portfolio {
        name: name(text),
        origin: at(3),
        lifecycle: Lifecycle::default(),
        display_name: text.to_uppercase(),
        description: Some(format!("About {text}")),
        provider_name: "Platform".to_owned(),
        tags: Some(tags([("cost", "12")])),
        principals: Some(BTreeSet::from([
            Principal::Caller,
            Principal::Arn("arn:aws:iam::123456789012:role/Dev".to_owned()),
        ])),
        tag_options: None,
        budgets: None,
        shares: None,
        shared_products: None,
    }
}

pub(crate) fn product_of(text: &str, portfolios: &[&str], versions: Vec<Version>) -> Product {
    let association = |portfolio: &&str| {
        let association = Association {
            origin: at(30),
            constraints: Some(launch("SCLaunch")),
        };
        (name(portfolio), association)
    };
    Product {
        name: name(text),
        origin: at(20),
        lifecycle: Lifecycle::default(),
        display_name: text.to_uppercase(),
        owner: "Platform".to_owned(),
        description: None,
        distributor: None,
        support: Support {
            email: Some("help@example.com".to_owned()),
            ..Support::default()
        },
        tags: Some(tags([("team", "net")])),
        tag_options: None,
        budgets: None,
        portfolios: Some(portfolios.iter().map(association).collect()),
        product_type: ProductType::CloudFormation,
        versions,
        copy_from: None,
        source_connection: None,
        service_actions: None,
        unlisted_versions: UnlistedVersions::Keep,
    }
}

pub(crate) fn provisioned_of(text: &str, product: &str, version: &str) -> ProvisionedProduct {
    ProvisionedProduct {
        name: name(text),
        origin: at(50),
        lifecycle: Lifecycle::default(),
        live_name: text.to_owned(),
        product: name(product),
        version: version.to_owned(),
        portfolio: None,
        parameters: Some(BTreeMap::from([
            ("Cidr".to_owned(), literal("10.0.0.0/16")),
            ("Password".to_owned(), literal("hunter2")),
        ])),
        tags: Some(tags([("env", "prod")])),
        depends_on: BTreeSet::new(),
        import: None,
        notification_arns: None,
        stack_set: None,
    }
}

/// One portfolio, one product with two versions in it, a hub and a spoke that takes an output of the hub.
pub(crate) fn catalog() -> Desired {
    let mut desired = Desired::default();
    let versions = ["v1", "v2"].map(|n| version(&mut desired, n, &format!("Resources: {n}\n")));
    let product = product_of("vpc", &["net"], versions.to_vec());
    desired.portfolios.insert(name("net"), portfolio_of("net"));
    desired.products.insert(name("vpc"), product);
    let hub = provisioned_of("hub", "vpc", "v1");
    let mut spoke = provisioned_of("spoke", "vpc", "v2");
    let inputs = BTreeMap::from([("PeerVpc".to_owned(), output("hub", "VpcId"))]);
    spoke.parameters = Some(inputs);
    desired.provisioned.insert(name("hub"), hub);
    desired.provisioned.insert(name("spoke"), spoke);
    desired
}

/// Applies an edit to the product `vpc` of a source.
pub(crate) fn vpc(desired: &mut Desired) -> &mut Product {
    desired.products.get_mut(&name("vpc")).unwrap()
}

/// A provisioned product of a source.
pub(crate) fn pp<'d>(desired: &'d mut Desired, text: &str) -> &'d mut ProvisionedProduct {
    desired.provisioned.get_mut(&name(text)).unwrap()
}

#[test]
fn a_converged_world_has_nothing_to_do() {
    let world = World::converged(catalog());
    assert_eq!(
        world.text(),
        "No changes. The catalog matches the manifests.\n"
    );
}
