//! What a cache gives back when entries go.

use super::*;

#[test]
fn what_is_gone_gives_its_memory_back_and_the_rest_keeps_its_order() {
    let mut cache = RecordCache::<u32>::new();
    let budget = Arc::new(CacheBudget::new(1));
    cache.attach(Some(budget.clone()));
    let key = |n: u32| n.to_be_bytes();
    let hash = |n: u32| Hash(u64::from(n % 7));
    for n in 0..1000 {
        cache.insert(hash(n), &key(n), Slot { value: Some(n), timestamp: 1 }, true, 4, true);
    }
    for n in (0..1000).step_by(3) {
        cache.find(hash(n), &key(n)).expect("it is there");
    }
    for _ in 0..900 {
        let i = cache.least_recent().expect("there are more");
        cache.remove(i);
    }
    let used = budget.used();
    cache.shrink();
    assert_eq!((cache.len(), cache.slab.len(), budget.used()), (100, 100, used));
    assert!(cache.slab.capacity() < 200 && cache.order.len() == 100);
    // those used again come last, in the order of that use
    let expected: Vec<u32> = (0..1000).step_by(3).skip(234).collect();
    cache.insert(hash(1), &key(1), Slot { value: Some(1), timestamp: 1 }, true, 4, true);
    let left = std::iter::from_fn(|| cache.least_recent().and_then(|i| cache.remove(i)));
    assert_eq!(left.collect::<Vec<_>>(), [expected, vec![1]].concat());
    assert_eq!(budget.used(), 0);
}

#[test]
fn entries_stay_where_they_are_when_more_come() {
    let mut cache = RecordCache::<u32>::new();
    let insert = |cache: &mut RecordCache<u32>, n: u32| {
        let slot = Slot { value: Some(n), timestamp: 1 };
        assert_eq!(cache.insert(Hash(n.into()), &n.to_be_bytes(), slot, true, 4, true), n);
    };
    let places = |cache: &RecordCache<u32>| [255, 256, 1_999].map(|i| std::ptr::from_ref(cache.get(i)));
    (0..2_000).for_each(|n| insert(&mut cache, n));
    let before = places(&cache);
    (2_000..5_000).for_each(|n| insert(&mut cache, n));
    assert_eq!(places(&cache), before);
    assert!((0..5_000).all(|i| cache.get(i).slot.value == Some(i)) && cache.slab.len() == 5_000);
    assert!(cache.slab.capacity() < 5_000 + 256, "{}", cache.slab.capacity());
}

#[test]
fn a_value_that_has_memory_elsewhere_is_measured_when_it_is_serialized() {
    let mut cache = RecordCache::<String>::new();
    let budget = Arc::new(CacheBudget::new(1_000));
    cache.attach(Some(budget.clone()));
    let slot = || Slot { value: Some("value".to_owned()), timestamp: 1 };
    let i = cache.insert(Hash(1), b"key", slot(), true, 10, true);
    let guess = budget.used();
    cache.resize(i, 500);
    assert_eq!(budget.used(), guess + 490);
    assert!(budget.used() > 500 + size_of::<Entry<String>>());
    let kept = cache.insert(Hash(2), b"kept", slot(), true, 10, false);
    cache.resize(kept, 500);
    assert_eq!(budget.used(), guess + 490, "what cannot be evicted counts for nothing");
}
