//! What a pass reads, and how many calls that takes.

use catalogd::aws::{Aws, ContentIndex, Pace, Settings};
use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Rule};
use catalogd::ids::{Key, Kind, Name};
use catalogd::model::observed::ProvisionedStatus;
use catalogd::plan::op::{Arg, Op};

use super::{Bench, connect, scopes, settings};

#[tokio::test(start_paused = true)]
async fn the_caller_is_known_by_its_role() {
    let bench = Bench::new(Profile::Instant).await;
    assert_eq!(
        bench.aws.caller(),
        "arn:aws:iam::123456789012:role/catalogd"
    );
    assert_eq!(bench.aws.bucket(), "catalogd-123456789012-us-east-1");
    assert_eq!(bench.aws.target().to_string(), "123456789012/us-east-1");
    assert_eq!(bench.aws.target().partition, "aws");
    let other = connect(&bench.emulator, bench.clock, Pace::None, "210987654321")
        .await
        .unwrap();
    assert_eq!(other.target().account.as_str(), "210987654321");
}

#[tokio::test(start_paused = true)]
async fn no_identity_is_no_connection() {
    let bench = Bench::new(Profile::Instant).await;
    let refuse = |code: &str| Effect::Refuse {
        code: code.to_owned(),
        message: "no".to_owned(),
    };
    let rule = bench
        .emulator
        .inject(Rule::always(refuse("ExpiredToken")).on("GetCallerIdentity"));
    let error = connect(&bench.emulator, bench.clock, Pace::None, "AKIAEXAMPLE")
        .await
        .unwrap_err();
    assert!(error.is_credentials());
    assert!(error.to_string().contains("sign in again"), "{error}");
    rule.remove();
    bench
        .emulator
        .inject(Rule::always(Effect::DropBefore).on("GetCallerIdentity"));
    let error = connect(&bench.emulator, bench.clock, Pace::None, "AKIAEXAMPLE")
        .await
        .unwrap_err();
    assert!(!error.is_credentials(), "{error}");
}

/// The bucket that catalogd makes for itself is unfinished without its policy; one that a person named is theirs.
#[tokio::test(start_paused = true)]
async fn only_a_bucket_of_its_own_is_unfinished() {
    let mut bench = Bench::new(Profile::Instant).await;
    let own = bench.aws.bucket().to_owned();
    for bucket in [own.as_str(), "theirs"] {
        let bucket = bucket.to_owned();
        bench.aws.apply(&Op::CreateBucket { bucket }).await.unwrap();
    }
    let seen = bench.collect().await.bucket;
    assert!(seen.exists && seen.unfinished);
    let policy = Op::PutBucketPolicy { bucket: own };
    bench.aws.apply(&policy).await.unwrap();
    let seen = bench.collect().await.bucket;
    assert!(seen.exists && !seen.unfinished);
    let named = Settings {
        template_bucket: Some("theirs".to_owned()),
        ..settings(&bench.emulator, bench.clock, Pace::None, "AKIAEXAMPLE")
    };
    bench.aws = Aws::connect(named).await.unwrap();
    let seen = bench.collect().await.bucket;
    assert!(seen.exists && !seen.unfinished);
}

#[tokio::test(start_paused = true)]
async fn an_empty_account_is_empty_without_gaps() {
    let bench = Bench::new(Profile::Instant).await;
    let mut index = ContentIndex::default();
    let (seen, counts) = bench.collect_counted(&mut index).await;
    assert!(seen.portfolios.is_empty() && seen.products.is_empty() && seen.provisioned.is_empty());
    assert!(seen.gaps.is_empty() && !seen.bucket.exists && !seen.bucket.index_stale);
    assert_eq!(counts.total(), 5, "{counts:?}");
    assert_eq!(counts.writes, 0);
}

