//! The workflows in `deploy/ci/`: each is parsed, its commands are run with bash against an embedded AWS on a port and a
//! host that takes comments, and `docs/ci.md` shows them as they are.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use catalogd::emulator::Profile;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use regex::Regex;
use serde_json::{Value, json};
use tokio::process::Command;

use super::{read, root};
use crate::cli::bench::{Bench, Ended, Running};
use crate::world::{ACCOUNT, REGION};

/// What bash runs under the name of one step.
#[derive(Debug)]
struct Step {
    script: String,
    env: BTreeMap<String, String>,
}

/// The steps of one host's pipeline.
struct Pipeline {
    validate: Option<Step>,
    plan: Step,
    apply: Step,
    /// What a job with credentials and a fork's without them do.
    fork: Option<(Step, Step)>,
}

fn yaml(path: &str) -> Value {
    serde_yaml::from_str(&read(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn github() -> Pipeline {
    let file = yaml("deploy/ci/github.yml");
    let known = BTreeMap::from([
        ("vars.AWS_REGION", REGION),
        ("vars.CATALOGD_INSTALLATION", "platform"),
        ("github.token", "a-token"),
        ("github.event.pull_request.number", "7"),
    ]);
    let expression = Regex::new(r"\$\{\{ *([^} ]+) *\}\}").unwrap();
    let env = |of: &Value| {
        let pairs = of["env"].as_object().into_iter().flatten();
        let pairs = pairs.map(|(name, value)| {
            let value =
                expression.replace_all(value.as_str().unwrap(), |found: &regex::Captures<'_>| {
                    *known
                        .get(&found[1])
                        .unwrap_or_else(|| panic!("say here what {} is", &found[0]))
                });
            (name.clone(), value.into_owned())
        });
        pairs.collect::<BTreeMap<_, _>>()
    };
    let step = |job: &str, name: &str| {
        let job = &file["jobs"][job];
        let mut steps = job["steps"].as_array().unwrap().iter();
        let step = steps.find(|step| step["name"] == name).unwrap();
        let script = step["run"].as_str().unwrap();
        // Nobody's text gets into a script: what is not fixed comes by the environment.
        assert!(!script.contains("${{"), "{script}");
        let mut all = env(&file);
        all.extend(env(step));
        all.insert("GITHUB_REPOSITORY".to_owned(), "team/catalog".to_owned());
        Step {
            script: script.to_owned(),
            env: all,
        }
    };
    Pipeline {
        validate: Some(step("validate", "Validate")),
        plan: step("plan", "Plan"),
        apply: step("apply", "Apply"),
        fork: Some((
            step("observe", "Observe"),
            step("validate", "Plan without credentials"),
        )),
    }
}

fn gitlab() -> Pipeline {
    let file = yaml("deploy/ci/gitlab.yml");
    let step = |job: &str| {
        let lines = file[job]["script"].as_array().unwrap().iter();
        let lines: Vec<&str> = lines.map(|line| line.as_str().unwrap()).collect();
        let env = [
            ("CI_PROJECT_ID", "3"),
            ("CI_MERGE_REQUEST_IID", "7"),
            ("GITLAB_TOKEN", "a-token"),
            ("AWS_ID_TOKEN", "a-token"),
        ];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Step {
            script: lines.join("\n"),
            env: env.into(),
        }
    };
    Pipeline {
        validate: Some(step("validate")),
        plan: step("plan"),
        apply: step("apply"),
        fork: None,
    }
}

fn codebuild() -> Pipeline {
    let step = |path: &str| {
        let file = yaml(path);
        assert_eq!(file["env"]["shell"], "bash", "{path}");
        let lines = file["phases"]["build"]["commands"]
            .as_array()
            .unwrap()
            .iter();
        let lines: Vec<&str> = lines.map(|line| line.as_str().unwrap()).collect();
        let env = [
            ("CODEBUILD_WEBHOOK_TRIGGER", "pr/7"),
            (
                "CODEBUILD_SOURCE_REPO_URL",
                "https://git.example.com/team/catalog.git",
            ),
            ("GITHUB_TOKEN", "a-token"),
        ];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Step {
            script: lines.join("\n"),
            env: env.into(),
        }
    };
    Pipeline {
        validate: None,
        plan: step("deploy/ci/buildspec-plan.yml"),
        apply: step("deploy/ci/buildspec-apply.yml"),
        fork: None,
    }
}

fn jenkins() -> Pipeline {
    let text = read("deploy/ci/Jenkinsfile");
    assert_eq!(text.matches('{').count(), text.matches('}').count());
    let shell = Regex::new(r"(?s)\bsh (?:'''(.*?)'''|'([^']*)')").unwrap();
    let step = |stage: &str| {
        let (_, rest) = text.split_once(&format!("stage('{stage}')")).unwrap();
        let rest = rest.split("stage('").next().unwrap();
        let scripts: Vec<_> = shell.captures_iter(rest).collect();
        let [script] = scripts.as_slice() else {
            panic!("{stage} has {} scripts", scripts.len());
        };
        let script = script.get(1).or(script.get(2)).unwrap();
        let env = [
            ("GITHUB_REPOSITORY", "team/catalog"),
            ("PULL_REQUEST", "7"),
            ("GITHUB_TOKEN", "a-token"),
        ];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Step {
            script: script.as_str().to_owned(),
            env: env.into(),
        }
    };
    Pipeline {
        validate: Some(step("Validate")),
        plan: step("Plan"),
        apply: step("Apply"),
        fork: None,
    }
}

/// The id of a comment that somebody else has written.
const STRANGERS: u64 = 400;

/// A host of repositories, as far as comments go: `(id, body)`, and the requests that changed something.
#[derive(Debug, Clone, Default)]
struct Host {
    comments: Arc<Mutex<Vec<(u64, String)>>>,
    changes: Arc<Mutex<Vec<String>>>,
    tokens: Arc<Mutex<Vec<String>>>,
}

impl Host {
    async fn serve(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let host = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let host = host.clone();
                let serve = service_fn(move |request| {
                    let host = host.clone();
                    async move { Ok::<_, std::convert::Infallible>(host.answer(request).await) }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), serve),
                );
            }
        });
        url
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let path = parts.uri.path().to_owned();
        let tokens = ["authorization", "private-token"];
        let tokens = tokens.iter().filter_map(|name| parts.headers.get(*name));
        let tokens = tokens.map(|token| token.to_str().unwrap().to_owned());
        self.tokens.lock().unwrap().extend(tokens);
        let list = [
            "/repos/team/catalog/issues/7/comments",
            "/projects/3/merge_requests/7/notes",
        ];
        let one = |prefix: &str| {
            path.strip_prefix(prefix)
                .and_then(|id| id.parse::<u64>().ok())
        };
        let id = one("/repos/team/catalog/issues/comments/")
            .or_else(|| one("/projects/3/merge_requests/7/notes/"));
        let is_gitlab = parts.headers.contains_key("private-token");
        let mut comments = self.comments.lock().unwrap();
        if parts.method != Method::GET {
            let change = format!("{} {path}", parts.method);
            self.changes.lock().unwrap().push(change);
        }
        let said = || {
            let body: Value = serde_json::from_slice(&body).unwrap();
            body["body"].as_str().unwrap().to_owned()
        };
        let answer = match (&parts.method, id) {
            (&Method::GET, None) if list.contains(&path.as_str()) => {
                let page: usize = parts
                    .uri
                    .query()
                    .unwrap()
                    .rsplit('=')
                    .next()
                    .unwrap()
                    .parse()
                    .unwrap();
                let some = comments.iter().skip((page - 1) * 100).take(100);
                let by = |id: u64, me: &'static str| if id == STRANGERS { "mallory" } else { me };
                some.map(|(id, body)| match is_gitlab {
                    true => json!({"id": id, "body": body, "author": {"username": by(*id, "project_bot")}}),
                    false => json!({"id": id, "body": body, "user": {"login": by(*id, "github-actions[bot]")}}),
                })
                .collect()
            }
            // The token of a workflow may not ask.
            (&Method::GET, None) if path == "/user" && is_gitlab => {
                json!({"username": "project_bot"})
            }
            (&Method::POST, None) if list.contains(&path.as_str()) => {
                let id = comments.iter().map(|(id, _)| id + 1).max().unwrap_or(1);
                comments.push((id, said()));
                json!({"id": id})
            }
            (&Method::PATCH | &Method::PUT, Some(id)) => {
                let found = comments.iter_mut().find(|(one, _)| *one == id).unwrap();
                found.1 = said();
                json!({"id": id})
            }
            (&Method::DELETE, Some(id)) => {
                comments.retain(|(one, _)| *one != id);
                json!({})
            }
            other => {
                let text = format!("{other:?} {path}");
                return Response::builder()
                    .status(StatusCode::NOT_FOUND)
                    .body(Full::from(text))
                    .unwrap();
            }
        };
        Response::new(Full::from(answer.to_string()))
    }

    fn bodies(&self) -> Vec<String> {
        let comments = self.comments.lock().unwrap();
        comments.iter().map(|(_, body)| body.clone()).collect()
    }

    fn take_changes(&self) -> Vec<String> {
        std::mem::take(&mut *self.changes.lock().unwrap())
    }
}

