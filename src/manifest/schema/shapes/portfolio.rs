//! What a portfolio says: one of ours, and another account's.

use super::super::shape::{
    ACCOUNT, Field, Form, List, ONE_OF_THEM, Rule, Shape, Type, UNMANAGED, Without, filled, formed,
    list, nonempty, text,
};
use crate::model::limits;

/// Whom a portfolio is shared with.
pub(in super::super) const RECIPIENTS: &[&str] = &["account", "organization", "organizationalUnit"];
/// Who may launch.
pub(in super::super) const PRINCIPALS: &[&str] = &["arn", "pattern", "self"];

/// Who may launch from it.
const PRINCIPALS_FIELD: Field = Field {
    name: "principals",
    of: Type::List(list(&Type::Map(&PRINCIPAL))),
    without: UNMANAGED,
    about: "who may launch from it, 100 by default, of them 10 patterns; `[]` takes it from everybody but catalogd itself",
    example: "",
};

/// The TagOptions of a portfolio or product.
pub(in super::super) const TAG_OPTIONS: Field = Field {
    name: "tagOptions",
    of: Type::List(List {
        most: Some(limits::TAG_OPTIONS),
        ..list(&Type::Name)
    }),
    without: UNMANAGED,
    about: "the [TagOptions](#tagoption) it offers, by `metadata.name`",
    example: "[env-prod]",
};

/// The budgets of a portfolio or product.
pub(in super::super) const BUDGETS: Field = Field {
    name: "budgets",
    of: Type::List(list(&nonempty(limits::BUDGET_NAME))),
    without: UNMANAGED,
    about: "budgets of AWS Budgets that are shown with it, by name. catalogd makes none: one that is not there is the service's refusal",
    example: "[platform-monthly]",
};

pub(in super::super) const SPEC: Shape = Shape {
    what: "the portfolio's spec",
    about: "",
    fields: &[
        Field {
            name: "displayName",
            of: filled(limits::PORTFOLIO_NAME),
            without: Without::Means("`metadata.name`"),
            about: "the name people see; need not be unique",
            example: "Networking",
        },
        Field {
            name: "description",
            of: text(limits::PORTFOLIO_DESCRIPTION),
            without: UNMANAGED,
            about: "what people read of it",
            example: "VPCs and private ways to AWS services",
        },
        Field {
            name: "providerName",
            of: filled(limits::PROVIDER_NAME),
            without: Without::Required,
            about: "who offers it",
            example: "Platform Team",
        },
        Field {
            name: "tags",
            of: Type::Tags {
                most: limits::TAGS - 1,
            },
            without: UNMANAGED,
            about: "passed on to what is launched from it; catalogd's own comes to them, [more](manifests.md#tags)",
            example: "{costCenter: \"1234\"}",
        },
        PRINCIPALS_FIELD,
        TAG_OPTIONS,
        BUDGETS,
        Field {
            name: "shares",
            of: Type::List(list(&Type::Map(&SHARE))),
            without: UNMANAGED,
            about: "whom it is shared with, 5000 accounts at most, [more](manifests.md#shares); `[]` ends all",
            example: "",
        },
        Field {
            name: "sharedProducts",
            of: Type::List(list(&Type::Map(&SHARED_PRODUCT))),
            without: UNMANAGED,
            about: "other accounts' products in it, [more](manifests.md#imported-portfolios). \
                A portfolio that has some can't be shared",
            example: "",
        },
        Field {
            name: "imported",
            of: Type::Flag,
            without: Without::Default("false"),
            about: "with `true` it is [another account's](#portfolio-imported), and nothing but its principals can be said",
            example: "false",
        },
    ],
    rules: &[Rule::OneFilled("shares", "sharedProducts")],
};

pub(in super::super) const IMPORTED: Shape = Shape {
    what: "an imported portfolio's spec",
    about: "",
    fields: &[
        Field {
            name: "imported",
            of: Type::Yes,
            without: Without::Required,
            about: "it is another account's",
            example: "true",
        },
        Field {
            about: "who of this account may launch from it, as of other portfolios",
            ..PRINCIPALS_FIELD
        },
    ],
    rules: &[],
};