#[tokio::test(start_paused = true)]
async fn a_pass_without_changes_costs_a_page_and_two_calls_a_product() {
    let bench = Bench::new(Profile::Instant).await;
    let template = bench.bucket().await;
    let portfolio = bench.portfolio("net").await;
    let products = 45;
    for number in 0..products {
        let product = bench.product(&format!("p{number}"), &template).await;
        bench.associate(&portfolio, &product).await;
    }
    let some = bench.collect().await.products.into_keys().take(3);
    for product in some {
        bench
            .make(&Op::CreateConstraint {
                portfolio: Arg::Value(portfolio.clone()),
                product: Arg::Value(product.clone()),
                kind: "LAUNCH".to_owned(),
                parameters: r#"{"LocalRoleName":"Launch"}"#.to_owned(),
                token: bench.token(Kind::Product, "c", product.as_str()),
            })
            .await;
    }

    // The first pass reads every version once, and says that the bucket's index lacks them.
    let mut index = ContentIndex::default();
    let (first, counts) = bench.collect_counted(&mut index).await;
    assert_eq!(scopes(&first.gaps), Vec::<String>::new());
    assert_eq!(
        counts.by_operation["DescribeProvisioningArtifact"],
        products
    );
    assert!(first.bucket.index_stale);
    let entries = std::sync::Arc::new(index.versions().clone());
    bench
        .make(&Op::PutIndex {
            bucket: bench.aws.bucket().to_owned(),
            entries,
        })
        .await;

    // Another machine finds it there.
    let fresh = bench.again().await;
    let mut index = ContentIndex::default();
    let (second, counts) = fresh.collect_counted(&mut index).await;
    assert!(!second.bucket.index_stale);
    assert_eq!(second.products, first.products);
    assert_eq!(
        counts.by_operation.get("DescribeProvisioningArtifact"),
        None
    );
    assert_eq!(counts.by_operation["GetObject"], 1);
    let budget = products / 20 + 2 * products + products / 20 + 8 + 3 + 20;
    assert!(
        counts.total() <= budget,
        "{} > {budget}: {counts:?}",
        counts.total()
    );
    // Pages of products, two calls each; the portfolio's four and two more pages; constraints; the rest once each.
    assert_eq!(counts.total(), 3 + 2 * products + 6 + 3 + 6, "{counts:?}");

    // And a third pass of the same process does not even ask for it.
    let (third, counts) = fresh.collect_counted(&mut index).await;
    assert_eq!(third, second);
    assert_eq!(counts.by_operation.get("GetObject"), None);
}

