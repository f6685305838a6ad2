//! Where the program ran last, for each of several streams that are mixed in one log.

use super::command_line::{Ran, Told};
use super::found::Tool;

/// So many streams are kept apart at a time.
const MOST_PLACES: usize = 32;

/// Where the program ran last in one stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    last: Option<Ran>,
    selected: Option<String>,
    exported: Option<String>,
}

impl Place {
    pub(super) fn tool(&self) -> Option<Tool> {
        self.last.as_ref().map(|ran| ran.tool)
    }

    pub(super) fn directory(&self) -> Option<&str> {
        self.last.as_ref()?.directory.as_deref()
    }

    pub(super) fn is_chdir(&self) -> bool {
        self.last.as_ref().is_some_and(|ran| ran.is_chdir)
    }

    /// The workspace, in the order in which the program asks (`command/meta.go: WorkspaceOverridden`).
    pub(super) fn workspace(&self) -> Option<&str> {
        let of_run = self.last.as_ref().and_then(|ran| ran.workspace.as_deref());
        of_run
            .or(self.exported.as_deref())
            .or(self.selected.as_deref())
    }

    /// The ID that the last run was to unlock.
    pub(super) fn unlocks(&self) -> Option<&str> {
        self.last.as_ref()?.unlocks.as_deref()
    }

    fn learn(&mut self, told: Told) {
        match told {
            Told::Selected(name) => self.selected = Some(name),
            Told::Exported(name) => self.exported = Some(name),
            Told::Ran(ran) => {
                // What is selected is kept in the directory.
                if ran.directory.as_deref() != self.directory() {
                    self.selected = None;
                }
                self.selected = ran.selects.clone().or(self.selected.take());
                self.last = Some(ran);
            }
        }
    }
}

/// The places of all streams.
#[derive(Debug, Default)]
pub(super) struct Places(Vec<(String, Place)>);

impl Places {
    /// Where the program ran last in the stream `source`.
    pub(super) fn of(&self, source: &str) -> Place {
        let place = self.0.iter().find(|(of, _)| of == source);
        place.map(|(_, place)| place.clone()).unwrap_or_default()
    }

    /// Takes what a line of the stream `source` tells.
    pub(super) fn learn(&mut self, source: &str, told: Told) {
        if let Some((_, place)) = self.0.iter_mut().find(|(of, _)| of == source) {
            place.learn(told);
            return;
        }
        if self.0.len() >= MOST_PLACES {
            self.0.remove(0);
        }
        let mut place = Place::default();
        place.learn(told);
        self.0.push((source.to_owned(), place));
    }
}

#[cfg(test)]
mod tests {
    use super::super::command_line;
    use super::*;

    /// Directory and workspace after these lines of one stream.
    fn after(lines: &[&str]) -> (Option<String>, Option<String>) {
        let mut places = Places::default();
        for line in lines {
            places.learn("", command_line::of(line).unwrap());
        }
        let place = places.of("");
        (
            place.directory().map(str::to_owned),
            place.workspace().map(str::to_owned),
        )
    }

    #[test]
    fn the_nearest_command_counts() {
        for (lines, directory, workspace) in [
            (
                &["terraform workspace select dev", "terraform plan"][..],
                None,
                Some("dev"),
            ),
            (
                &["cd a && terraform plan", "cd b && terraform plan"],
                Some("b"),
                None,
            ),
            (&["cd a && terraform plan", "terraform plan"], None, None),
            (
                &[
                    "terraform -chdir=a workspace select dev",
                    "terraform -chdir=b plan",
                ],
                Some("b"),
                None,
            ),
            (
                &[
                    "terraform plan",
                    "Switched to workspace \"dev\".",
                    "TF_WORKSPACE=prod",
                ],
                None,
                Some("prod"),
            ),
            (
                &["TF_WORKSPACE=dev terraform plan", "terraform plan"],
                None,
                None,
            ),
        ] {
            let (in_directory, in_workspace) = after(lines);
            assert_eq!(
                (in_directory.as_deref(), in_workspace.as_deref()),
                (directory, workspace),
                "{lines:?}"
            );
        }
    }

    #[test]
    fn streams_do_not_mix_and_the_oldest_goes_first() {
        let mut places = Places::default();
        for number in 0..=MOST_PLACES {
            let line = format!("terraform -chdir=d{number} plan");
            places.learn(&number.to_string(), command_line::of(&line).unwrap());
        }
        assert_eq!(places.of("1").directory(), Some("d1"));
        assert_eq!(places.of("0"), Place::default());
        assert_eq!(places.of("other"), Place::default());
    }
}
