//! The SDK's clients behind one pacer, and who they turn out to be.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::{AppName, BehaviorVersion, Region as SdkRegion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_servicecatalog::config::retry::RetryConfig;
use aws_sdk_servicecatalog::config::timeout::TimeoutConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder as HttpBuilder, tls};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::aws::error::{Class, Failure};
use crate::aws::pace::{Access, Counts, Pace, Pacer};
use crate::clock::{Clock, Entropy};
use crate::ids::{AccountId, Region, Target};

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the service may be silent on an open connection.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// How long one attempt may take from start to end: a template of 1 MB over a slow line fits.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(90);
/// How long a body may make no headway.
const STALLED_FOR: Duration = Duration::from_secs(20);
/// How long the first call of all is repeated: a wrong endpoint shall be told soon.
const CONNECT_FOR: Duration = Duration::from_secs(10);
/// How long a call is repeated whose answer the network or the service loses.
const TRANSIENT_FOR: Duration = Duration::from_secs(30);
/// How long a call is repeated that is throttled: other users of the account have to finish first.
const THROTTLED_FOR: Duration = Duration::from_secs(180);
/// The longest first pause before a repetition; each further one may be twice as long.
const BACKOFF_FIRST: Duration = Duration::from_millis(200);
/// The longest pause before a repetition.
const BACKOFF_MOST: Duration = Duration::from_secs(10);
/// How the calls introduce themselves.
const APP_NAME: &str = "catalogd";
/// The region of an embedded AWS where none is named.
const EMBEDDED_REGION: &str = "us-east-1";

/// What a connection is made from. What is left out comes from the SDK's own chain: environment, profile, role.
#[derive(Clone)]
pub struct Settings {
    /// The region, over `AWS_REGION` and the profile's.
    pub region: Option<String>,
    /// The template bucket; `catalogd-<account>-<region>` where it is not named (design §7).
    pub template_bucket: Option<String>,
    /// How fast to call.
    pub pace: Pace,
    /// An AWS in this process. With it neither environment nor profile is read.
    pub http: Option<SharedHttpClient>,
    /// Access key id and secret key, over the chain's.
    pub static_credentials: Option<(String, String)>,
    /// The time.
    pub clock: Clock,
    /// Where the jitter starts.
    pub seed: u64,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("region", &self.region)
            .field("template_bucket", &self.template_bucket)
            .field("pace", &self.pace)
            .field("embedded", &self.http.is_some())
            .finish_non_exhaustive()
    }
}

/// Why no connection came about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// No region is named anywhere.
    #[error(
        "no AWS region is named\n  next: set AWS_REGION, or `region` in the profile, or give --region"
    )]
    NoRegion,
    /// The service does not say who we are.
    #[error("AWS does not say who is calling: {failure}\n  next: {}", .failure.advice())]
    Identity {
        /// The refusal.
        failure: Failure,
    },
    /// The service's answer does not name a principal.
    #[error("AWS named a caller that catalogd can't read: {0:?}")]
    UnreadableCaller(String),
}

impl ConnectError {
    /// Whether credentials or permissions are what is missing (exit code 4, design §9).
    pub fn is_credentials(&self) -> bool {
        match self {
            Self::Identity { failure } => failure.is_denied(),
            Self::NoRegion | Self::UnreadableCaller(_) => false,
        }
    }
}

/// The real AWS, or whatever the endpoint settings put in its place. Cheap to clone; clones share the pacer.
#[derive(Clone)]
pub struct Aws(Arc<Inner>);

struct Inner {
    clients: Clients,
    pacer: Pacer,
    clock: Clock,
    entropy: Arc<Mutex<Entropy>>,
    target: Target,
    caller: String,
    bucket: String,
    /// What the clients were made from, and how fast they call: another region's are made from the same.
    config: SdkConfig,
    pace: Pace,
    path_style: bool,
    /// The other regions that were asked for, each once.
    elsewhere: Mutex<BTreeMap<Region, Aws>>,
}

