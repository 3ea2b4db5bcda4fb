//! The unit and the container start the program as its command line is.

use std::collections::BTreeMap;
use std::process::Command;

use regex::Regex;

use super::read;

/// Where both install the program.
const BINARY: &str = "/usr/local/bin/catalogd";

#[test]
fn unit_starts_the_program_as_its_command_line_is() {
    let unit = Unit::parse(&read("deploy/catalogd.service"));
    let line = unit.only("Service", "ExecStart");
    let environment = unit_environment(&unit);
    let words: Vec<String> = line
        .split_whitespace()
        .map(|w| expand(w, &environment))
        .collect();
    assert_eq!(words[0], BINARY);
    assert_command_line_exists(&words[1..]);
}

#[test]
fn unit_is_hardened_and_stops_gently() {
    let unit = Unit::parse(&read("deploy/catalogd.service"));
    let hardening = [
        ("DynamicUser", "yes"),
        ("StateDirectory", "catalogd"),
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("PrivateTmp", "yes"),
        ("CapabilityBoundingSet", ""),
        ("KillSignal", "SIGTERM"),
    ];
    for (key, value) in hardening {
        assert_eq!(unit.only("Service", key), value, "{key}");
    }
    // Under ProtectSystem=strict the state folder is the only place that can be written.
    let line = unit.only("Service", "ExecStart");
    let words: Vec<&str> = line.split_whitespace().collect();
    let state = words
        .iter()
        .position(|w| *w == "--state")
        .expect("--state is given");
    assert_eq!(
        words[state + 1],
        format!("%S/{}", unit.only("Service", "StateDirectory"))
    );
    // What starts it at boot.
    assert_eq!(unit.only("Install", "WantedBy"), "multi-user.target");
}

#[test]
fn container_runs_the_program_as_its_command_line_is() {
    let stages = stages(&read("deploy/Containerfile"));
    let last = stages.last().expect("a stage");
    let entrypoint = exec_form(last.only("ENTRYPOINT"));
    let command = exec_form(last.only("CMD"));
    assert_eq!(entrypoint, [BINARY]);
    assert_command_line_exists(&command);
    assert!(
        last.all("COPY")
            .iter()
            .any(|c| c.split_whitespace().last() == Some(BINARY)),
        "nothing puts the program at {BINARY}"
    );
}

#[test]
fn container_is_built_locked_and_runs_without_rights() {
    let text = read("deploy/Containerfile");
    let stages = stages(&text);
    assert!(
        stages.len() >= 2,
        "the compiler must not be in the image that runs"
    );
    let names: Vec<&str> = stages.iter().filter_map(|s| s.name.as_deref()).collect();
    for stage in &stages {
        let tag = stage
            .image
            .rsplit('/')
            .next()
            .and_then(|i| i.split_once(':'))
            .map(|(_, tag)| tag);
        assert!(
            tag.is_some_and(|t| t != "latest"),
            "{} is pinned to nothing",
            stage.image
        );
        for copy in stage.all("COPY") {
            let from = copy
                .split_whitespace()
                .find_map(|w| w.strip_prefix("--from="));
            let from =
                from.unwrap_or_else(|| panic!("COPY {copy}: sources are mounted, not copied"));
            assert!(names.contains(&from), "COPY --from={from}: no such stage");
        }
    }
    let build = stages[0].all("RUN").join("\n");
    for flag in ["cargo build", "--release", "--locked"] {
        assert!(build.contains(flag), "the build lacks {flag}: {build}");
    }
    let user = stages.last().expect("a stage").only("USER");
    assert!(
        !user.starts_with("root") && !user.starts_with('0'),
        "runs as {user}"
    );

    // The image's compiler is not older than the oldest that the package allows.
    let default = Regex::new(r"(?m)^ARG RUST_VERSION=(\d+)\.(\d+)").expect("a pattern");
    let allowed = Regex::new(r#"(?m)^rust-version = "(\d+)\.(\d+)"#).expect("a pattern");
    let (image, oldest) = (
        version(&default, &text),
        version(&allowed, &read("Cargo.toml")),
    );
    assert!(
        image >= oldest,
        "the image has Rust {image:?}, Cargo.toml asks for {oldest:?}"
    );
}

fn version(pattern: &Regex, text: &str) -> (u32, u32) {
    let found = pattern
        .captures(text)
        .unwrap_or_else(|| panic!("no match of {pattern}"));
    let number = |i: usize| found[i].parse().expect("a number");
    (number(1), number(2))
}

/// Asks the program itself: `--help` of the subcommand lists every flag, and the same words with `--help` behind them
/// parse (so that values have the right form too).
fn assert_command_line_exists(words: &[String]) {
    let (subcommand, rest) = words.split_first().expect("a subcommand");
    let help = program(&[subcommand.clone(), "--help".to_owned()]);
    let flags: Vec<&String> = rest.iter().filter(|w| w.starts_with("--")).collect();
    assert!(!flags.is_empty(), "no flags in {words:?}");
    for flag in flags {
        let flag = flag.split('=').next().unwrap_or(flag);
        let listed = Regex::new(&format!(
            r"(?m)(^|[\s,]){}([\s=,\[<]|$)",
            regex::escape(flag)
        ))
        .expect("a pattern");
        assert!(
            listed.is_match(&help),
            "`catalogd {subcommand}` has no {flag}:\n{help}"
        );
    }
    let with_help: Vec<String> = words.iter().cloned().chain(["--help".to_owned()]).collect();
    program(&with_help);
}

fn program(args: &[String]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_catalogd"))
        .args(args)
        .output()
        .expect("the program starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && text.contains("Usage"),
        "catalogd {args:?}: {}\n{text}{errors}",
        output.status
    );
    text
}

/// A unit file: sections of `Key=value` lines, a backslash at the end joining the next line.
struct Unit(Vec<(String, String, String)>);

impl Unit {
    fn parse(text: &str) -> Unit {
        let mut entries = Vec::new();
        let mut section = String::new();
        for line in joined_lines(text, &['#', ';']) {
            if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
                section = name.to_owned();
            } else {
                let (key, value) = line
                    .split_once('=')
                    .unwrap_or_else(|| panic!("not Key=value: {line}"));
                assert!(!section.is_empty(), "{line} stands before any section");
                entries.push((
                    section.clone(),
                    key.trim().to_owned(),
                    value.trim().to_owned(),
                ));
            }
        }
        Unit(entries)
    }

    fn all(&self, section: &str, key: &str) -> Vec<&str> {
        self.0
            .iter()
            .filter(|(s, k, _)| s == section && k == key)
            .map(|(_, _, v)| v.as_str())
            .collect()
    }

    fn only(&self, section: &str, key: &str) -> &str {
        match self.all(section, key).as_slice() {
            [one] => one,
            other => panic!("[{section}] {key} stands {} times", other.len()),
        }
    }
}

