//! Checked specs → the model. What has an error, or depends on what has one, is left out and named.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Code, Finding, Severity};
use super::node::{At, Node, Value};
use super::schema::{
    AssociationSpec, ConnectionSpec, CopySpec, DefinitionSpec, ImportedSpec, LaunchSpec, Older,
    ParameterSpec, PortfolioSpec, PrincipalSpec, ProductSpec, ProvisionedSpec, RolloutSpec,
    RuleSpec, ServiceActionSpec, ShareSpec, SharedProductSpec, SourceSpec, Specs, StackSetSpec,
    Tag, TagOptionSpec, ValueSpec, VersionSpec, action_parameters,
};
use super::template::{Templates, decls};
use crate::ids::{Key, Kind, Name, PortfolioId, ProductArn, ProductId, StackArn};
use crate::model::desired::{
    Adopt, Association, CodeStar, Constraints, CopiedVersion, CopyFrom, Desired, GivenTagOptions,
    Guidance, Import, ImportedPortfolio, Launch, Offers, Parameter, ParameterValue, Portfolio,
    Principal, Product, ProvisionedProduct, ServiceAction, Share, SharedProduct, SourceConnection,
    StackSet, Support, TagOption, Tags, TemplateSource, Version,
};
use crate::model::launch::{Preferences, Rollout, Topics};
use crate::model::share::Recipient;

/// Puts the sound objects together.
///
/// Afterwards every reference between the objects in the maps can be followed.
/// `left_out` are those that something other than an object keeps from being sound.
pub(super) fn assemble(
    specs: Specs,
    templates: Templates,
    left_out: BTreeSet<Key>,
    findings: &mut Vec<Finding>,
) -> Desired {
    let errors = || findings.iter().filter(|f| f.severity == Severity::Error);
    let mut desired = Desired {
        broken: errors()
            .filter_map(|f| f.object.clone())
            .chain(left_out)
            .collect(),
        incomplete: errors().any(|f| f.object.is_none()),
        ..Desired::default()
    };
    // A spec that cannot be built lacks a part that is a finding already, so its key is among the broken.
    let sound = |desired: &Desired, kind: Kind, name: &Name| {
        !desired.broken.contains(&Key::new(kind, name.clone()))
    };
    for spec in specs.service_actions {
        if let Some(found) = service_action(spec)
            && sound(&desired, Kind::ServiceAction, &found.name)
        {
            desired.service_actions.insert(found.name.clone(), found);
        }
    }
    for spec in specs.tag_options {
        if let Some(found) = tag_option(spec)
            && sound(&desired, Kind::TagOption, &found.name)
        {
            desired.tag_options.insert(found.name.clone(), found);
        }
    }
    for spec in specs.portfolios {
        if let Some(found) = portfolio(spec)
            && sound(&desired, Kind::Portfolio, &found.name)
        {
            desired.portfolios.insert(found.name.clone(), found);
        }
    }
    for spec in specs.imported {
        if let Some(found) = imported(spec)
            && sound(&desired, Kind::Portfolio, &found.name)
        {
            desired.imported.insert(found.name.clone(), found);
        }
    }
    for spec in specs.products {
        if let Some(found) = product(spec, &templates)
            && sound(&desired, Kind::Product, &found.name)
        {
            desired.products.insert(found.name.clone(), found);
        }
    }
    for spec in specs.provisioned {
        if let Some(found) = provisioned(spec)
            && sound(&desired, Kind::ProvisionedProduct, &found.name)
        {
            desired.provisioned.insert(found.name.clone(), found);
        }
    }
    drop_dependents(&mut desired, findings);
    let used: BTreeSet<_> = desired
        .products
        .values()
        .flat_map(|product| &product.versions)
        .filter_map(|version| match &version.source {
            TemplateSource::File { raw, .. } => Some(raw.clone()),
            TemplateSource::Url(_) | TemplateSource::Stack(_) => None,
        })
        .collect();
    desired.templates = templates.files;
    desired.templates.retain(|raw, _| used.contains(raw));
    desired
}