/// The services of one region.
struct Clients {
    sc: aws_sdk_servicecatalog::Client,
    s3: aws_sdk_s3::Client,
    cfn: aws_sdk_cloudformation::Client,
    ssm: aws_sdk_ssm::Client,
    tagging: aws_sdk_resourcegroupstagging::Client,
}

impl Clients {
    fn new(config: &SdkConfig, path_style: bool) -> Self {
        let s3 = aws_sdk_s3::config::Builder::from(config)
            .force_path_style(path_style)
            .build();
        Self {
            sc: aws_sdk_servicecatalog::Client::new(config),
            s3: aws_sdk_s3::Client::from_conf(s3),
            cfn: aws_sdk_cloudformation::Client::new(config),
            ssm: aws_sdk_ssm::Client::new(config),
            tagging: aws_sdk_resourcegroupstagging::Client::new(config),
        }
    }
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws")
            .field("target", &self.0.target)
            .field("caller", &self.0.caller)
            .field("bucket", &self.0.bucket)
            .finish_non_exhaustive()
    }
}

impl Aws {
    /// Makes the clients and asks the service who is calling, which also proves the credentials.
    pub async fn connect(settings: Settings) -> Result<Self, ConnectError> {
        let config = configure(&settings).await;
        let Some(region) = config.region().map(|region| region.as_ref().to_owned()) else {
            return Err(ConnectError::NoRegion);
        };
        // Another endpoint or an AWS in this process has no name per bucket.
        let path_style = config.endpoint_url().is_some() || settings.http.is_some();
        let sts = aws_sdk_sts::Client::new(&config);
        let pacer = Pacer::new(settings.pace, settings.clock);
        let entropy = Arc::new(Mutex::new(Entropy::seeded(settings.seed)));
        let retries = Retries {
            pacer: &pacer,
            clock: settings.clock,
            entropy: &entropy,
            transient_for: CONNECT_FOR,
        };
        let request = sts.get_caller_identity();
        let answer = retries
            .call("GetCallerIdentity", Access::Read, || request.clone().send())
            .await
            .map_err(|failure| ConnectError::Identity { failure })?;
        let arn = answer.arn().unwrap_or_default();
        let unreadable = || ConnectError::UnreadableCaller(arn.to_owned());
        let (partition, caller) = principal_of(arn).ok_or_else(unreadable)?;
        let account = answer.account().ok_or_else(unreadable)?.to_owned();
        let bucket = settings
            .template_bucket
            .clone()
            .unwrap_or_else(|| own_bucket(&account, &region));
        let target = Target {
            account: AccountId::new(account),
            region: Region::new(region),
            partition,
        };
        tracing::debug!(%target, caller, bucket, "connected");
        Ok(Self(Arc::new(Inner {
            clients: Clients::new(&config, path_style),
            pacer,
            clock: settings.clock,
            entropy,
            target,
            caller,
            bucket,
            config,
            pace: settings.pace,
            path_style,
            elsewhere: Mutex::default(),
        })))
    }

    /// The same account in another region of the partition, as the same caller: to read there, and at a pace of its own,
    /// for the service throttles by account and region (design §7).
    ///
    /// All but the region is as it was here: credentials, HTTP client, and an endpoint where one is set.
    pub(crate) fn in_region(&self, region: &Region) -> Self {
        let here = &*self.0;
        if *region == here.target.region {
            return self.clone();
        }
        let mut elsewhere = here
            .elsewhere
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let made = elsewhere.entry(region.clone()).or_insert_with(|| {
            let config = here.config.to_builder();
            let config = config
                .region(SdkRegion::new(region.as_str().to_owned()))
                .build();
            Self(Arc::new(Inner {
                clients: Clients::new(&config, here.path_style),
                pacer: Pacer::new(here.pace, here.clock),
                clock: here.clock,
                entropy: Arc::clone(&here.entropy),
                target: Target {
                    region: region.clone(),
                    ..here.target.clone()
                },
                caller: here.caller.clone(),
                bucket: here.bucket.clone(),
                config,
                pace: here.pace,
                path_style: here.path_style,
                elsewhere: Mutex::default(),
            }))
        });
        made.clone()
    }

