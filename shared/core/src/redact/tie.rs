//! What ties a name to its value: a sign of assignment, a flag, a verb, a column.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::pattern::compiled;
use super::phrase;
use super::values;

/// How a name is tied to its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tie {
    /// `=`, `:=`, `=>`; with spaces around it, the value may be an expression of HCL.
    Equals { spaced: bool },
    /// `:`; with a space behind it, it may also be prose.
    Colon { spaced: bool },
    /// `--name value`
    Flag,
    /// `<name>value</name>`
    Tag,
    /// `| name | value |`
    Cell,
    /// `DB_PASSPHRASE correct horse battery staple`
    Phrase,
    /// `name was value`, `name -> value`, or nothing but the space of a table's column: prose has these too.
    Loose,
}

/// What ties the name at `name` to a value, and where the value begins; `None` where no value follows.
pub(super) fn tie(text: &str, name: Range<usize>) -> Option<(Tie, usize)> {
    static TIE: LazyLock<Regex> = LazyLock::new(|| {
        compiled(concat!(
            r#"\A(["'`\])*]{0,4}"#,
            // `Secret Key (rotated):`, `Password for bob:`
            r#"(?:[ \t]\([^()\n]{1,40}\))?(?:[ \t](?:for|of)(?:[ \t](?:'[^'\n]{1,80}'|"[^"\n]{1,80}"|[^\s:='"]{1,40})){1,3})?["'`*]{0,3})"#,
            r#"([ \t]*)(=>|:=|->|[=:|>]|(?:is|was)(?:[ \t](?:now|set[ \t]to))?[ \t]*:?[ \t])([*_]{0,2}[ \t]*)"#
        ))
    });
    let before = text.get(..name.start)?.chars().next_back();
    let rest = text.get(name.end..)?;
    let Some(captures) = TIE.captures(rest) else {
        return flag(text, name.clone()).or_else(|| column(text, name));
    };
    let [closing, space, sign, gap] =
        [1, 2, 3, 4].map(|group| captures.get(group).map_or("", |part| part.as_str()));
    let start = name.end + captures.get_match().end();
    let next = text.get(start..)?.chars().next();
    let tie = match sign {
        // Comparisons: `==`, `=~`.
        "=" if gap.is_empty() && matches!(next, Some('=' | '~')) => return None,
        ":" if closing.is_empty() && gap.is_empty() => {
            // `arn:aws:secretsmanager:…:secret:name`, `secret://…`, `Token::new`
            if matches!(before, Some(':' | '/')) || matches!(next, Some(':' | '/')) {
                return None;
            }
            Tie::Colon { spaced: false }
        }
        ":" if !gap.is_empty() => Tie::Colon { spaced: true },
        "|" => Tie::Cell,
        "->" => Tie::Loose,
        verb if verb.starts_with(['i', 'w']) => {
            if space.is_empty() {
                return None;
            }
            Tie::Loose
        }
        ">" if before == Some('<') => Tie::Tag,
        ">" => return None,
        _ => Tie::Equals {
            spaced: !space.is_empty() && !gap.is_empty(),
        },
    };
    Some((tie, start))
}

/// `--name value` and `-name value`.
fn flag(text: &str, name: Range<usize>) -> Option<(Tie, usize)> {
    static GAP: LazyLock<Regex> = LazyLock::new(|| compiled(r#"\A["']?,?[ \t]+"#));
    static PROSE: LazyLock<Regex> = LazyLock::new(|| {
        compiled(
            r"(?-u)\A(?:and|are|argument|can|command|field|flag|for|from|has|if|in|is|must|on|option|or|parameter|setting|should|to|was|with)\b|\A-",
        )
    });
    if !text.get(name.clone())?.starts_with('-') {
        return None;
    }
    let rest = text.get(name.end..)?;
    let gap = GAP.find(rest)?;
    let value = rest.get(gap.end()..)?;
    (!PROSE.is_match(value)).then_some((Tie::Flag, name.end + gap.end()))
}

/// `name     value`: columns, kept apart by a tab or by more than one space.
fn column(text: &str, name: Range<usize>) -> Option<(Tie, usize)> {
    static GAP: LazyLock<Regex> =
        LazyLock::new(|| compiled(r#"\A["']?(?:[ ]*\t[ \t]*|[ ]{2,})[^\s]"#));
    let rest = text.get(name.end..)?;
    let said = text.get(name.clone())?;
    if phrase::is_of_passphrase(said)
        && let Some(start) = phrase::begin(rest)
    {
        return Some((Tie::Phrase, name.end + start));
    }
    if let Some(gap) = GAP.find(rest) {
        return Some((Tie::Loose, name.end + gap.end() - last_length(gap.as_str())));
    }
    let value = rest.strip_prefix(' ')?.split_whitespace().next()?;
    // `DB_PASSWORD x9q8w7e6r5t4`: behind one space only what no prose has.
    let is_telling = said.contains('_') && values::is_token(value) && values::is_mixed(value);
    // `docker run -e PASSWORD x9q8w7e6r5t4`: where there is no value, the name of an image stands there, which has no capitals
    // (the reference format of the OCI's distribution specification).
    let is_random = || {
        let is_plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let is_plain = is_plain && values::is_token(value) && values::is_mixed(value);
        let has_capitals = value.bytes().any(|byte| byte.is_ascii_uppercase());
        is_plain || has_capitals && values::is_unmistakable(value)
    };
    let is_of_container = || {
        let before = text
            .get(..name.start)
            .unwrap_or_default()
            .trim_end_matches([' ', '"', '\'']);
        ["-e", "--env"].iter().any(|flag| before.ends_with(flag))
    };
    let is_value = if is_of_container() {
        is_random()
    } else {
        is_telling
    };
    is_value.then_some((Tie::Loose, name.end + 1))
}

fn last_length(text: &str) -> usize {
    text.chars().next_back().map_or(0, char::len_utf8)
}

/// Whether a bare value may go on behind a space: in YAML and in ini files, but in no shell.
pub(super) fn may_have_spaces(tie: Tie) -> bool {
    matches!(
        tie,
        Tie::Colon { spaced: true } | Tie::Equals { spaced: true }
    )
}
