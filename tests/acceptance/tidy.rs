//! What holds for the project as a whole.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use lockwarden_core::metrics;
use lockwarden_core::settings;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The crates that another needs to run: itself first, then so many steps of what it needs.
fn needed_by(package: &str, steps: &[&str]) -> BTreeSet<String> {
    let tree = Command::new(env!("CARGO"))
        .current_dir(root())
        .args([
            "tree",
            "--locked",
            "--offline",
            "--edges",
            "normal",
            "--prefix",
            "none",
        ])
        .args(["--format", "{lib}", "--package", package])
        .args(steps)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&tree.stderr);
    assert!(tree.status.success(), "{said}");
    let names = String::from_utf8(tree.stdout).unwrap();
    names
        .lines()
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_core_needs_eleven_crates() {
    let mut direct = needed_by("lockwarden-core", &["--depth", "1"]);
    direct.remove("lockwarden_core");
    let direct: Vec<&str> = direct.iter().map(String::as_str).collect();
    assert_eq!(
        direct,
        [
            // Both for `redact`: own scanners for forty forms of secrets would be longer and less sure than patterns
            // in linear time, and `regex` stands on `aho_corasick` anyway.
            "aho_corasick",
            "data_encoding",
            "globset",
            "jiff",
            "regex",
            "serde",
            "serde_json",
            "sha2",
            "shlex",
            "subtle",
            "thiserror"
        ]
    );
    // `bstr` comes with `globset`; the rest of what globs stand on is there for `regex` anyway.
    assert!(needed_by("lockwarden-core", &[]).len() <= 40);
}

#[test]
fn no_pure_crate_needs_one_that_does_io() {
    let does_io = [
        "tokio", "aws", "lambda", "hyper", "reqwest", "async", "futures",
    ];
    for pure in [
        "lockwarden-core",
        "lockwarden-harden",
        "lockwarden-explain",
        "lockwarden-policy",
    ] {
        for name in needed_by(pure, &[]) {
            assert!(
                !does_io.iter().any(|part| name.contains(part)),
                "{pure} needs {name}"
            );
        }
    }
}

/// The words in backticks in the first column of the table whose first header this is.
fn first_column(document: &str, header: &str) -> Vec<String> {
    let mut lines = document.lines();
    let is_header = |line: &str| {
        line.split('|')
            .nth(1)
            .is_some_and(|cell| cell.trim() == header)
    };
    assert!(lines.any(is_header), "no table begins with {header}");
    let rows = lines.skip(1).take_while(|line| line.starts_with('|'));
    rows.flat_map(|row| {
        let cell = row.split('|').nth(1).unwrap();
        let words = cell.split('`').skip(1).step_by(2);
        words.map(str::to_owned).collect::<Vec<_>>()
    })
    .collect()
}

#[test]
fn the_readme_has_every_setting_and_no_other() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let mut told = first_column(&readme, "Setting");
    told.sort();
    let known: BTreeSet<&str> = settings::SWEEP
        .iter()
        .chain(settings::APPROVE)
        .chain(settings::TRIAGE)
        .copied()
        .collect();
    assert_eq!(told, known.into_iter().collect::<Vec<_>>());
}

#[test]
fn the_readme_has_every_metric_and_no_other() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let mut told = first_column(&readme, "Metric");
    told.sort();
    let mut known = [
        metrics::OLDEST_UNPROCESSED_AGE,
        metrics::HELD_LOCKS,
        metrics::STALE_LOCKS,
        metrics::UNREADABLE_LOCKS,
        metrics::SWEEP_COMPLETED,
        metrics::SWEEP_INCOMPLETE,
        metrics::POLICY_ERROR,
        metrics::RELEASED,
        metrics::REJECTED_DECISIONS,
        metrics::PAGE_TURNED_AWAY,
    ]
    .map(|metric| metric.name);
    known.sort_unstable();
    assert_eq!(told, known);
}

#[test]
fn every_snapshot_of_an_event_has_its_event() {
    let snapshots = root().join("tests/acceptance/snapshots");
    let mut count = 0;
    for file in snapshots.read_dir().unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let Some(about) = name.strip_prefix("acceptance__events__") else {
            continue;
        };
        let (test, event) = about
            .strip_suffix(".snap")
            .unwrap()
            .split_once('@')
            .unwrap();
        let function = test.split('_').next().unwrap();
        let event = root().join("events").join(function).join(event);
        assert!(
            event.is_file(),
            "{name} is about {}, which is not there",
            event.display()
        );
        count += 1;
    }
    assert!(count > 0);
}

