//! Lists the lock objects of a bucket.

use aws_sdk_s3::Client;
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
    let mut found: Vec<Listed> = Vec::new();
    let mut token = None;
    loop {
        let page = client
            .list_objects_v2()
            .bucket(&bucket.name)
            .set_prefix((!bucket.prefix.is_empty()).then(|| bucket.prefix.clone()))
            .set_continuation_token(token)
            .send()
            .await
            .map_err(Failure::of(format!("list the bucket {}", bucket.name)))
            .and_then(|page| bucket_read::whole(&bucket.name, page));
        let page = match page {
            Ok(page) => page,
            Err(failure) => {
                listing.failures.push(failure);
                break;
            }
        };
        let objects = page.contents.unwrap_or_default();
        listing.scanned += objects.len() as u64;
        for object in &objects {
            let key = object.key().unwrap_or_default();
            if LockPath::of_lock_file(&bucket.name, key).is_some() {
                match Listed::of(&bucket.name, object) {
                    Ok(listed) => found.push(listed),
                    Err(failure) => listing.failures.push(failure),
                }
            }
        }
        token = page.next_continuation_token;
        if token.is_none() {
            break;
        }
    }
    let reads = found
        .into_iter()
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

#[cfg(test)]
mod tests {
    use lockwarden_core::item::Content;

    use super::*;
    use crate::failure::Kind;
    use crate::testing::{Answer, Asked, Aws, Stored, TEXT, listing_page, object};

    fn stored(key: &'static str) -> Stored {
        Stored { key, bytes: 200 }
    }

    fn part(prefix: &str) -> Bucket {
        Bucket {
            name: "b".to_owned(),
            prefix: prefix.to_owned(),
        }
    }

    /// A bucket with these pages, where a read of an object is answered by `open`.
    fn bucket(
        pages: Vec<Vec<Stored>>,
        open: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
    ) -> Aws {
        Aws::answering(move |asked| {
            if !asked.query.contains_key("list-type") {
                return open(asked);
            }
            let token = asked.query.get("continuation-token");
            let page: usize = token.map_or(0, |token| token.parse().unwrap());
            let next = (page + 1 < pages.len()).then(|| (page + 1).to_string());
            listing_page(&pages[page], next.as_deref())
        })
    }

    fn is_open(_: &Asked) -> Answer {
        object(TEXT.as_bytes())
    }

    /// The paths of the records, with `closed` for one that could not be opened.
    fn found(listing: &Listing) -> Vec<(&str, bool)> {
        let mut found: Vec<(&str, bool)> = listing
            .records
            .iter()
            .map(|record| {
                (
                    record.path.as_str(),
                    matches!(record.content, Content::Text(_)),
                )
            })
            .collect();
        found.sort_unstable();
        found
    }

    /// The keys of the objects that were opened.
    fn opened(aws: &Aws) -> Vec<String> {
        let asked = aws.asked().into_iter();
        let mut keys: Vec<String> = asked
            .filter(|asked| !asked.query.contains_key("list-type"))
            .map(|asked| asked.path)
            .collect();
        keys.sort_unstable();
        keys
    }

    #[tokio::test]
    async fn every_page_is_read_and_only_locks_are_opened() {
        let aws = bucket(
            vec![
                vec![
                    stored("a.tfstate"),
                    stored("a.tfstate.tflock"),
                    stored("a.tflock.bak"),
                ],
                vec![stored("folder/.tflock")],
                vec![stored("z.tfstate.tflock"), stored(".tflock")],
            ],
            is_open,
        );
        let listing = list(&aws.s3(), &part("")).await;
        assert_eq!(
            found(&listing),
            [("b/a.tfstate", true), ("b/z.tfstate", true)]
        );
        assert_eq!(listing.scanned, 6);
        assert_eq!(listing.failures, []);
        assert_eq!(opened(&aws), ["b/a.tfstate.tflock", "b/z.tfstate.tflock"]);
    }

