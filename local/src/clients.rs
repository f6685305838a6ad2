//! SDK clients for the local AWS.

use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_smithy_http_client::Builder;

use crate::ministack::REGION;

/// Who a call comes from.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The access key id.
    pub access_key: String,
    /// Its secret.
    pub secret_key: String,
    /// The session token of an assumed role.
    pub session_token: Option<String>,
}

impl Credentials {
    /// The account's root, which MiniStack knows by these words.
    #[must_use]
    pub fn root() -> Self {
        Self {
            access_key: "test".to_owned(),
            secret_key: "test".to_owned(),
            session_token: None,
        }
    }
}

/// One client for each service that the tests talk to.
#[derive(Clone, Debug)]
pub struct Clients {
    /// Lock tables and ledger.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// State buckets.
    pub s3: aws_sdk_s3::Client,
    /// Notices and approvals.
    pub sns: aws_sdk_sns::Client,
    /// Inboxes and the dead-letter queue.
    pub sqs: aws_sdk_sqs::Client,
    /// The functions.
    pub lambda: aws_sdk_lambda::Client,
}

/// Each SDK has a builder type of its own, all with the same methods.
macro_rules! configured {
    ($sdk:ident, $endpoint:expr, $credentials:expr) => {
        $sdk::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static(REGION))
            .endpoint_url($endpoint)
            .credentials_provider($credentials.clone())
            // Plain HTTP: it never leaves this machine.
            .http_client(Builder::new().build_http())
    };
}

impl Clients {
    /// Clients for the AWS at `endpoint`.
    #[must_use]
    pub fn new(endpoint: &str, credentials: Credentials) -> Self {
        let Credentials {
            access_key,
            secret_key,
            session_token,
        } = credentials;
        let identity = aws_sdk_dynamodb::config::Credentials::new(
            access_key,
            secret_key,
            session_token,
            None,
            "local AWS",
        );
        let dynamodb = configured!(aws_sdk_dynamodb, endpoint, identity).build();
        let s3 = configured!(aws_sdk_s3, endpoint, identity)
            .force_path_style(true)
            .build();
        let sns = configured!(aws_sdk_sns, endpoint, identity).build();
        let sqs = configured!(aws_sdk_sqs, endpoint, identity).build();
        let lambda = configured!(aws_sdk_lambda, endpoint, identity).build();
        Self {
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb),
            s3: aws_sdk_s3::Client::from_conf(s3),
            sns: aws_sdk_sns::Client::from_conf(sns),
            sqs: aws_sdk_sqs::Client::from_conf(sqs),
            lambda: aws_sdk_lambda::Client::from_conf(lambda),
        }
    }
}
