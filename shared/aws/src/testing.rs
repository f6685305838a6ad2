//! An AWS for this crate's tests: it answers as it is told to, and remembers what went over the wire.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future;
use std::sync::{Arc, Mutex};

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider, SharedHttpClient};
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use lockwarden_core::ids::LockPath;
use lockwarden_core::item::{Content, Place, Record};
use lockwarden_core::ledger::{Entry, Status};
use lockwarden_core::lock::{Lock, gather};
use lockwarden_core::policy::{EvenIf, Policy, StateObject, Terms};
use lockwarden_core::release::{self, Look, Release};
use lockwarden_core::restore::{self, Restore};
use serde_json::{Value, json};

use crate::ledger_items::Ledger;

/// A request as it went over the wire; the path of one to S3 begins with the bucket.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// What comes back.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// An HTTP response.
    Http(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// Nothing ever.
    Silence,
    /// The time for it runs out.
    TimedOut,
    /// There is no connection.
    Unreachable,
}

/// An AWS that answers each request by itself, so that the order of requests does not matter.
#[derive(Clone)]
pub(crate) struct Aws {
    answer: Arc<dyn Fn(&Asked) -> Answer + Send + Sync>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Asked {
    fn of(request: &HttpRequest) -> Self {
        let (_, address) = request.uri().split_once("://").unwrap();
        let (_, rest) = address.split_once('/').unwrap();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let headers = request.headers().iter();
        Self {
            method: request.method().to_owned(),
            path: decoded(path),
            query: pairs(query),
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: String::from_utf8(request.body().bytes().unwrap().to_vec()).unwrap(),
        }
    }

    /// The operation of a request to DynamoDB.
    pub(crate) fn operation(&self) -> &str {
        self.headers["x-amz-target"].split_once('.').unwrap().1
    }

    /// The body of a request to DynamoDB.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The body of a request to SNS.
    pub(crate) fn form(&self) -> BTreeMap<String, String> {
        pairs(&self.body)
    }
}

fn pairs(text: &str) -> BTreeMap<String, String> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

/// Text without its percent signs.
fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (hex, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(hex, 16).unwrap());
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).unwrap()
}

impl Answer {
    /// What DynamoDB answers.
    pub(crate) fn json(body: &Value) -> Self {
        Self::Http(200, Vec::new(), body.to_string().into_bytes())
    }

    /// An error of DynamoDB with whatever it says besides.
    pub(crate) fn dynamodb_error(status: u16, code: &str, besides: Value) -> Self {
        let mut body = json!({
            "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"),
            "message": "so it is",
        });
        if let Value::Object(besides) = besides {
            body.as_object_mut().unwrap().extend(besides);
        }
        Self::Http(status, Vec::new(), body.to_string().into_bytes())
    }

    /// What S3 and SNS answer.
    pub(crate) fn xml(body: &str) -> Self {
        Self::Http(200, Vec::new(), body.as_bytes().to_vec())
    }

    /// An error of S3.
    pub(crate) fn s3_error(status: u16, code: &str) -> Self {
        let body = format!("<Error><Code>{code}</Code><Message>so it is</Message></Error>");
        Self::Http(status, Vec::new(), body.into_bytes())
    }

    /// An error of SNS.
    pub(crate) fn sns_error(status: u16, code: &str) -> Self {
        let body = format!(
            "<ErrorResponse><Error><Code>{code}</Code><Message>so it is</Message></Error></ErrorResponse>"
        );
        Self::Http(status, Vec::new(), body.into_bytes())
    }
}

impl Aws {
    pub(crate) fn answering(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        Self {
            answer: Arc::new(answer),
            asked: Arc::default(),
        }
    }

    /// For one call after the other; asked more often than that, the test fails.
    pub(crate) fn in_turn(answers: impl IntoIterator<Item = Answer>) -> Self {
        let answers = Mutex::new(answers.into_iter().collect::<Vec<_>>().into_iter());
        Self::answering(move |asked| {
            let answer = answers.lock().unwrap().next();
            answer.unwrap_or_else(|| panic!("nobody expected {asked:?}"))
        })
    }

    /// Every request so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The one request so far.
    pub(crate) fn only_asked(&self) -> Asked {
        let asked = self.asked();
        assert_eq!(asked.len(), 1, "{asked:?}");
        asked[0].clone()
    }

    pub(crate) fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.config())
    }

    pub(crate) fn s3(&self) -> aws_sdk_s3::Client {
        aws_sdk_s3::Client::new(&self.config())
    }

    pub(crate) fn sns(&self) -> aws_sdk_sns::Client {
        aws_sdk_sns::Client::new(&self.config())
    }

    pub(crate) fn lambda(&self) -> aws_sdk_lambda::Client {
        aws_sdk_lambda::Client::new(&self.config())
    }

    /// One try for each call, so that an adapter meets the failure itself.
    pub(crate) fn config(&self) -> SdkConfig {
        let credentials = Credentials::new("AKIAEXAMPLE", "secret", None, None, "tests");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(self.http())
            .retry_config(RetryConfig::disabled())
            .build()
    }

    fn http(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| connector.clone())
    }
}

