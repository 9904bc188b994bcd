//! Sums of products of columns: the part of Newton's method that takes the time.

use crate::linear::design::Block;

/// Sums kept side by side, so that the compiler uses vectors without changing the order of any sum.
const LANES: usize = 4;

/// The lower triangle, row after row, of Xᵀ · diag(h) · X over the rows of a block.
pub(crate) fn weighted_gram(block: &Block, width: usize, h: &[f64]) -> Vec<f64> {
    let mut gram = Vec::with_capacity(width * (width + 1) / 2);
    let mut scaled = vec![0.0; h.len()];
    for row in 0..width {
        let column = block.column(row);
        for ((scaled, value), h) in scaled.iter_mut().zip(column).zip(h) {
            *scaled = value * h;
        }
        let mut other = 0;
        while other + 4 <= row + 1 {
            gram.extend(dot_four(
                &scaled,
                [0, 1, 2, 3].map(|next| block.column(other + next)),
            ));
            other += 4;
        }
        gram.extend((other..=row).map(|other| dot(&scaled, block.column(other))));
    }
    gram
}

/// The sum of products.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    let (a_lanes, a_rest) = a.as_chunks::<LANES>();
    let (b_lanes, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a_lanes.iter().zip(b_lanes) {
        for lane in 0..LANES {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    finish(lanes, a_rest, b_rest)
}

/// Four sums of products with the same first factor, which is then read once.
fn dot_four(a: &[f64], b: [&[f64]; 4]) -> [f64; 4] {
    let mut lanes = [[0.0; LANES]; 4];
    let (a_lanes, a_rest) = a.as_chunks::<LANES>();
    let chunks = b.map(|b| b.as_chunks::<LANES>());
    let columns = chunks[0]
        .0
        .iter()
        .zip(chunks[1].0)
        .zip(chunks[2].0)
        .zip(chunks[3].0);
    for (a, (((b0, b1), b2), b3)) in a_lanes.iter().zip(columns) {
        for lane in 0..LANES {
            lanes[0][lane] += a[lane] * b0[lane];
            lanes[1][lane] += a[lane] * b1[lane];
            lanes[2][lane] += a[lane] * b2[lane];
            lanes[3][lane] += a[lane] * b3[lane];
        }
    }
    [0, 1, 2, 3].map(|column| finish(lanes[column], a_rest, chunks[column].1))
}

fn finish(lanes: [f64; LANES], a: &[f64], b: &[f64]) -> f64 {
    let rest: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
    (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]) + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gram_matrix_is_that_of_plain_sums() {
        let (width, rows) = (7, 11);
        let value = |column: usize, row: usize| ((column * 31 + row * 17) % 13) as f64 - 6.0;
        let values = (0..width)
            .flat_map(|column| (0..rows).map(move |row| value(column, row)))
            .collect();
        let h: Vec<f64> = (0..rows).map(|row| row as f64).collect();
        let block = Block {
            values,
            labels: vec![0.0; rows],
            weights: vec![1.0; rows],
        };
        let mut expected = Vec::new();
        for a in 0..width {
            for b in 0..=a {
                expected.push(
                    (0..rows)
                        .map(|row| value(a, row) * value(b, row) * h[row])
                        .sum::<f64>(),
                );
            }
        }
        // Small whole numbers: no rounding whatever the order.
        assert_eq!(weighted_gram(&block, width, &h), expected);
    }
}
