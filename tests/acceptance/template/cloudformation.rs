//! `template.yaml` as CloudFormation reads it: parameters filled in, conditions decided, functions resolved.
//!
//! Only what the template uses is understood. Anything else fails the test that meets it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use serde_norway::Value as Yaml;

const REGION: &str = "eu-west-1";
const ACCOUNT: &str = "111122223333";
/// What tells the stack from every other, at the end of its ID.
pub(super) const STACK_UUID: &str = "6f1a2b30-8c4d-11f0-9a5e-0a1b2c3d4e5f";

/// As long a name as CloudFormation takes.
fn stack_name() -> String {
    "lockwarden-".to_owned() + &"x".repeat(128 - "lockwarden-".len())
}

/// The template, and the parameters of one deployment of it.
pub(super) struct Stack {
    template: Value,
    parameters: BTreeMap<String, String>,
}

impl Stack {
    /// The stack that these parameters make; the others have their defaults.
    pub(super) fn with(given: &[(&str, &str)]) -> Self {
        let template = template();
        let mut parameters: BTreeMap<String, String> = object(&template["Parameters"])
            .iter()
            .map(|(name, parameter)| (name.clone(), text(&parameter["Default"])))
            .collect();
        for (name, value) in given {
            let known = parameters.insert((*name).to_owned(), (*value).to_owned());
            assert!(known.is_some(), "the template has no parameter {name}");
        }
        Self {
            template,
            parameters,
        }
    }

    /// The properties of a resource, resolved; `None` where its condition leaves the resource out.
    pub(super) fn properties(&self, id: &str) -> Option<Value> {
        let resource = &self.template["Resources"][id];
        assert!(resource.is_object(), "the template has no resource {id}");
        let wanted = self.is_wanted(resource);
        wanted.then(|| self.resolve(&resource["Properties"]).unwrap_or_default())
    }

    /// The environment of a function: the common part, unless the function does without it, and its own over it.
    pub(super) fn environment(&self, function: &str) -> BTreeMap<String, String> {
        let ignored = self.template["Resources"][function]["IgnoreGlobals"].as_array();
        let does_without = ignored.is_some_and(|ignored| ignored.contains(&json!("Environment")));
        let common = if does_without {
            json!({})
        } else {
            let common = &self.template["Globals"]["Function"]["Environment"]["Variables"];
            self.resolve(common).unwrap()
        };
        let own = self.properties(function).unwrap()["Environment"]["Variables"].clone();
        object(&common)
            .iter()
            .chain(object(&own))
            .map(|(name, value)| (name.clone(), text(value)))
            .collect()
    }

    /// The value of an output, resolved; `None` where its condition leaves the output out.
    pub(super) fn output(&self, name: &str) -> Option<Value> {
        let output = &self.template["Outputs"][name];
        assert!(output.is_object(), "the template has no output {name}");
        let wanted = self.is_wanted(output);
        wanted.then(|| self.resolve(&output["Value"]).unwrap_or_default())
    }

    /// The resources of one type that these parameters make, by their logical IDs, with their properties.
    pub(super) fn of_kind(&self, kind: &str) -> BTreeMap<String, Value> {
        object(&self.template["Resources"])
            .iter()
            .filter(|(_, resource)| resource["Type"] == kind)
            .filter_map(|(id, _)| Some((id.clone(), self.properties(id)?)))
            .collect()
    }

    /// Whether the condition of a resource or output, if it has one, holds.
    fn is_wanted(&self, part: &Value) -> bool {
        part["Condition"]
            .as_str()
            .is_none_or(|condition| self.holds(&json!({"Condition": condition})))
    }

    /// What the rules say against these parameters.
    pub(super) fn objections(&self) -> Vec<String> {
        object(&self.template["Rules"])
            .values()
            .filter(|rule| {
                rule.get("RuleCondition")
                    .is_none_or(|condition| self.holds(condition))
            })
            .flat_map(|rule| rule["Assertions"].as_array().unwrap())
            .filter(|assertion| !self.holds(&assertion["Assert"]))
            .map(|assertion| text(&assertion["AssertDescription"]))
            .collect()
    }

