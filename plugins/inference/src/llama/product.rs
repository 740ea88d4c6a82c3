//! Small matrix products and sums over slices, written so that the compiler keeps the sums in vector registers.

/// Columns are padded to a multiple of this by callers who want speed; it is one 512-bit vector.
pub(super) const LANES: usize = 16;

/// A matrix as its numbers and the distance between its rows.
type Matrix<'a> = (&'a [f32], usize);

/// Adds to the first `columns` columns of `c` the product of `a` (ROWS x depth) and `b` (depth x columns).
#[inline(always)]
pub(super) fn product<const ROWS: usize>(
    a: Matrix<'_>,
    depth: usize,
    b: Matrix<'_>,
    columns: usize,
    (c, c_stride): (&mut [f32], usize),
) {
    let mut column = 0;
    while column + 2 * LANES <= columns {
        tile::<ROWS, { 2 * LANES }>(a, depth, b, column, (c, c_stride));
        column += 2 * LANES;
    }
    while column + LANES <= columns {
        tile::<ROWS, LANES>(a, depth, b, column, (c, c_stride));
        column += LANES;
    }
    while column < columns {
        tile::<ROWS, 1>(a, depth, b, column, (c, c_stride));
        column += 1;
    }
}

/// WIDTH columns of [`product`], whose sums stay in registers while `depth` runs.
#[inline(always)]
fn tile<const ROWS: usize, const WIDTH: usize>(
    (a, a_stride): Matrix<'_>,
    depth: usize,
    (b, b_stride): Matrix<'_>,
    column: usize,
    (c, c_stride): (&mut [f32], usize),
) {
    let a: [&[f32]; ROWS] = std::array::from_fn(|row| &a[row * a_stride..][..depth]);
    let mut sums = [[0.0f32; WIDTH]; ROWS];
    for step in 0..depth {
        let Some(b) = b[step * b_stride + column..].first_chunk::<WIDTH>() else { unreachable!("b has depth rows") };
        for row in 0..ROWS {
            let factor = a[row][step];
            for lane in 0..WIDTH {
                sums[row][lane] += factor * b[lane];
            }
        }
    }
    for (row, sums) in sums.iter().enumerate() {
        let c = &mut c[row * c_stride + column..][..WIDTH];
        c.iter_mut().zip(sums).for_each(|(c, sum)| *c += sum);
    }
}

/// The greatest number; negative infinity if there is none.
#[inline(always)]
pub(super) fn maximum(numbers: &[f32]) -> f32 {
    in_lanes(numbers, f32::NEG_INFINITY, |a, b| if a > b { a } else { b })
}

/// The sum, taken in lanes.
#[inline(always)]
pub(super) fn sum(numbers: &[f32]) -> f32 {
    in_lanes(numbers, 0.0, |a, b| a + b)
}

/// Folds in sixteen lanes, since a plain fold must take one number after another.
#[inline(always)]
fn in_lanes(numbers: &[f32], start: f32, join: impl Fn(f32, f32) -> f32 + Copy) -> f32 {
    let (chunks, rest) = numbers.as_chunks::<LANES>();
    let mut lanes = [start; LANES];
    for chunk in chunks {
        for (lane, &number) in lanes.iter_mut().zip(chunk) {
            *lane = join(*lane, number);
        }
    }
    lanes.into_iter().chain(rest.iter().copied()).fold(start, join)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_every_shape_agree_with_the_definition() {
        for columns in [1, 7, 16, 33, 48, 70] {
            for depth in [0, 1, 5, 64] {
                let a: Vec<f32> = (0..4 * (depth + 3)).map(|i| (i % 7) as f32 - 3.0).collect();
                let b: Vec<f32> = (0..depth * (columns + 2)).map(|i| (i % 5) as f32 - 2.0).collect();
                let mut c = vec![1.0; 4 * (columns + 1)];
                product::<4>((&a, depth + 3), depth, (&b, columns + 2), columns, (&mut c, columns + 1));
                for row in 0..4 {
                    for column in 0..=columns {
                        let terms = (0..depth).map(|i| a[row * (depth + 3) + i] * b[i * (columns + 2) + column]);
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
