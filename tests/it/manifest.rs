//! Manifests: every finding by example, hostile bytes, and real files.

#[path = "manifest_cases.rs"]
pub mod cases;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use catalogd::ids::{AccountId, Key, Kind, Name, Region, Target};
use catalogd::manifest::{Code, Context, Finding, Loaded, Severity, interface, load};
use catalogd::model::desired::{
    Guidance, Launch, ParameterValue, Principal, TagUpdates, TemplateSource, UnlistedVersions,
};
use catalogd::model::limits;
use catalogd::model::tree::{Entry, Tree};
use catalogd::render::findings::{to_json, to_text};
use proptest::prelude::*;

use crate::shared::{shared_data, tree_of};

const TEMPLATE: &str = "Parameters:\n  A: {Type: String}\n  B: {Type: String, Default: b, NoEcho: true}\nResources: {X: {Type: AWS::SNS::Topic}}\nOutputs: {VpcId: {Value: !Ref X}}\n";

fn target() -> Context {
    Context {
        target: Some(Target {
            account: AccountId::from("210987654321"),
            region: Region::from("eu-central-1"),
            partition: "aws".to_owned(),
        }),
    }
}

fn beside(manifest: &str) -> Tree {
    Tree::of([
        ("m.yaml", manifest),
        ("t.yaml", TEMPLATE),
        ("bad.yaml", "Parameters: [\n"),
        ("empty.yaml", "\n"),
        (
            "lfs.yaml",
            "version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
        ),
    ])
}

/// `place code message | hint`, a line each.
fn lines(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let mark = match finding.severity {
            Severity::Error => "",
            Severity::Warning => "~",
        };
        let place = format!("{}:{}", finding.origin.line, finding.origin.column);
        let place = match &*finding.origin.file {
            "m.yaml" => place,
            file => format!("{file}:{place}"),
        };
        write!(text, "{place} {mark}{} {}", finding.code, finding.message).unwrap();
        if let Some(hint) = &finding.hint {
            write!(text, " | {hint}").unwrap();
        }
        text.push('\n');
    }
    text
}

