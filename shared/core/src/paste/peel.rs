//! One line without everything that was put around it.

use super::found::Tool;
use super::{ansi, frame, html, prefix};

/// More layers than this are not met; the limit keeps a hostile line from costing much.
const MOST_LAYERS: usize = 12;

/// What the layers around a line tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Context {
    /// Which of several mixed streams the line belongs to; empty where nothing tells.
    pub(super) source: String,
    /// The Terragrunt unit or the directory.
    pub(super) unit: Option<String>,
    pub(super) via: Option<Tool>,
}

/// A line without colours, prefixes and frames.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Peeled {
    pub(super) text: String,
    pub(super) context: Context,
    /// How many characters the line had without its colours and the right side of its frame: lines that one terminal
    /// cut are equally wide.
    pub(super) width: usize,
    /// The upper or lower edge of a box.
    pub(super) is_edge: bool,
}

impl Context {
    /// With what one more layer tells.
    pub(super) fn with(&self, unit: Option<&str>, via: Option<Tool>) -> Self {
        let mut context = self.clone();
        if let Some(unit) = unit {
            unit.clone_into(&mut context.source);
            context.unit = Some(unit.to_owned());
        }
        context.via = via.or(context.via);
        context
    }
}

/// Takes layer after layer off, in whatever order they were put on.
pub(super) fn peel(line: &str, context: &Context) -> Peeled {
    let mut text = breaking(&ansi::strip(line));
    if text.contains(['<', '&']) {
        // Colour codes may have been escaped together with the rest.
        text = ansi::strip(html::plain(&text).trim_end_matches('\n')).into_owned();
    }
    let width = frame::without_right_side(&text).chars().count();
    let mut context = context.clone();
    let (mut text, is_edge) = without_layers(text, &mut context);
    if let Some(bar) = text.find('│') {
        // Whatever stood in front of a bar, the bar is where Terraform's line begins.
        text = frame::strip(text.get(bar..).unwrap_or_default())
            .text
            .to_owned();
    }
    Peeled {
        text,
        context,
        width,
        is_edge,
    }
}

/// Takes off what is around a line that may hold other lines, and leaves what is inside as it is: there the same
/// characters may mean something else.
pub(super) fn outside(line: &str, context: &Context) -> (String, Context) {
    let mut context = context.clone();
    let text = breaking(&ansi::strip_outside_literals(line));
    let (text, _) = without_layers(text, &mut context);
    let begins = ["{&quot;", "{&#34;", " msg=&quot;", " msg=&#34;"];
    let is_quote = text.starts_with("&gt;");
    let is_escaped = is_quote || begins.iter().any(|begin| text.contains(begin));
    let is_escaped = is_escaped && !text.starts_with("{\"");
    if !is_escaped {
        return (text, context);
    }
    let (text, _) = without_layers(html::once(&text), &mut context);
    (text, context)
}

/// With plain spaces where a page or a chat put non-breaking ones to keep several apart.
fn breaking(text: &str) -> String {
    text.replace(['\u{a0}', '\u{202f}'], " ")
}

/// How many bytes of `line`, which has no colours, are prefixes and frames in front of what it says. An indent in front of them
/// belongs to them, one behind them does not.
pub(crate) fn margin(line: &str) -> usize {
    let mut rest = line;
    let mut via = None;
    for _ in 0..MOST_LAYERS {
        let text = rest.trim_start();
        let past = match prefix::strip(text, via) {
            Some((past, told)) => {
                via = told.via.or(via);
                past
            }
            None => match frame::mark(text) {
                Some((past, _)) => past,
                None => break,
            },
        };
        rest = past;
    }
    line.len() - rest.len()
}

/// Without prefixes and frames; and whether it was the edge of a box.
fn without_layers(mut text: String, context: &mut Context) -> (String, bool) {
    let mut is_edge = false;
    for _ in 0..MOST_LAYERS {
        let before = text.len();
        if let Some((rest, told)) = prefix::strip(text.trim_start(), context.via) {
            text = rest.to_owned();
            *context = context.with(told.unit.as_deref(), told.via);
            if let Some(source) = told.source {
                context.source = source;
            }
        }
        let unframed = frame::strip(&text);
        is_edge |= unframed.is_edge;
        text = unframed.text.to_owned();
        if text.len() == before {
            break;
        }
    }
    (text, is_edge)
}
