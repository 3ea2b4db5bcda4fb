//! Rows of products: their own fields, versions, portfolios and constraints, copies, and connections.

use catalogd::manifest::Code;
use catalogd::plan::BlockedCode;

use super::bases::Base::{Copied, Small, Synced, Whole};
use super::{Calls, Git, Hand, Row, Why, Without};

const UPDATE: Calls = &[("UpdateProduct", 1)];
const VERSION: Calls = &[("UpdateProvisioningArtifact", 1)];
const CONSTRAINT: Calls = &[("UpdateConstraint", 1)];
/// By its token the first one answers with the constraint that is gone, which is seen then.
const MAKE: Calls = &[("CreateConstraint", 2)];
const UNMAKE: Calls = &[("DeleteConstraint", 1)];

/// What a product says itself.
pub(super) fn own_rows() -> Vec<Row> {
    let mut rows = own();
    rows.extend(support());
    rows.extend(lists());
    rows
}

/// What it says of its parts.
pub(super) fn other_rows() -> Vec<Row> {
    let mut rows = versions();
    rows.extend(portfolios());
    rows.extend(constraints());
    rows.extend(copies());
    rows.extend(connections());
    rows
}

fn own() -> Vec<Row> {
    vec![
        Row {
            map: "Product.spec",
            field: "name",
            base: Small,
            git: Git::Calls(("name: VPC\n", "name: New\n"), &["name: VPC → New"], UPDATE),
            hand: Hand::Back(
                "UpdateProduct",
                r#"{"Id": "<product/vpc>", "Name": "by hand"}"#,
                &["name: by hand → VPC"],
                UPDATE,
            ),
            // The default is `metadata.name`.
            without: Without::Means(Git::Calls(
                ("  name: VPC\n", ""),
                &["name: VPC → vpc"],
                UPDATE,
            )),
            empty: Git::Finding(("name: VPC\n", "name: ''\n"), Code::EmptyValue),
        },
        Row {
            map: "Product.spec",
            field: "owner",
            base: Small,
            git: Git::Calls(
                ("owner: Network Team", "owner: New"),
                &["owner: Network Team → New"],
                UPDATE,
            ),
            hand: Hand::Back(
                "UpdateProduct",
                r#"{"Id": "<product/vpc>", "Owner": "by hand"}"#,
                &["owner: by hand → Network Team"],
                UPDATE,
            ),
            without: Without::Means(Git::Finding(
                ("  owner: Network Team\n", ""),
                Code::MissingField,
            )),
            empty: Git::Finding(("owner: Network Team", "owner: ''"), Code::EmptyValue),
        },
        Row {
            map: "Product.spec",
            field: "description",
            base: Small,
            git: Git::Calls(
                ("description: Three tiers", "description: New"),
                &["description: Three tiers → New"],
                UPDATE,
            ),
            hand: Hand::Back(
                "UpdateProduct",
                r#"{"Id": "<product/vpc>", "Description": "by hand"}"#,
                &["description: by hand → Three tiers"],
                UPDATE,
            ),
            without: Without::Alone(("  description: Three tiers\n", "")),
            empty: Git::Calls(
                ("description: Three tiers", "description: ''"),
                &["- description: Three tiers"],
                UPDATE,
            ),
        },
        Row {
            map: "Product.spec",
            field: "distributor",
            base: Small,
            git: Git::Calls(
                ("distributor: Distribution", "distributor: New"),
                &["distributor: Distribution → New"],
                UPDATE,
            ),
            hand: Hand::Back(
                "UpdateProduct",
                r#"{"Id": "<product/vpc>", "Distributor": "by hand"}"#,
                &["distributor: by hand → Distribution"],
                UPDATE,
            ),
            without: Without::Alone(("  distributor: Distribution\n", "")),
            empty: Git::Calls(
                ("distributor: Distribution", "distributor: ''"),
                &["- distributor: Distribution"],
                UPDATE,
            ),
        },
        Row {
            map: "Product.spec",
            field: "support",
            base: Small,
            git: Git::Not(Why::Whole),
            hand: Hand::Not(Why::Whole),
            without: Without::Alone((
                "  support:\n    description: Ask in chat\n    email: net@example.com\n    url: https://example.com/vpc\n",
                "",
            )),
            // A map of fields: each is cleared by itself.
            empty: Git::Quiet((
                "  support:\n    description: Ask in chat\n    email: net@example.com\n    url: https://example.com/vpc\n",
                "  support: {}\n",
            )),
        },
        Row {
            map: "Product.spec",
            field: "tags",
            base: Small,
            git: Git::Calls(
                ("{team: network}", "{team: new}"),
                &["tag team: network → new"],
                UPDATE,
            ),
            hand: Hand::Back(
                "UpdateProduct",
                r#"{"Id": "<product/vpc>", "AddTags": [{"Key": "team", "Value": "by hand"}, {"Key": "stray", "Value": "1"}]}"#,
                &["tag team: by hand → network", "- tag stray: 1"],
                UPDATE,
            ),
            without: Without::Alone(("  tags: {team: network}\n", "")),
            empty: Git::Calls(("{team: network}", "{}"), &["- tag team: network"], UPDATE),
        },
        Row {
            map: "Product.spec",
            field: "type",
            base: Whole,
            git: Git::Blocked(
                ("type: CLOUD_FORMATION_TEMPLATE", "type: EXTERNAL"),
                BlockedCode::ImmutableType,
            ),
            hand: Hand::Not(Why::Immutable),
            // The default.
            without: Without::Means(Git::Quiet(("  type: CLOUD_FORMATION_TEMPLATE\n", ""))),
            empty: Git::Finding(
                ("type: CLOUD_FORMATION_TEMPLATE", "type: ''"),
                Code::UnknownValue,
            ),
        },
    ]
}

