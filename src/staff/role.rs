//! What each role may do. Pure.

/// A role in the back office. Each may do what the one below may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Owner,
    /// Everything but who is on the team.
    Manager,
    /// Looks and answers customers; changes neither prices nor the catalog.
    Support,
}

/// Something that not every role may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Look at orders, prices, syncs and webhooks.
    Look,
    /// Publish a markup rule.
    ChangeMarkup,
    /// Start a sync by hand.
    RunSync,
    /// Decide about a unit that needs a person, which may spend or give back money; give a replacement.
    SettleOrders,
    /// Close a finding of the ledgers with a reason.
    CloseFinding,
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
            Act::Look => true,
            Act::ChangeMarkup | Act::RunSync | Act::SettleOrders | Act::CloseFinding => match self {
                Self::Owner | Self::Manager => true,
                Self::Support => false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn support_looks_and_changes_nothing() {
        let table = [(Role::Owner, true), (Role::Manager, true), (Role::Support, false)];
        for (role, may) in table {
            assert!(role.may(Act::Look));
            assert_eq!(role.may(Act::ChangeMarkup), may, "{role:?}");
            assert_eq!(role.may(Act::RunSync), may, "{role:?}");
            assert_eq!(role.may(Act::SettleOrders), may, "{role:?}");
            assert_eq!(role.may(Act::CloseFinding), may, "{role:?}");
            assert_eq!(Role::from_word(role.word()), Some(role));
        }
        assert_eq!(Role::from_word("root"), None);
    }
}
