//! One call, written as its service's protocol wants it.

use std::time::Duration;

use bytes::Bytes;
use http::{Extensions, Method, Request, Response};
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value, json};

use crate::emulator::Emulator;
use crate::emulator::ids::Pins;
use crate::emulator::lag::Steady;
use crate::emulator::route::Service;

/// How often a call is made again when it was throttled, or does not see yet what an earlier one made.
const ATTEMPTS: u32 = 60;
/// The pause between.
const PAUSE: Duration = Duration::from_secs(1);
/// How deep the elements of an answer nest, at most.
const MAX_DEPTH: usize = 64;

/// Operations that take a token, and the member it is.
const TOKENS: [(&str, &str); 13] = [
    ("CopyProduct", "IdempotencyToken"),
    ("CreateConstraint", "IdempotencyToken"),
    ("CreatePortfolio", "IdempotencyToken"),
    ("CreateProduct", "IdempotencyToken"),
    ("CreateProvisionedProductPlan", "IdempotencyToken"),
    ("CreateProvisioningArtifact", "IdempotencyToken"),
    ("CreateServiceAction", "IdempotencyToken"),
    ("ExecuteProvisionedProductPlan", "IdempotencyToken"),
    ("ImportAsProvisionedProduct", "IdempotencyToken"),
    ("ProvisionProduct", "ProvisionToken"),
    ("TerminateProvisionedProduct", "TerminateToken"),
    ("UpdateProvisionedProduct", "UpdateToken"),
    ("UpdateProvisionedProductProperties", "IdempotencyToken"),
];

/// Who calls, where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller<'a> {
    pub(super) emulator: &'a Emulator,
    pub(super) account: &'a str,
    pub(super) region: &'a str,
}

/// Gives a call the token an SDK would, one for each place in the seed.
pub(super) fn fill_tokens(operation: &str, at: usize, input: &mut Value) {
    let token = TOKENS.iter().find(|(name, _)| *name == operation);
    if let (Some((_, member)), Some(members)) = (token, input.as_object_mut()) {
        members
            .entry(*member)
            .or_insert_with(|| json!(format!("seed-{at}")));
    }
}