    /// The account and region.
    pub fn target(&self) -> &Target {
        &self.0.target
    }

    /// The IAM principal that catalogd runs as: a session's ARN reduced to its role (its path is not known).
    pub fn caller(&self) -> &str {
        &self.0.caller
    }

    /// The template bucket's name.
    pub fn bucket(&self) -> &str {
        &self.0.bucket
    }

    /// Whether that is the bucket which catalogd makes for itself, and no other that a person named.
    pub fn has_own_bucket(&self) -> bool {
        let target = &self.0.target;
        self.0.bucket == own_bucket(target.account.as_str(), target.region.as_str())
    }

    /// The attempts made so far, those in other regions among them.
    pub fn counts(&self) -> Counts {
        let mut counts = self.0.pacer.counts();
        let elsewhere = self
            .0
            .elsewhere
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for other in elsewhere.values() {
            counts.add(&other.0.pacer.counts());
        }
        counts
    }

    /// The pacer that every attempt passes.
    pub fn pacer(&self) -> &Pacer {
        &self.0.pacer
    }

    /// The time.
    pub(crate) fn clock(&self) -> Clock {
        self.0.clock
    }

    pub(crate) fn sc(&self) -> &aws_sdk_servicecatalog::Client {
        &self.0.clients.sc
    }

    pub(crate) fn s3(&self) -> &aws_sdk_s3::Client {
        &self.0.clients.s3
    }

    pub(crate) fn cfn(&self) -> &aws_sdk_cloudformation::Client {
        &self.0.clients.cfn
    }

    pub(crate) fn ssm(&self) -> &aws_sdk_ssm::Client {
        &self.0.clients.ssm
    }

    pub(crate) fn tagging(&self) -> &aws_sdk_resourcegroupstagging::Client {
        &self.0.clients.tagging
    }

    /// Makes a call: in its turn, and again while it is throttled or its answer gets lost.
    ///
    /// `make` builds the same request each time: a write carries the same token, or does the same when done twice.
    pub(crate) async fn call<T, E, F, Fut>(
        &self,
        operation: &'static str,
        access: Access,
        make: F,
    ) -> Result<T, Failure>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let retries = Retries {
            pacer: &self.0.pacer,
            clock: self.0.clock,
            entropy: &self.0.entropy,
            transient_for: TRANSIENT_FOR,
        };
        retries.call(operation, access, make).await
    }
}

/// What repeating a call needs.
struct Retries<'a> {
    pacer: &'a Pacer,
    clock: Clock,
    entropy: &'a Mutex<Entropy>,
    transient_for: Duration,
}

impl Retries<'_> {
    async fn call<T, E, F, Fut>(
        &self,
        operation: &'static str,
        access: Access,
        make: F,
    ) -> Result<T, Failure>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let start = self.clock.now();
        let mut attempt = 0_u32;
        loop {
            self.pacer.turn(operation, access).await;
            // Boxed: the SDK's futures are large, and many calls stand in line at once.
            let failure = match Box::pin(make()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => Failure::of(operation, &error),
            };
            let patience = match failure.class {
                Class::Throttled => {
                    self.pacer.throttled(access);
                    THROTTLED_FOR
                }
                Class::Transient => self.transient_for,
                _ => return Err(failure),
            };
            let pause = self.backoff(attempt);
            let spent = self.clock.now().duration_since(start).unsigned_abs();
            if spent + pause > patience {
                return Err(failure);
            }
            attempt += 1;
            tracing::debug!(
                operation,
                attempt,
                code = failure.code,
                reason = failure.message,
                pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                "call is repeated"
            );
            self.clock.sleep(pause).await;
        }
    }

    /// Full jitter: anything between nothing and a bound that doubles.
    fn backoff(&self, attempt: u32) -> Duration {
        let bound = BACKOFF_FIRST
            .saturating_mul(1 << attempt.min(16))
            .min(BACKOFF_MOST);
        let fraction = self
            .entropy
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fraction();
        bound.mul_f64(fraction)
    }
}

