//! PostgreSQL over TLS: the server's certificate is verified, and the name in it.

use crate::support::postgres::{Throwaway, binaries, skip};
use diesel::connection::SimpleConnection;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use sentra::storage::connection::{Opener, Target, Use};
use std::net::TcpListener;

struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

fn authority(name: &str) -> Authority {
    let mut parameters = CertificateParams::new(Vec::default()).expect("parameters");
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().expect("key");
    let pem = parameters.self_signed(&key).expect("sign").pem();
    Authority { pem, issuer: Issuer::new(parameters, key) }
}

#[test]
fn a_server_is_verified_by_its_certificate_and_its_name() {
    let Some(binaries) = binaries() else { return skip() };
    let (ours, another) = (authority("ours"), authority("another"));
    let key = KeyPair::generate().expect("key");
    let certificate = CertificateParams::new(vec!["localhost".to_owned()])
        .and_then(|parameters| parameters.signed_by(&key, &ours.issuer))
        .expect("sign");
    // Free a moment ago; nothing else here asks for a port of its own choice.
    let port =
        TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
    let _server = Throwaway {
        settings: ["ssl=on", "ssl_cert_file=server.pem", "ssl_key_file=server.key"]
            .map(str::to_owned)
            .to_vec(),
        files: vec![("server.pem", certificate.pem()), ("server.key", key.serialize_pem())],
        loopback_port: Some(port),
    }
    .start(&binaries);

    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, pem: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, pem).expect("write");
        path.display().to_string()
    };
    let (good, wrong) = (file("good.pem", &ours.pem), file("wrong.pem", &another.pem));
    let open = |host: &str, root: &str| {
        let url = format!(
            "postgres://postgres@{host}:{port}/postgres?sslmode=verify-full&sslrootcert={root}&connect_timeout=20"
        );
        Opener { target: Target::Postgres(url), purpose: Use::Write }.open()
    };

    let mut connection = open("localhost", &good).expect("the right authority and name");
    let encrypted = "SELECT CAST(ssl AS INT) FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    assert_eq!(crate::support::database::number(&mut connection, encrypted), Ok(1));
    connection.batch_execute("SELECT 1").expect("usable");

    let fails = |host: &str, root: &str| match open(host, root) {
        Ok(_) => panic!("connected to {host} by {root}"),
        Err(error) => error.to_string(),
    };
    let unknown = fails("localhost", &wrong);
    assert!(unknown.contains("certificate verify failed"), "{unknown}");
    let elsewhere = fails("127.0.0.1", &good);
    assert!(elsewhere.contains("does not match host name"), "{elsewhere}");
}