    #[tokio::test]
    async fn only_the_configured_part_of_a_bucket_is_listed() {
        for (prefix, asked_for) in [("teams/a/", Some("teams/a/")), ("", None)] {
            let aws = bucket(vec![Vec::new()], is_open);
            list(&aws.s3(), &part(prefix)).await;
            let asked = aws.only_asked();
            assert_eq!(asked.query.get("prefix").map(String::as_str), asked_for);
            assert_eq!(asked.path, "b/");
        }
    }

    #[tokio::test]
    async fn one_lock_that_cannot_be_opened_does_not_hide_the_others() {
        let aws = bucket(
            vec![vec![
                stored("denied.tflock"),
                stored("gone.tflock"),
                stored("open.tflock"),
            ]],
            |asked| match asked.path.as_str() {
                "b/denied.tflock" => Answer::s3_error(403, "AccessDenied"),
                "b/gone.tflock" => Answer::s3_error(404, "NoSuchKey"),
                _ => object(TEXT.as_bytes()),
            },
        );
        let listing = list(&aws.s3(), &part("")).await;
        assert_eq!(found(&listing), [("b/denied", false), ("b/open", true)]);
        assert_eq!(listing.failures, []);
    }

    #[tokio::test]
    async fn a_lock_that_was_not_read_is_a_failure_and_not_an_end() {
        let aws = bucket(
            vec![vec![stored("busy.tflock"), stored("open.tflock")]],
            |asked| match asked.path.as_str() {
                "b/busy.tflock" => Answer::s3_error(503, "SlowDown"),
                _ => object(TEXT.as_bytes()),
            },
        );
        let listing = list(&aws.s3(), &part("")).await;
        assert_eq!(found(&listing), [("b/open", true)]);
        let kinds: Vec<Kind> = listing
            .failures
            .iter()
            .map(|failure| failure.kind)
            .collect();
        assert_eq!(kinds, [Kind::Transient]);
    }

    #[tokio::test]
    async fn what_was_listed_before_a_failure_is_read_and_the_failure_is_told() {
        let aws = Aws::answering(|asked| {
            match (
                asked.query.contains_key("list-type"),
                asked.query.contains_key("continuation-token"),
            ) {
                (true, false) => listing_page(&[stored("open.tflock")], Some("more")),
                (true, true) => Answer::s3_error(403, "AccessDenied"),
                (false, _) => object(TEXT.as_bytes()),
            }
        });
        let listing = list(&aws.s3(), &part("")).await;
        assert_eq!(found(&listing), [("b/open", true)]);
        let failures: Vec<String> = listing.failures.iter().map(Failure::to_string).collect();
        assert_eq!(
            failures,
            ["cannot list the bucket b: AccessDenied: so it is"]
        );
    }

    #[tokio::test]
    async fn a_key_with_odd_characters_is_read_as_it_is() {
        // As XML; a control character is a number there.
        let aws = bucket(
            vec![vec![
                stored("a+b &amp;%é.tflock"),
                stored("odd&#x1;.tflock"),
            ]],
            is_open,
        );
        let listing = list(&aws.s3(), &part("")).await;
        assert_eq!(found(&listing), [("b/a+b &%é", true), ("b/odd\u{1}", true)]);
        assert_eq!(opened(&aws), ["b/a+b &%é.tflock", "b/odd\u{1}.tflock"]);
    }

    #[tokio::test]
    async fn more_locks_than_are_read_at_once_are_all_read() {
        let many = vec![stored("k.tflock"); AT_ONCE * 2 + 1];
        let aws = bucket(vec![many.clone()], is_open);
        let listing = list(&aws.s3(), &part("")).await;
        assert_eq!(listing.records.len(), many.len());
        assert_eq!(opened(&aws).len(), many.len());
    }

    #[tokio::test]
    async fn a_listing_that_was_cut_off_is_a_failure_and_not_an_empty_bucket() {
        for odd in [
            "<ListBucketResult></ListBucketResult>",
            "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
            "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a.tflock</Key></Contents></ListBucketResult>",
        ] {
            let client = Aws::in_turn([Answer::xml(odd)]).s3();
            let bucket = Bucket {
                name: "b".to_owned(),
                prefix: String::new(),
            };
            let listing = list(&client, &bucket).await;
            assert!(listing.failures[0].is_transient(), "{odd}");
        }
    }
}
