//! What another account shares: it can be copied from, and is nobody's to change.

use std::path::Path;

use catalogd::emulator::seed;
use catalogd::plan::BlockedCode;
use catalogd::status::{Health, Sync};

use super::kit::{self, small, status, writes};
use crate::world::World;

/// Another account with a portfolio that is shared with ours, and accepted: it holds a product of the name of one of
/// ours, which our role may launch.
const SHARED: &str = r#"
- {service: s3, operation: CreateBucket, account: "210987654321", input: {Bucket: theirs}}
- service: s3
  operation: PutObject
  account: "210987654321"
  input: {Bucket: theirs, Key: one, Body: "Resources: {One: {Type: 'AWS::SNS::Topic'}}"}
- service: servicecatalog
  operation: CreateProduct
  account: "210987654321"
  ids: [prod-thesourceaa2a]
  input:
    Name: VPC
    Owner: them
    ProductType: CLOUD_FORMATION_TEMPLATE
    ProvisioningArtifactParameters:
      Name: v1
      Info: {LoadTemplateFromURL: "https://theirs.s3.us-east-1.amazonaws.com/one"}
- service: servicecatalog
  operation: CreatePortfolio
  account: "210987654321"
  ids: [port-thesourceaa2a]
  input: {DisplayName: Networking, ProviderName: them}
- service: servicecatalog
  operation: AssociateProductWithPortfolio
  account: "210987654321"
  input: {PortfolioId: port-thesourceaa2a, ProductId: prod-thesourceaa2a}
- service: servicecatalog
  operation: CreatePortfolioShare
  account: "210987654321"
  input: {PortfolioId: port-thesourceaa2a, AccountId: "123456789012"}
- {service: servicecatalog, operation: AcceptPortfolioShare, input: {PortfolioId: port-thesourceaa2a}}
- service: servicecatalog
  operation: AssociatePrincipalWithPortfolio
  input:
    PortfolioId: port-thesourceaa2a
    PrincipalARN: arn:aws:iam::123456789012:role/catalogd
    PrincipalType: IAM
"#;

/// A portfolio, and a product that is a copy of theirs.
const COPY: &str = r#"apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec: {displayName: Net, providerName: us, principals: [{self: true}]}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: golden}
spec:
  name: Golden
  owner: us
  portfolios: [{portfolio: net}]
  copyFrom:
    productArn: arn:aws:catalog:us-east-1:210987654321:product/prod-thesourceaa2a
"#;

async fn share(world: &World) {
    seed::load_text(&world.emulator, SHARED, Path::new(""))
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_shared_is_nobodys_to_change() {
    let world = small();
    world.apply().await;
    share(&world).await;
    world.expect_empty_plan().await;
    // Neither their product nor their portfolio is taken for ours, though both have the names of ours.
    world.edit(
        "catalog.yaml",
        "description: Three tiers",
        "description: Two tiers",
    );
    writes(&world);
    world.apply().await;
    assert_eq!(writes(&world), [("UpdateProduct".to_owned(), 1)].into());
    world.expect_empty_plan().await;
    // From nothing it is made all the same.
    let world = small();
    share(&world).await;
    world.apply().await;
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn a_product_that_another_account_shares_is_copied_while_it_is_shared() {
    let world = World::new();
    world.write("catalog.yaml", COPY);
    share(&world).await;
    world.apply().await;
    world.expect_empty_plan().await;
    let pass = world.plan().await;
    let copy = status(&pass, "product/golden");
    assert_eq!((copy.sync, copy.health), (Sync::Synced, Health::Healthy));
    let unshare = r#"
- service: servicecatalog
  operation: DeletePortfolioShare
  account: "210987654321"
  input: {PortfolioId: port-thesourceaa2a, AccountId: "123456789012"}
"#;
    seed::load_text(&world.emulator, unshare, Path::new(""))
        .await
        .unwrap();
    let pass = world.plan().await;
    let words = [
        "ResourceNotFoundException",
        "account 210987654321 must share a portfolio that holds it with 123456789012",
    ];
    kit::expect_blocked(
        &pass,
        "product/golden",
        BlockedCode::CopySource,
        &words,
        "catalog.yaml",
    );
}
