//! What each finding looks like: a manifest, and all that is said of it.
//!
//! `m.yaml` holds the manifest. Beside it lie `t.yaml`, a template with the parameters `A` (no default) and `B` and the output
//! `VpcId`; `bad.yaml`, which does not parse; `empty.yaml`; `lfs.yaml`, a Git LFS pointer; `old.yaml` and `new.yaml`, of which
//! one follows the other, and `macro.yaml`, the same with a macro; and `wide.yaml`, which goes beyond much.

/// A name, a manifest, and the lines `place code message | hint` (with `~` before the code of a warning).
pub const CASES: &[(&str, &str, &str)] = &[
    (
        "syntax",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net
spec: 1
"#,
        r#"
4:5 syntax the file is no valid YAML: while parsing a flow mapping, did not find expected ',' or '}' | a bracket before this place is not closed, or a comma is missing
"#,
    ),
    (
        "syntax_tabs",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata:
	name: net
"#,
        r#"
4:1 syntax YAML cannot be indented with tabs | indent with spaces
"#,
    ),
    (
        "syntax_colon",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us: them
"#,
        r#"
5:19 syntax the file is no valid YAML: mapping values are not allowed in this context | a text that contains `: ` must be quoted; else look at the indentation
"#,
    ),
    (
        "a_broken_document_hides_no_other",
        r#"
apiVersion: catalogd.dev/v1
kind: [
---
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
  oops: 1
"#,
        r#"
3:1 syntax the file is no valid YAML: while parsing a node, did not find expected node content
9:3 unknown-field unknown field `oops` in the portfolio's spec | it can have `displayName`, `description`, `providerName`, `tags`, `principals`, `tagOptions`, `budgets`, `shares`, `sharedProducts` and `imported`
"#,
    ),
    (
        "too_complex",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[
"#,
        r#"
3:42 too-complex values nest more than 32 deep | a manifest needs 8 levels at most: look for unbalanced brackets
"#,
    ),
    (
        "alias",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: &n net}
spec:
  providerName: *n
  <<: {description: x}
"#,
        r#"
3:18 alias anchors and aliases are not read here | write the value out where it is needed
5:17 alias anchors and aliases are not read here | write the value out where it is needed
6:3 alias merge keys are not read here | write the fields out where they are needed
"#,
    ),
    (
        "yaml_tag",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
  description: !Sub hello
"#,
        r#"
6:16 yaml-tag the YAML tag `!Sub` is not read here | drop it; a text that looks like a number is written in quotes
"#,
    ),
    (
        "duplicate_key",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
  providerName: Them
"#,
        r#"
6:3 duplicate-key `providerName` is there twice | keep one of the two
"#,
    ),
    (
        "duplicate_name_key",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net, name: work}
spec:
  providerName: Us
"#,
        r#"
3:23 duplicate-key `name` is there twice | keep one of the two
"#,
    ),
    (
        "invalid_key",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
  {{ owner }}: x
"#,
        r#"
6:3 invalid-key a key must be a plain text | `{{ … }}` without quotes is read as a map: quote it
6:4 invalid-key a key must be a plain text | `{{ … }}` without quotes is read as a map: quote it
"#,
    ),
    (
        "api_version_other",
        r#"
apiVersion: catalogd.dev/v2
kind: Portfolio
metadata: {name: net}
spec: {providerName: Us}
"#,
        r#"
1:13 api-version apiVersion `catalogd.dev/v2` is not `catalogd.dev/v1` | this version of catalogd reads `catalogd.dev/v1` alone
"#,
    ),
    (
        "api_version_typo",
        r#"
apiVersion: catalog.dev/v1
kind: Portfolio
metadata: {name: net}
spec: {providerName: Us}
"#,
        r#"
1:13 api-version apiVersion `catalog.dev/v1` is not `catalogd.dev/v1` | did you mean `catalogd.dev/v1`?
"#,
    ),
    (
        "api_version_missing",
        r#"
ApiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec: {providerName: Us}
"#,
        r#"
1:1 unknown-field unknown field `ApiVersion` in the document | did you mean `apiVersion`?
1:1 missing-field the document lacks `apiVersion` | add `apiVersion:`
"#,
    ),
    (
        "api_version_foreign",
        r#"
apiVersion: servicecatalog.aws.crossplane.io/v1alpha1
kind: Product
metadata: {name: net}
spec: {owner: Us}
"#,
        r#"
1:13 api-version apiVersion `servicecatalog.aws.crossplane.io/v1alpha1` is not `catalogd.dev/v1` | write `catalogd.dev/v1`, or keep other tools' manifests out of catalogd's path
"#,
    ),
    (
        "unknown_kind",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfoli
metadata: {name: net}
spec: {providerName: Us}
"#,
        r#"
2:7 unknown-kind unknown kind `Portfoli` | did you mean `Portfolio`?
"#,
    ),
    (
        "missing_kind",
        r#"
apiVersion: catalogd.dev/v1
Kind: Portfolio
metadata: {name: net}
"#,
        r#"
1:1 missing-field the document lacks `kind` | add `kind:`
1:1 missing-field the document lacks `spec` | add `spec:`
2:1 unknown-field unknown field `Kind` in the document | did you mean `kind`?
"#,
    ),
    (
        "defaults_have_no_name",
        r#"
apiVersion: catalogd.dev/v1
kind: Defaults
metadata: {name: net}
spec: {}
"#,
        r#"
3:1 unknown-field unknown field `metadata` in a Defaults document | it can have `apiVersion`, `kind` and `spec`
"#,
    ),
    (
        "list_of_manifests",
        r#"
- apiVersion: catalogd.dev/v1
  kind: Portfolio
"#,
        r#"
1:3 list-of-manifests a manifest inside a list is not read | make it a document of its own: documents are separated by a line `---`
"#,
    ),
    (
        "invalid_name",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: Net Work}
spec: {providerName: Us}
"#,
        r#"
3:18 invalid-name `Net Work` in metadata.name is no name | a name has 1 to 63 of `a-z`, `0-9` and `-`, with no `-` at its ends: `net-work` would do
"#,
    ),
    (
        "unknown_field",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
  descripton: x
  colour: red
"#,
        r#"
6:3 unknown-field unknown field `descripton` in the portfolio's spec | did you mean `description`?
7:3 unknown-field unknown field `colour` in the portfolio's spec | it can have `displayName`, `description`, `providerName`, `tags`, `principals`, `tagOptions`, `budgets`, `shares`, `sharedProducts` and `imported`
"#,
    ),
    (
        "missing_field",
        r#"
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  portfolios: []
"#,
        r#"
3:18 ~no-portfolio the product stands in no portfolio: nobody can launch it | name one under `portfolios`
4:1 missing-field the product's spec lacks `owner` | add `owner:`, here or in a `Defaults` of its folder or one above
4:1 exactly-one the product's spec needs `versions`, `copyFrom` or `sourceConnection` | add one of them
"#,
    ),
    (
        "missing_spec",
        r#"
apiVersion: catalogd.dev/v1
kind: Product
metadata: {}
"#,
        r#"
1:1 missing-field the document lacks `spec` | add `spec:`
3:1 missing-field metadata lacks `name` | add `name:`
"#,
    ),
    (
        "wrong_type",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
  description: [a]
  principals: {self: true}
  tags: [a]
"#,
        r#"
6:16 wrong-type `description` must be a text, and is a list
7:15 wrong-type `principals` must be a list, and is a map
8:9 wrong-type `tags` must be a map, and is a list | write `key: value` for each, without `-`
"#,
    ),
    (
        "bare_text",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
  principals:
    - arn:aws:iam::123456789012:role/Dev
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [net]
  versions: [{name: v1, template: t.yaml}]
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: hub}
spec: {product: vpc, version: v1, portfolio: net, parameters: {A: b}}
"#,
        r#"
