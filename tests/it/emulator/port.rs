//! The port as any client might use it, the clumsy and the broken ones too: bytes in, bytes out.

use catalogd::emulator::Profile;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::client::{Bench, served};

const AUTHORIZATION: &str = "authorization: AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20270115/us-east-1/servicecatalog/aws4_request, SignedHeaders=host, Signature=00\r\n";

/// A request for `ListPortfolios`, all but the headers that tell its length, and the body.
fn head(version: &str) -> String {
    format!(
        "POST / {version}\r\nhost: localhost\r\ncontent-type: application/x-amz-json-1.1\r\n{AUTHORIZATION}\
         x-amz-target: AWS242ServiceCatalogService.ListPortfolios\r\n"
    )
}

fn whole() -> String {
    format!("{}content-length: 2\r\n\r\n{{}}", head("HTTP/1.1"))
}

const EMPTY: &str = "{\"PortfolioDetails\":[]}";

/// Somebody on the port of an emulator.
async fn connected(work: impl AsyncFnOnce(&str, TcpStream)) {
    let bench = Bench::new(Profile::Instant);
    served(bench.emulator, async |endpoint: String| {
        let address = endpoint.strip_prefix("http://").unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        work(address, stream).await;
    })
    .await;
}

/// Everything until the server ends the connection.
async fn rest(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    // A connection that is cut says no more either.
    let _ = stream.read_to_end(&mut all).await;
    String::from_utf8_lossy(&all).into_owned()
}

/// Reads as far as this.
async fn until(stream: &mut TcpStream, end: &str) -> String {
    let mut all = String::new();
    while !all.ends_with(end) {
        let mut next = [0];
        assert_eq!(stream.read(&mut next).await.unwrap(), 1, "ended in {all}");
        all.push(char::from(next[0]));
    }
    all
}

#[tokio::test]
async fn requests_may_come_before_the_answers() {
    connected(async |_, mut stream| {
        let requests = whole().repeat(3);
        stream.write_all(requests.as_bytes()).await.unwrap();
        for _ in 0..3 {
            let answer = until(&mut stream, EMPTY).await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_of_http_1_0_is_answered() {
    connected(async |_, mut stream| {
        let request = format!("{}content-length: 2\r\n\r\n{{}}", head("HTTP/1.0"));
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
        assert!(answer.ends_with(EMPTY), "{answer}");
    })
    .await;
}

#[tokio::test]
async fn who_asks_before_sending_is_told_to_go_on() {
    connected(async |_, mut stream| {
        let request = format!(
            "{}content-length: 2\r\nexpect: 100-continue\r\n\r\n",
            head("HTTP/1.1")
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let told = until(&mut stream, "\r\n\r\n").await;
        assert!(told.starts_with("HTTP/1.1 100 Continue"), "{told}");
        stream.write_all(b"{}").await.unwrap();
        until(&mut stream, EMPTY).await;
    })
    .await;
}

#[tokio::test]
async fn a_body_may_come_in_pieces_of_unknown_number() {
    connected(async |_, mut stream| {
        let request = format!(
            "{}transfer-encoding: chunked\r\n\r\n1\r\n{{\r\n",
            head("HTTP/1.1")
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.write_all(b"1\r\n}\r\n0\r\n\r\n").await.unwrap();
        until(&mut stream, EMPTY).await;
    })
    .await;
}

/// In virtual time: the clock jumps to what is due next as soon as nothing else happens.
#[tokio::test(start_paused = true)]
async fn who_falls_silent_is_cut_off() {
    let half_a_body = format!("{}content-length: 2\r\n\r\n{{", head("HTTP/1.1"));
    let half_a_chunk = format!(
        "{}transfer-encoding: chunked\r\n\r\n9\r\n{{",
        head("HTTP/1.1")
    );
    for (sent, answer) in [
        ("POST / HT", ""),
        ("POST / HTTP/1.1\r\nhost: local", ""),
        (&half_a_body, "HTTP/1.1 408 Request Timeout\r\n"),
        (&half_a_chunk, "HTTP/1.1 408 Request Timeout\r\n"),
    ] {
        connected(async |_, mut stream| {
            stream.write_all(sent.as_bytes()).await.unwrap();
            let said = rest(&mut stream).await;
            assert!(said.starts_with(answer), "{sent}: {said}");
            assert_eq!(said.is_empty(), answer.is_empty(), "{sent}: {said}");
        })
        .await;
    }
}

#[tokio::test]
async fn who_breaks_off_is_let_go_and_others_are_served() {
    connected(async |address, mut stream| {
        let request = format!("{}content-length: 9\r\n\r\n{{}}", head("HTTP/1.1"));
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let said = rest(&mut stream).await;
        assert!(
            said.is_empty() || said.starts_with("HTTP/1.1 400"),
            "{said}"
        );
        let mut other = TcpStream::connect(address).await.unwrap();
        other.write_all(whole().as_bytes()).await.unwrap();
        until(&mut other, EMPTY).await;
    })
    .await;
}

#[tokio::test]
async fn many_are_served_at_once_while_others_dawdle() {
    connected(async |address, mut dawdler| {
        dawdler.write_all(b"POST / HTTP/1.1\r\n").await.unwrap();
        let mut open = Vec::new();
        for _ in 0..200 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(whole().as_bytes()).await.unwrap();
            open.push(stream);
        }
        for stream in &mut open {
            until(stream, EMPTY).await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_no_http_is_refused() {
    let many = (0..200).fold(head("HTTP/1.1"), |head, n| format!("{head}x-{n}: y\r\n")) + "\r\n";
    let twice = format!(
        "{}content-length: 2\r\ncontent-length: 3\r\n\r\n{{}}",
        head("HTTP/1.1")
    );
    let endless = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(1 << 20));
    for (sent, status) in [
        ("hello\r\n\r\n", "400"),
        ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\r\n\r\n", "400"),
        (&many, "431"),
        (&twice, "400"),
        (&endless, "4"),
    ] {
        connected(async |_, mut stream| {
            // The server may close before it has all.
            let _ = stream.write_all(sent.as_bytes()).await;
            let said = rest(&mut stream).await;
            let start = format!("HTTP/1.1 {status}");
            let short: String = said.chars().take(80).collect();
            assert!(said.starts_with(&start), "{short}");
        })
        .await;
    }
}

#[tokio::test]
async fn a_request_larger_than_the_service_takes_is_refused_in_its_words() {
    connected(async |_, mut stream| {
        let body = format!("{{\"X\":\"{}\"}}", "x".repeat(1 << 20));
        let length = body.len();
        let request = format!("{}content-length: {length}\r\n\r\n{body}", head("HTTP/1.1"));
        stream.write_all(request.as_bytes()).await.unwrap();
        let said = rest(&mut stream).await;
        assert!(said.starts_with("HTTP/1.1 413"), "{said}");
        assert!(
            said.contains("{\"__type\":\"RequestEntityTooLargeException\""),
            "{said}"
        );
        assert!(said.contains("x-amzn-requestid: "), "{said}");
    })
    .await;
}
