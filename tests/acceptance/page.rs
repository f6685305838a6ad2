//! The approval page: what it shows to whom, what it does, and what it never does.

use std::collections::BTreeMap;

use lockwarden_core::ledger::{Channel, Event, EventKind, Status};
use lockwarden_core::settings;

use crate::world::{
    Call, FUNCTION, Fate, Kind, Link, Page, STATE, Visit, World, id_of, keep, outcome_of,
    record_text, release, restore,
};

const OTHER: &str = "acme-tf-state/prod/other.tfstate";
/// Who calls where the URL asks AWS.
const CALLER: &str = "arn:aws:sts::123456789012:assumed-role/oncall/bob";

/// What came to pass with a request before somebody looks.
type Story = fn(&World, &Link);

/// What a person types about the lock of `ci-7`.
fn typed() -> String {
    id_of("ci-7")[..8].to_owned()
}

/// A stale lock of `ci-7`, and the link in its notice.
fn asked_in(world: World, kind: Kind) -> (World, Link) {
    world.lock(kind, STATE, "ci-7");
    world.ask_about(STATE);
    let link = world.link(STATE);
    world.calls();
    (world, link)
}

fn asked(kind: Kind) -> (World, Link) {
    asked_in(World::of_kind(kind), kind)
}

/// All that a form without a right decision must leave as it is: anything but the audit log.
fn all_but_the_audit(world: &World) -> (String, Vec<String>, usize, Vec<&'static str>) {
    let ledger = world.ledger_text_without_audit();
    (ledger, world.locked(), world.deleted().len(), world.told())
}

/// The refusals of a request in the audit log.
fn refusals(world: &World, link: &Link) -> Vec<Event> {
    let events = world.audit(&link.code).into_iter();
    events
        .filter(|event| event.what == EventKind::Refusal)
        .collect()
}

/// Nothing was written, deleted or told, and the lock is there.
#[track_caller]
fn assert_untouched(world: &World, before: &str, told: usize) {
    assert_eq!(world.ledger_text(), before);
    assert_eq!(world.told().len(), told, "{:?}", world.told());
    assert_eq!(world.deleted(), []);
    let calls = world.calls();
    assert!(!calls.iter().any(|call| call.writes()), "{calls:?}");
}

#[test]
fn a_notice_carries_a_link_that_shows_what_is_true_now() {
    for kind in Kind::ALL {
        let (world, link) = asked(kind);
        let page = world.visit(&link.get());
        assert_eq!((page.status, page.headline()), (200, "A state is locked"));
        for fact in [
            STATE,
            "runner@ci-7",
            "apply or destroy (may write the state)",
            "1.11.4",
            &id_of("ci-7"),
            &link.code,
        ] {
            assert!(page.says(fact), "{kind:?}: no {fact}");
        }
        assert_eq!(page.buttons(), ["release", "keep"], "{kind:?}");
        let places = page.body.matches("<dt>Stored in</dt>").count();
        let halves = usize::from(kind.has_item()) + usize::from(kind.has_object());
        assert_eq!(places, halves, "{kind:?}");
    }
}

#[test]
fn looking_changes_nothing_whatever_stands_there() {
    let stories: [(&str, Story); 7] = [
        ("asked", |_, _| {}),
        ("kept", |world, link| {
            world.decide(&keep(&link.code, "2h"));
        }),
        ("left half-done", |world, link| {
            world.leave_half_done(&link.code);
        }),
        ("released", |world, link| {
            world.decide(&release(&link.code));
        }),
        ("put back", |world, link| {
            world.decide(&release(&link.code));
            world.decide(&restore(&link.code));
        }),
        ("let go", |world, _| {
            world.unlock(STATE);
            world.sweep();
        }),
        ("taken by another", |world, _| {
            world.unlock(STATE);
            world.lock(Kind::Pair, STATE, "ci-8");
        }),
    ];
    for kind in Kind::ALL {
        for (name, story) in stories {
            let (world, link) = asked(kind);
            story(&world, &link);
            let (ledger, locked) = (world.ledger_text(), world.locked());
            let (told, deleted) = (world.told(), world.deleted());
            world.calls();
            for visit in [link.get(), link.get().by_method("HEAD")] {
                let page = world.visit(&visit);
                assert_eq!(page.status, 200, "{kind:?}, {name}");
            }
            let calls = world.calls();
            assert!(!calls.iter().any(|call| call.writes()), "{name}: {calls:?}");
            assert!(!calls.contains(&Call::Publish), "{name}");
            assert_eq!(world.ledger_text(), ledger, "{kind:?}, {name}");
            assert_eq!(world.locked(), locked, "{kind:?}, {name}");
            assert_eq!((world.told(), world.deleted()), (told, deleted));
        }
    }
}

