//! An S3 server over TLS: its certificate is verified, and the name in it.

use crate::support::process::{hidden_test, variable};
use crate::support::s3::S3Server;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use sentra::service::store::{ObjectStorage, Patience, wait};
use std::sync::Arc;

/// What the test in another process is told: the folder with the authority's certificate.
const CHILD: &str = "SENTRA_TEST_S3_TLS";

fn authority() -> (String, Issuer<'static, KeyPair>) {
    let mut parameters = CertificateParams::new(Vec::default()).expect("parameters");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let key = KeyPair::generate().expect("a key");
    let pem = parameters.self_signed(&key).expect("signed").pem();
    (pem, Issuer::new(parameters, key))
}

fn server(issuer: &Issuer<'static, KeyPair>) -> S3Server {
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(vec!["localhost".to_owned()])
        .and_then(|parameters| parameters.signed_by(&key, issuer))
        .expect("signed");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a certificate");
    S3Server::start_over_tls(config)
}

fn answers(server: &S3Server, host: &str) -> bool {
    let mut settings = server.settings(Patience::default());
    settings.endpoint = Some(format!("https://{host}:{}", server.address.port()));
    let folder = tempfile::tempdir().expect("a folder");
    let store = ObjectStorage::in_bucket(&settings, folder.path()).expect("a store");
    wait(async { Ok(store.answers().await) }).expect("an answer")
}

#[test]
fn a_server_over_tls_is_verified_by_its_certificate_and_its_name() {
    let (pem, _) = authority();
    let folder = tempfile::tempdir().expect("a folder");
    let trusted = folder.path().join("trusted.pem");
    std::fs::write(&trusted, pem).expect("written");
    let output = hidden_test("documents::tls::trusts_one_authority_in_a_process_of_its_own")
        .env(CHILD, &trusted)
        .env("SSL_CERT_FILE", &trusted)
        .env_remove("SSL_CERT_DIR")
        .output()
        .expect("run");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn trusts_one_authority_in_a_process_of_its_own() {
    let Some(trusted) = variable(CHILD) else { return };
    let ((pem, ours), (_, another)) = (authority(), authority());
    std::fs::write(trusted, pem).expect("written");
    let (good, wrong) = (server(&ours), server(&another));
    assert!(answers(&good, "localhost"));
    assert!(!answers(&good, "127.0.0.1"), "its certificate has another name");
    assert!(!answers(&wrong, "localhost"), "its authority is not trusted");
}
