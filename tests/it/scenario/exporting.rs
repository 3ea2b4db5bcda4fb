//! A catalog that was there before: made by calls of others alone, exported, taken over, and changed from then on.

use std::path::Path;
use std::time::Duration;

use aws_sdk_servicecatalog::types::{
    PrincipalType, ProductType, ProvisioningArtifactGuidance, ProvisioningArtifactProperties,
    ProvisioningArtifactType, ProvisioningParameter, ServiceActionDefinitionKey,
    ServiceActionDefinitionType, Tag,
};
use catalogd::emulator::faults::{Effect, Rule};
use catalogd::emulator::seed;
use catalogd::export::{Exported, Filter};
use catalogd::model::observed::Observed;
use catalogd::plan::{Action, BlockedCode};
use catalogd::reconcile::Pass;
use catalogd::render::text::{self, Style};

use super::kit::{self, is_read, small, status, writes};
use crate::world::World;

const SECRETIVE: &str = "Parameters:
  Size: {Type: String, Default: none}
  Note: {Type: String}
  Password: {Type: String, NoEcho: true}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !Ref Size}
";
const TABBED: &str = "{\n\t\"Resources\": {\"T\": {\"Type\": \"AWS::SNS::Topic\"}}\n}\n";
const DOS: &str = "Resources:\r\n  T:\r\n    Type: AWS::SNS::Topic  \r\n";
/// Unicode, quotes, blanks at both ends, and what YAML gives a meaning.
const AWKWARD: &str = " \"Größe\": 'S' # {${account}} \\ - \u{65e5}\u{672c} ";

/// Others' hands.
struct Hands<'w> {
    world: &'w World,
    sc: aws_sdk_servicecatalog::Client,
    token: std::cell::Cell<usize>,
}

impl<'w> Hands<'w> {
    async fn new(world: &'w World) -> Self {
        let s3 = world.s3();
        s3.create_bucket().bucket("by-hand").send().await.unwrap();
        for (key, body) in [
            ("secretive", SECRETIVE),
            ("tabbed", TABBED),
            ("dos", DOS),
            ("size", kit::SIZE),
            ("wrong", "Resources: {T: {Type: AWS::No::Such}}"),
        ] {
            let put = s3.put_object().bucket("by-hand").key(key);
            put.body(body.as_bytes().to_vec().into())
                .send()
                .await
                .unwrap();
        }
        Self {
            world,
            sc: world.console(),
            token: std::cell::Cell::new(0),
        }
    }

    fn token(&self) -> String {
        self.token.set(self.token.get() + 1);
        format!("by-hand-{}", self.token.get())
    }

    fn artifact(
        name: &str,
        key: &str,
    ) -> aws_sdk_servicecatalog::types::builders::ProvisioningArtifactPropertiesBuilder {
        ProvisioningArtifactProperties::builder()
            .name(name)
            .r#type(ProvisioningArtifactType::CloudFormationTemplate)
            .info(
                "LoadTemplateFromURL",
                format!("https://by-hand.s3.us-east-1.amazonaws.com/{key}"),
            )
    }

    async fn portfolio(&self, name: &str, description: &str, tags: usize) -> String {
        let request = self
            .sc
            .create_portfolio()
            .display_name(name)
            .provider_name("By: hand");
        let request = request
            .description(description)
            .idempotency_token(self.token());
        let made = request.set_tags(Some(many(tags))).send().await.unwrap();
        made.portfolio_detail().unwrap().id().unwrap().to_owned()
    }

    async fn product(&self, name: &str, version: &str, key: &str, tags: usize) -> String {
        let request = self.sc.create_product().name(name).owner("true");
        let request = request
            .product_type(ProductType::CloudFormationTemplate)
            .idempotency_token(self.token());
        let request = request.set_tags(Some(many(tags)));
        let made = request
            .provisioning_artifact_parameters(Self::artifact(version, key).build())
            .send()
            .await
            .unwrap();
        let summary = made
            .product_view_detail()
            .unwrap()
            .product_view_summary()
            .unwrap();
        summary.product_id().unwrap().to_owned()
    }

    async fn version(&self, product: &str, name: &str, key: &str) -> String {
        let request = self.sc.create_provisioning_artifact().product_id(product);
        let request = request.idempotency_token(self.token());
        let made = request
            .parameters(Self::artifact(name, key).build())
            .send()
            .await
            .unwrap();
        self.world.clock.sleep(Duration::from_secs(2)).await;
        made.provisioning_artifact_detail()
            .unwrap()
            .id()
            .unwrap()
            .to_owned()
    }

