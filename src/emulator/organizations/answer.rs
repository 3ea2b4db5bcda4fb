//! Members of the answers of Organizations.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Member, Organization, Request};
use crate::emulator::wire;

impl Organization {
    pub(super) fn arn(&self) -> String {
        format!(
            "arn:aws:organizations::{}:organization/{}",
            self.management, self.id
        )
    }

    fn arn_of(&self, kind: &str, id: &str) -> String {
        format!(
            "arn:aws:organizations::{}:{kind}/{}/{id}",
            self.management, self.id
        )
    }

    pub(super) fn shown(&self) -> Value {
        let management = self.tree.accounts.get(&self.management);
        json!({
            "Arn": self.arn(),
            "AvailablePolicyTypes": [{"Status": "ENABLED", "Type": "SERVICE_CONTROL_POLICY"}],
            "FeatureSet": "ALL",
            "Id": self.id,
            "MasterAccountArn": self.arn_of("account", &self.management),
            "MasterAccountEmail": management.map(|member| &member.email),
            "MasterAccountId": self.management,
        })
    }

    pub(super) fn root_shown(&self) -> Value {
        json!({
            "Arn": self.arn_of("root", &self.root),
            "Id": self.root,
            "Name": "Root",
            "PolicyTypes": [],
        })
    }

    pub(super) fn unit_shown(&self, id: &str) -> Value {
        let unit = self.tree.units.get(id);
        json!({
            "Arn": self.arn_of("ou", id),
            "Id": id,
            "Name": unit.map(|unit| &unit.name),
        })
    }

    pub(super) fn account_shown(&self, id: &str, member: &Member) -> Value {
        json!({
            "Arn": self.arn_of("account", id),
            "Email": member.email,
            "Id": id,
            "JoinedMethod": if member.created { "CREATED" } else { "INVITED" },
            "JoinedTimestamp": wire::time(member.joined),
            "Name": member.name,
            "State": "ACTIVE",
            "Status": "ACTIVE",
        })
    }
}

impl Request {
    pub(super) fn shown(&self, id: &str, now: Timestamp) -> Value {
        let done = self.ends <= now;
        json!({
            "AccountId": done.then_some(&self.account),
            "AccountName": self.name,
            "CompletedTimestamp": done.then(|| wire::time(self.ends)),
            "Id": id,
            "RequestedTimestamp": wire::time(self.asked),
            "State": if done { "SUCCEEDED" } else { "IN_PROGRESS" },
        })
    }
}
