//! Real templates of many authors: each becomes a version, its bytes as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use catalogd::emulator::{Call, Outcome, Profile};
use catalogd::manifest::interface;
use catalogd::model::desired::TemplateSource;
use catalogd::model::observed::ReadyStatus;
use catalogd::model::template::ParameterDecl;
use catalogd::model::tree::Entry;
use catalogd::reconcile::Pass;
use catalogd::reconcile::converge::End;
use catalogd::render::text::{self, Style};
use catalogd::status::ObjectStatus;

use super::kit::calls;
use crate::examples::expect_each_once;
use crate::shared::{shared_data, tree_of};
use crate::world::{ACCOUNT, World};

/// What the service says of a template that it does not take.
const INVALID: &str = "Invalid templateBody. Please make sure that your template is valid";
/// Templates that are none before they are rendered: they do not parse.
const UNREADABLE: [&str; 3] = [
    "awslabs+aws-service-catalog-factory/servicecatalog_factory/servicecatalog-factory.template.yaml",
    "awslabs+aws-service-catalog-factory/servicecatalog_factory/templates/constraint-launch-role-parent.template.yaml",
    "stelligent+mu/templates/assets/cloudformation/service-ec2.yml",
];
/// Templates that parse and that the service does not take all the same.
const REFUSED: [&str; 4] = [
    // `"Fn::GetAZs": null`
    "aws-cloudformation+aws-cloudformation-templates/DMS/DMSAuroraToS3FullLoadAndOngoingReplication.json",
    "aws-cloudformation+aws-cloudformation-templates/ElasticLoadBalancing/ELB_Access_Logs_And_Connection_Draining.json",
    // `!Rain::Module`
    "aws-cloudformation+aws-cloudformation-templates/RainModules/static-site.yml",
    // `{{ … }}` is a mapping with a mapping for its key.
    "awslabs+aws-service-catalog-puppet/servicecatalog_puppet/templates/product.template.yaml.j2",
];

/// How many the service takes.
const TAKEN: usize = 233;

/// Files' bytes by path.
type Files = BTreeMap<String, Vec<u8>>;

/// All files by path, and those of them that are YAML or JSON with resources: as a reader says that knows nothing of
/// CloudFormation.
fn templates() -> Option<(Files, BTreeSet<String>)> {
    let data = shared_data()?;
    let tree = tree_of(&data.join("templates"));
    let mut files = Files::new();
    for (path, entry) in tree.files {
        let Entry::File(bytes) = entry else {
            panic!("{path}");
        };
        files.insert(path, bytes.to_vec());
    }
    let readable = files.iter().filter(|(_, bytes)| has_resources(bytes));
    let readable = readable.map(|(path, _)| path.clone()).collect();
    Some((files, readable))
}

fn has_resources(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let json = serde_json::from_slice::<serde_yaml::Value>(bytes).ok();
    let value = json.or_else(|| serde_yaml::from_slice(bytes).ok());
    let resources = value.as_ref().and_then(|value| value.get("Resources"));
    let resources = resources.and_then(serde_yaml::Value::as_mapping);
    resources.is_some_and(|resources| !resources.is_empty())
}

/// A name of what a path may hold.
fn slug(path: &str) -> String {
    let folded = path.to_ascii_lowercase();
    let parts = folded.split(|c: char| !c.is_ascii_alphanumeric());
    let name = parts.filter(|part| !part.is_empty()).collect::<Vec<_>>();
    let name = name.join("-");
    name[name.len().saturating_sub(63)..]
        .trim_matches('-')
        .to_owned()
}

fn repository(path: &str) -> &str {
    path.split('/').next().unwrap()
}

