//! Which action is needed when, and on what.
//!
//! What can be narrowed is what AWS's service authorization reference gives a resource type for: portfolios and products
//! for some actions of Service Catalog, nothing for the others. An object that is yet to be made has no id, so ids are
//! `*`, and account and region narrow; what manifests name by its ARN or id (sources of copies, imported portfolios and
//! stacks, stored parameters, roles) is named.

use std::collections::BTreeSet;

use super::Purpose;
use super::needs::{ANY, Needs, Place};
use super::policy::{Gathered, Policy};

/// The only service that catalogd hands roles to.
const SERVICE: &str = "servicecatalog.amazonaws.com";

/// What an action is done on: a statement each, in this order.
#[derive(Debug, Clone, Copy)]
enum On {
    Anything,
    ReadPortfolios,
    ReadProducts,
    ReadStacks,
    ReadStackSets,
    ReadImports,
    Parameters,
    Bucket,
    ReadIndex,
    WriteAnything,
    Portfolios,
    Imported,
    Products,
    Holders,
    MakeBucket,
    Templates,
    WriteIndex,
    Objects,
    FromStacks,
    OwnStacks,
    OwnTemplates,
    Roles,
}

impl On {
    /// What people call the statement.
    fn sid(self) -> &'static str {
        match self {
            Self::Anything => "ReadCatalog",
            Self::ReadPortfolios => "ReadPortfolios",
            Self::ReadProducts => "ReadProducts",
            Self::ReadStacks => "ReadStacks",
            Self::ReadStackSets => "ReadStackSets",
            Self::ReadImports => "ReadImports",
            Self::Parameters => "ReadParameters",
            Self::Bucket => "ReadBucket",
            Self::ReadIndex => "ReadIndex",
            Self::WriteAnything => "WriteCatalog",
            Self::Portfolios => "WritePortfolios",
            Self::Imported => "AcceptPortfolios",
            Self::Products => "WriteProducts",
            Self::Holders => "GiveTagOptions",
            Self::MakeBucket => "MakeBucket",
            Self::Templates => "WriteTemplates",
            Self::WriteIndex => "WriteIndex",
            Self::Objects => "ReadTemplates",
            Self::FromStacks => "ReadTemplatesOfStacks",
            Self::OwnStacks => "LaunchWithOwnRights",
            Self::OwnTemplates => "CheckOwnTemplates",
            Self::Roles => "HandOnRoles",
        }
    }

    fn resources(self, needs: &Needs, place: &Place) -> BTreeSet<String> {
        let Place {
            account,
            region,
            partition,
            ..
        } = place;
        let catalog = |account: &str, rest: String| {
            format!("arn:{partition}:catalog:{region}:{account}:{rest}")
        };
        let stack = |name: &str| {
            format!("arn:{partition}:cloudformation:{region}:{account}:stack/{name}/*")
        };
        let bucket = format!("arn:{partition}:s3:::{}", place.bucket());
        let own_portfolios = catalog(account, "portfolio/*".to_owned());
        let own_products = catalog(account, "product/*".to_owned());
        // Another account's portfolio is known by its id alone.
        let imported = needs.imported.iter();
        let imported = imported.map(|id| catalog(ANY, format!("portfolio/{id}")));
        let some = |text: String| BTreeSet::from([text]);
        match self {
            Self::Anything | Self::WriteAnything | Self::OwnTemplates => some(ANY.to_owned()),
            Self::ReadPortfolios if needs.everything => {
                some(catalog(ANY, "portfolio/*".to_owned()))
            }
            Self::ReadPortfolios => imported.chain([own_portfolios]).collect(),
            Self::ReadProducts if needs.everything => {
                some(format!("arn:{partition}:catalog:*:*:product/*"))
            }
            Self::ReadProducts => {
                let borrowed = needs.borrowed_products.iter();
                let borrowed = borrowed.map(|id| catalog(ANY, format!("product/{id}")));
                let sources = needs.sources.iter().cloned();
                borrowed.chain(sources).chain([own_products]).collect()
            }
            Self::ReadStacks => {
                let launched = stack(if needs.any_stack { "*" } else { "SC-*" });
                let imports = needs.imports.iter().cloned();
                imports.chain([launched]).collect()
            }
            Self::ReadStackSets => some(format!(
                "arn:{partition}:cloudformation:{region}:{account}:stackset/SC-*"
            )),
            Self::ReadImports if needs.everything => some(stack("*")),
            Self::ReadImports => needs.imports.clone(),
            Self::Parameters => {
                let name =
                    |name: &str| format!("arn:{partition}:ssm:{region}:{account}:parameter/{name}");
                match needs.everything {
                    true => some(name("*")),
                    false => needs.stored.iter().map(|one| name(one)).collect(),
                }
            }
            Self::Bucket | Self::MakeBucket => some(bucket),
            Self::ReadIndex | Self::WriteIndex => {
                some(format!("{bucket}/index/{account}/{region}.json"))
            }
            Self::Portfolios => some(own_portfolios),
            Self::Imported if needs.everything => some(catalog(ANY, "portfolio/*".to_owned())),
            Self::Imported => imported.collect(),
            Self::Products => some(own_products),
            Self::Holders => BTreeSet::from([own_portfolios, own_products]),
            Self::Templates => some(format!("{bucket}/templates/*")),
            Self::Objects => needs.objects.clone(),
            Self::FromStacks => needs.from_stacks.clone(),
            Self::OwnStacks => some(stack("SC-*")),
            Self::Roles => needs.passed_roles.clone(),
        }
    }
}

