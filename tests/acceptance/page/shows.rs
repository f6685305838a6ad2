//! What the page shows. Looking never acts.

use lockwarden_core::settings;

use super::{asked, asked_in};
use crate::world::{
    Call, FUNCTION, Kind, Link, Page, STATE, World, id_of, keep, outcome_of, record_text, release,
    release_even_if, restore,
};

/// What came to pass with a request before somebody looks.
type Story = fn(&World, &Link);

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

/// The commands of a page, as a person copies them.
fn commands(page: &Page) -> Vec<String> {
    let commands = page.body.split("<pre tabindex=\"0\"><code>").skip(1);
    commands
        .map(|rest| rest.split("</code>").next().unwrap())
        .map(|command| {
            command
                .replace("&quot;", "\"")
                .replace("&amp;", "&")
                .replace("&lt;", "<")
                .replace("&gt;", ">")
        })
        .collect()
}

/// What each command of a page does, in a word or two.
fn copied(page: &Page) -> Vec<&'static str> {
    let what = |command: String| {
        [
            ("get-item", "look"),
            ("get-object", "look"),
            ("even_if", "release even if"),
            ("\"decision\":\"release\"", "release"),
            ("\"decision\":\"keep\"", "keep"),
            ("\"decision\":\"restore\"", "restore"),
            ("delete-", "by hand"),
            ("force-unlock", "force-unlock"),
        ]
        .into_iter()
        .find_map(|(part, what)| command.contains(part).then_some(what))
        .unwrap_or_else(|| panic!("{command}"))
    };
    commands(page).into_iter().map(what).collect()
}

#[test]
fn the_commands_of_a_page_are_those_that_would_be_followed_now() {
    let both_looks = |more: &[&'static str]| [&["look", "look"], more].concat();
    let (world, link) = asked(Kind::Pair);
    let shown = || copied(&world.visit(&link.get()));
    assert_eq!(shown(), both_looks(&["release", "keep", "force-unlock"]));
    world.write_state(STATE);
    assert_eq!(
        shown(),
        both_looks(&["release even if", "keep", "force-unlock"])
    );
    world.wait("10m");
    world.decide(&release(&link.code));
    assert_eq!(shown(), both_looks(&["restore"]));
    world.decide(&restore(&link.code));
    let fresh = "what was just put back is fresh";
    assert_eq!(
        shown(),
        both_looks(&["release even if", "force-unlock"]),
        "{fresh}"
    );
    world.unlock(STATE);
    world.lock(Kind::Pair, STATE, "ci-8");
    assert_eq!(shown(), both_looks(&[]), "the lock of somebody else");
}

#[test]
fn where_releases_are_switched_off_no_command_releases() {
    let (world, link) = asked_in(World::with(&[(settings::RELEASES, "disabled")]), Kind::Item);
    assert_eq!(
        copied(&world.visit(&link.get())),
        ["look", "keep", "force-unlock"]
    );
}

#[test]
fn a_lock_that_lockwarden_may_not_release_is_shown_with_what_to_do_by_hand() {
    let world = World::new();
    let path = "acme-tf-state/prod/app-md5";
    world.lock(Kind::Item, path, "ci-7");
    world.ask_about(path);
    let page = world.visit(&world.link(path).get());
    assert_eq!(page.buttons(), ["keep"]);
    assert!(page.says("Lockwarden may not release this lock"));
    assert_eq!(copied(&page), ["look", "by hand", "keep", "force-unlock"]);
}

#[test]
fn the_command_of_a_page_does_what_it_says() {
    let (world, link) = asked(Kind::Pair);
    world.write_state(STATE);
    let page = world.visit(&link.get());
    let command = commands(&page)
        .into_iter()
        .find(|command| command.contains("even_if"));
    let words = shlex::split(&command.unwrap()).unwrap();
    let at = words
        .iter()
        .position(|word| word == "--function-name")
        .unwrap();
    assert!(FUNCTION.ends_with(&format!(":{}", words[at + 1])));
    let payload = words[2].replace("$USER", "alice");
    let outcome = world.decide(&serde_json::from_str(&payload).unwrap());
    assert_eq!(outcome_of(&outcome), "released");
}

#[test]
fn what_cannot_be_put_back_has_no_button_for_it() {
    let world = World::new();
    world.put_attributes(Kind::Item.table(), STATE, &[]);
    world.ask_about(STATE);
    let link = world.link(STATE);
    let even_if = release_even_if(&link.code, &["unreadable"]);
    assert_eq!(outcome_of(&world.decide(&even_if)), "released");
    let page = world.visit(&link.get());
    assert_eq!(page.buttons(), [] as [&str; 0]);
    assert_eq!(copied(&page), ["look"]);
}
