//! Random requests, filled from the published model and from what earlier answers gave.

use std::collections::BTreeMap;

use catalogd::clock::Entropy;
use serde_json::{Map, Value, json};

use crate::emulator::client::ROLE;
use crate::emulator::model::{MODEL, Shape};

/// The accounts that call. The first is also the one of all ordinary keys.
pub const ACCOUNTS: [&str; 2] = ["123456789012", "210987654321"];
/// Where they call.
pub const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];

/// Few, so that they meet.
const NAMES: [&str; 6] = ["alpha", "beta", "gamma", "Alpha", "a.b-c_d", "v1"];

const HOSTILE: [&str; 24] = [
    "",
    " ",
    "\u{0}",
    "\u{7}\u{1b}[31m",
    "a\nb\r\n",
    "\u{feff}",
    "\u{202e}abc",
    "e\u{301}\u{1f9a8}\u{10ffff}",
    "ß",
    "İ",
    "../../../../etc/passwd",
    "/",
    "a/b/c",
    "{\"a\":[1,{\"b\":null}]}",
    "[]",
    "null",
    "\"",
    "<!--",
    "%00%ff",
    "arn:",
    "arn:aws:catalog:::",
    "-",
    "port-",
    ":",
];

/// What answers gave in each account and region: ids by the letters before their first dash, ARNs by what they are of.
#[derive(Default)]
pub struct Pool {
    /// Where the next call is made, by its number.
    pub here: usize,
    known: BTreeMap<(String, usize), Vec<String>>,
    /// A product and one of its versions, by place; the first can mostly be launched.
    pairs: Vec<(usize, String, String)>,
    /// Whole requests whose answer had a token for the next page.
    pages: Vec<(String, Value)>,
    tokens: u64,
}

/// More of a kind are not remembered: the newest are what a walk goes on with.
const REMEMBERED: usize = 12;

impl Pool {
    pub fn keep(&mut self, kind: &str, text: &str) {
        let known = self.known.entry((kind.to_owned(), self.here)).or_default();
        if !known.iter().any(|known| known == text) {
            if known.len() == REMEMBERED {
                known.remove(0);
            }
            known.push(text.to_owned());
        }
    }

    /// Takes all that looks like an id or an ARN from an answer.
    pub fn learn(&mut self, answer: &Value) {
        match answer {
            Value::String(text) if text.starts_with("arn:") => {
                let kind = match text {
                    _ if text.contains(":cloudformation:") => "stack",
                    _ if text.contains(":product/") => "product",
                    _ if text.contains(":servicecatalog:") => "provisioned",
                    _ => return,
                };
                self.keep(kind, text);
            }
            Value::String(text) => {
                if let Some((kind, rest)) = text.split_once('-') {
                    let plain = rest
                        .chars()
                        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
                    if plain && rest.len() >= 8 && kind.len() < 16 {
                        self.keep(kind, text);
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.learn(item)),
            Value::Object(members) => members.values().for_each(|item| self.learn(item)),
            _ => {}
        }
    }

    /// Remembers a product with one of its versions.
    pub fn pair(&mut self, product: &str, version: &str) {
        let pair = (self.here, product.to_owned(), version.to_owned());
        if !self.pairs.contains(&pair) {
            self.pairs.push(pair);
        }
    }

    fn one_pair(&self, random: &mut Entropy) -> Option<(String, String)> {
        let pairs = self.pairs.iter().filter(|(place, ..)| *place == self.here);
        let pairs: Vec<_> = pairs.collect();
        let first = *pairs.first()?;
        let pair = if random.chance(0.6) {
            first
        } else {
            *pick(random, &pairs)
        };
        Some((pair.1.clone(), pair.2.clone()))
    }

    /// The oldest of a kind that is remembered.
    fn first(&self, kind: &str) -> Option<String> {
        let known = self.known.get(&(kind.to_owned(), self.here))?;
        known.first().cloned()
    }

    /// Whether there is an object of the kind that an operation needs most.
    fn serves(&self, operation: &str) -> bool {
        let shape = &MODEL.shapes[&MODEL.operations[operation]];
        let needed = |member: &String| {
            let optional = matches!(member.as_str(), "ProvisionedProductId" | "Id");
            optional || shape.required.contains(member)
        };
        let mut members = shape.members.keys().filter(|member| needed(member));
        members.all(|member| {
            let kinds = kinds(operation, member);
            let there = |kind: &&str| self.known.contains_key(&((*kind).to_owned(), self.here));
            kinds.is_empty() || kinds.iter().any(there)
        })
    }

    /// Remembers how a listing goes on.
    pub fn turn(&mut self, operation: &str, mut input: Value, token: &str) {
        input["PageToken"] = json!(token);
        if self.pages.len() == REMEMBERED {
            self.pages.remove(0);
        }
        self.pages.push((operation.to_owned(), input));
    }

    /// One of these kinds, mostly of the place where the next call is made.
    pub fn one(&self, random: &mut Entropy, kinds: &[&str]) -> Option<String> {
        let anywhere = random.chance(0.12);
        let known = self.known.iter().filter(|((kind, place), _)| {
            kinds.contains(&kind.as_str()) && (anywhere || *place == self.here)
        });
        let known: Vec<&String> = known.flat_map(|(_, known)| known).collect();
        (!known.is_empty()).then(|| (*pick(random, &known)).clone())
    }
}

pub fn pick<'a, T>(random: &mut Entropy, all: &'a [T]) -> &'a T {
    &all[random.below(all.len() as u64) as usize]
}

