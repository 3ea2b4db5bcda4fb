//! A source connection names a connection, and texts within the service's limits (facts §9.12).

use super::Catalog;
use crate::ids::Arn;
use crate::manifest::finding::{Code, Finding};
use crate::manifest::words;
use crate::model::limits;

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    for product in &catalog.specs.products {
        let (header, Some(connection)) = (&product.header, &product.source_connection) else {
            continue;
        };
        let arn = &connection.connection_arn;
        if !is_connection(&arn.value) {
            let message = format!("{} is no ARN of a connection", words::code(&arn.value));
            findings.push(
                header
                    .finding(Code::InvalidArn, &arn.origin, message)
                    .hint("it has the form `arn:aws:codestar-connections:REGION:ACCOUNT:connection/ID`: the service takes no other, whatever the console shows"),
            );
        }
        let texts = [
            (
                "repository",
                &connection.repository,
                limits::CONNECTION_REPOSITORY,
            ),
            ("branch", &connection.branch, limits::CONNECTION_BRANCH),
            (
                "artifactPath",
                &connection.artifact_path,
                limits::CONNECTION_PATH,
            ),
        ];
        for (field, text, limit) in texts {
            let count = text.value.chars().count();
            let what = words::code(&format!("sourceConnection.{field}"));
            let (code, message) = if count == 0 {
                (Code::EmptyValue, format!("{what} is empty"))
            } else if count > limit {
                let message = format!("{what} has {count} characters: {limit} are possible");
                (Code::TooLong, message)
            } else {
                continue;
            };
            findings.push(header.finding(code, &text.origin, message));
        }
    }
}

/// By the published pattern, `arn:…:codestar-connections:…` (facts §9.12).
fn is_connection(text: &str) -> bool {
    Arn::parse(text).is_some_and(|arn| {
        let id = arn.resource.strip_prefix("connection/");
        arn.service == "codestar-connections" && id.is_some_and(|id| !id.is_empty())
    })
}
