//! What may not be done: gaps forbid what rests on them, and a crowd of removals is refused (design §6).

use std::collections::BTreeMap;

use super::{Blocked, BlockedCode};
use crate::diff::association;
use crate::ids::{Kind, PortfolioId, ProductId, ProvisionedProductId, ServiceActionId, StackArn};
use crate::model::desired::Desired;
use crate::model::observed::{Gap, LivePortfolio, Observed, Scope};
use crate::model::owner::{Identity, Installation, Owner};
use crate::plan::Input;
use crate::plan::owned::Owned;

/// What could not be read, asked by scope.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Doubt<'a> {
    identity: &'a Identity,
    observed: &'a Observed,
    desired: &'a Desired,
    source: bool,
}

impl<'a> Doubt<'a> {
    pub(crate) fn new(input: &Input<'a>) -> Self {
        Self {
            identity: input.identity,
            observed: input.observed,
            desired: input.desired,
            source: input.desired.incomplete || !input.desired.broken.is_empty(),
        }
    }

    fn gap(&self, of: impl Fn(&Scope) -> bool) -> Option<&'a Gap> {
        self.observed.gaps.iter().find(|gap| of(&gap.scope))
    }

    /// Whether a portfolio that is not seen might still be there: a list that was cut, or one whose tags were not read.
    pub(crate) fn hidden_portfolio(&self) -> Option<&'a Gap> {
        self.gap(|scope| match scope {
            Scope::Portfolios => true,
            Scope::Portfolio(id) if self.is_imported(id) => false,
            Scope::Portfolio(id) => self
                .observed
                .portfolios
                .get(id)
                .is_none_or(|live| self.unowned(Kind::Portfolio, &live.tags)),
            _ => false,
        })
    }

    /// The same of products. What is copied from is nobody's that is to be made.
    pub(crate) fn hidden_product(&self) -> Option<&'a Gap> {
        self.gap(|scope| match scope {
            Scope::Products => true,
            Scope::Product(id) if self.is_source(id) => false,
            Scope::Product(id) => self
                .observed
                .products
                .get(id)
                .is_none_or(|live| self.unowned(Kind::Product, &live.tags)),
            _ => false,
        })
    }

    fn is_imported(&self, id: &PortfolioId) -> bool {
        let mut imported = self.desired.imported.values();
        imported.any(|portfolio| portfolio.id == *id)
    }

    fn is_source(&self, id: &ProductId) -> bool {
        let copies = self.desired.products.values();
        let mut copies = copies.filter_map(|product| product.copy_from.as_ref());
        copies.any(|copy| copy.source.id == *id)
    }

    /// The same of provisioned products.
    pub(crate) fn hidden_provisioned(&self) -> Option<&'a Gap> {
        self.gap(|scope| match scope {
            Scope::Provisioned => true,
            Scope::ProvisionedProduct(id) => !self.observed.provisioned.contains_key(id),
            _ => false,
        })
    }

    fn unowned(&self, kind: Kind, tags: &crate::model::desired::Tags) -> bool {
        self.identity.owner(kind, tags) == Owner::Nobody
    }

    /// Whether some service action may not have been listed.
    pub(crate) fn service_actions(&self) -> Option<&'a Gap> {
        self.gap(|scope| *scope == Scope::ServiceActions)
    }

    pub(crate) fn service_action(&self, id: &ServiceActionId) -> Option<&'a Gap> {
        self.gap(|scope| matches!(scope, Scope::ServiceAction(other) if other == id))
    }

    /// Whether some TagOption may not have been listed.
    pub(crate) fn tag_options(&self) -> Option<&'a Gap> {
        self.gap(|scope| *scope == Scope::TagOptions)
    }

    /// What leaves open by what a TagOption is used.
    pub(crate) fn tag_option_users(&self) -> Option<&'a Gap> {
        self.gap(|scope| {
            matches!(
                scope,
                Scope::Portfolios | Scope::Products | Scope::Portfolio(_) | Scope::Product(_)
            )
        })
    }

    /// Whether some product may not have been listed.
    pub(crate) fn products(&self) -> Option<&'a Gap> {
        self.gap(|scope| *scope == Scope::Products)
    }

    /// Why a stack that is to be imported can't be told, if so.
    pub(crate) fn stack(&self, arn: &StackArn) -> Option<&'a Gap> {
        self.gap(|scope| matches!(scope, Scope::Stack(other) if other == arn))
    }

    /// Why a parameter of the parameter store is not known, if so.
    pub(crate) fn stored(&self, name: &str) -> Option<&'a Gap> {
        self.gap(|scope| matches!(scope, Scope::Ssm(other) if other == name))
    }

    pub(crate) fn portfolio(&self, id: &PortfolioId) -> Option<&'a Gap> {
        self.gap(|scope| matches!(scope, Scope::Portfolio(other) if other == id))
    }

    pub(crate) fn imported(&self) -> Option<&'a Gap> {
        self.gap(|scope| *scope == Scope::Imported)
    }

    pub(crate) fn shares(&self, id: &PortfolioId) -> Option<&'a Gap> {
        self.gap(|scope| matches!(scope, Scope::Shares(other) if other == id))
    }

    pub(crate) fn product(&self, id: &ProductId) -> Option<&'a Gap> {
        self.gap(|scope| matches!(scope, Scope::Product(other) if other == id))
    }

    pub(crate) fn provisioned(&self, id: &ProvisionedProductId) -> Option<&'a Gap> {
        self.gap(|scope| matches!(scope, Scope::ProvisionedProduct(other) if other == id))
    }

    /// What leaves open from which versions something runs.
    pub(crate) fn launches(&self) -> Option<&'a Gap> {
        self.gap(|scope| match scope {
            Scope::Provisioned => true,
            // A stack that was not read has no bearing on it, a record has.
            Scope::ProvisionedProduct(id) => {
                let live = self.observed.provisioned.get(id);
                live.is_none_or(|live| live.running.is_none())
            }
            _ => false,
        })
    }

    pub(crate) fn bucket(&self) -> Option<&'a Gap> {
        self.gap(|scope| *scope == Scope::Bucket)
    }

    /// Why nothing may be deleted at all, if so: two teams that both left the installation unnamed would be each other's
    /// orphans (design §4).
    pub(crate) fn deletion(&self, what: &str) -> Option<Blocked> {
        let unnamed = self.identity.installation.as_str() == Installation::DEFAULT;
        unnamed.then(|| {
            Blocked::new(
                BlockedCode::DefaultInstallation,
                format!(
                    "{what} is not deleted: nothing is under the installation {:?}, so give yours a name with --installation",
                    Installation::DEFAULT
                ),
            )
        })
    }

    /// Why what launches in other accounts may rest on can't be deleted, if so.
    pub(crate) fn shared(&self, product: &ProductId, what: &str) -> Option<Blocked> {
        let unseen = self.gap(|scope| matches!(scope, Scope::Portfolios | Scope::Portfolio(_)));
        if let Some(gap) = unseen {
            return Some(unread(gap, &format!("{what} is not deleted")));
        }
        let holders = self.observed.portfolios.values();
        let mut holders = holders.filter(|p| p.products.contains(product));
        let refused = holders.find_map(|p| self.shared_from(p))?;
        Some(Blocked {
            message: format!("{what} is not deleted: {}", refused.message),
            ..refused
        })
    }

    /// The same of one portfolio that holds the product. One whose shares were not read may have some.
    pub(crate) fn shared_from(&self, portfolio: &LivePortfolio) -> Option<Blocked> {
        if let Some(gap) = self.shares(&portfolio.id) {
            return Some(unread(gap, "its recipients may have launched it"));
        }
        let shared = portfolio.shares.as_ref().is_none_or(|all| !all.is_empty());
        shared.then(|| {
            Blocked::new(
                BlockedCode::Shared,
                format!(
                    "its product stands in portfolio {:?} ({}), which is shared, and what its recipients launched can't be seen from here",
                    portfolio.display_name, portfolio.id
                ),
            )
        })
    }

    /// Why nothing may be removed from a portfolio, nor a product from it, if so.
    pub(crate) fn removal(
        &self,
        portfolio: Option<&PortfolioId>,
        product: Option<&ProductId>,
        what: &str,
    ) -> Option<Blocked> {
        if self.source {
            return Some(Blocked::new(
                BlockedCode::Gap,
                format!(
                    "{what} stays: a manifest of the source has an error, so nothing is removed until it is mended"
                ),
            ));
        }
        let gap = self.gap(|scope| match scope {
            Scope::Portfolios => portfolio.is_some(),
            Scope::Products => product.is_some(),
            Scope::Portfolio(id) => portfolio == Some(id),
            Scope::Product(id) => product == Some(id),
            // What shares are in doubt is asked apart.
            Scope::TagOptions
            | Scope::ServiceActions
            | Scope::ServiceAction(_)
            | Scope::Shares(_)
            | Scope::Imported
            | Scope::Provisioned
            | Scope::ProvisionedProduct(_)
            | Scope::Stack(_)
            | Scope::Ssm(_)
            | Scope::Bucket => false,
        });
        gap.map(|gap| unread(gap, &format!("{what} stays")))
    }
}