fn support() -> Vec<Row> {
    vec![
        Row {
            map: "Product.spec.support",
            field: "description",
            base: Small,
            git: Git::Calls(
                ("Ask in chat", "New"),
                &["support.description: Ask in chat → New"],
                UPDATE,
            ),
            hand: Hand::Back(
                "UpdateProduct",
                r#"{"Id": "<product/vpc>", "SupportDescription": "by hand"}"#,
                &["support.description: by hand → Ask in chat"],
                UPDATE,
            ),
            without: Without::Alone(("    description: Ask in chat\n", "")),
            empty: Git::Calls(
                ("Ask in chat", "''"),
                &["- support.description: Ask in chat"],
                UPDATE,
            ),
        },
        Row {
            map: "Product.spec.support",
            field: "email",
            base: Small,
            git: Git::Calls(
                ("net@example.com", "new@example.com"),
                &["support.email: net@example.com → new@example.com"],
                UPDATE,
            ),
            hand: Hand::Back(
                "UpdateProduct",
                r#"{"Id": "<product/vpc>", "SupportEmail": "hand@example.com"}"#,
                &["support.email: hand@example.com → net@example.com"],
                UPDATE,
            ),
            without: Without::Alone(("    email: net@example.com\n", "")),
            empty: Git::Calls(
                ("net@example.com", "''"),
                &["- support.email: net@example.com"],
                UPDATE,
            ),
        },
        Row {
            map: "Product.spec.support",
            field: "url",
            base: Small,
            git: Git::Calls(
                ("https://example.com/vpc", "https://example.com/new"),
                &["support.url: https://example.com/vpc → https://example.com/new"],
                UPDATE,
            ),
            hand: Hand::Back(
                "UpdateProduct",
                r#"{"Id": "<product/vpc>", "SupportUrl": "https://example.com/hand"}"#,
                &["support.url: https://example.com/hand → https://example.com/vpc"],
                UPDATE,
            ),
            without: Without::Alone(("    url: https://example.com/vpc\n", "")),
            empty: Git::Calls(
                ("https://example.com/vpc", "''"),
                &["- support.url: https://example.com/vpc"],
                UPDATE,
            ),
        },
    ]
}

