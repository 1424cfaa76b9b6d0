//! The address of a service: scheme, host, port and path.

use http::Uri;

/// The address of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Whether it is reached over TLS.
    pub is_tls: bool,
    /// A name or an IP address, the latter without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The path, without a slash at its end.
    pub path: String,
}

impl Address {
    /// Reads `http://host:port/path` or `https://…`.
    ///
    /// # Errors
    ///
    /// What was expected, without the text: it may hold a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected = || "expected an address such as `https://host:8000`".to_owned();
        let uri: Uri = text.trim().parse().map_err(|_| expected())?;
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            Some(_) | None => return Err(expected()),
        };
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(expected)?;
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err("expected an address without a user name".into());
        }
        if uri.query().is_some() {
            return Err("expected an address without a query".into());
        }
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let path = uri.path().trim_end_matches('/').to_owned();
        Ok(Self { is_tls, host, port, path })
    }

    /// Reads an address to which something is sent: with a path as it is written, and perhaps a query.
    /// Returns these beside the address.
    ///
    /// # Errors
    ///
    /// As [`Self::parse`].
    pub fn parse_target(text: &str) -> Result<(Self, String), String> {
        let text = text.trim();
        let address = Self::parse(text.split('?').next().unwrap_or_default())?;
        let uri: Uri = text.parse().map_err(|_| "expected an address".to_owned())?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok((address, path.to_owned()))
    }

    /// Host and port, as the header `Host` has them.
    #[must_use]
    pub fn authority(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_scheme_a_host_and_nothing_secret() {
        let read = |text: &str| {
            Address::parse(text).map(|a| format!("{} {} {}", a.is_tls, a.authority(), a.path))
        };
        assert_eq!(read("http://localhost:8000/").unwrap(), "false localhost:8000 ");
        assert_eq!(
            read("https://idp.example/realms/a/").unwrap(),
            "true idp.example:443 /realms/a"
        );
        assert_eq!(read("http://[::1]:80").unwrap(), "false [::1]:80 ");
        for text in ["", "localhost:8000", "ftp://a", "http://", "https://u:p@a", "http://a/?b"] {
            let fault = read(text).unwrap_err();
            assert!(fault.starts_with("expected an address"), "{text}: {fault}");
        }
        let target =
            |text: &str| Address::parse_target(text).map(|(a, path)| a.authority() + &path);
        assert_eq!(target("https://relay/a/?b=c").unwrap(), "relay:443/a/?b=c");
        assert_eq!(target("http://relay").unwrap(), "relay:80/");
        assert!(target("http://a b/?c").is_err() && target("https://u:p@a/?b").is_err());
    }
}
