//! Promise 1: a read that failed is no absence. While git drops things, nothing goes where something could not be read.

use std::collections::BTreeMap;

use catalogd::emulator::faults::{Effect, Rule};

use super::kit::{CATALOG, calls, one_pass, small, writes};
use crate::examples::expect_each_once;
use crate::world::{ACCOUNT, REGION, World};

const MEMBER: &str = "DisassociatePrincipalFromPortfolio";
const VERSION: &str = "UpdateProvisioningArtifact";
const CONSTRAINT: &str = "DeleteConstraint";
const PLACE: &str = "DisassociateProductFromPortfolio";
const ALL: [&str; 4] = [MEMBER, VERSION, CONSTRAINT, PLACE];

/// Every read of a pass, and what may still be removed while it fails.
const READS: [(&str, &[&str]); 14] = [
    ("ListPortfolios", &[VERSION]),
    ("DescribePortfolio", &[VERSION]),
    ("ListPrincipalsForPortfolio", &[VERSION]),
    ("ListConstraintsForPortfolio", &[VERSION]),
    ("DescribeConstraint", &[VERSION]),
    ("SearchProductsAsAdmin", &[]),
    ("DescribeProductAsAdmin", &[MEMBER]),
    ("ListProvisioningArtifacts", &[MEMBER]),
    ("DescribeProvisioningArtifact", &[MEMBER]),
    ("SearchProvisionedProducts", &ALL),
    ("DescribeRecord", &ALL),
    ("DescribeStacks", &ALL),
    ("HeadBucket", &ALL),
    ("GetBucketPolicy", &ALL),
];

/// The catalog with enough of everything that listings have a second page, applied.
async fn crowd() -> World {
    let world = small();
    let mut text = CATALOG.to_owned();
    let roles: String = (0..25)
        .map(|n| format!("    - arn: arn:aws:iam::123456789012:role/R{n}\n"))
        .collect();
    text = text.replace("    - self: true\n", &format!("{roles}    - self: true\n"));
    text = text.replace(
        "  versions:\n",
        "    - portfolio: spare\n      constraints: {launch: {localRoleName: Launcher}}\n  versions:\n",
    );
    text = text.replace("  version: v1\n", "  version: v1\n  portfolio: net\n");
    for n in 0..25 {
        text.push_str(&format!(
            "---\napiVersion: catalogd.dev/v1\nkind: Product\nmetadata: {{name: x{n}}}\nspec:\n  owner: Us\n  \
             portfolios: [{{portfolio: net, constraints: {{launch: {{localRoleName: L}}}}}}]\n  \
             versions: [{{name: v1, template: size.yaml}}]\n"
        ));
    }
    world.write("catalog.yaml", text);
    world.apply().await;
    world
}

/// Git drops a principal, an association with its constraint, a constraint, and takes a version out of use.
fn drop_much(world: &World) {
    world
        .edit(
            "catalog.yaml",
            "    - arn: arn:aws:iam::123456789012:role/Dev\n",
            "",
        )
        .edit(
            "catalog.yaml",
            "    - portfolio: spare\n      constraints: {launch: {localRoleName: Launcher}}\n",
            "",
        )
        .edit("catalog.yaml", "        tagUpdates: allowed\n", "")
        .edit("catalog.yaml", "active: true", "active: false");
}

async fn forget_the_index(world: &World) {
    let index = format!("index/{ACCOUNT}/{REGION}.json");
    let s3 = world.s3();
    s3.delete_object()
        .bucket(world.bucket())
        .key(index)
        .send()
        .await
        .unwrap();
}

/// Applies once in a process without a memory while the fault is in force; returns what was written.
async fn apply_under(world: &World, rule: Rule) -> BTreeMap<String, usize> {
    forget_the_index(world).await;
    let mut process = world.process_in(None).await;
    let fault = world.emulator.inject(rule);
    world.calls();
    process.apply(&world.desired()).await;
    let written = writes(world);
    assert!(fault.fired() > 0, "the fault never struck");
    fault.remove();
    written
}

