//! Whether a line begins something of its own, so that it does not go on with the one above.

use std::sync::LazyLock;

use regex::Regex;

use super::pattern::compiled;

/// Whether `line`, without its margin, looks like a beginning rather than like the rest of a line that was broken in two.
///
/// Prose, names with a sign of assignment, bullets, lock IDs, digests and paths without digits are beginnings. A piece of a
/// secret that happens to look like one stays apart, so this is asked only where the widths of the lines prove nothing.
pub(super) fn begins_something(line: &str) -> bool {
    static BEGINNING: LazyLock<Regex> = LazyLock::new(|| {
        compiled(concat!(
            r#"\A(?:\s|\z|[-+~*#>|{}\[\]()<$%]+(?:\s|\z)"#,
            // `name = `, `name: `, `"name": `, `NAME=`, `export NAME=`
            r#"|["']?[A-Za-z_@][A-Za-z0-9_.@-]*["']?(?:[ \t]+(?:=>?|:=?|->)(?:\s|\z)|:(?:\s|\z)|=[ \t]|\()"#,
            r#"|[A-Z]{2,}(?:_[A-Z0-9]{2,})+=|[a-z]{3,}(?:_[a-z0-9]+)*=|["'][A-Za-z_][A-Za-z0-9_-]*["'][:=]"#,
            // A word, also of several parts, and the usual beginnings of log lines.
            r"|[aAI]\s|(?:[A-Z][a-z]{1,13}|[a-z]{2,14})(?:[-_/.]+[a-z]{1,13})*[.,:;!?]*(?:\s|\z)|[A-Z]{1,12}[:.,]?(?:\s|\z)",
            r"|(?i-u:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})(?:[^0-9A-Za-z]|\z)",
            r"|[0-9]+[.,:;]?(?:\s|\z)|-----BEGIN|```|[─═━]+|[╷╵┌└╔╚╭╰])",
        ))
    });
    BEGINNING.is_match(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_told_from_a_rest() {
        for line in [
            "",
            "  ID:        a",
            "Error: x",
            "Initializing the backend...",
            "bucket = \"b\"",
            "AWS_REGION=eu-west-1",
            "export A=b",
            "\"region\": \"eu\",",
            "- name: x",
            "}",
            "acme-tf-state/prod/terraform.tfstate is locked",
            "19a6fe30-cf25-8eaf-077f-083449d678bd",
            "28877368bfd2175bbaf0a00a2b3f261d",
            "2 files changed",
            "$ terraform plan",
            "```",
        ] {
            assert!(begins_something(line), "{line}");
        }
        for line in [
            "JalrXUtnFEMI/K7MDENG",
            "er2x\"",
            "7MDENG/bPxRfiCY && terraform plan",
            "+abc/def=",
            "word1=hunter2",
            "@db.example.com:5432/app",
            "correcthorsebatterystaple",
        ] {
            assert!(!begins_something(line), "{line}");
        }
    }
}
