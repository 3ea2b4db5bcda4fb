//! The service's published limits, as a manifest meets them.

/// SNS topics of a provisioned product's stack (facts §9.3).
pub const TOPICS: usize = 5;
/// The name of a parameter of the parameter store, an ARN or a selector included.
pub const SSM_NAME: usize = 2_048;
/// Characters of a service action's name (facts §9.10).
pub const ACTION_NAME: usize = 256;
/// Characters of a service action's description as the service has it (facts §9.10).
pub const ACTION_DESCRIPTION: usize = 1_024;
/// The same as a manifest gives it: less a blank and the longest mark, `[catalogd:<63>/<63>@delete]` (design §4).
pub const ACTION_TEXT: usize = ACTION_DESCRIPTION - 1 - (10 + 63 + 1 + 63 + 7 + 1);
/// Characters of each value of a service action's definition (facts §9.10).
pub const ACTION_DEFINITION: usize = 1_024;
/// Service actions of a version by default (facts §9.10).
pub const ACTIONS_OF_VERSION: usize = 25;
/// Associations of service actions in one call (facts §9.10).
pub const ACTIONS_A_BATCH: usize = 50;
/// Tags on a portfolio or product (facts §6).
pub const TAGS: usize = 20;
/// Tags on a provisioned product (facts §6).
pub const PROVISIONED_TAGS: usize = 50;
/// Characters of a portfolio's display name (facts §9.5).
pub const PORTFOLIO_NAME: usize = 100;
/// Characters of a portfolio's description (facts §9.5).
pub const PORTFOLIO_DESCRIPTION: usize = 2_000;
/// Characters of a portfolio's provider name (facts §9.5).
pub const PROVIDER_NAME: usize = 50;
/// Characters of a product's texts (facts §9.1).
pub const PRODUCT_TEXT: usize = 8_191;
/// Characters of a support e-mail address (facts §9.1).
pub const SUPPORT_EMAIL: usize = 254;
/// Characters of a support URL (facts §9.1).
pub const SUPPORT_URL: usize = 2_083;
/// Characters of a version's name and description (facts §9.2).
pub const VERSION_TEXT: usize = 8_192;
/// Versions of a product by default (facts §6).
pub const VERSIONS: usize = 100;
/// Characters of a source connection's repository, branch and path (facts §9.12).
pub const CONNECTION_REPOSITORY: usize = 100;
/// Characters of a source connection's branch (facts §9.12).
pub const CONNECTION_BRANCH: usize = 250;
/// Characters of a source connection's path (facts §9.12).
pub const CONNECTION_PATH: usize = 4_096;
/// `IAM_PATTERN` principals of a portfolio (facts §6).
pub const PRINCIPAL_PATTERNS: usize = 10;
/// Characters of a principal's ARN or pattern (facts §9.5).
pub const PRINCIPAL_ARN: usize = 1_000;
/// Characters of the ARN of a topic, a connection or a product to copy (facts §9.1, §9.3).
pub const ARN: usize = 1_224;
/// Principals of a portfolio (facts §6).
pub const PRINCIPALS: usize = 100;
/// Characters of a provisioned product's name (facts §9.3).
pub const PROVISIONED_NAME: usize = 128;
/// Characters of a parameter's value (facts §9.12).
pub const PARAMETER_VALUE: usize = 4_096;
/// Characters of a parameter's key (facts §9.12).
pub const PARAMETER_KEY: usize = 1_000;
/// Characters of a tag's key and value (facts §9.12).
pub const TAG_KEY: usize = 128;
/// Characters of a tag's value (facts §9.12).
pub const TAG_VALUE: usize = 256;
/// TagOptions of a portfolio or product (facts §6).
pub const TAG_OPTIONS: usize = 25;
/// Values of one TagOption key (facts §6).
pub const TAG_OPTION_VALUES: usize = 25;
/// Characters of a budget's name (facts §9.9).
pub const BUDGET_NAME: usize = 100;
/// Accounts that a portfolio is shared with (facts §6).
pub const SHARED_ACCOUNTS: usize = 5_000;
/// Parameters of a template (CloudFormation's published quotas, as the ones below).
pub const TEMPLATE_PARAMETERS: usize = 200;
/// Resources of a template.
pub const TEMPLATE_RESOURCES: usize = 500;
/// Outputs of a template.
pub const TEMPLATE_OUTPUTS: usize = 200;
/// Mappings of a template.
pub const TEMPLATE_MAPPINGS: usize = 200;
/// Characters of a parameter's, resource's or output's name in a template.
pub const TEMPLATE_NAME: usize = 255;
/// Bytes of a template's description.
pub const TEMPLATE_DESCRIPTION: usize = 1_024;
/// Bytes of a template that CloudFormation reads from S3 (its published quota, 1 MB).
pub const TEMPLATE_BYTES: usize = 1_048_576;
