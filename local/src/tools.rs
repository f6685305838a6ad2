//! Where this workspace keeps what the local AWS is made of: Python tools, its own binaries, the template.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Result};

/// The workspace on disk.
#[derive(Clone, Debug)]
pub struct Tools {
    root: PathBuf,
}

impl Tools {
    /// The workspace that this crate was built in.
    #[must_use]
    pub fn of_this_workspace() -> Self {
        let local = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self {
            root: local.parent().unwrap_or(local).to_owned(),
        }
    }

    /// The top folder of the workspace.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A tool that `make setup` puts into `.venv`.
    ///
    /// # Errors
    /// [`Failure::NotSetUp`] when it is not there.
    pub fn installed(&self, name: &str) -> Result<PathBuf> {
        let path = self.root.join(".venv/bin").join(name);
        if path.exists() {
            Ok(path)
        } else {
            Err(Failure::NotSetUp { path })
        }
    }

    /// One of this crate's Python scripts.
    pub(crate) fn script(&self, name: &str) -> PathBuf {
        self.root.join("local").join(name)
    }

    /// A binary of this workspace, from the folder that cargo built the running program into.
    ///
    /// # Errors
    /// [`Failure::NotBuilt`] when it is missing or older than one of its sources: `cargo test` does not build other
    /// packages' binaries, and a test of last week's binary proves nothing.
    pub fn built(&self, name: &str) -> Result<PathBuf> {
        let program = env::current_exe().map_err(Failure::system("find the running program"))?;
        let path = profile_folder(&program).join(name);
        if !path.exists() {
            return Err(Failure::NotBuilt {
                path,
                problem: "has not been built".to_owned(),
            });
        }
        match newer_source(&path)? {
            None => Ok(path),
            Some(source) => Err(Failure::NotBuilt {
                path,
                problem: format!("is older than {}", source.display()),
            }),
        }
    }

    /// A command that sees the `.venv`'s programs first and none of the caller's AWS, SAM or Terraform settings.
    pub(crate) fn isolated(&self, program: impl Into<PathBuf>, home: &Path) -> Command {
        self.isolate(Command::new(program.into()), home)
    }

    /// The same for a command that exists already.
    pub(crate) fn isolate(&self, mut command: Command, home: &Path) -> Command {
        command
            .env_clear()
            .env("PATH", self.search_path())
            .env("HOME", home)
            .env("LC_ALL", "C.UTF-8");
        command
    }

    /// `PATH` with `.venv/bin` in front.
    fn search_path(&self) -> OsString {
        let callers = env::var_os("PATH").unwrap_or_default();
        let folders =
            std::iter::once(self.root.join(".venv/bin")).chain(env::split_paths(&callers));
        env::join_paths(folders).unwrap_or(callers)
    }
}

/// `target/debug` for `target/debug/demo` and for `target/debug/deps/acceptance-1234`.
fn profile_folder(program: &Path) -> &Path {
    let folder = program.parent().unwrap_or(program);
    if folder.ends_with("deps") {
        folder.parent().unwrap_or(folder)
    } else {
        folder
    }
}

/// A source file of the binary that was written after it, by the list that cargo leaves beside it.
fn newer_source(binary: &Path) -> Result<Option<PathBuf>> {
    let list = binary.with_extension("d");
    let sources =
        fs::read_to_string(&list).map_err(Failure::system(format!("read {}", list.display())))?;
    let built = modified(binary)?;
    for source in sources_in(&sources) {
        if modified(&source).is_ok_and(|written| written > built) {
            return Ok(Some(source));
        }
    }
    Ok(None)
}

fn modified(path: &Path) -> Result<std::time::SystemTime> {
    fs::metadata(path)
        .and_then(|data| data.modified())
        .map_err(Failure::system(format!("look at {}", path.display())))
}

/// The files behind the colon of a Makefile rule; a space inside a name is written `\ `.
fn sources_in(rule: &str) -> Vec<PathBuf> {
    let (_, sources) = rule.split_once(": ").unwrap_or_default();
    sources
        .replace("\\ ", "\0")
        .split_whitespace()
        .map(|source| PathBuf::from(source.replace('\0', " ")))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{profile_folder, sources_in};

    #[test]
    fn binaries_are_looked_for_where_cargo_put_this_program() {
        assert_eq!(
            profile_folder(Path::new("/w/target/debug/demo")),
            Path::new("/w/target/debug")
        );
        assert_eq!(
            profile_folder(Path::new("/w/target/debug/deps/acceptance-12")),
            Path::new("/w/target/debug")
        );
    }

    #[test]
    fn cargos_list_of_sources_is_read_with_spaces_in_names() {
        let rule = "/w/target/debug/sweep: /w/a.rs /w/with\\ space/b.rs\n";
        assert_eq!(
            sources_in(rule),
            [
                PathBuf::from("/w/a.rs"),
                PathBuf::from("/w/with space/b.rs")
            ]
        );
    }
}
