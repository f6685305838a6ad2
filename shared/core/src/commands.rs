//! Commands for a person to copy: each one line, quoted for a POSIX shell, made only of values that were checked.
//!
//! The approver's name comes from the shell (`"$USER"`), so a command works as it is pasted.

use serde_json::json;

use crate::ids::{LockId, LockPath, RequestCode, StormCode};
use crate::item::Place;
use crate::policy::{EvenIf, PolicyUri};
use crate::settings::TopicArn;
use crate::text;

/// Shows a record as it is stored; `None` where its name holds characters that no terminal should see.
#[must_use]
pub fn inspect(path: &LockPath, place: &Place, region: &str) -> Option<String> {
    match place {
        Place::Dynamodb { table } => {
            // JSON would escape some characters that must not be shown; such a path is refused like any other.
            quoted(path.as_str())?;
            let key = json!({"LockID": {"S": path.as_str()}}).to_string();
            let (region, table_name) = region_and_name(table, region);
            Some(format!(
                "aws dynamodb get-item --region {} --consistent-read --table-name {} --key {}",
                quoted(region)?,
                quoted(table_name)?,
                quoted(&key)?
            ))
        }
        Place::S3 { bucket, key, .. } => Some(format!(
            "aws s3api get-object --bucket {} --key {} /dev/stdout",
            quoted(bucket)?,
            quoted(key)?
        )),
    }
}

/// Deletes a record that Lockwarden may not delete, as it was seen: an item that is no digest, an object by its tag.
#[must_use]
pub fn delete_by_hand(path: &LockPath, place: &Place, region: &str) -> Option<String> {
    match place {
        Place::Dynamodb { table } => {
            quoted(path.as_str())?;
            let key = json!({"LockID": {"S": path.as_str()}}).to_string();
            let (region, table) = region_and_name(table, region);
            Some(format!(
                "aws dynamodb delete-item --region {} --table-name {} --key {} --condition-expression 'attribute_not_exists(Digest)'",
                quoted(region)?,
                quoted(table)?,
                quoted(&key)?
            ))
        }
        Place::S3 {
            bucket, key, etag, ..
        } => Some(format!(
            "aws s3api delete-object --bucket {} --key {} --if-match {}",
            quoted(bucket)?,
            quoted(key)?,
            quoted(etag)?
        )),
    }
}

/// Lists the latest versions of a state: when each was written, how large it is, its version id.
#[must_use]
pub fn state_versions(path: &LockPath) -> Option<String> {
    let (bucket, key) = path.bucket_and_key()?;
    Some(format!(
        "aws s3api list-object-versions --bucket {} --prefix {} --max-items 10",
        quoted(bucket)?,
        quoted(key)?
    ))
}

/// Prints a policy object.
#[must_use]
pub fn read_object(uri: &PolicyUri) -> Option<String> {
    Some(format!("aws s3 cp {} -", quoted(&uri.to_string())?))
}

/// The CLI takes a table's ARN for its name, but not the region from it.
fn region_and_name<'a>(table: &'a str, own_region: &'a str) -> (&'a str, &'a str) {
    let region = table
        .strip_prefix("arn:")
        .and_then(|rest| rest.split(':').nth(2));
    (region.unwrap_or(own_region), table)
}

