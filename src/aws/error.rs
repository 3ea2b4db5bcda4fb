//! The one classifier of what AWS refuses: it decides what is tried again, what stalls and the exit code (design §7).

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_servicecatalog::operation::RequestId as _;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::model::secret::Secrets;

/// A call that did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation}: {code}: {message}")]
pub struct Failure {
    /// What to make of it.
    pub class: Class,
    /// The service's code; where no service answered, a word of ours such as `Dispatch` or `Timeout`.
    pub code: String,
    /// The service's text.
    pub message: String,
    /// The service's id of the request, for its support.
    pub request_id: Option<String>,
    /// The API's name of the call.
    pub operation: &'static str,
}

/// What to make of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Too many calls: the pacer slows down and the call is repeated.
    Throttled,
    /// The network or the service stumbled: repeated. Whether a write was done is not known.
    Transient,
    /// Something made a moment ago is not known everywhere yet: repeated.
    NotVisibleYet,
    /// The object's present state forbids it: the next pass sees that state.
    Conflict,
    /// A quota is used up: a person must act.
    Quota,
    /// The request itself is refused: repeating would only repeat.
    Invalid,
    /// No permission, or no valid credentials.
    Denied,
    /// Something the request names is not there.
    MissingDependency,
    /// None of these.
    Unknown,
}

impl Class {
    /// A stable word for logs and output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Transient => "transient",
            Self::NotVisibleYet => "not-visible-yet",
            Self::Conflict => "conflict",
            Self::Quota => "quota",
            Self::Invalid => "invalid",
            Self::Denied => "denied",
            Self::MissingDependency => "missing-dependency",
            Self::Unknown => "unknown",
        }
    }
}

