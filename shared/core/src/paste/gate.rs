//! The cheap test that lets an ordinary log go by.
//!
//! A hundred megabytes of CI log hold a million lines and perhaps one lock error. While no error is open, only a line with
//! one of these signs is looked at closely, so every line that opens an error (see `heads`) must have one.
//!
//! Every byte is looked at once. Only at the last byte of a stem is there more to compare, and those bytes are chosen to
//! be few: `block`, `clock` and `RequestID:` are in every second line of some logs.

/// Signs that share a stem, a part that ends in a rare byte.
struct Family {
    stem: &'static str,
    signs: &'static [&'static str],
}

const FAMILIES: [Family; 16] = [
    Family {
        stem: "ock",
        signs: &[
            "state lock",
            "Lock Info",
            "Lock&",
            "nlock",
            "locking",
            "locked",
            "o lock ",
            "lock released",
            "lock ID",
            "lock id",
        ],
    },
    Family {
        stem: "ID:",
        signs: &[" ID:", "\tID:", "\u{a0}ID:", "\"ID:", "*ID:", "`ID:"],
    },
    Family {
        stem: "nfo:",
        signs: &["Error info:"],
    },
    Family {
        stem: "state:",
        signs: &[
            "Error refreshing state:",
            "rror loading state:",
            "Failed to load state:",
        ],
    },
    Family {
        stem: " ex",
        signs: &[" expected content"],
    },
    Family {
        stem: "checksum",
        signs: &["checksum"],
    },
    Family {
        stem: "usually",
        signs: &["unusually long"],
    },
    Family {
        stem: "execute \"",
        signs: &["Failed to execute \""],
    },
    Family {
        stem: "running \"",
        signs: &["running \""],
    },
    Family {
        stem: "errored.",
        signs: &["errored.tfstate"],
    },
    // Where the program ran, and in which workspace (see `command_line`).
    Family {
        stem: "terraform",
        signs: &[
            "terraform -",
            "terraform apply",
            "terraform console",
            "terraform destroy",
            "terraform force",
            "terraform import",
            "terraform init",
            "terraform plan",
            "terraform refresh",
            "terraform state",
            "terraform taint",
            "terraform untaint",
            "terraform workspace",
        ],
    },
    Family {
        stem: "tofu",
        signs: &[
            "tofu -",
            "tofu apply",
            "tofu console",
            "tofu destroy",
            "tofu force",
            "tofu import",
            "tofu init",
            "tofu plan",
            "tofu refresh",
            "tofu state",
            "tofu taint",
            "tofu untaint",
            "tofu workspace",
        ],
    },
    Family {
        stem: "terrag",
        signs: &["terragrunt "],
    },
    Family {
        stem: "work",
        signs: &["to workspace \""],
    },
    Family {
        stem: "TF_W",
        signs: &["TF_WORKSPACE"],
    },
    Family {
        stem: "tf_backend.",
        signs: &["tf_backend.operation=Lock"],
    },
];

/// Whether the line may be part of a lock error.
pub(super) fn may_matter(line: &[u8]) -> bool {
    line.starts_with(b"ID:")
        || line
            .iter()
            .enumerate()
            .any(|(at, byte)| ends_sign(line, at, *byte))
}

/// Whether a stem with one of its signs around it ends at this byte.
fn ends_sign(line: &[u8], at: usize, byte: u8) -> bool {
    if !matches!(
        byte,
        b'k' | b':' | b'x' | b'm' | b'y' | b'"' | b'.' | b'u' | b'g' | b'W'
    ) {
        return false;
    }
    let seen = line.get(..=at).unwrap_or_default();
    FAMILIES.iter().any(|family| {
        family.stem.as_bytes().last() == Some(&byte)
            && seen.ends_with(family.stem.as_bytes())
            && family.signs.iter().any(|sign| {
                let before = sign.find(family.stem).unwrap_or_default() + family.stem.len();
                let start = seen.len().checked_sub(before);
                let around = start.and_then(|start| line.get(start..));
                around.is_some_and(|around| around.starts_with(sign.as_bytes()))
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sign_is_found_by_its_stem() {
        for family in FAMILIES {
            for sign in family.signs {
                assert!(may_matter(format!("x{sign}").as_bytes()), "{sign}");
            }
        }
    }

    #[test]
    fn an_ordinary_log_goes_by() {
        for line in [
            "npm WARN package-lock.json was created by an old version",
            "aws_s3_bucket_public_access_block.state: Refreshing state... [id=acme]",
            "RequestID: 0f3c9d1e-7777-4a4a-9b9b-1234567890ab",
            "  + content = (known after apply)",
            "Terraform will perform the following actions:",
            "Running with gitlab-runner 16.8.0",
        ] {
            assert!(!may_matter(line.as_bytes()), "{line}");
        }
    }
}
