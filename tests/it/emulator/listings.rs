//! Every listing of the model, read a page at a time (facts §5).

use catalogd::emulator::{Profile, operations};
use serde_json::{Value, json};

use super::client::{ACCOUNT, Bench, ROLE, text, with};
use super::model::MODEL;
use super::organizations::{organization, unit};

const INVALID: &str = "InvalidParametersException";

/// A listing: the operation, the member that has its items, and the one that has the next page's token.
const LISTINGS: [(&str, &str, &str); 25] = [
    ("DescribePortfolioShares", "PortfolioShareDetails", NEXT),
    ("DescribeProvisionedProductPlan", "ResourceChanges", NEXT),
    ("DescribeRecord", "RecordOutputs", NEXT),
    ("GetProvisionedProductOutputs", "Outputs", NEXT),
    ("ListAcceptedPortfolioShares", "PortfolioDetails", NEXT),
    ("ListBudgetsForResource", "Budgets", NEXT),
    ("ListConstraintsForPortfolio", "ConstraintDetails", NEXT),
    ("ListLaunchPaths", "LaunchPathSummaries", NEXT),
    ("ListOrganizationPortfolioAccess", "OrganizationNodes", NEXT),
    ("ListPortfolioAccess", "AccountIds", NEXT),
    ("ListPortfolios", "PortfolioDetails", NEXT),
    ("ListPortfoliosForProduct", "PortfolioDetails", NEXT),
    ("ListPrincipalsForPortfolio", "Principals", NEXT),
    (
        "ListProvisionedProductPlans",
        "ProvisionedProductPlans",
        NEXT,
    ),
    (
        "ListProvisioningArtifactsForServiceAction",
        "ProvisioningArtifactViews",
        NEXT,
    ),
    ("ListRecordHistory", "RecordDetails", NEXT),
    ("ListResourcesForTagOption", "ResourceDetails", "PageToken"),
    ("ListServiceActions", "ServiceActionSummaries", NEXT),
    (
        "ListServiceActionsForProvisioningArtifact",
        "ServiceActionSummaries",
        NEXT,
    ),
    (
        "ListStackInstancesForProvisionedProduct",
        "StackInstances",
        NEXT,
    ),
    ("ListTagOptions", "TagOptionDetails", "PageToken"),
    ("ScanProvisionedProducts", "ProvisionedProducts", NEXT),
    ("SearchProducts", "ProductViewSummaries", NEXT),
    ("SearchProductsAsAdmin", "ProductViewDetails", NEXT),
    ("SearchProvisionedProducts", "ProvisionedProducts", NEXT),
];
const NEXT: &str = "NextPageToken";

/// Whom portfolios are shared with, and who shares some.
const OTHERS: [&str; 3] = ["210987654321", "310987654321", "410987654321"];

/// Three of everything, or more.
struct Full {
    bench: Bench,
    portfolio: String,
    product: String,
    record: String,
    plan: String,
    version: String,
    option: String,
    action: String,
    set: String,
}

const TEMPLATE: &str = r#"
Resources: {T: {Type: "AWS::SNS::Topic"}, U: {Type: "AWS::SNS::Topic"}, V: {Type: "AWS::SNS::Topic"}}
Outputs: {A: {Value: a}, B: {Value: b}, C: {Value: c}}
"#;

