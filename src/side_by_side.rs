//! Work of one kind side by side.
//!
//! `futures_util`'s `join_all` and `buffered` are compiled anew for every kind of work, 5 KB each. Here only a thin shell
//! is: what polls knows no more than that each piece of work ends.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use futures_util::{StreamExt, future::LocalBoxFuture, stream};

/// What each piece of `work` came to, in its order; at most `at_once` of them are under way at a time.
pub async fn side_by_side<W, T>(at_once: usize, work: W) -> Vec<T>
where
    W: IntoIterator<Item: Future<Output = T>>,
{
    let outcomes = RefCell::new(Vec::new());
    let mut work = work.into_iter().map(|work| {
        let outcome = Rc::new(Cell::new(None));
        outcomes.borrow_mut().push(Rc::clone(&outcome));
        let work: LocalBoxFuture<'_, ()> = Box::pin(async move { outcome.set(Some(work.await)) });
        work
    });
    run(at_once.max(1), &mut work).await;
    outcomes.take().iter().filter_map(|outcome| outcome.take()).collect()
}

async fn run<'a>(at_once: usize, work: &mut dyn Iterator<Item = LocalBoxFuture<'a, ()>>) {
    stream::iter(work).for_each_concurrent(at_once, |work| work).await;
}

#[cfg(test)]
mod tests {
    use futures_channel::oneshot;
    use futures_executor::block_on;
    use futures_util::{FutureExt, pin_mut};

    use super::*;

    #[test]
    fn outcomes_come_in_the_order_of_the_work_whatever_ends_first() {
        let (first, first_ends) = oneshot::channel();
        let (second, second_ends) = oneshot::channel();
        let all = side_by_side(2, [first_ends, second_ends]);
        pin_mut!(all);
        assert!(all.as_mut().now_or_never().is_none());
        second.send(2).unwrap();
        assert!(all.as_mut().now_or_never().is_none());
        first.send(1).unwrap();
        assert_eq!(block_on(all), [Ok(1), Ok(2)]);
    }

    #[test]
    fn no_more_than_asked_for_is_under_way_at_once() {
        let begun = Cell::new(0);
        let (ends, end): (Vec<_>, Vec<_>) = (0..5).map(|_| oneshot::channel::<()>()).unzip();
        let all = side_by_side(
            2,
            end.into_iter().map(|end| {
                let begun = &begun;
                async move {
                    begun.set(begun.get() + 1);
                    end.await.unwrap();
                }
            }),
        );
        pin_mut!(all);
        assert!(all.as_mut().now_or_never().is_none());
        assert_eq!(begun.get(), 2);
        for (n, end) in ends.into_iter().enumerate() {
            end.send(()).unwrap();
            assert_eq!(all.as_mut().now_or_never().is_some(), n == 4);
            assert_eq!(begun.get(), (n + 3).min(5));
        }
    }

    #[test]
    fn no_work_is_done_at_once() {
        assert!(block_on(side_by_side(3, Vec::<std::future::Ready<()>>::new())).is_empty());
    }
}
