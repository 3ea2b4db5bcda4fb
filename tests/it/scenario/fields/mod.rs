//! Every field of every kind has its change paths: changed in git, changed in the console, left out, empty.
//!
//! One [`Row`] is one field of the manifest language, [`rows`] is the table, and `every_field_has_its_row` holds it to
//! the schema: a field without its row fails. What a column cannot show says why in one word ([`Why`]).

mod bases;
mod headers;
mod kinds;
mod launches;
mod portfolios;
mod products;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use catalogd::emulator::seed;
use catalogd::manifest::{self, Code};
use catalogd::model::desired::Desired;
use catalogd::model::observed::Observed;
use catalogd::plan::BlockedCode;
use catalogd::reconcile::Pass;
use catalogd::reconcile::converge::End;
use catalogd::render::text::{self, Style};

use self::bases::Base;
use super::kit::writes;
use crate::world::World;

/// Replaced in the catalog, where it stands once, by what.
type Edit = (&'static str, &'static str);
/// Calls that change something, with how often each is made.
type Calls = &'static [(&'static str, usize)];
/// What the plan's text has.
type Words = &'static [&'static str];

/// Why a column has nothing to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// It is said of manifests, and nothing live has it.
    GitOnly,
    /// No API reads it back.
    NotReadable,
    /// No API changes it.
    Immutable,
    /// The mark by which an object is known: without it it is another one (`scenario::adopting`, `scenario::ownership`).
    Identity,
    /// Its fields are rows of their own.
    Whole,
}

/// What comes of an edit of git.
#[derive(Debug, Clone, Copy)]
enum Git {
    /// The plan has these words, these calls are made and no others, and the next plan is empty.
    Calls(Edit, Words, Calls),
    /// The same of what can't be read back: only what was last applied tells, so it is applied over that.
    Sent(Edit, Words, Calls),
    /// Nothing: no change in the plan and no call.
    Quiet(Edit),
    /// Refused offline.
    Finding(Edit, Code),
    /// No call, and the plan says so.
    Blocked(Edit, BlockedCode),
    Not(Why),
}

/// What comes of a change in the console.
#[derive(Debug, Clone, Copy)]
enum Hand {
    /// This operation with this input, where `<kind/name>`, `<kind/name:version>` and `<kind/name:CONSTRAINT>` stand
    /// for ids. The plan shows these words, and it is put back by these calls.
    Back(&'static str, &'static str, Words, Calls),
    Not(Why),
}

/// What comes of the field's absence.
#[derive(Debug, Clone, Copy)]
enum Without {
    /// Nothing, and what the console makes of it then stays.
    Alone(Edit),
    /// As an edit of git: required fields are findings, others have a default or say something by their absence.
    Means(Git),
}

/// One field of the language.
struct Row {
    map: &'static str,
    field: &'static str,
    base: Base,
    git: Git,
    hand: Hand,
    without: Without,
    empty: Git,
}

fn rows() -> Vec<Row> {
    let mut all = headers::rows();
    all.extend(kinds::rows());
    all.extend(portfolios::rows());
    all.extend(products::own_rows());
    all.extend(products::other_rows());
    all.extend(launches::rows());
    all
}

#[test]
fn every_field_has_its_row() {
    let known = manifest::fields();
    assert!(known.len() > 100, "{}", known.len());
    let known: BTreeSet<_> = known.into_iter().collect();
    let all = rows();
    let shown: BTreeSet<_> = all.iter().map(|row| (row.map, row.field)).collect();
    assert_eq!(shown.len(), all.len(), "a field has two rows");
    let missing: Vec<_> = known.difference(&shown).collect();
    assert!(missing.is_empty(), "fields without a row: {missing:#?}");
    let stale: Vec<_> = shown.difference(&known).collect();
    assert!(stale.is_empty(), "rows of no field: {stale:#?}");
}

/// Nothing but what has no value of its own in the catalog may go without a change in git and one in the console.
#[test]
fn excuses_hold() {
    for row in rows() {
        let named = format!("{} {}", row.map, row.field);
        if let Git::Not(why) = row.git {
            assert!(matches!(why, Why::Whole | Why::GitOnly), "{named}: {why:?}");
        }
        if let (Hand::Not(Why::Whole), Without::Alone(_)) = (row.hand, row.without) {
            assert!(
                matches!(row.git, Git::Not(Why::Whole) | Git::Calls(..)),
                "{named}"
            );
        }
        assert!(
            !matches!(row.empty, Git::Not(_)),
            "{named} has an empty value"
        );
    }
}

