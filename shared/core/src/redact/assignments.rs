//! Secrets beside their names: `password = "…"`, `"token": "…"`, `export API_KEY=…`, `--secret …`, and so on.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::Found;
use super::kind::Kind;
use super::members::{self, Above};
use super::names::{self, Hint};
use super::pattern::compiled;
use super::phrase;
use super::reach::{self, Reach};
use super::tie::{self, Tie};
use super::value_text::{self, Form, Value};
use super::values;

/// Every value in `text` that stands beside a name that sounds like a secret.
pub(super) fn find(text: &str, found: &mut Vec<Found>) {
    static NAME: LazyLock<Regex> = LazyLock::new(|| {
        compiled(
            r"(?i-u)[a-z0-9_.$-]*(?:pass|pwd|pw|secret|token|key|credential|creds|auth|cookie|salt|sas|sharedaccesssignature|dockerc(?:onfigjson|fg))[a-z0-9_.-]*",
        )
    });
    let mut at = 0;
    // What is no secret itself may hold one (`auth=password=…`), but is not gone over more than twice.
    let mut read_to = 0;
    // A map in a map is gone over once.
    let mut members_to = 0;
    while let Some(name) = NAME.find_at(text, at) {
        at = name.end();
        let name = with_words_before(text, name.range());
        let said = text.get(name.clone()).unwrap_or_default();
        let Some(hint) = names::hint(said) else {
            continue;
        };
        let Some((tie, start)) = tie::tie(text, name.clone()) else {
            continue;
        };
        let name = name.start;
        let is_within = name < read_to;
        if let Some(above) = above(name, said, hint, tie)
            && name >= members_to
        {
            members_to = members::find(text, start, above, found).unwrap_or(members_to);
        }
        for mut value in value_text::read(text, start, tie) {
            if value.form == Form::Bare && tie == (Tie::Equals { spaced: false }) {
                let begin = value.range.start;
                let end = phrase::end_in_quotes(text, name, begin)
                    .or_else(|| phrase::end_of_set(text, name, begin));
                value.range.end = end.map_or(value.range.end, |end| end.max(value.range.end));
            }
            read_to = read_to.max(value.range.end);
            if is_within {
                at = at.max(value.range.end);
            }
            if let Some(kind) = is_secret(text, name, hint, tie, &value) {
                let is_phrase =
                    tie == Tie::Phrase || kind == Kind::Password && tie::may_have_spaces(tie);
                let range = if is_phrase { value.line } else { value.range };
                at = at.max(range.end);
                found.push(Found::new(kind, text, range));
            }
        }
    }
    find_pairs(text, found);
}

/// `{"name": "DB_PASSWORD", "value": "…"}` of container definitions, and the same in YAML.
fn find_pairs(text: &str, found: &mut Vec<Found>) {
    static PAIR: LazyLock<Regex> = LazyLock::new(|| {
        compiled(concat!(
            r#"(?i-u:["']?\b(?:name|key|parameterkey)["']?\s*[:=]\s*["']?([a-z0-9_.-]+)["']?\s*[,;]?)"#,
            // A CI's prefix may stand before the second line.
            r"(?:\s*|[ \t]*\r?\n[^\n]{0,80}?[ \t])",
            r#"(?i-u:["']?\b(?:value|parametervalue)["']?[ \t]*[:=][ \t]*)"#
        ))
    });
    for captures in PAIR.captures_iter(text) {
        let whole = captures.get_match().range();
        let hint = captures.get(1).and_then(|name| names::hint(name.as_str()));
        let Some(hint) = hint else { continue };
        let tie = Tie::Equals { spaced: true };
        for value in value_text::read(text, whole.end, tie) {
            if let Some(kind) = is_secret(text, whole.start, hint, tie, &value) {
                found.push(Found::new(kind, text, value.range));
            }
        }
    }
}

/// What the name says of the members of a map or of the lines below it.
fn above(name: usize, said: &str, hint: Hint, tie: Tie) -> Option<Above> {
    let is_collection = names::is_collection(said);
    let may_have = matches!(tie, Tie::Equals { .. } | Tie::Colon { .. });
    match hint {
        Hint::Certain(kind) if may_have => Some(Above {
            kind,
            name,
            is_collection,
        }),
        Hint::Likely(kind) if may_have && is_collection => Some(Above {
            kind,
            name,
            is_collection,
        }),
        Hint::Certain(_) | Hint::Likely(_) => None,
    }
}

