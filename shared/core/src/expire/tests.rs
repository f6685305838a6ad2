use super::*;
use crate::evidence::Looked;
use crate::item::Record;
use crate::ledger::{Channel, Decided, Told};
use crate::lock::gather;
use crate::outcome::NewHolder;
use crate::policy::{Action, Name, StateObject, Window};
use crate::testing::{at, item, item_with, lock_file, plain_policy, text_of};

const NOW: &str = "2026-01-02T12:00:00Z";
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Everything that the switch goes by. As it is made, the lock is to expire.
struct Case {
    asked: Vec<Record>,
    present: Vec<Record>,
    entry: Entry,
    policy: Policy,
    state: StateObject,
    after: SignedDuration,
    run: Looked<Option<Run>>,
}

impl Case {
    fn of(records: Vec<Record>) -> Self {
        let lock = gather(records.clone()).remove(0);
        let entry = Entry {
            status: Status::Asked,
            sightings: 2,
            told: Told {
                count: 4,
                last: Some(at("2026-01-02T08:00:00Z")),
                unanswered: 4,
                since: Some(at("2026-01-01T12:00:00Z")),
                of_split: false,
                topic: None,
            },
            ..Entry::first_sight(lock.code(0), &lock, at("2026-01-01T00:10:00Z"))
        };
        Self {
            present: records.clone(),
            asked: records,
            entry,
            policy: plain_policy(SignedDuration::from_mins(15)),
            state: StateObject::Absent,
            after: DAY,
            run: Looked::At(None),
        }
    }

    fn decided(&self) -> Result<Stamp, Refusal> {
        let present = gather(self.present.clone());
        let look = Look {
            policy: &self.policy,
            now: at(NOW),
            present: &present,
            state: &self.state,
        };
        decide(&self.entry, &look, self.after, &self.run)
    }

    /// The lock was taken in what looks like the future.
    fn skew(&mut self) {
        let text = text_of("A").replace("2026-01-01T", "2026-01-09T");
        self.present = vec![item_with("t", "b/k", &text)];
        self.entry.content = Content::Text(text);
    }

    /// Why the lock does not expire.
    #[track_caller]
    fn why_not(&self) -> String {
        match self.decided() {
            Err(Refusal::NotByRule(why) | Refusal::ByHandOnly(why)) => why,
            other => panic!("{other:?}"),
        }
    }
}

fn lone_item() -> Case {
    Case::of(vec![item("t", "b/k", "A")])
}

fn run(beat_at: &str) -> Looked<Option<Run>> {
    Looked::At(Some(Run {
        job_url: None,
        who: None,
        started_at: None,
        beat_at: at(beat_at),
        ended_at: None,
    }))
}

fn written(time: &str) -> StateObject {
    StateObject::Written {
        at: at(time),
        etag: None,
    }
}

#[test]
fn a_lock_that_nobody_answered_about_expires_after_an_hour_by_its_exact_text() {
    let stamp = lone_item().decided().unwrap();
    assert_eq!((stamp.table(), stamp.path().as_str()), ("t", "b/k"));
    assert_eq!(stamp.judged(), text_of("A"));
    assert_eq!(stamp.time_to_exist(), Some(at("2026-01-02T13:00:00Z")));
}

#[test]
fn what_is_not_certain_or_not_one_item_never_expires() {
    type Change = fn(&mut Case);
    let cases: [(&str, Change); 16] = [
        (
            "people were asked about it 23 h 59 min ago, and have 1 d",
            |case| {
                case.entry.told.since = Some(at("2026-01-01T12:00:30Z"));
            },
        ),
        (
            "nobody knows since when people were asked about it",
            |case| {
                case.entry.told.since = None;
            },
        ),
        ("people were not asked about it, or have answered", |case| {
            case.entry.status = Status::Seen;
        }),
        ("people were not asked about it, or have answered", |case| {
            case.entry.status = Status::Kept;
        }),
        ("people were not asked about it, or have answered", |case| {
            case.entry.status = Status::PartlyReleased;
        }),
        ("a person has decided about it", |case| {
            case.entry.decided = Some(by_person());
        }),
        ("a person has decided about it", |case| {
            case.entry.restored_at = Some(at("2026-01-01T06:00:00Z"));
        }),
        ("its holder shows signs of life", |case| {
            case.state = written("2026-01-02T11:58:00Z");
        }),
        ("nobody can look for a sign of life", |case| {
            case.state = StateObject::Unknown("denied".to_owned());
        }),
        ("its holder shows signs of life", |case| {
            case.run = run("2026-01-02T11:58:00Z");
        }),
        ("nobody can look for its run", |case| {
            case.run = Looked::Unknown("denied".to_owned());
        }),
        ("nobody has watched it for long enough", |case| {
            case.entry.first_seen = at("2026-01-02T11:50:00Z");
        }),
        ("nobody has watched it for long enough", |case| {
            case.entry.sightings = 1;
        }),
        ("it expires at 2026-01-02 13:00:00 UTC already", |case| {
            case.entry.time_to_exist = Some(at("2026-01-02T13:00:00Z"));
        }),
        (
            "a window of the policy lets nothing go by itself now",
            |case| {
                case.policy.windows = vec![Window {
                    name: Name::parse("freeze").unwrap(),
                    from: at("2026-01-02T00:00:00Z"),
                    to: at("2026-01-03T00:00:00Z"),
                    most: Action::Notify,
                }];
            },
        ),
        ("it is ignored", |case| {
            case.policy.default.action = Action::Ignore;
        }),
    ];
    for (why, change) in cases {
        let mut case = lone_item();
        change(&mut case);
        let said = case.why_not();
        assert!(said.starts_with(why), "{why}: {said}");
    }
}

