//! What a map of the manifest language may hold, as a table says it. The reader goes by these tables, and the JSON Schema
//! and `docs/manifest.md` are made from them, so that nothing is said of a field in two places.

use crate::ids::Name;

/// What a map may hold.
pub(super) struct Shape {
    /// How messages call it.
    pub(super) what: &'static str,
    /// What it is, for people: Markdown, with links as seen from `docs/`.
    pub(super) about: &'static str,
    /// Its fields, in the order in which people are told of them.
    pub(super) fields: &'static [Field],
    /// What holds among its fields.
    pub(super) rules: &'static [Rule],
}

/// One field of a map.
#[derive(Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    /// What it takes.
    pub(super) of: Type,
    /// What holds where it is left out.
    pub(super) without: Without,
    /// What it means, for people: Markdown, with links as seen from `docs/`.
    pub(super) about: &'static str,
    /// A value, as YAML. Empty where its parts have examples of their own.
    pub(super) example: &'static str,
}

/// What holds where a field is left out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Without {
    /// A finding.
    Required,
    /// This value, as YAML.
    Default(&'static str),
    /// In words.
    Means(&'static str),
}

/// What is not managed stays as the catalog has it.
pub(super) const UNMANAGED: Without = Without::Means("not managed");
/// One of several fields, which a [`Rule`] says.
pub(super) const ONE_OF_THEM: Without = Without::Means("one of them");
/// There is none.
pub(super) const NONE: Without = Without::Means("none");

/// What a field takes.
#[derive(Clone, Copy)]
pub(super) enum Type {
    /// A text.
    Text(Text),
    /// The `metadata.name` of an object.
    Name,
    /// `true` or `false`.
    Flag,
    /// `true` alone.
    Yes,
    /// A whole number.
    Number { least: u32, most: Option<u32> },
    /// One of some texts.
    Choice(&'static [&'static str]),
    /// A map of these fields.
    Map(&'static Shape),
    /// A list.
    List(List),
    /// A map whose keys are free.
    Keyed(&'static Type),
    /// Any of these, which differ in their form.
    Either(&'static [Type]),
    /// Any scalar, taken as it is written.
    Scalar,
    /// The same in a list: CloudFormation would take a comma for the end of the item.
    Item,
    /// Keys and values of tags.
    Tags { most: usize },
    /// Rules of a template constraint: their functions are CloudFormation's.
    Rules,
}

/// What a text can be.
#[derive(Clone, Copy)]
pub(super) struct Text {
    /// How the reference calls it.
    pub(super) called: &'static str,
    /// The most characters.
    pub(super) most: Option<usize>,
    /// Whether it must have some.
    pub(super) filled: bool,
    /// Its form.
    pub(super) form: Option<Form>,
}

/// The form of a text.
#[derive(Clone, Copy)]
pub(super) struct Form {
    /// As a regular expression that ECMA 262 and Rust read alike. It lets `${…}` stand where that is substituted.
    pub(super) pattern: &'static str,
    /// As an editor says it.
    pub(super) words: &'static str,
}

/// What a list can be.
#[derive(Clone, Copy)]
pub(super) struct List {
    pub(super) of: &'static Type,
    /// Whether it must have some.
    pub(super) filled: bool,
    /// The most items that the service takes.
    pub(super) most: Option<usize>,
    /// Whether each item stands there once.
    pub(super) once: bool,
}

/// What holds among the fields of a map.
pub(super) enum Rule {
    /// One of them is there.
    ExactlyOne(&'static [&'static str]),
    /// One of them at most is there.
    AtMostOne(&'static [&'static str]),
    /// The first is there only beside the second.
    Beside(&'static str, &'static str),
    /// Beside the first, the second is not there.
    Excludes(&'static str, &'static str),
    /// Beside the first, the second says nothing but this.
    Only(&'static str, &'static str, &'static str),
    /// One of the two lists at most has items.
    OneFilled(&'static str, &'static str),
}

impl Shape {
    /// What it says of a field.
    pub(super) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The names of its fields.
    pub(super) fn known(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.fields.iter().map(|field| field.name)
    }
}

/// A text that may be empty, which clears it.
pub(super) const fn text(most: usize) -> Type {
    Type::Text(Text {
        called: "text",
        most: Some(most),
        filled: false,
        form: None,
    })
}

/// A text that must not be empty.
pub(super) const fn filled(most: usize) -> Type {
    Type::Text(Text {
        called: "text",
        most: Some(most),
        filled: true,
        form: None,
    })
}

/// A text that the reader takes whatever it is.
pub(super) const ANY_TEXT: Type = Type::Text(Text {
    called: "text",
    most: None,
    filled: false,
    form: None,
});

/// A text of a form, which says by itself whether it can be empty.
pub(super) const fn formed(called: &'static str, form: Form, most: Option<usize>) -> Type {
    Type::Text(Text {
        called,
        most,
        filled: false,
        form: Some(form),
    })
}

/// A text of at least one character, whatever that is.
pub(super) const fn nonempty(most: usize) -> Type {
    const SOME: Form = Form {
        pattern: r"[\s\S]",
        words: "it must not be empty",
    };
    formed("text", SOME, Some(most))
}

/// A list that may be empty, which clears it.
pub(super) const fn list(of: &'static Type) -> List {
    List {
        of,
        filled: false,
        most: None,
        once: true,
    }
}

/// A list that must have some.
pub(super) const fn some(of: &'static Type) -> List {
    List {
        filled: true,
        ..list(of)
    }
}

/// The names of choices, as a table has them.
pub(super) const fn names<T: Copy, const N: usize>(
    choices: &[(&'static str, T); N],
) -> [&'static str; N] {
    let mut names = [""; N];
    let mut at = 0;
    while at < N {
        names[at] = choices[at].0;
        at += 1;
    }
    names
}

/// What a name looks like; [`Name::parse`] decides.
pub(super) const NAME: Form = Form {
    pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
    words: "a name has 1 to 63 of a-z, 0-9 and -, with no - at its ends",
};
/// The longest name.
pub(super) const NAME_MOST: usize = Name::MAX;

/// Twelve digits: without quotes they would be a number.
pub(super) const ACCOUNT: Type = formed(
    "text",
    Form {
        pattern: r"^\d{12}$",
        words: "an account has twelve digits, in quotes",
    },
    None,
);
/// A region.
pub(super) const REGION: Type = formed(
    "text",
    Form {
        pattern: "^[a-z]+(-[a-z]+)*-[0-9]+$",
        words: "a region is called like us-east-1",
    },
    None,
);
/// The ARN of a role.
pub(super) const ROLE_ARN: Type = formed(
    "ARN",
    Form {
        pattern: r"^arn:(aws|aws-[^:\s]*|\$\{partition\}):iam::(\d{12}|\$\{account\}):role/[^*?\s]+$",
        words: "it has the form arn:aws:iam::123456789012:role/NAME",
    },
    None,
);
/// The name of a role.
pub(super) const ROLE_NAME: Type = formed(
    "text",
    Form {
        pattern: "^[A-Za-z0-9+=,.@_-]{1,64}$",
        words: "a role's name has 1 to 64 of letters, digits and +=,.@_-",
    },
    Some(64),
);
/// The ARN of an SNS topic.
pub(super) const TOPIC: Type = formed(
    "ARN",
    Form {
        pattern: r"^arn:(aws|aws-[^:\s]*|\$\{partition\}):sns:[^:\s]+:(\d{12}|\$\{account\}):[A-Za-z0-9._-]+$",
        words: "it has the form arn:aws:sns:us-east-1:123456789012:NAME",
    },
    None,
);
/// The ARN of a stack, with its id.
pub(super) const STACK_ARN: Type = formed(
    "ARN",
    Form {
        pattern: r"^arn:(aws|aws-[^:\s]*|\$\{partition\}):cloudformation:[^:\s]+:(\d{12}|\$\{account\}):stack/[^/\s]+/\S+$",
        words: "it has the form arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/ID",
    },
    None,
);
/// The ARN of a product.
pub(super) const PRODUCT_ARN: Type = formed(
    "ARN",
    Form {
        pattern: r"^arn:(aws|aws-[^:\s]*|\$\{partition\}):catalog:([a-z0-9-]+|\$\{region\}):(\d{12}|\$\{account\}):product/\S+$",
        words: "it has the form arn:aws:catalog:REGION:ACCOUNT:product/prod-ID",
    },
    None,
);
