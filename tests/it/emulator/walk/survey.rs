//! What must hold of all that an emulator has, as its callers see it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::emulator::client::{Bench, text};

/// More pages than any walk's listing has.
const MAX_PAGES: usize = 2_000;

/// Looks at everything from each caller's side and returns all answers.
pub async fn survey(callers: &[Bench]) -> Vec<String> {
    let mut seen = Vec::new();
    for bench in callers {
        let mut look = Look {
            bench,
            seen: Vec::new(),
        };
        look.products().await;
        look.portfolios().await;
        look.provisioned().await;
        look.attached().await;
        seen.append(&mut look.seen);
    }
    seen
}

/// With no fault in force and a day gone by, nothing is on its way any more.
pub fn at_rest(seen: &[String]) {
    for answer in seen {
        for word in ["\"UNDER_CHANGE\"", "\"CREATING\"", "\"NOT_STARTED\""] {
            assert!(!answer.contains(word), "{word} after a day: {answer}");
        }
        let record = answer.starts_with("DescribeRecord ");
        assert!(
            !(record && answer.contains("\"Status\":\"IN_PROGRESS")),
            "{answer}"
        );
        assert!(
            !(record && answer.contains("\"Status\":\"CREATED\"")),
            "{answer}"
        );
        let plan = answer.starts_with("DescribeProvisionedProductPlan ");
        assert!(
            !(plan && answer.contains("_IN_PROGRESS\"")),
            "a plan after a day: {answer}"
        );
    }
}

struct Look<'a> {
    bench: &'a Bench,
    seen: Vec<String>,
}