/// Takes out what depends on a broken object, until nothing more does (promise 6).
fn drop_dependents(desired: &mut Desired, findings: &mut Vec<Finding>) {
    // Dependencies lead from provisioned products to products to portfolios and service actions, from products and
    // portfolios to TagOptions, and among provisioned products.
    let mut waiting: Vec<(Key, Key)> = Vec::new();
    let options = |given: &Option<GivenTagOptions>| {
        let names = given.iter().flat_map(BTreeMap::keys).cloned();
        let keys = names.map(|name| Key::new(Kind::TagOption, name));
        keys.collect::<Vec<_>>()
    };
    for portfolio in desired.portfolios.values() {
        let key = Key::new(Kind::Portfolio, portfolio.name.clone());
        let lent = portfolio.shared_products.iter().flat_map(BTreeMap::values);
        let lent = lent.map(|shared| Key::new(Kind::Portfolio, shared.from.clone()));
        let needs = options(&portfolio.tag_options).into_iter().chain(lent);
        waiting.extend(needs.map(|need| (key.clone(), need)));
    }
    for product in desired.products.values() {
        let key = Key::new(Kind::Product, product.name.clone());
        let needs = options(&product.tag_options).into_iter();
        waiting.extend(needs.map(|need| (key.clone(), need)));
        let portfolios = product.portfolios.iter().flat_map(BTreeMap::keys);
        waiting
            .extend(portfolios.map(|name| (key.clone(), Key::new(Kind::Portfolio, name.clone()))));
        let actions = product.all_offers().map(|(name, _)| name.clone());
        let actions = actions.map(|name| Key::new(Kind::ServiceAction, name));
        waiting.extend(actions.map(|action| (key.clone(), action)));
    }
    for found in desired.provisioned.values() {
        let key = Key::new(Kind::ProvisionedProduct, found.name.clone());
        let product = Key::new(Kind::Product, found.product.clone());
        let portfolio = found
            .portfolio
            .iter()
            .cloned()
            .map(|n| Key::new(Kind::Portfolio, n));
        let upstream = found
            .upstream()
            .into_iter()
            .map(|name| Key::new(Kind::ProvisionedProduct, name.clone()));
        let needs = [product].into_iter().chain(portfolio).chain(upstream);
        waiting.extend(needs.map(|need| (key.clone(), need)));
    }
    let mut dependents: BTreeMap<&Key, Vec<&Key>> = BTreeMap::new();
    for (key, need) in &waiting {
        dependents.entry(need).or_default().push(key);
    }
    let mut open: Vec<Key> = desired.broken.iter().cloned().collect();
    while let Some(broken) = open.pop() {
        for key in dependents.get(&broken).into_iter().flatten().copied() {
            let Some(origin) = desired.origin(key).cloned() else {
                continue;
            };
            let message = format!("{key} is left out, because {broken} has errors");
            findings.push(
                Finding::new(Code::DependsOnBroken, &origin, message)
                    .hint(format!("mend {broken}"))
                    .about(Some(key)),
            );
            match key.kind {
                Kind::TagOption => drop(desired.tag_options.remove(&key.name)),
                Kind::ServiceAction => drop(desired.service_actions.remove(&key.name)),
                Kind::Portfolio => drop(desired.portfolios.remove(&key.name)),
                Kind::Product => drop(desired.products.remove(&key.name)),
                Kind::ProvisionedProduct => drop(desired.provisioned.remove(&key.name)),
            }
            desired.broken.insert(key.clone());
            open.push(key.clone());
        }
    }
}

fn text(found: Option<At<String>>) -> Option<String> {
    found.map(|found| found.value)
}

fn tags(found: Option<Vec<Tag>>) -> Option<Tags> {
    found.map(|tags| {
        tags.into_iter()
            .map(|t| (t.key.value, t.value.value))
            .collect()
    })
}