/// A world with the files and a manifest that lists those of `listed`, each in the product that `product` names.
fn world_of(
    world: World,
    files: &Files,
    listed: &BTreeSet<String>,
    product: impl Fn(&str) -> String,
) -> World {
    let mut products: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for path in listed {
        products.entry(product(path)).or_default().push(path);
    }
    let mut text = String::from(
        "apiVersion: catalogd.dev/v1\nkind: Portfolio\nmetadata: {name: all}\nspec: {providerName: Us}\n",
    );
    for (at, (name, paths)) in products.into_iter().enumerate() {
        // A portfolio holds 150 products.
        let places = if at < 150 { "[{portfolio: all}]" } else { "[]" };
        write!(
            text,
            "---\napiVersion: catalogd.dev/v1\nkind: Product\nmetadata: {{name: {name}}}\nspec:\n  owner: Us\n  \
             portfolios: {places}\n  versions:\n"
        )
        .unwrap();
        for path in paths {
            let quoted = serde_json::to_string(path).unwrap();
            writeln!(text, "    - {{name: {quoted}, template: {quoted}}}").unwrap();
        }
    }
    for (path, bytes) in files {
        world.write(path, bytes);
    }
    world.write("catalog.yaml", text);
    world
}

/// Applies, and looks at everything. Returns the objects that are not well, by name.
async fn applied(
    world: &World,
    files: &Files,
    listed: &BTreeSet<String>,
    refused: usize,
) -> BTreeMap<String, ObjectStatus> {
    let desired = world.desired();
    let mut process = world.process().await;
    let started = world.clock.now();
    world.calls();
    let ended = process.apply(&desired).await;
    assert_eq!(ended.end, End::Settled);
    let took = world.clock.now().duration_since(started).as_secs();
    let made = world.emulator.calls();
    eprintln!("{} calls, {} passes, {took} s", made.len(), ended.passes);
    // What was refused is not tried a second time.
    let invalid = |call: &&Call| matches!(&call.outcome, Outcome::Refused(_, code) if code == "InvalidParametersException");
    assert_eq!(made.iter().filter(invalid).count(), refused);
    world.clock.sleep(Duration::from_secs(10)).await;
    let pass = process.reconciler.plan(&desired, None).await;
    let shown = text::plan(&pass.plan, Style::default());
    assert_eq!(calls(&pass.plan), [""; 0], "{shown}");
    assert!(
        !pass.plan.is_waiting() && !pass.plan.is_blocked(),
        "{shown}"
    );
    expect_each_once(&pass.observed);
    expect_the_same_bytes(world, listed);
    // All that were taken, for no macro makes parameters here.
    assert_eq!(expect_the_same_parameters(&pass, files), TAKEN);
    let ill = pass.statuses.into_iter().filter(|s| !s.is_well());
    ill.map(|s| (s.key.name.to_string(), s)).collect()
}

/// Byte for byte what git has, in S3, whatever the encoding and the line ends.
fn expect_the_same_bytes(world: &World, listed: &BTreeSet<String>) {
    let desired = world.desired();
    let mut seen = 0;
    for version in desired.products.values().flat_map(|p| &p.versions) {
        let TemplateSource::File { raw, path, .. } = &version.source else {
            panic!("{version:?}");
        };
        let template = &desired.templates[raw];
        let url = format!(
            "https://{}.s3.us-east-1.amazonaws.com/{}",
            world.bucket(),
            template.object_key()
        );
        let stored = world.emulator.buckets().read_url(ACCOUNT, &url);
        assert_eq!(*stored.unwrap(), *template.bytes, "{path}");
        seen += 1;
    }
    assert_eq!(seen, listed.len());
}

/// What provisioned products' parameters are checked by is what the service reads of the template, wherever both know.
/// Returns of how many versions.
fn expect_the_same_parameters(pass: &Pass, files: &Files) -> usize {
    let mut compared = 0;
    let versions = pass.observed.products.values().flat_map(|p| &p.versions);
    for version in versions.filter(|v| v.status == ReadyStatus::Available) {
        let read = interface(&files[&version.name]).map(|read| read.parameters);
        let content = version.content.as_ref().expect("it was read");
        if let (Ok(Some(read)), Some(served)) = (read, &content.parameters) {
            let sorted = |list: &[ParameterDecl]| {
                // A NoEcho default is nobody's to see: only that there is one.
                let default = |p: &ParameterDecl| match (p.no_echo, &p.default) {
                    (true, Some(_)) => Some("***".to_owned()),
                    (_, default) => default.clone(),
                };
                let fields = |p: &ParameterDecl| (p.key.clone(), p.no_echo, default(p));
                let mut list: Vec<_> = list.iter().map(fields).collect();
                list.sort();
                list
            };
            assert_eq!(sorted(&read), sorted(served), "{}", version.name);
            compared += 1;
        }
    }
    compared
}

