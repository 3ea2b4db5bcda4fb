//! What a provisioned product says.

use super::super::shape::{
    ANY_TEXT, Field, Form, List, NONE, ONE_OF_THEM, Rule, STACK_ARN, Shape, TOPIC, Text, Type,
    UNMANAGED, Without, formed, list,
};
use super::rollout;
use crate::model::limits;

/// Where a parameter's value comes from, if it is no scalar and no list.
pub(in super::super) const ELSEWHERE: &[&str] = &["output", "ssm"];

/// Any scalar, a list of them, or where it comes from.
const VALUE: Type = Type::Either(&[
    Type::Scalar,
    Type::List(List {
        once: false,
        ..list(&Type::Item)
    }),
    Type::Map(&PARAMETER),
]);

pub(in super::super) const SPEC: Shape = Shape {
    what: "the provisioned product's spec",
    about: "",
    fields: &[
        Field {
            name: "name",
            of: Type::Text(Text {
                called: "text",
                most: Some(limits::PROVISIONED_NAME),
                filled: true,
                form: Some(Form {
                    pattern: "^[A-Za-z0-9][A-Za-z0-9._-]*$",
                    words: "it has letters, digits, ., _ and -, and begins with a letter or digit",
                }),
            }),
            without: Without::Means("`metadata.name`"),
            about: "its name in the account: unique there, and never to be changed. Letters, digits and `. _ -`, not first",
            example: "shared-vpc",
        },
        Field {
            name: "product",
            of: Type::Name,
            without: Without::Required,
            about: "`metadata.name` of a product in the same source",
            example: "vpc",
        },
        Field {
            name: "version",
            of: ANY_TEXT,
            without: Without::Required,
            about: "name of one of its versions; changing it updates in place",
            example: "v1.1.0",
        },
        Field {
            name: "portfolio",
            of: Type::Name,
            without: Without::Means("the only one that fits"),
            about: "which portfolio to launch from. Needed when the product is in several that catalogd may launch from",
            example: "networking",
        },
        Field {
            name: "parameters",
            of: Type::Keyed(&VALUE),
            without: Without::Default("{}"),
            about: "values of the template's parameters, [more](manifests.md#parameters): a scalar or a list of scalars, sent as written; or where it comes from, as below",
            example: "{CidrBlock: 10.0.0.0/16, Zones: [eu-central-1a, eu-central-1b], Image: {ssm: /golden/ami}, PeerVpc: {output: {provisionedProduct: hub, key: VpcId}}}",
        },
        Field {
            name: "tags",
            of: Type::Tags {
                most: limits::PROVISIONED_TAGS - 1,
            },
            without: UNMANAGED,
            about: "given at launch. A later change needs `tagUpdates: allowed`; without it the difference is shown as blocked",
            example: "{env: prod}",
        },
        Field {
            name: "dependsOn",
            of: Type::List(list(&Type::Name)),
            without: Without::Default("[]"),
            about: "provisioned products to wait for, beside those whose outputs are used",
            example: "[audit-log]",
        },
        Field {
            name: "import",
            of: Type::Map(&IMPORT),
            without: Without::Means("launched"),
            about: "a CloudFormation stack that becomes this provisioned product, [more](manifests.md#imports); not beside `stackSet`",
            example: "",
        },
        Field {
            name: "notificationArns",
            of: Type::List(List {
                most: Some(limits::TOPICS),
                ..list(&TOPIC)
            }),
            without: UNMANAGED,
            about: "SNS topics that are told of its stack's events. Given at the launch alone: no call changes them afterwards, so a later difference is shown as blocked (`notification-arns`). Those of the product's `notification` constraints are no difference",
            example: "[\"arn:${partition}:sns:${region}:${account}:stacks\"]",
        },
        Field {
            name: "stackSet",
            of: Type::Map(&rollout::STACK_SET),
            without: NONE,
            about: "how its stack set is rolled out; may be empty, [more](manifests.md#stack-sets)",
            example: "",
        },
    ],
    rules: &[Rule::AtMostOne(&["import", "stackSet"])],
};

pub(in super::super) const IMPORT: Shape = Shape {
    what: "import",
    about: "",
    fields: &[Field {
        name: "stackArn",
        of: STACK_ARN,
        without: Without::Required,
        about: "the stack's whole ARN with the id at its end",
        example: "arn:${partition}:cloudformation:${region}:${account}:stack/orders-queue/5f3c1d2e-7a90-4b1c-9d34-0f6a2b7c8d1e",
    }],
    rules: &[],
};

pub(in super::super) const PARAMETER: Shape = Shape {
    what: "a parameter's value",
    about: "Where a parameter's value comes from, if it does not stand in the manifest.",
    fields: &[
        Field {
            name: "output",
            of: Type::Map(&OUTPUT),
            without: ONE_OF_THEM,
            about: "an output of another provisioned product of the same source. That one is made first; while its output is about to change, this one waits and follows in a later pass",
            example: "",
        },
        Field {
            name: "ssm",
            of: formed(
                "text",
                Form {
                    pattern: r"^(/([A-Za-z0-9_.-]+/)*)?[A-Za-z0-9_.-]+(:0*[1-9][0-9]*)?$",
                    words: "give its name, e.g. /golden/ami, or a version of it, e.g. /golden/ami:3",
                },
                Some(limits::SSM_NAME),
            ),
            without: ONE_OF_THEM,
            about: "the value of a [stored parameter](manifests.md#stored-parameters) in the same account and region: its name, or a version of it (`/golden/ami:3`)",
            example: "/golden/ami",
        },
    ],
    rules: &[Rule::ExactlyOne(ELSEWHERE)],
};

pub(in super::super) const OUTPUT: Shape = Shape {
    what: "output",
    about: "",
    fields: &[
        Field {
            name: "provisionedProduct",
            of: Type::Name,
            without: Without::Required,
            about: "`metadata.name` of the other one",
            example: "hub",
        },
        Field {
            name: "key",
            of: ANY_TEXT,
            without: Without::Required,
            about: "the output's name in its template",
            example: "VpcId",
        },
    ],
    rules: &[],
};
