//! The approval page: what there is of it for each value of `ApprovalPage`, and who may call it.

use lockwarden_approve::PAGE_ALIAS;
use lockwarden_core::settings;
use serde_json::{Value, json};

use super::cloudformation::{Stack, object, template};
use super::iam::{Policy, texts};

const FUNCTION: &str = "arn:aws:lambda:eu-west-1:111122223333:function:ApproveFunction";
const ALIAS: &str = "arn:aws:lambda:eu-west-1:111122223333:function:ApproveFunction:page";
const OWN_ADDRESS: &str = "https://pageurl.lambda-url.eu-west-1.on.aws/";

fn stack(page: &str) -> Stack {
    stack_with(page, "")
}

fn stack_with(page: &str, address: &str) -> Stack {
    Stack::with(&[
        ("LockTableNames", "tf-locks"),
        ("ApprovalPage", page),
        ("ApprovalUrlOverride", address),
    ])
}

/// What there is of the page.
fn parts(stack: &Stack) -> Vec<String> {
    let template = template();
    let resources = object(&template["Resources"]).keys();
    let of_the_page = resources.filter(|id| id.starts_with("Page"));
    of_the_page
        .filter(|id| stack.properties(id).is_some())
        .cloned()
        .collect()
}

#[test]
fn each_value_of_the_parameter_makes_its_page() {
    let none: [&str; 0] = [];
    let open = ["PageAlias", "PageMayBeCalled", "PageMayInvoke", "PageUrl"];
    for (page, expected, auth_type, address) in [
        ("disabled", none.as_slice(), None, None),
        ("link", open.as_slice(), Some("NONE"), Some(OWN_ADDRESS)),
        (
            "iam",
            ["PageAlias", "PageUrl"].as_slice(),
            Some("AWS_IAM"),
            Some(OWN_ADDRESS),
        ),
    ] {
        let stack = stack(page);
        assert_eq!(parts(&stack), expected, "{page}");
        let url = stack.properties("PageUrl");
        let url = url.as_ref().map(|url| url["AuthType"].as_str().unwrap());
        assert_eq!(url, auth_type, "{page}");
        let output = stack.output("ApprovalUrl");
        assert_eq!(output, address.map(Value::from), "{page}");
        let environment = stack.environment("ApproveFunction");
        assert_eq!(environment[settings::APPROVAL_PAGE], page);
        let environment = stack.environment("SweepFunction");
        let told = environment[settings::APPROVAL_URL].as_str();
        assert_eq!(told, address.unwrap_or_default(), "{page}");
    }
}

/// `approve` believes a caller's name on this alias and nowhere else.
#[test]
fn the_url_hangs_on_the_alias_that_the_function_takes_for_the_page() {
    for page in ["link", "iam"] {
        let stack = stack(page);
        let alias = stack.properties("PageAlias").unwrap();
        assert_eq!(alias["Name"], PAGE_ALIAS);
        assert_eq!(alias["FunctionName"], "ApproveFunction");
        let url = stack.properties("PageUrl").unwrap();
        assert_eq!(url["Qualifier"], PAGE_ALIAS);
        assert_eq!(url["TargetFunctionArn"], FUNCTION);
    }
    let depends_on = &template()["Resources"]["PageUrl"]["DependsOn"];
    assert_eq!(
        *depends_on, "PageAlias",
        "a URL cannot hang on what is not there yet"
    );
}

#[test]
fn everybody_may_call_the_url_of_an_open_page_and_nothing_but_the_url() {
    let open = stack("link");
    assert_eq!(
        open.properties("PageMayBeCalled").unwrap(),
        json!({
            "FunctionName": ALIAS,
            "Action": "lambda:InvokeFunctionUrl",
            "Principal": "*",
            "FunctionUrlAuthType": "NONE",
        })
    );
    assert_eq!(
        open.properties("PageMayInvoke").unwrap(),
        json!({
            "FunctionName": ALIAS,
            "Action": "lambda:InvokeFunction",
            "Principal": "*",
            "InvokedViaFunctionUrl": true,
        })
    );
    for (id, resource) in object(&template()["Resources"]) {
        if resource["Type"] == "AWS::Lambda::Permission" {
            let known = ["PageMayBeCalled", "PageMayInvoke"].contains(&id.as_str());
            assert!(known, "{id} lets somebody in, and no test knows whom");
        }
    }
}

#[test]
fn an_approver_reaches_the_page_through_its_url_only() {
    let through = |url| [("lambda:InvokedViaFunctionUrl", url)];
    for (page, expected) in [("disabled", false), ("link", false), ("iam", true)] {
        let approver = Policy::of_resource(&stack(page), "ApproverPolicy");
        let may = |action, context: &[(&str, &str)]| approver.may(action, ALIAS, context);
        assert_eq!(may("lambda:InvokeFunctionUrl", &[]), expected, "{page}");
        assert_eq!(
            may("lambda:InvokeFunction", &through("true")),
            expected,
            "{page}"
        );
        assert!(!may("lambda:InvokeFunction", &through("false")), "{page}");
        assert!(!may("lambda:InvokeFunction", &[]), "{page}");
    }
}

#[test]
fn notices_lead_to_the_override_where_one_is_given() {
    let custom = "https://locks.example.com/";
    for page in ["link", "iam"] {
        let stack = stack_with(page, custom);
        let environment = stack.environment("SweepFunction");
        assert_eq!(environment[settings::APPROVAL_URL], custom);
        assert!(stack.objections().is_empty());
        assert_eq!(
            stack.output("ApprovalUrl"),
            Some(json!(OWN_ADDRESS)),
            "what leads to the page has to know where it is"
        );
    }
}

#[test]
fn an_override_without_a_page_is_refused() {
    let objections = stack_with("disabled", "https://locks.example.com/").objections();
    assert_eq!(objections.len(), 1);
    assert!(objections[0].starts_with("ApprovalUrlOverride goes with a page."));
    assert!(stack("disabled").objections().is_empty());
}

#[test]
fn the_page_takes_the_values_that_it_has_and_no_other() {
    let parameter = &template()["Parameters"]["ApprovalPage"];
    assert_eq!(
        texts(&parameter["AllowedValues"]),
        ["disabled", "link", "iam"]
    );
    assert_eq!(parameter["Default"], "disabled");
}