fn by_person() -> Decided {
    let message = r#"{"decision":"release","request":"7F3K2QWX","by":"alice"}"#;
    Decided {
        decision: crate::decision::parse(message).unwrap(),
        channel: Channel::Invoke,
        verified: None,
        source: None,
        delivery: "d-1".to_owned(),
        at: at("2026-01-01T10:00:00Z"),
        from: Status::Asked,
        lease_until: at("2026-01-01T10:00:45Z"),
    }
}

#[test]
fn only_one_item_that_can_be_compared_expires() {
    let only_items = "only a lock that is one DynamoDB item, and no half of a pair, expires";
    let phantom = Record {
        content: Content::Phantom,
        ..item("t", "b/k", "A")
    };
    let digest_like =
        "the key `b/k-md5` ends like a digest's, and Lockwarden has no right to write such keys";
    let odd = text_of("A").replace("\"Info\"", "\"Lease\":\"\",\"Info\"");
    for (records, why) in [
        (
            vec![item("t", "b/k", "A"), lock_file("b/k", "A")],
            only_items,
        ),
        (vec![lock_file("b/k", "A")], only_items),
        (vec![phantom], only_items),
        (
            vec![item_with("t", "b/k", "locked by hand")],
            "it is unreadable",
        ),
        (vec![item_with("t", "b/k", &odd)], "a person has to say"),
        (vec![item("t", "b/k-md5", "A")], digest_like),
    ] {
        let case = Case::of(records);
        let said = case.why_not();
        assert!(said.starts_with(why), "{:?}: {said}", case.asked);
    }
    let mut split = lone_item();
    split.present.push(lock_file("b/k", "B"));
    assert_eq!(split.why_not(), only_items);
}

#[test]
fn another_lock_or_none_gets_no_time_to_exist() {
    let mut case = lone_item();
    case.present = vec![item("t", "b/k", "B")];
    let Err(Refusal::ChangedHands(NewHolder { who, .. })) = case.decided() else {
        panic!("{:?}", case.decided())
    };
    assert_eq!(who, "runner@B");
    case.present = Vec::new();
    assert_eq!(case.decided(), Err(Refusal::Gone));
}

#[test]
fn a_holder_that_shows_life_gets_its_time_back() {
    let mut case = lone_item();
    case.entry.time_to_exist = Some(at("2026-01-02T12:30:00Z"));
    case.state = written("2026-01-02T11:58:00Z");
    assert_eq!(case.decided().unwrap().time_to_exist(), None);
    case.state = StateObject::Absent;
    case.run = run("2026-01-02T11:58:00Z");
    let stamp = case.decided().unwrap();
    assert_eq!(
        (stamp.time_to_exist(), stamp.judged()),
        (None, &*text_of("A"))
    );
    case.run = run("2026-01-01T11:00:00Z");
    assert!(case.why_not().ends_with("already"));
}

#[test]
fn who_showed_life_since_people_were_asked_is_not_dead() {
    type Life = fn(&mut Case, &str);
    let lives: [Life; 2] = [
        |case, time| case.state = written(time),
        |case, time| case.run = run(time),
    ];
    let why = "its holder has shown signs of life since people were asked";
    for show_life in lives {
        for asked in ["2026-01-01T12:00:00Z", "2026-01-01T12:00:00.9Z"] {
            let mut case = lone_item();
            case.after = SignedDuration::from_hours(1);
            case.entry.told.since = Some(at(asked));
            show_life(&mut case, "2026-01-01T11:59:59Z");
            assert!(case.decided().is_ok(), "before they were");
            show_life(&mut case, "2026-01-01T12:00:01Z");
            assert_eq!(case.why_not(), why);
            case.entry.time_to_exist = Some(at("2026-01-02T12:30:00Z"));
            let stamp = case.decided().unwrap();
            assert_eq!((stamp.time_to_exist(), stamp.why()), (None, Some(why)));
        }
    }
    // S3 tells whole seconds.
    let mut case = lone_item();
    case.entry.told.since = Some(at("2026-01-01T12:00:00.9Z"));
    case.state = written("2026-01-01T12:00:00Z");
    assert_eq!(case.why_not(), why);
    // A run that is over, or whose clock nobody can trust, says nothing.
    for (beat, ended_at) in [
        ("2026-01-01T13:00:00Z", Some(at("2026-01-01T13:00:00Z"))),
        ("2026-01-02T12:02:01Z", None),
    ] {
        let mut case = lone_item();
        case.run = run(beat);
        let Looked::At(Some(run)) = &mut case.run else {
            panic!()
        };
        run.ended_at = ended_at;
        assert!(case.decided().is_ok(), "{beat}");
    }
}

