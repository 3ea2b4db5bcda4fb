//! Which service, operation, account and region a request is for: one port serves them all.

mod credential;

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use jiff::Timestamp;

use super::api::{ApiError, Caller};
use super::faults;
use super::sts::Sessions;
use credential::{Scope, form, query};

/// The account of an access key id that names none.
const DEFAULT_ACCOUNT: &str = "123456789012";
/// The region of a request that is not signed for one.
const DEFAULT_REGION: &str = "us-east-1";

/// A service of the embedded AWS.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// JSON 1.1.
    ServiceCatalog,
    /// Query/XML.
    CloudFormation,
    /// REST/XML.
    S3,
    /// Query/XML.
    Sts,
    /// JSON 1.1.
    Organizations,
    /// Systems Manager: JSON 1.1.
    Ssm,
    /// Resource Groups Tagging API: JSON 1.1.
    Tagging,
}

/// All of them.
const SERVICES: [Service; 7] = [
    Service::ServiceCatalog,
    Service::CloudFormation,
    Service::S3,
    Service::Sts,
    Service::Organizations,
    Service::Ssm,
    Service::Tagging,
];

impl Service {
    /// The name it signs with.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ServiceCatalog => "servicecatalog",
            Self::CloudFormation => "cloudformation",
            Self::S3 => "s3",
            Self::Sts => "sts",
            Self::Organizations => "organizations",
            Self::Ssm => "ssm",
            Self::Tagging => "tagging",
        }
    }

    /// What its targets begin with, if it speaks JSON 1.1.
    pub(super) fn target(self) -> Option<&'static str> {
        match self {
            Self::ServiceCatalog => Some("AWS242ServiceCatalogService."),
            Self::Organizations => Some("AWSOrganizationsV20161128."),
            Self::Ssm => Some("AmazonSSM."),
            Self::Tagging => Some("ResourceGroupsTaggingAPI_20170126."),
            Self::CloudFormation | Self::S3 | Self::Sts => None,
        }
    }

    fn signing(name: &str) -> Option<Self> {
        SERVICES
            .into_iter()
            .find(|service| service.as_str() == name)
    }

    /// The service of a target, and its operation.
    fn targeted(target: &str) -> Option<(Self, &str)> {
        SERVICES.into_iter().find_map(|service| {
            let operation = target.strip_prefix(service.target()?)?;
            Some((service, operation))
        })
    }
}

/// What a request says of itself, before any of it is worked on.
#[derive(Debug, Clone)]
pub(super) struct Route {
    pub(super) service: Service,
    /// E.g. `CreatePortfolio`; for S3 the operation the method and the address amount to.
    pub(super) operation: String,
    pub(super) region: String,
    pub(super) access_key: Option<String>,
    /// Whose objects it is about; empty for an anonymous request.
    pub(super) account: String,
}

/// Why no service takes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unroutable {
    /// The model's other protocol (facts §1): named in the refusal.
    Cbor,
    /// Services of JSON take nothing but JSON 1.1 posted to `/`.
    NotJson,
    /// Nothing says which service is meant.
    Unknown,
}

impl Route {
    /// Reads the target header, else the credential scope, else the host.
    pub(super) fn of(request: &Request<Bytes>) -> Result<Self, Unroutable> {
        let headers = request.headers();
        let path = request.uri().path();
        if headers.contains_key("smithy-protocol")
            || path.starts_with("/service/")
            || text(headers, "content-type").starts_with("application/cbor")
        {
            return Err(Unroutable::Cbor);
        }
        let scope = Scope::of(request);
        let region = scope.as_ref().map_or(DEFAULT_REGION, |s| &s.region);
        let host = host(request);
        let target = text(headers, "x-amz-target");
        let (service, operation) = if let Some((service, operation)) = Service::targeted(target) {
            (service, operation.to_owned())
        } else {
            let service = match &scope {
                Some(scope) => Service::signing(&scope.service).ok_or(Unroutable::Unknown)?,
                None => by_host(&host).ok_or(Unroutable::Unknown)?,
            };
            let operation = match service {
                // A request for one of these without its target header names no operation.
                Service::ServiceCatalog
                | Service::Organizations
                | Service::Ssm
                | Service::Tagging => String::new(),
                Service::S3 => s3_operation(request, &host),
                Service::CloudFormation | Service::Sts => action(request),
            };
            (service, operation)
        };
        if service.target().is_some() && !is_json(request) {
            return Err(Unroutable::NotJson);
        }
        let region = region.to_owned();
        let access_key = scope.map(|scope| scope.access_key);
        let account = access_key.as_deref().map_or("", account_of).to_owned();
        Ok(Self {
            service,
            operation,
            region,
            access_key,
            account,
        })
    }

