//! Requests to the component, and the way back of its answers.

use std::{
    cell::RefCell,
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
};

use alertcap::{
    answer::{Answered, Body, BodyError, answer},
    platform::read_whole,
};
use bytes::Bytes;
use http::{Method, Request, Response};

use crate::{executor::Owner, scenario::MILLI, world::World};

/// A body that is there as a whole.
struct Whole(Bytes);

impl Body for Whole {
    async fn read(self, most: usize) -> Result<Bytes, BodyError> {
        if self.0.len() > most { Err(BodyError::TooLarge) } else { Ok(self.0) }
    }
}

/// Where an answer comes to; none in it if the instance died.
#[derive(Default)]
struct Line {
    answer: Option<Option<Response<Bytes>>>,
    waiting: Option<Waker>,
}

/// The instance's end of the line: dropped, the line is dead.
struct End(Rc<RefCell<Line>>);

impl End {
    fn send(&self, answer: Option<Response<Bytes>>) {
        let mut line = self.0.borrow_mut();
        if line.answer.is_none() {
            line.answer = Some(answer);
            if let Some(waker) = line.waiting.take() {
                waker.wake();
            }
        }
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.send(None);
    }
}

/// A GET.
pub(crate) fn get(path: &str) -> Request<Bytes> {
    request(Method::GET, path, String::new())
}

/// A DELETE.
pub(crate) fn delete(path: &str) -> Request<Bytes> {
    request(Method::DELETE, path, String::new())
}

/// A POST.
pub(crate) fn post(path: &str, body: String) -> Request<Bytes> {
    request(Method::POST, path, body)
}

fn request(method: Method, path: &str, body: String) -> Request<Bytes> {
    let request = Request::builder().method(method).uri(format!("https://alertcap.example{path}"));
    request.body(Bytes::from(body)).expect("a request")
}

/// Sends a request to the instance that has the slot; none if it is not there, or dies before it answers.
pub(crate) async fn call(world: &Rc<World>, slot: usize, request: Request<Bytes>) -> Option<Response<Bytes>> {
    world.sleep(world.chance.below(20 * MILLI)).await;
    if world.is_hostile.get() && world.chance.happens(world.scenario.recycled) {
        // The old one goes on with what it has begun, and takes nothing new.
        let fresh = world.fresh();
        let old = std::mem::replace(&mut world.slots.borrow_mut()[slot], fresh);
        drop(old);
    }
    let (app, instance) = {
        let slots = world.slots.borrow();
        let slot = &slots[slot];
        if world.now() < slot.down_until {
            return None;
        }
        (slot.app.clone(), slot.instance)
    };
    let line = Rc::new(RefCell::new(Line::default()));
    let end = End(line.clone());
    let owner = Owner { instance: Some(instance), request: None };
    world.executor.spawn(owner, async move {
        let answer = match answer(&app, request.map(Whole)).await {
            Answered::Whole(answer) => Some(answer),
            Answered::Streamed(answer) => {
                let (head, mut body) = answer.into_parts();
                read_whole(&mut body, usize::MAX).await.ok().map(|body| Response::from_parts(head, body))
            }
        };
        end.send(answer);
    });
    let answer = poll_fn(|cx| {
        let mut line = line.borrow_mut();
        match line.answer.take() {
            Some(answer) => Poll::Ready(answer),
            None => {
                line.waiting = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    })
    .await?;
    world.look_for_secrets("an answer", answer.body());
    world.sleep(world.chance.below(20 * MILLI)).await;
    Some(answer)
}