fn service_action(spec: ServiceActionSpec) -> Option<ServiceAction> {
    let ServiceActionSpec {
        header,
        display_name,
        description,
        definition,
    } = spec;
    let name = header.name?;
    let DefinitionSpec {
        document,
        version,
        assume_role,
        parameters,
    } = definition?;
    let parameters = parameters.filter(|found| !found.value.is_empty());
    let parts = [
        ("Name", Some(document?.value)),
        ("Version", Some(version?.value)),
        ("AssumeRole", text(assume_role)),
        (
            "Parameters",
            parameters.map(|found| action_parameters(&found.value)),
        ),
    ];
    let parts = parts.into_iter();
    Some(ServiceAction {
        display_name: text(display_name).unwrap_or_else(|| name.to_string()),
        description: text(description),
        definition: parts
            .filter_map(|(key, value)| Some((key.to_owned(), value?)))
            .collect(),
        origin: header.origin,
        lifecycle: header.lifecycle,
        name,
    })
}

fn tag_option(spec: TagOptionSpec) -> Option<TagOption> {
    let TagOptionSpec {
        header,
        tag,
        active,
    } = spec;
    let tag = tag?;
    Some(TagOption {
        name: header.name?,
        origin: header.origin,
        lifecycle: header.lifecycle,
        key: tag.key.value,
        value: tag.value.value,
        active: active.is_none_or(|active| active.value),
    })
}

fn given(found: Option<Vec<At<Name>>>) -> Option<GivenTagOptions> {
    found.map(|names| names.into_iter().map(|n| (n.value, n.origin)).collect())
}

fn budgets(found: Option<Vec<At<String>>>) -> Option<BTreeSet<String>> {
    found.map(|names| names.into_iter().map(|name| name.value).collect())
}

fn portfolio(spec: PortfolioSpec) -> Option<Portfolio> {
    let PortfolioSpec {
        header,
        display_name,
        description,
        provider_name,
        tags: tag_specs,
        principals,
        tag_options,
        budgets: budget_names,
        shares,
        shared_products,
    } = spec;
    let name = header.name?;
    Some(Portfolio {
        display_name: text(display_name).unwrap_or_else(|| name.to_string()),
        description: text(description),
        provider_name: provider_name?.value,
        tags: tags(tag_specs),
        principals: principals.map(|items| items.into_iter().map(principal).collect()),
        tag_options: given(tag_options),
        budgets: budgets(budget_names),
        shares: shares.map(|items| items.into_iter().map(share).collect()),
        shared_products: shared_products
            .map(|items| items.into_iter().map(shared_product).collect()),
        origin: header.origin,
        lifecycle: header.lifecycle,
        name,
    })
}

fn imported(spec: ImportedSpec) -> Option<ImportedPortfolio> {
    let ImportedSpec { header, principals } = spec;
    let Adopt::Id { id, .. } = header.lifecycle.adopt else {
        return None;
    };
    Some(ImportedPortfolio {
        name: header.name?,
        origin: header.origin,
        id: PortfolioId::new(id),
        principals: principals.map(|items| items.into_iter().map(principal).collect()),
    })
}

fn shared_product(spec: SharedProductSpec) -> (ProductId, SharedProduct) {
    let shared = SharedProduct {
        origin: spec.product.origin,
        from: spec.from.value,
    };
    (ProductId::new(spec.product.value), shared)
}

fn share(spec: ShareSpec) -> (Recipient, Share) {
    let share = Share {
        origin: spec.with.origin,
        tag_options: spec.tag_options.map(|found| found.value),
        principals: spec.principals.map(|found| found.value),
    };
    (spec.with.value, share)
}

fn principal(spec: At<PrincipalSpec>) -> Principal {
    match spec.value {
        PrincipalSpec::Arn(arn) => Principal::Arn(arn),
        PrincipalSpec::Pattern(pattern) => Principal::Pattern(pattern),
        PrincipalSpec::Caller => Principal::Caller,
    }
}

