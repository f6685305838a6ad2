//! Versions of Terraform and OpenTofu, as far as a backend's arguments depend on them.

/// Major and minor number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The first number.
    pub major: u32,
    /// The second number.
    pub minor: u32,
}

/// The first version that can lock with a file beside the state (`use_lockfile`), of Terraform and of OpenTofu alike.
pub(crate) const LOCK_FILE: Version = Version {
    major: 1,
    minor: 10,
};
/// The first version with `assume_role`, `endpoints`, `use_path_style` and `shared_credentials_files`.
pub(crate) const NESTED_FORMS: Version = Version { major: 1, minor: 6 };

impl Version {
    /// Reads `1.11.4`, `v1.10`, `1.16.0-alpha20260513`, as a lock record or a program says it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (major, minor, _) = numbers(text)?;
        Some(Self { major, minor })
    }

    /// Whether a `required_version` lets in no version from this one on.
    ///
    /// Only a bound that shuts them out counts; what cannot be read shuts out nothing. The operators are those of
    /// Terraform's documentation, "Version Constraints".
    pub(crate) fn is_shut_out_by(self, required: &str) -> bool {
        required.split(',').any(|clause| {
            let clause = clause.trim();
            let start = clause.trim_start_matches(['=', '!', '<', '>', '~']);
            let operator = clause.strip_suffix(start).unwrap_or_default();
            let dots = start.matches('.').count();
            let Some((major, minor, patch)) = numbers(start.trim()) else {
                return false;
            };
            let bound = Self { major, minor };
            match operator {
                "" | "=" | "<=" => bound < self,
                "<" => bound < self || (bound == self && patch == 0),
                // With two numbers the last one may grow, with three only the patch.
                "~>" if dots < 2 => bound.major < self.major,
                "~>" => bound < self,
                _ => false,
            }
        })
    }
}

fn numbers(text: &str) -> Option<(u32, u32, u32)> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let text = text.split(['-', '+']).next().unwrap_or(text);
    let mut parts = text.split('.').map(str::parse::<u32>);
    let major = parts.next()?.ok()?;
    let minor = parts.next().unwrap_or(Ok(0)).ok()?;
    let patch = parts.next().unwrap_or(Ok(0)).ok()?;
    Some((major, minor, patch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_programs_say_them() {
        for (text, version) in [
            ("1.11.4", Some((1, 11))),
            ("v1.10", Some((1, 10))),
            ("1.16.0-alpha20260513", Some((1, 16))),
            ("2", Some((2, 0))),
            ("", None),
            ("latest", None),
        ] {
            let version = version.map(|(major, minor)| Version { major, minor });
            assert_eq!(Version::parse(text), version, "{text}");
        }
    }

    #[test]
    fn a_constraint_shuts_out_lock_files_only_by_a_bound_below_them() {
        for (required, shut_out) in [
            ("1.5.7", true),
            ("= 1.9.8", true),
            ("~> 1.9.0", true),
            (">= 1.3, < 1.10", true),
            ("< 1.10.0", true),
            ("<= 1.9", true),
            ("~> 0.14", true),
            ("< 1.10.5", false),
            ("~> 1.5", false),
            ("~> 1.10.0", false),
            (">= 1.3", false),
            ("!= 1.9.0", false),
            ("", false),
            ("${x}", false),
        ] {
            assert_eq!(LOCK_FILE.is_shut_out_by(required), shut_out, "{required}");
        }
    }
}