#[test]
fn every_finding_reads_as_it_should() {
    let mut wrong = String::new();
    for (name, manifest, wanted) in cases::CASES {
        let manifest = manifest.strip_prefix('\n').unwrap();
        let found = lines(&load(&beside(manifest), &target()).findings);
        if found != wanted.strip_prefix('\n').unwrap() {
            write!(wrong, "--- {name}\n{found}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "these read otherwise:\n{wrong}");
}

/// Findings that a manifest's text alone cannot bring about, or that the table keeps for a test of their own.
fn found_by_files() -> Vec<(Code, Tree)> {
    let product = "apiVersion: catalogd.dev/v1\nkind: Product\nmetadata: {name: vpc}\nspec:\n  owner: Us\n  portfolios: []\n  versions: [{name: v1, template: t.yaml}]\n";
    let with = |path: &str, entry: Entry| {
        let mut tree = Tree::of([("m.yaml", product), ("t.yaml", TEMPLATE)]);
        tree.files.insert(path.to_owned(), entry);
        tree
    };
    let utf16: Vec<u8> = product.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [&[0xff, 0xfe][..], &utf16].concat();
    let latin = [product.as_bytes(), b"# \xe4\n"].concat();
    let unreadable = || Entry::Unreadable {
        reason: "permission denied".to_owned(),
    };
    let mut behind = with("link", Entry::Symlink);
    let text = product.replace("t.yaml", "link/t.yaml");
    behind
        .files
        .insert("m.yaml".to_owned(), Entry::file(text.as_bytes()));
    vec![
        (Code::NoManifests, Tree::of([("t.yaml", TEMPLATE)])),
        (Code::NoManifests, Tree::default()),
        (Code::NotUtf8, with("x.yaml", Entry::file(latin))),
        (Code::NotUtf8, with("x.yaml", Entry::file(marked))),
        (Code::NotUtf8, with("x.yaml", Entry::file(utf16))),
        (
            Code::TooLarge,
            with("x.yml", Entry::TooLarge { bytes: 9_000_000 }),
        ),
        (
            Code::TooLarge,
            with(
                "x.yml",
                Entry::file([product.as_bytes(), &vec![b'#'; 5_000_000]].concat()),
            ),
        ),
        (
            Code::TooComplex,
            with(
                "x.yml",
                Entry::file(
                    [product.to_owned(), "---\na: 1\n".repeat(10_001)]
                        .concat()
                        .into_bytes(),
                ),
            ),
        ),
        (Code::Symlink, with("x.yaml", Entry::Symlink)),
        (Code::Symlink, with("t.yaml", Entry::Symlink)),
        (Code::Symlink, behind),
        (Code::Unreadable, with("x.YAML", unreadable())),
        (Code::Unreadable, with("t.yaml", unreadable())),
        (
            Code::TemplateTooLarge,
            with("t.yaml", Entry::TooLarge { bytes: 9_000_000 }),
        ),
        (
            Code::TemplateTooLarge,
            with(
                "t.yaml",
                Entry::file(vec![b'#'; limits::TEMPLATE_BYTES + 1]),
            ),
        ),
    ]
}

#[test]
fn files_that_cannot_be_read_are_gaps_and_not_absences() {
    for (code, tree) in found_by_files() {
        let loaded = load(&tree, &target());
        let errors: Vec<_> = loaded
            .findings
            .iter()
            .filter(|f| f.severity == Severity::Error)
            .collect();
        assert_eq!(errors.len(), 1, "{code}: {}", lines(&loaded.findings));
        assert_eq!(errors[0].code, code, "{}", lines(&loaded.findings));
        match &errors[0].object {
            Some(key) => assert!(loaded.desired.broken.contains(key), "{code}"),
            None => assert!(loaded.desired.incomplete, "{code}"),
        }
    }
}

#[test]
fn every_code_has_an_example() {
    let mut seen: BTreeSet<Code> = found_by_files().into_iter().map(|(code, _)| code).collect();
    for (_, manifest, _) in cases::CASES {
        let loaded = load(&beside(manifest.strip_prefix('\n').unwrap()), &target());
        seen.extend(loaded.findings.iter().map(|f| f.code));
    }
    let lacking: Vec<_> = Code::ALL
        .iter()
        // Whatever the language has can be done by now; the next part of it that can't yet says so by this.
        .filter(|code| !seen.contains(code))
        .collect();
    assert!(lacking.is_empty(), "{lacking:?}");
}

#[test]
fn every_code_is_documented_and_no_other() {
    let page = include_str!("../../docs/findings.md");
    let documented: Vec<&str> = page
        .lines()
        .filter_map(|l| l.strip_prefix("### "))
        .collect();
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(documented, codes);
    for section in page.split("### ").skip(1) {
        let (code, text) = section.split_once('\n').unwrap();
        let text = text.split("\n## ").next().unwrap();
        assert!(
            text.contains("Example:") && text.contains("Fix:"),
            "{code} lacks a part"
        );
        let code = Code::ALL.iter().find(|c| c.as_str() == code).unwrap();
        let warning = text.contains("*Warning.*");
        assert_eq!(warning, code.severity() == Severity::Warning, "{code}");
    }
}

#[test]
fn templates_and_other_files_pass_by() {
    let loaded = load(
        &Tree::of([
            ("a.yaml", "apiVersion: v1\nkind: ConfigMap\n"),
            ("b.yaml", "Resources: {X: !Ref Y}\n# kind: Products\n"),
            ("c.yaml", "{{ templated }}: [\n"),
            ("d.yaml", "\u{feff}"),
            ("e.yml", "---\n---\n# nothing\n...\n"),
            // Broken and speaking of us, but somebody's template.
            ("f.yaml", "Description: see catalogd.dev/docs\na: [\n"),
            ("README.md", "apiVersion: catalogd.dev/v1\nkind: Product\n"),
            (
                "m.yaml",
                "\u{feff}apiVersion: catalogd.dev/v1\r\nkind: Product\r\nmetadata: {name: vpc}\r\nspec:\r\n  owner: Us\r\n  portfolios: [{portfolio: net}]\r\n  versions:\r\n    - name: v1\r\n      template: f.yaml\r\n---\r\n\r\n---\r\napiVersion: catalogd.dev/v1\r\nkind: Portfolio\r\nmetadata: {name: net}\r\nspec: {providerName: Us}\r\n",
            ),
        ]),
        &target(),
    );
    assert_eq!(lines(&loaded.findings), "");
    assert_eq!(loaded.desired.keys().count(), 2);
    assert_eq!(
        loaded.desired.products[&Name::new("vpc")].versions[0].name,
        "v1"
    );
}

#[test]
fn one_broken_file_hides_no_other_and_removes_nothing() {
    let portfolio = |name: &str| {
        format!(
            "apiVersion: catalogd.dev/v1\nkind: Portfolio\nmetadata: {{name: {name}}}\nspec: {{providerName: Us}}\n"
        )
    };
    let tree = Tree::of([
        ("a.yaml", portfolio("a")),
        ("b.yaml", portfolio("b").replace("providerName", "provider")),
        (
            "c.yaml",
            format!(
                "{}---\n{}",
                portfolio("c").replace("{name", "[name"),
                portfolio("d")
            ),
        ),
    ]);
    let loaded = load(&tree, &target());
    let key = |name: &str| Key::new(Kind::Portfolio, Name::new(name));
    let kept: Vec<String> = loaded.desired.keys().map(|k| k.to_string()).collect();
    assert_eq!(kept, ["portfolio/a", "portfolio/d"]);
    assert!(loaded.desired.broken.contains(&key("b")));
    assert!(loaded.desired.names(&key("b")));
    assert!(loaded.desired.incomplete);
    let files: BTreeSet<&str> = loaded.findings.iter().map(|f| &*f.origin.file).collect();
    assert_eq!(files, BTreeSet::from(["b.yaml", "c.yaml"]));
    // What is broken but can be named does not make the rest incomplete.
    let mut mended = tree.clone();
    mended.files.remove("c.yaml");
    assert!(!load(&mended, &target()).desired.incomplete);
}

const WHOLE: &str = r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net, onRemove: retain}
spec:
  providerName: Us
  description: ""
  tags: {cost: "${account}"}
  principals:
    - arn: arn:${partition}:iam::${account}:role/Dev
    - pattern: arn:aws:iam:::role/Dev*
    - self: true
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  name: A VPC
  owner: Us ${account}
  support: {email: us@example.com, url: "https://example.com/${region}"}
  tags: {}
  portfolios:
    - portfolio: net
      constraints: {launch: {roleArn: "arn:aws:iam::${account}:role/Launch"}, tagUpdates: notAllowed}
  versions:
    - {name: v1, template: ./x/../t.yaml, guidance: DEPRECATED, active: false}
    - name: "2"
      description: |
        two
        lines
      templateUrl: https://b.s3.${region}.amazonaws.com/k
    - {name: v3, fromStack: "arn:aws:cloudformation:${region}:${account}:stack/s/1"}
    - {name: v4, template: t.yaml}
  unlistedVersions: deactivate
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: hub}
spec: {product: vpc, version: v1, parameters: {A: 007, B: yes}}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: spoke}
spec:
  name: Spoke.1
  product: vpc
  version: v1
  portfolio: net
  parameters:
    A: {output: {provisionedProduct: hub, key: VpcId}}
    B: "in ${region}, $${account} and ${other}"
  tags: {env: prod}
  dependsOn: [hub]
