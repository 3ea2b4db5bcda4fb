//! S3: buckets and objects, for templates and for what stacks make.
//!
//! `s3s` reads requests and writes answers; the store holds what there is. Signatures are not verified: the router has
//! already read from the credential who calls. A bucket is its account's alone: policies are kept, not evaluated.

mod answer;
mod condition;
mod keep;
mod listing;
mod ops;
mod request;
mod store;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use s3s::service::{S3Service, S3ServiceBuilder};
use sha2::{Digest as _, Sha256};

use super::api::Caller;
pub(super) use keep::Kept;
use request::Location;
pub(super) use request::signs;
use store::Store;

/// Who asks for what, where and when: rides along with a request through `s3s`.
#[derive(Debug, Clone)]
struct Circumstances {
    caller: Caller,
    region: String,
    now: Timestamp,
}

/// All buckets of all accounts: their names are global. A clone is the same store.
#[derive(Clone)]
pub struct Buckets {
    store: Arc<Mutex<Store>>,
    service: S3Service,
    /// How many requests there were: their ids follow from it.
    asked: Arc<AtomicU64>,
}

impl Default for Buckets {
    fn default() -> Self {
        let store = Arc::<Mutex<Store>>::default();
        Self {
            service: S3ServiceBuilder::new(ops::Ops(Arc::clone(&store))).build(),
            store,
            asked: Arc::default(),
        }
    }
}

impl std::fmt::Debug for Buckets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Buckets").finish_non_exhaustive()
    }
}

impl Buckets {
    /// Answers one request, path-style or virtual-host-style; signatures are not verified.
    pub async fn handle(
        &self,
        caller: Caller,
        region: &str,
        now: Timestamp,
        request: http::Request<Bytes>,
    ) -> http::Response<Bytes> {
        let mut response = self.answer(caller, region, now, request).await;
        let id = request_id(self.asked.fetch_add(1, Ordering::Relaxed));
        if let Ok(id) = http::HeaderValue::from_str(&id) {
            response.headers_mut().insert("x-amz-request-id", id);
        }
        response
    }

    async fn answer(
        &self,
        caller: Caller,
        region: &str,
        now: Timestamp,
        request: http::Request<Bytes>,
    ) -> http::Response<Bytes> {
        let mut request = match request::plain(request) {
            Ok(request) => request.map(s3s::Body::from),
            Err(problem) => return internal(http::StatusCode::BAD_REQUEST, &problem),
        };
        request.extensions_mut().insert(Circumstances {
            caller,
            region: region.to_owned(),
            now,
        });
        let response = match self.service.call(request).await {
            Ok(response) => response,
            Err(error) => {
                return internal(
                    http::StatusCode::INTERNAL_SERVER_ERROR,
                    &format!("{error:?}"),
                );
            }
        };
        let (parts, body) = response.into_parts();
        match body.collect().await {
            Ok(body) => http::Response::from_parts(parts, body.to_bytes()),
            Err(error) => internal(http::StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        }
    }

    /// What an S3 URL of any form names, read with the rights of `account`. The object's bytes are shared, not copied.
    ///
    /// # Errors
    /// CloudFormation's text for a URL that is not S3's, and for an object that is missing or not the account's.
    pub fn read_url(&self, account: &str, url: &str) -> Result<Bytes, String> {
        /// What follows every text of S3's in CloudFormation's.
        const MORE: &str = "For more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html";
        let location = Location::parse(url)
            .ok_or_else(|| "TemplateURL must be a supported URL.".to_owned())?;
        let said = |text: &str| format!("S3 error: {text}\n{MORE}");
        let store = self.lock();
        let Some(bucket) = store.bucket(&location.bucket) else {
            return Err(said("The specified bucket does not exist"));
        };
        if bucket.account != account {
            return Err(said("Access Denied"));
        }
        if location
            .region
            .is_some_and(|region| region != bucket.region)
        {
            return Err(said(store::REDIRECT));
        }
        match bucket.version(&location.key, location.version_id.as_deref()) {
            Some(version) => Ok(version.body.clone()),
            None => Err(said("The specified key does not exist.")),
        }
    }

    /// Makes a bucket for a stack; false if the name is taken.
    pub(super) fn claim(&self, name: &str, account: &str, region: &str, now: Timestamp) -> bool {
        self.lock().make(name, account, region, now)
    }

    /// Deletes a stack's bucket; false if it is not empty.
    pub(super) fn release(&self, name: &str) -> bool {
        self.lock().unmake(name)
    }

    /// All of it, for a state file.
    pub(super) fn keep(&self) -> Kept {
        Kept::of(&self.lock())
    }

    /// Puts what a state file held in place of everything.
    pub(super) fn restore(&self, kept: Kept) {
        *self.lock() = kept.restored();
    }

    #[cfg(test)]
    pub(super) fn put(&self, bucket: &str, key: &str, body: &[u8]) {
        let mut store = self.lock();
        let bucket = store.bucket_mut(bucket).unwrap();
        bucket.put(
            key,
            store::Version {
                body: Bytes::copy_from_slice(body),
                ..store::Version::default()
            },
        );
    }

    fn lock(&self) -> MutexGuard<'_, Store> {
        lock(&self.store)
    }
}

/// A store is whole between calls, so another thread's panic doesn't spoil it.
fn lock(store: &Mutex<Store>) -> MutexGuard<'_, Store> {
    store.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sixteen digits, as S3 has them. They are not drawn: reading a template shall not change the ids that come after.
fn request_id(number: u64) -> String {
    let hash = Sha256::digest(number.to_be_bytes());
    hex::encode_upper(&hash[..8])
}

fn internal(status: http::StatusCode, text: &str) -> http::Response<Bytes> {
    let mut response = http::Response::new(Bytes::copy_from_slice(text.as_bytes()));
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests;
