//! The live state that a plan's calls rest on: what must still be so when a saved plan is applied.
//!
//! A call rests on the object that it is made for and on every live object that it names. All of these that can be seen
//! counts, what git does not manage too: who takes a saved plan for what was shown has seen the catalog as it was. Left
//! out are only words of the service that come and go by themselves. No secret is here (promise 8).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::op::Step;
use super::owned::Owned;
use super::{Input, ObjectPlan};
use crate::ids::{Digest, Kind, Name, ProductId};
use crate::model::desired::{ParameterValue, ProvisionedProduct, Tags};
use crate::model::observed::{
    Bucket, ImportableStack, LiveConnection, LiveConstraint, LivePortfolio, LiveProduct,
    LiveProvisioned, LiveServiceAction, LiveShare, LiveStack, LiveStackSet, LiveTagOption,
    LiveVersion, ReadyStatus, Running,
};
use crate::plan::upstream::word;

/// What is live, by object and field, as a person would name them.
pub type Basis = BTreeMap<String, BTreeMap<String, String>>;

/// What is live of one object, by field.
pub(super) type Fields = BTreeMap<String, String>;

/// What stands for a value that is never shown.
const SECRET: &str = "(secret)";

/// The live state that these steps rest on.
pub(crate) fn of(
    input: &Input<'_>,
    owned: &Owned<'_>,
    objects: &[ObjectPlan],
    steps: &[Step],
) -> Basis {
    let calls = steps.iter().filter(|step| !step.op.is_housekeeping());
    let mut text = String::new();
    for step in calls.clone() {
        // Debug leaves nothing of a call out but secret values, so each id that a call names is here, whatever the call.
        let _ = writeln!(text, "{:?} {:?}", step.op, step.still);
    }
    let touched = objects.iter().filter(|object| !object.steps.is_empty());
    for object in touched.clone() {
        let _ = writeln!(text, "{:?}", object.id);
    }
    let gather = Gather {
        input,
        words: text
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
            .collect(),
        labels: labels(owned, objects),
        basis: Basis::new(),
    };
    let storage = calls.clone().any(|step| step.op.is_storage());
    gather.all(&text, touched, storage)
}

/// What git calls live objects, by id.
fn labels(owned: &Owned<'_>, objects: &[ObjectPlan]) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    let mut add = |kind: Kind, name: &Name, id: &str| {
        labels.insert(id.to_owned(), format!("{}/{name}", kind.slug()));
    };
    for (name, live) in &owned.service_actions {
        live.iter()
            .for_each(|o| add(Kind::ServiceAction, name, o.id.as_str()));
    }
    for (name, live) in &owned.portfolios {
        live.iter()
            .for_each(|o| add(Kind::Portfolio, name, o.id.as_str()));
    }
    for (name, live) in &owned.products {
        live.iter()
            .for_each(|o| add(Kind::Product, name, o.id.as_str()));
    }
    for (name, live) in &owned.provisioned {
        live.iter()
            .for_each(|o| add(Kind::ProvisionedProduct, name, o.id.as_str()));
    }
    for object in objects {
        if let Some(id) = &object.id {
            labels.insert(id.clone(), object.key.to_string());
        }
    }
    labels
}

struct Gather<'a> {
    input: &'a Input<'a>,
    /// Every word of the calls, ids among them.
    words: BTreeSet<&'a str>,
    labels: BTreeMap<String, String>,
    basis: Basis,
}

