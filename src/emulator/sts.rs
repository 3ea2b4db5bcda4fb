//! STS: who am I, and let me be another.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::api::{Caller, Ctx};

/// The access keys that AssumeRole handed out.
#[derive(Debug, Clone, Default)]
pub struct Sessions(BTreeMap<String, Caller>);

impl Sessions {
    /// Whom an access key id stands for, if AssumeRole handed it out.
    pub fn caller(&self, access_key_id: &str) -> Option<Caller> {
        self.0.get(access_key_id).cloned()
    }

    /// Answers one Query request.
    pub fn handle(&mut self, _ctx: &mut Ctx<'_>, _body: &[u8]) -> http::Response<Bytes> {
        http::Response::new(Bytes::new())
    }
}
