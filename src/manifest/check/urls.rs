//! URLs have the schemes that the service wants (facts §9.1).

use super::Catalog;
use crate::manifest::finding::{Code, Finding};
use crate::manifest::schema::SourceSpec;
use crate::manifest::words;

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    for product in &catalog.specs.products {
        let header = &product.header;
        if let Some(url) = &product.support.url
            && !url.value.is_empty()
            && !has_scheme(&url.value, &["https://", "http://"])
        {
            let message = format!("support.url {} is no URL", words::code(&url.value));
            findings.push(
                header
                    .finding(Code::InvalidUrl, &url.origin, message)
                    .hint("it begins with `https://` or `http://`"),
            );
        }
        for version in &product.versions {
            if let Some(SourceSpec::Url(url)) = &version.source
                && !has_scheme(&url.value, &["https://"])
            {
                let message = format!("templateUrl {} is no https URL", words::code(&url.value));
                let hint = if url.value.starts_with("s3://") {
                    "write `https://BUCKET.s3.REGION.amazonaws.com/KEY`"
                } else {
                    "it begins with `https://`; a file of the repository is a `template`"
                };
                let finding = header.finding(Code::InvalidUrl, &url.origin, message);
                findings.push(finding.hint(hint));
            }
        }
    }
}

fn has_scheme(text: &str, schemes: &[&str]) -> bool {
    let rest = schemes.iter().find_map(|scheme| text.strip_prefix(scheme));
    rest.is_some_and(|rest| {
        !rest.is_empty() && !rest.chars().any(|c| c.is_whitespace() || c.is_control())
    })
}
