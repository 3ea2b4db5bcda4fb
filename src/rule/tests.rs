use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

/// Friday, 23:30 in London, Saturday in Berlin.
const NOW: &str = "2026-11-27T23:30:00Z";

fn judge() -> Judge {
    let plan = Fact::map([
        ("deletes", Fact::Number(2)),
        ("account", "123456789012".into()),
        (
            "objects",
            Fact::List(
                (0..50)
                    .map(|n| Fact::map([("name", format!("o{n}").into())]))
                    .collect(),
            ),
        ),
    ]);
    Judge::new(&plan, NOW.parse().unwrap())
}

fn ask_within(text: &str, late: Late) -> Answer {
    let object = Fact::map([
        ("name", "vpc".into()),
        ("tags", Fact::map([("team", "net".into())])),
        ("roles", Fact::texts(["arn:1", "arn:2"])),
    ]);
    let expression =
        Expression::compile(text, Scope::Object).unwrap_or_else(|e| panic!("{text}: {e:?}"));
    judge().about(Some(&object), |ask| ask(&expression, late))
}

fn ask(text: &str) -> Answer {
    ask_within(text, Arc::new(|| false))
}

fn mistake(text: &str) -> Mistake {
    Expression::compile(text, Scope::Object).expect_err(text)
}

#[test]
fn rules_can_say_what_they_are_for() {
    for yes in [
        "object.name == 'vpc'",
        "!('costCenter' in object.tags)",
        "!has(object.tags.costCenter)",
        "object.tags.team.matches('^n.t$') && plan.deletes > 1",
        "now.getDayOfWeek() == 5 && now.getDayOfWeek('Europe/Berlin') == 6",
        "now > timestamp('2026-01-01T00:00:00Z')",
        "now - duration('24h') < timestamp('2026-11-27T00:00:00Z')",
        "object.roles.exists(r, !(r in ['arn:1']))",
        "object.roles.filter(r, r != 'arn:1').map(r, r + '!') == ['arn:2!']",
        "object.roles.exists_one(r, r == 'arn:1')",
        "object.tags[?'nothing'].orValue('x') == 'x'",
        "plan.objects.size() == 50 && size(object.roles) == 2",
        "{'a': [1, 2]}.a[1] == 2",
        "optional.of(1).hasValue()",
        "[1, 2, 3].all(x, x > 0) && [[1], [2]].map(x, x[0]) == [1, 2]",
    ] {
        assert_eq!(ask(yes), Answer::Yes, "{yes}");
        assert_eq!(ask(&format!("!({yes})")), Answer::No, "{yes}");
    }
}

#[test]
fn what_fails_is_neither_yes_nor_no() {
    let failed = |text: &str, why: &str| match ask(text) {
        Answer::Failed(said) => assert!(said.contains(why), "{text}: {said}"),
        other => panic!("{text}: {other:?}"),
    };
    failed("object.tags.costCenter == 'x'", "there is no `costCenter`");
    failed("object.name > 1", "no matching overload");
    failed("object.name", "it is a string, neither true nor false");
    failed("1 / (plan.deletes - 2) == 1", "Division by zero");
    failed("object.roles[7] == ''", "Index out of bounds");
    failed("'x'.matches('(')", "regex");
    failed("plan.deletes + 9223372036854775807 > 0", "verflow");
}

#[test]
fn mistakes_have_a_place() {
    let at = |text: &str| {
        let found = mistake(text);
        (found.line, found.column, found.message)
    };
    assert_eq!(
        at("objct.name == 'x'"),
        (1, 1, "nothing is named `objct`".to_owned())
    );
    assert_eq!(
        at("object.name == 'ü' &&\n  plan.x == y"),
        (2, 13, "nothing is named `y`".to_owned())
    );
    let (line, column, message) = at("object.name.matchez('x')");
    assert_eq!(
        (line, message.as_str()),
        (1, "no function is named `matchez`")
    );
    assert!(column >= 12, "{column}");
    for text in [
        "object.name ==",
        "object.name = 'x'",
        "(a",
        "'x",
        "",
        "object..name",
        "a b",
    ] {
        let (line, _, message) = at(text);
        assert_eq!(line, 1, "{text}");
        assert!(
            message.starts_with("the expression is no CEL"),
            "{text}: {message}"
        );
    }
    let hint = Expression::compile("object.name == ''", Scope::Plan)
        .unwrap_err()
        .hint;
    assert!(hint.unwrap().contains("`plan.objects`"));
    assert!(
        mistake("Pod{name: 'x'} == 1")
            .message
            .contains("makes no objects")
    );
    assert!(mistake("@tick(@fuel)").message.contains("no CEL"));
}