impl Full {
    async fn new() -> Self {
        let bench = Bench::new(Profile::Instant);
        let (portfolio, product, version) = bench.launchable_of("one", TEMPLATE).await;
        for name in ["two", "three"] {
            let (more, _) = bench.product(name).await;
            let pair = json!({"ProductId": more, "PortfolioId": portfolio});
            bench.ok("AssociateProductWithPortfolio", pair).await;
            let more = bench.portfolio(name).await;
            let pair = json!({"ProductId": product, "PortfolioId": more});
            bench.ok("AssociateProductWithPortfolio", pair).await;
            let principal =
                json!({"PortfolioId": more, "PrincipalARN": ROLE, "PrincipalType": "IAM"});
            bench.ok("AssociatePrincipalWithPortfolio", principal).await;
            let arn = format!("arn:aws:iam::{ACCOUNT}:role/{name}");
            let principal =
                json!({"PortfolioId": portfolio, "PrincipalARN": arn, "PrincipalType": "IAM"});
            bench.ok("AssociatePrincipalWithPortfolio", principal).await;
        }
        for token in ["one", "two", "three"] {
            let topic = format!("arn:aws:sns:us-east-1:{ACCOUNT}:{token}");
            let topic = json!({"NotificationArns": [topic]}).to_string();
            let create = json!({"ProductId": product, "PortfolioId": portfolio, "Type": "NOTIFICATION",
                                "Parameters": topic, "IdempotencyToken": token});
            bench.ok("CreateConstraint", create).await;
        }
        let paths = bench
            .ok("ListLaunchPaths", json!({"ProductId": product}))
            .await;
        let path = text(&paths, "/LaunchPathSummaries/0/Id");
        let mut record = String::new();
        for name in ["one", "two", "three"] {
            let launch = json!({"ProductId": product, "ProvisioningArtifactId": version, "PathId": path,
                                "ProvisionedProductName": name, "ProvisionToken": name});
            let made = bench.ok("ProvisionProduct", launch).await;
            record = text(&made, "/RecordDetail/RecordId");
        }
        let mut plan = String::new();
        for name in ["four", "five", "six"] {
            let create = json!({"PlanName": name, "PlanType": "CLOUDFORMATION", "ProductId": product,
                                "ProvisioningArtifactId": version, "PathId": path,
                                "ProvisionedProductName": name, "IdempotencyToken": name});
            let made = bench.ok("CreateProvisionedProductPlan", create).await;
            plan = text(&made, "/PlanId");
        }
        share(&bench, &portfolio).await;
        let (mut option, mut action) = (String::new(), String::new());
        for name in ["one", "two", "three"] {
            let budget = json!({"BudgetName": name, "ResourceId": product});
            bench.ok("AssociateBudgetWithResource", budget).await;
            let create = json!({"Key": "k", "Value": name});
            let made = bench.ok("CreateTagOption", create).await;
            option = text(&made, "/TagOptionDetail/Id");
            let create = json!({"Name": name, "DefinitionType": "SSM_AUTOMATION", "IdempotencyToken": name,
                                "Definition": {"Name": "AWS-RestartEC2Instance", "Version": "1"}});
            let made = bench.ok("CreateServiceAction", create).await;
            action = text(&made, "/ServiceActionDetail/ServiceActionSummary/Id");
            let at = json!({"ProductId": product, "ProvisioningArtifactId": version, "ServiceActionId": action});
            let associate = "AssociateServiceActionWithProvisioningArtifact";
            bench.ok(associate, at).await;
        }
        for name in ["four", "five", "six"] {
            let (other, version) = bench.product(name).await;
            let pair = json!({"TagOptionId": option, "ResourceId": other});
            bench.ok("AssociateTagOptionWithResource", pair).await;
            let at = json!({"ProductId": other, "ProvisioningArtifactId": version, "ServiceActionId": action});
            let associate = "AssociateServiceActionWithProvisioningArtifact";
            bench.ok(associate, at).await;
        }
        let set = stack_set(&bench).await;
        bench.pass(600.0).await;
        Self {
            bench,
            portfolio,
            product,
            record,
            plan,
            version,
            option,
            action,
            set,
        }
    }

