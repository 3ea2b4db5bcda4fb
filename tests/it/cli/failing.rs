//! A stack that fails: the service's reason is seen, the others converge, and mending the template in git converges.

use catalogd::emulator::Profile;

use super::bench::Bench;

/// A template whose stack fails: nobody signals the condition within its second.
const WAITS: &str = "\
AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  Name: {Type: String}
Resources:
  Handle:
    Type: AWS::CloudFormation::WaitConditionHandle
  Wait:
    Type: AWS::CloudFormation::WaitCondition
    Properties: {Handle: !Ref Handle, Timeout: '1', Count: 1}
";

const APPLY: [&str; 5] = ["apply", "--yes", "--pace", "none", "catalog"];
const PLAN: [&str; 3] = ["plan", "--detailed-exitcode", "catalog"];

/// Adds a version with this template and points the provisioned product to it.
fn publish(bench: &Bench, from: &str, version: &str, template: &str) {
    bench.write(&format!("{version}.yaml"), template);
    let last = format!("    - {{name: {from}, template: {from}.yaml}}\n");
    let next = format!("{last}    - {{name: {version}, template: {version}.yaml}}\n");
    bench.edit("catalog.yaml", &last, &next);
    bench.edit(
        "catalog.yaml",
        &format!("  version: {from}\n"),
        &format!("  version: {version}\n"),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_that_fails_is_degraded_and_mended_in_git() {
    let bench = Bench::small(Profile::Local).await;
    let good = std::fs::read_to_string(bench.catalog().join("v1.yaml")).unwrap();
    bench.write("v1.yaml", WAITS);
    bench
        .run(&APPLY)
        .await
        .expect(6)
        .notes("failed provisioned-product/alarms  ProvisionProduct: ")
        .notes("The following resource(s) failed to create: [Wait].")
        .says("provisioned-product/alarms  OutOfSync Degraded")
        .says("The following resource(s) failed to create: [Wait].")
        .says("3 objects: 2 synced and healthy")
        .notes("Applied in part");
    // Nothing changed: it is not launched again and again.
    let launches = bench.count("ProvisionProduct");
    bench.run(&APPLY).await.expect(6).says("stalled");
    assert_eq!(bench.count("ProvisionProduct"), launches);

    publish(&bench, "v1", "v2", &good);
    bench
        .run(&PLAN)
        .await
        .expect(2)
        .says("-/+ provisioned-product/alarms  (its launch failed; terminated and launched again)");
    bench
        .run(&APPLY)
        .await
        .expect(0)
        .says("3 objects, all synced and healthy.");
    bench.run(&PLAN).await.expect(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_that_fails_leaves_it_tainted_and_is_mended_in_git() {
    let bench = Bench::small(Profile::Local).await;
    let good = std::fs::read_to_string(bench.catalog().join("v1.yaml")).unwrap();
    bench.run(&APPLY).await.expect(0);
    let bad = format!("{good}{}", WAITS.split_once("Resources:\n").unwrap().1);
    let bad = bad.replace("Outputs:\n  Arn: {Value: !Ref Topic}\n", "");
    publish(&bench, "v1", "v2", &bad);
    bench.edit(
        "catalog.yaml",
        "A topic for alarms",
        "A topic for all alarms",
    );
    bench
        .run(&APPLY)
        .await
        .expect(6)
        .says("provisioned-product/alarms  OutOfSync Degraded")
        .says("TAINTED")
        .says("The following resource(s) failed to create: [Wait].");
    assert_eq!(bench.count("UpdateProduct"), 1, "the others converge");
    publish(&bench, "v2", "v3", &good);
    bench
        .run(&APPLY)
        .await
        .expect(0)
        .says("3 objects, all synced and healthy.");
    bench.run(&PLAN).await.expect(0);
}