7:7 wrong-type a principal must be a map, and is a text | did you mean `arn: arn:aws:iam::123456789012:role/Dev`?
14:16 wrong-type an item of portfolios must be a map, and is a text | did you mean `portfolio: net`?
19:18 ~depends-on-broken provisioned-product/hub is left out, because product/vpc has errors | mend product/vpc
"#,
    ),
    (
        "unquoted",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: t.yaml}
    - {name: 1.0, template: t.yaml}
    - {name: true, template: t.yaml}
  tags: {account: 059299583895}
"#,
        r#"
15:14 unquoted `name` wants a text, and `1.0` without quotes is a number | write `name: "1.0"`
16:14 unquoted `name` wants a text, and `true` without quotes is a boolean | write `name: "true"`
17:19 unquoted `account` wants a text, and `059299583895` without quotes is a number | write `account: "059299583895"`
"#,
    ),
    (
        "null",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
  description:
  tags: {a: ~}
  principals: null
"#,
        r#"
6:14 null-value `description` has no value | leave the field out if it is not to be managed; `""`, `[]` or `{}` clears it
7:13 null-value `a` has no value | leave the field out if it is not to be managed; `""`, `[]` or `{}` clears it
8:15 null-value `principals` has no value | leave the field out if it is not to be managed; `""`, `[]` or `{}` clears it
"#,
    ),
    (
        "unknown_value",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - name: v1
      template: t.yaml
      guidance: deprecated
  unlistedVersions: keeep
"#,
        r#"
16:17 unknown-value `guidance` cannot be `deprecated` | did you mean `DEPRECATED`?
17:21 unknown-value `unlistedVersions` cannot be `keeep` | did you mean `keep`?
"#,
    ),
    (
        "quoted_flag",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - name: v1
      template: t.yaml
      active: "true"
"#,
        r#"
16:15 wrong-type `active` must be `true` or `false` without quotes, and is a text
"#,
    ),
    (
        "exactly_one",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
  principals:
    - {arn: a, pattern: b}
    - {}
    - {self: false}
"#,
        r#"
7:16 exactly-one a principal has `arn` and `pattern`: only one can hold | keep one of them
8:7 exactly-one a principal needs `arn`, `pattern` or `self` | add one of them
9:14 unknown-value `self` can only be `true` | leave the item out instead
"#,
    ),
    (
        "empty_value",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: ''
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec: {owner: ' ', portfolios: [{portfolio: net}], versions: []}
"#,
        r#"
5:17 empty-value `providerName` is empty, and the service wants a text
10:15 empty-value `owner` is empty, and the service wants a text
10:52 empty-value a product needs at least one version | list a version with a `name` and a `template`
"#,
    ),
    (
        "tag_options",
        r#"
apiVersion: catalogd.dev/v1
kind: TagOption
metadata: {name: prod}
spec: {key: env, value: prod}
---
apiVersion: catalogd.dev/v1
kind: TagOption
metadata: {name: again}
spec: {key: env, value: prod}
---
apiVersion: catalogd.dev/v1
kind: TagOption
metadata: {name: dev, adopt: {id: tag-1}}
spec: {key: env, value: dev}
---
apiVersion: catalogd.dev/v1
kind: TagOption
metadata: {name: old, onRemove: release}
spec: {key: env, value: "", active: "no"}
---
apiVersion: catalogd.dev/v1
kind: TagOption
metadata: {name: ours}
spec: {key: "catalogd:x", value: y}
"#,
        r#"
9:25 duplicate-tag-option another TagOption has the key `env` and the value `prod` | key and value are one in an account and region: keep one of the two
13:23 unknown-field unknown field `adopt` in the metadata of a TagOption | it can have `name`, `onRemove` and `ignore`
18:33 unknown-value `onRemove` cannot be `release` | it can be `retain` or `delete`
19:25 empty-value the value of a TagOption is empty, and the service wants a text
19:37 wrong-type `active` must be `true` or `false` without quotes, and is a text
24:13 reserved-tag the tag `catalogd:x` begins with `catalogd:`, which catalogd keeps for itself | use another key
"#,
    ),
    (
        "tag_options_given",
        r#"
apiVersion: catalogd.dev/v1
kind: TagOption
metadata: {name: prod}
spec: {key: env, value: prod}
---
apiVersion: catalogd.dev/v1
kind: TagOption
metadata: {name: dev}
spec: {key: env, value: dev}
---
apiVersion: catalogd.dev/v1
kind: TagOption
metadata: {name: old}
spec: {key: env, value: old, active: false}
---
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
  tagOptions: [prod, old, nope, prod]
  budgets: ["", a, a]
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions: [{name: v1, template: t.yaml}]
  tagOptions: [dev]
"#,
        r#"
21:22 ~inactive-tag-option TagOption `old` is not active: nobody is offered it, and nothing new can be given it | take it out of `tagOptions`, or make it active
21:27 dangling-reference no TagOption named `nope` is in this source | references are by `metadata.name`: add a TagOption of this name, or name another
21:33 duplicate-item `prod` is in `tagOptions` twice | keep one of the two
22:13 empty-value a budget's name is empty, and the service wants a text
22:20 duplicate-item `a` is in `budgets` twice | keep one of the two
26:18 ~depends-on-broken product/vpc is left out, because portfolio/net has errors | mend portfolio/net
29:28 ~tag-option-conflict for the tag `env` product and portfolio `net` have no value in common | a launch from there gets a tag value that says so: give both a value they share
"#,
    ),
    (
        "shares",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
  shares:
    - account: "1234"
    - account: 210987654321
    - account: "210987654321"
      sharePrincipals: true
      shareTagOptions: "yes"
    - account: "210987654321"
    - organization: r-abcd
    - organizationalUnit: ou-abcd
    - organization: o-abcdefghij
      organizationalUnit: ou-abcd-abcdefgh
    - shareTagOptions: true
"#,
        r#"
7:16 invalid-share `1234` is no account number | it has twelve digits, in quotes
8:16 unquoted `account` wants a text, and `210987654321` without quotes is a number | write `account: "210987654321"`
10:24 invalid-share principals are shared with an organization or a unit only | leave `sharePrincipals` out: the account associates principals of its own
11:24 wrong-type `shareTagOptions` must be `true` or `false` without quotes, and is a text
12:16 duplicate-item `210987654321` is in `shares` twice | keep one of the two
13:21 invalid-share `r-abcd` is no organization's id | it has the form `o-abcdefghij`
14:27 invalid-share `ou-abcd` is no unit's id | it has the form `ou-abcd-abcdefgh`
16:7 exactly-one a share has `organization` and `organizationalUnit`: only one can hold | keep one of them
17:7 exactly-one a share needs `account`, `organization` or `organizationalUnit` | add one of them
"#,
    ),
    (
        "imported_portfolios",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: hub}
spec: {imported: true, displayName: Hub}
---
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: two, onRemove: delete, adopt: {id: prod-abc}}
spec: {imported: true}
---
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: three, adopt: {id: port-abcdefghijklm}}
spec: {imported: true, principals: [{arn: nobody}]}
---
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
  imported: "true"
  shares: [{account: "210987654321"}]
  sharedProducts:
    - {product: vpc, from: three}
    - {product: prod-abcdefghijklm, from: net}
    - {product: prod-abcdefghijklm, from: nope}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: three}]
  versions: [{name: v1, template: t.yaml}]
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: one}
spec: {product: vpc, version: v1, portfolio: three, parameters: {A: a}}
"#,
        r#"
