//! Products: their own fields, then their versions and associations.

use std::collections::{BTreeMap, BTreeSet};

use super::attachment;
use super::bucket::BucketAfter;
use super::draft::Draft;
use super::guard::unread;
use super::op::{Arg, Op, ProductFields, Resource, StepId};
use super::planner::{Place, Planner};
use super::portfolio::{Fields, conflict, given, tag_change};
use super::version::VersionAfter;
use super::{Action, Blocked, BlockedCode};
use crate::diff::copy::copy_tags;
use crate::diff::product::{ProductDiff, connection_fields, product};
use crate::diff::tags::TagsDiff;
use crate::diff::{Reason, Was, was};
use crate::ids::{Key, Kind, Name, PortfolioId, ProductId};
use crate::model::desired::{Product, ProductType, Support};
use crate::model::limits;
use crate::model::observed::LiveProduct;

/// A product once the plan is done, as far as provisioned products rest on it.
#[derive(Debug, Clone)]
pub(crate) struct ProductAfter<'a> {
    pub(crate) place: Place<ProductId>,
    pub(crate) versions: BTreeMap<String, VersionAfter<'a>>,
    /// The versions that are copied in this plan: their ids are known in the next pass.
    pub(crate) copied: BTreeSet<&'a str>,
    /// The step that marks it as ours, where it is made without that.
    pub(crate) claimed: Option<StepId>,
    /// The portfolios that its manifest puts it in, as far as that is done.
    pub(crate) associations: BTreeMap<Name, AssociationAfter>,
    /// The portfolios it leaves, with the steps that take it out.
    pub(crate) left: BTreeMap<PortfolioId, StepId>,
}

/// A product's place in a portfolio, once the plan is done.
#[derive(Debug, Clone, Default)]
pub(crate) struct AssociationAfter {
    /// The steps after which it can be launched from there.
    pub(crate) needs: BTreeSet<StepId>,
    /// Whether tags may change, where the manifest decides it.
    pub(crate) tag_updates: Option<bool>,
    /// The kinds of its constraints there, once the plan is done.
    pub(crate) constraints: Vec<String>,
}

impl ProductAfter<'_> {
    fn absent(why: &str) -> Self {
        Self {
            place: Place::Not(why.to_owned()),
            versions: BTreeMap::new(),
            copied: BTreeSet::new(),
            claimed: None,
            associations: BTreeMap::new(),
            left: BTreeMap::new(),
        }
    }
}

impl<'a> ProductAfter<'a> {
    fn live(live: &'a LiveProduct) -> Self {
        Self {
            place: Place::Live(live.id.clone()),
            versions: VersionAfter::all(live),
            copied: BTreeSet::new(),
            claimed: None,
            associations: BTreeMap::new(),
            left: BTreeMap::new(),
        }
    }
}

impl<'a> Planner<'a> {
    pub(crate) fn product(&mut self, want: &'a Product) {
        let mut draft = self.draft(Kind::Product, &want.name);
        let mut bucket = self.bucket.clone();
        let none = Vec::new();
        let found = self.owned.products.get(&want.name).unwrap_or(&none);
        let unchanged = match found.as_slice() {
            [] => ProductAfter::absent("is not there"),
            [live] => ProductAfter::live(live),
            _ => ProductAfter::absent("is claimed twice"),
        };
        let mut after = unchanged.clone();
        match found.as_slice() {
            [] if self.refuses_adoption(&mut draft) => {}
            [] => self.make_product(&mut draft, want, &mut bucket, &mut after),
            [live] => {
                let live: &'a LiveProduct = live;
                if self.update_product(&mut draft, want, live, &mut bucket, &mut after) {
                    self.associations(&mut draft, want, Some(&live.id), &mut after);
                    self.offers(&mut draft, want, Some(&live.id), &after);
                }
            }
            several => conflict(&mut draft, several.iter().map(|o| o.id.as_str())),
        }
        if self.commit(draft) {
            self.bucket = bucket;
        } else {
            after = unchanged;
        }
        after.place.explain(self.last_object());
        self.products.insert(want.name.clone(), after);
    }

    fn make_product(
        &self,
        draft: &mut Draft,
        want: &'a Product,
        bucket: &mut BucketAfter,
        after: &mut ProductAfter<'a>,
    ) {
        if let Some(gap) = self.doubt.hidden_product() {
            draft.refuse(unread(
                gap,
                "it is not made, because it may be there already",
            ));
            return;
        }
        if let Some(half) = self.hidden_half_copy(&draft.object.key) {
            let message =
                format!("the copy that failed left {half} behind, which is not to be seen yet");
            return draft.waits(None, message);
        }
        match &want.copy_from {
            Some(copy_from) => self.create_copy(draft, want, copy_from, after),
            None => self.create_product(draft, want, bucket, after),
        }
    }