#[test]
fn templates_are_as_many_as_they_were() {
    let Some((files, readable)) = templates() else {
        return;
    };
    assert_eq!((files.len(), readable.len()), (240, 237));
    let unreadable: Vec<_> = files
        .keys()
        .filter(|path| !readable.contains(*path))
        .collect();
    assert_eq!(unreadable, UNREADABLE);
    // Ours reads what that reader reads, and nothing else; it says of no other why it can't.
    for (path, bytes) in &files {
        let read = interface(bytes);
        assert_eq!(read.is_ok(), readable.contains(path), "{path}: {read:?}");
    }
}

/// The products that a file's refusal stops, with what is said of each.
fn stalled(ill: &BTreeMap<String, ObjectStatus>) -> BTreeMap<&str, &str> {
    let mut said = BTreeMap::new();
    for (name, status) in ill {
        assert!(status.blocked.is_empty(), "{status:#?}");
        let stalled = status.stalled.as_ref();
        let stalled = stalled.expect("the service refused it");
        said.insert(name.as_str(), stalled.reason.as_str());
    }
    said
}

/// A product for each repository: one refused version stops none of the others.
async fn by_repository(world: World) -> Option<()> {
    let (files, readable) = templates()?;
    let world = world_of(world, &files, &readable, |path| slug(repository(path)));
    let ill = applied(&world, &files, &readable, REFUSED.len()).await;
    let version = |path: &str| format!("version {path:?}: {INVALID}");
    let refused = |name: &str| {
        let all = REFUSED.iter().filter(|path| slug(repository(path)) == name);
        all.map(|path| version(path)).collect::<Vec<_>>().join("; ")
    };
    let (amazons, puppet) = (
        "aws-cloudformation-aws-cloudformation-templates",
        "awslabs-aws-service-catalog-puppet",
    );
    let expected = [(amazons, refused(amazons)), (puppet, refused(puppet))];
    let expected = expected.iter().map(|(name, said)| (*name, said.as_str()));
    assert_eq!(stalled(&ill), expected.collect());
    let pass = world.plan().await;
    let versions = pass.observed.products.values().flat_map(|p| &p.versions);
    assert_eq!(versions.count(), readable.len() - REFUSED.len());
    assert_eq!(pass.observed.products.len(), 16);
    Some(())
}

#[tokio::test(start_paused = true)]
async fn all_templates_become_versions_of_their_repositories_products() {
    by_repository(World::new()).await;
}

#[tokio::test(start_paused = true)]
async fn all_templates_become_versions_on_an_aws_as_slow_as_the_real_one() {
    by_repository(World::with(Profile::Aws, 6)).await;
}

/// A product for each file, those that do not parse among them.
#[tokio::test(start_paused = true)]
async fn what_the_service_refuses_stops_its_product_alone() {
    let Some((files, _)) = templates() else {
        return;
    };
    let all = files.keys().cloned().collect();
    let world = world_of(World::new(), &files, &all, slug);
    let ill = applied(&world, &files, &all, REFUSED.len() + UNREADABLE.len()).await;
    let refused = REFUSED.iter().chain(&UNREADABLE).map(|path| slug(path));
    let refused: BTreeSet<String> = refused.collect();
    assert_eq!(refused.len(), 7);
    let expected = refused.iter().map(|name| (name.as_str(), INVALID));
    assert_eq!(stalled(&ill), expected.collect());
    let pass = world.plan().await;
    assert_eq!(pass.observed.products.len(), files.len() - refused.len());
}
