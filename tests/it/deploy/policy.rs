//! The policy allows exactly what the code calls: both are parsed and compared.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use regex::Regex;
use serde_json::Value;
use syn::visit::{self, Visit};

use super::{read, root};

/// Every operation of the SDK's Service Catalog client; the action is the name in camel case.
const SERVICE_CATALOG: &str = "
accept_portfolio_share associate_budget_with_resource associate_principal_with_portfolio
associate_product_with_portfolio associate_service_action_with_provisioning_artifact associate_tag_option_with_resource
batch_associate_service_action_with_provisioning_artifact batch_disassociate_service_action_from_provisioning_artifact
copy_product create_constraint create_portfolio create_portfolio_share create_product create_provisioned_product_plan
create_provisioning_artifact create_service_action create_tag_option delete_constraint delete_portfolio
delete_portfolio_share delete_product delete_provisioned_product_plan delete_provisioning_artifact
delete_service_action delete_tag_option describe_constraint describe_copy_product_status describe_portfolio
describe_portfolio_share_status describe_portfolio_shares describe_product describe_product_as_admin
describe_product_view describe_provisioned_product describe_provisioned_product_plan describe_provisioning_artifact
describe_provisioning_parameters describe_record describe_service_action describe_service_action_execution_parameters
describe_tag_option disable_aws_organizations_access disassociate_budget_from_resource
disassociate_principal_from_portfolio disassociate_product_from_portfolio
disassociate_service_action_from_provisioning_artifact disassociate_tag_option_from_resource
enable_aws_organizations_access execute_provisioned_product_plan execute_provisioned_product_service_action
get_aws_organizations_access_status get_provisioned_product_outputs import_as_provisioned_product
list_accepted_portfolio_shares list_budgets_for_resource list_constraints_for_portfolio list_launch_paths
list_organization_portfolio_access list_portfolio_access list_portfolios list_portfolios_for_product
list_principals_for_portfolio list_provisioned_product_plans list_provisioning_artifacts
list_provisioning_artifacts_for_service_action list_record_history list_resources_for_tag_option list_service_actions
list_service_actions_for_provisioning_artifact list_stack_instances_for_provisioned_product list_tag_options
notify_provision_product_engine_workflow_result notify_terminate_provisioned_product_engine_workflow_result
notify_update_provisioned_product_engine_workflow_result provision_product reject_portfolio_share
scan_provisioned_products search_products search_products_as_admin search_provisioned_products
terminate_provisioned_product update_constraint update_portfolio update_portfolio_share update_product
update_provisioned_product update_provisioned_product_properties update_provisioning_artifact update_service_action
update_tag_option";

/// The other services' operations that code may come to call. S3 names its actions differently from its operations.
/// A call of one that is not here is found by its `send()` and fails the test until the table knows it.
const OTHERS: [(&str, &str); 38] = [
    ("create_stack", "cloudformation:CreateStack"),
    ("delete_stack", "cloudformation:DeleteStack"),
    (
        "describe_stack_events",
        "cloudformation:DescribeStackEvents",
    ),
    (
        "describe_stack_resources",
        "cloudformation:DescribeStackResources",
    ),
    ("describe_stack_set", "cloudformation:DescribeStackSet"),
    ("describe_stacks", "cloudformation:DescribeStacks"),
    ("get_template", "cloudformation:GetTemplate"),
    ("get_template_summary", "cloudformation:GetTemplateSummary"),
    ("list_stacks", "cloudformation:ListStacks"),
    ("list_stack_resources", "cloudformation:ListStackResources"),
    ("update_stack", "cloudformation:UpdateStack"),
    ("validate_template", "cloudformation:ValidateTemplate"),
    ("copy_object", "s3:PutObject"),
    ("create_bucket", "s3:CreateBucket"),
    ("delete_bucket", "s3:DeleteBucket"),
    ("delete_object", "s3:DeleteObject"),
    ("get_bucket_location", "s3:GetBucketLocation"),
    ("get_bucket_policy", "s3:GetBucketPolicy"),
    ("get_object", "s3:GetObject"),
    ("get_object_tagging", "s3:GetObjectTagging"),
    ("get_public_access_block", "s3:GetBucketPublicAccessBlock"),
    ("head_bucket", "s3:ListBucket"),
    ("head_object", "s3:GetObject"),
    ("list_buckets", "s3:ListAllMyBuckets"),
    ("list_objects_v2", "s3:ListBucket"),
    ("put_bucket_encryption", "s3:PutEncryptionConfiguration"),
    ("put_bucket_policy", "s3:PutBucketPolicy"),
    ("put_bucket_tagging", "s3:PutBucketTagging"),
    ("put_bucket_versioning", "s3:PutBucketVersioning"),
    ("put_object", "s3:PutObject"),
    ("put_object_tagging", "s3:PutObjectTagging"),
    ("put_public_access_block", "s3:PutBucketPublicAccessBlock"),
    ("get_parameter", "ssm:GetParameter"),
    ("get_parameters", "ssm:GetParameters"),
    ("get_parameters_by_path", "ssm:GetParametersByPath"),
    ("get_resources", "tag:GetResources"),
    ("assume_role", "sts:AssumeRole"),
    ("get_caller_identity", "sts:GetCallerIdentity"),
];