impl Look<'_> {
    async fn ask(&mut self, operation: &str, input: Value) -> Value {
        let answer = self.bench.ok(operation, input.clone()).await;
        self.seen.push(format!("{operation} {input}: {answer}"));
        answer
    }

    /// All items of a listing, read in small pages: each of them once, and the same as in large ones.
    async fn all(&mut self, operation: &str, input: Value, items: &str) -> Vec<Value> {
        let small = self.pages(operation, &input, items, 2).await;
        let large = self.pages(operation, &input, items, 20).await;
        assert_eq!(small, large, "{operation} {input}");
        let once: BTreeSet<String> = small.iter().map(Value::to_string).collect();
        assert_eq!(once.len(), small.len(), "{operation} {input}: {small:?}");
        self.seen.push(format!("{operation} {input}: {small:?}"));
        small
    }

    async fn pages(
        &mut self,
        operation: &str,
        input: &Value,
        items: &str,
        size: usize,
    ) -> Vec<Value> {
        let mut all = Vec::new();
        let mut input = input.clone();
        input["PageSize"] = json!(size);
        for _ in 0..MAX_PAGES {
            let answer = self.bench.ok(operation, input.clone()).await;
            let page = match answer.get(items) {
                Some(page) => page.as_array().unwrap(),
                // A plan that is not made yet, or failed, has no list at all.
                None if operation == "DescribeProvisionedProductPlan" => return all,
                None => panic!("{operation} {input}: {answer}"),
            };
            assert!(page.len() <= size, "{operation} {input}: {answer}");
            all.extend(page.iter().cloned());
            // An answer says the token under one name or another, a request always under this one.
            let next = answer
                .get("NextPageToken")
                .or_else(|| answer.get("PageToken"));
            match next {
                None => return all,
                Some(token) => {
                    assert!(
                        !page.is_empty(),
                        "{operation} {input}: an empty page that is not the last"
                    );
                    input["PageToken"] = token.clone();
                }
            }
        }
        panic!("{operation} {input} does not end");
    }

    async fn portfolios(&mut self) {
        let own = self
            .all("ListPortfolios", json!({}), "PortfolioDetails")
            .await;
        let accepted = self
            .all("ListAcceptedPortfolioShares", json!({}), "PortfolioDetails")
            .await;
        let mut portfolios: Vec<(String, bool)> = Vec::new();
        portfolios.extend(own.iter().map(|row| (text(row, "/Id"), true)));
        portfolios.extend(accepted.iter().map(|row| (text(row, "/Id"), false)));
        for (id, own) in portfolios {
            let described = self.ask("DescribePortfolio", json!({"Id": id})).await;
            assert_eq!(text(&described, "/PortfolioDetail/Id"), id);
            let of = json!({"PortfolioId": id});
            let products = self
                .all("SearchProductsAsAdmin", of.clone(), "ProductViewDetails")
                .await;
            for product in &products {
                let product = text(product, "/ProductViewSummary/ProductId");
                let input = json!({"ProductId": product});
                let back = self
                    .all("ListPortfoliosForProduct", input, "PortfolioDetails")
                    .await;
                assert!(
                    back.iter().any(|row| row["Id"] == json!(id)),
                    "{product} is in {id}: {back:?}"
                );
                let input = json!({"Id": product, "SourcePortfolioId": id});
                self.ask("DescribeProductAsAdmin", input).await;
            }
            self.all("ListPrincipalsForPortfolio", of.clone(), "Principals")
                .await;
            let constraints = self
                .all(
                    "ListConstraintsForPortfolio",
                    of.clone(),
                    "ConstraintDetails",
                )
                .await;
            for constraint in constraints {
                let input = json!({"Id": text(&constraint, "/ConstraintId")});
                let described = self.ask("DescribeConstraint", input).await;
                assert_eq!(described["ConstraintDetail"], constraint);
                let product = &constraint["ProductId"];
                assert!(
                    products
                        .iter()
                        .any(|row| row["ProductViewSummary"]["ProductId"] == *product),
                    "{constraint} is of no product of {products:?}"
                );
            }
            if own {
                let input = json!({"ResourceId": id});
                self.all("ListBudgetsForResource", input, "Budgets").await;
                self.shares(&id).await;
            }
        }
    }

    async fn shares(&mut self, portfolio: &str) {
        let kinds = [
            "ACCOUNT",
            "ORGANIZATION",
            "ORGANIZATIONAL_UNIT",
            "ORGANIZATION_MEMBER_ACCOUNT",
        ];
        for kind in kinds {
            let input = json!({"PortfolioId": portfolio, "Type": kind});
            let shares = self
                .all("DescribePortfolioShares", input, "PortfolioShareDetails")
                .await;
            if kind == "ACCOUNT" {
                let input = json!({"PortfolioId": portfolio});
                let access = self.all("ListPortfolioAccess", input, "AccountIds").await;
                for share in shares {
                    assert!(access.contains(&share["PrincipalId"]), "{share} {access:?}");
                }
            }
        }
    }

    async fn products(&mut self) {
        let products = self
            .all("SearchProductsAsAdmin", json!({}), "ProductViewDetails")
            .await;
        self.all("SearchProducts", json!({}), "ProductViewSummaries")
            .await;
        for sort in ["Title", "VersionCount", "CreationDate"] {
            let input = json!({"SortBy": sort, "SortOrder": "DESCENDING"});
            let sorted = self
                .all("SearchProductsAsAdmin", input, "ProductViewDetails")
                .await;
            assert_eq!(sorted.len(), products.len());
        }
        for product in products {
            let id = text(&product, "/ProductViewSummary/ProductId");
            let described = self.ask("DescribeProductAsAdmin", json!({"Id": id})).await;
            assert_eq!(
                described["ProductViewDetail"]["ProductViewSummary"],
                product["ProductViewSummary"]
            );
            let own = text(&product, "/ProductARN").contains(&self.bench.key);
            let of = json!({"ProductId": id});
            let portfolios = self
                .all("ListPortfoliosForProduct", of.clone(), "PortfolioDetails")
                .await;
            for portfolio in portfolios {
                let input = json!({"PortfolioId": portfolio["Id"]});
                let products = self
                    .all("SearchProductsAsAdmin", input, "ProductViewDetails")
                    .await;
                let there = |row: &Value| row["ProductViewSummary"]["ProductId"] == json!(id);
                assert!(
                    products.iter().any(there),
                    "{portfolio} has {id}: {products:?}"
                );
            }
            let versions = self.ask("ListProvisioningArtifacts", of).await;
            let summaries = described["ProvisioningArtifactSummaries"]
                .as_array()
                .unwrap();
            let versions = versions["ProvisioningArtifactDetails"].as_array().unwrap();
            if own {
                assert_eq!(versions.len(), summaries.len(), "{id}");
            }
            for version in versions {
                let input = json!({"ProductId": id, "ProvisioningArtifactId": version["Id"]});
                self.ask("DescribeProvisioningArtifact", input.clone())
                    .await;
                if own {
                    let operation = "ListServiceActionsForProvisioningArtifact";
                    self.all(operation, input, "ServiceActionSummaries").await;
                }
            }
            if own {
                let input = json!({"ResourceId": id});
                self.all("ListBudgetsForResource", input, "Budgets").await;
            }
        }
    }

    async fn provisioned(&mut self) {
        let all = json!({"AccessLevelFilter": {"Key": "Account", "Value": "self"}});
        let scanned = self
            .all(
                "ScanProvisionedProducts",
                all.clone(),
                "ProvisionedProducts",
            )
            .await;
        // Without an order it has none (facts §5), so pages of it may say one thing twice.
        let mut sorted = all.clone();
        sorted["SortBy"] = json!("id");
        let found = self
            .all("SearchProvisionedProducts", sorted, "ProvisionedProducts")
            .await;
        assert_eq!(scanned.len(), found.len());
        let mut names = BTreeSet::new();
        for row in scanned {
            let id = text(&row, "/Id");
            assert!(names.insert(text(&row, "/Name")), "two of one name: {row}");
            let described = self
                .ask("DescribeProvisionedProduct", json!({"Id": id}))
                .await;
            assert_eq!(text(&described, "/ProvisionedProductDetail/Id"), id);
            let by_name = self
                .ask("DescribeProvisionedProduct", json!({"Name": row["Name"]}))
                .await;
            assert_eq!(by_name, described);
            if row["Type"] == "CFN_STACKSET" {
                let input = json!({"ProvisionedProductId": id});
                let operation = "ListStackInstancesForProvisionedProduct";
                let mut places = BTreeSet::new();
                for instance in self.all(operation, input, "StackInstances").await {
                    let place = (text(&instance, "/Account"), text(&instance, "/Region"));
                    assert!(places.insert(place), "two in one place: {instance}");
                }
            }
            for last in [
                "LastRecordId",
                "LastProvisioningRecordId",
                "LastSuccessfulProvisioningRecordId",
            ] {
                if let Some(record) = row[last].as_str() {
                    self.ask("DescribeRecord", json!({"Id": record})).await;
                }
            }
        }
        let records = self
            .all("ListRecordHistory", all.clone(), "RecordDetails")
            .await;
        for record in records {
            let input = json!({"Id": record["RecordId"]});
            self.all("DescribeRecord", input.clone(), "RecordOutputs")
                .await;
            let described = self.ask("DescribeRecord", input).await;
            assert_eq!(described["RecordDetail"], record);
        }
        let plans = self
            .all(
                "ListProvisionedProductPlans",
                all,
                "ProvisionedProductPlans",
            )
            .await;
        for plan in plans {
            let input = json!({"PlanId": plan["PlanId"]});
            let described = self
                .ask("DescribeProvisionedProductPlan", input.clone())
                .await;
            let details = &described["ProvisionedProductPlanDetails"];
            assert_eq!(details["PlanId"], plan["PlanId"]);
            assert_eq!(details["PlanName"], plan["PlanName"]);
            self.all("DescribeProvisionedProductPlan", input, "ResourceChanges")
                .await;
        }
    }

    /// TagOptions and service actions.
    async fn attached(&mut self) {
        let options = self
            .all("ListTagOptions", json!({}), "TagOptionDetails")
            .await;
        for option in options {
            let id = option["Id"].clone();
            let own = option["Owner"] == json!(self.bench.key);
            assert!(own, "{option}");
            self.ask("DescribeTagOption", json!({"Id": id})).await;
            let input = json!({"TagOptionId": id});
            let resources = self
                .all("ListResourcesForTagOption", input, "ResourceDetails")
                .await;
            for resource in resources {
                let of = text(&resource, "/Id");
                let operation = if of.starts_with("port-") {
                    "DescribePortfolio"
                } else {
                    "DescribeProductAsAdmin"
                };
                let described = self.ask(operation, json!({"Id": of})).await;
                let back = described["TagOptions"].as_array().unwrap();
                assert!(
                    back.iter().any(|row| row["Id"] == id),
                    "{described} has {id}"
                );
            }
        }
        let actions = self
            .all("ListServiceActions", json!({}), "ServiceActionSummaries")
            .await;
        for action in actions {
            let id = action["Id"].clone();
            self.ask("DescribeServiceAction", json!({"Id": id})).await;
            let input = json!({"ServiceActionId": id});
            let versions = self
                .all(
                    "ListProvisioningArtifactsForServiceAction",
                    input,
                    "ProvisioningArtifactViews",
                )
                .await;
            for version in versions {
                let input = json!({
                    "ProductId": version["ProductViewSummary"]["ProductId"],
                    "ProvisioningArtifactId": version["ProvisioningArtifact"]["Id"],
                });
                let back = self
                    .all(
                        "ListServiceActionsForProvisioningArtifact",
                        input,
                        "ServiceActionSummaries",
                    )
                    .await;
                assert!(back.iter().any(|row| row["Id"] == id), "{version} has {id}");
            }
        }
    }
}
