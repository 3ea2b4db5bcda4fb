//! Real templates, as far as the shared data lies beside the checkout.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use catalogd::emulator::Profile;
use catalogd::emulator::api::ApiError;
use catalogd::emulator::cfn::{NewStack, Param, ParameterDecl, Stack, Template};

use super::sdk::{ACCOUNT, emulator};

/// What CloudFormation would refuse as well: nulls in JSON, a tag of another tool, and templates of templates.
const REFUSED: &[(&str, &str)] = &[
    (
        "templates/aws-cloudformation+aws-cloudformation-templates/DMS/DMSAuroraToS3FullLoadAndOngoingReplication.json",
        "Template format error: [/Resources/DBSubnet1/Properties/AvailabilityZone/Fn::Select/1/Fn::GetAZs] 'null' values are not allowed in templates",
    ),
    (
        "templates/aws-cloudformation+aws-cloudformation-templates/ElasticLoadBalancing/ELB_Access_Logs_And_Connection_Draining.json",
        "Template format error: [/Resources/ElasticLoadBalancer/Properties/AvailabilityZones/Fn::GetAZs] 'null' values are not allowed in templates",
    ),
    (
        "templates/aws-cloudformation+aws-cloudformation-templates/RainModules/static-site.yml",
        "Template format error: YAML not well-formed. (line 93, column 11)",
    ),
    (
        "templates/awslabs+aws-service-catalog-factory/servicecatalog_factory/servicecatalog-factory.template.yaml",
        "Template format error: YAML not well-formed. (line 55, column 4)",
    ),
    (
        "templates/awslabs+aws-service-catalog-factory/servicecatalog_factory/templates/constraint-launch-role-parent.template.yaml",
        "Template format error: YAML not well-formed. (line 14, column 2)",
    ),
    (
        "templates/awslabs+aws-service-catalog-puppet/servicecatalog_puppet/templates/product.template.yaml.j2",
        "Template format error: YAML not well-formed. (line 10, column 18)",
    ),
    (
        "templates/stelligent+mu/templates/assets/cloudformation/service-ec2.yml",
        "Template format error: YAML not well-formed. (line 337, column 15)",
    ),
];

