"""CloudFormation and STS."""
import datetime

from listening import ACCOUNT, client, refused
from storage import TEMPLATE
from walking import wait

OWN = TEMPLATE.replace("  Owner: {Type: String,", "  Owner: {Type: String, Default: net,")
# The server has been told to let this resource fail.
LATE = OWN.replace("Outputs:", "  Late: {Type: AWS::SNS::Topic}\nOutputs:")


def sessions():
    """A role, and the client of who has assumed it."""
    sts = client("sts")
    assert sts.get_caller_identity()["Account"] == ACCOUNT
    role = f"arn:aws:iam::{ACCOUNT}:role/launcher"
    got = sts.assume_role(RoleArn=role, RoleSessionName="one")
    assert got["Credentials"]["Expiration"] > datetime.datetime.now(datetime.timezone.utc)
    return role, client("servicecatalog", account=got["Credentials"]["AccessKeyId"])


def stacks(url):
    cloudformation = client("cloudformation")
    assert cloudformation.validate_template(TemplateBody=OWN)["Parameters"]
    assert cloudformation.get_template_summary(TemplateURL=url)["ResourceTypes"] == ["AWS::SNS::Topic"]
    made = cloudformation.create_stack(StackName="own", TemplateBody=OWN)["StackId"]
    wait(cloudformation, "stack_exists", StackName="own")
    wait(cloudformation, "stack_create_complete", StackName="own")
    pages = cloudformation.get_paginator("describe_stacks").paginate()
    assert made in [stack["StackId"] for page in pages for stack in page["Stacks"]]
    assert cloudformation.get_template(StackName="own")["TemplateBody"] == OWN
    assert cloudformation.describe_stack_events(StackName="own")["StackEvents"]
    assert cloudformation.describe_stack_resources(StackName="own")["StackResources"][0]["LogicalResourceId"] == "Topic"
    assert len(cloudformation.list_stack_resources(StackName="own")["StackResourceSummaries"]) == 1
    assert made in [row["StackId"] for row in cloudformation.list_stacks()["StackSummaries"]]
    large = [{"ParameterKey": "Size", "ParameterValue": "large"}]
    cloudformation.update_stack(StackName="own", UsePreviousTemplate=True, Parameters=large)
    wait(cloudformation, "stack_update_complete", StackName="own")
    cloudformation.update_stack(StackName="own", TemplateBody=LATE, Parameters=large)
    wait(cloudformation, "stack_rollback_complete", StackName="own")
    said = refused("ValidationError", cloudformation.describe_stacks, StackName="none")
    assert said == "Stack with id none does not exist", said
    cloudformation.delete_stack(StackName="own")
    wait(cloudformation, "stack_delete_complete", StackName=made)
    # No call of ours imports resources: the server has made this one.
    wait(cloudformation, "stack_import_complete", StackName="imported")
    return cloudformation
