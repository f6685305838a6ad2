//! Terragrunt's `generate` blocks, which hold a file as text.

use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, BlockLabel};

use super::Reader;
use crate::config::{Config, Document, Shape, Source, UNKNOWN};
use crate::place::slice;

impl Reader<'_> {
    /// A backend in the contents of a `generate` block. Contents that a template or a function has to make first are no HCL:
    /// of these is known, at most, that they are about a backend.
    pub(super) fn generate(&self, block: &Block, document: &mut Document) {
        let contents = block
            .body
            .get_attribute("contents")
            .map(|attribute| &attribute.value);
        if let Some(Expression::HeredocTemplate(heredoc)) = contents {
            let at = self.range(&heredoc.template);
            let mut found = Document::default();
            let inner = Reader {
                text: self.text,
                base: at.start,
            };
            if inner
                .document(slice(self.text, 0..at.end), &mut found)
                .is_ok()
            {
                let blocks = found
                    .configs
                    .into_iter()
                    .filter(|config| config.source == Source::BackendBlock);
                document.configs.extend(blocks.map(|config| Config {
                    source: Source::GenerateBlock,
                    ..config
                }));
                document.stretches.add_comments(found.stretches);
                document.secret_literals.extend(found.secret_literals);
                return;
            }
        }
        let label = block.labels.first().map(BlockLabel::as_str);
        let path = block.body.get_attribute("path");
        let path = path.and_then(|attribute| attribute.value.as_str());
        if [label, path]
            .into_iter()
            .flatten()
            .any(|name| name.contains("backend"))
        {
            let at = self.range(block);
            document.configs.push(Config {
                backend: UNKNOWN.to_owned(),
                source: Source::GenerateBlock,
                start: at.start,
                inside: at.end..at.end,
                shape: Shape::Body,
                items: Vec::new(),
                is_readable: false,
            });
        }
    }
}