impl Doubt<'_> {
    /// Why an object may not be removed whole, if so: something that bears on it could not be read.
    pub(crate) fn object(&self, kind: Kind, id: &str, what: &str) -> Option<Blocked> {
        if self.source {
            return self.removal(None, None, what);
        }
        let gap = self.gap(|scope| match (kind, scope) {
            (_, Scope::Stack(_) | Scope::Ssm(_) | Scope::Bucket) => false,
            (Kind::Portfolio, Scope::Portfolios) => true,
            (Kind::Portfolio, Scope::Portfolio(other)) => other.as_str() == id,
            (Kind::Portfolio, _) => false,
            (Kind::ProvisionedProduct, Scope::Provisioned) => true,
            (Kind::ProvisionedProduct, Scope::ProvisionedProduct(other)) => other.as_str() == id,
            (Kind::ProvisionedProduct, _) => false,
            // Any portfolio may hold it, anything may run from it.
            (Kind::Product, Scope::Product(other)) => other.as_str() == id,
            (Kind::Product, _) => true,
            (Kind::TagOption | Kind::ServiceAction, _) => true,
        });
        gap.map(|gap| unread(gap, &format!("{what} stays")))
    }
}

/// A refusal that names the read that failed.
pub(crate) fn unread(gap: &Gap, what: &str) -> Blocked {
    // The gap itself is listed with its reason; here its name is enough.
    let how = if gap.denied { "was denied" } else { "failed" };
    Blocked::new(
        BlockedCode::Gap,
        format!(
            "{what}: {} could not be read ({} {how})",
            scope_text(&gap.scope),
            gap.operation,
        ),
    )
}

