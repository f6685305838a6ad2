//! Where the services of a backend are: at Amazon, or at an address of their own.

use crate::config::{Config, Value};
use crate::secrets::PLACEHOLDER;

/// The old argument of each service in `endpoints`. `sso` never had one.
///
/// Terraform `s3/backend.go: PrepareConfig` (`endpointFields`).
pub(crate) const FLAT: [(&str, &str); 4] = [
    ("endpoint", "s3"),
    ("dynamodb_endpoint", "dynamodb"),
    ("iam_endpoint", "iam"),
    ("sts_endpoint", "sts"),
];

/// Every service that can have an address of its own (Terraform `s3/backend.go: endpointsSchema`).
const SERVICES: [&str; 5] = ["s3", "dynamodb", "iam", "sts", "sso"];

/// What a configuration says about the address of one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// Nothing: Amazon's, unless the environment (`AWS_ENDPOINT_URL`) says otherwise.
    NotSet,
    /// This address, without user and password.
    At(String),
    /// One that only Terraform or Terragrunt can work out, or that another part of the configuration may set.
    Unknown,
}

impl Config {
    /// The address of a service. The nested form comes first, as in Terraform's `s3/backend.go: Configure`.
    pub(crate) fn endpoint(&self, service: &str) -> Endpoint {
        let nested = match self.item("endpoints").map(|item| &item.value) {
            None => None,
            Some(Value::Object(items)) => items
                .iter()
                .find(|item| item.name == service && item.value.is_set())
                .map(|item| &item.value),
            Some(
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::Text(_)
                | Value::List(_)
                | Value::Unknown,
            ) => return Endpoint::Unknown,
        };
        let flat = FLAT.iter().find(|(_, new)| *new == service);
        let flat = flat
            .and_then(|(old, _)| self.item(old))
            .map(|item| &item.value);
        match nested.or(flat) {
            None => Endpoint::NotSet,
            Some(value) => value
                .text()
                .and_then(address)
                .map_or(Endpoint::Unknown, Endpoint::At),
        }
    }

    /// Whether the state is, or may be, in a store that is not Amazon's S3. An endpoint of Amazon's own (FIPS, VPC) is no
    /// other store.
    pub(crate) fn has_own_endpoint(&self) -> bool {
        match self.endpoint("s3") {
            Endpoint::NotSet => false,
            Endpoint::At(url) => !is_of_amazon(&url),
            Endpoint::Unknown => true,
        }
    }

    /// Whether any service is at an address of its own.
    pub(crate) fn has_any_endpoint(&self) -> bool {
        SERVICES
            .iter()
            .any(|service| self.endpoint(service) != Endpoint::NotSet)
    }
}

/// An address without its user part; `None` where a secret was elsewhere in it.
fn address(url: &str) -> Option<String> {
    let url = without_user(url).unwrap_or_else(|| url.to_owned());
    (!url.contains(PLACEHOLDER)).then_some(url)
}

/// The address without its user part; `None` where it has none.
pub(crate) fn without_user(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    // A password can hold a slash, but by now it is a placeholder, which holds none.
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (_, host) = rest.get(..authority)?.rsplit_once('@')?;
    Some(format!("{scheme}://{host}{}", rest.get(authority..)?))
}

fn is_of_amazon(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    let host = host.to_ascii_lowercase();
    [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"]
        .iter()
        .any(|end| host.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_of_amazons_own_is_no_other_store() {
        for (url, amazon) in [
            ("https://s3.eu-west-1.amazonaws.com", true),
            ("s3-fips.us-gov-west-1.amazonaws.com", true),
            (
                "https://bucket.vpce-1a2b.s3.eu-west-1.vpce.amazonaws.com/",
                true,
            ),
            ("https://s3.cn-north-1.amazonaws.com.cn:443", true),
            ("https://minio.example.com/s3.amazonaws.com", false),
            ("https://s3.amazonaws.com@minio.example.com", false),
            ("https://user:word@s3.eu-west-1.amazonaws.com", true),
            ("http://localhost:4566", false),
            ("https://notamazonaws.com", false),
        ] {
            assert_eq!(is_of_amazon(url), amazon, "{url}");
        }
    }

    #[test]
    fn an_address_loses_its_user_and_nothing_else() {
        for (url, clean) in [
            ("https://u:p@host:9000/x@y", Some("https://host:9000/x@y")),
            (
                "https://u:(sensitive value removed)@host/x",
                Some("https://host/x"),
            ),
            ("https://u@host", Some("https://host")),
            ("https://host/a@b", None),
            ("host:80", None),
        ] {
            assert_eq!(without_user(url).as_deref(), clean, "{url}");
        }
    }

    #[test]
    fn an_address_with_a_secret_in_its_path_is_not_told() {
        assert_eq!(address(&format!("https://host/{PLACEHOLDER}")), None);
        assert_eq!(
            address(&format!("https://u:{PLACEHOLDER}@host/x")).as_deref(),
            Some("https://host/x")
        );
    }
}
