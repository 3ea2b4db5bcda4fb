use aws_credential_types::Credentials;
use aws_sdk_s3 as s3;
use aws_sdk_sts as sts;
use catalogd::emulator::Profile;
use catalogd::emulator::server;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::sdk::{ACCOUNT, emulator};

/// A server on a free port: its address, what stops it, and its end.
async fn serve() -> (
    String,
    oneshot::Sender<()>,
    tokio::task::JoinHandle<std::io::Result<()>>,
) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(server::serve(listener, emulator(Profile::Instant), async {
        let _ = stopped.await;
    }));
    (address, stop, task)
}

#[tokio::test]
async fn the_port_serves_the_sdk_and_stops_when_told() {
    let (address, stop, task) = serve().await;
    let endpoint = format!("http://{address}");
    let credentials = || Credentials::new(ACCOUNT, "secret", None, None, "test");
    let client = aws_smithy_http_client::Builder::new().build_http();
    let sessions = sts::Client::from_conf(
        sts::Config::builder()
            .behavior_version(sts::config::BehaviorVersion::latest())
            .region(sts::config::Region::new("us-east-1"))
            .credentials_provider(credentials())
            .endpoint_url(&endpoint)
            .http_client(client.clone())
            .build(),
    );
    let me = sessions.get_caller_identity().send().await.unwrap();
    assert_eq!(me.account(), Some(ACCOUNT));
    let files = s3::Client::from_conf(
        s3::Config::builder()
            .behavior_version(s3::config::BehaviorVersion::latest())
            .region(s3::config::Region::new("us-east-1"))
            .credentials_provider(credentials())
            .endpoint_url(&endpoint)
            .http_client(client)
            .build(),
    );
    files.create_bucket().bucket("b-1").send().await.unwrap();
    let large = vec![7_u8; 3 << 20];
    files
        .put_object()
        .bucket("b-1")
        .key("k")
        .body(large.clone().into())
        .send()
        .await
        .unwrap();
    let got = files
        .get_object()
        .bucket("b-1")
        .key("k")
        .send()
        .await
        .unwrap();
    assert_eq!(got.body.collect().await.unwrap().to_vec(), large);
    let head = files
        .head_object()
        .bucket("b-1")
        .key("k")
        .send()
        .await
        .unwrap();
    assert_eq!(head.content_length(), Some(3 << 20));
    stop.send(()).unwrap();
    task.await.unwrap().unwrap();
    assert!(TcpStream::connect(&address).await.is_err());
}

#[tokio::test]
async fn a_request_too_large_is_refused() {
    let (address, stop, task) = serve().await;
    let mut stream = TcpStream::connect(&address).await.unwrap();
    stream
        .write_all(b"PUT /b/k HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 99999999999\r\n\r\n")
        .await
        .unwrap();
    // Not the body: 64 MiB would have to be read before anything is said of it, one byte more is enough.
    let mut sent = 0;
    let chunk = vec![0_u8; 1 << 20];
    while sent <= 64 && stream.write_all(&chunk).await.is_ok() {
        sent += 1;
    }
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
    drop(stream);
    stop.send(()).unwrap();
    task.await.unwrap().unwrap();
}
