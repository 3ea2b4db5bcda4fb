//! What the Query/XML services (CloudFormation, STS) share: forms in, XML out.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use jiff::Timestamp;

use super::api::ApiError;
use crate::clock::Entropy;

/// The members of a request, e.g. `Tags.member.1.Key`.
#[derive(Debug, Default)]
pub(super) struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads an `application/x-www-form-urlencoded` body. What is not well-formed is kept as it is.
    pub(super) fn parse(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        Self(
            text.split('&')
                .filter(|pair| !pair.is_empty())
                .map(|pair| {
                    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decode(key), decode(value))
                })
                .collect(),
        )
    }

    /// A member; one that is empty is there.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// A member that says yes.
    pub(super) fn is_true(&self, key: &str) -> bool {
        self.get(key) == Some("true")
    }

    /// The plain elements of a list.
    pub(super) fn list(&self, key: &str) -> Vec<String> {
        self.indexes(key)
            .into_iter()
            .filter_map(|at| self.get(&format!("{key}.member.{at}")))
            .map(str::to_owned)
            .collect()
    }

    /// The prefixes of a list's structures, e.g. `Tags.member.1`.
    pub(super) fn structures(&self, key: &str) -> Vec<String> {
        self.indexes(key)
            .into_iter()
            .map(|at| format!("{key}.member.{at}"))
            .collect()
    }

    /// The list is named, be it as an empty one.
    pub(super) fn has_list(&self, key: &str) -> bool {
        self.0.contains_key(key) || !self.indexes(key).is_empty()
    }

    fn indexes(&self, key: &str) -> std::collections::BTreeSet<u32> {
        let prefix = format!("{key}.member.");
        self.0
            .range(prefix.clone()..)
            .map_while(|(name, _)| name.strip_prefix(&prefix))
            .filter_map(|rest| rest.split('.').next()?.parse().ok())
            .collect()
    }
}

/// Percent-decoding with `+` for a blank.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        let escaped = (first == b'%')
            .then(|| {
                let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
                u8::from_str_radix(digits, 16).ok()
            })
            .flatten();
        match (first, escaped) {
            (_, Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            (b'+', None) => bytes.push(b' '),
            _ => bytes.push(first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Elements of an answer, written one after the other.
#[derive(Debug, Default)]
pub(super) struct Xml(String);

impl Xml {
    /// An element with text.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.0.push('<');
        self.0.push_str(name);
        self.0.push('>');
        escape(text, &mut self.0);
        self.close(name);
    }

    /// An element with text, if there is one.
    pub(super) fn optional(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    /// An element with a time in milliseconds.
    pub(super) fn time(&mut self, name: &str, at: Timestamp) {
        self.text(name, &format!("{at:.3}"));
    }

    /// An element with elements.
    pub(super) fn element(&mut self, name: &str, fill: impl FnOnce(&mut Self)) {
        self.0.push('<');
        self.0.push_str(name);
        self.0.push('>');
        fill(self);
        self.close(name);
    }

    /// A list, each element in a `member`.
    pub(super) fn members<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut fill: impl FnMut(&mut Self, T),
    ) {
        self.element(name, |list| {
            for item in items {
                list.element("member", |member| fill(member, item));
            }
        });
    }

    /// A list of texts.
    pub(super) fn texts<'a>(&mut self, name: &str, items: impl IntoIterator<Item = &'a String>) {
        self.element(name, |list| {
            for item in items {
                list.text("member", item);
            }
        });
    }

    fn close(&mut self, name: &str) {
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
    }
}

/// A carriage return must be escaped, or the reader's parser makes a line feed of it; what XML can't say is left out.
fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#xD;"),
            '\t' | '\n' => out.push(c),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            _ => out.push(c),
        }
    }
}

/// An answer of `operation`. One without a result has no `…Result` element.
pub(super) fn answer(
    namespace: &str,
    operation: &str,
    result: Option<Xml>,
    request_id: &str,
) -> Response<Bytes> {
    let mut body = format!("<{operation}Response xmlns=\"{namespace}\">");
    if let Some(Xml(result)) = result {
        // Writing to a String can't fail.
        let _ = write!(body, "<{operation}Result>{result}</{operation}Result>");
    }
    let _ = write!(
        body,
        "<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
    );
    respond(StatusCode::OK, body, request_id)
}

/// An error as these services say it.
pub(super) fn refusal(namespace: &str, error: &ApiError, request_id: &str) -> Response<Bytes> {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
    let kind = if status.is_server_error() {
        "Receiver"
    } else {
        "Sender"
    };
    let mut inner = Xml::default();
    inner.element("Error", |xml| {
        xml.text("Type", kind);
        xml.text("Code", &error.code);
        xml.text("Message", &error.message);
    });
    let body = format!(
        "<ErrorResponse xmlns=\"{namespace}\">{}<RequestId>{request_id}</RequestId></ErrorResponse>",
        inner.0
    );
    respond(status, body, request_id)
}

/// A request id, or any other new UUID.
pub(super) fn new_id(entropy: &mut Entropy) -> String {
    let bits = u128::from(entropy.bits()) << 64 | u128::from(entropy.bits());
    uuid::Builder::from_random_bytes(bits.to_be_bytes())
        .into_uuid()
        .to_string()
}

fn respond(status: StatusCode, body: String, request_id: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_have_lists_of_texts_and_structures() {
        let form = Form::parse(
            b"Action=X&C.member.2=b&C.member.10=c&C.member.1=a%2B+%zz&T.member.1.Key=k&T.member.1.Value=&E=",
        );
        assert_eq!(form.list("C"), ["a+ %zz", "b", "c"]);
        assert_eq!(form.structures("T"), ["T.member.1"]);
        assert_eq!(form.get("T.member.1.Value"), Some(""));
        assert!(form.has_list("E") && form.has_list("T") && !form.has_list("N"));
    }

    #[test]
    fn xml_survives_any_text() {
        let mut xml = Xml::default();
        xml.text("A", "a<b>&\"\r\n\u{1}\u{e9}");
        assert_eq!(xml.0, "<A>a&lt;b&gt;&amp;&quot;&#xD;\n\u{e9}</A>");
    }
}
