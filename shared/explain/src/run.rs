//! What to do, as commands: each ready to paste, quoted for a POSIX shell, made only of values that were checked.

use lockwarden_core::commands::{self, quoted};
use lockwarden_core::ids::LockId;
use lockwarden_core::paste::{Kind, LockError, PastedDigest, Store, Tool};
use lockwarden_core::settings::TopicArn;
use serde::Serialize;
use serde_json::json;

use crate::advice::Ways;
use crate::live::Live;
use crate::state::State;

/// Commands to copy. One that cannot be printed safely, or would be wrong, is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Commands {
    /// Looks at the record as it is stored.
    pub(crate) inspect: Option<String>,
    /// The program's own unlock, once the holder is known to be dead.
    pub(crate) force_unlock: Option<String>,
    /// The same through Lockwarden, which compares first.
    pub(crate) release: Option<String>,
    /// Removes the very record by hand, where `force-unlock` cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remove: Option<String>,
    /// Works out the checksum of the state that is there, for a digest mismatch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verify: Option<String>,
    /// Sets the digest, if it still has the wrong value; only after `verify` and a look at the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) set_digest: Option<String>,
}

impl Commands {
    /// The commands for an error.
    pub(crate) fn of(
        error: &LockError,
        state: &State,
        ways: Ways,
        live: Option<&Live>,
        topic: Option<&TopicArn>,
    ) -> Self {
        if error.kind == Kind::DigestMismatch {
            return Self::of_digest(state, error.digest.as_ref());
        }
        let (force_unlock, release, remove) = match ways {
            Ways::None => (None, None, None),
            Ways::All => (
                force_unlock(error, state),
                release(error, state, live, topic),
                None,
            ),
            Ways::NotForceUnlock => (
                None,
                release(error, state, live, topic),
                remove(error, state),
            ),
        };
        Self {
            inspect: inspect(error, state),
            force_unlock,
            release,
            remove,
            ..Self::default()
        }
    }

    fn of_digest(state: &State, digest: Option<&PastedDigest>) -> Self {
        Self {
            inspect: item(state, "-md5"),
            verify: state.path.as_ref().and_then(|path| {
                let (bucket, key) = path.bucket_and_key()?;
                let address = quoted(&format!("s3://{bucket}/{key}"))?;
                Some(format!("aws s3 cp {address} - | md5sum"))
            }),
            set_digest: digest.and_then(|digest| set_digest(state, digest)),
            ..Self::default()
        }
    }
}

fn inspect(error: &LockError, state: &State) -> Option<String> {
    match error.kind {
        Kind::OtherBackend | Kind::NotALockError => None,
        Kind::S3Lockfile => object(state),
        Kind::Dynamodb | Kind::DigestMismatch => item(state, ""),
        Kind::UnlockFailed if error.backend_name.is_some() => None,
        Kind::UnlockFailed => match error.tried_in.as_slice() {
            [] if state.table.is_none() => object(state),
            [] | [Store::Dynamodb] => item(state, ""),
            [Store::S3Lockfile] => object(state),
            _ => Some(format!("{}; {}", item(state, "")?, object(state)?)),
        },
        // A path with a slash is no proof of S3; a configuration that names the table is.
        Kind::UnknownBackend if state.table.is_some() => item(state, ""),
        Kind::UnknownBackend => None,
    }
}

/// Deletes the record if it still has the ID of the paste; an object, if it still is the one that was looked at.
fn remove(error: &LockError, state: &State) -> Option<String> {
    let id = error.lock.id.as_deref()?;
    if error.kind == Kind::S3Lockfile {
        let (bucket, key) = state.path.as_ref()?.lock_file()?;
        return Some(format!(
            "aws s3api delete-object --bucket {} --key {} --if-match \"${{ETAG:?set it to the ETag of the record}}\"",
            quoted(&bucket)?,
            quoted(&key)?
        ));
    }
    let values = json!({":id": {"S": format!("\"ID\":{}", json!(id))}}).to_string();
    Some(format!(
        "aws dynamodb delete-item{} --table-name {} --key {} --condition-expression 'contains(Info, :id)' \
         --expression-attribute-values {}",
        region(state)?,
        table(state)?,
        key(state, "")?,
        quoted(&values).filter(|_| is_plain(id))?
    ))
}

/// Reads an item of the lock table: the lock, or with `-md5` the digest.
fn item(state: &State, suffix: &str) -> Option<String> {
    Some(format!(
        "aws dynamodb get-item{} --consistent-read --table-name {} --key {}",
        region(state)?,
        table(state)?,
        key(state, suffix)?
    ))
}

/// The table's name, or a variable that a shell asks for: an error text seldom names the table.
fn table(state: &State) -> Option<String> {
    match state.table.as_deref() {
        None => Some("\"${LOCK_TABLE:?set it to the dynamodb_table of the backend}\"".to_owned()),
        Some(table) => quoted(table),
    }
}

fn object(state: &State) -> Option<String> {
    let (bucket, key) = state.path.as_ref()?.lock_file()?;
    Some(format!(
        "aws s3api get-object --bucket {} --key {} /dev/stdout",
        quoted(&bucket)?,
        quoted(&key)?
    ))
}

