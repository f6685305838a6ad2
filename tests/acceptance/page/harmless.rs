//! Whatever a lock says, the page does no harm.

use super::{CALLER, typed};
use crate::world::{Kind, Page, STATE, World, id_of, record_text};

/// What somebody who can lock may write.
fn hostile_texts() -> [String; 8] {
    [
        "\"><script>alert(1)</script>".to_owned(),
        "'-->]]></style></title><img src=x onerror=alert(1)>".to_owned(),
        "a\u{1b}[2J\u{1b}]0;owned\u{7}b".to_owned(),
        "gpj.\u{202e}exe \u{2066}x\u{2069} \u{200b}\u{feff}".to_owned(),
        "a\r\nSet-Cookie: x=1\r\n\r\n<b>".to_owned(),
        "`$(reboot)`; rm -rf / #".to_owned(),
        "<&\"'>".repeat(400),
        "\u{0}\u{85}\u{2028}\u{2029}".to_owned(),
    ]
}

/// Nothing of the text has an effect in a browser, and what cannot be seen is written out.
#[track_caller]
fn assert_harmless(page: &Page, text: &str) {
    assert_loads_nothing_but_text(page);
    let raw = page.body.chars().find(|character| {
        let is_plain = *character == '\n' || !character.is_control();
        let hides = matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        !is_plain || hides
    });
    assert_eq!(raw, None, "{text:?}");
    assert!(page.body.len() < 60_000, "{text:?}: {}", page.body.len());
}

#[track_caller]
fn assert_loads_nothing_but_text(page: &Page) {
    for tag in ["<script", "<img", "<b>", "</style></title>"] {
        assert!(!page.says(tag), "{tag}: {}", page.body);
    }
    let tags = page.body.split('<').skip(1);
    for tag in tags {
        let name: String = tag
            .trim_start_matches('/')
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        let known = [
            "", "html", "head", "meta", "title", "style", "body", "main", "footer", "p", "h1",
            "h2", "div", "strong", "a", "dl", "dt", "dd", "pre", "code", "form", "input", "label",
            "button", "fieldset", "legend", "select", "option", "details", "summary", "ol", "li",
            "time", "textarea",
        ];
        assert!(known.contains(&name.as_str()), "<{tag}");
    }
    assert_eq!(page.body.matches("<style>").count(), 1);
}

#[test]
fn a_hostile_lock_never_appears_raw() {
    for text in hostile_texts() {
        let quoted = serde_json::to_string(&text).unwrap();
        let record = record_text("ci-7", "2026-03-02T08:00:00Z", STATE)
            .replace("\"runner@ci-7\"", &quoted)
            .replace(&format!("\"{STATE}\""), &quoted)
            .replace("\"OperationTypeApply\"", &quoted)
            .replace("\"1.11.4\"", &quoted);
        assert_eq!(record.matches(&quoted).count(), 4);
        let world = World::new();
        world.lock_with(Kind::Pair, STATE, &record);
        world.ask_about(STATE);
        let link = world.link(STATE);
        assert_harmless(&world.visit(&link.get()), &text);
        let wrong = link
            .post("release", &text)
            .but("by", &text)
            .with("reason", &text);
        let mut corrected = world.visit(&wrong);
        // What the person typed comes back in the form's own fields, as typed.
        corrected.body.retain(|character| !character.is_control());
        assert_loads_nothing_but_text(&corrected);
        // An operation that nobody knows is released with open eyes only.
        let visit = link.post("release", &typed()).with("even_if", "unreadable");
        let released = world.visit(&visit.called_by(CALLER));
        assert_eq!(
            released.headline(),
            "Released",
            "{text:?} {}",
            released.body
        );
        assert_harmless(&released, &text);
        world.lock_with(
            Kind::Item,
            STATE,
            &record.replace(&id_of("ci-7"), &id_of("ci-8")),
        );
        let taken = world.visit(&link.get());
        assert_eq!(taken.headline(), "Another lock is there now");
        assert_harmless(&taken, &text);
    }
}

#[test]
fn a_record_that_nobody_can_understand_is_shown_as_it_is_and_harmless() {
    for text in hostile_texts() {
        let world = World::new();
        world.put_item(crate::world::TABLE, STATE, &text);
        world.ask_about(STATE);
        let link = world.link(STATE);
        let page = world.visit(&link.get());
        assert_harmless(&page, &text);
        assert!(page.says("It cannot be understood"), "{text:?}");
        assert!(
            page.says(&format!("<code>{}</code>", &link.code[..8])),
            "the code is to be typed"
        );
        let visit = link
            .post("release", &link.code)
            .with("even_if", "unreadable");
        assert_eq!(world.visit(&visit).headline(), "Not carried out");
        let released = world.visit(&visit.called_by(CALLER));
        assert_eq!(released.headline(), "Released", "{text:?}");
        assert_harmless(&released, &text);
        assert!(world.is_free(STATE));
    }
}