pub(in super::super) const SHARED_PRODUCT: Shape = Shape {
    what: "an item of sharedProducts",
    about: "",
    fields: &[
        Field {
            name: "product",
            of: formed(
                "text",
                Form {
                    pattern: "^prod-[A-Za-z0-9]+$",
                    words: "another account's product is named by its id: prod-abcdefghijklm",
                },
                None,
            ),
            without: Without::Required,
            about: "the product's id",
            example: "prod-abcdefghijklm",
        },
        Field {
            name: "from",
            of: Type::Name,
            without: Without::Required,
            about: "the [imported portfolio](#portfolio-imported) that holds it, by `metadata.name`",
            example: "hub",
        },
    ],
    rules: &[],
};

pub(in super::super) const PRINCIPAL: Shape = Shape {
    what: "a principal",
    about: "",
    fields: &[
        Field {
            name: "arn",
            of: formed(
                "ARN",
                Form {
                    pattern: r"^arn:(aws|aws-[^:\s]*|\$\{partition\}):iam::(\d{12}|\$\{account\}):(user|group|role)/[^*?\s]+$",
                    words: "it has the form arn:aws:iam::123456789012:role/NAME (or user/…, group/…); wildcards belong into a pattern",
                },
                None,
            ),
            without: ONE_OF_THEM,
            about: "a user, group or role",
            example: "arn:aws:iam::${account}:role/Developers",
        },
        Field {
            name: "pattern",
            of: formed(
                "ARN",
                Form {
                    pattern: r"^arn:(aws|aws-[^:\s]*|\$\{partition\}):iam:::(user|group|role)/\S+$",
                    words: "it has the form arn:aws:iam:::role/NAME* (or user/…, group/…), without an account",
                },
                None,
            ),
            without: ONE_OF_THEM,
            about: "every principal whose name matches: an ARN **without** account number, `*` and `?` stand for any characters",
            example: "arn:aws:iam:::role/Dev*",
        },
        Field {
            name: "self",
            of: Type::Yes,
            without: ONE_OF_THEM,
            about: "the role that catalogd runs as. It needs this to provision from the portfolio; it never adds itself unasked",
            example: "true",
        },
    ],
    rules: &[Rule::ExactlyOne(PRINCIPALS)],
};

pub(in super::super) const SHARE: Shape = Shape {
    what: "a share",
    about: "",
    fields: &[
        Field {
            name: "account",
            of: ACCOUNT,
            without: ONE_OF_THEM,
            about: "an account's twelve digits, in quotes: it has to accept the share (its catalogd does by \
                [`imported`](manifests.md#imported-portfolios))",
            example: "\"210987654321\"",
        },
        Field {
            name: "organization",
            of: formed(
                "text",
                Form {
                    pattern: "^o-[a-z0-9]{10,32}$",
                    words: "it has the form o-abcdefghij",
                },
                None,
            ),
            without: ONE_OF_THEM,
            about: "all accounts of the organization have the portfolio, without accepting",
            example: "o-abcdefghij",
        },
        Field {
            name: "organizationalUnit",
            of: formed(
                "text",
                Form {
                    pattern: "^ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}$",
                    words: "it has the form ou-abcd-abcdefgh",
                },
                None,
            ),
            without: ONE_OF_THEM,
            about: "so have all accounts of the unit",
            example: "ou-abcd-abcdefgh",
        },
        Field {
            name: "shareTagOptions",
            of: Type::Flag,
            without: Without::Means("not managed (a new share: `false`)"),
            about: "whether TagOptions of the portfolio and its products are shared too",
            example: "true",
        },
        Field {
            name: "sharePrincipals",
            of: Type::Flag,
            without: Without::Means("not managed (a new share: `false`)"),
            about: "whether principals are; with an organization or a unit only",
            example: "false",
        },
    ],
    rules: &[
        Rule::ExactlyOne(RECIPIENTS),
        Rule::Only("account", "sharePrincipals", "false"),
    ],
};