"#;

#[test]
fn a_whole_source_is_read_as_written() {
    let loaded = load(&beside(WHOLE), &target());
    assert_eq!(lines(&loaded.findings), "");
    let desired = loaded.desired;
    assert!(desired.broken.is_empty() && !desired.incomplete);

    let net = &desired.portfolios[&Name::new("net")];
    assert_eq!(
        (net.display_name.as_str(), net.description.as_deref()),
        ("net", Some(""))
    );
    assert_eq!((net.origin.line, net.origin.column), (4, 18));
    let tags = net.tags.as_ref().unwrap();
    assert_eq!(tags["cost"], "210987654321");
    assert_eq!(
        net.principals
            .as_ref()
            .unwrap()
            .iter()
            .cloned()
            .collect::<Vec<_>>(),
        [
            Principal::Arn("arn:aws:iam::210987654321:role/Dev".to_owned()),
            Principal::Pattern("arn:aws:iam:::role/Dev*".to_owned()),
            Principal::Caller,
        ]
    );

    let vpc = &desired.products[&Name::new("vpc")];
    // Variables are replaced in ARNs, URLs, tags and parameters alone.
    assert_eq!(
        (vpc.display_name.as_str(), vpc.owner.as_str()),
        ("A VPC", "Us ${account}")
    );
    assert_eq!(vpc.description, None);
    assert_eq!(vpc.tags, Some(BTreeMap::new()));
    assert_eq!(
        vpc.support.url.as_deref(),
        Some("https://example.com/eu-central-1")
    );
    let constraints = vpc.portfolios.as_ref().unwrap()[&Name::new("net")]
        .constraints
        .as_ref()
        .unwrap();
    let role = "arn:aws:iam::210987654321:role/Launch".to_owned();
    assert_eq!(constraints.launch, Some(Launch::RoleArn(role)));
    assert_eq!(constraints.tag_updates, Some(TagUpdates::NotAllowed));

    let [one, two, three, four] = vpc.versions.as_slice() else {
        panic!("{:?}", vpc.versions);
    };
    assert_eq!(
        (one.active, one.guidance),
        (false, Some(Guidance::Deprecated))
    );
    assert_eq!((two.active, two.guidance), (true, None));
    assert_eq!(two.description.as_deref(), Some("two\nlines\n"));
    let url = "https://b.s3.eu-central-1.amazonaws.com/k".to_owned();
    assert_eq!(two.source, TemplateSource::Url(url));
    let stack = "arn:aws:cloudformation:eu-central-1:210987654321:stack/s/1".to_owned();
    assert_eq!(three.source, TemplateSource::Stack(stack));
    let TemplateSource::File {
        path,
        raw,
        parameters,
    } = &one.source
    else {
        panic!("{:?}", one.source);
    };
    assert_eq!(&**path, "t.yaml");
    assert_eq!(&*desired.templates[raw].bytes, TEMPLATE.as_bytes());
    assert_eq!(desired.templates.len(), 1);
    let parameters = parameters.as_ref().unwrap();
    assert_eq!(
        (parameters[0].no_echo, parameters[1].no_echo),
        (false, true)
    );
    assert_eq!(four.source, one.source);
    assert_eq!(vpc.unlisted_versions, UnlistedVersions::Deactivate);

    let hub = &desired.provisioned[&Name::new("hub")];
    assert_eq!((hub.live_name.as_str(), &hub.tags), ("hub", &None));
    let literal = |text: &str| ParameterValue::Literal(text.to_owned());
    let given = hub.parameters.as_ref().unwrap();
    assert_eq!(
        (&given["A"].value, &given["B"].value),
        (&literal("007"), &literal("yes"))
    );
    let spoke = &desired.provisioned[&Name::new("spoke")];
    assert_eq!(spoke.live_name, "Spoke.1");
    assert_eq!(
        spoke.parameters.as_ref().unwrap()["B"].value,
        literal("in eu-central-1, ${account} and ${other}")
    );
    assert_eq!(spoke.upstream(), BTreeSet::from([&Name::new("hub")]));
}

