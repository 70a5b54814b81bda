//! `GET /vpn/plans`: named in the quick start, described nowhere. That it is not there is no fault of anybody.

use tracing::Instrument as _;

use super::answer::{Answer, VpnRow};
use super::ask::Desk;
use super::operation::Operation;
use super::reading;
use super::turn::Turn;

/// The VPN plans, or the word that there are none to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VpnPlans {
    /// Every row, whether a plan is recognised in it or not.
    pub rows: Vec<VpnRow>,
    /// Why there are none: eSIMDual does not offer them to this account. In words for staff.
    pub absent: Option<String>,
}

impl Desk {
    /// Asks for the VPN plans. A refusal of any kind, or a redirect, means that they are not offered; only silence, a failing upstream
    /// and a request to wait are *later*.
    pub async fn vpn_plans(&self) -> Answer<VpnPlans> {
        let mut turn = Turn::new(Operation::VpnPlans, &self.settings);
        let span = turn.span.clone();
        let rows = self.pages(&mut turn, "/vpn/plans", "vpn plan", reading::vpn_row).instrument(span).await;
        let answer = match rows {
            Answer::Done(rows) => Answer::Done(VpnPlans { rows: rows.rows, absent: None }),
            Answer::Refused(refusal) => absent(refusal.http_status),
            Answer::Later(later) => match later.http_status {
                Some(status @ 300..=499) if !matches!(status, 401 | 408 | 409 | 425 | 429) => absent(status),
                _ => Answer::Later(later),
            },
            Answer::Doubt(doubt) => Answer::Doubt(doubt),
        };
        self.meter.call(&turn, &answer, self.clock.now());
        answer
    }
}

fn absent(status: u16) -> Answer<VpnPlans> {
    let absent = Some(format!("eSIMDual does not offer VPN plans to this account (it answered {status})"));
    Answer::Done(VpnPlans { rows: Vec::new(), absent })
}
