//! An error that is pasted on the page of a link: explained to whoever has the link, and nothing else.

use super::{all_but_the_audit, asked, refusals, typed};
use crate::world::{Call, Kind, Link, Page, Visit, World, id_of};

fn paste(link: &Link, text: &str) -> Visit {
    Visit::of("POST", &format!("/r/{}", link.code))
        .with("t", &link.token)
        .with("action", "explain")
        .with("pasted", text)
}

fn error(holder: &str) -> String {
    format!(
        "Error: Error acquiring the state lock\r\n\r\nError message: ConditionalCheckFailedException: The conditional request failed\r\n\
         Lock Info:\r\n  ID:        {}\r\n  Path:      acme-tf-state/prod/other.tfstate\r\n  Operation: OperationTypePlan\r\n  Who:       {holder}\r\n",
        id_of("ci-9")
    )
}

fn explained(text: &str) -> (World, Page) {
    let (world, link) = asked(Kind::Pair);
    let before = all_but_the_audit(&world);
    world.calls();
    let page = world.visit(&paste(&link, text));
    assert_eq!(world.calls(), [Call::Entry], "it looks at nothing else");
    assert_eq!(before, all_but_the_audit(&world));
    assert_eq!(refusals(&world, &link).len(), 0);
    (world, page)
}

#[test]
fn an_error_is_explained_and_nothing_is_decided_or_looked_at() {
    let (_, page) = explained(&error("runner@ci-9"));
    assert_eq!((page.status, page.headline()), (200, "What it means"));
    assert!(page.says(&format!("terraform force-unlock {}", id_of("ci-9"))));
    assert!(page.says("Is that job really dead?") && page.says("runner@ci-9"));
    assert!(page.says("Nobody has looked whether the lock is still there. The next command does."));
    assert!(page.says("Back to the lock of this link"));
}

#[test]
fn what_is_pasted_comes_back_harmless_and_without_its_secrets() {
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    let holder = format!("<script>x</script>\u{1b}[2J\u{202e} AWS_SECRET_ACCESS_KEY={secret}");
    let (_, page) = explained(&error(&holder));
    assert!(
        !page.says(secret) && !page.says("<script>"),
        "{}",
        page.body
    );
    assert!(!page.body.contains('\u{1b}') && !page.body.contains('\u{202e}'));
}

#[test]
fn a_backend_is_hardened_beside_the_error_or_without_one() {
    let backend = "terraform {\r\n  backend \"s3\" {\r\n    bucket         = \"acme-tf-state\"\r\n    key            = \"prod/other.tfstate\"\r\n    \
                   region         = \"eu-west-1\"\r\n    dynamodb_table = \"terraform-state-locks\" # ours\r\n  }\r\n}\r\n";
    for text in ["", &error("runner@ci-9")] {
        let (world, link) = asked(Kind::Pair);
        let page = world.visit(&paste(&link, text).with("config", backend));
        assert!(
            page.says("use_lockfile") && page.says("# ours"),
            "{}",
            page.body
        );
        assert_eq!(page.says("Is that job really dead?"), !text.is_empty());
        // With the configuration, the table for the command is known.
        assert_eq!(
            page.says("--table-name terraform-state-locks"),
            !text.is_empty()
        );
    }
}

#[test]
fn what_is_no_error_is_said_to_be_none() {
    for text in ["nothing", &"x".repeat(200_000)] {
        let (_, page) = explained(text);
        assert!(page.says("Nothing in this text is a state lock error"));
    }
    let (_, page) = explained(" \r\n");
    assert!(page.says("Nothing was pasted."), "{}", page.body);
}

#[test]
fn only_a_valid_link_explains() {
    let (world, link) = asked(Kind::Pair);
    for wrong in [
        Link::new(&link.code, "x"),
        Link::new("7F3K2QWX", &link.token),
    ] {
        world.calls();
        let page = world.visit(&paste(&wrong, &error("runner@ci-9")));
        assert_eq!(page.status, 404);
        assert_eq!(world.calls(), [Call::Entry]);
    }
    let large = paste(&link, &"x".repeat(300_000));
    assert_eq!(world.visit(&large).status, 413);
    let decision = link
        .post("release", &typed())
        .with("pasted", &"x".repeat(9_000));
    assert_eq!(world.visit(&decision).status, 413, "a decision is small");
    world.wait("1d");
    assert_eq!(
        world.visit(&paste(&link, &error("runner@ci-9"))).status,
        410
    );
}

#[test]
fn whoever_used_up_a_link_may_still_ask() {
    let (world, link) = asked(Kind::Pair);
    assert_eq!(
        world.visit(&link.post("release", &typed())).headline(),
        "Released"
    );
    let page = world.visit(&paste(&link, &error("runner@ci-9")));
    assert_eq!(page.headline(), "What it means");
    assert!(
        world
            .visit(&link.get())
            .says("Explain another error or a backend")
    );
}