#[test]
fn a_stranger_cannot_tell_an_unknown_code_from_a_wrong_token_and_costs_one_read() {
    let (world, link) = asked(Kind::Pair);
    world.lock(Kind::Item, OTHER, "ci-9");
    world.wait("20m");
    world.sweep();
    let other = world.link(OTHER);
    assert_ne!(other.code, link.code);
    let (ledger, told) = (world.ledger_text(), world.told().len());
    let mut answers: Vec<Page> = Vec::new();
    for wrong in [
        Link::new("7F3K2QWX", &link.token),
        Link::new("7F3K2QWX", "x"),
        Link::new("7F3K2QWX", ""),
        Link::new(&link.code, "x"),
        Link::new(&link.code, ""),
        Link::new(&link.code, &link.token.to_uppercase()),
        Link::new(&link.code, &format!("{}a", link.token)),
        Link::new(&link.code, &link.token[..31]),
        Link::new(&link.code, &other.token),
        Link::new(&other.code, &link.token),
    ] {
        for visit in [
            wrong.get(),
            wrong.get().called_by(CALLER),
            wrong.post("release", &typed()),
            wrong.post("keep", &typed()).with("for", "2h"),
            wrong.post("restore", &typed()),
            wrong.post("nonsense", ""),
        ] {
            world.calls();
            let page = world.visit(&visit);
            assert_eq!(world.calls(), [Call::Entry], "{visit:?}");
            answers.push(page);
        }
    }
    assert!(answers.iter().all(|page| *page == answers[0]));
    assert_eq!(answers[0].status, 404);
    assert_untouched(&world, &ledger, told);
}

#[test]
fn what_names_no_link_costs_nothing_at_all() {
    let (world, link) = asked(Kind::Item);
    let ledger = world.ledger_text();
    let told = world.told().len();
    let without_token = Visit::of("GET", &format!("/r/{}", link.code));
    let large = link
        .post("release", &typed())
        .with("reason", &"x".repeat(9_000));
    let odd = link.post("release", &typed()).of_type("application/json");
    for (visit, status) in [
        (Visit::of("GET", "/"), 404),
        (Visit::of("GET", "/favicon.ico"), 404),
        (Visit::of("GET", "/r/"), 404),
        (Visit::of("GET", "/r/../r"), 404),
        (without_token, 404),
        (link.get().by_method("PUT"), 405),
        (link.get().by_method("DELETE"), 405),
        (link.get().by_method("OPTIONS"), 405),
        (link.post("release", &typed()).by_method("PATCH"), 405),
        (large, 413),
        (odd, 415),
        (
            link.post("release", &typed())
                .of_type("multipart/form-data; boundary=x"),
            415,
        ),
        (link.post("release", &typed()).of_type(""), 415),
    ] {
        let page = world.visit(&visit);
        assert_eq!(page.status, status, "{visit:?}");
        assert_eq!(world.calls(), [], "{visit:?}");
        assert!(!page.says(STATE) && !page.says(&link.token), "{visit:?}");
    }
    assert_untouched(&world, &ledger, told);
}

/// How many were turned away at the door, and how many decisions were refused.
fn counted(world: &World) -> (i64, i64) {
    let turned_away = world.metric("PageTurnedAway");
    (turned_away, world.metric("RejectedDecisions"))
}