impl Failure {
    /// Classifies what the SDK says of a call.
    pub fn of<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let status = error.raw_response().map(|raw| raw.status().as_u16());
        let request_id = error.request_id().map(str::to_owned);
        let (class, code, message) = match error {
            SdkError::ServiceError(service) => {
                let said = service.err().code().unwrap_or("");
                let message = service.err().message().unwrap_or("").to_owned();
                let code = match (said, status) {
                    ("", Some(status)) => format!("Http{status}"),
                    (code, _) => bare(code).to_owned(),
                };
                (classify(&code, &message, status), code, message)
            }
            SdkError::TimeoutError(_) => (Class::Transient, "Timeout".to_owned(), words(error)),
            SdkError::DispatchFailure(_) => dispatch(error),
            // An answer that is cut off or is no JSON, e.g. a proxy's page: the call may have been done.
            SdkError::ResponseError(_) => match status {
                Some(status @ 400..=499) => {
                    let code = format!("Http{status}");
                    (classify(&code, "", Some(status)), code, words(error))
                }
                _ => (
                    Class::Transient,
                    "IncompleteAnswer".to_owned(),
                    words(error),
                ),
            },
            _ => (Class::Unknown, "Construction".to_owned(), words(error)),
        };
        Self {
            class,
            code,
            message,
            request_id,
            operation,
        }
    }

    /// A failure of our own making: an answer without what it must hold, or a call that cannot be made as planned.
    pub fn internal(operation: &'static str, message: impl Into<String>) -> Self {
        Self {
            class: Class::Unknown,
            code: "Internal".to_owned(),
            message: message.into(),
            request_id: None,
            operation,
        }
    }

    /// A call that was accepted and failed later, as the service reports it: a record, a version, a constraint.
    pub fn reported(operation: &'static str, reason: &str) -> Self {
        Self {
            class: Class::Unknown,
            code: "Failed".to_owned(),
            message: reason.to_owned(),
            request_id: None,
            operation,
        }
    }

    /// An answer whose body broke off.
    pub(crate) fn cut(operation: &'static str, error: &(dyn Error + 'static)) -> Self {
        Self {
            class: Class::Transient,
            code: "IncompleteAnswer".to_owned(),
            message: words(error),
            request_id: None,
            operation,
        }
    }

    /// Whether the same call may succeed when it is simply repeated.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.class,
            Class::Throttled | Class::Transient | Class::NotVisibleYet
        )
    }

    /// Whether the service says that the thing is not there.
    pub fn is_not_found(&self) -> bool {
        matches!(
            self.code.as_str(),
            "ResourceNotFoundException" | "NoSuchBucket" | "NoSuchKey" | "NotFound" | "Http404"
        )
    }

    /// The same failure of a call whose subject is known to exist: *not found* then means *not visible yet* (design §7).
    pub fn of_known_object(mut self) -> Self {
        if self.class == Class::MissingDependency {
            self.class = Class::NotVisibleYet;
        }
        self
    }

    /// The same failure with every occurrence of a secret taken out of its text (promise 8): a service may say
    /// the value it refuses.
    pub fn without(mut self, secrets: &Secrets) -> Self {
        secrets.take_out(&mut self.message);
        self
    }

    /// Whether there are no valid credentials, or no permission for this call.
    pub fn is_denied(&self) -> bool {
        self.class == Class::Denied
    }

    /// What a person can do about it.
    pub fn advice(&self) -> String {
        match (self.class, self.code.as_str()) {
            (_, "ExpiredToken" | "ExpiredTokenException" | "RequestExpired") => {
                "the credentials have expired: sign in again or renew them".to_owned()
            }
            (_, "RequestTimeTooSkewed" | "InvalidSignatureException" | "SignatureDoesNotMatch") => {
                "the signature was refused: check this machine's clock and the secret key"
                    .to_owned()
            }
            (
                _,
                "CredentialsError"
                | "UnrecognizedClientException"
                | "InvalidClientTokenId"
                | "InvalidAccessKeyId",
            ) => "no valid credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and \
                  AWS_SECRET_ACCESS_KEY, or sign in"
                .to_owned(),
            (Class::Denied | Class::Invalid | Class::Unknown, _)
                if self.operation == "CreatePortfolioShare" =>
            {
                "share with accounts, or with a node of the organization that is there: from its management account or a \
                 delegated administrator, once that has enabled sharing (servicecatalog:EnableAWSOrganizationsAccess)"
                    .to_owned()
            }
            (Class::Denied, _) => format!(
                "allow {} to the role that catalogd runs as (deploy/iam-policy.json has what it needs)",
                self.operation
            ),
            (Class::Unknown, _) if self.operation == "AcceptPortfolioShare" => {
                "its owner must share the portfolio with this account, in this region".to_owned()
            }
            (Class::Unknown, _) if self.operation == "AssociateBudgetWithResource" => {
                "make the budget in AWS Budgets, or name one that is there".to_owned()
            }
            (Class::Quota, _) => {
                "raise the quota in the Service Quotas console, or remove what is no longer used"
                    .to_owned()
            }
            (Class::Invalid, _) => {
                "change the manifest: the service refuses this request as it is".to_owned()
            }
            (_, "Dispatch" | "Timeout") => {
                "check the network, the region, and AWS_ENDPOINT_URL where it is set".to_owned()
            }
            (Class::Throttled | Class::Transient | Class::NotVisibleYet, _) => {
                "nothing: it is tried again in the next pass".to_owned()
            }
            (Class::Conflict, _) => {
                "look at what else changes or holds this object; it is tried again".to_owned()
            }
            (Class::MissingDependency, _) => {
                "make what the request names, or name something else".to_owned()
            }
            (Class::Unknown, "Failed") => {
                "mend what the service names, then change the manifest".to_owned()
            }
            (Class::Unknown, _) => "look the code up in the service's documentation".to_owned(),
        }
    }
}

/// `ns#Code:http://…` reduced to `Code`.
fn bare(code: &str) -> &str {
    let code = code.rsplit('#').next().unwrap_or(code);
    code.split(':').next().unwrap_or(code)
}

