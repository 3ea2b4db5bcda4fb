//! Templates as they are read and compared, held to others' readers of them; and limits, held to the published model.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use catalogd::emulator::cfn::Template as Other;
use catalogd::manifest::{Code, Context, load};
use catalogd::model::limits;
use catalogd::model::template::change::{DefaultValue, ParameterChange, ParameterPart};
use catalogd::model::template::reading::Reading;
use catalogd::model::tree::{Entry, Tree};
use catalogd::plan::{ObjectPlan, Told};

use crate::emulator::model::MODEL;
use crate::shared::{shared_data, tree_of};
use crate::world::World;

/// What steps from one version to the next change, counted.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    steps: usize,
    removed: usize,
    required: usize,
    added: usize,
    /// Parameters of which some value is no longer allowed.
    narrowed: usize,
    defaults: usize,
    resources_removed: usize,
    resources_added: usize,
    outputs_removed: usize,
}

/// What the plan's entry tells.
fn told(object: &ObjectPlan) -> Counts {
    let mut counts = Counts::default();
    for news in &object.templates {
        counts.steps += 1;
        let change = match &news.told {
            Told::Same => continue,
            Told::Change(change) => change,
            other => panic!("{other:?}"),
        };
        for change in change.parameters.values() {
            match change {
                ParameterChange::Removed => counts.removed += 1,
                ParameterChange::Added { default, .. } => {
                    counts.added += 1;
                    counts.required += usize::from(*default == DefaultValue::None);
                }
                ParameterChange::Changed(parts) => {
                    for part in parts {
                        match part {
                            ParameterPart::Default { before, after } => {
                                counts.defaults += 1;
                                let none = DefaultValue::None;
                                counts.required += usize::from(*after == none && *before != none);
                            }
                            ParameterPart::Allowed { removed, .. } => {
                                counts.narrowed += usize::from(!removed.is_empty());
                            }
                            _ => {}
                        }
                    }
                }
            }
        }
        use catalogd::model::template::change::{MemberChange, ResourceChange};
        for change in change.resources.values() {
            match change {
                ResourceChange::Removed { .. } => counts.resources_removed += 1,
                ResourceChange::Added { .. } => counts.resources_added += 1,
                _ => {}
            }
        }
        let outputs = change.outputs.values();
        counts.outputs_removed += outputs.filter(|c| **c == MemberChange::Removed).count();
    }
    counts
}

/// The same, by the embedded AWS's reader of parameters, which shares nothing with ours.
fn by_the_other_reader(old: &[u8], new: &[u8], counts: &mut Counts) {
    let read = |bytes: &[u8]| {
        let all = Other::parse(bytes).unwrap().parameters();
        let all: BTreeMap<_, _> = all.into_iter().map(|p| (p.key.clone(), p)).collect();
        all
    };
    let (old, new) = (read(old), read(new));
    counts.steps += 1;
    for (key, decl) in &old {
        let Some(now) = new.get(key) else {
            counts.removed += 1;
            continue;
        };
        counts.defaults += usize::from(decl.default != now.default);
        let gone = |value: &&String| !now.allowed_values.contains(value);
        counts.narrowed += usize::from(decl.allowed_values.iter().any(|v| gone(&v)));
    }
    for (key, decl) in &new {
        let before = old.get(key);
        counts.added += usize::from(before.is_none());
        let had = before.is_none_or(|before| before.default.is_some());
        counts.required += usize::from(decl.default.is_none() && had);
    }
}

/// Going from one version to the next in a catalog that an organisation really runs. The numbers are those of a script of its own
/// (PyYAML), and 76 steps, 9 of them with values removed, those of facts (real-catalogs §2).
#[tokio::test(start_paused = true)]
async fn the_plan_tells_every_step_of_sages_versions() {
    let Some(data) = shared_data() else { return };
    for (environment, steps, narrowed, defaults, added) in [
        ("develop", 87, 11, 4, 8),
        ("prod", 76, 9, 4, 8),
        ("strides", 74, 9, 3, 7),
    ] {
        let world = World::new();
        world.copy(&data.join("catalogs/sage").join(environment));
        let (desired, pass) = (world.desired(), world.plan().await);
        let mut all = Counts::default();
        let mut other = Counts::default();
        for object in &pass.plan.objects {
            let counts = told(object);
            all.steps += counts.steps;
            all.removed += counts.removed;
            all.required += counts.required;
            all.added += counts.added;
            all.narrowed += counts.narrowed;
            all.defaults += counts.defaults;
            all.resources_removed += counts.resources_removed;
            all.resources_added += counts.resources_added;
            all.outputs_removed += counts.outputs_removed;
        }
        for product in desired.products.values() {
            for pair in product.versions.windows(2) {
                let bytes = |at: usize| {
                    let catalogd::model::desired::TemplateSource::File { raw, .. } =
                        &pair[at].source
                    else {
                        panic!("{pair:?}");
                    };
                    desired.templates[raw].bytes.clone()
                };
                by_the_other_reader(&bytes(0), &bytes(1), &mut other);
            }
        }
        let expected = Counts {
            steps,
            removed: 5,
            required: 1,
            added: 5,
            narrowed,
            defaults,
            resources_removed: 0,
            resources_added: added,
            outputs_removed: 1,
        };
        assert_eq!(all, expected, "{environment}");
        let interface = Counts {
            resources_added: 0,
            outputs_removed: 0,
            ..expected
        };
        assert_eq!(other, interface, "{environment}, the other reader");
        // And the text tells the urgent ones, though every product is new.
        let text = catalogd::render::text::plan(&pass.plan, Default::default());
        assert_eq!(text.matches("- parameter ").count(), 5, "{text}");
        assert_eq!(text.matches("allowed values − ").count(), narrowed);
        assert_eq!(text.matches(", required)").count(), 1);
    }
}