impl Gather<'_> {
    fn all<'o>(
        mut self,
        text: &str,
        touched: impl Iterator<Item = &'o ObjectPlan>,
        storage: bool,
    ) -> Basis {
        let observed = self.input.observed;
        for live in observed.service_actions.values() {
            let fields = self.service_action(live);
            self.add(live.id.as_str(), "service action", &live.name, fields);
        }
        for live in observed.tag_options.values() {
            let name = format!("{}={}", live.key, live.value);
            let fields = tag_option(live);
            self.add(live.id.as_str(), "TagOption", &name, fields);
        }
        for live in observed
            .portfolios
            .values()
            .chain(observed.imported.values())
        {
            let fields = self.portfolio(live);
            self.add(live.id.as_str(), "portfolio", &live.display_name, fields);
        }
        for live in observed.products.values().chain(observed.sources.values()) {
            self.add(live.id.as_str(), "product", &live.name, product(live));
        }
        for live in observed.provisioned.values() {
            let fields = self.provisioned(live);
            self.add(live.id.as_str(), "provisioned product", &live.name, fields);
        }
        for (arn, live) in &observed.stacks {
            if text.contains(arn.as_str()) {
                let fields = importable(live);
                self.basis.insert(format!("stack {arn}"), fields);
            }
        }
        for object in touched.filter(|object| object.key.kind == Kind::ProvisionedProduct) {
            self.stored(&object.key.name);
        }
        if storage {
            let Bucket {
                name,
                exists,
                unfinished,
                index_stale: _,
            } = &observed.bucket;
            let fields = [("exists", exists), ("unfinished", unfinished)];
            let fields = fields.map(|(field, value)| (field.to_owned(), value.to_string()));
            self.basis.insert(format!("bucket {name}"), fields.into());
        }
        self.basis
    }

    fn names(&self, id: &str) -> bool {
        self.words.contains(id)
    }

    fn add(&mut self, id: &str, kind: &str, name: &str, fields: Facts) {
        if self.names(id) {
            let label = self.labels.get(id).cloned();
            let label = label.unwrap_or_else(|| format!("{kind} {id} ({name})"));
            self.basis.insert(label, fields.0);
        }
    }

    /// Parameters of the parameter store: of a SecureString the version says whether it is another.
    fn stored(&mut self, name: &Name) {
        let Some(want) = self.input.desired.provisioned.get(name) else {
            return;
        };
        for stored in want.ssm() {
            if let Some(found) = self.input.observed.ssm.get(stored) {
                let mut fields = Facts::default();
                fields.text("version", found.version.to_string());
                if !found.secret {
                    fields.text("value", &found.value);
                }
                self.basis.insert(format!("ssm {stored}"), fields.0);
            }
        }
    }

    fn service_action(&self, live: &LiveServiceAction) -> Facts {
        let LiveServiceAction {
            id: _,
            name,
            description,
            definition,
            versions,
        } = live;
        let mut fields = Facts::default();
        fields.text("name", name);
        fields.optional("description", description.as_deref());
        for (key, value) in definition.iter().flatten() {
            fields.text(format!("definition.{key}"), value);
        }
        // By what else it is offered has no bearing.
        for (product, version) in versions.iter().filter(|(id, _)| self.names(id.as_str())) {
            fields.text(format!("offered[{product} {version}]"), "yes");
        }
        fields
    }

    fn portfolio(&self, live: &LivePortfolio) -> Facts {
        let LivePortfolio {
            id: _,
            display_name,
            description,
            provider_name,
            tags,
            principals,
            tag_options,
            budgets,
            shares,
            products,
            shared_products,
            constraints,
        } = live;
        let mut fields = Facts::default();
        fields.text("displayName", display_name);
        fields.optional("description", description.as_deref());
        fields.text("providerName", provider_name);
        fields.tags("tags", tags);
        for principal in principals {
            let kind = if principal.pattern {
                "IAM_PATTERN"
            } else {
                "IAM"
            };
            fields.text(format!("principals[{}]", principal.arn), kind);
        }
        fields.attached(tag_options.values(), budgets);
        for (with, share) in shares.iter().flatten() {
            // That somebody accepts is what a share is for.
            let LiveShare {
                accepted: _,
                tag_options,
                principals,
            } = share;
            fields.text(
                format!("shares[{with}]"),
                format!("tagOptions: {tag_options}, principals: {principals}"),
            );
        }
        // What else stands in it has no bearing, and in a busy portfolio moves all day.
        let named = |id: &&ProductId| self.names(id.as_str());
        for id in products.iter().filter(named) {
            let kind = if shared_products.contains(id) {
                "another account's"
            } else {
                "own"
            };
            fields.text(format!("products[{id}]"), kind);
        }
        for constraint in constraints.values().filter(|c| named(&&c.product)) {
            let LiveConstraint {
                id,
                kind,
                product,
                owner,
                parameters,
                status,
            } = constraint;
            let owner = owner
                .as_ref()
                .map_or(String::new(), |owner| format!(" of {owner}"));
            fields.text(
                format!("constraints[{kind} {id}]"),
                format!("{product}{owner} {} {parameters}", ready(status)),
            );
        }
        fields
    }

    fn provisioned(&self, live: &LiveProvisioned) -> Facts {
        let LiveProvisioned {
            id,
            name,
            kind,
            status,
            // In the service's words, which may repeat what it was given.
            status_message: _,
            product,
            version,
            // It is another where the last record is.
            idempotency_token: _,
            last_record,
            last_provisioning_record,
            tags,
            physical_id,
            running,
            ever_succeeded,
            stack,
            stack_set,
            stack_gone,
        } = live;
        let mut fields = Facts::default();
        fields.text("name", name);
        fields.text("type", kind);
        fields.text("status", word(status));
        fields.text("product", product.as_str());
        fields.text("version", version.as_str());
        fields.optional("lastRecord", last_record.as_ref().map(|id| id.as_str()));
        let last = last_provisioning_record.as_ref().map(|id| id.as_str());
        fields.optional("lastProvisioningRecord", last);
        fields.tags("tags", tags);
        fields.optional("stack", physical_id.as_deref());
        if let Some(Running { product, version }) = running {
            fields.text("running", format!("{product} {version}"));
        }
        fields.text("everSucceeded", ever_succeeded.to_string());
        fields.text("stackGone", stack_gone.to_string());
        if let Some(live) = stack {
            let wants = self.wants(id.as_str());
            fields.stack(live, |key, value| self.is_secret(&wants, key, value));
        }
        if let Some(live) = stack_set {
            let wants = self.wants(id.as_str());
            fields.stack_set(live, |key, value| self.is_secret(&wants, key, value));
        }
        fields
    }

    /// What git says, and said, of a provisioned product.
    fn wants(&self, id: &str) -> Vec<&ProvisionedProduct> {
        let label = self.labels.get(id).map_or("", String::as_str);
        let name = label.rsplit_once('/').map_or("", |(_, name)| name);
        let sources = std::iter::once(self.input.desired).chain(self.input.base);
        let wants = sources.filter_map(|source| source.provisioned.get(&Name::new(name)));
        wants.collect()
    }

    /// Whether a stack's value may be a secret that the stack shows all the same: a SecureString, now or before, or what
    /// nobody says anything of.
    fn is_secret(&self, wants: &[&ProvisionedProduct], key: &str, value: &str) -> bool {
        let is_stored = |want: &&ProvisionedProduct| {
            let parameter = want.parameters.as_ref().and_then(|all| all.get(key));
            parameter.is_some_and(|p| matches!(p.value, ParameterValue::Ssm(_)))
        };
        let mut known = self.input.observed.ssm.values();
        let tells = known.any(|stored| {
            stored.secret && !stored.value.is_empty() && value.contains(&stored.value)
        });
        wants.is_empty() || wants.iter().any(is_stored) || tells
    }
}

