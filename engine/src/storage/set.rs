//! Pages of sets: small ones raw, large ones Roaring, edits as merge operands. The layout is in `engine/FORMAT.md`.

use roaring::RoaringBitmap;

use super::key::PAGE_BITS;

/// Up to this many members a page is stored raw: gaps of one or two bytes are then no larger than Roaring's arrays.
const RAW_MEMBERS_MAX: u64 = 4096;

const RAW: u8 = 1;
const ROARING: u8 = 2;
const EDIT: u8 = 3;

/// Why a page does not decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct PageError(&'static str);

/// A page's bytes for these members (offsets within the page).
pub(crate) fn encode(members: &RoaringBitmap) -> Vec<u8> {
    if members.len() <= RAW_MEMBERS_MAX { encode_sorted(members.iter()) } else { encode_roaring(members) }
}

fn encode_roaring(members: &RoaringBitmap) -> Vec<u8> {
    let mut members = members.clone();
    members.optimize();
    let mut bytes = Vec::with_capacity(1 + members.serialized_size());
    bytes.push(ROARING);
    members.serialize_into(&mut bytes).expect("writing to memory does not fail");
    bytes
}

/// A raw page for members that come in order, without duplicates.
fn encode_sorted(members: impl Iterator<Item = u32>) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_sorted_into(members, &mut bytes);
    bytes
}

fn encode_sorted_into(members: impl Iterator<Item = u32>, bytes: &mut Vec<u8>) {
    bytes.push(RAW);
    let mut next = 0;
    for member in members {
        push_varint(bytes, member - next);
        next = member + 1;
    }
}

/// A page for members given in order, whatever their number, in place of what `bytes` held.
pub(crate) fn encode_members_into(members: &[u32], bytes: &mut Vec<u8>) {
    bytes.clear();
    if members.len() as u64 <= RAW_MEMBERS_MAX {
        encode_sorted_into(members.iter().copied(), bytes);
    } else {
        let members = RoaringBitmap::from_sorted_iter(members.iter().copied()).expect("members come in order");
        bytes.extend_from_slice(&encode_roaring(&members));
    }
}

/// A page of its own for members given in order.
#[cfg(test)]
pub(crate) fn encode_members(members: &[u32]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_members_into(members, &mut bytes);
    bytes
}

/// A merge operand that removes some members, then adds others.
pub(crate) fn encode_edit(removed: &RoaringBitmap, added: &RoaringBitmap) -> Vec<u8> {
    if removed.is_empty() {
        return encode(added);
    }
    let (removed, added) = (encode(removed), encode(added));
    let length = u32::try_from(removed.len()).expect("a page is far below four GiB");
    let mut bytes = Vec::with_capacity(5 + removed.len() + added.len());
    bytes.push(EDIT);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&removed);
    bytes.extend_from_slice(&added);
    bytes
}

/// The members of a page.
pub(crate) fn decode(bytes: &[u8]) -> Result<RoaringBitmap, PageError> {
    let mut members = RoaringBitmap::new();
    for_each_member(bytes, |member| {
        members.insert(member);
    })?;
    Ok(members)
}

/// Whether a page holds a member. Reads a raw page up to there, and of a Roaring bitmap the one container that it would be
/// in; what is malformed elsewhere is not found.
pub(crate) fn contains(bytes: &[u8], member: u32) -> Result<bool, PageError> {
    match bytes.split_first() {
        Some((&RAW, rest)) => raw_contains(rest, member),
        Some((&ROARING, rest)) => roaring_contains(rest, member).ok_or(PageError("the Roaring bitmap is malformed")),
        Some(_) => Err(PageError("the kind of the page is unknown")),
        None => Err(PageError("the page is empty")),
    }
}

