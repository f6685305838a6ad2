//! How a function starts that cannot.

use std::process::Command;

use lockwarden_local::Tools;

#[test]
fn triage_does_not_start_without_somebody_to_ask() {
    let program = Tools::of_this_workspace().built("triage").unwrap();
    let mut command = Command::new(program);
    let output = command.env_clear().output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success());
    assert!(
        said.starts_with('{') && said.contains("SWEEP_FUNCTION"),
        "{said}"
    );
}

#[test]
fn a_wrong_setting_stops_a_function_with_its_name_and_a_right_one() {
    for binary in ["sweep", "approve"] {
        let program = Tools::of_this_workspace().built(binary).unwrap();
        let start = |settings: &[(&str, &str)]| {
            let mut command = Command::new(&program);
            command.env_clear().envs(settings.iter().copied());
            let output = command.output().unwrap();
            assert!(!output.status.success());
            String::from_utf8(output.stdout).unwrap()
        };
        let said = start(&[]);
        assert!(
            said.contains("neither LOCK_TABLES nor STATE_BUCKETS is set"),
            "{said}"
        );
        assert!(said.starts_with('{'), "{said}");
        let said = start(&[
            ("LOCK_TABLES", "locks"),
            ("LEDGER_TABLE", "ledger"),
            ("LEDGER_KEEP_FOR", "for ever"),
        ]);
        assert!(
            said.contains("LEDGER_KEEP_FOR") && said.contains("400d"),
            "{said}"
        );
    }
}

#[test]
fn a_wrong_policy_stops_a_function_with_every_mistake() {
    for binary in ["sweep", "approve"] {
        let program = Tools::of_this_workspace().built(binary).unwrap();
        let mut command = Command::new(&program);
        let topic = "arn:aws:sns:eu-west-1:123456789012:lockwarden";
        command.env_clear().envs([
            ("LOCK_TABLES", "locks"),
            ("LEDGER_TABLE", "ledger"),
            ("NOTICE_TOPIC_ARN", topic),
            ("APPROVAL_TOPIC_ARN", topic),
            ("POLICY", "default {\n  stale_afte = \"4h\"\n}\nrule {}"),
        ]);
        let output = command.output().unwrap();
        assert!(!output.status.success());
        let said = String::from_utf8(output.stdout).unwrap();
        for mistake in ["POLICY:2:3: `stale_afte`", "POLICY:4:1: `rule`"] {
            assert!(said.contains(mistake), "{said}");
        }
    }
}
