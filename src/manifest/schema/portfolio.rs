//! The spec of a portfolio.

use super::read::Reader;
use super::shapes::portfolio::{
    IMPORTED, PRINCIPAL, PRINCIPALS, RECIPIENTS, SHARE, SHARED_PRODUCT, SPEC,
};
use super::{Header, Tag};
use crate::ids::Name;
use crate::manifest::finding::{Code, Finding};
use crate::manifest::node::{At, Node, Value};
use crate::model::desired::Origin;
use crate::model::share::Recipient;

/// A portfolio as its manifest says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct PortfolioSpec {
    pub(in super::super) header: Header,
    pub(in super::super) display_name: Option<At<String>>,
    pub(in super::super) description: Option<At<String>>,
    pub(in super::super) provider_name: Option<At<String>>,
    pub(in super::super) tags: Option<Vec<Tag>>,
    pub(in super::super) principals: Option<Vec<At<PrincipalSpec>>>,
    pub(in super::super) tag_options: Option<Vec<At<Name>>>,
    pub(in super::super) budgets: Option<Vec<At<String>>>,
    pub(in super::super) shares: Option<Vec<ShareSpec>>,
    pub(in super::super) shared_products: Option<Vec<SharedProductSpec>>,
}

/// A portfolio that another account shares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct ImportedSpec {
    pub(in super::super) header: Header,
    pub(in super::super) principals: Option<Vec<At<PrincipalSpec>>>,
}

/// Another account's product in a portfolio of one's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct SharedProductSpec {
    pub(in super::super) product: At<String>,
    pub(in super::super) from: At<Name>,
}

/// Whether a spec is that of another account's portfolio.
pub(super) fn is_imported(spec: &Node) -> bool {
    let mut entries = spec.entries().iter().filter(|e| e.key.value == "imported");
    entries
        .any(|e| matches!(&e.value.value, Value::Plain(text) if text.eq_ignore_ascii_case("true")))
}

/// A share, with its recipient's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct ShareSpec {
    pub(in super::super) with: At<Recipient>,
    pub(in super::super) tag_options: Option<At<bool>>,
    pub(in super::super) principals: Option<At<bool>>,
}

/// One of `arn`, `pattern` and `self`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum PrincipalSpec {
    Arn(String),
    Pattern(String),
    Caller,
}

impl Reader<'_> {
    pub(super) fn portfolio(
        &mut self,
        header: Header,
        node: &Node,
        at: &Origin,
    ) -> Option<PortfolioSpec> {
        let fields = self.fields(node, at, &SPEC)?;
        self.flag(&fields, "imported");
        Some(PortfolioSpec {
            header,
            display_name: self.text(&fields, "displayName"),
            description: self.text(&fields, "description"),
            provider_name: self.text(&fields, "providerName"),
            tags: self.tags(&fields),
            principals: self
                .list(&fields, "principals")
                .map(|items| items.iter().filter_map(|n| self.principal(n)).collect()),
            tag_options: self.references(&fields, "tagOptions"),
            budgets: self.texts(&fields, "budgets"),
            shares: self
                .list(&fields, "shares")
                .map(|items| items.iter().filter_map(|n| self.share(n)).collect()),
            shared_products: self.list(&fields, "sharedProducts").map(|items| {
                let found = items.iter().filter_map(|n| self.shared_product(n));
                found.collect()
            }),
        })
    }

    pub(super) fn imported(
        &mut self,
        header: Header,
        node: &Node,
        at: &Origin,
    ) -> Option<ImportedSpec> {
        let fields = self.fields(node, at, &IMPORTED)?;
        Some(ImportedSpec {
            header,
            principals: self
                .list(&fields, "principals")
                .map(|items| items.iter().filter_map(|n| self.principal(n)).collect()),
        })
    }

    fn shared_product(&mut self, node: &Node) -> Option<SharedProductSpec> {
        let fields = self.fields(node, &node.origin, &SHARED_PRODUCT)?;
        let product = self.text(&fields, "product");
        let from = self.reference(&fields, "from");
        Some(SharedProductSpec {
            from: from?,
            product: product?,
        })
    }

    fn share(&mut self, node: &Node) -> Option<ShareSpec> {
        let fields = self.fields(node, &node.origin, &SHARE)?;
        let with = self.exactly_one(&fields, RECIPIENTS);
        let tag_options = self.flag(&fields, "shareTagOptions");
        let principals = self.flag(&fields, "sharePrincipals");
        let (key, _) = with?;
        let found = self.text(&fields, key)?;
        let with = match key {
            "account" => Recipient::Account(found.value),
            "organization" => Recipient::Organization(found.value),
            _ => Recipient::Unit(found.value),
        };
        Some(ShareSpec {
            with: At::new(with, &found.origin),
            tag_options,
            principals,
        })
    }

    fn principal(&mut self, node: &Node) -> Option<At<PrincipalSpec>> {
        let fields = self.fields(node, &node.origin, &PRINCIPAL)?;
        let (key, entry) = self.exactly_one(&fields, PRINCIPALS)?;
        if key == "self" {
            let flag = self.flag(&fields, key)?;
            if !flag.value {
                let message = "`self` can only be `true`";
                self.report(
                    Finding::new(Code::UnknownValue, &flag.origin, message)
                        .hint("leave the item out instead"),
                );
                return None;
            }
            return Some(At::new(PrincipalSpec::Caller, &entry.key.origin));
        }
        let found = self.text(&fields, key)?;
        let principal = match key {
            "arn" => PrincipalSpec::Arn(found.value),
            _ => PrincipalSpec::Pattern(found.value),
        };
        Some(At::new(principal, &found.origin))
    }
}
