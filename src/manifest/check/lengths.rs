//! Texts are within the service's limits (facts §9.1, §9.2, §9.5), and not empty where it wants one.

use super::Catalog;
use crate::manifest::finding::{Code, Finding};
use crate::manifest::node::At;
use crate::manifest::schema::{Header, PrincipalSpec, action_parameters};
use crate::manifest::words;
use crate::model::limits;

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    for spec in &catalog.specs.service_actions {
        let mut texts = Texts {
            header: &spec.header,
            findings,
        };
        texts.some("name", &spec.display_name, limits::ACTION_NAME);
        texts.any("description", &spec.description, limits::ACTION_TEXT);
        if let Some(definition) = &spec.definition {
            let limit = limits::ACTION_DEFINITION;
            texts.some("definition.name", &definition.document, limit);
            texts.some("definition.version", &definition.version, limit);
            texts.some("definition.assumeRole", &definition.assume_role, limit);
            let parameters = definition.parameters.as_ref();
            let parameters = parameters.map(|p| At::new(action_parameters(&p.value), &p.origin));
            texts.any("definition.parameters as JSON", &parameters, limit);
            let given = definition.parameters.iter().flat_map(|p| &p.value);
            for parameter in given {
                texts.text("a parameter's name", &parameter.name, limit, true);
            }
        }
    }
    for spec in &catalog.specs.portfolios {
        let mut texts = Texts {
            header: &spec.header,
            findings,
        };
        texts.some("displayName", &spec.display_name, limits::PORTFOLIO_NAME);
        texts.any(
            "description",
            &spec.description,
            limits::PORTFOLIO_DESCRIPTION,
        );
        texts.some("providerName", &spec.provider_name, limits::PROVIDER_NAME);
        texts.principals(&spec.principals);
    }
    for spec in &catalog.specs.imported {
        let mut texts = Texts {
            header: &spec.header,
            findings,
        };
        texts.principals(&spec.principals);
    }
    for spec in &catalog.specs.provisioned {
        let mut texts = Texts {
            header: &spec.header,
            findings,
        };
        for topic in spec.notification_arns.iter().flat_map(|all| &all.value) {
            texts.text("a topic's ARN", topic, limits::ARN, false);
        }
    }
    for spec in &catalog.specs.products {
        let mut texts = Texts {
            header: &spec.header,
            findings,
        };
        texts.some("name", &spec.display_name, limits::PRODUCT_TEXT);
        texts.some("owner", &spec.owner, limits::PRODUCT_TEXT);
        texts.any("description", &spec.description, limits::PRODUCT_TEXT);
        texts.any("distributor", &spec.distributor, limits::PRODUCT_TEXT);
        if let Some(copy) = &spec.copy_from {
            texts.text("copyFrom.productArn", &copy.product_arn, limits::ARN, false);
        }
        if let Some(connection) = &spec.source_connection {
            let arn = &connection.connection_arn;
            texts.text("connectionArn", arn, limits::ARN, false);
        }
        for place in spec.portfolios.iter().flatten() {
            let topics = place.constraints.iter().flat_map(|c| &c.notification);
            for topic in topics.flatten() {
                texts.text("a topic's ARN", topic, limits::ARN, false);
            }
        }
        let support = &spec.support;
        texts.any(
            "support.description",
            &support.description,
            limits::PRODUCT_TEXT,
        );
        texts.any("support.email", &support.email, limits::SUPPORT_EMAIL);
        texts.any("support.url", &support.url, limits::SUPPORT_URL);
        for version in &spec.versions {
            texts.text(
                "a version's name",
                &version.name,
                limits::VERSION_TEXT,
                true,
            );
            let description = &version.description;
            texts.any("a version's description", description, limits::VERSION_TEXT);
        }
    }
}

struct Texts<'a> {
    header: &'a Header,
    findings: &'a mut Vec<Finding>,
}

impl Texts<'_> {
    fn principals(&mut self, all: &Option<Vec<At<PrincipalSpec>>>) {
        for principal in all.iter().flatten() {
            if let PrincipalSpec::Arn(text) | PrincipalSpec::Pattern(text) = &principal.value {
                let text = At::new(text.clone(), &principal.origin);
                self.text("a principal", &text, limits::PRINCIPAL_ARN, false);
            }
        }
    }

    /// May be empty: that clears it.
    fn any(&mut self, what: &str, found: &Option<At<String>>, limit: usize) {
        if let Some(found) = found {
            self.text(what, found, limit, false);
        }
    }

    /// Must not be empty.
    fn some(&mut self, what: &str, found: &Option<At<String>>, limit: usize) {
        if let Some(found) = found {
            self.text(what, found, limit, true);
        }
    }

    fn text(&mut self, what: &str, found: &At<String>, limit: usize, wanted: bool) {
        let shown = if what.contains(' ') {
            what.to_owned()
        } else {
            words::code(what)
        };
        // Characters are never more than bytes, and most texts are short.
        if found.value.len() > limit && found.value.chars().count() > limit {
            let message = format!(
                "{shown} has {} characters: the service takes {limit}",
                found.value.chars().count()
            );
            let finding = self.header.finding(Code::TooLong, &found.origin, message);
            self.findings.push(finding.hint("shorten it"));
        }
        if wanted && found.value.trim().is_empty() {
            let message = format!("{shown} is empty, and the service wants a text");
            let finding = self
                .header
                .finding(Code::EmptyValue, &found.origin, message);
            self.findings.push(finding);
        }
    }
}