async fn nothing_goes_in_doubt(effect: Effect) {
    let world = crowd().await;
    let whole = world.desired();
    drop_much(&world);
    let planned = calls(&world.plan().await.plan);
    assert_eq!(planned, [MEMBER, CONSTRAINT, CONSTRAINT, PLACE, VERSION]);
    for (read, allowed) in READS {
        let rule = Rule::always(effect.clone()).on(read);
        let written = apply_under(&world, rule).await;
        for call in written.keys() {
            assert!(
                allowed.contains(&call.as_str()),
                "{call} while {read} fails: {written:?}"
            );
        }
        assert_eq!(
            written.len(),
            allowed.len(),
            "{read} stops more than it must: {written:?}"
        );
        // Everything back, for the next read.
        world.process().await.apply(&whole).await;
        expect_each_once(&world.plan().await.observed);
    }
    world.apply().await;
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_removed_or_made_twice_while_a_read_is_denied() {
    nothing_goes_in_doubt(Effect::AccessDenied).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_removed_or_made_twice_while_a_read_fails() {
    nothing_goes_in_doubt(Effect::InternalFailure).await;
}

/// One pass in which that call of a listing is denied.
async fn break_off(world: &World, read: &str, call: u64) -> BTreeMap<String, usize> {
    let rule = Rule::always(Effect::AccessDenied).on(read).nth(call);
    let fault = world.emulator.inject(rule);
    world.calls();
    one_pass(world).await;
    assert_eq!(fault.fired(), 1);
    fault.remove();
    writes(world)
}

#[tokio::test(start_paused = true)]
async fn nothing_is_removed_while_a_listing_breaks_off() {
    for (read, page, allowed) in [
        // One page is of `spare` and two of `net`, so the second call is one of `net`.
        (
            "ListPrincipalsForPortfolio",
            2,
            &[VERSION, CONSTRAINT, PLACE][..],
        ),
        (
            "ListConstraintsForPortfolio",
            2,
            &[VERSION, CONSTRAINT, PLACE][..],
        ),
    ] {
        let world = crowd().await;
        drop_much(&world);
        let written = break_off(&world, read, page).await;
        for call in written.keys() {
            assert!(
                allowed.contains(&call.as_str()),
                "{call} after page {page} of {read}"
            );
        }
        assert_ne!(
            written.get(CONSTRAINT),
            Some(&2),
            "one of them is of the portfolio in doubt"
        );
    }
    for page in 1..=5 {
        let world = crowd().await;
        drop_much(&world);
        let written = break_off(&world, "SearchProductsAsAdmin", page).await;
        let harmless = |call: &String| ALL.contains(&call.as_str());
        assert!(written.keys().all(harmless), "page {page}: {written:?}");
        expect_each_once(&world.plan().await.observed);
    }
}

/// A listing that ends early and says nothing: nobody can tell, and still nothing is made twice.
#[tokio::test(start_paused = true)]
async fn a_listing_that_lies_makes_no_duplicates() {
    for read in [
        "ListPortfolios",
        "SearchProductsAsAdmin",
        "SearchProvisionedProducts",
        "ListProvisioningArtifacts",
    ] {
        let world = small();
        world.apply().await;
        let whole = world.plan().await.observed;
        let fault = world
            .emulator
            .inject(Rule::always(Effect::CutListing(0)).on(read));
        one_pass(&world).await;
        assert!(fault.fired() > 0);
        fault.remove();
        world.apply().await;
        let after = world.plan().await.observed;
        expect_each_once(&after);
        let ids = |o: &catalogd::model::observed::Observed| {
            (
                o.portfolios.keys().cloned().collect::<Vec<_>>(),
                o.products.keys().cloned().collect::<Vec<_>>(),
                o.provisioned.keys().cloned().collect::<Vec<_>>(),
            )
        };
        assert_eq!(ids(&after), ids(&whole), "{read}");
    }
}
