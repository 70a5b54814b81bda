//! What faults make of the orders in an answer: somebody else's, without their eSIM, with a part of it.

use super::answer_form::orders_in;
use super::tree::Tree;
use super::{Fault, Struck};

/// Spoils who the orders of an answer are. Says what was done; `None` if the fault is none of these, or there is
/// nothing to spoil. `oldest` is the id of the oldest order that there is.
pub(in crate::sandbox) fn spoil(data: &mut Tree, struck: &Struck, oldest: Option<u64>) -> Option<String> {
    let mut note = String::new();
    let orders = orders_in(data);
    if orders.is_empty() {
        return None;
    }
    for order in orders {
        match struck.fault() {
            Fault::OlderOrderId => {
                let oldest = oldest?.to_string();
                order.set("id", Tree::raw(&*oldest));
                note = oldest;
            }
            Fault::OtherPackage => {
                let package = order.get_mut("package")?;
                let id: u64 = package.get("id")?.bare()?.parse().ok()?;
                package.set("id", Tree::raw((id + 1).to_string()));
                package.set("provider_plan_id", Tree::text("ANOTHER-PLAN"));
                package.set("name", Tree::text("Another plan"));
            }
            Fault::OtherExternalId => {
                order.set("external_order_id", Tree::text(struck.injection.text("value")));
            }
            Fault::EsimWithheld => order.set("esim", Tree::null()),
            Fault::QrCodeNull | Fault::QrImageOnly => bare_esim(order, struck.fault()),
            _ => return None,
        }
    }
    Some(note)
}

/// An eSIM without its code, or without everything but its picture.
fn bare_esim(order: &mut Tree, fault: Fault) {
    let Some(Tree::Object(pairs)) = order.get_mut("esim") else { return };
    for (name, value) in pairs {
        let kept = match fault {
            Fault::QrCodeNull => name != "qr_code",
            _ => matches!(name.as_str(), "id" | "qr_code_image"),
        };
        if !kept {
            *value = Tree::null();
        }
    }
}