#[test]
fn who_is_turned_away_is_counted_apart_from_refused_decisions() {
    let (world, link) = asked(Kind::Item);
    let right = link.post("release", &typed());
    let large = right.clone().with("reason", &"x".repeat(9_000));
    let at_the_door = [
        (Visit::of("GET", "/"), 404),
        (link.get().by_method("PUT"), 405),
        (right.clone().of_type("application/json"), 415),
        (large, 413),
        (Link::new(&link.code, "x").get(), 404),
        (Link::new(&link.code, "x").post("release", &typed()), 404),
        (Link::new("7F3K2QWX", &link.token).get(), 404),
    ];
    for (count, (visit, status)) in (1..).zip(&at_the_door) {
        assert_eq!(world.visit(visit).status, *status, "{visit:?}");
        assert_eq!(counted(&world), (count, 0), "{visit:?}");
    }
    world.visit_with("{}");
    assert_eq!(counted(&world), (8, 0), "no request of a page at all");
    assert_eq!(world.visit(&link.post("release", "xxxxxxxx")).status, 422);
    assert_eq!(counted(&world), (8, 1), "something else was typed");
    world.visit(&link.get());
    world.visit(&right);
    assert_eq!(counted(&world), (8, 1), "looking and deciding");
    assert_eq!(world.visit(&right).status, 422);
    assert_eq!(counted(&world), (8, 2), "the link has decided");
    world.wait("1d");
    assert_eq!(world.visit(&link.get()).status, 410);
    assert_eq!(world.visit(&right).status, 410);
    assert_eq!(counted(&world), (10, 2), "expired");
}

#[test]
fn a_link_works_until_it_expires_and_not_a_moment_longer() {
    let world = World::with(&[("LINK_TTL", "2h"), ("REMIND_EVERY", "1d")]);
    let (world, link) = asked_in(world, Kind::Item);
    world.wait("7199s");
    assert_eq!(world.visit(&link.get()).status, 200);
    world.wait("1s");
    let (ledger, told) = (world.ledger_text(), world.told().len());
    world.calls();
    for visit in [
        link.get(),
        link.post("release", &typed()),
        link.post("keep", &typed()).with("for", "2h"),
        link.post("restore", &typed()),
    ] {
        let page = world.visit(&visit);
        assert_eq!(
            (page.status, page.headline()),
            (410, "This link has expired")
        );
        assert!(!page.says(STATE), "it tells about the lock");
    }
    assert_eq!(world.calls(), [Call::Entry; 4]);
    assert_untouched(&world, &ledger, told);
}

#[test]
fn each_notice_has_its_own_link_and_older_ones_stay_valid() {
    let (world, first) = asked(Kind::Item);
    for _ in 0..3 {
        world.wait("61m");
        world.sweep();
    }
    let links = world.links(STATE);
    assert_eq!(links.len(), 4);
    for (number, link) in links.iter().enumerate() {
        assert_eq!(world.visit(&link.get()).status, 200, "link {number}");
        let twice = links.iter().filter(|other| *other == link).count();
        assert_eq!(twice, 1, "link {number}");
    }
    world.wait("1263m");
    let statuses: Vec<u64> = links
        .iter()
        .map(|link| world.visit(&link.get()).status)
        .collect();
    assert_eq!(statuses, [410, 200, 200, 200]);
    let newer = world.visit(&links[1].post("release", &typed()));
    assert_eq!((newer.status, newer.headline()), (200, "Released"));
    assert_eq!(world.visit(&first.get()).status, 410);
}

#[test]
fn a_link_decides_once_then_it_looks_and_undoes() {
    for kind in Kind::ALL {
        let (world, link) = asked(kind);
        let text = world.entry(&link.code).content;
        let released = world.visit(&link.post("release", &typed()));
        assert_eq!(
            (released.status, released.headline()),
            (200, "Released"),
            "{kind:?}"
        );
        assert_eq!(released.buttons(), ["restore"], "{kind:?}");
        assert!(world.is_free(STATE));

        assert_eq!(world.visit(&link.get()).buttons(), ["restore"]);
        assert_spent(&world, &link);

        let back = world.visit(&link.post("restore", &typed()));
        assert_eq!(
            (back.status, back.headline()),
            (200, "Put back"),
            "{kind:?}"
        );
        assert!(world.holds(STATE, &text), "{kind:?}");
        assert_spent(&world, &link);
        let page = world.visit(&link.get());
        assert_eq!(page.buttons(), Vec::<&str>::new(), "{kind:?}");
        assert!(world.holds(STATE, &text), "{kind:?}");
    }
}

/// Neither `release` nor `keep` does anything by this link any more.
#[track_caller]
fn assert_spent(world: &World, link: &Link) {
    let before = all_but_the_audit(world);
    for action in ["release", "keep"] {
        let page = world.visit(&link.post(action, &typed()).with("for", "2h"));
        assert_eq!(page.status, 422, "{action}");
        assert!(page.says("has decided already"), "{action}");
    }
    assert_eq!(before, all_but_the_audit(world));
}

