//! Reads backends from Terraform's JSON syntax, with the place of every part.
//!
//! `serde_json` hands out the raw text of each member as a slice of the input, and where a slice begins is its place. So
//! the file can be changed by slices too, and keeps its order and its layout.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::config::{
    Config, Document, Item, Shape, Source, UNKNOWN, Value, backend_of_bare_arguments,
};
use crate::format::NotRead;
use crate::place::slice;
use crate::stretches::Stretches;

/// How deep the value of an argument is looked into; the deepest that the backend knows has two levels.
const DEEPEST: usize = 4;
/// How deep JSON may be nested. `serde_json` skips over values without recursion, so this only keeps the promise that
/// Terraform's own parser could read the text as well.
const DEEPEST_TEXT: usize = 64;

/// Reads a whole text.
///
/// # Errors
/// [`NotRead::NotValid`] where it is not JSON.
pub(crate) fn read(text: &str) -> Result<Document, NotRead> {
    let base = text.len() - text.trim_start_matches('\u{feff}').len();
    let source = slice(text, base..text.len());
    check_nesting(source)?;
    let root: &RawValue = serde_json::from_str(source).map_err(|error| NotRead::NotValid {
        json: true,
        line: error.line(),
        column: error.column(),
        problem: kind(&error).to_owned(),
    })?;
    let reader = Reader { text };
    let mut document = Document {
        stretches: Stretches::all_quoted(text),
        ..Document::default()
    };
    for object in reader.objects(root) {
        reader.file(object, &mut document);
    }
    if document.configs.is_empty() {
        document.configs.extend(reader.backend_config_file(root));
    }
    Ok(document)
}

struct Reader<'a> {
    text: &'a str,
}

impl<'a> Reader<'a> {
    fn file(&self, object: &'a RawValue, document: &mut Document) {
        for terraform in self.members_named(object, "terraform") {
            for block in self.objects(terraform) {
                self.terraform(block, document);
            }
        }
        for remote_state in self.members_named(object, "remote_state") {
            document.configs.extend(
                self.objects(remote_state)
                    .into_iter()
                    .map(|block| self.remote_state(block)),
            );
        }
    }

    fn terraform(&self, block: &'a RawValue, document: &mut Document) {
        for required in self.members_named(block, "required_version") {
            document.required_version = string(required);
        }
        for backends in self.members_named(block, "backend") {
            for backend in self.objects(backends) {
                for (name, config) in members(backend) {
                    let name = string(name).unwrap_or_default();
                    let configs = self.objects(config).into_iter();
                    document.configs.extend(
                        configs
                            .map(|object| self.config(object, name.clone(), Source::BackendBlock)),
                    );
                }
            }
        }
        for cloud in self.members_named(block, "cloud") {
            document
                .configs
                .push(self.config(cloud, "cloud".to_owned(), Source::BackendBlock));
        }
    }

    fn remote_state(&self, block: &'a RawValue) -> Config {
        let backend = self.members_named(block, "backend");
        let backend = backend.first().and_then(|raw| string(raw));
        let backend = backend.unwrap_or_else(|| UNKNOWN.to_owned());
        let start = self.at(block).start;
        match self.members_named(block, "config").first() {
            Some(config) => Config {
                start,
                ..self.config(config, backend, Source::RemoteState)
            },
            None => Config {
                items: Vec::new(),
                is_readable: false,
                ..self.config(block, backend, Source::RemoteState)
            },
        }
    }

    fn backend_config_file(&self, root: &'a RawValue) -> Option<Config> {
        let config = self.config(root, String::new(), Source::BackendConfigFile);
        let backend = backend_of_bare_arguments(&config.items)?.to_owned();
        Some(Config { backend, ..config })
    }

    fn config(&self, object: &'a RawValue, backend: String, source: Source) -> Config {
        let at = self.at(object);
        Config {
            backend,
            source,
            start: at.start,
            inside: at.start + 1..at.end.saturating_sub(1),
            shape: Shape::Json,
            items: self.items(object, DEEPEST),
            is_readable: object.get().starts_with('{'),
        }
    }

