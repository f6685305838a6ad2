//! The buttons under notices in chat: what they send, and under which notice they stand.

use jiff::SignedDuration;
use lockwarden_core::decision::{self, Action};
use lockwarden_core::settings;
use serde_json::{Value, json};

use super::cloudformation::{STACK_UUID, Stack};
use crate::world::{Kind, STATE, World, release};

const BUTTONS: [(&str, &str); 2] = [("ReleaseInChat", "may_release"), ("KeepInChat", "may_keep")];

fn stack() -> Stack {
    Stack::with(&[
        ("LockTableNames", "tf-locks"),
        ("ChatCustomAction", "enabled"),
    ])
}

/// A button's command, with a request in it as Amazon Q puts it in, from where its payload begins.
fn pressed(action: &Value) -> (&str, String) {
    let command = action["Definition"]["CommandText"].as_str().unwrap();
    let (head, payload) = command.split_once(" --payload ").unwrap();
    (head, payload.replace("$request", "7F3K2QWX"))
}

/// Whether Amazon Q shows a button under a notification: all its criteria hold of the variables that it takes from there.
fn stands_under(button: &Value, notification: &Value) -> bool {
    let attachment = &button["Attachments"][0];
    let criteria = attachment["Criteria"].as_array().unwrap();
    criteria.iter().all(|criterion| {
        let variable = criterion["VariableName"].as_str().unwrap();
        let path = attachment["Variables"][variable].as_str().unwrap();
        let path = path.strip_prefix("event.").unwrap().replace('.', "/");
        let value = notification.pointer(&format!("/{path}"));
        match criterion["Operator"].as_str().unwrap() {
            "HAS_VALUE" => value.is_some(),
            "EQUALS" => value == Some(&criterion["Value"]),
            other => panic!("Amazon Q knows no criterion {other}"),
        }
    })
}

/// The notifications of a lock that gets stale and is released, as a stack with this `approve` sends them.
fn notifications(approve: &str) -> [Value; 2] {
    let world = World::with(&[(settings::APPROVE_FUNCTION, approve)]);
    world.lock(Kind::Item, STATE, "ci-7");
    let request = world.ask_about(STATE);
    world.decide(&release(&request));
    let sent = world.notices().into_iter().map(|notice| {
        let message: Value = serde_json::from_str(&notice.message).unwrap();
        serde_json::from_str(message["https"].as_str().unwrap()).unwrap()
    });
    sent.collect::<Vec<_>>().try_into().unwrap()
}

#[test]
fn there_are_no_buttons_until_asked_for() {
    let without = Stack::with(&[("LockTableNames", "tf-locks")]);
    for (id, _) in BUTTONS {
        assert_eq!(without.properties(id), None);
    }
    assert_eq!(without.output("ChatActionArns"), None);
    assert_eq!(
        stack().output("ChatActionArns"),
        Some(json!("ReleaseInChat,KeepInChat"))
    );
}

#[test]
fn a_button_sends_a_decision_that_is_understood() {
    let keep = Action::Keep {
        for_: SignedDuration::from_hours(2),
    };
    for (id, action) in [("ReleaseInChat", Action::Release), ("KeepInChat", keep)] {
        let button = stack().properties(id).unwrap();
        let (head, payload) = pressed(&button);
        assert_eq!(
            head,
            "lambda invoke --function-name ApproveFunction --region eu-west-1"
        );
        let decision = decision::parse(&payload).unwrap();
        assert_eq!((decision.action, decision.by.as_str()), (action, "chat"));
        assert_eq!(decision.target.request.unwrap().as_str(), "7F3K2QWX");
        assert!(decision.even_if.is_empty(), "a button is no open eyes");
    }
}

#[test]
fn a_button_stands_only_under_a_notice_that_asks_and_that_it_can_answer() {
    let [asks, tells] = notifications("ApproveFunction");
    let with = |name: &str, value: &str| {
        let mut changed = asks.clone();
        changed["metadata"]["additionalContext"][name] = json!(value);
        changed
    };
    let mut without_request = asks.clone();
    let context = without_request["metadata"]["additionalContext"].as_object_mut();
    context.unwrap().remove("request");
    for (id, leave) in BUTTONS {
        let button = stack().properties(id).unwrap();
        assert_eq!(button["Attachments"][0]["NotificationType"], "Custom");
        assert!(stands_under(&button, &asks), "{id}");
        assert!(stands_under(&button, &with("kind", "reminder")), "{id}");
        assert!(!stands_under(&button, &tells), "{id}");
        assert!(!stands_under(&button, &with(leave, "no")), "{id}");
        assert!(!stands_under(&button, &without_request), "{id}");
    }
}

#[test]
fn a_button_stands_under_no_notice_of_another_stack_in_the_same_channel() {
    let own = stack().environment("SweepFunction")[settings::APPROVE_FUNCTION].clone();
    let [asks, _] = notifications(&own);
    let [others, _] = notifications("other-ApproveFunction-1A2B3C");
    for (id, _) in BUTTONS {
        let button = stack().properties(id).unwrap();
        assert!(stands_under(&button, &asks), "{id}");
        assert!(!stands_under(&button, &others), "{id}");
    }
}

/// What Amazon Q and CloudFormation take, from the schema of `AWS::Chatbot::CustomAction`.
#[test]
fn a_button_keeps_the_limits_whatever_the_stack_is_called() {
    for (id, _) in BUTTONS {
        let button = stack().properties(id).unwrap();
        let name = button["ActionName"].as_str().unwrap();
        assert!(name.len() <= 64, "{name}");
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        assert!(name.bytes().all(plain), "{name}");
        assert!(
            name.ends_with(STACK_UUID),
            "{name} tells no two stacks apart"
        );
        let attachment = &button["Attachments"][0];
        assert!(attachment["ButtonText"].as_str().unwrap().len() <= 50);
        assert!(attachment["Criteria"].as_array().unwrap().len() <= 5);
        assert!(attachment["Variables"].as_object().unwrap().len() <= 5);
    }
}
