//! Names that people gave, blanked: a bucket may be called `access-denied-logs` and a key `forbidden/throttling.tfstate`,
//! and neither says anything about what went wrong.

/// A quoted name is not longer than an S3 key (1024 bytes) and what is around it.
const LONGEST_NAME: usize = 1_100;

/// Words before a quoted text that is no name but what somebody said: `Code="AuthorizationFailed"` of Azure's older
/// library, `{"code":"AccessDenied"}`.
const SAYING: [&str; 8] = [
    "code",
    "errorcode",
    "error_code",
    "message",
    "errormessage",
    "error",
    "reason",
    "msg",
];

/// `text` without names: those that are `known`, what stands in quotes, and what has the shape of an address, an ARN, a path
/// or a name with hyphens. Something stays in their place, so that the words around them do not run together.
pub(super) fn blanked(text: &str, known: &[&str]) -> String {
    let mut text = unquoted(text);
    for name in known {
        // A name that is a plain word may stand in the message as a word of the service's.
        if name.len() > 2 && name.contains(|c: char| !c.is_ascii_alphabetic()) {
            text = text.replace(name, "_");
        }
    }
    let words = text
        .split_whitespace()
        .map(|word| if is_name(word) { "_" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

/// `text` with nothing between the quotes around a name.
fn unquoted(text: &str) -> String {
    let mut kept = String::new();
    let mut from = 0;
    while let Some(at) = next_quote(text, from) {
        let (before, behind) = (
            text.get(..at).unwrap_or_default(),
            text.get(at + 1..).unwrap_or_default(),
        );
        let quote = text.get(at..=at).unwrap_or_default();
        kept.push_str(text.get(from..=at).unwrap_or_default());
        from = at + 1;
        let opens = before.ends_with(|c: char| c.is_whitespace() || "([{=:,".contains(c));
        if !(opens || before.is_empty()) || is_said(before) {
            continue;
        }
        if let Some(end) = end_of_quoted(behind, quote) {
            kept.push_str(quote);
            from += end + 1;
        }
    }
    kept.push_str(text.get(from..).unwrap_or_default());
    kept
}

fn next_quote(text: &str, from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    Some(from + rest.find(['"', '\'', '`'])?)
}

/// Where the quoted text ends: at a quote that no letter follows, so an apostrophe inside a word is none.
fn end_of_quoted(text: &str, quote: &str) -> Option<usize> {
    let mut ends = text.match_indices(quote).map(|(at, _)| at);
    let end = ends.find(|at| {
        let next = text
            .get(at + quote.len()..)
            .unwrap_or_default()
            .chars()
            .next();
        next.is_none_or(|next| !next.is_alphanumeric())
    })?;
    (end <= LONGEST_NAME).then_some(end)
}

/// Whether a quote behind `before` opens what somebody said.
fn is_said(before: &str) -> bool {
    let Some(before) = before.trim_end().strip_suffix([':', '=']) else {
        return false;
    };
    let before = before.trim_end_matches(['"', '\'', ' ']);
    let at = before.rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let word = before.get(at.map_or(0, |at| at + 1)..).unwrap_or_default();
    SAYING.contains(&word.to_ascii_lowercase().as_str())
}

/// Whether a word has the shape of a name.
fn is_name(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    let is_path = word.contains('/') && word != "i/o";
    let is_host = word.split('.').filter(|part| !part.is_empty()).count() > 2;
    let is_file = word.ends_with(".tflock") || word.ends_with(".tfstate");
    is_path || is_host || is_file || word.contains(['-', '_']) || word.starts_with("arn:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_and_words_stay() {
        for (text, kept) in [
            (
                "unable to retrieve file from S3 bucket 'access-denied' with key 'a b/forbidden.tflock': NoSuchKey: ",
                "unable to retrieve file from S3 bucket '' with key '': NoSuchKey:",
            ),
            (
                "storage: bucket doesn't exist",
                "storage: bucket doesn't exist",
            ),
            (
                r#"writing "gs://forbidden/default.tflock" failed: googleapi: Error 403: Access denied., forbidden"#,
                r#"writing "" failed: googleapi: Error 403: Access denied., forbidden"#,
            ),
            (
                "Put https://throttling.s3.amazonaws.com/x: dial tcp: lookup throttling.s3.amazonaws.com on 10.0.0.2:53: i/o timeout",
                "Put _ dial tcp: lookup _ on _ i/o timeout",
            ),
            (
                "not authorized to perform: kms:Decrypt on resource: arn:aws:kms:eu-west-1:1:key/forbidden because",
                "not authorized to perform: kms:Decrypt on resource: _ because",
            ),
            (
                r#"Status=403 Code="AuthorizationFailed" Message="not allowed" bucket="forbidden""#,
                r#"Status=403 Code="AuthorizationFailed" Message="not allowed" bucket="""#,
            ),
            (r#"{"code":"AccessDenied"}"#, r#"{"":"AccessDenied"}"#),
            ("the table slowdown-locks is busy", "the table _ is busy"),
            ("it's the key 'it's/forbidden'", "it's the key ''"),
            ("no end 'forbidden", "no end 'forbidden"),
        ] {
            assert_eq!(blanked(text, &[]), kept, "{text}");
        }
    }

    #[test]
    fn a_known_name_goes_where_nothing_marks_it() {
        let known = ["forbidden.states", "denied"];
        assert_eq!(
            blanked("access denied to forbidden.states", &known),
            "access denied to _"
        );
    }
}
