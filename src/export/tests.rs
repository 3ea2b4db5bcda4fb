//! Exports of catalogs that were made by hand, with everything in them that a person can do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::ids::{
    ConstraintId, Digest, Kind, PortfolioId, ProductId, RecordId, ServiceActionId, TagOptionId,
};
use crate::manifest::{Context, Loaded, Severity, load};
use crate::model::desired::{CodeStar, Desired, Guidance, OnRemove};
use crate::model::observed::*;
use crate::model::owner::{Owner, tag_key};
use crate::model::share::Recipient;
use crate::model::template::{VersionContent, folded};
use crate::model::tree::{Entry, Tree};
use crate::plan::{Action, BlockedCode, Plan};
use crate::render::testing::World;

/// A live catalog and the templates of its versions.
struct Live {
    world: World,
    texts: VersionTexts,
    filter: Filter,
}

impl Live {
    fn new() -> Self {
        Self {
            world: World::empty(Desired::default()),
            texts: VersionTexts::new(),
            filter: Filter::default(),
        }
    }

    fn observed(&mut self) -> &mut Observed {
        &mut self.world.observed
    }

    fn portfolio(&mut self, id: &str, name: &str) -> &mut LivePortfolio {
        let portfolio = LivePortfolio {
            id: id.into(),
            display_name: name.to_owned(),
            description: None,
            provider_name: "Platform".to_owned(),
            tags: BTreeMap::new(),
            principals: BTreeSet::new(),
            tag_options: BTreeMap::new(),
            budgets: BTreeSet::new(),
            shares: Some(BTreeMap::new()),
            products: BTreeSet::new(),
            shared_products: BTreeSet::new(),
            constraints: BTreeMap::new(),
        };
        let all = &mut self.observed().portfolios;
        all.entry(id.into()).or_insert(portfolio)
    }

    fn product(&mut self, id: &str, name: &str) -> &mut LiveProduct {
        let product = LiveProduct {
            id: id.into(),
            arn: format!("arn:aws:catalog:us-east-1:123456789012:product/{id}"),
            name: name.to_owned(),
            owner: "Platform".to_owned(),
            description: None,
            distributor: None,
            support_description: None,
            support_email: None,
            support_url: None,
            product_type: "CLOUD_FORMATION_TEMPLATE".to_owned(),
            source_connection: None,
            tags: BTreeMap::new(),
            tag_options: BTreeMap::new(),
            budgets: BTreeSet::new(),
            versions: Vec::new(),
        };
        self.observed().products.entry(id.into()).or_insert(product)
    }

    fn version(&mut self, product: &str, id: &str, name: &str, template: &str) -> &mut LiveVersion {
        let interface = crate::manifest::interface(template.as_bytes()).ok();
        let parameters = interface.and_then(|read| read.parameters);
        let content = VersionContent {
            content: Digest::of(&folded(template.as_bytes())),
            parameters: parameters.clone(),
        };
        let text = VersionText {
            status: ReadyStatus::Available,
            template: Some(Arc::from(template)),
            url: Some("https://cf-templates.s3.amazonaws.com/x".to_owned()),
            stack: None,
            parameters,
        };
        self.texts.insert(id.into(), Ok(text));
        let product = self.observed().products.get_mut(&product.into()).unwrap();
        product.versions.push(LiveVersion {
            id: id.into(),
            name: name.to_owned(),
            description: None,
            active: true,
            guidance: Guidance::Default,
            content: Some(content),
            status: ReadyStatus::Available,
        });
        product.versions.last_mut().unwrap()
    }

    fn constraint(&mut self, portfolio: &str, product: &str, kind: &str, parameters: &str) {
        let portfolio = self
            .observed()
            .portfolios
            .get_mut(&portfolio.into())
            .unwrap();
        let id = ConstraintId::new(format!("cons-{}-{product}", portfolio.constraints.len()));
        portfolio.products.insert(product.into());
        portfolio.constraints.insert(
            id.clone(),
            LiveConstraint {
                id,
                kind: kind.to_owned(),
                owner: None,
                product: product.into(),
                parameters: parameters.to_owned(),
                status: ReadyStatus::Available,
            },
        );
    }

    fn action(&mut self, id: &str, name: &str) -> &mut LiveServiceAction {
        let definition = [
            ("Name", "AWS-RestartEC2Instance"),
            ("Version", "1"),
            (
                "Parameters",
                r#"[{"Name": "InstanceId", "Type": "TARGET"}]"#,
            ),
        ];
        let definition = definition.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let action = LiveServiceAction {
            id: id.into(),
            name: name.to_owned(),
            description: None,
            definition: Some(definition.into()),
            versions: BTreeSet::new(),
        };
        self.observed()
            .service_actions
            .entry(id.into())
            .or_insert(action)
    }

    fn option(&mut self, id: &str, key: &str, value: &str, active: bool) -> LiveTagOption {
        let option = LiveTagOption {
            id: id.into(),
            key: key.to_owned(),
            value: value.to_owned(),
            active,
        };
        self.observed()
            .tag_options
            .insert(id.into(), option.clone());
        option
    }

    fn launched(
        &mut self,
        id: &str,
        name: &str,
        product: &str,
        version: &str,
    ) -> &mut LiveProvisioned {
        let stack = LiveStack {
            arn: format!("arn:aws:cloudformation:us-east-1:123456789012:stack/SC-{id}/1"),
            status: "CREATE_COMPLETE".to_owned(),
            parameters: BTreeMap::new(),
            outputs: BTreeMap::new(),
            notification_arns: BTreeSet::new(),
            tags: BTreeMap::new(),
            parent: None,
        };
        let live = LiveProvisioned {
            id: id.into(),
            name: name.to_owned(),
            kind: "CFN_STACK".to_owned(),
            status: ProvisionedStatus::Available,
            status_message: None,
            product: product.into(),
            version: version.into(),
            idempotency_token: Some("somebody's".to_owned()),
            last_record: Some(RecordId::new("rec-1")),
            last_provisioning_record: Some(RecordId::new("rec-1")),
            tags: BTreeMap::new(),
            physical_id: Some(stack.arn.clone()),
            running: Some(Running {
                product: product.into(),
                version: version.into(),
            }),
            ever_succeeded: true,
            stack: Some(stack),
            stack_set: None,
            stack_gone: false,
        };
        self.observed().provisioned.entry(id.into()).or_insert(live)
    }

