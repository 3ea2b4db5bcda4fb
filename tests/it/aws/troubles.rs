//! What can't be read is a gap; what is kept from us is never taken for gone.

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use catalogd::aws::{Class, ContentIndex, Pace};
use catalogd::emulator::faults::{Effect, Faults, Rule};
use catalogd::emulator::{InProcess, Profile};
use catalogd::ids::PortfolioId;
use catalogd::model::observed::Scope;

use super::{Bench, scopes};

impl Bench {
    /// Somebody else's hand: a client of its own.
    pub fn sc(&self) -> aws_sdk_servicecatalog::Client {
        use aws_sdk_servicecatalog::config::{BehaviorVersion, Config, Region};
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(aws_credential_types::Credentials::for_tests())
            .http_client(SharedHttpClient::new(InProcess(self.emulator.clone())))
            .build();
        aws_sdk_servicecatalog::Client::from_conf(config)
    }

    pub fn s3(&self) -> aws_sdk_s3::Client {
        use aws_sdk_s3::config::{BehaviorVersion, Config, Region};
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(aws_credential_types::Credentials::for_tests())
            .http_client(SharedHttpClient::new(InProcess(self.emulator.clone())))
            .force_path_style(true)
            .build();
        aws_sdk_s3::Client::from_conf(config)
    }

