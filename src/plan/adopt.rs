//! Live objects that nobody owns and that a manifest takes over (`metadata.adopt`). Taking over is always explicit
//! (promise 2): by an id, or by a name that only one object has.

use std::collections::BTreeMap;

use super::draft::Draft;
use super::op::{Mark, Ownership};
use super::planner::Planner;
use super::{Action, Blocked, BlockedCode, Input};
use crate::diff::tags::TagsDiff;
use crate::diff::{Change, Reason, Shown, Was};
use crate::ids::{Key, Kind};
use crate::model::desired::{Adopt, Lifecycle, OnRemove, Tags};
use crate::model::owner::{Owner, strip_removal, tag_key};

/// A live object as far as taking it over is concerned.
#[derive(Debug, Clone)]
pub(crate) struct Candidate<'a> {
    pub(crate) id: &'a str,
    /// What people see.
    pub(crate) name: &'a str,
    pub(crate) owner: Owner,
}

/// Which of the live objects a manifest takes over, if any; or why it takes none although it wants one.
///
/// `ours` are the ids that its ownership claims already.
pub(crate) fn choose<'a>(
    input: &Input<'_>,
    key: &Key,
    lifecycle: &Lifecycle,
    display_name: &str,
    ours: &[&str],
    live: impl Iterator<Item = Candidate<'a>>,
) -> Result<Option<&'a str>, Blocked> {
    match &lifecycle.adopt {
        Adopt::Never => Ok(None),
        // Once it is ours its name is free to change.
        Adopt::ByName(_) if !ours.is_empty() => Ok(None),
        Adopt::ByName(origin) => {
            let named: Vec<Candidate<'a>> = live.filter(|o| o.name == display_name).collect();
            match named.as_slice() {
                [] => Ok(None),
                [one] => free(input, key, one).map(Some),
                several => {
                    let ids: Vec<&str> = several.iter().map(|o| o.id).collect();
                    Err(Blocked::new(
                        BlockedCode::Adopt,
                        format!(
                            "{} are all called {display_name:?}: say which with `adopt: {{id: …}}` ({origin})",
                            ids.join(" and ")
                        ),
                    ))
                }
            }
        }
        Adopt::Id { id, .. } if ours.contains(&id.as_str()) => Ok(None),
        Adopt::Id { id, origin } => {
            if let Some(other) = ours.first() {
                return Err(Blocked::new(
                    BlockedCode::Adopt,
                    format!(
                        "{other} is this {} already, so {id} can't be: take `adopt` out, or the tag {} from {other} ({origin})",
                        key.kind,
                        tag_key(key.kind)
                    ),
                ));
            }
            let mut live = live;
            match live.find(|o| o.id == id) {
                Some(one) => free(input, key, &one).map(Some),
                None => Err(Blocked::new(
                    BlockedCode::Adopt,
                    format!(
                        "{id} is not there: name one that is, or take `adopt` out to have a new one made ({origin})"
                    ),
                )),
            }
        }
    }
}

/// The object's id, where nobody owns it; the command that frees it, where somebody does.
fn free<'a>(input: &Input<'_>, key: &Key, one: &Candidate<'a>) -> Result<&'a str, Blocked> {
    let owner = match &one.owner {
        Owner::Nobody => return Ok(one.id),
        Owner::Us(name) => Key::new(key.kind, name.clone()).to_string(),
        Owner::Foreign(value) => strip_removal(value).to_owned(),
    };
    let tag = tag_key(key.kind);
    let region = &input.identity.target.region;
    let command = match key.kind {
        Kind::Portfolio => format!(
            "aws servicecatalog update-portfolio --region {region} --id {} --remove-tags {tag}",
            one.id
        ),
        Kind::Product => format!(
            "aws servicecatalog update-product --region {region} --id {} --remove-tags {tag}",
            one.id
        ),
        Kind::ServiceAction => {
            return Err(Blocked::new(
                BlockedCode::ForeignOwner,
                format!(
                    "{} belongs to {owner} by the mark that ends its description: nothing of it is touched. Once that no longer manages it, free it by taking the mark out of the description",
                    one.id
                ),
            ));
        }
        // The tags of these can't be taken off by themselves.
        Kind::ProvisionedProduct | Kind::TagOption => {
            return Err(Blocked::new(
                BlockedCode::ForeignOwner,
                format!(
                    "{} belongs to {owner}: let that let go of it first (onRemove: release)",
                    one.id
                ),
            ));
        }
    };
    Err(Blocked::new(
        BlockedCode::ForeignOwner,
        format!(
            "{} belongs to {owner} by its tag {tag}: nothing of it is touched. Once that no longer manages it, free it with: {command}",
            one.id
        ),
    ))
}

/// What was chosen, by object.
#[derive(Debug, Default)]
pub(crate) struct Adoptions {
    /// Refused, and why.
    pub(crate) refused: BTreeMap<Key, Blocked>,
}

impl Planner<'_> {
    /// Refuses an object whose manifest wants to take over what it can't; `true` where it does.
    pub(crate) fn refuses_adoption(&self, draft: &mut Draft) -> bool {
        let refused = self.owned.adoptions.refused.get(&draft.object.key);
        if let Some(blocked) = refused {
            draft.refuse(blocked.clone());
        }
        refused.is_some()
    }

    /// Says whose a live portfolio or product is, and adds the ownership tag to `tags` where the object lacks it, or
    /// says another thing of removal than git.
    pub(crate) fn claim(
        &self,
        draft: &mut Draft,
        id: &str,
        lifecycle: &Lifecycle,
        base: Was<OnRemove>,
        live: &Tags,
        tags: &mut TagsDiff,
    ) {
        let key = draft.object.key.clone();
        let (tag, wanted) = (
            tag_key(key.kind),
            self.input.identity.claim(&key.name, lifecycle.on_remove),
        );
        let seen = live.get(tag);
        draft.live(Ownership {
            kind: key.kind,
            id: id.to_owned(),
            mark: Mark::Tag(strip_removal(&wanted).to_owned()),
        });
        if seen == Some(&wanted) {
            return;
        }
        let change = match self.input.identity.on_remove(key.kind, live) {
            Some(said) => Change {
                field: "onRemove".to_owned(),
                before: Shown::text(said.as_str()),
                after: Shown::text(lifecycle.on_remove.as_str()),
                reason: base.why(&lifecycle.on_remove, &said),
            },
            None => {
                draft.claims = true;
                if lifecycle.adopt != Adopt::Never {
                    draft.object.action = Action::Adopt;
                }
                Change {
                    field: format!("tags.{tag}"),
                    before: Shown::Absent,
                    after: Shown::text(&wanted),
                    reason: Reason::Differs,
                }
            }
        };
        tags.changes.push(change);
        tags.add.insert(tag.to_owned(), wanted);
    }
}