    fn export(&self) -> Exported {
        let input = Input {
            identity: &self.world.identity,
            observed: &self.world.observed,
            filter: &self.filter,
        };
        export(input, &self.texts).unwrap()
    }

    /// All manifests, one after the other.
    fn manifests(&self) -> String {
        let exported = self.export();
        let files = exported.files.iter();
        let files = files.filter(|(path, _)| path.ends_with(".yaml"));
        files
            .map(|(path, bytes)| format!("== {path}\n{}", String::from_utf8_lossy(bytes)))
            .collect()
    }

    fn load(&self) -> Loaded {
        let mut tree = Tree::default();
        for (path, bytes) in self.export().files {
            tree.files.insert(path, Entry::file(bytes.as_slice()));
        }
        let target = Some(self.world.identity.target.clone());
        load(&tree, &Context { target })
    }

    /// The plan of what is exported.
    fn plan(&self) -> Plan {
        let mut world = self.world.clone();
        world.desired = self.load().desired;
        world.plan()
    }

    /// Adopts what the export takes over, as an apply would.
    fn apply(&mut self) {
        let desired = self.load().desired;
        let identity = self.world.identity.clone();
        let observed = &mut self.world.observed;
        let id = |lifecycle: &crate::model::desired::Lifecycle| match &lifecycle.adopt {
            crate::model::desired::Adopt::Id { id, .. } => Some(id.clone()),
            _ => None,
        };
        for want in desired.portfolios.values() {
            if let Some(id) = id(&want.lifecycle) {
                let live = observed.portfolios.get_mut(&PortfolioId::new(id)).unwrap();
                let claim = identity.claim(&want.name, OnRemove::Retain);
                live.tags.insert(tag_key(Kind::Portfolio).to_owned(), claim);
            }
        }
        for want in desired.products.values() {
            if let Some(id) = id(&want.lifecycle) {
                let live = observed.products.get_mut(&ProductId::new(id)).unwrap();
                if live
                    .tags
                    .keys()
                    .filter(|key| !key.starts_with("aws:"))
                    .count()
                    >= 20
                {
                    continue;
                }
                let claim = identity.claim(&want.name, OnRemove::Retain);
                live.tags.insert(tag_key(Kind::Product).to_owned(), claim);
            }
        }
        for want in desired.service_actions.values() {
            if let Some(id) = id(&want.lifecycle) {
                let id = ServiceActionId::new(id);
                let live = observed.service_actions.get_mut(&id).unwrap();
                let mark = identity.description_mark(&want.name, OnRemove::Retain);
                let text = live.description.clone().unwrap_or_default();
                let text = format!("{text} {mark}").trim_start().to_owned();
                live.description = Some(text);
            }
        }
    }

    /// No errors; and a plan of nothing but taking over, and of nothing at all afterwards. `blocked` may be.
    fn holds(&mut self, blocked: &[BlockedCode]) {
        let files = self.export().files;
        let shown = || {
            let manifests = files.iter().filter(|(path, _)| path.ends_with(".yaml"));
            manifests
                .map(|(path, bytes)| format!("== {path}\n{}", String::from_utf8_lossy(bytes)))
                .collect::<String>()
        };
        let findings = self.load().findings;
        let errors: Vec<_> = findings
            .iter()
            .filter(|f| f.severity == Severity::Error)
            .collect();
        if !(files.is_empty()
            || files
                .values()
                .all(|bytes| !bytes.windows(10).any(|w| w == b"\nmetadata:")))
        {
            assert!(errors.is_empty(), "{errors:#?}\n{}", shown());
        }
        let plan = self.plan();
        let text =
            |plan: &Plan| crate::render::text::plan(plan, crate::render::text::Style::default());
        for object in &plan.objects {
            assert!(
                [Action::None, Action::Adopt].contains(&object.action),
                "{}{}",
                text(&plan),
                shown()
            );
            let ours = |field: &str| field.starts_with("tags.catalogd:") || field == "mark";
            assert!(
                object.changes.iter().all(|c| ours(&c.field)),
                "{}{}",
                text(&plan),
                shown()
            );
            assert!(
                object.blocked.iter().all(|b| blocked.contains(&b.code)),
                "{}{}",
                text(&plan),
                shown()
            );
            assert!(
                object.waiting.is_empty() && object.stalled.is_none(),
                "{}{}",
                text(&plan),
                shown()
            );
        }
        self.apply();
        let plan = self.plan();
        assert!(plan.steps.is_empty(), "{}{}", text(&plan), self.manifests());
        assert!(!plan.is_waiting(), "{}", text(&plan));
    }
}

const TEMPLATE: &str = "Parameters:\n  Size: {Type: String, Default: small}\n  Zone: {Type: String}\n  Secret: {Type: String, NoEcho: true}\nResources:\n  T: {Type: AWS::SNS::Topic}\n";

fn one() -> Live {
    let mut live = Live::new();
    live.product("prod-1", "VPC (three tiers)");
    live.version("prod-1", "pa-1", "1.0", TEMPLATE);
    live.portfolio("port-1", "Networking")
        .products
        .insert("prod-1".into());
    live
}

/// What can't be helped by leaving a part out is said.
#[test]
fn what_the_reader_says_of_an_export_is_said() {
    let live = one();
    assert!(live.export().is_valid());
    let input = Input {
        identity: &live.world.identity,
        observed: &live.world.observed,
        filter: &live.filter,
    };
    // A file that no document of the export has written.
    let stray = "apiVersion: catalogd.dev/v1\nkind: Portfolio\nmetadata: {name: other}\nspec: {providerName: Us, nothing: 1}\n";
    let templates = [("stray.yaml".to_owned(), Arc::from(stray))].into();
    let mut left_out = BTreeSet::new();
    let (files, findings) = super::check::settle(input, BTreeMap::new(), &templates, &mut left_out);
    let exported = Exported {
        files,
        findings,
        ..Exported::default()
    };
    assert!(!exported.is_valid() && left_out.is_empty());
    let codes: Vec<_> = exported.findings.iter().map(|f| f.code.as_str()).collect();
    assert_eq!(codes, ["unknown-field"]);
}

/// Whoever reads an export must not be let in by it.
#[test]
fn a_signed_url_is_exported_without_its_signature() {
    let mut live = one();
    live.version("prod-1", "pa-2", "2.0", TEMPLATE);
    let text = live
        .texts
        .get_mut(&"pa-2".into())
        .unwrap()
        .as_mut()
        .unwrap();
    text.template = None;
    text.url = Some("https://b.s3.amazonaws.com/k?X-Amz-Signature=0badc0de&versionId=3".to_owned());
    let all = live.manifests();
    assert!(
        all.contains("templateUrl: https://b.s3.amazonaws.com/k?versionId=3"),
        "{all}"
    );
    assert!(all.contains("# Its URL said who may read it"), "{all}");
    assert!(!all.contains("0badc0de"), "{all}");
}

