//! Evaluates expressions over facts, within a number of steps and until their time is up.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use cel::common::types::{
    CelBool, CelBytes, CelList, CelMap, CelOptional, CelString, DYN_TYPE, Type,
};
use cel::common::value::{CowVal, StaticVal, Val};
use cel::{Context, Env, ExecutionError, Value};
use jiff::Timestamp;

use super::{Expression, Fact, bound};

/// Steps of one evaluation: turns of loops, and values that are made with their size. A catalog of ten thousand objects
/// can be gone through some dozens of times; what is made of it stays below a few hundred MB.
const STEPS: u64 = if cfg!(test) { 100_000 } else { 2_000_000 };
/// Steps between two looks at the time.
const LOOK: u64 = 256;
/// Bytes of a text that count as one value.
const BYTES: usize = 32;
/// Stack for the parser and the interpreter, which recurse: taken from the system only as far as it is used. Without
/// optimisation the deepest expression that is let through needs a tenth of it.
const STACK: usize = 64 * 1024 * 1024;
/// Characters of what an evaluation says of its failure.
const SAID: usize = 300;

/// Whether time is up.
pub type Late = Arc<dyn Fn() -> bool + Send + Sync>;

/// What came of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The expression holds.
    Yes,
    /// It does not.
    No,
    /// It could not be told: a key that is not there, a text compared with a number. Why, in words.
    Failed(String),
    /// It was given up: more steps than are allowed, or time was up.
    Endless,
}

/// Asks expressions about facts.
pub struct Judge {
    context: Context<'static, 'static>,
}

impl Judge {
    /// With the facts about a plan.
    pub fn new(plan: &Fact, now: Timestamp) -> Self {
        let mut context = Context::with_env(environment());
        context.add_variable_as_val("plan", plan.val());
        if let Some(now) = time(now) {
            context.add_variable_as_val("now", now);
        }
        Self { context }
    }

    /// Asks several expressions about one object, or about the plan alone. `ask` is given what answers.
    pub fn about<T>(
        &self,
        object: Option<&Fact>,
        ask: impl FnOnce(&mut dyn FnMut(&Expression, Late) -> Answer) -> T,
    ) -> T {
        with_stack(|| {
            let mut inner = self.context.new_inner_scope();
            if let Some(object) = object {
                inner.add_variable_as_val("object", object.val());
            }
            ask(&mut |expression, late| {
                let fuel = Arc::new(Fuel::new(late));
                let mut scope = inner.new_inner_scope();
                scope.add_variable_as_val(bound::FUEL, Box::new(Tank(Arc::clone(&fuel))));
                evaluate(expression, &scope, &fuel)
            })
        })
    }
}

fn evaluate(expression: &Expression, scope: &Context<'_, '_>, fuel: &Fuel) -> Answer {
    if !fuel.spend(1) {
        return Answer::Endless;
    }
    // The interpreter is a library's, and the expression may be a stranger's.
    let answer = catch_unwind(AssertUnwindSafe(|| {
        match Value::resolve_val(expression.root(), scope) {
            Ok(value) => match value.downcast_ref::<CelBool>() {
                Some(flag) if *flag.inner() => Answer::Yes,
                Some(_) => Answer::No,
                None => Answer::Failed(format!(
                    "it is a {}, neither true nor false",
                    value.get_type().name()
                )),
            },
            Err(error) => Answer::Failed(said(&error)),
        }
    }));
    // `||` and the like pass over errors, this one too: what counts is that it was given up.
    if fuel.is_out() {
        return Answer::Endless;
    }
    answer.unwrap_or_else(|_| Answer::Failed("it cannot be evaluated".to_owned()))
}

/// A failure in words. Values that it would repeat at length are left out.
fn said(error: &ExecutionError) -> String {
    let text = match error {
        ExecutionError::NoSuchKey(key) => format!("there is no `{key}`"),
        other => other.to_string(),
    };
    let mut cut: String = text.chars().take(SAID).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}

/// A time, said by CEL itself. Its years have four digits: any other is no time that a clock shows.
fn time(now: Timestamp) -> Option<Box<dyn Val>> {
    with_stack(|| {
        let said = environment().parser().parse(&format!("timestamp('{now}')"));
        let context = Context::with_env(environment());
        let time = said.ok()?;
        let time = Value::resolve_val(&time, &context).ok()?;
        Some(time.into_owned())
    })
}