/// Methods without arguments that stand between an operation and its `send()`.
const BETWEEN: [&str; 4] = ["clone", "customize", "into_paginator", "items"];

#[test]
fn policy_allows_what_the_code_calls_and_nothing_else() {
    let called = calls_of_the_program();
    let allowed = policy_actions();
    let missing: Vec<_> = called
        .iter()
        .filter(|(action, _)| !allowed.contains(*action))
        .collect();
    assert!(
        missing.is_empty(),
        "called, but not in deploy/iam-policy.json (action, where): {missing:#?}"
    );
    let unused: Vec<_> = allowed
        .iter()
        .filter(|a| !called.contains_key(*a))
        .collect();
    assert!(
        unused.is_empty(),
        "in deploy/iam-policy.json, but nothing in src/aws calls it: {unused:#?}"
    );
}

/// The file is what the program prints for any catalog.
#[test]
fn policy_is_what_the_program_prints() {
    let path = root().join("deploy/iam-policy.json");
    let printed = std::process::Command::new(env!("CARGO_BIN_EXE_catalogd"))
        .args(["iam-policy", "--all"])
        .env_remove("AWS_REGION")
        .env_remove("CATALOGD_TEMPLATE_BUCKET")
        .output()
        .expect("the program runs");
    let wanted = String::from_utf8(printed.stdout).expect("text");
    let found = read("deploy/iam-policy.json");
    #[expect(
        clippy::disallowed_methods,
        reason = "asks whether the file shall be written anew"
    )]
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    if update && found != wanted {
        std::fs::write(&path, wanted).expect("written");
        return;
    }
    assert!(
        found == wanted,
        "deploy/iam-policy.json lags behind: UPDATE_DOCS=1 cargo test --test it deploy::"
    );
}

#[test]
fn policy_is_narrow() {
    let mut sids = BTreeSet::new();
    let mut allowed = BTreeSet::new();
    for statement in policy_statements() {
        let sid = statement["Sid"]
            .as_str()
            .expect("every statement has a Sid")
            .to_owned();
        assert!(
            sid.chars().all(|c| c.is_ascii_alphanumeric()),
            "IAM takes letters and digits in a Sid: {sid}"
        );
        assert!(sids.insert(sid.clone()), "{sid} stands twice");
        assert_eq!(statement["Effect"], "Allow", "{sid}");
        let resources = strings(&statement["Resource"]);
        assert!(!resources.is_empty(), "{sid} names no resource");
        for action in strings(&statement["Action"]) {
            let (service, _) = action
                .split_once(':')
                .unwrap_or_else(|| panic!("{sid}: {action} names no service"));
            assert!(
                !action.contains(['*', '?']),
                "{sid}: {action} is wider than the calls made"
            );
            // Buckets of others are nobody's business here, and a stack is always a stack.
            for resource in &resources {
                match service {
                    "s3" => assert!(
                        resource.starts_with("arn:aws:s3:::catalogd-"),
                        "{sid}: {resource}"
                    ),
                    "cloudformation" => assert!(resource.contains(":stack"), "{sid}: {resource}"),
                    "ssm" => assert!(resource.contains(":parameter/"), "{sid}: {resource}"),
                    _ => {}
                }
            }
            for resource in &resources {
                let new = allowed.insert((action.clone(), resource.clone()));
                assert!(new, "{action} is allowed twice on {resource}");
            }
        }
    }
}

