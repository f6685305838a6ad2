//! Where lines end that were too long.

use proptest::prelude::*;

/// Who ends them, and after how many characters.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wrap {
    No,
    /// As Terraform does it: at spaces, and only in lines that are not indented (`command/format/diagnostic.go`).
    Terraform(usize),
    /// As a terminal does it: after so many characters.
    Hard(usize),
    /// As an editor or a mail program does it: at spaces, everywhere.
    Words(usize),
}

pub(super) fn wraps() -> impl Strategy<Value = Wrap> {
    prop_oneof![
        Just(Wrap::No),
        (40_usize..=200).prop_map(Wrap::Terraform),
        (40_usize..=200).prop_map(Wrap::Hard),
        (40_usize..=200).prop_map(Wrap::Words),
    ]
}

pub(super) fn wrap(text: &str, wrap: Wrap) -> String {
    let wrapped = text.lines().map(|line| match wrap {
        Wrap::No => line.to_owned(),
        Wrap::Terraform(_) if line.starts_with([' ', '\t']) => line.to_owned(),
        Wrap::Terraform(width) | Wrap::Words(width) => at_spaces(line, width),
        Wrap::Hard(width) => {
            let characters: Vec<char> = line.chars().collect();
            let pieces: Vec<String> = characters
                .chunks(width)
                .map(|piece| piece.iter().collect())
                .collect();
            pieces.join("\n")
        }
    });
    wrapped.collect::<Vec<_>>().join("\n")
}

fn at_spaces(line: &str, width: usize) -> String {
    let mut wrapped = String::new();
    let mut used = 0;
    for word in line.split_inclusive(' ') {
        let length = word.trim_end().chars().count();
        if used > 0 && used + length > width && length > 0 && !wrapped.trim_end().is_empty() {
            wrapped.truncate(wrapped.trim_end().len());
            wrapped.push('\n');
            used = 0;
        }
        wrapped.push_str(word);
        used += word.chars().count();
    }
    wrapped
}
