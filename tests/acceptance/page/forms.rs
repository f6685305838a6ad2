//! The forms: nothing happens until a person types what is asked for.

use lockwarden_core::ledger::Channel;

use lockwarden_core::settings;

use super::{CALLER, all_but_the_audit, asked, asked_in, refusals, typed};
use crate::world::{Call, Fate, Kind, Link, Page, STATE, Visit, World, id_of, outcome_of, release};

#[test]
fn nothing_happens_until_a_person_types_a_name_and_what_is_asked_for() {
    let (world, link) = asked(Kind::Pair);
    let before = all_but_the_audit(&world);
    let right = typed();
    for (by, typed) in [
        ("", right.as_str()),
        ("  ", &right),
        ("alice", ""),
        ("alice", " "),
        ("alice", &right[..7]),
        ("alice", &id_of("ci-8")[..8]),
        ("alice", &link.code),
        ("alice", "xxxxxxxx"),
        ("policy:nightly", &right),
        ("ali\u{202e}ce", &right),
        ("a\nb", &right),
    ] {
        for action in ["release", "keep", "restore", "", "delete"] {
            let visit = link.post(action, typed).but("by", by);
            let page = world.visit(&visit);
            assert_eq!(page.status, 422, "{visit:?}");
            assert!(page.says("role=\"alert\""), "{visit:?}");
            // There is no form for a restore yet.
            let is_marked = page.says("aria-invalid=\"true\"") && page.says(" autofocus");
            assert!(
                is_marked || !by.trim().is_empty() || action == "restore",
                "{visit:?}"
            );
        }
    }
    assert_eq!(before, all_but_the_audit(&world));
    for forgiven in [format!(" {} ", right.to_uppercase()), id_of("ci-7")] {
        let (world, link) = asked(Kind::Pair);
        let page = world.visit(&link.post("release", &forgiven));
        assert_eq!(page.headline(), "Released", "{forgiven}");
    }
}

#[test]
fn a_form_that_is_not_right_is_written_down_with_why_and_where_it_came_from() {
    let (world, link) = asked(Kind::Pair);
    world.visit(&link.post("release", "xxxxxxxx").called_by(CALLER));
    world.visit(&link.post("release", &typed()).but("by", " "));
    let wrong = refusals(&world, &link);
    let told: Vec<_> = wrong
        .iter()
        .map(|event| (event.by.as_deref(), event.detail.as_str()))
        .collect();
    let ask = format!(
        "rejected: Type the first characters of the lock ID: {}",
        typed()
    );
    let missing = "rejected: Your name is missing: the audit log keeps who decided.";
    assert_eq!(told, [(Some("alice"), ask.as_str()), (None, missing)]);
    assert_eq!(wrong[0].verified.as_deref(), Some(CALLER));
    for event in &wrong {
        assert_eq!(event.source.as_deref(), Some("203.0.113.7"));
        assert_eq!(event.channel, Some(Channel::Page));
    }
    let page = world.visit(&link.get());
    assert!(page.says("refusal") && page.says("by alice (claimed)"));
}

#[test]
fn a_program_that_sends_wrong_forms_does_not_fill_the_ledger() {
    let (world, link) = asked(Kind::Pair);
    for _ in 0..50 {
        assert_eq!(world.visit(&link.post("release", "xxxxxxxx")).status, 422);
    }
    assert_eq!(refusals(&world, &link).len(), 10);
    assert_eq!(world.metric("RejectedDecisions"), 50);
}

#[test]
fn a_form_that_is_not_right_is_answered_although_it_cannot_be_written_down() {
    let (world, link) = asked(Kind::Pair);
    let wrong = link.post("release", "xxxxxxxx");
    world.visit(&wrong);
    let calls = world.calls();
    for call in [Call::Events, Call::Commit] {
        let number = calls.iter().rposition(|made| *made == call).unwrap() + 1;
        let (world, _) = asked(Kind::Pair);
        let fate = Fate::Fails(number, lockwarden_aws::Kind::Lasting);
        let page = Page::of(
            &world
                .run_one(world.visiting(&wrong, fate))
                .unwrap()
                .unwrap(),
        );
        assert_eq!(page.status, 422, "{call:?}");
        assert_eq!(refusals(&world, &link).len(), 0, "{call:?}");
    }
}

#[test]
fn a_link_that_was_pasted_into_its_own_form_gets_nowhere() {
    let (world, link) = asked(Kind::Pair);
    let url = format!("https://page.example/r/{}?t={}", link.code, link.token);
    let right = link.post("release", &typed());
    for visit in [
        right.clone().but("by", &url),
        right.clone().but("by", &link.token),
        right.clone().with("reason", &url),
        right.clone().but("action", &link.token),
        link.post("keep", &typed()).with("for", &link.token),
        right.clone().with("even_if", &link.token),
        link.post("release", &link.token),
    ] {
        let page = world.visit(&visit);
        assert_eq!(page.status, 422, "{visit:?}");
        assert!(!world.ledger_text().contains(&link.token), "{visit:?}");
    }
    assert!(!world.is_free(STATE));
}

