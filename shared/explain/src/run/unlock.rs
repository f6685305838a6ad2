//! The program's own unlock.

use lockwarden_core::commands::quoted;
use lockwarden_core::paste::{LockError, Tool};

use crate::state::State;

/// The program's own unlock, where its run was: the directory and the workspace that the paste shows.
pub(super) fn force_unlock(error: &LockError, state: &State) -> Option<String> {
    let id = error.lock.id.as_deref().filter(|id| is_plain(id))?;
    let program = error.tool.unwrap_or(Tool::Terraform).program();
    let (directory, option) = match error.unit.as_deref() {
        None | Some(".") => (String::new(), String::new()),
        Some(unit) if error.is_chdir => (String::new(), format!(" -chdir={}", quoted(unit)?)),
        Some(unit) => (format!("cd {} && ", quoted_path(unit)?), String::new()),
    };
    let workspace = match state.workspace.as_deref() {
        None => String::new(),
        Some(workspace) => format!("TF_WORKSPACE={} ", quoted(workspace)?),
    };
    Some(format!(
        "{directory}{workspace}{program}{option} force-unlock {id}"
    ))
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