#[derive(Debug, Default)]
struct Facts(Fields);

impl Facts {
    fn text(&mut self, field: impl Into<String>, value: impl Into<String>) {
        self.0.insert(field.into(), value.into());
    }

    fn optional(&mut self, field: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(field, value);
        }
    }

    fn tags(&mut self, field: &str, tags: &Tags) {
        for (key, value) in tags {
            self.text(format!("{field}.{key}"), value);
        }
    }

    fn attached<'t>(
        &mut self,
        tag_options: impl Iterator<Item = &'t LiveTagOption>,
        budgets: &BTreeSet<String>,
    ) {
        for LiveTagOption {
            id,
            key,
            value,
            active,
        } in tag_options
        {
            let state = if *active { "active" } else { "inactive" };
            self.text(format!("tagOptions[{key}={value} {id}]"), state);
        }
        for budget in budgets {
            self.text(format!("budgets[{budget}]"), "yes");
        }
    }

    fn stack(&mut self, stack: &LiveStack, is_secret: impl Fn(&str, &str) -> bool) {
        let LiveStack {
            arn,
            status,
            parameters,
            outputs,
            notification_arns,
            tags,
            parent,
        } = stack;
        self.text("stack.arn", arn);
        self.text("stack.status", status);
        self.optional("stack.parent", parent.as_deref());
        self.tags("stack.tags", tags);
        for topic in notification_arns {
            self.text(format!("stack.notificationArns[{topic}]"), "yes");
        }
        for (of, values) in [("parameters", parameters), ("outputs", outputs)] {
            for (key, value) in values {
                let shown = if is_secret(key, value) { SECRET } else { value };
                self.text(format!("stack.{of}.{key}"), shown);
            }
        }
    }

    fn stack_set(&mut self, set: &LiveStackSet, is_secret: impl Fn(&str, &str) -> bool) {
        let LiveStackSet {
            id,
            parameters,
            instances,
        } = set;
        self.text("stackSet.id", id);
        for (key, value) in parameters {
            let shown = if is_secret(key, value) { SECRET } else { value };
            self.text(format!("stackSet.parameters.{key}"), shown);
        }
        for (place, status) in instances {
            self.text(format!("stackSet.instances[{place}]"), status);
        }
    }
}

