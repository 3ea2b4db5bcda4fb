//! Parameters as lists, and those whose values are kept in the parameter store.

use aws_sdk_ssm::types::ParameterType;
use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Rule};
use catalogd::model::desired::Desired;
use catalogd::model::observed::Scope;
use catalogd::plan::{BlockedCode, Change, Reason, Shown};
use catalogd::reconcile::Pass;

use super::kit::{
    CATALOG, Hand, SIZE, calls, expect_blocked, one_pass, provisioned, status, update_by_hand,
    writes,
};
use super::outputs::{Logs, OTHER, SECRET, expect_silence};
use crate::world::World;

/// [`CATALOG`] with these parameters of `hub`, of which `Subnets` is a list and `Password` is NoEcho.
fn with(parameters: &str) -> World {
    let world = World::new();
    fill(&world, parameters);
    world
}

fn template() -> String {
    let template = SIZE.replace(
        "Parameters:\n",
        "Parameters:\n  Subnets: {Type: CommaDelimitedList, Default: none}\n  \
         Password: {Type: String, NoEcho: true, Default: ''}\n",
    );
    template.replace("!Ref Size}\nOutputs", "!Sub '${Size}${Password}'}\nOutputs")
}

fn fill(world: &World, parameters: &str) {
    world
        .write("catalog.yaml", CATALOG.replace("Size: one", parameters))
        .write("size.yaml", template());
}

async fn put(world: &World, name: &str, kind: ParameterType, value: &str) {
    let request = world.ssm().put_parameter().name(name).value(value);
    request.r#type(kind).overwrite(true).send().await.unwrap();
}

async fn put_plain(world: &World, name: &str, value: &str) {
    put(world, name, ParameterType::String, value).await;
}

async fn over(world: &World, base: &Desired) -> Pass {
    let mut process = world.process_in(None).await;
    process.reconciler.plan(&world.desired(), Some(base)).await
}

/// The one change of a plan that makes one update.
#[track_caller]
fn change(pass: &Pass) -> Change {
    assert_eq!(calls(&pass.plan), ["UpdateProvisionedProduct"]);
    let changes: Vec<_> = pass.plan.objects.iter().flat_map(|o| &o.changes).collect();
    assert_eq!(changes.len(), 1, "{changes:?}");
    changes[0].clone()
}

async fn live(world: &World, parameter: &str) -> String {
    let observed = world.plan().await.observed;
    let stack = provisioned(&observed, "hub").stack.as_ref().unwrap();
    stack.parameters[parameter].clone()
}

