//! The AWS edge against the embedded AWS: the real SDK, in this process and in virtual time.

mod reads;
mod troubles;
mod writes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use catalogd::aws::{Aws, ContentIndex, Counts, Hints, Pace, Settings};
use catalogd::clock::Clock;
use catalogd::emulator::faults::Faults;
use catalogd::emulator::{Emulator, InProcess, Options, Profile};
use catalogd::ids::{Key, Kind, Name, PortfolioId, ProductId};
use catalogd::model::desired::{ProductType, Tags};
use catalogd::model::observed::{Gap, Observed};
use catalogd::model::owner::{Identity, Installation, tag_key};
use catalogd::model::template::Template;
use catalogd::observe::asked::Asked;
use catalogd::plan::op::{Answer, Arg, NewSource, NewVersion, Op, ProductFields, TagChange};
use catalogd::run::settle::Read;

/// How many reads a write may take to show before a test gives up.
const MOST_READS: u32 = 200;

/// A template with a default, a NoEcho parameter and an output.
pub const TEMPLATE: &str = r#"
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Size: {Type: String, Default: small}
  Key: {Type: String, NoEcho: true, Default: hidden}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !Ref Size}
Outputs:
  Kind: {Value: !Ref Size}
"#;

/// An embedded AWS and the edge that talks to it.
pub struct Bench {
    pub emulator: Emulator,
    pub aws: Aws,
    pub clock: Clock,
    pub identity: Identity,
    /// What a state folder would remember.
    pub known_ids: BTreeMap<Key, String>,
    pub wanted: BTreeSet<String>,
    /// Portfolios whose shares are read.
    pub shared: BTreeSet<Name>,
    /// Whether TagOptions are read.
    pub tag_options: bool,
}

impl Bench {
    pub async fn new(profile: Profile) -> Self {
        Self::with(profile, Faults::default(), Pace::None).await
    }

    pub async fn with(profile: Profile, faults: Faults, pace: Pace) -> Self {
        let clock = Clock::starting_at("2026-05-01T08:00:00Z".parse().unwrap());
        let emulator = Emulator::new(Options {
            clock,
            seed: 7,
            profile,
            quotas: false,
            faults,
        });
        Self::on(emulator, clock, pace).await
    }

    /// Another process on the same AWS: it remembers nothing.
    pub async fn again(&self) -> Self {
        Self::on(self.emulator.clone(), self.clock, Pace::None).await
    }

    async fn on(emulator: Emulator, clock: Clock, pace: Pace) -> Self {
        let aws = connect(&emulator, clock, pace, "AKIAEXAMPLE")
            .await
            .unwrap();
        let identity = Identity {
            installation: Installation::parse("it").unwrap(),
            target: aws.target().clone(),
        };
        Self {
            emulator,
            aws,
            clock,
            identity,
            known_ids: BTreeMap::new(),
            wanted: BTreeSet::new(),
            shared: BTreeSet::new(),
            tag_options: false,
        }
    }

    pub fn hints(&self) -> Hints {
        Hints {
            known_ids: self.known_ids.clone(),
            asked: Asked {
                provisioned: self.wanted.clone(),
                shared: self.shared.clone(),
                tag_options: self.tag_options,
                offers: true,
                ..Asked::default()
            },
            everything: false,
            identity: self.identity.clone(),
            recall: Arc::default(),
        }
    }

    /// What a pass that remembers nothing sees.
    pub async fn collect(&self) -> Observed {
        let mut index = ContentIndex::default();
        self.aws.collect(&self.hints(), &mut index).await
    }

    /// What is seen, and the calls that took.
    pub async fn collect_counted(&self, index: &mut ContentIndex) -> (Observed, Counts) {
        let before = self.aws.counts();
        let observed = self.aws.collect(&self.hints(), index).await;
        (observed, self.aws.counts().since(&before))
    }

    /// Makes a call as the executor does: again while its subject is not visible, then reads until it shows twice.
    pub async fn make(&self, op: &Op) -> Answer {
        let mut answer = None;
        for _ in 0..MOST_READS {
            match self.aws.apply(op).await {
                Ok(done) => {
                    answer = Some(done);
                    break;
                }
                Err(failure) if failure.is_retryable() => self.wait(500).await,
                Err(failure) => panic!("{failure} of {op:?}"),
            }
        }
        let answer = answer.unwrap_or_else(|| panic!("never accepted: {op:?}"));
        if let Some(record) = &answer.record {
            self.end_of(record).await;
        } else {
            self.shown(op, &answer).await;
        }
        answer
    }

    pub async fn shown(&self, op: &Op, answer: &Answer) {
        let mut good = 0;
        for _ in 0..MOST_READS {
            match self.aws.shows(op, answer).await.unwrap() {
                Read::Shows => good += 1,
                Read::NotYet(_) => good = 0,
                end => panic!("{end:?} of {op:?}"),
            }
            if good == 2 {
                return;
            }
            self.wait(500).await;
        }
        panic!("never showed: {op:?}");
    }

    pub async fn end_of(
        &self,
        record: &catalogd::ids::RecordId,
    ) -> catalogd::aws::poll::RecordSeen {
        use catalogd::run::record::RecordStatus as S;
        for _ in 0..MOST_READS {
            match self.aws.record(record).await {
                Ok(seen) if matches!(seen.status, S::Succeeded | S::Failed) => return seen,
                Ok(_) => {}
                Err(failure) => assert!(failure.is_not_found(), "{failure}"),
            }
            self.wait(1_000).await;
        }
        panic!("{record} never ended");
    }

