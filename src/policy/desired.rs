//! What rules see of what git wants: the fields of the manifest by its own names, resolved and with defaults.
//!
//! What a manifest leaves out is there and empty, so that a rule can look at it without asking first; only blocks of a
//! constraint or a support field that are not there are no keys. Destructuring makes the compiler ask for a new field.

use super::facts::{maybe, tags, text, texts};
use crate::model::desired::*;
use crate::model::launch::Rollout;
use crate::model::share::Recipient;
use crate::rule::Fact;
use crate::secret;

fn names<'n, T: 'n>(names: impl IntoIterator<Item = (&'n crate::ids::Name, T)>) -> Fact {
    Fact::texts(names.into_iter().map(|(name, _)| name.as_str()))
}

pub(super) fn tag_option(want: &TagOption) -> Fact {
    let TagOption {
        name: _,
        origin: _,
        lifecycle: _,
        key,
        value,
        active,
    } = want;
    Fact::map([
        ("key", text(key)),
        ("value", text(value)),
        ("active", (*active).into()),
    ])
}

pub(super) fn service_action(want: &ServiceAction) -> Fact {
    let ServiceAction {
        name: _,
        origin: _,
        lifecycle: _,
        display_name,
        description,
        definition,
    } = want;
    let definition = definition
        .iter()
        .map(|(key, value)| (key.as_str(), text(value)));
    Fact::map([
        ("name", text(display_name)),
        ("description", maybe(description.as_deref())),
        ("definition", Fact::map(definition)),
    ])
}

pub(super) fn portfolio(want: &Portfolio) -> Fact {
    let Portfolio {
        name: _,
        origin: _,
        lifecycle: _,
        display_name,
        description,
        provider_name,
        tags: own,
        principals,
        tag_options,
        budgets,
        shares,
        shared_products,
    } = want;
    let shares = shares.iter().flatten().map(|(with, share)| {
        let field = match with {
            Recipient::Account(_) => "account",
            Recipient::Organization(_) => "organization",
            Recipient::Unit(_) => "organizationalUnit",
        };
        Fact::map([
            (field, text(with.id())),
            ("shareTagOptions", share.tag_options.unwrap_or(false).into()),
            ("sharePrincipals", share.principals.unwrap_or(false).into()),
        ])
    });
    let borrowed = shared_products.iter().flatten();
    let borrowed = borrowed.map(|(product, shared)| {
        Fact::map([
            ("product", product.as_str().into()),
            ("from", shared.from.as_str().into()),
        ])
    });
    Fact::map([
        ("displayName", text(display_name)),
        ("description", maybe(description.as_deref())),
        ("providerName", text(provider_name)),
        ("tags", tags(own.as_ref().unwrap_or(&Tags::new()))),
        ("principals", self::principals(principals)),
        ("tagOptions", names(tag_options.iter().flatten())),
        ("budgets", texts(budgets.iter().flatten())),
        ("shares", Fact::List(shares.collect())),
        ("sharedProducts", Fact::List(borrowed.collect())),
        ("imported", false.into()),
    ])
}

pub(super) fn imported(want: &ImportedPortfolio) -> Fact {
    let ImportedPortfolio {
        name: _,
        origin: _,
        id,
        principals,
    } = want;
    Fact::map([
        ("id", id.as_str().into()),
        ("principals", self::principals(principals)),
        ("imported", true.into()),
    ])
}

fn principals(all: &Option<std::collections::BTreeSet<Principal>>) -> Fact {
    let all = all.iter().flatten().map(|principal| match principal {
        Principal::Arn(arn) => Fact::map([("arn", text(arn))]),
        Principal::Pattern(pattern) => Fact::map([("pattern", text(pattern))]),
        Principal::Caller => Fact::map([("self", true.into())]),
    });
    Fact::List(all.collect())
}

pub(super) fn product(want: &Product) -> Fact {
    let Product {
        name: _,
        origin: _,
        lifecycle: _,
        display_name,
        owner,
        description,
        distributor,
        support,
        tags: own,
        tag_options,
        budgets,
        portfolios,
        product_type,
        versions,
        unlisted_versions,
        copy_from,
        source_connection,
        service_actions,
    } = want;
    let Support {
        description: help,
        email,
        url,
    } = support;
    let unlisted = match unlisted_versions {
        UnlistedVersions::Keep => "keep",
        UnlistedVersions::Deactivate => "deactivate",
        UnlistedVersions::Delete => "delete",
    };
    let portfolios = portfolios.iter().flatten().map(|(name, association)| {
        let constraints = association.constraints.as_ref();
        Fact::map([
            ("portfolio", name.as_str().into()),
            (
                "constraints",
                constraints.map_or(Fact::map::<&str>([]), self::constraints),
            ),
        ])
    });
    let mut facts = vec![
        ("name", text(display_name)),
        ("owner", text(owner)),
        ("description", maybe(description.as_deref())),
        ("distributor", maybe(distributor.as_deref())),
        (
            "support",
            Fact::map([
                ("description", maybe(help.as_deref())),
                ("email", maybe(email.as_deref())),
                ("url", maybe(url.as_deref())),
            ]),
        ),
        ("tags", tags(own.as_ref().unwrap_or(&Tags::new()))),
        ("tagOptions", names(tag_options.iter().flatten())),
        ("budgets", texts(budgets.iter().flatten())),
        ("portfolios", Fact::List(portfolios.collect())),
        ("type", product_type.as_str().into()),
        (
            "versions",
            Fact::List(versions.iter().map(version).collect()),
        ),
        ("unlistedVersions", unlisted.into()),
        ("serviceActions", names(service_actions.iter().flatten())),
    ];
    if let Some(copy) = copy_from {
        let versions = copy.versions.iter().flatten().map(|v| &v.name);
        let copy = Fact::map([
            ("productArn", text(&copy.source.to_string())),
            ("versions", texts(versions)),
            ("copyTags", copy.copy_tags.into()),
        ]);
        facts.push(("copyFrom", copy));
    }
    if let Some(SourceConnection { origin: _, to }) = source_connection {
        let CodeStar {
            connection_arn,
            repository,
            branch,
            artifact_path,
        } = to;
        let connection = Fact::map([
            ("connectionArn", text(connection_arn)),
            ("repository", text(repository)),
            ("branch", text(branch)),
            ("artifactPath", text(artifact_path)),
        ]);
        facts.push(("sourceConnection", connection));
    }
    Fact::map(facts)
}

fn constraints(want: &Constraints) -> Fact {
    let Constraints {
        launch,
        tag_updates,
        notification,
        template,
        stack_set,
    } = want;
    let mut facts = Vec::new();
    if let Some(launch) = launch {
        let launch = match launch {
            Launch::RoleArn(arn) => Fact::map([("roleArn", text(arn))]),
            Launch::LocalRoleName(name) => Fact::map([("localRoleName", text(name))]),
        };
        facts.push(("launch", launch));
    }
    if let Some(updates) = tag_updates {
        let updates = match updates {
            TagUpdates::Allowed => "allowed",
            TagUpdates::NotAllowed => "notAllowed",
        };
        facts.push(("tagUpdates", updates.into()));
    }
    if let Some(topics) = notification {
        facts.push(("notification", Fact::map([("topics", texts(topics))])));
    }
    if let Some(rules) = template {
        facts.push(("template", Fact::map([("rules", texts(rules.keys()))])));
    }
    if let Some(set) = stack_set {
        let StackSet {
            accounts,
            regions,
            admin_role,
            execution_role,
        } = set;
        let set = Fact::map([
            ("accounts", texts(accounts)),
            ("regions", texts(regions)),
            ("adminRole", text(admin_role)),
            ("executionRole", text(execution_role)),
        ]);
        facts.push(("stackSet", set));
    }
    Fact::map(facts)
}

fn version(want: &Version) -> Fact {
    let Version {
        name,
        origin: _,
        description,
        source,
        active,
        retired,
        guidance,
        mutable,
        service_actions,
    } = want;
    let source = match source {
        TemplateSource::File { path, .. } => ("template", text(path)),
        TemplateSource::Url(url) => ("templateUrl", text(url)),
        TemplateSource::Stack(arn) => ("fromStack", text(arn)),
    };
    Fact::map([
        ("name", text(name)),
        ("description", maybe(description.as_deref())),
        source,
        ("active", (*active && !*retired).into()),
        ("guidance", guidance.map_or("", Guidance::as_str).into()),
        ("mutable", (*mutable).into()),
        ("serviceActions", names(service_actions.iter().flatten())),
    ])
}

pub(super) fn provisioned(all: &Desired, want: &ProvisionedProduct) -> Fact {
    let ProvisionedProduct {
        name: _,
        origin: _,
        lifecycle: _,
        live_name,
        product,
        version,
        portfolio,
        parameters,
        tags: own,
        depends_on,
        import,
        notification_arns,
        stack_set,
    } = want;
    let open = open_parameters(all, want);
    let parameters = parameters.iter().flatten();
    let parameters = parameters.map(|(key, parameter)| {
        let value = match &parameter.value {
            ParameterValue::Output {
                provisioned_product,
                key,
            } => Fact::map([
                ("output", text(key)),
                ("provisionedProduct", provisioned_product.as_str().into()),
            ]),
            ParameterValue::Ssm(name) => Fact::map([("ssm", text(name))]),
            ParameterValue::Literal(_) | ParameterValue::List(_)
                if !open.contains(&key.as_str()) =>
            {
                secret::MASK.into()
            }
            ParameterValue::Literal(value) => text(value),
            ParameterValue::List(items) => texts(items),
        };
        (key.as_str(), value)
    });
    let mut facts = vec![
        ("name", text(live_name)),
        ("product", product.as_str().into()),
        ("version", text(version)),
        (
            "portfolio",
            portfolio.as_ref().map_or("", |p| p.as_str()).into(),
        ),
        ("parameters", Fact::map(parameters)),
        ("tags", tags(own.as_ref().unwrap_or(&Tags::new()))),
        (
            "dependsOn",
            Fact::texts(depends_on.iter().map(|n| n.as_str())),
        ),
        (
            "notificationArns",
            texts(notification_arns.iter().flat_map(|topics| &topics.arns)),
        ),
    ];
    if let Some(import) = import {
        let stack = text(&import.stack.to_string());
        facts.push(("import", Fact::map([("stackArn", stack)])));
    }
    if let Some(Rollout {
        origin: _,
        preferences,
    }) = stack_set
    {
        let fields = preferences.fields().into_iter();
        facts.push((
            "stackSet",
            Fact::map(fields.map(|(name, value)| (name, text(&value)))),
        ));
    }
    Fact::map(facts)
}

/// The parameters that the version's own template says are no secret. What is not known of is taken for one.
fn open_parameters<'d>(all: &'d Desired, want: &ProvisionedProduct) -> Vec<&'d str> {
    let product = all.products.get(&want.product);
    let version = product.and_then(|p| p.versions.iter().find(|v| v.name == want.version));
    match version.map(|version| &version.source) {
        Some(TemplateSource::File {
            parameters: Some(declared),
            ..
        }) => {
            let open = declared.iter().filter(|declared| !declared.no_echo);
            open.map(|declared| declared.key.as_str()).collect()
        }
        _ => Vec::new(),
    }
}
