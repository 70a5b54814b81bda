//! Who may do what. Pure.
//!
//! | act | owner | manager | support | asks again |
//! | --- | --- | --- | --- | --- |
//! | look at orders, prices, syncs, the wallet, webhooks | yes | yes | yes | |
//! | change one's own password and second factor | yes | yes | yes | by its own form |
//! | publish a markup rule, set the tax | yes | yes | | |
//! | name, hide, feature, release packages; choose popular destinations; accept or drop a held sync | yes | yes | | |
//! | start a sync, read the wallet, try eSIMDual again | yes | yes | | |
//! | close a finding of the ledgers | yes | yes | | |
//! | read the audit log | yes | yes | | |
//! | decide about an eSIM, buy dearer, replace, refund | yes | yes | | within minutes |
//! | confirm a bank transfer, mark one as paid back | yes | yes | | within minutes |
//! | invite, change and disable staff, reset their factors | yes | | | each time |
//!
//! [`Role::may`] and [`Act::asks_again`] are this table; the gate of the back office is the one place that asks them.

/// A role in the back office. Each may do what the one below may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Owner,
    /// Everything but who is on the team.
    Manager,
    /// Looks and answers customers; moves neither money nor prices.
    Support,
}

/// Something that not every role may do. Every address of the back office names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Look at orders, prices, syncs and webhooks.
    Look,
    /// Change one's own password and second factor.
    OwnAccount,
    /// Publish a markup rule or an exchange rate; set the tax that prices include.
    ChangeMarkup,
    /// Say something of a package, release new ones, choose popular destinations, decide about a sync that was held.
    ChangeCatalog,
    /// Start a sync by hand, read the wallet, try the upstream again.
    RunSync,
    /// Close a finding of the ledgers with a reason.
    CloseFinding,
    /// Read who did what.
    ReadAudit,
    /// Decide about a unit that needs a person, which may spend or give back money; give a replacement.
    SettleOrders,
    /// Say that a transfer arrived, or that one was paid back.
    SettleTransfers,
    /// Look at the team, and change who is on it.
    ManageTeam,
}

/// Whether an act asks for the password or the code once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsksAgain {
    /// The session is enough.
    No,
    /// It does, unless it was given in this session a few minutes ago: whoever refunds the six units of an outage
    /// types it once. A sign-in does not count: a browser may have filled that in by itself.
    WithinMinutes,
    /// Each time: it is rare, and changes who may do all the rest.
    EachTime,
}

impl Role {
    /// Every role, the most powerful first.
    pub const ALL: [Self; 3] = [Self::Owner, Self::Manager, Self::Support];

    /// The word in the database and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Manager => "manager",
            Self::Support => "support",
        }
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }

    /// Whether this role may do that.
    pub fn may(self, act: Act) -> bool {
        match act {
            Act::Look | Act::OwnAccount => true,
            Act::ChangeMarkup
            | Act::ChangeCatalog
            | Act::RunSync
            | Act::CloseFinding
            | Act::ReadAudit
            | Act::SettleOrders
            | Act::SettleTransfers => matches!(self, Self::Owner | Self::Manager),
            Act::ManageTeam => self == Self::Owner,
        }
    }
}

impl Act {
    /// Every act, as in the table.
    pub const ALL: [Self; 10] = [
        Self::Look,
        Self::OwnAccount,
        Self::ChangeMarkup,
        Self::ChangeCatalog,
        Self::RunSync,
        Self::CloseFinding,
        Self::ReadAudit,
        Self::SettleOrders,
        Self::SettleTransfers,
        Self::ManageTeam,
    ];

    /// Whether a post of this act asks for the password or the code once more (CONTRACT section 4).
    pub fn asks_again(self) -> AsksAgain {
        match self {
            Self::Look
            | Self::OwnAccount
            | Self::ChangeMarkup
            | Self::ChangeCatalog
            | Self::RunSync
            | Self::CloseFinding
            | Self::ReadAudit => AsksAgain::No,
            Self::SettleOrders | Self::SettleTransfers => AsksAgain::WithinMinutes,
            Self::ManageTeam => AsksAgain::EachTime,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table above, read as text: one source for people and for the program.
    fn documented() -> Vec<[String; 5]> {
        let rows = include_str!("role.rs").lines().filter_map(|line| line.strip_prefix("//! |"));
        let cells = |row: &str| {
            let mut cells = row.split('|').map(|cell| cell.trim().to_owned());
            std::array::from_fn(|_| cells.next().unwrap())
        };
        rows.skip(2).map(cells).collect()
    }

    #[test]
    fn the_table_says_what_the_program_does() {
        let rows = documented();
        assert_eq!(rows.len(), Act::ALL.len());
        for (act, [what, owner, manager, support, again]) in Act::ALL.into_iter().zip(rows) {
            let may = Role::ALL.map(|role| role.may(act));
            assert_eq!(may, [owner, manager, support].map(|cell| cell == "yes"), "{act:?}: {what}");
            let asks = match again.as_str() {
                "within minutes" => AsksAgain::WithinMinutes,
                "each time" => AsksAgain::EachTime,
                _ => AsksAgain::No,
            };
            assert_eq!(act.asks_again(), asks, "{act:?}: {what}");
        }
    }

    #[test]
    fn each_role_may_what_the_one_below_may_and_words_read_back() {
        for act in Act::ALL {
            let may = Role::ALL.map(|role| role.may(act));
            assert!(may.is_sorted_by(|more, less| more >= less) && may[0], "{act:?}");
        }
        for role in Role::ALL {
            assert_eq!(Role::from_word(role.word()), Some(role));
        }
        assert_eq!(Role::from_word("root"), None);
    }
}
