//! What a provisioned product says of its stack set.

use super::super::shape::{ACCOUNT, Field, REGION, Rule, Shape, Type, Without, names, some};
use crate::model::launch::OperationType;

/// What an update does.
pub(in super::super) const OPERATIONS: [(&str, OperationType); 3] = [
    ("CREATE", OperationType::Create),
    ("UPDATE", OperationType::Update),
    ("DELETE", OperationType::Delete),
];
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
            without: Without::Means("all of the constraint"),
            about: "the accounts that get stacks, twelve digits each, in quotes",
            example: "[\"210987654321\"]",
        },
        Field {
            name: "regions",
            of: Type::List(some(&REGION)),
            without: Without::Means("all of the constraint"),
            about: "in the order of the rollout",
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
        Field {
            name: "operationType",
            of: Type::Choice(&names(&OPERATIONS)),
            without: Without::Default("UPDATE"),
            about: "what each update does: add instances, change the set, or take the named accounts and regions out. It is sent with every update as long as it stands there",
            example: "UPDATE",
        },
    ],
    rules: &[Rule::AtMostOne(&TOLERANCE), Rule::AtMostOne(&CONCURRENCY)],
};
