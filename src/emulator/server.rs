//! The emulator on a port: HTTP/1.1, every service on the same one.

use std::future::Future;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Dropped, Emulator};

/// The largest request: an object of S3, of which templates are the largest here.
const MAX_REQUEST: usize = 64 << 20;
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
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
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
    let body = match Limited::new(body, MAX_REQUEST).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => {
            let status = if error.is::<LengthLimitError>() {
                StatusCode::PAYLOAD_TOO_LARGE
            } else {
                StatusCode::BAD_REQUEST
            };
            let mut response = Response::new(Full::default());
            *response.status_mut() = status;
            return Ok(response);
        }
    };
    let response = emulator.call(Request::from_parts(parts, body)).await?;
    Ok(response.map(Full::new))
}
