//! What the dead-man's switch wants with a lock that people were asked about. Like a rule, it only hands the lock to
//! `approve`, which derives all of it anew.

use lockwarden_core::decision;
use lockwarden_core::evidence::Looked;
use lockwarden_core::expire::{self, Switch, Wish};
use lockwarden_core::ledger::{Entry, Event, EventKind};
use lockwarden_core::report::Incomplete;

use crate::attend::About;
use crate::by_rule::Turn;
use crate::ports::World;
use crate::sweep::Sweep;

impl<W: World> Sweep<'_, W> {
    /// Why the time to exist of a lock is to be taken away, if it has one and that is so. It is tried at each sweep, whatever
    /// came of the last one: the lock may be gone before another.
    pub(crate) async fn why_call_off(&self, about: About<'_>, entry: &Entry) -> Option<String> {
        entry.time_to_exist?;
        match self.wish(about, entry).await {
            Wish::CallOff(why) => Some(why),
            Wish::Expire | Wish::Nothing(_) => None,
        }
    }

    /// Whether a lock is to get a time to exist: not where that was tried a while ago, or where many go by themselves in this
    /// sweep already.
    pub(crate) async fn is_to_expire(&self, about: About<'_>, entry: &Entry) -> bool {
        entry.may_try_expiry(self.world.now())
            && self.wish(about, entry).await == Wish::Expire
            && self.turn_of_rule() == Turn::Rule
    }

    async fn wish(&self, about: About<'_>, entry: &Entry) -> Wish {
        let settings = self.settings;
        let after = match expire::after(settings.common.expire_after, settings.releases) {
            Ok(after) => after,
            Err(why) => return Wish::of_forbidden(entry, why),
        };
        // Its run is looked at only where that can tell anything.
        let run = Looked::At(None);
        let mut switch = Switch {
            after,
            policy: self.policy,
            now: self.world.now(),
            run: &run,
        };
        let wish = switch.wish(entry, about.lock, about.judgement);
        let may_matter = match wish {
            Wish::Expire => true,
            Wish::CallOff(_) => false,
            Wish::Nothing(_) => entry.time_to_exist.is_some(),
        };
        if !may_matter {
            return wish;
        }
        let run = self.run_of(about.lock).await;
        switch.run = &run;
        switch.wish(entry, about.lock, about.judgement)
    }

    /// Gives a lock to `approve` to get a time to exist. That it was given is written down first, so that what comes to nothing
    /// is not tried at each sweep.
    pub(crate) async fn give_to_expire(
        &self,
        entry: &mut Entry,
    ) -> Result<Option<Incomplete>, Option<Incomplete>> {
        entry.expiry_tried_at = Some(self.world.now());
        self.give_to_switch(entry, "nobody answered, so it is to expire")
            .await
    }

    /// Gives a lock to `approve` to lose its time to exist.
    pub(crate) async fn give_to_call_off(
        &self,
        entry: &mut Entry,
        why: &str,
    ) -> Result<Option<Incomplete>, Option<Incomplete>> {
        self.give_to_switch(entry, &format!("{why}, so it is not to expire"))
            .await
    }

    async fn give_to_switch(
        &self,
        entry: &mut Entry,
        what: &str,
    ) -> Result<Option<Incomplete>, Option<Incomplete>> {
        let event = Event::new(EventKind::ByRule, self.world.now(), what);
        self.save(entry, Some(event)).await?;
        let decision = decision::of_expiry(&entry.code);
        Ok(self.give_to_approve(&decision).await)
    }
}