#[test]
fn offline_validation_needs_no_target() {
    let loaded = load(&beside(WHOLE), &Context::default());
    assert_eq!(lines(&loaded.findings), "");
}

#[test]
fn templates_may_lie_beside_the_scope_but_not_outside_the_repository() {
    let manifest = |path: &str| {
        format!(
            "apiVersion: catalogd.dev/v1\nkind: Product\nmetadata: {{name: vpc}}\nspec:\n  owner: Us\n  portfolios: []\n  versions: [{{name: v1, template: {path}}}]\n"
        )
    };
    let load_with = |path: &str| {
        let mut tree = Tree::of([
            ("catalog/prod/m.yaml", manifest(path)),
            ("templates/t.yaml", TEMPLATE.to_owned()),
            ("other/m.yaml", manifest(path)),
        ]);
        tree.scope = "catalog".to_owned();
        load(&tree, &target())
    };
    let loaded = load_with("../../templates/t.yaml");
    assert!(!loaded.has_errors(), "{}", lines(&loaded.findings));
    let product = &loaded.desired.products[&Name::new("vpc")];
    assert_eq!(&*product.origin.file, "prod/m.yaml");
    let loaded = load_with("../../../templates/t.yaml");
    let codes: Vec<_> = loaded.findings.iter().map(|f| f.code).collect();
    assert!(codes.contains(&Code::TemplatePath), "{codes:?}");
}

