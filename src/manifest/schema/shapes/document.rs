//! The documents themselves, and what stands in `metadata`.

use super::super::shape::{
    Field, Form, NAME, NAME_MOST, Shape, Text, Type, Without, formed, names,
};
use super::super::{API_VERSION, DEFAULTS_KIND};
use super::{portfolio, product, provisioned, service_action, tag_option};
use crate::model::desired::OnRemove;

/// A kind of document, as people know it.
pub(in super::super) struct Document {
    /// How the reference calls it; `kind`, but where one kind has two forms.
    pub(in super::super) title: &'static str,
    /// What stands in `kind`.
    pub(in super::super) kind: &'static str,
    /// What it is: Markdown, with links as seen from `docs/`.
    pub(in super::super) about: &'static str,
    /// A name that one could have.
    pub(in super::super) example: &'static str,
    /// What stands in `metadata`, where it has that.
    pub(in super::super) metadata: Option<&'static Shape>,
    /// What `metadata.onRemove` can be.
    pub(in super::super) ends: &'static [&'static str],
    pub(in super::super) spec: &'static Shape,
}

/// The form of a portfolio that is another account's.
pub(in super::super) const IMPORTED_PORTFOLIO: &str = "Portfolio, imported";

/// Every kind of document.
pub(in super::super) const DOCUMENTS: &[Document] = &[
    Document {
        title: "TagOption",
        kind: "TagOption",
        about: "A tag key and value that portfolios and products offer to who launches from them, \
            [more](manifests.md#tagoption).",
        example: "env-prod",
        metadata: Some(&TAG_OPTION_METADATA),
        ends: &names(&ENDS),
        spec: &tag_option::SPEC,
    },
    Document {
        title: "ServiceAction",
        kind: "ServiceAction",
        about: "Something that end users may do to what they launched: an automation document of Systems Manager, \
            [more](manifests.md#serviceaction).",
        example: "restart",
        metadata: Some(&METADATA),
        ends: &names(&ENDS),
        spec: &service_action::SPEC,
    },
    Document {
        title: "Portfolio",
        kind: "Portfolio",
        about: "A group of products, and who may launch them, [more](manifests.md#portfolio).",
        example: "networking",
        metadata: Some(&METADATA),
        ends: &names(&ENDS),
        spec: &portfolio::SPEC,
    },
    Document {
        title: IMPORTED_PORTFOLIO,
        kind: "Portfolio",
        about: "A portfolio that another account shares with this one, [more](manifests.md#imported-portfolios). \
            `metadata.adopt.id` is required: the portfolio's id, which its owner knows.",
        example: "hub",
        metadata: Some(&METADATA),
        ends: &["retain"],
        spec: &portfolio::IMPORTED,
    },
    Document {
        title: "Product",
        kind: "Product",
        about: "Something people can launch, in versions, each mostly a CloudFormation template, \
            [more](manifests.md#product).",
        example: "vpc",
        metadata: Some(&METADATA),
        ends: &names(&ENDS),
        spec: &product::SPEC,
    },
    Document {
        title: "ProvisionedProduct",
        kind: "ProvisionedProduct",
        about: "A product that the team runs itself, [more](manifests.md#provisionedproduct).",
        example: "shared-vpc",
        metadata: Some(&METADATA),
        ends: &names(&ENDS_WITH_RELEASE),
        spec: &provisioned::SPEC,
    },
    Document {
        title: "Defaults",
        kind: "Defaults",
        about: "What the products of a folder, and of the folders below it, say where they don't say it themselves, \
            [more](manifests.md#defaults). It has no `metadata` and is no object of the catalog.",
        example: "",
        metadata: None,
        ends: &[],
        spec: &product::DEFAULTS,
    },
];

/// What can become of an object.
pub(in super::super) const ENDS: [(&str, OnRemove); 2] =
    [("retain", OnRemove::Retain), ("delete", OnRemove::Delete)];