/// The same of texts.
fn any_of<'a>(random: &mut Entropy, all: &[&'a str]) -> &'a str {
    pick::<&str>(random, all)
}

pub fn hostile(random: &mut Entropy) -> String {
    match random.below(12) {
        0 => "x".repeat(1 + random.below(9_000) as usize),
        1 => "é".repeat(random.below(300) as usize),
        2 => "a:".repeat(random.below(300) as usize),
        _ => (*pick(random, &HOSTILE)).to_owned(),
    }
}

/// What leads on.
pub const MAKERS: [&str; 32] = [
    "CreatePortfolio",
    "CreateProduct",
    "CreateProduct",
    "CreateProvisioningArtifact",
    "CreateConstraint",
    "CreateConstraint",
    "AssociateProductWithPortfolio",
    "AssociateProductWithPortfolio",
    "AssociatePrincipalWithPortfolio",
    "CreatePortfolioShare",
    "CreatePortfolioShare",
    "AcceptPortfolioShare",
    "ProvisionProduct",
    "ProvisionProduct",
    "ProvisionProduct",
    "UpdateProvisionedProduct",
    "UpdateProvisionedProduct",
    "UpdateProvisionedProduct",
    "UpdateProvisionedProductProperties",
    "UpdateProvisionedProductProperties",
    "TerminateProvisionedProduct",
    "ImportAsProvisionedProduct",
    "CopyProduct",
    "CreateProvisionedProductPlan",
    "CreateProvisionedProductPlan",
    "ExecuteProvisionedProductPlan",
    "CreateTagOption",
    "AssociateTagOptionWithResource",
    "AssociateTagOptionWithResource",
    "CreateServiceAction",
    "AssociateServiceActionWithProvisioningArtifact",
    "AssociateServiceActionWithProvisioningArtifact",
];

/// Of which one is asked for at a time, or neither.
const EITHER: [(&str, &str, f64); 6] = [
    ("Id", "Name", 0.95),
    ("ProductId", "ProductName", 0.95),
    ("ProvisioningArtifactId", "ProvisioningArtifactName", 0.9),
    ("PathId", "PathName", 0.1),
    ("ProvisionedProductId", "ProvisionedProductName", 0.95),
    ("AccountId", "OrganizationNode", 0.98),
];