fn product(spec: ProductSpec, templates: &Templates) -> Option<Product> {
    let ProductSpec {
        header,
        at: _,
        owner_given: _,
        product_type,
        display_name,
        owner,
        description,
        distributor,
        support,
        tags: tag_specs,
        tag_options,
        budgets: budget_names,
        portfolios,
        portfolios_known: _,
        versions,
        versions_known: _,
        unlisted_versions,
        retention,
        copy_from,
        source_connection,
        synced,
        service_actions,
    } = spec;
    let name = header.name?;
    let copy_from = match copy_from {
        Some(found) => Some(copy(found)?),
        None => None,
    };
    let source_connection = source_connection.map(connection);
    if source_connection.is_none() && synced {
        return None;
    }
    let count = versions.len();
    let versions: Option<Vec<Version>> = versions
        .into_iter()
        .enumerate()
        .map(|(place, spec)| {
            let older = retention.as_ref().map(|r| match r.keeps(place, count) {
                true => None,
                false => Some(r.older),
            });
            version(spec, templates, older)
        })
        .collect();
    let listless = copy_from.is_some() || source_connection.is_some();
    Some(Product {
        display_name: text(display_name).unwrap_or_else(|| name.to_string()),
        owner: owner?.value,
        description: text(description),
        distributor: text(distributor),
        support: Support {
            description: text(support.description),
            email: text(support.email),
            url: text(support.url),
        },
        tags: tags(tag_specs),
        tag_options: given(tag_options),
        budgets: budgets(budget_names),
        portfolios: portfolios.map(|items| items.into_iter().map(association).collect()),
        product_type: product_type.map(|found| found.value).unwrap_or_default(),
        versions: versions.filter(|versions| !versions.is_empty() || listless)?,
        copy_from,
        source_connection,
        service_actions: service_actions.map(offers),
        unlisted_versions: unlisted_versions.unwrap_or_default(),
        origin: header.origin,
        lifecycle: header.lifecycle,
        name,
    })
}

fn connection(spec: ConnectionSpec) -> SourceConnection {
    SourceConnection {
        origin: spec.connection_arn.origin,
        to: CodeStar {
            connection_arn: spec.connection_arn.value,
            repository: spec.repository.value,
            branch: spec.branch.value,
            artifact_path: spec.artifact_path.value,
        },
    }
}

fn offers(found: Vec<At<Name>>) -> Offers {
    found.into_iter().map(|o| (o.value, o.origin)).collect()
}

fn copy(spec: CopySpec) -> Option<CopyFrom> {
    let version = |found: At<String>| CopiedVersion {
        name: found.value,
        origin: found.origin,
    };
    Some(CopyFrom {
        source: ProductArn::parse(&spec.product_arn.value)?,
        origin: spec.product_arn.origin,
        versions: spec
            .versions
            .map(|found| found.into_iter().map(version).collect()),
        copy_tags: spec.copy_tags,
    })
}

fn association(spec: AssociationSpec) -> (Name, Association) {
    let constraints = spec.constraints.map(|found| Constraints {
        launch: found.launch.map(|launch| match launch.value {
            LaunchSpec::RoleArn(arn) => Launch::RoleArn(arn),
            LaunchSpec::LocalRoleName(name) => Launch::LocalRoleName(name),
        }),
        tag_updates: found.tag_updates,
        notification: found
            .notification
            .map(|topics| topics.into_iter().map(|topic| topic.value).collect()),
        template: found.template.map(|rules| {
            let rule = |rule: RuleSpec| (rule.name.value, json(&rule.body));
            rules.into_iter().map(rule).collect()
        }),
        stack_set: found.stack_set.map(|found| stack_set(found.value)),
    });
    let association = Association {
        origin: spec.portfolio.origin,
        constraints,
    };
    (spec.portfolio.value, association)
}

fn stack_set(spec: StackSetSpec) -> StackSet {
    let texts = |items: Vec<At<String>>| items.into_iter().map(|item| item.value);
    StackSet {
        accounts: texts(spec.accounts).collect(),
        regions: texts(spec.regions).collect(),
        admin_role: spec.admin_role.value,
        execution_role: spec.execution_role.value,
    }
}

/// A node as JSON; scalars stay the texts that they were written as.
fn json(node: &Node) -> serde_json::Value {
    use serde_json::Value as Json;
    match &node.value {
        Value::Plain(text) | Value::Quoted(text) => Json::String(text.clone()),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Map(entries) => {
            let pairs = entries.iter();
            pairs
                .map(|entry| (entry.key.value.clone(), json(&entry.value)))
                .collect()
        }
        // A finding was made: nothing is built of it.
        Value::Unknown => Json::Null,
    }
}

