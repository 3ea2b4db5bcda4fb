//! ProvisionProduct: the launch of a version as a CloudFormation stack (facts §9.3, §10.1).

use std::sync::Arc;

use serde_json::{Value, json};

use super::input::{IdOrName, Input};
use super::record::Subject;
use super::tag_choice::Choices;
use super::{
    Call, Operation, constraint, invalid, path, provisioned, record, stack_set, unsupported,
    version,
};
use crate::emulator::api::{ApiError, Ctx};
use crate::emulator::cfn::{NewStack, Param, Template};
use crate::emulator::state::{
    Change, ChangeKind, Content, Portfolio, Product, Provisioned, Record, Version, Work,
};
use crate::emulator::{ids, quota};

pub(super) const OPERATIONS: &[Operation] = &[Operation::write("ProvisionProduct", provision)
    .with_token("ProvisionToken")
    .within(
        "CloudFormation products, as stacks and, under a STACKSET constraint, as stack sets; Rules of templates and \
     TEMPLATE constraints are judged and refused in the record; \
     the launch role is recorded, its permissions are not asked",
    )
    .guesses(&[
        ("which tag wins on a stack", "the caller's own"),
        ("which tags records show", "all"),
        ("more than fifty tags", "InvalidParametersException"),
        (
            "outputs of a record that failed",
            "the stack's ARN alone, if there is a stack",
        ),
        (
            "CAPABILITY_AUTO_EXPAND",
            "acknowledged for templates with macros",
        ),
        (
            "launching a deprecated version",
            "InvalidParametersException",
        ),
        (
            "PhysicalId of a stack set",
            "its ARN, of a set called `SC-<account>-<id>`: AWS's own policies name `stackset/SC-*` and `stack/StackSet-SC-*`",
        ),
        ("tags of a stack set", "no AutoTags, there as in the provisioned product"),
        ("outputs of a stack set's record", "none: only its stacks have any"),
        (
            "a stack set of which too many instances failed",
            "the record FAILED, ERROR after a launch and TAINTED after an update, with the instances' reasons",
        ),
        (
            "a stack set of which no more instances failed than may",
            "SUCCEEDED and AVAILABLE; those instances are OUTDATED",
        ),
        (
            "topics of a stack set",
            "none, be they sent or of a NOTIFICATION constraint",
        ),
        (
            "accounts and regions outside the STACKSET constraint",
            "InvalidParametersException",
        ),
        (
            "an AdminRole of another account",
            "the record FAILED: it can't be passed on",
        ),
    ])];

/// What Service Catalog acknowledges for the caller (four recorded stacks, facts §10.1).
const CAPABILITIES: [&str; 2] = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"];

/// What a launch or an update runs, and through which portfolio.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) product: Arc<Product>,
    pub(super) version: Arc<Version>,
    pub(super) portfolio: Arc<Portfolio>,
    pub(super) policy: constraint::Policy,
}

impl Target {
    /// What it makes of a provisioned product.
    pub(super) fn content(
        &self,
        own_tags: Vec<(String, String)>,
        tags: Vec<(String, String)>,
    ) -> Content {
        Content {
            product_name: self.product.name.clone(),
            version_name: self.version.name.clone(),
            own_tags,
            tags,
        }
    }
}

