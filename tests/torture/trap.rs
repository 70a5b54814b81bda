//! The trap: it knows every point at which the program may die, counts them as they are reached, and springs at one.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::Notify;

/// When, at a point, the program dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// A commit that is not forwarded; a call that was received, and nothing was done.
    A,
    /// A commit whose answer is swallowed; a call that was carried out, and not answered.
    B,
    /// A call whose answer has just left with its last byte.
    C,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let modes = [Self::A, Self::B, Self::C];
        modes
            .into_iter()
            .find(|mode| mode.to_string() == word)
            .ok_or(format!("MODE is A, B or C, not {word}"))
    }
}

/// A point, and which of its visits: `commit: paid#1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub point: String,
    pub visit: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.point, self.visit)
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let wrong =
            || format!("AT is a point and the number of its visit, as in 'commit: paid#1', not {word}");
        let (point, visit) = word.rsplit_once('#').ok_or_else(wrong)?;
        Ok(Self { point: point.to_owned(), visit: visit.parse().map_err(|_| wrong())? })
    }
}

impl Place {
    /// The ways to die there: a commit happens or not, a call is answered besides, a mail is only taken or not.
    pub fn modes(&self) -> &'static [Mode] {
        match self.point.split(':').next() {
            Some("commit") => &[Mode::A, Mode::B],
            Some("mail") => &[Mode::A, Mode::C],
            _ => &[Mode::A, Mode::B, Mode::C],
        }
    }
}

#[derive(Default)]
struct Inside {
    armed: bool,
    aim: Option<(Place, Mode)>,
    visits: HashMap<String, usize>,
    trace: Vec<(Place, String)>,
    victim: Option<Pid>,
    sprung: bool,
}

/// Shared by everything that stands between the program and the world.
#[derive(Clone, Default)]
pub struct Trap {
    inside: Arc<Mutex<Inside>>,
    sprung: Arc<Notify>,
    /// How long after an answer's last byte the program lives on.
    pub afterwards: Duration,
}

impl Trap {
    pub fn aimed_at(aim: Option<(Place, Mode)>, afterwards: Duration) -> Self {
        let trap = Self { afterwards, ..Self::default() };
        trap.inside().aim = aim;
        trap
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Points count from here on, and this is the process that dies.
    pub fn arm(&self, victim: u32) {
        let mut inside = self.inside();
        inside.armed = true;
        inside.victim = i32::try_from(victim).ok().and_then(Pid::from_raw);
    }

    /// A point is reached: how the program is to die here, if it is. `detail` is for whoever reads the trace.
    pub fn reach(&self, point: &str, detail: &str) -> Option<Mode> {
        let mut inside = self.inside();
        if !inside.armed || inside.sprung {
            return None;
        }
        let visit = inside.visits.entry(point.to_owned()).or_insert(0);
        *visit += 1;
        let place = Place { point: point.to_owned(), visit: *visit };
        inside.trace.push((place.clone(), detail.to_owned()));
        inside.aim.as_ref().filter(|(at, _)| *at == place).map(|(_, mode)| *mode)
    }

    /// `kill -9`, once. From here on nothing is counted.
    pub fn spring(&self) {
        let mut inside = self.inside();
        if std::mem::replace(&mut inside.sprung, true) {
            return;
        }
        if let Some(victim) = inside.victim {
            kill_process(victim, Signal::KILL).expect("the victim can be killed");
        }
        drop(inside);
        self.sprung.notify_one();
    }

    /// Comes back when it has sprung.
    pub async fn has_sprung(&self) {
        if !self.is_sprung() {
            self.sprung.notified().await;
        }
    }

    pub fn is_sprung(&self) -> bool {
        self.inside().sprung
    }

    /// Stops counting, and does not spring any more: every point that was reached, in order.
    pub fn disarm(&self) -> Vec<(Place, String)> {
        let mut inside = self.inside();
        inside.armed = false;
        std::mem::take(&mut inside.trace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_strikes_the_named_visit_alone_and_only_while_armed() {
        let place: Place = "commit: paid#2".parse().unwrap();
        assert_eq!(place.to_string(), "commit: paid#2");
        let trap = Trap::aimed_at(Some((place.clone(), Mode::B)), Duration::ZERO);
        assert_eq!(trap.reach("commit: paid", ""), None);
        // No process has this number.
        trap.arm(u32::MAX);
        assert_eq!(trap.reach("commit: paid", ""), None);
        assert_eq!(trap.reach("commit: bound", ""), None);
        assert_eq!(trap.reach("commit: paid", ""), Some(Mode::B));
        assert_eq!(trap.reach("commit: paid", ""), None);
        assert_eq!(trap.disarm().len(), 4);
        assert!("commit: paid".parse::<Place>().is_err() && "D".parse::<Mode>().is_err());
    }
}
