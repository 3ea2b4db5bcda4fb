//! JSON 1.1 as Service Catalog speaks it, and errors in the tongue of each service.

use std::io;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, ser::Formatter};

use super::api::ApiError;
use super::route::Service;

/// The content type of requests and answers.
pub(super) const JSON: &str = "application/x-amz-json-1.1";

/// A time as a JSON number of epoch seconds with three decimals at most (facts §1).
pub(super) fn time(at: Timestamp) -> Value {
    // Whole milliseconds of this era are exact in a double, and so their thousandth prints short.
    serde_json::Number::from_f64(at.as_millisecond() as f64 / 1000.0)
        .map_or(Value::Null, Value::Number)
}

/// Product and version times have whole seconds (facts §1).
pub(super) fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// Portfolio, provisioned product and record times have milliseconds (facts §1).
pub(super) fn whole_millis(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

/// Reads the body of a JSON request. An empty body stands for `{}`, and of a member given twice the last counts (both
/// are guesses, and so is the text for what is no JSON).
///
/// # Errors
/// `SerializationException` when it is not a JSON object.
pub(super) fn read(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        // A member that is null is as good as absent, at every depth.
        Ok(mut body @ Value::Object(_)) => {
            drop_nulls(&mut body);
            match body {
                Value::Object(members) => Ok(members),
                _ => Ok(Map::new()),
            }
        }
        Ok(_) => Err(serialization("Unexpected value where a structure begins")),
        Err(error) => Err(serialization(&error.to_string())),
    }
}

/// The generic JSON 1.1 error for a body that does not have the shape of the request.
pub(super) fn serialization(message: &str) -> ApiError {
    ApiError::new("SerializationException", message)
}

/// A successful answer: members that are null are left out at every depth, keys are sorted, times
/// are in Java's double notation.
pub(super) fn answer(mut body: Value, request_id: &str) -> Response<Bytes> {
    drop_nulls(&mut body);
    respond(StatusCode::OK, JSON, encode(&body), request_id)
}

/// An error as `service` says it.
pub(super) fn error(service: Service, error: &ApiError, request_id: &str) -> Response<Bytes> {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
    let (kind, body) = match service {
        Service::ServiceCatalog | Service::Organizations | Service::Tagging => {
            (JSON, json_error(error, "Message"))
        }
        Service::Ssm => (JSON, json_error(error, "message")),
        Service::CloudFormation | Service::Sts => ("text/xml", query_error(error, request_id)),
        Service::S3 => ("application/xml", s3_error(error, request_id)),
    };
    let mut response = respond(status, kind, body, request_id);
    if service == Service::ServiceCatalog {
        // Both recorded errors close the connection (facts §1); a client in process ignores it.
        response
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// The refusal of a protocol that is not spoken here: plain text, so that nobody takes it for an answer.
pub(super) fn refuse(status: StatusCode, message: &str, request_id: &str) -> Response<Bytes> {
    respond(
        status,
        "text/plain",
        message.as_bytes().to_vec(),
        request_id,
    )
}

/// What another JSON 1.1 service says to a content type that is not JSON 1.1's, as a user saw it (github.com,
/// disneystreaming/smithy4s#167); that Service Catalog says the same, also to other methods and addresses, is a guess.
pub(super) fn not_json(request_id: &str) -> Response<Bytes> {
    let body = b"<UnknownOperationException/>\n".to_vec();
    respond(StatusCode::NOT_FOUND, "application/xml", body, request_id)
}

fn respond(status: StatusCode, kind: &'static str, body: Vec<u8>, id: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

/// `__type` before `Message`, as recorded: not the alphabetical order of the successful answers. The member is spelt as
/// in the service's model, and absent where there is no text.
fn json_error(error: &ApiError, member: &str) -> Vec<u8> {
    let text = |s: &str| Value::String(s.to_owned()).to_string();
    if error.message.is_empty() {
        return format!("{{\"__type\":{}}}", text(&error.code)).into_bytes();
    }
    format!(
        "{{\"__type\":{},\"{member}\":{}}}",
        text(&error.code),
        text(&error.message)
    )
    .into_bytes()
}

fn query_error(error: &ApiError, request_id: &str) -> Vec<u8> {
    let fault = if error.status < 500 {
        "Sender"
    } else {
        "Receiver"
    };
    format!(
        "<ErrorResponse><Error><Type>{fault}</Type><Code>{}</Code><Message>{}</Message></Error>\
         <RequestId>{request_id}</RequestId></ErrorResponse>",
        quick_xml::escape::escape(error.code.as_str()),
        quick_xml::escape::escape(error.message.as_str()),
    )
    .into_bytes()
}

fn s3_error(error: &ApiError, request_id: &str) -> Vec<u8> {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message>\
         <RequestId>{request_id}</RequestId></Error>",
        quick_xml::escape::escape(error.code.as_str()),
        quick_xml::escape::escape(error.message.as_str()),
    )
    .into_bytes()
}

/// The error code in a body of either tongue; empty when there is none.
pub(super) fn error_code(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let between = |start: &str, end: &str| {
        let rest = text.split_once(start)?.1;
        Some(rest.split_once(end)?.0.to_owned())
    };
    between("\"__type\":\"", "\"")
        .or_else(|| between("<Code>", "</Code>"))
        .unwrap_or_default()
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

fn encode(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    let mut writer = serde_json::Serializer::with_formatter(&mut out, JavaNumbers);
    // Writing a `Value` into memory has nothing that can fail.
    let _ = value.serialize(&mut writer);
    out
}

/// Doubles as Java's `Double.toString` writes them from ten millions on: `1.536063943E9`.
struct JavaNumbers;

impl Formatter for JavaNumbers {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        let text = format!("{value:E}");
        match text.split_once('E') {
            Some((mantissa, exponent)) if !mantissa.contains('.') => {
                write!(writer, "{mantissa}.0E{exponent}")
            }
            _ => writer.write_all(text.as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn written(value: Value) -> String {
        String::from_utf8(answer(value, "id").into_body().to_vec()).unwrap()
    }

    #[test]
    fn times_are_written_as_recorded() {
        let at = |millis| time(Timestamp::from_millisecond(millis).unwrap());
        assert_eq!(written(at(1_536_063_943_000)), "1.536063943E9");
        assert_eq!(written(at(1_536_221_931_790)), "1.53622193179E9");
        assert_eq!(written(at(1_535_450_770_000)), "1.53545077E9");
        assert_eq!(written(at(2_000_000_000_000)), "2.0E9");
    }

    #[test]
    fn keys_are_sorted_and_nulls_absent() {
        let body = json!({"b": [], "a": {"z": null, "y": 20}, "c": null});
        assert_eq!(written(body), r#"{"a":{"y":20},"b":[]}"#);
    }

    #[test]
    fn an_error_names_its_type_first() {
        let body = json_error(&ApiError::new("X", "say \"no\""), "Message");
        assert_eq!(body, br#"{"__type":"X","Message":"say \"no\""}"#);
    }

    #[test]
    fn a_body_that_is_no_object_is_refused() {
        for body in [&b"[]"[..], b"{", b"\"x\"", b"{\"a\":1}x"] {
            assert_eq!(read(body).unwrap_err().code, "SerializationException");
        }
        assert!(read(b"").unwrap().is_empty());
    }
}