/// The name together with the words before it that belong to it: `Secret access key`, `DB password`.
pub(super) fn with_words_before(text: &str, name: Range<usize>) -> Range<usize> {
    const BELONGING: &str = "access account admin api app aws client database db encryption license master my private root secret \
        service session shared signing ssh storage user";
    let mut start = name.start;
    for _ in 0..3 {
        let before = text.get(..start).unwrap_or_default();
        let Some(apart) = before.strip_suffix(' ') else {
            break;
        };
        let word = apart
            .bytes()
            .rev()
            .take(12)
            .take_while(u8::is_ascii_alphabetic)
            .count();
        let at = apart.len() - word;
        let belongs = BELONGING.split(' ').any(|one| {
            text.get(at..apart.len())
                .is_some_and(|word| word.eq_ignore_ascii_case(one))
        });
        if !belongs {
            break;
        }
        start = at;
    }
    start..name.end
}

/// Whether the value is to be hidden, and as what.
fn is_secret(text: &str, name: usize, hint: Hint, tie: Tie, value: &Value) -> Option<Kind> {
    let said = text.get(value.range.clone())?;
    if values::is_trivial(said) {
        return None;
    }
    let is_bare = value.form == Form::Bare;
    if is_bare && matches!(tie, Tie::Colon { .. }) && is_progress(text, name, said) {
        return None;
    }
    if is_bare && tie == (Tie::Equals { spaced: true }) && values::is_expression(said) {
        return None;
    }
    match (hint, tie) {
        (Hint::Likely(kind), _) => {
            (values::is_mixed(said) || values::is_user_and_password(said)).then_some(kind)
        }
        (Hint::Certain(kind), Tie::Colon { spaced }) if is_bare => {
            // `X-Vault-Token` is no word of prose.
            let is_one_word = text.get(name..).is_some_and(|rest| {
                let end = rest.find(|character: char| !character.is_ascii_alphanumeric());
                end.is_none_or(|end| {
                    !rest
                        .get(end..)
                        .is_some_and(|rest| rest.starts_with(['-', '_']))
                })
            });
            let in_prose = is_one_word && is_in_prose(text, name);
            let stands_out = values::is_mixed(said)
                && (!in_prose || kind == Kind::Password || values::is_token(said));
            // `pass: 12 fail: 0` tells of tests.
            let is_verdict = text
                .get(name..)
                .is_some_and(|rest| rest.starts_with("pass:"));
            let is_all = !in_prose && !is_verdict && (!value.has_words || kind == Kind::Password);
            (stands_out || spaced && is_all).then_some(kind)
        }
        (Hint::Certain(kind), Tie::Phrase) => Some(kind),
        (Hint::Certain(kind), Tie::Cell | Tie::Loose) => {
            let word = said.trim_end_matches([':', ';', ',', '.']);
            let stands_out = values::is_mixed(word) || reach::of(word) == Reach::Anywhere;
            let is_phrase = || kind == Kind::Password && phrase::is_phrase(said);
            (stands_out || is_phrase()).then_some(kind)
        }
        (Hint::Certain(kind), Tie::Equals { .. } | Tie::Colon { .. } | Tie::Flag | Tie::Tag) => {
            // `PWD=/home/alice` is where a shell stands.
            let is_folder = kind == Kind::Password
                && said.starts_with('/')
                && text.get(name..).is_some_and(|name| {
                    ["PWD=", "OLDPWD="].iter().any(|pwd| name.starts_with(pwd))
                });
            (!is_folder).then_some(kind)
        }
    }
}

/// `random_password.token: Creating...`: the address of a resource, and what Terraform does with it (`views/hook_ui.go`).
fn is_progress(text: &str, name: usize, said: &str) -> bool {
    static STEP: LazyLock<Regex> = LazyLock::new(|| {
        compiled(
            r"\A(?:Creat|Refresh|Read|Still|Destr|Modif|Import|Open|Clos|Provisioning|Preparing)[a-z]*(?:\.{3})?\z",
        )
    });
    let address = text.get(name..).and_then(|rest| rest.split(':').next());
    STEP.is_match(said) && address.is_some_and(|address| address.contains('.'))
}

/// Whether a word of prose stands before the name on its line: `the provided token: …`, not `app_1 | token: …`.
fn is_in_prose(text: &str, name: usize) -> bool {
    let before = text.get(..name).unwrap_or_default();
    // A word of prose is not longer, and a line may be as long as the text.
    let near = before.char_indices().rev().take(40).last();
    let line = near
        .and_then(|(at, _)| before.get(at..)?.rsplit('\n').next())
        .unwrap_or_default();
    let word = line.split_whitespace().next_back().unwrap_or_default();
    let is_apart = line.ends_with([' ', '\t']);
    let is_word = word.len() > 1
        && word.bytes().all(|byte| byte.is_ascii_alphabetic())
        && word.bytes().any(|byte| byte.is_ascii_lowercase());
    is_apart && (is_word || word == "Error:" || word == "error:")
}