/// What is in doubt, in words.
pub fn scope_text(scope: &Scope) -> String {
    match scope {
        Scope::ServiceActions => "the list of service actions".to_owned(),
        Scope::ServiceAction(id) => format!("service action {id}"),
        Scope::TagOptions => "the list of TagOptions".to_owned(),
        Scope::Imported => "the list of accepted portfolios".to_owned(),
        Scope::Portfolios => "the list of portfolios".to_owned(),
        Scope::Products => "the list of products".to_owned(),
        Scope::Provisioned => "the list of provisioned products".to_owned(),
        Scope::Portfolio(id) => format!("portfolio {id}"),
        Scope::Shares(id) => format!("whom portfolio {id} is shared with"),
        Scope::Product(id) => format!("product {id}"),
        Scope::ProvisionedProduct(id) => format!("provisioned product {id}"),
        Scope::Stack(arn) => format!("stack {arn}"),
        Scope::Ssm(name) => format!("parameter {name} of the parameter store"),
        Scope::Bucket => "the template bucket".to_owned(),
    }
}

/// What removals are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Family {
    Principals,
    Shares,
    Constraints,
    Associations,
    /// Service actions that versions no longer offer.
    Offers,
    /// TagOptions of portfolios and products.
    TagOptions,
    /// Budgets of portfolios and products.
    Budgets,
    /// Versions that are deactivated: taken from end users, though not deleted.
    Versions,
    /// Whole objects; TagOptions are deactivated.
    Objects(Kind),
    /// Versions that are deleted.
    DeletedVersions,
}

impl Family {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Principals => "principals",
            Self::Shares => "shares",
            Self::Constraints => "constraints",
            Self::Associations => "associations",
            Self::Offers => "service actions of versions",
            Self::TagOptions => "TagOptions of portfolios and products",
            Self::Budgets => "budgets of portfolios and products",
            Self::Versions => "active versions",
            Self::Objects(Kind::TagOption) => "TagOptions",
            Self::Objects(Kind::ServiceAction) => "service actions",
            Self::Objects(Kind::Portfolio) => "portfolios",
            Self::Objects(Kind::Product) => "products",
            Self::Objects(Kind::ProvisionedProduct) => "provisioned products",
            Self::DeletedVersions => "versions",
        }
    }
}

