//! Rows of portfolios, of one's own and of others.

use catalogd::manifest::Code;
use catalogd::plan::BlockedCode;

use super::bases::Base::{Imported, Shares, Small, Whole};
use super::{Calls, Git, Hand, Row, Why, Without};

const UPDATE: Calls = &[("UpdatePortfolio", 1)];
const ENTER: Calls = &[("AssociatePrincipalWithPortfolio", 1)];
const LEAVE: Calls = &[("DisassociatePrincipalFromPortfolio", 1)];
const SHARE: Calls = &[("UpdatePortfolioShare", 1)];

pub(super) fn rows() -> Vec<Row> {
    let mut rows = own();
    rows.extend(principals());
    rows.extend(shares());
    rows.extend(imported());
    rows
}

fn own() -> Vec<Row> {
    vec![
        Row {
            map: "Portfolio.spec",
            field: "displayName",
            base: Small,
            git: Git::Calls(
                ("displayName: Networking", "displayName: New"),
                &["displayName: Networking → New"],
                UPDATE,
            ),
            hand: Hand::Back(
                "UpdatePortfolio",
                r#"{"Id": "<portfolio/net>", "DisplayName": "by hand"}"#,
                &["displayName: by hand → Networking"],
                UPDATE,
            ),
            // The default is `metadata.name`.
            without: Without::Means(Git::Calls(
                ("  displayName: Networking\n", ""),
                &["displayName: Networking → net"],
                UPDATE,
            )),
            empty: Git::Finding(
                ("displayName: Networking", "displayName: ''"),
                Code::EmptyValue,
            ),
        },
        Row {
            map: "Portfolio.spec",
            field: "description",
            base: Small,
            git: Git::Calls(
                ("description: VPCs and DNS", "description: New"),
                &["description: VPCs and DNS → New"],
                UPDATE,
            ),
            hand: Hand::Back(
                "UpdatePortfolio",
                r#"{"Id": "<portfolio/net>", "Description": "by hand"}"#,
                &["description: by hand → VPCs and DNS"],
                UPDATE,
            ),
            without: Without::Alone(("  description: VPCs and DNS\n", "")),
            empty: Git::Calls(
                ("description: VPCs and DNS", "description: ''"),
                &["- description: VPCs and DNS"],
                UPDATE,
            ),
        },
        Row {
            map: "Portfolio.spec",
            field: "providerName",
            base: Small,
            git: Git::Calls(
                ("providerName: Lone", "providerName: New"),
                &["providerName: Lone → New"],
                UPDATE,
            ),
            hand: Hand::Back(
                "UpdatePortfolio",
                r#"{"Id": "<portfolio/lone>", "ProviderName": "by hand"}"#,
                &["providerName: by hand → Lone"],
                UPDATE,
            ),
            without: Without::Means(Git::Finding(
                ("  providerName: Lone\n", "  description: Lone\n"),
                Code::MissingField,
            )),
            empty: Git::Finding(("providerName: Lone", "providerName: ''"), Code::EmptyValue),
        },
        Row {
            map: "Portfolio.spec",
            field: "tags",
            base: Small,
            git: Git::Calls(
                ("{cost: \"1234\"}", "{cost: new}"),
                &["tag cost: 1234 → new"],
                UPDATE,
            ),
            hand: Hand::Back(
                "UpdatePortfolio",
                r#"{"Id": "<portfolio/net>", "AddTags": [{"Key": "cost", "Value": "by hand"}, {"Key": "stray", "Value": "1"}]}"#,
                &["tag cost: by hand → 1234", "- tag stray: 1"],
                UPDATE,
            ),
            without: Without::Alone(("  tags: {cost: \"1234\"}\n", "")),
            empty: Git::Calls(("{cost: \"1234\"}", "{}"), &["- tag cost: 1234"], UPDATE),
        },
        Row {
            map: "Portfolio.spec",
            field: "principals",
            base: Small,
            git: Git::Calls(
                (
                    "    - self: true\n",
                    "    - self: true\n    - arn: arn:aws:iam::123456789012:role/New\n",
                ),
                &["+ principal arn:aws:iam::123456789012:role/New"],
                ENTER,
            ),
            hand: Hand::Back(
                "AssociatePrincipalWithPortfolio",
                r#"{"PortfolioId": "<portfolio/net>", "PrincipalARN": "arn:aws:iam::123456789012:role/Hand", "PrincipalType": "IAM"}"#,
                &["- principal arn:aws:iam::123456789012:role/Hand"],
                LEAVE,
            ),
            without: Without::Alone((
                "  principals:\n    - arn: arn:aws:iam::123456789012:role/Dev\n    - self: true\n",
                "",
            )),
            // From everybody but catalogd itself.
            empty: Git::Calls(
                (
                    "  principals:\n    - arn: arn:aws:iam::123456789012:role/Dev\n    - self: true\n",
                    "  principals: []\n",
                ),
                &[
                    "- principal arn:aws:iam::123456789012:role/Dev",
                    "own-principal",
                ],
                LEAVE,
            ),
        },
        Row {
            map: "Portfolio.spec",
            field: "tagOptions",
            base: Whole,
            git: Git::Calls(
                (
                    "tagOptions: [stage-prod]",
                    "tagOptions: [stage-prod, stage-dev]",
                ),
                &["+ tagOptions: stage=dev"],
                &[("AssociateTagOptionWithResource", 1)],
            ),
            hand: Hand::Back(
                "AssociateTagOptionWithResource",
                r#"{"ResourceId": "<portfolio/more>", "TagOptionId": "<tag-option/stage-dev>"}"#,
                &["- tagOptions: stage=dev"],
                &[("DisassociateTagOptionFromResource", 1)],
            ),
            without: Without::Alone(("  tagOptions: [stage-prod]\n", "")),
            empty: Git::Calls(
                ("tagOptions: [stage-prod]", "tagOptions: []"),
                &["- tagOptions: stage=prod"],
                &[("DisassociateTagOptionFromResource", 1)],
            ),
        },
        Row {
            map: "Portfolio.spec",
            field: "budgets",
            base: Whole,
            git: Git::Calls(
                ("budgets: [monthly]", "budgets: [monthly, weekly]"),
                &["+ budgets: weekly"],
                &[("AssociateBudgetWithResource", 1)],
            ),
            hand: Hand::Back(
                "AssociateBudgetWithResource",
                r#"{"ResourceId": "<portfolio/more>", "BudgetName": "theirs"}"#,
                &["- budgets: theirs"],
                &[("DisassociateBudgetFromResource", 1)],
            ),
            without: Without::Alone(("  budgets: [monthly]\n", "")),
            empty: Git::Calls(
                ("budgets: [monthly]", "budgets: []"),
                &["- budgets: monthly"],
                &[("DisassociateBudgetFromResource", 1)],
            ),
        },
        Row {
            map: "Portfolio.spec",
            field: "shares",
            base: Small,
            git: Git::Calls(
                (
                    "  providerName: Lone\n",
                    "  providerName: Lone\n  shares: [{account: '410987654321'}]\n",
                ),
                &["+ shares[account 410987654321]"],
                &[("CreatePortfolioShare", 1)],
            ),
            // Where git lists shares it is the rows of `shares[]`; here nothing is listed and nobody's is touched.
            hand: Hand::Not(Why::Whole),
            without: Without::Alone(("  providerName: Lone\n", "  providerName: Lone\n")),
            empty: Git::Quiet((
                "  providerName: Lone\n",
                "  providerName: Lone\n  shares: []\n",
            )),
        },
        Row {
            map: "Portfolio.spec",
            field: "sharedProducts",
            base: Imported,
            git: Git::Calls(
                (
                    "  sharedProducts:\n    - {product: prod-thesourceaa2a, from: hub}\n",
                    "  sharedProducts: []\n",
                ),
                &["prod-thesourceaa2a"],
                &[("DisassociateProductFromPortfolio", 1)],
            ),
            hand: Hand::Back(
                "DisassociateProductFromPortfolio",
                r#"{"ProductId": "prod-thesourceaa2a", "PortfolioId": "<portfolio/net>"}"#,
                &["prod-thesourceaa2a"],
                &[("AssociateProductWithPortfolio", 1)],
            ),
            without: Without::Alone((
                "  sharedProducts:\n    - {product: prod-thesourceaa2a, from: hub}\n",
                "",
            )),
            empty: Git::Calls(
                (
                    "  sharedProducts:\n    - {product: prod-thesourceaa2a, from: hub}\n",
                    "  sharedProducts: []\n",
                ),
                &["prod-thesourceaa2a"],
                &[("DisassociateProductFromPortfolio", 1)],
            ),
        },
        Row {
            map: "Portfolio.spec",
            field: "imported",
            base: Small,
            // One of another account can't be the one that was made.
            git: Git::Finding(
                ("  providerName: Lone\n", "  imported: true\n"),
                Code::ImportedPortfolio,
            ),
            hand: Hand::Not(Why::Immutable),
            without: Without::Means(Git::Quiet((
                "  providerName: Lone\n",
                "  providerName: Lone\n  imported: false\n",
            ))),
            empty: Git::Finding(
                (
                    "  providerName: Lone\n",
                    "  providerName: Lone\n  imported: ''\n",
                ),
                Code::WrongType,
            ),
        },
        Row {
            map: "Portfolio.spec.sharedProducts[]",
            field: "product",
            base: Imported,
            git: Git::Blocked(
                (
                    "- {product: prod-thesourceaa2a, from: hub}",
                    "- {product: prod-thesourceaa2a, from: hub}
    - {product: prod-anotheroneaa2, from: hub}",
                ),
                BlockedCode::Dependency,
            ),
            hand: Hand::Not(Why::Whole),
            without: Without::Means(Git::Finding(
                ("{product: prod-thesourceaa2a, from: hub}", "{from: hub}"),
                Code::MissingField,
            )),
            empty: Git::Finding(
                (
                    "{product: prod-thesourceaa2a, from: hub}",
                    "{product: '', from: hub}",
                ),
                Code::ImportedPortfolio,
            ),
        },
        Row {
            map: "Portfolio.spec.sharedProducts[]",
            field: "from",
            base: Imported,
            git: Git::Finding(
                (
                    "{product: prod-thesourceaa2a, from: hub}",
                    "{product: prod-thesourceaa2a, from: net}",
                ),
                Code::ImportedPortfolio,
            ),
            hand: Hand::Not(Why::GitOnly),
            without: Without::Means(Git::Finding(
                (
                    "{product: prod-thesourceaa2a, from: hub}",
                    "{product: prod-thesourceaa2a}",
                ),
                Code::MissingField,
            )),
            empty: Git::Finding(
                (
                    "{product: prod-thesourceaa2a, from: hub}",
                    "{product: prod-thesourceaa2a, from: ''}",
                ),
                Code::InvalidName,
            ),
        },
    ]
}

