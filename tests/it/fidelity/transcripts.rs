//! The commands that the AWS CLI's manual prints, given to the AWS CLI again: the shape of each answer beside the
//! printed one.
//!
//! A transcript is played on objects like those in it, its ids and addresses exchanged for ours. Members, nesting, types
//! and formats of ids must be the same; what may differ is listed with its reason. (Ids are masked there and values
//! edited: those are not compared.)

mod scenes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use catalogd::emulator::Profile;
use regex::{Captures, Regex};
use serde_json::{Value, json};

use super::foreign::{Cli, clients};
use crate::emulator::client::{ACCOUNT, Bench, served, text, with};
use crate::shared::shared_data;

/// Transcripts are from 2019 on, and this came later: the recordings or the later transcripts have it (facts §9.1,
/// §9.3, §8).
const LATER: &str = "younger than the transcript";

/// The transcript leaves out what the operation is for (facts §9.4).
const UNSHOWN: &str = "modelled, and left out of the transcript";

/// Where an answer may differ from a transcript's, at a path and within: its name, the path, the reason.
const DIFFERENT: &[(&str, &str, &str)] = &[
    (
        "create-product",
        "/ProvisioningArtifactDetail/Guidance",
        LATER,
    ),
    (
        "create-provisioning-artifact",
        "/ProvisioningArtifactDetail/Guidance",
        LATER,
    ),
    (
        "list-provisioning-artifacts",
        "/ProvisioningArtifactDetails/*/Guidance",
        LATER,
    ),
    (
        "describe-provisioning-artifact",
        "/ProvisioningArtifactDetail/Guidance",
        LATER,
    ),
    (
        "update-provisioning-artifact",
        "/ProvisioningArtifactDetail/Guidance",
        LATER,
    ),
    ("describe-portfolio", "/Budgets", LATER),
    ("describe-product-as-admin", "/Budgets", LATER),
    (
        "create-product",
        "/ProductViewDetail/ProductARN",
        "the printed account has thirteen digits",
    ),
    (
        "describe-provisioned-product",
        "/ProvisionedProductDetail/LastProvisioningRecordId",
        LATER,
    ),
    (
        "scan-provisioned-products",
        "/ProvisionedProducts/*/LastProvisioningRecordId",
        LATER,
    ),
    (
        "describe-provisioned-product",
        "/ProvisionedProductDetail/ProductId",
        LATER,
    ),
    (
        "scan-provisioned-products",
        "/ProvisionedProducts/*/ProductId",
        LATER,
    ),
    (
        "describe-provisioned-product",
        "/ProvisionedProductDetail/ProvisioningArtifactId",
        LATER,
    ),
    (
        "scan-provisioned-products",
        "/ProvisionedProducts/*/ProvisioningArtifactId",
        LATER,
    ),
    (
        "search-provisioned-products",
        "/ProvisionedProducts/*/LastProvisioningRecordId",
        LATER,
    ),
    (
        "search-provisioned-products",
        "/ProvisionedProducts/*/ProductName",
        LATER,
    ),
    (
        "search-provisioned-products",
        "/ProvisionedProducts/*/ProvisioningArtifactName",
        LATER,
    ),
    ("create-tag-option", "/TagOptionDetail/Owner", LATER),
    ("describe-tag-option", "/TagOptionDetail/Owner", LATER),
    ("update-tag-option", "/TagOptionDetail/Owner", LATER),
    ("list-tag-options", "/TagOptionDetails/*/Owner", LATER),
    (
        "describe-provisioned-product-plan",
        "/ResourceChanges",
        UNSHOWN,
    ),
];

/// The kinds of values that an answer has at each of its paths.
type Looks = BTreeMap<String, BTreeSet<String>>;

/// A transcript.
struct Transcript {
    command: String,
    /// The file that the command reads.
    request: Value,
    response: Value,
}

/// The transcripts by name; `None` where the data is not at hand.
fn transcripts() -> Option<BTreeMap<String, Transcript>> {
    let folder = shared_data()?.join("recordings/cli");
    let mut found = BTreeMap::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let transcript = Transcript {
            command: text(&file, "/command"),
            request: file["request_json"].clone(),
            response: file["response"].clone(),
        };
        found.insert(name, transcript);
    }
    Some(found)
}