fn shared() -> Option<PathBuf> {
    let mut folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    loop {
        let data = folder.join("shared/data");
        if data.is_dir() {
            return Some(data);
        }
        folder = folder.parent()?;
    }
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Every file that looks like a template, by its path; manifests, readmes and policies lie among them.
fn templates() -> Option<Vec<(String, Arc<[u8]>)>> {
    let data = shared()?;
    let mut files = Vec::new();
    walk(&data.join("templates"), &mut files);
    walk(&data.join("catalogs"), &mut files);
    let templates = files.into_iter().filter_map(|file| {
        let bytes = std::fs::read(&file).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let is = text.contains("Resources") && !text.contains("apiVersion: catalogd.dev/");
        let name = file.strip_prefix(&data).unwrap().display().to_string();
        is.then(|| (name, Arc::from(bytes)))
    });
    Some(templates.collect())
}

#[test]
fn real_templates_parse_as_far_as_cloudformation_would() {
    let Some(templates) = templates() else {
        eprintln!("skipped: no shared data beside the checkout");
        return;
    };
    assert!(templates.len() > 300, "only {} found", templates.len());
    let refused: Vec<String> = templates
        .iter()
        .filter_map(|(name, bytes)| {
            let result = Template::parse(bytes).and_then(|template| template.check());
            result.err().map(|reason| format!("{name}: {reason}"))
        })
        .collect();
    let expected: Vec<String> = REFUSED
        .iter()
        .map(|(name, reason)| format!("{name}: {reason}"))
        .collect();
    assert_eq!(refused, expected);
}

/// More than any of them needs of others.
const MAX_MISSING: usize = 40;

/// The stack that makes what a stack failed for.
fn helper(reason: &str) -> Option<NewStack> {
    let reason = reason.strip_suffix(" found. Rollback requested by user.")?;
    let template = if let Some(name) = reason.strip_prefix("No export named ") {
        serde_json::json!({
            "Resources": {"T": {"Type": "AWS::SNS::Topic"}},
            "Outputs": {"O": {"Value": "subnet-0a,subnet-0b,subnet-0c", "Export": {"Name": name}}},
        })
    } else {
        let (_, name) = reason
            .strip_prefix("No transform named ")?
            .split_once("::")?;
        serde_json::json!({
            "Resources": {"M": {"Type": "AWS::CloudFormation::Macro", "Properties": {"Name": name, "FunctionName": "f"}}},
        })
    };
    Some(NewStack {
        template: bytes::Bytes::from(template.to_string()),
        ..NewStack::default()
    })
}

/// A value that fits most declarations without a default.
fn value(decl: &ParameterDecl) -> String {
    let plausible = match decl.kind.as_str() {
        "Number" => decl.min_value.clone().unwrap_or_else(|| "1".to_owned()),
        kind if kind.contains("AWS::SSM::Parameter::Value") => {
            "/aws/service/ami-amazon-linux-latest/x".to_owned()
        }
        _ if decl.is_list() => "1,2,3,4,5,6".to_owned(),
        _ => format!("v-{}", decl.key.to_lowercase()),
    };
    decl.allowed_values.first().cloned().unwrap_or(plausible)
}

#[tokio::test(start_paused = true)]
async fn real_templates_become_stacks() {
    let Some(templates) = templates() else {
        eprintln!("skipped: no shared data beside the checkout");
        return;
    };
    let emulator = emulator(Profile::Instant);
    let mut refused = Vec::new();
    let mut ends = std::collections::BTreeMap::<String, usize>::new();
    for (at, (name, bytes)) in templates.iter().enumerate() {
        let Ok(template) = Template::parse(bytes) else {
            continue;
        };
        let new = NewStack {
            name: format!("stack-{at}"),
            template: bytes::Bytes::copy_from_slice(bytes),
            parameters: template
                .parameters()
                .iter()
                .filter(|decl| decl.default.is_none())
                .map(|decl| Param::text(&decl.key, value(decl)))
                .collect(),
            capabilities: vec![
                "CAPABILITY_NAMED_IAM".to_owned(),
                "CAPABILITY_AUTO_EXPAND".to_owned(),
            ],
            ..NewStack::default()
        };
        let made: Result<Stack, ApiError> =
            emulator.with_stacks(ACCOUNT, "us-east-1", |stacks, ctx| {
                // What an organisation's other stacks export, and its macros, is made here as it is missed.
                for attempt in 0..MAX_MISSING {
                    let id = stacks.create(ctx, new.clone())?;
                    let stack = stacks.get(&id).cloned().unwrap();
                    // Named resources collide with the next version's.
                    stacks.delete(ctx, &id)?;
                    let reason = stack.status_reason.clone().unwrap_or_default();
                    if let Some((_, rest)) = reason.split_once(" is already exported by stack ") {
                        // It is this stack that really exports it.
                        let helper = rest.split(". ").next().unwrap_or_default();
                        stacks.delete(ctx, helper)?;
                        continue;
                    }
                    let Some(helper) = helper(&reason) else {
                        return Ok(stack);
                    };
                    let name = format!("helper-{at}-{attempt}");
                    stacks.create(ctx, NewStack { name, ..helper })?;
                }
                panic!("{name} misses more than {MAX_MISSING} things");
            });
        match made {
            Ok(stack) => {
                if stack.status.as_str() != "CREATE_COMPLETE" {
                    let failed = stack.events.iter().find(|e| e.status.ends_with("_FAILED"));
                    let reason = failed
                        .and_then(|e| e.reason.clone())
                        .or(stack.status_reason);
                    let reason = reason.unwrap_or_default();
                    // A template of templates: its default has braces, which Systems Manager refuses.
                    if !reason.starts_with("Parameter value can't nest another parameter.") {
                        refused.push(format!("{name}: {reason}"));
                    }
                }
                *ends.entry(stack.status.as_str().to_owned()).or_default() += 1;
            }
            // The invented value does not suit a parameter.
            // Or it is an id of something that a rule looks at, and is not there; one file's rule compares words.
            // Or it names what only that organisation's Systems Manager has.
            Err(error)
                if error.message.starts_with("Parameter '")
                    || error.message.starts_with("Parameter validation failed: ")
                    || (name.ends_with("SapPrivateLink.json")
                        && error.message == "All subnets must in the VPC")
                    || error
                        .message
                        .starts_with("Unable to fetch parameters [/adf/") =>
            {
                *ends.entry("PARAMETER".to_owned()).or_default() += 1;
            }
            Err(error) => refused.push(format!("{name}: {error}")),
        }
    }
    assert_eq!(refused.join("\n"), "", "{ends:?}");
    assert!(ends["CREATE_COMPLETE"] > 300, "{ends:?}");
}