#[tokio::test(start_paused = true)]
async fn a_damaged_index_is_rebuilt() {
    let bench = Bench::new(Profile::Instant).await;
    let template = bench.bucket().await;
    bench.product("vpc", &template).await;
    let key = ContentIndex::object_key(bench.aws.target());
    let s3 = bench.s3();
    s3.put_object()
        .bucket(bench.aws.bucket())
        .key(key)
        .body(aws_sdk_s3::primitives::ByteStream::from_static(
            b"{\"format\": 9}",
        ))
        .send()
        .await
        .unwrap();
    let mut index = ContentIndex::default();
    let (seen, counts) = bench.collect_counted(&mut index).await;
    assert!(seen.gaps.is_empty() && seen.bucket.index_stale);
    assert_eq!(counts.by_operation["DescribeProvisioningArtifact"], 1);
    assert_eq!(index.versions().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn other_peoples_versions_are_not_read() {
    let bench = Bench::new(Profile::Instant).await;
    let template = bench.bucket().await;
    let Op::CreateProduct {
        fields,
        product_type,
        version,
        token,
        ..
    } = bench.create_product("theirs", &template)
    else {
        unreachable!()
    };
    bench
        .make(&Op::CreateProduct {
            fields,
            product_type,
            version,
            token,
            tags: Default::default(),
        })
        .await;
    let mut index = ContentIndex::default();
    let (seen, counts) = bench.collect_counted(&mut index).await;
    let product = seen.products.values().next().unwrap();
    assert_eq!(product.versions[0].content, None);
    assert_eq!(
        counts.by_operation.get("DescribeProvisioningArtifact"),
        None
    );
    assert!(!seen.bucket.index_stale);
}

#[tokio::test(start_paused = true)]
async fn what_no_listing_shows_is_asked_for_by_id_or_name() {
    let mut bench = Bench::new(Profile::Instant).await;
    let (portfolio, product) = bench.launchable("vpc").await;
    let provisioned = bench.make(&bench.provision("hub", "vpc", &product)).await;
    let id = provisioned.provisioned.unwrap();
    let product = product.product.unwrap();
    for operation in [
        "ListPortfolios",
        "SearchProductsAsAdmin",
        "SearchProvisionedProducts",
    ] {
        bench
            .emulator
            .inject(Rule::always(Effect::CutListing(0)).on(operation));
    }
    let seen = bench.collect().await;
    assert!(seen.portfolios.is_empty() && seen.products.is_empty() && seen.provisioned.is_empty());

    let known = |kind, id: &str| (Key::new(kind, Name::new("vpc")), id.to_owned());
    bench.known_ids = [
        known(Kind::Portfolio, portfolio.as_str()),
        known(Kind::Product, product.as_str()),
    ]
    .into();
    bench.wanted = ["hub".to_owned(), "nobody".to_owned()].into();
    let seen = bench.collect().await;
    assert_eq!(scopes(&seen.gaps), Vec::<String>::new());
    assert!(seen.portfolios.contains_key(&portfolio));
    assert_eq!(seen.products[&product].versions.len(), 1);
    let live = &seen.provisioned[&id];
    let owned = bench.owned(Kind::ProvisionedProduct, "hub");
    assert!(
        owned
            .iter()
            .all(|(key, value)| live.tags.get(key) == Some(value)),
        "{live:?}"
    );
    assert!(live.ever_succeeded && live.running.is_some());
    assert_eq!(live.stack.as_ref().unwrap().outputs["Kind"], "small");

    bench.wanted.clear();
    let (hub, _) = known(Kind::ProvisionedProduct, "");
    bench.known_ids.insert(hub, id.as_str().to_owned());
    let by_id = bench.collect().await;
    assert_eq!(by_id.provisioned, seen.provisioned);

    // What is known but gone is absent, not a gap.
    bench.known_ids = [
        known(Kind::Portfolio, "port-aaaaaaaaaaaaa"),
        known(Kind::Product, "prod-aaaaaaaaaaaaa"),
        known(Kind::ProvisionedProduct, "pp-aaaaaaaaaaaaa"),
    ]
    .into();
    let seen = bench.collect().await;
    assert_eq!(scopes(&seen.gaps), Vec::<String>::new());
    assert!(seen.portfolios.is_empty() && seen.products.is_empty() && seen.provisioned.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_never_launched_and_what_rolled_back_are_told_apart() {
    let bench = Bench::new(Profile::Instant).await;
    let (_, product) = bench.launchable("vpc").await;
    let fault = |reason: &str| catalogd::emulator::faults::Faults {
        stacks: vec![catalogd::emulator::faults::StackFault {
            stack: "*".to_owned(),
            resource: "Topic".to_owned(),
            reason: Some(reason.to_owned()),
            ..catalogd::emulator::faults::StackFault::default()
        }],
        ..Default::default()
    };
    bench.emulator.set_faults(fault("no topics today"));
    let answer = bench.make(&bench.provision("bad", "vpc", &product)).await;
    let record = bench.end_of(answer.record.as_ref().unwrap()).await;
    assert_eq!(record.status.to_string(), "FAILED");
    assert!(!record.reason().is_empty());
    let good = bench.make(&bench.provision("good", "vpc", &product)).await;
    bench.emulator.set_faults(fault("no changes today"));
    let update = bench
        .make(&Op::UpdateProvisioned {
            id: good.provisioned.clone().unwrap(),
            product: Arg::Value(product.product.clone().unwrap()),
            version: Arg::Value(product.version.clone().unwrap()),
            path: "vpc".to_owned(),
            parameters: [(
                "Size".to_owned(),
                catalogd::plan::op::ParameterArg::Value("large".to_owned()),
            )]
            .into(),
            tags: None,
            preferences: None,
            token: bench
                .identity
                .request_token(&Name::new("good"), "update", Some("rec")),
        })
        .await;
    let seen = bench.collect().await;
    assert_eq!(scopes(&seen.gaps), Vec::<String>::new());
    let bad = &seen.provisioned[&answer.provisioned.unwrap()];
    assert_eq!(bad.status, ProvisionedStatus::Error);
    assert!(!bad.ever_succeeded && bad.running.is_none());
    assert!(bad.status_message.is_some());
    let tainted = &seen.provisioned[&good.provisioned.clone().unwrap()];
    assert_eq!(tainted.status, ProvisionedStatus::Tainted);
    assert_eq!(
        tainted.running.as_ref().map(|r| &r.version),
        product.version.as_ref()
    );
    assert!(tainted.ever_succeeded);
    assert_eq!(tainted.stack.as_ref().unwrap().parameters["Size"], "small");
    assert_eq!(tainted.last_record, update.record);

    let (page, next) = bench.aws.record_history(None).await.unwrap();
    assert_eq!(next, None);
    assert!(
        page.iter()
            .any(|record| Some(&record.id) == update.record.as_ref())
    );
    let (status, message) = bench
        .aws
        .provisioned_status(&tainted.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(status, ProvisionedStatus::Tainted);
    assert_eq!(message, tainted.status_message);
}