fn lists() -> Vec<Row> {
    const FLEET_VERSIONS: &str = "  versions:\n    - {name: f1, template: size.yaml}\n    - name: f2\n      fromStack: arn:aws:cloudformation:us-east-1:123456789012:stack/old/9a1b2c3d-0a1b-4a1b-8a1b-0a1b2c3d4e5f\n";
    const FLEETS: &str = "  portfolios:\n    - portfolio: more\n      constraints:\n        stackSet:\n          accounts: ['123456789012']\n          regions: [us-east-1]\n          adminRole: 'arn:aws:iam::${account}:role/Admin'\n          executionRole: Exec\n";
    vec![
        Row {
            map: "Product.spec",
            field: "tagOptions",
            base: Whole,
            git: Git::Calls(
                (
                    "tagOptions: [stage-dev]",
                    "tagOptions: [stage-dev, stage-prod]",
                ),
                &["+ tagOptions: stage=prod"],
                &[("AssociateTagOptionWithResource", 1)],
            ),
            hand: Hand::Back(
                "AssociateTagOptionWithResource",
                r#"{"ResourceId": "<product/plain>", "TagOptionId": "<tag-option/stage-prod>"}"#,
                &["- tagOptions: stage=prod"],
                &[("DisassociateTagOptionFromResource", 1)],
            ),
            without: Without::Alone(("  tagOptions: [stage-dev]\n", "")),
            empty: Git::Calls(
                ("tagOptions: [stage-dev]", "tagOptions: []"),
                &["- tagOptions: stage=dev"],
                &[("DisassociateTagOptionFromResource", 1)],
            ),
        },
        Row {
            map: "Product.spec",
            field: "budgets",
            base: Whole,
            git: Git::Calls(
                ("budgets: [yearly]", "budgets: [yearly, weekly]"),
                &["+ budgets: weekly"],
                &[("AssociateBudgetWithResource", 1)],
            ),
            hand: Hand::Back(
                "AssociateBudgetWithResource",
                r#"{"ResourceId": "<product/plain>", "BudgetName": "theirs"}"#,
                &["- budgets: theirs"],
                &[("DisassociateBudgetFromResource", 1)],
            ),
            without: Without::Alone(("  budgets: [yearly]\n", "")),
            empty: Git::Calls(
                ("budgets: [yearly]", "budgets: []"),
                &["- budgets: yearly"],
                &[("DisassociateBudgetFromResource", 1)],
            ),
        },
        Row {
            map: "Product.spec",
            field: "serviceActions",
            base: Whole,
            // Of the three versions that say nothing themselves.
            git: Git::Calls(
                (
                    "  serviceActions: [restart]\n",
                    "  serviceActions: [restart, stop]\n",
                ),
                &["stop"],
                &[("BatchAssociateServiceActionWithProvisioningArtifact", 1)],
            ),
            hand: Hand::Back(
                "DisassociateServiceActionFromProvisioningArtifact",
                r#"{"ProductId": "<product/plain>", "ProvisioningArtifactId": "<product/plain:w3>", "ServiceActionId": "<service-action/restart>"}"#,
                &["restart"],
                &[("BatchAssociateServiceActionWithProvisioningArtifact", 1)],
            ),
            without: Without::Alone(("  serviceActions: [restart]\n", "")),
            empty: Git::Calls(
                ("  serviceActions: [restart]\n", "  serviceActions: []\n"),
                &["restart"],
                &[("DisassociateServiceActionFromProvisioningArtifact", 3)],
            ),
        },
        Row {
            map: "Product.spec",
            field: "portfolios",
            base: Whole,
            git: Git::Calls(
                (
                    "    - portfolio: more\n      constraints:\n        stackSet:",
                    "    - portfolio: spare\n    - portfolio: more\n      constraints:\n        stackSet:",
                ),
                &["+ portfolio spare"],
                &[("AssociateProductWithPortfolio", 1)],
            ),
            hand: Hand::Back(
                "AssociateProductWithPortfolio",
                r#"{"ProductId": "<product/fleet>", "PortfolioId": "<portfolio/spare>"}"#,
                &["- portfolio spare"],
                &[("DisassociateProductFromPortfolio", 1)],
            ),
            without: Without::Alone((FLEETS, "")),
            empty: Git::Calls(
                (FLEETS, "  portfolios: []\n"),
                &["- portfolio more"],
                &[
                    ("DeleteConstraint", 1),
                    ("DisassociateProductFromPortfolio", 1),
                ],
            ),
        },
        Row {
            map: "Product.spec",
            field: "versions",
            base: Whole,
            git: Git::Calls(
                (
                    "    - {name: f1, template: size.yaml}\n",
                    "    - {name: f1, template: size.yaml}\n    - {name: f3, template: other.yaml}\n",
                ),
                &["f3"],
                &[("CreateProvisioningArtifact", 1)],
            ),
            hand: Hand::Back(
                "DeleteProvisioningArtifact",
                r#"{"ProductId": "<product/fleet>", "ProvisioningArtifactId": "<product/fleet:f1>"}"#,
                &["f1"],
                &[("CreateProvisioningArtifact", 1)],
            ),
            without: Without::Means(Git::Finding((FLEET_VERSIONS, ""), Code::ExactlyOne)),
            empty: Git::Finding(
                (
                    FLEET_VERSIONS,
                    "  versions: []
",
                ),
                Code::EmptyValue,
            ),
        },
        Row {
            map: "Product.spec",
            field: "unlistedVersions",
            base: Whole,
            // All are listed, so there is nothing to be done to others.
            git: Git::Quiet(("unlistedVersions: keep", "unlistedVersions: deactivate")),
            hand: Hand::Not(Why::GitOnly),
            without: Without::Means(Git::Quiet(("  unlistedVersions: keep\n", ""))),
            empty: Git::Finding(
                ("unlistedVersions: keep", "unlistedVersions: ''"),
                Code::UnknownValue,
            ),
        },
        Row {
            map: "Product.spec",
            field: "retention",
            base: Whole,
            git: Git::Not(Why::Whole),
            hand: Hand::Not(Why::Whole),
            // What each version says holds then, and the default is `active: true`.
            without: Without::Means(Git::Calls(
                (
                    "  retention: {active: 2, older: INACTIVE}
",
                    "",
                ),
                &[
                    "version w1 active: false → true",
                    "version w2 active: false → true",
                ],
                &[("UpdateProvisioningArtifact", 2)],
            )),
            empty: Git::Finding(("{active: 2, older: INACTIVE}", "{}"), Code::MissingField),
        },
        Row {
            map: "Product.spec.retention",
            field: "active",
            base: Whole,
            git: Git::Calls(
                (
                    "{active: 2, older: INACTIVE}",
                    "{active: 1, older: INACTIVE}",
                ),
                &["version w3 active: true → false"],
                VERSION,
            ),
            hand: Hand::Back(
                "UpdateProvisioningArtifact",
                r#"{"ProductId": "<product/plain>", "ProvisioningArtifactId": "<product/plain:w2>", "Active": true}"#,
                &["version w2 active: true → false"],
                VERSION,
            ),
            without: Without::Means(Git::Finding(
                ("{active: 2, older: INACTIVE}", "{older: INACTIVE}"),
                Code::MissingField,
            )),
            empty: Git::Finding(
                (
                    "{active: 2, older: INACTIVE}",
                    "{active: '', older: INACTIVE}",
                ),
                Code::WrongType,
            ),
        },
        Row {
            map: "Product.spec.retention",
            field: "older",
            base: Whole,
            git: Git::Calls(
                (
                    "{active: 2, older: INACTIVE}",
                    "{active: 2, older: DEPRECATED}",
                ),
                &[
                    "version w1 active: false → true",
                    "version w2 guidance: DEFAULT → DEPRECATED",
                ],
                &[("UpdateProvisioningArtifact", 2)],
            ),
            hand: Hand::Back(
                "UpdateProvisioningArtifact",
                r#"{"ProductId": "<product/plain>", "ProvisioningArtifactId": "<product/plain:w1>", "Active": true}"#,
                &["version w1 active: true → false"],
                VERSION,
            ),
            // The default is DEPRECATED.
            without: Without::Means(Git::Calls(
                ("{active: 2, older: INACTIVE}", "{active: 2}"),
                &["version w1 guidance: DEFAULT → DEPRECATED"],
                &[("UpdateProvisioningArtifact", 2)],
            )),
            empty: Git::Finding(
                ("{active: 2, older: INACTIVE}", "{active: 2, older: ''}"),
                Code::UnknownValue,
            ),
        },
        Row {
            map: "Product.spec",
            field: "copyFrom",
            base: Copied,
            git: Git::Not(Why::Whole),
            hand: Hand::Not(Why::Whole),
            without: Without::Means(Git::Finding(
                (
                    "  copyFrom:\n    productArn: arn:aws:catalog:us-east-1:123456789012:product/prod-thesourceaa2a\n",
                    "",
                ),
                Code::ExactlyOne,
            )),
            empty: Git::Finding(
                (
                    "  copyFrom:\n    productArn: arn:aws:catalog:us-east-1:123456789012:product/prod-thesourceaa2a\n",
                    "  copyFrom: {}\n",
                ),
                Code::MissingField,
            ),
        },
        Row {
            map: "Product.spec",
            field: "sourceConnection",
            base: Synced,
            git: Git::Not(Why::Whole),
            hand: Hand::Not(Why::Whole),
            without: Without::Means(Git::Finding((CONNECTION, ""), Code::ExactlyOne)),
            empty: Git::Finding((CONNECTION, "  sourceConnection: {}\n"), Code::MissingField),
        },
        Row {
            map: "Product.spec.portfolios[]",
            field: "portfolio",
            base: Whole,
            git: Git::Calls(
                (
                    "    - portfolio: more\n      constraints:\n        stackSet:",
                    "    - portfolio: spare\n      constraints:\n        stackSet:",
                ),
                &["+ portfolio spare", "- portfolio more"],
                &[
                    ("AssociateProductWithPortfolio", 1),
                    ("CreateConstraint", 1),
                    ("DeleteConstraint", 1),
                    ("DisassociateProductFromPortfolio", 1),
                ],
            ),
            hand: Hand::Back(
                "AssociateProductWithPortfolio",
                r#"{"ProductId": "<product/fleet>", "PortfolioId": "<portfolio/spare>"}"#,
                &["- portfolio spare"],
                &[("DisassociateProductFromPortfolio", 1)],
            ),
            without: Without::Means(Git::Finding(
                (FLEETS, "  portfolios:\n    - constraints: {}\n"),
                Code::MissingField,
            )),
            empty: Git::Finding(
                (FLEETS, "  portfolios:\n    - portfolio: ''\n"),
                Code::InvalidName,
            ),
        },
    ]
}

