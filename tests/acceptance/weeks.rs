//! Weeks of sweeps with nobody looking, in a world with the traffic of a real one: short plans, long applies, waits for a lock,
//! crashes, cancelled pipelines, clocks that are wrong.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use jiff::{SignedDuration, Timestamp};
use lockwarden_core::ledger::EventKind;
use lockwarden_core::settings::POLICY;

use crate::world::{Kind, World, record_text, release_storm};

/// As in the README, with the releases of dead plans.
const RULES: &str = r#"
max_releases_per_sweep = 10
rule "long applies" {
  path        = "prod/**"
  operations  = ["apply"]
  stale_after = "4h"
}
rule "dead plans" {
  operations  = ["plan"]
  stale_after = "30m"
  quiet_for   = "10m"
  action      = "release"
}
"#;
const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const SWEEP_EVERY: i64 = 5 * MINUTE;
/// How long a person takes to find a dead holder and to answer.
const ANSWER_AFTER: i64 = 90 * MINUTE;

/// A run of Terraform, as it really is.
#[derive(Clone, Debug)]
struct Run {
    path: String,
    kind: Kind,
    operation: &'static str,
    /// When it takes the lock, and how long it holds it (seconds from the start).
    taken: i64,
    held_for: i64,
    /// How long it waited for the lock before.
    waited: i64,
    /// By how much its clock is wrong.
    skew: i64,
    /// It dies, and never lets go.
    dies: bool,
    /// How often it writes its state; a plan never does.
    writes_every: Option<i64>,
}

/// Numbers that look random and are the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: i64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).unwrap() % limit
    }

    fn one_of(&mut self, of: i64) -> bool {
        self.below(of) == 0
    }
}

/// The runs of so many days, one after the other on each state.
fn traffic(seed: u64, days: i64) -> Vec<Run> {
    let mut dice = Dice(seed);
    let mut runs = Vec::new();
    for state in 0..12 {
        let folder = if state % 3 == 0 { "prod" } else { "dev" };
        let path = format!("acme-tf-state/{folder}/{state}.tfstate");
        let kind = [Kind::Item, Kind::Object, Kind::Pair][usize::try_from(state % 3).unwrap()];
        let mut at = dice.below(6 * HOUR);
        while at < days * 24 * HOUR {
            let is_plan = !dice.one_of(4);
            let is_long = !is_plan && dice.one_of(3);
            let run = Run {
                path: path.clone(),
                kind,
                operation: if is_plan {
                    "OperationTypePlan"
                } else {
                    "OperationTypeApply"
                },
                taken: at,
                held_for: match (is_plan, is_long) {
                    (true, _) => 20 + dice.below(3 * MINUTE),
                    (false, false) => MINUTE + dice.below(10 * MINUTE),
                    (false, true) => HOUR + dice.below(3 * HOUR),
                },
                waited: if dice.one_of(5) {
                    dice.below(20 * MINUTE)
                } else {
                    0
                },
                skew: if dice.one_of(10) {
                    dice.below(2 * HOUR) - HOUR
                } else {
                    0
                },
                dies: dice.one_of(15),
                writes_every: (!is_plan).then_some(20 + dice.below(100)),
            };
            // After a death somebody has to answer before the state is free.
            let gap = if run.dies {
                30 * HOUR
            } else {
                run.held_for + HOUR
            };
            at += gap + dice.below(8 * HOUR);
            runs.push(run);
        }
    }
    // A pipeline of sixty plans that is cancelled at once.
    for unit in 0..60 {
        runs.push(Run {
            path: format!("acme-tf-state/units/{unit:02}.tfstate"),
            kind: Kind::Object,
            operation: "OperationTypePlan",
            taken: 3 * 24 * HOUR + unit,
            held_for: 40,
            waited: 0,
            skew: 0,
            dies: true,
            writes_every: None,
        });
    }
    runs
}

/// What became of the weeks.
struct Weeks {
    world: World,
    /// The text of each lock of a run that lives, with its path; and of each that died, with its run and when it was taken.
    living: BTreeMap<String, String>,
    dead: BTreeMap<String, (Run, Timestamp)>,
}

