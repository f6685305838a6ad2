//! What the dead-man's switch wants with a lock that people were asked about. Like a rule, it only hands the lock to
//! `approve`, which derives all of it anew.

use lockwarden_core::decision;
use lockwarden_core::evidence::Looked;
use lockwarden_core::expire::{Switch, Wish};
use lockwarden_core::ledger::{Entry, Event, EventKind};
use lockwarden_core::report::Incomplete;

use crate::attend::About;
use crate::by_rule::Turn;
use crate::ports::World;
use crate::sweep::Sweep;

impl<W: World> Sweep<'_, W> {
    /// What the switch wants with a lock; `None` where it is off, was tried a while ago, or where many go by themselves in this
    /// sweep already.
    pub(crate) async fn wish(&self, about: About<'_>, entry: &Entry) -> Option<Wish> {
        let now = self.world.now();
        let after = self.settings.common.expire_after?;
        if !entry.may_try_expiry(now) {
            return None;
        }
        // Its run is looked at only where that can tell anything.
        let run = Looked::At(None);
        let mut switch = Switch {
            after,
            policy: self.policy,
            now,
            run: &run,
        };
        let mut wish = switch.wish(entry, about.lock, about.judgement);
        let run;
        if wish == Wish::Expire || (entry.time_to_exist.is_some() && wish != Wish::CallOff) {
            run = self.run_of(about.lock).await;
            switch.run = &run;
            wish = switch.wish(entry, about.lock, about.judgement);
        }
        match wish {
            Wish::Expire => (self.turn_of_rule() == Turn::Rule).then_some(wish),
            Wish::CallOff => Some(wish),
            Wish::Nothing(_) => None,
        }
    }

    /// Gives a lock to `approve`. That it was given is written down first, so that what comes to nothing is not tried at each
    /// sweep.
    pub(crate) async fn give_to_switch(
        &self,
        entry: &mut Entry,
        wish: &Wish,
    ) -> Result<Option<Incomplete>, Option<Incomplete>> {
        let now = self.world.now();
        entry.expiry_tried_at = Some(now);
        let what = match wish {
            Wish::Expire => "nobody answered, so it is to expire",
            Wish::CallOff | Wish::Nothing(_) => {
                "its holder shows signs of life, so it is not to expire"
            }
        };
        let event = Event::new(EventKind::ByRule, now, what);
        self.save(entry, Some(event)).await?;
        let decision = decision::of_expiry(&entry.code);
        Ok(self.give_to_approve(&decision).await)
    }
}
