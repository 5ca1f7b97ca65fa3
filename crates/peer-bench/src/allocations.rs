//! The system's allocator, with counters that can be turned on.
//!
//! The only `unsafe` code here: `GlobalAlloc` cannot be implemented without it. Every call is handed on as it came.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

/// Allocations of this thread while `work` runs.
pub fn count(work: impl FnOnce()) -> u64 {
    let before = COUNT.get();
    counting(work);
    COUNT.get() - before
}

/// Bytes that this thread has allocated in `work` and not freed.
pub fn kept(work: impl FnOnce()) -> i64 {
    let before = KEPT.get();
    counting(work);
    KEPT.get() - before
}

fn counting(work: impl FnOnce()) {
    COUNTING.store(true, Ordering::Relaxed);
    work();
    COUNTING.store(false, Ordering::Relaxed);
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Off while time is measured: all that is left then is one branch that is always predicted.
static COUNTING: AtomicBool = AtomicBool::new(false);

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
    static KEPT: Cell<i64> = const { Cell::new(0) };
}

fn one_more(layout: Layout) {
    if COUNTING.load(Ordering::Relaxed) {
        COUNT.set(COUNT.get() + 1);
        KEPT.set(KEPT.get() + layout.size() as i64);
    }
}

fn one_less(layout: Layout) {
    if COUNTING.load(Ordering::Relaxed) {
        KEPT.set(KEPT.get() - layout.size() as i64);
    }
}

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        one_more(layout);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        one_more(layout);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        one_less(layout);
        one_more(Layout::from_size_align(new_size, layout.align()).unwrap_or(layout));
        unsafe { System.realloc(pointer, layout, new_size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        one_less(layout);
        unsafe { System.dealloc(pointer, layout) }
    }
}
