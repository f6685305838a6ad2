use super::*;

fn lines(line: &str) -> Vec<String> {
    unfold(line)
        .map(|unfolded| unfolded.lines)
        .unwrap_or_default()
}

#[test]
fn a_diagnostic_of_terraform_is_a_whole_error() {
    let line = r#"{"@message":"Error: x","diagnostic":{"summary":"x","detail":"y\nz"}}"#;
    let unfolded = unfold(line).unwrap();
    assert_eq!(unfolded.lines, ["Error: x", "", "y", "z"]);
    assert!(unfolded.is_whole);
}

#[test]
fn of_other_objects_only_messages_and_lock_text_count() {
    assert_eq!(
        lines(r#"{"log":"one\n","id":"i-0","nested":[{"err":"Lock Info:\n  ID: a"}],"n":1}"#),
        ["one", "Lock Info:", "  ID: a"]
    );
    assert_eq!(lines(r#"{"ID":"a","Operation":"b"}"#), [""; 0]);
}

#[test]
fn terragrunts_logs_name_the_unit() {
    for line in [
        "time=2024-01-15T03:50:00Z level=stderr prefix=prod/vpc tf-path=terraform msg=  ID: a",
        r#"time=2024-01-15T03:50:00Z level=stderr prefix=[prod/vpc] msg="  ID: a""#,
        r#"{"level":"stderr","msg":"  ID: a","prefix":"prod/vpc"}"#,
    ] {
        let unfolded = unfold(line).unwrap();
        assert_eq!(unfolded.lines, ["  ID: a"], "{line}");
        assert_eq!(unfolded.unit.as_deref(), Some("prod/vpc"), "{line}");
        assert_eq!(unfolded.via, Some(Tool::Terragrunt), "{line}");
    }
}

#[test]
fn a_block_that_was_run_together_is_taken_apart() {
    assert_eq!(
        lines("Lock Info: ID: a Path: b/k Operation: init Who: c@d Info: Terraform acquires it"),
        [
            "Lock Info: ",
            "ID: a",
            " Path: b/k",
            " Operation: init",
            " Who: c@d",
            " Info:",
            " Terraform acquires it"
        ]
    );
}

#[test]
fn an_object_that_was_cut_off_leaves_the_value_that_was() {
    for line in [
        r#"{"level":"error","msg":"[a] ID: b\n[a] Path: c\n[a] W"#,
        r#"{"level": "error", "msg": "[a] ID: b\n[a] Path: c\n[a] W"#,
    ] {
        assert_eq!(lines(line), ["[a] ID: b", "[a] Path: c", "[a] W"], "{line}");
    }
    assert_eq!(
        lines(r#"{"log":"  Info: \"one\" li"#),
        ["  Info: \"one\" li"]
    );
    assert_eq!(lines(r#"{"log":"one line"} and more"#), [""; 0]);
}

#[test]
fn a_workflow_command_is_opened_where_something_in_it_is_escaped() {
    assert_eq!(lines("::error title=T::100%25%0Ab"), ["100%", "b"]);
    assert_eq!(lines("- ::error::a%250Ab"), ["a%0Ab"]);
    assert_eq!(lines("::error::a%0Ab%0"), ["a", "b"]);
    for line in ["::error::a", "a::b%0Ac::d", "100%25"] {
        assert!(unfold(line).is_none(), "{line}");
    }
}

#[test]
fn a_plain_line_stays_one() {
    for line in [
        "  ID:        a",
        "  Who:       CORP\\nadia@WS",
        "{ not json }",
        "a <br",
        "time=now",
    ] {
        assert!(unfold(line).is_none(), "{line}");
    }
}
