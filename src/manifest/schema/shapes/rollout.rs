//! What a provisioned product says of its stack set.

use super::super::shape::{ACCOUNT, Field, REGION, Rule, Shape, Type, Without, some};

/// How many may fail, as a count and in percent.
pub(in super::super) const TOLERANCE: [&str; 2] =
    ["failureToleranceCount", "failureTolerancePercentage"];
/// How many at once, as a count and in percent.
pub(in super::super) const CONCURRENCY: [&str; 2] =
    ["maxConcurrencyCount", "maxConcurrencyPercentage"];
/// No count of accounts can be larger.
pub(in super::super) const MOST_ACCOUNTS: u32 = 1_000_000;

const SERVICES: Without = Without::Means("the service's");

pub(in super::super) const STACK_SET: Shape = Shape {
    what: "stackSet",
    about: "",
    fields: &[
        Field {
            name: "accounts",
            of: Type::List(some(&ACCOUNT)),
            without: Without::Means("all of the constraint at the launch; not managed afterwards"),
            about: "the accounts that have stacks, twelve digits each, in quotes. The order says nothing",
            example: "[\"210987654321\"]",
        },
        Field {
            name: "regions",
            of: Type::List(some(&REGION)),
            without: Without::Means("all of the constraint at the launch; not managed afterwards"),
            about: "in the order of the rollout. Another order alone is no difference",
            example: "[us-east-1]",
        },
        Field {
            name: "failureToleranceCount",
            of: Type::Number {
                least: 0,
                most: Some(MOST_ACCOUNTS),
            },
            without: SERVICES,
            about: "how many accounts of a region may fail before the rollout stops",
            example: "1",
        },
        Field {
            name: "failureTolerancePercentage",
            of: Type::Number {
                least: 0,
                most: Some(100),
            },
            without: SERVICES,
            about: "the same in percent",
            example: "10",
        },
        Field {
            name: "maxConcurrencyCount",
            of: Type::Number {
                least: 1,
                most: Some(MOST_ACCOUNTS),
            },
            without: SERVICES,
            about: "in how many accounts it goes on at once, at most one more than `failureToleranceCount`",
            example: "2",
        },
        Field {
            name: "maxConcurrencyPercentage",
            of: Type::Number {
                least: 1,
                most: Some(100),
            },
            without: SERVICES,
            about: "the same in percent",
            example: "25",
        },
    ],
    rules: &[Rule::AtMostOne(&TOLERANCE), Rule::AtMostOne(&CONCURRENCY)],
};
