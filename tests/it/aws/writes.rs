//! Every op is made by one call and shows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use catalogd::emulator::faults::{Effect, Faults, Lag, Rule};
use catalogd::emulator::{Profile, seed};
use catalogd::ids::{Kind, Name, PortfolioId, ProductId, ServiceActionId, Token, VersionId};
use catalogd::model::desired::{ActionDefinition, Guidance, OnRemove};
use catalogd::model::observed::{LivePrincipal, ProvisionedStatus, ReadyStatus};
use catalogd::model::share::Recipient;
use catalogd::model::template::Template;
use catalogd::plan::op::{Arg, Offer, Op, ParameterArg, ProductFields, Resource};
use catalogd::run::settle::Read;

use super::{Bench, retag};
use crate::scenario::imported;

/// A definition of a service action.
fn definition(version: &str) -> ActionDefinition {
    [("Name", "AWS-RestartEC2Instance"), ("Version", version)]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}

/// Reads that lag and flip, so that what shows is not simply what was written.
fn lagging() -> Faults {
    Faults {
        lag: Some(Lag {
            describe: 2.0,
            search: 5.0,
            chance: 0.4,
        }),
        ..Faults::default()
    }
}

#[tokio::test(start_paused = true)]
async fn every_op_is_made_and_shows() {
    let mut bench = Bench::with(Profile::Local, lagging(), catalogd::aws::Pace::None).await;
    bench.tag_options = true;
    bench.shared = [Name::new("net")].into();
    let mut made: BTreeSet<&'static str> = BTreeSet::new();
    let bucket = bench.aws.bucket().to_owned();
    let template = bench.bucket().await;
    made.extend(["CreateBucket", "PutObject"]);
    let mut make = async |op: Op| {
        made.insert(op.call());
        bench.make(&op).await
    };

    make(Op::CreateBucket {
        bucket: bucket.clone(),
    })
    .await;
    make(Op::BlockPublicAccess {
        bucket: bucket.clone(),
    })
    .await;
    make(Op::PutBucketPolicy {
        bucket: bucket.clone(),
    })
    .await;

    let portfolio = make(bench.create_portfolio("net")).await.portfolio.unwrap();
    make(Op::UpdatePortfolio {
        id: portfolio.clone(),
        display_name: Some("Networking".to_owned()),
        description: Some("VPCs".to_owned()),
        provider_name: None,
        tags: retag("team", "platform"),
    })
    .await;
    let created = make(bench.create_product("vpc", &template)).await;
    let product = created.product.clone().unwrap();
    let first = created.version.clone().unwrap();
    make(Op::UpdateProduct {
        id: Arg::Value(product.clone()),
        fields: Box::new(ProductFields {
            description: Some("A VPC".to_owned()),
            support_email: Some(String::new()),
            ..ProductFields::default()
        }),
        tags: retag("team", "platform"),
    })
    .await;
    let second = make(Op::CreateVersion {
        product: Arg::Value(product.clone()),
        version: bench.version("v2", &template),
        token: bench.token(Kind::Product, "vpc", "version v2"),
    })
    .await
    .version
    .unwrap();
    make(Op::UpdateVersion {
        product: Arg::Value(product.clone()),
        version: Arg::Value(second.clone()),
        name: "v2".to_owned(),
        description: Some("The second".to_owned()),
        active: Some(true),
        guidance: Some(Guidance::Deprecated),
    })
    .await;
    let mark = |name: &str| {
        let name = Name::new(name);
        bench.identity.description_mark(&name, OnRemove::Retain)
    };
    let action = |name: &str, version: &str| Op::CreateServiceAction {
        name: name.to_owned(),
        description: mark(name),
        definition: definition(version),
        token: bench.token(Kind::ServiceAction, name, "create"),
    };
    let restart = make(action("restart", "1")).await.service_action.unwrap();
    let start = make(action("start", "1")).await.service_action.unwrap();
    make(Op::UpdateServiceAction {
        id: restart.clone(),
        name: None,
        description: Some(format!("Again {}", mark("restart"))),
        definition: Some(definition("2")),
    })
    .await;
    let offer = |action: &ServiceActionId, version: &VersionId| Offer {
        action: Arg::Value(action.clone()),
        product: Arg::Value(product.clone()),
        version: Arg::Value(version.clone()),
    };
    let mut offers = vec![offer(&restart, &first), offer(&restart, &second)];
    make(Op::OfferActions {
        offers: offers.clone(),
    })
    .await;
    // What is there already is no harm, and does not keep the others back.
    offers.push(offer(&start, &second));
    make(Op::OfferActions { offers }).await;
    let withdraw = Op::WithdrawAction {
        action: restart.clone(),
        product: product.clone(),
        version: second.clone(),
    };
    make(withdraw.clone()).await;
    make(withdraw).await;
    let option = make(Op::CreateTagOption {
        key: "env".to_owned(),
        value: "prod".to_owned(),
    })
    .await
    .tag_option
    .unwrap();
    let resources = [
        Resource::Portfolio(Arg::Value(portfolio.clone())),
        Resource::Product(Arg::Value(product.clone())),
    ];
    for resource in resources.clone() {
        make(Op::AssociateTagOption {
            resource: resource.clone(),
            tag_option: Arg::Value(option.clone()),
            name: String::new(),
        })
        .await;
        make(Op::AssociateBudget {
            resource,
            budget: "monthly".to_owned(),
        })
        .await;
    }
    make(Op::UpdateTagOption {
        id: Arg::Value(option.clone()),
        name: String::new(),
        active: false,
    })
    .await;
    let third = make(Op::CreateVersion {
        product: Arg::Value(product.clone()),
        version: bench.version("v3", &template),
        token: bench.token(Kind::Product, "vpc", "version v3"),
    })
    .await
    .version
    .unwrap();
    let delete = Op::DeleteVersion {
        product: product.clone(),
        version: third,
        name: "v3".to_owned(),
    };
    make(delete.clone()).await;
    // Twice is no harm.
    make(delete).await;
    let account = Recipient::Account("210987654321".to_owned());
    make(Op::CreateShare {
        portfolio: Arg::Value(portfolio.clone()),
        with: account.clone(),
        tag_options: false,
        principals: false,
    })
    .await;
    make(Op::UpdateShare {
        portfolio: portfolio.clone(),
        with: account.clone(),
        tag_options: Some(true),
        principals: None,
    })
    .await;
    bench.associate(&portfolio, &product).await;
    for (arn, pattern) in [
        (bench.aws.caller(), false),
        ("arn:aws:iam:::role/Dev*", true),
    ] {
        make(Op::AssociatePrincipal {
            portfolio: Arg::Value(portfolio.clone()),
            principal: LivePrincipal {
                arn: arn.to_owned(),
                pattern,
            },
        })
        .await;
    }
    let constraint = |kind: &str, parameters: &str| Op::CreateConstraint {
        portfolio: Arg::Value(portfolio.clone()),
        product: Arg::Value(product.clone()),
        kind: kind.to_owned(),
        parameters: parameters.to_owned(),
        token: bench.token(Kind::Product, "vpc", kind),
    };
    let launch = make(constraint("LAUNCH", r#"{"LocalRoleName": "Launch"}"#))
        .await
        .constraint
        .unwrap();
    make(constraint(
        "RESOURCE_UPDATE",
        r#"{"Version":"2.0","Properties":{"TagUpdateOnProvisionedProduct":"ALLOWED"}}"#,
    ))
    .await;
    make(Op::UpdateConstraint {
        id: launch.clone(),
        kind: "LAUNCH".to_owned(),
        parameters: r#"{"LocalRoleName": "Other"}"#.to_owned(),
    })
    .await;

    bench.wait(10_000).await;
    let provisioned = make(bench.provision("hub", "Networking", &created)).await;
    let id = provisioned.provisioned.clone().unwrap();
    bench.wait(10_000).await;
    let mut tags = bench.owned(Kind::ProvisionedProduct, "hub");
    tags.insert("env".to_owned(), "prod".to_owned());
    let update = make(Op::UpdateProvisioned {
        id: id.clone(),
        product: Arg::Value(product.clone()),
        version: Arg::Value(second.clone()),
        path: "Networking".to_owned(),
        parameters: [
            ("Size".to_owned(), ParameterArg::Value("large".to_owned())),
            ("Key".to_owned(), ParameterArg::Previous),
        ]
        .into(),
        tags: Some(tags),
        preferences: None,
        token: bench.identity.request_token(
            &Name::new("hub"),
            "update",
            provisioned.record.as_ref().map(|id| id.as_str()),
        ),
    })
    .await;
    let record = bench.end_of(update.record.as_ref().unwrap()).await;
    assert_eq!(record.kind, "UPDATE_PROVISIONED_PRODUCT");
    assert_eq!(record.outputs["Kind"], "large");

    bench.wait(10_000).await;
    let seen = bench.collect().await;
    assert_eq!(super::scopes(&seen.gaps), Vec::<String>::new());
    let live = &seen.service_actions[&restart];
    assert_eq!(live.name, "restart");
    let described = format!("Again {}", mark("restart"));
    assert_eq!(live.description, Some(described));
    assert_eq!(live.definition, Some(definition("2")));
    assert_eq!(live.versions, [(product.clone(), first.clone())].into());
    let live = &seen.service_actions[&start];
    assert_eq!(live.versions, [(product.clone(), second.clone())].into());
    let live = &seen.portfolios[&portfolio];
    assert_eq!(live.display_name, "Networking");
    assert!(!seen.tag_options[&option].active);
    assert!(live.shares.as_ref().unwrap()[&account].tag_options);
    assert_eq!(live.tag_options, seen.tag_options);
    assert_eq!(live.budgets, ["monthly".to_owned()].into());
    assert_eq!(live.description.as_deref(), Some("VPCs"));
    assert_eq!(live.provider_name, "it");
    assert_eq!(live.tags["team"], "platform");
    assert_eq!(live.products, [product.clone()].into());
    assert_eq!(live.principals.len(), 2);
    assert!(live.principals.iter().any(|p| p.pattern));
    let shown = &live.constraints[&launch];
    assert_eq!(shown.parameters, r#"{"LocalRoleName": "Other"}"#);
    assert_eq!(
        (shown.kind.as_str(), &shown.product, &shown.status),
        ("LAUNCH", &product, &ReadyStatus::Available)
    );
    assert_eq!(live.constraints.len(), 2);
    let live = &seen.products[&product];
    assert_eq!(live.description.as_deref(), Some("A VPC"));
    assert_eq!(live.tag_options, seen.tag_options);
    assert_eq!(live.budgets, ["monthly".to_owned()].into());
    assert_eq!(live.name, "vpc");
    let names: Vec<_> = live.versions.iter().map(|v| v.name.as_str()).collect();
    assert_eq!(names, ["v1", "v2"]);
    assert_eq!(live.versions[0].id, first);
    assert_eq!(live.versions[1].guidance, Guidance::Deprecated);
    assert_eq!(live.versions[1].description.as_deref(), Some("The second"));
    for version in &live.versions {
        let content = version.content.as_ref().unwrap();
        assert_eq!(content.content, template.content);
        let parameters = content.parameters.as_ref().unwrap();
        let key = parameters.iter().find(|p| p.key == "Key").unwrap();
        assert!(key.no_echo && key.default.as_deref() == Some(""));
        let size = parameters.iter().find(|p| p.key == "Size").unwrap();
        assert_eq!(size.default.as_deref(), Some("small"));
        assert_eq!(version.status, ReadyStatus::Available);
    }
    let live = &seen.provisioned[&id];
    assert_eq!(
        (live.name.as_str(), &live.status),
        ("hub", &ProvisionedStatus::Available)
    );
    assert_eq!(live.running.as_ref().unwrap().version, second);
    assert_eq!(live.tags["env"], "prod");
    let stack = live.stack.as_ref().unwrap();
    assert_eq!(stack.parameters["Size"], "large");
    assert_ne!(stack.parameters["Key"], "hidden");
    assert_eq!(stack.outputs["Kind"], "large");
    assert!(seen.bucket.exists && seen.bucket.index_stale);

    make(Op::Terminate {
        id: id.clone(),
        retain_physical_resources: false,
        token: Token::new("catalogd-end"),
    })
    .await;
    make(Op::DeleteConstraint {
        id: launch,
        kind: "LAUNCH".to_owned(),
    })
    .await;
    let last = seen.portfolios[&portfolio].constraints.keys().next_back();
    for id in seen.portfolios[&portfolio].constraints.keys() {
        make(Op::DeleteConstraint {
            id: id.clone(),
            kind: String::new(),
        })
        .await;
    }
    assert!(last.is_some());
    let gone = Op::DisassociateProduct {
        portfolio: portfolio.clone(),
        product: product.clone(),
    };
    make(gone.clone()).await;
    for principal in seen.portfolios[&portfolio].principals.clone() {
        let op = Op::DisassociatePrincipal {
            portfolio: portfolio.clone(),
            principal,
        };
        make(op.clone()).await;
        // Twice is no harm.
        make(op).await;
    }
    make(gone).await;
    let unshared = Op::DeleteShare {
        portfolio: portfolio.clone(),
        with: account,
    };
    make(unshared.clone()).await;
    make(unshared).await;
    // Another account's portfolio is accepted, and a product of it offered from here.
    let theirs = format!("{}{}", imported::THEIRS, imported::SHARE);
    seed::load_text(&bench.emulator, &theirs, Path::new(""))
        .await
        .unwrap();
    bench.wait(10_000).await;
    let hub = PortfolioId::new("port-thesourceaa2a");
    let guest = ProductId::new("prod-thesourceaa2a");
    let accept = Op::AcceptShare {
        portfolio: hub.clone(),
    };
    let borrow = Op::BorrowProduct {
        portfolio: Arg::Value(portfolio.clone()),
        product: guest.clone(),
        source: hub,
    };
    for op in [accept, borrow] {
        make(op.clone()).await;
        make(op).await;
    }
    bench.wait(10_000).await;
    let seen = bench.collect().await;
    assert!(seen.portfolios[&portfolio].products.contains(&guest));
    make(Op::DisassociateProduct {
        portfolio: portfolio.clone(),
        product: guest,
    })
    .await;
    for resource in resources {
        let budget = "monthly".to_owned();
        let option = Op::DisassociateTagOption {
            resource: resource.clone(),
            tag_option: option.clone(),
            name: String::new(),
        };
        let budget = Op::DisassociateBudget { resource, budget };
        for op in [option, budget] {
            make(op.clone()).await;
            make(op).await;
        }
    }
    bench.wait(10_000).await;
    let seen = bench.collect().await;
    assert_eq!(super::scopes(&seen.gaps), Vec::<String>::new());
    let live = &seen.portfolios[&portfolio];
    assert!(live.tag_options.is_empty() && live.budgets.is_empty());
    assert!(live.products.is_empty() && live.principals.is_empty() && live.constraints.is_empty());
    assert!(!seen.provisioned.contains_key(&id));
    assert_eq!(bench.aws.provisioned_status(&id).await, Ok(None));

    let offered = [(&restart, &first), (&start, &second)];
    let withdrawn = offered.map(|(action, version)| Op::WithdrawAction {
        action: action.clone(),
        product: product.clone(),
        version: version.clone(),
    });
    let deleted = [restart, start].map(|id| Op::DeleteServiceAction { id });
    for op in withdrawn.into_iter().chain(deleted) {
        make(op.clone()).await;
        make(op).await;
    }
    for op in [
        Op::DeleteProduct {
            id: product.clone(),
        },
        Op::DeletePortfolio {
            id: portfolio.clone(),
        },
    ] {
        make(op.clone()).await;
        make(op).await;
    }
    bench.wait(10_000).await;
    let seen = bench.collect().await;
    assert!(seen.service_actions.is_empty());
    assert!(!seen.products.contains_key(&product) && !seen.portfolios.contains_key(&portfolio));

    made.insert("AssociateProductWithPortfolio");
    let every: BTreeSet<&str> = [
        "AcceptPortfolioShare",
        "AssociateBudgetWithResource",
        "AssociatePrincipalWithPortfolio",
        "AssociateProductWithPortfolio",
        "BatchAssociateServiceActionWithProvisioningArtifact",
        "AssociateTagOptionWithResource",
        "CreateBucket",
        "CreateConstraint",
        "CreatePortfolio",
        "CreatePortfolioShare",
        "CreateProduct",
        "CreateProvisioningArtifact",
        "CreateServiceAction",
        "CreateTagOption",
        "DeleteConstraint",
        "DeletePortfolio",
        "DeletePortfolioShare",
        "DeleteProduct",
        "DeleteProvisioningArtifact",
        "DeleteServiceAction",
        "DisassociateBudgetFromResource",
        "DisassociatePrincipalFromPortfolio",
        "DisassociateProductFromPortfolio",
        "DisassociateServiceActionFromProvisioningArtifact",
        "DisassociateTagOptionFromResource",
        "ProvisionProduct",
        "PutBucketPolicy",
        "PutObject",
        "PutPublicAccessBlock",
        "TerminateProvisionedProduct",
        "UpdateConstraint",
        "UpdatePortfolio",
        "UpdatePortfolioShare",
        "UpdateProduct",
        "UpdateProvisionedProduct",
        "UpdateProvisioningArtifact",
        "UpdateServiceAction",
        "UpdateTagOption",
    ]
    .into();
    assert_eq!(made, every);
}

/// The ways to let go of a provisioned product, and what becomes of its stack; some can't be deleted, for their bucket
/// is not empty.
#[tokio::test(start_paused = true)]
async fn a_termination_takes_the_stack_unless_it_says_otherwise() {
    let bench = Bench::with(Profile::Local, lagging(), catalogd::aws::Pace::None).await;
    let (portfolio, _) = bench.launchable("net").await;
    let template = "Parameters: {Name: {Type: String}}\nResources:\n  Keep:\n    Type: AWS::S3::Bucket\n    \
                    Properties: {BucketName: !Ref Name}\n";
    let template = Arc::new(Template::new(Arc::from(template.as_bytes())));
    let bucket = bench.aws.bucket().to_owned();
    let put = Op::PutTemplate {
        bucket,
        template: template.clone(),
    };
    bench.make(&put).await;
    let product = bench.make(&bench.create_product("bucket", &template)).await;
    let id = product.product.clone().unwrap();
    bench.associate(&portfolio, &id).await;
    bench.wait(10_000).await;
    for (name, retain, full, ends, stays) in [
        ("plain", false, false, "DELETE_COMPLETE", false),
        ("released", true, false, "CREATE_COMPLETE", false),
        ("stuck", false, true, "DELETE_FAILED", true),
    ] {
        let mut op = bench.provision(name, "net", &product);
        if let Op::Provision { parameters, .. } = &mut op {
            parameters.insert("Name".to_owned(), ParameterArg::Value(format!("b-{name}")));
        }
        let id = bench.make(&op).await.provisioned.unwrap();
        bench.wait(10_000).await;
        let stack = bench.collect().await.provisioned[&id].physical_id.clone();
        let stack = stack.unwrap();
        if full {
            let put = bench.s3().put_object().bucket(format!("b-{name}"));
            put.key("dear").send().await.unwrap();
        }
        let op = Op::Terminate {
            id: id.clone(),
            retain_physical_resources: retain,
            token: Token::new(format!("catalogd-end-{name}")),
        };
        bench.make(&op).await;
        bench.wait(20_000).await;
        let gone = bench.aws.provisioned_status(&id).await.unwrap().is_none();
        assert_eq!(!gone, stays, "{name}");
        let status = bench
            .emulator
            .with_stacks("123456789012", "us-east-1", |stacks, _| {
                stacks.get(&stack).map(|stack| stack.status.as_str())
            });
        assert_eq!(status.unwrap_or("DELETE_COMPLETE"), ends, "{name}");
        if gone {
            // Again is no harm: what is gone is let go of.
            let again = bench.aws.apply(&op).await.unwrap();
            assert_eq!((again.record, again.provisioned), (None, Some(id)));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_makes_nothing_twice() {
    let bench = Bench::new(Profile::Instant).await;
    for operation in ["Create*", "Put*", "Associate*", "Provision*"] {
        bench
            .emulator
            .inject(Rule::always(Effect::DropAfter).on(operation).chance(0.5));
    }
    let (portfolio, product) = bench.launchable("vpc").await;
    bench.make(&bench.provision("hub", "vpc", &product)).await;
    let lost = bench.aws.counts();
    let sent = |name: &str| lost.by_operation.get(name).copied().unwrap_or(0);
    assert!(
        sent("CreateProduct") + sent("CreatePortfolio") + sent("ProvisionProduct") > 3,
        "the seed loses no answer: {lost:?}"
    );
    bench.emulator.set_faults(Faults::default());
    let seen = bench.collect().await;
    assert_eq!(seen.portfolios.len(), 1);
    assert_eq!(seen.products.len(), 1);
    assert_eq!(seen.products[&product.product.unwrap()].versions.len(), 1);
    assert_eq!(seen.portfolios[&portfolio].products.len(), 1);
    assert_eq!(seen.provisioned.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_answers_with_what_it_made_before_and_the_dead_are_told() {
    let bench = Bench::new(Profile::Instant).await;
    let op = bench.create_portfolio("net");
    let first = bench.make(&op).await;
    assert!(first.created.is_some());
    assert_eq!(bench.aws.apply(&op).await, Ok(first.clone()));

    bench
        .delete_portfolio(first.portfolio.as_ref().unwrap())
        .await;
    let again = bench.aws.apply(&op).await.unwrap();
    assert_eq!(again, first);
    assert!(matches!(
        bench.aws.shows(&op, &again).await,
        Ok(Read::NotYet(_))
    ));
    bench.wait(16 * 60 * 1_000).await;
    assert_eq!(bench.aws.shows(&op, &again).await, Ok(Read::Gone));
}

#[tokio::test(start_paused = true)]
async fn a_dead_constraint_is_told_sooner() {
    let bench = Bench::new(Profile::Instant).await;
    let (portfolio, product) = bench.launchable("vpc").await;
    let op = Op::CreateConstraint {
        portfolio: Arg::Value(portfolio),
        product: Arg::Value(product.product.unwrap()),
        kind: "LAUNCH".to_owned(),
        parameters: r#"{"LocalRoleName":"Launch"}"#.to_owned(),
        token: Token::new("launch"),
    };
    let id = bench.make(&op).await.constraint.unwrap();
    bench
        .make(&Op::DeleteConstraint {
            id,
            kind: "LAUNCH".to_owned(),
        })
        .await;
    let again = bench.aws.apply(&op).await.unwrap();
    assert!(matches!(
        bench.aws.shows(&op, &again).await,
        Ok(Read::NotYet(_))
    ));
    bench.wait(150_000).await;
    assert_eq!(bench.aws.shows(&op, &again).await, Ok(Read::Gone));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_visible_yet_can_be_repeated_and_what_is_refused_can_not() {
    let bench = Bench::new(Profile::Instant).await;
    let template = bench.bucket().await;
    let product = bench.product("vpc", &template).await;
    let portfolio = bench.portfolio("net").await;
    let early = Op::CreateConstraint {
        portfolio: Arg::Value(portfolio.clone()),
        product: Arg::Value(product.clone()),
        kind: "LAUNCH".to_owned(),
        parameters: r#"{"LocalRoleName":"Launch"}"#.to_owned(),
        token: Token::new("early"),
    };
    let failure = bench.aws.apply(&early).await.unwrap_err();
    assert_eq!(
        failure.class,
        catalogd::aws::Class::NotVisibleYet,
        "{failure}"
    );
    bench.associate(&portfolio, &product).await;
    bench.make(&early).await;

    let fresh = Effect::Refuse {
        code: "InvalidParametersException".to_owned(),
        message: "The profile does not exist".to_owned(),
    };
    bench
        .emulator
        .inject(Rule::always(fresh).on("CreateConstraint").times(1));
    let failure = bench.aws.apply(&early).await.unwrap_err();
    assert_eq!(
        failure.class,
        catalogd::aws::Class::NotVisibleYet,
        "{failure}"
    );

    let broken = std::sync::Arc::new(catalogd::model::template::Template::new(
        std::sync::Arc::from(&b"just text"[..]),
    ));
    bench
        .make(&Op::PutTemplate {
            bucket: bench.aws.bucket().to_owned(),
            template: broken.clone(),
        })
        .await;
    let failure = bench
        .aws
        .apply(&bench.create_product("broken", &broken))
        .await
        .unwrap_err();
    assert_eq!(failure.class, catalogd::aws::Class::Invalid, "{failure}");
    assert!(failure.request_id.is_some());
}

#[tokio::test(start_paused = true)]
async fn an_unresolved_argument_and_a_secret_never_leave() {
    let bench = Bench::new(Profile::Instant).await;
    let (_, product) = bench.launchable("vpc").await;
    let before = bench.aws.counts();
    let op = Op::AssociatePrincipal {
        portfolio: Arg::From(catalogd::plan::op::StepId(3)),
        principal: LivePrincipal {
            arn: "arn:aws:iam::123456789012:role/A".to_owned(),
            pattern: false,
        },
    };
    assert_eq!(bench.aws.apply(&op).await.unwrap_err().code, "Internal");
    assert_eq!(bench.aws.counts(), before);

    let secret = "s3cr3t".repeat(1_000);
    let Op::Provision {
        name,
        product,
        version,
        path,
        tags,
        topics,
        preferences,
        token,
        ..
    } = bench.provision("hub", "vpc", &product)
    else {
        unreachable!()
    };
    let op = Op::Provision {
        name,
        product,
        version,
        path,
        tags,
        topics,
        preferences,
        token,
        parameters: BTreeMap::from([("Key".to_owned(), ParameterArg::Secret(secret))]),
    };
    let failure = bench.aws.apply(&op).await.unwrap_err();
    assert_eq!(failure.code, "ValidationException");
    assert!(!format!("{failure:?}").contains("s3cr3t"), "{failure}");
}
