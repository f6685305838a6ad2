//! Lists the lock objects of a bucket.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::Object;
use futures_util::stream::{self, StreamExt as _};
use lockwarden_core::ids::LockPath;
use lockwarden_core::settings::Bucket;

use crate::bucket_read::{self, Listed};
use crate::failure::Failure;
use crate::listing::Listing;

/// What a role needs for this, besides what reading the objects needs.
pub const ACTIONS: &[&str] = &["s3:ListBucket"];

/// How many objects are read at once.
const AT_ONCE: usize = 16;

/// Every lock object of a bucket, or of the part of it that is looked at: all pages, then each object.
pub async fn list(client: &Client, bucket: &Bucket) -> Listing {
    let mut listing = Listing::default();
    let mut found: Vec<Object> = Vec::new();
    let mut token = None;
    loop {
        let page = client
            .list_objects_v2()
            .bucket(&bucket.name)
            .set_prefix((!bucket.prefix.is_empty()).then(|| bucket.prefix.clone()))
            .set_continuation_token(token)
            .send()
            .await
            .map_err(Failure::of(format!("list the bucket {}", bucket.name)));
        let page = match page {
            Ok(page) => page,
            Err(failure) => {
                listing.failures.push(failure);
                break;
            }
        };
        let objects = page.contents.unwrap_or_default();
        listing.scanned += objects.len() as u64;
        found.extend(objects.into_iter().filter(|object| {
            LockPath::of_lock_file(&bucket.name, object.key().unwrap_or_default()).is_some()
        }));
        token = page.next_continuation_token;
        if token.is_none() {
            break;
        }
    }
    let reads = found
        .iter()
        .filter_map(Listed::of)
        .map(|listed| bucket_read::listed(client, &bucket.name, listed));
    let mut reads = stream::iter(reads).buffer_unordered(AT_ONCE);
    while let Some(read) = reads.next().await {
        match read {
            Ok(record) => listing.records.extend(record),
            Err(failure) => listing.failures.push(failure),
        }
    }
    listing
}
