//! What is due in all accounts and regions, and what a change in one means for the others.

use std::time::Duration;

use jiff::Timestamp;

use super::World;
use crate::emulator::ops::{self, Losses, Reach};
use crate::emulator::partitions::Partitions;
use crate::emulator::state::Partition;

/// What takes time and concerns more than one account or region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// A copy, by its place among those of its target's partition.
    Copy(usize),
    /// An action on a share, by its place among those of its owner's partition.
    Sharing(usize),
    /// The next thing to do for a stack set, by its ARN.
    StackSet(String),
}

impl World {
    /// Ends what is due beyond one account and region. Each reads the others as they are at that time: this is called
    /// before anything else is, so no later call has changed them.
    pub(super) fn settle(&mut self, now: Timestamp) {
        while let Some((at, place, due)) = self.next_due(now) {
            // Who joins later is not reached by what ends now.
            self.organizations.settle(at);
            match due {
                Due::Copy(index) => self.finish_copy(place, index, at),
                Due::Sharing(index) => self.finish_sharing(place, index, at),
                Due::StackSet(arn) => self.roll_out(place, &arn, at),
            }
        }
        self.organizations.settle(now);
    }

    /// The first thing that is due, by its end and its place.
    fn next_due(&self, now: Timestamp) -> Option<(Timestamp, usize, Due)> {
        let due = self.partitions.iter().flat_map(|(place, partition)| {
            let copies = partition.copying.iter().enumerate();
            let copies = copies.filter_map(move |(index, copying)| {
                let at = match copying.doom.held {
                    Some(rule) if self.faults.is_armed(rule) => return None,
                    // When the rule went is not known.
                    Some(_) => copying.ends.max(now),
                    None => copying.ends,
                };
                (at <= now).then_some((at, place, Due::Copy(index)))
            });
            let sharing = partition.sharing.iter().enumerate();
            let sharing = sharing.filter_map(move |(index, sharing)| {
                let due = (sharing.ends, place, Due::Sharing(index));
                (sharing.ends <= now).then_some(due)
            });
            let sets = partition.stacks.sets().filter_map(move |set| {
                let at = self.next_of_set(set)?;
                (at <= now).then(|| (at, place, Due::StackSet(set.arn.clone())))
            });
            copies.chain(sharing).chain(sets)
        });
        due.min()
    }

    fn finish_copy(&mut self, place: usize, index: usize, at: Timestamp) {
        let keep = self.keep();
        let Some((account, _)) = self.partitions.home(place) else {
            return;
        };
        let copying = self.partitions.at_mut(place).copying.remove(index);
        let all = self.partitions.all();
        let source = ops::copy_source(&account, &copying, all, &self.organizations);
        let Self {
            partitions,
            entropy,
            ..
        } = self;
        amend(partitions, place, at, keep, |target| {
            ops::finish_copy(target, &account, source, copying, at, entropy);
        });
    }

    fn finish_sharing(&mut self, place: usize, index: usize, at: Timestamp) {
        let keep = self.keep();
        let Some((owner, region)) = self.partitions.home(place) else {
            return;
        };
        let sharing = self.partitions.at_mut(place).sharing.remove(index);
        let all = self.partitions.all();
        // Who has lost the right to share meanwhile reaches nobody.
        let may = self.organizations.may_share(&owner);
        let reach = if may {
            Reach::of(&sharing, &owner, &region, all, &self.organizations)
        } else {
            Reach::default()
        };
        amend(&mut self.partitions, place, at, keep, |partition| {
            ops::finish_sharing(partition, sharing, reach);
            if !may {
                ops::lapse(partition);
            }
        });
        self.cut(Some(&region), at);
    }

    /// Lets shares follow the organization: those of accounts that may not share any more end.
    pub(super) fn follow_organizations(&mut self, at: Timestamp) {
        let keep = self.keep();
        for (account, _, place) in self.partitions.homes(None) {
            if self.partitions.at_mut(place).shares_with_nodes()
                && !self.organizations.may_share(&account)
            {
                amend(&mut self.partitions, place, at, keep, ops::lapse);
            }
        }
        self.cut(None, at);
    }

    /// Takes from recipients, in one region or in all, what they hold of portfolios that they do not see any more.
    pub(super) fn cut(&mut self, region: Option<&str>, at: Timestamp) {
        let keep = self.keep();
        for (account, region, place) in self.partitions.homes(region) {
            let organizations = &self.organizations;
            let (partition, elsewhere) = self.partitions.split(place, None);
            if !partition.catalog().holds_of_others() {
                continue;
            }
            let own = partition.catalog();
            let losses = Losses::of(&account, &region, own, elsewhere, organizations);
            if !losses.is_empty() {
                amend(&mut self.partitions, place, at, keep, |partition| {
                    losses.apply(partition);
                });
            }
        }
    }
}

/// Changes a partition at a time of its own, after what has ended there before.
pub(super) fn amend<T>(
    partitions: &mut Partitions,
    place: usize,
    at: Timestamp,
    keep: Option<Duration>,
    work: impl FnOnce(&mut Partition) -> T,
) -> T {
    let partition = partitions.at_mut(place);
    partition.remember(Timestamp::MIN, keep);
    ops::settle(partition, at, keep);
    let result = work(partition);
    partition.remember(at, keep);
    result
}