/// Whether a value came from a SecureString, or is repeated by a reason, nobody tells an export.
#[test]
fn what_may_be_secret_is_not_written() {
    let template = "Parameters:\n  Zone: {Type: String, Default: a}\n  DbPassword: {Type: String, Default: x}\n  \
         SecretArn: {Type: String, Default: x}\nResources:\n  T: {Type: AWS::SNS::Topic}\n";
    let mut live = one();
    live.version("prod-1", "pa-2", "2.0", template);
    for (id, version) in [("pp-1", "pa-1"), ("pp-2", "pa-2")] {
        let launched = live.launched(id, id, "prod-1", version);
        launched.status = ProvisionedStatus::Tainted;
        launched.status_message = Some("Zone hunter2 is not there".to_owned());
        let values = [
            ("DbPassword", "hunter3"),
            ("SecretArn", "arn:x"),
            ("Secret", "****"),
        ];
        let values = values.map(|(k, v)| (k.to_owned(), v.to_owned()));
        let mut values: BTreeMap<String, String> = values.into();
        values.retain(|key, _| id == "pp-1" || key != "Secret");
        launched.stack.as_mut().unwrap().parameters = values;
    }
    let all = live.manifests();
    let provisioned = all.split_once("== provisioned/").unwrap().1;
    insta::assert_snapshot!(provisioned, @r#"
    pp-1.yaml
    # Its last update failed (the reason is not repeated here, for it may hold the value of a NoEcho
    # parameter). What stands here is what runs.
    # Parameters that CloudFormation does not show (NoEcho): Secret. Left out, they stay as they are.
    apiVersion: catalogd.dev/v1
    kind: ProvisionedProduct
    metadata:
      name: pp-1
      adopt: {id: pp-1}
    spec:
      product: vpc-three-tiers
      version: "1.0"
    == provisioned/pp-2.yaml
    # Its last update failed (Zone hunter2 is not there). What stands here is what runs.
    apiVersion: catalogd.dev/v1
    kind: ProvisionedProduct
    metadata:
      name: pp-2
      adopt: {id: pp-2}
    spec:
      product: vpc-three-tiers
      version: "2.0"
      # Parameters that are called like secrets, though their template does not say NoEcho: DbPassword.
      # Left out, they stay as they are.
      parameters:
        SecretArn: arn:x
    "#);
}

#[test]
fn an_export_reads_as_if_a_person_had_written_it() {
    let mut live = one();
    let option = live.option("tag-1", "env", "prod", true);
    let product = live.product("prod-1", "");
    product.description = Some("A VPC: with # and\nmore lines".to_owned());
    product.support_email = Some("a@example.com".to_owned());
    product.tags = [("costCenter", "0042"), ("team", "platform")]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into();
    product.tag_options.insert("tag-1".into(), option);
    let version = live.version("prod-1", "pa-2", "2.0", TEMPLATE);
    version.guidance = Guidance::Deprecated;
    version.active = false;
    live.constraint(
        "port-1",
        "prod-1",
        "LAUNCH",
        r#"{"LocalRoleName": "Launch"}"#,
    );
    live.constraint("port-1", "prod-1", "TEMPLATE", r#"{"Rules": {"R": {"Assertions": [{"Assert": {"Fn::Equals": [{"Ref": "Size"}, "small"]}}]}}}"#);
    let portfolio = live.portfolio("port-1", "");
    for (arn, pattern) in [
        ("arn:aws:iam::123456789012:role/A", false),
        ("arn:aws:iam:::role/D*", true),
    ] {
        portfolio.principals.insert(LivePrincipal {
            arn: arn.to_owned(),
            pattern,
        });
    }
    let share = LiveShare {
        accepted: false,
        tag_options: true,
        principals: false,
    };
    portfolio.shares = Some([(Recipient::Account("059299583895".to_owned()), share)].into());
    live.action("act-1", "Restart").versions = [("prod-1", "pa-1"), ("prod-1", "pa-2")]
        .map(|(p, v)| (p.into(), v.into()))
        .into();
    let launched = live.launched("pp-1", "shared", "prod-1", "pa-1");
    let values = [("Size", "small"), ("Zone", "010"), ("Secret", "****")];
    let values = values.map(|(k, v)| (k.to_owned(), v.to_owned()));
    launched.stack.as_mut().unwrap().parameters = values.into();
    launched.tags = [("team", "platform"), ("env", "prod"), ("aws:x", "y")]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into();
    insta::assert_snapshot!(live.manifests(), @r##"
    == portfolios/networking.yaml
    apiVersion: catalogd.dev/v1
    kind: Portfolio
    metadata:
      name: networking
      adopt: {id: port-1}
    spec:
      displayName: Networking
      providerName: Platform
      principals:
        - arn: arn:aws:iam::123456789012:role/A
        - pattern: arn:aws:iam:::role/D*
      shares:
        # It has not accepted yet.
        - account: "059299583895"
          shareTagOptions: true
    == products/vpc-three-tiers/1.0.yaml
    Parameters:
      Size: {Type: String, Default: small}
      Zone: {Type: String}
      Secret: {Type: String, NoEcho: true}
    Resources:
      T: {Type: AWS::SNS::Topic}
    == products/vpc-three-tiers/product.yaml
    apiVersion: catalogd.dev/v1
    kind: Product
    metadata:
      name: vpc-three-tiers
      adopt: {id: prod-1}
    spec:
      name: VPC (three tiers)
      owner: Platform
      description: |-
        A VPC: with # and
        more lines
      support:
        email: a@example.com
      tags:
        costCenter: "0042"
        team: platform
      tagOptions:
        - env-prod
      portfolios:
        - portfolio: networking
          constraints:
            launch:
              localRoleName: Launch
            template:
              rules:
                R:
                  Assertions:
                    - Assert:
                        Fn::Equals:
                          - Ref: Size
                          - small
      serviceActions:
        - restart
      versions:
        - name: "1.0"
          template: 1.0.yaml
        - name: "2.0"
          template: 1.0.yaml
          guidance: DEPRECATED
          active: false
    == provisioned/shared.yaml
    apiVersion: catalogd.dev/v1
    kind: ProvisionedProduct
    metadata:
      name: shared
      adopt: {id: pp-1}
    spec:
      product: vpc-three-tiers
      version: "1.0"
      # Parameters that CloudFormation does not show (NoEcho): Secret. Left out, they stay as they are.
      parameters:
        Zone: 010
      tags:
        env: prod
    == service-actions.yaml
    apiVersion: catalogd.dev/v1
    kind: ServiceAction
    metadata:
      name: restart
      adopt: {id: act-1}
    spec:
      name: Restart
      definition:
        name: AWS-RestartEC2Instance
        version: "1"
        parameters:
          - name: InstanceId
            type: TARGET
    == tag-options.yaml
    apiVersion: catalogd.dev/v1
    kind: TagOption
    metadata:
      name: env-prod
    spec:
      key: env
      value: prod
    "##);
    let paths: Vec<String> = live.export().files.into_keys().collect();
    assert_eq!(
        paths,
        [
            "portfolios/networking.yaml",
            "products/vpc-three-tiers/1.0.yaml",
            "products/vpc-three-tiers/product.yaml",
            "provisioned/shared.yaml",
            "service-actions.yaml",
            "tag-options.yaml",
        ]
    );
    live.holds(&[]);
}

/// What the manifest language refuses stands there as a comment, with the reason; the rest is as it would be.
#[test]
fn what_cannot_be_said_is_left_out_and_said() {
    let mut live = one();
    let portfolio = live.portfolio("port-1", "");
    for arn in ["AROAABCDEFGHIJKLMNOPQ", "arn:aws:iam::123456789012:role/A"] {
        portfolio.principals.insert(LivePrincipal {
            arn: arn.to_owned(),
            pattern: false,
        });
    }
    let product = live.product("prod-1", "");
    product.tags = (0..20)
        .map(|n| (format!("k{n:02}"), "v".to_owned()))
        .collect();
    live.constraint(
        "port-1",
        "prod-1",
        "LAUNCH",
        r#"{"RoleArn": "arn:aws:iam::123456789012:role/A", "Else": 1}"#,
    );
    live.constraint("port-1", "prod-1", "NEW_KIND", "{}");
    live.version("prod-1", "pa-2", "twice", "a: 1\n");
    live.version("prod-1", "pa-3", "twice", "a: 2\n");
    live.version("prod-1", "pa-4", "failed", "a: 3\n").status = ReadyStatus::Failed;
    live.texts
        .get_mut(&"pa-4".into())
        .unwrap()
        .as_mut()
        .unwrap()
        .status = ReadyStatus::Failed;
    live.version("prod-1", "pa-5", "hidden", "a: 4\n");
    live.texts
        .insert("pa-5".into(), Err("AccessDeniedException: no".to_owned()));
    let exported = live.export();
    insta::assert_snapshot!(live.manifests(), @r##"
    == portfolios/networking.yaml
    apiVersion: catalogd.dev/v1
    kind: Portfolio
    metadata:
      name: networking
      adopt: {id: port-1}
    spec:
      displayName: Networking
      providerName: Platform
      # Left out, because a manifest can't say it (invalid-arn): `AROAABCDEFGHIJKLMNOPQ` is no ARN of a
      # principal.
      # principals:
      #   # Whoever this was has been deleted.
      #   - arn: AROAABCDEFGHIJKLMNOPQ
      #   - arn: arn:aws:iam::123456789012:role/A
    == products/vpc-three-tiers/1.0.yaml
    Parameters:
      Size: {Type: String, Default: small}
      Zone: {Type: String}
      Secret: {Type: String, NoEcho: true}
    Resources:
      T: {Type: AWS::SNS::Topic}
    == products/vpc-three-tiers/product.yaml
    apiVersion: catalogd.dev/v1
    kind: Product
    metadata:
      name: vpc-three-tiers
      adopt: {id: prod-1}
    spec:
      name: VPC (three tiers)
      owner: Platform
      # It has 20 tags, and the service takes 20 with catalogd's own: its plan is blocked (tag-quota)
      # until one of them goes.
      # Left out, because a manifest can't say it (too-many): there are 20 tags: the service takes 20, and
      # one is catalogd's own.
      # tags:
      #   k00: v
      #   k01: v
      #   k02: v
      #   k03: v
      #   k04: v
      #   k05: v
      #   k06: v
      #   k07: v
      #   k08: v
      #   k09: v
      #   k10: v
      #   k11: v
      #   k12: v
      #   k13: v
      #   k14: v
      #   k15: v
      #   k16: v
      #   k17: v
      #   k18: v
      #   k19: v
      portfolios:
        # There it also has a constraint of a type that no manifest says: NEW_KIND cons-1-prod-1
        # Its constraints there are left as they are: a manifest can't say its LAUNCH constraint:
        # {"RoleArn": "arn:aws:iam::123456789012:role/A", "Else": 1}
        - portfolio: networking
      # Version "failed" (pa-4) is not listed: it failed when it was made.
      # Version "hidden" (pa-5) is not listed: its template could not be read (AccessDeniedException: no).
      # pa-2 and pa-3 are all called "twice", and a manifest tells versions by their names: they are not
      # listed, and stay as they are until all but one are renamed.
      versions:
        - name: "1.0"
          template: 1.0.yaml
    "##);
    insta::assert_snapshot!(exported.left_out.join("\n"), @r#"
    constraints of the product "VPC (three tiers)" (prod-1) in portfolio/networking: a manifest can't say its LAUNCH constraint: {"RoleArn": "arn:aws:iam::123456789012:role/A", "Else": 1}
    portfolio/networking/spec/principals: `AROAABCDEFGHIJKLMNOPQ` is no ARN of a principal
    product/vpc-three-tiers/spec/tags: there are 20 tags: the service takes 20, and one is catalogd's own
    product/vpc-three-tiers: Version "failed" (pa-4) is not listed: it failed when it was made.
    product/vpc-three-tiers: Version "hidden" (pa-5) is not listed: its template could not be read (AccessDeniedException: no).
    product/vpc-three-tiers: pa-2 and pa-3 are all called "twice", and a manifest tells versions by their names: they are not listed, and stay as they are until all but one are renamed.
    "#);
    assert_eq!(exported.unread.len(), 1, "{:?}", exported.unread);
    live.holds(&[BlockedCode::TagQuota]);
}

#[test]
fn what_is_ours_keeps_its_name_and_anothers_is_named() {
    let mut live = one();
    let identity = live.world.identity.clone();
    let claim = identity.claim(&crate::ids::Name::new("network"), OnRemove::Delete);
    live.portfolio("port-1", "")
        .tags
        .insert("catalogd:portfolio".to_owned(), claim);
    // The free one that would be called so is called otherwise.
    live.portfolio("port-2", "Network")
        .products
        .insert("prod-1".into());
    live.portfolio("port-3", "Theirs")
        .products
        .insert("prod-1".into());
    let theirs = "team/123456789012/us-east-1/theirs".to_owned();
    live.portfolio("port-3", "")
        .tags
        .insert("catalogd:portfolio".to_owned(), theirs);
    live.action("act-1", "Restart").description = Some("x [catalogd:team/restart]".to_owned());
    live.action("act-1", "").versions = [("prod-1".into(), "pa-1".into())].into();
    let manifests = live.manifests();
    assert!(
        manifests.contains("metadata:\n  name: network\n  onRemove: delete\nspec:"),
        "{manifests}"
    );
    assert!(
        manifests.contains("metadata:\n  name: network-2\n  adopt: {id: port-2}\nspec:"),
        "{manifests}"
    );
    assert!(!manifests.contains("serviceActions"), "{manifests}");
    assert!(
        manifests.contains("# It also stands in the portfolio \"Theirs\" (port-3)"),
        "{manifests}"
    );
    let left_out = live.export().left_out.join("\n");
    assert!(
        left_out.contains("Portfolio \"Theirs\" (port-3): it belongs to team/"),
        "{left_out}"
    );
    assert!(
        left_out.contains("ServiceAction \"Restart\" (act-1): it belongs to team/restart"),
        "{left_out}"
    );
    live.holds(&[]);
}

#[test]
fn a_filter_brings_what_its_objects_need() {
    let mut live = one();
    let option = live.option("tag-1", "env", "prod", true);
    live.option("tag-2", "env", "dev", true);
    live.product("prod-1", "")
        .tag_options
        .insert("tag-1".into(), option);
    live.product("prod-2", "Other");
    live.version("prod-2", "pa-9", "v1", TEMPLATE);
    live.portfolio("port-2", "Second")
        .products
        .extend(["prod-1".into(), "prod-2".into()]);
    live.launched("pp-1", "one", "prod-1", "pa-1");
    live.launched("pp-2", "other", "prod-2", "pa-9");
    live.portfolio("port-3", "Third")
        .tags
        .insert("team".to_owned(), "x".to_owned());
    let paths = |live: &Live| -> Vec<String> {
        let files = live.export().files.into_keys();
        files
            .filter(|path| !path.contains("/1.0") && !path.contains("/v1"))
            .collect()
    };
    for by in ["prod-1", "VPC (three tiers)", "vpc-three-tiers"] {
        live.filter = Filter {
            products: vec![by.to_owned()],
            ..Filter::default()
        };
        assert_eq!(
            paths(&live),
            [
                "portfolios/networking.yaml",
                "portfolios/second.yaml",
                "products/vpc-three-tiers/product.yaml",
                "provisioned/one.yaml",
                "tag-options.yaml",
            ]
        );
    }
    let left_out = live.export().left_out;
    assert_eq!(
        left_out,
        [
            "1 of 2 TagOptions: not asked for",
            "1 of 2 products: not asked for",
            "1 of 2 provisioned products: not asked for",
            "1 of 3 portfolios: not asked for",
        ]
    );
    live.filter.without_provisioned = true;
    assert!(!paths(&live).contains(&"provisioned/one.yaml".to_owned()));
    let tag = |value: Option<&str>| TagFilter {
        key: "team".to_owned(),
        value: value.map(str::to_owned),
    };
    live.filter = Filter {
        tags: vec![tag(None)],
        ..Filter::default()
    };
    assert_eq!(paths(&live), ["portfolios/third.yaml"]);
    live.filter = Filter {
        tags: vec![tag(Some("y"))],
        ..Filter::default()
    };
    assert!(paths(&live).is_empty());
    live.filter = Filter {
        portfolios: vec!["Networking".to_owned()],
        ..Filter::default()
    };
    assert_eq!(paths(&live).len(), 5);
    live.filter = Filter {
        portfolios: vec!["nobody".to_owned()],
        ..Filter::default()
    };
    let input = Input {
        identity: &live.world.identity,
        observed: &live.world.observed,
        filter: &live.filter,
    };
    let error = export(input, &live.texts).unwrap_err().to_string();
    assert!(
        error.contains("no portfolio of this account and region has the id or name \"nobody\""),
        "{error}"
    );
}

/// What runs is exported as it runs; what never ran is not.
#[test]
fn provisioned_products_are_exported_as_they_run() {
    let mut live = one();
    let open = TEMPLATE.replace(", NoEcho: true", "");
    live.version("prod-1", "pa-2", "2.0", &open);
    live.version("prod-1", "pa-3", "3.0", &open);
    let tainted = live.launched("pp-1", "tainted", "prod-1", "pa-2");
    tainted.status = ProvisionedStatus::Tainted;
    tainted.status_message = Some("no\nroom".to_owned());
    tainted.running = Some(Running {
        product: "prod-1".into(),
        version: "pa-3".into(),
    });
    let never = live.launched("pp-2", "never", "prod-1", "pa-1");
    never.status = ProvisionedStatus::Error;
    never.ever_succeeded = false;
    never.running = None;
    live.launched("pp-3", "gone", "prod-1", "pa-77");
    live.launched("pp-4", "foreign", "prod-99", "pa-1");
    live.launched("pp-5", "Tainted", "prod-1", "pa-1")
        .idempotency_token = Some("catalogd-0123456789ab-x".to_owned());
    let imported = live.launched("pp-6", "imported", "prod-1", "pa-1");
    imported.last_provisioning_record = None;
    let topics = [
        "arn:aws:sns:us-east-1:123456789012:a",
        "arn:aws:sns:us-east-1:123456789012:b",
    ];
    imported.stack.as_mut().unwrap().notification_arns = topics.map(str::to_owned).into();
    live.constraint(
        "port-1",
        "prod-1",
        "NOTIFICATION",
        r#"{"NotificationArns": ["arn:aws:sns:us-east-1:123456789012:a"]}"#,
    );
    let files = live.export().files;
    let file = |path: &str| String::from_utf8(files[path].clone()).unwrap();
    let tainted = file("provisioned/tainted.yaml");
    assert!(
        tainted.starts_with(
            "# Its last update failed (no room). What stands here is what runs.\napiVersion"
        ),
        "{tainted}"
    );
    assert!(tainted.contains("version: \"3.0\""), "{tainted}");
    let imported = file("provisioned/imported.yaml");
    assert!(
        imported.contains("adopt: {id: pp-6}") && !imported.contains("import:"),
        "{imported}"
    );
    assert!(
        imported.contains("notificationArns:\n    - arn:aws:sns:us-east-1:123456789012:b\n"),
        "{imported}"
    );
    let left_out = live.export().left_out.join("\n");
    for said in [
        "\"never\" (pp-2): its launch failed and nothing of it runs",
        "\"gone\" (pp-3): its version pa-77 is gone",
        "\"foreign\" (pp-4): its product prod-99 has no manifest here",
        "\"Tainted\" (pp-5): it belongs to a catalogd that knows it by another name",
    ] {
        assert!(left_out.contains(said), "{said}: {left_out}");
    }
    live.holds(&[]);
}

/// What a list may lack is no list: it would be taken away.
#[test]
fn what_could_not_be_read_is_not_said() {
    let mut live = one();
    live.action("act-1", "Restart").versions = [("prod-1".into(), "pa-1".into())].into();
    let scopes = [
        Scope::Portfolio("port-1".into()),
        Scope::ServiceAction("act-1".into()),
    ];
    for scope in scopes {
        live.world.gap(scope);
    }
    let exported = live.export();
    assert_eq!(exported.unread.len(), 2);
    let manifests = live.manifests();
    for field in ["principals:", "portfolios:", "serviceActions:"] {
        assert!(!manifests.contains(field), "{manifests}");
    }
}

#[test]
fn what_the_service_syncs_and_what_is_no_template_is_exported_as_it_is() {
    let mut live = one();
    let synced = live.product("prod-2", "Synced");
    synced.source_connection = Some(LiveConnection {
        to: CodeStar {
            connection_arn: "arn:aws:codestar-connections:us-east-1:123456789012:connection/1"
                .to_owned(),
            repository: "a/b".to_owned(),
            branch: "main".to_owned(),
            artifact_path: "x.yaml".to_owned(),
        },
        last_sync: None,
    });
    live.version("prod-2", "pa-20", "by commit", TEMPLATE);
    live.product("prod-3", "Terraform").product_type = "TERRAFORM_OPEN_SOURCE".to_owned();
    live.version("prod-3", "pa-30", "v1", "x");
    live.texts
        .get_mut(&"pa-30".into())
        .unwrap()
        .as_mut()
        .unwrap()
        .template = None;
    live.product("prod-4", "Of tomorrow").product_type = "NEW".to_owned();
    live.version("prod-4", "pa-40", "v1", "x");
    let input = Input {
        identity: &live.world.identity,
        observed: &live.world.observed,
        filter: &live.filter,
    };
    assert!(
        !wanted(input)
            .unwrap()
            .iter()
            .any(|(product, _)| product.as_str() == "prod-2")
    );
    let manifests = live.manifests();
    assert!(
        manifests.contains("  sourceConnection:\n    connectionArn: arn"),
        "{manifests}"
    );
    assert!(
        manifests.contains("  type: TERRAFORM_OPEN_SOURCE\n"),
        "{manifests}"
    );
    assert!(
        manifests.contains("      templateUrl: https://cf-templates"),
        "{manifests}"
    );
    let left_out = live.export().left_out.join("\n");
    assert!(
        left_out.contains("Product \"Of tomorrow\" (prod-4): a manifest can't say its type NEW"),
        "{left_out}"
    );
    live.holds(&[]);
}

/// Portfolios of other accounts are accepted here, and their products stand in ones of ours: both are said.
#[test]
fn what_others_share_is_said_as_far_as_it_is_ours() {
    let mut live = one();
    let mut hub = live.portfolio("port-9", "Networking").clone();
    live.observed()
        .portfolios
        .remove(&PortfolioId::new("port-9"));
    hub.products = ["prod-77".into()].into();
    hub.shares = None;
    let caller = live.world.observed.caller.clone();
    let principal = LivePrincipal {
        arn: caller,
        pattern: false,
    };
    hub.principals = [principal].into();
    live.observed().imported.insert("port-9".into(), hub);
    let own = live.portfolio("port-1", "");
    own.products.insert("prod-77".into());
    own.shared_products.insert("prod-77".into());
    let files = live.export().files;
    let file = |path: &str| String::from_utf8(files[path].clone()).unwrap();
    let own = file("portfolios/networking.yaml");
    assert!(
        own.contains("sharedProducts:\n    - product: prod-77\n      from: networking-2\n"),
        "{own}"
    );
    let hub = file("portfolios/networking-2.yaml");
    assert!(
        hub.contains("adopt: {id: port-9}") && hub.contains("imported: true\n  principals:"),
        "{hub}"
    );
    live.holds(&[]);
    // What can't be seen any more is not said, for the list would be the whole truth.
    live.observed().imported.clear();
    let own = String::from_utf8(live.export().files["portfolios/networking.yaml"].clone()).unwrap();
    assert!(!own.contains("sharedProducts:"), "{own}");
    live.holds(&[]);
}

/// Where a stack set could be updated, it says that it is one, and where it is.
#[test]
fn stack_sets_are_said_to_be_such() {
    let mut live = one();
    live.launched("pp-1", "everywhere", "prod-1", "pa-1").kind = "CFN_STACKSET".to_owned();
    live.launched("pp-1", "", "", "").stack = None;
    let place = |account: &str, region: &str| Place {
        account: account.to_owned(),
        region: region.to_owned(),
    };
    let set = LiveStackSet {
        id: "SC-1-pp-1:0a1b".to_owned(),
        parameters: BTreeMap::from([("Size".to_owned(), "two".to_owned())]),
        instances: BTreeMap::from([(place("123456789012", "us-east-1"), "CURRENT".to_owned())]),
    };
    live.launched("pp-1", "", "", "").stack_set = Some(set);
    live.constraint("port-1", "prod-1", "STACKSET", r#"{"Version": "1.0", "Properties": {"AccountList": ["123456789012"], "RegionList": ["us-east-1"], "AdminRole": "arn:aws:iam::123456789012:role/A", "ExecutionRole": "E"}}"#);
    let said = |live: &Live| {
        String::from_utf8(live.export().files["provisioned/everywhere.yaml"].clone()).unwrap()
    };
    let text = said(&live);
    assert!(
        text.contains("# Before an update it needs") && !text.contains("\n  stackSet:"),
        "{text}"
    );
    live.holds(&[]);
    let caller = live.world.observed.caller.clone();
    let principal = LivePrincipal {
        arn: caller,
        pattern: false,
    };
    live.portfolio("port-1", "").principals.insert(principal);
    let text = said(&live);
    assert!(
        text.starts_with("# It is a stack set")
            && text.contains("Size: two")
            && text.contains("\n    accounts:\n      - \"123456789012\"\n")
            && text.contains("\n    regions:\n      - us-east-1\n"),
        "{text}"
    );
    live.holds(&[]);
    // Where it is only in some accounts of some regions, no manifest can say so.
    let set = live.launched("pp-1", "", "", "").stack_set.as_mut();
    let instances = &mut set.unwrap().instances;
    instances.insert(place("210987654321", "eu-west-1"), "CURRENT".to_owned());
    let text = said(&live);
    assert!(text.ends_with("\n  stackSet: {}\n"), "{text}");
    live.holds(&[]);
}

#[test]
fn what_was_made_from_a_stack_says_so() {
    let mut live = one();
    live.texts
        .get_mut(&"pa-1".into())
        .unwrap()
        .as_mut()
        .unwrap()
        .stack = Some("arn:aws:cloudformation:x".to_owned());
    let manifests = live.manifests();
    let wanted = "  versions:\n    # Made from the stack arn:aws:cloudformation:x\n    - name: \"1.0\"\n      template: 1.0.yaml\n";
    assert!(manifests.contains(wanted), "{manifests}");
}

#[test]
fn what_would_be_substituted_is_escaped() {
    for (text, written) in [
        ("plain ${AWS::Region} $", "plain ${AWS::Region} $"),
        ("${account}", "$${account}"),
        ("$${x} ${region}", "$$${x} $${region}"),
    ] {
        assert_eq!(literal(text), written);
    }
}

/// Texts that YAML, the manifest language or a terminal gives a meaning.
const TEXTS: [&str; 44] = [
    "plain",
    "1.0",
    "true",
    "null",
    "~",
    " lead",
    "trail ",
    "a: b",
    "# x",
    "x # y",
    "two\nlines",
    "two\n  lines\n",
    "\nthree\n\n",
    "\"q\"",
    "it's \\ 'q'",
    "${account}",
    "$${region}",
    "ümläut 日本 🚀",
    "- x",
    "[x]",
    "{x}",
    "*x",
    "&x",
    "!x",
    "%x",
    "@x",
    "`x`",
    "---",
    "...",
    "tab\tx",
    "x\r\ny",
    "059299583895",
    "0x1F",
    ".inf",
    "=",
    "<<",
    "\u{feff}bom",
    "yes",
    "? x",
    ": x",
    "x:",
    "|",
    "a\n---\nb",
    "a\u{85}b\u{2028}c",
];
const TAGS: [&str; 12] = [
    "team",
    "cost center",
    "a:b",
    "true",
    "1.0",
    "x=y",
    "ü",
    "@",
    "+",
    "-",
    "= x",
    "null",
];
const TEMPLATES: [&str; 8] = [
    TEMPLATE,
    "{\n\t\"Resources\": {\n\t\t\"T\": {\"Type\": \"AWS::SNS::Topic\"}\n\t}\n}",
    "\u{feff}Resources:\r\n  T: {Type: AWS::SNS::Topic}\r\n",
    "Resources: {T: {Type: AWS::SNS::Topic}}",
    "no: [template",
    "kind: Product\nResources: {}\n",
    "# catalogd.dev/v1\nResources: {T: {Type: AWS::SNS::Topic}}   \n\n\n",
    "apiVersion: catalogd.dev/v1\nkind: Portfolio\nmetadata: {name: trap}\nspec: {providerName: trap}\n",
];

/// Picks of one seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
    fn text(&mut self) -> String {
        TEXTS[self.below(TEXTS.len())].to_owned()
    }
    fn maybe(&mut self) -> Option<String> {
        match self.below(8) {
            0..=2 => None,
            3 => Some(String::new()),
            4 => Some(self.text().repeat(100).chars().take(1000).collect()),
            _ => Some(self.text()),
        }
    }
    fn tags(&mut self) -> BTreeMap<String, String> {
        let mut tags = BTreeMap::new();
        for _ in 0..self.below(4) {
            let key = TAGS[self.below(TAGS.len())].to_owned();
            tags.insert(key, TAGS[self.below(TAGS.len())].to_owned());
        }
        if self.one_in(8) {
            tags.extend((0..18).map(|n| (format!("k{n}"), n.to_string())));
        }
        if self.one_in(4) {
            tags.insert("aws:x".to_owned(), "y".to_owned());
        }
        tags
    }
}

/// A random catalog, as people leave them.
fn random(seed: u64) -> Live {
    let (mut dice, mut live) = (Dice(seed), Live::new());
    let options: Vec<LiveTagOption> = (0..dice.below(4))
        .map(|n| {
            let (key, value) = (
                TAGS[dice.below(TAGS.len())],
                format!("{n} {}", TAGS[dice.below(TAGS.len())]),
            );
            let active = !dice.one_in(4);
            live.option(&format!("tag-{n}"), key, &value, active)
        })
        .collect();
    let given = |dice: &mut Dice| -> LiveTagOptions {
        let some = options.iter().filter(|_| dice.one_in(2));
        some.map(|option| (TagOptionId::new(option.id.as_str()), option.clone()))
            .collect()
    };
    let portfolios = dice.below(4);
    for n in 0..portfolios {
        let (name, description) = (format!("{} {}", dice.text(), dice.below(2)), dice.maybe());
        let (tags, options) = (dice.tags(), given(&mut dice));
        let portfolio = live.portfolio(&format!("port-{n}"), name.trim_end_matches('\n'));
        portfolio.description = description;
        portfolio.tags = tags;
        portfolio.tag_options = options;
        if dice.one_in(3) {
            portfolio.budgets = [dice.text()].into();
        }
        for (arn, pattern) in [
            ("arn:aws:iam::123456789012:role/Deploy", false),
            ("arn:aws:iam::123456789012:role/path/${account}", false),
            ("arn:aws:iam:::role/D*", true),
            ("AROAABCDEFGHIJKLMNOPQ", false),
        ] {
            if dice.one_in(3) {
                portfolio.principals.insert(LivePrincipal {
                    arn: arn.to_owned(),
                    pattern,
                });
            }
        }
        for with in [
            Recipient::Account("059299583895".to_owned()),
            Recipient::Organization("o-abcdefghij".to_owned()),
            Recipient::Unit("ou-abcd-abcdefgh".to_owned()),
        ] {
            if dice.one_in(3) {
                let share = LiveShare {
                    accepted: dice.one_in(2),
                    tag_options: dice.one_in(2),
                    principals: with.is_node() && dice.one_in(2),
                };
                portfolio.shares.as_mut().unwrap().insert(with, share);
            }
        }
    }
    let actions = dice.below(3);
    for n in 0..actions {
        let (description, long) = (dice.maybe(), dice.one_in(6));
        let action = live.action(&format!("act-{n}"), ["Restart", "stop.it", "1.0"][n]);
        action.description = description;
        if long {
            action.description = Some("x".repeat(1000));
        }
    }
    for n in 0..dice.below(4) {
        let id = format!("prod-{n}");
        let (name, owner) = (
            format!("{} {}", dice.text(), dice.below(2)),
            format!("{}x", dice.text()),
        );
        let texts = [dice.maybe(), dice.maybe(), dice.maybe()];
        let (tags, options) = (dice.tags(), given(&mut dice));
        let product = live.product(&id, &name);
        product.owner = owner;
        [
            product.description,
            product.distributor,
            product.support_description,
        ] = texts;
        product.support_email = dice.one_in(2).then(|| "a@example.com".to_owned());
        product.support_url = dice
            .one_in(2)
            .then(|| "https://example.com/${account}?a=b#c".to_owned());
        if dice.one_in(6) {
            product.support_url = Some("not a url".to_owned());
        }
        product.tags = tags;
        if dice.one_in(8) {
            product.tags = (0..20).map(|n| (format!("k{n}"), "v".to_owned())).collect();
        }
        product.tag_options = options;
        for m in 0..=dice.below(4) {
            let version = match dice.below(6) {
                0 => "twin".to_owned(),
                1 => format!("v{m}"),
                _ => format!("{}{m}", dice.text()),
            };
            let pa = format!("pa-{n}{m}");
            let (template, description) = (TEMPLATES[dice.below(TEMPLATES.len())], dice.maybe());
            let version = live.version(&id, &pa, &version, template);
            version.description = description;
            version.active = !dice.one_in(4);
            if dice.one_in(4) {
                version.guidance = Guidance::Deprecated;
            }
            match dice.below(10) {
                0 => {
                    version.status = ReadyStatus::Failed;
                    live.texts
                        .get_mut(&pa.as_str().into())
                        .unwrap()
                        .as_mut()
                        .unwrap()
                        .status = ReadyStatus::Failed;
                }
                1 => {
                    version.content = None;
                    live.texts
                        .get_mut(&pa.as_str().into())
                        .unwrap()
                        .as_mut()
                        .unwrap()
                        .template = None;
                }
                2 => {
                    version.content = None;
                    live.texts.insert(pa.as_str().into(), Err("no".to_owned()));
                }
                _ => {}
            }
            for n in 0..actions {
                if dice.one_in(2) {
                    let action = live.action(&format!("act-{n}"), "");
                    action
                        .versions
                        .insert((id.as_str().into(), pa.as_str().into()));
                }
            }
        }
        for m in 0..portfolios {
            if dice.one_in(2) {
                let port = format!("port-{m}");
                live.portfolio(&port, "")
                    .products
                    .insert(id.as_str().into());
                for (kind, parameters) in [
                    ("LAUNCH", r#"{"LocalRoleName": "true"}"#),
                    (
                        "RESOURCE_UPDATE",
                        r#"{"Version":"2.0","Properties":{"TagUpdateOnProvisionedProduct":"NOT_ALLOWED"}}"#,
                    ),
                    (
                        "NOTIFICATION",
                        r#"{"NotificationArns": ["arn:aws:sns:us-east-1:123456789012:a"]}"#,
                    ),
                    (
                        "NOTIFICATION",
                        r#"{"NotificationArns": ["arn:aws:sns:us-east-1:123456789012:b"]}"#,
                    ),
                    (
                        "TEMPLATE",
                        r#"{"Rules": {"R: 1": {"RuleCondition": {"Fn::Equals": [{"Ref": "Size"}, "${account}: #"]}, "Assertions": [{"Assert": {"Fn::Not": [{"Fn::Equals": [true, 1.0]}]}, "AssertDescription": "null"}]}}}"#,
                    ),
                    (
                        "TEMPLATE",
                        r#"{"Rules": {"Bad": {"Assertions": [{"Assert": {"Fn::Sub": "x"}}]}}}"#,
                    ),
                    ("TEMPLATE", "not json"),
                    ("OTHER", "{}"),
                ] {
                    if dice.one_in(5) {
                        live.constraint(&port, &id, kind, parameters);
                    }
                }
            }
        }
        if dice.one_in(2) {
            let tags = dice.tags();
            let launched = live.launched(
                &format!("pp-{n}"),
                ["a.b", "1.0", "true", "x_y"][n],
                &id,
                &format!("pa-{n}0"),
            );
            launched.tags = tags;
            let parameters = &mut launched.stack.as_mut().unwrap().parameters;
            for (key, value) in [
                ("Size", dice.text()),
                ("Zone", dice.text()),
                ("Secret", "****".to_owned()),
            ] {
                if dice.one_in(2) {
                    parameters.insert(key.to_owned(), value);
                }
            }
        }
    }
    live
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// The main property: whatever people made, an export has no errors, its plan takes over and does nothing else, and
    /// once that is done there is nothing left to do.
    #[test]
    fn an_export_of_any_catalog_plans_nothing_but_taking_over(seed in any::<u64>()) {
        let mut live = random(seed);
        let first = live.export();
        prop_assert_eq!(&first, &live.export());
        let soft = [BlockedCode::TagQuota, BlockedCode::AmbiguousVersion, BlockedCode::VersionState, BlockedCode::Adopt];
        live.holds(&soft);
        // What is ours by then is exported as ours, and changes nothing either.
        let again = live.plan();
        prop_assert!(again.steps.is_empty());
        for want in live.load().desired.products.values() {
            let owner = |product: &LiveProduct| live.world.identity.owner(Kind::Product, &product.tags);
            let ours = live.world.observed.products.values().filter(|p| owner(p) == Owner::Us(want.name.clone()));
            prop_assert!(ours.count() <= 1);
        }
    }
}
