//! Makes an expression count what it does. The interpreter has no way to be interrupted, so the expression itself asks,
//! at every turn of a loop and wherever a value is made, whether it may go on: two functions and a variable whose names
//! no text can spell.

use cel::IdedExpr;
use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, ListExpr, LiteralValue, operators,
};
use cel::common::types::CelBool;

/// `@tick(@fuel)`: `true`, or an error once nothing is left.
pub(super) const TICK: &str = "@tick";
/// `@sized(@fuel, value)`: the value, or an error where it is too large for what is left.
pub(super) const SIZED: &str = "@sized";
/// What is left.
pub(super) const FUEL: &str = "@fuel";

/// Rewrites an expression so that nothing of it goes on or grows uncounted.
///
/// What the macros make is told by its shape, and keeps it: the interpreter appends to lists of that shape in place, and
/// would copy them in every turn otherwise.
pub(super) fn bound(at: &mut IdedExpr) {
    match &mut at.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
        Expr::Select(select) => bound(&mut select.operand),
        Expr::Call(call) => {
            call.target.iter_mut().for_each(|target| bound(target));
            call.args.iter_mut().for_each(bound);
            // Of what makes values only this makes larger ones.
            if call.func_name == operators::ADD {
                sized(at);
            }
        }
        Expr::List(list) => {
            for item in &mut list.elements {
                bound(item);
                sized(item);
            }
        }
        Expr::Map(map) => {
            for entry in &mut map.entries {
                if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                    bound(&mut entry.key);
                    bound(&mut entry.value);
                    sized(&mut entry.value);
                }
            }
        }
        // None is compiled.
        Expr::Struct(_) => {}
        Expr::Comprehension(it) => comprehension(it),
    }
}

fn comprehension(it: &mut ComprehensionExpr) {
    bound(&mut it.iter_range);
    bound(&mut it.accu_init);
    match &mut it.loop_step.expr {
        // `map`, and the others that append.
        Expr::Call(call) if call.func_name == operators::ADD => {
            if appended(&mut call.args).is_none() {
                call.args.iter_mut().for_each(bound);
                ticking(&mut it.loop_cond);
            }
        }
        // `filter` and `exists_one`.
        Expr::Call(call) if call.func_name == operators::CONDITIONAL => {
            if let [guard, rest @ ..] = call.args.as_mut_slice() {
                bound(guard);
                ticking(guard);
                for branch in rest {
                    let appends = match &mut branch.expr {
                        Expr::Call(call) if call.func_name == operators::ADD => {
                            appended(&mut call.args).is_some()
                        }
                        _ => false,
                    };
                    if !appends {
                        bound(branch);
                    }
                }
            }
        }
        // `all` and `exists`, which pass over errors of their steps, but over none of their condition.
        _ => {
            bound(&mut it.loop_step);
            ticking(&mut it.loop_cond);
        }
    }
}

/// The list that is appended, made to count its items in place.
fn appended(args: &mut [IdedExpr]) -> Option<()> {
    let [
        _,
        IdedExpr {
            expr: Expr::List(ListExpr { elements, .. }),
            ..
        },
    ] = args
    else {
        return None;
    };
    for item in elements {
        bound(item);
        sized(item);
    }
    Some(())
}

fn call(function: &str, args: Vec<IdedExpr>) -> Expr {
    Expr::Call(CallExpr {
        func_name: function.to_owned(),
        target: None,
        args,
    })
}

fn fuel() -> IdedExpr {
    IdedExpr {
        id: 0,
        expr: Expr::Ident(FUEL.to_owned()),
    }
}

/// `value` → `@sized(@fuel, value)`
fn sized(at: &mut IdedExpr) {
    let value = std::mem::take(at);
    at.id = value.id;
    at.expr = call(SIZED, vec![fuel(), value]);
}

/// `condition` → `@tick(@fuel) ? condition : false`
fn ticking(at: &mut IdedExpr) {
    let condition = std::mem::take(at);
    let tick = IdedExpr {
        id: 0,
        expr: call(TICK, vec![fuel()]),
    };
    let no = IdedExpr {
        id: 0,
        expr: Expr::Literal(LiteralValue::Boolean(CelBool::from(false))),
    };
    at.id = condition.id;
    at.expr = call(operators::CONDITIONAL, vec![tick, condition, no]);
}
