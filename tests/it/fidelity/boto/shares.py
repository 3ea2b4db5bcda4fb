"""Shares of portfolios, and the organization that they are shared with."""
from listening import client, refused, until
from walking import walk

HUB, GUEST = "111122223333", "444455556666"


def shares():
    hub, guest = client("servicecatalog", HUB), client("servicecatalog", GUEST)
    ids = [hub.create_portfolio(DisplayName=f"S{n}", ProviderName="it")["PortfolioDetail"]["Id"] for n in range(2)]
    for portfolio in ids:
        hub.create_portfolio_share(PortfolioId=portfolio, AccountId=GUEST)
        guest.accept_portfolio_share(PortfolioId=portfolio)
    assert [row["Id"] for row in walk(guest, "list_accepted_portfolio_shares", "PortfolioDetails")] == ids
    shown = hub.describe_portfolio_shares(PortfolioId=ids[0], Type="ACCOUNT")["PortfolioShareDetails"]
    assert [row["Accepted"] for row in shown] == [True], shown
    assert hub.list_portfolio_access(PortfolioId=ids[0])["AccountIds"] == [GUEST]
    answer = hub.update_portfolio_share(PortfolioId=ids[0], AccountId=GUEST, ShareTagOptions=True)
    assert answer["Status"] == "COMPLETED", answer
    guest.reject_portfolio_share(PortfolioId=ids[0])
    refused("ResourceInUseException", hub.delete_portfolio, Id=ids[0])
    for portfolio in ids:
        hub.delete_portfolio_share(PortfolioId=portfolio, AccountId=GUEST)
    nodes(hub, ids[0])


def nodes(hub, portfolio):
    root, units, member = organization()
    hub.enable_aws_organizations_access()
    access = lambda: hub.get_aws_organizations_access_status()["AccessStatus"]
    until("access", access, lambda status: status == "ENABLED")
    for unit in units:
        node = {"Type": "ORGANIZATIONAL_UNIT", "Value": unit}
        token = hub.create_portfolio_share(PortfolioId=portfolio, OrganizationNode=node)["PortfolioShareToken"]
        until("the share", lambda: hub.describe_portfolio_share_status(PortfolioShareToken=token)["Status"],
              lambda status: status not in ("NOT_STARTED", "IN_PROGRESS"))
    shared = walk(hub, "list_organization_portfolio_access", "OrganizationNodes", PortfolioId=portfolio,
                  OrganizationNodeType="ORGANIZATIONAL_UNIT")
    assert sorted(row["Value"] for row in shared) == sorted(units), shared
    reached = client("servicecatalog", member)
    assert reached.describe_portfolio(Id=portfolio)["PortfolioDetail"]["Id"] == portfolio
    hub.disable_aws_organizations_access()
    until("access", access, lambda status: status == "DISABLED")
    dismantle(root, units, member)


def organization():
    """The root, two units and a member in the first of them."""
    org = client("organizations", HUB)
    org.create_organization()
    assert org.describe_organization()["Organization"]["MasterAccountId"] == HUB
    root = org.list_roots()["Roots"][0]["Id"]
    units = [org.create_organizational_unit(ParentId=root, Name=name)["OrganizationalUnit"]["Id"] for name in "ab"]
    asked = org.create_account(AccountName="member", Email="member@example.com")["CreateAccountStatus"]
    made = until("the account",
                 lambda: org.describe_create_account_status(CreateAccountRequestId=asked["Id"])["CreateAccountStatus"],
                 lambda status: status["State"] == "SUCCEEDED")
    member = made["AccountId"]
    org.move_account(AccountId=member, SourceParentId=root, DestinationParentId=units[0])
    assert org.describe_account(AccountId=member)["Account"]["Name"] == "member"
    assert org.describe_organizational_unit(OrganizationalUnitId=units[0])["OrganizationalUnit"]["Name"] == "a"
    assert org.list_parents(ChildId=member)["Parents"] == [{"Id": units[0], "Type": "ORGANIZATIONAL_UNIT"}]
    assert org.list_children(ParentId=units[0], ChildType="ACCOUNT")["Children"] == [{"Id": member, "Type": "ACCOUNT"}]
    for operation, key, of, expected in [
        ("list_accounts", "Accounts", {}, {HUB, member}),
        ("list_accounts_for_parent", "Accounts", {"ParentId": units[0]}, {member}),
        ("list_organizational_units_for_parent", "OrganizationalUnits", {"ParentId": root}, set(units)),
    ]:
        # Pages of this service are of MaxResults.
        pages = list(org.get_paginator(operation).paginate(PaginationConfig={"PageSize": 1}, **of))
        assert {row["Id"] for page in pages for row in page[key]} == expected, operation
    return root, units, member


def dismantle(root, units, member):
    org = client("organizations", HUB)
    service = {"AccountId": member, "ServicePrincipal": "servicecatalog.amazonaws.com"}
    client("servicecatalog", HUB).enable_aws_organizations_access()
    assert org.list_aws_service_access_for_organization()["EnabledServicePrincipals"]
    org.register_delegated_administrator(**service)
    assert [row["Id"] for row in org.list_delegated_administrators()["DelegatedAdministrators"]] == [member]
    org.deregister_delegated_administrator(**service)
    org.move_account(AccountId=member, SourceParentId=units[0], DestinationParentId=root)
    org.remove_account_from_organization(AccountId=member)