/// The check above is only as good as its eyes: every way to write a call is seen, and what is no call is not.
#[test]
fn calls_are_seen_however_they_are_written() {
    let source = r#"
        use aws_sdk_servicecatalog::operation::create_product::CreateProductError;
        /// Not a call: `client.copy_product()`.
        async fn f(c: &Client) {
            c.sc().list_portfolios().page_size(100).into_paginator().items().send();
            let both = tokio::join!(c.describe_record ( ).id("a").send(), other());
            let request = c.update_portfolio().id("x");
            pace(|| request.clone().send()).await;
            Client::list_launch_paths(&c).send().await;
            CreateConstraintInput::builder().build();
            c.s3().head_bucket().bucket("b").send().await?;
            sender.send(1);
            log("c.delete_portfolio()");
            record.delete_product(id);
        }
        #[cfg(test)]
        mod tests { fn g(c: &Client) { c.delete_constraint().send(); } }
    "#;
    let mut calls = Calls::default();
    calls.file("inline.rs", source);
    assert_eq!(calls.unknown, Vec::<String>::new());
    let found: Vec<_> = calls.found.keys().map(String::as_str).collect();
    let expected = [
        "s3:ListBucket",
        "servicecatalog:CreateConstraint",
        "servicecatalog:DescribeRecord",
        "servicecatalog:ListLaunchPaths",
        "servicecatalog:ListPortfolios",
        "servicecatalog:UpdatePortfolio",
    ];
    assert_eq!(found, expected);

    let mut strange = Calls::default();
    strange.file("inline.rs", "async fn f(c: &C) { c.s3().restore_object().key(1).send().await; c.wait_until_stack_x(); }");
    assert_eq!(strange.unknown.len(), 2, "{:?}", strange.unknown);
}

fn policy_statements() -> Vec<Value> {
    let policy: Value =
        serde_json::from_str(&read("deploy/iam-policy.json")).expect("the policy is JSON");
    assert_eq!(
        policy["Version"], "2012-10-17",
        "older policy versions lack features"
    );
    policy["Statement"]
        .as_array()
        .expect("Statement is a list")
        .clone()
}

fn policy_actions() -> BTreeSet<String> {
    policy_statements()
        .iter()
        .flat_map(|s| strings(&s["Action"]))
        .collect()
}

/// IAM writes one string or a list of them.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(one) => vec![one.clone()],
        Value::Array(many) => many
            .iter()
            .map(|v| v.as_str().expect("a string").to_owned())
            .collect(),
        other => panic!("neither a string nor a list: {other}"),
    }
}

/// Action → the file that calls it, over `src/aws/` and any other file that names an SDK client.
fn calls_of_the_program() -> BTreeMap<String, String> {
    let mut calls = Calls::default();
    let mut files = Vec::new();
    rust_files(&root().join("src"), &mut files);
    let aws = root().join("src/aws");
    assert!(
        files.iter().any(|f| f.starts_with(&aws)),
        "src/aws has no files"
    );
    for file in files {
        let text = std::fs::read_to_string(&file).expect("readable source");
        let tests_only = file.file_name().is_some_and(|n| n == "tests.rs");
        if !tests_only && (file.starts_with(&aws) || text.contains("aws_sdk_")) {
            let name = file
                .strip_prefix(root())
                .unwrap_or(&file)
                .display()
                .to_string();
            calls.file(&name, &text);
        }
    }
    assert!(
        calls.unknown.is_empty(),
        "calls that this test's tables do not know: {:#?}",
        calls.unknown
    );
    calls.found
}

