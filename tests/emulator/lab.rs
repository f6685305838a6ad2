//! A local AWS with the stores and a ledger on it, without the functions: those run in the test itself.

use std::collections::HashMap;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement,
    KeyType, Projection, ProjectionType, PutRequest, ScalarAttributeType, WriteRequest,
};
use jiff::SignedDuration;
use lockwarden_aws::connect::Connection;
use lockwarden_aws::ledger_items::Ledger;
use lockwarden_core::settings::{self, SweepSettings, TopicArn};
use lockwarden_local::{Access, Clients, MiniStack, REGION, Stores};

pub(crate) const TABLE: &str = "terraform-state-locks";
pub(crate) const BUCKET: &str = "acme-tf-state";
const LEDGER: &str = "ledger";

/// Everything that a test needs.
pub(crate) struct Lab {
    /// It ends with this value.
    pub(crate) aws: MiniStack,
    pub(crate) clients: Clients,
    pub(crate) connection: Connection,
    pub(crate) stores: Stores,
    pub(crate) ledger: Ledger,
    pub(crate) notices: TopicArn,
}

impl Lab {
    pub(crate) async fn new() -> Self {
        let aws = MiniStack::start(Access::Open).unwrap();
        let clients = aws.clients();
        let stores = Stores::create(&clients, TABLE, BUCKET).await.unwrap();
        make_ledger(&clients).await;
        let topic = clients.sns.create_topic().name("notices").send().await;
        let notices = TopicArn::parse(topic.unwrap().topic_arn().unwrap()).unwrap();
        Self {
            connection: Connection::of(config(&aws)),
            aws,
            clients,
            stores,
            ledger: Ledger {
                table: LEDGER.to_owned(),
                keep_for: SignedDuration::from_hours(24),
            },
            notices,
        }
    }

    pub(crate) fn sweep_settings(&self) -> SweepSettings {
        SweepSettings::read(|name| self.setting(name), lockwarden_policy::read).unwrap()
    }

    fn setting(&self, name: &str) -> Option<String> {
        let value = match name {
            settings::LOCK_TABLES => TABLE,
            settings::STATE_BUCKETS => BUCKET,
            settings::LEDGER_TABLE => LEDGER,
            settings::NOTICE_TOPIC_ARN => self.notices.as_str(),
            settings::APPROVAL_TOPIC_ARN => "arn:aws:sns:us-east-1:000000000000:approvals",
            settings::APPROVE_FUNCTION => "approve",
            _ => return None,
        };
        Some(value.to_owned())
    }

    /// Writes many items at once.
    pub(crate) async fn fill(&self, items: Vec<HashMap<String, AttributeValue>>) {
        for batch in items.chunks(25) {
            let writes = batch.iter().map(|item| {
                let put = PutRequest::builder().set_item(Some(item.clone())).build();
                WriteRequest::builder().put_request(put.unwrap()).build()
            });
            let write = self.clients.dynamodb.batch_write_item();
            let write = write.request_items(TABLE, writes.collect());
            write.send().await.unwrap();
        }
    }
}

/// A string attribute.
pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn config(aws: &MiniStack) -> SdkConfig {
    let root = aws_sdk_dynamodb::config::Credentials::new("test", "test", None, None, "local AWS");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::from_static(REGION))
        .endpoint_url(aws.endpoint())
        .credentials_provider(aws_sdk_dynamodb::config::SharedCredentialsProvider::new(
            root,
        ))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build()
}

/// The ledger as the template makes it; that the two agree is what the deployed tests show.
async fn make_ledger(clients: &Clients) {
    let key = |name: &str, kind: KeyType| {
        KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(kind)
            .build()
            .unwrap()
    };
    let keys = |hash: &str, range: &str| vec![key(hash, KeyType::Hash), key(range, KeyType::Range)];
    let index = |name: &str, hash: &str| {
        let only_keys = Projection::builder().projection_type(ProjectionType::KeysOnly);
        GlobalSecondaryIndex::builder()
            .index_name(name)
            .set_key_schema(Some(keys(hash, "first_seen")))
            .projection(only_keys.build())
            .build()
            .unwrap()
    };
    let attributes = ["pk", "sk", "open", "state", "first_seen"].map(|name| {
        AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S)
            .build()
            .unwrap()
    });
    let create = clients.dynamodb.create_table().table_name(LEDGER);
    create
        .set_attribute_definitions(Some(attributes.to_vec()))
        .set_key_schema(Some(keys("pk", "sk")))
        .set_global_secondary_indexes(Some(vec![
            index("open", "open"),
            index("by-state", "state"),
        ]))
        .billing_mode(BillingMode::PayPerRequest)
        .send()
        .await
        .unwrap();
}
