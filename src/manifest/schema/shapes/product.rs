//! What a product says, and what a folder says for its products.

use super::super::shape::{
    ACCOUNT, ANY_TEXT, Field, Form, NONE, ONE_OF_THEM, PRODUCT_ARN, REGION, ROLE_ARN, ROLE_NAME,
    Rule, Shape, TOPIC, Text, Type, UNMANAGED, Without, filled, formed, list, names, nonempty,
    some, text,
};
use super::portfolio::{BUDGETS, TAG_OPTIONS};
use crate::manifest::schema::product::Older;
use crate::model::desired::{Guidance, ProductType, TagUpdates, UnlistedVersions};
use crate::model::limits;

/// What a product's versions are made of.
pub(in super::super) const TYPES: [(&str, ProductType); 5] = [
    ("CLOUD_FORMATION_TEMPLATE", ProductType::CloudFormation),
    ("MARKETPLACE", ProductType::Marketplace),
    ("EXTERNAL", ProductType::External),
    ("TERRAFORM_OPEN_SOURCE", ProductType::TerraformOpenSource),
    ("TERRAFORM_CLOUD", ProductType::TerraformCloud),
];
/// What becomes of versions that no list names.
pub(in super::super) const UNLISTED: [(&str, UnlistedVersions); 3] = [
    ("keep", UnlistedVersions::Keep),
    ("deactivate", UnlistedVersions::Deactivate),
    ("delete", UnlistedVersions::Delete),
];
/// What versions become that are older than those which `retention` keeps.
pub(in super::super) const OLDER: [(&str, Older); 2] = [
    ("DEPRECATED", Older::Deprecated),
    ("INACTIVE", Older::Inactive),
];
/// Whether an update may change tags.
pub(in super::super) const TAG_UPDATES: [(&str, TagUpdates); 2] = [
    ("allowed", TagUpdates::Allowed),
    ("notAllowed", TagUpdates::NotAllowed),
];
/// What users are told of a version.
pub(in super::super) const GUIDANCES: [(&str, Guidance); 2] = [
    ("DEFAULT", Guidance::Default),
    ("DEPRECATED", Guidance::Deprecated),
];
/// The only type of source connections.
pub(in super::super) const CONNECTIONS: [(&str, ()); 1] = [("CODESTAR", ())];
/// Where versions come from.
pub(in super::super) const ORIGINS: &[&str] = &["versions", "copyFrom", "sourceConnection"];
/// Where a version's template comes from.
pub(in super::super) const TEMPLATES: &[&str] = &["template", "templateUrl", "fromStack"];
/// Who launches.
pub(in super::super) const ROLES: &[&str] = &["roleArn", "localRoleName"];

/// The functions that rules can have (CloudFormation's user guide, "rule-specific intrinsic functions").
pub(in super::super::super) const RULE_FUNCTIONS: [&str; 11] = [
    "Ref",
    "Fn::And",
    "Fn::Contains",
    "Fn::EachMemberEquals",
    "Fn::EachMemberIn",
    "Fn::Equals",
    "Fn::Not",
    "Fn::Or",
    "Fn::RefAll",
    "Fn::ValueOf",
    "Fn::ValueOfAll",
];
/// Documented, and refused all the same, as users report.
pub(in super::super::super) const REFUSED_FUNCTION: &str = "Fn::If";