fn weeks(seed: u64, days: i64) -> Weeks {
    let world = World::with(&[(POLICY, RULES)]);
    let runs = traffic(seed, days);
    let mut weeks = Weeks {
        world,
        living: BTreeMap::new(),
        dead: BTreeMap::new(),
    };
    let mut answered: BTreeMap<String, Timestamp> = BTreeMap::new();
    for second in (0..days * 24 * HOUR).step_by(20) {
        let world = &weeks.world;
        for (number, run) in runs.iter().enumerate() {
            let is_now = |at: i64| (second..second + 20).contains(&at);
            if is_now(run.taken) {
                let created = world.clock() - SignedDuration::from_secs(run.waited - run.skew);
                let text = record_text(&format!("ci-{number}"), &created.to_string(), &run.path);
                let text = text.replace("OperationTypeApply", run.operation);
                world.lock_with(run.kind, &run.path, &text);
                if run.dies {
                    weeks.dead.insert(text, (run.clone(), world.clock()));
                } else {
                    weeks.living.insert(text, run.path.clone());
                }
            }
            let works = (run.taken..run.taken + run.held_for).contains(&second);
            let writes = run
                .writes_every
                .is_some_and(|every| (second - run.taken) % every < 20);
            if works && writes {
                world.write_state(&run.path);
            }
            if is_now(run.taken + run.held_for) && !run.dies {
                world.unlock(&run.path);
            }
        }
        if second % SWEEP_EVERY == 0 {
            world.sweep();
            world.deliver_queue();
        }
        if second % (30 * MINUTE) == 0 {
            weeks.answer(&mut answered);
        }
        let world = &weeks.world;
        world.wait("20s");
    }
    weeks
}

impl Weeks {
    /// A person answers, some time after being asked, what was asked about dead holders: many with one decision, where all of them
    /// are dead.
    fn answer(&self, answered: &mut BTreeMap<String, Timestamp>) {
        let world = &self.world;
        for told in world.notices() {
            if !told.notice.kind.asks() {
                continue;
            }
            let storm = told.notice.storm.as_ref();
            let requests: Vec<String> = match (&told.notice.request, storm) {
                (Some(request), _) => vec![request.to_string()],
                (None, Some(storm)) => {
                    let locks = storm.locks.iter();
                    locks.map(|lock| lock.request.to_string()).collect()
                }
                (None, None) => continue,
            };
            let code = storm.map_or_else(|| requests[0].clone(), |storm| storm.code.to_string());
            let answer_at = answered
                .entry(code.clone())
                .or_insert(world.clock() + SignedDuration::from_secs(ANSWER_AFTER));
            if *answer_at > world.clock() {
                continue;
            }
            let left: Vec<&String> = requests
                .iter()
                .filter(|request| !world.entry(request).status.is_over())
                .collect();
            let (dead, alive): (Vec<&String>, Vec<&String>) =
                left.into_iter().partition(|request| self.is_dead(request));
            if storm.is_some() && alive.is_empty() && !dead.is_empty() {
                world.decide(&release_storm(&code));
            } else {
                for request in dead {
                    world.release(request);
                }
            }
        }
    }

    /// Whether the run that holds this lock has died.
    fn is_dead(&self, request: &str) -> bool {
        let content = self.world.entry(request).content;
        let text = content.text();
        text.is_some_and(|text| self.dead.contains_key(text))
    }

    /// Every notice that went out: when, and its subject.
    fn notices(&self) -> String {
        let notices = self.world.notices().into_iter();
        let lines = notices.map(|told| {
            let at = told.at.strftime("%d %H:%M");
            format!("{at} {}", told.subject)
        });
        lines.collect::<Vec<String>>().join("\n")
    }

    /// When people were asked about a lock, in order.
    fn asked(&self, text: &str, path: &str) -> Vec<Timestamp> {
        let entries = self.world.entries_of(path).into_iter();
        let of_this = entries.filter(|entry| entry.content.text() == Some(text));
        let mut asked: Vec<Timestamp> = of_this
            .flat_map(|entry| self.world.audit(entry.code.as_str()))
            .filter(|event| event.what == EventKind::Notice)
            .filter(|event| {
                event.detail.starts_with("stale_lock") || event.detail.starts_with("reminder")
            })
            .map(|event| event.at)
            .collect();
        asked.sort_unstable();
        asked
    }

