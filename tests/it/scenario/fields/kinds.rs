//! Rows of TagOptions and service actions.

use catalogd::manifest::Code;

use super::bases::Base::{Small, Whole};
use super::{Git, Hand, Row, Why, Without};

const UPDATE: super::Calls = &[("UpdateServiceAction", 1)];

pub(super) fn rows() -> Vec<Row> {
    let mut rows = tag_options();
    rows.extend(service_actions());
    rows
}

fn tag_options() -> Vec<Row> {
    vec![
        Row {
            map: "TagOption.metadata",
            field: "name",
            base: Small,
            // Key and value say which it is, and the name is git's alone.
            git: Git::Quiet(("{name: free, onRemove", "{name: other, onRemove")),
            hand: Hand::Not(Why::GitOnly),
            without: Without::Means(Git::Finding(
                ("{name: free, onRemove: delete}", "{onRemove: delete}"),
                Code::MissingField,
            )),
            empty: Git::Finding(
                ("{name: free, onRemove", "{name: '', onRemove"),
                Code::InvalidName,
            ),
        },
        Row {
            map: "TagOption.metadata",
            field: "onRemove",
            base: Small,
            git: Git::Quiet(("free, onRemove: delete}", "free, onRemove: retain}")),
            hand: Hand::Not(Why::GitOnly),
            without: Without::Means(Git::Quiet(("free, onRemove: delete}", "free}"))),
            empty: Git::Finding(
                ("free, onRemove: delete}", "free, onRemove: ''}"),
                Code::UnknownValue,
            ),
        },
        Row {
            map: "TagOption.metadata",
            field: "ignore",
            base: Small,
            git: Git::Quiet((
                "free, onRemove: delete}",
                "free, onRemove: delete, ignore: [{code: no-portfolio, reason: none}]}",
            )),
            hand: Hand::Not(Why::GitOnly),
            without: Without::Means(Git::Quiet((
                "free, onRemove: delete}",
                "free, onRemove: delete, ignore: []}",
            ))),
            empty: Git::Quiet((
                "free, onRemove: delete}",
                "free, onRemove: delete, ignore: []}",
            )),
        },
        Row {
            map: "TagOption.spec",
            field: "key",
            base: Small,
            // Another TagOption; the one before is deactivated, as its manifest said.
            git: Git::Calls(
                ("key: free", "key: other"),
                &["+ key: other", "tagOptions[free=one].active: true → false"],
                &[("CreateTagOption", 1), ("UpdateTagOption", 1)],
            ),
            hand: Hand::Not(Why::Immutable),
            without: Without::Means(Git::Finding(("  key: free\n", ""), Code::MissingField)),
            empty: Git::Finding(("key: free", "key: ''"), Code::InvalidTag),
        },
        Row {
            map: "TagOption.spec",
            field: "value",
            base: Small,
            git: Git::Calls(
                ("value: one", "value: two"),
                &["+ value: two", "tagOptions[free=one].active: true → false"],
                &[("CreateTagOption", 1), ("UpdateTagOption", 1)],
            ),
            // The one that git names is no longer there: it is made again. What was made of it
            // is known by its id to have been a manifest's, so it is deactivated as that manifest said.
            hand: Hand::Back(
                "UpdateTagOption",
                r#"{"Id": "<tag-option/free>", "Value": "by hand"}"#,
                &[
                    "+ value: one",
                    "tagOptions[free=by hand].active: true → false",
                ],
                &[("CreateTagOption", 1), ("UpdateTagOption", 1)],
            ),
            without: Without::Means(Git::Finding(("  value: one\n", ""), Code::MissingField)),
            empty: Git::Finding(("value: one", "value: ''"), Code::EmptyValue),
        },
        Row {
            map: "TagOption.spec",
            field: "active",
            base: Small,
            git: Git::Calls(
                ("value: one\n  active: true", "value: one\n  active: false"),
                &["active: true → false"],
                &[("UpdateTagOption", 1)],
            ),
            hand: Hand::Back(
                "UpdateTagOption",
                r#"{"Id": "<tag-option/free>", "Active": false}"#,
                &["active: false → true"],
                &[("UpdateTagOption", 1)],
            ),
            // The default is `true`.
            without: Without::Means(Git::Quiet(("value: one\n  active: true\n", "value: one\n"))),
            empty: Git::Finding(
                ("value: one\n  active: true\n", "value: one\n  active: ''\n"),
                Code::WrongType,
            ),
        },
    ]
}

