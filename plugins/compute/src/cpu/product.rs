//! Small matrix products and sums over slices, in the vectors of the processor.
//!
//! Everything here is `#[inline(always)]`, and so must be all callers up to [`pulp::WithSimd::with_simd`]: a function that
//! is called, and not inlined, is compiled for the oldest processor. (So is a closure, whatever its attributes say.)

use pulp::Simd;

/// Columns are padded to a multiple of this by callers who want speed; it is one 512-bit vector.
pub(super) const LANES: usize = 16;

/// A matrix as its numbers and the distance between its rows.
type Matrix<'a> = (&'a [f32], usize);

/// Adds to the first `columns` columns of `c` the product of `a` (ROWS x depth) and `b` (depth x columns).
#[inline(always)]
pub(super) fn product<S: Simd, const ROWS: usize>(
    simd: S,
    a: Matrix<'_>,
    depth: usize,
    b: Matrix<'_>,
    columns: usize,
    (c, c_stride): (&mut [f32], usize),
) {
    let a = (std::array::from_fn(|row| &a.0[row * a.1..][..depth]), depth);
    let mut column = 0;
    while column + 2 * S::F32_LANES <= columns {
        tile::<S, ROWS, 2>(simd, a, b, column, (c, c_stride));
        column += 2 * S::F32_LANES;
    }
    while column + S::F32_LANES <= columns {
        tile::<S, ROWS, 1>(simd, a, b, column, (c, c_stride));
        column += S::F32_LANES;
    }
    for column in column..columns {
        for (row, a) in a.0.iter().enumerate() {
            let terms = a.iter().enumerate().map(|(step, factor)| factor * b.0[step * b.1 + column]);
            c[row * c_stride + column] += terms.sum::<f32>();
        }
    }
}

/// VECTORS whole vectors of columns of [`product`], whose sums stay in registers while `depth` runs.
///
/// With vector types of its own the compiler does that; of arrays of numbers it makes one sum at a time, in memory.
#[inline(always)]
fn tile<S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    (a, depth): ([&[f32]; ROWS], usize),
    (b, b_stride): Matrix<'_>,
    column: usize,
    (c, c_stride): (&mut [f32], usize),
) {
    let mut sums = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
    for step in 0..depth {
        let (b, _) = S::as_simd_f32s(&b[step * b_stride + column..][..VECTORS * S::F32_LANES]);
        for row in 0..ROWS {
            let factor = simd.splat_f32s(a[row][step]);
            for vector in 0..VECTORS {
                sums[row][vector] = simd.mul_add_e_f32s(factor, b[vector], sums[row][vector]);
            }
        }
    }
    for (row, sums) in sums.iter().enumerate() {
        let (c, _) = S::as_mut_simd_f32s(&mut c[row * c_stride + column..][..VECTORS * S::F32_LANES]);
        c.iter_mut().zip(sums).for_each(|(c, sum)| *c = simd.add_f32s(*c, *sum));
    }
}

/// The greatest number; negative infinity if there is none.
#[inline(always)]
pub(super) fn maximum(numbers: &[f32]) -> f32 {
    in_lanes(numbers, f32::NEG_INFINITY, |a, b| if a > b { a } else { b }, |x| x)
}

/// The sum, taken in lanes.
#[inline(always)]
pub(super) fn sum(numbers: &[f32]) -> f32 {
    in_lanes(numbers, 0.0, |a, b| a + b, |x| x)
}

/// The sum of the squares, taken in lanes.
#[inline(always)]
pub(super) fn sum_of_squares(numbers: &[f32]) -> f32 {
    in_lanes(numbers, 0.0, |a, b| a + b, |x| x * x)
}

/// Joins in sixteen lanes, and the lanes in a tree, since a plain fold must take one number after another.
#[inline(always)]
fn in_lanes(
    numbers: &[f32],
    start: f32,
    join: impl Fn(f32, f32) -> f32 + Copy,
    map: impl Fn(f32) -> f32 + Copy,
) -> f32 {
    let (chunks, rest) = numbers.as_chunks::<LANES>();
    let mut lanes = [start; LANES];
    for chunk in chunks {
        for (lane, &number) in lanes.iter_mut().zip(chunk) {
            *lane = join(*lane, map(number));
        }
    }
    for (lane, &number) in lanes.iter_mut().zip(rest) {
        *lane = join(*lane, map(number));
    }
    for half in [8, 4, 2, 1] {
        for lane in 0..half {
            lanes[lane] = join(lanes[lane], lanes[lane + half]);
        }
    }
    lanes[0]
}

#[cfg(test)]
mod tests {
    use pulp::{Arch, WithSimd};

    use super::*;

    struct Product<'a> {
        a: Matrix<'a>,
        depth: usize,
        b: Matrix<'a>,
        columns: usize,
        c: (&'a mut [f32], usize),
    }

    impl WithSimd for Product<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            product::<S, 4>(simd, self.a, self.depth, self.b, self.columns, self.c);
        }
    }

    #[test]
    fn products_of_every_shape_agree_with_the_definition() {
        for columns in [1, 7, 16, 33, 48, 70] {
            for depth in [0, 1, 5, 64] {
                let a: Vec<f32> = (0..4 * (depth + 3)).map(|i| (i % 7) as f32 - 3.0).collect();
                let b: Vec<f32> = (0..depth * (columns + 2)).map(|i| (i % 5) as f32 - 2.0).collect();
                let mut c = vec![1.0; 4 * (columns + 1)];
                let (a, b) = ((a.as_slice(), depth + 3), (b.as_slice(), columns + 2));
                Arch::new().dispatch(Product { a, depth, b, columns, c: (&mut c, columns + 1) });
                for row in 0..4 {
                    for column in 0..=columns {
                        let terms = (0..depth).map(|i| a.0[row * (depth + 3) + i] * b.0[i * (columns + 2) + column]);
                        let expected = if column < columns { 1.0 + terms.sum::<f32>() } else { 1.0 };
                        assert_eq!(c[row * (columns + 1) + column], expected, "{columns} {depth} {row} {column}");
                    }
                }
            }
        }
    }

    #[test]
    fn folds_of_every_length() {
        for length in 0..40 {
            let numbers: Vec<f32> = (0..length).map(|i| ((i * 7) % 11) as f32 - 5.0).collect();
            assert_eq!(sum(&numbers), numbers.iter().sum::<f32>());
            assert_eq!(maximum(&numbers), numbers.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        }
    }
}