#[cfg(test)]
thread_local! {
    /// Members decoded by this thread, to tell how much work was done.
    pub(crate) static DECODED: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// Calls `visit` with each member of a page in order.
pub(crate) fn for_each_member(bytes: &[u8], mut visit: impl FnMut(u32)) -> Result<(), PageError> {
    #[cfg(test)]
    let mut visit = |member| {
        DECODED.set(DECODED.get() + 1);
        visit(member);
    };
    match bytes.split_first() {
        Some((&RAW, rest)) => visit_raw(rest, visit),
        Some((&ROARING, rest)) => {
            let members =
                RoaringBitmap::deserialize_from(rest).map_err(|_| PageError("the Roaring bitmap is malformed"))?;
            if members.max().is_some_and(|member| member >> PAGE_BITS != 0) {
                return Err(PageError("a member lies outside of the page"));
            }
            members.iter().for_each(&mut visit);
            Ok(())
        }
        Some(_) => Err(PageError("the kind of the page is unknown")),
        None => Err(PageError("the page is empty")),
    }
}

fn visit_raw(mut bytes: &[u8], mut visit: impl FnMut(u32)) -> Result<(), PageError> {
    let mut next = 0_u32;
    while !bytes.is_empty() {
        let gap = take_varint(&mut bytes)?;
        let member = next.checked_add(gap).filter(|member| member >> PAGE_BITS == 0);
        let member = member.ok_or(PageError("a member lies outside of the page"))?;
        visit(member);
        next = member + 1;
    }
    Ok(())
}

fn raw_contains(mut bytes: &[u8], wanted: u32) -> Result<bool, PageError> {
    let mut next = 0_u32;
    while !bytes.is_empty() && next <= wanted {
        let member =
            next.checked_add(take_varint(&mut bytes)?).ok_or(PageError("a member lies outside of the page"))?;
        if member == wanted {
            return Ok(true);
        }
        next = member + 1;
    }
    Ok(false)
}

/// The same of a bitmap in the format that all implementations of Roaring share; `None` if it is not in that format.
/// <https://github.com/RoaringBitmap/RoaringFormatSpec>
fn roaring_contains(bytes: &[u8], member: u32) -> Option<bool> {
    const WITHOUT_RUNS: u32 = 12_346;
    const WITH_RUNS: u32 = 12_347;
    let u16_at = |place: usize| Some(u16::from_le_bytes(bytes.get(place..place + 2)?.try_into().ok()?));
    let u32_at = |place: usize| Some(u32::from_le_bytes(bytes.get(place..place + 4)?.try_into().ok()?));
    let cookie = u32_at(0)?;
    let has_runs = cookie & 0xFFFF == WITH_RUNS;
    let (count, flags, header) = if has_runs {
        let count = (cookie >> 16) as usize + 1;
        (count, 4, 4 + count.div_ceil(8))
    } else if cookie == WITHOUT_RUNS {
        (u32_at(4)? as usize, 0, 8)
    } else {
        return None;
    };
    let is_run = |index: usize| Some(has_runs && bytes.get(flags + index / 8)? >> (index % 8) & 1 == 1);
    let cardinality = |index: usize| Some(usize::from(u16_at(header + 4 * index + 2)?) + 1);
    let offsets = header + 4 * count;
    let (key, low) = ((member >> 16) as u16, member as u16);
    for index in 0..count {
        match u16_at(header + 4 * index)?.cmp(&key) {
            std::cmp::Ordering::Less => continue,
            std::cmp::Ordering::Greater => return Some(false),
            std::cmp::Ordering::Equal => {}
        }
        let place = if !has_runs || count >= 4 {
            u32_at(offsets + 4 * index)? as usize
        } else {
            // Few containers stand one after the other, without a list of places.
            let mut place = offsets;
            for before in 0..index {
                place += container_bytes(is_run(before)?, cardinality(before)?, u16_at(place)?);
            }
            place
        };
        return container_contains(bytes.get(place..)?, is_run(index)?, cardinality(index)?, low);
    }
    Some(false)
}

/// Most members of a container that is a sorted list; one with more is a bit for each number.
const LISTED_MAX: usize = 4096;

fn container_bytes(is_run: bool, cardinality: usize, runs: u16) -> usize {
    match cardinality {
        _ if is_run => 2 + 4 * usize::from(runs),
        0..=LISTED_MAX => 2 * cardinality,
        _ => 8192,
    }
}

fn container_contains(bytes: &[u8], is_run: bool, cardinality: usize, member: u16) -> Option<bool> {
    let (pairs, numbers);
    let u16_of = |bytes: &[u8; 2]| u16::from_le_bytes(*bytes);
    if is_run {
        let runs = u16_of(bytes.first_chunk()?);
        pairs = bytes.get(2..2 + 4 * usize::from(runs))?.as_chunks::<4>().0;
        let first = |run: &[u8; 4]| u16::from_le_bytes([run[0], run[1]]);
        let after = pairs.partition_point(|run| first(run) <= member);
        let Some(run) = after.checked_sub(1).map(|index| pairs[index]) else { return Some(false) };
        return Some(member - first(&run) <= u16::from_le_bytes([run[2], run[3]]));
    }
    if cardinality <= LISTED_MAX {
        numbers = bytes.get(..2 * cardinality)?.as_chunks::<2>().0;
        return Some(numbers.binary_search_by_key(&member, u16_of).is_ok());
    }
    Some(bytes.get(..8192)?[usize::from(member) / 8] >> (member % 8) & 1 == 1)
}

fn push_varint(bytes: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn take_varint(bytes: &mut &[u8]) -> Result<u32, PageError> {
    let mut value = 0_u32;
    for shift in (0..28).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or(PageError("a number is cut off"))?;
        *bytes = rest;
        value |= u32::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(PageError("a number is too long"))
}

/// What some merge operands do together.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Edit {
    pub(crate) removed: RoaringBitmap,
    pub(crate) added: RoaringBitmap,
}

impl Edit {
    /// The edit that an operand stands for.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, PageError> {
        if bytes.first() != Some(&EDIT) {
            return Ok(Self { removed: RoaringBitmap::new(), added: decode(bytes)? });
        }
        let (length, rest) = bytes[1..].split_first_chunk::<4>().ok_or(PageError("an edit is cut off"))?;
        let length = u32::from_le_bytes(*length) as usize;
        let (removed, added) = rest.split_at_checked(length).ok_or(PageError("an edit is cut off"))?;
        Ok(Self { removed: decode(removed)?, added: decode(added)? })
    }

    /// This edit, then another.
    pub(crate) fn then(&mut self, later: &Self) {
        self.removed |= &later.removed;
        self.added -= &later.removed;
        self.added |= &later.added;
    }

    /// What becomes of a set.
    pub(crate) fn apply(&self, members: &mut RoaringBitmap) {
        *members -= &self.removed;
        *members |= &self.added;
    }
}