/// Runs something that recurses.
pub(super) fn with_stack<T>(work: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(STACK / 2, STACK, work)
}

/// The standard library, and what counts.
pub(super) fn environment() -> Arc<Env> {
    static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| {
        let mut env = Env::stdlib();
        // Neither name can be there already.
        let _ = env.add_overload(bound::TICK, bound::TICK, vec![DYN_TYPE], tick);
        let _ = env.add_overload(bound::SIZED, bound::SIZED, vec![DYN_TYPE, DYN_TYPE], sized);
        Arc::new(env)
    });
    Arc::clone(&ENVIRONMENT)
}

fn tick<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    match args.as_slice() {
        [fuel] if spend(fuel, 1) => Ok(CowVal::owned(CelBool::from(true))),
        _ => Err(out()),
    }
}

fn sized<'b, 'v>(mut args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let (Some(value), Some(fuel)) = (args.pop(), args.pop()) else {
        return Err(out());
    };
    let mut left = STEPS;
    weigh(value.as_ref(), &mut left);
    if spend(&fuel, STEPS - left) {
        Ok(value)
    } else {
        Err(out())
    }
}

fn out() -> ExecutionError {
    ExecutionError::function_error("catalogd", "it does not end")
}

fn spend(fuel: &CowVal<'_, '_>, steps: u64) -> bool {
    let tank = fuel.downcast_ref::<Tank>();
    tank.is_some_and(|tank| tank.0.spend(steps))
}

/// Takes a value's size from `left`, no further than to nothing.
fn weigh(value: &dyn Val, left: &mut u64) {
    let bytes = |length: usize| 1 + (length / BYTES) as u64;
    let own = if let Some(text) = value.downcast_ref::<CelString<'_>>() {
        bytes(text.inner().len())
    } else if let Some(text) = value.downcast_ref::<CelBytes<'_>>() {
        bytes(text.inner().len())
    } else {
        1
    };
    *left = left.saturating_sub(own);
    if let Some(list) = value.downcast_ref::<CelList<'_>>() {
        for item in list.inner() {
            if *left == 0 {
                return;
            }
            weigh(item.as_ref(), left);
        }
    } else if let Some(map) = value.downcast_ref::<CelMap<'_>>() {
        for item in map.inner().values() {
            if *left == 0 {
                return;
            }
            weigh(item.as_ref(), left);
        }
    } else if let Some(optional) = value.downcast_ref::<CelOptional<'_>>()
        && let Some(inner) = optional.inner()
    {
        weigh(inner, left);
    }
}

/// What an evaluation may still do.
struct Fuel {
    left: AtomicU64,
    looked: AtomicU64,
    out: AtomicBool,
    late: Late,
}

impl Fuel {
    fn new(late: Late) -> Self {
        Self {
            left: AtomicU64::new(STEPS),
            looked: AtomicU64::new(u64::MAX),
            out: AtomicBool::new(false),
            late,
        }
    }

    /// Takes some. `false` once there is nothing left or time is up, and from then on.
    fn spend(&self, steps: u64) -> bool {
        if self.is_out() {
            return false;
        }
        let left = self.left.load(Ordering::Relaxed).saturating_sub(steps);
        self.left.store(left, Ordering::Relaxed);
        let looks = self.looked.load(Ordering::Relaxed).saturating_sub(left) >= LOOK;
        if looks {
            self.looked.store(left, Ordering::Relaxed);
        }
        if left == 0 || (looks && (self.late)()) {
            self.out.store(true, Ordering::Relaxed);
            return false;
        }
        true
    }

    fn is_out(&self) -> bool {
        self.out.load(Ordering::Relaxed)
    }
}

/// [`Fuel`] as a value that expressions hand around.
#[derive(Clone)]
struct Tank(Arc<Fuel>);

static TANK: Type = Type::new_unspecified_type("catalogd.fuel");

impl fmt::Debug for Tank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("fuel")
    }
}

impl Val for Tank {
    fn get_type(&self) -> &Type {
        &TANK
    }

    fn cel_type() -> &'static Type {
        &TANK
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Tank {}
