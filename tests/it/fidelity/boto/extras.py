"""What hangs on portfolios, products and versions: TagOptions, budgets, service actions; and what finds them by tag."""
from launches import ended
from listening import client, refused
from walking import walk

DEFINITION = {"Name": "AWS-RestartEC2Instance", "Version": "1", "AssumeRole": "LAUNCH_ROLE"}


def extras(catalog):
    tag_options(catalog)
    budgets(catalog)
    actions(catalog)
    tagged(catalog)
    parameters()


def tag_options(catalog):
    sc = catalog.sc
    ids = [sc.create_tag_option(Key="stage", Value=value)["TagOptionDetail"]["Id"] for value in ("dev", "test")]
    refused("DuplicateResourceException", sc.create_tag_option, Key="stage", Value="dev")
    first, second = ids
    assert sc.update_tag_option(Id=second, Value="prod")["TagOptionDetail"]["Value"] == "prod"
    assert sc.describe_tag_option(Id=second)["TagOptionDetail"]["Active"]
    assert [row["Id"] for row in walk(sc, "list_tag_options", "TagOptionDetails")] == ids
    assert len(sc.list_tag_options(Filters={"Value": "prod"})["TagOptionDetails"]) == 1
    places = [catalog.portfolio, catalog.product]
    for place in places:
        sc.associate_tag_option_with_resource(ResourceId=place, TagOptionId=first)
    found = walk(sc, "list_resources_for_tag_option", "ResourceDetails", TagOptionId=first)
    assert [row["Id"] for row in found] == places
    for shown in (sc.describe_portfolio(Id=catalog.portfolio), sc.describe_product_as_admin(Id=catalog.product)):
        assert [row["Id"] for row in shown["TagOptions"]] == [first]
    told = catalog.user.describe_provisioning_parameters(ProductName="Topic", ProvisioningArtifactName="v1")
    assert told["TagOptions"] == [{"Key": "stage", "Values": ["dev"]}]
    refused("ResourceInUseException", sc.delete_tag_option, Id=first)
    for place in places:
        sc.disassociate_tag_option_from_resource(ResourceId=place, TagOptionId=first)
    for option in ids:
        sc.delete_tag_option(Id=option)
    refused("ResourceNotFoundException", sc.describe_tag_option, Id=first)


def budgets(catalog):
    sc, pair = catalog.sc, {"BudgetName": "monthly", "ResourceId": catalog.product}
    sc.associate_budget_with_resource(**pair)
    refused("DuplicateResourceException", sc.associate_budget_with_resource, **pair)
    shown = [{"BudgetName": "monthly"}]
    assert sc.list_budgets_for_resource(ResourceId=catalog.product)["Budgets"] == shown
    assert catalog.user.describe_product(Id=catalog.product)["Budgets"] == shown
    sc.disassociate_budget_from_resource(**pair)


def actions(catalog):
    sc = catalog.sc
    made = [sc.create_service_action(Name=name, DefinitionType="SSM_AUTOMATION", Definition=DEFINITION)
            for name in ("restart", "stop")]
    ids = [one["ServiceActionDetail"]["ServiceActionSummary"]["Id"] for one in made]
    sc.update_service_action(Id=ids[0], Description="Off and on")
    assert sc.describe_service_action(Id=ids[0])["ServiceActionDetail"]["Definition"] == DEFINITION
    assert len(walk(sc, "list_service_actions", "ServiceActionSummaries")) == 2
    places = [{"ProductId": catalog.product, "ProvisioningArtifactId": version}
              for version in (catalog.first, catalog.second)]
    sc.associate_service_action_with_provisioning_artifact(ServiceActionId=ids[0], **places[0])
    more = [{"ServiceActionId": ids[0], **places[0]}, {"ServiceActionId": ids[0], **places[1]},
            {"ServiceActionId": ids[1], **places[0]}]
    done = sc.batch_associate_service_action_with_provisioning_artifact(ServiceActionAssociations=more)
    failed = done["FailedServiceActionAssociations"]
    assert [row["ErrorCode"] for row in failed] == ["DUPLICATE_RESOURCE"], failed
    found = walk(sc, "list_service_actions_for_provisioning_artifact", "ServiceActionSummaries", **places[0])
    assert [row["Id"] for row in found] == ids
    found = walk(sc, "list_provisioning_artifacts_for_service_action", "ProvisioningArtifactViews",
                 ServiceActionId=ids[0])
    assert [row["ProvisioningArtifact"]["Id"] for row in found] == [catalog.first, catalog.second]
    made = catalog.user.provision_product(
        ProvisionedProductName="acted", ProvisioningParameters=[{"Key": "Owner", "Value": "net"}], **places[0])
    one = made["RecordDetail"]["ProvisionedProductId"]
    told = sc.describe_service_action_execution_parameters(ProvisionedProductId=one, ServiceActionId=ids[0])
    assert told["ServiceActionParameters"] == []
    ended(catalog.user, made["RecordDetail"]["RecordId"])
    catalog.user.terminate_provisioned_product(ProvisionedProductId=one)
    refused("ResourceInUseException", sc.delete_service_action, Id=ids[0])
    sc.disassociate_service_action_from_provisioning_artifact(**more[0])
    done = sc.batch_disassociate_service_action_from_provisioning_artifact(ServiceActionAssociations=more)
    failed = done["FailedServiceActionAssociations"]
    assert [row["ErrorCode"] for row in failed] == ["RESOURCE_NOT_FOUND"], failed
    for action in ids:
        sc.delete_service_action(Id=action)


def tagged(catalog):
    """Finds the portfolios, which all have a tag."""
    tagging, key = client("resourcegroupstaggingapi"), "ResourceTagMappingList"
    arguments = {"ResourceTypeFilters": ["catalog:portfolio"], "TagFilters": [{"Key": "team"}]}
    pages = list(tagging.get_paginator("get_resources").paginate(PaginationConfig={"PageSize": 2}, **arguments))
    assert [len(page[key]) for page in pages] == [2, 2, 1]
    assert pages[0][key][0]["Tags"] == [{"Key": "team", "Value": "core"}]
    assert pages[0][key][0]["ResourceARN"].endswith(catalog.portfolio)
    refused("InvalidParameterException", tagging.get_resources, ResourcesPerPage=101, **arguments)


def parameters():
    ssm = client("ssm")
    assert ssm.put_parameter(Name="/net/vpc", Type="String", Value="vpc-1")["Version"] == 1
    refused("ParameterAlreadyExists", ssm.put_parameter, Name="/net/vpc", Type="String", Value="vpc-2")
    ssm.put_parameter(Name="/net/secret", Type="SecureString", Value="hush")
    assert ssm.get_parameter(Name="/net/vpc")["Parameter"]["Value"] == "vpc-1"
    assert ssm.get_parameter(Name="/net/secret")["Parameter"]["Value"] != "hush"
    found = ssm.get_parameters(Names=["/net/vpc", "/net/secret", "/none"], WithDecryption=True)
    assert [row["Value"] for row in found["Parameters"]] == ["hush", "vpc-1"]
    assert found["InvalidParameters"] == ["/none"]
    ssm.delete_parameter(Name="/net/vpc")
    refused("ParameterNotFound", ssm.get_parameter, Name="/net/vpc")