/// What must hold of every answer, whatever the input was.
fn sound(tree: &Tree) -> Result<Loaded, TestCaseError> {
    let loaded = load(tree, &target());
    prop_assert_eq!(
        &loaded,
        &load(tree, &target()),
        "the same input gives the same answer"
    );
    let desired = &loaded.desired;
    for finding in &loaded.findings {
        if finding.severity == Severity::Error {
            match &finding.object {
                Some(key) => prop_assert!(desired.broken.contains(key), "{finding:?}"),
                None => prop_assert!(desired.incomplete, "{finding:?}"),
            }
        }
        prop_assert!(finding.origin.line >= 1 && finding.origin.column >= 1);
    }
    prop_assert!(desired.keys().all(|key| !desired.broken.contains(&key)));
    if !loaded.has_errors() {
        prop_assert!(desired.broken.is_empty() && !desired.incomplete);
    }
    // Every reference can be followed.
    for product in desired.products.values() {
        for name in product.portfolios.iter().flat_map(BTreeMap::keys) {
            prop_assert!(desired.portfolios.contains_key(name));
        }
        for version in &product.versions {
            if let TemplateSource::File { raw, .. } = &version.source {
                prop_assert!(desired.templates.contains_key(raw));
            }
        }
    }
    for found in desired.provisioned.values() {
        let product = desired.products.get(&found.product);
        prop_assert!(product.is_some_and(|p| p.versions.iter().any(|v| v.name == found.version)));
        prop_assert!(
            found
                .upstream()
                .into_iter()
                .all(|n| desired.provisioned.contains_key(n))
        );
    }
    let text = to_text(&loaded.findings, tree, false);
    prop_assert!(
        !text.contains(char::from(0x1b)),
        "escapes reach the terminal"
    );
    prop_assert!(to_json(&loaded.findings)["findings"].is_array());
    Ok(loaded)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let named = [b"apiVersion: catalogd.dev/v1\nkind: Product\n", bytes.as_slice()].concat();
        sound(&Tree::of([("a.yaml", bytes.as_slice()), ("b.yaml", named.as_slice())]))?;
        let _ = interface(&bytes);
    }

    #[test]
    fn yaml_like_texts_are_answered(
        text in "(apiVersion|kind|spec|\\{|\\}|\\[|\\]|: |- |\n  |\n|\t|\"|'|&a|\\*a|!t|<<|\\||>|---\n|#|,|\\?|[a-z0-9~.ä\u{2028}\r]){0,60}"
    ) {
        let named = format!("apiVersion: catalogd.dev/v1\n{text}");
        sound(&Tree::of([("a.yaml", text.clone()), ("b.yaml", named)]))?;
        let _ = interface(text.as_bytes());
    }

    #[test]
    fn a_mutated_manifest_never_looks_like_a_removal(
        at in 0..WHOLE.len(),
        cut in 0..40usize,
        put in "[ -~\n\t\u{0}äß]{0,4}",
    ) {
        let end = (at + cut).min(WHOLE.len());
        let text = [&WHOLE.as_bytes()[..at], put.as_bytes(), &WHOLE.as_bytes()[end..]].concat();
        let text = String::from_utf8(text).unwrap();
        let loaded = sound(&beside(&text))?;
        // An object is there, or known to be broken, or the source known to be incomplete, unless the edit took its
        // name or its document.
        let desired = &loaded.desired;
        let names = ["net", "vpc", "hub", "spoke"];
        let kinds = [Kind::Portfolio, Kind::Product, Kind::ProvisionedProduct, Kind::ProvisionedProduct];
        let touched: Vec<&str> = WHOLE.split("---\n").collect();
        let mut start = 0;
        for ((document, name), kind) in touched.iter().zip(names).zip(kinds) {
            let stop = start + document.len() + 4;
            let untouched = end <= start || at >= stop;
            if untouched && !desired.incomplete {
                let key = Key::new(kind, Name::new(name));
                prop_assert!(desired.names(&key), "{key} is lost:\n{text}");
            }
            start = stop;
        }
    }
}

#[test]
fn real_catalogs_load_whole() {
    let Some(data) = shared_data() else {
        return;
    };
    for (name, versions) in [("develop", 93), ("prod", 82), ("strides", 80)] {
        let tree = tree_of(&data.join("catalogs/sage").join(name));
        let loaded = load(&tree, &target());
        assert_eq!(lines(&loaded.findings), "", "{name}");
        let desired = loaded.desired;
        assert_eq!(
            (desired.portfolios.len(), desired.products.len()),
            (3, 6),
            "{name}"
        );
        let found: usize = desired.products.values().map(|p| p.versions.len()).sum();
        assert_eq!(found, versions, "{name}");
        assert!(!desired.incomplete);
        for template in desired.templates.values() {
            let read = interface(&template.bytes).unwrap();
            assert!(read.parameters.is_some_and(|p| !p.is_empty()), "{name}");
        }
    }
}

#[test]
fn other_tools_declarations_are_not_ours() {
    let Some(data) = shared_data() else {
        return;
    };
    let tree = tree_of(&data.join("manifests"));
    assert!(tree.files.len() > 200);
    let loaded = load(&tree, &target());
    let codes: Vec<_> = loaded.findings.iter().map(|f| f.code).collect();
    assert_eq!(codes, [Code::NoManifests]);
    assert_eq!(loaded.desired.keys().count(), 0);

    let templates = tree_of(&data.join("templates"));
    let codes: Vec<_> = load(&templates, &target())
        .findings
        .iter()
        .map(|f| f.code)
        .collect();
    assert_eq!(codes, [Code::NoManifests]);
    let unread: Vec<&String> = templates
        .files
        .iter()
        .filter(|(_, entry)| matches!(entry, Entry::File(bytes) if interface(bytes).is_err()))
        .map(|(path, _)| path)
        .collect();
    // Three hold another tool's placeholders and are no YAML before it has run.
    assert_eq!(unread.len(), 3, "{unread:#?}");
}