/// The same of what has something below it that can stay.
pub(in super::super) const ENDS_WITH_RELEASE: [(&str, OnRemove); 3] = [
    ("retain", OnRemove::Retain),
    ("delete", OnRemove::Delete),
    ("release", OnRemove::Release),
];
/// The forms of `adopt` that name nothing; `true` takes over by name.
pub(in super::super) const ADOPTS: [(&str, bool); 2] = [("never", false), ("byName", true)];

/// The kinds, objects first.
const KINDS: &[&str] = &[
    "TagOption",
    "ServiceAction",
    "Portfolio",
    "Product",
    "ProvisionedProduct",
    DEFAULTS_KIND,
];

const VERSION: Field = Field {
    name: "apiVersion",
    of: Type::Choice(&[API_VERSION]),
    without: Without::Required,
    about: "a document with another `apiVersion` is not ours and is passed over",
    example: API_VERSION,
};
const KIND: Field = Field {
    name: "kind",
    of: Type::Choice(KINDS),
    without: Without::Required,
    about: "what it describes: an object of the catalog, or with `Defaults` none",
    example: "Portfolio",
};
const SPEC: Field = Field {
    name: "spec",
    of: Type::Map(&portfolio::SPEC),
    without: Without::Required,
    about: "the fields of the kind",
    example: "",
};

pub(in super::super) const DOCUMENT: Shape = Shape {
    what: "the document",
    about: "What every manifest has.",
    fields: &[
        VERSION,
        KIND,
        Field {
            name: "metadata",
            of: Type::Map(&METADATA),
            without: Without::Required,
            about: "its name, and what becomes of it in the end",
            example: "",
        },
        SPEC,
    ],
    rules: &[],
};

pub(in super::super) const DEFAULTS_DOCUMENT: Shape = Shape {
    what: "a Defaults document",
    about: "",
    fields: &[VERSION, KIND, SPEC],
    rules: &[],
};

const NAME_FIELD: Field = Field {
    name: "name",
    of: Type::Text(Text {
        called: "name",
        most: Some(NAME_MOST),
        filled: false,
        form: Some(NAME),
    }),
    without: Without::Required,
    about: "the object's identity: what other manifests refer to, and what the catalog's object is marked with. \
        Unique per kind. Lower-case letters, digits and inner hyphens",
    example: "networking",
};
const ON_REMOVE: Field = Field {
    name: "onRemove",
    of: Type::Choice(&names(&ENDS_WITH_RELEASE)),
    without: Without::Default("retain"),
    about: "what happens when the manifest leaves git, [more](manifests.md#removal). \
        `release` is for provisioned products alone",
    example: "retain",
};

pub(in super::super) const METADATA: Shape = Shape {
    what: "metadata",
    about: "",
    fields: &[
        NAME_FIELD,
        ON_REMOVE,
        Field {
            name: "adopt",
            of: Type::Either(&[Type::Choice(&names(&ADOPTS)), Type::Map(&ADOPT)]),
            without: Without::Default("never"),
            about: "which live object that nobody owns is taken over, \
                [more](manifests.md#taking-over-what-is-there)",
            example: "byName",
        },
    ],
    rules: &[],
};

/// A TagOption is whichever there is of its key and value: there is nothing to take over.
pub(in super::super) const TAG_OPTION_METADATA: Shape = Shape {
    what: "the metadata of a TagOption",
    about: "A TagOption is whichever there is of its key and value: there is nothing to adopt.",
    fields: &[NAME_FIELD, ON_REMOVE],
    rules: &[],
};

pub(in super::super) const ADOPT: Shape = Shape {
    what: "adopt",
    about: "",
    fields: &[Field {
        name: "id",
        of: formed(
            "text",
            Form {
                pattern: r"\S",
                words: "the live object's id, such as port-abcdefghijklm",
            },
            None,
        ),
        without: Without::Required,
        about: "the id of the live object that is taken over; where it is not there nothing is made in its place",
        example: "port-abcdefghijklm",
    }],
    rules: &[],
};
