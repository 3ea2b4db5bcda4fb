"""Calls an embedded AWS as anybody's Python would, with an unchanged boto3.

    python3 clients.py http://127.0.0.1:4566

Every answer of Service Catalog is held against the model that botocore carries: botocore drops members it does not
know without a word, and a wrong spelling would look like a missing member.
"""
import datetime
import json
import sys
import time
import urllib.request

import boto3
import botocore.exceptions
from botocore.config import Config

ENDPOINT = sys.argv[1]
ACCOUNT = "123456789012"
TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Description: A topic
Parameters:
  Owner: {Type: String, Description: Who answers for it}
  Size: {Type: String, Default: small, AllowedValues: [small, large]}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !Sub "${Owner}-${Size}"}
Outputs:
  Kind: {Description: How large, Value: !Ref Size}
"""
FINDINGS = []
HEARD = set()
DEADLINE = time.monotonic() + 60


def client(service, account=ACCOUNT, **more):
    config = Config(retries={"max_attempts": 1}, **more)
    return boto3.client(service, endpoint_url=ENDPOINT, region_name="us-east-1", aws_access_key_id=account,
                        aws_secret_access_key="any", config=config)


def hold(shape, value, path):
    """Notes where a raw value has another shape than the model's."""
    kinds = {"structure": dict, "map": dict, "list": list, "string": str, "boolean": bool, "integer": int,
             "timestamp": (int, float)}
    if not isinstance(value, kinds[shape.type_name]):
        FINDINGS.append(f"{path}: {value!r} is no {shape.type_name}")
    elif shape.type_name == "structure":
        for member, item in value.items():
            if member in shape.members:
                hold(shape.members[member], item, f"{path}/{member}")
            else:
                FINDINGS.append(f"{path}/{member} is not in the model")
    elif shape.type_name == "list":
        for item in value:
            hold(shape.member, item, path)
    elif shape.type_name == "map":
        for key, item in value.items():
            hold(shape.value, item, f"{path}/{key}")
    elif shape.type_name == "string" and shape.enum and value not in shape.enum:
        # Products are CREATED, whatever the model says.
        if not (path.endswith("ProductViewDetail/Status") or path.endswith("ProductViewDetails/Status")):
            FINDINGS.append(f"{path}: {value} is not of {shape.enum}")


def listen(sc):
    """Hears every raw answer."""
    def heard(response_dict, operation_model, **_):
        HEARD.add(operation_model.name)
        body = json.loads(response_dict["body"])
        if response_dict["status_code"] >= 300:
            if body["__type"] not in {shape.name for shape in operation_model.error_shapes} | {"ValidationException"}:
                FINDINGS.append(f"{operation_model.name} may not answer {body['__type']}")
        elif operation_model.output_shape is None:
            FINDINGS.append(f"{operation_model.name} has no answer")
        else:
            hold(operation_model.output_shape, body, operation_model.name)
    sc.meta.events.register("before-parse.service-catalog", heard)
    return sc


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        return error.response["Error"]["Message"]
    raise AssertionError(f"{code} was expected of {arguments}")


def until(what, read, good):
    while not good(read()):
        assert time.monotonic() < DEADLINE, f"{what} takes too long: {read()}"
        time.sleep(0.05)
    return read()