3:18 imported-portfolio an imported portfolio is known by its id alone | add `adopt: {id: port-…}` to `metadata`: its owner knows the id
4:24 unknown-field unknown field `displayName` in an imported portfolio's spec | it can have `imported` and `principals`
8:18 imported-portfolio an imported portfolio can only be retained: it is its owner's | leave `onRemove` out; its owner ends the share
8:53 imported-portfolio `prod-abc` is no portfolio's id | it has the form `port-abcdefghijklm`
14:43 invalid-arn `nobody` is no ARN of a principal | it has the form `arn:aws:iam::123456789012:role/NAME` (or `user/…`, `group/…`)
21:13 wrong-type `imported` must be `true` or `false` without quotes, and is a text
22:22 imported-portfolio a portfolio with another account's products can't be shared on | share a portfolio of its own that has only products of this account
24:17 imported-portfolio `vpc` is no product's id | another account's product is named by its id: `prod-abcdefghijklm`
25:43 imported-portfolio portfolio `net` is no imported one | name one with `imported: true`; a product of your own names its `portfolios`
26:17 duplicate-item `prod-abcdefghijklm` is in `sharedProducts` twice | keep one of the two
26:43 dangling-reference no Portfolio named `nope` is in this source | references are by `metadata.name`: add a Portfolio of this name, or name another
33:28 imported-portfolio portfolio `three` is another account's: only its owner puts products into it | put the product in a portfolio of your own
39:46 imported-portfolio portfolio `three` is another account's, and holds no product of this source | name a portfolio of your own: a product with `copyFrom` can stand there
"#,
    ),
    (
        "service_action_that_is_not_there",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - name: v1
      template: t.yaml
      serviceActions: [restart]
"#,
        r#"
16:24 dangling-reference no ServiceAction named `restart` is in this source | references are by `metadata.name`: add a ServiceAction of this name, or name another
"#,
    ),
    (
        "copy_from",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: ami, onRemove: delete}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  sourceConnection: {type: CODESTAR}
"#,
        r#"
13:3 missing-field sourceConnection lacks `artifactPath` | add `artifactPath:`
13:3 missing-field sourceConnection lacks `branch` | add `branch:`
13:3 missing-field sourceConnection lacks `connectionArn` | add `connectionArn:`
13:3 missing-field sourceConnection lacks `repository` | add `repository:`
"#,
    ),
    (
        "source_connection",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: synced}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  unlistedVersions: delete
  retention: {active: 1}
  sourceConnection:
    type: GITHUB
    connectionArn: arn:aws:codeconnections:us-east-1:123456789012:connection/1
    repository: ''
    branch: main
    artifactPath: vpc.yaml
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: both}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  sourceConnection:
    connectionArn: arn:aws:codestar-connections:us-east-1:${account}:connection/1
    repository: us/catalog
    branch: main
    artifactPath: vpc.yaml
  versions:
    - name: v1
      template: t.yaml
"#,
        r#"
13:3 unknown-field `unlistedVersions` says nothing of a product whose versions the service makes | leave it out: every commit to the repository's file makes a version, and catalogd touches none
14:3 unknown-field `retention` says nothing of a product whose versions the service makes | leave it out: every commit to the repository's file makes a version, and catalogd touches none
16:11 unknown-value `type` cannot be `GITHUB` | it can be `CODESTAR`
17:20 invalid-arn `arn:aws:codeconnections:us-east-1:123456789012:connection/1` is no ARN of a connection | it has the form `arn:aws:codestar-connections:REGION:ACCOUNT:connection/ID`: the service takes no other, whatever the console shows
18:17 empty-value `sourceConnection.repository` is empty
28:3 exactly-one the product's spec has `versions` and `sourceConnection`: only one can hold | keep one of them
"#,
    ),
    (
        "types",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: tf}
spec:
  owner: Us
  type: TERRAFORM
  portfolios: [{portfolio: net}]
  versions:
    - name: v1
      template: t.yaml
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: copied}
spec:
  owner: Us
  type: EXTERNAL
  portfolios: [{portfolio: net}]
  copyFrom: {productArn: 'arn:aws:catalog:us-east-1:123456789012:product/prod-abcdefghijklm'}
"#,
        r#"
12:9 unknown-value `type` cannot be `TERRAFORM` | it can be `CLOUD_FORMATION_TEMPLATE`, `MARKETPLACE`, `EXTERNAL`, `TERRAFORM_OPEN_SOURCE` or `TERRAFORM_CLOUD`
23:3 unknown-field `type` says nothing of a copy, which lists no versions | leave it out: a copy's type is its source's
"#,
    ),
    (
        "retention",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  retention: {active: 2, older: DEPRECATED}
  versions:
    - {name: v1, template: t.yaml, active: false}
    - {name: v2, template: t.yaml, guidance: DEPRECATED}
    - {name: v3, template: t.yaml, active: false}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: none}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  retention: {active: 0, older: GONE}
  versions:
    - {name: v1, template: t.yaml}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: few}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  retention: {active: 'three'}
  versions:
    - {name: v1, template: t.yaml}
"#,
        r#"
16:46 ~retention-overridden `v2` is one of the 2 newest versions, which `retention` keeps in use, and says `guidance: DEPRECATED` | what the version says holds: fewer versions are in use than `retention` says
17:44 ~retention-overridden `v3` is one of the 2 newest versions, which `retention` keeps in use, and says `active: false` | what the version says holds: fewer versions are in use than `retention` says
25:23 unknown-value `active` must be at least 1: a product without one is of no use | a version is taken out of use by `active: false` in its own entry
25:33 unknown-value `older` cannot be `GONE` | it can be `DEPRECATED` or `INACTIVE`
35:23 wrong-type `active` must be a whole number without quotes, and is a text
"#,
    ),
    (
        "refs_and_mutable",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: t.yaml, ref: v1}
    - {name: v2, templateUrl: 'https://example.com/t', ref: v1, mutable: true}
"#,
        r#"
14:41 template-ref the ref `v1` can't be read: this source is read without its repository | leave `ref` out and name the file itself
15:56 unknown-field `ref` needs a `template` | leave it out: a version with `templateUrl` or `fromStack` is compared by its name alone
15:65 unknown-field `mutable` needs a `template` | leave it out: a version with `templateUrl` or `fromStack` is compared by its name alone
"#,
    ),
    (
        "defaults",
        r#"
apiVersion: catalogd.dev/v1
kind: Defaults
metadata: {name: all}
spec:
  owner: Us
  description: no
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  versions:
    - {name: v1, template: t.yaml}
"#,
        r#"
3:1 unknown-field unknown field `metadata` in a Defaults document | it can have `apiVersion`, `kind` and `spec`
6:3 unknown-field unknown field `description` in the spec of Defaults | it can have `owner`, `distributor`, `support`, `tags` and `portfolios`
10:18 ~no-portfolio the product stands in no portfolio: nobody can launch it | name one under `portfolios`
10:18 ~depends-on-broken product/vpc is left out, because the Defaults of its folder have errors (m.yaml:2:7) | mend the Defaults
"#,
    ),
    (
        "defaults_with_a_value_that_no_product_could_have",
        r#"
apiVersion: catalogd.dev/v1
kind: Defaults
spec:
  owner: ''
  tags: {'aws:x': y}
  portfolios: [{portfolio: nowhere}]
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: one}
spec:
  versions:
    - {name: v1, template: t.yaml}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: other}
spec:
  versions:
    - {name: v1, template: t.yaml}
"#,
        r#"
4:10 empty-value `owner` is empty, and the service wants a text
5:10 reserved-tag the tag `aws:x` begins with `aws:`, which AWS keeps for itself | use another key
6:28 dangling-reference no Portfolio named `nowhere` is in this source | references are by `metadata.name`: add a Portfolio of this name, or name another
"#,
    ),
    (
        "defaults_that_agree_with_one_product_and_not_with_another",
        r#"
apiVersion: catalogd.dev/v1
kind: Defaults
spec:
  owner: Us
  portfolios: [{portfolio: net}]
---
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec: {providerName: Us, tagOptions: [dev]}
---
apiVersion: catalogd.dev/v1
kind: TagOption
metadata: {name: dev}
spec: {key: env, value: dev}
---
apiVersion: catalogd.dev/v1
kind: TagOption
metadata: {name: prod}
spec: {key: env, value: prod}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: one}
spec:
  tagOptions: [dev]
  versions:
    - {name: v1, template: t.yaml}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: other}
