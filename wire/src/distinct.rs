//! How many different ones there were: exactly up to a hundred, and about so above.

use crate::keep::{Keep, Kept};

use crate::address::hash;

/// So many are told exactly.
const FEW: usize = 100;

/// Different things, by their hashes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Distinct {
    /// All of them, sorted.
    Few(Vec<u16>),
    /// `HyperLogLog`'s registers: of those whose hash chose this one, the most zeros that one ended in, and one.
    Many(Vec<u8>),
}

/// With so many registers, the error is a few percent (1.04 / √512 = 4.6 %, two thirds of the time).
const REGISTERS: usize = 512;

impl Default for Distinct {
    fn default() -> Distinct {
        Distinct::Few(Vec::new())
    }
}

impl Keep for Distinct {
    fn keep(&mut self, bytes: &mut Kept<'_>) {
        let mut is_many = matches!(self, Distinct::Many(_));
        is_many.keep(bytes);
        if is_many && bytes.is_read() {
            *self = Distinct::many();
        }
        match self {
            Distinct::Few(few) => few.keep(bytes),
            Distinct::Many(registers) => registers.iter_mut().for_each(|register| bytes.byte(register)),
        }
    }
}

impl Distinct {
    /// For things that are not numbers: only about.
    pub(crate) fn many() -> Distinct {
        Distinct::Many(vec![0; REGISTERS])
    }

    /// Takes up a number.
    pub(crate) fn insert(&mut self, number: u16) {
        if let Distinct::Few(few) = self {
            let Err(place) = few.binary_search(&number) else { return };
            if few.len() < FEW {
                few.insert(place, number);
                return;
            }
            let few = std::mem::replace(self, Distinct::many());
            if let Distinct::Few(few) = few {
                few.iter().for_each(|number| self.insert_hash(hash(0, &[u64::from(*number)])));
            }
        }
        self.insert_hash(hash(0, &[u64::from(number)]));
    }

    /// Takes up something by its hash, where there are many.
    pub(crate) fn insert_hash(&mut self, hash: u64) {
        let Distinct::Many(registers) = self else { return };
        let zeros = (hash >> 9 | 1 << 54).trailing_zeros() as u8;
        if let Some(register) = registers.get_mut(hash as usize & (REGISTERS.wrapping_sub(1))) {
            *register = (*register).max(zeros.saturating_add(1));
        }
    }

    /// How many.
    pub(crate) fn count(&self) -> u64 {
        match self {
            Distinct::Few(few) => few.len() as u64,
            Distinct::Many(registers) => estimate(registers),
        }
    }
}

/// Ertl's estimate (arXiv 1702.01284, section 4), which is right on average for any number.
fn estimate(registers: &[u8]) -> u64 {
    let mut counts = [0.0; 56];
    for register in registers {
        if let Some(count) = counts.get_mut(usize::from(*register)) {
            *count += 1.0;
        }
    }
    let number = REGISTERS as f64;
    let [untouched, between @ .., full] = &counts;
    let mut sum = number * tau(1.0 - full / number);
    for count in between.iter().rev() {
        sum = 0.5 * (sum + count);
    }
    sum += number * sigma(untouched / number);
    // 1 / (2 ln 2)
    (0.721_347_520_444_481_7 * number * number / sum).round() as u64
}

fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    // It doubles its digits each time.
    for _ in 0..64 {
        x *= x;
        z += x * y;
        y += y;
    }
    z
}

fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    for _ in 0..64 {
        x = x.sqrt();
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
    }
    z / 3.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_are_exact_and_all_ports_are_within_a_tenth() {
        let mut ports = Distinct::default();
        for port in 0..100 {
            ports.insert(port);
            ports.insert(port);
        }
        assert_eq!(ports.count(), 100);
        for port in 100..=u16::MAX {
            ports.insert(port);
            let (count, exact) = (ports.count() as f64, f64::from(port) + 1.0);
            assert!((count / exact - 1.0).abs() < 0.1, "{count} for {exact}");
        }
    }
}
