//! What a bucket, a key, a table or an address is called says nothing about what went wrong.

use proptest::prelude::*;

use crate::paste::{Cause, find};

/// Words that mean something where a service says them.
const LOADED: [&str; 12] = [
    "forbidden",
    "throttling",
    "slowdown",
    "passphrase",
    "accessdenied",
    "access-denied",
    "nosuchbucket",
    "expiredtoken",
    "internalerror",
    "context-canceled",
    "kms.disabledexception",
    "validationexception",
];

/// Messages with names in every place where a program prints one, and the cause behind each.
const MESSAGES: [(&str, Option<Cause>); 7] = [
    (
        "operation error S3: PutObject, https response error StatusCode: 412, RequestID: X, HostID: Y, api error PreconditionFailed: At \
         least one of the pre-conditions you specified did not hold\nunable to retrieve file from S3 bucket '{b}' with key '{k}.tflock': \
         operation error S3: GetObject, https response error StatusCode: 404, RequestID: X, HostID: Y, NoSuchKey: ",
        Some(Cause::EmptyOrGone),
    ),
    (
        "operation error DynamoDB: PutItem, https response error StatusCode: 400, RequestID: X, ResourceNotFoundException: Requested resource \
         not found\nUnable to retrieve item from DynamoDB table \"{t}\": operation error DynamoDB: GetItem, https response error StatusCode: \
         400, RequestID: X, ResourceNotFoundException: Requested resource not found",
        Some(Cause::MissingTable),
    ),
    (
        "operation error S3: PutObject, exceeded maximum number of attempts, 5, https response error StatusCode: 0, RequestID: , HostID: , \
         request send failed, Put \"https://{b}.s3.eu-west-1.amazonaws.com/{k}.tflock?x-id=PutObject\": dial tcp: lookup \
         {b}.s3.eu-west-1.amazonaws.com: no such host",
        Some(Cause::Unreachable),
    ),
    (
        "operation error DynamoDB: PutItem, https response error StatusCode: 400, RequestID: X, api error AccessDeniedException: User: \
         arn:aws:sts::123456789012:assumed-role/{t}/run is not authorized to perform: dynamodb:PutItem on resource: \
         arn:aws:dynamodb:eu-west-1:123456789012:table/{t} because no identity-based policy allows the dynamodb:PutItem action",
        Some(Cause::AccessDenied),
    ),
    (
        "ConditionalCheckFailedException: The conditional request failed\nLock Info:\n  ID:        a1b2\n  Path:      {b}/{k}\n  \
         Operation: OperationTypeApply\n  Who:       {t}@{b}\n  Version:   1.11.4\n",
        None,
    ),
    (
        "2 errors occurred:\n\t* writing \"gs://{b}/{k}.tflock\" failed: googleapi: Error 412: At least one of the pre-conditions you \
         specified did not hold., conditionNotMet\n\t* storage: object doesn't exist\n\n",
        None,
    ),
    (
        "operation error DynamoDB: PutItem, https response error StatusCode: 400, RequestID: X, ConditionalCheckFailedException: The \
         conditional request failed\nno lock info found for: \"{b}/{k}\" within the DynamoDB table: {t}-locks",
        Some(Cause::EmptyOrGone),
    ),
];

fn names() -> impl Strategy<Value = String> {
    let affix = || {
        prop_oneof![
            Just(""),
            Just("x-"),
            Just("-logs"),
            Just("9"),
            Just(".states")
        ]
    };
    (affix(), 0..LOADED.len(), affix()).prop_map(|(before, word, after)| {
        format!(
            "{}{}{after}",
            before.trim_start_matches(['-', '.']),
            LOADED[word]
        )
    })
}

proptest! {
    #[test]
    fn no_name_decides_the_cause(bucket in names(), folder in names(), file in names(), table in names(), which in 0..MESSAGES.len()) {
        let (message, cause) = MESSAGES[which];
        let message = message
            .replace("{b}", &bucket)
            .replace("{k}", &format!("{folder}/{file}.tfstate"))
            .replace("{t}", &table);
        let text = format!("Error: Error acquiring the state lock\n\nError message: {message}\n");
        let found = find(&text);
        prop_assert_eq!(found.errors.len(), 1, "{}", &text);
        prop_assert_eq!(found.errors[0].cause, cause, "{}", text);
    }
}

/// The same words, said by a service.
#[test]
fn a_word_by_itself_decides() {
    for (said, cause) in [
        ("googleapi: Error 409: busy, forbidden", Cause::AccessDenied),
        ("Throttling: Rate exceeded", Cause::Throttled),
        (
            "SlowDown: Please reduce your request rate",
            Cause::Throttled,
        ),
        ("no passphrase was given", Cause::WrongPassphrase),
    ] {
        let found = find(&format!(
            "Error: Error acquiring the state lock\n\nError message: {said}\n"
        ));
        assert_eq!(found.errors[0].cause, Some(cause), "{said}");
    }
}