/// The fields of each form of a page as they come, each with the name of one of its buttons.
fn forms_as_they_come(page: &Page) -> Vec<Vec<(String, String)>> {
    let mut filled = Vec::new();
    for form in page.body.split("<form").skip(1) {
        let form = form.split("</form>").next().unwrap();
        let tags = form.split('<').filter(|tag| tag.starts_with("input"));
        let fields: Vec<(String, String)> = tags
            .filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value")?)))
            .collect();
        let buttons = form.split('<').filter(|tag| tag.starts_with("button"));
        for action in buttons.filter_map(|button| attribute(button, "value")) {
            let mut fields = fields.clone();
            fields.push(("action".to_owned(), action));
            fields.push(("for".to_owned(), "2h".to_owned()));
            filled.push(fields);
        }
    }
    filled
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    Some(rest.split('"').next().unwrap().to_owned())
}

#[test]
fn a_scanner_that_submits_every_form_does_nothing() {
    let (world, link) = asked(Kind::Pair);
    let mut submitted = 0;
    for is_released in [false, true] {
        if is_released {
            world.decide(&release(&link.code));
        }
        let before = all_but_the_audit(&world);
        let page = world.visit(&link.get());
        for fields in forms_as_they_come(&page) {
            for junk in ["", "test", "1", "a@example.com", link.token.as_str()] {
                let mut visit = Visit::of("POST", &format!("/r/{}", link.code));
                for (name, value) in &fields {
                    visit = visit.with(name, value);
                }
                visit = visit.but("by", junk).but("typed", junk);
                let explains = fields.contains(&("action".to_owned(), "explain".to_owned()));
                let expected = if explains { 200 } else { 422 };
                assert_eq!(world.visit(&visit).status, expected, "{visit:?}");
                submitted += 1;
            }
        }
        assert_eq!(before, all_but_the_audit(&world));
    }
    assert_eq!(submitted, 25, "release, keep, explain; restore, explain");
}

#[test]
fn another_link_of_the_same_lock_is_kept_out_of_the_audit_log_too() {
    let (world, first) = asked(Kind::Pair);
    world.wait("1h");
    world.sweep();
    let second = world.link(STATE);
    let reason = format!(
        "see https://page.example/r/{}?t={}",
        first.code, first.token
    );
    let page = world.visit(&second.post("release", &typed()).with("reason", &reason));
    assert_eq!(page.status, 422);
    assert!(!world.ledger_text().contains(&first.token));
}

#[test]
fn refused_decisions_of_a_link_do_not_fill_the_ledger_either() {
    let world = World::with(&[(settings::APPROVAL_PAGE, "link")]);
    let (world, link) = asked_in(world, Kind::Pair);
    let before = all_but_the_audit(&world);
    for _ in 0..50 {
        let visit = link.post("release", &typed()).with("even_if", "fresh");
        assert_eq!(world.visit(&visit).headline(), "Not carried out");
    }
    assert_eq!(before, all_but_the_audit(&world));
    assert_eq!(refusals(&world, &link).len(), 10);
    world.unlock(STATE);
    world.sweep();
    for _ in 0..50 {
        assert_eq!(
            world.visit(&link.post("release", &typed())).headline(),
            "Gone already"
        );
    }
    assert!(refusals(&world, &link).len() <= 20);
}

#[test]
fn a_page_without_a_button_has_no_form() {
    let (world, link) = half_released();
    let observing = World::with(&[(settings::RELEASES, "disabled")]).with_the_stores_of(&world);
    let page = observing.visit(&link.get());
    assert!(page.says("Releases are switched off here"));
    assert_eq!(page.buttons(), ["restore"]);
    assert_eq!(page.body.matches("name=\"by\"").count(), 1);
}

#[test]
fn the_enter_key_chooses_no_decision() {
    let (world, link) = asked(Kind::Pair);
    let page = world.visit(&link.get());
    let (_, form) = page.body.split_once("<form").unwrap();
    let (_, first) = form.split_once("<button").unwrap();
    assert!(
        first.starts_with(" type=\"submit\" disabled hidden>"),
        "{first}"
    );
}

/// A pair whose object is gone and whose item stays, and a link that may decide.
fn half_released() -> (World, Link) {
    let (world, link) = asked(Kind::Pair);
    world.right_after(Call::DeleteLockFile, |world| {
        world.deny(&format!("table {}", Kind::Pair.table()));
    });
    let outcome = world.try_decide(&release(&link.code)).unwrap();
    assert_eq!(outcome_of(&outcome), "partly_released");
    world.mend();
    world.wait("1h");
    world.sweep();
    let link = world.link(STATE);
    (world, link)
}

#[test]
fn a_page_with_two_forms_keeps_them_apart() {
    let (world, link) = half_released();
    let page = world.visit(&link.get());
    assert_eq!(page.buttons(), ["release", "restore"]);
    for (action, wrong_form, other_form) in
        [("release", "decide", "undo"), ("restore", "undo", "decide")]
    {
        let page = world.visit(&link.post(action, "xxxxxxxx"));
        let ids: Vec<&str> = page.body.split(" id=\"").skip(1).collect();
        let mut ids: Vec<&str> = ids
            .iter()
            .map(|rest| rest.split('"').next().unwrap())
            .collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "an id stands there twice: {ids:?}");
        let field = |form: &str| {
            let (_, rest) = page
                .body
                .split_once(&format!("id=\"{form}-typed\""))
                .unwrap();
            rest.split('>').next().unwrap().to_owned()
        };
        assert!(
            field(wrong_form).contains("aria-invalid") && field(wrong_form).contains("xxxxxxxx")
        );
        assert!(
            !field(other_form).contains("aria-invalid") && !field(other_form).contains("xxxxxxxx")
        );
    }
}
