use http::{Request, StatusCode};

use super::*;

struct World(Buckets);

impl World {
    async fn ask(
        &self,
        account: &str,
        region: &str,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (StatusCode, String, http::HeaderMap) {
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .header("host", "localhost:4566");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let caller = Caller {
            account: account.to_owned(),
            arn: String::new(),
            principal: String::new(),
        };
        let response = self
            .0
            .handle(
                caller,
                region,
                Timestamp::UNIX_EPOCH,
                request
                    .body(Bytes::copy_from_slice(body.as_bytes()))
                    .unwrap(),
            )
            .await;
        let (parts, body) = response.into_parts();
        (
            parts.status,
            String::from_utf8_lossy(&body).into_owned(),
            parts.headers,
        )
    }

    /// As the owner, in us-east-1: the status and the error's code.
    async fn said(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> String {
        let (status, body, _) = self
            .ask("111111111111", "us-east-1", method, target, headers, body)
            .await;
        format!("{} {}", status.as_u16(), code(&body))
    }
}

fn code(body: &str) -> &str {
    body.split("<Code>")
        .nth(1)
        .and_then(|rest| rest.split("</Code>").next())
        .unwrap_or("-")
}

#[tokio::test]
async fn a_name_is_one_accounts_in_one_region() {
    let world = World(Buckets::default());
    assert_eq!(world.said("PUT", "/b-1", &[], "").await, "200 -");
    assert_eq!(world.said("PUT", "/b-1", &[], "").await, "200 -");
    assert_eq!(
        world.said("PUT", "/B_1", &[], "").await,
        "400 InvalidBucketName"
    );
    let other = world
        .ask("222222222222", "us-east-1", "PUT", "/b-1", &[], "")
        .await;
    assert_eq!(
        (other.0.as_u16(), code(&other.1)),
        (409, "BucketAlreadyExists")
    );
    let away = |region: &'static str, body: &'static str| {
        world.ask("111111111111", region, "PUT", "/b-2", &[], body)
    };
    let here = "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";
    assert_eq!(
        code(&away("eu-west-1", "").await.1),
        "IllegalLocationConstraintException"
    );
    assert_eq!(away("eu-west-1", here).await.0, StatusCode::OK);
    assert_eq!(
        code(&away("eu-west-1", here).await.1),
        "BucketAlreadyOwnedByYou"
    );
    let (status, body, headers) = world
        .ask(
            "111111111111",
            "us-east-1",
            "GET",
            "/b-2?list-type=2",
            &[],
            "",
        )
        .await;
    assert_eq!((status.as_u16(), code(&body)), (301, "PermanentRedirect"));
    assert_eq!(headers["x-amz-bucket-region"], "eu-west-1");
    let (_, body, _) = world
        .ask("111111111111", "us-east-1", "GET", "/b-2?location", &[], "")
        .await;
    assert!(body.contains(">eu-west-1<"), "{body}");
    for method in ["GET", "PUT"] {
        let denied = world
            .ask("222222222222", "us-east-1", method, "/b-1/k", &[], "")
            .await;
        assert_eq!((denied.0.as_u16(), code(&denied.1)), (403, "AccessDenied"));
    }
    assert_eq!(
        world
            .said(
                "GET",
                "/b-1?list-type=2",
                &[("x-amz-expected-bucket-owner", "222222222222")],
                ""
            )
            .await,
        "403 AccessDenied"
    );
}

#[tokio::test]
async fn objects_are_put_on_conditions() {
    let world = World(Buckets::default());
    assert_eq!(
        world.said("PUT", "/b-1/k", &[], "x").await,
        "404 NoSuchBucket"
    );
    world.said("PUT", "/b-1", &[], "").await;
    assert_eq!(world.said("GET", "/b-1/k", &[], "").await, "404 NoSuchKey");
    let new = [("if-none-match", "*")];
    assert_eq!(world.said("PUT", "/b-1/k", &new, "one").await, "200 -");
    assert_eq!(
        world.said("PUT", "/b-1/k", &new, "two").await,
        "412 PreconditionFailed"
    );
    let (_, body, headers) = world
        .ask("111111111111", "us-east-1", "GET", "/b-1/k", &[], "")
        .await;
    assert_eq!(body, "one");
    let etag = headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(etag, "\"f97c5d29941bfb1b2fdab0874906ab82\"");
    assert_eq!(
        world
            .said("PUT", "/b-1/k", &[("if-match", &etag)], "two")
            .await,
        "200 -"
    );
    assert_eq!(
        world
            .said("PUT", "/b-1/k", &[("if-match", &etag)], "three")
            .await,
        "412 PreconditionFailed"
    );
    assert_eq!(
        world
            .said("PUT", "/b-1/q", &[("if-match", &etag)], "x")
            .await,
        "404 NoSuchKey"
    );
    assert_eq!(
        world
            .said(
                "PUT",
                "/b-1/k",
                &[("x-amz-checksum-crc32", "AAAAAA==")],
                "x"
            )
            .await,
        "400 BadDigest"
    );
    assert_eq!(
        world
            .said(
                "PUT",
                "/b-1/k",
                &[("x-amz-checksum-crc32", "jNwWgw==")],
                "x"
            )
            .await,
        "200 -"
    );
    assert_eq!(
        world.said("DELETE", "/b-1", &[], "").await,
        "409 BucketNotEmpty"
    );
    assert_eq!(world.said("DELETE", "/b-1/k", &[], "").await, "204 -");
    assert_eq!(world.said("DELETE", "/b-1/k", &[], "").await, "204 -");
    assert_eq!(world.said("DELETE", "/b-1", &[], "").await, "204 -");
}

#[tokio::test]
async fn listings_come_in_pages() {
    let world = World(Buckets::default());
    world.said("PUT", "/b-1", &[], "").await;
    for key in ["a", "d/1", "d/2", "e/1", "z%20z"] {
        world.said("PUT", &format!("/b-1/{key}"), &[], "x").await;
    }
    let mut token = String::new();
    let mut seen = Vec::new();
    loop {
        let target = format!("/b-1?list-type=2&delimiter=%2F&max-keys=2&encoding-type=url{token}");
        let (_, body, _) = world
            .ask("111111111111", "us-east-1", "GET", &target, &[], "")
            .await;
        let all = |tag: &str| -> Vec<String> {
            body.split(&format!("<{tag}>"))
                .skip(1)
                .map(|rest| rest.split("</").next().unwrap().to_owned())
                .collect()
        };
        seen.extend(all("Key"));
        seen.extend(all("CommonPrefixes><Prefix"));
        match all("NextContinuationToken").first() {
            Some(next) => {
                token = format!("&continuation-token={next}")
                    .replace('=', "%3D")
                    .replacen("%3D", "=", 1)
            }
            None => break,
        }
    }
    assert_eq!(seen, ["a", "d/", "z%20z", "e/"]);
}

#[tokio::test]
async fn versions_and_urls() {
    let world = World(Buckets::default());
    world.said("PUT", "/b-1", &[], "").await;
    let on = "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Status>Enabled</Status></VersioningConfiguration>";
    assert_eq!(world.said("PUT", "/b-1?versioning", &[], on).await, "200 -");
    let (_, _, headers) = world
        .ask(
            "111111111111",
            "us-east-1",
            "PUT",
            "/b-1/t.yaml",
            &[],
            "old",
        )
        .await;
    let old = headers["x-amz-version-id"].to_str().unwrap().to_owned();
    world.said("PUT", "/b-1/t.yaml", &[], "new").await;
    let url = "https://b-1.s3.us-east-1.amazonaws.com/t.yaml";
    let read = |account: &str, url: &str| {
        world
            .0
            .read_url(account, url)
            .map(|b| String::from_utf8(b.to_vec()).unwrap())
    };
    assert_eq!(read("111111111111", url).unwrap(), "new");
    assert_eq!(
        read("111111111111", &format!("{url}?versionId={old}")).unwrap(),
        "old"
    );
    assert!(
        read("222222222222", url)
            .unwrap_err()
            .starts_with("S3 error: Access Denied")
    );
    assert!(
        read(
            "111111111111",
            "https://b-1.s3.eu-west-1.amazonaws.com/t.yaml"
        )
        .is_err()
    );
    assert_eq!(
        read("111111111111", "https://example.com/t.yaml").unwrap_err(),
        "TemplateURL must be a supported URL."
    );
    assert_eq!(world.said("DELETE", "/b-1/t.yaml", &[], "").await, "204 -");
    assert!(
        read("111111111111", url)
            .unwrap_err()
            .contains("The specified key does not exist.")
    );
    assert_eq!(
        read("111111111111", &format!("{url}?versionId={old}")).unwrap(),
        "old"
    );
}

#[tokio::test]
async fn settings_are_kept() {
    let world = World(Buckets::default());
    world.said("PUT", "/b-1", &[], "").await;
    let ask = |method: &'static str, target: &'static str, body: &'static str| {
        world.ask("111111111111", "us-east-1", method, target, &[], body)
    };
    let (_, body, _) = ask("GET", "/b-1?publicAccessBlock", "").await;
    assert!(
        body.contains("<BlockPublicAcls>true</BlockPublicAcls>"),
        "{body}"
    );
    let off = "<PublicAccessBlockConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><BlockPublicAcls>false</BlockPublicAcls></PublicAccessBlockConfiguration>";
    assert_eq!(
        ask("PUT", "/b-1?publicAccessBlock", off).await.0,
        StatusCode::OK
    );
    let (_, body, _) = ask("GET", "/b-1?publicAccessBlock", "").await;
    assert!(
        body.contains("<BlockPublicAcls>false</BlockPublicAcls>"),
        "{body}"
    );
    assert_eq!(
        code(&ask("GET", "/b-1?policy", "").await.1),
        "NoSuchBucketPolicy"
    );
    assert_eq!(
        code(&ask("PUT", "/b-1?policy", "nope").await.1),
        "MalformedPolicy"
    );
    assert_eq!(
        ask("PUT", "/b-1?policy", "{\"Version\":\"2012-10-17\"}")
            .await
            .0
            .as_u16(),
        204
    );
    assert_eq!(
        ask("GET", "/b-1?policy", "").await.1,
        "{\"Version\":\"2012-10-17\"}"
    );
    let (_, body, _) = ask("GET", "/b-1?encryption", "").await;
    assert!(
        body.contains("<SSEAlgorithm>AES256</SSEAlgorithm>"),
        "{body}"
    );
    let (_, body, _) = ask("GET", "/", "").await;
    assert!(body.contains("<Name>b-1</Name>"), "{body}");
}