    /// The product that a failed copy left behind, where it is not seen: until it is gone for long enough, another copy
    /// would be a second one.
    fn hidden_half_copy(&self, key: &Key) -> Option<&ProductId> {
        let half = self.input.policy.half_copies.get(key)?;
        let hidden = !self.input.observed.products.contains_key(&half.id);
        (hidden && !half.is_gone(self.input.now)).then_some(&half.id)
    }

    fn create_product(
        &self,
        draft: &mut Draft,
        want: &'a Product,
        bucket: &mut BucketAfter,
        after: &mut ProductAfter<'a>,
    ) {
        let key = draft.object.key.clone();
        let Some(tags) = self.owner_tags(draft, &want.tags, limits::TAGS) else {
            return;
        };
        let listed = want.versions.split_first();
        if listed.is_none() && want.source_connection.is_none() {
            return;
        }
        let reason = self.creation_reason(&key);
        let fields = fields(want);
        self.show_fields(draft, want, reason);
        Fields::new(draft, reason).tags(&want.tags);
        let first = listed.map(|(first, _)| self.new_version(draft, bucket, want, first));
        let (version, needs) = match first.transpose() {
            Ok(made) => made.map_or((None, BTreeSet::new()), |(version, needs)| {
                (Some(version), needs)
            }),
            Err(blocked) => {
                draft.object.changes.clear();
                draft.refuse(blocked);
                return;
            }
        };
        draft.object.action = Action::Create;
        draft.object.reason = Some(reason);
        let (token, dead) = self.create_token(&key, "create");
        let op = Op::CreateProduct {
            fields: Box::new(fields),
            product_type: want.product_type,
            tags,
            version,
            token,
        };
        let made = draft.step(op, needs);
        after.place = Place::Made(made);
        if let Some((first, rest)) = listed {
            self.show_new_version(draft, first, reason);
            let known = self.made_version(draft, &after.place, first, made);
            after.versions.insert(first.name.clone(), known);
            for version in rest {
                self.create_version(draft, bucket, want, version, after, dead, reason);
            }
        }
        self.new_attachments(draft, want, after);
        self.associations(draft, want, None, after);
        self.offers(draft, want, None, after);
    }

    /// The TagOptions and budgets of a product that is made, in whichever way.
    pub(crate) fn new_attachments(
        &self,
        draft: &mut Draft,
        want: &'a Product,
        after: &ProductAfter<'a>,
    ) {
        let Ok(product) = after.place.arg() else {
            return;
        };
        let place = attachment::Place {
            resource: Resource::Product(product),
            needs: after.claimed.into_iter().collect(),
            tag_options: &BTreeMap::new(),
            budgets: &BTreeSet::new(),
            portfolio: None,
            product: None,
        };
        self.attachments(draft, given_to(want), Was::Unmanaged, &place);
    }

    /// Shows the own fields of a product that is made.
    pub(crate) fn show_fields(&self, draft: &mut Draft, want: &Product, reason: Reason) {
        let fields = fields(want);
        let mut shown = Fields::new(draft, reason);
        shown.field("name", fields.name.as_deref());
        shown.field("owner", fields.owner.as_deref());
        shown.field("description", fields.description.as_deref());
        shown.field("distributor", fields.distributor.as_deref());
        shown.field("support.description", fields.support_description.as_deref());
        shown.field("support.email", fields.support_email.as_deref());
        shown.field("support.url", fields.support_url.as_deref());
        if want.copy_from.is_none() && want.product_type != ProductType::default() {
            shown.field("type", Some(want.product_type.as_str()));
        }
        for (name, text) in fields.source_connection.iter().flat_map(connection_fields) {
            shown.field(format!("sourceConnection.{name}"), Some(text));
        }
    }