impl Caller<'_> {
    /// Looks at the newest state, whatever lags, and returns the answer as JSON, whatever the protocol.
    ///
    /// # Errors
    /// The service's refusal.
    pub(super) async fn ask(
        &self,
        service: Service,
        operation: &str,
        input: &Value,
    ) -> Result<Value, String> {
        let steady = |extensions: &mut Extensions| {
            extensions.insert(Steady);
        };
        self.answered(service, operation, input, steady).await
    }

    /// Makes a call and returns its answer as JSON; what it makes gets these ids.
    ///
    /// # Errors
    /// The service's refusal; ids for which the call, which has been made, had no object.
    pub(super) async fn pinned(
        &self,
        service: Service,
        operation: &str,
        input: &Value,
        pins: &Pins,
    ) -> Result<Value, String> {
        let pinned = |extensions: &mut Extensions| {
            extensions.insert(pins.clone());
        };
        self.answered(service, operation, input, pinned).await
    }

    async fn answered(
        &self,
        service: Service,
        operation: &str,
        input: &Value,
        extend: impl Fn(&mut Extensions),
    ) -> Result<Value, String> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let mut request = self.request(service, operation, input)?;
            extend(request.extensions_mut());
            let refusal = match self.emulator.call(request).await {
                Ok(response) if response.status().is_success() => {
                    let left = response.extensions().get::<Pins>();
                    if let Some(id) = left.and_then(|pins| pins.left().first()) {
                        return Err(format!("it made nothing that could have the id {id}"));
                    }
                    return answer(service, &response);
                }
                Ok(response) => refusal(service, &response),
                Err(dropped) => dropped.to_string(),
            };
            let passing = ["Throttling", "Rate exceeded", "ResourceNotFoundException"]
                .iter()
                .any(|word| refusal.contains(word));
            if !passing || attempt >= ATTEMPTS {
                return Err(refusal);
            }
            self.emulator.clock().sleep(PAUSE).await;
        }
    }

    fn request(
        &self,
        service: Service,
        operation: &str,
        input: &Value,
    ) -> Result<Request<Bytes>, String> {
        let name = service.as_str();
        let builder = Request::builder().method(Method::POST).header(
            "authorization",
            format!(
                "AWS4-HMAC-SHA256 Credential={}/20260101/{}/{name}/aws4_request, SignedHeaders=host, Signature=0",
                self.account, self.region
            ),
        );
        let host = format!("{name}.{}.amazonaws.com", self.region);
        let request = match service {
            Service::ServiceCatalog | Service::Organizations | Service::Ssm | Service::Tagging => {
                let target = service.target().unwrap_or_default();
                builder
                    .uri(format!("https://{host}/"))
                    .header("content-type", "application/x-amz-json-1.1")
                    .header("x-amz-target", format!("{target}{operation}"))
                    .body(Bytes::from(input.to_string()))
            }
            Service::CloudFormation | Service::Sts => {
                let mut form = format!("Action={}", encode(operation));
                flatten("", input, &mut form);
                builder
                    .uri(format!("https://{host}/"))
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(Bytes::from(form))
            }
            Service::S3 => {
                let text = |member: &str| input.get(member).and_then(Value::as_str);
                let bucket = text("Bucket").ok_or("it names no Bucket")?;
                let (target, body) = match operation {
                    "CreateBucket" if self.region == "us-east-1" => {
                        (format!("/{bucket}"), String::new())
                    }
                    "CreateBucket" => (
                        format!("/{bucket}"),
                        format!(
                            "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>{}</LocationConstraint></CreateBucketConfiguration>",
                            self.region
                        ),
                    ),
                    "PutObject" => {
                        let key = text("Key").ok_or("it names no Key")?;
                        let key: Vec<String> = key.split('/').map(encode).collect();
                        (
                            format!("/{bucket}/{}", key.join("/")),
                            text("Body").unwrap_or_default().to_owned(),
                        )
                    }
                    _ => return Err("a seed makes buckets and puts objects only".to_owned()),
                };
                builder
                    .method(Method::PUT)
                    .uri(format!("https://{host}{target}"))
                    .body(Bytes::from(body))
            }
        };
        request.map_err(|error| error.to_string())
    }
}

/// Members as a Query request names them: `Tags.member.1.Key`.
fn flatten(prefix: &str, node: &Value, form: &mut String) {
    let under = |name: &str| {
        if prefix.is_empty() {
            name.to_owned()
        } else {
            format!("{prefix}.{name}")
        }
    };
    match node {
        Value::Object(members) => {
            for (name, value) in members {
                flatten(&under(name), value, form);
            }
        }
        Value::Array(items) if items.is_empty() => form.push_str(&format!("&{prefix}=")),
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                flatten(&under(&format!("member.{}", at + 1)), value, form);
            }
        }
        Value::Null => {}
        Value::String(text) => form.push_str(&format!("&{prefix}={}", encode(text))),
        Value::Bool(_) | Value::Number(_) => form.push_str(&format!("&{prefix}={node}")),
    }
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn answer(service: Service, response: &Response<Bytes>) -> Result<Value, String> {
    match service {
        Service::ServiceCatalog | Service::Organizations | Service::Ssm | Service::Tagging => {
            serde_json::from_slice(response.body()).map_err(|error| error.to_string())
        }
        Service::CloudFormation | Service::Sts => {
            let body = xml(response.body())?;
            // <XResponse><XResult>…: the result is what the API reference calls the answer.
            let result = body.as_object().and_then(|members| {
                let (_, response) = members.iter().next()?;
                let members = response.as_object()?;
                members
                    .iter()
                    .find(|(name, _)| name.ends_with("Result"))
                    .map(|(_, result)| result.clone())
            });
            Ok(result.unwrap_or_else(|| json!({})))
        }
        Service::S3 => Ok(json!({})),
    }
}

