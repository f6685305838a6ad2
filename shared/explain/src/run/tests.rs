use insta::assert_snapshot;
use lockwarden_core::ids::{LockPath, RequestCode};
use lockwarden_core::paste::{Cause, PastedDigest, PastedLock, Store, Tool};

use lockwarden_core::policy::Verdict;

use super::*;
use crate::live::LiveLock;

fn error(kind: Kind) -> LockError {
    LockError {
        lock: PastedLock {
            id: Some("a1b2".to_owned()),
            ..PastedLock::default()
        },
        held: Some(true),
        ..LockError::new(kind)
    }
}

fn state() -> State {
    State {
        path: Some(LockPath::new("acme/env:/dev/it's.tfstate").unwrap()),
        other: None,
        table: Some("locks".to_owned()),
        region: Some("eu-west-1".to_owned()),
        workspace: Some("dev".to_owned()),
        ..State::default()
    }
}

fn topic() -> TopicArn {
    TopicArn::parse("arn:aws:sns:eu-west-1:123456789012:approvals").unwrap()
}

#[test]
fn every_command_reaches_the_stores_as_the_backend_does() {
    let elsewhere = State {
        region: None,
        profile: Some("ops team".to_owned()),
        s3: Some("https://minio.example.com".to_owned()),
        dynamodb: Some("https://tables.example.com".to_owned()),
        ..state()
    };
    let mut mismatch = error(Kind::DigestMismatch);
    mismatch.digest = Some(PastedDigest {
        calculated: Some("0123456789abcdef0123456789abcdef".to_owned()),
        stored: Some("f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0".to_owned()),
        ..PastedDigest::default()
    });
    let mut seen = 0;
    for error in [error(Kind::Dynamodb), error(Kind::S3Lockfile), mismatch] {
        for ways in [Ways::All, Ways::NotForceUnlock] {
            let commands = Commands::of(&error, &elsewhere, ways, None, None);
            let all = [
                commands.inspect,
                commands.remove,
                commands.verify,
                commands.set_digest,
            ];
            for command in all.into_iter().flatten() {
                let address = if command.starts_with("aws s3") {
                    "https://minio.example.com"
                } else {
                    "https://tables.example.com"
                };
                let options = format!("--endpoint-url {address} --profile 'ops team'");
                assert!(command.contains(&options), "{command}");
                seen += 1;
            }
        }
    }
    assert!(seen >= 8, "{seen}");
}

