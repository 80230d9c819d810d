//! Numbers as bytes and back, by the same code: a type says once, in [`Keep::keep`], what of it stands in a checkpoint.
//!
//! (serde with a format of its own would be 40 KB more in the component.)

use crate::summary::{Fragments, Interface, Spread, TcpHealth};

/// What can stand in a checkpoint.
pub(crate) trait Keep {
    /// Writes itself, or becomes what was written. Where bytes are nothing that was, it becomes anything.
    fn keep(&mut self, bytes: &mut Kept<'_>);
}

/// The bytes of a checkpoint.
#[derive(Debug)]
pub(crate) enum Kept<'b> {
    /// What has been written.
    To(Vec<u8>),
    /// What is still to be read.
    From(&'b [u8]),
    /// They are no checkpoint.
    Bad,
}

impl Kept<'_> {
    pub(crate) fn is_bad(&self) -> bool {
        matches!(self, Kept::Bad)
    }

    pub(crate) fn is_read(&self) -> bool {
        matches!(self, Kept::From(_))
    }

    pub(crate) fn byte(&mut self, byte: &mut u8) {
        match self {
            Kept::To(bytes) => bytes.push(*byte),
            Kept::From([first, rest @ ..]) => {
                *byte = *first;
                *self = Kept::From(rest);
            }
            _ => {
                *byte = 0;
                *self = Kept::Bad;
            }
        }
    }

    /// In as few bytes as it needs, seven bits in each, the lowest first.
    pub(crate) fn number(&mut self, number: &mut u64) {
        let mut rest = *number;
        *number = 0;
        for shift in (0..64).step_by(7) {
            let mut byte = rest as u8 & 0x7f | if rest > 0x7f { 0x80 } else { 0 };
            self.byte(&mut byte);
            *number |= u64::from(byte & 0x7f).wrapping_shl(shift);
            if byte & 0x80 == 0 {
                return;
            }
            rest >>= 7;
        }
        *self = Kept::Bad;
    }

    /// How many of something follow; each has a byte at least.
    pub(crate) fn length(&mut self, length: usize) -> usize {
        let mut number = length as u64;
        self.number(&mut number);
        match self {
            Kept::To(_) => length,
            Kept::From(rest) if number <= rest.len() as u64 => number as usize,
            _ => {
                *self = Kept::Bad;
                0
            }
        }
    }

    pub(crate) fn text(&mut self, text: &mut Vec<u8>) {
        let length = self.length(text.len());
        text.resize(length, 0);
        text.iter_mut().for_each(|byte| self.byte(byte));
    }

    /// One of several, by its place among them.
    pub(crate) fn one_of<T: Copy + PartialEq>(&mut self, one: &mut T, all: &[T]) {
        let mut place = all.iter().position(|other| other == one).unwrap_or(0) as u8;
        self.byte(&mut place);
        match all.get(usize::from(place)) {
            Some(it) => *one = *it,
            None => *self = Kept::Bad,
        }
    }
}

/// Types all of whose members stand in a checkpoint.
macro_rules! kept {
    ($($kind:ident { $($member:ident)* })*) => { $(
        impl $crate::keep::Keep for $kind {
            fn keep(&mut self, bytes: &mut $crate::keep::Kept<'_>) {
                let $kind { $($member),* } = self;
                $($member.keep(bytes);)*
            }
        }
    )* };
}
pub(crate) use kept;

kept! {
    TcpHealth {
        segments data_segments payload_bytes attempts unanswered refused handshakes resets fins retransmissions
        fast_retransmissions spurious_retransmissions server_retransmissions out_of_order lost_segments
        ack_lost_segments duplicate_acks zero_windows server_zero_windows full_windows keep_alives round_trip
    }
    Spread { count shortest median longest }
    Fragments { packets datagrams }
    Interface { name link_type snap_length packets }
}

impl Keep for u64 {
    fn keep(&mut self, bytes: &mut Kept<'_>) {
        bytes.number(self);
    }
}

macro_rules! numbers {
    ($($kind:ident)*) => { $(
        impl Keep for $kind {
            fn keep(&mut self, bytes: &mut Kept<'_>) {
                let mut number = *self as u64;
                bytes.number(&mut number);
                *self = $kind::try_from(number).unwrap_or_else(|_| {
                    *bytes = Kept::Bad;
                    0
                });
            }
        }
    )* };
}

numbers! { u32 u16 usize }

impl Keep for u8 {
    fn keep(&mut self, bytes: &mut Kept<'_>) {
        bytes.byte(self);
    }
}

impl Keep for bool {
    fn keep(&mut self, bytes: &mut Kept<'_>) {
        bytes.one_of(self, &[false, true]);
    }
}

impl Keep for String {
    fn keep(&mut self, bytes: &mut Kept<'_>) {
        let mut text = std::mem::take(self).into_bytes();
        bytes.text(&mut text);
        *self = String::from_utf8(text).unwrap_or_else(|_| {
            *bytes = Kept::Bad;
            String::new()
        });
    }
}

impl<T: Keep + Default> Keep for Option<T> {
    fn keep(&mut self, bytes: &mut Kept<'_>) {
        let mut is_some = self.is_some();
        is_some.keep(bytes);
        if is_some {
            self.get_or_insert_default().keep(bytes);
        }
    }
}

impl<T: Keep + Default> Keep for Vec<T> {
    fn keep(&mut self, bytes: &mut Kept<'_>) {
        let length = bytes.length(self.len());
        for place in 0..length {
            if place == self.len() {
                self.push(T::default());
            }
            if let Some(item) = self.get_mut(place) {
                item.keep(bytes);
            }
            if bytes.is_bad() {
                return;
            }
        }
    }
}

impl<T: Keep, const N: usize> Keep for [T; N] {
    fn keep(&mut self, bytes: &mut Kept<'_>) {
        self.iter_mut().for_each(|item| item.keep(bytes));
    }
}

impl<A: Keep, B: Keep> Keep for (A, B) {
    fn keep(&mut self, bytes: &mut Kept<'_>) {
        self.0.keep(bytes);
        self.1.keep(bytes);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type All = (Vec<u64>, (Option<u32>, ([u16; 3], (usize, (u8, (bool, String))))));

    fn all() -> impl Strategy<Value = All> {
        let rest = (any::<usize>(), (any::<u8>(), (any::<bool>(), any::<String>())));
        (prop::collection::vec(any::<u64>(), 0..9), (any::<Option<u32>>(), (any::<[u16; 3]>(), rest)))
    }

    proptest! {
        #[test]
        fn what_is_kept_is_read_again_and_nothing_less(mut value in all(), fewer in 1_usize..20) {
            let mut kept = Kept::To(Vec::new());
            let written = value.clone();
            value.keep(&mut kept);
            prop_assert_eq!(&value, &written);
            let Kept::To(bytes) = kept else { panic!("written") };
            let mut read = All::default();
            let mut kept = Kept::From(&bytes);
            read.keep(&mut kept);
            prop_assert_eq!(read, written);
            prop_assert!(matches!(kept, Kept::From([])));
            let mut kept = Kept::From(&bytes[..bytes.len().saturating_sub(fewer)]);
            All::default().keep(&mut kept);
            prop_assert!(kept.is_bad());
        }
    }
}
