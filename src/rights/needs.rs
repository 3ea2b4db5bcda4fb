//! What of the manifests bears on rights.

use std::collections::BTreeSet;

use super::Purpose;
use crate::ids::Target;
use crate::model::desired::{
    Adopt, Association, Constraints, Desired, Launch, OnRemove, Portfolio, Product, TemplateSource,
    UnlistedVersions,
};

/// What stands in an ARN for what is not known: everything.
pub(super) const ANY: &str = "*";

/// Where the catalog is, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Twelve digits, or `*`.
    pub account: String,
    /// A region, or `*`.
    pub region: String,
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// The template bucket, where it is named.
    pub bucket: Option<String>,
}

impl Place {
    /// What stands in for an account that is not known while manifests are read: nobody's, but well-formed.
    const NOBODY: &str = "000000000000";
    /// What stands in for a region that is not known: none, but well-formed.
    const NOWHERE: &str = "zz-nowhere-1";

    /// The place for which manifests are read.
    pub fn target(&self) -> Target {
        let or = |text: &str, other: &str| match text {
            ANY => other.to_owned(),
            text => text.to_owned(),
        };
        Target {
            account: or(&self.account, Self::NOBODY).as_str().into(),
            region: or(&self.region, Self::NOWHERE).as_str().into(),
            partition: self.partition.clone(),
        }
    }

    /// A text of a manifest that was read for [`Self::target`], as a policy can have it.
    fn written(&self, text: &str) -> String {
        let mut text = text.to_owned();
        if self.account == ANY {
            text = text.replace(Self::NOBODY, ANY);
        }
        if self.region == ANY {
            text = text.replace(Self::NOWHERE, ANY);
        }
        text
    }

    /// The name of the template bucket.
    pub(super) fn bucket(&self) -> String {
        let own = || format!("catalogd-{}-{}", self.account, self.region);
        self.bucket.clone().unwrap_or_else(own)
    }
}

/// What the manifests make necessary.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Where.
    pub(super) place: Option<Place>,
    /// Any manifest at all, each as though it could say everything; what only manifests name is left out.
    pub(super) everything: bool,
    pub(super) tag_options: bool,
    /// Some TagOption is deactivated when it leaves git.
    pub(super) delete_tag_options: bool,
    /// Something is given TagOptions.
    pub(super) given_tag_options: bool,
    pub(super) service_actions: bool,
    pub(super) delete_service_actions: bool,
    /// Versions offer service actions.
    pub(super) offers: bool,
    pub(super) budgets: bool,
    pub(super) portfolios: bool,
    pub(super) delete_portfolios: bool,
    pub(super) principals: bool,
    pub(super) shares: bool,
    /// Portfolios say which products of other accounts are in them.
    pub(super) borrowed: bool,
    /// Ids of these products.
    pub(super) borrowed_products: BTreeSet<String>,
    pub(super) products: bool,
    /// Some product is not a copy.
    pub(super) made_products: bool,
    pub(super) delete_products: bool,
    /// Versions are made or changed, not by the service.
    pub(super) versions: bool,
    pub(super) delete_versions: bool,
    /// Templates are uploaded.
    pub(super) templates: bool,
    pub(super) copies: bool,
    /// Products say in which portfolios they stand.
    pub(super) associations: bool,
    pub(super) constraints: bool,
    pub(super) provisioned: bool,
    /// Some are launched, not imported.
    pub(super) launched: bool,
    /// Some provisioned product may be launched with the caller's own rights.
    pub(super) own_launches: bool,
    pub(super) terminated: bool,
    /// A stack set may stand behind a provisioned product.
    pub(super) stack_sets: bool,
    /// A stack of any name may stand behind a provisioned product that is taken over.
    pub(super) any_stack: bool,
    /// Ids of other accounts' portfolios.
    pub(super) imported: BTreeSet<String>,
    pub(super) imported_principals: bool,
    /// ARNs of other accounts' and regions' products that are copied.
    pub(super) sources: BTreeSet<String>,
    /// Stacks that are imported.
    pub(super) imports: BTreeSet<String>,
    /// Stacks whose template is a version's.
    pub(super) from_stacks: BTreeSet<String>,
    /// Objects in buckets that versions name by URL, as ARNs.
    pub(super) objects: BTreeSet<String>,
    /// Parameters of the parameter store, without version.
    pub(super) stored: BTreeSet<String>,
    /// ARNs of roles that are handed to the service.
    pub(super) passed_roles: BTreeSet<String>,
}

