//! Any way of writing an S3 request, as the one way `s3s` is given: path-style, unsigned, not chunked.

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri, header};

/// Query parameters and headers that only sign a request.
const SIGNING: [&str; 10] = [
    // Of signature version 2.
    "awsaccesskeyid",
    "expires",
    "signature",
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-security-token",
    "x-amz-signature",
    "x-amz-signedheaders",
];

/// Where an object is, out of a URL.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Location {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) version_id: Option<String>,
    /// The region in the host's name; without one any will do.
    pub(super) region: Option<String>,
}

/// The bucket and region in the name of an S3 host.
#[derive(Debug, PartialEq, Eq)]
struct Host<'a> {
    bucket: Option<&'a str>,
    region: Option<&'a str>,
}

impl Location {
    /// Reads `https://b.s3.r.amazonaws.com/k`, `b.s3.amazonaws.com`, `b.s3-r.amazonaws.com`, and the path-style forms.
    pub(super) fn parse(url: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        if !matches!(uri.scheme_str(), Some("https" | "http")) {
            return None;
        }
        let host = amazon(uri.host()?)?;
        let path = percent_decode(uri.path().strip_prefix('/')?)?;
        let (bucket, key) = match host.bucket {
            Some(bucket) => (bucket.to_owned(), path),
            None => {
                let (bucket, key) = path.split_once('/')?;
                (bucket.to_owned(), key.to_owned())
            }
        };
        let version_id = uri.query().and_then(|query| {
            query
                .split('&')
                .find_map(|pair| pair.strip_prefix("versionId="))
                .and_then(percent_decode)
        });
        (!bucket.is_empty() && !key.is_empty()).then_some(Self {
            bucket,
            key,
            version_id,
            region: host.region.map(str::to_owned),
        })
    }
}

/// Rewrites a request. Its text says what is wrong with one that can't be.
pub(super) fn plain(request: Request<Bytes>) -> Result<Request<Bytes>, String> {
    let (mut parts, mut body) = request.into_parts();
    let host = parts
        .headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .or_else(|| parts.uri.authority().map(http::uri::Authority::as_str))
        .unwrap_or_default()
        .to_owned();
    let path = parts.uri.path();
    let path = match bucket_in(&host) {
        Some(bucket) => format!("/{bucket}{path}"),
        None => path.to_owned(),
    };
    let query: Vec<&str> = parts
        .uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty() && !signs(pair.split('=').next().unwrap_or_default()))
        .collect();
    let uri = if query.is_empty() {
        path
    } else {
        format!("{path}?{}", query.join("&"))
    };
    parts.uri = uri.parse().map_err(|_| "an invalid URI".to_owned())?;
    parts
        .headers
        .insert(header::HOST, HeaderValue::from_static("s3"));
    let streaming = parts
        .headers
        .get("x-amz-content-sha256")
        .is_some_and(|value| value.as_bytes().starts_with(b"STREAMING-"));
    if streaming {
        body = unchunk(body, &mut parts.headers)?;
    }
    for name in [
        "authorization",
        "x-amz-content-sha256",
        "x-amz-decoded-content-length",
        "x-amz-trailer",
        "transfer-encoding",
    ]
    .into_iter()
    // `Expires` is also a header of objects, and so stays.
    .chain(SIGNING.into_iter().filter(|name| *name != "expires"))
    {
        parts.headers.remove(name);
    }
    parts
        .headers
        .insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    Ok(Request::from_parts(parts, body))
}

/// Whether a query parameter is only there to sign.
pub(in crate::emulator) fn signs(name: &str) -> bool {
    SIGNING.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The bucket of a virtual-host-style request: below an S3 host of AWS, or below `localhost`.
fn bucket_in(host: &str) -> Option<&str> {
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        if port.bytes().all(|b| b.is_ascii_digit()) {
            name
        } else {
            host
        }
    });
    match amazon(name) {
        Some(host) => host.bucket,
        None => name
            .strip_suffix(".localhost")
            .map(|rest| rest.strip_suffix(".s3").unwrap_or(rest))
            .filter(|rest| *rest != "s3"),
    }
}

/// Takes an S3 host of AWS apart; `None` for any other host.
fn amazon(host: &str) -> Option<Host<'_>> {
    let name = host
        .strip_suffix(".amazonaws.com")
        .or_else(|| host.strip_suffix(".amazonaws.com.cn"))?;
    // The last `s3` label divides bucket and region, since bucket names may have dots and such labels themselves.
    let labels: Vec<&str> = name.split('.').collect();
    let at = labels
        .iter()
        .rposition(|label| *label == "s3" || label.starts_with("s3-"))?;
    let length: usize = labels[..at].iter().map(|label| label.len() + 1).sum();
    let bucket = name[..length].strip_suffix('.');
    let region = match labels[at].strip_prefix("s3-") {
        Some("external-1") => Some("us-east-1"),
        Some(region) => Some(region),
        None => labels[at + 1..]
            .iter()
            .copied()
            .find(|label| *label != "dualstack"),
    };
    Some(Host { bucket, region })
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

