//! Text copied from a page, or for one: entities and the tags around log lines.

/// Tags that log viewers and Markdown wrap text in. No other `<…>` is touched: `<user>` is how people hide a holder.
const TAGS: [&str; 12] = [
    "pre", "code", "span", "p", "div", "samp", "b", "details", "summary", "td", "tr", "font",
];

const ENTITIES: [(&str, char); 9] = [
    ("lt", '<'),
    ("gt", '>'),
    ("amp", '&'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("ensp", ' '),
    ("boxv", '│'),
    ("NewLine", '\n'),
];

/// A text escaped twice is met in the wild; one escaped four times is not.
const DEEPEST: usize = 3;

/// `text` without tags, its entities resolved. A `<br>` becomes a line feed.
pub(super) fn plain(text: &str) -> String {
    let mut plain = text.to_owned();
    for _ in 0..DEEPEST {
        let next = once(&plain);
        if next == plain {
            break;
        }
        plain = next;
    }
    plain
}

/// One level of [`plain`].
pub(super) fn once(text: &str) -> String {
    resolve_entities(&without_tags(text))
}

fn without_tags(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        plain.push_str(before);
        match tag(after) {
            Some((name, past)) => {
                if name == "br" {
                    plain.push('\n');
                }
                rest = past;
            }
            None => {
                plain.push('<');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// The known tag whose `<` is already gone, and what comes after it.
fn tag(text: &str) -> Option<(&str, &str)> {
    let (inside, past) = text.split_once('>')?;
    let inside = inside.strip_prefix('/').unwrap_or(inside);
    let end = inside
        .find(|c: char| !c.is_ascii_alphanumeric())
        .unwrap_or(inside.len());
    let (name, attributes) = inside.split_at(end);
    let is_known = name == "br" || TAGS.contains(&name);
    // `<b@host>` is a holder, not a tag.
    let is_tag = is_known && (attributes.is_empty() || attributes.starts_with([' ', '/']));
    is_tag.then_some((name, past))
}

fn resolve_entities(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        match entity(after) {
            Some((character, past)) => {
                plain.push(character);
                rest = past;
            }
            None => {
                plain.push('&');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// Whether this may be the beginning of an entity whose `&` is already gone, and is no whole one.
pub(super) fn begins_entity(text: &[u8]) -> bool {
    let is_number = text
        .strip_prefix(b"#")
        .is_some_and(|number| number.len() < 7 && number.iter().all(u8::is_ascii_alphanumeric));
    is_number
        || ENTITIES
            .iter()
            .any(|(name, _)| name.as_bytes().starts_with(text))
}

/// The character of the entity whose `&` is already gone, and what comes after it.
fn entity(text: &str) -> Option<(char, &str)> {
    let (name, past) = text.split_once(';')?;
    let character = match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
        None => ENTITIES.iter().find(|(known, _)| *known == name)?.1,
    };
    Some((character, past))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_and_known_tags_go_and_the_rest_stays() {
        assert_eq!(
            plain("<span class=\"x\">&#9474; &quot;a&quot;</span>"),
            "│ \"a\""
        );
        assert_eq!(plain("a<br />b<br>c<br/>"), "a\nb\nc\n");
        assert_eq!(plain("&amp;quot;&nbsp;&#x2502;&#10;"), "\" │\n");
        for kept in [
            "<user>@host",
            "a & b",
            "&unknown;",
            "<b@host>",
            "1 < 2 > 0",
            "&#xZZ;",
            "&",
        ] {
            assert_eq!(plain(kept), kept);
        }
        assert_eq!(plain("&lt;user&gt;"), "<user>");
    }
}