/// Constraints and what they take.
const CONSTRAINTS: [(&str, &str); 7] = [
    ("LAUNCH", "{\"LocalRoleName\":\"launch\"}"),
    (
        "LAUNCH",
        "{\"RoleArn\":\"arn:aws:iam::123456789012:role/launch\"}",
    ),
    (
        "NOTIFICATION",
        "{\"NotificationArns\":[\"arn:aws:sns:us-east-1:123456789012:topic\"]}",
    ),
    (
        "RESOURCE_UPDATE",
        "{\"Version\":\"2.0\",\"Properties\":{\"TagUpdateOnProvisionedProduct\":\"ALLOWED\"}}",
    ),
    (
        "STACKSET",
        "{\"Version\":\"String\",\"Properties\":{\"AccountList\":[\"123456789012\"],\"RegionList\":[\"us-east-1\"],\
         \"AdminRole\":\"arn:aws:iam::123456789012:role/admin\",\"ExecutionRole\":\"exec\"}}",
    ),
    (
        "TEMPLATE",
        "{\"Rules\":{\"R\":{\"Assertions\":[{\"Assert\":{\"Fn::Contains\":[[\"small\"],{\"Ref\":\"Size\"}]},\
         \"AssertDescription\":\"no\"}]}}}",
    ),
    ("TEMPLATE", "{\"Rules\":{\"R\":{\"Assertions\":[]}}}"),
];

/// An operation and its input.
pub fn request(random: &mut Entropy, pool: &mut Pool) -> (String, Value) {
    if !pool.pages.is_empty() && random.chance(0.08) {
        let (operation, mut input) = pick(random, &pool.pages).clone();
        if random.chance(0.3) {
            input["PageSize"] = json!(random.below(5));
        }
        if random.chance(0.1) {
            input["AcceptLanguage"] = json!("jp");
        }
        return (operation, input);
    }
    let names: Vec<&String> = MODEL.operations.keys().collect();
    let mut operation = (*pick(random, &names)).clone();
    // What is made is needed by all the others.
    if random.chance(0.4) {
        operation = (*pick(random, &MAKERS)).to_owned();
    }
    for _ in 0..4 {
        if pool.serves(&operation) || random.chance(0.1) {
            break;
        }
        operation = any_of(random, &MAKERS).to_owned();
    }
    let input = structure(random, pool, &operation, &MODEL.operations[&operation]);
    (operation, input)
}

fn structure(random: &mut Entropy, pool: &mut Pool, operation: &str, name: &str) -> Value {
    let shape = &MODEL.shapes[name];
    let mut members = Map::new();
    for (member, of) in &shape.members {
        let required = shape.required.contains(member);
        let wanted = match member.as_str() {
            _ if required => !random.chance(0.01),
            "Info" | "CodeStar" | "Name" | "Value" | "Key" => random.chance(0.9),
            "AccountId"
            | "Id"
            | "ProductId"
            | "ProvisioningArtifactId"
            | "ProvisioningArtifactParameters"
            | "ProvisionedProductId" => random.chance(0.8),
            "ProvisioningParameters" => random.chance(0.7),
            "PageToken" => random.chance(0.02),
            // Most tags that are drawn are refused.
            "Tags" if operation == "UpdateProvisionedProduct" => random.chance(0.1),
            "ProvisioningPreferences" if operation == "UpdateProvisionedProduct" => {
                random.chance(0.4)
            }
            // They exclude the counts.
            "StackSetFailureTolerancePercentage" | "StackSetMaxConcurrencyPercentage" => {
                random.chance(0.1)
            }
            "StackSetAccounts" | "StackSetRegions" => random.chance(0.8),
            "ProvisioningPreferences"
            | "SourceConnection"
            | "ProductName"
            | "PathName"
            | "ProvisioningArtifactName"
            | "SourcePortfolioId"
            | "ProvisionedProductName"
            | "OrganizationNode"
            | "PathId"
            | "PortfolioShareType" => random.chance(0.15),
            _ => random.chance(0.3),
        };
        if wanted {
            let value = value(random, pool, operation, member, of);
            members.insert(member.clone(), value);
        }
    }
    for (one, other, chance) in EITHER {
        if !shape.members.contains_key(one) || !shape.members.contains_key(other) {
            continue;
        }
        if shape.required.iter().any(|own| own == one || own == other) || random.chance(0.04) {
            continue;
        }
        members.remove(one);
        members.remove(other);
        if random.chance(chance) {
            let member = if random.chance(0.8) { one } else { other };
            let of = &shape.members[member];
            members.insert(
                member.to_owned(),
                value(random, pool, operation, member, of),
            );
        }
    }
    if members.contains_key("ProductId")
        && members.contains_key("ProvisioningArtifactId")
        && random.chance(0.8)
        && let Some((product, version)) = pool.one_pair(random)
    {
        members.insert("ProductId".to_owned(), json!(product));
        members.insert("ProvisioningArtifactId".to_owned(), json!(version));
    }
    if operation.starts_with("UpdateProvisionedProduct")
        && random.chance(0.4)
        && let Some(first) = pool.first("pp")
    {
        // The first was launched so that it can be updated; later ones have mostly failed.
        members.remove("ProvisionedProductName");
        members.insert("ProvisionedProductId".to_owned(), json!(first));
    }
    if ["AcceptPortfolioShare", "RejectPortfolioShare"].contains(&operation) && random.chance(0.8) {
        // Of the other account in the same region.
        let own = pool.here;
        pool.here = (own + REGIONS.len()) % (ACCOUNTS.len() * REGIONS.len());
        let kind = if random.chance(0.7) { "shared" } else { "port" };
        if let Some(portfolio) = pool.one(random, &[kind]) {
            members.insert("PortfolioId".to_owned(), json!(portfolio));
        }
        pool.here = own;
    }
    if operation == "CreateConstraint" && random.chance(0.7) {
        let (kind, parameters) = *pick(random, &CONSTRAINTS);
        members.insert("Type".to_owned(), json!(kind));
        members.insert("Parameters".to_owned(), json!(parameters));
    }
    for kind in ["ProductType", "Type"] {
        let of = shape.members.get(kind).map(|of| &MODEL.shapes[of].values);
        let ordinary = "CLOUD_FORMATION_TEMPLATE";
        if of.is_some_and(|of| of.iter().any(|value| value == ordinary)) && random.chance(0.8) {
            members.insert(kind.to_owned(), json!(ordinary));
        }
    }
    Value::Object(members)
}

