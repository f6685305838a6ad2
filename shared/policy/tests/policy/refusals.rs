//! Every complaint, with its place.

use insta::assert_snapshot;

use super::read;

/// What is said of each of these policies, under each other.
fn all_complaints(policies: &[&str]) -> String {
    let complaints = policies.iter().map(|text| match read(text) {
        Ok(policy) => panic!("{text} is right: {policy:?}"),
        Err(refused) => refused.to_string(),
    });
    complaints.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_mistake_has_its_place_and_what_would_be_right() {
    let too_long = format!("# {}", "x".repeat(64 * 1024));
    let long_name = format!("rule \"{}\" {{}}", "x".repeat(101));
    let long_glob = format!("rule \"x\" {{ path = \"{}\" }}", "x".repeat(1_025));
    let policies = [
        // Not HCL.
        too_long.as_str(),
        "rule \"x\" {",
        "rule \"x\" { path = }",
        "default: {}",
        "default { stale_after = \"1h\", quiet_for = \"1m\" }",
        "default {\n  action = \"notify\"\n  action = \"ignore\"\n}",
        // What nobody knows.
        "rules \"x\" {}",
        "stale_after = \"4h\"",
        "default {\n  stale_afte = \"4h\"\n}",
        "default { path = \"prod/**\" }",
        "rule \"x\" {\n  when {\n  }\n}",
        "window \"x\" {\n  from = \"2026-12-20T00:00Z\"\n  to = \"2026-12-21T00:00Z\"\n  action = \"ignore\"\n  path = \"prod/**\"\n}",
        // Values of another type, or that would have to be worked out.
        "default { stale_after = 15 }",
        "default { severity = true }",
        "default { action = null }",
        "default { topic = [\"x\"] }",
        "default { topic = { x = 1 } }",
        "rule \"x\" { path = var.path }",
        "rule \"x\" { path = lower(\"PROD\") }",
        "rule \"x\" { path = prod }",
        "rule \"x\" { path = (\"prod\") }",
        "rule \"x\" { path = true ? \"a\" : \"b\" }",
        "rule \"x\" { path = \"${env}/**\" }",
        "rule \"x\" {\n  path = <<EOT\nprod/**\nEOT\n}",
        "rule \"x\" { operations = \"plan\" }",
        "rule \"x\" { operations = [for o in [\"plan\"] : o] }",
        "rule \"x\" { operations = [\"plan\", 1, apply] }",
        "max_releases_per_sweep = \"3\"",
        "max_releases_per_sweep = 1 + 2",
        // Values that mean nothing.
        "default { stale_after = \"soon\" }",
        "default { stale_after = \"0s\" }",
        "default { stale_after = \"-5m\" }",
        "default { stale_after = \"1w\" }",
        "default { remind_every = \"366d\" }",
        "default { severity = \"critical\" }",
        "default { action = \"unlock\" }",
        "default { topic = \"on-call\" }",
        "default { topic = \"arn:aws:sns:eu-west-1:123456789012:on call\" }",
        "max_releases_per_sweep = 0",
        "max_releases_per_sweep = 101",
        "max_releases_per_sweep = 1.5",
        "max_releases_per_sweep = -1",
        "max_releases_per_sweep = 99999999999999999999",
        // Patterns.
        "rule \"x\" { path = \"\" }",
        "rule \"x\" { path = \"prod**\" }",
        "rule \"x\" { path = \"{prod,dev\" }",
        "rule \"x\" { path = \"prod}\" }",
        "rule \"x\" { path = \"prod/[ab]\" }",
        "rule \"x\" { path = \"prod\\\\\" }",
        "rule \"x\" { path = \"s3://acme/prod/**\" }",
        long_glob.as_str(),
        "rule \"x\" { holder = \"\" }",
        "rule \"x\" { holder = \"runner@**\" }",
        "rule \"x\" { operations = [\"\"] }",
        "rule \"x\" { operations = [\"state-**\"] }",
        // Names.
        "rule {}",
        "rule \"x\" \"y\" {}",
        "rule \"\" {}",
        "rule \" x\" {}",
        "rule \"a\\u0007b\" {}",
        "rule \"default\" {}",
        "rule \"expire\" {}",
        "rule \"policy:x\" {}",
        long_name.as_str(),
        "rule \"x\" { path = \"a\" }\nrule \"x\" { path = \"b\" }",
        "default \"x\" {}",
        "default {}\ndefault {}",
        "window {}",
        "window \"x\" {\n  from = \"2026-12-20T00:00Z\"\n  to = \"2026-12-21T00:00Z\"\n  action = \"ignore\"\n}\nwindow \"x\" {\n  from = \"2026-12-20T00:00Z\"\n  to = \"2026-12-21T00:00Z\"\n  action = \"ignore\"\n}",
        // Windows.
        "window \"x\" {}",
        "window \"x\" {\n  from = \"2026-12-20\"\n  to = \"Christmas\"\n  action = \"release\"\n}",
        "window \"x\" {\n  from = \"2026-12-20T00:00\"\n  to = \"2026-12-20T00:00+01:00[Europe/Berlin]\"\n  action = \"notify\"\n}",
        "window \"x\" {\n  from = \"2026-12-20T00:00Z\"\n  to = \"2026-12-20T00:00Z\"\n  action = \"notify\"\n}",
        // What contradicts itself.
        "default { action = \"release\" }",
        "default { stale_after = \"4m\" }",
        "rule \"x\" { quiet_for = \"16m\" }",
        // Rules that can never apply.
        "rule \"x\" { operations = [] }",
        "rule \"all\" {}\n\nrule \"plans\" { operations = [\"plan\"] }",
        "rule \"all\" { path = \"**\" }\nrule \"plans\" { operations = [\"plan\"] }",
        "rule \"prod\" { path = \"prod/**\" }\nrule \"app\" { path = \"prod/app/**\" }",
        "rule \"a\" { operations = [\"plan\", \"apply\"] }\nrule \"b\" { operations = [\"apply\"] }",
        "rule \"a\" { holder = \"alice@*\" }\nrule \"b\" { holder = \"alice@*\" }",
    ];
    assert_snapshot!(all_complaints(&policies));
}

#[test]
fn everything_that_is_wrong_is_said_at_once_and_in_order() {
    let text = "\
window \"freeze\" {
  from = \"2027-01-03T00:00Z\"
  to   = \"2026-12-20T00:00Z\"
}
rule \"é\" { path = nothing }
  rule \"é\" { paht = \"x\" }
default { stale_after = \"soon\" }
";
    assert_snapshot!(read(text).unwrap_err(), @r#"
    POLICY:1:1: `window`: a window needs `action`; it has `from`, `to` and `action`
    POLICY:3:10: `"2026-12-20T00:00Z"`: it is not later than `from`, so the window is never open; a window ends after it begins
    POLICY:5:19: `nothing`: a text in quotes is expected, and this is an expression, which nobody works out here; a path looks like `"prod/**"` or `"acme-tf-state/prod/*.tfstate"`
    POLICY:6:8: `"é"`: the name is taken, in line 5; give each its own name
    POLICY:6:14: `paht`: a rule has no such attribute; it may have `path`, `holder`, `operations`, `stale_after`, `quiet_for`, `remind_every`, `severity`, `action`, `topic`
    POLICY:7:25: `"soon"`: it is not a span of time; a span looks like `"90s"`, `"15m"`, `"4h"` or `"1d"`
    "#);
}

#[test]
fn a_rule_with_a_mistake_does_not_make_those_behind_it_unreachable() {
    let refused = read("rule \"a\" { path = 7 }\nrule \"b\" { path = \"x\" }").unwrap_err();
    assert_eq!(refused.complaints.len(), 1, "{refused}");
}

#[test]
fn nothing_of_the_text_reaches_a_reader_raw() {
    let refused = read("rule \"x\" { path = \"\u{202e}\u{1b}[2J\" + 1 }").unwrap_err();
    let said = refused.to_string();
    assert!(!said.contains(['\u{202e}', '\u{1b}']), "{said:?}");
}

#[test]
fn no_nesting_uses_up_the_stack() {
    for (open, close) in [
        ("[", "]"),
        ("{ x = ", "}"),
        ("(", ")"),
        ("!", ""),
        ("-", ""),
        ("1 + ", "1"),
        ("a ? b : ", "c"),
        ("f(", ")"),
        ("\"${", "}\""),
        ("x.", "x"),
        ("x[0]", ""),
        ("[for x in ", " : x]"),
    ] {
        let depth = 60_000 / (open.len() + close.len());
        let text = format!("x = {}1{}", open.repeat(depth), close.repeat(depth));
        assert!(read(&text).is_err(), "{open}");
    }
    let blocks = format!("{}{}", "rule \"x\" {\n".repeat(5_000), "}\n".repeat(4_000));
    assert!(read(&blocks).is_err());
    let stars = format!("rule \"x\" {{ path = \"{}\" }}", "*/**/".repeat(200));
    assert!(read(&stars).is_ok());
}

#[test]
fn a_secret_is_hidden_before_the_piece_with_it_is_cut() {
    let secret = "correct-horse-battery".repeat(5);
    // Only elsewhere does anything tell that the first is one.
    let policy = format!("default {{ stale_after = \"{secret}\" }}\ndb_password = \"{secret}\"");
    let complaints = all_complaints(&[&policy]);
    assert!(!complaints.contains("correct-horse"), "{complaints}");
    assert!(
        complaints.contains("`\"[redacted:password:1]\"`"),
        "{complaints}"
    );
}