fn fold<'o>(operands: impl Iterator<Item = &'o [u8]>) -> Result<Edit, PageError> {
    operands.map(Edit::decode).try_fold(Edit::default(), |mut sum, operand| {
        sum.then(&operand?);
        Ok(sum)
    })
}

/// The value after the operands: the full merge of the operator `hopgraph.set`. `None` stops RocksDB with an error.
pub(crate) fn merge_full<'o>(base: Option<&[u8]>, operands: impl Iterator<Item = &'o [u8]>) -> Option<Vec<u8>> {
    let edit = fold(operands).ok()?;
    match base {
        None => Some(encode(&edit.added)),
        Some(base) => {
            let mut members = decode(base).ok()?;
            edit.apply(&mut members);
            Some(encode(&members))
        }
    }
}

/// One operand that does what several do: the partial merge.
pub(crate) fn merge_partial<'o>(operands: impl Iterator<Item = &'o [u8]>) -> Option<Vec<u8>> {
    let edit = fold(operands).ok()?;
    Some(encode_edit(&edit.removed, &edit.added))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::btree_set;
    use proptest::prelude::*;

    fn bitmap(members: impl IntoIterator<Item = u32>) -> RoaringBitmap {
        members.into_iter().collect()
    }

    #[test]
    fn a_page_decodes_to_what_was_encoded_on_both_sides_of_the_raw_limit() {
        for count in [0, 1, 2, 100, 4095, 4096, 4097, 100_000] {
            let members = bitmap((0..count).map(|i| (i * 7919) & 0xF_FFFF));
            let bytes = encode(&members);
            assert_eq!(decode(&bytes).unwrap(), members, "{count} members");
            let mut again = vec![9];
            encode_members_into(&members.iter().collect::<Vec<_>>(), &mut again);
            assert_eq!(again, bytes);
        }
    }

    #[test]
    fn small_sets_take_few_bytes() {
        assert_eq!(encode(&bitmap([])), [RAW]);
        assert_eq!(encode(&bitmap([5, 6, 300])), [RAW, 5, 0, 0xA5, 2]);
    }

    #[test]
    fn a_page_is_asked_for_a_member_without_being_decoded() {
        // Lists, bits and runs, one to sixteen containers of each and of all.
        let kinds: [fn(u32) -> bool; 4] =
            [|low| low % 97 == 5, |low| low % 3 != 1, |low| low % 4096 > 100, |low| low == 0 || low == 0xFFFF];
        for containers in [1, 2, 3, 4, 5, 16] {
            for kind in 0..5 {
                let is_member =
                    |number: u32| kinds[if kind < 4 { kind } else { (number >> 16) as usize % 4 }](number & 0xFFFF);
                let members = bitmap((0..containers << 16).filter(|&number| is_member(number)));
                for bytes in [encode(&members), encode_roaring(&members), encode_sorted(members.iter())] {
                    for number in (0..containers << 16).step_by(61).chain([0, 0xFFFF, 0x1_0000, 0xF_FFFF]) {
                        let found = contains(&bytes, number);
                        assert_eq!(
                            found,
                            Ok(members.contains(number)),
                            "kind {kind}, {containers} containers, {number}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn malformed_pages_are_refused() {
        let outside = encode_roaring(&bitmap([1 << PAGE_BITS]));
        for bytes in [&[][..], &[9], &[RAW, 0x80], &[RAW, 0xFF, 0xFF, 0xFF, 0xFF, 1], &[ROARING, 1, 2], &outside] {
            assert!(decode(bytes).is_err(), "{bytes:?}");
        }
        for bytes in [&[][..], &[9], &[RAW, 0x80], &[ROARING, 1, 2], &[ROARING, 0x3A, 0x30, 0, 0, 1, 0, 0, 0]] {
            assert!(contains(bytes, 7).is_err(), "{bytes:?}");
        }
        assert!(Edit::decode(&[EDIT, 9, 0, 0, 0, RAW]).is_err());
        assert_eq!(merge_full(Some(&[9]), std::iter::empty()), None);
    }

    type Step = (bool, std::collections::BTreeSet<u32>);

    fn operands(steps: &[Step]) -> Vec<Vec<u8>> {
        let operand = |(remove, members): &Step| {
            let members = bitmap(members.iter().copied());
            if *remove { encode_edit(&members, &bitmap([])) } else { encode(&members) }
        };
        steps.iter().map(operand).collect()
    }

    proptest! {
        #[test]
        fn operands_folded_in_any_grouping_give_the_set_that_one_by_one_edits_give(
            base in btree_set(0_u32..64, 0..20),
            steps in proptest::collection::vec((any::<bool>(), btree_set(0_u32..64, 0..8)), 0..8),
            cut in 0_usize..8,
        ) {
            let mut expected = base.clone();
            for (remove, members) in &steps {
                if *remove { expected.retain(|m| !members.contains(m)) } else { expected.extend(members) }
            }
            let operands = operands(&steps);
            let (first, second) = operands.split_at(cut.min(operands.len()));
            let folded = [first, second].map(|part| merge_partial(part.iter().map(Vec::as_slice)).unwrap());
            let merged = merge_full(Some(&encode(&bitmap(base))), folded.iter().map(Vec::as_slice)).unwrap();
            prop_assert_eq!(decode(&merged).unwrap(), bitmap(expected));
        }

        #[test]
        fn any_bytes_decode_or_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = Edit::decode(&bytes);
        }
    }
}