fn value(
    random: &mut Entropy,
    pool: &mut Pool,
    operation: &str,
    member: &str,
    name: &str,
) -> Value {
    let shape = &MODEL.shapes[name];
    match shape.kind.as_str() {
        "structure" => structure(random, pool, operation, name),
        "list" => {
            let least = shape.min.unwrap_or(0) as u64;
            let of = shape.of.as_deref().unwrap();
            let items = (0..least + random.below(4))
                .map(|_| value(random, pool, operation, member, of))
                .collect();
            Value::Array(items)
        }
        "map" => map(random, pool, operation, member, shape),
        "integer" => json!(match random.below(6) {
            0 => shape.min.unwrap_or(0) as u64,
            1 => shape.max.unwrap_or(1 << 40) as u64,
            2 => 0,
            _ => 1 + random.below(5),
        }),
        "boolean" => json!(random.chance(0.5)),
        "timestamp" => json!(random.below(2_000_000_000)),
        _ if !shape.values.is_empty() && !random.chance(0.01) => {
            json!(pick(random, &shape.values))
        }
        _ => json!(text(random, pool, operation, member)),
    }
}

fn map(
    random: &mut Entropy,
    pool: &mut Pool,
    operation: &str,
    member: &str,
    shape: &Shape,
) -> Value {
    let values = &MODEL.shapes[shape.key.as_deref().unwrap()].values;
    let of = shape.of.as_deref().unwrap();
    let mut members = Map::new();
    for _ in 0..=random.below(2) {
        let (key, value) = match member {
            "Info" => {
                let from = random.chance(0.85);
                let source = if from { "url" } else { "stack" };
                let key = if from {
                    "LoadTemplateFromURL"
                } else {
                    "ImportFromPhysicalId"
                };
                let source = pool.one(random, &[source]);
                (
                    key.to_owned(),
                    json!(source.unwrap_or_else(|| hostile(random))),
                )
            }
            "Definition" => {
                let (key, value) = *pick(
                    random,
                    &[
                        ("Name", "AWS-RestartEC2Instance"),
                        ("Version", "1"),
                        ("AssumeRole", ROLE),
                        ("Parameters", "[{\"Name\":\"a\",\"Type\":\"TARGET\"}]"),
                        ("Parameters", "[{"),
                    ],
                );
                (key.to_owned(), json!(value))
            }
            _ => {
                let key = if values.is_empty() || random.chance(0.02) {
                    hostile(random)
                } else {
                    pick(random, values).clone()
                };
                let own = key.clone();
                (key, value(random, pool, operation, &own, of))
            }
        };
        members.insert(key, value);
        if member == "Info" {
            break;
        }
    }
    if member == "Definition" && random.chance(0.8) {
        members.insert("Name".to_owned(), json!("AWS-RestartEC2Instance"));
        members.insert("Version".to_owned(), json!("1"));
    }
    Value::Object(members)
}