    pub async fn wait(&self, millis: u64) {
        self.clock.sleep(Duration::from_millis(millis)).await;
    }

    /// The bucket with a template in it.
    pub async fn bucket(&self) -> Arc<Template> {
        let bucket = self.aws.bucket().to_owned();
        let template = Arc::new(Template::new(Arc::from(TEMPLATE.as_bytes())));
        for op in [
            Op::CreateBucket {
                bucket: bucket.clone(),
            },
            Op::PutTemplate {
                bucket,
                template: template.clone(),
            },
        ] {
            self.make(&op).await;
        }
        template
    }

    pub fn owned(&self, kind: Kind, name: &str) -> Tags {
        let value = self.identity.tag_value(&Name::new(name));
        [(tag_key(kind).to_owned(), value)].into()
    }

    pub fn token(&self, kind: Kind, name: &str, action: &str) -> catalogd::ids::Token {
        self.identity
            .create_token(&Key::new(kind, Name::new(name)), action, None)
    }

    pub fn version(&self, name: &str, template: &Arc<Template>) -> NewVersion {
        NewVersion {
            name: name.to_owned(),
            description: None,
            kind: "CLOUD_FORMATION_TEMPLATE",
            source: NewSource::Bucket {
                bucket: self.aws.bucket().to_owned(),
                template: template.clone(),
            },
        }
    }

    pub fn create_portfolio(&self, name: &str) -> Op {
        Op::CreatePortfolio {
            display_name: name.to_owned(),
            description: None,
            provider_name: "it".to_owned(),
            tags: self.owned(Kind::Portfolio, name),
            token: self.token(Kind::Portfolio, name, "create"),
        }
    }

    pub fn create_product(&self, name: &str, template: &Arc<Template>) -> Op {
        Op::CreateProduct {
            fields: Box::new(ProductFields {
                name: Some(name.to_owned()),
                owner: Some("it".to_owned()),
                ..ProductFields::default()
            }),
            tags: self.owned(Kind::Product, name),
            product_type: ProductType::CloudFormation,
            version: Some(self.version("v1", template)),
            token: self.token(Kind::Product, name, "create"),
        }
    }

    pub async fn portfolio(&self, name: &str) -> PortfolioId {
        let answer = self.make(&self.create_portfolio(name)).await;
        answer.portfolio.unwrap()
    }

    pub async fn product(&self, name: &str, template: &Arc<Template>) -> ProductId {
        let answer = self.make(&self.create_product(name, template)).await;
        answer.product.unwrap()
    }

    pub async fn associate(&self, portfolio: &PortfolioId, product: &ProductId) {
        self.make(&Op::AssociateProduct {
            portfolio: Arg::Value(portfolio.clone()),
            product: Arg::Value(product.clone()),
        })
        .await;
    }

    /// A portfolio that the caller may launch a product from.
    pub async fn launchable(&self, name: &str) -> (PortfolioId, Answer) {
        let template = self.bucket().await;
        let product = self.make(&self.create_product(name, &template)).await;
        let portfolio = self.portfolio(name).await;
        self.associate(&portfolio, product.product.as_ref().unwrap())
            .await;
        self.make(&Op::AssociatePrincipal {
            portfolio: Arg::Value(portfolio.clone()),
            principal: catalogd::model::observed::LivePrincipal {
                arn: self.aws.caller().to_owned(),
                pattern: false,
            },
        })
        .await;
        (portfolio, product)
    }

    pub fn provision(&self, name: &str, path: &str, product: &Answer) -> Op {
        Op::Provision {
            name: name.to_owned(),
            product: Arg::Value(product.product.clone().unwrap()),
            version: Arg::Value(product.version.clone().unwrap()),
            path: path.to_owned(),
            parameters: BTreeMap::new(),
            tags: self.owned(Kind::ProvisionedProduct, name),
            topics: BTreeSet::new(),
            preferences: None,
            token: self
                .identity
                .request_token(&Name::new(name), "request", None),
        }
    }
}

/// The edge with an access key of its own.
pub async fn connect(
    emulator: &Emulator,
    clock: Clock,
    pace: Pace,
    key: &str,
) -> Result<Aws, catalogd::aws::ConnectError> {
    Aws::connect(settings(emulator, clock, pace, key)).await
}

/// What the edge is made from, with the template bucket of its own.
pub fn settings(emulator: &Emulator, clock: Clock, pace: Pace, key: &str) -> Settings {
    Settings {
        region: Some("us-east-1".to_owned()),
        template_bucket: None,
        pace,
        static_credentials: Some((key.to_owned(), "secret".to_owned())),
        http: Some(SharedHttpClient::new(InProcess(emulator.clone()))),
        clock,
        seed: 11,
    }
}

pub fn scopes(gaps: &[Gap]) -> Vec<String> {
    gaps.iter()
        .map(|gap| format!("{:?} by {}", gap.scope, gap.operation))
        .collect()
}

pub fn retag(key: &str, value: &str) -> TagChange {
    TagChange {
        add: [(key.to_owned(), value.to_owned())].into(),
        ..TagChange::default()
    }
}
