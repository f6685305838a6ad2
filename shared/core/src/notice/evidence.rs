//! Evidence in words: only what was found, each piece on a line of its own.

use crate::evidence::{Elsewhere, Evidence, Looked, Paths, Run, Writes};
use crate::text::{shown, shown_time};

/// How much of a path a line shows (characters).
const PATH: usize = 200;
/// How much of any other foreign field.
const FIELD: usize = 300;

/// A label and what there is to say; what is not known is said only where a release by rule would want it.
pub(super) fn lines(evidence: &Evidence) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    match &evidence.state_writes {
        Looked::At(found) => lines.extend(writes(found).map(|text| ("Writes", text))),
        Looked::Unknown(why) => lines.push(("Writes", format!("unknown: {}", shown(why, FIELD)))),
    }
    match &evidence.run {
        Looked::At(found) => lines.extend(found.as_ref().map(|found| ("Run", run(found)))),
        Looked::Unknown(why) => lines.push(("Run", format!("unknown: {}", shown(why, FIELD)))),
    }
    lines.extend(elsewhere(&evidence.elsewhere));
    // Not to know how often is no news.
    if let Some(times) = evidence.flaps.found().filter(|times| **times > 0) {
        let times = if *times == 1 {
            "once before".to_owned()
        } else {
            format!("{times} times before")
        };
        lines.push((
            "Again",
            format!("this state was stuck {times} within a day"),
        ));
    }
    lines
}

fn writes(writes: &Writes) -> Option<String> {
    let last = shown_time(writes.last?);
    let at_least = if writes.or_more { "at least " } else { "" };
    let times = match writes.count {
        1 => "once".to_owned(),
        count => format!("{count} times"),
    };
    Some(format!(
        "the state was written {at_least}{times} since the lock was taken, last at {last}"
    ))
}

fn run(run: &Run) -> String {
    let mut words = match run.ended_at {
        Some(ended) => format!(
            "it said at {} that it was over, and its lock is still there: gone",
            shown_time(ended)
        ),
        None => format!("last heard of at {}", shown_time(run.beat_at)),
    };
    if let Some(link) = run.link() {
        words.push_str(&format!(". Its job: {link}"));
    }
    words
}

fn elsewhere(elsewhere: &Elsewhere) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    for (label, paths) in [
        ("Also holds", &elsewhere.holds_too),
        ("Held before", &elsewhere.held_before),
    ] {
        if !paths.are_none() {
            lines.push((label, list(paths)));
        }
    }
    if let Some(newer) = &elsewhere.newer_on_host {
        let text = format!(
            "{} locked {} at {}: the host is at work, which says nothing about this run",
            shown(&newer.who, FIELD),
            shown(newer.lock_id.as_str(), PATH),
            shown_time(newer.since)
        );
        lines.push(("Same host", text));
    }
    lines
}

fn list(paths: &Paths) -> String {
    let first = paths.first.iter();
    let mut words: Vec<String> = first.map(|path| shown(path.as_str(), PATH)).collect();
    if paths.more > 0 {
        words.push(format!("{} more", paths.more));
    }
    words.join(", ")
}
