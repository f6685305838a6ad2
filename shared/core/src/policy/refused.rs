//! Why a policy cannot be used.

use std::fmt;

use super::{Policy, Terms};

/// Reads the text of a policy; what it says is filled up from these terms. The name says where the text is from.
///
/// Settings take one as an argument, because this crate reads no HCL.
pub type Reader = fn(text: &str, name: &str, base: Terms) -> Result<Policy, Refused>;

/// A policy with everything that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Where the text is from: a setting or a file.
    pub name: String,
    /// What is wrong, in the order of the text. Never empty.
    pub complaints: Vec<Complaint>,
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What stands there, made safe to show and cut.
    pub text: String,
    /// What is wrong with it.
    pub why: String,
    /// What would be right.
    pub right: String,
}

impl Refused {
    /// So many complaints are shown; who has mended those reads the rest at the next try.
    pub const MOST: usize = 20;
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, complaint) in self.complaints.iter().take(Self::MOST).enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            let Complaint {
                line,
                column,
                text,
                why,
                right,
            } = complaint;
            let name = &self.name;
            write!(
                formatter,
                "{separator}{name}:{line}:{column}: `{text}`: {why}; {right}"
            )?;
        }
        match self.complaints.len().saturating_sub(Self::MOST) {
            0 => Ok(()),
            more => write!(formatter, "\nand {more} more"),
        }
    }
}

impl std::error::Error for Refused {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_complaint_has_a_line_and_very_many_are_counted() {
        let complaint = |line: usize| Complaint {
            line,
            column: 3,
            text: "x".to_owned(),
            why: "it is wrong".to_owned(),
            right: "write `y`".to_owned(),
        };
        let refused = |count: usize| Refused {
            name: "POLICY".to_owned(),
            complaints: (1..=count).map(complaint).collect(),
        };
        assert_eq!(
            refused(2).to_string(),
            "POLICY:1:3: `x`: it is wrong; write `y`\nPOLICY:2:3: `x`: it is wrong; write `y`"
        );
        assert_eq!(refused(20).to_string().lines().count(), 20);
        let many = refused(25).to_string();
        assert!(many.ends_with("\nand 5 more"), "{many}");
        assert_eq!(many.lines().count(), 21);
    }
}