#[test]
fn a_release_that_comes_to_nothing_in_the_end_spends_the_link_and_a_refused_one_does_not() {
    let (world, link) = asked(Kind::Item);
    world.write_state(STATE);
    let refused = world.visit(&link.post("release", &typed()));
    assert_eq!(refused.headline(), "Not released");
    world.wait("10m");
    let released = world.visit(&link.post("release", &typed()));
    assert_eq!(released.headline(), "Released");
}

#[test]
fn keeping_does_not_spend_the_link() {
    let (world, link) = asked(Kind::Pair);
    for span in ["30m", "2h", "24h"] {
        let kept = world.visit(&link.post("keep", &typed()).with("for", span));
        assert_eq!((kept.status, kept.headline()), (200, "Kept"), "{span}");
    }
    assert_eq!(world.entry(&link.code).status, Status::Kept);
    let too_long = world.visit(&link.post("keep", &typed()).with("for", "25h"));
    assert_eq!(too_long.status, 422);
    let released = world.visit(&link.post("release", &typed()));
    assert_eq!(released.headline(), "Released");
    assert!(world.is_free(STATE));
}

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
        ("alice", &id_of("ci-7")),
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
    let forgiven = format!(" {} ", right.to_uppercase());
    let page = world.visit(&link.post("release", &forgiven));
    assert_eq!(page.headline(), "Released");
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
        let number = calls.iter().position(|made| *made == call).unwrap() + 1;
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
        for button in form.split('<').filter(|tag| tag.starts_with("button")) {
            let action = attribute(button, "value").unwrap();
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
                assert_eq!(world.visit(&visit).status, 422, "{visit:?}");
                submitted += 1;
            }
        }
        assert_eq!(before, all_but_the_audit(&world));
    }
    assert_eq!(submitted, 15, "release, keep; restore");
}

#[test]
fn a_double_click_and_two_tabs_release_once() {
    for kind in Kind::ALL {
        for seed in 0..20 {
            let (world, link) = asked_in(World::of_kind(kind).seeded(seed), kind);
            world.wait("61m");
            world.sweep();
            let second = world.link(STATE);
            let clicks = [
                link.post("release", &typed()),
                link.post("release", &typed()),
                second.post("release", &typed()),
            ];
            let tasks = clicks
                .iter()
                .map(|click| world.visiting(click, Fate::Lives));
            let answers = world.run(tasks.collect());
            for answer in answers {
                let status = answer.unwrap().unwrap()["statusCode"].clone();
                assert!(status == 200 || status == 422, "{kind:?}, {seed}: {status}");
            }
            let halves = usize::from(kind.has_item()) + usize::from(kind.has_object());
            assert_eq!(world.deleted().len(), halves, "{kind:?}, {seed}");
            assert_eq!(world.metric("Released"), 1, "{kind:?}, {seed}");
            assert_eq!(world.told_count("released"), 1, "{kind:?}, {seed}");
            assert_eq!(world.entry(&link.code).status, Status::Released);
        }
    }
}

/// A function that runs between two calls of another needs more stack than a test has.
fn with_room(story: impl FnOnce() + Send + 'static) {
    const ROOM: usize = 32 * 1024 * 1024;
    let thread = std::thread::Builder::new().stack_size(ROOM).spawn(story);
    thread.unwrap().join().unwrap();
}

#[test]
fn a_form_that_was_let_in_while_its_link_decided_elsewhere_decides_nothing_more() {
    for action in ["release", "keep"] {
        with_room(move || {
            let (world, link) = asked(Kind::Item);
            let first = link.clone();
            world.right_after(Call::Entry, move |world| {
                let released = world.visit(&first.post("release", &typed()));
                assert_eq!(released.headline(), "Released");
                let back = world.decide(&restore(&first.code));
                assert_eq!(outcome_of(&back), "restored");
            });
            let page = world.visit(&link.post(action, &typed()).with("for", "2h"));
            assert_eq!(page.headline(), "Not carried out", "{action}");
            assert!(!world.is_free(STATE), "{action}");
            assert_eq!(world.entry(&link.code).status, Status::Restored);
        });
    }
}

