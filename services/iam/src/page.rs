//! Lists in pages, as IAM gives them.

/// Which part of a list is wanted.
#[derive(Clone, Debug, Default)]
pub struct PageRequest {
    /// The marker of the page before; none for the first page.
    pub marker: Option<String>,
    /// At most so many items, 1 to 1,000; none means [`PAGE_ITEMS`].
    pub max_items: Option<usize>,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, in order.
    pub items: Vec<T>,
    /// What to ask for the next page with; none if this was the last.
    pub marker: Option<String>,
}

/// How many items a page has if the caller does not say. Source: ListRoles reference, `MaxItems`.
pub const PAGE_ITEMS: usize = 100;

impl PageRequest {
    /// The part of `items` asked for. They come in the order of their keys; a marker is the key of a
    /// page's last item, so that what comes or goes between two calls moves nothing.
    pub(crate) fn of<T>(&self, items: impl Iterator<Item = T>, key: impl Fn(&T) -> String) -> Page<T> {
        let after = |item: &T| self.marker.as_ref().is_none_or(|marker| key(item) > *marker);
        let mut rest = items.filter(after).peekable();
        let items: Vec<T> = rest.by_ref().take(self.max_items.unwrap_or(PAGE_ITEMS)).collect();
        let marker = rest.peek().and_then(|_| items.last().map(&key));
        Page { items, marker }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_without_gap() {
        let all: Vec<u32> = (100..123).collect();
        let (mut marker, mut seen) = (None, Vec::new());
        loop {
            let request = PageRequest { marker, max_items: Some(10) };
            let page = request.of(all.iter().copied(), ToString::to_string);
            assert!(page.items.len() <= 10);
            seen.extend(page.items);
            marker = page.marker;
            if marker.is_none() {
                break;
            }
        }
        assert_eq!(seen, all);
    }

    #[test]
    fn a_page_that_ends_the_list_has_no_marker() {
        let request = PageRequest { marker: None, max_items: Some(3) };
        assert_eq!(request.of([1, 2, 3].into_iter(), ToString::to_string).marker, None);
    }
}
