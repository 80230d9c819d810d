//! Outbound requests against real sockets: what goes out, what does not, and how failures are told.

mod common;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use alertcap_host::allow::AllowList;
use alertcap_host::connect::connector;
use alertcap_host::outbound::Outbound;
use alertcap_host::variables::Variables;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::TlsAcceptor;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks as _};

const SOON: Duration = Duration::from_millis(200);

fn allow(entry: &str) -> AllowList {
    let variables = Variables::resolve(&common::manifest("", ""), &[], |_| None).unwrap();
    AllowList::resolve(&[entry.to_owned()], &variables).unwrap()
}

fn outbound(allowed: &str) -> Outbound {
    Outbound::new(connector(&[]).unwrap(), allow(allowed))
}

async fn send(
    outbound: &mut Outbound,
    url: &str,
    options: RequestOptions,
) -> Result<Response<WasiBody>, Error> {
    let body = Empty::new().map_err(|never| match never {}).boxed_unsync();
    let request = Request::get(url).body(body).unwrap();
    let sent = outbound.send_request(request, Some(options), Box::new(std::future::ready(Ok(()))));
    Box::into_pin(sent).await.map(|(response, _)| response)
}

async fn get(url: &str, options: RequestOptions) -> Result<Response<WasiBody>, Error> {
    send(&mut outbound("*://*:*"), url, options).await
}

/// A server that reads each request's head and answers with these bytes, each after its pause.
async fn server(answer: &'static [(Duration, &'static str)]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                while read_head(&mut stream).await {
                    for (pause, bytes) in answer {
                        tokio::time::sleep(*pause).await;
                        stream.write_all(bytes.as_bytes()).await.unwrap();
                    }
                    if answer.iter().all(|(_, bytes)| !bytes.contains("content-length: 2")) {
                        return;
                    }
                }
            });
        }
    });
    address
}

async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> bool {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return false,
        }
    }
    true
}

const NOW: Duration = Duration::ZERO;
const LATE: Duration = Duration::from_secs(2);
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[tokio::test]
async fn an_answer_comes_back() {
    let address = server(&[(NOW, OK)]).await;
    let mut outbound = outbound(&format!("http://{address}"));
    for _ in 0..3 {
        let response =
            send(&mut outbound, &format!("http://{address}/"), RequestOptions::default()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "ok");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let address = server(&[(NOW, "HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n")]).await;
    let response = get(&format!("http://{address}/"), RequestOptions::default()).await.unwrap();
    assert_eq!(
        (response.status(), &response.headers()["location"]),
        (StatusCode::FOUND, &"/x".parse().unwrap())
    );
}

#[tokio::test]
async fn what_is_not_allowed_is_not_sent() {
    let address = server(&[(NOW, OK)]).await;
    let mut outbound = outbound(&format!("https://{address}"));
    let result = send(&mut outbound, &format!("http://{address}/"), RequestOptions::default()).await;
    assert!(matches!(result, Err(Error::HttpRequestDenied)), "{result:?}");
}

#[tokio::test]
async fn no_listener_is_connection_refused() {
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let result = get(&format!("http://{address}/"), RequestOptions::default()).await;
    assert!(matches!(result, Err(Error::ConnectionRefused)), "{result:?}");
}

#[tokio::test]
async fn an_unknown_name_is_a_dns_error() {
    let result = get("http://nobody.invalid/", RequestOptions::default()).await;
    assert!(matches!(result, Err(Error::DnsError { .. })), "{result:?}");
}

#[tokio::test]
async fn a_lost_answer_is_a_protocol_error() {
    let address = server(&[]).await;
    let result = get(&format!("http://{address}/"), RequestOptions::default()).await;
    assert!(matches!(result, Err(Error::HttpProtocolError)), "{result:?}");
}

#[tokio::test]
async fn a_server_without_tls_is_a_tls_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        stream.read_to_end(&mut Vec::new()).await.unwrap();
    });
    let result = get(&format!("https://{address}/"), RequestOptions::default()).await;
    assert!(matches!(result, Err(Error::TlsProtocolError)), "{result:?}");
}

#[tokio::test]
async fn a_certificate_of_nobody_known_is_a_certificate_error_until_its_authority_is_named() {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], own.signing_key.into())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(mut stream) = acceptor.accept(stream).await {
                read_head(&mut stream).await;
                stream.write_all(OK.as_bytes()).await.unwrap();
            }
        }
    });
    let result = get(&url, RequestOptions::default()).await;
    assert!(matches!(result, Err(Error::TlsCertificateError)), "{result:?}");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, own.cert.pem()).unwrap();
    let mut trusting = Outbound::new(connector(&[file]).unwrap(), allow("https://localhost:*"));
    let response = send(&mut trusting, &url, RequestOptions::default()).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_late_head_is_a_read_timeout() {
    let address = server(&[(LATE, OK)]).await;
    let started = Instant::now();
    let options = RequestOptions { first_byte_timeout: Some(SOON), ..Default::default() };
    let result = get(&format!("http://{address}/"), options).await;
    assert!(matches!(result, Err(Error::ConnectionReadTimeout)), "{result:?}");
    assert!(started.elapsed() < SOON * 5);
}

#[tokio::test]
async fn a_stalled_body_is_a_read_timeout() {
    let address = server(&[(NOW, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no"), (LATE, "k")]).await;
    let options = RequestOptions { between_bytes_timeout: Some(SOON), ..Default::default() };
    let response = get(&format!("http://{address}/"), options).await.unwrap();
    let result = response.into_body().collect().await;
    assert!(matches!(result, Err(Error::ConnectionReadTimeout)), "{result:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_listener_that_does_not_accept_is_a_connect_timeout() {
    // Linux drops the handshakes that do not fit into a listener's queue.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut queue = Vec::new();
    while let Ok(Ok(stream)) = tokio::time::timeout(SOON, TcpStream::connect(address)).await {
        queue.push(stream);
    }
    let options = RequestOptions { connect_timeout: Some(SOON), ..Default::default() };
    let result = get(&format!("http://{address}/"), options).await;
    assert!(matches!(result, Err(Error::ConnectionTimeout)), "{result:?}");
}

#[test]
fn a_ca_file_without_a_certificate_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("empty.pem");
    std::fs::write(&file, "not a certificate").unwrap();
    for file in [file, PathBuf::from("missing.pem")] {
        let error = format!("{:#}", connector(std::slice::from_ref(&file)).err().unwrap());
        assert!(error.contains(&format!("--ca-file {}", file.display())), "{error}");
    }
}