const OWNER: Field = Field {
    name: "owner",
    of: filled(limits::PRODUCT_TEXT),
    without: Without::Means("required, here or in [`Defaults`](#defaults)"),
    about: "who answers for it",
    example: "Platform Team",
};
const DISTRIBUTOR: Field = Field {
    name: "distributor",
    of: text(limits::PRODUCT_TEXT),
    without: UNMANAGED,
    about: "who hands it out",
    example: "Platform Team",
};
const SUPPORT_FIELD: Field = Field {
    name: "support",
    of: Type::Map(&SUPPORT),
    without: UNMANAGED,
    about: "where users find help; each field by itself",
    example: "",
};
const TAGS: Field = Field {
    name: "tags",
    of: Type::Tags {
        most: limits::TAGS - 1,
    },
    without: UNMANAGED,
    about: "passed on to what is launched from it; catalogd's own comes to them, [more](manifests.md#tags)",
    example: "{team: platform}",
};
const PORTFOLIOS: Field = Field {
    name: "portfolios",
    of: Type::List(list(&Type::Map(&ASSOCIATION))),
    without: UNMANAGED,
    about: "the portfolios it stands in, each once; `[]` takes it out of all. A portfolio takes 150 products",
    example: "",
};
const SERVICE_ACTIONS: Field = Field {
    name: "serviceActions",
    of: Type::List(list(&Type::Name)),
    without: UNMANAGED,
    about: "the [service actions](manifests.md#service-actions) that its versions offer, by `metadata.name`; 25 a version by default",
    example: "[restart]",
};

pub(in super::super) const SPEC: Shape = Shape {
    what: "the product's spec",
    about: "",
    fields: &[
        Field {
            name: "name",
            of: filled(limits::PRODUCT_TEXT),
            without: Without::Means("`metadata.name`"),
            about: "the name people see; need not be unique",
            example: "VPC",
        },
        OWNER,
        Field {
            name: "description",
            of: text(limits::PRODUCT_TEXT),
            without: UNMANAGED,
            about: "what people read of it",
            example: "A VPC with three tiers",
        },
        DISTRIBUTOR,
        SUPPORT_FIELD,
        TAGS,
        Field {
            about: "the [TagOptions](#tagoption) it offers, by `metadata.name`. Where its portfolio offers the same key, \
                only values of both can be chosen",
            ..TAG_OPTIONS
        },
        BUDGETS,
        PORTFOLIOS,
        Field {
            name: "versions",
            of: Type::List(some(&Type::Map(&VERSION))),
            without: ONE_OF_THEM,
            about: "in the order people see them, the newest last; 100 by default, [more](manifests.md#versions)",
            example: "",
        },
        Field {
            name: "unlistedVersions",
            of: Type::Choice(&names(&UNLISTED)),
            without: Without::Default("keep"),
            about: "what becomes of [live versions that the list does not name](manifests.md#unlisted-versions)",
            example: "keep",
        },
        Field {
            name: "retention",
            of: Type::Map(&RETENTION),
            without: NONE,
            about: "how many versions of the list stay in use, [more](manifests.md#retention)",
            example: "",
        },
        Field {
            name: "copyFrom",
            of: Type::Map(&COPY),
            without: ONE_OF_THEM,
            about: "another product whose versions it has, [more](manifests.md#copies)",
            example: "",
        },
        Field {
            name: "type",
            of: Type::Choice(&names(&TYPES)),
            without: Without::Default("CLOUD_FORMATION_TEMPLATE"),
            about: "what its versions are made of; [never changes](manifests.md#types)",
            example: "CLOUD_FORMATION_TEMPLATE",
        },
        Field {
            name: "sourceConnection",
            of: Type::Map(&CONNECTION),
            without: ONE_OF_THEM,
            about: "the repository from which the service itself makes its versions, [more](manifests.md#source-connections)",
            example: "",
        },
        SERVICE_ACTIONS,
    ],
    rules: &[
        Rule::ExactlyOne(ORIGINS),
        Rule::Excludes("copyFrom", "retention"),
        Rule::Excludes("copyFrom", "type"),
        Rule::Only("copyFrom", "unlistedVersions", "keep"),
        Rule::Excludes("sourceConnection", "retention"),
        Rule::Only("sourceConnection", "unlistedVersions", "keep"),
    ],
};

