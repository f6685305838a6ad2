//! The approval page, as a browser and a function URL use it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{FUNCTION, Fate, Task, World};

/// The link of a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) code: String,
    pub(crate) token: String,
}

/// One request to the page.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    method: String,
    path: String,
    query: String,
    content_type: String,
    fields: Vec<(String, String)>,
    caller: Option<String>,
}

/// What the browser gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) status: u64,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Link {
    pub(crate) fn new(code: &str, token: &str) -> Self {
        Self {
            code: code.to_owned(),
            token: token.to_owned(),
        }
    }

    fn of_url(url: &str) -> Self {
        let (path, token) = url.split_once("?t=").unwrap();
        Self::new(path.rsplit('/').next().unwrap(), token)
    }

    /// Somebody follows it.
    pub(crate) fn get(&self) -> Visit {
        Visit {
            query: format!("t={}", self.token),
            ..Visit::of("GET", &format!("/r/{}", self.code))
        }
    }

    /// Somebody fills in a form of its page, and presses the button of this action.
    pub(crate) fn post(&self, action: &str, typed: &str) -> Visit {
        let fields = [
            ("t", self.token.as_str()),
            ("action", action),
            ("by", "alice"),
            ("typed", typed),
        ];
        let visit = Visit::of("POST", &format!("/r/{}", self.code));
        fields
            .into_iter()
            .fold(visit, |visit, (name, value)| visit.with(name, value))
    }
}

impl Visit {
    pub(crate) fn of(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: String::new(),
            content_type: "application/x-www-form-urlencoded".to_owned(),
            fields: Vec::new(),
            caller: None,
        }
    }

    /// With one more field of the form.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with another value in a field.
    pub(crate) fn but(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self.with(name, value)
    }

    pub(crate) fn by_method(self, method: &str) -> Self {
        Self {
            method: method.to_owned(),
            ..self
        }
    }

    pub(crate) fn of_type(self, content_type: &str) -> Self {
        Self {
            content_type: content_type.to_owned(),
            ..self
        }
    }

    /// AWS says that this principal calls: the URL has `AuthType: AWS_IAM`.
    pub(crate) fn called_by(self, arn: &str) -> Self {
        Self {
            caller: Some(arn.to_owned()),
            ..self
        }
    }

    /// What the URL makes of it.
    pub(crate) fn event(&self) -> Value {
        let body: Vec<String> = self
            .fields
            .iter()
            .map(|(name, value)| format!("{name}={}", percent(value)))
            .collect();
        let mut event = json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": self.path,
            "rawQueryString": self.query,
            "headers": {"content-type": self.content_type, "x-forwarded-for": "203.0.113.7"},
            "requestContext": {
                "accountId": "anonymous",
                "http": {"method": self.method, "path": self.path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7"},
                "stage": "$default"
            },
            "body": body.join("&"),
            "isBase64Encoded": false
        });
        if let Some(arn) = &self.caller {
            event["requestContext"]["authorizer"] = json!({"iam": {"userArn": arn}});
        }
        event
    }
}

impl Page {
    pub(crate) fn of(reply: &Value) -> Self {
        let headers = reply["headers"].as_object().unwrap();
        let headers = headers.iter();
        Self {
            status: reply["statusCode"].as_u64().unwrap(),
            headers: headers
                .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
                .collect(),
            body: reply["body"].as_str().unwrap().to_owned(),
        }
    }

    pub(crate) fn headline(&self) -> &str {
        let Some((_, rest)) = self.body.split_once("<h1>") else {
            return self.body.trim();
        };
        rest.split_once("</h1>").unwrap().0
    }

    /// What a person reads, from the headline to the commands: a line for each piece of text.
    pub(crate) fn text(&self) -> String {
        let Some((_, rest)) = self.body.split_once("<main>") else {
            return self.body.clone();
        };
        let shown = rest.split("<details>").next().unwrap();
        let shown = shown.split("</main>").next().unwrap();
        let pieces = shown.split('<').filter_map(|piece| piece.split_once('>'));
        let lines = pieces
            .map(|(_, text)| text.trim())
            .filter(|text| !text.is_empty());
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Which buttons it has that decide.
    pub(crate) fn buttons(&self) -> Vec<&str> {
        let buttons = self.body.split("name=\"action\" value=\"").skip(1);
        buttons
            .map(|rest| rest.split('"').next().unwrap())
            .filter(|action| *action != "explain")
            .collect()
    }

    pub(crate) fn says(&self, words: &str) -> bool {
        self.body.contains(words)
    }
}

impl World {
    /// The links of all notices about this path that went out, in order.
    pub(crate) fn links(&self, path: &str) -> Vec<Link> {
        let notices = self.notices().into_iter();
        let about = notices.filter(|told| {
            let lock = told.notice.lock.as_ref();
            lock.is_some_and(|lock| lock.lock_id.as_str() == path)
        });
        about
            .filter_map(|told| {
                let message: Value = serde_json::from_str(&told.message).unwrap();
                let document: Value =
                    serde_json::from_str(message["sqs"].as_str().unwrap()).unwrap();
                document["approve"]["url"].as_str().map(Link::of_url)
            })
            .collect()
    }

    /// The link of the last notice about this path that had one.
    #[track_caller]
    pub(crate) fn link(&self, path: &str) -> Link {
        self.links(path).pop().unwrap()
    }

    /// A request to the page that comes by its URL.
    pub(crate) fn visiting(&self, visit: &Visit, fate: Fate) -> Task<'_> {
        self.visiting_with(&visit.event().to_string(), fate)
    }

    pub(crate) fn visiting_with(&self, event: &str, fate: Fate) -> Task<'_> {
        self.invoking(&format!("{FUNCTION}:page"), &self.fresh_id(), event, fate)
    }

    /// The page that a request gets.
    #[track_caller]
    pub(crate) fn visit(&self, visit: &Visit) -> Page {
        self.visit_with(&visit.event().to_string())
    }

    #[track_caller]
    pub(crate) fn visit_with(&self, event: &str) -> Page {
        let reply = self.run_one(self.visiting_with(event, Fate::Lives));
        Page::of(&reply.unwrap().unwrap())
    }

    /// Everything that the ledger holds, as text.
    pub(crate) fn ledger_text(&self) -> String {
        self.stores.borrow().ledger.as_text()
    }

    /// All that the ledger holds besides its audit log, as text.
    pub(crate) fn ledger_text_without_audit(&self) -> String {
        self.stores.borrow().ledger.without_audit().as_text()
    }
}

/// As a browser writes a field of a form.
fn percent(value: &str) -> String {
    let mut text = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}