/// The SDK's configuration: the standard chain, with our HTTP client and without its retries.
async fn configure(settings: &Settings) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .build();
    let stalled = StalledStreamProtectionConfig::enabled()
        .grace_period(STALLED_FOR)
        .build();
    let credentials = settings
        .static_credentials
        .as_ref()
        .map(|(id, secret)| Credentials::new(id, secret, None, None, "catalogd"));
    let app = AppName::new(APP_NAME).ok();

    if let Some(http) = &settings.http {
        let region = settings.region.as_deref().unwrap_or(EMBEDDED_REGION);
        let mut builder = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(SdkRegion::new(region.to_owned()))
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts)
            .stalled_stream_protection(stalled)
            .http_client(http.clone());
        builder.set_app_name(app);
        builder.set_credentials_provider(credentials.map(SharedCredentialsProvider::new));
        return builder.build();
    }

    let https = HttpBuilder::new()
        .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .stalled_stream_protection(stalled)
        .http_client(https);
    if let Some(app) = app {
        loader = loader.app_name(app);
    }
    if let Some(region) = &settings.region {
        loader = loader.region(SdkRegion::new(region.clone()));
    }
    if let Some(credentials) = credentials {
        loader = loader.credentials_provider(credentials);
    }
    loader.load().await
}

/// The partition and the IAM principal behind what `GetCallerIdentity` says.
///
/// Launch paths belong to principals, not to sessions (peers C8 77): `…:sts::A:assumed-role/R/session` becomes
/// `…:iam::A:role/R`. A role's path is not in its sessions' ARNs.
fn principal_of(arn: &str) -> Option<(String, String)> {
    let mut parts = arn.splitn(6, ':');
    let ("arn", partition, service, _, account, resource) = (
        parts.next()?,
        parts.next()?,
        parts.next()?,
        parts.next()?,
        parts.next()?,
        parts.next()?,
    ) else {
        return None;
    };
    if partition.is_empty() {
        return None;
    }
    let principal = match (service, resource.strip_prefix("assumed-role/")) {
        ("sts", Some(rest)) => {
            let role = rest.split('/').next().filter(|role| !role.is_empty())?;
            format!("arn:{partition}:iam::{account}:role/{role}")
        }
        _ => arn.to_owned(),
    };
    Some((partition.to_owned(), principal))
}

/// The name of the template bucket where none is given (design §7).
fn own_bucket(account: &str, region: &str) -> String {
    format!("catalogd-{account}-{region}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_reduced_to_its_role() {
        for (said, partition, principal) in [
            (
                "arn:aws:sts::123456789012:assumed-role/Deployer/ci-1",
                "aws",
                "arn:aws:iam::123456789012:role/Deployer",
            ),
            (
                "arn:aws-cn:iam::123456789012:user/team/ann",
                "aws-cn",
                "arn:aws-cn:iam::123456789012:user/team/ann",
            ),
            (
                "arn:aws:iam::123456789012:root",
                "aws",
                "arn:aws:iam::123456789012:root",
            ),
            (
                "arn:aws:sts::123456789012:federated-user/bob",
                "aws",
                "arn:aws:sts::123456789012:federated-user/bob",
            ),
        ] {
            assert_eq!(
                principal_of(said),
                Some((partition.to_owned(), principal.to_owned()))
            );
        }
        for bad in [
            "",
            "arn:aws:sts",
            "arn::iam::1:root",
            "arn:aws:sts::1:assumed-role/",
        ] {
            assert_eq!(principal_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn settings_show_no_secret() {
        let settings = Settings {
            region: None,
            template_bucket: None,
            pace: Pace::None,
            static_credentials: Some(("AKIA".to_owned(), "hunter2".to_owned())),
            http: None,
            clock: Clock::starting_at(jiff::Timestamp::UNIX_EPOCH),
            seed: 1,
        };
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}