/// Below this many of a family the share says nothing: one of three is no crowd.
const CROWD: usize = 10;
/// The largest share of a family that may go at once, in percent.
const SHARE: usize = 30;
/// The most that may go at once, of all families together.
const AT_ONCE: usize = 20;

/// Whether a source names nothing at all of what was last applied: a repository that was replaced, a branch that was forced
/// to another history. Such a one is sound, and wants something else; but hardly that all of the other is removed.
fn is_another_source(input: &Input<'_>) -> bool {
    let names_none = |base: &Desired| {
        let mut former = base.keys().peekable();
        former.peek().is_some() && former.all(|key| !input.desired.names(&key))
    };
    input.base.is_some_and(names_none)
}

/// Which families' removals are refused, each with its message.
pub(crate) fn refused_removals(
    planned: &BTreeMap<Family, usize>,
    owned: &BTreeMap<Family, usize>,
    input: &Input<'_>,
) -> BTreeMap<Family, Blocked> {
    let total: usize = planned.values().sum();
    let mut refused = BTreeMap::new();
    let allowed = input.policy.allow_removals;
    if allowed.is_some_and(|allowed| total <= allowed) {
        return refused;
    }
    let another = is_another_source(input);
    for (family, count) in planned.iter().filter(|(_, count)| **count > 0) {
        let of = owned.get(family).copied().unwrap_or(0);
        let message = if another {
            format!(
                "the source names nothing of what was last applied, as if it were another one, and {count} {} would go",
                family.text()
            )
        } else if of >= CROWD && count * 100 > of * SHARE {
            format!(
                "{count} of {of} {} would go at once, more than {SHARE} %",
                family.text()
            )
        } else if total > AT_ONCE {
            format!("{total} removals at once are more than {AT_ONCE}")
        } else {
            continue;
        };
        let blocked = Blocked::new(
            BlockedCode::RemovalGuard,
            format!("{message}: allow them with --allow-deletes {total}"),
        );
        refused.insert(*family, blocked);
    }
    refused
}

/// How many of each family belong to our objects.
pub(crate) fn census(owned: &Owned<'_>, observed: &Observed) -> BTreeMap<Family, usize> {
    let ours: std::collections::BTreeSet<&ProductId> =
        owned.products.values().flatten().map(|p| &p.id).collect();
    let portfolios = || observed.portfolios.values();
    let actions = || observed.service_actions.values();
    let principals = owned.portfolios.values().flatten();
    let constraints = portfolios().flat_map(|p| p.constraints.values());
    let portfolios_owned = || owned.portfolios.values().flatten();
    let products_owned = || owned.products.values().flatten();
    let options = portfolios_owned().map(|p| p.tag_options.len());
    let options = options.chain(products_owned().map(|p| p.tag_options.len()));
    let budgets = portfolios_owned().map(|p| p.budgets.len());
    let budgets = budgets.chain(products_owned().map(|p| p.budgets.len()));
    let versions = || owned.products.values().flatten().flat_map(|p| &p.versions);
    let shares = portfolios_owned().filter_map(|p| p.shares.as_ref());
    BTreeMap::from([
        (Family::TagOptions, options.sum()),
        (Family::Budgets, budgets.sum()),
        (Family::Shares, shares.map(|shares| shares.len()).sum()),
        (
            Family::Principals,
            principals.map(|p| p.principals.len()).sum(),
        ),
        (
            Family::Constraints,
            constraints
                .filter(|c| {
                    ours.contains(&c.product) && association::KINDS.contains(&c.kind.as_str())
                })
                .count(),
        ),
        (
            Family::Associations,
            portfolios()
                .flat_map(|p| &p.products)
                .filter(|id| ours.contains(id))
                .count(),
        ),
        (Family::Versions, versions().filter(|v| v.active).count()),
        (Family::DeletedVersions, versions().count()),
        (
            Family::Offers,
            actions()
                .flat_map(|o| &o.versions)
                .filter(|(id, _)| ours.contains(id))
                .count(),
        ),
        (
            Family::Objects(Kind::ServiceAction),
            owned.service_actions.len(),
        ),
        (Family::Objects(Kind::Portfolio), owned.portfolios.len()),
        (Family::Objects(Kind::Product), owned.products.len()),
        (
            Family::Objects(Kind::ProvisionedProduct),
            owned.provisioned.len(),
        ),
    ])
}