fn provision(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let input = call.input;
    let name = input.need("ProvisionedProductName")?;
    let wanted = input.one_of("ProductId", "ProductName")?;
    let version = input.one_of("ProvisioningArtifactId", "ProvisioningArtifactName")?;
    let path = input.at_most_one_of("PathId", "PathName")?;
    let target = target(call, wanted, version, path, None)?;
    let constraint = target.policy.stack_set.clone();
    let rollout = constraint
        .as_ref()
        .map(|set| stack_set::rollout(input, set));
    let rollout = rollout.transpose()?;
    // DEPRECATED is for existing provisioned products only (facts §9.2); the text is a guess.
    launchable(&target.version)?;
    if call.newest().names.contains_key(name) {
        return Err(invalid(format!("A stack named {name} already exists.")));
    }
    let id = call.ctx.new_id("pp");
    let arn = ids::provisioned_arn(&call.ctx.region, call.account(), name, &id);
    let own_tags = input.tags("Tags")?;
    let mut tags = tags(call, &target, &arn, &own_tags)?;
    if constraint.is_some() {
        tags = stack_set::without_auto_tags(&tags);
    }
    let parameters = input.objects("ProvisioningParameters");
    let parameters: Vec<Param> = parameters
        .filter_map(|p| Some(Param::text(p.text("Key")?, p.text("Value").unwrap_or(""))))
        .collect();
    // Parameters and template are not judged here: what CloudFormation says against them shows in the
    // record and in StatusMessage (facts §10.2).
    let (work, stack) = match constraint.zip(rollout) {
        Some((constraint, rollout)) => {
            let begun =
                stack_set::launch(call, &id, &target, &constraint, parameters, &tags, rollout);
            match begun {
                Ok((set, operation)) => {
                    let arn = set.clone();
                    (Work::Set { set, operation }, Some(arn))
                }
                Err(error) => (Work::Refused(said(&error, &mut call.ctx)), None),
            }
        }
        None => {
            let stack = NewStack {
                name: format!("SC-{}-{id}", call.account()),
                template: target.version.template.clone(),
                parameters,
                tags: tags.clone(),
                notification_arns: topics(call, None, &target, input),
                capabilities: capabilities(&target.version.template),
                rules: target.policy.rules.clone(),
                ..NewStack::default()
            };
            match call.partition.stacks.create(&mut call.ctx, stack) {
                Ok(stack) => (Work::Stack(stack.clone()), Some(stack)),
                Err(error) => (Work::Refused(said(&error, &mut call.ctx)), None),
            }
        }
    };
    let about = Subject::aimed(&id, name, &target);
    let content = target.content(own_tags, tags.clone());
    let mut row = provisioned::young(call, &about, input.need("ProvisionToken")?, content);
    let record = record::open(call, "PROVISION_PRODUCT", about);
    row.stack = stack;
    row.begin(&record);
    let answer = json!({ "RecordDetail": record::detail(&record) });
    let catalog = call.edit();
    catalog.names.insert(name.to_owned(), id.clone());
    catalog.provisioned.insert(&id, row);
    begin(call, record, ChangeKind::Provision, work, tags, None);
    Ok(answer)
}

/// Refuses deprecated versions: those are for existing provisioned products only.
pub(super) fn launchable(version: &Version) -> Result<(), ApiError> {
    if version.deprecated {
        return Err(invalid(format!(
            "ProvisioningArtifact {} is deprecated and can not be launched.",
            version.id
        )));
    }
    Ok(())
}

/// Resolves what a request names. A `present` one has a launch role of its own at a time, which then holds.
///
/// # Errors
/// As facts §2.1 and §9.3 say of products, paths and versions that cannot be used.
pub(super) fn target(
    call: &Call<'_>,
    wanted: IdOrName<'_>,
    version: IdOrName<'_>,
    path: Option<IdOrName<'_>>,
    present: Option<&Provisioned>,
) -> Result<Target, ApiError> {
    let view = call.view();
    let product = match (view.find_open(wanted, &call.ctx.caller.principal), wanted) {
        // A product that is not there has no paths, and that is what is said first.
        (Err(_), IdOrName::Id(id)) => return Err(path::no_path(id)),
        (found, _) => found?,
    };
    let portfolio = path::choose(&view, product, &call.ctx.caller.principal, path)?;
    let version = version::find(product, version)?;
    // A version that was seen to be AVAILABLE stays so: this does not lag.
    version::usable(version, call.ctx.now)?;
    // No other kind is launched here.
    if product.kind != version::CLOUDFORMATION {
        return Err(unsupported(&format!(
            "Launching a {} product, which takes an engine that calls \
             NotifyProvisionProductEngineWorkflowResult,",
            product.kind
        )));
    }
    let constraints = view.constraints(&portfolio.id, &product.id);
    let mut policy = constraint::policy(&constraints, call.account());
    if let Some(present) = present.filter(|present| present.own_role) {
        policy.launch_role.clone_from(&present.launch_role);
        // Only roles of the account can be set.
        policy.role_elsewhere = false;
    }
    if policy.role_elsewhere {
        return Err(unsupported("Launching with a role of another account"));
    }
    Ok(Target {
        product: Arc::clone(product),
        version: Arc::clone(version),
        portfolio: Arc::clone(portfolio),
        policy,
    })
}

