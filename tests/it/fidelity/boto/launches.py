"""Provisioned products: launched, updated, ended; copies of products and imports of stacks."""
import json

from listening import ACCOUNT, refused, until
from storage import TEMPLATE
from walking import wait, walk

EVERYONE = {"AccessLevelFilter": {"Key": "Account", "Value": "self"}}


def ended(user, record):
    """How a record ends: its status and its outputs."""
    got = until("the record", lambda: user.describe_record(Id=record),
                lambda got: got["RecordDetail"]["Status"] in ("SUCCEEDED", "FAILED"))
    return got["RecordDetail"]["Status"], {row["OutputKey"]: row["OutputValue"] for row in got["RecordOutputs"]}


def launches(catalog, stacks):
    sc, user, product = catalog.sc, catalog.user, catalog.product
    first = {"ProductId": product, "ProvisioningArtifactId": catalog.first}
    values = [{"Key": "Owner", "Value": "net"}]
    refused("ValidationException", user.provision_product, ProvisionedProductName="a topic", **first)
    made = user.provision_product(ProvisionedProductName="topic", ProvisioningParameters=values, **first)["RecordDetail"]
    assert (made["Status"], made["RecordTags"]) == ("CREATED", []), made
    status, outputs = ended(user, made["RecordId"])
    assert (status, outputs["Kind"]) == ("SUCCEEDED", "small")
    said = refused("InvalidParametersException", user.provision_product, ProvisionedProductName="topic", **first)
    assert said == "A stack named topic already exists.", said
    stack = stacks.describe_stacks(StackName=outputs["CloudformationStackARN"])["Stacks"][0]
    assert stack["StackStatus"] == "CREATE_COMPLETE" and stack["StackName"].startswith(f"SC-{ACCOUNT}-pp-"), stack
    one = made["ProvisionedProductId"]
    changed = user.update_provisioned_product(
        ProvisionedProductId=one, ProvisioningArtifactId=catalog.second,
        ProvisioningParameters=[{"Key": "Owner", "UsePreviousValue": True}, {"Key": "Size", "Value": "large"}])
    assert ended(user, changed["RecordDetail"]["RecordId"])[1]["Kind"] == "large"
    outputs = user.get_provisioned_product_outputs(ProvisionedProductId=one, OutputKeys=["Kind"])["Outputs"]
    assert [row["OutputValue"] for row in outputs] == ["large"]
    shown = user.describe_provisioned_product(Name="topic")["ProvisionedProductDetail"]
    assert (shown["Status"], shown["ProvisioningArtifactId"]) == ("AVAILABLE", catalog.second)
    found = sc.search_provisioned_products(Filters={"SearchQuery": [f"id:{one}"]}, **EVERYONE)
    assert found["TotalResultsCount"] == 1 and found["ProvisionedProducts"][0]["PhysicalId"] == stack["StackId"]

    bad = user.provision_product(ProvisionedProductName="bad", **first)["RecordDetail"]
    assert ended(user, bad["RecordId"])[0] == "FAILED"
    shown = user.describe_provisioned_product(Name="bad")["ProvisionedProductDetail"]
    assert shown["Status"] == "ERROR", shown
    assert shown["StatusMessage"].startswith(
        "AmazonCloudFormationException  Parameters: [Owner] must have values (Service: "), shown
    scanned = walk(sc, "scan_provisioned_products", "ProvisionedProducts", **EVERYONE)
    assert {row["Id"] for row in scanned} == {one, bad["ProvisionedProductId"]}
    for name in ("bad", "topic"):
        gone = user.terminate_provisioned_product(ProvisionedProductName=name)
        assert ended(user, gone["RecordDetail"]["RecordId"])[0] == "SUCCEEDED"
        refused("ResourceNotFoundException", user.describe_provisioned_product, Name=name)
    kinds = [row["RecordType"] for row in walk(sc, "list_record_history", "RecordDetails", **EVERYONE)]
    assert kinds == ["TERMINATE_PROVISIONED_PRODUCT"] * 2 + ["PROVISION_PRODUCT", "UPDATE_PROVISIONED_PRODUCT",
                                                             "PROVISION_PRODUCT"], kinds


def copies(catalog, stacks):
    sc, user = catalog.sc, catalog.user
    source = sc.describe_product_as_admin(Id=catalog.product)["ProductViewDetail"]["ProductARN"]
    token = sc.copy_product(SourceProductArn=source, TargetProductName="Copy", CopyOptions=["CopyTags"])
    done = until("the copy", lambda: sc.describe_copy_product_status(CopyProductToken=token["CopyProductToken"]),
                 lambda got: got["CopyProductStatus"] != "IN_PROGRESS")
    assert done["CopyProductStatus"] == "SUCCEEDED", done
    target = done["TargetProductId"]
    versions = sc.list_provisioning_artifacts(ProductId=target)["ProvisioningArtifactDetails"]
    assert [row["Name"] for row in versions] == ["v1", "v2"], versions
    stack = stacks.create_stack(StackName="legacy", TemplateBody=TEMPLATE,
                                Parameters=[{"ParameterKey": "Owner", "ParameterValue": "net"}])["StackId"]
    wait(stacks, "stack_create_complete", StackName="legacy")
    of = {"ProductId": target, "ProvisioningArtifactId": versions[0]["Id"], "ProvisionedProductName": "legacy"}
    refused("InvalidParametersException", user.import_as_provisioned_product, PhysicalId="legacy", **of)
    user.import_as_provisioned_product(PhysicalId=stack, **of)
    until("the import", lambda: user.describe_provisioned_product(Name="legacy")["ProvisionedProductDetail"]["Status"],
          lambda status: status == "AVAILABLE")
    user.terminate_provisioned_product(ProvisionedProductName="legacy", RetainPhysicalResources=True)
    sc.delete_product(Id=target)
    assert stacks.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"


