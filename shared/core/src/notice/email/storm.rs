//! The question about many locks.

use super::{Text, do_not};
use crate::notice::{Notice, StormFacts};

/// Many locks have one cause more often than not, so the list is short and the cause comes first.
pub(super) fn asking(text: &mut Text, notice: &Notice, storm: &StormFacts) {
    text.line(storm.opening());
    text.gap();
    for (number, lock) in (1..).zip(&storm.locks) {
        text.line(format!("{number:>3}. {}", lock.state()));
        text.line(format!("     {}", lock.line()));
        match &lock.url {
            Some(url) => text.line(format!("     {}  {url}", lock.request)),
            None => text.line(format!("     {}", lock.request)),
        }
        if let Some(words) = lock.open_eyes() {
            text.line(format!("     {words}"));
        }
    }
    if let Some(rest) = storm.rest() {
        text.line(format!("     {rest}"));
    }
    text.gap();
    text.line("1. LOOK for what they have in common: a runner that died, a pipeline that was cancelled, a host that is gone.");
    text.line("   Are all these holders really gone?");
    text.gap();
    text.line("2. RELEASE ALL, if they are. Each is compared on its own; what changed, shows life or was decided since stays:");
    let commands = notice.commands.as_ref();
    text.command(commands.and_then(|commands| commands.release.as_ref()));
    text.gap();
    text.line(
        "3. ONE BY ONE instead: each has its request above. To release the first, or to keep it for 2 h:",
    );
    let first = storm.locks.first();
    text.command(first.and_then(|lock| lock.release.as_ref()));
    text.command(first.and_then(|lock| lock.keep.as_ref()));
    if first.is_some_and(|lock| lock.url.is_some()) {
        text.line("   Or by its page, which acts on nothing that you do not type. Do not forward these links.");
    }
    do_not(text);
}
