//! Terragrunt before 0.19 kept its settings in `terraform.tfvars`, in an attribute `terragrunt` that holds blocks.
//!
//! HCL 1 took that. HCL 2 does not, but for one equals sign: without it the attribute is a block.

use std::sync::LazyLock;

use hcl_edit::structure::Body;
use regex::Regex;

/// What the settings were wrapped in.
pub(super) const WRAPPER: &str = "terragrunt";

/// The file as HCL 2 takes it, with every node in its place; `None` where that is not what is wrong with it.
pub(super) fn parse(text: &str) -> Option<Body> {
    let equals = HEAD.captures(text)?.get(1)?;
    let (before, after) = (text.get(..equals.start())?, text.get(equals.end()..)?);
    format!("{before} {after}").parse().ok()
}

static HEAD: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "a constant; the tests compile it")]
    Regex::new(r"(?m)^[ \t]*terragrunt[ \t]*(=)[ \t]*\{").expect("a valid pattern")
});
