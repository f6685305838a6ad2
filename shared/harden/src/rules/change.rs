//! What a rule wishes to change.

use crate::config::Item;

/// A wish about a configuration. `write` knows how to carry it out in each syntax.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// A new argument, beside the first of these that is there, else behind the last one.
    Add {
        name: &'static str,
        value: &'static str,
        beside: &'static [&'static str],
    },
    /// The argument goes; what is written about it in comments stays.
    Remove(Item),
    /// The same inside of an object.
    RemoveFrom { outer: Item, item: Item },
    /// The value becomes this, which is the same in HCL and JSON.
    Set(Item, String),
    /// The argument gets another name.
    Rename(Item, &'static str),
    /// The arguments move into one object, under new names and, where one is given, with a new value.
    Group {
        name: &'static str,
        members: Vec<Member>,
    },
}

/// An argument that moves into an object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Member {
    pub(crate) item: Item,
    pub(crate) name: &'static str,
    pub(crate) value: Option<String>,
}
