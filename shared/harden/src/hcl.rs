//! Reads backends from HCL: Terraform, OpenTofu, Terragrunt, backend-config files.
//!
//! The parser tells the place of each node and stops at 64 levels of nesting, so hostile input cannot use up the stack.
//! Heredocs, comments and `data "terraform_remote_state"` are nodes of their own kind, so nothing in them is taken for a
//! backend.

mod generate;
mod literals;
mod old_terragrunt;

use std::ops::Range;

use hcl_edit::expr::{Expression, Object, ObjectKey};
use hcl_edit::structure::{Block, Body};
use hcl_edit::template::{Element, HeredocTemplate};

use crate::config::{Config, Document, Item, Shape, Source, UNKNOWN, Value};
use crate::format::NotRead;
use crate::place::{line_and_column, slice};
use crate::stretches::Stretches;

/// Reads a whole text.
///
/// # Errors
/// [`NotRead::NotValid`] where it is not HCL.
pub(crate) fn read(text: &str) -> Result<Document, NotRead> {
    let base = text.len() - text.trim_start_matches('\u{feff}').len();
    let mut document = Document::default();
    Reader { text, base }.document(text, &mut document)?;
    Ok(document)
}

/// Reads one stretch of the text; `base` is where it begins.
struct Reader<'a> {
    text: &'a str,
    base: usize,
}