    fn resolve(&self, value: &Value) -> Option<Value> {
        match value {
            Value::Object(map) => match function(map) {
                Some((name, argument)) => self.call(name, argument),
                None => Some(
                    map.iter()
                        .filter_map(|(key, value)| Some((key.clone(), self.resolve(value)?)))
                        .collect(),
                ),
            },
            Value::Array(items) => {
                Some(items.iter().filter_map(|item| self.resolve(item)).collect())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                Some(value.clone())
            }
        }
    }

    fn call(&self, name: &str, argument: &Value) -> Option<Value> {
        match name {
            "Ref" => self.reference(argument.as_str().unwrap()).map(Value::from),
            "Fn::GetAtt" => Some(self.attribute(argument.as_str().unwrap()).into()),
            "Fn::Sub" => Some(self.substitute(argument).into()),
            "Fn::If" => self.resolve(
                &argument[if self.holds(&json!({"Condition": argument[0]})) {
                    1
                } else {
                    2
                }],
            ),
            "Fn::Join" => {
                let list = self.resolve(&argument[1]).unwrap();
                let parts: Vec<String> = list.as_array().unwrap().iter().map(text).collect();
                Some(parts.join(argument[0].as_str().unwrap()).into())
            }
            "Fn::Split" => {
                let whole = text(&self.resolve(&argument[1]).unwrap());
                Some(whole.split(argument[0].as_str().unwrap()).collect())
            }
            "Fn::Select" => {
                let index = usize::try_from(argument[0].as_u64().unwrap()).unwrap();
                Some(self.resolve(&argument[1]).unwrap()[index].clone())
            }
            other => panic!("this test does not understand {other}"),
        }
    }

    fn reference(&self, name: &str) -> Option<String> {
        match name {
            "AWS::NoValue" => None,
            "AWS::Region" => Some(REGION.to_owned()),
            "AWS::AccountId" => Some(ACCOUNT.to_owned()),
            "AWS::Partition" => Some("aws".to_owned()),
            "AWS::URLSuffix" => Some("amazonaws.com".to_owned()),
            "AWS::StackName" => Some(stack_name()),
            "AWS::StackId" => Some(format!(
                "arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{}/{STACK_UUID}",
                stack_name()
            )),
            name => Some(self.parameters.get(name).cloned().unwrap_or_else(|| {
                let given = |property: &str| text(&self.properties(name).unwrap()[property]);
                match self.kind(name) {
                    "AWS::SNS::Topic" | "AWS::IAM::ManagedPolicy" | "AWS::Lambda::Alias" => {
                        self.arn(name)
                    }
                    "AWS::S3::Bucket" => given("BucketName"),
                    "AWS::DynamoDB::Table" if name != "LedgerTable" => given("TableName"),
                    _ => name.to_owned(),
                }
            })),
        }
    }

    fn attribute(&self, path: &str) -> String {
        match path.split_once('.') {
            Some((id, "Arn")) => self.arn(id),
            Some((id, "TopicName")) if self.kind(id) == "AWS::SNS::Topic" => id.to_owned(),
            Some((id, "QueueName")) if self.kind(id) == "AWS::SQS::Queue" => id.to_owned(),
            Some((id, "FunctionUrl")) if self.kind(id) == "AWS::Lambda::Url" => {
                format!("https://{}.lambda-url.{REGION}.on.aws/", id.to_lowercase())
            }
            _ => panic!("this test does not understand the attribute {path}"),
        }
    }

