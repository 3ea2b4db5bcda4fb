//! Credentials as a signature names them. It is read, never verified.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Request, header};

use super::{DEFAULT_REGION, Service, text};

/// What a signature says of the caller and of the service it was made for.
pub(super) struct Scope {
    pub(super) access_key: String,
    pub(super) region: String,
    pub(super) service: String,
}

impl Scope {
    /// `Credential=AKID/20261121/us-east-1/servicecatalog/aws4_request`, from the header or the query.
    pub(super) fn of(request: &Request<Bytes>) -> Option<Self> {
        let header = text(request.headers(), header::AUTHORIZATION.as_str());
        let credential = match header.split_once("Credential=") {
            Some((_, rest)) => rest.split([',', ' ']).next()?.to_owned(),
            None => match query(request).remove("X-Amz-Credential") {
                Some(credential) => credential,
                None => return Self::old(request, header),
            },
        };
        let mut parts = credential.rsplit('/').skip(1);
        let service = parts.next()?.to_owned();
        let region = parts.next()?.to_owned();
        let access_key = parts.nth(1)?.to_owned();
        Some(Self {
            access_key,
            region,
            service,
        })
    }

    /// Signature version 2, with which boto3 still presigns: it has a key and no scope, and only S3 takes it.
    fn old(request: &Request<Bytes>, header: &str) -> Option<Self> {
        let access_key = match header.strip_prefix("AWS ") {
            Some(rest) => rest.split_once(':')?.0.to_owned(),
            None => query(request).remove("AWSAccessKeyId")?,
        };
        Some(Self {
            access_key,
            region: DEFAULT_REGION.to_owned(),
            service: Service::S3.as_str().to_owned(),
        })
    }
}

/// The parameters in the address.
pub(super) fn query(request: &Request<Bytes>) -> BTreeMap<String, String> {
    form(request.uri().query().unwrap_or_default())
}

/// `a=b&c=d`, decoded.
pub(super) fn form(text: &str) -> BTreeMap<String, String> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(key), decoded(value))
        })
        .collect()
}

/// Percent decoding as far as names and credentials need it.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = (byte == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped {
            Some(value) => {
                out.push(value);
                at += 3;
            }
            None => {
                out.push(if byte == b'+' { b' ' } else { byte });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
