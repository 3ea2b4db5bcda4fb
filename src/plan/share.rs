//! Whom portfolios are shared with. What reaches accounts through the organization is nobody's to take away one by one.

use std::collections::{BTreeMap, BTreeSet};

use super::Action;
use super::draft::Draft;
use super::guard::{Family, unread};
use super::op::{Arg, Op};
use super::planner::Planner;
use crate::diff::share::shares;
use crate::diff::{Change, Was};
use crate::ids::PortfolioId;
use crate::model::desired::Portfolio;
use crate::model::observed::LivePortfolio;
use crate::model::share::Recipient;

impl<'a> Planner<'a> {
    /// The shares of a portfolio: `live`, where it is there already.
    pub(crate) fn shares(
        &self,
        draft: &mut Draft,
        want: &'a Portfolio,
        was: Was<&Portfolio>,
        portfolio: &Arg<PortfolioId>,
        live: Option<&LivePortfolio>,
    ) {
        let Some(wanted) = &want.shares else { return };
        let none = BTreeMap::new();
        let seen = match live {
            None => &none,
            Some(live) => {
                if let Some(gap) = self.doubt.shares(&live.id) {
                    return draft.refuse(unread(gap, "its shares are left as they are"));
                }
                let Some(shares) = &live.shares else {
                    // It was not known for ours when the catalog was read.
                    return draft.waits(None, "its shares are read once it is ours");
                };
                shares
            }
        };
        let diff = shares(was.part(|o| o.shares.as_ref()), wanted, seen);
        let made = draft
            .object
            .reason
            .filter(|_| draft.object.action == Action::Create);
        let mut added = BTreeSet::new();
        for (with, share, changes) in diff.create {
            for change in changes {
                draft.change(Change {
                    reason: made.unwrap_or(change.reason),
                    ..change
                });
            }
            let op = Op::CreateShare {
                portfolio: portfolio.clone(),
                with: with.clone(),
                tag_options: share.tag_options.unwrap_or(false),
                principals: share.principals.unwrap_or(false),
            };
            added.insert(draft.step(op, portfolio.step()));
        }
        let Some(live) = live else { return };
        for (with, flags, changes) in diff.update {
            draft.object.changes.extend(changes);
            let op = Op::UpdateShare {
                portfolio: live.id.clone(),
                with: with.clone(),
                tag_options: flags.tag_options,
                principals: flags.principals,
            };
            added.insert(draft.step(op, []));
        }
        for member in diff.delete {
            let what = format!("its share with {}", member.item);
            if let Some(blocked) = self.doubt.removal(Some(&live.id), None, &what) {
                draft.refuse(blocked);
                continue;
            }
            let op = Op::DeleteShare {
                portfolio: live.id.clone(),
                with: member.item,
            };
            draft.removal(Family::Shares, vec![member.change], vec![op], &added);
        }
        let waiting = seen.iter().filter(|(with, share)| {
            matches!(with, Recipient::Account(_)) && !share.accepted && wanted.contains_key(with)
        });
        for (with, _) in waiting {
            draft.note(format!("{with} has not accepted its share yet"));
        }
    }
}
