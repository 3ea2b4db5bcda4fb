//! A team's own rules over a plan: facts about it → what each rule says → a plan without what they refuse.
//!
//! Pure: the time that rules look at is the plan's, and how long they may take is asked of whoever calls.

mod desired;
mod facts;
mod live;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::model::desired::Origin;
use crate::plan::{self, Denied, Input, ObjectPlan, Plan, Policy, Verdict};
use crate::rule::{Answer, Effect, Expression, Judge, Late, Rule, Rules, Scope};
use crate::secret;

/// How long a rule may take in one plan, over all its objects.
pub const RULE_TIME: SignedDuration = SignedDuration::from_secs(5);
/// How long all rules together may take in one plan.
pub const TIME: SignedDuration = SignedDuration::from_secs(30);

/// What tells how late it is.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What rules are asked with besides the plan.
#[derive(Clone)]
pub struct Asked<'a> {
    /// The rules.
    pub rules: &'a Rules,
    /// The revision of the manifests, as a person knows it.
    pub revision: &'a str,
    /// How late it is: for the limits alone. What rules see of the time is the plan's.
    pub now: Now,
}

/// Plans, asks the rules, and plans again without what they refuse: what rests on a refused object then knows it.
pub fn decide(input: &Input<'_>, asked: &Asked<'_>) -> Plan {
    let mut plan = plan::plan(input);
    if asked.rules.is_empty() {
        return plan;
    }
    let verdicts = judge(input, &plan, asked);
    let denied = Denied::by(&verdicts);
    if !denied.is_empty() {
        let policy = Policy {
            denied,
            ..input.policy.clone()
        };
        plan = plan::plan(&Input {
            policy: &policy,
            ..*input
        });
    }
    plan.verdicts = verdicts;
    plan
}

/// What the rules say of a plan: by rule in the order of their files, then by object in the order of the plan.
fn judge(input: &Input<'_>, plan: &Plan, asked: &Asked<'_>) -> Vec<Verdict> {
    if asked.rules.broken {
        // Whoever reads the source says what is wrong with it.
        return vec![Verdict {
            rule: "policy".to_owned(),
            origin: Origin {
                file: "catalogd.yaml".into(),
                line: 1,
                column: 1,
            },
            effect: Effect::Deny,
            object: None,
            message: "mend the file: until then nothing is written".to_owned(),
            trouble: Some("the rules could not be read".to_owned()),
        }];
    }
    let rules = &asked.rules.list;
    let about = |rule: &Rule| {
        let texts = [Some(&rule.test), rule.when.as_ref()];
        let mut texts = texts.into_iter().flatten().map(Expression::text);
        texts.any(|text| text.contains("objects"))
    };
    // Who does not look at them is spared all objects at once.
    let listed = rules.iter().any(about);
    let facts = facts::of_plan(input, plan, asked.revision, listed);
    let judge = Judge::new(&facts, input.now);
    let start = (asked.now)();
    let mut clocks: Vec<Stopwatch> = rules.iter().map(|_| Stopwatch::new(asked, start)).collect();
    let mut said: Vec<Vec<Verdict>> = rules.iter().map(|_| Vec::new()).collect();
    let of_plan = |rule: &Rule| rule.scope == Scope::Plan;
    judge.about(None, |ask| {
        for ((rule, clock), said) in rules.iter().zip(&mut clocks).zip(&mut said) {
            if of_plan(rule) {
                said.extend(clock.ask(rule, None, ask));
            }
        }
    });
    let wants = |rule: &Rule, object: &ObjectPlan| {
        let kinds = rule.kinds.as_ref();
        !of_plan(rule) && kinds.is_none_or(|kinds| kinds.contains(&object.key.kind))
    };
    for object in &plan.objects {
        if !rules.iter().any(|rule| wants(rule, object)) {
            continue;
        }
        let facts = facts::of_object(input, plan, object);
        judge.about(Some(&facts), |ask| {
            for ((rule, clock), said) in rules.iter().zip(&mut clocks).zip(&mut said) {
                if wants(rule, object) {
                    said.extend(clock.ask(rule, Some(object), ask));
                }
            }
        });
    }
    said.into_iter().flatten().collect()
}

/// What a rule may still take.
struct Stopwatch {
    now: Now,
    /// When all rules must be through.
    end: Timestamp,
    left: SignedDuration,
    /// It was given up: it is not asked again.
    stopped: bool,
}

impl Stopwatch {
    fn new(asked: &Asked<'_>, start: Timestamp) -> Self {
        Self {
            now: Arc::clone(&asked.now),
            end: start.checked_add(TIME).unwrap_or(Timestamp::MAX),
            left: RULE_TIME,
            stopped: false,
        }
    }

    fn ask(
        &mut self,
        rule: &Rule,
        object: Option<&ObjectPlan>,
        ask: &mut dyn FnMut(&Expression, Late) -> Answer,
    ) -> Option<Verdict> {
        if self.stopped {
            return None;
        }
        let start = (self.now)();
        let end = start.checked_add(self.left).unwrap_or(Timestamp::MAX);
        let (now, end) = (Arc::clone(&self.now), end.min(self.end));
        let late: Late = Arc::new(move || now() >= end);
        let applies = match &rule.when {
            None => Answer::Yes,
            Some(when) => ask(when, Arc::clone(&late)),
        };
        let answer = match applies {
            Answer::Yes => ask(&rule.test, late),
            other => other,
        };
        self.left -= (self.now)().duration_since(start);
        let said = |object: Option<&ObjectPlan>, trouble: Option<String>| Verdict {
            rule: rule.name.to_string(),
            origin: rule.origin.clone(),
            effect: rule.effect,
            object: object.map(|object| object.key.clone()),
            message: secret::masked(&rule.message).into_owned(),
            trouble: trouble.map(|why| secret::masked(&why).into_owned()),
        };
        match answer {
            Answer::No => None,
            Answer::Yes => Some(said(object, None)),
            Answer::Failed(why) => {
                let hint = gone(object, &why);
                Some(said(object, Some(format!("the rule failed ({why}{hint})"))))
            }
            Answer::Endless => {
                self.stopped = true;
                // Of the objects that it was not asked about nobody knows.
                let why = "the rule did not end within its limits";
                Some(said(None, Some(why.to_owned())))
            }
        }
    }
}

/// What to do about the usual reason of a failure.
fn gone(object: Option<&ObjectPlan>, why: &str) -> &'static str {
    match object {
        Some(_) if why.contains("`desired`") => {
            "; what goes has none: add `when: has(object.desired)`"
        }
        Some(_) if why.contains("`live`") => {
            "; what is made has none: add `when: has(object.live)`"
        }
        _ => "",
    }
}
