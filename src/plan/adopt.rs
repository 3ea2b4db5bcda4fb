//! Live objects that nobody owns and that a manifest takes over (`metadata.adopt`). Taking over is always explicit
//! (promise 2): by an id, or by a name that only one object has.

use std::collections::BTreeMap;

use super::draft::Draft;
use super::guard::unread;
use super::op::{Mark, Ownership};
use super::planner::Planner;
use super::{Action, Blocked, BlockedCode, Input};
use crate::diff::tags::TagsDiff;
use crate::diff::{Change, Reason, Shown, Was};
use crate::ids::{Key, Kind, Name};
use crate::model::desired::{Adopt, Lifecycle, OnRemove, Tags};
use crate::model::owner::{Owner, strip_removal, tag_key};

/// A live object as far as taking it over is concerned.
#[derive(Debug, Clone)]
pub(crate) struct Candidate<'a, T> {
    pub(crate) id: &'a str,
    /// What people see.
    pub(crate) name: &'a str,
    pub(crate) owner: Owner,
    pub(crate) live: &'a T,
}

/// What a manifest says of taking over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'w> {
    name: &'w Name,
    lifecycle: &'w Lifecycle,
    display_name: &'w str,
}

impl<'w> Wanted<'w> {
    pub(crate) fn new(name: &'w Name, lifecycle: &'w Lifecycle, display_name: &'w str) -> Self {
        Self {
            name,
            lifecycle,
            display_name,
        }
    }
}

/// Adds the live objects of a kind that manifests take over to those that are `ours`.
pub(crate) fn adopt<'a, 'w, T>(
    input: &Input<'_>,
    kind: Kind,
    wanted: impl Iterator<Item = Wanted<'w>>,
    live: impl Iterator<Item = Candidate<'a, T>>,
    ours: &mut BTreeMap<Name, Vec<&'a T>>,
    refused: &mut BTreeMap<Key, Blocked>,
) {
    let mut wanted = wanted
        .filter(|o| o.lifecycle.adopt != Adopt::Never)
        .peekable();
    if wanted.peek().is_none() {
        return;
    }
    let live: Vec<Candidate<'a, T>> = live.collect();
    let mut chosen: BTreeMap<&str, Vec<(Key, &Candidate<'a, T>)>> = BTreeMap::new();
    for want in wanted {
        let key = Key::new(kind, want.name.clone());
        match choose(input, &key, want, &live) {
            Ok(Some(found)) => chosen.entry(found.id).or_default().push((key, found)),
            Ok(None) => {}
            Err(blocked) => drop(refused.insert(key, blocked)),
        }
    }
    for (id, takers) in chosen {
        if let [(key, found)] = takers.as_slice() {
            ours.entry(key.name.clone()).or_default().push(found.live);
            continue;
        }
        let names: Vec<String> = takers.iter().map(|(key, _)| key.to_string()).collect();
        for (key, _) in takers {
            let message = format!(
                "{} all want to take over {id}: take `adopt` out of all but one",
                names.join(" and ")
            );
            refused.insert(key, Blocked::new(BlockedCode::Adopt, message));
        }
    }
}

/// Which of the live objects a manifest takes over, if any; or why it takes none although it wants one.
fn choose<'l, 'a, T>(
    input: &Input<'_>,
    key: &Key,
    want: Wanted<'_>,
    live: &'l [Candidate<'a, T>],
) -> Result<Option<&'l Candidate<'a, T>>, Blocked> {
    let mine = Owner::Us(want.name.clone());
    let ours = live.iter().find(|o| o.owner == mine);
    match (&want.lifecycle.adopt, ours) {
        (Adopt::Never, _) => Ok(None),
        // Once it is ours its name is free to change.
        (Adopt::ByName(_), Some(_)) => Ok(None),
        (Adopt::ByName(origin), None) => {
            let named: Vec<_> = live
                .iter()
                .filter(|o| o.name == want.display_name)
                .collect();
            match named.as_slice() {
                [] => Ok(None),
                [one] => free(input, key, one).map(Some),
                several => {
                    let ids: Vec<&str> = several.iter().map(|o| o.id).collect();
                    Err(Blocked::new(
                        BlockedCode::Adopt,
                        format!(
                            "{} are all called {:?}: say which with `adopt: {{id: …}}` ({origin})",
                            ids.join(" and "),
                            want.display_name
                        ),
                    ))
                }
            }
        }
        (Adopt::Id { id, .. }, Some(ours)) if ours.id == id => Ok(None),
        (Adopt::Id { id, origin }, Some(ours)) => Err(Blocked::new(
            BlockedCode::Adopt,
            format!(
                "{} is this {} already, so {id} can't be: take `adopt` out, or the mark from {} ({origin})",
                ours.id, key.kind, ours.id
            ),
        )),
        (Adopt::Id { id, origin }, None) => match live.iter().find(|o| o.id == id) {
            Some(one) => free(input, key, one).map(Some),
            None => Err(Blocked::new(
                BlockedCode::Adopt,
                format!(
                    "{id} is not there: name one that is, or take `adopt` out to have a new one made ({origin})"
                ),
            )),
        },
    }
}

/// The object, where nobody owns it; the command that frees it, where somebody does.
fn free<'l, 'a, T>(
    input: &Input<'_>,
    key: &Key,
    one: &'l Candidate<'a, T>,
) -> Result<&'l Candidate<'a, T>, Blocked> {
    let owner = match &one.owner {
        Owner::Nobody => return Ok(one),
        Owner::Us(name) => Key::new(key.kind, name.clone()).to_string(),
        Owner::Foreign(value) => strip_removal(value).to_owned(),
    };
    let (id, tag) = (one.id, tag_key(key.kind));
    let call = |command: &str| {
        let region = &input.identity.target.region;
        format!("aws servicecatalog {command} --region {region} --id {id}")
    };
    let how = match key.kind {
        Kind::Portfolio => format!(
            "free it with: {} --remove-tags {tag}",
            call("update-portfolio")
        ),
        Kind::Product => format!(
            "free it with: {} --remove-tags {tag}",
            call("update-product")
        ),
        Kind::ServiceAction => format!(
            "free it by a description without the mark at its end: {} --description …",
            call("update-service-action")
        ),
        // Its tags can't be taken off by themselves.
        Kind::ProvisionedProduct | Kind::TagOption => {
            "let that let go of it (onRemove: release)".to_owned()
        }
    };
    Err(Blocked::new(
        BlockedCode::ForeignOwner,
        format!(
            "{id} belongs to {owner}: nothing of it is touched. Once that no longer manages it, {how}"
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

    /// Notes whose a live portfolio or product is, so that removals ask again before they go out.
    pub(crate) fn note_ownership(&self, draft: &mut Draft, id: &str) {
        let key = &draft.object.key;
        let ownership = Ownership {
            kind: key.kind,
            id: id.to_owned(),
            mark: Mark::Tag(self.input.identity.tag_value(&key.name)),
        };
        draft.live(ownership);
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
        self.note_ownership(draft, id);
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
                    let gap = match key.kind {
                        Kind::Portfolio => self.doubt.hidden_portfolio(),
                        _ => self.doubt.hidden_product(),
                    };
                    if let Some(gap) = gap {
                        let what = "it is not taken over, because another one may be it";
                        return draft.refuse(unread(gap, what));
                    }
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