/// What is wrong with the rows of a part of the table. All of it is said at once.
async fn run(rows: Vec<Row>) {
    let mut wrong = Vec::new();
    for row in &rows {
        let named = |column: &str| format!("{} {} ({column})", row.map, row.field);
        let mut note = |column: &str, result: Result<(), String>| {
            if let Err(reason) = result {
                wrong.push(format!("{}: {reason}", named(column)));
            }
        };
        note("git", row.base.git(&row.git).await);
        note("console", row.base.hand(&row.hand).await);
        note(
            "left out",
            match &row.without {
                Without::Alone(edit) => row.base.alone(*edit, &row.hand).await,
                Without::Means(git) => row.base.git(git).await,
            },
        );
        note("empty", row.base.git(&row.empty).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[tokio::test(start_paused = true)]
async fn fields_of_all_documents() {
    run(headers::rows()).await;
}

#[tokio::test(start_paused = true)]
async fn fields_of_tag_options_and_service_actions() {
    run(kinds::rows()).await;
}

#[tokio::test(start_paused = true)]
async fn fields_of_portfolios() {
    run(portfolios::rows()).await;
}

#[tokio::test(start_paused = true)]
async fn fields_of_products() {
    run(products::own_rows()).await;
}

#[tokio::test(start_paused = true)]
async fn fields_of_versions_constraints_and_copies() {
    run(products::other_rows()).await;
}

#[tokio::test(start_paused = true)]
async fn fields_of_provisioned_products() {
    run(launches::rows()).await;
}

impl Base {
    /// A world in which all is as git says.
    async fn applied(self) -> World {
        let world = self.world().await;
        let pass = world.apply().await.pass;
        let left = pass.plan.has_changes() || pass.plan.is_waiting();
        assert!(!left, "{}", shown(&pass));
        world
    }

    async fn git(self, git: &Git) -> Result<(), String> {
        match *git {
            Git::Not(_) => Ok(()),
            Git::Finding(edit, code) => {
                let world = self.world().await;
                replace(&world, edit)?;
                let loaded = world.load();
                let codes: Vec<_> = loaded.findings.iter().map(|f| f.code).collect();
                match codes.contains(&code) && loaded.has_errors() {
                    true => Ok(()),
                    false => Err(format!("no {code:?} in {:#?}", loaded.findings)),
                }
            }
            Git::Quiet(edit) => {
                let world = self.applied().await;
                replace(&world, edit)?;
                expect_calls(&world, &[]).await
            }
            Git::Blocked(edit, code) => {
                let world = self.applied().await;
                replace(&world, edit)?;
                expect_blocked(&world, code).await
            }
            Git::Sent(edit, words, calls) => {
                let world = self.applied().await;
                let base = world.desired();
                replace(&world, edit)?;
                expect_words(&shown(&plan(&world, &base).await), words)?;
                expect_calls_over(&world, Some(&base), calls).await
            }
            Git::Calls(edit, words, calls) => {
                let world = self.applied().await;
                let base = world.desired();
                replace(&world, edit)?;
                let errors = world.load();
                if errors.has_errors() {
                    return Err(format!("{:#?}", errors.findings));
                }
                let pass = plan(&world, &base).await;
                expect_words(&shown(&pass), words)?;
                if shown(&pass).contains("drifted)") {
                    return Err(format!("nobody but git changed it: {}", shown(&pass)));
                }
                expect_calls(&world, calls).await
            }
        }
    }

    async fn hand(self, hand: &Hand) -> Result<(), String> {
        match *hand {
            Hand::Not(_) => Ok(()),
            Hand::Back(operation, input, words, calls) => {
                let world = self.applied().await;
                let base = world.desired();
                by_hand(&world, operation, input).await?;
                let pass = plan(&world, &base).await;
                expect_words(&shown(&pass), words)?;
                let text = shown(&pass);
                if !text.contains("drifted)") && !text.contains("by somebody)") {
                    return Err(format!("it is no drift: {text}"));
                }
                expect_calls(&world, calls).await
            }
        }
    }

    /// Without the field nothing happens, whatever the console makes of it.
    async fn alone(self, edit: Edit, hand: &Hand) -> Result<(), String> {
        let world = self.applied().await;
        replace(&world, edit)?;
        let errors = world.load();
        if errors.has_errors() {
            return Err(format!("{:#?}", errors.findings));
        }
        expect_calls(&world, &[]).await?;
        match *hand {
            Hand::Not(_) => Ok(()),
            Hand::Back(operation, input, ..) => {
                by_hand(&world, operation, input).await?;
                let left = expect_calls(&world, &[]).await;
                left.map_err(|reason| format!("somebody else's now: {reason}"))
            }
        }
    }
}

fn replace(world: &World, (from, to): Edit) -> Result<(), String> {
    let text = world.text("catalog.yaml");
    let (from, to) = (
        &bases::with_names(world, from),
        &bases::with_names(world, to),
    );
    match text.matches(from).count() {
        1 => {
            world.write("catalog.yaml", text.replacen(from, to, 1));
            Ok(())
        }
        n => Err(format!("{from:?} is {n} times in the catalog")),
    }
}

async fn plan(world: &World, base: &Desired) -> Pass {
    let mut process = world.process().await;
    process.reconciler.plan(&world.desired(), Some(base)).await
}

fn shown(pass: &Pass) -> String {
    text::plan(&pass.plan, Style::default())
}

fn expect_words(text: &str, words: Words) -> Result<(), String> {
    let missing: Vec<_> = words.iter().filter(|word| !text.contains(**word)).collect();
    match missing.as_slice() {
        [] => Ok(()),
        _ => Err(format!("no {missing:?} in\n{text}")),
    }
}

/// Applies; exactly these calls are made, and then nothing is left.
async fn expect_calls(world: &World, calls: Calls) -> Result<(), String> {
    expect_calls_over(world, None, calls).await
}

async fn expect_calls_over(
    world: &World,
    base: Option<&Desired>,
    calls: Calls,
) -> Result<(), String> {
    world.calls();
    let mut process = world.process().await;
    let ended = process.apply_over(base, &world.desired()).await;
    let text = shown(&ended.pass);
    if ended.end != End::Settled {
        return Err(format!("{:?}: {text}", ended.end));
    }
    let wanted = calls.iter().map(|(call, n)| ((*call).to_owned(), *n));
    let made = writes(world);
    if made != wanted.collect() {
        return Err(format!("these calls were made: {made:?}\n{text}"));
    }
    // The last pass of a run plans what is left.
    let plan = &ended.pass.plan;
    match plan.has_changes() || plan.is_waiting() {
        true => Err(format!("the second plan is not empty:\n{text}")),
        false => Ok(()),
    }
}

async fn expect_blocked(world: &World, code: BlockedCode) -> Result<(), String> {
    let errors = world.load();
    if errors.has_errors() {
        return Err(format!("{:#?}", errors.findings));
    }
    world.calls();
    let ended = world.process().await.apply(&world.desired()).await;
    let text = shown(&ended.pass);
    let mut blocked = ended.pass.plan.objects.iter().flat_map(|o| &o.blocked);
    let made = writes(world);
    match blocked.any(|b| b.code == code) && made.is_empty() {
        true => Ok(()),
        false => Err(format!("no {code:?} but {made:?}:\n{text}")),
    }
}

/// Makes a call as the console would, long after catalogd's.
async fn by_hand(world: &World, operation: &str, input: &str) -> Result<(), String> {
    world.clock.sleep(Duration::from_secs(3600)).await;
    let input = bases::with_names(world, input);
    let input = with_ids(&input, &world.plan().await);
    let input: serde_json::Value =
        serde_json::from_str(&input).map_err(|error| format!("{error}: {input}"))?;
    let call =
        serde_json::json!([{"service": "servicecatalog", "operation": operation, "input": input}]);
    let made = seed::load_text(&world.emulator, &call.to_string(), Path::new("")).await;
    made.map(drop).map_err(|error| error.to_string())
}

/// Puts live ids in place of names in `<…>`.
fn with_ids(text: &str, pass: &Pass) -> String {
    let mut parts = text.split('<');
    let mut all = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('>').unwrap();
        let (key, of) = name.split_once(':').unwrap_or((name, ""));
        let mut statuses = pass.statuses.iter();
        let found = statuses.find(|status| status.key.to_string() == key);
        let id = found
            .and_then(|status| status.id.clone())
            .unwrap_or_else(|| panic!("no id of {key}"));
        all.push_str(&match of {
            "" => id,
            of => part_id(&pass.observed, &id, of),
        });
        all.push_str(rest);
    }
    all
}

/// The id of a version of a product, or of the constraint of a type in a portfolio.
fn part_id(observed: &Observed, of: &str, name: &str) -> String {
    if let Some(product) = observed.products.get(&of.into()) {
        let mut versions = product.versions.iter();
        let found = versions.find(|v| v.name == name);
        return found
            .unwrap_or_else(|| panic!("no version {name}"))
            .id
            .to_string();
    }
    let constraints = &observed.portfolios[&of.into()].constraints;
    let mut found = constraints.values().filter(|c| c.kind == name);
    let id = found
        .next()
        .unwrap_or_else(|| panic!("no {name} in {of}"))
        .id
        .to_string();
    assert!(found.next().is_none(), "two {name} in {of}");
    id
}
