//! The clients, made once for each process.
//!
//! TLS is rustls with ring: it builds in half the time of aws-lc, is smaller, and needs no entropy from CPU jitter, which
//! costs aws-lc a third of a second at every cold start of a small function.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use lockwarden_core::settings::Table;

/// How long one try of one call may take. The SDK tries three times, so that a call ends well before the function does.
const ATTEMPT: Duration = Duration::from_secs(8);
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(3);

/// Region, credentials and HTTP client, as found in the environment; `AWS_ENDPOINT_URL` is honoured.
#[derive(Clone, Debug)]
pub struct Connection(SdkConfig);

impl Connection {
    /// Reads the environment.
    pub async fn load() -> Self {
        let http = Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(ATTEMPT)
            .build();
        // A pinned version: a new default of the SDK comes with a change that somebody reads.
        let config = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(http)
            .timeout_config(timeouts)
            .load()
            .await;
        Self(config)
    }

    /// A connection that somebody else configured.
    #[must_use]
    pub fn of(config: SdkConfig) -> Self {
        Self(config)
    }

    /// DynamoDB of a region; `None`: the function's own.
    #[must_use]
    pub fn dynamodb(&self, region: Option<&str>) -> aws_sdk_dynamodb::Client {
        let mut config = aws_sdk_dynamodb::config::Builder::from(&self.0);
        if let Some(region) = region {
            config.set_region(Some(Region::new(region.to_owned())));
        }
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// S3.
    #[must_use]
    pub fn s3(&self) -> aws_sdk_s3::Client {
        aws_sdk_s3::Client::new(&self.0)
    }

    /// SNS.
    #[must_use]
    pub fn sns(&self) -> aws_sdk_sns::Client {
        aws_sdk_sns::Client::new(&self.0)
    }

    /// Lambda.
    #[must_use]
    pub fn lambda(&self) -> aws_sdk_lambda::Client {
        aws_sdk_lambda::Client::new(&self.0)
    }
}

/// DynamoDB in every region where a lock table is.
#[derive(Clone, Debug)]
pub struct Tables {
    own: aws_sdk_dynamodb::Client,
    others: BTreeMap<String, aws_sdk_dynamodb::Client>,
}

impl Tables {
    /// The clients that these tables need.
    #[must_use]
    pub fn of(connection: &Connection, tables: &[Table]) -> Self {
        let regions = tables.iter().filter_map(|table| table.region.clone());
        Self {
            own: connection.dynamodb(None),
            others: regions
                .map(|region| (region.clone(), connection.dynamodb(Some(&region))))
                .collect(),
        }
    }

    /// The client for a table.
    #[must_use]
    pub fn client(&self, table: &Table) -> &aws_sdk_dynamodb::Client {
        let other = table
            .region
            .as_ref()
            .and_then(|region| self.others.get(region));
        other.unwrap_or(&self.own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Aws;

    fn table(region: Option<&str>) -> Table {
        Table {
            name: "locks".to_owned(),
            index: None,
            region: region.map(str::to_owned),
            account: None,
        }
    }

    #[tokio::test]
    async fn a_table_is_asked_for_in_its_own_region() {
        let connection = Connection(Aws::in_turn([]).config());
        let (here, there) = (table(None), table(Some("us-east-2")));
        let tables = Tables::of(&connection, &[here.clone(), there.clone()]);
        for (table, region) in [(here, "eu-west-1"), (there, "us-east-2")] {
            let of_client = tables.client(&table).config().region();
            assert_eq!(of_client.map(Region::as_ref), Some(region));
        }
    }
}
