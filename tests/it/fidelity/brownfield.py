"""A catalog as a team made it by hand over the years, with an unchanged boto3: every kind, awkward values.

    AWS_ENDPOINT_URL=http://127.0.0.1:4566 python3 tests/it/fidelity/brownfield.py

Says as JSON what it made.
"""
import json
import time

import boto3
from botocore.config import Config

ACCOUNT = "123456789012"
SESSION = boto3.Session()


def client(service):
    return SESSION.client(service, config=Config(retries={"max_attempts": 3}))


sc, s3, ssm = client("servicecatalog"), client("s3"), client("ssm")

TEMPLATE = """AWSTemplateFormatVersion: "2010-09-09"
Description: %s
Parameters:
  Owner: {Type: String, Default: nobody}
  Secret: {Type: String, NoEcho: true, Default: hidden}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !Ref Owner}
Outputs:
  Owner: {Value: !Ref Owner}
"""
AWKWARD = "Ünïcode: \"quoted\" 'twice' # no comment, ${account} & 漢字\u00a0"


def tags(number, **more):
    every = {f"key-{n}": f"Wert {n}: ä+b=c@d" for n in range(number - len(more))}
    return [{"Key": key, "Value": value} for key, value in {**every, **more}.items()]


def put(name, text):
    s3.put_object(Bucket="old-templates", Key=name, Body=text.encode())
    return f"https://old-templates.s3.us-east-1.amazonaws.com/{name}"


def artifact(name, url, description=None):
    more = {"Description": description} if description else {}
    return {"Name": name, "Type": "CLOUD_FORMATION_TEMPLATE", "Info": {"LoadTemplateFromURL": url}, **more}


def product(name, url, number, **more):
    made = sc.create_product(Name=name, Owner="Team: A & B", ProductType="CLOUD_FORMATION_TEMPLATE",
                             ProvisioningArtifactParameters=artifact("1.0", url, "The first: \"one\""), Tags=tags(number), **more)
    return made["ProductViewDetail"]["ProductViewSummary"]["ProductId"], made["ProvisioningArtifactDetail"]["Id"]


s3.create_bucket(Bucket="old-templates")
ssm.put_parameter(Name="/golden/owner", Type="String", Value="gold")
one, two = put("one.yaml", TEMPLATE % "one"), put("two.yaml", (TEMPLATE % "two").replace("\n", "\r\n"))
data = put("data.json", json.dumps({"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}, indent="\t"))

portfolio = sc.create_portfolio(DisplayName="Net & Co: \"all\"", ProviderName="it's us", Description=AWKWARD + "x" * 1000,
                                Tags=tags(18))["PortfolioDetail"]["Id"]
other = sc.create_portfolio(DisplayName="Net & Co: \"all\"", ProviderName="0", Tags=tags(1, true="null"))["PortfolioDetail"]["Id"]
theirs = sc.create_portfolio(DisplayName="Theirs", ProviderName="them", Tags=[
    {"Key": "catalogd:portfolio", "Value": f"others/{ACCOUNT}/us-east-1/theirs"}])["PortfolioDetail"]["Id"]
for arn, kind in ((f"arn:aws:iam::{ACCOUNT}:role/Developers", "IAM"), (f"arn:aws:iam::{ACCOUNT}:role/catalogd", "IAM"),
                  ("arn:aws:iam:::role/Dev*", "IAM_PATTERN")):
    sc.associate_principal_with_portfolio(PortfolioId=portfolio, PrincipalARN=arn, PrincipalType=kind)
sc.create_portfolio_share(PortfolioId=other, AccountId="210987654321", ShareTagOptions=True)

vpc, first = product("VPC: 1", one, 18, Description=AWKWARD + "y" * 1000, Distributor="yes", SupportDescription="- no list",
                     SupportEmail="net@example.com", SupportUrl="https://example.com/?a=b#c")
versions = [first]
for number in range(2, 101):
    url = two if number == 2 else one
    made = sc.create_provisioning_artifact(ProductId=vpc, Parameters=artifact(f"1.{number - 1}", url))
    versions.append(made["ProvisioningArtifactDetail"]["Id"])
sc.update_provisioning_artifact(ProductId=vpc, ProvisioningArtifactId=versions[1], Guidance="DEPRECATED")
sc.update_provisioning_artifact(ProductId=vpc, ProvisioningArtifactId=versions[2], Active=False)
data_product, _ = product("true", data, 3)
full, _ = product("Full of tags", one, 20)
for place in (portfolio, other):
    sc.associate_product_with_portfolio(ProductId=vpc, PortfolioId=place)
sc.associate_product_with_portfolio(ProductId=data_product, PortfolioId=portfolio)


def constrain(place, kind, parameters):
    return sc.create_constraint(PortfolioId=place, ProductId=vpc, Type=kind,
                                Parameters=json.dumps(parameters))["ConstraintDetail"]["ConstraintId"]


constrain(portfolio, "LAUNCH", {"LocalRoleName": "Launcher"})
constrain(portfolio, "NOTIFICATION", {"NotificationArns": [f"arn:aws:sns:us-east-1:{ACCOUNT}:told"]})
constrain(portfolio, "RESOURCE_UPDATE", {"Version": "2.0", "Properties": {"TagUpdateOnProvisionedProduct": "ALLOWED"}})
constrain(portfolio, "TEMPLATE", {"Rules": {"Named": {"Assertions": [
    {"Assert": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Owner"}, ""]}]}, "AssertDescription": "it has an owner: \"always\""}]}}})
constrain(other, "STACKSET", {"Version": "String", "Properties": {
    "AccountList": [ACCOUNT], "RegionList": ["us-east-1"], "AdminRole": f"arn:aws:iam::{ACCOUNT}:role/Admin",
    "ExecutionRole": "Execute"}})

option = sc.create_tag_option(Key="env", Value="prod: 1")["TagOptionDetail"]["Id"]
for resource in (portfolio, data_product):
    sc.associate_tag_option_with_resource(ResourceId=resource, TagOptionId=option)
sc.associate_budget_with_resource(BudgetName="Monthly", ResourceId=portfolio)
action = sc.create_service_action(
    Name="Restart", DefinitionType="SSM_AUTOMATION", Description="Restarts: \"it\"",
    Definition={"Name": "AWS-RestartEC2Instance", "Version": "1"})["ServiceActionDetail"]["ServiceActionSummary"]["Id"]
sc.associate_service_action_with_provisioning_artifact(
    ProductId=vpc, ProvisioningArtifactId=versions[0], ServiceActionId=action)

deadline = time.monotonic() + 60


def until(ask, wanted):
    while (status := ask()) not in wanted:
        assert time.monotonic() < deadline, status
    return status


until(lambda: sc.describe_provisioning_artifact(ProductId=vpc, ProvisioningArtifactId=versions[0])["Status"], ("AVAILABLE",))
launched = sc.provision_product(
    ProductId=vpc, ProvisioningArtifactId=versions[0], PathName="Net & Co: \"all\"", ProvisionedProductName="hub",
    ProvisioningParameters=[{"Key": "Owner", "Value": AWKWARD.strip()}], Tags=[{"Key": "env", "Value": "prod: 1"}])["RecordDetail"]
status = until(lambda: sc.describe_record(Id=launched["RecordId"])["RecordDetail"]["Status"], ("SUCCEEDED", "FAILED"))
assert status == "SUCCEEDED", sc.describe_record(Id=launched["RecordId"])

print(json.dumps({"portfolio": portfolio, "other": other, "theirs": theirs, "vpc": vpc, "data": data_product, "full": full,
                  "option": option, "action": action, "hub": launched["ProvisionedProductId"]}))