/// The ids that a member wants.
fn kinds(operation: &str, member: &str) -> &'static [&'static str] {
    match member {
        "PortfolioId" | "SourcePortfolioId" => &["port"],
        "ProductId" | "TargetProductId" | "SourceProductId" => &["prod"],
        "ProvisioningArtifactId" | "SourceProvisioningArtifactIdentifiers" => &["pa"],
        "ServiceActionId" => &["act"],
        "TagOptionId" => &["tag"],
        "ResourceId" => &["port", "prod"],
        "ProvisionedProductId" | "ProvisionProductId" => &["pp"],
        "PlanId" => &["plan"],
        "PathId" => &["lpv3"],
        "CopyProductToken" => &["copyproduct"],
        "PortfolioShareToken" => &["share"],
        "RecordId" => &["rec"],
        "PhysicalId" => &["stack"],
        "Id" => match operation {
            _ if operation.ends_with("Constraint") => &["cons"],
            _ if operation.ends_with("Portfolio") => &["port"],
            _ if operation.ends_with("ServiceAction") => &["act"],
            _ if operation.ends_with("TagOption") => &["tag"],
            "DescribeProductView" => &["prodview"],
            "DescribeRecord" => &["rec"],
            "DescribeProvisionedProduct" => &["pp"],
            "CopyProduct" => &["pa"],
            _ => &["prod"],
        },
        _ => &[],
    }
}

fn text(random: &mut Entropy, pool: &mut Pool, operation: &str, member: &str) -> String {
    if random.chance(0.03) {
        return hostile(random);
    }
    let kinds = kinds(operation, member);
    if !kinds.is_empty() {
        // Now and then that of another kind of object.
        let strange = random.chance(0.03).then(|| pool.any(random)).flatten();
        let known = strange.or_else(|| pool.one(random, kinds));
        return known.unwrap_or_else(|| format!("{}-aaaaaaaaaaaaa", kinds[0]));
    }
    let own = |text: &str| text.to_owned();
    match member {
        _ if member.ends_with("Token") && member != "PageToken" => {
            if random.chance(0.05) {
                own(any_of(random, &["t", "T-1", "again"]))
            } else {
                pool.tokens += 1;
                format!("token-{}", pool.tokens)
            }
        }
        "PageToken" => hostile(random),
        "AcceptLanguage" => own(any_of(random, &["en", "jp", "zh", "xx", ""])),
        "AccountId" if random.chance(0.8) => own(ACCOUNTS[1 - pool.here / REGIONS.len()]),
        "AccountId" | "StackSetAccounts" => own(any_of(random, &ACCOUNTS)),
        "StackSetRegions" => own(any_of(random, &REGIONS)),
        "PrincipalARN" if random.chance(0.6) => {
            let account = ACCOUNTS[pool.here / REGIONS.len()];
            format!("arn:aws:iam::{account}:role/catalogd")
        }
        "PrincipalARN" => own(any_of(
            random,
            &[
                ROLE,
                "arn:aws:iam::210987654321:role/catalogd",
                "arn:aws:iam:::role/*",
                "arn:aws:iam:::role/catalog?",
                "arn:aws:iam::123456789012:user/one",
            ],
        )),
        "SourceProductArn" => pool
            .one(random, &["product"])
            .unwrap_or_else(|| hostile(random)),
        "Type" => own(any_of(
            random,
            &[
                "LAUNCH",
                "NOTIFICATION",
                "STACKSET",
                "TEMPLATE",
                "RESOURCE_UPDATE",
                "launch",
            ],
        )),
        "Parameters" => constraint(random),
        "ProvisionedProductName"
            if operation != "CreateProvisionedProductPlan" && random.chance(0.1) =>
        {
            pool.one(random, &["provisioned"])
                .unwrap_or_else(|| own("alpha"))
        }
        "OWNER" | "LAUNCH_ROLE" => own(any_of(
            random,
            &[
                ROLE,
                "arn:aws:sts::123456789012:assumed-role/catalogd/session",
                "arn:aws:iam::210987654321:role/catalogd",
                "",
            ],
        )),
        "ResourceType" => own(any_of(random, &["Portfolio", "Product", "portfolio", ""])),
        "SearchQuery" => {
            let key = pick(
                random,
                &[
                    "name",
                    "status",
                    "productId",
                    "userArn",
                    "createdTime",
                    "nonesuch",
                    "",
                    "tags",
                    "type",
                ],
            );
            let value = pick(random, &["alpha*", "AVAILABLE", "", "*", "a:b", "2027"]);
            format!("{key}:{value}")
        }
        "SortBy" => own(any_of(
            random,
            &["name", "createdTime", "status", "id", "", "x"],
        )),
        "Value" if operation.starts_with("Scan") || operation.contains("Plans") => own("self"),
        "Value"
            if operation == "ListRecordHistory" || operation.starts_with("SearchProvisioned") =>
        {
            let known = pool.one(random, &["pp", "prod"]).unwrap_or_default();
            own(any_of(random, &["self", "self", &known]))
        }
        "Value" if operation.ends_with("Share") => {
            let node = pool.one(random, &["o", "ou"]);
            node.unwrap_or_else(|| own(ACCOUNTS[1]))
        }
        "OrganizationParentId" => {
            let node = pool.one(random, &["o", "ou", "r"]);
            node.unwrap_or_else(|| own("r-abcd"))
        }
        "Key" if operation == "ListRecordHistory" => {
            own(any_of(random, &["provisionedproduct", "product", "x"]))
        }
        "Key" if operation.contains("Provision") => {
            own(any_of(random, &["Owner", "Owner", "Size", "Nonesuch"]))
        }
        "Value" => own(any_of(
            random,
            &["small", "large", "x", "", "1,2", "${AWS::Region}"],
        )),
        "ConnectionArn" => own(
            "arn:aws:codestar-connections:us-east-1:123456789012:connection/00000000-0000-0000-0000-000000000000",
        ),
        "NotificationArns" => own("arn:aws:sns:us-east-1:123456789012:topic"),
        "OutputKeys" => own(any_of(random, &["Kind", "CloudformationStackARN", "x"])),
        "WorkflowToken" => own("dG9rZW4="),
        _ => own(any_of(random, &NAMES)),
    }
}