/// Where transcripts are played.
struct Stage {
    bench: Bench,
    cli: Cli,
    unplayed: BTreeMap<String, Transcript>,
    /// Our objects by the prefix of their ids.
    objects: BTreeMap<String, String>,
    /// The address of a template.
    template: String,
    differences: Vec<String>,
    excused: BTreeSet<(&'static str, &'static str)>,
}

impl Stage {
    /// From here on an id of this kind in a command means this object of ours.
    fn cast(&mut self, id: impl AsRef<str>) {
        let id = id.as_ref();
        let kind = id.split('-').next().unwrap();
        // Launch paths are lp-, lpv2- and lpv3- (facts §3).
        let kind = if kind.starts_with("lp") { "lp" } else { kind };
        self.objects.insert(kind.to_owned(), id.to_owned());
    }

    fn id(&self, kind: &str) -> &str {
        &self.objects[kind]
    }

    /// A text of a transcript with our ids and addresses in place of the printed ones.
    fn ours(&self, printed: &str) -> String {
        static IDS: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(
                r"\b(act|cons|copyproduct|lp|pa|plan|port|pp|prod|share|tag)(v\d)?-[a-z0-9]{12,}\b",
            )
            .unwrap()
        });
        static ADDRESSES: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"https://[^\x22 ]+\.template\b").unwrap());
        let exchanged = IDS.replace_all(printed, |found: &Captures<'_>| {
            let kind = &found[1];
            let own = self.objects.get(kind).map(String::as_str);
            own.unwrap_or_else(|| panic!("no {kind} for {printed}"))
                .to_owned()
        });
        ADDRESSES
            .replace_all(&exchanged, &self.template)
            .into_owned()
    }

    /// Gives the CLI the printed command.
    async fn command(&mut self, transcript: &Transcript) -> Result<Value, String> {
        static FILE: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"file://([a-z-]+\.json)").unwrap());
        if let Some(file) = FILE.captures(&transcript.command) {
            let request = self.ours(&transcript.request.to_string());
            self.cli.file(&file[1], &request);
        }
        // A line that ends in a backslash goes on.
        let command = self.ours(&transcript.command.replace("\\\n", " "));
        self.cli.run(&command).await
    }

    /// Plays one transcript and compares.
    async fn play(&mut self, name: &str) -> Value {
        let transcript = self.unplayed.remove(name);
        let transcript = transcript.unwrap_or_else(|| panic!("{name} is not there to be played"));
        let answer = self.command(&transcript).await;
        let answer = answer.unwrap_or_else(|error| panic!("{name}: {error}"));
        let (mut printed, mut ours) = (Looks::new(), Looks::new());
        looks(&transcript.response, "", &mut printed);
        looks(&answer, "", &mut ours);
        let paths: BTreeSet<&String> = printed.keys().chain(ours.keys()).collect();
        for path in paths {
            let difference = match (printed.get(path), ours.get(path)) {
                (Some(_), None) => "only in the transcript".to_owned(),
                (None, Some(_)) => "only ours".to_owned(),
                (printed, ours) if printed == ours => continue,
                (printed, ours) => format!("{ours:?}, in the transcript {printed:?}"),
            };
            let within = |at: &str| {
                path.strip_prefix(at)
                    .is_some_and(|it| it.is_empty() || it.starts_with('/'))
            };
            match DIFFERENT
                .iter()
                .find(|(of, at, _)| *of == name && within(at))
            {
                Some((of, at, _)) => {
                    self.excused.insert((*of, *at));
                }
                None => self
                    .differences
                    .push(format!("{name}: {path} is {difference}")),
            }
        }
        answer
    }

    /// A product with one version.
    async fn product(&mut self, members: Value) -> (String, String) {
        let input = json!({
            "Owner": "owner", "ProductType": "CLOUD_FORMATION_TEMPLATE",
            "IdempotencyToken": members["Name"],
            "ProvisioningArtifactParameters":
                {"Name": "v1", "Description": "d", "Info": {"LoadTemplateFromURL": self.template}},
        });
        let input = with(input, members);
        let made = self.bench.ok("CreateProduct", input).await;
        (
            text(&made, "/ProductViewDetail/ProductViewSummary/ProductId"),
            text(&made, "/ProvisioningArtifactDetail/Id"),
        )
    }

    /// A launch constraint of our product in our portfolio.
    async fn launch_constraint(&mut self, token: &str, description: Option<&str>) -> String {
        let made = self
            .bench
            .ok(
                "CreateConstraint",
                json!({"ProductId": self.id("prod"), "PortfolioId": self.id("port"),
                       "Type": "LAUNCH", "Description": description, "IdempotencyToken": token,
                       "Parameters": "{\"RoleArn\":\"arn:aws:iam::123456789012:role/launch\"}"}),
            )
            .await;
        text(&made, "/ConstraintDetail/ConstraintId")
    }
}