pub(in super::super) const COPY: Shape = Shape {
    what: "copyFrom",
    about: "",
    fields: &[
        Field {
            name: "productArn",
            of: PRODUCT_ARN,
            without: Without::Required,
            about: "the source, which may be in another account and another region, but not in another partition. \
                One of another account must be in a portfolio that is shared with this one, and accepted",
            example: "arn:${partition}:catalog:${region}:${account}:product/prod-auditbucket2a",
        },
        Field {
            name: "versions",
            of: Type::List(some(&ANY_TEXT)),
            without: Without::Means("all active ones"),
            about: "the versions to copy, by name",
            example: "[\"2023\", \"2024\"]",
        },
        Field {
            name: "copyTags",
            of: Type::Flag,
            without: Without::Default("false"),
            about: "the source's tags are among those the copy must have; `tags` wins where both name a key",
            example: "true",
        },
    ],
    rules: &[],
};

pub(in super::super) const RETENTION: Shape = Shape {
    what: "retention",
    about: "",
    fields: &[
        Field {
            name: "active",
            of: Type::Number {
                least: 1,
                most: None,
            },
            without: Without::Required,
            about: "so many of the newest get `guidance: DEFAULT`",
            example: "3",
        },
        Field {
            name: "older",
            of: Type::Choice(&names(&OLDER)),
            without: Without::Default("DEPRECATED"),
            about: "what the others become",
            example: "DEPRECATED",
        },
    ],
    rules: &[],
};

pub(in super::super) const CONNECTION: Shape = Shape {
    what: "sourceConnection",
    about: "",
    fields: &[
        Field {
            name: "type",
            of: Type::Choice(&names(&CONNECTIONS)),
            without: Without::Default("CODESTAR"),
            about: "the only one there is",
            example: "CODESTAR",
        },
        Field {
            name: "connectionArn",
            of: formed(
                "ARN",
                Form {
                    pattern: r"^arn:(aws|aws-[^:\s]*|\$\{partition\}):codestar-connections:[^:\s]*:[^:\s]*:connection/\S+$",
                    words: "it has the form arn:aws:codestar-connections:REGION:ACCOUNT:connection/ID: the service takes no other, whatever the console shows",
                },
                None,
            ),
            without: Without::Required,
            about: "the connection to the repository's host",
            example: "arn:${partition}:codestar-connections:${region}:${account}:connection/1a2b3c",
        },
        Field {
            name: "repository",
            of: nonempty(limits::CONNECTION_REPOSITORY),
            without: Without::Required,
            about: "the repository, as its host calls it",
            example: "platform/catalog",
        },
        Field {
            name: "branch",
            of: nonempty(limits::CONNECTION_BRANCH),
            without: Without::Required,
            about: "the branch whose commits make versions",
            example: "main",
        },
        Field {
            name: "artifactPath",
            of: nonempty(limits::CONNECTION_PATH),
            without: Without::Required,
            about: "the template in that repository",
            example: "vpc/template.yaml",
        },
    ],
    rules: &[],
};

pub(in super::super) const DEFAULTS: Shape = Shape {
    what: "the spec of Defaults",
    about: "",
    fields: &[
        Field {
            without: NONE,
            about: "as in a product",
            ..OWNER
        },
        Field {
            without: NONE,
            about: "as in a product",
            ..DISTRIBUTOR
        },
        Field {
            without: NONE,
            about: "as in a product, each field by itself",
            ..SUPPORT_FIELD
        },
        Field {
            without: NONE,
            about: "the whole map: a product or a nearer folder that gives its own takes the place of all of it",
            ..TAGS
        },
        Field {
            without: NONE,
            about: "the whole list, in the same way",
            ..PORTFOLIOS
        },
    ],
    rules: &[],
};

pub(in super::super) const SUPPORT: Shape = Shape {
    what: "support",
    about: "",
    fields: &[
        Field {
            name: "description",
            of: text(limits::PRODUCT_TEXT),
            without: UNMANAGED,
            about: "how help is to be had",
            example: "Ask in chat",
        },
        Field {
            name: "email",
            of: text(limits::SUPPORT_EMAIL),
            without: UNMANAGED,
            about: "an address",
            example: "platform@example.com",
        },
        Field {
            name: "url",
            of: formed(
                "URL",
                Form {
                    pattern: r"^(https?://\S+)?$",
                    words: "it begins with https:// or http://",
                },
                Some(limits::SUPPORT_URL),
            ),
            without: UNMANAGED,
            about: "a page; begins with `http://` or `https://`",
            example: "https://example.com/vpc",
        },
    ],
    rules: &[],
};

