//! S3: buckets and objects, for templates and for what stacks make.

use std::sync::{Arc, Mutex};

use bytes::Bytes;

use super::api::Caller;

/// All buckets of all accounts: their names are global. A clone is the same store.
#[derive(Debug, Clone, Default)]
pub struct Buckets(Arc<Mutex<()>>);

impl Buckets {
    /// Answers one request, path-style or virtual-host-style; signatures are not verified.
    pub async fn handle(
        &self,
        _caller: Caller,
        _region: &str,
        _request: http::Request<Bytes>,
    ) -> http::Response<Bytes> {
        let _ = &self.0;
        http::Response::new(Bytes::new())
    }

    /// Makes a bucket for a stack; false if the name is taken.
    pub(super) fn claim(&self, _name: &str, _account: &str, _region: &str) -> bool {
        true
    }

    /// Deletes a stack's bucket; false if it is not empty.
    pub(super) fn release(&self, _name: &str) -> bool {
        true
    }

    #[cfg(test)]
    pub(super) fn put(&self, _b: &str, _k: &str, _v: &[u8]) {}

    /// What an S3 URL of any form names, read with the rights of `account`.
    ///
    /// # Errors
    /// A text for a URL that is not S3's, and for an object that is missing or not the account's.
    pub fn read_url(&self, _account: &str, _url: &str) -> Result<Arc<[u8]>, String> {
        Err("S3 error: Access Denied".to_owned())
    }
}