spec:
  tagOptions: [prod]
  versions:
    - {name: v1, template: t.yaml}
"#,
        r#"
5:28 ~tag-option-conflict for the tag `env` product and portfolio `net` have no value in common | a launch from there gets a tag value that says so: give both a value they share
"#,
    ),
    (
        "duplicate_defaults",
        r#"
apiVersion: catalogd.dev/v1
kind: Defaults
spec: {owner: Us}
---
apiVersion: catalogd.dev/v1
kind: Defaults
spec: {owner: Them}
"#,
        r#"
6:7 duplicate-defaults another Defaults document is in this folder | join the two, or move one to a folder below
"#,
    ),
    (
        "copies",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec: {providerName: Us}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: both}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions: [{name: v1, template: t.yaml}]
  copyFrom: {productArn: "arn:aws:catalog:us-east-1:${account}:product/prod-a"}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: neither}
spec: {owner: Us, portfolios: [{portfolio: net}]}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: lacking}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  copyFrom: {version: [v1], versions: [], copyTags: "yes"}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: mistaken}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  unlistedVersions: deactivate
  copyFrom:
    productArn: prod-abc
    versions: [v1, 1.0, v1]
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: sound}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  copyFrom: {productArn: "arn:aws:catalog:${region}:${account}:product/prod-a", versions: [v1, v2], copyTags: true}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: launched}
spec: {product: sound, version: v3}
"#,
        r#"
13:3 exactly-one the product's spec has `versions` and `copyFrom`: only one can hold | keep one of them
18:1 exactly-one the product's spec needs `versions`, `copyFrom` or `sourceConnection` | add one of them
26:3 missing-field copyFrom lacks `productArn` | add `productArn:`
26:14 unknown-field unknown field `version` in copyFrom | did you mean `versions`?
26:29 empty-value `copyFrom.versions` names no version to copy | name some, or leave it out: then all active versions are copied
26:53 wrong-type `copyTags` must be `true` or `false` without quotes, and is a text
34:3 unknown-field `unlistedVersions` says nothing of a copy, which lists no versions | leave it out: a copy's versions follow those of its source
36:17 invalid-arn `prod-abc` is no ARN of a product | it has the form `arn:aws:catalog:REGION:ACCOUNT:product/prod-ID`
37:20 unquoted `versions` wants a text, and `1.0` without quotes is a number | write `versions: "1.0"`
37:25 duplicate-version version `v1` is named twice | name each version once
50:33 dangling-reference product `sound` has no version `v3` | did you mean `v1`?
"#,
    ),
    (
        "imports",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec: {providerName: Us}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: topic}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions: [{name: v1, template: t.yaml}]
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: named}
spec: {product: topic, version: v1, import: {stackArn: my-stack}}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: a-set}
spec: {product: topic, version: v1, import: {stackArn: "arn:aws:cloudformation:us-east-1:123456789012:stackset/a:0a1b"}}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: bare}
spec: {product: topic, version: v1, import: my-stack}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: lacking}
spec: {product: topic, version: v1, import: {arn: x}}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: one}
spec: {product: topic, version: v1, import: {stackArn: "arn:aws:cloudformation:${region}:${account}:stack/a/0a1b"}}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: two}
spec: {product: topic, version: v1, import: {stackArn: "arn:aws:cloudformation:${region}:${account}:stack/a/0a1b"}}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: unknown}
spec: {product: topic, version: v1, parameters: {Q: x}, import: {stackArn: "arn:aws:cloudformation:${region}:${account}:stack/b/0a1b"}}
"#,
        r#"
17:56 invalid-arn `my-stack` is no ARN of a stack | it has the form `arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/ID`; `aws cloudformation describe-stacks` shows it as StackId
22:56 invalid-arn `arn:aws:cloudformation:us-east-1:123456789012:stackset/a:0a1b` is no ARN of a stack | a StackSet can't be imported, only a single root stack
27:45 wrong-type `import` must be a map, and is a text | did you mean `stackArn: my-stack`?
32:37 missing-field import lacks `stackArn` | add `stackArn:`
32:46 unknown-field unknown field `arn` in import | it can have `stackArn`
37:56 duplicate-item another provisioned product imports this stack too | a stack becomes one provisioned product: take the `import` from the other
42:56 duplicate-item another provisioned product imports this stack too | a stack becomes one provisioned product: take the `import` from the other
47:50 unknown-parameter the template has no parameter `Q` | did you mean `A`?
"#,
    ),
    (
        "launch_settings",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: t.yaml}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: hub}
spec:
  product: vpc
  version: v1
  notificationArns: [arn:aws:sns:us-east-1:123456789012:a, arn:aws:sqs:us-east-1:123456789012:b, arn:aws:sns:us-east-1:123456789012:a]
  stackSet:
    accounts: ["123", "123456789012"]
    regions: [Frankfurt]
    failureToleranceCount: 1
    failureTolerancePercentage: 5
    maxConcurrencyPercentage: 101
    operationType: MOVE
  parameters:
    A: {ssm: "a path"}
    B: [1, "x,y", {output: z}]
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: spoke}
spec:
  product: vpc
  version: v1
  notificationArns: [arn:aws:sns:us-east-1:123456789012:a, arn:aws:sns:us-east-1:123456789012:b, arn:aws:sns:us-east-1:123456789012:c, arn:aws:sns:us-east-1:123456789012:d, arn:aws:sns:us-east-1:123456789012:e, arn:aws:sns:us-east-1:123456789012:f]
  stackSet: {maxConcurrencyCount: 2, regions: []}
  parameters:
    A: {ssm: /fine/one:3, output: {provisionedProduct: hub, key: VpcId}}
    B: {ssm: /fine/one:new}
"#,
        r#"