    async fn place(&self, product: &str, portfolio: &str) {
        let request = self.sc.associate_product_with_portfolio();
        let request = request.product_id(product).portfolio_id(portfolio);
        request.send().await.unwrap();
    }

    async fn constraint(&self, product: &str, portfolio: &str, kind: &str, parameters: &str) {
        let request = self
            .sc
            .create_constraint()
            .product_id(product)
            .portfolio_id(portfolio);
        let request = request
            .r#type(kind)
            .parameters(parameters)
            .idempotency_token(self.token());
        request.send().await.unwrap();
        self.world.clock.sleep(Duration::from_secs(2)).await;
    }

    async fn launch(
        &self,
        name: &str,
        product: &str,
        version: &str,
        parameters: &[(&str, &str)],
        tags: &[(&str, &str)],
    ) {
        let given = parameters
            .iter()
            .map(|(k, v)| ProvisioningParameter::builder().key(*k).value(*v).build());
        let request = self.sc.provision_product().provisioned_product_name(name);
        let request = request
            .product_id(product)
            .provisioning_artifact_id(version);
        let request = request
            .provision_token(self.token())
            .set_provisioning_parameters(Some(given.collect()));
        let request = request.set_tags(Some(tags.iter().map(|(k, v)| tag(k, v)).collect()));
        request.send().await.unwrap();
        self.world.clock.sleep(Duration::from_secs(600)).await;
    }
}

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build().unwrap()
}

fn many(count: usize) -> Vec<Tag> {
    (0..count)
        .map(|n| tag(&format!("k {n}"), &format!("0{n}")))
        .collect()
}

async fn export(world: &World, filter: &Filter) -> (Observed, Exported) {
    let mut process = world.process().await;
    let observed = process.reconciler.survey().await;
    let exported = process
        .reconciler
        .export(&observed, filter, &|_| {})
        .await
        .unwrap();
    (observed, exported)
}

fn shown(pass: &Pass) -> String {
    text::plan(&pass.plan, Style::default())
}

fn put(world: &World, exported: &Exported) {
    for (path, bytes) in &exported.files {
        world.write(path, bytes);
    }
}