fn versions() -> Vec<Row> {
    const V2: &str = "    - name: v2\n      template: size.yaml\n";
    vec![
        Row {
            map: "Product.spec.versions[]",
            field: "name",
            base: Small,
            // Another version; the one before is not listed any more, and stays.
            git: Git::Calls(
                ("    - name: v3\n", "    - name: v4\n"),
                &["v4"],
                &[("CreateProvisioningArtifact", 1)],
            ),
            // What git names is not there any more: it is made again, and the renamed one is somebody's.
            // The first call answers with that one, by its token.
            hand: Hand::Back(
                "UpdateProvisioningArtifact",
                r#"{"ProductId": "<product/vpc>", "ProvisioningArtifactId": "<product/vpc:v3>", "Name": "by hand"}"#,
                &["v3"],
                &[("CreateProvisioningArtifact", 2)],
            ),
            without: Without::Means(Git::Finding(
                (
                    "    - name: v3\n      template: size.yaml\n",
                    "    - template: size.yaml\n",
                ),
                Code::MissingField,
            )),
            empty: Git::Finding(("    - name: v3\n", "    - name: ''\n"), Code::EmptyValue),
        },
        Row {
            map: "Product.spec.versions[]",
            field: "description",
            base: Small,
            git: Git::Calls(
                ("description: The second", "description: New"),
                &["version v2 description: The second → New"],
                VERSION,
            ),
            hand: Hand::Back(
                "UpdateProvisioningArtifact",
                r#"{"ProductId": "<product/vpc>", "ProvisioningArtifactId": "<product/vpc:v2>", "Description": "by hand"}"#,
                &["version v2 description: by hand → The second"],
                VERSION,
            ),
            without: Without::Alone(("      description: The second\n", "")),
            empty: Git::Calls(
                ("description: The second", "description: ''"),
                &["- version v2 description: The second"],
                VERSION,
            ),
        },
        Row {
            map: "Product.spec.versions[]",
            field: "template",
            base: Small,
            git: Git::Blocked(
                (V2, "    - name: v2\n      template: other.yaml\n"),
                BlockedCode::ImmutableVersion,
            ),
            hand: Hand::Not(Why::Immutable),
            without: Without::Means(Git::Finding((V2, "    - name: v2\n"), Code::ExactlyOne)),
            empty: Git::Finding(
                (V2, "    - name: v2\n      template: ''\n"),
                Code::TemplatePath,
            ),
        },
        Row {
            map: "Product.spec.versions[]",
            field: "templateUrl",
            base: Whole,
            // Nobody fetches what is at a URL, so such a version is compared by its name alone.
            git: Git::Quiet(("amazonaws.com/one", "amazonaws.com/two")),
            hand: Hand::Not(Why::Immutable),
            without: Without::Means(Git::Finding(
                (
                    "{name: w3, templateUrl: 'https://theirs.s3.us-east-1.amazonaws.com/one'}",
                    "{name: w3}",
                ),
                Code::ExactlyOne,
            )),
            empty: Git::Finding(
                (
                    "templateUrl: 'https://theirs.s3.us-east-1.amazonaws.com/one'",
                    "templateUrl: ''",
                ),
                Code::InvalidUrl,
            ),
        },
        Row {
            map: "Product.spec.versions[]",
            field: "fromStack",
            base: Whole,
            git: Git::Quiet(("stack/old/9a1b2c3d", "stack/other/9a1b2c3d")),
            hand: Hand::Not(Why::Immutable),
            without: Without::Means(Git::Finding(
                (
                    "      fromStack: arn:aws:cloudformation:us-east-1:123456789012:stack/old/9a1b2c3d-0a1b-4a1b-8a1b-0a1b2c3d4e5f\n",
                    "",
                ),
                Code::ExactlyOne,
            )),
            empty: Git::Finding(
                (
                    "fromStack: arn:aws:cloudformation:us-east-1:123456789012:stack/old/9a1b2c3d-0a1b-4a1b-8a1b-0a1b2c3d4e5f",
                    "fromStack: ''",
                ),
                Code::InvalidArn,
            ),
        },
        Row {
            map: "Product.spec.versions[]",
            field: "active",
            base: Small,
            git: Git::Calls(
                (
                    "active: true\n      guidance",
                    "active: false\n      guidance",
                ),
                &["version v2 active: true → false"],
                VERSION,
            ),
            hand: Hand::Back(
                "UpdateProvisioningArtifact",
                r#"{"ProductId": "<product/vpc>", "ProvisioningArtifactId": "<product/vpc:v2>", "Active": false}"#,
                &["version v2 active: false → true"],
                VERSION,
            ),
            // The default.
            without: Without::Means(Git::Quiet(("      active: true\n", ""))),
            empty: Git::Finding(
                ("active: true\n      guidance", "active: ''\n      guidance"),
                Code::WrongType,
            ),
        },
        Row {
            map: "Product.spec.versions[]",
            field: "guidance",
            base: Small,
            git: Git::Calls(
                ("guidance: DEPRECATED", "guidance: DEFAULT"),
                &["version v2 guidance: DEPRECATED → DEFAULT"],
                VERSION,
            ),
            hand: Hand::Back(
                "UpdateProvisioningArtifact",
                r#"{"ProductId": "<product/vpc>", "ProvisioningArtifactId": "<product/vpc:v2>", "Guidance": "DEFAULT"}"#,
                &["version v2 guidance: DEFAULT → DEPRECATED"],
                VERSION,
            ),
            without: Without::Alone(("      guidance: DEPRECATED\n", "")),
            empty: Git::Finding(("guidance: DEPRECATED", "guidance: ''"), Code::UnknownValue),
        },
        Row {
            map: "Product.spec.versions[]",
            field: "ref",
            base: Whole,
            // Another template under the same name, which may have another one.
            git: Git::Calls(
                ("mutable: true, ref: tagged", "mutable: true, ref: later"),
                &["w4"],
                &[
                    ("BatchAssociateServiceActionWithProvisioningArtifact", 1),
                    ("CreateProvisioningArtifact", 1),
                    ("UpdateProvisioningArtifact", 1),
                ],
            ),
            hand: Hand::Not(Why::GitOnly),
            // The file as it is now.
            without: Without::Means(Git::Calls(
                ("mutable: true, ref: tagged", "mutable: true"),
                &["w4"],
                &[
                    ("BatchAssociateServiceActionWithProvisioningArtifact", 1),
                    ("CreateProvisioningArtifact", 1),
                    ("UpdateProvisioningArtifact", 1),
                ],
            )),
            empty: Git::Finding(
                ("mutable: true, ref: tagged", "mutable: true, ref: ''"),
                Code::TemplateMissing,
            ),
        },
        Row {
            map: "Product.spec.versions[]",
            field: "mutable",
            base: Whole,
            git: Git::Quiet(("mutable: true, ref: tagged", "mutable: false, ref: tagged")),
            hand: Hand::Not(Why::GitOnly),
            // Then the version is what it is.
            without: Without::Means(Git::Blocked(
                ("mutable: true, ref: tagged", "ref: later"),
                BlockedCode::ImmutableVersion,
            )),
            empty: Git::Finding(
                ("mutable: true, ref: tagged", "mutable: '', ref: tagged"),
                Code::WrongType,
            ),
        },
        Row {
            map: "Product.spec.versions[]",
            field: "serviceActions",
            base: Whole,
            git: Git::Calls(
                ("serviceActions: [stop]", "serviceActions: [stop, restart]"),
                &["restart"],
                &[("BatchAssociateServiceActionWithProvisioningArtifact", 1)],
            ),
            hand: Hand::Back(
                "DisassociateServiceActionFromProvisioningArtifact",
                r#"{"ProductId": "<product/plain>", "ProvisioningArtifactId": "<product/plain:w2>", "ServiceActionId": "<service-action/stop>"}"#,
                &["stop"],
                &[("BatchAssociateServiceActionWithProvisioningArtifact", 1)],
            ),
            // What the product says.
            without: Without::Means(Git::Calls(
                (", serviceActions: [stop]", ""),
                &["restart", "stop"],
                &[
                    ("BatchAssociateServiceActionWithProvisioningArtifact", 1),
                    ("DisassociateServiceActionFromProvisioningArtifact", 1),
                ],
            )),
            empty: Git::Calls(
                ("serviceActions: [stop]", "serviceActions: []"),
                &["stop"],
                &[("DisassociateServiceActionFromProvisioningArtifact", 1)],
            ),
        },
    ]
}