/// Of the newest versions, what they took away from those before them is advice, and nothing more.
#[test]
fn what_sages_newest_versions_take_away_is_advised() {
    let Some(data) = shared_data() else { return };
    for environment in ["develop", "prod", "strides"] {
        let tree = tree_of(&data.join("catalogs/sage").join(environment));
        let loaded = load(&tree, &Context::default());
        assert!(!loaded.has_errors(), "{:?}", loaded.findings);
        let count = |code| loaded.findings.iter().filter(|f| f.code == code).count();
        let narrowed = count(Code::AllowedValuesRemoved);
        // In `develop` the newest versions are newer ones, which took nothing away.
        assert_eq!(narrowed, if environment == "develop" { 0 } else { 2 });
        // Their buckets say what becomes of them; a key and a secret don't.
        assert_eq!(count(Code::StatefulResource), 2);
        assert_eq!(loaded.findings.len(), narrowed + 2);
    }
}

/// The fields of a line of CSV.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            c => fields.last_mut().unwrap().push(c),
        }
    }
    fields
}

/// cfn-lint counted parameters, resources and outputs of every template.
#[test]
fn templates_hold_what_cfn_lint_counted() {
    let Some(data) = shared_data() else { return };
    let table = std::fs::read_to_string(data.join("templates.csv")).unwrap();
    let mut lines = table.lines();
    let head = fields(lines.next().unwrap());
    let (mut compared, mut unread, mut wrong) = (0, 0, Vec::new());
    for row in lines.map(fields) {
        let value = |name: &str| {
            let at = head.iter().position(|one| one == name).unwrap();
            row.get(at).map(String::as_str).unwrap_or_default()
        };
        // What it could not read it counted nothing of.
        if value("kind") != "templates" || !value("yaml_error").is_empty() {
            continue;
        }
        let bytes = std::fs::read(data.join(value("path"))).unwrap();
        let Ok(read) = Reading::of(&bytes) else {
            unread += 1;
            continue;
        };
        let required = read.parameters.members.iter().filter(|p| p.is_required());
        let found = [
            read.parameters.members.len(),
            required.count(),
            read.resources.members.len(),
            read.outputs.members.len(),
        ];
        let counted = ["params", "params_no_default", "resources", "outputs"];
        let counted = counted.map(|name| value(name).parse::<usize>());
        compared += 1;
        if counted != found.map(Ok) {
            wrong.push(format!("{}: {found:?} for {counted:?}", value("path")));
        }
    }
    assert!(compared > 200, "{compared}");
    assert_eq!(unread, 0);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A source of every real template: a product each, one version each.
pub fn source_of_all(data: &Path) -> Tree {
    let mut tree = Tree::default();
    let mut manifest = String::from(
        "apiVersion: catalogd.dev/v1\nkind: Portfolio\nmetadata: {name: all}\nspec: {providerName: Us}\n",
    );
    let files = tree_of(&data.join("templates")).files;
    for (number, (path, entry)) in files.into_iter().enumerate() {
        manifest.push_str(&format!(
            "---\napiVersion: catalogd.dev/v1\nkind: Product\nmetadata: {{name: p{number}}}\nspec:\n  owner: Us\n  portfolios: [{{portfolio: all}}]\n  versions: [{{name: v1, template: {}}}]\n",
            serde_json::json!(format!("templates/{path}"))
        ));
        tree.files.insert(format!("templates/{path}"), entry);
    }
    tree.files.insert(
        "catalog.yaml".to_owned(),
        Entry::file(manifest.into_bytes()),
    );
    tree
}

/// Whatever cfn-lint says of them: none of it is an error.
#[test]
fn advice_on_real_templates_is_no_error() {
    let Some(data) = shared_data() else { return };
    let tree = source_of_all(&data);
    let loaded = load(&tree, &Context::default());
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in &loaded.findings {
        *counts.entry(finding.code.as_str()).or_default() += 1;
    }
    assert!(!loaded.has_errors(), "{counts:?}");
    assert_eq!(loaded.desired.products.len(), 240);
    assert_eq!(counts["template-unparsed"], 3, "{counts:?}");
    // Nothing that a template says of a secret is printed.
    for finding in &loaded.findings {
        let Entry::File(bytes) = &tree.files[&*finding.origin.file] else {
            continue;
        };
        let secrets: Vec<String> = match Reading::of(bytes) {
            Ok(read) => read.secrets().map(str::to_owned).collect(),
            Err(_) => continue,
        };
        let told = format!("{} {:?}", finding.message, finding.hint);
        for secret in secrets.iter().filter(|secret| secret.len() > 3) {
            assert!(!told.contains(secret), "{told}");
        }
    }
    eprintln!("{counts:?}");
}

/// No text is fatal to the reader, nor slow: half templates, hostile ones, and bytes.
#[test]
fn cut_templates_are_answered() {
    let Some(data) = shared_data() else { return };
    for (path, entry) in tree_of(&data.join("templates")).files {
        let Entry::File(bytes) = entry else { continue };
        for part in [1, 2, 3, 5] {
            let half = bytes.get(..bytes.len() / part).unwrap();
            let _ = Reading::of(half);
            let spoilt: Vec<u8> = half
                .iter()
                .map(|b| b.wrapping_add(part as u8 - 1))
                .collect();
            let _ = Reading::of(&spoilt);
        }
        assert!(!path.is_empty());
    }
    for text in [
        "[", "{", "- ", "a: &a\n ", "? ", "!x ", "\"", "|\n", "a:\n ",
    ] {
        let _ = Reading::of(text.repeat(300_000 / text.len()).as_bytes());
    }
}

/// Limits that the model has, by the operation's input and the path of members below it (`[]` is an item, and `{}` a value).
const MODELLED: &[(&str, usize, &str, &str)] = &[
    (
        "TOPICS",
        limits::TOPICS,
        "ProvisionProductInput",
        "NotificationArns",
    ),
    (
        "ACTION_NAME",
        limits::ACTION_NAME,
        "CreateServiceActionInput",
        "Name",
    ),
    (
        "ACTION_DESCRIPTION",
        limits::ACTION_DESCRIPTION,
        "CreateServiceActionInput",
        "Description",
    ),
    (
        "ACTION_DEFINITION",
        limits::ACTION_DEFINITION,
        "CreateServiceActionInput",
        "Definition.{}",
    ),
    (
        "ACTIONS_A_BATCH",
        limits::ACTIONS_A_BATCH,
        "BatchAssociateServiceActionWithProvisioningArtifactInput",
        "ServiceActionAssociations",
    ),
    ("TAGS", limits::TAGS, "CreatePortfolioInput", "Tags"),
    ("TAGS", limits::TAGS, "CreateProductInput", "Tags"),
    (
        "PROVISIONED_TAGS",
        limits::PROVISIONED_TAGS,
        "ProvisionProductInput",
        "Tags",
    ),
    (
        "PORTFOLIO_NAME",
        limits::PORTFOLIO_NAME,
        "CreatePortfolioInput",
        "DisplayName",
    ),
    (
        "PORTFOLIO_DESCRIPTION",
        limits::PORTFOLIO_DESCRIPTION,
        "CreatePortfolioInput",
        "Description",
    ),
    (
        "PROVIDER_NAME",
        limits::PROVIDER_NAME,
        "CreatePortfolioInput",
        "ProviderName",
    ),
    (
        "PRODUCT_TEXT",
        limits::PRODUCT_TEXT,
        "CreateProductInput",
        "Name",
    ),
    (
        "PRODUCT_TEXT",
        limits::PRODUCT_TEXT,
        "CreateProductInput",
        "Owner",
    ),
    (
        "PRODUCT_TEXT",
        limits::PRODUCT_TEXT,
        "CreateProductInput",
        "Description",
    ),
    (
        "PRODUCT_TEXT",
        limits::PRODUCT_TEXT,
        "CreateProductInput",
        "Distributor",
    ),
    (
        "PRODUCT_TEXT",
        limits::PRODUCT_TEXT,
        "CreateProductInput",
        "SupportDescription",
    ),
    (
        "SUPPORT_EMAIL",
        limits::SUPPORT_EMAIL,
        "CreateProductInput",
        "SupportEmail",
    ),
    (
        "SUPPORT_URL",
        limits::SUPPORT_URL,
        "CreateProductInput",
        "SupportUrl",
    ),
    (
        "VERSION_TEXT",
        limits::VERSION_TEXT,
        "CreateProvisioningArtifactInput",
        "Parameters.Name",
    ),
    (
        "VERSION_TEXT",
        limits::VERSION_TEXT,
        "CreateProvisioningArtifactInput",
        "Parameters.Description",
    ),
    (
        "CONNECTION_REPOSITORY",
        limits::CONNECTION_REPOSITORY,
        "CreateProductInput",
        "SourceConnection.ConnectionParameters.CodeStar.Repository",
    ),
    (
        "CONNECTION_BRANCH",
        limits::CONNECTION_BRANCH,
        "CreateProductInput",
        "SourceConnection.ConnectionParameters.CodeStar.Branch",
    ),
    (
        "CONNECTION_PATH",
        limits::CONNECTION_PATH,
        "CreateProductInput",
        "SourceConnection.ConnectionParameters.CodeStar.ArtifactPath",
    ),
    (
        "ARN",
        limits::ARN,
        "CreateProductInput",
        "SourceConnection.ConnectionParameters.CodeStar.ConnectionArn",
    ),
    (
        "ARN",
        limits::ARN,
        "ProvisionProductInput",
        "NotificationArns.[]",
    ),
    ("ARN", limits::ARN, "CopyProductInput", "SourceProductArn"),
    (
        "PRINCIPAL_ARN",
        limits::PRINCIPAL_ARN,
        "AssociatePrincipalWithPortfolioInput",
        "PrincipalARN",
    ),
    (
        "PROVISIONED_NAME",
        limits::PROVISIONED_NAME,
        "ProvisionProductInput",
        "ProvisionedProductName",
    ),
    (
        "PROVISIONED_NAME",
        limits::PROVISIONED_NAME,
        "ImportAsProvisionedProductInput",
        "ProvisionedProductName",
    ),
    (
        "PARAMETER_KEY",
        limits::PARAMETER_KEY,
        "ProvisionProductInput",
        "ProvisioningParameters.[].Key",
    ),
    (
        "PARAMETER_VALUE",
        limits::PARAMETER_VALUE,
        "ProvisionProductInput",
        "ProvisioningParameters.[].Value",
    ),
    ("TAG_KEY", limits::TAG_KEY, "CreateTagOptionInput", "Key"),
    (
        "TAG_KEY",
        limits::TAG_KEY,
        "ProvisionProductInput",
        "Tags.[].Key",
    ),
    (
        "TAG_VALUE",
        limits::TAG_VALUE,
        "CreateTagOptionInput",
        "Value",
    ),
    (
        "TAG_VALUE",
        limits::TAG_VALUE,
        "ProvisionProductInput",
        "Tags.[].Value",
    ),
    (
        "BUDGET_NAME",
        limits::BUDGET_NAME,
        "AssociateBudgetWithResourceInput",
        "BudgetName",
    ),
];

/// Limits that the model has not.
const UNMODELLED: &[&str] = &[
    // Systems Manager's.
    "SSM_NAME",
    // The room that our mark leaves of the model's.
    "ACTION_TEXT",
    // Quotas of the admin guide (facts §6).
    "ACTIONS_OF_VERSION",
    "VERSIONS",
    "PRINCIPAL_PATTERNS",
    "PRINCIPALS",
    "TAG_OPTIONS",
    "TAG_OPTION_VALUES",
    "SHARED_ACCOUNTS",
    // CloudFormation's.
    "TEMPLATE_PARAMETERS",
    "TEMPLATE_RESOURCES",
    "TEMPLATE_OUTPUTS",
    "TEMPLATE_MAPPINGS",
    "TEMPLATE_NAME",
    "TEMPLATE_DESCRIPTION",
    "TEMPLATE_BYTES",
];

#[test]
fn every_limit_is_the_published_models() {
    for (name, limit, input, path) in MODELLED {
        let mut shape = *input;
        for part in path.split('.') {
            let found = &MODEL.shapes[shape];
            shape = match part {
                "[]" | "{}" => found.of.as_ref().unwrap(),
                member => found
                    .members
                    .get(member)
                    .unwrap_or_else(|| panic!("{shape} has no {member}")),
            };
        }
        assert_eq!(
            MODEL.shapes[shape].max,
            Some(*limit),
            "{name}: {input} {path}"
        );
    }
    let source = include_str!("../../src/model/limits.rs");
    let all: BTreeSet<&str> = source
        .lines()
        .filter_map(|line| line.strip_prefix("pub const ")?.split(':').next())
        .collect();
    let known = MODELLED.iter().map(|(name, ..)| *name);
    let known: BTreeSet<&str> = known.chain(UNMODELLED.iter().copied()).collect();
    assert_eq!(all, known);
}
