//! How predictions move, for people.

use super::Movement;

impl Movement {
    /// One fact per line.
    pub(in crate::commands::diff) fn lines(&self) -> Vec<String> {
        let rows = if self.rows == 1 { "row" } else { "rows" };
        let mut lines = vec![format!("{} {rows}, {} compared", self.rows, self.compared)];
        let refused = [
            (self.refused_by_a_alone, "a alone"),
            (self.refused_by_b_alone, "b alone"),
            (self.refused_by_both, "both"),
        ];
        for (count, who) in refused {
            if count > 0 {
                lines.push(format!("{count} refused by {who}"));
            }
        }
        lines.extend(self.first_refusal.iter().map(|line| format!("the first of them: {line}")));
        lines.push(format!("{} with the same bits", self.unchanged));
        lines.push(format!("change: mean {:.6}, max {:.6}", self.mean_change, self.max_change));
        let quantiles: Vec<String> =
            self.quantiles.iter().map(|(name, change)| format!("{name}: {change:.6}")).collect();
        lines.push(format!("quantiles: {}", quantiles.join(", ")));
        lines.push(format!("{} change class", self.changed_class));
        for (cutoff, count) in &self.changed_side {
            lines.push(format!("{count} change sides of `{cutoff}`"));
        }
        for moved in &self.top {
            let name = moved.id.clone().unwrap_or_else(|| moved.place.to_string());
            let class = moved.class.as_deref().unwrap_or("value");
            lines.push(format!("{name}: {class} {:.6} → {:.6}", moved.a, moved.b));
        }
        lines
    }
}