/// What every member of an answer looks like; items of a list share a path.
fn looks(value: &Value, at: &str, found: &mut Looks) {
    let mut is = |kind: &str| {
        found
            .entry(at.to_owned())
            .or_default()
            .insert(kind.to_owned());
    };
    match value {
        // Times are printed as numbers by one version of the CLI and as text by the other.
        Value::Number(_) | Value::String(_) if at.ends_with("Time") => is("time"),
        Value::Null => is("nothing"),
        Value::Bool(_) => is("bool"),
        Value::Number(_) => is("number"),
        Value::String(text) => is(&format_of(text)),
        Value::Object(members) => {
            is("object");
            for (name, member) in members {
                looks(member, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            is("list");
            for item in items {
                looks(item, &format!("{at}/*"), found);
            }
        }
    }
}

/// The prefix of an id, the beginning of a catalog's ARN, or simply text.
fn format_of(text: &str) -> String {
    static FORMATS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"^(?:(?<id>act|cons|copyproduct|lp|pa|plan|port|pp|prod|prodview|rec|share|tag)(?:v\d)?-[a-z0-9]{12,}|(?<arn>arn:aws:(?:servicecatalog|catalog):)[a-z0-9-]+:\d{12}(?<kind>:[a-z]+/).*)$",
        )
        .unwrap()
    });
    match FORMATS.captures(text) {
        Some(found) if found.name("id").is_some() => format!("{}-", &found["id"]),
        Some(found) => format!("{}{}", &found["arn"], &found["kind"]),
        None if serde_json::from_str::<Value>(text).is_ok_and(|it| it.is_object()) => {
            "JSON".to_owned()
        }
        None => "text".to_owned(),
    }
}

#[tokio::test]
async fn the_cli_prints_what_its_manual_prints() {
    let (Some(transcripts), Some(home)) = (transcripts(), clients()) else {
        return;
    };
    assert_eq!(transcripts.len(), 57, "transcripts came or went");
    let bench = Bench::new(Profile::Instant).in_region("us-west-2");
    served(bench.emulator.clone(), async |endpoint: String| {
        let needy =
            "Resources: {T: {Type: \"AWS::SNS::Topic\"}}\nParameters: {KeyName: {Type: String}}";
        let template = bench.template("needy.template", needy).await;
        let mut stage = Stage {
            bench,
            cli: Cli::start(&home, &endpoint, ACCOUNT, "us-west-2"),
            unplayed: transcripts,
            objects: BTreeMap::new(),
            template,
            differences: Vec::new(),
            excused: BTreeSet::new(),
        };
        scenes::play(&mut stage).await;
        let unplayed: Vec<&String> = stage.unplayed.keys().collect();
        assert!(unplayed.is_empty(), "{unplayed:?} are not played");
        assert!(stage.differences.is_empty(), "{:#?}", stage.differences);
        for (name, path, _) in DIFFERENT {
            assert!(
                stage.excused.contains(&(*name, *path)),
                "{name} {path} needs no excuse"
            );
        }
    })
    .await;
}
