//! The SDK's HTTP client without a socket: requests go straight to the emulator, in its time.

use std::io;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::BodyExt;

use super::Emulator;

/// Hands every request of an SDK client to an emulator.
#[derive(Debug, Clone)]
pub struct InProcess(pub Emulator);

impl InProcess {
    /// As an SDK configuration takes it.
    pub fn shared(emulator: Emulator) -> SharedHttpClient {
        SharedHttpClient::new(Self(emulator))
    }
}

impl HttpClient for InProcess {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let emulator = self.0.clone();
        HttpConnectorFuture::new(async move {
            let (parts, body) = request
                .try_into_http1x()
                .map_err(|error| ConnectorError::user(error.into()))?
                .into_parts();
            let body = body.collect().await.map_err(ConnectorError::user)?;
            let request = http::Request::from_parts(parts, body.to_bytes());
            let response = emulator.call(request).await.map_err(|dropped| {
                ConnectorError::io(io::Error::new(io::ErrorKind::ConnectionReset, dropped).into())
            })?;
            HttpResponse::try_from(response.map(|body: Bytes| SdkBody::from(body)))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}