    pub async fn delete_portfolio(&self, id: &PortfolioId) {
        self.sc()
            .delete_portfolio()
            .id(id.as_str())
            .send()
            .await
            .unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn everything_denied_is_gaps_of_everything() {
    let bench = Bench::new(Profile::Instant).await;
    bench.bucket().await;
    bench.emulator.inject(Rule::always(Effect::AccessDenied));
    let seen = bench.collect().await;
    let whole: Vec<_> = seen.gaps.iter().map(|gap| &gap.scope).collect();
    assert_eq!(
        whole,
        [
            &Scope::ServiceActions,
            &Scope::Portfolios,
            &Scope::Products,
            &Scope::Provisioned,
            &Scope::Bucket
        ]
    );
    assert!(seen.gaps.iter().all(|gap| gap.denied), "{:?}", seen.gaps);
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_breaks_off_is_a_gap_and_what_it_showed_is_kept() {
    let bench = Bench::new(Profile::Instant).await;
    let template = bench.bucket().await;
    for number in 0..25 {
        bench.product(&format!("p{number}"), &template).await;
    }
    let second = Rule::always(Effect::AccessDenied)
        .on("SearchProductsAsAdmin")
        .nth(2);
    bench.emulator.inject(second);
    let mut index = ContentIndex::default();
    let (seen, _) = bench.collect_counted(&mut index).await;
    assert_eq!(seen.products.len(), 20);
    assert_eq!(scopes(&seen.gaps), ["Products by SearchProductsAsAdmin"]);
    assert_eq!(index.versions().len(), 20);
    // An index is not cut to what a broken listing showed.
    let whole = bench.collect_counted(&mut index).await.0;
    assert_eq!((whole.products.len(), index.versions().len()), (25, 25));
    let third = Rule::always(Effect::AccessDenied).on("SearchProductsAsAdmin");
    bench.emulator.inject(third);
    bench.collect_counted(&mut index).await;
    assert_eq!(index.versions().len(), 25);
}

#[tokio::test(start_paused = true)]
async fn each_failed_read_has_its_scope() {
    let bench = Bench::new(Profile::Instant).await;
    let (portfolio, product) = bench.launchable("vpc").await;
    let id = product.product.clone().unwrap();
    let provisioned = bench.make(&bench.provision("hub", "vpc", &product)).await;
    let hub = provisioned.provisioned.unwrap();
    let (in_portfolio, in_product, in_hub) = (
        format!("{:?}", Scope::Portfolio(portfolio)),
        format!("{:?}", Scope::Product(id)),
        format!("{:?}", Scope::ProvisionedProduct(hub)),
    );
    let whole_portfolios = format!("{:?}", Scope::Portfolios);
    let whole_products = format!("{:?}", Scope::Products);
    // Where the description fails nobody knows whose the object is: the whole kind is in doubt.
    for (operation, expected) in [
        ("DescribePortfolio", vec![&whole_portfolios, &in_portfolio]),
        ("ListPrincipalsForPortfolio", vec![&in_portfolio]),
        ("ListConstraintsForPortfolio", vec![&in_portfolio]),
        ("DescribeProductAsAdmin", vec![&whole_products, &in_product]),
        ("ListProvisioningArtifacts", vec![&in_product]),
        ("DescribeProvisioningArtifact", vec![&in_product]),
        ("DescribeRecord", vec![&in_hub]),
        ("DescribeStacks", vec![&in_hub]),
    ] {
        let gone = Effect::Refuse {
            code: "ResourceNotFoundException".to_owned(),
            message: "not here".to_owned(),
        };
        for effect in [Effect::AccessDenied, Effect::DropBefore, gone] {
            let rule = bench
                .emulator
                .inject(Rule::always(effect.clone()).on(operation));
            let seen = bench.collect().await;
            let expected: Vec<String> = expected
                .iter()
                .map(|scope| format!("{scope} by {operation}"))
                .collect();
            assert_eq!(scopes(&seen.gaps), expected, "{operation} {effect:?}");
            let denied = effect == Effect::AccessDenied;
            assert!(seen.gaps.iter().all(|gap| gap.denied == denied));
            rule.remove();
        }
    }
    assert!(bench.collect().await.gaps.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_read_that_flips_is_asked_again() {
    let bench = Bench::new(Profile::Instant).await;
    let portfolio = bench.portfolio("net").await;
    let missing = Effect::Refuse {
        code: "ResourceNotFoundException".to_owned(),
        message: "not here".to_owned(),
    };
    let rule = Rule::always(missing).on("DescribePortfolio").times(2);
    bench.emulator.inject(rule);
    let seen = bench.collect().await;
    assert!(seen.gaps.is_empty() && seen.portfolios.contains_key(&portfolio));
}

#[tokio::test(start_paused = true)]
async fn throttles_slow_the_pace_and_leave_no_gap() {
    let quick = Bench::new(Profile::Instant).await;
    let template = quick.bucket().await;
    for number in 0..60 {
        quick.product(&format!("p{number}"), &template).await;
    }
    let faults = Faults {
        throttle: Some(catalogd::emulator::faults::Rates {
            reads: 3.0,
            writes: 2.0,
            version_writes: 1.0,
        }),
        ..Faults::default()
    };
    quick.emulator.set_faults(faults);
    let paced = Bench::on(quick.emulator.clone(), quick.clock, Pace::Default).await;
    let seen = paced.collect().await;
    assert_eq!(scopes(&seen.gaps), Vec::<String>::new());
    assert_eq!(seen.products.len(), 60);
    let counts = paced.aws.counts();
    assert!(counts.throttled > 0);
    // Where it slows down, far fewer calls are wasted than made.
    assert!(counts.throttled * 2 < counts.total(), "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn patience_with_lost_calls_ends() {
    let bench = Bench::new(Profile::Instant).await;
    bench
        .emulator
        .inject(Rule::always(Effect::InternalFailure).on("CreatePortfolio"));
    let start = bench.clock.now();
    let failure = bench
        .aws
        .apply(&bench.create_portfolio("net"))
        .await
        .unwrap_err();
    assert_eq!(failure.class, Class::Transient, "{failure}");
    let took = bench.clock.now().duration_since(start).as_secs();
    assert!((5..=30).contains(&took), "{took}");
    assert!(bench.aws.counts().by_operation["CreatePortfolio"] > 5);
}

#[tokio::test(start_paused = true)]
async fn somebody_elses_bucket_is_not_used() {
    let bench = Bench::new(Profile::Instant).await;
    let other = super::connect(&bench.emulator, bench.clock, Pace::None, "210987654321")
        .await
        .unwrap();
    other
        .apply(&catalogd::plan::op::Op::CreateBucket {
            bucket: bench.aws.bucket().to_owned(),
        })
        .await
        .unwrap();
    let seen = bench.collect().await;
    assert_eq!(scopes(&seen.gaps), ["Bucket by HeadBucket"]);
    assert!(!seen.bucket.exists);
    let failure = bench
        .aws
        .apply(&catalogd::plan::op::Op::CreateBucket {
            bucket: bench.aws.bucket().to_owned(),
        })
        .await
        .unwrap_err();
    assert_eq!(failure.class, Class::Conflict, "{failure}");
}

/// The executor runs these in tasks.
#[test]
fn futures_can_be_sent() {
    fn send<T: Send>(_: T) {}
    #[expect(dead_code, reason = "only its types are checked")]
    fn all(
        aws: &catalogd::aws::Aws,
        op: &catalogd::plan::op::Op,
        hints: &catalogd::aws::Hints,
        index: &mut ContentIndex,
        answer: &catalogd::plan::op::Answer,
    ) {
        send(aws.collect(hints, index));
        send(aws.apply(op));
        send(aws.shows(op, answer));
        send(aws.record_history(None));
    }
}