impl Reader<'_> {
    fn document(&self, text: &str, document: &mut Document) -> Result<(), NotRead> {
        let source = slice(text, self.base..text.len());
        let parsed = source.parse().or_else(|error| {
            let body = old_terragrunt::parse(source).ok_or(error)?;
            document.is_of_old_terragrunt = true;
            Ok(body)
        });
        let body: Body = parsed.map_err(|error: hcl_edit::parser::Error| {
            let at = self.base + error.location().offset();
            let (line, column) = line_and_column(text, at.min(text.len()));
            let problem = error.message().replace('\n', "; ");
            NotRead::NotValid {
                json: false,
                line,
                column,
                problem,
            }
        })?;
        document.stretches = Stretches::of(text, self.base..text.len());
        document.secret_literals = self.in_text(literals::under_secret_names(&body));
        self.blocks(&body, document);
        if document.configs.is_empty() {
            document.configs.extend(self.backend_config_file(&body));
        }
        Ok(())
    }

    fn blocks(&self, body: &Body, document: &mut Document) {
        for block in body.blocks() {
            match block.ident.as_str() {
                "terraform" => self.terraform(block, document),
                "remote_state" => document.configs.push(self.remote_state(block)),
                "generate" => self.generate(block, document),
                "include" => document.has_include = true,
                old_terragrunt::WRAPPER if document.is_of_old_terragrunt => {
                    self.blocks(&block.body, document);
                }
                _ => {}
            }
        }
        for attribute in body.attributes() {
            let object = match (attribute.key.as_str(), &attribute.value) {
                ("remote_state", Expression::Object(object)) => Some(object),
                (old_terragrunt::WRAPPER, Expression::Object(object)) => {
                    document.is_of_old_terragrunt = true;
                    document.has_include |= member(object, "include").is_some();
                    member(object, "remote_state").and_then(Expression::as_object)
                }
                _ => None,
            };
            document
                .configs
                .extend(object.map(|object| self.remote_state_object(object)));
        }
    }

    fn terraform(&self, block: &Block, document: &mut Document) {
        let required = block.body.get_attribute("required_version");
        if let Some(text) = required.and_then(|attribute| attribute.value.as_str()) {
            document.required_version = Some(text.to_owned());
        }
        for inner in block.body.blocks() {
            let name = match inner.ident.as_str() {
                "backend" => inner.labels.first().map(|label| label.as_str().to_owned()),
                "cloud" => Some("cloud".to_owned()),
                _ => None,
            };
            if let Some(name) = name {
                document
                    .configs
                    .push(self.block(inner, name, Source::BackendBlock));
            }
        }
    }

    fn block(&self, block: &Block, backend: String, source: Source) -> Config {
        let at = self.range(block);
        // The parser gives no place to the body of a block on one line, so its braces are looked for behind the labels.
        let head = block
            .labels
            .last()
            .map_or_else(|| self.range(&block.ident), |label| self.range(label));
        let open = slice(self.text, head.end..at.end)
            .find('{')
            .map_or(at.end, |offset| head.end + offset + 1);
        Config {
            backend,
            source,
            start: at.start,
            inside: open..at.end.saturating_sub(1).max(open),
            shape: Shape::Body,
            items: self.items_of_body(&block.body),
            is_readable: true,
        }
    }

    /// Both shapes of Terragrunt: `config = {…}`, and `config {…}` from before its version 0.19.
    fn remote_state(&self, block: &Block) -> Config {
        let backend = block
            .body
            .get_attribute("backend")
            .map(|attribute| &attribute.value);
        let start = self.range(block).start;
        if let Some(config) = block.body.get_blocks("config").next() {
            let config = self.block(config, name_of(backend), Source::RemoteState);
            return Config { start, ..config };
        }
        let config = block
            .body
            .get_attribute("config")
            .map(|attribute| &attribute.value);
        self.remote_state_of(backend, config, start)
    }

    fn remote_state_object(&self, object: &Object) -> Config {
        let start = self.range(object).start;
        self.remote_state_of(member(object, "backend"), member(object, "config"), start)
    }

    fn remote_state_of(
        &self,
        backend: Option<&Expression>,
        config: Option<&Expression>,
        start: usize,
    ) -> Config {
        let object = config.and_then(Expression::as_object);
        let at = object.map_or(start..start, |object| self.range(object));
        Config {
            backend: name_of(backend),
            source: Source::RemoteState,
            start,
            inside: (at.start + 1).min(at.end)..at.end.saturating_sub(1).max(at.start),
            shape: Shape::Object,
            items: object
                .map(|object| self.items_of_object(object))
                .unwrap_or_default(),
            is_readable: object.is_some(),
        }
    }

    /// Arguments without a block. Only what no other kind of file has tells that this is one.
    fn backend_config_file(&self, body: &Body) -> Option<Config> {
        let items = self.items_of_body(body);
        let backend = crate::config::backend_of_bare_arguments(&items)?;
        Some(Config {
            backend: backend.to_owned(),
            source: Source::BackendConfigFile,
            start: items.first()?.name_at.start,
            inside: self.base..self.text.len(),
            shape: Shape::Body,
            items,
            is_readable: true,
        })
    }

    fn items_of_body(&self, body: &Body) -> Vec<Item> {
        let attributes = body.attributes().map(|attribute| Item {
            name: attribute.key.as_str().to_owned(),
            name_at: self.range(&attribute.key),
            value: self.value(&attribute.value),
            value_at: self.range(&attribute.value),
            literals: self.literals(&attribute.value),
        });
        attributes.collect()
    }

    fn items_of_object(&self, object: &Object) -> Vec<Item> {
        let items = object.iter().map(|(key, value)| Item {
            name: key_name(key).unwrap_or_default().to_owned(),
            name_at: self.range(key),
            value: self.value(value.expr()),
            value_at: self.range(value.expr()),
            literals: self.literals(value.expr()),
        });
        items.collect()
    }

    fn value(&self, expression: &Expression) -> Value {
        match expression {
            Expression::Null(_) => Value::Null,
            Expression::Bool(truth) => Value::Bool(**truth),
            Expression::Number(number) => Value::Number(number.to_string()),
            Expression::String(text) => Value::Text(text.as_str().to_owned()),
            Expression::HeredocTemplate(heredoc) => {
                literal(heredoc).map_or(Value::Unknown, Value::Text)
            }
            Expression::Array(array) => {
                Value::List(array.iter().map(|element| self.value(element)).collect())
            }
            Expression::Object(object) => Value::Object(self.items_of_object(object)),
            Expression::StringTemplate(_)
            | Expression::Parenthesis(_)
            | Expression::Variable(_)
            | Expression::Conditional(_)
            | Expression::FuncCall(_)
            | Expression::Traversal(_)
            | Expression::UnaryOp(_)
            | Expression::BinaryOp(_)
            | Expression::ForExpr(_) => Value::Unknown,
        }
    }

    fn literals(&self, expression: &Expression) -> Vec<Range<usize>> {
        self.in_text(literals::of_expression(expression))
    }

    fn in_text(&self, places: Vec<Range<usize>>) -> Vec<Range<usize>> {
        let in_text = |at: Range<usize>| self.base + at.start..self.base + at.end;
        places.into_iter().map(in_text).collect()
    }

    /// The place of a node in the whole text. Every node that was parsed has one.
    fn range(&self, node: &impl hcl_edit::Span) -> Range<usize> {
        let at = node.span().unwrap_or_default();
        self.base + at.start..self.base + at.end
    }
}

fn member<'a>(object: &'a Object, name: &str) -> Option<&'a Expression> {
    let mut members = object.iter();
    let (_, value) = members.find(|(key, _)| key_name(key) == Some(name))?;
    Some(value.expr())
}

fn key_name(key: &ObjectKey) -> Option<&str> {
    match key {
        ObjectKey::Ident(name) => Some(name.as_str()),
        ObjectKey::Expression(expression) => expression.as_str(),
    }
}

/// The name of a backend, or what stands for one that only Terragrunt knows.
fn name_of(backend: Option<&Expression>) -> String {
    backend
        .and_then(Expression::as_str)
        .unwrap_or(UNKNOWN)
        .to_owned()
}

fn literal(heredoc: &HeredocTemplate) -> Option<String> {
    let elements = heredoc.template.iter().map(|element| match element {
        Element::Literal(text) => Some(text.as_str()),
        Element::Interpolation(_) | Element::Directive(_) => None,
    });
    elements.collect()
}