pub(in super::super) const ASSOCIATION: Shape = Shape {
    what: "an item of portfolios",
    about: "",
    fields: &[
        Field {
            name: "portfolio",
            of: Type::Name,
            without: Without::Required,
            about: "`metadata.name` of a portfolio in the same source",
            example: "networking",
        },
        Field {
            name: "constraints",
            of: Type::Map(&CONSTRAINTS),
            without: UNMANAGED,
            about: "constraints of this product in this portfolio, [more](manifests.md#portfolios-and-constraints)",
            example: "",
        },
    ],
    rules: &[],
};

pub(in super::super) const CONSTRAINTS: Shape = Shape {
    what: "constraints",
    about: "The map is the whole truth for all five types; `{}` removes all.",
    fields: &[
        Field {
            name: "launch",
            of: Type::Map(&LAUNCH),
            without: NONE,
            about: "who launches; without it, whoever launches does so with rights of their own",
            example: "",
        },
        Field {
            name: "tagUpdates",
            of: Type::Choice(&names(&TAG_UPDATES)),
            without: NONE,
            about: "whether an update of a provisioned product may change its tags",
            example: "allowed",
        },
        Field {
            name: "notification",
            of: Type::Map(&NOTIFICATION),
            without: NONE,
            about: "who is told what happens to the stacks",
            example: "",
        },
        Field {
            name: "template",
            of: Type::Map(&TEMPLATE),
            without: NONE,
            about: "which parameters may be given at a launch",
            example: "",
        },
        Field {
            name: "stackSet",
            of: Type::Map(&STACK_SET),
            without: NONE,
            about: "what is launched becomes a stack set; excludes `launch`",
            example: "",
        },
    ],
    rules: &[Rule::AtMostOne(&["launch", "stackSet"])],
};

pub(in super::super) const NOTIFICATION: Shape = Shape {
    what: "notification",
    about: "",
    fields: &[Field {
        name: "topics",
        of: Type::List(some(&TOPIC)),
        without: Without::Required,
        about: "ARNs of the SNS topics that are told what happens to the stacks",
        example: "[\"arn:${partition}:sns:${region}:${account}:catalog\"]",
    }],
    rules: &[],
};

pub(in super::super) const TEMPLATE: Shape = Shape {
    what: "a template constraint",
    about: "",
    fields: &[Field {
        name: "rules",
        of: Type::Rules,
        without: Without::Required,
        about: "a map of [rules](manifests.md#rules-of-a-template-constraint) for the parameters that may be given at a launch",
        example: "{Sizes: {Assertions: [{Assert: {Fn::Contains: [[t3.micro, t3.small], {Ref: InstanceType}]}, \
            AssertDescription: small instances alone}]}}",
    }],
    rules: &[],
};

pub(in super::super) const STACK_SET: Shape = Shape {
    what: "stackSet",
    about: "",
    fields: &[
        Field {
            name: "accounts",
            of: Type::List(some(&ACCOUNT)),
            without: Without::Required,
            about: "the accounts that get stacks, twelve digits each, in quotes",
            example: "[\"210987654321\"]",
        },
        Field {
            name: "regions",
            of: Type::List(some(&REGION)),
            without: Without::Required,
            about: "in the order in which they are deployed to",
            example: "[us-east-1, eu-central-1]",
        },
        Field {
            name: "adminRole",
            of: ROLE_ARN,
            without: Without::Required,
            about: "the role that makes the stack set",
            example: "arn:${partition}:iam::${account}:role/StackSetAdministration",
        },
        Field {
            name: "executionRole",
            of: ROLE_NAME,
            without: Without::Required,
            about: "the name of the role in each account",
            example: "StackSetExecution",
        },
    ],
    rules: &[],
};

