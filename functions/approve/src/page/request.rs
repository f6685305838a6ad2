//! A request to the page, as a Lambda function URL hands it over (payload version 2.0).
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>

use std::collections::BTreeMap;

use data_encoding::BASE64;
use lockwarden_core::ids::RequestCode;
use lockwarden_core::token::{Token, TokenMarks};
use serde::Deserialize;

use super::turned_away::Status;
use crate::answer::Invoked;

/// Larger than any form that a person fills in to decide (bytes).
const MAX_BODY_BYTES: usize = 8 * 1024;
/// Larger than any error that a person pastes (bytes); as a form has it, with escapes.
const MAX_PASTE_BYTES: usize = 256 * 1024;
/// The action that decides nothing.
pub(crate) const EXPLAIN: &str = "explain";
/// What a browser sends a form as.
const FORM: &str = "application/x-www-form-urlencoded";

/// A request, and how Lambda was invoked with it. Without `Debug`: the query and the body hold a token, which no log must
/// show.
pub(crate) struct PageRequest {
    event: PageEvent,
    /// The id that Lambda gave to the request.
    pub(crate) id: String,
    /// The name of this function.
    pub(crate) function: String,
}

/// Only the fields that are read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageEvent {
    raw_path: String,
    #[serde(default)]
    raw_query_string: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    is_base64_encoded: bool,
    request_context: RequestContext,
}

