"""Portfolios, products, versions, associations and constraints."""
import json

from listening import client, refused, until
from storage import TEMPLATE
from walking import walk


class Catalog:
    """A product with two versions in the first of five portfolios, which a role may launch from."""

    def __init__(self, url, role, launcher):
        self.sc, self.user, self.url, self.role = client("servicecatalog"), launcher, url, role
        self.portfolios()
        self.products()
        self.associations()
        self.paths()

    def version(self, name):
        return {"Name": name, "Info": {"LoadTemplateFromURL": self.url}}

    def create(self, name, **more):
        return self.sc.create_product(Name=name, Owner="net", ProductType="CLOUD_FORMATION_TEMPLATE",
                                      ProvisioningArtifactParameters=self.version("v1"), **more)

    def portfolios(self):
        sc, tags = self.sc, [{"Key": "team", "Value": "net"}]
        ids = [sc.create_portfolio(DisplayName=f"P{n}", ProviderName="it", Tags=tags)["PortfolioDetail"]["Id"]
               for n in range(5)]
        self.portfolio, self.second_portfolio = ids[:2]
        sc.update_portfolio(Id=ids[0], Description="", AddTags=[{"Key": "team", "Value": "core"}], RemoveTags=["team"])
        assert sc.describe_portfolio(Id=ids[0])["Tags"] == [{"Key": "team", "Value": "core"}]
        assert sc.describe_portfolio(Id=ids[0])["PortfolioDetail"]["Description"] == ""
        assert [row["Id"] for row in walk(sc, "list_portfolios", "PortfolioDetails", size=2)] == ids

    def products(self):
        sc = self.sc
        made = self.create("Topic", Tags=[{"Key": "team", "Value": "net"}], SupportUrl="https://example.com")
        self.product = made["ProductViewDetail"]["ProductViewSummary"]["ProductId"]
        self.first = made["ProvisioningArtifactDetail"]["Id"]
        for n in range(22):
            self.create(f"More {n}")
        assert len(walk(sc, "search_products_as_admin", "ProductViewDetails", size=20)) == 23
        sc.update_product(Id=self.product, Description="Sends")
        made = sc.create_provisioning_artifact(ProductId=self.product,
                                               Parameters={"Description": "two", **self.version("v2")})
        self.second = made["ProvisioningArtifactDetail"]["Id"]
        assert sc.describe_provisioning_artifact(
            ProductId=self.product, ProvisioningArtifactId=self.second, Verbose=True,
            IncludeProvisioningArtifactParameters=True)["Info"]["CloudFormationTemplate"] == TEMPLATE
        sc.update_provisioning_artifact(ProductId=self.product, ProvisioningArtifactId=self.second,
                                        Guidance="DEPRECATED")
        listed = sc.list_provisioning_artifacts(ProductId=self.product)["ProvisioningArtifactDetails"]
        assert [row["Id"] for row in listed] == [self.first, self.second]
        assert len(sc.describe_product_as_admin(Name="Topic")["ProvisioningArtifactSummaries"]) == 2

    def associations(self):
        sc, pair = self.sc, {"ProductId": self.product, "PortfolioId": self.portfolio}
        runs_as = json.dumps({"RoleArn": self.role})
        refused("ResourceNotFoundException", sc.create_constraint, Type="LAUNCH", Parameters=runs_as, **pair)
        sc.associate_product_with_portfolio(**pair)
        sc.associate_principal_with_portfolio(PortfolioId=self.portfolio, PrincipalARN=self.role, PrincipalType="IAM")
        made = sc.create_constraint(Type="LAUNCH", Description="as it", Parameters=runs_as, **pair)
        self.constraint = made["ConstraintDetail"]["ConstraintId"]
        until("the constraint", lambda: sc.describe_constraint(Id=self.constraint)["Status"],
              lambda status: status == "AVAILABLE")
        sc.update_constraint(Id=self.constraint, Description="as the launcher")
        # One more of each, so that there are pages.
        more = {"ProductId": self.product, "PortfolioId": self.second_portfolio}
        sc.associate_product_with_portfolio(**more)
        pattern = {"PortfolioId": self.portfolio, "PrincipalARN": "arn:aws:iam:::role/other*",
                   "PrincipalType": "IAM_PATTERN"}
        sc.associate_principal_with_portfolio(**pattern)
        tags = json.dumps({"Version": "2.0", "Properties": {"TagUpdateOnProvisionedProduct": "ALLOWED"}})
        made = sc.create_constraint(Type="RESOURCE_UPDATE", Parameters=tags, **pair)
        for name, key, of in [
            ("list_portfolios_for_product", "PortfolioDetails", {"ProductId": self.product}),
            ("list_principals_for_portfolio", "Principals", {"PortfolioId": self.portfolio}),
            ("list_constraints_for_portfolio", "ConstraintDetails", {"PortfolioId": self.portfolio}),
        ]:
            assert len(walk(sc, name, key, **of)) == 2, name
        sc.delete_constraint(Id=made["ConstraintDetail"]["ConstraintId"])
        sc.disassociate_principal_from_portfolio(**pattern)

    def paths(self):
        sc, user, product = self.sc, self.user, self.product
        said = refused("ResourceNotFoundException", sc.list_launch_paths, ProductId=product)
        assert said == f"No launch paths found for resource: {product}", said
        view = user.search_products()["ProductViewSummaries"][0]["Id"]
        user.describe_product_view(Id=view)
        assert user.describe_product(Id=product)["LaunchPaths"][0]["Name"] == "P0"
        sc.associate_principal_with_portfolio(PortfolioId=self.second_portfolio, PrincipalARN=self.role,
                                              PrincipalType="IAM")
        paths = walk(user, "list_launch_paths", "LaunchPathSummaries", ProductId=product)
        assert [row["Name"] for row in paths] == ["P0", "P1"]
        sc.disassociate_principal_from_portfolio(PortfolioId=self.second_portfolio, PrincipalARN=self.role)
        sc.disassociate_product_from_portfolio(ProductId=product, PortfolioId=self.second_portfolio)
        told = user.describe_provisioning_parameters(ProductName="Topic", ProvisioningArtifactName="v1", PathName="P0")
        assert [row["ParameterKey"] for row in told["ProvisioningArtifactParameters"]] == ["Owner", "Size"]
        assert {"Type": "launchAsRole", "Value": self.role} in told["UsageInstructions"]

    def farewell(self):
        sc, portfolio, product = self.sc, self.portfolio, self.product
        refused("ResourceInUseException", sc.delete_portfolio, Id=portfolio)
        refused("ResourceInUseException", sc.delete_product, Id=product)
        sc.delete_constraint(Id=self.constraint)
        sc.disassociate_principal_from_portfolio(PortfolioId=portfolio, PrincipalARN=self.role)
        sc.disassociate_product_from_portfolio(ProductId=product, PortfolioId=portfolio)
        sc.delete_portfolio(Id=portfolio)
        sc.delete_provisioning_artifact(ProductId=product, ProvisioningArtifactId=self.first)
        refused("ResourceInUseException", sc.delete_provisioning_artifact, ProductId=product,
                ProvisioningArtifactId=self.second)
        sc.delete_product(Id=product)
        refused("ResourceNotFoundException", sc.describe_product_as_admin, Id=product)
