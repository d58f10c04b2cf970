//! Topic permission is asked for every message, so it must not touch the heap.

#![expect(
    unsafe_code,
    reason = "counting allocations takes an allocator, and an allocator is unsafe to implement"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use yizhan_identity::topic_permission::{TopicPermission, UserPermission};
use yizhan_vocabulary::ProductId;
use yizhan_vocabulary::topics::{Rights, TopicRule};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call goes to the system's allocator with its arguments unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promises are the system allocator's requirements.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from the system's allocator with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn allocations_of(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.with(Cell::get);
    work();
    ALLOCATIONS.with(Cell::get) - before
}

#[test]
fn a_check_of_a_message_does_not_allocate() {
    let rules = [
        TopicRule { prefix: "$thing/up/property/", suffix: "", rights: Rights::Publish },
        TopicRule { prefix: "$rrpc/txd/", suffix: "/+", rights: Rights::Publish },
        TopicRule { prefix: "$thing/down/property/", suffix: "", rights: Rights::Subscribe },
    ];
    let product = ProductId::parse("DEMOPROD01").expect("a product id");
    let device =
        TopicPermission::compile(&rules, [("data", Rights::Both), ("a/+/c", Rights::Both)]).expect("valid");
    let user = UserPermission::compile(&["a/#".into()], &[]).expect("valid");
    assert!(allocations_of(|| drop(Box::new(1))) > 0, "allocations are counted");
    let count = allocations_of(|| {
        assert!(device.may_publish(&product, "dev001", "$thing/up/property/DEMOPROD01/dev001"));
        assert!(device.may_publish(&product, "dev001", "$rrpc/txd/DEMOPROD01/dev001/17"));
        assert!(device.may_publish(&product, "dev001", "DEMOPROD01/dev001/a/b/c"));
        assert!(!device.may_publish(&product, "dev001", "DEMOPROD01/dev002/data"));
        assert!(device.may_subscribe(&product, "dev001", "DEMOPROD01/dev001/a/+/c"));
        assert!(!device.may_subscribe(&product, "dev001", "#"));
        assert!(user.may_publish("a/b") && !user.may_publish("b"));
        assert!(user.may_subscribe("$share/g/a/#"));
    });
    assert_eq!(count, 0);
}