#[test]
fn a_link_whose_lock_changed_hands_shows_the_new_holder_and_leaves_it_alone() {
    for kind in Kind::ALL {
        let (world, link) = asked(kind);
        world.unlock(STATE);
        world.lock(kind, STATE, "ci-8");
        let locked = world.locked();
        let page = world.visit(&link.get());
        assert_eq!(page.headline(), "Another lock is there now", "{kind:?}");
        assert!(page.says("runner@ci-8"), "{kind:?}");
        assert_eq!(page.buttons(), Vec::<&str>::new(), "{kind:?}");
        for action in ["release", "keep", "restore"] {
            world.visit(&link.post(action, &typed()).with("for", "2h"));
            assert_eq!(world.locked(), locked, "{kind:?}, {action}");
        }
        assert_eq!(world.deleted(), []);
    }
}

#[test]
fn only_the_alias_of_the_page_is_the_page() {
    let (world, link) = asked(Kind::Item);
    let forged = link
        .post("release", &typed())
        .with("even_if", "fresh")
        .called_by("arn:aws:iam::123456789012:user/admin");
    for arn in [
        FUNCTION.to_owned(),
        format!("{FUNCTION}:live"),
        format!("{FUNCTION}:$LATEST"),
        format!("{FUNCTION}:7"),
        format!("{FUNCTION}:pages"),
        format!("{FUNCTION}:PAGE"),
        FUNCTION.replace("lockwarden-approve", "page"),
        "page".to_owned(),
        String::new(),
    ] {
        for visit in [&forged, &link.get()] {
            let event = visit.event().to_string();
            let id = world.fresh_id();
            let reply = world.run_one(world.invoking(&arn, &id, &event, Fate::Lives));
            let reply = reply.unwrap().unwrap();
            assert_eq!(outcome_of(&reply), "rejected", "{arn}: {reply}");
            assert_eq!(reply["by_verified"], serde_json::Value::Null, "{arn}");
            assert_eq!(reply.get("statusCode"), None, "{arn}");
        }
    }
    assert!(!world.is_free(STATE));
    assert!(!world.ledger_text().contains("user/admin"));
}

#[test]
fn a_decision_that_is_sent_to_the_alias_of_the_page_is_no_decision() {
    let (world, link) = asked(Kind::Item);
    world.leave_half_done(&link.code);
    world.wait("1m");
    let (ledger, told) = (world.ledger_text(), world.told().len());
    world.calls();
    let finish = serde_json::json!({"finish": link.code});
    let history = serde_json::json!({"query": "history", "lock_id": STATE});
    let by_topic = crate::world::by_topic(&world, "m-1", &release(&link.code));
    for event in [release(&link.code), finish, history, by_topic] {
        let page = world.visit_with(&event.to_string());
        assert_eq!(page.status, 400, "{event}");
        assert!(!page.says(STATE), "{event}");
    }
    assert_eq!(world.calls(), []);
    assert_untouched(&world, &ledger, told);
}

#[test]
fn even_if_on_the_page_wants_a_caller_whom_aws_knows() {
    for topic_restricted in ["false", "true"] {
        let world = World::with(&[("TOPIC_RESTRICTED", topic_restricted)]);
        let (world, link) = asked_in(world, Kind::Item);
        world.write_state(STATE);

        let page = world.visit(&link.get());
        assert!(!page.says("name=\"even_if\""));
        assert_eq!(page.buttons(), ["keep"]);
        let visit = link.post("release", &typed()).with("even_if", "alive");
        let refused = world.visit(&visit);
        assert_eq!(refused.headline(), "Not carried out");
        assert!(!world.is_free(STATE));

        let page = world.visit(&link.get().called_by(CALLER));
        assert!(page.says("name=\"even_if\" value=\"alive\"") && page.says(CALLER));
        let without = world.visit(&link.post("release", &typed()).called_by(CALLER));
        assert_eq!(without.headline(), "Not released");
        let released = world.visit(&visit.called_by(CALLER));
        assert_eq!(released.headline(), "Released", "{}", released.body);
        assert!(world.is_free(STATE));
    }
}

#[test]
fn on_a_page_without_signatures_nobody_is_known_whatever_the_event_says() {
    for page in ["disabled", "link", ""] {
        let world = World::with(&[(settings::APPROVAL_PAGE, page)]);
        let (world, link) = asked_in(world, Kind::Item);
        world.write_state(STATE);
        let shown = world.visit(&link.get().called_by(CALLER));
        assert!(
            !shown.says(CALLER) && !shown.says("name=\"even_if\""),
            "{page}"
        );
        let visit = link.post("release", &typed()).with("even_if", "alive");
        let refused = world.visit(&visit.called_by(CALLER));
        assert_eq!(refused.headline(), "Not carried out", "{page}");
        assert!(!world.is_free(STATE) && !world.ledger_text().contains(CALLER));
    }
}

