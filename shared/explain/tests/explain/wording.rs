//! What people read: the main cases as they are printed, and as they are replied.

use insta::{assert_json_snapshot, assert_snapshot};
use lockwarden_explain::print;

use crate::answer;
use crate::fixtures::paste;

const CONFIG: &str = include_str!("backend.tf");

/// What is printed about an error, up to the configuration.
fn page(name: &str, config: &str) -> String {
    let page = print::text(&answer(&paste(name), config));
    page.split("\nBackend: ")
        .next()
        .unwrap()
        .trim_end()
        .to_owned()
}

/// The reply without its longest texts.
fn reply(name: &str, config: &str) -> serde_json::Value {
    let mut reply = answer(&paste(name), config).json().clone();
    let fields = reply.as_object_mut().unwrap();
    assert!(fields.remove("redacted_text").unwrap().is_string());
    fields.remove("backend");
    reply
}

#[test]
fn a_lock_in_a_table() {
    assert_snapshot!(page("dynamodb-1.6.txt", CONFIG), @r#"
    A lock in DynamoDB

    alice@ci-node-07 (OperationTypeApply) holds the lock. Is that job really dead? Check the job or
    the machine first: unlocking does not stop it, and two writers destroy a state. If it is alive,
    wait. If it is dead, release the lock, then run the plan again.

    Lock ID      a1b2c3d4-e5f6-7890-abcd-ef1234567890
    State        acme-tf-state/prod/terraform.tfstate
    Holder       alice@ci-node-07
    Operation    OperationTypeApply
    Began trying 2024-01-15T03:42:11.823456789Z
    Version      1.11.4

    Nobody has looked whether the lock is still there. The next command does.

    Look at the record:
      aws dynamodb get-item --region eu-west-1 --consistent-read --table-name terraform-state-locks --key '{"LockID":{"S":"acme-tf-state/prod/terraform.tfstate"}}'

    Unlock, once the holder is dead:
      terraform force-unlock a1b2c3d4-e5f6-7890-abcd-ef1234567890

    Or release it through Lockwarden, once the holder is dead:
      aws sns publish --region eu-west-1 --topic-arn arn:aws:sns:eu-west-1:123456789012:approvals --message '{"decision":"release","id":"a1b2c3d4-e5f6-7890-abcd-ef1234567890","lock_id":"acme-tf-state/prod/terraform.tfstate","by":"'"$USER"'"}'
    "#);
    assert_json_snapshot!(reply("dynamodb-1.6.txt", CONFIG), @r#"
    {
      "advice": "alice@ci-node-07 (OperationTypeApply) holds the lock. Is that job really dead? Check the job or the machine first: unlocking does not stop it, and two writers destroy a state. If it is alive, wait. If it is dead, release the lock, then run the plan again.",
      "cause": null,
      "commands": {
        "force_unlock": "terraform force-unlock a1b2c3d4-e5f6-7890-abcd-ef1234567890",
        "inspect": "aws dynamodb get-item --region eu-west-1 --consistent-read --table-name terraform-state-locks --key '{\"LockID\":{\"S\":\"acme-tf-state/prod/terraform.tfstate\"}}'",
        "release": "aws sns publish --region eu-west-1 --topic-arn arn:aws:sns:eu-west-1:123456789012:approvals --message '{\"decision\":\"release\",\"id\":\"a1b2c3d4-e5f6-7890-abcd-ef1234567890\",\"lock_id\":\"acme-tf-state/prod/terraform.tfstate\",\"by\":\"'\"$USER\"'\"}'"
      },
      "digest": null,
      "held": true,
      "kind": "dynamodb",
      "line": 2,
      "live": null,
      "lock": {
        "created": "2024-01-15T03:42:11.823456789Z",
        "id": "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
        "info": null,
        "operation": "OperationTypeApply",
        "path": "acme-tf-state/prod/terraform.tfstate",
        "version": "1.11.4",
        "who": "alice@ci-node-07"
      },
      "others": [],
      "tool": "terraform"
    }
    "#);
}

#[test]
fn a_lock_object() {
    assert_snapshot!(page("s3-terraform.txt", ""), @r#"
    A lock file in S3

    alice@ci-node-07 (OperationTypeApply) holds the lock. Is that job really dead? Check the job or
    the machine first: unlocking does not stop it, and two writers destroy a state. If it is alive,
    wait. If it is dead, release the lock, then run the plan again.

    Lock ID      a1b2c3d4-e5f6-7890-abcd-ef1234567890
    State        acme-tf-state/prod/terraform.tfstate
    Holder       alice@ci-node-07
    Operation    OperationTypeApply
    Began trying 2024-01-15T03:42:11.823456789Z
    Version      1.11.4

    Nobody has looked whether the lock is still there. The next command does.

    Look at the record:
      aws s3api get-object --bucket acme-tf-state --key prod/terraform.tfstate.tflock /dev/stdout

    Unlock, once the holder is dead:
      terraform force-unlock a1b2c3d4-e5f6-7890-abcd-ef1234567890

    Or release it through Lockwarden, once the holder is dead:
      aws sns publish --region eu-west-1 --topic-arn arn:aws:sns:eu-west-1:123456789012:approvals --message '{"decision":"release","id":"a1b2c3d4-e5f6-7890-abcd-ef1234567890","lock_id":"acme-tf-state/prod/terraform.tfstate","by":"'"$USER"'"}'
    "#);
}

#[test]
fn a_release_that_let_go_of_one_half() {
    assert_snapshot!(page("captured-force-unlock-both-only-s3-lock.txt", CONFIG), @r#"
    A lock that is released, although an error was printed

    Do NOT unlock. `force-unlock` ended with an error, but the record that was there is released,
    and the other one was not there. Run the plan: it should work. If it names a lock again, look at
    both records as they are stored.

    Lock ID      aaaaaaaa-1111-2222-3333-444444444444
    State        tfstate-lab/stacks/both/terraform.tfstate
    Holder       ci@runner-1
    Operation    OperationTypeApply
    Began trying 2026-11-20T10:00:00.123456789Z
    Version      1.11.4

    The configuration is that of another state, acme-tf-state/prod/terraform.tfstate, so the
    commands take nothing from it.

    Look at the record:
      aws dynamodb get-item --consistent-read --table-name "${LOCK_TABLE:?set it to the dynamodb_table of the backend}" --key '{"LockID":{"S":"tfstate-lab/stacks/both/terraform.tfstate"}}'; aws s3api get-object --bucket tfstate-lab --key stacks/both/terraform.tfstate.tflock /dev/stdout
    "#);
}

#[test]
fn two_locks_on_one_state() {
    assert_snapshot!(page("unlock-both-split.txt", CONFIG), @r#"
    A release that failed

    Do NOT unlock. The lock table and the lock file name two different locks. One of them is
    released now, and somebody else holds the other half. Look at both records as they are stored,
    and find out who is at work before you touch the second one.

    Lock ID      bbbbbbbb-1111-2222-3333-444444444444
    State        acme-tf-state/prod/terraform.tfstate
    Holder       alice@ci-node-07
    Operation    OperationTypeApply
    Began trying 2024-01-15T03:42:11.823456789Z
    Version      1.11.4

    Nobody has looked whether the lock is still there. The next command does.

    Look at the record:
      aws dynamodb get-item --region eu-west-1 --consistent-read --table-name terraform-state-locks --key '{"LockID":{"S":"acme-tf-state/prod/terraform.tfstate"}}'; aws s3api get-object --region eu-west-1 --bucket acme-tf-state --key prod/terraform.tfstate.tflock /dev/stdout
    "#);
}

#[test]
fn a_digest_that_does_not_fit() {
    assert_snapshot!(page("digest-loading.txt", CONFIG), @r#"
    A state that does not fit its digest

    Do NOT unlock. This is no lock: the state in the bucket is not the one that the table's digest
    was written for. Wait a minute and try again, as a write may be just under way. If it stays,
    make sure that nobody is at work on this state, and look at the state in the bucket: is it
    whole, and is it the newest by its `serial` and its former versions? If it is, work out its
    checksum yourself and set the digest to d41d8cd98f00b204e9800998ecf8427e. If it is not, restore
    the right version of the state instead; the digest then fits.

    State        acme-tf-state/prod/terraform.tfstate
    Calculated   d41d8cd98f00b204e9800998ecf8427e
    Stored       00112233445566778899aabbccddeeff

    Look at the record:
      aws dynamodb get-item --region eu-west-1 --consistent-read --table-name terraform-state-locks --key '{"LockID":{"S":"acme-tf-state/prod/terraform.tfstate-md5"}}'

    Work out the checksum of the state (d41d8cd98f00b204e9800998ecf8427e is that of nothing: then it was not read):
      aws s3 cp --region eu-west-1 s3://acme-tf-state/prod/terraform.tfstate - | openssl md5 -r

    Set the digest, if the state is right and its checksum is the new value here:
      aws dynamodb update-item --region eu-west-1 --table-name terraform-state-locks --key '{"LockID":{"S":"acme-tf-state/prod/terraform.tfstate-md5"}}' --update-expression 'SET Digest = :new' --condition-expression 'Digest = :old' --expression-attribute-values '{":new":{"S":"d41d8cd98f00b204e9800998ecf8427e"},":old":{"S":"00112233445566778899aabbccddeeff"}}'
    "#);
    assert_json_snapshot!(reply("digest-loading.txt", CONFIG), @r#"
    {
      "advice": "Do NOT unlock. This is no lock: the state in the bucket is not the one that the table's digest was written for. Wait a minute and try again, as a write may be just under way. If it stays, make sure that nobody is at work on this state, and look at the state in the bucket: is it whole, and is it the newest by its `serial` and its former versions? If it is, work out its checksum yourself and set the digest to d41d8cd98f00b204e9800998ecf8427e. If it is not, restore the right version of the state instead; the digest then fits.",
      "cause": null,
      "commands": {
        "force_unlock": null,
        "inspect": "aws dynamodb get-item --region eu-west-1 --consistent-read --table-name terraform-state-locks --key '{\"LockID\":{\"S\":\"acme-tf-state/prod/terraform.tfstate-md5\"}}'",
        "release": null,
        "set_digest": "aws dynamodb update-item --region eu-west-1 --table-name terraform-state-locks --key '{\"LockID\":{\"S\":\"acme-tf-state/prod/terraform.tfstate-md5\"}}' --update-expression 'SET Digest = :new' --condition-expression 'Digest = :old' --expression-attribute-values '{\":new\":{\"S\":\"d41d8cd98f00b204e9800998ecf8427e\"},\":old\":{\"S\":\"00112233445566778899aabbccddeeff\"}}'",
        "verify": "aws s3 cp --region eu-west-1 s3://acme-tf-state/prod/terraform.tfstate - | openssl md5 -r"
      },
      "digest": {
        "bucket": "acme-tf-state",
        "calculated": "d41d8cd98f00b204e9800998ecf8427e",
        "key": "prod/terraform.tfstate",
        "stored": "00112233445566778899aabbccddeeff"
      },
      "held": null,
      "kind": "digest-mismatch",
      "line": 2,
      "live": null,
      "lock": {
        "created": null,
        "id": null,
        "info": null,
        "operation": null,
        "path": "acme-tf-state/prod/terraform.tfstate",
        "version": null,
        "who": null
      },
      "others": [],
      "tool": null
    }
    "#);
}

#[test]
fn a_wrong_workspace() {
    assert_snapshot!(page("unlock-no-lock-dynamodb.txt", CONFIG), @r#"
    A release that failed

    Do NOT unlock. There is no lock with the ID a1b2c3d4-e5f6-7890-abcd-ef1234567890 where
    `force-unlock` looked. You are probably in another workspace or directory than the run that
    failed, or the lock is gone. Check `terraform workspace show` and the backend's key, and run the
    plan: if it works, there is nothing to do. If it cannot read a lock there either, paste its
    error: an empty record is in the way.

    Look at the record:
      aws dynamodb get-item --region eu-west-1 --consistent-read --table-name terraform-state-locks --key '{"LockID":{"S":"acme-tf-state/prod/terraform.tfstate"}}'
    "#);
}

#[test]
fn a_workspace_without_a_state() {
    assert_snapshot!(page("dynamodb-new-workspace.txt", CONFIG), @r#"
    A lock in DynamoDB

    Do NOT unlock with `force-unlock`: this workspace has no state yet, so it would take the lock
    first, and fail as this run did. alice@ci-node-07 (init) holds the lock. Is that job really
    dead? Check the job or the machine first: unlocking does not stop it, and two writers destroy a
    state. If it is alive, wait. If it is dead, release it through Lockwarden, or remove its record
    by hand if it is still the same one, then run the command again.

    Lock ID      a1b2c3d4-e5f6-7890-abcd-ef1234567890
    State        acme-tf-state/env:/dev/prod/terraform.tfstate
    Holder       alice@ci-node-07
    Operation    init
    Began trying 2024-01-15T03:42:11.823456789Z
    Version      1.11.4
    Workspace    dev

    Nobody has looked whether the lock is still there. The next command does.

    Look at the record:
      aws dynamodb get-item --region eu-west-1 --consistent-read --table-name terraform-state-locks --key '{"LockID":{"S":"acme-tf-state/env:/dev/prod/terraform.tfstate"}}'

    Remove the record by hand, once the holder is dead:
      aws dynamodb delete-item --region eu-west-1 --table-name terraform-state-locks --key '{"LockID":{"S":"acme-tf-state/env:/dev/prod/terraform.tfstate"}}' --condition-expression 'contains(Info, :id) AND attribute_not_exists(Digest)' --expression-attribute-values "{\":id\":{\"S\":\"\\\"ID\\\":\\\"a1b2c3d4-e5f6-7890-abcd-ef1234567890\\\"\"}}"

    Or release it through Lockwarden, once the holder is dead:
      aws sns publish --region eu-west-1 --topic-arn arn:aws:sns:eu-west-1:123456789012:approvals --message '{"decision":"release","id":"a1b2c3d4-e5f6-7890-abcd-ef1234567890","lock_id":"acme-tf-state/env:/dev/prod/terraform.tfstate","by":"'"$USER"'"}'
    "#);
}

#[test]
fn a_state_that_could_not_be_saved() {
    assert_snapshot!(page("unlock-release-expired.txt", ""), @r#"
    A release that failed

    Do NOT unlock before the state is safe: the run could not save it and left it in
    `errored.tfstate` where it ran. Keep that file, and push it before anything else runs:
    `terraform state push errored.tfstate`. If the lock that is in the way is of that very run, and
    of nobody else, it keeps others out: only then push with `-lock=false`, and unlock afterwards.
    The lock was not released, or not all of it: the credentials have expired. Get new ones. What is
    left is the lock of the run in this text, and nobody else's. When that run is over, release it.

    Lock ID      a1b2c3d4-e5f6-7890-abcd-ef1234567890

    Nobody has looked whether the lock is still there, and the text does not show where. With the
    backend configuration beside the text, the command that looks is printed here.

    Unlock, once the state is pushed:
      terraform force-unlock a1b2c3d4-e5f6-7890-abcd-ef1234567890
    "#);
}

#[test]
fn a_lock_that_the_run_of_the_text_left_behind() {
    assert_snapshot!(page("own-lock-after-a-failed-release.txt", CONFIG), @r#"
    A lock in DynamoDB

    This is a run's own lock: line 1 of this text shows that a run in this very text took it and did
    not get it released. Is that run over? Check its process or its job, not only its output. If it
    is over, release the lock, then run the plan again.

    Lock ID      a1b2c3d4-e5f6-7890-abcd-ef1234567890
    State        acme-tf-state/prod/terraform.tfstate
    Holder       alice@ci-node-07
    Operation    OperationTypeApply
    Began trying 2024-01-15T03:42:11.823456789Z
    Version      1.11.4

    Nobody has looked whether the lock is still there. The next command does.

    Look at the record:
      aws dynamodb get-item --region eu-west-1 --consistent-read --table-name terraform-state-locks --key '{"LockID":{"S":"acme-tf-state/prod/terraform.tfstate"}}'

    Unlock, once that run is over:
      terraform force-unlock a1b2c3d4-e5f6-7890-abcd-ef1234567890

    Or release it through Lockwarden, once that run is over:
      aws sns publish --region eu-west-1 --topic-arn arn:aws:sns:eu-west-1:123456789012:approvals --message '{"decision":"release","id":"a1b2c3d4-e5f6-7890-abcd-ef1234567890","lock_id":"acme-tf-state/prod/terraform.tfstate","by":"'"$USER"'"}'

    Also in this text:
    A release that failed

    Do NOT unlock yet. The lock was not released, or not all of it: the credentials have expired.
    Get new ones. What is left is the lock of the run in this text, and nobody else's. When that run
    is over, release it.

    Lock ID      a1b2c3d4-e5f6-7890-abcd-ef1234567890

    Nobody has looked whether the lock is still there. The next command does.

    Look at the record:
      aws dynamodb get-item --region eu-west-1 --consistent-read --table-name terraform-state-locks --key '{"LockID":{"S":"acme-tf-state/prod/terraform.tfstate"}}'

    Unlock, once that is mended and the run is over:
      terraform force-unlock a1b2c3d4-e5f6-7890-abcd-ef1234567890

    Or release it through Lockwarden, once that is mended and the run is over:
      aws sns publish --region eu-west-1 --topic-arn arn:aws:sns:eu-west-1:123456789012:approvals --message '{"decision":"release","id":"a1b2c3d4-e5f6-7890-abcd-ef1234567890","lock_id":"acme-tf-state/prod/terraform.tfstate","by":"'"$USER"'"}'
    "#);
}

#[test]
fn a_lock_that_was_released_further_down() {
    assert_snapshot!(page("later-unlocked.txt", ""), @r#"
    A lock file in S3, released since

    Do NOT unlock. Line 19 of this text says that the lock was released since, so nobody holds it as
    far as the text tells. Run the plan. If it names a lock again, that is a new one: paste its
    error.

    Lock ID      a1b2c3d4-e5f6-7890-abcd-ef1234567890
    State        acme-tf-state/prod/terraform.tfstate
    Holder       alice@ci-node-07
    Operation    OperationTypeApply
    Began trying 2024-01-15T03:42:11.823456789Z
    Version      1.11.4

    Look at the record:
      aws s3api get-object --bucket acme-tf-state --key prod/terraform.tfstate.tflock /dev/stdout
    "#);
}

#[test]
fn a_half_that_is_left() {
    assert_snapshot!(page("unlock-lock-file-left.txt", ""), @r#"
    A release that failed

    Do NOT unlock yet. Half of the lock is released: the item in the table is gone and the lock file
    is left: the credentials lack a right. Locking needs s3:GetObject, PutObject and DeleteObject on
    the `.tflock`, and the rights on its KMS key. Grant what is missing. What is left is the lock of
    the run in this text, and nobody else's. When that run is over, release it, or remove exactly
    that half by hand; `force-unlock` would release it too, but end with an error about the other
    half.

    Lock ID      a1b2c3d4-e5f6-7890-abcd-ef1234567890
    State        acme-tf-state/prod/terraform.tfstate
    Holder       alice@ci-node-07
    Operation    OperationTypeApply
    Began trying 2024-01-15T03:42:11.823456789Z
    Version      1.11.4

    Nobody has looked whether the lock is still there. The next command does.

    Look at the record:
      aws s3api get-object --bucket acme-tf-state --key prod/terraform.tfstate.tflock /dev/stdout

    Remove the record by hand, once that is mended and the run is over:
      aws s3api delete-object --bucket acme-tf-state --key prod/terraform.tfstate.tflock --if-match "${ETAG:?set it to the ETag of the record}"

    Or release it through Lockwarden, once that is mended and the run is over:
      aws sns publish --region eu-west-1 --topic-arn arn:aws:sns:eu-west-1:123456789012:approvals --message '{"decision":"release","id":"a1b2c3d4-e5f6-7890-abcd-ef1234567890","lock_id":"acme-tf-state/prod/terraform.tfstate","by":"'"$USER"'"}'
    "#);
    assert_snapshot!(page("dynamodb-cleanup-failed.txt", CONFIG), @r#"
    A lock in DynamoDB

    Do NOT unlock by an ID yet. This run took the lock file, did not get the lock in the table, and
    could not remove its lock file again, most often because s3:DeleteObject is missing. So the lock
    file beside the state is this run's own: nobody works under it, and every later run stops at it.
    The lock in the table is somebody else's: leave it, and find out whose it is by the next error.
    Look at the lock file: are its `Who` and `Created` those of the run that failed, and is that run
    over? Then remove exactly that object, by the ETag that the look shows.

    Nobody has looked whether the lock is still there. The next command does.

    Look at the record:
      aws s3api get-object --region eu-west-1 --bucket acme-tf-state --key prod/terraform.tfstate.tflock /dev/stdout

    Remove the record by hand, if it is that run's own:
      aws s3api delete-object --region eu-west-1 --bucket acme-tf-state --key prod/terraform.tfstate.tflock --if-match "${ETAG:?set it to the ETag of the record}"
    "#);
}

#[test]
fn a_run_somewhere_else() {
    assert_snapshot!(page("place-tofu-env.txt", ""), @r#"
    A lock file in S3

    alice@ci-node-07 (OperationTypeApply) holds the lock. Is that job really dead? Check the job or
    the machine first: unlocking does not stop it, and two writers destroy a state. If it is alive,
    wait. If it is dead, release the lock, then run the plan again.

    Lock ID      a1b2c3d4-e5f6-7890-abcd-ef1234567890
    State        acme-tf-state/prod/terraform.tfstate
    Holder       alice@ci-node-07
    Operation    OperationTypeApply
    Began trying 2024-01-15T03:42:11.823456789Z
    Version      1.11.4
    Directory    envs/my prod
    Workspace    blue

    Nobody has looked whether the lock is still there. The next command does.

    Look at the record:
      aws s3api get-object --bucket acme-tf-state --key prod/terraform.tfstate.tflock /dev/stdout

    Unlock, once the holder is dead:
      TF_WORKSPACE=blue tofu -chdir='envs/my prod' force-unlock a1b2c3d4-e5f6-7890-abcd-ef1234567890

    Or release it through Lockwarden, once the holder is dead:
      aws sns publish --region eu-west-1 --topic-arn arn:aws:sns:eu-west-1:123456789012:approvals --message '{"decision":"release","id":"a1b2c3d4-e5f6-7890-abcd-ef1234567890","lock_id":"acme-tf-state/prod/terraform.tfstate","by":"'"$USER"'"}'
    "#);
}

#[test]
fn a_key_a_region_and_a_store() {
    assert_snapshot!(page("cause-kms-disabled.txt", ""), @r#"
    Locking by a lock file in S3 failed

    Do NOT unlock. No lock stopped this run: the encryption key cannot be used. Is the KMS key of
    the bucket or the table enabled, not waiting for its deletion, and in the right account and
    region? Do its policy and the role allow kms:Decrypt and kms:GenerateDataKey? Without the key
    the state cannot be read either. Then run the command again.

    State        acme-tf-state/prod/terraform.tfstate

    See who you are to AWS:
      aws sts get-caller-identity
    "#);
    assert_snapshot!(page("cause-wrong-region-redirect.txt", CONFIG), @r#"
    Locking by a lock file in S3 failed

    Do NOT unlock. No lock stopped this run: the bucket is in another region than the request. Set
    `region` in the backend to that of the bucket, then run `init -reconfigure`. Then run the
    command again.

    Look at the bucket:
      aws s3api head-bucket --region eu-west-1 --bucket acme-tf-state
    "#);
    assert_snapshot!(page("cause-not-implemented.txt", ""), @r#"
    Locking by a lock file in S3 failed

    Do NOT unlock. No lock stopped this run: the store does not know a request that a lock file
    needs. `use_lockfile` needs conditional writes (`If-None-Match`) and checksums, which not every
    S3-compatible store has: ask its vendor, and lock by another way until then. `-lock=false` is no
    way as long as others work on this state. Then run the command again.

    State        acme-tf-state/prod/terraform.tfstate
    "#);
    assert_snapshot!(page("cause-service-fault-dynamodb.txt", CONFIG), @r#"
    Locking in DynamoDB failed

    Do NOT unlock. This says nothing about a lock: the service failed by itself. Wait a moment, and
    look at the health page of the service. If only the answer got lost, a lock of this very run is
    left: its host and its time tell. Then run the command again; if somebody holds the lock, its
    error says who.

    Look at the record:
      aws dynamodb get-item --region eu-west-1 --consistent-read --table-name terraform-state-locks --key '{"LockID":{"S":"acme-tf-state/prod/terraform.tfstate"}}'
    "#);
}

#[test]
fn locks_of_other_backends() {
    assert_snapshot!(page("other-azurerm.txt", CONFIG), @r#"
    A lock of another backend: azurerm

    Do NOT unlock anything in S3: this is a lock of the `azurerm` backend, which Lockwarden does not
    reach. The state blob has a lease. If its holder is dead, `force-unlock` with this ID releases
    it; `az storage blob lease break` does the same by hand.

    Lock ID      a1b2c3d4-e5f6-7890-abcd-ef1234567890
    State        tfstate/prod with spaces=1.tfstate
    Holder       alice@ci-node-07
    Operation    OperationTypeApply
    Began trying 2024-01-15T03:42:11.823456789Z
    Version      1.11.4

    Nobody has looked whether the lock is still there. The next plan does.

    Unlock, once the holder is dead:
      terraform force-unlock a1b2c3d4-e5f6-7890-abcd-ef1234567890
    "#);
    assert_snapshot!(page("other-azurerm-lease.txt", CONFIG), @r#"
    A lock of another backend: azurerm

    Do NOT unlock anything in S3: this is a lock of the `azurerm` backend, which Lockwarden does not
    reach. The state blob has a lease, and no lock info beside it, so `force-unlock` has no ID to go
    by. If the holder is dead, break the lease: `az storage blob lease break`.

    Nobody has looked whether the lock is still there. The next plan does.
    "#);
    assert_snapshot!(page("other-http.txt", CONFIG), @r#"
    A lock of another backend: http

    Do NOT unlock anything in S3: this is a lock of the `http` backend, which Lockwarden does not
    reach. The lock is kept by the service behind the HTTP backend (GitLab keeps it with the state).
    If its holder is dead, `force-unlock` with the ID of the message asks the service to drop it;
    where that ends in `unexpected end of JSON input`, unlock it at the service. The `Lock Info` in
    the text is that of the run that failed; it does not say who holds the lock.

    Lock ID      bbbbbbbb-1111-2222-3333-444444444444
    Failed run   alice@ci-node-07
    Operation    OperationTypeApply
    Began trying 2024-01-15T03:42:11.823456789Z
    Version      1.11.4

    Nobody has looked whether the lock is still there. The next plan does.

    Unlock, once the holder is dead:
      terraform force-unlock bbbbbbbb-1111-2222-3333-444444444444
    "#);
    assert_snapshot!(page("other-remote.txt", CONFIG), @r#"
    A lock of another backend: remote

    Do NOT unlock anything in S3: this is a lock of the `remote` backend, which Lockwarden does not
    reach. That is HCP Terraform or Terraform Enterprise. Look at the page of the workspace: a run
    may be under way or waiting for approval. If it is locked by mistake, unlock it there;
    `force-unlock` takes the `organization/workspace` of the message. The `Lock Info` in the text is
    that of the run that failed; it does not say who holds the lock.

    Lock ID      acme/prod-network
    Failed run   bob@laptop
    Operation    OperationTypeApply
    Began trying 2024-01-15T04:00:00Z
    Version      1.11.4

    Nobody has looked whether the lock is still there. The next plan does.
    "#);
}

#[test]
fn a_unit_of_terragrunt() {
    assert_snapshot!(page("terragrunt-pretty.txt", ""), @r#"
    A lock in DynamoDB

    alice@ci-node-07 (OperationTypeApply) holds the lock. Is that job really dead? Check the job or
    the machine first: unlocking does not stop it, and two writers destroy a state. If it is alive,
    wait. If it is dead, release the lock, then run the plan again.

    Lock ID      a1b2c3d4-e5f6-7890-abcd-ef1234567890
    State        acme-tf-state/prod/terraform.tfstate
    Holder       alice@ci-node-07
    Operation    OperationTypeApply
    Began trying 2024-01-15T03:42:11.823456789Z
    Version      1.11.4
    Directory    envs/prod/vpc

    Nobody has looked whether the lock is still there. The next command does.

    Look at the record:
      aws dynamodb get-item --consistent-read --table-name "${LOCK_TABLE:?set it to the dynamodb_table of the backend}" --key '{"LockID":{"S":"acme-tf-state/prod/terraform.tfstate"}}'

    Unlock, once the holder is dead:
      cd envs/prod/vpc && terragrunt force-unlock a1b2c3d4-e5f6-7890-abcd-ef1234567890

    Or release it through Lockwarden, once the holder is dead:
      aws sns publish --region eu-west-1 --topic-arn arn:aws:sns:eu-west-1:123456789012:approvals --message '{"decision":"release","id":"a1b2c3d4-e5f6-7890-abcd-ef1234567890","lock_id":"acme-tf-state/prod/terraform.tfstate","by":"'"$USER"'"}'
    "#);
}

#[test]
fn several_errors_in_one_paste() {
    assert_snapshot!(page("several.txt", CONFIG), @r#"
    A lock file in S3

    alice@ci-node-07 (OperationTypeApply) holds the lock. Is that job really dead? Check the job or
    the machine first: unlocking does not stop it, and two writers destroy a state. If it is alive,
    wait. If it is dead, release the lock, then run the plan again.

    Lock ID      bbbbbbbb-1111-2222-3333-444444444444
    State        acme-tf-state/prod/terraform.tfstate
    Holder       alice@ci-node-07
    Operation    OperationTypeApply
    Began trying 2024-01-15T03:42:11.823456789Z
    Version      1.11.4

    Nobody has looked whether the lock is still there. The next command does.

    Look at the record:
      aws s3api get-object --region eu-west-1 --bucket acme-tf-state --key prod/terraform.tfstate.tflock /dev/stdout

    Unlock, once the holder is dead:
      terraform force-unlock bbbbbbbb-1111-2222-3333-444444444444

    Or release it through Lockwarden, once the holder is dead:
      aws sns publish --region eu-west-1 --topic-arn arn:aws:sns:eu-west-1:123456789012:approvals --message '{"decision":"release","id":"bbbbbbbb-1111-2222-3333-444444444444","lock_id":"acme-tf-state/prod/terraform.tfstate","by":"'"$USER"'"}'

    Also in this text:
    A release that failed, released since

    Do NOT unlock. Line 71 of this text says that the lock was released since, so nobody holds it as
    far as the text tells. Run the plan. If it names a lock again, that is a new one: paste its
    error.

    Lock ID      a1b2c3d4-e5f6-7890-abcd-ef1234567890

    Look at the record:
      aws dynamodb get-item --region eu-west-1 --consistent-read --table-name terraform-state-locks --key '{"LockID":{"S":"acme-tf-state/prod/terraform.tfstate"}}'

    Also in this text:
    A lock in DynamoDB, released since

    Do NOT unlock. Line 71 of this text says that the lock was released since, so nobody holds it as
    far as the text tells. Run the plan. If it names a lock again, that is a new one: paste its
    error.

    Lock ID      a1b2c3d4-e5f6-7890-abcd-ef1234567890
    State        acme-tf-state/prod/terraform.tfstate
    Holder       alice@ci-node-07
    Operation    OperationTypeApply
    Began trying 2024-01-15T03:42:11.823456789Z
    Version      1.11.4

    Look at the record:
      aws dynamodb get-item --region eu-west-1 --consistent-read --table-name terraform-state-locks --key '{"LockID":{"S":"acme-tf-state/prod/terraform.tfstate"}}'
    "#);
    assert_json_snapshot!(reply("several.txt", ""), @r#"
    {
      "advice": "alice@ci-node-07 (OperationTypeApply) holds the lock. Is that job really dead? Check the job or the machine first: unlocking does not stop it, and two writers destroy a state. If it is alive, wait. If it is dead, release the lock, then run the plan again.",
      "cause": null,
      "commands": {
        "force_unlock": "terraform force-unlock bbbbbbbb-1111-2222-3333-444444444444",
        "inspect": "aws s3api get-object --bucket acme-tf-state --key prod/terraform.tfstate.tflock /dev/stdout",
        "release": "aws sns publish --region eu-west-1 --topic-arn arn:aws:sns:eu-west-1:123456789012:approvals --message '{\"decision\":\"release\",\"id\":\"bbbbbbbb-1111-2222-3333-444444444444\",\"lock_id\":\"acme-tf-state/prod/terraform.tfstate\",\"by\":\"'\"$USER\"'\"}'"
      },
      "digest": null,
      "held": true,
      "kind": "s3-lockfile",
      "line": 48,
      "live": null,
      "lock": {
        "created": "2024-01-15T03:42:11.823456789Z",
        "id": "bbbbbbbb-1111-2222-3333-444444444444",
        "info": null,
        "operation": "OperationTypeApply",
        "path": "acme-tf-state/prod/terraform.tfstate",
        "version": "1.11.4",
        "who": "alice@ci-node-07"
      },
      "others": [
        {
          "advice": "Do NOT unlock. Line 71 of this text says that the lock was released since, so nobody holds it as far as the text tells. Run the plan. If it names a lock again, that is a new one: paste its error.",
          "cause": "unreachable",
          "commands": {
            "force_unlock": null,
            "inspect": null,
            "release": null
          },
          "digest": null,
          "held": false,
          "kind": "unlock-failed",
          "line": 3,
          "live": null,
          "lock": {
            "created": null,
            "id": "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
            "info": null,
            "operation": null,
            "path": null,
            "version": null,
            "who": null
          },
          "tool": "terraform",
          "unlocked_at": 71
        },
        {
          "advice": "Do NOT unlock. Line 71 of this text says that the lock was released since, so nobody holds it as far as the text tells. Run the plan. If it names a lock again, that is a new one: paste its error.",
          "cause": null,
          "commands": {
            "force_unlock": null,
            "inspect": "aws dynamodb get-item --consistent-read --table-name \"${LOCK_TABLE:?set it to the dynamodb_table of the backend}\" --key '{\"LockID\":{\"S\":\"acme-tf-state/prod/terraform.tfstate\"}}'",
            "release": null
          },
          "digest": null,
          "held": false,
          "kind": "dynamodb",
          "line": 26,
          "live": null,
          "lock": {
            "created": "2024-01-15T03:42:11.823456789Z",
            "id": "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
            "info": null,
            "operation": "OperationTypeApply",
            "path": "acme-tf-state/prod/terraform.tfstate",
            "version": "1.11.4",
            "who": "alice@ci-node-07"
          },
          "own_at": 3,
          "tool": "terraform",
          "unlocked_at": 71
        }
      ],
      "tool": "terraform"
    }
    "#);
}

#[test]
fn a_text_that_is_cut() {
    assert_snapshot!(page("part-heading-alone.txt", ""), @r#"
    A lock of a backend that the text does not name

    Somebody may hold the lock; the text does not show it. Is that job really dead? Check the job or
    the machine first: unlocking does not stop it, and two writers destroy a state. If it is alive,
    wait. If it is dead, run the plan again and paste the whole error, down to the line `Info:`,
    because the lock's ID is missing here. The text does not say which backend it is, so find that
    out before you unlock.

    Nobody has looked whether the lock is still there, and the text does not show where. With the
    backend configuration beside the text, the command that looks is printed here.
    "#);
    assert_snapshot!(page("part-cut-after-operation.txt", ""), @r#"
    A lock in DynamoDB

    Somebody (OperationTypeApply) holds the lock; the text does not show who. Is that job really
    dead? Check the job or the machine first: unlocking does not stop it, and two writers destroy a
    state. If it is alive, wait. If it is dead, release the lock, then run the plan again.

    Lock ID      a1b2c3d4-e5f6-7890-abcd-ef1234567890
    State        acme-tf-state/prod/terraform.tfstate
    Operation    OperationTypeApply

    Nobody has looked whether the lock is still there. The next command does.

    Look at the record:
      aws dynamodb get-item --consistent-read --table-name "${LOCK_TABLE:?set it to the dynamodb_table of the backend}" --key '{"LockID":{"S":"acme-tf-state/prod/terraform.tfstate"}}'

    Unlock, once the holder is dead:
      terraform force-unlock a1b2c3d4-e5f6-7890-abcd-ef1234567890

    Or release it through Lockwarden, once the holder is dead:
      aws sns publish --region eu-west-1 --topic-arn arn:aws:sns:eu-west-1:123456789012:approvals --message '{"decision":"release","id":"a1b2c3d4-e5f6-7890-abcd-ef1234567890","lock_id":"acme-tf-state/prod/terraform.tfstate","by":"'"$USER"'"}'
    "#);
}

#[test]
fn no_right_no_table_no_answer() {
    assert_snapshot!(page("cause-access-denied-dynamodb.txt", CONFIG), @r#"
    Locking in DynamoDB failed

    Do NOT unlock. No lock stopped this run: the credentials lack a right. Locking needs
    dynamodb:GetItem, PutItem and DeleteItem on the table. Grant what is missing. Then run the
    command again.

    See who you are to AWS:
      aws sts get-caller-identity
    "#);
    assert_snapshot!(page("cause-missing-table.txt", CONFIG), @r#"
    Locking in DynamoDB failed

    Do NOT unlock. No lock stopped this run: the lock table does not exist. There is no table
    `terraform-state-locks` in the account and region that the credentials point to. Check
    `dynamodb_table`, `region` and the profile; make the table only if it never existed. Then run
    the command again.

    Look at the table:
      aws dynamodb describe-table --region eu-west-1 --table-name terraform-state-locks
    "#);
    assert_snapshot!(page("cause-unreachable.txt", CONFIG), @r#"
    Locking in DynamoDB failed

    Do NOT unlock. No lock stopped this run: the service did not answer. Check the network, the
    endpoint, the certificates and the region. If only the answer got lost, a lock of this very run
    is left: its host and its time tell. Then run the command again.

    Look at the record:
      aws dynamodb get-item --region eu-west-1 --consistent-read --table-name terraform-state-locks --key '{"LockID":{"S":"acme-tf-state/prod/terraform.tfstate"}}'
    "#);
}

#[test]
fn a_configuration_alone() {
    let page = print::text(&answer("", CONFIG));
    let page = page.split("\nHow its bucket and its table").next().unwrap();
    assert_snapshot!(page, @r#"
    No error text was given. What was found in the configuration is below.

    Backend: s3
      [medium] dynamodb-locking-only: locks are kept in DynamoDB only; Terraform deprecates `dynamodb_table` since 1.11 and says that a later version removes it (OpenTofu keeps both)
          the safe order: 1. get everyone (CI too) to Terraform or OpenTofu 1.10 or later (an older one refuses `use_lockfile`), with rights to get, put and delete `KEY.tflock`; 2. run with both: `use_lockfile = true` is added and `dynamodb_table` stays, so that old and new clients still see each other's locks; 3. when no client without `use_lockfile` is left and no lock is held, take `dynamodb_table` away. Going straight from one to the other leaves a time in which nothing excludes anything
      [medium] not-encrypted: state holds every secret of its resources, and Terraform asks S3 to encrypt it only with `encrypt = true`; without it, only the bucket's default counts
          `encrypt = true`; objects that exist stay as they are until the next write. Without `kms_key_id` Terraform then asks for S3's own key (AES256), also where the bucket's default is a KMS key: if it is, set `kms_key_id` to that key as well
      [low] no-kms-key: without `kms_key_id` whoever may read the bucket may read the state; a KMS key of your own is a second permission, and its use is logged
          add `kms_key_id` with the ARN of your key, and give everyone who runs Terraform `kms:Encrypt`, `kms:Decrypt` and `kms:GenerateDataKey` on it; no key can be made up here, so nothing is rewritten

    The change:

    # Apply with: patch backend.tf hardening.diff
    --- a/backend.tf
    +++ b/backend.tf
    @@ -4,6 +4,8 @@
         bucket         = "acme-tf-state"
         key            = "prod/terraform.tfstate"
         region         = "eu-west-1"
    +    encrypt        = true
         dynamodb_table = "terraform-state-locks"
    +    use_lockfile   = true
       }
     }
    "#);
}
