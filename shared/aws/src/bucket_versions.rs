//! Reads when an object was written, as far back as a versioned bucket remembers.

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use jiff::Timestamp;
use lockwarden_core::versions::Versions;

use crate::bucket_read::{cut_off, timestamp};
use crate::failure::Failure;

/// What a role needs for this.
pub const ACTIONS: &[&str] = &["s3:ListBucketVersions"];

/// The most pages that are read (of 1,000 versions): a day of a busy state is one.
const MOST_PAGES: usize = 3;
/// The version id of an object that was written while the bucket kept no versions.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html>
const UNVERSIONED: &str = "null";

/// The writes of exactly this key since a moment.
///
/// # Errors
/// When S3 does not answer or does not let us.
pub async fn since(
    client: &Client,
    bucket: &str,
    key: &str,
    since: Timestamp,
) -> Result<Versions, Failure> {
    let mut versions = Versions::default();
    let (mut key_marker, mut version_marker) = (None, None);
    for _ in 0..MOST_PAGES {
        let page = client
            .list_object_versions()
            .bucket(bucket)
            .prefix(key)
            .set_key_marker(key_marker)
            .set_version_id_marker(version_marker)
            .send()
            .await
            .map_err(Failure::of(format!("list versions in the bucket {bucket}")))?;
        let is_last = take(&mut versions, &page, key, since);
        // As in `bucket_read::whole`: an answer that was cut off on its way must not read like a shorter one.
        match (page.is_truncated(), page.next_key_marker) {
            (Some(false), _) => return Ok(whole(versions)),
            (Some(true), Some(next)) => {
                if is_last || next != key {
                    return Ok(whole(versions));
                }
                (key_marker, version_marker) = (Some(next), page.next_version_id_marker);
            }
            (None, _) | (Some(true), None) => return Err(cut_off(bucket)),
        }
    }
    Ok(versions)
}

/// Takes what a page says about the key, newest first; says whether the rest is older than what was asked for.
fn take(
    versions: &mut Versions,
    page: &ListObjectVersionsOutput,
    key: &str,
    since: Timestamp,
) -> bool {
    let mut is_last = false;
    let of_key = page.versions().iter();
    for version in of_key.filter(|version| version.key() == Some(key)) {
        versions.are_kept |= is_kept(version.version_id());
        match version.last_modified().and_then(timestamp) {
            Some(at) if at >= since => versions.written.push(at),
            Some(_) | None => is_last = true,
        }
    }
    let markers = page.delete_markers().iter();
    for marker in markers.filter(|marker| marker.key() == Some(key)) {
        versions.are_kept |= is_kept(marker.version_id());
    }
    is_last
}

fn is_kept(version_id: Option<&str>) -> bool {
    version_id.is_some_and(|id| id != UNVERSIONED)
}

fn whole(versions: Versions) -> Versions {
    Versions {
        are_all: true,
        ..versions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Kind;
    use crate::testing::{Answer, Aws, at};

    const KEY: &str = "prod/a.tfstate";

    fn version(key: &str, id: &str, time: &str) -> String {
        format!(
            "<Version><Key>{key}</Key><VersionId>{id}</VersionId><LastModified>{time}</LastModified></Version>"
        )
    }

    fn marker(key: &str, id: &str) -> String {
        format!(
            "<DeleteMarker><Key>{key}</Key><VersionId>{id}</VersionId><LastModified>2026-01-01T12:00:00Z</LastModified></DeleteMarker>"
        )
    }

    fn page(entries: &[String], next: Option<&str>) -> Answer {
        let next = next.map_or_else(
            || "<IsTruncated>false</IsTruncated>".to_owned(),
            |key| {
                format!(
                    "<IsTruncated>true</IsTruncated><NextKeyMarker>{key}</NextKeyMarker><NextVersionIdMarker>m</NextVersionIdMarker>"
                )
            },
        );
        Answer::xml(&format!(
            "<ListVersionsResult>{next}{}</ListVersionsResult>",
            entries.concat()
        ))
    }

    async fn read(answers: Vec<Answer>) -> (Result<Versions, Failure>, usize) {
        let aws = Aws::in_turn(answers);
        let read = since(&aws.s3(), "b", KEY, at("2026-01-01T10:00:00Z")).await;
        let asked = aws.asked();
        for asked in &asked {
            assert_eq!(asked.query["prefix"], KEY);
        }
        (read, asked.len())
    }

    #[tokio::test]
    async fn only_writes_of_the_very_key_since_then_count() {
        let entries = [
            version(KEY, "v3", "2026-01-01T11:00:00Z"),
            version(KEY, "v2", "2026-01-01T10:00:00Z"),
            version(KEY, "v1", "2026-01-01T09:59:59Z"),
            version("prod/a.tfstate.tflock", "v9", "2026-01-01T11:30:00Z"),
        ];
        let (read, _) = read(vec![page(&entries, None)]).await;
        assert_eq!(
            read.unwrap(),
            Versions {
                written: vec![at("2026-01-01T11:00:00Z"), at("2026-01-01T10:00:00Z")],
                are_kept: true,
                are_all: true,
            }
        );
    }

    #[tokio::test]
    async fn a_bucket_that_keeps_no_versions_is_told_from_one_that_does() {
        let now = version(KEY, "null", "2026-01-01T11:00:00Z");
        for (entries, are_kept) in [
            (vec![now.clone()], false),
            (vec![], false),
            (vec![now, marker(KEY, "v2")], true),
            (vec![marker("prod/a.tfstate2", "v2")], false),
        ] {
            let (read, _) = read(vec![page(&entries, None)]).await;
            assert_eq!(read.unwrap().are_kept, are_kept, "{entries:?}");
        }
    }

    #[tokio::test]
    async fn pages_are_read_until_the_key_or_the_time_is_over_and_no_more_than_a_few() {
        let new = || page(&[version(KEY, "v", "2026-01-01T11:00:00Z")], Some(KEY));
        let old = page(&[version(KEY, "v", "2026-01-01T09:00:00Z")], Some(KEY));
        let other_key = page(&[], Some("prod/a.tfstate.tflock"));
        for (answers, asked, are_all) in [
            (vec![new(), old], 2, true),
            (vec![new(), other_key], 2, true),
            (vec![new(), new(), new(), new()], 3, false),
        ] {
            let (read, count) = read(answers).await;
            assert_eq!((count, read.unwrap().are_all), (asked, are_all));
        }
    }

    #[tokio::test]
    async fn what_was_cut_off_or_denied_is_no_answer() {
        let cut = Answer::xml("<ListVersionsResult></ListVersionsResult>");
        for answer in [cut, Answer::s3_error(403, "AccessDenied")] {
            assert!(read(vec![answer]).await.0.is_err());
        }
        let denied = read(vec![Answer::s3_error(403, "AccessDenied")]).await.0;
        assert_eq!(denied.unwrap_err().kind, Kind::Lasting);
    }
}
