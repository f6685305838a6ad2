//! A look at a few states by name, between sweeps: what is there is judged, written down and told as a sweep would do it.
//!
//! Somebody stands in front of a lock and asks about it now. Only configured stores are looked at, each by the exact key.

use lockwarden_aws::look;
use lockwarden_core::ids::LockPath;
use lockwarden_core::report::{Incomplete, LookedAt};

use crate::ports::World;
use crate::sweep::{Sweep, trouble};

/// The most states that one look takes. A person's question names one or two, and each costs a few reads.
pub(crate) const MOST: usize = 5;

impl<W: World> Sweep<'_, W> {
    /// Looks at one state.
    pub(crate) async fn look_at(&self, path: &LockPath) -> LookedAt {
        let mut looked = LookedAt {
            lock_id: path.clone(),
            locks: Vec::new(),
            tables: self.table_names(),
            incomplete: self.blind_spot(path).into_iter().collect(),
        };
        let present = look::present(self.world, &self.settings.common, path, &[]).await;
        let locks = match present {
            Ok(Ok(locks)) => locks,
            Ok(Err(out_of_reach)) => {
                looked.incomplete.push(Incomplete {
                    store: path.to_string(),
                    why: out_of_reach.to_string(),
                });
                return looked;
            }
            Err(failure) => {
                looked.incomplete.push(trouble(path.to_string(), &failure));
                return looked;
            }
        };
        let known = match self.with_entries(&locks, &mut looked.incomplete).await {
            Ok(known) => known,
            Err(failure) => {
                looked.incomplete.push(trouble("the ledger", &failure));
                return looked;
            }
        };
        let holders = self.holders(&locks).await;
        let mut questions = Vec::new();
        for known in &known {
            let attended = self.attend(known).await;
            looked.locks.extend(attended.reported);
            looked.incomplete.extend(attended.trouble);
            questions.extend(attended.question);
        }
        let asked = self.ask(questions, &holders).await;
        looked.incomplete.extend(asked.trouble);
        looked.incomplete.extend(self.mishaps.take());
        looked
    }

    fn table_names(&self) -> Vec<String> {
        let tables = self.settings.common.tables.iter();
        tables.map(|table| table.name.clone()).collect()
    }

    /// What nobody looks into: whoever asks may name any state, and one out of reach is not a free one.
    fn blind_spot(&self, path: &LockPath) -> Option<Incomplete> {
        let is_covered = self.settings.common.covers_state(path);
        (!is_covered).then(|| Incomplete {
            store: path.to_string(),
            why: "it is not in the configured STATE_BUCKETS, so nobody saw whether a lock object is there".to_owned(),
        })
    }
}