pub(in super::super) const LAUNCH: Shape = Shape {
    what: "launch",
    about: "",
    fields: &[
        Field {
            name: "roleArn",
            of: ROLE_ARN,
            without: ONE_OF_THEM,
            about: "the role that launches",
            example: "arn:${partition}:iam::${account}:role/SCLaunchRole",
        },
        Field {
            name: "localRoleName",
            of: ROLE_NAME,
            without: ONE_OF_THEM,
            about: "the role of that name in the account where it is launched",
            example: "SCLaunchRole",
        },
    ],
    rules: &[Rule::ExactlyOne(ROLES)],
};

pub(in super::super) const VERSION: Shape = Shape {
    what: "a version",
    about: "",
    fields: &[
        Field {
            name: "name",
            of: filled(limits::VERSION_TEXT),
            without: Without::Required,
            about: "any text, unique in the product; never parsed and never sorted. `\"1.0\"` needs its quotes",
            example: "v1.1.0",
        },
        Field {
            name: "description",
            of: text(limits::VERSION_TEXT),
            without: UNMANAGED,
            about: "what people read of it",
            example: "First release",
        },
        Field {
            name: "template",
            of: Type::Text(Text {
                called: "path",
                most: None,
                filled: false,
                form: None,
            }),
            without: ONE_OF_THEM,
            about: "a file of the source, [relative to the manifest](manifests.md#paths); catalogd uploads it under its content's hash",
            example: "vpc/v1.1.0.yaml",
        },
        Field {
            name: "templateUrl",
            of: formed(
                "URL",
                Form {
                    pattern: r"^https://\S+$",
                    words: "it begins with https://; a file of the repository is a template",
                },
                None,
            ),
            without: ONE_OF_THEM,
            about: "a template that stands somewhere already, `https://`. catalogd never fetches it",
            example: "https://templates.s3.us-east-1.amazonaws.com/vpc.yaml",
        },
        Field {
            name: "fromStack",
            of: formed(
                "ARN",
                Form {
                    pattern: r"^arn:(aws|aws-[^:\s]*|\$\{partition\}):cloudformation:[^:\s]+:(\d{12}|\$\{account\}):stack/\S+$",
                    words: "it has the form arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/ID",
                },
                None,
            ),
            without: ONE_OF_THEM,
            about: "the template of an existing CloudFormation stack",
            example: "arn:${partition}:cloudformation:${region}:${account}:stack/vpc/5f3c1d2e-7a90-4b1c-9d34-0f6a2b7c8d1e",
        },
        Field {
            name: "active",
            of: Type::Flag,
            without: Without::Default("true"),
            about: "an inactive version is invisible to end users; what runs from it goes on",
            example: "true",
        },
        Field {
            name: "guidance",
            of: Type::Choice(&names(&GUIDANCES)),
            without: Without::Means("not managed (a new version is `DEFAULT`)"),
            about: "with a deprecated version existing ones may be updated, but nothing launched anew",
            example: "DEFAULT",
        },
        Field {
            name: "ref",
            of: ANY_TEXT,
            without: NONE,
            about: "a tag, or a commit of 40 hex digits, of the source's own repository: \
                [the file as it was there](manifests.md#refs)",
            example: "vpc-v1.1.0",
        },
        Field {
            name: "mutable",
            of: Type::Flag,
            without: Without::Default("false"),
            about: "whether [another template may take its name](manifests.md#mutable-versions)",
            example: "false",
        },
        Field {
            without: Without::Means("the product's"),
            about: "the [service actions](manifests.md#service-actions) that this version offers, 25 by default",
            ..SERVICE_ACTIONS
        },
    ],
    rules: &[
        Rule::ExactlyOne(TEMPLATES),
        Rule::Beside("ref", "template"),
        Rule::Beside("mutable", "template"),
    ],
};