impl Needs {
    /// Of what any manifest can say, but for what only a manifest names.
    pub fn everything(place: Place) -> Self {
        Self {
            place: Some(place),
            everything: true,
            tag_options: true,
            delete_tag_options: true,
            given_tag_options: true,
            service_actions: true,
            delete_service_actions: true,
            offers: true,
            budgets: true,
            portfolios: true,
            delete_portfolios: true,
            principals: true,
            shares: true,
            borrowed: true,
            products: true,
            made_products: true,
            delete_products: true,
            versions: true,
            delete_versions: true,
            templates: true,
            copies: true,
            associations: true,
            constraints: true,
            provisioned: true,
            launched: true,
            own_launches: false,
            terminated: true,
            stack_sets: true,
            any_stack: true,
            imported_principals: true,
            ..Self::default()
        }
    }

    /// Of these manifests, which were read for [`Place::target`].
    pub fn of(desired: &Desired, place: Place) -> Self {
        let mut needs = Self {
            tag_options: !desired.tag_options.is_empty(),
            place: Some(place.clone()),
            ..Self::default()
        };
        for option in desired.tag_options.values() {
            needs.delete_tag_options |= goes(option.lifecycle.on_remove);
        }
        for action in desired.service_actions.values() {
            needs.service_actions = true;
            needs.delete_service_actions |= goes(action.lifecycle.on_remove);
        }
        for portfolio in desired.portfolios.values() {
            needs.portfolio(portfolio);
        }
        for portfolio in desired.imported.values() {
            needs.imported.insert(portfolio.id.to_string());
            needs.imported_principals |= portfolio.principals.is_some();
        }
        for product in desired.products.values() {
            needs.product(product, &place);
        }
        for provisioned in desired.provisioned.values() {
            needs.provisioned = true;
            needs.stack_sets |= provisioned.stack_set.is_some();
            let adopt = &provisioned.lifecycle.adopt;
            needs.any_stack |= !matches!(adopt, Adopt::Never);
            needs.terminated |= goes(provisioned.lifecycle.on_remove);
            for name in provisioned.ssm() {
                let name = name.split(':').next().unwrap_or(name);
                needs.stored.insert(name.trim_start_matches('/').to_owned());
            }
            match &provisioned.import {
                Some(import) => {
                    needs.imports.insert(place.written(import.stack.as_str()));
                }
                None => needs.launched = true,
            }
            let product = desired.products.get(&provisioned.product);
            let places = product
                .into_iter()
                .flat_map(|p| p.portfolios.iter().flatten());
            let mut places = places.filter(|(portfolio, _)| {
                let wanted = provisioned.portfolio.as_ref();
                wanted.is_none_or(|wanted| wanted == *portfolio)
            });
            // Where nothing is said of its portfolios nobody knows who launches.
            let known = product.is_some_and(|product| product.portfolios.is_some());
            needs.own_launches |= !known || places.any(|(_, association)| !has_role(association));
        }
        // A launch that failed and never succeeded is terminated and made again.
        needs.terminated |= needs.launched;
        needs
    }

    fn portfolio(&mut self, portfolio: &Portfolio) {
        self.portfolios = true;
        self.delete_portfolios |= goes(portfolio.lifecycle.on_remove);
        self.principals |= portfolio.principals.is_some();
        self.shares |= portfolio.shares.is_some();
        self.borrowed |= portfolio.shared_products.is_some();
        let borrowed = portfolio.shared_products.iter().flatten();
        let borrowed = borrowed.map(|(product, _)| product.to_string());
        self.borrowed_products.extend(borrowed);
        self.given_tag_options |= portfolio.tag_options.is_some();
        self.budgets |= portfolio.budgets.is_some();
    }

    fn product(&mut self, product: &Product, place: &Place) {
        self.products = true;
        self.delete_products |= goes(product.lifecycle.on_remove);
        self.given_tag_options |= product.tag_options.is_some();
        self.budgets |= product.budgets.is_some();
        self.offers |= product.has_offers();
        self.associations |= product.portfolios.is_some();
        self.delete_versions |= product.unlisted_versions == UnlistedVersions::Delete;
        match &product.copy_from {
            Some(copy) => {
                self.copies = true;
                self.versions = true;
                if !copy.source.is_in(&place.target()) {
                    self.sources.insert(place.written(copy.source.as_str()));
                }
            }
            None => self.made_products = true,
        }
        for version in &product.versions {
            self.versions = true;
            match &version.source {
                TemplateSource::File { .. } => self.templates = true,
                TemplateSource::Url(url) => self.objects.extend(object(url, &place.partition)),
                TemplateSource::Stack(stack) => {
                    self.from_stacks.insert(place.written(stack));
                }
            }
        }
        let places = product.portfolios.iter().flatten();
        for (_, association) in places {
            if let Some(constraints) = &association.constraints {
                self.constraints = true;
                self.stack_sets |= constraints.stack_set.is_some();
                self.roles(constraints, place);
            }
        }
    }

