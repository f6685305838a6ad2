//! The same of many locks, with nothing to do.

use super::Text;
use crate::notice::many::{lines, opening};
use crate::notice::{ManyFacts, NoticeKind};

pub(super) fn told(text: &mut Text, kind: NoticeKind, many: &ManyFacts) {
    text.line(opening(kind, many));
    text.gap();
    for line in lines(many) {
        text.line(line);
    }
}