fn principals() -> Vec<Row> {
    const BOTH: Calls = &[
        ("AssociatePrincipalWithPortfolio", 1),
        ("DisassociatePrincipalFromPortfolio", 1),
    ];
    vec![
        Row {
            map: "Portfolio.spec.principals[]",
            field: "arn",
            base: Small,
            git: Git::Calls(
                ("role/Dev", "role/New"),
                &[
                    "+ principal arn:aws:iam::123456789012:role/New",
                    "- principal arn:aws:iam::123456789012:role/Dev",
                ],
                BOTH,
            ),
            hand: Hand::Back(
                "DisassociatePrincipalFromPortfolio",
                r#"{"PortfolioId": "<portfolio/net>", "PrincipalARN": "arn:aws:iam::123456789012:role/Dev"}"#,
                &["+ principal arn:aws:iam::123456789012:role/Dev"],
                ENTER,
            ),
            without: Without::Means(Git::Finding(
                ("- arn: arn:aws:iam::123456789012:role/Dev", "- {}"),
                Code::ExactlyOne,
            )),
            empty: Git::Finding(
                ("arn: arn:aws:iam::123456789012:role/Dev", "arn: ''"),
                Code::InvalidArn,
            ),
        },
        Row {
            map: "Portfolio.spec.principals[]",
            field: "pattern",
            base: Whole,
            git: Git::Calls(
                ("role/Ops*", "role/New*"),
                &[
                    "+ principal arn:aws:iam:::role/New*",
                    "- principal arn:aws:iam:::role/Ops*",
                ],
                BOTH,
            ),
            hand: Hand::Back(
                "DisassociatePrincipalFromPortfolio",
                r#"{"PortfolioId": "<portfolio/more>", "PrincipalARN": "arn:aws:iam:::role/Ops*", "PrincipalType": "IAM_PATTERN"}"#,
                &["+ principal arn:aws:iam:::role/Ops*"],
                ENTER,
            ),
            without: Without::Means(Git::Finding(
                ("- pattern: arn:aws:iam:::role/Ops*", "- {}"),
                Code::ExactlyOne,
            )),
            empty: Git::Finding(
                ("pattern: arn:aws:iam:::role/Ops*", "pattern: ''"),
                Code::InvalidArn,
            ),
        },
        Row {
            map: "Portfolio.spec.principals[]",
            field: "self",
            base: Small,
            // It is taken from nobody who asks for it: catalogd would lock itself out.
            git: Git::Blocked(("    - self: true\n", ""), BlockedCode::OwnPrincipal),
            hand: Hand::Back(
                "DisassociatePrincipalFromPortfolio",
                r#"{"PortfolioId": "<portfolio/net>", "PrincipalARN": "arn:aws:iam::123456789012:role/catalogd"}"#,
                &["+ principal arn:aws:iam::123456789012:role/catalogd"],
                ENTER,
            ),
            without: Without::Means(Git::Blocked(
                ("    - self: true\n", ""),
                BlockedCode::OwnPrincipal,
            )),
            empty: Git::Finding(("self: true", "self: ''"), Code::WrongType),
        },
    ]
}

