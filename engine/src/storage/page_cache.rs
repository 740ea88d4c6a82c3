//! Pages of sets kept decoded: those of hubs.

use roaring::RoaringBitmap;

use super::family::Family;
use super::set::{self, PageError};

/// Times that a page is asked for a member before it is kept decoded: a page that has been edited is put together anew each
/// time that it is read.
const ASKS_BEFORE_KEPT: u32 = 8;

/// Pages kept at once. None takes more than 128 KiB.
const PAGES_KEPT_MAX: usize = 16;

/// Pages of one moment that were asked for a member again and again: those of hubs.
#[derive(Debug, Default)]
pub(crate) struct PageCache(Vec<AskedPage>);

#[derive(Debug)]
struct AskedPage {
    family: Family,
    key: Vec<u8>,
    asks: u32,
    members: Option<RoaringBitmap>,
}

impl PageCache {
    /// Whether a page holds a member, if the page is kept; notes that it was asked.
    pub(crate) fn ask(&mut self, family: Family, key: &[u8], member: u32) -> Option<bool> {
        let place = self.0.iter().position(|page| page.family == family && page.key == key);
        let Some(place) = place else {
            if self.0.len() == PAGES_KEPT_MAX {
                self.0.remove(0);
            }
            self.0.push(AskedPage { family, key: key.to_vec(), asks: 1, members: None });
            return None;
        };
        let page = &mut self.0[place];
        page.asks = page.asks.saturating_add(1);
        page.members.as_ref().map(|members| members.contains(member))
    }

    /// Keeps a page as it was read, if it has been asked often enough.
    pub(crate) fn keep(&mut self, family: Family, key: &[u8], bytes: &[u8]) -> Result<(), PageError> {
        let page = self.0.iter_mut().find(|page| page.family == family && page.key == key);
        if let Some(page) = page.filter(|page| page.members.is_none() && page.asks >= ASKS_BEFORE_KEPT) {
            page.members = Some(set::decode(bytes)?);
        }
        Ok(())
    }
}