/// Runs a step as the host's runner does: bash, and the first failure ends it.
async fn run(bench: &Bench, host: &str, step: &Step) -> Ended {
    let bin = bench.home().join("bin");
    if !bin.exists() {
        std::fs::create_dir(&bin).unwrap();
        symlink(env!("CARGO_BIN_EXE_catalogd"), bin.join("catalogd")).unwrap();
        symlink(
            root().join("deploy/ci/comment.sh"),
            bin.join("catalogd-comment"),
        )
        .unwrap();
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "bash, curl and jq are found by it"
    )]
    let path = std::env::var("PATH").unwrap();
    let mut command = Command::new("bash");
    command
        .args([
            "--noprofile",
            "--norc",
            "-eo",
            "pipefail",
            "-c",
            &step.script,
        ])
        .current_dir(bench.home())
        .env_clear()
        .env("PATH", format!("{}:{path}", bin.display()))
        .env("HOME", bench.home())
        .env("AWS_ENDPOINT_URL", &bench.url)
        .env("AWS_REGION", REGION)
        .env("AWS_ACCESS_KEY_ID", ACCOUNT)
        .env("AWS_SECRET_ACCESS_KEY", "any")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("CATALOGD_INSTALLATION", "platform")
        .env("GITHUB_API_URL", host)
        .env("CI_API_V4_URL", host)
        .env("CI_PROJECT_DIR", bench.home())
        .envs(&step.env);
    Running::start(command).end().await
}

