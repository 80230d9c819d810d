//! Sorting without a sort for each type: the standard library's are 3 to 5 KB apiece.

use std::{cmp::Ordering, mem};

/// Sorts `list`; what is equal keeps its order.
pub fn sort_by<T>(list: &mut Vec<T>, order: impl Fn(&T, &T) -> Ordering) {
    let sorted = places(list.len(), &|a, b| {
        list.get(a).zip(list.get(b)).map_or(Ordering::Equal, |(a, b)| order(a, b))
    });
    let mut items: Vec<Option<T>> = mem::take(list).into_iter().map(Some).collect();
    list.extend(sorted.into_iter().filter_map(|place| items.get_mut(place)?.take()));
}

/// The places 0 to `length`, sorted by what stands there.
fn places(length: usize, order: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..length).collect();
    places.sort_unstable_by(|&a, &b| order(a, b).then(a.cmp(&b)));
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_keep_their_order() {
        let mut list = vec![(2, 'a'), (1, 'b'), (2, 'c'), (0, 'd'), (1, 'e')];
        sort_by(&mut list, |a, b| a.0.cmp(&b.0));
        assert_eq!(list, [(0, 'd'), (1, 'b'), (1, 'e'), (2, 'a'), (2, 'c')]);
        sort_by(&mut Vec::<u8>::new(), Ord::cmp);
    }
}