#[test]
fn a_held_lock_is_looked_at_unlocked_and_released_where_it_is() {
    let topic = topic();
    let of_table = Commands::of(
        &error(Kind::Dynamodb),
        &state(),
        Ways::All,
        None,
        Some(&topic),
    );
    assert_snapshot!(of_table.inspect.unwrap(), @r#"aws dynamodb get-item --region eu-west-1 --consistent-read --table-name locks --key "{\"LockID\":{\"S\":\"acme/env:/dev/it's.tfstate\"}}""#);
    assert_snapshot!(of_table.force_unlock.unwrap(), @"TF_WORKSPACE=dev terraform force-unlock a1b2");
    assert_snapshot!(of_table.release.unwrap(), @r#"aws sns publish --region eu-west-1 --topic-arn arn:aws:sns:eu-west-1:123456789012:approvals --message "{\"decision\":\"release\",\"id\":\"a1b2\",\"lock_id\":\"acme/env:/dev/it's.tfstate\",\"by\":\"""$USER"'"}'"#);
    let of_object = Commands::of(&error(Kind::S3Lockfile), &state(), Ways::All, None, None);
    assert_snapshot!(of_object.inspect.unwrap(), @r#"aws s3api get-object --region eu-west-1 --bucket acme --key "env:/dev/it's.tfstate.tflock" /dev/stdout"#);
    assert_eq!(of_object.release, None);
}

#[test]
fn the_command_is_that_of_the_program_in_the_directory_of_the_run() {
    let unlock = |tool: Option<Tool>, unit: Option<&str>| {
        let error = LockError {
            tool,
            unit: unit.map(str::to_owned),
            ..error(Kind::S3Lockfile)
        };
        let state = State::default();
        Commands::of(&error, &state, Ways::All, None, None)
            .force_unlock
            .unwrap()
    };
    assert_eq!(unlock(None, None), "terraform force-unlock a1b2");
    assert_eq!(
        unlock(Some(Tool::OpenTofu), Some(".")),
        "tofu force-unlock a1b2"
    );
    assert_eq!(
        unlock(Some(Tool::Terragrunt), Some("live/my vpc")),
        "cd 'live/my vpc' && terragrunt force-unlock a1b2"
    );
    assert_eq!(
        unlock(Some(Tool::Terraform), Some("-x")),
        "cd ./-x && terraform force-unlock a1b2"
    );
}

#[test]
fn a_directory_by_chdir_stays_one_and_a_selected_workspace_is_named() {
    let unlock = |unit: &str, tool: Tool| {
        let error = LockError {
            unit: Some(unit.to_owned()),
            is_chdir: true,
            tool: Some(tool),
            ..error(Kind::S3Lockfile)
        };
        Commands::of(&error, &state(), Ways::All, None, None).force_unlock
    };
    assert_eq!(
        unlock("envs/prod", Tool::Terraform).unwrap(),
        "TF_WORKSPACE=dev terraform -chdir=envs/prod force-unlock a1b2"
    );
    let hostile = unlock("x; $(touch y) 'z", Tool::OpenTofu).unwrap();
    let words = shlex::split(&hostile).unwrap();
    assert_eq!(
        words,
        [
            "TF_WORKSPACE=dev",
            "tofu",
            "-chdir=x; $(touch y) 'z",
            "force-unlock",
            "a1b2"
        ]
    );
    assert_eq!(unlock("a\u{1b}[2J", Tool::Terraform), None);
}

#[test]
fn a_half_that_is_left_is_looked_at_and_removed_alone() {
    let commands = |left: Store| {
        let error = LockError {
            left: Some(left),
            tried_in: vec![Store::Dynamodb, Store::S3Lockfile],
            ..error(Kind::UnlockFailed)
        };
        Commands::of(&error, &state(), Ways::NotForceUnlock, None, None)
    };
    let item = commands(Store::Dynamodb);
    assert!(item.inspect.unwrap().starts_with("aws dynamodb get-item "));
    assert!(
        item.remove
            .unwrap()
            .starts_with("aws dynamodb delete-item ")
    );
    let object = commands(Store::S3Lockfile);
    assert!(
        object
            .inspect
            .unwrap()
            .starts_with("aws s3api get-object --region eu-west-1 --bucket acme ")
    );
    let remove = object.remove.unwrap();
    assert!(remove.starts_with("aws s3api delete-object "), "{remove}");
    assert!(remove.contains(" --if-match \"${ETAG:?"), "{remove}");
}

#[test]
fn a_lock_file_that_a_failed_attempt_left_goes_by_its_etag() {
    let mut left = error(Kind::Dynamodb);
    left.cause = Some(Cause::LockFileLeft);
    left.lock.id = None;
    let commands = Commands::of(&left, &state(), Ways::NotForceUnlock, None, Some(&topic()));
    assert!(
        commands
            .inspect
            .unwrap()
            .starts_with("aws s3api get-object ")
    );
    assert!(commands.remove.unwrap().contains(" --if-match "));
    assert_eq!((commands.force_unlock, commands.release), (None, None));
}

#[test]
fn a_lock_that_only_the_store_shows_is_not_released_for_the_one_of_the_text() {
    let live = Live::Same(Box::new(LiveLock {
        verdict: Verdict::Stale,
        why: "older than 15m".to_owned(),
        request: RequestCode::parse("7F3K2QWX").unwrap(),
    }));
    let release = |id: Option<&str>| {
        let mut left = error(Kind::Dynamodb);
        left.lock.id = id.map(str::to_owned);
        let topic = topic();
        let ways = Ways::NotForceUnlock;
        Commands::of(&left, &state(), ways, Some(&live), Some(&topic)).release
    };
    assert!(release(Some("a1b2")).unwrap().contains("7F3K2QWX"));
    assert_eq!(release(None), None);
}

#[test]
fn where_no_lock_is_the_trouble_the_look_goes_there() {
    for (cause, look) in [
        (
            Cause::MissingTable,
            "aws dynamodb describe-table --region eu-west-1 --table-name locks",
        ),
        (
            Cause::WrongRegion,
            "aws s3api head-bucket --region eu-west-1 --bucket acme",
        ),
        (Cause::ExpiredCredentials, "aws sts get-caller-identity"),
        (Cause::ClockSkew, ""),
    ] {
        let failed = LockError {
            cause: Some(cause),
            held: Some(false),
            ..error(Kind::Dynamodb)
        };
        let commands = Commands::of(&failed, &state(), Ways::None, None, None);
        assert_eq!(commands.inspect.unwrap_or_default(), look, "{cause:?}");
    }
}

#[test]
fn a_table_that_nobody_names_is_asked_for_by_the_shell() {
    let state = State {
        table: None,
        ..state()
    };
    let commands = Commands::of(&error(Kind::Dynamodb), &state, Ways::All, None, None);
    let command = commands.inspect.unwrap();
    assert!(
        command.contains(r#"--table-name "${LOCK_TABLE:?set it"#),
        "{command}"
    );
}

#[test]
fn where_unlocking_is_wrong_there_is_no_command_for_it() {
    let commands = Commands::of(
        &error(Kind::Dynamodb),
        &state(),
        Ways::None,
        None,
        Some(&topic()),
    );
    assert!(commands.inspect.is_some());
    assert_eq!((commands.force_unlock, commands.release), (None, None));
}

#[test]
fn where_force_unlock_would_fail_the_record_goes_by_hand_if_it_is_still_the_same() {
    let commands = |kind: Kind, id: &str| {
        let mut error = error(kind);
        error.lock.id = Some(id.to_owned());
        Commands::of(&error, &state(), Ways::NotForceUnlock, None, Some(&topic()))
    };
    let of_table = commands(Kind::Dynamodb, "a1b2");
    assert_eq!(of_table.force_unlock, None);
    assert!(of_table.release.is_some());
    assert_snapshot!(of_table.remove.unwrap(), @r#"aws dynamodb delete-item --region eu-west-1 --table-name locks --key "{\"LockID\":{\"S\":\"acme/env:/dev/it's.tfstate\"}}" --condition-expression 'contains(Info, :id) AND attribute_not_exists(Digest)' --expression-attribute-values "{\":id\":{\"S\":\"\\\"ID\\\":\\\"a1b2\\\"\"}}""#);
    assert_snapshot!(commands(Kind::S3Lockfile, "a1b2").remove.unwrap(), @r#"aws s3api delete-object --region eu-west-1 --bucket acme --key "env:/dev/it's.tfstate.tflock" --if-match "${ETAG:?set it to the ETag of the record}""#);
    for hostile in ["$(id)", "a b", "a\"}}", "-x"] {
        assert_eq!(commands(Kind::Dynamodb, hostile).remove, None, "{hostile}");
    }
}

#[test]
fn of_a_state_that_is_missing_the_former_versions_are_listed() {
    let missing = LockError {
        cause: Some(Cause::DigestStateMissing),
        ..error(Kind::DigestMismatch)
    };
    let commands = Commands::of(&missing, &state(), Ways::None, None, None);
    assert_eq!(
        commands.inspect.unwrap(),
        r#"aws s3api list-object-versions --region eu-west-1 --bucket acme --prefix "env:/dev/it's.tfstate""#
    );
    assert_eq!((commands.verify, commands.set_digest), (None, None));
}

#[test]
fn a_digest_is_set_only_from_the_wrong_value_to_the_right_one() {
    let digest = |calculated: &str, stored: Option<&str>| {
        let error = LockError {
            digest: Some(PastedDigest {
                calculated: Some(calculated.to_owned()),
                stored: stored.map(str::to_owned),
                ..PastedDigest::default()
            }),
            ..error(Kind::DigestMismatch)
        };
        Commands::of(&error, &state(), Ways::None, None, None)
    };
    let (new, old) = (
        "0123456789abcdef0123456789abcdef",
        "f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0",
    );
    let commands = digest(new, Some(old));
    assert_snapshot!(commands.inspect.unwrap(), @r#"aws dynamodb get-item --region eu-west-1 --consistent-read --table-name locks --key "{\"LockID\":{\"S\":\"acme/env:/dev/it's.tfstate-md5\"}}""#);
    assert_snapshot!(commands.verify.unwrap(), @r#"aws s3 cp --region eu-west-1 "s3://acme/env:/dev/it's.tfstate" - | openssl md5 -r"#);
    assert_snapshot!(commands.set_digest.unwrap(), @r#"aws dynamodb update-item --region eu-west-1 --table-name locks --key "{\"LockID\":{\"S\":\"acme/env:/dev/it's.tfstate-md5\"}}" --update-expression 'SET Digest = :new' --condition-expression 'Digest = :old' --expression-attribute-values '{":new":{"S":"0123456789abcdef0123456789abcdef"},":old":{"S":"f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0"}}'"#);
    for (calculated, stored) in [
        (new, None),
        ("", Some(old)),
        ("x; rm -rf /", Some(old)),
        (new, Some("$(x)")),
    ] {
        assert_eq!(
            digest(calculated, stored).set_digest,
            None,
            "{calculated} {stored:?}"
        );
    }
}

#[test]
fn a_shell_reads_hostile_values_as_values() {
    for id in [
        "$(id)",
        "a b",
        "a;b",
        "-force",
        "a\nb",
        "a'b",
        "\u{202e}a",
        "",
    ] {
        let mut hostile = error(Kind::Dynamodb);
        hostile.lock.id = Some(id.to_owned());
        let commands = Commands::of(&hostile, &State::default(), Ways::All, None, None);
        assert_eq!(commands.force_unlock, None, "{id:?}");
    }
    for unit in ["a\u{1b}[2J", "a\nb"] {
        let mut hostile = error(Kind::Dynamodb);
        hostile.unit = Some(unit.to_owned());
        let commands = Commands::of(&hostile, &State::default(), Ways::All, None, None);
        assert_eq!(commands.force_unlock, None, "{unit:?}");
    }
    let mut hostile = error(Kind::Dynamodb);
    hostile.unit = Some("$(touch x)`y`'\"".to_owned());
    let command = Commands::of(&hostile, &State::default(), Ways::All, None, None)
        .force_unlock
        .unwrap();
    let words = shlex::split(&command).unwrap();
    assert_eq!(words[1], "$(touch x)`y`'\"");
}