    /// Asks for a listing of three or more.
    fn input(&self, operation: &str) -> Value {
        match operation {
            "DescribeProvisionedProductPlan" => json!({"PlanId": self.plan}),
            "DescribeRecord" => json!({"Id": self.record}),
            "GetProvisionedProductOutputs" => json!({"ProvisionedProductName": "one"}),
            "DescribePortfolioShares" => json!({"PortfolioId": self.portfolio, "Type": "ACCOUNT"}),
            "ListOrganizationPortfolioAccess" => {
                json!({"PortfolioId": self.portfolio, "OrganizationNodeType": "ORGANIZATIONAL_UNIT"})
            }
            "ListBudgetsForResource" => json!({"ResourceId": self.product}),
            "ListProvisioningArtifactsForServiceAction" => json!({"ServiceActionId": self.action}),
            "ListResourcesForTagOption" => json!({"TagOptionId": self.option}),
            "ListServiceActionsForProvisioningArtifact" => {
                json!({"ProductId": self.product, "ProvisioningArtifactId": self.version})
            }
            "ListStackInstancesForProvisionedProduct" => json!({"ProvisionedProductId": self.set}),
            "ListConstraintsForPortfolio"
            | "ListPortfolioAccess"
            | "ListPrincipalsForPortfolio" => {
                json!({"PortfolioId": self.portfolio})
            }
            "ListLaunchPaths" | "ListPortfoliosForProduct" => json!({"ProductId": self.product}),
            "ListAcceptedPortfolioShares"
            | "ListPortfolios"
            | "ListProvisionedProductPlans"
            | "ListRecordHistory"
            | "ListServiceActions"
            | "ListTagOptions"
            | "ScanProvisionedProducts"
            | "SearchProducts"
            | "SearchProductsAsAdmin" => json!({}),
            // Without an order, its pages are not of one listing (facts §5).
            "SearchProvisionedProducts" => json!({"SortBy": "name"}),
            _ => panic!("what is to be asked of {operation}?"),
        }
    }
}

/// Launches a stack set with three stacks.
async fn stack_set(bench: &Bench) -> String {
    let (portfolio, product, version) = bench.launchable_of("set", TEMPLATE).await;
    let parameters = json!({"Version": "1", "Properties": {
        "AccountList": [ACCOUNT], "RegionList": ["us-east-1", "eu-west-1", "eu-central-1"],
        "AdminRole": format!("arn:aws:iam::{ACCOUNT}:role/admin"), "ExecutionRole": "execution"}});
    let constraint = json!({"PortfolioId": portfolio, "ProductId": product, "Type": "STACKSET",
                            "Parameters": parameters.to_string(), "IdempotencyToken": "set"});
    bench.ok("CreateConstraint", constraint).await;
    let launch = json!({"ProductId": product, "ProvisioningArtifactId": version,
                        "ProvisionedProductName": "set", "ProvisionToken": "set"});
    let made = bench.ok("ProvisionProduct", launch).await;
    text(&made, "/RecordDetail/ProvisionedProductId")
}

/// Shares a portfolio with other accounts and with units, and others' with the first account.
async fn share(bench: &Bench, portfolio: &str) {
    for other in OTHERS {
        let share = json!({"PortfolioId": portfolio, "AccountId": other});
        bench.ok("CreatePortfolioShare", share).await;
        let other = bench.in_account(other);
        let theirs = json!({"PortfolioId": other.portfolio("theirs").await});
        let mut share = theirs.clone();
        share["AccountId"] = json!(ACCOUNT);
        other.ok("CreatePortfolioShare", share).await;
        bench.ok("AcceptPortfolioShare", theirs).await;
    }
    let root = organization(bench).await;
    bench.ok("EnableAWSOrganizationsAccess", json!({})).await;
    for name in ["one", "two", "three"] {
        let node = json!({"Type": "ORGANIZATIONAL_UNIT", "Value": unit(bench, &root, name).await});
        let share = json!({"PortfolioId": portfolio, "OrganizationNode": node});
        bench.ok("CreatePortfolioShare", share).await;
    }
}

fn items(answer: &Value, key: &str) -> Vec<Value> {
    let items = answer[key].as_array();
    items.unwrap_or_else(|| panic!("{key} of {answer}")).clone()
}