fn rust_files(dir: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(dir)
        .expect("readable folder")
        .map(|e| e.expect("entry").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            rust_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// Collects the SDK operations that a file calls.
#[derive(Default)]
struct Calls {
    file: String,
    found: BTreeMap<String, String>,
    unknown: Vec<String>,
}

impl Calls {
    fn file(&mut self, name: &str, text: &str) {
        self.file = name.to_owned();
        let parsed = syn::parse_file(text).unwrap_or_else(|e| panic!("{name}: {e}"));
        self.visit_file(&parsed);
    }

    /// A method without arguments that has an operation's name is a call of it: all the SDK's are written so.
    fn method(&mut self, name: &str) -> bool {
        let action = action_of(name);
        if let Some(action) = &action {
            self.found
                .entry(action.clone())
                .or_insert_with(|| self.file.clone());
        } else if name.starts_with("wait_until_") {
            self.unknown.push(format!(
                "{}: the waiter {name}() hides the operation it calls",
                self.file
            ));
        }
        action.is_some()
    }
}

impl<'ast> Visit<'ast> for Calls {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_for_tests(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !is_for_tests(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if call.args.is_empty() {
            let name = call.method.to_string();
            self.method(&name);
            if name == "send" {
                let chain = methods_without_arguments(&call.receiver);
                if !chain.is_empty() && !chain.iter().any(|m| action_of(m).is_some()) {
                    self.unknown
                        .push(format!("{}: .{}().send()", self.file, chain.join("().")));
                }
            }
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        let segments: Vec<String> = path
            .path
            .segments
            .iter()
            .map(|s| s.ident.to_string())
            .collect();
        match segments.as_slice() {
            [.., owner, method] if owner == "Client" => {
                self.method(method);
            }
            [.., input, method] if method == "builder" && input.ends_with("Input") => {
                self.method(&snake_case(input.trim_end_matches("Input")));
            }
            _ => {}
        }
        visit::visit_expr_path(self, path);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        // A macro's arguments are tokens, not expressions: join!, select! and the like.
        let call = Regex::new(r"\.\s*([a-z0-9_]+)\s*\(\s*\)").expect("a pattern");
        for found in call.captures_iter(&mac.tokens.to_string()) {
            self.method(&found[1]);
        }
        visit::visit_macro(self, mac);
    }
}

fn is_for_tests(attrs: &[syn::Attribute]) -> bool {
    attrs.iter().any(|a| match &a.meta {
        syn::Meta::List(list) if list.path.is_ident("cfg") => list.tokens.to_string() == "test",
        _ => false,
    })
}

/// The methods without arguments below a `send()`, nearest first, without those that only pass a request on.
fn methods_without_arguments(mut expr: &syn::Expr) -> Vec<String> {
    let mut names = Vec::new();
    loop {
        expr = match expr {
            syn::Expr::MethodCall(call) => {
                let name = call.method.to_string();
                if call.args.is_empty() && !BETWEEN.contains(&name.as_str()) {
                    names.push(name);
                }
                &call.receiver
            }
            syn::Expr::Await(e) => &e.base,
            syn::Expr::Field(e) => &e.base,
            syn::Expr::Paren(e) => &e.expr,
            syn::Expr::Try(e) => &e.expr,
            _ => return names,
        };
    }
}

fn action_of(method: &str) -> Option<String> {
    if SERVICE_CATALOG.split_whitespace().any(|m| m == method) {
        let camel = camel_case(method).replace("Aws", "AWS");
        return Some(format!("servicecatalog:{camel}"));
    }
    OTHERS
        .iter()
        .find(|(m, _)| *m == method)
        .map(|(_, action)| (*action).to_owned())
}

fn camel_case(snake: &str) -> String {
    let upper_first = |word: &str| word[..1].to_uppercase() + &word[1..];
    snake.split('_').map(upper_first).collect()
}

fn snake_case(camel: &str) -> String {
    let mut out = String::new();
    for c in camel.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}