    fn items(&self, object: &'a RawValue, depth: usize) -> Vec<Item> {
        let items = members(object).into_iter().map(|(key, value)| Item {
            name: string(key).unwrap_or_default(),
            name_at: self.at(key),
            value: self.value(value, depth),
            value_at: self.at(value),
            literals: self.literals(value),
        });
        items.collect()
    }

    fn value(&self, raw: &'a RawValue, depth: usize) -> Value {
        match raw.get().chars().next() {
            Some('n') => Value::Null,
            Some('t') => Value::Bool(true),
            Some('f') => Value::Bool(false),
            // Strings are templates, as in HCL.
            Some('"') => match string(raw) {
                Some(text) if !text.contains("${") && !text.contains("%{") => Value::Text(text),
                Some(_) | None => Value::Unknown,
            },
            Some('[') if depth > 0 => Value::List(
                elements(raw)
                    .into_iter()
                    .map(|element| self.value(element, depth - 1))
                    .collect(),
            ),
            Some('{') if depth > 0 => Value::Object(self.items(raw, depth - 1)),
            Some('[' | '{') | None => Value::Unknown,
            Some(_) => Value::Number(raw.get().to_owned()),
        }
    }

    fn literals(&self, raw: &RawValue) -> Vec<Range<usize>> {
        let at = self.at(raw);
        let is_string = raw.get().starts_with('"');
        is_string
            .then(|| at.start + 1..at.end - 1)
            .into_iter()
            .collect()
    }

    /// The objects of a value: itself, or the elements of a list. Terraform takes both for a block.
    fn objects(&self, raw: &'a RawValue) -> Vec<&'a RawValue> {
        let all = if raw.get().starts_with('[') {
            elements(raw)
        } else {
            vec![raw]
        };
        all.into_iter()
            .filter(|raw| raw.get().starts_with('{'))
            .collect()
    }

    fn members_named(&self, object: &'a RawValue, name: &str) -> Vec<&'a RawValue> {
        let named = members(object)
            .into_iter()
            .filter(|(key, _)| string(key).as_deref() == Some(name));
        named.map(|(_, value)| value).collect()
    }

    fn at(&self, raw: &RawValue) -> Range<usize> {
        let start = raw.get().as_ptr().addr() - self.text.as_ptr().addr();
        start..start + raw.get().len()
    }
}

fn string(raw: &RawValue) -> Option<String> {
    serde_json::from_str::<Cow<'_, str>>(raw.get())
        .ok()
        .map(Cow::into_owned)
}

/// Members in their order, each as the slices of key and value.
fn members(raw: &RawValue) -> Vec<(&RawValue, &RawValue)> {
    serde_json::from_str::<Members<'_>>(raw.get())
        .map(|members| members.0)
        .unwrap_or_default()
}

fn elements(raw: &RawValue) -> Vec<&RawValue> {
    serde_json::from_str::<Elements<'_>>(raw.get())
        .map(|elements| elements.0)
        .unwrap_or_default()
}

struct Members<'a>(Vec<(&'a RawValue, &'a RawValue)>);
struct Elements<'a>(Vec<&'a RawValue>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry::<&'de RawValue, &'de RawValue>()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

impl<'de> Deserialize<'de> for Elements<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Elements<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut elements = Vec::new();
                while let Some(element) = list.next_element::<&'de RawValue>()? {
                    elements.push(element);
                }
                Ok(Elements(elements))
            }
        }
        deserializer.deserialize_seq(InOrder)
    }
}

fn check_nesting(text: &str) -> Result<(), NotRead> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (offset, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST_TEXT {
            let (line, column) = crate::place::line_and_column(text, offset);
            let problem = format!("more than {DEEPEST_TEXT} levels of nesting");
            return Err(NotRead::NotValid {
                json: true,
                line,
                column,
                problem,
            });
        }
    }
    Ok(())
}

/// What kind of mistake it is; serde's own message may quote the text.
fn kind(error: &serde_json::Error) -> &'static str {
    if error.is_eof() {
        "it ends too early"
    } else {
        "an unexpected character"
    }
}