/// Takes `aws-chunked` off a body; trailing headers (checksums) become headers.
fn unchunk(mut body: Bytes, headers: &mut HeaderMap) -> Result<Bytes, String> {
    let broken = || "The request body is not well-formed aws-chunked".to_owned();
    let mut whole = BytesMut::with_capacity(body.len());
    loop {
        let line = take_line(&mut body).ok_or_else(broken)?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(|_| broken())?;
        if size == 0 {
            break;
        }
        if body.len() < size {
            return Err(broken());
        }
        whole.extend_from_slice(&body.split_to(size));
        if take_line(&mut body).as_deref() != Some("") {
            return Err(broken());
        }
    }
    while let Some(line) = take_line(&mut body) {
        if let Some((name, value)) = line.split_once(':')
            && let Ok(name) = name.trim().parse::<HeaderName>()
            && let Ok(value) = HeaderValue::from_str(value.trim())
            && name.as_str().starts_with("x-amz-checksum-")
        {
            headers.insert(name, value);
        }
    }
    let encodings: Vec<String> = headers
        .get(header::CONTENT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .split(',')
        .map(|encoding| encoding.trim().to_owned())
        .filter(|encoding| !encoding.is_empty() && encoding != "aws-chunked")
        .collect();
    headers.remove(header::CONTENT_ENCODING);
    if let Ok(value) = HeaderValue::from_str(&encodings.join(","))
        && !encodings.is_empty()
    {
        headers.insert(header::CONTENT_ENCODING, value);
    }
    Ok(whole.freeze())
}

/// The text up to the next line end, which goes with it.
fn take_line(body: &mut Bytes) -> Option<String> {
    let end = body.windows(2).position(|pair| pair == b"\r\n")?;
    let line = body.split_to(end);
    body.advance(2);
    String::from_utf8(line.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_url_is_read() {
        let at = |url: &str| {
            Location::parse(url)
                .map(|l| format!("{} {} {:?} {:?}", l.bucket, l.key, l.region, l.version_id))
        };
        let table = [
            (
                "https://b.s3.eu-west-1.amazonaws.com/a/k",
                Some("b a/k Some(\"eu-west-1\") None"),
            ),
            ("https://b.s3.amazonaws.com/k", Some("b k None None")),
            (
                "https://my.s3.b.s3-eu-west-1.amazonaws.com/k",
                Some("my.s3.b k Some(\"eu-west-1\") None"),
            ),
            (
                "https://s3.amazonaws.com/b/k%20x?versionId=v%2F1",
                Some("b k x None Some(\"v/1\")"),
            ),
            (
                "https://s3.dualstack.us-west-2.amazonaws.com/b/k",
                Some("b k Some(\"us-west-2\") None"),
            ),
            (
                "https://s3-us-west-2.amazonaws.com/b/k",
                Some("b k Some(\"us-west-2\") None"),
            ),
            (
                "https://b.s3.cn-north-1.amazonaws.com.cn/k",
                Some("b k Some(\"cn-north-1\") None"),
            ),
            ("https://example.com/b/k", None),
            ("https://sqs.us-east-1.amazonaws.com/b/k", None),
            ("s3://b/k", None),
            ("https://s3.amazonaws.com/b", None),
            ("https://b.s3.amazonaws.com/%zz", None),
        ];
        for (url, expected) in table {
            assert_eq!(at(url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn virtual_hosts_become_paths() {
        for (host, path) in [
            ("b.s3.us-east-1.amazonaws.com", "/b/k?x=1"),
            ("s3.us-east-1.amazonaws.com", "/k?x=1"),
            ("b.localhost:4566", "/b/k?x=1"),
            ("localhost:4566", "/k?x=1"),
            ("127.0.0.1:4566", "/k?x=1"),
        ] {
            let request = Request::builder()
                .uri("/k?x=1&X-Amz-Signature=abc")
                .header("host", host)
                .header("authorization", "AWS4-HMAC-SHA256 …")
                .body(Bytes::new())
                .unwrap();
            let plain = plain(request).unwrap();
            assert_eq!(plain.uri().to_string(), path, "{host}");
            assert!(plain.headers().get("authorization").is_none());
        }
    }

    #[test]
    fn chunks_are_put_together() {
        let request = |body: &'static str| {
            Request::builder()
                .uri("/b/k")
                .header("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
                .header("content-encoding", "gzip, aws-chunked")
                .body(Bytes::from_static(body.as_bytes()))
                .unwrap()
        };
        let done = plain(request(
            "5;chunk-signature=ab\r\nhello\r\n2\r\n\r\n\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n",
        ))
        .unwrap();
        assert_eq!(done.body().as_ref(), b"hello\r\n");
        assert_eq!(done.headers()["x-amz-checksum-crc32"], "AAAA");
        assert_eq!(done.headers()["content-encoding"], "gzip");
        assert_eq!(done.headers()["content-length"], "7");
        for broken in ["5\r\nhel", "x\r\n", "5\r\nhelloXX0\r\n"] {
            assert!(plain(request(broken)).is_err(), "{broken}");
        }
    }
}