/// `retention` is what the product's says of it, if that says anything: `None` where it is kept as it is. What the version says
/// itself wins.
fn version(
    spec: VersionSpec,
    templates: &Templates,
    retention: Option<Option<Older>>,
) -> Option<Version> {
    let source = match spec.source? {
        SourceSpec::File { found, .. } => {
            let found = found?;
            let launched = templates.launched.contains(&found.raw);
            let reading = launched.then(|| templates.reading(&found.raw)).flatten();
            TemplateSource::File {
                path: found.shown,
                parameters: reading.and_then(|read| decls(&read.parameters)),
                raw: found.raw,
            }
        }
        SourceSpec::Url(url) => TemplateSource::Url(url.value),
        SourceSpec::Stack(arn) => TemplateSource::Stack(arn.value),
    };
    Some(Version {
        name: spec.name.value,
        origin: spec.name.origin,
        description: text(spec.description),
        source,
        active: match (&spec.active, retention) {
            (Some(active), _) => active.value,
            (None, Some(Some(Older::Inactive))) => false,
            (None, _) => true,
        },
        retired: spec.active.is_none() && retention == Some(Some(Older::Inactive)),
        guidance: match (&spec.guidance, retention) {
            (Some(guidance), _) => Some(guidance.value),
            (None, Some(None)) => Some(Guidance::Default),
            (None, Some(Some(Older::Deprecated))) => Some(Guidance::Deprecated),
            (None, Some(Some(Older::Inactive)) | None) => None,
        },
        mutable: spec.mutable,
        service_actions: spec.service_actions.map(offers),
    })
}

fn provisioned(spec: ProvisionedSpec) -> Option<ProvisionedProduct> {
    let ProvisionedSpec {
        header,
        live_name,
        product,
        version,
        portfolio,
        parameters,
        parameters_known: _,
        tags: tag_specs,
        depends_on,
        import,
        imports,
        notification_arns,
        stack_set,
    } = spec;
    let name = header.name?;
    let import = import.and_then(|found| {
        Some(Import {
            stack: StackArn::parse(&found.value)?,
            origin: found.origin,
        })
    });
    if import.is_none() && imports {
        return None;
    }
    Some(ProvisionedProduct {
        live_name: text(live_name).unwrap_or_else(|| name.to_string()),
        product: product?.value,
        version: version?.value,
        portfolio: portfolio.map(|found| found.value),
        parameters: parameters.map(|items| items.into_iter().map(parameter).collect()),
        tags: tags(tag_specs),
        depends_on: depends_on.into_iter().map(|found| found.value).collect(),
        import,
        notification_arns: notification_arns.map(|found| Topics {
            arns: found.value.into_iter().map(|arn| arn.value).collect(),
            origin: found.origin,
        }),
        stack_set: stack_set.map(preferences),
        origin: header.origin,
        lifecycle: header.lifecycle,
        name,
    })
}

fn preferences(found: At<RolloutSpec>) -> Rollout {
    let RolloutSpec {
        accounts,
        regions,
        failure_tolerance,
        max_concurrency,
        operation,
    } = found.value;
    let texts = |items: Vec<At<String>>| items.into_iter().map(|item| item.value).collect();
    Rollout {
        origin: found.origin,
        preferences: Preferences {
            accounts: accounts.map(texts),
            regions: regions.map(texts),
            failure_tolerance: failure_tolerance.map(|amount| amount.value),
            max_concurrency: max_concurrency.map(|amount| amount.value),
            operation: operation.map(|operation| operation.value),
        },
    }
}

fn parameter(spec: ParameterSpec) -> (String, Parameter) {
    let value = match spec.value.value {
        ValueSpec::Literal(text) => ParameterValue::Literal(text),
        ValueSpec::List(items) => {
            ParameterValue::List(items.into_iter().map(|item| item.value).collect())
        }
        ValueSpec::Ssm(name) => ParameterValue::Ssm(name),
        ValueSpec::Output { from, key } => ParameterValue::Output {
            provisioned_product: from.value,
            key: key.value,
        },
    };
    let parameter = Parameter {
        origin: spec.value.origin,
        value,
    };
    (spec.key.value, parameter)
}
