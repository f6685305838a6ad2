//! One question, from the event to the reply.

use std::collections::BTreeMap;

use lockwarden_core::ids::LockPath;
use lockwarden_core::paste::LockError;
use lockwarden_core::report::LookedAt;
use lockwarden_core::settings::TriageSettings;
use lockwarden_explain::answer::{Desk, Pasted};
use lockwarden_explain::live::Live;
use lockwarden_explain::{Question, explain};
use lockwarden_lambda::Failed;
use serde_json::Value;

use crate::ports::World;

/// The most states that one question has looked at. A person pastes one error, a CI log seldom holds more.
const MOST_LOOKS: usize = 3;

/// What a look brought: each state, or why there is none.
type Looks = Result<BTreeMap<LockPath, LookedAt>, String>;

/// Answers a question.
///
/// # Errors
/// `NotAsked` where the event is no question, with what a right one looks like.
pub async fn handle(
    world: &impl World,
    settings: &TriageSettings,
    event: &str,
) -> Result<Value, Failed> {
    let question = Question::read(event).map_err(|error| Failed::of("NotAsked", &error))?;
    let accounts = question.accounts();
    let pasted = Pasted::read(
        question.text,
        question.config,
        question.config_format,
        accounts,
    );
    let looks = look(world, &pasted).await;
    let desk = Desk {
        topic: Some(&settings.approval_topic),
    };
    let answer = explain(&pasted, desk, |error| live(&pasted, error, &looks));
    let kinds: Vec<&str> = pasted
        .found
        .errors
        .iter()
        .map(|error| error.kind.word())
        .collect();
    tracing::info!(kinds = kinds.join(","), "explained");
    Ok(answer.into_json())
}

/// Looks at the states of a paste. Whatever goes wrong, the rest of the answer does without it.
async fn look(world: &impl World, pasted: &Pasted) -> Looks {
    let paths = pasted.paths(MOST_LOOKS);
    if paths.is_empty() {
        return Ok(BTreeMap::new());
    }
    match world.look_at(&paths).await {
        Ok(reply) => {
            let each = reply.looked_at.into_iter();
            Ok(each
                .map(|looked| (looked.lock_id.clone(), looked))
                .collect())
        }
        Err(failure) => {
            tracing::warn!(%failure, "nobody looked at the live record");
            Err(failure.to_string())
        }
    }
}

/// What is there now of the lock of an error; `None` where no lock of an S3 backend can be behind it.
///
/// The text may name one state and the configuration another. Where the pasted lock is in either, that counts; else that one of
/// them was not looked at, because the lock may be there; else what the text itself names.
fn live(pasted: &Pasted, error: &LockError, looks: &Looks) -> Option<Live> {
    let paths = pasted.paths_of(error);
    let table = pasted.table_of(error);
    let each = paths.iter().map(|path| match looks {
        Err(why) => Live::NotLooked { why: why.clone() },
        Ok(looks) => looks.get(path).map_or_else(
            || Live::NotLooked {
                why: "the text names more states than one look takes".to_owned(),
            },
            |looked| Live::of(looked, error, table.as_deref()),
        ),
    });
    let rank = |live: &Live| match live {
        Live::Same(_) => 2,
        Live::NotLooked { .. } => 1,
        Live::Unnamed(_) | Live::Other { .. } | Live::Gone => 0,
    };
    // The last of equals: the state of the text comes after that of the configuration.
    each.max_by_key(rank)
}
