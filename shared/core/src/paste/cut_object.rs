//! A JSON object that a cut text leaves without its end.

use serde_json::Value;

/// What a cut object held, up to where it was cut; `None` where it was not cut but is none.
pub(super) fn read(text: &str) -> Option<Value> {
    let (text, ends) = closed(text)?;
    // It may end in a value, behind a name, in a value that is no string, or behind a comma.
    let without_word = text.trim_end_matches(|c: char| c.is_ascii_alphanumeric());
    let candidates = [
        (text.as_str(), ""),
        (text.as_str(), ":null"),
        (without_word, "null"),
        (text.trim_end_matches(','), ""),
    ];
    candidates
        .iter()
        .find_map(|(text, value)| serde_json::from_str(&format!("{text}{value}{ends}")).ok())
}

/// The text with the end of a string in which it was cut, and what closes everything else that is open; `None` where
/// nothing is.
fn closed(text: &str) -> Option<(String, String)> {
    let mut ends = Vec::new();
    let mut is_in_string = false;
    // Where an escape began, and how many characters of it are to come.
    let mut escape: Option<(usize, usize)> = None;
    for (at, character) in text.char_indices() {
        if let Some((begin, left)) = escape.take() {
            let left = if left == 1 && text.get(begin + 1..=at) == Some("u") {
                4
            } else {
                left - 1
            };
            escape = (left > 0).then_some((begin, left));
            continue;
        }
        match character {
            '\\' if is_in_string => escape = Some((at, 1)),
            '"' => is_in_string = !is_in_string,
            '{' if !is_in_string => ends.push('}'),
            '[' if !is_in_string => ends.push(']'),
            '}' | ']' if !is_in_string => {
                ends.pop();
                if ends.is_empty() {
                    return None;
                }
            }
            _ => {}
        }
    }
    let whole = escape.map_or(text.len(), |(begin, _)| begin);
    let end = if is_in_string { "\"" } else { "" };
    let text = format!("{}{end}", text.get(..whole).unwrap_or(text));
    Some((text, ends.into_iter().rev().collect()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_is_read_up_to_where_it_was_cut() {
        for (cut, held) in [
            (r#"{"a":"b\nc"#, json!({"a": "b\nc"})),
            (r#"{"a":"b\"#, json!({"a": "b"})),
            (r#"{"a":"b\u25"#, json!({"a": "b"})),
            (r#"{"a":"b\\"#, json!({"a": "b\\"})),
            (r#"{"a":"b","#, json!({"a": "b"})),
            (r#"{"a":"b","c"#, json!({"a": "b", "c": null})),
            (r#"{"a":"b","c":"#, json!({"a": "b", "c": null})),
            (r#"{"a":"b","c":tr"#, json!({"a": "b", "c": null})),
            (r#"{"a":["b",{"c":"}"#, json!({"a": ["b", {"c": "}"}]})),
        ] {
            assert_eq!(read(cut), Some(held), "{cut}");
        }
    }

    #[test]
    fn what_has_its_end_or_is_no_object_was_not_cut() {
        for text in [r#"{"a":"b"} and more"#, r#"{"a" "b"#, "{\"a\":\"b\nc", "}"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn every_beginning_of_an_object_can_be_read() {
        let whole = json!({"a": "\u{1b}\\\"\n", "b": [true, {"c": "│"}]}).to_string();
        for end in 2..whole.len() {
            let cut = &whole[..whole.floor_char_boundary(end)];
            assert!(read(cut).is_some(), "{cut}");
        }
    }
}
