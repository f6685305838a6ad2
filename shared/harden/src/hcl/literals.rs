//! The string literals of HCL, and which of them a name calls secret.

use std::ops::Range;

use hcl_edit::expr::{Expression, ObjectKey, ObjectValue};
use hcl_edit::structure::{Attribute, Block, BlockLabel, Body};
use hcl_edit::visit::{Visit, visit_attr, visit_block, visit_object_item};
use hcl_edit::{Decorated, Span as _, Spanned};

use super::key_name;
use crate::secrets::sounds_secret;

/// The places of the string literals anywhere in an expression, without their quotes. Names are none.
pub(super) fn of_expression(expression: &Expression) -> Vec<Range<usize>> {
    let mut literals = Literals(Vec::new());
    literals.visit_expr(expression);
    literals.0
}

/// The places of the literals that stand under a secret-sounding name anywhere in a file: in maps, lists and heredocs as
/// well, and as the default of a variable of such a name.
pub(super) fn under_secret_names(body: &Body) -> Vec<Range<usize>> {
    let mut named = Named {
        places: Vec::new(),
        in_secret_variable: false,
    };
    named.visit_body(body);
    named.places
}

struct Literals(Vec<Range<usize>>);

impl Visit for Literals {
    fn visit_string(&mut self, node: &Decorated<String>) {
        let quoted = node.span().unwrap_or_default();
        self.0
            .push(quoted.start + 1..quoted.end.saturating_sub(1).max(quoted.start + 1));
    }

    fn visit_literal(&mut self, node: &Spanned<String>) {
        self.0.push(node.span().unwrap_or_default());
    }

    fn visit_object_key(&mut self, _: &ObjectKey) {}
}

struct Named {
    places: Vec<Range<usize>>,
    in_secret_variable: bool,
}

impl Named {
    fn look_at(&mut self, name: &str, value: &Expression) {
        if sounds_secret(name) || (self.in_secret_variable && name == "default") {
            self.take(value);
        }
    }

    /// Only what is written out: the literals in a function call or a condition are mostly names and paths.
    fn take(&mut self, value: &Expression) {
        match value {
            Expression::String(_) | Expression::HeredocTemplate(_) => {
                self.places.extend(of_expression(value));
            }
            Expression::Array(elements) => elements.iter().for_each(|element| self.take(element)),
            Expression::Object(object) => {
                object.iter().for_each(|(_, value)| self.take(value.expr()));
            }
            Expression::Null(_)
            | Expression::Bool(_)
            | Expression::Number(_)
            | Expression::StringTemplate(_)
            | Expression::Parenthesis(_)
            | Expression::Variable(_)
            | Expression::Conditional(_)
            | Expression::FuncCall(_)
            | Expression::Traversal(_)
            | Expression::UnaryOp(_)
            | Expression::BinaryOp(_)
            | Expression::ForExpr(_) => {}
        }
    }
}

impl Visit for Named {
    fn visit_attr(&mut self, node: &Attribute) {
        self.look_at(node.key.as_str(), &node.value);
        visit_attr(self, node);
    }

    fn visit_object_item(&mut self, key: &ObjectKey, value: &ObjectValue) {
        self.look_at(key_name(key).unwrap_or_default(), value.expr());
        visit_object_item(self, key, value);
    }

    fn visit_block(&mut self, node: &Block) {
        let outer = self.in_secret_variable;
        let name = node.labels.first().map(BlockLabel::as_str);
        self.in_secret_variable =
            node.ident.as_str() == "variable" && name.is_some_and(sounds_secret);
        visit_block(self, node);
        self.in_secret_variable = outer;
    }
}
