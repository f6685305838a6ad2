//! Whoever has no link: nothing to see, nothing to spend, nothing to find out.

use std::collections::BTreeMap;

use super::{CALLER, asked, assert_untouched, typed};
use crate::world::{
    Call, FUNCTION, Fate, Kind, Link, Page, STATE, Visit, World, outcome_of, release,
};

const OTHER: &str = "acme-tf-state/prod/other.tfstate";

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
    world.wait("2m");
    assert_eq!(world.visit(&right).status, 422);
    assert_eq!(counted(&world), (8, 2), "the link has decided");
    world.wait("1d");
    assert_eq!(world.visit(&link.get()).status, 410);
    assert_eq!(world.visit(&right).status, 410);
    assert_eq!(counted(&world), (10, 2), "expired");
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
            ("strict-transport-security", "max-age=63072000"),
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
