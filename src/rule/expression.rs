//! Text → an expression that can be evaluated, or what is wrong with it and where.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cel::IdedExpr;
use cel::common::ast::{EntryExpr, Expr, SourceInfo};

use super::{DEPTH, LENGTH, NODES, Scope, bound, judge};

/// How deep the parser's own grammar may go: deeper than that no bracket is read by a person.
const PARSER_DEPTH: u16 = 32;

/// A compiled expression.
#[derive(Debug, Clone)]
pub struct Expression {
    text: String,
    /// With its loops and whatever makes values made to count.
    bounded: Arc<IdedExpr>,
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Expression {}

/// Why a text is no expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// 1-based line of the text.
    pub line: u32,
    /// 1-based column of that line, in characters.
    pub column: u32,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl Mistake {
    fn whole(message: String, hint: &str) -> Self {
        Self {
            line: 1,
            column: 1,
            message,
            hint: Some(hint.to_owned()),
        }
    }
}

/// The functions of the standard library.
const FUNCTIONS: &[&str] = &[
    "bool",
    "bytes",
    "contains",
    "double",
    "duration",
    "dyn",
    "endsWith",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getFullYear",
    "getHours",
    "getMilliseconds",
    "getMinutes",
    "getMonth",
    "getSeconds",
    "hasValue",
    "int",
    "matches",
    "or",
    "orValue",
    "size",
    "startsWith",
    "string",
    "timestamp",
    "type",
    "uint",
    "value",
];
/// Those that have a name of two parts.
const QUALIFIED: &[&str] = &["optional.none", "optional.of", "optional.ofNonZeroValue"];
/// Names of types, which are values too.
const TYPES: &[&str] = &[
    "bool",
    "bytes",
    "double",
    "int",
    "list",
    "map",
    "null_type",
    "string",
    "type",
    "uint",
];

impl Expression {
    /// Compiles a text.
    ///
    /// # Errors
    /// Where it is too long or too deep, is no CEL, or names what there is not in the scope.
    pub fn compile(text: &str, scope: Scope) -> Result<Self, Mistake> {
        let length = text.chars().count();
        if length > LENGTH {
            return Err(Mistake::whole(
                format!("the expression has {length} characters: {LENGTH} are allowed"),
                "say it as several rules",
            ));
        }
        judge::with_stack(|| {
            // The parser is a library's, and the text may be a stranger's.
            let parsed = catch_unwind(AssertUnwindSafe(|| {
                judge::environment()
                    .parser()
                    .max_recursion_depth(PARSER_DEPTH)
                    .parse_with_source_info(text)
            }));
            let (mut root, places) = match parsed {
                Ok(Ok(parsed)) => parsed,
                Ok(Err(errors)) => return Err(refused(&errors)),
                Err(_) => {
                    return Err(Mistake::whole(
                        "the expression cannot be read".to_owned(),
                        "say it in another way",
                    ));
                }
            };
            let (nodes, depth) = measure(&root);
            if nodes > NODES || depth > DEPTH {
                return Err(Mistake::whole(
                    format!(
                        "the expression has {nodes} parts, {depth} deep: {NODES} and {DEPTH} are allowed"
                    ),
                    "say it as several rules, or compare with a list: `x in [a, b]`",
                ));
            }
            let names = Names {
                scope,
                places: &places,
            };
            names.check(&root, &mut Vec::new())?;
            bound::bound(&mut root);
            Ok(Self {
                text: text.to_owned(),
                bounded: Arc::new(root),
            })
        })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn root(&self) -> &IdedExpr {
        &self.bounded
    }
}

/// A parser's first complaint, in words that do not leak how it is made.
fn refused(errors: &cel::ParseErrors) -> Mistake {
    let Some(first) = errors.errors.first() else {
        return Mistake::whole("the expression is no CEL".to_owned(), "see docs/policy.md");
    };
    if first.msg.contains("Recursion limit") || first.msg.contains("recursion limit") {
        return Mistake::whole(
            format!("the expression nests more than {PARSER_DEPTH} deep"),
            "say it as several rules",
        );
    }
    let place = |at: isize| u32::try_from(at).unwrap_or(1).max(1);
    let said = first.msg.strip_prefix("Syntax error: ");
    let said = said.unwrap_or(&first.msg).lines().next().unwrap_or("");
    let said: String = said.chars().take(200).collect();
    Mistake {
        line: place(first.pos.0),
        column: place(first.pos.1),
        message: format!("the expression is no CEL: {said}"),
        hint: None,
    }
}

/// How many parts an expression has, and how deep it is.
fn measure(root: &IdedExpr) -> (usize, usize) {
    let (mut nodes, mut depth) = (1, 0);
    for child in children(root) {
        let (more, deep) = measure(child);
        nodes += more;
        depth = depth.max(deep);
    }
    (nodes, depth + 1)
}

/// The parts of an expression.
fn children(of: &IdedExpr) -> Vec<&IdedExpr> {
    match &of.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Vec::new(),
        Expr::Call(call) => call
            .target
            .iter()
            .map(AsRef::as_ref)
            .chain(&call.args)
            .collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Map(map) => entries(&map.entries),
        Expr::Struct(made) => entries(&made.entries),
        Expr::Comprehension(it) => vec![
            &it.iter_range,
            &it.accu_init,
            &it.loop_cond,
            &it.loop_step,
            &it.result,
        ],
    }
}

fn entries(all: &[cel::common::ast::IdedEntryExpr]) -> Vec<&IdedExpr> {
    let parts = all.iter().flat_map(|entry| match &entry.expr {
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
        EntryExpr::StructField(field) => vec![&field.value],
    });
    parts.collect()
}

/// Checks that what an expression names is there: evaluated, a typo would only be a refusal.
struct Names<'a> {
    scope: Scope,
    places: &'a SourceInfo,
}

