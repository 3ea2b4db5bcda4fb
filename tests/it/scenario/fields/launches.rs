//! Rows of provisioned products.

use catalogd::manifest::Code;
use catalogd::plan::BlockedCode;

use super::bases::Base::{Import, Small, StackSet};
use super::{Calls, Git, Hand, Row, Why, Without};

const UPDATE: Calls = &[("UpdateProvisionedProduct", 1)];
/// What it is launched of.
const LAUNCH: &str = "  product: vpc\n  version: v1\n";

pub(super) fn rows() -> Vec<Row> {
    let mut rows = own();
    rows.extend(parameters());
    rows.extend(imports());
    rows.extend(stack_sets());
    rows
}

fn own() -> Vec<Row> {
    vec![
        Row {
            map: "ProvisionedProduct.spec",
            field: "name",
            base: Small,
            git: Git::Blocked(
                (LAUNCH, "  name: new\n  product: vpc\n  version: v1\n"),
                BlockedCode::ImmutableName,
            ),
            hand: Hand::Not(Why::Immutable),
            // The default is `metadata.name`.
            without: Without::Means(Git::Quiet((
                LAUNCH,
                "  name: hub\n  product: vpc\n  version: v1\n",
            ))),
            empty: Git::Finding(
                (LAUNCH, "  name: ''\n  product: vpc\n  version: v1\n"),
                Code::InvalidLiveName,
            ),
        },
        Row {
            map: "ProvisionedProduct.spec",
            field: "product",
            base: Small,
            git: Git::Finding(
                (LAUNCH, "  product: other\n  version: v1\n"),
                Code::DanglingReference,
            ),
            // Moving one to another product: moving one is shown by `render::tests::provisioned`.
            hand: Hand::Not(Why::Whole),
            without: Without::Means(Git::Finding(
                (LAUNCH, "  version: v1\n"),
                Code::MissingField,
            )),
            empty: Git::Finding(
                (LAUNCH, "  product: ''\n  version: v1\n"),
                Code::InvalidName,
            ),
        },
        Row {
            map: "ProvisionedProduct.spec",
            field: "version",
            base: Small,
            git: Git::Calls(
                ("  version: v1\n", "  version: v3\n"),
                &["version: v1 → v3"],
                UPDATE,
            ),
            hand: Hand::Back(
                "UpdateProvisionedProduct",
                r#"{"ProvisionedProductId": "<provisioned-product/hub>", "ProductId": "<product/vpc>", "ProvisioningArtifactId": "<product/vpc:v3>", "PathName": "Networking", "ProvisioningParameters": [{"Key": "Size", "UsePreviousValue": true}], "UpdateToken": "hand"}"#,
                &["version: v3 → v1"],
                UPDATE,
            ),
            without: Without::Means(Git::Finding(
                (LAUNCH, "  product: vpc\n"),
                Code::MissingField,
            )),
            empty: Git::Finding(
                (LAUNCH, "  product: vpc\n  version: ''\n"),
                Code::DanglingReference,
            ),
        },
        Row {
            map: "ProvisionedProduct.spec",
            field: "portfolio",
            base: Small,
            git: Git::Finding(
                (
                    LAUNCH,
                    "  product: vpc\n  version: v1\n  portfolio: spare\n",
                ),
                Code::ProductNotInPortfolio,
            ),
            hand: Hand::Not(Why::NotReadable),
            // The only one that fits.
            without: Without::Means(Git::Quiet((
                LAUNCH,
                "  product: vpc\n  version: v1\n  portfolio: net\n",
            ))),
            empty: Git::Finding(
                (LAUNCH, "  product: vpc\n  version: v1\n  portfolio: ''\n"),
                Code::InvalidName,
            ),
        },
        Row {
            map: "ProvisionedProduct.spec",
            field: "parameters",
            base: Small,
            git: Git::Calls(
                ("Size: one", "Size: new"),
                &["parameter Size: one → new"],
                UPDATE,
            ),
            hand: Hand::Back(
                "UpdateProvisionedProduct",
                r#"{"ProvisionedProductId": "<provisioned-product/hub>", "ProductId": "<product/vpc>", "ProvisioningArtifactId": "<product/vpc:v1>", "PathName": "Networking", "ProvisioningParameters": [{"Key": "Size", "Value": "by hand"}], "UpdateToken": "hand"}"#,
                &["parameter Size: by hand → one"],
                UPDATE,
            ),
            without: Without::Alone(("  parameters:\n    Size: one\n", "")),
            // What is not named keeps its value: a parameter is cleared by itself.
            empty: Git::Quiet(("  parameters:\n    Size: one\n", "  parameters: {}\n")),
        },
        Row {
            map: "ProvisionedProduct.spec",
            field: "tags",
            base: Small,
            git: Git::Calls(
                ("{env: prod}", "{env: new}"),
                &["tag env: prod → new"],
                UPDATE,
            ),
            hand: Hand::Back(
                "UpdateProvisionedProduct",
                r#"{"ProvisionedProductId": "<provisioned-product/hub>", "ProductId": "<product/vpc>", "ProvisioningArtifactId": "<product/vpc:v1>", "PathName": "Networking", "ProvisioningParameters": [{"Key": "Size", "UsePreviousValue": true}], "Tags": [{"Key": "env", "Value": "by hand"}], "UpdateToken": "hand"}"#,
                &["tag env: by hand → prod"],
                UPDATE,
            ),
            without: Without::Alone(("  tags: {env: prod}\n", "")),
            // Tags are taken away only beside other changes.
            empty: Git::Quiet(("  tags: {env: prod}\n", "  tags: {}\n")),
        },
        Row {
            map: "ProvisionedProduct.spec",
            field: "dependsOn",
            base: Small,
            git: Git::Finding(
                (
                    LAUNCH,
                    "  product: vpc\n  version: v1\n  dependsOn: [other]\n",
                ),
                Code::DanglingReference,
            ),
            hand: Hand::Not(Why::GitOnly),
            without: Without::Means(Git::Quiet((
                LAUNCH,
                "  product: vpc\n  version: v1\n  dependsOn: []\n",
            ))),
            empty: Git::Quiet((LAUNCH, "  product: vpc\n  version: v1\n  dependsOn: []\n")),
        },
        Row {
            map: "ProvisionedProduct.spec",
            field: "notificationArns",
            base: Small,
            // Given at the launch alone.
            git: Git::Blocked(
                (
                    LAUNCH,
                    "  product: vpc\n  version: v1\n  notificationArns: ['arn:aws:sns:us-east-1:123456789012:new']\n",
                ),
                BlockedCode::NotificationArns,
            ),
            hand: Hand::Not(Why::Immutable),
            without: Without::Means(Git::Quiet((LAUNCH, LAUNCH))),
            // It has none.
            empty: Git::Quiet((
                LAUNCH,
                "  product: vpc\n  version: v1\n  notificationArns: []\n",
            )),
        },
        Row {
            map: "ProvisionedProduct.spec",
            field: "import",
            base: Import,
            git: Git::Not(Why::Whole),
            hand: Hand::Not(Why::Immutable),
            without: Without::Means(Git::Quiet((STACK, ""))),
            empty: Git::Finding((STACK, "  import: {}\n"), Code::MissingField),
        },
        Row {
            map: "ProvisionedProduct.spec",
            field: "stackSet",
            base: Small,
            git: Git::Blocked(
                (
                    LAUNCH,
                    "  product: vpc\n  version: v1\n  stackSet: {accounts: ['123456789012']}\n",
                ),
                BlockedCode::StackSet,
            ),
            hand: Hand::Not(Why::Immutable),
            without: Without::Means(Git::Quiet((LAUNCH, LAUNCH))),
            empty: Git::Blocked(
                (LAUNCH, "  product: vpc\n  version: v1\n  stackSet: {}\n"),
                BlockedCode::StackSet,
            ),
        },
    ]
}

