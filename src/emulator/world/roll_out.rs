//! Stack sets at work: their stacks are made, changed and deleted in other accounts and regions.

use jiff::Timestamp;

use super::World;
use super::due::amend;
use crate::emulator::api::{Caller, Ctx};
use crate::emulator::cfn::stack_set::{Action, Row, RowStatus, StackSet};
use crate::emulator::cfn::{ChangeStack, NO_UPDATES, NewStack, Stack, StackStatus, Stacks};
use crate::emulator::ids::Pins;

/// The roles that sets have whose constraint names none (CloudFormation's own defaults).
const ADMIN_ROLE: &str = "AWSCloudFormationStackSetAdministrationRole";
const EXECUTION_ROLE: &str = "AWSCloudFormationStackSetExecutionRole";

/// What begins with a row.
enum Begun {
    /// This stack works on it.
    Stack(String),
    /// Nothing is to be done, or it can't be.
    Over(Result<(), String>, Option<String>),
}

impl World {
    /// When there is something to do for a set next.
    pub(super) fn next_of_set(&self, set: &StackSet) -> Option<Timestamp> {
        let operation = set.at_work()?;
        let running = operation.rows.iter();
        let mut running = running
            .filter(|row| row.status == RowStatus::Running)
            .peekable();
        if running.peek().is_none() {
            return Some(operation.starts);
        }
        let due = running.filter_map(|row| {
            let stacks = &self.partitions.get(&row.account, &row.region)?.stacks;
            let stack = set.instance(&row.account, &row.region)?.stack.as_ref()?;
            match stacks.get(stack) {
                Some(stack) if !rests(stack, row) => stacks.next_due(),
                Some(stack) => Some(stack.ended.unwrap_or(row.asked).max(row.asked)),
                None => Some(row.asked),
            }
        });
        due.min()
    }

    /// Does what is due for a set at a time: ends what its stacks have ended, and begins what is next.
    pub(super) fn roll_out(&mut self, place: usize, arn: &str, at: Timestamp) {
        let set = self.partitions.at(place).stacks.set_by_arn(arn);
        let Some(mut set) = set.cloned() else {
            return;
        };
        loop {
            self.end_rows(&mut set, at);
            let next = set.next_rows(at);
            if next.is_empty() {
                break;
            }
            for row in next {
                self.begin_row(&mut set, row, at);
            }
        }
        self.partitions.at_mut(place).stacks.put_set(set);
    }

    fn end_rows(&mut self, set: &mut StackSet, at: Timestamp) {
        let Some(operation) = set.at_work() else {
            return;
        };
        let (action, rows) = (operation.action, operation.rows.clone());
        for (index, row) in rows.iter().enumerate() {
            if row.status != RowStatus::Running {
                continue;
            }
            let stacks = self.stacks_at(&row.account, &row.region, at);
            let instance = set.instance(&row.account, &row.region);
            let id = instance.and_then(|instance| instance.stack.clone());
            let stack = id.as_ref().and_then(|id| stacks.get(id));
            if stack.is_some_and(|stack| !rests(stack, row)) {
                continue;
            }
            let gone = stack.is_none_or(|stack| stack.status == StackStatus::DeleteComplete);
            let outcome = match (action, stack) {
                (Action::Delete, _) if gone => Ok(()),
                (_, Some(stack)) => match stack.shortfall(row.asked) {
                    Some(reason) => Err(reason),
                    None => Ok(()),
                },
                (_, None) => Err("The stack is gone.".to_owned()),
            };
            set.settle_row(index, outcome, id.filter(|_| !gone));
        }
    }