/// Everything that there can be, made by others alone and as awkward as they like: the export is a valid source, its plan
/// takes over and does nothing else, after the apply there is nothing left to do, and a change in git is one call.
#[tokio::test(start_paused = true)]
async fn a_catalog_made_by_hand_is_exported_and_taken_over() {
    let world = World::new();
    let hands = Hands::new(&world).await;
    let sc = &hands.sc;
    let long = "x: # 1,000 characters ".repeat(46)[..1000].to_owned();
    let first = hands
        .portfolio("Net: \"works\" & co", &format!("{AWKWARD}\nline two\n"), 18)
        .await;
    let second = hands.portfolio("1.0", &long, 0).await;
    let caller = world.connect().await.caller().to_owned();
    for (arn, kind) in [
        (caller.as_str(), PrincipalType::Iam),
        (
            "arn:aws:iam::123456789012:role/path/Dev",
            PrincipalType::Iam,
        ),
        ("arn:aws:iam:::role/D*", PrincipalType::IamPattern),
    ] {
        let request = sc.associate_principal_with_portfolio().portfolio_id(&first);
        request
            .principal_arn(arn)
            .principal_type(kind)
            .send()
            .await
            .unwrap();
    }
    let share = sc.create_portfolio_share().portfolio_id(&first);
    share
        .account_id("059299583895")
        .share_tag_options(true)
        .send()
        .await
        .unwrap();
    let mut options = Vec::new();
    for (key, value) in [("env", "true"), ("env", "dev"), ("cost", "0042")] {
        let made = sc
            .create_tag_option()
            .key(key)
            .value(value)
            .send()
            .await
            .unwrap();
        options.push(made.tag_option_detail().unwrap().id().unwrap().to_owned());
    }

    let vpc = hands
        .product("VPC: three # tiers", "1.0", "secretive", 3)
        .await;
    let update = sc
        .update_product()
        .id(&vpc)
        .description(AWKWARD)
        .distributor("null");
    let update = update
        .support_description("two\nlines\n")
        .support_email("a@example.com");
    update
        .support_url("https://example.com/${account}")
        .send()
        .await
        .unwrap();
    let v1 = sc
        .list_provisioning_artifacts()
        .product_id(&vpc)
        .send()
        .await
        .unwrap();
    let v1 = v1.provisioning_artifact_details()[0]
        .id()
        .unwrap()
        .to_owned();
    let v2 = hands.version(&vpc, "true", "secretive").await;
    let v3 = hands.version(&vpc, "v3 \u{65e5}", "tabbed").await;
    hands.version(&vpc, "null", "dos").await;
    for _ in 0..2 {
        hands.version(&vpc, "twin", "size").await;
    }
    let edit = |version: &str| {
        sc.update_provisioning_artifact()
            .product_id(&vpc)
            .provisioning_artifact_id(version)
    };
    edit(&v2)
        .guidance(ProvisioningArtifactGuidance::Deprecated)
        .description(&long)
        .send()
        .await
        .unwrap();
    edit(&v3).active(false).send().await.unwrap();
    hands.place(&vpc, &first).await;
    hands.place(&vpc, &second).await;
    hands
        .constraint(&vpc, &first, "LAUNCH", r#"{"LocalRoleName": "Launcher"}"#)
        .await;
    hands
        .constraint(
            &vpc,
            &second,
            "LAUNCH",
            r#"{ "RoleArn":"arn:aws:iam::123456789012:role/L" }"#,
        )
        .await;
    hands
        .constraint(
            &vpc,
            &first,
            "NOTIFICATION",
            r#"{"NotificationArns": ["arn:aws:sns:us-east-1:123456789012:told"]}"#,
        )
        .await;
    hands.constraint(&vpc, &first, "TEMPLATE", r#"{"Rules": {"R": {"Assertions": [{"Assert": {"Fn::Contains": [["a", "b"], {"Ref": "Size"}]}}]}}}"#).await;
    hands
        .constraint(
            &vpc,
            &second,
            "RESOURCE_UPDATE",
            r#"{"Version":"2.0","Properties":{"TagUpdateOnProvisionedProduct":"ALLOWED"}}"#,
        )
        .await;
    for (resource, option) in [(&first, 0), (&vpc, 0), (&vpc, 2)] {
        let request = sc
            .associate_tag_option_with_resource()
            .resource_id(resource.as_str());
        request
            .tag_option_id(&options[option])
            .send()
            .await
            .unwrap();
    }
    sc.update_tag_option()
        .id(&options[1])
        .active(false)
        .send()
        .await
        .unwrap();
    let budget = sc
        .associate_budget_with_resource()
        .budget_name("The Budget: 1")
        .resource_id(&vpc);
    budget.send().await.unwrap();
    let action = sc
        .create_service_action()
        .name("Restart")
        .description(AWKWARD)
        .idempotency_token(hands.token());
    let action = action.definition_type(ServiceActionDefinitionType::SsmAutomation);
    let action = action.definition(ServiceActionDefinitionKey::Name, "AWS-RestartEC2Instance");
    let action = action.definition(ServiceActionDefinitionKey::Version, "1");
    let action = action.definition(
        ServiceActionDefinitionKey::Parameters,
        r#"[{"Name":"InstanceId","Type":"TARGET"}]"#,
    );
    let action = action.send().await.unwrap();
    let action = action
        .service_action_detail()
        .unwrap()
        .service_action_summary()
        .unwrap()
        .id()
        .unwrap()
        .to_owned();
    let offer = sc
        .associate_service_action_with_provisioning_artifact()
        .product_id(&vpc);
    offer
        .provisioning_artifact_id(&v1)
        .service_action_id(&action)
        .send()
        .await
        .unwrap();

    // A product with so many tags that catalogd's own finds no place, and one with all the versions there can be.
    hands.product("full", "v1", "size", 20).await;
    let crowd = hands.product("crowd", "v0", "size", 0).await;
    for n in 1..100 {
        hands.version(&crowd, &format!("v{n}"), "size").await;
    }
    hands
        .launch(
            "hub.1",
            &vpc,
            &v1,
            &[
                ("Size", "a"),
                ("Note", " 0010 ${account}"),
                ("Password", "secret-12"),
            ],
            &[("own tag", "1.0")],
        )
        .await;

    world.emulator.reset_calls();
    let (_, exported) = export(&world, &Filter::default()).await;
    let calls = world.calls();
    assert!(
        calls
            .keys()
            .all(|call| is_read(call) || call == "GetCallerIdentity"),
        "{calls:?}"
    );
    assert!(exported.unread.is_empty(), "{:?}", exported.unread);
    assert_eq!(export(&world, &Filter::default()).await.1, exported);
    put(&world, &exported);
    let all: String = exported
        .files
        .values()
        .map(|bytes| String::from_utf8_lossy(bytes))
        .collect();
    assert!(!all.contains("secret-12"));

    let pass = world.plan().await;
    let text = shown(&pass);
    for object in &pass.plan.objects {
        let key = object.key.to_string();
        let ours = |field: &str| field.starts_with("tags.catalogd:") || field == "mark";
        assert!(object.changes.iter().all(|c| ours(&c.field)), "{text}");
        assert!(
            object.waiting.is_empty() && object.stalled.is_none(),
            "{text}"
        );
        let blocked: Vec<_> = object.blocked.iter().map(|b| b.code).collect();
        let wanted = if key == "product/full" {
            vec![BlockedCode::TagQuota]
        } else {
            Vec::new()
        };
        assert_eq!(blocked, wanted, "{text}");
        let free = !key.starts_with("tag-option") && !key.starts_with("provisioned");
        let taken = free && key != "product/full";
        assert_eq!(
            object.action,
            if taken { Action::Adopt } else { Action::None },
            "{text}"
        );
    }
    assert_eq!(pass.plan.objects.len(), 3 + 1 + 2 + 3 + 1, "{text}");
    let left_out = exported.left_out.join("\n");
    assert!(left_out.contains("are all called \"twin\""), "{left_out}");

    world.emulator.reset_calls();
    let converged = world.process().await.apply(&world.desired()).await;
    let made = writes(&world);
    let wanted = [
        ("UpdatePortfolio", 2),
        ("UpdateProduct", 2),
        ("UpdateServiceAction", 1),
    ];
    let wanted = wanted.map(|(call, count)| (call.to_owned(), count));
    let made: Vec<_> = made
        .into_iter()
        .filter(|(call, _)| !call.contains("Bucket") && !call.contains("PublicAccess"))
        .collect();
    assert_eq!(made, wanted, "{}", shown(&converged.pass));
    world.expect_empty_plan().await;
    let pass = world.plan().await;
    assert!(
        status(&pass, "product/full")
            .blocked
            .iter()
            .any(|b| b.code == BlockedCode::TagQuota)
    );

    // From then on git says how it is.
    let (_, owned) = export(&world, &Filter::default()).await;
    let product =
        String::from_utf8(owned.files["products/vpc-three-tiers/product.yaml"].clone()).unwrap();
    assert!(!product.contains("adopt"), "{product}");
    world.edit(
        "products/vpc-three-tiers/product.yaml",
        "distributor: \"null\"",
        "distributor: Us",
    );
    world.emulator.reset_calls();
    world.process().await.apply(&world.desired()).await;
    assert_eq!(writes(&world), [("UpdateProduct".to_owned(), 1)].into());
}

/// What is ours is exported under its own names, and changes nothing: with the memory of what was applied, and without.
#[tokio::test(start_paused = true)]
async fn what_is_ours_is_exported_as_ours() {
    let mut world = small();
    world.apply().await;
    let (_, exported) = export(&world, &Filter::default()).await;
    let mut other = World::new();
    std::mem::swap(&mut other.emulator, &mut world.emulator);
    other.clock = world.clock;
    put(&other, &exported);
    let desired = other.desired();
    let names: Vec<String> = desired.keys().map(|key| key.to_string()).collect();
    assert_eq!(
        names,
        [
            "portfolio/net",
            "portfolio/spare",
            "product/vpc",
            "provisioned-product/hub"
        ]
    );
    assert!(
        !exported
            .files
            .values()
            .any(|bytes| String::from_utf8_lossy(bytes).contains("adopt"))
    );
    other.expect_empty_plan().await;
}

/// A template that can't be read is said, and its version left as it is.
#[tokio::test(start_paused = true)]
async fn a_template_that_cannot_be_read_leaves_its_version_alone() {
    let mut world = small();
    world.apply().await;
    world.forget();
    let denied = Rule::always(Effect::AccessDenied)
        .on("DescribeProvisioningArtifact")
        .nth(2);
    let denied = world.emulator.inject(denied);
    let (_, exported) = export(&world, &Filter::default()).await;
    assert_eq!(exported.unread.len(), 1, "{:?}", exported.unread);
    assert!(
        exported.unread[0].contains("its template could not be read (AccessDeniedException"),
        "{:?}",
        exported.unread
    );
    denied.remove();
    for file in ["catalog.yaml", "size.yaml"] {
        world.write(file, "");
    }
    put(&world, &exported);
    world.expect_empty_plan().await;
}

/// Stacks that were imported are taken over by the id of what they became.
#[tokio::test(start_paused = true)]
async fn an_imported_stack_is_taken_over_and_not_imported_again() {
    let world = World::new();
    let hands = Hands::new(&world).await;
    let product = hands.product("topic", "v1", "size", 0).await;
    let portfolio = hands.portfolio("p", "", 0).await;
    hands.place(&product, &portfolio).await;
    let caller = world.connect().await.caller().to_owned();
    let request = hands
        .sc
        .associate_principal_with_portfolio()
        .portfolio_id(&portfolio);
    request
        .principal_arn(caller)
        .principal_type(PrincipalType::Iam)
        .send()
        .await
        .unwrap();
    let uuid = "5f3c1d2e-7a90-4b1c-9d34-0f6a2b7c8d1e";
    let call = serde_json::json!([{
        "service": "cloudformation", "operation": "CreateStack", "ids": [uuid],
        "input": {"StackName": "legacy", "TemplateBody": kit::SIZE, "Parameters": [{"ParameterKey": "Size", "ParameterValue": "one"}]},
    }]);
    seed::load_text(&world.emulator, &call.to_string(), Path::new(""))
        .await
        .unwrap();
    world.clock.sleep(Duration::from_secs(60)).await;
    let versions = hands
        .sc
        .list_provisioning_artifacts()
        .product_id(&product)
        .send()
        .await
        .unwrap();
    let version = versions.provisioning_artifact_details()[0].id().unwrap();
    let import = hands
        .sc
        .import_as_provisioned_product()
        .provisioned_product_name("legacy");
    let import = import
        .product_id(&product)
        .provisioning_artifact_id(version);
    let arn = format!("arn:aws:cloudformation:us-east-1:123456789012:stack/legacy/{uuid}");
    import
        .physical_id(arn)
        .idempotency_token("theirs")
        .send()
        .await
        .unwrap();
    world.clock.sleep(Duration::from_secs(600)).await;
    let (_, exported) = export(&world, &Filter::default()).await;
    let file = String::from_utf8(exported.files["provisioned/legacy.yaml"].clone()).unwrap();
    assert!(
        file.contains("adopt: {id: pp-") && !file.contains("import:"),
        "{file}"
    );
    assert!(file.contains("parameters:\n    Size: one\n"), "{file}");
    put(&world, &exported);
    world.apply().await;
    world.expect_empty_plan().await;
}

/// What an export of many products costs: lists, two calls a product, and one a version.
#[tokio::test(start_paused = true)]
async fn an_export_costs_a_call_a_version_beside_a_pass() {
    const PRODUCTS: usize = 20;
    const VERSIONS: usize = 5;
    let world = World::new();
    let hands = Hands::new(&world).await;
    let portfolio = hands.portfolio("p", "", 0).await;
    for n in 0..PRODUCTS {
        let product = hands.product(&format!("x{n}"), "v0", "size", 0).await;
        for m in 1..VERSIONS {
            hands.version(&product, &format!("v{m}"), "size").await;
        }
        hands.place(&product, &portfolio).await;
    }
    world.emulator.reset_calls();
    let (_, exported) = export(&world, &Filter::default()).await;
    assert_eq!(exported.counts.versions, PRODUCTS * VERSIONS);
    let calls: usize = world.calls().values().sum();
    let pages = PRODUCTS.div_ceil(20);
    let most = 2 * PRODUCTS + PRODUCTS * VERSIONS + 2 * pages + 8 + 6;
    assert!(calls <= most, "{calls} calls, {most} allowed");
    // The plan of it knows the templates by then.
    put(&world, &exported);
    world.emulator.reset_calls();
    world.plan().await;
    assert!(!world.calls().contains_key("DescribeProvisioningArtifact"));
}
