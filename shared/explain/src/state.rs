//! Which state an error is about, and where its lock is stored, as far as paste and configuration tell.

use lockwarden_core::ids::LockPath;
use lockwarden_core::paste::{Kind, LockError};
use lockwarden_harden::{Backend, Endpoint};

/// A state with what is known about its stores.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// `bucket/key`, which is also the table's `LockID`.
    pub(crate) path: Option<LockPath>,
    /// The configured state, where the error names another one: the holder may have printed what it liked.
    pub(crate) other: Option<LockPath>,
    /// The lock table.
    pub(crate) table: Option<String>,
    /// The region of both.
    pub(crate) region: Option<String>,
    /// The profile that both are reached with.
    pub(crate) profile: Option<String>,
    /// Where S3 is, if not at Amazon's.
    pub(crate) s3: Option<String>,
    /// Where DynamoDB is, if not at Amazon's.
    pub(crate) dynamodb: Option<String>,
    /// The workspace, where the path shows one, or else what was selected before the error.
    pub(crate) workspace: Option<String>,
}

impl State {
    /// The state of an error. The configuration counts only where it is about the same state, or the error names none.
    pub(crate) fn of(error: &LockError, backend: Option<&Backend>) -> Self {
        let is_s3 = error.backend_name.is_none() && error.kind != Kind::NotALockError;
        let backend = backend.filter(|backend| backend.backend == "s3" && is_s3);
        let named = if is_s3 { named(error) } else { None };
        let configured = backend.and_then(configured);
        let other = configured.clone().filter(|configured| {
            named
                .as_ref()
                .is_some_and(|named| !is_of(named, configured))
        });
        let backend = backend.filter(|_| other.is_none());
        let path = named.or_else(|| configured.clone());
        let configured = configured.filter(|_| other.is_none());
        let prefix = backend.and_then(|backend| backend.workspace_key_prefix.as_deref());
        // The very path that is configured is that of the default workspace, whatever was selected further up.
        let is_default = path.is_some() && path == configured;
        let selected = error.workspace.clone().filter(|_| !is_default);
        Self {
            workspace: path
                .as_ref()
                .and_then(|path| workspace(path, configured.as_ref(), prefix))
                .or(selected),
            path,
            other,
            table: error
                .table
                .clone()
                .or_else(|| backend.and_then(|backend| backend.dynamodb_table.clone())),
            region: backend.and_then(|backend| backend.region.clone()),
            profile: backend.and_then(|backend| backend.profile.clone()),
            s3: backend.and_then(|backend| address(&backend.s3)),
            dynamodb: backend.and_then(|backend| address(&backend.dynamodb)),
        }
    }
}

/// The state that the error itself names: bucket and key of a digest, or the path that the holder printed. The S3 backend
/// prints `bucket/key` (Terraform's `remote-state/s3/client.go: lockPath`).
fn named(error: &LockError) -> Option<LockPath> {
    if let Some(digest) = &error.digest
        && let (Some(bucket), Some(key)) = (&digest.bucket, &digest.key)
    {
        return LockPath::new(format!("{bucket}/{key}")).ok();
    }
    let path = error.lock.path.as_deref()?;
    // A bare file name is no bucket and key, whatever backend printed it.
    let (bucket, key) = path.split_once('/')?;
    let is_path = !bucket.is_empty() && !bucket.contains(['.', '~', ' ', ':']) && !key.is_empty();
    let is_path = is_path || (bucket.contains('.') && !bucket.starts_with('.') && !key.is_empty());
    is_path.then(|| LockPath::new(path).ok()).flatten()
}

fn configured(backend: &Backend) -> Option<LockPath> {
    let (bucket, key) = (backend.bucket.as_ref()?, backend.key.as_ref()?);
    LockPath::new(format!("{bucket}/{key}")).ok()
}

/// Whether a path is the configured one, or that of one of its named workspaces.
fn is_of(named: &LockPath, configured: &LockPath) -> bool {
    match (named.bucket_and_key(), configured.bucket_and_key()) {
        (Some((bucket, key)), Some((same_bucket, configured_key))) => {
            bucket == same_bucket
                && (key == configured_key || key.ends_with(&format!("/{configured_key}")))
        }
        _ => false,
    }
}

/// An address that a configuration says. One that only Terraform can work out is not known here, like one that is not set.
fn address(endpoint: &Endpoint) -> Option<String> {
    match endpoint {
        Endpoint::At(url) => Some(url.clone()),
        Endpoint::NotSet | Endpoint::Unknown => None,
    }
}

/// The workspace in a path: by what stands before the configured key, else by the default `workspace_key_prefix`
/// (`remote-state/s3/backend_state.go: path`).
fn workspace(
    path: &LockPath,
    configured: Option<&LockPath>,
    prefix: Option<&str>,
) -> Option<String> {
    let (_, key) = path.bucket_and_key()?;
    let before = configured
        .and_then(LockPath::bucket_and_key)
        .and_then(|(_, configured)| key.strip_suffix(configured)?.strip_suffix('/'));
    let workspace = match before {
        Some(before) => match prefix {
            Some("") => before,
            Some(prefix) => before.strip_prefix(prefix)?.strip_prefix('/')?,
            // A single name may be another folder as well.
            None => before.rsplit_once('/')?.1,
        },
        None => key.strip_prefix("env:/")?.split_once('/')?.0,
    };
    (!workspace.is_empty()).then(|| workspace.to_owned())
}