#[test]
fn what_forbids_a_time_to_exist_takes_one_away() {
    type Change = fn(&mut Case);
    let cases: [(&str, Change); 9] = [
        ("a window of the policy lets nothing go by itself", |case| {
            case.policy.windows = vec![Window {
                name: Name::parse("freeze").unwrap(),
                from: at("2026-01-02T00:00:00Z"),
                to: at("2026-01-03T00:00:00Z"),
                most: Action::Notify,
            }];
        }),
        ("it is ignored", |case| {
            case.policy.default.action = Action::Ignore;
        }),
        ("only a lock that is one DynamoDB item", |case| {
            case.present.push(lock_file("b/k", "B"));
        }),
        ("only a lock that is one DynamoDB item", |case| {
            case.present.push(lock_file("b/k", "A"));
        }),
        ("it is skewed", |case| {
            case.skew();
        }),
        ("nobody can look for a sign of life", |case| {
            case.state = StateObject::Unknown("denied".to_owned());
        }),
        ("nobody can look for its run", |case| {
            case.run = Looked::Unknown("denied".to_owned());
        }),
        ("it is held", |case| {
            case.policy = plain_policy(SignedDuration::from_hours(100));
        }),
        ("a person has decided about it", |case| {
            case.entry.decided = Some(by_person());
        }),
    ];
    for (why, change) in cases {
        let mut case = lone_item();
        case.entry.time_to_exist = Some(at("2026-01-02T12:30:00Z"));
        change(&mut case);
        let stamp = case.decided().unwrap();
        assert_eq!(stamp.time_to_exist(), None, "{why}");
        let said = stamp.why().unwrap();
        assert!(said.starts_with(why), "{why}: {said}");
    }
}

#[test]
fn where_the_switch_is_off_a_time_to_exist_goes_and_none_comes() {
    let hour = SignedDuration::from_hours(1);
    assert_eq!(after(Some(hour), true), Ok(hour));
    for (expire_after, releases, why) in [
        (None, true, "no lock expires here: EXPIRE_AFTER is not set"),
        (
            Some(hour),
            false,
            "releases are switched off here (RELEASES=disabled)",
        ),
    ] {
        assert_eq!(after(expire_after, releases), Err(why.to_owned()));
        let mut case = lone_item();
        let present = gather(case.present.clone());
        let decided = |entry: &Entry| decide_where_off(entry, &present, why.to_owned());
        assert_eq!(
            decided(&case.entry),
            Err(Refusal::NotByRule(why.to_owned()))
        );
        case.entry.time_to_exist = Some(at("2026-01-02T12:30:00Z"));
        let stamp = decided(&case.entry).unwrap();
        assert_eq!((stamp.time_to_exist(), stamp.why()), (None, Some(why)));
        // Half of a lock cannot be kept.
        case.entry.status = Status::PartlyReleased;
        assert!(decided(&case.entry).is_err());
    }
}

#[test]
fn a_decision_that_is_being_carried_out_is_judged_by_where_it_began() {
    let mut case = lone_item();
    case.entry.status = Status::Deciding;
    case.entry.decided = Some(Decided {
        channel: Channel::Rule,
        ..by_person()
    });
    assert!(case.decided().is_ok());
    case.entry.decided.as_mut().unwrap().from = Status::Seen;
    assert!(case.why_not().starts_with("people were not asked"));
}

#[test]
fn what_expires_is_kept_only_where_it_is_still_there() {
    let case = lone_item();
    let stamp = withdraw(&case.entry, &gather(case.present.clone())).unwrap();
    assert_eq!(
        (stamp.time_to_exist(), stamp.judged()),
        (None, &*text_of("A"))
    );
    assert_eq!(withdraw(&case.entry, &[]), Err(Refusal::Gone));
    let other = gather(vec![item("t", "b/k", "B")]);
    assert!(matches!(
        withdraw(&case.entry, &other),
        Err(Refusal::ChangedHands(_))
    ));
}