/// How large the model lets a page be.
fn most(operation: &str) -> usize {
    let (_, size) = MODEL
        .input(operation)
        .find(|(name, _)| *name == "PageSize")
        .unwrap();
    MODEL.shapes[size].max.unwrap()
}

#[test]
fn the_table_has_what_the_model_pages() {
    let paged = MODEL.operations.keys().filter(|operation| {
        MODEL
            .input(operation)
            .any(|(member, _)| member == "PageToken")
    });
    assert!(paged.eq(LISTINGS.iter().map(|(operation, ..)| operation)));
    for (operation, ..) in LISTINGS {
        let answered = operations().any(|known| known == operation);
        assert!(answered, "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn pages_come_one_after_another_and_the_last_has_no_token() {
    let full = Full::new().await;
    for (operation, key, token) in LISTINGS {
        let input = full.input(operation);
        let whole = full.bench.ok(operation, input.clone()).await;
        assert!(whole.get(token).is_none(), "{operation}: {whole}");
        let whole = items(&whole, key);
        assert!(whole.len() >= 3, "{operation}: {whole:?}");
        let mut read = Vec::new();
        let mut asked = with(input.clone(), json!({"PageSize": 1}));
        loop {
            let page = full.bench.ok(operation, asked.clone()).await;
            assert_eq!(items(&page, key).len(), 1, "{operation}: {page}");
            read.extend(items(&page, key));
            let other = if token == NEXT { "PageToken" } else { NEXT };
            assert!(page.get(other).is_none(), "{operation}: {page}");
            let Some(next) = page.get(token) else { break };
            asked["PageToken"] = next.clone();
        }
        assert_eq!(read, whole, "{operation}");
        // A page that is just full is the last one.
        let exact = with(input.clone(), json!({"PageSize": whole.len()}));
        let exact = full.bench.ok(operation, exact).await;
        assert!(exact.get(token).is_none(), "{operation}: {exact}");
    }
}

#[tokio::test(start_paused = true)]
async fn pages_are_as_large_as_the_model_lets_them_be() {
    let full = Full::new().await;
    for (operation, key, _) in LISTINGS {
        let (input, most) = (full.input(operation), most(operation));
        let sized = async |size: i64| {
            let input = with(input.clone(), json!({"PageSize": size}));
            full.bench.call(operation, input).await
        };
        let most = i64::try_from(most).unwrap();
        for size in [0, most] {
            let page = sized(size).await.unwrap();
            assert!(items(&page, key).len() >= 3, "{operation} {size}");
        }
        for (size, rule) in [
            (-1, "greater than or equal to 0".to_owned()),
            (most + 1, format!("less than or equal to {most}")),
        ] {
            let refused = sized(size).await.unwrap_err();
            let text = format!(
                "1 validation error detected: Value '{size}' at 'pageSize' failed to satisfy constraint: \
                 Member must have value {rule}"
            );
            assert_eq!(
                refused,
                ("ValidationException".to_owned(), text),
                "{operation}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_goes_on_with_its_own_query_only() {
    let full = Full::new().await;
    let mut last = None;
    for (operation, _, token) in LISTINGS {
        let input = with(full.input(operation), json!({"PageSize": 1}));
        let first = full.bench.ok(operation, input.clone()).await;
        let next = text(&first, &format!("/{token}"));
        let asked = |token: &str| with(input.clone(), json!({"PageToken": token}));
        // Another size is the same query, and a token can be used again.
        let larger = with(asked(&next), json!({"PageSize": 2}));
        full.bench.ok(operation, larger).await;
        full.bench.ok(operation, asked(&next)).await;
        let mut strange = vec![
            asked("forged"),
            with(asked(&next), json!({"AcceptLanguage": "jp"})),
        ];
        strange.extend(last.as_deref().map(asked));
        for strange in strange {
            let (code, _) = full.bench.refused(operation, strange.clone()).await;
            assert_eq!(code, INVALID, "{operation} {strange}");
        }
        let long = asked(&"x".repeat(2025));
        let (code, _) = full.bench.refused(operation, long).await;
        assert_eq!(code, "ValidationException", "{operation}");
        last = Some(next);
    }
}

#[tokio::test(start_paused = true)]
async fn a_listing_of_nothing_is_an_empty_list() {
    let bench = Bench::new(Profile::Instant);
    let portfolio = bench.portfolio("bare").await;
    let (product, version) = bench.product("bare").await;
    let create = json!({"Key": "k", "Value": "v"});
    let option = bench.ok("CreateTagOption", create).await;
    let option = text(&option, "/TagOptionDetail/Id");
    let create = json!({"Name": "a", "DefinitionType": "SSM_AUTOMATION", "IdempotencyToken": "a",
                        "Definition": {"Name": "AWS-RestartEC2Instance", "Version": "1"}});
    let action = bench.ok("CreateServiceAction", create).await;
    let action = text(&action, "/ServiceActionDetail/ServiceActionSummary/Id");
    let elsewhere = bench.in_region("eu-west-1");
    organization(&bench).await;
    for (operation, key, _) in LISTINGS {
        let (bench, input) = match operation {
            // They answer of something that is never empty, or are refused.
            "DescribeProvisionedProductPlan"
            | "DescribeRecord"
            | "GetProvisionedProductOutputs"
            | "ListLaunchPaths"
            | "ListStackInstancesForProvisionedProduct" => continue,
            "ListConstraintsForPortfolio"
            | "ListPortfolioAccess"
            | "ListPrincipalsForPortfolio" => (&bench, json!({"PortfolioId": portfolio})),
            "DescribePortfolioShares" => {
                (&bench, json!({"PortfolioId": portfolio, "Type": "ACCOUNT"}))
            }
            "ListOrganizationPortfolioAccess" => (
                &bench,
                json!({"PortfolioId": portfolio, "OrganizationNodeType": "ACCOUNT"}),
            ),
            "ListPortfoliosForProduct" => (&bench, json!({"ProductId": product})),
            "ListBudgetsForResource" => (&bench, json!({"ResourceId": product})),
            "ListProvisioningArtifactsForServiceAction" => {
                (&bench, json!({"ServiceActionId": action}))
            }
            "ListResourcesForTagOption" => (&bench, json!({"TagOptionId": option})),
            "ListServiceActionsForProvisioningArtifact" => (
                &bench,
                json!({"ProductId": product, "ProvisioningArtifactId": version}),
            ),
            _ => (&elsewhere, json!({})),
        };
        let mut answer = bench.ok(operation, input).await;
        if operation == "SearchProvisionedProducts" {
            assert_eq!(answer["TotalResultsCount"], 0);
            answer.as_object_mut().unwrap().remove("TotalResultsCount");
        }
        assert_eq!(answer, json!({ key: [] }), "{operation}");
    }
}

/// Its answer has a token in the model, its request has none (facts §9.2).
#[tokio::test(start_paused = true)]
async fn versions_come_all_at_once() {
    let bench = Bench::new(Profile::Instant);
    let (product, _) = bench.product("many").await;
    let url = bench.template("many.yaml", TEMPLATE).await;
    for n in 1..25 {
        let create = json!({"ProductId": product, "IdempotencyToken": format!("v{n}"),
                            "Parameters": {"Name": format!("v{n}"), "Info": {"LoadTemplateFromURL": url}}});
        bench.ok("CreateProvisioningArtifact", create).await;
    }
    let listed = bench
        .ok(
            "ListProvisioningArtifacts",
            json!({"ProductId": product, "PageSize": 1}),
        )
        .await;
    assert_eq!(items(&listed, "ProvisioningArtifactDetails").len(), 25);
    assert!(listed.get(NEXT).is_none());
}