/// The class of a service's refusal.
fn classify(code: &str, message: &str, status: Option<u16>) -> Class {
    match code {
        "ThrottlingException"
        | "Throttling"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "BandwidthLimitExceeded"
        | "PriorRequestNotComplete"
        | "SlowDown"
        | "Http429" => Class::Throttled,

        // The SDK would take this for a throttle and hide it behind retries (facts §2).
        "LimitExceededException"
        | "LimitExceeded"
        | "ServiceQuotaExceededException"
        | "TooManyBuckets" => Class::Quota,

        "AccessDeniedException"
        | "AccessDenied"
        | "AccountProblem"
        | "AllAccessDisabled"
        | "AuthFailure"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "InvalidAccessKeyId"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "InvalidToken"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "NotAuthorized"
        | "OptInRequired"
        | "RequestExpired"
        | "RequestTimeTooSkewed"
        | "SignatureDoesNotMatch"
        | "SubscriptionRequiredException"
        | "UnauthorizedOperation"
        | "UnrecognizedClientException"
        | "Http401"
        | "Http403" => Class::Denied,

        // A fresh role is not known everywhere yet (facts §7; Terraform retries on this very text).
        "InvalidParametersException" if message.contains("profile does not exist") => {
            Class::NotVisibleYet
        }
        // The name of a provisioned product is taken (facts §2.1).
        "InvalidParametersException"
            if message.starts_with("A stack named ") && message.contains(" already exists") =>
        {
            Class::Conflict
        }
        "InvalidParametersException"
        | "ValidationException"
        | "ValidationError"
        | "OperationNotSupportedException"
        | "TagOptionNotMigratedException"
        | "SerializationException"
        | "UnknownOperationException"
        | "InvalidAction"
        | "InvalidArgument"
        | "InvalidBucketName"
        | "MalformedPolicy"
        | "EntityTooLarge"
        | "MethodNotAllowed"
        | "PermanentRedirect"
        | "AuthorizationHeaderMalformed"
        | "IllegalLocationConstraintException" => Class::Invalid,

        "InvalidStateException"
        | "ResourceInUseException"
        | "DuplicateResourceException"
        | "BucketAlreadyExists"
        | "BucketNotEmpty" => Class::Conflict,

        "ResourceNotFoundException" | "NoSuchBucket" | "NoSuchKey" | "NotFound" | "Http404" => {
            Class::MissingDependency
        }

        // S3: another change of the same bucket is under way, "please try again".
        "OperationAborted" | "RequestTimeout" | "RequestTimeoutException" => Class::Transient,

        // What a service can't do at all it will not do the next time.
        _ if status == Some(501) => Class::Invalid,
        _ if status.is_some_and(|status| status >= 500) => Class::Transient,
        _ => Class::Unknown,
    }
}

/// The call was not answered at all: the network, or no credentials to sign it with.
fn dispatch<E>(error: &SdkError<E, HttpResponse>) -> (Class, String, String)
where
    E: Error + 'static,
{
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(credentials) = inner.downcast_ref::<CredentialsError>() {
            let class = match credentials {
                CredentialsError::ProviderTimedOut(_) => Class::Transient,
                _ => Class::Denied,
            };
            return (class, "CredentialsError".to_owned(), root(error));
        }
        source = inner.source();
    }
    (Class::Transient, "Dispatch".to_owned(), root(error))
}

/// What is behind everything else: the layers in front of it only say that they failed.
fn root(error: &dyn Error) -> String {
    let mut root = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        root = inner.to_string();
        source = inner.source();
    }
    // Where no provider is set up, the SDK lists each of them: our advice is shorter.
    let root = root
        .split_once(". Attempted:")
        .map_or(root.as_str(), |(said, _)| said);
    one_line(root)
}

/// An error with everything behind it, on one line.
fn words(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    one_line(&text)
}