fn portfolios() -> Vec<Row> {
    const VPC: &str = "      constraints:\n        launch: {localRoleName: Launcher}\n        tagUpdates: allowed\n";
    vec![
        Row {
            map: "Product.spec.portfolios[]",
            field: "constraints",
            base: Small,
            git: Git::Not(Why::Whole),
            // One that git does not list goes.
            hand: Hand::Back(
                "CreateConstraint",
                r#"{"ProductId": "<product/vpc>", "PortfolioId": "<portfolio/net>", "Type": "NOTIFICATION", "Parameters": "{\"NotificationArns\": [\"arn:aws:sns:us-east-1:123456789012:hand\"]}", "IdempotencyToken": "hand"}"#,
                &["notification"],
                UNMAKE,
            ),
            without: Without::Alone((VPC, "")),
            empty: Git::Calls(
                (VPC, "      constraints: {}\n"),
                &["launch", "tagUpdates"],
                &[("DeleteConstraint", 2)],
            ),
        },
        Row {
            map: "Product.spec.portfolios[].constraints",
            field: "launch",
            base: Small,
            git: Git::Calls(
                ("localRoleName: Launcher", "localRoleName: New"),
                &["launch: localRoleName Launcher → localRoleName New"],
                CONSTRAINT,
            ),
            hand: Hand::Back(
                "DeleteConstraint",
                r#"{"Id": "<portfolio/net:LAUNCH>"}"#,
                &["launch: localRoleName Launcher"],
                MAKE,
            ),
            // The map is the whole truth.
            without: Without::Means(Git::Calls(
                ("        launch: {localRoleName: Launcher}\n", ""),
                &["- ", "launch"],
                UNMAKE,
            )),
            empty: Git::Finding(
                ("launch: {localRoleName: Launcher}", "launch: {}"),
                Code::ExactlyOne,
            ),
        },
        Row {
            map: "Product.spec.portfolios[].constraints",
            field: "tagUpdates",
            base: Small,
            git: Git::Calls(
                ("tagUpdates: allowed", "tagUpdates: notAllowed"),
                &["tagUpdates: allowed → notAllowed"],
                CONSTRAINT,
            ),
            hand: Hand::Back(
                "UpdateConstraint",
                r#"{"Id": "<portfolio/net:RESOURCE_UPDATE>", "Parameters": "{\"Version\": \"2.0\", \"Properties\": {\"TagUpdateOnProvisionedProduct\": \"NOT_ALLOWED\"}}"}"#,
                &["tagUpdates: notAllowed → allowed"],
                CONSTRAINT,
            ),
            without: Without::Means(Git::Calls(
                ("        tagUpdates: allowed\n", ""),
                &["tagUpdates"],
                UNMAKE,
            )),
            empty: Git::Finding(
                ("tagUpdates: allowed", "tagUpdates: ''"),
                Code::UnknownValue,
            ),
        },
        Row {
            map: "Product.spec.portfolios[].constraints",
            field: "notification",
            base: Whole,
            git: Git::Not(Why::Whole),
            hand: Hand::Back(
                "DeleteConstraint",
                r#"{"Id": "<portfolio/more:NOTIFICATION>"}"#,
                &["notification"],
                MAKE,
            ),
            without: Without::Means(Git::Calls(
                (
                    "        notification: {topics: ['arn:aws:sns:us-east-1:${account}:a']}\n",
                    "",
                ),
                &["notification"],
                UNMAKE,
            )),
            empty: Git::Finding(
                (
                    "notification: {topics: ['arn:aws:sns:us-east-1:${account}:a']}",
                    "notification: {}",
                ),
                Code::MissingField,
            ),
        },
        Row {
            map: "Product.spec.portfolios[].constraints",
            field: "template",
            base: Whole,
            git: Git::Not(Why::Whole),
            hand: Hand::Back(
                "DeleteConstraint",
                r#"{"Id": "<portfolio/more:TEMPLATE>"}"#,
                &["template"],
                MAKE,
            ),
            without: Without::Means(Git::Calls(
                (
                    "        template: {rules: {Size: {Assertions: [{Assert: {Fn::Contains: [[one, two], {Ref: Size}]}}]}}}\n",
                    "",
                ),
                &["template"],
                UNMAKE,
            )),
            empty: Git::Finding(
                (
                    "template: {rules: {Size: {Assertions: [{Assert: {Fn::Contains: [[one, two], {Ref: Size}]}}]}}}",
                    "template: {}",
                ),
                Code::MissingField,
            ),
        },
        Row {
            map: "Product.spec.portfolios[].constraints",
            field: "stackSet",
            base: Whole,
            git: Git::Not(Why::Whole),
            hand: Hand::Back(
                "DeleteConstraint",
                r#"{"Id": "<portfolio/more:STACKSET>"}"#,
                &["stackSet"],
                MAKE,
            ),
            without: Without::Means(Git::Calls(
                (STACK_SET, "        {}\n"),
                &["stackSet"],
                UNMAKE,
            )),
            empty: Git::Finding((STACK_SET, "        stackSet: {}\n"), Code::MissingField),
        },
    ]
}