    fn begin_row(&mut self, set: &mut StackSet, index: usize, at: Timestamp) {
        let Some((action, timing, row)) = set
            .at_work()
            .and_then(|o| Some((o.action, o.timing, o.rows.get(index)?.clone())))
        else {
            return;
        };
        let (account, region) = (&row.account, &row.region);
        let present = set.instance(account, region);
        let present = present.and_then(|instance| instance.stack.clone());
        if self.faults.faults.roleless.contains(account) {
            let said = roleless(set, account);
            set.begin_row(index, at, None);
            set.settle_row(index, Err(said), present);
            return;
        }
        self.stacks_at(account, region, at);
        let place = self.place(account, region);
        let role = set.execution_role.as_deref().unwrap_or(EXECUTION_ROLE);
        let mut ctx = Ctx {
            caller: Caller {
                account: account.clone(),
                arn: format!("arn:aws:sts::{account}:assumed-role/{role}/stack-sets"),
                principal: format!("arn:aws:iam::{account}:role/{role}"),
            },
            region: region.clone(),
            now: at,
            entropy: &mut self.entropy,
            pins: &mut Pins::default(),
            timing,
        };
        let stacks = &mut self.partitions.at_mut(place).stacks;
        let begun = match action {
            Action::Delete => delete(stacks, &mut ctx, present),
            Action::Create | Action::Update => change(stacks, &mut ctx, set, present),
        };
        match begun {
            Begun::Stack(id) => set.begin_row(index, at, Some(id)),
            Begun::Over(outcome, stack) => {
                set.begin_row(index, at, None);
                set.settle_row(index, outcome, stack);
            }
        }
    }

    /// The stacks of an account and region, brought up to a time.
    fn stacks_at(&mut self, account: &str, region: &str, at: Timestamp) -> &Stacks {
        let keep = self.keep();
        let place = self.place(account, region);
        amend(&mut self.partitions, place, at, keep, |_| ());
        &self.partitions.at(place).stacks
    }
}

/// Whether a stack has come to rest since its row began.
fn rests(stack: &Stack, row: &Row) -> bool {
    let since = stack.ended.is_none_or(|ended| ended >= row.asked);
    stack.status.is_terminal() && (since || stack.status == StackStatus::DeleteComplete)
}

/// What is said of an account without the execution role.
fn roleless(set: &StackSet, account: &str) -> String {
    let execution = set.execution_role.as_deref().unwrap_or(EXECUTION_ROLE);
    let admin = set.admin_role.as_deref();
    let admin = admin.and_then(|arn| arn.rsplit('/').next());
    format!(
        "Account {account} should have '{execution}' role with trust relationship to Role '{}'.",
        admin.unwrap_or(ADMIN_ROLE)
    )
}

fn delete(stacks: &mut Stacks, ctx: &mut Ctx<'_>, present: Option<String>) -> Begun {
    let Some(id) = present else {
        return Begun::Over(Ok(()), None);
    };
    match stacks.delete(ctx, &id) {
        Ok(()) => Begun::Stack(id),
        Err(error) => Begun::Over(Err(error.message), Some(id)),
    }
}

/// Changes the stack that is there, or makes one.
fn change(
    stacks: &mut Stacks,
    ctx: &mut Ctx<'_>,
    set: &StackSet,
    present: Option<String>,
) -> Begun {
    let alive = |id: &String| {
        let stack = stacks.get(id);
        stack.is_some_and(|stack| stack.status != StackStatus::DeleteComplete)
    };
    let Some(id) = present.filter(alive) else {
        let name = format!("StackSet-{}-{}", set.name, ctx.new_uuid());
        let new = NewStack {
            name,
            template: set.template.clone(),
            parameters: set.given(),
            tags: set.tags.clone(),
            capabilities: set.capabilities.clone(),
            // One that can't be made would be in the way of the next try (a guess).
            delete_on_failure: true,
            ..NewStack::default()
        };
        return match stacks.create(ctx, new) {
            Ok(id) => Begun::Stack(id),
            Err(error) => Begun::Over(Err(error.message), None),
        };
    };
    let change = ChangeStack {
        template: Some(set.template.clone()),
        parameters: set.given(),
        tags: Some(set.tags.clone()),
        capabilities: set.capabilities.clone(),
        ..ChangeStack::default()
    };
    match stacks.update(ctx, &id, change) {
        Ok(()) => Begun::Stack(id),
        Err(error) if error.message == NO_UPDATES => Begun::Over(Ok(()), Some(id)),
        Err(error) => Begun::Over(Err(error.message), Some(id)),
    }
}
