//! The values of attributes. Only literals are taken: the same text always means the same.

use std::ops::RangeInclusive;

use hcl_edit::expr::Expression;
use jiff::{SignedDuration, Timestamp};
use lockwarden_core::policy::{Action, Glob, OperationPattern, Severity};
use lockwarden_core::settings::TopicArn;
use lockwarden_core::span::{self, ParseSpanError};

use crate::complaints::Complaints;
use crate::read::place;

/// The longest span: whatever is longer, nobody waits for.
const A_YEAR: SignedDuration = SignedDuration::from_hours(365 * 24);

const A_SPAN: &str = "a span looks like `\"90s\"`, `\"15m\"`, `\"4h\"` or `\"1d\"`";
const A_MOMENT: &str = "a time looks like `\"2026-12-20T00:00Z\"` or `\"2026-12-20T08:00+01:00\"`";
const A_PATH: &str = "a path looks like `\"prod/**\"` or `\"acme-tf-state/prod/*.tfstate\"`";
const A_HOLDER: &str = "a holder looks like `\"runner@*\"`";
const OPERATIONS: &str = "operations look like `[\"plan\", \"state-*\"]`";
const A_TOPIC: &str = "a topic looks like `\"arn:aws:sns:eu-west-1:123456789012:on-call\"`";

/// A span of time, at most a year.
pub(crate) fn span(value: &Expression, complaints: &mut Complaints<'_>) -> Option<SignedDuration> {
    parsed(value, A_SPAN, complaints, |text| match span::parse(text) {
        Ok(span) if span > A_YEAR => Err("it is longer than a year".to_owned()),
        Ok(span) => Ok(span),
        Err(ParseSpanError::NotASpan { .. }) => Err("it is not a span of time".to_owned()),
        Err(ParseSpanError::NotUsable { .. }) => {
            Err("a span is longer than zero, in days, hours, minutes or seconds".to_owned())
        }
    })
}

/// A moment, with its offset from UTC.
pub(crate) fn moment(value: &Expression, complaints: &mut Complaints<'_>) -> Option<Timestamp> {
    parsed(value, A_MOMENT, complaints, |text| {
        // The parser reads the name of a time zone in brackets and then takes no notice of it.
        let moment = Some(text).filter(|text| !text.contains('['));
        moment
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| "it is not a time with its offset from UTC".to_owned())
    })
}

/// What is done, up to `most`; `why_not` more.
pub(crate) fn action(
    value: &Expression,
    most: Action,
    why_not: &str,
    complaints: &mut Complaints<'_>,
) -> Option<Action> {
    let allowed = Action::ALL.into_iter().filter(|action| *action <= most);
    let right = one_of(allowed.map(Action::word));
    parsed(value, &right, complaints, |text| {
        let mut all = Action::ALL.into_iter();
        match all.find(|action| action.word() == text) {
            Some(action) if action <= most => Ok(action),
            Some(_) => Err(why_not.to_owned()),
            None => Err("there is no such action".to_owned()),
        }
    })
}

/// How loud notices are.
pub(crate) fn severity(value: &Expression, complaints: &mut Complaints<'_>) -> Option<Severity> {
    let right = one_of(Severity::ALL.into_iter().map(Severity::word));
    parsed(value, &right, complaints, |text| {
        let mut all = Severity::ALL.into_iter();
        all.find(|severity| severity.word() == text)
            .ok_or_else(|| "there is no such severity".to_owned())
    })
}

/// A topic.
pub(crate) fn topic(value: &Expression, complaints: &mut Complaints<'_>) -> Option<TopicArn> {
    parsed(value, A_TOPIC, complaints, |text| {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        TopicArn::parse(text)
            .filter(|_| is_plain)
            .ok_or_else(|| "it is not the ARN of an SNS topic".to_owned())
    })
}

/// A pattern for states.
pub(crate) fn path(value: &Expression, complaints: &mut Complaints<'_>) -> Option<Glob> {
    parsed(value, A_PATH, complaints, |text| {
        if text.starts_with("s3://") {
            return Err("no key or bucket begins with `s3://`, so it can never match".to_owned());
        }
        Glob::of_path(text).map_err(|error| error.to_string())
    })
}

/// A pattern for holders.
pub(crate) fn holder(value: &Expression, complaints: &mut Complaints<'_>) -> Option<Glob> {
    parsed(value, A_HOLDER, complaints, |text| {
        Glob::of_text(text).map_err(|error| error.to_string())
    })
}

/// A list of operations, not empty.
pub(crate) fn operations(
    value: &Expression,
    complaints: &mut Complaints<'_>,
) -> Option<Vec<OperationPattern>> {
    let Expression::Array(list) = value else {
        let why = format!("a list is expected, and this is {}", kind(value));
        complaints.add(place(value), why, OPERATIONS);
        return None;
    };
    if list.is_empty() {
        complaints.add(
            place(value),
            "no operation is in an empty list, so the rule can never apply",
            "leave `operations` out to mean all of them",
        );
        return None;
    }
    list.iter()
        .map(|element| {
            parsed(element, OPERATIONS, complaints, |text| {
                OperationPattern::parse(text).map_err(|error| error.to_string())
            })
        })
        // All of them are looked at before any that is wrong makes the list unusable.
        .collect::<Vec<Option<_>>>()
        .into_iter()
        .collect()
}

/// A whole number within these bounds.
pub(crate) fn count(
    value: &Expression,
    bounds: RangeInclusive<u32>,
    complaints: &mut Complaints<'_>,
) -> Option<u32> {
    let Expression::Number(number) = value else {
        let why = format!("a number is expected, and this is {}", kind(value));
        complaints.add(place(value), why, within(&bounds));
        return None;
    };
    let count = number
        .as_u64()
        .and_then(|number| u32::try_from(number).ok());
    let count = count.filter(|count| bounds.contains(count));
    if count.is_none() {
        complaints.add(place(value), "it is out of bounds", within(&bounds));
    }
    count
}

fn within(bounds: &RangeInclusive<u32>) -> String {
    format!(
        "write a whole number from {} to {}",
        bounds.start(),
        bounds.end()
    )
}

/// A text that means something.
fn parsed<T>(
    value: &Expression,
    right: &str,
    complaints: &mut Complaints<'_>,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Option<T> {
    let parsed = match value.as_str() {
        Some(text) => parse(text),
        None => Err(format!(
            "a text in quotes is expected, and this is {}",
            kind(value)
        )),
    };
    parsed
        .map_err(|why| complaints.add(place(value), why, right))
        .ok()
}

fn kind(value: &Expression) -> &'static str {
    match value {
        Expression::Null(_) => "`null`",
        Expression::Bool(_) => "a truth value",
        Expression::Number(_) => "a number",
        Expression::String(_) => "a text",
        Expression::Array(_) => "a list",
        Expression::Object(_) => "an object",
        Expression::StringTemplate(_) => "a template; write `$${` for a plain `${`",
        Expression::HeredocTemplate(_) => "a heredoc",
        Expression::Parenthesis(_)
        | Expression::Variable(_)
        | Expression::Conditional(_)
        | Expression::FuncCall(_)
        | Expression::Traversal(_)
        | Expression::UnaryOp(_)
        | Expression::BinaryOp(_)
        | Expression::ForExpr(_) => "an expression, which nobody works out here",
    }
}

fn one_of<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let words: Vec<String> = words.map(|word| format!("`\"{word}\"`")).collect();
    format!("write {}", words.join(" or "))
}