const STACK_SET: &str = "        stackSet:\n          accounts: ['123456789012']\n          regions: [us-east-1]\n          adminRole: 'arn:aws:iam::${account}:role/Admin'\n          executionRole: Exec\n";

fn constraints() -> Vec<Row> {
    const TOPICS: &str = "topics: ['arn:aws:sns:us-east-1:${account}:a']";
    const RULES: &str =
        "rules: {Size: {Assertions: [{Assert: {Fn::Contains: [[one, two], {Ref: Size}]}}]}}";
    vec![
        Row {
            map: "Product.spec.portfolios[].constraints.launch",
            field: "localRoleName",
            base: Small,
            git: Git::Calls(
                (
                    "localRoleName: Launcher",
                    "roleArn: 'arn:aws:iam::123456789012:role/New'",
                ),
                &["launch: localRoleName Launcher → roleArn arn:aws:iam::123456789012:role/New"],
                CONSTRAINT,
            ),
            hand: Hand::Back(
                "UpdateConstraint",
                r#"{"Id": "<portfolio/net:LAUNCH>", "Parameters": "{\"LocalRoleName\": \"Hand\"}"}"#,
                &["launch: localRoleName Hand → localRoleName Launcher"],
                CONSTRAINT,
            ),
            without: Without::Means(Git::Finding(
                ("{localRoleName: Launcher}", "{}"),
                Code::ExactlyOne,
            )),
            empty: Git::Finding(
                ("localRoleName: Launcher", "localRoleName: ''"),
                Code::InvalidRoleName,
            ),
        },
        Row {
            map: "Product.spec.portfolios[].constraints.launch",
            field: "roleArn",
            base: Whole,
            git: Git::Calls(
                ("role/Plain", "role/New"),
                &[
                    "launch: roleArn arn:aws:iam::123456789012:role/Plain → roleArn arn:aws:iam::123456789012:role/New",
                ],
                CONSTRAINT,
            ),
            hand: Hand::Back(
                "UpdateConstraint",
                r#"{"Id": "<portfolio/more:LAUNCH>", "Parameters": "{\"RoleArn\": \"arn:aws:iam::123456789012:role/Hand\"}"}"#,
                &["role/Hand → roleArn arn:aws:iam::123456789012:role/Plain"],
                CONSTRAINT,
            ),
            without: Without::Means(Git::Finding(
                ("{roleArn: 'arn:aws:iam::${account}:role/Plain'}", "{}"),
                Code::ExactlyOne,
            )),
            empty: Git::Finding(
                (
                    "roleArn: 'arn:aws:iam::${account}:role/Plain'",
                    "roleArn: ''",
                ),
                Code::InvalidArn,
            ),
        },
        Row {
            map: "Product.spec.portfolios[].constraints.notification",
            field: "topics",
            base: Whole,
            git: Git::Calls(
                (TOPICS, "topics: ['arn:aws:sns:us-east-1:${account}:b']"),
                &[
                    "notification: ",
                    "123456789012:a → topics arn:aws:sns:us-east-1:123456789012:b",
                ],
                CONSTRAINT,
            ),
            hand: Hand::Back(
                "UpdateConstraint",
                r#"{"Id": "<portfolio/more:NOTIFICATION>", "Parameters": "{\"NotificationArns\": [\"arn:aws:sns:us-east-1:123456789012:hand\"]}"}"#,
                &["123456789012:hand → topics arn:aws:sns:us-east-1:123456789012:a"],
                CONSTRAINT,
            ),
            without: Without::Means(Git::Finding((TOPICS, ""), Code::MissingField)),
            empty: Git::Finding((TOPICS, "topics: []"), Code::EmptyValue),
        },
        Row {
            map: "Product.spec.portfolios[].constraints.template",
            field: "rules",
            base: Whole,
            git: Git::Calls(
                ("[one, two]", "[one, two, three]"),
                &["template:", "alike)"],
                CONSTRAINT,
            ),
            hand: Hand::Back(
                "UpdateConstraint",
                r#"{"Id": "<portfolio/more:TEMPLATE>", "Parameters": "{\"Rules\": {\"Size\": {\"Assertions\": [{\"Assert\": {\"Fn::Contains\": [[\"one\"], {\"Ref\": \"Size\"}]}}]}}}"}"#,
                &["template:", "alike)"],
                CONSTRAINT,
            ),
            without: Without::Means(Git::Finding((RULES, ""), Code::MissingField)),
            empty: Git::Finding((RULES, "rules: {}"), Code::EmptyValue),
        },
        Row {
            map: "Product.spec.portfolios[].constraints.stackSet",
            field: "accounts",
            base: Whole,
            git: Git::Calls(
                (
                    "accounts: ['123456789012']",
                    "accounts: ['123456789012', '210987654321']",
                ),
                &["stackSet:", "210987654321"],
                CONSTRAINT,
            ),
            hand: Hand::Back(
                "UpdateConstraint",
                r#"{"Id": "<portfolio/more:STACKSET>", "Parameters": "{\"Version\": \"1\", \"Properties\": {\"AccountList\": [\"210987654321\"], \"RegionList\": [\"us-east-1\"], \"AdminRole\": \"arn:aws:iam::123456789012:role/Admin\", \"ExecutionRole\": \"Exec\"}}"}"#,
                &["210987654321", "\n          - "],
                CONSTRAINT,
            ),
            without: Without::Means(Git::Finding(
                ("          accounts: ['123456789012']\n", ""),
                Code::MissingField,
            )),
            empty: Git::Finding(
                ("accounts: ['123456789012']", "accounts: []"),
                Code::EmptyValue,
            ),
        },
        Row {
            map: "Product.spec.portfolios[].constraints.stackSet",
            field: "regions",
            base: Whole,
            git: Git::Calls(
                ("regions: [us-east-1]", "regions: [us-east-1, eu-west-1]"),
                &["stackSet:", "eu-west-1"],
                CONSTRAINT,
            ),
            hand: Hand::Back(
                "UpdateConstraint",
                r#"{"Id": "<portfolio/more:STACKSET>", "Parameters": "{\"Version\": \"1\", \"Properties\": {\"AccountList\": [\"123456789012\"], \"RegionList\": [\"eu-west-1\"], \"AdminRole\": \"arn:aws:iam::123456789012:role/Admin\", \"ExecutionRole\": \"Exec\"}}"}"#,
                &["eu-west-1", "\n          - "],
                CONSTRAINT,
            ),
            without: Without::Means(Git::Finding(
                ("          regions: [us-east-1]\n", ""),
                Code::MissingField,
            )),
            empty: Git::Finding(("regions: [us-east-1]", "regions: []"), Code::EmptyValue),
        },
        Row {
            map: "Product.spec.portfolios[].constraints.stackSet",
            field: "adminRole",
            base: Whole,
            git: Git::Calls(
                ("role/Admin", "role/New"),
                &["stackSet:", "role/New"],
                CONSTRAINT,
            ),
            hand: Hand::Back(
                "UpdateConstraint",
                r#"{"Id": "<portfolio/more:STACKSET>", "Parameters": "{\"Version\": \"1\", \"Properties\": {\"AccountList\": [\"123456789012\"], \"RegionList\": [\"us-east-1\"], \"AdminRole\": \"arn:aws:iam::123456789012:role/Hand\", \"ExecutionRole\": \"Exec\"}}"}"#,
                &["role/Hand", "\n          - "],
                CONSTRAINT,
            ),
            without: Without::Means(Git::Finding(
                (
                    "          adminRole: 'arn:aws:iam::${account}:role/Admin'\n",
                    "",
                ),
                Code::MissingField,
            )),
            empty: Git::Finding(
                (
                    "adminRole: 'arn:aws:iam::${account}:role/Admin'",
                    "adminRole: ''",
                ),
                Code::InvalidArn,
            ),
        },
        Row {
            map: "Product.spec.portfolios[].constraints.stackSet",
            field: "executionRole",
            base: Whole,
            git: Git::Calls(
                ("executionRole: Exec", "executionRole: New"),
                &["stackSet:", "New"],
                CONSTRAINT,
            ),
            hand: Hand::Back(
                "UpdateConstraint",
                r#"{"Id": "<portfolio/more:STACKSET>", "Parameters": "{\"Version\": \"1\", \"Properties\": {\"AccountList\": [\"123456789012\"], \"RegionList\": [\"us-east-1\"], \"AdminRole\": \"arn:aws:iam::123456789012:role/Admin\", \"ExecutionRole\": \"Hand\"}}"}"#,
                &["Hand", "\n          - "],
                CONSTRAINT,
            ),
            without: Without::Means(Git::Finding(
                ("          executionRole: Exec\n", ""),
                Code::MissingField,
            )),
            empty: Git::Finding(
                ("executionRole: Exec", "executionRole: ''"),
                Code::InvalidRoleName,
            ),
        },
    ]
}