22:60 invalid-arn `arn:aws:sqs:us-east-1:123456789012:b` is no ARN of an SNS topic | it has the form `arn:${partition}:sns:${region}:${account}:NAME`
22:98 duplicate-item `arn:aws:sns:us-east-1:123456789012:a` is in `notificationArns` twice | keep one of the two
24:16 invalid-stack-set `123` is no account | an account has twelve digits, in quotes
25:15 invalid-stack-set `Frankfurt` is no region | a region is called e.g. `eu-central-1`
27:5 exactly-one stackSet has `failureToleranceCount` and `failureTolerancePercentage`: only one can hold | keep one of them
28:31 unknown-value `maxConcurrencyPercentage` cannot be `101` | give a whole number from 1 to 100
29:5 unknown-field unknown field `operationType` in stackSet | it can have `accounts`, `regions`, `failureToleranceCount`, `failureTolerancePercentage`, `maxConcurrencyCount` and `maxConcurrencyPercentage`
31:14 invalid-ssm-name `a path` can't be a parameter of the parameter store | give its name, e.g. `/golden/ami`, or a version of it, e.g. `/golden/ami:3`
32:12 list-item an item of `B` has a comma, which CloudFormation would take for the end of the item | make it items of their own; a whole list as one text needs no list here
32:19 wrong-type an item of a parameter's list must be a text or a number, and is a map
40:212 too-many `notificationArns` has 6 topics: the service takes 5 | let one topic pass on to others
41:3 invalid-stack-set stackSet.regions is empty: a stack set without any has no instances | leave it out for all that the constraint names
41:35 invalid-stack-set `maxConcurrencyCount` is 2: it can be at most one more than `failureToleranceCount`, which is 0 | raise `failureToleranceCount`, or give percentages
43:9 exactly-one a parameter's value has `output` and `ssm`: only one can hold | keep one of them
44:14 invalid-ssm-name `/fine/one:new` can't be a parameter of the parameter store | give its name, e.g. `/golden/ami`, or a version of it, e.g. `/golden/ami:3`
"#,
    ),
    (
        "too_long",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
  displayName: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
"#,
        r#"
6:16 too-long `displayName` has 101 characters: the service takes 100 | shorten it
"#,
    ),
    (
        "over_default_quota",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions: [{name: v0, template: t.yaml}, {name: v1, template: t.yaml}, {name: v2, template: t.yaml}, {name: v3, template: t.yaml}, {name: v4, template: t.yaml}, {name: v5, template: t.yaml}, {name: v6, template: t.yaml}, {name: v7, template: t.yaml}, {name: v8, template: t.yaml}, {name: v9, template: t.yaml}, {name: v10, template: t.yaml}, {name: v11, template: t.yaml}, {name: v12, template: t.yaml}, {name: v13, template: t.yaml}, {name: v14, template: t.yaml}, {name: v15, template: t.yaml}, {name: v16, template: t.yaml}, {name: v17, template: t.yaml}, {name: v18, template: t.yaml}, {name: v19, template: t.yaml}, {name: v20, template: t.yaml}, {name: v21, template: t.yaml}, {name: v22, template: t.yaml}, {name: v23, template: t.yaml}, {name: v24, template: t.yaml}, {name: v25, template: t.yaml}, {name: v26, template: t.yaml}, {name: v27, template: t.yaml}, {name: v28, template: t.yaml}, {name: v29, template: t.yaml}, {name: v30, template: t.yaml}, {name: v31, template: t.yaml}, {name: v32, template: t.yaml}, {name: v33, template: t.yaml}, {name: v34, template: t.yaml}, {name: v35, template: t.yaml}, {name: v36, template: t.yaml}, {name: v37, template: t.yaml}, {name: v38, template: t.yaml}, {name: v39, template: t.yaml}, {name: v40, template: t.yaml}, {name: v41, template: t.yaml}, {name: v42, template: t.yaml}, {name: v43, template: t.yaml}, {name: v44, template: t.yaml}, {name: v45, template: t.yaml}, {name: v46, template: t.yaml}, {name: v47, template: t.yaml}, {name: v48, template: t.yaml}, {name: v49, template: t.yaml}, {name: v50, template: t.yaml}, {name: v51, template: t.yaml}, {name: v52, template: t.yaml}, {name: v53, template: t.yaml}, {name: v54, template: t.yaml}, {name: v55, template: t.yaml}, {name: v56, template: t.yaml}, {name: v57, template: t.yaml}, {name: v58, template: t.yaml}, {name: v59, template: t.yaml}, {name: v60, template: t.yaml}, {name: v61, template: t.yaml}, {name: v62, template: t.yaml}, {name: v63, template: t.yaml}, {name: v64, template: t.yaml}, {name: v65, template: t.yaml}, {name: v66, template: t.yaml}, {name: v67, template: t.yaml}, {name: v68, template: t.yaml}, {name: v69, template: t.yaml}, {name: v70, template: t.yaml}, {name: v71, template: t.yaml}, {name: v72, template: t.yaml}, {name: v73, template: t.yaml}, {name: v74, template: t.yaml}, {name: v75, template: t.yaml}, {name: v76, template: t.yaml}, {name: v77, template: t.yaml}, {name: v78, template: t.yaml}, {name: v79, template: t.yaml}, {name: v80, template: t.yaml}, {name: v81, template: t.yaml}, {name: v82, template: t.yaml}, {name: v83, template: t.yaml}, {name: v84, template: t.yaml}, {name: v85, template: t.yaml}, {name: v86, template: t.yaml}, {name: v87, template: t.yaml}, {name: v88, template: t.yaml}, {name: v89, template: t.yaml}, {name: v90, template: t.yaml}, {name: v91, template: t.yaml}, {name: v92, template: t.yaml}, {name: v93, template: t.yaml}, {name: v94, template: t.yaml}, {name: v95, template: t.yaml}, {name: v96, template: t.yaml}, {name: v97, template: t.yaml}, {name: v98, template: t.yaml}, {name: v99, template: t.yaml}, {name: v100, template: t.yaml}]
"#,
        r#"
13:3111 ~over-default-quota the product has 101 versions: by default an account can have 100 | ask AWS to raise quota L-A5846085, or drop versions that nobody runs
"#,
    ),
    (
        "too_many_patterns",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
  principals: [{pattern: 'arn:aws:iam:::role/x0'}, {pattern: 'arn:aws:iam:::role/x1'}, {pattern: 'arn:aws:iam:::role/x2'}, {pattern: 'arn:aws:iam:::role/x3'}, {pattern: 'arn:aws:iam:::role/x4'}, {pattern: 'arn:aws:iam:::role/x5'}, {pattern: 'arn:aws:iam:::role/x6'}, {pattern: 'arn:aws:iam:::role/x7'}, {pattern: 'arn:aws:iam:::role/x8'}, {pattern: 'arn:aws:iam:::role/x9'}, {pattern: 'arn:aws:iam:::role/x10'}]
"#,
        r#"
6:386 too-many the portfolio has 11 patterns: the service takes 10 | a pattern can have wildcards: `*` and `?`
"#,
    ),
    (
        "too_many_tags",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
  tags: {k00: v, k01: v, k02: v, k03: v, k04: v, k05: v, k06: v, k07: v, k08: v, k09: v, k10: v, k11: v, k12: v, k13: v, k14: v, k15: v, k16: v, k17: v, k18: v, k19: v}
"#,
        r#"
6:162 too-many there are 20 tags: the service takes 20, and one is catalogd's own | keep 19 at most
"#,
    ),
    (
        "invalid_arn",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
  principals:
    - arn: Admin
    - arn: arn:aws:iam:::role/Dev*
    - arn: arn:aws:iam::123:role/Dev
    - arn: arn:aws:iam::${account}:role/Dev*
    - pattern: arn:aws:iam::${account}:role/Dev*
    - pattern: arn:aws:s3:::x
"#,
        r#"
7:12 invalid-arn `Admin` is no ARN of a principal | it has the form `arn:aws:iam::123456789012:role/NAME` (or `user/…`, `group/…`)
8:12 invalid-arn `arn:aws:iam:::role/Dev*` is no ARN of a principal | an ARN without an account is a `pattern`
9:12 invalid-arn `arn:aws:iam::123:role/Dev` is no ARN of a principal | an account has twelve digits; `${account}` stands for the target's
10:12 invalid-arn `arn:aws:iam::210987654321:role/Dev*` is no ARN of a principal | wildcards belong into a `pattern`
11:16 invalid-arn `arn:aws:iam::210987654321:role/Dev*` is no principal pattern | a pattern has no account: `arn:aws:iam:::role/NAME*`; a whole ARN is an `arn`
12:16 invalid-arn `arn:aws:s3:::x` is no principal pattern | it has the form `arn:aws:iam:::role/NAME*` (or `user/…`, `group/…`), without an account
"#,
    ),
    (
        "launch",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net, constraints: {launch: {roleArn: SCLaunchRole}}}]
  versions:
    - {name: v1, template: t.yaml}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: two}
spec:
  owner: Us
  portfolios: [{portfolio: net, constraints: {launch: {localRoleName: 'arn:aws:iam::1:role/x'}}}]
  versions:
    - {name: v1, template: t.yaml}
"#,
        r#"
12:65 invalid-arn `SCLaunchRole` is no ARN of a role | it has the form `arn:aws:iam::123456789012:role/NAME`; a mere name is a `localRoleName`
21:71 invalid-role-name `arn:aws:iam::1:role/x` is no name of a role | it has 1 to 64 of letters, digits and `+=,.@_-`; an ARN is a `roleArn`
"#,
    ),
    (
        "launch_both",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net, constraints: {launch: {roleArn: a, localRoleName: b}, template: x, notifications: {}}}]
  versions:
    - {name: v1, template: t.yaml}
"#,
        r#"