/// The least policy.
pub(super) fn policy(needs: &Needs, purpose: Purpose) -> Policy {
    let Some(place) = &needs.place else {
        return Policy::default();
    };
    let mut gathered = Gathered::default();
    let mut allow = |when: bool, on: On, actions: &[&'static str]| {
        if when {
            let passed_to = matches!(on, On::Roles).then_some(SERVICE);
            let resources = on.resources(needs, place);
            for action in actions {
                gathered.allow(on as usize, on.sid(), action, &resources, passed_to);
            }
        }
    };
    reads(needs, place, &mut allow);
    if purpose == Purpose::Apply {
        follow_ups(needs, &mut allow);
        writes(needs, &mut allow);
        on_behalf(needs, &mut allow);
    }
    gathered.policy()
}

/// What observing reads: the whole catalog, whatever the source names of it.
fn reads(needs: &Needs, place: &Place, allow: &mut impl FnMut(bool, On, &[&'static str])) {
    // Deleting asks who else has a part in it.
    let deletes = needs.delete_products || needs.delete_versions;
    allow(
        true,
        On::Anything,
        &[
            "servicecatalog:DescribeConstraint",
            "servicecatalog:DescribeProvisionedProduct",
            "servicecatalog:DescribeRecord",
            "servicecatalog:ListConstraintsForPortfolio",
            "servicecatalog:ListPortfolios",
            "servicecatalog:ListServiceActions",
            "servicecatalog:SearchProductsAsAdmin",
            "servicecatalog:SearchProvisionedProducts",
            "sts:GetCallerIdentity",
        ],
    );
    allow(
        needs.tag_options,
        On::Anything,
        &["servicecatalog:ListTagOptions"],
    );
    allow(
        needs.service_actions || needs.offers,
        On::Anything,
        &["servicecatalog:DescribeServiceAction"],
    );
    allow(
        needs.service_actions || needs.offers || deletes,
        On::Anything,
        &["servicecatalog:ListProvisioningArtifactsForServiceAction"],
    );
    allow(
        needs.everything || !needs.imported.is_empty(),
        On::Anything,
        &["servicecatalog:ListAcceptedPortfolioShares"],
    );
    allow(
        true,
        On::ReadPortfolios,
        &[
            "servicecatalog:DescribePortfolio",
            "servicecatalog:ListPrincipalsForPortfolio",
        ],
    );
    allow(
        needs.shares || needs.delete_portfolios || deletes,
        On::ReadPortfolios,
        &["servicecatalog:DescribePortfolioShares"],
    );
    allow(
        true,
        On::ReadProducts,
        &[
            "servicecatalog:DescribeProductAsAdmin",
            "servicecatalog:DescribeProvisioningArtifact",
            "servicecatalog:ListProvisioningArtifacts",
        ],
    );
    allow(
        needs.provisioned,
        On::ReadStacks,
        &["cloudformation:DescribeStacks"],
    );
    allow(
        needs.stack_sets,
        On::Anything,
        &["servicecatalog:ListStackInstancesForProvisionedProduct"],
    );
    allow(
        needs.stack_sets,
        On::ReadStackSets,
        &["cloudformation:DescribeStackSet"],
    );
    allow(
        needs.everything || !needs.imports.is_empty(),
        On::ReadImports,
        &["cloudformation:GetTemplate"],
    );
    allow(
        needs.everything || !needs.stored.is_empty(),
        On::Parameters,
        &["ssm:GetParameters"],
    );
    allow(true, On::Bucket, &["s3:ListBucket"]);
    // Somebody else's bucket is left as it is.
    let own = place.bucket.is_none();
    allow(own, On::Bucket, &["s3:GetBucketPolicy"]);
    allow(true, On::ReadIndex, &["s3:GetObject"]);
}

/// What following a write reads.
fn follow_ups(needs: &Needs, allow: &mut impl FnMut(bool, On, &[&'static str])) {
    allow(true, On::Anything, &["tag:GetResources"]);
    allow(
        needs.provisioned,
        On::Anything,
        &["servicecatalog:ListRecordHistory"],
    );
    allow(
        needs.copies,
        On::Anything,
        &["servicecatalog:DescribeCopyProductStatus"],
    );
    allow(
        needs.shares || needs.delete_portfolios,
        On::Anything,
        &["servicecatalog:DescribePortfolioShareStatus"],
    );
    allow(
        needs.tag_options,
        On::Anything,
        &["servicecatalog:DescribeTagOption"],
    );
    allow(
        needs.offers || needs.delete_service_actions || needs.delete_products,
        On::ReadProducts,
        &["servicecatalog:ListServiceActionsForProvisioningArtifact"],
    );
    allow(
        needs.associations || needs.borrowed || needs.delete_portfolios || needs.delete_products,
        On::ReadProducts,
        &["servicecatalog:ListPortfoliosForProduct"],
    );
}

/// The writes that plans can have.
fn writes(needs: &Needs, allow: &mut impl FnMut(bool, On, &[&'static str])) {
    let ends = needs.delete_portfolios || needs.delete_products;
    let holds = needs.associations || needs.borrowed;
    let any = On::WriteAnything;
    allow(
        needs.tag_options,
        any,
        &[
            "servicecatalog:CreateTagOption",
            "servicecatalog:UpdateTagOption",
        ],
    );
    allow(
        needs.given_tag_options,
        On::Holders,
        &["servicecatalog:AssociateTagOptionWithResource"],
    );
    allow(
        needs.given_tag_options || needs.delete_tag_options || ends,
        On::Holders,
        &["servicecatalog:DisassociateTagOptionFromResource"],
    );
    allow(
        needs.service_actions,
        any,
        &[
            "servicecatalog:CreateServiceAction",
            "servicecatalog:UpdateServiceAction",
        ],
    );
    allow(
        needs.delete_service_actions,
        any,
        &["servicecatalog:DeleteServiceAction"],
    );
    allow(
        needs.offers,
        any,
        &["servicecatalog:BatchAssociateServiceActionWithProvisioningArtifact"],
    );
    allow(
        needs.offers || needs.delete_service_actions || needs.delete_products,
        On::Products,
        &["servicecatalog:DisassociateServiceActionFromProvisioningArtifact"],
    );
    allow(
        needs.budgets,
        any,
        &["servicecatalog:AssociateBudgetWithResource"],
    );
    allow(
        needs.budgets || ends,
        any,
        &["servicecatalog:DisassociateBudgetFromResource"],
    );
    allow(
        holds,
        any,
        &["servicecatalog:AssociateProductWithPortfolio"],
    );
    allow(
        holds || ends,
        any,
        &["servicecatalog:DisassociateProductFromPortfolio"],
    );
    allow(
        needs.constraints,
        On::Products,
        &["servicecatalog:CreateConstraint"],
    );
    allow(needs.constraints, any, &["servicecatalog:UpdateConstraint"]);
    // What leaves a portfolio has no constraints there any more.
    allow(
        needs.constraints || needs.associations || ends,
        any,
        &["servicecatalog:DeleteConstraint"],
    );
    allow(
        needs.portfolios,
        On::Portfolios,
        &[
            "servicecatalog:CreatePortfolio",
            "servicecatalog:UpdatePortfolio",
        ],
    );
    allow(
        needs.delete_portfolios,
        On::Portfolios,
        &["servicecatalog:DeletePortfolio"],
    );
    allow(
        needs.principals,
        On::Portfolios,
        &["servicecatalog:AssociatePrincipalWithPortfolio"],
    );
    allow(
        needs.principals || needs.delete_portfolios,
        On::Portfolios,
        &["servicecatalog:DisassociatePrincipalFromPortfolio"],
    );
    allow(
        needs.shares,
        On::Portfolios,
        &[
            "servicecatalog:CreatePortfolioShare",
            "servicecatalog:UpdatePortfolioShare",
        ],
    );
    allow(
        needs.shares || needs.delete_portfolios,
        On::Portfolios,
        &["servicecatalog:DeletePortfolioShare"],
    );
    imported(needs, allow);
    products(needs, allow);
    bucket(needs, allow);
}

fn imported(needs: &Needs, allow: &mut impl FnMut(bool, On, &[&'static str])) {
    allow(
        needs.everything || !needs.imported.is_empty(),
        On::Imported,
        &["servicecatalog:AcceptPortfolioShare"],
    );
    allow(
        // Any account's portfolios are allowed already where no account is known.
        needs.imported_principals && !(needs.everything && account_is_any(needs)),
        On::Imported,
        &[
            "servicecatalog:AssociatePrincipalWithPortfolio",
            "servicecatalog:DisassociatePrincipalFromPortfolio",
        ],
    );
}

fn account_is_any(needs: &Needs) -> bool {
    needs
        .place
        .as_ref()
        .is_some_and(|place| place.account == ANY)
}

fn products(needs: &Needs, allow: &mut impl FnMut(bool, On, &[&'static str])) {
    allow(
        needs.made_products,
        On::Products,
        &["servicecatalog:CreateProduct"],
    );
    allow(
        needs.products,
        On::Products,
        &["servicecatalog:UpdateProduct"],
    );
    allow(
        needs.delete_products,
        On::Products,
        &["servicecatalog:DeleteProduct"],
    );
    allow(
        needs.copies,
        On::WriteAnything,
        &["servicecatalog:CopyProduct"],
    );
    allow(
        needs.versions && needs.made_products,
        On::Products,
        &["servicecatalog:CreateProvisioningArtifact"],
    );
    allow(
        needs.versions,
        On::Products,
        &["servicecatalog:UpdateProvisioningArtifact"],
    );
    allow(
        needs.delete_versions,
        On::Products,
        &["servicecatalog:DeleteProvisioningArtifact"],
    );
    allow(
        needs.launched,
        On::Products,
        &["servicecatalog:ProvisionProduct"],
    );
    allow(
        needs.everything || !needs.imports.is_empty(),
        On::Products,
        &["servicecatalog:ImportAsProvisionedProduct"],
    );
    allow(
        needs.provisioned,
        On::WriteAnything,
        &["servicecatalog:UpdateProvisionedProduct"],
    );
    allow(
        needs.terminated,
        On::WriteAnything,
        &["servicecatalog:TerminateProvisionedProduct"],
    );
}

fn bucket(needs: &Needs, allow: &mut impl FnMut(bool, On, &[&'static str])) {
    allow(
        needs.templates,
        On::MakeBucket,
        &[
            "s3:CreateBucket",
            "s3:PutBucketPolicy",
            "s3:PutBucketPublicAccessBlock",
        ],
    );
    // The service reads templates with the caller's rights.
    allow(
        needs.templates,
        On::Templates,
        &["s3:GetObject", "s3:PutObject"],
    );
    allow(needs.products, On::WriteIndex, &["s3:PutObject"]);
}

/// What the service does with the caller's rights: no calls of catalogd.
fn on_behalf(needs: &Needs, allow: &mut impl FnMut(bool, On, &[&'static str])) {
    allow(true, On::Objects, &["s3:GetObject"]);
    allow(true, On::FromStacks, &["cloudformation:GetTemplate"]);
    allow(
        needs.own_launches,
        On::OwnStacks,
        &[
            "cloudformation:CreateStack",
            "cloudformation:DeleteStack",
            "cloudformation:DescribeStackEvents",
            "cloudformation:GetTemplateSummary",
            "cloudformation:SetStackPolicy",
            "cloudformation:TagResource",
            "cloudformation:UpdateStack",
        ],
    );
    allow(
        needs.own_launches,
        On::OwnTemplates,
        &["cloudformation:ValidateTemplate"],
    );
    allow(true, On::Roles, &["iam:PassRole"]);
}