    /// Returns whether the product is ours, or will be by the plan's own calls.
    fn update_product(
        &self,
        draft: &mut Draft,
        want: &'a Product,
        live: &'a LiveProduct,
        bucket: &mut BucketAfter,
        after: &mut ProductAfter<'a>,
    ) -> bool {
        draft.object.id = Some(live.id.to_string());
        if let Some(gap) = self.doubt.product(&live.id) {
            draft.refuse(unread(gap, "its fields and versions are left as they are"));
            let claim = self.input.identity.on_remove(Kind::Product, &live.tags);
            self.note_ownership(draft, live.id.as_str());
            return claim.is_some();
        }
        if self.refuses_adoption(draft) {
            return false;
        }
        if let Some(refused) = other_type(want, live) {
            draft.refuse(refused);
            return false;
        }
        // Without its source neither tags nor versions of a copy can be told; its own fields can.
        let source = want
            .copy_from
            .as_ref()
            .map(|copy| (copy, self.source(draft, copy, Some(&live.id))));
        let base = was(self.input.base.map(|base| base.products.get(&want.name)));
        let ProductDiff {
            name,
            owner,
            description,
            distributor,
            support_description,
            support_email,
            support_url,
            source_connection,
            mut changes,
            tags,
        } = product(base, want, live);
        let mut tags = match source {
            None => tags,
            Some((_, None)) => TagsDiff::default(),
            Some((copy, Some(source))) => {
                let base = base.map(|o| (o.tags.as_ref(), o.copy_from.as_ref()));
                copy_tags(base, copy, want.tags.as_ref(), &source.tags, &live.tags)
            }
        };
        let on_remove = base.map(|o| o.lifecycle.on_remove);
        let id = live.id.as_str();
        self.claim(draft, id, &want.lifecycle, on_remove, &live.tags, &mut tags);
        let tags = tag_change(draft, tags, &live.tags, &mut changes);
        if draft.claims && !draft.is_free() {
            draft.object.action = Action::None;
            return false;
        }
        if !changes.is_empty() {
            draft.object.changes.extend(changes);
            let fields = ProductFields {
                name,
                owner,
                description,
                distributor,
                support_description,
                support_email,
                support_url,
                source_connection,
            };
            let op = Op::UpdateProduct {
                id: Arg::Value(live.id.clone()),
                fields: Box::new(fields),
                tags,
            };
            draft.step(op, []);
        }
        let place = attachment::Place {
            resource: Resource::Product(Arg::Value(live.id.clone())),
            needs: Vec::new(),
            tag_options: &live.tag_options,
            budgets: &live.budgets,
            portfolio: None,
            product: Some(&live.id),
        };
        self.attachments(draft, given_to(want), base.map(given_to), &place);
        if want.source_connection.is_some() {
            if live.source_connection.is_none() {
                draft.note("from now on the service makes its versions: a source connection can't be taken away again");
            }
            return true;
        }
        if live.source_connection.is_some() {
            draft.refuse(git_synced(want, live));
            return true;
        }
        match source {
            None => self.versions(draft, want, live, bucket, after),
            Some((copy, Some(source))) => {
                self.copied_versions(draft, want, copy, source, live, after);
            }
            Some((_, None)) => {}
        }
        true
    }
}

fn given_to(product: &Product) -> attachment::Given<'_> {
    attachment::Given {
        tag_options: product.tag_options.as_ref(),
        budgets: product.budgets.as_ref(),
    }
}

/// A product whose type is another: nothing of it is changed, for it never can be what git wants.
fn other_type(want: &Product, live: &LiveProduct) -> Option<Blocked> {
    let (wanted, seen) = (want.product_type.as_str(), live.product_type.as_str());
    if want.copy_from.is_some() || seen.is_empty() || seen == wanted {
        return None;
    }
    Some(Blocked::new(
        BlockedCode::ImmutableType,
        format!(
            "it is of type {seen} and can't become one of type {wanted}: write `type: {seen}`, or give the new product another metadata.name ({})",
            want.origin
        ),
    ))
}

/// Two that make versions of one product would undo each other's work.
fn git_synced(want: &Product, live: &LiveProduct) -> Blocked {
    let to = live.source_connection.as_ref().map(|c| &c.to);
    let from = to.map_or(String::new(), |to| {
        format!(" from {} ({})", to.repository, to.branch)
    });
    Blocked::new(
        BlockedCode::GitSynced,
        format!(
            "its versions are left alone: the service itself makes them{from}, so say `sourceConnection` in place of `versions`, or make another product ({})",
            want.origin
        ),
    )
}

pub(crate) fn fields(want: &Product) -> ProductFields {
    let Support {
        description,
        email,
        url,
    } = &want.support;
    ProductFields {
        name: Some(want.display_name.clone()),
        owner: Some(want.owner.clone()),
        description: given(&want.description),
        distributor: given(&want.distributor),
        support_description: given(description),
        support_email: given(email),
        support_url: given(url),
        source_connection: want.source_connection.as_ref().map(|c| c.to.clone()),
    }
}
