//! Tasks under a clock of their own: among those that can go on the seed chooses, and time passes when none can.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Wake, Waker},
};

use crate::chance::Chance;

type Work = Pin<Box<dyn Future<Output = ()>>>;

/// Whose a task is: nobody's of ours, or an instance's, on behalf of a request to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Owner {
    /// The instance that loses it when it dies.
    pub(crate) instance: Option<u32>,
    /// The task that answers the request.
    pub(crate) request: Option<u64>,
}

/// A task that has just been polled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Polled {
    /// The task.
    pub(crate) task: u64,
    /// Whose it is.
    pub(crate) owner: Owner,
    /// Whether it has ended.
    pub(crate) is_done: bool,
}

struct Task {
    work: Option<Work>,
    owner: Owner,
    waker: Waker,
}

/// Tasks and time. Times are microseconds since the run began.
#[derive(Default)]
pub(crate) struct Executor {
    now: Cell<u64>,
    timers: RefCell<BTreeMap<(u64, u64), Waker>>,
    tasks: RefCell<BTreeMap<u64, Task>>,
    ready: Arc<Ready>,
    last: Cell<u64>,
    current: Cell<Owner>,
    idle_polls: Cell<u32>,
}

#[derive(Default)]
struct Ready(Mutex<Vec<u64>>);

impl Ready {
    fn add(&self, task: u64) {
        let mut ready = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !ready.contains(&task) {
            ready.push(task);
        }
    }

    fn take(&self, chance: &Chance) -> Option<u64> {
        let mut ready = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match ready.len() {
            0 => None,
            1 => ready.pop(),
            several => Some(ready.swap_remove(chance.index(several))),
        }
    }
}

struct WakeTask(u64, Arc<Ready>);

impl Wake for WakeTask {
    fn wake(self: Arc<Self>) {
        self.1.add(self.0);
    }
}

impl Executor {
    /// Now.
    pub(crate) fn now(&self) -> u64 {
        self.now.get()
    }

    /// Whose task is being polled.
    pub(crate) fn current(&self) -> Owner {
        self.current.get()
    }

    /// So often something was polled without time passing: a busy loop, if it is very often.
    pub(crate) fn idle_polls(&self) -> u32 {
        self.idle_polls.get()
    }

    fn next_id(&self) -> u64 {
        self.last.set(self.last.get() + 1);
        self.last.get()
    }

    /// Adds a task. With no `request` in its owner it is one itself if it has an instance.
    pub(crate) fn spawn(&self, owner: Owner, work: impl Future<Output = ()> + 'static) -> u64 {
        let id = self.next_id();
        let owner = Owner { request: owner.request.or(owner.instance.map(|_| id)), ..owner };
        let waker = Waker::from(Arc::new(WakeTask(id, self.ready.clone())));
        self.tasks.borrow_mut().insert(id, Task { work: Some(Box::pin(work)), owner, waker });
        self.ready.add(id);
        id
    }

    /// Polls one task that can go on; none if none can.
    pub(crate) fn poll_one(&self, chance: &Chance) -> Option<Polled> {
        loop {
            let task = self.ready.take(chance)?;
            let taken = self
                .tasks
                .borrow_mut()
                .get_mut(&task)
                .and_then(|known| Some((known.work.take()?, known.owner, known.waker.clone())));
            // One that died meanwhile.
            let Some((mut work, owner, waker)) = taken else { continue };
            self.idle_polls.set(self.idle_polls.get() + 1);
            self.current.set(owner);
            let is_done = work.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
            if is_done {
                self.tasks.borrow_mut().remove(&task);
            } else if let Some(known) = self.tasks.borrow_mut().get_mut(&task) {
                known.work = Some(work);
            }
            self.current.set(Owner::default());
            return Some(Polled { task, owner, is_done });
        }
    }

    /// Lets time pass until the next timer; false if there is none.
    pub(crate) fn tick(&self) -> bool {
        let mut timers = self.timers.borrow_mut();
        let Some((&(next, _), _)) = timers.first_key_value() else { return false };
        self.now.set(next.max(self.now.get()));
        self.idle_polls.set(0);
        while let Some(entry) = timers.first_entry() {
            if entry.key().0 > next {
                break;
            }
            entry.remove().wake();
        }
        true
    }

    /// Ends tasks where they are: what they hold is dropped, and nothing of them goes on.
    pub(crate) fn kill(&self, is_meant: impl Fn(u64, Owner) -> bool) {
        let mut tasks = self.tasks.borrow_mut();
        let ids: Vec<u64> =
            tasks.iter().filter(|(id, task)| is_meant(**id, task.owner)).map(|(id, _)| *id).collect();
        let killed: Vec<Option<Task>> = ids.iter().map(|id| tasks.remove(id)).collect();
        drop(tasks);
        drop(killed);
    }

    /// Waits.
    pub(crate) fn sleep(&self, micros: u64) -> Sleep<'_> {
        Sleep { executor: self, until: self.now.get().saturating_add(micros), timer: None }
    }
}

/// See [`Executor::sleep`].
pub(crate) struct Sleep<'a> {
    executor: &'a Executor,
    until: u64,
    timer: Option<(u64, u64)>,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.executor.now() >= self.until && self.timer.is_some() {
            return Poll::Ready(());
        }
        // Even no time at all is a moment in which others go on, and in which this one can die.
        if self.executor.now() >= self.until {
            self.timer = Some((self.until, 0));
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let timer = match self.timer {
            Some(timer) => timer,
            None => (self.until, self.executor.next_id()),
        };
        self.timer = Some(timer);
        self.executor.timers.borrow_mut().insert(timer, cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        if let Some(timer) = self.timer {
            self.executor.timers.borrow_mut().remove(&timer);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[test]
    fn time_passes_only_when_nothing_else_can_go_on() {
        let executor = Rc::new(Executor::default());
        let chance = Chance::new(1);
        let seen = Rc::new(RefCell::new(Vec::new()));
        for micros in [30, 10, 20] {
            let (mine, seen) = (executor.clone(), seen.clone());
            executor.spawn(Owner::default(), async move {
                mine.sleep(micros).await;
                seen.borrow_mut().push((micros, mine.now()));
            });
        }
        while executor.poll_one(&chance).is_some() || executor.tick() {}
        assert_eq!(*seen.borrow(), [(10, 10), (20, 20), (30, 30)]);
    }

    #[test]
    fn what_is_killed_drops_what_it_holds_and_goes_no_further() {
        let executor = Rc::new(Executor::default());
        let held = Rc::new(());
        let (mine, hold) = (executor.clone(), held.clone());
        let owner = Owner { instance: Some(7), request: None };
        executor.spawn(owner, async move {
            mine.sleep(10).await;
            drop(hold);
            panic!("goes on");
        });
        executor.poll_one(&Chance::new(1));
        executor.kill(|_, owner| owner.instance == Some(7));
        assert_eq!(Rc::strong_count(&held), 1);
        while executor.poll_one(&Chance::new(1)).is_some() || executor.tick() {}
    }
}
