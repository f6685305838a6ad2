use super::*;

fn lock(text: &str, widest: usize) -> PastedLock {
    let lines: Vec<Line> = text
        .lines()
        .map(|line| Line {
            text: line.to_owned(),
            width: line.trim_end().chars().count(),
        })
        .collect();
    read(&lines, widest).unwrap().lock
}

#[test]
fn a_line_of_a_log_between_two_fields_belongs_to_neither() {
    let lock = lock(
        "Lock Info:\n  ID:        a-1\nadded\n  Path:      b/k\nnpm WARN\n  Who:       c@d",
        74,
    );
    assert_eq!(
        (lock.id.as_deref(), lock.path.as_deref()),
        (Some("a-1"), Some("b/k"))
    );
}

#[test]
fn what_comes_after_the_last_field_is_no_part_of_it() {
    let lock = lock(
        "Lock Info:\n  ID:        a-1\n  Path:      acme-tf-state/prod/\nnetwork is down",
        32,
    );
    assert_eq!(lock.path.as_deref(), Some("acme-tf-state/prod/"));
}

#[test]
fn a_value_that_was_cut_is_put_together() {
    let cut = lock(
        "Lock Info:\n  ID:        a1\nb2\n  Who:       alice exam\nple@host\n  Version:   1",
        23,
    );
    assert_eq!(
        (cut.id.as_deref(), cut.who.as_deref()),
        (Some("a1"), Some("alice example@host"))
    );
    let broken = lock(
        "Lock Info:\n  ID:\nlock-7-of-monday\n  Who:       alice\nexample@host\n  Version:   1",
        26,
    );
    assert_eq!(
        (broken.id.as_deref(), broken.who.as_deref()),
        (Some("lock-7-of-monday"), Some("alice example@host"))
    );
}

#[test]
fn a_name_is_a_field_only_where_a_line_begins_with_it() {
    for (line, value) in [
        ("  ID:        a", Some("a")),
        ("ID: a", Some("a")),
        ("\"  ID:        a\",", Some("a\",")),
        ("**ID:** a", Some("a")),
        ("anything at all>  ID:        a", Some("a")),
        ("anything at all>  ID:        **", Some("**")),
        ("RequestID: a", None),
        ("Run ID: a", None),
        ("\"ID\":\"a\"", None),
        ("ID:a", None),
    ] {
        assert_eq!(label(line).map(|(_, value)| value.trim()), value, "{line}");
    }
}
