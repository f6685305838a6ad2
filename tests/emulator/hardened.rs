//! Rewritten backends in the hands of the real Terraform: it initialises with them, and takes the locks that the order of
//! migration promises.

use lockwarden_harden::{Format, Options, harden};
use lockwarden_local::{Mode, Project, REGION, Terraform, say_aloud};

use crate::lab::{BUCKET, Lab, TABLE};

/// What is not tested where there is no Terraform.
const TESTS: &str = "rewritten backends in the hands of Terraform";

/// How a backend is handed to Terraform.
#[derive(Clone, Copy, Debug)]
enum Shape {
    Hcl,
    Json,
    BackendConfig,
    Generated,
}

const SHAPES: [Shape; 4] = [
    Shape::Hcl,
    Shape::Json,
    Shape::BackendConfig,
    Shape::Generated,
];

/// A block whose arguments are all given elsewhere.
const EMPTY_BLOCK: &str = "terraform {\n  backend \"s3\" {}\n}\n";

/// A backend as it was written years ago: a table, static credentials, a role outside of `assume_role`, leftovers.
fn years_old(key: &str) -> Vec<(&'static str, String)> {
    [
        ("bucket", BUCKET),
        ("key", key),
        ("region", REGION),
        ("dynamodb_table", TABLE),
        ("access_key", "test"),
        ("secret_key", "test"),
        ("role_arn", "arn:aws:iam::000000000000:role/terraform"),
        ("session_name", "ci"),
        ("external_id", ""),
        ("endpoint", ""),
    ]
    .into_iter()
    .map(|(name, value)| (name, format!("\"{value}\"")))
    .chain([
        ("assume_role_duration_seconds", "900".to_owned()),
        ("skip_credentials_validation", "true".to_owned()),
        ("force_path_style", "true".to_owned()),
    ])
    .collect()
}

/// The same in a store that is not at Amazon's address.
fn years_old_elsewhere(key: &str, address: &str) -> Vec<(&'static str, String)> {
    let address = format!("\"{address}\"");
    let own = years_old(key)
        .into_iter()
        .filter(|(name, _)| *name != "endpoint");
    own.chain(["endpoint", "dynamodb_endpoint", "sts_endpoint"].map(|name| (name, address.clone())))
        .collect()
}

fn hcl(arguments: &[(&str, String)], indent: &str) -> String {
    let lines = arguments.iter();
    lines
        .map(|(name, value)| format!("{indent}{name} = {value}\n"))
        .collect()
}

/// The text that somebody would paste.
fn pasted(shape: Shape, arguments: &[(&str, String)]) -> String {
    let block = || {
        format!(
            "terraform {{\n  backend \"s3\" {{\n{}  }}\n}}\n",
            hcl(arguments, "    ")
        )
    };
    match shape {
        Shape::Hcl => block(),
        Shape::BackendConfig => hcl(arguments, ""),
        Shape::Generated => format!(
            "generate \"backend\" {{\n  path     = \"backend.tf\"\n  contents = <<EOF\n{}EOF\n}}\n",
            block()
        ),
        Shape::Json => {
            let members: Vec<String> = arguments
                .iter()
                .map(|(name, value)| format!("        \"{name}\": {value}"))
                .collect();
            format!(
                "{{\n  \"terraform\": {{\n    \"backend\": {{\n      \"s3\": {{\n{}\n      }}\n    }}\n  }}\n}}\n",
                members.join(",\n")
            )
        }
    }
}

fn hardened(text: &str) -> String {
    let options = Options {
        format: None,
        terraform: None,
        file: None,
    };
    let answer = harden(text.as_bytes(), options).unwrap();
    assert_ne!(answer.hardened, text);
    answer.hardened
}

/// What Terragrunt writes into the file that a `generate` block names.
fn contents(text: &str) -> String {
    let (_, rest) = text.split_once("<<EOF\n").unwrap();
    let (contents, _) = rest.split_once("EOF\n").unwrap();
    contents.to_owned()
}

/// A project with this backend, initialised by the real program.
fn project<'a>(
    lab: &'a Lab,
    terraform: &Terraform,
    (mode, key): (Mode, &str),
    (shape, text): (Shape, &str),
) -> Project<'a> {
    let contents = contents_of(shape, text);
    let (files, init): (Vec<(&str, &str)>, &[&str]) = match shape {
        Shape::Hcl | Shape::Generated => (vec![("backend.tf", &contents)], &["init"]),
        Shape::Json => (vec![("backend.tf.json", &contents)], &["init"]),
        Shape::BackendConfig => (
            vec![("backend.tf", EMPTY_BLOCK), ("prod.tfbackend", &contents)],
            &["init", "-backend-config=prod.tfbackend"],
        ),
    };
    let project = Project::with_files(&lab.aws, terraform, (mode, key), &files).unwrap();
    let said = project
        .run(init)
        .unwrap_or_else(|error| panic!("{shape:?}: {error}\n{text}"));
    assert!(
        said.contains("Successfully configured the backend"),
        "{said}"
    );
    // What is left to warn about is the table, which stays on purpose.
    let warnings = said.matches("Warning:").count();
    assert_eq!(
        warnings,
        said.matches("\"dynamodb_table\" is deprecated").count(),
        "{said}"
    );
    project
}

