//! Published equations: a table of terms as a paper or R prints it, typed in as YAML.
//!
//! `docs/import.md` describes the format. A term is a coefficient times the product of its factors; a
//! factor is a feature, perhaps shifted, scaled, bounded and transformed. Each factor becomes a column
//! of the pipeline, each term a product of columns, and the sum a linear member.

mod file;

mod factor;

mod pipeline;
mod r_table;

mod model;

pub(crate) use model::read;
