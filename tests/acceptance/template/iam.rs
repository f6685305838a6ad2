//! Just enough of IAM to ask a policy of the template what it allows.

use serde_json::Value;

use super::cloudformation::{Stack, object};

/// The statements of a policy, resolved.
pub(super) struct Policy(Vec<Value>);

impl Policy {
    /// What the role of a function may do.
    pub(super) fn of_role(stack: &Stack, role: &str) -> Self {
        let properties = stack.properties(role).unwrap();
        assert!(
            properties.get("ManagedPolicyArns").is_none(),
            "{role} has rights that are not written in the template"
        );
        Self(
            properties["Policies"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|policy| statements(&policy["PolicyDocument"]))
                .collect(),
        )
    }

    /// The policy that is a resource of its own: of a topic, of a queue, or managed.
    pub(super) fn of_resource(stack: &Stack, id: &str) -> Self {
        Self(statements(&stack.properties(id).unwrap()["PolicyDocument"]).collect())
    }

    /// The one statement with this name.
    pub(super) fn statement(&self, sid: &str) -> &Value {
        self.0
            .iter()
            .find(|statement| statement["Sid"] == sid)
            .unwrap_or_else(|| panic!("no statement is named {sid}"))
    }

    /// The statements that give rights.
    pub(super) fn allows(&self) -> impl Iterator<Item = &Value> {
        self.0
            .iter()
            .filter(|statement| statement["Effect"] == "Allow")
    }

    /// Whether a request is allowed; `context` holds its condition keys.
    pub(super) fn may(&self, action: &str, resource: &str, context: &[(&str, &str)]) -> bool {
        self.has("Allow", action, resource, context) && !self.denies(action, resource, context)
    }

    /// Whether a request is denied, whatever else allows it.
    pub(super) fn denies(&self, action: &str, resource: &str, context: &[(&str, &str)]) -> bool {
        self.has("Deny", action, resource, context)
    }

    fn has(&self, effect: &str, action: &str, resource: &str, context: &[(&str, &str)]) -> bool {
        self.0
            .iter()
            .filter(|statement| statement["Effect"] == effect)
            .any(|statement| applies(statement, action, resource) && holds(statement, context))
    }

    /// Every action that is allowed on a resource, at least under some condition, in order.
    pub(super) fn actions_on(&self, resource: &str) -> Vec<&str> {
        let applies = |effect: &str, action: &str, only_always: bool| {
            self.0.iter().any(|statement| {
                statement["Effect"] == effect
                    && applies(statement, action, resource)
                    && !(only_always && statement.get("Condition").is_some())
            })
        };
        let named = self
            .allows()
            .flat_map(|statement| texts(&statement["Action"]));
        let mut actions: Vec<&str> = named
            .filter(|action| applies("Allow", action, false) && !applies("Deny", action, true))
            .collect();
        actions.sort_unstable();
        actions.dedup();
        actions
    }
}

/// A text or a list of texts, as a list.
pub(super) fn texts(value: &Value) -> Vec<&str> {
    match value.as_array() {
        Some(items) => items.iter().map(|item| item.as_str().unwrap()).collect(),
        None => vec![value.as_str().unwrap()],
    }
}

fn statements(document: &Value) -> impl Iterator<Item = Value> {
    document["Statement"]
        .as_array()
        .unwrap()
        .clone()
        .into_iter()
}

fn applies(statement: &Value, action: &str, resource: &str) -> bool {
    let any =
        |patterns: &Value, text: &str| texts(patterns).iter().any(|pattern| is_like(text, pattern));
    let resources = match (statement.get("Resource"), statement.get("NotResource")) {
        (Some(resources), None) => any(resources, resource),
        (None, Some(others)) => !any(others, resource),
        _ => panic!("a statement has either Resource or NotResource: {statement}"),
    };
    any(&statement["Action"], action) && resources
}

fn holds(statement: &Value, context: &[(&str, &str)]) -> bool {
    let tests = statement.get("Condition").map(object).into_iter().flatten();
    tests
        .flat_map(|(operator, keys)| {
            object(keys)
                .iter()
                .map(move |(key, expected)| (operator, key, expected))
        })
        .all(|(operator, key, expected)| {
            let given = context
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, value)| *value);
            let is_any = |matches: fn(&str, &str) -> bool| {
                given.is_some_and(|given| {
                    texts(expected)
                        .iter()
                        .any(|expected| matches(given, expected))
                })
            };
            match operator.as_str() {
                "StringEquals" | "ArnEquals" | "Bool" => {
                    is_any(|given, expected| given == expected)
                }
                "StringLike" | "ArnLike" | "ForAnyValue:StringLike" => is_any(is_like),
                "ArnNotLike" => !is_any(is_like),
                "StringNotEquals" => !is_any(|given, expected| given == expected),
                "Null" => texts(expected) == [if given.is_none() { "true" } else { "false" }],
                other => panic!("this test does not understand the condition operator {other}"),
            }
        })
}

/// IAM's patterns: `*` stands for any characters, `?` for one.
fn is_like(text: &str, pattern: &str) -> bool {
    let Some(first) = pattern.chars().next() else {
        return text.is_empty();
    };
    let rest = &pattern[first.len_utf8()..];
    let mut after = text.chars();
    match first {
        '*' => text
            .char_indices()
            .map(|(at, _)| at)
            .chain([text.len()])
            .any(|at| is_like(&text[at..], rest)),
        '?' => after.next().is_some() && is_like(after.as_str(), rest),
        literal => after.next() == Some(literal) && is_like(after.as_str(), rest),
    }
}