#[derive(Debug, Deserialize)]
struct RequestContext {
    http: Http,
    #[serde(default)]
    authorizer: Option<Authorizer>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Http {
    method: String,
    #[serde(default)]
    source_ip: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Authorizer {
    iam: Option<Iam>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Iam {
    user_arn: Option<String>,
}

/// What is asked of the page.
pub(crate) enum Asked {
    /// Show a request.
    Show {
        /// Which.
        code: RequestCode,
        /// What opens it.
        token: Token,
    },
    /// Explain an error that was pasted; it decides nothing.
    Explain {
        /// The request whose link it came by.
        code: RequestCode,
        /// What was pasted.
        form: Form,
    },
    /// Decide about a request.
    Act {
        /// Which.
        code: RequestCode,
        /// What was filled in.
        form: Form,
    },
}

/// A form as it was filled in. Without `Debug`, as it holds a token.
#[derive(Default)]
pub(crate) struct Form {
    token: String,
    /// `release`, `keep` or `restore`.
    pub(crate) action: String,
    /// Who decides.
    pub(crate) by: String,
    /// What was typed to confirm.
    pub(crate) typed: String,
    /// How long to keep.
    pub(crate) keep_for: String,
    /// Why.
    pub(crate) reason: String,
    /// What the person knows of.
    pub(crate) even_if: Vec<String>,
    /// An error that was pasted.
    pub(crate) pasted: String,
    /// A backend configuration that was pasted.
    pub(crate) config: String,
}

impl PageRequest {
    /// Reads an event.
    pub(crate) fn read(event: &str, invoked: Invoked<'_>) -> Result<Self, Status> {
        Ok(Self {
            event: serde_json::from_str(event).map_err(|_| Status::BadRequest)?,
            id: invoked.request_id.to_owned(),
            function: invoked.function_name().to_owned(),
        })
    }

    /// Whether it is a form that decides.
    pub(crate) fn decides(&self) -> bool {
        self.event.request_context.http.method == "POST"
    }

    /// Who called, as AWS vouches for: only with `AuthType: AWS_IAM`.
    pub(crate) fn caller(&self) -> Option<String> {
        let authorizer = self.event.request_context.authorizer.as_ref()?;
        authorizer.iam.as_ref()?.user_arn.clone()
    }

    /// The network address that it came from.
    pub(crate) fn source(&self) -> Option<String> {
        self.event.request_context.http.source_ip.clone()
    }

    /// What is asked, or which status says that it is nothing that the page has.
    pub(crate) fn asked(&self) -> Result<Asked, Status> {
        let code = self
            .event
            .raw_path
            .strip_prefix("/r/")
            .ok_or(Status::NotFound)?;
        let code = RequestCode::parse(code).map_err(|_| Status::NotFound)?;
        match self.event.request_context.http.method.as_str() {
            "GET" | "HEAD" => {
                let query = form_urlencoded::parse(self.event.raw_query_string.as_bytes());
                let token = query.into_iter().find(|(name, _)| name == "t");
                let (_, token) = token.ok_or(Status::NotFound)?;
                Ok(Asked::Show {
                    code,
                    token: Token::given(&token),
                })
            }
            "POST" => {
                let form = self.form()?;
                Ok(if form.action == EXPLAIN {
                    Asked::Explain { code, form }
                } else {
                    Asked::Act { code, form }
                })
            }
            _ => Err(Status::MethodNotAllowed),
        }
    }

    fn form(&self) -> Result<Form, Status> {
        let kind = self.event.headers.get("content-type").map(String::as_str);
        let kind = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
        if kind.is_none_or(|kind| !kind.eq_ignore_ascii_case(FORM)) {
            return Err(Status::UnsupportedMediaType);
        }
        // Base64 is a third longer than what it stands for.
        if self.event.body.len() > MAX_PASTE_BYTES * 4 / 3 {
            return Err(Status::TooLarge);
        }
        let body = if self.event.is_base64_encoded {
            BASE64
                .decode(self.event.body.as_bytes())
                .map_err(|_| Status::BadRequest)?
        } else {
            self.event.body.clone().into_bytes()
        };
        let form = Form::of(&body);
        let most = if form.action == EXPLAIN {
            MAX_PASTE_BYTES
        } else {
            MAX_BODY_BYTES
        };
        if body.len() > most {
            return Err(Status::TooLarge);
        }
        Ok(form)
    }
}

impl Form {
    fn of(body: &[u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            let value = value.into_owned();
            match &*name {
                "t" => form.token = value,
                "action" => form.action = value,
                "by" => form.by = value,
                "typed" => form.typed = value,
                "for" => form.keep_for = value,
                "reason" => form.reason = value,
                "even_if" => form.even_if.push(value),
                "pasted" => form.pasted = value,
                "config" => form.config = value,
                _ => {}
            }
        }
        form
    }

    /// What opens the request.
    pub(crate) fn token(&self) -> Token {
        Token::given(&self.token)
    }

    /// Whether a token that opens this request stands in a field that the ledger would keep: somebody pasted a link there.
    pub(crate) fn tells_a_token(&self, tokens: &TokenMarks) -> bool {
        let kept = [&self.by, &self.reason, &self.keep_for, &self.action];
        let mut kept = kept.into_iter().chain(&self.even_if);
        let opens = |word: &str| tokens.knows(&Token::given(word));
        kept.any(|field| {
            let mut words = field.split(|character: char| !character.is_ascii_alphanumeric());
            words.any(opens)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INVOKED: Invoked<'_> = Invoked {
        request_id: "r-1",
        function_arn: "arn:aws:lambda:eu-west-1:123456789012:function:approve:page",
    };

    fn request(method: &str, path: &str, more: &str) -> PageRequest {
        let event = format!(
            r#"{{"rawPath":"{path}","rawQueryString":"t=secret&x=1","requestContext":{{"http":{{"method":"{method}","sourceIp":"192.0.2.1"}}}}{more}}}"#
        );
        PageRequest::read(&event, INVOKED).unwrap()
    }

    fn status(request: &PageRequest) -> Status {
        match request.asked() {
            Ok(_) => panic!("asked for something"),
            Err(status) => status,
        }
    }

    #[test]
    fn a_link_shows_its_request() {
        let Ok(Asked::Show { code, token }) = request("GET", "/r/7F3K2QWX", "").asked() else {
            panic!("nothing to show")
        };
        assert_eq!((code.as_str(), token.reveal()), ("7F3K2QWX", "secret"));
    }

    #[test]
    fn a_request_knows_the_function_without_its_alias() {
        let request = request("GET", "/", "");
        assert_eq!(
            (request.id.as_str(), request.function.as_str()),
            ("r-1", "approve")
        );
    }

    #[test]
    fn a_form_decides_whether_it_comes_as_text_or_as_base64() {
        for more in [
            r#","headers":{"content-type":"application/x-www-form-urlencoded"},"body":"t=x&action=keep&by=a+b&for=2h""#,
            r#","headers":{"content-type":"application/x-www-form-urlencoded; charset=utf-8"},"isBase64Encoded":true,"body":"dD14JmFjdGlvbj1rZWVwJmJ5PWErYiZmb3I9Mmg=""#,
        ] {
            let Ok(Asked::Act { form, .. }) = request("POST", "/r/7F3K2QWX", more).asked() else {
                panic!("nothing to do")
            };
            assert_eq!(
                (
                    form.action.as_str(),
                    form.by.as_str(),
                    form.keep_for.as_str()
                ),
                ("keep", "a b", "2h")
            );
        }
    }

    #[test]
    fn everything_else_has_its_status() {
        for path in ["/", "/r/", "/r/nope", "/favicon.ico", "/r/7F3K2QWX/x"] {
            assert_eq!(
                status(&request("GET", path, "")),
                Status::NotFound,
                "{path}"
            );
        }
        assert_eq!(
            status(&request("PUT", "/r/7F3K2QWX", "")),
            Status::MethodNotAllowed
        );
        assert_eq!(
            status(&request("POST", "/r/7F3K2QWX", r#","body":"{}""#)),
            Status::UnsupportedMediaType
        );
        let large = format!(
            r#","headers":{{"content-type":"application/x-www-form-urlencoded"}},"body":"{}""#,
            "x".repeat(9_000)
        );
        assert_eq!(
            status(&request("POST", "/r/7F3K2QWX", &large)),
            Status::TooLarge
        );
        assert_eq!(
            PageRequest::read("{}", INVOKED).err(),
            Some(Status::BadRequest)
        );
    }
}
