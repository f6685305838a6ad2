//! What a person does who follows the head of a diff.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

/// The commands in the head of a diff, in order.
pub(crate) fn commands(diff: &str) -> impl Iterator<Item = &str> {
    let head = diff.lines().filter_map(|line| line.strip_prefix('#'));
    let lines = head.map(|line| line.trim_start().trim_start_matches("Apply with: "));
    lines.filter(|line| line.starts_with("sed ") || line.starts_with("patch "))
}

/// Runs them in a folder with the pasted file under this name, and returns the file afterwards.
pub(crate) fn followed(name: &str, text: &str, diff: &str) -> String {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join(name), text).unwrap();
    fs::write(folder.path().join("hardening.diff"), diff).unwrap();
    for command in commands(diff) {
        let output = Command::new("sh")
            .args(["-ec", command])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command}\n{said}\n{diff}\n{text}");
        assert!(
            !said.contains("fuzz") && !said.contains("offset"),
            "{said}\n{diff}\n{text}"
        );
    }
    fs::read_to_string(folder.path().join(name)).unwrap()
}