    /// Who calls. Signatures are not verified: the emulator holds no secrets.
    ///
    /// # Errors
    /// A missing authentication token and a session that has ended, in the words of the service.
    pub(super) fn caller(&self, sessions: &Sessions, now: Timestamp) -> Result<Caller, ApiError> {
        let key = match (&self.access_key, self.service) {
            (Some(key), _) => key.as_str(),
            // Anonymous reads are S3's to judge.
            (None, Service::S3) => {
                return Ok(Caller {
                    account: String::new(),
                    arn: "anonymous".to_owned(),
                    principal: "anonymous".to_owned(),
                });
            }
            (None, _) => {
                let code = match self.service {
                    service if service.target().is_some() => "MissingAuthenticationTokenException",
                    _ => "MissingAuthenticationToken",
                };
                return Err(ApiError {
                    code: code.to_owned(),
                    message: "Missing Authentication Token".to_owned(),
                    status: 403,
                });
            }
        };
        match sessions.get(key) {
            Some(session) if session.expires <= now => Err(faults::expired(self.service)),
            Some(session) => Ok(session.caller.clone()),
            None => Ok(default_caller(account_of(key))),
        }
    }

    /// A key that AssumeRole handed out stands for the account of its role.
    pub(super) fn adopt(&mut self, sessions: &Sessions) {
        let key = self.access_key.as_deref();
        if let Some(session) = key.and_then(|key| sessions.get(key)) {
            self.account.clone_from(&session.caller.account);
        }
    }
}

/// The session that stands behind long-lived keys of `account`.
pub fn default_caller(account: &str) -> Caller {
    Caller {
        account: account.to_owned(),
        arn: format!("arn:aws:sts::{account}:assumed-role/catalogd/session"),
        principal: format!("arn:aws:iam::{account}:role/catalogd"),
    }
}

/// An access key id of twelve digits is the account.
fn account_of(access_key: &str) -> &str {
    if access_key.len() == 12 && access_key.bytes().all(|byte| byte.is_ascii_digit()) {
        access_key
    } else {
        DEFAULT_ACCOUNT
    }
}