fn contents_of(shape: Shape, text: &str) -> String {
    match shape {
        Shape::Generated => contents(text),
        Shape::Hcl | Shape::Json | Shape::BackendConfig => text.to_owned(),
    }
}

#[tokio::test]
async fn terraform_takes_both_locks_with_a_rewritten_backend_of_every_shape() {
    let Some(terraform) = Terraform::for_tests(TESTS, Mode::Both).unwrap() else {
        return;
    };
    let lab = Lab::new().await;
    for shape in SHAPES {
        say_aloud(&format!(
            "{TESTS}: {} {}, {shape:?}",
            terraform.name, terraform.version
        ));
        let key = format!("{shape:?}/terraform.tfstate");
        let pasted = pasted(shape, &years_old(&key));
        let text = hardened(&pasted);
        if matches!(shape, Shape::Hcl) {
            let file = [("backend.tf", pasted.as_str())];
            let untouched =
                Project::with_files(&lab.aws, &terraform, (Mode::Both, &key), &file).unwrap();
            let refused = untouched.run(&["init"]).unwrap_err().to_string();
            assert!(refused.contains("Unsupported argument"), "{refused}");
        }
        let project = project(&lab, &terraform, (Mode::Both, &key), (shape, &text));
        project.apply().unwrap();
        let running = project.start_slow_apply(&lab.stores).await.unwrap();
        assert!(lab.stores.is_locked(Mode::Both, &key).await.unwrap());
        running.kill().unwrap();
    }
}

#[tokio::test]
async fn terraform_reaches_a_store_of_ones_own_with_a_rewritten_backend_of_every_shape() {
    let Some(terraform) = Terraform::for_tests(TESTS, Mode::DynamodbTable).unwrap() else {
        return;
    };
    let lab = Lab::new().await;
    for shape in SHAPES {
        let key = format!("{shape:?}/terraform.tfstate");
        let text = hardened(&pasted(
            shape,
            &years_old_elsewhere(&key, &lab.aws.endpoint()),
        ));
        assert!(
            text.contains("use_path_style") && !text.contains("use_lockfile"),
            "{text}"
        );
        let project = project(
            &lab,
            &terraform,
            (Mode::DynamodbTable, &key),
            (shape, &text),
        );
        let running = project.start_slow_apply(&lab.stores).await.unwrap();
        running.kill().unwrap();
        assert!(!lab.stores.is_locked(Mode::UseLockfile, &key).await.unwrap());
    }
}

/// The first step of the migration: some clients have the rewritten backend, some the old one.
#[tokio::test]
async fn old_and_rewritten_backends_exclude_each_other_and_share_the_state() {
    let Some(terraform) = Terraform::for_tests(TESTS, Mode::Both).unwrap() else {
        return;
    };
    let lab = Lab::new().await;
    let key = "network/terraform.tfstate";
    let names = ["bucket", "key", "region", "dynamodb_table"];
    let arguments: Vec<_> = years_old(key)
        .into_iter()
        .filter(|(name, _)| names.contains(name))
        .collect();
    let text = pasted(Shape::Hcl, &arguments);
    let old = project(
        &lab,
        &terraform,
        (Mode::DynamodbTable, key),
        (Shape::Hcl, &text),
    );
    old.apply().unwrap();

    let new = project(
        &lab,
        &terraform,
        (Mode::Both, key),
        (Shape::Hcl, &hardened(&text)),
    );
    assert!(new.plan().unwrap().contains("No changes."));
    for (holder, other) in [(&old, &new), (&new, &old)] {
        let running = holder.start_slow_apply(&lab.stores).await.unwrap();
        let refused = other.plan().unwrap_err().to_string();
        assert!(
            refused.contains("Error acquiring the state lock"),
            "{refused}"
        );
        running.kill().unwrap();
        lab.stores.let_go(key).await.unwrap();
    }

    // Whoever has the old backend goes on with the rewritten file, without moving any state.
    old.write("backend.tf", &hardened(&text)).unwrap();
    old.run(&["init", "-reconfigure"]).unwrap();
    assert!(old.plan().unwrap().contains("No changes."));
}

#[test]
fn each_shape_is_read_as_what_it_is() {
    for shape in SHAPES {
        let format = match shape {
            Shape::Hcl | Shape::Generated => Format::Hcl,
            Shape::Json => Format::Json,
            Shape::BackendConfig => Format::Tfbackend,
        };
        assert_eq!(Format::guess(&pasted(shape, &years_old("a/b"))), format);
    }
}
