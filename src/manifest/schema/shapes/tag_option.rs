//! What a TagOption says.

use super::super::shape::{Field, Form, Shape, Text, Type, Without};
use crate::model::limits;

/// What a tag's key can be: the service's own pattern, less the keys that AWS and catalogd keep for themselves.
pub(in super::super) const TAG_KEY: Form = Form {
    pattern: r"^(?![aA][wW][sS]:|[cC][aA][tT][aA][lL][oO][gG][dD]:)[\p{L}\p{Z}\p{N}_.:/=+@-]+$",
    words: "a tag's key has letters, digits, blanks and _.:/=+-@, and does not begin with aws: or catalogd:",
};
/// What a tag's value can be, where it may be empty.
pub(in super::super) const TAG_VALUE: Form = Form {
    pattern: r"^([\p{L}\p{Z}\p{N}_.:/=+@-]|\$\{(account|region|partition)\})*$",
    words: "tags have letters, digits, blanks and _.:/=+-@",
};

pub(in super::super) const SPEC: Shape = Shape {
    what: "the TagOption's spec",
    about: "",
    fields: &[
        Field {
            name: "key",
            of: Type::Text(Text {
                called: "text",
                most: Some(limits::TAG_KEY),
                filled: true,
                form: Some(TAG_KEY),
            }),
            without: Without::Required,
            about: "the tag's key, as of [tags](manifests.md#tags)",
            example: "env",
        },
        Field {
            name: "value",
            of: Type::Text(Text {
                called: "text",
                most: Some(limits::TAG_VALUE),
                filled: true,
                form: Some(TAG_VALUE),
            }),
            without: Without::Required,
            about: "the tag's value, as of tags; a key can have 25 values",
            example: "prod",
        },
        Field {
            name: "active",
            of: Type::Flag,
            without: Without::Default("true"),
            about: "an inactive one is offered to nobody and can't be given to anything; what has it keeps it. Taking one out of use is a removal, under the guards for these",
            example: "true",
        },
    ],
    rules: &[],
};