/// Whether a request has the form of JSON 1.1 (facts §1).
fn is_json(request: &Request<Bytes>) -> bool {
    let kind = text(request.headers(), "content-type").split(';').next();
    let kind = kind.unwrap_or_default().trim();
    request.method() == Method::POST
        && request.uri().path() == "/"
        && kind.eq_ignore_ascii_case(super::wire::JSON)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

fn host(request: &Request<Bytes>) -> String {
    match request.uri().host() {
        Some(host) => host.to_owned(),
        None => text(request.headers(), "host").to_owned(),
    }
}

fn by_host(host: &str) -> Option<Service> {
    let mut labels = host.split('.');
    labels.find_map(|label| match label {
        _ if label == "s3" || label.starts_with("s3-") => Some(Service::S3),
        _ => Service::signing(label),
    })
}

/// The `Action` of a Query request; it may stand in the body or in the address.
fn action(request: &Request<Bytes>) -> String {
    let body = std::str::from_utf8(request.body()).unwrap_or_default();
    form(body)
        .remove("Action")
        .or_else(|| query(request).remove("Action"))
        .unwrap_or_default()
}

fn s3_operation(request: &Request<Bytes>, host: &str) -> String {
    let mut query = query(request);
    query.retain(|name, _| !super::s3::signs(name));
    let mut parts = request.uri().path().split('/').filter(|p| !p.is_empty());
    let in_host = host.contains(".s3.") || host.contains(".s3-");
    let bucket = in_host || parts.next().is_some();
    let object = parts.next().is_some();
    let method = request.method().as_str();
    let sub = |name: &str| query.contains_key(name);
    match (method, bucket, object) {
        ("GET", false, _) => "ListBuckets",
        ("GET", true, true) => "GetObject",
        ("HEAD", true, true) => "HeadObject",
        ("PUT", true, true) => "PutObject",
        ("DELETE", true, true) => "DeleteObject",
        ("GET", true, false) if sub("list-type") => "ListObjectsV2",
        ("GET", true, false) if sub("location") => "GetBucketLocation",
        ("GET", true, false) if sub("policy") => "GetBucketPolicy",
        ("GET", true, false) if sub("publicAccessBlock") => "GetPublicAccessBlock",
        ("GET", true, false) if query.is_empty() => "ListObjects",
        ("HEAD", true, false) => "HeadBucket",
        ("PUT", true, false) if sub("policy") => "PutBucketPolicy",
        ("PUT", true, false) if sub("publicAccessBlock") => "PutPublicAccessBlock",
        ("PUT", true, false) if sub("encryption") => "PutBucketEncryption",
        ("PUT", true, false) if sub("versioning") => "PutBucketVersioning",
        ("PUT", true, false) if sub("tagging") => "PutBucketTagging",
        ("PUT", true, false) if query.keys().all(|key| key == "x-id") => "CreateBucket",
        ("DELETE", true, false) if query.is_empty() => "DeleteBucket",
        _ => method,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, uri: &str, headers: &[(&str, &str)], body: &str) -> Request<Bytes> {
        let mut builder = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(Bytes::from(body.to_owned())).unwrap()
    }

    fn signed(service: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential=210987654321/20261121/eu-west-1/{service}/aws4_request, \
             SignedHeaders=host, Signature=00"
        )
    }

    #[test]
    fn the_target_header_decides_first() {
        let route = Route::of(&request(
            "POST",
            "http://127.0.0.1:4566/",
            &[
                ("content-type", "application/x-amz-json-1.1"),
                ("x-amz-target", "AWS242ServiceCatalogService.ListPortfolios"),
                ("authorization", &signed("servicecatalog")),
            ],
            "{}",
        ))
        .unwrap();
        assert_eq!(route.service, Service::ServiceCatalog);
        assert_eq!(route.operation, "ListPortfolios");
        assert_eq!(route.region, "eu-west-1");
        let caller = route
            .caller(&Sessions::default(), Timestamp::UNIX_EPOCH)
            .unwrap();
        assert_eq!(caller.account, "210987654321");
        assert_eq!(caller.principal, "arn:aws:iam::210987654321:role/catalogd");
    }

    #[test]
    fn the_credential_scope_names_the_service_of_a_query_request() {
        let route = Route::of(&request(
            "POST",
            "http://127.0.0.1:4566/",
            &[("authorization", &signed("cloudformation"))],
            "Action=DescribeStacks&Version=2010-05-15",
        ))
        .unwrap();
        assert_eq!(route.service, Service::CloudFormation);
        assert_eq!(route.operation, "DescribeStacks");
    }

    #[test]
    fn a_presigned_address_carries_its_scope_in_the_query() {
        let route = Route::of(&request(
            "GET",
            "http://127.0.0.1:4566/bucket/key?X-Amz-Credential=AKIAX%2F20261121%2Fus-west-2%2Fs3%2Faws4_request",
            &[],
            "",
        ))
        .unwrap();
        assert_eq!(route.service, Service::S3);
        assert_eq!(route.operation, "GetObject");
        assert_eq!(route.region, "us-west-2");
        let caller = route
            .caller(&Sessions::default(), Timestamp::UNIX_EPOCH)
            .unwrap();
        assert_eq!(caller.account, DEFAULT_ACCOUNT);
    }

    #[test]
    fn an_old_signature_names_only_the_key() {
        let presigned = "http://127.0.0.1:4566/bucket/key?AWSAccessKeyId=210987654321&Signature=a%2Bb%3D&Expires=1800003600";
        let headers = [("authorization", "AWS 210987654321:a+b=")];
        for (uri, headers) in [
            (presigned, &[][..]),
            ("http://127.0.0.1:4566/bucket/key", &headers[..]),
        ] {
            let route = Route::of(&request("GET", uri, headers, "")).unwrap();
            assert_eq!(route.service, Service::S3, "{uri}");
            assert_eq!(route.operation, "GetObject", "{uri}");
            assert_eq!(route.region, DEFAULT_REGION, "{uri}");
            assert_eq!(route.account, "210987654321", "{uri}");
        }
        let listing = presigned.replace("/bucket/key", "/bucket");
        let route = Route::of(&request("GET", &listing, &[], "")).unwrap();
        assert_eq!(route.operation, "ListObjects");
    }

    #[test]
    fn without_credentials_the_host_names_the_service_but_nobody_calls() {
        let route = Route::of(&request(
            "POST",
            "/",
            &[("host", "sts.us-east-1.amazonaws.com")],
            "Action=GetCallerIdentity",
        ))
        .unwrap();
        assert_eq!(route.service, Service::Sts);
        let error = route
            .caller(&Sessions::default(), Timestamp::UNIX_EPOCH)
            .unwrap_err();
        assert_eq!(error.code, "MissingAuthenticationToken");
        assert_eq!(error.status, 403);
    }

    #[test]
    fn the_other_protocol_and_strangers_are_told_apart() {
        let cbor = request("POST", "/", &[("smithy-protocol", "rpc-v2-cbor")], "");
        assert_eq!(Route::of(&cbor).unwrap_err(), Unroutable::Cbor);
        let stranger = request("GET", "/", &[("host", "localhost:4566")], "");
        assert_eq!(Route::of(&stranger).unwrap_err(), Unroutable::Unknown);
        let iam = request("POST", "/", &[("authorization", &signed("iam"))], "");
        assert_eq!(Route::of(&iam).unwrap_err(), Unroutable::Unknown);
    }

    #[test]
    fn buckets_in_the_host_and_in_the_path_are_seen() {
        let auth = signed("s3");
        for (method, uri, expected) in [
            (
                "PUT",
                "http://b.s3.us-east-1.amazonaws.com/",
                "CreateBucket",
            ),
            ("PUT", "http://b.s3.us-east-1.amazonaws.com/k", "PutObject"),
            ("HEAD", "http://127.0.0.1/b", "HeadBucket"),
            ("GET", "http://127.0.0.1/b?list-type=2", "ListObjectsV2"),
            ("GET", "http://127.0.0.1/", "ListBuckets"),
        ] {
            let route = Route::of(&request(method, uri, &[("authorization", &auth)], "")).unwrap();
            assert_eq!(route.operation, expected, "{method} {uri}");
        }
    }
}