impl Names<'_> {
    fn check<'e>(&self, at: &'e IdedExpr, inner: &mut Vec<&'e str>) -> Result<(), Mistake> {
        match &at.expr {
            Expr::Ident(name) if !self.is_known(name, inner) => {
                let known = self.scope.variables().join("`, `");
                let hint = match (self.scope, name.as_str()) {
                    (Scope::Plan, "object") => {
                        "the rule is asked once a plan: look at `plan.objects`, or leave `scope: plan` out"
                            .to_owned()
                    }
                    _ => format!("there are `{known}`; a text stands in quotes"),
                };
                Err(self.unknown(at, format!("nothing is named `{name}`"), hint))
            }
            Expr::Struct(_) => Err(self.unknown(
                at,
                "an expression makes no objects".to_owned(),
                "compare field by field".to_owned(),
            )),
            Expr::Call(call) => {
                let function = call.func_name.as_str();
                let qualified = call.target.as_ref().and_then(|target| match &target.expr {
                    Expr::Ident(name) if !inner.contains(&name.as_str()) => {
                        Some(format!("{name}.{function}"))
                    }
                    _ => None,
                });
                let is_qualified = qualified.is_some_and(|name| QUALIFIED.contains(&name.as_str()));
                let named = function.starts_with(|c: char| c.is_ascii_alphabetic());
                if named && !is_qualified && !FUNCTIONS.contains(&function) {
                    let hint = match function {
                        "has" | "all" | "exists" | "exists_one" | "map" | "filter" => {
                            format!(
                                "look at how `{function}` is called: docs/policy.md has examples"
                            )
                        }
                        _ => format!("there are {}", FUNCTIONS.join(", ")),
                    };
                    return Err(self.unknown(
                        at,
                        format!("no function is named `{function}`"),
                        hint,
                    ));
                }
                let target = call.target.iter().filter(|_| !is_qualified);
                let parts = target.map(AsRef::as_ref).chain(&call.args);
                for part in parts {
                    self.check(part, inner)?;
                }
                Ok(())
            }
            Expr::Comprehension(it) => {
                self.check(&it.iter_range, inner)?;
                self.check(&it.accu_init, inner)?;
                let before = inner.len();
                inner.extend([it.iter_var.as_str(), it.accu_var.as_str()]);
                inner.extend(it.iter_var2.as_deref());
                for part in [&it.loop_cond, &it.loop_step, &it.result] {
                    self.check(part, inner)?;
                }
                inner.truncate(before);
                Ok(())
            }
            _ => {
                for part in children(at) {
                    self.check(part, inner)?;
                }
                Ok(())
            }
        }
    }

    fn is_known(&self, name: &str, inner: &[&str]) -> bool {
        inner.contains(&name) || self.scope.variables().contains(&name) || TYPES.contains(&name)
    }

    fn unknown(&self, at: &IdedExpr, message: String, hint: String) -> Mistake {
        let offset = self.places.offset_for(at.id).map_or(0, |(start, _)| start) as usize;
        // The parser counts bytes.
        let before = self.places.source.get(..offset).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Mistake {
            line: number(line),
            column: number(column),
            message,
            hint: Some(hint),
        }
    }
}
