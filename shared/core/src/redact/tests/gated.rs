//! What is passed over in a log holds no secret: with the gate and without it the same is learnt.

use std::ops::Range;

use proptest::prelude::*;

use super::planted::{Break, SYNTAXES, Spelling, WRAPPERS, breaks, one_line, spelled, wrapped};
use super::*;

/// Lines in which nothing is a secret, on both sides of what is read: more than belongs to a line with a sign.
const NOISE: &str = "module.vpc.aws_subnet.private[2]: Still creating... [10s elapsed]\n";

/// What is looked for after `text` was read as a log, all of it or only what is worth it.
fn learnt(text: &str, parts: &[Range<usize>]) -> Vec<String> {
    let mut redactor = Redactor::new(Accounts::Shown);
    for part in parts {
        for found in redactor.found_in(&view::all(&text[part.clone()])) {
            redactor.learned.learn(&found);
        }
    }
    let sought = redactor.learned.sought().into_iter();
    sought.map(str::to_owned).collect()
}

/// What is lost, if anything.
pub(super) fn lost(text: &str) -> Option<String> {
    let noise = NOISE.repeat(12);
    let log = format!("{noise}{text}\n{noise}");
    let whole = 0..log.len();
    let all = learnt(&log, &[whole]);
    let parts = gate::parts(&log, Accounts::Shown);
    let gated = learnt(&log, &parts);
    (all != gated).then(|| format!("{all:?} became {gated:?} in {parts:?} of\n{text}"))
}

const SECRETS: [&str; 5] = [
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "hunter2",
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "28877368bfd2175bbaf0a00a2b3f261d",
];

#[test]
fn no_secret_in_any_syntax_is_passed_over() {
    for secret in SECRETS {
        for (form, spelling) in SYNTAXES.iter().chain([&("said {} to", Spelling::Bare)]) {
            for wrapper in 0..WRAPPERS {
                let text = form.replace("{}", &spelled(secret, *spelling));
                assert_eq!(lost(&wrapped(&text, wrapper)), None);
            }
        }
    }
}

#[test]
fn an_ordinary_log_is_passed_over() {
    for line in [
        NOISE,
        "aws_s3_bucket.logs: Refreshing state... [id=acme-logs]",
        "Step 4/9 : COPY --chown=app:app . /app",
        "key = prod/7/terraform.tfstate",
        r#"{"@level":"info","@message":"x: Creating...","hook":{"resource":{"resource_key":7,"addr":"aws_vpc.x[7]"}}}"#,
        r#"{"log":"GET /healthz 200\n","stream":"stderr","time":"2024-01-15T03:42:11.1234567Z"}"#,
        "the provided token has expired, the password has changed",
        "npm WARN deprecated har-validator@5.1.3: this library is no longer supported",
        "https://registry.terraform.io/providers/hashicorp/aws was downloaded",
    ] {
        let log = format!("{}\n", line.trim_end()).repeat(3);
        assert!(gate::parts(&log, Accounts::Shown).is_empty(), "{line}");
    }
}

#[test]
fn the_numbers_of_accounts_are_passed_over_only_where_they_stay() {
    let log = "arn:aws:iam::123456789012:role/ci\n";
    assert!(gate::parts(log, Accounts::Shown).is_empty());
    let whole = 0..log.len();
    assert_eq!(gate::parts(log, Accounts::Hidden), [whole]);
}

proptest! {
    #[test]
    fn no_secret_is_passed_over_where_its_line_was_broken(
        secret in "[A-Za-z0-9][A-Za-z0-9+/_-]{14,98}[A-Za-z0-9]={0,2}",
        syntax in prop::sample::select(one_line()),
        wrapper in 0..WRAPPERS,
        line in breaks(),
    ) {
        let line: Break = line;
        let text = syntax.0.replace("{}", &spelled(&secret, syntax.1));
        prop_assert_eq!(lost(&line.of(&text, wrapper)), None);
    }
}