    fn arn(&self, id: &str) -> String {
        match self.kind(id) {
            "AWS::DynamoDB::Table" => {
                let table = self.reference(id).unwrap();
                format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}")
            }
            "AWS::S3::Bucket" => format!("arn:aws:s3:::{}", self.reference(id).unwrap()),
            "AWS::KMS::Key" => format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{id}"),
            "AWS::CloudWatch::Alarm" => format!("arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{id}"),
            "AWS::SNS::Topic" => format!("arn:aws:sns:{REGION}:{ACCOUNT}:{id}"),
            "AWS::SQS::Queue" => format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{id}"),
            "AWS::Serverless::Function" => {
                format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{id}")
            }
            "AWS::Lambda::Alias" => {
                let alias = self.properties(id).unwrap();
                let function = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function");
                let part = |name: &str| text(&alias[name]);
                format!("{function}:{}:{}", part("FunctionName"), part("Name"))
            }
            "AWS::Logs::LogGroup" => format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{id}:*"),
            "AWS::IAM::Role" => format!("arn:aws:iam::{ACCOUNT}:role/{id}"),
            "AWS::IAM::ManagedPolicy" => format!("arn:aws:iam::{ACCOUNT}:policy/{id}"),
            kind => panic!("this test knows no ARN for a {kind}"),
        }
    }

    fn kind(&self, id: &str) -> &str {
        self.template["Resources"][id]["Type"]
            .as_str()
            .unwrap_or_else(|| panic!("the template refers to {id}, which it does not have"))
    }

    fn substitute(&self, argument: &Value) -> String {
        let own = self.resolve(&argument[1]).unwrap_or_default();
        let template = argument.as_str().or_else(|| argument[0].as_str()).unwrap();
        let mut pieces = template.split("${");
        let mut done = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (name, rest) = piece.split_once('}').unwrap();
            done += &match (own.get(name), name.contains('.')) {
                (Some(value), _) => text(value),
                (None, true) => self.attribute(name),
                (None, false) => self.reference(name).unwrap(),
            };
            done += rest;
        }
        done
    }

    fn holds(&self, condition: &Value) -> bool {
        let (name, argument) = object(condition).iter().next().unwrap();
        let mut arguments = argument.as_array().into_iter().flatten();
        match name.as_str() {
            "Condition" => self.holds(&self.template["Conditions"][argument.as_str().unwrap()]),
            "Fn::Not" => !arguments.all(|inner| self.holds(inner)),
            "Fn::And" => arguments.all(|inner| self.holds(inner)),
            "Fn::Or" => arguments.any(|inner| self.holds(inner)),
            "Fn::Contains" => {
                let wanted = self.resolve(&argument[1]).unwrap();
                argument[0].as_array().unwrap().contains(&wanted)
            }
            "Fn::Equals" => {
                let sides: Vec<String> = arguments
                    .map(|side| text(&self.resolve(side).unwrap()))
                    .collect();
                sides[0] == sides[1]
            }
            other => panic!("this test does not understand the condition {other}"),
        }
    }
}

/// The template as written, with `!Ref x` in its long form `{"Ref": x}`.
pub(super) fn template() -> Value {
    long_form(serde_norway::from_str(include_str!("../../../template.yaml")).unwrap())
}

/// The entries of a JSON object.
pub(super) fn object(value: &Value) -> &Map<String, Value> {
    value
        .as_object()
        .unwrap_or_else(|| panic!("not a JSON object: {value}"))
}

fn long_form(yaml: Yaml) -> Value {
    match yaml {
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let name = match tag.trim_start_matches('!') {
                short @ ("Ref" | "Condition") => short.to_owned(),
                short => format!("Fn::{short}"),
            };
            json!({ name: long_form(tagged.value) })
        }
        Yaml::Mapping(map) => map
            .into_iter()
            .map(|(key, value)| (text(&long_form(key)), long_form(value)))
            .collect(),
        Yaml::Sequence(items) => items.into_iter().map(long_form).collect(),
        plain @ (Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) | Yaml::String(_)) => {
            serde_json::to_value(plain).unwrap()
        }
    }
}

/// The function that an object with one entry stands for.
fn function(map: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut entries = map.iter();
    let (name, argument) = entries.next()?;
    (entries.next().is_none() && (name == "Ref" || name.starts_with("Fn::")))
        .then_some((name, argument))
}

/// A scalar as CloudFormation turns it into text.
fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
