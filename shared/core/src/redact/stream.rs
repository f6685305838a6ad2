//! Learning the secrets of a text that is too long to be held.

use std::fmt;

use super::{Accounts, Redactor};

/// How much is looked at at once (bytes).
const PIECE: usize = 64 * 1024;

/// How much of a piece is looked at again with the next one (bytes): a private key at the seam is found as a whole.
const OVERLAP: usize = 8 * 1024;

/// Learns the secrets of a text of any size, in one pass with bounded memory, so that they are hidden in the parts that are shown.
///
/// Of one text some thousand secrets are kept; where there are more, the first ones are. Each is hidden where it was found
/// all the same, because what is shown goes through [`Redactor::redact`] too.
///
/// ```
/// use lockwarden_core::redact::{Accounts, Learner};
///
/// let mut learner = Learner::new(Accounts::Shown);
/// learner.read(b"export DB_PASSWORD=hun");
/// learner.read(b"ter2\n");
/// let mut redactor = learner.finish();
/// assert_eq!(redactor.redact("hunter2 was refused"), "[redacted:password:1] was refused");
/// ```
pub struct Learner {
    redactor: Redactor,
    /// What was not looked at yet, behind the end of what was.
    begun: Vec<u8>,
}

impl Learner {
    /// A learner that has read nothing.
    #[must_use]
    pub fn new(accounts: Accounts) -> Self {
        Self {
            redactor: Redactor::new(accounts),
            begun: Vec::new(),
        }
    }

    /// Reads the next bytes. Where one call ends and the next begins makes no difference, not even inside a character.
    pub fn read(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = PIECE.saturating_sub(self.begun.len());
            let (next, rest) = bytes.split_at(room.min(bytes.len()));
            self.begun.extend_from_slice(next);
            bytes = rest;
            if self.begun.len() >= PIECE {
                self.redactor
                    .learn_of_log(&String::from_utf8_lossy(&self.begun));
                let seen = self.begun.len() - overlap(&self.begun);
                self.begun.drain(..seen);
            }
        }
    }

    /// Ends the text. The redactor knows its secrets.
    #[must_use]
    pub fn finish(mut self) -> Redactor {
        self.redactor
            .learn_of_log(&String::from_utf8_lossy(&self.begun));
        self.redactor
    }
}

/// How much of the end of a piece is looked at again. It begins with a line, where there is one.
fn overlap(piece: &[u8]) -> usize {
    let end = piece
        .get(piece.len().saturating_sub(OVERLAP)..)
        .unwrap_or_default();
    let line = end.iter().position(|byte| *byte == b'\n');
    line.map_or(end.len(), |at| end.len() - at - 1)
}

impl fmt::Debug for Learner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Learner")
            .field("redactor", &self.redactor)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOISE: &str = "module.vpc: Still creating... [10s elapsed]\n";

    fn learnt(text: &str, step: usize) -> Redactor {
        let mut learner = Learner::new(Accounts::Shown);
        for piece in text.as_bytes().chunks(step) {
            learner.read(piece);
        }
        learner.finish()
    }

    #[test]
    fn a_secret_is_learnt_wherever_the_pieces_end() {
        for before in [
            0,
            PIECE - 60,
            PIECE - 30,
            PIECE - 20,
            PIECE - 10,
            PIECE,
            3 * PIECE,
        ] {
            let noise: String = NOISE.chars().cycle().take(before).collect();
            let text = format!("{noise}\nexport DB_PASSWORD=Tr0ub4dor+3 && x\n{noise}");
            for step in [1000, 65_536, usize::MAX] {
                let hidden = learnt(&text, step).redact("said Tr0ub4dor+3");
                assert_eq!(hidden, "said [redacted:password:1]", "{before}");
            }
        }
    }

    #[test]
    fn more_secrets_than_are_kept_cost_no_more_memory() {
        let many: String = (0..40_000)
            .map(|number| format!("password=Tr0ub4dor{number}\n"))
            .collect();
        let mut redactor = learnt(&many, 4096);
        assert!(redactor.learned.is_full());
        assert!(redactor.learned.size() < 1 << 20);
        assert_eq!(redactor.redact("Tr0ub4dor7"), "[redacted:password:1]");
        assert_eq!(
            redactor.redact("password=Tr0ub4dor39999"),
            "password=[redacted:password:2]"
        );
    }
}