    /// From which hold time on people are asked about a run, or the rule releases it (seconds).
    fn limit(run: &Run) -> i64 {
        match (run.operation, run.path.contains("/prod/")) {
            ("OperationTypePlan", _) => 30 * MINUTE,
            (_, true) => 4 * HOUR,
            (_, false) => 15 * MINUTE,
        }
    }

    /// When somebody was first asked about the lock with this text, or it was released; and how often people were told of it.
    fn first_act(&self, text: &str, path: &str) -> (Option<Timestamp>, Vec<String>) {
        let entries = self.world.entries_of(path).into_iter();
        let mut entry = entries.filter(|entry| entry.content.text() == Some(text));
        let Some(entry) = entry.next() else {
            return (None, Vec::new());
        };
        let mut events = self.world.audit(entry.code.as_str());
        events.retain(|event| event.what == EventKind::Notice);
        events.sort_by_key(|event| event.at);
        let told = events.iter().map(|event| event.detail.clone()).collect();
        (events.first().map(|event| event.at), told)
    }

    /// One line for each way in which it went with locks, and how often it went so.
    fn summary(&self) -> String {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let dead = self
            .dead
            .iter()
            .map(|(text, (run, _))| ("dead", text, &run.path));
        let living = self.living.iter().map(|(text, path)| ("alive", text, path));
        for (fate, text, path) in dead.chain(living) {
            let (_, told) = self.first_act(text, path);
            let told = if told.is_empty() {
                "nobody is told".to_owned()
            } else {
                told.join(", ")
            };
            *counts.entry(format!("{fate}: {told}")).or_default() += 1;
        }
        let lines = counts
            .into_iter()
            .map(|(line, count)| format!("{count:4} {line}"));
        lines.collect::<Vec<String>>().join("\n")
    }
}

#[test]
fn in_weeks_no_rule_releases_a_lock_whose_run_lives_and_every_dead_one_is_asked_about_in_time() {
    for (seed, days) in [(1, 14), (2, 4)] {
        let weeks = weeks(seed, days);
        for text in weeks.world.deleted().into_iter().flatten() {
            assert!(!weeks.living.contains_key(&text), "seed {seed}: {text}");
        }
        for (text, (run, taken)) in &weeks.dead {
            let (first, told) = weeks.first_act(text, &run.path);
            // It may have written until it died, which was a sign of life for a while longer.
            let quiet_since = if run.writes_every.is_some() {
                run.held_for + 5 * MINUTE
            } else {
                0
            };
            let latest = Weeks::limit(run).max(quiet_since) + 2 * SWEEP_EVERY;
            // A rule that will be certain in a moment is waited for.
            let latest = latest
                + if run.writes_every.is_none() {
                    10 * MINUTE
                } else {
                    0
                };
            let first = first.unwrap_or_else(|| panic!("seed {seed}: nobody heard of {run:?}"));
            let after = first.duration_since(*taken).as_secs();
            assert!(
                after <= latest,
                "seed {seed}: {after} s instead of {latest} s: {run:?}"
            );
            assert!(told.len() <= 3, "seed {seed}: {told:?} about {run:?}");
            // Reminders come after one hour, two, four, each at the next sweep.
            let asked = weeks.asked(text, &run.path);
            for (pause, pair) in (0..).map(|number| HOUR << number).zip(asked.windows(2)) {
                let waited = pair[1].duration_since(pair[0]).as_secs();
                let expected = pause..=pause + SWEEP_EVERY + MINUTE;
                assert!(
                    expected.contains(&waited),
                    "seed {seed}: {waited} s, {run:?}"
                );
            }
        }
        assert_snapshot!(format!("seed {seed}"), weeks.summary());
        assert_snapshot!(format!("notices of seed {seed}"), weeks.notices());
    }
}