/// A pull request's life: planned twice, broken, mended, merged, and planned again.
async fn life(pipeline: Pipeline) {
    let bench = Bench::small(Profile::Instant).await;
    let host = Host::default();
    let url = host.serve().await;
    let marked = |part: usize| {
        format!(
            "<!-- catalogd:plan installation=platform target={ACCOUNT}/{REGION} part={part} -->"
        )
    };
    {
        let mut comments = host.comments.lock().unwrap();
        // Somebody's, one of another catalog, and a part that the plan no longer has; all beyond the first page.
        comments.extend((1..=120).map(|id| (id, format!("comment {id}"))));
        comments.push((500, marked(1).replace("platform", "network")));
        comments.push((501, format!("{}\nold", marked(9))));
        // Somebody who would like to say what the plan says.
        comments.push((STRANGERS, format!("{}\na lie", marked(1))));
    }
    if let Some(step) = &pipeline.validate {
        run(&bench, &url, step).await.expect(0).says("Valid");
    }
    run(&bench, &url, &pipeline.plan).await.expect(0);
    let bodies = host.bodies();
    assert_eq!(
        bodies.len(),
        123,
        "one more, one less: {:?}",
        &bodies[119..]
    );
    let ours = bodies.last().unwrap();
    assert!(ours.starts_with(&marked(1)), "{ours}");
    assert!(ours.contains("portfolio/"), "{ours}");
    assert!(!bodies.iter().any(|body| body.ends_with("old")));
    let changes = host.take_changes();
    assert!(
        changes.len() == 2 && changes[0].starts_with("POST"),
        "{changes:?}"
    );

    // The next push changes the comment that is there.
    run(&bench, &url, &pipeline.plan).await.expect(0);
    let changes = host.take_changes();
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert!(
        changes[0].starts_with('P') && changes[0].ends_with("/502"),
        "{changes:?}"
    );
    assert_eq!(host.bodies().len(), 123);
    assert!(host.bodies().iter().any(|body| body.ends_with("a lie")));

    // What is wrong with the manifests stands in the comment too, and the check fails.
    let whole = std::fs::read_to_string(bench.catalog().join("catalog.yaml")).unwrap();
    bench.write(
        "catalog.yaml",
        &whole.replacen("spec:", "spec:\n  nonsense: 1", 1),
    );
    run(&bench, &url, &pipeline.plan).await.expect(3);
    let ours = host.bodies().pop().unwrap();
    assert!(ours.contains("nonsense"), "{ours}");
    if let Some(step) = &pipeline.validate {
        run(&bench, &url, step).await.expect(3);
    }
    bench.write("catalog.yaml", &whole);
    assert_eq!(bench.writes(), 0, "plans write nothing");

    run(&bench, &url, &pipeline.apply).await.expect(0);
    run(&bench, &url, &pipeline.plan).await.expect(0);
    let ours = host.bodies().pop().unwrap();
    assert!(ours.contains("No changes"), "{ours}");
    if let Some((observe, plan)) = pipeline.fork {
        run(&bench, &url, &observe).await.expect(0);
        bench.edit("catalog.yaml", "displayName: Team", "displayName: Fork");
        bench.emulator.reset_calls();
        let summary = bench.home().join("summary.md");
        let mut env = plan.env;
        for (name, value) in [
            ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()),
            ("AWS_ACCESS_KEY_ID", ""),
            ("AWS_SECRET_ACCESS_KEY", ""),
            // As an unset variable of the repository comes.
            ("CATALOGD_INSTALLATION", ""),
        ] {
            env.insert(name.to_owned(), value.to_owned());
        }
        let script = plan.script;
        run(&bench, &url, &Step { script, env }).await.expect(0);
        let said = std::fs::read_to_string(&summary).unwrap();
        assert!(said.contains("compared with live.json"), "{said}");
        assert!(said.contains("displayName: Fork"), "{said}");
        assert_eq!(bench.emulator.counts().values().sum::<u64>(), 0);
    }
    let tokens = host.tokens.lock().unwrap();
    assert!(tokens.iter().all(|token| token.ends_with("a-token")));
}