/// With the old value as the condition: whoever wrote a state meanwhile has written its digest as well.
fn set_digest(state: &State, digest: &PastedDigest) -> Option<String> {
    let is_checksum =
        |value: &&String| value.len() == 32 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    let new = digest.calculated.as_ref().filter(is_checksum)?;
    let old = digest.stored.as_ref().filter(is_checksum)?;
    let values = json!({":new": {"S": new}, ":old": {"S": old}}).to_string();
    Some(format!(
        "aws dynamodb update-item{} --table-name {} --key {} --update-expression 'SET Digest = :new' --condition-expression \
         'Digest = :old' --expression-attribute-values {}",
        region(state)?,
        table(state)?,
        key(state, "-md5")?,
        quoted(&values)?
    ))
}

fn key(state: &State, suffix: &str) -> Option<String> {
    let path = state.path.as_ref()?.as_str();
    // JSON would escape what must not be shown; such a path is refused like any other.
    quoted(path)?;
    quoted(&json!({"LockID": {"S": format!("{path}{suffix}")}}).to_string())
}

/// The option that names the region, or nothing where only the person's own settings know it.
fn region(state: &State) -> Option<String> {
    match state.region.as_deref() {
        None => Some(String::new()),
        Some(region) => Some(format!(" --region {}", quoted(region)?)),
    }
}

/// The program's own unlock, where its run was: the directory and the workspace that the paste shows.
fn force_unlock(error: &LockError, state: &State) -> Option<String> {
    let id = error.lock.id.as_deref().filter(|id| is_plain(id))?;
    let program = match error.tool {
        Some(Tool::OpenTofu) => "tofu",
        Some(Tool::Terragrunt) => "terragrunt",
        Some(Tool::Terraform) | None => "terraform",
    };
    let directory = match error.unit.as_deref() {
        None | Some(".") => String::new(),
        Some(unit) => format!("cd {} && ", quoted_path(unit)?),
    };
    let workspace = match state.workspace.as_deref() {
        None => String::new(),
        Some(workspace) => format!("TF_WORKSPACE={} ", quoted(workspace)?),
    };
    Some(format!("{directory}{workspace}{program} force-unlock {id}"))
}

/// A directory that no command takes for an option.
fn quoted_path(path: &str) -> Option<String> {
    if path.starts_with('-') {
        return quoted(&format!("./{path}"));
    }
    quoted(path)
}

/// Whether an ID is one word to every shell and no option. HCP Terraform's has the form `organization/workspace`.
pub(crate) fn is_plain(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/@+=".contains(&byte);
    (1..=300).contains(&id.len()) && !id.starts_with('-') && id.bytes().all(plain)
}

fn release(
    error: &LockError,
    state: &State,
    live: Option<&Live>,
    topic: Option<&TopicArn>,
) -> Option<String> {
    let topic = topic?;
    if let Some(code) = live.and_then(Live::request) {
        return commands::release(topic, code);
    }
    let path = state.path.as_ref()?;
    let id = LockId::new(error.lock.id.clone()?).ok()?;
    commands::release_by_name(topic, path, &id)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use lockwarden_core::ids::LockPath;
    use lockwarden_core::paste::PastedLock;

    use super::*;

    fn error(kind: Kind) -> LockError {
        LockError {
            kind,
            backend_name: None,
            tool: None,
            lock: PastedLock {
                id: Some("a1b2".to_owned()),
                ..PastedLock::default()
            },
            held: Some(true),
            cause: None,
            tried: None,
            digest: None,
            tried_in: Vec::new(),
            table: None,
            unit: None,
            line: 1,
            times: 1,
            excerpt: String::new(),
        }
    }

    fn state() -> State {
        State {
            path: Some(LockPath::new("acme/env:/dev/it's.tfstate").unwrap()),
            other: None,
            table: Some("locks".to_owned()),
            region: Some("eu-west-1".to_owned()),
            workspace: Some("dev".to_owned()),
        }
    }

    fn topic() -> TopicArn {
        TopicArn::parse("arn:aws:sns:eu-west-1:123456789012:approvals").unwrap()
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
        assert_snapshot!(of_object.inspect.unwrap(), @r#"aws s3api get-object --bucket acme --key "env:/dev/it's.tfstate.tflock" /dev/stdout"#);
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
        assert_snapshot!(of_table.remove.unwrap(), @r#"aws dynamodb delete-item --region eu-west-1 --table-name locks --key "{\"LockID\":{\"S\":\"acme/env:/dev/it's.tfstate\"}}" --condition-expression 'contains(Info, :id)' --expression-attribute-values "{\":id\":{\"S\":\"\\\"ID\\\":\\\"a1b2\\\"\"}}""#);
        assert_snapshot!(commands(Kind::S3Lockfile, "a1b2").remove.unwrap(), @r#"aws s3api delete-object --bucket acme --key "env:/dev/it's.tfstate.tflock" --if-match "${ETAG:?set it to the ETag of the record}""#);
        for hostile in ["$(id)", "a b", "a\"}}", "-x"] {
            assert_eq!(commands(Kind::Dynamodb, hostile).remove, None, "{hostile}");
        }
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
        assert_snapshot!(commands.verify.unwrap(), @r#"aws s3 cp "s3://acme/env:/dev/it's.tfstate" - | md5sum"#);
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
}