fn copies() -> Vec<Row> {
    const ARN: &str =
        "    productArn: arn:aws:catalog:us-east-1:123456789012:product/prod-thesourceaa2a\n";
    vec![
        Row {
            map: "Product.spec.copyFrom",
            field: "productArn",
            base: Copied,
            // A copy follows its source; one whose source is not to be seen stays as it is.
            git: Git::Blocked(
                (
                    ARN,
                    "    productArn: arn:aws:catalog:us-east-1:123456789012:product/prod-anotheroneaa2\n",
                ),
                BlockedCode::CopySource,
            ),
            // A version that is taken out of the copy is copied again.
            hand: Hand::Back(
                "DeleteProvisioningArtifact",
                r#"{"ProductId": "<product/golden>", "ProvisioningArtifactId": "<product/golden:v2>"}"#,
                &["v2"],
                &[("CopyProduct", 1)],
            ),
            without: Without::Means(Git::Finding(
                (ARN, "    copyTags: false\n"),
                Code::MissingField,
            )),
            empty: Git::Finding((ARN, "    productArn: ''\n"), Code::InvalidArn),
        },
        Row {
            map: "Product.spec.copyFrom",
            field: "versions",
            base: Copied,
            // What is no longer named is not copied any more; nothing is taken away.
            git: Git::Quiet((
                ARN,
                "    versions: [v2]\n    productArn: arn:aws:catalog:us-east-1:123456789012:product/prod-thesourceaa2a\n",
            )),
            hand: Hand::Not(Why::Whole),
            without: Without::Means(Git::Quiet((ARN, ARN))),
            empty: Git::Finding(
                (
                    ARN,
                    "    versions: []\n    productArn: arn:aws:catalog:us-east-1:123456789012:product/prod-thesourceaa2a\n",
                ),
                Code::EmptyValue,
            ),
        },
        Row {
            map: "Product.spec.copyFrom",
            field: "copyTags",
            base: Copied,
            git: Git::Calls(
                (
                    ARN,
                    "    copyTags: true\n    productArn: arn:aws:catalog:us-east-1:123456789012:product/prod-thesourceaa2a\n",
                ),
                &["+ tags team=them"],
                UPDATE,
            ),
            // It stands nowhere in the base: tags are not managed then.
            hand: Hand::Not(Why::Whole),
            without: Without::Means(Git::Quiet((ARN, ARN))),
            empty: Git::Finding(
                (
                    ARN,
                    "    copyTags: ''\n    productArn: arn:aws:catalog:us-east-1:123456789012:product/prod-thesourceaa2a\n",
                ),
                Code::WrongType,
            ),
        },
    ]
}