#[tokio::test]
async fn the_workflow_of_github_actions_runs() {
    life(github()).await;
}

#[tokio::test]
async fn the_pipeline_of_gitlab_runs() {
    life(gitlab()).await;
}

#[tokio::test]
async fn the_projects_of_codebuild_run() {
    life(codebuild()).await;
}

#[tokio::test]
async fn the_pipeline_of_jenkins_runs() {
    life(jenkins()).await;
}

#[test]
fn workflows_have_no_more_rights_than_they_need() {
    let file = yaml("deploy/ci/github.yml");
    assert_eq!(file["permissions"], json!({}));
    let jobs = file["jobs"].as_object().unwrap();
    for (name, job) in jobs {
        let rights = job["permissions"].as_object().unwrap();
        assert_eq!(rights["contents"], "read", "{name}");
        let federated = rights.get("id-token").is_some();
        assert_eq!(federated, name != "validate", "{name}");
        for step in job["steps"].as_array().unwrap() {
            if let Some(action) = step["uses"].as_str() {
                assert!(action.contains("@v"), "{action} is pinned to nothing");
                if action.starts_with("actions/checkout") {
                    assert_eq!(step["with"]["persist-credentials"], false);
                    assert_eq!(step["with"]["fetch-depth"], 0);
                }
            }
        }
    }
    let plan = &jobs["plan"];
    let own = "github.event.pull_request.head.repo.full_name == github.repository";
    assert!(
        plan["if"].as_str().unwrap().contains(own),
        "forks get no credentials"
    );
    assert_eq!(plan["concurrency"]["cancel-in-progress"], true);
    assert_eq!(jobs["apply"]["concurrency"]["cancel-in-progress"], false);
    assert_eq!(jobs["apply"]["environment"], "catalog");
    let gitlab = yaml("deploy/ci/gitlab.yml");
    let own = "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID";
    let rule = gitlab["plan"]["rules"][0]["if"].as_str().unwrap();
    assert!(rule.contains(own), "forks get no credentials");
    assert_eq!(gitlab["apply"]["resource_group"], "catalog-apply");
}

/// The page shows the files as they are.
#[test]
fn the_page_of_pipelines_shows_the_files() {
    let page = read("docs/ci.md");
    let block = Regex::new(r"(?s)<!-- file: (\S+) -->\n```(\w*)\n(.*?)```\n").unwrap();
    let mut shown = Vec::new();
    let wanted = block.replace_all(&page, |found: &regex::Captures<'_>| {
        shown.push(found[1].to_owned());
        let text = read(&found[1]);
        format!(
            "<!-- file: {} -->\n```{}\n{text}```\n",
            &found[1], &found[2]
        )
    });
    let files = std::fs::read_dir(root().join("deploy/ci")).unwrap();
    for file in files {
        let name = file.unwrap().file_name().into_string().unwrap();
        let path = format!("deploy/ci/{name}");
        assert!(shown.contains(&path), "docs/ci.md does not show {path}");
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "asks whether the page shall be written anew"
    )]
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    if update && wanted != page {
        std::fs::write(root().join("docs/ci.md"), &*wanted).unwrap();
        return;
    }
    assert!(
        wanted == page,
        "docs/ci.md lags behind: UPDATE_DOCS=1 cargo test --test it deploy::ci"
    );
}