/// The topics that a stack has, if there is one, then those of constraints and those that are sent, each once:
/// constraints hold from an update on (facts §10.4). That none goes is a guess.
pub(super) fn topics(
    call: &Call<'_>,
    stack: Option<&str>,
    target: &Target,
    input: Input<'_>,
) -> Vec<String> {
    let stack = stack.and_then(|id| call.partition.stacks.get(id));
    let mut all = stack.map_or_else(Vec::new, |stack| stack.notification_arns.clone());
    let constraints = target.policy.notifications.iter().map(String::as_str);
    for topic in constraints.chain(input.texts("NotificationArns")) {
        if !all.iter().any(|known| known == topic) {
            all.push(topic.to_owned());
        }
    }
    all
}

/// What is acknowledged for a template. Products with macros are in real catalogs, so these must be
/// acknowledged too, though no recording shows it (a guess).
pub(super) fn capabilities(template: &[u8]) -> Vec<String> {
    let mut known = CAPABILITIES.map(str::to_owned).to_vec();
    if Template::parse(template).is_ok_and(|template| !template.transforms().is_empty()) {
        known.push("CAPABILITY_AUTO_EXPAND".to_owned());
    }
    known
}

/// What Service Catalog adds of itself, in the recorded order with the two newer ones last.
pub(super) fn auto_tags(call: &Call<'_>, target: &Target, arn: &str) -> Vec<(String, String)> {
    let region = call.ctx.region.as_str();
    let auto = [
        (
            "productArn",
            ids::product_arn(region, &target.product.account, &target.product.id),
        ),
        (
            "provisioningPrincipalArn",
            call.ctx.caller.principal.clone(),
        ),
        (
            "portfolioArn",
            ids::portfolio_arn(region, &target.portfolio.account, &target.portfolio.id),
        ),
        ("provisionedProductArn", arn.to_owned()),
        ("provisioningArtifactIdentifier", target.version.id.clone()),
    ];
    auto.into_iter()
        .map(|(key, value)| (format!("aws:servicecatalog:{key}"), value))
        .collect()
}

/// AutoTags, then those of the product and the portfolio, then what TagOptions make, then the caller's own, which
/// win. That records show those of product and portfolio too is a guess as well.
///
/// # Errors
/// As [`Choices::settle`], and `InvalidParametersException` beyond the quota, to which AutoTags do not count
/// (facts §6); no code of the model fits, and its text was not found (a guess).
pub(super) fn tags(
    call: &Call<'_>,
    target: &Target,
    arn: &str,
    own: &[(String, String)],
) -> Result<Vec<(String, String)>, ApiError> {
    let (portfolio, product) = (&target.portfolio, &target.product);
    let choices = Choices::of(&call.view(), portfolio, product);
    let options = choices.settle(own, portfolio, product)?;
    let mut tags = auto_tags(call, target, arn);
    let auto = tags.len();
    let shared = product.tags.iter().chain(&portfolio.tags);
    let own = options.iter().chain(own).map(|(key, value)| (key, value));
    for (key, value) in shared.chain(own) {
        match tags.iter_mut().find(|(present, _)| present == key) {
            Some((_, present)) => present.clone_from(value),
            None => tags.push((key.clone(), value.clone())),
        }
    }
    let limit = quota::PROVISIONED_TAGS;
    if quota::fits(call.quotas, tags.len() - auto, limit, "tags").is_err() {
        return Err(invalid(format!(
            "A provisioned product can have {limit} tags."
        )));
    }
    Ok(tags)
}

/// Enters a record, and the work that will end it.
pub(super) fn begin(
    call: &mut Call<'_>,
    record: Record,
    kind: ChangeKind,
    work: Work,
    tags: Vec<(String, String)>,
    token: Option<String>,
) {
    let (now, timing) = (call.ctx.now, call.ctx.timing);
    call.partition.changes.push(Change {
        provisioned: record.provisioned.clone(),
        record: record.id.clone(),
        kind,
        work,
        asked: now,
        starts: now.checked_add(timing.stack_start).unwrap_or(now),
        tail: timing.record_end,
        token,
        tags,
    });
    let id = record.id.clone();
    call.edit().records.insert(&id, record);
}

/// CloudFormation's refusal as StatusMessage quotes it: two blanks after the exception (facts §10.2).
pub(super) fn said(error: &ApiError, ctx: &mut Ctx<'_>) -> String {
    format!(
        "AmazonCloudFormationException  {} (Service: AmazonCloudFormation; Status Code: {}; \
         Error Code: {}; Request ID: {})",
        error.message,
        error.status,
        error.code,
        ids::uuid(ctx.entropy)
    )
}
