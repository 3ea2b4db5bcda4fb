//! `/_emulator/…`: looks into the embedded AWS and sets it up, beside the services.
//!
//! No bucket can have that name, so no request of S3 is taken for one of these. Whoever reaches the port may use them, as
//! everything else; only a page in a browser may not, which would send its origin along.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::faults::Faults;
use super::{Emulator, Sync};

const ROOT: &str = "/_emulator";

/// The body of `sync`: a commit, or why it fails.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    account: String,
    region: String,
    product: String,
    revision: Option<String>,
    template: Option<String>,
    failure: Option<String>,
}

/// A refusal: its status, and what to tell.
type Refused = (StatusCode, String);

impl Emulator {
    /// Answers what is asked on the admin path; `None` for everything else.
    pub(super) fn administer(&self, request: &Request<Bytes>) -> Option<Response<Bytes>> {
        let rest = request.uri().path().strip_prefix(ROOT)?;
        let what = match rest.strip_prefix('/') {
            Some(what) => what.trim_end_matches('/'),
            None if rest.is_empty() => "",
            None => return None,
        };
        Some(match self.administered(what, request) {
            Ok(body) => respond(StatusCode::OK, body),
            Err((status, message)) => respond(status, json!({"message": message}).to_string()),
        })
    }

    fn administered(&self, what: &str, request: &Request<Bytes>) -> Result<String, Refused> {
        if request.headers().contains_key(header::ORIGIN) {
            let message = "this path is not for pages in a browser";
            return Err((StatusCode::FORBIDDEN, message.to_owned()));
        }
        let body = || {
            std::str::from_utf8(request.body())
                .map_err(|_| (StatusCode::BAD_REQUEST, "the body is not UTF-8".to_owned()))
        };
        let bad = |message: String| (StatusCode::BAD_REQUEST, message);
        let done = || Ok(json!({}).to_string());
        match (what, request.method()) {
            ("", &Method::GET) => Ok(self.summary().to_string()),
            ("state", &Method::GET) => self
                .state()
                .map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())),
            ("state", &Method::PUT) => {
                let restored = self.restore(body()?);
                restored.map_err(|error| bad(error.to_string()))?;
                done()
            }
            ("reset", &Method::POST) => {
                self.reset();
                done()
            }
            ("calls", &Method::GET) => Ok(json!({"calls": self.calls()}).to_string()),
            ("calls", &Method::DELETE) => {
                self.reset_calls();
                done()
            }
            ("faults", &Method::GET) => {
                let (faults, struck) = self.faults();
                Ok(json!({"faults": faults, "struck": struck}).to_string())
            }
            ("faults", &Method::PUT) => {
                let faults: Option<Faults> =
                    serde_yaml::from_str(body()?).map_err(|error| bad(error.to_string()))?;
                self.set_faults(faults.unwrap_or_default());
                done()
            }
            ("sync", &Method::POST) => self.synced(body()?),
            ("" | "state" | "reset" | "calls" | "faults" | "sync", method) => Err((
                StatusCode::METHOD_NOT_ALLOWED,
                format!("{method} is not offered here; see docs/emulator.md"),
            )),
            _ => Err((
                StatusCode::NOT_FOUND,
                format!("there is no {ROOT}/{what}: there are state, reset, calls, faults, sync"),
            )),
        }
    }

    /// Brings a commit to a product's repository, or lets its sync fail.
    fn synced(&self, body: &str) -> Result<String, Refused> {
        let bad = |message: String| (StatusCode::BAD_REQUEST, message);
        let asked: Asked = serde_json::from_str(body).map_err(|error| bad(error.to_string()))?;
        let sync = match (asked.revision, asked.template, asked.failure) {
            (Some(revision), Some(template), None) => Sync::Commit {
                revision,
                template: Bytes::from(template),
            },
            (None, None, Some(message)) => Sync::Failure { message },
            _ => return Err(bad("say revision and template, or failure".to_owned())),
        };
        let (account, region, product) = (asked.account, asked.region, asked.product);
        let synced = self.sync_product(&account, &region, &product, sync);
        let synced = synced.map_err(|error| bad(error.message))?;
        Ok(match synced {
            Ok(version) => json!({ "provisioningArtifactId": version }),
            Err(failure) => json!({ "failure": failure }),
        }
        .to_string())
    }

    /// What it is, and how much there is.
    fn summary(&self) -> Value {
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "profile": self.inner.profile,
            "quotas": self.inner.quotas,
            "seed": self.inner.seed,
            "now": self.inner.clock.now(),
            "calls": self.counts(),
            "places": self.lock().census(),
        })
    }
}

fn respond(status: StatusCode, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body + "\n"));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
