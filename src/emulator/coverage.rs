//! What is answered, how far, and where the emulator guesses: docs/emulator.md's tables are made from it.
//!
//! An operation says of itself how far it goes and what of it is a guess; what belongs to no single one is in
//! [`GENERAL`].

use super::ops;

/// What no recording, document or report tells, and what happens here.
pub type Guess = (&'static str, &'static str);

/// How far an operation of Service Catalog goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coverage {
    /// E.g. `CreatePortfolio`.
    pub operation: &'static str,
    /// Whether it is answered at all.
    pub answered: bool,
    /// In words, as Markdown.
    pub extent: &'static str,
    /// Of this operation.
    pub guesses: &'static [Guess],
}

/// All operations of the model, by name.
pub fn operations() -> impl Iterator<Item = Coverage> {
    ops::coverage()
}

/// Guesses that belong to no single operation, by the file in which they are made.
pub const GENERAL: &[(&str, &[Guess])] = &[
    (
        "validate.rs",
        &[
            ("unknown members of a request", "ignored"),
            (
                "texts for the items of a list, and for a value of another JSON type",
                "in the form that users of other services quote",
            ),
        ],
    ),
    (
        "wire.rs",
        &[
            (
                "another method, address or content type than JSON 1.1's",
                "404 with `<UnknownOperationException/>`, as another service",
            ),
            (
                "an empty body; a member given twice; what is no JSON",
                "`{}`; the last counts; SerializationException in plain words",
            ),
            (
                "an operation that the model lacks",
                "400, UnknownOperationException without a text",
            ),
        ],
    ),
    (
        "ids.rs",
        &[(
            "ids of launch paths",
            "`lpv3-` and the end of the portfolio's id, so that all products of a portfolio have the same",
        )],
    ),
    (
        "page.rs",
        &[
            ("the size of pages when none is asked for", "20"),
            ("a PageSize of 0", "20"),
            ("a token of another query", "InvalidParametersException"),
        ],
    ),
    (
        "profile.rs",
        &[
            ("rates", "those of the profile"),
            (
                "how long a copy, an action on a share and the making of an account take",
                "as long as a resource",
            ),
        ],
    ),
    (
        "quota.rs",
        &[("texts of LimitExceededException", "plain words")],
    ),
    (
        "ops/mod.rs",
        &[
            (
                "an idempotency token again, with other members or much later",
                "the first answer, for the 5,000 newest tokens of an account and region",
            ),
            (
                "texts for an object that is not there, where none was printed",
                "\"Portfolio … not found.\" and so on",
            ),
        ],
    ),
    (
        "ops/input.rs",
        &[
            (
                "neither or both of an id and a name",
                "InvalidParametersException",
            ),
            (
                "a tag key in RemoveTags and AddTags, as clients send it",
                "removed, then added",
            ),
            (
                "tag keys of AWS's own or given twice",
                "InvalidParametersException",
            ),
        ],
    ),
    (
        "ops/access.rs",
        &[
            (
                "actions on shares with nodes by an account that may not",
                "AccessDeniedException in one user's words; ResourceNotFoundException outside an organization",
            ),
            (
                "sharing with nodes before access is enabled",
                "OperationNotSupportedException",
            ),
        ],
    ),
    (
        "ops/view.rs",
        &[
            (
                "what a recipient may not change of another account's",
                "ResourceNotFoundException, as if it were not there",
            ),
            (
                "tags of another account's product and portfolio",
                "they reach the stacks of who launches it",
            ),
            (
                "RESOURCE_UPDATE of one's own beside that which another's product brings along",
                "one's own counts",
            ),
            (
                "a product's name that several have, shared ones among them",
                "InvalidParametersException",
            ),
        ],
    ),
    (
        "ops/propagate.rs",
        &[
            (
                "an action that ends after its account has lost the right to share",
                "it reaches nobody",
            ),
            (
                "accounts under a node that have the portfolio already",
                "DuplicateResourceException in ShareErrors; it stays shared with them by both",
            ),
            (
                "what a recipient had added to a portfolio or a product that is not shared any more",
                "it goes for good",
            ),
        ],
    ),
    (
        "organizations/ops.rs",
        &[
            ("texts that no user printed", "plain words"),
            ("pages of Organizations", "twenty, fewer with MaxResults"),
        ],
    ),
    (
        "ops/tag_choice.rs",
        &[
            (
                "what is said to a launch with a value that is none of the TagOptions', or with none of several",
                "InvalidParametersException",
            ),
            (
                "a tag whose key has conflicting TagOptions",
                "InvalidParametersException, in the words that the model threatens with",
            ),
            (
                "the value for conflicting TagOptions, of which two spellings are documented",
                "`sc-tagoption-conflict-<portfolio's id>-<product's id>`",
            ),
            ("inactive TagOptions at a launch", "count for nothing"),
            ("the order of TagOptions and their values", "alphabetical"),
        ],
    ),
    (
        "ops/settle.rs",
        &[
            ("RecordErrors", "one, `InternalFailure` with the reason"),
            (
                "a launch or update whose stack somebody deletes meanwhile",
                "fails, with the stack's status",
            ),
        ],
    ),
    (
        "state/provisioned.rs",
        &[(
            "IdempotencyToken of a provisioned product after an update",
            "the launch's",
        )],
    ),
    (
        "ops/source.rs",
        &[
            ("the name of a version that a sync makes", "the commit's id"),
            (
                "LastSyncStatusMessage of a file that is no template",
                "the words of CreateProduct",
            ),
            (
                "a SourceConnection without CodeStar",
                "InvalidParametersException",
            ),
        ],
    ),
    (
        "ops/stack_set.rs",
        &[
            ("texts for ProvisioningPreferences", "plain words"),
            (
                "empty StackSetAccounts and StackSetRegions",
                "all of the constraint's, as where they are left out",
            ),
        ],
    ),
    (
        "cfn/stack_set/change.rs",
        &[
            (
                "what makes instances OUTDATED that an update does not name",
                "another template, value, tag or capability of the set",
            ),
            (
                "whose values Rules of a template and of TEMPLATE constraints see",
                "those of the set, in its own account and region",
            ),
            (
                "texts about instances that are there already, or are not",
                "plain words",
            ),
        ],
    ),
    (
        "cfn/stack_set/operation.rs",
        &[(
            "how many accounts are worked on at once without a preference, and for a termination",
            "one; and none may fail",
        )],
    ),
    (
        "world/roll_out.rs",
        &[
            (
                "a stack of a set that can't be made",
                "it goes again, and its instance is OUTDATED without a stack",
            ),
            (
                "an instance whose stack is gone",
                "the next UPDATE makes another",
            ),
        ],
    ),
    (
        "cfn/intrinsic/mod.rs",
        &[(
            "how much the functions of a template may make",
            "8 MiB of values and characters",
        )],
    ),
    (
        "cfn/intrinsic/rule.rs",
        &[
            ("a violated rule without a description", "its name is said"),
            ("several violated rules", "the first is said"),
            (
                "rules of one name in a template and a constraint",
                "both hold",
            ),
            ("texts for rules that are malformed", "plain words"),
        ],
    ),
    (
        "cfn/change_set.rs",
        &[
            (
                "CausingEntity where a parameter acts through a condition, or a stored parameter has a new value",
                "none",
            ),
            (
                "RequiresRecreation of properties that are not names",
                "NEVER",
            ),
            (
                "types that take no tags",
                "none: new tags of a stack modify every resource",
            ),
        ],
    ),
    (
        "cfn/engine/review.rs",
        &[
            (
                "the text about a resource of another type",
                "by the pattern of the engine's own",
            ),
            (
                "which of the two texts a change set without changes has",
                "by whether the template is the same",
            ),
        ],
    ),
    (
        "cfn/mod.rs",
        &[
            (
                "attributes of resources whose type is not listed",
                "derived texts",
            ),
            ("macros", "opaque"),
            ("nested stacks", "they succeed"),
        ],
    ),
    (
        "cfn/resource.rs",
        &[(
            "physical ids and attributes of resource types that are not listed",
            "derived from the stack and the resource",
        )],
    ),
    (
        "cfn/parameter.rs",
        &[
            ("a parameter that is given twice", "ValidationError"),
            (
                "values of public parameters of Systems Manager",
                "derived from name and region",
            ),
            (
                "of several complaints about parameters of Systems Manager the first",
                "what is missing, then what is secret, then types that do not fit",
            ),
        ],
    ),
    (
        "cfn/stored.rs",
        &[(
            "a resource for a parameter of Systems Manager that is there already",
            "it fails: \"… already exists\"",
        )],
    ),
    (
        "ssm/mod.rs",
        &[
            (
                "the ARN of a parameter `/a`, which is that of `a` too",
                "means `a`",
            ),
            (
                "PutParameter with another Type than the parameter has",
                "HierarchyTypeMismatchException",
            ),
            ("the text of ParameterLimitExceeded", "plain words"),
            ("a name that GetParameters is given twice", "answered once"),
        ],
    ),
    (
        "tagging.rs",
        &[
            ("resources on a page when none is asked for", "50"),
            (
                "the order of resources",
                "portfolios before products, oldest first",
            ),
            (
                "texts, and the code for a token of another query",
                "plain words, InvalidParameterException",
            ),
        ],
    ),
];