const CONNECTION: &str = "  sourceConnection:\n    type: CODESTAR\n    connectionArn: arn:${partition}:codestar-connections:${region}:${account}:connection/1a\n    repository: us/catalog\n    branch: main\n    artifactPath: vpc.yaml\n";

fn connections() -> Vec<Row> {
    vec![
        Row {
            map: "Product.spec.sourceConnection",
            field: "type",
            base: Synced,
            git: Git::Finding(("type: CODESTAR", "type: GITHUB"), Code::UnknownValue),
            hand: Hand::Not(Why::Immutable),
            // The only one there is.
            without: Without::Means(Git::Quiet(("    type: CODESTAR\n", ""))),
            empty: Git::Finding(("type: CODESTAR", "type: ''"), Code::UnknownValue),
        },
        Row {
            map: "Product.spec.sourceConnection",
            field: "connectionArn",
            base: Synced,
            git: Git::Calls(
                ("connection/1a", "connection/2b"),
                &[
                    "sourceConnection.connectionArn: arn:aws:codestar-connections:us-east-1:123456789012:connection/1a → ",
                ],
                UPDATE,
            ),
            hand: connected(
                r#"{"Id": "<product/synced>", "SourceConnection": {"Type": "CODESTAR", "ConnectionParameters": {"CodeStar": {"ConnectionArn": "arn:aws:codestar-connections:us-east-1:123456789012:connection/2b", "Repository": "us/catalog", "Branch": "main", "ArtifactPath": "vpc.yaml"}}}}"#,
                &[
                    "connection/2b → arn:aws:codestar-connections:us-east-1:123456789012:connection/1a",
                ],
            ),
            without: Without::Means(Git::Finding(
                (
                    "    connectionArn: arn:${partition}:codestar-connections:${region}:${account}:connection/1a\n",
                    "",
                ),
                Code::MissingField,
            )),
            empty: Git::Finding(
                (
                    "connectionArn: arn:${partition}:codestar-connections:${region}:${account}:connection/1a",
                    "connectionArn: ''",
                ),
                Code::InvalidArn,
            ),
        },
        Row {
            map: "Product.spec.sourceConnection",
            field: "repository",
            base: Synced,
            git: Git::Calls(
                ("repository: us/catalog", "repository: us/new"),
                &["sourceConnection.repository: us/catalog → us/new"],
                UPDATE,
            ),
            hand: connected(
                r#"{"Id": "<product/synced>", "SourceConnection": {"Type": "CODESTAR", "ConnectionParameters": {"CodeStar": {"ConnectionArn": "arn:aws:codestar-connections:us-east-1:123456789012:connection/1a", "Repository": "by/hand", "Branch": "main", "ArtifactPath": "vpc.yaml"}}}}"#,
                &["sourceConnection.repository: by/hand → us/catalog"],
            ),
            without: Without::Means(Git::Finding(
                ("    repository: us/catalog\n", ""),
                Code::MissingField,
            )),
            empty: Git::Finding(
                ("repository: us/catalog", "repository: ''"),
                Code::EmptyValue,
            ),
        },
        Row {
            map: "Product.spec.sourceConnection",
            field: "branch",
            base: Synced,
            git: Git::Calls(
                ("branch: main", "branch: new"),
                &["sourceConnection.branch: main → new"],
                UPDATE,
            ),
            hand: connected(
                r#"{"Id": "<product/synced>", "SourceConnection": {"Type": "CODESTAR", "ConnectionParameters": {"CodeStar": {"ConnectionArn": "arn:aws:codestar-connections:us-east-1:123456789012:connection/1a", "Repository": "us/catalog", "Branch": "hand", "ArtifactPath": "vpc.yaml"}}}}"#,
                &["sourceConnection.branch: hand → main"],
            ),
            without: Without::Means(Git::Finding(("    branch: main\n", ""), Code::MissingField)),
            empty: Git::Finding(("branch: main", "branch: ''"), Code::EmptyValue),
        },
        Row {
            map: "Product.spec.sourceConnection",
            field: "artifactPath",
            base: Synced,
            git: Git::Calls(
                ("artifactPath: vpc.yaml", "artifactPath: new.yaml"),
                &["sourceConnection.artifactPath: vpc.yaml → new.yaml"],
                UPDATE,
            ),
            hand: connected(
                r#"{"Id": "<product/synced>", "SourceConnection": {"Type": "CODESTAR", "ConnectionParameters": {"CodeStar": {"ConnectionArn": "arn:aws:codestar-connections:us-east-1:123456789012:connection/1a", "Repository": "us/catalog", "Branch": "main", "ArtifactPath": "hand.yaml"}}}}"#,
                &["sourceConnection.artifactPath: hand.yaml → vpc.yaml"],
            ),
            without: Without::Means(Git::Finding(
                ("    artifactPath: vpc.yaml\n", ""),
                Code::MissingField,
            )),
            empty: Git::Finding(
                ("artifactPath: vpc.yaml", "artifactPath: ''"),
                Code::EmptyValue,
            ),
        },
    ]
}

const fn connected(input: &'static str, words: &'static [&'static str]) -> Hand {
    Hand::Back("UpdateProduct", input, words, UPDATE)
}