def buckets():
    s3 = client("s3")
    s3.create_bucket(Bucket="templates")
    s3.put_object(Bucket="templates", Key="topic.yaml", Body=TEMPLATE.encode(), ContentType="text/yaml")
    assert s3.get_object(Bucket="templates", Key="topic.yaml")["Body"].read().decode() == TEMPLATE
    assert [item["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket="templates")
            for item in page["Contents"]] == ["topic.yaml"]
    for version in ("s3", "s3v4"):
        url = client("s3", signature_version=version).generate_presigned_url(
            "get_object", Params={"Bucket": "templates", "Key": "topic.yaml"})
        assert urllib.request.urlopen(url, timeout=10).read().decode() == TEMPLATE, url
    stranger = client("s3", account="210987654321")
    refused("AccessDenied", stranger.get_object, Bucket="templates", Key="topic.yaml")
    return "https://templates.s3.us-east-1.amazonaws.com/topic.yaml"


def sessions():
    sts = client("sts")
    assert sts.get_caller_identity()["Account"] == ACCOUNT
    role = f"arn:aws:iam::{ACCOUNT}:role/launcher"
    got = sts.assume_role(RoleArn=role, RoleSessionName="one")
    assert got["Credentials"]["Expiration"] > datetime.datetime.now(datetime.timezone.utc)
    return role, client("servicecatalog", account=got["Credentials"]["AccessKeyId"])


def catalog(url, role, launcher):
    sc, user = listen(client("servicecatalog")), listen(launcher)
    tags = [{"Key": "team", "Value": "net"}]
    portfolios = [
        sc.create_portfolio(DisplayName=f"P{n}", ProviderName="it", Tags=tags)["PortfolioDetail"]["Id"] for n in range(5)
    ]
    portfolio = portfolios[0]
    sc.update_portfolio(Id=portfolio, Description="", AddTags=[{"Key": "team", "Value": "core"}], RemoveTags=["team"])
    assert sc.describe_portfolio(Id=portfolio)["Tags"] == [{"Key": "team", "Value": "core"}]
    assert sc.describe_portfolio(Id=portfolio)["PortfolioDetail"]["Description"] == ""
    pages = sc.get_paginator("list_portfolios").paginate(PaginationConfig={"PageSize": 2})
    assert [row["Id"] for page in pages for row in page["PortfolioDetails"]] == portfolios

    made = sc.create_product(
        Name="Topic", Owner="net", ProductType="CLOUD_FORMATION_TEMPLATE", Tags=tags, SupportUrl="https://example.com",
        ProvisioningArtifactParameters={"Name": "v1", "Info": {"LoadTemplateFromURL": url}})
    product = made["ProductViewDetail"]["ProductViewSummary"]["ProductId"]
    first = made["ProvisioningArtifactDetail"]["Id"]
    for n in range(22):
        sc.create_product(Name=f"More {n}", Owner="net", ProductType="CLOUD_FORMATION_TEMPLATE",
                          ProvisioningArtifactParameters={"Name": "v1", "Info": {"LoadTemplateFromURL": url}})
    found = sc.get_paginator("search_products_as_admin").paginate(PaginationConfig={"PageSize": 20})
    assert sum(len(page["ProductViewDetails"]) for page in found) == 23
    sc.update_product(Id=product, Description="Sends")
    made = sc.create_provisioning_artifact(
        ProductId=product, Parameters={"Name": "v2", "Description": "two", "Info": {"LoadTemplateFromURL": url}})
    second = made["ProvisioningArtifactDetail"]["Id"]
    assert sc.describe_provisioning_artifact(
        ProductId=product, ProvisioningArtifactId=second, Verbose=True, IncludeProvisioningArtifactParameters=True,
    )["Info"]["CloudFormationTemplate"] == TEMPLATE
    sc.update_provisioning_artifact(ProductId=product, ProvisioningArtifactId=second, Guidance="DEPRECATED")
    listed = sc.list_provisioning_artifacts(ProductId=product)["ProvisioningArtifactDetails"]
    assert [row["Id"] for row in listed] == [first, second]
    assert len(sc.describe_product_as_admin(Name="Topic")["ProvisioningArtifactSummaries"]) == 2

    refused("ResourceNotFoundException", sc.create_constraint, PortfolioId=portfolio, ProductId=product, Type="LAUNCH",
            Parameters=json.dumps({"RoleArn": role}))
    sc.associate_product_with_portfolio(ProductId=product, PortfolioId=portfolio)
    sc.associate_principal_with_portfolio(PortfolioId=portfolio, PrincipalARN=role, PrincipalType="IAM")
    constraint = sc.create_constraint(PortfolioId=portfolio, ProductId=product, Type="LAUNCH", Description="as it",
                                      Parameters=json.dumps({"RoleArn": role}))["ConstraintDetail"]["ConstraintId"]
    until("the constraint", lambda: sc.describe_constraint(Id=constraint)["Status"], lambda s: s == "AVAILABLE")
    sc.update_constraint(Id=constraint, Description="as the launcher")
    for name, of, key in [
        ("list_portfolios_for_product", {"ProductId": product}, "PortfolioDetails"),
        ("list_principals_for_portfolio", {"PortfolioId": portfolio}, "Principals"),
        ("list_constraints_for_portfolio", {"PortfolioId": portfolio}, "ConstraintDetails"),
    ]:
        assert sum(len(page[key]) for page in sc.get_paginator(name).paginate(**of)) == 1, name

    said = refused("ResourceNotFoundException", sc.list_launch_paths, ProductId=product)
    assert said == f"No launch paths found for resource: {product}", said
    view = user.search_products()["ProductViewSummaries"][0]["Id"]
    user.describe_product_view(Id=view)
    assert user.describe_product(Id=product)["LaunchPaths"][0]["Name"] == "P0"
    paths = user.get_paginator("list_launch_paths").paginate(ProductId=product)
    assert [row["Name"] for page in paths for row in page["LaunchPathSummaries"]] == ["P0"]
    told = user.describe_provisioning_parameters(ProductName="Topic", ProvisioningArtifactName="v1", PathName="P0")
    assert [row["ParameterKey"] for row in told["ProvisioningArtifactParameters"]] == ["Owner", "Size"]
    assert {"Type": "launchAsRole", "Value": role} in told["UsageInstructions"]
    return sc, user, portfolio, product, first, second, constraint


def launches(sc, user, product, first, second, stacks):
    values = [{"Key": "Owner", "Value": "net"}]

    def ended(record):
        got = until("the record", lambda: user.describe_record(Id=record),
                    lambda got: got["RecordDetail"]["Status"] in ("SUCCEEDED", "FAILED"))
        return got["RecordDetail"]["Status"], {row["OutputKey"]: row["OutputValue"] for row in got["RecordOutputs"]}

    name = "a topic"
    refused("ValidationException", user.provision_product, ProductId=product, ProvisioningArtifactId=first,
            ProvisionedProductName=name)
    name = "topic"
    made = user.provision_product(ProductId=product, ProvisioningArtifactId=first, ProvisionedProductName=name,
                                  ProvisioningParameters=values)["RecordDetail"]
    assert (made["Status"], made["RecordTags"]) == ("CREATED", []), made
    status, outputs = ended(made["RecordId"])
    assert (status, outputs["Kind"]) == ("SUCCEEDED", "small")
    said = refused("InvalidParametersException", user.provision_product, ProductId=product,
                   ProvisioningArtifactId=first, ProvisionedProductName=name)
    assert said == "A stack named topic already exists.", said
    stack = stacks.describe_stacks(StackName=outputs["CloudformationStackARN"])["Stacks"][0]
    assert stack["StackStatus"] == "CREATE_COMPLETE" and stack["StackName"].startswith(f"SC-{ACCOUNT}-pp-"), stack
    waiter = stacks.get_waiter("stack_create_complete")
    waiter.wait(StackName=stack["StackName"], WaiterConfig={"Delay": 1})
    one = made["ProvisionedProductId"]
    changed = user.update_provisioned_product(
        ProvisionedProductId=one, ProvisioningArtifactId=second,
        ProvisioningParameters=[{"Key": "Owner", "UsePreviousValue": True}, {"Key": "Size", "Value": "large"}])
    assert ended(changed["RecordDetail"]["RecordId"])[1]["Kind"] == "large"
    outputs = user.get_provisioned_product_outputs(ProvisionedProductId=one, OutputKeys=["Kind"])["Outputs"]
    assert [row["OutputValue"] for row in outputs] == ["large"]
    shown = user.describe_provisioned_product(Name=name)["ProvisionedProductDetail"]
    assert (shown["Status"], shown["ProvisioningArtifactId"]) == ("AVAILABLE", second)
    everyone = {"Key": "Account", "Value": "self"}
    pages = sc.get_paginator("scan_provisioned_products").paginate(AccessLevelFilter=everyone)
    assert [row["Id"] for page in pages for row in page["ProvisionedProducts"]] == [one]
    found = sc.search_provisioned_products(AccessLevelFilter=everyone, Filters={"SearchQuery": [f"id:{one}"]})
    assert found["TotalResultsCount"] == 1 and found["ProvisionedProducts"][0]["PhysicalId"] == stack["StackId"]

    bad = user.provision_product(ProductId=product, ProvisioningArtifactId=first, ProvisionedProductName="bad")
    assert ended(bad["RecordDetail"]["RecordId"])[0] == "FAILED"
    shown = user.describe_provisioned_product(Name="bad")["ProvisionedProductDetail"]
    assert shown["Status"] == "ERROR", shown
    assert shown["StatusMessage"].startswith(
        "AmazonCloudFormationException  Parameters: [Owner] must have values (Service: "), shown
    for name in ("bad", "topic"):
        gone = user.terminate_provisioned_product(ProvisionedProductName=name)
        assert ended(gone["RecordDetail"]["RecordId"])[0] == "SUCCEEDED"
        refused("ResourceNotFoundException", user.describe_provisioned_product, Name=name)
    pages = sc.get_paginator("list_record_history").paginate(AccessLevelFilter=everyone)
    kinds = [row["RecordType"] for page in pages for row in page["RecordDetails"]]
    assert kinds == ["TERMINATE_PROVISIONED_PRODUCT"] * 2 + ["PROVISION_PRODUCT", "UPDATE_PROVISIONED_PRODUCT",
                                                             "PROVISION_PRODUCT"], kinds


def copies(sc, user, product, stacks):
    source = sc.describe_product_as_admin(Id=product)["ProductViewDetail"]["ProductARN"]
    token = sc.copy_product(SourceProductArn=source, TargetProductName="Copy", CopyOptions=["CopyTags"])
    ended = until("the copy", lambda: sc.describe_copy_product_status(CopyProductToken=token["CopyProductToken"]),
                  lambda got: got["CopyProductStatus"] != "IN_PROGRESS")
    assert ended["CopyProductStatus"] == "SUCCEEDED", ended
    target = ended["TargetProductId"]
    versions = sc.list_provisioning_artifacts(ProductId=target)["ProvisioningArtifactDetails"]
    assert [row["Name"] for row in versions] == ["v1", "v2"], versions
    stack = stacks.create_stack(StackName="legacy", TemplateBody=TEMPLATE,
                                Parameters=[{"ParameterKey": "Owner", "ParameterValue": "net"}])["StackId"]
    stacks.get_waiter("stack_create_complete").wait(StackName="legacy", WaiterConfig={"Delay": 1})
    of = {"ProductId": target, "ProvisioningArtifactId": versions[0]["Id"], "ProvisionedProductName": "legacy"}
    refused("InvalidParametersException", user.import_as_provisioned_product, PhysicalId="legacy", **of)
    user.import_as_provisioned_product(PhysicalId=stack, **of)
    until("the import", lambda: user.describe_provisioned_product(Name="legacy")["ProvisionedProductDetail"]["Status"],
          lambda status: status == "AVAILABLE")
    user.terminate_provisioned_product(ProvisionedProductName="legacy", RetainPhysicalResources=True)
    sc.delete_product(Id=target)
    assert stacks.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"


def farewell(sc, portfolio, product, first, second, constraint, role):
    refused("ResourceInUseException", sc.delete_portfolio, Id=portfolio)
    refused("ResourceInUseException", sc.delete_product, Id=product)
    sc.delete_constraint(Id=constraint)
    sc.disassociate_principal_from_portfolio(PortfolioId=portfolio, PrincipalARN=role)
    sc.disassociate_product_from_portfolio(ProductId=product, PortfolioId=portfolio)
    sc.delete_portfolio(Id=portfolio)
    sc.delete_provisioning_artifact(ProductId=product, ProvisioningArtifactId=first)
    refused("ResourceInUseException", sc.delete_provisioning_artifact, ProductId=product, ProvisioningArtifactId=second)
    sc.delete_product(Id=product)
    refused("ResourceNotFoundException", sc.describe_product_as_admin, Id=product)


def stacks():
    cloudformation = client("cloudformation")
    body = TEMPLATE.replace("  Owner: {Type: String,", "  Owner: {Type: String, Default: net,")
    made = cloudformation.create_stack(StackName="own", TemplateBody=body)["StackId"]
    cloudformation.get_waiter("stack_create_complete").wait(StackName="own", WaiterConfig={"Delay": 1})
    pages = cloudformation.get_paginator("describe_stacks").paginate()
    assert made in [stack["StackId"] for page in pages for stack in page["Stacks"]]
    assert cloudformation.get_template(StackName="own")["TemplateBody"] == body
    cloudformation.delete_stack(StackName="own")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=made, WaiterConfig={"Delay": 1})
    return cloudformation


def main():
    url = buckets()
    role, launcher = sessions()
    cloudformation = stacks()
    sc, user, portfolio, product, first, second, constraint = catalog(url, role, launcher)
    launches(sc, user, product, first, second, cloudformation)
    copies(sc, user, product, cloudformation)
    farewell(sc, portfolio, product, first, second, constraint, role)
    print(json.dumps({"findings": FINDINGS, "heard": sorted(HEARD)}))


main()
