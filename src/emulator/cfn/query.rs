//! The Query/XML wire of CloudFormation.

use std::sync::Arc;

use bytes::Bytes;

use super::Stacks;
use crate::emulator::api::Ctx;

/// Answers one request. `read_url` loads a template from a TemplateURL.
pub fn handle(
    _stacks: &mut Stacks,
    _ctx: &mut Ctx<'_>,
    _read_url: &dyn Fn(&str) -> Result<Arc<[u8]>, String>,
    _body: &[u8],
) -> http::Response<Bytes> {
    http::Response::new(Bytes::new())
}