fn parameters() -> Vec<Row> {
    vec![
        Row {
            map: "ProvisionedProduct.spec.parameters[]",
            field: "ssm",
            base: Small,
            git: Git::Blocked(
                ("Size: one", "Size: {ssm: /not/there}"),
                BlockedCode::SsmParameter,
            ),
            hand: Hand::Not(Why::Whole),
            without: Without::Means(Git::Finding(("Size: one", "Size: {}"), Code::ExactlyOne)),
            empty: Git::Finding(("Size: one", "Size: {ssm: ''}"), Code::InvalidSsmName),
        },
        Row {
            map: "ProvisionedProduct.spec.parameters[]",
            field: "output",
            base: Small,
            git: Git::Not(Why::Whole),
            hand: Hand::Not(Why::Whole),
            without: Without::Means(Git::Finding(("Size: one", "Size: {}"), Code::ExactlyOne)),
            empty: Git::Finding(("Size: one", "Size: {output: {}}"), Code::MissingField),
        },
        Row {
            map: "ProvisionedProduct.spec.parameters[].output",
            field: "provisionedProduct",
            base: Small,
            git: Git::Finding(
                (
                    "Size: one",
                    "Size: {output: {provisionedProduct: other, key: Size}}",
                ),
                Code::DanglingReference,
            ),
            hand: Hand::Not(Why::GitOnly),
            without: Without::Means(Git::Finding(
                ("Size: one", "Size: {output: {key: Size}}"),
                Code::MissingField,
            )),
            empty: Git::Finding(
                (
                    "Size: one",
                    "Size: {output: {provisionedProduct: '', key: Size}}",
                ),
                Code::InvalidName,
            ),
        },
        Row {
            map: "ProvisionedProduct.spec.parameters[].output",
            field: "key",
            base: Small,
            git: Git::Not(Why::GitOnly),
            hand: Hand::Not(Why::GitOnly),
            without: Without::Means(Git::Finding(
                ("Size: one", "Size: {output: {provisionedProduct: hub}}"),
                Code::MissingField,
            )),
            empty: Git::Finding(
                (
                    "Size: one",
                    "Size: {output: {provisionedProduct: hub, key: ''}}",
                ),
                Code::UnknownOutput,
            ),
        },
    ]
}