fn constraint(random: &mut Entropy) -> String {
    let role = "{\"RoleArn\":\"arn:aws:iam::123456789012:role/launch\"}";
    let all = [
        role,
        "{\"LocalRoleName\":\"launch\"}",
        "{\"NotificationArns\":[\"arn:aws:sns:us-east-1:123456789012:topic\"]}",
        "{\"Version\":\"2.0\",\"Properties\":{\"TagUpdateOnProvisionedProduct\":\"ALLOWED\"}}",
        "{\"Version\":\"2.0\",\"Properties\":{\"TagUpdateOnProvisionedProduct\":\"NOT_ALLOWED\"}}",
        "{\"Version\":\"String\",\"Properties\":{\"AccountList\":[\"123456789012\"],\"RegionList\":[\"us-east-1\"],\
         \"AdminRole\":\"arn:aws:iam::123456789012:role/admin\",\"ExecutionRole\":\"exec\"}}",
        "{\"Rules\":{\"R\":{\"Assertions\":[{\"Assert\":{\"Fn::Contains\":[[\"small\"],{\"Ref\":\"Size\"}]},\
         \"AssertDescription\":\"no\"}]}}}",
        "{\"Rules\":{\"R\":{\"RuleCondition\":{\"Fn::Equals\":[{\"Ref\":\"Size\"}]},\"Assertions\":[]}}}",
        "{\"RoleArn\":7}",
        "{",
        "[]",
        "",
    ];
    (*pick(random, &all)).to_owned()
}

impl Pool {
    fn any(&self, random: &mut Entropy) -> Option<String> {
        let ids = self.known.iter().filter(|((kind, _), _)| kind != "url");
        let all: Vec<&String> = ids.flat_map(|(_, known)| known).collect();
        (!all.is_empty()).then(|| (*pick(random, &all)).clone())
    }
}
