//! Where a wrapper ran Terraform.

use super::found::Tool;

/// The directory of Terragrunt's `Failed to execute "terraform plan" in ./unit` and of Atlantis's
/// `running "terraform plan …" in "/srv/repo/unit": exit status 1`, and whether it was Terragrunt.
pub(super) fn of(text: &str) -> Option<(String, Option<Tool>)> {
    let is_terragrunt = text.contains("Failed to execute \"");
    if !(is_terragrunt || text.contains("running \"")) {
        return None;
    }
    let at = text.rfind("\" in ")?;
    let rest = text.get(at..)?.trim_start_matches("\" in ");
    let directory = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split([' ', ':']).next(),
    };
    // Terragrunt's other lines name the same unit without `./`.
    let directory = directory.map(|directory| directory.strip_prefix("./").unwrap_or(directory));
    let directory = directory.filter(|directory| !directory.is_empty())?;
    Some((
        directory.to_owned(),
        is_terragrunt.then_some(Tool::Terragrunt),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terragrunt_and_atlantis_name_the_directory() {
        for (text, directory) in [
            (
                r#"ERROR  Failed to execute "terraform plan" in ./envs/prod/vpc"#,
                Some("envs/prod/vpc"),
            ),
            (
                r#"exit status 1: running "terraform plan -var \"a=b\"" in "/srv/repos/acme/prod": "#,
                Some("/srv/repos/acme/prod"),
            ),
            (r#"running "make" on a runner"#, None),
            ("Still in progress", None),
        ] {
            let found = of(text).map(|(directory, _)| directory);
            assert_eq!(found.as_deref(), directory, "{text}");
        }
    }
}
