//! Rows of what every document has, and of `Defaults`.

use catalogd::manifest::Code;

use super::bases::Base::{Defaults, Small};
use super::{Git, Hand, Row, Why, Without};

const LONE: &str =
    "apiVersion: catalogd.dev/v1\nkind: Portfolio\nmetadata: {name: lone, onRemove: delete}\n";
const SPARE: &str = "kind: Portfolio\nmetadata: {name: spare}\nspec:\n  providerName: Platform\n";
const LONE_SPEC: &str = "spec:\n  providerName: Lone\n";
const LONE_METADATA: &str = "metadata: {name: lone, onRemove: delete}\n";

pub(super) fn rows() -> Vec<Row> {
    let mut rows = vec![
        Row {
            map: "document",
            field: "apiVersion",
            base: Small,
            git: Git::Finding(
                (
                    LONE,
                    "apiVersion: catalogd.dev/v2\nkind: Portfolio\nmetadata: {name: lone}\n",
                ),
                Code::ApiVersion,
            ),
            hand: Hand::Not(Why::GitOnly),
            without: Without::Means(Git::Finding(
                (LONE, "kind: Portfolio\nmetadata: {name: lone}\n"),
                Code::MissingField,
            )),
            empty: Git::Finding(
                (
                    LONE,
                    "apiVersion: ''\nkind: Portfolio\nmetadata: {name: lone}\n",
                ),
                Code::ApiVersion,
            ),
        },
        Row {
            map: "document",
            field: "kind",
            base: Small,
            git: Git::Finding(
                (
                    SPARE,
                    "kind: Folder\nmetadata: {name: spare}\nspec:\n  providerName: Platform\n",
                ),
                Code::UnknownKind,
            ),
            hand: Hand::Not(Why::Immutable),
            without: Without::Means(Git::Finding(
                (
                    SPARE,
                    "metadata: {name: spare}\nspec:\n  providerName: Platform\n",
                ),
                Code::MissingField,
            )),
            empty: Git::Finding(
                (
                    SPARE,
                    "kind: ''\nmetadata: {name: spare}\nspec:\n  providerName: Platform\n",
                ),
                Code::UnknownKind,
            ),
        },
        Row {
            map: "document",
            field: "metadata",
            base: Small,
            git: Git::Not(Why::Whole),
            hand: Hand::Not(Why::Whole),
            without: Without::Means(Git::Finding((LONE_METADATA, ""), Code::MissingField)),
            empty: Git::Finding((LONE_METADATA, "metadata: {}\n"), Code::MissingField),
        },
        Row {
            map: "document",
            field: "spec",
            base: Small,
            git: Git::Not(Why::Whole),
            hand: Hand::Not(Why::Whole),
            without: Without::Means(Git::Finding((LONE_SPEC, ""), Code::MissingField)),
            empty: Git::Finding((LONE_SPEC, "spec: {}\n"), Code::MissingField),
        },
        Row {
            map: "metadata",
            field: "name",
            base: Small,
            // Another object, and the one before goes as its tag says.
            git: Git::Calls(
                ("{name: lone, onRemove", "{name: other, onRemove"),
                &["+ portfolio/other", "- portfolio/lone"],
                &[("CreatePortfolio", 1), ("DeletePortfolio", 1)],
            ),
            hand: Hand::Not(Why::Identity),
            without: Without::Means(Git::Finding(
                ("{name: lone, onRemove: delete}", "{onRemove: delete}"),
                Code::MissingField,
            )),
            empty: Git::Finding(
                ("{name: lone, onRemove", "{name: '', onRemove"),
                Code::InvalidName,
            ),
        },
        Row {
            map: "metadata",
            field: "onRemove",
            base: Small,
            git: Git::Calls(
                ("lone, onRemove: delete}", "lone, onRemove: retain}"),
                &["onRemove: delete → retain"],
                &[("UpdatePortfolio", 1)],
            ),
            hand: Hand::Back(
                "UpdatePortfolio",
                r#"{"Id": "<portfolio/lone>", "AddTags": [{"Key": "catalogd:portfolio", "Value": "team/123456789012/us-east-1/lone"}]}"#,
                &["onRemove: retain → delete"],
                &[("UpdatePortfolio", 1)],
            ),
            // It means `retain`: what nobody asks to be removed stays.
            without: Without::Means(Git::Calls(
                ("lone, onRemove: delete}", "lone}"),
                &["onRemove: delete → retain"],
                &[("UpdatePortfolio", 1)],
            )),
            empty: Git::Finding(
                ("lone, onRemove: delete}", "lone, onRemove: ''}"),
                Code::UnknownValue,
            ),
        },
        Row {
            map: "metadata",
            field: "ignore",
            base: Small,
            git: Git::Quiet((
                "lone, onRemove: delete}",
                "lone, onRemove: delete, ignore: [{code: no-portfolio, reason: none}]}",
            )),
            hand: Hand::Not(Why::GitOnly),
            without: Without::Means(Git::Quiet((
                "lone, onRemove: delete}",
                "lone, onRemove: delete, ignore: []}",
            ))),
            empty: Git::Quiet((
                "lone, onRemove: delete}",
                "lone, onRemove: delete, ignore: []}",
            )),
        },
        Row {
            map: "metadata.ignore[]",
            field: "code",
            base: Small,
            git: Git::Quiet((
                "lone, onRemove: delete}",
                "lone, onRemove: delete, ignore: [{code: suspect-rule, reason: none}]}",
            )),
            hand: Hand::Not(Why::GitOnly),
            without: Without::Means(Git::Finding(
                (
                    "lone, onRemove: delete}",
                    "lone, onRemove: delete, ignore: [{reason: none}]}",
                ),
                Code::MissingField,
            )),
            empty: Git::Finding(
                (
                    "lone, onRemove: delete}",
                    "lone, onRemove: delete, ignore: [{code: '', reason: none}]}",
                ),
                Code::UnknownValue,
            ),
        },
        Row {
            map: "metadata.ignore[]",
            field: "reason",
            base: Small,
            git: Git::Quiet((
                "lone, onRemove: delete}",
                "lone, onRemove: delete, ignore: [{code: suspect-rule, reason: none}]}",
            )),
            hand: Hand::Not(Why::GitOnly),
            without: Without::Means(Git::Finding(
                (
                    "lone, onRemove: delete}",
                    "lone, onRemove: delete, ignore: [{code: suspect-rule}]}",
                ),
                Code::MissingField,
            )),
            empty: Git::Finding(
                (
                    "lone, onRemove: delete}",
                    "lone, onRemove: delete, ignore: [{code: suspect-rule, reason: ' '}]}",
                ),
                Code::EmptyValue,
            ),
        },
        Row {
            map: "metadata",
            field: "adopt",
            base: Small,
            // What is ours is not taken over again.
            git: Git::Quiet((
                "lone, onRemove: delete}",
                "lone, onRemove: delete, adopt: byName}",
            )),
            hand: Hand::Not(Why::GitOnly),
            without: Without::Means(Git::Quiet((
                "lone, onRemove: delete}",
                "lone, onRemove: delete, adopt: never}",
            ))),
            empty: Git::Finding(
                (
                    "lone, onRemove: delete}",
                    "lone, onRemove: delete, adopt: ''}",
                ),
                Code::UnknownValue,
            ),
        },
        Row {
            map: "metadata.adopt",
            field: "id",
            base: Small,
            git: Git::Quiet((
                "lone, onRemove: delete}",
                "lone, onRemove: delete, adopt: {id: port-aaaaaaaaaaaaa}}",
            )),
            hand: Hand::Not(Why::Identity),
            without: Without::Means(Git::Finding(
                (
                    "lone, onRemove: delete}",
                    "lone, onRemove: delete, adopt: {}}",
                ),
                Code::MissingField,
            )),
            empty: Git::Finding(
                (
                    "lone, onRemove: delete}",
                    "lone, onRemove: delete, adopt: {id: ''}}",
                ),
                Code::EmptyValue,
            ),
        },
    ];
    rows.extend(defaults());
    rows
}