impl fmt::Debug for Aws {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Aws")
    }
}

impl HttpConnector for Aws {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let asked = Asked::of(&request);
        self.asked.lock().unwrap().push(asked.clone());
        match (self.answer)(&asked) {
            Answer::Http(status, headers, body) => {
                HttpConnectorFuture::ready(Ok(response(status, headers, body)))
            }
            Answer::Silence => HttpConnectorFuture::new(future::pending()),
            Answer::TimedOut => {
                HttpConnectorFuture::ready(Err(ConnectorError::timeout("too slow".into())))
            }
            Answer::Unreachable => {
                HttpConnectorFuture::ready(Err(ConnectorError::io("no route".into())))
            }
        }
    }
}

fn response(status: u16, headers: Vec<(&'static str, String)>, body: Vec<u8>) -> HttpResponse {
    let status = StatusCode::try_from(status).unwrap();
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    for (name, value) in headers {
        response.headers_mut().insert(name, value);
    }
    response
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn path(text: &str) -> LockPath {
    LockPath::new(text).unwrap()
}

/// A record as Terraform writes it.
pub(crate) const TEXT: &str = r#"{"ID":"a1b2c3d4-0000","Operation":"OperationTypeApply","Info":"","Who":"runner@ci-7","Version":"1.11.4","Created":"2026-01-01T00:00:00Z","Path":"b/k"}"#;

pub(crate) fn item_record(content: Content) -> Record {
    Record {
        path: path("b/k"),
        place: Place::Dynamodb {
            table: "locks".to_owned(),
        },
        content,
    }
}

pub(crate) fn object_record(content: Content) -> Record {
    Record {
        path: path("b/k"),
        place: Place::S3 {
            bucket: "b".to_owned(),
            key: "k.tflock".to_owned(),
            etag: "\"d4a4\"".to_owned(),
            modified: at("2026-01-01T00:00:05Z"),
        },
        content,
    }
}

/// The lock of a pair.
pub(crate) fn pair() -> Lock {
    let text = || Content::Text(TEXT.to_owned());
    gather(vec![item_record(text()), object_record(text())]).remove(0)
}

pub(crate) fn entry() -> Entry {
    let lock = pair();
    Entry::first_sight(lock.code(0), &lock, at("2026-01-01T00:10:00Z"))
}

pub(crate) fn ledger() -> Ledger {
    Ledger {
        table: "ledger".to_owned(),
        keep_for: SignedDuration::from_hours(24 * 400),
    }
}

/// Leave to delete this record, from somebody who does not mind anything.
pub(crate) fn release(record: &Record) -> Release {
    let present = gather(vec![record.clone()]);
    let lock = &present[0];
    let entry = Entry::first_sight(lock.code(0), lock, at("2026-01-01T00:10:00Z"));
    let terms = Terms::asking(
        SignedDuration::from_mins(15),
        SignedDuration::from_mins(5),
        SignedDuration::from_hours(1),
    );
    let policy = Policy::without_rules(terms);
    let look = Look {
        policy: &policy,
        now: at("2026-01-02T00:00:00Z"),
        present: &present,
        state: &StateObject::Absent,
    };
    let even_if: BTreeSet<EvenIf> = EvenIf::ALL.into_iter().collect();
    release::decide(&entry, &look, &even_if).unwrap()
}

/// Leave to put the pair back, from which nothing is left.
pub(crate) fn restore() -> Restore {
    let released = Entry {
        status: Status::Released,
        released_from: entry().places,
        ..entry()
    };
    restore::decide(&released, &[]).unwrap()
}

/// An object of a bucket as a listing names it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stored {
    pub(crate) key: &'static str,
    pub(crate) bytes: usize,
}

/// A page of a bucket's listing.
pub(crate) fn listing_page(objects: &[Stored], next: Option<&str>) -> Answer {
    let contents: String = objects
        .iter()
        .map(|Stored { key, bytes }| {
            format!(
                "<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:05.000Z</LastModified>\
                 <ETag>&quot;listed&quot;</ETag><Size>{bytes}</Size></Contents>"
            )
        })
        .collect();
    let more = next.is_some();
    let next = next.map_or(String::new(), |token| {
        format!("<NextContinuationToken>{token}</NextContinuationToken>")
    });
    Answer::xml(&format!(
        "<ListBucketResult><IsTruncated>{more}</IsTruncated>{contents}{next}</ListBucketResult>"
    ))
}

/// An object's body, with the tag and the time of its own.
pub(crate) fn object(body: &[u8]) -> Answer {
    let headers = vec![
        ("etag", "\"d4a4\"".to_owned()),
        ("last-modified", "Thu, 01 Jan 2026 00:00:05 GMT".to_owned()),
    ];
    Answer::Http(200, headers, body.to_vec())
}