def plans(catalog):
    user = catalog.user
    first = {"ProductId": catalog.product, "ProvisioningArtifactId": catalog.first, "PlanType": "CLOUDFORMATION"}
    values = [{"Key": "Owner", "Value": "net"}]

    def planned(name, **more):
        made = user.create_provisioned_product_plan(PlanName=name, ProvisionedProductName=name, **first, **more)
        got = until("the plan", lambda: user.describe_provisioned_product_plan(PlanId=made["PlanId"]),
                    lambda got: got["ProvisionedProductPlanDetails"]["Status"] != "CREATE_IN_PROGRESS")
        return made, got

    one, shown = planned("one", ProvisioningParameters=values)
    assert shown["ProvisionedProductPlanDetails"]["Status"] == "CREATE_SUCCESS", shown
    assert [row["Action"] for row in shown["ResourceChanges"]] == ["ADD"], shown
    two, shown = planned("two")
    assert shown["ProvisionedProductPlanDetails"]["Status"] == "CREATE_FAILED", shown
    listed = walk(user, "list_provisioned_product_plans", "ProvisionedProductPlans")
    assert [row["PlanId"] for row in listed] == [one["PlanId"], two["PlanId"]], listed
    refused("InvalidStateException", user.execute_provisioned_product_plan, PlanId=two["PlanId"])
    user.delete_provisioned_product_plan(PlanId=two["PlanId"])
    refused("ResourceNotFoundException", user.describe_provisioned_product, Name="two")
    done = user.execute_provisioned_product_plan(PlanId=one["PlanId"])["RecordDetail"]
    assert ended(user, done["RecordId"])[0] == "SUCCEEDED"
    user.delete_provisioned_product_plan(PlanId=one["PlanId"])

    role = f"arn:aws:iam::{ACCOUNT}:role/launch"
    said = user.update_provisioned_product_properties(
        ProvisionedProductId=one["ProvisionProductId"], ProvisionedProductProperties={"LAUNCH_ROLE": role})
    assert ended(user, said["RecordId"])[0] == "SUCCEEDED"
    shown = user.describe_provisioned_product(Name="one")["ProvisionedProductDetail"]
    assert shown["LaunchRoleArn"] == role, shown
    gone = user.terminate_provisioned_product(ProvisionedProductName="one")
    assert ended(user, gone["RecordDetail"]["RecordId"])[0] == "SUCCEEDED"


def stack_sets(catalog, stacks):
    """What is launched under a STACKSET constraint has a stack in each account and region."""
    sc, user, regions = catalog.sc, catalog.user, ["eu-west-1", "us-east-1"]
    made = catalog.create("Set")
    product = made["ProductViewDetail"]["ProductViewSummary"]["ProductId"]
    version = made["ProvisioningArtifactDetail"]["Id"]
    pair = {"ProductId": product, "PortfolioId": catalog.portfolio}
    sc.associate_product_with_portfolio(**pair)
    places = {"AccountList": [ACCOUNT], "RegionList": regions, "AdminRole": catalog.role, "ExecutionRole": "execution"}
    limit = sc.create_constraint(Type="STACKSET", Parameters=json.dumps({"Version": "1", "Properties": places}), **pair)
    asked = {"ProductId": product, "ProvisioningArtifactId": version, "ProvisionedProductName": "set",
             "ProvisioningParameters": [{"Key": "Owner", "Value": "net"}]}
    record = user.provision_product(**asked)["RecordDetail"]
    assert ended(user, record["RecordId"])[0] == "SUCCEEDED"
    one = record["ProvisionedProductId"]
    shown = user.describe_provisioned_product(Id=one)["ProvisionedProductDetail"]
    assert (shown["Type"], shown["Status"]) == ("CFN_STACKSET", "AVAILABLE"), shown
    rows = walk(user, "list_stack_instances_for_provisioned_product", "StackInstances", ProvisionedProductId=one)
    assert sorted((row["Account"], row["Region"], row["StackInstanceStatus"]) for row in rows) == [
        (ACCOUNT, region, "CURRENT") for region in regions], rows

    name = f"SC-{ACCOUNT}-{one}"
    described = stacks.describe_stack_set(StackSetName=name)["StackSet"]
    assert (described["StackSetName"], described["Status"]) == (name, "ACTIVE"), described
    assert name in [row["StackSetName"] for row in stacks.list_stack_sets(Status="ACTIVE")["Summaries"]]
    instances = stacks.list_stack_instances(StackSetName=name)["Summaries"]
    assert sorted(row["Region"] for row in instances) == regions, instances
    instance = stacks.describe_stack_instance(StackSetName=name, StackInstanceAccount=ACCOUNT,
                                              StackInstanceRegion=regions[0])["StackInstance"]
    assert instance["Status"] == "CURRENT", instance
    operation = stacks.list_stack_set_operations(StackSetName=name)["Summaries"][0]["OperationId"]
    done = stacks.describe_stack_set_operation(StackSetName=name, OperationId=operation)["StackSetOperation"]
    assert (done["Action"], done["Status"]) == ("CREATE", "SUCCEEDED"), done
    results = stacks.list_stack_set_operation_results(StackSetName=name, OperationId=operation)["Summaries"]
    assert [row["Status"] for row in results] == ["SUCCEEDED"] * 2, results

    gone = user.terminate_provisioned_product(ProvisionedProductName="set")
    assert ended(user, gone["RecordDetail"]["RecordId"])[0] == "SUCCEEDED"
    sc.delete_constraint(Id=limit["ConstraintDetail"]["ConstraintId"])
    sc.disassociate_product_from_portfolio(**pair)
    sc.delete_product(Id=product)