#[test]
fn nothing_is_too_much() {
    let long = format!("'{}' == ''", "x".repeat(LENGTH));
    assert!(mistake(&long).message.contains("8000 are allowed"));
    let most = LENGTH - 100;
    for (text, deep) in [
        (vec!["1"; most / 2].join("+"), true),
        (format!("{}true", "!".repeat(most)), false),
        (format!("{}1 == 1", "-".repeat(most)), false),
        (format!("object{}", ".a".repeat(most / 2)), true),
        (format!("object{}", "[0]".repeat(most / 3)), true),
        (
            format!(
                "{}1{} == 1",
                "(".repeat(most / 2),
                ")".repeat(most / 2 - 10)
            ),
            true,
        ),
        (
            format!(
                "{}1{} == 1",
                "[".repeat(most / 2),
                "]".repeat(most / 2 - 10)
            ),
            true,
        ),
        (format!("{}true", "true?true:".repeat(most / 10)), true),
        (vec!["1"; most / 2].join("<"), true),
        (format!("[0]{} == [0]", ".map(a,a)".repeat(most / 9)), true),
        (
            format!(
                "{}true{}",
                "[0].all(a,".repeat(most / 11),
                ")".repeat(most / 11)
            ),
            true,
        ),
        (format!("1 in [{}]", vec!["1"; most / 2].join(",")), true),
        (vec!["true"; most / 6].join("||"), true),
        (vec!["true"; 900].join("||"), false),
        ("{".repeat(most), true),
        ("a ? ".repeat(most / 4), true),
        ("\\".repeat(most), true),
        ("\u{0}\u{202e}é".repeat(most / 4), true),
    ] {
        // Refused or evaluated, but no overflow, no panic, and soon.
        let compiled = Expression::compile(&text, Scope::Object);
        assert_eq!(
            compiled.is_err(),
            deep,
            "{} …: {compiled:?}",
            &text[..20.min(text.len())]
        );
        if compiled.is_ok() {
            ask(&text);
        }
    }
}

#[test]
fn what_does_not_end_is_given_up() {
    let nested = |depth: usize| {
        let list = "[0,1,2,3,4,5,6,7,8,9]";
        format!(
            "{}x0 == -1{}",
            (0..depth)
                .map(|n| format!("{list}.all(x{n}, "))
                .collect::<String>(),
            ")".repeat(depth)
        )
    };
    // A single turn is enough: `all` ends at the first false.
    assert_eq!(ask(&nested(9)), Answer::No);
    let endless = |text: &str| assert_eq!(ask(text), Answer::Endless, "{text}");
    // Time: every kind of loop.
    endless(&nested(9).replace("== -1", "!= -1"));
    endless(
        &nested(9)
            .replace(".all(", ".exists(")
            .replace("x0 == -1", "x0 < 0"),
    );
    endless(
        &nested(9)
            .replace(".all(", ".exists_one(")
            .replace("x0 == -1", "x0 < 0"),
    );
    let made = |kind: &str| {
        let list = "[0,1,2,3,4,5,6,7,8,9]";
        format!(
            "{}x0{} == []",
            (0..9)
                .map(|n| format!("{list}.{kind}(x{n}, "))
                .collect::<String>(),
            ")".repeat(9)
        )
    };
    endless(&made("map"));
    let filtered = (0..9).fold("true".to_owned(), |inner, n| {
        format!("[0,1,2,3,4,5,6,7,8,9].filter(x{n}, {inner}).size() > 0")
    });
    endless(&filtered);
    // Room: what doubles in every turn, and what copies.
    endless(&format!("['x']{} == []", ".map(a, a + a)".repeat(40)));
    endless(&format!("[[1]]{} == []", ".map(a, a + a)".repeat(40)));
    endless(&format!("[1]{} == []", ".map(a, [a, a])".repeat(40)));
    endless(&format!(
        "[1]{} == []",
        ".map(a, {'x': a, 'y': a})".repeat(40)
    ));
    endless("plan.objects.map(a, plan.objects.map(b, plan.objects.map(c, plan.objects))) == []");
    // An error of the count is no error that `||` passes over.
    endless(&format!(
        "({}) || true",
        nested(9).replace("== -1", "!= -1")
    ));
}

#[test]
fn time_is_up_when_the_caller_says_so() {
    let looks = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&looks);
    let late: Late = Arc::new(move || counted.fetch_add(1, Ordering::Relaxed) >= 3);
    let text = "plan.objects.all(a, plan.objects.all(b, true))";
    assert_eq!(ask(text), Answer::Yes);
    assert_eq!(ask_within(text, late), Answer::Endless);
    assert_eq!(looks.load(Ordering::Relaxed), 4);
    assert_eq!(ask_within("true", Arc::new(|| true)), Answer::Endless);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 64, ..Default::default() })]
    #[test]
    fn any_text_is_answered(parts in proptest::collection::vec(0..PARTS.len(), 0..40)) {
        let text: String = parts.into_iter().map(|n| PARTS[n]).collect();
        if let Ok(expression) = Expression::compile(&text, Scope::Object) {
            judge().about(None, |ask| ask(&expression, Arc::new(|| false)));
        }
    }
}

/// What hostile expressions are put together from.
const PARTS: &[&str] = &[
    "object",
    "plan",
    "now",
    ".",
    "name",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    "'x'",
    "1",
    "2u",
    "1.5",
    "b'x'",
    "null",
    "true",
    "==",
    "!",
    "-",
    "+",
    "*",
    "/",
    "%",
    "<",
    "&&",
    "||",
    "?",
    ":",
    ",",
    " in ",
    ".map(x, ",
    ".all(x, ",
    "x",
    ".filter(x, ",
    "has(",
    "size(",
    ".?",
    "[?",
    "`",
    "\\",
    "\"",
    "'",
    "\n",
    "é",
    ".getDayOfWeek(",
    "optional.of(",
];
