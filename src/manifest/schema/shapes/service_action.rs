//! What a service action says.

use super::super::shape::{
    Field, Form, NONE, Shape, Text, Type, UNMANAGED, Without, filled, formed, list, names, text,
};
use crate::model::limits;

/// What a parameter of the document is given.
pub(in super::super) const PARAMETER_TYPES: [(&str, &str); 2] =
    [("TARGET", "TARGET"), ("TEXT_VALUE", "TEXT_VALUE")];

pub(in super::super) const SPEC: Shape = Shape {
    what: "the service action's spec",
    about: "",
    fields: &[
        Field {
            name: "name",
            of: Type::Text(Text {
                called: "text",
                most: Some(limits::ACTION_NAME),
                filled: true,
                form: Some(Form {
                    pattern: "^[A-Za-z0-9_.-]+$",
                    words: "it has letters, digits, _, - and ., and no blanks",
                }),
            }),
            without: Without::Means("`metadata.name`"),
            about: "the name people see; need not be unique. Letters, digits and `_ - .`",
            example: "Restart",
        },
        Field {
            name: "description",
            of: text(limits::ACTION_TEXT),
            without: UNMANAGED,
            about: "the limit is what is left of the service's 1024 beside the mark",
            example: "Restarts the instance",
        },
        Field {
            name: "definition",
            of: Type::Map(&DEFINITION),
            without: Without::Required,
            about: "what is done. It is the whole truth: the service takes it whole",
            example: "",
        },
    ],
    rules: &[],
};

pub(in super::super) const DEFINITION: Shape = Shape {
    what: "definition",
    about: "",
    fields: &[
        Field {
            name: "name",
            of: filled(limits::ACTION_DEFINITION),
            without: Without::Required,
            about: "the document; a shared one by its ARN",
            example: "AWS-RestartEC2Instance",
        },
        Field {
            name: "version",
            of: filled(limits::ACTION_DEFINITION),
            without: Without::Required,
            about: "the document's version",
            example: "\"1\"",
        },
        Field {
            name: "assumeRole",
            of: formed(
                "ARN or `LAUNCH_ROLE`",
                Form {
                    pattern: r"^(LAUNCH_ROLE|arn:(aws|aws-[^:\s]*|\$\{partition\}):iam::(\d{12}|\$\{account\}):role/[^*?\s]+)$",
                    words: "it has the form arn:aws:iam::123456789012:role/NAME, or is LAUNCH_ROLE",
                },
                Some(limits::ACTION_DEFINITION),
            ),
            without: NONE,
            about: "the role that does it; `LAUNCH_ROLE` is the one that the launch constraint names",
            example: "arn:${partition}:iam::${account}:role/CatalogActions",
        },
        Field {
            name: "parameters",
            of: Type::List(list(&Type::Map(&PARAMETER))),
            without: NONE,
            about: "parameters of the document, 1024 characters as JSON",
            example: "",
        },
    ],
    rules: &[],
};

pub(in super::super) const PARAMETER: Shape = Shape {
    what: "a parameter of the definition",
    about: "",
    fields: &[
        Field {
            name: "name",
            of: filled(limits::ACTION_DEFINITION),
            without: Without::Required,
            about: "the parameter's name",
            example: "InstanceId",
        },
        Field {
            name: "type",
            of: Type::Choice(&names(&PARAMETER_TYPES)),
            without: Without::Required,
            about: "`TARGET` is a resource of what was launched, `TEXT_VALUE` a text that the user gives",
            example: "TARGET",
        },
    ],
    rules: &[],
};