fn shares() -> Vec<Row> {
    const BOTH: Calls = &[("CreatePortfolioShare", 1), ("DeletePortfolioShare", 1)];
    vec![
        Row {
            map: "Portfolio.spec.shares[]",
            field: "account",
            base: Shares,
            git: Git::Calls(
                ("410987654321", "510987654321"),
                &[
                    "+ shares[account 510987654321]",
                    "- shares[account 410987654321]",
                ],
                BOTH,
            ),
            hand: Hand::Back(
                "DeletePortfolioShare",
                r#"{"PortfolioId": "<portfolio/net>", "AccountId": "410987654321"}"#,
                &["+ shares[account 410987654321]"],
                &[("CreatePortfolioShare", 1)],
            ),
            without: Without::Means(Git::Finding(
                ("- account: \"410987654321\"", "- {}"),
                Code::ExactlyOne,
            )),
            empty: Git::Finding(
                ("account: \"410987654321\"", "account: ''"),
                Code::InvalidShare,
            ),
        },
        Row {
            map: "Portfolio.spec.shares[]",
            field: "organization",
            base: Shares,
            git: Git::Calls(
                (
                    "    - organization: <organization>\n      sharePrincipals: true\n",
                    "",
                ),
                &["- shares[organization "],
                &[("DeletePortfolioShare", 1)],
            ),
            hand: Hand::Back(
                "DeletePortfolioShare",
                r#"{"PortfolioId": "<portfolio/net>", "OrganizationNode": {"Type": "ORGANIZATION", "Value": "<organization>"}}"#,
                &["+ shares[organization "],
                &[("CreatePortfolioShare", 1)],
            ),
            without: Without::Means(Git::Finding(
                (
                    "- organization: <organization>\n      sharePrincipals: true\n",
                    "- sharePrincipals: true\n",
                ),
                Code::ExactlyOne,
            )),
            empty: Git::Finding(
                ("- organization: <organization>", "- organization: ''"),
                Code::InvalidShare,
            ),
        },
        Row {
            map: "Portfolio.spec.shares[]",
            field: "organizationalUnit",
            base: Shares,
            git: Git::Calls(
                (
                    "    - organizationalUnit: <unit>\n      shareTagOptions: true\n",
                    "",
                ),
                &["- shares[unit "],
                &[("DeletePortfolioShare", 1)],
            ),
            hand: Hand::Back(
                "DeletePortfolioShare",
                r#"{"PortfolioId": "<portfolio/net>", "OrganizationNode": {"Type": "ORGANIZATIONAL_UNIT", "Value": "<unit>"}}"#,
                &["+ shares[unit "],
                &[("CreatePortfolioShare", 1)],
            ),
            without: Without::Means(Git::Finding(
                (
                    "- organizationalUnit: <unit>\n      shareTagOptions: true\n",
                    "- shareTagOptions: true\n",
                ),
                Code::ExactlyOne,
            )),
            empty: Git::Finding(
                ("- organizationalUnit: <unit>", "- organizationalUnit: ''"),
                Code::InvalidShare,
            ),
        },
        Row {
            map: "Portfolio.spec.shares[]",
            field: "shareTagOptions",
            base: Shares,
            git: Git::Calls(
                ("shareTagOptions: true", "shareTagOptions: false"),
                &["shareTagOptions: true → false"],
                SHARE,
            ),
            hand: Hand::Back(
                "UpdatePortfolioShare",
                r#"{"PortfolioId": "<portfolio/net>", "OrganizationNode": {"Type": "ORGANIZATIONAL_UNIT", "Value": "<unit>"}, "ShareTagOptions": false}"#,
                &["shareTagOptions: false → true"],
                SHARE,
            ),
            without: Without::Alone(("      shareTagOptions: true\n", "")),
            empty: Git::Finding(
                ("shareTagOptions: true", "shareTagOptions: ''"),
                Code::WrongType,
            ),
        },
        Row {
            map: "Portfolio.spec.shares[]",
            field: "sharePrincipals",
            base: Shares,
            git: Git::Calls(
                ("sharePrincipals: true", "sharePrincipals: false"),
                &["sharePrincipals: true → false"],
                SHARE,
            ),
            hand: Hand::Back(
                "UpdatePortfolioShare",
                r#"{"PortfolioId": "<portfolio/net>", "OrganizationNode": {"Type": "ORGANIZATION", "Value": "<organization>"}, "SharePrincipals": false}"#,
                &["sharePrincipals: false → true"],
                SHARE,
            ),
            without: Without::Alone(("      sharePrincipals: true\n", "")),
            empty: Git::Finding(
                ("sharePrincipals: true", "sharePrincipals: ''"),
                Code::WrongType,
            ),
        },
    ]
}

