//! Values of several words, where no quote stands right in front of them.

use std::sync::LazyLock;

use regex::Regex;

use super::pattern::compiled;

/// Longer ones were typed by nobody (bytes).
const LONGEST: usize = 300;

/// Whether the name is that of a variable with what people make of words; the word alone is prose.
pub(super) fn is_of_passphrase(name: &str) -> bool {
    let is_variable = name.contains('_') || !name.contains(|letter: char| letter.is_lowercase());
    is_variable && name.to_ascii_lowercase().ends_with("passphrase")
}

/// Where behind a name a phrase begins that goes to the end of the line; `None` where there is prose, or nothing.
pub(super) fn begin(behind: &str) -> Option<usize> {
    let line = behind.lines().next()?;
    let phrase = line.trim_start_matches([' ', '\t']);
    let gap = line.len() - phrase.len();
    (gap > 0 && is_phrase(phrase)).then_some(gap)
}

/// Whether these are words that nobody says of a passphrase: three of them or more, and none of a sentence.
pub(super) fn is_phrase(text: &str) -> bool {
    const OF_SENTENCES: &str = "and are because been but by can cannot could does empty environment expired fail failed for from has have in \
        incorrect invalid is may missing must need needs no not of on or please provided required set should that the this to unset \
        used value variable was were when will with wrong you your";
    let words = || text.split_whitespace();
    let is_word = |word: &str| {
        word.chars()
            .all(|character| character.is_alphanumeric() || character == '-')
            && !OF_SENTENCES
                .split(' ')
                .any(|one| one.eq_ignore_ascii_case(word))
    };
    text.len() <= LONGEST && words().count() >= 3 && words().all(is_word)
}

/// Where a bare value at `start` ends because a quote in front of its name goes on behind it: `-e "DB_PASSPHRASE=a b c"`.
///
/// Only one argument or one member of a list is so; `sh -c "PASSWORD=x terraform plan"` is a command.
pub(super) fn end_in_quotes(text: &str, name: usize, start: usize) -> Option<usize> {
    static OPENING: LazyLock<Regex> = LazyLock::new(|| {
        compiled(concat!(
            r"(?:\b(?i-u:export|setx?|env|arg|declare|local)[ \t]+",
            r#"|(?:\A|[\s"',\[])(?<flag>--?[A-Za-z][A-Za-z0-9-]*)(?:=|[ \t]+)"#,
            r"|(?:\A|\s)-[ \t]+|[\[,(][ \t]*)",
            r#"\\*(?<quote>["'])[A-Za-z0-9_.$-]*\z"#,
            r#"|(?:\A|[\s,\[(])\\*(?<before>["'])--?[A-Za-z][A-Za-z0-9-]*=[A-Za-z0-9_.$-]*\z"#,
        ))
    });
    let near = (name.saturating_sub(120)..=name).find_map(|at| text.get(at..name))?;
    let opening = OPENING.captures(near)?;
    let flag = opening.name("flag").map_or("", |flag| flag.as_str());
    let is_command = !flag.starts_with("--") && flag.ends_with('c');
    let quote = opening.name("quote").or(opening.name("before"))?.as_str();
    let line = text.get(start..)?.lines().next()?;
    let value = line.get(..line.find(quote)?)?.trim_end_matches('\\');
    (!is_command && value.len() <= LONGEST).then_some(start + value.len())
}

/// Where the value of `SET NAME=a b c` ends, which `cmd.exe` reads up to the end of the line.
pub(super) fn end_of_set(text: &str, name: usize, start: usize) -> Option<usize> {
    static SET: LazyLock<Regex> =
        LazyLock::new(|| compiled(r"(?i-u:(?:\A|[\n>&(]|  )[ \t]*set[ \t]+)\z"));
    let near = (name.saturating_sub(40)..=name).find_map(|at| text.get(at..name))?;
    if !SET.is_match(near) {
        return None;
    }
    let line = text.get(start..)?.lines().next()?;
    let command = line.split('&').next().unwrap_or_default();
    Some(start + command.trim_end().len())
}