#[cfg(test)]
mod tests {
    use lockwarden_core::paste;
    use lockwarden_harden::{Options, harden};

    use super::*;

    fn state(path: &str, config: &str) -> State {
        let text = format!(
            "Error: Error acquiring the state lock\n\nError message: ConditionalCheckFailedException: The conditional request failed\n\
             Lock Info:\n  ID:        a1b2\n  Path:      {path}\n  Operation: OperationTypeApply\n"
        );
        state_of(&text, config)
    }

    fn state_of(text: &str, config: &str) -> State {
        let found = paste::find(text);
        let hardened = harden(
            config.as_bytes(),
            Options {
                format: None,
                terraform: None,
                file: None,
            },
        )
        .ok();
        let backend = hardened
            .as_ref()
            .and_then(lockwarden_harden::Hardened::main);
        State::of(&found.errors[0], backend)
    }

    const CONFIG: &str = "terraform {\n  backend \"s3\" {\n    bucket = \"acme\"\n    key = \"prod/a.tfstate\"\n    region = \"eu-west-1\"\n    dynamodb_table = \"locks\"\n  }\n}\n";

    #[test]
    fn the_workspace_is_what_stands_behind_the_configured_prefix() {
        for (prefix, path, workspace) in [
            ("teams/b", "acme/teams/b/dev/prod/a.tfstate", Some("dev")),
            ("", "acme/dev/prod/a.tfstate", Some("dev")),
            ("teams/b", "acme/teams/c/dev/prod/a.tfstate", None),
            ("teams/b", "acme/teams/b/prod/a.tfstate", None),
        ] {
            let argument = format!("workspace_key_prefix = \"{prefix}\"\n    region");
            let config = CONFIG.replace("region", &argument);
            assert_eq!(
                state(path, &config).workspace.as_deref(),
                workspace,
                "{path}"
            );
        }
    }

    #[test]
    fn the_configuration_adds_what_the_error_does_not_say() {
        for path in ["acme/prod/a.tfstate", "acme/env:/dev/prod/a.tfstate", ""] {
            let state = state(path, CONFIG);
            assert_eq!(state.table.as_deref(), Some("locks"), "{path}");
            assert_eq!(state.region.as_deref(), Some("eu-west-1"));
        }
        assert_eq!(
            state("", CONFIG).path.unwrap().as_str(),
            "acme/prod/a.tfstate"
        );
    }

    #[test]
    fn the_configuration_of_another_state_adds_nothing() {
        for path in [
            "acme/prod/b.tfstate",
            "other/prod/a.tfstate",
            "acme/xprod/a.tfstate",
        ] {
            let state = state(path, CONFIG);
            assert_eq!((state.table, state.region), (None, None), "{path}");
            assert_eq!(state.path.unwrap().as_str(), path);
        }
    }

    #[test]
    fn a_workspace_is_read_from_the_path() {
        assert_eq!(
            state("acme/env:/dev/a.tfstate", "").workspace.as_deref(),
            Some("dev")
        );
        for path in [
            "acme/prod/a.tfstate",
            "acme/env:/a.tfstate",
            "acme/env://a.tfstate",
        ] {
            assert_eq!(state(path, "").workspace, None, "{path}");
        }
    }

    #[test]
    fn a_workspace_under_a_prefix_of_ones_own_is_read_by_the_configured_key() {
        for (path, workspace) in [
            ("acme/ws/dev/prod/a.tfstate", Some("dev")),
            ("acme/env:/dev/prod/a.tfstate", Some("dev")),
            ("acme/dev/prod/a.tfstate", None),
            ("acme/prod/a.tfstate", None),
        ] {
            assert_eq!(
                state(path, CONFIG).workspace.as_deref(),
                workspace,
                "{path}"
            );
        }
    }

    #[test]
    fn a_selected_workspace_counts_where_the_path_shows_no_other() {
        let workspace = |path: &str, config: &str| {
            let text = format!(
                "Switched to workspace \"blue\".\nError: Error acquiring the state lock\n\nError message: ConditionalCheckFailedException: \
                 The conditional request failed\nLock Info:\n  ID:        a1b2\n  Path:      {path}\n  Operation: OperationTypeApply\n"
            );
            state_of(&text, config).workspace
        };
        let blue = Some("blue".to_owned());
        assert_eq!(workspace("acme/ws/blue/a.tfstate", ""), blue);
        assert_eq!(
            workspace("acme/env:/dev/a.tfstate", ""),
            Some("dev".to_owned())
        );
        assert_eq!(workspace("acme/prod/a.tfstate", CONFIG), None);
    }

    #[test]
    fn the_configured_state_is_kept_beside_another_that_is_printed() {
        let state = state("other/thing", CONFIG);
        assert_eq!(state.path.unwrap().as_str(), "other/thing");
        assert_eq!(state.other.unwrap().as_str(), "acme/prod/a.tfstate");
    }

    #[test]
    fn a_bare_file_name_is_no_state_of_a_bucket() {
        for path in [
            "terraform.tfstate",
            "./terraform.tfstate",
            "~/x/terraform.tfstate",
        ] {
            assert_eq!(state(path, "").path, None, "{path}");
        }
        assert_eq!(
            state("acme.states/a.tfstate", "").path.unwrap().as_str(),
            "acme.states/a.tfstate"
        );
    }
}