fn imported() -> Vec<Row> {
    const HUB: &str = "  imported: true\n  principals:\n    - arn: arn:aws:iam::123456789012:role/Dev\n    - self: true\n";
    vec![
        Row {
            map: "Portfolio.spec, imported",
            field: "imported",
            base: Imported,
            git: Git::Finding((HUB, "  imported: false\n"), Code::MissingField),
            // Who rejects what git accepts has it accepted again, with what went with it.
            hand: Hand::Back(
                "RejectPortfolioShare",
                r#"{"PortfolioId": "port-thesourceaa2a"}"#,
                &["portfolio/hub"],
                &[
                    ("AcceptPortfolioShare", 1),
                    ("AssociatePrincipalWithPortfolio", 2),
                    ("AssociateProductWithPortfolio", 1),
                ],
            ),
            without: Without::Means(Git::Finding(
                (HUB, "  principals: []\n"),
                Code::MissingField,
            )),
            empty: Git::Finding(("  imported: true\n", "  imported: ''\n"), Code::WrongType),
        },
        Row {
            map: "Portfolio.spec, imported",
            field: "principals",
            base: Imported,
            git: Git::Calls(
                ("role/Dev", "role/New"),
                &[
                    "+ principal arn:aws:iam::123456789012:role/New",
                    "- principal arn:aws:iam::123456789012:role/Dev",
                ],
                &[
                    ("AssociatePrincipalWithPortfolio", 1),
                    ("DisassociatePrincipalFromPortfolio", 1),
                ],
            ),
            hand: Hand::Back(
                "AssociatePrincipalWithPortfolio",
                r#"{"PortfolioId": "port-thesourceaa2a", "PrincipalARN": "arn:aws:iam::123456789012:role/Hand", "PrincipalType": "IAM"}"#,
                &["- principal arn:aws:iam::123456789012:role/Hand"],
                LEAVE,
            ),
            without: Without::Alone((HUB, "  imported: true\n")),
            empty: Git::Calls(
                (HUB, "  imported: true\n  principals: []\n"),
                &["- principal arn:aws:iam::123456789012:role/Dev"],
                LEAVE,
            ),
        },
    ]
}