/// What the unit's variables are for someone who installs `deploy/catalogd.env` as it is.
fn unit_environment(unit: &Unit) -> BTreeMap<String, String> {
    let file = unit.only("Service", "EnvironmentFile");
    assert_eq!(
        file, "/etc/catalogd/catalogd.env",
        "deploy/catalogd.env says where it belongs"
    );
    let env_file = read("deploy/catalogd.env");
    assert!(
        env_file.contains(file),
        "deploy/catalogd.env names another path than the unit"
    );
    let defaults = unit.all("Service", "Environment").join(" ");
    let lines = joined_lines(&env_file, &['#', ';']);
    defaults
        .split_whitespace()
        .map(str::to_owned)
        .chain(lines)
        .map(|pair| {
            let (key, value) = pair
                .split_once('=')
                .unwrap_or_else(|| panic!("not KEY=value: {pair}"));
            (key.to_owned(), value.to_owned())
        })
        .collect()
}

/// `${NAME}` as systemd expands it, and the one specifier in use; a variable that nobody sets would be an empty word.
fn expand(word: &str, environment: &BTreeMap<String, String>) -> String {
    let variable = Regex::new(r"\$\{([A-Z_]+)\}").expect("a pattern");
    let replaced = variable.replace_all(word, |found: &regex::Captures<'_>| {
        environment
            .get(&found[1])
            .unwrap_or_else(|| panic!("${{{}}} is set nowhere", &found[1]))
            .clone()
    });
    replaced.replace("%S", "/var/lib")
}

/// Lines without comments and blanks; a trailing backslash joins, and comments inside a joined line are dropped.
fn joined_lines(text: &str, comment: &[char]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut open: Option<String> = None;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.starts_with(comment) || (trimmed.is_empty() && open.is_none()) {
            continue;
        }
        let mut whole = open.take().map_or(String::new(), |start| start + " ");
        match trimmed.strip_suffix('\\') {
            Some(start) => {
                whole.push_str(start.trim_end());
                open = Some(whole);
            }
            None => {
                whole.push_str(trimmed);
                lines.push(whole);
            }
        }
    }
    assert!(open.is_none(), "the text ends in a backslash");
    lines
}

/// One `FROM` and what follows it.
struct Stage {
    image: String,
    name: Option<String>,
    instructions: Vec<(String, String)>,
}

impl Stage {
    fn all(&self, keyword: &str) -> Vec<&str> {
        self.instructions
            .iter()
            .filter(|(k, _)| k == keyword)
            .map(|(_, v)| v.as_str())
            .collect()
    }

    fn only(&self, keyword: &str) -> &str {
        match self.all(keyword).as_slice() {
            [one] => one,
            other => panic!("{keyword} stands {} times in {}", other.len(), self.image),
        }
    }
}

fn stages(text: &str) -> Vec<Stage> {
    const KNOWN: [&str; 11] = [
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "FROM",
        "LABEL",
        "RUN",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
    ];
    let mut stages: Vec<Stage> = Vec::new();
    for line in joined_lines(text, &['#']) {
        let (keyword, rest) = line
            .split_once(' ')
            .unwrap_or_else(|| panic!("an instruction without words: {line}"));
        assert!(KNOWN.contains(&keyword), "no such instruction: {line}");
        if keyword == "FROM" {
            let words: Vec<&str> = rest.split_whitespace().collect();
            let name = words
                .iter()
                .position(|w| w.eq_ignore_ascii_case("as"))
                .map(|i| words[i + 1].to_owned());
            stages.push(Stage {
                image: words[0].to_owned(),
                name,
                instructions: Vec::new(),
            });
        } else if let Some(stage) = stages.last_mut() {
            stage
                .instructions
                .push((keyword.to_owned(), rest.trim().to_owned()));
        } else {
            assert_eq!(keyword, "ARG", "before the first FROM only ARG may stand");
        }
    }
    stages
}

/// `["a", "b"]`: the form that starts no shell, so that signals reach the program.
fn exec_form(value: &str) -> Vec<String> {
    serde_json::from_str(value).unwrap_or_else(|e| panic!("{value} is not a list of strings: {e}"))
}
