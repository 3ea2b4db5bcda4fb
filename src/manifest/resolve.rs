//! Substitution: `${account}`, `${region}` and `${partition}` in ARNs, URLs, tags and parameters, and nowhere else.

use super::Context;
use super::node::At;
use super::schema::{LaunchSpec, PrincipalSpec, SourceSpec, Specs, Tag, ValueSpec};

/// What stands in for the target's values where there is no target (`validate`): well-formed, and nobody's.
const NO_ACCOUNT: &str = "000000000000";
const NO_REGION: &str = "us-east-1";
const NO_PARTITION: &str = "aws";

/// The values of the variables.
struct Variables<'a> {
    account: &'a str,
    region: &'a str,
    partition: &'a str,
}

impl Variables<'_> {
    fn of(context: &Context) -> Variables<'_> {
        match &context.target {
            Some(target) => Variables {
                account: target.account.as_str(),
                region: target.region.as_str(),
                partition: &target.partition,
            },
            None => Variables {
                account: NO_ACCOUNT,
                region: NO_REGION,
                partition: NO_PARTITION,
            },
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        match name {
            "account" => Some(self.account),
            "region" => Some(self.region),
            "partition" => Some(self.partition),
            _ => None,
        }
    }

    /// Replaces the variables; `$${` stands for `${`, and any other `${…}` stays as it is.
    fn apply(&self, text: &mut String) {
        if !text.contains("${") {
            return;
        }
        let mut done = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(at) = rest.find('$') {
            let (before, from) = rest.split_at(at);
            done.push_str(before);
            if let Some(after) = from.strip_prefix("$${") {
                done.push_str("${");
                rest = after;
                continue;
            }
            let variable = from.strip_prefix("${").and_then(|inner| {
                let (name, after) = inner.split_once('}')?;
                Some((self.get(name)?, after))
            });
            match variable {
                Some((value, after)) => {
                    done.push_str(value);
                    rest = after;
                }
                None => {
                    done.push('$');
                    rest = from.get(1..).unwrap_or_default();
                }
            }
        }
        done.push_str(rest);
        *text = done;
    }
}

/// Substitutes in every text of the specs that is an ARN, a URL, a tag's value or a parameter's.
pub(super) fn substitute(specs: &mut Specs, context: &Context) {
    let variables = Variables::of(context);
    let tags = |tags: &mut Option<Vec<Tag>>| {
        for tag in tags.iter_mut().flatten() {
            variables.apply(&mut tag.value.value);
        }
    };
    let text = |found: &mut At<String>| variables.apply(&mut found.value);
    for definition in specs
        .service_actions
        .iter_mut()
        .filter_map(|o| o.definition.as_mut())
    {
        // A shared document is named by its ARN.
        definition.document.iter_mut().for_each(text);
        definition.assume_role.iter_mut().for_each(text);
    }
    for option in &mut specs.tag_options {
        option.tag.iter_mut().for_each(|tag| text(&mut tag.value));
    }
    for portfolio in &mut specs.portfolios {
        tags(&mut portfolio.tags);
    }
    let own = specs.portfolios.iter_mut().map(|p| &mut p.principals);
    let imported = specs.imported.iter_mut().map(|p| &mut p.principals);
    for principal in own.chain(imported).flatten().flatten() {
        match &mut principal.value {
            PrincipalSpec::Arn(arn) | PrincipalSpec::Pattern(arn) => variables.apply(arn),
            PrincipalSpec::Caller => {}
        }
    }
    for product in &mut specs.products {
        tags(&mut product.tags);
        product.support.url.iter_mut().for_each(text);
        if let Some(copy) = &mut product.copy_from {
            text(&mut copy.product_arn);
        }
        if let Some(connection) = &mut product.source_connection {
            text(&mut connection.connection_arn);
        }
        for association in product.portfolios.iter_mut().flatten() {
            let Some(constraints) = &mut association.constraints else {
                continue;
            };
            let launch = constraints.launch.as_mut();
            if let Some(LaunchSpec::RoleArn(arn)) = launch.map(|found| &mut found.value) {
                variables.apply(arn);
            }
            let topics = constraints.notification.iter_mut().flatten();
            topics.for_each(text);
            if let Some(found) = &mut constraints.stack_set {
                text(&mut found.value.admin_role);
            }
        }
        for version in &mut product.versions {
            match &mut version.source {
                Some(SourceSpec::Url(found) | SourceSpec::Stack(found)) => text(found),
                Some(SourceSpec::File { .. }) | None => {}
            }
        }
    }
    for provisioned in &mut specs.provisioned {
        tags(&mut provisioned.tags);
        provisioned.import.iter_mut().for_each(text);
        for parameter in provisioned.parameters.iter_mut().flatten() {
            let written = context
                .target
                .is_none()
                .then(|| parameter.value.value.clone());
            match &mut parameter.value.value {
                ValueSpec::Literal(value) | ValueSpec::Ssm(value) => variables.apply(value),
                ValueSpec::List(items) => items.iter_mut().for_each(text),
                ValueSpec::Output { .. } => {}
            }
            parameter.open = written.is_some_and(|written| written != parameter.value.value);
        }
        let topics = provisioned.notification_arns.iter_mut();
        topics.flat_map(|topics| &mut topics.value).for_each(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_replaced_and_escapes_kept() {
        let variables = Variables {
            account: "123456789012",
            region: "eu-west-1",
            partition: "aws",
        };
        for (text, wanted) in [
            ("plain $ text", "plain $ text"),
            (
                "arn:${partition}:iam::${account}:role/x",
                "arn:aws:iam::123456789012:role/x",
            ),
            ("$${account}", "${account}"),
            ("$$${account}", "$${account}"),
            (
                "${AWS::AccountId} ${Account}",
                "${AWS::AccountId} ${Account}",
            ),
            ("${account", "${account"),
            ("${${region}}", "${eu-west-1}"),
        ] {
            let mut found = text.to_owned();
            variables.apply(&mut found);
            assert_eq!(found, wanted, "{text}");
        }
    }
}