#[test]
fn the_audit_keeps_claimed_and_verified_names_apart_and_where_it_came_from() {
    let (world, link) = asked(Kind::Pair);
    world.visit(&link.post("keep", &typed()).with("for", "2h"));
    let visit = link
        .post("release", &typed())
        .with("reason", "ci-7 is gone");
    world.visit(&visit.called_by(CALLER));
    let events = world.audit(&link.code).into_iter();
    let decisions: Vec<_> = events
        .filter(|event| event.what == EventKind::Decision)
        .collect();
    let names: Vec<_> = decisions
        .iter()
        .map(|event| (event.by.as_deref(), event.verified.as_deref()))
        .collect();
    assert_eq!(
        names,
        [(Some("alice"), None), (Some("alice"), Some(CALLER))]
    );
    for event in &decisions {
        assert_eq!(event.source.as_deref(), Some("203.0.113.7"));
        assert_eq!(serde_json::json!(event.channel), "page");
    }
    assert_eq!(decisions[1].detail, "release: ci-7 is gone");
    let page = world.visit(&link.get());
    assert!(page.says("by alice (claimed), verified arn:aws:sts"));
}

/// A request for each status that the page has.
fn every_answer(world: &World, link: &Link) -> BTreeMap<u64, Page> {
    let visits = [
        link.get(),
        link.get().by_method("HEAD"),
        Visit::of("GET", "/"),
        Visit::of("PUT", "/r/7F3K2QWX"),
        Link::new("7F3K2QWX", "x").get(),
        link.post("release", "wrong"),
        link.post("release", &typed()).of_type("text/plain"),
        link.post("release", &typed())
            .with("reason", &"x".repeat(9_000)),
        link.post("keep", &typed()).with("for", "2h"),
    ];
    let mut answers: BTreeMap<u64, Page> = visits
        .iter()
        .map(|visit| world.visit(visit))
        .map(|page| (page.status, page))
        .collect();
    answers.insert(400, world.visit_with("{}"));
    world.throttle("ledger");
    for visit in [link.get(), link.post("release", &typed())] {
        let page = world.visit(&visit);
        answers.insert(page.status, page);
    }
    world.mend();
    world.wait("1d");
    let page = world.visit(&link.get());
    answers.insert(page.status, page);
    answers
}