const HEAD: &str = "apiVersion: catalogd.dev/v1\nkind: Defaults\n";
const SPEC: &str = "spec:\n  owner: Everybody\n  distributor: Platform Team\n  support: {email: all@example.com}\n  tags: {team: all}\n  portfolios: [{portfolio: net}]\n";

fn defaults() -> Vec<Row> {
    vec![
        Row {
            map: "Defaults",
            field: "apiVersion",
            base: Defaults,
            git: Git::Finding(
                (HEAD, "apiVersion: catalogd.dev/v2\nkind: Defaults\n"),
                Code::ApiVersion,
            ),
            hand: Hand::Not(Why::GitOnly),
            without: Without::Means(Git::Finding((HEAD, "kind: Defaults\n"), Code::MissingField)),
            empty: Git::Finding((HEAD, "apiVersion: ''\nkind: Defaults\n"), Code::ApiVersion),
        },
        Row {
            map: "Defaults",
            field: "kind",
            base: Defaults,
            git: Git::Finding(
                (HEAD, "apiVersion: catalogd.dev/v1\nkind: Default\n"),
                Code::UnknownKind,
            ),
            hand: Hand::Not(Why::GitOnly),
            without: Without::Means(Git::Finding(
                (HEAD, "apiVersion: catalogd.dev/v1\n"),
                Code::MissingField,
            )),
            empty: Git::Finding(
                (HEAD, "apiVersion: catalogd.dev/v1\nkind: ''\n"),
                Code::UnknownKind,
            ),
        },
        Row {
            map: "Defaults",
            field: "spec",
            base: Defaults,
            git: Git::Not(Why::Whole),
            hand: Hand::Not(Why::Whole),
            without: Without::Means(Git::Finding((SPEC, ""), Code::MissingField)),
            // Its products lack an owner then.
            empty: Git::Finding((SPEC, "spec: {}\n"), Code::MissingField),
        },
        Row {
            map: "Defaults.spec",
            field: "owner",
            base: Defaults,
            git: Git::Calls(
                ("owner: Everybody", "owner: New"),
                &["owner: Everybody → New"],
                &[("UpdateProduct", 1)],
            ),
            hand: Hand::Back(
                "UpdateProduct",
                r#"{"Id": "<product/vpc>", "Owner": "by hand"}"#,
                &["owner: by hand → Everybody"],
                &[("UpdateProduct", 1)],
            ),
            without: Without::Means(Git::Finding(
                ("  owner: Everybody\n", ""),
                Code::MissingField,
            )),
            empty: Git::Finding(("owner: Everybody", "owner: ''"), Code::EmptyValue),
        },
        Row {
            map: "Defaults.spec",
            field: "distributor",
            base: Defaults,
            git: Git::Calls(
                ("distributor: Platform Team", "distributor: New"),
                &["distributor: Platform Team → New"],
                &[("UpdateProduct", 1)],
            ),
            hand: Hand::Back(
                "UpdateProduct",
                r#"{"Id": "<product/vpc>", "Distributor": "by hand"}"#,
                &["distributor: by hand → Platform Team"],
                &[("UpdateProduct", 1)],
            ),
            without: Without::Alone(("  distributor: Platform Team\n", "")),
            empty: Git::Calls(
                ("distributor: Platform Team", "distributor: ''"),
                &["- distributor: Platform Team"],
                &[("UpdateProduct", 1)],
            ),
        },
        Row {
            map: "Defaults.spec",
            field: "support",
            base: Defaults,
            git: Git::Calls(
                ("all@example.com", "new@example.com"),
                &["support.email: all@example.com → new@example.com"],
                &[("UpdateProduct", 1)],
            ),
            hand: Hand::Back(
                "UpdateProduct",
                r#"{"Id": "<product/vpc>", "SupportEmail": "hand@example.com"}"#,
                &["support.email: hand@example.com → all@example.com"],
                &[("UpdateProduct", 1)],
            ),
            without: Without::Alone(("  support: {email: all@example.com}\n", "")),
            // A map of fields: each is cleared by itself.
            empty: Git::Quiet(("{email: all@example.com}", "{}")),
        },
        Row {
            map: "Defaults.spec",
            field: "tags",
            base: Defaults,
            git: Git::Calls(
                ("{team: all}", "{team: new}"),
                &["tag team: all → new"],
                &[("UpdateProduct", 1)],
            ),
            hand: Hand::Back(
                "UpdateProduct",
                r#"{"Id": "<product/vpc>", "AddTags": [{"Key": "team", "Value": "by hand"}]}"#,
                &["tag team: by hand → all"],
                &[("UpdateProduct", 1)],
            ),
            without: Without::Alone(("  tags: {team: all}\n", "")),
            empty: Git::Calls(
                ("{team: all}", "{}"),
                &["- tag team: all"],
                &[("UpdateProduct", 1)],
            ),
        },
        Row {
            map: "Defaults.spec",
            field: "portfolios",
            base: Defaults,
            git: Git::Calls(
                (
                    "[{portfolio: net}]",
                    "[{portfolio: net, constraints: {tagUpdates: allowed}}]",
                ),
                &["tagUpdates"],
                &[("CreateConstraint", 1)],
            ),
            hand: Hand::Back(
                "DisassociateProductFromPortfolio",
                r#"{"ProductId": "<product/vpc>", "PortfolioId": "<portfolio/net>"}"#,
                &["+ portfolio net"],
                &[("AssociateProductWithPortfolio", 1)],
            ),
            without: Without::Alone(("  portfolios: [{portfolio: net}]\n", "")),
            empty: Git::Calls(
                ("  portfolios: [{portfolio: net}]\n", "  portfolios: []\n"),
                &["- portfolio net"],
                &[("DisassociateProductFromPortfolio", 1)],
            ),
        },
    ]
}