/// Some say what they tried line by line; a message is one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use aws_sdk_servicecatalog::operation::describe_portfolio::DescribePortfolioError;
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    fn raw(status: u16) -> HttpResponse {
        let mut raw = HttpResponse::new(
            StatusCode::try_from(status).unwrap(),
            SdkBody::from("not json"),
        );
        raw.headers_mut().insert("x-amzn-requestid", "req-1");
        raw
    }

    fn said(code: &str, message: &str, status: u16) -> Failure {
        let meta = ErrorMetadata::builder().code(code).message(message).build();
        let error = SdkError::service_error(DescribePortfolioError::generic(meta), raw(status));
        Failure::of("DescribePortfolio", &error)
    }

    #[test]
    fn refusals_are_classified_by_code_text_and_status() {
        use Class::*;
        for (code, message, status, class) in [
            ("ThrottlingException", "Rate exceeded", 400, Throttled),
            ("Throttling", "Rate exceeded", 400, Throttled),
            (
                "SlowDown",
                "Please reduce your request rate.",
                503,
                Throttled,
            ),
            ("", "", 429, Throttled),
            ("LimitExceededException", "", 400, Quota),
            ("TooManyBuckets", "", 400, Quota),
            ("AccessDeniedException", "", 400, Denied),
            ("AccessDenied", "", 403, Denied),
            ("", "", 403, Denied),
            ("ExpiredTokenException", "", 400, Denied),
            ("ExpiredToken", "", 403, Denied),
            ("InvalidClientTokenId", "", 403, Denied),
            (
                "InvalidParametersException",
                "The profile does not exist.",
                400,
                NotVisibleYet,
            ),
            (
                "InvalidParametersException",
                "instance profile does not exist: x",
                400,
                NotVisibleYet,
            ),
            (
                "InvalidParametersException",
                "A stack named hub already exists.",
                400,
                Conflict,
            ),
            (
                "InvalidParametersException",
                "Invalid templateBody.",
                400,
                Invalid,
            ),
            (
                "ValidationException",
                "1 validation error detected",
                400,
                Invalid,
            ),
            (
                "ValidationError",
                "Stack with id x does not exist",
                400,
                Invalid,
            ),
            ("InvalidStateException", "", 400, Conflict),
            ("ResourceInUseException", "", 400, Conflict),
            ("DuplicateResourceException", "", 400, Conflict),
            (
                "ResourceNotFoundException",
                "port-1 not found",
                400,
                MissingDependency,
            ),
            ("ns#ResourceNotFoundException", "", 400, MissingDependency),
            ("NoSuchBucket", "", 404, MissingDependency),
            ("", "", 404, MissingDependency),
            ("OperationAborted", "", 409, Transient),
            ("InternalFailure", "", 500, Transient),
            ("ServiceUnavailable", "", 503, Transient),
            ("", "", 502, Transient),
            ("BrandNewException", "", 400, Unknown),
        ] {
            let failure = said(code, message, status);
            assert_eq!(failure.class, class, "{code} {message} {status}");
            assert_eq!(failure.request_id.as_deref(), Some("req-1"));
            assert!(!failure.advice().is_empty());
        }
    }

    #[test]
    fn what_no_service_answered_is_transient_unless_credentials_are_missing() {
        let of = |error: SdkError<DescribePortfolioError, HttpResponse>| {
            Failure::of("DescribePortfolio", &error)
        };
        let reset = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        let failure = of(SdkError::dispatch_failure(ConnectorError::io(reset.into())));
        assert_eq!(
            (failure.class, failure.code.as_str()),
            (Class::Transient, "Dispatch")
        );
        assert!(failure.message.contains("connection reset"), "{failure}");
        assert!(failure.advice().contains("network"));

        let failure = of(SdkError::timeout_error("too slow"));
        assert_eq!(
            (failure.class, failure.code.as_str()),
            (Class::Transient, "Timeout")
        );

        let failure = of(SdkError::response_error("cut off", raw(200)));
        assert_eq!(failure.class, Class::Transient);
        assert_eq!(failure.request_id.as_deref(), Some("req-1"));
        assert_eq!(
            of(SdkError::response_error("a proxy's page", raw(403))).class,
            Class::Denied
        );

        let none = CredentialsError::not_loaded("none in the chain. Attempted:\n  imds");
        let failure = of(SdkError::dispatch_failure(ConnectorError::other(
            none.into(),
            None,
        )));
        assert_eq!(
            (failure.class, failure.code.as_str()),
            (Class::Denied, "CredentialsError")
        );
        assert!(failure.advice().contains("AWS_PROFILE"));
        assert_eq!(
            failure.message, "none in the chain",
            "what was tried is advice's to say"
        );
    }

    #[test]
    fn not_found_of_a_known_object_is_not_visible_yet() {
        let failure = said("ResourceNotFoundException", "Resource not found.", 400);
        assert!(failure.is_not_found() && !failure.is_retryable());
        let failure = failure.of_known_object();
        assert!(failure.is_not_found() && failure.is_retryable());
        assert_eq!(
            said("ValidationException", "", 400).of_known_object().class,
            Class::Invalid
        );
    }

    #[test]
    fn secrets_are_taken_out() {
        let text = "Value 'hunter2' at 'provisioningParameters.1.member.value' failed: hunter2";
        let failure =
            said("ValidationException", text, 400).without(&["hunter2", ""].into_iter().collect());
        assert!(!failure.to_string().contains("hunter2"), "{failure}");
        assert!(failure.to_string().contains("'(secret)'"), "{failure}");
    }
}
