//! The body of a webhook: an event has a name that can be stored, an order in it has its id, and what stands around
//! the JSON changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use simfront::esimdual::event;
use simfront::esimdual::reading::Undocumented;
use simfront_fuzz::notes_are_fit_to_keep;

fuzz_target!(|body: &[u8]| {
    let mut seen = Undocumented::default();
    let event = event::read_noting(body, &mut seen);
    notes_are_fit_to_keep(&seen);
    assert_eq!(event, event::read(body), "the same body is the same event");
    let Some(event) = event else { return };
    let length = event.name.chars().count();
    assert!((1..=64).contains(&length) && !event.name.contains(char::is_control));
    if let Some(order) = &event.order {
        assert!(order.id > 0);
        assert!(order.external_order_id.as_deref() != Some(""));
        assert!(!order.external_order_id.as_deref().unwrap_or_default().contains('\0'));
    }
    let wrapped = ["\u{feff}".as_bytes(), b" \r\n", body, b"\n\t "].concat();
    assert_eq!(event::read(&wrapped).as_ref(), Some(&event));
});
