//! Sums of doubles and of their squares, gathered by exponent before they go into the exact sums.
//!
//! The mantissas of doubles of one exponent, and the halves of their squares, are whole numbers of one unit: over some values they
//! add up in 64 bits, without a shift and without a carry (the "large superaccumulator" of R. M. Neal, "Fast exact summation
//! using small and large superaccumulators", 2015).

use crate::exact::split;

/// Bits of a mantissa.
const MANTISSA: u32 = 53;

/// Exponents that have a row, beginning some below that of the first value.
const SPAN: usize = 128;
const BELOW: usize = 80;

/// What the values of an exponent add up to.
#[derive(Clone, Copy, Default)]
struct Row {
    /// The mantissas of positive values, and of negative ones.
    mantissas: [u64; 2],
    /// The lower and the upper halves of their squares.
    squares: [u64; 2],
}

/// Rows side by side: neighbours mostly have the same exponent, and need not wait for each other.
type Rows = [[Row; 2]; SPAN];

/// Sums of some values, by exponent.
pub(crate) struct ByExponent {
    /// The exponent of the first row.
    least: usize,
    rows: Rows,
}

/// The values of an exponent, in its unit: the sum of their mantissas with their signs, and that of the squares.
pub(crate) struct Terms {
    pub(crate) exponent: usize,
    pub(crate) sum: i128,
    pub(crate) squares: u128,
}

impl ByExponent {
    /// Values that can be added up: half of them in each of two sums, which have 64 bits.
    pub(crate) const MOST: usize = 2 << (u64::BITS - MANTISSA);

    /// The sums of at most [`MOST`](Self::MOST) values; `None` if they are few, some are not finite or their exponents are too far
    /// apart.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        if values.len() < SPAN {
            return None;
        }
        let first = values.iter().find(|value| **value != 0.0).unwrap_or(&1.0);
        let least = split(*first).1.saturating_sub(BELOW).max(1);
        let mut rows: Rows = [[Row::default(); 2]; SPAN];
        let mut outside = false;
        let (pairs, last) = values.as_chunks::<2>();
        for [a, b] in pairs {
            outside |= add(&mut rows, least, 0, *a);
            outside |= add(&mut rows, least, 1, *b);
        }
        for value in last {
            outside |= add(&mut rows, least, 0, *value);
        }
        (!outside).then_some(Self { least, rows })
    }

    /// The sums of each exponent.
    pub(crate) fn terms(&self) -> impl Iterator<Item = Terms> {
        let rows = (self.least..).zip(&self.rows);
        let rows = rows.filter(|(_, [a, b])| [a, b].iter().any(|row| row.mantissas != [0, 0]));
        rows.map(|(exponent, [a, b])| {
            let total = |of: fn(&Row) -> u64| u128::from(of(a)) + u128::from(of(b));
            let [positive, negative] =
                [total(|row| row.mantissas[0]), total(|row| row.mantissas[1])];
            let [low, high] = [total(|row| row.squares[0]), total(|row| row.squares[1])];
            Terms {
                exponent,
                sum: positive.cast_signed() - negative.cast_signed(),
                squares: low + (high << MANTISSA),
            }
        })
    }
}

/// Adds a value to the row of its exponent; whether it has none, and the rows are of no use.
#[inline]
fn add(rows: &mut Rows, least: usize, side: usize, value: f64) -> bool {
    let (mantissa, exponent) = split(value);
    let place = exponent.wrapping_sub(least);
    let row = &mut rows[place % SPAN][side];
    // Without a branch: signs of real data follow no pattern.
    row.mantissas[usize::from(value.is_sign_negative())] += mantissa;
    let square = u128::from(mantissa) * u128::from(mantissa);
    row.squares[0] += square as u64 & ((1 << MANTISSA) - 1);
    row.squares[1] += (square >> MANTISSA) as u64;
    // Zero has no row, but needs none.
    (mantissa != 0) & (place >= SPAN) | !value.is_finite()
}
