//! What a person does about what was not done.

use super::doc::Row;
use crate::model::observed::Gap;
use crate::plan::BlockedCode;

/// What to do about orphans.
pub(super) const ORPHANS: &str = "to delete one, put its manifest back with `onRemove: delete`, apply, and take it out \
    again; to keep it for good, put its manifest back, or take its `catalogd:` tag off";

/// What lifts a block of this kind, where its own message does not say it closer.
pub(super) fn next(code: BlockedCode) -> &'static str {
    match code {
        BlockedCode::Gap => {
            "let what could not be read be read (permissions, or try again), or mend the manifest with the error"
        }
        BlockedCode::ForeignOwner => {
            "leave the object to its owner and choose another, or let the owner give it up first"
        }
        BlockedCode::Conflict => {
            "take the ownership tag off all but one of the objects that claim the name"
        }
        BlockedCode::TagQuota => "name fewer tags",
        BlockedCode::ImmutableVersion => {
            "put the published template back and add a version for the new one, or say `mutable: true`"
        }
        BlockedCode::LaunchPath => {
            "put the product in a portfolio of the caller's, and name it with `portfolio:` where there are several"
        }
        BlockedCode::TagUpdate => "allow it with `tagUpdates: allowed`, or put the old tags back",
        BlockedCode::Dependency => "mend what it needs; then it follows by itself",
        BlockedCode::RemovalGuard => {
            "look at what would go; if it shall, allow it with --allow-deletes or the commit trailer Catalogd-Allow-Removals"
        }
        BlockedCode::OwnPrincipal => {
            "name the principal in the manifest; catalogd would lock itself out"
        }
        BlockedCode::VersionState => "name a version that can be launched",
        BlockedCode::VersionInUse => "move what runs from the version to another one first",
        BlockedCode::AmbiguousVersion => {
            "rename or delete all but one of the versions of that name"
        }
        BlockedCode::ImmutableType => {
            "put the old type back, or make a new object under another name"
        }
        BlockedCode::GitSynced => "leave its versions to the service, or make another product",
        BlockedCode::LastVersion => "add another version first, or delete the product",
        BlockedCode::Shared => {
            "end the share first, or keep it: what its recipients launched can't be seen from here"
        }
        BlockedCode::DefaultInstallation => "name your installation with --installation",
        BlockedCode::ImmutableName => "put the old name back, or make another object",
        BlockedCode::CopySource => "name a source that can be seen and has what is asked for",
        BlockedCode::TagOptionState => "make the TagOption active, or do not give it",
        BlockedCode::ImportStack => "name a stack that is there and can be imported",
        BlockedCode::ImportTemplate => "add a version with the stack's own template",
        BlockedCode::Adopt => "name one object that is there",
        BlockedCode::InUse => "remove what uses it first",
        BlockedCode::NoEcho => "name a parameter with NoEcho, or no secret",
        BlockedCode::LeftOut => "plan for it too, with --only or --with-dependencies",
        BlockedCode::SsmParameter => "make the parameter, or name another",
        BlockedCode::NotificationArns => "say the topics that the stack has, or nothing",
        BlockedCode::Policy => "mend what the rule names, or change the rule where it stands",
        BlockedCode::StackSet => "let the stack set's preferences and the constraint agree",
    }
}

/// Whether messages of this kind say themselves what to do, with the line of the manifest.
pub(super) fn says_itself(code: BlockedCode) -> bool {
    match code {
        BlockedCode::ImmutableVersion
        | BlockedCode::LaunchPath
        | BlockedCode::TagUpdate
        | BlockedCode::RemovalGuard
        | BlockedCode::OwnPrincipal
        | BlockedCode::VersionInUse
        | BlockedCode::AmbiguousVersion
        | BlockedCode::ImmutableType
        | BlockedCode::GitSynced
        | BlockedCode::DefaultInstallation
        | BlockedCode::ImmutableName
        | BlockedCode::TagOptionState
        | BlockedCode::ImportTemplate
        | BlockedCode::Adopt
        | BlockedCode::InUse
        | BlockedCode::SsmParameter
        | BlockedCode::NoEcho
        | BlockedCode::NotificationArns
        | BlockedCode::Policy
        | BlockedCode::StackSet => true,
        BlockedCode::Gap
        | BlockedCode::ForeignOwner
        | BlockedCode::LeftOut
        | BlockedCode::Conflict
        | BlockedCode::TagQuota
        | BlockedCode::Dependency
        | BlockedCode::VersionState
        | BlockedCode::LastVersion
        | BlockedCode::Shared
        | BlockedCode::CopySource
        | BlockedCode::ImportStack => false,
    }
}

/// What to do about what was not read.
pub(super) fn unread(gaps: &[Gap]) -> Vec<Row> {
    let mut rows = Vec::new();
    if gaps.iter().any(|gap| gap.denied) {
        rows.push(Row::plain(
            "denied: give the caller the permissions of deploy/iam-policy.json",
        ));
    }
    if gaps.iter().any(Gap::is_of_an_observation) {
        rows.push(Row::plain(
            "observe: somebody with credentials makes the observation anew with these manifests: catalogd observe --out FILE PATH",
        ));
    }
    if gaps
        .iter()
        .any(|gap| !gap.denied && !gap.is_of_an_observation())
    {
        rows.push(Row::plain("failed: try again; the service may answer then"));
    }
    rows
}
