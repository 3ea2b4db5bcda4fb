//! What `apply --format json` tells while it goes on: one JSON object a line, each with its `type`. Documented in
//! `docs/plan-json.md`, with a schema in `docs/apply.schema.json`. Holds no secret value (promise 8).

use jiff::Timestamp;
use serde::Serialize;

use super::json::{Document, FORMAT_VERSION, Tool};
use super::page::Page;
use crate::plan::op::Step;
use crate::status::ObjectStatus;

/// One line.
#[derive(Serialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Message<'a> {
    /// The first line.
    Version {
        /// Of these messages and of plans.
        format_version: &'static str,
        /// This program.
        tool: ToolName,
    },
    /// A plan is about to be made.
    Plan {
        /// Counts from 1.
        pass: usize,
        /// The same document that `plan --format json` prints.
        plan: PlanDocument<'a>,
    },
    /// A call goes out.
    StepStarted(At<'a>),
    /// A call is repeated.
    StepRetrying {
        /// Whose.
        #[serde(flatten)]
        at: At<'a>,
        /// The service's reason.
        reason: &'a str,
    },
    /// Work of the service moved.
    StepProgress {
        /// Whose.
        #[serde(flatten)]
        at: At<'a>,
        /// `record`, `copy` or `share`.
        of: &'static str,
        /// A stable word, or the service's own where it is unknown to us.
        state: &'a str,
    },
    /// A step is over, and what it did shows.
    StepDone(At<'a>),
    /// The service refused, or gave up later.
    StepFailed {
        /// Whose.
        #[serde(flatten)]
        at: At<'a>,
        /// The service's code.
        code: &'a str,
        /// The service's text.
        message: &'a str,
        /// The service's id of the request.
        #[serde(skip_serializing_if = "Option::is_none")]
        request_id: Option<&'a str>,
    },
    /// A step is made again in the next pass: what its token answers with is gone.
    StepRepeated {
        /// Whose.
        #[serde(flatten)]
        at: At<'a>,
        /// What is gone.
        id: &'a str,
    },
    /// The service goes on with it; nobody waits any longer.
    StepUnfinished {
        /// Whose.
        #[serde(flatten)]
        at: At<'a>,
        /// What it was waiting for.
        waiting: &'a str,
    },
    /// A step was not made, because one that it needs was not done.
    StepSkipped {
        /// Whose.
        #[serde(flatten)]
        at: At<'a>,
    },
    /// A pass is over.
    Pass {
        /// Counts from 1.
        pass: usize,
        /// Steps that were done.
        done: usize,
        /// Steps that failed.
        failed: usize,
        /// Steps that were neither: skipped, unfinished or not begun.
        left: usize,
    },
    /// Something that ends it before its time.
    Error {
        /// For people.
        message: &'a str,
    },
    /// The last line.
    Summary {
        /// What the process ends with.
        exit_code: u8,
        /// A stable word for it.
        outcome: &'static str,
        /// Calls of all passes, reads among them.
        calls: u64,
        /// Passes.
        passes: usize,
        /// Objects that are not as they should be.
        objects: Vec<Object<'a>>,
    },
}

/// The name and version of this program.
#[derive(Serialize)]
#[serde(transparent)]
pub struct ToolName(Tool);

/// A plan's document.
#[derive(Serialize)]
#[serde(transparent)]
pub struct PlanDocument<'a>(Box<Document<'a>>);

impl<'a> PlanDocument<'a> {
    /// Of a plan.
    pub fn of(page: &'a Page<'a>) -> Self {
        Self(Box::new(Document::of(page)))
    }
}

/// Which step.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct At<'a> {
    /// Its pass.
    pub pass: usize,
    /// Its id in the plan's `calls`.
    pub step: usize,
    /// The API's name of the call.
    pub call: &'a str,
    /// The object it is made for.
    pub object: String,
}

impl At<'_> {
    /// Of a step.
    pub fn of(pass: usize, step: &Step) -> Self {
        Self {
            pass,
            step: step.id.0,
            call: step.op.call(),
            object: step.object.to_string(),
        }
    }
}

/// An object that is not as it should be.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Object<'a> {
    object: String,
    sync: String,
    health: String,
    blocked: Vec<&'static str>,
    waiting: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stalled: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

/// Those of the objects that are not as they should be.
pub fn unwell(statuses: &[ObjectStatus]) -> Vec<Object<'_>> {
    let unwell = statuses.iter().filter(|status| !status.is_well());
    unwell
        .map(|status| Object {
            object: status.key.to_string(),
            sync: status.sync.to_string(),
            health: status.health.to_string(),
            blocked: status.blocked.iter().map(|b| b.code.as_str()).collect(),
            waiting: !status.waiting.is_empty(),
            stalled: status.stalled.as_ref().map(|s| s.reason.as_str()),
            message: status.message.as_deref(),
        })
        .collect()
}

impl Message<'_> {
    /// The first line.
    pub fn version() -> Self {
        Self::Version {
            format_version: FORMAT_VERSION,
            tool: ToolName(Tool::SELF),
        }
    }

    /// The message as a line, with its time and a line end.
    pub fn line(&self, now: Timestamp) -> String {
        #[derive(Serialize)]
        struct Timed<'m, 'a> {
            time: String,
            #[serde(flatten)]
            message: &'m Message<'a>,
        }
        let timed = Timed {
            time: now.to_string(),
            message: self,
        };
        // Nothing in it can fail to be written: its keys are texts.
        let mut text = serde_json::to_string(&timed).unwrap_or_default();
        text.push('\n');
        text
    }
}