12:68 exactly-one launch has `roleArn` and `localRoleName`: only one can hold | keep one of them
12:97 wrong-type a template constraint must be a map, and is a text | did you mean `rules: x`?
12:100 unknown-field unknown field `notifications` in constraints | did you mean `notification`?
"#,
    ),
    (
        "constraints",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios:
    - portfolio: net
      constraints:
        launch: {localRoleName: L}
        notification: {topics: [ops, 'arn:aws:sns:us-east-1:${account}:a', 'arn:aws:sns:us-east-1:${account}:a']}
        stackSet:
          accounts: ['123', 123456789012]
          regions: [us-east-1, us-east-1, Ohio]
          adminRole: Admin
          executionRole: arn:aws:iam::123456789012:role/Exec
  versions:
    - {name: v1, template: t.yaml}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: two}
spec:
  owner: Us
  portfolios:
    - portfolio: net
      constraints:
        notification: {topics: []}
        template: {rules: {}}
        stackSet: {accounts: [], executionRole: Exec}
  versions:
    - {name: v1, template: t.yaml}
"#,
        r#"
16:33 invalid-arn `ops` is no ARN of a topic | it has the form `arn:aws:sns:us-east-1:123456789012:NAME`
16:76 duplicate-item `arn:aws:sns:us-east-1:210987654321:a` is in `topics` twice | keep one of the two
17:9 exactly-one `launch` and `stackSet` exclude each other | a stack set is made as its own `adminRole`: keep one of them
18:22 unknown-value `123` is no account | an account has twelve digits, in quotes
18:29 unquoted `accounts` wants a text, and `123456789012` without quotes is a number | write `accounts: "123456789012"`
19:32 duplicate-item `us-east-1` is in `regions` twice | keep one of the two
19:43 unknown-value `Ohio` is no region | it has the form `us-east-1`
20:22 invalid-arn `Admin` is no ARN of a role | it has the form `arn:aws:iam::123456789012:role/NAME`
21:26 invalid-role-name `arn:aws:iam::123456789012:role/Exec` is no name of a role | it is the role's name in each account, not an ARN
33:24 empty-value `topics` is empty, and the service wants some | `constraints` without `notification` has none of this type
34:20 empty-value `rules` is empty, and the service wants some | `constraints` without `template` has none of this type
35:9 missing-field stackSet lacks `adminRole` | add `adminRole:`
35:9 missing-field stackSet lacks `regions` | add `regions:`
35:20 empty-value `accounts` is empty, and the service wants some | `constraints` without `stackSet` has none of this type
"#,
    ),
    (
        "service_actions",
        r#"
apiVersion: catalogd.dev/v1
kind: ServiceAction
metadata: {name: restart}
spec:
  name: Restart it
  definition:
    name: AWS-RestartEC2Instance
    version: 1
    assumeRole: Actions
    parameters:
      - {name: InstanceId, type: TARGT}
      - {name: InstanceId, type: TARGET}
      - {name: InstanceId, type: TEXT_VALUE}
      - {type: TARGET}
---
apiVersion: catalogd.dev/v1
kind: ServiceAction
metadata: {name: stop}
spec:
  description: ''
  definition: {name: '', document: x}
---
apiVersion: catalogd.dev/v1
kind: ServiceAction
metadata: {name: stop}
spec:
  tags: {}
---
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec: {providerName: Us}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  serviceActions: [restart, restart, Stop]
  versions:
    - {name: v1, template: t.yaml, serviceActions: [restat]}
"#,
        r#"
5:9 invalid-live-name `Restart it` is no name of a service action | it has letters, digits, `_`, `-` and `.`, and no blanks
8:14 unquoted `version` wants a text, and `1` without quotes is a number | write `version: "1"`
9:17 invalid-arn `Actions` is no ARN of a role | it has the form `arn:aws:iam::123456789012:role/NAME`, or is `LAUNCH_ROLE`
11:34 unknown-value `type` cannot be `TARGT` | did you mean `TARGET`?
13:16 duplicate-item `InstanceId` is in `parameters` twice | keep one of the two
14:9 missing-field a parameter of the definition lacks `name` | add `name:`
21:3 missing-field definition lacks `version` | add `version:`
21:22 empty-value `definition.name` is empty, and the service wants a text
21:26 unknown-field unknown field `document` in definition | it can have `name`, `version`, `assumeRole` and `parameters`
25:18 duplicate-name another ServiceAction has the name `stop` | names are unique per kind in a source: rename one
26:1 missing-field the service action's spec lacks `definition` | add `definition:`
27:3 unknown-field unknown field `tags` in the service action's spec | it can have `name`, `description` and `definition`
40:29 duplicate-item `restart` is in `serviceActions` twice | keep one of the two
40:38 invalid-name `Stop` in serviceActions is no name | a name has 1 to 63 of `a-z`, `0-9` and `-`, with no `-` at its ends: `stop` would do
42:53 dangling-reference no ServiceAction named `restat` is in this source | did you mean `restart`?
"#,
    ),
    (
        "rules",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios:
    - portfolio: net
      constraints:
        template:
          rules:
            Good:
              RuleCondition: {Fn::Equals: [{Ref: Env}, prod]}
              Assertions:
                - Assert: {Fn::Contains: [[m5.large, 3], {Ref: Kind}]}
                  AssertDescription: large ones
            Text: yes
            Empty: {Assertions: []}
            Slips:
              Conditions: x
              RuleCondition: {Condition: IsProd}
              Assertions:
                - Asert: x
                - Assert: {Fn::Contain: [[a], {Fn::If: [x, a, b]}]}
                - Assert: {Fn::Not: [~]}
                  AssertDescription: []
  versions:
    - {name: v1, template: t.yaml}
"#,
        r#"
22:19 invalid-rule rule `Text` must be a map, and is a text | a rule has `Assertions`, a list of maps with `Assert` and `AssertDescription`, and perhaps a `RuleCondition`
23:20 invalid-rule rule `Empty` has no list of `Assertions` | a rule has `Assertions`, a list of maps with `Assert` and `AssertDescription`, and perhaps a `RuleCondition`
25:15 invalid-rule unknown field `Conditions` in rule `Slips` | it can have `RuleCondition` and `Assertions`
26:31 invalid-rule `Condition` is no function of rules | a `RuleCondition` says when a rule holds; `Fn::And`, `Fn::Or` and `Fn::Not` combine
28:19 invalid-rule an assertion of rule `Slips` has no `Assert` | a rule has `Assertions`, a list of maps with `Assert` and `AssertDescription`, and perhaps a `RuleCondition`
28:19 invalid-rule unknown field `Asert` in an assertion of rule `Slips` | did you mean `Assert`?
29:28 invalid-rule `Fn::Contain` is no function of rules | did you mean `Fn::Contains`?
29:48 ~suspect-rule `Fn::If` is documented for rules, but users report that it is refused | a `RuleCondition` says when a rule holds; `Fn::And`, `Fn::Or` and `Fn::Not` combine
30:38 invalid-rule a rule has a part without a value | write `""` for an empty text
31:38 invalid-rule `AssertDescription` must be a text | a rule has `Assertions`, a list of maps with `Assert` and `AssertDescription`, and perhaps a `RuleCondition`
"#,
    ),
    (
        "invalid_stack",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: t.yaml}
    - {name: v2, fromStack: my-stack}
"#,
        r#"
15:29 invalid-arn `my-stack` is no ARN of a stack | it has the form `arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/ID`
"#,
    ),
    (
        "invalid_url",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: t.yaml}
    - {name: v2, templateUrl: s3://b/k}
  support: {url: example.com}
"#,
        r#"
15:31 invalid-url templateUrl `s3://b/k` is no https URL | write `https://BUCKET.s3.REGION.amazonaws.com/KEY`
16:18 invalid-url support.url `example.com` is no URL | it begins with `https://` or `http://`
"#,
    ),
    (
        "invalid_live_name",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: t.yaml}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: hub}
spec:
  product: vpc
  version: v1
  parameters: {A: x}
  name: my stack
"#,
        r#"