#[test]
fn every_answer_is_locked_down() {
    let (world, link) = asked(Kind::Pair);
    let answers = every_answer(&world, &link);
    let statuses: Vec<u64> = answers.keys().copied().collect();
    assert_eq!(statuses, [200, 400, 404, 405, 410, 413, 415, 422, 503]);
    for (status, page) in &answers {
        for (name, value) in [
            ("content-type", "text/html; charset=utf-8"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            (
                "strict-transport-security",
                "max-age=63072000",
            ),
        ] {
            assert_eq!(page.headers[name], value, "{status}");
        }
        let policy = &page.headers["content-security-policy"];
        let parts: Vec<&str> = policy.split("; ").collect();
        for part in [
            "default-src 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(parts.contains(&part), "{status}: {policy}");
        }
        assert!(
            !policy.contains("unsafe") && !policy.contains("script-src"),
            "{policy}"
        );
        assert_loads_nothing(page);
    }
    assert_eq!(answers[&405].headers["allow"], "GET, HEAD, POST");
}

/// No script, no inline style beside the one that the policy names, nothing from elsewhere.
#[track_caller]
fn assert_loads_nothing(page: &Page) {
    for bad in [
        "<script",
        "javascript:",
        " style=",
        "<img",
        "<link",
        "<iframe",
        "src=",
        "http://",
        "https://",
        " onclick",
    ] {
        assert!(!page.says(bad), "{}: {bad}", page.status);
    }
    assert_eq!(page.body.matches("<style>").count(), 1);
}

#[test]
fn a_token_is_kept_nowhere_and_shown_only_to_who_has_it() {
    let (world, link) = asked(Kind::Pair);
    world.wait("61m");
    world.sweep();
    let second = world.link(STATE);
    for visit in [
        link.get(),
        link.post("release", "wrong"),
        second.post("keep", &typed()).with("for", "2h"),
        link.post("release", &typed()).with("even_if", "fresh"),
        link.post("release", &typed()),
        link.post("restore", &typed()),
        second.post("release", &typed()),
    ] {
        world.visit(&visit);
    }
    world.throttle("ledger");
    world.visit(&link.get());
    world.mend();
    for link in [&link, &second] {
        let bearers = world
            .notices()
            .into_iter()
            .filter(|told| told.message.contains(&link.token));
        assert_eq!(bearers.count(), 1, "only its own notice");
        let ledger = world.ledger_text().to_lowercase();
        assert!(!ledger.contains(&link.token), "{ledger}");
        let metrics = format!("{:?}", world.metrics()).to_lowercase();
        assert!(!metrics.contains(&link.token), "{metrics}");
    }
    let elsewhere = world.visit(&second.get());
    assert!(!elsewhere.says(&link.token));
}

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
            "time",
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

#[test]
fn a_lock_id_that_cannot_be_typed_is_replaced_by_the_code() {
    let odd = "a\u{202e}b <i>";
    let record = record_text("ci-7", "2026-03-02T08:00:00Z", STATE).replace(&id_of("ci-7"), odd);
    let world = World::new();
    world.lock_with(Kind::Item, STATE, &record);
    world.ask_about(STATE);
    let link = world.link(STATE);
    let page = world.visit(&link.get());
    assert!(
        page.says(&format!(
            "First 8 characters of the request code: <code>{}</code>",
            link.code
        )),
        "{}",
        page.body
    );
    let released = world.visit(&link.post("release", &link.code));
    assert_eq!(released.headline(), "Released");
}

#[test]
fn the_kill_switch_holds_on_the_page_too() {
    let (world, link) = asked_in(World::with(&[("RELEASES", "disabled")]), Kind::Pair);
    let page = world.visit(&link.get().called_by(CALLER));
    assert_eq!(page.buttons(), ["keep"]);
    let visit = link.post("release", &typed()).called_by(CALLER);
    assert_eq!(world.visit(&visit).headline(), "Not carried out");
    assert_eq!(world.deleted(), []);
    let kept = world.visit(&link.post("keep", &typed()).with("for", "2h"));
    assert_eq!(kept.headline(), "Kept");
}

#[test]
fn a_release_by_the_page_that_dies_half_way_is_finished_by_the_next_sweep() {
    for kind in Kind::ALL {
        let mut half_done = 0;
        for number in 1..60 {
            let (world, link) = asked(kind);
            let visit = link.post("release", &typed());
            world.run_one(world.visiting(&visit, Fate::DiesBefore(number)));
            if !world.was_disturbed() {
                break;
            }
            let was_decided = world.entry(&link.code).decided.is_some();
            half_done += usize::from(was_decided);
            world.wait("46s");
            world.sweep();
            world.deliver_queue();
            world.wait("46s");
            world.sweep();
            assert_eq!(world.is_free(STATE), was_decided, "{kind:?}, {number}");
            // Around the publishing itself nobody can know whether the notice is out.
            let told = world.told_count("released");
            assert!(
                (1..=2).contains(&told) == was_decided,
                "{kind:?}, {number}: {told}"
            );
            assert_eq!(world.visit(&link.get()).status, 200);
        }
        assert!(half_done > 3, "{kind:?}: {half_done}");
    }
}

#[test]
fn a_keep_that_is_pressed_twice_is_one_keep() {
    let (world, link) = asked(Kind::Item);
    let keep = link.post("keep", &typed()).with("for", "2h");
    for _ in 0..2 {
        assert_eq!(world.visit(&keep).headline(), "Kept");
    }
    assert_eq!(
        world.told().iter().filter(|kind| **kind == "kept").count(),
        1
    );
}

#[test]
fn a_page_from_before_a_release_cannot_release_what_was_put_back() {
    let (world, old) = asked(Kind::Item);
    world.wait("61m");
    world.sweep();
    let request = old.code.clone();
    world.decide(&release(&request));
    world.decide(&restore(&request));
    let stale = world.visit(&old.post("release", &typed()));
    assert_ne!(stale.headline(), "Released");
    assert!(!world.is_free(STATE));
}