/// Releases through Lockwarden, by the approvals topic.
#[must_use]
pub fn release(topic: &TopicArn, code: &RequestCode) -> Option<String> {
    publish(
        topic,
        &format!(r#"{{"decision":"release","request":"{code}","by":""#),
        r#""}"#,
    )
}

/// Releases what is still stale of many locks that were told together, by the approvals topic.
#[must_use]
pub fn release_storm(topic: &TopicArn, code: &StormCode) -> Option<String> {
    publish(
        topic,
        &format!(r#"{{"decision":"release","storm":"{code}","by":""#),
        r#""}"#,
    )
}

/// Releases a lock that is named by its path and its ID, which no sweep need have seen, by the approvals topic.
#[must_use]
pub fn release_by_name(topic: &TopicArn, path: &LockPath, id: &LockId) -> Option<String> {
    let head = json!({"decision": "release", "lock_id": path, "id": id}).to_string();
    let head = head.strip_suffix('}')?;
    publish(topic, &format!(r#"{head},"by":""#), r#""}"#)
}

/// Leaves the lock alone for `for_` (a span such as `2h`), by the approvals topic.
#[must_use]
pub fn keep(topic: &TopicArn, code: &RequestCode, for_: &str) -> Option<String> {
    publish(
        topic,
        &format!(r#"{{"decision":"keep","request":"{code}","for":"{for_}","by":""#),
        r#""}"#,
    )
}

/// Puts back a lock that was released, by the approvals topic.
#[must_use]
pub fn restore(topic: &TopicArn, code: &RequestCode) -> Option<String> {
    publish(
        topic,
        &format!(r#"{{"decision":"restore","request":"{code}","by":""#),
        r#""}"#,
    )
}

/// Releases a lock that wants something said with open eyes: by a direct invoke, which is always allowed to say so.
///
/// The payload comes by a pipe, because `--payload` itself means base64 to version 2 of the AWS CLI and plain text to
/// version 1; both take `fileb://` as it is.
#[must_use]
pub fn release_even_if(
    function: &str,
    region: &str,
    code: &RequestCode,
    even_if: &[EvenIf],
) -> Option<String> {
    let words: Vec<&str> = even_if.iter().map(|word| word.word()).collect();
    let head = format!(
        r#"{{"decision":"release","request":"{code}","even_if":{},"by":""#,
        serde_json::Value::from(words)
    );
    Some(format!(
        "printf %s {} | aws lambda invoke --region {} --function-name {} --payload fileb:///dev/stdin /dev/stdout",
        with_user(&head, r#""}"#)?,
        quoted(region)?,
        quoted(function)?
    ))
}

/// Terraform's own way, in the directory and workspace of the state. `tofu` takes the same arguments.
#[must_use]
pub fn force_unlock(id: &LockId) -> Option<String> {
    id.is_plain()
        .then(|| format!("terraform force-unlock {id}"))
}

fn publish(topic: &TopicArn, head: &str, tail: &str) -> Option<String> {
    Some(format!(
        "aws sns publish --region {} --topic-arn {} --message {}",
        quoted(topic.region())?,
        quoted(topic.as_str())?,
        with_user(head, tail)?
    ))
}

/// `head`, the user's name and `tail` as one shell word; the shell puts the name in.
fn with_user(head: &str, tail: &str) -> Option<String> {
    Some(format!("{}\"$USER\"{}", quoted(head)?, quoted(tail)?))
}

/// One word of a POSIX shell; `None` for nothing, and where a terminal would not show it as it is.
#[must_use]
pub fn quoted(value: &str) -> Option<String> {
    if value.is_empty() || !value.chars().all(text::is_printable) {
        return None;
    }
    shlex::try_quote(value)
        .ok()
        .map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{item, lock_file, path};

    fn topic() -> TopicArn {
        TopicArn::parse("arn:aws:sns:eu-west-1:123456789012:approvals").unwrap()
    }

    fn code() -> RequestCode {
        RequestCode::parse("7F3K2QWX").unwrap()
    }

    #[test]
    fn commands_are_one_line_and_quoted() {
        assert_snapshot!(release(&topic(), &code()).unwrap(), @r#"aws sns publish --region eu-west-1 --topic-arn arn:aws:sns:eu-west-1:123456789012:approvals --message '{"decision":"release","request":"7F3K2QWX","by":"'"$USER"'"}'"#);
        assert_snapshot!(keep(&topic(), &code(), "2h").unwrap(), @r#"aws sns publish --region eu-west-1 --topic-arn arn:aws:sns:eu-west-1:123456789012:approvals --message '{"decision":"keep","request":"7F3K2QWX","for":"2h","by":"'"$USER"'"}'"#);
        assert_snapshot!(restore(&topic(), &code()).unwrap(), @r#"aws sns publish --region eu-west-1 --topic-arn arn:aws:sns:eu-west-1:123456789012:approvals --message '{"decision":"restore","request":"7F3K2QWX","by":"'"$USER"'"}'"#);
        let storm = StormCode::parse("9HXM4TQA").unwrap();
        assert_snapshot!(release_storm(&topic(), &storm).unwrap(), @r#"aws sns publish --region eu-west-1 --topic-arn arn:aws:sns:eu-west-1:123456789012:approvals --message '{"decision":"release","storm":"9HXM4TQA","by":"'"$USER"'"}'"#);
        let (path, id) = (path("b/it's"), LockId::new("a1b2").unwrap());
        assert_snapshot!(release_by_name(&topic(), &path, &id).unwrap(), @r#"aws sns publish --region eu-west-1 --topic-arn arn:aws:sns:eu-west-1:123456789012:approvals --message "{\"decision\":\"release\",\"id\":\"a1b2\",\"lock_id\":\"b/it's\",\"by\":\"""$USER"'"}'"#);
        assert_snapshot!(release_even_if("approve", "eu-west-1", &code(), &[EvenIf::Split]).unwrap(), @r#"printf %s '{"decision":"release","request":"7F3K2QWX","even_if":["split"],"by":"'"$USER"'"}' | aws lambda invoke --region eu-west-1 --function-name approve --payload fileb:///dev/stdin /dev/stdout"#);
        let record = item("terraform-locks", "b/env:/dev/it's.tfstate", "A");
        assert_snapshot!(inspect(&record.path, &record.place, "eu-west-1").unwrap(), @r#"aws dynamodb get-item --region eu-west-1 --consistent-read --table-name terraform-locks --key "{\"LockID\":{\"S\":\"b/env:/dev/it's.tfstate\"}}""#);
        let record = lock_file("b/a b", "A");
        assert_snapshot!(inspect(&record.path, &record.place, "eu-west-1").unwrap(), @"aws s3api get-object --bucket b --key 'a b.tflock' /dev/stdout");
    }

    #[test]
    fn a_table_by_arn_is_looked_up_in_its_own_region() {
        let record = item(
            "arn:aws:dynamodb:us-east-1:123456789012:table/locks",
            "b/k",
            "A",
        );
        let command = inspect(&record.path, &record.place, "eu-west-1").unwrap();
        assert!(command.contains("--region us-east-1 "), "{command}");
    }

    #[test]
    fn what_no_terminal_should_see_is_in_no_command() {
        let record = item("t", "b/\u{1b}[2Jk", "A");
        assert_eq!(
            inspect(&path("b/\u{202e}k"), &record.place, "eu-west-1"),
            None
        );
        assert_eq!(inspect(&record.path, &record.place, "eu-west-1"), None);
        assert_eq!(force_unlock(&LockId::new("x; rm -rf /").unwrap()), None);
    }

    proptest! {
        /// The shell gives back exactly the path, whatever it holds.
        #[test]
        fn a_shell_reads_the_very_path(key in "[ -~]{1,40}") {
            let place = Place::Dynamodb { table: "t".to_owned() };
            let path = path(&format!("b/{key}"));
            let words = shlex::split(&inspect(&path, &place, "eu-west-1").unwrap()).unwrap();
            let key: serde_json::Value = serde_json::from_str(words.last().unwrap()).unwrap();
            prop_assert_eq!(key["LockID"]["S"].as_str().unwrap(), path.as_str());
        }
    }
}
