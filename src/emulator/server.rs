//! The emulator on a port: HTTP/1.1, every service on the same one.

use std::future::Future;
use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Dropped, Emulator};

/// The largest request: an object of S3, of which templates are the largest here.
const MAX_REQUEST: usize = 64 << 20;
/// How long a client may say nothing, within a request or before the next one: longer than SDKs wait for an answer.
const SILENCE: Duration = Duration::from_secs(60);
/// How long running calls may take to end once the server is told to.
const DRAIN: Duration = Duration::from_secs(5);
/// The pause after an accept that failed, e.g. for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `emulator` until `shutdown` ends; then takes no new connection and lets running calls finish.
///
/// # Errors
/// None at present: a connection that fails is its own business.
pub async fn serve(
    listener: TcpListener,
    emulator: Emulator,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let stop = CancellationToken::new();
    let tasks = TaskTracker::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    tasks.spawn(connection(stream, emulator.clone(), stop.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    emulator.clock().sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    stop.cancel();
    tasks.close();
    // Who is slower than that is cut: a fault may hold an answer back for minutes.
    let _ = tokio::time::timeout(DRAIN, tasks.wait()).await;
    Ok(())
}

async fn connection(stream: TcpStream, emulator: Emulator, stop: CancellationToken) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| answer(&emulator, request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(SILENCE)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection ended");
    }
}

/// An error here closes the socket without an answer, which is how a lost answer looks to a client.
async fn answer(
    emulator: &Emulator,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Dropped> {
    let (parts, body) = request.into_parts();
    let body = match read(body).await {
        Ok(body) => body,
        Err(status) => {
            let mut response = Response::new(Full::default());
            *response.status_mut() = status;
            // What is left of the request is not read.
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
            return Ok(response);
        }
    };
    let response = emulator.call(Request::from_parts(parts, body)).await?;
    Ok(response.map(Full::new))
}

/// The whole body, or the status that answers one that is too large, too slow or broken off.
async fn read(body: Incoming) -> Result<Bytes, StatusCode> {
    let mut body = Limited::new(body, MAX_REQUEST);
    let mut bytes = BytesMut::new();
    loop {
        let frame = tokio::time::timeout(SILENCE, body.frame()).await;
        match frame.map_err(|_| StatusCode::REQUEST_TIMEOUT)? {
            None => return Ok(bytes.freeze()),
            // Trailers say nothing that is needed here.
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    bytes.extend_from_slice(&data);
                }
            }
            Some(Err(error)) if error.is::<LengthLimitError>() => {
                return Err(StatusCode::PAYLOAD_TOO_LARGE);
            }
            Some(Err(_)) => return Err(StatusCode::BAD_REQUEST),
        }
    }
}