    fn roles(&mut self, constraints: &Constraints, place: &Place) {
        let launch = constraints.launch.as_ref().map(|launch| match launch {
            Launch::RoleArn(arn) => place.written(arn),
            Launch::LocalRoleName(name) => {
                format!("arn:{}:iam::{}:role/{name}", place.partition, place.account)
            }
        });
        let set = constraints.stack_set.as_ref();
        let set = set.map(|set| place.written(&set.admin_role));
        self.passed_roles.extend(launch.into_iter().chain(set));
    }

    /// What is worth a line beside the policy: rights that it does not have, because nothing says which.
    pub fn remarks(&self, purpose: Purpose) -> Vec<String> {
        let mut remarks = Vec::new();
        let writes = purpose == Purpose::Apply;
        let mut say = |text: &str| remarks.push(text.to_owned());
        let place = self.place.as_ref();
        if place.is_some_and(|place| place.account == ANY) {
            say(
                "no --account: the policy holds for the catalog of any account that the role is in",
            );
        }
        if place.is_some_and(|place| place.region == ANY) {
            say("no --region and none in the environment: the policy holds for every region");
        }
        if self.own_launches && writes {
            say(
                "some provisioned product has no launch role: the role also needs every right on the resources of its template",
            );
        }
        if !self.stored.is_empty() {
            say(
                "a SecureString under a key of your own also needs kms:Decrypt on that key, with kms:ViaService ssm.REGION.amazonaws.com",
            );
        }
        if self.everything && writes {
            say(
                "what only manifests name is left out: roles that are handed on, stacks that are launched without one, and objects of templateUrl",
            );
        }
        remarks
    }
}

fn goes(end: OnRemove) -> bool {
    match end {
        OnRemove::Retain => false,
        OnRemove::Delete | OnRemove::Release => true,
    }
}

fn has_role(association: &Association) -> bool {
    let constraints = association.constraints.as_ref();
    constraints.is_some_and(|c| c.launch.is_some() || c.stack_set.is_some())
}

/// The object of S3 that a URL names, as an ARN; `None` for any other host.
fn object(url: &str, partition: &str) -> Option<String> {
    let (host, path) = url.strip_prefix("https://")?.split_once('/')?;
    let path = path.split(['?', '#']).next()?;
    let name = host
        .strip_suffix(".amazonaws.com")
        .or_else(|| host.strip_suffix(".amazonaws.com.cn"))?;
    let (bucket, key) = match name.split_once(".s3") {
        Some((bucket, rest)) if rest.is_empty() || rest.starts_with(['.', '-']) => (bucket, path),
        _ if name == "s3" || name.starts_with("s3.") || name.starts_with("s3-") => {
            path.split_once('/')?
        }
        _ => return None,
    };
    Some(format!("arn:{partition}:s3:::{bucket}/{key}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_object_behind_a_url_is_found() {
        let found = |url| object(url, "aws");
        let wanted = Some("arn:aws:s3:::templates/vpc/v1.yaml".to_owned());
        for url in [
            "https://templates.s3.us-east-1.amazonaws.com/vpc/v1.yaml",
            "https://templates.s3.amazonaws.com/vpc/v1.yaml?versionId=3",
            "https://templates.s3-eu-west-1.amazonaws.com/vpc/v1.yaml",
            "https://s3.us-east-1.amazonaws.com/templates/vpc/v1.yaml",
            "https://s3-us-west-2.amazonaws.com/templates/vpc/v1.yaml",
            "https://s3.amazonaws.com/templates/vpc/v1.yaml",
        ] {
            assert_eq!(found(url), wanted, "{url}");
        }
        assert_eq!(found("https://example.com/vpc/v1.yaml"), None);
        assert_eq!(found("https://ec2.amazonaws.com/vpc/v1.yaml"), None);
    }
}