fn tag_option(live: &LiveTagOption) -> Facts {
    let LiveTagOption {
        id: _,
        key,
        value,
        active,
    } = live;
    let mut fields = Facts::default();
    fields.text("key", key);
    fields.text("value", value);
    fields.text("active", active.to_string());
    fields
}

fn product(live: &LiveProduct) -> Facts {
    let LiveProduct {
        id: _,
        arn,
        name,
        owner,
        description,
        distributor,
        support_description,
        support_email,
        support_url,
        product_type,
        source_connection,
        tags,
        tag_options,
        budgets,
        versions,
    } = live;
    let mut fields = Facts::default();
    fields.text("arn", arn);
    fields.text("name", name);
    fields.text("owner", owner);
    fields.optional("description", description.as_deref());
    fields.optional("distributor", distributor.as_deref());
    fields.optional("support.description", support_description.as_deref());
    fields.optional("support.email", support_email.as_deref());
    fields.optional("support.url", support_url.as_deref());
    fields.text("type", product_type);
    // A sync that brings nothing is no change.
    if let Some(LiveConnection { to, last_sync: _ }) = source_connection {
        fields.text("sourceConnection", format!("{to:?}"));
    }
    fields.tags("tags", tags);
    fields.attached(tag_options.values(), budgets);
    for version in versions {
        let LiveVersion {
            id,
            name,
            description,
            active,
            guidance,
            content,
            status,
        } = version;
        // Names are not unique within a product.
        let twice = versions.iter().filter(|other| other.name == *name).count() > 1;
        let of = match twice {
            true => format!("versions[{name} {id}]"),
            false => format!("versions[{name}]"),
        };
        fields.text(of.clone(), id.as_str());
        if let Some(description) = description {
            fields.text(format!("{of}.description"), description);
        }
        fields.text(format!("{of}.active"), active.to_string());
        fields.text(format!("{of}.guidance"), guidance.as_str());
        fields.text(format!("{of}.status"), ready(status));
        if let Some(content) = content {
            fields.text(format!("{of}.template"), content.content.as_str());
        }
    }
    fields
}

/// A stack that nobody manages yet: nobody says which of its values are secret.
fn importable(live: &ImportableStack) -> Fields {
    let ImportableStack {
        stack,
        template,
        version,
    } = live;
    let mut fields = Facts::default();
    fields.stack(stack, |_, _| true);
    fields.text("template", Digest::of(template.as_bytes()).as_str());
    if let Some(version) = version {
        fields.text("version.template", Digest::of(version.as_bytes()).as_str());
    }
    fields.0
}

fn ready(status: &ReadyStatus) -> &str {
    match status {
        ReadyStatus::Available => "AVAILABLE",
        ReadyStatus::Creating => "CREATING",
        ReadyStatus::Failed => "FAILED",
        ReadyStatus::Unknown(word) => word,
    }
}