fn service_actions() -> Vec<Row> {
    vec![
        Row {
            map: "ServiceAction.spec",
            field: "name",
            base: Whole,
            git: Git::Calls(
                ("name: Restart\n", "name: New\n"),
                &["name: Restart → New"],
                UPDATE,
            ),
            hand: Hand::Back(
                "UpdateServiceAction",
                r#"{"Id": "<service-action/restart>", "Name": "Hand"}"#,
                &["name: Hand → Restart"],
                UPDATE,
            ),
            // The default is `metadata.name`.
            without: Without::Means(Git::Calls(
                ("  name: Restart\n", ""),
                &["name: Restart → restart"],
                UPDATE,
            )),
            empty: Git::Finding(("name: Restart\n", "name: ''\n"), Code::EmptyValue),
        },
        Row {
            map: "ServiceAction.spec",
            field: "description",
            base: Whole,
            git: Git::Calls(
                ("description: Restarts the instance", "description: New"),
                &["description: Restarts the instance → New"],
                UPDATE,
            ),
            hand: Hand::Back(
                "UpdateServiceAction",
                r#"{"Id": "<service-action/restart>", "Description": "by hand [catalogd:team/restart]"}"#,
                &["description: by hand → Restarts the instance"],
                UPDATE,
            ),
            without: Without::Alone(("  description: Restarts the instance\n", "")),
            empty: Git::Calls(
                ("description: Restarts the instance", "description: ''"),
                &["- description: Restarts the instance"],
                UPDATE,
            ),
        },
        Row {
            map: "ServiceAction.spec",
            field: "definition",
            base: Whole,
            git: Git::Not(Why::Whole),
            hand: Hand::Not(Why::Whole),
            without: Without::Means(Git::Finding(
                (
                    "  definition: {name: AWS-StopEC2Instance, version: \"1\", assumeRole: LAUNCH_ROLE}\n",
                    "  name: Stop\n",
                ),
                Code::MissingField,
            )),
            empty: Git::Finding(
                (
                    "{name: AWS-StopEC2Instance, version: \"1\", assumeRole: LAUNCH_ROLE}",
                    "{}",
                ),
                Code::MissingField,
            ),
        },
        Row {
            map: "ServiceAction.spec.definition",
            field: "name",
            base: Whole,
            git: Git::Calls(
                ("name: AWS-RestartEC2Instance", "name: AWS-StartEC2Instance"),
                &["definition.name: AWS-RestartEC2Instance → AWS-StartEC2Instance"],
                UPDATE,
            ),
            hand: Hand::Back(
                "UpdateServiceAction",
                r#"{"Id": "<service-action/stop>", "Definition": {"Name": "AWS-StartEC2Instance", "Version": "1", "AssumeRole": "LAUNCH_ROLE"}}"#,
                &["definition.name: AWS-StartEC2Instance → AWS-StopEC2Instance"],
                UPDATE,
            ),
            without: Without::Means(Git::Finding(
                ("    name: AWS-RestartEC2Instance\n", ""),
                Code::MissingField,
            )),
            empty: Git::Finding(
                ("name: AWS-RestartEC2Instance", "name: ''"),
                Code::EmptyValue,
            ),
        },
        Row {
            map: "ServiceAction.spec.definition",
            field: "version",
            base: Whole,
            git: Git::Calls(
                ("    version: \"1\"\n", "    version: \"2\"\n"),
                &["definition.version: 1 → 2"],
                UPDATE,
            ),
            hand: Hand::Back(
                "UpdateServiceAction",
                r#"{"Id": "<service-action/stop>", "Definition": {"Name": "AWS-StopEC2Instance", "Version": "2", "AssumeRole": "LAUNCH_ROLE"}}"#,
                &["definition.version: 2 → 1"],
                UPDATE,
            ),
            without: Without::Means(Git::Finding(
                ("    version: \"1\"\n", ""),
                Code::MissingField,
            )),
            empty: Git::Finding(
                ("    version: \"1\"\n", "    version: ''\n"),
                Code::EmptyValue,
            ),
        },
        Row {
            map: "ServiceAction.spec.definition",
            field: "assumeRole",
            base: Whole,
            git: Git::Calls(
                ("${account}:role/Actions", "${account}:role/New"),
                &[
                    "definition.assumeRole: arn:aws:iam::123456789012:role/Actions → arn:aws:iam::123456789012:role/New",
                ],
                UPDATE,
            ),
            hand: Hand::Back(
                "UpdateServiceAction",
                r#"{"Id": "<service-action/stop>", "Definition": {"Name": "AWS-StopEC2Instance", "Version": "1"}}"#,
                &["+ definition.assumeRole: LAUNCH_ROLE"],
                UPDATE,
            ),
            // A definition is sent whole: what it leaves out is cleared.
            without: Without::Means(Git::Calls(
                ("    assumeRole: arn:aws:iam::${account}:role/Actions\n", ""),
                &["- definition.assumeRole: arn:aws:iam::123456789012:role/Actions"],
                UPDATE,
            )),
            empty: Git::Finding(
                (
                    "assumeRole: arn:aws:iam::${account}:role/Actions",
                    "assumeRole: ''",
                ),
                Code::EmptyValue,
            ),
        },
        Row {
            map: "ServiceAction.spec.definition",
            field: "parameters",
            base: Whole,
            git: Git::Calls(
                (
                    "- {name: InstanceId, type: TARGET}",
                    "- {name: InstanceId, type: TARGET}\n      - {name: Why, type: TEXT_VALUE}",
                ),
                &["definition.parameters: InstanceId TARGET → InstanceId TARGET, Why TEXT_VALUE"],
                UPDATE,
            ),
            hand: Hand::Back(
                "UpdateServiceAction",
                r#"{"Id": "<service-action/stop>", "Definition": {"Name": "AWS-StopEC2Instance", "Version": "1", "AssumeRole": "LAUNCH_ROLE", "Parameters": "[{\"Name\": \"ByHand\", \"Type\": \"TARGET\"}]"}}"#,
                &["- definition.parameters: ByHand TARGET"],
                UPDATE,
            ),
            without: Without::Means(Git::Calls(
                (
                    "    parameters:\n      - {name: InstanceId, type: TARGET}\n",
                    "",
                ),
                &["- definition.parameters: InstanceId TARGET"],
                UPDATE,
            )),
            empty: Git::Calls(
                (
                    "    parameters:\n      - {name: InstanceId, type: TARGET}\n",
                    "    parameters: []\n",
                ),
                &["- definition.parameters: InstanceId TARGET"],
                UPDATE,
            ),
        },
        Row {
            map: "ServiceAction.spec.definition.parameters[]",
            field: "name",
            base: Whole,
            git: Git::Calls(
                (
                    "{name: InstanceId, type: TARGET}",
                    "{name: New, type: TARGET}",
                ),
                &["definition.parameters: InstanceId TARGET → New TARGET"],
                UPDATE,
            ),
            hand: Hand::Back(
                "UpdateServiceAction",
                r#"{"Id": "<service-action/restart>", "Definition": {"Name": "AWS-RestartEC2Instance", "Version": "1", "AssumeRole": "arn:aws:iam::123456789012:role/Actions", "Parameters": "[{\"Name\": \"ByHand\", \"Type\": \"TARGET\"}]"}}"#,
                &["definition.parameters: ByHand TARGET → InstanceId TARGET"],
                UPDATE,
            ),
            without: Without::Means(Git::Finding(
                ("{name: InstanceId, type: TARGET}", "{type: TARGET}"),
                Code::MissingField,
            )),
            empty: Git::Finding(
                (
                    "{name: InstanceId, type: TARGET}",
                    "{name: '', type: TARGET}",
                ),
                Code::EmptyValue,
            ),
        },
        Row {
            map: "ServiceAction.spec.definition.parameters[]",
            field: "type",
            base: Whole,
            git: Git::Calls(
                (
                    "{name: InstanceId, type: TARGET}",
                    "{name: InstanceId, type: TEXT_VALUE}",
                ),
                &["definition.parameters: InstanceId TARGET → InstanceId TEXT_VALUE"],
                UPDATE,
            ),
            hand: Hand::Back(
                "UpdateServiceAction",
                r#"{"Id": "<service-action/restart>", "Definition": {"Name": "AWS-RestartEC2Instance", "Version": "1", "AssumeRole": "arn:aws:iam::123456789012:role/Actions", "Parameters": "[{\"Name\": \"InstanceId\", \"Type\": \"TEXT_VALUE\"}]"}}"#,
                &["definition.parameters: InstanceId TEXT_VALUE → InstanceId TARGET"],
                UPDATE,
            ),
            without: Without::Means(Git::Finding(
                ("{name: InstanceId, type: TARGET}", "{name: InstanceId}"),
                Code::MissingField,
            )),
            empty: Git::Finding(
                (
                    "{name: InstanceId, type: TARGET}",
                    "{name: InstanceId, type: ''}",
                ),
                Code::UnknownValue,
            ),
        },
    ]
}
