//! Reports and findings in words.

use std::fmt;

use comfy_table::presets::NOTHING;

use super::{Check, Finding, Places, Severity, ValidationReport};

/// `1 error`, `2 errors`.
fn count(number: usize, of: &str) -> String {
    format!("{number} {of}{}", if number == 1 { "" } else { "s" })
}

impl fmt::Display for ValidationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = |severity| self.of(severity).count();
        let (n_errors, n_warnings) = (n(Severity::Error), n(Severity::Warning));
        let Self { table, n_rows, places, .. } = self;
        let places = match places {
            Places::Lines => "lines",
            Places::Rows => "rows",
        };
        write!(
            f,
            "{table}: {}, {}, {}",
            count(*n_rows, "row"),
            count(n_errors, "error"),
            count(n_warnings, "warning")
        )?;
        if self.findings.is_empty() {
            return Ok(());
        }
        let mut table = comfy_table::Table::new();
        table.load_style(NOTHING);
        table.set_header(["", "check", "column", places, "found", "expected"]);
        for finding in self.of(Severity::Error).chain(self.of(Severity::Warning)) {
            table.add_row([
                finding.severity.to_string(),
                finding.check.to_string(),
                finding.column.clone().unwrap_or_default(),
                lines(finding),
                finding.found.clone(),
                finding.expected.clone(),
            ]);
        }
        write!(f, "\n{table}")
    }
}

/// `3, 5, 7 and 4 more`.
fn lines(finding: &Finding) -> String {
    let listed: Vec<String> = finding.lines.iter().map(u64::to_string).collect();
    let n_more = finding.n_lines - listed.len();
    let more = if n_more > 0 { format!(" and {n_more} more") } else { String::new() };
    listed.join(", ") + &more
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Columns => "columns",
            Self::Type => "type",
            Self::Missing => "missing",
            Self::Range => "range",
            Self::Unit => "unit",
            Self::Levels => "levels",
            Self::Classes => "classes",
            Self::DuplicateId => "duplicate id",
            Self::DuplicateRow => "duplicate row",
            Self::Rule => "rule",
            Self::PatientInPartitions => "patient in partitions",
            Self::RowInPartitions => "row in partitions",
            Self::Constant => "constant",
            Self::IdAsFeature => "id as feature",
            Self::Correlation => "correlation",
            Self::ClassBalance => "class balance",
            Self::Leakage => "leakage",
            Self::Spelling => "spelling",
            Self::Training => "training",
        })
    }
}