23:9 invalid-live-name `my stack` is no name of a provisioned product | it has 1 to 128 of letters, digits, `.`, `_` and `-`, and begins with a letter or digit
"#,
    ),
    (
        "reserved_tag",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
  tags: {'aws:x': a, 'catalogd:portfolio': b}
"#,
        r#"
6:10 reserved-tag the tag `aws:x` begins with `aws:`, which AWS keeps for itself | use another key
6:22 reserved-tag the tag `catalogd:portfolio` begins with `catalogd:`, which catalogd keeps for itself | use another key
"#,
    ),
    (
        "invalid_tag",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
  tags: {'a#b': x, c: 'd;e', '': f}
"#,
        r#"
6:10 invalid-tag the key of tag `a#b` cannot have `#` | tags have letters, digits, blanks and `_.:/=+-@`
6:23 invalid-tag the value of tag `c` cannot have `;` | tags have letters, digits, blanks and `_.:/=+-@`
6:30 invalid-tag the key of tag `` is empty | tags have letters, digits, blanks and `_.:/=+-@`
"#,
    ),
    (
        "duplicate_name",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
"#,
        r#"
9:18 duplicate-name another Portfolio has the name `net` | names are unique per kind in a source: rename one
"#,
    ),
    (
        "duplicate_version",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: t.yaml}
    - {name: v1, template: t.yaml}
"#,
        r#"
15:14 duplicate-version another version has the name `v1` | a version never changes: a new template needs a new name
"#,
    ),
    (
        "duplicate_item",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
  principals: [{self: true}, {self: true}]
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}, {portfolio: net}]
  versions:
    - {name: v1, template: t.yaml}
"#,
        r#"
6:31 duplicate-item `self` is in `principals` twice | keep one of the two
13:46 duplicate-item `net` is in `portfolios` twice | keep one of the two
"#,
    ),
    (
        "duplicate_live_name",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: t.yaml}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: hub}
spec:
  product: vpc
  version: v1
  parameters: {A: x}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: spoke}
spec:
  product: vpc
  version: v1
  parameters: {A: x}
  name: hub
"#,
        r#"
18:18 duplicate-live-name another provisioned product is called `hub` in the account | give one of them another `spec.name`
31:9 duplicate-live-name another provisioned product is called `hub` in the account | give one of them another `spec.name`
"#,
    ),
    (
        "dangling_portfolio",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: nett}]
  versions:
    - {name: v1, template: t.yaml}
"#,
        r#"
12:28 dangling-reference no Portfolio named `nett` is in this source | did you mean `net`?
"#,
    ),
    (
        "dangling_others",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: t.yaml}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: hub}
spec:
  product: vpc
  version: v11
  parameters: {A: x}
  portfolio: work
  dependsOn: [nobody]
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: spoke}
spec:
  product: vcp
  version: v1
"#,
        r#"
21:12 dangling-reference product `vpc` has no version `v11` | did you mean `v1`?
23:14 dangling-reference no Portfolio named `work` is in this source | references are by `metadata.name`: add a Portfolio of this name, or name another
24:15 dangling-reference no ProvisionedProduct named `nobody` is in this source | references are by `metadata.name`: add a ProvisionedProduct of this name, or name another
30:12 dangling-reference no Product named `vcp` is in this source | did you mean `vpc`?
"#,
    ),
    (
        "unknown_output",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: t.yaml}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: hub}
spec:
  product: vpc
  version: v1
  parameters: {A: x}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: spoke}
spec:
  product: vpc
  version: v1
  parameters: {A: {output: {provisionedProduct: hub, key: VpcID}}}
"#,
        r#"
30:59 unknown-output the template of `hub` has no output `VpcID` | did you mean `VpcId`?
"#,
    ),
    (
        "dependency_cycle",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: t.yaml}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: hub}
spec:
  product: vpc
  version: v1
  parameters: {A: {output: {provisionedProduct: spoke, key: VpcId}}}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: spoke}
spec:
  product: vpc
  version: v1
  parameters: {A: x}
  dependsOn: [hub]
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: me}
spec:
  product: vpc
  version: v1
  parameters: {A: x}
  dependsOn: [me]
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: late}
spec:
  product: vpc
  version: v1
  parameters: {A: x}
  dependsOn: [hub]
"#,
        r#"
22:49 dependency-cycle these wait for each other: hub → spoke → hub | drop one of the outputs or `dependsOn` that close the circle
31:15 dependency-cycle these wait for each other: hub → spoke → hub | drop one of the outputs or `dependsOn` that close the circle
40:15 dependency-cycle `me` waits for itself | drop one of the outputs or `dependsOn` that close the circle
44:18 ~depends-on-broken provisioned-product/late is left out, because provisioned-product/hub has errors | mend provisioned-product/hub
"#,
    ),
    (
        "product_not_in_portfolio",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: work}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: t.yaml}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: hub}
spec:
  product: vpc
  version: v1
  parameters: {A: x}
  portfolio: work
"#,
        r#"
29:14 product-not-in-portfolio portfolio `work` does not hold product `vpc` | the product is in `net`: name one of these, or add the portfolio to the product
"#,
    ),
    (
        "no_portfolio",
        r#"
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  versions:
    - {name: v1, template: t.yaml}
"#,
        r#"
3:18 ~no-portfolio the product stands in no portfolio: nobody can launch it | name one under `portfolios`
"#,
    ),
    (
        "depends_on_broken",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
  oops: 1
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: t.yaml}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: hub}
spec:
  product: vpc
  version: v1
  parameters: {A: x}
"#,
        r#"
6:3 unknown-field unknown field `oops` in the portfolio's spec | it can have `displayName`, `description`, `providerName`, `tags`, `principals`, `tagOptions`, `budgets`, `shares`, `sharedProducts` and `imported`
10:18 ~depends-on-broken product/vpc is left out, because portfolio/net has errors | mend portfolio/net
19:18 ~depends-on-broken provisioned-product/hub is left out, because product/vpc has errors | mend product/vpc
"#,
    ),
    (
        "template_path",
        r#"
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: p0}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: '/t.yaml'}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: p1}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: '../../t.yaml'}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: p2}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: 'a\\t.yaml'}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: p3}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: ''}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: p4}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: 'https://x/t.yaml'}
---
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
"#,
        r#"
9:28 template-path `/t.yaml` is absolute | a template's path is relative to its manifest
18:28 template-path `../../t.yaml` leaves the repository | keep templates in the repository of their manifests
27:28 template-path `a\\t.yaml` has a backslash | separate folders by `/`
36:28 template-path `` names no file | write the path of a template, relative to the manifest
45:28 template-path `https://x/t.yaml` is a URL, not a path | use `templateUrl`
"#,
    ),
    (
        "template_missing",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: tt.yaml}
    - {name: v2, template: deep/t.yaml}
    - {name: v3, template: nowhere.json}
"#,
        r#"
14:28 template-missing the template `tt.yaml` is not there (looked for `tt.yaml`) | did you mean `t.yaml`?
15:28 template-missing the template `deep/t.yaml` is not there (looked for `deep/t.yaml`) | did you mean `t.yaml`?
16:28 template-missing the template `nowhere.json` is not there (looked for `nowhere.json`) | a template's path is relative to its manifest
"#,
    ),
    (
        "template_unparsed",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: bad.yaml}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: hub}
spec:
  product: vpc
  version: v1
"#,
        r#"
14:28 ~template-unparsed `bad.yaml` cannot be read, so its parameters and resources are not checked: while parsing a node, did not find expected node content, at line 2 column 1 | it is uploaded as it is: CloudFormation decides
"#,
    ),
    (
        "template_suspect",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: lfs.yaml}
    - {name: v2, template: empty.yaml}
"#,
        r#"
14:28 ~template-suspect the template is a Git LFS pointer, not the file itself | keep templates out of Git LFS: they are small
15:28 ~template-suspect the template is empty | the service refuses it: write a template
"#,
    ),
    (
        "parameters",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: t.yaml}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: hub}
spec:
  product: vpc
  version: v1
  parameters: {a: x, B: 1}
"#,
        r#"