const STACK: &str = "  import: {stackArn: \"arn:aws:cloudformation:us-east-1:123456789012:stack/legacy/0a1b2c3d-0a1b-4a1b-8a1b-0a1b2c3d4e5f\"}\n";

fn imports() -> Vec<Row> {
    vec![Row {
        map: "ProvisionedProduct.spec.import",
        field: "stackArn",
        base: Import,
        // Another stack than it has.
        git: Git::Blocked(
            ("stack/legacy/0a1b2c3d", "stack/legacy/1a1b2c3d"),
            BlockedCode::ImportStack,
        ),
        hand: Hand::Not(Why::Immutable),
        without: Without::Means(Git::Finding((STACK, "  import: {}\n"), Code::MissingField)),
        empty: Git::Finding((STACK, "  import: {stackArn: ''}\n"), Code::InvalidArn),
    }]
}

/// Where instances are is read back; how they are rolled out is not, and what was last applied tells of a change.
fn stack_sets() -> Vec<Row> {
    const UPDATE: Calls = &[("UpdateProvisionedProduct", 1)];
    const BOTH: &str = "    failureToleranceCount: 1\n    maxConcurrencyCount: 2\n";
    const ACCOUNTS: &str = "  stackSet:\n    accounts: ['123456789012']\n";
    const REGIONS: &str = "    regions: [us-east-1]\n    failure";
    let row = |field, git, hand, without, empty, code| Row {
        map: "ProvisionedProduct.spec.stackSet",
        field,
        base: StackSet,
        git,
        hand,
        without: Without::Alone(without),
        empty: Git::Finding(empty, code),
    };
    let sent = |field, edit, words, without, empty| {
        let git = Git::Sent(edit, words, UPDATE);
        let hand = Hand::Not(Why::NotReadable);
        row(field, git, hand, without, empty, Code::WrongType)
    };
    vec![
        row(
            "accounts",
            Git::Calls(
                (
                    ACCOUNTS,
                    "  stackSet:\n    accounts: ['123456789012', '210987654321']\n",
                ),
                &["stackSet.accounts", "123456789012, 210987654321"],
                UPDATE,
            ),
            Hand::Back(
                "UpdateProvisionedProduct",
                r#"{"ProvisionedProductId": "<provisioned-product/baseline>", "ProvisioningPreferences": {"StackSetOperationType": "CREATE", "StackSetAccounts": ["210987654321"], "StackSetRegions": ["us-east-1"]}}"#,
                &["stackSet.accounts", "123456789012, 210987654321"],
                UPDATE,
            ),
            (ACCOUNTS, "  stackSet:\n"),
            (ACCOUNTS, "  stackSet:\n    accounts: []\n"),
            Code::InvalidStackSet,
        ),
        row(
            "regions",
            Git::Calls(
                (REGIONS, "    regions: [us-east-1, eu-west-1]\n    failure"),
                &["stackSet.regions", "eu-west-1, us-east-1"],
                UPDATE,
            ),
            Hand::Back(
                "UpdateProvisionedProduct",
                r#"{"ProvisionedProductId": "<provisioned-product/baseline>", "ProvisioningPreferences": {"StackSetOperationType": "CREATE", "StackSetAccounts": ["123456789012"], "StackSetRegions": ["eu-west-1"]}}"#,
                &["stackSet.regions", "eu-west-1, us-east-1"],
                UPDATE,
            ),
            (REGIONS, "    failure"),
            (REGIONS, "    regions: []\n    failure"),
            Code::InvalidStackSet,
        ),
        sent(
            "failureToleranceCount",
            ("failureToleranceCount: 1", "failureToleranceCount: 3"),
            &["stackSet.failureToleranceCount"],
            (BOTH, ""),
            ("failureToleranceCount: 1", "failureToleranceCount: ''"),
        ),
        sent(
            "failureTolerancePercentage",
            (BOTH, "    failureTolerancePercentage: 30\n"),
            &["stackSet.failureTolerancePercentage", "30"],
            (BOTH, ""),
            ("failureToleranceCount: 1", "failureTolerancePercentage: ''"),
        ),
        sent(
            "maxConcurrencyCount",
            ("maxConcurrencyCount: 2", "maxConcurrencyCount: 1"),
            &["stackSet.maxConcurrencyCount"],
            ("    maxConcurrencyCount: 2\n", ""),
            ("maxConcurrencyCount: 2", "maxConcurrencyCount: ''"),
        ),
        sent(
            "maxConcurrencyPercentage",
            ("maxConcurrencyCount: 2", "maxConcurrencyPercentage: 50"),
            &["stackSet.maxConcurrencyPercentage", "50"],
            ("    maxConcurrencyCount: 2\n", ""),
            ("maxConcurrencyCount: 2", "maxConcurrencyPercentage: ''"),
        ),
    ]
}