/// `.ci/run` where the only programs are those of the shell, a `make` that says what it was asked for, and these.
fn ci_with(programs: &[&str], without_browser: &str) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, script: &str| {
        let file = folder.path().join(name);
        fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    };
    // Nothing can be installed here.
    write("timeout", "exit 1");
    write("dirname", "echo \"${1%/*}\"");
    write("make", "echo \"make $1\"");
    for program in programs {
        write(program, "");
    }
    let run = Command::new("/bin/sh")
        .arg(root().join(".ci/run"))
        .env_clear()
        .env("PATH", folder.path())
        .env("WITHOUT_BROWSER", without_browser)
        .output()
        .unwrap();
    let said = [run.stdout, run.stderr].concat();
    (run.status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn ci_does_not_pass_over_the_tests_in_a_browser_unless_told_to() {
    let all = "make check\nmake test\n";
    let browser = ["chromium", "chromedriver"];
    assert_eq!(ci_with(&browser, ""), (true, all.to_owned()));
    assert_eq!(ci_with(&[], "1"), (true, all.to_owned()));
    for programs in [&browser[..1], &browser[1..], &[]] {
        let (passed, said) = ci_with(programs, "");
        assert!(!passed && !said.contains("make"), "{programs:?}: {said}");
        assert!(said.contains("WITHOUT_BROWSER=1"), "{said}");
    }
}

/// What `make triage` with these variables has `cargo` run, word by word, and what it prints on standard output.
fn make_triage(variables: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let cargo = folder.path().join("cargo");
    fs::write(&cargo, "#!/bin/sh\nprintf '[%s]' \"$@\"\ncat\n").unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    let callers = std::env::var("PATH").unwrap();
    let mut command = Command::new("make");
    let run = command
        .args(["--silent", "triage"])
        .args(variables)
        .current_dir(root())
        .env("PATH", format!("{}:{callers}", folder.path().display()))
        // What a `make` around these tests was given is none of this one's.
        .env_remove("MAKEFLAGS")
        .env_remove("CONFIG")
        .env_remove("JSON")
        // Where nothing is built yet, so that it says so.
        .env("CARGO_TARGET_DIR", folder.path())
        .stdin(fs::File::open(root().join("LICENSE")).unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && said.contains("Building"), "{said}");
    String::from_utf8(run.stdout).unwrap()
}

#[test]
fn make_triage_passes_on_what_it_is_given_and_prints_nothing_of_its_own() {
    let license = fs::read_to_string(root().join("LICENSE")).unwrap();
    for (variables, expected) in [
        (&[][..], ""),
        (&["JSON=1"], "[--json]"),
        (&["CONFIG=backend.tf"], "[--config][backend.tf]"),
        (
            &["JSON=1", "CONFIG=it's a \"backend\"; exit 1 #.tf"],
            "[--json][--config][it's a \"backend\"; exit 1 #.tf]",
        ),
    ] {
        let said = make_triage(variables);
        let (options, rest) = said.split_once("[--]").unwrap();
        assert!(options.starts_with("[run]"), "{options}");
        assert_eq!(rest, format!("{expected}{license}"));
    }
}

/// The project's files, by their paths in it.
fn files() -> Vec<String> {
    let own = |name: &str| !["target", ".git", ".venv", ".aws-sam"].contains(&name);
    let mut folders = vec![root()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for file in folder.read_dir().unwrap() {
            let file = file.unwrap();
            if file.file_type().unwrap().is_dir() {
                folders.extend(own(file.file_name().to_str().unwrap()).then(|| file.path()));
            } else {
                let path = file.path();
                let path = path.strip_prefix(root()).unwrap();
                files.push(format!("/{}", path.to_str().unwrap()));
            }
        }
    }
    files
}

/// Where an event has a field of another type, `lambda_runtime` logs the error of serde with the value in it
/// (`layers/api_response.rs`). What somebody pasted may be a secret, so each function reads the text of its event itself.
#[test]
fn no_function_has_the_runtime_read_its_event() {
    let mains: Vec<String> = files()
        .into_iter()
        .filter(|file| file.starts_with("/functions/") && file.ends_with("/src/main.rs"))
        .collect();
    assert_eq!(mains.len(), 3, "{mains:?}");
    for main in mains {
        let code = fs::read_to_string(root().join(&main[1..])).unwrap();
        let events: Vec<&str> = code.matches("LambdaEvent<").collect();
        let raw = code.matches("LambdaEvent<Box<RawValue>>").count();
        assert!(raw > 0 && raw == events.len(), "{main}");
    }
}

/// `a/{b,c}.rs` is `a/b.rs` and `a/c.rs`.
fn each_of(path: &str) -> Vec<String> {
    let Some((before, (inside, after))) = path
        .split_once('{')
        .and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    else {
        return vec![path.to_owned()];
    };
    let names = inside.split(',');
    names.map(|name| format!("{before}{name}{after}")).collect()
}

#[test]
fn every_place_in_the_code_map_is_there() {
    let architecture = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let files = files();
    let places = first_column(&architecture, "Where");
    let mut places: Vec<String> = places.iter().flat_map(|path| each_of(path)).collect();
    // Names in capitals and stars stand for many.
    places.retain(|path| !path.contains('*') && !path.contains("FUNCTION"));
    assert!(places.len() > 40, "{places:?}");
    for place in places {
        let is_there = |file: &String| {
            file.ends_with(&format!("/{place}")) || file.contains(&format!("/{place}/"))
        };
        assert!(files.iter().any(is_there), "there is no {place}");
    }
}

#[test]
fn every_test_that_the_architecture_names_is_there() {
    let architecture = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let mut code = String::new();
    for file in files().iter().filter(|file| file.ends_with(".rs")) {
        code += &fs::read_to_string(root().join(&file[1..])).unwrap();
    }
    // Tests are named as sentences, which nothing else in backticks is.
    let is_sentence = |word: &&str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        word.bytes().all(plain) && word.matches('_').count() >= 4
    };
    let words = architecture.split('`').skip(1).step_by(2);
    let tests: BTreeSet<&str> = words.filter(is_sentence).collect();
    assert!(tests.len() > 60, "{tests:?}");
    for test in tests {
        assert!(code.contains(&format!("fn {test}(")), "no test {test}");
    }
}
