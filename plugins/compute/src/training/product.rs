//! Products of matrices of 32-bit numbers on all cores, of any strides, in place.
//!
//! candle's products are the same library, but make a new matrix each time; a gradient is added to one that is there.
//! Which part of the result a thread computes depends on how many there are, how a number is computed does not.
#![expect(unsafe_code, reason = "the library takes pointers")]

/// A matrix as it lies in memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    numbers: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> View<'a> {
    /// A matrix whose rows follow each other.
    pub(super) fn of(numbers: &'a [f32], columns: usize) -> Self {
        Self { numbers, rows: numbers.len() / columns, columns, row_stride: columns, column_stride: 1 }
    }

    /// Rows and columns exchanged.
    pub(super) fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    /// Some of the columns.
    pub(super) fn columns(self, from: usize, count: usize) -> Self {
        assert!(from + count <= self.columns, "there are only {} columns", self.columns);
        let skipped = (from * self.column_stride).min(self.numbers.len());
        Self { numbers: &self.numbers[skipped..], columns: count, ..self }
    }

    /// One past the farthest number.
    fn extent(&self) -> usize {
        match (self.rows, self.columns) {
            (0, _) | (_, 0) => 0,
            (rows, columns) => (rows - 1) * self.row_stride + (columns - 1) * self.column_stride + 1,
        }
    }
}

/// Where a product goes.
#[derive(Debug)]
pub(super) struct Target<'a> {
    numbers: &'a mut [f32],
    row_stride: usize,
    added: bool,
}

impl<'a> Target<'a> {
    /// In place of what is there.
    pub(super) fn set(numbers: &'a mut [f32], columns: usize) -> Self {
        Self { numbers, row_stride: columns, added: false }
    }

    /// Added to what is there.
    pub(super) fn add(numbers: &'a mut [f32], columns: usize) -> Self {
        Self { numbers, row_stride: columns, added: true }
    }
}

/// Who computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cores {
    /// All.
    All,
    /// The one that asks; the others have work of their own.
    One,
}

/// `target = scale a b`, or `target += scale a b`. Shapes that do not fit are a mistake of this program.
pub(super) fn product(a: View<'_>, b: View<'_>, scale: f32, target: Target<'_>, cores: Cores) {
    assert_eq!(a.columns, b.rows, "the inner sizes differ");
    assert!(a.extent() <= a.numbers.len() && b.extent() <= b.numbers.len(), "a matrix ends before its last row");
    let (rows, columns) = (a.rows, b.columns);
    if rows == 0 || columns == 0 {
        return;
    }
    assert!(
        columns <= target.row_stride && (rows - 1) * target.row_stride + columns <= target.numbers.len(),
        "the result has no room"
    );
    if a.columns == 0 {
        if !target.added {
            target.numbers.chunks_mut(target.row_stride).take(rows).for_each(|row| row[..columns].fill(0.0));
        }
        return;
    }
    let parallelism = match cores {
        Cores::All => gemm::Parallelism::Rayon(0),
        Cores::One => gemm::Parallelism::None,
    };
    let signed = |stride: usize| isize::try_from(stride).unwrap_or(isize::MAX);
    // SAFETY: all three matrices lie within their slices, which was just checked; the result is borrowed alone, so it
    // overlaps neither operand.
    unsafe {
        gemm::gemm(
            rows,
            columns,
            a.columns,
            target.numbers.as_mut_ptr(),
            1,
            signed(target.row_stride),
            target.added,
            a.numbers.as_ptr(),
            signed(a.column_stride),
            signed(a.row_stride),
            b.numbers.as_ptr(),
            signed(b.column_stride),
            signed(b.row_stride),
            1.0,
            scale,
            false,
            false,
            false,
            parallelism,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_every_order_agree_with_the_definition() {
        let numbers =
            |count: usize, step: usize| (0..count).map(|i| ((i * step) % 11) as f32 - 5.0).collect::<Vec<_>>();
        let (rows, inner, columns) = (5, 7, 3);
        let (a, b) = (numbers(rows * inner, 3), numbers(inner * columns, 4));
        let expected = |row: usize, column: usize| -> f32 {
            (0..inner).map(|i| a[row * inner + i] * b[i * columns + column]).sum()
        };
        for cores in [Cores::All, Cores::One] {
            let mut c = vec![1.0; rows * columns];
            product(View::of(&a, inner), View::of(&b, columns), 2.0, Target::add(&mut c, columns), cores);
            // The transpose of the transpose's product.
            let mut t = vec![9.0; columns * rows];
            let (left, right) = (View::of(&b, columns).transposed(), View::of(&a, inner).transposed());
            product(left, right, 1.0, Target::set(&mut t, rows), cores);
            for row in 0..rows {
                for column in 0..columns {
                    assert_eq!(c[row * columns + column], 1.0 + 2.0 * expected(row, column));
                    assert_eq!(t[column * rows + row], expected(row, column));
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "inner sizes")]
    fn shapes_that_do_not_fit_are_refused() {
        let mut c = vec![0.0; 4];
        product(View::of(&[1.0; 4], 2), View::of(&[1.0; 3], 1), 1.0, Target::set(&mut c, 1), Cores::One);
    }
}
