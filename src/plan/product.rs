//! Products: their own fields, then their versions and associations.

use std::collections::{BTreeMap, BTreeSet};

use super::Action;
use super::bucket::BucketAfter;
use super::draft::Draft;
use super::guard::unread;
use super::op::{Op, ProductFields, StepId};
use super::planner::{Place, Planner};
use super::portfolio::{Fields, conflict, given, tag_change};
use super::version::VersionAfter;
use crate::diff::product::{ProductDiff, product};
use crate::diff::was;
use crate::ids::{Kind, Name, PortfolioId, ProductId};
use crate::model::desired::{Product, Support};
use crate::model::limits;
use crate::model::observed::LiveProduct;

/// A product once the plan is done, as far as provisioned products rest on it.
#[derive(Debug, Clone)]
pub(crate) struct ProductAfter<'a> {
    pub(crate) place: Place<ProductId>,
    pub(crate) versions: BTreeMap<String, VersionAfter<'a>>,
    /// The portfolios that its manifest puts it in, as far as that is done.
    pub(crate) associations: BTreeMap<Name, AssociationAfter>,
    /// The portfolios it leaves.
    pub(crate) left: BTreeSet<PortfolioId>,
}

/// A product's place in a portfolio, once the plan is done.
#[derive(Debug, Clone, Default)]
pub(crate) struct AssociationAfter {
    /// The steps after which it can be launched from there.
    pub(crate) needs: BTreeSet<StepId>,
    /// Whether tags may change, where the manifest decides it.
    pub(crate) tag_updates: Option<bool>,
}

impl ProductAfter<'_> {
    fn absent(why: &str) -> Self {
        Self {
            place: Place::Not(why.to_owned()),
            versions: BTreeMap::new(),
            associations: BTreeMap::new(),
            left: BTreeSet::new(),
        }
    }
}

impl<'a> ProductAfter<'a> {
    fn live(live: &'a LiveProduct) -> Self {
        Self {
            place: Place::Live(live.id.clone()),
            versions: VersionAfter::all(live),
            associations: BTreeMap::new(),
            left: BTreeSet::new(),
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
            [] => self.create_product(&mut draft, want, &mut bucket, &mut after),
            [live] => {
                let live: &'a LiveProduct = live;
                self.update_product(&mut draft, want, live, &mut bucket, &mut after);
                self.associations(&mut draft, want, Some(&live.id), &mut after);
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

    fn create_product(
        &self,
        draft: &mut Draft,
        want: &'a Product,
        bucket: &mut BucketAfter,
        after: &mut ProductAfter<'a>,
    ) {
        let key = draft.object.key.clone();
        if let Some(gap) = self.doubt.hidden_product() {
            draft.refuse(unread(
                gap,
                "it is not made, because it may be there already",
            ));
            return;
        }
        let Some(tags) = self.owner_tags(draft, &want.tags, limits::TAGS) else {
            return;
        };
        let Some((first, rest)) = want.versions.split_first() else {
            return;
        };
        let reason = self.creation_reason(&key);
        let fields = fields(want);
        let mut shown = Fields::new(draft, reason);
        shown.field("name", fields.name.as_deref());
        shown.field("owner", fields.owner.as_deref());
        shown.field("description", fields.description.as_deref());
        shown.field("distributor", fields.distributor.as_deref());
        shown.field("support.description", fields.support_description.as_deref());
        shown.field("support.email", fields.support_email.as_deref());
        shown.field("support.url", fields.support_url.as_deref());
        shown.tags(&want.tags);
        let (version, needs) = match self.new_version(draft, bucket, first) {
            Ok(made) => made,
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
            tags,
            version,
            token,
        };
        let made = draft.step(op, needs);
        after.place = Place::Made(made);
        self.show_new_version(draft, first, reason);
        let first = self.made_version(draft, &after.place, first, made);
        after.versions.insert(want.versions[0].name.clone(), first);
        for version in rest {
            self.create_version(draft, bucket, version, after, dead, reason);
        }
        self.associations(draft, want, None, after);
    }

    fn update_product(
        &self,
        draft: &mut Draft,
        want: &'a Product,
        live: &'a LiveProduct,
        bucket: &mut BucketAfter,
        after: &mut ProductAfter<'a>,
    ) {
        draft.object.id = Some(live.id.to_string());
        if let Some(gap) = self.doubt.product(&live.id) {
            draft.refuse(unread(gap, "its fields and versions are left as they are"));
            return;
        }
        let base = self.input.base.map(|base| base.products.get(&want.name));
        let ProductDiff {
            name,
            owner,
            description,
            distributor,
            support_description,
            support_email,
            support_url,
            mut changes,
            tags,
        } = product(was(base), want, live);
        let tags = tag_change(draft, tags, &live.tags, &mut changes);
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
            };
            let op = Op::UpdateProduct {
                id: live.id.clone(),
                fields: Box::new(fields),
                tags,
            };
            draft.step(op, []);
        }
        self.versions(draft, want, live, bucket, after);
    }
}

fn fields(want: &Product) -> ProductFields {
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
    }
}
