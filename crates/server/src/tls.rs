//! Certificates: given as files, or made for this machine (`--tls-self-signed`).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Why TLS cannot be spoken.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot read {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("cannot write {}: {source}", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    #[error("{}: {message}", path.display())]
    Unfit { path: PathBuf, message: String },
    #[error("no certificate can be made: {0}")]
    Unmade(#[from] rcgen::Error),
}

/// A certificate and its key, as PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Tls {
    /// Returns the certificate of a folder for the names of this machine's loopback and others, made where there is
    /// none yet: who trusts it once need not do so again.
    pub fn self_signed(folder: &Path, names: &[String]) -> Result<Self, TlsError> {
        let own = Self { certificate: folder.join("strata-localhost.crt"), key: folder.join("strata-localhost.key") };
        if own.certificate.exists() && own.key.exists() {
            return Ok(own);
        }
        let loopback = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let names = loopback.into_iter().chain(names.iter().cloned()).collect::<Vec<_>>();
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, "Strata on this machine");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        fs::create_dir_all(folder).map_err(|source| TlsError::Unwritable { path: folder.to_owned(), source })?;
        write(&own.key, &key.serialize_pem(), true)?;
        write(&own.certificate, &certificate.pem(), false)?;
        Ok(own)
    }

    /// Reads both files.
    pub(crate) fn config(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let chain = CertificateDer::pem_slice_iter(&read(&self.certificate)?)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| unfit(&self.certificate, &error))?;
        if chain.is_empty() {
            return Err(unfit(&self.certificate, &"there is no certificate in it"));
        }
        let key = PrivateKeyDer::from_pem_slice(&read(&self.key)?).map_err(|error| unfit(&self.key, &error))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| unfit(&self.certificate, &error))?.with_no_client_auth();
        let mut config = builder.with_single_cert(chain, key).map_err(|error| unfit(&self.key, &error))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|source| TlsError::Unreadable { path: path.to_owned(), source })
}

fn unfit(path: &Path, error: &dyn std::fmt::Display) -> TlsError {
    TlsError::Unfit { path: path.to_owned(), message: error.to_string() }
}

/// Writes a file; a key is for its owner alone.
fn write(path: &Path, text: &str, is_secret: bool) -> Result<(), TlsError> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    if is_secret {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    let mut file = options.open(path).map_err(|source| TlsError::Unwritable { path: path.to_owned(), source })?;
    io::Write::write_all(&mut file, text.as_bytes())
        .map_err(|source| TlsError::Unwritable { path: path.to_owned(), source })
}
