//! What a bench promises.

use serde_json::{Value, json};

/// A figure that must hold.
pub struct Figure {
    pub name: &'static str,
    pub unit: &'static str,
    pub limit: f64,
    /// Whether more is better.
    pub at_least: bool,
    pub rounds: Vec<f64>,
}

impl Figure {
    pub fn new(name: &'static str, unit: &'static str, limit: f64, at_least: bool) -> Self {
        Self { name, unit, limit, at_least, rounds: Vec::new() }
    }

    pub fn median(&self) -> f64 {
        let mut sorted = self.rounds.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    }

    pub fn holds(&self) -> bool {
        if self.at_least { self.median() >= self.limit } else { self.median() < self.limit }
    }

    pub fn tell(&self) -> String {
        let (word, than) = (if self.holds() { "ok" } else { "miss" }, if self.at_least { "≥" } else { "<" });
        let (median, unit, limit) = (self.median(), self.unit, self.limit);
        let rounds: Vec<String> = self.rounds.iter().map(|one| format!("{one:.2}")).collect();
        format!(
            "{word:<5}{:<58}{median:>8.2} {unit:<6} (wanted {than} {limit}; rounds {})",
            self.name,
            rounds.join(" ")
        )
    }

    pub fn json(&self) -> Value {
        json!({ "name": self.name, "unit": self.unit, "median": self.median(), "limit": self.limit,
            "wanted": if self.at_least { "at least" } else { "less than" }, "rounds": self.rounds, "ok": self.holds() })
    }
}

/// The value that so many of a hundred stay under or reach.
pub fn percentile(mut values: Vec<f64>, percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values[(values.len() * percent).div_ceil(100) - 1]
}