async fn expect_one_update(world: &World) {
    world.calls();
    world.apply().await;
    assert_eq!(
        writes(world),
        [("UpdateProvisionedProduct".to_owned(), 1)].into()
    );
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn a_list_is_sent_with_commas_and_compared_item_by_item() {
    let world = with("Subnets: [a, 7, 'c d']");
    let base = world.desired();
    let applied = world.apply().await;
    assert_eq!(live(&world, "Subnets").await, "a,7,c d");
    world.expect_empty_plan().await;
    let hand = Hand::new(&world, &applied.pass.observed);

    // Blanks around items mean nothing to CloudFormation, another order does.
    update_by_hand(&hand, "v1", "Networking", &[("Subnets", "a, 7,c d")]).await;
    world.expect_empty_plan().await;
    update_by_hand(&hand, "v1", "Networking", &[("Subnets", "7,a,c d")]).await;
    let drift = change(&over(&world, &base).await);
    assert_eq!(
        (drift.before, drift.after, drift.reason),
        (
            Shown::text("7,a,c d"),
            Shown::text("a,7,c d"),
            Reason::Drifted
        )
    );
    expect_one_update(&world).await;

    world.edit("catalog.yaml", "[a, 7, 'c d']", "[a]");
    let edited = change(&over(&world, &base).await);
    assert_eq!(
        (edited.after, edited.reason),
        (Shown::text("a"), Reason::GitChanged)
    );
    expect_one_update(&world).await;
    assert_eq!(live(&world, "Subnets").await, "a");

    // Empty clears, and what is not there is not managed.
    world.edit("catalog.yaml", "Subnets: [a]", "Subnets: []");
    expect_one_update(&world).await;
    assert_eq!(live(&world, "Subnets").await, "");
    world.edit("catalog.yaml", "    Subnets: []\n", "    Size: one\n");
    expect_one_update(&world).await;
    assert_eq!(live(&world, "Subnets").await, "", "left as it was");
}

#[tokio::test(start_paused = true)]
async fn a_stored_parameter_is_read_before_planning_and_its_change_is_a_change() {
    let world = with("Size: {ssm: /golden/size}\n    Subnets: {ssm: '/net/subnets'}");
    put_plain(&world, "/golden/size", "one").await;
    put(&world, "/net/subnets", ParameterType::StringList, "a,b").await;
    let base = world.desired();
    let applied = world.apply().await;
    assert_eq!(live(&world, "Size").await, "one");
    assert_eq!(live(&world, "Subnets").await, "a,b");
    world.calls();
    world.expect_empty_plan().await;
    assert_eq!(world.calls()["GetParameters"], 1, "both in one call");

    put_plain(&world, "/golden/size", "two").await;
    let moved = change(&over(&world, &base).await);
    assert_eq!(
        (
            moved.field.as_str(),
            moved.before,
            moved.after,
            moved.reason
        ),
        (
            "parameters.Size",
            Shown::text("one"),
            Shown::text("two"),
            Reason::Differs
        )
    );
    expect_one_update(&world).await;

    let hand = Hand::new(&world, &applied.pass.observed);
    let by_hand = [("Size", "large"), ("Subnets", "a,b")];
    update_by_hand(&hand, "v1", "Networking", &by_hand).await;
    let drift = change(&over(&world, &base).await);
    assert_eq!(
        (drift.before, drift.after),
        (Shown::text("large"), Shown::text("two"))
    );
    expect_one_update(&world).await;

    // A version stays what it is, whatever becomes of the parameter.
    world.edit("catalog.yaml", "/golden/size", "/golden/size:1");
    let edited = change(&over(&world, &base).await);
    assert_eq!(
        (edited.after, edited.reason),
        (Shown::text("one"), Reason::GitChanged)
    );
    expect_one_update(&world).await;
    put_plain(&world, "/golden/size", "three").await;
    world.expect_empty_plan().await;

    // What git no longer says is left alone.
    world.edit("catalog.yaml", "Size: {ssm: /golden/size:1}\n    ", "");
    world.expect_empty_plan().await;
    assert_eq!(live(&world, "Size").await, "one");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_stored_or_may_not_be_read_blocks_its_object_alone() {
    let world = with("Size: {ssm: /golden/size}");
    world.edit(
        "catalog.yaml",
        "---\napiVersion: catalogd.dev/v1\nkind: ProvisionedProduct",
        "---\napiVersion: catalogd.dev/v1\nkind: ProvisionedProduct\nmetadata: {name: other}\nspec: {product: vpc, \
         version: v1, parameters: {Size: {ssm: other}}}\n---\napiVersion: catalogd.dev/v1\nkind: ProvisionedProduct",
    );
    put_plain(&world, "other", "fine").await;
    let ended = world.process().await.apply(&world.desired()).await;
    let words = ["parameter Size", "ssm /golden/size", "not there"];
    expect_blocked(
        &ended.pass,
        "provisioned-product/hub",
        BlockedCode::SsmParameter,
        &words,
        "catalog.yaml",
    );
    assert!(status(&ended.pass, "provisioned-product/other").is_well());
    put_plain(&world, "/golden/size", "one").await;
    world.apply().await;

    // Gone again: nothing is said to differ, and nothing is done.
    let ssm = world.ssm();
    let gone = ssm.delete_parameter().name("/golden/size");
    gone.send().await.unwrap();
    world.edit(
        "catalog.yaml",
        "version: v1\n  parameters",
        "version: v3\n  parameters",
    );
    let pass = one_pass(&world).await;
    assert_eq!(calls(&pass.plan), [""; 0]);
    let key = "provisioned-product/hub";
    expect_blocked(
        &pass,
        key,
        BlockedCode::SsmParameter,
        &words,
        "catalog.yaml",
    );
    put_plain(&world, "/golden/size", "one").await;

    // The call for both is denied, and so is the one for the first.
    let denied = world.emulator.inject(
        Rule::always(Effect::AccessDenied)
            .on("GetParameters")
            .times(2),
    );
    let pass = one_pass(&world).await;
    assert_eq!(denied.fired(), 2);
    let scopes: Vec<_> = pass.observed.gaps.iter().map(|gap| &gap.scope).collect();
    assert_eq!(scopes, [&Scope::Ssm("/golden/size".to_owned())]);
    let words = ["ssm:GetParameters", "kms:Decrypt", "/golden/size"];
    expect_blocked(&pass, key, BlockedCode::Gap, &words, "catalog.yaml");
    assert!(status(&pass, "provisioned-product/other").is_well());
    assert_eq!(calls(&pass.plan), [""; 0]);
    drop(denied);
    expect_one_update(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_secure_string_is_sent_and_never_shown() {
    let (logs, _guard) = Logs::listen();
    let world = with("Password: {ssm: /secret/password}");
    let password = format!("{SECRET}-of-its-own");
    let kind = ParameterType::SecureString;
    put(&world, "/secret/password", kind.clone(), &password).await;
    let base = world.desired();
    expect_silence(&one_pass(&world).await);
    world.apply().await;
    assert!(stacks(&world).contains(&password));
    world.expect_empty_plan().await;

    // Another value of it can't be told from the one that the stack hides; inside an update for another reason it goes along.
    let other = format!("{OTHER}-hardly-to-be-told");
    put(&world, "/secret/password", kind.clone(), &other).await;
    world.expect_empty_plan().await;
    world.edit("catalog.yaml", "Password:", "Size: two\n    Password:");
    let pass = over(&world, &base).await;
    expect_silence(&pass);
    assert_eq!(change(&pass).field, "parameters.Size");
    world.calls();
    let ended = world.process().await.apply(&world.desired()).await;
    expect_silence(&ended.pass);
    assert_eq!(writes(&world)["UpdateProvisionedProduct"], 1);
    assert!(stacks(&world).contains(&other));
    world.expect_empty_plan().await;

    // Git takes the value from elsewhere: what was stored is not told even then.
    world.edit(
        "catalog.yaml",
        "{ssm: /secret/password}",
        "plain-and-hidden",
    );
    let pass = over(&world, &base).await;
    expect_silence(&pass);
    logs.expect_silence();
}

fn stacks(world: &World) -> String {
    world
        .emulator
        .with_stacks(crate::world::ACCOUNT, crate::world::REGION, |stacks, _| {
            format!("{stacks:?}")
        })
}

/// A stack shows the values of parameters that are not NoEcho to everybody who may describe it.
#[tokio::test(start_paused = true)]
async fn a_secure_string_goes_into_no_parameter_that_a_stack_shows() {
    let (logs, _guard) = Logs::listen();
    let world = with("Size: {ssm: /secret/size}");
    let kind = ParameterType::SecureString;
    put(&world, "/secret/size", kind.clone(), SECRET).await;
    let key = "provisioned-product/hub";
    let refused = |pass: &Pass| {
        expect_silence(pass);
        let words = ["parameter Size", "NoEcho: true", "new version"];
        expect_blocked(pass, key, BlockedCode::NoEcho, &words, "catalog.yaml");
    };
    world.calls();
    let ended = world.process().await.apply(&world.desired()).await;
    refused(&ended.pass);
    assert!(!writes(&world).contains_key("ProvisionProduct"));

    // The same of what runs: with whatever else is to be changed.
    world.edit("catalog.yaml", "{ssm: /secret/size}", "one");
    let applied = world.apply().await;
    world.edit(
        "catalog.yaml",
        "Size: one",
        "Subnets: [a]\n    Size: {ssm: /secret/size}",
    );
    let pass = one_pass(&world).await;
    assert_eq!(calls(&pass.plan), [""; 0]);
    refused(&pass);

    // Somebody has put it there by hand: it is shown nowhere, neither as what is nor as what was.
    let hand = Hand::new(&world, &applied.pass.observed);
    update_by_hand(&hand, "v1", "Networking", &[("Size", SECRET)]).await;
    let held = one_pass(&world).await;
    let shown = format!("{:?}{:?}", held.plan, held.statuses);
    assert!(!shown.contains(SECRET), "{shown}");
    world.edit(
        "catalog.yaml",
        "Size: {ssm: /secret/size}",
        "Password: {ssm: /secret/size}\n    Size: plain",
    );
    let pass = world.plan().await;
    let changes: Vec<_> = pass.plan.objects.iter().flat_map(|o| &o.changes).collect();
    let size = changes
        .iter()
        .find(|c| c.field == "parameters.Size")
        .unwrap();
    assert_eq!(
        (&size.before, &size.after),
        (&Shown::Secret, &Shown::text("plain"))
    );
    let shown = format!("{:?}{:?}", pass.plan, pass.statuses);
    assert!(!shown.contains(SECRET), "{shown}");
    world.apply().await;
    world.expect_empty_plan().await;

    // A version that hides the parameter takes it.
    let hidden = "Size: {NoEcho: true, Type: String";
    let text = template().replace("Size: {Type: String", hidden);
    assert!(text.contains(hidden));
    world.write("hidden.yaml", text);
    world.edit("catalog.yaml", "version: v1\n", "version: hidden\n");
    world.edit(
        "catalog.yaml",
        "    - name: v1\n",
        "    - {name: hidden, template: hidden.yaml}\n    - name: v1\n",
    );
    world.edit(
        "catalog.yaml",
        "Password: {ssm: /secret/size}\n    Size: plain",
        "Size: {ssm: /secret/size}",
    );
    expect_silence(&one_pass(&world).await);
    world.apply().await;
    assert_eq!(live(&world, "Size").await, "****");
    world.expect_empty_plan().await;
    logs.expect_silence();
}

/// A template that hands a SecureString on as an output makes no text of it for those who take the output.
#[tokio::test(start_paused = true)]
async fn an_output_that_tells_a_secure_string_is_not_shown_either() {
    let world = with("Password: {ssm: /secret/password}");
    world.edit(
        "size.yaml",
        "Outputs:\n",
        "Outputs:\n  Told: {Value: !Ref Password}\n",
    );
    world.edit(
        "catalog.yaml",
        "---\napiVersion: catalogd.dev/v1\nkind: ProvisionedProduct",
        "---\napiVersion: catalogd.dev/v1\nkind: ProvisionedProduct\nmetadata: {name: next}\nspec: {product: vpc, \
         version: v1, parameters: {Password: {output: {provisionedProduct: hub, key: Told}}}}\n\
         ---\napiVersion: catalogd.dev/v1\nkind: ProvisionedProduct",
    );
    let kind = ParameterType::SecureString;
    put(&world, "/secret/password", kind.clone(), SECRET).await;
    one_pass(&world).await;
    let pass = world.plan().await;
    assert_eq!(calls(&pass.plan), ["ProvisionProduct"]);
    let shown = format!("{:?}{:?}", pass.plan, pass.statuses);
    assert!(!shown.contains(SECRET), "{shown}");
    world.apply().await;
    world.expect_empty_plan().await;

    // What takes it must hide it as well.
    world.edit(
        "catalog.yaml",
        "parameters: {Password: {output",
        "parameters: {Size: {output",
    );
    let pass = one_pass(&world).await;
    let key = "provisioned-product/next";
    let words = ["parameter Size", "NoEcho"];
    expect_blocked(&pass, key, BlockedCode::NoEcho, &words, "catalog.yaml");
    let shown = format!("{:?}{:?}", pass.plan, pass.statuses);
    assert!(!shown.contains(SECRET), "{shown}");
}

/// The service repeats the secret that it refuses; a new value is a new request.
#[tokio::test(start_paused = true)]
async fn a_launch_that_failed_of_a_secret_is_made_again_with_another() {
    let world = with("Password: {ssm: /secret/password}");
    world.edit("size.yaml", "Default: ''", "MinLength: 24, Default: ''");
    let kind = ParameterType::SecureString;
    put(&world, "/secret/password", kind.clone(), SECRET).await;
    let ended = world.process().await.apply(&world.desired()).await;
    expect_silence(&ended.pass);
    let key = "provisioned-product/hub";
    assert!(status(&ended.pass, key).stalled.is_some());
    let again = world.process_in(None).await.apply(&world.desired()).await;
    assert!(status(&again.pass, key).stalled.is_some());
    let long = format!("{OTHER}-and-long-enough");
    put(&world, "/secret/password", kind, &long).await;
    world.calls();
    world.apply().await;
    let made = writes(&world);
    assert_eq!(
        (
            made["TerminateProvisionedProduct"],
            made["ProvisionProduct"]
        ),
        (1, 1)
    );
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn names_are_read_ten_a_call() {
    let world = with("Size: one");
    for n in 0..23 {
        put_plain(&world, &format!("/many/{n}"), &format!("v{n}")).await;
        let text = format!(
            "apiVersion: catalogd.dev/v1\nkind: ProvisionedProduct\nmetadata: {{name: pp{n}}}\nspec: {{product: vpc, \
             version: v1, parameters: {{Size: {{ssm: /many/{n}}}}}}}\n"
        );
        world.write(&format!("pp{n}.yaml"), text);
    }
    world.apply().await;
    world.calls();
    let pass = world.plan().await;
    assert!(!pass.plan.has_changes() && !pass.plan.is_blocked());
    assert_eq!(world.calls()["GetParameters"], 3);
}

#[tokio::test(start_paused = true)]
async fn lists_and_stored_parameters_converge_on_an_unkind_aws() {
    let world = World::with(Profile::Aws, 21);
    fill(
        &world,
        "Size: {ssm: /golden/size}\n    Subnets: [a, b]\n    Password: {ssm: /secret/password}",
    );
    put_plain(&world, "/golden/size", "one").await;
    put(
        &world,
        "/secret/password",
        ParameterType::SecureString,
        SECRET,
    )
    .await;
    let rules = [
        ("GetParameters", Effect::Throttle),
        ("GetParameters", Effect::DropAfter),
        ("ProvisionProduct", Effect::DropAfter),
        ("UpdateProvisionedProduct", Effect::DropAfter),
    ];
    let faults = rules.map(|(call, effect)| {
        let rule = Rule::always(effect).on(call).times(2);
        (call, world.emulator.inject(rule))
    });
    world.apply().await;
    put_plain(&world, "/golden/size", "two").await;
    world.edit("catalog.yaml", "[a, b]", "[a, b, c]");
    world.apply().await;
    for (call, fault) in &faults {
        assert_eq!(fault.fired(), 2, "{call}");
    }
    world.clock.sleep(std::time::Duration::from_secs(10)).await;
    assert_eq!(live(&world, "Size").await, "two");
    assert_eq!(live(&world, "Subnets").await, "a,b,c");
    let pass = world.plan().await;
    assert_eq!(pass.observed.provisioned.len(), 1);
    expect_silence(&pass);
    world.expect_empty_plan().await;
}