fn refusal(service: Service, response: &Response<Bytes>) -> String {
    let said = match service {
        Service::ServiceCatalog | Service::Organizations | Service::Ssm | Service::Tagging => {
            serde_json::from_slice::<Value>(response.body())
                .ok()
                .and_then(|body| {
                    let code = body.get("__type")?.as_str()?.to_owned();
                    let message = body.get("message").or_else(|| body.get("Message"));
                    let message = message.and_then(Value::as_str).unwrap_or_default();
                    Some(format!("{code}: {message}"))
                })
        }
        _ => xml(response.body()).ok().and_then(|body| {
            let root = body.as_object()?.values().next()?.clone();
            let error = root.get("Error").cloned().unwrap_or(root);
            let part = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
            Some(format!("{}: {}", part("Code"), part("Message")))
        }),
    };
    said.unwrap_or_else(|| {
        format!(
            "HTTP {}: {}",
            response.status().as_u16(),
            String::from_utf8_lossy(response.body())
        )
    })
}

/// XML as JSON: an element with elements is an object, one whose elements are all `member` an array, any other a text.
fn xml(bytes: &[u8]) -> Result<Value, String> {
    struct Open {
        name: String,
        children: Vec<(String, Value)>,
        text: String,
    }
    let open = |name: String| Open {
        name,
        children: Vec::new(),
        text: String::new(),
    };
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let mut reader = Reader::from_str(text);
    let mut stack = vec![open(String::new())];
    let finish = |done: Open| {
        let list = !done.children.is_empty() && done.children.iter().all(|(n, _)| n == "member");
        let value = if list {
            Value::Array(done.children.into_iter().map(|(_, value)| value).collect())
        } else if done.children.is_empty() {
            Value::String(done.text)
        } else {
            Value::Object(done.children.into_iter().collect::<Map<_, _>>())
        };
        (done.name, value)
    };
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => {
                if stack.len() > MAX_DEPTH {
                    return Err("the answer is nested too deeply".to_owned());
                }
                stack.push(open(start.local_name().as_ref().to_owned()));
            }
            Event::Empty(empty) => {
                let name = empty.local_name().as_ref().to_owned();
                if let Some(parent) = stack.last_mut() {
                    parent.children.push((name, Value::String(String::new())));
                }
            }
            Event::Text(part) => {
                if let Some(parent) = stack.last_mut() {
                    parent.text.push_str(&part);
                }
            }
            Event::GeneralRef(reference) => {
                let name: &str = &reference;
                let resolved = quick_xml::escape::unescape(&format!("&{name};"))
                    .map_err(|error| error.to_string())?
                    .into_owned();
                if let Some(parent) = stack.last_mut() {
                    parent.text.push_str(&resolved);
                }
            }
            Event::End(_) => {
                let done = stack.pop().ok_or("an element ends that never began")?;
                let parent = stack.last_mut().ok_or("an element ends that never began")?;
                parent.children.push(finish(done));
            }
            Event::Eof => break,
            _ => {}
        }
    }
    match (stack.pop(), stack.is_empty()) {
        (Some(root), true) => Ok(finish(root).1),
        _ => Err("the answer ends in the middle".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_become_forms() {
        let mut form = String::new();
        flatten(
            "",
            &json!({"StackName": "a b", "Tags": [{"Key": "k", "Value": "é"}], "Capabilities": [], "On": true}),
            &mut form,
        );
        assert_eq!(
            form,
            "&Capabilities=&On=true&StackName=a%20b&Tags.member.1.Key=k&Tags.member.1.Value=%C3%A9"
        );
    }

    #[test]
    fn answers_become_json() {
        let got = xml(b"<R xmlns=\"x\"><A>a&amp;b&#xD;\n</A><L><member><K>1</K></member><member><K>2</K></member></L><E/></R>").unwrap();
        assert_eq!(
            got,
            json!({"R": {"A": "a&b\r\n", "L": [{"K": "1"}, {"K": "2"}], "E": ""}})
        );
        assert!(xml(b"<R><A></R>").is_err());
    }
}