21:12 missing-parameter version `v1` needs the parameter `A` | add them under `parameters`: the template has no default for them
22:16 unknown-parameter the template has no parameter `a` | did you mean `A`?
"#,
    ),
    (
        "parameter_values",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: old.yaml}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: hub}
spec:
  product: vpc
  version: v1
  parameters:
    Kind: z
    Size: many
    Zones: [subnet-0a1b2c3d, subnet]
    Name: Ab
    Count: 11
    Secret: hunter2
    Stored: /golden/ami
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: spoke}
spec:
  product: vpc
  version: v1
  parameters:
    Kind: b
    Size: {ssm: /size}
    Zones: {output: {provisionedProduct: hub, key: Used}}
    Name: a${account}
    Count: 10
    Secret: correct
    Stored: ""
"#,
        r#"
23:11 parameter-not-allowed the value of `Kind` is not among those that the template allows | it can be `a` or `b`
24:11 parameter-type the value of `Size` is no `Number` | it wants a number
25:12 parameter-type the value of `Zones` is no `List<AWS::EC2::Subnet::Id>` | it wants `subnet-` and 8 or 17 hex digits
26:11 parameter-pattern the value of `Name` does not match the template's pattern | the pattern is `[a-z]*`; its template says: `small letters`
27:12 parameter-range the value of `Count` is too large | the template says `MaxValue: 10`
28:13 parameter-not-allowed the value of `Secret` is not among those that the template allows | the template allows 2 values
41:11 parameter-pattern the value of `Name` does not match the template's pattern | the pattern is `[a-z]*`; its template says: `small letters`
44:13 parameter-type the value of `Stored` is no `AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>` | it wants the name of a parameter of the parameter store
old.yaml:13:3 ~stateful-resource `Table` (AWS::DynamoDB::Table) holds data, and the template says no `DeletionPolicy`: its data goes with the stack | write `DeletionPolicy: Retain`, `Snapshot` where the type has it, or `Delete` if that is meant; and `UpdateReplacePolicy` beside it
"#,
    ),
    (
        "successors",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: old.yaml}
    - {name: v2, template: new.yaml}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: hub}
spec:
  product: vpc
  version: v1
  parameters:
    Kind: a
    Size: 1
    Gone: x
    Secret: correct
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: spoke}
spec:
  product: vpc
  version: v2
  parameters:
    Kind: b
    Size: {output: {provisionedProduct: hub, key: Used}}
    Must: x
    Secret: correct
"#,
        r#"
15:14 ~parameter-removed version `v2` no longer has the parameters `Count`, `Gone`, `Name`, `Stored` and `Zones` of `v1` | what is given has to be dropped with the move to this version
15:14 ~output-removed version `v2` no longer has the output `Used` of `v1`, which is used | keep it, or mend who uses it before the move to this version
15:14 ~resource-removed version `v2` no longer has `Table` (AWS::DynamoDB::Table) and 1 other resource of `v1`, and no `DeletionPolicy` keeps what goes: an update deletes it with its data | what is to stay needs a version with `DeletionPolicy: Retain` before this one
new.yaml:3:3 ~allowed-values-removed version `v2` no longer allows `a` for `Kind` | who gave another value has to choose anew with the move to this version
new.yaml:4:3 ~parameter-retyped `Size` is of another type in version `v2` than in `v1`: `String` instead of `Number` | values that were given may not fit: say so in the version's description
new.yaml:5:3 ~parameter-required `Must` must be given from version `v2` on: its former default is gone | a default spares everybody who moves to this version from giving it
new.yaml:6:3 ~allowed-values-removed version `v2` allows other values for `Secret` | who gave another value has to choose anew with the move to this version
new.yaml:8:3 ~resource-retyped `Thing` is `AWS::SQS::Queue` in version `v2` and was `AWS::SNS::Topic` in `v1`: CloudFormation refuses an update from one to the other | give what is new another logical id
"#,
    ),
    (
        "successors_of_what_is_not_offered",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: old.yaml}
    - {name: v2, template: new.yaml, active: false}
"#,
        r#"
"#,
    ),
    (
        "successors_by_a_macro",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: old.yaml}
    - {name: v2, template: macro.yaml}
"#,
        r#"
15:14 ~parameter-removed version `v2` no longer has the parameters `Count`, `Gone`, `Name`, `Stored` and `Zones` of `v1` | what is given has to be dropped with the move to this version
macro.yaml:4:3 ~allowed-values-removed version `v2` no longer allows `a` for `Kind` | who gave another value has to choose anew with the move to this version
macro.yaml:5:3 ~parameter-retyped `Size` is of another type in version `v2` than in `v1`: `String` instead of `Number` | values that were given may not fit: say so in the version's description
macro.yaml:6:3 ~parameter-required `Must` must be given from version `v2` on: its former default is gone | a default spares everybody who moves to this version from giving it
macro.yaml:7:3 ~allowed-values-removed version `v2` allows other values for `Secret` | who gave another value has to choose anew with the move to this version
macro.yaml:9:3 ~resource-retyped `Thing` is `AWS::SQS::Queue` in version `v2` and was `AWS::SNS::Topic` in `v1`: CloudFormation refuses an update from one to the other | give what is new another logical id
"#,
    ),
    (
        "templates",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: wide.yaml}
"#,
        r#"
wide.yaml:1:1 ~template-quota the template has 201 outputs: CloudFormation takes 200 | split it: nested stacks, or products that use each other's outputs
wide.yaml:1:1 ~template-quota the template has a description of 1025 bytes: CloudFormation takes 1024 | shorten it
wide.yaml:3:3 ~template-default the default of `P` is no `Number` | it wants a number
wide.yaml:4:3 ~template-default the default of `S` is too short | the template says `MinLength: 9`
wide.yaml:6:3 ~template-quota the template has a name of 256 characters: CloudFormation takes 255 | shorten it
wide.yaml:7:3 ~stateful-resource `Table` (AWS::DynamoDB::Table) and 1 other resource hold data, and the template says no `DeletionPolicy`: their data goes with the stack | write `DeletionPolicy: Retain`, `Snapshot` where the type has it, or `Delete` if that is meant; and `UpdateReplacePolicy` beside it
"#,
    ),
    (
        "silenced",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc, ignore: [{code: stateful-resource, reason: a test}, {code: template-quota, reason: as it is}]}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: wide.yaml}
"#,
        r#"
wide.yaml:3:3 ~template-default the default of `P` is no `Number` | it wants a number
wide.yaml:4:3 ~template-default the default of `S` is too short | the template says `MinLength: 9`
"#,
    ),
    (
        "ignores",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: 
  name: vpc
  ignore:
    - {code: stateful-resource, reason: a test}
    - {code: stateful-resource, reason: another}
    - {code: unknown-parameter, reason: it works}
    - {code: depends-on-broken, reason: it works}
    - {code: stateful-resorce, reason: it works}
    - {code: no-portfolio, reason: ""}
    - {code: no-portfolio}
    - no-portfolio
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: t.yaml}
"#,
        r#"
13:14 duplicate-item `stateful-resource` is there twice | keep one of the two
14:14 invalid-ignore `unknown-parameter` is an error, and only warnings can be silenced | mend what it is about
15:14 invalid-ignore `depends-on-broken` says what is not done, and can't be silenced | mend what it is about
16:14 unknown-value no finding has the code `stateful-resorce` | did you mean `stateful-resource`?
17:36 empty-value `reason` is empty, and says why a warning is not to be told | write why, for who reads this after you
18:7 missing-field an item of ignore lacks `reason` | add `reason:`
19:7 wrong-type an item of ignore must be a map, and is a text | did you mean `code: no-portfolio`?
"#,
    ),
    (
        "ignores_unused",
        r#"
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Us
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc, ignore: [{code: stateful-resource, reason: a test}]}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: t.yaml}
"#,
        r#"
9:39 ~unused-ignore product/vpc has no `stateful-resource` that could be silenced | take it out of `ignore`
"#,
    ),
];
