use super::*;

/// Tool, directory and workspaces in one line.
fn shown(text: &str) -> String {
    match of(text) {
        None => "nothing".to_owned(),
        Some(Told::Selected(name)) => format!("selected {name}"),
        Some(Told::Exported(name)) => format!("exported {name}"),
        Some(Told::Ran(ran)) => {
            let mut words = vec![ran.tool.word().to_owned()];
            let by = if ran.is_chdir { "-chdir=" } else { "in " };
            words.extend(ran.directory.map(|directory| format!("{by}{directory}")));
            words.extend(ran.workspace.map(|name| format!("for {name}")));
            words.extend(ran.selects.map(|name| format!("selects {name}")));
            words.extend(ran.unlocks.map(|id| format!("unlocks {id}")));
            words.join(" ")
        }
    }
}

#[test]
fn a_command_line_tells_program_directory_and_workspace() {
    for (text, told) in [
        ("$ terraform plan", "terraform"),
        (
            "alice@laptop:~/infra$ tofu -chdir=envs/prod apply -auto-approve",
            "opentofu -chdir=envs/prod",
        ),
        (
            "Run terraform -chdir='my envs' init",
            "terraform -chdir=my envs",
        ),
        ("+ cd envs/prod && terraform plan", "terraform in envs/prod"),
        (
            "cd /srv && cd repo && terraform -chdir=prod plan",
            "terraform in /srv/repo/prod",
        ),
        (
            "cd live/vpc && TF_WORKSPACE=dev terragrunt plan",
            "terragrunt in live/vpc for dev",
        ),
        (
            "terraform workspace select -or-create=true dev && terraform plan",
            "terraform selects dev",
        ),
        ("terraform workspace new dev", "terraform selects dev"),
        ("terraform workspace list", "terraform"),
        (
            "aws-vault exec prod -- terraform -chdir=x apply",
            "terraform -chdir=x",
        ),
        (
            "/home/atlantis/.atlantis/bin/terraform1.5.7 plan -no-color",
            "terraform",
        ),
        (
            "terragrunt --working-dir live/vpc plan",
            "terragrunt in live/vpc",
        ),
        ("cd live && terragrunt run-all plan", "terragrunt"),
        ("cd live && terragrunt run --all plan", "terragrunt"),
        ("terraform -chdir=\"$DIR\" plan", "terraform"),
        ("cd ${{ matrix.dir }} && terraform plan", "terraform"),
        ("cd a; terraform plan | tee log", "terraform in a"),
        ("cd $DIR && terraform plan", "terraform"),
        ("cd $DIR && terraform -chdir=x plan", "terraform"),
        (
            "terraform force-unlock -force a1b2",
            "terraform unlocks a1b2",
        ),
        ("Switched to workspace \"dev\".", "selected dev"),
        ("Created and switched to workspace \"dev\"!", "selected dev"),
        ("export TF_WORKSPACE=\"dev\"", "exported dev"),
        ("TF_WORKSPACE: dev", "exported dev"),
    ] {
        assert_eq!(shown(text), told, "{text}");
    }
}

#[test]
fn what_is_no_command_line_tells_nothing() {
    for text in [
        "terraform is stuck again",
        "Terraform will perform the following actions:",
        "run `terraform force-unlock` in envs/prod",
        "terraform state push errored.tfstate",
        "echo terraform plan",
        "TF_WORKSPACE is not set",
        "TF_WORKSPACE=$STAGE",
        "I switched to workspace \"dev\".",
        "terraform 'plan",
        "",
    ] {
        assert_eq!(shown(text), "nothing", "{text}");
    }
}
